//! A function as a whole: its blocks, its entries, and the edges between blocks with the polls
//! that stand on back edges.

use super::raw::Raw;
use crate::cfg::{BlockId, Rotation, bounds};
use crate::codegen::abi;
use crate::codegen::jit::Decls;
use crate::codegen::listing;
use crate::runtime::record::{RECORD_BYTES, Record};
use crate::split::plan::Resume;
use crate::split::{Analysis, FuncPlan, Point, PointKind};
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{Block, Function as Clif, InstBuilder, JumpTableData, Type, Value};
use cranelift_frontend::{FunctionBuilderContext, Variable};
use std::collections::{HashMap, HashSet};
use std::mem::offset_of;
use std::sync::Arc;
use vo_bytecode::{BinOp, FuncId, Function, Inst, IntKind, Slot};

/// Which form of a function is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The form that is called.
    Hot,
    /// The form that captured frames go on in.
    Resume,
}

/// Makes the CLIF of a function; its signature is set.
pub fn emit(
    clif: &mut Clif,
    builder: &mut FunctionBuilderContext,
    decls: &mut Decls,
    id: FuncId,
    analysis: &Analysis<'_>,
    mode: Mode,
) {
    let program = decls.program.clone();
    let plan = decls.plan.func(id).clone();
    let function = program.module.func(id);
    let raw = Raw::new(clif, builder, decls);
    let mut emitter = Emitter::new(raw, id, function, &plan, analysis, mode);
    emitter.run();
    emitter.raw.finish();
    drop(Arc::clone(&program));
}

/// The state of emitting one function.
pub(super) struct Emitter<'a, 'b, 'f> {
    pub raw: Raw<'a, 'b>,
    pub id: FuncId,
    pub func: &'f Function,
    pub plan: &'f FuncPlan,
    pub mode: Mode,
    pub analysis: &'f Analysis<'f>,
    vars: Vec<Variable>,
    pub blocks: Vec<Block>,
    /// In the resume form, where each point that resumes behind its instruction goes on.
    continuations: Vec<Option<Block>>,
    /// The instruction's resume point, by instruction; polls have theirs by edge.
    points: HashMap<usize, usize>,
    polls: HashMap<(u32, BlockId), usize>,
    pub back_edges: HashSet<(BlockId, BlockId)>,
    /// The resume form's own record.
    pub frame: Option<Value>,
    /// Where every panic of the function leaves it.
    pub panic_exit: Option<Block>,
    /// Where every panic that may run deferred calls goes, and the number that it got there.
    pub pad: Option<Block>,
    pub landed: Option<Value>,
    /// Whether a panic of the instruction that is emitted goes there.
    pub lands: bool,
    /// Where every suspension of the resume form leaves it.
    pub dispatch_exit: Option<Block>,
    /// The instruction that is emitted.
    pub inst: usize,
    /// What is known of slots since the block's start.
    pub known: Known,
    /// Back edges that the current block leaves by, with the blocks that stand on them.
    pending_edges: Vec<(Block, BlockId, BlockId)>,
    /// Bounds checks that cannot fail.
    pub redundant_checks: HashSet<usize>,
    /// Slots that carry a value from one block to another.
    pub carried: HashSet<Slot>,
    /// Blocks that became part of the one before them.
    pub absorbed: HashSet<BlockId>,
    /// The select group that is being collected.
    pub select: Option<super::chans::SelectGroup>,
    /// The place in a map that a lookup made, and the instruction that will store there.
    pub place: Option<(usize, Value)>,
}

/// Facts about slots that hold until the slot is written or the block ends.
#[derive(Default)]
pub(super) struct Known {
    /// Integer constants.
    pub constants: HashMap<Slot, i64>,
    /// Floating-point constants.
    pub floats: HashMap<Slot, f64>,
    /// References that are not null.
    pub not_null: HashSet<Slot>,
    /// Sums of a value and a constant.
    pub sums: HashMap<Slot, (Value, i64)>,
}

