//! A check of the whole heap, for tests and stress modes.
//!
//! Checked: active runs are zero; every allocated object's header names a layout that belongs
//! into its block; every reference in it leads to an allocated object of this heap or outside
//! every heap. Not checked: that the roots are complete, and that bytes which are not references
//! make sense.

use super::block::{BLOCK_SHIFT, Desc, Kind};
use super::class::LARGE_LEAD;
use super::mark::Marker;
use super::{HEADER_BYTES, Heap, NONE};
use std::collections::HashMap;
use std::fmt;

/// What is wrong with a heap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapFault(String);

impl fmt::Display for HeapFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HeapFault {}

/// The allocated cells of each block.
type Allocated = HashMap<u32, Vec<bool>>;

impl Heap {
    /// Checks the heap. Slow.
    pub fn verify(&self) -> Result<(), HeapFault> {
        let allocated = self.allocated_cells()?;
        let mut observer = Marker::observer(self.space, &self.layouts);
        for (&chunk, cells) in &allocated {
            let cell = self.desc_of(chunk).cell as usize;
            for index in (0..cells.len()).filter(|index| cells[*index]) {
                let start = self.space.address(chunk).wrapping_add(index * cell);
                self.verify_object(start, cell - HEADER_BYTES, chunk, &allocated, &mut observer)?;
            }
        }
        for &first in &self.large {
            let start = self.space.address(first).wrapping_add(LARGE_LEAD);
            let bytes = self.desc_of(first).bytes;
            self.verify_object(start, bytes, first, &allocated, &mut observer)?;
        }
        Ok(())
    }

    fn desc_of(&self, chunk: u32) -> &Desc {
        // SAFETY: chunks in the heap's lists are its own, and it is not changed meanwhile.
        unsafe { &*self.space.desc(chunk) }
    }

    /// Which cells are allocated: marked by the last collection, or swept since and given out.
    /// Checks the active runs on the way.
    fn allocated_cells(&self) -> Result<Allocated, HeapFault> {
        let mut allocated = Allocated::new();
        for (class, list) in self.classes.iter().enumerate() {
            for (index, &chunk) in list.blocks.iter().enumerate() {
                let desc = self.desc_of(chunk);
                let swept = if list.current != NONE && chunk == list.current {
                    list.cell
                } else if index < list.cursor {
                    desc.cells
                } else {
                    0
                };
                let cells = 0..desc.cells as usize;
                let cells = cells.map(|cell| desc.is_marked(cell) || cell < swept as usize);
                allocated.insert(chunk, cells.collect());
            }
            // SAFETY: `hot` is valid and not written to while the heap runs.
            let run = unsafe { self.hot.as_ref() }.classes[class];
            if run.next == run.end {
                continue;
            }
            let Some((chunk, desc)) = self.find_chunk(run.next as usize) else {
                return Err(HeapFault(format!("active run of class {class} outside")));
            };
            let base = self.space.address(chunk) as usize;
            let cell = desc.cell as usize;
            let (first, behind) = (run.next as usize - base, run.end as usize - base);
            let known = allocated.get_mut(&chunk);
            let Some(cells) = known.filter(|_| first % cell == 0 && behind % cell == 0) else {
                return Err(HeapFault(format!("active run of class {class} is askew")));
            };
            cells[first / cell..behind / cell].fill(false);
            // SAFETY: an active run is memory of the heap.
            let bytes = unsafe { std::slice::from_raw_parts(run.next, behind - first) };
            if bytes.iter().any(|byte| *byte != 0) {
                return Err(HeapFault(format!("active run of class {class} not zero")));
            }
        }
        Ok(allocated)
    }

    fn verify_object(
        &self,
        start: *mut u8,
        bytes: usize,
        chunk: u32,
        allocated: &Allocated,
        observer: &mut Marker<'_>,
    ) -> Result<(), HeapFault> {
        // SAFETY: an allocated object has a header.
        let header = unsafe { start.cast::<u64>().read() };
        if header == 0 || header >= self.layouts.shapes.len() as u64 {
            return Err(HeapFault(format!("{start:p}: bad header {header:#x}")));
        }
        let layout = super::LayoutId(header as u32);
        let noscan = self.layouts.noscan(layout);
        if noscan != self.desc_of(chunk).noscan {
            let fault = format!("{start:p}: layout {header} in a block of the wrong class");
            return Err(HeapFault(fault));
        }
        // SAFETY: the payload of an allocated object of this layout; an observer marks nothing.
        unsafe {
            let payload = start.add(HEADER_BYTES);
            observer.scan(payload, payload.add(bytes), layout.0);
        }
        for reference in observer.take_seen() {
            self.verify_reference(reference, allocated).map_err(|why| {
                let fault = format!("{start:p} (layout {header}): {reference:p} {why}");
                HeapFault(fault)
            })?;
        }
        Ok(())
    }

    fn verify_reference(&self, to: *const u8, allocated: &Allocated) -> Result<(), &'static str> {
        // As in marking: a reference may stand one byte behind its object.
        let to = (to as usize).wrapping_sub(1);
        if to.wrapping_sub(self.space.base) >= self.space.len {
            return Ok(());
        }
        let (chunk, desc) = self.find_chunk(to).ok_or("leads into another heap")?;
        match desc.kind {
            Kind::Small => {
                let offset = to & ((1 << BLOCK_SHIFT) - 1);
                let cells = allocated
                    .get(&chunk)
                    .ok_or("leads to a block of no class")?;
                match cells.get(offset / desc.cell as usize) {
                    Some(true) => Ok(()),
                    _ => Err("leads to a free cell"),
                }
            }
            Kind::Large if self.large.contains(&chunk) => Ok(()),
            Kind::Rest if self.large.contains(&(chunk - desc.chunks)) => Ok(()),
            _ => Err("leads to free memory"),
        }
    }
}
