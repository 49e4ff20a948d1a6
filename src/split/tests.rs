//! Tests of the plan: its properties over random functions, and what it promises the code
//! generator, on a model of a record.

use super::plan::Resume;
use super::{Analysis, FuncPlan, ModulePlan, Point, PointKind};
use crate::cfg::{BlockId, CallGraph};
use proptest::prelude::*;
use std::collections::HashSet;
use vo_bytecode::inst::{OptType, Target};
use vo_bytecode::{
    Dst, Dsts, Function, IfaceSrc, Inst, Module, OptDst, RtFn, Slot, SlotTy, Src, Srcs,
};

/// Slots of random functions: integers, references, and an interface.
const SLOTS: [SlotTy; 8] = [
    SlotTy::I64,
    SlotTy::Ref,
    SlotTy::IfaceType,
    SlotTy::IfaceData,
    SlotTy::I64,
    SlotTy::Ref,
    SlotTy::I64,
    SlotTy::I64,
];
const PARAMS: u32 = 5;
const CHAN: Slot = Slot(1);
const IFACE: Slot = Slot(2);
/// Slots that hold integers.
const INTS: [Slot; 4] = [Slot(0), Slot(4), Slot(6), Slot(7)];

#[derive(Clone, Debug)]
enum Op {
    Set(usize),
    Copy(usize, usize),
    Pass,
    Wait,
    Receive(usize),
    ReceiveAny,
    Send(usize),
    Compare(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let int = || 0..INTS.len();
    prop_oneof![
        int().prop_map(Op::Set),
        (int(), int()).prop_map(|(to, from)| Op::Copy(to, from)),
        Just(Op::Pass),
        Just(Op::Wait),
        int().prop_map(Op::Receive),
        Just(Op::ReceiveAny),
        int().prop_map(Op::Send),
        int().prop_map(Op::Compare),
    ]
}

fn inst(op: &Op) -> Inst {
    let int = |at: &usize| INTS[*at];
    let receive = |vals: &[Slot]| Inst::ChanRecv {
        vals: Dsts::from(vals.to_vec()),
        ok: OptDst(None),
        chan: Src(CHAN),
    };
    match op {
        Op::Set(to) => Inst::Const {
            dst: Dst(int(to)),
            value: 1,
        },
        Op::Copy(to, from) => Inst::Mov {
            dst: Dst(int(to)),
            src: Src(int(from)),
        },
        Op::Pass => Inst::Mov {
            dst: Dst(CHAN),
            src: Src(Slot(5)),
        },
        Op::Wait => Inst::CallRt {
            rets: Dsts::from(vec![]),
            func: RtFn::Gosched,
            ty: OptType(None),
            args: Srcs::from(vec![]),
        },
        Op::Receive(to) => receive(&[int(to)]),
        Op::ReceiveAny => receive(&[IFACE, IFACE.next()]),
        Op::Send(from) => Inst::ChanSend {
            chan: Src(CHAN),
            vals: Srcs::from(vec![int(from)]),
        },
        Op::Compare(to) => Inst::IfaceEq {
            dst: Dst(int(to)),
            a: IfaceSrc(IFACE),
            b: IfaceSrc(IFACE),
        },
    }
}

/// How a piece of code goes on: nowhere, or to one or two pieces.
type End = Option<(prop::sample::Index, Option<(usize, prop::sample::Index)>)>;

/// Functions of a few pieces that go on anywhere.
fn functions() -> impl Strategy<Value = Function> {
    let to = any::<prop::sample::Index>;
    let branch = prop::option::weighted(0.7, (0..INTS.len(), to()));
    let end = prop::option::weighted(0.85, (to(), branch));
    let piece = (prop::collection::vec(op(), 0..5), end);
    prop::collection::vec(piece, 1..9).prop_map(|pieces| assemble(&pieces))
}

fn assemble(pieces: &[(Vec<Op>, End)]) -> Function {
    let mut starts = Vec::new();
    let mut at = 0;
    for (ops, _) in pieces {
        starts.push(at as u32);
        at += ops.len() + 1;
    }
    let target = |index: &prop::sample::Index| Target(starts[index.index(starts.len())]);
    let mut code = Vec::new();
    for (ops, end) in pieces {
        code.extend(ops.iter().map(inst));
        code.push(match end {
            None => Inst::Return {
                values: Srcs::from(vec![]),
            },
            Some((to, None)) => Inst::Jump { to: target(to) },
            Some((to, Some((cond, otherwise)))) => Inst::Br {
                cond: Src(INTS[*cond]),
                then: target(to),
                otherwise: target(otherwise),
            },
        });
    }
    Function {
        name: "main.f".to_string(),
        file: 0,
        params: PARAMS,
        results: Vec::new(),
        slots: SLOTS.to_vec(),
        slot_names: Vec::new(),
        lines: vec![0; code.len()],
        code,
    }
}

fn planned(func: &Function) -> FuncPlan {
    let module = Module {
        functions: vec![func.clone()],
        ..Module::default()
    };
    let mut plan = ModulePlan::build(&module, &CallGraph::build(&module));
    plan.funcs.remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn live_slots_have_words_of_their_own(func in functions()) {
        let plan = planned(&func);
        for point in &plan.points {
            let mut taken = HashSet::new();
            for live in &point.live {
                prop_assert!(taken.insert(live.home), "two slots share a word: {point:?}");
                prop_assert!(usize::from(live.home) >= point.arrivals.len(), "{point:?}");
                prop_assert!(live.home < plan.words, "{point:?}");
                prop_assert_eq!(plan.homes[live.slot.index()], Some(live.home));
            }
            prop_assert!(point.arrivals.len() <= usize::from(plan.words));
        }
        // They are all stored where a goroutine starts.
        let params: Vec<u16> =
            plan.homes[..PARAMS as usize].iter().filter_map(|home| *home).collect();
        prop_assert_eq!(params.iter().collect::<HashSet<_>>().len(), params.len());
    }

    #[test]
    fn interfaces_lie_side_by_side(func in functions()) {
        let plan = planned(&func);
        let [ty, data] = [IFACE, IFACE.next()].map(|slot| plan.homes[slot.index()]);
        prop_assert_eq!(ty.map(|home| home + 1), data);
    }

    #[test]
    fn reference_maps_name_every_reference(func in functions()) {
        for point in &planned(&func).points {
            prop_assert_eq!(&point.refs, &words_of(&func, point, SlotTy::Ref));
            prop_assert_eq!(&point.ifaces, &words_of(&func, point, SlotTy::IfaceType));
        }
    }

    /// Runs along a random path, suspends at some points, and stores what the plan says: then
    /// the record holds the newest values of all that lives.
    #[test]
    fn clean_words_are_up_to_date(
        func in functions(),
        started in any::<bool>(),
        path in prop::collection::vec((0usize..4, any::<bool>()), 40),
    ) {
        let plan = planned(&func);
        let mut model = Model::new(&func, &plan);
        if started {
            model.start();
        }
        model.walk(&path)?;
    }
}

/// The words of a point with that type: arrivals that are traced, then homes of live slots.
fn words_of(func: &Function, point: &Point, ty: SlotTy) -> Vec<u16> {
    let arrivals = if point.arrivals_traced {
        point.arrivals.as_slice()
    } else {
        &[]
    };
    let arrived = arrivals
        .iter()
        .zip(0u16..)
        .filter(|(t, _)| **t == ty)
        .map(|(_, word)| word);
    let live = point
        .live
        .iter()
        .filter(|live| func.slots[live.slot.index()] == ty);
    let mut words: Vec<u16> = arrived.chain(live.map(|live| live.home)).collect();
    words.sort_unstable();
    words
}

/// A function's slots as counts of their writes, and its record as copies of them.
struct Model<'a> {
    analysis: Analysis<'a>,
    plan: &'a FuncPlan,
    written: Vec<u64>,
    /// The record, once there is one: what each word holds.
    record: Option<Vec<Option<(Slot, u64)>>>,
}

