//! The loop of the interpreter, and which method runs which instruction.

use super::Interp;
use super::stack::{Frame, Pending, SLICE, Stack};
use crate::runtime::context::Context;
use crate::runtime::fiber::Fiber;
use crate::runtime::panic::Fault;
use crate::runtime::port::Port;
use std::sync::Arc;
use vo_bytecode::inst::Target;
use vo_bytecode::{Dst, Function, Inst, Slot, Src, Srcs};

/// A goroutine at work.
pub struct Machine<'a> {
    pub(super) cx: &'a mut Context,
    pub(super) interp: &'a mut Interp,
    pub(super) fiber: *mut Fiber,
    pub(super) stack: &'a mut Stack,
    /// Where the innermost frame's slots begin.
    pub(super) base: usize,
}

/// How a goroutine left.
pub enum Left {
    /// It waits, or stands in the run queue.
    Waits,
    /// It has ended.
    Ended,
    /// It has ended by the panic in the context.
    Panicked,
}

/// A panic has begun; its value is in the context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unwind;

/// How control goes on behind an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// At the next instruction.
    Next,
    /// At a target.
    To(Target),
    /// In a frame that was just pushed.
    Called,
    /// In the caller, behind its call; or the goroutine has ended.
    Returned,
    /// The instruction waits: it is completed when the fiber is entered again.
    Waits,
    /// The instruction is done, but the others are to run before the next one.
    Yields,
}

/// What an instruction gives.
pub type Step = Result<Flow, Unwind>;

