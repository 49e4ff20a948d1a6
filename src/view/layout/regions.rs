//! The loops of a graph, nested: of irreducible graphs too, and of parts nothing leads to.
//!
//! A region is a strongly connected part; its header is the node of it that a depth-first search
//! meets first; without the edges to its header, what stays strongly connected in it are its
//! inner regions. So defined by Havlak, "Nesting of Reducible and Irreducible Loops" (TOPLAS
//! 1997), as in `cfg::loops`, which is for bytecode alone.

use super::Graph;

/// Loops this deep are not taken apart any further; edges within them that go back have lanes of
/// their own. No program that a person wrote nests so deep, and random graphs, which do, would
/// take quadratic time.
const MAX_DEPTH: u32 = 16;

/// A loop with what is directly in it, or (the first) the whole graph.
#[derive(Clone, Debug)]
pub struct Region {
    /// The region around it.
    pub parent: Option<usize>,
    /// Its number among the items of that.
    pub place: usize,
    /// Its header; none for the whole.
    pub header: Option<usize>,
    /// How many loops there are around its items.
    pub depth: u32,
    /// What is in it, in reverse postorder.
    pub items: Vec<Item>,
}

/// What stands in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A node.
    Node(usize),
    /// A loop.
    Region(usize),
}

/// All regions; inner ones behind those around them.
pub struct Regions {
    pub all: Vec<Region>,
    /// By node, the innermost region that it is in.
    pub of: Vec<usize>,
    /// By node, its number among the items there.
    pub place: Vec<usize>,
}

/// A depth-first search: when each node was met, and its place in reverse postorder.
struct Search {
    met: Vec<u32>,
    order: Vec<u32>,
}

impl Regions {
    pub fn find(graph: &Graph) -> Regions {
        let mut succs = vec![Vec::new(); graph.nodes.len()];
        for edge in &graph.edges {
            succs[edge.from].push(edge.to);
        }
        let search = Search::run(&succs);
        let count = graph.nodes.len();
        let mut regions = Regions {
            all: vec![Region {
                parent: None,
                place: 0,
                header: None,
                depth: 0,
                items: Vec::new(),
            }],
            of: vec![0; count],
            place: vec![0; count],
        };
        let mut components = Components::new(count);
        let mut work = vec![(0, (0..count).collect::<Vec<usize>>())];
        while let Some((region, nodes)) = work.pop() {
            for node in &nodes {
                regions.of[*node] = region;
            }
            let header = regions.all[region].header;
            let mut parts = if regions.all[region].depth < MAX_DEPTH {
                components.of_region(&nodes, &succs, header, region, &regions.of)
            } else {
                nodes.iter().map(|node| vec![*node]).collect()
            };
            parts.sort_by_key(|part| part.iter().map(|node| search.order[*node]).min());
            for part in parts {
                let place = regions.all[region].items.len();
                let first = part[0];
                let met = part.iter().copied().min_by_key(|node| search.met[*node]);
                let header = met.unwrap_or(first);
                let to_itself = succs[first].contains(&first)
                    && regions.all[region].header != Some(first)
                    && regions.all[region].depth < MAX_DEPTH;
                let cyclic = part.len() > 1 || to_itself;
                if !cyclic {
                    regions.place[first] = place;
                    regions.all[region].items.push(Item::Node(first));
                    continue;
                }
                let inner = regions.all.len();
                regions.all[region].items.push(Item::Region(inner));
                regions.all.push(Region {
                    parent: Some(region),
                    place,
                    header: Some(header),
                    depth: regions.all[region].depth + 1,
                    items: Vec::new(),
                });
                work.push((inner, part));
            }
        }
        regions
    }
}

impl Search {
    /// Successors are visited last to first, so that the order is that of the source where the
    /// graph leaves a choice. What the entry does not lead to is met by searches of its own.
    fn run(succs: &[Vec<usize>]) -> Search {
        const NEVER: u32 = u32::MAX;
        let count = succs.len();
        let mut met = vec![NEVER; count];
        let mut clock = 0;
        let mut finished = Vec::with_capacity(count);
        for root in 0..count {
            if met[root] != NEVER {
                continue;
            }
            let mut stack = vec![(root, succs[root].len())];
            met[root] = clock;
            clock += 1;
            while let Some((node, left)) = stack.last_mut() {
                if *left == 0 {
                    finished.push(*node);
                    stack.pop();
                    continue;
                }
                *left -= 1;
                let to = succs[*node][*left];
                if met[to] == NEVER {
                    met[to] = clock;
                    clock += 1;
                    stack.push((to, succs[to].len()));
                }
            }
        }
        let mut place = vec![0; count];
        for (at, node) in finished.iter().rev().enumerate() {
            place[*node] = at as u32;
        }
        Search { met, order: place }
    }
}

/// Strongly connected components, by Tarjan's algorithm (1972) without recursion.
struct Components {
    index: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
}

impl Components {
    fn new(count: usize) -> Components {
        Components {
            index: vec![0; count],
            low: vec![0; count],
            on_stack: vec![false; count],
        }
    }

    /// The components of a region's nodes, without the edges to its header.
    fn of_region(
        &mut self,
        nodes: &[usize],
        succs: &[Vec<usize>],
        header: Option<usize>,
        region: usize,
        of: &[usize],
    ) -> Vec<Vec<usize>> {
        for node in nodes {
            self.index[*node] = 0;
        }
        let inside = |to: usize| of[to] == region && Some(to) != header;
        let (mut clock, mut stack, mut found) = (1, Vec::new(), Vec::new());
        for root in nodes {
            if self.index[*root] != 0 {
                continue;
            }
            let mut calls = vec![(*root, 0)];
            self.enter(*root, &mut clock, &mut stack);
            while let Some((node, next)) = calls.last_mut() {
                let node = *node;
                if let Some(to) = succs[node].get(*next).copied() {
                    *next += 1;
                    if !inside(to) {
                        continue;
                    }
                    if self.index[to] == 0 {
                        self.enter(to, &mut clock, &mut stack);
                        calls.push((to, 0));
                    } else if self.on_stack[to] {
                        self.low[node] = self.low[node].min(self.index[to]);
                    }
                    continue;
                }
                calls.pop();
                if let Some((caller, _)) = calls.last() {
                    self.low[*caller] = self.low[*caller].min(self.low[node]);
                }
                if self.low[node] == self.index[node] {
                    let start = stack.iter().rposition(|each| *each == node).unwrap_or(0);
                    let component = stack.split_off(start);
                    for each in &component {
                        self.on_stack[*each] = false;
                    }
                    found.push(component);
                }
            }
        }
        found
    }

    fn enter(&mut self, node: usize, clock: &mut u32, stack: &mut Vec<usize>) {
        self.index[node] = *clock;
        self.low[node] = *clock;
        self.on_stack[node] = true;
        *clock += 1;
        stack.push(node);
    }
}
