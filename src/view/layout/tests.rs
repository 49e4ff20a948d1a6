//! Properties of the layout, over random graphs and those that programs have.

use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn node(width: i32, height: i32) -> Node {
    Node {
        width,
        height,
        ports: width,
    }
}

fn edge(from: usize, to: usize, class: u32) -> Edge {
    Edge { from, to, class }
}

/// Any graph at all: irreducible, with nodes that nothing leads to, with several edges between
/// the same nodes.
fn graphs(most: usize) -> impl Strategy<Value = Graph> {
    let nodes = prop::collection::vec((20..200, 10..90), 1..most);
    nodes.prop_flat_map(|sizes| {
        let count = sizes.len();
        let edges = prop::collection::vec((0..count, 0..count, 0..3u32), 0..count * 2);
        edges.prop_map(move |edges| Graph {
            nodes: sizes.iter().map(|(w, h)| node(*w, *h)).collect(),
            edges: edges.iter().map(|(a, b, c)| edge(*a, *b, *c)).collect(),
        })
    })
}

/// Graphs as programs have them: sequences, branches and loops within each other, with a few
/// edges that leave from the middle.
fn structured() -> impl Strategy<Value = Graph> {
    #[derive(Clone, Debug)]
    enum Shape {
        Block,
        Seq(Vec<Shape>),
        If(Box<Shape>, Box<Shape>),
        Loop(Box<Shape>),
        Break,
    }
    fn build(shape: &Shape, graph: &mut Graph, from: usize, exits: &mut Vec<usize>) -> usize {
        let add = |graph: &mut Graph, from: usize, class| {
            graph.nodes.push(node(90, 40));
            let new = graph.nodes.len() - 1;
            graph.edges.push(edge(from, new, class));
            new
        };
        match shape {
            Shape::Block => add(graph, from, 0),
            Shape::Break => {
                exits.push(from);
                add(graph, from, 1)
            }
            Shape::Seq(all) => all
                .iter()
                .fold(from, |at, each| build(each, graph, at, exits)),
            Shape::If(a, b) => {
                let then = add(graph, from, 1);
                let a = build(a, graph, then, exits);
                let b = build(b, graph, from, exits);
                let join = add(graph, a, 0);
                graph.edges.push(edge(b, join, 0));
                join
            }
            Shape::Loop(body) => {
                let head = add(graph, from, 0);
                let mut left = vec![head];
                let end = build(body, graph, head, &mut left);
                graph.edges.push(edge(end, head, 2));
                let after = add(graph, head, 1);
                for each in left.drain(1..) {
                    graph.edges.push(edge(each, after, 1));
                }
                after
            }
        }
    }
    let leaf = prop_oneof![4 => Just(Shape::Block), 1 => Just(Shape::Break)];
    let shape = leaf.prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5).prop_map(Shape::Seq),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Shape::If(Box::new(a), Box::new(b))),
            inner.prop_map(|body| Shape::Loop(Box::new(body))),
        ]
    });
    shape.prop_map(|shape| {
        let mut graph = Graph {
            nodes: vec![node(90, 40)],
            edges: Vec::new(),
        };
        build(&shape, &mut graph, 0, &mut Vec::new());
        graph
    })
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

/// Whether a line from one point to the next runs through the inside of a rectangle.
fn crosses(a: Point, b: Point, rect: &Rect) -> bool {
    a.x.min(b.x) < rect.x + rect.width
        && rect.x < a.x.max(b.x)
        && a.y.min(b.y) < rect.y + rect.height
        && rect.y < a.y.max(b.y)
        || (a.x == b.x
            && rect.x < a.x
            && a.x < rect.x + rect.width
            && a.y.min(b.y) < rect.y + rect.height
            && rect.y < a.y.max(b.y))
        || (a.y == b.y
            && rect.y < a.y
            && a.y < rect.y + rect.height
            && a.x.min(b.x) < rect.x + rect.width
            && rect.x < a.x.max(b.x))
}

