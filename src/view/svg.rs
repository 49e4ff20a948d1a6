//! Pictures: SVG that needs no other program, with the graph as text for those who cannot see it.
//!
//! Every text of the program goes through [`escape`]. Elements carry what they show
//! (`data-node`, `data-inst`, `data-slot`), by which the page of [`super::html`] links them.

use super::draw::{Boxed, Drawing, LINE, PAD, PANIC_SIGN, Span, Tone, change_class};
use super::labels;
use super::layout::{Point, Rect};
use super::model::{EdgeView, NodeKind, NodeView};
use super::visible;
use std::fmt::{self, Write};

/// The style of graphs, for pictures and for the page.
pub const STYLE: &str = include_str!("assets/graph.css");

/// The opacity of the hottest box's shade: more, and its text could not be read.
const HEAT: f64 = 0.3;

/// Between pictures that stand in one file.
const GAP: i32 = 30;
/// The height of a picture's heading.
const HEADING: i32 = 34;

/// Text as it may stand in XML, in an attribute too; what is hidden in it is shown.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("    "),
            // Among them are those that XML has no way to write.
            c => visible::push(&mut out, c),
        }
    }
    out
}

/// One picture, without a style of its own: for a page that has [`STYLE`].
pub fn inline(drawing: &Drawing<'_>, title: &str) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_root(&mut out, drawing.layout.width, drawing.layout.height, title)
        .and_then(|()| write_graph(&mut out, drawing));
    out += "</svg>\n";
    out
}

