//! Statements.

use super::check::Checker;
use super::constant::Value;
use super::errors;
use super::expr::Form;
use super::info::{MethodRef, Mode, Target};
use super::operand::Operand;
use super::ty::{Kind, Ty};
use crate::source::Span;
use crate::stack::deeper;
use crate::syntax::ast::{
    BinaryOp, Block, Comm, CommClause, Expr, ExprKind, ForStmt, IfStmt, Stmt, StmtKind,
};

/// What jumps are possible where a statement stands.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Jumps {
    pub(super) breaks: bool,
    pub(super) continues: bool,
    pub(super) falls: Falls,
}

/// Whether `fallthrough` is possible.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Falls {
    /// Not in a clause of a switch, or not its last statement.
    #[default]
    No,
    /// As the last statement of a clause.
    Yes,
    /// Never: in the last clause.
    FinalCase,
    /// Never: in a type switch.
    TypeSwitch,
}

impl Jumps {
    /// What is possible within a nested statement.
    pub(super) fn inner(self) -> Self {
        Jumps {
            falls: Falls::No,
            ..self
        }
    }
}

impl<'a> Checker<'a> {
    /// The statements of a function body, in its scope.
    pub(super) fn block_stmts(&mut self, body: &'a Block) {
        self.stmts(&body.stmts, Jumps::default());
    }

