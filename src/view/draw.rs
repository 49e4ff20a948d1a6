//! What stands in each box of a picture, and where.
//!
//! This joins the model to the layout: texts are measured as those of a monospaced font, boxes
//! get their sizes, edges their classes. What it looks like is the business of [`super::svg`].

use super::labels;
use super::layout::{self, Edge, Graph, Layout, Node};
use super::model::{Change, FuncView, GraphView, LiveView, NodeKind, NodeView};
use super::visible::Shown;
use std::ops::Range;

/// The height of a line, and of a box's title.
pub const LINE: i32 = 15;
/// Within a box, around its text.
pub const PAD: i32 = 7;
/// Between the bar with a box's title and its lines.
const BAR_GAP: i32 = 6;
/// Beside a box, for the sign that it may panic.
pub const PANIC_SIGN: i32 = 18;
/// More characters of a line are left out; the whole text is in the line's title.
const LONGEST: usize = 58;
/// The largest graph that is drawn: beyond, a picture helps nobody.
pub const MOST_NODES: usize = 20_000;

/// How a piece of a line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// As text does.
    Plain,
    /// Less than the rest: numbers, machine types.
    Dim,
    /// The name of an instruction.
    Op,
    /// A type of the source.
    Type,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its text.
    pub text: String,
    /// How it looks.
    pub tone: Tone,
    /// The slot that it names.
    pub slot: Option<u32>,
}

/// A line of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its pieces, together short enough for the box.
    pub spans: Vec<Span>,
    /// The whole text, where it was longer.
    pub whole: Option<String>,
    /// The instruction that it shows.
    pub inst: Option<u32>,
    /// The slot that it shows.
    pub slot: Option<u32>,
    /// Whether the goroutine may wait there.
    pub waits: bool,
}

/// A box with its text.
#[derive(Clone, Debug)]
pub struct Boxed {
    /// Its title.
    pub title: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// How hot it is in a run, from 0 to 1.
    pub heat: Option<f64>,
    /// Whether something in it may panic.
    pub panics: bool,
}

/// A graph with everything in its place.
pub struct Drawing<'a> {
    /// The function.
    pub view: &'a Shown,
    /// The graph.
    pub graph: &'a GraphView,
    /// By node.
    pub boxes: Vec<Boxed>,
    /// By edge, what is written at it.
    pub labels: Vec<String>,
    /// Whether to colour what the split did.
    pub diff: bool,
    /// The coordinates.
    pub layout: Layout,
}

impl<'a> Drawing<'a> {
    /// Colours what the split did.
    pub fn with_diff(mut self) -> Drawing<'a> {
        self.diff = true;
        self
    }

    /// Lays out the graph of a function, after the split or before.
    ///
    /// # Errors
    /// When the graph is too large to be drawn.
    pub fn new(view: &'a Shown, after: bool) -> Result<Drawing<'a>, String> {
        let graph = GraphView::of(view, after);
        if graph.nodes.len() > MOST_NODES {
            return Err(format!(
                "error: {} has {} blocks, too many for a picture (at most {MOST_NODES}); \
                 --format text or json shows it",
                view.name,
                graph.nodes.len()
            ));
        }
        let boxes = boxes(view, after);
        let layout = layout::layout(&self::graph(&boxes, graph));
        Ok(Drawing {
            view,
            graph,
            boxes,
            labels: labels::of(graph),
            diff: false,
            layout,
        })
    }
}

/// What stands in the boxes of a function's graph, by node.
pub fn boxes(view: &Shown, after: bool) -> Vec<Boxed> {
    let graph = GraphView::of(view, after);
    let nodes = graph.nodes.iter().zip(view.heat(graph));
    nodes.map(|(node, heat)| boxed(view, node, heat)).collect()
}

/// A graph as the layout wants it: the sizes of its boxes, and its edges.
pub fn graph(boxes: &[Boxed], graph: &GraphView) -> Graph {
    let widths = labels::widths(graph, &labels::of(graph));
    Graph {
        nodes: (boxes.iter().zip(widths))
            .map(|(boxed, least)| size(boxed, least))
            .collect(),
        edges: (graph.edges.iter())
            .map(|edge| Edge {
                from: edge.from as usize,
                to: edge.to as usize,
                class: edge.kind as u32,
            })
            .collect(),
    }
}

