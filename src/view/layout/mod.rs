//! From a control-flow graph to coordinates: a pure function, made for control flow.
//!
//! ```text
//! regions   loops found, nested; without its back edges and with its inner loops as one item
//!           each, what is in a loop has no cycle
//! order     per region, inner ones first: one line of all items, so that few edges cross
//! rows      the items in rows by their longest path, in a row as in the line, moved sideways to
//!           where their neighbours are
//! route     per region: edges between rows get tracks, long ones a lane beside the rows (back
//!           edges at the left, the others at the right), then everything gets its height
//! ```
//!
//! What follows from it:
//!
//! 1. A loop is a rectangle that holds its blocks and inner loops, and nothing else.
//! 2. Blocks do not overlap; no edge runs through a block.
//! 3. Edges are orthogonal, leave at the bottom of their block and arrive at the top.
//! 4. Edges of one class to one block may share their way; no others do, but where lines cross.
//! 5. The same graph gives the same coordinates. Sideways positions depend on widths and edges
//!    alone: a block that gets taller only pushes down what is below it.
//! 6. A block put on an edge turns no others round: of two, the same stands left.
//!
//! Layers and ordering are those of Sugiyama, Tagawa and Toda (1981). Long edges are not split
//! into one dummy for each row they pass, which makes graphs of thousands of rows quadratic:
//! beyond [`rows::MAX_DUMMIES`] rows they take a lane.

mod layers;
mod order;
mod regions;
mod route;
mod rows;
#[cfg(test)]
mod tests;

use regions::{Item, Regions};
use std::collections::HashMap;

/// What is laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The nodes; the first is where control enters.
    pub nodes: Vec<Node>,
    /// The edges.
    pub edges: Vec<Edge>,
}

/// A box that is to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its size.
    pub width: i32,
    /// Its size.
    pub height: i32,
    /// How much of its width, from the left, edges may touch.
    pub ports: i32,
}

/// An edge between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The node it leaves.
    pub from: usize,
    /// The node it arrives at.
    pub to: usize,
    /// Edges of the same class to the same node may share their way.
    pub class: u32,
}

/// A place; y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Horizontal.
    pub x: i32,
    /// Vertical.
    pub y: i32,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Rect {
    /// Its left side.
    pub x: i32,
    /// Its top.
    pub y: i32,
    /// Its size.
    pub width: i32,
    /// Its size.
    pub height: i32,
}

/// A loop as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopBox {
    /// Where it is.
    pub rect: Rect,
    /// The node that its back edges go to.
    pub header: usize,
    /// How many loops are around its nodes, itself included.
    pub depth: u32,
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layout {
    /// The size of the whole picture.
    pub width: i32,
    /// The size of the whole picture.
    pub height: i32,
    /// By node. A node may be wider than asked for, where it has many edges.
    pub nodes: Vec<Rect>,
    /// By edge: from the bottom of its node to the top of the other. Neighbouring points differ
    /// in one coordinate.
    pub edges: Vec<Vec<Point>>,
    /// The loops, outer ones first.
    pub loops: Vec<LoopBox>,
}

/// Edges that share their way: by the node they go to, and their class.
type Net = (usize, u32);

/// A piece of an edge: its way through one region.
#[derive(Clone, Copy, Debug)]
struct Piece {
    edge: usize,
    net: Net,
    /// The item it comes from; none for an edge that enters the region.
    from: Option<usize>,
    /// The item it goes to; none for an edge that leaves the region.
    to: Option<usize>,
    /// Whether it goes back, which is nearly always to the region's header.
    back: bool,
}

/// An item of a region with its size, and where edges touch it.
#[derive(Clone, Debug)]
struct Shape {
    width: i32,
    height: i32,
    /// A node: edges may touch it anywhere along this much of its width.
    ports: Option<i32>,
    /// A loop: where edges enter at its top, and leave at its bottom.
    ins: HashMap<Net, i32>,
    outs: HashMap<Net, i32>,
}

/// A region that is laid out, with coordinates from its own corner.
#[derive(Clone, Debug, Default)]
struct Placed {
    width: i32,
    height: i32,
    items: Vec<Rect>,
    /// By piece.
    paths: Vec<Vec<Point>>,
    ins: HashMap<Net, i32>,
    outs: HashMap<Net, i32>,
}

