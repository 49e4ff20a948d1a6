//! Channels: the one implementation, for native code and the interpreter.
//!
//! ```text
//! heap object
//! +0   receivers: head, tail      waiting receivers, oldest first
//! +16  senders: head, tail        waiting senders, oldest first
//! +32  len        u32             values in the ring
//! +36  cap        u32             its room; 0 where the ring is hidden
//! +40  room       u32             `cap` where a send needs only the ring, else 0
//! +44  floor      u32             0 where a receive needs only the ring, else the most there is
//! +48  shape      3 * u8          of one value: words, references, interfaces
//! +51  closed     u8
//! +52  send_at    u32             words from the ring's start to where the next value goes
//! +56  recv_at    u32             words from the ring's start to the oldest value
//! +60  ring_words u32             the ring's size; `PORT_RING` for a port, whose values are elsewhere
//! +64  ring       cap * words words
//! ```
//!
//! What an unbuffered channel needs comes first: a chain of goroutines touches one line of the
//! cache in each.
//!
//! Native code sends by itself where `len < room`, and receives where `len > floor`; and it
//! completes a single waiting fiber. Everything else is here.
//!
//! Invariants
//! 1. Receivers wait only while the ring is empty, senders only while it is full; never both.
//! 2. Nobody waits in a closed channel, but senders that `close` has already woken.
//! 3. Values are first in, first out; so are waiting receivers and waiting senders.
//! 4. Words of the ring that hold no value are zero, or hold no references.
//! 5. `room` is 0 when the channel is closed or a receiver waits, else `cap`; `floor` is the
//!    largest number when a sender waits, else 0.
//! 6. The ring of a timer's channel is hidden: `cap` is 0, and only `offer` puts a value there, at
//!    most one. For programs `len` is never more than `cap`, so the channel looks unbuffered.

use super::context::Context;
use super::fiber::{Fiber, State, Waiter};
use super::heap::Marker;
use super::heap::OutOfMemory;
use super::program::Shape;
use super::select;
use std::ptr;
use vo_bytecode::TypeId;

/// A channel; see the picture above.
#[repr(C)]
pub struct Chan {
    /// Waiting receivers.
    pub receivers: Queue,
    /// Waiting senders.
    pub senders: Queue,
    /// Values in the ring.
    pub len: u32,
    /// Room in the ring; 0 where it is hidden (invariant 6).
    pub cap: u32,
    /// See invariant 5.
    pub room: u32,
    /// See invariant 5.
    pub floor: u32,
    /// The shape of a value.
    pub shape: Shape,
    /// 1 when closed.
    pub closed: u8,
    /// Words from the ring's start to where the next value goes.
    pub send_at: u32,
    /// Words from the ring's start to the oldest value.
    pub recv_at: u32,
    /// The ring's size in words.
    pub ring_words: u32,
}

/// `Chan::ring_words` where the channel is but the beginning of a port (see `port.rs`).
pub const PORT_RING: u32 = u32::MAX;

/// A queue of waiters, oldest first.
#[repr(C)]
pub struct Queue {
    /// The oldest.
    pub head: *mut Waiter,
    /// The newest; meaningless while `head` is null.
    pub tail: *mut Waiter,
}

/// How a channel operation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A value was sent or received.
    Done,
    /// The channel is closed (and drained).
    Closed,
    /// The channel is nil.
    Nil,
    /// The other side is not ready.
    WouldBlock,
}

/// `Fiber::ok` of a sender whose channel was closed while it waited, and of one that was done,
/// and the same for receivers.
pub const OK_VALUE: u8 = 1;
/// See [`OK_VALUE`].
pub const OK_CLOSED: u8 = 0;

