//! Assignments and initialisations.

use foldhash::HashMap;

use super::check::Checker;
use super::dynamic::is_dynamic;
use super::errors;
use super::info::{Mode, ObjId, ObjKind, VarRole};
use super::operand::{Operand, Unfit};
use super::ty::{Name, Ty};
use crate::source::Span;
use crate::syntax::ast::{AssignOp, BinaryOp, Expr, ExprKind};

/// The left side of an assignment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    /// The blank identifier.
    Blank,
    /// Something of this type.
    Typed(Ty),
    /// In error.
    Invalid,
}

impl<'a> Checker<'a> {
    /// Checks that `x` may be assigned to a variable of type `target`, or to a blank identifier if `None`,
    /// and gives an untyped `x` its type; reports and invalidates it if not. `context` says what for.
    pub(super) fn assignment(&mut self, x: &mut Operand<'a>, target: Option<Ty>, context: &str) {
        self.single_value(x);
        if !x.is_valid() {
            return;
        }
        if self.tys.is_untyped(x.ty) && !self.take_assigned_type(x, target, context) {
            return;
        }
        let Some(target) = target else { return };
        if let Err(why) = self.assignable(x, target) {
            let (what, have, want) = (self.describe(x), self.show(x.ty), self.show(target));
            self.report(errors::not_assignable(
                x.span, &what, &have, &want, context, &why,
            ));
            x.invalidate();
        }
    }

    fn take_assigned_type(
        &mut self,
        x: &mut Operand<'a>,
        target: Option<Ty>,
        context: &str,
    ) -> bool {
        let wanted = match target {
            None if x.is_nil() => {
                self.report(errors::untyped_nil(x.span, context));
                x.invalidate();
                return false;
            }
            None => self.tys.default_type(x.ty),
            Some(target) if !x.is_nil() && self.tys.is_interface(target) => {
                self.tys.default_type(x.ty)
            }
            Some(target) => target,
        };
        match self.implicit_type(x, wanted) {
            Ok((ty, value)) => {
                self.take_type(x, ty, value);
                true
            }
            Err(unfit) => {
                let (what, to) = (self.describe(x), self.show(wanted));
                if unfit == Unfit::Kind {
                    let have = self.show(self.tys.default_type(x.ty));
                    self.report(errors::not_assignable(
                        x.span, &what, &have, &to, context, "",
                    ));
                } else {
                    self.report(errors::constant_does_not_fit(
                        x.span, &what, &to, unfit, context,
                    ));
                }
                x.invalidate();
                false
            }
        }
    }

    // ---- initialisation ----

    /// Initialises a variable; one without a declared type gets that of `x`.
    pub(super) fn init_var(
        &mut self,
        var: ObjId,
        declared: Option<Ty>,
        x: &mut Operand<'a>,
        context: &str,
    ) {
        self.single_value(x);
        if !x.is_valid() || x.ty.is_invalid() || declared == Some(Ty::INVALID) {
            x.invalidate();
            self.forgive(var);
            return;
        }
        let ty = match declared {
            Some(ty) => ty,
            None if x.is_nil() => {
                self.report(errors::untyped_nil(x.span, context));
                self.forgive(var);
                x.invalidate();
                return;
            }
            None => self.tys.default_type(x.ty),
        };
        self.info.object_mut(var).ty = ty;
        self.assignment(x, Some(ty), context);
    }

    /// A variable whose declaration is in error counts as used: whatever used it may be in error, too.
    fn forgive(&mut self, var: ObjId) {
        if let Some(var) = self.info.var_mut(var) {
            var.used = true;
        }
    }

