//! The lexer: from text to tokens, with semicolons inserted.
//!
//! `logos` recognises everything that is regular; the bodies of numbers, runes, strings and block comments
//! are read here. Errors are reported and a token is given nevertheless, so that the parser can go on.

mod number;
mod text;

use logos::Logos;

use super::ast::LitValue;
use super::errors;
use super::token::{Lexed, Tok, Token};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::{FileId, SourceFile, Span};
use number::NumberError;
use text::Unit;

/// Makes tokens of a file.
pub(super) fn lex(id: FileId, file: &SourceFile, diags: &mut Diagnostics) -> Lexed {
    let mut lexer = Lexer {
        id,
        file,
        diags,
        raw: Tok::lexer(file.text()),
        out: Lexed {
            tokens: Vec::with_capacity(file.text().len() / 4),
            partners: Vec::new(),
            literals: Vec::new(),
            comments: Vec::new(),
            spoiled_lines: Vec::new(),
            shadows: Vec::new(),
            truncated: false,
        },
        error_end: u32::MAX,
    };
    lexer.report_bad_file();
    lexer.run();
    lexer.out.partners = partners(&lexer.out.tokens);
    lexer.end_shadows();
    lexer.out
}

struct Lexer<'a> {
    id: FileId,
    file: &'a SourceFile,
    diags: &'a mut Diagnostics,
    raw: logos::Lexer<'a, Tok>,
    out: Lexed,
    /// Where the last run of unknown characters ends, to report a run once.
    error_end: u32,
}

