//! Channels and select.

use super::capture::Arrival;
use super::emit::Emitter;
use crate::runtime::chan::Chan;
use crate::runtime::context::{Context, JitResult};
use crate::runtime::helpers::Helper;
use crate::runtime::panic::Fault;
use crate::runtime::select::{CaseDesc, VALUE};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, StackSlot, Value};
use std::mem::offset_of;
use vo_bytecode::{Inst, Slot};

/// A select whose cases are being collected on the native stack: descriptions, then the words
/// of values to send.
pub(super) struct SelectGroup {
    place: StackSlot,
    has_default: bool,
    cases: usize,
    /// Cases collected so far.
    next: usize,
    /// The next free word for a value.
    word: usize,
}

/// Words of a case's description.
const DESC_WORDS: usize = size_of::<CaseDesc>() / 8;

impl Emitter<'_, '_, '_> {
    pub fn chan_send(&mut self, at: usize, chan: Slot, vals: &[Slot]) {
        let chan = self.get(chan);
        let words = self.words_on_stack(vals);
        let status = self.raw.helper(Helper::ChanSend, &[chan, words]);
        self.finish_blocking(at, status, Arrival::Values(vals), Arrival::Nothing);
    }

    /// A woken sender: the value was taken, or the channel was closed.
    pub fn send_arrived(&mut self, ok: Value) {
        self.check(ok, Fault::SendClosed, None, None);
    }

    pub fn chan_recv(&mut self, at: usize, vals: &[Slot], ok: Option<Slot>, chan: Slot) {
        let chan = self.get(chan);
        let status = self.raw.helper(Helper::ChanRecv, &[chan]);
        let words = vals.len();
        self.finish_blocking(at, status, Arrival::Room(words), Arrival::Results(words));
        self.take_results(vals);
        if let Some(ok) = ok {
            let cx = self.raw.context();
            let value = self.raw.load(I64, cx, offset_of!(Context, ok));
            self.set(ok, value);
        }
    }

    /// Goes on when a blocking operation is done; captures when it waits, leaves when it panics.
    /// Under stress the operation suspends although it is done, with `done` arriving.
    fn finish_blocking(&mut self, at: usize, status: Value, waits: Arrival<'_>, done: Arrival<'_>) {
        let point = self.point_of(at).expect("a blocking operation is a resume point");
        let (fine, other) = (self.raw.block(), self.raw.cold_block());
        self.raw.branch(status, other, fine);
        self.raw.at(other);
        let (panicked, waiting) = (self.raw.cold_block(), self.raw.cold_block());
        let is_panic =
            self.raw.b.ins().icmp_imm_s(IntCC::Equal, status, JitResult::Panic as i64);
        self.raw.branch(is_panic, panicked, waiting);
        self.raw.at(panicked);
        self.unwind();
        self.raw.at(waiting);
        self.capture(point, waits);
        self.raw.at(fine);
        if self.raw.decls.stress_suspend {
            self.raw.helper_nothing(Helper::Yield, &[]);
            self.capture(point, done);
            let unreachable = self.raw.cold_block();
            self.raw.at(unreachable);
        }
    }

    pub fn chan_close(&mut self, chan: Slot) {
        let chan = self.get(chan);
        let status = self.raw.helper(Helper::ChanClose, &[chan]);
        self.check_status(status);
    }

    pub fn chan_len(&mut self, dst: Slot, chan: Slot) {
        self.chan_field(dst, chan, offset_of!(Chan, len));
    }

    pub fn chan_cap(&mut self, dst: Slot, chan: Slot) {
        self.chan_field(dst, chan, offset_of!(Chan, cap));
    }

    /// A field of a channel; 0 for nil.
    fn chan_field(&mut self, dst: Slot, chan: Slot, offset: usize) {
        let chan = self.get(chan);
        let (there, join) = (self.raw.block(), self.raw.block());
        let value = self.raw.param(join, I64);
        let zero = self.raw.int(0);
        self.raw.branch_args(chan, there, &[], join, &[zero]);
        self.raw.at(there);
        let field = self.raw.load(I32, chan, offset);
        let field = self.raw.b.ins().uextend(I64, field);
        self.raw.jump(join, &[field]);
        self.raw.at(join);
        self.set(dst, value);
    }

    pub fn select_begin(&mut self, at: usize, cases: i64, has_default: bool) {
        let cases = cases as usize;
        let func = self.func;
        let values: usize = func.code[at + 1..at + 1 + cases]
            .iter()
            .map(|case| if let Inst::SelectSend { vals, .. } = case { vals.0.len() } else { 0 })
            .sum();
        // A value without words still needs an address, to be told from a receive.
        let place = self.raw.stack_words(cases * DESC_WORDS + values + 1);
        let word = cases * DESC_WORDS;
        self.select = Some(SelectGroup { place, has_default, cases, next: 0, word });
    }

    pub fn select_send(&mut self, chan: Slot, vals: &[Slot]) {
        let Some(mut group) = self.select.take() else { return };
        let value = self.raw.stack_address(group.place, group.word);
        for (at, slot) in vals.iter().enumerate() {
            let word = self.get(*slot);
            self.store_word(word, value, at * 8);
        }
        group.word += vals.len();
        self.describe(&mut group, chan, value);
        self.select = Some(group);
    }

    pub fn select_recv(&mut self, chan: Slot) {
        let Some(mut group) = self.select.take() else { return };
        let none = self.raw.int(0);
        self.describe(&mut group, chan, none);
        self.select = Some(group);
    }

    fn describe(&mut self, group: &mut SelectGroup, chan: Slot, value: Value) {
        let chan = self.get(chan);
        let desc = self.raw.stack_address(group.place, group.next * DESC_WORDS);
        self.raw.store(chan, desc, offset_of!(CaseDesc, chan));
        self.raw.store(value, desc, offset_of!(CaseDesc, value));
        group.next += 1;
    }

    pub fn select_exec(&mut self, at: usize) {
        let Some(group) = self.select.take() else { return };
        let cases = self.raw.stack_address(group.place, 0);
        let count = self.raw.int(group.cases as i64);
        let has_default = self.raw.int(i64::from(group.has_default));
        let status = self.raw.helper(Helper::Select, &[cases, count, has_default]);
        let point = self.point_of(at).expect("a select is a resume point");
        let words = self.plan.points[point].arrivals.len();
        self.finish_blocking(at, status, Arrival::Select(words), Arrival::Results(words));
        let cx = self.raw.context();
        let results = self.raw.b.ins().iadd_imm_s(cx, offset_of!(Context, results) as i64);
        self.take_outcome(at, results);
    }

    /// A woken select: panics when the chosen case sends and the channel was closed.
    pub fn select_arrived(&mut self, at: usize, words: Value) {
        let func = self.func;
        let index = self.raw.load(I64, words, 0);
        let ok = self.raw.load(I64, words, 8);
        for (number, case) in func.select_cases(at).iter().enumerate() {
            if let Inst::SelectSend { .. } = case {
                let is = self.raw.b.ins().icmp_imm_s(IntCC::Equal, index, number as i64);
                let closed = self.raw.b.ins().icmp_imm_s(IntCC::Equal, ok, 0);
                let failed = self.raw.b.ins().band(is, closed);
                self.check_not(failed, Fault::SendClosed, None, None);
            }
        }
        self.take_outcome(at, words);
    }

    /// Takes index, values and ok from the outcome words; cases not chosen get zeros.
    fn take_outcome(&mut self, at: usize, words: Value) {
        let func = self.func;
        let index = self.raw.load(I64, words, 0);
        let ok = self.raw.load(I64, words, 8);
        if let Inst::SelectExec { index: dst } = &func.code[at] {
            self.set(dst.0, index);
        }
        let cases = func.select_cases(at);
        for (number, case) in cases.iter().enumerate() {
            let Inst::SelectRecv { vals, ok: ok_slot, .. } = case else { continue };
            let is = self.raw.b.ins().icmp_imm_s(IntCC::Equal, index, number as i64);
            for (word, slot) in vals.0.iter().enumerate() {
                let ty = self.slot_type(*slot);
                let value = self.raw.load(ty, words, (VALUE + word) * 8);
                let zero = self.raw.zero(ty);
                let value = self.raw.b.ins().select(is, value, zero);
                self.set(*slot, value);
            }
            if let Some(slot) = ok_slot.0 {
                let zero = self.raw.int(0);
                let value = self.raw.b.ins().select(is, ok, zero);
                self.set(slot, value);
            }
        }
    }
}
