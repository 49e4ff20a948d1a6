//! The pool: what is ready to be run, and workers that sleep until something is.
//!
//! One of the sleepers may have *the seat*: it does not wait here but in a place of the caller's
//! (a poller of sockets and timers), which somebody can ring.
//!
//! Invariants
//! 1. A worker that has found nothing sleeps only after it has told so and looked again; who puts
//!    something looks for sleepers after it has put. So nothing lies ready while all sleep.
//! 2. `permits` sleepers have been woken and not noticed yet; never more than sleep here.
//! 3. At most one worker has the seat.
//! 4. While somebody spins, who puts something wakes nobody: the spinner finds it, or looks again
//!    after it has stopped spinning. Who finds something while spinning sees to it that what else
//!    is ready is found, too.

use crate::sync::{AtomicBool, AtomicUsize, Condvar, Mutex, Ordering, SegQueue, fence, lock, wait};
use std::fmt;

#[derive(Default)]
struct Sleepers {
    /// Workers that wait for `bell`.
    here: usize,
    permits: usize,
    seated: bool,
    /// The seat has been rung since its holder took it.
    rung: bool,
}

impl Sleepers {
    /// Rings the seat, where somebody has it who was not rung yet.
    fn ring_seat(&mut self) -> RingSeat {
        RingSeat(self.seated && !std::mem::replace(&mut self.rung, true))
    }
}

/// See the module's text.
pub struct Pool<T> {
    ready: SegQueue<T>,
    /// How many have been taken.
    taken: AtomicUsize,
    /// Workers that sleep or are about to, in the seat or here.
    sleeping: AtomicUsize,
    spinning: AtomicUsize,
    stopped: AtomicBool,
    sleepers: Mutex<Sleepers>,
    bell: Condvar,
}

/// The caller must ring the seat.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingSeat(pub bool);

impl<T> Default for Pool<T> {
    fn default() -> Pool<T> {
        Pool::new()
    }
}

impl<T> Pool<T> {
    /// A pool with nothing ready.
    pub fn new() -> Pool<T> {
        Pool {
            ready: SegQueue::new(),
            taken: AtomicUsize::new(0),
            sleeping: AtomicUsize::new(0),
            spinning: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            sleepers: Mutex::new(Sleepers::default()),
            bell: Condvar::new(),
        }
    }

    /// Puts something, and wakes a worker for it where one sleeps and none spins.
    pub fn put(&self, item: T) -> RingSeat {
        self.ready.push(item);
        fence(Ordering::SeqCst);
        if self.spinning.load(Ordering::Relaxed) != 0 {
            return RingSeat(false);
        }
        self.wake_one()
    }

    /// Takes the oldest that is ready.
    pub fn take(&self) -> Option<T> {
        let item = self.ready.pop()?;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(item)
    }

    /// Whether nothing is ready.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Looks so many times; `pause` is called in between, and ends the search by false. What is
    /// ready is taken when so many looks (`patience`) have found that nobody else takes anything:
    /// whoever has put it may be about to run it, where what it needs is near.
    pub fn spin(
        &self,
        rounds: u32,
        patience: u32,
        mut pause: impl FnMut() -> bool,
    ) -> (Option<T>, RingSeat) {
        let mut found = None;
        let (mut taken, mut waited) = (self.taken.load(Ordering::Relaxed), 0);
        loop {
            self.spinning.fetch_add(1, Ordering::SeqCst);
            for _ in 0..rounds {
                let now = self.taken.load(Ordering::Relaxed);
                if now != taken || self.ready.is_empty() {
                    (taken, waited) = (now, 0);
                } else if waited < patience {
                    waited += 1;
                } else {
                    found = self.take();
                }
                if found.is_some() || !pause() {
                    break;
                }
            }
            self.spinning.fetch_sub(1, Ordering::SeqCst);
            fence(Ordering::SeqCst);
            // What was put while this spun has woken nobody: it is not left alone.
            if found.is_some() || self.ready.is_empty() || self.is_stopped() {
                break;
            }
        }
        let ring = if found.is_some() && !self.ready.is_empty() {
            self.wake_one()
        } else {
            RingSeat(false)
        };
        (found, ring)
    }

    fn wake_one(&self) -> RingSeat {
        if self.sleeping.load(Ordering::Relaxed) == 0 {
            return RingSeat(false);
        }
        let mut sleepers = lock(&self.sleepers);
        if sleepers.here > sleepers.permits {
            sleepers.permits += 1;
            self.bell.notify_one();
            return RingSeat(false);
        }
        sleepers.ring_seat()
    }

    /// Has whoever is in the seat look again at what it waits for. What changed must have been
    /// published before, by a lock that the seat's holder takes to read it.
    pub fn ring_seat(&self) -> RingSeat {
        fence(Ordering::SeqCst);
        if self.sleeping.load(Ordering::Relaxed) == 0 {
            return RingSeat(false);
        }
        let mut sleepers = lock(&self.sleepers);
        sleepers.ring_seat()
    }

    /// Has a sleeper take the seat, where nobody has it.
    pub fn fill_seat(&self) {
        if self.sleeping.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut sleepers = lock(&self.sleepers);
        if !sleepers.seated && sleepers.here > sleepers.permits {
            sleepers.permits += 1;
            self.bell.notify_one();
        }
    }

    /// Sleeps until something may be ready. With `seat`, the worker waits there, if nobody else
    /// does; it must return when it is rung, even if that was before.
    pub fn sleep(&self, seat: Option<&mut dyn FnMut()>) {
        let mut sleepers = lock(&self.sleepers);
        self.sleeping.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.ready.is_empty() && !self.is_stopped() {
            match seat {
                Some(seat) if !sleepers.seated => {
                    sleepers.seated = true;
                    sleepers.rung = false;
                    drop(sleepers);
                    seat();
                    sleepers = lock(&self.sleepers);
                    sleepers.seated = false;
                }
                _ => {
                    sleepers.here += 1;
                    while sleepers.permits == 0 && !self.is_stopped() {
                        sleepers = wait(&self.bell, sleepers);
                    }
                    sleepers.permits = sleepers.permits.saturating_sub(1);
                    sleepers.here -= 1;
                }
            }
        }
        self.sleeping.fetch_sub(1, Ordering::Relaxed);
        drop(sleepers);
    }

    /// Ends it: nobody sleeps any more. The caller rings the seat.
    pub fn stop(&self) {
        let sleepers = lock(&self.sleepers);
        self.stopped.store(true, Ordering::Release);
        self.bell.notify_all();
        drop(sleepers);
    }

    /// Whether the pool was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
