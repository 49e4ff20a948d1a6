//! Expressions.

use super::super::ast::{ArrayLen, ChanDir, DynAccess, Element, Expr, ExprKind, Lit, UnaryOp};
use super::super::errors;
use super::super::token::Tok;
use super::{PResult, Parser};
use crate::source::Span;

impl Parser<'_> {
    /// An expression or a type.
    pub(super) fn expression(&mut self) -> PResult<Expr> {
        self.binary(1)
    }

    /// `x, y, …`, at least one.
    pub(super) fn expression_list(&mut self) -> PResult<Vec<Expr>> {
        let mut list = vec![self.expression()?];
        while self.eat(Tok::Comma).is_some() {
            list.push(self.expression()?);
        }
        Ok(list)
    }

    /// Operators that bind at least as tightly as `min_precedence`, and their operands.
    fn binary(&mut self, min_precedence: u8) -> PResult<Expr> {
        self.nested(|p| {
            let lo = p.span();
            let mut x = p.unary()?;
            while let Some(op) = p
                .tok()
                .binary_op()
                .filter(|op| op.precedence() >= min_precedence)
            {
                let op_span = p.bump();
                let y = Box::new(p.binary(op.precedence() + 1)?);
                p.grow()?;
                x = p.expr(
                    lo,
                    ExprKind::Binary {
                        op,
                        op_span,
                        x: Box::new(x),
                        y,
                    },
                );
            }
            Ok(x)
        })
    }

    /// Prefix operators and what they are applied to.
    fn unary(&mut self) -> PResult<Expr> {
        let op = match self.tok() {
            Tok::Plus => UnaryOp::Plus,
            Tok::Minus => UnaryOp::Neg,
            Tok::Not => UnaryOp::Not,
            Tok::Caret => UnaryOp::BitNot,
            Tok::Amp => UnaryOp::Addr,
            Tok::Arrow => UnaryOp::Recv,
            Tok::Star => {
                let lo = self.bump();
                let x = Box::new(self.nested(Self::unary)?);
                return Ok(self.expr(lo, ExprKind::Star(x)));
            }
            _ => return self.primary(),
        };
        let lo = self.bump();
        let x = self.nested(Self::unary)?;
        let is_queue = matches!(
            x.kind,
            ExprKind::ChanType { .. } | ExprKind::PortType { .. }
        );
        if op == UnaryOp::Recv && is_queue {
            return self.receive_type(lo, x);
        }
        Ok(self.expr(
            lo,
            ExprKind::Unary {
                op,
                op_span: lo,
                x: Box::new(x),
            },
        ))
    }

    /// `<-` before a channel or port type belongs to the type: `<-chan T`. In `<-chan<- chan T` the second
    /// arrow belongs to the inner type, as in Go: `<-chan (<-chan T)`.
    fn receive_type(&mut self, arrow: Span, ty: Expr) -> PResult<Expr> {
        let Expr { id, span, kind } = ty;
        let (is_port, dir, mut elem) = match kind {
            ExprKind::ChanType { dir, elem } => (false, dir, elem),
            ExprKind::PortType { dir, elem } => (true, dir, elem),
            _ => {
                return Err(self.error(errors::expected(
                    span,
                    "a channel or port type",
                    "another type",
                )));
            }
        };
        match dir {
            ChanDir::Both => {}
            ChanDir::Send => *elem = self.receive_type(elem.span.start(), *elem)?,
            ChanDir::Recv => {
                return Err(self.error(errors::expected(span, "`chan` or `port`", "`<-`")));
            }
        }
        let dir = ChanDir::Recv;
        let kind = if is_port {
            ExprKind::PortType { dir, elem }
        } else {
            ExprKind::ChanType { dir, elem }
        };
        Ok(Expr {
            id,
            span: arrow.to(span),
            kind,
        })
    }

    /// An operand and all that is applied behind it.
    fn primary(&mut self) -> PResult<Expr> {
        let lo = self.span();
        let mut x = self.operand()?;
        loop {
            let applied = match self.tok() {
                Tok::Dot => self.selector(x)?,
                Tok::LBracket => self.index(x)?,
                Tok::LParen => {
                    let (args, spread) = self.arguments()?;
                    ExprKind::Call {
                        fun: Box::new(x),
                        args,
                        spread,
                    }
                }
                Tok::Question => {
                    self.bump();
                    ExprKind::Try(Box::new(x))
                }
                Tok::DynArrow => self.dynamic(x)?,
                Tok::LBrace if self.begins_literal(&x) => {
                    let (elems, braces) = self.elements()?;
                    ExprKind::CompositeLit {
                        ty: Some(Box::new(x)),
                        elems,
                        braces,
                    }
                }
                Tok::LBrace if !self.in_head && matches!(x.kind, ExprKind::Index { .. }) => {
                    return Err(self.error(errors::generics(x.span)));
                }
                _ => return Ok(x),
            };
            self.grow()?;
            x = self.expr(lo, applied);
        }
    }

    /// Whether a `{` behind `x` begins a composite literal. In the head of a statement it begins the block,
    /// unless `x` can only be a type.
    fn begins_literal(&self, x: &Expr) -> bool {
        match &x.kind {
            ExprKind::Ident(_) => !self.in_head,
            ExprKind::Selector { x, .. } => !self.in_head && x.as_ident().is_some(),
            ExprKind::ArrayType { .. }
            | ExprKind::SliceType(_)
            | ExprKind::StructType(_)
            | ExprKind::MapType { .. } => true,
            _ => false,
        }
    }

    fn operand(&mut self) -> PResult<Expr> {
        let lo = self.span();
        match self.tok() {
            Tok::Ident => self.ident_expr("an expression"),
            Tok::Lit(index) => {
                let span = self.bump();
                let value = self.lexed.literals[index as usize].clone();
                let lit = Lit {
                    span,
                    raw: self.text(span).into(),
                    value,
                };
                Ok(self.expr(lo, ExprKind::Lit(lit)))
            }
            Tok::LParen => {
                let open = self.pos;
                self.bump();
                let inner = Box::new(self.in_brackets(Self::expression)?);
                if self.eat(Tok::RParen).is_none() {
                    return Err(self.expected_closer(open, ""));
                }
                Ok(self.expr(lo, ExprKind::Paren(inner)))
            }
            Tok::Func => {
                self.bump();
                let sig = Box::new(self.signature(lo)?);
                if !self.at(Tok::LBrace) {
                    return Ok(self.expr(lo, ExprKind::FuncType(sig)));
                }
                let body = self.body()?;
                Ok(self.expr(lo, ExprKind::FuncLit { sig, body }))
            }
            _ => match self.type_literal() {
                Some(ty) => {
                    let ty = ty?;
                    match &ty.kind {
                        ExprKind::ArrayType {
                            len: ArrayLen::Ellipsis(dots),
                            ..
                        } if !self.at(Tok::LBrace) => {
                            Err(self.error(errors::array_without_length(*dots)))
                        }
                        _ => Ok(ty),
                    }
                }
                None => Err(self.expected("an expression")),
            },
        }
    }

    /// `.name`, `.(T)` or `.(type)`.
    fn selector(&mut self, x: Expr) -> PResult<ExprKind> {
        self.bump();
        let open = self.pos;
        if self.eat(Tok::LParen).is_none() {
            let sel = self.ident("a name or `(`")?;
            return Ok(ExprKind::Selector {
                x: Box::new(x),
                sel,
            });
        }
        let ty = if self.at(Tok::Type) {
            let span = self.bump();
            let guard = self.span_of(open).to(span);
            if !self.guard_allowed || self.guard.is_some() {
                return Err(self.error(errors::misplaced_type_guard(guard)));
            }
            let ty = self.bad_expr(span);
            self.guard = Some((ty.id, guard));
            ty
        } else {
            self.in_brackets(Self::ty)?
        };
        if self.eat(Tok::RParen).is_none() {
            return Err(self.expected_closer(open, ""));
        }
        Ok(ExprKind::TypeAssert {
            x: Box::new(x),
            ty: Box::new(ty),
        })
    }

    /// `[i]`, `[lo:hi]` or `[lo:hi:max]`.
    fn index(&mut self, x: Expr) -> PResult<ExprKind> {
        let open = self.pos;
        self.bump();
        let x = Box::new(x);
        let kind = self.in_brackets(|p| {
            let mut parts: [Option<Box<Expr>>; 3] = [None, None, None];
            let mut colons = Vec::new();
            loop {
                if !matches!(p.tok(), Tok::Colon | Tok::RBracket) {
                    parts[colons.len()] = Some(Box::new(p.expression()?));
                }
                if colons.len() == 2 || !p.at(Tok::Colon) {
                    break;
                }
                colons.push(p.bump());
            }
            let [lo, hi, max] = parts;
            match (colons.len(), lo) {
                (0, None) => Err(p.expected("an index")),
                (0, Some(_)) if p.at(Tok::Comma) => {
                    let span = p.span_of(open).to(p.span());
                    Err(p.error(errors::generics(span)))
                }
                (0, Some(index)) => Ok(ExprKind::Index { x, index }),
                (1, lo) => Ok(ExprKind::Slice {
                    x,
                    lo,
                    hi,
                    max: None,
                }),
                (_, lo) => {
                    if hi.is_none() {
                        p.report(errors::missing_slice_bound(colons[1], "second"));
                    } else if max.is_none() {
                        p.report(errors::missing_slice_bound(p.span(), "third"));
                    }
                    Ok(ExprKind::Slice { x, lo, hi, max })
                }
            }
        })?;
        if self.eat(Tok::RBracket).is_none() {
            return Err(self.expected_closer(open, ""));
        }
        Ok(kind)
    }

    /// `(args)` or `(args...)`.
    fn arguments(&mut self) -> PResult<(Vec<Expr>, Option<Span>)> {
        let mut spread = None;
        let (args, _) = self.comma_list(Tok::RParen, "an argument list", |p| {
            if let Some(dots) = spread {
                return Err(p.error(errors::misplaced_spread(dots)));
            }
            let arg = p.expression()?;
            spread = p.eat(Tok::Ellipsis);
            Ok(arg)
        })?;
        Ok((args, spread))
    }

    /// `~>name`, `~>[i]`, `~>name(args)` or `~>(args)`.
    fn dynamic(&mut self, x: Expr) -> PResult<ExprKind> {
        let op_span = self.bump();
        let access = match self.tok() {
            Tok::LBracket => {
                let open = self.pos;
                self.bump();
                let index = Box::new(self.in_brackets(Self::expression)?);
                if self.eat(Tok::RBracket).is_none() {
                    return Err(self.expected_closer(open, ""));
                }
                DynAccess::Index(index)
            }
            Tok::LParen => {
                let (args, spread) = self.arguments()?;
                DynAccess::Call { args, spread }
            }
            _ => {
                let name = self.ident("a name, `[` or `(`")?;
                if self.at(Tok::LParen) {
                    let (args, spread) = self.arguments()?;
                    DynAccess::Method { name, args, spread }
                } else {
                    DynAccess::Attr(name)
                }
            }
        };
        Ok(ExprKind::Dyn {
            x: Box::new(x),
            op_span,
            access,
        })
    }

    /// The `{…}` of a composite literal.
    fn elements(&mut self) -> PResult<(Vec<Element>, Span)> {
        self.comma_list(Tok::RBrace, "a composite literal", |p| {
            let first = p.element_part()?;
            if p.eat(Tok::Colon).is_none() {
                return Ok(Element {
                    key: None,
                    value: first,
                });
            }
            Ok(Element {
                key: Some(first),
                value: p.element_part()?,
            })
        })
    }

    /// A key or value of a composite literal: an expression, or `{…}` without its type.
    fn element_part(&mut self) -> PResult<Expr> {
        if !self.at(Tok::LBrace) {
            return self.expression();
        }
        self.nested(|p| {
            let lo = p.span();
            let (elems, braces) = p.elements()?;
            Ok(p.expr(
                lo,
                ExprKind::CompositeLit {
                    ty: None,
                    elems,
                    braces,
                },
            ))
        })
    }
}
