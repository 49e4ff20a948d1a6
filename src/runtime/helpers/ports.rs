//! Helpers for islands and ports.

use super::context;
use crate::runtime::context::Context;
use crate::runtime::port::Port;
use crate::runtime::world::handle::{Handle, Target};
use vo_bytecode::{FuncId, TypeId};

/// # Safety
/// As for all helpers: called by the native code of this context, with values of the types that
/// the verifier has seen.
pub(super) unsafe extern "C" fn island_new(cx: *mut Context) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { context(cx).make_island() as u64 }
}

#[allow(
    clippy::too_many_arguments,
    reason = "an instruction with so many operands"
)]
pub(super) unsafe extern "C" fn go_island(
    cx: *mut Context,
    island: u64,
    func: u64,
    closure: u64,
    ty: u64,
    words: u64,
    count: u64,
    origin: u64,
) -> u64 {
    let target = match closure {
        0 => Target::Func(FuncId(func as u32)),
        closure => Target::Closure(closure),
    };
    // SAFETY: as for `island_new`; there are so many words at the address.
    unsafe {
        let args = std::slice::from_raw_parts(words as *const u64, count as usize);
        let (island, ty) = (island as *const Handle, TypeId(ty as u32));
        context(cx).go_island(island, target, ty, args, origin as u32) as u64
    }
}

pub(super) unsafe extern "C" fn port_new(cx: *mut Context, ty: u64, cap: u64) -> u64 {
    // SAFETY: as for `island_new`.
    unsafe { context(cx).make_port(TypeId(ty as u32), cap as i64) as u64 }
}

pub(super) unsafe extern "C" fn port_send(cx: *mut Context, port: u64, words: u64) -> u64 {
    // SAFETY: as for `island_new`.
    unsafe { context(cx).port_send(port as *mut Port, words as *const u64) as u64 }
}

pub(super) unsafe extern "C" fn port_recv(cx: *mut Context, port: u64) -> u64 {
    // SAFETY: as for `island_new`.
    unsafe { context(cx).port_recv(port as *mut Port) as u64 }
}

pub(super) unsafe extern "C" fn port_close(cx: *mut Context, port: u64) -> u64 {
    // SAFETY: as for `island_new`.
    unsafe { context(cx).port_close(port as *mut Port) as u64 }
}

pub(super) unsafe extern "C" fn port_len(_: *mut Context, port: u64) -> u64 {
    // SAFETY: as for `island_new`.
    unsafe { Context::port_len(port as *mut Port) }
}

pub(super) unsafe extern "C" fn port_cap(_: *mut Context, port: u64) -> u64 {
    // SAFETY: as for `island_new`.
    unsafe { Context::port_cap(port as *mut Port) }
}