impl<'a, 'b, 'f> Emitter<'a, 'b, 'f> {
    fn new(
        mut raw: Raw<'a, 'b>,
        id: FuncId,
        func: &'f Function,
        plan: &'f FuncPlan,
        analysis: &'f Analysis<'f>,
        mode: Mode,
    ) -> Self {
        let vars = func
            .slots
            .iter()
            .map(|slot| raw.b.declare_var(abi::machine_type(*slot)))
            .collect();
        let blocks = analysis.cfg.blocks().map(|_| raw.block()).collect();
        let mut points = HashMap::new();
        let mut polls = HashMap::new();
        for (at, point) in plan.points.iter().enumerate() {
            match point.resume {
                Resume::Start => {}
                Resume::Behind => _ = points.insert(point.inst as usize, at),
                Resume::Block(target) => _ = polls.insert((point.inst, target), at),
            }
        }
        Emitter {
            raw,
            id,
            func,
            plan,
            mode,
            analysis,
            vars,
            blocks,
            continuations: vec![None; plan.points.len()],
            points,
            polls,
            back_edges: analysis.loops.back_edges().iter().copied().collect(),
            frame: None,
            panic_exit: None,
            pad: None,
            landed: None,
            lands: false,
            dispatch_exit: None,
            inst: 0,
            known: Known::default(),
            pending_edges: Vec::new(),
            redundant_checks: bounds::redundant_checks(func, &analysis.cfg),
            carried: carried_slots(func, analysis),
            absorbed: HashSet::new(),
            select: None,
            place: None,
        }
    }

    fn run(&mut self) {
        match self.mode {
            Mode::Hot => self.enter_hot(),
            Mode::Resume => self.enter_resume(),
        }
        let mut open = Vec::new();
        for block in self.analysis.cfg.rpo().to_vec() {
            if self.absorbed.contains(&block) {
                continue;
            }
            if self.analysis.cfg.landing() == Some(block) {
                self.emit_pad(block);
                open.extend(self.pad);
            }
            let code = self.blocks[block.index()];
            if self.is_reached_later(block) {
                self.raw.at_open(code);
                open.push(code);
            } else {
                self.raw.at(code);
            }
            self.emit_block(block);
        }
        // Inner loops first, so that what is constant in them is seen in the outer ones.
        while let Some(code) = open.pop() {
            self.raw.seal(code);
        }
        self.emit_panic_exit();
        self.emit_dispatch_exit();
    }

    /// Whether code that is emitted later jumps to a block: it is a loop's header, or a rotated
    /// loop's body, or its exit where that comes before the end of the loop.
    fn is_reached_later(&self, block: BlockId) -> bool {
        let order = |block: BlockId| self.analysis.cfg.rpo_number(block);
        self.back_edges
            .iter()
            .any(|(from, header)| match self.analysis.rotation(*header) {
                Some(rotation) => {
                    rotation.body == block
                        || (rotation.exit == block && order(block) < order(*from))
                }
                None => *header == block,
            })
    }

    /// The hot form's entry: parameters, and the entry check where the plan wants one.
    fn enter_hot(&mut self) {
        for (at, value) in self.raw.args().into_iter().enumerate() {
            self.raw.b.def_var(self.vars[at], value);
        }
        let start = self.blocks[BlockId::ENTRY.index()];
        if self.plan.entry_check && !self.func.recovers() {
            self.inst = 0;
            self.check_entry(start);
        } else {
            self.raw.jump(start, &[]);
        }
    }

    /// The resume form's entry: the outcome, then a jump to the point's own entry.
    fn enter_resume(&mut self) {
        let (record, outcome) = (self.raw.arg(0), self.raw.arg(1));
        self.frame = Some(record);
        // Calls panic, and a stack that is too large is found where a goroutine is captured by a
        // check: at an entry or a back edge, in functions that cannot panic otherwise.
        let checks = |point: &Point| {
            use PointKind::{Call, Check, Poll};
            matches!(point.kind, Call | Check | Poll)
        };
        if self.plan.entry_check || self.plan.points.iter().any(checks) {
            let (failed, fine) = (self.raw.cold_block(), self.raw.block());
            self.raw.branch(outcome, failed, fine);
            self.raw.at(failed);
            self.unwind_resumed(record);
            self.raw.at(fine);
        }
        let entries: Vec<Block> = self.plan.points.iter().map(|_| self.raw.block()).collect();
        if let [only] = entries[..] {
            self.raw.jump(only, &[]);
        } else {
            let point = self.raw.load(I32, record, offset_of!(Record, point));
            let index = self
                .raw
                .b
                .ins()
                .iadd_imm_s(point, -i64::from(self.plan.first_point));
            let b = &mut self.raw.b;
            let calls: Vec<_> = entries
                .iter()
                .map(|entry| b.func.dfg.block_call(*entry, &[]))
                .collect();
            let table = b.create_jump_table(JumpTableData::new(calls[0], &calls));
            b.ins().br_table(index, table);
        }
        for (at, entry) in entries.into_iter().enumerate() {
            self.raw.at(entry);
            self.emit_resume_entry(at, record);
        }
    }

