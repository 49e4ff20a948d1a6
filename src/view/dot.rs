//! Graphs for Graphviz, for those who have it.
//!
//! However many there are, they stand in one `digraph`, a cluster each, for what draws the file
//! may read no further than its first.

use super::draw::numbers;
use super::model::{Change, EdgeClass, GraphView, NodeKind, NodeView};
use super::profile::PointRun;
use super::visible::{Shown, visible};
use std::fmt::{self, Write};

/// A graph with its title.
#[derive(Clone, Debug)]
pub struct Titled<'a> {
    /// What stands above it.
    pub title: String,
    /// The function.
    pub view: &'a Shown,
    /// Whether it is the graph after the split.
    pub after: bool,
    /// Whether to colour what the split did.
    pub diff: bool,
}

/// A file with some graphs.
pub fn file(graphs: &[Titled<'_>], name: &str) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_file(&mut out, graphs, name);
    out
}

fn write_file(out: &mut String, graphs: &[Titled<'_>], name: &str) -> fmt::Result {
    writeln!(out, "digraph {} {{", quote(name))?;
    writeln!(out, "  node [shape=box, fontname=monospace, fontsize=10];")?;
    writeln!(out, "  edge [fontname=monospace, fontsize=9];")?;
    for (number, titled) in graphs.iter().enumerate() {
        let graph = GraphView::of(titled.view, titled.after);
        let one = One {
            number,
            titled,
            graph,
        };
        one.write(out)?;
    }
    writeln!(out, "}}")
}

/// One of the graphs of a file.
struct One<'a> {
    /// Its number, which makes its names its own.
    number: usize,
    titled: &'a Titled<'a>,
    graph: &'a GraphView,
}

impl One<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        let Titled {
            title, view, diff, ..
        } = self.titled;
        writeln!(out, "  subgraph cluster_{} {{", self.number)?;
        writeln!(out, "    label={}; color=\"#b4c0cb\";", label(title))?;
        self.loops(out, None, 2)?;
        for (node, heat) in self.graph.nodes.iter().zip(view.heat(self.graph)) {
            let (name, text) = (self.name(node), text_of(view, node));
            write!(out, "    {name} [label={text}")?;
            match node.kind {
                NodeKind::Block => {
                    if let Some(heat) = heat {
                        write!(out, ", style=filled, fillcolor=\"{}\"", shade(heat))?;
                    }
                }
                NodeKind::Point => {
                    write!(out, ", style=\"rounded,filled\", fillcolor=\"#fff6da\"")?
                }
                NodeKind::Call => write!(out, ", style=rounded")?,
            }
            match node.change {
                Change::Added if *diff => write!(out, ", color=\"#1a7f37\", penwidth=2")?,
                Change::Cut if *diff => write!(out, ", color=\"#9a6700\", penwidth=2")?,
                _ => {}
            }
            writeln!(out, "];")?;
        }
        for edge in &self.graph.edges {
            let name = |at: u32| self.name(&self.graph.nodes[at as usize]);
            let (from, to) = (name(edge.from), name(edge.to));
            let (colour, style) = look(edge.kind);
            let text = if edge.label.is_empty() {
                edge.kind.name()
            } else {
                &edge.label
            };
            write!(
                out,
                "    {from} -> {to} [color=\"{colour}\", style={style}, label={}",
                label(text)
            )?;
            if edge.back {
                write!(out, ", penwidth=2")?;
            }
            writeln!(out, "];")?;
        }
        writeln!(out, "  }}")
    }

    /// A node's name, which no node of another graph has.
    fn name(&self, node: &NodeView) -> String {
        quote(&format!("g{}.{}", self.number, node.name))
    }

    /// The loops within a loop, as clusters, with the nodes that are directly in each.
    fn loops(&self, out: &mut String, parent: Option<u32>, depth: usize) -> fmt::Result {
        // A graph deeper than this is not readable as clusters, and not worth a deep recursion.
        const DEEPEST: usize = 64;
        if depth > DEEPEST {
            return Ok(());
        }
        let view = self.titled.view;
        let pad = "  ".repeat(depth);
        let inner = view.loops.iter().zip(0u32..);
        for (each, id) in inner.filter(|(each, _)| each.parent == parent) {
            writeln!(out, "{pad}subgraph cluster_{}_{id} {{", self.number)?;
            let title = label(&each.title(id));
            writeln!(out, "{pad}  label={title}; color=\"#b4c0cb\";")?;
            for node in &self.graph.nodes {
                let block = node.block.map(|at| &view.blocks[at as usize]);
                if block.is_some_and(|block| block.in_loop == Some(id)) {
                    writeln!(out, "{pad}  {};", self.name(node))?;
                }
            }
            self.loops(out, Some(id), depth + 1)?;
            writeln!(out, "{pad}}}")?;
        }
        Ok(())
    }
}

/// What stands in a node.
fn text_of(view: &Shown, node: &NodeView) -> String {
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
            let run = view.run.as_ref();
            lines.extend(
                run.and_then(|run| run.points.get(at as usize))
                    .map(PointRun::text),
            );
        }
        (NodeKind::Call, _) => lines.push("called".to_owned()),
        _ => {
            let ran = view.ran(node).map(|count| format!("  ran {count}"));
            lines.push(node.name.clone() + &ran.unwrap_or_default());
            let insts = node.first..node.end;
            lines.extend(insts.map(|at| format!("{at} {}", view.insts[at as usize].text)));
        }
    }
    // `\l` ends a line and sets it at the left.
    let quoted: Vec<String> = lines.iter().map(|line| entities(line) + "\\l").collect();
    format!("\"{}\"", quoted.concat())
}

/// White for a block that never ran, to a red on which text can be read.
fn shade(heat: f64) -> String {
    const HOTTEST: [f64; 3] = [247.0, 205.0, 192.0];
    let [red, green, blue] = HOTTEST.map(|part| (255.0 - heat * (255.0 - part)).round() as u8);
    format!("#{red:02x}{green:02x}{blue:02x}")
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

/// Text within quotes.
fn escape(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// A name within the file.
fn quote(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

/// Text of a label, within quotes: of labels, and of nothing else, entities are decoded.
fn entities(text: &str) -> String {
    escape(text).replace('&', "&amp;")
}

fn label(text: &str) -> String {
    format!("\"{}\"", entities(text))
}
