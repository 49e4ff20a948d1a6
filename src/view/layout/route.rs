//! The ways of the edges of a region, and what height everything needs.
//!
//! Between two rows lies a channel. An edge crosses it straight down, or turns into a track of
//! the channel and out of it again. Tracks are given so that those of different nets do not touch;
//! the same holds for lanes, which run beside the rows.
//!
//! ```text
//!  ┆   ───────────────── channel 0 ───────
//!  ┆   row 0     ┌───┐   ┌───┐          ┆
//!  ┆             └─┬─┘   └─┬─┘          ┆  lanes
//!  ┆   ────────────┴─ tracks ────────── ┆
//!  ┆   row 1     ┌───┐   ┆ dummy        ┆
//! ```

use super::rows::{Arranged, Elem, Way};
use super::{Net, Piece, Placed, Point, Rect};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const TRACK_GAP: i32 = 9;
const LANE_GAP: i32 = 11;
/// Above and below the tracks of a channel.
const CHANNEL_PAD: i32 = 12;
/// A channel that nothing crosses.
const EMPTY_CHANNEL: i32 = 4;
/// Around the whole.
const MARGIN: i32 = 16;
/// Within a loop's outline; its top has the label.
const LOOP_PAD: i32 = 10;
const LOOP_TOP: i32 = 20;
/// Edges keep so far from a node's corners.
const CORNER: i32 = 8;

/// Where a line stands while it crosses a channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
enum At {
    /// It leaves an item, as that piece.
    Out(usize),
    /// It arrives at an item: class, and whether it is a back edge; for a loop the net.
    In(usize, u32, bool),
    /// It arrives at a loop.
    Enter(usize, Net),
    /// It passes a dummy.
    Dummy(usize),
    /// A lane at the right, at the left.
    Right(Net),
    Left(Net),
}

/// A line's way across one channel.
#[derive(Clone, Copy)]
struct Hop {
    channel: usize,
    from: At,
    to: At,
}

struct Router {
    all: Arranged,
    /// By piece.
    hops: Vec<Vec<Hop>>,
    x: HashMap<At, i32>,
    /// By channel, the track of each line that needs one, by where it goes.
    tracks: Vec<HashMap<At, usize>>,
    left: i32,
    right: i32,
}

/// Gives the items and pieces of a region their coordinates.
pub fn place(all: Arranged, is_loop: bool) -> Placed {
    let hops = all
        .pieces
        .iter()
        .zip(&all.ways)
        .enumerate()
        .map(|(at, (piece, way))| hops_of(&all, at, piece, way))
        .collect();
    let mut router = Router {
        left: 0,
        right: 0,
        x: HashMap::new(),
        tracks: Vec::new(),
        hops,
        all,
    };
    router.lanes();
    router.ports_out();
    router.ports_in();
    router.nudge();
    router.give_tracks();
    router.finish(is_loop)
}

/// Where a piece arrives at an item.
fn arrival(all: &Arranged, item: usize, piece: &Piece) -> At {
    match all.shapes[item].ports {
        Some(_) => At::In(item, piece.net.1, piece.back),
        None => At::Enter(item, piece.net),
    }
}

fn hops_of(all: &Arranged, at: usize, piece: &Piece, way: &Way) -> Vec<Hop> {
    let below = |item: usize| all.elems[item].row + 1;
    let mut hops = Vec::new();
    let mut hop = |channel, from, to| hops.push(Hop { channel, from, to });
    let lane = match way {
        Way::Chain(chain) => {
            for pair in chain.windows(2) {
                let from = if pair[0] < all.shapes.len() {
                    At::Out(at)
                } else {
                    At::Dummy(pair[0])
                };
                let to = if pair[1] < all.shapes.len() {
                    arrival(all, pair[1], piece)
                } else {
                    At::Dummy(pair[1])
                };
                hop(all.elems[pair[1]].row, from, to);
            }
            return hops;
        }
        Way::Lane => At::Right(piece.net),
        Way::Back => At::Left(piece.net),
    };
    if let Some(from) = piece.from {
        hop(below(from), At::Out(at), lane);
    }
    if let Some(to) = piece.to {
        hop(all.elems[to].row, lane, arrival(all, to, piece));
    }
    hops
}

