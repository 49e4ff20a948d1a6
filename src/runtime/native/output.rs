//! Standard output and error of a program.
//!
//! Output is buffered, and written when the buffer is full, before anything goes to standard
//! error, before the program waits, once each time slice while it runs, and at its end. What cannot
//! be written (a closed pipe, a full disk) is remembered and told at the end; the program runs on.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::pipe::PIPE_BUF;
use rustix::time::Timespec;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// Large enough that writing costs little beside making the text.
const BUFFER_BYTES: usize = 32 << 10;

/// Where a program's output goes. Its clones write to the same place, one at a time.
#[derive(Clone)]
pub struct Output {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    buffer: Vec<u8>,
    sink: Sink,
    error: Option<io::Error>,
}

enum Sink {
    /// The process's own output; flushed at line ends when people are watching.
    Process { interactive: bool },
    /// Kept in memory: output and error.
    Captured { out: Vec<u8>, err: Vec<u8> },
}

impl Output {
    /// The output of the process.
    pub fn process() -> Output {
        let interactive = io::stdout().is_terminal();
        Output::new(Sink::Process { interactive })
    }

    /// Output that is kept in memory, for tests and for programs that embed the engine.
    pub fn captured() -> Output {
        Output::new(Sink::Captured {
            out: Vec::new(),
            err: Vec::new(),
        })
    }

    fn new(sink: Sink) -> Output {
        Output {
            shared: Arc::new(Mutex::new(Shared {
                buffer: Vec::new(),
                sink,
                error: None,
            })),
        }
    }

    /// Writes to standard output.
    pub fn write(&self, text: &[u8]) {
        self.lock().write(text);
    }

    /// Writes to standard error, behind all that was written to standard output before.
    pub fn write_err(&self, text: &[u8]) {
        let mut shared = self.lock();
        shared.flush();
        match &mut shared.sink {
            Sink::Captured { err, .. } => err.extend_from_slice(text),
            Sink::Process { .. } => {
                if let Err(error) = io::stderr().write_all(text) {
                    shared.error.get_or_insert(error);
                }
            }
        }
    }

    /// Hands what is buffered to the system.
    pub fn flush(&self) {
        self.lock().flush();
    }

    /// Hands to the system as much of what is buffered as that takes without making this thread
    /// wait.
    pub fn drain(&self) {
        match self.shared.try_lock() {
            Ok(mut shared) => shared.drain(),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().drain(),
            // Somebody writes.
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// Whether something could not be written.
    pub fn has_failed(&self) -> bool {
        self.lock().error.is_some()
    }

    /// The system's number of the error for which something could not be written; 0 for none.
    pub fn error_number(&self) -> i32 {
        let number = |error: &io::Error| error.raw_os_error().unwrap_or(libc::EIO);
        self.lock().error.as_ref().map_or(0, number)
    }

    /// Writes what is left; the first error of all writes.
    pub fn finish(&self) -> io::Result<()> {
        let mut shared = self.lock();
        shared.flush();
        shared.error.take().map_or(Ok(()), Err)
    }

    /// Takes what was captured: standard output and standard error. Empty for a process's own.
    pub fn take_captured(&self) -> (Vec<u8>, Vec<u8>) {
        match &mut self.lock().sink {
            Sink::Captured { out, err } => (std::mem::take(out), std::mem::take(err)),
            Sink::Process { .. } => (Vec::new(), Vec::new()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic of another thread leaves the buffer whole.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn write(&mut self, text: &[u8]) {
        if let Sink::Captured { out, .. } = &mut self.sink {
            out.extend_from_slice(text);
            return;
        }
        if self.buffer.len() + text.len() > BUFFER_BYTES {
            self.flush();
        }
        self.buffer.extend_from_slice(text);
        let at_line_end =
            matches!(self.sink, Sink::Process { interactive: true }) && text.ends_with(b"\n");
        if at_line_end || self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        self.write_first(self.buffer.len());
    }

    fn drain(&mut self) {
        while !self.buffer.is_empty() && takes_output() {
            self.write_first(self.buffer.len().min(PIPE_BUF));
        }
    }

    /// Writes so much of the buffer.
    fn write_first(&mut self, bytes: usize) {
        let first = self.buffer.drain(..bytes);
        if self.error.is_none() {
            let mut stdout = io::stdout().lock();
            let written = stdout
                .write_all(first.as_slice())
                .and_then(|()| stdout.flush());
            self.error = written.err();
        }
    }
}

/// Whether [`PIPE_BUF`] bytes can be written to standard output without waiting.
fn takes_output() -> bool {
    let stdout = io::stdout();
    let mut stdout = [PollFd::new(&stdout, PollFlags::OUT)];
    matches!(poll(&mut stdout, Some(&Timespec::default())), Ok(1..))
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("buffered", &self.lock().buffer.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_output_is_kept_apart_from_errors() {
        let output = Output::captured();
        output.write(b"a");
        output.write_err(b"b");
        output.write(b"c");
        assert!(output.finish().is_ok());
        assert_eq!(output.take_captured(), (b"ac".to_vec(), b"b".to_vec()));
    }
}
