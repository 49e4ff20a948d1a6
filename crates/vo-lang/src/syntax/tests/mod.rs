//! Tests of the parser and the printer.

mod errors;
mod forms;
mod robust;
mod round_trip;

use super::ast::{File, NodeIds};
use super::{parse_file, printer};
use crate::diag::Diagnostics;
use crate::source::{FileId, SourceMap};

/// A parsed text.
struct Parsed {
    map: SourceMap,
    id: FileId,
    file: File,
    diags: Diagnostics,
}

fn parse(text: impl Into<Vec<u8>>) -> Parsed {
    let mut map = SourceMap::new();
    let id = map.add("t.vo", text);
    let mut diags = Diagnostics::new();
    let file = parse_file(&map, id, &mut NodeIds::new(), &mut diags);
    Parsed {
        map,
        id,
        file,
        diags,
    }
}

/// Parses a text that must be right.
fn parse_ok(text: &str) -> Parsed {
    let parsed = parse(text);
    assert!(parsed.diags.is_empty(), "{text}\n{}", parsed.errors());
    parsed
}

impl Parsed {
    fn errors(&self) -> String {
        self.diags.render(&self.map, false)
    }

    /// The ids of the errors with their lines: `E0020@3`.
    fn brief(&self) -> Vec<String> {
        let line = |d: &crate::diag::Diagnostic| self.map.position(d.span()).line;
        self.diags
            .sorted()
            .iter()
            .map(|d| format!("{}@{}", d.code, line(d)))
            .collect()
    }

    fn printed(&self) -> String {
        printer::print(&self.file, Some(self.map.file(self.id)))
    }

    /// The tree as text, without ids and places.
    fn shape(&self) -> String {
        let debug = format!(
            "{:?} {:?} {:?}",
            self.file.package, self.file.imports, self.file.decls
        );
        let mut shape = String::with_capacity(debug.len());
        let mut rest = debug.as_str();
        while let Some(at) = rest.find("NodeId(") {
            shape.push_str(&rest[..at]);
            let end = rest[at..].find(')').map_or(rest.len(), |len| at + len + 1);
            rest = &rest[end..];
        }
        shape.push_str(rest);
        strip_spans(&shape)
    }
}

/// Removes every `file:lo..hi`, the debug form of a span.
fn strip_spans(text: &str) -> String {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let file = digits(at);
        let lo = if bytes[at + file..].starts_with(b":") {
            digits(at + file + 1)
        } else {
            0
        };
        let dots = at + file + 1 + lo;
        if file > 0 && lo > 0 && bytes[dots..].starts_with(b"..") {
            at = dots + 2 + digits(dots + 2);
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