    /// Initialises variables with values, or with the several values of one.
    pub(super) fn init_vars(
        &mut self,
        vars: &[ObjId],
        declared: &[Option<Ty>],
        values: &'a [Expr],
    ) {
        let context = if vars.len() > 1 {
            "multiple assignment"
        } else {
            "assignment"
        };
        if vars.len() == values.len() && !is_single_call(values) {
            for ((&var, &ty), value) in vars.iter().zip(declared).zip(values) {
                let mut x = self.expr(value);
                self.init_var(var, ty, &mut x, context);
            }
            return;
        }
        let [value] = values else {
            let valid = self.use_all(values);
            if valid {
                self.report_count(vars.len(), values.len(), values);
            }
            vars.iter().for_each(|&var| self.forgive(var));
            return;
        };
        self.expect_dyn(value, declared);
        let (mut parts, comma_ok) = self.multi_expr(value, vars.len() == 2);
        if parts.len() != vars.len() {
            if parts.iter().all(Operand::is_valid) {
                self.report_count(vars.len(), parts.len(), values);
            }
            vars.iter().for_each(|&var| self.forgive(var));
            return;
        }
        for ((&var, &ty), part) in vars.iter().zip(declared).zip(&mut parts) {
            self.init_var(var, ty, part, context);
        }
        if comma_ok {
            self.record_comma_ok(value, &parts);
        }
    }

    fn use_all(&mut self, values: &'a [Expr]) -> bool {
        let mut valid = true;
        for value in values {
            // Every one is checked, whatever the others are.
            valid &= self.use_expr(value);
        }
        valid
    }

    fn report_count(&mut self, variables: usize, values: usize, exprs: &'a [Expr]) {
        let span = exprs[0].span.to(exprs[exprs.len() - 1].span);
        let call = match &exprs[0].unparen().kind {
            ExprKind::Call { fun, .. } if exprs.len() == 1 => Some(self.text(fun)),
            _ => None,
        };
        self.report(errors::assignment_count(
            span,
            variables,
            values,
            call.as_deref(),
        ));
    }