impl Lexer<'_> {
    fn span(&self, lo: usize, hi: usize) -> Span {
        Span::new(self.id, lo as u32, hi as u32)
    }

    /// Reports an error that does not disturb the parser.
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diags.push(diagnostic);
    }

    /// Notes a literal without end.
    fn cast_shadow(&mut self, span: Span) {
        let text = &self.file.text()[span.lo as usize..span.hi as usize];
        if text.contains(['{', '}']) {
            self.out.shadows.push((span.lo, u32::MAX));
        }
    }

    /// Shadows end behind the line in which a declaration begins at the left margin.
    fn end_shadows(&mut self) {
        if self.out.shadows.is_empty() {
            return;
        }
        let text = self.file.text().as_bytes();
        let declarations: Vec<u32> = (self.out.tokens.iter())
            .filter(|token| {
                let declares = matches!(
                    token.tok,
                    Tok::Func | Tok::Type | Tok::Var | Tok::Const | Tok::Import
                );
                declares && token.lo > 0 && text[token.lo as usize - 1] == b'\n'
            })
            .map(|token| token.lo)
            .collect();
        for shadow in &mut self.out.shadows {
            let behind = declarations.partition_point(|lo| *lo <= shadow.0);
            if let Some(lo) = declarations.get(behind) {
                let line = text[*lo as usize..].iter().position(|byte| *byte == b'\n');
                shadow.1 = lo + line.unwrap_or(text.len()) as u32;
            }
        }
    }

    /// Reports an error after which complaints about the same line would be mere echoes; itself too, if
    /// there was one on this line.
    fn report_spoiling(&mut self, diagnostic: Diagnostic) {
        let line = self.file.line(diagnostic.span().lo);
        if self.out.spoiled_lines.last() != Some(&line) {
            self.out.spoiled_lines.push(line);
            self.report(diagnostic);
        }
    }

    fn report_bad_file(&mut self) {
        if self.file.oversized() {
            self.report(errors::file_too_large(self.span(0, 0)));
        }
        for at in self.file.invalid_utf8() {
            let end = *at as usize + char::REPLACEMENT_CHARACTER.len_utf8();
            self.report_spoiling(errors::invalid_utf8(self.span(*at as usize, end)));
        }
    }

    fn run(&mut self) {
        while let Some(tok) = self.raw.next() {
            let lo = self.raw.span().start;
            match tok {
                Err(()) => self.unknown(),
                Ok(Tok::LineEnd) => self.line_end(lo),
                Ok(Tok::LineComment) => self.line_comment(),
                Ok(Tok::BlockComment) => self.block_comment(),
                Ok(Tok::NumberStart) => self.number(),
                Ok(Tok::Quote) => self.string(),
                Ok(Tok::RuneQuote) => self.rune(),
                Ok(Tok::RawQuote) => self.raw_string(),
                Ok(tok) => self.push(tok, lo),
            }
        }
        let end = self.file.text().len();
        self.line_end(end);
        self.out.tokens.push(Token {
            tok: Tok::Eof,
            lo: end as u32,
            hi: end as u32,
        });
    }

    /// Adds a token that began at `lo` and ends where the lexer stands.
    fn push(&mut self, tok: Tok, lo: usize) {
        self.out.tokens.push(Token {
            tok,
            lo: lo as u32,
            hi: self.raw.span().end as u32,
        });
    }

    fn push_literal(&mut self, value: LitValue, lo: usize) {
        let index = self.out.literals.len() as u32;
        self.out.literals.push(value);
        self.push(Tok::Lit(index), lo);
    }

    /// Inserts a semicolon at `at` if the last token asks for one.
    fn line_end(&mut self, at: usize) {
        if self
            .out
            .tokens
            .last()
            .is_some_and(|last| last.tok.ends_statement())
        {
            self.out.tokens.push(Token {
                tok: Tok::Newline,
                lo: at as u32,
                hi: at as u32,
            });
        }
    }

    fn unknown(&mut self) {
        let range = self.raw.span();
        let c = self
            .raw
            .slice()
            .chars()
            .next()
            .unwrap_or(char::REPLACEMENT_CHARACTER);
        let reported = self
            .file
            .invalid_utf8()
            .binary_search(&(range.start as u32))
            .is_ok();
        if self.error_end != range.start as u32 && !reported {
            self.report_spoiling(errors::unexpected_char(
                self.span(range.start, range.end),
                c,
            ));
        }
        if self.error_end != range.start as u32 {
            self.push(Tok::Error, range.start);
        }
        self.error_end = range.end as u32;
    }

    fn line_comment(&mut self) {
        let range = self.raw.span();
        let len = self.raw.slice().trim_end_matches('\r').len();
        self.out
            .comments
            .push((range.start as u32, (range.start + len) as u32));
    }

    fn block_comment(&mut self) {
        let lo = self.raw.span().start;
        let rest = self.raw.remainder().as_bytes();
        let (mut depth, mut len) = (1, 0);
        while depth > 0 && len < rest.len() {
            let step = match rest[len..] {
                [b'/', b'*', ..] => {
                    depth += 1;
                    2
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    2
                }
                _ => 1,
            };
            len += step;
        }
        let multi_line = rest[..len].contains(&b'\n');
        self.raw.bump(len);
        if depth > 0 {
            self.report(errors::unterminated_comment(self.span(lo, lo + 2)));
            self.out.truncated = true;
        }
        self.out
            .comments
            .push((lo as u32, self.raw.span().end as u32));
        if multi_line {
            self.line_end(lo);
        }
    }

    fn number(&mut self) {
        let lo = self.raw.span().start;
        let number = number::scan(&self.file.text()[lo..]);
        self.raw.bump(number.len - self.raw.slice().len());
        let span = self.span(lo, lo + number.len);
        match &number.error {
            Some(NumberError::Imaginary) => self.report(errors::imaginary(span)),
            Some(NumberError::Malformed(what)) => self.report(errors::bad_number(span, what)),
            None => {}
        }
        self.push_literal(number.value, lo);
    }

    /// Skips the body of a literal up to `quote` on the same line. Gives its length, or `None` if there is
    /// no closing quote; the lexer then stands at the line end.
    fn skip_quoted(&mut self, quote: u8) -> Option<usize> {
        let rest = self.raw.remainder().as_bytes();
        let mut len = 0;
        while len < rest.len() && rest[len] != b'\n' {
            if rest[len] == quote {
                self.raw.bump(len + 1);
                return Some(len);
            }
            // An escaped line end does not continue a literal.
            len += if rest[len] == b'\\'
                && rest
                    .get(len + 1)
                    .is_some_and(|b| b.is_ascii() && *b != b'\n')
            {
                2
            } else {
                1
            };
        }
        let len = if len > 0 && rest[len - 1] == b'\r' {
            len - 1
        } else {
            len
        };
        self.raw.bump(len);
        None
    }

    /// Decodes the escapes of the literal body `lo..hi`.
    fn unescape(&mut self, lo: usize, hi: usize, quote: char) -> (Vec<Unit>, bool) {
        let mut wrong = Vec::new();
        let units = text::unescape(&self.file.text()[lo..hi], quote, &mut wrong);
        for error in &wrong {
            let at = lo + error.at;
            self.report(errors::bad_escape(
                self.span(at, at + error.len),
                &error.what,
            ));
        }
        (units, wrong.is_empty())
    }

    fn string(&mut self) {
        let lo = self.raw.span().start;
        let Some(len) = self.skip_quoted(b'"') else {
            let span = self.span(lo, self.raw.span().end);
            self.report_spoiling(errors::unterminated_string(span));
            self.cast_shadow(span);
            return self.push_literal(LitValue::String([].into()), lo);
        };
        let (units, _) = self.unescape(lo + 1, lo + 1 + len, '"');
        let mut bytes = Vec::with_capacity(units.len());
        for unit in units {
            match unit {
                Unit::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                Unit::Byte(b) => bytes.push(b),
            }
        }
        self.push_literal(LitValue::String(bytes.into()), lo);
    }

    fn rune(&mut self) {
        let lo = self.raw.span().start;
        let Some(len) = self.skip_quoted(b'\'') else {
            let span = self.span(lo, self.raw.span().end);
            self.report_spoiling(errors::unterminated_rune(span));
            self.cast_shadow(span);
            return self.push_literal(LitValue::Rune('\0'), lo);
        };
        if len == 0 && self.raw.remainder().starts_with('\'') {
            self.raw.bump(1);
        }
        let (units, valid) = self.unescape(lo + 1, lo + 1 + len, '\'');
        let span = self.span(lo, self.raw.span().end);
        let value = match units[..] {
            [Unit::Char(c)] => c,
            [Unit::Byte(b)] => char::from(b),
            [] => {
                if valid {
                    self.report(errors::empty_rune(span));
                }
                '\0'
            }
            _ => {
                self.report(errors::long_rune(span));
                '\0'
            }
        };
        self.push_literal(LitValue::Rune(value), lo);
    }

    fn raw_string(&mut self) {
        let lo = self.raw.span().start;
        let rest = self.raw.remainder();
        let Some(len) = rest.find('`') else {
            self.raw.bump(rest.len());
            self.report(errors::unterminated_raw_string(self.span(lo, lo + 1)));
            self.out.truncated = true;
            return self.push_literal(LitValue::String([].into()), lo);
        };
        let bytes: Vec<u8> = rest[..len].bytes().filter(|b| *b != b'\r').collect();
        self.raw.bump(len + 1);
        self.push_literal(LitValue::String(bytes.into()), lo);
    }
}

