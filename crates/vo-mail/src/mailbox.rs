//! A mailbox: the queue of a port, between senders on any thread and its one owner.
//!
//! ```text
//!  sender ──try_send──► queue ──all at once──► desk (the owner's own) ──try_recv──► owner
//!     │ full              ▲                      │ room, many at once    │ empty
//!     └─park──► parked ───┘◄─────────────────────┘                       └─ announce: the next
//!                                                                           sender tells it
//! ```
//!
//! The queue stands behind a lock; what the owner has taken from it lies on its *desk*, which
//! nobody else touches. An owner with an empty desk takes all there is, and it gives room back
//! many messages at a time: so two threads that are both at work meet once for many messages, and
//! the memory of messages goes from one to the other in rows.
//!
//! A sender that finds no room leaves its message and a token in the list of those who wait; who
//! makes room (the owner) moves messages from there into the queue and gives the tokens back, to
//! be woken. So a send is never tried twice.
//!
//! Invariants, all but the first of what is behind the lock
//! 1. `held` is at least the number of messages on the desk: what [`Desk::freed`] counts has been
//!    received and is not yet room for senders.
//! 2. `queue.len() + held <= cap`; and while somebody is parked it is `cap`. Who is parked goes
//!    first, in order.
//! 3. An owner that has announced itself has found nothing: queue and desk are empty and nobody is
//!    parked. The next message that is accepted takes the announcement, and its sender tells.
//! 4. Once closed nothing is accepted any more, and nobody is parked.
//!
//! So nobody waits for room while there is some, as long as the owner [settles](Mailbox::settle)
//! before it waits for anything; and no message is lost, unless the mailbox is closed as
//! [`Closed::Gone`].
//!
//! Decided against: a lock-free bounded queue. Each message then costs both sides a line of the
//! cache that the other has just written, and a fence each to see whether the other waits.

use crate::sync::{AtomicU8, AtomicUsize, Ordering, ShortMutex, lock_short};
use std::collections::VecDeque;
use std::fmt;

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

/// What became of a message that there was no room for.
#[derive(Debug)]
pub enum Parked<T> {
    /// It waits; the token comes back when it is accepted, or refused.
    Waits,
    /// Room was made meanwhile. The owner wants to be told where `tell` says so.
    Accepted {
        /// The sender's token.
        token: T,
        /// As what [`Mailbox::try_send`] gives.
        tell: bool,
    },
}

/// The mailbox is open.
const OPEN: u8 = 0;
/// [`Closed::Closed`].
const CLOSED: u8 = 1;
/// [`Closed::Gone`].
const GONE: u8 = 2;

/// See the module's text. `M` is a message, `T` the token of a sender that waits.
pub struct Mailbox<M, T> {
    cap: usize,
    inner: ShortMutex<Inner<M, T>>,
    /// `Inner::queue.len()`, for those who look without the lock: a hint.
    queued: AtomicUsize,
    /// Changed under the lock.
    state: AtomicU8,
}

struct Inner<M, T> {
    queue: VecDeque<M>,
    /// Messages that the owner has taken, as far as senders know.
    held: usize,
    parked: VecDeque<(M, T)>,
    /// The owner wants to be told of the next message.
    announced: bool,
}

/// What the owner of a mailbox has taken out of it.
pub struct Desk<M> {
    messages: VecDeque<M>,
    /// Messages received whose room senders do not know of yet.
    freed: usize,
}

impl<M> Default for Desk<M> {
    fn default() -> Desk<M> {
        Desk {
            messages: VecDeque::new(),
            freed: 0,
        }
    }
}

impl<M> Desk<M> {
    /// The messages on it.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether there is room that senders do not know of: the owner must
    /// [settle](Mailbox::settle) before it waits for anything.
    pub fn owes(&self) -> bool {
        self.freed != 0
    }
}

impl<M, T> Mailbox<M, T> {
    /// A mailbox for so many messages, at least one.
    pub fn new(cap: usize) -> Mailbox<M, T> {
        Mailbox {
            cap: cap.max(1),
            inner: ShortMutex::new(Inner {
                queue: VecDeque::new(),
                held: 0,
                parked: VecDeque::new(),
                announced: false,
            }),
            queued: AtomicUsize::new(0),
            state: AtomicU8::new(OPEN),
        }
    }

    /// The room.
    pub fn cap(&self) -> usize {
        self.cap
    }

    /// The messages in it, as a sender sees them. The owner sees those that are
    /// [queued](Mailbox::queued) and those on its desk.
    pub fn len(&self) -> usize {
        let inner = lock_short(&self.inner);
        inner.queue.len() + inner.held
    }

