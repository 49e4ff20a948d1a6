//! Call conventions, the status word, and signatures.
//!
//! | code | convention | parameters | results |
//! |---|---|---|---|
//! | hot function | `tail` | its parameters | its results, then the status word |
//! | resume function, special points | `tail` | record, outcome | none: it never returns but to leave the dispatch |
//! | helper | the host's C | context, words | at most one word |
//! | stub | `preserve_all` | none: through `Context::tmp` | none |
//!
//! The context is in the pinned register everywhere. A function that can neither suspend nor
//! panic, and is never called indirectly, has no status word. Results that do not fit into
//! registers, or would leave no register for the status, go through `Context::results` instead.

use crate::split::FuncPlan;
use cranelift_codegen::ir::{AbiParam, Signature, Type, types};
use cranelift_codegen::isa::CallConv;
use vo_bytecode::SlotTy;

/// Status word: the call went through.
pub const STATUS_OK: i64 = 0;
/// Status word: the callee panicked. Any other value is the callee's frame record: it suspended.
pub const STATUS_PANIC: i64 = 1;

/// Outcome that a resume function is entered with: results have arrived.
pub const OUTCOME_OK: i64 = 0;
/// Outcome that a resume function is entered with: the callee panicked.
pub const OUTCOME_PANIC: i64 = 1;

/// Integer registers that the `tail` convention returns results in, less one for the status.
const MAX_INT_RESULTS: usize = 7;
/// Float registers that the `tail` convention returns results in.
const MAX_FLOAT_RESULTS: usize = 8;

/// The machine type of a slot.
pub fn machine_type(slot: SlotTy) -> Type {
    match slot {
        SlotTy::F64 => types::F64,
        SlotTy::F32 => types::F32,
        SlotTy::I64 | SlotTy::Ref | SlotTy::IfaceType | SlotTy::IfaceData => types::I64,
    }
}

/// Whether results of these types come back in registers.
pub fn in_registers(results: &[SlotTy]) -> bool {
    let floats = results
        .iter()
        .filter(|ty| matches!(ty, SlotTy::F64 | SlotTy::F32))
        .count();
    floats <= MAX_FLOAT_RESULTS && results.len() - floats <= MAX_INT_RESULTS
}

/// Whether calls of a function return a status word.
pub fn has_status(plan: &FuncPlan) -> bool {
    plan.suspends || plan.panics || plan.indirect
}

/// The signature of a hot function.
pub fn hot_signature(params: &[SlotTy], results: &[SlotTy], status: bool) -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    signature
        .params
        .extend(params.iter().map(|ty| AbiParam::new(machine_type(*ty))));
    if in_registers(results) {
        signature
            .returns
            .extend(results.iter().map(|ty| AbiParam::new(machine_type(*ty))));
    }
    if status {
        signature.returns.push(AbiParam::new(types::I64));
    }
    signature
}

/// The signature of resume functions and of the code of special points.
pub fn resume_signature() -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    signature.params.extend([AbiParam::new(types::I64); 2]);
    signature
}

/// The signature of the dispatch, which takes and returns nothing.
pub fn dispatch_signature() -> Signature {
    Signature::new(CallConv::Tail)
}

/// The signature of an out-of-line stub.
pub fn stub_signature() -> Signature {
    Signature::new(CallConv::PreserveAll)
}

/// The signature of a helper that takes `params` words behind the context.
pub fn helper_signature(call_conv: CallConv, params: usize, returns: bool) -> Signature {
    let mut signature = Signature::new(call_conv);
    signature
        .params
        .extend(vec![AbiParam::new(types::I64); params + 1]);
    if returns {
        signature.returns.push(AbiParam::new(types::I64));
    }
    signature
}
