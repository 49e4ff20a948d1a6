//! Who calls whom, and what follows from it: which functions may suspend, panic or recurse.
//!
//! A call through a function value may reach every function of its signature that is taken as
//! a value; a call of an interface method, every function that implements it. To keep the graph
//! linear in the size of the module, one node stands for "any function value of that signature"
//! and one for each method. A goroutine's start is not a call.
//!
//! The facts are upper bounds: a function that is said to suspend may never do so, but one that
//! is not said to never does.

use super::effects::Effects;
use super::graph::Cfg;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use vo_bytecode::ops::Callee;
use vo_bytecode::{FuncId, Function, Inst, MethodId, Module, Slot, SlotTy};

/// What is known of a function by its code and by what it calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FuncFacts {
    /// It may call itself, through others or not.
    pub recursive: bool,
    /// It, or what it calls, may wait.
    pub may_block: bool,
    /// It has polls of its own: it contains a loop or is recursive.
    pub polls: bool,
    /// It may be captured while it runs: it may block or polls, or it calls what may suspend.
    pub may_suspend: bool,
    /// It, or what it calls, may panic.
    pub may_panic: bool,
    /// It, or what it calls, may allocate on the heap.
    pub may_allocate: bool,
    /// It can be reached as a function value or as an interface's method.
    pub address_taken: bool,
    /// A goroutine may begin in it.
    pub spawned: bool,
    /// Some instruction calls it by name.
    pub called_directly: bool,
    /// How many calls the longest chain of calls below it has, where functions that call each
    /// other count as one.
    pub depth: u32,
}

/// What a call may do, as far as whom it reaches decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CallFacts {
    /// The callee may be captured while it runs.
    pub may_suspend: bool,
    /// The callee may wait.
    pub may_block: bool,
    /// The call may panic.
    pub may_panic: bool,
    /// The callee may allocate on the heap.
    pub may_allocate: bool,
}

/// A node of the call graph.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// A function.
    Func(FuncId),
    /// Any function value of one signature.
    Value,
    /// Any function that implements the method.
    Method(MethodId),
}

/// Why an edge is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// The function's call at that instruction, the first that goes there.
    Call(usize),
    /// What stands for many functions may be this one.
    MayBe,
}

/// One step of an explanation why a function may suspend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Why {
    /// The function.
    pub func: FuncId,
    /// What it does.
    pub cause: Cause,
}

/// What makes a function one that may suspend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The instruction may wait.
    Blocks(usize),
    /// It may call itself, so its entry polls.
    Recursive,
    /// The block that ends with the instruction goes back to a loop's header, and polls.
    Loops(usize),
    /// The instruction calls what the next step tells of.
    Calls(usize),
}

/// Parameters without the closure object, and results.
type Signature = (Vec<SlotTy>, Vec<SlotTy>);

/// The call graph of a module, with the facts about its functions.
#[derive(Clone, Debug)]
pub struct CallGraph {
    graph: DiGraph<Node, Link>,
    values: HashMap<Signature, NodeIndex>,
    /// By node; of a node that stands for many functions, what holds for any of them.
    facts: Vec<FuncFacts>,
    causes: Vec<Causes>,
    sccs: Vec<Vec<FuncId>>,
    functions: usize,
}

/// What a function does itself that makes it suspend: the instructions.
#[derive(Clone, Copy, Debug, Default)]
struct Causes {
    blocks: Option<usize>,
    loops: Option<usize>,
}

impl CallGraph {
    /// Builds the call graph of a verified module and finds the facts.
    pub fn build(module: &Module) -> CallGraph {
        let mut builder = Builder::new(module);
        for (at, func) in module.functions.iter().enumerate() {
            builder.add_function(FuncId(at as u32), func);
        }
        builder.spread_marks();
        let mut graph = builder.finish();
        graph.solve();
        graph
    }

    /// What is known of a function.
    pub fn facts(&self, func: FuncId) -> &FuncFacts {
        &self.facts[func.index()]
    }

