//! The heap of one island: non-moving, precise mark and sweep.
//!
//! This holds objects and finds out which of them are reachable; what the roots are is told by
//! the owner, and so is when to collect. It knows no strings, maps or channels.
//!
//! ```text
//! block: a chunk of 64 KiB cut into cells of one class        descriptor (in a table apart)
//! ┌────────┬────────┬────────┬────────┬─ … ─┬──────┐          cell size, count, mark bits
//! │ cell 0 │ cell 1 │ cell 2 │ cell 3 │     │ rest │          1 0 0 1 …
//! └────────┴────────┴────────┴────────┴─ … ─┴──────┘
//!            ▲ next             ▲ end    the active free run of the class: cells 1 and 2
//!
//! cell
//! ┌─────────────┬─────────────┬──────────────────────────────┬───────┐
//! │ layout: u32 │ unused: u32 │ payload                      │ slack │
//! └─────────────┴─────────────┴──────────────────────────────┴───────┘
//!                             ▲ references point here, behind it, or just past the payload
//!
//! large object: a run of chunks; header and payload in it such that the payload begins at a
//! cache line
//! ```
//!
//! Allocation takes the next cell of the class's active run; native code does this inline (see
//! [`Bump`]). When the run is used up [`Heap::refill`] looks for the next gap between marked cells,
//! in blocks not looked at since the last collection, or takes a new block: sweeping is finding
//! gaps in bitmaps, and touches no dead object but to zero it for its next life.
//!
//! Invariants
//! 1. Cells of `next..end` of an active run are free and zero; `next` and `end` lie at cells.
//! 2. Behind a class's sweep position (block list cursor, then cell in the current block) a
//!    cell is free exactly when the last collection did not mark it.
//! 3. A live object's header has its layout, which is never 0, and the rest of the header is 0.
//! 4. What is left of an object's memory behind its payload is zero, or it has no references.
//! 5. The class of a block is scanned exactly when the layouts of its objects have references.
//! 6. Every chunk of a heap's segments is in `pool`, in one class's block list, or part of
//!    one large object.
//! 7. A reference leads to an object of its own heap, outside every heap, or nowhere.

mod block;
mod class;
mod layout;
mod mark;
mod runs;
mod space;
mod sweep;
#[cfg(test)]
mod tests;
mod verify;

pub use block::BLOCK_BYTES;
pub use class::{HEADER_BYTES, MAX_SMALL, N_CLASSES, cell_bytes, class_of, usable_bytes};
pub use layout::{LayoutId, Layouts, TraceFn};
pub use mark::{Marker, Survivors};
pub use verify::HeapFault;

use block::{Desc, Kind};
use class::LARGE_LEAD;
use mark::MarkStack;
use runs::Runs;
use space::{SEGMENT_CHUNKS, Space, space};
use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The active free run of a class: zeroed cells from `next` to before `end`.
///
/// To allocate a cell: when `next + cell_bytes > end` (unsigned) call the slow path; else store
/// `next + cell_bytes` to `next`, and the layout, as 8 bytes, at the old `next`; the payload is
/// 8 bytes behind it. A class without a run has two nulls.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bump {
    /// The next free cell.
    pub next: *mut u8,
    /// The end of the run.
    pub end: *mut u8,
}

/// What native code needs for inline allocation.
#[repr(C)]
#[derive(Clone, Debug)]
pub struct AllocHot {
    /// The active runs by class (see [`class_of`]).
    pub classes: [Bump; N_CLASSES],
}

impl Default for AllocHot {
    fn default() -> AllocHot {
        let none = Bump {
            next: ptr::null_mut(),
            end: ptr::null_mut(),
        };
        AllocHot {
            classes: [none; N_CLASSES],
        }
    }
}

/// There is no memory: the heap's limit is reached, or the system gives none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of memory")
    }
}

impl std::error::Error for OutOfMemory {}

/// Settings of a heap.
#[derive(Clone, Copy, Debug)]
pub struct HeapConfig {
    /// Most bytes in use at a time, garbage not yet collected included.
    pub max_heap: usize,
    /// A collection is wanted when as many bytes were allocated since the last one as this
    /// percentage of what that one left, …
    pub gc_percent: usize,
    /// … but not before this many.
    pub min_trigger: usize,
    /// What the hashes of the heap's maps depend on.
    pub hash_seed: u64,
}

