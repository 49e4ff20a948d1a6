//! Channels and select.

use super::capture::Arrival;
use super::emit::{Emitter, Mode};
use super::raw::Raw;
use crate::codegen::stubs::Stub;
use crate::runtime::chan::{Chan, OK_VALUE, Queue};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::fiber::{Fiber, State};
use crate::runtime::helpers::Helper;
use crate::runtime::panic::Fault;
use crate::runtime::record::RECORD_BYTES;
use crate::runtime::select::{CaseDesc, VALUE};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, StackSlot, Value};
use std::mem::offset_of;
use vo_bytecode::{Inst, Slot, SlotTy};

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

/// A side of a channel, where fibers wait.
#[derive(Clone, Copy)]
enum Side {
    Receivers,
    Senders,
}

impl Side {
    /// Where its queue lies in the channel.
    fn queue(self) -> usize {
        match self {
            Side::Receivers => offset_of!(Chan, receivers),
            Side::Senders => offset_of!(Chan, senders),
        }
    }

    /// The state of those who wait there.
    fn state(self) -> State {
        match self {
            Side::Receivers => State::Receiving,
            Side::Senders => State::Sending,
        }
    }
}

/// Words of a case's description.
const DESC_WORDS: usize = size_of::<CaseDesc>() / 8;

