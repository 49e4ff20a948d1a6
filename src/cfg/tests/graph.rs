use super::random::functions;
use super::*;
use crate::cfg::EdgeKind;
use proptest::prelude::*;

#[test]
fn straight_line_is_one_block() {
    let cfg = Cfg::build(&function(1, 0, vec![set(0), set(0), ret(&[])]));
    assert_eq!(cfg.len(), 1);
    assert_eq!(cfg.range(BlockId(0)), 0..3);
    assert!(cfg.succs(BlockId(0)).is_empty());
    assert_eq!(cfg.rpo(), blocks(&[0]));
}

#[test]
fn a_jump_target_begins_a_block_that_the_one_before_falls_into() {
    let code = vec![set(0), set(0), br(0, 1, 3), ret(&[])];
    let cfg = Cfg::build(&function(1, 0, code));
    let kinds = |block: u32| -> Vec<_> {
        let succs = cfg.succs(BlockId(block)).iter();
        succs.map(|edge| (edge.to.0, edge.kind)).collect()
    };
    assert_eq!(kinds(0), [(1, EdgeKind::Fall)]);
    assert_eq!(kinds(1), [(1, EdgeKind::Taken), (2, EdgeKind::NotTaken)]);
    assert_eq!(cfg.block_of(1), BlockId(1));
    assert_eq!(cfg.block_of(2), BlockId(1));
}

#[test]
fn the_entry_is_never_a_target() {
    let cfg = Cfg::build(&function(1, 0, vec![br(0, 0, 1), ret(&[])]));
    assert!(cfg.has_synthetic_entry());
    assert_eq!(cfg.len(), 3);
    assert_eq!(cfg.range(BlockId(0)), 0..0);
    assert_eq!(cfg.block_of(0), BlockId(1));
    assert!(cfg.preds(BlockId::ENTRY).is_empty());
    assert_eq!(cfg.succs(BlockId(0))[0].kind, EdgeKind::Fall);
}

#[test]
fn a_switch_has_an_edge_for_each_case() {
    let code = vec![switch(0, &[1, 2, 1], 2), ret(&[]), ret(&[])];
    let cfg = Cfg::build(&function(1, 0, code));
    let edges: Vec<_> = cfg.edges().map(|edge| (edge.to.0, edge.kind)).collect();
    let expected = [
        (1, EdgeKind::SwitchCase(0)),
        (2, EdgeKind::SwitchCase(1)),
        (1, EdgeKind::SwitchCase(2)),
        (2, EdgeKind::SwitchDefault),
    ];
    assert_eq!(edges, expected);
    assert_eq!(cfg.preds(BlockId(1)).len(), 2);
}

#[test]
fn what_cannot_be_reached_is_marked() {
    let cfg = Cfg::build(&function(1, 0, vec![jump(2), jump(2), ret(&[])]));
    assert!(!cfg.is_reachable(BlockId(1)));
    assert_eq!(cfg.rpo_number(BlockId(1)), None);
    assert_eq!(cfg.rpo(), blocks(&[0, 2]));
    assert_eq!(cfg.preds(BlockId(2)).len(), 2);
}

#[test]
fn reverse_postorder_keeps_the_order_of_the_source() {
    // if / else, then a loop.
    let cfg = Cfg::build(&graph(&[&[1, 2], &[3], &[3], &[4, 5], &[3], &[]]));
    assert_eq!(cfg.rpo(), blocks(&[0, 1, 2, 3, 4, 5]));
}

proptest! {
    #[test]
    fn blocks_partition_the_code_and_edges_join_their_borders(func in functions(24)) {
        let cfg = Cfg::build(&func);
        let mut next = 0;
        for block in cfg.blocks() {
            let range = cfg.range(block);
            prop_assert_eq!(range.start, next);
            prop_assert_eq!(range.is_empty(), block == BlockId::ENTRY && cfg.has_synthetic_entry());
            next = range.end;
            for at in range.clone() {
                prop_assert_eq!(cfg.block_of(at), block);
                prop_assert!(at + 1 == range.end || !func.code[at].is_terminator());
            }
            let count = |edges: &[_]| edges.iter().filter(|e| cfg.edges().any(|f| f == **e)).count();
            prop_assert_eq!(count(cfg.succs(block)), cfg.succs(block).len());
            prop_assert_eq!(count(cfg.preds(block)), cfg.preds(block).len());
        }
        prop_assert_eq!(next, func.code.len());
        prop_assert!(cfg.preds(BlockId::ENTRY).is_empty());
        prop_assert_eq!(cfg.edges().count(), cfg.graph().edge_count());
        let reached = reached_without(&cfg, None);
        for block in cfg.blocks() {
            prop_assert_eq!(cfg.is_reachable(block), reached[block.index()]);
            prop_assert_eq!(cfg.rpo_number(block).map(|n| cfg.rpo()[n]), reached[block.index()].then_some(block));
        }
    }
}
