//! A mailbox: the queue of a port, between senders on any thread and its one owner.
//!
//! ```text
//!  sender ──try_send──► queue (bounded) ──try_recv──► owner
//!     │ full                 ▲                          │ empty
//!     └─park──► parked ──────┘ admit                    └─ announce: the next sender tells it
//! ```
//!
//! A sender that finds the queue full leaves its message and a token in the list of those who
//! wait; whoever makes room (the owner) moves messages from there into the queue and gives the
//! tokens back, to be woken. So a send is never tried twice.
//!
//! Invariants
//! 1. A message accepted is received, unless the mailbox is closed as [`Closed::Gone`].
//! 2. Nobody waits for room while there is some, but between a [`Mailbox::try_recv`] and the
//!    [`Mailbox::admit`] that must follow it when [`Mailbox::has_parked`] says so.
//! 3. An owner that has announced itself and then found nothing is told of the next message:
//!    exactly one send of those that follow returns true.
//! 4. Who waits does so in order, and who comes later does not overtake: a send is refused as
//!    long as somebody waits.
//! 5. Once closed nothing is accepted any more, and nobody waits.

use crate::sync::{
    AtomicBool, AtomicU8, AtomicUsize, ConcurrentQueue, Mutex, Ordering, PopError, PushError, fence,
};
use std::collections::VecDeque;
use std::fmt;

/// Queues up to this length are one block of memory, made at once. Longer ones grow as they fill;
/// their bound may be overstepped by as many messages as senders come at the same moment.
const MAX_BLOCK: usize = 1 << 12;

/// Why nothing is accepted any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// The owner closed the mailbox; what is in it can still be received.
    Closed,
    /// The owner is gone; what was in it is lost.
    Gone,
}

/// A message that was not accepted.
#[derive(Debug)]
pub enum Refused<M> {
    /// There is no room: the sender may [`Mailbox::park`] with it.
    Full(M),
    /// Never will there be any.
    Closed(Closed),
}

/// What a receive finds when there is no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nothing {
    /// There may be one later.
    Empty,
    /// There will never be one.
    Closed,
}

/// The mailbox is open.
const OPEN: u8 = 0;
/// [`Closed::Closed`].
const CLOSED: u8 = 1;
/// [`Closed::Gone`].
const GONE: u8 = 2;

/// See the module's text. `M` is a message, `T` the token of a sender that waits.
pub struct Mailbox<M, T> {
    queue: ConcurrentQueue<M>,
    cap: usize,
    state: AtomicU8,
    /// The owner wants to be told of the next message.
    announced: AtomicBool,
    parked: Mutex<VecDeque<(M, T)>>,
    /// How many wait; changed under the lock of `parked`.
    waiting: AtomicUsize,
}

impl<M, T> Mailbox<M, T> {
    /// A mailbox for so many messages, at least one.
    pub fn new(cap: usize) -> Mailbox<M, T> {
        Mailbox {
            queue: if cap <= MAX_BLOCK {
                ConcurrentQueue::bounded(cap.max(1))
            } else {
                ConcurrentQueue::unbounded()
            },
            cap,
            state: AtomicU8::new(OPEN),
            announced: AtomicBool::new(false),
            parked: Mutex::new(VecDeque::new()),
            waiting: AtomicUsize::new(0),
        }
    }

    /// The room.
    pub fn cap(&self) -> usize {
        self.cap
    }

    /// The messages in it.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether there is no message in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends. True when the owner wants to be told of it.
    ///
    /// # Errors
    /// When there is no room, or nothing is accepted any more.
    pub fn try_send(&self, message: M) -> Result<bool, Refused<M>> {
        // Who finds nobody waiting may still overtake somebody who comes at this very moment.
        if self.waiting.load(Ordering::Relaxed) != 0 {
            return Err(match self.closed() {
                Some(why) => Refused::Closed(why),
                None => Refused::Full(message),
            });
        }
        self.push(message)
    }

