//! Helpers for channels and select.

use super::context;
use crate::runtime::chan::{self, Chan, Outcome};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::fiber::State;
use crate::runtime::panic::Fault;
use crate::runtime::select::{self, CaseDesc, Selected};
use vo_bytecode::TypeId;

/// # Safety
/// As for all helpers: called by the native code of this context, with values of the types that
/// the verifier has seen.
pub(super) unsafe extern "C" fn chan_new(cx: *mut Context, ty: u64, cap: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { context(cx).make_chan(TypeId(ty as u32), cap as i64) as u64 }
}

pub(super) unsafe extern "C" fn chan_send(cx: *mut Context, chan: u64, words: u64) -> u64 {
    // SAFETY: as for `chan_new`.
    unsafe { context(cx).send(chan as *mut Chan, words as *const u64) as u64 }
}

pub(super) unsafe extern "C" fn chan_recv(cx: *mut Context, chan: u64) -> u64 {
    // SAFETY: as for `chan_new`.
    unsafe { context(cx).recv(chan as *mut Chan) as u64 }
}

pub(super) unsafe extern "C" fn chan_close(cx: *mut Context, chan: u64) -> u64 {
    // SAFETY: as for `chan_new`.
    unsafe { context(cx).close(chan as *mut Chan) as u64 }
}

pub(super) unsafe extern "C" fn select_exec(
    cx: *mut Context,
    cases: u64,
    count: u64,
    has_default: u64,
) -> u64 {
    // SAFETY: as for `chan_new`; native code gives the address of `count` descriptions.
    unsafe {
        let cases = if count == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(cases as *const CaseDesc, count as usize)
        };
        context(cx).select(cases, has_default != 0) as u64
    }
}

/// The most values that a channel may have room for.
const MAX_CHAN_CAP: i64 = 1 << 30;

/// The channel operations in all their cases, for native code and the interpreter alike.
impl Context {
    /// Makes a channel, which is the first result.
    pub fn make_chan(&mut self, ty: TypeId, cap: i64) -> JitResult {
        if !(0..=MAX_CHAN_CAP).contains(&cap) {
            return self.plain_fault("makechan: size out of range");
        }
        match Chan::new(self, ty, cap as u32) {
            Ok(chan) => {
                self.results[0] = chan as u64;
                JitResult::Ok
            }
            Err(_) => self.fault(Fault::OutOfMemory, 0, 0),
        }
    }

    /// Sends the words at `value`. When it waits, the caller captures the fiber with the
    /// words as its arrival words.
    ///
    /// # Safety
    /// `chan` is a channel of this context or null, and `value` points to its words.
    pub unsafe fn send(&mut self, chan: *mut Chan, value: *const u64) -> JitResult {
        // SAFETY: the caller's promise.
        unsafe {
            match chan::try_send(self, chan, value) {
                Outcome::Done => {
                    self.ok = 1;
                    JitResult::Ok
                }
                Outcome::Closed => self.fault(Fault::SendClosed, 0, 0),
                Outcome::Nil => self.nil_queue(Fault::SendNil),
                Outcome::WouldBlock => {
                    chan::wait(self, chan, State::Sending);
                    JitResult::WaitIo
                }
            }
        }
    }

    /// Receives into the results and sets `ok`. When it waits, the caller captures the fiber; the
    /// value comes to its arrival words.
    ///
    /// # Safety
    /// `chan` is a channel of this context or null.
    pub unsafe fn recv(&mut self, chan: *mut Chan) -> JitResult {
        let into = self.results.as_mut_ptr();
        // SAFETY: the caller's promise; the results have room for any value.
        unsafe {
            match chan::try_recv(self, chan, into) {
                Outcome::Done => self.ok = 1,
                Outcome::Closed => self.ok = 0,
                Outcome::Nil => return self.nil_queue(Fault::RecvNil),
                Outcome::WouldBlock => {
                    chan::wait(self, chan, State::Receiving);
                    return JitResult::WaitIo;
                }
            }
        }
        JitResult::Ok
    }

    /// Closes a channel.
    ///
    /// # Safety
    /// `chan` is a channel of this context or null.
    pub unsafe fn close(&mut self, chan: *mut Chan) -> JitResult {
        if chan.is_null() {
            return self.fault(Fault::CloseNil, 0, 0);
        }
        // SAFETY: the caller's promise.
        if unsafe { chan::close(self, chan) } {
            JitResult::Ok
        } else {
            self.fault(Fault::CloseClosed, 0, 0)
        }
    }

    /// Runs a select; the outcome is in the results (see `runtime::select`).
    ///
    /// # Safety
    /// The descriptions are of channels of this context, and values have their channels' words.
    pub unsafe fn select(&mut self, cases: &[CaseDesc], has_default: bool) -> JitResult {
        // SAFETY: the caller's promise.
        match unsafe { select::select(self, cases, has_default) } {
            Selected::Done => JitResult::Ok,
            Selected::SendOnClosed => self.fault(Fault::SendClosed, 0, 0),
            Selected::OutOfMemory => self.fault(Fault::OutOfMemory, 0, 0),
            Selected::Wait => JitResult::WaitIo,
        }
    }

    /// A plain operation on a nil channel or port: a panic, or waiting for ever under that option.
    pub(in crate::runtime) fn nil_queue(&mut self, fault: Fault) -> JitResult {
        if !self.options.nil_chan_blocks {
            return self.fault(fault, 0, 0);
        }
        self.park(State::Forever);
        JitResult::WaitIo
    }
}
