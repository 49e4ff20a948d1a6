//! What a person reads when a program ends badly: uncaught panics, fatal errors, deadlocks.
//!
//! The texts are Go's, less what has no meaning here (addresses, signals).

use super::fiber::State;
use super::native::{Value, general_text};
use super::outside::inbox::Stop;
use super::panic::{KEPT_FRAMES, PanicValue, Panicking};
use super::program::Program;
use super::sched::{Ended, Stuck};
use super::value::name::type_name;
use crate::inline::Frame;
use std::fmt::Write;
use vo_bytecode::{Inst, TypeKind};

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
        Ended::Cancelled(Stop::TimeLimit(time)) => {
            let limit = format_args!("fatal error: time limit of {time:?} reached\n");
            put(&mut text, limit);
            FAILED
        }
        Ended::Cancelled(Stop::Asked | Stop::Quit | Stop::Over) => {
            text.push_str("fatal error: cancelled\n");
            FAILED
        }
        Ended::Quit(all) => {
            text.push_str("SIGQUIT: quit\n");
            put_all(program, all, &mut text);
            FAILED
        }
        Ended::Panic(panicking) => {
            put_panic(program, island, panicking, &mut text);
            FAILED
        }
        Ended::Deadlock(stuck) => {
            text.push_str("fatal error: all goroutines are asleep - deadlock!\n");
            put_all(program, stuck, &mut text);
            FAILED
        }
    };
    Report { text, status }
}

fn put_all(program: &Program, all: &[Stuck], text: &mut String) {
    for stuck in all {
        let mut state = reason(program, stuck).to_owned();
        if let Some((outside, since)) = stuck.outside {
            state = outside.text().to_owned();
            let minutes = since.elapsed().as_secs() / 60;
            if minutes > 0 {
                put(&mut state, format_args!(", {minutes} minutes"));
            }
        }
        let who = (stuck.island, stuck.goroutine);
        put_goroutine(program, who, &state, &stuck.frames, 0, text);
    }
}

fn put_panic(program: &Program, island: u64, panicking: &Panicking, text: &mut String) {
    if let PanicValue::Fatal(what) = &panicking.value {
        line(text, "fatal error: ", what);
    } else {
        put_values(program, panicking, text);
    }
    put_goroutine(
        program,
        (island, panicking.goroutine),
        "running",
        &panicking.trace,
        panicking.elided,
        text,
    );
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
        PanicValue::Fault(what)
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

fn put_goroutine(
    program: &Program,
    (island, id): (u64, u32),
    state: &str,
    frames: &[Frame],
    elided: usize,
    text: &mut String,
) {
    match island {
        0 => put(text, format_args!("\ngoroutine {id} [{state}]:\n")),
        _ => put(
            text,
            format_args!("\ngoroutine {id} of island {island} [{state}]:\n"),
        ),
    }
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
        let file = program
            .module
            .files
            .get(function.file as usize)
            .map_or("?", |file| file);
        put(
            text,
            format_args!("{}(...)\n\t{file}:{}\n", function.name, frame.line),
        );
    }
}

/// What a goroutine waits for, in Go's words.
fn reason(program: &Program, stuck: &Stuck) -> &'static str {
    match stuck.state {
        State::Sending => "chan send",
        State::Receiving => "chan receive",
        State::Selecting => "select",
        State::Sleeping => "sleep",
        State::PortSending => "port send",
        State::PortReceiving => "port receive",
        State::Starting => "go @",
        State::Outside => "IO wait",
        State::Forever => forever(program, stuck),
        State::Ready | State::Free | State::Case => "runnable",
    }
}

/// What a goroutine that waits for ever does, by the operation on its line.
fn forever(program: &Program, stuck: &Stuck) -> &'static str {
    let Some(frame) = stuck.frames.first() else {
        return "select (no cases)";
    };
    let function = program.module.func(frame.func);
    let on_line = function
        .code
        .iter()
        .zip(&function.lines)
        .filter(|(_, line)| **line == frame.line);
    let mut reasons = on_line.filter_map(|(inst, _)| match inst {
        Inst::ChanSend { .. } => Some("chan send (nil chan)"),
        Inst::ChanRecv { .. } => Some("chan receive (nil chan)"),
        Inst::PortSend { .. } => Some("port send (nil port)"),
        Inst::PortRecv { .. } => Some("port receive (nil port)"),
        Inst::SelectExec { .. } => Some("select (no cases)"),
        _ => None,
    });
    reasons.next().unwrap_or("select (no cases)")
}

fn put(text: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(args);
}
