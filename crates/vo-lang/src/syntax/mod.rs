//! Syntax: from text to an AST, and back to canonical text.
//!
//! `lexer` makes tokens and inserts semicolons, `parser` makes the tree of `ast`, `printer` writes a tree as
//! source, `format` lays source out anew. What names mean is not known here: that is `types`' business.

pub mod ast;
mod errors;
pub mod format;
mod lexer;
pub mod parser;
pub mod printer;
mod token;

pub use parser::{Outline, parse_file, parse_outline};

#[cfg(test)]
mod tests;
