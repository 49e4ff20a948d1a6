//! The verifier: everything the rooms behind it trust a module to be.
//!
//! - `types`: the type table: indices, order, sizes, no type within itself
//! - `tables`: globals, entry, the functions' headers, method tables
//! - `operands`: each operand by itself: indices in range, interface words in pairs
//! - `rules`: the types of an instruction's operands together
//! - `calls`: callees, arguments, results
//! - `blocks`: select groups, jumps, slots written twice
//! - `flow`: every slot is written before it is read
//!
//! A later check runs only on what passed the earlier ones, so each may index without care.
//! Nothing recurses: a hostile module can be slow to verify in proportion to its size, but it
//! cannot overflow the stack. What it does **not** check: that loads and stores stay within their
//! objects and meet the memory form found there, that the values sent on a channel have its
//! element type, that a closure is called with the arguments its function wants, and that the
//! captures of a closure are filled in. Those are promises of whoever made the module.

mod blocks;
mod calls;
mod flow;
mod operands;
mod rules;
mod tables;
mod types;

use crate::*;
use std::fmt;

pub use types::{MAX_ARRAY_LEN, MAX_DEPTH, MAX_PARTS, MAX_TYPE_SIZE};

/// The most results of a function, in slots.
pub const MAX_RESULTS: usize = 256;
/// The most cases of a select; Go's limit.
pub const MAX_SELECT_CASES: i64 = 1 << 16;
/// Errors beyond this many are not collected: nobody reads them.
const MAX_ERRORS: usize = 100;

/// What is wrong with a module, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// Where it is wrong.
    pub place: Place,
    /// What is wrong.
    pub message: String,
}

/// A place in a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The module as a whole.
    Module,
    /// A type, with its name.
    Type(TypeId, String),
    /// A method of interfaces, with its name.
    Method(MethodId, String),
    /// A global, with its name.
    Global(GlobalId, String),
    /// A function, with its name.
    Function(FuncId, String),
    /// An instruction of a function.
    Inst {
        /// The function.
        id: FuncId,
        /// Its name.
        function: String,
        /// The index of the instruction.
        at: usize,
        /// Its opcode.
        mnemonic: &'static str,
        /// Its source line, or 0.
        line: u32,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Module => write!(f, "module"),
            Place::Type(id, name) if name.is_empty() => write!(f, "type t{}", id.0),
            Place::Type(id, name) => write!(f, "type t{} ({name})", id.0),
            Place::Method(id, name) => write!(f, "method m{} ({name})", id.0),
            Place::Global(id, name) => write!(f, "global g{} ({name})", id.0),
            Place::Function(id, name) => write!(f, "function @{} ({name})", id.0),
            Place::Inst {
                id,
                function,
                at,
                mnemonic,
                line,
            } => {
                write!(f, "function @{} ({function}), @{at} {mnemonic}", id.0)?;
                match line {
                    0 => Ok(()),
                    line => write!(f, ", line {line}"),
                }
            }
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for VerifyError {}

/// The errors found so far.
#[derive(Default)]
struct Report {
    errors: Vec<VerifyError>,
}

impl Report {
    fn push(&mut self, place: Place, message: String) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(VerifyError { place, message });
        }
    }

    fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    fn result(self) -> Result<(), Vec<VerifyError>> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }
}

/// Checks a module. See [the module's text](self) for what that promises.
///
/// # Errors
///
/// Everything found wrong, up to a limit; what a first mistake hides is found when that is mended.
pub fn verify(module: &Module) -> Result<(), Vec<VerifyError>> {
    let mut report = Report::default();
    let facts = types::check(module, &mut report);
    tables::check(module, &mut report);
    let Some(facts) = facts else {
        return report.result();
    };
    if !report.errors.is_empty() {
        return report.result();
    }
    tables::check_method_tables(module, &facts, &mut report);
    for (at, function) in module.functions.iter().enumerate() {
        if report.is_full() {
            break;
        }
        let id = FuncId(at as u32);
        Checker {
            module,
            facts: &facts,
            function,
            id,
            at: 0,
            report: &mut report,
        }
        .function();
    }
    report.result()
}

/// A function being checked, at one of its instructions.
struct Checker<'a> {
    module: &'a Module,
    facts: &'a types::Facts,
    function: &'a Function,
    id: FuncId,
    at: usize,
    report: &'a mut Report,
}

impl<'a> Checker<'a> {
    /// Reports an error of the current instruction.
    fn fail(&mut self, message: String) {
        let place = Place::Inst {
            id: self.id,
            function: self.function.name.clone(),
            at: self.at,
            mnemonic: self.function.code[self.at].mnemonic(),
            line: self.function.lines[self.at],
        };
        self.report.push(place, message);
    }

    /// The type of a slot that is known to exist.
    fn ty(&self, slot: Slot) -> SlotTy {
        self.function.slots[slot.index()]
    }

    /// Runs `check` on each instruction; whether none failed.
    fn each(&mut self, mut check: impl FnMut(&mut Self, &'a Inst)) -> bool {
        let before = self.report.errors.len();
        let function = self.function;
        for (at, inst) in function.code.iter().enumerate() {
            self.at = at;
            check(self, inst);
            if self.report.is_full() {
                return false;
            }
        }
        self.report.errors.len() == before
    }

    fn function(&mut self) {
        let sound = self.each(|c, inst| c.operands(inst))
            // Both of these are worth reading when the other fails too.
            && self.blocks() & self.each(|c, inst| c.rules(inst));
        if sound {
            self.flow();
        }
    }
}

/// Slot types as error messages show them: `(i64, ref)`.
fn tuple(types: impl IntoIterator<Item = SlotTy>) -> String {
    let names: Vec<_> = types.into_iter().map(ty_name).collect();
    format!("({})", names.join(", "))
}

/// A slot's type as the text form names it.
fn ty_name(ty: SlotTy) -> &'static str {
    match ty {
        SlotTy::I64 => "i64",
        SlotTy::F64 => "f64",
        SlotTy::F32 => "f32",
        SlotTy::Ref => "ref",
        SlotTy::IfaceType => "itype",
        SlotTy::IfaceData => "idata",
    }
}
