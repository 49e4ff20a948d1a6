//! The command `vo`: runs, checks and builds Vo programs. See `vo --help`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vo_bytecode::{binary, text};
use vo_jit::engine::{Engine, EngineKind, RunConfig};
use vo_jit::load::{in_file, load};
use vo_jit::runtime::context::Options;
use vo_jit::runtime::native::Output;
use vo_lang::compile;

/// A third of the time to compile a small program was the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    },
    /// Compile a program to a bytecode module
    Build {
        /// The program: a .vo file, or a folder of them
        file: PathBuf,
        /// Where the module goes
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Print a program's or a module's bytecode as text
    Dump {
        /// A program: a .vo, .vob or .vot file, or a folder of .vo files
        file: PathBuf,
    },
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
    /// Most memory for the frames of one goroutine
    #[arg(long, value_parser = parse_size)]
    max_stack: Option<usize>,
    /// Most goroutines at a time
    #[arg(long)]
    max_goroutines: Option<usize>,
    /// Print counters as JSON on the last line of standard error
    #[arg(long)]
    stats: bool,
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
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Run(args) => run(args),
        Command::Check { file } => check(&file),
        Command::Build { file, output } => build(&file, &output),
        Command::Dump { file } => dump(&file),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::from(FAILED)
        }
    }
}

fn run(args: RunArgs) -> Result<u8, String> {
    let engine = Engine::new(load(&args.file, colour())?).map_err(|e| in_file(&args.file, &e))?;
    let stress = |which: Stress| args.stress.contains(&which) || args.stress.contains(&Stress::All);
    let defaults = Options::default();
    let options = Options {
        stress_suspend: stress(Stress::Suspend),
        stress_preempt: stress(Stress::Preempt),
        stress_stack: stress(Stress::Stack),
        stress_gc: stress(Stress::Gc),
        seed: args.seed,
        nil_chan_blocks: args.nil_chan == NilChan::Block,
        main_exit_go: args.main_exit == MainExit::Go,
        max_heap: args.max_heap.unwrap_or(defaults.max_heap),
        max_stack: args.max_stack.unwrap_or(defaults.max_stack),
        max_goroutines: args.max_goroutines.unwrap_or(defaults.max_goroutines),
        args: std::iter::once(args.file.display().to_string())
            .chain(args.args)
            .collect(),
        has_stdin: true,
    };
    let kind = match args.engine {
        KindArg::Jit => EngineKind::Jit,
        KindArg::Interp => EngineKind::Interp,
    };
    let run = engine
        .run(&RunConfig { kind, options }, Output::process())
        .map_err(|e| in_file(&args.file, &e))?;
    if args.stats {
        eprintln!("{}", run.stats);
    }
    // The memory of a finished process needs no freeing; its status is all that is left to tell.
    std::process::exit(run.status);
}

fn check(file: &Path) -> Result<u8, String> {
    compile::check_path(file).map_err(|failure| failure.render(colour()))?;
    Ok(0)
}

fn build(file: &Path, output: &Path) -> Result<u8, String> {
    let module = load(file, colour())?;
    std::fs::write(output, binary::encode(&module))
        .map_err(|error| format!("error: cannot write {}: {error}", output.display()))?;
    Ok(0)
}

fn dump(file: &Path) -> Result<u8, String> {
    let module = load(file, colour())?;
    match std::io::stdout()
        .lock()
        .write_all(text::print(&module).as_bytes())
    {
        // Whoever reads the text may stop early.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(format!("error: cannot write: {error}")),
        Ok(()) => Ok(0),
    }
}

fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal()
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
