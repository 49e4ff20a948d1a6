//! Conversions: explicit ones, those of assignments, and in and out of interfaces.

use vo_bytecode::*;

use super::builder::Label;
use super::func::{INT, Lowerer, Value, Want};
use super::place::Loc;
use super::program::Guess;
use crate::syntax::ast::Expr;
use crate::types::ty::{Basic, Kind, Ty};

impl<'a> Lowerer<'_, 'a> {
    /// The value of an expression as it is assigned to something of type `ty`.
    pub fn value_as(&mut self, e: &'a Expr, ty: Ty, want: Want<'_>) -> Value {
        let from = self.type_of(e);
        if from == ty || !self.tys().is_interface(ty) || self.tys().is_interface(from) {
            return self.value(e, want);
        }
        if from == Ty::UNTYPED_NIL {
            return self.zero_value(ty, want);
        }
        let value = self.value(e, Want::Any);
        self.make_interface(value, from, want)
    }

    /// A value as it is assigned to something of type `ty`.
    pub fn assign(&mut self, value: Value, from: Ty, ty: Ty, want: Want<'_>) -> Value {
        if !self.tys().is_interface(ty) || self.tys().is_interface(from) {
            return value;
        }
        self.make_interface(value, from, want)
    }

    /// The value of an expression as it is passed, sent or stored: nobody else has its memory.
    pub fn owned_as(&mut self, e: &'a Expr, ty: Ty, want: Want<'_>) -> Value {
        let value = self.value_as(e, ty, want);
        self.owned(value, ty)
    }

    /// An interface that holds a value of a type that is none.
    pub fn make_interface(&mut self, value: Value, from: Ty, want: Want<'_>) -> Value {
        let from = self.tys().default_type(from);
        self.p.types.convert(from);
        let shape = self.shape(from);
        let data = if shape.in_memory {
            self.owned(value, from).slots[0]
        } else if shape.slots.len() == 1 {
            value.slots[0]
        } else {
            let object = self.b.new_object(shape.id);
            self.store(&Loc::object(object), from, &value.slots);
            object
        };
        let dst = self.dst(want, Ty::ANY);
        self.b.emit(Inst::IfaceMake {
            dst: IfaceDst(dst[0]),
            ty: shape.id,
            data: Src(data),
        });
        Value::fresh(dst)
    }

    /// The value of type `ty` in an interface that is known to hold one (or to implement it).
    pub fn unpack(&mut self, iface: Slot, ty: Ty, want: Want<'_>) -> Value {
        let shape = self.shape(ty);
        if self.tys().is_interface(ty) {
            let dst = self.dst(want, ty);
            self.b.mov(&dst, &[iface, iface.next()]);
            return Value::fresh(dst);
        }
        if !shape.in_memory && shape.slots.len() == 1 {
            let dst = self.dst(want, ty);
            self.b.emit(Inst::IfaceWord {
                dst: Dst(dst[0]),
                src: IfaceSrc(iface),
            });
            return Value::fresh(dst);
        }
        if !shape.in_memory && shape.slots.is_empty() {
            return Value::fresh(Vec::new());
        }
        let word = self.b.slot(SlotTy::Ref);
        self.b.emit(Inst::IfaceWord {
            dst: Dst(word),
            src: IfaceSrc(iface),
        });
        self.b.assume_non_null(word);
        // What is in the box never changes, but whoever changes the value must have a copy.
        self.load(&Loc::object(word), ty, want)
    }

    /// Goes on at `yes` if the dynamic type of an interface is `ty` or implements it, else at `no`. Gives
    /// the slot of the answer, if it is not always no.
    pub fn branch_type(&mut self, iface: Slot, ty: Ty, yes: Label, no: Label) -> Option<Slot> {
        if self.p.guess(&self.work, Guess::Never(ty)) {
            self.b.jump(no);
            return None;
        }
        let dst = self.b.slot(SlotTy::I64);
        let id = self.p.types.id(ty);
        let src = IfaceSrc(iface);
        if self.tys().is_interface(ty) {
            self.b.emit(Inst::IfaceImplements {
                dst: Dst(dst),
                src,
                ty: id,
            });
        } else {
            self.b.emit(Inst::IfaceIs {
                dst: Dst(dst),
                src,
                ty: id,
            });
        }
        self.b.branch(dst, yes, no);
        Some(dst)
    }

    /// The conversion `T(x)` of a value that is no constant.
    pub fn conversion(&mut self, e: &'a Expr, x: &'a Expr, want: Want<'_>) -> Value {
        let to = self.type_of(e);
        let from = self.type_of(x);
        if self.tys().is_interface(to) {
            return self.value_as(x, to, want);
        }
        let (to_kind, from_kind) = (self.tys().under(to).clone(), self.tys().under(from).clone());
        match (&to_kind, &from_kind) {
            (Kind::Basic(t), Kind::Basic(f)) if t.is_numeric() && f.is_numeric() => {
                let a = self.value(x, Want::Any).slots[0];
                self.at(e.span);
                let dst = self.number(a, from, to, want);
                Value::one(dst)
            }
            (Kind::Basic(t), Kind::Basic(f)) if t.is_string() && f.is_integer() => {
                let a = self.value(x, Want::Any).slots;
                self.call_text(RtFn::StrFromRune, &a, to, want)
            }
            (Kind::Basic(t), Kind::Slice(elem)) if t.is_string() => {
                let func = match self.tys().basic(*elem) {
                    Some(Basic::Uint8) => RtFn::StrFromBytes,
                    _ => RtFn::StrFromRunes,
                };
                let a = self.value(x, Want::Any).slots;
                self.call_text(func, &a, to, want)
            }
            (Kind::Slice(elem), Kind::Basic(f)) if f.is_string() => {
                let func = match self.tys().basic(*elem) {
                    Some(Basic::Uint8) => RtFn::StrToBytes,
                    _ => RtFn::StrToRunes,
                };
                let a = self.value(x, Want::Any).slots;
                self.call_text(func, &a, to, want)
            }
            (Kind::Array(_, len), Kind::Slice(_)) => {
                let slice = self.value(x, Want::Any).slots;
                self.at(e.span);
                self.b.emit(Inst::ArrayLenCheck {
                    len: Src(slice[1]),
                    want: *len as i64,
                });
                if *len == 0 {
                    return self.zero_value(to, want);
                }
                self.load(&Loc::object(slice[0]), to, want)
            }
            // The same underlying type: the same slots.
            _ => self.value(x, want),
        }
    }

    fn call_text(&mut self, func: RtFn, args: &[Slot], ty: Ty, want: Want<'_>) -> Value {
        let dst = self.dst(want, ty);
        self.b.rt_into(func, None, args, &dst);
        Value::fresh(dst)
    }

    /// A number as one of another type.
    fn number(&mut self, a: Slot, from: Ty, to: Ty, want: Want<'_>) -> Slot {
        let kinds = (
            self.int_kind(from),
            self.float_kind(from),
            self.int_kind(to),
            self.float_kind(to),
        );
        let a_src = Src(a);
        match kinds {
            (Some(from), _, Some(to_kind), _) => {
                if fits_without_cast(from, to_kind) {
                    return a;
                }
                let dst = self.dst(want, to)[0];
                self.b.emit(Inst::IntCast {
                    dst: Dst(dst),
                    kind: to_kind,
                    a: a_src,
                });
                dst
            }
            (Some(kind), _, _, Some(to_kind)) => {
                let dst = self.dst(want, to)[0];
                self.b.emit(Inst::IntToFloat {
                    dst: Dst(dst),
                    to: to_kind,
                    kind,
                    a: a_src,
                });
                dst
            }
            (_, Some(from), Some(kind), _) => {
                let dst = self.dst(want, to)[0];
                self.b.emit(Inst::FloatToInt {
                    dst: Dst(dst),
                    kind,
                    from,
                    a: a_src,
                });
                dst
            }
            (_, Some(from), _, Some(to_kind)) if from != to_kind => {
                let dst = self.dst(want, to)[0];
                self.b.emit(Inst::FloatCast {
                    dst: Dst(dst),
                    to: to_kind,
                    a: a_src,
                });
                dst
            }
            _ => a,
        }
    }
}

/// Whether every integer of kind `from`, extended to 64 bits, is already right for kind `to`.
fn fits_without_cast(from: IntKind, to: IntKind) -> bool {
    to.bits() == INT.bits()
        || from == to
        || (from.bits() < to.bits() && (!from.signed() || to.signed()))
}
