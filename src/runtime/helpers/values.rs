//! Helpers for interfaces, maps and the functions behind `CallRt`.

use super::context;
use crate::runtime::context::{Context, JitResult, RESULT_WORDS};
use crate::runtime::map::MapError;
use crate::runtime::native;
use crate::runtime::panic::Fault;
use crate::runtime::value::Incomparable;
use std::ptr;
use std::slice;
use vo_bytecode::types::MAX_FLAT_SLOTS;
use vo_bytecode::{RtFn, TypeId};

/// # Safety
/// As for all helpers: called by the native code of this context, with values of the types that
/// the verifier has seen.
pub(super) unsafe extern "C" fn iface_eq(
    cx: *mut Context,
    type_a: u64,
    data_a: u64,
    type_b: u64,
    data_b: u64,
) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { context(cx).equal_ifaces([type_a, data_a], [type_b, data_b]) as u64 }
}

pub(super) unsafe extern "C" fn implements(
    cx: *mut Context,
    type_word: u64,
    interface: u64,
) -> u64 {
    if type_word == 0 {
        return 0;
    }
    // SAFETY: as for `iface_eq`.
    let cx = unsafe { context(cx) };
    let ty = TypeId((type_word - 1) as u32);
    u64::from(cx.program.implements(ty, TypeId(interface as u32)))
}

pub(super) unsafe extern "C" fn map_new(cx: *mut Context, ty: u64, hint: u64) -> u64 {
    // SAFETY: as for `iface_eq`.
    unsafe { context(cx).new_map(TypeId(ty as u32), hint as i64) as u64 }
}

/// What [`map_get`] returns for a panic: no value lies at this address.
const MAP_PANIC: u64 = 1;

pub(super) unsafe extern "C" fn map_get(cx: *mut Context, ty: u64, map: u64, key: u64) -> u64 {
    // SAFETY: as for `iface_eq`; `key` has the words of the map's key.
    unsafe {
        let cx = context(cx);
        let ty = TypeId(ty as u32);
        let words = cx.program.maps.get_type(ty).key_words;
        let key = slice::from_raw_parts(key as *const u64, words);
        match cx.map_entry(ty, map as *const u8, key) {
            Ok(Some(value)) => value as u64,
            Ok(None) => 0,
            Err(_) => MAP_PANIC,
        }
    }
}

pub(super) unsafe extern "C" fn map_set(
    cx: *mut Context,
    ty: u64,
    map: u64,
    key: u64,
    value: u64,
) -> u64 {
    // SAFETY: as for `map_get`, and `value` has the words of the map's value.
    unsafe {
        let cx = context(cx);
        let ty = TypeId(ty as u32);
        let (key_words, value_words) = {
            let ty = cx.program.maps.get_type(ty);
            (ty.key_words, ty.value_words)
        };
        let key = slice::from_raw_parts(key as *const u64, key_words);
        let value = slice::from_raw_parts(value as *const u64, value_words);
        cx.set_map_entry(ty, map as *mut u8, key, value) as u64
    }
}

pub(super) unsafe extern "C" fn map_delete(cx: *mut Context, ty: u64, map: u64, key: u64) -> u64 {
    // SAFETY: as for `map_get`.
    unsafe {
        let cx = context(cx);
        let ty = TypeId(ty as u32);
        let words = cx.program.maps.get_type(ty).key_words;
        let key = slice::from_raw_parts(key as *const u64, words);
        cx.delete_map_entry(ty, map as *mut u8, key) as u64
    }
}

pub(super) unsafe extern "C" fn map_iter(cx: *mut Context, ty: u64, map: u64) -> u64 {
    // SAFETY: as for `iface_eq`.
    unsafe { context(cx).new_map_iter(TypeId(ty as u32), map as *const u8) as u64 }
}

pub(super) unsafe extern "C" fn map_next(cx: *mut Context, iter: u64) -> u64 {
    // SAFETY: as for `iface_eq`; the results have room for a key and a value.
    unsafe { u64::from(context(cx).next_map_entry(iter as *mut u8)) }
}

