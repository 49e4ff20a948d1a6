//! Dominators: block `a` dominates block `b` when every path from the entry to `b` passes `a`.
//!
//! petgraph finds the immediate dominators, after Cooper, Harvey and Kennedy, "A Simple, Fast
//! Dominance Algorithm" (2001). Numbering the dominator tree makes each question one comparison.

use super::graph::{BlockId, Cfg};
use petgraph::algo::dominators::simple_fast;

/// The dominator tree of a function.
#[derive(Clone, Debug)]
pub struct Dominators {
    idom: Vec<Option<BlockId>>,
    /// Per block, the numbers of the first and behind the last block of its subtree; an empty
    /// range for a block that cannot be reached.
    subtree: Vec<(u32, u32)>,
    preorder: Vec<BlockId>,
}

impl Dominators {
    /// Finds the dominators of all blocks that can be reached.
    pub fn build(cfg: &Cfg) -> Dominators {
        let found = simple_fast(cfg.graph(), BlockId::ENTRY.node());
        let idom: Vec<_> = cfg
            .blocks()
            .map(|block| found.immediate_dominator(block.node()).map(BlockId::from))
            .collect();
        // Dominators come first in reverse postorder: sizes are added up against it, and places
        // are given out along it.
        let mut size = vec![1; cfg.len()];
        for block in cfg.rpo().iter().rev() {
            if let Some(parent) = idom[block.index()] {
                size[parent.index()] += size[block.index()];
            }
        }
        let mut subtree = vec![(0, 0); cfg.len()];
        let mut free = vec![0; cfg.len()];
        let mut preorder = vec![BlockId::ENTRY; cfg.rpo().len()];
        for block in cfg.rpo() {
            let first = match idom[block.index()] {
                Some(parent) => free[parent.index()],
                None => 0,
            };
            let end = first + size[block.index()];
            subtree[block.index()] = (first, end);
            free[block.index()] = first + 1;
            if let Some(parent) = idom[block.index()] {
                free[parent.index()] = end;
            }
            preorder[first as usize] = *block;
        }
        Dominators {
            idom,
            subtree,
            preorder,
        }
    }

    /// The closest block that dominates `block`, other than itself; none for the entry and for
    /// what cannot be reached.
    pub fn idom(&self, block: BlockId) -> Option<BlockId> {
        self.idom[block.index()]
    }

    /// Whether every path from the entry to `b` passes `a`. A block that can be reached dominates
    /// itself; one that cannot neither dominates nor is dominated.
    pub fn dominates(&self, a: BlockId, b: BlockId) -> bool {
        let (first, end) = self.subtree[a.index()];
        let (at, behind) = self.subtree[b.index()];
        at != behind && (first..end).contains(&at)
    }

    /// The blocks that `block` dominates, itself first; each comes behind its immediate
    /// dominator.
    pub fn subtree(&self, block: BlockId) -> &[BlockId] {
        let (first, end) = self.subtree[block.index()];
        &self.preorder[first as usize..end as usize]
    }
}
