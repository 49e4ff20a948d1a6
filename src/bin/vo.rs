//! The command `vo`: runs, checks and builds Vo programs. See `vo --help`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use vo_bytecode::{Module, binary, text};
use vo_jit::console::{print, tell};
use vo_jit::engine::{Engine, EngineKind, RunConfig, Stats};
use vo_jit::formatting::{self, FormatOptions};
use vo_jit::load::{in_file, load};
use vo_jit::observed::{Observed, Wanted};
use vo_jit::outputs::{cannot_write, keep_apart};
use vo_jit::runtime::context::Options;
use vo_jit::runtime::native::Output;
use vo_jit::signals::Signals;
use vo_jit::testing::{self, TestOptions};
use vo_lang::compile;
use vo_lang::diag::Code;

/// Status of a program that could not be read or does not compile.
const FAILED: u8 = 1;

#[derive(Parser)]
#[command(name = "vo", version, about = "Runs, checks and builds Vo programs")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a program
    Run(RunArgs),
    /// Check a program or a package without running it
    Check {
        /// A .vo file, or a folder of them
        file: PathBuf,
        /// How errors are told: to people on standard error, or as a JSON object a line on standard output
        #[arg(long, value_enum, default_value_t = MessageFormat::Human)]
        message_format: MessageFormat,
    },
    /// Run the tests of packages: functions TestXxx(t *testing.T) in files *_test.vo
    Test(TestArgs),
    /// Format source as gofmt does: print it, or what the options ask for
    Fmt(FmtArgs),
    /// Compile a program to a bytecode module
    Build {
        /// The program: a .vo file, or a folder of them
        file: PathBuf,
        /// Where the module goes
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Tell what an error means, with an example and its repair
    Explain {
        /// The code of the error, such as E0101; none for a list of all
        code: Option<Code>,
    },
    /// Print a program's or a module's bytecode as text
    Dump {
        /// A program: a .vo, .vob or .vot file, or a folder of .vo files
        file: PathBuf,
    },
}

#[derive(Args)]
struct FmtArgs {
    /// Files, and folders of which all .vo files are meant; none for standard input
    paths: Vec<PathBuf>,
    /// List files whose layout differs
    #[arg(short)]
    list: bool,
    /// Show the differences
    #[arg(short)]
    diff: bool,
    /// Write the files
    #[arg(short)]
    write: bool,
}

