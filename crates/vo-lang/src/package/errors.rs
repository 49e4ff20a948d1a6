//! What can be wrong with packages and files: `E0001` and `E013x`.

use std::io;
use std::path::Path;

use super::{Package, std_packages};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Ident, Name};
use crate::types::closest;

/// A file or folder that cannot be read.
pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Diagnostic {
    let title = format!("cannot read {}: {error}", path.display());
    Diagnostic::without_place(Code::E0001, title)
}

/// A library where a program was asked for.
pub(crate) fn not_main(clause: &Ident) -> Diagnostic {
    Diagnostic::error(
        Code::E0130,
        clause.span,
        format!("package {} is not a program", clause.name),
        "expected `main`",
    )
    .with_help(
        "only a package main with a function main can be run; others can be checked and imported",
    )
}

pub(super) fn no_such_package(
    at: Span,
    path: &str,
    local: &[Name],
    in_project: bool,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        Code::E0131,
        at,
        format!("there is no package \"{path}\""),
        "",
    );
    let relative = path.trim_start_matches("./").trim_start_matches("../");
    if relative != path {
        return diagnostic
            .with_note("import paths are relative to the root of the project, not to the file")
            .with_help(format!("write \"{relative}\""));
    }
    let standard = std_packages().filter(|std| !std.starts_with("internal/"));
    let names: Vec<Name> = local
        .iter()
        .cloned()
        .chain(standard.map(Name::from))
        .collect();
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let wanted = last(path);
    // The same package elsewhere, or else a name like it.
    let elsewhere = names.iter().find(|known| last(known) == wanted).cloned();
    let close = elsewhere.or_else(|| closest(path, &names));
    match close {
        Some(close) => diagnostic.with_help(format!("did you mean \"{close}\"?")),
        None if in_project => diagnostic.with_note(
            "a package is one of the standard library, or a folder relative to the root of the project",
        ),
        None => diagnostic.with_note("a program without a folder can import the standard library only"),
    }
}

/// An import cycle: each step is the importing package, where it imports the next one, and that one's path.
pub(super) fn import_cycle(steps: &[(Name, Span, Name)]) -> Diagnostic {
    let Some(((from, at, to), others)) = steps.split_last() else {
        return Diagnostic::error(Code::E0132, Span::default(), "import cycle not allowed", "");
    };
    let mut diagnostic = Diagnostic::error(
        Code::E0132,
        *at,
        "import cycle not allowed",
        format!("{from} imports {to}"),
    );
    let mut chain = String::new();
    for (from, at, to) in others {
        diagnostic = diagnostic.with_label(*at, format!("{from} imports {to}"));
        chain.push_str(&format!("{from} → "));
    }
    diagnostic.with_note(format!("{chain}{from} → {to}"))
}

pub(super) fn no_files(at: Span, folder: &Path) -> Diagnostic {
    let title = format!("no .vo files in {}", folder.display());
    Diagnostic::error(Code::E0133, at, title, "")
        .with_note("files that end in _test.vo or begin with `_` or `.` do not count")
}

pub(super) fn no_clause(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::E0134, at, "this file has no package clause", "")
        .with_note("it can be left out in a program of a single file only")
        .with_help(format!("begin the file with `package {name}`"))
}

pub(super) fn clauses_differ(clause: &Ident, first: &Ident) -> Diagnostic {
    Diagnostic::error(
        Code::E0135,
        clause.span,
        format!(
            "package {} among files of package {}",
            clause.name, first.name
        ),
        format!("expected `{}`", first.name),
    )
    .with_label(first.span, "the first file of the folder")
    .with_note("the files of a folder make one package")
}

pub(super) fn blank_clause(clause: &Ident) -> Diagnostic {
    Diagnostic::error(
        Code::E0136,
        clause.span,
        "a package cannot be named `_`",
        "",
    )
}

pub(super) fn import_of_program(at: Span, package: &Package) -> Diagnostic {
    let title = format!("\"{}\" is a program, not a package to import", package.path);
    let diagnostic = Diagnostic::error(Code::E0137, at, title, "");
    match package.files.iter().find_map(|file| file.package.as_ref()) {
        Some(clause) => diagnostic.with_label(clause.span, "package main"),
        None => diagnostic,
    }
}

pub(super) fn internal(at: Span, path: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0138,
        at,
        format!("package \"{path}\" is internal"),
        "",
    )
    .with_note("a package below a folder `internal` is for what lies beside that folder only")
}