impl Router {
    fn x(&self, at: At) -> i32 {
        self.x.get(&at).copied().unwrap_or_default()
    }

    /// The lanes, side by side where they run along the same channels.
    fn lanes(&mut self) {
        let end = |elem: &Elem| elem.x + elem.width;
        self.left = self.all.elems.iter().map(|elem| elem.x).min().unwrap_or(0);
        self.right = self.all.elems.iter().map(end).max().unwrap_or(0);
        for (at, elem) in self.all.elems.iter().enumerate() {
            self.x.insert(At::Dummy(at), elem.x);
        }
        // The channels that each net's lane runs along.
        let (mut forth, mut back) = (BTreeMap::new(), BTreeMap::new());
        for (piece, way) in self.all.pieces.iter().zip(&self.all.ways) {
            let spans = match way {
                Way::Chain(_) => continue,
                Way::Lane => &mut forth,
                Way::Back => &mut back,
            };
            let below = piece.from.map_or(0, |from| self.all.elems[from].row + 1);
            let above = piece
                .to
                .map_or(self.all.rows + 1, |to| self.all.elems[to].row);
            let (first, last) = (below.min(above), below.max(above));
            let span = spans.entry(piece.net).or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
        let (content_left, content_right) = (self.left, self.right);
        for (net, lane) in side_by_side(back) {
            let x = content_left - LANE_GAP * (lane as i32 + 1);
            self.left = self.left.min(x);
            self.x.insert(At::Left(net), x);
        }
        for (net, lane) in side_by_side(forth) {
            let x = content_right + LANE_GAP * (lane as i32 + 1);
            self.right = self.right.max(x);
            self.x.insert(At::Right(net), x);
        }
    }

    /// Where each piece leaves its item: nodes' ports in the order of where they lead.
    fn ports_out(&mut self) {
        let mut of_node: BTreeMap<usize, Vec<(i32, usize)>> = BTreeMap::new();
        for (at, piece) in self.all.pieces.iter().enumerate() {
            let Some(from) = piece.from else { continue };
            let elem = &self.all.elems[from];
            if self.all.shapes[from].ports.is_none() {
                let x = elem.x + self.all.touch(from, piece.net, true);
                self.x.insert(At::Out(at), x);
                continue;
            }
            let towards = match &self.all.ways[at] {
                Way::Back => i32::MIN,
                Way::Lane => i32::MAX,
                Way::Chain(chain) => chain.get(1).map_or(0, |next| {
                    self.all.elems[*next].x + self.all.touch(*next, piece.net, false)
                }),
            };
            of_node.entry(from).or_default().push((towards, at));
        }
        for (node, mut ports) in of_node {
            ports.sort_unstable();
            let count = ports.len() as i32;
            for (number, (_, piece)) in (1..).zip(ports) {
                let x = self.port(node, number, count);
                self.x.insert(At::Out(piece), x);
            }
        }
    }

    /// The place of port `number`, from 1, of `count` at a node.
    fn port(&self, node: usize, number: i32, count: i32) -> i32 {
        let width = self.all.shapes[node].ports.unwrap_or(0);
        self.all.elems[node].x + width * number / (count + 1)
    }

    /// Where each net arrives at its item; straight below where it comes from, if it can.
    fn ports_in(&mut self) {
        // By node and port, where its lines come from.
        let mut of_node: BTreeMap<usize, BTreeMap<At, BTreeSet<i32>>> = BTreeMap::new();
        for (at, piece) in self.all.pieces.iter().enumerate() {
            let Some(to) = piece.to else { continue };
            let arrival = arrival(&self.all, to, piece);
            if let At::Enter(item, net) = arrival {
                let x = self.all.elems[item].x + self.all.touch(item, net, false);
                self.x.insert(arrival, x);
                continue;
            }
            let from = match (self.hops[at].last(), &self.all.ways[at]) {
                (_, Way::Back) => i32::MIN,
                (_, Way::Lane) => i32::MAX,
                (Some(hop), Way::Chain(_)) => self.x(hop.from),
                (None, Way::Chain(_)) => self.port(to, 1, 1),
            };
            let ports = of_node.entry(to).or_default();
            ports.entry(arrival).or_default().insert(from);
        }
        for (node, ports) in of_node {
            let left = self.all.elems[node].x;
            let width = self.all.shapes[node].ports.unwrap_or(0);
            let mut sorted: Vec<(i32, At, Option<i32>)> = ports
                .iter()
                .map(|(at, from)| {
                    let mean = from.iter().map(|x| i64::from(*x)).sum::<i64>() / from.len() as i64;
                    let only = if from.len() == 1 {
                        from.first().copied()
                    } else {
                        None
                    };
                    (mean as i32, *at, only)
                })
                .collect();
            sorted.sort_unstable();
            let count = sorted.len() as i32;
            for (number, (_, at, only)) in (1..).zip(sorted) {
                let mut x = self.port(node, number, count);
                let fits = |from: &i32| (left + CORNER..left + width - CORNER).contains(from);
                if let Some(from) = only.filter(fits)
                    && count == 1
                {
                    x = from;
                }
                self.x.insert(at, x);
            }
        }
    }

    /// Lines of different nets that would run on one another, one down to its track and the
    /// other from its track on, are moved apart.
    fn nudge(&mut self) {
        const STEP: i32 = 4;
        let mut by_channel: Vec<Vec<Hop>> = vec![Vec::new(); self.all.rows + 2];
        for hop in self.hops.iter().flatten() {
            by_channel[hop.channel].push(*hop);
        }
        for hops in by_channel {
            // What comes from above, by place: where it goes.
            let mut above: HashMap<i32, BTreeSet<At>> = HashMap::new();
            for hop in &hops {
                above.entry(self.x(hop.from)).or_default().insert(hop.to);
            }
            let mut below: BTreeSet<At> = hops.iter().map(|hop| hop.to).collect();
            below.retain(|at| matches!(at, At::In(..) | At::Dummy(_)));
            let mut taken: BTreeSet<i32> = BTreeSet::new();
            for at in below {
                let wanted = self.x(at);
                let free = |x: &i32| {
                    let others = above.get(x).is_some_and(|to| to.iter().any(|to| *to != at));
                    !others && !taken.contains(x)
                };
                let steps = [0, STEP, -STEP];
                let x = steps.iter().map(|step| wanted + step).find(free);
                let x = x.unwrap_or(wanted);
                taken.insert(x);
                self.x.insert(at, x);
            }
        }
    }

    fn give_tracks(&mut self) {
        // The last channel leads to the bottom of the region.
        let mut spans: Vec<BTreeMap<At, (i32, i32)>> = vec![BTreeMap::new(); self.all.rows + 2];
        for hop in self.hops.iter().flatten() {
            let (a, b) = (self.x(hop.from), self.x(hop.to));
            let span = spans[hop.channel].entry(hop.to).or_insert((b, b));
            *span = (span.0.min(a), span.1.max(a));
        }
        for spans in spans {
            let mut spans: Vec<_> = spans
                .into_iter()
                .filter(|(_, (min, max))| min != max)
                .map(|(at, span)| (span, at))
                .collect();
            spans.sort_unstable();
            let tracks = pack(
                spans
                    .iter()
                    .map(|((min, max), _)| (*min, *max + TRACK_GAP / 2)),
            );
            let by_line = spans.iter().map(|(_, at)| *at).zip(tracks);
            self.tracks.push(by_line.collect());
        }
    }

    fn finish(&self, is_loop: bool) -> Placed {
        let rows = self.all.rows;
        let (side, top) = if is_loop {
            (LOOP_PAD, LOOP_TOP)
        } else {
            (MARGIN, MARGIN)
        };
        let dx = side - self.left;
        let mut heights = vec![0; rows];
        for (elem, shape) in self.all.elems.iter().zip(&self.all.shapes) {
            heights[elem.row] = shape.height.max(heights[elem.row]);
        }
        let used: BTreeSet<usize> = self.hops.iter().flatten().map(|hop| hop.channel).collect();
        // The tops of channels and of rows.
        let (mut channel_tops, mut row_tops) = (Vec::new(), Vec::new());
        let mut y = top;
        for channel in 0..=rows {
            channel_tops.push(y);
            let tracks = self.tracks[channel]
                .values()
                .max()
                .map_or(0, |most| most + 1);
            y += if used.contains(&channel) {
                2 * CHANNEL_PAD + tracks.saturating_sub(1) as i32 * TRACK_GAP
            } else {
                EMPTY_CHANNEL
            };
            if let Some(height) = heights.get(channel) {
                row_tops.push(y);
                y += height;
            }
        }
        let height = y + side;
        let items: Vec<Rect> = self
            .all
            .shapes
            .iter()
            .zip(&self.all.elems)
            .map(|(shape, elem)| Rect {
                x: elem.x + dx,
                y: row_tops[elem.row],
                width: shape.width,
                height: shape.height,
            })
            .collect();
        let mut placed = Placed {
            width: self.right + dx + side,
            height,
            ..Placed::default()
        };
        for (at, piece) in self.all.pieces.iter().enumerate() {
            let start = piece
                .from
                .map_or(0, |from| items[from].y + items[from].height);
            let end = piece.to.map_or(height, |to| items[to].y);
            let path = self.path(at, start, end, dx, &channel_tops);
            if piece.from.is_none() {
                placed.ins.insert(piece.net, path[0].x);
            }
            if piece.to.is_none() {
                placed.outs.insert(piece.net, path[path.len() - 1].x);
            }
            placed.paths.push(path);
        }
        placed.items = items;
        placed
    }

    fn path(&self, at: usize, start: i32, end: i32, dx: i32, channels: &[i32]) -> Vec<Point> {
        let piece = &self.all.pieces[at];
        let first = match (self.hops[at].first(), &self.all.ways[at]) {
            // A lane from above, or a dummy.
            (Some(hop), _) => hop.from,
            // Straight through: to an item in the first row, or (from nothing) a dummy.
            (None, Way::Chain(chain)) => match (piece.to, chain.first()) {
                (Some(to), _) => arrival(&self.all, to, piece),
                (None, Some(elem)) => At::Dummy(*elem),
                (None, None) => At::Out(at),
            },
            (None, _) => At::Out(at),
        };
        let mut x = self.x(first) + dx;
        let mut points = vec![Point { x, y: start }];
        for hop in &self.hops[at] {
            let to = self.x(hop.to) + dx;
            if to != x
                && let Some(track) = self.tracks[hop.channel].get(&hop.to)
            {
                let y = channels[hop.channel] + CHANNEL_PAD + *track as i32 * TRACK_GAP;
                points.push(Point { x, y });
                points.push(Point { x: to, y });
                x = to;
            }
        }
        points.push(Point { x, y: end });
        points
    }
}

/// A lane for each net, such that those which run along the same channels have different ones.
fn side_by_side(spans: BTreeMap<Net, (usize, usize)>) -> Vec<(Net, usize)> {
    let mut spans: Vec<_> = spans.into_iter().map(|(net, span)| (span, net)).collect();
    spans.sort_unstable();
    let lanes = pack(spans.iter().map(|(span, _)| *span));
    spans.iter().map(|(_, net)| *net).zip(lanes).collect()
}

/// Gives each of some intervals, sorted by their starts, the first place where it touches no
/// other.
fn pack<T: Copy + Ord>(spans: impl Iterator<Item = (T, T)>) -> Vec<usize> {
    // The end of the last interval at each place.
    let mut ends: Vec<T> = Vec::new();
    spans
        .map(
            |(start, end)| match ends.iter().position(|last| *last < start) {
                Some(at) => {
                    ends[at] = end;
                    at
                }
                None => {
                    ends.push(end);
                    ends.len() - 1
                }
            },
        )
        .collect()
}
