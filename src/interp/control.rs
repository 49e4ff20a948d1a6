//! Calls, goroutines and panics.

use super::machine::{Flow, Machine, Step, Unwind};
use crate::runtime::context::JitResult;
use crate::runtime::panic::{Fault, PanicValue};
use crate::runtime::record::Record;
use crate::runtime::sched::Executor;
use smallvec::SmallVec;
use std::iter;
use std::sync::Arc;
use vo_bytecode::{Callee, Dst, FuncId, IfaceDst, IfaceSrc, Inst, Src, Srcs, TypeId};

impl Machine<'_> {
    /// The function behind a callee, and what it gets before the arguments.
    fn resolve(&mut self, callee: &Callee) -> Result<(FuncId, Option<u64>), Unwind> {
        match *callee {
            Callee::Func(func) => Ok((func, None)),
            Callee::Closure(slot) => match self.get(slot) {
                0 => self.fault(Fault::NilDeref, 0, 0),
                // SAFETY: a closure object, whose first word is its function.
                closure => Ok((
                    FuncId(unsafe { *(closure as *const u64) } as u32),
                    Some(closure),
                )),
            },
            Callee::Method(slot, method) => {
                let found = self.interp.program.method(self.get(slot), method);
                match found {
                    Some(func) => Ok((func, Some(self.get(slot.next())))),
                    None => self.fault(Fault::NilDeref, 0, 0),
                }
            }
        }
    }

    pub(super) fn call(&mut self, pc: usize, callee: &Callee, args: &Srcs) -> Step {
        if let Some(frame) = self.stack.frames.last_mut() {
            frame.pc = pc;
        }
        let (func, first) = self.resolve(callee)?;
        if self.stack.bytes() >= self.cx.options.max_stack {
            self.cx.take_recoverable();
            return self.fault(Fault::StackOverflow, 0, 0);
        }
        let words: SmallVec<[u64; 16]> = first
            .into_iter()
            .chain(args.0.iter().map(|slot| self.get(*slot)))
            .collect();
        let program = &self.interp.program;
        let function = program.module.func(func);
        self.stack.push(function, func, words.into_iter());
        if let Some(Inst::RecoverEnter { panic }) = function.code.first() {
            // At once: others may run before the function's first instruction does.
            let number = self.cx.take_recoverable();
            let base = self.stack.slots.len() - function.slots.len();
            self.stack.slots[base + panic.0.index()] = number;
            self.set_pc(1);
        }
        Ok(Flow::Called)
    }

    pub(super) fn ret(&mut self, values: &Srcs) -> Step {
        let words = self.gather(values);
        self.stack.pop();
        let program = Arc::clone(&self.interp.program);
        let Some(caller) = self.stack.frames.last_mut() else {
            // The results of a goroutine's function go to its root's parent.
            let results = Record::words(self.cx.exit_record);
            for (at, word) in words.iter().enumerate() {
                // SAFETY: the exit record has room for any results.
                unsafe { results.add(at).write(*word) };
            }
            return Ok(Flow::Returned);
        };
        let call = &program.module.func(caller.func).code[caller.pc];
        caller.pc += 1;
        self.base = caller.base;
        if let Inst::Call { rets, .. } = call {
            for (slot, word) in iter::zip(&rets.0, words) {
                self.set(*slot, word);
            }
        }
        Ok(Flow::Returned)
    }

    pub(super) fn go(&mut self, pc: usize, callee: &Callee, args: &Srcs) -> Step {
        if matches!(callee, Callee::Closure(slot) if self.get(*slot) == 0) {
            return self.fault(Fault::GoNil, 0, 0);
        }
        let (func, first) = self.resolve(callee)?;
        let words: SmallVec<[u64; 16]> = first
            .into_iter()
            .chain(args.0.iter().map(|slot| self.get(*slot)))
            .collect();
        if self.cx.goroutines >= self.cx.max_goroutines {
            return self.fault(Fault::TooManyGoroutines, 0, 0);
        }
        let fiber = self.interp.new_fiber(self.cx, func, &words);
        if fiber.is_null() {
            return self.fault(Fault::OutOfMemory, 0, 0);
        }
        // SAFETY: a new fiber is in no queue.
        unsafe {
            self.cx
                .set_origin(fiber, self.cx.running(), self.origin(pc));
            self.cx.push(fiber);
        }
        Ok(Flow::Next)
    }

    pub(super) fn panic(&mut self, value: &IfaceSrc) -> Step {
        let [ty, data] = self.iface(value);
        let _ = self.cx.panic(PanicValue::Value(ty, data));
        Err(Unwind)
    }

    pub(super) fn panic_assert(&mut self, src: &IfaceSrc, from: TypeId, want: TypeId) -> Step {
        let program = &self.interp.program;
        let text = program.assertion_text(self.iface(src)[0], from, want);
        let _ = self.cx.assertion_failed(text);
        Err(Unwind)
    }

    // ---- deferred calls --------------------------------------------------------------------

    /// The panic in flight leads to the landing of the innermost frame; false where it is one that
    /// runs no deferred calls.
    pub(super) fn land(&mut self, landing: &Inst) -> bool {
        let Inst::PanicLand { panic, former } = landing else {
            return false;
        };
        let number = self.cx.land(self.get(former));
        if number == 0 {
            return false;
        }
        self.set(panic, number);
        true
    }

    pub(super) fn run_defers(&mut self, calls: &Dst, old: &Src, errors: i64, failed: &Src) -> Step {
        let dropped = if self.get(failed) == 0 {
            errors as u64
        } else {
            0
        };
        self.write(calls, self.get(old) & !dropped)
    }

    pub(super) fn panic_on(&mut self, panic: &Src) -> Step {
        let number = self.get(panic);
        self.cx.panic_on(number);
        Err(Unwind)
    }

    pub(super) fn recover_arm(&mut self, panic: &Src, callee: &Callee) -> Step {
        let number = self.get(panic);
        match *callee {
            Callee::Func(func) => self.cx.arm(number, func),
            Callee::Closure(slot) => {
                let closure = self.get(slot) as *const u64;
                // SAFETY: a function value is a closure object or nil.
                unsafe { self.cx.arm_closure(number, closure) };
            }
            Callee::Method(slot, method) => {
                let type_word = self.get(slot);
                self.cx.arm_method(number, type_word, method);
            }
        }
        Ok(Flow::Next)
    }

    pub(super) fn recover(&mut self, dst: &IfaceDst, rest: [&Dst; 3], panic: &Src) -> Step {
        let number = self.get(panic);
        match self.cx.recover(number) {
            JitResult::Ok => {}
            _ => return Err(Unwind),
        }
        let [ty, data, kind, ptr, len] = std::array::from_fn(|at| self.cx.results[at]);
        for (dst, word) in iter::zip(rest, [kind, ptr, len]) {
            self.set(dst, word);
        }
        self.write_iface(dst, [ty, data])
    }
}
