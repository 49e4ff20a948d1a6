//! Select: the one implementation, for native code and the interpreter.
//!
//! A select first tries its cases in a random order; when none is ready and there is no
//! default, it waits with one entry in the queue of every channel. Who completes an entry takes
//! all others out of their queues (each in constant time: the queues are doubly linked) and
//! writes the outcome into the arrival words of the waiting fiber:
//!
//! ```text
//! +0   index    the chosen case; while waiting: the address of its `SelectWait`
//! +8   ok       1 done, 0 the channel is closed
//! +16  value    the received words, zeros where there are none
//! ```
//!
//! What a waiting select needs beside that lies in a record of its own, from the free lists that
//! frames' records come from:
//!
//! ```text
//! SelectWait   +0   header of a record
//!              +16  fiber
//!              +24  cases      how many
//!              +32  Case 0 │ Case 1 │ …       one for each channel that is not nil
//!                   values to send, one behind the other
//! ```
//!
//! Invariants
//! 1. While a select waits, each of its cases with a non-nil channel is in that channel's
//!    queue, exactly once; afterwards none is.
//! 2. Exactly one case is completed, by exactly one peer.

use super::chan::{self, Chan, Outcome};
use super::context::Context;
use super::fiber::{Fiber, State, Waiter};
use super::heap::{Marker, OutOfMemory};
use super::port::Port;
use super::record::Record;
use std::ptr;

/// Word of the outcome that holds the received value.
pub const VALUE: usize = 2;
/// Outcome word `ok`: a value went through.
pub const CHOSEN: u64 = 1;
/// Outcome word `ok`: the channel is closed.
pub const CLOSED: u64 = 0;

/// A case as native code and the interpreter describe it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CaseDesc {
    /// The channel, or null.
    pub chan: *mut Chan,
    /// The value to send; null for a receive case.
    pub value: *const u64,
}

/// A waiting select; its cases and their values lie behind it. See the module's picture.
#[repr(C)]
pub struct SelectWait {
    record: Record,
    fiber: *mut Fiber,
    cases: usize,
}

/// An entry in a channel's queue. Begins as a [`Waiter`], whose `owner` is the `SelectWait`, and
/// whose `ok` is 1 for a case that sends.
#[repr(C)]
struct Case {
    waiter: Waiter,
    chan: *mut Chan,
    /// The words that it sends, where it does.
    value: *mut u64,
}

/// Words of a record that a select takes before its cases.
const HEAD_WORDS: usize = (size_of::<SelectWait>() - size_of::<Record>()) / 8;
/// Words of a case.
const CASE_WORDS: usize = size_of::<Case>() / 8;

/// How a select ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Selected {
    /// A case was chosen: the outcome words tell which.
    Done,
    /// The chosen case sends on a closed channel.
    SendOnClosed,
    /// There is no memory for what the chosen case receives.
    OutOfMemory,
    /// No case is ready: the fiber waits, and `Context::select` has its `SelectWait`, whose
    /// address goes to the first arrival word.
    Wait,
}

/// Runs a select; the outcome goes to `cx.results`. `has_default` gives case -1.
///
/// # Safety
/// The descriptions are of channels of `cx`, and values have their channels' words.
pub unsafe fn select(cx: &mut Context, cases: &[CaseDesc], has_default: bool) -> Selected {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(selected) = try_cases(cx, cases) {
            return selected;
        }
        while !has_default && !announce(cx, cases) {
            // A value has come before its port was asked to tell of it.
            if let Some(selected) = try_cases(cx, cases) {
                return selected;
            }
        }
        if has_default {
            cx.results[0] = u64::MAX;
            cx.results[1] = 0;
            return Selected::Done;
        }
        wait(cx, cases)
    }
}

/// Asks every port among the cases to tell of its next value. False where one has a value.
///
/// # Safety
/// As for [`select`].
unsafe fn announce(cx: &mut Context, cases: &[CaseDesc]) -> bool {
    cases
        .iter()
        .filter(|case| !case.chan.is_null())
        .all(|case| {
            // SAFETY: the caller's promise.
            unsafe { Port::of_chan(case.chan).is_none_or(|port| cx.announce_port(port)) }
        })
}

/// Tries the cases in an order drawn from the seeded source: each ready case is as likely as any
/// other.
unsafe fn try_cases(cx: &mut Context, cases: &[CaseDesc]) -> Option<Selected> {
    // Reservoir sampling over the ready cases (Vitter 1985): uniform, without a permutation, and
    // without a draw where only one is ready.
    let mut chosen = None;
    let mut ready = 0u64;
    for (index, case) in cases.iter().enumerate() {
        // SAFETY: the caller's promise.
        if unsafe { is_ready(case) } {
            ready += 1;
            if ready == 1 || (u128::from(cx.random()) * u128::from(ready)) >> 64 == 0 {
                chosen = Some(index);
            }
        }
    }
    let index = chosen?;
    let case = cases[index];
    cx.results[0] = index as u64;
    // SAFETY: the caller's promise.
    unsafe {
        if case.value.is_null() {
            let into = cx.results.as_mut_ptr().add(VALUE);
            if let Some(port) = Port::of_chan(case.chan) {
                match cx.take_message(port, into) {
                    Ok(taken) => debug_assert!(taken, "a port that was ready"),
                    Err(OutOfMemory) => return Some(Selected::OutOfMemory),
                }
                cx.results[1] = cx.ok;
                return Some(Selected::Done);
            }
            let outcome = chan::try_recv(cx, case.chan, into);
            cx.results[1] = if outcome == Outcome::Done {
                CHOSEN
            } else {
                CLOSED
            };
            return Some(Selected::Done);
        }
        match chan::try_send(cx, case.chan, case.value) {
            Outcome::Closed => Some(Selected::SendOnClosed),
            _ => {
                cx.results[1] = CHOSEN;
                Some(Selected::Done)
            }
        }
    }
}

