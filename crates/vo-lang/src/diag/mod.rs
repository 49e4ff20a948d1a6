//! Diagnostics: what the compiler tells the user about a program.
//!
//! A [`Diagnostic`] is data: id, title, marked spans, reason, hint. [`Diagnostics`] collects them and gives
//! them back in source order. `render` turns them into text, `json` into what tools read. Which errors there are, is the
//! business of the stages that find them: each has one named constructor per error.

mod codes;
mod explain;
mod json;
mod render;

pub use codes::Code;
pub use explain::Explanation;

use crate::source::Span;

/// How many diagnostics are shown of one compilation.
pub const MAX_SHOWN: usize = 50;

/// How grave a diagnostic is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Severity {
    /// The program is refused.
    Error,
    /// The program is accepted.
    Warning,
}

/// One message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// The kind of message.
    pub code: Code,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong, in one line without a full stop.
    pub title: String,
    /// The places it is about, each with a text (may be empty). The first is the primary one. None where the
    /// message is about no source; it is shown without its code then.
    pub labels: Vec<(Span, String)>,
    /// Why it is wrong: the rule.
    pub note: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error about `span`; `label` says what is there (may be empty).
    pub fn error(
        code: Code,
        span: Span,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            title: title.into(),
            labels: vec![(span, label.into())],
            note: None,
            help: None,
        }
    }

    /// An error about no place in a source, such as a file that cannot be read.
    pub fn without_place(code: Code, title: impl Into<String>) -> Self {
        Diagnostic {
            labels: Vec::new(),
            ..Self::error(code, Span::default(), title, "")
        }
    }

    /// A warning about `span`.
    pub fn warning(
        code: Code,
        span: Span,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Self::error(code, span, title, label)
        }
    }

    /// The same with one more place.
    #[must_use]
    pub fn with_label(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push((span, label.into()));
        self
    }

    /// The same with the rule.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The same with a way out.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The primary place; the beginning of the first file if there is none.
    pub fn span(&self) -> Span {
        self.labels
            .first()
            .map_or_else(Span::default, |label| label.0)
    }
}

/// The diagnostics of a compilation.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// How many errors were added, duplicates included.
    pub fn error_count(&self) -> usize {
        self.list
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .count()
    }

    /// Whether any error was added.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them in source order (file, then place; in the order of reporting at one place), without
    /// exact duplicates and without limit.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = self.list.iter().collect();
        sorted.sort_by_key(|d| (d.span().file, d.span().lo, d.span().hi));
        let mut kept: Vec<&Diagnostic> = Vec::with_capacity(sorted.len());
        for diagnostic in sorted {
            // Duplicates share their span, so they are among the last few kept.
            let seen = kept
                .iter()
                .rev()
                .take_while(|k| k.span() == diagnostic.span())
                .any(|k| *k == diagnostic);
            if !seen {
                kept.push(diagnostic);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, SourceMap};

    fn at(lo: u32, title: &str) -> Diagnostic {
        Diagnostic::error(Code::E0001, Span::new(FileId(0), lo, lo + 1), title, "")
    }

    #[test]
    fn sorted_by_place_without_duplicates() {
        let mut diags = Diagnostics::new();
        for d in [
            at(5, "late"),
            at(1, "b"),
            at(1, "a"),
            at(1, "b"),
            at(0, "first"),
        ] {
            diags.push(d);
        }
        let titles: Vec<_> = diags.sorted().iter().map(|d| d.title.clone()).collect();
        assert_eq!(titles, ["first", "b", "a", "late"]);
    }

    #[test]
    fn rendering_shows_the_line_and_stops_at_the_limit() {
        let mut map = SourceMap::new();
        map.add("a.vo", "x\n".repeat(70));
        let mut diags = Diagnostics::new();
        for line in 0..70 {
            diags.push(
                at(line * 2, "bad x")
                    .with_note("the rule")
                    .with_help("write y"),
            );
        }
        let text = diags.render(&map, false);
        assert_eq!(text.matches("bad x").count(), MAX_SHOWN);
        assert!(
            text.ends_with("error: 20 more errors are not shown\n"),
            "{text}"
        );
        assert!(
            text.starts_with("error[E0001]: bad x\n --> a.vo:1:1\n"),
            "{text}"
        );
    }
}
