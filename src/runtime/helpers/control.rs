//! Helpers for scheduling, records and panics.

use super::context;
use crate::runtime::context::{Context, HANDOFF_BUDGET, JitResult};
use crate::runtime::fiber::{Fiber, State};
use crate::runtime::panic::{Fault, PanicValue};
use crate::runtime::record::Record;
use std::sync::atomic::Ordering;
use vo_bytecode::{MethodId, TypeId};

/// # Safety
/// As for all helpers: called by the native code of this context.
pub(super) unsafe extern "C" fn poll(cx: *mut Context, stack_pointer: u64) -> u64 {
    // SAFETY: the caller's promise; the running fiber is in no queue.
    unsafe {
        let cx = context(cx);
        cx.limit.store(cx.stack_limit, Ordering::Relaxed);
        let collect = cx.heap.wants_gc || cx.options.stress_gc;
        let stack = (stack_pointer as usize) < cx.stack_limit;
        let news = cx.expects_news();
        let others = cx.has_ready();
        // Frames add up over captures for any reason, however little native stack each had.
        let large = stack || cx.arena.bytes() > cx.options.max_stack;
        let pause = cx.should_pause();
        if !(collect || large || news || others || pause || cx.options.stress_preempt) {
            return 0;
        }
        let stress = cx.options.stress_preempt || cx.options.stress_gc;
        if stack || (collect && !stress) {
            cx.push_front(cx.current);
        } else {
            cx.push(cx.current);
        }
        if collect || large || news || pause {
            cx.attention.collect |= collect;
            cx.attention.stack = large.then_some(cx.current);
            cx.interrupted = cx.current;
            cx.attend();
        }
        if stress {
            cx.ask_capture();
        }
        1
    }
}

pub(super) unsafe extern "C" fn take_next(cx: *mut Context) -> u64 {
    // SAFETY: as for `poll`.
    let cx = unsafe { context(cx) };
    if cx.is_time_to_look() {
        cx.attend();
    }
    cx.take_next() as u64
}

pub(super) unsafe extern "C" fn fiber_exit(cx: *mut Context, outcome: u64) -> u64 {
    // SAFETY: as for `poll`; the fiber has ended, so nothing uses it any more.
    unsafe {
        let cx = context(cx);
        let fiber = cx.current;
        let main = (*fiber).id == 1;
        cx.note_origin(fiber);
        cx.free_fiber(fiber);
        if outcome != 0 && !cx.goroutine_exits() {
            return 1;
        }
        cx.main_ended |= main;
        cx.main_exited |= main && outcome != 0;
        u64::from(main)
    }
}

pub(super) unsafe extern "C" fn new_record(cx: *mut Context, words: u64) -> u64 {
    // SAFETY: as for `poll`.
    unsafe { context(cx).take_record(words as usize) as u64 }
}

pub(super) unsafe extern "C" fn free_record(cx: *mut Context, record: u64) {
    // SAFETY: as for `poll`; native code frees a record once, when its function ends.
    unsafe { context(cx).free_record(record as *mut Record) }
}

pub(super) unsafe extern "C" fn spawn(
    cx: *mut Context,
    words: u64,
    point: u64,
    origin: u64,
) -> u64 {
    // SAFETY: as for `poll`.
    unsafe {
        let cx = context(cx);
        if cx.goroutines >= cx.max_goroutines {
            return 0;
        }
        let fiber = cx.take_fiber(words as usize);
        if fiber.is_null() {
            return 0;
        }
        let root = Fiber::root(fiber);
        (*root).point = point as u32;
        cx.set_origin(fiber, cx.running(), origin as u32);
        cx.push(fiber);
        Record::words(root) as u64
    }
}

pub(super) unsafe extern "C" fn spawn_closure(cx: *mut Context, closure: u64, origin: u64) -> u64 {
    // SAFETY: as for `poll`; a closure's first word is its function.
    unsafe {
        let func = *(closure as *const u64);
        spawn_func(cx, func, origin)
    }
}

pub(super) unsafe extern "C" fn spawn_method(
    cx: *mut Context,
    type_word: u64,
    method: u64,
    origin: u64,
) -> u64 {
    // SAFETY: as for `poll`.
    unsafe {
        let found = context(cx)
            .program
            .method(type_word, MethodId(method as u32));
        match found {
            Some(func) => spawn_func(cx, u64::from(func.0), origin),
            None => 0,
        }
    }
}

