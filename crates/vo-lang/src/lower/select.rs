//! `select`.

use vo_bytecode::*;

use super::func::{Lowerer, Value, Want};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::types::ty::{Kind, Ty};

/// A case, its operands evaluated.
enum Case {
    Send {
        chan: Slot,
        vals: Vec<Slot>,
    },
    Recv {
        chan: Slot,
        vals: Vec<Slot>,
        ok: Option<Slot>,
        elem: Ty,
    },
}

impl<'a> Lowerer<'_, 'a> {
    /// A `select` statement.
    pub fn select(&mut self, span: Span, clauses: &'a [CommClause], label: Option<&Ident>) {
        let mut cases: Vec<(&'a CommClause, Case)> = Vec::new();
        for clause in clauses {
            self.at(clause.span);
            match &clause.comm {
                Comm::Bad | Comm::Default => {}
                Comm::Send { chan, value, .. } => {
                    let Some(case) = self.send_case(chan, value) else {
                        return;
                    };
                    cases.push((clause, case));
                }
                Comm::Recv { lhs, recv, .. } => {
                    let Some(case) = self.recv_case(lhs.len() > 1, recv) else {
                        return;
                    };
                    cases.push((clause, case));
                }
            }
        }
        self.at(span);
        let default = clauses.iter().find(|c| matches!(c.comm, Comm::Default));
        self.b.emit(Inst::SelectBegin {
            cases: cases.len() as i64,
            has_default: default.is_some(),
        });
        for (_, case) in &cases {
            self.b.emit(match case {
                Case::Send { chan, vals } => Inst::SelectSend {
                    chan: Src(*chan),
                    vals: Srcs::from(vals.iter().copied()),
                },
                Case::Recv { chan, vals, ok, .. } => Inst::SelectRecv {
                    vals: Dsts::from(vals.iter().copied()),
                    ok: OptDst(*ok),
                    chan: Src(*chan),
                },
            });
        }
        let index = self.b.slot(SlotTy::I64);
        self.b.emit(Inst::SelectExec { index: Dst(index) });
        self.dispatch(index, &cases, default, label);
    }

    fn send_case(&mut self, chan: &'a Expr, value: &'a Expr) -> Option<Case> {
        let elem = self.chan_elem(chan)?;
        let chan = self.operand(chan);
        let value = self.owned_as(value, elem, Want::Any);
        // Operands of later cases may assign to the variables that these slots are.
        let vals = value.slots;
        Some(Case::Send { chan, vals })
    }

    fn recv_case(&mut self, with_ok: bool, recv: &'a Expr) -> Option<Case> {
        let ExprKind::Unary {
            op: UnaryOp::Recv,
            x,
            ..
        } = &recv.unparen().kind
        else {
            return None;
        };
        let elem = self.chan_elem(x)?;
        let chan = self.operand(x);
        let vals = self.temp(elem);
        let ok = with_ok.then(|| self.b.slot(SlotTy::I64));
        Some(Case::Recv {
            chan,
            vals,
            ok,
            elem,
        })
    }

    fn chan_elem(&mut self, chan: &'a Expr) -> Option<Ty> {
        let ty = self.type_of(chan);
        match *self.tys().under(ty) {
            Kind::Chan(_, elem) | Kind::Port(_, elem) => Some(elem),
            _ => None,
        }
    }

    fn operand(&mut self, e: &'a Expr) -> Slot {
        self.value(e, Want::Any).slots[0]
    }

    /// Goes on with the body of the chosen case.
    fn dispatch(
        &mut self,
        index: Slot,
        cases: &[(&'a CommClause, Case)],
        default: Option<&'a CommClause>,
        label: Option<&Ident>,
    ) {
        let done = self.b.label();
        self.enter(label, done, None);
        // The last clause needs no test; the default is tried first, its index is -1.
        let last = cases.len().checked_sub(1);
        if let Some(default) = default {
            let (body, next) = (self.b.label(), self.b.label());
            if last.is_some() {
                let zero = self.b.int(0);
                let test = self.b.cmp(CmpOp::Lt, IntKind::I64, index, zero);
                self.b.branch(test, body, next);
            } else {
                self.b.jump(body);
            }
            self.b.bind(body);
            self.stmts(&default.body);
            self.b.jump(done);
            self.b.bind(next);
        } else if last.is_none() {
            // `select {}` never goes on.
            let forever = self.b.label();
            self.b.bind(forever);
            self.b.jump(forever);
        }
        for (number, (clause, case)) in cases.iter().enumerate() {
            let (body, next) = (self.b.label(), self.b.label());
            if Some(number) == last {
                self.b.jump(body);
            } else {
                let number = self.b.int(number as i64);
                let test = self.b.cmp(CmpOp::Eq, IntKind::I64, index, number);
                self.b.branch(test, body, next);
            }
            self.b.bind(body);
            self.at(clause.span);
            self.receive_targets(clause, case);
            self.stmts(&clause.body);
            self.b.jump(done);
            self.b.bind(next);
        }
        self.exit();
        self.b.bind(done);
    }

    /// Assigns what the chosen case received.
    fn receive_targets(&mut self, clause: &'a CommClause, case: &Case) {
        let (Comm::Recv { lhs, define, .. }, Case::Recv { vals, ok, elem, .. }) =
            (&clause.comm, case)
        else {
            return;
        };
        if !lhs.is_empty() {
            self.not_null(vals, *elem);
        }
        let received = Value::fresh(vals.clone());
        let values = [(received, *elem)]
            .into_iter()
            .chain(ok.map(|ok| (Value::one(ok), Ty::BOOL)));
        for (target, (value, from)) in lhs.iter().zip(values) {
            if *define {
                if let Some(obj) = target
                    .as_ident()
                    .and_then(|ident| self.p.info.def(ident.id))
                {
                    self.declare_value(obj, value);
                }
                continue;
            }
            let place = self.place(target);
            let to = match &place {
                super::assign::Place::At(_, ty) => *ty,
                super::assign::Place::Entry { value, .. } => *value,
                super::assign::Place::Blank => from,
            };
            let value = self.assign(value, from, to, Want::Any);
            self.put(&place, value);
        }
    }
}
