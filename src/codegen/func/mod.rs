//! One function of the program as native code, hot or resume.
//!
//! - [`raw`]: a thin layer over Cranelift's builder
//! - `emit`: the function as a whole: blocks, entries, edges with their polls
//! - `insts`: what each instruction becomes
//! - `numbers`, `memory`, `values`, `calls`, `chans`: instructions by subject
//! - `capture`: how a frame becomes a record, and comes back
//! - `branchfree`: short conditional assignments without a branch
//! - `traps`: faults and panics
//! - `defers`: deferred calls, where panics land, recovery
//! - `observe`: telling an observer, where there is one
//!
//! Both forms come from the same walk over the bytecode. They differ only at the edges:
//!
//! | | hot | resume |
//! |---|---|---|
//! | enters | at its start, with parameters | at any resume point, with a record |
//! | suspends | makes a record, returns its address as status | stores into its own record, dispatches |
//! | returns | its results, status 0 | writes them into the parent's record, enters that |
//! | panics | status 1 | enters the parent's record with outcome 1 |

mod branchfree;
mod calls;
mod capture;
mod chans;
mod defers;
mod emit;
mod insts;
mod maps;
mod memory;
mod numbers;
mod observe;
mod ports;
pub mod raw;
mod traps;
mod values;

pub use emit::{Mode, emit};
