//! The monitor: a thread that asks the islands that run for a capture once each time slice, so
//! that other goroutines, and other islands, get their turn.

use super::lock;
use crate::runtime::context::CAPTURE;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a goroutine may run while others wait.
pub const TIME_SLICE: Duration = Duration::from_millis(10);

/// The limit word of the island that a worker runs; null while it runs none.
///
/// Whoever stores to the word holds the lock; and a worker takes it back before it lets go of the
/// island.
struct Running(*const AtomicUsize);

// SAFETY: the word is atomic, and valid while it stands here (see above).
unsafe impl Send for Running {}

/// See the module's text.
pub struct Monitor {
    running: Arc<[Mutex<Running>]>,
    stopped: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Monitor {
    /// A monitor for so many workers, without a thread yet.
    pub fn new(workers: usize) -> Monitor {
        Monitor {
            running: (0..workers)
                .map(|_| Mutex::new(Running(std::ptr::null())))
                .collect(),
            stopped: Arc::default(),
            thread: Mutex::default(),
        }
    }

    /// Starts the thread, unless it runs. Without one, goroutines are not preempted.
    pub fn start(&self) {
        let mut thread = lock(&self.thread);
        if thread.is_some() {
            return;
        }
        let (running, stopped) = (self.running.clone(), self.stopped.clone());
        let watch = move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::park_timeout(TIME_SLICE);
                raise(&running);
            }
        };
        let name = "vo-monitor".to_owned();
        *thread = std::thread::Builder::new().name(name).spawn(watch).ok();
    }

    /// A worker begins to run the island with that limit word, which stays valid until
    /// [`Monitor::leave`].
    pub fn enter(&self, worker: usize, limit: &AtomicUsize) {
        lock(&self.running[worker]).0 = limit;
    }

    /// A worker runs no island any more.
    pub fn leave(&self, worker: usize) {
        lock(&self.running[worker]).0 = std::ptr::null();
    }

    /// Asks every island that runs for a capture.
    pub fn raise(&self) {
        raise(&self.running);
    }

    /// Ends the thread.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = lock(&self.thread).take() {
            thread.thread().unpark();
            // The thread cannot panic; there is nothing to report.
            let _ = thread.join();
        }
    }
}

fn raise(running: &[Mutex<Running>]) {
    for worker in running {
        let running = lock(worker);
        if !running.0.is_null() {
            // SAFETY: the word is valid while it stands here.
            unsafe { (*running.0).store(CAPTURE, Ordering::Relaxed) };
        }
    }
}
