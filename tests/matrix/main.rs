//! Every operation that may panic, wait or wake, in each of these cases, in each mode: one test a
//! cell, named `OPERATION::CASE::MODE`. And each pair of operations that wait, one after the other
//! within a deferred call: `deferred::FIRST::SECOND::MODE`.
//!
//! The programs are made here: a cell is a few statements and what they print. What this does not
//! check: how operations meet, beside those pairs; the language tests do that.

mod calls;
mod cell;
mod channels;
mod pairs;
mod ports;
#[path = "../support/mod.rs"]
mod support;

use cell::program_of;
use libtest_mimic::{Arguments, Failed, Trial};
use pairs::{WAITS, pair};
use std::fs;
use std::path::{Path, PathBuf};
use support::{run, vo};

/// The modes of the language tests.
const MODES: &[(&str, &[&str])] = &[
    ("interp", &["--engine=interp"]),
    ("jit", &[]),
    ("suspend", &["--stress=suspend"]),
    ("preempt", &["--stress=preempt"]),
    ("stack", &["--stress=stack"]),
    ("gc", &["--stress=gc"]),
    ("all", &["--stress=all"]),
];

/// What any program here may use.
const IMPORTS: &str = "import (\n\t\"errors\"\n\t\"fmt\"\n\t\"os\"\n\t\"runtime\"\n\t\"time\"\n)\n\
    var _ = errors.New\nvar _ = os.Exit\nvar _ = time.Now\nvar _ = runtime.Gosched\n";

fn main() {
    let mut trials = Vec::new();
    let cells = [channels::CELLS, ports::CELLS, calls::CELLS];
    for cell in cells.into_iter().flatten() {
        let name = format!("{}::{}", cell.operation, cell.case);
        let prints = match cell.prints {
            "" => String::new(),
            prints => format!("{prints}\n"),
        };
        let expected = Expected {
            prints,
            tells: cell.tells,
            status: cell.status,
        };
        let program = program_of(cell);
        add(&mut trials, &name, program, cell.options, &expected);
    }
    for first in WAITS {
        for second in WAITS {
            let name = format!("deferred::{}::{}", first.name, second.name);
            let (program, prints) = pair(first, second);
            let expected = Expected {
                prints,
                tells: "",
                status: 0,
            };
            add(&mut trials, &name, program, &[], &expected);
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// How a program is to end.
#[derive(Clone)]
struct Expected {
    /// All of standard output.
    prints: String,
    /// Something that standard error has.
    tells: &'static str,
    status: i32,
}

/// One test for each mode.
fn add(
    trials: &mut Vec<Trial>,
    name: &str,
    program: String,
    options: &'static [&'static str],
    expected: &Expected,
) {
    let file =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.vo", name.replace("::", "_")));
    fs::write(&file, program).expect("programs can be written");
    // To fill the heap takes too long where every poll stops.
    let slow = |mode: &str| expected.status != 0 && matches!(mode, "preempt" | "gc" | "all");
    for (mode, mode_options) in MODES.iter().filter(|(mode, _)| !slow(mode)) {
        let (file, expected) = (file.clone(), expected.clone());
        let test = move || check(&file, mode_options, options, &expected);
        trials.push(Trial::test(format!("{name}::{mode}"), test));
    }
}

fn check(file: &Path, mode: &[&str], options: &[&str], expected: &Expected) -> Result<(), Failed> {
    let path = file.display().to_string();
    let args: Vec<&str> = ["run", &path]
        .into_iter()
        .chain(mode.iter().chain(options).copied())
        .collect();
    let outcome = run(&mut vo(&args));
    let Expected {
        prints,
        tells,
        status,
    } = expected;
    let as_expected = outcome.status == Some(*status)
        && outcome.stdout == *prints
        && outcome.stderr.contains(tells);
    if outcome.timed_out || !as_expected {
        return Err(format!(
            "status {:?}, expected {status}; timed out: {}\nexpected:\n{prints}\nwritten:\n{}\n\
             expected on standard error:\n{tells}\nstandard error:\n{}\nto replay: cargo run -- {}",
            outcome.status,
            outcome.timed_out,
            outcome.stdout,
            outcome.stderr,
            args.join(" ")
        )
        .into());
    }
    Ok(())
}
