//! Deferred calls: how they are registered, and how they run where the function is left.
//!
//! A function with deferred calls has one way out, which all its returns take, and one landing, to
//! which its panics lead:
//!
//! ```text
//!   body ──return──► exit:    RunDefers; the deferred calls, last first; load the results; Return
//!     │                ▲
//!     └──panic──► landing:    PanicLand; the deferred calls, last first; PanicOn
//!                      └─recovered─┘
//! ```
//!
//! A call that is deferred outside of loops has a bit that tells whether it is registered, and slots
//! for its operands; it is a direct call behind a test of the bit, once at the exit and once at the
//! landing. Such calls are registered in the order of the source, so that is known without a list.
//! Calls that are deferred in a loop are records in a list that begins in a slot, one list for each
//! outermost loop. A bit is cleared, and a record taken from its list, before the call: should that
//! panic, the landing goes on with the rest.
//!
//! How returns and errors lead to the exit is in `leave`.

use std::rc::Rc;

use vo_bytecode as bc;
use vo_bytecode::{
    BinOp, CmpOp, Dst, IfaceDst, IfaceSrc, Inst, Mem, MethodId, Slot, SlotTy, Src, Srcs, TypeKind,
};

use super::builder::Label;
use super::call::Callee;
use super::func::{INT, Lowerer, Want, field};
use super::place::Loc;
use super::program::Work;
use super::typetable::Shape;
use crate::syntax::ast::{Expr, ExprKind};
use crate::types::info::{FuncId, Mode};
use crate::types::ty::Ty;

/// Bits from 0 on are those of deferred calls; more calls than that go into lists.
const MAX_BITS: i64 = 62;
/// The bit that tells that `errdefer`s in lists are still to run.
const LISTED_ERRORS: i64 = 63;

/// The deferred calls of a function.
pub struct Defers {
    /// The bits of those that are registered.
    calls: Slot,
    /// The panic that the function has landed with, or 0.
    panic: Slot,
    /// Whether the function leaves with an error.
    pub failed: Slot,
    /// Where all returns lead.
    pub exit: Label,
    /// In the order of the source.
    groups: Vec<Group>,
    bits: i64,
    /// The bits of `errdefer`s.
    errors: i64,
    /// Where the values of results without names are kept while deferred calls run.
    pub results: Vec<Vec<Slot>>,
    /// The lines of the returns.
    pub lines: Vec<u32>,
}

/// What is registered together.
#[derive(Clone)]
enum Group {
    /// A call outside of loops.
    One(Deferred),
    /// Calls in the loop that ends at `after`: a list that begins in `head`.
    List {
        head: Slot,
        after: Option<Label>,
        calls: Vec<Deferred>,
    },
}

/// A call that is deferred somewhere.
#[derive(Clone)]
struct Deferred {
    /// Its bit; in a list its place there.
    number: i64,
    /// Whether it is an `errdefer`.
    error: bool,
    target: Target,
    /// Outside of lists: where its operands are.
    operands: Vec<Slot>,
    /// The type of its record in a list.
    record: Option<Rc<Shape>>,
    types: Vec<SlotTy>,
    results: Vec<SlotTy>,
    line: u32,
}

/// What is called; operands that belong to it come before the arguments.
#[derive(Clone, Copy)]
enum Target {
    /// A function of the module, and whether it recovers.
    Func(bc::FuncId, bool),
    /// A function of the standard library without a body.
    Native(FuncId),
    /// A function value, the first operand.
    Closure,
    /// A method of the interface that the first two operands are.
    Method(MethodId),
}

