//! Marking: from the roots, along every reference, with a stack of its own.
//!
//! An object is marked when it is first seen and pushed if it holds references; large ones are
//! scanned piece by piece so that a wide array does not put all its elements on the stack. What
//! is popped goes through a short queue while its memory is fetched.

use super::block::{BLOCK_BYTES, BLOCK_SHIFT, Desc, Kind};
use super::class::{HEADER_BYTES, LARGE_LEAD, cell_bytes};
use super::layout::{Layouts, Shape, Trace};
use super::space::Space;
use vo_bytecode::SlotTy;

/// How many objects are fetched ahead; enough to hide a miss, few enough to stay in the cache.
const AHEAD: usize = 16;
/// How many bytes of a large object are scanned at a time.
const PIECE_BYTES: usize = 8 << 10;
/// Addresses have 47 bits; a stacked object has its class above them.
const CLASS_SHIFT: u32 = 48;

/// A part of a large object that is yet to be scanned.
#[derive(Clone, Copy)]
struct Piece {
    at: *mut u8,
    end: *mut u8,
    layout: u32,
}

/// What marking needs of memory; kept between collections.
#[derive(Default)]
pub(super) struct MarkStack {
    cells: Vec<u64>,
    pieces: Vec<Piece>,
}

#[cfg(test)]
impl MarkStack {
    /// Whether it never grew beyond what a scan in pieces needs.
    pub(super) fn is_small(&self) -> bool {
        self.cells.capacity() < PIECE_BYTES && self.pieces.capacity() < 64
    }
}

/// The collector at work: shown the roots, it marks what is reachable from them.
pub struct Marker<'h> {
    /// The first address that can be behind a reference: an object's reference may stand one
    /// byte behind its last, so addresses are looked up one byte lower.
    base: usize,
    len: usize,
    descs: *mut Desc,
    layouts: &'h Layouts,
    cells: Vec<u64>,
    pieces: Vec<Piece>,
    /// Instead of marking, note every reference seen here.
    seen: Option<Vec<*const u8>>,
    #[cfg(debug_assertions)]
    owner: u64,
}

impl<'h> Marker<'h> {
    pub(super) fn new(space: &Space, layouts: &'h Layouts, stack: MarkStack, owner: u64) -> Self {
        let _ = owner;
        Marker {
            base: space.base + 1,
            len: space.len,
            descs: space.descs,
            layouts,
            cells: stack.cells,
            pieces: stack.pieces,
            seen: None,
            #[cfg(debug_assertions)]
            owner,
        }
    }

    /// A marker that marks nothing but notes what it is shown.
    pub(super) fn observer(space: &Space, layouts: &'h Layouts) -> Self {
        let mut marker = Marker::new(space, layouts, MarkStack::default(), 0);
        // With a space of no bytes every reference is "outside", which is where notes are taken.
        marker.len = 0;
        marker.seen = Some(Vec::new());
        marker
    }

    /// What an observer has seen since it was last asked.
    pub fn take_seen(&mut self) -> Vec<*const u8> {
        self.seen.replace(Vec::new()).unwrap_or_default()
    }

    pub(super) fn into_stack(self) -> MarkStack {
        MarkStack {
            cells: self.cells,
            pieces: self.pieces,
        }
    }

