//! Every format of every function of every example and of the standard library.

use crate::parse::{check_dot, check_labels, check_page, check_svg};
use crate::support;
use clap::ValueEnum;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use vo_bytecode::{FuncId, Module};
use vo_jit::view::dot::{self, Titled};
use vo_jit::view::draw::Drawing;
use vo_jit::view::model::{Builder, FuncView, GraphView, Parts};
use vo_jit::view::render::{Compare, Stage};
use vo_jit::view::visible::Shown;
use vo_jit::view::{html, json, svg, text};
use vo_lang::compile::compile_source;
use vo_lang::package::std_packages;

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

/// The examples, and for each public package of the library a program that uses all of it.
fn programs() -> Vec<(PathBuf, Module)> {
    let examples = examples().into_iter().map(|file| {
        let module = vo_jit::load::load(&file, false).expect("the examples compile");
        (file, module)
    });
    let packages = std_packages().filter(|path| !path.starts_with("internal/"));
    let library = packages.map(|path| {
        let source = support::user_of(path);
        let module = compile_source("use.vo", source.as_str());
        let module = module.unwrap_or_else(|failure| panic!("{path}: {failure}"));
        (PathBuf::from(format!("use_{path}.vo")), module)
    });
    examples.chain(library).collect()
}

/// The functions of a program that were not seen before, with all that is known of them.
fn new_views(file: &Path, module: Module, seen: &mut HashSet<String>) -> Vec<FuncView> {
    let all = module.functions.iter().zip(0..);
    let new: Vec<FuncId> = all
        .filter(|(func, _)| func.name.starts_with("main.") || seen.insert(func.name.clone()))
        .map(|(_, id)| FuncId(id))
        .collect();
    let mut builder = Builder::new(module, file);
    let parts = Parts {
        source: true,
        code: true,
    };
    builder.views(&new, parts).expect("native code can be made")
}

fn check_texts(view: &Shown) {
    for stage in Stage::value_variants() {
        for compare in [None, Some(Compare::Side), Some(Compare::Diff)] {
            let text = text::function(view, *stage, compare);
            assert!(text.contains(&view.name));
        }
    }
}

fn check_pictures(view: &Shown) {
    for after in [false, true] {
        let graph = GraphView::of(view, after);
        let drawing = Drawing::new(view, after).expect("no example is too large");
        let picture = svg::inline(&drawing, &view.name);
        check_svg(&picture, &[graph]);
        check_labels(&drawing, &picture);
        let file = svg::file(&[vec![(view.name.clone(), drawing)]], &view.name);
        check_svg(&file, &[graph]);
    }
    let both = [false, true].map(|after| Titled {
        title: view.name.clone(),
        view,
        after,
        diff: after,
    });
    check_dot(&dot::file(&both, &view.name), &[&view.before, &view.after]);
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
fn every_function_in_every_format() {
    let mut seen = HashSet::new();
    for (file, module) in programs() {
        let views = new_views(&file, module, &mut seen);
        let name = file.display().to_string();
        for view in &views {
            check_model(view);
        }
        let document = json::document(&name, "0", &views);
        let value: serde_json::Value = serde_json::from_str(&document).expect("JSON");
        assert_eq!(value["schema"], json::SCHEMA);
        assert_eq!(value["version"], json::VERSION);
        assert_eq!(
            value["functions"].as_array().map(Vec::len),
            Some(views.len())
        );
        let views: Vec<Shown> = views.into_iter().map(Shown::of).collect();
        for view in &views {
            check_texts(view);
            check_pictures(view);
        }
        let page = html::page(&name, &views, None).expect("a page");
        check_page(&page, views.len());
    }
    assert!(seen.len() > 500, "the library is large");
}

#[test]
fn code_leads_back_to_bytecode() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ping_pong.vo");
    let module = vo_jit::load::load(&example, false).expect("the examples compile");
    let views = new_views(&example, module, &mut HashSet::new());
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
