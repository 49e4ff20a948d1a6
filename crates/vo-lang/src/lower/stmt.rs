//! Statements.

use vo_bytecode::*;

use super::func::{Lowerer, Value, Want};
use crate::stack::deeper;
use crate::syntax::ast::*;
use crate::types::ty::{Kind, Ty};

impl<'a> Lowerer<'_, 'a> {
    /// The statements of a block.
    pub fn block(&mut self, block: &'a Block) {
        self.stmts(&block.stmts);
    }

    /// Statements in order.
    pub fn stmts(&mut self, list: &'a [Stmt]) {
        for stmt in list {
            self.stmt(stmt, None);
        }
    }

    /// A statement; `label` is the name it has.
    pub fn stmt(&mut self, stmt: &'a Stmt, label: Option<&'a Ident>) {
        if !self.b.reachable() {
            // What it calls must not become part of the program.
            return;
        }
        self.at(stmt.span);
        deeper(|| self.stmt_inner(stmt, label));
    }

    fn stmt_inner(&mut self, stmt: &'a Stmt, label: Option<&'a Ident>) {
        match &stmt.kind {
            StmtKind::Bad | StmtKind::Empty => {}
            StmtKind::Decl(Decl::Var(decl)) => {
                for spec in &decl.specs {
                    self.at(spec.span);
                    self.declare_spec(spec);
                }
            }
            StmtKind::Decl(_) => {}
            StmtKind::Labeled { label, stmt } => self.labeled(label, stmt),
            StmtKind::Expr(e) => self.effect(e),
            StmtKind::Send { chan, value, .. } => self.send(stmt, chan, value),
            StmtKind::IncDec { x, inc, .. } => {
                let op = if *inc { BinaryOp::Add } else { BinaryOp::Sub };
                self.compound(x, op, None);
            }
            StmtKind::Assign { lhs, op, rhs, .. } => self.assignment(lhs, *op, rhs),
            StmtKind::Go { island, call } => self.go(island.as_ref(), call),
            StmtKind::Defer(call) => self.defer(call, false),
            StmtKind::ErrDefer(call) => self.defer(call, true),
            StmtKind::Fail(e) => self.fail(e),
            StmtKind::Return(results) => self.return_stmt(results),
            StmtKind::Break(name) => self.leave_to(name.as_ref(), false),
            StmtKind::Continue(name) => self.leave_to(name.as_ref(), true),
            StmtKind::Fallthrough => {
                if let Some(next) = self.next_case {
                    self.b.jump(next);
                }
            }
            StmtKind::Block(block) => self.block(block),
            StmtKind::If(s) => self.if_stmt(s),
            StmtKind::Switch(s) => self.switch(s, label),
            StmtKind::TypeSwitch(s) => self.type_switch(s, label),
            StmtKind::Select(clauses) => self.select(stmt.span, clauses, label),
            StmtKind::For(s) => self.for_loop(s, label),
            StmtKind::Range(s) => self.range(s, label),
        }
    }

    fn send(&mut self, stmt: &'a Stmt, chan: &'a Expr, value: &'a Expr) {
        let ty = self.type_of(chan);
        let (Kind::Chan(_, elem) | Kind::Port(_, elem)) = *self.tys().under(ty) else {
            return;
        };
        let queue = Src(self.value(chan, Want::Any).slots[0]);
        let vals = Srcs::from(self.owned_as(value, elem, Want::Any).slots);
        self.at(stmt.span);
        self.b.emit(if self.is_port(ty) {
            Inst::PortSend { port: queue, vals }
        } else {
            Inst::ChanSend { chan: queue, vals }
        });
    }

    fn return_stmt(&mut self, results: &'a [Expr]) {
        let types = self.result_types.clone();
        let line = self.b.line();
        if results.is_empty() {
            self.return_named();
            return;
        }
        let mut slots = Vec::new();
        self.calls_first(&results.iter().collect::<Vec<_>>());
        if results.len() == types.len() {
            for (e, ty) in results.iter().zip(&types) {
                let value = self.value_as(e, *ty, Want::Any);
                let value = if self.dies_here(e) {
                    value
                } else {
                    self.owned(value, *ty)
                };
                slots.extend(value.slots);
            }
        } else if let [call] = results {
            for ((value, from), ty) in self.several(call).into_iter().zip(&types) {
                slots.extend(self.assign(value, from, *ty, Want::Any).slots);
            }
        }
        self.b.set_line(line);
        if self.defers.is_some() {
            self.leave_with(&slots);
            return;
        }
        self.store_named_results(&slots, &types);
        self.b.emit(Inst::Return {
            values: Srcs::from(slots),
        });
    }

    /// Closures that a function leaves behind see what it returned in its named results.
    fn store_named_results(&mut self, slots: &[Slot], types: &[Ty]) {
        let Some(id) = self.func else { return };
        let func = self.p.info.function(id);
        if !func.named_results {
            return;
        }
        let mut at = 0;
        for (&obj, &ty) in func.results.iter().zip(types) {
            let count = self.shape(ty).slots.len();
            if self.p.boxed(obj)
                && let Some(values) = slots.get(at..at + count)
            {
                let loc = self.var_loc(obj);
                self.store(&loc, ty, values);
            }
            at += count;
        }
    }

    /// Whether an expression is a variable that nobody can use after this function: its memory may be
    /// given away.
    fn dies_here(&self, e: &Expr) -> bool {
        let Some(ident) = e.unparen().as_ident() else {
            return false;
        };
        let Some(obj) = self.p.info.use_of(ident.id) else {
            return false;
        };
        self.p.info.var(obj).is_some_and(|var| {
            var.owner.is_some() && var.owner == self.func && !var.captured && !var.address_taken
        })
    }

    fn leave_to(&mut self, name: Option<&Ident>, to_continue: bool) {
        let target = self.flow.iter().rev().find_map(|flow| {
            let named = name.is_none_or(|name| flow.name.as_ref() == Some(&name.name));
            match (named, to_continue) {
                (false, _) => None,
                (true, true) => flow.on_continue,
                // A block with a label is left only by that label.
                (true, false) => Some(flow.on_break),
            }
        });
        if let Some(target) = target {
            self.b.jump(target);
        }
    }

    /// Evaluates arguments to values of the types of parameters.
    pub fn arguments(&mut self, args: &'a [Expr], types: &[Ty]) -> Vec<Value> {
        args.iter()
            .zip(types)
            .map(|(arg, ty)| self.owned_as(arg, *ty, Want::Any))
            .collect()
    }
}
