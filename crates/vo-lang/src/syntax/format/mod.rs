//! The formatter: canonical layout of source, as gofmt has it.
//!
//! Unlike the printer, which makes text of a tree, this keeps the tokens and comments of a file and decides
//! anew what is between them: spaces, line ends, indentation and columns. Line ends are the author's, but
//! where a statement or clause must begin a line.
//!
//! | file | holds |
//! |---|---|
//! | `marks` | what the tree tells about tokens: which operators are tight, which braces are blocks … |
//! | `operators` | the spaces around binary operators |
//! | `lines` | from tokens and marks to lines of cells |
//! | `columns` | cells aligned in columns: elastic tabstops |
//!
//! What it does not do: rewrite comments, and take the parentheses off single results.

mod columns;
mod lines;
mod marks;
mod operators;

use super::ast::NodeIds;
use super::lexer::lex;
use super::parse_file;
use crate::diag::Diagnostics;
use crate::source::SourceMap;

/// The formatted text of a file; `None` if it has syntax errors, which are told to `diags`.
///
/// Formatting the result gives the same again.
pub fn format_source(
    name: &str,
    text: impl Into<Vec<u8>>,
    sources: &mut SourceMap,
    diags: &mut Diagnostics,
) -> Option<String> {
    let id = sources.add(name, text);
    let file = parse_file(sources, id, &mut NodeIds::new(), diags);
    if diags.has_errors() {
        return None;
    }
    let source = sources.file(id);
    let lexed = lex(id, source, &mut Diagnostics::new());
    let tokens: Vec<_> = lexed.tokens.iter().map(|token| token.lo).collect();
    let marks = marks::of_file(&file, source, &tokens);
    let lines = lines::layout(source, &lexed, &marks);
    Some(columns::align(&lines))
}
