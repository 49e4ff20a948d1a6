//! An island: a context and what it owns, from its making to its end.

use super::context::{Context, MAX_FIBER_WORDS, Options, RESULT_WORDS};
use super::fiber::{FIBER_BYTES, Fiber};
use super::heap::{AllocHot, Found, Heap, HeapConfig, Marker, OutOfMemory};
use super::native::Output;
use super::outside::Outside;
use super::program::Program;
use super::record::{RECORD_BYTES, RECORD_CLASSES, Record};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize};
use std::time::Instant;
use vo_bytecode::GlobalId;

/// The seed where none is asked for: any constant will do, as long as select is fair.
const DEFAULT_SEED: u64 = 0x005e_ed0f_0f9a_11e7;

impl Context {
    /// A context for one island of `program`, with zeroed globals and no goroutine.
    ///
    /// # Errors
    /// When there is no address space for a heap.
    pub fn new(
        program: Arc<Program>,
        options: Options,
        output: Output,
        outside: Outside,
    ) -> Result<Box<Context>, OutOfMemory> {
        let config = HeapConfig {
            max_heap: options.max_heap,
            ..HeapConfig::default()
        };
        let heap = Heap::new(program.layouts.clone(), config)?;
        let global_words = (program.globals.size as usize).div_ceil(8).max(1);
        let globals = Box::leak(vec![0u64; global_words].into_boxed_slice());
        let mut cx = Box::new(Context {
            limit: AtomicUsize::new(0),
            tick: AtomicU32::new(0),
            current: ptr::null_mut(),
            next: ptr::null_mut(),
            queue_head: ptr::null_mut(),
            queue_tail: ptr::null_mut(),
            exit_record: new_exit_record(),
            point_code: ptr::null(),
            point_sites: ptr::null(),
            func_code: ptr::null(),
            method_code: ptr::null(),
            entries: ptr::null(),
            globals: globals.as_mut_ptr().cast(),
            compile: no_code,
            executor: ptr::null_mut(),
            handoffs: 0,
            last_id: 0,
            suspensions: 0,
            switches: 0,
            goroutines: 0,
            max_goroutines: options.max_goroutines as u64,
            tmp: [0; 4],
            select: ptr::null_mut(),
            records: [ptr::null_mut(); RECORD_CLASSES],
            fibers: [ptr::null_mut(); MAX_FIBER_WORDS + 1],
            alloc: AllocHot::default(),
            ok: 0,
            recoverable: 0,
            results: [0; RESULT_WORDS],
            rng: if options.seed == 0 {
                DEFAULT_SEED
            } else {
                options.seed
            },
            program,
            heap,
            slabs: Default::default(),
            arena: Default::default(),
            timers: Default::default(),
            outside,
            pause_at: None,
            island: 0,
            maker: 0,
            epoch: Instant::now(),
            world: None,
            ports: Default::default(),
            handles: Vec::new(),
            starts: Default::default(),
            boot: Default::default(),
            fatal: None,
            told_by: None,
            interrupted: ptr::null_mut(),
            panicking: None,
            landed: Default::default(),
            output,
            options,
            attention: Default::default(),
            callers: Vec::new(),
            sentinel: new_sentinel(),
            stack_limit: 0,
            main_ended: false,
            main_exited: false,
            large_records: Vec::new(),
            large_fibers: Vec::new(),
        });
        let hot = NonNull::from(&mut cx.alloc);
        // SAFETY: the context is boxed and owns the heap, so `alloc` outlives it and does not
        // move; nothing but inline allocation touches it.
        unsafe { cx.heap.attach(hot) };
        Ok(cx)
    }

    /// The object that a reference leads to: on the heap, or a global variable; `None` for what
    /// belongs to no island.
    pub fn find_object(&self, reference: usize) -> Option<Found> {
        let globals = &self.program.globals;
        let offset = reference.wrapping_sub(self.globals as usize) as u64;
        if offset >= globals.size {
            return self.heap.find(reference);
        }
        let number = globals.offsets.partition_point(|at| *at <= offset) - 1;
        let ty = self.program.module.globals[number].ty;
        Some(Found {
            start: self.globals as usize + globals.offsets[number] as usize,
            bytes: self.program.size_of(ty),
            layout: self.program.layouts.of(ty),
        })
    }

    /// Shows what one global variable refers to.
    pub fn trace_global(&self, global: GlobalId, marker: &mut Marker<'_>) {
        let globals = &self.program.globals;
        let start = globals.offset(global);
        let end = start
            + self
                .program
                .size_of(self.program.module.globals[global.index()].ty) as u64;
        let within = |at: &&u64| (start..end).contains(*at);
        // SAFETY: the offsets are those of this program's globals, which hold valid values.
        unsafe {
            for at in globals.refs.iter().filter(within) {
                marker.mark_ref(*self.globals.add(*at as usize).cast::<*const u8>());
            }
            for at in globals.ifaces.iter().filter(within) {
                let words = self.globals.add(*at as usize).cast::<u64>();
                marker.mark_iface(*words, *words.add(1));
            }
        }
    }

    /// Shows the global variables to the collector.
    pub fn trace_globals(&self, marker: &mut Marker<'_>) {
        let globals = &self.program.globals;
        // SAFETY: the offsets are those of this program's globals, which hold valid values.
        unsafe {
            for at in &globals.refs {
                marker.mark_ref(*self.globals.add(*at as usize).cast::<*const u8>());
            }
            for at in &globals.ifaces {
                let words = self.globals.add(*at as usize).cast::<u64>();
                marker.mark_iface(*words, *words.add(1));
            }
        }
    }
}

/// Where nobody compiles.
unsafe extern "C" fn no_code(_: *mut Context, _: u64) -> u64 {
    0
}

/// The record that root records have as parent: results of goroutines' functions go nowhere.
fn new_exit_record() -> *mut Record {
    let words = RECORD_BYTES / 8 + RESULT_WORDS;
    let record = Box::leak(vec![0u64; words].into_boxed_slice())
        .as_mut_ptr()
        .cast::<Record>();
    // SAFETY: the block is a record's header and words.
    unsafe { (*record).words = RESULT_WORDS as u32 };
    record
}

/// Words of the sentinel's cell: a fiber and a record without words.
const SENTINEL_WORDS: usize = (FIBER_BYTES + RECORD_BYTES) / 8;

fn new_sentinel() -> *mut Fiber {
    let words = Box::leak(vec![0u64; SENTINEL_WORDS].into_boxed_slice());
    let fiber = words.as_mut_ptr().cast::<Fiber>();
    // SAFETY: the block is a fiber and its root record.
    unsafe { (*fiber).top = Fiber::root(fiber) };
    fiber
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(observer) = &self.options.observer {
            observer.leaves(self);
        }
        self.abandon_ports();
        self.refuse_starts();
        self.drop_handles();
        let global_words = (self.program.globals.size as usize).div_ceil(8).max(1);
        let exit_words = RECORD_BYTES / 8 + RESULT_WORDS;
        // SAFETY: the blocks were leaked from boxes of these sizes in `new`.
        unsafe {
            drop(Box::from_raw(ptr::slice_from_raw_parts_mut(
                self.globals.cast::<u64>(),
                global_words,
            )));
            drop(Box::from_raw(ptr::slice_from_raw_parts_mut(
                self.exit_record.cast::<u64>(),
                exit_words,
            )));
            drop(Box::from_raw(ptr::slice_from_raw_parts_mut(
                self.sentinel.cast::<u64>(),
                SENTINEL_WORDS,
            )));
        }
    }
}
