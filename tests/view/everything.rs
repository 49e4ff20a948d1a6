//! Every format of every function of every example, with the functions of the standard packages
//! that they use.

use crate::parse::{check_page, check_svg};
use std::path::{Path, PathBuf};
use vo_bytecode::FuncId;
use vo_jit::view::draw::Drawing;
use vo_jit::view::model::{Builder, FuncView, GraphView, Parts};
use vo_jit::view::render::{Compare, Stage};
use vo_jit::view::{dot, html, json, svg, text};

const STAGES: [Stage; 6] = [
    Stage::Source,
    Stage::Bytecode,
    Stage::Cfg,
    Stage::Split,
    Stage::Clif,
    Stage::Asm,
];

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(folder).expect("the examples can be read");
    let paths = entries.map(|entry| entry.expect("an example").path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|ext| ext == "vo"))
        .collect();
    found.sort();
    assert!(found.len() >= 16, "the examples are there");
    found
}

/// All functions of a program, with all that is known of them.
fn views(file: &Path) -> Vec<FuncView> {
    let module = vo_jit::load::load(file, false).expect("the examples compile");
    let all: Vec<FuncId> = (0..module.functions.len() as u32).map(FuncId).collect();
    let mut builder = Builder::new(module, file);
    let parts = Parts {
        source: true,
        code: true,
    };
    builder.views(&all, parts).expect("native code can be made")
}

fn check_texts(view: &FuncView) {
    for stage in STAGES {
        for compare in [None, Some(Compare::Side), Some(Compare::Diff)] {
            let text = text::function(view, stage, compare);
            assert!(text.contains(&view.name));
        }
    }
}

fn check_pictures(view: &FuncView) {
    for after in [false, true] {
        let graph = GraphView::of(view, after);
        let drawing = Drawing::new(view, after).expect("no example is too large");
        check_svg(&svg::inline(&drawing, &view.name), &[graph]);
        let file = svg::file(&[vec![(view.name.clone(), drawing)]], &view.name);
        check_svg(&file, &[graph]);
        let dot = dot::graph(view, after, true);
        let arrows = dot.lines().filter(|line| line.contains(" -> "));
        assert!(arrows.count() >= graph.edges.len());
    }
}

/// What the model says of itself must fit together.
fn check_model(view: &FuncView) {
    assert_eq!(view.before.nodes.len(), view.blocks.len());
    let points = view.after.nodes.iter().filter(|node| node.point.is_some());
    // The entry point is shown only where something can enter there.
    assert!(points.count() + 1 >= view.points.len(), "{}", view.name);
    let shown: u32 = (view.after.nodes.iter())
        .filter(|node| node.block.is_some())
        .map(|node| node.end - node.first)
        .sum();
    assert_eq!(shown as usize, view.insts.len(), "{}", view.name);
    for code in &view.code {
        assert!(!code.clif.is_empty() && !code.asm.is_empty());
        for inst in code.asm.iter().filter_map(|line| line.inst) {
            assert!((inst as usize) < view.insts.len());
        }
        let mut next = 0;
        for line in &code.asm {
            assert_eq!(
                line.offset, next,
                "machine code without gaps in {}",
                view.name
            );
            next += line.bytes.len() as u32 / 2;
        }
        assert_eq!(next, code.bytes);
    }
}

#[test]
fn every_function_of_every_example_in_every_format() {
    for example in examples() {
        let views = views(&example);
        let name = example.display().to_string();
        for view in &views {
            check_model(view);
            check_texts(view);
            check_pictures(view);
        }
        let document = json::document(&name, "0", &views);
        let value: serde_json::Value = serde_json::from_str(&document).expect("JSON");
        assert_eq!(value["schema"], json::SCHEMA);
        assert_eq!(value["version"], json::VERSION);
        assert_eq!(
            value["functions"].as_array().map(Vec::len),
            Some(views.len())
        );
        // A page of all functions is large; those of the program itself and some more will do
        // for the page, as each of the others is one more of its parts.
        let page = html::page(&name, &views, None).expect("a page");
        check_page(&page, views.len());
    }
}

#[test]
fn code_leads_back_to_bytecode() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ping_pong.vo");
    let views = views(&example);
    for view in views.iter().filter(|view| view.name.starts_with("main.")) {
        for code in &view.code {
            let located = code.asm.iter().filter(|line| line.inst.is_some()).count();
            assert!(
                located * 2 > code.asm.len(),
                "most machine code of {} is for an instruction: {located} of {}",
                view.name,
                code.asm.len()
            );
        }
    }
}

/// Prints how long the layout of the worst functions takes.
#[test]
#[ignore = "a measurement, for docs/vo-jit-cfg.md"]
fn speed() {
    let mut all = Vec::new();
    for example in examples() {
        for view in views(&example) {
            for after in [false, true] {
                let start = std::time::Instant::now();
                let drawing = Drawing::new(&view, after).expect("no example is too large");
                let nodes = drawing.graph.nodes.len();
                let edges = drawing.graph.edges.len();
                all.push((start.elapsed(), view.name.clone(), after, nodes, edges));
            }
        }
    }
    all.sort();
    all.reverse();
    for (time, name, after, nodes, edges) in all.iter().take(5) {
        let stage = if *after { "split" } else { "cfg" };
        println!("{name}, {stage}: {nodes} nodes, {edges} edges, {time:?}");
    }
    println!("{} graphs in all", all.len());
}
