//! Helpers by which native code tells an observer what happens; only code that was compiled for
//! one has calls of them.

use super::context;
use crate::runtime::context::Context;
use crate::runtime::fiber::Fiber;

/// # Safety
/// As for all helpers: called by the native code of this context.
pub(super) unsafe extern "C" fn observe_stop(cx: *mut Context, point: u64) {
    // SAFETY: the caller's promise.
    let cx = unsafe { context(cx) };
    if let Some(observer) = &cx.options.observer {
        observer.stops(cx, point as u32);
    }
}

pub(super) unsafe extern "C" fn observe_go(cx: *mut Context, point: u64) {
    // SAFETY: as for `observe_stop`.
    let cx = unsafe { context(cx) };
    if let Some(observer) = &cx.options.observer {
        observer.goes(cx, point as u32);
    }
}

pub(super) unsafe extern "C" fn observe_end(cx: *mut Context) {
    // SAFETY: as for `observe_stop`.
    let cx = unsafe { context(cx) };
    if let Some(observer) = &cx.options.observer {
        observer.ends(cx);
    }
}

pub(super) unsafe extern "C" fn observe_wake(cx: *mut Context, fiber: u64) {
    // SAFETY: as for `observe_stop`; the fiber was just taken from a queue.
    let cx = unsafe { context(cx) };
    if let Some(observer) = &cx.options.observer {
        observer.wakes(cx, fiber as *mut Fiber);
    }
}
