//! From tokens, comments and marks to lines.

use std::collections::HashMap;

use super::super::token::{Lexed, Tok};
use super::columns::{Cell, Line};
use super::marks::{Element, Marks};
use crate::source::SourceFile;

/// The lines of a file.
pub(super) fn layout(source: &SourceFile, lexed: &Lexed, marks: &Marks) -> Vec<Line> {
    let items = items(source, lexed);
    let mut layout = Layout {
        source,
        marks,
        items: &items,
        lines: Vec::new(),
        line: Line::default(),
        text: String::new(),
        frames: vec![Frame::default()],
        current: 0,
        start_indents: HashMap::new(),
        section_next: false,
        colon_stops: None,
    };
    for at in 0..items.len() {
        layout.item(at);
    }
    layout.end_line();
    sort_imports(&mut layout.lines);
    layout.lines
}

/// Sorts the imports that stand in consecutive lines of a group by their paths.
fn sort_imports(lines: &mut [Line]) {
    for run in lines.chunk_by_mut(|a, b| a.import.is_some() && b.import.is_some()) {
        if run[0].import.is_some() {
            let section = std::mem::take(&mut run[0].section);
            run.sort_by(|a, b| a.import.cmp(&b.import));
            run[0].section = section;
        }
    }
}

/// A token or comment.
#[derive(Clone, Copy, Debug)]
struct Item<'a> {
    lo: u32,
    hi: u32,
    /// `None` for comments.
    tok: Option<Tok>,
    text: &'a str,
}

/// Tokens and comments in order, without inserted semicolons.
fn items<'a>(source: &'a SourceFile, lexed: &Lexed) -> Vec<Item<'a>> {
    let text = |lo: u32, hi: u32| &source.text()[lo as usize..hi as usize];
    let written = lexed
        .tokens
        .iter()
        .filter(|token| !matches!(token.tok, Tok::Newline | Tok::Eof));
    let mut items: Vec<Item<'a>> = written
        .map(|token| Item {
            lo: token.lo,
            hi: token.hi,
            tok: Some(token.tok),
            text: text(token.lo, token.hi),
        })
        .collect();
    items.extend(lexed.comments.iter().map(|&(lo, hi)| Item {
        lo,
        hi,
        tok: None,
        text: text(lo, hi).trim_end(),
    }));
    items.sort_by_key(|item| item.lo);
    items
}

/// A bracket that is open.
#[derive(Clone, Debug, Default)]
struct Frame {
    /// The indentation of what it belongs to.
    base: usize,
    /// The indentation of the lines in it.
    content: usize,
    /// The indentation of the line where the current element or statement began.
    element: usize,
    /// Whether the next token begins one.
    fresh: bool,
    /// The number of the line it was opened in.
    line: usize,
    /// Whether elements are separated by commas.
    list: bool,
    /// What is known of the elements of a list so far.
    sizes: Sizes,
}

/// Sizes of elements: those that differ much in size are not aligned.
#[derive(Clone, Debug, Default)]
struct Sizes {
    previous: usize,
    log_sum: f64,
    count: u32,
}

impl Sizes {
    /// Whether a new column begins with this element.
    fn breaks(&mut self, element: &Element) -> bool {
        const SMALL: usize = 40;
        const RATIO: f64 = 2.5;
        let size = if element.single_line { element.size } else { 0 };
        let mut breaks = true;
        if self.previous > 0 && size > 0 {
            breaks = if self.count == 0 || (self.previous <= SMALL && size <= SMALL) {
                false
            } else {
                let mean = (self.log_sum / f64::from(self.count)).exp();
                let ratio = size as f64 / mean;
                RATIO * ratio <= 1.0 || RATIO <= ratio
            };
        }
        if breaks {
            (self.log_sum, self.count) = (0.0, 0);
        }
        if size > 0 {
            self.log_sum += (size as f64).ln();
            self.count += 1;
        }
        self.previous = size;
        breaks
    }
}

struct Layout<'a> {
    source: &'a SourceFile,
    marks: &'a Marks,
    items: &'a [Item<'a>],
    lines: Vec<Line>,
    line: Line,
    /// The current line behind its last tabstop.
    text: String,
    frames: Vec<Frame>,
    /// The indentation that a bracket opened now goes by: the line's, or that of the bracket before if a
    /// bracket from another line was closed in this one.
    current: usize,
    /// The indentation of the lines in which statements and declarations begin.
    start_indents: HashMap<u32, usize>,
    /// Whether columns end with the current line.
    section_next: bool,
    /// The colon of a key behind which there is a tabstop.
    colon_stops: Option<u32>,
}

