//! Integer and float arithmetic with Go's meaning.
//!
//! Integers are kept extended to 64 bits, so narrow operations compute in 64 bits and wrap.

use super::emit::Emitter;
use super::raw::TRUSTED;
use crate::runtime::panic::Fault;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use vo_bytecode::{BinOp, CmpOp, FBinOp, FUnOp, FloatKind, IntKind, Slot, UnOp};

impl Emitter<'_, '_, '_> {
    /// Truncates to a kind and extends to 64 bits again.
    pub fn wrap(&mut self, value: Value, kind: IntKind) -> Value {
        let narrow = match kind.bits() {
            8 => I8,
            16 => I16,
            32 => I32,
            _ => return value,
        };
        let value = self.raw.b.ins().ireduce(narrow, value);
        if kind.signed() {
            self.raw.b.ins().sextend(I64, value)
        } else {
            self.raw.b.ins().uextend(I64, value)
        }
    }

    pub fn bin(&mut self, dst: Slot, op: BinOp, kind: IntKind, a: Slot, b: Slot) {
        let (x, y) = (self.get(a), self.get(b));
        let value = match op {
            BinOp::Add => self.raw.b.ins().iadd(x, y),
            BinOp::Sub => self.subtract(x, y, b),
            BinOp::Mul => self.raw.b.ins().imul(x, y),
            BinOp::And => self.raw.b.ins().band(x, y),
            BinOp::Or => self.raw.b.ins().bor(x, y),
            BinOp::Xor => self.raw.b.ins().bxor(x, y),
            BinOp::AndNot => self.raw.b.ins().band_not(x, y),
            BinOp::Div | BinOp::Rem => self.divide(op, kind, x, y, b),
            BinOp::Shl | BinOp::Shr => self.shift(op, kind, x, y, b),
        };
        // Bitwise operations on extended values give extended values.
        let value = match op {
            BinOp::And | BinOp::Or | BinOp::Xor | BinOp::AndNot | BinOp::Rem => value,
            _ => self.wrap(value, kind),
        };
        self.set(dst, value);
    }

    /// A difference. A constant is added instead, which some processors do without having to keep
    /// the first operand elsewhere.
    fn subtract(&mut self, x: Value, y: Value, b: Slot) -> Value {
        let constant = self.known.constants.get(&b);
        match constant.and_then(|value| value.checked_neg()) {
            Some(negated) => self.raw.b.ins().iadd_imm_s(x, negated),
            None => self.raw.b.ins().isub(x, y),
        }
    }

    /// Division and remainder: a zero divisor panics; `MinInt / -1` is `MinInt`, and its
    /// remainder 0, which the processor's instruction would trap on.
    fn divide(&mut self, op: BinOp, kind: IntKind, x: Value, y: Value, b: Slot) -> Value {
        let constant = self.known.constants.get(&b).copied();
        if constant.is_none_or(|value| value == 0) {
            self.check(y, Fault::Divide, None, None);
        }
        if !kind.signed() {
            return match op {
                BinOp::Div => self.raw.b.ins().udiv(x, y),
                _ => self.raw.b.ins().urem(x, y),
            };
        }
        // Narrow values divide in 64 bits, where nothing overflows; the quotient wraps later.
        let overflows = kind == IntKind::I64 && constant.is_none_or(|value| value == -1);
        if op == BinOp::Rem {
            // Cranelift's `srem` gives 0 for `MinInt % -1`.
            return self.raw.b.ins().srem(x, y);
        }
        if !overflows {
            return self.raw.b.ins().sdiv(x, y);
        }
        let (negate, divide, join) = (self.raw.cold_block(), self.raw.block(), self.raw.block());
        let value = self.raw.param(join, I64);
        let minus_one = self.raw.b.ins().icmp_imm_s(IntCC::Equal, y, -1);
        self.raw.branch(minus_one, negate, divide);
        self.raw.at(negate);
        let negated = self.raw.b.ins().ineg(x);
        self.raw.jump(join, &[negated]);
        self.raw.at(divide);
        let quotient = self.raw.b.ins().sdiv(x, y);
        self.raw.jump(join, &[quotient]);
        self.raw.at(join);
        value
    }

    /// Shifts: the count is unsigned; one of 64 or more leaves 0, or the sign.
    fn shift(&mut self, op: BinOp, kind: IntKind, x: Value, count: Value, b: Slot) -> Value {
        let small = self
            .known
            .constants
            .get(&b)
            .is_some_and(|value| (0..64).contains(value));
        if op == BinOp::Shr && kind.signed() {
            let count = if small {
                count
            } else {
                let most = self.raw.int(63);
                self.raw.b.ins().umin(count, most)
            };
            return self.raw.b.ins().sshr(x, count);
        }
        let shifted = match op {
            BinOp::Shl => self.raw.b.ins().ishl(x, count),
            _ => self.raw.b.ins().ushr(x, count),
        };
        if small {
            return shifted;
        }
        let within = self
            .raw
            .b
            .ins()
            .icmp_imm_u(IntCC::UnsignedLessThan, count, 64);
        let zero = self.raw.int(0);
        self.raw.b.ins().select(within, shifted, zero)
    }

    pub fn shift_check(&mut self, a: Slot) {
        if self
            .known
            .constants
            .get(&a)
            .is_some_and(|value| *value >= 0)
        {
            return;
        }
        let count = self.get(a);
        let fine = self
            .raw
            .b
            .ins()
            .icmp_imm_s(IntCC::SignedGreaterThanOrEqual, count, 0);
        self.check(fine, Fault::Shift, None, None);
    }

    pub fn un(&mut self, dst: Slot, op: UnOp, kind: IntKind, a: Slot) {
        let value = self.get(a);
        let value = match op {
            UnOp::Neg => self.raw.b.ins().ineg(value),
            UnOp::Not => self.raw.b.ins().bnot(value),
        };
        let value = self.wrap(value, kind);
        self.set(dst, value);
    }

    pub fn cmp(&mut self, dst: Slot, op: CmpOp, kind: IntKind, a: Slot, b: Slot) {
        let condition = int_condition(op, kind.signed());
        let (x, y) = (self.get(a), self.get(b));
        let value = self.raw.b.ins().icmp(condition, x, y);
        self.set_bool(dst, value);
    }

    pub fn cmp_ref(&mut self, dst: Slot, op: CmpOp, a: Slot, b: Slot) {
        let (x, y) = (self.get(a), self.get(b));
        let value = self.raw.b.ins().icmp(int_condition(op, false), x, y);
        self.set_bool(dst, value);
    }

    pub fn fbin(&mut self, dst: Slot, op: FBinOp, a: Slot, b: Slot) {
        let (x, y) = (self.get(a), self.get(b));
        let (known_x, known_y) = (self.known.floats.get(&a), self.known.floats.get(&b));
        let value = match op {
            FBinOp::Add => self.raw.b.ins().fadd(x, y),
            FBinOp::Sub => self.raw.b.ins().fsub(x, y),
            // A sum is there sooner than a product.
            FBinOp::Mul if known_y == Some(&2.0) => self.raw.b.ins().fadd(x, x),
            FBinOp::Mul if known_x == Some(&2.0) => self.raw.b.ins().fadd(y, y),
            FBinOp::Mul => self.raw.b.ins().fmul(x, y),
            FBinOp::Div => {
                let ty = self.raw.b.func.dfg.value_type(x);
                match known_y.and_then(|y| exact_reciprocal(*y, ty == F32)) {
                    Some(reciprocal) => {
                        let bits = match ty {
                            F32 => (reciprocal as f32).to_bits().into(),
                            _ => reciprocal.to_bits(),
                        };
                        let reciprocal = self.raw.float(ty, bits);
                        self.raw.b.ins().fmul(x, reciprocal)
                    }
                    None => self.raw.b.ins().fdiv(x, y),
                }
            }
        };
        self.set(dst, value);
    }

    pub fn fun(&mut self, dst: Slot, op: FUnOp, a: Slot) {
        let value = self.get(a);
        let ins = self.raw.b.ins();
        let value = match op {
            FUnOp::Neg => ins.fneg(value),
            FUnOp::Abs => ins.fabs(value),
            FUnOp::Sqrt => ins.sqrt(value),
            FUnOp::Floor => ins.floor(value),
            FUnOp::Ceil => ins.ceil(value),
            FUnOp::Trunc => ins.trunc(value),
        };
        self.set(dst, value);
    }

    pub fn fcmp(&mut self, dst: Slot, op: CmpOp, a: Slot, b: Slot) {
        let condition = match op {
            CmpOp::Eq => FloatCC::Equal,
            CmpOp::Ne => FloatCC::NotEqual,
            CmpOp::Lt => FloatCC::LessThan,
            CmpOp::Le => FloatCC::LessThanOrEqual,
            CmpOp::Gt => FloatCC::GreaterThan,
            CmpOp::Ge => FloatCC::GreaterThanOrEqual,
        };
        let (x, y) = (self.get(a), self.get(b));
        let value = self.raw.b.ins().fcmp(condition, x, y);
        self.set_bool(dst, value);
    }

    pub fn int_to_float(&mut self, dst: Slot, to: FloatKind, kind: IntKind, a: Slot) {
        let value = self.get(a);
        let ty = float_type(to);
        // Narrow unsigned values are positive in 64 bits.
        let value = if kind == IntKind::U64 {
            self.raw.b.ins().fcvt_from_uint(ty, value)
        } else {
            self.raw.b.ins().fcvt_from_sint(ty, value)
        };
        self.set(dst, value);
    }

    /// Truncates and saturates to the kind's range; NaN gives 0.
    pub fn float_to_int(&mut self, dst: Slot, kind: IntKind, a: Slot) {
        let value = self.get(a);
        let value = if kind.signed() {
            let wide = self.raw.b.ins().fcvt_to_sint_sat(I64, value);
            if kind == IntKind::I64 {
                wide
            } else {
                let least = self.raw.int(-1 << (kind.bits() - 1));
                let most = self.raw.int((1 << (kind.bits() - 1)) - 1);
                let wide = self.raw.b.ins().smax(wide, least);
                self.raw.b.ins().smin(wide, most)
            }
        } else {
            let wide = self.raw.b.ins().fcvt_to_uint_sat(I64, value);
            if kind == IntKind::U64 {
                wide
            } else {
                let most = self.raw.int((1 << kind.bits()) - 1);
                self.raw.b.ins().umin(wide, most)
            }
        };
        self.set(dst, value);
    }

    pub fn float_cast(&mut self, dst: Slot, to: FloatKind, a: Slot) {
        let value = self.get(a);
        let value = match (to, self.slot_type(a)) {
            (FloatKind::F32, F64) => self.raw.b.ins().fdemote(F32, value),
            (FloatKind::F64, F32) => self.raw.b.ins().fpromote(F64, value),
            _ => value,
        };
        self.set(dst, value);
    }

    pub fn float_bits(&mut self, dst: Slot, kind: FloatKind, a: Slot) {
        let value = self.get(a);
        let bits = self.float_to_word(value, kind);
        self.set(dst, bits);
    }

    pub fn float_from_bits(&mut self, dst: Slot, kind: FloatKind, a: Slot) {
        let bits = self.get(a);
        let value = self.word_to_float(bits, kind);
        self.set(dst, value);
    }

    /// A float's bits as a word.
    pub fn float_to_word(&mut self, value: Value, kind: FloatKind) -> Value {
        match kind {
            FloatKind::F64 => self.raw.b.ins().bitcast(I64, MemFlagsData::new(), value),
            FloatKind::F32 => {
                let bits = self.raw.b.ins().bitcast(I32, MemFlagsData::new(), value);
                self.raw.b.ins().uextend(I64, bits)
            }
        }
    }

    /// The float with a word's bits.
    pub fn word_to_float(&mut self, word: Value, kind: FloatKind) -> Value {
        match kind {
            FloatKind::F64 => self.raw.b.ins().bitcast(F64, MemFlagsData::new(), word),
            FloatKind::F32 => {
                let bits = self.raw.b.ins().ireduce(I32, word);
                self.raw.b.ins().bitcast(F32, MemFlagsData::new(), bits)
            }
        }
    }

    /// A value of any slot as a word.
    pub fn as_word(&mut self, value: Value) -> Value {
        match self.raw.b.func.dfg.value_type(value) {
            F64 => self.float_to_word(value, FloatKind::F64),
            F32 => self.float_to_word(value, FloatKind::F32),
            _ => value,
        }
    }

    /// A word as a value of a machine type.
    pub fn word_as(&mut self, word: Value, ty: Type) -> Value {
        match ty {
            F64 => self.word_to_float(word, FloatKind::F64),
            F32 => self.word_to_float(word, FloatKind::F32),
            _ => word,
        }
    }

    /// Stores a value of any slot as a whole word.
    pub fn store_word(&mut self, value: Value, base: Value, offset: usize) {
        let word = self.as_word(value);
        self.raw.b.ins().store(TRUSTED, word, base, offset as i32);
    }
}

