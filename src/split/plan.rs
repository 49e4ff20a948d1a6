//! The split plan: for each function its resume points, what each carries across, and how its
//! frame record is laid out.

use super::{clean, homes};
use crate::cfg::rotate::{self, Rotation};
use crate::cfg::{BlockId, CallGraph, Cfg, Liveness, Loops, SlotSet};
use std::collections::HashMap;
use vo_bytecode::{Callee, FuncId, Function, Inst, Module, Slot, SlotTy};

/// What happens at a resume point.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PointKind {
    /// The function begins: a goroutine's start, or a capture by the entry check. The arrival
    /// words are the parameters.
    Entry,
    /// A call suspended. The arrival words are the callee's results.
    Call,
    /// A send waits. The arrival words are the value to be sent.
    ChanSend,
    /// A receive waits. The arrival words are the received value.
    ChanRecv,
    /// A send to a port waits. Nothing arrives.
    PortSend,
    /// The start of a goroutine on another island waits. Nothing arrives.
    GoIsland,
    /// A receive from a port waits. The arrival words are the received value.
    PortRecv,
    /// A select waits. The arrival words are its outcome (see `runtime::select`).
    Select,
    /// A runtime function waits. The arrival word is the ticket that its second half takes, where
    /// it has one.
    Native,
    /// A poll on a loop's back edge.
    Poll,
    /// The entry check of a function that recovers: it stands behind the instruction that takes
    /// the panic.
    Check,
}

/// Where a resumed function goes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Resume {
    /// At the function's start.
    Start,
    /// Behind instruction [`Point::inst`], once it has written its results.
    Behind,
    /// At a block's start.
    Block(BlockId),
}

/// A live slot at a resume point and its word in the record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Live {
    /// The slot.
    pub slot: Slot,
    /// Its word behind the record's header.
    pub home: u16,
    /// In the resume function, the word holds the slot's value already whenever the point is
    /// reached.
    pub clean: bool,
}

/// A resume point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Point {
    /// What happens there.
    pub kind: PointKind,
    /// The instruction; for a poll the jump that closes the loop.
    pub inst: u32,
    /// Where the function goes on.
    pub resume: Resume,
    /// What arrives in the first words of the record.
    pub arrivals: Vec<SlotTy>,
    /// Whether the arrival words hold valid values while the record waits (zeros included).
    pub arrivals_traced: bool,
    /// The live slots, by slot.
    pub live: Vec<Live>,
    /// The reference map: words that hold a reference while the record waits, ascending.
    pub refs: Vec<u16>,
    /// Words that hold an interface's type word; the data word follows.
    pub ifaces: Vec<u16>,
}

/// The plan of one function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FuncPlan {
    /// The number of its first point in the module's point table.
    pub first_point: u32,
    /// The points; the first is [`PointKind::Entry`], then by instruction.
    pub points: Vec<Point>,
    /// The record's size in words: enough for every point.
    pub words: u16,
    /// Each slot's home word, where it has one.
    pub homes: Vec<Option<u16>>,
    /// Whether the function checks the stack and the poll word when it is entered.
    pub entry_check: bool,
    /// Whether a call of it may suspend.
    pub suspends: bool,
    /// Whether a call of it may panic.
    pub panics: bool,
    /// Whether it can be called through a function value or an interface, so that its calls
    /// always return a status.
    pub indirect: bool,
    /// Whether it is called at all, as opposed to only started as a goroutine.
    pub called: bool,
}

/// The plan of a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModulePlan {
    /// By function.
    pub funcs: Vec<FuncPlan>,
    /// The function of each point of the module, and its index there.
    pub points: Vec<(FuncId, u32)>,
}

/// The graphs of one function, for those who go on from the plan.
pub struct Analysis<'a> {
    /// Blocks and edges.
    pub cfg: Cfg,
    /// Loops and back edges.
    pub loops: Loops,
    rotations: HashMap<BlockId, Rotation>,
    /// The function itself.
    pub func: &'a Function,
}

impl<'a> Analysis<'a> {
    /// Builds the graphs.
    pub fn build(func: &'a Function) -> Analysis<'a> {
        let cfg = Cfg::build(func);
        let loops = Loops::build(&cfg);
        let rotations = rotate::rotations(func, &cfg, &loops)
            .into_iter()
            .map(|r| (r.header, r))
            .collect();
        Analysis {
            cfg,
            loops,
            rotations,
            func,
        }
    }

    /// How the loop with this header is rotated, if it is.
    pub fn rotation(&self, header: BlockId) -> Option<Rotation> {
        self.rotations.get(&header).copied()
    }
}

/// Beyond this many unchecked calls one below the other, a function checks the stack although
/// it is not recursive. Bounds what the stack's reserve must hold.
const UNCHECKED_DEPTH: u32 = 32;

impl ModulePlan {
    /// Plans a verified module.
    pub fn build(module: &Module, calls: &CallGraph) -> ModulePlan {
        let facts = Suspension::solve(module, calls);
        let mut plan = ModulePlan {
            funcs: Vec::new(),
            points: Vec::new(),
        };
        for (at, func) in module.functions.iter().enumerate() {
            let id = FuncId(at as u32);
            let fact = calls.facts(id);
            let mut func_plan = FuncPlan {
                first_point: plan.points.len() as u32,
                points: Vec::new(),
                words: 0,
                homes: vec![None; func.slots.len()],
                entry_check: facts.entry_check[at],
                suspends: facts.suspends[at],
                panics: fact.may_panic,
                indirect: fact.address_taken,
                called: fact.called_directly || fact.address_taken,
            };
            plan_function(func, &facts, &mut func_plan);
            plan.points
                .extend((0..func_plan.points.len()).map(|k| (id, k as u32)));
            plan.funcs.push(func_plan);
        }
        plan
    }

