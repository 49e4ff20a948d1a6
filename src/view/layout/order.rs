//! Which of the items in a row stands left of which.
//!
//! One line of all items decides it, whatever their rows: that of a depth-first search whose
//! branches are in an order that crosses few edges. (Where a graph can be drawn without crossings
//! there is such an order: that of its branches from left to right.) The branches are put in order
//! in a simpler graph, in which a node with one way in and one way out is no more than a point of
//! an edge. So a node that is put on an edge changes nothing of how the others stand, by
//! construction; the price is that how long a branch is has no say.
//!
//! The order of the source is the first that is tried. Then come those found by moving everything
//! to the mean place of its neighbours (Sugiyama et al. 1981), and by swapping branches one by one.

use super::layers::{Layers, Order};
use super::rows::{MAX_DUMMIES, longest_paths};
use super::{Piece, Shape};

/// An edge that passes more rows of the simple graph crosses nothing there: it will have a lane.
/// Those rows are two for each item, and what was left out of them makes about a third more.
const MOST_ROWS: usize = 2 * MAX_DUMMIES * 3 / 4;
/// How often the rows are put in order, down and up.
const SWEEPS: usize = 6;
/// How many elements are looked at, at most, while branches are swapped one by one.
const SWAP_WORK: usize = 2_000_000;

/// When the search met everything: what it met earlier stands left.
pub struct Times {
    /// By item.
    pub items: Vec<usize>,
    /// By piece.
    pub pieces: Vec<usize>,
}

/// The order of a region's items and pieces.
pub fn order(shapes: &[Shape], pieces: &[Piece]) -> Times {
    let simple = Simple::of(shapes, pieces);
    let times = Rows::of(&simple).best(&simple);
    let at = |place: &Place| match *place {
        Place::Item(item) => times.items[item],
        Place::On(edge) => times.edges[edge],
    };
    Times {
        items: simple.items.iter().map(at).collect(),
        pieces: simple.pieces.iter().map(at).collect(),
    }
}

/// Where in the simple graph something is.
#[derive(Clone, Copy)]
enum Place {
    Item(usize),
    On(usize),
}

/// A way from an item that is not just passed to the next such.
struct Edge {
    from: Option<usize>,
    to: Option<usize>,
    back: bool,
}

/// A region without the nodes that have one way in and one way out.
struct Simple {
    edges: Vec<Edge>,
    /// By item of the region.
    items: Vec<Place>,
    /// By piece of the region.
    pieces: Vec<Place>,
}

impl Simple {
    fn of(shapes: &[Shape], pieces: &[Piece]) -> Simple {
        let passed = passed(shapes, pieces);
        let mut simple = Simple {
            edges: Vec::new(),
            items: (0..shapes.len()).map(Place::Item).collect(),
            pieces: vec![Place::On(0); pieces.len()],
        };
        for (first, piece) in pieces.iter().enumerate() {
            if piece.from.is_some_and(|from| passed[from].is_some()) {
                continue;
            }
            let here = Place::On(simple.edges.len());
            let mut last = first;
            simple.pieces[first] = here;
            while let Some(item) = pieces[last].to
                && let Some(next) = passed[item]
            {
                simple.items[item] = here;
                simple.pieces[next] = here;
                last = next;
            }
            simple.edges.push(Edge {
                from: piece.from,
                to: pieces[last].to,
                back: pieces[last].back,
            });
        }
        simple
    }

    /// By item, the edges that leave it, in the order of the source.
    fn branches(&self) -> Vec<Vec<usize>> {
        let mut branches = vec![Vec::new(); self.items.len()];
        for (number, edge) in self.edges.iter().enumerate() {
            if let Some(from) = edge.from {
                branches[from].push(number);
            }
        }
        branches
    }

    /// When a depth-first search that takes the branches in this order meets what.
    fn search(&self, branches: &[Vec<usize>]) -> Met {
        let mut met = Met {
            items: vec![0; self.items.len()],
            edges: vec![0; self.edges.len()],
        };
        let mut clock = 0;
        let mut tick = || {
            clock += 1;
            clock
        };
        let mut stack = Vec::new();
        for root in 0..self.items.len() {
            if met.items[root] == 0 {
                met.items[root] = tick();
                stack.push((root, 0));
            }
            while let Some((item, next)) = stack.last_mut() {
                let Some(edge) = branches[*item].get(*next).copied() else {
                    stack.pop();
                    continue;
                };
                *next += 1;
                met.edges[edge] = tick();
                if let Some(to) = self.edges[edge].to
                    && met.items[to] == 0
                {
                    met.items[to] = tick();
                    stack.push((to, 0));
                }
            }
        }
        // What enters a loop beside its header, by where it goes: the edges may have any numbers.
        let mut entering: Vec<usize> = (0..self.edges.len())
            .filter(|edge| self.edges[*edge].from.is_none())
            .collect();
        entering.sort_by_key(|edge| self.edges[*edge].to);
        for edge in entering {
            met.edges[edge] = tick();
        }
        met
    }
}

