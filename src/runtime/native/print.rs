//! `print` and `println`: operands in their plain decimal or text form.

use super::memory::bytes;
use super::numbers::plain_text;
use super::value::Value;
use crate::runtime::context::{Context, JitResult};
use crate::runtime::panic::PanicValue;

/// `print.str`
pub fn print_str(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    cx.output.write(unsafe { bytes(args, 0) });
    JitResult::Ok
}

fn print(cx: &mut Context, text: &str) -> JitResult {
    cx.output.write(text.as_bytes());
    JitResult::Ok
}

/// `print.int`
pub fn print_int(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    print(cx, &(args[0] as i64).to_string())
}

/// `print.uint`
pub fn print_uint(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    print(cx, &args[0].to_string())
}

/// `print.f64`
pub fn print_f64(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    print(cx, &plain_text(f64::from_bits(args[0]), 64))
}

/// `print.f32`
pub fn print_f32(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    print(
        cx,
        &plain_text(f64::from(f32::from_bits(args[0] as u32)), 32),
    )
}

/// `print.bool`
pub fn print_bool(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    print(cx, if args[0] != 0 { "true" } else { "false" })
}

/// `print.ref`
pub fn print_ref(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    if args[0] == 0 {
        print(cx, "nil")
    } else {
        print(cx, &format!("{:#x}", args[0]))
    }
}

/// `print.any`
pub fn print_any(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    // SAFETY: the two words of an interface.
    let value = unsafe { Value::of_iface(args[0], args[1]) };
    let mut text = Vec::new();
    match value {
        // SAFETY: the value is valid while no collection runs.
        Some(value) => unsafe { value.print_plain(&cx.program.module.types, &mut text) },
        None => text.extend_from_slice(b"nil"),
    }
    cx.output.write(&text);
    JitResult::Ok
}

/// `panic.index`
pub fn index_fault(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    cx.index_fault(args[0], args[1])
}

/// `assert.failed`
pub fn assert_failed(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    let text = String::from_utf8_lossy(unsafe { bytes(args, 0) });
    let all = if text.is_empty() {
        "assertion failed".into()
    } else {
        format!("assertion failed: {text}")
    };
    cx.panic(PanicValue::Text(all))
}