unsafe fn spawn_func(cx: *mut Context, func: u64, origin: u64) -> u64 {
    // SAFETY: as for `poll`; the table has an entry for each function.
    unsafe {
        let entry = *(*cx).entries.add(func as usize);
        spawn(cx, u64::from(entry.words), u64::from(entry.point), origin)
    }
}

pub(super) unsafe extern "C" fn compile_resume(cx: *mut Context, point: u64) -> u64 {
    // SAFETY: as for `poll`; the executor set both fields together.
    unsafe { ((*cx).compile)(cx, point) }
}

pub(super) unsafe extern "C" fn yield_now(cx: *mut Context) {
    // SAFETY: as for `poll`; the running fiber is in no queue.
    unsafe {
        let cx = context(cx);
        (*cx.current).ok = cx.ok as u8;
        cx.push(cx.current);
    }
}

pub(super) unsafe extern "C" fn fault(cx: *mut Context, code: u64, a: u64, b: u64, site: u64) {
    // SAFETY: as for `poll`.
    let cx = unsafe { context(cx) };
    let _ = match Fault::from_code(code) {
        Some(fault) => cx.fault(fault, a as i64, b as i64),
        None => JitResult::Panic,
    };
    cx.unwound(site);
}

pub(super) unsafe extern "C" fn panic(cx: *mut Context, type_word: u64, data: u64, site: u64) {
    // SAFETY: as for `poll`.
    let cx = unsafe { context(cx) };
    let _ = cx.panic(PanicValue::Value(type_word, data));
    cx.unwound(site);
}

pub(super) unsafe extern "C" fn panic_assert(
    cx: *mut Context,
    type_word: u64,
    from: u64,
    want: u64,
    site: u64,
) {
    // SAFETY: as for `poll`.
    let cx = unsafe { context(cx) };
    let (from, want) = (TypeId(from as u32), TypeId(want as u32));
    let text = cx.program.assertion_text(type_word, from, want);
    let _ = cx.assertion_failed(text);
    cx.unwound(site);
}

pub(super) unsafe extern "C" fn unwound(cx: *mut Context, site: u64) {
    // SAFETY: as for `poll`.
    unsafe { context(cx) }.unwound(site);
}

pub(super) unsafe extern "C" fn land(cx: *mut Context, former: u64) -> u64 {
    // SAFETY: as for `poll`.
    unsafe { context(cx).land(former) }
}

pub(super) unsafe extern "C" fn panic_over(cx: *mut Context, number: u64) -> u64 {
    // SAFETY: as for `poll`.
    u64::from(unsafe { context(cx).panic_over(number) })
}

pub(super) unsafe extern "C" fn panic_on(cx: *mut Context, number: u64) {
    // SAFETY: as for `poll`.
    unsafe { context(cx).panic_on(number) };
}

pub(super) unsafe extern "C" fn arm_closure(cx: *mut Context, number: u64, closure: u64) {
    // SAFETY: as for `poll`; a function value is a closure object or nil.
    unsafe { context(cx).arm_closure(number, closure as *const u64) };
}

pub(super) unsafe extern "C" fn arm_method(
    cx: *mut Context,
    number: u64,
    type_word: u64,
    method: u64,
) {
    // SAFETY: as for `poll`.
    unsafe { context(cx).arm_method(number, type_word, MethodId(method as u32)) };
}

pub(super) unsafe extern "C" fn recover(cx: *mut Context, number: u64) -> u64 {
    // SAFETY: as for `poll`.
    unsafe { context(cx).recover(number) as u64 }
}

impl Context {
    /// Makes the scheduler run as soon as the running goroutine has captured itself: its
    /// sentinel fiber, whose code leaves the native dispatch, becomes the next.
    pub fn attend(&mut self) {
        let next = std::mem::replace(&mut self.next, self.sentinel);
        if !next.is_null() && next != self.sentinel {
            // SAFETY: it was in the hand-off slot, so in no queue.
            unsafe { self.push_front(next) };
        }
        self.handoffs = HANDOFF_BUDGET;
        // SAFETY: the sentinel is a valid fiber of this context.
        unsafe { (*self.sentinel).state = State::Ready };
    }
}