impl Queue {
    /// Appends a waiter.
    ///
    /// # Safety
    /// The waiter is valid and in no queue.
    pub unsafe fn push(&mut self, waiter: *mut Waiter) {
        // SAFETY: the caller's promise; the tail is valid while the queue is not empty.
        unsafe {
            (*waiter).link = ptr::null_mut();
            if self.head.is_null() {
                (*waiter).prev = ptr::null_mut();
                self.head = waiter;
            } else {
                (*waiter).prev = self.tail;
                (*self.tail).link = waiter;
            }
        }
        self.tail = waiter;
    }

    /// Takes the oldest waiter, or null.
    pub fn pop(&mut self) -> *mut Waiter {
        let head = self.head;
        if !head.is_null() {
            // SAFETY: queued waiters are valid.
            unsafe {
                self.head = (*head).link;
                if !self.head.is_null() {
                    (*self.head).prev = ptr::null_mut();
                }
            }
        }
        head
    }

    /// Takes a waiter out, wherever it stands.
    ///
    /// # Safety
    /// The waiter is in this queue.
    pub unsafe fn remove(&mut self, waiter: *mut Waiter) {
        // SAFETY: the caller's promise: its neighbours are valid.
        unsafe {
            let (prev, link) = ((*waiter).prev, (*waiter).link);
            if prev.is_null() {
                self.head = link;
            } else {
                (*prev).link = link;
            }
            if link.is_null() {
                self.tail = prev;
            } else {
                (*link).prev = prev;
            }
        }
    }
}

impl Chan {
    /// Words of one value.
    pub fn words(&self) -> usize {
        usize::from(self.shape.words)
    }

    /// Allocates a channel for `cap` values of a channel type of the program.
    ///
    /// # Errors
    /// When the heap is at its limit, or the ring would have more words than it can count.
    pub fn new(cx: &mut Context, ty: TypeId, cap: u32) -> Result<*mut Chan, OutOfMemory> {
        let shape = cx.program.chan_shape(ty).unwrap_or_default();
        let ring_words = cap.checked_mul(u32::from(shape.words)).ok_or(OutOfMemory)?;
        let bytes = Chan::BYTES + ring_words as usize * 8;
        let chan = cx.heap.alloc(cx.program.own.chan, bytes)?.cast::<Chan>();
        // SAFETY: a fresh zeroed object of at least a channel's size.
        unsafe {
            (*chan).cap = cap;
            (*chan).room = cap;
            (*chan).ring_words = ring_words;
            (*chan).shape = shape;
        }
        Ok(chan)
    }

    /// Shows the values in the ring to the collector; a layout's trace function.
    ///
    /// # Safety
    /// `object` is a channel.
    pub unsafe fn trace(object: *mut u8, _bytes: usize, marker: &mut Marker<'_>) {
        let chan = object.cast::<Chan>();
        // SAFETY: the caller's promise; values in the ring are valid.
        unsafe {
            let shape = (*chan).shape;
            if shape.refs | shape.ifaces != 0 {
                for index in 0..(*chan).len {
                    shape.trace(Chan::slot(chan, index), marker);
                }
            }
        }
    }

    /// Bytes of a channel object without its ring.
    pub const BYTES: usize = size_of::<Chan>();

    /// The ring's first word.
    pub fn ring(chan: *mut Chan) -> *mut u64 {
        chan.wrapping_add(1).cast()
    }

    /// Where value `index` of the ring, counted from the oldest, lies.
    ///
    /// # Safety
    /// `chan` is a channel and `index < cap`.
    unsafe fn slot(chan: *mut Chan, index: u32) -> *mut u64 {
        // SAFETY: the caller's promise; positions wrap at the ring's end.
        unsafe {
            let mut at = (*chan).recv_at as usize + index as usize * (*chan).words();
            if at >= (*chan).ring_words as usize {
                at -= (*chan).ring_words as usize;
            }
            Chan::ring(chan).add(at)
        }
    }

    /// The position behind `at`.
    fn behind(&self, at: u32) -> u32 {
        // The ring's words fit: so does a position of at most its end.
        let next = at + u32::from(self.shape.words);
        if next >= self.ring_words { 0 } else { next }
    }

