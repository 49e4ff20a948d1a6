//! Files and declarations.

use super::super::ast::{
    Comment, ConstSpec, Decl, Expr, File, FuncDecl, FuncType, GenDecl, Ident, ImportName,
    ImportSpec, Name, NodeId, Receiver, TypeSpec, VarSpec,
};
use super::super::ast::{ExprKind, LitValue};
use super::super::errors;
use super::super::token::Tok;
use super::outline::FuncTokens;
use super::{PResult, Parser, Reported};
use crate::source::Span;

/// A function declaration without its body.
struct FuncHead {
    recv: Option<Receiver>,
    name: Ident,
    sig: FuncType,
}

impl Parser<'_> {
    /// The whole file.
    pub(super) fn file(mut self, comments: Vec<Comment>) -> File {
        let span = Span::new(self.file, 0, self.source.text().len() as u32);
        let mut file = File {
            file: self.file,
            span,
            package: None,
            imports: Vec::new(),
            decls: Vec::new(),
            comments,
            names: Vec::new(),
            dynamic: false,
        };
        while self.tok().is_semi() {
            self.bump();
        }
        if self.at(Tok::Package) {
            self.bump();
            match self
                .ident("the name of the package")
                .and_then(|name| self.end_of_declaration().map(|()| name))
            {
                Ok(name) => file.package = Some(name),
                Err(Reported) => self.recover_top_level(0),
            }
        }
        loop {
            while self.tok().is_semi() {
                self.bump();
            }
            if self.at(Tok::Eof) {
                file.names = self.names.into_values().collect();
                let mut tokens = self.lexed.tokens.iter();
                file.dynamic = tokens.any(|token| token.tok == Tok::DynArrow);
                return file;
            }
            let start = self.pos;
            let result = self
                .top_level(&mut file)
                .and_then(|()| self.end_of_declaration());
            self.blocks.clear();
            if result.is_err() && !self.unclosed {
                self.recover_top_level(start);
            }
            self.unclosed = false;
        }
    }

    /// A declaration ends with its line.
    fn end_of_declaration(&mut self) -> PResult<()> {
        if self.tok().is_semi() || self.at(Tok::Eof) {
            Ok(())
        } else {
            Err(self.expected("the end of the line"))
        }
    }

    fn top_level(&mut self, file: &mut File) -> PResult<()> {
        match self.tok() {
            Tok::Import => {
                if !file.decls.is_empty() {
                    self.report(errors::import_too_late(self.span()));
                }
                let imports = self.general(|p, _| p.import_spec())?;
                file.imports.extend(imports.specs);
            }
            Tok::Const | Tok::Var | Tok::Type => file.decls.push(self.declaration()?),
            Tok::Func => {
                let func = self.func_decl()?;
                file.decls.push(Decl::Func(Box::new(func)));
            }
            Tok::Package => return Err(self.error(errors::package_too_late(self.span()))),
            _ => {
                let mut diagnostic = errors::not_a_declaration(self.span(), &self.found());
                diagnostic.help = self.foreign_declaration().map(str::to_owned);
                return Err(self.error(diagnostic));
            }
        }
        Ok(())
    }

    /// `const`, `var` or `type`, at the top level or in a block.
    pub(super) fn declaration(&mut self) -> PResult<Decl> {
        self.nested(|p| match p.tok() {
            Tok::Const => Ok(Decl::Const(p.general(Self::const_spec)?)),
            Tok::Var => Ok(Decl::Var(p.general(|p, _| p.var_spec())?)),
            _ => Ok(Decl::Type(p.general(|p, _| p.type_spec())?)),
        })
    }

    /// A keyword with one spec, or with several in parentheses; `spec` is told which one it is.
    fn general<S>(
        &mut self,
        mut spec: impl FnMut(&mut Self, u32) -> PResult<S>,
    ) -> PResult<GenDecl<S>> {
        let keyword = self.bump();
        if !self.at(Tok::LParen) {
            let specs = vec![spec(self, 0)?];
            return Ok(GenDecl {
                span: self.since(keyword),
                keyword,
                grouped: false,
                specs,
            });
        }
        let mut index = 0;
        let (specs, _) = self.lines(Tok::RParen, |p| {
            index += 1;
            spec(p, index - 1)
        })?;
        Ok(GenDecl {
            span: self.since(keyword),
            keyword,
            grouped: true,
            specs,
        })
    }

    fn import_spec(&mut self) -> PResult<ImportSpec> {
        let lo = self.span();
        let name = match self.tok() {
            Tok::Ident => ImportName::Named(self.ident("a name")?),
            Tok::Dot => ImportName::Dot(self.bump()),
            _ => ImportName::Default,
        };
        let Some(lit) = self.string_literal() else {
            return Err(self.expected("an import path in quotes"));
        };
        let path = match &lit.value {
            LitValue::String(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        };
        let odd = |c: char| {
            c.is_control() || c.is_whitespace() || "!\"#$%&'()*,:;<=>?[\\]^`{|}\u{fffd}".contains(c)
        };
        let wrong = if path.is_empty() {
            Some("is empty".to_owned())
        } else {
            let odd = path.chars().find(|c| odd(*c));
            odd.map(|c| format!("has a character that is not allowed: {c:?}"))
        };
        if let Some(wrong) = &wrong {
            self.report(errors::bad_import_path(lit.span, wrong));
        }
        Ok(ImportSpec {
            id: self.ids.fresh(),
            span: self.since(lo),
            name,
            path: Name::from(if wrong.is_some() { "" } else { &path }),
            path_span: lit.span,
        })
    }

    fn names(&mut self) -> PResult<Vec<Ident>> {
        let mut names = vec![self.ident("a name")?];
        while self.eat(Tok::Comma).is_some() {
            names.push(self.ident("a name")?);
        }
        Ok(names)
    }

    /// The type of a spec, if one stands before its `=` or end.
    fn optional_type(&mut self) -> PResult<Option<Expr>> {
        match self.tok() {
            Tok::Assign | Tok::Semi | Tok::Newline | Tok::RParen | Tok::RBrace | Tok::Eof => {
                Ok(None)
            }
            _ => self.ty().map(Some),
        }
    }

    fn optional_values(&mut self) -> PResult<Vec<Expr>> {
        if self.eat(Tok::Assign).is_some() {
            self.expression_list()
        } else {
            Ok(Vec::new())
        }
    }

    fn const_spec(&mut self, iota: u32) -> PResult<ConstSpec> {
        let lo = self.span();
        let names = self.names()?;
        let ty = self.optional_type()?;
        let values = self.optional_values()?;
        Ok(ConstSpec {
            id: self.ids.fresh(),
            span: self.since(lo),
            names,
            ty,
            values,
            iota,
        })
    }

    fn var_spec(&mut self) -> PResult<VarSpec> {
        let lo = self.span();
        let names = self.names()?;
        let ty = self.optional_type()?;
        if ty.is_none() && !self.at(Tok::Assign) {
            return Err(self.expected("a type or `=`"));
        }
        let values = self.optional_values()?;
        Ok(VarSpec {
            id: self.ids.fresh(),
            span: self.since(lo),
            names,
            ty,
            values,
        })
    }

    fn type_spec(&mut self) -> PResult<TypeSpec> {
        let lo = self.span();
        let name = self.ident("the name of the type")?;
        if self.at(Tok::LBracket) && self.begins_type_params() {
            return Err(self.error(errors::generics(self.span())));
        }
        let alias = self.eat(Tok::Assign).is_some();
        let ty = self.ty()?;
        Ok(TypeSpec {
            id: self.ids.fresh(),
            span: self.since(lo),
            name,
            alias,
            ty,
        })
    }

    /// Whether `[` begins type parameters rather than an array type: a name and something that can only be
    /// a constraint stand behind it.
    fn begins_type_params(&self) -> bool {
        self.peek(1) == Tok::Ident
            && matches!(
                self.peek(2),
                Tok::Ident
                    | Tok::Comma
                    | Tok::Interface
                    | Tok::Tilde
                    | Tok::LBracket
                    | Tok::Map
                    | Tok::Chan
                    | Tok::Func
            )
    }

    /// A function or method.
    pub(super) fn func_decl(&mut self) -> PResult<FuncDecl> {
        self.nested(|p| {
            let start = p.pos;
            let lo = p.bump();
            let head = match p.func_head(lo) {
                Ok(head) => head,
                Err(Reported) => {
                    p.parse_body_after_error();
                    return Err(Reported);
                }
            };
            if p.at(Tok::Newline) && p.peek(1) == Tok::LBrace {
                p.report(errors::brace_on_next_line(p.span(), "the function"));
                p.bump();
            }
            let id = p.ids.fresh();
            let left_out = p.leave_out(id, start);
            let body = if p.at(Tok::LBrace) {
                Some(p.body()?)
            } else {
                None
            };
            let FuncHead { recv, name, sig } = head;
            Ok(FuncDecl {
                id,
                span: p.since(lo),
                left_out,
                recv,
                name,
                sig,
                body,
            })
        })
    }

    /// In an outline, notes the function that began at the token `start` and goes past its body. Whether it
    /// has one.
    fn leave_out(&mut self, decl: NodeId, start: usize) -> bool {
        if self.outline.is_none() {
            return false;
        }
        let partner = self.at(Tok::LBrace).then(|| self.partner(self.pos));
        let body = partner.flatten().map(|_| self.pos);
        if let Some(partner) = partner.flatten() {
            self.pos = partner + 1;
        }
        let end = self.pos;
        if let Some(functions) = &mut self.outline {
            functions.push(FuncTokens {
                decl,
                start,
                body,
                end,
            });
        }
        body.is_some()
    }

    fn func_head(&mut self, lo: Span) -> PResult<FuncHead> {
        let recv = if self.at(Tok::LParen) {
            Some(self.receiver()?)
        } else {
            None
        };
        let name = self.ident("the name of the function")?;
        if self.at(Tok::LBracket) {
            // What follows the type parameters is as usual, and its errors are worth telling.
            self.report(errors::generics(self.span()));
            match self.partner(self.pos) {
                Some(partner) => self.pos = partner + 1,
                None => return Err(Reported),
            }
        }
        let sig = self.signature(lo)?;
        Ok(FuncHead { recv, name, sig })
    }

    fn receiver(&mut self) -> PResult<Receiver> {
        let lo = self.span();
        let params = self.params(true)?;
        let span = self.since(lo);
        let mut params = params.into_iter();
        match (params.next(), params.next()) {
            (Some(mut param), None) if param.names.len() <= 1 && param.variadic.is_none() => {
                let name = param.names.pop();
                if matches!(param.ty.kind, ExprKind::Index { .. }) {
                    return Err(self.error(errors::generics(param.ty.span)));
                }
                Ok(Receiver {
                    span,
                    name,
                    ty: param.ty,
                })
            }
            _ => Err(self.error(errors::bad_receiver(span))),
        }
    }
}
