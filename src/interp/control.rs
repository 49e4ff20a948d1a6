//! Calls, goroutines and panics.

use super::machine::{Flow, Machine, Step, Unwind};
use crate::runtime::panic::{Fault, PanicValue};
use crate::runtime::record::Record;
use crate::runtime::sched::Executor;
use smallvec::SmallVec;
use std::iter;
use std::sync::Arc;
use vo_bytecode::{Callee, FuncId, IfaceSrc, Inst, Srcs, TypeId};

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
            return self.fault(Fault::StackOverflow, 0, 0);
        }
        let words: SmallVec<[u64; 16]> = first
            .into_iter()
            .chain(args.0.iter().map(|slot| self.get(*slot)))
            .collect();
        let program = &self.interp.program;
        self.stack
            .push(program.module.func(func), func, words.into_iter());
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

    pub(super) fn go(&mut self, callee: &Callee, args: &Srcs) -> Step {
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
        unsafe { self.cx.push(fiber) };
        Ok(Flow::Next)
    }

    pub(super) fn panic(&mut self, value: &IfaceSrc) -> Step {
        let [ty, data] = self.iface(value);
        let _ = self.cx.panic(PanicValue::Value(ty, data));
        Err(Unwind)
    }

    pub(super) fn panic_assert(&mut self, src: &IfaceSrc, want: TypeId) -> Step {
        let text = self.interp.program.assertion_text(self.iface(src)[0], want);
        let _ = self.cx.fault_text(text);
        Err(Unwind)
    }
}
