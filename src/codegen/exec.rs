//! Runs fibers on native code.

use super::jit::{Jit, SpecialPoint, Tables};
use crate::cfg::CallGraph;
use crate::inline::Frame;
use crate::runtime::context::{Context, Options};
use crate::runtime::fiber::{FIBER_BYTES, Fiber, State};
use crate::runtime::heap::Marker;
use crate::runtime::program::{Program, Shape};
use crate::runtime::record::{RECORD_BYTES, Record};
use crate::runtime::sched::{Executor, Ran};
use crate::runtime::select::{self, SelectWait};
use crate::split::plan;
use crate::split::{ModulePlan, PointKind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vo_bytecode::{FuncId, SlotTy};

/// Native stack below the base that code may use; beyond, the entry check captures.
#[cfg(not(debug_assertions))]
const STACK_BYTES: usize = 48 << 20;
#[cfg(debug_assertions)]
const STACK_BYTES: usize = 8 << 20;

/// Native stack under stress: a few frames.
const STRESS_STACK_BYTES: usize = 1 << 10;

/// The stack that a thread running native code must have: what code may use, and a reserve for
/// unchecked calls, helpers and the compiler.
pub const THREAD_STACK_BYTES: usize = STACK_BYTES + (8 << 20);

/// The code of a program, shared by the executors of all its islands.
pub struct Code {
    /// Compiles what is needed later.
    jit: Mutex<Jit>,
    tables: Arc<Tables>,
    program: Arc<Program>,
    plan: Arc<ModulePlan>,
    /// For each point of the program that is a select, the shapes that may arrive, by case.
    selects: Vec<Option<Box<[Shape]>>>,
}

// SAFETY: the compiler's state, which is not `Send` for the pointers to code and data within, is
// used by one thread at a time, behind the lock; code may be run by any.
unsafe impl Send for Code {}
// SAFETY: as above; the rest does not change.
unsafe impl Sync for Code {}

impl Code {
    /// Compiles a program as the options want its code.
    ///
    /// # Errors
    /// When the host is not supported, or code memory is exhausted.
    pub fn compile(program: Arc<Program>, options: &Options) -> Result<Code, String> {
        let calls = CallGraph::build(&program.module);
        let plan = ModulePlan::build(&program.module, &calls);
        let selects = select_shapes(&program, &plan);
        let observer = options.observer.clone();
        let jit = Jit::compile(program.clone(), plan, options.stress_suspend, observer)?;
        Ok(Code {
            tables: jit.tables().clone(),
            plan: jit.decls.plan.clone(),
            jit: Mutex::new(jit),
            program,
            selects,
        })
    }

    /// The compiler.
    pub fn jit(&self) -> MutexGuard<'_, Jit> {
        // A panic while compiling ends the program.
        self.jit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many resume points the program has.
    pub fn resume_points(&self) -> usize {
        self.plan.points.len()
    }
}

/// Runs the goroutines of one island on native code.
pub struct JitExecutor {
    code: Arc<Code>,
}

impl JitExecutor {
    /// An executor for an island.
    pub fn new(code: Arc<Code>) -> JitExecutor {
        JitExecutor { code }
    }

    /// Calls `each` for every record of a fiber that does not run, innermost first; but not for
    /// the one that makes it overflow, which belongs to no function.
    fn for_each_record(&self, cx: &Context, fiber: *mut Fiber, mut each: impl FnMut(*mut Record)) {
        // SAFETY: a fiber that does not run has a chain of valid records up to the exit record.
        unsafe {
            let mut record = (*fiber).top;
            if (*record).point == self.code.tables.special(SpecialPoint::Overflow) {
                record = (*record).parent;
            }
            while record != cx.exit_record {
                each(record);
                record = (*record).parent;
            }
        }
    }

    fn trace_record(&self, record: *mut Record, state: State, marker: &mut Marker<'_>) {
        // SAFETY: a captured record's words are as its point's reference map says.
        unsafe {
            let number = (*record).point;
            let (_, point) = self.code.plan.point(number);
            let words = Record::words(record);
            for at in &point.refs {
                marker.mark_ref(*words.add(usize::from(*at)) as *const u8);
            }
            for at in &point.ifaces {
                let at = usize::from(*at);
                marker.mark_iface(*words.add(at), *words.add(at + 1));
            }
            if point.kind == PointKind::Select {
                self.trace_select(number, words, state, marker);
            }
        }
    }

    /// A waiting select's channels and values, or the value that has arrived.
    ///
    /// # Safety
    /// `words` are the arrival words of a captured select.
    unsafe fn trace_select(
        &self,
        number: u32,
        words: *const u64,
        state: State,
        marker: &mut Marker<'_>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            if matches!(state, State::Selecting | State::Forever) {
                SelectWait::trace(*words as *const SelectWait, marker);
                return;
            }
            let shapes = self.code.selects[number as usize]
                .as_deref()
                .unwrap_or_default();
            if let Some(shape) = shapes.get(*words as usize) {
                shape.trace(words.add(select::VALUE), marker);
            }
        }
    }

    /// Panics the goroutine that has just captured itself, if its stack is beyond the limit.
    fn check_stack(&self, cx: &mut Context, fiber: *mut Fiber) {
        if cx.arena.bytes() <= cx.options.max_stack {
            return;
        }
        let mut bytes = 0;
        self.for_each_record(cx, fiber, |record| {
            // SAFETY: the records of a captured fiber are valid.
            bytes += unsafe { record_bytes(cx, fiber, record) };
        });
        if bytes > cx.options.max_stack {
            let top = cx.take_record(0);
            // SAFETY: a fresh record becomes the innermost of a captured fiber.
            unsafe {
                (*top).parent = (*fiber).top;
                (*top).point = self.code.tables.special(SpecialPoint::Overflow);
                (*fiber).top = top;
            }
        }
    }
}

