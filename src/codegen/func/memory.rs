//! Memory: allocation, loads and stores, checks.

use super::emit::Emitter;
use super::raw::TRUSTED;
use crate::codegen::stubs::Stub;
use crate::runtime::context::Context;
use crate::runtime::heap::{AllocHot, Bump, HEADER_BYTES, cell_bytes, class_of};
use crate::runtime::helpers::Helper;
use crate::runtime::panic::Fault;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use std::mem::offset_of;
use vo_bytecode::{FuncId, GlobalId, Mem, SliceKind, Slot, TypeId};

/// Copies of up to this many bytes are written out as loads and stores; beyond, calling a
/// helper is smaller and no slower.
const MAX_INLINE_COPY: i64 = 64;

impl Emitter<'_, '_, '_> {
    pub fn load_mem(&mut self, mem: Mem, base: Value, off: i64) -> Value {
        let off = off as i32;
        let ins = self.raw.b.ins();
        match mem {
            Mem::I8 => ins.sload8(I64, TRUSTED, base, off),
            Mem::U8 => ins.uload8(I64, TRUSTED, base, off),
            Mem::I16 => ins.sload16(I64, TRUSTED, base, off),
            Mem::U16 => ins.uload16(I64, TRUSTED, base, off),
            Mem::I32 => ins.sload32(TRUSTED, base, off),
            Mem::U32 => ins.uload32(TRUSTED, base, off),
            Mem::F32 => ins.load(F32, TRUSTED, base, off),
            Mem::F64 => ins.load(F64, TRUSTED, base, off),
            Mem::I64 | Mem::Ref => ins.load(I64, TRUSTED, base, off),
        }
    }

    pub fn store_mem(&mut self, mem: Mem, value: Value, base: Value, off: i64) {
        let off = off as i32;
        let ins = self.raw.b.ins();
        match mem.size() {
            _ if matches!(mem, Mem::F32 | Mem::F64) => ins.store(TRUSTED, value, base, off),
            1 => ins.istore8(TRUSTED, value, base, off),
            2 => ins.istore16(TRUSTED, value, base, off),
            4 => ins.istore32(TRUSTED, value, base, off),
            _ => ins.store(TRUSTED, value, base, off),
        };
    }

    /// The address of an element.
    pub fn element(&mut self, base: Slot, index: Slot, size: i64) -> Value {
        let (base, index) = (self.get(base), self.get(index));
        let offset = self.scaled(index, size);
        self.raw.b.ins().iadd(base, offset)
    }

    /// The address of an element as a value and an offset: an index that is a sum with a
    /// constant gives its constant to the offset, which costs nothing in an address.
    pub fn element_place(&mut self, base: Slot, index: Slot, size: i64) -> (Value, i64) {
        if let Some((value, constant)) = self.known.sums.get(&index).copied()
            && let Some(offset) = constant.checked_mul(size)
            && i32::try_from(offset).is_ok()
        {
            let base = self.get(base);
            let scaled = self.scaled(value, size);
            return (self.raw.b.ins().iadd(base, scaled), offset);
        }
        (self.element(base, index, size), 0)
    }

    fn scaled(&mut self, index: Value, size: i64) -> Value {
        match size {
            1 => index,
            size if size.count_ones() == 1 => self
                .raw
                .b
                .ins()
                .ishl_imm_u(index, i64::from(size.trailing_zeros())),
            size => self.raw.b.ins().imul_imm_s(index, size),
        }
    }

    pub fn global_addr(&mut self, dst: Slot, global: GlobalId) {
        let offset = self.raw.decls.program.globals.offset(global);
        let cx = self.raw.context();
        let globals = self.raw.load(I64, cx, offset_of!(Context, globals));
        let address = self.raw.b.ins().iadd_imm_s(globals, offset as i64);
        self.set(dst, address);
    }

    /// A new zeroed object of a memory type.
    pub fn new_object(&mut self, ty: TypeId) -> Value {
        let program = self.raw.decls.program.clone();
        let bytes = program.module.types.layout(ty).size;
        let layout = program.layouts.of(ty);
        let header = self.raw.int(i64::from(layout.0));
        let Some(class) = class_of(bytes as usize, program.layouts.noscan(layout)) else {
            let bytes = self.raw.int(bytes as i64);
            let object = self.raw.helper(Helper::Alloc, &[header, bytes]);
            self.check(object, Fault::OutOfMemory, None, None);
            return object;
        };
        let cx = self.raw.context();
        let bump =
            offset_of!(Context, alloc) + offset_of!(AllocHot, classes) + class * size_of::<Bump>();
        let next = self.raw.load(I64, cx, bump + offset_of!(Bump, next));
        let end = self.raw.load(I64, cx, bump + offset_of!(Bump, end));
        let behind = self.raw.b.ins().iadd_imm_s(next, cell_bytes(class) as i64);
        let full = self
            .raw
            .b
            .ins()
            .icmp(IntCC::UnsignedGreaterThan, behind, end);
        let (slow, fast, join) = (self.raw.cold_block(), self.raw.block(), self.raw.block());
        let object = self.raw.param(join, I64);
        self.raw.branch(full, slow, fast);

        self.raw.at(slow);
        self.raw.set_tmp(0, header);
        let size = self.raw.int(bytes as i64);
        self.raw.set_tmp(1, size);
        self.raw.stub(Stub::Alloc);
        let found = self.raw.tmp(0);
        self.check(found, Fault::OutOfMemory, None, None);
        self.raw.jump(join, &[found]);

        self.raw.at(fast);
        self.raw.store(behind, cx, bump + offset_of!(Bump, next));
        self.raw.store(header, next, 0);
        let payload = self.raw.b.ins().iadd_imm_s(next, HEADER_BYTES as i64);
        self.raw.jump(join, &[payload]);
        self.raw.at(join);
        object
    }

    pub fn closure(&mut self, dst: Slot, func: FuncId, ty: TypeId) {
        let object = self.new_object(ty);
        let func = self.raw.int(i64::from(func.0));
        self.raw.store(func, object, 0);
        self.set(dst, object);
    }

    pub fn mem_copy(&mut self, dst: Slot, src: Slot, size: i64) {
        let (to, from) = (self.get(dst), self.get(src));
        if size > MAX_INLINE_COPY {
            let size = self.raw.int(size);
            self.raw.helper_nothing(Helper::Move, &[to, from, size]);
            return;
        }
        // All loads come before all stores, so that the ranges may overlap.
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < size {
            let mem = match size - at {
                8.. => Mem::I64,
                4.. => Mem::U32,
                2.. => Mem::U16,
                _ => Mem::U8,
            };
            pieces.push((mem, at, self.load_mem(mem, from, at)));
            at += i64::from(mem.size());
        }
        for (mem, at, value) in pieces {
            self.store_mem(mem, value, to, at);
        }
    }

    pub fn copy_elems(&mut self, dst: Slot, src: Slot, count: Slot, size: i64) {
        let (to, from, count) = (self.get(dst), self.get(src), self.get(count));
        let bytes = self.scaled(count, size);
        self.raw.helper_nothing(Helper::Move, &[to, from, bytes]);
    }

    pub fn nil_check(&mut self, a: Slot) {
        if self.known.not_null.contains(&a) {
            return;
        }
        let reference = self.get(a);
        self.check(reference, Fault::NilDeref, None, None);
    }

    pub fn bounds_check(&mut self, index: Slot, len: Slot) {
        let (index, len) = (self.get(index), self.get(len));
        let fine = self.raw.b.ins().icmp(IntCC::UnsignedLessThan, index, len);
        self.check(fine, Fault::Index, Some(index), Some(len));
    }

    /// The checks of a slice expression, from the outermost operand inwards, as Go does them.
    pub fn slice_check(
        &mut self,
        kind: SliceKind,
        lo: Slot,
        hi: Slot,
        max: Option<Slot>,
        cap: Slot,
    ) {
        let (lo, hi, cap) = (self.get(lo), self.get(hi), self.get(cap));
        let within = IntCC::UnsignedLessThanOrEqual;
        let mut low_fault = Fault::SliceLow;
        if let Some(max) = max {
            low_fault = Fault::SliceLowHigh;
            let max = self.get(max);
            let fine = self.raw.b.ins().icmp(within, max, cap);
            self.check(fine, Fault::SliceMax, Some(max), Some(cap));
            let fine = self.raw.b.ins().icmp(within, hi, max);
            self.check(fine, Fault::SliceHighMax, Some(hi), Some(max));
        } else {
            let fault = match kind {
                SliceKind::Slice => Fault::SliceHighCap,
                SliceKind::Fixed => Fault::SliceHighLen,
            };
            let fine = self.raw.b.ins().icmp(within, hi, cap);
            self.check(fine, fault, Some(hi), Some(cap));
        }
        let fine = self.raw.b.ins().icmp(within, lo, hi);
        self.check(fine, low_fault, Some(lo), Some(hi));
    }

    pub fn array_len_check(&mut self, len: Slot, want: i64) {
        let len = self.get(len);
        let want = self.raw.int(want);
        let fine = self
            .raw
            .b
            .ins()
            .icmp(IntCC::SignedGreaterThanOrEqual, len, want);
        self.check(fine, Fault::ArrayLen, Some(len), Some(want));
    }

    pub fn slice_ptr(&mut self, dst: Slot, base: Slot, lo: Slot, size: i64, newcap: Slot) {
        let (base, lo, newcap) = (self.get(base), self.get(lo), self.get(newcap));
        let offset = self.scaled(lo, size);
        let zero = self.raw.int(0);
        let offset = self.raw.b.ins().select(newcap, offset, zero);
        let pointer = self.raw.b.ins().iadd(base, offset);
        self.set(dst, pointer);
    }
}
