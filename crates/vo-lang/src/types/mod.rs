//! The type checker: names, types, constants and the order of initialisation.
//!
//! [`check()`] takes a parsed [`Program`] and gives its types ([`ty`]) and facts about its tree ([`info`]), the
//! two things that the lowering reads. The structure follows `go/types`: one file for each subject, all of
//! them methods of one checker. Nothing here changes the tree or knows of bytecode.
//!
//! # What this does not check
//!
//! - A call on another island through a function *value* is accepted: what the value captured is known only
//!   when the program runs.
//! - Go takes three things that are refused here: an interface literal, within a method of an interface,
//!   that embeds that same interface; promoted fields as keys of struct literals; `new` of a value.

mod assign;
mod binary;
mod builtins;
mod call;
mod check;
mod composite;
pub mod constant;
mod conversions;
mod decl;
mod dynamic;
mod errors;
mod expr;
mod implements;
mod index;
pub mod info;
mod initorder;
mod labels;
pub mod lookup;
mod operand;
mod predicates;
mod range;
mod resolver;
mod returns;
mod selector;
mod stmt;
mod suggest;
mod switch;
pub mod ty;
mod typestring;
mod typexpr;
mod universe;
mod untyped;
mod validtype;

use crate::diag::Diagnostics;
use crate::package::Program;
use crate::source::SourceMap;
pub(crate) use suggest::closest;

/// A checked program. Unless errors were reported, every expression of it has a valid type.
#[derive(Debug)]
pub struct Checked<'a> {
    /// The program as parsed.
    pub program: &'a Program,
    /// What is known of its tree.
    pub info: info::Info<'a>,
    /// Its types.
    pub types: ty::TyTable,
}

/// Checks a program whose packages are in dependency order. What is wrong is told to `diags`; the result
/// is fit for lowering only if that is nothing.
///
/// A program with syntax errors is not checked: most of what could be found would be their consequence.
pub fn check<'a>(
    program: &'a Program,
    source: &'a SourceMap,
    diags: &mut Diagnostics,
) -> Checked<'a> {
    let mut checker = check::Checker::new(program, source, diags.has_errors());
    if !program.syntax_errors {
        checker.check_program();
    }
    let (info, types, diagnostics) = checker.finish();
    diagnostics
        .into_iter()
        .for_each(|diagnostic| diags.push(diagnostic));
    Checked {
        program,
        info,
        types,
    }
}
