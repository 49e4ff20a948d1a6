//! The front end of Vo: from source text to bytecode.
//!
//! `syntax` turns text into an AST, `types` checks it, `lower` makes bytecode of it.
//! Nothing here runs a program.
#![forbid(unsafe_code)]

pub mod compile;
pub mod diag;
mod lower;
pub mod package;
mod reach;
pub mod source;
mod stack;
pub mod syntax;
pub mod types;
