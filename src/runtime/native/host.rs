//! The functions of `internal/hostcall`: arguments, calls and results of host functions (see
//! [`crate::runtime::hostcall`]).

use super::memory::{Exhausted, bytes, done, put};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::hostcall::Value;

/// `internal/hostcall.check`: panics where the program was compiled for other functions.
pub fn check(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    // SAFETY: the argument is a string.
    let wanted = unsafe { bytes(args, 0) };
    if cx.outside.host.table.fingerprint.as_bytes() == wanted {
        return JitResult::Ok;
    }
    cx.plain_fault("the program was compiled for other host functions than it is run with")
}

/// `internal/hostcall.passInt`
pub fn pass_int(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    cx.outside.host.args.push(Value::Int(args[0] as i64));
    JitResult::Ok
}

/// `internal/hostcall.passFloat`
pub fn pass_float(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let value = Value::Float(f64::from_bits(args[0]));
    cx.outside.host.args.push(value);
    JitResult::Ok
}

/// `internal/hostcall.passString` and `passBytes`
pub fn pass_bytes(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    // SAFETY: the argument is a string or a byte slice.
    let text = unsafe { bytes(args, 0) }.to_vec();
    cx.outside.host.args.push(Value::Bytes(text));
    JitResult::Ok
}

/// `internal/hostcall.call` and `await`
pub fn call(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    cx.call_host(args[0] as usize)
}

/// The second half of `await`.
pub fn answered(cx: &mut Context, _: u32, _: &mut [u64]) -> JitResult {
    cx.host_answered()
}

/// `internal/hostcall.int`
pub fn int(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = match cx.outside.host.results.get(args[0] as usize) {
        Some(Value::Int(value)) => *value as u64,
        _ => 0,
    };
    JitResult::Ok
}

/// `internal/hostcall.float`
pub fn float(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = match cx.outside.host.results.get(args[0] as usize) {
        Some(Value::Float(value)) => value.to_bits(),
        _ => 0,
    };
    JitResult::Ok
}

fn take_bytes(cx: &mut Context, at: u64) -> Vec<u8> {
    match cx.outside.host.results.get_mut(at as usize) {
        Some(Value::Bytes(bytes)) => std::mem::take(bytes),
        _ => Vec::new(),
    }
}

/// `internal/hostcall.string`
pub fn string(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let text = take_bytes(cx, args[0]);
    done(cx.put_string(&text, rets))
}

/// `internal/hostcall.bytes`
pub fn byte_slice(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let data = take_bytes(cx, args[0]);
    done(put_bytes(cx, &data, rets))
}

fn put_bytes(cx: &mut Context, data: &[u8], rets: &mut [u64]) -> Result<(), Exhausted> {
    let row = cx.new_bytes(data, 0)? as u64;
    put(rets, &[row, data.len() as u64, data.len() as u64]);
    Ok(())
}

/// `internal/hostcall.failed`
pub fn failed(cx: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = u64::from(cx.outside.host.failure.is_some());
    JitResult::Ok
}

/// `internal/hostcall.failure`
pub fn failure(cx: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    let text = cx.outside.host.failure.take().unwrap_or_default();
    done(cx.put_string(text.as_bytes(), rets))
}
