//! Strings and their conversions.

use super::memory::{Exhausted, bytes, done, put};
use super::slices::round_up;
use super::utf8;
use crate::runtime::context::{Context, JitResult};
use crate::runtime::short;
use std::mem::MaybeUninit;

/// `str.eq`
pub fn str_eq(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: two strings.
    rets[0] = u64::from(unsafe { bytes(args, 0) == bytes(args, 2) });
    JitResult::Ok
}

/// `str.cmp`
pub fn str_cmp(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: two strings.
    let ordering = unsafe { short::compare(bytes(args, 0), bytes(args, 2)) };
    rets[0] = ordering as i64 as u64;
    JitResult::Ok
}

/// `str.from_rune`
pub fn str_from_rune(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let mut buffer = [0; 4];
    let text = utf8::character(args[0] as i64).encode_utf8(&mut buffer);
    done(cx.put_string(text.as_bytes(), rets))
}

/// `str.to_bytes`
pub fn str_to_bytes(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    let text = unsafe { bytes(args, 0) };
    let cap = round_up(text.len(), true);
    done(cx.new_bytes(text, cap).map(|to| {
        put(rets, &[to as u64, text.len() as u64, cap as u64]);
    }))
}

/// `str.from_bytes`
pub fn str_from_bytes(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a byte slice.
    let text = unsafe { bytes(args, 0) };
    done(cx.put_string(text, rets))
}

/// `str.to_runes`
pub fn str_to_runes(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    let text = unsafe { bytes(args, 0) };
    done(put_runes(cx, text, rets))
}

/// Texts of so many bytes are decoded once, into this many runes on the stack.
const FEW: usize = 64;

fn put_runes(cx: &mut Context, text: &[u8], rets: &mut [u64]) -> Result<(), Exhausted> {
    let mut few = [const { MaybeUninit::<u32>::uninit() }; FEW];
    let (len, decoded) = if text.len() <= FEW {
        let mut len = 0;
        for (to, rune) in few.iter_mut().zip(utf8::runes(text)) {
            to.write(rune);
            len += 1;
        }
        (len, true)
    } else {
        (utf8::runes(text).count(), false)
    };
    let size = round_up(len * 4, true);
    let to = cx.new_object(cx.program.own.bytes, size)?.cast::<u32>();
    if decoded {
        // SAFETY: so many runes were written, there is room for them, and objects are aligned to 8.
        unsafe { short::copy(few.as_ptr().cast(), to.cast(), len * 4) };
    } else {
        for (at, rune) in utf8::runes(text).enumerate() {
            // SAFETY: `at < len`, otherwise as above.
            unsafe { to.add(at).write(rune) };
        }
    }
    put(rets, &[to as u64, len as u64, (size / 4) as u64]);
    Ok(())
}

/// `str.from_runes`
pub fn str_from_runes(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let runes: &[i32] = match args[1] {
        0 => &[],
        // SAFETY: a slice of so many runes.
        len => unsafe { std::slice::from_raw_parts(args[0] as *const i32, len as usize) },
    };
    let characters = || runes.iter().map(|rune| utf8::character(i64::from(*rune)));
    let len = characters().map(char::len_utf8).sum();
    done(cx.new_object(cx.program.own.bytes, len).map(|to| {
        let mut at = to;
        for character in characters() {
            let mut buffer = [0; 4];
            let text = character.encode_utf8(&mut buffer);
            // SAFETY: all characters together have the length of the new object.
            unsafe {
                at.copy_from_nonoverlapping(text.as_ptr(), text.len());
                at = at.add(text.len());
            }
        }
        put(rets, &[to as u64, len as u64]);
    }))
}

/// `str.decode_rune`
pub fn str_decode_rune(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    let text = unsafe { bytes(args, 0) };
    let rest = text.get(args[2] as usize..).unwrap_or(&[]);
    let (rune, width) = utf8::decode(rest);
    put(rets, &[u64::from(rune), width as u64]);
    JitResult::Ok
}
