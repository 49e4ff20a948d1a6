//! Islands and ports: all of it is the runtime's, for values are packed and unpacked.

use super::capture::Arrival;
use super::emit::Emitter;
use crate::runtime::chan::OK_VALUE;
use crate::runtime::context::Context;
use crate::runtime::helpers::Helper;
use crate::runtime::panic::Fault;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use std::mem::offset_of;
use vo_bytecode::{Callee, Slot, TypeId};

impl Emitter<'_, '_, '_> {
    pub fn go_island(
        &mut self,
        at: usize,
        island: Slot,
        callee: &Callee,
        ty: TypeId,
        args: &[Slot],
    ) {
        let island = self.get(island);
        let (func, closure) = match *callee {
            Callee::Func(id) => (self.raw.int(i64::from(id.0)), self.raw.int(0)),
            Callee::Closure(slot) => {
                let closure = self.get(slot);
                self.check(closure, Fault::GoNil, None, None);
                (self.raw.int(0), closure)
            }
            // The verifier lets no interface leave its island.
            Callee::Method(..) => return,
        };
        let words = self.words_on_stack(args);
        let ty = self.raw.int(i64::from(ty.0));
        let count = self.raw.int(args.len() as i64);
        let origin = self.raw.int(i64::from(self.origin(at)));
        let operands = [island, func, closure, ty, words, count, origin];
        let status = self.raw.helper(Helper::GoIsland, &operands);
        let done = self.raw.block();
        self.test_blocking(at, status, Arrival::Nothing, done);
        self.raw.at(done);
        if self.raw.decls.stress_suspend {
            self.suspend_although_done(at, Arrival::Nothing);
        }
    }

    pub fn port_send(&mut self, at: usize, port: Slot, vals: &[Slot]) {
        let port = self.get(port);
        let words = self.words_on_stack(vals);
        let status = self.raw.helper(Helper::PortSend, &[port, words]);
        let done = self.raw.block();
        self.test_blocking(at, status, Arrival::Nothing, done);
        self.raw.at(done);
        if self.raw.decls.stress_suspend {
            self.suspend_although_done(at, Arrival::Nothing);
        }
    }

    /// A woken sender: the value has gone, or the port was closed, or its island has ended.
    pub fn port_send_arrived(&mut self, ok: Value) {
        let sent = self
            .raw
            .b
            .ins()
            .icmp_imm_s(IntCC::Equal, ok, i64::from(OK_VALUE));
        let sent = self.raw.b.ins().uextend(I64, sent);
        self.check(sent, Fault::PortSendClosed, Some(ok), None);
    }

    pub fn port_recv(&mut self, at: usize, vals: &[Slot], ok: Option<Slot>, port: Slot) {
        let port = self.get(port);
        let status = self.raw.helper(Helper::PortRecv, &[port]);
        let done = self.raw.block();
        self.test_blocking(at, status, Arrival::Room(vals.len()), done);
        self.raw.at(done);
        self.take_results(vals);
        if let Some(ok) = ok {
            let cx = self.raw.context();
            let is_value = self.raw.load(I64, cx, offset_of!(Context, ok));
            self.set(ok, is_value);
        }
        if self.raw.decls.stress_suspend {
            self.suspend_although_done(at, Arrival::Values(vals));
        }
    }

    /// A number that a port tells of itself.
    pub fn port_count(&mut self, helper: Helper, dst: Slot, port: Slot) {
        let port = self.get(port);
        let count = self.raw.helper(helper, &[port]);
        self.set(dst, count);
    }
}