impl Layout<'_> {
    fn frame(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn next(&self, at: usize) -> Option<&Item<'_>> {
        self.items.get(at + 1)
    }

    /// The first token at or behind an item.
    fn next_token(&self, at: usize) -> Option<&Item<'_>> {
        self.items[at..].iter().find(|item| item.tok.is_some())
    }

    fn newlines(&self, from: u32, to: u32) -> usize {
        let between = &self.source.text()[from as usize..to as usize];
        between.bytes().filter(|byte| *byte == b'\n').count()
    }

    fn item(&mut self, at: usize) {
        let item = self.items[at];
        if item.tok == Some(Tok::Semi) && self.is_superfluous(at) {
            return;
        }
        let previous = self.previous(at);
        let breaks = self.line_breaks(at, previous);
        match previous {
            Some(previous) if breaks > 0 => self.begin_line(at, breaks, previous),
            Some(previous) => self.separate(at, previous),
            None => self.begin_first(at),
        }
        self.put(item);
        self.after(at);
    }

    /// The item before, but for semicolons that were left out.
    fn previous(&self, at: usize) -> Option<usize> {
        (0..at)
            .rev()
            .find(|&i| self.items[i].tok != Some(Tok::Semi) || !self.is_superfluous(i))
    }

    /// Whether a written semicolon ends its line, or will.
    fn is_superfluous(&self, at: usize) -> bool {
        let item = self.items[at];
        let Some(next) = self.next(at) else {
            return true;
        };
        let closes = next.tok.is_some_and(Tok::is_closer);
        closes
            || self.marks.dropped.contains(&item.lo)
            || self.marks.breaks.contains(&next.lo)
            || self.newlines(item.hi, next.lo) > 0
    }

    /// How many line ends there are before an item: none, one, or two for an empty line.
    fn line_breaks(&self, at: usize, previous: Option<usize>) -> usize {
        let Some(previous) = previous.map(|i| self.items[i]) else {
            return 0;
        };
        let item = self.items[at];
        let mut breaks = self.newlines(previous.hi, item.lo).min(2);
        if previous.text.starts_with("//") || self.marks.breaks.contains(&item.lo) {
            breaks = breaks.max(1);
        }
        let top = self.frames.len() == 1;
        if top && item.tok == Some(Tok::Import) {
            let first = !self.items[..at]
                .iter()
                .any(|item| item.tok == Some(Tok::Import));
            breaks = breaks.max(if first && previous.tok.is_some() {
                2
            } else {
                1
            });
        }
        if self.marks.empty_before.contains(&item.lo) && previous.tok.is_some() {
            breaks = 2;
        }
        if top && item.tok.is_none() && breaks > 0 && previous.tok.is_some() {
            // A comment for what follows it.
            let next = self.next_token(at).map(|next| next.lo);
            let documents = self
                .next(at)
                .is_some_and(|n| self.newlines(item.hi, n.lo) == 1);
            let import = self
                .next_token(at)
                .is_some_and(|n| n.tok == Some(Tok::Import));
            let decl = import || next.is_some_and(|next| self.marks.starts.contains(&next));
            if decl && (documents || next.is_some_and(|n| self.marks.empty_before.contains(&n))) {
                breaks = 2;
            }
        }
        let closes_list = matches!(item.tok, Some(Tok::RParen | Tok::RBracket))
            || (item.tok == Some(Tok::RBrace) && self.marks.literals.contains(&item.lo));
        if closes_list && previous.tok.is_some() {
            breaks = breaks.min(1);
        }
        breaks
    }

    // ---- beginnings of lines --------------------------------------------------------------------------

    fn begin_first(&mut self, at: usize) {
        self.line.indent = 0;
        self.line.section = true;
        self.mark_start(at);
    }

    fn begin_line(&mut self, at: usize, breaks: usize, previous: usize) {
        self.end_line();
        if breaks > 1 {
            self.lines.push(Line {
                section: true,
                ..Line::default()
            });
        }
        let item = self.items[at];
        self.line.indent = self.indent(at);
        self.current = self.line.indent;
        self.line.import = self.marks.imports.get(&item.lo).cloned();
        // The lines of a binary expression have no columns in common.
        let operator = self.items[..=previous]
            .iter()
            .rfind(|item| item.tok.is_some());
        let operand = operator.is_some_and(|item| self.marks.spaced.contains_key(&item.lo));
        self.line.section = std::mem::take(&mut self.section_next)
            || operand
            || self.marks.sections.contains(&item.lo);
        if let Some(element) = self.marks.elements.get(&item.lo).copied() {
            let breaks = self.frame().sizes.breaks(&element);
            self.line.section |= breaks || element.first;
            self.colon_stops = element.colon;
        }
        if item.tok.is_some_and(Tok::is_closer) {
            self.section_next = true;
        }
        self.mark_start(at);
    }

    fn mark_start(&mut self, at: usize) {
        let lo = self.items[at].lo;
        if self.marks.starts.contains(&lo) {
            self.start_indents.insert(lo, self.line.indent);
        }
    }

    /// The indentation of a line that begins with an item.
    fn indent(&mut self, at: usize) -> usize {
        let item = self.items[at];
        let starts = self.marks.starts.contains(&item.lo);
        let clause = self.marks.clauses.contains(&item.lo);
        let label = self.marks.labels.contains(&item.lo);
        let comment = item.tok.is_none();
        let inside = comment && self.is_inside(at);
        let next = self.next_token(at).map(|next| (next.lo, next.tok));
        let with_clause = next.is_some_and(|(next, _)| {
            self.marks.clauses.contains(&next)
                && self.source.position(next).column == self.source.position(item.lo).column
        });
        let deeper = next.and_then(|(next, _)| self.marks.indents.get(&next));
        let deeper = deeper.copied().unwrap_or(1);
        let frame = self.frame();
        if item.tok.is_some_and(Tok::is_closer) || clause || (comment && with_clause) {
            return frame.base;
        }
        if label {
            return frame.content.saturating_sub(1);
        }
        let head = matches!(item.tok, Some(Tok::Package | Tok::Import));
        if starts || (comment && !inside) || head || frame.fresh {
            return frame.content;
        }
        frame.element + deeper
    }

    /// Whether a comment stands within a statement or an element, whose next line is indented once more.
    fn is_inside(&self, at: usize) -> bool {
        let marks = self.marks;
        self.next_token(at).is_some_and(|next| {
            let begins = marks.starts.contains(&next.lo) || marks.clauses.contains(&next.lo);
            let closes = next.tok.is_some_and(Tok::is_closer);
            let head = matches!(next.tok, Some(Tok::Package | Tok::Import));
            !(begins || closes || head || marks.labels.contains(&next.lo))
        })
    }

    // ---- within lines ---------------------------------------------------------------------------------

    /// Puts what is between two items of a line.
    fn separate(&mut self, at: usize, previous: usize) {
        let item = self.items[at];
        let before = self.items[previous];
        self.mark_start(at);
        if item.tok.is_none() {
            let last = self.next(at).is_none_or(|next| {
                self.newlines(item.hi, next.lo) > 0
                    || item.text.starts_with("//")
                    || self.marks.breaks.contains(&next.lo)
            });
            if last {
                let soft = self
                    .marks
                    .comment_stops
                    .get(&before.hi)
                    .copied()
                    .unwrap_or(0);
                self.stops(soft.max(1), soft > 0);
            } else {
                self.text.push(' ');
            }
            return;
        }
        if let Some(&stops) = self.marks.stops.get(&item.lo) {
            if stops > 0 {
                return self.stops(stops, true);
            }
        } else if self.colon_stops.is_some_and(|colon| before.lo == colon) {
            self.colon_stops = None;
            return self.stops(1, true);
        }
        let space = if before.tok.is_none() {
            self.has_space_behind_comment(at, previous)
        } else {
            self.has_space(before, item)
        };
        if space || would_join(before.text, item.text) {
            self.text.push(' ');
        }
    }

    /// Ends a cell, and makes more that are empty.
    fn stops(&mut self, count: usize, soft: bool) {
        for _ in 0..count {
            let text = std::mem::take(&mut self.text);
            self.line.cells.push(Cell { text, soft });
        }
    }

    /// Whether there is a space between a comment and the token behind it in its line.
    fn has_space_behind_comment(&self, at: usize, comment: usize) -> bool {
        let token = self.items[..comment].iter().rfind(|i| i.tok.is_some());
        let opened = |open: Tok| token.is_some_and(|token| token.tok == Some(open));
        match self.items[at].tok {
            Some(Tok::Comma) => false,
            Some(Tok::RParen) => opened(Tok::LParen),
            Some(Tok::RBracket) => opened(Tok::LBracket),
            Some(Tok::RBrace) if self.marks.literals.contains(&self.items[at].lo) => {
                opened(Tok::LBrace)
            }
            _ => true,
        }
    }

    fn has_space(&self, before: Item<'_>, item: Item<'_>) -> bool {
        let (Some(a), Some(b)) = (before.tok, item.tok) else {
            return true;
        };
        if self.marks.tight.contains(&item.lo) || self.marks.prefix.contains(&before.lo) {
            return false;
        }
        if let Some(&spaced) = self.marks.spaced.get(&item.lo) {
            return spaced && !matches!(a, Tok::LBracket);
        }
        if let Some(&spaced) = self.marks.spaced.get(&before.lo) {
            return spaced && b != Tok::RBracket;
        }
        if self.marks.apart.contains(&item.lo) {
            return true;
        }
        let literal = |item: Item<'_>| self.marks.literals.contains(&item.lo);
        match (a, b) {
            (_, Tok::Semi) => matches!(a, Tok::Semi | Tok::For | Tok::Switch | Tok::If),
            (_, Tok::Comma | Tok::Colon | Tok::RParen | Tok::RBracket | Tok::Question) => false,
            (Tok::LParen | Tok::LBracket, _) => false,
            (_, Tok::Dot | Tok::DynArrow | Tok::Inc | Tok::Dec) => false,
            (Tok::Dot | Tok::DynArrow | Tok::At, _) => false,
            (Tok::LBrace, Tok::RBrace) => false,
            (Tok::LBrace, _) if literal(before) => false,
            (_, Tok::RBrace) if literal(item) => false,
            (Tok::Ident | Tok::Func, Tok::LParen) => false,
            (Tok::Map, Tok::LBracket) | (Tok::RBracket, Tok::LBracket) => false,
            (Tok::Chan | Tok::Port, Tok::Arrow) => false,
            _ => true,
        }
    }

    fn put(&mut self, item: Item<'_>) {
        if matches!(item.tok, Some(Tok::Lit(_)))
            && item.text.starts_with(|c: char| c.is_ascii_digit())
        {
            self.text.push_str(&number(item.text));
        } else if item.text.contains('\r') {
            self.text.push_str(&item.text.replace('\r', ""));
        } else {
            self.text.push_str(item.text);
        }
        // Columns do not go on across a text of several lines.
        if item.text.contains('\n') {
            self.section_next = true;
        }
        let indent = self.line.indent;
        if item.tok.is_some() {
            let starts = self.marks.starts.contains(&item.lo);
            let frame = self.frame();
            if frame.fresh || starts {
                frame.element = indent;
                frame.fresh = false;
            }
        }
    }

    /// What a token means for those behind it.
    fn after(&mut self, at: usize) {
        let item = self.items[at];
        match item.tok {
            Some(Tok::LParen | Tok::LBracket | Tok::LBrace) => {
                let owner = self.marks.owners.get(&item.lo);
                let base = owner
                    .and_then(|owner| self.start_indents.get(owner))
                    .copied()
                    .unwrap_or(self.current);
                let list = item.tok != Some(Tok::LBrace) || self.marks.literals.contains(&item.lo);
                self.frames.push(Frame {
                    base,
                    content: base + 1,
                    element: base,
                    fresh: true,
                    line: self.lines.len(),
                    list,
                    sizes: Sizes::default(),
                });
            }
            Some(Tok::RParen | Tok::RBracket | Tok::RBrace) if self.frames.len() > 1 => {
                let closed = self.frames.pop();
                self.current = closed
                    .filter(|frame| frame.line != self.lines.len())
                    .map_or(self.current, |frame| frame.base);
            }
            Some(Tok::Comma) if self.frame().list => self.frame().fresh = true,
            _ => {}
        }
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        line.rest = std::mem::take(&mut self.text);
        if !line.cells.is_empty() || !line.rest.is_empty() {
            self.lines.push(line);
        }
        self.colon_stops = None;
    }
}

/// Whether two tokens side by side would be read as another one.
fn would_join(a: &str, b: &str) -> bool {
    let (last, first) = (a.bytes().last(), b.bytes().next());
    match (last, first) {
        (_, Some(b'.')) => a.starts_with(|c: char| c.is_ascii_digit()),
        (Some(b'+'), Some(b'+')) | (Some(b'-'), Some(b'-' | b'>')) => true,
        (Some(b'/'), Some(b'*' | b'/')) => true,
        (Some(b'<'), Some(b'-' | b'<')) => true,
        (Some(b'&'), Some(b'&' | b'^')) => true,
        _ => false,
    }
}

/// A number with its prefix and exponent in small letters.
fn number(text: &str) -> String {
    let hex = text.starts_with("0x") || text.starts_with("0X");
    let small = |(at, c): (usize, char)| match c {
        'X' | 'B' | 'O' if at == 1 => c.to_ascii_lowercase(),
        'P' => 'p',
        'E' if !hex => 'e',
        _ => c,
    };
    text.chars().enumerate().map(small).collect()
}