    fn push(&self, message: M) -> Result<bool, Refused<M>> {
        if self.cap > MAX_BLOCK && self.queue.len() >= self.cap {
            return Err(match self.closed() {
                Some(why) => Refused::Closed(why),
                None => Refused::Full(message),
            });
        }
        match self.queue.push(message) {
            Ok(()) => {
                // Pairs with `announce`: either the owner sees the message, or this the announcement.
                fence(Ordering::SeqCst);
                let announced = self.announced.load(Ordering::Relaxed);
                Ok(announced && self.announced.swap(false, Ordering::AcqRel))
            }
            Err(PushError::Full(message)) => Err(Refused::Full(message)),
            Err(PushError::Closed(_)) => {
                Err(Refused::Closed(self.closed().unwrap_or(Closed::Closed)))
            }
        }
    }

    /// Waits for room with a message that was refused. The token comes back through
    /// [`Mailbox::admit`] or a close; the former may happen here, where room was made meanwhile.
    /// True when the owner wants to be told of a message.
    ///
    /// # Errors
    /// When nothing is accepted any more; the token has not been taken then.
    pub fn park(&self, message: M, token: T, admitted: &mut Vec<T>) -> Result<bool, Closed> {
        {
            let mut parked = self.lock();
            if let Some(why) = self.closed() {
                return Err(why);
            }
            parked.push_back((message, token));
            self.waiting.store(parked.len(), Ordering::Relaxed);
        }
        // Pairs with `has_parked`: either the owner sees who waits, or this sees the room.
        fence(Ordering::SeqCst);
        Ok(self.admit(admitted))
    }

    /// Moves messages of those who wait into the queue, as far as there is room; the tokens of
    /// their senders are added to `admitted`. True when the owner wants to be told of a message.
    pub fn admit(&self, admitted: &mut Vec<T>) -> bool {
        let mut tell = false;
        let mut parked = self.lock();
        while let Some((message, token)) = parked.pop_front() {
            match self.push(message) {
                Ok(announced) => {
                    tell |= announced;
                    admitted.push(token);
                }
                Err(Refused::Full(message)) => {
                    parked.push_front((message, token));
                    break;
                }
                // Whoever closes takes the lock next, and finds the rest.
                Err(Refused::Closed(_)) => {
                    debug_assert!(false, "a mailbox is closed under the lock");
                    break;
                }
            }
        }
        self.waiting.store(parked.len(), Ordering::Relaxed);
        tell
    }

    /// Receives; for the owner alone, who calls [`Mailbox::has_parked`] afterwards.
    ///
    /// # Errors
    /// When there is no message.
    pub fn try_recv(&self) -> Result<M, Nothing> {
        self.queue.pop().map_err(|why| match why {
            PopError::Empty => Nothing::Empty,
            PopError::Closed => Nothing::Closed,
        })
    }

    /// Whether somebody waits for room; to be asked after a receive.
    pub fn has_parked(&self) -> bool {
        fence(Ordering::SeqCst);
        self.waiting.load(Ordering::Relaxed) != 0
    }

    /// The owner wants to be told of the next message. It must look once more before it relies
    /// on that.
    pub fn announce(&self) {
        self.announced.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Why nothing is accepted any more.
    pub fn closed(&self) -> Option<Closed> {
        match self.state.load(Ordering::Acquire) {
            OPEN => None,
            CLOSED => Some(Closed::Closed),
            _ => Some(Closed::Gone),
        }
    }

    /// Accepts nothing any more; for the owner alone. Gives the tokens of those who wait, with
    /// whose messages nothing happens. False when it was closed before, which only going away
    /// can add to.
    pub fn close(&self, why: Closed, refused: &mut Vec<T>) -> bool {
        let gone = why == Closed::Gone;
        {
            let mut parked = self.lock();
            let before = self.state.load(Ordering::Relaxed);
            if before == GONE || (before == CLOSED && !gone) {
                return false;
            }
            self.state
                .store(if gone { GONE } else { CLOSED }, Ordering::Release);
            self.queue.close();
            refused.extend(parked.drain(..).map(|(_, token)| token));
            self.waiting.store(0, Ordering::Relaxed);
        }
        if gone {
            while self.queue.pop().is_ok() {}
        }
        true
    }

    #[cfg(not(test))]
    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(M, T)>> {
        // A panic of another thread leaves the list whole.
        self.parked
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    #[cfg(test)]
    fn lock(&self) -> loom::sync::MutexGuard<'_, VecDeque<(M, T)>> {
        self.parked.lock().expect("models do not panic")
    }
}

impl<M, T> fmt::Debug for Mailbox<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox")
            .field("cap", &self.cap)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
