use super::random::functions;
use super::*;
use crate::cfg::{Liveness, SlotSet};
use proptest::prelude::*;

fn of(numbers: &[u32]) -> Vec<Slot> {
    slots(numbers)
}

fn list(set: &SlotSet) -> Vec<Slot> {
    set.iter().collect()
}

#[test]
fn a_value_lives_from_its_write_to_its_last_read() {
    let func = function(3, 0, vec![set(0), copy(1, 0), copy(2, 1), ret(&[1])]);
    let cfg = Cfg::build(&func);
    let live = Liveness::build(&func, &cfg);
    assert_eq!(list(&live.live_before(0)), of(&[]));
    assert_eq!(list(&live.live_after(0)), of(&[0]));
    assert_eq!(list(&live.live_after(1)), of(&[1]));
    // What is never read is never live.
    assert_eq!(list(&live.live_after(2)), of(&[1]));
    assert_eq!(list(&live.live_after(3)), of(&[]));
}

#[test]
fn what_a_loop_reads_lives_around_it() {
    // 0: %0 = …; 1: head; 2: body reads %1, writes %2; 4: exit reads %0.
    let code = vec![set(0), br(2, 2, 4), copy(2, 1), jump(1), ret(&[0])];
    let func = function(3, 0, code);
    let cfg = Cfg::build(&func);
    let live = Liveness::build(&func, &cfg);
    assert_eq!(list(&live.live_in(BlockId(1))), of(&[0, 1, 2]));
    assert_eq!(list(&live.live_out(BlockId(2))), of(&[0, 1, 2]));
    assert_eq!(list(&live.live_before(2)), of(&[0, 1]));
    assert_eq!(list(&live.live_in(BlockId(3))), of(&[0]));
}

#[test]
fn results_are_not_live_across_their_instruction() {
    let func = function(3, 0, vec![receive(&[1], 0), ret(&[1, 2])]);
    let cfg = Cfg::build(&func);
    let live = Liveness::build(&func, &cfg);
    assert_eq!(list(&live.live_after(0)), of(&[1, 2]));
    assert_eq!(list(&live.live_across(0)), of(&[2]));
    assert_eq!(list(&live.live_before(0)), of(&[0, 2]));
}

#[test]
fn what_the_landing_reads_lives_where_a_panic_may_begin() {
    // %1 is written before anything may panic, and by what may: the old value is wanted too.
    let code = vec![
        set(1),
        set(3),
        receive(&[1], 0),
        set(2),
        ret(&[1]),
        Inst::PanicLand {
            panic: Dst(Slot(3)),
            former: Src(Slot(3)),
        },
        ret(&[1]),
    ];
    let func = function(4, 0, code);
    let cfg = Cfg::build(&func);
    let live = Liveness::build(&func, &cfg);
    assert_eq!(cfg.landing(), Some(BlockId(1)));
    let thrown: Vec<_> = cfg.panic_edges().map(|edge| (edge.from, edge.to)).collect();
    assert_eq!(thrown, [(BlockId(0), BlockId(1))]);
    assert_eq!(live.landing().map(list), Some(of(&[1, 3])));
    assert_eq!(list(&live.live_in(BlockId(0))), of(&[0]));
    assert_eq!(list(&live.live_before(2)), of(&[0, 1, 3]));
    assert_eq!(list(&live.live_across(2)), of(&[1, 3]));
    assert_eq!(list(&live.live_after(2)), of(&[1]));
    assert_eq!(list(&live.live_after(3)), of(&[1]));
}

#[test]
fn a_select_writes_when_it_is_executed() {
    let code = vec![
        Inst::SelectBegin {
            cases: 1,
            has_default: false,
        },
        Inst::SelectRecv {
            vals: Dsts::from(slots(&[1])),
            ok: vo_bytecode::OptDst(None),
            chan: Src(Slot(0)),
        },
        Inst::SelectExec {
            index: Dst(Slot(2)),
        },
        ret(&[1, 2]),
    ];
    let func = function(3, 0, code);
    let cfg = Cfg::build(&func);
    let live = Liveness::build(&func, &cfg);
    assert_eq!(list(&live.live_after(2)), of(&[1, 2]));
    assert_eq!(list(&live.live_across(2)), of(&[]));
    assert_eq!(list(&live.live_before(2)), of(&[]));
    assert_eq!(list(&live.live_before(1)), of(&[0]));
}

