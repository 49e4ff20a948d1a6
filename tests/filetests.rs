//! Bytecode modules in text form, `tests/filetests/**/*.vot`, each with what is expected of it.
//! One file is one test.
//!
//! The header of a file, its first comment lines, says what is done with it:
//!
//! ```text
//! ; test cfg [FUNC]      the control-flow graph of each function, or of that one
//! ; test calls           the call graph
//! ; test inline [FUNC]   the code of each function, or of that one, with small calls written out
//! ; test split [FUNC]    the split plan of each function, or of that one
//! ; test run             runs it on the interpreter, natively, and under each stress mode
//! ; test verify          the errors of a malformed module
//! ```
//!
//! What came of it stands at the end of the file, in lines that begin with `;>`. `BLESS=1 cargo
//! test --test filetests` writes it there; read the difference before you commit it.

use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use vo_bytecode::verify::verify;
use vo_bytecode::{FuncId, Function, Module, text};
use vo_jit::cfg::{self, CallGraph};
use vo_jit::engine::{Engine, EngineKind, RunConfig};
use vo_jit::inline;
use vo_jit::runtime::context::Options;
use vo_jit::runtime::native::Output;
use vo_jit::split::{self, ModulePlan};

/// The most time for one run.
const LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests");
    let mut trials = Vec::new();
    for folder in list(&root) {
        for file in list(&folder)
            .into_iter()
            .filter(|file| file.extension() == Some("vot".as_ref()))
        {
            let name = file.strip_prefix(&root).expect("files lie below the root");
            trials.push(Trial::test(name.display().to_string(), move || {
                check(&file)
            }));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("folders of tests can be read");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("folders of tests can be read").path())
        .collect();
    paths.sort();
    paths
}

/// Does what a file's header says, and compares, or blesses.
fn check(file: &Path) -> Result<(), Failed> {
    let whole = fs::read_to_string(file)?;
    let end = whole.find("\n;>").map_or(whole.len(), |at| at + 1);
    let (source, expected) = whole.split_at(end);
    let module = text::parse(source).map_err(|error| error.to_string())?;
    let mut found = String::new();
    for directive in source.lines().map_while(|line| line.strip_prefix(';')) {
        let Some(directive) = directive.trim().strip_prefix("test ") else {
            continue;
        };
        let _ = writeln!(found, "{directive}:");
        found += &perform(directive, &module)?;
    }
    if found.is_empty() {
        return Err("the header has no `; test` line".into());
    }
    let found: String = found
        .lines()
        .map(|line| format!(";> {line}").trim_end().to_owned() + "\n")
        .collect();
    if found == expected {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        let source = source.trim_end();
        return Ok(fs::write(file, format!("{source}\n\n{found}"))?);
    }
    Err(difference(expected, &found).into())
}

fn perform(directive: &str, module: &Module) -> Result<String, Failed> {
    let (what, name) = directive.split_once(' ').unwrap_or((directive, ""));
    let errors = verify(module).err().unwrap_or_default();
    if what == "verify" {
        return Ok(errors.iter().map(|error| format!("{error}\n")).collect());
    }
    if let Some(error) = errors.first() {
        return Err(error.to_string().into());
    }
    let functions = || {
        let wanted = |func: &&Function| name.is_empty() || func.name == name;
        module.functions.iter().filter(wanted)
    };
    Ok(match what {
        "cfg" => functions().map(cfg::print::function).collect(),
        "calls" => cfg::print::calls(module, &CallGraph::build(module)),
        "split" => {
            let plan = ModulePlan::build(module, &CallGraph::build(module));
            let plans = module.functions.iter().zip(&plan.funcs);
            let wanted = plans.filter(|(func, _)| name.is_empty() || func.name == name);
            wanted
                .map(|(func, plan)| split::print::print(func, plan))
                .collect()
        }
        "inline" => {
            let inlined = inline::expand(module.clone());
            if let Err(errors) = verify(&inlined.module) {
                return Err(format!("what came of it is malformed: {}", errors[0]).into());
            }
            let wanted = (0..module.functions.len()).map(|at| FuncId(at as u32));
            wanted
                .filter(|id| name.is_empty() || module.func(*id).name == name)
                .map(|id| inline::print::function(&inlined, id))
                .collect()
        }
        "run" => run_everywhere(module)?,
        _ => return Err(format!("there is no test `{what}`").into()),
    })
}

/// Runs a module in every way and demands that all end alike.
fn run_everywhere(module: &Module) -> Result<String, Failed> {
    let plain = Options {
        args: vec!["test".into()],
        ..Options::default()
    };
    let mut modes = vec![
        ("jit", plain.clone()),
        (
            "suspend",
            Options {
                stress_suspend: true,
                ..plain.clone()
            },
        ),
        (
            "preempt",
            Options {
                stress_preempt: true,
                ..plain.clone()
            },
        ),
        (
            "stack",
            Options {
                stress_stack: true,
                ..plain.clone()
            },
        ),
        (
            "gc",
            Options {
                stress_gc: true,
                ..plain.clone()
            },
        ),
    ];
    let all = Options {
        stress_suspend: true,
        stress_preempt: true,
        stress_stack: true,
        stress_gc: true,
        ..plain.clone()
    };
    modes.push(("all", all));
    let expected = run(module, EngineKind::Interp, plain)?;
    for (name, options) in modes {
        let found = run(module, EngineKind::Jit, options)?;
        if found != expected {
            let text = difference(&expected, &found);
            return Err(format!("mode {name} is not as the interpreter:\n{text}").into());
        }
    }
    Ok(expected)
}

/// Runs a module: its output, what it writes to standard error, and its status.
fn run(module: &Module, kind: EngineKind, options: Options) -> Result<String, Failed> {
    let engine = Engine::new(module.clone()).map_err(|error| error.to_string())?;
    let (send, done) = mpsc::channel();
    // A run that hangs keeps its thread to the end of the tests.
    std::thread::spawn(move || {
        let _ = send.send(engine.run(&RunConfig { kind, options }, Output::captured()));
    });
    let run = done
        .recv_timeout(LIMIT)
        .map_err(|_| format!("{kind:?} did not end well in time"))?;
    let run = run.map_err(|error| error.to_string())?;
    if kind == EngineKind::Jit && run.stats.functions != run.stats.functions_native {
        return Err("not all functions are native".into());
    }
    let mut text = String::from_utf8_lossy(&run.stdout).into_owned();
    text += &String::from_utf8_lossy(&run.stderr);
    if run.status != 0 {
        let _ = writeln!(text, "status {}", run.status);
    }
    Ok(text)
}

/// The lines that differ, with what they have in common around them.
fn difference(expected: &str, found: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = tail.take_while(|(a, b)| a == b).count();
    let mut text = String::from("expected (-) and found (+) differ:\n");
    let mut put = |mark: char, lines: &[&str]| {
        lines
            .iter()
            .for_each(|line| text += &format!("{mark} {line}\n"));
    };
    put(' ', &old[head.saturating_sub(2)..head]);
    put('-', &old[head..old.len() - tail]);
    put('+', &new[head..new.len() - tail]);
    put(
        ' ',
        &old[old.len() - tail..(old.len() - tail + 2).min(old.len())],
    );
    text
}
