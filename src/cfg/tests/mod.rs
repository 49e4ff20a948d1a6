//! Tests of the room, each file for its module, and what makes their functions.

mod callgraph;
mod dom;
mod graph;
mod liveness;
mod loops;
mod print;
mod random;
mod rotate;

use super::graph::{BlockId, Cfg};
use vo_bytecode::inst::{Target, Targets};
use vo_bytecode::{Dst, Dsts, Function, IfaceDst, IfaceSrc, Inst, Slot, SlotTy, Src, Srcs};

/// A function of `I64` slots, and behind them `pairs` interfaces.
fn function(slots: usize, pairs: usize, code: Vec<Inst>) -> Function {
    let mut types = vec![SlotTy::I64; slots];
    for _ in 0..pairs {
        types.extend([SlotTy::IfaceType, SlotTy::IfaceData]);
    }
    Function {
        name: "main.f".to_string(),
        file: 0,
        params: 0,
        results: Vec::new(),
        slots: types,
        slot_names: Vec::new(),
        lines: vec![0; code.len()],
        code,
    }
}

fn slots(numbers: &[u32]) -> Vec<Slot> {
    numbers.iter().map(|number| Slot(*number)).collect()
}

fn set(dst: u32) -> Inst {
    Inst::Const {
        dst: Dst(Slot(dst)),
        value: 0,
    }
}

fn copy(dst: u32, src: u32) -> Inst {
    Inst::Mov {
        dst: Dst(Slot(dst)),
        src: Src(Slot(src)),
    }
}

fn copy_iface(dst: u32, src: u32) -> Inst {
    Inst::IfaceMov {
        dst: IfaceDst(Slot(dst)),
        src: IfaceSrc(Slot(src)),
    }
}

fn jump(to: u32) -> Inst {
    Inst::Jump { to: Target(to) }
}

fn br(cond: u32, then: u32, otherwise: u32) -> Inst {
    Inst::Br {
        cond: Src(Slot(cond)),
        then: Target(then),
        otherwise: Target(otherwise),
    }
}

fn switch(index: u32, targets: &[u32], otherwise: u32) -> Inst {
    Inst::Switch {
        index: Src(Slot(index)),
        targets: Targets(targets.iter().map(|to| Target(*to)).collect()),
        otherwise: Target(otherwise),
    }
}

fn ret(values: &[u32]) -> Inst {
    Inst::Return {
        values: Srcs::from(slots(values)),
    }
}

fn receive(vals: &[u32], chan: u32) -> Inst {
    Inst::ChanRecv {
        vals: Dsts::from(slots(vals)),
        ok: vo_bytecode::OptDst(None),
        chan: Src(Slot(chan)),
    }
}

/// A function whose blocks are one instruction each: `graph[b]` are the successors of block `b`.
fn graph(graph: &[&[u32]]) -> Function {
    let code = graph.iter().map(|succs| match succs {
        [] => ret(&[]),
        [to] => jump(*to),
        [then, otherwise] => br(0, *then, *otherwise),
        [targets @ .., otherwise] => switch(0, targets, *otherwise),
    });
    function(1, 0, code.collect())
}

fn blocks(numbers: &[u32]) -> Vec<BlockId> {
    numbers.iter().map(|number| BlockId(*number)).collect()
}

/// The blocks that can be reached from the entry without entering `closed`.
fn reached_without(cfg: &Cfg, closed: Option<BlockId>) -> Vec<bool> {
    let mut seen = vec![false; cfg.len()];
    let mut work = vec![BlockId::ENTRY];
    while let Some(block) = work.pop() {
        if Some(block) == closed || std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        work.extend(cfg.succs(block).iter().map(|edge| edge.to));
    }
    seen
}
