//! A thin layer over Cranelift's builder: what the stubs and the emitter both need.

use crate::codegen::abi;
use crate::codegen::jit::Decls;
use crate::codegen::stubs::Stub;
use crate::runtime::context::{Context, HANDOFF_BUDGET};
use crate::runtime::fiber::Fiber;
use crate::runtime::helpers::Helper;
use crate::runtime::record::Record;
use cranelift_codegen::ir::condcodes::CondCode;
use cranelift_codegen::ir::types::{F32, F32X4, F64X2, I32, I64};
use cranelift_codegen::ir::{
    Block, BlockArg, ConstantData, Function as Clif, InstBuilder, InstructionData, MemFlagsData,
    StackSlot, StackSlotData, StackSlotKind, Type, Value,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::Module as _;
use std::mem::offset_of;
use vo_bytecode::RtFn;

/// Memory that is there and aligned; faults are checked before.
pub const TRUSTED: MemFlagsData = MemFlagsData::trusted();

/// A function under construction.
pub struct Raw<'a, 'b> {
    /// Cranelift's builder.
    pub b: FunctionBuilder<'b>,
    /// What the code may refer to.
    pub decls: &'a mut Decls,
    entry: Block,
}

impl<'a, 'b> Raw<'a, 'b> {
    /// Begins a function whose signature is set; its entry block is current.
    pub fn new(
        clif: &'b mut Clif,
        builder: &'b mut FunctionBuilderContext,
        decls: &'a mut Decls,
    ) -> Raw<'a, 'b> {
        let mut b = FunctionBuilder::new(clif, builder);
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        b.seal_block(entry);
        Raw { b, decls, entry }
    }

    /// Ends the function.
    pub fn finish(mut self) {
        self.b.seal_all_blocks();
        let config = self.decls.module.target_config();
        self.b.finalize(config);
    }

    /// Parameter number `at`.
    pub fn arg(&self, at: usize) -> Value {
        self.b.block_params(self.entry)[at]
    }

    /// How many parameters there are.
    pub fn args(&self) -> Vec<Value> {
        self.b.block_params(self.entry).to_vec()
    }

    /// The context.
    pub fn context(&mut self) -> Value {
        self.b.ins().get_pinned_reg(I64)
    }

    /// An integer constant.
    pub fn int(&mut self, value: i64) -> Value {
        self.b.ins().iconst(I64, value)
    }

    /// A floating-point constant of a type, given its bits.
    ///
    /// One that is not zero is the first lane of a vector, and so stands in memory: Cranelift makes
    /// scalar constants by two instructions at each use.
    pub fn float(&mut self, ty: Type, bits: u64) -> Value {
        if bits == 0 {
            return self.zero(ty);
        }
        let data = ConstantData::from(&u128::from(bits).to_le_bytes()[..]);
        let data = self.b.func.dfg.constants.insert(data);
        let vector = if ty == F32 { F32X4 } else { F64X2 };
        let vector = self.b.ins().vconst(vector, data);
        self.b.ins().extractlane(vector, 0)
    }

    /// The zero of a type.
    pub fn zero(&mut self, ty: Type) -> Value {
        if ty.is_int() {
            self.b.ins().iconst(ty, 0)
        } else if ty == F32 {
            self.b.ins().f32const(0.0)
        } else {
            self.b.ins().f64const(0.0)
        }
    }

    /// A new block.
    pub fn block(&mut self) -> Block {
        self.b.create_block()
    }

    /// A new block that is rarely reached.
    pub fn cold_block(&mut self) -> Block {
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        block
    }

    /// Adds a parameter to a block.
    pub fn param(&mut self, block: Block, ty: Type) -> Value {
        self.b.append_block_param(block, ty)
    }

    /// Goes on in a block that nothing behind jumps to. Sealing it at once lets Cranelift see at
    /// each use which value a variable has, without parameters for what never changes.
    pub fn at(&mut self, block: Block) {
        self.b.switch_to_block(block);
        self.b.seal_block(block);
    }

    /// Goes on in a block that something behind may still jump to; sealed by [`Raw::seal`].
    pub fn at_open(&mut self, block: Block) {
        self.b.switch_to_block(block);
    }

    /// Says that no more jumps to a block will come.
    pub fn seal(&mut self, block: Block) {
        self.b.seal_block(block);
    }

    /// Jumps.
    pub fn jump(&mut self, block: Block, args: &[Value]) {
        let args: Vec<BlockArg> = args.iter().map(|arg| (*arg).into()).collect();
        self.b.ins().jump(block, &args);
    }

    /// Branches on a value that is not 0.
    pub fn branch(&mut self, condition: Value, then: Block, otherwise: Block) {
        self.b.ins().brif(condition, then, &[], otherwise, &[]);
    }

    /// The opposite of a comparison of integers; none of anything else.
    pub fn opposite(&mut self, condition: Value) -> Option<Value> {
        let dfg = &self.b.func.dfg;
        let made = dfg.value_def(condition).inst()?;
        let InstructionData::IntCompare { cond, args, .. } = dfg.insts[made] else {
            return None;
        };
        let [a, b] = args;
        Some(self.b.ins().icmp(cond.complement(), a, b))
    }

    /// Branches with arguments.
    pub fn branch_args(
        &mut self,
        condition: Value,
        then: Block,
        then_args: &[Value],
        otherwise: Block,
        otherwise_args: &[Value],
    ) {
        let args = |args: &[Value]| {
            args.iter()
                .map(|arg| (*arg).into())
                .collect::<Vec<BlockArg>>()
        };
        self.b.ins().brif(
            condition,
            then,
            &args(then_args),
            otherwise,
            &args(otherwise_args),
        );
    }

    /// Loads from memory that is known to be there.
    pub fn load(&mut self, ty: Type, base: Value, offset: usize) -> Value {
        self.b.ins().load(ty, TRUSTED, base, offset as i32)
    }

    /// Stores to memory that is known to be there.
    pub fn store(&mut self, value: Value, base: Value, offset: usize) {
        self.b.ins().store(TRUSTED, value, base, offset as i32);
    }

    /// `Context::tmp[at]`.
    pub fn tmp(&mut self, at: usize) -> Value {
        let cx = self.context();
        self.load(I64, cx, offset_of!(Context, tmp) + at * 8)
    }

    /// Sets `Context::tmp[at]`.
    pub fn set_tmp(&mut self, at: usize, value: Value) {
        let cx = self.context();
        self.store(value, cx, offset_of!(Context, tmp) + at * 8);
    }

    /// Loads a word of `Context::results`.
    pub fn result(&mut self, ty: Type, at: usize) -> Value {
        let cx = self.context();
        self.load(ty, cx, offset_of!(Context, results) + at * 8)
    }

    /// Adds one to a counter of the context.
    pub fn count(&mut self, offset: usize) {
        let cx = self.context();
        let old = self.load(I64, cx, offset);
        let new = self.b.ins().iadd_imm_s(old, 1);
        self.store(new, cx, offset);
    }

    /// Returns.
    pub fn ret(&mut self, values: &[Value]) {
        self.b.ins().return_(values);
    }

    /// Calls a helper that returns a word.
    pub fn helper(&mut self, helper: Helper, args: &[Value]) -> Value {
        debug_assert!(helper.sig().returns, "{helper:?} returns nothing");
        let inst = self.call_helper(helper, args);
        self.b.inst_results(inst)[0]
    }

    /// Calls a helper that returns nothing.
    pub fn helper_nothing(&mut self, helper: Helper, args: &[Value]) {
        debug_assert!(!helper.sig().returns, "{helper:?} returns a word");
        self.call_helper(helper, args);
    }

    fn call_helper(&mut self, helper: Helper, args: &[Value]) -> cranelift_codegen::ir::Inst {
        debug_assert_eq!(args.len(), helper.sig().params, "{helper:?}");
        let function = self.decls.helper_ref(helper, self.b.func);
        let cx = self.context();
        let args: Vec<Value> = std::iter::once(cx).chain(args.iter().copied()).collect();
        self.b.ins().call(function, &args)
    }

    /// Calls the entry of a runtime function: its status.
    pub fn native(&mut self, function: RtFn, ty: Value, args: Value, rets: Value) -> Value {
        let function = self.decls.native_ref(function, self.b.func);
        let cx = self.context();
        let inst = self.b.ins().call(function, &[cx, ty, args, rets]);
        self.b.inst_results(inst)[0]
    }

    /// Calls an out-of-line stub.
    pub fn stub(&mut self, stub: Stub) {
        let function = self.decls.stub_ref(stub, self.b.func);
        self.b.ins().call(function, &[]);
    }

    /// Puts a fiber, whose state is set, at the end of the run queue.
    pub fn push(&mut self, fiber: Value) {
        let cx = self.context();
        let null = self.int(0);
        self.store(null, fiber, offset_of!(Fiber, link));
        let head = self.load(I64, cx, offset_of!(Context, queue_head));
        let (empty, some, done) = (self.block(), self.block(), self.block());
        self.branch(head, some, empty);
        self.at(empty);
        self.store(fiber, cx, offset_of!(Context, queue_head));
        self.jump(done, &[]);
        self.at(some);
        let tail = self.load(I64, cx, offset_of!(Context, queue_tail));
        self.store(fiber, tail, offset_of!(Fiber, link));
        self.jump(done, &[]);
        self.at(done);
        self.store(fiber, cx, offset_of!(Context, queue_tail));
    }

    /// Leaves the running fiber for the next one.
    pub fn dispatch(&mut self) {
        let function = self.decls.stub_ref(Stub::Dispatch, self.b.func);
        self.b.ins().return_call(function, &[]);
    }

    /// Takes the hand-off slot's fiber, or the run queue's first, as `Context::take_next` does,
    /// and enters it. Returns when there is none.
    pub fn take_and_enter(&mut self) {
        let cx = self.context();
        let next = self.load(I64, cx, offset_of!(Context, next));
        let (handed, queued) = (self.block(), self.block());
        let (slow, none, enter) = (self.cold_block(), self.cold_block(), self.block());
        let fiber = self.param(enter, I64);
        self.branch(next, handed, queued);

        self.at(handed);
        let budget = self.load(I32, cx, offset_of!(Context, handoffs));
        let within = self.block();
        self.branch(budget, within, slow);
        self.at(within);
        let less = self.b.ins().iadd_imm_s(budget, -1);
        self.store(less, cx, offset_of!(Context, handoffs));
        let null = self.int(0);
        self.store(null, cx, offset_of!(Context, next));
        self.jump(enter, &[next]);

        self.at(queued);
        let head = self.load(I64, cx, offset_of!(Context, queue_head));
        let some = self.block();
        self.branch(head, some, none);
        self.at(some);
        let rest = self.load(I64, head, offset_of!(Fiber, link));
        self.store(rest, cx, offset_of!(Context, queue_head));
        let full = self.b.ins().iconst(I32, i64::from(HANDOFF_BUDGET));
        self.store(full, cx, offset_of!(Context, handoffs));
        self.jump(enter, &[head]);

        self.at(slow);
        self.stub(Stub::TakeNext);
        let taken = self.tmp(0);
        self.branch_args(taken, enter, &[taken], none, &[]);

        self.at(none);
        self.ret(&[]);

        self.at(enter);
        self.store(fiber, cx, offset_of!(Context, current));
        self.count(offset_of!(Context, switches));
        let record = self.load(I64, fiber, offset_of!(Fiber, top));
        let outcome = self.int(abi::OUTCOME_OK);
        self.enter_record(record, outcome);
    }

    /// Enters a record with an outcome; never comes back.
    pub fn enter_record(&mut self, record: Value, outcome: Value) {
        let cx = self.context();
        let point = self.load(I32, record, offset_of!(Record, point));
        let point = self.b.ins().uextend(I64, point);
        let table = self.load(I64, cx, offset_of!(Context, point_code));
        let offset = self.b.ins().ishl_imm_u(point, 3);
        let entry = self.b.ins().iadd(table, offset);
        let code = self.load(I64, entry, 0);
        let signature = self.b.import_signature(abi::resume_signature());
        self.b
            .ins()
            .return_call_indirect(signature, code, &[record, outcome]);
    }

    /// A stack slot of so many words.
    pub fn stack_words(&mut self, words: usize) -> StackSlot {
        let bytes = words.max(1) as u32 * 8;
        self.b
            .create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3))
    }

    /// The address of a stack slot's word.
    pub fn stack_address(&mut self, slot: StackSlot, word: usize) -> Value {
        self.b.ins().stack_addr(I64, slot, word as i32 * 8)
    }
}
