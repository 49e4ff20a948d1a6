//! The data model: everything that is shown of a function, in one place.
//!
//! The types are those of the JSON form (see [`super::json`]): a change of a field here is a
//! change of the schema. [`build`] fills them in, [`graphs`] makes the graphs before and after
//! the split.

pub mod build;
pub mod graphs;
mod source;

pub use build::{Builder, Parts};

use super::profile::FuncRun;
use crate::codegen::listing::{AsmLine, ClifLine};
use serde::Serialize;

/// A function through all stages.
#[derive(Clone, Debug, Serialize)]
pub struct FuncView {
    /// Its number in the module.
    pub id: u32,
    /// Its name as users write it.
    pub name: String,
    /// Its source file.
    pub file: String,
    /// Its first source line; 0 where it has none.
    pub line: u32,
    /// What the JIT knows of it.
    pub facts: Facts,
    /// Its source lines, as far as the file can be read.
    pub source: Vec<SourceLine>,
    /// Its slots.
    pub slots: Vec<SlotView>,
    /// Its bytecode.
    pub insts: Vec<InstView>,
    /// Its basic blocks.
    pub blocks: Vec<BlockView>,
    /// Its loops, outer ones first.
    pub loops: Vec<LoopView>,
    /// Its resume points.
    pub points: Vec<PointView>,
    /// The graph of its blocks.
    pub before: GraphView,
    /// The graph with its resume points, and blocks cut where it resumes.
    pub after: GraphView,
    /// Its native code: the hot form, then the resume form where it has one.
    pub code: Vec<CodeView>,
    /// What a run has counted, where a profile was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<FuncRun>,
}

/// What the JIT knows of a function.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// A call of it may suspend.
    pub may_suspend: bool,
    /// Why: the chain of calls that makes it so, one sentence each.
    pub why: Vec<String>,
    /// A call of it may panic.
    pub may_panic: bool,
    /// It may call itself.
    pub recursive: bool,
    /// It checks stack and poll word when it is entered.
    pub entry_check: bool,
    /// A goroutine may begin in it.
    pub spawned: bool,
    /// It is called, as opposed to only started as a goroutine.
    pub called: bool,
    /// It can be called through a function value or an interface.
    pub indirect: bool,
    /// No call of it is left, for all are written out where they stood: no code is made for it.
    pub written_out: bool,
    /// The size of its frame record, header included; 0 where it has none.
    pub record_bytes: u32,
    /// The words of its record behind the header.
    pub record_words: u32,
}

impl Facts {
    /// The facts as people read them, separated by commas; but not why it may suspend.
    pub fn text(&self) -> String {
        let record = match self.record_words {
            0 => "no record".to_owned(),
            _ => format!("record of {} bytes", self.record_bytes),
        };
        let suspends = if self.may_suspend {
            "may suspend"
        } else {
            "never suspends"
        };
        let others = [
            (self.may_panic, "may panic"),
            (self.recursive, "recursive"),
            (self.entry_check, "checks at entry"),
            (self.spawned, "starts as a goroutine"),
            (self.indirect, "called indirectly"),
            (self.written_out, "written out at its calls"),
        ];
        let others = others.iter().filter(|(is, _)| *is).map(|(_, name)| *name);
        let all: Vec<&str> = [record.as_str(), suspends]
            .into_iter()
            .chain(others)
            .collect();
        all.join(", ")
    }
}

/// A line of the source.
#[derive(Clone, Debug, Serialize)]
pub struct SourceLine {
    /// Its number, from 1.
    pub line: u32,
    /// Its text.
    pub text: String,
}

/// A slot.
#[derive(Clone, Debug, Serialize)]
pub struct SlotView {
    /// Its type: `i64 f64 f32 ref itype idata`.
    pub ty: &'static str,
    /// The variable or part of one that it holds, where it holds one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The type of that in the source; a slice's and a string's for each of their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    /// The slot refers to an object that holds the variable.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub boxed: bool,
    /// Whether it is a parameter.
    pub param: bool,
    /// The instructions that write it.
    pub defs: Vec<u32>,
    /// The instructions that read it.
    pub uses: Vec<u32>,
    /// The resume points that carry it.
    pub carried: Vec<u32>,
}