    /// What programs see of `len`.
    pub fn shown_len(&self) -> u32 {
        self.len.min(self.cap)
    }

    /// Hides the ring, which is empty and has room for one value, so that the channel looks unbuffered.
    pub fn hide_ring(&mut self) {
        debug_assert!(self.cap == 1 && self.len == 0);
        self.cap = 0;
        self.update();
    }

    /// Restores invariant 5 after a queue, or `closed`, has changed.
    pub fn update(&mut self) {
        let blocked = self.closed != 0 || !self.receivers.head.is_null();
        self.room = if blocked { 0 } else { self.cap };
        self.floor = if self.senders.head.is_null() {
            0
        } else {
            u32::MAX
        };
    }
}

/// Sends without waiting: hands the value to a waiting receiver, or puts it into the ring.
///
/// # Safety
/// `chan` is a channel of `cx` or null, and `value` points to its words.
pub unsafe fn try_send(cx: &mut Context, chan: *mut Chan, value: *const u64) -> Outcome {
    if chan.is_null() {
        return Outcome::Nil;
    }
    // SAFETY: the caller's promise; waiters in queues are valid.
    unsafe {
        if (*chan).closed != 0 {
            return Outcome::Closed;
        }
        let receiver = (*chan).receivers.pop();
        if !receiver.is_null() {
            (*chan).update();
            deliver(cx, receiver, value, (*chan).words());
            return Outcome::Done;
        }
        if (*chan).len < (*chan).cap {
            let slot = Chan::ring(chan).add((*chan).send_at as usize);
            ptr::copy_nonoverlapping(value, slot, (*chan).words());
            (*chan).send_at = (*chan).behind((*chan).send_at);
            (*chan).len += 1;
            return Outcome::Done;
        }
    }
    Outcome::WouldBlock
}

/// Sends to a channel with a hidden ring, unless a value is in the ring already.
///
/// # Safety
/// As for [`try_send`]; the channel was given to [`Chan::hide_ring`].
pub unsafe fn offer(cx: &mut Context, chan: *mut Chan, value: *const u64) {
    // SAFETY: the caller's promise; the ring has room for one value.
    unsafe {
        (*chan).cap = 1;
        try_send(cx, chan, value);
        (*chan).cap = 0;
        (*chan).update();
    }
}

/// Receives without waiting: from the ring (and lets a waiting sender refill it), or from a
/// waiting sender. The value, or zeros where the channel is closed, goes to `into`.
///
/// # Safety
/// `chan` is a channel of `cx` or null, and `into` has room for its words.
pub unsafe fn try_recv(cx: &mut Context, chan: *mut Chan, into: *mut u64) -> Outcome {
    if chan.is_null() {
        return Outcome::Nil;
    }
    // SAFETY: the caller's promise; waiters in queues are valid.
    unsafe {
        let words = (*chan).words();
        if (*chan).len > 0 {
            let slot = Chan::ring(chan).add((*chan).recv_at as usize);
            ptr::copy_nonoverlapping(slot, into, words);
            (*chan).recv_at = (*chan).behind((*chan).recv_at);
            let sender = (*chan).senders.pop();
            if sender.is_null() {
                (*chan).len -= 1;
                ptr::write_bytes(slot, 0, words);
            } else {
                // The ring was full (1), so the place just freed is behind its newest value.
                (*chan).send_at = (*chan).recv_at;
                (*chan).update();
                take(cx, sender, slot, words);
            }
            return Outcome::Done;
        }
        let sender = (*chan).senders.pop();
        if !sender.is_null() {
            (*chan).update();
            take(cx, sender, into, words);
            return Outcome::Done;
        }
        if (*chan).closed != 0 {
            ptr::write_bytes(into, 0, words);
            return Outcome::Closed;
        }
    }
    Outcome::WouldBlock
}

