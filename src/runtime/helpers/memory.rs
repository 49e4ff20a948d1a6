//! Helpers for memory and strings.

use super::context;
use crate::runtime::context::{Context, JitResult};
use crate::runtime::heap::LayoutId;
use crate::runtime::native::bytes;
use crate::runtime::panic::Fault;
use crate::runtime::short;

/// # Safety
/// As for all helpers: called by the native code of this context, with valid ranges.
pub(super) unsafe extern "C" fn alloc(cx: *mut Context, layout: u64, bytes: u64) -> u64 {
    // SAFETY: the caller's promise.
    let cx = unsafe { context(cx) };
    let object = cx.heap.alloc(LayoutId(layout as u32), bytes as usize);
    if cx.heap.wants_gc {
        cx.ask_capture();
    }
    object.map_or(0, |object| object as u64)
}

pub(super) unsafe extern "C" fn move_bytes(_: *mut Context, to: u64, from: u64, bytes: u64) {
    // SAFETY: as for `alloc`.
    unsafe { short::copy(from as *const u8, to as *mut u8, bytes as usize) }
}

pub(super) unsafe extern "C" fn same_bytes(_: *mut Context, a: u64, b: u64, bytes: u64) -> u64 {
    // SAFETY: as for `alloc`.
    u64::from(a == b || unsafe { short::equal(a as *const u8, b as *const u8, bytes as usize) })
}

pub(super) unsafe extern "C" fn compare_bytes(
    _: *mut Context,
    a: u64,
    len_a: u64,
    b: u64,
    len_b: u64,
) -> u64 {
    // SAFETY: as for `alloc`: two strings.
    let ordering = unsafe { short::compare(bytes(&[a, len_a], 0), bytes(&[b, len_b], 0)) };
    ordering as i64 as u64
}

pub(super) unsafe extern "C" fn str_concat(cx: *mut Context, parts: u64, count: u64) -> u64 {
    // SAFETY: as for `alloc`; `parts` are `count` pairs of pointer and length.
    unsafe {
        let parts = std::slice::from_raw_parts(parts as *const [u64; 2], count as usize);
        context(cx).concat(parts) as u64
    }
}

impl Context {
    /// Concatenates strings given as pointer and length; pointer and length of the result are
    /// the first results. A single non-empty part is not copied: strings never change.
    ///
    /// # Safety
    /// The parts are valid strings.
    pub unsafe fn concat(&mut self, parts: &[[u64; 2]]) -> JitResult {
        let mut total = 0u64;
        let mut last = [0, 0];
        let mut filled = 0;
        for part in parts {
            if part[1] != 0 {
                filled += 1;
                last = *part;
                total += part[1];
            }
        }
        if filled <= 1 {
            self.results[..2].copy_from_slice(&last);
            return JitResult::Ok;
        }
        let Ok(into) = self.heap.alloc(self.program.own.bytes, total as usize) else {
            return self.fault(Fault::OutOfMemory, 0, 0);
        };
        let mut at = into;
        for part in parts {
            // SAFETY: the parts are valid, and together as long as the new object.
            unsafe {
                short::copy(part[0] as *const u8, at, part[1] as usize);
                at = at.add(part[1] as usize);
            }
        }
        if self.heap.wants_gc {
            self.ask_capture();
        }
        self.results[..2].copy_from_slice(&[into as u64, total]);
        JitResult::Ok
    }
}
