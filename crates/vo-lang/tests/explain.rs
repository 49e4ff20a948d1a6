//! The explanations of errors: every code has one, and its examples are what it says.

use std::fs;
use std::path::Path;

use vo_lang::compile::{self, Failure};
use vo_lang::diag::Code;

/// Codes of what cannot be shown in a text, or is never to happen.
const WITHOUT_EXAMPLE: [Code; 5] = [
    Code::E0001,
    Code::E0002,
    Code::E0023,
    Code::E0900,
    Code::E0999,
];

/// Compiles an example: a file, or a folder of those that begin with a line `-- NAME --`.
fn compiled(example: &str, folder: &Path) -> Result<(), Box<Failure>> {
    let mut files = example.split("-- ").skip(1).peekable();
    if files.peek().is_none() {
        return compile::compile_source("main.vo", example).map(drop);
    }
    for file in files {
        let (name, text) = file.split_once(" --\n").expect("a name ends its line");
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }
    compile::compile_path(folder).map(drop)
}

#[test]
fn every_code_is_explained_by_programs_wrong_and_right() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explain");
    // What an interrupted run has left.
    let _ = fs::remove_dir_all(&folder);
    let mut failures = String::new();
    for code in Code::ALL {
        let explanation = code.explanation();
        let examples = explanation.examples();
        if explanation.summary().is_empty() {
            failures += &format!("{code}: not explained\n");
        }
        if WITHOUT_EXAMPLE.contains(code) && examples.is_empty() {
            continue;
        }
        let [wrong, right] = examples[..] else {
            failures += &format!("{code}: {} examples instead of 2\n", examples.len());
            continue;
        };
        match compiled(wrong, &folder.join(format!("{code}/wrong"))) {
            Ok(()) => failures += &format!("{code}: the wrong example has no error\n"),
            Err(failure) => {
                let found = failure.diagnostics.sorted();
                if found.iter().any(|diagnostic| diagnostic.code != *code) {
                    failures += &format!("{code}: the wrong example gives\n{failure}");
                }
            }
        }
        if let Err(failure) = compiled(right, &folder.join(format!("{code}/right"))) {
            failures += &format!("{code}: the right example gives\n{failure}");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
