//! Loading: from the files of the program to all packages it needs.

use foldhash::HashMap;
use std::path::Path;

use super::project::{Project, source_files};
use super::{DYNAMIC, Package, Program, STD_FILES, errors, order};
use crate::diag::Diagnostics;
use crate::reach::{self, Waiting};
use crate::source::{SourceMap, Span};
use crate::stack::deeper;
use crate::syntax::ast::{File, ImportSpec, Name, NodeId, NodeIds};
use crate::syntax::{Outline, parse_file, parse_outline};

/// The package that makes the values of run-time faults.
const RUNTIME: &str = "runtime";

/// The path of the package of a program that embeds this one.
const HOST: &str = "host";

pub(super) struct Loader<'a> {
    project: Option<Project>,
    /// The source of package `host`, where the program is to be embedded.
    host: Option<&'a str>,
    source: &'a mut SourceMap,
    diags: &'a mut Diagnostics,
    ids: NodeIds,
    packages: Vec<Package>,
    /// The packages each package imports.
    imports: Vec<Vec<usize>>,
    states: HashMap<Key, State>,
    /// The package that each import means, by the import's id.
    targets: HashMap<NodeId, usize>,
    /// The imports that led to the package being loaded: who imports, where, and what.
    trail: Vec<(Name, Span, Name)>,
    /// The packages of the project, once they were needed for a suggestion.
    known: Option<Vec<Name>>,
    /// Files of the standard library, whose functions' bodies are parsed where the program reaches them.
    waiting: Vec<Waiting>,
}

/// A package: of the standard library or of the project, and its path there.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    std: bool,
    path: Name,
}

/// How far the loading of a package is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Loading,
    Loaded(usize),
    /// There is none, or it cannot be used; that was reported.
    Missing,
}

impl<'a> Loader<'a> {
    pub(super) fn new(
        project: Option<Project>,
        host: Option<&'a str>,
        source: &'a mut SourceMap,
        diags: &'a mut Diagnostics,
    ) -> Self {
        Loader {
            project,
            host,
            source,
            diags,
            ids: NodeIds::new(),
            packages: Vec::new(),
            imports: Vec::new(),
            states: HashMap::default(),
            targets: HashMap::default(),
            trail: Vec::new(),
            known: None,
            waiting: Vec::new(),
        }
    }

    /// Loads what the files of the program import, and makes them the program's package.
    pub(super) fn load(mut self, files: Vec<File>) -> Self {
        self.check_clauses(&files);
        self.add("main".into(), false, files);
        self
    }

    /// Adds a package that was asked for by itself; others may import it by its path.
    pub(super) fn add_root(&mut self, path: Name, files: Vec<File>) -> usize {
        let key = Key {
            std: false,
            path: path.clone(),
        };
        self.check_clauses(&files);
        self.states.insert(key.clone(), State::Loading);
        let package = self.add(path, false, files);
        self.states.insert(key, State::Loaded(package));
        package
    }

    /// Adds the package of a file that was made here: it imports `known` packages by their names in the
    /// list, whatever they are, and standard packages.
    pub(super) fn add_runner(&mut self, path: Name, file: File, known: Vec<(&str, usize)>) {
        let mut imports = Vec::new();
        for import in &file.imports {
            let found = known.iter().find(|(name, _)| *name == &*import.path);
            let package = match found {
                Some((_, package)) => Some(*package),
                None => self.implicit(&import.path),
            };
            if let Some(package) = package {
                self.targets.insert(import.id, package);
                imports.push(package);
            }
        }
        let files = vec![file];
        self.packages.push(Package {
            path,
            std: false,
            files,
        });
        self.imports.push(imports);
    }

    pub(super) fn finish(mut self) -> (Program, &'a mut Diagnostics) {
        self.parse_reached();
        let nodes: Vec<order::Node> = self
            .packages
            .iter()
            .zip(self.imports)
            .map(|(package, imports)| (package.path.clone(), imports))
            .collect();
        let order = order::initialization_order(&nodes);
        let mut place = vec![0; order.len()];
        for (at, package) in order.iter().enumerate() {
            place[*package] = at;
        }
        let mut packages: Vec<_> = self.packages.into_iter().zip(&place).collect();
        packages.sort_by_key(|(_, place)| **place);
        let program = Program {
            packages: packages.into_iter().map(|(package, _)| package).collect(),
            targets: self
                .targets
                .into_iter()
                .map(|(import, package)| (import, place[package]))
                .collect(),
            node_count: self.ids.count(),
            syntax_errors: false,
        };
        (program, self.diags)
    }

    /// Parses the bodies of the standard library's functions that the program can reach.
    fn parse_reached(&mut self) {
        let mut packages = self.packages.iter();
        let dynamic = packages.any(|package| {
            &*package.path == DYNAMIC || package.files.iter().any(|file| file.dynamic)
        });
        reach::parse_reached(
            &mut self.packages,
            &self.waiting,
            dynamic,
            self.source,
            &mut self.ids,
            self.diags,
        );
    }

