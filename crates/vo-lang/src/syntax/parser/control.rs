//! Control statements: `if`, `for`, `switch`, `select`.

use super::super::ast::{
    AssignOp, CaseClause, Comm, CommClause, Expr, ExprKind, ForStmt, Ident, IfStmt, RangeStmt,
    Stmt, StmtKind, SwitchStmt, TypeSwitchStmt, UnaryOp,
};
use super::super::errors;
use super::super::token::Tok;
use super::stmt::{Place, RangeHead, Simple};
use super::{PResult, Parser, Reported};
use crate::source::Span;

/// What stands between `for` and its body.
enum ForHead {
    Range(RangeHead),
    Clause(Box<ForClause>),
}

/// `init; cond; post`, any of them left out.
#[derive(Default)]
struct ForClause {
    init: Option<Stmt>,
    cond: Option<Expr>,
    post: Option<Stmt>,
}

/// What stands between `switch` and its clauses.
enum SwitchHead {
    Value(Option<Expr>),
    Type { binding: Option<Ident>, x: Expr },
}

impl Parser<'_> {
    /// Parses the head of a statement up to its `{`. If it fails, the body is parsed for the errors in it.
    fn head<T>(
        &mut self,
        what: &str,
        guard_allowed: bool,
        parse: impl FnOnce(&mut Self) -> PResult<T>,
    ) -> PResult<T> {
        let outer_guard = self.guard.take();
        let result = self.with_context(true, guard_allowed, |p| {
            let head = parse(p)?;
            if p.at(Tok::Newline) && p.peek(1) == Tok::LBrace {
                p.report(errors::brace_on_next_line(p.span(), what));
                p.bump();
            }
            if p.at(Tok::LBrace) {
                Ok(head)
            } else {
                Err(p.expected("`{`"))
            }
        });
        self.guard = outer_guard;
        if result.is_err() {
            self.parse_body_after_error();
        }
        result
    }

    /// A simple statement in a head, where there are no labels and no ranges.
    fn plain(&mut self) -> PResult<Stmt> {
        match self.simple(Place::Plain)? {
            Simple::Stmt(stmt) => Ok(stmt),
            Simple::Label(_) | Simple::Range(_) => Err(self.expected("a statement")),
        }
    }

    /// The expression that a simple statement in the place of a condition or tag is.
    fn value(&mut self, stmt: Stmt) -> Expr {
        let span = stmt.span;
        match stmt.kind {
            StmtKind::Expr(x) => return x,
            StmtKind::Assign {
                op: AssignOp::Assign,
                ..
            } => self.report(errors::assign_as_condition(span)),
            StmtKind::Assign { .. } => {
                self.report(errors::statement_as_value(span, "an assignment"))
            }
            StmtKind::Send { .. } => self.report(errors::statement_as_value(span, "a send")),
            _ => self.report(errors::statement_as_value(span, "this statement")),
        }
        self.bad_expr(span)
    }

    pub(super) fn if_stmt(&mut self) -> PResult<IfStmt> {
        let keyword = self.bump();
        let (init, cond) = self.head("`if`", false, |p| {
            if p.at(Tok::LBrace) {
                p.report(errors::missing_condition(keyword, "an `if`"));
                return Ok((None, p.bad_expr(keyword.end())));
            }
            let mut init = None;
            let mut cond = None;
            if !p.at(Tok::Semi) {
                cond = Some(p.plain()?);
            }
            if p.at(Tok::Semi) {
                let semi = p.bump();
                init = cond.take();
                if p.at(Tok::LBrace) {
                    p.report(errors::missing_condition(semi, "an `if`"));
                    return Ok((init, p.bad_expr(semi)));
                }
                cond = Some(p.plain()?);
            }
            match cond {
                Some(cond) => Ok((init, p.value(cond))),
                None => Err(p.expected("a condition")),
            }
        })?;
        let then = self.body()?;
        self.no_second_block()?;
        let mut els = None;
        if self.eat(Tok::Else).is_some() {
            let lo = self.span();
            let kind = match self.tok() {
                Tok::If => StmtKind::If(Box::new(self.nested(Self::if_stmt)?)),
                Tok::LBrace => StmtKind::Block(self.body()?),
                _ => return Err(self.expected("`if` or `{` after `else`")),
            };
            els = Some(self.stmt_node(lo, kind));
        }
        Ok(IfStmt {
            init,
            cond,
            then,
            els,
        })
    }

    /// A `{` right behind a body: the body was meant as a composite literal.
    fn no_second_block(&mut self) -> PResult<()> {
        if self.at(Tok::LBrace) {
            Err(self.error(errors::literal_needs_parens(self.span())))
        } else {
            Ok(())
        }
    }

    pub(super) fn for_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        let head = self.head("`for`", false, Self::for_head)?;
        let body = self.body()?;
        self.no_second_block()?;
        Ok(match head {
            ForHead::Clause(clause) => {
                let ForClause { init, cond, post } = *clause;
                StmtKind::For(Box::new(ForStmt {
                    init,
                    cond,
                    post,
                    body,
                }))
            }
            ForHead::Range(RangeHead {
                lhs,
                define,
                range_span,
                x,
            }) => {
                let mut lhs = lhs.into_iter();
                let (key, value) = (lhs.next(), lhs.next());
                StmtKind::Range(Box::new(RangeStmt {
                    key,
                    value,
                    define,
                    range_span,
                    x,
                    body,
                }))
            }
        })
    }

    fn for_head(&mut self) -> PResult<ForHead> {
        let mut clause = Box::new(ForClause::default());
        if self.at(Tok::LBrace) {
            return Ok(ForHead::Clause(clause));
        }
        if !self.at(Tok::Semi) {
            match self.simple(Place::ForHead)? {
                Simple::Range(head) => return Ok(ForHead::Range(head)),
                Simple::Stmt(stmt) if self.at(Tok::Semi) => clause.init = Some(stmt),
                Simple::Stmt(stmt) => {
                    clause.cond = Some(self.value(stmt));
                    return Ok(ForHead::Clause(clause));
                }
                Simple::Label(_) => return Err(self.expected("a statement")),
            }
        }
        self.bump();
        if !self.at(Tok::Semi) {
            if self.at(Tok::LBrace) {
                return Err(self.expected("a condition and `;`"));
            }
            let stmt = self.plain()?;
            clause.cond = Some(self.value(stmt));
        }
        self.expect(Tok::Semi, "`;` behind the condition of the loop")?;
        if !self.at(Tok::LBrace) {
            let stmt = self.plain()?;
            if let StmtKind::Assign {
                op: AssignOp::Define,
                op_span,
                ..
            } = &stmt.kind
            {
                self.report(errors::define_in_post(*op_span));
            }
            clause.post = Some(stmt);
        }
        Ok(ForHead::Clause(clause))
    }

    pub(super) fn switch_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        let (init, head) = self.head("`switch`", true, Self::switch_head)?;
        let (cases, braces) = self.clauses(Self::case_clause)?;
        self.no_second_block()?;
        Ok(match head {
            SwitchHead::Value(tag) => StmtKind::Switch(Box::new(SwitchStmt {
                init,
                tag,
                cases,
                braces,
            })),
            SwitchHead::Type { binding, x } => StmtKind::TypeSwitch(Box::new(TypeSwitchStmt {
                init,
                binding,
                x,
                cases,
                braces,
            })),
        })
    }

    fn switch_head(&mut self) -> PResult<(Option<Stmt>, SwitchHead)> {
        let mut init = None;
        let mut tag = None;
        if !self.at(Tok::LBrace) && !self.at(Tok::Semi) {
            tag = Some(self.plain()?);
        }
        if self.at(Tok::Semi) {
            self.bump();
            if let Some((_, guard)) = self.guard {
                return Err(self.error(errors::misplaced_type_guard(guard)));
            }
            init = tag.take();
            if !self.at(Tok::LBrace) {
                tag = Some(self.plain()?);
            }
        }
        let Some(tag) = tag else {
            return Ok((init, SwitchHead::Value(None)));
        };
        match self.guard {
            None => Ok((init, SwitchHead::Value(Some(self.value(tag))))),
            Some((id, guard)) => match type_switch_operand(tag, id) {
                Some((binding, x)) => Ok((init, SwitchHead::Type { binding, x })),
                None => Err(self.error(errors::misplaced_type_guard(guard))),
            },
        }
    }

    /// The clauses of a switch or select, in braces.
    fn clauses<C: Clause>(
        &mut self,
        mut clause: impl FnMut(&mut Self) -> PResult<C>,
    ) -> PResult<(Vec<C>, Span)> {
        let open = self.pos;
        let lo = self.expect(Tok::LBrace, "`{`")?;
        self.blocks.push(open);
        let result = self.in_brackets(|p| {
            let mut clauses: Vec<C> = Vec::new();
            let mut default: Option<Span> = None;
            loop {
                while p.tok().is_semi() {
                    p.bump();
                }
                if p.at(Tok::RBrace) {
                    return Ok(clauses);
                }
                if p.at(Tok::Eof) {
                    let _ = p.expected_closer(open, "");
                    return Err(p.give_up_blocks());
                }
                let start = p.pos;
                match p.nested(&mut clause) {
                    Ok(clause) => {
                        if clause.is_default() {
                            match default {
                                Some(first) => {
                                    p.report(errors::second_default(clause.head(), first))
                                }
                                None => default = Some(clause.head()),
                            }
                        }
                        clauses.push(clause);
                    }
                    Err(Reported) if p.unclosed => return Err(Reported),
                    Err(Reported) => {
                        p.recover(start, Tok::RBrace);
                        // The statements of a clause with a wrong head are parsed for the errors in them.
                        drop(p.statements());
                        if p.unclosed {
                            return Err(Reported);
                        }
                    }
                }
            }
        });
        self.blocks.pop();
        let clauses = result?;
        let hi = self.bump();
        Ok((clauses, lo.to(hi)))
    }

    /// The colon of a clause and its statements.
    fn clause_body(&mut self, lo: Span) -> PResult<(Span, Vec<Stmt>)> {
        let colon = self.expect(Tok::Colon, "`:`")?;
        let body = self.statements();
        if self.unclosed {
            Err(Reported)
        } else {
            Ok((lo.to(colon), body))
        }
    }

    fn case_clause(&mut self) -> PResult<CaseClause> {
        let lo = self.span();
        let exprs = match self.tok() {
            Tok::Case => {
                self.bump();
                Some(self.expression_list()?)
            }
            Tok::Default => {
                self.bump();
                None
            }
            _ => return Err(self.expected("`case`, `default` or `}`")),
        };
        let (head, body) = self.clause_body(lo)?;
        let span = body.last().map_or(head, |last| lo.to(last.span));
        Ok(CaseClause {
            id: self.ids.fresh(),
            span,
            head,
            exprs,
            body,
        })
    }

    pub(super) fn select_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        self.head("`select`", false, |_| Ok(()))?;
        let (clauses, _) = self.clauses(Self::comm_clause)?;
        Ok(StmtKind::Select(clauses))
    }

    fn comm_clause(&mut self) -> PResult<CommClause> {
        let lo = self.span();
        let comm = match self.tok() {
            Tok::Case => {
                self.bump();
                let stmt = self.plain()?;
                self.comm(stmt)
            }
            Tok::Default => {
                self.bump();
                Comm::Default
            }
            _ => return Err(self.expected("`case`, `default` or `}`")),
        };
        let (head, body) = self.clause_body(lo)?;
        let span = body.last().map_or(head, |last| lo.to(last.span));
        Ok(CommClause {
            id: self.ids.fresh(),
            span,
            head,
            comm,
            body,
        })
    }

    /// The communication that a simple statement is.
    fn comm(&mut self, stmt: Stmt) -> Comm {
        let is_recv = |x: &Expr| {
            matches!(
                x.unparen().kind,
                ExprKind::Unary {
                    op: UnaryOp::Recv,
                    ..
                }
            )
        };
        match stmt.kind {
            StmtKind::Send { chan, arrow, value } => return Comm::Send { chan, arrow, value },
            StmtKind::Expr(recv) if is_recv(&recv) => {
                return Comm::Recv {
                    lhs: Vec::new(),
                    define: false,
                    recv,
                };
            }
            StmtKind::Assign {
                lhs,
                op: op @ (AssignOp::Assign | AssignOp::Define),
                mut rhs,
                ..
            } if lhs.len() <= 2 && rhs.len() == 1 && is_recv(&rhs[0]) => {
                return Comm::Recv {
                    lhs,
                    define: op == AssignOp::Define,
                    recv: rhs.remove(0),
                };
            }
            _ => {}
        }
        self.report(errors::bad_comm(stmt.span));
        Comm::Bad
    }
}

