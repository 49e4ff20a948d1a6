//! The text form of a module: [`print()`] writes it and [`parse`] reads it back without loss.
//!
//! Instructions are printed and parsed from the instruction table with one trait per operand
//! type (`operand`), so a new instruction needs nothing here. Nothing here checks what a
//! module means; that is [`crate::verify`].
//!
//! ```text
//! file 0 "main.vo"
//! string s0 "bytes: \xff"
//! type t0 int = i64
//! type t1 main.Point = struct { X: t0, embedded Y: t0 "tag" } methods { m0: main.Point.Len }
//! method m0 Len t2
//! global g0 main.counter t0
//!
//! func @0 main.f(%0: ref, %1: i64) -> (i64) file 0 {
//!   slots %2: i64, %3: iface
//!   names %1 = n: t0
//!   Br %1, @2, @1 !7
//! @1:
//!   Bin %2, add, i64, %1, %1 !8
//!   …
//! }
//!
//! entry main.init
//! ```
//!
//! What is written by hand may leave out much of that: the index behind a keyword, `%n:` before
//! a parameter's or slot's type, the types of names, `file` and `!line`, and labels. It may use named labels
//! (`@loop:` and `Jump @loop`), string literals where a string id is wanted, and `;` or `//`
//! comments. An `iface` is two slots. A function is named by `@index`, by its name, or by its
//! name in quotes where that is not a plain word (`"main.(*Tree).walk"`).
//!
//! Lossless means: `parse(&print(&m))` gives `m` again for each module whose functions have a
//! line for every instruction (the verifier asks for that) and whose count of parameters does
//! not exceed that of its slots.

mod escape;
mod function;
mod lex;
mod operand;
mod parse;
mod print;

pub use parse::parse;
pub use print::{instructions, print};

use std::fmt;

/// Why a text is no module, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextError {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for TextError {}