/// Queues the running fiber as a sender or receiver of a channel that would block. The caller
/// captures the fiber, with the value, or the room for it, in its arrival words.
///
/// # Safety
/// `chan` is a channel of `cx`; a fiber runs.
pub unsafe fn wait(cx: &mut Context, chan: *mut Chan, state: State) {
    let fiber = cx.park(state);
    // SAFETY: the running fiber is valid and in no queue.
    unsafe {
        let queue = match state {
            State::Sending => &mut (*chan).senders,
            _ => &mut (*chan).receivers,
        };
        queue.push(Fiber::waiter(fiber));
        (*chan).update();
    }
}

/// Closes: wakes every waiter. False when the channel is closed already.
///
/// # Safety
/// `chan` is a channel of `cx`.
pub unsafe fn close(cx: &mut Context, chan: *mut Chan) -> bool {
    // SAFETY: the caller's promise; waiters in queues are valid.
    unsafe {
        if (*chan).closed != 0 {
            return false;
        }
        (*chan).closed = 1;
        loop {
            let waiter = (*chan).receivers.pop();
            if waiter.is_null() {
                break;
            }
            refuse(cx, waiter, (*chan).words());
        }
        loop {
            let waiter = (*chan).senders.pop();
            if waiter.is_null() {
                break;
            }
            refuse(cx, waiter, 0);
        }
        (*chan).update();
    }
    true
}

/// Gives a value to a receiver that was taken from its queue, and wakes it.
///
/// # Safety
/// The receiver waits in no queue any more and is captured; `value` has so many words, which are
/// what it waits for.
pub(super) unsafe fn deliver(
    cx: &mut Context,
    receiver: *mut Waiter,
    value: *const u64,
    words: usize,
) {
    // SAFETY: a waiting receiver's arrival words have room for a value of its channel; a select
    // case's owner is its select.
    unsafe {
        if (*receiver).state == State::Case {
            let fiber = select::complete(cx, receiver, select::CHOSEN);
            ptr::copy_nonoverlapping(value, Fiber::arrival(fiber).add(select::VALUE), words);
            cx.ready(fiber);
        } else {
            let fiber = receiver.cast::<Fiber>();
            ptr::copy_nonoverlapping(value, Fiber::arrival(fiber), words);
            (*fiber).ok = OK_VALUE;
            cx.ready(fiber);
        }
    }
}

/// Takes the value of a sender that was taken from its queue, and wakes it.
unsafe fn take(cx: &mut Context, sender: *mut Waiter, into: *mut u64, words: usize) {
    // SAFETY: a waiting sender's arrival words hold its value; a select case has it elsewhere.
    unsafe {
        if (*sender).state == State::Case {
            ptr::copy_nonoverlapping(select::value_of(sender), into, words);
            let fiber = select::complete(cx, sender, select::CHOSEN);
            cx.ready(fiber);
        } else {
            let fiber = sender.cast::<Fiber>();
            ptr::copy_nonoverlapping(Fiber::arrival(fiber), into, words);
            (*fiber).ok = OK_VALUE;
            cx.ready(fiber);
        }
    }
}

/// Wakes a waiter of a channel that was closed; a receiver (`words > 0`) gets zeros.
///
/// # Safety
/// As for [`deliver`].
pub(super) unsafe fn refuse(cx: &mut Context, waiter: *mut Waiter, words: usize) {
    // SAFETY: as for `deliver`.
    unsafe {
        if (*waiter).state == State::Case {
            let fiber = select::complete(cx, waiter, select::CLOSED);
            ptr::write_bytes(Fiber::arrival(fiber).add(select::VALUE), 0, words);
            cx.push(fiber);
        } else {
            let fiber = waiter.cast::<Fiber>();
            ptr::write_bytes(Fiber::arrival(fiber), 0, words);
            (*fiber).ok = OK_CLOSED;
            cx.push(fiber);
        }
    }
}
