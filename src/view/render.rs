//! From a wish to the bytes that are written: which functions, which stage, which format.

use super::dot::{self, Titled};
use super::draw::Drawing;
use super::model::{Builder, FuncView, Parts};
use super::profile::{self, Profile};
use super::visible::Shown;
use super::{html, json, names, svg, text, waits};
use clap::ValueEnum;
use std::path::PathBuf;
use vo_bytecode::FuncId;

/// What is shown of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Stage {
    /// Source lines, with what can happen at each
    Source,
    /// Bytecode
    Bytecode,
    /// Basic blocks, edges, loops
    Cfg,
    /// Resume points and their records
    Split,
    /// Cranelift's intermediate form
    Clif,
    /// Machine code
    Asm,
}

/// In which form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// Text
    Text,
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
    /// For programs: all stages
    Json,
    /// A page that works offline: all stages
    Html,
}

/// How the graphs before and after the split are put beside each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Compare {
    /// Side by side
    Side,
    /// As a difference
    Diff,
}

/// What is to be shown.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The program's file, for titles.
    pub program: PathBuf,
    /// Names of functions; none for the program's own.
    pub funcs: Vec<String>,
    /// All functions.
    pub all: bool,
    /// The stage, for formats that show one; cfg or split for those that show a graph.
    pub stage: Stage,
    /// The form.
    pub format: Format,
    /// Before and after the split together.
    pub compare: Option<Compare>,
}

/// The functions that are wanted: those named, or all, or those of the program itself.
///
/// # Errors
/// When a name means nothing.
pub fn chosen(builder: &Builder, wish: &Wish) -> Result<Vec<FuncId>, String> {
    let module = builder.module();
    let all = || (0..module.functions.len() as u32).map(FuncId);
    if wish.all {
        return Ok(all().collect());
    }
    if !wish.funcs.is_empty() {
        let mut found = Vec::new();
        for name in &wish.funcs {
            for id in names::find(module, name)? {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        return Ok(found);
    }
    let own: Vec<FuncId> = all()
        .filter(|id| module.func(*id).name.starts_with("main."))
        .collect();
    Ok(if own.is_empty() { all().collect() } else { own })
}

/// Everything, as it is to be written.
///
/// # Errors
/// The message for the user.
pub fn render(
    builder: &mut Builder,
    wish: &Wish,
    profile: Option<&Profile>,
) -> Result<String, String> {
    let wanted = chosen(builder, wish)?;
    if wanted.is_empty() {
        return Err("error: the program has no functions".to_owned());
    }
    let whole = matches!(wish.format, Format::Json | Format::Html);
    let parts = Parts {
        source: whole || matches!(wish.stage, Stage::Source | Stage::Bytecode),
        code: whole || matches!(wish.stage, Stage::Clif | Stage::Asm),
    };
    let mut views = builder.views(&wanted, parts)?;
    if let Some(profile) = profile {
        profile::add(profile, &mut views);
    }
    let program = wish.program.display().to_string();
    let shown = |views: Vec<FuncView>| -> Vec<Shown> { views.into_iter().map(Shown::of).collect() };
    match wish.format {
        Format::Text => {
            let views = shown(views);
            let texts: Vec<String> = views
                .iter()
                .map(|view| text::function(view, wish.stage, wish.compare))
                .collect();
            let mut text = texts.join("\n");
            if let Some(profile) = profile {
                text += "\n";
                text += &waits::text(&waits::of_run(builder, profile));
            }
            Ok(text)
        }
        Format::Dot => {
            let views = shown(views);
            let graphs: Vec<Titled<'_>> =
                views.iter().flat_map(|view| graphs(view, wish)).collect();
            Ok(dot::file(&graphs, &program))
        }
        Format::Svg => {
            let views = shown(views);
            let rows: Result<Vec<_>, String> = views.iter().map(|view| row(view, wish)).collect();
            Ok(svg::file(&rows?, &program))
        }
        Format::Json => {
            let hash = profile::module_hash(builder.module());
            Ok(json::document(&program, &hash, &views))
        }
        Format::Html => {
            let waits = profile.map(|profile| waits::of_run(builder, profile));
            html::page(&program, &shown(views), waits.as_deref())
        }
    }
}

/// The graphs of one function.
fn graphs<'a>(view: &'a Shown, wish: &Wish) -> Vec<Titled<'a>> {
    let titled = |stage: &str, after, diff| Titled {
        title: format!("{} — {stage}", view.name),
        view,
        after,
        diff,
    };
    match (wish.compare, wish.stage) {
        (Some(Compare::Side), _) => vec![
            titled("before the split", false, false),
            titled("after the split", true, true),
        ],
        (Some(Compare::Diff), _) => vec![titled("what the split did", true, true)],
        (None, Stage::Cfg) => vec![titled("cfg", false, false)],
        (None, _) => vec![titled("split", true, false)],
    }
}

/// Their pictures, side by side.
fn row<'a>(view: &'a Shown, wish: &Wish) -> Result<Vec<(String, Drawing<'a>)>, String> {
    let drawn = graphs(view, wish).into_iter().map(|titled| {
        let drawing = Drawing::new(view, titled.after)?;
        let drawing = if titled.diff {
            drawing.with_diff()
        } else {
            drawing
        };
        Ok((titled.title, drawing))
    });
    drawn.collect()
}

/// The list of functions: blocks, points, records, and why each may suspend.
pub fn list(builder: &mut Builder, wish: &Wish) -> Result<String, String> {
    Ok(chosen(builder, wish)?
        .iter()
        .map(|id| {
            let func = builder.module().func(*id);
            let blocks = crate::cfg::Cfg::build(func).len();
            let points = builder.plan().func(*id).points.len();
            text::listed(&func.name, blocks, points, &builder.facts(*id))
        })
        .collect())
}
