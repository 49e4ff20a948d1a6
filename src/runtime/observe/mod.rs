//! Watching a run: counters for `vo run --profile`, events for `vo run --trace` ([`timeline`]).
//!
//! Native code tells of what happens only where it was compiled to do so; without an observer it
//! has not one instruction for it, and the runtime tests one pointer where it wakes goroutines
//! and collects.
//!
//! Invariants
//! 1. Counters are atomic: islands on several workers share them.
//! 2. `standing` has a goroutine from the moment it stops until it goes on or ends; what is left
//!    when the program ends is parked there.

pub mod timeline;

use super::context::Context;
use super::fiber::Fiber;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use timeline::{Event, Sink, Timeline, WokenBy};

/// What watches a run.
pub struct Observer {
    start: Instant,
    /// By block, all functions one behind the other: how often it ran.
    blocks: Box<[AtomicU64]>,
    /// By resume point of the program.
    points: Box<[PointCounter]>,
    log: Mutex<Log>,
    /// Whether there was a timeline at the start.
    traces: bool,
}

#[derive(Default)]
struct PointCounter {
    captures: AtomicU64,
    waited_ns: AtomicU64,
}

struct Log {
    standing: FxHashMap<Goroutine, Standing>,
    timeline: Option<Timeline>,
}

/// A goroutine: island and number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Goroutine {
    /// The island; that of `main` is 0.
    pub island: u32,
    /// Its number there.
    pub number: u32,
}

/// A goroutine that stands at a point, since a time in nanoseconds.
#[derive(Clone, Copy)]
struct Standing {
    since: u64,
    point: u32,
    woken: Woken,
}

#[derive(Clone, Copy, PartialEq)]
enum Woken {
    No,
    ByRuntime,
    By(WokenBy),
}

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
    /// An observer for a program with so many blocks and resume points; where there is a sink,
    /// with a timeline.
    pub fn new(blocks: usize, points: usize, sink: Option<Sink>) -> Observer {
        Observer {
            start: Instant::now(),
            blocks: (0..blocks).map(|_| AtomicU64::new(0)).collect(),
            points: (0..points).map(|_| PointCounter::default()).collect(),
            traces: sink.is_some(),
            log: Mutex::new(Log {
                standing: FxHashMap::default(),
                timeline: sink.map(Timeline::new),
            }),
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

    /// Changes the log, at a time that is not before that of any change before.
    fn change<T>(&self, change: impl FnOnce(&mut Log, u64) -> T) -> T {
        // A panic while it was held leaves nothing half done that would matter to a count.
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.start.elapsed().as_nanos() as u64;
        if log.timeline.as_ref().is_some_and(Timeline::is_full) {
            log.close_timeline(at);
        }
        change(&mut log, at)
    }

    /// The running goroutine stops at a point.
    pub fn stops(&self, cx: &Context, point: u32) {
        self.change(|log, at| {
            let who = goroutine(cx, cx.current);
            let stands = Standing {
                since: at,
                point,
                woken: Woken::No,
            };
            log.standing.insert(who, stands);
            if let Some(timeline) = &mut log.timeline {
                timeline.stops(who.island, at, Some(point));
            }
        });
    }

    /// The running goroutine goes on at a point.
    pub fn goes(&self, cx: &Context, point: u32) {
        self.change(|log, at| {
            let who = goroutine(cx, cx.current);
            let stood = log.standing.remove(&who);
            if let Some(stood) = stood {
                self.points[stood.point as usize]
                    .waited_ns
                    .fetch_add(at - stood.since, Ordering::Relaxed);
            }
            let Some(timeline) = &mut log.timeline else {
                return;
            };
            let mut woken_by = None;
            match stood {
                Some(stood) => {
                    timeline.event(stood.until(who, at));
                    if let Woken::By(waker) = stood.woken {
                        woken_by = Some(waker);
                    }
                }
                None => timeline.event(Event::Begins { who, point }),
            }
            timeline.goes(who, at, point, woken_by);
        });
    }

    /// The running goroutine has ended.
    pub fn ends(&self, cx: &Context) {
        self.change(|log, at| {
            let who = goroutine(cx, cx.current);
            log.standing.remove(&who);
            if let Some(timeline) = &mut log.timeline {
                timeline.stops(who.island, at, None);
            }
        });
    }

    /// A goroutine that waited is ready: because of the goroutine of another island that the
    /// context was told of, or else of the one that runs on its own, or else by the runtime.
    pub fn wakes(&self, cx: &Context, fiber: *mut Fiber) {
        if !self.traces {
            return;
        }
        self.change(|log, at| {
            let who = goroutine(cx, fiber);
            let Some(timeline) = &mut log.timeline else {
                return;
            };
            // Whoever goes to the end of the queue by itself does not stand yet; whoever changes
            // its place in the queue was woken before.
            let stood = log.standing.get_mut(&who);
            let Some(stood) = stood.filter(|stood| stood.woken == Woken::No) else {
                return;
            };
            let waker = cx.told_by.or_else(|| timeline.waker(who.island, at));
            stood.woken = waker.map_or(Woken::ByRuntime, Woken::By);
            if waker.is_none() {
                timeline.event(Event::Woken { who, at });
            }
        });
    }

    /// The goroutine that runs now, for the island where it wakes another; none where the
    /// runtime itself is at work, and where nobody wants to know.
    pub fn waker(&self, cx: &Context) -> Option<WokenBy> {
        if !self.traces {
            return None;
        }
        self.change(|log, at| log.timeline.as_ref()?.waker(cx.island as u32, at))
    }

    /// A collection has ended that began at `start`.
    pub fn collected(&self, cx: &Context, start: Instant) {
        let took = start.elapsed().as_nanos() as u64;
        self.change(|log, at| {
            if let Some(timeline) = &mut log.timeline {
                timeline.collected(cx.island as u32, at.saturating_sub(took), at);
            }
        });
    }

    /// An island is gone.
    pub fn leaves(&self, cx: &Context) {
        self.change(|log, at| {
            if let Some(timeline) = &mut log.timeline {
                timeline.leaves(cx.island as u32, at);
            }
        });
    }

    /// The run is over: ends the timeline, if there still is one.
    pub fn close_timeline(&self) {
        self.change(Log::close_timeline);
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
        self.change(|log, at| {
            let mut standing: Vec<_> = log.standing.iter().collect();
            standing.sort_unstable_by_key(|(who, _)| **who);
            for (who, stood) in standing {
                let counts = &mut counts[stood.point as usize];
                counts.waited_ns += at - stood.since;
                counts.parked.push(*who);
            }
        });
        counts
    }
}

impl Log {
    fn close_timeline(&mut self, at: u64) {
        if let Some(timeline) = self.timeline.take() {
            let standing = self.standing.iter();
            timeline.close(at, standing.map(|(who, stood)| stood.until(*who, at)));
        }
    }
}

impl Standing {
    fn until(self, who: Goroutine, to: u64) -> Event {
        Event::Waited {
            who,
            from: self.since,
            to,
            point: self.point,
        }
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
