//! Calls: of functions, function values, methods and the runtime, and starting goroutines.

use super::capture::Arrival;
use super::emit::Emitter;
use crate::cfg::{BlockId, Effects};
use crate::codegen::abi;
use crate::runtime::context::{Context, MAX_FIBER_WORDS};
use crate::runtime::fiber::{FIBER_BYTES, Fiber, State};
use crate::runtime::helpers::Helper;
use crate::runtime::panic::Fault;
use crate::runtime::record::{RECORD_BYTES, Record};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{
    Block, Inst as ClifInst, InstBuilder, JumpTableData, Signature, Value,
};
use std::mem::offset_of;
use vo_bytecode::inst::{OptType, Target};
use vo_bytecode::{Callee, MethodId, RtFn, Slot, SlotTy};

/// How a call's results and status come back.
struct Returns {
    inst: ClifInst,
    /// Whether there is a status, behind the results.
    status: bool,
    panics: bool,
    suspends: bool,
}

impl Emitter<'_, '_, '_> {
    pub fn call(&mut self, at: usize, rets: &[Slot], callee: &Callee, args: &[Slot]) {
        let args: Vec<Value> = args.iter().map(|slot| self.get(*slot)).collect();
        let returns = match *callee {
            Callee::Func(id) => {
                let plan = self.raw.decls.plan.func(id);
                let (status, panics, suspends) =
                    (abi::has_status(plan), plan.panics, plan.suspends);
                let function = self.raw.decls.hot_ref(id, self.raw.b.func);
                let inst = self.raw.b.ins().call(function, &args);
                Returns {
                    inst,
                    status,
                    panics,
                    suspends,
                }
            }
            Callee::Closure(closure) => {
                let closure = self.get(closure);
                self.check(closure, Fault::NilDeref, None, None);
                let func = self.raw.load(I64, closure, 0);
                let table = offset_of!(Context, func_code);
                let code = self.table_entry(table, func);
                self.call_indirect(at, code, closure, &args, rets)
            }
            Callee::Method(receiver, method) => {
                let (type_word, data) = (self.get(receiver), self.get(receiver.next()));
                let code = self.method_code(type_word, method);
                self.call_indirect(at, code, data, &args, rets)
            }
        };
        self.finish_call(at, rets, returns);
    }

    /// Loads entry `index` of a table of addresses that the context points to.
    fn table_entry(&mut self, table: usize, index: Value) -> Value {
        let cx = self.raw.context();
        let table = self.raw.load(I64, cx, table);
        let offset = self.raw.b.ins().ishl_imm_u(index, 3);
        let entry = self.raw.b.ins().iadd(table, offset);
        self.raw.load(I64, entry, 0)
    }

    /// The code of a method of a dynamic type; panics when that is nil.
    fn method_code(&mut self, type_word: Value, method: MethodId) -> Value {
        self.check(type_word, Fault::NilDeref, None, None);
        let columns = self.raw.decls.method_columns();
        let row = self.raw.b.ins().imul_imm_s(type_word, columns as i64);
        let column = method.index();
        let index = self.raw.b.ins().iadd_imm_s(row, column as i64);
        self.table_entry(offset_of!(Context, method_code), index)
    }

    /// A call through an address: `first` goes before the arguments. What is behind it may do
    /// anything.
    fn call_indirect(
        &mut self,
        at: usize,
        code: Value,
        first: Value,
        args: &[Value],
        rets: &[Slot],
    ) -> Returns {
        let signature = self.indirect_signature(args, rets);
        let signature = self.raw.b.import_signature(signature);
        let args: Vec<Value> = std::iter::once(first).chain(args.iter().copied()).collect();
        let inst = self.raw.b.ins().call_indirect(signature, code, &args);
        Returns {
            inst,
            status: true,
            panics: true,
            suspends: self.point_of(at).is_some(),
        }
    }

    fn indirect_signature(&mut self, args: &[Value], rets: &[Slot]) -> Signature {
        use cranelift_codegen::ir::AbiParam;
        let results: Vec<SlotTy> = rets
            .iter()
            .map(|slot| self.func.slots[slot.index()])
            .collect();
        let mut signature = abi::hot_signature(&[SlotTy::Ref], &results, true);
        for arg in args {
            let ty = self.raw.b.func.dfg.value_type(*arg);
            signature.params.push(AbiParam::new(ty));
        }
        signature
    }

    /// Tests the status and takes the results.
    fn finish_call(&mut self, at: usize, rets: &[Slot], returns: Returns) {
        let values = self.raw.b.inst_results(returns.inst).to_vec();
        if returns.status {
            let status = *values.last().expect("a status");
            if returns.suspends || returns.panics {
                self.test_status(at, status, &returns);
            }
        }
        let types: Vec<SlotTy> = rets
            .iter()
            .map(|slot| self.func.slots[slot.index()])
            .collect();
        for (number, slot) in rets.iter().enumerate() {
            let value = if abi::in_registers(&types) {
                values[number]
            } else {
                let ty = self.slot_type(*slot);
                self.raw.result(ty, number)
            };
            self.set(*slot, value);
        }
    }

    fn test_status(&mut self, at: usize, status: Value, returns: &Returns) {
        let (fine, other) = (self.raw.block(), self.raw.cold_block());
        self.raw.branch(status, other, fine);
        self.raw.at(other);
        if returns.suspends && returns.panics {
            let (panicked, suspended) = (self.raw.cold_block(), self.raw.cold_block());
            let is_panic = self
                .raw
                .b
                .ins()
                .icmp_imm_s(IntCC::Equal, status, abi::STATUS_PANIC);
            self.raw.branch(is_panic, panicked, suspended);
            self.raw.at(panicked);
            self.unwind();
            self.raw.at(suspended);
        }
        if returns.suspends {
            let point = self
                .point_of(at)
                .expect("a call that may suspend is a resume point");
            self.capture(point, Arrival::Callee(status));
        } else {
            self.unwind();
        }
        self.raw.at(fine);
    }

    /// A call of a runtime function: arguments and results as words on the stack.
    pub fn call_native(
        &mut self,
        at: usize,
        rets: &[Slot],
        function: RtFn,
        ty: OptType,
        args: &[Slot],
    ) {
        if self.call_short(rets, function, args) {
            return;
        }
        let (status, results) = self.enter_native(function, ty, args);
        let sig = function.sig();
        if sig.blocks {
            let fine = self.raw.block();
            let ticket = Arrival::Room(usize::from(sig.has_second_half()));
            self.test_blocking(at, status, ticket, fine);
            self.raw.at(fine);
        } else if Effects::of_runtime(function).may_panic {
            self.check_status(status);
        }
        for (number, slot) in rets.iter().enumerate() {
            let ty = self.slot_type(*slot);
            let value = self.raw.load(ty, results, number * 8);
            self.set(*slot, value);
        }
    }

    /// Calls a runtime function: the status, and the address of its results.
    pub fn enter_native(&mut self, function: RtFn, ty: OptType, args: &[Slot]) -> (Value, Value) {
        let words = self.words_on_stack(args);
        let room = self.raw.stack_words(function.sig().results.len());
        let results = self.raw.stack_address(room, 0);
        let ty = self.raw.int(ty.0.map_or(0, |ty| i64::from(ty.0)));
        (self.raw.native(function, ty, words, results), results)
    }

    /// A runtime function that has waited: its second half gives the results, or panics.
    pub fn native_arrived(&mut self, rets: &[Slot], function: RtFn, ty: OptType) {
        if !function.sig().has_second_half() {
            return;
        }
        let number = self.raw.int(function as i64);
        let ty = self.raw.int(ty.0.map_or(0, |ty| i64::from(ty.0)));
        let status = self.raw.helper(Helper::NativeArrived, &[number, ty]);
        if Effects::of_runtime(function).may_panic {
            self.check_status(status);
        }
        self.take_results(rets);
    }

    /// Takes a helper's results from the context.
    pub fn take_results(&mut self, rets: &[Slot]) {
        for (number, slot) in rets.iter().enumerate() {
            let ty = self.slot_type(*slot);
            let value = self.raw.result(ty, number);
            self.set(*slot, value);
        }
    }

    /// Stores slots as words into a stack slot, and gives its address.
    pub fn words_on_stack(&mut self, slots: &[Slot]) -> Value {
        let place = self.raw.stack_words(slots.len());
        let address = self.raw.stack_address(place, 0);
        for (number, slot) in slots.iter().enumerate() {
            let value = self.get(*slot);
            self.store_word(value, address, number * 8);
        }
        address
    }

    /// The number of the site where an instruction starts goroutines.
    pub fn origin(&self, at: usize) -> u32 {
        self.raw.decls.program.sites.number(self.id, at)
    }

    pub fn go_start(&mut self, at: usize, callee: &Callee, args: &[Slot]) {
        let origin = self.origin(at);
        let mut values: Vec<Value> = args.iter().map(|slot| self.get(*slot)).collect();
        let words = match *callee {
            Callee::Func(id) => {
                let plan = self.raw.decls.plan.func(id);
                let (words, point) = (plan.words, plan.first_point);
                self.spawn(words, point, origin)
            }
            Callee::Closure(closure) => {
                let closure = self.get(closure);
                self.check(closure, Fault::GoNil, None, None);
                values.insert(0, closure);
                let origin = self.raw.int(i64::from(origin));
                self.raw.helper(Helper::SpawnClosure, &[closure, origin])
            }
            Callee::Method(receiver, method) => {
                let (type_word, data) = (self.get(receiver), self.get(receiver.next()));
                self.check(type_word, Fault::NilDeref, None, None);
                values.insert(0, data);
                let method = self.raw.int(i64::from(method.0));
                let origin = self.raw.int(i64::from(origin));
                let operands = [type_word, method, origin];
                self.raw.helper(Helper::SpawnMethod, &operands)
            }
        };
        self.check(words, Fault::TooManyGoroutines, None, None);
        for (at, value) in values.into_iter().enumerate() {
            self.raw.store(value, words, at * 8);
        }
    }

    /// A new goroutine at the end of the run queue, from the free list of its cell size where
    /// that has one: the address of its root record's words, or 0.
    fn spawn(&mut self, words: u16, point: u32, origin: u32) -> Value {
        let cell = (FIBER_BYTES + RECORD_BYTES) / 8 + usize::from(words);
        let (slow, done) = (self.raw.cold_block(), self.raw.block());
        let root_words = self.raw.param(done, I64);
        if cell <= MAX_FIBER_WORDS {
            self.spawn_from_list(cell, point, origin, slow, done);
        } else {
            self.raw.jump(slow, &[]);
        }
        self.raw.at(slow);
        let operands = [i64::from(words), i64::from(point), i64::from(origin)];
        let operands = operands.map(|operand| self.raw.int(operand));
        let spawned = self.raw.helper(Helper::Spawn, &operands);
        self.raw.jump(done, &[spawned]);
        self.raw.at(done);
        root_words
    }

    fn spawn_from_list(&mut self, cell: usize, point: u32, origin: u32, slow: Block, done: Block) {
        let cx = self.raw.context();
        let list = offset_of!(Context, fibers) + cell * 8;
        let fiber = self.raw.load(I64, cx, list);
        let live = self.raw.load(I64, cx, offset_of!(Context, goroutines));
        let most = self.raw.load(I64, cx, offset_of!(Context, max_goroutines));
        let allowed = self.raw.b.ins().icmp(IntCC::UnsignedLessThan, live, most);
        let zero = self.raw.int(0);
        let found = self.raw.b.ins().select(allowed, fiber, zero);
        let take = self.raw.block();
        self.raw.branch(found, take, slow);

        self.raw.at(take);
        let rest = self.raw.load(I64, fiber, offset_of!(Fiber, link));
        self.raw.store(rest, cx, list);
        let more = self.raw.b.ins().iadd_imm_s(live, 1);
        self.raw.store(more, cx, offset_of!(Context, goroutines));
        let id = self.raw.load(I32, cx, offset_of!(Context, last_id));
        let id = self.raw.b.ins().iadd_imm_s(id, 1);
        self.raw.store(id, cx, offset_of!(Context, last_id));
        self.raw.store(id, fiber, offset_of!(Fiber, id));
        let current = self.raw.load(I64, cx, offset_of!(Context, current));
        let creator = self.raw.load(I32, current, offset_of!(Fiber, id));
        self.raw.store(creator, fiber, offset_of!(Fiber, creator));
        let state = self.raw.b.ins().iconst(I8, State::Ready as i64);
        self.raw.store(state, fiber, offset_of!(Fiber, state));
        let root = self.raw.b.ins().iadd_imm_s(fiber, FIBER_BYTES as i64);
        self.raw.store(root, fiber, offset_of!(Fiber, top));
        let exit = self.raw.load(I64, cx, offset_of!(Context, exit_record));
        self.raw.store(exit, root, offset_of!(Record, parent));
        const { assert!(offset_of!(Record, words) == offset_of!(Record, point) + 4) };
        // A root record has its goroutine's origin in the place of its size.
        let header = self.raw.int(i64::from(origin) << 32 | i64::from(point));
        self.raw.store(header, root, offset_of!(Record, point));
        self.raw.push(fiber);
        let root_words = self.raw.b.ins().iadd_imm_s(root, RECORD_BYTES as i64);
        self.raw.jump(done, &[root_words]);
    }

    pub fn switch(&mut self, block: BlockId, index: Slot, targets: &[Target], otherwise: Target) {
        let blocks: Vec<Block> = targets
            .iter()
            .map(|target| {
                let to = self.block_at(*target);
                self.edge(block, to)
            })
            .collect();
        let to = self.block_at(otherwise);
        let otherwise = self.edge(block, to);
        let index = self.get(index);
        let within =
            self.raw
                .b
                .ins()
                .icmp_imm_u(IntCC::UnsignedLessThan, index, blocks.len() as i64);
        let table_block = self.raw.block();
        self.raw.branch(within, table_block, otherwise);
        self.raw.at(table_block);
        let index = self.raw.b.ins().ireduce(I32, index);
        let b = &mut self.raw.b;
        let calls: Vec<_> = blocks
            .iter()
            .map(|to| b.func.dfg.block_call(*to, &[]))
            .collect();
        let default = b.func.dfg.block_call(otherwise, &[]);
        let table = b.create_jump_table(JumpTableData::new(default, &calls));
        b.ins().br_table(index, table);
        self.finish_edges();
    }
}
