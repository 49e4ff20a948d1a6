//! What the tree tells about the tokens of a file, by their offsets.

use std::collections::{HashMap, HashSet};

use super::super::ast::*;
use super::operators::{cutoff, left_depth};
use crate::source::{SourceFile, Span};

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Tokens without a space before them.
    pub tight: HashSet<u32>,
    /// Operators without a space behind them.
    pub prefix: HashSet<u32>,
    /// Binary operators and colons of slices, and whether they have spaces around them.
    pub spaced: HashMap<u32, bool>,
    /// Tokens with a space before them where there would be none.
    pub apart: HashSet<u32>,
    /// Tokens that begin a line.
    pub breaks: HashSet<u32>,
    /// Of the braces of blocks, where the statement or declaration began.
    pub owners: HashMap<u32, u32>,
    /// Braces, opening and closing, of literals: tight inside.
    pub literals: HashSet<u32>,
    /// Tokens that begin a statement, declaration, or line of a type.
    pub starts: HashSet<u32>,
    /// Tokens before which columns end.
    pub sections: HashSet<u32>,
    /// Tokens before which there are so many soft tabstops instead of a space.
    pub stops: HashMap<u32, usize>,
    /// By the offset behind the last token of a field or line of a declaration, the soft tabstops before a
    /// comment there.
    pub comment_stops: HashMap<u32, usize>,
    /// `case`, `default` and labels: they stand further left.
    pub clauses: HashSet<u32>,
    pub labels: HashSet<u32>,
    /// The paths of imports.
    pub imports: HashMap<u32, Name>,
    /// Semicolons that say nothing.
    pub dropped: HashSet<u32>,
    /// Tokens before which there is an empty line at least.
    pub empty_before: HashSet<u32>,
    /// Elements of literals and arguments: what they mean for the columns if they begin a line.
    pub elements: HashMap<u32, Element>,
    /// By how much tokens within a statement or element are indented if they begin a line, where that is not 1.
    pub indents: HashMap<u32, usize>,
}

/// An element of a literal, or an argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    /// The length in characters of its key, or of all of it where it has none.
    pub size: usize,
    /// Where the colon behind its key is: a tabstop follows.
    pub colon: Option<u32>,
    /// Whether it is the first one.
    pub first: bool,
    /// Whether the whole element is on one line.
    pub single_line: bool,
}

/// The marks of a file; `tokens` are the offsets of all its tokens.
pub(super) fn of_file(file: &File, source: &SourceFile, tokens: &[u32]) -> Marks {
    let mut marker = Marker {
        source,
        tokens,
        marks: Marks::default(),
        owner: 0,
        broken: 0,
    };
    let mut previous: Option<(u8, u32)> = None;
    for import in &file.imports {
        marker.marks.starts.insert(import.span.lo);
        let path = import.path.clone();
        marker.marks.imports.insert(import.span.lo, path);
        if let ImportName::Dot(dot) = import.name {
            let tokens = [dot.lo, import.path_span.lo];
            marker.marks.apart.extend(tokens);
        }
    }
    for decl in &file.decls {
        let lo = decl.span().lo;
        marker.start(lo);
        let kind = match decl {
            Decl::Const(_) => 0,
            Decl::Var(_) => 1,
            Decl::Type(_) => 2,
            Decl::Func(_) => 3,
        };
        let long = marker.line(lo) != marker.line(decl.span().hi);
        let head = file.package.is_some() || !file.imports.is_empty();
        if previous.map_or(head, |(before, _)| before != kind) {
            marker.marks.empty_before.insert(lo);
        }
        if kind == 3 && long {
            marker.marks.sections.insert(lo);
        }
        previous = Some((kind, lo));
        marker.owner = lo;
        marker.decl(decl);
    }
    marker.marks
}

/// A line of `const` or `var`: where it stands, names, type, values.
type ValueLine<'a> = (Span, &'a [Ident], &'a Option<Expr>, &'a [Expr]);

struct Marker<'a> {
    source: &'a SourceFile,
    tokens: &'a [u32],
    marks: Marks,
    /// Where the current statement or declaration began.
    owner: u32,
    /// How many binary expressions within the same brackets have a line end before the operand at hand.
    broken: usize,
}

