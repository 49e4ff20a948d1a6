//! The scheduler of one island: runs fibers until all are done, or none can go on.

use super::context::Context;
use super::fiber::{Fiber, State};
use super::heap::Marker;
use super::panic::{Frame, PanicValue, Panicking};
use std::time::Instant;
use vo_bytecode::FuncId;

/// What runs fibers: native code, or the interpreter.
pub trait Executor {
    /// A new fiber that will run `func` with these argument words; it is in no queue yet. Null
    /// when memory is exhausted.
    fn new_fiber(&mut self, cx: &mut Context, func: FuncId, args: &[u64]) -> *mut Fiber;

    /// Takes fibers from the hand-off slot and the run queue and runs them, until there is none,
    /// a goroutine ends by a panic, goroutine 1 ends, or the scheduler's attention is wanted.
    fn run(&mut self, cx: &mut Context) -> Ran;

    /// Shows every reference in a fiber's frames to the collector.
    ///
    /// # Safety
    /// The fiber was made by this executor, has not ended, and does not run.
    unsafe fn trace(&self, cx: &Context, fiber: *mut Fiber, marker: &mut Marker);

    /// Where a fiber that does not run stands, innermost frame first.
    ///
    /// # Safety
    /// As for [`Executor::trace`].
    unsafe fn frames(&self, cx: &Context, fiber: *mut Fiber) -> Vec<Frame>;
}

/// Why [`Executor::run`] came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ran {
    /// Nobody is ready.
    Idle,
    /// The scheduler is to look at `Context::attention`.
    Attention,
    /// Goroutine 1 has ended.
    MainEnded,
    /// A goroutine has ended by the panic in `Context::panicking`.
    Panicked,
}

/// How a program ended.
#[derive(Debug)]
pub enum Ended {
    /// All goroutines have finished, or `main` has and that is enough.
    Finished,
    /// `os.Exit`.
    Exit(i32),
    /// An uncaught panic.
    Panic(Box<Panicking>),
    /// Goroutines are left that can never run: each with its frames.
    Deadlock(Vec<Stuck>),
}

/// A goroutine that can never run again.
#[derive(Debug)]
pub struct Stuck {
    /// Its number.
    pub goroutine: u32,
    /// What it waits for.
    pub state: State,
    /// Where it stands, innermost first.
    pub frames: Vec<Frame>,
}

/// Runs the program whose goroutine 1 is ready in the queue, until it ends.
pub fn run(cx: &mut Context, executor: &mut dyn Executor) -> Ended {
    loop {
        match executor.run(cx) {
            Ran::Attention => attend(cx, executor),
            Ran::MainEnded => {
                if cx.options.main_exit_go {
                    return Ended::Finished;
                }
            }
            Ran::Panicked => {
                let Some(panicking) = cx.panicking.take() else {
                    continue;
                };
                return match panicking.value {
                    PanicValue::Exit(code) => Ended::Exit(code),
                    _ => Ended::Panic(panicking),
                };
            }
            Ran::Idle => {
                if cx.goroutines == 0 {
                    return Ended::Finished;
                }
                if !wait_for_timer(cx) {
                    return Ended::Deadlock(stuck(cx, executor));
                }
            }
        }
        wake_due(cx);
    }
}

/// Does what was asked for while all goroutines are captured.
fn attend(cx: &mut Context, executor: &mut dyn Executor) {
    let asked = std::mem::take(&mut cx.attention);
    if asked.collect {
        collect(cx, executor);
    }
}

/// Collects garbage. All fibers must be captured.
pub fn collect(cx: &mut Context, executor: &dyn Executor) {
    let this: *const Context = cx;
    cx.heap.collect(|marker| {
        // SAFETY: marking reads slabs, globals and records, none of which `collect` touches.
        let cx = unsafe { &*this };
        cx.trace_globals(marker);
        // SAFETY: fibers in the slabs have not ended, and all of them are captured.
        cx.slabs
            .for_each(|fiber| unsafe { executor.trace(cx, fiber, marker) });
    });
}

/// Sleeps until the earliest timer; false when there is none.
fn wait_for_timer(cx: &mut Context) -> bool {
    let Some(deadline) = cx.timers.earliest() else {
        return false;
    };
    cx.output.flush();
    let now = Instant::now();
    if deadline > now {
        std::thread::sleep(deadline - now);
    }
    true
}

/// Makes the fibers whose timers are due ready.
fn wake_due(cx: &mut Context) {
    if cx.timers.earliest().is_none() {
        return;
    }
    let now = Instant::now();
    while let Some(fiber) = cx.timers.take_due(now) {
        // SAFETY: a sleeping fiber is only in the timer heap.
        unsafe { cx.push(fiber) };
    }
}

fn stuck(cx: &mut Context, executor: &dyn Executor) -> Vec<Stuck> {
    let mut all = Vec::new();
    cx.slabs.for_each(|fiber| {
        // SAFETY: enumerated fibers are valid, and none runs.
        let (goroutine, state, frames) =
            unsafe { ((*fiber).id, (*fiber).state, executor.frames(cx, fiber)) };
        all.push(Stuck {
            goroutine,
            state,
            frames,
        });
    });
    all.sort_by_key(|stuck| stuck.goroutine);
    all
}