fn int_condition(op: CmpOp, signed: bool) -> IntCC {
    match (op, signed) {
        (CmpOp::Eq, _) => IntCC::Equal,
        (CmpOp::Ne, _) => IntCC::NotEqual,
        (CmpOp::Lt, true) => IntCC::SignedLessThan,
        (CmpOp::Le, true) => IntCC::SignedLessThanOrEqual,
        (CmpOp::Gt, true) => IntCC::SignedGreaterThan,
        (CmpOp::Ge, true) => IntCC::SignedGreaterThanOrEqual,
        (CmpOp::Lt, false) => IntCC::UnsignedLessThan,
        (CmpOp::Le, false) => IntCC::UnsignedLessThanOrEqual,
        (CmpOp::Gt, false) => IntCC::UnsignedGreaterThan,
        (CmpOp::Ge, false) => IntCC::UnsignedGreaterThanOrEqual,
    }
}

fn float_type(kind: FloatKind) -> Type {
    match kind {
        FloatKind::F32 => F32,
        FloatKind::F64 => F64,
    }
}

/// The reciprocal of a value, where multiplying by it gives what dividing by the value gives: that
/// of a power of two that is a normal number, as its reciprocal is.
fn exact_reciprocal(value: f64, single: bool) -> Option<f64> {
    let reciprocal = value.recip();
    let is_power = value.to_bits() << 12 == 0;
    let normal = if single {
        (value as f32).is_normal() && (reciprocal as f32).is_normal()
    } else {
        value.is_normal() && reciprocal.is_normal()
    };
    (is_power && normal).then_some(reciprocal)
}

