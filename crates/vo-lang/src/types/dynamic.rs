//! Dynamic access: `x~>name`, `x~>[k]`, `x~>name(args)`, `x~>(args)`, and the methods with which types take
//! part in it.

use super::check::Checker;
use super::errors;
use super::expr::Form;
use super::info::{Mode, ObjId};
use super::lookup::Lookup;
use super::operand::Operand;
use super::ty::Ty;
use crate::source::Span;
use crate::syntax::ast::{DynAccess, Expr, ExprKind, Ident, NodeId};

/// What a dynamic expression is assigned to: its id, and the types of its results without the error.
pub(super) type DynTargets = (NodeId, Vec<Ty>);

impl<'a> Checker<'a> {
    /// A dynamic expression; its type is the tuple of its results and an error.
    pub(super) fn dyn_expr(
        &mut self,
        e: &'a Expr,
        x: &'a Expr,
        op_span: Span,
        access: &'a DynAccess,
    ) -> (Operand<'a>, Form) {
        let targets = self.dyn_targets.take().filter(|(id, _)| *id == e.id);
        let base = self.dyn_base(x, op_span, access);
        let operands = match access {
            DynAccess::Attr(name) => {
                self.check_dyn_name(name);
                true
            }
            DynAccess::Index(index) => self.dyn_operand(index),
            DynAccess::Method { name, args, spread } => {
                self.check_dyn_name(name);
                self.dyn_args(args, *spread)
            }
            DynAccess::Call { args, spread } => self.dyn_args(args, *spread),
        };
        if !base || !operands {
            return (Operand::invalid(e), Form::Statement);
        }
        let is_call = matches!(access, DynAccess::Method { .. } | DynAccess::Call { .. });
        self.has_call |= is_call;
        let mut types = match targets {
            Some((_, types)) if is_call || types.len() == 1 => types,
            _ => vec![Ty::ANY],
        };
        types.push(self.tys.error_type());
        let ty = match types[..] {
            [single] => single,
            _ => self.tys.tuple(&types),
        };
        let form = if is_call {
            Form::Statement
        } else {
            Form::Value
        };
        (Operand::new(e, Mode::Value, ty), form)
    }

    fn check_dyn_name(&mut self, name: &Ident) {
        if name.is_blank() {
            self.report(errors::blank_as_value(name.span));
        }
    }

    /// Whether an expression can be the base: an interface, the results of a dynamic expression, or a value
    /// whose type has the method for this access.
    fn dyn_base(&mut self, x: &'a Expr, op_span: Span, access: &DynAccess) -> bool {
        let (parts, _) = self.multi_expr(x, false);
        let error = self.tys.error_type();
        match &parts[..] {
            [single] if !single.is_valid() || single.ty.is_invalid() => false,
            [single] => {
                if self.tys.is_interface(single.ty) && !single.is_nil() {
                    return true;
                }
                let protocol = match access {
                    DynAccess::Attr(_) | DynAccess::Method { .. } => "DynAttr",
                    DynAccess::Index(_) => "DynIndex",
                    DynAccess::Call { .. } => "DynCall",
                };
                let has = match self.tys.lookup(single.ty, protocol, self.pkg) {
                    Lookup::Method {
                        ptr_recv, indirect, ..
                    } => !ptr_recv || indirect,
                    Lookup::InterfaceMethod { .. } => true,
                    _ => false,
                };
                if !has {
                    let (what, text) = (self.describe(single), self.text(x));
                    self.report(errors::dyn_base(op_span, x.span, &what, &text, protocol));
                }
                has
            }
            [value, failure] if failure.ty == error && self.tys.is_interface(value.ty) => true,
            several => {
                if several.iter().all(Operand::is_valid) {
                    let text = self.text(x);
                    self.report(errors::dyn_base_of_several(x.span, &text, several.len()));
                }
                false
            }
        }
    }

    /// An operand that is passed on as `any`.
    fn dyn_operand(&mut self, e: &'a Expr) -> bool {
        let mut x = self.expr(e);
        self.assignment(&mut x, Some(Ty::ANY), "dynamic access");
        x.is_valid()
    }

    fn dyn_args(&mut self, args: &'a [Expr], spread: Option<Span>) -> bool {
        let mut operands = self.arguments(args);
        let last = operands.len().saturating_sub(1);
        let mut valid = true;
        for (i, x) in operands.iter_mut().enumerate() {
            let ty = if spread.is_some() && i == last {
                self.tys.slice(Ty::ANY)
            } else {
                Ty::ANY
            };
            self.assignment(x, Some(ty), "argument of a dynamic call");
            valid &= x.is_valid();
        }
        valid
    }

    /// Tells a dynamic expression, whose results the value is, what they are assigned to: a type for each
    /// place, the one for the error last; `None` where any type goes.
    pub(super) fn expect_dyn(&mut self, value: &'a Expr, targets: &[Option<Ty>]) {
        let value = value.unparen();
        let (dynamic, results) = match &value.kind {
            ExprKind::Dyn { .. } => (value, targets.len().saturating_sub(1)),
            // `?` takes the error away.
            ExprKind::Try(inner) => (inner.unparen(), targets.len()),
            _ => return,
        };
        if matches!(dynamic.kind, ExprKind::Dyn { .. }) {
            let types = targets[..results]
                .iter()
                .map(|ty| ty.filter(|ty| !ty.is_invalid()).unwrap_or(Ty::ANY))
                .collect();
            self.dyn_targets = Some((dynamic.id, types));
        }
    }

    /// Reports a method with a name of the protocol of dynamic access and another signature.
    pub(super) fn check_protocol_method(&mut self, func: ObjId) {
        let object = self.info.object(func);
        let (name, span, sig) = (object.name.clone(), object.span, object.ty);
        let (any, string, error) = (Ty::ANY, Ty::STRING, self.tys.error_type());
        let (params, results, variadic) = match &*name {
            "DynAttr" => (vec![string], vec![any, error], false),
            "DynIndex" => (vec![any], vec![any, error], false),
            "DynCall" => (vec![self.tys.slice(any)], vec![any, error], true),
            "DynSetAttr" => (vec![string, any], vec![error], false),
            "DynSetIndex" => (vec![any, any], vec![error], false),
            _ => return,
        };
        if sig.is_invalid() {
            return;
        }
        let want = self.tys.signature(params, results, variadic);
        if sig != want {
            let (have, want) = (self.show(sig), self.show(want));
            self.report(errors::protocol_method(span, &name, &have, &want));
        }
    }
}

/// Whether an expression is a dynamic one, perhaps in parentheses.
pub(super) fn is_dynamic(e: &Expr) -> bool {
    matches!(e.unparen().kind, ExprKind::Dyn { .. })
}
