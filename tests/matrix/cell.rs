//! A cell, and the program that is made of it.

use crate::IMPORTS;

/// One operation in one case.
pub struct Cell {
    pub operation: &'static str,
    pub case: &'static str,
    /// Declarations beside the function.
    pub package: &'static str,
    /// Statements of a function that prints what the panic of `f` is, if it panics.
    pub code: &'static str,
    pub prints: &'static str,
    /// What standard error must say, among other things.
    pub tells: &'static str,
    pub options: &'static [&'static str],
    pub status: i32,
}

pub const fn cell(
    operation: &'static str,
    case: &'static str,
    code: &'static str,
    prints: &'static str,
) -> Cell {
    Cell {
        operation,
        case,
        package: "",
        code,
        prints,
        tells: "",
        options: &[],
        status: 0,
    }
}

/// A cell that ends the program: something is at its limit.
pub const fn limit(
    operation: &'static str,
    case: &'static str,
    code: &'static str,
    tells: &'static str,
    options: &'static [&'static str],
) -> Cell {
    Cell {
        options,
        ..fatal(operation, case, code, tells)
    }
}

/// A cell that ends the program with no chance to recover.
pub const fn fatal(
    operation: &'static str,
    case: &'static str,
    code: &'static str,
    tells: &'static str,
) -> Cell {
    Cell {
        tells,
        status: 2,
        ..cell(operation, case, code, "")
    }
}

/// The cell's statements in a function whose panic is printed.
pub fn program_of(cell: &Cell) -> String {
    format!(
        "package main\n{IMPORTS}{}\nfunc f() {{\n{}\n}}\n\nfunc main() {{\n\
         \tdefer func() {{\n\t\tif r := recover(); r != nil {{\n\t\t\tfmt.Print(\"panic: \", r, \"\\n\")\n\t\t}}\n\t}}()\n\
         \tf()\n}}\n",
        cell.package, cell.code
    )
}

/// How the heap's limit is told.
pub const NO_MEMORY: &str = "fatal error: out of memory: the limit of ";
/// How a goroutine without a function is told.
pub const NO_FUNCTION: &str = "fatal error: go of nil func value";
