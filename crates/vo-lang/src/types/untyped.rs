//! Untyped expressions: how they get their final type.
//!
//! An untyped expression is recorded provisionally. When its place gives it a type, that type is pushed
//! down the expression ([`Checker::update_type`]), so that the tables show the type each part has at run
//! time; the left operand of a shift thereby learns that it must be an integer.

use super::check::Checker;
use super::constant::Value;
use super::errors;
use super::info::Mode;
use super::operand::{Operand, Unfit};
use super::ty::Ty;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

/// An expression whose type is not final.
#[derive(Clone, Debug)]
pub(super) struct Untyped {
    /// Whether it is the left operand of a shift that is not constant, and so must become an integer.
    pub(super) shifted: bool,
    pub(super) mode: Mode,
    pub(super) ty: Ty,
    pub(super) value: Option<Value>,
}

impl<'a> Checker<'a> {
    /// Gives the untyped expression the type `ty`. Unless `last`, an untyped `ty` may still change.
    pub(super) fn update_type(&mut self, expr: &'a Expr, ty: Ty, last: bool) {
        let Some(old) = self.untyped.get(&expr.id).cloned() else {
            return;
        };
        let constant = old.value.is_some();
        match &expr.kind {
            ExprKind::Paren(x) => self.update_type(x, ty, last),
            // Operands of constant operations exist only at compile time.
            ExprKind::Unary { x, .. } if !constant => self.update_type(x, ty, last),
            ExprKind::Binary { op, x, y, .. } if !constant => {
                if op.is_comparison() {
                    // The operands have types of their own.
                } else if op.is_shift() {
                    self.update_type(x, ty, last);
                } else {
                    self.update_type(x, ty, last);
                    self.update_type(y, ty, last);
                }
            }
            _ => {}
        }
        if !last && self.tys.is_untyped(ty) {
            if let Some(untyped) = self.untyped.get_mut(&expr.id) {
                untyped.ty = ty;
            }
            return;
        }
        self.untyped.remove(&expr.id);
        if old.shifted && !self.tys.is_integer(ty) {
            let (text, ty) = (self.text(expr), self.show(ty));
            self.report(errors::shift_of_non_integer(expr.span, &text, &ty));
            return;
        }
        let mut value = old.value.clone();
        if constant && old.mode == Mode::Constant && !self.tys.is_untyped(ty) {
            let mut x = Operand {
                mode: old.mode,
                ty: old.ty,
                value: old.value,
                expr: Some(expr),
                span: expr.span,
            };
            self.convert_untyped(&mut x, ty);
            if !x.is_valid() {
                return;
            }
            value = x.value;
        }
        self.record_final(expr.id, old.mode, ty, value.as_ref());
    }

    /// Pushes a type down to the expression of an operand, if it has one.
    pub(super) fn update_operand(&mut self, x: &Operand<'a>, ty: Ty, last: bool) {
        if let Some(expr) = x.expr {
            self.update_type(expr, ty, last);
        }
    }

    /// Notes a changed value of an expression that is still untyped.
    pub(super) fn update_value(&mut self, x: &Operand<'a>) {
        if let Some(expr) = x.expr
            && let Some(untyped) = self.untyped.get_mut(&expr.id)
        {
            untyped.value = x.value.clone();
        }
    }

    /// Converts an untyped operand to `target`; reports and invalidates it if that cannot be.
    pub(super) fn convert_untyped(&mut self, x: &mut Operand<'a>, target: Ty) {
        match self.implicit_type(x, target) {
            Ok((ty, value)) => self.take_type(x, ty, value),
            Err(unfit) => {
                self.report_unfit(x, target, unfit);
                x.invalidate();
            }
        }
    }

    /// Makes `x` an operand of the type and value that [`Checker::implicit_type`] gave.
    pub(super) fn take_type(&mut self, x: &mut Operand<'a>, ty: Ty, value: Option<Value>) {
        if value.is_some() {
            x.value = value;
            self.update_value(x);
        }
        if ty != x.ty {
            x.ty = ty;
            self.update_operand(x, ty, false);
        }
    }

    fn report_unfit(&mut self, x: &Operand<'a>, target: Ty, unfit: Unfit) {
        let (what, to) = (self.describe(x), self.show(target));
        self.report(errors::constant_does_not_fit(x.span, &what, &to, unfit, ""));
    }

    /// Checks that a constant fits its type, or is of bearable size if it is untyped; rounds it.
    pub(super) fn check_overflow(&mut self, x: &mut Operand<'a>, span: Span) {
        let Some(value) = &x.value else { return };
        if let Some(basic) = self.tys.basic(x.ty)
            && !basic.is_untyped()
        {
            match self.represent(x, basic) {
                Ok(value) => x.value = value,
                Err(unfit) => {
                    let (what, to) = (self.describe(x), self.show(x.ty));
                    self.report(errors::constant_does_not_fit(x.span, &what, &to, unfit, ""));
                    x.invalidate();
                }
            }
            return;
        }
        if value.is_too_large() {
            self.report(errors::constant_too_large(span));
            x.value = None;
        }
    }
}