    /// What has been found, once nothing is left to scan.
    pub(super) fn survivors(&self) -> Survivors<'_> {
        Survivors(self)
    }

    /// The layouts of the heap.
    pub fn layouts(&self) -> &'h Layouts {
        self.layouts
    }

    /// Marks the object that `reference` points to, into, or just behind. Null and addresses
    /// outside the heap are passed over.
    #[inline]
    pub fn mark_ref(&mut self, reference: *const u8) {
        let offset = (reference as usize).wrapping_sub(self.base);
        if offset >= self.len {
            return self.outside(reference);
        }
        let chunk = offset >> BLOCK_SHIFT;
        let desc = self.descs.wrapping_add(chunk);
        // SAFETY: the chunk is in the space, so its descriptor is in the table, and it is this
        // heap's (a reference never crosses heaps), which the running collection has for itself.
        // No Rust reference to it is alive.
        unsafe {
            #[cfg(debug_assertions)]
            debug_assert_eq!((*desc).owner, self.owner, "a reference into another heap");
            let magic = (*desc).magic;
            if magic == 0 {
                return self.mark_large(chunk);
            }
            let in_chunk = offset & (BLOCK_BYTES - 1);
            let cell = (in_chunk as u64 * u64::from(magic)) >> 32;
            // `cell` is below 4096: magic is at most 2^32 / 16.
            let word = (&raw mut (*desc).marks)
                .cast::<u64>()
                .add((cell / 64) as usize);
            let bit = 1u64 << (cell % 64);
            if *word & bit != 0 {
                return;
            }
            *word |= bit;
            if (*desc).noscan {
                return;
            }
            let start = self.base - 1 + (chunk << BLOCK_SHIFT);
            let address = start as u64 + cell * u64::from((*desc).cell);
            self.cells
                .push(address | u64::from((*desc).class) << CLASS_SHIFT);
        }
    }

    /// Marks what an interface's data word refers to, if its type says that it is a reference.
    #[inline]
    pub fn mark_iface(&mut self, type_word: u64, data: u64) {
        if self.layouts.word_is_ref(type_word) {
            self.mark_ref(data as *const u8);
        }
    }

    /// Marks from a row of slots of these types.
    pub fn mark_slots(&mut self, slots: &[u64], types: &[SlotTy]) {
        for (at, ty) in types.iter().enumerate() {
            match ty {
                SlotTy::Ref => self.mark_ref(slots[at] as *const u8),
                SlotTy::IfaceType => self.mark_iface(slots[at], slots[at + 1]),
                SlotTy::I64 | SlotTy::F64 | SlotTy::F32 | SlotTy::IfaceData => {}
            }
        }
    }

    #[inline(always)]
    fn outside(&mut self, reference: *const u8) {
        if let Some(seen) = &mut self.seen {
            seen.push(reference);
        }
    }

    /// Marks the large object that has this chunk.
    #[cold]
    fn mark_large(&mut self, chunk: usize) {
        // SAFETY: as in `mark_ref`; a chunk of kind `Rest` knows how far back its object's first
        // chunk is, and that one is of kind `Large`.
        unsafe {
            let mut chunk = chunk;
            if (*self.descs.add(chunk)).kind == Kind::Rest {
                chunk -= (*self.descs.add(chunk)).chunks as usize;
            }
            let desc = self.descs.add(chunk);
            if (*desc).kind != Kind::Large {
                debug_assert!(false, "a reference into memory that is not in use");
                return;
            }
            if (*desc).marks[0] != 0 {
                return;
            }
            (*desc).marks[0] = 1;
            if (*desc).noscan {
                return;
            }
            let start = (self.base - 1 + (chunk << BLOCK_SHIFT) + LARGE_LEAD) as *mut u8;
            let at = start.add(HEADER_BYTES);
            self.pieces.push(Piece {
                at,
                end: at.add((*desc).bytes),
                layout: start.cast::<u32>().read(),
            });
        }
    }

    /// Whether what a reference points to is marked; false for null and addresses outside of the
    /// heap.
    pub fn is_marked(&self, reference: *const u8) -> bool {
        let offset = (reference as usize).wrapping_sub(self.base);
        if offset >= self.len {
            return false;
        }
        let mut chunk = offset >> BLOCK_SHIFT;
        // SAFETY: as in `mark_ref` and `mark_large`.
        unsafe {
            let desc = &*self.descs.add(chunk);
            if desc.magic == 0 {
                if desc.kind == Kind::Rest {
                    chunk -= desc.chunks as usize;
                }
                return (*self.descs.add(chunk)).marks[0] != 0;
            }
            let in_chunk = offset & (BLOCK_BYTES - 1);
            let cell = (in_chunk as u64 * u64::from(desc.magic)) >> 32;
            desc.is_marked(cell as usize)
        }
    }

    /// Scans until nothing is left to scan: all that is reachable from what was shown is marked.
    pub fn drain(&mut self) {
        loop {
            self.drain_cells();
            match self.pieces.pop() {
                Some(piece) => self.scan_piece(piece),
                None => return,
            }
        }
    }

    fn drain_cells(&mut self) {
        let mut ahead = [0u64; AHEAD];
        let mut at = 0;
        // How many in a row of the queue are known to be empty.
        let mut idle = 0;
        loop {
            let next = self.cells.pop().unwrap_or(0);
            if next != 0 {
                prefetch(address(next));
            }
            let cell = std::mem::replace(&mut ahead[at % AHEAD], next);
            at += 1;
            if cell != 0 {
                idle = 0;
                self.scan_cell(cell);
            } else if next == 0 {
                idle += 1;
                if idle == AHEAD {
                    return;
                }
            }
        }
    }

    #[inline]
    fn scan_cell(&mut self, cell: u64) {
        let start = address(cell);
        let bytes = cell_bytes((cell >> CLASS_SHIFT) as usize);
        // SAFETY: what is on the stack was marked, so it is a cell of a live object, whose header
        // was written when it was allocated.
        unsafe {
            let layout = start.cast::<u32>().read();
            self.scan(start.add(HEADER_BYTES), start.add(bytes), layout);
        }
    }

    /// Scans a piece of a large object and pushes the rest.
    fn scan_piece(&mut self, piece: Piece) {
        let Piece { at, end, layout } = piece;
        let Some(shape) = self.layouts.shapes.get(layout as usize) else {
            debug_assert!(false, "a header without a layout");
            return;
        };
        let mut stop = end;
        if !matches!(shape.trace, Trace::Custom(_)) && shape.size != 0 {
            let count = (PIECE_BYTES / shape.size).max(1);
            let bytes = count * shape.size;
            if (end as usize - at as usize) / shape.size > count {
                stop = at.wrapping_add(bytes);
                self.pieces.push(Piece {
                    at: stop,
                    end,
                    layout,
                });
            }
        }
        // SAFETY: a part of a live large object, at a multiple of the element size.
        unsafe { self.scan(at, stop, layout) };
    }

    /// Shows what the elements between `at` and `end` refer to.
    ///
    /// # Safety
    /// The range must be a part of a live object of that layout that begins at an element.
    #[inline]
    pub(super) unsafe fn scan(&mut self, at: *mut u8, end: *mut u8, layout: u32) {
        let layouts = self.layouts;
        let Some(shape) = layouts.shapes.get(layout as usize) else {
            debug_assert!(false, "a header without a layout");
            return;
        };
        match &shape.trace {
            Trace::Mask { refs, ifaces: 0 } => {
                // SAFETY: the caller's promise; a mask has bits for words of the element only.
                unsafe { self.scan_refs(at, end, shape.size, *refs) }
            }
            // SAFETY: as above.
            _ => unsafe { self.scan_other(at, end, shape) },
        }
    }

    /// # Safety
    /// As for [`Marker::scan`], with elements of `size` bytes and references at the bits `refs`.
    #[inline]
    unsafe fn scan_refs(&mut self, mut at: *mut u8, end: *mut u8, size: usize, refs: u64) {
        while end as usize - at as usize >= size {
            let mut left = refs;
            while left != 0 {
                // SAFETY: a word of an element that lies wholly in the range.
                let reference = unsafe {
                    let word = at.cast::<*const u8>().add(left.trailing_zeros() as usize);
                    word.read()
                };
                self.mark_ref(reference);
                left &= left - 1;
            }
            // SAFETY: not beyond `end`, as the loop's condition says.
            at = unsafe { at.add(size) };
        }
    }

    /// # Safety
    /// As for [`Marker::scan`], with the layout's shape.
    #[inline(never)]
    unsafe fn scan_other(&mut self, mut at: *mut u8, end: *mut u8, shape: &Shape) {
        match &shape.trace {
            Trace::None => {}
            Trace::Mask { refs, ifaces } => {
                while end as usize - at as usize >= shape.size {
                    // SAFETY: one element of the range.
                    unsafe { self.scan_refs(at, at.add(shape.size), shape.size, *refs) };
                    let mut left = *ifaces;
                    while left != 0 {
                        // SAFETY: two words of the element.
                        unsafe {
                            let word = at.cast::<u64>().add(left.trailing_zeros() as usize);
                            self.mark_iface(word.read(), word.add(1).read());
                        }
                        left &= left - 1;
                    }
                    at = at.wrapping_add(shape.size);
                }
            }
            Trace::List { refs, ifaces } => {
                while end as usize - at as usize >= shape.size {
                    for off in refs {
                        // SAFETY: a word of an element of the range.
                        let reference = unsafe { at.add(*off as usize).cast::<*const u8>().read() };
                        self.mark_ref(reference);
                    }
                    for off in ifaces {
                        // SAFETY: two words of an element of the range.
                        unsafe {
                            let word = at.add(*off as usize).cast::<u64>();
                            self.mark_iface(word.read(), word.add(1).read());
                        }
                    }
                    at = at.wrapping_add(shape.size);
                }
            }
            Trace::Custom(trace) => {
                // SAFETY: the whole payload of a live object of this layout.
                unsafe { trace(at, end as usize - at as usize, self) }
            }
        }
    }
}

/// The objects that a collection has found.
pub struct Survivors<'m>(&'m Marker<'m>);

impl Survivors<'_> {
    /// Whether an object of the heap, given by the address of its payload, is one of them.
    pub fn contains(&self, object: *const u8) -> bool {
        let marker = self.0;
        let offset = (object as usize).wrapping_sub(marker.base);
        if offset >= marker.len {
            return false;
        }
        // SAFETY: as in `mark_ref`: the chunk is in the space and this heap's.
        unsafe {
            let desc = marker.descs.add(offset >> BLOCK_SHIFT);
            if (*desc).magic == 0 {
                return (*desc).marks[0] != 0;
            }
            let in_chunk = offset & (BLOCK_BYTES - 1);
            let cell = (in_chunk as u64 * u64::from((*desc).magic)) >> 32;
            (*desc).marks[(cell / 64) as usize] >> (cell % 64) & 1 != 0
        }
    }
}

fn address(cell: u64) -> *mut u8 {
    (cell & ((1 << CLASS_SHIFT) - 1)) as *mut u8
}

#[inline(always)]
fn prefetch(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing.
    unsafe {
        std::arch::x86_64::_mm_prefetch(at.cast(), std::arch::x86_64::_MM_HINT_T0);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}
