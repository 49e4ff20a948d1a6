//! Printing expressions and types.

use super::super::ast::{
    ArrayLen, ChanDir, DynAccess, Element, Expr, ExprKind, FuncType, InterfaceElem, Param,
    StructField, UnaryOp,
};
use super::Printer;
use crate::source::Span;

/// The precedence of what is neither an infix nor a prefix operation.
const PRIMARY: u8 = 7;
/// The precedence of prefix operators.
const UNARY: u8 = 6;

/// How tightly the outermost operator of `x` binds.
fn precedence(x: &Expr) -> u8 {
    match &x.kind {
        ExprKind::Binary { op, .. } => op.precedence(),
        ExprKind::Unary { .. } | ExprKind::Star(_) => UNARY,
        _ => PRIMARY,
    }
}

/// Whether something printed behind `x` (arguments, an index, a dot) would be read as part of it: types
/// that end in another type.
fn is_open_type(x: &Expr) -> bool {
    match &x.kind {
        ExprKind::ChanType { .. } | ExprKind::PortType { .. } | ExprKind::FuncType(_) => true,
        ExprKind::ArrayType { elem, .. } | ExprKind::SliceType(elem) => is_open_type(elem),
        ExprKind::MapType { value, .. } => is_open_type(value),
        _ => false,
    }
}

