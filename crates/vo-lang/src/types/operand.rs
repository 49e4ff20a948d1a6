//! Operands: what an expression turned out to be, and to what it may be assigned.

use super::check::Checker;
use super::constant::{Misfit, Value};
use super::info::Mode;
use super::ty::{Basic, Dir, Kind, Ty};
use crate::source::Span;
use crate::syntax::ast::Expr;

/// A checked expression.
#[derive(Clone, Debug)]
pub(super) struct Operand<'a> {
    pub(super) mode: Mode,
    pub(super) ty: Ty,
    /// The value of a constant; `None` if it is unknown because of an error.
    pub(super) value: Option<Value>,
    /// The expression, unless the operand is a part of one (a result of a call).
    pub(super) expr: Option<&'a Expr>,
    pub(super) span: Span,
}

/// Why an untyped operand cannot have a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unfit {
    /// Its kind does not go with the type.
    Kind,
    /// It has a fraction.
    Truncated,
    /// It is out of range.
    Overflows,
}

impl From<Misfit> for Unfit {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Truncated => Unfit::Truncated,
            Misfit::Overflows => Unfit::Overflows,
            Misfit::WrongKind => Unfit::Kind,
        }
    }
}

impl<'a> Operand<'a> {
    /// An operand in error.
    pub(super) fn invalid(expr: &'a Expr) -> Self {
        Operand {
            mode: Mode::Invalid,
            ty: Ty::INVALID,
            value: None,
            expr: Some(expr),
            span: expr.span,
        }
    }

    /// The operand `expr` with this mode and type.
    pub(super) fn new(expr: &'a Expr, mode: Mode, ty: Ty) -> Self {
        Operand {
            mode,
            ty,
            value: None,
            expr: Some(expr),
            span: expr.span,
        }
    }

    /// A value that is only part of an expression at `span`.
    pub(super) fn part(span: Span, ty: Ty) -> Self {
        Operand {
            mode: Mode::Value,
            ty,
            value: None,
            expr: None,
            span,
        }
    }

    pub(super) fn is_valid(&self) -> bool {
        self.mode != Mode::Invalid
    }

    pub(super) fn is_const(&self) -> bool {
        self.mode == Mode::Constant
    }

    pub(super) fn is_nil(&self) -> bool {
        self.mode == Mode::Nil
    }

    pub(super) fn invalidate(&mut self) {
        self.mode = Mode::Invalid;
        self.ty = Ty::INVALID;
        self.value = None;
    }
}

impl<'a> Checker<'a> {
    /// The operand in words: `x (variable of type int)`.
    pub(super) fn describe(&self, x: &Operand<'a>) -> String {
        if x.is_nil() {
            return "nil".to_string();
        }
        let Some(expr) = x.expr else {
            return format!("a value of type {}", self.show(x.ty));
        };
        let text = self.text(expr);
        let kind = match x.mode {
            Mode::Invalid => "invalid operand",
            Mode::NoValue => return format!("{text} (no value)"),
            Mode::Builtin(_) => return format!("{text} (built-in)"),
            Mode::Type => return format!("{text} (type)"),
            Mode::Constant => "constant",
            Mode::Variable => "variable",
            Mode::MapIndex => "map index expression",
            Mode::CommaOk | Mode::Value | Mode::Nil => "value",
        };
        let ty = self.show(x.ty);
        match &x.value {
            Some(value) if self.tys.is_untyped(x.ty) => {
                let shown = value.display();
                if shown == text {
                    format!("{text} ({ty} constant)")
                } else {
                    format!("{text} ({ty} constant {shown})")
                }
            }
            Some(value) => format!("{text} (constant {} of type {ty})", value.display()),
            None if self.tys.is_untyped(x.ty) => format!("{text} ({ty} {kind})"),
            None => format!("{text} ({kind} of type {ty})"),
        }
    }

