//! The timeline of a run: who runs, who waits and who was woken by whom, as events for somebody
//! who writes them while the program runs.
//!
//! ```text
//!   islands ──Log (locked)──► batch ──channel of few batches──► writer's thread ──► file
//! ```
//!
//! An event is of something that is over, and tells all of it; so the writer remembers nothing, and
//! what is kept here is of goroutines that there are. Where the writer is slower than the program,
//! the program waits for it.
//!
//! Invariants
//! 1. A goroutine that is in `islands` runs: it has gone on and has not stopped since. An island
//!    has at most one.
//! 2. A waker ran when it woke: its time lies in a slice of it, which may still be open.
//!
//! Decided against: a ring of the newest events, or memory for all of them. The first forgets how
//! it began, the second is as large as the run is long. And against a thread's own batches without
//! a lock: events then come unordered, and a switch costs more than the lock does.

use super::Goroutine;
use rustc_hash::FxHashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Something that has happened. Times are nanoseconds since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// There is something of an island, for the first time.
    Island(u32),
    /// A goroutine begins, at its entry point.
    Begins {
        /// Who.
        who: Goroutine,
        /// Where.
        point: u32,
    },
    /// A goroutine has run.
    Ran {
        /// Who.
        who: Goroutine,
        /// Since when.
        from: u64,
        /// Until when.
        to: u64,
        /// The point that it went on at.
        point: u32,
        /// The point that it has stopped at; none at its end.
        stops: Option<u32>,
        /// The goroutine that had woken it, if one had.
        woken_by: Option<WokenBy>,
    },
    /// A goroutine has waited.
    Waited {
        /// Who.
        who: Goroutine,
        /// Since when.
        from: u64,
        /// Until when.
        to: u64,
        /// The point where it stood.
        point: u32,
    },
    /// A goroutine was woken by the runtime: a timer, an event, or news from another island of
    /// which nobody knows who has sent them.
    Woken {
        /// Who.
        who: Goroutine,
        /// When.
        at: u64,
    },
    /// Garbage was collected on an island.
    Collected {
        /// The island.
        island: u32,
        /// Since when.
        from: u64,
        /// Until when.
        to: u64,
    },
}

/// A goroutine that has woken another, while it ran.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WokenBy {
    /// Who.
    pub who: Goroutine,
    /// When, in nanoseconds since the start.
    pub at: u64,
}

/// Events in a batch: enough that handing it over costs nothing to an event, few enough that what
/// is under way stays below 2 MB.
const BATCH: usize = 4096;

/// Batches that may wait for the writer.
const WAITING_BATCHES: usize = 4;

/// Where events go.
#[derive(Debug)]
pub struct Sink {
    batches: SyncSender<Vec<Event>>,
    enough: Arc<AtomicBool>,
}

/// Where they come from, for the one who writes them.
#[derive(Debug)]
pub struct Source {
    /// Batches in order. The last has come when there is nobody to send.
    pub batches: Receiver<Vec<Event>>,
    /// Set by the writer: the timeline is to end, with what belongs to its end.
    pub enough: Arc<AtomicBool>,
}

/// A way for events, and its end.
pub fn channel() -> (Sink, Source) {
    let (sender, batches) = sync_channel(WAITING_BATCHES);
    let enough: Arc<AtomicBool> = Arc::default();
    let sink = Sink {
        batches: sender,
        enough: enough.clone(),
    };
    (sink, Source { batches, enough })
}

/// What is known of those who run; see the module's text.
pub struct Timeline {
    /// Who runs on each island that has shown itself.
    islands: FxHashMap<u32, Option<Running>>,
    batch: Vec<Event>,
    sink: Sink,
}

#[derive(Clone, Copy)]
struct Running {
    who: Goroutine,
    since: u64,
    point: u32,
    woken_by: Option<WokenBy>,
}

impl Timeline {
    /// A timeline without events.
    pub fn new(sink: Sink) -> Timeline {
        Timeline {
            islands: FxHashMap::default(),
            batch: Vec::with_capacity(BATCH),
            sink,
        }
    }

    /// Whether the writer has had enough.
    pub fn is_full(&self) -> bool {
        self.sink.enough.load(Ordering::Relaxed)
    }

    /// Something has happened.
    pub fn event(&mut self, event: Event) {
        self.batch.push(event);
        if self.batch.len() >= BATCH {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        if self.sink.batches.send(batch).is_err() {
            // The writer has failed, and tells why.
            self.sink.enough.store(true, Ordering::Relaxed);
        }
    }

    /// Who runs on an island.
    fn seat(&mut self, island: u32) -> &mut Option<Running> {
        if !self.islands.contains_key(&island) {
            self.event(Event::Island(island));
        }
        self.islands.entry(island).or_default()
    }

    /// The goroutine that runs on an island now, as one that wakes another.
    pub fn waker(&self, island: u32, at: u64) -> Option<WokenBy> {
        let running = self.islands.get(&island)?.as_ref()?;
        Some(WokenBy {
            who: running.who,
            at,
        })
    }

    /// A goroutine goes on.
    pub fn goes(&mut self, who: Goroutine, at: u64, point: u32, woken_by: Option<WokenBy>) {
        self.stops(who.island, at, None);
        *self.seat(who.island) = Some(Running {
            who,
            since: at,
            point,
            woken_by,
        });
    }

    /// Whoever runs on an island stops, or ends.
    pub fn stops(&mut self, island: u32, at: u64, stops: Option<u32>) {
        let running = self.islands.get_mut(&island).and_then(Option::take);
        if let Some(running) = running {
            self.event(Event::Ran {
                who: running.who,
                from: running.since,
                to: at,
                point: running.point,
                stops,
                woken_by: running.woken_by,
            });
        }
    }

    /// Garbage was collected on an island.
    pub fn collected(&mut self, island: u32, from: u64, to: u64) {
        let _ = self.seat(island);
        self.event(Event::Collected { island, from, to });
    }

    /// An island is gone.
    pub fn leaves(&mut self, island: u32, at: u64) {
        self.stops(island, at, None);
        self.islands.remove(&island);
    }

    /// Ends the timeline; `standing` are the waits that end with it.
    pub fn close(mut self, at: u64, standing: impl Iterator<Item = Event>) {
        let islands: Vec<u32> = self.islands.keys().copied().collect();
        for island in islands {
            self.stops(island, at, None);
        }
        standing.for_each(|event| self.event(event));
        self.hand_over();
    }
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline").finish_non_exhaustive()
    }
}