    /// Whether there is no message in it, as a sender sees it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages the owner has not taken yet: a hint, which may be old.
    pub fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Sends. True when the owner wants to be told of it.
    ///
    /// # Errors
    /// When there is no room, or nothing is accepted any more.
    pub fn try_send(&self, message: M) -> Result<bool, Refused<M>> {
        let mut inner = lock_short(&self.inner);
        if let Some(why) = self.closed() {
            return Err(Refused::Closed(why));
        }
        if inner.queue.len() + inner.held >= self.cap {
            return Err(Refused::Full(message));
        }
        Ok(self.accept(&mut inner, message))
    }

    /// Waits for room with a message that was refused. The token comes back from the owner's
    /// receiving or closing; or at once, where room was made meanwhile.
    ///
    /// # Errors
    /// When nothing is accepted any more.
    pub fn park(&self, message: M, token: T) -> Result<Parked<T>, Closed> {
        let mut inner = lock_short(&self.inner);
        if let Some(why) = self.closed() {
            return Err(why);
        }
        if inner.queue.len() + inner.held < self.cap {
            let tell = self.accept(&mut inner, message);
            return Ok(Parked::Accepted { token, tell });
        }
        inner.parked.push_back((message, token));
        Ok(Parked::Waits)
    }

    /// Takes a message into the queue, which has room. True when the owner wants to be told.
    fn accept(&self, inner: &mut Inner<M, T>, message: M) -> bool {
        debug_assert!(inner.queue.len() + inner.held < self.cap);
        inner.queue.push_back(message);
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
        std::mem::take(&mut inner.announced)
    }

    /// Receives; for the owner alone, with its desk. The tokens of senders that were let in are
    /// added to `admitted`.
    ///
    /// # Errors
    /// When there is no message. An empty mailbox is one that looked so a moment ago: see
    /// [`Mailbox::announce`].
    pub fn try_recv(&self, desk: &mut Desk<M>, admitted: &mut Vec<T>) -> Result<M, Nothing> {
        if let Some(message) = desk.messages.pop_front() {
            desk.freed += 1;
            if desk.freed * 2 >= self.cap {
                self.settle(desk, admitted);
            }
            return Ok(message);
        }
        // The state before the queue: nothing comes after a close.
        let closed = self.closed().is_some();
        if self.queued() == 0 && !desk.owes() && !closed {
            return Err(Nothing::Empty);
        }
        let mut inner = lock_short(&self.inner);
        std::mem::swap(&mut inner.queue, &mut desk.messages);
        let first = desk.messages.pop_front();
        self.give_room(&mut inner, desk, admitted);
        first.ok_or(if closed {
            Nothing::Closed
        } else {
            Nothing::Empty
        })
    }

    /// Lets senders know of all the room there is, and lets those in who wait; for the owner.
    pub fn settle(&self, desk: &mut Desk<M>, admitted: &mut Vec<T>) {
        if desk.owes() {
            self.give_room(&mut lock_short(&self.inner), desk, admitted);
        }
    }

    fn give_room(&self, inner: &mut Inner<M, T>, desk: &mut Desk<M>, admitted: &mut Vec<T>) {
        desk.freed = 0;
        inner.held = desk.messages.len();
        while inner.queue.len() + inner.held < self.cap {
            let Some((message, token)) = inner.parked.pop_front() else {
                break;
            };
            inner.queue.push_back(message);
            admitted.push(token);
        }
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
    }

    /// The owner wants to be told of the next message. False where that has no sense: there is a
    /// message, or there will never be one.
    pub fn announce(&self, desk: &mut Desk<M>, admitted: &mut Vec<T>) -> bool {
        if !desk.is_empty() {
            return false;
        }
        let mut inner = lock_short(&self.inner);
        self.give_room(&mut inner, desk, admitted);
        let nothing = inner.queue.is_empty() && self.closed().is_none();
        inner.announced = nothing;
        debug_assert!(!nothing || inner.parked.is_empty());
        nothing
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
    /// can add to; who goes away throws its desk away, too.
    pub fn close(&self, why: Closed, refused: &mut Vec<T>) -> bool {
        let gone = why == Closed::Gone;
        // What messages hold may be mailboxes: they are dropped outside of the lock.
        let (_parked, _lost);
        {
            let mut inner = lock_short(&self.inner);
            let before = self.state.load(Ordering::Relaxed);
            if before == GONE || (before == CLOSED && !gone) {
                return false;
            }
            let state = if gone { GONE } else { CLOSED };
            self.state.store(state, Ordering::Release);
            inner.announced = false;
            let (parked, tokens): (Vec<M>, Vec<T>) = inner.parked.drain(..).unzip();
            refused.extend(tokens);
            _parked = parked;
            _lost = if gone {
                self.queued.store(0, Ordering::Relaxed);
                std::mem::take(&mut inner.queue)
            } else {
                VecDeque::new()
            };
        }
        true
    }
}

impl<M, T> fmt::Debug for Mailbox<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox")
            .field("cap", &self.cap)
            .finish_non_exhaustive()
    }
}

impl<M> fmt::Debug for Desk<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("messages", &self.messages.len())
            .field("freed", &self.freed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
