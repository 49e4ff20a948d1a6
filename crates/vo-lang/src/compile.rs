//! The front end as one call: from a file or a text to a module.
//!
//! This joins loading, checking and lowering; each of them is told in its own room.

use std::fmt;
use std::path::Path;

use vo_bytecode::Module;

use crate::diag::{Diagnostic, Diagnostics};
use crate::lower;
use crate::package::{self, Program};
use crate::source::{FileId, SourceMap, Span};
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
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Failure {}

/// Compiles the program in a file.
pub fn compile_file(path: &Path) -> Result<Module, Box<Failure>> {
    compile_source(&path.display().to_string(), read(path)?)
}

/// Compiles a program in memory; `name` is the file name that messages show.
pub fn compile_source(name: &str, text: impl Into<Vec<u8>>) -> Result<Module, Box<Failure>> {
    front(name, text.into(), |checked, sources| {
        let is_std = |pkg: PkgId| {
            checked
                .program
                .packages
                .get(pkg.index())
                .is_some_and(|p| p.std)
        };
        lower::lower(&checked.info, &checked.types, sources, &is_std)
    })
}

/// Checks the program in a file without compiling it.
pub fn check_file(path: &Path) -> Result<(), Box<Failure>> {
    front(&path.display().to_string(), read(path)?, |_, _| Ok(()))
}

/// Checks a program in memory without compiling it; `name` is the file name that messages show.
pub fn check_source(name: &str, text: impl Into<Vec<u8>>) -> Result<(), Box<Failure>> {
    front(name, text.into(), |_, _| Ok(()))
}

fn read(path: &Path) -> Result<Vec<u8>, Box<Failure>> {
    std::fs::read(path).map_err(|error| {
        let mut failure = Failure {
            sources: SourceMap::new(),
            diagnostics: Diagnostics::new(),
        };
        let file = failure.sources.add(path.display().to_string(), "");
        failure.diagnostics.push(cannot_read(file, path, &error));
        Box::new(failure)
    })
}

fn cannot_read(file: FileId, path: &Path, error: &std::io::Error) -> Diagnostic {
    let title = format!("cannot read {}: {error}", path.display());
    Diagnostic::error("E0001", Span::new(file, 0, 0), title, "")
}

fn front<T>(
    name: &str,
    text: Vec<u8>,
    back: impl FnOnce(&Checked<'_>, &SourceMap) -> Result<T, Diagnostics>,
) -> Result<T, Box<Failure>> {
    let mut sources = SourceMap::new();
    let mut diagnostics = Diagnostics::new();
    let program: Program = package::load_file(name, text, &mut sources, &mut diagnostics);
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
