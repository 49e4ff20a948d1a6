//! What is written at the edges of a picture, and the room that it takes.
//!
//! A label stands at the right of its line, where that leaves its box: between its port and the
//! next. So a box is made wide enough for the longest of them, as often as it has ports.

use super::model::{EdgeClass, GraphView};

/// A character's width in the type of labels.
const CHAR: i32 = 7;
/// Between a line and its label.
pub const GAP: i32 = 4;
/// From the bottom of a box down to where its labels stand.
pub const DROP: i32 = 9;

/// By edge, what is written at it; nothing where a node leaves no choice.
pub fn of(graph: &GraphView) -> Vec<String> {
    let mut first: Vec<Option<(EdgeClass, &str)>> = vec![None; graph.nodes.len()];
    let mut is_choice = vec![false; graph.nodes.len()];
    for edge in &graph.edges {
        let (from, own) = (edge.from as usize, (edge.kind, edge.label.as_str()));
        is_choice[from] |= *first[from].get_or_insert(own) != own;
    }
    let edges = graph.edges.iter();
    edges
        .map(|edge| match is_choice[edge.from as usize] {
            true => short(edge.kind, &edge.label),
            false => String::new(),
        })
        .collect()
}

/// Short, for it stands between others.
fn short(kind: EdgeClass, label: &str) -> String {
    match kind {
        EdgeClass::Taken => "t".to_owned(),
        EdgeClass::NotTaken => "f".to_owned(),
        EdgeClass::Case => label.trim_start_matches("case ").to_owned(),
        EdgeClass::Fall | EdgeClass::Suspend | EdgeClass::Resume => String::new(),
        EdgeClass::Panic | EdgeClass::Defer => label.to_owned(),
    }
}

/// By node, the width in which its edges can leave it with their labels between them.
pub fn widths(graph: &GraphView, labels: &[String]) -> Vec<i32> {
    let mut ports = vec![(0, 0); graph.nodes.len()];
    for (edge, label) in graph.edges.iter().zip(labels) {
        let (count, longest) = &mut ports[edge.from as usize];
        *count += 1;
        *longest = label.chars().count().max(*longest);
    }
    let width = |(count, longest): (i32, usize)| match longest {
        0 => 0,
        _ => (count + 1) * (longest as i32 * CHAR + 2 * GAP),
    };
    ports.into_iter().map(width).collect()
}
