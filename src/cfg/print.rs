//! The graph of a function, and of a module's calls, as text: the same for the same input.

use super::callgraph::CallGraph;
use super::dom::Dominators;
use super::graph::{BlockId, Cfg, Edge, EdgeKind};
use super::liveness::Liveness;
use super::loops::Loops;
use super::rotate::rotations;
use super::slotset::SlotSet;
use std::fmt::{self, Write};
use vo_bytecode::inst::SlotVisitor;
use vo_bytecode::{FuncId, Function, Inst, Module, Slot};

/// Blocks, edges, dominators, loops and liveness of a function; instructions in short form: the
/// opcode, what it writes, what it reads.
pub fn function(func: &Function) -> String {
    function_with(func, |at| short(&func.code[at]))
}

/// As [`function`](fn@function), with the text that `inst` gives for each instruction.
pub fn function_with(func: &Function, inst: impl FnMut(usize) -> String) -> String {
    let cfg = Cfg::build(func);
    let printer = Printer {
        dom: Dominators::build(&cfg),
        loops: Loops::build(&cfg),
        live: Liveness::build(func, &cfg),
        cfg: &cfg,
        func,
        inst,
    };
    printed(|out| printer.print(out))
}

/// The facts about each function of a module, whom it calls, and why it may suspend.
pub fn calls(module: &Module, graph: &CallGraph) -> String {
    printed(|out| {
        for at in 0..module.functions.len() {
            print_calls(module, graph, FuncId(at as u32), out)?;
        }
        Ok(())
    })
}

/// Collects what a printer writes.
fn printed(print: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut out = String::new();
    print(&mut out).expect("a string takes all that is written to it");
    out
}

fn print_calls(module: &Module, graph: &CallGraph, id: FuncId, out: &mut String) -> fmt::Result {
    let func = module.func(id);
    writeln!(out, "func {}: {}", func.name, graph.facts(id))?;
    for (at, inst) in func.code.iter().enumerate() {
        if !matches!(
            inst,
            Inst::Call { .. } | Inst::GoStart { .. } | Inst::GoIsland { .. }
        ) {
            continue;
        }
        write!(out, "  {at} {}", inst.mnemonic())?;
        for callee in graph.callees(func, at) {
            write!(out, " {}", module.func(callee).name)?;
        }
        writeln!(out)?;
    }
    for why in graph.why_suspends(id) {
        writeln!(out, "  suspends: {}", why.text(module))?;
    }
    Ok(())
}

struct Printer<'a, F> {
    func: &'a Function,
    cfg: &'a Cfg,
    dom: Dominators,
    loops: Loops,
    live: Liveness<'a>,
    inst: F,
}

impl<F: FnMut(usize) -> String> Printer<'_, F> {
    fn print(mut self, out: &mut String) -> fmt::Result {
        writeln!(out, "func {}", self.func.name)?;
        for block in self.cfg.blocks() {
            self.block(block, out)?;
        }
        self.loop_lines(out)
    }

    fn block(&mut self, block: BlockId, out: &mut String) -> fmt::Result {
        write!(out, "{block}:")?;
        if self.cfg.block(block).is_empty() {
            write!(out, " entry")?;
        }
        if !self.cfg.is_reachable(block) {
            write!(out, " unreachable")?;
        }
        if let Some(idom) = self.dom.idom(block) {
            write!(out, " idom {idom}")?;
        }
        if let Some(id) = self.loops.innermost(block) {
            let head = self.loops.headed_by(block).map_or("in", |_| "heads");
            write!(out, " {head} {id}")?;
        }
        let mut preds: Vec<_> = (self.cfg.preds(block).iter())
            .filter(|edge| edge.kind != EdgeKind::Panic)
            .map(|edge| edge.from)
            .collect();
        if self.cfg.landing() == Some(block) {
            write!(out, " landing")?;
            preds = self.cfg.panic_edges().map(|edge| edge.from).collect();
        }
        if !preds.is_empty() {
            write!(out, " from{}", list(&preds))?;
        }
        writeln!(out)?;
        writeln!(out, "    live {}", self.live.live_in(block))?;
        let after = self.live_after(block);
        for (at, live) in self.cfg.range(block).zip(after) {
            let text = (self.inst)(at);
            writeln!(out, "{at:4}  {text:<36} ; live {live}")?;
        }
        let edges = self.cfg.succs(block).iter();
        for edge in edges.filter(|edge| edge.kind != EdgeKind::Panic) {
            self.edge(edge, out)?;
        }
        for edge in self.cfg.panic_edges().filter(|edge| edge.from == block) {
            self.edge(&edge, out)?;
        }
        Ok(())
    }

    /// What is live after each instruction of a block, in order.
    fn live_after(&self, block: BlockId) -> impl Iterator<Item = SlotSet> + use<F> {
        let mut sets = Vec::new();
        let mut walk = self.live.walk(block);
        while walk.inst().is_some() {
            sets.push(walk.live().clone());
            walk.step();
        }
        sets.into_iter().rev()
    }

    fn edge(&self, edge: &Edge, out: &mut String) -> fmt::Result {
        let back = if self.loops.is_back_edge(edge.from, edge.to) {
            " back"
        } else {
            ""
        };
        writeln!(out, "    -> {} {}{back}", edge.to, edge.kind)
    }

    fn loop_lines(&self, out: &mut String) -> fmt::Result {
        let rotations = rotations(self.func, self.cfg, &self.loops);
        for (id, each) in self.loops.iter() {
            write!(out, "{id}: header {} depth {}", each.header, each.depth)?;
            if let Some(parent) = each.parent {
                write!(out, " in {parent}")?;
            }
            let mut blocks = self.loops.blocks(id).to_vec();
            blocks.sort_unstable();
            write!(out, " blocks{}", list(&blocks))?;
            if each.is_irreducible() {
                write!(out, " irreducible: entries{}", list(&each.entries))?;
            }
            if let Some(found) = rotations.iter().find(|r| r.header == each.header) {
                write!(out, " rotates: body {} exit {}", found.body, found.exit)?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

fn list(blocks: &[BlockId]) -> String {
    blocks.iter().map(|block| format!(" {block}")).collect()
}

/// An instruction's opcode, what stands in it to be written, and what to be read.
fn short(inst: &Inst) -> String {
    #[derive(Default)]
    struct Slots {
        reads: String,
        writes: String,
    }
    impl SlotVisitor for Slots {
        fn read(&mut self, slot: Slot) {
            self.reads += &format!(" {slot}");
        }
        fn write(&mut self, slot: Slot) {
            self.writes += &format!(" {slot}");
        }
    }
    let mut slots = Slots::default();
    inst.visit_slots(&mut slots);
    let Slots { reads, writes } = slots;
    let arrow = if writes.is_empty() || reads.is_empty() {
        ""
    } else {
        " <-"
    };
    format!("{}{writes}{arrow}{reads}", inst.mnemonic())
}
