//! The engine that runs modules: what the command `vo` is made of, and what a Rust program
//! embeds.
//!
//! ```
//! use vo_jit::engine::{Engine, RunConfig};
//! use vo_jit::runtime::native::Output;
//!
//! let module = vo_lang::compile::compile_source(
//!     "hello.vo",
//!     r#"
//!     func main() {
//!         c := make(chan int)
//!         go func() { c <- 42 }()
//!         println(<-c)
//!     }
//!     "#,
//! )?;
//! let engine = Engine::new(module)?;
//! let run = engine.run(&RunConfig::default(), Output::captured())?;
//! assert_eq!(run.status, 0);
//! assert_eq!(run.stdout, b"42\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::codegen::exec::{JitExecutor, THREAD_STACK_BYTES};
use crate::interp::Interp;
use crate::runtime::context::{Context, Options};
use crate::runtime::native::Output;
use crate::runtime::outside::Outside;
use crate::runtime::program::Program;
use crate::runtime::sched::{self, Ended, Executor};
use crate::runtime::{panic_text, report};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vo_bytecode::Module;
use vo_bytecode::verify::{VerifyError, verify};

/// A verified program, ready to be run any number of times.
pub struct Engine {
    program: Arc<Program>,
}

/// What runs the functions of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EngineKind {
    /// Native code.
    #[default]
    Jit,
    /// The reference interpreter.
    Interp,
}

/// How a program is run.
#[derive(Clone, Debug, Default)]
pub struct RunConfig {
    /// Native code or the interpreter.
    pub kind: EngineKind,
    /// Everything else.
    pub options: Options,
}

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    /// The exit status: 0 done, 2 for a panic or a deadlock, or what `os.Exit` was given.
    pub status: i32,
    /// Captured standard output; empty where the output went to the process's own.
    pub stdout: Vec<u8>,
    /// Captured standard error.
    pub stderr: Vec<u8>,
    /// What was counted.
    pub stats: Stats,
}

macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident: $ty:ty,)*) => {
        /// Counters of a run.
        #[derive(Clone, Copy, PartialEq, Debug, Default)]
        pub struct Stats { $($(#[$doc])* pub $name: $ty,)* }

        impl fmt::Display for Stats {
            /// One JSON object on one line.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let fields = [$(format!("\"{}\":{}", stringify!($name), self.$name)),*];
                write!(f, "{{{}}}", fields.join(","))
            }
        }
    };
}

stats! {
    /// Functions of the program.
    functions: usize,
    /// Functions that have native code.
    functions_native: usize,
    /// Resume points of all functions.
    resume_points: usize,
    /// Resume functions compiled.
    resume_functions: usize,
    /// Frames captured.
    suspensions: u64,
    /// Times a goroutine was entered.
    switches: u64,
    /// Goroutines started.
    spawns: u64,
    /// Collections.
    collections: u64,
    /// Most bytes in use on the heap.
    peak_heap_bytes: usize,
    /// Bytes taken for frame records.
    record_bytes: usize,
    /// Milliseconds spent planning and compiling.
    compile_ms: f64,
    /// Milliseconds from the first goroutine's start to the end.
    run_ms: f64,
}

/// Why a program could not be run at all.
#[derive(Debug)]
pub enum EngineError {
    /// The module is malformed.
    Malformed(Vec<VerifyError>),
    /// The module has no entry function.
    NoEntry,
    /// The machine does not give what is needed.
    Host(String),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Malformed(errors) => {
                f.write_str("the module is malformed")?;
                errors.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
            EngineError::NoEntry => f.write_str("the module has no entry function"),
            EngineError::Host(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for EngineError {}

impl Engine {
    /// Verifies a module.
    ///
    /// # Errors
    /// When the module is malformed; each error names function and instruction.
    pub fn new(module: Module) -> Result<Engine, EngineError> {
        verify(&module).map_err(EngineError::Malformed)?;
        Ok(Engine {
            program: Arc::new(Program::new(module)),
        })
    }

    /// The program's module.
    pub fn module(&self) -> &Module {
        &self.program.module
    }

    /// Runs the program to its end, on a thread of its own that has the native stack it needs.
    ///
    /// # Errors
    /// When the program cannot even start. How it ends is told by the result.
    pub fn run(&self, config: &RunConfig, output: Output) -> Result<Run, EngineError> {
        let program = self.program.clone();
        let config = config.clone();
        let thread = std::thread::Builder::new()
            .name("vo-worker".into())
            .stack_size(THREAD_STACK_BYTES)
            .spawn(move || run_here(program, &config, output))
            .map_err(|error| EngineError::Host(format!("cannot start a thread: {error}")))?;
        match thread.join() {
            Ok(run) => run,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn run_here(program: Arc<Program>, config: &RunConfig, output: Output) -> Result<Run, EngineError> {
    let out_of_memory = |_| EngineError::Host("no memory for a heap".into());
    let entry = program.module.entry.ok_or(EngineError::NoEntry)?;
    let no_reactor = |error| EngineError::Host(format!("cannot watch for events: {error}"));
    let outside = Outside::alone().map_err(no_reactor)?;
    let mut cx = Context::new(program.clone(), config.options.clone(), output, outside)
        .map_err(out_of_memory)?;
    let start = Instant::now();
    let mut executor: AnyExecutor = match config.kind {
        EngineKind::Interp => AnyExecutor::Interp(Interp::new(program.clone())),
        EngineKind::Jit => {
            let jit = JitExecutor::new(program.clone(), &config.options);
            AnyExecutor::Jit(Box::new(jit.map_err(EngineError::Host)?))
        }
    };
    let compiled = start.elapsed();
    let main = executor.get().new_fiber(&mut cx, entry, &[]);
    if main.is_null() {
        return Err(EngineError::Host("no memory for a goroutine".into()));
    }
    // SAFETY: a fresh fiber is in no queue.
    unsafe { cx.push(main) };
    let mut ended = sched::run(&mut cx, executor.get());
    if let Ended::Panic(panicking) = &mut ended {
        panic_text::describe(&mut cx, executor.get(), panicking);
    }
    let stats = executor.stats(&cx, compiled, start.elapsed());
    Ok(finish(&mut cx, &ended, stats))
}

/// Tells how the program ended, and takes what it has written.
fn finish(cx: &mut Context, ended: &Ended, stats: Stats) -> Run {
    let report = report::report(&cx.program, ended);
    cx.output.flush();
    cx.output.write_err(report.text.as_bytes());
    let mut status = report.status;
    if let Err(error) = cx.output.finish() {
        cx.output
            .write_err(format!("cannot write the output: {error}\n").as_bytes());
        status = if status == 0 { 1 } else { status };
    }
    let (stdout, stderr) = cx.output.take_captured();
    Run {
        status,
        stdout,
        stderr,
        stats,
    }
}

enum AnyExecutor {
    Jit(Box<JitExecutor>),
    Interp(Interp),
}

impl AnyExecutor {
    fn get(&mut self) -> &mut dyn Executor {
        match self {
            AnyExecutor::Jit(jit) => &mut **jit,
            AnyExecutor::Interp(interp) => interp,
        }
    }

    fn stats(&self, cx: &Context, compiled: Duration, all: Duration) -> Stats {
        let heap = cx.heap.stats();
        let mut stats = Stats {
            functions: cx.program.module.functions.len(),
            suspensions: cx.suspensions,
            switches: cx.switches,
            spawns: u64::from(cx.last_id),
            collections: heap.collections,
            peak_heap_bytes: heap.peak,
            record_bytes: cx.arena.bytes(),
            compile_ms: compiled.as_secs_f64() * 1e3,
            run_ms: (all - compiled).as_secs_f64() * 1e3,
            ..Stats::default()
        };
        if let AnyExecutor::Jit(executor) = self {
            let jit = executor.jit();
            stats.functions_native = jit.functions_native();
            stats.resume_points = jit.decls.plan.points.len();
            stats.resume_functions = jit.resume_functions();
        }
        stats
    }
}
