//! Helpers for maps, and the operations behind them.
//!
//! Keys of the two usual kinds, one word and strings, travel in registers; the others lie at an
//! address. A lookup gives the address of the value's words, so that native code loads and stores
//! them by itself.

use super::context;
use crate::runtime::context::{Context, JitResult};
use crate::runtime::heap::Heap;
use crate::runtime::map::{MapError, Maps};
use crate::runtime::panic::Fault;
use crate::runtime::value::Incomparable;
use std::ptr;
use std::slice;
use vo_bytecode::TypeId;
use vo_bytecode::types::MAX_FLAT_SLOTS;

/// # Safety
/// As for all helpers: called by the native code of this context, with values of the types that
/// the verifier has seen.
pub(super) unsafe extern "C" fn map_new(cx: *mut Context, ty: u64, hint: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { context(cx).new_map(TypeId(ty as u32), hint as i64) as u64 }
}

/// What a lookup returns for a panic: no value lies at this address.
pub const MAP_PANIC: i64 = 1;

/// The words of a key at an address.
///
/// # Safety
/// As for [`map_new`]; `key` has the words of the map's key, which stay as they are while the
/// result is used.
unsafe fn key_at<'a>(cx: &Context, ty: TypeId, key: u64) -> &'a [u64] {
    let words = cx.program.maps.get_type(ty).key_words;
    // SAFETY: the caller's promise.
    unsafe { slice::from_raw_parts(key as *const u64, words) }
}

fn found(value: Result<Option<*mut u64>, JitResult>) -> u64 {
    match value {
        Ok(value) => value.map_or(0, |value| value as u64),
        Err(_) => MAP_PANIC as u64,
    }
}

pub(super) unsafe extern "C" fn map_get(cx: *mut Context, ty: u64, map: u64, key: u64) -> u64 {
    // SAFETY: as for `map_new`; `key` has the words of the map's key.
    unsafe {
        let (cx, ty) = (context(cx), TypeId(ty as u32));
        let key = key_at(cx, ty, key);
        found(cx.map_entry(ty, map as *const u8, key))
    }
}

pub(super) unsafe extern "C" fn map_get_word(cx: *mut Context, ty: u64, map: u64, key: u64) -> u64 {
    // SAFETY: as for `map_new`; the map's keys are words.
    let value = unsafe {
        let maps = &context(cx).program.maps;
        maps.get_word(TypeId(ty as u32), map as *const u8, key)
    };
    value.map_or(0, |value| value as u64)
}

pub(super) unsafe extern "C" fn map_get_str(
    cx: *mut Context,
    ty: u64,
    map: u64,
    text: u64,
    len: u64,
) -> u64 {
    // SAFETY: as for `map_new`; the map's keys are strings.
    let value = unsafe {
        let maps = &context(cx).program.maps;
        maps.get_str(TypeId(ty as u32), map as *const u8, [text, len])
    };
    value.map_or(0, |value| value as u64)
}

/// Makes room for a key by a function of [`Maps`].
///
/// # Safety
/// As for [`map_new`], and for what `place` does.
#[inline(always)]
unsafe fn placed(
    cx: *mut Context,
    map: u64,
    place: impl FnOnce(&Maps, &mut Heap) -> Result<*mut u64, MapError>,
) -> u64 {
    // SAFETY: the caller's promise.
    let cx = unsafe { context(cx) };
    let place = |cx: &mut Context| place(&cx.program.maps, &mut cx.heap);
    found(cx.map_placed(map as *const u8, place).map(Some))
}

pub(super) unsafe extern "C" fn map_place(cx: *mut Context, ty: u64, map: u64, key: u64) -> u64 {
    // SAFETY: as for `map_get`.
    unsafe {
        let (cx, ty) = (context(cx), TypeId(ty as u32));
        let key = key_at(cx, ty, key);
        found(cx.map_place(ty, map as *mut u8, key).map(Some))
    }
}

pub(super) unsafe extern "C" fn map_place_word(
    cx: *mut Context,
    ty: u64,
    map: u64,
    key: u64,
) -> u64 {
    // SAFETY: as for `map_get_word`.
    unsafe {
        placed(cx, map, |maps, heap| {
            maps.place_word(heap, TypeId(ty as u32), map as *mut u8, key)
        })
    }
}

pub(super) unsafe extern "C" fn map_place_str(
    cx: *mut Context,
    ty: u64,
    map: u64,
    text: u64,
    len: u64,
) -> u64 {
    // SAFETY: as for `map_get_str`.
    unsafe {
        placed(cx, map, |maps, heap| {
            maps.place_str(heap, TypeId(ty as u32), map as *mut u8, [text, len])
        })
    }
}

pub(super) unsafe extern "C" fn map_delete(cx: *mut Context, ty: u64, map: u64, key: u64) -> u64 {
    // SAFETY: as for `map_get`.
    unsafe {
        let (cx, ty) = (context(cx), TypeId(ty as u32));
        let key = key_at(cx, ty, key);
        cx.delete_map_entry(ty, map as *mut u8, key) as u64
    }
}

pub(super) unsafe extern "C" fn map_iter(cx: *mut Context, ty: u64, map: u64) -> u64 {
    // SAFETY: as for `map_new`.
    unsafe { context(cx).new_map_iter(TypeId(ty as u32), map as *const u8) as u64 }
}

pub(super) unsafe extern "C" fn map_next(cx: *mut Context, iter: u64) -> u64 {
    // SAFETY: as for `map_new`; the results have room for a key and a value.
    unsafe { u64::from(context(cx).next_map_entry(iter as *mut u8)) }
}

