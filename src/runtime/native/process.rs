//! The scheduler as programs see it, and the process.

use super::memory::{Exhausted, bytes, done, put};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::panic::PanicValue;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use vo_bytecode::{TypeId, TypeKind};

/// `runtime.Gosched`
pub fn gosched(cx: &mut Context, _: u32, _: &[u64], _: &mut [u64]) -> JitResult {
    let fiber = cx.current;
    // SAFETY: the running fiber is in no queue.
    unsafe { cx.push(fiber) };
    JitResult::WaitIo
}

/// `runtime.callers`: the goroutine lets itself be captured, so that its frames can be seen.
pub fn callers(cx: &mut Context, ty: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    cx.attention.callers.push(cx.current);
    let result = gosched(cx, ty, args, rets);
    cx.attend();
    result
}

/// What came of `runtime.callers`.
pub fn callers_arrived(cx: &mut Context, _: u32, rets: &mut [u64]) -> JitResult {
    let fiber = cx.current;
    let found = cx.callers.iter().position(|(whose, _)| *whose == fiber);
    let frames = found.map_or(Vec::new(), |at| cx.callers.swap_remove(at).1);
    let program = cx.program.clone();
    let mut text = String::new();
    for frame in program.shown_frames(&frames) {
        let function = program.module.func(frame.func);
        let file = program.module.files.get(function.file as usize);
        let file = file.map_or("?", |file| file);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}\n{file}\n{}", function.name, frame.line);
    }
    done(cx.put_string(text.as_bytes(), rets))
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

/// `os.writeFd`: the count, or a negative error number.
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
    let result = match cx.output.error_number() {
        _ if !known => -i64::from(libc::EBADF),
        0 => text.len() as i64,
        error => -i64::from(error),
    };
    rets[0] = result as u64;
    JitResult::Ok
}

/// `os.args`; the type operand is the slice type or its element type.
pub fn args(cx: &mut Context, ty: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    let texts = cx.options.args.clone();
    done(put_strings(
        cx,
        ty,
        texts.iter().map(String::as_bytes),
        rets,
    ))
}

/// `os.environ`; the type operand as for [`args`].
pub fn environ(cx: &mut Context, ty: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    let pair =
        |(name, value): (OsString, OsString)| [name.as_bytes(), value.as_bytes()].join(&b'=');
    let texts: Vec<Vec<u8>> = std::env::vars_os().map(pair).collect();
    done(put_strings(cx, ty, texts.iter().map(Vec::as_slice), rets))
}

/// A `[]string`; the type is the slice type or its element type.
fn put_strings<'a>(
    cx: &mut Context,
    ty: u32,
    texts: impl ExactSizeIterator<Item = &'a [u8]>,
    rets: &mut [u64],
) -> Result<(), Exhausted> {
    let string = match cx.program.module.types.kind(TypeId(ty)) {
        TypeKind::Slice(element) => *element,
        _ => TypeId(ty),
    };
    let count = texts.len();
    let row = cx.new_row(string, 16, count)?.cast::<u64>();
    for (at, text) in texts.enumerate() {
        let mut words = [0; 2];
        cx.put_string(text, &mut words)?;
        // SAFETY: string `at` of a row of `count`.
        unsafe { row.add(2 * at).cast::<[u64; 2]>().write(words) };
    }
    put(rets, &[row as u64, count as u64, count as u64]);
    Ok(())
}

/// `os.processText`; empty where the system does not tell.
pub fn text(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let path = |path: io::Result<PathBuf>| path.unwrap_or_default().into_os_string().into_vec();
    let text = match args[0] {
        0 => rustix::system::uname().nodename().to_bytes().to_vec(),
        1 => path(std::env::current_exe()),
        _ => path(std::env::current_dir()),
    };
    done(cx.put_string(&text, rets))
}

/// `os.processNumber`
pub fn number(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    use rustix::process as p;
    rets[0] = match args[0] {
        0 => u64::from(std::process::id()),
        1 => p::getppid().map_or(0, |parent| parent.as_raw_nonzero().get() as u64),
        2 => u64::from(p::getuid().as_raw()),
        3 => u64::from(p::geteuid().as_raw()),
        4 => u64::from(p::getgid().as_raw()),
        _ => u64::from(p::getegid().as_raw()),
    };
    JitResult::Ok
}
