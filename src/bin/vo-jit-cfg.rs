//! The command `vo-jit-cfg`: shows a program the way the JIT sees it, as text.

use clap::{Parser, ValueEnum};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use vo_bytecode::{FuncId, Module};
use vo_jit::cfg::{self, CallGraph};
use vo_jit::codegen::jit::Jit;
use vo_jit::load::load;
use vo_jit::runtime::program::Program;
use vo_jit::split::{self, ModulePlan};

#[derive(Parser)]
#[command(
    name = "vo-jit-cfg",
    version,
    about = "Shows the code the way the JIT sees it"
)]
struct Cli {
    /// The program: a .vo file, a .vob module, or a .vot module in text form
    file: PathBuf,
    /// Only functions whose name contains this
    #[arg(long)]
    func: Option<String>,
    /// List the functions instead
    #[arg(long)]
    list: bool,
    /// What to show
    #[arg(long, value_enum, default_value_t = Stage::Split)]
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Stage {
    /// Basic blocks, edges, loops
    Cfg,
    /// Resume points and record layouts
    Split,
    /// Cranelift's intermediate form
    Clif,
    /// Machine code
    Asm,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match show(&cli) {
        Ok(text) => match std::io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                eprintln!("error: cannot write: {error}");
                ExitCode::FAILURE
            }
            _ => ExitCode::SUCCESS,
        },
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}

fn show(cli: &Cli) -> Result<String, String> {
    let module = load(&cli.file, false)?;
    vo_bytecode::verify::verify(&module)
        .map_err(|errors| format!("error: {}: {}", cli.file.display(), errors[0]))?;
    let calls = CallGraph::build(&module);
    let plan = ModulePlan::build(&module, &calls);
    let wanted: Vec<FuncId> = (0..module.functions.len() as u32)
        .map(FuncId)
        .filter(|id| {
            cli.func
                .as_ref()
                .is_none_or(|name| module.func(*id).name.contains(name))
        })
        .collect();
    if wanted.is_empty() {
        let name = cli.func.as_deref().unwrap_or("");
        return Err(format!(
            "error: no function has `{name}` in its name; --list shows them"
        ));
    }
    if cli.list {
        return Ok(list(&module, &plan, &wanted));
    }
    let mut out = String::new();
    match cli.stage {
        Stage::Cfg => wanted
            .iter()
            .for_each(|id| out += &cfg::print::function(module.func(*id))),
        Stage::Split => {
            wanted
                .iter()
                .for_each(|id| out += &split::print::print(module.func(*id), plan.func(*id)));
        }
        Stage::Clif | Stage::Asm => {
            let program = Arc::new(Program::new(module));
            for listing in Jit::list(program.clone(), plan)? {
                if wanted.contains(&listing.func) {
                    let name = &program.module.func(listing.func).name;
                    let code = if cli.stage == Stage::Clif {
                        &listing.clif
                    } else {
                        &listing.asm
                    };
                    // Writing to a String cannot fail.
                    let _ = writeln!(
                        out,
                        "; {name}, {:?}: {} bytes\n{code}",
                        listing.mode, listing.bytes
                    );
                }
            }
        }
    }
    Ok(out)
}

/// A line for each function: name, resume points, record size, whether it suspends.
fn list(module: &Module, plan: &ModulePlan, wanted: &[FuncId]) -> String {
    let mut out = String::new();
    for id in wanted {
        let (func, plan) = (module.func(*id), plan.func(*id));
        let suspends = if plan.suspends {
            "may suspend"
        } else {
            "never suspends"
        };
        let _ = writeln!(
            out,
            "{}: {} points, record of {} words, {suspends}",
            func.name,
            plan.points.len(),
            plan.words
        );
    }
    out
}
