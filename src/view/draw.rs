//! What stands in each box of a picture, and where.
//!
//! This joins the model to the layout: texts are measured as those of a monospaced font, boxes
//! get their sizes, edges their classes. What it looks like is the business of [`super::svg`].

use super::layout::{self, Edge, Graph, Layout, Node};
use super::model::{Change, EdgeClass, FuncView, GraphView, NodeKind, NodeView};

/// The height of a line, and of a box's title.
pub const LINE: i32 = 15;
/// Within a box, around its text.
pub const PAD: i32 = 6;
/// Beside a box, for the sign that it may panic.
pub const PANIC_SIGN: i32 = 18;
/// More characters of a line are left out; the whole text is in the line's title.
const LONGEST: usize = 58;
/// The largest graph that is drawn: beyond, a picture helps nobody.
pub const MOST_NODES: usize = 20_000;

/// A line of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text, short enough for the box.
    pub text: String,
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
    pub view: &'a FuncView,
    /// The graph.
    pub graph: &'a GraphView,
    /// By node.
    pub boxes: Vec<Boxed>,
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
    pub fn new(view: &'a FuncView, after: bool) -> Result<Drawing<'a>, String> {
        let graph = GraphView::of(view, after);
        if graph.nodes.len() > MOST_NODES {
            return Err(format!(
                "error: {} has {} blocks, too many for a picture (at most {MOST_NODES}); \
                 --format text or json shows it",
                view.name,
                graph.nodes.len()
            ));
        }
        let most = view.run.as_ref().and_then(|run| run.blocks.iter().max());
        let heat = |node: &NodeView| {
            let run = view.run.as_ref()?;
            let count = *run.blocks.get(node.block? as usize)?;
            let most = (*most?).max(1);
            // Counts differ by powers of ten; so do the colours.
            Some((count as f64 + 1.0).ln() / (most as f64 + 1.0).ln())
        };
        let boxes: Vec<Boxed> = graph
            .nodes
            .iter()
            .map(|node| boxed(view, node, heat(node)))
            .collect();
        let layout = layout::layout(&Graph {
            nodes: boxes.iter().map(size).collect(),
            edges: (graph.edges.iter())
                .map(|edge| Edge {
                    from: edge.from as usize,
                    to: edge.to as usize,
                    class: edge.kind as u32,
                })
                .collect(),
        });
        Ok(Drawing {
            view,
            graph,
            boxes,
            diff: false,
            layout,
        })
    }
}

/// The width of a text in a monospaced font of 12 pixels.
pub fn text_width(text: &str) -> i32 {
    let cells: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    (cells * 29).div_ceil(4) as i32
}

fn size(boxed: &Boxed) -> Node {
    let widths = boxed.lines.iter().map(|line| text_width(&line.text));
    let ports = widths.max().unwrap_or(0).max(text_width(&boxed.title)) + 2 * PAD;
    let sign = if boxed.panics { PANIC_SIGN } else { 0 };
    Node {
        width: ports + sign,
        height: LINE * (boxed.lines.len() as i32 + 1) + 2 * PAD,
        ports,
    }
}

fn boxed(view: &FuncView, node: &NodeView, heat: Option<f64>) -> Boxed {
    let (mut title, lines) = match node.kind {
        NodeKind::Call => ("called".to_owned(), Vec::new()),
        NodeKind::Point => point(view, node.point.unwrap_or(0)),
        NodeKind::Block => block(view, node),
    };
    if let (Some(run), Some(block)) = (&view.run, node.block)
        && let Some(count) = run.blocks.get(block as usize)
    {
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
        let header = |at: &u32| view.loops[*at as usize].header == node.block.unwrap_or(0);
        if let Some(id) = block.in_loop.filter(header)
            && !node.name.contains('@')
        {
            title += &format!("  heads l{id}");
        }
        if !block.reachable {
            title += "  unreachable";
        }
        if block.cold {
            title += "  cold";
        }
    }
    let lines = (node.first..node.end).map(|at| {
        let inst = &view.insts[at as usize];
        let (text, whole) = shorten(format!("{at:>3} {}", inst.text));
        Line {
            text,
            whole,
            inst: Some(at),
            slot: None,
            waits: inst.may_wait,
        }
    });
    (title, lines.collect())
}

fn plain(text: String) -> Line {
    let (text, whole) = shorten(text);
    Line {
        text,
        whole,
        inst: None,
        slot: None,
        waits: false,
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
        lines.push(plain(format!("arrives {}", point.arrivals.join(" "))));
    }
    for live in &point.live {
        let clean = if live.clean { " clean" } else { "" };
        let ty = view.slots[live.slot as usize].ty;
        let text = format!("+{} {} {ty}{clean}", live.word, view.slot_name(live.slot));
        lines.push(Line {
            slot: Some(live.slot),
            ..plain(text)
        });
    }
    let mut record = format!("{} bytes", point.bytes);
    if !point.refs.is_empty() {
        record += &format!(", refs {}", numbers(&point.refs));
    }
    if !point.ifaces.is_empty() {
        record += &format!(", ifaces {}", numbers(&point.ifaces));
    }
    lines.push(plain(record));
    if let Some(run) = view
        .run
        .as_ref()
        .and_then(|run| run.points.get(at as usize))
    {
        lines.push(plain(run.text()));
    }
    (title, lines)
}

/// Numbers, separated by spaces.
pub fn numbers(all: &[u32]) -> String {
    let texts: Vec<String> = all.iter().map(u32::to_string).collect();
    texts.join(" ")
}

fn shorten(text: String) -> (String, Option<String>) {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => (format!("{}…", &text[..end]), Some(text)),
        None => (text, None),
    }
}

/// What is written at an edge, if anything: short, for it stands between others.
pub fn edge_label(kind: EdgeClass, label: &str) -> String {
    match kind {
        EdgeClass::Taken => "t".to_owned(),
        EdgeClass::NotTaken => "f".to_owned(),
        EdgeClass::Case => label.trim_start_matches("case ").to_owned(),
        EdgeClass::Fall | EdgeClass::Suspend | EdgeClass::Resume => String::new(),
        _ => label.to_owned(),
    }
}

/// The classes of style that a change of the split has, empty for what did not change.
pub fn change_class(change: Change) -> &'static str {
    match change {
        Change::Same => "",
        Change::Cut => " cut",
        Change::Added => " added",
    }
}
