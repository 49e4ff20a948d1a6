//! The items of a region in rows, and where they stand in their row.
//!
//! An item's row is the length of the longest path to it. An edge over a few rows passes them at
//! a dummy, which takes part in the ordering like an item; edges of one net share it. A longer
//! edge takes a lane beside the rows.

use super::layers::{Layers, Order};
use super::order;
use super::{Net, Piece, Shape};
use std::collections::HashMap;

/// An edge that passes up to so many rows does so between the items there. Few enough that the
/// work stays in proportion to the edges, enough for what is written as one screenful of `if`s.
pub const MAX_DUMMIES: usize = 8;

/// Between items of a row.
const ITEM_GAP: i32 = 28;
/// Beside a dummy.
const DUMMY_GAP: i32 = 12;
/// Room for one edge at a node's top or bottom.
const PORT_GAP: i32 = 12;
/// How often dummies are put in order, down and up; the best order seen is kept.
const DUMMY_SWEEPS: usize = 4;
/// How often the items are moved to their neighbours, down and up.
const MOVE_SWEEPS: usize = 4;

/// What stands in a row: the items of the region, by number, then dummies.
#[derive(Clone, Debug)]
pub struct Elem {
    pub row: usize,
    pub width: i32,
    /// The left side; a dummy has no width, and its line is here.
    pub x: i32,
}

/// How a piece goes through the region.
#[derive(Clone, Debug)]
pub enum Way {
    /// From element to element, one to a row.
    Chain(Vec<usize>),
    /// By a lane at the right.
    Lane,
    /// Back to the header, by a lane at the left.
    Back,
}

/// A region whose items have their places in the rows.
pub struct Arranged {
    pub shapes: Vec<Shape>,
    pub pieces: Vec<Piece>,
    /// By piece.
    pub ways: Vec<Way>,
    pub elems: Vec<Elem>,
    /// How many rows of items there are.
    pub rows: usize,
}

/// Arranges the items of a region.
pub fn arrange(mut shapes: Vec<Shape>, pieces: &[Piece]) -> Arranged {
    make_room(&mut shapes, pieces);
    let downward = pieces.iter().filter(|piece| !piece.back);
    let row_of = longest_paths(
        shapes.len(),
        downward.filter_map(|piece| piece.from.zip(piece.to)),
    );
    let count = row_of.iter().max().map_or(0, |last| last + 1);
    let mut all = Arranged {
        elems: shapes
            .iter()
            .zip(&row_of)
            .map(|(shape, row)| Elem {
                row: *row,
                width: shape.width,
                x: 0,
            })
            .collect(),
        shapes,
        pieces: pieces.to_vec(),
        ways: Vec::new(),
        rows: count,
    };
    all.find_ways();
    let graph = Links::of(&all);
    let order = all.in_order(&graph);
    graph.move_sideways(&mut all, &order);
    all
}

/// Widens nodes that have more edges than room for them.
fn make_room(shapes: &mut [Shape], pieces: &[Piece]) {
    let mut outs = vec![0; shapes.len()];
    let mut ins: Vec<Vec<(u32, bool)>> = vec![Vec::new(); shapes.len()];
    for piece in pieces {
        if let Some(from) = piece.from {
            outs[from] += 1;
        }
        if let Some(to) = piece.to
            && !ins[to].contains(&(piece.net.1, piece.back))
        {
            ins[to].push((piece.net.1, piece.back));
        }
    }
    for (at, shape) in shapes.iter_mut().enumerate() {
        if let Some(ports) = &mut shape.ports {
            let most = outs[at].max(ins[at].len() as i32);
            *ports = (*ports).max((most + 1) * PORT_GAP);
            shape.width = shape.width.max(*ports);
        }
    }
}

/// The row of each item: how long the longest path to it is. Items stand in reverse postorder, so
/// each comes behind all that lead to it.
pub fn longest_paths(items: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    let mut succs = vec![Vec::new(); items];
    for (from, to) in edges {
        succs[from].push(to);
    }
    let mut row = vec![0; items];
    for at in 0..items {
        for to in &succs[at] {
            debug_assert!(*to > at, "a region without its back edges has no cycle");
            row[*to] = row[*to].max(row[at] + 1);
        }
    }
    row
}

