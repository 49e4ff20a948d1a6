//! Calls of built-in functions.

use super::check::Checker;
use super::constant::Value;
use super::errors;
use super::expr::Form;
use super::info::{Builtin, Mode};
use super::operand::Operand;
use super::ty::{Dir, Kind, Ty};
use crate::source::Span;
use crate::syntax::ast::Expr;

/// The least and the most arguments of a built-in.
fn arity(builtin: Builtin) -> (usize, Option<usize>) {
    match builtin {
        Builtin::Append | Builtin::Assert => (1, None),
        Builtin::Cap | Builtin::Close | Builtin::Len | Builtin::New | Builtin::Panic => {
            (1, Some(1))
        }
        Builtin::Copy | Builtin::Delete => (2, Some(2)),
        Builtin::Make => (1, Some(3)),
        Builtin::Print | Builtin::Println => (0, None),
        Builtin::Recover => (0, Some(0)),
    }
}

impl<'a> Checker<'a> {
    /// A call of a built-in function.
    pub(super) fn builtin(
        &mut self,
        e: &'a Expr,
        builtin: Builtin,
        args: &'a [Expr],
        spread: Option<Span>,
    ) -> (Operand<'a>, Form) {
        let form = match builtin {
            Builtin::Append | Builtin::Cap | Builtin::Len | Builtin::Make | Builtin::New => {
                Form::Value
            }
            _ => Form::Statement,
        };
        if builtin == Builtin::Panic {
            // Whether the argument is in order or not.
            self.panics.insert(e.id);
        }
        if let Some(span) = spread.filter(|_| builtin != Builtin::Append) {
            self.report(errors::spread_to_fixed(span, builtin.name()));
            args.iter().for_each(|arg| {
                self.use_expr(arg);
            });
            return (Operand::invalid(e), Form::Statement);
        }
        let called_before = self.has_call;
        if matches!(builtin, Builtin::Len | Builtin::Cap) {
            self.has_call = false;
        }
        let x = if matches!(builtin, Builtin::Make | Builtin::New) {
            self.check_arity(e, builtin, args.len())
                .then(|| match builtin {
                    Builtin::Make => self.builtin_make(e, args),
                    _ => self.builtin_new(e, &args[0]),
                })
        } else {
            let mut operands = self.arguments(args);
            let mut valid = operands.iter().all(Operand::is_valid);
            if let Some(span) = spread.filter(|_| valid && args.len() < operands.len()) {
                self.report(errors::spread_of_several(span, builtin.name()));
                valid = false;
            }
            (valid && self.check_arity(e, builtin, operands.len()))
                .then(|| self.value_builtin(e, builtin, &mut operands, spread))
        };
        let constant = x.as_ref().is_some_and(Operand::is_const);
        self.has_call |= called_before || !constant;
        match x {
            Some(x) if x.is_valid() => (x, form),
            _ => (Operand::invalid(e), Form::Statement),
        }
    }

    fn check_arity(&mut self, e: &'a Expr, builtin: Builtin, have: usize) -> bool {
        let (least, most) = arity(builtin);
        if have < least || most.is_some_and(|most| have > most) {
            self.report(errors::builtin_arity(
                e.span,
                builtin.name(),
                least,
                most,
                have,
            ));
            return false;
        }
        true
    }

    fn value_builtin(
        &mut self,
        e: &'a Expr,
        builtin: Builtin,
        args: &mut [Operand<'a>],
        spread: Option<Span>,
    ) -> Operand<'a> {
        match builtin {
            Builtin::Append => self.builtin_append(e, args, spread),
            Builtin::Len | Builtin::Cap => self.builtin_len(e, builtin, &mut args[0]),
            Builtin::Close => self.builtin_close(e, &args[0]),
            Builtin::Copy => self.builtin_copy(e, args),
            Builtin::Delete => self.builtin_delete(e, args),
            Builtin::Panic => {
                self.assignment(&mut args[0], Some(Ty::ANY), "argument to panic");
                no_value(e)
            }
            Builtin::Print | Builtin::Println => {
                self.check_printable(args, builtin.name());
                no_value(e)
            }
            Builtin::Assert => self.builtin_assert(e, args),
            Builtin::Recover => {
                if let Some(func) = self.env.func {
                    self.info.function_mut(func).has_recover = true;
                }
                Operand::new(e, Mode::Value, Ty::ANY)
            }
            Builtin::Make | Builtin::New => Operand::invalid(e),
        }
    }

