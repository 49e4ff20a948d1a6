//! A run as a timeline that Perfetto and Chrome open: the trace event format of Chrome.
//!
//! An island is a process, a goroutine one of its threads; while it runs there is a slice with
//! the name of the function that it goes on in, and a slice in grey while it waits. A wake is an
//! arrow from who woke to who was woken, or a mark where the runtime woke it; a collection a slice of the island's thread 0.

use crate::cfg::CallGraph;
use crate::runtime::observe::{Event, Goroutine, What};
use crate::split::ModulePlan;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use vo_bytecode::Module;

/// The trace of a module's run.
pub fn document(module: &Module, events: &[Event]) -> String {
    let plan = ModulePlan::build(module, &CallGraph::build(module));
    let mut trace = Trace {
        module,
        plan,
        out: Vec::new(),
        running: HashMap::new(),
        waiting: HashMap::new(),
        first: BTreeMap::new(),
        islands: BTreeSet::new(),
        arrows: 0,
        woken: HashMap::new(),
    };
    for event in events {
        trace.event(event);
    }
    let end = events.last().map_or(0, |event| event.at);
    trace.finish(end);
    json!({ "displayTimeUnit": "ns", "traceEvents": trace.out }).to_string()
}

struct Trace<'a> {
    module: &'a Module,
    plan: ModulePlan,
    out: Vec<Value>,
    /// Since when each goroutine runs, and from which point on.
    running: HashMap<Goroutine, (u64, u32)>,
    /// Since when each waits, and at which point.
    waiting: HashMap<Goroutine, (u64, u32)>,
    /// The point that each began at.
    first: BTreeMap<Goroutine, u32>,
    islands: BTreeSet<u32>,
    arrows: u64,
    /// The arrow that ends where each goes on.
    woken: HashMap<Goroutine, u64>,
}

/// Nanoseconds as the format has them: microseconds.
fn micros(ns: u64) -> f64 {
    ns as f64 / 1e3
}

impl Trace<'_> {
    fn event(&mut self, event: &Event) {
        let Event { at, who, what } = *event;
        self.islands.insert(who.island);
        match what {
            What::Goes(point) => {
                self.first.entry(who).or_insert(point);
                self.waited(who, at);
                if let Some(arrow) = self.woken.remove(&who) {
                    self.arrow("f", arrow, who, at);
                }
                self.running.insert(who, (at, point));
            }
            What::Stops(point) => {
                self.ran(who, at, Some(point));
                self.waiting.insert(who, (at, point));
            }
            What::Ends => self.ran(who, at, None),
            // An arrow begins in a slice, and the runtime has none.
            What::Wakes(0) => self.out.push(json!({
                "ph": "i", "name": "woken by the runtime", "cat": "wake", "s": "t",
                "pid": who.island + 1, "tid": who.number, "ts": micros(at),
            })),
            What::Wakes(by) => {
                self.arrows += 1;
                let from = Goroutine { number: by, ..who };
                self.arrow("s", self.arrows, from, at);
                self.woken.insert(who, self.arrows);
            }
            What::Collects(took) => self.slice(who, "collection", at, at + took, &json!({})),
        }
    }

    fn place(&self, point: u32) -> (String, Value) {
        let (func, point) = self.plan.point(point);
        let function = self.module.func(func);
        let line = function.lines.get(point.inst as usize);
        let at = json!({ "point": format!("{:?}", point.kind), "line": line });
        (function.name.clone(), at)
    }

    fn slice(&mut self, who: Goroutine, name: &str, from: u64, to: u64, args: &Value) {
        self.out.push(json!({
            "ph": "X", "name": name, "pid": who.island + 1, "tid": who.number,
            "ts": micros(from), "dur": micros(to - from), "args": args,
        }));
    }

    fn arrow(&mut self, phase: &str, id: u64, who: Goroutine, at: u64) {
        self.out.push(json!({
            "ph": phase, "name": "wake", "cat": "wake", "id": id, "bp": "e",
            "pid": who.island + 1, "tid": who.number, "ts": micros(at),
        }));
    }

    /// A goroutine has run until now, and stops at a point.
    fn ran(&mut self, who: Goroutine, at: u64, stops: Option<u32>) {
        let Some((since, point)) = self.running.remove(&who) else {
            return;
        };
        let (name, mut args) = self.place(point);
        if let Some(stops) = stops {
            args["stops"] = self.place(stops).1;
        }
        self.slice(who, &name, since, at.max(since), &args);
    }

    fn waited(&mut self, who: Goroutine, at: u64) {
        let Some((since, point)) = self.waiting.remove(&who) else {
            return;
        };
        let (name, args) = self.place(point);
        let kind = args["point"].as_str().unwrap_or_default();
        let mut slice = json!({
            "ph": "X", "name": format!("waits: {kind} in {name}"), "cname": "grey",
            "pid": who.island + 1, "tid": who.number,
            "ts": micros(since), "dur": micros(at.max(since) - since),
        });
        slice["args"] = args;
        self.out.push(slice);
    }

    /// Closes what is open, and names islands and goroutines.
    fn finish(&mut self, end: u64) {
        let mut open: Vec<Goroutine> = self.running.keys().copied().collect();
        open.sort_unstable();
        for who in open {
            self.ran(who, end, None);
        }
        let mut open: Vec<Goroutine> = self.waiting.keys().copied().collect();
        open.sort_unstable();
        for who in open {
            self.waited(who, end);
        }
        for island in std::mem::take(&mut self.islands) {
            let name = if island == 0 {
                "main island".to_owned()
            } else {
                format!("island {}", island + 1)
            };
            self.name("process_name", island, 0, &name);
            self.name("thread_name", island, 0, "runtime");
        }
        for (who, point) in std::mem::take(&mut self.first) {
            let name = format!("goroutine {} {}", who.number, self.place(point).0);
            self.name("thread_name", who.island, who.number, &name);
        }
    }

    fn name(&mut self, what: &str, island: u32, number: u32, name: &str) {
        self.out.push(json!({
            "ph": "M", "name": what, "pid": island + 1, "tid": number, "args": { "name": name },
        }));
    }
}
