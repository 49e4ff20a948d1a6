//! Blocks and simple statements.

use super::super::ast::{AssignOp, Block, DynAccess, Expr, ExprKind, Stmt, StmtKind};
use super::super::errors;
use super::super::token::Tok;
use super::{PResult, Parser, Reported};
use crate::source::Span;

/// Where a simple statement stands, and what may thus stand in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a block: it may turn out to be a label.
    Block,
    /// In the head of a `for`: it may turn out to be a range clause.
    ForHead,
    /// Anywhere else.
    Plain,
}

/// A simple statement, or what stands in its place.
pub(super) enum Simple {
    Stmt(Stmt),
    Label(Expr),
    Range(RangeHead),
}

/// `key, value := range x`.
pub(super) struct RangeHead {
    pub lhs: Vec<Expr>,
    pub define: bool,
    pub range_span: Span,
    pub x: Expr,
}

impl Parser<'_> {
    /// A block, whose `{` must stand here.
    pub(super) fn block(&mut self) -> PResult<Block> {
        let open = self.pos;
        let lo = self.expect(Tok::LBrace, "`{`")?;
        self.blocks.push(open);
        let stmts = self.in_brackets(|p| Ok(p.statements()))?;
        self.blocks.pop();
        if self.unclosed {
            return Err(Reported);
        }
        if self.at(Tok::RBrace) {
            let hi = self.bump();
            return Ok(Block {
                span: lo.to(hi),
                stmts,
            });
        }
        let error = self.expected_closer(open, "");
        // At the end of the file all blocks around this one are open too. A clause keyword (`case`) goes
        // to the enclosing switch, whose own recovery copes.
        if self.at(Tok::Eof) {
            Err(self.give_up_blocks())
        } else {
            Err(error)
        }
    }

    /// The body of a function or control statement.
    pub(super) fn body(&mut self) -> PResult<Block> {
        self.nested(Self::block)
    }

    /// Statements up to a `}`, a clause keyword or the end of the file.
    pub(super) fn statements(&mut self) -> Vec<Stmt> {
        let mut stmts = Vec::new();
        loop {
            while self.tok().is_semi() {
                self.bump();
            }
            if matches!(
                self.tok(),
                Tok::RBrace | Tok::Case | Tok::Default | Tok::Eof
            ) || self.unclosed
            {
                return stmts;
            }
            let (start, lo) = (self.pos, self.span());
            let result = self.nested(Self::statement).and_then(|stmt| {
                if self.tok().is_semi() || matches!(self.tok(), Tok::RBrace | Tok::Eof) {
                    return Ok(stmt);
                }
                Err(self.expected("the end of the statement"))
            });
            match result {
                Ok(stmt) => stmts.push(stmt),
                Err(Reported) if self.unclosed => return stmts,
                Err(Reported) => {
                    self.recover(start, Tok::RBrace);
                    stmts.push(self.stmt_node(lo, StmtKind::Bad));
                }
            }
        }
    }

    pub(super) fn statement(&mut self) -> PResult<Stmt> {
        let lo = self.span();
        let kind = match self.tok() {
            Tok::Const | Tok::Var | Tok::Type => StmtKind::Decl(self.declaration()?),
            Tok::LBrace => StmtKind::Block(self.body()?),
            Tok::If => StmtKind::If(Box::new(self.if_stmt()?)),
            Tok::For => self.for_stmt()?,
            Tok::Switch => self.switch_stmt()?,
            Tok::Select => self.select_stmt()?,
            Tok::Go => self.go_stmt()?,
            Tok::Defer => {
                self.bump();
                StmtKind::Defer(self.started_call("defer")?)
            }
            Tok::ErrDefer => {
                self.bump();
                StmtKind::ErrDefer(self.started_call("errdefer")?)
            }
            Tok::Fail => {
                self.bump();
                if self.tok().is_semi() || self.at(Tok::RBrace) {
                    let (at, found) = (self.span(), self.found());
                    return Err(self.error(errors::expected(
                        at,
                        "an error value after `fail`",
                        &found,
                    )));
                }
                StmtKind::Fail(self.expression()?)
            }
            Tok::Return => {
                self.bump();
                let bare = self.tok().is_semi() || matches!(self.tok(), Tok::RBrace | Tok::Eof);
                StmtKind::Return(if bare {
                    Vec::new()
                } else {
                    self.expression_list()?
                })
            }
            Tok::Break => {
                self.bump();
                StmtKind::Break(if self.at(Tok::Ident) {
                    Some(self.ident("a label")?)
                } else {
                    None
                })
            }
            Tok::Continue => {
                self.bump();
                StmtKind::Continue(if self.at(Tok::Ident) {
                    Some(self.ident("a label")?)
                } else {
                    None
                })
            }
            Tok::Fallthrough => {
                self.bump();
                StmtKind::Fallthrough
            }
            Tok::Goto => {
                self.bump();
                self.eat(Tok::Ident);
                self.report(errors::goto(self.since(lo)));
                StmtKind::Bad
            }
            Tok::Func if self.begins_func_decl() => return self.func_in_block(),
            Tok::Else => return Err(self.stray_else()),
            Tok::Case | Tok::Default => return Err(self.expected("a statement")),
            _ => return self.simple_or_labeled(),
        };
        Ok(self.stmt_node(lo, kind))
    }

    fn simple_or_labeled(&mut self) -> PResult<Stmt> {
        let lo = self.span();
        let label = match self.simple(Place::Block)? {
            Simple::Stmt(stmt) => return Ok(stmt),
            Simple::Label(Expr {
                kind: ExprKind::Ident(label),
                ..
            }) => label,
            Simple::Label(_) | Simple::Range(_) => return Err(self.expected("a statement")),
        };
        self.bump();
        while self.at(Tok::Newline) {
            self.bump();
        }
        let stmt = if matches!(self.tok(), Tok::RBrace | Tok::Semi) {
            let here = self.span().start();
            Stmt {
                id: self.ids.fresh(),
                span: here,
                kind: StmtKind::Empty,
            }
        } else {
            self.nested(Self::statement)?
        };
        Ok(self.stmt_node(
            lo,
            StmtKind::Labeled {
                label,
                stmt: Box::new(stmt),
            },
        ))
    }

    /// An expression, assignment, send, `++` or `--`; and what else `place` allows.
    pub(super) fn simple(&mut self, place: Place) -> PResult<Simple> {
        let lo = self.span();
        if place == Place::ForHead && self.at(Tok::Range) {
            return self.range_head(Vec::new(), false);
        }
        if self.at(Tok::Var) {
            return Err(self.error(errors::declaration_in_head(self.span())));
        }
        let mut lhs = self.expression_list()?;
        let assign = match self.tok() {
            Tok::Assign => Some(AssignOp::Assign),
            Tok::Define => Some(AssignOp::Define),
            tok => tok.compound_op().map(AssignOp::Op),
        };
        if let Some(op) = assign {
            return self.assignment(lo, lhs, op, place);
        }
        let x = match lhs.pop() {
            Some(x) if lhs.is_empty() => x,
            _ => return Err(self.expected("`:=` or `=`")),
        };
        let kind = match self.tok() {
            Tok::Colon if place == Place::Block && x.as_ident().is_some() => {
                return Ok(Simple::Label(x));
            }
            Tok::Arrow => {
                let arrow = self.bump();
                StmtKind::Send {
                    chan: x,
                    arrow,
                    value: self.expression()?,
                }
            }
            Tok::Inc | Tok::Dec => {
                let inc = self.at(Tok::Inc);
                StmtKind::IncDec {
                    x,
                    inc,
                    op_span: self.bump(),
                }
            }
            _ => StmtKind::Expr(x),
        };
        Ok(Simple::Stmt(self.stmt_node(lo, kind)))
    }

    /// What follows the left side of an assignment.
    fn assignment(
        &mut self,
        lo: Span,
        mut lhs: Vec<Expr>,
        op: AssignOp,
        place: Place,
    ) -> PResult<Simple> {
        let op_span = self.bump();
        if op == AssignOp::Define {
            self.check_names(&mut lhs);
        }
        if place == Place::ForHead && self.at(Tok::Range) && !matches!(op, AssignOp::Op(_)) {
            return self.range_head(lhs, op == AssignOp::Define);
        }
        let rhs = self.expression_list()?;
        if let AssignOp::Op(op) = op
            && (lhs.len() > 1 || rhs.len() > 1)
        {
            return Err(self.error(errors::multi_compound(op_span, op.as_str())));
        }
        Ok(Simple::Stmt(self.stmt_node(
            lo,
            StmtKind::Assign {
                lhs,
                op,
                op_span,
                rhs,
            },
        )))
    }

    /// The left side of `:=` must be names; others are reported and replaced.
    fn check_names(&mut self, lhs: &mut [Expr]) {
        for x in lhs {
            match x.kind {
                ExprKind::Ident(_) => continue,
                ExprKind::IslandType => drop(self.reserved_word(x.span)),
                _ => self.report(errors::non_name_define(x.span)),
            }
            x.kind = ExprKind::Bad;
        }
    }

    fn range_head(&mut self, lhs: Vec<Expr>, define: bool) -> PResult<Simple> {
        let range_span = self.bump();
        if let Some(third) = lhs.get(2) {
            return Err(self.error(errors::too_many_range_vars(third.span)));
        }
        let x = self.expression()?;
        Ok(Simple::Range(RangeHead {
            lhs,
            define,
            range_span,
            x,
        }))
    }

    /// `go f(x)`, `go @(island) f(x)`.
    fn go_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        let mut island = None;
        if self.eat(Tok::At).is_some() {
            let open = self.pos;
            self.expect(Tok::LParen, "`(` and the island")?;
            island = Some(self.in_brackets(Self::expression)?);
            if self.eat(Tok::RParen).is_none() {
                return Err(self.expected_closer(open, ""));
            }
        }
        Ok(StmtKind::Go {
            island,
            call: self.started_call("go")?,
        })
    }

    /// The call behind `go`, `defer` or `errdefer`; anything else is reported and replaced.
    fn started_call(&mut self, keyword: &str) -> PResult<Expr> {
        let is_call = |x: &Expr| {
            matches!(
                x.kind,
                ExprKind::Call { .. }
                    | ExprKind::Dyn {
                        access: DynAccess::Method { .. } | DynAccess::Call { .. },
                        ..
                    }
            )
        };
        let x = self.expression()?;
        if is_call(&x) {
            return Ok(x);
        }
        self.report(if is_call(x.unparen()) {
            errors::call_in_parens(x.span, keyword)
        } else {
            errors::not_a_call(x.span, keyword)
        });
        Ok(self.bad_expr(x.span))
    }

    /// Whether `func` begins a declaration: a name follows, perhaps behind a receiver.
    fn begins_func_decl(&self) -> bool {
        match self.peek(1) {
            Tok::Ident => true,
            Tok::LParen => self.partner(self.pos + 1).is_some_and(|partner| {
                let tokens = &self.lexed.tokens;
                // Always there: the last token is `Eof`.
                tokens[partner + 1].tok == Tok::Ident
                    && tokens
                        .get(partner + 2)
                        .is_some_and(|token| token.tok == Tok::LParen)
            }),
            _ => false,
        }
    }

    /// A function declaration in a block: either one was meant, or the block was not closed before it.
    fn func_in_block(&mut self) -> PResult<Stmt> {
        let (lo, at) = (self.span(), self.span());
        let open = self.blocks.last().copied();
        if let Some(open) = open.filter(|open| self.partner(*open).is_none()) {
            let open = self.span_of(open);
            self.report(errors::missing_brace_before_func(at, open));
            return Err(self.give_up_blocks());
        }
        let func = self.func_decl()?;
        self.report(errors::func_in_func(at, &func.name.name));
        Ok(self.stmt_node(lo, StmtKind::Bad))
    }

    /// An `else` at the beginning of a statement. Its block is parsed for the errors in it.
    fn stray_else(&mut self) -> Reported {
        let error = self.error(errors::stray_else(self.span()));
        self.bump();
        match self.tok() {
            Tok::LBrace => drop(self.body()),
            Tok::If => drop(self.if_stmt()),
            _ => {}
        }
        error
    }
}