/// By item, if it is a node with one way in and one way out, the latter.
fn passed(shapes: &[Shape], pieces: &[Piece]) -> Vec<Option<usize>> {
    let mut ins = vec![0; shapes.len()];
    let mut outs = vec![Vec::new(); shapes.len()];
    for (number, piece) in pieces.iter().enumerate() {
        if let Some(to) = piece.to {
            // Two stand for many: what edges go back to is not passed.
            ins[to] += if piece.back { 2 } else { 1 };
        }
        if let Some(from) = piece.from {
            outs[from].push(number);
        }
    }
    let way = |item: usize| match outs[item][..] {
        [out] if ins[item] == 1 && shapes[item].ports.is_some() => Some(out),
        _ => None,
    };
    (0..shapes.len()).map(way).collect()
}

/// When what of a simple graph was met, from 1.
struct Met {
    items: Vec<usize>,
    edges: Vec<usize>,
}

/// A simple graph in rows. Its items stand in every other row; an edge has a dummy in each row
/// that it passes, so that one to the next item too has its place beside others.
struct Rows {
    layers: Layers,
    /// By element.
    is: Vec<Place>,
    /// By edge, the element in the row below the item it leaves, if it goes from row to row.
    first: Vec<Option<usize>>,
}

impl Rows {
    fn of(simple: &Simple) -> Rows {
        let items = simple.items.len();
        let downward = simple.edges.iter().filter(|edge| !edge.back);
        let paths = longest_paths(items, downward.filter_map(|edge| edge.from.zip(edge.to)));
        let mut row: Vec<usize> = paths.iter().map(|path| 2 * path).collect();
        let bottom = row.iter().max().map_or(0, |last| last + 2);
        let mut is: Vec<Place> = (0..items).map(Place::Item).collect();
        let mut first = vec![None; simple.edges.len()];
        let mut links = Vec::new();
        for (number, edge) in simple.edges.iter().enumerate() {
            let begin = edge.from.map_or(0, |from| row[from] + 1);
            let to = edge.to.filter(|_| !edge.back);
            let end = match to {
                Some(to) => row[to],
                None if edge.back => begin + 1,
                None => bottom,
            };
            if end - begin > MOST_ROWS {
                continue;
            }
            let mut last = edge.from;
            let dummies = row.len()..row.len() + (end - begin);
            row.extend(begin..end);
            is.extend((begin..end).map(|_| Place::On(number)));
            for elem in dummies.chain(to) {
                if let Some(above) = last {
                    first[number].get_or_insert(elem);
                    links.push((above, elem));
                }
                last = Some(elem);
            }
        }
        Rows {
            layers: Layers::new(row, links),
            is,
            first,
        }
    }

    /// The rows in the order in which things were met.
    fn order(&self, met: &Met) -> Order {
        self.layers.sorted(|elem| match self.is[elem] {
            Place::Item(item) => met.items[item],
            Place::On(edge) => met.edges[edge],
        })
    }

    /// The order with the fewest crossings of those tried; of two such the former. The first is
    /// that of the source.
    fn best(&self, simple: &Simple) -> Met {
        let branches = simple.branches();
        let met = simple.search(&branches);
        let order = self.order(&met);
        let mut best = Best {
            crossings: self.layers.crossings(&order),
            branches,
            met,
        };
        self.sweep(simple, &mut best, order);
        self.swap(simple, &mut best);
        best.met
    }

    /// Moves everything to where its neighbours are, and orders branches as they then stand.
    fn sweep(&self, simple: &Simple, best: &mut Best, mut order: Order) {
        let mut branches = best.branches.clone();
        for sweep in 0..SWEEPS {
            if best.crossings == 0 {
                return;
            }
            self.layers.sweep(&mut order, sweep % 2 == 0, 0);
            let place = self.layers.places(&order);
            let at = |edge: usize| self.first[edge].map_or(usize::MAX, |elem| place[elem]);
            for all in &mut branches {
                all.sort_by_key(|edge| at(*edge));
            }
            self.keep_better(simple, best, &branches);
        }
    }

    /// Swaps neighbouring branches as long as that helps.
    fn swap(&self, simple: &Simple, best: &mut Best) {
        let mut branches = best.branches.clone();
        let mut tries = SWAP_WORK / self.is.len().max(1);
        let swaps: Vec<(usize, usize)> = (0..branches.len())
            .flat_map(|item| (1..branches[item].len()).map(move |at| (item, at)))
            .collect();
        loop {
            let before = best.crossings;
            for (item, at) in &swaps {
                if best.crossings == 0 || tries == 0 {
                    return;
                }
                tries -= 1;
                branches[*item].swap(at - 1, *at);
                if !self.keep_better(simple, best, &branches) {
                    branches[*item].swap(at - 1, *at);
                }
            }
            if best.crossings == before {
                return;
            }
        }
    }

    /// Keeps an order if it is better, and says whether.
    fn keep_better(&self, simple: &Simple, best: &mut Best, branches: &[Vec<usize>]) -> bool {
        let met = simple.search(branches);
        let crossings = self.layers.crossings(&self.order(&met));
        let better = crossings < best.crossings;
        if better {
            *best = Best {
                crossings,
                branches: branches.to_vec(),
                met,
            };
        }
        better
    }
}

/// An order, with how many links cross in it.
struct Best {
    crossings: u64,
    branches: Vec<Vec<usize>>,
    met: Met,
}
