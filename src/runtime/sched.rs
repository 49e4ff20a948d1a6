//! The scheduler of one island: runs fibers until all are done, or none can go on.

use super::context::Context;
use super::fiber::Fiber;
use super::heap::Marker;
use super::outside::inbox::Stop;
use super::outside::reactor::TIMED_OUT;
use super::panic::{Fault, PanicValue, Panicking};
use super::roll::Roll;
use super::timer::Action;
use super::world::handle::{self, Boot};
use crate::inline::Frame;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
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
    /// The last goroutine has finished, but `main` has not returned, nor will it.
    MainExited,
    /// `os.Exit`.
    Exit(i32),
    /// An uncaught panic.
    Panic(Box<Panicking>),
    /// Goroutines are left that can never run.
    Deadlock(Roll),
    /// It was ended from outside.
    Cancelled(Stop),
    /// It was ended to see what its goroutines do.
    Quit(Roll),
}

/// How a [`turn`] of an island ended.
#[derive(Debug)]
pub enum Turn {
    /// The program has ended.
    Ended(Ended),
    /// Nobody is ready before that time, unless something comes from outside that somebody waits
    /// for. The worker sets the bell ([`Sender::sleep`](super::outside::inbox::Sender::sleep)) and
    /// does something else.
    Idle(Option<Instant>),
    /// Nobody is ready, and nobody waits for a time or for anything outside.
    Stuck,
    /// The time is over, and somebody is ready.
    Paused,
}

/// Runs goroutines until nobody is ready, the program ends, or, where there is a slice of time,
/// that is over.
pub fn turn(cx: &mut Context, executor: &mut dyn Executor, slice: Option<Duration>) -> Turn {
    cx.pause_at = slice.map(|slice| Instant::now() + slice);
    cx.tick.store(cx.now(), Ordering::Relaxed);
    receive(cx, executor);
    loop {
        cx.run_starts(executor);
        if let Some(fault) = cx.fatal.take() {
            let _ = cx.fault(fault, 0, 0);
            if let Some(panicking) = cx.panicking.take() {
                return Turn::Ended(Ended::Panic(panicking));
            }
        }
        if let Some(stop) = cx.outside.cancelled {
            return Turn::Ended(Ended::Cancelled(stop));
        }
        cx.interrupted = std::ptr::null_mut();
        let ran = if cx.panicking.is_some() {
            Ran::Panicked
        } else {
            executor.run(cx)
        };
        match ran {
            Ran::Attention => attend(cx, executor),
            Ran::MainEnded if cx.island != 0 => {
                cx.boot = Boot::Done;
                cx.run_starts(executor);
            }
            Ran::MainEnded => {
                if cx.options.main_exit_go && !cx.main_exited {
                    return Turn::Ended(Ended::Finished);
                }
            }
            Ran::Panicked => {
                if let Some(panicking) = cx.panicking.take() {
                    return Turn::Ended(match panicking.value {
                        PanicValue::Exit(code) => Ended::Exit(code),
                        _ => Ended::Panic(panicking),
                    });
                }
            }
            Ran::Idle => {
                if cx.goroutines == 0 && cx.island == 0 {
                    return Turn::Ended(match cx.main_exited {
                        true => Ended::MainExited,
                        false => Ended::Finished,
                    });
                }
                receive(cx, executor);
                let news = cx.has_ready()
                    || (!cx.starts.is_empty() && cx.boot != Boot::Running)
                    || cx.outside.cancelled.is_some()
                    || cx.panicking.is_some();
                if !news {
                    return idle(cx);
                }
            }
        }
        if cx.has_ready() && cx.should_pause() {
            return Turn::Paused;
        }
    }
}

/// What an island without a ready goroutine waits for.
fn idle(cx: &Context) -> Turn {
    let until = cx.timers.earliest();
    if until.is_some() || cx.outside.waits.waiting() > 0 {
        Turn::Idle(until)
    } else {
        Turn::Stuck
    }
}

/// Does what was asked for while all goroutines are captured.
fn attend(cx: &mut Context, executor: &mut dyn Executor) {
    let asked = std::mem::take(&mut cx.attention);
    if asked.collect {
        collect(cx, executor);
    }
    if asked.exhausted && cx.is_exhausted() {
        let _ = cx.fault(Fault::OutOfMemory, 0, 0);
    }
    for fiber in asked.callers {
        // SAFETY: the fiber has asked and was captured; it is in the run queue.
        let frames = unsafe { executor.frames(cx, fiber) };
        cx.callers.push((fiber, frames));
    }
    cx.look_outside();
    go_off(cx, executor);
}

/// Takes what has come from outside, and does what is due.
fn receive(cx: &mut Context, executor: &mut dyn Executor) {
    cx.take_letters();
    go_off(cx, executor);
}

/// Does what timers are set for that are due.
fn go_off(cx: &mut Context, executor: &mut dyn Executor) {
    if cx.timers.is_empty() {
        return;
    }
    let now = Instant::now();
    while let Some(action) = cx.timers.take_due(now) {
        match action {
            // SAFETY: a sleeping fiber is only in the timers.
            Action::Wake(fiber) => unsafe { cx.push(fiber) },
            Action::Start(start) => start_closure(cx, executor, start.closure),
            Action::Expire(source, direction) => source.interrupt(direction, TIMED_OUT),
        }
    }
    // Those who were told that it took too long.
    cx.take_letters();
}

/// Starts a goroutine that runs the function of a closure without parameters.
fn start_closure(cx: &mut Context, executor: &mut dyn Executor, closure: *const u64) {
    if cx.goroutines >= cx.max_goroutines {
        let _ = cx.fault(Fault::TooManyGoroutines, 0, 0);
        return;
    }
    // SAFETY: a closure's first word is its function.
    let func = FuncId(unsafe { *closure } as u32);
    let fiber = executor.new_fiber(cx, func, &[closure as u64]);
    if fiber.is_null() {
        let _ = cx.fault(Fault::OutOfMemory, 0, 0);
        return;
    }
    // SAFETY: a fresh fiber is in no queue.
    unsafe { cx.push(fiber) };
}

/// Collects garbage. All fibers must be captured.
pub fn collect(cx: &mut Context, executor: &dyn Executor) {
    let mut timers = std::mem::take(&mut cx.timers);
    let start = cx.options.observer.is_some().then(Instant::now);
    let this: *mut Context = cx;
    let roots = |marker: &mut Marker<'_>| {
        // SAFETY: marking reads slabs, globals, ports and records, none of which `collect` touches.
        let cx = unsafe { &*this };
        cx.trace_globals(marker);
        cx.trace_ports(marker);
        cx.landed.trace(marker);
        // SAFETY: fibers in the slabs have not ended, and all of them are captured.
        cx.slabs
            .for_each(|fiber| unsafe { executor.trace(cx, fiber, marker) });
        timers.trace(marker);
        marker.drain();
        timers.trace_visible(marker);
    };
    // SAFETY: the heap alone is borrowed while it collects; what is swept here is beside it.
    unsafe {
        (*this).heap.collect_then(roots, |survivors| {
            (*this).ports.sweep(survivors);
            handle::sweep(&mut (*this).handles, survivors);
        });
    }
    cx.timers = timers;
    if let (Some(observer), Some(start)) = (&cx.options.observer, start) {
        observer.collected(cx, start);
    }
}