    /// Loads what the record carries and goes on where the point says.
    fn emit_resume_entry(&mut self, at: usize, record: Value) {
        let plan = self.plan;
        let point = &plan.points[at];
        self.locate(point.inst as usize);
        self.observe_resume(at);
        for live in &point.live {
            let ty = self.slot_type(live.slot);
            let value = self
                .raw
                .load(ty, record, RECORD_BYTES + usize::from(live.home) * 8);
            self.set(live.slot, value);
        }
        match point.resume {
            Resume::Start => {
                self.load_parameters(record);
                self.raw.jump(self.blocks[BlockId::ENTRY.index()], &[]);
            }
            Resume::Block(target) => {
                self.raw.jump(self.blocks[target.index()], &[]);
            }
            Resume::Behind => {
                let go_on = self.continuation(at);
                let lands = self.func.code[point.inst as usize].lands();
                self.lands = lands && self.analysis.cfg.landing().is_some();
                self.arrive(at, record);
                self.raw.jump(go_on, &[]);
            }
        }
    }

    /// Parameters arrive in the first words; those with a home elsewhere are stored there, so
    /// that they are clean from the beginning.
    fn load_parameters(&mut self, record: Value) {
        for at in 0..self.func.params as usize {
            let slot = Slot(at as u32);
            let value = self
                .raw
                .load(self.slot_type(slot), record, RECORD_BYTES + at * 8);
            self.set(slot, value);
        }
        for at in 0..self.func.params as usize {
            let slot = Slot(at as u32);
            if let Some(home) = self.plan.homes[at]
                && usize::from(home) != at
            {
                let value = self.get(slot);
                self.raw
                    .store(value, record, RECORD_BYTES + usize::from(home) * 8);
            }
        }
    }

    /// Where a point that resumes behind its instruction goes on, in the resume form.
    pub fn continuation(&mut self, at: usize) -> Block {
        if let Some(block) = self.continuations[at] {
            return block;
        }
        let block = self.raw.block();
        self.continuations[at] = Some(block);
        block
    }

    /// The resume point of an instruction.
    pub fn point_of(&self, at: usize) -> Option<usize> {
        self.points.get(&at).copied()
    }

    fn emit_block(&mut self, block: BlockId) {
        self.known = Known::default();
        self.observe_block(block);
        let range = self.analysis.cfg.range(block);
        for at in range.clone() {
            self.emit_at(block, at);
        }
        // Falls through into the next block, or is the empty entry.
        let ends = range
            .last()
            .is_some_and(|last| self.func.code[last].is_terminator());
        if !ends && let Some(edge) = self.analysis.cfg.succs(block).first() {
            let target = self.edge(block, edge.to);
            self.raw.jump(target, &[]);
            self.finish_edges();
        }
    }

    /// Fills the blocks on the back edges that the current block leaves by.
    pub fn finish_edges(&mut self) {
        while let Some((block, from, header)) = self.pending_edges.pop() {
            self.locate(self.last_inst(from) as usize);
            self.raw.at(block);
            self.known = Known::default();
            let point = self.polls[&(self.last_inst(from), header)];
            match self.analysis.rotation(header) {
                Some(rotation) => {
                    let test = self.raw.block();
                    self.poll(point, test);
                    self.raw.at(test);
                    self.rotated_test(rotation);
                }
                None => self.poll(point, self.blocks[header.index()]),
            }
        }
    }

    fn last_inst(&self, block: BlockId) -> u32 {
        self.analysis.cfg.block(block).last().unwrap_or(0) as u32
    }

    /// A copy of a rotated loop's header: its test, with the body's start as the only jump back.
    ///
    /// The poll stands before it, and a resumed poll goes on at the header proper. So the loop
    /// has one entry, the body, in the resume form too.
    fn rotated_test(&mut self, rotation: Rotation) {
        self.observe_block(rotation.header);
        let range = self.analysis.cfg.range(rotation.header);
        for at in range.start..range.end - 1 {
            self.emit_at(rotation.header, at);
        }
        let func = self.func;
        let Inst::Br { cond, then, .. } = &func.code[range.end - 1] else {
            unreachable!("a rotated loop's header ends with a branch");
        };
        self.locate(range.end - 1);
        let condition = self.get(cond.0);
        let body = self.blocks[rotation.body.index()];
        let exit = self.edge(rotation.header, rotation.exit);
        if self.block_at(*then) == rotation.body {
            self.raw.branch(condition, body, exit);
        } else {
            self.raw.branch(condition, exit, body);
        }
    }

