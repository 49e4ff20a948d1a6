//! Strings and slices as words, and new ones on the heap.

use crate::runtime::context::{Context, JitResult};
use crate::runtime::heap::LayoutId;
use crate::runtime::panic::Fault;
use crate::runtime::short;
use vo_bytecode::TypeId;

/// What the pointer of an empty, non-nil slice points to.
pub static EMPTY: u64 = 0;

/// Nothing could be allocated: the panic for it has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exhausted;

/// Turns what a function could allocate into its result.
pub fn done(result: Result<(), Exhausted>) -> JitResult {
    match result {
        Ok(()) => JitResult::Ok,
        Err(Exhausted) => JitResult::Panic,
    }
}

/// Stores the first result words.
pub fn put(rets: &mut [u64], words: &[u64]) {
    rets[..words.len()].copy_from_slice(words);
}

/// The bytes of a string or byte slice whose pointer and length are the words from `at`.
///
/// # Safety
/// The words are a valid string's or byte slice's, and its memory is neither changed nor
/// collected while the result lives.
pub unsafe fn bytes<'a>(words: &[u64], at: usize) -> &'a [u8] {
    let len = words[at + 1] as usize;
    if len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise; a string that is not empty has a pointer.
    unsafe { std::slice::from_raw_parts(words[at] as *const u8, len) }
}

impl Context {
    /// A zeroed object; begins the panic for exhausted memory where there is none.
    pub fn new_object(&mut self, layout: LayoutId, bytes: usize) -> Result<*mut u8, Exhausted> {
        if bytes == 0 {
            return Ok((&raw const EMPTY).cast_mut().cast());
        }
        self.heap.alloc(layout, bytes).map_err(|_| self.exhausted())
    }

    /// A zeroed row of `count` values of a type of `size` bytes.
    pub fn new_row(&mut self, ty: TypeId, size: usize, count: usize) -> Result<*mut u8, Exhausted> {
        let Some(bytes) = size.checked_mul(count) else {
            return Err(self.exhausted());
        };
        let layout = self.heap.layouts().of(ty);
        self.new_object(layout, bytes)
    }

    /// A copy of bytes without references.
    pub fn new_bytes(&mut self, text: &[u8], room: usize) -> Result<*mut u8, Exhausted> {
        let to = self.new_object(self.program.own.bytes, room.max(text.len()))?;
        // SAFETY: a new object of at least that many bytes.
        unsafe { short::copy(text.as_ptr(), to, text.len()) };
        Ok(to)
    }

    /// A new string, as its two words.
    pub fn put_string(&mut self, text: &[u8], words: &mut [u64]) -> Result<(), Exhausted> {
        words[0] = self.new_bytes(text, 0)? as u64;
        words[1] = text.len() as u64;
        Ok(())
    }

    /// Begins the panic for exhausted memory.
    pub fn exhausted(&mut self) -> Exhausted {
        let _ = self.fault(Fault::OutOfMemory, 0, 0);
        Exhausted
    }
}