    // ---- files ----------------------------------------------------------------------------------------

    pub(super) fn parse(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> File {
        let file = self.source.add(name, bytes);
        parse_file(self.source, file, &mut self.ids, self.diags)
    }

    pub(super) fn read_file(&mut self, path: &Path) -> Option<File> {
        match std::fs::read(path) {
            Ok(bytes) => Some(self.parse(path.display().to_string(), bytes)),
            Err(error) => {
                self.cannot_read(path, &error);
                None
            }
        }
    }

    /// The files of a folder that is a program of its own.
    pub(super) fn parse_folder(&mut self, folder: &Path) -> Vec<File> {
        match source_files(folder) {
            Ok(files) if files.is_empty() => {
                let at = self.source.add(folder.display().to_string(), "");
                self.diags
                    .push(errors::no_files(Span::new(at, 0, 0), folder));
                Vec::new()
            }
            Ok(files) => files
                .iter()
                .filter_map(|file| self.read_file(file))
                .collect(),
            Err(error) => {
                self.cannot_read(folder, &error);
                Vec::new()
            }
        }
    }

    fn cannot_read(&mut self, path: &Path, error: &std::io::Error) {
        self.diags.push(errors::cannot_read(path, error));
    }

    /// The files of a package must agree on its name; only a program of one file need not tell it.
    fn check_clauses(&mut self, files: &[File]) {
        let first = files.iter().find_map(|file| file.package.as_ref());
        for file in files {
            match (&file.package, first) {
                (Some(clause), _) if clause.is_blank() => {
                    self.diags.push(errors::blank_clause(clause));
                }
                (Some(clause), Some(first)) if clause.name != first.name => {
                    self.diags.push(errors::clauses_differ(clause, first));
                }
                (None, _) if files.len() > 1 || !self.trail.is_empty() => {
                    let name = match (first, self.trail.last()) {
                        (Some(first), _) => &*first.name,
                        (None, Some((_, _, path))) => path.rsplit('/').next().unwrap_or_default(),
                        (None, None) => "main",
                    };
                    let diagnostic = errors::no_clause(file.span.start(), name);
                    self.diags.push(diagnostic);
                }
                _ => {}
            }
        }
    }

    // ---- imports --------------------------------------------------------------------------------------

    /// Adds a package behind those that it imports; gives its index.
    fn add(&mut self, path: Name, std: bool, files: Vec<File>) -> usize {
        let importer = Key { std, path };
        let mut imports = Vec::new();
        for import in files.iter().flat_map(|file| &file.imports) {
            let found = deeper(|| self.import(&importer, import));
            let Some(package) = found else { continue };
            self.targets.insert(import.id, package);
            if !imports.contains(&package) {
                imports.push(package);
            }
        }
        if files.iter().any(|file| file.dynamic) {
            let dynamic = self.implicit(DYNAMIC);
            imports.extend(dynamic.filter(|package| !imports.contains(package)));
        }
        if let Some(package) = self.faults(&files)
            && !imports.contains(&package)
        {
            imports.push(package);
        }
        let Key { std, path } = importer;
        self.packages.push(Package { path, std, files });
        self.imports.push(imports);
        self.packages.len() - 1
    }

    /// Package `runtime`, which makes what `recover` gives for a run-time fault, where files recover.
    /// It imports nothing, so it can be loaded at any time.
    fn faults(&mut self, files: &[File]) -> Option<usize> {
        // The word alone says enough: to load the package needlessly costs little.
        let text = |file: &File| self.source.file(file.span.file).text();
        if !files.iter().any(|file| text(file).contains("recover")) {
            return None;
        }
        let key = Key {
            std: true,
            path: RUNTIME.into(),
        };
        match self.states.get(&key) {
            Some(State::Loaded(package)) => Some(*package),
            Some(State::Loading | State::Missing) => None,
            None => {
                self.states.insert(key, State::Loading);
                self.implicit(RUNTIME)
            }
        }
    }

    /// The index of the package that an import names, which is loaded where it is not yet.
    fn import(&mut self, importer: &Key, import: &ImportSpec) -> Option<usize> {
        if import.path.is_empty() {
            // No path at all, as the parser has told.
            return None;
        }
        let key = self.key(importer, &import.path);
        let step = (importer.path.clone(), import.path_span, key.path.clone());
        let package = match self.states.get(&key) {
            Some(State::Loaded(package)) => *package,
            Some(State::Loading) => {
                let start = self.trail.iter().position(|(_, _, to)| *to == key.path);
                let mut cycle = self.trail[start.map_or(0, |at| at + 1)..].to_vec();
                cycle.push(step);
                self.diags.push(errors::import_cycle(&cycle));
                return None;
            }
            Some(State::Missing) => return None,
            None => {
                self.states.insert(key.clone(), State::Loading);
                self.trail.push(step);
                let found = self.load_package(&key, import.path_span);
                self.trail.pop();
                let state = found.map_or(State::Missing, State::Loaded);
                self.states.insert(key.clone(), state);
                found?
            }
        };
        let loaded = &self.packages[package];
        if !key.std && &*loaded.name() == "main" {
            self.diags
                .push(errors::import_of_program(import.path_span, loaded));
            return None;
        }
        if !key.std && !sees(&importer.path, &key.path) {
            self.diags
                .push(errors::internal(import.path_span, &key.path));
            return None;
        }
        Some(package)
    }

    /// The index of a standard package that files need without naming it.
    fn implicit(&mut self, path: &str) -> Option<usize> {
        let key = Key {
            std: true,
            path: path.into(),
        };
        if let Some(State::Loaded(package)) = self.states.get(&key) {
            return Some(*package);
        }
        let package = self.load_package(&key, Span::default())?;
        self.states.insert(key, State::Loaded(package));
        Some(package)
    }

    /// What an import path means to a package. The library's own `internal` packages are for the library.
    fn key(&self, importer: &Key, path: &str) -> Key {
        let hosted = path == HOST && self.host.is_some();
        let std = hosted || is_std(path) && (importer.std || !path.starts_with("internal/"));
        let path = match &self.project {
            Some(project) if !std => project.path_from_root(path),
            _ => path,
        };
        Key {
            std,
            path: path.into(),
        }
    }

    fn load_package(&mut self, key: &Key, at: Span) -> Option<usize> {
        let (files, outlines) = if key.std {
            self.std_files(&key.path)
        } else {
            (self.project_files(&key.path, at)?, Vec::new())
        };
        self.check_clauses(&files);
        let package = self.add(key.path.clone(), key.std, files);
        let outlines = outlines.into_iter().enumerate();
        self.waiting.extend(outlines.map(|(file, outline)| Waiting {
            package,
            file,
            outline,
        }));
        Some(package)
    }

    /// The files of a package of the standard library, without the bodies of their functions.
    fn std_files(&mut self, path: &str) -> (Vec<File>, Vec<Outline>) {
        if path == HOST
            && let Some(text) = self.host
        {
            let file = self.source.add("host.vo", text);
            let (file, outline) = parse_outline(self.source, file, &mut self.ids, self.diags);
            return (vec![file], vec![outline]);
        }
        std_texts(path)
            .map(|(package, name, text)| {
                let file = self.source.add(format!("std/{package}/{name}"), *text);
                parse_outline(self.source, file, &mut self.ids, self.diags)
            })
            .unzip()
    }

    /// The files of a folder of the project.
    fn project_files(&mut self, path: &Name, at: Span) -> Option<Vec<File>> {
        let folder = self
            .project
            .as_ref()
            .and_then(|project| project.folder(path));
        let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
            if is_std(path) {
                self.diags.push(errors::internal(at, path));
            } else {
                self.no_such_package(path, at);
            }
            return None;
        };
        match source_files(&folder) {
            Ok(files) if files.is_empty() => self.diags.push(errors::no_files(at, &folder)),
            Ok(files) => {
                return Some(
                    files
                        .iter()
                        .filter_map(|file| self.read_file(file))
                        .collect(),
                );
            }
            Err(error) => self.cannot_read(&folder, &error),
        }
        None
    }