impl<'a> Machine<'a> {
    pub(super) fn new(
        cx: &'a mut Context,
        interp: &'a mut Interp,
        fiber: *mut Fiber,
        stack: &'a mut Stack,
    ) -> Machine<'a> {
        Machine {
            cx,
            interp,
            fiber,
            stack,
            base: 0,
        }
    }

    /// Runs until the goroutine waits or ends.
    pub fn run(mut self) -> Left {
        let program = Arc::clone(&self.interp.program);
        let mut step = self.complete();
        loop {
            // What `complete` gives when nothing was pending leads straight to the frame's pc.
            match step {
                Ok(Flow::Waits) => return Left::Waits,
                Ok(Flow::Yields) => {
                    self.advance();
                    self.requeue();
                    return Left::Waits;
                }
                Ok(Flow::Next) => self.advance(),
                Ok(Flow::To(_) | Flow::Called) => {
                    if self.poll() {
                        return Left::Waits;
                    }
                }
                Ok(Flow::Returned) => {
                    if self.stack.frames.is_empty() {
                        return Left::Ended;
                    }
                }
                Err(Unwind) => {
                    if !self.unwind() {
                        return Left::Panicked;
                    }
                }
            }
            let Some(&Frame { func, pc, base }) = self.stack.frames.last() else {
                return Left::Ended;
            };
            self.base = base;
            step = self.run_frame(program.module.func(func), pc);
        }
    }

    /// Runs the innermost frame from `pc` until something happens that concerns more than the
    /// frame; the frame's `pc` is then at the instruction that did it, or at the jump's target.
    fn run_frame(&mut self, function: &Function, mut pc: usize) -> Step {
        loop {
            let inst = &function.code[pc];
            match self.step(function, pc, inst) {
                Ok(Flow::Next) => pc += 1,
                Ok(Flow::To(target)) => {
                    let back = target.0 as usize <= pc;
                    pc = target.0 as usize;
                    if back {
                        self.set_pc(pc);
                        return Ok(Flow::To(target));
                    }
                }
                Ok(flow @ (Flow::Called | Flow::Returned)) => return Ok(flow),
                other => {
                    self.set_pc(pc);
                    return other;
                }
            }
        }
    }

    /// The number of the site where an instruction of the innermost frame starts goroutines.
    pub(super) fn origin(&self, pc: usize) -> u32 {
        let frame = self.stack.frames.last();
        frame.map_or(0, |frame| self.interp.program.sites.number(frame.func, pc))
    }

    pub(super) fn set_pc(&mut self, pc: usize) {
        if let Some(frame) = self.stack.frames.last_mut() {
            frame.pc = pc;
        }
    }

    /// Goes behind the instruction of the innermost frame.
    fn advance(&mut self) {
        if let Some(frame) = self.stack.frames.last_mut() {
            frame.pc += 1;
        }
    }

    /// Puts the fiber at the end of the run queue.
    pub(super) fn requeue(&mut self) {
        // SAFETY: the running fiber is in no queue.
        unsafe { self.cx.push(self.fiber) };
    }

    /// Whether the goroutine must let the collector or the others run; it is then queued. Nothing
    /// is pending: it goes on where its frame stands.
    fn poll(&mut self) -> bool {
        self.stack.slice -= 1;
        let options = &self.cx.options;
        let collect = self.cx.heap.wants_gc || options.stress_gc;
        let preempt = self.stack.slice == 0 || options.stress_preempt;
        if !collect && !preempt {
            return false;
        }
        if preempt {
            self.stack.slice = SLICE;
        }
        let others = self.cx.has_ready();
        let news = self.cx.expects_news();
        let pause = self.cx.should_pause();
        if !collect && !others && !news && !pause {
            return false;
        }
        self.stack.pending = Pending::Nothing;
        if preempt {
            self.requeue();
        } else {
            // SAFETY: the running fiber is in no queue.
            unsafe { self.cx.push_front(self.fiber) };
        }
        if collect || news || pause {
            self.cx.attention.collect |= collect;
            self.cx.interrupted = self.fiber;
            self.cx.attend();
        }
        true
    }

    /// Adds each frame to the panic's trace and removes it, up to one where the panic lands. Whether
    /// there is one; it goes on at its landing.
    fn unwind(&mut self) -> bool {
        let program = Arc::clone(&self.interp.program);
        while let Some(&Frame { func, pc, base }) = self.stack.frames.last() {
            let function = program.module.func(func);
            // A panic that goes on was in this frame already.
            if !matches!(function.code[pc], Inst::PanicOn { .. }) {
                self.cx.unwound(program.site(func, pc));
            }
            let lands = function.code[pc].lands();
            if let Some(landing) = program.landing(func).filter(|_| lands) {
                self.base = base;
                if self.land(&function.code[landing]) {
                    self.set_pc(landing + 1);
                    return true;
                }
            }
            self.stack.pop();
        }
        false
    }

    // ---- slots -----------------------------------------------------------------------------

    /// The word in a slot.
    pub(super) fn get(&self, slot: impl Into<SlotRef>) -> u64 {
        self.stack.slots[self.base + slot.into().0.index()]
    }

    /// Sets a slot.
    pub(super) fn set(&mut self, slot: impl Into<SlotRef>, word: u64) {
        self.stack.slots[self.base + slot.into().0.index()] = word;
    }

    /// The words of slots.
    pub(super) fn gather(&self, slots: &Srcs) -> smallvec::SmallVec<[u64; 8]> {
        slots.0.iter().map(|slot| self.get(*slot)).collect()
    }

    /// Begins the panic of a fault.
    pub(super) fn fault<T>(&mut self, fault: Fault, a: u64, b: u64) -> Result<T, Unwind> {
        let _ = self.cx.fault(fault, a as i64, b as i64);
        Err(Unwind)
    }

    // ---- instructions ----------------------------------------------------------------------

    fn step(&mut self, function: &Function, pc: usize, inst: &Inst) -> Step {
        match inst {
            Inst::Const { dst, value } => self.write(dst, *value as u64),
            Inst::ConstF64 { dst, value } => self.write(dst, value.0),
            Inst::ConstF32 { dst, value } => self.write(dst, u64::from(value.0)),
            Inst::Nil { dst } => self.write(dst, 0),
            Inst::ConstStr { ptr, len, value } => self.const_str(ptr, len, *value),
            Inst::FuncValue { dst, func } => self.func_value(dst, *func),
            Inst::Mov { dst, src } => self.write(dst, self.get(src)),

            Inst::IfaceNil { dst } => self.write_iface(dst, [0, 0]),
            Inst::IfaceMake { dst, ty, data } => {
                self.write_iface(dst, [u64::from(ty.0) + 1, self.get(data)])
            }
            Inst::IfaceMov { dst, src } => self.write_iface(dst, self.iface(src)),
            Inst::IfaceWord { dst, src } => self.write(dst, self.iface(src)[1]),
            Inst::IfaceIs { dst, src, ty } => {
                self.write(dst, u64::from(self.iface(src)[0] == u64::from(ty.0) + 1))
            }
            Inst::IfaceIsNil { dst, src } => self.write(dst, u64::from(self.iface(src)[0] == 0)),
            Inst::IfaceImplements { dst, src, ty } => self.iface_implements(dst, src, *ty),
            Inst::IfaceEq { dst, a, b } => self.iface_eq(dst, a, b),
            Inst::IfaceLoad { dst, base, off } => self.iface_load(dst, base, *off),
            Inst::IfaceStore { base, off, src } => self.iface_store(base, *off, src),

            Inst::Bin {
                dst,
                op,
                kind,
                a,
                b,
            } => self.binary(dst, *op, *kind, a, b),
            Inst::Un { dst, op, kind, a } => self.unary(dst, *op, *kind, a),
            Inst::Cmp {
                dst,
                op,
                kind,
                a,
                b,
            } => self.compare(dst, *op, *kind, a, b),
            Inst::CmpRef { dst, op, a, b } => self.compare_refs(dst, *op, a, b),
            Inst::BoolNot { dst, a } => self.write(dst, u64::from(self.get(a) == 0)),
            Inst::FBin {
                dst,
                op,
                kind,
                a,
                b,
            } => self.float_binary(dst, *op, *kind, a, b),
            Inst::FUn { dst, op, kind, a } => self.float_unary(dst, *op, *kind, a),
            Inst::FCmp {
                dst,
                op,
                kind,
                a,
                b,
            } => self.float_compare(dst, *op, *kind, a, b),
            Inst::IntCast { dst, kind, a } => self.write(dst, kind.wrap(self.get(a) as i64) as u64),
            Inst::IntToFloat { dst, to, kind, a } => self.int_to_float(dst, *to, *kind, a),
            Inst::FloatToInt { dst, kind, from, a } => self.float_to_int(dst, *kind, *from, a),
            Inst::FloatCast { dst, to, a } => self.float_cast(dst, *to, a),
            Inst::FloatBits { dst, kind: _, a } | Inst::FloatFromBits { dst, kind: _, a } => {
                // Slots hold floats as their bits, a single float in the low half.
                self.write(dst, self.get(a))
            }
            Inst::ShiftCheck { a } => self.check((self.get(a) as i64) >= 0, Fault::Shift, 0, 0),

            Inst::Jump { to } => Ok(Flow::To(*to)),
            Inst::Br {
                cond,
                then,
                otherwise,
            } => Ok(Flow::To(if self.get(cond) != 0 {
                *then
            } else {
                *otherwise
            })),
            Inst::Switch {
                index,
                targets,
                otherwise,
            } => {
                let target = usize::try_from(self.get(index))
                    .ok()
                    .and_then(|at| targets.0.get(at));
                Ok(Flow::To(*target.unwrap_or(otherwise)))
            }
            Inst::Return { values } => self.ret(values),
            Inst::Panic { value } => self.panic(value),
            Inst::PanicAssert { src, from, want } => self.panic_assert(src, *from, *want),
            Inst::Call {
                rets: _,
                callee,
                args,
            } => self.call(pc, callee, args),
            Inst::CallRt {
                rets,
                func,
                ty,
                args,
            } => self.call_native(rets, *func, *ty, args),
            Inst::GoStart { callee, args } => self.go(pc, callee, args),

            Inst::DeferPush { calls, old, call } | Inst::ErrDeferPush { calls, old, call } => {
                self.write(calls, self.get(old) | 1 << call)
            }
            Inst::RunDefers {
                calls,
                old,
                errors,
                failed,
            } => self.run_defers(calls, old, *errors, failed),
            // Reached by panics alone, which do what it says; see `unwind`.
            Inst::PanicLand { .. } => Ok(Flow::Next),
            Inst::PanicOver { dst, panic } => {
                let over = self.cx.panic_over(self.get(panic));
                self.write(dst, u64::from(over))
            }
            Inst::PanicOn { panic } => self.panic_on(panic),
            Inst::RecoverArm { panic, callee } => self.recover_arm(panic, callee),
            // Calls do this; goroutines begin here.
            Inst::RecoverEnter { panic } => self.write(panic, 0),
            Inst::Recover {
                dst,
                kind,
                ptr,
                len,
                panic,
            } => self.recover(dst, [kind, ptr, len], panic),

            Inst::New { dst, ty } => self.new_object(dst, *ty),
            Inst::Closure { dst, func, ty } => self.new_closure(dst, *func, *ty),
            Inst::Load {
                dst,
                mem,
                base,
                off,
            } => self.load(dst, *mem, base, *off),
            Inst::Store {
                mem,
                base,
                off,
                src,
            } => self.store(*mem, base, *off, src),
            Inst::LoadIdx {
                dst,
                mem,
                base,
                index,
            } => self.load_element(dst, *mem, base, index),
            Inst::StoreIdx {
                mem,
                base,
                index,
                src,
            } => self.store_element(*mem, base, index, src),
            Inst::ElemAddr {
                dst,
                base,
                index,
                size,
            } => {
                let offset = self.get(index).wrapping_mul(*size as u64);
                self.write(dst, self.get(base).wrapping_add(offset))
            }
            Inst::FieldAddr { dst, base, off } => {
                self.write(dst, self.get(base).wrapping_add(*off as u64))
            }
            Inst::GlobalAddr { dst, global } => {
                let offset = self.interp.program.globals.offset(*global);
                self.write(dst, self.cx.globals as u64 + offset)
            }
            Inst::MemCopy { dst, src, size } => self.copy(dst, src, *size as u64),
            Inst::CopyElems {
                dst,
                src,
                count,
                size,
            } => self.copy(dst, src, self.get(count).wrapping_mul(*size as u64)),
            Inst::NilCheck { a } => self.check(self.get(a) != 0, Fault::NilDeref, 0, 0),
            Inst::BoundsCheck { index, len } => {
                let (index, len) = (self.get(index), self.get(len));
                self.check(index < len, Fault::Index, index, len)
            }
            Inst::SliceCheck {
                kind,
                lo,
                hi,
                max,
                cap,
            } => self.slice_check(*kind, lo, hi, max, cap),
            Inst::ArrayLenCheck { len, want } => {
                let len = self.get(len);
                self.check(len as i64 >= *want, Fault::ArrayLen, len, *want as u64)
            }
            Inst::SlicePtr {
                dst,
                base,
                lo,
                size,
                newcap,
            } => self.slice_ptr(dst, base, lo, *size, newcap),

            Inst::StrConcat { ptr, len, parts } => self.concat(ptr, len, parts),
            Inst::MapNew { dst, ty, hint } => self.map_new(dst, *ty, hint),
            Inst::MapGet {
                vals,
                ok,
                ty,
                map,
                key,
            } => self.map_get(vals, ok, *ty, map, key),
            Inst::MapSet { ty, map, key, vals } => self.map_set(*ty, map, key, vals),
            Inst::MapDelete { ty, map, key } => self.map_delete(*ty, map, key),
            Inst::MapIter { dst, ty, map } => self.map_iter(dst, *ty, map),
            Inst::MapNext {
                more,
                key,
                vals,
                ty: _,
                iter,
            } => self.map_next(more, key, vals, iter),

            Inst::ChanNew { dst, ty, cap } => self.chan_new(dst, *ty, cap),
            Inst::ChanSend { chan, vals } => self.chan_send(chan, vals),
            Inst::ChanRecv { vals, ok, chan } => self.chan_recv(vals, ok, chan),
            Inst::ChanClose { chan } => self.chan_close(chan),
            Inst::ChanLen { dst, chan } => self.chan_len(dst, chan),
            Inst::ChanCap { dst, chan } => self.chan_cap(dst, chan),
            Inst::IslandNew { dst } => self.island_new(dst),
            Inst::GoIsland {
                island,
                callee,
                ty,
                args,
            } => self.go_island(pc, island, callee, *ty, args),
            Inst::PortNew { dst, ty, cap } => self.port_new(dst, *ty, cap),
            Inst::PortSend { port, vals } => self.port_send(port, vals),
            Inst::PortRecv { vals, ok, port } => self.port_recv(vals, ok, port),
            Inst::PortClose { port } => self.port_close(port),
            Inst::PortLen { dst, port } => {
                // SAFETY: a port or nil.
                let len = unsafe { Context::port_len(self.get(port) as *mut Port) };
                self.write(dst, len)
            }
            Inst::PortCap { dst, port } => {
                // SAFETY: a port or nil.
                let cap = unsafe { Context::port_cap(self.get(port) as *mut Port) };
                self.write(dst, cap)
            }
            // The cases are read by the `SelectExec` that follows them directly.
            Inst::SelectBegin { .. } | Inst::SelectSend { .. } | Inst::SelectRecv { .. } => {
                Ok(Flow::Next)
            }
            Inst::SelectExec { index } => self.select(function, pc, index),
        }
    }

    /// Sets a slot and goes on.
    pub(super) fn write(&mut self, slot: impl Into<SlotRef>, word: u64) -> Step {
        self.set(slot, word);
        Ok(Flow::Next)
    }

    /// Goes on, or panics.
    pub(super) fn check(&mut self, holds: bool, fault: Fault, a: u64, b: u64) -> Step {
        if holds {
            Ok(Flow::Next)
        } else {
            self.fault(fault, a, b)
        }
    }

    fn slice_ptr(&mut self, dst: &Dst, base: &Src, lo: &Src, size: i64, cap: &Src) -> Step {
        let offset = match self.get(cap) {
            0 => 0,
            _ => self.get(lo).wrapping_mul(size as u64),
        };
        self.write(dst, self.get(base).wrapping_add(offset))
    }
}

/// A slot, however an instruction names it.
#[derive(Clone, Copy)]
pub struct SlotRef(pub Slot);

macro_rules! slot_ref {
    ($($operand:ty => $slot:expr;)*) => {$(
        impl From<$operand> for SlotRef {
            fn from(operand: $operand) -> SlotRef {
                let slot: fn($operand) -> Slot = $slot;
                SlotRef(slot(operand))
            }
        }
    )*};
}

slot_ref! {
    Slot => |slot| slot;
    &Src => |src| src.0;
    &Dst => |dst| dst.0;
}
