//! The printer: from a tree to canonical source.
//!
//! What it prints parses to the same tree, and printing that gives the same text again. The layout is
//! simple: tabs, one statement a line, composite literals and argument lists on one line unless something
//! in them takes several (a function literal, a struct type, a comment). Comments go before the line they
//! stood before, or behind the line they stood behind; those inside an expression move to the end of its
//! line. Alignment of columns, as `gofmt` does it, is not done here.

mod expr;
mod stmt;

use super::ast::{
    Comment, ConstSpec, Decl, File, FuncDecl, GenDecl, Ident, ImportName, ImportSpec, Name,
    TypeSpec, VarSpec,
};
use crate::source::{SourceFile, Span};

/// Prints a file. With the `source` it was parsed from, comments, single empty lines and the lines of
/// composite literals are kept; without it there is only the tree.
pub fn print(file: &File, source: Option<&SourceFile>) -> String {
    let comments = if source.is_some() {
        &file.comments[..]
    } else {
        &[]
    };
    let mut printer = Printer {
        out: String::new(),
        indent: 0,
        line_started: false,
        comments,
        source,
        last_line: None,
    };
    printer.file(file);
    printer.out
}

struct Printer<'a> {
    out: String,
    indent: usize,
    /// Whether the current line has its indentation.
    line_started: bool,
    /// The comments not yet printed.
    comments: &'a [Comment],
    source: Option<&'a SourceFile>,
    /// The source line that the last printed thing ended on.
    last_line: Option<u32>,
}

