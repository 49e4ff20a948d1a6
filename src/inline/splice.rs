//! Copying functions into one: slots get new numbers, jumps new targets, returns become moves.

use super::places::{Frame, Places};
use vo_bytecode::inst::{Renumber, SlotVisitor, Target};
use vo_bytecode::{
    Dst, FuncId, Function, IfaceDst, IfaceSrc, Inst, Module, Slot, SlotName, SlotTy, Src,
};

/// A function that calls are written out in. Calls come in the order of the code.
pub struct Splicer<'a> {
    module: &'a Module,
    places: &'a mut Places,
    id: FuncId,
    /// The function as it was.
    from: &'a Function,
    /// The function as it becomes, its jump targets not yet but for those of copies.
    to: Function,
    sites: Vec<Option<u32>>,
    /// How far `from` has been taken over.
    taken: usize,
    /// Where each instruction of `from` went; where a call stood, where its copy begins.
    moved: Vec<u32>,
    /// The instructions of `to` that were copied: their targets are right.
    copied: Vec<std::ops::Range<usize>>,
}

impl<'a> Splicer<'a> {
    /// Begins with a function.
    pub fn new(module: &'a Module, places: &'a mut Places, id: FuncId) -> Splicer<'a> {
        let from = module.func(id);
        let to = Function {
            name: from.name.clone(),
            file: from.file,
            params: from.params,
            results: from.results.clone(),
            slots: from.slots.clone(),
            slot_names: from.slot_names.clone(),
            code: Vec::with_capacity(from.code.len() * 2),
            lines: Vec::with_capacity(from.code.len() * 2),
        };
        Splicer {
            module,
            places,
            id,
            from,
            to,
            sites: Vec::new(),
            taken: 0,
            moved: Vec::with_capacity(from.code.len()),
            copied: Vec::new(),
        }
    }

    /// Writes the call at an instruction out.
    pub fn call(&mut self, at: usize, callee: FuncId) {
        self.take_until(at);
        let Inst::Call { rets, args, .. } = &self.from.code[at] else {
            unreachable!("only calls are written out");
        };
        self.moved.push(self.to.code.len() as u32);
        self.taken = at + 1;
        let function = self.module.func(callee);
        let map = self.new_slots(function, &args.0, &rets.0);
        let start = self.to.code.len();
        self.pass_arguments(at, function, &map, &args.0);
        self.copy(at, callee, &map, &rets.0);
        self.copied.push(start..self.to.code.len());
    }

    /// Gives the slots of a callee numbers here. A parameter that the callee never writes is the
    /// caller's own slot, unless a result goes there.
    fn new_slots(&mut self, function: &Function, args: &[Slot], rets: &[Slot]) -> Vec<Slot> {
        let written = written(function);
        let first = self.to.slots.len() as u32;
        let mut map: Vec<Slot> = (first..).map(Slot).take(function.slots.len()).collect();
        self.to.slots.extend_from_slice(&function.slots);
        let keeps = |at: usize| !written[at] && !rets.contains(&args[at]);
        let mut at = 0;
        while at < args.len() {
            let width = width(function.slots[at]);
            if (at..at + width).all(keeps) {
                map[at..at + width].copy_from_slice(&args[at..at + width]);
            }
            at += width;
        }
        for name in &function.slot_names {
            let slot = map[name.slot.index()];
            if slot.0 >= first {
                self.to.slot_names.push(SlotName {
                    slot,
                    ..name.clone()
                });
            }
        }
        map
    }

    /// Moves arguments into the callee's slots.
    fn pass_arguments(&mut self, at: usize, function: &Function, map: &[Slot], args: &[Slot]) {
        let params = &function.slots[..args.len()];
        for number in 0..args.len() {
            let (to, from) = (map[number], args[number]);
            if to != from {
                self.move_slot(at, params[number], to, from);
            }
        }
    }

    /// Moves a slot; of an interface, both when it is the first.
    fn move_slot(&mut self, at: usize, ty: SlotTy, to: Slot, from: Slot) {
        let inst = match ty {
            SlotTy::IfaceType => Inst::IfaceMov {
                dst: IfaceDst(to),
                src: IfaceSrc(from),
            },
            SlotTy::IfaceData => return,
            SlotTy::I64 | SlotTy::F64 | SlotTy::F32 | SlotTy::Ref => Inst::Mov {
                dst: Dst(to),
                src: Src(from),
            },
        };
        self.push_here(at, inst);
    }

    /// Adds an instruction of the call's own.
    fn push_here(&mut self, at: usize, inst: Inst) {
        let site = self.places.site_number(self.id, at);
        self.push(inst, self.from.lines[at], site);
    }

    fn push(&mut self, inst: Inst, line: u32, site: Option<u32>) {
        self.to.code.push(inst);
        self.to.lines.push(line);
        self.sites.push(site);
    }

    /// Copies the callee's code, with its slots and targets.
    fn copy(&mut self, at: usize, callee: FuncId, map: &[Slot], rets: &[Slot]) {
        let function = self.module.func(callee);
        let line = self.from.lines[at];
        // Where each instruction goes: a return becomes a move for each result and a jump, but
        // the last one, which needs no jump.
        let moves = function
            .results
            .iter()
            .filter(|ty| **ty != SlotTy::IfaceData)
            .count();
        let last = function.code.len() - 1;
        let mut next = self.to.code.len();
        let mut starts = Vec::with_capacity(function.code.len() + 1);
        for (number, inst) in function.code.iter().enumerate() {
            starts.push(next as u32);
            next += match inst {
                Inst::Return { .. } => moves + usize::from(number != last),
                _ => 1,
            };
        }
        let end = Target(next as u32);
        let mut new = Copied { map, starts };
        for (number, inst) in function.code.iter().enumerate() {
            if let Inst::Return { values } = inst {
                for (result, value) in values.0.iter().enumerate() {
                    let ty = function.results[result];
                    self.move_slot(at, ty, rets[result], new.slot(*value));
                }
                if number != last {
                    self.push_here(at, Inst::Jump { to: end });
                }
                continue;
            }
            let mut inst = inst.clone();
            inst.renumber(&mut new);
            let frames = self.frames(at, callee, number);
            let site = self.places.number(frames);
            self.push(inst, line, Some(site));
        }
    }

    /// The frames of a callee's instruction, copied to a call's place.
    fn frames(&self, at: usize, callee: FuncId, number: usize) -> Vec<Frame> {
        let own = |func: FuncId, inst: usize| Frame {
            func,
            line: self.module.func(func).lines[inst],
        };
        let of = |func, inst| match self.places.of(func, inst) {
            Some(frames) => frames.to_vec(),
            None => vec![own(func, inst)],
        };
        let mut frames = of(callee, number);
        frames.extend(of(self.id, at));
        frames
    }

    /// Takes the code over up to an instruction.
    fn take_until(&mut self, at: usize) {
        while self.taken < at {
            let from = self.taken;
            self.moved.push(self.to.code.len() as u32);
            let site = self.places.site_number(self.id, from);
            self.push(self.from.code[from].clone(), self.from.lines[from], site);
            self.taken += 1;
        }
    }

    /// The function with the calls written out, and the places of its instructions.
    pub fn finish(mut self) -> (Function, Vec<Option<u32>>) {
        self.take_until(self.from.code.len());
        let mut copied = self.copied.iter().peekable();
        let mut new = Moved(&self.moved);
        for (at, inst) in self.to.code.iter_mut().enumerate() {
            while copied.peek().is_some_and(|range| range.end <= at) {
                copied.next();
            }
            if copied.peek().is_none_or(|range| at < range.start) {
                inst.renumber(&mut new);
            }
        }
        (self.to, self.sites)
    }
}

