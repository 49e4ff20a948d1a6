//! The loop nesting forest, of irreducible graphs too.
//!
//! A loop is a strongly connected part of the graph; without the edges back to its header, what
//! stays strongly connected in it are its inner loops. The header is the block of the loop that
//! a depth-first search meets first. So defined by Havlak, "Nesting of Reducible and Irreducible
//! Loops" (TOPLAS 1997); found in almost linear time by the way of Ramalingam, "Identifying
//! Loops in Almost Linear Time" (TOPLAS 1999): each edge that does not go back is looked at
//! only from the lowest common ancestor of its ends on, and an inner loop is collapsed into its
//! header before the outer ones are found.
//!
//! Back edges are the retreating edges of the same depth-first search that gives
//! [`Cfg::rpo`]. Every cycle contains one, because blocks cannot follow each other in reverse
//! postorder for ever.

use super::graph::{BlockId, Cfg};
use std::fmt;

/// A loop of one function. Outer loops have smaller numbers than those inside them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LoopId(pub u32);

impl LoopId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for LoopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "l{}", self.0)
    }
}

/// A loop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loop {
    /// The header: all back edges of this loop that belong to no inner one arrive here.
    pub header: BlockId,
    /// The blocks by which control can enter from outside, the header first. A reducible loop
    /// has no other.
    pub entries: Vec<BlockId>,
    /// The loop around this one.
    pub parent: Option<LoopId>,
    /// The loops directly inside this one, ascending.
    pub children: Vec<LoopId>,
    /// How many loops there are around its blocks, itself included.
    pub depth: u32,
    /// The back edges to the header, without repetition, by the block they leave.
    pub back_edges: Vec<(BlockId, BlockId)>,
    /// Where its blocks lie in [`Loops::order`].
    first: u32,
    end: u32,
}

impl Loop {
    /// Whether control can enter other than by the header.
    pub fn is_irreducible(&self) -> bool {
        self.entries.len() > 1
    }
}

/// The loops of a function.
#[derive(Clone, Debug)]
pub struct Loops {
    loops: Vec<Loop>,
    innermost: Vec<Option<LoopId>>,
    /// The blocks of loops, such that those of each loop, with its inner ones, lie together,
    /// the header first.
    order: Vec<BlockId>,
    /// The place of each block in `order`.
    place: Vec<u32>,
    back_edges: Vec<(BlockId, BlockId)>,
}

/// The place of a block that belongs to no loop.
const NOWHERE: u32 = u32::MAX;

impl Loops {
    /// Finds the loops among the blocks that can be reached.
    pub fn build(cfg: &Cfg) -> Loops {
        let search = Search::run(cfg);
        let nest = Nest::find(cfg, &search);
        let mut loops = Loops::lay_out(cfg, &nest);
        loops.add_back_edges(cfg);
        loops.add_entries(cfg);
        loops
    }

    /// The loops, numbered so that each comes behind those around it.
    fn lay_out(cfg: &Cfg, nest: &Nest) -> Loops {
        // Children of each header, and the headers of outermost loops, in reverse postorder.
        let mut children = vec![Vec::new(); cfg.len()];
        let mut roots = Vec::new();
        for block in cfg.rpo() {
            match nest.header[block.index()] {
                Some(header) => children[header.index()].push(*block),
                None if nest.is_header[block.index()] => roots.push(*block),
                None => {}
            }
        }
        let mut all = Loops {
            loops: Vec::new(),
            innermost: vec![None; cfg.len()],
            order: Vec::new(),
            place: vec![NOWHERE; cfg.len()],
            back_edges: Vec::new(),
        };
        // What is still to be laid out; a loop is closed behind all its blocks.
        enum Step {
            Block(BlockId, Option<LoopId>),
            Close(LoopId),
        }
        let roots = roots.into_iter().rev();
        let mut stack: Vec<_> = roots.map(|block| Step::Block(block, None)).collect();
        while let Some(step) = stack.pop() {
            match step {
                Step::Close(id) => all.loops[id.index()].end = all.order.len() as u32,
                Step::Block(block, around) => {
                    let place = all.order.len() as u32;
                    let mut inside = around;
                    if nest.is_header[block.index()] {
                        let id = all.open(block, around, place);
                        inside = Some(id);
                        stack.push(Step::Close(id));
                        let members = children[block.index()].iter().rev();
                        stack.extend(members.map(|member| Step::Block(*member, inside)));
                    }
                    all.innermost[block.index()] = inside;
                    all.place[block.index()] = place;
                    all.order.push(block);
                }
            }
        }
        all
    }

