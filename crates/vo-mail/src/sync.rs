//! The primitives: the real ones, and loom's in tests.

#[cfg(not(test))]
pub use real::*;

#[cfg(test)]
pub use model::*;

#[cfg(not(test))]
mod real {
    pub use concurrent_queue::{ConcurrentQueue, PopError, PushError};
    pub use crossbeam_queue::SegQueue;
    pub use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering, fence};
    pub use std::sync::{Condvar, Mutex};
}

#[cfg(test)]
mod model {
    pub use concurrent_queue::{PopError, PushError};
    pub use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering, fence};
    pub use loom::sync::{Condvar, Mutex};
    use std::collections::VecDeque;

    /// A queue that may be bounded, and closed.
    pub struct ConcurrentQueue<T> {
        inner: Mutex<(VecDeque<T>, bool)>,
        cap: Option<usize>,
    }

    impl<T> ConcurrentQueue<T> {
        pub fn bounded(cap: usize) -> ConcurrentQueue<T> {
            ConcurrentQueue {
                inner: Mutex::new((VecDeque::new(), false)),
                cap: Some(cap),
            }
        }

        pub fn unbounded() -> ConcurrentQueue<T> {
            ConcurrentQueue {
                inner: Mutex::new((VecDeque::new(), false)),
                cap: None,
            }
        }

        pub fn push(&self, value: T) -> Result<(), PushError<T>> {
            let mut inner = self.inner.lock().expect("no panics");
            if inner.1 {
                return Err(PushError::Closed(value));
            }
            if self.cap.is_some_and(|cap| inner.0.len() >= cap) {
                return Err(PushError::Full(value));
            }
            inner.0.push_back(value);
            Ok(())
        }

        pub fn pop(&self) -> Result<T, PopError> {
            let mut inner = self.inner.lock().expect("no panics");
            match inner.0.pop_front() {
                Some(value) => Ok(value),
                None if inner.1 => Err(PopError::Closed),
                None => Err(PopError::Empty),
            }
        }

        pub fn close(&self) {
            self.inner.lock().expect("no panics").1 = true;
        }

        pub fn len(&self) -> usize {
            self.inner.lock().expect("no panics").0.len()
        }
    }

    /// An unbounded queue.
    pub struct SegQueue<T>(ConcurrentQueue<T>);

    impl<T> SegQueue<T> {
        pub fn new() -> SegQueue<T> {
            SegQueue(ConcurrentQueue::unbounded())
        }

        pub fn push(&self, value: T) {
            let _ = self.0.push(value);
        }

        pub fn pop(&self) -> Option<T> {
            self.0.pop().ok()
        }

        pub fn is_empty(&self) -> bool {
            self.0.len() == 0
        }
    }
}