    /// What print takes: values that have a plain text form.
    fn check_printable(&mut self, args: &mut [Operand<'a>], name: &str) {
        for arg in args {
            self.assignment(arg, None, &format!("argument to {name}"));
            if arg.is_valid()
                && matches!(
                    self.tys.under(arg.ty),
                    Kind::Struct(_) | Kind::Array(..) | Kind::Tuple(_)
                )
            {
                let what = self.describe(arg);
                self.report(errors::not_printable(arg.span, name, &what));
            }
        }
    }

    fn builtin_append(
        &mut self,
        e: &'a Expr,
        args: &mut [Operand<'a>],
        spread: Option<Span>,
    ) -> Operand<'a> {
        let Some((first, rest)) = args.split_first_mut() else {
            return Operand::invalid(e);
        };
        let Kind::Slice(elem) = *self.tys.under(first.ty) else {
            if !self.tys.underlying(first.ty).is_invalid() {
                let what = self.describe(first);
                self.report(errors::wrong_builtin_argument(
                    first.span, "append", "a slice", &what,
                ));
            }
            return Operand::invalid(e);
        };
        let slice = first.ty;
        if let Some(span) = spread {
            let [list] = rest else {
                self.report(errors::spread_of_several(span, "append"));
                return Operand::invalid(e);
            };
            let bytes = self.tys.underlying(elem) == Ty::UINT8;
            if bytes && self.tys.is_string(list.ty) {
                self.assignment(list, None, "argument to append");
            } else {
                let target = self.tys.slice(elem);
                self.assignment(list, Some(target), "argument to append");
            }
        } else {
            for arg in rest {
                self.assignment(arg, Some(elem), "argument to append");
            }
        }
        Operand::new(e, Mode::Value, slice)
    }

    fn builtin_len(&mut self, e: &'a Expr, builtin: Builtin, x: &mut Operand<'a>) -> Operand<'a> {
        let mut result = Operand::new(e, Mode::Value, Ty::INT);
        let is_len = builtin == Builtin::Len;
        let ok = match self.tys.under(x.ty) {
            Kind::Basic(basic) if basic.is_string() && is_len => {
                if x.is_const() {
                    result.mode = Mode::Constant;
                    result.value = x
                        .value
                        .as_ref()
                        .and_then(Value::as_str)
                        .map(|s| Value::int(s.len()));
                }
                true
            }
            Kind::Array(_, len) => {
                if !self.has_call {
                    result.mode = Mode::Constant;
                    result.value = Some(Value::int(*len));
                }
                true
            }
            Kind::Slice(_) | Kind::Chan(..) | Kind::Port(..) => true,
            Kind::Map(..) => is_len,
            Kind::Invalid => return Operand::invalid(e),
            _ => false,
        };
        if !ok {
            let want = if is_len {
                "a string, array, slice, map, channel or port"
            } else {
                "an array, slice, channel or port"
            };
            let what = self.describe(x);
            self.report(errors::wrong_builtin_argument(
                x.span,
                builtin.name(),
                want,
                &what,
            ));
            return Operand::invalid(e);
        }
        if self.tys.is_untyped(x.ty) {
            self.update_operand(x, Ty::STRING, true);
        }
        result
    }

