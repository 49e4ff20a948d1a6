//! Filling in the model from what `cfg`, `split` and `codegen` say.

use super::source::Sources;
use super::{
    BlockView, CodeView, Facts, FuncView, InstView, LiveView, LoopView, PointView, SlotView, graphs,
};
use crate::cfg::{BlockId, CallGraph, Cfg, Dominators, Effects, Liveness, SlotSet};
use crate::codegen::func::Mode;
use crate::codegen::jit::Jit;
use crate::inline;
use crate::runtime::program::Program;
use crate::runtime::record::RECORD_BYTES;
use crate::runtime::value::name::type_name;
use crate::split::plan::Resume;
use crate::split::{Analysis, FuncPlan, ModulePlan, Point};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use vo_bytecode::{FuncId, Function, Module, SlotTy, text};

/// Which parts of the model are wanted, beside the graphs: some cost time.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// Source lines.
    pub source: bool,
    /// Native code.
    pub code: bool,
}

/// A verified module with all that is known of it.
pub struct Builder {
    program: Arc<Program>,
    calls: CallGraph,
    plan: ModulePlan,
    sources: Sources,
}

impl Builder {
    /// Plans a verified module as it is run. `file` is where it came from; sources are looked for
    /// beside it.
    pub fn new(module: Module, file: &Path) -> Builder {
        Builder::of(Program::of(inline::expand(module)), file)
    }

    /// Plans a verified module as it is run with a profile: without calls written out.
    pub fn plain(module: Module, file: &Path) -> Builder {
        Builder::of(Program::new(module), file)
    }

    fn of(program: Program, file: &Path) -> Builder {
        let calls = CallGraph::build(&program.module);
        let plan = ModulePlan::build(&program.module, &calls);
        Builder {
            program: Arc::new(program),
            calls,
            plan,
            sources: Sources::new(file),
        }
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.program.module
    }

    /// The split plan.
    pub fn plan(&self) -> &ModulePlan {
        &self.plan
    }

    /// The facts about a function alone, without its graphs.
    pub fn facts(&self, id: FuncId) -> Facts {
        let (plan, facts) = (self.plan.func(id), self.calls.facts(id));
        let why = self.calls.why_suspends(id);
        Facts {
            may_suspend: plan.suspends,
            why: why.iter().map(|why| why.text(self.module())).collect(),
            may_panic: plan.panics,
            recursive: facts.recursive,
            entry_check: plan.entry_check,
            spawned: facts.spawned,
            called: plan.called,
            indirect: plan.indirect,
            written_out: self.program.gone[id.index()],
            record_bytes: (RECORD_BYTES + usize::from(plan.words) * 8) as u32,
            record_words: u32::from(plan.words),
        }
    }

    /// Builds the views of some functions.
    ///
    /// # Errors
    /// When native code is wanted and cannot be made.
    pub fn views(&mut self, wanted: &[FuncId], parts: Parts) -> Result<Vec<FuncView>, String> {
        let mut views: Vec<FuncView> = wanted.iter().map(|id| self.view(*id, parts)).collect();
        if parts.code {
            self.add_code(&mut views)?;
        }
        Ok(views)
    }

    fn view(&mut self, id: FuncId, parts: Parts) -> FuncView {
        let program = self.program.clone();
        let module = &program.module;
        let func = module.func(id);
        let plan = self.plan.func(id);
        let analysis = Analysis::build(func);
        let facts = self.facts(id);
        let source = if parts.source {
            self.sources.of(module, func)
        } else {
            Vec::new()
        };
        let slots = slots(module, func, plan);
        let used = func.lines.iter().copied().filter(|line| *line != 0);
        FuncView {
            id: id.0,
            name: func.name.clone(),
            file: module
                .files
                .get(func.file as usize)
                .cloned()
                .unwrap_or_default(),
            line: used.min().unwrap_or(0),
            source,
            insts: insts(module, func, plan, &analysis.cfg, &slots),
            slots,
            blocks: blocks(func, &analysis),
            loops: loops(&analysis),
            points: plan
                .points
                .iter()
                .enumerate()
                .map(|(at, point)| point_view(func, plan, at, point))
                .collect(),
            before: graphs::before(&analysis),
            after: graphs::after(&analysis, plan, facts.spawned),
            facts,
            code: Vec::new(),
            run: None,
        }
    }

