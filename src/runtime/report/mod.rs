//! What a person reads when a program ends badly: uncaught panics, fatal errors, deadlocks.
//!
//! The texts are Go's, less what has no meaning here (addresses, signals); deadlocks tell more than
//! Go's do ([`goroutines`]).

mod goroutines;

use crate::inline::Frame;
use crate::runtime::native::{Value, general_text};
use crate::runtime::outside::inbox::Stop;
use crate::runtime::panic::{KEPT_FRAMES, PanicValue, Panicking};
use crate::runtime::program::Program;
use crate::runtime::sched::Ended;
use crate::runtime::value::name::type_name;
use goroutines::{put_all, put_goroutine, put_origin};
use std::fmt::Write;
use vo_bytecode::{FuncId, TypeKind};

/// The exit status after a panic, a fatal error or a deadlock.
const FAILED: i32 = 2;

/// How many frames of a long trace are shown at either end. A panic's trace keeps no more.
const SHOWN: usize = KEPT_FRAMES / 2;

/// How a program ended, for its user.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// What goes to standard error; empty when all is well.
    pub text: String,
    /// The exit status.
    pub status: i32,
}

/// Tells how a program ended, on which island. The values of an uncaught panic must still be there.
pub fn report(program: &Program, island: u64, ended: &Ended) -> Report {
    let mut text = String::new();
    let status = match ended {
        Ended::Finished => 0,
        Ended::Exit(code) => *code,
        Ended::MainExited => {
            let what = "no goroutines (main called runtime.Goexit) - deadlock!";
            line(&mut text, "fatal error: ", what);
            FAILED
        }
        Ended::Cancelled(Stop::TimeLimit(time)) => {
            let limit = format_args!("fatal error: time limit of {time:?} reached\n");
            put(&mut text, limit);
            FAILED
        }
        Ended::Cancelled(Stop::Asked | Stop::Quit | Stop::Over) => {
            text.push_str("fatal error: cancelled\n");
            FAILED
        }
        Ended::Cancelled(Stop::Interrupt) => FAILED,
        Ended::Quit(all) => {
            text.push_str("SIGQUIT: quit\n");
            put_all(program, all, &mut text);
            FAILED
        }
        Ended::Panic(panicking) => {
            put_panic(program, island, panicking, &mut text);
            FAILED
        }
        Ended::Deadlock(roll) => {
            text.push_str("fatal error: all goroutines are asleep - deadlock!\n");
            if !roll.has_main() {
                text.push_str("main has ended, and these goroutines can never finish:\n");
            }
            put_all(program, roll, &mut text);
            FAILED
        }
    };
    Report { text, status }
}

fn put_panic(program: &Program, island: u64, panicking: &Panicking, text: &mut String) {
    if let PanicValue::Fatal(what) = &panicking.value {
        line(text, "fatal error: ", what);
    } else {
        put_values(program, panicking, text);
    }
    put_goroutine((island, panicking.goroutine), "running", text);
    put_trace(program, &panicking.trace, panicking.elided, text);
    put_origin(program, island, panicking.origin, text);
}

/// The value of a panic, below those of the panics that it has replaced, as Go prints them. A value
/// that was recovered and panicked with again stands there once.
fn put_values(program: &Program, panicking: &Panicking, text: &mut String) {
    let mut chain = vec![panicking];
    while let Some(former) = &chain[chain.len() - 1].former {
        chain.push(former);
    }
    chain.retain(|panicking| panicking.value != PanicValue::Goexit);
    let mut shown: Option<String> = None;
    for (at, panicking) in chain.iter().enumerate().rev() {
        let what = panic_value(program, &panicking.value);
        let again = at.checked_sub(1).is_some_and(|next| {
            panicking.recovered && panic_value(program, &chain[next].value) == what
        });
        let recovered = match (panicking.recovered, again) {
            (true, true) => " [recovered, repanicked]",
            (true, false) => " [recovered]",
            (false, _) => "",
        };
        let indent = if at + 1 < chain.len() { "\t" } else { "" };
        if shown.as_ref() != Some(&what) {
            line(
                text,
                &format!("{indent}panic: "),
                &format!("{what}{recovered}"),
            );
        }
        shown = again.then_some(what);
    }
}

fn panic_value(program: &Program, value: &PanicValue) -> String {
    match value {
        PanicValue::Value(0, _) => "runtime error: panic called with nil argument".into(),
        PanicValue::Value(ty, data) => value_text(program, *ty, *data),
        PanicValue::Fault(_, what)
        | PanicValue::Described(what)
        | PanicValue::Assertion(what)
        | PanicValue::Text(what)
        | PanicValue::Fatal(what) => what.clone(),
        PanicValue::Exit(_) | PanicValue::Goexit => String::new(),
    }
}

/// A line; further lines of what it says are indented, so that nobody takes them for a trace.
fn line(text: &mut String, before: &str, what: &str) {
    text.push_str(before);
    text.push_str(&what.replace('\n', "\n\t"));
    text.push('\n');
}

/// A panic's value as Go prints it: numbers and texts as they are, within their type's name where
/// they have one of their own; others as their type and address.
fn value_text(program: &Program, type_word: u64, data: u64) -> String {
    let types = &program.module.types;
    // SAFETY: the value that was panicked with; nothing was collected since.
    let Some(value) = (unsafe { Value::of_iface(type_word, data) }) else {
        return "nil".into();
    };
    let plain = match types.kind(value.ty) {
        TypeKind::F32 => general_text(value.float(types), 32),
        TypeKind::F64 => general_text(value.float(types), 64),
        _ => {
            let mut bytes = Vec::new();
            // SAFETY: as above.
            unsafe { value.print_plain(types, &mut bytes) };
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    let name = type_name(types, value.ty);
    if !name.contains('.') {
        return plain;
    }
    match types.kind(value.ty) {
        TypeKind::String => format!("{name}(\"{plain}\")"),
        TypeKind::Bool | TypeKind::Int(_) | TypeKind::F32 | TypeKind::F64 => {
            format!("{name}({plain})")
        }
        _ => plain,
    }
}

/// The frames of a goroutine, so many of which were forgotten in the middle.
fn put_trace(program: &Program, frames: &[Frame], elided: usize, text: &mut String) {
    if elided == 0 && frames.len() <= 2 * SHOWN {
        return put_frames(program, frames, text);
    }
    put_frames(program, &frames[..SHOWN], text);
    text.push_str("...additional frames elided...\n");
    put_frames(program, &frames[frames.len() - SHOWN..], text);
}

fn put_frames(program: &Program, frames: &[Frame], text: &mut String) {
    for frame in program.shown_frames(frames) {
        let function = program.module.func(frame.func);
        let file = file_of(program, frame.func);
        put(
            text,
            format_args!("{}(...)\n\t{file}:{}\n", function.name, frame.line),
        );
    }
}

fn file_of(program: &Program, func: FuncId) -> &str {
    let file = program.module.func(func).file;
    program
        .module
        .files
        .get(file as usize)
        .map_or("?", |file| file)
}

fn put(text: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(args);
}
