//! The text of an uncaught panic's value, where the program's own code makes it.
//!
//! Go prints an error by its `Error` method and a Stringer by its `String` method. Such a method
//! is Vo code, so it runs as a goroutine of its own, once the panicking one has ended.

use super::context::Context;
use super::panic::{PanicValue, Panicking};
use super::record::Record;
use super::sched::{Executor, Ran};
use vo_bytecode::PANIC_TEXT;

/// Replaces a panic value that has a text of its own by that text.
///
/// Other goroutines do not run meanwhile; a method that waits, or panics, leaves the value as it
/// is.
pub fn describe(cx: &mut Context, executor: &mut dyn Executor, panicking: &mut Panicking) {
    let mut next = Some(panicking);
    while let Some(panicking) = next {
        describe_one(cx, executor, panicking);
        next = panicking.former.as_deref_mut();
    }
}

fn describe_one(cx: &mut Context, executor: &mut dyn Executor, panicking: &mut Panicking) {
    let PanicValue::Value(type_word, data) = panicking.value else {
        return;
    };
    let Some(func) = cx.program.module.find_func(PANIC_TEXT) else {
        return;
    };
    let Some(index) = type_word.checked_sub(1) else {
        return;
    };
    if cx.program.module.types.types[index as usize]
        .methods
        .is_empty()
    {
        return;
    }
    cx.forget_ready();
    let fiber = executor.new_fiber(cx, func, &[type_word, data]);
    if fiber.is_null() {
        return;
    }
    // SAFETY: a fresh fiber is in no queue.
    unsafe { cx.push(fiber) };
    if let Some(text) = run_to_end(cx, executor) {
        panicking.value = PanicValue::Described(text);
    }
    // Should the method have panicked itself.
    cx.panicking = None;
}

/// Runs the only ready fiber; the text that it has returned.
fn run_to_end(cx: &mut Context, executor: &mut dyn Executor) -> Option<String> {
    let live = cx.goroutines;
    let results = Record::words(cx.exit_record);
    // SAFETY: the exit record has room for any results, and is always valid.
    unsafe { *results = 0 };
    loop {
        match executor.run(cx) {
            Ran::Attention => cx.attention = Default::default(),
            Ran::Idle if cx.goroutines < live => break,
            Ran::Idle | Ran::MainEnded | Ran::Panicked => return None,
        }
    }
    // SAFETY: the function has returned a string, whose words the exit record received.
    unsafe {
        let (pointer, length) = (*results as *const u8, *results.add(1) as usize);
        if pointer.is_null() {
            return None;
        }
        let bytes = std::slice::from_raw_parts(pointer, length);
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}
