//! Searching in strings, by the vector instructions that `memchr` knows to use.

use super::memory::bytes;
use super::utf8;
use crate::runtime::context::{Context, JitResult};
use memchr::memmem;

/// A place in a string as programs see it.
fn place(found: Option<usize>) -> u64 {
    found.map_or(-1i64 as u64, |at| at as u64)
}

/// `internal/bytealg.index`
pub fn index(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: two strings.
    let (text, part) = unsafe { (bytes(args, 0), bytes(args, 2)) };
    rets[0] = place(match part {
        [byte] => memchr::memchr(*byte, text),
        _ => memmem::find(text, part),
    });
    JitResult::Ok
}

/// `internal/bytealg.lastIndex`
pub fn last_index(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: two strings.
    let (text, part) = unsafe { (bytes(args, 0), bytes(args, 2)) };
    rets[0] = place(memmem::rfind(text, part));
    JitResult::Ok
}

/// `internal/bytealg.indexByte`
pub fn index_byte(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    rets[0] = place(memchr::memchr(args[2] as u8, unsafe { bytes(args, 0) }));
    JitResult::Ok
}

/// `internal/bytealg.lastIndexByte`
pub fn last_index_byte(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    rets[0] = place(memchr::memrchr(args[2] as u8, unsafe { bytes(args, 0) }));
    JitResult::Ok
}

/// `internal/bytealg.count`
pub fn count(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: two strings.
    let (text, part) = unsafe { (bytes(args, 0), bytes(args, 2)) };
    rets[0] = match part {
        [byte] => memchr::memchr_iter(*byte, text).count(),
        _ => memmem::find_iter(text, part).count(),
    } as u64;
    JitResult::Ok
}

/// `internal/bytealg.runeCount`
pub fn rune_count(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    let text = unsafe { bytes(args, 0) };
    rets[0] = match str::from_utf8(text) {
        Ok(valid) => valid.chars().count(),
        Err(_) => utf8::runes(text).count(),
    } as u64;
    JitResult::Ok
}
