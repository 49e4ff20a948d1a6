//! A continuation-passing JIT for Vo, a Go-like language of goroutines and channels.
//!
//! The way of a program: bytecode ([`vo_bytecode`]) is verified, calls of small functions are written
//! out ([`mod@inline`]), control flow is analysed ([`cfg`]), a plan is made of where its functions can stop and what they carry across
//! ([`split`]), native code is made of both ([`codegen`]), and the [`runtime`] runs it. The
//! reference interpreter ([`interp`]) runs the same bytecode over the same runtime objects. What
//! each stage makes of a function can be seen ([`view`]). All
//! of it is reached through an [`engine::Engine`].

pub mod cfg;
pub mod codegen;
pub mod console;
pub mod engine;
pub mod formatting;
pub mod host;
pub mod inline;
pub mod interp;
pub mod load;
pub mod observed;
pub mod outputs;
pub mod running;
pub mod runtime;
pub mod signals;
pub mod split;
pub mod testing;
pub mod view;

pub use engine::Engine;
