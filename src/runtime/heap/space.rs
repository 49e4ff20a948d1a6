//! The address space of all heaps of the process: one reservation, given out in segments.
//!
//! ```text
//! base                                                       base + len
//!  │ segment (1 MiB)           │ segment           │ …            │
//!  ├──────┬──────┬──── … ──────┼──────┬──────┬─────┼───           │   reserved, no access
//!  │chunk │chunk │  16 chunks  │chunk │chunk │     │   not taken  │   until a heap takes it
//!  └──────┴──────┴──── … ──────┴──────┴──────┴─────┴───           │
//! descs
//!  │Desc│Desc│…                one for each chunk, all zero at first  │
//! ```
//!
//! Invariants
//! 1. A segment is free (in `free`, or in `warm`, where its memory stays mapped) or belongs to
//!    exactly one heap.
//! 2. Memory of a segment just taken is zero, and so is `dirty` of its chunks' descriptors.
//! 3. A descriptor is touched only by the heap that its segment belongs to, or under the lock
//!    while the segment is free.
//!
//! The system commits the memory page by page when it is first touched. Mapping and unmapping is
//! dear where several threads run, each of which has to hear of it: so a few segments of short-lived
//! heaps, which have touched little and cleaned it, stay mapped for the next.

use super::block::{BLOCK_BYTES, BLOCK_SHIFT, Desc};
use super::runs::Runs;
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Bytes of a segment: large enough that heaps come here rarely, small enough for many islands.
pub(super) const SEGMENT_BYTES: usize = 1 << 20;
/// Chunks of a segment.
pub(super) const SEGMENT_CHUNKS: u32 = (SEGMENT_BYTES / BLOCK_BYTES) as u32;

/// What is reserved at most: more than any machine has memory.
const MAX_RESERVE: usize = 1 << 40;
/// With less than this there is no point in going on.
const MIN_RESERVE: usize = 64 << 20;

/// The address space. There is one in a process.
pub(super) struct Space {
    /// Where it begins; aligned to a segment.
    pub(super) base: usize,
    /// Its bytes.
    pub(super) len: usize,
    /// The descriptor of each chunk.
    pub(super) descs: *mut Desc,
    free: Mutex<Free>,
}

#[derive(Default)]
struct Free {
    /// Segments without memory, by number.
    cold: Runs,
    /// Segments with memory.
    warm: Vec<u32>,
}

/// How many segments stay mapped at most: more than end at a time, where islands are reclaimed by
/// collections that each find some sixty of them. Each holds the pages that its heaps have touched:
/// one for each size of objects, and some in the table of descriptors.
const MAX_WARM: usize = 128;

// SAFETY: `descs` points to memory that lives as long as the process, and who may touch which
// descriptor is said by invariant 3.
unsafe impl Send for Space {}
// SAFETY: as above.
unsafe impl Sync for Space {}

/// The address space; `None` where the system gives none.
pub(super) fn space() -> Option<&'static Space> {
    static SPACE: OnceLock<Option<Space>> = OnceLock::new();
    SPACE.get_or_init(Space::reserve).as_ref()
}

/// Maps private memory; at `at` (replacing what is there) unless that is null.
///
/// # Safety
/// Memory at `at`, where it is not null, must be the caller's to replace.
unsafe fn map(at: *mut u8, len: usize, protection: i32) -> Option<*mut u8> {
    let fixed = if at.is_null() { 0 } else { libc::MAP_FIXED };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | fixed;
    // SAFETY: an anonymous mapping, either at an address of the system's choice or over memory
    // that the caller owns.
    let mapped = unsafe { libc::mmap(at.cast(), len, protection, flags, -1, 0) };
    (mapped != libc::MAP_FAILED).then_some(mapped.cast())
}

impl Space {
    /// Reserves as much as the system allows, halving from [`MAX_RESERVE`].
    fn reserve() -> Option<Space> {
        let mut len = MAX_RESERVE;
        while len >= MIN_RESERVE {
            if let Some(space) = Space::reserve_bytes(len) {
                return Some(space);
            }
            len /= 2;
        }
        None
    }

