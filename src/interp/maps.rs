//! Maps, and the comparison of interfaces.

use super::machine::{Flow, Machine, Step, Unwind};
use crate::runtime::context::JitResult;
use std::iter;
use vo_bytecode::{Dst, Dsts, IfaceSrc, OptDst, Src, Srcs, TypeId};

impl Machine<'_> {
    /// Writes the first result of an operation that may panic.
    fn first_result(&mut self, dst: &Dst, result: JitResult) -> Step {
        match result {
            JitResult::Ok => self.write(dst, self.cx.results[0]),
            _ => Err(Unwind),
        }
    }

    pub(super) fn iface_eq(&mut self, dst: &Dst, a: &IfaceSrc, b: &IfaceSrc) -> Step {
        let (a, b) = (self.iface(a), self.iface(b));
        // SAFETY: two interfaces.
        let result = unsafe { self.cx.equal_ifaces(a, b) };
        self.first_result(dst, result)
    }

    pub(super) fn map_new(&mut self, dst: &Dst, ty: TypeId, hint: &Src) -> Step {
        let hint = self.get(hint) as i64;
        let result = self.cx.new_map(ty, hint);
        self.first_result(dst, result)
    }

    pub(super) fn map_get(
        &mut self,
        vals: &Dsts,
        ok: &OptDst,
        ty: TypeId,
        map: &Src,
        key: &Srcs,
    ) -> Step {
        let (map, key) = (self.get(map) as *const u8, self.gather(key));
        // SAFETY: a map of that type or nil, and a key of it.
        let found = unsafe { self.cx.map_entry(ty, map, &key) }.map_err(|_| Unwind)?;
        for (at, slot) in vals.0.iter().enumerate() {
            // SAFETY: a value has a word for each slot.
            let word = found.map_or(0, |words| unsafe { words.add(at).read() });
            self.set(*slot, word);
        }
        if let Some(ok) = ok.0 {
            self.set(ok, u64::from(found.is_some()));
        }
        Ok(Flow::Next)
    }

    pub(super) fn map_set(&mut self, ty: TypeId, map: &Src, key: &Srcs, vals: &Srcs) -> Step {
        let (map, key, vals) = (
            self.get(map) as *mut u8,
            self.gather(key),
            self.gather(vals),
        );
        // SAFETY: a map of that type or nil, a key and a value of it.
        match unsafe { self.cx.set_map_entry(ty, map, &key, &vals) } {
            JitResult::Ok => Ok(Flow::Next),
            _ => Err(Unwind),
        }
    }

    pub(super) fn map_delete(&mut self, ty: TypeId, map: &Src, key: &Srcs) -> Step {
        let (map, key) = (self.get(map) as *mut u8, self.gather(key));
        // SAFETY: a map of that type or nil, and a key of it.
        match unsafe { self.cx.delete_map_entry(ty, map, &key) } {
            JitResult::Ok => Ok(Flow::Next),
            _ => Err(Unwind),
        }
    }

    pub(super) fn map_iter(&mut self, dst: &Dst, ty: TypeId, map: &Src) -> Step {
        let map = self.get(map) as *const u8;
        // SAFETY: a map of that type or nil.
        let result = unsafe { self.cx.new_map_iter(ty, map) };
        self.first_result(dst, result)
    }

    pub(super) fn map_next(&mut self, more: &Dst, key: &Dsts, vals: &Dsts, iter: &Src) -> Step {
        let iter = self.get(iter) as *mut u8;
        // SAFETY: an iterator.
        let found = unsafe { self.cx.next_map_entry(iter) };
        for (at, slot) in iter::chain(&key.0, &vals.0).enumerate() {
            self.set(*slot, self.cx.results[at]);
        }
        self.write(more, u64::from(found))
    }
}