    fn builtin_close(&mut self, e: &'a Expr, x: &Operand<'a>) -> Operand<'a> {
        match self.tys.under(x.ty) {
            Kind::Chan(Dir::Both | Dir::Send, _) | Kind::Port(Dir::Both, _) => return no_value(e),
            Kind::Invalid => return Operand::invalid(e),
            _ => {}
        }
        let want = match self.tys.under(x.ty) {
            Kind::Chan(..) => "a channel that is not receive-only",
            Kind::Port(..) => "the port itself (`port T`): only its owner may close it",
            _ => "a channel or port",
        };
        let what = self.describe(x);
        self.report(errors::wrong_builtin_argument(x.span, "close", want, &what));
        Operand::invalid(e)
    }

    fn builtin_copy(&mut self, e: &'a Expr, args: &mut [Operand<'a>]) -> Operand<'a> {
        let [dst, src] = args else {
            return Operand::invalid(e);
        };
        let elem_of = |c: &Self, ty: Ty| match c.tys.under(ty) {
            Kind::Slice(elem) => Some(*elem),
            _ => None,
        };
        let Some(to) = elem_of(self, dst.ty) else {
            let what = self.describe(dst);
            self.report(errors::wrong_builtin_argument(
                dst.span, "copy", "a slice", &what,
            ));
            return Operand::invalid(e);
        };
        if self.tys.is_string(src.ty) && self.tys.underlying(to) == Ty::UINT8 {
            self.assignment(src, None, "argument to copy");
            return Operand::new(e, Mode::Value, Ty::INT);
        }
        let Some(from) = elem_of(self, src.ty) else {
            let what = self.describe(src);
            self.report(errors::wrong_builtin_argument(
                src.span, "copy", "a slice", &what,
            ));
            return Operand::invalid(e);
        };
        if from != to {
            let (a, b) = (self.show(dst.ty), self.show(src.ty));
            self.report(errors::copy_of_other_elements(src.span, &a, &b));
            return Operand::invalid(e);
        }
        Operand::new(e, Mode::Value, Ty::INT)
    }

    fn builtin_delete(&mut self, e: &'a Expr, args: &mut [Operand<'a>]) -> Operand<'a> {
        let [map, key] = args else {
            return Operand::invalid(e);
        };
        let Kind::Map(key_ty, _) = *self.tys.under(map.ty) else {
            let what = self.describe(map);
            self.report(errors::wrong_builtin_argument(
                map.span, "delete", "a map", &what,
            ));
            return Operand::invalid(e);
        };
        self.assignment(key, Some(key_ty), "argument to delete");
        no_value(e)
    }

    fn builtin_assert(&mut self, e: &'a Expr, args: &mut [Operand<'a>]) -> Operand<'a> {
        let Some((condition, rest)) = args.split_first_mut() else {
            return Operand::invalid(e);
        };
        if !self.tys.is_boolean(condition.ty) {
            let what = self.describe(condition);
            self.report(errors::wrong_builtin_argument(
                condition.span,
                "assert",
                "a bool",
                &what,
            ));
        } else if condition.is_const() && condition.value == Some(Value::Bool(false)) {
            self.report(errors::assertion_never_holds(condition.span));
        }
        if condition.is_valid() {
            self.assignment(condition, None, "argument to assert");
        }
        self.check_printable(rest, "assert");
        no_value(e)
    }

    fn builtin_new(&mut self, e: &'a Expr, arg: &'a Expr) -> Operand<'a> {
        let ty = self.var_type(arg);
        if self.is_broken(ty) {
            return Operand::invalid(e);
        }
        if self.tys.as_struct(ty).is_none() {
            let shown = self.show(ty);
            self.report(errors::pointer_to_non_struct(arg.span, &shown));
            return Operand::invalid(e);
        }
        let pointer = self.tys.pointer(ty);
        Operand::new(e, Mode::Value, pointer)
    }

    fn builtin_make(&mut self, e: &'a Expr, args: &'a [Expr]) -> Operand<'a> {
        let ty = self.var_type(&args[0]);
        let mut sizes: Vec<Option<u64>> = Vec::new();
        for arg in &args[1..] {
            let mut x = self.expr(arg);
            sizes.push(self.make_size(&mut x));
        }
        if self.is_broken(ty) {
            return Operand::invalid(e);
        }
        let (least, most) = match self.tys.under(ty) {
            Kind::Slice(_) => (1, 2),
            Kind::Map(..) | Kind::Chan(Dir::Both, _) => (0, 1),
            Kind::Chan(..) => (0, 1),
            Kind::Port(Dir::Both, _) => (1, 1),
            Kind::Island => (0, 0),
            Kind::Port(..) => {
                let shown = self.show(ty);
                self.report(errors::cannot_make(
                    args[0].span,
                    &shown,
                    "only a `port T` can be made",
                ));
                return Operand::invalid(e);
            }
            _ => {
                let shown = self.show(ty);
                let why = "make is for slices, maps, channels, ports and islands";
                self.report(errors::cannot_make(args[0].span, &shown, why));
                return Operand::invalid(e);
            }
        };
        if sizes.len() < least || sizes.len() > most {
            let shown = self.show(ty);
            self.report(errors::make_arity(e.span, &shown, least, most, sizes.len()));
            return Operand::invalid(e);
        }
        if let [Some(len), Some(cap)] = sizes[..]
            && len > cap
        {
            self.report(errors::length_over_capacity(args[1].span, len, cap));
        }
        if matches!(self.tys.under(ty), Kind::Port(..)) && sizes[0] == Some(0) {
            self.report(errors::port_without_capacity(args[1].span));
        }
        Operand::new(e, Mode::Value, ty)
    }

    /// Checks a size argument of make; its value if it is constant.
    fn make_size(&mut self, x: &mut Operand<'a>) -> Option<u64> {
        self.check_index(x, "size")
    }
}

fn no_value(e: &Expr) -> Operand<'_> {
    Operand::new(e, Mode::NoValue, Ty::UNIT)
}
