//! The diagnostics of the type checker: one named constructor per error.
//!
//! Ids are stable: `E01xx` names and declarations, `E02xx` types, `E03xx` operands, operators and
//! constants, `E04xx` calls, built-ins and literals, `E05xx` statements and assignments, `E09xx` what is not
//! supported.

mod calls;
mod names;
mod operands;
mod stmts;
mod types;

pub(super) use calls::*;
pub(super) use names::*;
pub(super) use operands::*;
pub(super) use stmts::*;
pub(super) use types::*;

use crate::diag::{Code, Diagnostic};
use crate::source::Span;

/// Something the checker could not make sense of although no other error explains it.
pub(in crate::types) fn not_checked(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0999, at, "this could not be checked", "")
        .with_note("this is a fault of the compiler; please report it with the program")
}

/// A count with its noun: `1 value`, `2 values`.
fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// The same diagnostic with a way out, if there is one.
fn with_help(diagnostic: Diagnostic, help: Option<String>) -> Diagnostic {
    match help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

/// The same diagnostic with a reason, if there is one.
fn with_note(diagnostic: Diagnostic, note: &str) -> Diagnostic {
    if note.is_empty() {
        diagnostic
    } else {
        diagnostic.with_note(note)
    }
}
