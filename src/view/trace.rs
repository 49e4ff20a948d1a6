//! A run as a timeline that Perfetto and Chrome open: the trace event format of Chrome.
//!
//! An island is a process, a goroutine one of its threads; while it runs there is a slice with
//! the name of the function that it goes on in, and a slice in grey while it waits. A wake is an
//! arrow from who woke to who was woken, or a mark where the runtime woke it; a collection a slice
//! of the island's thread 0.
//!
//! A thread writes the events while the program runs; viewers sort them by time. Both ends of an
//! arrow are written with the slice that it leads to, so none is left with one end. A trace that
//! comes to its limit ends like one whose program has.

use crate::cfg::CallGraph;
use crate::runtime::observe::Goroutine;
use crate::runtime::observe::timeline::{self, Event, Sink, Source, WokenBy};
use crate::split::ModulePlan;
use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use vo_bytecode::Module;

/// How large a trace may become where nobody says otherwise: what the viewers still open. In the
/// browser they have 4 GB of memory for a multiple of the file.
pub const DEFAULT_LIMIT: u64 = 1 << 30;

/// How much is written to the file at a time.
const WRITE_BYTES: usize = 256 << 10;

/// Who writes a trace.
#[derive(Debug)]
pub struct Writer {
    thread: JoinHandle<io::Result<Written>>,
}

/// How a trace has ended.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Its size.
    pub bytes: u64,
    /// When it ended, in nanoseconds since the start, where that was at its limit.
    pub cut_at: Option<u64>,
}

impl Writer {
    /// Has the trace of a module's run written to a file, which begins with the first event. At
    /// about so many bytes it ends; what belongs to its end comes on top.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn start(
        module: &Module,
        out: impl Write + Send + 'static,
        limit: u64,
    ) -> io::Result<(Sink, Writer)> {
        let (sink, source) = timeline::channel();
        let trace = Trace {
            places: places(module),
            out,
            text: Vec::with_capacity(2 * WRITE_BYTES),
            bytes: 0,
            arrows: 0,
            last: 0,
        };
        let thread = std::thread::Builder::new()
            .name("vo-trace".into())
            .spawn(move || trace.write(&source, limit))?;
        Ok((sink, Writer { thread }))
    }

    /// Waits until all is written. The timeline must have ended.
    ///
    /// # Errors
    /// When the file could not be written.
    pub fn finish(self) -> io::Result<Written> {
        let failed = |_| Err(io::Error::other("the thread that writes has failed"));
        self.thread.join().unwrap_or_else(failed)
    }
}

struct Trace<W> {
    /// By resume point.
    places: Vec<Place>,
    out: W,
    /// What is not in the file yet.
    text: Vec<u8>,
    /// What is.
    bytes: u64,
    arrows: u64,
    /// The latest time in it, in nanoseconds.
    last: u64,
}

/// A resume point, in JSON.
struct Place {
    /// The function's name, without quotes.
    function: String,
    /// Fields that tell which point of it it is.
    fields: String,
    /// What kind of point, without quotes.
    kind: String,
}

fn places(module: &Module) -> Vec<Place> {
    let plan = ModulePlan::build(module, &CallGraph::build(module));
    (0..plan.points.len() as u32)
        .map(|number| {
            let (func, point) = plan.point(number);
            let function = module.func(func);
            let kind = format!("{:?}", point.kind);
            let line = match function.lines.get(point.inst as usize) {
                Some(line) => line.to_string(),
                None => "null".to_owned(),
            };
            let name = serde_json::Value::from(function.name.as_str()).to_string();
            Place {
                function: name[1..name.len() - 1].to_owned(),
                fields: format!("\"point\":\"{kind}\",\"line\":{line}"),
                kind,
            }
        })
        .collect()
}

/// Nanoseconds as the format has them: microseconds.
struct Micros(u64);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// The process and thread of a goroutine. A process has no number 0.
struct Thread(Goroutine);

impl fmt::Display for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Goroutine { island, number } = self.0;
        write!(f, "\"pid\":{},\"tid\":{number}", u64::from(island) + 1)
    }
}

