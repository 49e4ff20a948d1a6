//! `if`, `for`, `switch`, type switches and labels.

use vo_bytecode::*;

use super::builder::Label;
use super::func::{Flow, Home, INT, Lowerer, Value, Want};
use super::place::Loc;
use crate::syntax::ast::*;
use crate::types::info::{Mode, ObjId};
use crate::types::ty::Ty;

/// A switch on integer constants becomes a jump table from so many on …
const MIN_TABLE: usize = 5;
/// … if the table is at most so many times longer than the number of constants.
const MAX_SPARSENESS: i64 = 3;
/// A loop that counts from at most so much …
const MAX_START: i64 = 1 << 32;
/// … in steps of at most so much would run for ages before its variable could overflow.
const MAX_STEP: i64 = 1 << 10;

impl<'a> Lowerer<'_, 'a> {
    /// A statement with a label.
    pub fn labeled(&mut self, label: &'a Ident, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::For(_)
            | StmtKind::Range(_)
            | StmtKind::Switch(_)
            | StmtKind::TypeSwitch(_)
            | StmtKind::Select(_) => self.stmt(stmt, Some(label)),
            _ => self.stmt(stmt, None),
        }
    }

    /// Enters a statement that `break`, and for loops `continue`, can leave.
    pub fn enter(&mut self, label: Option<&Ident>, on_break: Label, on_continue: Option<Label>) {
        let name = label.map(|label| label.name.clone());
        self.flow.push(Flow {
            name,
            on_break,
            on_continue,
        });
    }

    /// The end of such a statement.
    pub fn exit(&mut self) {
        self.flow.pop();
    }

    /// An `if` statement.
    pub fn if_stmt(&mut self, s: &'a IfStmt) {
        if let Some(init) = &s.init {
            self.stmt(init, None);
        }
        let (then, els, done) = (self.b.label(), self.b.label(), self.b.label());
        self.at(s.cond.span);
        self.condition(&s.cond, then, els);
        self.b.bind(then);
        self.block(&s.then);
        if let Some(rest) = &s.els {
            self.b.jump(done);
            self.b.bind(els);
            self.stmt(rest, None);
        } else {
            self.b.bind(els);
        }
        self.b.bind(done);
    }

    /// A `for` with a condition or a full clause.
    pub fn for_loop(&mut self, s: &'a ForStmt, label: Option<&Ident>) {
        if let Some(init) = &s.init {
            self.stmt(init, None);
        }
        let vars = self.loop_vars(s);
        let (head, body, next, done) = (
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
        );
        self.b.bind(head);
        self.note_counters(s);
        if let Some(cond) = &s.cond {
            self.at(cond.span);
            self.condition(cond, body, done);
        }
        self.b.bind(body);
        self.enter(label, done, Some(next));
        self.block(&s.body);
        self.exit();
        self.b.bind(next);
        for (obj, slot) in vars {
            self.next_box(obj, slot);
        }
        if let Some(post) = &s.post {
            self.stmt(post, None);
        }
        self.b.jump(head);
        self.b.bind(done);
    }

    /// Notes the variables of a loop that only count up from zero or more: they are never negative.
    fn note_counters(&mut self, s: &'a ForStmt) {
        let (Some(init), Some(post)) = (&s.init, &s.post) else {
            return;
        };
        let StmtKind::Assign {
            lhs,
            op: AssignOp::Define,
            rhs,
            ..
        } = &init.kind
        else {
            return;
        };
        let counted = match &post.kind {
            StmtKind::IncDec { x, inc: true, .. } => x,
            StmtKind::Assign {
                lhs,
                op: AssignOp::Op(BinaryOp::Add),
                rhs,
                ..
            } if self.is_small(&rhs[0], MAX_STEP) => &lhs[0],
            _ => return,
        };
        let Some(obj) = counted
            .as_ident()
            .and_then(|ident| self.p.info.use_of(ident.id))
        else {
            return;
        };
        let start = lhs.iter().zip(rhs).find_map(|(target, value)| {
            let declared = target
                .as_ident()
                .and_then(|ident| self.p.info.def(ident.id));
            (declared == Some(obj)).then_some(value)
        });
        let is_int = self.int_kind(self.p.info.object(obj).ty) == Some(INT);
        if is_int
            && lhs.len() == rhs.len()
            && start.is_some_and(|start| self.is_count(start))
            && !self.p.assigned.contains(&obj)
            && let Some(Home::Slots(slots)) = self.homes.get(&obj)
        {
            self.b.pin(slots);
            self.counting.insert(obj);
        }
    }

    /// Whether an expression is a constant from 0 to `most`.
    fn is_small(&self, e: &Expr, most: i64) -> bool {
        let value = self.p.info.const_value(e.id).and_then(|v| v.as_i64());
        value.is_some_and(|value| (0..=most).contains(&value))
    }

    /// Whether an expression is an integer from 0 on that is far from the largest one.
    fn is_count(&self, e: &Expr) -> bool {
        match &e.unparen().kind {
            _ if self.p.info.const_value(e.id).is_some() => self.is_small(e, MAX_START),
            ExprKind::Ident(_) => self.is_counter(e),
            ExprKind::Binary {
                op: BinaryOp::Add,
                x,
                y,
                ..
            } => self.is_counter(x) && self.is_small(y, MAX_STEP),
            _ => false,
        }
    }

    /// Whether an expression is a variable that only counts up from zero or more.
    pub fn is_counter(&self, e: &Expr) -> bool {
        let obj = e
            .unparen()
            .as_ident()
            .and_then(|ident| self.p.info.use_of(ident.id));
        obj.is_some_and(|obj| self.counting.contains(&obj))
    }

    /// The variables of a loop that need a new object for each iteration.
    fn loop_vars(&mut self, s: &'a ForStmt) -> Vec<(ObjId, Slot)> {
        let Some(Stmt {
            kind:
                StmtKind::Assign {
                    lhs,
                    op: AssignOp::Define,
                    ..
                },
            ..
        }) = &s.init
        else {
            return Vec::new();
        };
        let mut vars = Vec::new();
        for e in lhs {
            let Some(obj) = e.as_ident().and_then(|ident| self.p.info.def(ident.id)) else {
                continue;
            };
            let shared = self
                .p
                .info
                .var(obj)
                .is_some_and(|var| var.captured || var.address_taken);
            if let Some(slot) = self.box_of(obj)
                && shared
            {
                vars.push((obj, slot));
            }
        }
        vars
    }

    /// The next iteration's own variable, with the value that the last one left.
    fn next_box(&mut self, obj: ObjId, slot: Slot) {
        let ty = self.p.info.object(obj).ty;
        let shape = self.shape(ty);
        let object = self.b.new_object(shape.id);
        let size = shape.size as i64;
        self.b.emit(Inst::MemCopy {
            dst: Src(object),
            src: Src(slot),
            size,
        });
        self.b.mov(&[slot], &[object]);
    }

    // ---- switch ----------------------------------------------------------------------------------

    /// An expression switch.
    pub fn switch(&mut self, s: &'a SwitchStmt, label: Option<&Ident>) {
        if let Some(init) = &s.init {
            self.stmt(init, None);
        }
        let done = self.b.label();
        let bodies: Vec<Label> = s.cases.iter().map(|_| self.b.label()).collect();
        let default = s
            .cases
            .iter()
            .position(|c| c.exprs.is_none())
            .map_or(done, |at| bodies[at]);
        match &s.tag {
            None => {
                for (case, body) in s.cases.iter().zip(&bodies) {
                    for e in case.exprs.iter().flatten() {
                        let next = self.b.label();
                        self.at(e.span);
                        self.condition(e, *body, next);
                        self.b.bind(next);
                    }
                }
                self.b.jump(default);
            }
            Some(tag) => self.switch_tag(tag, &s.cases, &bodies, default),
        }
        self.enter(label, done, None);
        let outer = self.next_case.take();
        for (at, case) in s.cases.iter().enumerate() {
            self.b.bind(bodies[at]);
            self.next_case = bodies.get(at + 1).copied();
            self.stmts(&case.body);
            self.b.jump(done);
        }
        self.next_case = outer;
        self.exit();
        self.b.bind(done);
    }

    fn switch_tag(
        &mut self,
        tag: &'a Expr,
        cases: &'a [CaseClause],
        bodies: &[Label],
        default: Label,
    ) {
        self.at(tag.span);
        let ty = self.tys().default_type(self.type_of(tag));
        let value = self.value_as(tag, ty, Want::Any);
        if self.jump_table(ty, value.slots.first().copied(), cases, bodies, default) {
            return;
        }
        for (case, body) in cases.iter().zip(bodies) {
            for e in case.exprs.iter().flatten() {
                self.at(e.span);
                let next = self.b.label();
                self.case_test(&value, ty, e, *body, next);
                self.b.bind(next);
            }
        }
        self.b.jump(default);
    }

    fn case_test(&mut self, tag: &Value, ty: Ty, e: &'a Expr, body: Label, next: Label) {
        let case_ty = self.type_of(e);
        let nil = self
            .p
            .info
            .type_and_mode(e.id)
            .is_some_and(|tm| tm.mode == Mode::Nil);
        if nil && !self.tys().is_interface(ty) {
            let null = self.b.is_null(tag.slots[0]);
            self.b.branch(null, body, next);
        } else if self.tys().is_interface(case_ty) && !self.tys().is_interface(ty) {
            let tag = self.make_interface(tag.clone(), ty, Want::Any);
            let value = self.value(e, Want::Any);
            self.branch_equal(case_ty, &tag.slots, &value.slots, body, next);
        } else {
            let value = self.value_as(e, ty, Want::Any);
            self.branch_equal(ty, &tag.slots, &value.slots, body, next);
        }
    }

    /// Jumps by a table if all cases are integer constants close together; whether it did.
    fn jump_table(
        &mut self,
        ty: Ty,
        tag: Option<Slot>,
        cases: &[CaseClause],
        bodies: &[Label],
        default: Label,
    ) -> bool {
        let (Some(tag), Some(_)) = (tag, self.int_kind(ty)) else {
            return false;
        };
        let mut entries = Vec::new();
        for (case, body) in cases.iter().zip(bodies) {
            for e in case.exprs.iter().flatten() {
                match self.p.info.const_value(e.id).and_then(|v| v.as_i64()) {
                    Some(value) => entries.push((value, *body)),
                    None => return false,
                }
            }
        }
        let (Some(&(least, _)), Some(&(most, _))) = (
            entries.iter().min_by_key(|e| e.0),
            entries.iter().max_by_key(|e| e.0),
        ) else {
            return false;
        };
        let room = MAX_SPARSENESS.saturating_mul(entries.len() as i64);
        let Some(span) = most.checked_sub(least).filter(|span| *span < room) else {
            return false;
        };
        if entries.len() < MIN_TABLE {
            return false;
        }
        let mut targets = vec![default; span as usize + 1];
        // The first of equal cases counts.
        for (value, body) in entries.into_iter().rev() {
            targets[(value - least) as usize] = body;
        }
        let index = if least == 0 {
            tag
        } else {
            let least = self.b.int(least);
            self.b.bin(BinOp::Sub, INT, tag, least)
        };
        self.b.switch(index, &targets, default);
        true
    }

    /// A type switch.
    pub fn type_switch(&mut self, s: &'a TypeSwitchStmt, label: Option<&Ident>) {
        if let Some(init) = &s.init {
            self.stmt(init, None);
        }
        self.at(s.x.span);
        let operand_ty = self.type_of(&s.x);
        let value = self.value(&s.x, Want::Any).slots;
        // Bodies may assign to the variable that was looked at.
        let iface = self.b.copy(&value)[0];
        let done = self.b.label();
        let bodies: Vec<Label> = s.cases.iter().map(|_| self.b.label()).collect();
        let default = s
            .cases
            .iter()
            .position(|c| c.exprs.is_none())
            .map_or(done, |at| bodies[at]);
        for (case, body) in s.cases.iter().zip(&bodies) {
            for e in case.exprs.iter().flatten() {
                let next = self.b.label();
                self.case_type(e, iface, *body, next);
                self.b.bind(next);
            }
        }
        self.b.jump(default);
        self.enter(label, done, None);
        for (case, body) in s.cases.iter().zip(bodies) {
            self.b.bind(body);
            if !self.b.reachable() {
                continue;
            }
            if let Some(obj) = self.p.info.implicit(case.id) {
                let ty = self.p.info.object(obj).ty;
                let value = if ty == operand_ty || self.tys().is_interface(ty) {
                    Value {
                        slots: vec![iface, iface.next()],
                        fresh: false,
                    }
                } else {
                    self.unpack(iface, ty, Want::Any)
                };
                self.declare_value(obj, value);
            }
            self.stmts(&case.body);
            self.b.jump(done);
        }
        self.exit();
        self.b.bind(done);
    }

    fn case_type(&mut self, e: &Expr, iface: Slot, yes: Label, no: Label) {
        let tm = self.p.info.type_and_mode(e.id);
        if tm.is_some_and(|tm| tm.mode == Mode::Nil) {
            let dst = self.b.slot(SlotTy::I64);
            self.b.emit(Inst::IfaceIsNil {
                dst: Dst(dst),
                src: IfaceSrc(iface),
            });
            self.b.branch(dst, yes, no);
            return;
        }
        self.branch_type(iface, self.type_of(e), yes, no);
    }

    /// A variable of a loop that is declared anew for each iteration, set to a value.
    pub fn iteration_var(&mut self, obj: ObjId, value: Value) {
        let reassigned = self.p.info.var(obj).is_some_and(|var| var.reassigned);
        if self.is_boxed(obj) || reassigned {
            self.declare_value(obj, value);
            return;
        }
        if &*self.p.info.object(obj).name == "_" {
            return;
        }
        self.name_slots(obj, &value.slots);
        self.homes.insert(obj, Home::Slots(value.slots));
    }

    /// The place of an iteration value in memory that is known to be there.
    pub fn element(&mut self, base: Slot, index: Slot, elem: Ty) -> Value {
        let size = self.shape(elem).size as i64;
        let loc = Loc::Element {
            base,
            index,
            size,
            off: 0,
            len: None,
        };
        self.load(&loc, elem, Want::Any)
    }
}