impl Default for HeapConfig {
    fn default() -> HeapConfig {
        HeapConfig {
            max_heap: usize::MAX,
            // Beside the code of a compiler, which comes first, little room is left of the memory that
            // the same program has with Go, whose percentage is 100.
            gc_percent: 80,
            min_trigger: 4 << 20,
            hash_seed: 0,
        }
    }
}

/// Counters of a heap, in bytes (headers and slack included) and pieces.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct HeapStats {
    /// In use, garbage not yet collected included.
    pub in_use: usize,
    /// The most that was in use at a time.
    pub peak: usize,
    /// What the last collection found reachable.
    pub live: usize,
    /// Allocated since the heap was made.
    pub total_allocated: u64,
    /// Collections.
    pub collections: u64,
    /// Memory held for blocks and large objects, free chunks included.
    pub held: usize,
}

/// An object, as [`Heap::find`] finds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// The address of its payload.
    pub start: usize,
    /// The payload's bytes; those of a cell may be more than were asked for.
    pub bytes: usize,
    /// Its layout.
    pub layout: LayoutId,
}

/// A run takes at most this part of what the limit leaves.
const RUN_SHARE: usize = 16;

/// No block.
const NONE: u32 = u32::MAX;

/// The blocks of a class and how far they are swept.
struct ClassBlocks {
    /// Every block.
    blocks: Vec<u32>,
    /// The blocks before this one are swept, or are `current`.
    cursor: usize,
    /// The block that runs are taken from, or [`NONE`].
    current: u32,
    /// How many cells of it are swept.
    cell: u32,
}

/// The heap of an island.
pub struct Heap {
    hot: NonNull<AllocHot>,
    /// Where `hot` is until [`Heap::attach`].
    own_hot: Option<NonNull<AllocHot>>,
    space: &'static Space,
    layouts: Arc<Layouts>,
    config: HeapConfig,
    id: u64,
    classes: Vec<ClassBlocks>,
    /// First chunks of large objects.
    large: Vec<u32>,
    /// Free chunks.
    pool: Runs,
    /// Segments, by number.
    segments: Runs,
    /// Bytes found reachable by the last collection.
    live: usize,
    /// Bytes given out since then, unused cells of active runs included.
    given: usize,
    /// Bytes charged since then by [`Heap::charge_outside`].
    outside: usize,
    /// When `given` reaches this, a collection is wanted.
    trigger: usize,
    /// Set when enough was allocated; reset by a collection. The owner polls it after `refill`
    /// and `alloc`.
    pub wants_gc: bool,
    peak: usize,
    collections: u64,
    /// What was given out until the last collection.
    allocated: u64,
    stack: MarkStack,
}

// SAFETY: a heap's memory is reached through it alone (invariant 7) and it is used by one thread
// at a time; the space is `Sync`.
unsafe impl Send for Heap {}

