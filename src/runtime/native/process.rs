//! The scheduler as programs see it, time, and the process.

use super::memory::{Exhausted, bytes, done, put};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::fiber::State;
use crate::runtime::panic::PanicValue;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use vo_bytecode::{TypeId, TypeKind};

/// The furthest that a goroutine sleeps; longer sleeps are as good as this one.
const LONGEST_SLEEP: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// `runtime.Gosched`
pub fn gosched(cx: &mut Context, _: u32, _: &[u64], _: &mut [u64]) -> JitResult {
    let fiber = cx.current;
    // SAFETY: the running fiber is in no queue.
    unsafe { cx.push(fiber) };
    JitResult::WaitIo
}

/// `runtime.NumGoroutine`
pub fn num_goroutine(cx: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = cx.goroutines;
    JitResult::Ok
}

/// `runtime.GC`
pub fn gc(cx: &mut Context, ty: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    cx.attention.collect = true;
    let result = gosched(cx, ty, args, rets);
    cx.attend();
    result
}

/// `runtime.heapBytes`
pub fn heap_bytes(cx: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = cx.heap.stats().in_use as u64;
    JitResult::Ok
}

/// `internal/sys.random`
pub fn random(cx: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = cx.random();
    JitResult::Ok
}

/// `time.sleep`
pub fn sleep(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let nanos = args[0] as i64;
    if nanos <= 0 {
        return JitResult::Ok;
    }
    let time = Duration::from_nanos(nanos as u64).min(LONGEST_SLEEP);
    let fiber = cx.current;
    // SAFETY: the running fiber is in no queue; from now on it is in the timers alone.
    unsafe { (*fiber).state = State::Sleeping };
    cx.timers.add(Instant::now() + time, fiber);
    JitResult::WaitIo
}

/// `time.wallNanos`
pub fn wall_nanos(_: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as u64,
        Err(before) => (before.duration().as_nanos() as i64).wrapping_neg() as u64,
    };
    JitResult::Ok
}

/// `time.monoNanos`
pub fn mono_nanos(_: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    /// The clock's origin; not 0 at the first call, so that programs can tell a time from none.
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    rets[0] = START.elapsed().as_nanos() as u64 + 1;
    JitResult::Ok
}

/// `os.Exit`
pub fn exit(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    cx.output.flush();
    let code = args[0] as i32;
    cx.panic(PanicValue::Exit(code))
}

/// `runtime.Goexit`
pub fn goexit(cx: &mut Context, _: u32, _: &[u64], _: &mut [u64]) -> JitResult {
    cx.panic(PanicValue::Goexit)
}

/// `os.writeFd`: the count, or -1 where the descriptor is none of ours or writing fails.
pub fn write_fd(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a byte slice behind the descriptor.
    let text = unsafe { bytes(args, 1) };
    let known = match args[0] {
        1 => {
            cx.output.write(text);
            true
        }
        2 => {
            cx.output.write_err(text);
            true
        }
        _ => false,
    };
    rets[0] = if known && !cx.output.has_failed() {
        text.len() as u64
    } else {
        -1i64 as u64
    };
    JitResult::Ok
}

/// `os.args`; the type operand is the slice type or its element type.
pub fn args(cx: &mut Context, ty: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    let element = match cx.program.module.types.kind(TypeId(ty)) {
        TypeKind::Slice(element) => *element,
        _ => TypeId(ty),
    };
    done(put_args(cx, element, rets))
}

fn put_args(cx: &mut Context, string: TypeId, rets: &mut [u64]) -> Result<(), Exhausted> {
    let count = cx.options.args.len();
    let row = cx.new_row(string, 16, count)?.cast::<u64>();
    for at in 0..count {
        let mut words = [0; 2];
        let text = std::mem::take(&mut cx.options.args[at]);
        let put = cx.put_string(text.as_bytes(), &mut words);
        cx.options.args[at] = text;
        put?;
        // SAFETY: string `at` of a row of `count`.
        unsafe { row.add(2 * at).cast::<[u64; 2]>().write(words) };
    }
    put(rets, &[row as u64, count as u64, count as u64]);
    Ok(())
}