/// Finds the partner of each opening bracket. Where brackets do not match, a closing one belongs to the
/// nearest opening one of its kind, and those in between stay without partner; but only `}` reaches over an
/// open `{`.
fn partners(tokens: &[Token]) -> Vec<u32> {
    let mut partners = vec![0; tokens.len()];
    let mut open: Vec<usize> = Vec::new();
    let mut open_braces = 0;
    // How many `(` and `[` are open within each open `{`, so that a stray closer costs no search.
    let mut counts = vec![[0u32; 2]];
    for (index, token) in tokens.iter().enumerate() {
        let innermost = counts.len() - 1;
        let reachable = match token.tok {
            Tok::LParen | Tok::LBracket => {
                counts[innermost][usize::from(token.tok == Tok::LBracket)] += 1;
                open.push(index);
                continue;
            }
            Tok::LBrace => {
                open_braces += 1;
                counts.push([0; 2]);
                open.push(index);
                continue;
            }
            Tok::RParen => counts[innermost][0] > 0,
            Tok::RBracket => counts[innermost][1] > 0,
            Tok::RBrace => open_braces > 0,
            _ => false,
        };
        while reachable && let Some(top) = open.pop() {
            match tokens[top].tok {
                Tok::LBrace => {
                    open_braces -= 1;
                    counts.pop();
                }
                tok => counts[innermost][usize::from(tok == Tok::LBracket)] -= 1,
            }
            if tokens[top].tok.closer() == Some(token.tok) {
                partners[top] = index as u32;
                break;
            }
        }
    }
    partners
}

#[cfg(test)]
mod tests;
