//! Random functions: any graph, any use of a few slots.

use super::*;
use proptest::prelude::*;

/// How many single slots random functions have; as many interfaces stand behind them.
pub const SINGLES: u32 = 4;
const PAIRS: u32 = 2;

#[derive(Clone, Debug)]
enum Op {
    Set(u32),
    Copy(u32, u32),
    CopyIface(u32, u32),
    /// Reads only one half of an interface.
    Half(u32),
    /// Receives from one slot into an interface and a single slot, in a select.
    Select(u32, u32, u32),
}

#[derive(Clone, Debug)]
enum End {
    Fall,
    Jump(usize),
    Br(u32, usize, usize),
    Switch(u32, Vec<usize>, usize),
    Return(Vec<u32>),
}

fn pair(number: u32) -> u32 {
    SINGLES + 2 * number
}

fn op() -> impl Strategy<Value = Op> {
    let single = || 0..SINGLES;
    let iface = || (0..PAIRS).prop_map(pair);
    prop_oneof![
        single().prop_map(Op::Set),
        (single(), single()).prop_map(|(to, from)| Op::Copy(to, from)),
        (iface(), iface()).prop_map(|(to, from)| Op::CopyIface(to, from)),
        (SINGLES..SINGLES + 2 * PAIRS).prop_map(Op::Half),
        (iface(), single(), single()).prop_map(|(a, b, c)| Op::Select(a, b, c)),
    ]
}

fn end() -> impl Strategy<Value = End> {
    let to = any::<prop::sample::Index>;
    let at = |index: prop::sample::Index| index.index(1 << 20);
    prop_oneof![
        2 => Just(End::Fall),
        4 => to().prop_map(move |a| End::Jump(at(a))),
        8 => (0..SINGLES, to(), to()).prop_map(move |(s, a, b)| End::Br(s, at(a), at(b))),
        1 => (0..SINGLES, prop::collection::vec(to(), 0..4), to()).prop_map(move |(s, all, b)| {
            End::Switch(s, all.into_iter().map(at).collect(), at(b))
        }),
        1 => prop::collection::vec(0..SINGLES, 0..3).prop_map(End::Return),
    ]
}

/// A function of up to `count` pieces of code that go on anywhere.
pub fn functions(count: usize) -> impl Strategy<Value = Function> {
    let piece = (prop::collection::vec(op(), 0..4), end());
    prop::collection::vec(piece, 1..count).prop_map(|pieces| assemble(&pieces))
}

fn assemble(pieces: &[(Vec<Op>, End)]) -> Function {
    let mut starts = Vec::new();
    let mut code = Vec::new();
    // Targets are piece numbers at first.
    for (at, (ops, end)) in pieces.iter().enumerate() {
        starts.push(code.len() as u32);
        ops.iter().for_each(|op| emit(op, &mut code));
        let piece = |to: &usize| (to % pieces.len()) as u32;
        match end {
            End::Fall if at + 1 < pieces.len() => code.push(set(0)),
            End::Fall => code.push(ret(&[])),
            End::Jump(to) => code.push(jump(piece(to))),
            End::Br(cond, a, b) => code.push(br(*cond, piece(a), piece(b))),
            End::Switch(index, all, b) => {
                let targets: Vec<_> = all.iter().map(piece).collect();
                code.push(switch(*index, &targets, piece(b)));
            }
            End::Return(values) => code.push(ret(values)),
        }
    }
    for inst in &mut code {
        let place = |to: &mut Target| to.0 = starts[to.0 as usize];
        match inst {
            Inst::Jump { to } => place(to),
            Inst::Br {
                then, otherwise, ..
            } => [then, otherwise].into_iter().for_each(place),
            Inst::Switch {
                targets, otherwise, ..
            } => targets.0.iter_mut().chain([otherwise]).for_each(place),
            _ => {}
        }
    }
    function(SINGLES as usize, PAIRS as usize, code)
}

fn emit(op: &Op, code: &mut Vec<Inst>) {
    match *op {
        Op::Set(dst) => code.push(set(dst)),
        Op::Copy(dst, src) => code.push(copy(dst, src)),
        Op::CopyIface(dst, src) => code.push(copy_iface(dst, src)),
        Op::Half(half) => code.push(Inst::Store {
            mem: vo_bytecode::Mem::I64,
            base: Src(Slot(0)),
            off: 0,
            src: Src(Slot(half)),
        }),
        Op::Select(iface, single, chan) => code.extend([
            Inst::SelectBegin {
                cases: 2,
                has_default: false,
            },
            Inst::SelectRecv {
                vals: Dsts::from(slots(&[iface, iface + 1])),
                ok: vo_bytecode::OptDst(Some(Slot(single))),
                chan: Src(Slot(chan)),
            },
            Inst::SelectSend {
                chan: Src(Slot(chan)),
                vals: Srcs::from(slots(&[single])),
            },
            Inst::SelectExec {
                index: Dst(Slot(0)),
            },
        ]),
    }
}
