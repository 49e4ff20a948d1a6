//! Diagnostics as text with source excerpts.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, MAX_SHOWN, Severity};
use crate::source::{FileId, SourceFile, SourceMap, Span};

impl Diagnostics {
    /// The first [`MAX_SHOWN`] diagnostics in source order, each with its source line(s), separated by
    /// empty lines; at the end how many were left out. Empty if there are none.
    pub fn render(&self, sources: &SourceMap, colour: bool) -> String {
        let sorted = self.sorted();
        let shown: Vec<String> = sorted
            .iter()
            .take(MAX_SHOWN)
            .map(|d| d.render(sources, colour))
            .collect();
        let mut text = shown.join("\n");
        if let Some(hidden) = sorted.len().checked_sub(MAX_SHOWN).filter(|n| *n > 0) {
            let errors = if hidden == 1 {
                "error is"
            } else {
                "errors are"
            };
            text.push_str(&format!("\nerror: {hidden} more {errors} not shown\n"));
        }
        text
    }

    /// What [`Self::render`] gives, and how to read more: for users of the command `vo`.
    pub fn report(&self, sources: &SourceMap, colour: bool) -> String {
        let mut text = self.render(sources, colour);
        let sorted = self.sorted();
        if let Some(first) = sorted.iter().find(|d| !d.labels.is_empty()) {
            text.push_str(&format!(
                "\nmore about an error: vo explain {}\n",
                first.code
            ));
        }
        text
    }
}

impl Diagnostic {
    /// The message with the source lines it is about, ending in a line end. Escape sequences for colour
    /// are used only if `colour`.
    pub fn render(&self, sources: &SourceMap, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(self.title.as_str());
        let title = if self.labels.is_empty() {
            title
        } else {
            title.id(self.code.name())
        };
        let mut group = title.elements(self.snippets(sources));
        if let Some(note) = &self.note {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let text = renderer.render(&[group]);
        text.lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }

    /// One excerpt for each file that has labels, the primary label's first.
    fn snippets<'a>(
        &'a self,
        sources: &'a SourceMap,
    ) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
        let mut files: Vec<FileId> = Vec::new();
        for (span, _) in &self.labels {
            if !files.contains(&span.file) {
                files.push(span.file);
            }
        }
        files
            .into_iter()
            .map(|file| self.snippet(file, sources.file(file)))
            .collect()
    }

    fn snippet<'a>(
        &'a self,
        id: FileId,
        file: &'a SourceFile,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let labels = || {
            self.labels
                .iter()
                .enumerate()
                .filter(|(_, (span, _))| span.file == id)
        };
        let ranges = || labels().map(|(_, (span, _))| byte_range(file, *span));
        // Only the lines from the first to the last label: the excerpt's cost must not grow with the file.
        let lo = ranges().map(|r| r.start).min().unwrap_or(0);
        let hi = ranges().map(|r| r.end).max().unwrap_or(0);
        let text = file.text();
        let start = text[..lo].rfind('\n').map_or(0, |at| at + 1);
        let end = text[hi..].find('\n').map_or(text.len(), |at| hi + at);
        // The carriage return of a line end would be shown as a symbol.
        Snippet::source(text[start..end].replace('\r', " "))
            .path(file.name())
            .line_start(file.line(start as u32) as usize)
            .annotations(labels().map(|(index, (span, label))| {
                let kind = if index == 0 {
                    AnnotationKind::Primary
                } else {
                    AnnotationKind::Context
                };
                let range = byte_range(file, *span);
                let annotation = kind.span(range.start - start..range.end - start);
                if label.is_empty() {
                    annotation
                } else {
                    annotation.label(label.as_str())
                }
            }))
    }
}

/// The span as a range on character boundaries inside the file's text.
fn byte_range(file: &SourceFile, span: Span) -> std::ops::Range<usize> {
    let text = file.text();
    let mut lo = (span.lo as usize).min(text.len());
    while !text.is_char_boundary(lo) {
        lo -= 1;
    }
    let mut hi = (span.hi as usize).clamp(lo, text.len());
    while !text.is_char_boundary(hi) {
        hi += 1;
    }
    lo..hi
}
