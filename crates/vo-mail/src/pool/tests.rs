//! Models of the pool: a put is never slept through, whoever sleeps, spins or has the seat.

use super::*;
use loom::sync::Arc;
use loom::thread;

/// What the seat's holder waits in: a flag that is kept until it is looked at.
struct Seat {
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Seat {
    fn new() -> Seat {
        Seat {
            rung: Mutex::new(false),
            bell: Condvar::new(),
        }
    }

    fn wait(&self) {
        let mut rung = self.rung.lock().expect("no panics");
        while !*rung {
            rung = self.bell.wait(rung).expect("no panics");
        }
        *rung = false;
    }

    fn ring(&self, ring: RingSeat) {
        if ring.0 {
            *self.rung.lock().expect("no panics") = true;
            self.bell.notify_one();
        }
    }
}

/// Takes one item, sleeping as often as it must. Deadlocks in the model if a wake-up is lost.
fn work(pool: &Pool<u32>, seat: Option<&Seat>) -> u32 {
    loop {
        if let Some(item) = pool.take() {
            return item;
        }
        match seat {
            Some(seat) => pool.sleep(Some(&mut || seat.wait())),
            None => pool.sleep(None),
        }
    }
}

#[test]
fn a_put_wakes_a_sleeper() {
    loom::model(|| {
        let pool = Arc::new(Pool::new());
        let other = pool.clone();
        let putter = thread::spawn(move || {
            let ring = other.put(7);
            assert_eq!(ring, RingSeat(false));
        });
        assert_eq!(work(&pool, None), 7);
        putter.join().expect("no panics");
    });
}

#[test]
fn a_put_rings_the_seat() {
    loom::model(|| {
        let pool = Arc::new(Pool::new());
        let seat = Arc::new(Seat::new());
        let (other, bell) = (pool.clone(), seat.clone());
        let putter = thread::spawn(move || bell.ring(other.put(7)));
        assert_eq!(work(&pool, Some(&seat)), 7);
        putter.join().expect("no panics");
    });
}

#[test]
fn two_puts_wake_two_sleepers() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let pool = Arc::new(Pool::new());
        let seat = Arc::new(Seat::new());
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let (pool, seat) = (pool.clone(), seat.clone());
                thread::spawn(move || work(&pool, Some(&seat)))
            })
            .collect();
        seat.ring(pool.put(1));
        seat.ring(pool.put(2));
        let sum: u32 = workers.into_iter().map(|w| w.join().expect("ends")).sum();
        assert_eq!(sum, 3);
    });
}

/// With any patience.
fn a_spinner_finds(patience: u32) {
    loom::model(move || {
        let pool = Arc::new(Pool::new());
        let other = pool.clone();
        let putter = thread::spawn(move || {
            assert_eq!(other.put(7), RingSeat(false));
        });
        let found = match pool.spin(2, patience, || true) {
            (Some(item), _) => item,
            (None, _) => work(&pool, None),
        };
        assert_eq!(found, 7);
        putter.join().expect("no panics");
    });
}

#[test]
fn a_spinner_finds_it_or_looks_again() {
    a_spinner_finds(0);
}

#[test]
fn a_patient_spinner_finds_it_or_looks_again() {
    a_spinner_finds(1);
}

#[test]
fn a_spinner_does_not_hide_the_second_item() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let pool = Arc::new(Pool::new());
        let (first, second) = (pool.clone(), pool.clone());
        let spinner = thread::spawn(move || match first.spin(1, 0, || true) {
            (Some(item), _) => item,
            (None, _) => work(&first, None),
        });
        let sleeper = thread::spawn(move || work(&second, None));
        let _ = pool.put(1);
        let _ = pool.put(2);
        let sum = spinner.join().expect("ends") + sleeper.join().expect("ends");
        assert_eq!(sum, 3);
    });
}

#[test]
fn stopping_wakes_everybody() {
    loom::model(|| {
        let pool = Arc::new(Pool::<u32>::new());
        let other = pool.clone();
        let sleeper = thread::spawn(move || {
            while !other.is_stopped() {
                other.sleep(None);
            }
        });
        pool.stop();
        sleeper.join().expect("ends");
    });
}
