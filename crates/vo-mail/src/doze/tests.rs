//! Models of workers, a clock, and an island that sleeps until one time after another: whoever
//! runs it and whatever else wakes it, it is not forgotten.
//!
//! A letter to the island has it wait for one more time. The clock stops some day; the island must
//! find that out, or the model ends in a deadlock.

use super::*;
use crate::census::Census;
use crate::inbox::{Inbox, Sleep, Slept};
use crate::sync::{Arc, Condvar, lock, wait};
use loom::thread;
use std::collections::VecDeque;

const ISLAND: u64 = 1;

/// An island's own, with the times that it waits for.
struct Body {
    dozer: Dozer<u32>,
    times: Vec<u32>,
    letters: VecDeque<u32>,
}

/// The clock, and whether the seat was rung.
struct Clock {
    now: u32,
    rung: bool,
}

struct World {
    pool: Pool<u64>,
    dozers: Dozers<u32>,
    inbox: Inbox<u32, ()>,
    body: Mutex<Body>,
    clock: Mutex<Clock>,
    /// Rings with the clock and with the seat.
    bell: Condvar,
    /// When the clock stops.
    end: u32,
}

impl World {
    /// With an island that is ready, and will sleep until each of these times.
    fn new(times: &[u32], end: u32) -> Arc<World> {
        let census: Arc<Census> = Arc::default();
        let world = World {
            pool: Pool::new(),
            dozers: Dozers::default(),
            inbox: Inbox::new(census),
            body: Mutex::new(Body {
                dozer: Dozer::new(ISLAND),
                times: times.to_vec(),
                letters: VecDeque::new(),
            }),
            clock: Mutex::new(Clock {
                now: 0,
                rung: false,
            }),
            bell: Condvar::new(),
            end,
        };
        world.inbox.begin();
        world.ready();
        Arc::new(world)
    }

    fn now(&self) -> u32 {
        lock(&self.clock).now
    }

    fn tick(&self) {
        lock(&self.clock).now += 1;
        self.bell.notify_one();
    }

    fn ready(&self) {
        self.ring_seat(self.pool.put(ISLAND));
    }

    fn ring_seat(&self, ring: RingSeat) {
        if ring.0 {
            lock(&self.clock).rung = true;
            self.bell.notify_one();
        }
    }

    fn ring(&self) {
        if self.inbox.ring().is_some() {
            self.ready();
        }
    }

    fn wait_in_seat(&self) {
        let until = self.dozers.next();
        let mut clock = lock(&self.clock);
        while !clock.rung && until.is_none_or(|until| clock.now < until) {
            clock = wait(&self.bell, clock);
        }
        clock.rung = false;
    }

    /// Runs the island until the clock has stopped.
    fn work(&self) {
        while !self.pool.is_stopped() {
            if self.dozers.any() {
                while let Some(island) = self.dozers.take_due(self.now()) {
                    assert_eq!(island, ISLAND);
                    self.ring();
                }
            }
            if self.pool.take().is_some() {
                self.run_island();
            } else if self.dozers.any() {
                self.pool.sleep(Some(&mut || self.wait_in_seat()));
            } else {
                self.pool.sleep(None);
            }
        }
    }

    fn run_island(&self) {
        loop {
            let mut body = lock(&self.body);
            let Body {
                dozer,
                times,
                letters,
            } = &mut *body;
            self.dozers.end(dozer);
            self.inbox.take(letters);
            let now = self.now();
            if now == self.end {
                self.pool.stop();
                self.ring_seat(RingSeat(true));
                return;
            }
            times.extend(letters.drain(..));
            times.retain(|at| *at > now);
            let until = times.iter().min().copied();
            let ring = self.dozers.begin(dozer, until, self.now(), &self.pool);
            drop(body);
            self.ring_seat(ring);
            match self.inbox.sleep((), Sleep::Doze) {
                Slept::No => {}
                Slept::Yes | Slept::Last => return,
            }
        }
    }
}

/// So many workers; somebody may write to the island, and then the clock goes on to its end.
fn check(times: &'static [u32], letter: Option<u32>, end: u32, workers: usize, bound: usize) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound);
    builder.check(move || {
        let world = World::new(times, end);
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                let world = world.clone();
                thread::spawn(move || world.work())
            })
            .collect();
        if letter.is_some_and(|time| world.inbox.send(time) == Ok(Some(()))) {
            world.ready();
        }
        for _ in 0..end {
            world.tick();
        }
        for thread in threads {
            thread.join().expect("ends");
        }
    });
}

#[test]
fn one_worker_wakes_it_each_time() {
    check(&[1, 2], Some(2), 2, 1, 6);
}

#[test]
fn whoever_is_in_the_seat_wakes_it() {
    check(&[1], None, 1, 2, 3);
}

#[test]
fn a_deadline_that_rings_while_it_runs_is_not_taken_for_one_to_come() {
    check(&[1, 2], Some(2), 2, 2, 3);
}

#[test]
fn who_is_in_the_seat_is_told_of_an_earlier_deadline() {
    check(&[9], Some(1), 1, 2, 3);
}