#[test]
fn the_halves_of_an_interface_live_together() {
    // Reads only the data word (%2); then, before, writes only the type word (%1).
    let half = Inst::ChanRecv {
        vals: Dsts::from(slots(&[1])),
        ok: vo_bytecode::OptDst(None),
        chan: Src(Slot(0)),
    };
    let func = function(1, 1, vec![half, ret(&[2])]);
    let cfg = Cfg::build(&func);
    let live = Liveness::build(&func, &cfg);
    assert_eq!(list(&live.live_before(1)), of(&[1, 2]));
    assert_eq!(list(&live.live_before(0)), of(&[0, 1, 2]));
}

#[test]
fn a_walk_sees_every_instruction_once() {
    let func = function(2, 0, vec![set(0), copy(1, 0), ret(&[1])]);
    let cfg = Cfg::build(&func);
    let live = Liveness::build(&func, &cfg);
    let mut walk = live.walk(BlockId(0));
    let mut seen = Vec::new();
    while let Some(at) = walk.inst() {
        assert_eq!(*walk.live(), live.live_after(at));
        assert_eq!(walk.step(), Some(at));
        assert_eq!(*walk.live(), live.live_before(at));
        seen.push(at);
    }
    assert_eq!(seen, [2, 1, 0]);
    assert_eq!(walk.step(), None);
}

#[test]
fn very_long_functions() {
    // Loops in a row, each with temporaries of its own and slots shared by all.
    let loops = 12_500;
    let mut code = Vec::new();
    for at in 0..loops {
        let head = code.len() as u32;
        let own = 4 + 2 * at;
        code.extend([copy(own, at % 4), copy(own + 1, own), copy(at % 4, own + 1)]);
        code.extend([br(own, head + 5, head + 7), set(own), copy(own, own + 1)]);
        code.extend([jump(head), set(own)]);
    }
    code.push(ret(&[0, 1, 2, 3]));
    assert!(code.len() > 100_000);
    let func = function(4 + 2 * loops as usize, 0, code);
    let cfg = Cfg::build(&func);
    let live = Liveness::build(&func, &cfg);
    for block in cfg.blocks() {
        let shared = live.live_in(block).iter().filter(|slot| slot.0 < 4).count();
        assert_eq!(shared, 4);
    }
}

/// Liveness by its definition: whether some path from before instruction `at` reads `slot`, or
/// its other half, before it is written.
fn naive(func: &Function, at: usize, slot: Slot) -> bool {
    let halves = match func.slots[slot.index()] {
        SlotTy::IfaceType => vec![slot, slot.next()],
        SlotTy::IfaceData => vec![Slot(slot.0 - 1), slot],
        _ => vec![slot],
    };
    let mut seen = vec![false; func.code.len()];
    let mut work = vec![at];
    while let Some(at) = work.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        let mut read = false;
        func.reads(at, |slot| read |= halves.contains(&slot));
        if read {
            return true;
        }
        let mut written = Vec::new();
        func.writes(at, |slot| written.push(slot));
        if halves.iter().all(|half| written.contains(half)) {
            continue;
        }
        let inst = &func.code[at];
        work.extend(inst.targets().iter().map(|to| to.0 as usize));
        if !inst.is_terminator() {
            work.push(at + 1);
        }
    }
    false
}

proptest! {
    #[test]
    fn live_is_what_some_path_reads(func in functions(16)) {
        let cfg = Cfg::build(&func);
        let live = Liveness::build(&func, &cfg);
        for at in 0..func.code.len() {
            let before = live.live_before(at);
            for slot in (0..func.slots.len() as u32).map(Slot) {
                prop_assert_eq!(before.contains(slot), naive(&func, at, slot), "{} {}", at, slot);
            }
        }
        for block in cfg.blocks() {
            let range = cfg.range(block);
            if let Some(last) = cfg.block(block).last() {
                prop_assert_eq!(live.live_in(block), live.live_before(range.start));
                prop_assert_eq!(live.live_out(block), live.live_after(last));
            }
        }
    }
}
