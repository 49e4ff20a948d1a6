//! The bytecode of Vo: a register machine over typed slots.
//!
//! - [`slot`]: slots, their types, and the operand wrappers of instructions
//! - [`ops`]: the small enumerations that instructions carry (integer kinds, operators, …)
//! - [`inst`]: the one table of all instructions
//! - [`landing`]: where panics of a function with deferred calls lead
//! - [`rtfn`]: the one list of runtime functions that `CallRt` reaches
//! - [`types`]: the type table, memory layouts and the flattening of values into slots
//! - [`module`]: functions and modules
//! - [`text`]: the text form, to read, to write by hand and to test with
//! - [`binary`]: the binary form
//! - [`verify`]: the verifier; whatever enters from outside passes it first
//!
//! Nothing here knows of source text or of Cranelift, and nothing here runs a program.
#![forbid(unsafe_code)]

#[macro_use]
pub mod inst;

pub mod binary;
pub mod landing;
pub mod module;
pub mod ops;
pub mod rtfn;
pub mod slot;
pub mod text;
pub mod types;
pub mod verify;

pub use inst::Inst;
pub use module::{
    FuncId, Function, Global, GlobalId, ISLAND_INIT, Module, PANIC_TEXT, SlotName, SourceType,
    StrId,
};
pub use ops::*;
pub use rtfn::RtFn;
pub use slot::*;
pub use types::{Field, Layout, MethodId, Type, TypeId, TypeKind, Types};
