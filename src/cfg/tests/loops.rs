use super::random::functions;
use super::*;
use crate::cfg::Loops;
use petgraph::algo::{is_cyclic_directed, tarjan_scc};
use petgraph::graph::{DiGraph, NodeIndex};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn members(loops: &Loops, header: u32) -> Vec<BlockId> {
    let id = loops.headed_by(BlockId(header)).expect("a loop");
    let mut all = loops.blocks(id).to_vec();
    all.sort_unstable();
    all
}

#[test]
fn nested_loops() {
    // 1 heads the outer loop, 2 the inner one.
    let cfg = Cfg::build(&graph(&[&[1], &[2, 5], &[3, 4], &[2], &[1], &[]]));
    let loops = Loops::build(&cfg);
    assert_eq!(loops.len(), 2);
    assert_eq!(members(&loops, 1), blocks(&[1, 2, 3, 4]));
    assert_eq!(members(&loops, 2), blocks(&[2, 3]));
    let depths: Vec<_> = cfg.blocks().map(|block| loops.depth(block)).collect();
    assert_eq!(depths, [0, 1, 2, 2, 1, 0]);
    let edge = |from, to| (BlockId(from), BlockId(to));
    assert_eq!(loops.back_edges(), [edge(3, 2), edge(4, 1)]);
    assert!(loops.is_back_edge(BlockId(3), BlockId(2)));
    assert!(!loops.is_back_edge(BlockId(1), BlockId(2)));
    assert!(loops.iter().all(|(_, each)| !each.is_irreducible()));
}

#[test]
fn a_block_that_jumps_to_itself_is_a_loop() {
    let cfg = Cfg::build(&graph(&[&[1], &[1, 2], &[]]));
    let loops = Loops::build(&cfg);
    assert_eq!(members(&loops, 1), blocks(&[1]));
    assert_eq!(loops.depth(BlockId(2)), 0);
}

#[test]
fn a_cycle_with_two_entries_is_one_irreducible_loop() {
    let cfg = Cfg::build(&graph(&[&[1, 2], &[2, 3], &[1, 3], &[]]));
    let loops = Loops::build(&cfg);
    assert_eq!(loops.len(), 1);
    let (id, each) = loops.iter().next().expect("a loop");
    assert!(each.is_irreducible());
    assert_eq!(each.entries.len(), 2);
    assert_eq!(loops.blocks(id).len(), 2);
    assert_eq!(each.back_edges.len(), 1);
}

#[test]
fn an_irreducible_loop_holds_a_reducible_one() {
    // 1 and 2 are entered from 0; 3 loops on itself within.
    let cfg = Cfg::build(&graph(&[&[1, 2], &[3], &[1, 4], &[3, 2], &[]]));
    let loops = Loops::build(&cfg);
    assert_eq!(loops.len(), 2);
    let inner = loops.headed_by(BlockId(3)).expect("a loop");
    assert!(!loops.get(inner).is_irreducible());
    let outer = loops.get(inner).parent.expect("a loop around");
    assert!(loops.get(outer).is_irreducible());
    assert_eq!(loops.get(outer).children, [inner]);
}

#[test]
fn an_outer_loop_entered_in_the_middle_of_an_inner_one() {
    // 0 enters the outer loop at 1 and the inner one {2, 3} at 3.
    let cfg = Cfg::build(&graph(&[&[3, 1], &[2], &[3], &[2, 4], &[1, 5], &[]]));
    let loops = Loops::build(&cfg);
    assert_eq!(loops.len(), 2);
    assert!(loops.iter().all(|(_, each)| each.is_irreducible()));
}

#[test]
fn dead_loops_are_none() {
    let cfg = Cfg::build(&graph(&[&[3], &[2], &[1], &[]]));
    let loops = Loops::build(&cfg);
    assert!(loops.is_empty() && loops.back_edges().is_empty());
}

#[test]
fn loops_as_deep_as_the_function_is_long() {
    // b_i goes on to b_i+1 or, on the way down, back from the last to each.
    let n = 5_000;
    let mut code: Vec<_> = (0..n).map(|at| br(0, at + 1, 2 * n - at)).collect();
    code.push(set(0));
    code.extend((0..n).map(|at| br(0, n - at - 1, n + at + 2)));
    code.push(ret(&[]));
    let func = function(1, 0, code);
    let cfg = Cfg::build(&func);
    let loops = Loops::build(&cfg);
    assert_eq!(loops.len(), n as usize);
    let deepest = loops.iter().map(|(_, each)| each.depth).max();
    assert_eq!(deepest, Some(n));
}

