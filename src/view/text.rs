//! Every stage as text.

use super::draw::numbers;
use super::model::{
    Change, CodeView, EdgeView, Facts, FuncView, GraphView, NodeKind, NodeView, PointView,
};
use super::render::{Compare, Stage};
use super::visible::{Shown, visible};
use std::fmt::{self, Write};

/// A function at a stage.
pub fn function(view: &Shown, stage: Stage, compare: Option<Compare>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_function(&mut out, view, stage, compare);
    out
}

fn write_function(
    out: &mut String,
    view: &FuncView,
    stage: Stage,
    compare: Option<Compare>,
) -> fmt::Result {
    writeln!(out, "func {} at {}:{}", view.name, view.file, view.line)?;
    match (stage, compare) {
        (Stage::Cfg | Stage::Split, Some(Compare::Side)) => side_by_side(out, view),
        (Stage::Cfg | Stage::Split, Some(Compare::Diff)) => graph(out, view, &view.after, true),
        (Stage::Source, _) => source(out, view),
        (Stage::Bytecode, _) => bytecode(out, view),
        (Stage::Cfg, _) => {
            graph(out, view, &view.before, false)?;
            loops(out, view)
        }
        (Stage::Split, _) => split(out, view),
        (Stage::Clif, _) => view.code.iter().try_for_each(|code| clif(out, view, code)),
        (Stage::Asm, _) => view.code.iter().try_for_each(|code| asm(out, view, code)),
    }
}

/// The source, each line with what the JIT does at it: `w` where the goroutine may wait, `c`
/// where a call may suspend, `p` where a loop polls.
fn source(out: &mut String, view: &FuncView) -> fmt::Result {
    if view.source.is_empty() {
        return writeln!(out, "  the source file cannot be read");
    }
    for line in &view.source {
        let mut marks = String::new();
        for point in view.points.iter().filter(|point| point.line == line.line) {
            let mark = match point.kind.as_str() {
                "Entry" => continue,
                "Call" => 'c',
                "Poll" => 'p',
                _ => 'w',
            };
            if !marks.contains(mark) {
                marks.push(mark);
            }
        }
        writeln!(out, "{:5} {marks:<3} {}", line.line, line.text)?;
    }
    Ok(())
}

fn bytecode(out: &mut String, view: &FuncView) -> fmt::Result {
    let mut line = 0;
    for (at, inst) in view.insts.iter().enumerate() {
        if inst.line != line && inst.line != 0 {
            line = inst.line;
            let text = view.source.iter().find(|each| each.line == line);
            let text = text.map_or("", |each| each.text.trim());
            writeln!(out, "  ; line {line}: {text}")?;
        }
        writeln!(out, "  {at:4}  {}", inst.text)?;
    }
    Ok(())
}

/// What is told of a node beside its name.
fn node_notes(view: &FuncView, node: &NodeView) -> String {
    let mut notes = String::new();
    if let Some(block) = node.block.map(|at| &view.blocks[at as usize]) {
        if let Some(id) = block.in_loop {
            let of = &view.loops[id as usize];
            let word = match node.block {
                Some(block) if block == of.header => "heads",
                Some(block) if of.entries.contains(&block) => "enters",
                _ => "in",
            };
            notes += &format!(" {word} l{id}");
        }
        if !block.reachable {
            notes += " unreachable";
        }
        if block.cold {
            notes += " cold";
        }
    }
    let run = view.run.as_ref();
    let count = run
        .zip(node.block)
        .and_then(|(run, at)| run.blocks.get(at as usize));
    if let Some(count) = count {
        notes += &format!(" ran {count}");
    }
    notes
}

fn edge_text(graph: &GraphView, edge: &EdgeView) -> String {
    let label = if edge.label.is_empty() {
        edge.kind.name()
    } else {
        &edge.label
    };
    let back = if edge.back { " back" } else { "" };
    format!("-> {} {label}{back}", graph.nodes[edge.to as usize].name)
}

/// A graph, node by node. With `diff`, each line begins with what the split did: `+` for what it
/// added, `~` for what it cut.
fn graph(out: &mut String, view: &FuncView, graph: &GraphView, diff: bool) -> fmt::Result {
    let sign = |change: Change| match change {
        _ if !diff => "",
        Change::Same => "  ",
        Change::Cut => "~ ",
        Change::Added => "+ ",
    };
    for (at, node) in graph.nodes.iter().enumerate() {
        let mark = sign(node.change);
        match node.kind {
            NodeKind::Call => writeln!(out, "{mark}call:")?,
            NodeKind::Point => {
                let number = node.point.unwrap_or(0);
                let point = &view.points[number as usize];
                writeln!(out, "{mark}p{number}: {}", headline(point))?;
                for line in record(view, point) {
                    writeln!(out, "{mark}    {line}")?;
                }
            }
            NodeKind::Block => {
                writeln!(out, "{mark}{}:{}", node.name, node_notes(view, node))?;
                for inst in node.first..node.end {
                    writeln!(out, "{mark}{inst:4}  {}", view.insts[inst as usize].text)?;
                }
            }
        }
        for edge in graph.edges.iter().filter(|edge| edge.from as usize == at) {
            writeln!(out, "{}    {}", sign(edge.change), edge_text(graph, edge))?;
        }
    }
    Ok(())
}