    /// Emits one instruction where it stands, and joins what resumes behind it.
    pub fn emit_at(&mut self, block: BlockId, at: usize) {
        let func = self.func;
        self.locate(at);
        self.lands = self.analysis.cfg.landing().is_some() && func.code[at].lands();
        self.emit_inst(block, at);
        if self.mode == Mode::Resume
            && let Some(point) = self.point_of(at)
        {
            let go_on = self.continuation(point);
            self.raw.jump(go_on, &[]);
            self.raw.at(go_on);
            // Those who resume here have not computed the values that sums are made of.
            self.known.sums.clear();
        }
        self.forget_written(at);
    }

    /// What is emitted from here on is for instruction `at`.
    fn locate(&mut self, at: usize) {
        self.inst = at;
        if self.raw.decls.locations {
            self.raw.b.set_srcloc(listing::location(at));
        }
    }

    /// Facts about slots that an instruction has written hold no more, but for what it says.
    fn forget_written(&mut self, at: usize) {
        let func = self.func;
        let sum = self.sum_of(&func.code[at]);
        let known = &mut self.known;
        func.writes(at, |slot| {
            known.constants.remove(&slot);
            known.floats.remove(&slot);
            known.not_null.remove(&slot);
            known.sums.remove(&slot);
        });
        if let Some((slot, sum)) = sum {
            known.sums.insert(slot, sum);
        }
        match &func.code[at] {
            Inst::Const { dst, value } => _ = known.constants.insert(dst.0, *value),
            Inst::ConstF64 { dst, value } => {
                known.floats.insert(dst.0, f64::from_bits(value.0));
            }
            Inst::ConstF32 { dst, value } => {
                known.floats.insert(dst.0, f32::from_bits(value.0).into());
            }
            Inst::NilCheck { a } => _ = known.not_null.insert(a.0),
            Inst::New { dst, .. } | Inst::Closure { dst, .. } | Inst::GlobalAddr { dst, .. } => {
                known.not_null.insert(dst.0);
            }
            Inst::Mov { dst, src } => {
                if let Some(value) = known.constants.get(&src.0).copied() {
                    known.constants.insert(dst.0, value);
                }
                if known.not_null.contains(&src.0) {
                    known.not_null.insert(dst.0);
                }
            }
            _ => {}
        }
    }

    /// The sum of a value and a constant that an instruction has made, if it did.
    fn sum_of(&mut self, inst: &Inst) -> Option<(Slot, (Value, i64))> {
        let Inst::Bin {
            dst,
            op,
            kind: IntKind::I64,
            a,
            b,
        } = inst
        else {
            return None;
        };
        let constant = *self.known.constants.get(&b.0)?;
        let offset = match op {
            BinOp::Add => constant,
            BinOp::Sub => constant.checked_neg()?,
            _ => return None,
        };
        (a.0 != dst.0).then(|| (dst.0, (self.get(a.0), offset)))
    }

    /// Where a jump from one block to another is to go: the block itself, or, on a back edge, a
    /// block that polls (and before that does a rotated loop's test).
    pub fn edge(&mut self, from: BlockId, to: BlockId) -> Block {
        if !self.back_edges.contains(&(from, to)) {
            return self.blocks[to.index()];
        }
        let edge = self.raw.block();
        self.pending_edges.push((edge, from, to));
        edge
    }

    /// The block of an instruction that is jumped to.
    pub fn block_at(&self, target: vo_bytecode::inst::Target) -> BlockId {
        self.analysis.cfg.block_of(target.0 as usize)
    }

    /// The machine type of a slot.
    pub fn slot_type(&self, slot: Slot) -> Type {
        abi::machine_type(self.func.slots[slot.index()])
    }

    /// A slot's value.
    pub fn get(&mut self, slot: Slot) -> Value {
        self.raw.b.use_var(self.vars[slot.index()])
    }

    /// Gives a slot a value.
    pub fn set(&mut self, slot: Slot, value: Value) {
        self.raw.b.def_var(self.vars[slot.index()], value);
    }

    /// Gives a slot a boolean as an integer.
    pub fn set_bool(&mut self, slot: Slot, value: Value) {
        let wide = self.raw.b.ins().uextend(I64, value);
        self.set(slot, wide);
    }

    /// The place of the current instruction, as a constant.
    pub fn site(&mut self) -> Value {
        let site = self.raw.decls.program.site(self.id, self.inst);
        self.raw.int(site as i64)
    }
}

/// The slots that some block reads before it writes them.
fn carried_slots(func: &Function, analysis: &Analysis<'_>) -> HashSet<Slot> {
    let mut carried = HashSet::new();
    for block in analysis.cfg.blocks() {
        let mut written = HashSet::new();
        for at in analysis.cfg.range(block) {
            func.reads(at, |slot| {
                if !written.contains(&slot) {
                    carried.insert(slot);
                }
            });
            func.writes(at, |slot| _ = written.insert(slot));
        }
    }
    carried
}
