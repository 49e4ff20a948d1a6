//! Islands that doze: that sleep until a time, or an event from outside, comes.
//!
//! ```text
//!   an island ──begin(until)──► deadlines ──take_due──► any worker, which rings the island
//!                    │              │
//!                    │ RingSeat     └──next──► whoever is in the seat waits no longer than that
//!                    └───────────────────────► … and looks again when there is an earlier one
//! ```
//!
//! A deadline stays where it is when its island is woken otherwise. It rings in vain then, and for
//! that it is used again: an island that dozes again and again until the same time, or a later one,
//! notes nothing. `T` is a time.
//!
//! Invariants
//! 1. Of an island that dozes until a time, there is a deadline that is not later, or the island
//!    has been rung since it began to.
//! 2. Whoever is in the seat knows of the earliest deadline, or has been rung.
//! 3. What is noted is noted before the island sleeps: who takes the deadline out at once rings one
//!    that is awake, which then does not fall asleep ([`crate::inbox`]).

use crate::pool::{Pool, RingSeat};
use crate::sync::{AtomicUsize, Mutex, Ordering, lock};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What all islands share.
#[derive(Debug)]
pub struct Dozers<T> {
    count: AtomicUsize,
    /// Times, and the islands that are to be rung then.
    deadlines: Mutex<BinaryHeap<Reverse<(T, u64)>>>,
}

/// What an island has of its own.
#[derive(Debug)]
pub struct Dozer<T> {
    island: u64,
    dozes: bool,
    /// The deadline that it has noted last.
    noted: Option<T>,
}

impl<T: Ord> Default for Dozers<T> {
    fn default() -> Dozers<T> {
        Dozers {
            count: AtomicUsize::new(0),
            deadlines: Mutex::new(BinaryHeap::new()),
        }
    }
}

impl<T> Dozer<T> {
    /// An island with that number, which does not doze.
    pub fn new(island: u64) -> Dozer<T> {
        Dozer {
            island,
            dozes: false,
            noted: None,
        }
    }
}

impl<T: Ord + Copy> Dozers<T> {
    /// Whether any island dozes. Who has ended its own look by [`Dozers::begin`] or
    /// [`Dozers::end`] sees at least that.
    pub fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// An island is about to sleep until that time, if any, or an event. The time it is `now` was
    /// asked for after the island has looked for the last time at what is due.
    pub fn begin<I>(
        &self,
        dozer: &mut Dozer<T>,
        until: Option<T>,
        now: T,
        pool: &Pool<I>,
    ) -> RingSeat {
        debug_assert!(!dozer.dozes, "it has ended before");
        dozer.dozes = true;
        self.count.fetch_add(1, Ordering::Relaxed);
        let Some(until) = until else {
            return RingSeat(false);
        };
        // One that is due may have rung already, while the island ran.
        if dozer
            .noted
            .is_some_and(|noted| now < noted && noted <= until)
        {
            return RingSeat(false);
        }
        dozer.noted = Some(until);
        let earliest = {
            let mut deadlines = lock(&self.deadlines);
            let earliest = deadlines.peek().is_none_or(|Reverse((at, _))| until < *at);
            deadlines.push(Reverse((until, dozer.island)));
            earliest
        };
        if earliest {
            // Who waits for events may know of no time, or of a later one.
            pool.ring_seat()
        } else {
            RingSeat(false)
        }
    }

    /// An island does not doze, or not any more.
    pub fn end(&self, dozer: &mut Dozer<T>) {
        if std::mem::take(&mut dozer.dozes) {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The earliest deadline: for who sits down to wait.
    pub fn next(&self) -> Option<T> {
        let deadlines = lock(&self.deadlines);
        deadlines.peek().map(|Reverse((at, _))| *at)
    }

    /// An island whose deadline has passed, which is the caller's to ring.
    pub fn take_due(&self, now: T) -> Option<u64> {
        let mut deadlines = lock(&self.deadlines);
        let Reverse((at, _)) = deadlines.peek()?;
        if *at > now {
            return None;
        }
        deadlines.pop().map(|Reverse((_, island))| island)
    }
}

#[cfg(test)]
mod tests;
