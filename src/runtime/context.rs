//! The context of an island: what native code reaches through the pinned register.
//!
//! The hot part comes first and is laid out as C does, so that the code generator takes every
//! offset from `offset_of!` on this very declaration; the cold part behind it belongs to the
//! runtime alone.
//!
//! Invariants
//! 1. A context is used by one thread at a time; only `limit` and `tick` are touched by others.
//! 2. `queue_head` is null exactly when the run queue is empty; then `queue_tail` is
//!    meaningless.
//! 3. `current` is the fiber that runs; it is in no queue until it suspends.
//! 4. Free records of class `c` hold `2 * c` words, and are linked through `parent`.

use super::fiber::{Fiber, FiberSlabs, State};
use super::heap::{AllocHot, Heap};
use super::native::Output;
use super::observe::Observer;
use super::observe::timeline::WokenBy;
use super::outside::Outside;
use super::panic::{Fault, Panicking};
use super::port::Ports;
use super::program::Program;
use super::record::{MAX_CLASS_WORDS, RECORD_CLASSES, Record, RecordArena, class_of};
use super::recover::Landed;
use super::select::SelectWait;
use super::timer::Timers;
use super::world::World;
use super::world::handle::{Boot, Handle, Starts};
use crate::inline::Frame;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The most result words a call, a channel operation or a runtime function can give.
pub const RESULT_WORDS: usize = 256;

/// Fiber cells of up to this many words have an inline free list.
pub const MAX_FIBER_WORDS: usize = 64;

/// How often in a row the hand-off slot may jump the queue before it has to stand in line. High
/// enough that the queue costs nothing in a ping-pong, low enough that others wait microseconds.
pub const HANDOFF_BUDGET: u32 = 64;

/// What `Context::tick` counts: as fine as reports of how long somebody waits need it.
pub const TICK: Duration = Duration::from_millis(10);

/// `limit` when a capture is asked for: no stack pointer reaches it.
pub const CAPTURE: usize = usize::MAX;

/// The state of one island that native code works with.
#[repr(C)]
pub struct Context {
    /// Native code whose stack pointer is below this must capture; [`CAPTURE`] asks it to.
    pub limit: AtomicUsize,
    /// The time since the program began, in units of [`TICK`]; the monitor and each turn set it.
    pub tick: AtomicU32,
    /// The fiber that runs.
    pub current: *mut Fiber,
    /// The hand-off slot: the fiber just woken.
    pub next: *mut Fiber,
    /// The run queue, linked through `Fiber::link`.
    pub queue_head: *mut Fiber,
    /// Its last fiber.
    pub queue_tail: *mut Fiber,
    /// Parent of every root record.
    pub exit_record: *mut Record,
    /// Code of each resume point.
    pub point_code: *const *const u8,
    /// Where in the program each resume point stands (see `helpers::site`).
    pub point_sites: *const u64,
    /// Code of each function, for calls through function values.
    pub func_code: *const *const u8,
    /// Code of each method by dynamic type: `[type word * methods + method]`.
    pub method_code: *const *const u8,
    /// How each function starts as a goroutine.
    pub entries: *const Entry,
    /// The global variables.
    pub globals: *mut u8,
    /// Gives the code of a resume point that was not compiled yet; 0 where that fails.
    pub compile: unsafe extern "C" fn(*mut Context, u64) -> u64,
    /// Whoever runs this context's fibers, for `compile`.
    pub executor: *mut u8,
    /// How often the hand-off slot may still be used in a row.
    pub handoffs: u32,
    /// The number of the newest goroutine.
    pub last_id: u32,
    /// How many frames were captured.
    pub suspensions: u64,
    /// How many times a fiber was entered.
    pub switches: u64,
    /// Goroutines that exist.
    pub goroutines: u64,
    /// The most that may exist.
    pub max_goroutines: u64,
    /// Arguments and results of out-of-line stubs.
    pub tmp: [u64; 4],
    /// The select that is about to wait, from `SelectExec` to the capture.
    pub select: *mut SelectWait,
    /// Free lists of records by class.
    pub records: [*mut Record; RECORD_CLASSES],
    /// Free lists of fiber cells by words.
    pub fibers: [*mut Fiber; MAX_FIBER_WORDS + 1],
    /// The heap's inline allocation state.
    pub alloc: AllocHot,
    /// Outcome of a receive: 1 value, 0 closed.
    pub ok: u64,
    /// The number of the landed panic that the function called next may recover; 0 but between a
    /// `RecoverArm` and the first instruction of the function that it arms.
    pub recoverable: u64,
    /// Results of helpers, received values, and results that do not fit into registers.
    pub results: [u64; RESULT_WORDS],

