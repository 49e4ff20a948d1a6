//! Operators on integers and floats.

use super::machine::{Machine, Step};
use crate::runtime::panic::Fault;
use std::cmp::Ordering;
use vo_bytecode::{BinOp, CmpOp, Dst, FBinOp, FUnOp, FloatKind, IntKind, Src, UnOp};

impl Machine<'_> {
    pub(super) fn binary(&mut self, dst: &Dst, op: BinOp, kind: IntKind, a: &Src, b: &Src) -> Step {
        let (a, b) = (self.get(a), self.get(b));
        match integer(op, kind, a, b) {
            Some(value) => self.write(dst, value),
            None => self.fault(Fault::Divide, 0, 0),
        }
    }

    pub(super) fn unary(&mut self, dst: &Dst, op: UnOp, kind: IntKind, a: &Src) -> Step {
        let a = self.get(a) as i64;
        let value = match op {
            UnOp::Neg => a.wrapping_neg(),
            UnOp::Not => !a,
        };
        self.write(dst, kind.wrap(value) as u64)
    }

    pub(super) fn compare(
        &mut self,
        dst: &Dst,
        op: CmpOp,
        kind: IntKind,
        a: &Src,
        b: &Src,
    ) -> Step {
        let (a, b) = (self.get(a), self.get(b));
        let ordering = if kind.signed() {
            (a as i64).cmp(&(b as i64))
        } else {
            a.cmp(&b)
        };
        self.write(dst, u64::from(holds(op, Some(ordering))))
    }

    pub(super) fn compare_refs(&mut self, dst: &Dst, op: CmpOp, a: &Src, b: &Src) -> Step {
        let ordering = self.get(a).cmp(&self.get(b));
        self.write(dst, u64::from(holds(op, Some(ordering))))
    }

    pub(super) fn float_binary(
        &mut self,
        dst: &Dst,
        op: FBinOp,
        kind: FloatKind,
        a: &Src,
        b: &Src,
    ) -> Step {
        let (a, b) = (self.get(a), self.get(b));
        let value = match kind {
            FloatKind::F32 => {
                let (a, b) = (f32::from_bits(a as u32), f32::from_bits(b as u32));
                let value = match op {
                    FBinOp::Add => a + b,
                    FBinOp::Sub => a - b,
                    FBinOp::Mul => a * b,
                    FBinOp::Div => a / b,
                };
                u64::from(value.to_bits())
            }
            FloatKind::F64 => {
                let (a, b) = (f64::from_bits(a), f64::from_bits(b));
                let value = match op {
                    FBinOp::Add => a + b,
                    FBinOp::Sub => a - b,
                    FBinOp::Mul => a * b,
                    FBinOp::Div => a / b,
                };
                value.to_bits()
            }
        };
        self.write(dst, value)
    }

    pub(super) fn float_unary(&mut self, dst: &Dst, op: FUnOp, kind: FloatKind, a: &Src) -> Step {
        let a = self.get(a);
        // All of these give the same in double precision, rounded, as in single precision: they
        // are exact but for the square root, which is innocuous (Figueroa 1995).
        let value = match kind {
            FloatKind::F32 => match op {
                FUnOp::Neg => (-f32::from_bits(a as u32)).to_bits().into(),
                _ => {
                    let wide = float_operation(op, f64::from(f32::from_bits(a as u32)));
                    u64::from((wide as f32).to_bits())
                }
            },
            FloatKind::F64 => float_operation(op, f64::from_bits(a)).to_bits(),
        };
        self.write(dst, value)
    }

    pub(super) fn float_compare(
        &mut self,
        dst: &Dst,
        op: CmpOp,
        kind: FloatKind,
        a: &Src,
        b: &Src,
    ) -> Step {
        let ordering = self.float(kind, a).partial_cmp(&self.float(kind, b));
        self.write(dst, u64::from(holds(op, ordering)))
    }

    pub(super) fn int_to_float(
        &mut self,
        dst: &Dst,
        to: FloatKind,
        kind: IntKind,
        a: &Src,
    ) -> Step {
        let a = self.get(a);
        let value = match (to, kind.signed()) {
            (FloatKind::F32, true) => u64::from((a as i64 as f32).to_bits()),
            (FloatKind::F32, false) => u64::from((a as f32).to_bits()),
            (FloatKind::F64, true) => (a as i64 as f64).to_bits(),
            (FloatKind::F64, false) => (a as f64).to_bits(),
        };
        self.write(dst, value)
    }

    pub(super) fn float_to_int(
        &mut self,
        dst: &Dst,
        kind: IntKind,
        from: FloatKind,
        a: &Src,
    ) -> Step {
        let a = self.float(from, a);
        // `as` truncates and saturates, and takes NaN to 0.
        let value = match kind {
            IntKind::I8 => a as i8 as i64,
            IntKind::I16 => a as i16 as i64,
            IntKind::I32 => a as i32 as i64,
            IntKind::I64 => a as i64,
            IntKind::U8 => a as u8 as i64,
            IntKind::U16 => a as u16 as i64,
            IntKind::U32 => a as u32 as i64,
            IntKind::U64 => a as u64 as i64,
        };
        self.write(dst, value as u64)
    }

    pub(super) fn float_cast(&mut self, dst: &Dst, to: FloatKind, a: &Src) -> Step {
        let a = self.get(a);
        let value = match to {
            FloatKind::F32 => u64::from((f64::from_bits(a) as f32).to_bits()),
            FloatKind::F64 => f64::from(f32::from_bits(a as u32)).to_bits(),
        };
        self.write(dst, value)
    }

    /// The float in a slot, widened.
    fn float(&self, kind: FloatKind, slot: &Src) -> f64 {
        let word = self.get(slot);
        match kind {
            FloatKind::F32 => f64::from(f32::from_bits(word as u32)),
            FloatKind::F64 => f64::from_bits(word),
        }
    }
}

