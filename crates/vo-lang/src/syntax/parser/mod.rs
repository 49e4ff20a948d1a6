//! The parser: from tokens to the tree of [`ast`](super::ast).
//!
//! Recursive descent, with precedence climbing for infix operators. This file holds the parser's state and
//! its small change; `decl`, `types`, `expr`, `stmt` and `control` hold the grammar, `recover` how it goes
//! on after an error, `foreign` hints for what is said otherwise in other languages.
//!
//! A syntax error is reported where it is found and then returned as [`Reported`] up to the next point that
//! can go on: a statement, a declaration, a line of a struct. So what follows from an error is never parsed
//! and never reported.

mod control;
mod decl;
mod expr;
mod foreign;
mod outline;
mod recover;
mod stmt;
mod types;

use foldhash::{HashMap, HashSet};

use super::ast::{Comment, Expr, ExprKind, File, Ident, Name, NodeId, NodeIds, Stmt, StmtKind};
use super::errors;
use super::lexer::lex;
use super::token::{Lexed, Tok, Token};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::{FileId, SourceFile, SourceMap, Span};
use crate::stack::deeper;

pub use outline::{Outline, parse_outline};

/// The greatest height of a tree. Whoever walks one may recurse this deep.
pub const MAX_DEPTH: u32 = 1000;

/// Parses a file of `sources`. Whatever the text, a tree comes back; what is wrong is told to `diags`, and
/// the tree is whole only if nothing was.
pub fn parse_file(
    sources: &SourceMap,
    file: FileId,
    ids: &mut NodeIds,
    diags: &mut Diagnostics,
) -> File {
    let source = sources.file(file);
    let lexed = lex(file, source, diags);
    let comments = comments_of(file, source, &lexed);
    Parser::new(file, source, &lexed, ids, diags).file(comments)
}

fn comments_of(file: FileId, source: &SourceFile, lexed: &Lexed) -> Vec<Comment> {
    lexed
        .comments
        .iter()
        .map(|(lo, hi)| Comment {
            span: Span::new(file, *lo, *hi),
            text: Name::from(&source.text()[*lo as usize..*hi as usize]),
        })
        .collect()
}

/// An error was reported; nothing came of what was being parsed.
#[derive(Debug)]
struct Reported;

type PResult<T> = Result<T, Reported>;

struct Parser<'a> {
    file: FileId,
    source: &'a SourceFile,
    lexed: &'a Lexed,
    ids: &'a mut NodeIds,
    diags: &'a mut Diagnostics,
    names: HashMap<&'a str, Name>,
    /// The index of the current token.
    pos: usize,
    /// How many levels of the tree are being parsed.
    depth: u32,
    /// The height of the tallest tree finished on the current level.
    tallest: u32,
    /// Whether a `{` behind a type name begins a block, not a literal: in the head of a statement.
    in_head: bool,
    /// Whether `.(type)` may come: in the head of a switch.
    guard_allowed: bool,
    /// The `x.(type)` that was seen and not yet used.
    guard: Option<(NodeId, Span)>,
    /// Token indices of the `{` of the blocks being parsed.
    blocks: Vec<usize>,
    /// Set when a block turned out to have no end: all open blocks are given up, up to the top level.
    unclosed: bool,
    /// Lines with an error after which others would be echoes.
    spoiled: HashSet<u32>,
    /// Where function declarations are noted when their bodies are left out.
    outline: Option<&'a mut Vec<outline::FuncTokens>>,
}

impl<'a> Parser<'a> {
    fn new(
        file: FileId,
        source: &'a SourceFile,
        lexed: &'a Lexed,
        ids: &'a mut NodeIds,
        diags: &'a mut Diagnostics,
    ) -> Self {
        Parser {
            file,
            source,
            lexed,
            ids,
            diags,
            names: HashMap::default(),
            pos: 0,
            depth: 0,
            tallest: 0,
            in_head: false,
            guard_allowed: false,
            guard: None,
            blocks: Vec::new(),
            unclosed: false,
            spoiled: lexed.spoiled_lines.iter().copied().collect(),
            outline: None,
        }
    }

    // ---- tokens ---------------------------------------------------------------------------------------

    fn token(&self) -> Token {
        self.lexed.tokens[self.pos]
    }

    fn tok(&self) -> Tok {
        self.token().tok
    }

    /// The token `n` behind the current one.
    fn peek(&self, n: usize) -> Tok {
        let last = self.lexed.tokens.len() - 1;
        self.lexed.tokens[(self.pos + n).min(last)].tok
    }

    fn at(&self, tok: Tok) -> bool {
        self.tok() == tok
    }

    /// The span of the current token.
    fn span(&self) -> Span {
        self.span_of(self.pos)
    }

    fn span_of(&self, index: usize) -> Span {
        let token = self.lexed.tokens[index];
        Span::new(self.file, token.lo, token.hi)
    }