impl Heap {
    /// A new heap; fails where the system gives no address space at all.
    pub fn new(layouts: Arc<Layouts>, config: HeapConfig) -> Result<Heap, OutOfMemory> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let space = space().ok_or(OutOfMemory)?;
        let hot = NonNull::from(Box::leak(Box::<AllocHot>::default()));
        let mut heap = Heap {
            hot,
            own_hot: Some(hot),
            space,
            layouts,
            config,
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            classes: Vec::with_capacity(N_CLASSES),
            large: Vec::new(),
            pool: Runs::default(),
            segments: Runs::default(),
            live: 0,
            given: 0,
            outside: 0,
            trigger: 0,
            wants_gc: false,
            peak: 0,
            collections: 0,
            allocated: 0,
            stack: MarkStack::default(),
        };
        heap.classes.resize_with(N_CLASSES, || ClassBlocks {
            blocks: Vec::new(),
            cursor: 0,
            current: NONE,
            cell: 0,
        });
        heap.set_trigger();
        Ok(heap)
    }

    /// Moves the inline allocation state to where native code reaches it.
    ///
    /// # Safety
    /// `hot` must be valid until the heap is dropped, may not move, and nothing but inline
    /// allocation as described at [`Bump`] may change it; no Rust reference to it may be alive
    /// while the heap is used.
    pub unsafe fn attach(&mut self, hot: NonNull<AllocHot>) {
        // SAFETY: the old state is valid; the caller says that the new one is.
        unsafe { hot.write(self.hot.read()) };
        self.hot = hot;
        self.free_own_hot();
    }

    fn free_own_hot(&mut self) {
        if let Some(own) = self.own_hot.take() {
            // SAFETY: it came from a box, and `take` sees to it that it is freed once; `hot`
            // points elsewhere by now or the heap is being dropped.
            drop(unsafe { Box::from_raw(own.as_ptr()) });
        }
    }

    /// The layouts of the heap's objects.
    pub fn layouts(&self) -> &Arc<Layouts> {
        &self.layouts
    }

    /// Allocates a zeroed object of `bytes` payload bytes: its payload.
    #[inline]
    pub fn alloc(&mut self, layout: LayoutId, bytes: usize) -> Result<*mut u8, OutOfMemory> {
        let noscan = self.layouts.noscan(layout);
        let Some(class) = class_of(bytes, noscan) else {
            return self.alloc_large(layout, bytes, noscan);
        };
        if let Some(payload) = self.bump(layout, class) {
            return Ok(payload);
        }
        self.refill(class)?;
        self.bump(layout, class).ok_or(OutOfMemory)
    }

    /// Takes a cell of the active run of a class.
    #[inline]
    fn bump(&mut self, layout: LayoutId, class: usize) -> Option<*mut u8> {
        let cell = cell_bytes(class);
        // SAFETY: `hot` is valid and the heap's alone while it runs (see `attach`); cells of an
        // active run are the heap's, zero and free (invariant 1).
        unsafe {
            let run = &mut (*self.hot.as_ptr()).classes[class];
            if run.end as usize - (run.next as usize) < cell {
                return None;
            }
            let start = run.next;
            run.next = start.add(cell);
            start.cast::<u64>().write(u64::from(layout.0));
            Some(start.add(HEADER_BYTES))
        }
    }

    /// Finds the next free run for a class whose run is used up. Sets [`Heap::wants_gc`] when it
    /// is time to collect; fails when the limit is reached.
    #[cold]
    pub fn refill(&mut self, class: usize) -> Result<(), OutOfMemory> {
        let cell = cell_bytes(class);
        let left = self.left();
        if left < cell {
            return Err(OutOfMemory);
        }
        let (chunk, first, mut behind) = self.next_run(class)?;
        // Near the limit runs get short: what one class has not used yet, no other can have.
        let most = (left / RUN_SHARE / cell).max(1);
        behind = behind.min(first.saturating_add(most.min(BLOCK_BYTES) as u32));
        self.classes[class].cell = behind;
        let bytes = (behind - first) as usize * cell;
        let start = self
            .space
            .address(chunk)
            .wrapping_add(first as usize * cell);
        // SAFETY: the chunk is a block of this class; the run's cells are free (invariant 2) and
        // in no other active run. Its descriptor and `hot` are this heap's.
        unsafe {
            if (*self.space.desc(chunk)).dirty {
                start.write_bytes(0, bytes);
            }
            (*self.hot.as_ptr()).classes[class] = Bump {
                next: start,
                end: start.add(bytes),
            };
        }
        self.charge(bytes);
        Ok(())
    }

    /// The next gap between live cells of a class: block, first cell, behind the last cell.
    fn next_run(&mut self, class: usize) -> Result<(u32, u32, u32), OutOfMemory> {
        loop {
            let list = &mut self.classes[class];
            if list.current != NONE {
                // SAFETY: a block of this heap.
                let desc = unsafe { &*self.space.desc(list.current) };
                if let Some((first, behind)) = desc.next_run(list.cell) {
                    return Ok((list.current, first, behind));
                }
                list.current = NONE;
            }
            list.cell = 0;
            if let Some(&chunk) = list.blocks.get(list.cursor) {
                list.cursor += 1;
                list.current = chunk;
                continue;
            }
            let chunk = self.take_chunks(1)?;
            // SAFETY: a chunk just taken is this heap's alone.
            unsafe { (*self.space.desc(chunk)).set_small(class) };
            let list = &mut self.classes[class];
            list.blocks.push(chunk);
            list.cursor = list.blocks.len();
            list.current = chunk;
        }
    }

    /// Allocates an object that is too large for a cell.
    #[cold]
    fn alloc_large(
        &mut self,
        layout: LayoutId,
        bytes: usize,
        noscan: bool,
    ) -> Result<*mut u8, OutOfMemory> {
        let total = class::large_total(bytes).ok_or(OutOfMemory)?;
        let chunks = total.div_ceil(BLOCK_BYTES);
        if chunks > self.space.len / BLOCK_BYTES || large_bytes(bytes) > self.left() {
            return Err(OutOfMemory);
        }
        let chunks = chunks as u32;
        let first = self.take_chunks(chunks)?;
        let start = self.space.address(first);
        // SAFETY: the chunks are this heap's alone, and so are their descriptors.
        unsafe {
            for i in 0..chunks {
                let desc = &mut *self.space.desc(first + i);
                if desc.dirty {
                    start
                        .add(i as usize * BLOCK_BYTES)
                        .write_bytes(0, BLOCK_BYTES);
                }
                desc.set_rest(i);
            }
            (*self.space.desc(first)).set_large(chunks, bytes, noscan);
            start
                .add(LARGE_LEAD)
                .cast::<u64>()
                .write(u64::from(layout.0));
        }
        self.large.push(first);
        self.charge(large_bytes(bytes));
        // SAFETY: a large object is larger than its header.
        Ok(unsafe { start.add(LARGE_LEAD + HEADER_BYTES) })
    }

    /// Takes so many free chunks in a row.
    fn take_chunks(&mut self, chunks: u32) -> Result<u32, OutOfMemory> {
        if let Some(first) = self.pool.take(chunks) {
            return Ok(first);
        }
        let segments = chunks.div_ceil(SEGMENT_CHUNKS);
        let first = self.space.take(segments).ok_or(OutOfMemory)?;
        self.segments.insert(first / SEGMENT_CHUNKS, segments);
        for chunk in first..first + segments * SEGMENT_CHUNKS {
            // SAFETY: the segments are this heap's now.
            unsafe { (*self.space.desc(chunk)).owner = self.id };
        }
        let spare = segments * SEGMENT_CHUNKS - chunks;
        self.pool.insert(first + chunks, spare);
        Ok(first)
    }

    /// How many bytes the limit still allows.
    fn left(&self) -> usize {
        let in_use = self.live.saturating_add(self.given);
        self.config.max_heap.saturating_sub(in_use)
    }

    /// Counts bytes as given out.
    fn charge(&mut self, bytes: usize) {
        self.given = self.given.saturating_add(bytes);
        if self.given >= self.trigger {
            self.wants_gc = true;
        }
    }

    /// What the hashes of this heap's maps depend on.
    pub fn hash_seed(&self) -> u64 {
        self.config.hash_seed
    }

    /// Whether enough was allocated to make a collection worth while.
    pub fn should_collect(&self) -> bool {
        self.wants_gc
    }

    /// Bytes in use, garbage not yet collected included.
    pub fn bytes_in_use(&self) -> usize {
        self.live + self.given - self.unused()
    }

    /// Bytes of active runs that are not allocated yet.
    fn unused(&self) -> usize {
        // SAFETY: `hot` is valid and not written to while the heap runs.
        let hot = unsafe { self.hot.as_ref() };
        let left = |run: &Bump| run.end as usize - run.next as usize;
        hot.classes.iter().map(left).sum()
    }

    /// The counters.
    pub fn stats(&self) -> HeapStats {
        let in_use = self.bytes_in_use();
        HeapStats {
            in_use,
            peak: self.peak.max(in_use),
            live: self.live,
            total_allocated: self.allocated + (self.given - self.unused()) as u64,
            collections: self.collections,
            held: self.segments.count() * space::SEGMENT_BYTES,
        }
    }

    /// The object that a reference points to, into, or just behind; `None` outside this heap.
    pub fn find(&self, reference: usize) -> Option<Found> {
        // As in marking: a reference may stand one byte behind its object.
        let address = reference.wrapping_sub(1);
        let (chunk, desc) = self.find_chunk(address)?;
        let large = |first| self.space.address(first) as usize + LARGE_LEAD;
        let (start, bytes) = match desc.kind {
            Kind::Free => return None,
            Kind::Small => {
                let base = self.space.address(chunk) as usize;
                let cell = desc.cell as usize;
                (address - (address - base) % cell, cell - HEADER_BYTES)
            }
            Kind::Large => (large(chunk), desc.bytes),
            Kind::Rest => {
                let first = chunk - desc.chunks;
                // SAFETY: the first chunk of an object of this heap.
                let bytes = unsafe { (*self.space.desc(first)).bytes };
                (large(first), bytes)
            }
        };
        // SAFETY: a live object begins with its header (invariant 3).
        let layout = LayoutId(unsafe { *(start as *const u32) });
        Some(Found {
            start: start + HEADER_BYTES,
            bytes,
            layout,
        })
    }

    /// A marker that marks nothing, but notes what it is shown.
    pub fn observer(&self) -> Marker<'_> {
        Marker::observer(self.space, &self.layouts)
    }

    /// Shows what an object refers to.
    ///
    /// # Safety
    /// The object is a live one of this heap, and nobody changes it.
    pub unsafe fn show(&self, object: &Found, marker: &mut Marker<'_>) {
        let start = object.start as *mut u8;
        // SAFETY: the caller's promise: all of a live object of that layout.
        unsafe { marker.scan(start, start.add(object.bytes), object.layout.0) };
    }

    /// Counts memory outside of the heap that its objects keep, so that it is time to collect
    /// when enough of it may have become free.
    pub fn charge_outside(&mut self, bytes: usize) {
        self.outside = self.outside.saturating_add(bytes);
        if self.outside >= self.config.min_trigger {
            self.wants_gc = true;
        }
    }

    /// Which chunk has an address, and its descriptor; `None` outside this heap.
    fn find_chunk(&self, address: usize) -> Option<(u32, &Desc)> {
        let offset = address.wrapping_sub(self.space.base);
        if offset >= self.space.len {
            return None;
        }
        let chunk = (offset >> block::BLOCK_SHIFT) as u32;
        // SAFETY: the table has a descriptor for every chunk of the space. Owners are only
        // compared here: what belongs to another heap is let alone.
        let desc = unsafe { &*self.space.desc(chunk) };
        (desc.owner == self.id).then_some((chunk, desc))
    }
}

