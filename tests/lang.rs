//! Every language test and every example, on the interpreter, on native code, and on native code
//! under each stress mode. One program in one mode is one test, named `MODE::PATH`.
//!
//! `cargo test --test lang -- jit::tests/lang/maps` runs the tests of one topic in one mode. The
//! form of the programs is told by `tests/lang/README.md`. What this does not check: programs
//! whose output depends on chance or time.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use support::{LIMIT, run, vo};
use tinyjson::JsonValue;

/// A way to run a program.
struct Mode {
    name: &'static str,
    options: &'static [&'static str],
    native: bool,
    /// It stops at every poll, which is too slow for heavy programs.
    stops_always: bool,
}

const fn mode(
    name: &'static str,
    options: &'static [&'static str],
    native: bool,
    stops_always: bool,
) -> Mode {
    Mode {
        name,
        options,
        native,
        stops_always,
    }
}

const MODES: &[Mode] = &[
    mode("interp", &["--engine=interp"], false, false),
    mode("jit", &[], true, false),
    mode("suspend", &["--stress=suspend"], true, false),
    mode("preempt", &["--stress=preempt"], true, true),
    mode("stack", &["--stress=stack"], true, false),
    mode("gc", &["--stress=gc"], true, true),
    mode("all", &["--stress=all"], true, true),
];

/// Examples that are heavy in the sense of the language tests; examples have no header, they are
/// there to be read.
const HEAVY_EXAMPLES: &[&str] = &["skynet"];

