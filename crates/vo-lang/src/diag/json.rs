//! Diagnostics as JSON, one object a line, for editors and other tools.

use serde::Serialize;

use super::{Diagnostic, Diagnostics, Severity};
use crate::source::{SourceMap, Span};

/// A diagnostic as tools read it. Lines and columns count from 1, columns in characters; ends are exclusive; there
/// are none where the message is about no source.
#[derive(Serialize)]
struct Message<'a> {
    id: &'a str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    labels: Vec<Label<'a>>,
    note: Option<&'a str>,
    help: Option<&'a str>,
    /// The message as people read it.
    rendered: String,
}

#[derive(Serialize)]
struct Label<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
    primary: bool,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl Diagnostics {
    /// All diagnostics in source order, each as a JSON object on a line of its own.
    pub fn json(&self, sources: &SourceMap) -> String {
        let mut text = String::new();
        for diagnostic in self.sorted() {
            // Nothing in a message can fail to be serialised: it is made of strings and numbers.
            if let Ok(line) = serde_json::to_string(&diagnostic.message(sources)) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }
}

impl Diagnostic {
    fn message<'a>(&'a self, sources: &'a SourceMap) -> Message<'a> {
        let labels = self.labels.iter().enumerate();
        Message {
            id: self.code.name(),
            severity: match self.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            message: &self.title,
            place: self.labels.first().map(|(span, _)| place(sources, *span)),
            labels: labels
                .map(|(index, (span, text))| Label {
                    place: place(sources, *span),
                    text,
                    primary: index == 0,
                })
                .collect(),
            note: self.note.as_deref(),
            help: self.help.as_deref(),
            rendered: self.render(sources, false),
        }
    }
}

fn place(sources: &SourceMap, span: Span) -> Place<'_> {
    let (start, end) = (sources.position(span), sources.position(span.end()));
    Place {
        file: sources.file(span.file).name(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use crate::source::FileId;

    #[test]
    fn places_and_texts() {
        let mut map = SourceMap::new();
        let file: FileId = map.add("a.vo", "x\n\"é\" y\n");
        let mut diags = Diagnostics::new();
        diags.push(
            Diagnostic::error(Code::E0001, Span::new(file, 2, 6), "bad \"text\"", "here")
                .with_label(Span::new(file, 7, 8), "")
                .with_help("no"),
        );
        let json = diags.json(&map);
        assert!(json.ends_with("}\n") && json.lines().count() == 1, "{json}");
        let start = r#"{"id":"E0001","severity":"error","message":"bad \"text\"","file":"a.vo","line":2,"column":1,"end_line":2,"end_column":4,"labels":[{"file":"a.vo","#;
        assert!(json.starts_with(start), "{json}");
        assert!(json.contains(r#""column":5,"end_line":2,"end_column":6,"text":"","primary":false}],"note":null,"help":"no","#), "{json}");
    }
}