/// The slots that a function's code writes.
fn written(function: &Function) -> Vec<bool> {
    struct Written(Vec<bool>);
    impl SlotVisitor for Written {
        fn read(&mut self, _: Slot) {}
        fn write(&mut self, slot: Slot) {
            self.0[slot.index()] = true;
        }
    }
    let mut written = Written(vec![false; function.slots.len()]);
    for inst in &function.code {
        inst.visit_slots(&mut written);
    }
    written.0
}

/// How many slots the value that begins in one has.
fn width(ty: SlotTy) -> usize {
    match ty {
        SlotTy::IfaceType => 2,
        _ => 1,
    }
}

/// The numbers of a callee's slots and instructions where they were copied to.
struct Copied<'a> {
    map: &'a [Slot],
    starts: Vec<u32>,
}

impl Renumber for Copied<'_> {
    fn slot(&mut self, slot: Slot) -> Slot {
        self.map[slot.index()]
    }
    fn target(&mut self, target: Target) -> Target {
        Target(self.starts[target.0 as usize])
    }
}

/// The numbers of a caller's instructions after those before them were written out.
struct Moved<'a>(&'a [u32]);

impl Renumber for Moved<'_> {
    fn slot(&mut self, slot: Slot) -> Slot {
        slot
    }
    fn target(&mut self, target: Target) -> Target {
        Target(self.0[target.0 as usize])
    }
}