    /// Records that an expression is used in its comma-ok form.
    pub(super) fn record_comma_ok(&mut self, value: &'a Expr, parts: &[Operand<'a>]) {
        let [x, ok] = parts else { return };
        if !x.is_valid() || !ok.is_valid() {
            return;
        }
        let ok_ty = self.tys.default_type(ok.ty);
        let tuple = self.tys.tuple(&[x.ty, ok_ty]);
        let mut e = value;
        loop {
            let mode = self.info.type_and_mode(e.id).map_or(x.mode, |tm| tm.mode);
            self.record_final(e.id, mode, tuple, None);
            match &e.kind {
                ExprKind::Paren(inner) => e = inner,
                _ => return,
            }
        }
    }

    // ---- assignment statements ----

    /// `lhs = rhs`, `lhs := rhs`, `lhs op= rhs`.
    pub(super) fn assign_stmt(
        &mut self,
        lhs: &'a [Expr],
        op: AssignOp,
        op_span: Span,
        rhs: &'a [Expr],
    ) {
        match op {
            AssignOp::Assign => self.assign_vars(lhs, rhs),
            AssignOp::Define => self.short_var_decl(lhs, op_span, rhs),
            AssignOp::Op(op) => {
                if let ([lhs], [rhs]) = (lhs, rhs) {
                    let y = self.expr(rhs);
                    self.op_assign(lhs, op, op_span, y, lhs.span.to(rhs.span));
                }
            }
        }
    }

    /// `lhs op= y`, where `y` may be the one of `++` and `--`.
    pub(super) fn op_assign(
        &mut self,
        lhs: &'a Expr,
        op: BinaryOp,
        op_span: Span,
        y: Operand<'a>,
        span: Span,
    ) {
        let x = self.expr(lhs);
        if !x.is_valid() {
            return;
        }
        if !matches!(x.mode, Mode::Variable | Mode::MapIndex) {
            self.report_unassignable(lhs, &x);
            return;
        }
        self.mark_root(lhs, |var| var.reassigned = true);
        let ty = x.ty;
        let mut result = self.binary(x, y, op, op_span, span, None);
        // What the operation left untyped belongs to its operands.
        result.expr = None;
        self.assignment(&mut result, Some(ty), "assignment");
    }

    fn assign_vars(&mut self, lhs: &'a [Expr], rhs: &'a [Expr]) {
        let context = if lhs.len() > 1 {
            "multiple assignment"
        } else {
            "assignment"
        };
        if lhs.len() == rhs.len() && !is_single_call(rhs) {
            for (lhs, rhs) in lhs.iter().zip(rhs) {
                let target = self.target(lhs);
                let mut x = self.expr(rhs);
                self.assign_to(target, &mut x, context);
            }
            return;
        }
        let targets: Vec<Target> = lhs.iter().map(|lhs| self.target(lhs)).collect();
        let valid_targets = !targets.contains(&Target::Invalid);
        let [value] = rhs else {
            if self.use_all(rhs) && valid_targets {
                self.report_count(lhs.len(), rhs.len(), rhs);
            }
            return;
        };
        let types: Vec<Option<Ty>> = targets
            .iter()
            .map(|target| match target {
                Target::Typed(ty) => Some(*ty),
                Target::Blank | Target::Invalid => None,
            })
            .collect();
        self.expect_dyn(value, &types);
        let (mut parts, comma_ok) = self.multi_expr(value, lhs.len() == 2);
        if parts.len() != lhs.len() {
            if valid_targets && parts.iter().all(Operand::is_valid) {
                self.report_count(lhs.len(), parts.len(), rhs);
            }
            return;
        }
        for (target, part) in targets.into_iter().zip(&mut parts) {
            self.assign_to(target, part, context);
        }
        if comma_ok {
            self.record_comma_ok(value, &parts);
        }
    }

    /// Assigns an operand to a checked left side.
    pub(super) fn assign_to(&mut self, target: Target, x: &mut Operand<'a>, context: &str) {
        match target {
            Target::Blank => self.assignment(x, None, "assignment to `_`"),
            Target::Typed(ty) => self.assignment(x, Some(ty), context),
            Target::Invalid => {}
        }
    }

    /// Checks the left side of an assignment. A variable there is not thereby used.
    pub(super) fn target(&mut self, lhs: &'a Expr) -> Target {
        let ident = lhs.unparen().as_ident();
        if ident.is_some_and(|ident| ident.is_blank()) {
            return Target::Blank;
        }
        if is_dynamic(lhs) {
            if self.use_expr(lhs) {
                let text = self.text(lhs);
                self.report(errors::dyn_target(lhs.span, &text));
            }
            return Target::Invalid;
        }
        let var = ident.and_then(|ident| self.lookup(&ident.name));
        let used_before = var.and_then(|var| self.info.var(var)).map(|var| var.used);
        let x = self.expr(lhs);
        if let (Some(var), Some(used)) = (var, used_before)
            && let Some(var) = self.info.var_mut(var)
        {
            var.used = used;
        }
        if !x.is_valid() || x.ty.is_invalid() {
            return Target::Invalid;
        }
        if !matches!(x.mode, Mode::Variable | Mode::MapIndex) {
            self.report_unassignable(lhs, &x);
            return Target::Invalid;
        }
        self.mark_root(lhs, |var| var.reassigned = true);
        Target::Typed(x.ty)
    }

    fn report_unassignable(&mut self, lhs: &'a Expr, x: &Operand<'a>) {
        let text = self.text(lhs);
        if let ExprKind::Selector { x: base, .. } = &lhs.unparen().kind
            && self
                .info
                .type_and_mode(base.id)
                .is_some_and(|tm| tm.mode == Mode::MapIndex)
        {
            self.report(errors::field_of_map_element(lhs.span, &text));
            return;
        }
        let what = self.describe(x);
        let string = match &lhs.unparen().kind {
            ExprKind::Index { x: base, .. } => self.tys.is_string(self.info.type_of(base.id)),
            _ => false,
        };
        self.report(errors::unassignable(lhs.span, &what, string));
    }

    fn short_var_decl(&mut self, lhs: &'a [Expr], op_span: Span, rhs: &'a [Expr]) {
        let top = self.delayed.len();
        let scope = self.env.scope;
        let mut seen: HashMap<Name, Span> = HashMap::default();
        let mut vars: Vec<ObjId> = Vec::new();
        let mut declared: Vec<Option<Ty>> = Vec::new();
        let mut fresh: Vec<ObjId> = Vec::new();
        let mut faulty = false;
        for lhs in lhs {
            let mut known = None;
            match lhs.as_ident() {
                None => faulty = true,
                Some(ident) if ident.is_blank() => {}
                Some(ident) => {
                    if let Some(previous) = seen.insert(ident.name.clone(), ident.span) {
                        self.report(errors::repeated_in_define(
                            ident.span,
                            &ident.name,
                            previous,
                        ));
                        faulty = true;
                    } else if let Some(obj) = self.lookup_in(scope, &ident.name) {
                        self.record_use(ident.id, obj);
                        known = self.redeclare(obj, lhs);
                        faulty |= known.is_none();
                    } else {
                        let var = self.new_var(ident, Ty::INVALID, VarRole::Local);
                        self.record_def(ident.id, var);
                        fresh.push(var);
                        vars.push(var);
                        declared.push(None);
                        continue;
                    }
                }
            }
            let (var, ty) = match known {
                Some((var, ty)) => (var, Some(ty)),
                None => (
                    self.new_var_at("_".into(), lhs.span, Ty::INVALID, VarRole::Local),
                    None,
                ),
            };
            vars.push(var);
            declared.push(ty);
        }
        self.init_vars(&vars, &declared, rhs);
        // Function literals on the right must not see the new names.
        self.process_delayed(top);
        if fresh.is_empty() && !faulty {
            self.report(errors::no_new_variables(op_span));
        }
        for (lhs, &var) in lhs.iter().zip(&vars) {
            let ty = self.info.object(var).ty;
            if lhs.as_ident().is_some() {
                self.record_final(lhs.id, Mode::Variable, ty, None);
            }
        }
        for var in fresh {
            self.declare(scope, var);
        }
    }

    /// A variable of the same block on the left of `:=` is assigned.
    fn redeclare(&mut self, obj: ObjId, lhs: &'a Expr) -> Option<(ObjId, Ty)> {
        if !matches!(self.info.object(obj).kind, ObjKind::Var(_)) {
            let text = self.text(lhs);
            self.report(errors::unassignable(lhs.span, &text, false));
            return None;
        }
        if let Some(var) = self.info.var_mut(obj) {
            var.reassigned = true;
        }
        Some((obj, self.info.object(obj).ty))
    }

    // ---- return ----

    /// The results of a `return` with values.
    pub(super) fn return_values(&mut self, span: Span, results: &[ObjId], values: &'a [Expr]) {
        let types: Vec<Ty> = results
            .iter()
            .map(|&result| self.info.object(result).ty)
            .collect();
        if let [single] = values {
            let targets: Vec<Option<Ty>> = types.iter().copied().map(Some).collect();
            self.expect_dyn(single, &targets);
        }
        let mut parts = match values {
            [single] if types.len() != 1 => self.multi_expr(single, false).0,
            _ => values.iter().map(|value| self.expr(value)).collect(),
        };
        if parts.len() != types.len() {
            if parts.iter().all(Operand::is_valid) {
                let have: Vec<Ty> = parts.iter().map(|part| part.ty).collect();
                let too_many = parts.len() > types.len();
                let at = if too_many {
                    parts[types.len()].span
                } else {
                    span
                };
                let (have, want) = (
                    self.types_summary(&have, false),
                    self.types_summary(&types, false),
                );
                self.report(errors::result_count(at, too_many, &have, &want));
            }
            return;
        }
        for (part, &ty) in parts.iter_mut().zip(&types) {
            self.assignment(part, Some(ty), "return statement");
        }
    }
}

/// Whether the values are a single call, which may have several results.
fn is_single_call(values: &[Expr]) -> bool {
    matches!(values, [single] if matches!(single.unparen().kind, ExprKind::Call { .. } | ExprKind::Try(_) | ExprKind::Dyn { .. }))
}
