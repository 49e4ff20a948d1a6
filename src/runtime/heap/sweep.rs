//! A collection: mark from the roots, then settle the books of every block.
//!
//! Cells are swept lazily by [`Heap::refill`]; what happens here is a count of mark bits per
//! block. Blocks and large objects without a survivor return to the pool at once.

use super::block::{BLOCK_BYTES, Kind};
use super::mark::{Marker, Survivors};
use super::space::SEGMENT_CHUNKS;
use super::{AllocHot, Heap, NONE, large_bytes};

/// Free chunks kept beyond what the next cycle is expected to take: one segment, so that a heap
/// at the border of one does not take and give it each time.
const SPARE_CHUNKS: usize = SEGMENT_CHUNKS as usize;

/// The least that is allocated between collections, however near the limit is.
const LEAST_TRIGGER: usize = 64 << 10;

impl Heap {
    /// Collects garbage. `roots` shows every root to the marker; what cannot be reached from
    /// them is free afterwards.
    ///
    /// All references to objects that are used later must be among the roots or reachable.
    pub fn collect(&mut self, roots: impl FnOnce(&mut Marker<'_>)) {
        self.collect_then(roots, |_| {});
    }

    /// As [`Heap::collect`]; `then` is told which objects are reachable before the others' memory
    /// is used again.
    pub fn collect_then(
        &mut self,
        roots: impl FnOnce(&mut Marker<'_>),
        then: impl FnOnce(&Survivors<'_>),
    ) {
        self.begin();
        let layouts = self.layouts.clone();
        let stack = std::mem::take(&mut self.stack);
        let mut marker = Marker::new(self.space, &layouts, stack, self.id);
        roots(&mut marker);
        marker.drain();
        then(&marker.survivors());
        self.stack = marker.into_stack();
        self.finish();
    }

    /// Gives up the active runs and forgets the old marks.
    fn begin(&mut self) {
        self.peak = self.peak.max(self.bytes_in_use());
        self.allocated += (self.given - self.unused()) as u64;
        // SAFETY: `hot` is valid, and nobody uses it while the heap runs.
        unsafe { self.hot.write(AllocHot::default()) };
        for list in &self.classes {
            for &chunk in &list.blocks {
                // SAFETY: a block of this heap.
                unsafe { (*self.space.desc(chunk)).clear_marks() };
            }
        }
        for &chunk in &self.large {
            // SAFETY: the first chunk of a large object of this heap.
            unsafe { (*self.space.desc(chunk)).marks[0] = 0 };
        }
    }

    /// Counts what survived and frees chunks without survivors.
    fn finish(&mut self) {
        self.live = 0;
        self.given = 0;
        self.outside = 0;
        for class in 0..self.classes.len() {
            self.finish_class(class);
        }
        self.finish_large();
        self.collections += 1;
        self.set_trigger();
        self.wants_gc = false;
        self.give_back();
    }

    fn finish_class(&mut self, class: usize) {
        let (space, pool) = (self.space, &mut self.pool);
        let list = &mut self.classes[class];
        list.cursor = 0;
        list.current = NONE;
        list.cell = 0;
        let live = &mut self.live;
        list.blocks.retain(|&chunk| {
            // SAFETY: a block of this heap.
            let desc = unsafe { &mut *space.desc(chunk) };
            desc.count_live();
            *live += desc.live as usize * desc.cell as usize;
            desc.dirty = true;
            if desc.live == 0 {
                desc.set_free();
                pool.insert(chunk, 1);
            }
            desc.kind != Kind::Free
        });
    }

    fn finish_large(&mut self) {
        let (space, pool, live) = (self.space, &mut self.pool, &mut self.live);
        self.large.retain(|&first| {
            // SAFETY: the first chunk of a large object of this heap.
            let desc = unsafe { &*space.desc(first) };
            if desc.marks[0] != 0 {
                *live += large_bytes(desc.bytes);
                return true;
            }
            let chunks = desc.chunks;
            for chunk in first..first + chunks {
                // SAFETY: a chunk of that object.
                unsafe { (*space.desc(chunk)).set_free() };
            }
            pool.insert(first, chunks);
            false
        });
    }

    /// Decides how much may be allocated before the next collection is wanted.
    pub(super) fn set_trigger(&mut self) {
        let config = &self.config;
        let percent = self.live.saturating_mul(config.gc_percent) / 100;
        // Near the limit collect more often, so that garbage does not exhaust it.
        let left = config.max_heap.saturating_sub(self.live);
        let most = (left / 2).max(LEAST_TRIGGER);
        self.trigger = percent.max(config.min_trigger).min(most);
    }

    /// Gives whole free segments that the next cycle will hardly need back to the system.
    fn give_back(&mut self) {
        let keep = self.trigger / BLOCK_BYTES + SPARE_CHUNKS;
        let Some(mut surplus) = self.pool.count().checked_sub(keep) else {
            return;
        };
        let per_segment = SEGMENT_CHUNKS as usize;
        let mut gone = Vec::new();
        for (start, len) in self.pool.iter() {
            let first = start.next_multiple_of(SEGMENT_CHUNKS);
            let whole = (start + len).saturating_sub(first) / SEGMENT_CHUNKS;
            let segments = whole.min((surplus / per_segment) as u32);
            if segments > 0 {
                gone.push((first, segments));
                surplus -= segments as usize * per_segment;
            }
        }
        for (first, segments) in gone {
            self.pool.remove(first, segments * SEGMENT_CHUNKS);
            self.segments.remove(first / SEGMENT_CHUNKS, segments);
            // SAFETY: segments of this heap, all of whose chunks are free.
            unsafe { self.space.give(first, segments) };
        }
    }
}