/// The width of a text in a monospaced font of 12 pixels.
pub fn text_width(text: &str) -> i32 {
    cells_width(cells(text))
}

/// The cells that a text takes. Who knows how wide others are; no character takes more than two.
fn cells(text: &str) -> usize {
    let wide = |c: char| !c.is_ascii() && c != '…';
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

fn cells_width(cells: usize) -> i32 {
    (cells * 29).div_ceil(4) as i32
}

/// The size of a box; what edges may touch is at least so wide.
fn size(boxed: &Boxed, least: i32) -> Node {
    let widths = boxed.lines.iter().map(Line::width);
    let text = widths.max().unwrap_or(0).max(text_width(&boxed.title));
    let ports = (text + 2 * PAD).max(least);
    let sign = if boxed.panics { PANIC_SIGN } else { 0 };
    Node {
        width: ports + sign,
        height: LINE * (boxed.lines.len() as i32 + 1) + boxed.bar() + 2 * PAD,
        ports,
    }
}

fn boxed(view: &FuncView, node: &NodeView, heat: Option<f64>) -> Boxed {
    let (mut title, lines) = match node.kind {
        NodeKind::Call => ("called".to_owned(), Vec::new()),
        NodeKind::Point => point(view, node.point.unwrap_or(0)),
        NodeKind::Block => block(view, node),
    };
    if let Some(count) = view.ran(node) {
        title += &format!("  ran {count}");
    }
    let insts = node.first as usize..node.end as usize;
    Boxed {
        title,
        lines,
        heat,
        panics: insts.clone().any(|at| view.insts[at].may_panic),
    }
}

fn block(view: &FuncView, node: &NodeView) -> (String, Vec<Line>) {
    let mut title = node.name.clone();
    if let Some(block) = node.block.and_then(|at| view.blocks.get(at as usize)) {
        if let Some(id) = block.in_loop
            && !node.name.contains('@')
        {
            let of = &view.loops[id as usize];
            let number = node.block.unwrap_or(0);
            if of.header == number {
                title += &format!("  heads l{id}");
            } else if of.entries.contains(&number) {
                title += &format!("  enters l{id}");
            }
        }
        if !block.reachable {
            title += "  unreachable";
        }
        if block.cold {
            title += "  cold";
        }
    }
    let lines = (node.first..node.end).map(|at| instruction(view, at));
    (title, lines.collect())
}

/// An instruction: its number, its name, its operands with their slots.
fn instruction(view: &FuncView, at: u32) -> Line {
    let inst = &view.insts[at as usize];
    let (op, operands) = match inst.text.split_once(' ') {
        Some((op, operands)) => (op, operands),
        None => (inst.text.as_str(), ""),
    };
    let mut spans = vec![span(format!("{at:>3} "), Tone::Dim), span(op, Tone::Op)];
    let mut rest = 0;
    for (range, slot) in slots_of(operands, &[&inst.reads[..], &inst.writes].concat()) {
        let before = if rest == 0 { " " } else { "" };
        spans.push(span(
            format!("{before}{}", &operands[rest..range.start]),
            Tone::Plain,
        ));
        rest = range.end;
        spans.push(Span {
            slot: Some(slot),
            ..span(&operands[range], Tone::Plain)
        });
    }
    let before = if rest == 0 && !operands.is_empty() {
        " "
    } else {
        ""
    };
    spans.push(span(format!("{before}{}", &operands[rest..]), Tone::Plain));
    Line {
        inst: Some(at),
        waits: inst.may_wait,
        ..line(spans)
    }
}

/// Where the operands of an instruction name slots that are its own. Strings are passed over.
fn slots_of(operands: &str, own: &[u32]) -> Vec<(Range<usize>, u32)> {
    let mut found = Vec::new();
    let (mut start, mut quoted) = (0, false);
    let mut chars = operands.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quoted => _ = chars.next(),
            '"' => quoted = !quoted,
            _ if quoted => {}
            ' ' | ',' | '[' | ']' => start = at + 1,
            '%' => {
                let digits = &operands[at + 1..];
                let len = digits.find(|c: char| !c.is_ascii_digit());
                let end = at + 1 + len.unwrap_or(digits.len());
                match operands[at + 1..end].parse() {
                    Ok(slot) if own.contains(&slot) => found.push((start..end, slot)),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    found
}

fn span(text: impl Into<String>, tone: Tone) -> Span {
    Span {
        text: text.into(),
        tone,
        slot: None,
    }
}

/// A line of pieces, cut off where it would be too long.
fn line(mut spans: Vec<Span>) -> Line {
    spans.retain(|span| !span.text.is_empty());
    let whole: String = spans.iter().map(|span| span.text.as_str()).collect();
    let mut room = LONGEST;
    let is_long = whole.chars().count() > LONGEST;
    if is_long {
        spans.retain_mut(|span| {
            let end = span.text.char_indices().nth(room).map(|(end, _)| end);
            let count = span.text.chars().count();
            span.text.truncate(end.unwrap_or(span.text.len()));
            room = room.saturating_sub(count);
            !span.text.is_empty()
        });
        spans.push(span("…", Tone::Plain));
    }
    Line {
        spans,
        whole: is_long.then_some(whole),
        inst: None,
        slot: None,
        waits: false,
    }
}

impl Line {
    fn width(&self) -> i32 {
        let cells: usize = self.spans.iter().map(|span| cells(&span.text)).sum();
        cells_width(cells)
    }
}

impl Boxed {
    /// What the bar with the title takes beside its text.
    pub fn bar(&self) -> i32 {
        if self.lines.is_empty() { 0 } else { BAR_GAP }
    }
}

/// A resume point: what happens there, and its record.
fn point(view: &FuncView, at: u32) -> (String, Vec<Line>) {
    let point = &view.points[at as usize];
    let mut title = format!("p{at} {}", point.kind);
    if point.line != 0 {
        title += &format!(" line {}", point.line);
    }
    let mut lines = Vec::new();
    if !point.arrivals.is_empty() {
        lines.push(line(vec![
            span("arrives ", Tone::Plain),
            span(point.arrivals.join(" "), Tone::Dim),
        ]));
    }
    for live in &point.live {
        lines.push(live_slot(view, live));
    }
    let mut record = format!("{} bytes", point.bytes);
    if !point.refs.is_empty() {
        record += &format!(", refs {}", numbers(&point.refs));
    }
    if !point.ifaces.is_empty() {
        record += &format!(", ifaces {}", numbers(&point.ifaces));
    }
    lines.push(line(vec![span(record, Tone::Plain)]));
    if let Some(run) = view
        .run
        .as_ref()
        .and_then(|run| run.points.get(at as usize))
    {
        lines.push(line(vec![span(run.text(), Tone::Plain)]));
    }
    (title, lines)
}

/// A slot that a point carries: its word, its name, its types.
fn live_slot(view: &FuncView, live: &LiveView) -> Line {
    let slot = &view.slots[live.slot as usize];
    let mut spans = vec![
        span(format!("+{} ", live.word), Tone::Dim),
        span(view.slot_name(live.slot), Tone::Plain),
    ];
    if let Some(ty) = &slot.source_type {
        let boxed = if slot.boxed { " boxed" } else { "" };
        spans.push(span(boxed, Tone::Dim));
        spans.push(span(format!(" {ty}"), Tone::Type));
    }
    let clean = if live.clean { " clean" } else { "" };
    spans.push(span(format!(" {}{clean}", slot.ty), Tone::Dim));
    Line {
        slot: Some(live.slot),
        ..line(spans)
    }
}

/// Numbers, separated by spaces.
pub fn numbers(all: &[u32]) -> String {
    let texts: Vec<String> = all.iter().map(u32::to_string).collect();
    texts.join(" ")
}

/// The classes of style that a change of the split has, empty for what did not change.
pub fn change_class(change: Change) -> &'static str {
    match change {
        Change::Same => "",
        Change::Cut => " cut",
        Change::Added => " added",
    }
}
