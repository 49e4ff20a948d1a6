//! Timers: the fibers that sleep, by deadline.

use super::fiber::Fiber;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Sleeping fibers, the earliest deadline first; equal deadlines in the order they were set.
#[derive(Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u64, Sleeper)>>,
    count: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sleeper(*mut Fiber);

impl Timers {
    /// Notes that `fiber` sleeps until `deadline`.
    pub fn add(&mut self, deadline: Instant, fiber: *mut Fiber) {
        self.count += 1;
        self.heap
            .push(Reverse((deadline, self.count, Sleeper(fiber))));
    }

    /// The earliest deadline.
    pub fn earliest(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((deadline, ..))| *deadline)
    }

    /// Takes a fiber whose deadline has passed.
    pub fn take_due(&mut self, now: Instant) -> Option<*mut Fiber> {
        if self.earliest()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, _, sleeper))| sleeper.0)
    }
}
