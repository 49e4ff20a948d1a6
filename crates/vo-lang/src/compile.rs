//! The front end as one call: from a file or a text to a module.
//!
//! This joins loading, checking and lowering; each of them is told in its own room.

use std::fmt;
use std::path::Path;

use vo_bytecode::Module;

use crate::diag::Diagnostics;
use crate::lower;
use crate::package::{self, Program};
use crate::source::SourceMap;
use crate::types::info::PkgId;
use crate::types::{self, Checked};

/// Why a program was refused.
#[derive(Debug)]
pub struct Failure {
    /// The files that were read, as far as they were.
    pub sources: SourceMap,
    /// What is wrong with them.
    pub diagnostics: Diagnostics,
}

impl Failure {
    /// The message for the user, with the source lines it is about.
    pub fn render(&self, colour: bool) -> String {
        self.diagnostics.render(&self.sources, colour)
    }

    /// The message for users of the command `vo`, which can explain errors.
    pub fn report(&self, colour: bool) -> String {
        self.diagnostics.report(&self.sources, colour)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Failure {}

/// Compiles the program in a file or a folder.
pub fn compile_path(path: &Path) -> Result<Module, Box<Failure>> {
    front(
        |sources, diagnostics| package::load_path(path, sources, diagnostics),
        compile,
    )
}

/// Compiles a program in memory; `name` is the file name that messages show.
pub fn compile_source(name: &str, text: impl Into<Vec<u8>>) -> Result<Module, Box<Failure>> {
    let text = text.into();
    front(
        |sources, diagnostics| package::load_file(name, text, sources, diagnostics),
        compile,
    )
}

/// As [`compile_path`], for a program that is embedded in another, with the source of its package `host`.
pub fn compile_path_hosted(path: &Path, host: &str) -> Result<Module, Box<Failure>> {
    front(
        |sources, diagnostics| package::load_path_hosted(path, Some(host), sources, diagnostics),
        compile,
    )
}

/// As [`compile_source`], for a program that is embedded in another, with the source of its package `host`.
pub fn compile_source_hosted(
    name: &str,
    text: impl Into<Vec<u8>>,
    host: &str,
) -> Result<Module, Box<Failure>> {
    let text = text.into();
    front(
        |sources, diagnostics| {
            package::load_file_hosted(name, text, Some(host), sources, diagnostics)
        },
        compile,
    )
}

/// Checks the program or library in a file or a folder without compiling it.
pub fn check_path(path: &Path) -> Result<(), Box<Failure>> {
    front(
        |sources, diagnostics| package::load_path(path, sources, diagnostics),
        |_, _| Ok(()),
    )
}

/// Checks a program in memory without compiling it; `name` is the file name that messages show.
pub fn check_source(name: &str, text: impl Into<Vec<u8>>) -> Result<(), Box<Failure>> {
    let text = text.into();
    front(
        |sources, diagnostics| package::load_file(name, text, sources, diagnostics),
        |_, _| Ok(()),
    )
}

/// Compiles the tests of a folder (or of one test file) to a program that runs them; `None` if there are no
/// test files.
pub fn compile_tests(path: &Path) -> Option<Result<Module, Box<Failure>>> {
    let mut sources = SourceMap::new();
    let mut diagnostics = Diagnostics::new();
    let program = package::load_tests(path, &mut sources, &mut diagnostics)?;
    Some(check_and(program, sources, diagnostics, compile))
}

fn compile(checked: &Checked<'_>, sources: &SourceMap) -> Result<Module, Diagnostics> {
    if let Some(clause) = checked.program.library_clause() {
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(package::not_main(clause));
        return Err(diagnostics);
    }
    let is_std = |pkg: PkgId| {
        checked
            .program
            .packages
            .get(pkg.index())
            .is_some_and(|p| p.std)
    };
    let dyn_pkg = checked.program.dynamic_package().map(|at| PkgId(at as u32));
    lower::lower(&checked.info, &checked.types, sources, &is_std, dyn_pkg)
}

fn front<T>(
    load: impl FnOnce(&mut SourceMap, &mut Diagnostics) -> Program,
    back: impl FnOnce(&Checked<'_>, &SourceMap) -> Result<T, Diagnostics>,
) -> Result<T, Box<Failure>> {
    let mut sources = SourceMap::new();
    let mut diagnostics = Diagnostics::new();
    let program = load(&mut sources, &mut diagnostics);
    check_and(program, sources, diagnostics, back)
}

fn check_and<T>(
    program: Program,
    sources: SourceMap,
    mut diagnostics: Diagnostics,
    back: impl FnOnce(&Checked<'_>, &SourceMap) -> Result<T, Diagnostics>,
) -> Result<T, Box<Failure>> {
    let checked = types::check(&program, &sources, &mut diagnostics);
    if !diagnostics.has_errors() {
        match back(&checked, &sources) {
            Ok(result) => return Ok(result),
            Err(errors) => diagnostics = errors,
        }
    }
    drop(checked);
    Err(Box::new(Failure {
        sources,
        diagnostics,
    }))
}