/// An instruction.
#[derive(Clone, Debug, Serialize)]
pub struct InstView {
    /// Its text, with the names of variables before their slots.
    pub text: String,
    /// Its source line; 0 where it has none.
    pub line: u32,
    /// The block it stands in.
    pub block: u32,
    /// It may panic by itself.
    pub may_panic: bool,
    /// It may make the goroutine wait.
    pub may_wait: bool,
    /// The slots it reads.
    pub reads: Vec<u32>,
    /// The slots it writes.
    pub writes: Vec<u32>,
    /// The resume point that stands behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<u32>,
}

/// A basic block.
#[derive(Clone, Debug, Serialize)]
pub struct BlockView {
    /// Its first instruction.
    pub first: u32,
    /// The instruction behind its last.
    pub end: u32,
    /// Some path from the entry leads here.
    pub reachable: bool,
    /// Whoever comes here will panic.
    pub cold: bool,
    /// The innermost loop it is in.
    #[serde(rename = "loop", skip_serializing_if = "Option::is_none")]
    pub in_loop: Option<u32>,
    /// Its immediate dominator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idom: Option<u32>,
    /// The slots that are live where it begins.
    pub live_in: Vec<u32>,
}

/// A loop.
#[derive(Clone, Debug, Serialize)]
pub struct LoopView {
    /// The block that its back edges go to.
    pub header: u32,
    /// How many loops there are around its blocks, itself included.
    pub depth: u32,
    /// The loop around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// Its blocks, those of inner loops included.
    pub blocks: Vec<u32>,
    /// The blocks by which it can be entered, where that is not only the header.
    pub entries: Vec<u32>,
    /// Its test is copied to its end.
    pub rotated: bool,
}

/// A resume point.
#[derive(Clone, Debug, Serialize)]
pub struct PointView {
    /// Its number in the module's point table.
    pub number: u32,
    /// What happens there: `Entry Call ChanSend ChanRecv Select Native Poll` …
    pub kind: String,
    /// The instruction.
    pub inst: u32,
    /// Its source line.
    pub line: u32,
    /// Where the function goes on: `start`, `behind`, or a block.
    pub resumes: String,
    /// The types of what arrives in the first words.
    pub arrivals: Vec<&'static str>,
    /// The live slots and their words.
    pub live: Vec<LiveView>,
    /// The reference map: words that hold a reference.
    pub refs: Vec<u32>,
    /// Words that hold an interface's type word; its data word follows.
    pub ifaces: Vec<u32>,
    /// What the point uses of its record, header included.
    pub bytes: u32,
}

/// A slot that a resume point carries.
#[derive(Clone, Debug, Serialize)]
pub struct LiveView {
    /// The slot.
    pub slot: u32,
    /// Its word behind the record's header.
    pub word: u32,
    /// A resumed function need not store it again.
    pub clean: bool,
}

/// A graph: of a function before or after the split.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GraphView {
    /// The nodes; the first is where control enters.
    pub nodes: Vec<NodeView>,
    /// The edges.
    pub edges: Vec<EdgeView>,
}

/// A node of a graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeView {
    /// Its name: `b3`, `b3@7` for the part of a block from instruction 7 on, `p2`, `call`.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// The block, for a block or a part of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u32>,
    /// The resume point, for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<u32>,
    /// Its first instruction.
    pub first: u32,
    /// The instruction behind its last.
    pub end: u32,
    /// What the split did to it.
    pub change: Change,
}

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// A block, or a part of one.
    Block,
    /// A resume point: where the function waits, with what it carries.
    Point,
    /// Where the function is entered by a call.
    Call,
}