    /// What the `Call` at instruction `at` of `func` may do. The answer is the same for all
    /// indirect calls of one signature, or of one method.
    pub fn call_facts(&self, func: &Function, at: usize) -> CallFacts {
        let mut all = CallFacts {
            may_panic: Effects::of(&func.code[at]).may_panic,
            ..CallFacts::default()
        };
        for node in self.callee_nodes(func, at) {
            let facts = self.facts[node.index()];
            all.may_suspend |= facts.may_suspend;
            all.may_block |= facts.may_block;
            all.may_panic |= facts.may_panic;
            all.may_allocate |= facts.may_allocate;
        }
        all
    }

    /// The functions that the `Call` or `GoStart` at instruction `at` of `func` may reach,
    /// ascending.
    pub fn callees(&self, func: &Function, at: usize) -> Vec<FuncId> {
        let mut callees = Vec::new();
        for node in self.callee_nodes(func, at) {
            match self.graph[node] {
                Node::Func(callee) => callees.push(callee),
                _ => callees.extend(self.graph.neighbors(node).map(func_of)),
            }
        }
        callees.sort_unstable();
        callees
    }

    /// The nodes that stand for whom the instruction calls or starts; none where no function of
    /// the module can be the callee.
    fn callee_nodes(&self, func: &Function, at: usize) -> Vec<NodeIndex> {
        match Site::of(func, at) {
            None => Vec::new(),
            Some(Site { callee, args, rets }) => match callee {
                Callee::Func(id) => vec![NodeIndex::new(id.index())],
                Callee::Method(_, method) => {
                    vec![NodeIndex::new(self.functions + method.index())]
                }
                Callee::Closure(_) => match rets {
                    Some(rets) => self
                        .values
                        .get(&(args, rets))
                        .copied()
                        .into_iter()
                        .collect(),
                    None => started(&self.values, |params| *params == args).collect(),
                },
            },
        }
    }

    /// The strongly connected components, callees before their callers; each ascending.
    pub fn sccs(&self) -> &[Vec<FuncId>] {
        &self.sccs
    }

    /// The graph. The first nodes are the functions, by id.
    pub fn graph(&self) -> &DiGraph<Node, Link> {
        &self.graph
    }

    /// Why a function may suspend: a shortest chain of calls, the last of which tells what
    /// happens there. That it may wait is told rather than that it polls. Empty for a function
    /// that never suspends.
    pub fn why_suspends(&self, func: FuncId) -> Vec<Why> {
        let waits = self.chain_to(func, |node| {
            let causes = self.causes.get(node.index())?;
            causes.blocks.map(Cause::Blocks)
        });
        if !waits.is_empty() {
            return waits;
        }
        self.chain_to(func, |node| self.polls_because(node))
    }

