//! Frame records: what a captured native frame leaves behind.
//!
//! ```text
//! +0   parent   record of the caller; the context's exit record for a goroutine's root
//! +8   point    resume point, an index into the program's point table   u32
//! +12  words    room behind the header, in words; in a root record, whose room follows from its
//!               cell, the number of the place where the goroutine was started (`origin.rs`)   u32
//! +16  words    first the arrival words (results, received values, parameters),
//!               then the homes of live slots, as the split plan of the function says
//! ```
//!
//! A record has one size for all points of its function, so that a resumed function that
//! suspends again does so in the record that it came from. The code to resume with is looked
//! up by the point, so that a resume function can be compiled when it is first needed.

use std::ptr;

/// A captured frame; see the picture above.
#[repr(C)]
pub struct Record {
    /// The caller's record.
    pub parent: *mut Record,
    /// The resume point.
    pub point: u32,
    /// Room behind the header, in words; a root record's place of origin.
    pub words: u32,
}

/// Size of a record's header in bytes.
pub const RECORD_BYTES: usize = size_of::<Record>();

impl Record {
    /// The first word behind the header.
    pub fn words(record: *mut Record) -> *mut u64 {
        record.wrapping_add(1).cast()
    }
}

/// Records of up to this many words come from free lists, larger ones from the system.
pub const MAX_CLASS_WORDS: usize = 128;

/// How many free lists there are: one for each even number of words.
pub const RECORD_CLASSES: usize = MAX_CLASS_WORDS / 2 + 1;

/// Rounds a record's words up to what its free list holds.
pub fn class_words(words: usize) -> usize {
    words.next_multiple_of(2)
}

/// The free list of records of that many words (rounded), if they have one.
pub fn class_of(words: usize) -> Option<usize> {
    (words <= MAX_CLASS_WORDS).then_some(words.div_ceil(2))
}

/// The memory that records are cut from.
#[derive(Default)]
pub struct RecordArena {
    chunks: Vec<(*mut u8, std::alloc::Layout)>,
    next: usize,
    end: usize,
    bytes: usize,
}

/// The first chunk is small, for the many programs that suspend little.
const FIRST_CHUNK: usize = 16 << 10;
/// Later chunks double up to this size, which keeps their number small for deep recursion.
const LAST_CHUNK: usize = 4 << 20;

impl RecordArena {
    /// Cuts one record of `words` words; null when memory is exhausted. The words are not
    /// initialised.
    pub fn cut(&mut self, words: usize) -> *mut Record {
        let words = class_words(words);
        let bytes = RECORD_BYTES + words * 8;
        if self.end - self.next < bytes {
            let grown = (FIRST_CHUNK << self.chunks.len().min(8))
                .min(LAST_CHUNK)
                .max(bytes);
            let Ok(layout) = std::alloc::Layout::from_size_align(grown, 16) else {
                return ptr::null_mut();
            };
            // SAFETY: the layout has a non-zero size.
            let base = unsafe { std::alloc::alloc(layout) };
            if base.is_null() {
                return ptr::null_mut();
            }
            self.chunks.push((base, layout));
            self.next = base as usize;
            self.end = self.next + grown;
            self.bytes += grown;
        }
        let record = self.next as *mut Record;
        self.next += bytes;
        // SAFETY: the record lies inside the newest chunk, aligned to 16.
        unsafe { (*record).words = words as u32 };
        record
    }

    /// Bytes taken from the system.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for RecordArena {
    fn drop(&mut self) {
        for (base, layout) in &self.chunks {
            // SAFETY: allocated with this layout in `cut`, freed only here.
            unsafe { std::alloc::dealloc(*base, *layout) };
        }
    }
}
