//! Finding the entry of a key.

use super::key::Key;
use super::{MapObject, MapType};
use crate::runtime::value::Incomparable;

/// Puts an entry into an index that has an empty place.
///
/// # Safety
/// The index must have 2^bits places, one of them empty.
pub(super) unsafe fn index_entry(index: *mut u32, bits: u32, hash: u64, position: u32) {
    let mask = (1u32 << bits) - 1;
    let mut at = (hash >> 1) as u32 & mask;
    // SAFETY: masked places are in the index.
    unsafe {
        while *index.add(at as usize) != 0 {
            at = (at + 1) & mask;
        }
        *index.add(at as usize) = tag(hash, mask) | (position + 1);
    }
}

/// The bits of a hash that stand in an index number above the position.
#[inline(always)]
fn tag(hash: u64, mask: u32) -> u32 {
    (hash >> 32) as u32 & !mask
}

/// The entry of a key in a map that may be nil.
///
/// # Safety
/// As for [`super::Maps::get`], with the operations of the map's keys.
#[inline(always)]
pub(super) unsafe fn find<K: Key>(
    ops: K,
    ty: &MapType,
    map: *const MapObject,
    key: *const u64,
) -> Result<Option<*mut u64>, Incomparable> {
    // SAFETY: the caller's promise.
    unsafe {
        if map.is_null() || (*map).count == 0 {
            // An unhashable key is an error even so.
            ops.hash(0, 0, key)?;
            return Ok(None);
        }
        let hash = ops.hash((*map).seed, 0, key)? | 1;
        Ok(find_hashed(ops, ty, map, hash, key))
    }
}

/// The entry of a key where it is the one that was found last, and that is cheaper to see than to
/// look for it. Keys are never equal to each other (invariant 6), so an equal one is the right one.
///
/// # Safety
/// As for [`find`], and the map is not nil.
#[inline(always)]
pub(super) unsafe fn find_last<K: Key>(
    ops: K,
    ty: &MapType,
    map: *const MapObject,
    key: *const u64,
) -> Option<*mut u64> {
    // SAFETY: the caller's promise; positions below `used` are entries of the row.
    unsafe {
        let last = (*map).last;
        if !K::CHEAP || last >= (*map).used {
            return None;
        }
        let entry = (*map).entries.add(last as usize * ty.entry_words());
        (*entry != 0 && ops.equal(entry.add(1), key)).then_some(entry)
    }
}

/// The entry of a key whose hash is known.
///
/// # Safety
/// `map` must be a live map of that type; `key` a valid key with that hash.
#[inline(always)]
pub(super) unsafe fn find_hashed<K: Key>(
    ops: K,
    ty: &MapType,
    map: *const MapObject,
    hash: u64,
    key: *const u64,
) -> Option<*mut u64> {
    let words = ty.entry_words();
    // SAFETY: the map is live; index numbers have positions below `used` (invariant 4).
    unsafe {
        let entries = (*map).entries;
        let index = (*map).index;
        if index.is_null() {
            for position in 0..(*map).used as usize {
                let entry = entries.add(position * words);
                if *entry == hash && ops.equal(entry.add(1), key) {
                    return Some(entry);
                }
            }
            return None;
        }
        let mask = (1u32 << (*map).bits) - 1;
        let want = tag(hash, mask);
        let mut at = (hash >> 1) as u32 & mask;
        loop {
            let number = *index.add(at as usize);
            if number == 0 {
                return None;
            }
            if number & !mask == want {
                let position = (number & mask) - 1;
                let entry = entries.add(position as usize * words);
                if *entry == hash && ops.equal(entry.add(1), key) {
                    (*map.cast_mut()).last = position;
                    return Some(entry);
                }
            }
            at = (at + 1) & mask;
        }
    }
}