/// A file with pictures in rows, each with its heading.
pub fn file(rows: &[Vec<(String, Drawing<'_>)>], title: &str) -> String {
    let mut out = String::new();
    let _ = write_file(&mut out, rows, title);
    out
}

fn write_file(out: &mut String, rows: &[Vec<(String, Drawing<'_>)>], title: &str) -> fmt::Result {
    let width = |row: &Vec<(String, Drawing<'_>)>| -> i32 {
        row.iter()
            .map(|(_, each)| each.layout.width.max(240) + GAP)
            .sum()
    };
    let height = |row: &Vec<(String, Drawing<'_>)>| {
        let tallest = row.iter().map(|(_, each)| each.layout.height).max();
        tallest.unwrap_or(0) + HEADING
    };
    let whole = rows.iter().map(width).max().unwrap_or(0);
    let tall: i32 = rows.iter().map(height).sum();
    write_root(out, whole.max(1), tall.max(1), title)?;
    writeln!(out, "<style>{STYLE}</style>")?;
    writeln!(
        out,
        r#"<rect class="sheet" width="100%" height="100%" fill="none"/>"#
    )?;
    let mut y = 0;
    for row in rows {
        let mut x = 0;
        for (heading, drawing) in row {
            writeln!(out, r#"<g transform="translate({x} {y})">"#)?;
            writeln!(
                out,
                r#"<text class="heading" x="16" y="22">{}</text>"#,
                escape(heading)
            )?;
            let class = if drawing.diff { "diff" } else { "plain" };
            writeln!(
                out,
                r#"<g class="{class}" transform="translate(0 {HEADING})">"#
            )?;
            write_graph(out, drawing)?;
            writeln!(out, "</g></g>")?;
            x += drawing.layout.width.max(240) + GAP;
        }
        y += height(row);
    }
    writeln!(out, "</svg>")
}

fn write_root(out: &mut String, width: i32, height: i32, title: &str) -> fmt::Result {
    writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="vo-graph" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="12" role="group" aria-label="{}">"#,
        escape(title)
    )?;
    writeln!(out, "<title>{}</title>", escape(title))
}

fn write_graph(out: &mut String, drawing: &Drawing<'_>) -> fmt::Result {
    let view = drawing.view;
    for each in &drawing.layout.loops {
        let Rect {
            x,
            y,
            width,
            height,
        } = each.rect;
        // The loop as the function's analysis numbers it; a loop of parts of blocks has the
        // number of the innermost loop that its header is in.
        let block = drawing.graph.nodes[each.header].block;
        let number = block.and_then(|block| view.blocks[block as usize].in_loop);
        // What nothing leads to is in no loop of the analysis.
        let (class, name) = match number {
            Some(number) => ("loop", view.loops[number as usize].title(number)),
            None => ("loop unreachable", "unreachable".to_owned()),
        };
        writeln!(
            out,
            r##"<g class="{class}"><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="none" stroke="#999"/><text x="{}" y="{}">{name}</text></g>"##,
            x + 6,
            y + 13,
        )?;
    }
    let mut leaving: Vec<Vec<&EdgeView>> = vec![Vec::new(); drawing.graph.nodes.len()];
    for edge in &drawing.graph.edges {
        leaving[edge.from as usize].push(edge);
    }
    let edges = drawing.graph.edges.iter().zip(&drawing.layout.edges);
    for ((edge, path), label) in edges.zip(&drawing.labels) {
        write_edge(out, drawing, edge, label, path)?;
    }
    let rects = drawing.layout.nodes.iter();
    let nodes = drawing.graph.nodes.iter().zip(leaving);
    for (((node, leaving), boxed), rect) in nodes.zip(&drawing.boxes).zip(rects) {
        let spoken = spoken(drawing, &leaving, boxed);
        write_node(out, drawing, node, boxed, rect, &spoken)?;
    }
    Ok(())
}

fn write_edge(
    out: &mut String,
    drawing: &Drawing<'_>,
    edge: &EdgeView,
    label: &str,
    path: &[Point],
) -> fmt::Result {
    let nodes = &drawing.graph.nodes;
    let (from, to) = (&nodes[edge.from as usize], &nodes[edge.to as usize]);
    let back = if is_back(drawing, edge) { " back" } else { "" };
    let kind = edge.kind.name();
    writeln!(
        out,
        r#"<g class="edge k-{kind}{back}{}" data-from="{}" data-to="{}"><title>{} → {}: {kind}{back}{}</title>"#,
        change_class(edge.change),
        from.name,
        to.name,
        from.name,
        to.name,
        escape(&format!(" {}", edge.label)).trim_end(),
    )?;
    writeln!(
        out,
        r##"<path d="{}" fill="none" stroke="#666"/>"##,
        rounded(path)
    )?;
    if let (Some(first), Some(last)) = (path.first(), path.last()) {
        writeln!(
            out,
            r#"<path class="arrow" d="M{} {}l-4 -7h8z"/>"#,
            last.x, last.y
        )?;
        if !label.is_empty() {
            writeln!(
                out,
                r#"<text class="label" x="{}" y="{}">{}</text>"#,
                first.x + labels::GAP,
                first.y + labels::DROP,
                escape(label)
            )?;
        }
    }
    writeln!(out, "</g>")
}

/// Whether an edge goes back to the head of its loop, be it one that nothing leads to.
fn is_back(drawing: &Drawing<'_>, edge: &EdgeView) -> bool {
    let is_reachable = |node: u32| {
        let block = drawing.graph.nodes[node as usize].block;
        block.is_none_or(|at| drawing.view.blocks[at as usize].reachable)
    };
    let from = &drawing.layout.nodes[edge.from as usize];
    let is_inside = |rect: &Rect| {
        (rect.x..rect.x + rect.width).contains(&from.x)
            && (rect.y..rect.y + rect.height).contains(&from.y)
    };
    let mut loops = drawing.layout.loops.iter();
    edge.back
        || !is_reachable(edge.to)
            && loops.any(|each| each.header == edge.to as usize && is_inside(&each.rect))
}

/// The data of a path, with its bends rounded off.
fn rounded(path: &[Point]) -> String {
    const RADIUS: i32 = 6;
    let mut data = String::new();
    // Writing to a String cannot fail.
    for (at, here) in path.iter().enumerate() {
        let _ = match (at.checked_sub(1).map(|at| path[at]), path.get(at + 1)) {
            (None, _) => write!(data, "M{} {}", here.x, here.y),
            (_, None) => write!(data, "L{} {}", here.x, here.y),
            (Some(before), Some(behind)) => {
                // A step from the bend towards another point; all lines are upright or level.
                let towards = |to: Point| {
                    let (dx, dy) = (to.x - here.x, to.y - here.y);
                    let step = RADIUS.min(dx.abs().max(dy.abs()) / 2);
                    (here.x + dx.signum() * step, here.y + dy.signum() * step)
                };
                let ((ax, ay), (bx, by)) = (towards(before), towards(*behind));
                write!(data, "L{ax} {ay}Q{} {} {bx} {by}", here.x, here.y)
            }
        };
    }
    data
}

/// A piece of a line that looks or means something else than the line itself.
fn write_span(out: &mut String, span: &Span) -> fmt::Result {
    let tone = match span.tone {
        Tone::Plain => "",
        Tone::Dim => "dim",
        Tone::Op => "op",
        Tone::Type => "type",
    };
    let text = escape(&span.text);
    match (tone, span.slot) {
        ("", None) => write!(out, "{text}"),
        ("", Some(slot)) => write!(out, r#"<tspan data-slot="{slot}">{text}</tspan>"#),
        (tone, _) => write!(out, r#"<tspan class="{tone}">{text}</tspan>"#),
    }
}

fn write_node(
    out: &mut String,
    drawing: &Drawing<'_>,
    node: &NodeView,
    boxed: &Boxed,
    rect: &Rect,
    spoken: &str,
) -> fmt::Result {
    let kind = match node.kind {
        NodeKind::Block => "block",
        NodeKind::Point => "point",
        NodeKind::Call => "call",
    };
    let mut class = format!("node {kind}{}", change_class(node.change));
    if let Some(block) = node.block.map(|at| &drawing.view.blocks[at as usize]) {
        if !block.reachable {
            class += " unreachable";
        }
        if block.cold {
            class += " cold";
        }
    }
    if boxed.heat.is_some() {
        class += " hot";
    }
    writeln!(
        out,
        r#"<g class="{class}" data-node="{}" tabindex="0" role="group" aria-label="{}">"#,
        node.name,
        escape(spoken),
    )?;
    let Rect {
        x,
        y,
        width,
        height,
    } = *rect;
    let width = width - if boxed.panics { PANIC_SIGN } else { 0 };
    let round = if node.kind == NodeKind::Block { 3 } else { 10 };
    writeln!(
        out,
        r##"<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{round}" fill="#fff" stroke="#555"/>"##
    )?;
    if let Some(heat) = boxed.heat {
        writeln!(
            out,
            r##"<rect class="heat" x="{x}" y="{y}" width="{width}" height="{height}" rx="{round}" fill="#e4572e" fill-opacity="{:.3}"/>"##,
            heat * HEAT
        )?;
    }
    if !boxed.lines.is_empty() {
        writeln!(
            out,
            r#"<path class="bar" d="M{x} {}v{}q0 -{round} {round} -{round}h{}q{round} 0 {round} {round}v{}z" fill-opacity="0.07"/>"#,
            y + PAD + LINE,
            round - PAD - LINE,
            width - 2 * round,
            PAD + LINE - round,
        )?;
    }
    writeln!(
        out,
        r#"<text class="title" x="{}" y="{}">{}</text>"#,
        x + PAD,
        y + PAD + LINE - 4,
        escape(&boxed.title)
    )?;
    for (line, at) in boxed.lines.iter().zip(2..) {
        let waits = if line.waits { " waits" } else { "" };
        write!(out, r#"<text class="line{waits}""#)?;
        if let Some(inst) = line.inst {
            write!(out, r#" data-inst="{inst}""#)?;
        }
        if let Some(slot) = line.slot {
            write!(out, r#" data-slot="{slot}""#)?;
        }
        write!(
            out,
            r#" x="{}" y="{}" xml:space="preserve">"#,
            x + PAD,
            y + PAD + LINE * at + boxed.bar() - 4
        )?;
        if let Some(whole) = &line.whole {
            write!(out, "<title>{}</title>", escape(whole))?;
        }
        for span in &line.spans {
            write_span(out, span)?;
        }
        writeln!(out, "</text>")?;
    }
    if boxed.panics {
        let (x, y) = (x + width, y + height / 2);
        writeln!(
            out,
            r##"<g class="panics"><title>may panic</title><path d="M{x} {y}h6m0 -6l-3 7h6l-4 7" fill="none" stroke="#b00020"/></g>"##
        )?;
    }
    writeln!(out, "</g>")
}

/// A node as a screen reader says it.
fn spoken(drawing: &Drawing<'_>, leaving: &[&EdgeView], boxed: &Boxed) -> String {
    let nodes = &drawing.graph.nodes;
    let to = leaving
        .iter()
        .map(|edge| format!("{} {}", edge.kind.name(), nodes[edge.to as usize].name));
    let to: Vec<String> = to.collect();
    let leads = if to.is_empty() {
        "leads nowhere".to_owned()
    } else {
        format!("leads to {}", to.join(", "))
    };
    let lines = match boxed.lines.len() {
        1 => "1 line".to_owned(),
        count => format!("{count} lines"),
    };
    format!("{}, {lines}, {leads}", boxed.title)
}