/// What a large object counts in the books: its memory in pages.
fn large_bytes(bytes: usize) -> usize {
    (bytes + LARGE_LEAD + HEADER_BYTES).next_multiple_of(4096)
}

/// A block of which at most so many bytes have been used is cleaned when its heap is dropped, for
/// the next heap: about what a page fault costs.
const CLEANED_BYTES: usize = 8 << 10;

impl Heap {
    /// Cleans and frees the blocks that are all used for the first time, and little.
    fn clean_blocks(&mut self) {
        for (class, list) in self.classes.iter().enumerate() {
            if list.current == NONE {
                continue;
            }
            // SAFETY: a block of this heap, which is dropped; the class's run is the block's first
            // where the block is not dirty, so what lies behind it is zero.
            unsafe {
                let desc = &mut *self.space.desc(list.current);
                let start = self.space.address(list.current);
                let next = (*self.hot.as_ptr()).classes[class].next;
                let used = (next as usize).wrapping_sub(start as usize);
                if !desc.dirty && used <= CLEANED_BYTES {
                    start.write_bytes(0, used);
                    desc.set_free();
                    desc.dirty = false;
                }
            }
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        self.clean_blocks();
        for (segment, count) in self.segments.iter() {
            let chunk = segment * SEGMENT_CHUNKS;
            for chunk in chunk..chunk + count * SEGMENT_CHUNKS {
                // SAFETY: the segment is this heap's until it is given back below.
                let desc = unsafe { &mut *self.space.desc(chunk) };
                if desc.kind != Kind::Free {
                    desc.set_free();
                }
            }
            // SAFETY: the heap took them, and it ends here.
            unsafe { self.space.give(chunk, count) };
        }
        self.free_own_hot();
    }
}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heap")
            .field("id", &self.id)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
