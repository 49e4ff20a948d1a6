//! Vo's maps: insertion-ordered hash tables of words, as objects of an island's heap.
//!
//! This holds the table itself and its operations; [`lookup`] finds entries, [`key`] knows how keys are hashed and compared,
//! [`iter`] how a map is walked while it changes. The layout is that of compact dictionaries
//! (Hettinger; as in CPython and indexmap): entries in the order of insertion, and an index of
//! small numbers into them.
//!
//! ```text
//! map object          entries: one row of words each, in order of insertion
//! ┌──────────┐        ┌──────┬───────────┬─────────────┐
//! │ entries ─┼──────► │ hash │ key words │ value words │ 0
//! │ index ───┼──┐     ├──────┼───────────┼─────────────┤
//! │ count    │  │     │ 0    │ 0         │ 0           │ 1: deleted
//! │ used     │  │     ├──────┼───────────┼─────────────┤
//! │ cap      │  │     │ hash │ key words │ value words │ 2
//! │ bits     │  │     ├──────┼───────────┼─────────────┤
//! │ clears   │  │     │ 0    │ …         │             │ used .. cap: not used yet
//! │ last     │  │     └──────┴───────────┴─────────────┘
//! │ seed     │  │
//! └──────────┘  │     index: 2^bits numbers, open addressing, linear probing
//!               └───► 0 | tag:1 | 0 | 0 | tag:3 | tag:2 | …     0 = empty
//! ```
//!
//! An index number has the entry's position plus one in its low `bits`, and above them bits of
//! the entry's hash, so that entries of other keys are rarely looked at. Small maps have no
//! index; their entries are looked through.
//!
//! Invariants
//! 1. `count <= used <= cap`; the entries from `used` on are zero.
//! 2. An entry's hash word is odd when it is alive and 0 when not; all of a dead entry is 0.
//! 3. A row of entries keeps its order for ever: nothing moves within it. A map that needs room
//!    moves to another row, and the old one stays as it was for the iterators that hold it.
//! 4. A map of more than [`SMALL`] entries has an index with a number for each of the `used`
//!    entries, dead ones included: they are their own tombstones.
//! 5. The index is at most two thirds full.
//! 6. Keys are never equal to each other.

pub mod iter;
pub mod key;
mod lookup;
#[cfg(test)]
mod tests;

use super::heap::{Heap, LayoutId, Layouts, OutOfMemory, usable_bytes};
use super::value::{Incomparable, Values};
use key::{AnyKey, Key, KeyKind, StrKey, WordKey};
use lookup::{find, find_hashed, find_last, index_entry};
use std::fmt;
use std::ptr;
use vo_bytecode::{SlotTy, TypeId, TypeKind, Types};

/// Maps of up to so many entries are looked through without an index: eight hash words are
/// compared in about the time of one probe.
const SMALL: u32 = 8;
/// Entries of the first row of a map made without a hint.
const FIRST: u32 = 4;
/// Positions have 31 bits.
const MAX_ENTRIES: usize = 1 << 30;