fn side_by_side(out: &mut String, view: &FuncView) -> fmt::Result {
    let (mut before, mut after) = (String::new(), String::new());
    graph(&mut before, view, &view.before, false)?;
    graph(&mut after, view, &view.after, false)?;
    let width = before.lines().map(|line| line.chars().count()).max();
    let width = width.unwrap_or(0).max("before the split".len());
    let mut right = std::iter::once("after the split").chain(after.lines());
    let mut left = std::iter::once("before the split").chain(before.lines());
    loop {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() {
            return Ok(());
        }
        let line = format!("{:width$} | {}", a.unwrap_or(""), b.unwrap_or(""));
        writeln!(out, "{}", line.trim_end())?;
    }
}

fn loops(out: &mut String, view: &FuncView) -> fmt::Result {
    for (id, each) in view.loops.iter().enumerate() {
        write!(out, "l{id}: header b{} depth {}", each.header, each.depth)?;
        if let Some(parent) = each.parent {
            write!(out, " in l{parent}")?;
        }
        write!(out, " blocks {}", numbers(&each.blocks))?;
        if !each.entries.is_empty() {
            write!(out, " irreducible: entries {}", numbers(&each.entries))?;
        }
        if each.rotated {
            write!(out, " rotated")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn headline(point: &PointView) -> String {
    let resumes = match point.resumes.as_str() {
        "start" => "at the start".to_owned(),
        "behind" => "behind it".to_owned(),
        block => format!("at {block}"),
    };
    format!(
        "{} at @{} line {}, resumes {resumes}, {} bytes",
        point.kind, point.inst, point.line, point.bytes
    )
}

/// The record of a point: what arrives, the live slots with their words, the reference map.
fn record(view: &FuncView, point: &PointView) -> Vec<String> {
    let mut lines = Vec::new();
    if !point.arrivals.is_empty() {
        lines.push(format!("arrives {}", point.arrivals.join(" ")));
    }
    for live in &point.live {
        let clean = if live.clean { ", clean" } else { "" };
        let ty = view.slot_type(live.slot);
        let name = view.slot_name(live.slot);
        lines.push(format!("+{} {name}: {ty}{clean}", live.word));
    }
    if !point.refs.is_empty() {
        lines.push(format!("references {}", numbers(&point.refs)));
    }
    if !point.ifaces.is_empty() {
        lines.push(format!("interfaces {}", numbers(&point.ifaces)));
    }
    lines
}

fn split(out: &mut String, view: &FuncView) -> fmt::Result {
    writeln!(out, "  {}", view.facts.text())?;
    for why in &view.facts.why {
        writeln!(out, "  suspends: {why}")?;
    }
    for (at, point) in view.points.iter().enumerate() {
        writeln!(out, "  p{at}: {}", headline(point))?;
        for line in record(view, point) {
            writeln!(out, "      {line}")?;
        }
        if let Some(run) = view.run.as_ref().and_then(|run| run.points.get(at)) {
            writeln!(out, "      {}", run.text())?;
        }
    }
    Ok(())
}

fn clif(out: &mut String, view: &FuncView, code: &CodeView) -> fmt::Result {
    writeln!(out, "; {} form of {}", code.form, view.name)?;
    let mut last = None;
    for line in &code.clif {
        tell_inst(out, view, line.inst, &mut last)?;
        writeln!(out, "{}", line.text)?;
    }
    Ok(())
}

fn asm(out: &mut String, view: &FuncView, code: &CodeView) -> fmt::Result {
    writeln!(
        out,
        "; {} form of {}, {} bytes",
        code.form, view.name, code.bytes
    )?;
    let mut last = None;
    for line in &code.asm {
        tell_inst(out, view, line.inst, &mut last)?;
        writeln!(out, "{:6x}  {:<20}  {}", line.offset, line.bytes, line.text)?;
    }
    Ok(())
}

/// Names the instruction that the code behind belongs to, where that changes.
fn tell_inst(
    out: &mut String,
    view: &FuncView,
    inst: Option<u32>,
    last: &mut Option<u32>,
) -> fmt::Result {
    let Some(at) = inst.filter(|_| inst != *last) else {
        return Ok(());
    };
    *last = inst;
    let inst = &view.insts[at as usize];
    writeln!(out, "  ; {at} {}, line {}", inst.text, inst.line)
}

/// The lines of a function in the list of functions.
pub fn listed(name: &str, blocks: usize, points: usize, facts: &Facts) -> String {
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let mut out = format!(
        "{}: {blocks} block{}, {points} resume point{}, {}\n",
        visible(name),
        plural(blocks),
        plural(points),
        facts.text()
    );
    for why in &facts.why {
        let _ = writeln!(out, "    {}", visible(why));
    }
    out
}