    /// From `lo` to the end of the last token read.
    fn since(&self, lo: Span) -> Span {
        lo.to(self.span_of(self.pos.saturating_sub(1)))
    }

    /// The index of the token that closes the bracket at `index`.
    fn partner(&self, index: usize) -> Option<usize> {
        match self.lexed.partners[index] {
            0 => None,
            partner => Some(partner as usize),
        }
    }

    /// Goes past the current token and gives its span. Never past the end.
    fn bump(&mut self) -> Span {
        let span = self.span();
        if self.pos + 1 < self.lexed.tokens.len() {
            self.pos += 1;
        }
        span
    }

    fn eat(&mut self, tok: Tok) -> Option<Span> {
        self.at(tok).then(|| self.bump())
    }

    /// Goes past `tok`, called `what` in the message if something else stands here.
    fn expect(&mut self, tok: Tok, what: &str) -> PResult<Span> {
        match self.eat(tok) {
            Some(span) => Ok(span),
            None => Err(self.expected(what)),
        }
    }

    fn text(&self, span: Span) -> &'a str {
        &self.source.text()[span.lo as usize..span.hi as usize]
    }

    /// What stands here, for a message.
    fn found(&self) -> String {
        let text = self.text(self.span());
        match self.tok() {
            Tok::Newline => "the end of the line".to_string(),
            Tok::Eof => "the end of the file".to_string(),
            Tok::Ident => format!("name `{text}`"),
            Tok::Lit(_) if text.len() > 30 || text.contains('\n') => "a literal".to_string(),
            Tok::Lit(_) => format!("literal `{text}`"),
            tok if tok.is_keyword() => format!("keyword `{text}`"),
            _ => format!("`{text}`"),
        }
    }

    // ---- errors ---------------------------------------------------------------------------------------

    /// Whether an error at `at` would be the echo of another one.
    fn is_echo(&self, at: Span) -> bool {
        self.unclosed
            || self.spoiled.contains(&self.source.line(at.lo))
            || (self.lexed.truncated && at.lo as usize >= self.source.text().len())
            || self.in_shadow(at.lo)
    }

    /// Whether the brackets at a place are not those that were meant.
    fn in_shadow(&self, at: u32) -> bool {
        let shadows = &self.lexed.shadows;
        let behind = shadows.partition_point(|shadow| shadow.0 <= at);
        // Of those that began before, the last one ends last.
        behind > 0 && at < shadows[behind - 1].1
    }

    /// Reports something that is wrong but understood: parsing goes on as if it were right.
    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.is_echo(diagnostic.span()) {
            self.diags.push(diagnostic);
        }
    }

    /// Reports something that cannot be understood.
    fn error(&mut self, diagnostic: Diagnostic) -> Reported {
        let line = self.source.line(diagnostic.span().lo);
        self.report(diagnostic);
        self.spoiled.insert(line);
        Reported
    }

    /// Reports that `what` should stand here.
    fn expected(&mut self, what: &str) -> Reported {
        // A reserved word that is none in Go was most likely meant as a name.
        let nearby = [self.pos, self.pos.saturating_sub(1)];
        if let Some(at) = nearby
            .into_iter()
            .find(|at| self.lexed.tokens[*at].tok.is_name_in_go())
        {
            return self.reserved_word(self.span_of(at));
        }
        let mut diagnostic = errors::expected(self.span(), what, &self.found());
        diagnostic.help = self.foreign().map(str::to_owned);
        self.error(diagnostic)
    }

    /// Reports that the word at `at` cannot be a name.
    fn reserved_word(&mut self, at: Span) -> Reported {
        let word = self.text(at);
        self.error(errors::reserved_word(at, word))
    }

    /// Reports that the bracket `open` is not closed here.
    fn expected_closer(&mut self, open: usize, expected: &str) -> Reported {
        let closer = match self.lexed.tokens[open].tok {
            Tok::LParen => ")",
            Tok::LBracket => "]",
            _ => "}",
        };
        if self.partner(open).is_some() {
            return self.expected(&format!("{expected}`{closer}`"));
        }
        let (open, found) = (self.span_of(open), self.found());
        let bracket = self.text(open);
        self.error(errors::unclosed(self.span(), &found, open, bracket, closer))
    }

    // ---- nodes ----------------------------------------------------------------------------------------

    fn expr(&mut self, lo: Span, kind: ExprKind) -> Expr {
        Expr {
            id: self.ids.fresh(),
            span: self.since(lo),
            kind,
        }
    }

    fn bad_expr(&mut self, span: Span) -> Expr {
        Expr {
            id: self.ids.fresh(),
            span,
            kind: ExprKind::Bad,
        }
    }

    fn stmt_node(&mut self, lo: Span, kind: StmtKind) -> Stmt {
        Stmt {
            id: self.ids.fresh(),
            span: self.since(lo),
            kind,
        }
    }

    /// The identifier that stands here, called `what` if none does.
    fn ident(&mut self, what: &str) -> PResult<Ident> {
        if !self.at(Tok::Ident) {
            return Err(self.expected(what));
        }
        let span = self.bump();
        let text = self.text(span);
        let name = self
            .names
            .entry(text)
            .or_insert_with(|| Name::from(text))
            .clone();
        Ok(Ident {
            id: self.ids.fresh(),
            span,
            name,
        })
    }

    fn ident_expr(&mut self, what: &str) -> PResult<Expr> {
        let ident = self.ident(what)?;
        Ok(Expr {
            id: ident.id,
            span: ident.span,
            kind: ExprKind::Ident(ident),
        })
    }

    // ---- context --------------------------------------------------------------------------------------

    /// Parses something one level down the tree.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> PResult<T>) -> PResult<T> {
        self.check_depth(1)?;
        let outer = std::mem::take(&mut self.tallest);
        self.depth += 1;
        // The callers' threads may have small stacks; the depth allowed must not depend on them.
        let result = deeper(|| parse(self));
        self.depth -= 1;
        self.tallest = outer.max(self.tallest + 1);
        result
    }

    /// Puts a new node on top of all that was parsed on this level: a tree that grows to the left.
    fn grow(&mut self) -> PResult<()> {
        self.check_depth(self.tallest + 1)?;
        self.tallest += 1;
        Ok(())
    }

    fn check_depth(&mut self, more: u32) -> PResult<()> {
        if self.depth + more <= MAX_DEPTH {
            return Ok(());
        }
        Err(self.error(errors::too_deep(self.span())))
    }

    /// Parses something inside brackets, where the restrictions of a statement's head do not hold.
    fn in_brackets<T>(&mut self, parse: impl FnOnce(&mut Self) -> PResult<T>) -> PResult<T> {
        self.with_context(false, false, parse)
    }

    fn with_context<T>(
        &mut self,
        in_head: bool,
        guard_allowed: bool,
        parse: impl FnOnce(&mut Self) -> PResult<T>,
    ) -> PResult<T> {
        let saved = (self.in_head, self.guard_allowed);
        (self.in_head, self.guard_allowed) = (in_head, guard_allowed);
        let result = parse(self);
        (self.in_head, self.guard_allowed) = saved;
        result
    }

    // ---- lists ----------------------------------------------------------------------------------------

    /// `open item, item, … close`, a comma behind the last allowed. Gives the items and the whole span.
    fn comma_list<T>(
        &mut self,
        closer: Tok,
        what: &str,
        mut item: impl FnMut(&mut Self) -> PResult<T>,
    ) -> PResult<(Vec<T>, Span)> {
        let open = self.pos;
        let lo = self.bump();
        let items = self.in_brackets(|p| {
            let mut items = Vec::new();
            while !p.at(closer) {
                if p.tok().is_closer() || p.at(Tok::Eof) {
                    return Err(p.expected_closer(open, ""));
                }
                items.push(item(p)?);
                if !p.comma_or_end(open, closer, what)? {
                    break;
                }
            }
            Ok(items)
        })?;
        let hi = self.bump();
        Ok((items, lo.to(hi)))
    }

    /// Behind an element of a list: goes past a comma and gives true, or gives false before the closer.
    /// A comma that is missing at a line end is reported and taken as there.
    fn comma_or_end(&mut self, open: usize, closer: Tok, what: &str) -> PResult<bool> {
        if self.eat(Tok::Comma).is_some() {
            return Ok(true);
        }
        if self.at(closer) {
            return Ok(false);
        }
        if self.at(Tok::Newline) && (self.peek(1) == closer || self.partner(open).is_some()) {
            self.report(errors::missing_comma(self.span(), what));
            self.bump();
            return Ok(true);
        }
        Err(self.expected_closer(open, "`,` or "))
    }

    /// `open line; line; … close`: lines that fail are left out.
    fn lines<T>(
        &mut self,
        closer: Tok,
        mut line: impl FnMut(&mut Self) -> PResult<T>,
    ) -> PResult<(Vec<T>, Span)> {
        let open = self.pos;
        let lo = self.bump();
        let lines = self.in_brackets(|p| {
            let mut lines = Vec::new();
            loop {
                while p.tok().is_semi() {
                    p.bump();
                }
                if p.at(closer) {
                    return Ok(lines);
                }
                // Where the closer is missing, the next declaration must not be read as a line.
                let lost = p.partner(open).is_none() && p.tok().begins_declaration();
                if lost || p.tok().is_closer() || p.at(Tok::Eof) {
                    return Err(p.expected_closer(open, ""));
                }
                let start = p.pos;
                match line(p) {
                    Ok(line) if p.tok().is_semi() || p.at(closer) => lines.push(line),
                    Ok(_) => {
                        p.expected("the end of the line");
                        p.recover(start, closer);
                    }
                    Err(Reported) if p.unclosed => return Err(Reported),
                    Err(Reported) => p.recover(start, closer),
                }
            }
        })?;
        let hi = self.bump();
        Ok((lines, lo.to(hi)))
    }
}