#[derive(Args)]
struct TestArgs {
    /// Folders or test files; DIR/... means all folders below DIR
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Tell of all tests, not only of those that fail
    #[arg(short, long)]
    verbose: bool,
    /// Only tests whose names match: alternatives with |, and ^ $ . *, a pattern for each part of a/b
    #[arg(long)]
    run: Option<String>,
    /// Run benchmarks whose names match, too
    #[arg(long)]
    bench: Option<String>,
    /// What runs them
    #[arg(long, value_enum, default_value_t = KindArg::Jit)]
    engine: KindArg,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum MessageFormat {
    Human,
    Json,
}

#[derive(Args)]
struct RunArgs {
    /// The program: a .vo file, a folder of them, a .vob module, or a .vot module in text form
    file: PathBuf,
    /// What runs it
    #[arg(long, value_enum, default_value_t = KindArg::Jit)]
    engine: KindArg,
    /// Make rare things happen all the time
    #[arg(long, value_enum, value_delimiter = ',')]
    stress: Vec<Stress>,
    /// Make every choice of the scheduler repeatable
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What a plain operation on a nil channel does
    #[arg(long, value_enum, default_value_t = NilChan::Panic)]
    nil_chan: NilChan,
    /// Whether the program ends with main, or waits for its goroutines
    #[arg(long, value_enum, default_value_t = MainExit::Drain)]
    main_exit: MainExit,
    /// Most memory for the heap, such as 512M or 2G
    #[arg(long, value_parser = parse_size)]
    max_heap: Option<usize>,
    /// Most time that the program may take, in seconds
    #[arg(long, value_parser = parse_seconds)]
    max_time: Option<Duration>,
    /// Most memory for the frames of one goroutine
    #[arg(long, value_parser = parse_size)]
    max_stack: Option<usize>,
    /// Most goroutines at a time
    #[arg(long)]
    max_goroutines: Option<usize>,
    /// Threads that run islands; one per processor by default
    #[arg(long)]
    workers: Option<usize>,
    /// Print counters as JSON on the last line of standard error
    #[arg(long)]
    stats: bool,
    /// Count blocks, captures and waits, for vo-jit-cfg --profile
    #[arg(long, value_name = "OUT.json")]
    profile: Option<PathBuf>,
    /// Write a timeline that Perfetto and Chrome open
    #[arg(long, value_name = "OUT.json")]
    trace: Option<PathBuf>,
    /// About how large the timeline may become, such as 200M; 1G by default
    #[arg(long, value_name = "SIZE", value_parser = parse_size, requires = "trace")]
    max_trace: Option<usize>,
    /// Arguments of the program
    #[arg(last = true)]
    args: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum KindArg {
    Jit,
    Interp,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Stress {
    /// Operations suspend although they need not
    Suspend,
    /// Every poll preempts
    Preempt,
    /// A native stack of a few frames
    Stack,
    /// Every poll collects garbage
    Gc,
    All,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum NilChan {
    Panic,
    Block,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum MainExit {
    Drain,
    Go,
}

fn main() -> ExitCode {
    let cli = Cli::parse_from(arguments());
    let done = match cli.command {
        Command::Run(args) => run(args),
        Command::Check {
            file,
            message_format,
        } => check(&file, message_format),
        Command::Test(args) => test(args),
        Command::Fmt(args) => fmt(args),
        Command::Build { file, output } => build(&file, &output),
        Command::Explain { code } => explain(code),
        Command::Dump { file } => dump(&file),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            tell(&message);
            ExitCode::from(FAILED)
        }
    }
}

fn run(args: RunArgs) -> Result<u8, String> {
    let engine = Engine::new(load(&args.file, colour())?).map_err(|e| in_file(&args.file, &e))?;
    give_back_free_memory();
    let stress = |which: Stress| args.stress.contains(&which) || args.stress.contains(&Stress::All);
    let defaults = Options::default();
    let observed = observe(&args, engine.module())?;
    let options = Options {
        observer: observed.as_ref().map(Observed::observer),
        stress_suspend: stress(Stress::Suspend),
        stress_preempt: stress(Stress::Preempt),
        stress_stack: stress(Stress::Stack),
        stress_gc: stress(Stress::Gc),
        seed: args.seed,
        nil_chan_blocks: args.nil_chan == NilChan::Block,
        main_exit_go: args.main_exit == MainExit::Go,
        max_heap: args.max_heap.unwrap_or(defaults.max_heap),
        max_time: args.max_time,
        max_stack: args.max_stack.unwrap_or(defaults.max_stack),
        max_goroutines: args.max_goroutines.unwrap_or(defaults.max_goroutines),
        workers: args.workers.unwrap_or(defaults.workers),
        args: std::iter::once(args.file.display().to_string())
            .chain(args.args.clone())
            .collect(),
        has_stdin: true,
        when_compiled: Some(give_back_free_memory),
    };
    let kind = match args.engine {
        KindArg::Jit => EngineKind::Jit,
        KindArg::Interp => EngineKind::Interp,
    };
    let cannot_run = |e| in_file(&args.file, &e);
    let running = engine
        .start(&RunConfig { kind, options }, Output::process())
        .map_err(cannot_run)?;
    let signals = Signals::watch(running.canceller(), observed.is_some());
    let run = running.wait().map_err(cannot_run)?;
    let written =
        observed.is_none_or(|observed| write_observed(observed, engine.module(), &run.stats));
    if args.stats {
        tell(&run.stats.to_string());
    }
    signals.die();
    if !written {
        return Ok(FAILED);
    }
    // The memory of a finished process needs no freeing; its status is all that is left to tell.
    std::process::exit(run.status);
}

/// Gives the system what the front end or compiling has freed: a program should not seem to need more
/// than it does, and these need more than many programs.
fn give_back_free_memory() {
    // SAFETY: any thread may call it at any time.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Who observes the run, where a profile or a trace is wanted. That they can be written is seen
/// before the program runs.
fn observe(args: &RunArgs, module: &Module) -> Result<Option<Observed>, String> {
    let wanted = Wanted {
        profile: args.profile.as_deref(),
        trace: args.trace.as_deref(),
        max_trace: args.max_trace.map(|bytes| bytes as u64),
    };
    let outputs: Vec<&Path> = wanted.profile.into_iter().chain(wanted.trace).collect();
    if !outputs.is_empty() && matches!(args.engine, KindArg::Interp) {
        return Err(
            "error: --profile and --trace are of native code, not of the interpreter".into(),
        );
    }
    keep_apart(&[&args.file], &outputs)?;
    Observed::begin(module, wanted)
}

/// Writes what was seen of a run, and tells of it what the user should know. False where it cannot
/// be written.
fn write_observed(observed: Observed, module: &Module, stats: &Stats) -> bool {
    let written = observed.finish(module, stats);
    let done = written.is_ok();
    if let Some(message) = written.unwrap_or_else(Some) {
        tell(&message);
    }
    done
}

/// The arguments of the process. `-run` and `-bench` may have one hyphen, as with Go.
fn arguments() -> Vec<OsString> {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|command| command == "test") {
        for arg in args.iter_mut().skip(2) {
            let text = arg.to_string_lossy();
            let name = text.split('=').next();
            if matches!(name, Some("-run" | "-bench")) {
                *arg = format!("-{text}").into();
            }
        }
    }
    args
}

fn check(file: &Path, format: MessageFormat) -> Result<u8, String> {
    let Err(failure) = compile::check_path(file) else {
        return Ok(0);
    };
    match format {
        MessageFormat::Human => Err(failure.report(colour())),
        MessageFormat::Json => {
            print(&failure.diagnostics.json(&failure.sources))?;
            Ok(FAILED)
        }
    }
}

fn test(args: TestArgs) -> Result<u8, String> {
    let verbose = args.verbose.then(|| "-v".to_owned());
    let run = args.run.map(|pattern| format!("-run={pattern}"));
    let bench = args.bench.map(|pattern| format!("-bench={pattern}"));
    let passed = testing::test(&TestOptions {
        paths: args.paths,
        args: [verbose, run, bench].into_iter().flatten().collect(),
        interpret: matches!(args.engine, KindArg::Interp),
        colour: colour(),
    })?;
    Ok(if passed { 0 } else { FAILED })
}

fn fmt(args: FmtArgs) -> Result<u8, String> {
    let formatted = formatting::format(&FormatOptions {
        paths: args.paths,
        list: args.list,
        diff: args.diff,
        write: args.write,
        colour: colour(),
    })?;
    Ok(if formatted { 0 } else { FAILED })
}

fn build(file: &Path, output: &Path) -> Result<u8, String> {
    keep_apart(&[file], &[output])?;
    let module = load(file, colour())?;
    std::fs::write(output, binary::encode(&module))
        .map_err(|error| cannot_write(output, &error))?;
    Ok(0)
}

fn explain(code: Option<Code>) -> Result<u8, String> {
    let text = match code {
        Some(code) => code.explanation().to_string(),
        None => Code::ALL
            .iter()
            .map(|code| format!("{code}  {}\n", code.explanation().summary()))
            .collect(),
    };
    print(&text)?;
    Ok(0)
}

fn dump(file: &Path) -> Result<u8, String> {
    let module = load(file, colour())?;
    print(&text::print(&module))?;
    Ok(0)
}

fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal()
}

/// A number of seconds, with or without a fraction.
fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("`{text}`: {error}"))
}

/// A number of bytes, with K, M or G for powers of 1024.
fn parse_size(text: &str) -> Result<usize, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| format!("`{text}` is not a size"))?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| format!("`{text}` is too large"))
}
