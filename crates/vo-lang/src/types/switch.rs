//! Expression switches and type switches.

use foldhash::HashMap;

use super::check::Checker;
use super::composite::ConstKey;
use super::constant::Value;
use super::errors;
use super::info::{Mode, ObjId, ObjKind, VarRole};
use super::operand::Operand;
use super::stmt::{Falls, Jumps};
use super::ty::Ty;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, CaseClause, Expr, SwitchStmt, TypeSwitchStmt};

impl<'a> Checker<'a> {
    /// An expression switch, in its own scope.
    pub(super) fn switch_stmt(&mut self, switch: &'a SwitchStmt, jumps: Jumps) {
        self.simple_stmt(switch.init.as_ref());
        let mut tag = match &switch.tag {
            Some(tag) => {
                let mut x = self.expr(tag);
                self.assignment(&mut x, None, "switch expression");
                x
            }
            None => {
                let mut x = Operand::part(switch.braces.start(), Ty::BOOL);
                x.mode = Mode::Constant;
                x.value = Some(Value::Bool(true));
                x
            }
        };
        if tag.is_valid() && !self.tys.is_comparable(tag.ty) && !self.tys.has_nil(tag.ty) {
            let what = self.describe(&tag);
            self.report(errors::cannot_switch(tag.span, &what));
            tag.invalidate();
        }
        let mut seen: HashMap<(ConstKey, Ty), Span> = HashMap::default();
        for (i, clause) in switch.cases.iter().enumerate() {
            for value in clause.exprs.iter().flatten() {
                self.case_value(&tag, switch.tag.is_some(), value, &mut seen);
            }
            let last = i + 1 == switch.cases.len();
            let falls = if last { Falls::FinalCase } else { Falls::Yes };
            self.clause_body(
                clause,
                Jumps {
                    breaks: true,
                    falls,
                    ..jumps
                },
            );
        }
    }

    fn clause_body(&mut self, clause: &'a CaseClause, jumps: Jumps) {
        self.scoped(|c| c.stmts(&clause.body, jumps));
    }

    fn case_value(
        &mut self,
        tag: &Operand<'a>,
        has_tag: bool,
        value: &'a Expr,
        seen: &mut HashMap<(ConstKey, Ty), Span>,
    ) {
        let mut v = self.expr(value);
        if !tag.is_valid() || !v.is_valid() {
            return;
        }
        if !has_tag && !self.tys.is_boolean(v.ty) {
            let what = self.describe(&v);
            self.report(errors::case_not_boolean(value.span, &what));
            return;
        }
        if self.tys.is_untyped(v.ty) {
            let (what, ty) = (self.describe(&v), self.show(tag.ty));
            match self.implicit_type(&v, tag.ty) {
                Ok((ty, value)) => self.take_type(&mut v, ty, value),
                Err(_) => {
                    self.report(errors::case_mismatch(value.span, &what, &ty));
                    return;
                }
            }
        }
        let mut result = v.clone();
        let mismatch = self.assignable(&v, tag.ty).is_err() && self.assignable(tag, v.ty).is_err();
        if mismatch {
            let (what, ty) = (self.describe(&v), self.show(tag.ty));
            self.report(errors::case_mismatch(value.span, &what, &ty));
            return;
        }
        self.comparison(&mut result, tag, BinaryOp::Eq, value.span);
        if !result.is_valid() || !v.is_const() {
            return;
        }
        // `case true` twice in a switch without a tag is as wrong, but Go allows it.
        let Some(constant) = v.value.as_ref().filter(|value| value.as_bool().is_none()) else {
            return;
        };
        let shown = constant.display();
        if let Some(&previous) = seen.get(&(ConstKey::of(constant), v.ty)) {
            self.report(errors::duplicate_case(value.span, &shown, previous));
        } else {
            seen.insert((ConstKey::of(constant), v.ty), value.span);
        }
    }

    // ---- type switches ----

    /// A type switch, in its own scope.
    pub(super) fn type_switch(&mut self, switch: &'a TypeSwitchStmt, jumps: Jumps) {
        self.simple_stmt(switch.init.as_ref());
        let binding = switch.binding.as_ref();
        if let Some(name) = binding.filter(|name| name.is_blank()) {
            self.report(errors::no_new_variables(name.span));
        }
        let mut x = self.expr(&switch.x);
        if x.is_valid() && !self.tys.is_interface(x.ty) {
            if !self.tys.underlying(x.ty).is_invalid() {
                let what = self.describe(&x);
                self.report(errors::assert_on_non_interface(x.span, &what));
            }
            x.invalidate();
        }
        let jumps = Jumps {
            breaks: true,
            falls: Falls::TypeSwitch,
            ..jumps
        };
        let mut seen: HashMap<Option<Ty>, Span> = HashMap::default();
        let mut vars: Vec<ObjId> = Vec::new();
        for clause in &switch.cases {
            let ty = self.case_types(&x, clause, &mut seen);
            self.scoped(|c| {
                if let Some(name) = binding.filter(|name| !name.is_blank()) {
                    let var = c.new_var(name, ty, VarRole::Local);
                    c.info.implicits.insert(clause.id, var);
                    c.declare(c.env.scope, var);
                    vars.push(var);
                }
                c.stmts(&clause.body, jumps);
            });
        }
        let used = vars
            .iter()
            .any(|&var| self.info.var(var).is_some_and(|var| var.used));
        for &var in &vars {
            // One message for all of them.
            if let Some(var) = self.info.var_mut(var) {
                var.used = true;
            }
        }
        if let Some(name) = binding.filter(|name| !name.is_blank() && !used) {
            self.report(errors::unused_variable(name.span, &name.name));
        }
    }

    /// Checks the types of a clause; gives the type that its variable has.
    fn case_types(
        &mut self,
        x: &Operand<'a>,
        clause: &'a CaseClause,
        seen: &mut HashMap<Option<Ty>, Span>,
    ) -> Ty {
        let exprs = clause.exprs.as_deref().unwrap_or_default();
        let mut single = None;
        for e in exprs {
            let ty = if self.is_nil(e) {
                self.expr(e);
                None
            } else {
                let ty = self.var_type(e);
                if ty.is_invalid() {
                    single = Some(Ty::INVALID);
                    continue;
                }
                Some(ty)
            };
            if let Some(&previous) = seen.get(&ty) {
                let shown = ty.map_or("nil".to_string(), |ty| self.show(ty));
                self.report(errors::duplicate_case(e.span, &shown, previous));
                continue;
            }
            seen.insert(ty, e.span);
            if let Some(ty) = ty {
                single = Some(ty);
                if x.is_valid() {
                    self.check_assertable(x, ty, e);
                }
            }
        }
        match single {
            Some(ty) if exprs.len() == 1 => ty,
            _ => x.ty,
        }
    }

    fn is_nil(&self, e: &'a Expr) -> bool {
        e.unparen()
            .as_ident()
            .and_then(|ident| self.lookup(&ident.name))
            .is_some_and(|obj| matches!(self.info.object(obj).kind, ObjKind::Nil))
    }
}
