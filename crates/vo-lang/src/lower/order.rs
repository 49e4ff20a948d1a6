//! The order of evaluation: calls before plain reads.
//!
//! The language fixes the order of calls and receives only; whether `x + f()` reads `x` before or after
//! `f` runs is left open. Go's compiler evaluates the calls of a statement first and reads variables,
//! fields and elements last, and programs have come to rely on it. So where a call follows a read that it
//! might change, the calls are evaluated ahead ([`Lowerer::calls_first`]) and their results kept until
//! the expression asks for them.

use super::func::{Lowerer, Value, Want};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::types::info::{Builtin, Mode, ObjId, ObjKind, Target, VarRole};
use crate::types::ty::{Kind, Ty};

/// What an expression does, as far as order matters.
enum Action<'a> {
    /// Its operands, in order; then whether it reads memory that a call may change.
    Parts(Vec<&'a Expr>, bool),
    /// A call or receive.
    Call,
    /// Evaluated in its place like a call, but changes nothing.
    Early,
}

impl<'a> Lowerer<'_, 'a> {
    /// Evaluates the calls in a list of operands ahead, where one follows a read that it might change.
    pub fn calls_first(&mut self, operands: &[&'a Expr]) {
        let Some(last) = operands.iter().rposition(|e| self.has_call(e)) else {
            return;
        };
        let operands = &operands[..=last];
        let mut reads = false;
        if operands.iter().any(|e| self.call_after_read(e, &mut reads)) {
            for e in operands {
                self.hoist(e);
            }
        }
    }

    /// Evaluates the calls in an expression ahead: what is read next, they might change.
    pub fn calls_before(&mut self, e: &'a Expr) {
        if self.has_call(e) {
            self.hoist(e);
        }
    }

    /// The kept results of an expression that was evaluated ahead.
    pub fn take_hoisted(&mut self, e: &Expr) -> Option<Vec<(Value, Ty)>> {
        if self.hoisted.is_empty() {
            return None;
        }
        self.hoisted.remove(&e.id)
    }

    fn action(&self, e: &'a Expr) -> Action<'a> {
        let none = Action::Parts(Vec::new(), false);
        if self.p.info.const_value(e.id).is_some() {
            return none;
        }
        match &e.kind {
            ExprKind::Ident(ident) => {
                let obj = self.p.info.use_of(ident.id);
                Action::Parts(Vec::new(), obj.is_some_and(|obj| self.is_shared(obj)))
            }
            ExprKind::Paren(x) | ExprKind::TypeAssert { x, .. } => Action::Parts(vec![x], false),
            ExprKind::Star(x) => Action::Parts(vec![x], true),
            ExprKind::Selector { x, .. } => match self.p.info.selection(e.id) {
                Some(s) => match s.target {
                    Target::Member(obj) => Action::Parts(Vec::new(), self.is_shared(obj)),
                    Target::MethodExpr(_) => none,
                    _ => Action::Parts(vec![x], s.path.iter().any(|step| step.deref)),
                },
                None => none,
            },
            ExprKind::Index { x, index } => match self.tys().under(self.type_of(x)) {
                Kind::Map(..) => Action::Early,
                Kind::Slice(_) => Action::Parts(vec![x, index], true),
                _ => Action::Parts(vec![x, index], false),
            },
            ExprKind::Slice { x, lo, hi, max } => {
                let bounds = [lo, hi, max].into_iter().flatten().map(|e| &**e);
                Action::Parts(std::iter::once(&**x).chain(bounds).collect(), false)
            }
            ExprKind::Dyn { .. }
            | ExprKind::Unary {
                op: UnaryOp::Recv, ..
            } => Action::Call,
            ExprKind::Unary { x, .. } => Action::Parts(vec![x], false),
            ExprKind::Binary {
                op: BinaryOp::LogAnd | BinaryOp::LogOr,
                x,
                y,
                ..
            } => {
                if self.has_call(x) || self.has_call(y) {
                    Action::Call
                } else {
                    Action::Parts(vec![x, y], false)
                }
            }
            ExprKind::Binary { x, y, .. } => Action::Parts(vec![x, y], false),
            ExprKind::CompositeLit { elems, .. } => {
                if matches!(self.tys().under(self.type_of(e)), Kind::Map(..)) {
                    return Action::Early;
                }
                Action::Parts(elems.iter().map(|elem| &elem.value).collect(), false)
            }
            ExprKind::Call { fun, args, .. } => {
                match self
                    .p
                    .info
                    .type_and_mode(fun.unparen().id)
                    .map(|tm| tm.mode)
                {
                    Some(Mode::Type | Mode::Builtin(Builtin::Len | Builtin::Cap)) => {
                        Action::Parts(args.iter().collect(), false)
                    }
                    Some(Mode::Builtin(_)) => Action::Early,
                    _ => Action::Call,
                }
            }
            ExprKind::Try(_) => Action::Call,
            _ => none,
        }
    }

    /// Whether a call may change a variable.
    fn is_shared(&self, obj: ObjId) -> bool {
        matches!(&self.p.info.object(obj).kind, ObjKind::Var(var)
            if var.role == VarRole::Package || self.p.boxed(obj) || var.shared())
    }

    /// Whether evaluating an expression calls anything.
    fn has_call(&self, e: &'a Expr) -> bool {
        if let ExprKind::Binary { x, y, .. } = &e.kind {
            // Looking at each operand once keeps long chains cheap.
            return self.p.info.const_value(e.id).is_none()
                && (self.has_call(y) || self.has_call(x));
        }
        match self.action(e) {
            Action::Parts(parts, _) => parts.into_iter().any(|part| self.has_call(part)),
            Action::Call => true,
            Action::Early => early_parts(e).into_iter().any(|part| self.has_call(part)),
        }
    }

    /// Whether a call follows a read that it might change; `reads` is whether there was a read before.
    fn call_after_read(&self, e: &'a Expr, reads: &mut bool) -> bool {
        match self.action(e) {
            Action::Parts(parts, is_read) => {
                let found = parts
                    .into_iter()
                    .any(|part| self.call_after_read(part, reads));
                *reads |= is_read;
                found
            }
            Action::Call => *reads,
            Action::Early => *reads && self.has_call(e),
        }
    }

    /// Evaluates the outermost calls of an expression and keeps their results.
    fn hoist(&mut self, e: &'a Expr) {
        match self.action(e) {
            Action::Parts(parts, _) => parts.into_iter().for_each(|part| self.hoist(part)),
            Action::Call | Action::Early => {
                if self.hoisted.contains_key(&e.id) {
                    return;
                }
                let results = match &e.kind {
                    ExprKind::Call { .. } => self.call_results(e, Want::Any),
                    ExprKind::Dyn { .. } => self.dynamic(e, false),
                    ExprKind::Try(x) => self.try_results(e, x),
                    _ => {
                        let ty = self.type_of(e);
                        vec![(self.value(e, Want::Any), ty)]
                    }
                };
                self.hoisted.insert(e.id, results);
            }
        }
    }
}

/// The operands of what is evaluated in its place.
fn early_parts(e: &Expr) -> Vec<&Expr> {
    match &e.kind {
        ExprKind::Index { x, index } => vec![x, index],
        ExprKind::CompositeLit { elems, .. } => elems
            .iter()
            .flat_map(|elem| elem.key.iter().chain([&elem.value]))
            .collect(),
        ExprKind::Call { args, .. } => args.iter().collect(),
        _ => Vec::new(),
    }
}
