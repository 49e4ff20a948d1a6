//! The functions behind `CallRt`, one for each entry of `vo_bytecode::rtfn`.
//!
//! All have one shape, so that native code and the interpreter reach them the same way:
//! argument words in, result words out. Floats travel as their bits (a single float in the low
//! half of its word).

mod table;

pub use table::native;

use super::context::{Context, JitResult};

/// A runtime function: its type operand (0 where it has none), argument words, result words.
pub type Native = fn(&mut Context, u32, &[u64], &mut [u64]) -> JitResult;
