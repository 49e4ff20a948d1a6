//! Terminating statements: whether a function with results can reach its end.

use super::check::Checker;
use crate::stack::deeper;
use crate::syntax::ast::{Block, Ident, Stmt, StmtKind};

impl<'a> Checker<'a> {
    /// Whether a block never reaches its end.
    pub(super) fn terminates_block(&self, block: &'a Block) -> bool {
        self.terminates_list(&block.stmts)
    }

    fn terminates_list(&self, stmts: &'a [Stmt]) -> bool {
        let last = stmts
            .iter()
            .rev()
            .find(|stmt| !matches!(stmt.kind, StmtKind::Empty));
        last.is_some_and(|stmt| deeper(|| self.terminates(stmt, None)))
    }

    /// Whether the statement, with the given label, is terminating.
    fn terminates(&self, stmt: &'a Stmt, label: Option<&'a Ident>) -> bool {
        match &stmt.kind {
            StmtKind::Return(_) | StmtKind::Fail(_) | StmtKind::Bad => true,
            StmtKind::Expr(e) => self.panics.contains(&e.unparen().id),
            StmtKind::Labeled { label, stmt } => deeper(|| self.terminates(stmt, Some(label))),
            StmtKind::Block(block) => self.terminates_block(block),
            StmtKind::If(s) => {
                let els = s.els.as_ref();
                self.terminates_block(&s.then)
                    && els.is_some_and(|els| deeper(|| self.terminates(els, None)))
            }
            StmtKind::Switch(s) => self.terminates_clauses(&s.cases, label),
            StmtKind::TypeSwitch(s) => self.terminates_clauses(&s.cases, label),
            StmtKind::Select(clauses) => clauses.iter().all(|clause| {
                self.terminates_list(&clause.body) && !breaks_list(&clause.body, label, true)
            }),
            StmtKind::For(s) => s.cond.is_none() && !breaks_list(&s.body.stmts, label, true),
            _ => false,
        }
    }

    fn terminates_clauses(
        &self,
        cases: &'a [crate::syntax::ast::CaseClause],
        label: Option<&'a Ident>,
    ) -> bool {
        let falls = |body: &[Stmt]| {
            matches!(
                body.last(),
                Some(Stmt {
                    kind: StmtKind::Fallthrough,
                    ..
                })
            )
        };
        cases.iter().any(|clause| clause.exprs.is_none())
            && cases.iter().all(|clause| {
                (self.terminates_list(&clause.body) || falls(&clause.body))
                    && !breaks_list(&clause.body, label, true)
            })
    }
}

/// Whether statements contain a `break` that leaves the statement around them: one without a label if
/// `implicit`, or one with its label.
fn breaks_list(stmts: &[Stmt], label: Option<&Ident>, implicit: bool) -> bool {
    stmts
        .iter()
        .any(|stmt| deeper(|| breaks(stmt, label, implicit)))
}

fn breaks(stmt: &Stmt, label: Option<&Ident>, implicit: bool) -> bool {
    match &stmt.kind {
        StmtKind::Break(None) => implicit,
        StmtKind::Break(Some(name)) => label.is_some_and(|label| label.name == name.name),
        StmtKind::Labeled { stmt, .. } => deeper(|| breaks(stmt, label, implicit)),
        StmtKind::Block(block) => breaks_list(&block.stmts, label, implicit),
        StmtKind::If(s) => {
            breaks_list(&s.then.stmts, label, implicit)
                || s.els
                    .as_ref()
                    .is_some_and(|els| deeper(|| breaks(els, label, implicit)))
        }
        // A break without label belongs to these statements themselves.
        StmtKind::Switch(s) => s.cases.iter().any(|c| breaks_list(&c.body, label, false)),
        StmtKind::TypeSwitch(s) => s.cases.iter().any(|c| breaks_list(&c.body, label, false)),
        StmtKind::Select(clauses) => clauses.iter().any(|c| breaks_list(&c.body, label, false)),
        StmtKind::For(s) => breaks_list(&s.body.stmts, label, false),
        StmtKind::Range(s) => breaks_list(&s.body.stmts, label, false),
        _ => false,
    }
}
