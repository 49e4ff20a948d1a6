//! Watching a run: counters for `vo run --profile`, events for `vo run --trace`.
//!
//! Native code tells of what happens only where it was compiled to do so; without an observer it
//! has not one instruction for it, and the runtime tests one pointer where it wakes goroutines
//! and collects.
//!
//! Invariants
//! 1. Counters are atomic: islands on several workers share them.
//! 2. `standing` has a goroutine from the moment it stops until it goes on or ends; what is left
//!    when the program ends is parked there.

use super::context::Context;
use super::fiber::Fiber;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What watches a run.
pub struct Observer {
    start: Instant,
    /// By block, all functions one behind the other: how often it ran.
    blocks: Box<[AtomicU64]>,
    /// By resume point of the program.
    points: Box<[PointCounter]>,
    log: Mutex<Log>,
    /// Whether events are kept.
    traces: bool,
}

#[derive(Default)]
struct PointCounter {
    captures: AtomicU64,
    waited_ns: AtomicU64,
}

#[derive(Default)]
struct Log {
    standing: HashMap<Goroutine, Standing>,
    events: Vec<Event>,
}

/// A goroutine: island and number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Goroutine {
    /// The island; that of `main` is 0.
    pub island: u32,
    /// Its number there.
    pub number: u32,
}

#[derive(Clone, Copy)]
struct Standing {
    point: u32,
    since: Instant,
    woken: bool,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// When, in nanoseconds since the start.
    pub at: u64,
    /// To whom; a collection is nobody's, and has the number 0.
    pub who: Goroutine,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// It goes on at a point, or begins at an entry point.
    Goes(u32),
    /// It stops at a point.
    Stops(u32),
    /// It has ended.
    Ends,
    /// It was woken; by the goroutine of that number, or (0) by the runtime.
    Wakes(u32),
    /// Garbage was collected, for so many nanoseconds.
    Collects(u64),
}

/// The most events that are kept, about 1.2 GB; a trace that size is of no use to any viewer.
const MOST_EVENTS: usize = 30_000_000;

/// What was counted at a resume point.
#[derive(Clone, Debug, Default)]
pub struct PointCounts {
    /// How often a frame stopped there.
    pub captures: u64,
    /// How long goroutines waited with that frame the innermost, in nanoseconds; those that still
    /// stand there, until now.
    pub waited_ns: u64,
    /// The goroutines that still stand there.
    pub parked: Vec<Goroutine>,
}

impl Observer {
    /// An observer for a program with so many blocks and resume points.
    pub fn new(blocks: usize, points: usize, traces: bool) -> Observer {
        Observer {
            start: Instant::now(),
            blocks: (0..blocks).map(|_| AtomicU64::new(0)).collect(),
            points: (0..points).map(|_| PointCounter::default()).collect(),
            log: Mutex::default(),
            traces,
        }
    }

    /// The address of a block's counter, for native code.
    pub fn block_counter(&self, block: usize) -> *const u64 {
        self.blocks[block].as_ptr()
    }

    /// The address of a point's counter of captures, for native code.
    pub fn capture_counter(&self, point: usize) -> *const u64 {
        self.points[point].captures.as_ptr()
    }

    fn change(&self, change: impl FnOnce(&mut Log, u64)) {
        let at = self.start.elapsed().as_nanos() as u64;
        // A panic while it was held leaves nothing half done that would matter to a count.
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut log, at);
    }

    fn event(&self, log: &mut Log, at: u64, who: Goroutine, what: What) {
        if self.traces && log.events.len() < MOST_EVENTS {
            log.events.push(Event { at, who, what });
        }
    }

    /// The running goroutine stops at a point.
    pub fn stops(&self, cx: &Context, point: u32) {
        self.change(|log, at| {
            let who = goroutine(cx, cx.current);
            let since = Instant::now();
            let stands = Standing {
                point,
                since,
                woken: false,
            };
            log.standing.insert(who, stands);
            self.event(log, at, who, What::Stops(point));
        });
    }

    /// The running goroutine goes on at a point.
    pub fn goes(&self, cx: &Context, point: u32) {
        self.change(|log, at| {
            let who = goroutine(cx, cx.current);
            if let Some(stood) = log.standing.remove(&who) {
                let waited = stood.since.elapsed().as_nanos() as u64;
                self.points[stood.point as usize]
                    .waited_ns
                    .fetch_add(waited, Ordering::Relaxed);
            }
            self.event(log, at, who, What::Goes(point));
        });
    }

    /// The running goroutine has ended.
    pub fn ends(&self, cx: &Context) {
        self.change(|log, at| {
            let who = goroutine(cx, cx.current);
            log.standing.remove(&who);
            self.event(log, at, who, What::Ends);
        });
    }

    /// A goroutine that waited is ready.
    pub fn wakes(&self, cx: &Context, fiber: *mut Fiber) {
        if !self.traces {
            return;
        }
        self.change(|log, at| {
            let who = goroutine(cx, fiber);
            // Whoever goes to the end of the queue by itself does not stand yet; whoever changes
            // its place in the queue was woken before.
            let stood = log.standing.get_mut(&who);
            if stood.is_some_and(|stood| !std::mem::replace(&mut stood.woken, true)) {
                let by = if cx.current.is_null() || cx.current == cx.sentinel {
                    0
                } else {
                    goroutine(cx, cx.current).number
                };
                self.event(log, at, who, What::Wakes(by));
            }
        });
    }

    /// A collection has ended that began at `start`.
    pub fn collected(&self, cx: &Context, start: Instant) {
        let took = start.elapsed().as_nanos() as u64;
        self.change(|log, at| {
            let who = Goroutine {
                island: cx.island as u32,
                number: 0,
            };
            let at = at.saturating_sub(took);
            self.event(log, at, who, What::Collects(took));
        });
    }

    /// How often each block ran.
    pub fn block_counts(&self) -> Vec<u64> {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        self.blocks.iter().map(load).collect()
    }

    /// What was counted at each point.
    pub fn point_counts(&self) -> Vec<PointCounts> {
        let mut counts: Vec<PointCounts> = (self.points.iter())
            .map(|point| PointCounts {
                captures: point.captures.load(Ordering::Relaxed),
                waited_ns: point.waited_ns.load(Ordering::Relaxed),
                parked: Vec::new(),
            })
            .collect();
        self.change(|log, _| {
            let mut standing: Vec<_> = log.standing.iter().collect();
            standing.sort_unstable_by_key(|(who, _)| **who);
            for (who, stood) in standing {
                let counts = &mut counts[stood.point as usize];
                counts.waited_ns += stood.since.elapsed().as_nanos() as u64;
                counts.parked.push(*who);
            }
        });
        counts
    }

    /// The events, in the order in which they happened, as far as islands agree on one.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        self.change(|log, _| events.clone_from(&log.events));
        events.sort_by_key(|event| event.at);
        events
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

fn goroutine(cx: &Context, fiber: *mut Fiber) -> Goroutine {
    // SAFETY: whoever tells of a fiber has it, alive.
    let number = unsafe { (*fiber).id };
    Goroutine {
        island: cx.island as u32,
        number,
    }
}
