//! How long the visualiser takes: `cargo bench --bench view`.
//!
//! First functions of 1,000 and of 10,000 blocks, made for this, from the bytecode to the written
//! picture; the layout of the first must take less than a second and that of the second less than
//! ten, else the command fails. Then every function of the examples and of the standard library,
//! of which those are told whose layouts take longest.

#[path = "../crates/vo-lang/tests/support/mod.rs"]
mod support;

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use vo_bytecode::{FuncId, Module, text, verify};
use vo_jit::view::draw::{self, Boxed, Drawing};
use vo_jit::view::model::{Builder, GraphView, Parts};
use vo_jit::view::visible::Shown;
use vo_jit::view::{layout, svg};
use vo_lang::compile::compile_source;
use vo_lang::package::std_packages;

const PARTS: Parts = Parts {
    source: false,
    code: false,
};

fn main() -> ExitCode {
    println!("| graph | nodes | edges | layout | whole picture |");
    println!("|---|---|---|---|---|");
    let mut in_time = true;
    for (blocks, limit) in [(1_000, 1), (10_000, 10)] {
        for (name, source) in [
            ("a chain with exits and loops", chain(blocks)),
            ("edges anywhere, irreducible", anywhere(blocks)),
        ] {
            let views = views("generated.vot", module(&source), &mut HashSet::new());
            let [view] = &views[..] else {
                unreachable!("one function was written");
            };
            let took = measure(&format!("{blocks} blocks, {name}"), view, false);
            in_time &= took < Duration::from_secs(limit);
        }
    }
    worst();
    if in_time {
        ExitCode::SUCCESS
    } else {
        println!("a layout took longer than it may");
        ExitCode::FAILURE
    }
}

/// The functions whose layouts take longest.
fn worst() {
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    for (file, module) in programs() {
        for view in views(&file, module, &mut seen) {
            for after in [false, true] {
                all.push((layout_time(&view, after), after, view.clone()));
            }
        }
    }
    all.sort_by_key(|(took, ..)| std::cmp::Reverse(*took));
    for (_, after, view) in all.iter().take(3) {
        let stage = if *after { "split" } else { "cfg" };
        measure(&format!("`{}`, {stage}", view.name), view, *after);
    }
    println!(
        "\nThe last three are the worst of {} graphs of {} functions.",
        all.len(),
        all.len() / 2
    );
}

/// Writes a line of the table, and gives the layout's time.
fn measure(name: &str, view: &Shown, after: bool) -> Duration {
    let layout = layout_time(view, after);
    let whole = best(|| {
        let drawing = Drawing::new(view, after).expect("it can be drawn");
        svg::inline(&drawing, name)
    });
    let graph = GraphView::of(view, after);
    println!(
        "| {name} | {} | {} | {} | {} |",
        graph.nodes.len(),
        graph.edges.len(),
        millis(layout),
        millis(whole)
    );
    layout
}

fn layout_time(view: &Shown, after: bool) -> Duration {
    let boxes: Vec<Boxed> = draw::boxes(view, after);
    let graph = draw::graph(&boxes, GraphView::of(view, after));
    best(|| layout::layout(&graph))
}

/// The shortest of five times.
fn best<T>(what: impl Fn() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        std::hint::black_box(what());
        start.elapsed()
    };
    (0..5).map(time).min().unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn module(source: &str) -> Module {
    let module = text::parse(source).expect("the text is well-formed");
    verify::verify(&module).expect("the module is well-formed");
    module
}

/// A function whose blocks follow each other; every third may leave for the end, every seventh go
/// back by five blocks.
fn chain(blocks: usize) -> String {
    written(blocks, |at| match at {
        _ if at % 7 == 6 => at - 5,
        _ if at % 3 == 2 => blocks - 1,
        _ => at + 1,
    })
}

/// A function whose blocks go on to the next or to any other.
fn anywhere(blocks: usize) -> String {
    let mut state = 1u64;
    written(blocks, |_| {
        // Knuth's generator; its upper bits are good enough.
        state = (state.wrapping_mul(6_364_136_223_846_793_005)).wrapping_add(1_442_695_040_888_963);
        (state >> 33) as usize % blocks
    })
}

/// The text of a function whose blocks branch to the next and to another.
fn written(blocks: usize, mut other: impl FnMut(usize) -> usize) -> String {
    let mut out = String::from("file 0 \"generated.vo\"\nfunc main.generated(%0: i64) {\n");
    for at in 0..blocks - 1 {
        let other = other(at);
        out += &format!("@b{at}:\n  Br %0, @b{}, @b{other}\n", at + 1);
    }
    out + &format!("@b{}:\n  Return []\n}}\n", blocks - 1)
}

/// The examples, and for each public package of the library a program that uses all of it.
fn programs() -> Vec<(String, Module)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(folder).expect("the examples can be read");
    let files = entries.map(|entry| entry.expect("an example").path());
    let examples = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "vo"))
        .map(|file| {
            let module = vo_jit::load::load(&file, false).expect("the examples compile");
            (file.display().to_string(), module)
        });
    let packages = std_packages().filter(|path| !path.starts_with("internal/"));
    let library = packages.map(|path| {
        let source = support::user_of(path);
        let module = compile_source("use.vo", source.as_str());
        let module = module.unwrap_or_else(|failure| panic!("{path}: {failure}"));
        (format!("use_{path}.vo"), module)
    });
    examples.chain(library).collect()
}

/// The functions of a program that were not seen before.
fn views(file: &str, module: Module, seen: &mut HashSet<String>) -> Vec<Shown> {
    let all = module.functions.iter().zip(0..);
    let new: Vec<FuncId> = all
        .filter(|(func, _)| func.name.starts_with("main.") || seen.insert(func.name.clone()))
        .map(|(_, id)| FuncId(id))
        .collect();
    let mut builder = Builder::new(module, Path::new(file));
    let views = builder.views(&new, PARTS);
    let views = views.expect("graphs need no native code");
    views.into_iter().map(Shown::of).collect()
}
