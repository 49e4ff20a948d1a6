//! The reference interpreter: plain and slow, the oracle that native code is held against.
//!
//! It runs the same bytecode over the same runtime objects (context, fibers, channels, maps,
//! heap) and through the same operations as native code, but shares none of the code generator's
//! ideas: a goroutine is a stack of frames in a vector, an instruction is one match arm.
//!
//! - [`stack`]: a goroutine's frames and what it waits for
//! - [`machine`]: the loop, and which method runs which instruction
//! - [`numbers`]: what operators give
//! - [`memory`], [`maps`]: memory, interfaces, strings, maps
//! - [`control`]: calls, goroutines, panics
//! - [`wait`]: operations that may wait, and how they are completed

mod control;
mod machine;
mod maps;
mod memory;
mod numbers;
mod ports;
mod stack;
#[cfg(test)]
mod tests;
mod wait;

use crate::inline::Frame;
use crate::runtime::context::Context;
use crate::runtime::fiber::{Fiber, State};
use crate::runtime::heap::Marker;
use crate::runtime::program::Program;
use crate::runtime::sched::{Executor, Ran};
use machine::{Left, Machine};
use stack::Stack;
use std::collections::HashSet;
use std::ptr;
use std::sync::Arc;
use vo_bytecode::FuncId;

/// How many times goroutines are entered between two looks outside. Looking reads the clock, which
/// costs more than entering.
const LOOK_PERIOD: u32 = 64;

/// Runs fibers by interpreting their bytecode.
///
/// Invariant: `stacks` holds exactly the `top` of every fiber that was made here and has not
/// ended; each came from a box.
pub struct Interp {
    program: Arc<Program>,
    stacks: HashSet<*mut Stack>,
    entered: u32,
}

impl Interp {
    /// An interpreter for a program.
    pub fn new(program: Arc<Program>) -> Interp {
        Interp {
            program,
            stacks: HashSet::new(),
            entered: 0,
        }
    }

    /// A fiber's stack.
    ///
    /// # Safety
    /// The fiber is one of this interpreter's, and nothing else uses its stack meanwhile.
    unsafe fn stack<'a>(fiber: *mut Fiber) -> &'a mut Stack {
        // SAFETY: the caller's promise; `top` came from a box (invariant).
        unsafe { &mut *(*fiber).top.cast::<Stack>() }
    }

    /// Ends a fiber.
    ///
    /// # Safety
    /// As for [`Interp::stack`], and the fiber is in no queue.
    unsafe fn end(&mut self, cx: &mut Context, fiber: *mut Fiber) {
        // SAFETY: the caller's promise; the stack is freed once, as it is forgotten first.
        unsafe {
            let stack = (*fiber).top.cast::<Stack>();
            self.stacks.remove(&stack);
            drop(Box::from_raw(stack));
            cx.note_origin(fiber);
            cx.free_fiber(fiber);
        }
    }

    /// Runs one fiber until it waits or ends; something to tell the scheduler.
    ///
    /// # Safety
    /// The fiber is one of this interpreter's and in no queue.
    unsafe fn enter(&mut self, cx: &mut Context, fiber: *mut Fiber) -> Option<Ran> {
        // SAFETY: the caller's promise.
        unsafe {
            cx.current = fiber;
            cx.switches += 1;
            let main = (*fiber).id == 1;
            let stack = Interp::stack(fiber);
            match Machine::new(cx, self, fiber, stack).run() {
                Left::Waits => cx.suspensions += 1,
                Left::Panicked if !cx.goroutine_exits() => {
                    self.end(cx, fiber);
                    return Some(Ran::Panicked);
                }
                left @ (Left::Ended | Left::Panicked) => {
                    self.end(cx, fiber);
                    if main {
                        cx.main_ended = true;
                        cx.main_exited = matches!(left, Left::Panicked);
                        return Some(Ran::MainEnded);
                    }
                }
            }
        }
        None
    }
}

#[allow(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "the scheduler shows an executor nothing but the fibers that it made"
)]
impl Executor for Interp {
    fn new_fiber(&mut self, cx: &mut Context, func: FuncId, args: &[u64]) -> *mut Fiber {
        let fiber = cx.take_fiber(0);
        if fiber.is_null() {
            return ptr::null_mut();
        }
        let stack = Box::into_raw(Box::new(Stack::new(
            self.program.module.func(func),
            func,
            args,
        )));
        self.stacks.insert(stack);
        // SAFETY: a new fiber.
        unsafe { (*fiber).top = stack.cast() };
        fiber
    }

    fn run(&mut self, cx: &mut Context) -> Ran {
        loop {
            self.entered += 1;
            if self.entered >= LOOK_PERIOD && cx.expects_news() {
                self.entered = 0;
                return Ran::Attention;
            }
            let fiber = cx.take_next();
            if fiber.is_null() {
                return Ran::Idle;
            }
            if fiber == cx.sentinel {
                return Ran::Attention;
            }
            // SAFETY: every queued fiber but the sentinel was made here and is now in no queue.
            if let Some(ran) = unsafe { self.enter(cx, fiber) } {
                return ran;
            }
        }
    }

    unsafe fn trace(&self, _: &Context, fiber: *mut Fiber, marker: &mut Marker<'_>) {
        // SAFETY: the caller's promise: a fiber of this interpreter that has its stack.
        unsafe {
            let waiting = matches!((*fiber).state, State::Selecting | State::Forever);
            Interp::stack(fiber).trace(&self.program, waiting, marker);
        }
    }

    unsafe fn frames(&self, _: &Context, fiber: *mut Fiber) -> Vec<Frame> {
        // SAFETY: as for `trace`.
        unsafe { Interp::stack(fiber).trace_lines(&self.program).collect() }
    }
}

impl Drop for Interp {
    fn drop(&mut self) {
        for stack in self.stacks.drain() {
            // SAFETY: each came from a box and belongs to a fiber that will not run any more. Its
            // waiting select, if any, is in queues of channels that are not used any more either.
            unsafe { drop(Box::from_raw(stack)) };
        }
    }
}