    fn open(&mut self, header: BlockId, parent: Option<LoopId>, first: u32) -> LoopId {
        let id = LoopId(self.loops.len() as u32);
        let mut depth = 1;
        if let Some(parent) = parent {
            let parent = &mut self.loops[parent.index()];
            parent.children.push(id);
            depth += parent.depth;
        }
        self.loops.push(Loop {
            header,
            entries: vec![header],
            parent,
            children: Vec::new(),
            depth,
            back_edges: Vec::new(),
            first,
            end: first,
        });
        id
    }

    fn add_back_edges(&mut self, cfg: &Cfg) {
        for edge in cfg.edges() {
            let from = cfg.rpo_number(edge.from);
            if from.is_some() && cfg.rpo_number(edge.to) <= from {
                self.back_edges.push((edge.from, edge.to));
            }
        }
        self.back_edges.sort_unstable();
        self.back_edges.dedup();
        for edge in &self.back_edges {
            // The target of a back edge heads a loop, hence is innermost in its own.
            if let Some(id) = self.innermost[edge.1.index()] {
                self.loops[id.index()].back_edges.push(*edge);
            }
        }
    }

    fn add_entries(&mut self, cfg: &Cfg) {
        for edge in cfg.edges().filter(|edge| cfg.is_reachable(edge.from)) {
            let mut entered = self.innermost(edge.to);
            while let Some(id) = entered {
                if self.contains(id, edge.from) {
                    break;
                }
                let entries = &mut self.loops[id.index()].entries;
                if !entries.contains(&edge.to) {
                    entries.push(edge.to);
                }
                entered = self.get(id).parent;
            }
        }
        for each in &mut self.loops {
            each.entries[1..].sort_unstable();
        }
    }

    /// The loops, by number.
    pub fn iter(&self) -> impl Iterator<Item = (LoopId, &Loop)> {
        let numbered = self.loops.iter().enumerate();
        numbered.map(|(at, each)| (LoopId(at as u32), each))
    }

    /// How many loops there are.
    pub fn len(&self) -> usize {
        self.loops.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.loops.is_empty()
    }

    /// The loop of that number.
    pub fn get(&self, id: LoopId) -> &Loop {
        &self.loops[id.index()]
    }

    /// The innermost loop that a block belongs to. A header belongs to its loop.
    pub fn innermost(&self, block: BlockId) -> Option<LoopId> {
        self.innermost[block.index()]
    }

    /// How many loops a block belongs to.
    pub fn depth(&self, block: BlockId) -> u32 {
        self.innermost(block).map_or(0, |id| self.get(id).depth)
    }

    /// The loop that a block heads.
    pub fn headed_by(&self, block: BlockId) -> Option<LoopId> {
        let id = self.innermost(block)?;
        (self.get(id).header == block).then_some(id)
    }

    /// The blocks of a loop, those of its inner loops included, the header first.
    pub fn blocks(&self, id: LoopId) -> &[BlockId] {
        let each = self.get(id);
        &self.order[each.first as usize..each.end as usize]
    }

    /// Whether a block belongs to a loop, or to one inside it.
    pub fn contains(&self, id: LoopId, block: BlockId) -> bool {
        let each = self.get(id);
        (each.first..each.end).contains(&self.place[block.index()])
    }

    /// All back edges, ascending and without repetition. Every cycle among the blocks that can be
    /// reached contains one.
    pub fn back_edges(&self) -> &[(BlockId, BlockId)] {
        &self.back_edges
    }

    /// Whether the edges between two blocks are back edges.
    pub fn is_back_edge(&self, from: BlockId, to: BlockId) -> bool {
        self.back_edges.binary_search(&(from, to)).is_ok()
    }
}