/// What `clauses` needs to know of a clause.
trait Clause {
    fn is_default(&self) -> bool;
    fn head(&self) -> Span;
}

impl Clause for CaseClause {
    fn is_default(&self) -> bool {
        self.exprs.is_none()
    }

    fn head(&self) -> Span {
        self.head
    }
}

impl Clause for CommClause {
    fn is_default(&self) -> bool {
        matches!(self.comm, Comm::Default)
    }

    fn head(&self) -> Span {
        self.head
    }
}

/// Takes `x` and `name` out of `name := x.(type)` or `x.(type)`, whose type has the id `guard`.
fn type_switch_operand(
    tag: Stmt,
    guard: super::super::ast::NodeId,
) -> Option<(Option<Ident>, Expr)> {
    let (binding, x) = match tag.kind {
        StmtKind::Expr(x) => (None, x),
        StmtKind::Assign {
            mut lhs,
            op: AssignOp::Define,
            mut rhs,
            ..
        } if lhs.len() == 1 && rhs.len() == 1 => match lhs.remove(0).kind {
            ExprKind::Ident(name) => (Some(name), rhs.remove(0)),
            _ => return None,
        },
        _ => return None,
    };
    match x.kind {
        ExprKind::TypeAssert { x, ty } if ty.id == guard => Some((binding, *x)),
        _ => None,
    }
}