impl Printer<'_> {
    fn text(&mut self, text: &str) {
        if !self.line_started {
            self.out.extend(std::iter::repeat_n('\t', self.indent));
            self.line_started = true;
        }
        self.out.push_str(text);
    }

    fn newline(&mut self) {
        self.out.push('\n');
        self.line_started = false;
    }

    fn line_of(&self, offset: u32) -> Option<u32> {
        self.source.map(|source| source.line(offset))
    }

    // ---- lines and comments ---------------------------------------------------------------------------

    /// Begins a line for what stood at `span`: comments before it come first, and an empty line if there
    /// was one.
    fn begin(&mut self, span: Span) {
        self.comments_before(span.lo);
        self.empty_line_before(span.lo);
    }

    /// Ends the line of what stood at `span`, with the comments that stood inside it or behind it. Several
    /// of them become one: what follows `//` is part of that comment, whatever it was before.
    fn end(&mut self, span: Span) {
        let end = span.hi.max(span.lo + 1) - 1;
        self.last_line = self.line_of(end);
        let mut in_line_comment = false;
        while let Some((comment, rest)) = self.comments.split_first() {
            let behind = self.line_of(comment.span.lo) == self.last_line;
            if comment.span.lo >= span.hi && !behind {
                break;
            }
            self.comments = rest;
            if in_line_comment && comment.text.contains('\n') {
                self.newline();
            } else {
                self.text(" ");
            }
            self.comment(comment);
            in_line_comment |= comment.text.starts_with("//");
        }
        self.newline();
    }

    fn comments_before(&mut self, offset: u32) {
        while let Some((comment, rest)) = self.comments.split_first() {
            if comment.span.lo >= offset {
                break;
            }
            self.comments = rest;
            self.empty_line_before(comment.span.lo);
            self.comment(comment);
            self.last_line = self.line_of(comment.span.hi.max(1) - 1);
            self.newline();
        }
    }

    fn comment(&mut self, comment: &Comment) {
        let text: Name = if comment.text.contains('\r') {
            comment.text.replace('\r', "").into()
        } else {
            comment.text.clone()
        };
        self.text(text.trim_end());
    }

    fn empty_line_before(&mut self, offset: u32) {
        let (Some(last), Some(line)) = (self.last_line, self.line_of(offset)) else {
            return;
        };
        let at_start =
            self.out.is_empty() || self.out.ends_with("{\n") || self.out.ends_with("\n\n");
        if line > last + 1 && !at_start {
            self.newline();
        }
    }

    // ---- declarations ---------------------------------------------------------------------------------

    fn file(&mut self, file: &File) {
        if let Some(name) = &file.package {
            self.begin(name.span);
            self.text("package ");
            self.text(&name.name);
            self.end(name.span);
        }
        for import in &file.imports {
            self.begin(import.span);
            self.import(import);
            self.end(import.span);
        }
        for decl in &file.decls {
            if !self.out.is_empty() && self.source.is_none() {
                self.newline();
            }
            self.begin(decl.span());
            self.decl(decl);
            self.end(decl.span());
        }
        self.comments_before(u32::MAX);
    }

    fn import(&mut self, import: &ImportSpec) {
        self.text("import ");
        match &import.name {
            ImportName::Default => {}
            ImportName::Named(name) => {
                self.text(&name.name);
                self.text(" ");
            }
            ImportName::Dot(_) => self.text(". "),
        }
        self.text(&format!("\"{}\"", import.path));
    }

    fn decl(&mut self, decl: &Decl) {
        match decl {
            Decl::Const(decl) => self.general("const", decl, |spec| spec.span, Self::const_spec),
            Decl::Var(decl) => self.general("var", decl, |spec| spec.span, Self::var_spec),
            Decl::Type(decl) => self.general("type", decl, |spec| spec.span, Self::type_spec),
            Decl::Func(decl) => self.func_decl(decl),
        }
    }

    fn general<S>(
        &mut self,
        keyword: &str,
        decl: &GenDecl<S>,
        span: impl Fn(&S) -> Span,
        print: impl Fn(&mut Self, &S),
    ) {
        self.text(keyword);
        self.text(" ");
        if !decl.grouped {
            decl.specs.iter().for_each(|spec| print(self, spec));
            return;
        }
        self.lines("(", &decl.specs, span, print, ")", decl.span);
    }

    /// `open`, each item on its own line, `close`; the whole stood at `whole`.
    fn lines<T>(
        &mut self,
        open: &str,
        items: &[T],
        span: impl Fn(&T) -> Span,
        print: impl Fn(&mut Self, &T),
        close: &str,
        whole: Span,
    ) {
        self.text(open);
        let has_comments = self
            .comments
            .first()
            .is_some_and(|comment| comment.span.hi <= whole.hi);
        if items.is_empty() && !has_comments {
            self.text(close);
            return;
        }
        self.newline();
        self.last_line = None;
        self.indent += 1;
        for item in items {
            self.begin(span(item));
            print(self, item);
            self.end(span(item));
        }
        self.comments_before(whole.hi);
        self.indent -= 1;
        self.text(close);
    }

    fn names(&mut self, names: &[Ident]) {
        for (index, name) in names.iter().enumerate() {
            if index > 0 {
                self.text(", ");
            }
            self.text(&name.name);
        }
    }

    fn const_spec(&mut self, spec: &ConstSpec) {
        self.value_spec(&spec.names, spec.ty.as_ref(), &spec.values);
    }

    fn var_spec(&mut self, spec: &VarSpec) {
        self.value_spec(&spec.names, spec.ty.as_ref(), &spec.values);
    }

    fn value_spec(
        &mut self,
        names: &[Ident],
        ty: Option<&super::ast::Expr>,
        values: &[super::ast::Expr],
    ) {
        self.names(names);
        if let Some(ty) = ty {
            self.text(" ");
            self.expr(ty);
        }
        if !values.is_empty() {
            self.text(" = ");
            self.exprs(values);
        }
    }

    fn type_spec(&mut self, spec: &TypeSpec) {
        self.text(&spec.name.name);
        self.text(if spec.alias { " = " } else { " " });
        self.expr(&spec.ty);
    }

    fn func_decl(&mut self, decl: &FuncDecl) {
        self.text("func ");
        if let Some(recv) = &decl.recv {
            self.text("(");
            if let Some(name) = &recv.name {
                self.text(&name.name);
                self.text(" ");
            }
            self.expr(&recv.ty);
            self.text(") ");
        }
        self.text(&decl.name.name);
        self.signature(&decl.sig);
        if let Some(body) = &decl.body {
            self.text(" ");
            self.block(body);
        }
    }
}
