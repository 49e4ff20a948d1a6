//! Programs with the errors that the checker must find beside the lines they are about.
//!
//! Every `tests/types/*.vo` is a program. A comment `// ERROR E0101 E0102` at the end of a line says which
//! errors start on that line; a file without such comments must be accepted.

use std::collections::BTreeMap;
use std::path::Path;

use vo_lang::diag::{Code, Diagnostics};
use vo_lang::package::load_file;
use vo_lang::source::{FileId, SourceMap};

/// Error ids by line.
type Errors = BTreeMap<u32, Vec<String>>;

fn expected(text: &str) -> Errors {
    let mut errors = Errors::new();
    for (i, line) in text.lines().enumerate() {
        if let Some((_, ids)) = line.split_once("// ERROR ") {
            let mut ids: Vec<String> = ids.split_whitespace().map(str::to_string).collect();
            ids.sort();
            errors.insert(i as u32 + 1, ids);
        }
    }
    errors
}

/// The errors found in a program, and all messages as shown to the user.
fn found(name: &str, text: &str) -> (Errors, String) {
    let mut source = SourceMap::new();
    let mut diags = Diagnostics::new();
    let program = load_file(name, text.into(), &mut source, &mut diags);
    vo_lang::types::check(&program, &source, &mut diags);
    let mut errors = Errors::new();
    for diagnostic in diags.sorted() {
        let span = diagnostic.span();
        assert_eq!(
            span.file,
            FileId(0),
            "an error in another file: {diagnostic:?}"
        );
        assert_ne!(diagnostic.code, Code::E0999, "{diagnostic:?}\n{text}");
        let line = source.position(span).line;
        errors
            .entry(line)
            .or_default()
            .push(diagnostic.code.to_string());
    }
    errors.values_mut().for_each(|ids| ids.sort());
    (errors, diags.render(&source, false))
}

#[test]
fn programs_have_exactly_the_expected_errors() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/types");
    let filter = std::env::var("FILTER").unwrap_or_default();
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut failures = String::new();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        if !name.contains(&filter) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let (expected, (found, shown)) = (expected(&text), found(&name, &text));
        if expected != found {
            for line in expected
                .keys()
                .chain(found.keys())
                .collect::<std::collections::BTreeSet<_>>()
            {
                let (want, have) = (expected.get(line), found.get(line));
                if want != have {
                    failures += &format!("{name}:{line}: expected {want:?}, found {have:?}\n");
                }
            }
            failures += &shown;
        }
        if std::env::var("SHOW").is_ok() {
            println!("{shown}");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// The pieces that a mutation moves around: words, numbers, operators.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let end = if word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        pieces.push(&rest[..end]);
        rest = &rest[end..];
    }
    pieces
}

#[test]
fn damaged_programs_are_refused_without_panic() {
    // A small generator of its own, so that a failure can be repeated from the seed it prints.
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/types");
    let rounds: u64 = std::env::var("ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(40);
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let pieces = pieces(&text);
        for seed in 1..=rounds {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut random = |bound: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % bound as u64) as usize
            };
            let mut damaged = pieces.clone();
            for _ in 0..=random(4) {
                let (at, other) = (random(damaged.len()), random(damaged.len()));
                match random(3) {
                    0 => damaged[at] = damaged[other],
                    1 => damaged.swap(at, other),
                    _ => damaged[at] = "",
                }
            }
            let damaged = damaged.concat();
            let name = path.file_name().unwrap().to_string_lossy().to_string();
            let result = std::panic::catch_unwind(|| found(&name, &damaged));
            assert!(result.is_ok(), "{name}, seed {seed}, panics:\n{damaged}");
        }
    }
}
