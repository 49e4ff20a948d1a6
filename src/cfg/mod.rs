//! What the code looks like to the JIT: plain functions from a function's bytecode to data.
//!
//! - [`graph`]: basic blocks and the edges between them
//! - [`slotset`]: sets of slots
//! - [`liveness`]: which slots hold a value that is still wanted
//! - [`effects`]: the table of what an instruction can do
//! - [`callgraph`]: who calls whom, and which functions may suspend, panic or recurse
//!
//! The bytecode must have passed the verifier. Nothing here decides where a function splits or
//! how its records lie (that is `split`), and nothing here knows of Cranelift.
#![forbid(unsafe_code)]

pub mod callgraph;
pub mod effects;
pub mod graph;
pub mod liveness;
pub mod slotset;

pub use callgraph::{CallGraph, FuncFacts};
pub use effects::Effects;
pub use graph::{Block, BlockId, Cfg, Edge, EdgeKind};
pub use liveness::Liveness;
pub use slotset::SlotSet;
