//! Whatever the source, the whole front end comes to an end, soon, and without a panic: programs with changes
//! at random (`mutated`), and programs that are extreme in one way (`extreme`).
//!
//! `PROPTEST_CASES=100000 cargo test -p vo-lang --test robust` looks longer for trouble.

mod extreme;
mod mutated;

use std::time::{Duration, Instant};

use vo_lang::compile::compile_source;
use vo_lang::diag::Code;

/// The time that a source of that many bytes may take: a second for each megabyte begun.
fn time_for(bytes: usize) -> Duration {
    Duration::from_secs(1 + bytes as u64 / 1_000_000)
}

/// Compiles a source and shows its errors. Gives what is wrong with how the compiler bore it.
fn fault(text: &[u8]) -> Option<String> {
    let start = processor_time();
    let outcome = compile_source("main.vo", text);
    let wrong = match outcome {
        Ok(module) => {
            let errors = vo_bytecode::verify::verify(&module).err();
            errors.map(|errors| format!("the module is not sound: {}", errors[0]))
        }
        Err(failure) => {
            let shown = failure.render(false);
            let unexpected = |code: Code| {
                let diagnostics = failure.diagnostics.sorted();
                diagnostics.iter().any(|diagnostic| diagnostic.code == code)
            };
            // Neither may happen: a feature that is not supported, and something that no error explains.
            let strange = unexpected(Code::E0900) || unexpected(Code::E0999);
            (strange || shown.is_empty()).then(|| format!("not explained: {shown}"))
        }
    };
    let taken = processor_time().saturating_sub(start);
    wrong.or_else(|| (taken > time_for(text.len())).then(|| format!("it took {taken:?}")))
}

/// The time that this thread has spent on a processor, where the system tells, so that a busy machine does not
/// count; else any growing time.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse().ok());
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    nanos.map_or_else(
        || START.get_or_init(Instant::now).elapsed(),
        Duration::from_nanos,
    )
}