/// The places of the blocks in a depth-first search that visits successors last to first.
fn preorder(cfg: &Cfg) -> Vec<usize> {
    fn visit(cfg: &Cfg, block: BlockId, next: &mut usize, places: &mut [usize]) {
        places[block.index()] = *next;
        *next += 1;
        for edge in cfg.succs(block).iter().rev() {
            if places[edge.to.index()] == usize::MAX {
                visit(cfg, edge.to, next, places);
            }
        }
    }
    let mut places = vec![usize::MAX; cfg.len()];
    visit(cfg, BlockId::ENTRY, &mut 0, &mut places);
    places
}

/// Havlak's loops by definition: header and members.
fn by_definition(
    cfg: &Cfg,
    places: &[usize],
    within: &BTreeSet<BlockId>,
    closed: Option<BlockId>,
    found: &mut BTreeMap<BlockId, BTreeSet<BlockId>>,
) {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    cfg.blocks().for_each(|_| {
        graph.add_node(());
    });
    let mut has_self_edge = BTreeSet::new();
    for edge in cfg.edges() {
        if within.contains(&edge.from) && within.contains(&edge.to) && Some(edge.to) != closed {
            graph.add_edge(edge.from.node(), edge.to.node(), ());
            if edge.from == edge.to {
                has_self_edge.insert(edge.from);
            }
        }
    }
    for component in tarjan_scc(&graph) {
        let part: BTreeSet<_> = component
            .iter()
            .map(|n: &NodeIndex| BlockId::from(*n))
            .collect();
        let Some(header) = part.iter().copied().min_by_key(|b| places[b.index()]) else {
            continue;
        };
        if within.contains(&header) && (part.len() > 1 || has_self_edge.contains(&header)) {
            by_definition(cfg, places, &part, Some(header), found);
            found.insert(header, part);
        }
    }
}

proptest! {
    #[test]
    fn every_cycle_contains_a_back_edge(func in functions(32)) {
        let cfg = Cfg::build(&func);
        let loops = Loops::build(&cfg);
        let forward = cfg.graph().filter_map(
            |node, _| cfg.is_reachable(node.into()).then_some(()),
            |edge, _| {
                let (from, to) = cfg.graph().edge_endpoints(edge)?;
                (!loops.is_back_edge(from.into(), to.into())).then_some(())
            },
        );
        prop_assert!(!is_cyclic_directed(&forward));
    }

    #[test]
    fn loops_are_those_of_the_definition(func in functions(32)) {
        let cfg = Cfg::build(&func);
        let loops = Loops::build(&cfg);
        let reachable: BTreeSet<_> = cfg.rpo().iter().copied().collect();
        let mut expected = BTreeMap::new();
        by_definition(&cfg, &preorder(&cfg), &reachable, None, &mut expected);
        let found: BTreeMap<_, BTreeSet<_>> = loops
            .iter()
            .map(|(id, each)| (each.header, loops.blocks(id).iter().copied().collect()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_forest_is_well_nested(func in functions(32)) {
        let cfg = Cfg::build(&func);
        let loops = Loops::build(&cfg);
        for (id, each) in loops.iter() {
            prop_assert_eq!(loops.blocks(id)[0], each.header);
            prop_assert_eq!(loops.headed_by(each.header), Some(id));
            prop_assert_eq!(each.depth, each.parent.map_or(0, |p| loops.get(p).depth) + 1);
            for child in &each.children {
                prop_assert_eq!(loops.get(*child).parent, Some(id));
                prop_assert!(loops.blocks(*child).iter().all(|b| loops.contains(id, *b)));
            }
            for block in cfg.blocks() {
                prop_assert_eq!(loops.contains(id, block), loops.blocks(id).contains(&block));
            }
            for (from, to) in &each.back_edges {
                prop_assert_eq!(*to, each.header);
                prop_assert!(loops.contains(id, *from));
            }
            // Entries are exactly where edges from outside arrive.
            let mut entries: BTreeSet<_> = cfg.edges()
                .filter(|e| cfg.is_reachable(e.from) && !loops.contains(id, e.from) && loops.contains(id, e.to))
                .map(|e| e.to)
                .collect();
            entries.insert(each.header);
            prop_assert_eq!(each.entries.iter().copied().collect::<BTreeSet<_>>(), entries);
        }
        for block in cfg.blocks() {
            let around = loops.iter().filter(|(id, _)| loops.contains(*id, block));
            prop_assert_eq!(loops.depth(block) as usize, around.count());
            if let Some(id) = loops.innermost(block) {
                prop_assert!(loops.contains(id, block));
                prop_assert_eq!(loops.get(id).depth, loops.depth(block));
            }
        }
        let total: usize = loops.iter().map(|(_, each)| each.back_edges.len()).sum();
        prop_assert_eq!(total, loops.back_edges().len());
    }
}