    /// The native code of the functions: the form that is called, and the one that goes on.
    fn add_code(&self, views: &mut [FuncView]) -> Result<(), String> {
        let mut wanted = Vec::new();
        for view in views.iter() {
            let id = FuncId(view.id);
            // What is gone has no code; shown is what a call of it would run.
            let called = view.facts.called || view.facts.written_out;
            if called {
                wanted.push((id, Mode::Hot));
            }
            if view.facts.may_suspend || view.facts.spawned || !called {
                wanted.push((id, Mode::Resume));
            }
        }
        let listings = Jit::list(self.program.clone(), self.plan.clone(), &wanted)?;
        let at: HashMap<u32, usize> = views.iter().map(|view| view.id).zip(0..).collect();
        for listing in listings {
            views[at[&listing.func.0]].code.push(CodeView {
                form: match listing.mode {
                    Mode::Hot => "hot",
                    Mode::Resume => "resume",
                },
                bytes: listing.bytes as u32,
                clif: listing.clif,
                asm: listing.asm,
            });
        }
        Ok(())
    }
}

fn slot_type(ty: SlotTy) -> &'static str {
    match ty {
        SlotTy::I64 => "i64",
        SlotTy::F64 => "f64",
        SlotTy::F32 => "f32",
        SlotTy::Ref => "ref",
        SlotTy::IfaceType => "itype",
        SlotTy::IfaceData => "idata",
    }
}

fn slots(module: &Module, func: &Function, plan: &FuncPlan) -> Vec<SlotView> {
    let mut slots: Vec<SlotView> = func
        .slots
        .iter()
        .enumerate()
        .map(|(at, ty)| SlotView {
            ty: slot_type(*ty),
            name: None,
            source_type: None,
            boxed: false,
            param: at < func.params as usize,
            defs: Vec::new(),
            uses: Vec::new(),
            carried: Vec::new(),
        })
        .collect();
    for named in &func.slot_names {
        let slot = &mut slots[named.slot.index()];
        // A slot may serve two variables; the first names it.
        if slot.name.is_none() {
            slot.name = Some(named.name.clone());
            let source = named.source;
            slot.source_type = source.map(|of| type_name(&module.types, of.ty));
            slot.boxed = source.is_some_and(|of| of.boxed);
        }
    }
    for at in 0..func.code.len() {
        func.writes(at, |slot| {
            push_once(&mut slots[slot.index()].defs, at as u32)
        });
        func.reads(at, |slot| {
            push_once(&mut slots[slot.index()].uses, at as u32)
        });
    }
    for (at, point) in plan.points.iter().enumerate() {
        for live in &point.live {
            push_once(&mut slots[live.slot.index()].carried, at as u32);
        }
    }
    slots
}

fn push_once(list: &mut Vec<u32>, item: u32) {
    if list.last() != Some(&item) {
        list.push(item);
    }
}

fn insts(
    module: &Module,
    func: &Function,
    plan: &FuncPlan,
    cfg: &Cfg,
    slots: &[SlotView],
) -> Vec<InstView> {
    let texts = text::instructions(module, func);
    let behind: HashMap<u32, u32> = (plan.points.iter().zip(0..))
        .filter(|(point, _)| point.resume == Resume::Behind)
        .map(|(point, at)| (point.inst, at))
        .collect();
    func.code
        .iter()
        .zip(texts)
        .enumerate()
        .map(|(at, (inst, text))| {
            let effects = Effects::of(inst);
            let (mut reads, mut writes) = (Vec::new(), Vec::new());
            func.reads(at, |slot| reads.push(slot.0));
            func.writes(at, |slot| writes.push(slot.0));
            InstView {
                text: with_names(&text, slots),
                line: func.lines.get(at).copied().unwrap_or(0),
                block: cfg.block_of(at).0,
                may_panic: effects.may_panic,
                may_wait: effects.may_block,
                reads,
                writes,
                point: behind.get(&(at as u32)).copied(),
            }
        })
        .collect()
}

