//! Lowering: from the checked tree to bytecode.
//!
//! [`lower`] starts at the entry function and makes only what can be reached from it: a work list of
//! functions, thunks and helpers ([`program`]), each made by a [`func::Lowerer`] from the function's tree.
//!
//! | file | holds |
//! |---|---|
//! | `program` | what is shared by all functions: ids, the work list, strings, globals, method tables |
//! | `typetable` | the module's types, the shapes of values |
//! | `builder` | code of one function: slots, labels, lines |
//! | `facts` | what is known of slots, so that checks need not be made twice |
//! | `scan` | which array variables are indexed dynamically |
//! | `func` | one function: variables, parameters, captures, results |
//! | `place` | where values are: variables, memory, elements; reading and writing them |
//! | `expr`, `cond`, `lit`, `convert` | expressions |
//! | `order` | calls that are evaluated ahead of plain reads |
//! | `call`, `builtin`, `method` | calls, built-in functions, method values |
//! | `stmt`, `assign`, `control`, `range`, `select` | statements |
//! | `defer` | deferred calls |
//! | `leave` | how returns and errors leave a function |
//! | `thunk` | functions that have no source: wrappers, equality, entry |
//! | `dynamic` | the operator `~>` |
//! | `dynmade` | what package `dyn` calls: methods by name, functions of any type |
//! | `natives` | functions of the standard library without a body |
//!
//! The tree was checked without errors before; what the checker accepts but cannot be lowered yet is
//! reported as "not supported yet".

mod assign;
mod builder;
mod builtin;
mod call;
mod cond;
mod control;
mod convert;
mod defer;
mod dynamic;
mod dynmade;
mod expr;
mod facts;
mod func;
mod leave;
mod lit;
mod method;
mod natives;
mod order;
mod place;
mod program;
mod range;
mod scan;
mod select;
mod stmt;
mod thunk;
mod typetable;

use vo_bytecode::Module;

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::source::{SourceMap, Span};
use crate::types::info::{Info, PkgId};
use crate::types::ty::TyTable;

/// Makes the module of a checked program.
///
/// `is_std` tells which packages belong to the standard library: their package variables are initialised
/// only where they are used. `dyn_pkg` is the package behind the operator `~>`, where the program has it. Fails if the program uses what is not supported yet.
pub fn lower(
    info: &Info<'_>,
    types: &TyTable,
    sources: &SourceMap,
    is_std: &dyn Fn(PkgId) -> bool,
    dyn_pkg: Option<PkgId>,
) -> Result<Module, Diagnostics> {
    program::Program::new(info, types, sources, is_std, dyn_pkg).run()
}

/// A feature that is not there yet.
fn not_supported(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0900,
        span,
        format!("{what} is not supported yet"),
        "",
    )
}