/// The most words of a map's key and value together.
const MAX_ENTRY_WORDS: usize = 2 * MAX_FLAT_SLOTS;

/// Operations on maps in all their cases, for native code and the interpreter alike.
impl Context {
    /// Makes a map, which is the first result.
    pub fn new_map(&mut self, ty: TypeId, hint: i64) -> JitResult {
        match self.program.maps.create(&mut self.heap, ty, hint) {
            Ok(map) => self.give_object(map),
            Err(_) => self.fault(Fault::OutOfMemory, 0, 0),
        }
    }

    /// The words of a key's value; `None` when it is absent. `Err` when it panics.
    ///
    /// # Safety
    /// `map` is null or a map of that type, `key` a valid key of it.
    pub unsafe fn map_entry(
        &mut self,
        ty: TypeId,
        map: *const u8,
        key: &[u64],
    ) -> Result<Option<*mut u64>, JitResult> {
        // SAFETY: the caller's promise.
        let found = unsafe { self.program.maps.get(ty, map, key) };
        found.map_err(|why| self.unhashable(why))
    }

    /// The words of a key's value, to be set; zero where the key is new. `Err` when it panics.
    ///
    /// # Safety
    /// As for [`Context::map_entry`].
    pub unsafe fn map_place(
        &mut self,
        ty: TypeId,
        map: *mut u8,
        key: &[u64],
    ) -> Result<*mut u64, JitResult> {
        // SAFETY: the caller's promise.
        self.map_placed(map, |cx| unsafe {
            cx.program.maps.place(&mut cx.heap, ty, map, key)
        })
    }

    /// What comes of making room for a key: nothing where the map is nil.
    #[inline(always)]
    fn map_placed(
        &mut self,
        map: *const u8,
        place: impl FnOnce(&mut Context) -> Result<*mut u64, MapError>,
    ) -> Result<*mut u64, JitResult> {
        if map.is_null() {
            return Err(self.plain_fault("assignment to entry in nil map"));
        }
        let place = place(self);
        if self.heap.wants_gc {
            self.ask_capture();
        }
        place.map_err(|why| match why {
            MapError::OutOfMemory => self.fault(Fault::OutOfMemory, 0, 0),
            MapError::Unhashable(why) => self.unhashable(why),
        })
    }

    /// Sets a key's value.
    ///
    /// # Safety
    /// `map` is null or a map of that type, `key` and `value` valid ones of it.
    pub unsafe fn set_map_entry(
        &mut self,
        ty: TypeId,
        map: *mut u8,
        key: &[u64],
        value: &[u64],
    ) -> JitResult {
        // SAFETY: the caller's promise.
        match unsafe { self.map_place(ty, map, key) } {
            Ok(place) => {
                // SAFETY: the place has room for a value.
                unsafe { ptr::copy(value.as_ptr(), place, value.len()) };
                JitResult::Ok
            }
            Err(panic) => panic,
        }
    }

    /// Sets a key's value, or tells why not.
    ///
    /// # Safety
    /// `map` is a map of that type, `key` and `value` valid ones of it.
    pub unsafe fn try_set_map_entry(
        &mut self,
        ty: TypeId,
        map: *mut u8,
        key: &[u64],
        value: &[u64],
    ) -> Result<(), MapError> {
        // SAFETY: the caller's promise.
        let set = unsafe { self.program.maps.set(&mut self.heap, ty, map, key, value) };
        if self.heap.wants_gc {
            self.ask_capture();
        }
        set
    }

    /// Deletes a key.
    ///
    /// # Safety
    /// As for [`Context::map_entry`].
    pub unsafe fn delete_map_entry(&mut self, ty: TypeId, map: *mut u8, key: &[u64]) -> JitResult {
        // SAFETY: the caller's promise.
        match unsafe { self.program.maps.delete(ty, map, key) } {
            Ok(()) => JitResult::Ok,
            Err(why) => self.unhashable(why),
        }
    }

    /// Makes an iterator over a map, which is the first result.
    ///
    /// # Safety
    /// `map` is null or a map of that type.
    pub unsafe fn new_map_iter(&mut self, ty: TypeId, map: *const u8) -> JitResult {
        // SAFETY: the caller's promise.
        match unsafe { self.program.maps.iter_new(&mut self.heap, ty, map) } {
            Ok(iter) => self.give_object(iter),
            Err(_) => self.fault(Fault::OutOfMemory, 0, 0),
        }
    }

    /// Steps an iterator: whether there was an entry, whose key and value words are the results;
    /// they are zero at the end.
    ///
    /// # Safety
    /// `iter` is an iterator of this context.
    pub unsafe fn next_map_entry(&mut self, iter: *mut u8) -> bool {
        // SAFETY: the caller's promise; the results have room for a key and a value.
        unsafe {
            match self.program.maps.iter_next(iter) {
                Some(entry) => {
                    let into = self.results.as_mut_ptr();
                    ptr::copy_nonoverlapping(entry.key.as_ptr(), into, entry.key.len());
                    let into = into.add(entry.key.len());
                    ptr::copy_nonoverlapping(entry.value.as_ptr(), into, entry.value.len());
                    true
                }
                None => {
                    self.results[..MAX_ENTRY_WORDS].fill(0);
                    false
                }
            }
        }
    }

    fn give_object(&mut self, object: *mut u8) -> JitResult {
        self.results[0] = object as u64;
        if self.heap.wants_gc {
            self.ask_capture();
        }
        JitResult::Ok
    }

    fn unhashable(&mut self, why: Incomparable) -> JitResult {
        let text = why.hashing(&self.program.module.types);
        self.error(text)
    }
}
