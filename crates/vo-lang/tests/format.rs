//! The formatter: what it makes of files, against what gofmt makes of them.
//!
//! `tests/format/*.golden` are outputs of gofmt for the `.input` beside them; `GOFMT=PATH cargo test --test
//! format` compares all programs of the repository that are valid Go with that gofmt, and blesses nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use vo_lang::diag::Diagnostics;
use vo_lang::source::SourceMap;
use vo_lang::syntax::format::format_source;

fn format(name: &str, text: &str) -> Option<String> {
    let (mut sources, mut diags) = (SourceMap::new(), Diagnostics::new());
    format_source(name, text, &mut sources, &mut diags)
}

/// All files below a folder with an extension, in order.
fn files(dir: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, extension, out);
        } else if path.extension().is_some_and(|ext| ext == extension) {
            out.push(path);
        }
    }
}

fn programs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for dir in [
        "examples",
        "benches/programs",
        "tests/lang",
        "crates/vo-lang/std",
    ] {
        files(&root.join(dir), "vo", &mut paths);
    }
    paths
}

/// The first line in which two texts differ, for a message.
fn difference(a: &str, b: &str) -> String {
    let (a, b): (Vec<_>, Vec<_>) = (a.lines().collect(), b.lines().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let line = |lines: &[&str]| {
        lines
            .get(same)
            .map_or("(the end)".into(), |l| l.replace('\t', "→"))
    };
    format!("line {}:\n  - {}\n  + {}\n", same + 1, line(&a), line(&b))
}

#[test]
fn golden_files() {
    let mut inputs = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format"),
        "input",
        &mut inputs,
    );
    assert!(!inputs.is_empty());
    let mut failures = String::new();
    for path in inputs {
        let input = std::fs::read_to_string(&path).unwrap();
        let golden = std::fs::read_to_string(path.with_extension("golden")).unwrap();
        let formatted = format("input.vo", &input).unwrap();
        if formatted != golden {
            failures += &format!("{}: {}", path.display(), difference(&golden, &formatted));
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn formatting_is_idempotent_and_keeps_the_words() {
    // Semicolons and the spaces between words are all that changes, and imports are sorted.
    let words = |text: &str| -> Vec<char> {
        let skipped = |c: &char| c.is_whitespace() || matches!(c, ';' | '\u{feff}');
        let lower = text.to_lowercase();
        let mut chars: Vec<char> = lower.chars().filter(|c| !skipped(c)).collect();
        chars.sort_unstable();
        chars
    };
    let mut failures = String::new();
    for path in programs() {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let Some(once) = format("a.vo", &text) else {
            continue;
        };
        let Some(twice) = format("a.vo", &once) else {
            failures += &format!("{}: cannot be parsed any more\n", path.display());
            continue;
        };
        if once != twice {
            failures += &format!(
                "{}: not idempotent, {}",
                path.display(),
                difference(&once, &twice)
            );
        }
        if words(&text) != words(&once) {
            failures += &format!("{}: the words are others\n", path.display());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn agrees_with_gofmt_where_that_is_at_hand() {
    let Ok(gofmt) = std::env::var("GOFMT") else {
        return;
    };
    let (mut failures, mut same, mut count) = (String::new(), 0, 0);
    for path in programs() {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let input = std::fs::File::open(&path).unwrap();
        let output = Command::new(&gofmt)
            .stdin(Stdio::from(input))
            .output()
            .unwrap();
        let (Some(formatted), true) = (format("a.vo", &text), output.status.success()) else {
            continue;
        };
        count += 1;
        let expected = String::from_utf8_lossy(&output.stdout);
        if formatted == expected {
            same += 1;
        } else {
            failures += &format!("{}: {}", path.display(), difference(&expected, &formatted));
        }
    }
    println!("{same} of {count} files as gofmt has them");
    assert!(failures.is_empty(), "{failures}{same} of {count}");
}
