//! The code of one function while it is made: slots, labels, lines.
//!
//! Nothing here knows of source types. Jumps name labels until [`Builder::finish`] puts instruction
//! numbers in their place. What cannot be reached is not emitted.

use foldhash::HashSet;

use vo_bytecode::inst::{SlotVisitor, Target, Targets};
use vo_bytecode::*;

use super::facts::{Facts, Number};

/// A place to jump to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label(u32);

#[derive(Default)]
struct LabelState {
    at: Option<u32>,
    /// What all jumps to it know, if there are any.
    facts: Option<Facts>,
    /// Whether it was bound before any jump to it.
    is_loop: bool,
}

/// How far back the constant in a slot is looked for.
const LOOK_BACK: usize = 6;

/// See the module's text.
#[derive(Default)]
pub struct Builder {
    slots: Vec<SlotTy>,
    names: Vec<SlotName>,
    code: Vec<Inst>,
    lines: Vec<u32>,
    labels: Vec<LabelState>,
    last_bound: u32,
    dead: bool,
    line: u32,
    facts: Facts,
    pinned: HashSet<Slot>,
    /// What stands before everything else, but for the instruction that takes a panic.
    prologue: Vec<Inst>,
}

struct Writes<'a>(&'a mut Facts);

impl SlotVisitor for Writes<'_> {
    fn read(&mut self, _: Slot) {}
    fn write(&mut self, slot: Slot) {
        self.0.forget(slot);
    }
}

impl Builder {
    /// Whether the next instruction can be reached.
    pub fn reachable(&self) -> bool {
        !self.dead
    }

    /// Sets the source line of the instructions that follow; 0 for none.
    pub fn set_line(&mut self, line: u32) {
        self.line = line;
    }

    /// The source line of the instructions that follow.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// A new slot.
    pub fn slot(&mut self, ty: SlotTy) -> Slot {
        let slot = Slot(self.slots.len() as u32);
        self.slots.push(ty);
        slot
    }

    /// New slots, one behind the other.
    pub fn slots(&mut self, types: &[SlotTy]) -> Vec<Slot> {
        types.iter().map(|ty| self.slot(*ty)).collect()
    }

    /// The type of a slot.
    pub fn ty(&self, slot: Slot) -> SlotTy {
        self.slots[slot.index()]
    }

    /// Gives a slot the name of a source variable.
    pub fn name(&mut self, name: SlotName) {
        self.names.push(name);
    }

    /// Promises that no loop that begins later in the code writes to these slots.
    pub fn pin(&mut self, slots: &[Slot]) {
        self.pinned.extend(slots);
    }

    /// Appends an instruction.
    pub fn emit(&mut self, inst: Inst) {
        if self.dead {
            return;
        }
        inst.visit_slots(&mut Writes(&mut self.facts));
        self.dead = inst.is_terminator();
        self.code.push(inst);
        self.lines.push(self.line);
    }

    /// Puts an instruction to the beginning of the function, before what may panic.
    pub fn init(&mut self, inst: Inst) {
        self.prologue.push(inst);
    }

    /// Writes zeros into slots at the beginning of the function.
    pub fn init_zero(&mut self, slots: &[Slot]) {
        for slot in slots {
            let zero = self.zero_of(*slot);
            self.prologue.extend(zero);
        }
    }

    /// Goes on where panics lead: nothing is known there.
    pub fn bind_landing(&mut self) {
        debug_assert!(self.dead, "only panics lead here");
        self.facts = Facts::default();
        self.last_bound = self.code.len() as u32;
        self.dead = false;
    }