    /// A list of statements; only its last may fall through.
    pub(super) fn stmts(&mut self, list: &'a [Stmt], jumps: Jumps) {
        for (i, stmt) in list.iter().enumerate() {
            let last = i + 1 == list.len();
            let keep = last || jumps.falls != Falls::Yes;
            self.stmt(stmt, if keep { jumps } else { jumps.inner() });
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt, jumps: Jumps) {
        let top = self.delayed.len();
        deeper(|| self.stmt_inner(stmt, jumps));
        self.process_delayed(top);
    }

    fn stmt_inner(&mut self, stmt: &'a Stmt, jumps: Jumps) {
        match &stmt.kind {
            StmtKind::Bad | StmtKind::Empty => {}
            StmtKind::Decl(decl) => self.local_decl(decl),
            StmtKind::Labeled { stmt, .. } => self.stmt(stmt, jumps),
            StmtKind::Expr(e) => self.expr_stmt(e),
            StmtKind::Send { chan, arrow, value } => {
                self.send(chan, *arrow, value);
            }
            StmtKind::IncDec { x, inc, op_span } => self.inc_dec(x, *inc, *op_span),
            StmtKind::Assign {
                lhs,
                op,
                op_span,
                rhs,
            } => self.assign_stmt(lhs, *op, *op_span, rhs),
            StmtKind::Go { island, call } => self.go_stmt(island.as_ref(), call),
            StmtKind::Defer(call) => self.defer_stmt("defer", call),
            StmtKind::ErrDefer(call) => {
                self.require_error_result(stmt.span, "errdefer");
                self.defer_stmt("errdefer", call);
            }
            StmtKind::Fail(value) => {
                self.require_error_result(stmt.span, "fail");
                let mut x = self.expr(value);
                let error = self.tys.error_type();
                self.assignment(&mut x, Some(error), "fail statement");
            }
            StmtKind::Return(values) => self.return_stmt(stmt, values),
            StmtKind::Break(label) => {
                // Labels are checked when the whole body is known.
                if label.is_none() && !jumps.breaks {
                    self.report(errors::misplaced_break(stmt.span));
                }
            }
            StmtKind::Continue(label) => {
                if label.is_none() && !jumps.continues {
                    self.report(errors::misplaced_continue(stmt.span));
                }
            }
            StmtKind::Fallthrough => {
                if jumps.falls != Falls::Yes {
                    self.report(errors::misplaced_fallthrough(stmt.span, jumps.falls));
                }
            }
            StmtKind::Block(block) => self.scoped(|c| c.stmts(&block.stmts, jumps.inner())),
            StmtKind::If(if_stmt) => self.if_stmt(if_stmt, jumps.inner()),
            StmtKind::Switch(switch) => self.scoped(|c| c.switch_stmt(switch, jumps.inner())),
            StmtKind::TypeSwitch(switch) => self.scoped(|c| c.type_switch(switch, jumps.inner())),
            StmtKind::Select(clauses) => self.select_stmt(clauses, jumps.inner()),
            StmtKind::For(for_stmt) => self.scoped(|c| c.for_stmt(for_stmt)),
            StmtKind::Range(range) => self.range_stmt(range),
        }
    }

    pub(super) fn simple_stmt(&mut self, stmt: Option<&'a Stmt>) {
        if let Some(stmt) = stmt {
            self.stmt(stmt, Jumps::default());
        }
    }

    fn expr_stmt(&mut self, e: &'a Expr) {
        let (x, form) = self.raw_expr(e, None);
        let text = || self.text(e);
        let error = match x.mode {
            Mode::Builtin(_) => errors::builtin_not_called(e.span, &text()),
            Mode::Type => errors::type_as_value(e.span, &text()),
            _ if form != Form::Statement => errors::unused_value(e.span, &text()),
            _ => return,
        };
        self.report(error);
    }

    /// `chan <- value`; the type of the channel, if all is well.
    fn send(&mut self, chan: &'a Expr, arrow: Span, value: &'a Expr) -> Option<Ty> {
        let ch = self.expr(chan);
        let mut x = self.expr(value);
        if !ch.is_valid() || !x.is_valid() {
            return None;
        }
        let elem = self.queue_elem(&ch, arrow, false)?;
        self.assignment(&mut x, Some(elem), "send");
        Some(ch.ty)
    }

    fn inc_dec(&mut self, x: &'a Expr, inc: bool, op_span: Span) {
        let operator = if inc { "++" } else { "--" };
        let operand = self.expr(x);
        if !operand.is_valid() {
            return;
        }
        if !self.tys.is_numeric(operand.ty) {
            if !self.tys.underlying(operand.ty).is_invalid() {
                let what = self.describe(&operand);
                self.report(errors::operator_not_defined(op_span, operator, &what));
            }
            return;
        }
        let op = if inc { BinaryOp::Add } else { BinaryOp::Sub };
        self.op_assign(x, op, op_span, one(x.span), x.span.to(op_span));
    }

    // ---- go and defer ----

    fn defer_stmt(&mut self, keyword: &str, call: &'a Expr) {
        if let Some(func) = self.env.func {
            self.info.function_mut(func).has_defer = true;
        }
        self.suspended_call(keyword, call);
    }

    fn go_stmt(&mut self, island: Option<&'a Expr>, call: &'a Expr) {
        if let Some(island) = island {
            let mut x = self.expr(island);
            self.assignment(&mut x, Some(Ty::ISLAND), "go @ statement");
        }
        let call = self.suspended_call("go", call);
        if let (Some(_), Some(call)) = (island, call) {
            // What a literal captures is known when its body has been checked, which was put off before.
            self.later(move |c| c.check_remote_call(call));
        }
    }

    /// Arguments, receiver and captured variables of a call on another island are copied there.
    fn check_remote_call(&mut self, call: &'a Expr) {
        let ExprKind::Call { fun, args, .. } = &call.kind else {
            self.report(errors::remote_dyn_call(call.span));
            return;
        };
        // What is copied are the parameters' values: a `port T` given for a `port<- T` may go.
        let callee = self.info.type_of(fun.id);
        let params = self.tys.as_signature(callee).map(|sig| sig.params.clone());
        for (at, ty) in params.unwrap_or_default().into_iter().enumerate() {
            let span = args.get(at).or(args.last()).unwrap_or(fun).span;
            self.require_sendable(span, ty);
        }
        let fun = fun.unparen();
        match &fun.kind {
            ExprKind::FuncLit { sig, .. } => {
                let captures = self
                    .info
                    .func_lit(fun.id)
                    .map(|func| self.info.function(func).captures.clone());
                for var in captures.unwrap_or_default() {
                    let object = self.info.object(var);
                    let (name, ty) = (object.name.clone(), object.ty);
                    if let Some(why) = self.unsendable(ty) {
                        self.report(errors::unsendable_capture(sig.span, &name, &why));
                    }
                }
            }
            ExprKind::Selector { x, .. } => {
                let selection = self.info.selection(fun.id).cloned();
                match selection.map(|s| (s.target, s.recv)) {
                    Some((Target::Method(MethodRef::Concrete { .. }), recv)) => {
                        self.require_sendable(x.span, recv)
                    }
                    Some((Target::Method(MethodRef::Interface { iface, .. }), _)) => {
                        self.require_sendable(x.span, iface);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn require_sendable(&mut self, span: Span, ty: Ty) {
        if let Some(why) = self.unsendable(ty) {
            let shown = self.show(ty);
            self.report(errors::unsendable(span, &shown, &why));
        }
    }

    // ---- return ----

    fn return_stmt(&mut self, stmt: &'a Stmt, values: &'a [Expr]) {
        let Some(func) = self.env.func else { return };
        let function = self.info.function(func);
        let results = function.results.clone();
        if !values.is_empty() || results.is_empty() || !function.named_results {
            self.return_values(stmt.span, &results, values);
            return;
        }
        for result in results {
            let name = self.info.object(result).name.clone();
            if let Some(other) = self.lookup(&name)
                && other != result
            {
                let inner = self.info.object(other).span;
                self.report(errors::shadowed_result(stmt.span, &name, inner));
            }
        }
    }

    // ---- control flow ----

    fn condition(&mut self, cond: &'a Expr, statement: &str) {
        let mut x = self.expr(cond);
        if !x.is_valid() {
            return;
        }
        if !self.tys.is_boolean(x.ty) {
            let what = self.describe(&x);
            self.report(errors::condition_not_boolean(cond.span, statement, &what));
            return;
        }
        self.assignment(&mut x, None, "condition");
    }

    fn if_stmt(&mut self, stmt: &'a IfStmt, jumps: Jumps) {
        self.scoped(|c| {
            c.simple_stmt(stmt.init.as_ref());
            c.condition(&stmt.cond, "if");
            c.scoped(|c| c.stmts(&stmt.then.stmts, jumps));
            if let Some(els) = &stmt.els {
                c.stmt(els, jumps);
            }
        });
    }

    fn for_stmt(&mut self, stmt: &'a ForStmt) {
        self.simple_stmt(stmt.init.as_ref());
        if let Some(cond) = &stmt.cond {
            self.condition(cond, "for");
        }
        self.simple_stmt(stmt.post.as_ref());
        let jumps = Jumps {
            breaks: true,
            continues: true,
            falls: Falls::No,
        };
        self.scoped(|c| c.stmts(&stmt.body.stmts, jumps));
    }

    fn select_stmt(&mut self, clauses: &'a [CommClause], jumps: Jumps) {
        let jumps = Jumps {
            breaks: true,
            ..jumps
        };
        for clause in clauses {
            self.scoped(|c| {
                let top = c.delayed.len();
                c.comm(&clause.comm);
                c.process_delayed(top);
                c.stmts(&clause.body, jumps);
            });
        }
    }

    fn comm(&mut self, comm: &'a Comm) {
        match comm {
            Comm::Bad | Comm::Default => {}
            Comm::Send { chan, arrow, value } => {
                let ty = self.send(chan, *arrow, value);
                if ty.is_some_and(|ty| matches!(self.tys.under(ty), Kind::Port(..))) {
                    self.report(errors::port_send_in_select(*arrow));
                }
            }
            Comm::Recv { lhs, recv, .. } if lhs.is_empty() => {
                self.expr(recv);
            }
            Comm::Recv { lhs, define, recv } => {
                let op = if *define {
                    crate::syntax::ast::AssignOp::Define
                } else {
                    crate::syntax::ast::AssignOp::Assign
                };
                let op_span = Span {
                    lo: recv.span.lo,
                    ..lhs[0].span
                };
                self.assign_stmt(lhs, op, op_span, std::slice::from_ref(recv));
            }
        }
    }
}

/// The constant that `++` and `--` add and subtract.
fn one<'a>(span: Span) -> Operand<'a> {
    let mut x = Operand::part(span, Ty::UNTYPED_INT);
    x.mode = Mode::Constant;
    x.value = Some(Value::int(1));
    x
}
