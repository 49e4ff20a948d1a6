use super::*;
use crate::cfg::rotate::MAX_HEADER;
use crate::cfg::{Loops, Rotation, rotations};

fn found(func: &Function) -> Vec<Rotation> {
    let cfg = Cfg::build(func);
    rotations(func, &cfg, &Loops::build(&cfg))
}

/// A `while` loop whose header has `header` before its branch.
fn while_loop(header: Vec<Inst>) -> Function {
    let mut code = vec![set(0)];
    code.extend(header);
    let at = code.len() as u32;
    code.extend([br(0, at + 1, at + 3), set(1), jump(1), ret(&[])]);
    function(2, 0, code)
}

#[test]
fn a_while_loop_rotates() {
    let expected = Rotation {
        header: BlockId(1),
        body: BlockId(2),
        exit: BlockId(3),
    };
    assert_eq!(found(&while_loop(vec![copy(0, 1)])), [expected]);
    assert_eq!(found(&while_loop(Vec::new())), [expected]);
}

#[test]
fn the_body_may_stand_on_either_side() {
    let func = graph(&[&[1], &[3, 2], &[1], &[]]);
    let expected = Rotation {
        header: BlockId(1),
        body: BlockId(2),
        exit: BlockId(3),
    };
    assert_eq!(found(&func), [expected]);
}

#[test]
fn large_or_blocking_headers_stay() {
    assert_eq!(found(&while_loop(vec![set(0); MAX_HEADER - 1])).len(), 1);
    assert!(found(&while_loop(vec![set(0); MAX_HEADER])).is_empty());
    assert!(found(&while_loop(vec![receive(&[0], 1)])).is_empty());
}

#[test]
fn loops_without_a_test_at_the_top_stay() {
    // A block that goes back to itself, an endless loop, a loop left from its middle.
    assert!(found(&graph(&[&[1], &[1, 2], &[]])).is_empty());
    assert!(found(&graph(&[&[1], &[2], &[1]])).is_empty());
    assert!(found(&graph(&[&[1], &[2, 3], &[1, 4], &[1], &[]])).is_empty());
}

#[test]
fn irreducible_loops_stay() {
    assert!(found(&graph(&[&[1, 2], &[2, 3], &[1, 3], &[]])).is_empty());
}