/// An integer operation; `None` for a division by zero.
pub(super) fn integer(op: BinOp, kind: IntKind, a: u64, b: u64) -> Option<u64> {
    let (sa, sb) = (a as i64, b as i64);
    let value = match op {
        BinOp::Add => sa.wrapping_add(sb),
        BinOp::Sub => sa.wrapping_sub(sb),
        BinOp::Mul => sa.wrapping_mul(sb),
        BinOp::Div | BinOp::Rem if b == 0 => return None,
        BinOp::Div if kind.signed() => sa.wrapping_div(sb),
        BinOp::Div => (a / b) as i64,
        BinOp::Rem if kind.signed() => sa.wrapping_rem(sb),
        BinOp::Rem => (a % b) as i64,
        BinOp::And => sa & sb,
        BinOp::Or => sa | sb,
        BinOp::Xor => sa ^ sb,
        BinOp::AndNot => sa & !sb,
        BinOp::Shl => u32::try_from(b)
            .ok()
            .and_then(|count| sa.checked_shl(count))
            .unwrap_or(0),
        BinOp::Shr if kind.signed() => sa >> b.min(63),
        BinOp::Shr => u32::try_from(b)
            .ok()
            .and_then(|count| a.checked_shr(count))
            .unwrap_or(0) as i64,
    };
    Some(kind.wrap(value) as u64)
}

fn float_operation(op: FUnOp, a: f64) -> f64 {
    match op {
        FUnOp::Neg => -a,
        FUnOp::Abs => a.abs(),
        FUnOp::Sqrt => a.sqrt(),
        FUnOp::Floor => a.floor(),
        FUnOp::Ceil => a.ceil(),
        FUnOp::Trunc => a.trunc(),
    }
}

/// Whether a comparison holds; with a NaN there is no ordering, and only `Ne` holds.
fn holds(op: CmpOp, ordering: Option<Ordering>) -> bool {
    match op {
        CmpOp::Eq => ordering == Some(Ordering::Equal),
        CmpOp::Ne => ordering != Some(Ordering::Equal),
        CmpOp::Lt => ordering == Some(Ordering::Less),
        CmpOp::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        CmpOp::Gt => ordering == Some(Ordering::Greater),
        CmpOp::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
    }
}
