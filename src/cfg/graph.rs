//! Basic blocks and the edges between them.
//!
//! The graph is kept twice: as a petgraph [`DiGraph`] for its algorithms, and as short lists
//! per block, because the code generator asks for neighbours all the time.

use petgraph::graph::{DiGraph, NodeIndex};
use smallvec::SmallVec;
use std::fmt;
use std::ops::Range;
use vo_bytecode::inst::Target;
use vo_bytecode::{Function, Inst};

/// A basic block of one function. Blocks are numbered in instruction order; 0 is the entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);

impl BlockId {
    /// The block that a function starts in.
    pub const ENTRY: BlockId = BlockId(0);

    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The block's node in [`Cfg::graph`].
    pub fn node(self) -> NodeIndex {
        NodeIndex::new(self.index())
    }
}

impl From<NodeIndex> for BlockId {
    fn from(node: NodeIndex) -> BlockId {
        BlockId(node.index() as u32)
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", self.0)
    }
}

impl fmt::Debug for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How control passes along an edge.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum EdgeKind {
    /// To the instruction that follows, because it begins a block.
    Fall,
    /// A `Jump`, or a `Br` whose condition holds.
    Taken,
    /// A `Br` whose condition does not hold.
    NotTaken,
    /// The case of that number of a `Switch`.
    SwitchCase(u32),
    /// A `Switch` whose index is beyond its cases.
    SwitchDefault,
    /// From a return, to where the deferred calls are run.
    Defer,
    /// To the landing, by a panic. See [`Cfg`].
    Panic,
}

impl fmt::Display for EdgeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EdgeKind::Fall => f.write_str("fall"),
            EdgeKind::Taken => f.write_str("taken"),
            EdgeKind::NotTaken => f.write_str("not-taken"),
            EdgeKind::SwitchCase(case) => write!(f, "case {case}"),
            EdgeKind::SwitchDefault => f.write_str("default"),
            EdgeKind::Defer => f.write_str("defer"),
            EdgeKind::Panic => f.write_str("panic"),
        }
    }
}

/// An edge. Two blocks may be joined by several, of different kinds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Edge {
    /// Where it leaves.
    pub from: BlockId,
    /// Where it arrives.
    pub to: BlockId,
    /// How control passes.
    pub kind: EdgeKind,
}

/// A basic block: instructions that run one after the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The first instruction, and the one behind the last.
    start: u32,
    end: u32,
    /// Whether some path from the entry leads here.
    pub reachable: bool,
}

impl Block {
    /// The instructions; empty only for a synthetic entry.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// How many instructions there are.
    pub fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether this is a synthetic entry, without instructions.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The last instruction; none in a synthetic entry.
    pub fn last(&self) -> Option<usize> {
        (!self.is_empty()).then(|| self.end as usize - 1)
    }
}

/// The control-flow graph of a function.
///
/// 1. Blocks partition the instructions, in order.
/// 2. The entry is block 0 and has no predecessors: where instruction 0 is a jump target, an
///    empty entry block stands before it.
/// 3. Each edge leaves behind the last instruction of a block and arrives at the first of one.
/// 4. The edges that panics take to the landing leave blocks in their middle, so they are no edges
///    of this graph: [`Cfg::panic_edges`] gives them. What comes from anywhere is dominated by the
///    entry alone, so one edge of kind [`EdgeKind::Panic`], from the entry, stands for them all.
///    Analyses that carry facts along edges must not do so along that one.
#[derive(Clone, Debug)]
pub struct Cfg {
    graph: DiGraph<Block, EdgeKind>,
    succs: Vec<SmallVec<[Edge; 2]>>,
    preds: Vec<SmallVec<[Edge; 2]>>,
    block_of: Vec<BlockId>,
    rpo: Vec<BlockId>,
    rpo_number: Vec<u32>,
    landing: Option<BlockId>,
    /// By block, the first instruction from which panics go to the landing.
    first_landing: Vec<Option<u32>>,
}

/// The number in reverse postorder of a block that cannot be reached.
const UNREACHED: u32 = u32::MAX;

