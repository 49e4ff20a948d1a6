//! Helpers for interfaces and the functions behind `CallRt`.

use super::context;
use crate::runtime::context::{Context, JitResult, RESULT_WORDS};
use crate::runtime::native::{self, MAX_RESULTS};
use vo_bytecode::{RtFn, TypeId};

/// # Safety
/// As for all helpers: called by the native code of this context, with values of the types that
/// the verifier has seen.
pub(super) unsafe extern "C" fn iface_eq(
    cx: *mut Context,
    type_a: u64,
    data_a: u64,
    type_b: u64,
    data_b: u64,
) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { context(cx).equal_ifaces([type_a, data_a], [type_b, data_b]) as u64 }
}

pub(super) unsafe extern "C" fn implements(
    cx: *mut Context,
    type_word: u64,
    interface: u64,
) -> u64 {
    if type_word == 0 {
        return 0;
    }
    // SAFETY: as for `iface_eq`.
    let cx = unsafe { context(cx) };
    let ty = TypeId((type_word - 1) as u32);
    u64::from(cx.program.implements(ty, TypeId(interface as u32)))
}

pub(super) unsafe extern "C" fn native_arrived(cx: *mut Context, function: u64, ty: u64) -> u64 {
    // SAFETY: as for `iface_eq`.
    let cx = unsafe { context(cx) };
    let function = RtFn::ALL[function as usize];
    let mut results = [0; MAX_RESULTS];
    let rets = &mut results[..function.sig().results.len()];
    let status = native::second_half(function)(cx, ty as u32, rets);
    cx.results[..MAX_RESULTS].copy_from_slice(&results);
    if cx.heap.wants_gc {
        cx.ask_capture();
    }
    status as u64
}

const _: () = assert!(MAX_RESULTS <= RESULT_WORDS);

/// Comparison in all its cases, for native code and the interpreter alike.
impl Context {
    /// Compares two interfaces; the first result is the answer.
    ///
    /// # Safety
    /// Both are valid interfaces.
    pub unsafe fn equal_ifaces(&mut self, a: [u64; 2], b: [u64; 2]) -> JitResult {
        // SAFETY: the caller's promise.
        match unsafe { self.program.maps.values().iface_eq(a, b) } {
            Ok(equal) => {
                self.results[0] = u64::from(equal);
                JitResult::Ok
            }
            Err(why) => {
                let text = why.comparing(&self.program.module.types);
                self.error(text)
            }
        }
    }
}
