//! The graph for Graphviz, for those who have it.

use super::draw::numbers;
use super::model::{Change, EdgeClass, FuncView, GraphView, NodeKind, NodeView};
use std::fmt::{self, Write};

/// A graph of a function, before or after the split. With `diff`, what the split did is coloured.
pub fn graph(view: &FuncView, after: bool, diff: bool) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_graph(&mut out, view, GraphView::of(view, after), diff);
    out
}

fn write_graph(out: &mut String, view: &FuncView, graph: &GraphView, diff: bool) -> fmt::Result {
    writeln!(out, "digraph {} {{", quote(&view.name))?;
    writeln!(out, "  node [shape=box, fontname=monospace, fontsize=10];")?;
    writeln!(out, "  edge [fontname=monospace, fontsize=9];")?;
    clusters(out, view, graph, None, 1)?;
    for node in &graph.nodes {
        write!(out, "  {} [label={}", quote(&node.name), label(view, node))?;
        match node.kind {
            NodeKind::Block => {}
            NodeKind::Point => write!(out, ", style=\"rounded,filled\", fillcolor=\"#fff6da\"")?,
            NodeKind::Call => write!(out, ", style=rounded")?,
        }
        match node.change {
            Change::Added if diff => write!(out, ", color=\"#1a7f37\", penwidth=2")?,
            Change::Cut if diff => write!(out, ", color=\"#9a6700\", penwidth=2")?,
            _ => {}
        }
        writeln!(out, "];")?;
    }
    for edge in &graph.edges {
        let name = |at: u32| quote(&graph.nodes[at as usize].name);
        let (colour, style) = look(edge.kind);
        write!(
            out,
            "  {} -> {} [color=\"{colour}\", style={style}",
            name(edge.from),
            name(edge.to)
        )?;
        let label = if edge.label.is_empty() {
            edge.kind.name()
        } else {
            &edge.label
        };
        write!(out, ", label={}", quote(label))?;
        if edge.back {
            write!(out, ", penwidth=2")?;
        }
        writeln!(out, "];")?;
    }
    writeln!(out, "}}")
}

/// The loops within a loop, as clusters, with the nodes that are directly in each.
fn clusters(
    out: &mut String,
    view: &FuncView,
    graph: &GraphView,
    parent: Option<u32>,
    depth: usize,
) -> fmt::Result {
    // A graph deeper than this is not readable as clusters, and not worth a deep recursion.
    const DEEPEST: usize = 64;
    if depth > DEEPEST {
        return Ok(());
    }
    let pad = "  ".repeat(depth);
    let inner = view.loops.iter().zip(0u32..);
    for (each, id) in inner.filter(|(each, _)| each.parent == parent) {
        writeln!(out, "{pad}subgraph cluster_{id} {{")?;
        let rotated = if each.rotated { " rotated" } else { "" };
        writeln!(out, "{pad}  label=\"l{id}{rotated}\"; color=\"#b4c0cb\";")?;
        for node in &graph.nodes {
            let block = node.block.map(|at| &view.blocks[at as usize]);
            if block.is_some_and(|block| block.in_loop == Some(id)) {
                writeln!(out, "{pad}  {};", quote(&node.name))?;
            }
        }
        clusters(out, view, graph, Some(id), depth + 1)?;
        writeln!(out, "{pad}}}")?;
    }
    Ok(())
}

fn label(view: &FuncView, node: &NodeView) -> String {
    let mut lines = Vec::new();
    match (node.kind, node.point) {
        (NodeKind::Point, Some(at)) => {
            let point = &view.points[at as usize];
            lines.push(format!("p{at} {} line {}", point.kind, point.line));
            for live in &point.live {
                let (name, ty) = (view.slot_name(live.slot), view.slot_type(live.slot));
                lines.push(format!("+{} {name} {ty}", live.word));
            }
            lines.push(format!(
                "{} bytes, refs {}",
                point.bytes,
                numbers(&point.refs)
            ));
        }
        (NodeKind::Call, _) => lines.push("called".to_owned()),
        _ => {
            lines.push(node.name.clone());
            let insts = node.first..node.end;
            lines.extend(insts.map(|at| format!("{at} {}", view.insts[at as usize].text)));
        }
    }
    // `\l` ends a line and sets it at the left.
    let quoted: Vec<String> = lines.iter().map(|line| escape(line) + "\\l").collect();
    format!("\"{}\"", quoted.concat())
}

fn look(kind: EdgeClass) -> (&'static str, &'static str) {
    match kind {
        EdgeClass::Fall => ("#4a545e", "solid"),
        EdgeClass::Taken => ("#1a7f37", "solid"),
        EdgeClass::NotTaken => ("#b3362b", "dashed"),
        EdgeClass::Case => ("#0b62c4", "solid"),
        EdgeClass::Suspend => ("#a07500", "dotted"),
        EdgeClass::Resume => ("#7a3ec8", "dashed"),
        EdgeClass::Panic => ("#b00020", "solid"),
        EdgeClass::Defer => ("#00788a", "solid"),
    }
}

fn escape(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn quote(text: &str) -> String {
    format!("\"{}\"", escape(text))
}
