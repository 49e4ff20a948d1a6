//! Loops over a range.

use super::assign::Target;
use super::check::Checker;
use super::errors;
use super::info::{Mode, ObjId, VarRole};
use super::operand::Operand;
use super::stmt::{Falls, Jumps};
use super::ty::{Kind, Ty};
use crate::syntax::ast::{Expr, RangeStmt};

/// What a range gives at each step.
#[derive(Clone, Copy, Debug)]
struct Steps {
    /// The first value.
    key: Option<Ty>,
    /// The second value.
    value: Option<Ty>,
    /// Whether it counts up to an integer: the variable then has the type that the integer gets.
    counts: bool,
}

impl<'a> Checker<'a> {
    /// `for key, value := range x { … }`.
    pub(super) fn range_stmt(&mut self, range: &'a RangeStmt) {
        let mut x = self.expr(&range.x);
        let steps = self.range_steps(&mut x);
        let lhs = [range.key.as_ref(), range.value.as_ref()];
        if let Some(steps) = steps {
            let given = usize::from(steps.key.is_some()) + usize::from(steps.value.is_some());
            if let Some(extra) = lhs.iter().flatten().nth(given) {
                let what = self.describe(&x);
                self.report(errors::too_many_range_variables(extra.span, &what, given));
            }
        }
        let top = self.delayed.len();
        // Function literals in the range expression must not see the new names.
        self.process_delayed(top);
        self.scoped(|c| {
            if range.define {
                c.define_range_vars(range, lhs, steps, &mut x);
            } else {
                c.assign_range_vars(lhs, steps, &mut x);
            }
            let jumps = Jumps {
                breaks: true,
                continues: true,
                falls: Falls::No,
            };
            c.scoped(|c| c.stmts(&range.body.stmts, jumps));
        });
    }

    /// What a range over `x` gives; reports what cannot be ranged over.
    fn range_steps(&mut self, x: &mut Operand<'a>) -> Option<Steps> {
        if !x.is_valid() {
            return None;
        }
        let steps = |key, value| {
            Some(Steps {
                key: Some(key),
                value,
                counts: false,
            })
        };
        match self.tys.under(x.ty).clone() {
            Kind::Basic(basic) if basic.is_string() => {
                self.update_operand(x, Ty::STRING, true);
                steps(Ty::INT, Some(Ty::INT32))
            }
            Kind::Basic(basic) if basic.is_integer() => Some(Steps {
                key: Some(x.ty),
                value: None,
                counts: true,
            }),
            Kind::Basic(basic)
                if basic.is_float()
                    && x.value.as_ref().is_some_and(|v| v.as_int().is_some())
                    && self.tys.is_untyped(x.ty) =>
            {
                Some(Steps {
                    key: Some(x.ty),
                    value: None,
                    counts: true,
                })
            }
            Kind::Array(elem, _) | Kind::Slice(elem) => steps(Ty::INT, Some(elem)),
            Kind::Map(key, value) => steps(key, Some(value)),
            Kind::Chan(dir, elem) | Kind::Port(dir, elem) if dir.can_recv() => steps(elem, None),
            Kind::Invalid => None,
            kind => {
                let why = match kind {
                    Kind::Signature(_) => "Vo has no range over functions",
                    Kind::Chan(..) | Kind::Port(..) => "it can only be sent to",
                    _ => "",
                };
                let what = self.describe(x);
                self.report(errors::cannot_range(x.span, &what, why));
                None
            }
        }
    }

    fn define_range_vars(
        &mut self,
        range: &'a RangeStmt,
        lhs: [Option<&'a Expr>; 2],
        steps: Option<Steps>,
        x: &mut Operand<'a>,
    ) {
        let types = [steps.and_then(|s| s.key), steps.and_then(|s| s.value)];
        let counts = steps.is_some_and(|s| s.counts);
        let mut vars: Vec<ObjId> = Vec::new();
        let mut named = false;
        for (lhs, ty) in lhs.into_iter().zip(types) {
            let Some(lhs) = lhs else { continue };
            let Some(ident) = lhs.as_ident() else {
                named = true;
                continue;
            };
            named |= !ident.is_blank();
            let var = self.new_var(ident, Ty::INVALID, VarRole::Local);
            if !ident.is_blank() {
                self.record_def(ident.id, var);
                vars.push(var);
            }
            let mut operand = match ty {
                None => Self::invalid_part(lhs.span),
                Some(_) if counts => x.clone(),
                Some(ty) => Operand::part(lhs.span, ty),
            };
            self.init_var(var, None, &mut operand, "range clause");
            let ty = self.info.object(var).ty;
            self.record_final(lhs.id, Mode::Variable, ty, None);
        }
        if lhs.iter().all(Option::is_none) {
            self.count_alone(steps, x);
        } else if !named {
            self.report(errors::no_new_variables(range.range_span));
        }
        for var in vars {
            self.declare(self.env.scope, var);
        }
    }

    fn assign_range_vars(
        &mut self,
        lhs: [Option<&'a Expr>; 2],
        steps: Option<Steps>,
        x: &mut Operand<'a>,
    ) {
        let types = [steps.and_then(|s| s.key), steps.and_then(|s| s.value)];
        let counts = steps.is_some_and(|s| s.counts);
        for (lhs, ty) in lhs.into_iter().zip(types) {
            let Some(lhs) = lhs else { continue };
            let target = self.target(lhs);
            let Some(ty) = ty else { continue };
            if !counts {
                self.assign_to(target, &mut Operand::part(lhs.span, ty), "range clause");
                continue;
            }
            self.assign_to(target, x, "range clause");
            if let Target::Typed(ty) = target
                && x.is_valid()
                && !self.tys.is_integer(x.ty)
            {
                let shown = self.show(ty);
                self.report(errors::range_variable_not_integer(lhs.span, &shown));
            }
        }
        if lhs.iter().all(Option::is_none) {
            self.count_alone(steps, x);
        }
    }

    /// `for range n`: the untyped count gets its default type.
    fn count_alone(&mut self, steps: Option<Steps>, x: &mut Operand<'a>) {
        if steps.is_some_and(|s| s.counts) {
            self.assignment(x, None, "range clause");
        }
    }
}
