//! Descriptors of chunks: what lies in each 64 KiB of the address space.
//!
//! The descriptors of all chunks of the process form one table, so the descriptor of an address
//! is found by a subtraction, a shift and a multiplication. They lie apart from the chunks
//! themselves because mark bits at the same place of every 64 KiB would fight for the same few
//! cache lines.

use super::class::{cell_bytes, cells_per_block, magic};

/// Bytes of a chunk; a block of cells is one chunk, a large object a run of chunks.
pub const BLOCK_BYTES: usize = 1 << BLOCK_SHIFT;
/// Its binary logarithm.
pub(super) const BLOCK_SHIFT: u32 = 16;
/// Words of a mark bitmap: a bit for each of the smallest cells (16 bytes).
const MARK_WORDS: usize = BLOCK_BYTES / 16 / 64;

/// What a chunk is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    /// Nothing. All zero is a valid descriptor of this kind.
    Free = 0,
    /// A block of cells.
    Small,
    /// The first chunk of a large object.
    Large,
    /// A further chunk of a large object.
    Rest,
}

/// The descriptor of a chunk. All zero means free and never used.
#[repr(C)]
pub(super) struct Desc {
    /// For blocks: the reciprocal of the cell size, see [`magic`]; else 0.
    pub(super) magic: u32,
    /// For blocks: the bytes of a cell.
    pub(super) cell: u32,
    /// What the chunk is used for.
    pub(super) kind: Kind,
    /// Whether the objects in it hold no references.
    pub(super) noscan: bool,
    /// Whether memory that is not in use may be other than zero.
    pub(super) dirty: bool,
    /// For blocks: the class.
    pub(super) class: u8,
    /// For blocks: how many cells there are.
    pub(super) cells: u32,
    /// For blocks: how many were marked by the last collection.
    pub(super) live: u32,
    /// For the first chunk of a large object: how many chunks it has; for the others: how many
    /// chunks before this one the first lies.
    pub(super) chunks: u32,
    /// For the first chunk of a large object: its payload bytes.
    pub(super) bytes: usize,
    /// The heap that the chunk belongs to.
    pub(super) owner: u64,
    /// For blocks: a bit for each cell that the last (or the running) collection marked. For the
    /// first chunk of a large object: bit 0 of the first word.
    pub(super) marks: [u64; MARK_WORDS],
}

impl Desc {
    /// Makes the chunk an empty block of that class.
    pub(super) fn set_small(&mut self, class: usize) {
        self.magic = magic(class);
        self.cell = cell_bytes(class) as u32;
        self.kind = Kind::Small;
        self.noscan = class % 2 == 1;
        self.class = class as u8;
        self.cells = cells_per_block(class);
        self.live = 0;
        self.clear_marks();
    }

    /// Makes the chunk the first of a large object.
    pub(super) fn set_large(&mut self, chunks: u32, bytes: usize, noscan: bool) {
        self.magic = 0;
        self.kind = Kind::Large;
        self.noscan = noscan;
        self.chunks = chunks;
        self.bytes = bytes;
        self.marks[0] = 0;
    }

    /// Makes the chunk a further one of the large object that begins `back` chunks before.
    pub(super) fn set_rest(&mut self, back: u32) {
        self.magic = 0;
        self.kind = Kind::Rest;
        self.chunks = back;
    }

    /// Makes the chunk free; what lies in it stays there.
    pub(super) fn set_free(&mut self) {
        self.magic = 0;
        self.kind = Kind::Free;
        self.dirty = true;
    }

    fn mark_words(&self) -> usize {
        (self.cells as usize).div_ceil(64)
    }

    /// Forgets every mark of a block.
    pub(super) fn clear_marks(&mut self) {
        let words = self.mark_words();
        self.marks[..words].fill(0);
    }

    /// Counts the marked cells of a block into `live`.
    pub(super) fn count_live(&mut self) {
        let words = &self.marks[..self.mark_words()];
        self.live = words.iter().map(|word| word.count_ones()).sum();
    }

    /// Whether that cell is marked.
    pub(super) fn is_marked(&self, cell: usize) -> bool {
        self.marks[cell / 64] >> (cell % 64) & 1 != 0
    }

    /// The first run of unmarked cells at or after cell `from`: first and behind the last.
    pub(super) fn next_run(&self, from: u32) -> Option<(u32, u32)> {
        let start = self.next_cell(from, false);
        if start >= self.cells {
            return None;
        }
        Some((start, self.next_cell(start, true).min(self.cells)))
    }

    /// The first cell at or after `from` that is marked or not, as asked; or one behind the end.
    fn next_cell(&self, from: u32, marked: bool) -> u32 {
        let flip = if marked { 0 } else { u64::MAX };
        let mut at = from as usize / 64;
        let words = self.mark_words();
        if at >= words {
            return self.cells;
        }
        let mut word = (self.marks[at] ^ flip) & (u64::MAX << (from % 64));
        while word == 0 {
            at += 1;
            if at == words {
                return self.cells;
            }
            word = self.marks[at] ^ flip;
        }
        at as u32 * 64 + word.trailing_zeros()
    }
}
