//! The monitor: a thread that, once each time slice, tells the islands that run what time it is, and
//! asks them for a capture, so that other goroutines, and other islands, get their turn. It also
//! hands on what they have written, which nobody else does while they run.

use super::lock;
use crate::runtime::context::{CAPTURE, ticks_since};
use crate::runtime::native::Output;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a goroutine may run while others wait.
pub const TIME_SLICE: Duration = Duration::from_millis(10);

/// The limit and the tick of the island that a worker runs.
///
/// Whoever stores to these words holds the lock; and a worker takes them back before it lets go of
/// the island.
struct Running {
    limit: *const AtomicUsize,
    tick: *const AtomicU32,
}

// SAFETY: the words are atomic, and valid while they stand here (see above).
unsafe impl Send for Running {}

/// See the module's text.
pub struct Monitor {
    /// For each worker; none while it runs no island.
    running: Arc<[Mutex<Option<Running>>]>,
    stopped: Arc<AtomicBool>,
    /// Whether goroutines are preempted.
    preempts: Arc<AtomicBool>,
    epoch: Instant,
    output: Output,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Monitor {
    /// A monitor for so many workers of a program that began then and writes there, without a
    /// thread yet.
    pub fn new(workers: usize, epoch: Instant, output: Output) -> Monitor {
        Monitor {
            running: (0..workers).map(|_| Mutex::default()).collect(),
            stopped: Arc::default(),
            preempts: Arc::default(),
            epoch,
            output,
            thread: Mutex::default(),
        }
    }

    /// Starts the thread, unless it runs. Goroutines are preempted once that was asked for.
    pub fn start(&self, preempts: bool) {
        self.preempts.fetch_or(preempts, Ordering::Relaxed);
        let mut thread = lock(&self.thread);
        if thread.is_some() {
            return;
        }
        let (running, stopped) = (self.running.clone(), self.stopped.clone());
        let (preempts, epoch) = (self.preempts.clone(), self.epoch);
        let output = self.output.clone();
        let watch = move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::park_timeout(TIME_SLICE);
                let now = ticks_since(epoch);
                for_each(&running, |_, tick| tick.store(now, Ordering::Relaxed));
                if preempts.load(Ordering::Relaxed) {
                    raise(&running);
                }
                output.drain();
            }
        };
        let name = "vo-monitor".to_owned();
        *thread = std::thread::Builder::new().name(name).spawn(watch).ok();
    }

    /// Whether goroutines are preempted: for whoever wants the program to end.
    pub fn preempts(&self) -> Arc<AtomicBool> {
        self.preempts.clone()
    }

    /// A worker begins to run the island with these words, which stay valid until
    /// [`Monitor::leave`].
    pub fn enter(&self, worker: usize, limit: &AtomicUsize, tick: &AtomicU32) {
        *lock(&self.running[worker]) = Some(Running { limit, tick });
    }

    /// A worker runs no island any more.
    pub fn leave(&self, worker: usize) {
        *lock(&self.running[worker]) = None;
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

fn raise(running: &[Mutex<Option<Running>>]) {
    for_each(running, |limit, _| limit.store(CAPTURE, Ordering::Relaxed));
}

fn for_each(running: &[Mutex<Option<Running>>], each: impl Fn(&AtomicUsize, &AtomicU32)) {
    for worker in running {
        if let Some(Running { limit, tick }) = &*lock(worker) {
            // SAFETY: the words are valid while they stand here, and the lock is held.
            unsafe { each(&**limit, &**tick) };
        }
    }
}