impl Printer<'_> {
    pub(super) fn exprs(&mut self, list: &[Expr]) {
        for (index, x) in list.iter().enumerate() {
            if index > 0 {
                self.text(", ");
            }
            self.expr(x);
        }
    }

    /// Prints an operand that must bind at least as tightly as `min`: in parentheses if it does not.
    fn operand(&mut self, x: &Expr, min: u8) {
        let needed = precedence(x) < min || (min == PRIMARY && is_open_type(x));
        if needed {
            self.text("(");
        }
        self.expr(x);
        if needed {
            self.text(")");
        }
    }

    pub(super) fn expr(&mut self, x: &Expr) {
        match &x.kind {
            ExprKind::Bad => self.text("_"),
            ExprKind::Ident(ident) => self.text(&ident.name),
            ExprKind::Lit(lit) => self.text(&lit.raw),
            ExprKind::CompositeLit { ty, elems, braces } => {
                if let Some(ty) = ty {
                    self.expr(ty);
                }
                self.elements(elems, *braces);
            }
            ExprKind::FuncLit { sig, body } => {
                self.text("func");
                self.signature(sig);
                self.text(" ");
                self.block(body);
            }
            ExprKind::Paren(x) => {
                self.text("(");
                self.expr(x);
                self.text(")");
            }
            ExprKind::Star(x) => {
                self.text("*");
                self.operand(x, UNARY);
            }
            ExprKind::Unary { op, x, .. } => {
                self.text(op.as_str());
                self.unary_operand(*op, x);
            }
            ExprKind::Binary { op, x, y, .. } => {
                self.operand(x, op.precedence());
                self.text(" ");
                self.text(op.as_str());
                self.text(" ");
                self.operand(y, op.precedence() + 1);
            }
            _ if self.postfix(x) => {}
            _ => self.type_expr(x),
        }
    }

    fn unary_operand(&mut self, op: UnaryOp, x: &Expr) {
        if let ExprKind::Unary { op: inner, .. } = x.kind {
            // `- -x` must not become `--x`, nor `& ^x` become `&^x`.
            let same_sign =
                inner == op && matches!(op, UnaryOp::Plus | UnaryOp::Neg | UnaryOp::Addr);
            if same_sign || (op, inner) == (UnaryOp::Addr, UnaryOp::BitNot) {
                self.text(" ");
            }
        }
        // Nor may `<-` become a part of a channel type behind it.
        self.operand(
            x,
            if op == UnaryOp::Recv && is_open_type(x) {
                PRIMARY
            } else {
                UNARY
            },
        );
    }

    /// Prints what is applied behind an operand; false if `x` is something else.
    fn postfix(&mut self, x: &Expr) -> bool {
        match &x.kind {
            ExprKind::Selector { x, sel } => {
                self.operand(x, PRIMARY);
                self.space_after_number();
                self.text(".");
                self.text(&sel.name);
            }
            ExprKind::Index { x, index } => {
                self.operand(x, PRIMARY);
                self.bracketed(index);
            }
            ExprKind::Slice { x, lo, hi, max } => {
                self.operand(x, PRIMARY);
                self.text("[");
                let parts = [Some(lo), Some(hi), max.as_ref().map(|_| max)];
                for (index, part) in parts.into_iter().flatten().enumerate() {
                    if index > 0 {
                        self.text(":");
                    }
                    if let Some(part) = part {
                        self.expr(part);
                    }
                }
                self.text("]");
            }
            ExprKind::TypeAssert { x, ty } => {
                self.operand(x, PRIMARY);
                self.text(".(");
                self.expr(ty);
                self.text(")");
            }
            ExprKind::Call { fun, args, spread } => {
                self.operand(fun, PRIMARY);
                self.arguments(args, *spread);
            }
            ExprKind::Try(x) => {
                self.operand(x, PRIMARY);
                self.text("?");
            }
            ExprKind::Dyn { x, access, .. } => {
                self.operand(x, PRIMARY);
                self.text("~>");
                match access {
                    DynAccess::Attr(name) => self.text(&name.name),
                    DynAccess::Index(index) => self.bracketed(index),
                    DynAccess::Method { name, args, spread } => {
                        self.text(&name.name);
                        self.arguments(args, *spread);
                    }
                    DynAccess::Call { args, spread } => self.arguments(args, *spread),
                }
            }
            _ => return false,
        }
        true
    }

    /// Keeps a dot away from a number, which would take it as its own.
    fn space_after_number(&mut self) {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let word = self.out.rsplit(|c| !is_word(c)).next().unwrap_or("");
        if word
            .trim_start_matches('.')
            .starts_with(|c: char| c.is_ascii_digit())
        {
            self.text(" ");
        }
    }

    fn bracketed(&mut self, index: &Expr) {
        self.text("[");
        self.expr(index);
        self.text("]");
    }

    fn arguments(&mut self, args: &[Expr], spread: Option<Span>) {
        self.text("(");
        self.exprs(args);
        if spread.is_some() {
            self.space_after_number();
            self.text("...");
        }
        self.text(")");
    }

    /// The elements of a composite literal: a line each if in the source the first has its own line, else
    /// all on one.
    fn elements(&mut self, elems: &[Element], braces: Span) {
        let span = |e: &Element| {
            e.key
                .as_ref()
                .map_or(e.value.span, |key| key.span.to(e.value.span))
        };
        let first_line = elems.first().and_then(|first| self.line_of(span(first).lo));
        if first_line != self.line_of(braces.lo) && !elems.is_empty() {
            let print = |p: &mut Self, e: &Element| {
                p.element(e);
                p.text(",");
            };
            return self.lines("{", elems, span, print, "}", braces);
        }
        self.text("{");
        for (index, element) in elems.iter().enumerate() {
            if index > 0 {
                self.text(", ");
            }
            self.element(element);
        }
        self.text("}");
    }

    fn element(&mut self, element: &Element) {
        if let Some(key) = &element.key {
            self.expr(key);
            self.text(": ");
        }
        self.expr(&element.value);
    }

    fn type_expr(&mut self, x: &Expr) {
        match &x.kind {
            ExprKind::ArrayType { len, elem } => {
                self.text("[");
                match len {
                    ArrayLen::Expr(len) => self.expr(len),
                    ArrayLen::Ellipsis(_) => self.text("..."),
                }
                self.text("]");
                self.expr(elem);
            }
            ExprKind::SliceType(elem) => {
                self.text("[]");
                self.expr(elem);
            }
            ExprKind::StructType(fields) => {
                self.text(if fields.is_empty() {
                    "struct"
                } else {
                    "struct "
                });
                self.lines("{", fields, |f| f.span, Self::struct_field, "}", x.span);
            }
            ExprKind::FuncType(sig) => {
                self.text("func");
                self.signature(sig);
            }
            ExprKind::InterfaceType(elems) => {
                self.text(if elems.is_empty() {
                    "interface"
                } else {
                    "interface "
                });
                self.lines(
                    "{",
                    elems,
                    interface_elem_span,
                    Self::interface_elem,
                    "}",
                    x.span,
                );
            }
            ExprKind::MapType { key, value } => {
                self.text("map");
                self.bracketed(key);
                self.expr(value);
            }
            ExprKind::ChanType { dir, elem } => self.queue_type("chan", *dir, elem),
            ExprKind::PortType { dir, elem } => self.queue_type("port", *dir, elem),
            // All others are expressions, printed before.
            _ => self.text("island"),
        }
    }

    fn queue_type(&mut self, keyword: &str, dir: ChanDir, elem: &Expr) {
        let (before, after) = match dir {
            ChanDir::Both => ("", " "),
            ChanDir::Send => ("", "<- "),
            ChanDir::Recv => ("<-", " "),
        };
        self.text(before);
        self.text(keyword);
        self.text(after);
        let arrow_would_move = dir == ChanDir::Both
            && matches!(
                elem.kind,
                ExprKind::ChanType {
                    dir: ChanDir::Recv,
                    ..
                } | ExprKind::PortType {
                    dir: ChanDir::Recv,
                    ..
                }
            );
        if arrow_would_move {
            self.text("(");
        }
        self.expr(elem);
        if arrow_would_move {
            self.text(")");
        }
    }

    fn struct_field(&mut self, field: &StructField) {
        self.names(&field.names);
        if !field.names.is_empty() {
            self.text(" ");
        }
        self.expr(&field.ty);
        if let Some(tag) = &field.tag {
            self.text(" ");
            self.text(&tag.raw);
        }
    }

    fn interface_elem(&mut self, elem: &InterfaceElem) {
        match elem {
            InterfaceElem::Method { name, sig } => {
                self.text(&name.name);
                self.signature(sig);
            }
            InterfaceElem::Embedded(ty) => self.expr(ty),
        }
    }

    /// Parameters and results.
    pub(super) fn signature(&mut self, sig: &FuncType) {
        self.params(&sig.params);
        match &sig.results[..] {
            [] => {}
            [result]
                if result.names.is_empty() && !matches!(result.ty.kind, ExprKind::Paren(_)) =>
            {
                self.text(" ");
                self.expr(&result.ty);
            }
            results => {
                self.text(" ");
                self.params(results);
            }
        }
    }

    fn params(&mut self, params: &[Param]) {
        self.text("(");
        for (index, param) in params.iter().enumerate() {
            if index > 0 {
                self.text(", ");
            }
            self.names(&param.names);
            if !param.names.is_empty() {
                self.text(" ");
            }
            if param.variadic.is_some() {
                self.text("...");
            }
            self.expr(&param.ty);
        }
        self.text(")");
    }
}

fn interface_elem_span(elem: &InterfaceElem) -> Span {
    match elem {
        InterfaceElem::Method { name, sig } => name.span.to(sig.span),
        InterfaceElem::Embedded(ty) => ty.span,
    }
}
