//! Deferred calls, landings and recovery.
//!
//! Deferred calls themselves are plain calls behind tests of bits. What stands here is the way of
//! panics: every place from which one leaves the function jumps to one *pad*, which asks the runtime
//! whether deferred calls are to run; then the function goes on at its landing, else it is left.

use super::emit::{Emitter, Mode};
use crate::cfg::BlockId;
use crate::runtime::context::Context;
use crate::runtime::helpers::Helper;
use crate::runtime::record::{RECORD_BYTES, Record};
use crate::split::{Point, PointKind};
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, JumpTableData, Value};
use std::mem::offset_of;
use vo_bytecode::{Callee, Inst, Slot};

impl Emitter<'_, '_, '_> {
    pub fn defer_push(&mut self, calls: Slot, old: Slot, call: i64) {
        let old = self.get(old);
        let bits = self.raw.b.ins().bor_imm_s(old, 1 << call);
        self.set(calls, bits);
    }

    pub fn run_defers(&mut self, calls: Slot, old: Slot, errors: i64, failed: Slot) {
        let mut bits = self.get(old);
        if errors != 0 {
            let kept = self.raw.b.ins().band_imm_s(bits, !errors);
            let failed = self.get(failed);
            bits = self.raw.b.ins().select(failed, bits, kept);
        }
        self.set(calls, bits);
    }

    /// Stands before the landing's block: the pad. Its jumps may all come behind.
    pub fn emit_pad(&mut self, block: BlockId) {
        let range = self.analysis.cfg.range(block);
        let Inst::PanicLand { former, .. } = &self.func.code[range.start] else {
            unreachable!("the landing begins with its instruction");
        };
        let pad = self.pad();
        self.raw.at_open(pad);
        let former = self.get(former.0);
        let number = self.raw.helper(Helper::Land, &[former]);
        self.landed = Some(number);
        let exit = self.panic_exit();
        let landing = self.blocks[block.index()];
        self.raw.branch(number, landing, exit);
    }

    /// The block that panics of the function go to.
    pub fn pad(&mut self) -> Block {
        match self.pad {
            Some(pad) => pad,
            None => {
                let pad = self.raw.cold_block();
                self.pad = Some(pad);
                pad
            }
        }
    }

    pub fn panic_land(&mut self, panic: Slot) {
        let number = self.landed.expect("the pad stands before the landing");
        self.set(panic, number);
    }

    pub fn panic_over(&mut self, dst: Slot, panic: Slot) {
        let number = self.get(panic);
        let over = self.raw.helper(Helper::PanicOver, &[number]);
        self.set(dst, over);
    }

    pub fn panic_on(&mut self, panic: Slot) {
        let number = self.get(panic);
        self.raw.helper_nothing(Helper::PanicOn, &[number]);
        let exit = self.panic_exit();
        self.raw.jump(exit, &[]);
    }

    pub fn recover_arm(&mut self, panic: Slot, callee: &Callee) {
        let number = self.get(panic);
        match *callee {
            Callee::Func(id) => {
                if self.raw.decls.program.recovers(id) {
                    let cx = self.raw.context();
                    self.raw.store(number, cx, offset_of!(Context, recoverable));
                }
            }
            Callee::Closure(closure) => {
                let closure = self.get(closure);
                self.raw
                    .helper_nothing(Helper::ArmClosure, &[number, closure]);
            }
            Callee::Method(receiver, method) => {
                let type_word = self.get(receiver);
                let method = self.raw.int(i64::from(method.0));
                self.raw
                    .helper_nothing(Helper::ArmMethod, &[number, type_word, method]);
            }
        }
    }

    /// Takes the panic before anything else can run, so the entry check of such a function stands
    /// here and not before.
    pub fn recover_enter(&mut self, at: usize, panic: Slot) {
        let cx = self.raw.context();
        let field = offset_of!(Context, recoverable);
        let number = self.raw.load(I64, cx, field);
        let none = self.raw.int(0);
        self.raw.store(none, cx, field);
        self.set(panic, number);
        if self.mode == Mode::Hot
            && let Some(point) = self.point_of(at)
        {
            let go_on = self.raw.block();
            self.entry_check(point, go_on);
            self.raw.at(go_on);
        }
    }

    pub fn recover(&mut self, dst: Slot, rest: [Slot; 3], panic: Slot) {
        let number = self.get(panic);
        let status = self.raw.helper(Helper::Recover, &[number]);
        self.check_status(status);
        let [kind, ptr, len] = rest;
        self.take_results(&[dst, dst.next(), kind, ptr, len]);
    }

    /// The resume form was entered with a panic, in a function with deferred calls: takes the
    /// values that the record's point carries, and goes to the pad. Ends the current block.
    pub fn land_resumed(&mut self, record: Value) {
        let plan = self.plan;
        let exit = self.panic_exit();
        // At the other points nothing is deferred yet, or no panic arrives.
        let lands = |point: &Point| matches!(point.kind, PointKind::Call | PointKind::Poll);
        let entries: Vec<Block> = plan
            .points
            .iter()
            .map(|point| {
                if lands(point) {
                    self.raw.cold_block()
                } else {
                    exit
                }
            })
            .collect();
        let point = self.raw.load(I32, record, offset_of!(Record, point));
        let index = self
            .raw
            .b
            .ins()
            .iadd_imm_s(point, -i64::from(plan.first_point));
        let b = &mut self.raw.b;
        let calls: Vec<_> = entries
            .iter()
            .map(|entry| b.func.dfg.block_call(*entry, &[]))
            .collect();
        let table = b.create_jump_table(JumpTableData::new(calls[0], &calls));
        b.ins().br_table(index, table);
        let pad = self.pad();
        for (point, entry) in plan.points.iter().zip(entries) {
            if !lands(point) {
                continue;
            }
            self.raw.at(entry);
            for live in &point.live {
                let ty = self.slot_type(live.slot);
                let word = RECORD_BYTES + usize::from(live.home) * 8;
                let value = self.raw.load(ty, record, word);
                self.set(live.slot, value);
            }
            self.raw.jump(pad, &[]);
        }
    }
}
