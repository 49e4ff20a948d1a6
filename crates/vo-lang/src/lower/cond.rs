//! Conditions and comparisons.

use vo_bytecode::*;

use super::builder::Label;
use super::func::{INT, Lowerer, Value, Want};
use super::program::{Guess, Work};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::types::info::{Mode, Target};
use crate::types::ty::{Kind, Ty};

/// A truth value: that of a slot, or its opposite.
#[derive(Clone, Copy)]
struct Truth {
    slot: Slot,
    negated: bool,
}

impl<'a> Lowerer<'_, 'a> {
    /// Goes on at `then` if a condition is true, else at `otherwise`.
    pub fn condition(&mut self, e: &'a Expr, then: Label, otherwise: Label) {
        let known = self.p.info.const_value(e.id).and_then(|v| v.as_bool());
        if let Some(value) = known.or_else(|| self.known_condition(e)) {
            self.b.jump(if value { then } else { otherwise });
            return;
        }
        if let Some(results) = self.take_hoisted(e) {
            let cond = results[0].0.slots[0];
            self.b.branch(cond, then, otherwise);
            return;
        }
        match &e.kind {
            ExprKind::Paren(x) => self.condition(x, then, otherwise),
            ExprKind::Unary {
                op: UnaryOp::Not,
                x,
                ..
            } => self.condition(x, otherwise, then),
            ExprKind::Binary {
                op: BinaryOp::LogAnd,
                x,
                y,
                ..
            } => {
                let second = self.b.label();
                self.condition(x, second, otherwise);
                self.b.bind(second);
                self.condition(y, then, otherwise);
            }
            ExprKind::Binary {
                op: BinaryOp::LogOr,
                x,
                y,
                ..
            } => {
                let second = self.b.label();
                self.condition(x, then, second);
                self.b.bind(second);
                self.condition(y, then, otherwise);
            }
            ExprKind::Binary { op, x, y, .. }
                if op.is_comparison()
                    && self.is_flat_aggregate(self.p.info.type_of(x.id))
                    && self.type_of(x) == self.type_of(y) =>
            {
                let ty = self.type_of(x);
                let (a, b) = (self.value(x, Want::Any), self.value(y, Want::Any));
                let (then, otherwise) = if *op == BinaryOp::Ne {
                    (otherwise, then)
                } else {
                    (then, otherwise)
                };
                self.branch_parts(ty, &a.slots, &b.slots, then, otherwise);
            }
            ExprKind::Binary {
                op: BinaryOp::Lt,
                x,
                y,
                ..
            } if self.is_counter(x) => self.below(x, y, then, otherwise),
            ExprKind::Binary {
                op: BinaryOp::Gt,
                x,
                y,
                ..
            } if self.is_counter(y) => self.below(y, x, then, otherwise),
            ExprKind::Binary { op, x, y, .. } if op.is_comparison() => {
                let truth = self.comparison(*op, x, y, None);
                let (then, otherwise) = if truth.negated {
                    (otherwise, then)
                } else {
                    (then, otherwise)
                };
                self.b.branch(truth.slot, then, otherwise);
            }
            _ => {
                let cond = self.value(e, Want::Any).slots[0];
                self.b.branch(cond, then, otherwise);
            }
        }
    }

    /// Whether values of a type are structs or arrays in slots.
    fn is_flat_aggregate(&mut self, ty: Ty) -> bool {
        matches!(self.tys().under(ty), Kind::Struct(_) | Kind::Array(..))
            && !self.shape(ty).in_memory
    }

    /// Goes on at `then` if `counter`, which is never negative, is below `limit`; else at `otherwise`.
    fn below(&mut self, counter: &'a Expr, limit: &'a Expr, then: Label, otherwise: Label) {
        let a = self.value(counter, Want::Any).slots[0];
        let b = self.value(limit, Want::Any).slots[0];
        self.at(counter.span);
        let test = self.b.cmp(CmpOp::Lt, INT, a, b);
        self.b.branch_below(test, then, otherwise, a, b);
    }

    /// The value of a call that is known when the program is compiled.
    fn known_condition(&mut self, e: &Expr) -> Option<bool> {
        let ExprKind::Call { fun, .. } = &e.kind else {
            return None;
        };
        let Some(Target::Member(obj)) = self.p.info.selection(fun.id).map(|s| s.target) else {
            return None;
        };
        let object = self.p.info.object(obj);
        let path = &self.p.info.package(object.pkg?).path;
        (&**path == "internal/reflect" && &*object.name == "Plain")
            .then(|| self.p.guess(&self.work, Guess::Plain))
    }

    /// `a && b`, `a || b` as a value.
    pub fn logical(&mut self, e: &'a Expr, want: Want<'_>) -> Value {
        let ty = self.type_of(e);
        let dst = self.fresh_dst(want, ty);
        let (yes, no, done) = (self.b.label(), self.b.label(), self.b.label());
        self.condition(e, yes, no);
        self.b.bind(yes);
        self.b.emit(Inst::Const {
            dst: Dst(dst[0]),
            value: 1,
        });
        self.b.jump(done);
        self.b.bind(no);
        self.b.emit(Inst::Const {
            dst: Dst(dst[0]),
            value: 0,
        });
        self.b.bind(done);
        Value::fresh(dst)
    }

    /// A comparison as a value.
    pub fn comparison_value(
        &mut self,
        op: BinaryOp,
        x: &'a Expr,
        y: &'a Expr,
        want: Want<'_>,
    ) -> Value {
        let dst = self.dst(want, Ty::BOOL);
        let truth = self.comparison(op, x, y, Some(dst[0]));
        self.settle(truth, dst[0]);
        Value::fresh(dst)
    }

    fn settle(&mut self, truth: Truth, dst: Slot) {
        if truth.negated {
            self.b.emit(Inst::BoolNot {
                dst: Dst(dst),
                a: Src(truth.slot),
            });
        } else {
            self.b.mov(&[dst], &[truth.slot]);
        }
    }

    fn comparison(&mut self, op: BinaryOp, x: &'a Expr, y: &'a Expr, dst: Option<Slot>) -> Truth {
        self.calls_first(&[x, y]);
        let (x_ty, y_ty) = (self.type_of(x), self.type_of(y));
        if self.is_nil(y) {
            let value = self.value(x, Want::Any);
            return self.nil_comparison(op, x_ty, value.slots[0]);
        }
        if self.is_nil(x) {
            let value = self.value(y, Want::Any);
            return self.nil_comparison(op, y_ty, value.slots[0]);
        }
        // Of an interface and another type the other is converted.
        let ty = if self.tys().is_interface(y_ty) {
            y_ty
        } else {
            x_ty
        };
        let a = self.value_as(x, ty, Want::Any);
        let b = self.value_as(y, ty, Want::Any);
        self.at(x.span);
        self.compare(op, ty, &a.slots, &b.slots, dst)
    }

    fn is_nil(&self, e: &Expr) -> bool {
        self.p
            .info
            .type_and_mode(e.id)
            .is_some_and(|tm| tm.mode == Mode::Nil)
    }

    fn nil_comparison(&mut self, op: BinaryOp, ty: Ty, slot: Slot) -> Truth {
        let negated = op == BinaryOp::Ne;
        if self.tys().is_interface(ty) {
            let dst = self.b.slot(SlotTy::I64);
            self.b.emit(Inst::IfaceIsNil {
                dst: Dst(dst),
                src: IfaceSrc(slot),
            });
            return Truth { slot: dst, negated };
        }
        let op = if negated { CmpOp::Ne } else { CmpOp::Eq };
        let nil = self.b.nil();
        let dst = self.b.slot(SlotTy::I64);
        self.b.emit(Inst::CmpRef {
            dst: Dst(dst),
            op,
            a: Src(slot),
            b: Src(nil),
        });
        Truth {
            slot: dst,
            negated: false,
        }
    }

    /// Goes on at `equal` if two values of a type are equal, else at `otherwise`.
    pub fn branch_equal(&mut self, ty: Ty, a: &[Slot], b: &[Slot], equal: Label, otherwise: Label) {
        if self.is_flat_aggregate(ty) {
            self.branch_parts(ty, a, b, equal, otherwise);
            return;
        }
        let truth = self.compare(BinaryOp::Eq, ty, a, b, None);
        let (equal, otherwise) = if truth.negated {
            (otherwise, equal)
        } else {
            (equal, otherwise)
        };
        self.b.branch(truth.slot, equal, otherwise);
    }

    /// Compares two values of a type; `dst` is where the result may be put.
    fn compare(
        &mut self,
        op: BinaryOp,
        ty: Ty,
        a: &[Slot],
        b: &[Slot],
        dst: Option<Slot>,
    ) -> Truth {
        let slot = |this: &mut Self| dst.unwrap_or_else(|| this.b.slot(SlotTy::I64));
        let negated = op == BinaryOp::Ne;
        let cmp = match op {
            BinaryOp::Ne => CmpOp::Ne,
            BinaryOp::Lt => CmpOp::Lt,
            BinaryOp::Le => CmpOp::Le,
            BinaryOp::Gt => CmpOp::Gt,
            BinaryOp::Ge => CmpOp::Ge,
            _ => CmpOp::Eq,
        };
        match self.tys().under(ty) {
            Kind::Basic(basic) if basic.is_string() => {
                let (func, args) = (
                    if matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
                        RtFn::StrEq
                    } else {
                        RtFn::StrCmp
                    },
                    [a, b].concat(),
                );
                let result = self.b.rt(func, None, &args)[0];
                if func == RtFn::StrEq {
                    return Truth {
                        slot: result,
                        negated,
                    };
                }
                let zero = self.b.int(0);
                let slot = slot(self);
                self.b.emit(Inst::Cmp {
                    dst: Dst(slot),
                    op: cmp,
                    kind: INT,
                    a: Src(result),
                    b: Src(zero),
                });
                Truth {
                    slot,
                    negated: false,
                }
            }
            Kind::Basic(basic) if basic.is_float() => {
                let kind = self.float_kind(ty).unwrap_or(FloatKind::F64);
                let slot = slot(self);
                self.b.emit(Inst::FCmp {
                    dst: Dst(slot),
                    op: cmp,
                    kind,
                    a: Src(a[0]),
                    b: Src(b[0]),
                });
                Truth {
                    slot,
                    negated: false,
                }
            }
            Kind::Basic(_) => {
                let kind = self.int_kind(ty).unwrap_or(INT);
                let slot = slot(self);
                self.b.emit(Inst::Cmp {
                    dst: Dst(slot),
                    op: cmp,
                    kind,
                    a: Src(a[0]),
                    b: Src(b[0]),
                });
                Truth {
                    slot,
                    negated: false,
                }
            }
            Kind::Interface(_) => {
                let slot = self.b.slot(SlotTy::I64);
                self.b.emit(Inst::IfaceEq {
                    dst: Dst(slot),
                    a: IfaceSrc(a[0]),
                    b: IfaceSrc(b[0]),
                });
                Truth { slot, negated }
            }
            Kind::Struct(_) | Kind::Array(..) => {
                let slot = self.compare_parts(ty, a, b);
                Truth { slot, negated }
            }
            _ => {
                let slot = slot(self);
                self.b.emit(Inst::CmpRef {
                    dst: Dst(slot),
                    op: cmp,
                    a: Src(a[0]),
                    b: Src(b[0]),
                });
                Truth {
                    slot,
                    negated: false,
                }
            }
        }
    }

    /// Whether two structs or arrays are equal.
    fn compare_parts(&mut self, ty: Ty, a: &[Slot], b: &[Slot]) -> Slot {
        let dst = self.b.slot(SlotTy::I64);
        if self.shape(ty).in_memory {
            let func = self.p.func(Work::Equal(ty));
            self.b.emit(Inst::Call {
                rets: Dsts::from([dst]),
                callee: Callee::Func(func),
                args: Srcs::from([a[0], b[0]]),
            });
            return dst;
        }
        let (same, differ, done) = (self.b.label(), self.b.label(), self.b.label());
        self.branch_parts(ty, a, b, same, differ);
        self.b.bind(same);
        self.b.emit(Inst::Const {
            dst: Dst(dst),
            value: 1,
        });
        self.b.jump(done);
        self.b.bind(differ);
        self.b.emit(Inst::Const {
            dst: Dst(dst),
            value: 0,
        });
        self.b.bind(done);
        dst
    }

    /// Goes on at `same` if two structs or arrays in slots are equal, else at `differ`.
    fn branch_parts(&mut self, ty: Ty, a: &[Slot], b: &[Slot], same: Label, differ: Label) {
        let mut leaves = Vec::new();
        self.leaves(ty, 0, &mut leaves);
        for (leaf, start) in leaves {
            let count = self.shape(leaf).slots.len();
            let next = self.b.label();
            let (a, b) = (&a[start..start + count], &b[start..start + count]);
            self.branch_equal(leaf, a, b, next, differ);
            self.b.bind(next);
        }
        self.b.jump(same);
    }

    /// The parts of a struct or array that are neither, with the numbers of their first slots; blank
    /// fields are left out.
    fn leaves(&mut self, ty: Ty, start: usize, out: &mut Vec<(Ty, usize)>) {
        match self.tys().under(ty).clone() {
            Kind::Struct(s) => {
                let mut at = start;
                for field in &s.fields {
                    if &*field.name != "_" {
                        self.leaves(field.ty, at, out);
                    }
                    at += self.shape(field.ty).slots.len();
                }
            }
            Kind::Array(elem, len) => {
                let width = self.shape(elem).slots.len();
                for i in 0..len as usize {
                    self.leaves(elem, start + i * width, out);
                }
            }
            _ => out.push((ty, start)),
        }
    }
}
