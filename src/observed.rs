//! What `vo run --profile` and `vo run --trace` write.
//!
//! The files are opened before the program runs, so that nobody waits for a run of which nothing
//! can be kept; but what an older run has left in them stays until there is something to write.

use crate::engine::Stats;
use crate::outputs::cannot_write;
use crate::runtime::observe::Observer;
use crate::view::profile;
use crate::view::trace::{Writer, Written};
use crate::view::{json, trace};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vo_bytecode::Module;

/// What is wanted of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Where its profile goes.
    pub profile: Option<&'a Path>,
    /// Where its timeline goes.
    pub trace: Option<&'a Path>,
    /// About how large that may become, in bytes, if not as large as it is by default.
    pub max_trace: Option<u64>,
}

/// A run that is observed.
#[derive(Debug)]
pub struct Observed {
    observer: Arc<Observer>,
    profile: Option<(PathBuf, Fresh)>,
    trace: Option<(PathBuf, Writer)>,
}

impl Observed {
    /// Somebody to watch a run of a module, if something is wanted of it.
    ///
    /// # Errors
    /// The message for the user, when what is wanted cannot be written.
    pub fn begin(module: &Module, wanted: Wanted<'_>) -> Result<Option<Observed>, String> {
        if wanted.profile.is_none() && wanted.trace.is_none() {
            return Ok(None);
        }
        let open = |path: Option<&Path>| {
            path.map(|path| match Fresh::open(path) {
                Ok(file) => Ok((path.to_owned(), file)),
                Err(error) => Err(cannot_write(path, &error)),
            })
            .transpose()
        };
        let profile = open(wanted.profile)?;
        let (mut sink, mut trace) = (None, None);
        if let Some((path, file)) = open(wanted.trace)? {
            let limit = wanted.max_trace.unwrap_or(trace::DEFAULT_LIMIT);
            let (way, writer) = Writer::start(module, file, limit)
                .map_err(|error| format!("error: cannot start a thread: {error}"))?;
            (sink, trace) = (Some(way), Some((path, writer)));
        }
        Ok(Some(Observed {
            observer: Arc::new(profile::observer(module, sink)),
            profile,
            trace,
        }))
    }

    /// Who watches.
    pub fn observer(&self) -> Arc<Observer> {
        self.observer.clone()
    }

    /// The run is over: writes what was not written meanwhile. Gives what the user should know of
    /// it, if there is something.
    ///
    /// # Errors
    /// The message for the user, when something could not be written.
    pub fn finish(self, module: &Module, stats: &Stats) -> Result<Option<String>, String> {
        // Before anything else takes time that would look like the program's.
        self.observer.close_timeline();
        let mut failed = Vec::new();
        if let Some((path, mut file)) = self.profile {
            let nanos = (stats.run_ms * 1e6) as u64;
            let text = json::of(&profile::of_run(module, &self.observer, nanos));
            if let Err(error) = file.write_all(text.as_bytes()) {
                failed.push(cannot_write(&path, &error));
            }
        }
        let mut note = None;
        if let Some((path, writer)) = self.trace {
            match writer.finish() {
                Ok(written) => note = cut(&path, written),
                Err(error) => failed.push(cannot_write(&path, &error)),
            }
        }
        if failed.is_empty() {
            Ok(note)
        } else {
            Err(failed.join("\n"))
        }
    }
}

/// What is to be said of a trace that has come to its limit.
fn cut(path: &Path, written: Written) -> Option<String> {
    let seconds = written.cut_at? as f64 / 1e9;
    let megabytes = written.bytes >> 20;
    Some(format!(
        "{}: the trace ends after {seconds:.3} s of the program, at its limit ({megabytes} MB); \
         --max-trace sets another",
        path.display()
    ))
}

/// A file that keeps what it has until something is written.
#[derive(Debug)]
struct Fresh {
    file: File,
    begun: bool,
}

impl Fresh {
    fn open(path: &Path) -> io::Result<Fresh> {
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        Ok(Fresh { file, begun: false })
    }
}

impl Write for Fresh {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.begun {
            // What is no file, as a terminal or a pipe, has nothing old.
            if self.file.metadata()?.is_file() {
                self.file.set_len(0)?;
            }
            self.begun = true;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
