//! Whole programs through the front end: what must compile does and passes the verifier; what must not is
//! refused with the words that stand beside the line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use vo_bytecode::{Module, SlotName, SlotTy};
use vo_lang::compile::compile_path;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The programs under a folder, in order. A folder with a file `main.vo` is one program.
fn programs(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.join("main.vo").is_file() {
            out.push(path);
        } else if path.is_dir() {
            programs(&path, out);
        } else if path.extension().is_some_and(|ext| ext == "vo") {
            out.push(path);
        }
    }
}

#[test]
fn programs_compile_to_verified_bytecode() {
    let mut paths = Vec::new();
    for dir in ["examples", "benches/programs", "tests/lang"] {
        programs(&root().join(dir), &mut paths);
    }
    let mut failures = String::new();
    for path in paths {
        if path.components().any(|part| part.as_os_str() == "errors") {
            continue;
        }
        match compile_path(&path) {
            Err(failure) => failures += &format!("{}: refused\n{failure}\n", path.display()),
            Ok(module) => {
                for error in vo_bytecode::verify::verify(&module).err().iter().flatten() {
                    failures += &format!("{}: {error}\n", path.display());
                }
                failures += &untrue_types(&module);
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The named slots that cannot hold what their source types say.
fn untrue_types(module: &Module) -> String {
    let mut untrue = String::new();
    for function in &module.functions {
        for SlotName { slot, name, source } in &function.slot_names {
            let fits = source.is_some_and(|source| {
                let ty = function.slots[slot.index()];
                match source.boxed {
                    true => ty == SlotTy::Ref,
                    false => module.types.slots(source.ty).contains(&ty),
                }
            });
            if !fits {
                untrue += &format!("{}: {name} in {slot}: {source:?}\n", function.name);
            }
        }
    }
    untrue
}

/// The words that messages about each line must contain.
fn expected(text: &str) -> BTreeMap<u32, Vec<String>> {
    let words = |rest: &str| rest.split_whitespace().map(str::to_lowercase).collect();
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(i, line)| Some((i as u32 + 1, words(line.split_once("// ERROR:")?.1))))
        .collect()
}

#[test]
fn faulty_programs_are_refused_in_the_expected_words() {
    let mut paths = Vec::new();
    programs(&root().join("tests/lang/errors"), &mut paths);
    // Those of several files are held against their marks by the suite of language tests.
    paths.retain(|path| path.is_file());
    let mut failures = String::new();
    for path in paths {
        let expected = expected(&std::fs::read_to_string(&path).unwrap());
        let Err(failure) = compile_path(&path) else {
            failures += &format!("{}: accepted\n", path.display());
            continue;
        };
        let mut found: BTreeMap<u32, String> = BTreeMap::new();
        for diagnostic in failure.diagnostics.sorted() {
            let line = failure.sources.position(diagnostic.span()).line;
            let text = diagnostic.render(&failure.sources, false).to_lowercase();
            *found.entry(line).or_default() += &text;
        }
        let lines: BTreeSet<u32> = expected.keys().chain(found.keys()).copied().collect();
        for line in lines {
            let place = format!("{}:{line}", path.display());
            match (expected.get(&line), found.get(&line)) {
                (Some(words), Some(text)) => {
                    for word in words.iter().filter(|word| !text.contains(*word)) {
                        failures += &format!("{place}: no `{word}` in\n{text}\n");
                    }
                }
                (Some(_), None) => failures += &format!("{place}: no error\n"),
                (None, Some(text)) => failures += &format!("{place}: unexpected\n{text}\n"),
                (None, None) => {}
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