fn check(graph: &Graph, layout: &Layout) -> Result<(), TestCaseError> {
    prop_assert_eq!(layout.nodes.len(), graph.nodes.len());
    prop_assert_eq!(layout.edges.len(), graph.edges.len());
    for (at, rect) in layout.nodes.iter().enumerate() {
        prop_assert!(rect.width >= graph.nodes[at].width);
        prop_assert_eq!(rect.height, graph.nodes[at].height);
        prop_assert!(rect.x >= 0 && rect.x + rect.width <= layout.width);
        prop_assert!(rect.y >= 0 && rect.y + rect.height <= layout.height);
        for other in &layout.nodes[..at] {
            prop_assert!(!overlap(rect, other), "{:?} overlaps {:?}", rect, other);
        }
    }
    for (edge, path) in graph.edges.iter().zip(&layout.edges) {
        prop_assert!(path.len() >= 2);
        let (from, to) = (&layout.nodes[edge.from], &layout.nodes[edge.to]);
        let (first, last) = (path[0], path[path.len() - 1]);
        prop_assert_eq!(first.y, from.y + from.height);
        prop_assert!(
            first.x > from.x && first.x < from.x + from.width,
            "{:?} {:?}",
            first,
            from
        );
        prop_assert_eq!(last.y, to.y);
        prop_assert!(
            last.x > to.x && last.x < to.x + to.width,
            "{:?} {:?}",
            last,
            to
        );
        for pair in path.windows(2) {
            prop_assert!((pair[0].x == pair[1].x) != (pair[0].y == pair[1].y));
            for rect in &layout.nodes {
                prop_assert!(
                    !crosses(pair[0], pair[1], rect),
                    "{pair:?} {rect:?} of {edge:?}"
                );
            }
        }
    }
    Ok(())
}

/// How long lines of different nets run on one another.
fn shared(graph: &Graph, layout: &Layout) -> i32 {
    let mut total = 0;
    let segments: Vec<(usize, Point, Point)> = layout
        .edges
        .iter()
        .enumerate()
        .flat_map(|(at, path)| path.windows(2).map(move |pair| (at, pair[0], pair[1])))
        .collect();
    for (i, (e, a, b)) in segments.iter().enumerate() {
        for (f, c, d) in &segments[..i] {
            let (e, f) = (graph.edges[*e], graph.edges[*f]);
            if (e.to, e.class) == (f.to, f.class) {
                continue;
            }
            let length = |a: (i32, i32), b: (i32, i32)| {
                (a.0.max(a.1).min(b.0.max(b.1)) - a.0.min(a.1).max(b.0.min(b.1))).max(0)
            };
            if a.x == b.x && c.x == d.x && a.x == c.x {
                total += length((a.y, b.y), (c.y, d.y));
            }
            if a.y == b.y && c.y == d.y && a.y == c.y {
                total += length((a.x, b.x), (c.x, d.x));
            }
        }
    }
    total
}

/// The graph with one more block, through which that edge goes.
fn with_block_on(graph: &Graph, edge_number: usize) -> Graph {
    let mut edited = graph.clone();
    edited.nodes.push(node(90, 40));
    let new = edited.nodes.len() - 1;
    let old = edited.edges[edge_number];
    edited.edges[edge_number].to = new;
    edited.edges.push(edge(new, old.to, 0));
    edited
}