impl Cfg {
    /// Builds the graph of a verified function.
    pub fn build(func: &Function) -> Cfg {
        let mut cfg = Cfg::with_blocks(func);
        for at in 0..cfg.len() {
            cfg.add_edges(func, BlockId(at as u32));
        }
        cfg.add_landing(func);
        cfg.number();
        cfg
    }

    fn add_landing(&mut self, func: &Function) {
        let Some(landing) = func.landing() else {
            return;
        };
        let landing = self.block_of[landing];
        self.landing = Some(landing);
        self.first_landing = self
            .blocks()
            .map(|block| {
                let mut range = self.range(block);
                range.find(|at| func.code[*at].lands()).map(|at| at as u32)
            })
            .collect();
        self.add_edge(BlockId::ENTRY, landing, EdgeKind::Panic);
    }

    /// The blocks, without edges.
    fn with_blocks(func: &Function) -> Cfg {
        let code = &func.code;
        // Whether a block ends before each instruction, or at the end of all.
        let mut border = vec![false; code.len() + 1];
        border[code.len()] = true;
        if let Some(landing) = func.landing() {
            border[landing] = true;
        }
        let mut entry_is_target = code.is_empty();
        for (at, inst) in code.iter().enumerate() {
            each_target(inst, |target, _| {
                border[target.0 as usize] = true;
                entry_is_target |= target.0 == 0;
            });
            if inst.is_terminator() {
                border[at + 1] = true;
            }
        }
        let mut graph = DiGraph::new();
        let block = |start: usize, end: usize| Block {
            start: start as u32,
            end: end as u32,
            reachable: false,
        };
        if entry_is_target {
            graph.add_node(block(0, 0));
        }
        let mut block_of = Vec::with_capacity(code.len());
        let mut start = 0;
        let borders = border.iter().enumerate().filter(|(_, is)| **is);
        for (end, _) in borders.filter(|(end, _)| *end != 0) {
            let node = graph.add_node(block(start, end));
            block_of.resize(end, BlockId::from(node));
            start = end;
        }
        let count = graph.node_count();
        Cfg {
            graph,
            succs: vec![SmallVec::new(); count],
            preds: vec![SmallVec::new(); count],
            block_of,
            rpo: Vec::with_capacity(count),
            rpo_number: vec![UNREACHED; count],
            landing: None,
            first_landing: Vec::new(),
        }
    }

    fn add_edges(&mut self, func: &Function, from: BlockId) {
        let end = self.block(from).range().end;
        let last = self.block(from).last().map(|at| &func.code[at]);
        if let Some(last) = last {
            each_target(last, |target, kind| {
                let kind = match func.code[target.0 as usize] {
                    Inst::RunDefers { .. } if matches!(last, Inst::Jump { .. }) => EdgeKind::Defer,
                    _ => kind,
                };
                self.add_edge(from, self.block_of[target.0 as usize], kind);
            });
        }
        if end < func.code.len() && !last.is_some_and(Inst::is_terminator) {
            let kind = match func.code[end] {
                Inst::RunDefers { .. } => EdgeKind::Defer,
                _ => EdgeKind::Fall,
            };
            self.add_edge(from, self.block_of[end], kind);
        }
    }

    fn add_edge(&mut self, from: BlockId, to: BlockId, kind: EdgeKind) {
        let edge = Edge { from, to, kind };
        self.graph.add_edge(from.node(), to.node(), kind);
        self.succs[from.index()].push(edge);
        self.preds[to.index()].push(edge);
    }

    /// Numbers what can be reached, in reverse postorder. Successors are visited last to first,
    /// so that blocks stand in the order of the source where the graph leaves a choice.
    fn number(&mut self) {
        let mut seen = vec![false; self.len()];
        let mut stack = vec![(BlockId::ENTRY, self.succs(BlockId::ENTRY).len())];
        seen[0] = true;
        while let Some((block, left)) = stack.last_mut() {
            if *left == 0 {
                self.rpo.push(*block);
                stack.pop();
                continue;
            }
            *left -= 1;
            let to = self.succs[block.index()][*left].to;
            if !std::mem::replace(&mut seen[to.index()], true) {
                stack.push((to, self.succs(to).len()));
            }
        }
        self.rpo.reverse();
        for (number, block) in self.rpo.iter().enumerate() {
            self.rpo_number[block.index()] = number as u32;
            self.graph[block.node()].reachable = true;
        }
    }

