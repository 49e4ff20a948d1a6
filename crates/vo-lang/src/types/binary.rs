//! Operators: prefix and infix, comparisons and shifts.

use super::check::Checker;
use super::constant::{self, Value};
use super::errors;
use super::info::Mode;
use super::operand::{Operand, Unfit};
use super::ty::{Basic, Kind, Ty};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

impl<'a> Checker<'a> {
    /// `op x`.
    pub(super) fn unary(&mut self, e: &'a Expr, op: UnaryOp, operand: &'a Expr) -> Operand<'a> {
        let mut x = self.expr(operand);
        if !x.is_valid() {
            return Operand::invalid(e);
        }
        match op {
            UnaryOp::Addr => return self.address(e, &x, operand),
            UnaryOp::Recv => {
                self.has_call = true;
                return match self.queue_elem(&x, e.span, true) {
                    Some(elem) => Operand::new(e, Mode::CommaOk, elem),
                    None => Operand::invalid(e),
                };
            }
            _ => {}
        }
        let defined = match op {
            UnaryOp::Plus | UnaryOp::Neg => self.tys.is_numeric(x.ty),
            UnaryOp::BitNot => self.tys.is_integer(x.ty),
            _ => self.tys.is_boolean(x.ty),
        };
        if !defined {
            let what = self.describe(&x);
            self.report(errors::operator_not_defined(x.span, op.as_str(), &what));
            return Operand::invalid(e);
        }
        x.expr = Some(e);
        x.span = e.span;
        if !x.is_const() {
            x.mode = Mode::Value;
            return x;
        }
        if let Some(value) = &x.value {
            let bits = self
                .tys
                .basic(x.ty)
                .filter(|b| b.is_unsigned())
                .and_then(Basic::bits);
            x.value = constant::unary(op, value, bits);
            self.check_overflow(&mut x, e.span);
        }
        x
    }

    /// `&x`.
    fn address(&mut self, e: &'a Expr, x: &Operand<'a>, operand: &'a Expr) -> Operand<'a> {
        let literal = matches!(operand.unparen().kind, ExprKind::CompositeLit { .. });
        if !literal && x.mode != Mode::Variable {
            let what = self.describe(x);
            self.report(errors::no_address(x.span, &what));
            return Operand::invalid(e);
        }
        if self.tys.underlying(x.ty).is_invalid() {
            return Operand::invalid(e);
        }
        if self.tys.as_struct(x.ty).is_none() {
            let ty = self.show(x.ty);
            self.report(errors::address_of_non_struct(e.span, &ty));
            return Operand::invalid(e);
        }
        if !literal {
            self.mark_root(operand, |var| var.address_taken = true);
        }
        let ty = self.tys.pointer(x.ty);
        Operand::new(e, Mode::Value, ty)
    }

    /// The element type of the channel or port `x`, to receive from it or to send to it.
    pub(super) fn queue_elem(&mut self, x: &Operand<'a>, span: Span, receive: bool) -> Option<Ty> {
        let (dir, elem) = match self.tys.under(x.ty) {
            Kind::Chan(dir, elem) | Kind::Port(dir, elem) => (*dir, *elem),
            Kind::Invalid => return None,
            _ => {
                let what = self.describe(x);
                self.report(errors::not_a_queue(span, &what, receive));
                return None;
            }
        };
        let allowed = if receive {
            dir.can_recv()
        } else {
            dir.can_send()
        };
        if !allowed {
            let what = self.describe(x);
            self.report(errors::wrong_direction(span, &what, receive));
            return None;
        }
        Some(elem)
    }

    /// `x op y`.
    pub(super) fn binary_expr(
        &mut self,
        e: &'a Expr,
        op: BinaryOp,
        op_span: Span,
        lhs: &'a Expr,
        rhs: &'a Expr,
    ) -> Operand<'a> {
        let x = self.expr(lhs);
        let y = self.expr(rhs);
        let mut result = self.binary(x, y, op, op_span, e.span, Some(e));
        result.expr = Some(e);
        result.span = e.span;
        result
    }

    /// The operation on two checked operands; `span` is what the operation covers, `e` its expression if
    /// it has one.
    pub(super) fn binary(
        &mut self,
        mut x: Operand<'a>,
        mut y: Operand<'a>,
        op: BinaryOp,
        op_span: Span,
        span: Span,
        e: Option<&'a Expr>,
    ) -> Operand<'a> {
        if !x.is_valid() || !y.is_valid() {
            x.invalidate();
            return x;
        }
        if op.is_shift() {
            self.shift(&mut x, &mut y, op, span, e);
            return x;
        }
        if !self.match_types(&mut x, &mut y) {
            self.report_mismatch(&x, &y, op, op_span);
            x.invalidate();
            return x;
        }
        if !x.is_valid() || !y.is_valid() {
            x.invalidate();
            return x;
        }
        if op.is_comparison() {
            self.comparison(&mut x, &y, op, op_span);
            return x;
        }
        if x.ty != y.ty {
            self.report_mismatch(&x, &y, op, op_span);
            x.invalidate();
            return x;
        }
        if !self.operator_defined(op, x.ty) {
            let what = self.describe(&x);
            self.report(errors::operator_not_defined(op_span, op.as_str(), &what));
            x.invalidate();
            return x;
        }
        if matches!(op, BinaryOp::Div | BinaryOp::Rem) && self.divides_by_zero(&x, &y) {
            self.report(errors::division_by_zero(y.span));
            x.invalidate();
            return x;
        }
        if !(x.is_const() && y.is_const()) {
            x.mode = Mode::Value;
            x.value = None;
            return x;
        }
        let integer = self.tys.is_integer(x.ty);
        x.value = match (&x.value, &y.value) {
            (Some(a), Some(b)) => {
                let value = constant::binary(op, a, b, integer);
                if value.is_none() {
                    self.report(errors::constant_too_large(op_span));
                }
                value
            }
            _ => None,
        };
        (x.expr, x.span) = (e, span);
        self.check_overflow(&mut x, op_span);
        x
    }

    fn operator_defined(&self, op: BinaryOp, ty: Ty) -> bool {
        let Some(basic) = self.tys.basic(ty) else {
            return false;
        };
        match op {
            BinaryOp::Add => basic.is_numeric() || basic.is_string(),
            BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => basic.is_numeric(),
            BinaryOp::LogAnd | BinaryOp::LogOr => basic.is_boolean(),
            _ => basic.is_integer(),
        }
    }

    fn divides_by_zero(&self, x: &Operand<'a>, y: &Operand<'a>) -> bool {
        (x.is_const() || self.tys.is_integer(x.ty))
            && y.is_const()
            && y.value.as_ref().and_then(Value::sign) == Some(0)
    }

    fn report_mismatch(&mut self, x: &Operand<'a>, y: &Operand<'a>, op: BinaryOp, span: Span) {
        if x.ty.is_invalid() || y.ty.is_invalid() {
            return;
        }
        let (a, b) = (self.show(x.ty), self.show(y.ty));
        let numbers = self.tys.is_numeric(x.ty) && self.tys.is_numeric(y.ty);
        let text = format!(
            "{} {} {}",
            self.span_text(x.span),
            op.as_str(),
            self.span_text(y.span)
        );
        self.report(errors::mismatched_types(
            span,
            &text,
            (x.span, &a),
            (y.span, &b),
            numbers,
        ));
    }

    /// Converts an untyped operand to the type of the other. False if their types can never match; an
    /// operand that does not fit is reported and invalidated.
    fn match_types(&mut self, x: &mut Operand<'a>, y: &mut Operand<'a>) -> bool {
        if !self.tys.is_untyped(x.ty) && !self.tys.is_untyped(y.ty) {
            return true;
        }
        if !self.may_convert(x, y) {
            // Comparisons of what cannot match are told apart there; the types differ in any case.
            return x.ty == y.ty || self.tys.is_interface(x.ty) || self.tys.is_interface(y.ty);
        }
        let target = y.ty;
        if [
            self.implicit_type(x, target).err(),
            self.implicit_type(y, x.ty).err(),
        ]
        .contains(&Some(Unfit::Kind))
        {
            return false;
        }
        self.convert_untyped(x, target);
        if x.is_valid() {
            let target = x.ty;
            self.convert_untyped(y, target);
        }
        true
    }

    fn may_convert(&self, x: &Operand<'a>, y: &Operand<'a>) -> bool {
        if x.is_nil() || y.is_nil() {
            let other = if x.is_nil() { y } else { x };
            return self.tys.has_nil(other.ty);
        }
        if self.tys.is_interface(x.ty) || self.tys.is_interface(y.ty) {
            return true;
        }
        let (Some(a), Some(b)) = (self.tys.basic(x.ty), self.tys.basic(y.ty)) else {
            return false;
        };
        a.is_numeric() == b.is_numeric()
            && a.is_boolean() == b.is_boolean()
            && a.is_string() == b.is_string()
    }

    /// A comparison; `x` becomes its result, an untyped boolean.
    pub(super) fn comparison(
        &mut self,
        x: &mut Operand<'a>,
        y: &Operand<'a>,
        op: BinaryOp,
        op_span: Span,
    ) {
        if x.ty.is_invalid() || y.ty.is_invalid() {
            x.invalidate();
            return;
        }
        if self.assignable(x, y.ty).is_err() && self.assignable(y, x.ty).is_err() {
            self.report_mismatch(x, y, op, op_span);
            x.invalidate();
            return;
        }
        if let Some(error) = self.comparison_error(x, y, op, op_span) {
            self.report(error);
            x.invalidate();
            return;
        }
        if x.is_const() && y.is_const() {
            x.value = match (&x.value, &y.value) {
                (Some(a), Some(b)) => constant::compare(op, a, b).map(Value::Bool),
                _ => None,
            };
        } else {
            x.mode = Mode::Value;
            x.value = None;
            for operand in [&*x, y] {
                let ty = self.tys.default_type(operand.ty);
                self.update_operand(operand, ty, true);
            }
        }
        x.ty = Ty::UNTYPED_BOOL;
    }

    fn comparison_error(
        &mut self,
        x: &Operand<'a>,
        y: &Operand<'a>,
        op: BinaryOp,
        op_span: Span,
    ) -> Option<crate::diag::Diagnostic> {
        if matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
            if x.is_nil() || y.is_nil() {
                let other = if x.is_nil() { y } else { x };
                let bare = x.is_nil() && y.is_nil();
                return (bare || !self.tys.has_nil(other.ty))
                    .then(|| errors::operator_not_defined(op_span, op.as_str(), "nil"));
            }
            for operand in [x, y] {
                if let Some(why) = self.incomparable(operand.ty) {
                    let what = self.describe(operand);
                    return Some(errors::incomparable(operand.span, op.as_str(), &what, &why));
                }
            }
            return None;
        }
        for operand in [x, y] {
            let ordered = self
                .tys
                .basic(operand.ty)
                .is_some_and(|b| b.is_numeric() || b.is_string());
            if !ordered {
                let what = self.describe(operand);
                return Some(errors::operator_not_defined(op_span, op.as_str(), &what));
            }
        }
        None
    }

    /// `x << y` or `x >> y`; `x` becomes the result.
    fn shift(
        &mut self,
        x: &mut Operand<'a>,
        y: &mut Operand<'a>,
        op: BinaryOp,
        span: Span,
        e: Option<&'a Expr>,
    ) {
        let whole = x.is_const() && x.value.as_ref().is_none_or(|v| v.as_int().is_some());
        let integer = self.tys.is_integer(x.ty);
        let number = self.tys.is_numeric(x.ty);
        if !(integer || (self.tys.is_untyped(x.ty) && number && whole)) {
            let (text, ty) = (self.span_text(x.span), self.show(x.ty));
            self.report(errors::shift_of_non_integer(x.span, &text, &ty));
            x.invalidate();
            return;
        }
        if !self.check_shift_count(y) {
            x.invalidate();
            return;
        }
        if !x.is_const() {
            x.mode = Mode::Value;
            return;
        }
        if y.is_const() {
            self.constant_shift(x, y, op, span, e);
            return;
        }
        if self.tys.is_untyped(x.ty) {
            // The operand takes the type that the whole expression gets; see `update_type`.
            if let Some(untyped) = x.expr.and_then(|expr| self.untyped.get_mut(&expr.id)) {
                untyped.shifted = true;
            }
        }
        x.mode = Mode::Value;
        x.value = None;
    }

    fn check_shift_count(&mut self, y: &mut Operand<'a>) -> bool {
        if let Some(value) = &y.value
            && let Some(count) = value.as_int()
            && count.sign() == num_bigint::Sign::Minus
        {
            let count = value.display();
            self.report(errors::negative_shift(y.span, &count));
            return false;
        }
        if self.tys.is_untyped(y.ty) {
            if y.is_const() && self.tys.is_numeric(y.ty) {
                // The constant need not become a uint; it must only be able to.
                if let Err(unfit) = self.represent(y, Basic::Uint) {
                    let what = self.describe(y);
                    self.report(errors::constant_does_not_fit(
                        y.span,
                        &what,
                        "uint",
                        unfit,
                        "as a shift count",
                    ));
                    return false;
                }
                if !self.tys.is_integer(y.ty) {
                    self.update_operand(y, Ty::UINT, true);
                    y.ty = Ty::UINT;
                }
            } else {
                self.convert_untyped(y, Ty::UINT);
            }
            if y.is_valid() && y.is_const() {
                // Alone it would stay untyped for ever.
                self.update_operand(y, Ty::UINT, true);
            }
            return y.is_valid();
        }
        if !self.tys.is_integer(y.ty) {
            let what = self.describe(y);
            self.report(errors::shift_count_not_integer(y.span, &what));
            return false;
        }
        true
    }

    fn constant_shift(
        &mut self,
        x: &mut Operand<'a>,
        y: &Operand<'a>,
        op: BinaryOp,
        span: Span,
        e: Option<&'a Expr>,
    ) {
        if !self.tys.is_integer(x.ty) {
            x.ty = Ty::UNTYPED_INT;
        }
        let (Some(value), Some(count)) = (&x.value, &y.value) else {
            x.value = None;
            return;
        };
        let Some(count) = count.as_u64().filter(|&count| count <= constant::MAX_SHIFT) else {
            self.report(errors::shift_too_far(y.span));
            x.invalidate();
            return;
        };
        x.value = constant::shift(op, value, count);
        (x.expr, x.span) = (e.or(x.expr), span);
        self.check_overflow(x, span);
    }
}
