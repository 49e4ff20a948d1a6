//! What the code looks like to the JIT: plain functions from a function's bytecode to data.
//!
//! - [`graph`]: basic blocks and the edges between them
//! - [`dom`]: the dominator tree of the blocks
//! - [`loops`]: the loop nesting forest and the back edges
//! - [`rotate`]: loops that can be tested at the bottom
//! - [`slotset`]: sets of slots
//! - [`liveness`]: which slots hold a value that is still wanted
//! - [`bounds`]: bounds checks that cannot fail
//! - [`effects`]: the table of what an instruction can do
//! - [`callgraph`]: who calls whom, and which functions may suspend, panic or recurse
//! - [`print`](mod@print): all of it as text
//!
//! The bytecode must have passed the verifier. Nothing here decides where a function splits or
//! how its records lie (that is `split`), and nothing here knows of Cranelift.
#![forbid(unsafe_code)]

pub mod bounds;
pub mod callgraph;
pub mod dom;
pub mod effects;
pub mod graph;
pub mod liveness;
pub mod loops;
pub mod print;
pub mod rotate;
pub mod slotset;

#[cfg(test)]
mod tests;

pub use callgraph::{CallFacts, CallGraph, FuncFacts};
pub use dom::Dominators;
pub use effects::Effects;
pub use graph::{Block, BlockId, Cfg, Edge, EdgeKind};
pub use liveness::{Liveness, Walk};
pub use loops::{Loop, LoopId, Loops};
pub use rotate::{Rotation, rotations};
pub use slotset::SlotSet;