    /// The graph as petgraph has it; node indices are block numbers.
    pub fn graph(&self) -> &DiGraph<Block, EdgeKind> {
        &self.graph
    }

    /// How many blocks there are, those that cannot be reached included.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Never: there is always an entry.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// All blocks, in instruction order.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = BlockId> + ExactSizeIterator + use<> {
        (0..self.len() as u32).map(BlockId)
    }

    /// The block of that number.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.graph[id.node()]
    }

    /// The instructions of a block.
    pub fn range(&self, id: BlockId) -> Range<usize> {
        self.block(id).range()
    }

    /// Whether some path from the entry leads to the block.
    pub fn is_reachable(&self, id: BlockId) -> bool {
        self.block(id).reachable
    }

    /// Whether the entry is an empty block in front of instruction 0.
    pub fn has_synthetic_entry(&self) -> bool {
        self.block(BlockId::ENTRY).is_empty()
    }

    /// The edges that leave a block, in operand order of its last instruction.
    pub fn succs(&self, id: BlockId) -> &[Edge] {
        &self.succs[id.index()]
    }

    /// The edges that arrive at a block, by the block they leave; edges from blocks that cannot
    /// be reached are among them.
    pub fn preds(&self, id: BlockId) -> &[Edge] {
        &self.preds[id.index()]
    }

    /// The block that panics of the function lead to, where it has deferred calls.
    pub fn landing(&self) -> Option<BlockId> {
        self.landing
    }

    /// The first instruction of a block from which panics go to the landing.
    pub fn first_landing(&self, id: BlockId) -> Option<usize> {
        let at = self.first_landing.get(id.index()).copied().flatten()?;
        Some(at as usize)
    }

    /// The edges that panics take to the landing, one for each reachable block that has any.
    pub fn panic_edges(&self) -> impl Iterator<Item = Edge> + '_ {
        let blocks = self
            .blocks()
            .filter(|block| self.is_reachable(*block) && self.first_landing(*block).is_some());
        blocks
            .zip(self.landing.into_iter().cycle())
            .map(|(from, to)| Edge {
                from,
                to,
                kind: EdgeKind::Panic,
            })
    }

    /// All edges, by the block they leave.
    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.succs.iter().flatten().copied()
    }

    /// The block that instruction `at` belongs to.
    pub fn block_of(&self, at: usize) -> BlockId {
        self.block_of[at]
    }

    /// The blocks that can be reached, in reverse postorder: but for retreating edges, each block
    /// comes behind all that lead to it.
    pub fn rpo(&self) -> &[BlockId] {
        &self.rpo
    }

    /// A block's place in [`Cfg::rpo`]; none when it cannot be reached.
    pub fn rpo_number(&self, id: BlockId) -> Option<usize> {
        let number = self.rpo_number[id.index()];
        (number != UNREACHED).then_some(number as usize)
    }
}

/// Shows the jump targets of an instruction with the kinds of their edges, in operand order.
fn each_target(inst: &Inst, mut each: impl FnMut(Target, EdgeKind)) {
    match inst {
        Inst::Jump { to } => each(*to, EdgeKind::Taken),
        Inst::Br {
            then, otherwise, ..
        } => {
            each(*then, EdgeKind::Taken);
            each(*otherwise, EdgeKind::NotTaken);
        }
        Inst::Switch {
            targets, otherwise, ..
        } => {
            for (case, target) in targets.0.iter().enumerate() {
                each(*target, EdgeKind::SwitchCase(case as u32));
            }
            each(*otherwise, EdgeKind::SwitchDefault);
        }
        _ => {}
    }
}