impl<'a> Model<'a> {
    fn new(func: &'a Function, plan: &'a FuncPlan) -> Model<'a> {
        let written = vec![0; func.slots.len()];
        Model {
            analysis: Analysis::build(func),
            plan,
            written,
            record: None,
        }
    }

    /// The function runs as a goroutine from its start: its parameters go to their homes.
    fn start(&mut self) {
        let mut record = vec![None; usize::from(self.plan.words)];
        for param in (0..PARAMS).map(Slot) {
            if let Some(home) = self.plan.homes[param.index()] {
                record[usize::from(home)] = Some((param, 0));
            }
        }
        self.record = Some(record);
    }

    /// Follows a path: at each block the edge to take, and whether to suspend at what is met.
    fn walk(&mut self, path: &[(usize, bool)]) -> Result<(), TestCaseError> {
        let mut block = BlockId::ENTRY;
        // The back edge by which the block was entered.
        let mut back_from = None;
        for (choice, suspends) in path {
            for at in self.analysis.cfg.range(block) {
                let found =
                    |point: &&Point| point.resume == Resume::Behind && point.inst as usize == at;
                if let Some(point) = self.plan.points.iter().find(found)
                    && *suspends
                {
                    self.suspend(point)?;
                }
                let written = &mut self.written;
                self.analysis
                    .func
                    .writes(at, |slot| written[slot.index()] += 1);
            }
            let succs = self.analysis.cfg.succs(block);
            if succs.is_empty() {
                return Ok(());
            }
            let to = succs[choice % succs.len()].to;
            let is_back = self.analysis.loops.is_back_edge(block, to);
            // The poll stands on the back edge, or behind the test of a rotated loop.
            let polls = [is_back.then_some(block), back_from];
            for from in polls.into_iter().flatten().filter(|_| *suspends) {
                if let Some(point) = self.poll(from, to) {
                    self.suspend(point)?;
                }
            }
            back_from = is_back.then_some(block);
            block = to;
        }
        Ok(())
    }

    /// The poll of the back edge from a block, where it goes on at `to`.
    fn poll(&self, from: BlockId, to: BlockId) -> Option<&'a Point> {
        let last = self.analysis.cfg.block(from).last()? as u32;
        self.plan.points.iter().find(|point| {
            point.kind == PointKind::Poll && point.inst == last && point.resume == Resume::Block(to)
        })
    }

    /// Stores what the plan says and checks what the record holds then.
    fn suspend(&mut self, point: &Point) -> Result<(), TestCaseError> {
        let resumed = self.record.is_some();
        let words = usize::from(self.plan.words);
        let record = self.record.get_or_insert_with(|| vec![None; words]);
        record[..point.arrivals.len()].fill(None);
        for live in point.live.iter().filter(|live| !(resumed && live.clean)) {
            record[usize::from(live.home)] = Some((live.slot, self.written[live.slot.index()]));
        }
        for live in &point.live {
            let newest = Some((live.slot, self.written[live.slot.index()]));
            prop_assert_eq!(record[usize::from(live.home)], newest, "at {:?}", point);
        }
        Ok(())
    }
}