#[cfg(test)]
mod tests {
    use super::exact_reciprocal;

    #[test]
    fn only_powers_of_two_have_exact_reciprocals() {
        for (value, single, expected) in [
            (2.0, false, Some(0.5)),
            (-0.25, false, Some(-4.0)),
            (1.0, true, Some(1.0)),
            (3.0, false, None),
            (0.1, true, None),
            (0.0, false, None),
            (f64::INFINITY, false, None),
            (f64::NAN, false, None),
            (f64::MIN_POSITIVE, false, Some(2f64.powi(1022))),
            (f64::MIN_POSITIVE / 2.0, false, None),
            // The reciprocal is no normal number.
            (2f64.powi(1023), false, None),
            (2f64.powi(127), false, Some(2f64.powi(-127))),
            (2f64.powi(127), true, None),
            (2f64.powi(126), true, Some(2f64.powi(-126))),
        ] {
            assert_eq!(exact_reciprocal(value, single), expected, "{value}");
        }
    }

    /// The same quotients, at the edges of what there is.
    #[test]
    fn multiplying_by_a_reciprocal_divides() {
        let edges = [
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            1.1,
            0.3,
            f64::INFINITY,
            -0.0,
        ];
        for exponent in -1022..=1022 {
            let value = 2f64.powi(exponent);
            let reciprocal = exact_reciprocal(value, false).expect("a power of two");
            for x in edges {
                assert_eq!(
                    (x / value).to_bits(),
                    (x * reciprocal).to_bits(),
                    "{x}/{value}"
                );
            }
        }
    }
}
