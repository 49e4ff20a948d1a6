//! The command `vo-jit-cfg`: shows a program the way the JIT sees it.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use vo_jit::console::{print, tell};
use vo_jit::load::{in_file, load};
use vo_jit::outputs::{cannot_write, keep_apart};
use vo_jit::view::model::Builder;
use vo_jit::view::profile;
use vo_jit::view::render::{self, Compare, Format, Stage, Wish};

#[derive(Parser)]
#[command(
    name = "vo-jit-cfg",
    version,
    about = "Shows the code the way the JIT sees it",
    after_help = "Names: main.worker or worker, (*Tree).walk or Tree.walk, main.main.func1 for a \
                  closure; `fmt.` means all of package fmt."
)]
struct Cli {
    /// The program: a .vo file, a package, a .vob module, or a .vot module in text form
    file: PathBuf,
    /// A function; may be given several times [default: those of package main]
    #[arg(long, value_name = "NAME")]
    func: Vec<String>,
    /// All functions, those of the standard packages included
    #[arg(long, conflicts_with = "func")]
    all: bool,
    /// List functions: blocks, resume points, records, and why they may suspend
    #[arg(long, conflicts_with_all = ["stage", "format", "compare", "profile"])]
    list: bool,
    /// What to show [default: split]; json and html have all stages
    #[arg(long, value_enum)]
    stage: Option<Stage>,
    /// In which form [default: by the name given with -o, else text]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Show the graph before and after the split
    #[arg(long, value_enum)]
    compare: Option<Compare>,
    /// What a run has counted (from vo run --profile): heat, and a table of the costliest waits
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Where to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Open what was written in the desktop's viewer
    #[arg(long, requires = "output")]
    open: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = match format_of(&cli) {
        Ok(format) => format,
        Err(message) => {
            let error = Cli::command().error(ErrorKind::ArgumentConflict, message);
            error.exit()
        }
    };
    match run(&cli, format) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            tell(&message);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli, format: Format) -> Result<(), String> {
    let mut read = vec![cli.file.as_path()];
    read.extend(cli.profile.as_deref());
    keep_apart(&read, cli.output.as_deref().as_slice())?;
    let colour = std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal();
    let module = load(&cli.file, colour)?;
    vo_bytecode::verify::verify(&module).map_err(|errors| in_file(&cli.file, &errors[0]))?;
    let profile = match &cli.profile {
        Some(file) => Some(profile::read(file, &module)?),
        None => None,
    };
    // A run that is profiled has each function by itself.
    let mut builder = match profile {
        Some(_) => Builder::plain(module, &cli.file),
        None => Builder::new(module, &cli.file),
    };
    let wish = Wish {
        program: cli.file.clone(),
        funcs: cli.func.clone(),
        all: cli.all,
        stage: cli.stage.unwrap_or(Stage::Split),
        format,
        compare: cli.compare,
    };
    let text = if cli.list {
        render::list(&mut builder, &wish)?
    } else {
        render::render(&mut builder, &wish, profile.as_ref())?
    };
    write(cli, &text)
}

/// The format that is asked for, by the option or by the output's name.
///
/// # Errors
/// What of the wish does not go together.
fn format_of(cli: &Cli) -> Result<Format, String> {
    let format = match (cli.format, &cli.output) {
        (Some(format), _) => format,
        (None, None) => Format::Text,
        (None, Some(output)) => by_name(output)?,
    };
    let graph = matches!(cli.stage, None | Some(Stage::Cfg | Stage::Split));
    match format {
        Format::Text if cli.compare.is_some() && !graph => {
            Err("--compare is of graphs: of the stages cfg and split".into())
        }
        Format::Svg | Format::Dot if !graph => Err(
            "only the stages cfg and split have a graph; choose one of them with --stage".into(),
        ),
        Format::Json | Format::Html if cli.stage.is_some() || cli.compare.is_some() => {
            Err("json and html have all stages: --stage and --compare do not go with them".into())
        }
        _ if cli.list && format != Format::Text => Err("--list is text".into()),
        _ => Ok(format),
    }
}

/// The format that a file's name asks for.
fn by_name(output: &Path) -> Result<Format, String> {
    let extension = output.extension().map(|all| all.to_string_lossy());
    match extension.as_deref() {
        Some("dot" | "gv") => Ok(Format::Dot),
        Some("svg") => Ok(Format::Svg),
        Some("json") => Ok(Format::Json),
        Some("html" | "htm") => Ok(Format::Html),
        // A device has no name of its own.
        None | Some("txt") => Ok(Format::Text),
        Some(_) => Err(format!(
            "{} does not tell the format; name it with --format",
            output.display()
        )),
    }
}

fn write(cli: &Cli, text: &str) -> Result<(), String> {
    let Some(output) = &cli.output else {
        return print(text);
    };
    std::fs::write(output, text).map_err(|error| cannot_write(output, &error))?;
    if cli.open {
        let viewer = if cfg!(target_os = "macos") {
            "open"
        } else {
            "xdg-open"
        };
        let why = match Command::new(viewer).arg(output).status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => format!("{viewer} ended with {status}"),
            Err(error) => format!("cannot start {viewer}: {error}"),
        };
        let file = output.display();
        return Err(format!("error: {file} was written, but not opened: {why}"));
    }
    Ok(())
}