impl<'a> Lowerer<'_, 'a> {
    /// Prepares a function that has deferred calls.
    pub fn open_defers(&mut self) {
        let defers = Defers {
            calls: self.b.slot(SlotTy::I64),
            panic: self.b.slot(SlotTy::I64),
            failed: self.b.slot(SlotTy::I64),
            exit: self.b.label(),
            groups: Vec::new(),
            bits: 0,
            errors: 0,
            results: Vec::new(),
            lines: Vec::new(),
        };
        self.b.init_zero(&[defers.panic, defers.failed]);
        self.defers = Some(defers);
        if self.named_results().is_none() {
            for ty in self.result_types.clone() {
                let slots = self.temp(ty);
                self.b.init_zero(&slots);
                if let Some(defers) = &mut self.defers {
                    defers.results.push(slots);
                }
            }
        }
    }

    // ---- registering -----------------------------------------------------------------------------

    /// `defer call` and `errdefer call`.
    pub fn defer(&mut self, call: &'a Expr, error: bool) {
        let call = call.unparen();
        let ExprKind::Call { fun, args, spread } = &call.kind else {
            if let Some((callee, args)) = self.dyn_start(call) {
                let (target, mut operands) = self.deferred_callee(Callee::Code(callee));
                operands.extend(args);
                self.at(call.span);
                let results = [SlotTy::Ref, SlotTy::I64, SlotTy::I64, SlotTy::I64];
                self.register(target, operands, results.to_vec(), error);
            }
            return;
        };
        let fun = fun.unparen();
        let mode = self.p.info.type_and_mode(fun.id).map(|tm| tm.mode);
        if matches!(mode, Some(Mode::Builtin(_) | Mode::Type)) {
            self.not_supported(call.span, "deferring a built-in function");
            return;
        }
        self.calls_first(&std::iter::once(fun).chain(args).collect::<Vec<_>>());
        let literal = match &fun.kind {
            ExprKind::FuncLit { .. } => self.p.info.func_lit(fun.id),
            _ => None,
        };
        let (target, mut operands, sig) = match literal {
            Some(id) => {
                let (target, operands) = self.deferred_literal(id);
                let sig = self.tys().as_signature(self.type_of(fun));
                (target, operands, sig)
            }
            None => {
                let prepared = self.prepare(fun);
                let (target, mut operands) = self.deferred_callee(prepared.callee);
                operands.extend(prepared.receiver);
                (target, operands, Some(prepared.sig))
            }
        };
        let Some(sig) = sig else { return };
        let values = self.call_args(args, spread.is_some(), &sig);
        operands.extend(values.into_iter().flat_map(|value| value.slots));
        self.at(call.span);
        let results = self.flat_types(&sig.results);
        self.register(target, operands, results, error);
    }

    /// A literal that is deferred is nobody's value: it takes what it captures as parameters.
    fn deferred_literal(&mut self, id: FuncId) -> (Target, Vec<Slot>) {
        let function = self.p.info.function(id);
        let recovers = function.has_recover;
        let mut operands = Vec::new();
        for obj in function.captures.clone() {
            let ty = self.p.info.object(obj).ty;
            let boxed = self.is_boxed(obj);
            match (boxed, self.var_loc(obj)) {
                (true, Loc::Memory { base, .. }) => operands.push(base),
                (_, loc) => operands.extend(self.load(&loc, ty, Want::Any).slots),
            }
        }
        let func = self.p.func(Work::Deferred(id));
        (Target::Func(func, recovers), operands)
    }

    fn deferred_callee(&mut self, callee: Callee) -> (Target, Vec<Slot>) {
        match callee {
            Callee::Native(id) => (Target::Native(id), Vec::new()),
            Callee::Code(bc::Callee::Func(id)) => {
                let recovers = self.p.recovers(id);
                (Target::Func(id, recovers), Vec::new())
            }
            Callee::Code(bc::Callee::Closure(slot)) => (Target::Closure, vec![slot]),
            Callee::Code(bc::Callee::Method(slot, method)) => {
                self.check_interface(slot);
                (Target::Method(method), vec![slot, slot.next()])
            }
        }
    }

    fn register(&mut self, target: Target, operands: Vec<Slot>, results: Vec<SlotTy>, error: bool) {
        let types: Vec<SlotTy> = operands.iter().map(|slot| self.b.ty(*slot)).collect();
        let line = self.b.line();
        let mut deferred = Deferred {
            number: 0,
            error,
            target,
            operands: Vec::new(),
            record: None,
            types,
            results,
            line,
        };
        // The outermost loop around the statement.
        let around = self.flow.iter().find(|flow| flow.on_continue.is_some());
        let after = around.map(|flow| flow.on_break);
        let Some(defers) = &mut self.defers else {
            return;
        };
        let (calls, bit) = (defers.calls, defers.bits);
        if after.is_some() || bit == MAX_BITS {
            return self.register_in_list(deferred, &operands, after);
        }
        defers.bits += 1;
        if error {
            defers.errors |= 1 << bit;
        }
        deferred.number = bit;
        deferred.operands = self.b.slots(&deferred.types);
        self.b.init_zero(&deferred.operands);
        self.b.mov(&deferred.operands, &operands);
        let (dst, old) = (Dst(calls), Src(calls));
        self.b.emit(if error {
            Inst::ErrDeferPush {
                calls: dst,
                old,
                call: bit,
            }
        } else {
            Inst::DeferPush {
                calls: dst,
                old,
                call: bit,
            }
        });
        if let Some(defers) = &mut self.defers {
            defers.groups.push(Group::One(deferred));
        }
    }

    /// Registers a call in the list of a loop: a record of the next record, the number of the call,
    /// and its operands.
    fn register_in_list(
        &mut self,
        mut deferred: Deferred,
        operands: &[Slot],
        after: Option<Label>,
    ) {
        let record = self.record_type(&deferred.types);
        let head = self.list_of(after);
        let Some(defers) = &mut self.defers else {
            return;
        };
        if deferred.error {
            defers.errors |= 1 << LISTED_ERRORS;
        }
        let number = match defers.groups.last_mut() {
            Some(Group::List { calls, .. }) => {
                deferred.number = calls.len() as i64;
                deferred.record = Some(record.clone());
                calls.push(deferred);
                calls.len() as i64 - 1
            }
            _ => return,
        };
        let object = self.b.new_object(record.id);
        let offset = |at: usize| record.offsets[at] as i64;
        self.store_word(object, offset(0), head);
        let number = self.b.int(number);
        self.store_word(object, offset(1), number);
        let mut at = 2;
        for slot in operands {
            if self.b.ty(*slot) != SlotTy::IfaceData {
                self.store_word(object, offset(at), *slot);
                at += 1;
            }
        }
        self.b.mov(&[head], &[object]);
    }

    /// The beginning of the list of the loop that ends at a label; it becomes the last group.
    fn list_of(&mut self, after: Option<Label>) -> Slot {
        if let Some(defers) = &self.defers
            && let Some(Group::List { head, after: a, .. }) = defers.groups.last()
            && *a == after
        {
            return *head;
        }
        let head = self.b.slot(SlotTy::Ref);
        self.b.init_zero(&[head]);
        if let Some(defers) = &mut self.defers {
            let calls = Vec::new();
            defers.groups.push(Group::List { head, after, calls });
        }
        head
    }

    fn record_type(&mut self, operands: &[SlotTy]) -> Rc<Shape> {
        let int = self.p.types.id(Ty::INT);
        let pointer = self.p.types.unnamed(TypeKind::Pointer(int));
        let mut fields = vec![field("next", pointer), field("call", int)];
        for (at, ty) in operands.iter().enumerate() {
            let ty = match ty {
                SlotTy::I64 => int,
                SlotTy::F64 => self.p.types.id(Ty::FLOAT64),
                SlotTy::F32 => self.p.types.id(Ty::FLOAT32),
                SlotTy::Ref => pointer,
                SlotTy::IfaceType => self.p.types.id(Ty::ANY),
                SlotTy::IfaceData => continue,
            };
            fields.push(field(&format!("operand{at}"), ty));
        }
        let record = self.p.types.unnamed(TypeKind::Struct(fields));
        self.p.types.shape_of(record)
    }

    /// Stores a slot, or the interface that begins with it.
    fn store_word(&mut self, base: Slot, off: i64, src: Slot) {
        let base = Src(base);
        self.b.emit(match memory_form(self.b.ty(src)) {
            Some(mem) => Inst::Store {
                mem,
                base,
                off,
                src: Src(src),
            },
            None => Inst::IfaceStore {
                base,
                off,
                src: IfaceSrc(src),
            },
        });
    }

    fn load_word(&mut self, dst: Slot, base: Slot, off: i64) {
        let base = Src(base);
        self.b.emit(match memory_form(self.b.ty(dst)) {
            Some(mem) => Inst::Load {
                dst: Dst(dst),
                mem,
                base,
                off,
            },
            None => Inst::IfaceLoad {
                dst: IfaceDst(dst),
                base,
                off,
            },
        });
    }

    // ---- running ---------------------------------------------------------------------------------

    /// Makes landing and exit, once the body is done; `line` is where it ends.
    pub fn close_defers(&mut self, line: u32) {
        let Some(defers) = &self.defers else { return };
        let (calls, panic, failed, exit) = (defers.calls, defers.panic, defers.failed, defers.exit);
        let (errors, groups) = (defers.errors, defers.groups.clone());
        let line = match defers.lines[..] {
            [only] => only,
            _ => line,
        };
        let listed = errors & 1 << LISTED_ERRORS;
        self.b.init(Inst::Const {
            dst: Dst(calls),
            value: listed,
        });
        self.b.set_line(line);
        self.b.bind_landing();
        self.b.emit(Inst::PanicLand {
            panic: Dst(panic),
            former: Src(panic),
        });
        let recovered = self.b.label();
        for group in groups.iter().rev() {
            self.run_group(group, Some(recovered));
        }
        self.b.emit(Inst::PanicOn { panic: Src(panic) });
        self.b.bind(recovered);
        self.b.zero(&[panic, failed]);
        self.b.jump(exit);

        self.b.bind(exit);
        self.b.set_line(line);
        self.b.emit(Inst::RunDefers {
            calls: Dst(calls),
            old: Src(calls),
            errors,
            failed: Src(failed),
        });
        for group in groups.iter().rev() {
            self.run_group(group, None);
        }
        self.b.set_line(line);
        let values = self.final_results();
        self.b.emit(Inst::Return {
            values: Srcs::from(values),
        });
    }

    /// The results, when all deferred calls have run.
    fn final_results(&mut self) -> Vec<Slot> {
        if self.named_results().is_some() {
            return self.current_results();
        }
        let kept = self.defers.as_ref().map(|d| d.results.clone());
        let types = self.result_types.clone();
        let mut values = Vec::new();
        for (slots, ty) in kept.unwrap_or_default().into_iter().zip(types) {
            let shape = self.shape(ty);
            if shape.in_memory {
                // After a recovery there may be none yet.
                let (none, some) = (self.b.label(), self.b.label());
                let null = self.b.is_null(slots[0]);
                self.b.branch(null, none, some);
                self.b.bind(none);
                let object = self.b.new_object(shape.id);
                self.b.mov(&slots, &[object]);
                self.b.bind(some);
            }
            values.extend(slots);
        }
        values
    }

    /// Runs what is registered of a group. With a label the function is panicking, and goes there
    /// once that is over.
    fn run_group(&mut self, group: &Group, recovered: Option<Label>) {
        match group {
            Group::One(deferred) => self.run_one(deferred, recovered),
            Group::List { head, calls, .. } => self.run_list(*head, calls, recovered),
        }
    }

    fn run_one(&mut self, deferred: &Deferred, recovered: Option<Label>) {
        let Some(calls) = self.defers.as_ref().map(|d| d.calls) else {
            return;
        };
        let line = self.b.line();
        let (run, next) = (self.b.label(), self.b.label());
        let bit = self.b.int(1 << deferred.number);
        let registered = self.b.bin(BinOp::And, INT, calls, bit);
        self.b.branch(registered, run, next);
        self.b.bind(run);
        self.b.emit(Inst::Bin {
            dst: Dst(calls),
            op: BinOp::AndNot,
            kind: INT,
            a: Src(calls),
            b: Src(bit),
        });
        self.run_call(deferred, &deferred.operands, recovered);
        self.b.bind(next);
        self.b.set_line(line);
    }

    fn run_list(&mut self, head: Slot, calls: &[Deferred], recovered: Option<Label>) {
        let Some(bits) = self.defers.as_ref().map(|d| d.calls) else {
            return;
        };
        let line = self.b.line();
        let (top, some, done) = (self.b.label(), self.b.label(), self.b.label());
        self.b.bind(top);
        let null = self.b.is_null(head);
        self.b.branch(null, done, some);
        self.b.bind(some);
        // The two first fields lie at the same places in all records.
        let Some(record) = calls.first().and_then(|first| first.record.clone()) else {
            return;
        };
        let object = self.b.copy(&[head])[0];
        let number = self.b.slot(SlotTy::I64);
        self.load_word(number, object, record.offsets[1] as i64);
        self.load_word(head, object, record.offsets[0] as i64);
        for (at, deferred) in calls.iter().enumerate() {
            let next = self.b.label();
            if at + 1 < calls.len() {
                let this = self.b.label();
                let wanted = self.b.int(at as i64);
                let is = self.b.cmp(CmpOp::Eq, INT, number, wanted);
                self.b.branch(is, this, next);
                self.b.bind(this);
            }
            if deferred.error {
                let wanted = self.b.label();
                let bit = self.b.int(1 << LISTED_ERRORS);
                let runs = self.b.bin(BinOp::And, INT, bits, bit);
                self.b.branch(runs, wanted, top);
                self.b.bind(wanted);
            }
            let operands = self.recorded_operands(deferred, object);
            self.run_call(deferred, &operands, recovered);
            self.b.jump(top);
            self.b.bind(next);
        }
        self.b.bind(done);
        self.b.set_line(line);
    }

    fn recorded_operands(&mut self, deferred: &Deferred, object: Slot) -> Vec<Slot> {
        let operands = self.b.slots(&deferred.types);
        let Some(record) = &deferred.record else {
            return operands;
        };
        let mut at = 2;
        for slot in &operands {
            if self.b.ty(*slot) != SlotTy::IfaceData {
                self.load_word(*slot, object, record.offsets[at] as i64);
                at += 1;
            }
        }
        operands
    }

    /// Makes a deferred call. Its results go nowhere.
    fn run_call(&mut self, deferred: &Deferred, operands: &[Slot], recovered: Option<Label>) {
        let Some(panic) = self.defers.as_ref().map(|d| d.panic) else {
            return;
        };
        if recovered.is_some() {
            self.b.set_line(deferred.line);
        }
        let rets = self.b.slots(&deferred.results);
        let (callee, recovers, own) = match deferred.target {
            Target::Native(id) => {
                self.native(id, operands, &rets);
                (None, false, 0)
            }
            Target::Func(id, recovers) => (Some(bc::Callee::Func(id)), recovers, 0),
            Target::Closure => (Some(bc::Callee::Closure(operands[0])), true, 1),
            Target::Method(method) => (Some(bc::Callee::Method(operands[0], method)), true, 2),
        };
        if let Some(callee) = callee {
            if recovered.is_some() && recovers {
                self.b.emit(Inst::RecoverArm {
                    panic: Src(panic),
                    callee,
                });
            }
            self.call_into(callee, operands[own..].to_vec(), &rets);
        }
        if let Some(recovered) = recovered.filter(|_| recovers) {
            let over = self.b.slot(SlotTy::I64);
            let on = self.b.label();
            self.b.emit(Inst::PanicOver {
                dst: Dst(over),
                panic: Src(panic),
            });
            self.b.branch(over, recovered, on);
            self.b.bind(on);
        }
    }
}

/// How a slot lies in memory; none for the word that an interface begins with.
fn memory_form(ty: SlotTy) -> Option<Mem> {
    match ty {
        SlotTy::I64 => Some(Mem::I64),
        SlotTy::F64 => Some(Mem::F64),
        SlotTy::F32 => Some(Mem::F32),
        SlotTy::Ref => Some(Mem::Ref),
        SlotTy::IfaceType | SlotTy::IfaceData => None,
    }
}