    // ---- cold -----------------------------------------------------------------------------
    /// The program.
    pub program: Arc<Program>,
    /// The heap.
    pub heap: Heap,
    /// What keeps fibers' memory.
    pub slabs: FiberSlabs,
    /// What keeps records' memory.
    pub arena: RecordArena,
    /// Sleeping fibers.
    pub timers: Timers,
    /// What is outside of the island.
    pub outside: Outside,
    /// When the worker wants to do something else, should others be ready by then.
    pub pause_at: Option<Instant>,
    /// The island's number; that of `main` is 0.
    pub island: u64,
    /// The number of the island that has made it.
    pub maker: u64,
    /// When the program began: what `tick` counts from.
    pub epoch: Instant,
    /// The islands of the program; none where only one is wanted, in tests.
    pub world: Option<Arc<World>>,
    /// Ports.
    pub ports: Ports,
    /// Handles of other islands.
    pub handles: Vec<*mut Handle>,
    /// Goroutines that other islands want started here, and that is not done yet.
    pub starts: Starts,
    /// How far the island has come that is not `main`'s.
    pub boot: Boot,
    /// What ends the program although no goroutine has panicked.
    pub fatal: Option<Fault>,
    /// The goroutine of another island that wakes the next fiber to become ready here, while the
    /// letter is read that tells so. Only an observer wants to know.
    pub told_by: Option<WokenBy>,
    /// The fiber that ran when the scheduler's attention was asked for; only to be compared.
    pub interrupted: *mut Fiber,
    /// The panic that unwinds, if any.
    pub panicking: Option<Box<Panicking>>,
    /// The panics that deferred calls deal with.
    pub landed: Landed,
    /// Standard output and error.
    pub output: Output,
    /// Options of the run.
    pub options: Options,
    /// State of the seeded source of choices (splitmix64).
    pub rng: u64,
    /// Set by whoever wants the scheduler's attention at the next capture.
    pub attention: Attention,
    /// What goroutines that asked for it are told: the calls that they are in, innermost first.
    pub callers: Vec<(*mut Fiber, Vec<Frame>)>,
    /// A fiber that never is a goroutine: its code leaves the native dispatch.
    pub sentinel: *mut Fiber,
    /// The stack limit proper, which `limit` returns to.
    pub stack_limit: usize,
    /// Whether goroutine 1 has ended.
    pub main_ended: bool,
    /// Whether it has by `runtime.Goexit`, so that `main` never returns.
    pub main_exited: bool,
    /// Free records beyond the classes.
    pub large_records: Vec<*mut Record>,
    /// Free fiber cells beyond the classes.
    pub large_fibers: Vec<*mut Fiber>,
}

/// How a function starts as a goroutine.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its entry point's number.
    pub point: u32,
    /// Its record's size in words.
    pub words: u32,
}

/// Why a capture was asked for.
#[derive(Default, Debug)]
pub struct Attention {
    /// Collect garbage.
    pub collect: bool,
    /// See whether heap and frames together are beyond the limit.
    pub exhausted: bool,
    /// See whether this goroutine, which captures itself, has too deep a stack.
    pub stack: Option<*mut Fiber>,
    /// Tell these goroutines, which capture themselves, which calls they are in.
    pub callers: Vec<*mut Fiber>,
}

/// Options of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who is told what happens.
    pub observer: Option<Arc<Observer>>,
    /// Stress: operations that complete suspend all the same.
    pub stress_suspend: bool,
    /// Stress: every poll preempts.
    pub stress_preempt: bool,
    /// Stress: every poll collects.
    pub stress_gc: bool,
    /// Stress: a native stack of a few frames.
    pub stress_stack: bool,
    /// Seed of every choice.
    pub seed: u64,
    /// A plain operation on a nil channel blocks for ever (Go's rule) instead of panicking.
    pub nil_chan_blocks: bool,
    /// The program ends with `main` (Go's rule) instead of waiting for its goroutines.
    pub main_exit_go: bool,
    /// Most bytes of heap, and of frames and goroutines beside it.
    pub max_heap: usize,
    /// The time after which the program is ended.
    pub max_time: Option<Duration>,
    /// Most goroutines at a time.
    pub max_goroutines: usize,
    /// Most bytes of records that a stack overflow may reach.
    pub max_stack: usize,
    /// Threads that run islands; 0 for as many as there are processors.
    pub workers: usize,
    /// The program's arguments.
    pub args: Vec<String>,
    /// Whether the program may read the process's standard input; else it has none.
    pub has_stdin: bool,
    /// Is called when all that is compiled beforehand is, right before the program begins.
    pub when_compiled: Option<fn()>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            observer: None,
            stress_suspend: false,
            stress_preempt: false,
            stress_gc: false,
            stress_stack: false,
            seed: 0,
            nil_chan_blocks: false,
            main_exit_go: false,
            max_heap: usize::MAX,
            max_time: None,
            max_goroutines: u32::MAX as usize,
            max_stack: 1 << 30,
            workers: 0,
            args: Vec::new(),
            has_stdin: false,
            when_compiled: None,
        }
    }
}

