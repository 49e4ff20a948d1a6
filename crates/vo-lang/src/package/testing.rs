//! Programs made of tests: a package with its files `*_test.vo`, and a `main` that runs what they declare.

use std::fmt::Write as _;
use std::path::Path;

use super::loader::Loader;
use super::project::{Project, is_test_file, source_files, test_files};
use super::{Program, finish};
use crate::diag::Diagnostics;
use crate::source::SourceMap;
use crate::syntax::ast::{Decl, Expr, ExprKind, File, FuncDecl};

/// The path of the package whose `main` runs the tests.
const RUNNER: &str = "main.test";

/// Loads the tests of a folder, or of the folder that a test file is in (then that file's only), as a
/// program that runs them. `None` if there are no test files. What is wrong is told to `diags`.
pub fn load_tests(path: &Path, source: &mut SourceMap, diags: &mut Diagnostics) -> Option<Program> {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(Path::new(""))
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut tests = test_files(folder).unwrap_or_default();
    if !path.is_dir() {
        tests.retain(|file| file.file_name() == path.file_name());
    }
    if tests.is_empty() {
        return None;
    }
    let project = Project::around(folder);
    let import_path = project.path_of(folder);
    let mut loader = Loader::new(Some(project), None, source, diags);
    let mut files: Vec<File> = Vec::new();
    for file in source_files(folder).unwrap_or_default() {
        files.extend(loader.read_file(&file));
    }
    let mut own = files.len();
    let (mut inner, mut outer) = (Vec::new(), Vec::new());
    for file in tests {
        let Some(file) = loader.read_file(&file) else {
            continue;
        };
        // Tests from outside are a package of their own.
        let external = file
            .package
            .as_ref()
            .is_some_and(|name| name.name.ends_with("_test"));
        if external { &mut outer } else { &mut inner }.push(file);
    }
    own += inner.len();
    let mut packages = Vec::new();
    let inner_calls = calls("under", &inner);
    let outer_calls = calls("beside", &outer);
    files.extend(inner);
    if own > 0 {
        let path = match import_path.as_deref() {
            None | Some("") => "main",
            Some(path) => path,
        };
        let package = loader.add_root(path.into(), files);
        packages.push(("under", package, &inner_calls));
    }
    if !outer.is_empty() {
        let package = loader.add_root("main_test".into(), outer);
        packages.push(("beside", package, &outer_calls));
    }
    let text = runner(packages.iter().map(|(name, _, calls)| (*name, *calls)));
    let file = loader.parse(format!("{RUNNER}.vo"), text);
    let known = packages
        .iter()
        .map(|(name, package, _)| (*name, *package))
        .collect();
    loader.add_runner(RUNNER.into(), file, known);
    Some(finish(loader))
}

/// Whether a path names a test file.
pub fn is_test_path(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| is_test_file(&name.to_string_lossy()))
}

/// The tests and benchmarks that files declare, as lines of two tables.
#[derive(Default)]
struct Calls {
    tests: String,
    benchmarks: String,
}

fn calls(package: &str, files: &[File]) -> Calls {
    let mut calls = Calls::default();
    for decl in files.iter().flat_map(|file| &file.decls) {
        let Decl::Func(decl) = decl else { continue };
        let name = &decl.name.name;
        if is_test(decl, "Test", "T") {
            let _ = writeln!(calls.tests, "\t\t{{\"{name}\", {package}.{name}}},");
        } else if is_test(decl, "Benchmark", "B") {
            let _ = writeln!(calls.benchmarks, "\t\t{{\"{name}\", {package}.{name}}},");
        }
    }
    calls
}

/// Whether a function is one of those to run: `func TestName(t *testing.T)`.
fn is_test(decl: &FuncDecl, prefix: &str, ty: &str) -> bool {
    let Some(rest) = decl.name.name.strip_prefix(prefix) else {
        return false;
    };
    let is_type = |e: &Expr| match &e.unparen().kind {
        ExprKind::Star(inner) => match &inner.unparen().kind {
            ExprKind::Selector { sel, .. } => &*sel.name == ty,
            ExprKind::Ident(name) => &*name.name == ty,
            _ => false,
        },
        _ => false,
    };
    decl.recv.is_none()
        && !rest.starts_with(char::is_lowercase)
        && matches!(&decl.sig.params[..], [param] if is_type(&param.ty))
}

/// The source of the `main` that runs the tests.
fn runner<'a>(packages: impl Iterator<Item = (&'a str, &'a Calls)>) -> String {
    let mut imports = String::from("import \"testing\"\n");
    let (mut tests, mut benchmarks) = (String::new(), String::new());
    for (name, calls) in packages {
        let used = !calls.tests.is_empty() || !calls.benchmarks.is_empty();
        let _ = writeln!(
            imports,
            "import {} \"{name}\"",
            if used { name } else { "_" }
        );
        tests.push_str(&calls.tests);
        benchmarks.push_str(&calls.benchmarks);
    }
    format!(
        "package main\n\n{imports}\nfunc main() {{\n\ttesting.Main([]testing.InternalTest{{\n{tests}\t}}, \
         []testing.InternalBenchmark{{\n{benchmarks}\t}})\n}}\n"
    )
}
