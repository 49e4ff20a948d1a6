//! Memory, interfaces and strings.

use super::machine::{Flow, Machine, Step, Unwind};
use crate::runtime::context::JitResult;
use crate::runtime::native::{load, store};
use crate::runtime::panic::Fault;
use std::ptr;
use vo_bytecode::{
    Dst, FuncId, IfaceDst, IfaceSrc, Mem, OptSrc, SliceKind, Src, Srcs, StrId, TypeId,
};

impl Machine<'_> {
    /// The two words of an interface.
    pub(super) fn iface(&self, src: &IfaceSrc) -> [u64; 2] {
        [self.get(src.0), self.get(src.0.next())]
    }

    pub(super) fn write_iface(&mut self, dst: &IfaceDst, words: [u64; 2]) -> Step {
        self.set(dst.0, words[0]);
        self.write(dst.0.next(), words[1])
    }

    pub(super) fn iface_implements(&mut self, dst: &Dst, src: &IfaceSrc, ty: TypeId) -> Step {
        let implements = match self.iface(src)[0] {
            0 => false,
            word => self.interp.program.implements(TypeId(word as u32 - 1), ty),
        };
        self.write(dst, u64::from(implements))
    }

    pub(super) fn iface_load(&mut self, dst: &IfaceDst, base: &Src, off: i64) -> Step {
        let at = self.address(base, off);
        // SAFETY: the verifier and the checks before it have seen to the address.
        let words = unsafe { at.cast::<[u64; 2]>().read() };
        self.write_iface(dst, words)
    }

    pub(super) fn iface_store(&mut self, base: &Src, off: i64, src: &IfaceSrc) -> Step {
        let at = self.address(base, off);
        // SAFETY: as for `iface_load`.
        unsafe { at.cast::<[u64; 2]>().write(self.iface(src)) };
        Ok(Flow::Next)
    }

    /// `base + off`
    fn address(&self, base: &Src, off: i64) -> *mut u8 {
        self.get(base).wrapping_add(off as u64) as *mut u8
    }

    /// `base + index * size`
    fn element(&self, base: &Src, index: &Src, mem: Mem) -> *mut u8 {
        let offset = self.get(index).wrapping_mul(u64::from(mem.size()));
        self.get(base).wrapping_add(offset) as *mut u8
    }

    pub(super) fn load(&mut self, dst: &Dst, mem: Mem, base: &Src, off: i64) -> Step {
        // SAFETY: as for `iface_load`.
        let word = unsafe { load(self.address(base, off), mem) };
        self.write(dst, word)
    }

    pub(super) fn store(&mut self, mem: Mem, base: &Src, off: i64, src: &Src) -> Step {
        // SAFETY: as for `iface_load`.
        unsafe { store(self.address(base, off), mem, self.get(src)) };
        Ok(Flow::Next)
    }

    pub(super) fn load_element(&mut self, dst: &Dst, mem: Mem, base: &Src, index: &Src) -> Step {
        // SAFETY: as for `iface_load`.
        let word = unsafe { load(self.element(base, index, mem), mem) };
        self.write(dst, word)
    }

    pub(super) fn store_element(&mut self, mem: Mem, base: &Src, index: &Src, src: &Src) -> Step {
        // SAFETY: as for `iface_load`.
        unsafe { store(self.element(base, index, mem), mem, self.get(src)) };
        Ok(Flow::Next)
    }

    /// Copies between ranges that may overlap.
    pub(super) fn copy(&mut self, dst: &Src, src: &Src, bytes: u64) -> Step {
        let (to, from) = (self.get(dst) as *mut u8, self.get(src) as *const u8);
        if bytes > 0 {
            // SAFETY: as for `iface_load`.
            unsafe { ptr::copy(from, to, bytes as usize) };
        }
        Ok(Flow::Next)
    }

    pub(super) fn const_str(&mut self, ptr: &Dst, len: &Dst, value: StrId) -> Step {
        let program = self.interp.program.clone();
        let text = program.string(value);
        self.set(ptr, text.as_ptr() as u64);
        self.write(len, text.len() as u64)
    }

    pub(super) fn func_value(&mut self, dst: &Dst, func: FuncId) -> Step {
        let closure = self.interp.program.closure(func);
        self.write(dst, closure as u64)
    }

    pub(super) fn new_object(&mut self, dst: &Dst, ty: TypeId) -> Step {
        let size = self.interp.program.size_of(ty);
        match self.cx.new_row(ty, size, 1) {
            Ok(object) => self.write(dst, object as u64),
            Err(_) => Err(Unwind),
        }
    }

    pub(super) fn new_closure(&mut self, dst: &Dst, func: FuncId, ty: TypeId) -> Step {
        let step = self.new_object(dst, ty)?;
        // SAFETY: a new object whose first field is one word.
        unsafe { (self.get(dst) as *mut u64).write(u64::from(func.0)) };
        Ok(step)
    }

    pub(super) fn slice_check(
        &mut self,
        kind: SliceKind,
        lo: &Src,
        hi: &Src,
        max: &OptSrc,
        cap: &Src,
    ) -> Step {
        let (lo, hi, cap) = (self.get(lo), self.get(hi), self.get(cap));
        // Unsigned, so that what is negative is too large.
        let low_fault = match max.0.map(|slot| self.get(slot)) {
            Some(max) => {
                self.check(max <= cap, Fault::SliceMax, max, cap)?;
                self.check(hi <= max, Fault::SliceHighMax, hi, max)?;
                Fault::SliceLowHigh
            }
            None => {
                let fault = match kind {
                    SliceKind::Slice => Fault::SliceHighCap,
                    SliceKind::Fixed => Fault::SliceHighLen,
                };
                self.check(hi <= cap, fault, hi, cap)?;
                Fault::SliceLow
            }
        };
        self.check(lo <= hi, low_fault, lo, hi)
    }

    pub(super) fn concat(&mut self, ptr: &Dst, len: &Dst, parts: &Srcs) -> Step {
        let words = self.gather(parts);
        // SAFETY: valid strings, two words each.
        match unsafe { self.cx.concat(words.as_chunks::<2>().0) } {
            JitResult::Ok => {
                self.set(ptr, self.cx.results[0]);
                self.write(len, self.cx.results[1])
            }
            _ => Err(Unwind),
        }
    }
}
