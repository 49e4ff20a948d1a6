//! Types, parameter lists.

use super::super::ast::{
    ArrayLen, ChanDir, Expr, ExprKind, FuncType, Ident, InterfaceElem, Lit, LitValue, Param,
    StructField,
};
use super::super::errors;
use super::super::token::Tok;
use super::{PResult, Parser, Reported};
use crate::source::Span;

/// An entry of a parameter list before it is known whether the list has names.
struct Entry {
    span: Span,
    name: Option<Ident>,
    variadic: Option<Span>,
    /// Missing when only an identifier stands there, which is then in `name`.
    ty: Option<Expr>,
}

impl Parser<'_> {
    /// A type.
    pub(super) fn ty(&mut self) -> PResult<Expr> {
        self.nested(|p| {
            let lo = p.span();
            match p.tok() {
                Tok::Ident => p.type_name(),
                Tok::Star => {
                    p.bump();
                    let elem = Box::new(p.ty()?);
                    Ok(p.expr(lo, ExprKind::Star(elem)))
                }
                Tok::LParen => {
                    let open = p.pos;
                    p.bump();
                    let inner = Box::new(p.in_brackets(Self::ty)?);
                    if p.eat(Tok::RParen).is_none() {
                        return Err(p.expected_closer(open, ""));
                    }
                    Ok(p.expr(lo, ExprKind::Paren(inner)))
                }
                Tok::Arrow => {
                    p.bump();
                    let is_port = p.at(Tok::Port);
                    if !is_port && !p.at(Tok::Chan) {
                        return Err(p.expected("`chan` or `port`"));
                    }
                    p.bump();
                    p.queue_type(lo, is_port, ChanDir::Recv)
                }
                Tok::Func => {
                    p.bump();
                    let sig = Box::new(p.signature(lo)?);
                    Ok(p.expr(lo, ExprKind::FuncType(sig)))
                }
                Tok::LBracket if p.peek(1) == Tok::Ellipsis => {
                    Err(p.error(errors::array_without_length(p.span())))
                }
                _ => match p.type_literal() {
                    Some(ty) => ty,
                    None => Err(p.expected("a type")),
                },
            }
        })
    }

    /// `T` or `p.T`.
    pub(super) fn type_name(&mut self) -> PResult<Expr> {
        let lo = self.span();
        let mut name = self.ident_expr("a type")?;
        if self.eat(Tok::Dot).is_some() {
            self.grow()?;
            let sel = self.ident("the name of a type")?;
            name = self.expr(
                lo,
                ExprKind::Selector {
                    x: Box::new(name),
                    sel,
                },
            );
        }
        if self.at(Tok::LBracket) {
            return Err(self.error(errors::generics(self.span())));
        }
        Ok(name)
    }

    /// A type that begins with a keyword (other than `func`) or `[`, if one stands here.
    pub(super) fn type_literal(&mut self) -> Option<PResult<Expr>> {
        let lo = self.span();
        Some(match self.tok() {
            Tok::LBracket => self.array_type(),
            Tok::Struct => self.struct_type(),
            Tok::Interface => self.interface_type(),
            Tok::Map => self.map_type(),
            Tok::Chan | Tok::Port => {
                let is_port = self.at(Tok::Port);
                self.bump();
                let dir = if self.eat(Tok::Arrow).is_some() {
                    ChanDir::Send
                } else {
                    ChanDir::Both
                };
                self.queue_type(lo, is_port, dir)
            }
            Tok::Island => {
                self.bump();
                Ok(self.expr(lo, ExprKind::IslandType))
            }
            _ => return None,
        })
    }

    /// The element type of a channel or port.
    fn queue_type(&mut self, lo: Span, is_port: bool, dir: ChanDir) -> PResult<Expr> {
        if is_port && self.source.line(lo.lo) != self.source.line(self.span().lo) {
            // No semicolon is inserted behind `port`; who ends a line with it means a variable.
            return Err(self.reserved_word(self.span_of(self.pos - 1)));
        }
        let elem = Box::new(self.ty()?);
        let kind = if is_port {
            ExprKind::PortType { dir, elem }
        } else {
            ExprKind::ChanType { dir, elem }
        };
        Ok(self.expr(lo, kind))
    }

    /// `[]T`, `[n]T` or `[...]T`.
    fn array_type(&mut self) -> PResult<Expr> {
        let (lo, open) = (self.span(), self.pos);
        self.bump();
        let len = match self.tok() {
            Tok::RBracket => None,
            Tok::Ellipsis => Some(ArrayLen::Ellipsis(self.bump())),
            _ => Some(ArrayLen::Expr(Box::new(
                self.in_brackets(Self::expression)?,
            ))),
        };
        // `List[int]` where a type is: the brackets were read as an array type's, and no element follows.
        let is_args = matches!(len, Some(ArrayLen::Expr(_)))
            && (self.at(Tok::Comma)
                || (self.at(Tok::RBracket)
                    && (self.peek(1).is_semi()
                        || self.peek(1).is_closer()
                        || self.peek(1) == Tok::Comma)));
        if is_args {
            return Err(self.error(errors::generics(self.span_of(open).to(self.span()))));
        }
        if self.eat(Tok::RBracket).is_none() {
            return Err(self.expected_closer(open, ""));
        }
        let elem = Box::new(self.ty()?);
        Ok(match len {
            None => self.expr(lo, ExprKind::SliceType(elem)),
            Some(len) => self.expr(lo, ExprKind::ArrayType { len, elem }),
        })
    }

    fn map_type(&mut self) -> PResult<Expr> {
        let lo = self.bump();
        let open = self.pos;
        self.expect(Tok::LBracket, "`[` and the key type")?;
        let key = Box::new(self.in_brackets(Self::ty)?);
        if self.eat(Tok::RBracket).is_none() {
            return Err(self.expected_closer(open, ""));
        }
        let value = Box::new(self.ty()?);
        Ok(self.expr(lo, ExprKind::MapType { key, value }))
    }

    fn struct_type(&mut self) -> PResult<Expr> {
        let lo = self.bump();
        if !self.at(Tok::LBrace) {
            return Err(self.expected("`{`"));
        }
        let (fields, _) = self.lines(Tok::RBrace, Self::struct_field)?;
        Ok(self.expr(lo, ExprKind::StructType(fields)))
    }

    fn struct_field(&mut self) -> PResult<StructField> {
        let lo = self.span();
        let (mut names, ty);
        if self.at(Tok::Star) {
            self.bump();
            let elem = Box::new(self.type_name()?);
            names = Vec::new();
            self.grow()?;
            ty = self.expr(lo, ExprKind::Star(elem));
        } else if self.at(Tok::Ident)
            && matches!(
                self.peek(1),
                Tok::Dot | Tok::Semi | Tok::Newline | Tok::RBrace | Tok::Lit(_)
            )
        {
            names = Vec::new();
            ty = self.type_name()?;
        } else {
            names = vec![self.ident("a field")?];
            while self.eat(Tok::Comma).is_some() {
                names.push(self.ident("the name of a field")?);
            }
            ty = self.ty()?;
        }
        let tag = self.string_literal();
        Ok(StructField {
            id: self.ids.fresh(),
            span: self.since(lo),
            names,
            ty,
            tag,
        })
    }

    /// A string literal, if one stands here.
    pub(super) fn string_literal(&mut self) -> Option<Lit> {
        let Tok::Lit(index) = self.tok() else {
            return None;
        };
        let value @ LitValue::String(_) = &self.lexed.literals[index as usize] else {
            return None;
        };
        let span = self.bump();
        Some(Lit {
            span,
            raw: self.text(span).into(),
            value: value.clone(),
        })
    }

    fn interface_type(&mut self) -> PResult<Expr> {
        let lo = self.bump();
        if !self.at(Tok::LBrace) {
            return Err(self.expected("`{`"));
        }
        let (elems, _) = self.lines(Tok::RBrace, Self::interface_elem)?;
        Ok(self.expr(lo, ExprKind::InterfaceType(elems)))
    }

    fn interface_elem(&mut self) -> PResult<InterfaceElem> {
        if self.at(Tok::Ident) && self.peek(1) == Tok::LParen {
            let name = self.ident("a method")?;
            let lo = self.span();
            return Ok(InterfaceElem::Method {
                name,
                sig: self.signature(lo)?,
            });
        }
        if !self.at(Tok::Ident) {
            let begins_type = matches!(
                self.tok(),
                Tok::Tilde | Tok::Star | Tok::LBracket | Tok::Map | Tok::Chan | Tok::Struct
            );
            return Err(if begins_type {
                self.error(errors::constraint(self.span()))
            } else {
                self.expected("a method or an embedded interface")
            });
        }
        let name = self.type_name()?;
        if self.at(Tok::Pipe) {
            return Err(self.error(errors::constraint(self.span())));
        }
        Ok(InterfaceElem::Embedded(name))
    }

    /// Parameters and results; the type begins at `lo`.
    pub(super) fn signature(&mut self, lo: Span) -> PResult<FuncType> {
        if !self.at(Tok::LParen) {
            return Err(self.expected("`(` and the parameters"));
        }
        let params = self.params(true)?;
        let results = match self.tok() {
            Tok::LParen => self.params(false)?,
            Tok::Ident
            | Tok::Star
            | Tok::Arrow
            | Tok::Func
            | Tok::LBracket
            | Tok::Struct
            | Tok::Interface
            | Tok::Map
            | Tok::Chan
            | Tok::Port
            | Tok::Island => {
                let ty = self.ty()?;
                vec![Param {
                    span: ty.span,
                    names: Vec::new(),
                    variadic: None,
                    ty,
                }]
            }
            _ => Vec::new(),
        };
        Ok(FuncType {
            span: self.since(lo),
            params,
            results,
        })
    }

    /// A parameter or result list in parentheses.
    pub(super) fn params(&mut self, may_be_variadic: bool) -> PResult<Vec<Param>> {
        let what = if may_be_variadic {
            "a parameter list"
        } else {
            "a result list"
        };
        let (entries, _) = self.comma_list(Tok::RParen, what, Self::param_entry)?;
        let params = self.group_params(entries)?;
        for (index, param) in params.iter().enumerate() {
            let Some(dots) = param.variadic else { continue };
            if !may_be_variadic || index + 1 < params.len() {
                self.report(errors::misplaced_ellipsis(dots));
            } else if param.names.len() > 1 {
                self.report(errors::variadic_names(dots));
            }
        }
        Ok(params)
    }

    fn param_entry(&mut self) -> PResult<Entry> {
        let lo = self.span();
        let mut name = None;
        if self.at(Tok::Ident) && self.peek(1) != Tok::Dot {
            name = Some(self.ident("a parameter")?);
        }
        let variadic = self.eat(Tok::Ellipsis);
        let lone = name.is_some()
            && variadic.is_none()
            && matches!(
                self.tok(),
                Tok::Comma | Tok::RParen | Tok::Newline | Tok::Eof
            );
        let ty = if lone { None } else { Some(self.ty()?) };
        Ok(Entry {
            span: self.since(lo),
            name,
            variadic,
            ty,
        })
    }

    /// Decides whether the lone identifiers of a list are types (no entry has both name and type) or names
    /// that share the type behind them.
    fn group_params(&mut self, entries: Vec<Entry>) -> PResult<Vec<Param>> {
        let named = entries.iter().any(|e| e.name.is_some() && e.ty.is_some());
        let mut params = Vec::new();
        let mut names: Vec<Ident> = Vec::new();
        for entry in entries {
            let Entry {
                span,
                name,
                variadic,
                ty,
            } = entry;
            match (name, ty) {
                (Some(name), None) if named => names.push(name),
                (Some(name), Some(ty)) => {
                    names.push(name);
                    let span = names[0].span.to(span);
                    params.push(Param {
                        span,
                        names: std::mem::take(&mut names),
                        variadic,
                        ty,
                    });
                }
                (None, Some(ty)) if named => return Err(self.unnamed_among_named(span, &ty)),
                (None, Some(ty)) => params.push(Param {
                    span,
                    names: Vec::new(),
                    variadic,
                    ty,
                }),
                (Some(name), None) => {
                    let ty = Expr {
                        id: name.id,
                        span: name.span,
                        kind: ExprKind::Ident(name),
                    };
                    params.push(Param {
                        span,
                        names: Vec::new(),
                        variadic,
                        ty,
                    });
                }
                // An entry is a name, a type, or both.
                (None, None) => {}
            }
        }
        match names.first() {
            Some(name) => Err(self.error(errors::mixed_params(name.span))),
            None => Ok(params),
        }
    }

    /// A type stands among named parameters. In `(network string, port int)` it looks as if `port int` did.
    fn unnamed_among_named(&mut self, span: Span, ty: &Expr) -> Reported {
        match ty.kind {
            ExprKind::PortType {
                dir: ChanDir::Both, ..
            } => {
                let word = Span {
                    hi: span.lo + "port".len() as u32,
                    ..span
                };
                self.reserved_word(word)
            }
            ExprKind::IslandType => self.reserved_word(span),
            _ => self.error(errors::mixed_params(span)),
        }
    }
}