impl Marker<'_> {
    fn line(&self, offset: u32) -> u32 {
        self.source.line(offset)
    }

    /// The first token at or behind an offset.
    fn token(&self, offset: u32) -> u32 {
        let at = self.tokens.partition_point(|token| *token < offset);
        self.tokens.get(at).copied().unwrap_or(u32::MAX)
    }

    fn text(&self, span: Span) -> &str {
        &self.source.text()[span.lo as usize..span.hi as usize]
    }

    fn start(&mut self, offset: u32) {
        self.marks.breaks.insert(offset);
        self.marks.starts.insert(offset);
    }

    // ---- declarations ---------------------------------------------------------------------------------

    fn decl(&mut self, decl: &Decl) {
        match decl {
            Decl::Const(decl) => {
                let lines: Vec<_> = decl
                    .specs
                    .iter()
                    .map(|s| (s.span, &s.names[..], &s.ty, &s.values[..]))
                    .collect();
                self.values(decl.grouped, &lines);
            }
            Decl::Var(decl) => {
                let lines: Vec<_> = decl
                    .specs
                    .iter()
                    .map(|s| (s.span, &s.names[..], &s.ty, &s.values[..]))
                    .collect();
                self.values(decl.grouped, &lines);
            }
            Decl::Type(decl) => {
                for spec in &decl.specs {
                    if decl.grouped {
                        self.start(spec.span.lo);
                    }
                    if decl.specs.len() > 1 {
                        let next = self.token(spec.name.span.hi);
                        self.marks.stops.insert(next, 1);
                    }
                    self.expr(&spec.ty, 1);
                }
            }
            Decl::Func(decl) => {
                if let Some(recv) = &decl.recv {
                    let open = self.token(decl.span.lo + 4);
                    self.marks.apart.insert(open);
                    self.expr(&recv.ty, 1);
                }
                self.signature(&decl.sig);
                if let Some(body) = &decl.body {
                    // A blank counts here, but not with literals.
                    let header = (decl.sig.span.hi - decl.span.lo) as usize + 1;
                    if self.body(body, header) {
                        self.marks.stops.insert(body.span.lo, 1);
                    }
                }
            }
        }
    }

    fn values(&mut self, grouped: bool, lines: &[ValueLine<'_>]) {
        let aligned = lines.len() > 1;
        let keep = keep_types(lines);
        for (i, (span, names, ty, values)) in lines.iter().enumerate() {
            if grouped {
                self.start(span.lo);
            }
            let mut stops = 3;
            self.names(names);
            let behind = names.last().map_or(span.lo, |name| name.span.hi);
            if let Some(ty) = ty {
                if aligned {
                    self.marks.stops.insert(self.token(ty.span.lo), 1);
                }
                self.expr(ty, 1);
            }
            if ty.is_some() || keep[i] {
                stops -= 1;
            }
            if !values.is_empty() && aligned {
                let assign = self.token(ty.as_ref().map_or(behind, |ty| ty.span.hi));
                let skipped = usize::from(keep[i] && ty.is_none());
                self.marks.stops.insert(assign, 1 + skipped);
                stops -= 1;
            }
            self.exprs(values, 1);
            if aligned {
                self.marks.comment_stops.insert(span.hi, stops);
            }
        }
    }

    /// Names of fields or variables, which are not indented where they go on in the next line.
    fn names(&mut self, names: &[Ident]) {
        for name in names.iter().skip(1) {
            self.marks.indents.insert(name.span.lo, 0);
        }
    }

    fn signature(&mut self, sig: &FuncType) {
        for param in sig.params.iter().chain(&sig.results) {
            if let Some(variadic) = param.variadic {
                self.marks.prefix.insert(variadic.lo);
            }
            self.expr(&param.ty, 1);
        }
    }

    /// Marks the body of a function; whether it stays on one line.
    fn body(&mut self, body: &Block, header: usize) -> bool {
        const MAX_SIZE: usize = 100;
        let one_line = self.line(body.span.lo) == self.line(body.span.hi);
        let simple = body.stmts.iter().all(|stmt| self.is_small(stmt));
        let size = body
            .stmts
            .iter()
            .map(|s| (s.span.hi - s.span.lo) as usize + 2)
            .sum::<usize>();
        let fits = header + size.saturating_sub(2) <= MAX_SIZE;
        let comments = self.text(body.span).contains("//");
        if one_line && simple && fits && body.stmts.len() <= 5 && !comments {
            for stmt in &body.stmts {
                self.marks.starts.insert(stmt.span.lo);
                self.stmt(stmt);
            }
            return true;
        }
        self.block(body);
        false
    }

    /// Whether a statement can stand in a block of one line.
    fn is_small(&self, stmt: &Stmt) -> bool {
        if let StmtKind::Select(clauses) = &stmt.kind {
            return clauses.is_empty();
        }
        !matches!(
            stmt.kind,
            StmtKind::Block(_)
                | StmtKind::If(_)
                | StmtKind::Switch(_)
                | StmtKind::TypeSwitch(_)
                | StmtKind::For(_)
                | StmtKind::Range(_)
                | StmtKind::Labeled { .. }
        )
    }

    // ---- statements -----------------------------------------------------------------------------------

    fn block(&mut self, block: &Block) {
        self.marks.owners.insert(block.span.lo, self.owner);
        self.marks.breaks.insert(block.rbrace().lo);
        self.stmts(&block.stmts);
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        let owner = self.owner;
        let mut long = true;
        for stmt in stmts {
            if matches!(stmt.kind, StmtKind::Empty) {
                continue;
            }
            self.start(stmt.span.lo);
            if long {
                self.marks.sections.insert(stmt.span.lo);
            }
            long = self.line(stmt.span.lo) != self.line(stmt.span.hi.saturating_sub(1));
            self.stmt(stmt);
        }
        self.owner = owner;
    }

    fn stmt(&mut self, stmt: &Stmt) {
        self.owner = stmt.span.lo;
        match &stmt.kind {
            StmtKind::Bad | StmtKind::Empty | StmtKind::Fallthrough => {}
            StmtKind::Break(_) | StmtKind::Continue(_) => {}
            StmtKind::Decl(decl) => self.decl(decl),
            StmtKind::Labeled { label, stmt } => {
                self.marks.labels.insert(label.span.lo);
                if !matches!(stmt.kind, StmtKind::Empty) {
                    self.start(stmt.span.lo);
                }
                self.stmt(stmt);
            }
            StmtKind::Expr(e) | StmtKind::Defer(e) | StmtKind::ErrDefer(e) | StmtKind::Fail(e) => {
                self.expr(e, 1);
            }
            StmtKind::Send { chan, value, .. } => {
                self.expr(chan, 1);
                self.expr(value, 1);
            }
            StmtKind::IncDec { x, op_span, .. } => {
                self.marks.tight.insert(op_span.lo);
                self.expr(x, 2);
            }
            StmtKind::Assign { lhs, rhs, .. } => {
                let depth = if lhs.len() > 1 && rhs.len() > 1 { 2 } else { 1 };
                self.exprs(lhs, depth);
                self.exprs(rhs, depth);
            }
            StmtKind::Go { island, call } => {
                if let Some(island) = island {
                    self.expr(island, 1);
                }
                self.expr(call, 1);
            }
            StmtKind::Return(values) => self.exprs(values, 1),
            StmtKind::Block(block) => self.block(block),
            StmtKind::If(s) => self.if_stmt(s),
            StmtKind::Switch(s) => {
                self.header(&s.init);
                if let Some(tag) = &s.tag {
                    self.expr(tag, 1);
                }
                self.cases(&s.cases, s.braces);
            }
            StmtKind::TypeSwitch(s) => {
                self.header(&s.init);
                self.expr(&s.x, 1);
                self.cases(&s.cases, s.braces);
            }
            StmtKind::Select(clauses) => {
                let open = self.token(stmt.span.lo + 6);
                self.marks.owners.insert(open, stmt.span.lo);
                if !clauses.is_empty() {
                    self.marks.breaks.insert(stmt.span.hi.saturating_sub(1));
                }
                for clause in clauses {
                    self.clause(clause.head.lo);
                    match &clause.comm {
                        Comm::Bad | Comm::Default => {}
                        Comm::Send { chan, value, .. } => {
                            self.expr(chan, 1);
                            self.expr(value, 1);
                        }
                        Comm::Recv { lhs, recv, .. } => {
                            self.exprs(lhs, 1);
                            self.expr(recv, 1);
                        }
                    }
                    self.stmts(&clause.body);
                }
            }
            StmtKind::For(s) => {
                if s.init.is_none() && s.post.is_none() {
                    self.drop_semicolons(stmt.span.lo, s.body.span.lo);
                }
                self.header(&s.init);
                if let Some(cond) = &s.cond {
                    self.expr(cond, 1);
                }
                self.header(&s.post);
                self.owner = stmt.span.lo;
                self.block(&s.body);
            }
            StmtKind::Range(s) => {
                for e in s.key.iter().chain(&s.value) {
                    self.expr(e, 1);
                }
                self.expr(&s.x, 1);
                self.block(&s.body);
            }
        }
    }

    /// Notes the semicolons between two offsets as empty.
    fn drop_semicolons(&mut self, from: u32, to: u32) {
        let range = self.tokens.partition_point(|token| *token < from);
        let tokens = self.tokens[range..].iter().copied();
        let bytes = self.source.text().as_bytes();
        let semicolons = tokens
            .take_while(|token| *token < to)
            .filter(|token| bytes.get(*token as usize) == Some(&b';'));
        self.marks.dropped.extend(semicolons);
    }

    /// A statement in the head of another one.
    fn header(&mut self, stmt: &Option<Stmt>) {
        let owner = self.owner;
        if let Some(stmt) = stmt {
            self.stmt(stmt);
        }
        self.owner = owner;
    }

    fn if_stmt(&mut self, s: &IfStmt) {
        let owner = self.owner;
        self.header(&s.init);
        self.expr(&s.cond, 1);
        self.block(&s.then);
        match s.els.as_ref().map(|els| &els.kind) {
            Some(StmtKind::If(els)) => self.if_stmt(els),
            Some(StmtKind::Block(block)) => self.block(block),
            _ => {}
        }
        self.owner = owner;
    }

    fn cases(&mut self, cases: &[CaseClause], braces: Span) {
        self.marks.owners.insert(braces.lo, self.owner);
        self.marks.breaks.insert(braces.hi.saturating_sub(1));
        for case in cases {
            self.clause(case.head.lo);
            if let Some(exprs) = &case.exprs {
                self.exprs(exprs, 1);
                let spans: Vec<Span> = exprs.iter().map(|e| e.span).collect();
                self.list(case.head.lo, &spans);
            }
            self.stmts(&case.body);
        }
    }

    fn clause(&mut self, at: u32) {
        self.start(at);
        self.marks.sections.insert(at);
        self.marks.clauses.insert(at);
    }

    // ---- expressions and types ------------------------------------------------------------------------

    fn exprs(&mut self, list: &[Expr], depth: u32) {
        list.iter().for_each(|e| self.expr(e, depth));
    }

    fn expr(&mut self, e: &Expr, depth: u32) {
        let same_brackets = matches!(
            e.kind,
            ExprKind::Binary { .. } | ExprKind::Unary { .. } | ExprKind::Star(_)
        );
        if same_brackets {
            return self.expr_in_brackets(e, depth);
        }
        let broken = std::mem::take(&mut self.broken);
        self.expr_in_brackets(e, depth);
        self.broken = broken;
    }

    /// [`Self::expr`], with the count of broken lines as it is.
    fn expr_in_brackets(&mut self, e: &Expr, depth: u32) {
        match &e.kind {
            ExprKind::Bad | ExprKind::Ident(_) | ExprKind::Lit(_) | ExprKind::IslandType => {}
            ExprKind::CompositeLit { ty, elems, braces } => {
                if let Some(ty) = ty {
                    self.marks.tight.insert(braces.lo);
                    self.expr(ty, 1);
                }
                self.elements(elems, *braces);
            }
            ExprKind::FuncLit { sig, body } => {
                self.signature(sig);
                let owner = self.owner;
                let header = (sig.span.hi - e.span.lo) as usize;
                if !self.body(body, header) {
                    // Relative to the line that the literal is in.
                    self.marks.owners.remove(&body.span.lo);
                }
                self.owner = owner;
            }
            ExprKind::Paren(x) => self.expr(x, depth.saturating_sub(1).max(1)),
            ExprKind::Selector { x, .. } | ExprKind::Try(x) => self.expr(x, depth),
            ExprKind::Index { x, index } => {
                self.marks.tight.insert(self.token(x.span.hi));
                self.expr(x, depth);
                self.expr(index, depth + 1);
            }
            ExprKind::Slice { x, lo, hi, max } => self.slice(e, x, [lo, hi, max], depth),
            ExprKind::TypeAssert { x, ty } => {
                self.expr(x, depth);
                self.expr(ty, 1);
            }
            ExprKind::Call { fun, args, spread } => {
                self.marks.tight.insert(self.token(fun.span.hi));
                self.marks.tight.extend(spread.map(|spread| spread.lo));
                let depth = if args.len() > 1 { depth + 1 } else { depth };
                self.expr(fun, depth);
                self.exprs(args, depth);
                let spans: Vec<Span> = args.iter().map(|arg| arg.span).collect();
                self.list(self.token(fun.span.hi), &spans);
                for (i, arg) in args.iter().enumerate().filter(|_| args.len() > 1) {
                    self.element(arg.span, arg.span, None, i == 0);
                }
            }
            ExprKind::Star(x) => {
                self.marks.tight.insert(self.token(x.span.lo));
                self.expr(x, 1);
            }
            ExprKind::Unary { op_span, x, .. } => {
                self.marks.prefix.insert(op_span.lo);
                self.expr(x, depth);
            }
            ExprKind::Binary { .. } => self.binary(e, depth, cutoff(e, depth)),
            ExprKind::Dyn { x, access, .. } => {
                self.expr(x, depth);
                match access {
                    DynAccess::Attr(_) => {}
                    DynAccess::Index(index) => self.expr(index, depth + 1),
                    DynAccess::Method { args, spread, .. } | DynAccess::Call { args, spread } => {
                        self.marks.tight.extend(spread.map(|spread| spread.lo));
                        self.exprs(args, if args.len() > 1 { depth + 1 } else { depth });
                    }
                }
            }
            ExprKind::ArrayType { len, elem } => {
                if let ArrayLen::Expr(len) = len {
                    self.expr(len, 1);
                }
                self.element_type(elem);
            }
            ExprKind::SliceType(elem) => self.element_type(elem),
            ExprKind::MapType { key, value } => {
                self.expr(key, 1);
                self.element_type(value);
            }
            ExprKind::ChanType { dir, elem } | ExprKind::PortType { dir, elem } => {
                if *dir == ChanDir::Recv {
                    self.marks.prefix.insert(e.span.lo);
                }
                self.expr(elem, 1);
            }
            ExprKind::StructType(fields) => self.fields(e.span, fields),
            ExprKind::FuncType(sig) => self.signature(sig),
            ExprKind::InterfaceType(elems) => self.interface(e.span, elems),
        }
    }

    fn element_type(&mut self, elem: &Expr) {
        self.marks.tight.insert(self.token(elem.span.lo));
        self.expr(elem, 1);
    }

    fn binary(&mut self, e: &Expr, depth: u32, cutoff_here: u8) {
        let ExprKind::Binary { op, op_span, x, y } = &e.kind else {
            return self.expr(e, depth);
        };
        let precedence = op.precedence();
        self.marks
            .spaced
            .insert(op_span.lo, precedence < cutoff_here);
        let left = depth + left_depth(x, precedence);
        self.operand(x, left);
        let broken = usize::from(self.line(op_span.lo) < self.line(y.span.lo));
        self.broken += broken;
        if broken > 0 {
            self.marks.indents.insert(y.span.lo, self.broken);
        }
        self.operand(y, depth + 1);
        self.broken -= broken;
    }

    fn operand(&mut self, e: &Expr, depth: u32) {
        match e.kind {
            ExprKind::Binary { .. } => self.binary(e, depth, cutoff(e, depth)),
            _ => self.expr(e, depth),
        }
    }

    fn slice(&mut self, e: &Expr, x: &Expr, bounds: [&Option<Box<Expr>>; 3], depth: u32) {
        self.marks.tight.insert(self.token(x.span.hi));
        self.expr(x, depth);
        let given: Vec<&Expr> = bounds.into_iter().flatten().map(|e| &**e).collect();
        let binary = given
            .iter()
            .any(|e| matches!(e.kind, ExprKind::Binary { .. }));
        let spaced = depth <= 1 && given.len() > 1 && binary;
        let mut at = self.token(x.span.hi) + 1;
        for bound in bounds.into_iter().take(2) {
            if let Some(bound) = bound {
                at = bound.span.hi;
            }
            let colon = self.token(at);
            if colon < e.span.hi && self.source.text().as_bytes().get(colon as usize) == Some(&b':')
            {
                self.marks.spaced.insert(colon, spaced);
                at = colon + 1;
            }
        }
        for bound in given {
            self.expr(bound, depth + 1);
        }
    }

    fn elements(&mut self, elems: &[super::super::ast::Element], braces: Span) {
        self.marks.literals.insert(braces.lo);
        self.marks.literals.insert(braces.hi.saturating_sub(1));
        let mut spans = Vec::with_capacity(elems.len());
        for (i, elem) in elems.iter().enumerate() {
            let value = &elem.value;
            let mut span = value.span;
            let mut colon = None;
            if let Some(key) = &elem.key {
                self.expr(key, 1);
                span = key.span.to(span);
                colon = Some(self.token(key.span.hi));
            }
            spans.push(span);
            if elems.len() > 1 {
                let measured = elem.key.as_ref().map_or(span, |key| key.span);
                self.element(span, measured, colon, i == 0);
            }
            self.expr(value, 1);
        }
        self.list(braces.lo, &spans);
    }

    /// Notes an element; its length is that of the span `measured`.
    fn element(&mut self, span: Span, measured: Span, colon: Option<u32>, first: bool) {
        let element = Element {
            size: self.text(measured).chars().count(),
            colon,
            first,
            single_line: self.line(span.lo) == self.line(span.hi.saturating_sub(1)),
        };
        self.marks.elements.insert(span.lo, element);
    }

    /// Columns end behind a line of a list that holds several elements.
    fn list(&mut self, open: u32, elements: &[Span]) {
        let mut line = self.line(open);
        // How many elements began before the current line; one less where the list began there.
        let mut begun = 0;
        for (i, span) in elements.iter().enumerate() {
            if self.line(span.lo) > line {
                if begun < i {
                    self.marks.sections.insert(span.lo);
                }
                begun = i + 1;
            }
            line = self.line(span.hi.saturating_sub(1));
        }
    }

    fn fields(&mut self, span: Span, fields: &[StructField]) {
        for field in fields {
            self.names(&field.names);
        }
        let open = self.token(span.lo + 6);
        let size = match fields {
            [field] if field.tag.is_none() => {
                Some(usize::from(!field.names.is_empty()) + field.ty.span.len() as usize)
            }
            _ => None,
        };
        if self.one_line_type(span, open, fields.is_empty(), size) {
            fields.iter().for_each(|field| self.expr(&field.ty, 1));
            return;
        }
        self.marks.breaks.insert(span.hi.saturating_sub(1));
        let aligned = fields.len() > 1;
        let stop = usize::from(aligned);
        for field in fields {
            self.start(field.span.lo);
            let ty = self.token(field.ty.span.lo);
            let mut comment = 2;
            if !field.names.is_empty() {
                comment = 1;
                if aligned {
                    self.marks.stops.insert(ty, 1);
                }
            }
            let mut end = field.ty.span.hi;
            if let Some(tag) = &field.tag {
                let stops = if field.names.is_empty() {
                    stop
                } else {
                    2 * stop
                };
                self.marks.stops.insert(tag.span.lo, stops);
                end = tag.span.hi;
                comment = 0;
            }
            if aligned {
                self.marks.comment_stops.insert(end, comment);
            }
            self.expr(&field.ty, 1);
        }
    }

    fn interface(&mut self, span: Span, elems: &[InterfaceElem]) {
        let open = self.token(span.lo + 9);
        let size = match elems {
            [InterfaceElem::Method { sig, .. }] => Some("func".len() + 1 + sig.span.len() as usize),
            [InterfaceElem::Embedded(ty)] => Some(ty.span.len() as usize),
            _ => None,
        };
        let one_line = self.one_line_type(span, open, elems.is_empty(), size);
        if !one_line {
            self.marks.breaks.insert(span.hi.saturating_sub(1));
        }
        for elem in elems {
            let start = match elem {
                InterfaceElem::Method { name, sig } => {
                    self.signature(sig);
                    name.span.lo
                }
                InterfaceElem::Embedded(ty) => {
                    self.expr(ty, 1);
                    ty.span.lo
                }
            };
            if !one_line {
                self.start(start);
            }
        }
    }

    /// Whether a struct or interface type stays on one line: empty, or with a single line, of that size,
    /// which is small.
    fn one_line_type(&mut self, span: Span, open: u32, empty: bool, size: Option<usize>) -> bool {
        const MAX_SIZE: usize = 30;
        let one_line = self.line(span.lo) == self.line(span.hi.saturating_sub(1));
        if one_line && (empty || size.is_some_and(|size| size <= MAX_SIZE)) {
            self.marks.tight.insert(open);
            if empty {
                self.marks.tight.insert(span.hi.saturating_sub(1));
            }
            return true;
        }
        false
    }
}

/// For each line of a declaration whether it keeps a column for the type: those of a run of lines with
/// values in which one has a type.
fn keep_types(lines: &[ValueLine<'_>]) -> Vec<bool> {
    let mut keep = vec![false; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        let has_values = |i: usize| !lines[i].3.is_empty();
        if !has_values(at) {
            at += 1;
            continue;
        }
        let end = (at..lines.len())
            .find(|i| !has_values(*i))
            .unwrap_or(lines.len());
        let typed = lines[at..end].iter().any(|line| line.2.is_some());
        keep[at..end].iter_mut().for_each(|keep| *keep = typed);
        at = end;
    }
    keep
}