    /// The plan of a function.
    pub fn func(&self, id: FuncId) -> &FuncPlan {
        &self.funcs[id.index()]
    }

    /// The function and the point of that number.
    pub fn point(&self, number: u32) -> (FuncId, &Point) {
        let (func, at) = self.points[number as usize];
        (func, &self.func(func).points[at as usize])
    }
}

/// Which functions suspend and which check at entry.
struct Suspension<'a> {
    calls: &'a CallGraph,
    suspends: Vec<bool>,
    entry_check: Vec<bool>,
    /// Whether functions check at entry that would not suspend otherwise; indirect calls may
    /// reach them.
    deep: bool,
}

impl<'a> Suspension<'a> {
    /// A function checks at entry when it is recursive, or now and then in a deep chain of
    /// calls; those checks make their callers suspend too, which is found by iteration.
    fn solve(module: &Module, calls: &'a CallGraph) -> Suspension<'a> {
        let facts = |at: usize| calls.facts(FuncId(at as u32));
        let count = module.functions.len();
        let deep = |at: usize| {
            let depth = facts(at).depth;
            depth > 0 && depth % UNCHECKED_DEPTH == 0
        };
        let entry_check: Vec<bool> = (0..count)
            .map(|at| facts(at).recursive || deep(at))
            .collect();
        let mut solved = Suspension {
            suspends: (0..count)
                .map(|at| facts(at).may_suspend || entry_check[at])
                .collect(),
            entry_check,
            calls,
            deep: (0..count).any(|at| deep(at) && !facts(at).may_suspend),
        };
        if solved.deep {
            while solved.spread(module) {}
        }
        solved
    }

    /// Marks the callers of suspending functions; whether there were any new.
    fn spread(&mut self, module: &Module) -> bool {
        let mut changed = false;
        for (at, func) in module.functions.iter().enumerate() {
            if !self.suspends[at] && (0..func.code.len()).any(|i| self.call_suspends(func, i)) {
                self.suspends[at] = true;
                changed = true;
            }
        }
        changed
    }

    /// Whether instruction `at` is a call that may suspend.
    fn call_suspends(&self, func: &Function, at: usize) -> bool {
        match &func.code[at] {
            Inst::Call {
                callee: Callee::Func(id),
                ..
            } => self.suspends[id.index()],
            Inst::Call { .. } => self.deep || self.calls.call_facts(func, at).may_suspend,
            _ => false,
        }
    }
}

/// Finds the points of a function, gives their slots homes and makes the reference maps.
fn plan_function(func: &Function, facts: &Suspension<'_>, plan: &mut FuncPlan) {
    let analysis = Analysis::build(func);
    let mut live_sets = find_points(func, facts, &analysis, plan);
    // An entry point keeps nothing but the parameters that arrive.
    live_sets[0] = SlotSet::new(func.slots.len());
    homes::assign(func, plan, &live_sets);
    for (point, live) in plan.points.iter_mut().zip(&live_sets) {
        point.live = live
            .iter()
            .filter_map(|slot| {
                let home = plan.homes[slot.index()]?;
                Some(Live {
                    slot,
                    home,
                    clean: false,
                })
            })
            .collect();
        map_references(func, point);
    }
    clean::mark(&analysis, plan);
}

/// The points without homes and maps, and what is live at each.
fn find_points(
    func: &Function,
    facts: &Suspension<'_>,
    analysis: &Analysis<'_>,
    plan: &mut FuncPlan,
) -> Vec<SlotSet> {
    let liveness = Liveness::build(func, &analysis.cfg);
    let mut found = vec![(entry_point(func), SlotSet::new(func.slots.len()))];
    for block in analysis
        .cfg
        .blocks()
        .filter(|block| analysis.cfg.is_reachable(*block))
    {
        let mut walk = liveness.walk(block);
        while let Some(at) = walk.inst() {
            if at == 0 && func.recovers() && plan.entry_check {
                found.push((check_point(), walk.live().clone()));
            }
            if let Some((kind, arrivals)) = splits(func, facts, at) {
                let point = Point {
                    kind,
                    inst: at as u32,
                    resume: Resume::Behind,
                    arrivals,
                    arrivals_traced: matches!(
                        kind,
                        PointKind::ChanSend | PointKind::ChanRecv | PointKind::PortRecv
                    ),
                    live: Vec::new(),
                    refs: Vec::new(),
                    ifaces: Vec::new(),
                };
                found.push((point, walk.live_across()));
            }
            walk.step();
        }
    }
    for (from, header) in analysis.loops.back_edges() {
        let last = analysis.cfg.block(*from).last().unwrap_or(0);
        let point = Point {
            kind: PointKind::Poll,
            inst: last as u32,
            resume: Resume::Block(*header),
            arrivals: Vec::new(),
            arrivals_traced: false,
            live: Vec::new(),
            refs: Vec::new(),
            ifaces: Vec::new(),
        };
        // A stack that is found too large there panics there.
        let mut live = liveness.live_in(*header);
        live.extend(liveness.landing().into_iter().flat_map(SlotSet::iter));
        found.push((point, live));
    }
    found[1..].sort_by_key(|(point, _)| (point.inst, point.kind == PointKind::Poll));
    let (points, live) = found.into_iter().unzip();
    plan.points = points;
    live
}

fn entry_point(func: &Function) -> Point {
    Point {
        kind: PointKind::Entry,
        inst: 0,
        resume: Resume::Start,
        arrivals: func.param_types().to_vec(),
        arrivals_traced: true,
        live: Vec::new(),
        refs: Vec::new(),
        ifaces: Vec::new(),
    }
}

fn check_point() -> Point {
    Point {
        kind: PointKind::Check,
        inst: 0,
        resume: Resume::Behind,
        arrivals: Vec::new(),
        arrivals_traced: false,
        live: Vec::new(),
        refs: Vec::new(),
        ifaces: Vec::new(),
    }
}

/// Whether instruction `at` is a resume point, and what arrives at it.
fn splits(func: &Function, facts: &Suspension<'_>, at: usize) -> Option<(PointKind, Vec<SlotTy>)> {
    let types = |slots: &[Slot]| slots.iter().map(|slot| func.slots[slot.index()]).collect();
    match &func.code[at] {
        Inst::Call { rets, .. } if facts.call_suspends(func, at) => {
            Some((PointKind::Call, types(&rets.0)))
        }
        Inst::ChanSend { vals, .. } => Some((PointKind::ChanSend, types(&vals.0))),
        Inst::ChanRecv { vals, .. } => Some((PointKind::ChanRecv, types(&vals.0))),
        Inst::PortSend { .. } => Some((PointKind::PortSend, Vec::new())),
        Inst::GoIsland { .. } => Some((PointKind::GoIsland, Vec::new())),
        Inst::PortRecv { vals, .. } => Some((PointKind::PortRecv, types(&vals.0))),
        Inst::SelectExec { .. } => Some((PointKind::Select, select_arrivals(func, at))),
        Inst::CallRt { func: native, .. } if native.sig().blocks => {
            // The ticket of what was waited for, by which the second half finds its outcome.
            let ticket = native.sig().has_second_half().then_some(SlotTy::I64);
            Some((PointKind::Native, ticket.into_iter().collect()))
        }
        _ => None,
    }
}

/// Index and ok, then room for the largest received value. The words are traced by the
/// runtime, which knows the case; their types here are the integers they are loaded as.
fn select_arrivals(func: &Function, at: usize) -> Vec<SlotTy> {
    let most = func
        .select_cases(at)
        .iter()
        .map(|case| match case {
            Inst::SelectRecv { vals, .. } => vals.0.len(),
            _ => 0,
        })
        .max()
        .unwrap_or(0);
    vec![SlotTy::I64; 2 + most]
}

/// The reference map: traced arrival words, then the homes of live slots.
fn map_references(func: &Function, point: &mut Point) {
    let arrivals = if point.arrivals_traced {
        point.arrivals.as_slice()
    } else {
        &[]
    };
    let words = arrivals.iter().enumerate().map(|(at, ty)| (at as u16, *ty));
    let homes = point
        .live
        .iter()
        .map(|live| (live.home, func.slots[live.slot.index()]));
    let (mut refs, mut ifaces) = (Vec::new(), Vec::new());
    for (word, ty) in words.chain(homes) {
        match ty {
            SlotTy::Ref => refs.push(word),
            SlotTy::IfaceType => ifaces.push(word),
            SlotTy::I64 | SlotTy::F64 | SlotTy::F32 | SlotTy::IfaceData => {}
        }
    }
    refs.sort_unstable();
    ifaces.sort_unstable();
    point.refs = refs;
    point.ifaces = ifaces;
}

/// The dynamic types that a select's received values may have at run time, by case; for the
/// collector, which must know how to trace a value that has arrived.
pub fn select_shapes(func: &Function, at: usize) -> Vec<Vec<SlotTy>> {
    func.select_cases(at)
        .iter()
        .map(|case| match case {
            Inst::SelectRecv { vals, .. } => {
                vals.0.iter().map(|slot| func.slots[slot.index()]).collect()
            }
            _ => Vec::new(),
        })
        .collect()
}