/// Gives every node and edge of a graph its place.
///
/// # Panics
/// When an edge names a node that does not exist.
pub fn layout(graph: &Graph) -> Layout {
    if graph.nodes.is_empty() {
        return Layout::default();
    }
    let regions = Regions::find(graph);
    let pieces = cut(graph, &regions);
    let mut placed: Vec<Placed> = vec![Placed::default(); regions.all.len()];
    // Inner regions have larger numbers.
    for at in (0..regions.all.len()).rev() {
        let region = &regions.all[at];
        let shapes: Vec<Shape> = region
            .items
            .iter()
            .map(|item| match *item {
                Item::Node(node) => {
                    let Node {
                        width,
                        height,
                        ports,
                    } = graph.nodes[node];
                    Shape {
                        width,
                        height,
                        ports: Some(ports),
                        ins: HashMap::new(),
                        outs: HashMap::new(),
                    }
                }
                Item::Region(inner) => {
                    let inner = &mut placed[inner];
                    Shape {
                        width: inner.width,
                        height: inner.height,
                        ports: None,
                        ins: std::mem::take(&mut inner.ins),
                        outs: std::mem::take(&mut inner.outs),
                    }
                }
            })
            .collect();
        let is_loop = region.header.is_some();
        placed[at] = route::place(rows::arrange(shapes, &pieces[at]), is_loop);
    }
    assemble(graph, &regions, &pieces, &placed)
}

/// Cuts every edge into its pieces, by region.
fn cut(graph: &Graph, regions: &Regions) -> Vec<Vec<Piece>> {
    let mut pieces = vec![Vec::new(); regions.all.len()];
    let parent = |region: usize| regions.all[region].parent.unwrap_or(0);
    for (number, edge) in graph.edges.iter().enumerate() {
        let net = (edge.to, edge.class);
        let (mut a, mut b) = (regions.of[edge.from], regions.of[edge.to]);
        let mut from = regions.place[edge.from];
        let mut to = regions.place[edge.to];
        let depth = |region: usize| regions.all[region].depth;
        let mut enters = Vec::new();
        while a != b {
            if depth(a) >= depth(b) {
                pieces[a].push(Piece {
                    edge: number,
                    net,
                    from: Some(from),
                    to: None,
                    back: false,
                });
                from = regions.all[a].place;
                a = parent(a);
            } else {
                enters.push((b, to));
                to = regions.all[b].place;
                b = parent(b);
            }
        }
        pieces[a].push(Piece {
            edge: number,
            net,
            from: Some(from),
            to: Some(to),
            // Items stand in reverse postorder.
            back: to <= from,
        });
        for (region, to) in enters.into_iter().rev() {
            pieces[region].push(Piece {
                edge: number,
                net,
                from: None,
                to: Some(to),
                back: false,
            });
        }
    }
    pieces
}

/// Puts the regions into each other, and the pieces of edges together.
fn assemble(graph: &Graph, regions: &Regions, pieces: &[Vec<Piece>], placed: &[Placed]) -> Layout {
    let mut nodes = vec![Rect::default(); graph.nodes.len()];
    let mut origins = vec![Point { x: 0, y: 0 }; regions.all.len()];
    let mut loops = Vec::new();
    for (at, region) in regions.all.iter().enumerate() {
        let origin = origins[at];
        for (item, rect) in region.items.iter().zip(&placed[at].items) {
            let moved = Rect {
                x: rect.x + origin.x,
                y: rect.y + origin.y,
                ..*rect
            };
            match *item {
                Item::Node(node) => nodes[node] = moved,
                Item::Region(inner) => {
                    origins[inner] = Point {
                        x: moved.x,
                        y: moved.y,
                    };
                    loops.push(LoopBox {
                        rect: moved,
                        header: regions.all[inner].header.unwrap_or(0),
                        depth: regions.all[inner].depth,
                    });
                }
            }
        }
    }
    loops.sort_by_key(|each| (each.depth, each.header));
    // The pieces of an edge: those that leave regions, inner ones first; the one between two
    // items; those that enter regions, outer ones first.
    let mut ways: Vec<Vec<(i64, usize, usize)>> = vec![Vec::new(); graph.edges.len()];
    for (at, own) in pieces.iter().enumerate() {
        let depth = i64::from(regions.all[at].depth) + 1;
        for (number, piece) in own.iter().enumerate() {
            let order = match (piece.from, piece.to) {
                (Some(_), None) => -depth,
                (Some(_), Some(_)) => 0,
                (None, _) => depth,
            };
            ways[piece.edge].push((order, at, number));
        }
    }
    let edges = ways
        .into_iter()
        .map(|mut way| {
            way.sort_unstable();
            let mut points = Vec::new();
            for (_, at, number) in way {
                let origin = origins[at];
                points.extend(placed[at].paths[number].iter().map(|point| Point {
                    x: point.x + origin.x,
                    y: point.y + origin.y,
                }));
            }
            simplify(points)
        })
        .collect();
    Layout {
        width: placed[0].width,
        height: placed[0].height,
        nodes,
        edges,
        loops,
    }
}

/// Leaves out points where the way does not turn.
fn simplify(points: Vec<Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        if kept.last() == Some(&point) {
            continue;
        }
        if let [.., a, b] = kept[..]
            && ((a.x == b.x && b.x == point.x) || (a.y == b.y && b.y == point.y))
        {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}
