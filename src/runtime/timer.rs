//! Timers: what is to happen at which time.
//!
//! A heap by deadline. A timer that is stopped leaves the heap when it comes to the top, or when
//! most of the heap is such; so setting and stopping a deadline that rarely passes stays cheap.
//!
//! Invariants
//! 1. The top of the heap is a timer that is set, or the heap is empty.
//! 2. A key that is not in `actions` is of a timer that was stopped or has gone off.
//!
//! Decided against: a timing wheel. Programs have few timers beside goroutines and connections,
//! and a wheel's granularity would show in short sleeps.

use super::fiber::Fiber;
use super::heap::Marker;
use super::outside::reactor::{Direction, Source};
use slotmap::{SlotMap, new_key_type};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What happens when a timer goes off.
#[derive(Debug)]
pub enum Action {
    /// A sleeping goroutine goes on.
    Wake(*mut Fiber),
    /// A goroutine starts that runs the function of this closure.
    Start(Start),
    /// Whoever waits for a socket is told that it took too long.
    Expire(Arc<Source>, Direction),
}

/// A goroutine that a timer starts.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The closure object.
    pub closure: *const u64,
    /// The channel that the timer is for: without it, nobody can see the timer go off. Null where
    /// the function has other effects.
    pub chan: *const u8,
    /// How long until it starts again; zero where it starts once.
    pub period: Duration,
}

new_key_type! {
    /// Names one timer for ever.
    pub struct TimerKey;
}

/// The timers of an island, the earliest deadline first; equal deadlines in the order they were
/// set.
#[derive(Default)]
pub struct Timers {
    /// Deadline, order of setting, timer.
    heap: BinaryHeap<Reverse<(Instant, u64, TimerKey)>>,
    actions: SlotMap<TimerKey, Action>,
    count: u64,
}

/// Heaps up to this size are not worth cleaning.
const SMALL_HEAP: usize = 64;

impl Timers {
    /// Sets a timer.
    pub fn add(&mut self, deadline: Instant, action: Action) -> TimerKey {
        let key = self.actions.insert(action);
        self.push(deadline, key);
        key
    }

    fn push(&mut self, deadline: Instant, key: TimerKey) {
        self.count += 1;
        self.heap.push(Reverse((deadline, self.count, key)));
    }

    /// Stops a timer; false where it has gone off, or was stopped before.
    pub fn stop(&mut self, key: TimerKey) -> bool {
        let stopped = self.actions.remove(key).is_some();
        self.prune();
        stopped
    }

    /// How many timers are set.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether no timer is set.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// The earliest deadline.
    pub fn earliest(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((deadline, ..))| *deadline)
    }

    /// Takes what is to happen by now. A periodic timer stays set, for its first time after now.
    pub fn take_due(&mut self, now: Instant) -> Option<Action> {
        if self.earliest()? > now {
            return None;
        }
        let Reverse((deadline, _, key)) = self.heap.pop()?;
        let action = match self.actions.get(key) {
            Some(Action::Start(start)) if !start.period.is_zero() => {
                let start = *start;
                self.push(next_time(deadline, start.period, now), key);
                Some(Action::Start(start))
            }
            _ => self.actions.remove(key),
        };
        self.prune();
        action
    }

    /// Restores invariant 1, and forgets stopped timers where they are most of the heap.
    fn prune(&mut self) {
        while let Some(Reverse((_, _, key))) = self.heap.peek()
            && !self.actions.contains_key(*key)
        {
            self.heap.pop();
        }
        if self.heap.len() > SMALL_HEAP && self.heap.len() > 2 * self.len() {
            let actions = &self.actions;
            self.heap
                .retain(|Reverse((_, _, key))| actions.contains_key(*key));
        }
    }

    /// Shows the collector the functions that timers will start; those of timers that only their
    /// channel makes visible wait for [`Timers::trace_visible`].
    pub fn trace(&self, marker: &mut Marker<'_>) {
        for start in self.starts().filter(|start| start.chan.is_null()) {
            marker.mark_ref(start.closure.cast());
        }
    }

    /// When all else is marked: shows the functions of timers whose channel somebody has, and
    /// stops the others, which nobody can see any more.
    pub fn trace_visible(&mut self, marker: &mut Marker<'_>) {
        self.actions.retain(|_, action| match action {
            Action::Start(start) if !start.chan.is_null() => {
                let visible = marker.is_marked(start.chan);
                if visible {
                    marker.mark_ref(start.closure.cast());
                }
                visible
            }
            _ => true,
        });
        self.prune();
    }

    /// Shows an observer all functions that timers will start, and the channels they are for.
    pub fn trace_all(&self, marker: &mut Marker<'_>) {
        for start in self.starts() {
            marker.mark_ref(start.closure.cast());
            marker.mark_ref(start.chan);
        }
    }

    fn starts(&self) -> impl Iterator<Item = &Start> {
        self.actions.values().filter_map(|action| match action {
            Action::Start(start) => Some(start),
            _ => None,
        })
    }
}

