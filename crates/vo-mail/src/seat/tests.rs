//! Models of the seat in the pool: no ring is lost to who sits, whoever looks at events meanwhile.

use super::*;
use crate::pool::{Pool, RingSeat};
use crate::sync::{Arc, Condvar, Mutex, lock, wait};
use loom::thread;

/// What stands for the system's poller: one thread at a time waits in it or looks at it.
#[derive(Default)]
struct Poller {
    seat: Seat,
    watch: Mutex<()>,
    /// How often it was woken, and nobody has seen it yet.
    wakes: Mutex<u32>,
    bell: Condvar,
}

impl Poller {
    fn wait(&self) {
        let Ok(_watch) = self.watch.try_lock() else {
            // Who looks is not long.
            thread::yield_now();
            return;
        };
        let waits = self.seat.sit();
        let mut wakes = lock(&self.wakes);
        while waits && *wakes == 0 {
            wakes = wait(&self.bell, wakes);
        }
        *wakes = 0;
        drop(wakes);
        self.seat.rise();
    }

    fn look(&self) {
        if let Ok(_watch) = self.watch.try_lock() {
            *lock(&self.wakes) = 0;
        }
    }

    fn ring(&self) {
        if self.seat.ring() {
            *lock(&self.wakes) += 1;
            self.bell.notify_one();
        }
    }
}

/// Waits in the seat until the pool is stopped.
fn wait_for_the_end(pool: &Pool<u32>, poller: &Poller) {
    while !pool.is_stopped() {
        pool.sleep(Some(&mut || poller.wait()));
    }
}

fn end(pool: &Pool<u32>, poller: &Poller) {
    pool.stop();
    poller.ring();
}

#[test]
fn a_ring_before_or_during_the_wait_ends_it() {
    loom::model(|| {
        let (pool, poller) = (Arc::new(Pool::new()), Arc::new(Poller::default()));
        let (theirs, bell) = (pool.clone(), poller.clone());
        let other = thread::spawn(move || end(&theirs, &bell));
        wait_for_the_end(&pool, &poller);
        other.join().expect("ends");
    });
}

/// Who looks at events in passing takes no ring away from who sits.
#[test]
fn a_look_swallows_no_ring() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let (pool, poller) = (Arc::new(Pool::new()), Arc::new(Poller::default()));
        let events = poller.clone();
        let looks = thread::spawn(move || events.look());
        let (theirs, bell) = (pool.clone(), poller.clone());
        let ends = thread::spawn(move || end(&theirs, &bell));
        wait_for_the_end(&pool, &poller);
        looks.join().expect("ends");
        ends.join().expect("ends");
    });
}

/// The one in the seat is rung, finds nothing changed, and is rung again.
#[test]
fn every_ring_is_heard() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let (pool, poller) = (Arc::new(Pool::new()), Arc::new(Poller::default()));
        let (theirs, bell) = (pool.clone(), poller.clone());
        let other = thread::spawn(move || {
            let RingSeat(ring) = theirs.ring_seat();
            if ring {
                bell.ring();
            }
            let RingSeat(ring) = theirs.put(1);
            if ring {
                bell.ring();
            }
        });
        while pool.take().is_none() {
            pool.sleep(Some(&mut || poller.wait()));
        }
        other.join().expect("ends");
    });
}
