//! Strings, interfaces and maps.

use super::emit::Emitter;
use crate::runtime::helpers::Helper;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use vo_bytecode::inst::OptType;
use vo_bytecode::{FuncId, Mem, RtFn, Slot, StrId, TypeId};

impl Emitter<'_, '_, '_> {
    /// Calls a helper that takes a type first, may panic, and leaves its results in the context.
    pub fn typed_helper(&mut self, helper: Helper, ty: TypeId, args: &[Value], rets: &[Slot]) {
        let ty = self.raw.int(i64::from(ty.0));
        let args: Vec<Value> = std::iter::once(ty).chain(args.iter().copied()).collect();
        let status = self.raw.helper(helper, &args);
        self.check_status(status);
        self.take_results(rets);
    }

    // ---- strings ---------------------------------------------------------------------------

    pub fn const_str(&mut self, ptr: Slot, len: Slot, id: StrId) {
        let program = self.raw.decls.program.clone();
        let text = program.string(id);
        let pointer = self.raw.int(text.as_ptr() as i64);
        let length = self.raw.int(text.len() as i64);
        self.set(ptr, pointer);
        self.set(len, length);
    }

    pub fn func_value(&mut self, dst: Slot, func: FuncId) {
        let closure = self.raw.decls.program.closure(func) as i64;
        let closure = self.raw.int(closure);
        self.set(dst, closure);
    }

    pub fn str_concat(&mut self, ptr: Slot, len: Slot, parts: &[Slot]) {
        let words = self.words_on_stack(parts);
        let count = self.raw.int(parts.len() as i64 / 2);
        let status = self.raw.helper(Helper::StrConcat, &[words, count]);
        self.check_status(status);
        self.take_results(&[ptr, len]);
    }

    /// Runtime functions that are worth writing out; whether this was one.
    pub fn call_short(&mut self, rets: &[Slot], function: RtFn, args: &[Slot]) -> bool {
        match function {
            RtFn::StrEq => self.str_eq(rets[0], args),
            RtFn::StrCmp => {
                let strings: Vec<Value> = args.iter().map(|slot| self.get(*slot)).collect();
                let ordering = self.raw.helper(Helper::CompareBytes, &strings);
                self.set(rets[0], ordering);
            }
            RtFn::StrDecodeRune => self.decode_rune(rets, args),
            _ => return false,
        }
        true
    }

    /// Strings are equal when their lengths and then their bytes are.
    fn str_eq(&mut self, dst: Slot, args: &[Slot]) {
        let (ptr_a, len_a) = (self.get(args[0]), self.get(args[1]));
        let (ptr_b, len_b) = (self.get(args[2]), self.get(args[3]));
        let (compare, join) = (self.raw.block(), self.raw.block());
        let equal = self.raw.param(join, I64);
        let same = self.raw.b.ins().icmp(IntCC::Equal, len_a, len_b);
        let no = self.raw.int(0);
        self.raw.branch_args(same, compare, &[], join, &[no]);
        self.raw.at(compare);
        let bytes = self.raw.helper(Helper::SameBytes, &[ptr_a, ptr_b, len_a]);
        self.raw.jump(join, &[bytes]);
        self.raw.at(join);
        self.set(dst, equal);
    }

    /// The rune at an index: itself and width 1 where the byte is ASCII.
    fn decode_rune(&mut self, rets: &[Slot], args: &[Slot]) {
        let (ptr, index) = (self.get(args[0]), self.get(args[2]));
        let address = self.raw.b.ins().iadd(ptr, index);
        let byte = self.load_mem(Mem::U8, address, 0);
        let ascii = self
            .raw
            .b
            .ins()
            .icmp_imm_u(IntCC::UnsignedLessThan, byte, 0x80);
        let (wide, join) = (self.raw.block(), self.raw.block());
        let (rune, width) = (self.raw.param(join, I64), self.raw.param(join, I64));
        let one = self.raw.int(1);
        self.raw.branch_args(ascii, join, &[byte, one], wide, &[]);
        self.raw.at(wide);
        let (_, results) = self.enter_native(RtFn::StrDecodeRune, OptType(None), args);
        let (decoded, bytes) = (
            self.raw.load(I64, results, 0),
            self.raw.load(I64, results, 8),
        );
        self.raw.jump(join, &[decoded, bytes]);
        self.raw.at(join);
        self.set(rets[0], rune);
        self.set(rets[1], width);
    }

    // ---- interfaces ------------------------------------------------------------------------

    pub fn iface_make(&mut self, dst: Slot, ty: TypeId, data: Slot) {
        let value = self.get(data);
        let word = self.as_word(value);
        let type_word = self.raw.decls.type_word(ty);
        let type_word = self.raw.int(type_word);
        self.set(dst, type_word);
        self.set(dst.next(), word);
    }

    pub fn iface_word(&mut self, dst: Slot, src: Slot) {
        let word = self.get(src.next());
        let ty = self.slot_type(dst);
        let value = self.word_as(word, ty);
        self.set(dst, value);
    }

    pub fn iface_is(&mut self, dst: Slot, src: Slot, ty: TypeId) {
        let type_word = self.get(src);
        let wanted = self.raw.decls.type_word(ty);
        let is = self.raw.b.ins().icmp_imm_s(IntCC::Equal, type_word, wanted);
        self.set_bool(dst, is);
    }

    pub fn iface_is_nil(&mut self, dst: Slot, src: Slot) {
        let type_word = self.get(src);
        let is = self.raw.b.ins().icmp_imm_s(IntCC::Equal, type_word, 0);
        self.set_bool(dst, is);
    }

    pub fn iface_implements(&mut self, dst: Slot, src: Slot, ty: TypeId) {
        let type_word = self.get(src);
        let ty = self.raw.int(i64::from(ty.0));
        let does = self.raw.helper(Helper::Implements, &[type_word, ty]);
        self.set(dst, does);
    }

    /// Interfaces of different dynamic types are not equal; for the same type the runtime looks
    /// at the values, and may panic.
    pub fn iface_eq(&mut self, dst: Slot, a: Slot, b: Slot) {
        let (type_a, data_a) = (self.get(a), self.get(a.next()));
        let (type_b, data_b) = (self.get(b), self.get(b.next()));
        let same = self.raw.b.ins().icmp(IntCC::Equal, type_a, type_b);
        let (compare, join) = (self.raw.block(), self.raw.block());
        let equal = self.raw.param(join, I64);
        let no = self.raw.int(0);
        self.raw.branch_args(same, compare, &[], join, &[no]);
        self.raw.at(compare);
        let status = self
            .raw
            .helper(Helper::IfaceEq, &[type_a, data_a, type_b, data_b]);
        self.check_status(status);
        let result = self.raw.result(I64, 0);
        self.raw.jump(join, &[result]);
        self.raw.at(join);
        self.set(dst, equal);
    }

    pub fn iface_load(&mut self, dst: Slot, base: Slot, off: i64) {
        let base = self.get(base);
        let type_word = self.load_mem(Mem::I64, base, off);
        let data = self.load_mem(Mem::I64, base, off + 8);
        self.set(dst, type_word);
        self.set(dst.next(), data);
    }

    pub fn iface_store(&mut self, base: Slot, off: i64, src: Slot) {
        let base = self.get(base);
        let (type_word, data) = (self.get(src), self.get(src.next()));
        self.store_mem(Mem::I64, type_word, base, off);
        self.store_mem(Mem::I64, data, base, off + 8);
    }

    pub fn panic_assert(&mut self, src: Slot, from: TypeId, want: TypeId) {
        let type_word = self.get(src);
        let [from, want] = [from, want].map(|ty| self.raw.int(i64::from(ty.0)));
        let site = self.site();
        self.raw
            .helper_nothing(Helper::PanicAssert, &[type_word, from, want, site]);
        self.leave_panicking();
    }
}