    /// A label, not bound yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(LabelState::default());
        Label(self.labels.len() as u32 - 1)
    }

    /// Binds a label to the next instruction.
    pub fn bind(&mut self, label: Label) {
        self.drop_jump_to(label);
        let here = self.code.len() as u32;
        let state = &mut self.labels[label.0 as usize];
        state.at = Some(here);
        match state.facts.take() {
            Some(facts) if self.dead => self.facts = facts,
            Some(facts) => self.facts.keep_common(&facts),
            None => {
                state.is_loop = true;
                self.facts.keep(|slot| self.pinned.contains(&slot));
                self.last_bound = here;
                return;
            }
        }
        self.dead = false;
        self.last_bound = here;
    }

    /// A jump to what follows it is not needed.
    fn drop_jump_to(&mut self, label: Label) {
        let here = self.code.len() as u32;
        if self.dead
            && self.last_bound < here
            && matches!(self.code.last(), Some(Inst::Jump { to }) if to.0 == label.0)
        {
            self.code.pop();
            self.lines.pop();
            self.dead = false;
        }
    }

    fn target(&mut self, label: Label) -> Target {
        if !self.dead {
            let state = &mut self.labels[label.0 as usize];
            debug_assert!(
                state.at.is_none() || state.is_loop,
                "jump back to no loop head"
            );
            match &mut state.facts {
                _ if state.at.is_some() => {}
                Some(facts) => facts.keep_common(&self.facts),
                none => *none = Some(self.facts.clone()),
            }
        }
        Target(label.0)
    }

    /// Goes on at a label.
    pub fn jump(&mut self, label: Label) {
        let to = self.target(label);
        self.emit(Inst::Jump { to });
    }

    /// Goes on at one of two labels.
    pub fn branch(&mut self, cond: Slot, then: Label, otherwise: Label) {
        let (then, otherwise) = (self.target(then), self.target(otherwise));
        self.emit(Inst::Br {
            cond: Src(cond),
            then,
            otherwise,
        });
    }

    /// Goes on at `then` when `cond` holds, which means that `0 <= index < limit`; else at `otherwise`.
    pub fn branch_below(
        &mut self,
        cond: Slot,
        then: Label,
        otherwise: Label,
        index: Slot,
        limit: Slot,
    ) {
        let before = self.facts.clone();
        let limit = self.number(limit);
        self.facts.set_below(Number::Slot(index), limit);
        let then = self.target(then);
        self.facts = before;
        let otherwise = self.target(otherwise);
        self.emit(Inst::Br {
            cond: Src(cond),
            then,
            otherwise,
        });
    }

    /// What a slot holds: the constant that was just put there, or whatever is in it.
    fn number(&self, slot: Slot) -> Number {
        let first = self
            .code
            .len()
            .saturating_sub(LOOK_BACK)
            .max(self.last_bound as usize);
        let constant = self.code[first..].iter().rev().find_map(|inst| match inst {
            Inst::Const { dst, value } if dst.0 == slot => Some(Number::Const(*value)),
            _ => None,
        });
        constant.unwrap_or(Number::Slot(slot))
    }

    /// Panics unless `0 <= index < len`, unless that is known to be so.
    pub fn bounds_check(&mut self, index: Slot, len: Slot) {
        let (i, l) = (self.number(index), self.number(len));
        if self.facts.is_below(i, l) {
            return;
        }
        self.emit(Inst::BoundsCheck {
            index: Src(index),
            len: Src(len),
        });
        if !self.dead {
            self.facts.set_below(i, l);
        }
    }

    /// Goes on at the label of an index.
    pub fn switch(&mut self, index: Slot, targets: &[Label], otherwise: Label) {
        let targets = targets.iter().map(|t| self.target(*t)).collect();
        let otherwise = self.target(otherwise);
        self.emit(Inst::Switch {
            index: Src(index),
            targets: Targets(targets),
            otherwise,
        });
    }

    /// An integer constant in a new slot.
    pub fn int(&mut self, value: i64) -> Slot {
        let dst = self.slot(SlotTy::I64);
        self.emit(Inst::Const {
            dst: Dst(dst),
            value,
        });
        dst
    }

    /// A null reference in a new slot.
    pub fn nil(&mut self) -> Slot {
        let dst = self.slot(SlotTy::Ref);
        self.emit(Inst::Nil { dst: Dst(dst) });
        dst
    }

    /// An integer operation into a new slot.
    pub fn bin(&mut self, op: BinOp, kind: IntKind, a: Slot, b: Slot) -> Slot {
        let dst = self.slot(SlotTy::I64);
        self.emit(Inst::Bin {
            dst: Dst(dst),
            op,
            kind,
            a: Src(a),
            b: Src(b),
        });
        dst
    }

    /// A comparison of integers into a new slot.
    pub fn cmp(&mut self, op: CmpOp, kind: IntKind, a: Slot, b: Slot) -> Slot {
        let dst = self.slot(SlotTy::I64);
        self.emit(Inst::Cmp {
            dst: Dst(dst),
            op,
            kind,
            a: Src(a),
            b: Src(b),
        });
        dst
    }

    /// Whether a reference is null, into a new slot.
    pub fn is_null(&mut self, a: Slot) -> Slot {
        let nil = self.nil();
        let dst = self.slot(SlotTy::I64);
        self.emit(Inst::CmpRef {
            dst: Dst(dst),
            op: CmpOp::Eq,
            a: Src(a),
            b: Src(nil),
        });
        dst
    }

    /// A new object of a type, in a new slot.
    pub fn new_object(&mut self, ty: TypeId) -> Slot {
        let dst = self.slot(SlotTy::Ref);
        self.emit(Inst::New { dst: Dst(dst), ty });
        self.assume_non_null(dst);
        dst
    }

    /// Calls a function of the runtime; the results are new slots.
    pub fn rt(&mut self, func: RtFn, ty: Option<TypeId>, args: &[Slot]) -> Vec<Slot> {
        let rets = self.slots(func.sig().results);
        self.rt_into(func, ty, args, &rets);
        rets
    }

    /// Calls a function of the runtime.
    pub fn rt_into(&mut self, func: RtFn, ty: Option<TypeId>, args: &[Slot], rets: &[Slot]) {
        self.emit(Inst::CallRt {
            rets: Dsts(rets.into()),
            func,
            ty: inst::OptType(ty),
            args: Srcs(args.into()),
        });
    }

    /// Notes that a slot holds no null from here on in straight-line code.
    pub fn assume_non_null(&mut self, slot: Slot) {
        if !self.dead {
            self.facts.set_non_null(slot);
        }
    }

    /// Panics if a reference is null, unless that is known not to be so.
    pub fn nil_check(&mut self, a: Slot) {
        if !self.facts.is_non_null(a) {
            self.emit(Inst::NilCheck { a: Src(a) });
            self.assume_non_null(a);
        }
    }

    /// Copies between slots of the same types.
    pub fn mov(&mut self, dst: &[Slot], src: &[Slot]) {
        debug_assert_eq!(dst.len(), src.len());
        let mut at = 0;
        while at < dst.len().min(src.len()) {
            let (d, s) = (dst[at], src[at]);
            debug_assert_eq!(self.ty(d), self.ty(s));
            let iface = self.ty(d) == SlotTy::IfaceType;
            if d != s && iface {
                self.emit(Inst::IfaceMov {
                    dst: IfaceDst(d),
                    src: IfaceSrc(s),
                });
            } else if d != s {
                let known = self.facts.is_non_null(s);
                self.emit(Inst::Mov {
                    dst: Dst(d),
                    src: Src(s),
                });
                if known {
                    self.assume_non_null(d);
                }
            }
            at += if iface { 2 } else { 1 };
        }
    }

    /// A copy in new slots.
    pub fn copy(&mut self, src: &[Slot]) -> Vec<Slot> {
        let types: Vec<SlotTy> = src.iter().map(|s| self.ty(*s)).collect();
        let dst = self.slots(&types);
        self.mov(&dst, src);
        dst
    }

    /// Writes zeros into slots.
    pub fn zero(&mut self, dst: &[Slot]) {
        for &slot in dst {
            if let Some(inst) = self.zero_of(slot) {
                self.emit(inst);
            }
        }
    }

    /// What writes zero into a slot; an interface is written with its first.
    fn zero_of(&self, slot: Slot) -> Option<Inst> {
        let dst = Dst(slot);
        Some(match self.ty(slot) {
            SlotTy::I64 => Inst::Const { dst, value: 0 },
            SlotTy::F64 => Inst::ConstF64 {
                dst,
                value: inst::F64Bits(0),
            },
            SlotTy::F32 => Inst::ConstF32 {
                dst,
                value: inst::F32Bits(0),
            },
            SlotTy::Ref => Inst::Nil { dst },
            SlotTy::IfaceType => Inst::IfaceNil {
                dst: IfaceDst(slot),
            },
            SlotTy::IfaceData => return None,
        })
    }

    /// Inserts the prologue.
    fn insert_prologue(&mut self) {
        let at = usize::from(matches!(self.code.first(), Some(Inst::RecoverEnter { .. })));
        let count = self.prologue.len();
        let line = self.lines.first().copied().unwrap_or(0);
        self.code.splice(at..at, self.prologue.drain(..));
        self.lines.splice(at..at, std::iter::repeat_n(line, count));
        for label in &mut self.labels {
            if let Some(place) = label.at.as_mut().filter(|place| **place >= at as u32) {
                *place += count as u32;
            }
        }
    }

    /// The finished function. A body whose end can be reached must have been closed by a terminator.
    pub fn finish(
        mut self,
        name: String,
        file: u32,
        params: usize,
        results: Vec<SlotTy>,
    ) -> Function {
        self.insert_prologue();
        let at = |target: Target| Target(self.labels[target.0 as usize].at.unwrap_or(0));
        for inst in &mut self.code {
            match inst {
                Inst::Jump { to } => *to = at(*to),
                Inst::Br {
                    then, otherwise, ..
                } => {
                    *then = at(*then);
                    *otherwise = at(*otherwise);
                }
                Inst::Switch {
                    targets, otherwise, ..
                } => {
                    targets.0.iter_mut().for_each(|t| *t = at(*t));
                    *otherwise = at(*otherwise);
                }
                _ => {}
            }
        }
        Function {
            name,
            file,
            params: params as u32,
            results,
            slots: self.slots,
            slot_names: self.names,
            code: self.code,
            lines: self.lines,
        }
    }
}