/// Blocks that stand side by side before and after, but not in the same order.
fn turned_round(graph: &Graph, edited: &Graph) -> Vec<(usize, usize)> {
    let (before, after) = (layout(graph), layout(edited));
    let pairs = (0..graph.nodes.len()).flat_map(|a| (0..a).map(move |b| (b, a)));
    pairs
        .filter(|(a, b)| {
            let side_by_side = |layout: &Layout| layout.nodes[*a].y == layout.nodes[*b].y;
            let left = |layout: &Layout| layout.nodes[*a].x < layout.nodes[*b].x;
            side_by_side(&before) && side_by_side(&after) && left(&before) != left(&after)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn everything_has_its_place(graph in graphs(40)) {
        check(&graph, &layout(&graph))?;
    }

    #[test]
    fn programs_have_their_place(graph in structured()) {
        check(&graph, &layout(&graph))?;
    }

    #[test]
    fn same_graph_same_place(graph in graphs(40)) {
        prop_assert_eq!(layout(&graph), layout(&graph.clone()));
    }

    #[test]
    fn a_taller_block_only_pushes_down(graph in graphs(40), which: prop::sample::Index, more in 1..100) {
        let before = layout(&graph);
        let which = which.index(graph.nodes.len());
        let mut edited = graph.clone();
        edited.nodes[which].height += more;
        let after = layout(&edited);
        for (old, new) in before.nodes.iter().zip(&after.nodes) {
            prop_assert_eq!((old.x, old.width), (new.x, new.width));
            prop_assert!(old.y <= new.y && new.y <= old.y + more);
            if old.y <= before.nodes[which].y {
                prop_assert_eq!(old.y, new.y);
            }
        }
    }

    #[test]
    fn a_block_put_on_an_edge_leaves_the_order(
        graph in prop_oneof![structured(), graphs(40)],
        which: prop::sample::Index,
    ) {
        if graph.edges.is_empty() {
            return Ok(());
        }
        let edited = with_block_on(&graph, which.index(graph.edges.len()));
        prop_assert_eq!(turned_round(&graph, &edited), vec![]);
    }

    #[test]
    fn loops_hold_their_blocks_and_no_others(graph in structured()) {
        let layout = layout(&graph);
        let regions = Regions::find(&graph);
        for each in &layout.loops {
            for (at, rect) in layout.nodes.iter().enumerate() {
                let mut region = Some(regions.of[at]);
                let mut inside = false;
                while let Some(number) = region {
                    inside |= regions.all[number].header == Some(each.header)
                        && regions.all[number].depth == each.depth;
                    region = regions.all[number].parent;
                }
                prop_assert_eq!(inside, overlap(rect, &each.rect));
            }
        }
    }

    #[test]
    fn lines_of_programs_do_not_run_on_one_another(graph in structured()) {
        prop_assert_eq!(shared(&graph, &layout(&graph)), 0);
    }
}

/// That no block put on any edge turns two others round, where all nodes are of one size.
fn keeps_its_order(count: usize, edges: &[(usize, usize, u32)]) {
    let graph = Graph {
        nodes: vec![node(90, 40); count],
        edges: edges.iter().map(|(a, b, c)| edge(*a, *b, *c)).collect(),
    };
    for at in 0..edges.len() {
        assert_eq!(turned_round(&graph, &with_block_on(&graph, at)), vec![]);
    }
}

#[test]
fn a_crossing_less_is_no_reason_to_turn_round() {
    let edges = [
        (0, 1, 0),
        (1, 2, 1),
        (2, 3, 1),
        (1, 4, 1),
        (4, 5, 0),
        (1, 6, 0),
        (5, 7, 0),
        (6, 7, 0),
        (3, 8, 0),
        (7, 8, 0),
        (8, 1, 2),
        (1, 9, 1),
        (2, 9, 1),
    ];
    keeps_its_order(10, &edges);
}

#[test]
fn the_numbers_of_edges_into_a_loop_are_no_reason_to_turn_round() {
    let edges = [
        (3, 0, 0),
        (1, 0, 0),
        (2, 1, 0),
        (0, 1, 0),
        (0, 3, 0),
        (2, 3, 0),
    ];
    keeps_its_order(4, &edges);
}

/// A chain of blocks, each of which may go on, leave or go back.
fn chain(count: usize) -> Graph {
    let mut graph = Graph::default();
    for at in 0..count {
        graph.nodes.push(node(120, 40));
        if at + 1 < count {
            graph.edges.push(edge(at, at + 1, 0));
            graph.edges.push(edge(at, count - 1, 1));
        }
        if at % 7 == 6 {
            graph.edges.push(edge(at, at - 5, 2));
        }
    }
    graph
}

/// A graph of so many blocks whose edges go anywhere.
fn anywhere(count: usize) -> Graph {
    let mut state = 1u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut graph = Graph::default();
    for at in 0..count {
        graph.nodes.push(node(120, 40));
        graph.edges.push(edge(at, next(count), 0));
        graph.edges.push(edge(at, (at + 1) % count, 1));
    }
    graph
}

#[test]
fn large_graphs_are_fast_enough() {
    // Ten times as long without optimisation, where only the kind of growth is of interest.
    let slack = if cfg!(debug_assertions) { 10 } else { 1 };
    for (count, seconds) in [(1_000, 1), (10_000, 10)] {
        for graph in [chain(count), anywhere(count)] {
            let start = Instant::now();
            let layout = layout(&graph);
            assert_eq!(layout.nodes.len(), count);
            let limit = Duration::from_secs(seconds * slack);
            assert!(
                start.elapsed() < limit,
                "{count} blocks took {:?}",
                start.elapsed()
            );
        }
    }
}
