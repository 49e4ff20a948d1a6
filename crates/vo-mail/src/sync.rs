//! The primitives: the real ones, and loom's in tests.

#[cfg(not(test))]
pub use real::*;

#[cfg(test)]
pub use model::*;

#[cfg(not(test))]
mod real {
    pub use crossbeam_queue::SegQueue;
    use std::ops::DerefMut;
    use std::sync::PoisonError;
    pub use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering, fence};
    pub use std::sync::{Arc, Condvar, Mutex, MutexGuard};

    /// A lock for a few instructions at a time, which is let go by a plain store. Who finds it
    /// taken lets other threads run.
    pub type ShortMutex<T> = spin::mutex::SpinMutex<T, spin::Yield>;

    /// Locks.
    pub fn lock_short<T>(mutex: &ShortMutex<T>) -> impl DerefMut<Target = T> {
        mutex.lock()
    }

    /// Locks. A panic of another thread leaves whole what is behind the locks of this crate.
    pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a bell.
    pub fn wait<'a, T>(bell: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        bell.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod model {
    pub use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering, fence};
    pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
    use std::collections::VecDeque;
    use std::ops::DerefMut;

    pub type ShortMutex<T> = Mutex<T>;

    pub fn lock_short<T>(mutex: &ShortMutex<T>) -> impl DerefMut<Target = T> {
        lock(mutex)
    }

    pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().expect("models do not panic")
    }

    pub fn wait<'a, T>(bell: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        bell.wait(guard).expect("models do not panic")
    }

    /// An unbounded queue.
    pub struct SegQueue<T>(Mutex<VecDeque<T>>);

    impl<T> SegQueue<T> {
        pub fn new() -> SegQueue<T> {
            SegQueue(Mutex::new(VecDeque::new()))
        }

        pub fn push(&self, value: T) {
            lock(&self.0).push_back(value);
        }

        pub fn pop(&self) -> Option<T> {
            lock(&self.0).pop_front()
        }

        pub fn is_empty(&self) -> bool {
            lock(&self.0).is_empty()
        }
    }
}