    /// A shortest chain of calls to a function that has a cause of its own.
    fn chain_to(&self, func: FuncId, own_cause: impl Fn(NodeIndex) -> Option<Cause>) -> Vec<Why> {
        let start = NodeIndex::new(func.index());
        let mut came_from: Vec<Option<(NodeIndex, Link)>> = vec![None; self.graph.node_count()];
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            if let Some(cause) = own_cause(node) {
                return self.chain(start, node, cause, &came_from);
            }
            // petgraph gives the edge added last first.
            let mut edges: Vec<_> = self.graph.edges(node).collect();
            edges.reverse();
            for edge in edges {
                let to = edge.target();
                if to != start && came_from[to.index()].is_none() {
                    came_from[to.index()] = Some((node, *edge.weight()));
                    queue.push_back(to);
                }
            }
        }
        Vec::new()
    }

    /// Why a function polls.
    fn polls_because(&self, node: NodeIndex) -> Option<Cause> {
        let causes = self.causes.get(node.index())?;
        let recursive = self.facts[node.index()].recursive;
        (recursive.then_some(Cause::Recursive)).or(causes.loops.map(Cause::Loops))
    }

    fn chain(
        &self,
        start: NodeIndex,
        last: NodeIndex,
        cause: Cause,
        came_from: &[Option<(NodeIndex, Link)>],
    ) -> Vec<Why> {
        let mut chain = vec![Why {
            func: func_of(last),
            cause,
        }];
        let mut node = last;
        while node != start {
            let Some((from, link)) = came_from[node.index()] else {
                break;
            };
            if let Link::Call(at) = link {
                chain.push(Why {
                    func: func_of(from),
                    cause: Cause::Calls(at),
                });
            }
            node = from;
        }
        chain.reverse();
        chain
    }

    /// Passes facts from callees to callers.
    fn solve(&mut self) {
        // Not `tarjan_scc`: petgraph's calls itself as deep as the chains of calls are.
        let components = kosaraju_scc(&self.graph);
        let mut component_of = vec![0; self.graph.node_count()];
        for (at, component) in components.iter().enumerate() {
            for node in component {
                component_of[node.index()] = at;
            }
        }
        for (at, component) in components.iter().enumerate() {
            self.solve_component(component, |node| component_of[node.index()] == at);
            let mut functions: Vec<_> = component
                .iter()
                .filter(|node| node.index() < self.functions)
                .map(|node| func_of(*node))
                .collect();
            functions.sort_unstable();
            if !functions.is_empty() {
                self.sccs.push(functions);
            }
        }
    }

    /// The facts of one component; those of the components it reaches are known.
    fn solve_component(&mut self, component: &[NodeIndex], inside: impl Fn(NodeIndex) -> bool) {
        let mut all = FuncFacts::default();
        let mut cyclic = component.len() > 1;
        for node in component {
            let own = self.facts[node.index()];
            all.may_block |= own.may_block;
            all.may_panic |= own.may_panic;
            all.may_allocate |= own.may_allocate;
            all.may_suspend |= own.may_block || own.polls;
            for callee in self.graph.neighbors(*node) {
                if inside(callee) {
                    cyclic = true;
                    continue;
                }
                let callee_facts = self.facts[callee.index()];
                all.may_block |= callee_facts.may_block;
                all.may_panic |= callee_facts.may_panic;
                all.may_allocate |= callee_facts.may_allocate;
                all.may_suspend |= callee_facts.may_suspend;
                // What stands for many functions is no call of its own, unless it is on a cycle,
                // together with functions.
                let call = callee.index() < self.functions || callee_facts.recursive;
                all.depth = all.depth.max(callee_facts.depth + u32::from(call));
            }
        }
        for node in component {
            let facts = &mut self.facts[node.index()];
            facts.recursive = cyclic;
            facts.polls |= cyclic;
            facts.may_block = all.may_block;
            facts.may_panic = all.may_panic;
            facts.may_allocate = all.may_allocate;
            facts.may_suspend = all.may_suspend || cyclic;
            facts.depth = all.depth;
        }
    }
}

/// The function that a node stands for.
fn func_of(node: NodeIndex) -> FuncId {
    FuncId(node.index() as u32)
}

/// A call, or the start of a goroutine.
struct Site {
    callee: Callee,
    args: Vec<SlotTy>,
    /// A start takes functions of any results, and has none itself.
    rets: Option<Vec<SlotTy>>,
}

impl Site {
    fn of(func: &Function, at: usize) -> Option<Site> {
        let types = |slots: &[Slot]| -> Vec<SlotTy> {
            slots.iter().map(|slot| func.slots[slot.index()]).collect()
        };
        match &func.code[at] {
            Inst::Call { rets, callee, args } => Some(Site {
                callee: *callee,
                args: types(&args.0),
                rets: Some(types(&rets.0)),
            }),
            Inst::GoStart { callee, args } | Inst::GoIsland { callee, args, .. } => Some(Site {
                callee: *callee,
                args: types(&args.0),
                rets: None,
            }),
            _ => None,
        }
    }
}

/// The nodes of the function values that a goroutine may start in.
fn started(
    values: &HashMap<Signature, NodeIndex>,
    matches: impl Fn(&Vec<SlotTy>) -> bool,
) -> impl Iterator<Item = NodeIndex> {
    values
        .iter()
        .filter(move |((params, _), _)| matches(params))
        .map(|(_, node)| *node)
}

