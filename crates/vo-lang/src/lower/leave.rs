//! Leaving a function: returns with deferred calls to run, `fail`, and `?`.

use vo_bytecode::{Dst, IfaceSrc, Inst, Slot, SlotTy, Src, Srcs};

use super::func::{Lowerer, Value, Want};
use crate::syntax::ast::{Expr, ExprKind};
use crate::types::ty::Ty;

impl<'a> Lowerer<'_, 'a> {
    /// The variables of the results, if these have names.
    pub fn named_results(&self) -> Option<&[crate::types::info::ObjId]> {
        let func = self.p.info.function(self.func?);
        func.named_results.then_some(&func.results[..])
    }

    /// Commits results, one behind the other, and goes where the deferred calls run.
    pub fn leave_with(&mut self, values: &[Slot]) {
        // A result may be given the value of another one.
        let values = self.b.copy(values);
        let types = self.result_types.clone();
        let named = self.named_results().map(<[_]>::to_vec);
        let mut at = 0;
        for (number, &ty) in types.iter().enumerate() {
            let count = self.shape(ty).slots.len();
            let value = &values[at..at + count];
            at += count;
            match &named {
                Some(objs) => {
                    let loc = self.var_loc(objs[number]);
                    self.store(&loc, ty, value);
                }
                None => {
                    let kept = self.defers.as_ref().map(|d| d.results[number].clone());
                    self.b.mov(&kept.unwrap_or_default(), value);
                }
            }
        }
        let error = values.len().checked_sub(2).map(|at| values[at]);
        self.leave(error);
    }

    /// Commits the values that the named results have, and goes where the deferred calls run.
    pub fn leave_as_is(&mut self) {
        let last = self.named_results().and_then(|objs| objs.last().copied());
        let error = last.filter(|_| self.gives_error()).map(|obj| {
            let loc = self.var_loc(obj);
            self.load(&loc, self.p.tys.error_type(), Want::Any).slots[0]
        });
        self.leave(error);
    }

    /// Whether the last result is an error.
    fn gives_error(&self) -> bool {
        self.result_types.last() == Some(&self.tys().error_type())
    }

    fn leave(&mut self, error: Option<Slot>) {
        let gives_error = self.gives_error();
        let line = self.b.line();
        let Some(defers) = &mut self.defers else {
            return;
        };
        if self.b.reachable() {
            defers.lines.push(line);
        }
        let (failed, exit) = (defers.failed, defers.exit);
        if let Some(error) = error.filter(|_| gives_error) {
            let is_nil = self.b.slot(SlotTy::I64);
            self.b.emit(Inst::IfaceIsNil {
                dst: Dst(is_nil),
                src: IfaceSrc(error),
            });
            self.b.emit(Inst::BoolNot {
                dst: Dst(failed),
                a: Src(is_nil),
            });
        }
        self.b.jump(exit);
    }

    // ---- errors ----------------------------------------------------------------------------------

    /// `fail e`.
    pub fn fail(&mut self, e: &'a Expr) {
        let error = self.tys().error_type();
        let line = self.b.line();
        let value = self.value_as(e, error, Want::Any).slots;
        self.b.set_line(line);
        self.return_error(&value);
    }

    /// The values of `x?`; the function is left with the error if there is one.
    pub fn try_results(&mut self, e: &'a Expr, x: &'a Expr) -> Vec<(Value, Ty)> {
        if let Some(results) = self.take_hoisted(e) {
            return results;
        }
        let x = x.unparen();
        let mut values = match &x.kind {
            ExprKind::Call { .. } => self.call_results(x, Want::Any),
            ExprKind::Try(inner) => self.try_results(x, inner),
            ExprKind::Dyn { .. } => self.dynamic(x, false),
            _ => {
                let ty = self.type_of(x);
                vec![(self.value(x, Want::Any), ty)]
            }
        };
        let Some((error, _)) = values.pop() else {
            return values;
        };
        self.at_end(e.span);
        let is_nil = self.b.slot(SlotTy::I64);
        self.b.emit(Inst::IfaceIsNil {
            dst: Dst(is_nil),
            src: IfaceSrc(error.slots[0]),
        });
        let (fine, failed) = (self.b.label(), self.b.label());
        self.b.branch(is_nil, fine, failed);
        self.b.bind(failed);
        self.return_error(&error.slots);
        self.b.bind(fine);
        values
    }

    /// Leaves the function with an error: named results keep their values, others are zero.
    fn return_error(&mut self, error: &[Slot]) {
        let named = self.named_results().map(<[_]>::to_vec);
        let types = self.result_types.clone();
        let Some((&error_ty, others)) = types.split_last() else {
            return;
        };
        if let Some(objs) = &named {
            let loc = self.var_loc(objs[objs.len() - 1]);
            self.store(&loc, error_ty, error);
        }
        if let Some(defers) = &self.defers {
            // The others are still as they were at the beginning.
            if let Some(kept) = defers.results.last().cloned() {
                self.b.mov(&kept, error);
            }
            self.leave(Some(error[0]));
            return;
        }
        let values = if named.is_some() {
            self.current_results()
        } else {
            let mut values = Vec::new();
            for ty in others {
                values.extend(self.zero_value(*ty, Want::Any).slots);
            }
            values.extend(error);
            values
        };
        self.b.emit(Inst::Return {
            values: Srcs::from(values),
        });
    }
}