impl<W: Write> Trace<W> {
    fn write(mut self, source: &Source, limit: u64) -> io::Result<Written> {
        let mut cut_at = None;
        // Nothing is written before the program runs: it may not even start.
        let mut before = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
        while let Ok(batch) = source.batches.recv() {
            for event in &batch {
                self.text.extend_from_slice(before.as_bytes());
                before = ",\n";
                self.event(event)?;
                if self.text.len() >= WRITE_BYTES {
                    self.flush()?;
                }
            }
            if cut_at.is_none() && self.bytes >= limit {
                cut_at = Some(self.last);
                source.enough.store(true, Ordering::Relaxed);
            }
        }
        if before == ",\n" {
            before = "";
        }
        write!(self.text, "{before}\n]}}\n")?;
        self.flush()?;
        self.out.flush()?;
        Ok(Written {
            bytes: self.bytes,
            cut_at,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.bytes += self.text.len() as u64;
        self.text.clear();
        Ok(())
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match *event {
            Event::Island(island) => self.island(island),
            Event::Begins { who, point } => {
                let name = &self.places[point as usize].function;
                let number = who.number;
                write!(
                    self.text,
                    "{{\"ph\":\"M\",\"name\":\"thread_name\",{},\
                     \"args\":{{\"name\":\"goroutine {number} {name}\"}}}}",
                    Thread(who)
                )
            }
            Event::Ran {
                who,
                from,
                to,
                point,
                stops,
                woken_by,
            } => {
                self.ran(who, (from, to), point, stops)?;
                woken_by.map_or(Ok(()), |waker| self.arrow(waker, who, from))
            }
            Event::Waited {
                who,
                from,
                to,
                point,
            } => {
                let Place {
                    function,
                    fields,
                    kind,
                } = &self.places[point as usize];
                write!(
                    self.text,
                    "{{\"ph\":\"X\",\"name\":\"waits: {kind} in {function}\",\"cname\":\"grey\",\
                     {},\"ts\":{},\"dur\":{},\"args\":{{{fields}}}}}",
                    Thread(who),
                    Micros(from),
                    Micros(to - from)
                )
            }
            Event::Woken { who, at } => write!(
                self.text,
                "{{\"ph\":\"i\",\"name\":\"woken by the runtime\",\"cat\":\"wake\",\"s\":\"t\",\
                 {},\"ts\":{}}}",
                Thread(who),
                Micros(at)
            ),
            Event::Collected { island, from, to } => write!(
                self.text,
                "{{\"ph\":\"X\",\"name\":\"collection\",{},\"ts\":{},\"dur\":{},\"args\":{{}}}}",
                Thread(Goroutine { island, number: 0 }),
                Micros(from),
                Micros(to - from)
            ),
        }
    }

    /// Names an island, and its thread that is no goroutine.
    fn island(&mut self, island: u32) -> io::Result<()> {
        let name = match island {
            0 => "main island".to_owned(),
            number => format!("island {number}"),
        };
        let thread = Thread(Goroutine { island, number: 0 });
        write!(
            self.text,
            "{{\"ph\":\"M\",\"name\":\"process_name\",{thread},\"args\":{{\"name\":\"{name}\"}}}},\n\
             {{\"ph\":\"M\",\"name\":\"thread_name\",{thread},\"args\":{{\"name\":\"runtime\"}}}}"
        )
    }

    fn ran(
        &mut self,
        who: Goroutine,
        (from, to): (u64, u64),
        point: u32,
        stops: Option<u32>,
    ) -> io::Result<()> {
        self.last = to;
        let Place {
            function, fields, ..
        } = &self.places[point as usize];
        write!(
            self.text,
            "{{\"ph\":\"X\",\"name\":\"{function}\",{},\"ts\":{},\"dur\":{},\"args\":{{{fields}",
            Thread(who),
            Micros(from),
            Micros(to - from)
        )?;
        if let Some(stops) = stops {
            let fields = &self.places[stops as usize].fields;
            write!(self.text, ",\"stops\":{{{fields}}}")?;
        }
        write!(self.text, "}}}}")
    }

    /// An arrow from who has woken a goroutine to where that goes on.
    fn arrow(&mut self, from: WokenBy, to: Goroutine, at: u64) -> io::Result<()> {
        self.arrows += 1;
        let id = self.arrows;
        for (phase, who, at) in [("s", from.who, from.at), ("f", to, at)] {
            write!(
                self.text,
                ",\n{{\"ph\":\"{phase}\",\"name\":\"wake\",\"cat\":\"wake\",\"id\":{id},\
                 \"bp\":\"e\",{},\"ts\":{}}}",
                Thread(who),
                Micros(at)
            )?;
        }
        Ok(())
    }
}