/// The size of a record of a fiber.
///
/// # Safety
/// Both are valid.
unsafe fn record_bytes(cx: &Context, fiber: *mut Fiber, record: *mut Record) -> usize {
    // SAFETY: the caller's promise; a root record fills its fiber's cell.
    unsafe {
        if (*record).parent == cx.exit_record {
            usize::from((*fiber).class) * 8 - FIBER_BYTES
        } else {
            (*record).words as usize * 8 + RECORD_BYTES
        }
    }
}

impl Executor for JitExecutor {
    fn new_fiber(&mut self, cx: &mut Context, func: FuncId, args: &[u64]) -> *mut Fiber {
        let plan = self.code.plan.func(func);
        let fiber = cx.take_fiber(usize::from(plan.words));
        if !fiber.is_null() {
            let root = Fiber::root(fiber);
            // SAFETY: the root record has room for the function's parameters.
            unsafe {
                (*root).point = plan.first_point;
                for (at, arg) in args.iter().enumerate() {
                    *Record::words(root).add(at) = *arg;
                }
            }
        }
        fiber
    }

    fn run(&mut self, cx: &mut Context) -> Ran {
        self.code.tables.attach(cx);
        cx.executor = (&raw mut *self).cast();
        cx.compile = compile_resume;
        let here = 0u8;
        let bytes = if cx.options.stress_stack {
            STRESS_STACK_BYTES
        } else {
            STACK_BYTES
        };
        cx.stack_limit = (&raw const here as usize).saturating_sub(bytes);
        cx.limit.store(cx.stack_limit, Ordering::Relaxed);
        if cx.options.stress_gc || cx.options.stress_preempt || cx.heap.wants_gc {
            cx.ask_capture();
        }
        // SAFETY: the dispatch is native code made for this context, whose tables were just
        // attached; the thread has the stack that the limit says.
        unsafe { enter(cx, self.code.tables.dispatch()) };
        if cx.panicking.is_some() {
            return Ran::Panicked;
        }
        if std::mem::take(&mut cx.main_ended) {
            return Ran::MainEnded;
        }
        if cx.current == cx.sentinel {
            if let Some(fiber) = cx.attention.stack.take() {
                self.check_stack(cx, fiber);
            }
            cx.current = std::ptr::null_mut();
            return Ran::Attention;
        }
        Ran::Idle
    }

