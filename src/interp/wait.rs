//! Operations that may wait: channels, select, runtime functions. And how they are completed when
//! the fiber is entered again.

use super::machine::{Flow, Machine, Step, Unwind};
use super::stack::{ARRIVAL_WORDS, Pending};
use crate::runtime::chan::{Chan, OK_CLOSED, OK_VALUE};
use crate::runtime::context::JitResult;
use crate::runtime::native;
use crate::runtime::panic::Fault;
use crate::runtime::program::Shape;
use crate::runtime::select::{CLOSED, CaseDesc, VALUE};
use std::iter;
use std::ptr;
use std::sync::Arc;
use vo_bytecode::inst::OptType;
use vo_bytecode::{Dst, Dsts, Function, Inst, OptDst, RtFn, Src, Srcs, TypeId};

/// The most results of a runtime function.
const MAX_RETS: usize = 8;

impl Machine<'_> {
    pub(super) fn chan_new(&mut self, dst: &Dst, ty: TypeId, cap: &Src) -> Step {
        let cap = self.get(cap) as i64;
        match self.cx.make_chan(ty, cap) {
            JitResult::Ok => self.write(dst, self.cx.results[0]),
            _ => Err(Unwind),
        }
    }

    pub(super) fn chan_send(&mut self, chan: &Src, vals: &Srcs) -> Step {
        let chan = self.get(chan) as *mut Chan;
        let words = self.gather(vals);
        self.stack.arrival[..words.len()].copy_from_slice(&words);
        // SAFETY: a channel or nil, and a value of it.
        let result = unsafe { self.cx.send(chan, self.stack.arrival.as_ptr()) };
        match result {
            JitResult::Ok => Ok(self.done()),
            JitResult::Panic => Err(Unwind),
            JitResult::WaitIo => Ok(self.wait(Pending::Send(shape(chan)))),
        }
    }

    pub(super) fn chan_recv(&mut self, vals: &Dsts, ok: &OptDst, chan: &Src) -> Step {
        let chan = self.get(chan) as *mut Chan;
        // SAFETY: a channel or nil.
        let result = unsafe { self.cx.recv(chan) };
        match result {
            JitResult::Ok => {
                let words = self.arrived();
                self.received(vals, ok, &words, self.cx.ok);
                Ok(self.done())
            }
            JitResult::Panic => Err(Unwind),
            JitResult::WaitIo => {
                self.stack.arrival = [0; ARRIVAL_WORDS];
                Ok(self.wait(Pending::Recv(shape(chan))))
            }
        }
    }

    pub(super) fn chan_close(&mut self, chan: &Src) -> Step {
        let chan = self.get(chan) as *mut Chan;
        // SAFETY: a channel or nil.
        match unsafe { self.cx.close(chan) } {
            JitResult::Ok => Ok(Flow::Next),
            _ => Err(Unwind),
        }
    }

    pub(super) fn chan_len(&mut self, dst: &Dst, chan: &Src) -> Step {
        let chan = self.get(chan) as *const Chan;
        let len = if chan.is_null() {
            0
        } else {
            // SAFETY: a channel.
            unsafe { (*chan).shown_len() }
        };
        self.write(dst, u64::from(len))
    }

    pub(super) fn chan_cap(&mut self, dst: &Dst, chan: &Src) -> Step {
        let chan = self.get(chan) as *const Chan;
        let cap = if chan.is_null() {
            0
        } else {
            // SAFETY: a channel.
            unsafe { (*chan).cap }
        };
        self.write(dst, u64::from(cap))
    }

    pub(super) fn select(&mut self, function: &Function, pc: usize, index: &Dst) -> Step {
        let cases = function.select_cases(pc);
        let begin = &function.code[pc - cases.len() - 1];
        let has_default = matches!(
            begin,
            Inst::SelectBegin {
                has_default: true,
                ..
            }
        );
        // The values of all send cases, and where each begins.
        let mut values: Vec<u64> = Vec::new();
        let mut starts = Vec::with_capacity(cases.len());
        for case in cases {
            starts.push(values.len());
            if let Inst::SelectSend { vals, .. } = case {
                values.extend(vals.0.iter().map(|slot| self.get(*slot)));
            }
        }
        let describe = |(case, start): (&Inst, usize)| match case {
            Inst::SelectSend { chan, .. } => CaseDesc {
                chan: self.get(chan) as *mut Chan,
                // Not null even where there are no words.
                value: values.as_ptr().wrapping_add(start),
            },
            Inst::SelectRecv { chan, .. } => CaseDesc {
                chan: self.get(chan) as *mut Chan,
                value: ptr::null(),
            },
            _ => CaseDesc {
                chan: ptr::null_mut(),
                value: ptr::null(),
            },
        };
        let descs: Vec<CaseDesc> = iter::zip(cases, starts).map(describe).collect();
        // SAFETY: channels or nil, and values of them.
        match unsafe { self.cx.select(&descs, has_default) } {
            JitResult::Ok => {
                let outcome = self.arrived();
                self.selected(cases, index, &outcome)?;
                Ok(self.done())
            }
            JitResult::Panic => Err(Unwind),
            JitResult::WaitIo => {
                self.stack.arrival = [0; ARRIVAL_WORDS];
                self.stack.arrival[0] = self.cx.select as u64;
                Ok(self.wait(Pending::Select))
            }
        }
    }

    /// Writes the outcome of a select to the slots of its cases.
    fn selected(&mut self, cases: &[Inst], index: &Dst, outcome: &[u64]) -> Result<(), Unwind> {
        let chosen = outcome[0] as usize;
        if matches!(cases.get(chosen), Some(Inst::SelectSend { .. })) && outcome[1] == CLOSED {
            return self.fault(Fault::SendClosed, 0, 0);
        }
        for (at, case) in cases.iter().enumerate() {
            match case {
                Inst::SelectRecv { vals, ok, .. } if at == chosen => {
                    self.received(vals, ok, &outcome[VALUE..], outcome[1]);
                }
                Inst::SelectRecv { vals, ok, .. } => {
                    self.received(vals, ok, &[0; ARRIVAL_WORDS], 0);
                }
                _ => {}
            }
        }
        self.set(index, outcome[0]);
        Ok(())
    }

    /// What an operation that did not wait has left in the results.
    pub(super) fn arrived(&self) -> [u64; ARRIVAL_WORDS] {
        std::array::from_fn(|at| self.cx.results[at])
    }

    /// Writes a received value.
    pub(super) fn received(&mut self, vals: &Dsts, ok: &OptDst, words: &[u64], has_value: u64) {
        for (slot, word) in iter::zip(&vals.0, words) {
            self.set(*slot, *word);
        }
        if let Some(ok) = ok.0 {
            self.set(ok, has_value);
        }
    }

    pub(super) fn call_native(
        &mut self,
        rets: &Dsts,
        func: RtFn,
        ty: OptType,
        args: &Srcs,
    ) -> Step {
        let args = self.gather(args);
        let mut words = [0; MAX_RETS];
        let ty = ty.0.map_or(0, |ty| ty.0);
        match native::native(func)(self.cx, ty, &args, &mut words[..rets.0.len()]) {
            JitResult::Ok => {
                for (slot, word) in iter::zip(&rets.0, words) {
                    self.set(*slot, word);
                }
                Ok(if func.sig().blocks {
                    self.done()
                } else {
                    Flow::Next
                })
            }
            JitResult::Panic => Err(Unwind),
            JitResult::WaitIo => Ok(self.wait(Pending::Native)),
        }
    }

    /// A runtime function that has waited: its second half gives the results, or panics.
    fn native_arrived(&mut self, rets: &Dsts, func: RtFn, ty: OptType) -> Result<(), Unwind> {
        if !func.sig().has_second_half() {
            return Ok(());
        }
        let mut words = [0; MAX_RETS];
        let ty = ty.0.map_or(0, |ty| ty.0);
        match native::second_half(func)(self.cx, ty, &mut words[..rets.0.len()]) {
            JitResult::Ok => {
                for (slot, word) in iter::zip(&rets.0, words) {
                    self.set(*slot, word);
                }
                Ok(())
            }
            JitResult::Panic | JitResult::WaitIo => Err(Unwind),
        }
    }

    /// An operation that might have waited is done: goes on, or lets the others run first.
    pub(super) fn done(&self) -> Flow {
        if self.cx.options.stress_suspend {
            Flow::Yields
        } else {
            Flow::Next
        }
    }

    /// The fiber waits; it is in some queue already.
    pub(super) fn wait(&mut self, pending: Pending) -> Flow {
        self.stack.pending = pending;
        Flow::Waits
    }

    /// Completes what the fiber waited for. Gives [`Flow::Next`] when the instruction of the
    /// innermost frame is done, [`Flow::Returned`] when nothing was pending.
    pub(super) fn complete(&mut self) -> Step {
        let Some(&frame) = self.stack.frames.last() else {
            return Ok(Flow::Returned);
        };
        self.base = frame.base;
        let program = Arc::clone(&self.interp.program);
        let function = program.module.func(frame.func);
        let pending = std::mem::replace(&mut self.stack.pending, Pending::Nothing);
        let words = self.stack.arrival;
        // SAFETY: the running fiber.
        let ok = unsafe { (*self.fiber).ok };
        match (pending, &function.code[frame.pc]) {
            (Pending::Nothing, _) => return Ok(Flow::Returned),
            (Pending::Send(_), _) if ok == OK_CLOSED => {
                return self.fault(Fault::SendClosed, 0, 0);
            }
            (Pending::PortSend, _) if ok != OK_VALUE => {
                return self.fault(Fault::PortSendClosed, u64::from(ok), 0);
            }
            (
                Pending::Recv(_),
                Inst::ChanRecv {
                    vals, ok: ok_slot, ..
                }
                | Inst::PortRecv {
                    vals, ok: ok_slot, ..
                },
            ) => {
                self.received(vals, ok_slot, &words, u64::from(ok == OK_VALUE));
            }
            (Pending::Select, Inst::SelectExec { index }) => {
                self.selected(function.select_cases(frame.pc), index, &words)?;
            }
            (Pending::Native, Inst::CallRt { rets, func, ty, .. }) => {
                self.native_arrived(rets, *func, *ty)?;
            }
            _ => {}
        }
        Ok(Flow::Next)
    }
}

/// The shape of a channel's values.
pub(super) fn shape(chan: *mut Chan) -> Shape {
    if chan.is_null() {
        return Shape::default();
    }
    // SAFETY: a channel.
    unsafe { (*chan).shape }
}
