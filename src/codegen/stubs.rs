//! The native code that belongs to no function.
//!
//! | stub | what it does |
//! |---|---|
//! | dispatch | takes the next fiber and enters its innermost record |
//! | exit | a goroutine's function has returned, or panicked, to the exit record |
//! | leave | the sentinel's: returns to whoever entered the dispatch |
//! | overflow | begins a stack overflow panic in the record below |
//! | resume lazily | compiles the resume function of a record, then enters it |
//! | poll, record, alloc, push, fault, chan_…, take_next | slow paths that keep every register (`preserve_all`), so that the cold path around them costs the hot path nothing |

use super::abi;
use super::func::raw::Raw;
use super::jit::Decls;
use crate::inline::NOWHERE;
use crate::runtime::context::{Context, MAX_FIBER_WORDS};
use crate::runtime::fiber::{Fiber, State};
use crate::runtime::helpers::Helper;
use crate::runtime::panic::Fault;
use crate::runtime::record::{RECORD_CLASSES, Record};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{Function as Clif, InstBuilder, Signature};
use cranelift_frontend::FunctionBuilderContext;
use std::mem::offset_of;

/// A piece of code that belongs to no function; compiled when something refers to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stub {
    /// See the module's text.
    Dispatch,
    /// See the module's text.
    Exit,
    /// See the module's text.
    Leave,
    /// See the module's text.
    Overflow,
    /// See the module's text.
    ResumeLazily,
    /// `tmp[0]` in: the stack pointer; out: whether to capture.
    Poll,
    /// `tmp` in: the operands of the check, the place, the fault's number.
    Fault,
    /// `tmp[0]` in: a fiber, which goes to the end of the run queue.
    Push,
    /// `tmp[0]` out: the fiber that is to run next, or 0.
    TakeNext,
    /// Takes a record of a class; the class behind the last takes any size. `tmp[0]` in: words,
    /// where the class is the last one; out: the record.
    Record(usize),
    /// `tmp[0]` in: layout, `tmp[1]` in: bytes; `tmp[0]` out: the object, or 0.
    Alloc,
    /// `tmp` in: the channel, the address of the value's words; `tmp[0]` out: the status.
    ChanSend,
    /// `tmp[0]` in: the channel; out: the status.
    ChanRecv,
    /// `tmp[0]` in: the channel; out: the status.
    ChanClose,
}

impl Stub {
    /// A name of its own.
    pub fn name(self) -> String {
        format!("stub {self:?}")
    }

    /// How it is called.
    pub fn signature(self) -> Signature {
        match self {
            Stub::Dispatch => abi::dispatch_signature(),
            Stub::Exit | Stub::Leave | Stub::Overflow | Stub::ResumeLazily => {
                abi::resume_signature()
            }
            _ => abi::stub_signature(),
        }
    }

    /// Makes its CLIF; the signature is set.
    pub(super) fn emit(
        self,
        clif: &mut Clif,
        builder: &mut FunctionBuilderContext,
        decls: &mut Decls,
    ) {
        let mut raw = Raw::new(clif, builder, decls);
        match self {
            Stub::Dispatch => raw.take_and_enter(),
            Stub::Exit => exit(&mut raw),
            Stub::Leave => raw.ret(&[]),
            Stub::Overflow => overflow(&mut raw),
            Stub::ResumeLazily => resume_lazily(&mut raw),
            Stub::Fault => {
                let (a, b, site, code) = (raw.tmp(0), raw.tmp(1), raw.tmp(2), raw.tmp(3));
                raw.helper_nothing(Helper::Fault, &[code, a, b, site]);
                raw.ret(&[]);
            }
            Stub::Push => {
                let fiber = raw.tmp(0);
                raw.push(fiber);
                raw.ret(&[]);
            }
            Stub::Record(class) => record(&mut raw, class),
            Stub::Poll => forward(&mut raw, Helper::Poll),
            Stub::TakeNext => forward(&mut raw, Helper::TakeNext),
            Stub::Alloc => forward(&mut raw, Helper::Alloc),
            Stub::ChanSend => forward(&mut raw, Helper::ChanSend),
            Stub::ChanRecv => forward(&mut raw, Helper::ChanRecv),
            Stub::ChanClose => forward(&mut raw, Helper::ChanClose),
        }
        raw.finish();
    }
}

/// Calls a helper with arguments from `tmp`; its result goes there.
fn forward(raw: &mut Raw<'_, '_>, helper: Helper) {
    let args: Vec<_> = (0..helper.sig().params).map(|at| raw.tmp(at)).collect();
    let result = raw.helper(helper, &args);
    raw.set_tmp(0, result);
    raw.ret(&[]);
}