/// When a periodic timer goes off next; times that have passed already are left out.
fn next_time(deadline: Instant, period: Duration, now: Instant) -> Instant {
    let late = now.saturating_duration_since(deadline);
    let missed = late.as_nanos() / period.as_nanos();
    let ahead = period.as_nanos() - (late.as_nanos() - missed * period.as_nanos());
    now + Duration::from_nanos(ahead.try_into().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ptr;

    fn sleeper(number: usize) -> Action {
        Action::Wake(ptr::without_provenance_mut(number + 1))
    }

    fn woken(action: Action) -> usize {
        match action {
            Action::Wake(fiber) => fiber.addr() - 1,
            other => panic!("{other:?}"),
        }
    }

    fn every(period: Duration) -> Action {
        Action::Start(Start {
            closure: ptr::null(),
            chan: ptr::null(),
            period,
        })
    }

    proptest! {
        /// Against a list: what is due comes by deadline, then in the order it was set; what was
        /// stopped never does.
        #[test]
        fn timers_are_in_order(steps in prop::collection::vec((0u64..20, any::<bool>()), 0..200)) {
            let start = Instant::now();
            let at = |ms: u64| start + Duration::from_millis(ms);
            let mut timers = Timers::default();
            let mut expected = Vec::new();
            for (number, (ms, stop)) in steps.iter().enumerate() {
                let key = timers.add(at(*ms), sleeper(number));
                if *stop {
                    prop_assert!(timers.stop(key));
                    prop_assert!(!timers.stop(key));
                } else {
                    expected.push((*ms, number));
                }
            }
            expected.sort();
            prop_assert_eq!(timers.len(), expected.len());
            prop_assert_eq!(timers.earliest(), expected.first().map(|(ms, _)| at(*ms)));
            let mut left = expected.into_iter().peekable();
            for now in 0..20 {
                while let Some(action) = timers.take_due(at(now)) {
                    prop_assert_eq!(Some((now, woken(action))), left.next());
                }
                prop_assert!(left.peek().is_none_or(|(ms, _)| *ms > now));
            }
            prop_assert!(timers.is_empty());
        }
    }

    #[test]
    fn stopped_timers_do_not_pile_up() {
        let mut timers = Timers::default();
        let far = Instant::now() + Duration::from_secs(1000);
        let _ = timers.add(far, sleeper(0));
        for number in 1..10_000 {
            let key = timers.add(far + Duration::from_secs(1), sleeper(number));
            assert!(timers.stop(key));
            assert!(timers.heap.len() <= 2 * SMALL_HEAP);
        }
        assert_eq!(timers.len(), 1);
    }

    #[test]
    fn a_periodic_timer_skips_what_it_missed() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut timers = Timers::default();
        let key = timers.add(at(10), every(Duration::from_millis(10)));
        assert!(timers.take_due(at(9)).is_none());
        assert!(timers.take_due(at(10)).is_some());
        assert_eq!(timers.earliest(), Some(at(20)));
        assert!(timers.take_due(at(47)).is_some());
        assert_eq!(timers.earliest(), Some(at(50)));
        assert!(timers.stop(key));
        assert!(timers.take_due(at(1000)).is_none());
    }

    #[test]
    fn a_key_is_no_other_timers() {
        let mut timers = Timers::default();
        let now = Instant::now();
        let old = timers.add(now, sleeper(0));
        assert!(timers.take_due(now).is_some());
        let new = timers.add(now, sleeper(1));
        assert!(!timers.stop(old));
        assert!(!timers.stop(TimerKey::default()));
        assert!(timers.stop(new));
    }
}
