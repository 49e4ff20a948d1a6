//! Faults and panics: how they begin, and how they leave the function.

use super::emit::{Emitter, Mode};
use crate::codegen::abi;
use crate::codegen::stubs::Stub;
use crate::runtime::context::Context;
use crate::runtime::helpers::Helper;
use crate::runtime::panic::Fault;
use crate::runtime::record::Record;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use std::mem::offset_of;
use vo_bytecode::Slot;

impl Emitter<'_, '_, '_> {
    /// Goes on when `condition` is not 0, else panics with a fault.
    pub fn check(&mut self, condition: Value, fault: Fault, a: Option<Value>, b: Option<Value>) {
        if let Some(opposite) = self.raw.opposite(condition) {
            return self.check_not(opposite, fault, a, b);
        }
        let (fine, failed) = (self.raw.block(), self.raw.cold_block());
        self.raw.branch(condition, fine, failed);
        self.fail_or_go_on(failed, fine, |this| this.fault(fault, a, b));
    }

    /// Panics with a fault when `condition` is not 0.
    ///
    /// Who goes on is the branch's second successor: Cranelift looks at successors from the last to
    /// the first, and once it has looked at one outside of a loop it moves nothing more out of that.
    pub fn check_not(
        &mut self,
        condition: Value,
        fault: Fault,
        a: Option<Value>,
        b: Option<Value>,
    ) {
        self.leave_when(condition, |this| this.fault(fault, a, b));
    }

    /// Panics with a fault. Ends the current block.
    ///
    /// The operands go through memory to a stub: as arguments of a call they would be bound to
    /// registers, and the allocator would keep them there on the hot path too.
    pub fn fault(&mut self, fault: Fault, a: Option<Value>, b: Option<Value>) {
        for (at, operand) in [a, b].into_iter().enumerate() {
            if let Some(operand) = operand {
                self.raw.set_tmp(at, operand);
            }
        }
        let site = self.site();
        self.raw.set_tmp(2, site);
        let code = self.raw.int(fault as i64);
        self.raw.set_tmp(3, code);
        self.raw.stub(Stub::Fault);
        self.leave_panicking();
    }

    /// Panics with a value. Ends the current block.
    pub fn emit_panic(&mut self, value: Slot) {
        let (type_word, data) = (self.get(value), self.get(value.next()));
        let site = self.site();
        self.raw
            .helper_nothing(Helper::Panic, &[type_word, data, site]);
        self.leave_panicking();
    }

    /// Goes on when a status is `Ok`, else (it can only be `Panic`) leaves panicking.
    pub fn check_status(&mut self, status: Value) {
        self.leave_when(status, Self::unwind);
    }

    /// Leaves, as `leave` does, when `condition` is not 0.
    fn leave_when(&mut self, condition: Value, leave: impl FnOnce(&mut Self)) {
        let (fine, failed) = (self.raw.block(), self.raw.cold_block());
        self.raw.branch(condition, failed, fine);
        self.fail_or_go_on(failed, fine, leave);
    }

    /// Has `failed` leave, and goes on at `fine`.
    fn fail_or_go_on(&mut self, failed: Block, fine: Block, leave: impl FnOnce(&mut Self)) {
        self.raw.at(failed);
        leave(self);
        self.raw.at(fine);
    }

    /// A call or helper has panicked: adds this frame to the trace and leaves. Ends the block.
    pub fn unwind(&mut self) {
        let site = self.site();
        self.raw.helper_nothing(Helper::Unwound, &[site]);
        self.leave_panicking();
    }

    /// Goes where a panic leads: to the landing, or out of the function. Ends the current block.
    pub fn leave_panicking(&mut self) {
        let to = if self.lands {
            self.pad()
        } else {
            self.panic_exit()
        };
        self.raw.jump(to, &[]);
    }

    /// Where panics leave the function.
    pub fn panic_exit(&mut self) -> Block {
        match self.panic_exit {
            Some(exit) => exit,
            None => {
                let exit = self.raw.cold_block();
                self.panic_exit = Some(exit);
                exit
            }
        }
    }

    /// The one place where panics leave the function, if any does.
    pub fn emit_panic_exit(&mut self) {
        let Some(exit) = self.panic_exit else { return };
        self.raw.at(exit);
        match self.mode {
            Mode::Hot => {
                let status = self.raw.int(abi::STATUS_PANIC);
                self.return_status(status);
            }
            Mode::Resume => {
                let frame = self.frame.expect("the resume form has a record");
                let parent = self.raw.load(I64, frame, offset_of!(Record, parent));
                self.leave_resumed(frame, parent, abi::OUTCOME_PANIC);
            }
        }
    }

    /// The resume form was entered with a panic: adds the frame of the record's point to the
    /// trace and leaves.
    pub fn unwind_resumed(&mut self, record: Value) {
        let point = self.raw.load(I32, record, offset_of!(Record, point));
        let point = self.raw.b.ins().uextend(I64, point);
        let cx = self.raw.context();
        let sites = self.raw.load(I64, cx, offset_of!(Context, point_sites));
        let offset = self.raw.b.ins().ishl_imm_u(point, 3);
        let entry = self.raw.b.ins().iadd(sites, offset);
        let site = self.raw.load(I64, entry, 0);
        self.raw.helper_nothing(Helper::Unwound, &[site]);
        if self.analysis.cfg.landing().is_some() {
            self.land_resumed(record);
        } else {
            self.leave_panicking();
        }
    }
}