impl Arranged {
    /// The elements of each row, from the left. The order of the items is given; dummies then
    /// move between them, where that makes fewer crossings.
    fn in_order(&self, links: &Links) -> Order {
        let times = order::order(&self.shapes, &self.pieces);
        let items = self.shapes.len();
        let mut time = times.items;
        time.resize(self.elems.len(), usize::MAX);
        for (way, at) in self.ways.iter().zip(times.pieces) {
            let Way::Chain(chain) = way else { continue };
            for elem in chain.iter().filter(|elem| **elem >= items) {
                time[*elem] = time[*elem].min(at);
            }
        }
        let row = self.elems.iter().map(|elem| elem.row).collect();
        let down = links.down.iter().enumerate();
        let pairs = down.flat_map(|(above, all)| all.iter().map(move |link| (above, link.to)));
        let layers = Layers::new(row, pairs);
        let mut best = layers.sorted(|elem| time[elem]);
        let mut least = layers.crossings(&best);
        let mut trial = best.clone();
        for sweep in 0..DUMMY_SWEEPS {
            if least == 0 {
                break;
            }
            layers.sweep(&mut trial, sweep % 2 == 0, items);
            let crossings = layers.crossings(&trial);
            if crossings < least {
                least = crossings;
                best.clone_from(&trial);
            }
        }
        best
    }

    /// The dummies of every net, and the way of every piece.
    fn find_ways(&mut self) {
        let mut dummies: HashMap<(usize, Net), usize> = HashMap::new();
        let far = self.nets_that_leave_from_afar();
        for at in 0..self.pieces.len() {
            let piece = self.pieces[at];
            let way = self.way(&piece, &far, &mut dummies);
            self.ways.push(way);
        }
    }

    /// All edges of one net leave a region at one place, so all take a lane when one must.
    fn nets_that_leave_from_afar(&self) -> HashMap<Net, bool> {
        let mut far = HashMap::new();
        for piece in self.pieces.iter().filter(|piece| piece.to.is_none()) {
            let row = piece.from.map_or(0, |from| self.elems[from].row);
            *far.entry(piece.net).or_insert(false) |= self.rows - row > MAX_DUMMIES + 1;
        }
        far
    }

    fn way(
        &mut self,
        piece: &Piece,
        far: &HashMap<Net, bool>,
        dummies: &mut HashMap<(usize, Net), usize>,
    ) -> Way {
        if piece.back {
            return Way::Back;
        }
        // Rows between the ends: those behind `first` and before `last`.
        let first = piece.from.map_or(0, |from| self.elems[from].row + 1);
        let last = piece.to.map_or(self.rows + 1, |to| self.elems[to].row);
        let long = match piece.to {
            None => far.get(&piece.net) == Some(&true),
            Some(_) => last - first > MAX_DUMMIES,
        };
        if long {
            return Way::Lane;
        }
        let mut chain: Vec<usize> = piece.from.into_iter().collect();
        for row in first..last {
            let elems = &mut self.elems;
            chain.push(*dummies.entry((row, piece.net)).or_insert_with(|| {
                elems.push(Elem {
                    row,
                    width: 0,
                    x: 0,
                });
                elems.len() - 1
            }));
        }
        chain.extend(piece.to);
        Way::Chain(chain)
    }

    /// Where an edge of a net touches an item of the region, from its left side: at its bottom,
    /// or at its top. For a node that is about the middle.
    pub fn touch(&self, elem: usize, net: Net, bottom: bool) -> i32 {
        match self.shapes.get(elem) {
            None => 0,
            Some(Shape {
                ports: Some(ports), ..
            }) => ports / 2,
            Some(shape) => {
                let places = if bottom { &shape.outs } else { &shape.ins };
                places.get(&net).copied().unwrap_or(shape.width / 2)
            }
        }
    }
}

/// A link between elements of neighbouring rows.
#[derive(Clone, Copy)]
struct Link {
    /// The other element.
    to: usize,
    /// Where the link touches this element and the other, from their left sides.
    here: i32,
    there: i32,
    /// Lines that pass several rows are to be straight rather than others.
    weight: f64,
}

/// Who is linked to whom.
struct Links {
    up: Vec<Vec<Link>>,
    down: Vec<Vec<Link>>,
    items: usize,
}

