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

use crate::codegen::exec::{Code, JitExecutor, THREAD_STACK_BYTES};
use crate::host::Host;
use crate::inline;
use crate::interp::Interp;
use crate::running::{Canceller, Running};
use crate::runtime::context::Options;
use crate::runtime::hostcall::{Embedder, Table};
use crate::runtime::native::Output;
use crate::runtime::outside::reactor::Reactor;
use crate::runtime::program::Program;
use crate::runtime::report::Report;
use crate::runtime::world::{MakeExecutor, Totals, World};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use vo_bytecode::Module;
use vo_bytecode::verify::{VerifyError, verify};

/// A verified program, ready to be run any number of times.
pub struct Engine {
    module: Module,
    /// The program as it is, for the interpreter.
    plain: OnceLock<Arc<Program>>,
    /// The program that native code is made of.
    native: OnceLock<Arc<Program>>,
    host: Arc<Table>,
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
    /// Islands, that of `main` included.
    islands: u64,
    /// Goroutines started.
    spawns: u64,
    /// Collections.
    collections: u64,
    /// Most bytes in use on the heap; of several islands, the sum.
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
        Engine::with_host(module, Host::new())
    }

    /// Verifies a module that may call functions of this program.
    ///
    /// # Errors
    /// As for [`Engine::new`].
    pub fn with_host(module: Module, host: Host) -> Result<Engine, EngineError> {
        verify(&module).map_err(EngineError::Malformed)?;
        Ok(Engine {
            module,
            plain: OnceLock::new(),
            native: OnceLock::new(),
            host: host.into_table(),
        })
    }

    /// The program's module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The program that is run: for native code one in which calls of small functions are written
    /// out. Who observes a run wants to see each function by itself.
    fn program(&self, config: &RunConfig) -> &Arc<Program> {
        let module = || self.module.clone();
        if config.kind == EngineKind::Jit && config.options.observer.is_none() {
            (self.native).get_or_init(|| Arc::new(Program::of(inline::expand(module()))))
        } else {
            self.plain.get_or_init(|| Arc::new(Program::new(module())))
        }
    }

    /// Runs the program to its end, and drives the host functions that it waits for meanwhile.
    ///
    /// # Errors
    /// When the program cannot even start. How it ends is told by the result.
    pub fn run(&self, config: &RunConfig, output: Output) -> Result<Run, EngineError> {
        self.start(config, output)?.wait()
    }

    /// Starts the program on a thread of its own, which has the native stack that it needs. What
    /// comes back is a future, to be polled or waited for.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn start(&self, config: &RunConfig, output: Output) -> Result<Running, EngineError> {
        let program = self.program(config).clone();
        let config = config.clone();
        let (done, result) = async_channel::bounded(1);
        let (driver, calls) = async_channel::unbounded();
        let control = Canceller::default();
        let attached = control.clone();
        let embedder = Embedder {
            table: self.host.clone(),
            driver,
            attach: Box::new(move |inbox, preempts| attached.attach(inbox, preempts)),
        };
        let running = Running::new(result, calls, control.clone());
        if let Some(time) = config.options.max_time {
            control.limit(time)?;
        }
        std::thread::Builder::new()
            .name("vo-worker".into())
            .stack_size(THREAD_STACK_BYTES)
            .spawn(move || {
                let run = run_here(program, &config, output, embedder);
                control.end();
                // Whoever started the program may not care any more.
                let _ = done.try_send(run);
            })
            .map_err(|error| EngineError::Host(format!("cannot start a thread: {error}")))?;
        Ok(running)
    }
}

fn run_here(
    program: Arc<Program>,
    config: &RunConfig,
    output: Output,
    embedder: Embedder,
) -> Result<Run, EngineError> {
    program.module.entry.ok_or(EngineError::NoEntry)?;
    let no_reactor = |error| EngineError::Host(format!("cannot watch for events: {error}"));
    let reactor = Arc::new(Reactor::new().map_err(no_reactor)?);
    let start = Instant::now();
    let mut code = None;
    let make_executor: MakeExecutor = match config.kind {
        EngineKind::Interp => {
            let program = program.clone();
            Box::new(move || Box::new(Interp::new(program.clone())))
        }
        EngineKind::Jit => {
            let compiled = Code::compile(program.clone(), &config.options);
            let compiled = Arc::new(compiled.map_err(EngineError::Host)?);
            code = Some(compiled.clone());
            Box::new(move || Box::new(JitExecutor::new(compiled.clone())))
        }
    };
    let compiled = start.elapsed();
    if let Some(call) = config.options.when_compiled {
        call();
    }
    let world = World::new(
        program.clone(),
        config.options.clone(),
        output.clone(),
        reactor,
        make_executor,
        THREAD_STACK_BYTES,
        embedder,
    );
    let (report, totals) = world.run().map_err(EngineError::Host)?;
    let stats = stats(
        &program,
        code.as_deref(),
        &totals,
        compiled,
        start.elapsed(),
    );
    Ok(finish(&output, report, stats))
}

/// Tells how the program ended, and takes what it has written.
fn finish(output: &Output, report: Report, stats: Stats) -> Run {
    output.flush();
    output.write_err(report.text.as_bytes());
    let mut status = report.status;
    if let Err(error) = output.finish() {
        output.write_err(format!("cannot write the output: {error}\n").as_bytes());
        status = if status == 0 { 1 } else { status };
    }
    let (stdout, stderr) = output.take_captured();
    Run {
        status,
        stdout,
        stderr,
        stats,
    }
}

fn stats(
    program: &Program,
    code: Option<&Code>,
    totals: &Totals,
    compiled: Duration,
    all: Duration,
) -> Stats {
    let mut stats = Stats {
        functions: program.functions(),
        islands: totals.islands,
        suspensions: totals.suspensions,
        switches: totals.switches,
        spawns: totals.spawns,
        collections: totals.collections,
        peak_heap_bytes: totals.peak_heap,
        record_bytes: totals.records,
        compile_ms: compiled.as_secs_f64() * 1e3,
        run_ms: (all - compiled).as_secs_f64() * 1e3,
        ..Stats::default()
    };
    if let Some(code) = code {
        let jit = code.jit();
        stats.functions_native = jit.functions_native();
        stats.resume_points = code.resume_points();
        stats.resume_functions = jit.resume_functions();
    }
    stats
}
