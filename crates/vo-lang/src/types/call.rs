//! Calls: of functions, methods, and what looks like one.

use super::check::Checker;
use super::dynamic::is_dynamic;
use super::errors;
use super::expr::Form;
use super::info::Mode;
use super::operand::Operand;
use super::ty::{Kind, Signature, Ty};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

impl<'a> Checker<'a> {
    /// `fun(args)`: a call, a conversion, or a built-in.
    pub(super) fn call(
        &mut self,
        e: &'a Expr,
        fun: &'a Expr,
        args: &'a [Expr],
        spread: Option<Span>,
    ) -> (Operand<'a>, Form) {
        let f = self.expr_or_type(fun);
        match f.mode {
            Mode::Invalid => {
                for arg in args {
                    self.use_expr(arg);
                }
                (Operand::invalid(e), Form::Statement)
            }
            Mode::Type => (
                self.conversion_call(e, f.ty, args, spread),
                Form::Conversion,
            ),
            Mode::Builtin(builtin) => self.builtin(e, builtin, args, spread),
            _ => (self.function_call(e, &f, args, spread), Form::Statement),
        }
    }

    fn conversion_call(
        &mut self,
        e: &'a Expr,
        ty: Ty,
        args: &'a [Expr],
        spread: Option<Span>,
    ) -> Operand<'a> {
        if let (Some(span), [_, ..]) = (spread, args) {
            self.report(errors::spread_in_conversion(span));
        }
        let [arg] = args else {
            for arg in args {
                self.use_expr(arg);
            }
            let shown = self.show(ty);
            self.report(errors::conversion_arity(e.span, &shown, args.len()));
            return Operand::invalid(e);
        };
        let mut x = self.expr(arg);
        if !x.is_valid() {
            return Operand::invalid(e);
        }
        self.conversion(&mut x, ty);
        if !x.is_valid() {
            return Operand::invalid(e);
        }
        Operand {
            expr: Some(e),
            span: e.span,
            ..x
        }
    }

    fn function_call(
        &mut self,
        e: &'a Expr,
        f: &Operand<'a>,
        args: &'a [Expr],
        spread: Option<Span>,
    ) -> Operand<'a> {
        self.has_call = true;
        let Some(sig) = self.tys.as_signature(f.ty) else {
            for arg in args {
                self.use_expr(arg);
            }
            if !self.tys.underlying(f.ty).is_invalid() {
                let what = self.describe(f);
                self.report(errors::not_a_function(f.span, &what));
            }
            return Operand::invalid(e);
        };
        let operands = self.arguments(args);
        self.check_arguments(e, f, &sig, operands, spread);
        match sig.results.as_slice() {
            [] => Operand::new(e, Mode::NoValue, Ty::UNIT),
            [single] if single.is_invalid() => Operand::invalid(e),
            [single] => Operand::new(e, Mode::Value, *single),
            several => {
                let tuple = self.tys.tuple(several);
                Operand::new(e, Mode::Value, tuple)
            }
        }
    }

    /// The operands of a call: the arguments, or the several results of the one that is a call.
    pub(super) fn arguments(&mut self, args: &'a [Expr]) -> Vec<Operand<'a>> {
        match args {
            [single] => self.multi_expr(single, false).0,
            _ => args.iter().map(|arg| self.expr(arg)).collect(),
        }
    }

    fn check_arguments(
        &mut self,
        e: &'a Expr,
        f: &Operand<'a>,
        sig: &Signature,
        mut args: Vec<Operand<'a>>,
        spread: Option<Span>,
    ) {
        let fixed = sig.params.len();
        let name = self.span_text(f.span);
        if let Some(span) = spread {
            if !sig.variadic {
                self.report(errors::spread_to_fixed(span, &name));
                return;
            }
            if args.len() > 1 && args.iter().all(|arg| arg.expr.is_none()) {
                self.report(errors::spread_of_several(span, &name));
                return;
            }
        }
        let open = sig.variadic && spread.is_none();
        let enough = if open {
            args.len() + 1 >= fixed
        } else {
            args.len() >= fixed
        };
        if !enough || (!open && args.len() > fixed) {
            // Wrong arguments are more likely the reason than a wrong count.
            if args.iter().all(Operand::is_valid) {
                let have: Vec<Ty> = args.iter().map(|arg| arg.ty).collect();
                let (have, want) = (
                    self.types_summary(&have, spread.is_some()),
                    self.show_params(sig),
                );
                let at = if enough { args[fixed].span } else { closing(e) };
                self.report(errors::argument_count(at, &name, enough, &have, &want));
            }
            return;
        }
        let context = format!("argument to {name}");
        for (i, arg) in args.iter_mut().enumerate() {
            let ty = if open && i + 1 >= fixed {
                match sig.params.last().map(|&last| self.tys.kind(last)) {
                    Some(Kind::Slice(elem)) => *elem,
                    _ => Ty::INVALID,
                }
            } else {
                sig.params[i]
            };
            self.assignment(arg, Some(ty), &context);
        }
    }

    fn show_params(&self, sig: &Signature) -> String {
        let mut parts: Vec<String> = sig.params.iter().map(|&ty| self.show(ty)).collect();
        if let (true, Some(last)) = (sig.variadic, parts.last_mut()) {
            *last = format!("...{}", last.trim_start_matches("[]"));
        }
        format!("({})", parts.join(", "))
    }

    /// The types of a list of values, as `(int, string)`; untyped numbers are just numbers.
    pub(super) fn types_summary(&self, types: &[Ty], spread: bool) -> String {
        let mut parts: Vec<String> = types
            .iter()
            .map(|&ty| match ty {
                _ if self.tys.is_untyped(ty) && self.tys.is_numeric(ty) => "number".to_string(),
                _ if self.tys.is_untyped(ty) => self.show(ty).replace("untyped ", ""),
                _ => self.show(ty),
            })
            .collect();
        if let (true, Some(last)) = (spread, parts.last_mut()) {
            last.push_str("...");
        }
        format!("({})", parts.join(", "))
    }

    /// Checks that a call can be put off or started: not a built-in or a conversion.
    pub(super) fn suspended_call(&mut self, keyword: &str, call: &'a Expr) -> Option<&'a Expr> {
        let inner = call.unparen();
        let ExprKind::Call { fun, .. } = &inner.kind else {
            // The parser lets only calls through; what is left is dynamic or was reported there.
            let valid = self.use_expr(call);
            return (valid && is_dynamic(inner)).then_some(inner);
        };
        let (x, form) = self.raw_expr(call, None);
        match self.info.type_and_mode(fun.id).map(|tm| tm.mode) {
            Some(Mode::Builtin(builtin)) => {
                self.report(errors::builtin_callee(fun.span, keyword, builtin.name()));
                None
            }
            Some(Mode::Type) if form == Form::Conversion && x.is_valid() => {
                let text = self.text(inner);
                self.report(errors::conversion_callee(inner.span, keyword, &text));
                None
            }
            _ => x.is_valid().then_some(inner),
        }
    }
}

/// The closing parenthesis of a call.
fn closing(e: &Expr) -> Span {
    Span {
        lo: e.span.hi.saturating_sub(1).max(e.span.lo),
        ..e.span
    }
}