    unsafe fn trace(&self, cx: &Context, fiber: *mut Fiber, marker: &mut Marker<'_>) {
        // SAFETY: the caller's promise.
        let mut state = unsafe { (*fiber).state };
        self.for_each_record(cx, fiber, |record| {
            self.trace_record(record, state, marker);
            // Only the innermost record can be that of a waiting select.
            state = State::Ready;
        });
    }

    unsafe fn frames(&self, cx: &Context, fiber: *mut Fiber) -> Vec<Frame> {
        let mut frames = Vec::new();
        self.for_each_record(cx, fiber, |record| {
            // SAFETY: the records of a captured fiber are valid.
            let (func, point) = self.code.plan.point(unsafe { (*record).point });
            let program = &self.code.program;
            let site = program.site(func, point.inst as usize);
            frames.extend_from_slice(&program.places.frames(site));
        });
        frames
    }
}

/// For each point that is a select the shapes of the values that its cases receive.
fn select_shapes(program: &Program, plan: &ModulePlan) -> Vec<Option<Box<[Shape]>>> {
    (0..plan.points.len() as u32)
        .map(|number| {
            let (func, point) = plan.point(number);
            (point.kind == PointKind::Select).then(|| {
                let func = program.module.func(func);
                let cases: Vec<Vec<SlotTy>> = plan::select_shapes(func, point.inst as usize);
                cases.iter().map(|slots| Shape::of(slots)).collect()
            })
        })
        .collect()
}

/// `Context::compile` of this executor.
unsafe extern "C" fn compile_resume(cx: *mut Context, point: u64) -> u64 {
    // SAFETY: `executor` is the `JitExecutor` whose native code calls; it is not borrowed while
    // that runs, since `run` hands control over.
    let executor = unsafe { &*(*cx).executor.cast::<JitExecutor>() };
    match executor.code.jit().resume_code(point as u32) {
        Ok(code) => code as u64,
        Err(text) => {
            // SAFETY: as above, for the context.
            let cx = unsafe { &mut *cx };
            let _ = cx.panic(crate::runtime::panic::PanicValue::Fatal(text));
            0
        }
    }
}

/// Enters native code with the context in the pinned register.
///
/// # Safety
/// `code` is a dispatch made for `cx`.
#[cfg(target_arch = "x86_64")]
unsafe fn enter(cx: *mut Context, code: *const u8) {
    // SAFETY: native code keeps the callee-saved registers of the C convention but the pinned
    // one, which is saved here; the stack is aligned as for a call.
    unsafe {
        std::arch::asm!(
            "push r15",
            "sub rsp, 8",
            "mov r15, {cx}",
            "call {code}",
            "add rsp, 8",
            "pop r15",
            cx = in(reg) cx,
            code = in(reg) code,
            clobber_abi("C"),
        );
    }
}

/// Enters native code with the context in the pinned register.
///
/// # Safety
/// `code` is a dispatch made for `cx`.
#[cfg(target_arch = "aarch64")]
unsafe fn enter(cx: *mut Context, code: *const u8) {
    // SAFETY: as for x86-64; the pinned register is x21.
    unsafe {
        std::arch::asm!(
            "stp x21, x30, [sp, #-16]!",
            "mov x21, {cx}",
            "blr {code}",
            "ldp x21, x30, [sp], #16",
            cx = in(reg) cx,
            code = in(reg) code,
            clobber_abi("C"),
        );
    }
}
