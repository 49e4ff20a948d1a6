//! The command `vo test`: compiles the tests of packages and runs them, a program for each package.

use crate::console::{print, tell};
use crate::engine::{Engine, EngineKind, RunConfig};
use crate::runtime::context::Options;
use crate::runtime::native::Output;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;
use vo_lang::compile;

/// What to test, and how.
#[derive(Clone, Debug, Default)]
pub struct TestOptions {
    /// Folders, test files, or `FOLDER/...` for all folders below one.
    pub paths: Vec<PathBuf>,
    /// Arguments of the tests' program: `-v`, `-run=…`, `-bench=…`.
    pub args: Vec<String>,
    /// Whether the reference interpreter runs them.
    pub interpret: bool,
    /// Whether messages may have colour.
    pub colour: bool,
}

/// Runs tests; results go to standard output, what does not compile to standard error. Whether all passed.
///
/// # Errors
/// The message for the user if a path cannot be read, or the results cannot be written.
pub fn test(options: &TestOptions) -> Result<bool, String> {
    let mut passed = true;
    for path in &options.paths {
        for package in packages(path)? {
            passed &= test_package(&package, options)?;
        }
    }
    Ok(passed)
}

/// The folders or files that a path stands for.
fn packages(path: &Path) -> Result<Vec<PathBuf>, String> {
    let Some(root) = path.to_str().and_then(|text| text.strip_suffix("...")) else {
        fs::metadata(path).map_err(|e| format!("error: cannot read {}: {e}", path.display()))?;
        return Ok(vec![path.to_path_buf()]);
    };
    let root = if root.is_empty() { "." } else { root };
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::from(root)]);
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder)
            .map_err(|e| format!("error: cannot read {}: {e}", folder.display()))?;
        let mut sources = false;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let hidden = name.starts_with(['.', '_']);
            if !hidden && entry.file_type().is_ok_and(|ty| ty.is_dir()) {
                folders.push(entry.path());
            }
            sources |= !hidden && name.ends_with(".vo");
        }
        if sources {
            found.push(folder);
        }
    }
    found.sort();
    Ok(found)
}

/// Runs the tests of one package; whether they passed.
fn test_package(path: &Path, options: &TestOptions) -> Result<bool, String> {
    let name = path.display();
    let start = Instant::now();
    let module = match compile::compile_tests(path) {
        None => {
            print(&format!("?   \t{name}\t[no test files]\n"))?;
            return Ok(true);
        }
        Some(Ok(module)) => module,
        Some(Err(failure)) => {
            tell(&failure.report(options.colour));
            print(&format!("FAIL\t{name} [build failed]\n"))?;
            return Ok(false);
        }
    };
    let args = std::iter::once(name.to_string()).chain(options.args.clone());
    let config = RunConfig {
        kind: if options.interpret {
            EngineKind::Interp
        } else {
            EngineKind::Jit
        },
        options: Options {
            args: args.collect(),
            ..Options::default()
        },
    };
    let run = Engine::new(module).and_then(|engine| engine.run(&config, Output::process()));
    let passed = match run {
        Ok(run) => run.status == 0,
        Err(error) => {
            tell(&format!("error: {name}: {error}"));
            false
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let result = if passed { "ok  " } else { "FAIL" };
    print(&format!("{result}\t{name}\t{seconds:.3}s\n"))?;
    Ok(passed)
}
