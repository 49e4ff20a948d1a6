//! Conversions `T(x)`.

use super::check::Checker;
use super::constant::Value;
use super::errors;
use super::info::Mode;
use super::operand::{Operand, Unfit};
use super::ty::{Basic, Kind, Ty};

impl<'a> Checker<'a> {
    /// Converts `x` to `target`; reports and invalidates it if that cannot be.
    pub(super) fn conversion(&mut self, x: &mut Operand<'a>, target: Ty) {
        if self.is_broken(target) || x.ty.is_invalid() {
            x.invalidate();
            return;
        }
        let constant = x.is_const();
        let result = match self.tys.basic(target) {
            Some(basic) if constant && basic.is_const_type() => self.convert_const(x, basic),
            _ => self.convertible(x, target).map(|()| {
                x.mode = Mode::Value;
                x.value.clone()
            }),
        };
        match result {
            Ok(value) => x.value = value,
            Err((why, unfit)) => {
                let (what, ty) = (self.describe(x), self.show(target));
                self.report(errors::cannot_convert(x.span, &what, &ty, &why, unfit));
                x.invalidate();
                return;
            }
        }
        if self.tys.is_untyped(x.ty) {
            let last = if x.is_nil() {
                target
            } else if self.tys.is_interface(target) || (constant && !self.tys.is_const_type(target))
            {
                self.tys.default_type(x.ty)
            } else if constant && self.tys.is_integer(x.ty) && self.tys.is_string(target) {
                x.ty
            } else {
                target
            };
            self.update_operand(x, last, true);
        }
        if x.mode != Mode::Constant {
            x.mode = Mode::Value;
            x.value = None;
        }
        x.ty = target;
    }

    fn convert_const(
        &mut self,
        x: &Operand<'a>,
        basic: Basic,
    ) -> Result<Option<Value>, (String, Unfit)> {
        match self.represent(x, basic) {
            Ok(value) => Ok(value),
            Err(_) if self.tys.is_integer(x.ty) && basic.is_string() => {
                let code = x
                    .value
                    .as_ref()
                    .and_then(Value::as_u64)
                    .and_then(|code| u32::try_from(code).ok());
                let text = code
                    .and_then(char::from_u32)
                    .unwrap_or(char::REPLACEMENT_CHARACTER);
                Ok(x.value.is_some().then(|| Value::str(&text.to_string())))
            }
            Err(unfit) => Err((String::new(), unfit)),
        }
    }

    /// Whether a value that is not constant may be converted.
    fn convertible(&mut self, x: &Operand<'a>, target: Ty) -> Result<(), (String, Unfit)> {
        let why = match self.assignable(x, target) {
            Ok(()) => return Ok(()),
            Err(why) => why,
        };
        // Untyped constants convert by way of their default type, as in []byte("text").
        let source = self.tys.default_type(x.ty);
        let (from, to) = (self.tys.underlying(source), self.tys.underlying(target));
        if self.tys.identical_but_tags(from, to) {
            return Ok(());
        }
        if let (Kind::Pointer(a), Kind::Pointer(b)) = (self.tys.kind(source), self.tys.kind(target))
        {
            let (a, b) = (self.tys.underlying(*a), self.tys.underlying(*b));
            if self.tys.identical_but_tags(a, b) {
                return Ok(());
            }
        }
        let number = |ty| self.tys.is_numeric(ty);
        let slice_to_array = match (self.tys.kind(from), self.tys.kind(to)) {
            (Kind::Slice(a), Kind::Array(b, _)) => a == b,
            _ => false,
        };
        let allowed = (number(from) && number(to))
            || (self.tys.is_string(to)
                && (self.tys.is_integer(from) || self.tys.is_bytes_or_runes(from)))
            || (self.tys.is_string(from) && self.tys.is_bytes_or_runes(to))
            || slice_to_array;
        if allowed {
            Ok(())
        } else {
            Err((why, Unfit::Kind))
        }
    }
}