/// Sets of blocks that only grow together, each named by one of them.
struct Union {
    parent: Vec<u32>,
}

impl Union {
    fn new(count: usize) -> Union {
        Union {
            parent: (0..count as u32).collect(),
        }
    }

    /// The block that names the set; halves the paths it walks.
    fn find(&mut self, block: BlockId) -> BlockId {
        let mut at = block.index();
        while self.parent[at] as usize != at {
            self.parent[at] = self.parent[self.parent[at] as usize];
            at = self.parent[at] as usize;
        }
        BlockId(at as u32)
    }

    /// Joins the set that `block` names to the one that `name` names.
    fn join(&mut self, block: BlockId, name: BlockId) {
        self.parent[block.index()] = name.0;
    }
}

/// What the depth-first search finds, with successors in the order of [`Cfg::rpo`]'s search.
struct Search {
    preorder: Vec<BlockId>,
    /// Per block, the blocks with a back edge to it.
    back: Vec<Vec<BlockId>>,
    /// Per block, the other edges whose ends have it as lowest common ancestor.
    meet: Vec<Vec<(BlockId, BlockId)>>,
}

impl Search {
    fn run(cfg: &Cfg) -> Search {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let mut found = Search {
            preorder: vec![BlockId::ENTRY],
            back: vec![Vec::new(); cfg.len()],
            meet: vec![Vec::new(); cfg.len()],
        };
        let mut state = vec![State::New; cfg.len()];
        // A finished block is named by its lowest open ancestor: that is where it meets the
        // block being searched (Tarjan's off-line common ancestors).
        let mut union = Union::new(cfg.len());
        let mut stack = vec![(BlockId::ENTRY, cfg.succs(BlockId::ENTRY).len())];
        state[BlockId::ENTRY.index()] = State::Open;
        while let Some((block, left)) = stack.last_mut() {
            let from = *block;
            if *left == 0 {
                state[from.index()] = State::Done;
                stack.pop();
                if let Some((parent, _)) = stack.last() {
                    union.join(from, *parent);
                }
                continue;
            }
            *left -= 1;
            let to = cfg.succs(from)[*left].to;
            match state[to.index()] {
                State::Open => found.back[to.index()].push(from),
                State::Done => found.meet[union.find(to).index()].push((from, to)),
                State::New => {
                    found.meet[from.index()].push((from, to));
                    found.preorder.push(to);
                    state[to.index()] = State::Open;
                    stack.push((to, cfg.succs(to).len()));
                }
            }
        }
        found
    }
}

/// Which loop each block lies in, told by headers.
struct Nest {
    /// Per block, the header of the innermost loop around it; for a header, of the loop around
    /// its own.
    header: Vec<Option<BlockId>>,
    is_header: Vec<bool>,
}

impl Nest {
    fn find(cfg: &Cfg, search: &Search) -> Nest {
        let mut nest = Nest {
            header: vec![None; cfg.len()],
            is_header: vec![false; cfg.len()],
        };
        let mut union = Union::new(cfg.len());
        let mut preds = vec![Vec::new(); cfg.len()];
        for header in search.preorder.iter().rev() {
            for (from, to) in &search.meet[header.index()] {
                preds[union.find(*to).index()].push(*from);
            }
            let sources = &search.back[header.index()];
            nest.is_header[header.index()] = !sources.is_empty();
            // Walks backwards from the back edges' sources; a member's header is set when it is
            // first met.
            let mut work = Vec::new();
            let mut meet = |block: BlockId, work: &mut Vec<BlockId>| {
                if block != *header && nest.header[block.index()].is_none() {
                    nest.header[block.index()] = Some(*header);
                    work.push(block);
                }
            };
            for source in sources {
                meet(union.find(*source), &mut work);
            }
            let mut members = Vec::new();
            while let Some(block) = work.pop() {
                members.push(block);
                for pred in &preds[block.index()] {
                    meet(union.find(*pred), &mut work);
                }
            }
            for member in members {
                union.join(member, *header);
            }
        }
        nest
    }
}
