//! Islands and ports.

use super::machine::{Flow, Machine, Step, Unwind};
use super::stack::{ARRIVAL_WORDS, Pending};
use super::wait::shape;
use crate::runtime::context::JitResult;
use crate::runtime::panic::Fault;
use crate::runtime::port::Port;
use crate::runtime::world::handle::{Handle, Target};
use vo_bytecode::{Callee, Dst, Dsts, OptDst, Src, Srcs, TypeId};

impl Machine<'_> {
    pub(super) fn island_new(&mut self, dst: &Dst) -> Step {
        match self.cx.make_island() {
            JitResult::Ok => self.write(dst, self.cx.results[0]),
            _ => Err(Unwind),
        }
    }

    pub(super) fn go_island(
        &mut self,
        pc: usize,
        island: &Src,
        callee: &Callee,
        ty: TypeId,
        args: &Srcs,
    ) -> Step {
        let target = match *callee {
            Callee::Func(func) => Target::Func(func),
            Callee::Closure(slot) => match self.get(slot) {
                0 => return self.fault(Fault::GoNil, 0, 0),
                closure => Target::Closure(closure),
            },
            // The verifier lets no interface leave its island.
            Callee::Method(..) => return Ok(Flow::Next),
        };
        let island = self.get(island) as *const Handle;
        let words = self.gather(args);
        // SAFETY: a handle or nil, and values of the types that the verifier has seen.
        match unsafe {
            self.cx
                .go_island(island, target, ty, &words, self.origin(pc))
        } {
            JitResult::Ok => Ok(self.done()),
            JitResult::Panic => Err(Unwind),
            JitResult::WaitIo => Ok(self.wait(Pending::GoIsland)),
        }
    }

    pub(super) fn port_new(&mut self, dst: &Dst, ty: TypeId, cap: &Src) -> Step {
        let cap = self.get(cap) as i64;
        match self.cx.make_port(ty, cap) {
            JitResult::Ok => self.write(dst, self.cx.results[0]),
            _ => Err(Unwind),
        }
    }

    pub(super) fn port_send(&mut self, port: &Src, vals: &Srcs) -> Step {
        let port = self.get(port) as *mut Port;
        let words = self.gather(vals);
        // SAFETY: a port or nil, and a value of it.
        match unsafe { self.cx.port_send(port, words.as_ptr()) } {
            JitResult::Ok => Ok(self.done()),
            JitResult::Panic => Err(Unwind),
            JitResult::WaitIo => Ok(self.wait(Pending::PortSend)),
        }
    }

    pub(super) fn port_recv(&mut self, vals: &Dsts, ok: &OptDst, port: &Src) -> Step {
        let port = self.get(port) as *mut Port;
        // SAFETY: a port of this island, or nil.
        match unsafe { self.cx.port_recv(port) } {
            JitResult::Ok => {
                let words = self.arrived();
                self.received(vals, ok, &words, self.cx.ok);
                Ok(self.done())
            }
            JitResult::Panic => Err(Unwind),
            JitResult::WaitIo => {
                self.stack.arrival = [0; ARRIVAL_WORDS];
                Ok(self.wait(Pending::Recv(shape(port.cast()))))
            }
        }
    }

    pub(super) fn port_close(&mut self, port: &Src) -> Step {
        let port = self.get(port) as *mut Port;
        // SAFETY: a port of this island, or nil.
        match unsafe { self.cx.port_close(port) } {
            JitResult::Ok => Ok(Flow::Next),
            _ => Err(Unwind),
        }
    }
}
