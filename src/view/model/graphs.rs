//! The graphs of a function before and after the split.
//!
//! After it, a block is cut behind each instruction where the function can wait; a node stands
//! for each resume point, with an edge to suspend into it and one to resume from it.

use super::{Change, EdgeClass, EdgeView, FuncView, GraphView, NodeKind, NodeView};
use crate::cfg::{Cfg, EdgeKind};
use crate::split::plan::Resume;
use crate::split::{Analysis, FuncPlan, PointKind};
use std::collections::HashMap;

/// How an edge of the control-flow graph is told apart, and what is written at it.
pub fn class_of(kind: EdgeKind) -> (EdgeClass, String) {
    let class = match kind {
        EdgeKind::Fall => EdgeClass::Fall,
        EdgeKind::Taken => EdgeClass::Taken,
        EdgeKind::NotTaken => EdgeClass::NotTaken,
        EdgeKind::SwitchCase(_) | EdgeKind::SwitchDefault => {
            return (EdgeClass::Case, kind.to_string());
        }
        EdgeKind::Defer => EdgeClass::Defer,
        EdgeKind::Panic => EdgeClass::Panic,
    };
    (class, String::new())
}

/// The graph of the blocks.
pub fn before(analysis: &Analysis<'_>) -> GraphView {
    let cfg = &analysis.cfg;
    let nodes = cfg.blocks().map(|block| {
        let range = cfg.range(block);
        NodeView {
            name: block.to_string(),
            kind: NodeKind::Block,
            block: Some(block.0),
            point: None,
            first: range.start as u32,
            end: range.end as u32,
            change: Change::Same,
        }
    });
    let edges = cfg.edges().map(|edge| {
        let (kind, label) = class_of(edge.kind);
        EdgeView {
            from: edge.from.0,
            to: edge.to.0,
            kind,
            label,
            back: analysis.loops.is_back_edge(edge.from, edge.to),
            change: Change::Same,
        }
    });
    GraphView {
        nodes: nodes.collect(),
        edges: edges.collect(),
    }
}

/// The graph with the resume points.
pub fn after(analysis: &Analysis<'_>, plan: &FuncPlan, spawned: bool) -> GraphView {
    let mut split = Split {
        graph: GraphView::default(),
        starts: HashMap::new(),
        ends: HashMap::new(),
    };
    split.entries(plan, spawned);
    split.blocks(&analysis.cfg, plan);
    split.edges(analysis, plan);
    split.graph
}

struct Split {
    graph: GraphView,
    /// The first and the last node of each block.
    starts: HashMap<u32, u32>,
    ends: HashMap<u32, u32>,
}

impl Split {
    fn node(&mut self, name: String, kind: NodeKind, change: Change) -> u32 {
        self.graph.nodes.push(NodeView {
            name,
            kind,
            block: None,
            point: None,
            first: 0,
            end: 0,
            change,
        });
        self.graph.nodes.len() as u32 - 1
    }

    fn point(&mut self, plan: &FuncPlan, at: usize) -> u32 {
        let node = self.node(format!("p{at}"), NodeKind::Point, Change::Added);
        let view = &mut self.graph.nodes[node as usize];
        view.point = Some(at as u32);
        view.first = plan.points[at].inst;
        view.end = view.first;
        node
    }

    fn add(&mut self, from: u32, to: u32, kind: EdgeClass, change: Change) {
        self.graph.edges.push(EdgeView {
            from,
            to,
            kind,
            label: String::new(),
            back: false,
            change,
        });
    }

    /// Where the function is called, and its entry point where it can be entered by that.
    fn entries(&mut self, plan: &FuncPlan, spawned: bool) {
        // The first block's node is the one behind those that stand for entries.
        let has_point = plan.entry_check || spawned || !plan.called;
        let block = u32::from(plan.called) + u32::from(has_point);
        if plan.called {
            let call = self.node("call".to_owned(), NodeKind::Call, Change::Added);
            self.add(call, block, EdgeClass::Fall, Change::Added);
        }
        if has_point && !plan.points.is_empty() {
            let point = self.point(plan, 0);
            if plan.entry_check && plan.called {
                self.add(0, point, EdgeClass::Suspend, Change::Added);
            }
            self.add(point, block, EdgeClass::Resume, Change::Added);
        }
    }

    /// The blocks, cut behind the instructions where the function resumes.
    fn blocks(&mut self, cfg: &Cfg, plan: &FuncPlan) {
        let behind: HashMap<usize, usize> = (plan.points.iter().enumerate())
            .filter(|(_, point)| point.resume == Resume::Behind)
            .map(|(at, point)| (point.inst as usize, at))
            .collect();
        for block in cfg.blocks() {
            let range = cfg.range(block);
            let is_cut = range.clone().any(|at| behind.contains_key(&at));
            let change = if is_cut { Change::Cut } else { Change::Same };
            let mut part = self.node(block.to_string(), NodeKind::Block, change);
            self.starts.insert(block.0, part);
            self.fill(part, block.0, range.start, range.end);
            for at in range.clone() {
                let Some(point) = behind.get(&at).copied() else {
                    continue;
                };
                self.graph.nodes[part as usize].end = at as u32 + 1;
                let wait = self.point(plan, point);
                let rest = self.node(format!("{block}@{}", at + 1), NodeKind::Block, change);
                self.fill(rest, block.0, at + 1, range.end);
                self.add(part, rest, EdgeClass::Fall, Change::Added);
                self.add(part, wait, EdgeClass::Suspend, Change::Added);
                self.add(wait, rest, EdgeClass::Resume, Change::Added);
                part = rest;
            }
            self.ends.insert(block.0, part);
        }
    }

    fn fill(&mut self, node: u32, block: u32, first: usize, end: usize) {
        let view = &mut self.graph.nodes[node as usize];
        view.block = Some(block);
        view.first = first as u32;
        view.end = end as u32;
    }

    /// The edges between blocks, and the polls that stand on them.
    fn edges(&mut self, analysis: &Analysis<'_>, plan: &FuncPlan) {
        for edge in analysis.cfg.edges() {
            let (kind, label) = class_of(edge.kind);
            let back = analysis.loops.is_back_edge(edge.from, edge.to);
            self.graph.edges.push(EdgeView {
                from: self.ends[&edge.from.0],
                to: self.starts[&edge.to.0],
                kind,
                label,
                back,
                change: Change::Same,
            });
        }
        for (at, point) in plan.points.iter().enumerate() {
            let Resume::Block(target) = point.resume else {
                continue;
            };
            let from = analysis.cfg.block_of(point.inst as usize);
            let wait = self.point(plan, at);
            self.add(self.ends[&from.0], wait, EdgeClass::Suspend, Change::Added);
            self.add(
                wait,
                self.starts[&target.0],
                EdgeClass::Resume,
                Change::Added,
            );
            let last = self.graph.edges.len() - 1;
            self.graph.edges[last].back = point.kind == PointKind::Poll;
        }
    }
}

impl GraphView {
    /// The graph of a function at a stage.
    pub fn of(view: &FuncView, after: bool) -> &GraphView {
        if after { &view.after } else { &view.before }
    }
}
