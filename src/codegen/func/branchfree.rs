//! Short conditional assignments without a branch.
//!
//! `if x < min { min = x }` depends on data, so its branch is often mispredicted, which costs
//! more than computing both values. A branch around a block that does no more than that becomes
//! conditional moves, under the same bounds as in Go's compiler (`cmd/compile`, branchelim).

use super::emit::Emitter;
use crate::cfg::BlockId;
use cranelift_codegen::ir::{InstBuilder, Value};
use vo_bytecode::{BinOp, Inst, Slot, SlotTy};

/// The most instructions that are computed although they may not be wanted. A constant and a
/// move come for free with an operation.
const MAX_INSTS: usize = 4;

impl Emitter<'_, '_, '_> {
    /// Emits a branch as conditional moves where that pays; whether it did.
    pub fn branch_free(
        &mut self,
        block: BlockId,
        condition: Value,
        then: BlockId,
        otherwise: BlockId,
    ) -> bool {
        if self.is_observed() {
            // The arm would not be counted by itself.
            return false;
        }
        if self.is_short_arm(block, then, otherwise) {
            self.conditional_moves(condition, true, then);
            self.jump_to(then, otherwise);
        } else if self.is_short_arm(block, otherwise, then) {
            self.conditional_moves(condition, false, otherwise);
            self.jump_to(otherwise, then);
        } else {
            return false;
        }
        true
    }

    /// Whether `arm` is reached from `block` alone, goes on at `join`, and only computes.
    fn is_short_arm(&self, block: BlockId, arm: BlockId, join: BlockId) -> bool {
        let cfg = &self.analysis.cfg;
        if arm == join || cfg.preds(arm).len() != 1 || cfg.succs(arm).len() != 1 {
            return false;
        }
        if cfg.succs(arm)[0].to != join
            || self.back_edges.contains(&(arm, join))
            || self.back_edges.contains(&(block, join))
        {
            return false;
        }
        let range = cfg.range(arm);
        let insts = &self.func.code[range];
        let body = match insts.split_last() {
            Some((Inst::Jump { .. }, body)) => body,
            _ => insts,
        };
        let work = body
            .iter()
            .filter(|inst| matches!(inst, Inst::Bin { .. } | Inst::Un { .. }));
        body.len() <= MAX_INSTS && work.count() <= 1 && body.iter().all(|inst| self.is_cheap(inst))
    }

    /// Whether an instruction computes an integer or a reference, in about a cycle, and cannot
    /// fail.
    fn is_cheap(&self, inst: &Inst) -> bool {
        let whole = |slot: Slot| matches!(self.func.slots[slot.index()], SlotTy::I64 | SlotTy::Ref);
        match inst {
            Inst::Const { .. } | Inst::Nil { .. } => true,
            Inst::Mov { dst, .. } => whole(dst.0),
            Inst::Un { .. } => true,
            Inst::Bin { op, .. } => !matches!(
                op,
                BinOp::Div | BinOp::Rem | BinOp::Mul | BinOp::Shl | BinOp::Shr
            ),
            _ => false,
        }
    }

    /// Computes an arm, and keeps of each slot that it writes the new value where the condition
    /// is as wanted, else the old.
    fn conditional_moves(&mut self, condition: Value, when: bool, arm: BlockId) {
        self.absorbed.insert(arm);
        let func = self.func;
        let range = self.analysis.cfg.range(arm);
        let mut written = Vec::new();
        for at in range.clone() {
            func.writes(at, |slot| {
                // What nobody reads behind the arm needs no choice.
                if self.carried.contains(&slot) && !written.contains(&slot) {
                    written.push(slot);
                }
            });
        }
        let old: Vec<Value> = written.iter().map(|slot| self.get(*slot)).collect();
        for at in range.filter(|at| !func.code[*at].is_terminator()) {
            self.emit_at(arm, at);
        }
        for (slot, old) in written.into_iter().zip(old) {
            let new = self.get(slot);
            let (then, otherwise) = if when { (new, old) } else { (old, new) };
            let kept = self.raw.b.ins().select(condition, then, otherwise);
            self.set(slot, kept);
        }
    }

    /// Goes on where both ways join.
    fn jump_to(&mut self, arm: BlockId, join: BlockId) {
        let target = self.edge(arm, join);
        self.raw.jump(target, &[]);
        self.finish_edges();
    }
}