    fn no_such_package(&mut self, path: &Name, at: Span) {
        let project = &self.project;
        let known = self
            .known
            .get_or_insert_with(|| project.as_ref().map_or_else(Vec::new, Project::packages));
        let diagnostic = errors::no_such_package(at, path, known, project.is_some());
        self.diags.push(diagnostic);
    }
}

/// The files of a standard package.
fn std_texts(
    path: &str,
) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    let start = STD_FILES.partition_point(|(package, ..)| *package < path);
    let end = STD_FILES.partition_point(|(package, ..)| *package <= path);
    STD_FILES[start..end].iter()
}

fn is_std(path: &str) -> bool {
    std_texts(path).next().is_some()
}

/// Whether a package may import another one of the same tree, as far as folders `internal` go.
fn sees(importer: &str, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let Some(at) = parts.iter().rposition(|part| *part == "internal") else {
        return true;
    };
    let outside = parts[..at].join("/");
    outside.is_empty()
        || importer == outside
        || importer
            .strip_prefix(&*outside)
            .is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::sees;

    #[test]
    fn internal_packages_are_for_what_lies_beside_them() {
        assert!(sees("main", "a/b"));
        assert!(sees("main", "internal/b"));
        assert!(sees("a", "a/internal/b"));
        assert!(sees("a/c", "a/internal/b"));
        assert!(!sees("ab", "a/internal/b"));
        assert!(!sees("main", "a/internal/b"));
    }
}