/// Whether a case can go on at once (a send on a closed channel can: it panics).
unsafe fn is_ready(case: &CaseDesc) -> bool {
    if case.chan.is_null() {
        return false;
    }
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(port) = Port::of_chan(case.chan) {
            return Context::port_ready(port);
        }
        let chan = &*case.chan;
        if chan.closed != 0 {
            return true;
        }
        if case.value.is_null() {
            chan.len > 0 || !chan.senders.head.is_null()
        } else {
            chan.len < chan.cap || !chan.receivers.head.is_null()
        }
    }
}

/// Queues the running fiber in every channel.
unsafe fn wait(cx: &mut Context, descs: &[CaseDesc]) -> Selected {
    let fiber = cx.current;
    let (mut cases, mut value_words) = (0, 0);
    for desc in descs.iter().filter(|desc| !desc.chan.is_null()) {
        cases += 1;
        if !desc.value.is_null() {
            // SAFETY: the caller's promise.
            value_words += unsafe { (*desc.chan).words() };
        }
    }
    // SAFETY: the caller's promise; the running fiber is valid; the record has room for all that
    // is laid into it, and nothing else is.
    unsafe {
        if cases == 0 {
            cx.park(State::Forever);
            cx.select = ptr::null_mut();
            return Selected::Wait;
        }
        let words = HEAD_WORDS + cases * CASE_WORDS + value_words;
        let select = cx.take_record(words).cast::<SelectWait>();
        if select.is_null() {
            return Selected::OutOfMemory;
        }
        (*select).fiber = fiber;
        (*select).cases = cases;
        let mut case = SelectWait::first(select);
        let mut value = case.add(cases).cast::<u64>();
        for (number, desc) in descs.iter().enumerate() {
            let chan = desc.chan;
            if chan.is_null() {
                continue;
            }
            let sends = !desc.value.is_null();
            case.write(Case {
                waiter: Waiter {
                    link: ptr::null_mut(),
                    prev: ptr::null_mut(),
                    owner: select.cast(),
                    id: number as u32,
                    state: State::Case,
                    ok: u8::from(sends),
                    class: 0,
                },
                chan,
                value,
            });
            let waiter = case.cast::<Waiter>();
            if sends {
                let words = (*chan).words();
                ptr::copy_nonoverlapping(desc.value, value, words);
                value = value.add(words);
                (*chan).senders.push(waiter);
            } else {
                (*chan).receivers.push(waiter);
            }
            (*chan).update();
            case = case.add(1);
        }
        cx.park(State::Selecting);
        cx.select = select;
    }
    Selected::Wait
}

/// The words that a waiting case sends.
///
/// # Safety
/// The waiter is a case of a waiting select that sends.
pub unsafe fn value_of(waiter: *const Waiter) -> *const u64 {
    // SAFETY: the caller's promise: a case begins with its waiter.
    unsafe { (*waiter.cast::<Case>()).value }
}

/// Completes a case that was taken from its queue: takes the others out of theirs, writes the
/// first outcome words and frees the select. Returns the fiber, which the caller wakes.
///
/// # Safety
/// The waiter is a case of a waiting select of `cx`.
pub unsafe fn complete(cx: &mut Context, waiter: *mut Waiter, ok: u64) -> *mut Fiber {
    // SAFETY: a case's owner is its select, which nobody else frees (2).
    unsafe {
        let select = (*waiter).owner.cast::<SelectWait>();
        let number = (*waiter).id;
        SelectWait::remove_all_but(select, waiter);
        let fiber = (*select).fiber;
        let outcome = Fiber::arrival(fiber);
        *outcome = u64::from(number);
        *outcome.add(1) = ok;
        cx.free_record(select.cast());
        fiber
    }
}

impl SelectWait {
    /// The fiber that waits with a case.
    ///
    /// # Safety
    /// The waiter is a case of a waiting select.
    pub unsafe fn fiber_of(waiter: *const Waiter) -> *mut Fiber {
        // SAFETY: a case's owner is its select.
        unsafe { (*(*waiter).owner.cast::<SelectWait>()).fiber }
    }

    /// The first of its cases.
    fn first(select: *mut SelectWait) -> *mut Case {
        select.wrapping_add(1).cast()
    }

    /// Takes the cases out of the queues of their channels, but for the one that is out.
    ///
    /// # Safety
    /// The select waits, and `done` is a case of it.
    unsafe fn remove_all_but(select: *mut SelectWait, done: *mut Waiter) {
        // SAFETY: the caller's promise: each other case is in the queue of its channel (1).
        unsafe {
            for number in 0..(*select).cases {
                let case = SelectWait::first(select).add(number);
                let waiter = case.cast::<Waiter>();
                if waiter == done {
                    continue;
                }
                let chan = (*case).chan;
                if (*waiter).ok != 0 {
                    (*chan).senders.remove(waiter);
                } else {
                    (*chan).receivers.remove(waiter);
                }
                (*chan).update();
            }
        }
    }

    /// Shows the channels that a select waits for, and the values it wants to send, to the
    /// collector.
    ///
    /// # Safety
    /// `select` waits, or is null, for one that waits for nothing.
    pub unsafe fn trace(select: *const SelectWait, marker: &mut Marker<'_>) {
        if select.is_null() {
            return;
        }
        // SAFETY: the caller's promise; values have their channels' shapes.
        unsafe {
            for number in 0..(*select).cases {
                let case = SelectWait::first(select.cast_mut()).add(number);
                marker.mark_ref((*case).chan.cast());
                if (*case).waiter.ok != 0 {
                    (*(*case).chan).shape.trace((*case).value, marker);
                }
            }
        }
    }
}