pub(super) unsafe extern "C" fn native_arrived(cx: *mut Context, function: u64, ty: u64) -> u64 {
    // SAFETY: as for `native`.
    let cx = unsafe { context(cx) };
    let function = RtFn::ALL[function as usize];
    let mut results = [0; MAX_NATIVE_RESULTS];
    let rets = &mut results[..function.sig().results.len()];
    let status = native::second_half(function)(cx, ty as u32, rets);
    cx.results[..MAX_NATIVE_RESULTS].copy_from_slice(&results);
    if cx.heap.wants_gc {
        cx.ask_capture();
    }
    status as u64
}

pub(super) unsafe extern "C" fn native(cx: *mut Context, function: u64, ty: u64, args: u64) -> u64 {
    // SAFETY: as for `iface_eq`; native code gives the number of a function of the list and the
    // address of its argument words.
    unsafe {
        let cx = context(cx);
        let function = RtFn::ALL[function as usize];
        let sig = function.sig();
        let args = if sig.params.is_empty() {
            &[]
        } else {
            slice::from_raw_parts(args as *const u64, sig.params.len())
        };
        let mut results = [0; MAX_NATIVE_RESULTS];
        let status =
            native::native(function)(cx, ty as u32, args, &mut results[..sig.results.len()]);
        cx.results[..MAX_NATIVE_RESULTS].copy_from_slice(&results);
        if cx.heap.wants_gc {
            cx.ask_capture();
        }
        status as u64
    }
}

/// The most result words of a function of the list.
const MAX_NATIVE_RESULTS: usize = 8;

/// The most words of a map's key and value together.
const MAX_ENTRY_WORDS: usize = 2 * MAX_FLAT_SLOTS;

const _: () = assert!(MAX_NATIVE_RESULTS <= RESULT_WORDS);

/// Operations on values in all their cases, for native code and the interpreter alike.
impl Context {
    /// Compares two interfaces; the first result is the answer.
    ///
    /// # Safety
    /// Both are valid interfaces.
    pub unsafe fn equal_ifaces(&mut self, a: [u64; 2], b: [u64; 2]) -> JitResult {
        // SAFETY: the caller's promise.
        match unsafe { self.program.maps.values().iface_eq(a, b) } {
            Ok(equal) => {
                self.results[0] = u64::from(equal);
                JitResult::Ok
            }
            Err(why) => {
                let text = why.comparing(&self.program.module.types);
                self.fault_text(format!("runtime error: {text}"))
            }
        }
    }

    /// Makes a map, which is the first result.
    pub fn new_map(&mut self, ty: TypeId, hint: i64) -> JitResult {
        let program = self.program.clone();
        match program.maps.create(&mut self.heap, ty, hint) {
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
    ) -> Result<Option<*const u64>, JitResult> {
        // SAFETY: the caller's promise.
        let found = unsafe { self.program.maps.get(ty, map, key) };
        found.map_err(|why| self.unhashable(why))
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
        if map.is_null() {
            return self.fault_text("assignment to entry in nil map");
        }
        // SAFETY: the caller's promise.
        match unsafe { self.try_set_map_entry(ty, map, key, value) } {
            Ok(()) => JitResult::Ok,
            Err(MapError::OutOfMemory) => self.fault(Fault::OutOfMemory, 0, 0),
            Err(MapError::Unhashable(why)) => self.unhashable(why),
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
        let program = self.program.clone();
        // SAFETY: the caller's promise.
        let set = unsafe { program.maps.set(&mut self.heap, ty, map, key, value) };
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
        let program = self.program.clone();
        // SAFETY: the caller's promise.
        match unsafe { program.maps.delete(ty, map, key) } {
            Ok(()) => JitResult::Ok,
            Err(why) => self.unhashable(why),
        }
    }

    /// Makes an iterator over a map, which is the first result.
    ///
    /// # Safety
    /// `map` is null or a map of that type.
    pub unsafe fn new_map_iter(&mut self, ty: TypeId, map: *const u8) -> JitResult {
        let program = self.program.clone();
        // SAFETY: the caller's promise.
        match unsafe { program.maps.iter_new(&mut self.heap, ty, map) } {
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
        self.fault_text(format!("runtime error: {text}"))
    }
}
