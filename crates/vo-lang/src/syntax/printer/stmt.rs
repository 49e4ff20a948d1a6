//! Printing blocks and statements.

use super::super::ast::{
    AssignOp, Block, CaseClause, Comm, CommClause, Expr, ForStmt, IfStmt, RangeStmt, Stmt,
    StmtKind, SwitchStmt, TypeSwitchStmt,
};
use super::Printer;
use crate::source::Span;

impl Printer<'_> {
    pub(super) fn block(&mut self, block: &Block) {
        self.lines("{", &block.stmts, |s| s.span, Self::stmt, "}", block.span);
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            // A statement that was not understood: an empty block takes its place.
            StmtKind::Bad => self.text("{}"),
            StmtKind::Empty => {}
            StmtKind::Decl(decl) => self.decl(decl),
            StmtKind::Labeled { label, stmt } => {
                self.text(&label.name);
                self.text(":");
                if matches!(stmt.kind, StmtKind::Empty) {
                    // Without it the label would take the next statement.
                    self.text(" ;");
                } else {
                    self.newline();
                    self.stmt(stmt);
                }
            }
            StmtKind::Expr(x) => self.expr(x),
            StmtKind::Send { chan, value, .. } => self.send(chan, value),
            StmtKind::IncDec { x, inc, .. } => {
                self.expr(x);
                self.text(if *inc { "++" } else { "--" });
            }
            StmtKind::Assign { lhs, op, rhs, .. } => self.assign(lhs, *op, rhs),
            StmtKind::Go { island, call } => {
                self.text("go ");
                if let Some(island) = island {
                    self.text("@(");
                    self.expr(island);
                    self.text(") ");
                }
                self.expr(call);
            }
            StmtKind::Defer(call) => self.keyword_expr("defer ", call),
            StmtKind::ErrDefer(call) => self.keyword_expr("errdefer ", call),
            StmtKind::Fail(value) => self.keyword_expr("fail ", value),
            StmtKind::Return(results) => {
                self.text(if results.is_empty() {
                    "return"
                } else {
                    "return "
                });
                self.exprs(results);
            }
            StmtKind::Break(label) => self.branch("break", label.as_ref().map(|l| &*l.name)),
            StmtKind::Continue(label) => self.branch("continue", label.as_ref().map(|l| &*l.name)),
            StmtKind::Fallthrough => self.text("fallthrough"),
            StmtKind::Block(block) => self.block(block),
            StmtKind::If(stmt) => self.if_stmt(stmt),
            StmtKind::Switch(stmt) => self.switch(stmt),
            StmtKind::TypeSwitch(stmt) => self.type_switch(stmt),
            StmtKind::Select(clauses) => {
                self.text("select ");
                self.clauses(clauses, |c| c.span, Self::comm_clause, stmt.span);
            }
            StmtKind::For(stmt) => self.for_stmt(stmt),
            StmtKind::Range(stmt) => self.range(stmt),
        }
    }

    fn keyword_expr(&mut self, keyword: &str, x: &Expr) {
        self.text(keyword);
        self.expr(x);
    }

    fn branch(&mut self, keyword: &str, label: Option<&str>) {
        self.text(keyword);
        if let Some(label) = label {
            self.text(" ");
            self.text(label);
        }
    }

    fn send(&mut self, chan: &Expr, value: &Expr) {
        self.expr(chan);
        self.text(" <- ");
        self.expr(value);
    }

    fn assign(&mut self, lhs: &[Expr], op: AssignOp, rhs: &[Expr]) {
        self.exprs(lhs);
        match op {
            AssignOp::Assign => self.text(" = "),
            AssignOp::Define => self.text(" := "),
            AssignOp::Op(op) => {
                self.text(" ");
                self.text(op.as_str());
                self.text("= ");
            }
        }
        self.exprs(rhs);
    }

    /// `init; ` of a head.
    fn init(&mut self, init: Option<&Stmt>) {
        if let Some(init) = init {
            self.stmt(init);
            self.text("; ");
        }
    }

    fn if_stmt(&mut self, stmt: &IfStmt) {
        self.text("if ");
        self.init(stmt.init.as_ref());
        self.expr(&stmt.cond);
        self.text(" ");
        self.block(&stmt.then);
        if let Some(els) = &stmt.els {
            self.text(" else ");
            self.stmt(els);
        }
    }

    fn for_stmt(&mut self, stmt: &ForStmt) {
        self.text("for ");
        if stmt.init.is_some() || stmt.post.is_some() {
            if let Some(init) = &stmt.init {
                self.stmt(init);
            }
            self.text("; ");
            if let Some(cond) = &stmt.cond {
                self.expr(cond);
            }
            self.text("; ");
            if let Some(post) = &stmt.post {
                self.stmt(post);
                self.text(" ");
            }
        } else if let Some(cond) = &stmt.cond {
            self.expr(cond);
            self.text(" ");
        }
        self.block(&stmt.body);
    }

    fn range(&mut self, stmt: &RangeStmt) {
        self.text("for ");
        if let Some(key) = &stmt.key {
            self.expr(key);
            if let Some(value) = &stmt.value {
                self.text(", ");
                self.expr(value);
            }
            self.text(if stmt.define { " := " } else { " = " });
        }
        self.text("range ");
        self.expr(&stmt.x);
        self.text(" ");
        self.block(&stmt.body);
    }

    fn switch(&mut self, stmt: &SwitchStmt) {
        self.text("switch ");
        self.init(stmt.init.as_ref());
        if let Some(tag) = &stmt.tag {
            self.expr(tag);
            self.text(" ");
        }
        self.clauses(&stmt.cases, |c| c.span, Self::case_clause, stmt.braces);
    }

    fn type_switch(&mut self, stmt: &TypeSwitchStmt) {
        self.text("switch ");
        self.init(stmt.init.as_ref());
        if let Some(binding) = &stmt.binding {
            self.text(&binding.name);
            self.text(" := ");
        }
        self.expr(&stmt.x);
        self.text(".(type) ");
        self.clauses(&stmt.cases, |c| c.span, Self::case_clause, stmt.braces);
    }

    /// Clauses are not indented against their statement, as in Go.
    fn clauses<C>(
        &mut self,
        clauses: &[C],
        span: impl Fn(&C) -> Span,
        print: impl Fn(&mut Self, &C),
        braces: Span,
    ) {
        self.text("{");
        self.newline();
        self.last_line = None;
        for clause in clauses {
            self.begin(span(clause));
            print(self, clause);
        }
        self.comments_before(braces.hi);
        self.text("}");
    }

    fn case_clause(&mut self, clause: &CaseClause) {
        match &clause.exprs {
            Some(exprs) => {
                self.text("case ");
                self.exprs(exprs);
            }
            None => self.text("default"),
        }
        self.clause_body(clause.head, &clause.body);
    }

    fn comm_clause(&mut self, clause: &CommClause) {
        match &clause.comm {
            Comm::Bad => self.text("case <-_"),
            Comm::Default => self.text("default"),
            Comm::Send { chan, value, .. } => {
                self.text("case ");
                self.send(chan, value);
            }
            Comm::Recv { lhs, define, recv } => {
                self.text("case ");
                if !lhs.is_empty() {
                    self.exprs(lhs);
                    self.text(if *define { " := " } else { " = " });
                }
                self.expr(recv);
            }
        }
        self.clause_body(clause.head, &clause.body);
    }

    fn clause_body(&mut self, head: Span, body: &[Stmt]) {
        self.text(":");
        self.end(head);
        self.indent += 1;
        for stmt in body {
            self.begin(stmt.span);
            self.stmt(stmt);
            self.end(stmt.span);
        }
        self.indent -= 1;
    }
}
