//! Code that tells an observer what happens: nothing at all where there is none.

use super::emit::Emitter;
use crate::cfg::BlockId;
use crate::runtime::helpers::Helper;
use crate::split::PointKind;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, MemFlagsData, Value};

impl Emitter<'_, '_, '_> {
    /// Whether somebody watches.
    pub fn is_observed(&self) -> bool {
        self.raw.decls.observer.is_some()
    }

    /// Counts that a block runs.
    pub fn observe_block(&mut self, block: BlockId) {
        let decls = &self.raw.decls;
        let Some(observer) = &decls.observer else {
            return;
        };
        let number = decls.first_blocks[self.id.index()] + block.index();
        let counter = observer.block_counter(number);
        self.increment(counter);
    }

    /// The frame is captured at a point; `innermost` where its goroutine stops by that.
    pub fn observe_capture(&mut self, point: usize, innermost: bool) {
        let number = self.plan.first_point as usize + point;
        let Some(observer) = &self.raw.decls.observer else {
            return;
        };
        let counter = observer.capture_counter(number);
        self.increment(counter);
        if innermost {
            let number = self.raw.int(number as i64);
            self.raw.helper_nothing(Helper::ObserveStop, &[number]);
        }
    }

    /// The frame goes on at a point. Where a call has returned to it, its goroutine runs already.
    pub fn observe_resume(&mut self, point: usize) {
        if self.is_observed() && self.plan.points[point].kind != PointKind::Call {
            let number = i64::from(self.plan.first_point) + point as i64;
            let number = self.raw.int(number);
            self.raw.helper_nothing(Helper::ObserveGo, &[number]);
        }
    }

    /// A fiber was woken.
    pub fn observe_wake(&mut self, fiber: Value) {
        if self.is_observed() {
            self.raw.helper_nothing(Helper::ObserveWake, &[fiber]);
        }
    }

    fn increment(&mut self, counter: *const u64) {
        let address = self.raw.int(counter as i64);
        let one = self.raw.int(1);
        let flags = MemFlagsData::trusted();
        (self.raw.b.ins()).atomic_rmw(I64, flags, AtomicRmwOp::Add, address, one);
    }
}