/// An edge of a graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EdgeView {
    /// The node it leaves, an index into the graph's nodes.
    pub from: u32,
    /// The node it arrives at.
    pub to: u32,
    /// How control passes.
    pub kind: EdgeClass,
    /// What is written at it: a case, a poll.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// It goes back to the header of a loop.
    pub back: bool,
    /// What the split did to it.
    pub change: Change,
}

/// How control passes along an edge, as it is told apart in pictures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeClass {
    /// To what follows.
    Fall,
    /// A jump, or a branch whose condition holds.
    Taken,
    /// A branch whose condition does not hold.
    NotTaken,
    /// A case of a switch.
    Case,
    /// Out of the function, into its record.
    Suspend,
    /// From a record back into the function.
    Resume,
    /// A panic that goes on within the function.
    Panic,
    /// To deferred calls, or from them.
    Defer,
}

/// What the split did to a node or an edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was there before and is as it was.
    Same,
    /// It is a part of what was one.
    Cut,
    /// It was not there.
    Added,
}

/// One form of the function's native code.
#[derive(Clone, Debug, Serialize)]
pub struct CodeView {
    /// `hot` or `resume`.
    pub form: &'static str,
    /// Bytes of machine code.
    pub bytes: u32,
    /// Cranelift's intermediate form, after its optimisations.
    pub clif: Vec<ClifLine>,
    /// Machine code.
    pub asm: Vec<AsmLine>,
}

impl EdgeClass {
    /// The name that pictures and texts use.
    pub fn name(self) -> &'static str {
        match self {
            EdgeClass::Fall => "fall",
            EdgeClass::Taken => "taken",
            EdgeClass::NotTaken => "not-taken",
            EdgeClass::Case => "case",
            EdgeClass::Suspend => "suspend",
            EdgeClass::Resume => "resume",
            EdgeClass::Panic => "panic",
            EdgeClass::Defer => "defer",
        }
    }
}

impl Change {
    /// The name that pictures use.
    pub fn name(self) -> &'static str {
        match self {
            Change::Same => "same",
            Change::Cut => "cut",
            Change::Added => "added",
        }
    }
}

impl LoopView {
    /// What is written at it; `number` is its own.
    pub fn title(&self, number: u32) -> String {
        let rotated = if self.rotated { " rotated" } else { "" };
        let irreducible = match self.entries[..] {
            [] => "",
            _ => " irreducible",
        };
        format!("l{number}{rotated}{irreducible}")
    }
}

impl FuncView {
    /// The type of a slot for people: `chan int (ref)`, or `ref` where the source's is not known.
    pub fn slot_type(&self, slot: u32) -> String {
        let slot = &self.slots[slot as usize];
        match &slot.source_type {
            Some(ty) if slot.boxed => format!("boxed {ty} ({})", slot.ty),
            Some(ty) => format!("{ty} ({})", slot.ty),
            None => slot.ty.to_owned(),
        }
    }

    /// How people see a slot: `name%4`, or `%4` for one without a name.
    pub fn slot_name(&self, slot: u32) -> String {
        match self.slots.get(slot as usize).and_then(|s| s.name.as_ref()) {
            Some(name) => format!("{name}%{slot}"),
            None => format!("%{slot}"),
        }
    }

    /// How often a block ran in the run that was counted; of part of a block, how often the whole.
    pub fn ran(&self, node: &NodeView) -> Option<u64> {
        let run = self.run.as_ref()?;
        run.blocks.get(node.block? as usize).copied()
    }

    /// By node of a graph, how hot a block was in that run, from 0 to 1 for the one that ran most.
    /// Counts differ by powers of ten, so equal steps are equal factors.
    pub fn heat(&self, graph: &GraphView) -> Vec<Option<f64>> {
        let most = self.run.as_ref().and_then(|run| run.blocks.iter().max());
        let scale = (most.map_or(1, |most| (*most).max(1)) as f64 + 1.0).ln();
        let heat = |count: u64| (count as f64 + 1.0).ln() / scale;
        graph
            .nodes
            .iter()
            .map(|node| self.ran(node).map(heat))
            .collect()
    }
}
