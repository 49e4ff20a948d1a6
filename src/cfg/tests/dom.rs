use super::random::functions;
use super::*;
use crate::cfg::Dominators;
use proptest::prelude::*;

#[test]
fn a_join_is_dominated_by_the_fork() {
    let cfg = Cfg::build(&graph(&[&[1, 2], &[3], &[3], &[]]));
    let dom = Dominators::build(&cfg);
    assert_eq!(dom.idom(BlockId(3)), Some(BlockId(0)));
    assert!(!dom.dominates(BlockId(1), BlockId(3)));
    assert_eq!(dom.idom(BlockId::ENTRY), None);
    assert_eq!(dom.subtree(BlockId(0)), blocks(&[0, 1, 2, 3]));
}

proptest! {
    #[test]
    fn dominators_are_what_every_path_passes(func in functions(24)) {
        let cfg = Cfg::build(&func);
        let dom = Dominators::build(&cfg);
        let reached = reached_without(&cfg, None);
        for a in cfg.blocks() {
            let without = reached_without(&cfg, Some(a));
            let mut dominated = Vec::new();
            for b in cfg.blocks() {
                let expected = reached[a.index()] && reached[b.index()] && !without[b.index()];
                prop_assert_eq!(dom.dominates(a, b), expected, "{} {}", a, b);
                if expected {
                    dominated.push(b);
                }
                // The immediate dominator is dominated by every other.
                if let Some(idom) = dom.idom(b) {
                    prop_assert!(a == b || !expected || dom.dominates(a, idom));
                }
            }
            let mut subtree = dom.subtree(a).to_vec();
            subtree.sort_unstable();
            prop_assert_eq!(subtree, dominated);
        }
    }
}
