//! Programs: the user's packages and the standard packages they import, in the order of their initialisation.
//!
//! A program is one file ([`load_file`], [`load_path`]) or a folder of files ([`load_path`]). What it imports
//! is found in the standard library or in folders of the project ([`project`]), parsed, and put in order.
//!
//! | file | holds |
//! |---|---|
//! | `loader` | from the program's own files to all packages |
//! | `project` | the root of a project, its folders, which files of a folder belong to a package |
//! | `order` | the order of initialisation |
//! | `testing` | programs made of the tests of a package |
//! | `errors` | what can be wrong with packages |
//!
//! Only paths are resolved here; what the imported names mean is the checker's business.

mod errors;
mod loader;
mod order;
mod project;
mod testing;

use foldhash::HashMap;
use std::path::Path;

use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::source::SourceMap;
use crate::syntax::ast::{File, Ident, Name, NodeId};

pub(crate) use errors::not_main;
use loader::Loader;
use project::Project;
pub use testing::{is_test_path, load_tests};

/// The files of the standard library: package path, file name, text; sorted.
static STD_FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/std_files.rs"));

/// The standard package behind the operator `~>`.
pub(crate) const DYNAMIC: &str = "dyn";

/// A parsed package.
#[derive(Clone, Debug)]
pub struct Package {
    /// The import path: of a standard package, or of a folder from the root of the project. `main` for a
    /// program itself, wherever its folder is.
    pub path: Name,
    /// Whether it is part of the standard library: its functions may be native.
    pub std: bool,
    /// Its files, ordered by path.
    pub files: Vec<File>,
}

impl Package {
    /// The name in the package clauses of its files.
    pub fn name(&self) -> Name {
        let clause = self.files.iter().find_map(|file| file.package.as_ref());
        clause.map_or_else(|| "main".into(), |name| name.name.clone())
    }
}

/// Everything that makes a program.
#[derive(Clone, Debug)]
pub struct Program {
    /// The packages in the order of their initialisation, each behind those that it imports; the last is
    /// the one that was asked for.
    pub packages: Vec<Package>,
    /// The index of the package that each import means, by the import's id; none for what was refused.
    pub targets: HashMap<NodeId, usize>,
    /// How many node ids the files use together.
    pub node_count: usize,
    /// Whether the parser reported errors: the trees may then be incomplete.
    pub syntax_errors: bool,
}

impl Program {
    /// The index of the standard package behind the operator `~>`, if the program has it.
    pub fn dynamic_package(&self) -> Option<usize> {
        let is_it = |package: &Package| package.std && &*package.path == DYNAMIC;
        self.packages.iter().position(is_it)
    }

    /// The package clause of the package that was asked for, if that is not `main`: such a package can be
    /// checked but not run.
    pub fn library_clause(&self) -> Option<&Ident> {
        let root = self.packages.last()?;
        let clause = root.files.iter().find_map(|file| file.package.as_ref())?;
        (&*clause.name != "main").then_some(clause)
    }
}

/// The paths of the standard packages.
pub fn std_packages() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    STD_FILES
        .iter()
        .map(|(package, ..)| *package)
        .filter(move |&package| std::mem::replace(&mut last, package) != package)
}

/// The text of a file of the standard library, by the name that a module has for it: `std/`, the
/// package's path and the file's name.
pub fn std_file(name: &str) -> Option<&'static str> {
    let path = name.strip_prefix("std/")?;
    STD_FILES
        .iter()
        .find(|(package, file, _)| path.rsplit_once('/') == Some((package, file)))
        .map(|(.., text)| *text)
}

/// The path of the standard package for users whose name is `name`.
pub fn std_package_named(name: &str) -> Option<&'static str> {
    std_packages()
        .find(|path| !path.starts_with("internal/") && path.rsplit('/').next() == Some(name))
}

/// Loads a program of one file whose text is at hand. It can import standard packages only. What is wrong
/// is told to `diags`; the program is whole only if nothing was.
pub fn load_file(
    name: &str,
    bytes: Vec<u8>,
    source: &mut SourceMap,
    diags: &mut Diagnostics,
) -> Program {
    load_file_hosted(name, bytes, None, source, diags)
}

/// As [`load_file`], for a program that is embedded in another, which gives it package `host`.
pub fn load_file_hosted<'a>(
    name: &str,
    bytes: Vec<u8>,
    host: Option<&'a str>,
    source: &'a mut SourceMap,
    diags: &'a mut Diagnostics,
) -> Program {
    let mut loader = Loader::new(None, host, source, diags);
    let files = vec![loader.parse(name, bytes)];
    finish(loader.load(files))
}

/// Loads a program from a file or from a folder of files. What is wrong is told to `diags`; the program is
/// whole only if nothing was.
pub fn load_path(path: &Path, source: &mut SourceMap, diags: &mut Diagnostics) -> Program {
    load_path_hosted(path, None, source, diags)
}

/// As [`load_path`], for a program that is embedded in another, which gives it package `host`.
pub fn load_path_hosted<'a>(
    path: &Path,
    host: Option<&'a str>,
    source: &'a mut SourceMap,
    diags: &'a mut Diagnostics,
) -> Program {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(Path::new(""))
    };
    let project = Project::around(folder);
    let mut loader = Loader::new(Some(project), host, source, diags);
    let files = if path.is_dir() {
        loader.parse_folder(path)
    } else {
        loader.read_file(path).into_iter().collect()
    };
    finish(loader.load(files))
}

fn finish(loader: Loader<'_>) -> Program {
    let (mut program, diags) = loader.finish();
    program.syntax_errors = diags
        .sorted()
        .iter()
        .any(|diagnostic| damages_tree(diagnostic));
    program
}

/// Whether a diagnostic is of the loader or the parser and about what is then missing from the tree.
fn damages_tree(diagnostic: &Diagnostic) -> bool {
    /// A second default clause; the tree has both.
    const HARMLESS: Code = Code::E0057;
    diagnostic.severity == Severity::Error
        && diagnostic.code.is_syntax()
        && diagnostic.code != HARMLESS
}