    fn reserve_bytes(len: usize) -> Option<Space> {
        // One segment more than asked for, so that the base can be aligned.
        let whole = len + SEGMENT_BYTES;
        let table = (len >> BLOCK_SHIFT) * size_of::<Desc>();
        // SAFETY: new mappings at addresses of the system's choice.
        let start = unsafe { map(ptr::null_mut(), whole, libc::PROT_NONE) }?;
        // SAFETY: as above.
        let descs = unsafe { map(ptr::null_mut(), table, libc::PROT_READ | libc::PROT_WRITE) };
        let Some(descs) = descs else {
            // SAFETY: the mapping made above, of which nothing has been given out.
            unsafe { libc::munmap(start.cast(), whole) };
            return None;
        };
        let mut free = Free::default();
        free.cold.insert(0, (len / SEGMENT_BYTES) as u32);
        Some(Space {
            base: (start as usize).next_multiple_of(SEGMENT_BYTES),
            len,
            descs: descs.cast(),
            free: Mutex::new(free),
        })
    }

    /// Where a chunk begins.
    pub(super) fn address(&self, chunk: u32) -> *mut u8 {
        (self.base + ((chunk as usize) << BLOCK_SHIFT)) as *mut u8
    }

    /// The descriptor of a chunk.
    pub(super) fn desc(&self, chunk: u32) -> *mut Desc {
        debug_assert!((chunk as usize) < self.len >> BLOCK_SHIFT);
        self.descs.wrapping_add(chunk as usize)
    }

    /// Takes so many segments in a row: the number of the first chunk. `None` when there are
    /// none, or the system refuses the memory.
    pub(super) fn take(&self, segments: u32) -> Option<u32> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if segments == 1
            && let Some(segment) = free.warm.pop()
        {
            return Some(segment * SEGMENT_CHUNKS);
        }
        let first = free.cold.take(segments)?;
        let chunk = first * SEGMENT_CHUNKS;
        let bytes = segments as usize * SEGMENT_BYTES;
        // Mapping anew instead of changing the protection tells memory checkers, too, that the
        // memory is there and zero.
        // SAFETY: free segments are the space's own, and nobody uses them.
        let mapped = unsafe {
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            map(self.address(chunk), bytes, protection)
        };
        if mapped.is_none() {
            free.cold.insert(first, segments);
            return None;
        }
        if segments > 1 {
            // Larger than a segment is one object alone, which is one array or table: all of it
            // will be used, so that the system may give it huge pages. It need not.
            // SAFETY: the memory mapped above.
            unsafe { libc::madvise(self.address(chunk).cast(), bytes, libc::MADV_HUGEPAGE) };
        }
        for chunk in chunk..chunk + segments * SEGMENT_CHUNKS {
            // SAFETY: the chunk is in the space, and its segment is nobody else's: the lock is
            // held (invariant 3).
            unsafe { (*self.desc(chunk)).dirty = false };
        }
        Some(chunk)
    }

    /// Gives segments back. Their memory returns to the system, unless the next heap may have it
    /// as it is: no chunk is dirty.
    ///
    /// # Safety
    /// The segments must have been taken by the caller, be made up of free chunks, and not be
    /// used again.
    pub(super) unsafe fn give(&self, chunk: u32, segments: u32) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chunks = chunk..chunk + segments * SEGMENT_CHUNKS;
        // SAFETY: the segments are the caller's, who gives them up.
        let clean = chunks.all(|chunk| unsafe { !(*self.desc(chunk)).dirty });
        if clean && segments == 1 && free.warm.len() < MAX_WARM {
            free.warm.push(chunk / SEGMENT_CHUNKS);
            return;
        }
        let bytes = segments as usize * SEGMENT_BYTES;
        // Should the system refuse (it has no reason to), the memory is mapped anew when the
        // segment is next taken.
        // SAFETY: the caller gives the segments up.
        unsafe { map(self.address(chunk), bytes, libc::PROT_NONE) };
        free.cold.insert(chunk / SEGMENT_CHUNKS, segments);
    }
}
