//! The functions behind `CallRt`, one for each entry of `vo_bytecode::rtfn`.
//!
//! All have one shape, so that native code and the interpreter reach them the same way:
//! argument words in, result words out. Floats travel as their bits (a single float in the low
//! half of its word).
//!
//! - [`table`]: which function is behind which entry
//! - [`memory`]: strings and slices as words, and new ones on the heap
//! - [`strings`], [`search`], [`utf8`], [`slices`], [`print`], [`integers`], [`numbers`], [`quote`], [`math`], [`process`],
//!   [`time`], [`zones`], [`files`], [`net`], [`errno`], [`host`], [`reflect`], [`typed`], [`maps`], [`dynamic`],
//!   [`runes`]: the functions by subject
//! - [`value`], [`order`], [`assertion`]: values, their order, and what they are not
//! - [`output`]: standard output and error
//!
//! What every function relies on: the words it is given are values of the types in its signature,
//! as the verifier has checked; and no collection happens while it runs (a collection needs every
//! goroutine captured), so that references in words stay valid.

mod assertion;
mod dynamic;
mod errno;
mod files;
mod host;
mod integers;
mod maps;
mod math;
mod memory;
mod net;
mod numbers;
mod order;
mod output;
mod print;
mod process;
mod quote;
mod reflect;
mod runes;
mod search;
mod slices;
mod strings;
mod table;
mod time;
mod typed;
mod utf8;
mod value;
mod zones;

pub use memory::{EMPTY, bytes};
pub use numbers::general_text;
pub use output::Output;
pub use table::{entry, native, second_half};
pub use value::{Value, load, store};

use super::context::{Context, JitResult};

/// The most result words of a function of the list.
pub const MAX_RESULTS: usize = 8;

/// A runtime function: its type operand (0 where it has none), argument words, result words.
pub type Native = fn(&mut Context, u32, &[u64], &mut [u64]) -> JitResult;

/// The second half of a runtime function that has waited, run by the goroutine when it goes on: its
/// type operand, result words. Does not wait again.
pub type SecondHalf = fn(&mut Context, u32, &mut [u64]) -> JitResult;

/// The same as native code calls it: the context, the type operand, the addresses of argument and
/// result words. Gives a [`JitResult`].
pub type Entry = unsafe extern "C" fn(*mut Context, u64, u64, u64) -> u64;
