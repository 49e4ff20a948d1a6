//! Walking over a map that may change meanwhile.
//!
//! An iterator keeps the row of entries that the map had when it began, and goes through the
//! entries that were in it then. Rows keep their order (invariant 3 of the map), so while the map
//! is still in that row, what is alive there is what is to come. Once the map has moved, the old
//! row only tells which keys are to come, and each is looked up. So an entry that is deleted
//! before its turn is not produced, none is produced twice, and added ones are produced only if
//! they take the place of one that was deleted.

use super::{MapObject, Maps};
use crate::runtime::heap::{Heap, OutOfMemory};
use std::ptr;
use vo_bytecode::TypeId;

/// An iterator object.
#[repr(C)]
#[derive(Debug)]
pub struct IterObject {
    map: *const MapObject,
    entries: *const u64,
    /// The next position.
    next: u32,
    /// The position to end at.
    end: u32,
    /// How often the map had been cleared.
    clears: u32,
    /// The map's type.
    ty: u32,
}

/// An entry that an iterator gives.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The key's words.
    pub key: &'a [u64],
    /// The value's words.
    pub value: &'a [u64],
}

impl Maps {
    /// A new iterator over a map, which may be nil.
    ///
    /// # Safety
    /// `map` must be null or a live map of that type in `heap`.
    pub unsafe fn iter_new(
        &self,
        heap: &mut Heap,
        ty: TypeId,
        map: *const u8,
    ) -> Result<*mut u8, OutOfMemory> {
        let iter = heap.alloc(self.iter, size_of::<IterObject>())?;
        if map.is_null() {
            return Ok(iter);
        }
        let map = map.cast::<MapObject>();
        // SAFETY: the caller's promise; the iterator is a new object of that size.
        unsafe {
            iter.cast::<IterObject>().write(IterObject {
                map,
                entries: (*map).entries,
                next: 0,
                end: (*map).used,
                clears: (*map).clears,
                ty: ty.0,
            });
        }
        Ok(iter)
    }

    /// The type that an iterator was made with; of no meaning for one over a nil map.
    ///
    /// # Safety
    /// `iter` must be a live iterator.
    pub unsafe fn iter_type(iter: *const u8) -> TypeId {
        // SAFETY: the caller's promise.
        TypeId(unsafe { (*iter.cast::<IterObject>()).ty })
    }

    /// The next entry; `None` at the end, and from then on. It may be used until the map is
    /// changed or the heap collected.
    ///
    /// # Safety
    /// `iter` must be a live iterator, and the result be used no longer than said.
    pub unsafe fn iter_next<'a>(&self, iter: *mut u8) -> Option<Entry<'a>> {
        let iter = iter.cast::<IterObject>();
        // SAFETY: the caller's promise; positions below `end` are entries of the row, which the
        // iterator keeps alive.
        unsafe {
            while (*iter).next < (*iter).end {
                let ty = self.get_type(TypeId((*iter).ty));
                let position = (*iter).next as usize;
                (*iter).next += 1;
                let mut entry = (*iter).entries.add(position * ty.entry_words());
                if *entry == 0 {
                    continue;
                }
                let map = (*iter).map;
                if (*map).entries.cast_const() != (*iter).entries {
                    match self.find(ty, map, entry.add(1)) {
                        Ok(Some(now)) => entry = now,
                        // A NaN is found by nobody, but it can only go by `clear`.
                        _ if (*map).clears == (*iter).clears && self.is_odd(ty, entry) => {}
                        _ => continue,
                    }
                }
                return Some(Entry {
                    key: words(entry.add(1), ty.key_words),
                    value: words(entry.add(1 + ty.key_words), ty.value_words),
                });
            }
        }
        None
    }

    /// Calls `each` for every entry, in their order.
    ///
    /// # Safety
    /// `map` must be a live map of that type, which `each` does not change.
    pub unsafe fn for_each(&self, ty: TypeId, map: *const u8, mut each: impl FnMut(Entry<'_>)) {
        let ty = self.get_type(ty);
        let map = map.cast::<MapObject>();
        // SAFETY: the caller's promise; positions below `used` are entries of the row.
        unsafe {
            for position in 0..(*map).used as usize {
                let entry = (*map).entries.add(position * ty.entry_words());
                if *entry != 0 {
                    each(Entry {
                        key: words(entry.add(1), ty.key_words),
                        value: words(entry.add(1 + ty.key_words), ty.value_words),
                    });
                }
            }
        }
    }

    /// Whether an entry's key is not equal to itself.
    ///
    /// # Safety
    /// `entry` must be a live entry of a map of that type.
    unsafe fn is_odd(&self, ty: &super::MapType, entry: *const u64) -> bool {
        // SAFETY: the caller's promise.
        ty.kind.odd()
            && unsafe { self.values.slots_eq(ty.key, entry.add(1), entry.add(1)) } == Ok(false)
    }
}

/// # Safety
/// As for [`std::slice::from_raw_parts`].
unsafe fn words<'a>(at: *const u64, len: usize) -> &'a [u64] {
    // SAFETY: the caller's promise.
    unsafe { &*ptr::slice_from_raw_parts(at, len) }
}