/// Why an entry was not set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapError {
    /// The heap is at its limit, or the map is.
    OutOfMemory,
    /// The key holds a value without equality.
    Unhashable(Incomparable),
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapError::OutOfMemory => OutOfMemory.fmt(f),
            MapError::Unhashable(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for MapError {}

impl From<OutOfMemory> for MapError {
    fn from(_: OutOfMemory) -> MapError {
        MapError::OutOfMemory
    }
}

impl From<Incomparable> for MapError {
    fn from(why: Incomparable) -> MapError {
        MapError::Unhashable(why)
    }
}

/// A map object.
#[repr(C)]
#[derive(Debug)]
pub struct MapObject {
    entries: *mut u64,
    index: *mut u32,
    /// Live entries.
    pub count: u32,
    used: u32,
    /// Entries that the row has room for; without a row: that the next one shall have.
    cap: u32,
    bits: u32,
    /// How often the map was cleared.
    clears: u32,
    /// Where the entry is that was found last: what is looked up is often set next. There may be
    /// another now, or none.
    last: u32,
    seed: u64,
}

/// What is known of a map type.
#[derive(Clone, Copy, Debug)]
pub struct MapType {
    /// The key's type.
    pub key: TypeId,
    /// The value's type.
    pub value: TypeId,
    /// Words of a key.
    pub key_words: usize,
    /// Words of a value.
    pub value_words: usize,
    /// Which way its keys go.
    pub kind: KeyKind,
    /// Layout of a row of entries.
    entries: LayoutId,
}

impl MapType {
    /// Words of an entry: hash, key, value.
    fn entry_words(&self) -> usize {
        1 + self.key_words + self.value_words
    }

    fn entry_bytes(&self) -> usize {
        self.entry_words() * 8
    }

    /// Where the value of an entry lies.
    fn value_of(&self, entry: *mut u64) -> *mut u64 {
        entry.wrapping_add(1 + self.key_words)
    }
}

/// The map types of a program, and the operations on maps.
///
/// Keys and values are words, as their types flatten into slots. A key or value that is kept
/// in memory is a reference; what it refers to must not change while it is in the map.
#[derive(Debug)]
pub struct Maps {
    types: Box<[Option<MapType>]>,
    values: Values,
    map: LayoutId,
    index: LayoutId,
    iter: LayoutId,
}

impl Maps {
    /// The map types of a type table; registers their layouts.
    pub fn new(types: &Types, layouts: &mut Layouts) -> Maps {
        let mut table = Vec::with_capacity(types.types.len());
        for ty in &types.types {
            table.push(match ty.kind {
                TypeKind::Map(key, value) => Some(map_type(types, key, value, layouts)),
                _ => None,
            });
        }
        Maps {
            types: table.into(),
            values: Values::new(types),
            map: layouts.register(size_of::<MapObject>() as u64, &[0, 8], &[]),
            index: layouts.register(4, &[], &[]),
            iter: layouts.register(size_of::<iter::IterObject>() as u64, &[0, 8], &[]),
        }
    }

    /// What is known of a map type.
    ///
    /// # Panics
    /// When the type is not a map.
    pub fn get_type(&self, ty: TypeId) -> &MapType {
        match self.types.get(ty.index()) {
            Some(Some(map)) => map,
            _ => panic!("type number {} is not a map", ty.0),
        }
    }

    /// The types of a map type's keys and values.
    pub fn entry_types(&self, ty: TypeId) -> (TypeId, TypeId) {
        let ty = self.get_type(ty);
        (ty.key, ty.value)
    }

    /// The tables for equality and hashes.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// A new map with room for `hint` entries; a hint that asks for more than there is is not
    /// heeded.
    pub fn create(&self, heap: &mut Heap, ty: TypeId, hint: i64) -> Result<*mut u8, OutOfMemory> {
        let map = heap.alloc(self.map, size_of::<MapObject>())?;
        let object = map.cast::<MapObject>();
        // SAFETY: a new object of that size.
        unsafe {
            (*object).seed = heap.hash_seed();
            (*object).cap = FIRST;
            if hint > i64::from(FIRST) {
                let cap = usize::try_from(hint).unwrap_or(0);
                // Failing here leaves the map as it is.
                let _ = self.move_to(heap, self.get_type(ty), object, cap);
            }
        }
        Ok(map)
    }

    /// The number of entries; 0 for nil.
    ///
    /// # Safety
    /// `map` must be null or a live map.
    pub unsafe fn len(map: *const u8) -> usize {
        if map.is_null() {
            return 0;
        }
        // SAFETY: the caller's promise.
        unsafe { (*map.cast::<MapObject>()).count as usize }
    }

    /// Removes every entry; nil is let alone.
    ///
    /// # Safety
    /// `map` must be null or a live map.
    pub unsafe fn clear(map: *mut u8) {
        if map.is_null() {
            return;
        }
        // SAFETY: the caller's promise.
        let object = unsafe { &mut *map.cast::<MapObject>() };
        if object.count == 0 {
            return;
        }
        // Iterators may hold the row, so it is left behind; `cap` makes the next one as large.
        object.entries = ptr::null_mut();
        object.index = ptr::null_mut();
        object.count = 0;
        object.used = 0;
        object.bits = 0;
        object.clears = object.clears.wrapping_add(1);
    }

    /// The words of a key's value; `None` when it is absent or the map is nil. They stay where
    /// they are until an entry is added or deleted.
    ///
    /// # Safety
    /// `map` must be null or a live map of that type; `key` a valid key of its type.
    #[inline]
    pub unsafe fn get(
        &self,
        ty: TypeId,
        map: *const u8,
        key: &[u64],
    ) -> Result<Option<*mut u64>, Incomparable> {
        let ty = self.get_type(ty);
        // SAFETY: the caller's promise.
        let found = unsafe { self.find(ty, map.cast(), key.as_ptr())? };
        Ok(found.map(|entry| ty.value_of(entry)))
    }

    /// [`Maps::get`] for keys of one word.
    ///
    /// # Safety
    /// As there, and the keys must be of that kind.
    #[inline]
    pub unsafe fn get_word(&self, ty: TypeId, map: *const u8, key: u64) -> Option<*mut u64> {
        let ty = self.get_type(ty);
        debug_assert_eq!(ty.kind, KeyKind::Word);
        // SAFETY: the caller's promise.
        let found = unsafe { find(WordKey, ty, map.cast(), &raw const key) };
        found.ok()?.map(|entry| ty.value_of(entry))
    }

    /// [`Maps::get`] for strings.
    ///
    /// # Safety
    /// As there, and the keys must be of that kind.
    #[inline]
    pub unsafe fn get_str(&self, ty: TypeId, map: *const u8, key: [u64; 2]) -> Option<*mut u64> {
        let ty = self.get_type(ty);
        debug_assert_eq!(ty.kind, KeyKind::Str);
        // SAFETY: the caller's promise.
        let found = unsafe { find(StrKey, ty, map.cast(), key.as_ptr()) };
        found.ok()?.map(|entry| ty.value_of(entry))
    }

    /// Sets a key's value.
    ///
    /// # Safety
    /// `map` must be a live map of that type in `heap`; key and value valid ones of their types.
    #[inline]
    pub unsafe fn set(
        &self,
        heap: &mut Heap,
        ty: TypeId,
        map: *mut u8,
        key: &[u64],
        value: &[u64],
    ) -> Result<(), MapError> {
        debug_assert_eq!(value.len(), self.get_type(ty).value_words);
        // SAFETY: the caller's promise; the place has room for a value.
        unsafe {
            let place = self.place(heap, ty, map, key)?;
            ptr::copy(value.as_ptr(), place, value.len());
        }
        Ok(())
    }

    /// The words of a key's value, which is added, as zero, where it is absent.
    ///
    /// # Safety
    /// `map` must be a live map of that type in `heap`; `key` a valid key of its type.
    #[inline]
    pub unsafe fn place(
        &self,
        heap: &mut Heap,
        ty: TypeId,
        map: *mut u8,
        key: &[u64],
    ) -> Result<*mut u64, MapError> {
        let ty = self.get_type(ty);
        debug_assert_eq!(key.len(), ty.key_words);
        let (object, key) = (map.cast(), key.as_ptr());
        // SAFETY: the caller's promise.
        let entry = unsafe {
            match ty.kind {
                KeyKind::Word => self.enter(heap, ty, object, WordKey, key)?,
                KeyKind::Str => self.enter(heap, ty, object, StrKey, key)?,
                KeyKind::Any { .. } => self.enter(heap, ty, object, self.any_key(ty), key)?,
            }
        };
        Ok(ty.value_of(entry))
    }

    /// [`Maps::place`] for keys of one word.
    ///
    /// # Safety
    /// As there, and the keys must be of that kind.
    #[inline]
    pub unsafe fn place_word(
        &self,
        heap: &mut Heap,
        ty: TypeId,
        map: *mut u8,
        key: u64,
    ) -> Result<*mut u64, MapError> {
        let ty = self.get_type(ty);
        debug_assert_eq!(ty.kind, KeyKind::Word);
        // SAFETY: the caller's promise.
        let entry = unsafe { self.enter(heap, ty, map.cast(), WordKey, &raw const key)? };
        Ok(ty.value_of(entry))
    }

    /// [`Maps::place`] for strings.
    ///
    /// # Safety
    /// As there, and the keys must be of that kind.
    #[inline]
    pub unsafe fn place_str(
        &self,
        heap: &mut Heap,
        ty: TypeId,
        map: *mut u8,
        key: [u64; 2],
    ) -> Result<*mut u64, MapError> {
        let ty = self.get_type(ty);
        debug_assert_eq!(ty.kind, KeyKind::Str);
        // SAFETY: the caller's promise.
        let entry = unsafe { self.enter(heap, ty, map.cast(), StrKey, key.as_ptr())? };
        Ok(ty.value_of(entry))
    }

    /// Deletes a key; it may be absent, and the map nil.
    ///
    /// # Safety
    /// `map` must be null or a live map of that type; `key` a valid key of its type.
    pub unsafe fn delete(&self, ty: TypeId, map: *mut u8, key: &[u64]) -> Result<(), Incomparable> {
        let ty = self.get_type(ty);
        let object = map.cast::<MapObject>();
        // SAFETY: the caller's promise; an entry that was found is one of the map's row.
        unsafe {
            let Some(entry) = self.find(ty, object, key.as_ptr())? else {
                return Ok(());
            };
            entry.write_bytes(0, ty.entry_words());
            (*object).count -= 1;
            if (*object).count == 0 {
                // Every entry is dead: the row can be filled from its start again.
                (*object).used = 0;
                if !(*object).index.is_null() {
                    (*object).index.write_bytes(0, 1 << (*object).bits);
                }
            }
        }
        Ok(())
    }

    fn any_key(&self, ty: &MapType) -> AnyKey<'_> {
        AnyKey {
            values: &self.values,
            ty: ty.key,
        }
    }

    /// The entry of a key.
    ///
    /// # Safety
    /// As for [`Maps::get`].
    #[inline]
    unsafe fn find(
        &self,
        ty: &MapType,
        map: *const MapObject,
        key: *const u64,
    ) -> Result<Option<*mut u64>, Incomparable> {
        // SAFETY: the caller's promise.
        unsafe {
            match ty.kind {
                KeyKind::Word => find(WordKey, ty, map, key),
                KeyKind::Str => find(StrKey, ty, map, key),
                KeyKind::Any { .. } => find(self.any_key(ty), ty, map, key),
            }
        }
    }

    /// The entry of a key, added where there is none.
    ///
    /// # Safety
    /// As for [`Maps::set`].
    #[inline]
    unsafe fn enter<K: Key>(
        &self,
        heap: &mut Heap,
        ty: &MapType,
        map: *mut MapObject,
        ops: K,
        key: *const u64,
    ) -> Result<*mut u64, MapError> {
        // SAFETY: the caller's promise; positions below `used` are entries of the row.
        unsafe {
            if let Some(entry) = find_last(ops, ty, map, key) {
                ops.replace(key, entry.add(1), ty.key_words);
                return Ok(entry);
            }
            let hash = ops.hash((*map).seed, u64::from((*map).used), key)? | 1;
            if let Some(entry) = find_hashed(ops, ty, map, hash, key) {
                ops.replace(key, entry.add(1), ty.key_words);
                return Ok(entry);
            }
            if (*map).entries.is_null() || (*map).used == (*map).cap {
                self.grow(heap, ty, map)?;
            }
            let position = (*map).used;
            let entry = (*map).entries.add(position as usize * ty.entry_words());
            entry.write(hash);
            ops.put(key, entry.add(1), ty.key_words);
            if !(*map).index.is_null() {
                index_entry((*map).index, (*map).bits, hash, position);
            }
            (*map).used += 1;
            (*map).count += 1;
            Ok(entry)
        }
    }

    /// Moves a map whose row is full (or that has none) to another one.
    ///
    /// # Safety
    /// `map` must be a live map of that type in `heap`.
    #[cold]
    unsafe fn grow(
        &self,
        heap: &mut Heap,
        ty: &MapType,
        map: *mut MapObject,
    ) -> Result<(), OutOfMemory> {
        // SAFETY: the caller's promise.
        let (count, cap) = unsafe { ((*map).count as usize, (*map).cap as usize) };
        // A row that is at least half dead is only cleaned up.
        let roomy = count <= cap / 2;
        // SAFETY: the caller's promise.
        unsafe { self.move_to(heap, ty, map, if roomy { cap } else { cap * 2 }) }
    }

    /// Moves a map to a row with room for `cap` entries or somewhat more. On failure the map is
    /// as it was.
    ///
    /// # Safety
    /// As for [`Maps::grow`].
    unsafe fn move_to(
        &self,
        heap: &mut Heap,
        ty: &MapType,
        map: *mut MapObject,
        cap: usize,
    ) -> Result<(), OutOfMemory> {
        if cap > MAX_ENTRIES {
            return Err(OutOfMemory);
        }
        let bytes = usable_bytes(cap * ty.entry_bytes());
        let mut room = bytes / ty.entry_bytes();
        let mut bits = 0;
        let mut index = ptr::null_mut::<u32>();
        if cap > SMALL as usize {
            // The smallest index that is at most two thirds full.
            bits = (cap + cap / 2).next_power_of_two().trailing_zeros();
            room = room.min((1 << bits) * 2 / 3);
            index = heap.alloc(self.index, 4 << bits)?.cast();
        } else {
            room = room.min(SMALL as usize);
        }
        let entries = heap.alloc(ty.entries, room * ty.entry_bytes())?;
        let entries = entries.cast::<u64>();
        let words = ty.entry_words();
        let mut used = 0;
        // SAFETY: the map is live, and its live entries are no more than `cap`, so the new row
        // has room for them.
        unsafe {
            for position in 0..(*map).used as usize {
                let entry = (*map).entries.add(position * words);
                if *entry == 0 {
                    continue;
                }
                ptr::copy_nonoverlapping(entry, entries.add(used * words), words);
                if !index.is_null() {
                    index_entry(index, bits, *entry, used as u32);
                }
                used += 1;
            }
            (*map).entries = entries;
            (*map).index = index;
            (*map).used = used as u32;
            (*map).cap = room as u32;
            (*map).bits = bits;
        }
        Ok(())
    }
}

fn map_type(types: &Types, key: TypeId, value: TypeId, layouts: &mut Layouts) -> MapType {
    let (key_slots, value_slots) = (types.slots(key), types.slots(value));
    let (mut refs, mut ifaces) = (Vec::new(), Vec::new());
    for (at, slot) in key_slots.iter().chain(&value_slots).enumerate() {
        let offset = (1 + at as u64) * 8;
        match slot {
            SlotTy::Ref => refs.push(offset),
            SlotTy::IfaceType => ifaces.push(offset),
            SlotTy::I64 | SlotTy::F64 | SlotTy::F32 | SlotTy::IfaceData => {}
        }
    }
    let words = 1 + key_slots.len() + value_slots.len();
    MapType {
        key,
        value,
        key_words: key_slots.len(),
        value_words: value_slots.len(),
        kind: KeyKind::of(types, key),
        entries: layouts.register(words as u64 * 8, &refs, &ifaces),
    }
}