fn main() {
    let mut trials = Vec::new();
    for file in programs("tests/lang")
        .into_iter()
        .chain(programs("tests/programs"))
        .chain(programs("examples"))
    {
        let name = file.display().to_string();
        if file.starts_with("tests/lang/errors") {
            trials.push(Trial::test(format!("check::{name}"), move || {
                check_errors(&file)
            }));
            continue;
        }
        let source = fs::read_to_string(main_file(&file)).expect("programs can be read");
        let header = Header::parse(&source, &file);
        for mode in MODES
            .iter()
            .filter(|mode| !(header.heavy && mode.stops_always))
        {
            let (file, header) = (file.clone(), header.clone());
            let test = move || check_run(&file, &header, mode);
            trials.push(Trial::test(format!("{}::{name}", mode.name), test));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// All programs below a folder, in order; paths from the repository's root. A folder with a file
/// `main.vo` is one program.
fn programs(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folders of tests can be read") {
            let path = entry.expect("folders of tests can be read").path();
            if path.join("main.vo").is_file() {
                found.push(path);
            } else if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "vo") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The file of a program that has its header.
fn main_file(program: &Path) -> PathBuf {
    if program.is_dir() {
        program.join("main.vo")
    } else {
        program.to_path_buf()
    }
}

/// The source files of a program, in order; those of its packages too.
fn files_of(program: &Path) -> Vec<PathBuf> {
    if program.is_file() {
        return vec![program.to_path_buf()];
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(program).expect("folders of tests can be read") {
        let path = entry.expect("folders of tests can be read").path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "vo") {
            found.extend(files_of(&path));
        }
    }
    found.sort();
    found
}

/// What the first lines of a program say about it.
#[derive(Clone, Default)]
struct Header {
    exit: i32,
    stderr: Vec<String>,
    args: Vec<String>,
    heavy: bool,
}

impl Header {
    fn parse(source: &str, file: &Path) -> Header {
        let mut header = Header {
            heavy: file.starts_with("examples")
                && HEAVY_EXAMPLES
                    .iter()
                    .any(|name| file.file_stem() == Some(name.as_ref())),
            ..Header::default()
        };
        for line in source.lines().map_while(|line| line.strip_prefix("// ")) {
            match line.split_once(": ") {
                Some(("exit", code)) => {
                    header.exit = code.trim().parse().expect("an exit status is a number");
                }
                Some(("stderr", text)) => header.stderr.push(text.to_owned()),
                Some(("args", args)) => {
                    header
                        .args
                        .extend(args.split_whitespace().map(str::to_owned));
                }
                Some(("heavy", _)) => header.heavy = true,
                _ => {}
            }
        }
        header
    }
}

/// Runs one program in one mode, and compares how it ended and what it wrote.
fn check_run(file: &Path, header: &Header, mode: &Mode) -> Result<(), Failed> {
    let path = file.display().to_string();
    let mut args = vec!["run", &path];
    args.extend(mode.options);
    args.extend(header.args.iter().map(String::as_str));
    if mode.native {
        // Before the program's own arguments, if it has some.
        args.insert(2, "--stats");
    }
    let outcome = run(&mut vo(&args));

    let expected = fs::read(file.with_extension("out")).unwrap_or_default();
    let expected = String::from_utf8_lossy(&expected);
    let mut faults = String::new();
    if outcome.timed_out {
        let _ = writeln!(faults, "not finished after {} s", LIMIT.as_secs());
    } else if outcome.status != Some(header.exit) {
        let _ = writeln!(
            faults,
            "exit status {:?}, expected {}",
            outcome.status, header.exit
        );
    }
    if outcome.stdout != expected {
        put_difference(&mut faults, &expected, &outcome.stdout);
    }
    for text in header
        .stderr
        .iter()
        .filter(|text| !outcome.stderr.contains(*text))
    {
        let _ = writeln!(faults, "standard error does not contain: {text}");
    }
    if mode.native && !outcome.timed_out {
        put_stats_faults(&mut faults, &outcome.stderr);
    }
    if faults.is_empty() {
        return Ok(());
    }
    let _ = writeln!(faults, "standard error:\n{}", ends_of(&outcome.stderr));
    Err(format!("{faults}to replay: cargo run -- {}", args.join(" ")).into())
}

/// No function is refused: the counters must say that all have native code.
fn put_stats_faults(faults: &mut String, stderr: &str) {
    let last = stderr.lines().last().unwrap_or_default();
    let stats = match last.parse::<JsonValue>() {
        Ok(stats) => stats,
        Err(error) => {
            let _ = writeln!(
                faults,
                "the last line of standard error is not JSON: {error}"
            );
            return;
        }
    };
    let count = |name: &str| {
        stats
            .get::<HashMap<String, JsonValue>>()?
            .get(name)?
            .get::<f64>()
            .copied()
    };
    let (functions, native) = (count("functions"), count("functions_native"));
    if functions.is_none_or(|functions| functions < 1.0) || functions != native {
        let _ = writeln!(faults, "not all functions are native: {last}");
    }
}

fn put_difference(faults: &mut String, expected: &str, got: &str) {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (expected, got) = (lines(expected), lines(got));
    let same = expected
        .iter()
        .zip(&got)
        .take_while(|(a, b)| a == b)
        .count();
    let show = |lines: &[String]| {
        lines
            .get(same)
            .cloned()
            .unwrap_or("(no such line)".to_owned())
    };
    let _ = writeln!(
        faults,
        "standard output differs at line {}, of {} expected and {} written:\n  expected: {}\n  \
         written:  {}",
        same + 1,
        expected.len(),
        got.len(),
        show(&expected),
        show(&got)
    );
}

/// A text without the middle of what is long.
fn ends_of(text: &str) -> String {
    const SHOWN: usize = 15;
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= 2 * SHOWN {
        return text.to_owned();
    }
    let (first, last) = (&lines[..SHOWN], &lines[lines.len() - SHOWN..]);
    format!("{}\n...\n{}\n", first.join("\n"), last.join("\n"))
}

/// Checks that a program has the errors its marks tell, and no others.
fn check_errors(file: &Path) -> Result<(), Failed> {
    let path = file.display().to_string();
    let outcome = run(vo(["check", &path]).env("NO_COLOR", "1"));
    let mut faults = String::new();
    if outcome.status != Some(1) {
        let _ = writeln!(faults, "exit status {:?}, expected 1", outcome.status);
    }
    let found = diagnostics(&outcome.stderr);
    let mut marks = 0;
    for file in files_of(file) {
        let source = fs::read_to_string(&file).expect("programs can be read");
        let file = file.display().to_string();
        for (number, line) in source.lines().enumerate().map(|(at, line)| (at + 1, line)) {
            let here = found.get(&(file.clone(), number));
            let here = here.map_or(&[][..], Vec::as_slice);
            if let Some((_, words)) = line.split_once("// ERROR: ") {
                marks += 1;
                let fits = |text: &String| {
                    let text = text.to_lowercase();
                    words
                        .split_whitespace()
                        .all(|word| text.contains(&word.to_lowercase()))
                };
                if !here.iter().any(fits) {
                    let _ = writeln!(faults, "{file}:{number}: no error with the words: {words}");
                }
            } else if let Some(text) = here.first() {
                let _ = writeln!(faults, "{file}:{number}: an error without a mark:\n{text}");
            }
        }
    }
    if marks == 0 {
        let _ = writeln!(faults, "{path} has no mark `// ERROR: `");
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{faults}{}to replay: cargo run -- check {path}",
        outcome.stderr
    )
    .into())
}

/// The diagnostics of `vo check` by the file and line they are at. Each begins with `error` at the start of
/// a line, and tells its place in the first line that has an arrow.
fn diagnostics(stderr: &str) -> BTreeMap<(String, usize), Vec<String>> {
    let mut found: BTreeMap<(String, usize), Vec<String>> = BTreeMap::new();
    let mut text = String::new();
    for line in stderr.lines().chain(["error"]) {
        if line.starts_with("error") && !text.is_empty() {
            let text = std::mem::take(&mut text);
            found
                .entry(place(&text).unwrap_or_default())
                .or_default()
                .push(text);
        }
        // Quoted source has the mark itself, and would fit every mark.
        if !line.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

/// File and line of a diagnostic's place, `--> FILE:LINE:COLUMN`.
fn place(text: &str) -> Option<(String, usize)> {
    let place = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("--> "))?;
    let (place, _column) = place.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    Some((file.to_owned(), line.parse().ok()?))
}