/// Puts the names of variables before their slots. Strings within the text are left alone.
fn with_names(text: &str, slots: &[SlotView]) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quoted => {
                out.push(c);
                out.extend(chars.next().map(|(_, next)| next));
                continue;
            }
            '"' => quoted = !quoted,
            '%' if !quoted => {
                let digits = &text[at + 1..];
                let end = digits.find(|c: char| !c.is_ascii_digit());
                let number = digits[..end.unwrap_or(digits.len())].parse::<usize>();
                let slot = number.ok().and_then(|number| slots.get(number));
                if let Some(name) = slot.and_then(|slot| slot.name.as_ref()) {
                    out.push_str(name);
                }
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

fn slot_list(set: &SlotSet) -> Vec<u32> {
    set.iter().map(|slot| slot.0).collect()
}

fn blocks(func: &Function, analysis: &Analysis<'_>) -> Vec<BlockView> {
    let cfg = &analysis.cfg;
    let dominators = Dominators::build(cfg);
    let liveness = Liveness::build(func, cfg);
    let cold = cold_blocks(func, cfg);
    cfg.blocks()
        .map(|block| {
            let range = cfg.range(block);
            BlockView {
                first: range.start as u32,
                end: range.end as u32,
                reachable: cfg.is_reachable(block),
                cold: cold[block.index()],
                in_loop: analysis.loops.innermost(block).map(|id| id.0),
                idom: dominators.idom(block).map(|idom| idom.0),
                live_in: slot_list(&liveness.live_in(block)),
            }
        })
        .collect()
}

/// The blocks from which every way ends in a panic.
fn cold_blocks(func: &Function, cfg: &Cfg) -> Vec<bool> {
    let panics = |block: BlockId| {
        let last = cfg.block(block).last().map(|at| func.code[at].mnemonic());
        last.is_some_and(|name| name.starts_with("Panic"))
    };
    let mut cold: Vec<bool> = cfg.blocks().map(panics).collect();
    // Blocks mostly stand behind those that lead to them.
    loop {
        let mut changed = false;
        for block in cfg.blocks().rev() {
            let succs = cfg.succs(block);
            let all = !succs.is_empty() && succs.iter().all(|edge| cold[edge.to.index()]);
            if all && !cold[block.index()] {
                cold[block.index()] = true;
                changed = true;
            }
        }
        if !changed {
            return cold;
        }
    }
}

fn loops(analysis: &Analysis<'_>) -> Vec<LoopView> {
    let numbers = |blocks: &[BlockId]| {
        let mut numbers: Vec<u32> = blocks.iter().map(|block| block.0).collect();
        numbers.sort_unstable();
        numbers
    };
    (analysis.loops.iter())
        .map(|(id, each)| LoopView {
            header: each.header.0,
            depth: each.depth,
            parent: each.parent.map(|parent| parent.0),
            blocks: numbers(analysis.loops.blocks(id)),
            entries: if each.is_irreducible() {
                numbers(&each.entries)
            } else {
                Vec::new()
            },
            rotated: analysis.rotation(each.header).is_some(),
        })
        .collect()
}

fn point_view(func: &Function, plan: &FuncPlan, at: usize, point: &Point) -> PointView {
    let words = point.live.iter().map(|live| u32::from(live.home) + 1);
    let words = words.max().unwrap_or(0).max(point.arrivals.len() as u32);
    let wide = |words: &[u16]| words.iter().map(|word| u32::from(*word)).collect();
    PointView {
        number: plan.first_point + at as u32,
        kind: format!("{:?}", point.kind),
        inst: point.inst,
        line: func.lines.get(point.inst as usize).copied().unwrap_or(0),
        resumes: match point.resume {
            Resume::Start => "start".to_owned(),
            Resume::Behind => "behind".to_owned(),
            Resume::Block(block) => block.to_string(),
        },
        arrivals: point.arrivals.iter().map(|ty| slot_type(*ty)).collect(),
        live: (point.live.iter())
            .map(|live| LiveView {
                slot: live.slot.0,
                word: u32::from(live.home),
                clean: live.clean,
            })
            .collect(),
        refs: wide(&point.refs),
        ifaces: wide(&point.ifaces),
        bytes: RECORD_BYTES as u32 + words * 8,
    }
}
