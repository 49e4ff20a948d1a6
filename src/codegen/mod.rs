//! From bytecode and split plan to native code, on Cranelift.
//!
//! - [`isa`]: the target and its settings
//! - [`abi`]: call conventions, the status word, signatures
//! - [`jit`]: the code of a program: what is compiled when, and the tables of addresses
//! - [`listing`]: the code as people read it
//! - [`batch`]: compiling many pieces at once, on all processors
//! - [`stubs`]: the native code that belongs to no function: dispatch, exits, slow paths
//! - [`func`]: one function, hot or resume
//! - [`exec`]: runs fibers on native code; an [`Executor`](crate::runtime::sched::Executor)
//!
//! Every function becomes a *hot function* (called as ordinary native code) and, the first time
//! a frame of it was captured or it starts as a goroutine, a *resume function*, whose entries are
//! its resume points. Both come from the same emitter; see [`func`].

pub mod abi;
pub mod batch;
pub mod exec;
pub mod func;
pub mod isa;
pub mod jit;
pub mod listing;
pub mod stubs;
