//! How a native frame becomes a record, and comes back.

use super::emit::{Emitter, Mode};
use crate::codegen::abi;
use crate::codegen::stubs::{Stub, record_class};
use crate::runtime::context::{CAPTURE, Context};
use crate::runtime::fiber::Fiber;
use crate::runtime::record::{MAX_CLASS_WORDS, RECORD_BYTES, RECORD_CLASSES, Record};
use crate::split::PointKind;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use std::mem::offset_of;
use vo_bytecode::{Inst, Slot};

/// What a capture puts into the record's arrival words, and whose it is.
pub(super) enum Arrival<'v> {
    /// A callee suspended, with this record; its results will come.
    Callee(Value),
    /// Nothing arrives.
    Nothing,
    /// The function's own parameters.
    Parameters,
    /// These values wait to be taken.
    Values(&'v [Slot]),
    /// So many words will arrive; they are zero until then.
    Room(usize),
    /// The address of the waiting select, then room.
    Select(usize),
    /// The operation is done and its results are in the context: so many words.
    Results(usize),
}

impl Emitter<'_, '_, '_> {
    /// Leaves the function at a resume point: stores what the point carries into a record, and
    /// suspends. Ends the current block.
    pub fn capture(&mut self, point: usize, arrival: Arrival<'_>) {
        self.observe_capture(point, !matches!(arrival, Arrival::Callee(_)));
        let record = self.take_record();
        let number = self.plan.first_point + point as u32;
        let number = self.raw.b.ins().iconst(I32, i64::from(number));
        self.raw.store(number, record, offset_of!(Record, point));
        let plan = self.plan;
        for live in &plan.points[point].live {
            if live.clean && self.mode == Mode::Resume {
                continue;
            }
            let value = self.get(live.slot);
            self.raw.store(value, record, word(usize::from(live.home)));
        }
        if let Arrival::Callee(child) = arrival {
            self.raw.store(record, child, offset_of!(Record, parent));
        } else {
            self.make_innermost(record);
            self.store_arrival(record, &arrival);
        }
        self.raw.count(offset_of!(Context, suspensions));
        match self.mode {
            Mode::Hot => self.return_status(record),
            Mode::Resume => self.leave_waiting(),
        }
    }

    /// Leaves the resume form for the next fiber. Each function has a dispatch of its own, so
    /// that the processor's prediction of who is next has the function as context.
    fn leave_waiting(&mut self) {
        let exit = match self.dispatch_exit {
            Some(exit) => exit,
            None => {
                let exit = self.raw.block();
                self.dispatch_exit = Some(exit);
                exit
            }
        };
        self.raw.jump(exit, &[]);
    }

    /// Emits the one dispatch of the resume form, if it has one.
    pub fn emit_dispatch_exit(&mut self) {
        if let Some(exit) = self.dispatch_exit {
            self.raw.at(exit);
            self.raw.take_and_enter();
        }
    }

    /// The record to capture into: the resume form's own, or a new one.
    fn take_record(&mut self) -> Value {
        if let Some(frame) = self.frame {
            return frame;
        }
        let class = record_class(self.plan.words);
        if class == RECORD_CLASSES {
            let words = self.raw.int(i64::from(self.plan.words));
            self.raw.set_tmp(0, words);
        }
        self.raw.stub(Stub::Record(class));
        self.raw.tmp(0)
    }

    /// Notes the record as the running fiber's innermost.
    fn make_innermost(&mut self, record: Value) {
        let cx = self.raw.context();
        let fiber = self.raw.load(I64, cx, offset_of!(Context, current));
        self.raw.store(record, fiber, offset_of!(Fiber, top));
    }

    fn store_arrival(&mut self, record: Value, arrival: &Arrival<'_>) {
        match arrival {
            Arrival::Callee(_) | Arrival::Nothing => {}
            Arrival::Parameters => {
                for at in 0..self.func.params as usize {
                    let value = self.get(Slot(at as u32));
                    self.raw.store(value, record, word(at));
                }
            }
            Arrival::Values(slots) => {
                for (at, slot) in slots.iter().enumerate() {
                    let value = self.get(*slot);
                    self.raw.store(value, record, word(at));
                }
            }
            Arrival::Room(words) => self.clear_words(record, 0..*words),
            Arrival::Select(words) => {
                let cx = self.raw.context();
                let select = self.raw.load(I64, cx, offset_of!(Context, select));
                self.raw.store(select, record, word(0));
                self.clear_words(record, 1..*words);
            }
            Arrival::Results(words) => {
                for at in 0..*words {
                    let value = self.raw.result(I64, at);
                    self.raw.store(value, record, word(at));
                }
            }
        }
    }

    fn clear_words(&mut self, record: Value, words: std::ops::Range<usize>) {
        let zero = self.raw.int(0);
        for at in words {
            self.raw.store(zero, record, word(at));
        }
    }

    /// Returns from the hot form with a status and no results.
    pub fn return_status(&mut self, status: Value) {
        let mut values = Vec::new();
        if abi::in_registers(&self.func.results) {
            for ty in &self.func.results {
                values.push(self.raw.zero(abi::machine_type(*ty)));
            }
        }
        values.push(status);
        self.raw.ret(&values);
    }

    /// Leaves the function with its results.
    pub fn emit_return(&mut self, results: &[Slot]) {
        let values: Vec<Value> = results.iter().map(|slot| self.get(*slot)).collect();
        let Some(frame) = self.frame else {
            return self.return_hot(&values);
        };
        let parent = self.raw.load(I64, frame, offset_of!(Record, parent));
        for (at, value) in values.iter().enumerate() {
            self.raw.store(*value, parent, word(at));
        }
        self.leave_resumed(frame, parent, abi::OUTCOME_OK);
    }

    fn return_hot(&mut self, values: &[Value]) {
        let mut returned = Vec::new();
        if abi::in_registers(&self.func.results) {
            returned.extend(values);
        } else {
            let cx = self.raw.context();
            for (at, value) in values.iter().enumerate() {
                self.raw
                    .store(*value, cx, offset_of!(Context, results) + at * 8);
            }
        }
        if abi::has_status(self.plan) {
            returned.push(self.raw.int(abi::STATUS_OK));
        }
        self.raw.ret(&returned);
    }

    /// Frees the resume form's record, unless it lies in a fiber, and enters its parent.
    pub fn leave_resumed(&mut self, frame: Value, parent: Value, outcome: i64) {
        let cx = self.raw.context();
        let exit = self.raw.load(I64, cx, offset_of!(Context, exit_record));
        let is_root = self.raw.b.ins().icmp(IntCC::Equal, parent, exit);
        let (own, go_on) = (self.raw.block(), self.raw.block());
        self.raw.branch(is_root, go_on, own);
        self.raw.at(own);
        if usize::from(self.plan.words) <= MAX_CLASS_WORDS {
            let class = record_class(self.plan.words);
            let list = offset_of!(Context, records) + class * size_of::<*mut Record>();
            let head = self.raw.load(I64, cx, list);
            self.raw.store(head, frame, offset_of!(Record, parent));
            self.raw.store(frame, cx, list);
        } else {
            self.raw
                .helper_nothing(crate::runtime::helpers::Helper::FreeRecord, &[frame]);
        }
        self.raw.jump(go_on, &[]);
        self.raw.at(go_on);
        let outcome = self.raw.int(outcome);
        self.raw.enter_record(parent, outcome);
    }

    /// Takes what has arrived in the resume form's record for a point.
    pub fn arrive(&mut self, point: usize, record: Value) {
        let plan = self.plan;
        let func = self.func;
        let point = &plan.points[point];
        let inst = &func.code[point.inst as usize];
        match (point.kind, inst) {
            (PointKind::Call, Inst::Call { rets, .. }) => self.load_words(record, &rets.0),
            (PointKind::ChanRecv, Inst::ChanRecv { vals, ok, .. })
            | (PointKind::PortRecv, Inst::PortRecv { vals, ok, .. }) => {
                self.load_words(record, &vals.0);
                if let Some(ok) = ok.0 {
                    let value = self.fiber_ok();
                    self.set(ok, value);
                }
            }
            (PointKind::ChanSend, _) => {
                let ok = self.fiber_ok();
                self.send_arrived(ok);
            }
            (PointKind::PortSend, _) => {
                let ok = self.fiber_ok();
                self.port_send_arrived(ok);
            }
            (PointKind::Select, _) => {
                let words = self.raw.b.ins().iadd_imm_s(record, RECORD_BYTES as i64);
                self.select_arrived(point.inst as usize, words);
            }
            (PointKind::Native, Inst::CallRt { rets, func, ty, .. }) => {
                self.native_arrived(&rets.0, *func, *ty);
            }
            _ => {}
        }
    }

    fn load_words(&mut self, record: Value, slots: &[Slot]) {
        for (at, slot) in slots.iter().enumerate() {
            let value = self.raw.load(self.slot_type(*slot), record, word(at));
            self.set(*slot, value);
        }
    }

    /// The outcome of the operation that the running fiber waited for.
    fn fiber_ok(&mut self) -> Value {
        let cx = self.raw.context();
        let fiber = self.raw.load(I64, cx, offset_of!(Context, current));
        let ok = self.raw.load(I8, fiber, offset_of!(Fiber, ok));
        self.raw.b.ins().uextend(I64, ok)
    }

    /// The entry check: captures when the stack pointer is below the limit word, which serves
    /// the stack's own limit and requests alike. Else goes on at `target`.
    pub fn check_entry(&mut self, target: Block) {
        self.entry_check(ENTRY_POINT, target);
    }

    /// The same check, which captures at `point`.
    pub fn entry_check(&mut self, point: usize, target: Block) {
        let stack_pointer = self.raw.b.ins().get_stack_pointer(I64);
        let cx = self.raw.context();
        let limit = self.raw.load(I64, cx, offset_of!(Context, limit));
        let reached = self
            .raw
            .b
            .ins()
            .icmp(IntCC::UnsignedLessThan, stack_pointer, limit);
        self.poll_when(reached, point, target);
    }

    /// The poll of a back edge: captures at `point` when the limit word asks for it. Else goes
    /// on at `target`.
    pub fn poll(&mut self, point: usize, target: Block) {
        let cx = self.raw.context();
        let limit = self.raw.load(I64, cx, offset_of!(Context, limit));
        let asked = self
            .raw
            .b
            .ins()
            .icmp_imm_s(IntCC::Equal, limit, CAPTURE as i64);
        self.poll_when(asked, point, target);
    }

    fn poll_when(&mut self, condition: Value, point: usize, target: Block) {
        let slow = self.raw.cold_block();
        self.raw.branch(condition, slow, target);
        self.raw.at(slow);
        let stack_pointer = self.raw.b.ins().get_stack_pointer(I64);
        self.raw.set_tmp(0, stack_pointer);
        self.raw.stub(Stub::Poll);
        let captures = self.raw.tmp(0);
        let capture = self.raw.cold_block();
        self.raw.branch(captures, capture, target);
        self.raw.at(capture);
        let is_entry = point == ENTRY_POINT;
        self.capture(
            point,
            if is_entry {
                Arrival::Parameters
            } else {
                Arrival::Nothing
            },
        );
    }
}

/// The number of a function's entry point.
const ENTRY_POINT: usize = 0;

/// The offset of a record's word.
fn word(at: usize) -> usize {
    RECORD_BYTES + at * 8
}
