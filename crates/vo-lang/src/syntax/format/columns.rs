//! Elastic tabstops: cells of consecutive lines in columns.
//!
//! The algorithm is that of Go's `text/tabwriter` as gofmt uses it: a column is a run of consecutive lines
//! that all have a cell there, it is as wide as its widest cell and one space, and a soft column whose cells
//! are all empty is left out.

use super::super::ast::Name;

/// A line: its indentation, its cells, and what follows them.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub indent: usize,
    /// Cells that end in a tabstop.
    pub cells: Vec<Cell>,
    /// What stands behind the last tabstop.
    pub rest: String,
    /// The path, if the line is an import of a group.
    pub import: Option<Name>,
    /// Whether no column goes on from the line before.
    pub section: bool,
}

/// Text up to a tabstop.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub text: String,
    /// Whether the column disappears where all its cells are empty.
    pub soft: bool,
}

/// The lines as text.
pub(super) fn align(lines: &[Line]) -> String {
    let mut out = String::new();
    let mut start = 0;
    while start < lines.len() {
        let mut end = start + 1;
        while end < lines.len() && !lines[end].section && lines[end].indent == lines[start].indent {
            end += 1;
        }
        let mut widths = Vec::new();
        put(&lines[start..end], &mut widths, &mut out);
        start = end;
    }
    out
}

/// Writes lines whose first columns have the given widths.
fn put(lines: &[Line], widths: &mut Vec<usize>, out: &mut String) {
    let column = widths.len();
    let mut at = 0;
    while at < lines.len() {
        if column >= lines[at].cells.len() {
            put_line(&lines[at], widths, out);
            at += 1;
            continue;
        }
        let block = lines[at..].iter();
        let end = at + block.take_while(|line| column < line.cells.len()).count();
        let cells = lines[at..end].iter().map(|line| &line.cells[column]);
        let discarded = cells.clone().all(|cell| cell.soft && cell.text.is_empty());
        let width = cells.map(|cell| cell.text.chars().count() + 1).max();
        widths.push(if discarded { 0 } else { width.unwrap_or(0) });
        put(&lines[at..end], widths, out);
        widths.pop();
        at = end;
    }
}

fn put_line(line: &Line, widths: &[usize], out: &mut String) {
    let mut text = String::new();
    for (cell, width) in line.cells.iter().zip(widths) {
        text.push_str(&cell.text);
        let padding = width.saturating_sub(cell.text.chars().count());
        text.extend(std::iter::repeat_n(' ', padding));
    }
    text.push_str(&line.rest);
    let text = text.trim_end_matches([' ', '\t']);
    if !text.is_empty() {
        out.extend(std::iter::repeat_n('\t', line.indent));
        out.push_str(text);
    }
    out.push('\n');
}
