//! Programs: the user's package and the standard packages it imports, in dependency order.
//!
//! [`load_file`] parses a program of one file and whatever it imports. Only paths are resolved here; what the
//! imported names mean is the checker's business.

use std::collections::HashMap;

use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast::{File, ImportSpec, Name, NodeIds};
use crate::syntax::parse_file;

/// The files of the standard library: package path, file name, text; sorted.
static STD_FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/std_files.rs"));

/// A parsed package.
#[derive(Clone, Debug)]
pub struct Package {
    /// The import path; `main` for the program itself.
    pub path: Name,
    /// Whether it is part of the standard library: its functions may be native.
    pub std: bool,
    /// Its files, ordered by path.
    pub files: Vec<File>,
}

/// Everything that makes a program.
#[derive(Clone, Debug)]
pub struct Program {
    /// The packages, each behind those that it imports; the last is the program's own `main`.
    pub packages: Vec<Package>,
    /// How many node ids the files use together.
    pub node_count: usize,
    /// Whether the parser reported errors: the trees may then be incomplete.
    pub syntax_errors: bool,
}

/// The paths of the standard packages.
pub fn std_packages() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    STD_FILES
        .iter()
        .map(|(package, ..)| *package)
        .filter(move |&package| std::mem::replace(&mut last, package) != package)
}

/// The path of the standard package whose name is `name`.
pub fn std_package_named(name: &str) -> Option<&'static str> {
    std_packages().find(|path| path.rsplit('/').next() == Some(name))
}

/// Loads a program of one file: parses it and, in dependency order, the standard packages it imports. What
/// is wrong is told to `diags`; the program is whole only if nothing was.
pub fn load_file(
    name: &str,
    bytes: Vec<u8>,
    source: &mut SourceMap,
    diags: &mut Diagnostics,
) -> Program {
    let mut loader = Loader {
        source,
        diags,
        ids: NodeIds::new(),
        packages: Vec::new(),
        states: HashMap::new(),
    };
    let file = loader.source.add(name, bytes);
    let file = loader.parse(file);
    if let Some(package) = file
        .package
        .as_ref()
        .filter(|package| &*package.name != "main")
    {
        loader.diags.push(not_main(package.span, &package.name));
    }
    loader.load_imports(std::slice::from_ref(&file));
    loader.packages.push(Package {
        path: "main".into(),
        std: false,
        files: vec![file],
    });
    let (packages, node_count) = (loader.packages, loader.ids.count());
    let syntax_errors = diags
        .sorted()
        .iter()
        .any(|diagnostic| damages_tree(diagnostic));
    Program {
        packages,
        node_count,
        syntax_errors,
    }
}

/// Whether a diagnostic is of the parser and about what is then missing from the tree.
fn damages_tree(diagnostic: &Diagnostic) -> bool {
    /// A second default clause; the tree has both.
    const HARMLESS: &str = "E0057";
    diagnostic.severity == Severity::Error
        && diagnostic.id.starts_with("E00")
        && diagnostic.id != HARMLESS
}

struct Loader<'a> {
    source: &'a mut SourceMap,
    diags: &'a mut Diagnostics,
    ids: NodeIds,
    packages: Vec<Package>,
    states: HashMap<Name, State>,
}

/// How far the loading of a package is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Loading,
    Loaded,
}

impl Loader<'_> {
    fn parse(&mut self, file: FileId) -> File {
        parse_file(self.source, file, &mut self.ids, self.diags)
    }

    fn load_imports(&mut self, files: &[File]) {
        for import in files.iter().flat_map(|file| &file.imports) {
            self.load_import(import);
        }
    }

    fn load_import(&mut self, import: &ImportSpec) {
        match self.states.get(&import.path) {
            Some(State::Loaded) => return,
            Some(State::Loading) => {
                self.diags
                    .push(import_cycle(import.path_span, &import.path));
                return;
            }
            None => {}
        }
        let texts: Vec<_> = STD_FILES
            .iter()
            .filter(|(package, ..)| *package == &*import.path)
            .collect();
        if texts.is_empty() {
            self.diags
                .push(no_such_package(import.path_span, &import.path));
            // Once is enough.
            self.states.insert(import.path.clone(), State::Loaded);
            return;
        }
        self.states.insert(import.path.clone(), State::Loading);
        let files: Vec<File> = texts
            .into_iter()
            .map(|(package, name, text)| {
                let file = self.source.add(format!("std/{package}/{name}"), *text);
                self.parse(file)
            })
            .collect();
        self.load_imports(&files);
        self.states.insert(import.path.clone(), State::Loaded);
        self.packages.push(Package {
            path: import.path.clone(),
            std: true,
            files,
        });
    }
}

fn not_main(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        "E0130",
        at,
        format!("package {name} is not a program"),
        "expected `main`",
    )
}

fn no_such_package(at: Span, path: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("E0131", at, format!("there is no package \"{path}\""), "");
    match std_packages()
        .find(|std| std.eq_ignore_ascii_case(path) || std.rsplit('/').next() == Some(path))
    {
        Some(close) => diagnostic.with_help(format!("did you mean \"{close}\"?")),
        None => diagnostic.with_note("only packages of the standard library can be imported yet"),
    }
}

fn import_cycle(at: Span, path: &str) -> Diagnostic {
    Diagnostic::error(
        "E0132",
        at,
        format!("package \"{path}\" imports itself"),
        "this import closes a circle",
    )
}