/// Ends a goroutine: frees its cell and dispatches, but for a panic, for goroutine 1, and for
/// cells without a free list, which the runtime looks at.
fn exit(raw: &mut Raw<'_, '_>) {
    let outcome = raw.arg(1);
    if raw.decls.observer.is_some() {
        raw.helper_nothing(Helper::ObserveEnd, &[]);
    }
    let cx = raw.context();
    let fiber = raw.load(I64, cx, offset_of!(Context, current));
    let id = raw.load(I32, fiber, offset_of!(Fiber, id));
    let class = raw.load(I16, fiber, offset_of!(Fiber, class));
    let class = raw.b.ins().uextend(I64, class);
    let is_main = raw.b.ins().icmp_imm_s(IntCC::Equal, id, 1);
    let is_large =
        raw.b
            .ins()
            .icmp_imm_u(IntCC::UnsignedGreaterThan, class, MAX_FIBER_WORDS as i64);
    let special = raw.b.ins().bor(is_main, is_large);
    let special = raw.b.ins().uextend(I64, special);
    let special = raw.b.ins().bor(special, outcome);
    let (slow, fast, out, on) = (raw.cold_block(), raw.block(), raw.cold_block(), raw.block());
    raw.branch(special, slow, fast);

    raw.at(fast);
    let free = raw.b.ins().iconst(I8, State::Free as i64);
    raw.store(free, fiber, offset_of!(Fiber, state));
    let offset = raw.b.ins().ishl_imm_u(class, 3);
    let list = raw.b.ins().iadd(cx, offset);
    let head = raw.load(I64, list, offset_of!(Context, fibers));
    raw.store(head, fiber, offset_of!(Fiber, link));
    raw.store(fiber, list, offset_of!(Context, fibers));
    let live = raw.load(I64, cx, offset_of!(Context, goroutines));
    let less = raw.b.ins().iadd_imm_s(live, -1);
    raw.store(less, cx, offset_of!(Context, goroutines));
    raw.jump(on, &[]);

    raw.at(slow);
    let leave = raw.helper(Helper::FiberExit, &[outcome]);
    raw.branch(leave, out, on);
    raw.at(out);
    raw.ret(&[]);
    raw.at(on);
    raw.dispatch();
}

fn overflow(raw: &mut Raw<'_, '_>) {
    let record = raw.arg(0);
    let parent = raw.load(I64, record, offset_of!(Record, parent));
    raw.helper_nothing(Helper::FreeRecord, &[record]);
    let code = raw.int(Fault::StackOverflow as i64);
    let zero = raw.int(0);
    let nowhere = raw.int(NOWHERE as i64);
    raw.helper_nothing(Helper::Fault, &[code, zero, zero, nowhere]);
    let outcome = raw.int(abi::OUTCOME_PANIC);
    raw.enter_record(parent, outcome);
}

fn resume_lazily(raw: &mut Raw<'_, '_>) {
    let (record, outcome) = (raw.arg(0), raw.arg(1));
    let point = raw.load(I32, record, offset_of!(Record, point));
    let point = raw.b.ins().uextend(I64, point);
    let code = raw.helper(Helper::CompileResume, &[point]);
    let (failed, compiled) = (raw.cold_block(), raw.block());
    raw.branch(code, compiled, failed);
    raw.at(failed);
    raw.ret(&[]);
    raw.at(compiled);
    let signature = raw.b.import_signature(abi::resume_signature());
    raw.b
        .ins()
        .return_call_indirect(signature, code, &[record, outcome]);
}

/// Takes a record of a class from its free list; the class behind the last takes any size.
fn record(raw: &mut Raw<'_, '_>, class: usize) {
    let cx = raw.context();
    if class == RECORD_CLASSES {
        let words = raw.tmp(0);
        let record = raw.helper(Helper::NewRecord, &[words]);
        raw.set_tmp(0, record);
        raw.ret(&[]);
        return;
    }
    let list = offset_of!(Context, records) + class * size_of::<*mut Record>();
    let head = raw.load(I64, cx, list);
    let (some, none) = (raw.block(), raw.cold_block());
    raw.branch(head, some, none);
    raw.at(some);
    let rest = raw.load(I64, head, offset_of!(Record, parent));
    raw.store(rest, cx, list);
    raw.set_tmp(0, head);
    raw.ret(&[]);
    raw.at(none);
    let words = raw.int(class as i64 * 2);
    let record = raw.helper(Helper::NewRecord, &[words]);
    raw.set_tmp(0, record);
    raw.ret(&[]);
}

/// The record class of so many words, [`RECORD_CLASSES`] where they have none.
pub fn record_class(words: u16) -> usize {
    crate::runtime::record::class_of(usize::from(words)).unwrap_or(RECORD_CLASSES)
}
