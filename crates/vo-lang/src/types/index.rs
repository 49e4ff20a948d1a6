//! Index and slice expressions.

use super::check::Checker;
use super::constant::Value;
use super::errors;
use super::info::Mode;
use super::operand::{Operand, Unfit};
use super::ty::{Basic, Kind, Ty};
use crate::syntax::ast::Expr;

impl<'a> Checker<'a> {
    /// `x[index]`.
    pub(super) fn index_expr(&mut self, e: &'a Expr, x: &'a Expr, index: &'a Expr) -> Operand<'a> {
        let operand = self.expr_or_type(x);
        match operand.mode {
            Mode::Invalid => {
                self.use_expr(index);
                return Operand::invalid(e);
            }
            Mode::Type => {
                self.report(errors::no_generics(e.span));
                return Operand::invalid(e);
            }
            Mode::Builtin(_) => {
                let what = self.describe(&operand);
                self.report(errors::cannot_index(e.span, &what));
                return Operand::invalid(e);
            }
            _ => {}
        }
        match self.tys.under(operand.ty).clone() {
            Kind::Basic(basic) if basic.is_string() => {
                let length = operand
                    .value
                    .as_ref()
                    .and_then(Value::as_str)
                    .map(|s| s.len() as u64);
                self.index(index, length);
                // An element of a string is a byte, and no constant even if both are.
                self.update_operand(&operand, Ty::STRING, true);
                Operand::new(e, Mode::Value, Ty::UINT8)
            }
            Kind::Array(elem, length) => {
                self.index(index, Some(length));
                let variable = operand.mode == Mode::Variable;
                Operand::new(
                    e,
                    if variable {
                        Mode::Variable
                    } else {
                        Mode::Value
                    },
                    elem,
                )
            }
            Kind::Slice(elem) => {
                self.index(index, None);
                Operand::new(e, Mode::Variable, elem)
            }
            Kind::Map(key, value) => {
                let mut k = self.expr(index);
                self.assignment(&mut k, Some(key), "map index");
                Operand::new(e, Mode::MapIndex, value)
            }
            Kind::Invalid => {
                self.use_expr(index);
                Operand::invalid(e)
            }
            Kind::Signature(_) => {
                self.use_expr(index);
                self.report(errors::no_generics(e.span));
                Operand::invalid(e)
            }
            _ => {
                self.use_expr(index);
                let what = self.describe(&operand);
                self.report(errors::cannot_index(e.span, &what));
                Operand::invalid(e)
            }
        }
    }

    /// `x[lo:hi:max]`.
    pub(super) fn slice_expr(
        &mut self,
        e: &'a Expr,
        x: &'a Expr,
        bounds: [Option<&'a Expr>; 3],
    ) -> Operand<'a> {
        let operand = self.expr(x);
        if !operand.is_valid() {
            for bound in bounds.into_iter().flatten() {
                self.use_expr(bound);
            }
            return Operand::invalid(e);
        }
        let mut length = None;
        let ty = match self.tys.under(operand.ty).clone() {
            Kind::Basic(basic) if basic.is_string() => {
                if let Some(max) = bounds[2] {
                    self.report(errors::full_slice_of_string(max.span));
                    return Operand::invalid(e);
                }
                length = operand
                    .value
                    .as_ref()
                    .and_then(Value::as_str)
                    .map(|s| s.len() as u64);
                let ty = self.tys.default_type(operand.ty);
                self.update_operand(&operand, ty, true);
                ty
            }
            Kind::Array(elem, len) => {
                if operand.mode != Mode::Variable {
                    let what = self.describe(&operand);
                    self.report(errors::slice_of_unaddressable(operand.span, &what));
                    return Operand::invalid(e);
                }
                self.mark_root(x, |var| var.address_taken = true);
                length = Some(len);
                self.tys.slice(elem)
            }
            Kind::Slice(_) => operand.ty,
            Kind::Invalid => return Operand::invalid(e),
            _ => {
                let what = self.describe(&operand);
                self.report(errors::cannot_slice(operand.span, &what));
                return Operand::invalid(e);
            }
        };
        self.check_bounds(bounds, length);
        Operand::new(e, Mode::Value, ty)
    }

    fn check_bounds(&mut self, bounds: [Option<&'a Expr>; 3], length: Option<u64>) {
        let mut previous: Option<u64> = None;
        for bound in bounds.into_iter().flatten() {
            let Some(value) = self.index(bound, length.map(|len| len.saturating_add(1))) else {
                continue;
            };
            if let Some(low) = previous.filter(|&low| low > value) {
                self.report(errors::swapped_bounds(bound.span, low, value));
                return;
            }
            previous = Some(value);
        }
    }

    /// Checks an index below `limit`; its value if it is constant.
    pub(super) fn index(&mut self, index: &'a Expr, limit: Option<u64>) -> Option<u64> {
        let mut x = self.expr(index);
        let value = self.check_index(&mut x, "index")?;
        if let Some(limit) = limit.filter(|&limit| value >= limit) {
            self.report(errors::index_out_of_bounds(x.span, value, limit));
            return None;
        }
        Some(value)
    }

    /// Checks that an operand can count elements: an integer, and as a constant not negative. Its value if
    /// it is constant.
    pub(super) fn check_index(&mut self, x: &mut Operand<'a>, what: &str) -> Option<u64> {
        if !x.is_valid() {
            return None;
        }
        if self.tys.is_untyped(x.ty) && self.tys.is_numeric(x.ty) {
            self.convert_untyped(x, Ty::INT);
        }
        if !x.is_valid() {
            return None;
        }
        if !self.tys.is_integer(x.ty) {
            let text = self.describe(x);
            self.report(errors::index_not_integer(x.span, what, &text));
            x.invalidate();
            return None;
        }
        let value = x.value.as_ref().filter(|_| x.is_const())?;
        if value.sign() == Some(-1) {
            let shown = value.display();
            self.report(errors::negative_index(x.span, what, &shown));
            x.invalidate();
            return None;
        }
        if value.represent(Basic::Int).is_err() {
            let text = self.describe(x);
            self.report(errors::constant_does_not_fit(
                x.span,
                &text,
                "int",
                Unfit::Overflows,
                "",
            ));
            x.invalidate();
            return None;
        }
        value.as_u64()
    }
}
