//! The runtime: everything that exists while a program runs.
//!
//! - [`context`]: the state of an island that native code reaches through a register
//! - [`fiber`], [`record`]: a goroutine that does not run, and its captured frames
//! - [`sched`]: which goroutine runs
//! - [`chan`], [`select`], [`timer`]: what goroutines wait for
//! - [`observe`]: watching a run: counters and events
//! - [`outside`]: what comes from other threads: completions, events of sockets, letters
//! - [`port`], [`pack`]: what islands send each other, and how it gets there
//! - [`world`]: islands, and the workers that run them
//! - [`value`], [`map`]: equality and hashes of values, and maps
//! - [`heap`]: objects and the collector
//! - [`short`]: copies and comparisons of a few bytes
//! - [`hostcall`]: calls of functions of the program that the engine is embedded in
//! - [`program`]: the tables of a program
//! - [`panic`](mod@panic), [`recover`]: panics and faults, and how deferred calls deal with them
//! - [`roll`]: a roll of all goroutines, for reports
//! - [`origin`]: where goroutines were started
//! - [`helpers`]: the one list of functions that native code calls
//! - [`native`]: the functions behind `CallRt`
//! - [`report`]: what a person reads when a program ends badly
//!
//! It makes no code; who runs fibers is an [`sched::Executor`].

pub mod chan;
pub mod context;
pub mod fiber;
pub mod heap;
pub mod helpers;
pub mod hostcall;
pub mod island;
pub mod map;
pub mod native;
pub mod observe;
pub mod origin;
pub mod outside;
pub mod pack;
pub mod panic;
pub mod panic_text;
pub mod port;
pub mod program;
pub mod record;
pub mod recover;
pub mod report;
pub mod roll;
pub mod sched;
pub mod select;
pub mod short;
pub mod timer;
pub mod value;
pub mod world;

#[cfg(test)]
mod tests;
