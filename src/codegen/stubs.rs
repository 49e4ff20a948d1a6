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
use super::jit::{Decls, Jit};
use crate::runtime::context::{Context, MAX_FIBER_WORDS};
use crate::runtime::fiber::{Fiber, State};
use crate::runtime::helpers::{Helper, NOWHERE};
use crate::runtime::panic::Fault;
use crate::runtime::record::{RECORD_CLASSES, Record};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Signature};
use cranelift_jit::JITModule;
use cranelift_module::{FuncId as CodeId, Linkage, Module as _};
use std::mem::offset_of;

/// The stubs' numbers.
pub struct Stubs {
    /// See the module's text.
    pub dispatch: CodeId,
    /// See the module's text.
    pub exit: CodeId,
    /// See the module's text.
    pub leave: CodeId,
    /// See the module's text.
    pub overflow: CodeId,
    /// See the module's text.
    pub resume_lazily: CodeId,
    /// `tmp[0]` in: the stack pointer; out: whether to capture.
    pub poll: CodeId,
    /// `tmp` in: the operands of the check, the place, the fault's number.
    pub fault: CodeId,
    /// `tmp[0]` in: a fiber, which goes to the end of the run queue.
    pub push: CodeId,
    /// `tmp[0]` in: words, where the class is the last one; out: the record.
    pub records: Vec<CodeId>,
    /// `tmp[0]` in: layout, `tmp[1]` in: bytes; `tmp[0]` out: the object, or 0.
    pub alloc: CodeId,
    /// `tmp` in: the channel, the address of the value's words; `tmp[0]` out: the status.
    pub chan_send: CodeId,
    /// `tmp[0]` in: the channel; out: the status.
    pub chan_recv: CodeId,
    /// `tmp[0]` in: the channel; out: the status.
    pub chan_close: CodeId,
    /// `tmp[0]` out: the fiber that is to run next, or 0.
    pub take_next: CodeId,
}

impl Stubs {
    /// Declares all of them.
    pub(super) fn declare(module: &mut JITModule) -> Result<Stubs, String> {
        let mut declare = |name: &str, signature: Signature| {
            module
                .declare_function(name, Linkage::Local, &signature)
                .map_err(|error| error.to_string())
        };
        Ok(Stubs {
            dispatch: declare("dispatch", abi::dispatch_signature())?,
            exit: declare("exit", abi::resume_signature())?,
            leave: declare("leave", abi::resume_signature())?,
            overflow: declare("overflow", abi::resume_signature())?,
            resume_lazily: declare("resume_lazily", abi::resume_signature())?,
            poll: declare("poll", abi::stub_signature())?,
            fault: declare("fault", abi::stub_signature())?,
            push: declare("push", abi::stub_signature())?,
            records: (0..=RECORD_CLASSES)
                .map(|class| declare(&format!("record{class}"), abi::stub_signature()))
                .collect::<Result<_, _>>()?,
            alloc: declare("alloc", abi::stub_signature())?,
            chan_send: declare("chan_send", abi::stub_signature())?,
            chan_recv: declare("chan_recv", abi::stub_signature())?,
            chan_close: declare("chan_close", abi::stub_signature())?,
            take_next: declare("take_next", abi::stub_signature())?,
        })
    }
}

/// Compiles all of them.
pub(super) fn define_all(jit: &mut Jit) -> Result<(), String> {
    define(
        jit,
        jit.decls.stubs.dispatch,
        abi::dispatch_signature(),
        |raw| raw.take_and_enter(),
    )?;
    define(jit, jit.decls.stubs.exit, abi::resume_signature(), exit)?;
    define(jit, jit.decls.stubs.leave, abi::resume_signature(), |raw| {
        raw.ret(&[])
    })?;
    define(
        jit,
        jit.decls.stubs.overflow,
        abi::resume_signature(),
        overflow,
    )?;
    define(
        jit,
        jit.decls.stubs.resume_lazily,
        abi::resume_signature(),
        resume_lazily,
    )?;
    define(jit, jit.decls.stubs.poll, abi::stub_signature(), |raw| {
        let stack_pointer = raw.tmp(0);
        let capture = raw.helper(Helper::Poll, &[stack_pointer]);
        raw.set_tmp(0, capture);
        raw.ret(&[]);
    })?;
    define(jit, jit.decls.stubs.fault, abi::stub_signature(), |raw| {
        let (a, b, site, code) = (raw.tmp(0), raw.tmp(1), raw.tmp(2), raw.tmp(3));
        raw.helper_nothing(Helper::Fault, &[code, a, b, site]);
        raw.ret(&[]);
    })?;
    define(jit, jit.decls.stubs.push, abi::stub_signature(), |raw| {
        let fiber = raw.tmp(0);
        raw.push(fiber);
        raw.ret(&[]);
    })?;
    define(jit, jit.decls.stubs.alloc, abi::stub_signature(), |raw| {
        let (layout, bytes) = (raw.tmp(0), raw.tmp(1));
        let object = raw.helper(Helper::Alloc, &[layout, bytes]);
        raw.set_tmp(0, object);
        raw.ret(&[]);
    })?;
    let id = jit.decls.stubs.chan_send;
    define(jit, id, abi::stub_signature(), |raw| {
        let (chan, words) = (raw.tmp(0), raw.tmp(1));
        let status = raw.helper(Helper::ChanSend, &[chan, words]);
        raw.set_tmp(0, status);
        raw.ret(&[]);
    })?;
    for (id, helper) in [
        (jit.decls.stubs.chan_recv, Helper::ChanRecv),
        (jit.decls.stubs.chan_close, Helper::ChanClose),
    ] {
        define(jit, id, abi::stub_signature(), |raw| {
            let chan = raw.tmp(0);
            let status = raw.helper(helper, &[chan]);
            raw.set_tmp(0, status);
            raw.ret(&[]);
        })?;
    }
    let id = jit.decls.stubs.take_next;
    define(jit, id, abi::stub_signature(), |raw| {
        let fiber = raw.helper(Helper::TakeNext, &[]);
        raw.set_tmp(0, fiber);
        raw.ret(&[]);
    })?;
    for class in jit.decls.used_record_classes() {
        let id = jit.decls.stubs.records[class];
        define(jit, id, abi::stub_signature(), |raw| record(raw, class))?;
    }
    Ok(())
}

fn define(
    jit: &mut Jit,
    id: CodeId,
    signature: Signature,
    emit: impl FnOnce(&mut Raw<'_, '_>),
) -> Result<(), String> {
    jit.define(id, signature, "stub", |clif, builder, decls| {
        let mut raw = Raw::new(clif, builder, decls);
        emit(&mut raw);
        raw.finish();
    })
}

/// Ends a goroutine: frees its cell and dispatches, but for a panic, for goroutine 1, and for
/// cells without a free list, which the runtime looks at.
fn exit(raw: &mut Raw<'_, '_>) {
    let outcome = raw.arg(1);
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

impl Decls {
    /// The record classes that functions of the program have, and the class of no class.
    fn used_record_classes(&self) -> Vec<usize> {
        let mut classes: Vec<usize> = self
            .plan
            .funcs
            .iter()
            .map(|plan| record_class(plan.words))
            .collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }
}

/// The record class of so many words, [`RECORD_CLASSES`] where they have none.
pub fn record_class(words: u16) -> usize {
    crate::runtime::record::class_of(usize::from(words)).unwrap_or(RECORD_CLASSES)
}
