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
//! Invariants
//! 1. While a select waits, each of its cases with a non-nil channel is in that channel's
//!    queue, exactly once; afterwards none is.
//! 2. Exactly one case is completed, by exactly one peer.

use super::chan::{self, Chan, Outcome};
use super::context::Context;
use super::fiber::{Fiber, State, Waiter};
use super::heap::{Marker, OutOfMemory};
use super::port::Port;
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

/// A waiting select: the fiber and its entries; values to send are kept behind them.
pub struct SelectWait {
    fiber: *mut Fiber,
    cases: Box<[Case]>,
    values: Box<[u64]>,
}

/// An entry in a channel's queue. Begins as a [`Waiter`], whose `owner` is the `SelectWait`.
#[repr(C)]
struct Case {
    waiter: Waiter,
    chan: *mut Chan,
    sends: bool,
}

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
    let start = if cases.len() > 1 { cx.random() } else { 0 };
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(selected) = try_cases(cx, cases, start) {
            return selected;
        }
        if !has_default && announce(cases) {
            // A value may have come before the port was asked to tell of it.
            if let Some(selected) = try_cases(cx, cases, start) {
                return selected;
            }
        }
        if has_default {
            cx.results[0] = u64::MAX;
            cx.results[1] = 0;
            return Selected::Done;
        }
        wait(cx, cases);
    }
    Selected::Wait
}

/// Asks every port among the cases to tell of its next value. False where there is none.
///
/// # Safety
/// As for [`select`].
unsafe fn announce(cases: &[CaseDesc]) -> bool {
    let mut any = false;
    for case in cases.iter().filter(|case| !case.chan.is_null()) {
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(port) = Port::of_chan(case.chan) {
                Port::shared(port).announce();
                any = true;
            }
        }
    }
    any
}

/// Tries the cases in an order drawn from `random`: each ready case is as likely as any other.
unsafe fn try_cases(cx: &mut Context, cases: &[CaseDesc], mut random: u64) -> Option<Selected> {
    // Reservoir sampling over the ready cases (Vitter 1985): uniform, without a permutation.
    let mut chosen = None;
    let mut ready = 0u64;
    for (index, case) in cases.iter().enumerate() {
        // SAFETY: the caller's promise.
        if unsafe { is_ready(case) } {
            ready += 1;
            if ready == 1 {
                chosen = Some(index);
                continue;
            }
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            if (u128::from(random) * u128::from(ready)) >> 64 == 0 {
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
            return Port::shared(port).is_ready();
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
unsafe fn wait(cx: &mut Context, descs: &[CaseDesc]) {
    let fiber = cx.current;
    // SAFETY: the caller's promise; the running fiber is valid.
    unsafe {
        let live = descs.iter().filter(|d| !d.chan.is_null());
        if live.clone().next().is_none() {
            (*fiber).state = State::Forever;
            cx.select = ptr::null_mut();
            return;
        }
        let value_words: usize = live
            .clone()
            .filter(|d| !d.value.is_null())
            .map(|d| (*d.chan).words())
            .sum();
        let mut select = Box::new(SelectWait {
            fiber,
            cases: live.clone().map(Case::new).collect(),
            values: vec![0; value_words].into_boxed_slice(),
        });
        let owner: *mut SelectWait = &mut *select;
        let mut value = select.values.as_mut_ptr();
        let numbered = descs.iter().enumerate().filter(|(_, d)| !d.chan.is_null());
        for (case, (number, desc)) in select.cases.iter_mut().zip(numbered) {
            case.waiter.owner = owner.cast();
            case.waiter.id = number as u32;
            let chan = case.chan;
            if case.sends {
                let words = (*chan).words();
                ptr::copy_nonoverlapping(desc.value, value, words);
                case.waiter.val = value;
                value = value.add(words);
                (*chan).senders.push(&mut case.waiter);
            } else {
                (*chan).receivers.push(&mut case.waiter);
            }
            (*chan).update();
        }
        (*fiber).state = State::Selecting;
        cx.select = Box::into_raw(select);
    }
}

impl Case {
    fn new(desc: &CaseDesc) -> Case {
        Case {
            waiter: Waiter {
                link: ptr::null_mut(),
                prev: ptr::null_mut(),
                owner: ptr::null_mut(),
                val: ptr::null_mut(),
                id: 0,
                state: State::Case,
                ok: 0,
                class: 0,
            },
            chan: desc.chan,
            sends: !desc.value.is_null(),
        }
    }
}

/// Completes a case that was taken from its queue: takes the others out of theirs, writes the
/// first outcome words and frees the select. Returns the fiber, which the caller wakes.
///
/// # Safety
/// The waiter is a case of a waiting select of `cx`.
pub unsafe fn complete(_cx: &mut Context, waiter: *mut Waiter, ok: u64) -> *mut Fiber {
    // SAFETY: a case's owner is its select, which nobody else frees (2).
    unsafe {
        let mut select = Box::from_raw((*waiter).owner.cast::<SelectWait>());
        let number = (*waiter).id;
        select.remove_all_but(waiter);
        let fiber = select.fiber;
        *(*fiber).val = u64::from(number);
        *(*fiber).val.add(1) = ok;
        fiber
    }
}

impl Context {
    /// Frees what waiting selects keep, when the program ends; nothing runs any more afterwards.
    pub fn free_selects(&mut self) {
        self.slabs.for_each(|fiber| {
            // SAFETY: the first arrival word of a fiber that waits in a select is its
            // `SelectWait`, which came from a box; nobody completes it any more.
            unsafe {
                if (*fiber).state == State::Selecting {
                    drop(Box::from_raw(*(*fiber).val as *mut SelectWait));
                    (*fiber).state = State::Forever;
                    *(*fiber).val = 0;
                }
            }
        });
    }
}

impl SelectWait {
    fn remove_all_but(&mut self, done: *mut Waiter) {
        for case in &mut self.cases {
            let waiter: *mut Waiter = &mut case.waiter;
            if waiter == done {
                continue;
            }
            // SAFETY: each other case is in the queue of its channel (1).
            unsafe {
                let queue = if case.sends {
                    &mut (*case.chan).senders
                } else {
                    &mut (*case.chan).receivers
                };
                queue.remove(waiter);
                (*case.chan).update();
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
            for case in &(*select).cases {
                marker.mark_ref(case.chan.cast());
                if case.sends {
                    (*case.chan).shape.trace(case.waiter.val, marker);
                }
            }
        }
    }
}