    /// Whether `x` may be assigned to a variable of type `target`; the reason if not (may be empty).
    pub(super) fn assignable(&mut self, x: &Operand<'a>, target: Ty) -> Result<(), String> {
        if !x.is_valid() || target.is_invalid() || x.ty.is_invalid() || x.ty == target {
            return Ok(());
        }
        if x.is_nil() || self.tys.is_untyped(x.ty) {
            return match self.implicit_type(x, target) {
                Ok(_) => Ok(()),
                Err(_) => Err(String::new()),
            };
        }
        let (from, to) = (self.tys.underlying(x.ty), self.tys.underlying(target));
        if from.is_invalid() || to.is_invalid() {
            return Ok(());
        }
        let either_unnamed = !self.has_name(x.ty) || !self.has_name(target);
        if from == to && either_unnamed {
            return Ok(());
        }
        if self.tys.is_interface(target) {
            return match self.missing_method(x.ty, target) {
                None => Ok(()),
                Some(missing) => Err(self.missing_text(x.ty, target, &missing)),
            };
        }
        if let Some(iface) = self.tys.as_interface(x.ty)
            && !iface.methods.is_empty()
            && self.missing_method(target, x.ty).is_none()
        {
            return Err("a type assertion is needed".to_string());
        }
        match (self.tys.kind(from).clone(), self.tys.kind(to).clone()) {
            (Kind::Chan(Dir::Both, a), Kind::Chan(_, b))
            | (Kind::Port(Dir::Both, a), Kind::Port(_, b))
                if a == b && either_unnamed =>
            {
                Ok(())
            }
            (Kind::Chan(..), Kind::Chan(..)) | (Kind::Port(..), Kind::Port(..))
                if either_unnamed =>
            {
                Err("the directions or element types differ".to_string())
            }
            _ => Err(String::new()),
        }
    }

    /// Whether a type has a name: defined and predeclared types.
    pub(super) fn has_name(&self, ty: Ty) -> bool {
        matches!(self.tys.kind(ty), Kind::Named(_) | Kind::Basic(_))
    }

    /// The type (and value) that the untyped `x` takes where `target` is expected.
    pub(super) fn implicit_type(
        &self,
        x: &Operand<'a>,
        target: Ty,
    ) -> Result<(Ty, Option<Value>), Unfit> {
        if !x.is_valid() || !self.tys.is_untyped(x.ty) || target.is_invalid() {
            return Ok((x.ty, None));
        }
        if x.is_nil() {
            return if self.tys.has_nil(target) {
                Ok((target, None))
            } else {
                Err(Unfit::Kind)
            };
        }
        if self.tys.is_untyped(target) {
            return self
                .larger_untyped(x.ty, target)
                .map(|ty| (ty, None))
                .ok_or(Unfit::Kind);
        }
        match self.tys.under(target) {
            Kind::Basic(basic) => {
                let basic = *basic;
                if x.is_const() {
                    let value = self.represent(x, basic)?;
                    return Ok((target, value));
                }
                // Comparisons give untyped booleans, shifts of untyped constants untyped numbers.
                let fits = match self.tys.basic(x.ty) {
                    Some(Basic::UntypedBool) => basic.is_boolean(),
                    Some(Basic::UntypedString) => basic.is_string(),
                    Some(_) => basic.is_numeric(),
                    None => false,
                };
                if fits {
                    Ok((target, None))
                } else {
                    Err(Unfit::Kind)
                }
            }
            // A value in an interface needs a type of its own; untyped ones have no methods.
            Kind::Interface(iface) if iface.methods.is_empty() => {
                Ok((self.tys.default_type(x.ty), None))
            }
            _ => Err(Unfit::Kind),
        }
    }

    /// The later of two untyped numeric types in the order int, rune, float; or the one both are.
    pub(super) fn larger_untyped(&self, a: Ty, b: Ty) -> Option<Ty> {
        if a == b {
            return Some(a);
        }
        (self.tys.is_numeric(a) && self.tys.is_numeric(b)).then(|| a.max(b))
    }

    /// The value of the constant `x` as one of a basic type; `Ok(None)` if it is unknown.
    pub(super) fn represent(&self, x: &Operand<'a>, basic: Basic) -> Result<Option<Value>, Unfit> {
        let Some(value) = &x.value else {
            // Unknown because of an error: only the kinds can be compared.
            let same_kind = self.tys.basic(x.ty).is_some_and(|own| {
                own.is_numeric() == basic.is_numeric()
                    && own.is_string() == basic.is_string()
                    && own.is_boolean() == basic.is_boolean()
            });
            return if same_kind {
                Ok(None)
            } else {
                Err(Unfit::Kind)
            };
        };
        value.represent(basic).map(Some).map_err(Unfit::from)
    }
}