impl Emitter<'_, '_, '_> {
    /// Sends: into the ring or to a waiting fiber where that is all there is to do, else by the
    /// runtime.
    pub fn chan_send(&mut self, at: usize, chan: Slot, vals: &[Slot]) {
        let chan = self.get(chan);
        let values: Vec<Value> = vals.iter().map(|slot| self.get(*slot)).collect();
        let (slow, done) = (self.raw.cold_block(), self.raw.block());
        let (try_ring, ring, try_fiber) = (self.raw.block(), self.raw.block(), self.raw.block());
        let nobody = self.nobody_block(slow);
        self.raw.branch(chan, try_ring, slow);

        self.raw.at(try_ring);
        let len = self.raw.load(I32, chan, offset_of!(Chan, len));
        let room = self.raw.load(I32, chan, offset_of!(Chan, room));
        let fits = self.raw.b.ins().icmp(IntCC::UnsignedLessThan, len, room);
        self.raw.branch(fits, ring, try_fiber);

        self.raw.at(ring);
        let place = self.ring_place(chan, offset_of!(Chan, send_at), vals.len());
        for (word, value) in values.iter().enumerate() {
            self.store_word(*value, place, Chan::BYTES + word * 8);
        }
        let more = self.raw.b.ins().iadd_imm_s(len, 1);
        self.raw.store(more, chan, offset_of!(Chan, len));
        self.raw.jump(done, &[]);

        self.raw.at(try_fiber);
        let receiver = self.pop_fiber(chan, Side::Receivers, nobody, slow);
        let into = self.raw.load(I64, receiver, offset_of!(Fiber, top));
        for (word, value) in values.iter().enumerate() {
            self.store_word(*value, into, RECORD_BYTES + word * 8);
        }
        self.make_ready(receiver);
        self.raw.jump(done, &[]);

        if nobody != slow {
            self.raw.at(nobody);
            self.wait_in(at, chan, Side::Senders, Arrival::Values(vals), slow);
        }

        self.raw.at(slow);
        let words = self.words_on_stack(vals);
        self.raw.set_tmp(0, chan);
        self.raw.set_tmp(1, words);
        self.raw.stub(Stub::ChanSend);
        let status = self.raw.tmp(0);
        self.test_blocking(at, status, Arrival::Values(vals), done);
        self.raw.at(done);
        if self.raw.decls.stress_suspend {
            let one = self.raw.int(1);
            let cx = self.raw.context();
            self.raw.store(one, cx, offset_of!(Context, ok));
            // The words are traced like those of a send that waits.
            self.suspend_although_done(at, Arrival::Room(vals.len()));
        }
    }

    /// The address that, [`Chan::BYTES`] on, is a ring's place at a position, which moves on.
    fn ring_place(&mut self, chan: Value, position: usize, words: usize) -> Value {
        let at = self.raw.load(I32, chan, position);
        let behind = self.raw.b.ins().iadd_imm_s(at, words as i64);
        let end = self.raw.load(I32, chan, offset_of!(Chan, ring_words));
        let wraps = self
            .raw
            .b
            .ins()
            .icmp(IntCC::UnsignedGreaterThanOrEqual, behind, end);
        let start = self.raw.b.ins().iconst(I32, 0);
        let next = self.raw.b.ins().select(wraps, start, behind);
        self.raw.store(next, chan, position);
        let at = self.raw.b.ins().uextend(I64, at);
        let bytes = self.raw.b.ins().ishl_imm_u(at, 3);
        self.raw.b.ins().iadd(chan, bytes)
    }

    /// Where an operation goes on that finds nobody waiting: in the resume form, which has a
    /// record to wait in, to code of its own; else to the runtime.
    fn nobody_block(&mut self, slow: Block) -> Block {
        if self.mode == Mode::Resume && !self.raw.decls.stress_suspend {
            self.raw.block()
        } else {
            slow
        }
    }

    /// Takes the fiber that waits first on one side of a channel. Goes to `nobody` where nobody
    /// waits, and to `slow` where a select does, or where the sender that waits is to refill a
    /// ring.
    fn pop_fiber(&mut self, chan: Value, side: Side, nobody: Block, slow: Block) -> Value {
        let queue = side.queue();
        let head = queue + offset_of!(Queue, head);
        let fiber = self.raw.load(I64, chan, head);
        let (some, plain) = (self.raw.block(), self.raw.block());
        self.raw.branch(fiber, some, nobody);
        self.raw.at(some);
        let state = self.raw.load(I8, fiber, offset_of!(Fiber, state));
        let is_case = self
            .raw
            .b
            .ins()
            .icmp_imm_s(IntCC::Equal, state, State::Case as i64);
        let cap = self.raw.load(I32, chan, offset_of!(Chan, cap));
        let special = match side {
            Side::Receivers => is_case,
            Side::Senders => {
                let is_case = self.raw.b.ins().uextend(I32, is_case);
                self.raw.b.ins().bor(cap, is_case)
            }
        };
        self.raw.branch(special, slow, plain);
        self.raw.at(plain);
        let rest = self.raw.load(I64, fiber, offset_of!(Fiber, link));
        self.raw.store(rest, chan, head);
        let (more, last, taken) = (self.raw.cold_block(), self.raw.block(), self.raw.block());
        self.raw.branch(rest, more, last);
        self.raw.at(more);
        let null = self.raw.int(0);
        self.raw.store(null, rest, offset_of!(Fiber, prev));
        self.raw.jump(taken, &[]);
        self.raw.at(last);
        match side {
            Side::Receivers => self.raw.store(cap, chan, offset_of!(Chan, room)),
            Side::Senders => {
                let floor = self.raw.b.ins().iconst(I32, 0);
                self.raw.store(floor, chan, offset_of!(Chan, floor));
            }
        }
        self.raw.jump(taken, &[]);
        self.raw.at(taken);
        fiber
    }

    /// Queues the running fiber as the only one that waits on a side of a channel, and captures.
    /// Goes to `slow` where the channel is closed or others wait on that side. Ends the block.
    fn wait_in(&mut self, at: usize, chan: Value, side: Side, arrival: Arrival<'_>, slow: Block) {
        let queue = side.queue();
        let head = queue + offset_of!(Queue, head);
        let first = self.raw.load(I64, chan, head);
        let closed = self.raw.load(I8, chan, offset_of!(Chan, closed));
        let closed = self.raw.b.ins().uextend(I64, closed);
        let special = self.raw.b.ins().bor(first, closed);
        let alone = self.raw.block();
        self.raw.branch(special, slow, alone);
        self.raw.at(alone);
        let cx = self.raw.context();
        let fiber = self.raw.load(I64, cx, offset_of!(Context, current));
        let null = self.raw.int(0);
        self.raw.store(null, fiber, offset_of!(Fiber, link));
        self.raw.store(null, fiber, offset_of!(Fiber, prev));
        let state = self.raw.b.ins().iconst(I8, side.state() as i64);
        self.raw.store(state, fiber, offset_of!(Fiber, state));
        let tick = self.raw.load(I32, cx, offset_of!(Context, tick));
        self.raw.store(tick, fiber, offset_of!(Fiber, since));
        self.raw.store(fiber, chan, head);
        let tail = queue + offset_of!(Queue, tail);
        self.raw.store(fiber, chan, tail);
        let (field, shut) = match side {
            Side::Receivers => (offset_of!(Chan, room), 0),
            Side::Senders => (offset_of!(Chan, floor), -1),
        };
        let shut = self.raw.b.ins().iconst(I32, shut);
        self.raw.store(shut, chan, field);
        let point = self
            .point_of(at)
            .expect("a blocking operation is a resume point");
        self.capture(point, arrival);
    }

    /// Wakes a fiber whose operation went through: it goes to the hand-off slot.
    fn make_ready(&mut self, fiber: Value) {
        self.observe_wake(fiber);
        const { assert!(offset_of!(Fiber, ok) == offset_of!(Fiber, state) + 1) };
        let woken = i64::from(OK_VALUE) << 8 | State::Ready as i64;
        let woken = self.raw.b.ins().iconst(I16, woken);
        self.raw.store(woken, fiber, offset_of!(Fiber, state));
        let cx = self.raw.context();
        let old = self.raw.load(I64, cx, offset_of!(Context, next));
        self.raw.store(fiber, cx, offset_of!(Context, next));
        let (push, done) = (self.raw.cold_block(), self.raw.block());
        self.raw.branch(old, push, done);
        self.raw.at(push);
        self.raw.set_tmp(0, old);
        self.raw.stub(Stub::Push);
        self.raw.jump(done, &[]);
        self.raw.at(done);
    }

    /// A woken sender: the value was taken, or the channel was closed.
    pub fn send_arrived(&mut self, ok: Value) {
        self.check(ok, Fault::SendClosed, None, None);
    }

    /// Receives: from the ring or from a waiting fiber where that is all there is to do, else
    /// by the runtime.
    pub fn chan_recv(&mut self, at: usize, vals: &[Slot], ok: Option<Slot>, chan: Slot) {
        let chan = self.get(chan);
        let types: Vec<_> = vals.iter().map(|slot| self.slot_type(*slot)).collect();
        let (slow, waited, done) = (
            self.raw.cold_block(),
            self.raw.cold_block(),
            self.raw.block(),
        );
        let (try_ring, ring, try_fiber) = (self.raw.block(), self.raw.block(), self.raw.block());
        let nobody = self.nobody_block(slow);
        let received: Vec<Value> = types.iter().map(|ty| self.raw.param(done, *ty)).collect();
        let is_value = self.raw.param(done, I64);
        self.raw.branch(chan, try_ring, slow);

        self.raw.at(try_ring);
        let len = self.raw.load(I32, chan, offset_of!(Chan, len));
        let floor = self.raw.load(I32, chan, offset_of!(Chan, floor));
        let has = self
            .raw
            .b
            .ins()
            .icmp(IntCC::UnsignedGreaterThan, len, floor);
        self.raw.branch(has, ring, try_fiber);

        self.raw.at(ring);
        let place = self.ring_place(chan, offset_of!(Chan, recv_at), vals.len());
        let mut values = Vec::with_capacity(vals.len() + 1);
        for (word, ty) in types.iter().enumerate() {
            values.push(self.raw.load(*ty, place, Chan::BYTES + word * 8));
        }
        let null = self.raw.int(0);
        for (word, slot) in vals.iter().enumerate() {
            // Words that hold references are zeroed, so that the ring keeps nothing alive.
            let ty = self.func.slots[slot.index()];
            if matches!(ty, SlotTy::Ref | SlotTy::IfaceType | SlotTy::IfaceData) {
                self.raw.store(null, place, Chan::BYTES + word * 8);
            }
        }
        let less = self.raw.b.ins().iadd_imm_s(len, -1);
        self.raw.store(less, chan, offset_of!(Chan, len));
        values.push(self.raw.int(1));
        self.raw.jump(done, &values);

        self.raw.at(try_fiber);
        let sender = self.pop_fiber(chan, Side::Senders, nobody, slow);
        let from = self.raw.load(I64, sender, offset_of!(Fiber, top));
        let mut values = Vec::with_capacity(vals.len() + 1);
        for (word, ty) in types.iter().enumerate() {
            values.push(self.raw.load(*ty, from, RECORD_BYTES + word * 8));
        }
        self.make_ready(sender);
        values.push(self.raw.int(1));
        self.raw.jump(done, &values);

        if nobody != slow {
            self.raw.at(nobody);
            let room = Arrival::Room(vals.len());
            self.wait_in(at, chan, Side::Receivers, room, slow);
        }

        self.raw.at(slow);
        self.raw.set_tmp(0, chan);
        self.raw.stub(Stub::ChanRecv);
        let status = self.raw.tmp(0);
        self.test_blocking(at, status, Arrival::Room(vals.len()), waited);
        self.raw.at(waited);
        let mut values: Vec<Value> = types
            .iter()
            .enumerate()
            .map(|(word, ty)| self.raw.result(*ty, word))
            .collect();
        let cx = self.raw.context();
        values.push(self.raw.load(I64, cx, offset_of!(Context, ok)));
        self.raw.jump(done, &values);

        self.raw.at(done);
        for (slot, value) in vals.iter().zip(received) {
            self.set(*slot, value);
        }
        if let Some(ok) = ok {
            self.set(ok, is_value);
        }
        if self.raw.decls.stress_suspend {
            let cx = self.raw.context();
            self.raw.store(is_value, cx, offset_of!(Context, ok));
            self.suspend_although_done(at, Arrival::Values(vals));
        }
    }

    /// Goes on at `done` when a blocking operation is done; captures when it waits, leaves when
    /// it panics. Ends the current block.
    pub(super) fn test_blocking(
        &mut self,
        at: usize,
        status: Value,
        waits: Arrival<'_>,
        done: Block,
    ) {
        let point = self
            .point_of(at)
            .expect("a blocking operation is a resume point");
        let other = self.raw.cold_block();
        self.raw.branch(status, other, done);
        self.raw.at(other);
        let (panicked, waiting) = (self.raw.cold_block(), self.raw.cold_block());
        let is_panic = self
            .raw
            .b
            .ins()
            .icmp_imm_s(IntCC::Equal, status, JitResult::Panic as i64);
        self.raw.branch(is_panic, panicked, waiting);
        self.raw.at(panicked);
        self.unwind();
        self.raw.at(waiting);
        self.capture(point, waits);
    }

    /// Under stress: suspends at an operation that is done, with its results arriving. What
    /// comes behind is reached by resumption alone.
    pub(super) fn suspend_although_done(&mut self, at: usize, arrival: Arrival<'_>) {
        let point = self
            .point_of(at)
            .expect("a blocking operation is a resume point");
        self.raw.helper_nothing(Helper::Yield, &[]);
        self.capture(point, arrival);
        let unreachable = self.raw.cold_block();
        self.raw.at(unreachable);
    }

    pub fn chan_close(&mut self, chan: Slot) {
        let chan = self.get(chan);
        self.raw.set_tmp(0, chan);
        self.raw.stub(Stub::ChanClose);
        let status = self.raw.tmp(0);
        self.check_status(status);
    }

    pub fn chan_len(&mut self, dst: Slot, chan: Slot) {
        self.chan_value(dst, chan, |raw, chan| {
            // A hidden ring is not shown.
            let len = raw.load(I32, chan, offset_of!(Chan, len));
            let cap = raw.load(I32, chan, offset_of!(Chan, cap));
            raw.b.ins().umin(len, cap)
        });
    }

    pub fn chan_cap(&mut self, dst: Slot, chan: Slot) {
        self.chan_value(dst, chan, |raw, chan| {
            raw.load(I32, chan, offset_of!(Chan, cap))
        });
    }

    /// A number of a channel; 0 for nil.
    fn chan_value(
        &mut self,
        dst: Slot,
        chan: Slot,
        number: impl FnOnce(&mut Raw<'_, '_>, Value) -> Value,
    ) {
        let chan = self.get(chan);
        let (there, join) = (self.raw.block(), self.raw.block());
        let value = self.raw.param(join, I64);
        let zero = self.raw.int(0);
        self.raw.branch_args(chan, there, &[], join, &[zero]);
        self.raw.at(there);
        let number = number(&mut self.raw, chan);
        let number = self.raw.b.ins().uextend(I64, number);
        self.raw.jump(join, &[number]);
        self.raw.at(join);
        self.set(dst, value);
    }

    pub fn select_begin(&mut self, at: usize, cases: i64, has_default: bool) {
        let cases = cases as usize;
        let func = self.func;
        let values: usize = func.code[at + 1..at + 1 + cases]
            .iter()
            .map(|case| {
                if let Inst::SelectSend { vals, .. } = case {
                    vals.0.len()
                } else {
                    0
                }
            })
            .sum();
        // A value without words still needs an address, to be told from a receive.
        let place = self.raw.stack_words(cases * DESC_WORDS + values + 1);
        let word = cases * DESC_WORDS;
        self.select = Some(SelectGroup {
            place,
            has_default,
            cases,
            next: 0,
            word,
        });
    }

    pub fn select_send(&mut self, chan: Slot, vals: &[Slot]) {
        let Some(mut group) = self.select.take() else {
            return;
        };
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
        let Some(mut group) = self.select.take() else {
            return;
        };
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
        let Some(group) = self.select.take() else {
            return;
        };
        let cases = self.raw.stack_address(group.place, 0);
        let count = self.raw.int(group.cases as i64);
        let has_default = self.raw.int(i64::from(group.has_default));
        let status = self
            .raw
            .helper(Helper::Select, &[cases, count, has_default]);
        let point = self.point_of(at).expect("a select is a resume point");
        let words = self.plan.points[point].arrivals.len();
        let done = self.raw.block();
        self.test_blocking(at, status, Arrival::Select(words), done);
        self.raw.at(done);
        if self.raw.decls.stress_suspend {
            self.suspend_although_done(at, Arrival::Results(words));
        }
        let cx = self.raw.context();
        let results = self
            .raw
            .b
            .ins()
            .iadd_imm_s(cx, offset_of!(Context, results) as i64);
        self.take_outcome(at, results);
    }

    /// A woken select: panics when the chosen case sends and the channel was closed.
    pub fn select_arrived(&mut self, at: usize, words: Value) {
        let func = self.func;
        let index = self.raw.load(I64, words, 0);
        let ok = self.raw.load(I64, words, 8);
        for (number, case) in func.select_cases(at).iter().enumerate() {
            if let Inst::SelectSend { .. } = case {
                let is = self
                    .raw
                    .b
                    .ins()
                    .icmp_imm_s(IntCC::Equal, index, number as i64);
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
            let Inst::SelectRecv {
                vals, ok: ok_slot, ..
            } = case
            else {
                continue;
            };
            let is = self
                .raw
                .b
                .ins()
                .icmp_imm_s(IntCC::Equal, index, number as i64);
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