struct Builder<'a> {
    module: &'a Module,
    graph: DiGraph<Node, Link>,
    values: HashMap<Signature, NodeIndex>,
    facts: Vec<FuncFacts>,
    causes: Vec<Causes>,
    /// Goroutines start in function values of these parameters, and in these methods.
    spawned_values: HashSet<Vec<SlotTy>>,
    spawned_methods: Vec<MethodId>,
    /// Per node, the last function that got an edge to it, plus one.
    linked: Vec<u32>,
    /// Per function, whether it has its edge from the node of its signature.
    taken: Vec<bool>,
}

impl<'a> Builder<'a> {
    fn new(module: &'a Module) -> Builder<'a> {
        let mut graph = DiGraph::new();
        for at in 0..module.functions.len() {
            graph.add_node(Node::Func(FuncId(at as u32)));
        }
        for at in 0..module.types.methods.len() {
            graph.add_node(Node::Method(MethodId(at as u32)));
        }
        let mut builder = Builder {
            module,
            facts: vec![FuncFacts::default(); graph.node_count()],
            linked: vec![0; graph.node_count()],
            graph,
            values: HashMap::new(),
            causes: Vec::with_capacity(module.functions.len()),
            spawned_values: HashSet::new(),
            taken: vec![false; module.functions.len()],
            spawned_methods: Vec::new(),
        };
        builder.add_methods();
        builder
    }

    fn add_methods(&mut self) {
        let tables = self.module.types.types.iter().flat_map(|ty| &ty.methods);
        let mut entries: Vec<_> = tables.copied().collect();
        entries.sort_unstable();
        entries.dedup();
        for (method, func) in entries {
            let node = self.method_node(method);
            let func = NodeIndex::new(func.index());
            self.facts[func.index()].address_taken = true;
            self.graph.add_edge(node, func, Link::MayBe);
        }
    }

    fn method_node(&self, method: MethodId) -> NodeIndex {
        NodeIndex::new(self.module.functions.len() + method.index())
    }

    fn value_node(&mut self, signature: Signature) -> NodeIndex {
        *self.values.entry(signature).or_insert_with(|| {
            self.facts.push(FuncFacts::default());
            self.linked.push(0);
            self.graph.add_node(Node::Value)
        })
    }

    fn add_function(&mut self, id: FuncId, func: &Function) {
        let mut all = Effects::default();
        let mut blocks = None;
        for (at, inst) in func.code.iter().enumerate() {
            let effects = Effects::of(inst);
            all.may_panic |= effects.may_panic;
            all.may_allocate |= effects.may_allocate;
            if effects.may_block && blocks.is_none() {
                blocks = Some(at);
            }
            match inst {
                Inst::FuncValue { func: taken, .. } | Inst::Closure { func: taken, .. } => {
                    self.take(*taken);
                }
                Inst::Call { .. } => self.add_call(id, func, at),
                Inst::GoStart { .. } | Inst::GoIsland { .. } => self.add_start(func, at),
                _ => {}
            }
        }
        let loops = loop_at(func);
        let facts = &mut self.facts[id.index()];
        facts.may_block = blocks.is_some();
        facts.polls = loops.is_some();
        facts.may_panic = all.may_panic;
        facts.may_allocate = all.may_allocate;
        self.causes.push(Causes { blocks, loops });
    }

    /// The function is taken as a value.
    fn take(&mut self, id: FuncId) {
        if std::mem::replace(&mut self.taken[id.index()], true) {
            return;
        }
        let func = self.module.func(id);
        let params = func.param_types().get(1..).unwrap_or_default();
        let value = self.value_node((params.to_vec(), func.results.clone()));
        let node = NodeIndex::new(id.index());
        self.graph.add_edge(value, node, Link::MayBe);
        self.facts[id.index()].address_taken = true;
    }

    fn add_call(&mut self, id: FuncId, func: &Function, at: usize) {
        let Some(Site { callee, args, rets }) = Site::of(func, at) else {
            return;
        };
        let to = match callee {
            Callee::Func(callee) => {
                self.facts[callee.index()].called_directly = true;
                NodeIndex::new(callee.index())
            }
            Callee::Method(_, method) => self.method_node(method),
            Callee::Closure(_) => self.value_node((args, rets.unwrap_or_default())),
        };
        if std::mem::replace(&mut self.linked[to.index()], id.0 + 1) != id.0 + 1 {
            self.graph
                .add_edge(NodeIndex::new(id.index()), to, Link::Call(at));
        }
    }

    fn add_start(&mut self, func: &Function, at: usize) {
        let Some(Site { callee, args, .. }) = Site::of(func, at) else {
            return;
        };
        match callee {
            Callee::Func(callee) => self.facts[callee.index()].spawned = true,
            Callee::Method(_, method) => self.spawned_methods.push(method),
            Callee::Closure(_) => {
                self.spawned_values.insert(args);
            }
        }
    }

    /// Marks the functions that goroutines may start in through what stands for many.
    fn spread_marks(&mut self) {
        let methods = self.spawned_methods.iter();
        let mut nodes: Vec<_> = methods.map(|method| self.method_node(*method)).collect();
        nodes.extend(started(&self.values, |params| {
            self.spawned_values.contains(params)
        }));
        nodes.sort_unstable();
        nodes.dedup();
        for node in nodes {
            for func in self.graph.neighbors(node) {
                self.facts[func.index()].spawned = true;
            }
        }
    }

    fn finish(self) -> CallGraph {
        CallGraph {
            functions: self.module.functions.len(),
            graph: self.graph,
            values: self.values,
            facts: self.facts,
            causes: self.causes,
            sccs: Vec::new(),
        }
    }
}

/// The instruction that ends the first block with a back edge; none where there is no loop.
fn loop_at(func: &Function) -> Option<usize> {
    // A cycle goes back somewhere; most functions without loops are seen at a glance.
    let backward = func
        .code
        .iter()
        .enumerate()
        .any(|(at, inst)| inst.targets().iter().any(|to| to.0 as usize <= at));
    if !backward {
        return None;
    }
    let cfg = Cfg::build(func);
    let retreats = |block| {
        let number = cfg.rpo_number(block);
        let mut succs = cfg.succs(block).iter();
        number.is_some() && succs.any(|edge| cfg.rpo_number(edge.to) <= number)
    };
    let from = cfg.blocks().find(|block| retreats(*block))?;
    cfg.block(from).last()
}

impl Why {
    /// The step as a sentence without its end, for people.
    pub fn text(&self, module: &Module) -> String {
        let func = module.func(self.func);
        let at = |at: usize| match func.lines.get(at) {
            Some(line) if *line != 0 => format!("at line {line}"),
            _ => format!("at instruction {at}"),
        };
        let what = |at: usize| match &func.code[at] {
            Inst::CallRt { func, .. } => func.sig().name,
            inst => inst.mnemonic(),
        };
        let whom = |at: usize| match &func.code[at] {
            Inst::Call { callee, .. } => match callee {
                Callee::Func(callee) => module.func(*callee).name.clone(),
                Callee::Closure(_) => "a function value".to_owned(),
                Callee::Method(_, method) => {
                    let method = &module.types.methods[method.index()].name;
                    format!("the method {method} of an interface")
                }
            },
            inst => format!("others in {}", inst.mnemonic()),
        };
        let cause = match self.cause {
            Cause::Blocks(inst) => format!("may wait in {} {}", what(inst), at(inst)),
            Cause::Recursive => "may call itself, so it polls where it begins".to_string(),
            Cause::Loops(inst) => format!("loops {}, so it polls there", at(inst)),
            Cause::Calls(inst) => format!("calls {} {}", whom(inst), at(inst)),
        };
        format!("{} {cause}", func.name)
    }
}

impl fmt::Display for FuncFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "depth {}", self.depth)?;
        for (flag, name) in [
            (self.recursive, "recursive"),
            (self.may_block, "may-block"),
            (self.polls, "polls"),
            (self.may_suspend, "may-suspend"),
            (self.may_panic, "may-panic"),
            (self.may_allocate, "may-allocate"),
            (self.address_taken, "address-taken"),
            (self.spawned, "spawned"),
            (self.called_directly, "called-directly"),
        ] {
            if flag {
                write!(f, " {name}")?;
            }
        }
        Ok(())
    }
}
