//! The costliest waits of a run, and who was still parked at its end.
//!
//! A wait belongs to the resume point of the innermost frame; the points at which frames above it
//! were captured have counts, but no time.

use super::model::Builder;
use super::profile::{Profile, nanos};
use super::svg::escape;
use super::visible::visible;
use crate::runtime::observe::Goroutine;
use std::cmp::Reverse;
use std::fmt::{self, Write};
use vo_bytecode::FuncId;

/// The most points that a table shows.
const ROWS: usize = 30;
/// The most goroutines that are named at one point.
const NAMED: usize = 12;

/// What a run has counted at a resume point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    /// The function's number.
    pub func: u32,
    /// Its name.
    pub name: String,
    /// The number of the resume point within it.
    pub point: u32,
    /// What happens there.
    pub kind: String,
    /// The instruction.
    pub inst: u32,
    /// Its source line; 0 where it has none.
    pub line: u32,
    /// How long goroutines waited there together, in nanoseconds.
    pub waited_ns: u64,
    /// How often a frame stopped there.
    pub suspended: u64,
    /// Who still stood there when the program ended.
    pub parked: Vec<Goroutine>,
}

/// The points at which frames were captured, most time first.
pub fn of_run(builder: &Builder, profile: &Profile) -> Vec<Wait> {
    let mut waits = Vec::new();
    for (run, func) in profile.functions.iter().zip(0u32..) {
        let function = builder.module().func(FuncId(func));
        let plan = builder.plan().func(FuncId(func));
        for ((run, point), number) in run.points.iter().zip(&plan.points).zip(0u32..) {
            if run.suspensions == 0 && run.parked.is_empty() {
                continue;
            }
            let line = function.lines.get(point.inst as usize);
            waits.push(Wait {
                func,
                name: function.name.clone(),
                point: number,
                kind: format!("{:?}", point.kind),
                inst: point.inst,
                line: line.copied().unwrap_or(0),
                waited_ns: run.waited_ns,
                suspended: run.suspensions,
                parked: run.parked.clone(),
            });
        }
    }
    waits.sort_by_key(|wait| {
        (
            Reverse((wait.waited_ns, wait.suspended)),
            wait.func,
            wait.point,
        )
    });
    waits
}

impl Wait {
    fn each_ns(&self) -> u64 {
        self.waited_ns.checked_div(self.suspended).unwrap_or(0)
    }

    fn place(&self) -> String {
        let Wait { point, kind, .. } = self;
        let (name, kind) = (visible(&self.name), visible(kind));
        match self.line {
            0 => format!("{name} p{point} {kind}"),
            line => format!("{name} p{point} {kind} line {line}"),
        }
    }

    /// Who is parked there, for people: those of `main`'s island by their number alone.
    fn goroutines(&self) -> String {
        let mut out = String::new();
        for (who, at) in self.parked.iter().take(NAMED).zip(0..) {
            let comma = if at == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = match who.island {
                0 => write!(out, "{comma}{}", who.number),
                island => write!(out, "{comma}{} of island {island}", who.number),
            };
        }
        match self.parked.len().saturating_sub(NAMED) {
            0 => out,
            more => out + &format!(" and {more} more"),
        }
    }
}

/// The waits as text.
pub fn text(waits: &[Wait]) -> String {
    let mut out = String::new();
    let _ = write_text(&mut out, waits);
    out
}

fn write_text(out: &mut String, waits: &[Wait]) -> fmt::Result {
    if waits.is_empty() {
        return writeln!(out, "nothing has waited");
    }
    writeln!(
        out,
        "{:>12} {:>12} {:>12} {:>7}  where",
        "waited", "suspended", "each", "parked"
    )?;
    for wait in waits.iter().take(ROWS) {
        let (waited, each) = (nanos(wait.waited_ns), nanos(wait.each_ns()));
        let (count, parked) = (wait.suspended, wait.parked.len());
        let place = wait.place();
        writeln!(
            out,
            "{waited:>12} {count:>12} {each:>12} {parked:>7}  {place}"
        )?;
    }
    if waits.len() > ROWS {
        writeln!(out, "and {} more", waits.len() - ROWS)?;
    }
    let mut parked = waits.iter().filter(|wait| !wait.parked.is_empty());
    if let Some(first) = parked.next() {
        writeln!(out, "\nparked at the end")?;
        for wait in std::iter::once(first).chain(parked) {
            let word = if wait.parked.len() == 1 { "" } else { "s" };
            let who = wait.goroutines();
            writeln!(out, "  goroutine{word} {who} in {}", wait.place())?;
        }
    }
    Ok(())
}

/// The waits as a table for a page. A row leads to its point where the page has the function:
/// `link` gives the address within the page, if there is one.
pub fn table(waits: &[Wait], link: impl Fn(&Wait) -> Option<String>) -> String {
    let mut out = String::new();
    let _ = write_table(&mut out, waits, link);
    out
}

fn write_table(
    out: &mut String,
    waits: &[Wait],
    link: impl Fn(&Wait) -> Option<String>,
) -> fmt::Result {
    if waits.is_empty() {
        return writeln!(out, "<p>Nothing has waited.</p>");
    }
    writeln!(
        out,
        "<table class=\"waits\"><thead><tr><th scope=\"col\">waited</th>\
         <th scope=\"col\">suspended</th><th scope=\"col\">each</th>\
         <th scope=\"col\">where</th><th scope=\"col\">goroutines parked at the end</th>\
         </tr></thead><tbody>"
    )?;
    let most = waits.iter().map(|wait| wait.waited_ns).max();
    let most = most.unwrap_or(0).max(1);
    for wait in waits.iter().take(ROWS) {
        let place = escape(&wait.place());
        let place = match link(wait) {
            Some(address) => format!("<a href=\"{}\">{place}</a>", escape(&address)),
            None => place,
        };
        writeln!(
            out,
            "<tr><td><meter max=\"{most}\" value=\"{}\" aria-hidden=\"true\"></meter> {}</td>\
             <td>{}</td><td>{}</td><td>{place}</td><td>{}</td></tr>",
            wait.waited_ns,
            nanos(wait.waited_ns),
            wait.suspended,
            nanos(wait.each_ns()),
            wait.goroutines(),
        )?;
    }
    writeln!(out, "</tbody></table>")?;
    if waits.len() > ROWS {
        writeln!(out, "<p>and {} more</p>", waits.len() - ROWS)?;
    }
    Ok(())
}