/// How an operation of the runtime ended, as native code sees it.
#[repr(u64)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum JitResult {
    /// Done; results are where the operation says.
    Ok = 0,
    /// The goroutine panics; `Context::panicking` has the value.
    Panic = 1,
    /// The goroutine waits: the caller captures and suspends.
    WaitIo = 2,
}

/// The ticks that have passed; the number stays at its largest after a year and more.
pub fn ticks_since(epoch: Instant) -> u32 {
    u32::try_from(epoch.elapsed().as_millis() / TICK.as_millis()).unwrap_or(u32::MAX)
}

impl Context {
    /// The next number of the seeded source (splitmix64, Steele, Lea and Flood 2014).
    pub fn random(&mut self) -> u64 {
        self.rng = self.rng.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.rng;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Asks the goroutine that runs to capture itself at its next poll.
    pub fn ask_capture(&self) {
        self.limit.store(CAPTURE, Ordering::Relaxed);
    }

    /// The tick that it is now.
    pub fn now(&self) -> u32 {
        ticks_since(self.epoch)
    }

    /// The running fiber begins to wait: the caller puts it where it waits, and has it captured.
    pub fn park(&mut self, state: State) -> *mut Fiber {
        let fiber = self.current;
        // SAFETY: the running fiber is valid.
        unsafe {
            (*fiber).state = state;
            (*fiber).since = self.tick.load(Ordering::Relaxed);
        }
        fiber
    }

    /// Puts a fiber at the end of the run queue.
    ///
    /// # Safety
    /// `fiber` is a fiber of this context and in no queue.
    pub unsafe fn push(&mut self, fiber: *mut Fiber) {
        // SAFETY: the caller's promise; the tail is valid while the queue is not empty (2).
        unsafe {
            (*fiber).link = ptr::null_mut();
            (*fiber).state = State::Ready;
            if self.queue_head.is_null() {
                self.queue_head = fiber;
            } else {
                (*self.queue_tail).link = fiber;
            }
        }
        self.queue_tail = fiber;
        self.observe_wake(fiber);
    }

    /// Tells an observer that a fiber is ready, if there is one.
    fn observe_wake(&self, fiber: *mut Fiber) {
        if let Some(observer) = &self.options.observer {
            observer.wakes(self, fiber);
        }
    }

    /// Puts a fiber at the front of the run queue.
    ///
    /// # Safety
    /// As for [`Context::push`].
    pub unsafe fn push_front(&mut self, fiber: *mut Fiber) {
        // SAFETY: the caller's promise.
        unsafe {
            (*fiber).link = self.queue_head;
            (*fiber).state = State::Ready;
        }
        if self.queue_head.is_null() {
            self.queue_tail = fiber;
        }
        self.queue_head = fiber;
    }

    /// Makes a fiber that was woken the next to run; who was next before goes to the queue.
    ///
    /// # Safety
    /// As for [`Context::push`].
    pub unsafe fn ready(&mut self, fiber: *mut Fiber) {
        // SAFETY: the caller's promise.
        unsafe {
            (*fiber).state = State::Ready;
            self.observe_wake(fiber);
            let old = std::mem::replace(&mut self.next, fiber);
            if !old.is_null() {
                self.push(old);
            }
        }
    }

    /// Takes the fiber that is to run next, or null.
    pub fn take_next(&mut self) -> *mut Fiber {
        let next = self.next;
        if !next.is_null() {
            self.next = ptr::null_mut();
            if self.handoffs > 0 {
                self.handoffs -= 1;
                return next;
            }
            // SAFETY: it was in the hand-off slot, so in no queue (fiber invariant 1).
            unsafe { self.push(next) };
        }
        self.handoffs = HANDOFF_BUDGET;
        let head = self.queue_head;
        if !head.is_null() {
            // SAFETY: queued fibers are valid.
            self.queue_head = unsafe { (*head).link };
        }
        head
    }

    /// Empties the run queue, when the program ends.
    pub fn forget_ready(&mut self) {
        self.next = ptr::null_mut();
        self.queue_head = ptr::null_mut();
    }

    /// A record of at least `words` words, not initialised; null when memory is exhausted.
    pub fn take_record(&mut self, words: usize) -> *mut Record {
        if let Some(class) = class_of(words) {
            let head = self.records[class];
            if head.is_null() {
                return self.cut_record(words);
            }
            // SAFETY: free records are valid and linked through `parent` (4).
            self.records[class] = unsafe { (*head).parent };
            return head;
        }
        let fits = self.large_records.iter().position(|r| {
            // SAFETY: the list holds valid free records.
            unsafe { (**r).words as usize >= words }
        });
        match fits {
            Some(at) => self.large_records.swap_remove(at),
            None => self.cut_record(words),
        }
    }

    /// Cuts a record from the arena. Where that makes the arena larger than one goroutine's stack
    /// may be, it is time to see whether it is one goroutine's.
    fn cut_record(&mut self, words: usize) -> *mut Record {
        let before = self.arena.bytes();
        let record = self.arena.cut(words);
        if self.arena.bytes() > before.max(self.options.max_stack) {
            self.ask_capture();
        }
        if self.arena.bytes() > before {
            self.check_exhausted();
        }
        record
    }

    /// Has the scheduler end the program where it takes too much memory. Until then it goes on:
    /// in the middle of a capture nobody can.
    fn check_exhausted(&mut self) {
        if self.is_exhausted() {
            self.attention.exhausted = true;
            self.ask_capture();
            self.attend();
        }
    }

    /// Whether the heap, frames and goroutines together take more than they may.
    pub fn is_exhausted(&self) -> bool {
        let limit = self.options.max_heap;
        let frames = self.arena.bytes() + self.slabs.bytes();
        limit != usize::MAX && frames + self.heap.stats().in_use > limit
    }

    /// Takes a record back.
    ///
    /// # Safety
    /// The record came from [`Context::take_record`] and is not used any more.
    pub unsafe fn free_record(&mut self, record: *mut Record) {
        // SAFETY: the caller's promise.
        unsafe {
            let words = (*record).words as usize;
            if words <= MAX_CLASS_WORDS {
                let class = words / 2;
                (*record).parent = self.records[class];
                self.records[class] = record;
            } else {
                self.large_records.push(record);
            }
        }
    }

    /// A new fiber whose root record has room for `words` words, numbered, its root's parent the
    /// exit record; null when memory is exhausted. It is in no queue yet, and comes from nowhere.
    pub fn take_fiber(&mut self, words: usize) -> *mut Fiber {
        let cell = (super::fiber::FIBER_BYTES + super::record::RECORD_BYTES) / 8 + words;
        let fiber = if cell <= MAX_FIBER_WORDS {
            if self.fibers[cell].is_null() {
                self.fibers[cell] = self.slabs.carve(cell);
                self.check_exhausted();
            }
            let head = self.fibers[cell];
            if head.is_null() {
                return head;
            }
            // SAFETY: free cells are valid fibers linked through `link`.
            self.fibers[cell] = unsafe { (*head).link };
            head
        } else {
            let free = self.take_large_fiber(cell);
            if free.is_null() {
                return free;
            }
            free
        };
        self.goroutines += 1;
        self.last_id += 1;
        // SAFETY: a fresh cell of at least header, record header and `words` words.
        unsafe {
            (*fiber).id = self.last_id;
            (*fiber).state = State::Ready;
            let root = Fiber::root(fiber);
            (*fiber).top = root;
            (*root).parent = self.exit_record;
            self.set_origin(fiber, 0, 0);
        }
        fiber
    }

    /// Ends a fiber: its cell is free again.
    ///
    /// # Safety
    /// The fiber is in no queue and none of its records is used any more.
    pub unsafe fn free_fiber(&mut self, fiber: *mut Fiber) {
        // SAFETY: the caller's promise.
        unsafe {
            (*fiber).state = State::Free;
            let class = (*fiber).class as usize;
            if class <= MAX_FIBER_WORDS {
                (*fiber).link = self.fibers[class];
                self.fibers[class] = fiber;
            } else {
                self.large_fibers.push(fiber);
            }
        }
        self.goroutines -= 1;
    }

    /// A free cell of `cell` words beyond the classes that have free lists; null when memory is
    /// exhausted.
    fn take_large_fiber(&mut self, cell: usize) -> *mut Fiber {
        let fits = |f: &*mut Fiber| {
            // SAFETY: the list holds valid free cells.
            unsafe { (**f).class as usize == cell }
        };
        if let Some(at) = self.large_fibers.iter().position(fits) {
            return self.large_fibers.swap_remove(at);
        }
        let mut list = self.slabs.carve(cell);
        let first = list;
        while !list.is_null() {
            // SAFETY: carved cells are valid and linked through `link`.
            list = unsafe { (*list).link };
            if !list.is_null() {
                self.large_fibers.push(list);
            }
        }
        first
    }
}