impl Links {
    fn of(all: &Arranged) -> Links {
        let count = all.elems.len();
        let items = all.shapes.len();
        let mut links = Links {
            up: vec![Vec::new(); count],
            down: vec![Vec::new(); count],
            items,
        };
        let mut seen = std::collections::HashSet::new();
        for (piece, way) in all.pieces.iter().zip(&all.ways) {
            let Way::Chain(chain) = way else { continue };
            for pair in chain.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                if !seen.insert((a, b, piece.net)) {
                    continue;
                }
                // The middle: were it where the edge leaves, each loop of a sequence would stand to
                // the right of the one before it.
                let middle = |elem: usize| all.elems[elem].width / 2;
                let (here, there) = (middle(a), middle(b));
                let weight = match (a >= items, b >= items) {
                    (true, true) => 8.0,
                    (false, false) => 1.0,
                    _ => 2.0,
                };
                links.down[a].push(Link {
                    to: b,
                    here,
                    there,
                    weight,
                });
                links.up[b].push(Link {
                    to: a,
                    here: there,
                    there: here,
                    weight,
                });
            }
        }
        links
    }

    /// Gives every element its place: near its neighbours above, then below, as far as the order
    /// in the row allows.
    fn move_sideways(&self, all: &mut Arranged, order: &Order) {
        let mut x: Vec<f64> = vec![0.0; all.elems.len()];
        for row in order {
            let mut next = 0.0;
            for pair in 0..row.len() {
                let elem = row[pair];
                if pair > 0 {
                    next += f64::from(self.gap(row[pair - 1], elem));
                }
                x[elem] = next;
                next += f64::from(all.elems[elem].width);
            }
        }
        for sweep in 0..=2 * MOVE_SWEEPS {
            let down = sweep % 2 == 0;
            let links = if down { &self.up } else { &self.down };
            for at in 0..order.len() {
                let row = if down { at } else { order.len() - 1 - at };
                self.settle(all, &order[row], links, &mut x);
            }
        }
        for row in order {
            let mut least = i32::MIN;
            for (at, elem) in row.iter().enumerate() {
                if at > 0 {
                    let before = row[at - 1];
                    let end = all.elems[before].x + all.elems[before].width;
                    least = end + self.gap(before, *elem);
                }
                all.elems[*elem].x = (x[*elem].round() as i32).max(least);
            }
        }
    }

    fn gap(&self, a: usize, b: usize) -> i32 {
        if a < self.items && b < self.items {
            ITEM_GAP
        } else {
            DUMMY_GAP
        }
    }

    /// Moves the elements of a row to where the links want them: the least sum of squared
    /// distances that keeps order and gaps, by pooling neighbours that are in each other's way.
    fn settle(&self, all: &Arranged, row: &[usize], links: &[Vec<Link>], x: &mut [f64]) {
        /// How much an element without links wants to stay.
        const STAY: f64 = 0.01;
        // Elements that stand together: how many, and the weighted mean of where the first is
        // wanted.
        struct Pool {
            count: usize,
            weight: f64,
            mean: f64,
        }
        let mut pools: Vec<Pool> = Vec::new();
        // Where each element is when the row begins at 0 and is packed.
        let mut packed = Vec::with_capacity(row.len());
        let mut next = 0.0;
        for (at, elem) in row.iter().enumerate() {
            if at > 0 {
                next += f64::from(self.gap(row[at - 1], *elem));
            }
            packed.push(next);
            next += f64::from(all.elems[*elem].width);
            let near = &links[*elem];
            let (mut weight, mut sum) = (0.0, 0.0);
            for link in near {
                weight += link.weight;
                sum += link.weight * (x[link.to] + f64::from(link.there - link.here));
            }
            let (weight, wanted) = if near.is_empty() {
                (STAY, x[*elem])
            } else {
                (weight, sum / weight)
            };
            let mut pool = Pool {
                count: 1,
                weight,
                mean: wanted - packed[at],
            };
            while let Some(before) = pools.last()
                && before.mean >= pool.mean
            {
                let weight = before.weight + pool.weight;
                pool = Pool {
                    count: before.count + pool.count,
                    mean: (before.mean * before.weight + pool.mean * pool.weight) / weight,
                    weight,
                };
                pools.pop();
            }
            pools.push(pool);
        }
        let mut at = 0;
        for pool in pools {
            for _ in 0..pool.count {
                x[row[at]] = pool.mean + packed[at];
                at += 1;
            }
        }
    }
}
