//! The plan as text, for tests and for people.

use super::plan::{FuncPlan, Point, Resume};
use std::fmt::{self, Write};
use vo_bytecode::{Function, Slot};

/// The plan of one function as text: a line for the record, then some for each point.
pub fn print(func: &Function, plan: &FuncPlan) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_plan(&mut text, func, plan);
    text
}

fn write_plan(out: &mut String, func: &Function, plan: &FuncPlan) -> fmt::Result {
    let traits = [
        (plan.suspends, "suspends"),
        (plan.panics, "panics"),
        (plan.entry_check, "checks at entry"),
        (plan.indirect, "called indirectly"),
    ];
    let traits: Vec<&str> = traits
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, name)| *name)
        .collect();
    writeln!(
        out,
        "{}: record of {} words; {}",
        func.name,
        plan.words,
        traits.join(", ")
    )?;
    for (at, point) in plan.points.iter().enumerate() {
        write_point(out, func, at, point)?;
    }
    Ok(())
}

fn write_point(out: &mut String, func: &Function, at: usize, point: &Point) -> fmt::Result {
    let line = func.lines.get(point.inst as usize).copied().unwrap_or(0);
    write!(
        out,
        "  point {at}: {:?} at @{} line {line}",
        point.kind, point.inst
    )?;
    match point.resume {
        Resume::Start => writeln!(out, ", resumes at the start")?,
        Resume::Behind => writeln!(out, ", resumes behind it")?,
        Resume::Block(block) => writeln!(out, ", resumes at {block}")?,
    }
    if !point.arrivals.is_empty() {
        writeln!(out, "    arrives: {:?}", point.arrivals)?;
    }
    for live in &point.live {
        let clean = if live.clean { ", clean" } else { "" };
        let name = slot_name(func, live.slot);
        writeln!(
            out,
            "    +{} {}{name}: {:?}{clean}",
            live.home,
            live.slot,
            func.slots[live.slot.index()]
        )?;
    }
    if !point.refs.is_empty() || !point.ifaces.is_empty() {
        writeln!(
            out,
            "    references: {:?}, interfaces: {:?}",
            point.refs, point.ifaces
        )?;
    }
    Ok(())
}

fn slot_name(func: &Function, slot: Slot) -> String {
    let found = func.slot_name(slot);
    found.map_or(String::new(), |named| format!(" {}", named.name))
}
