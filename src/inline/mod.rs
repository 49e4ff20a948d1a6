//! Calls of small functions become the functions' own code, before anything else looks at the
//! program: from a verified module to another that does the same.
//!
//! It stands before [`crate::cfg`], so that everything behind it sees one larger function: no call,
//! no status to test, no frame to capture; constants, null and bounds facts that hold across what
//! was a call. What cannot be seen from outside does not change: where an instruction stood is kept
//! beside the code ([`Places`]), so traces tell of the functions as they were written. The reference
//! interpreter runs modules as they come, and is thus an oracle for this room, too.
//!
//! Callees come first, in the order of the strongly connected components of who calls whom by name,
//! so a function is copied with what was put into it. A function is copied where
//!
//! - it is not recursive, and has no deferred calls and does not recover (those are about the frame
//!   that they are in);
//! - it is about as small as a call of it, or somewhat larger and called in a loop or in one place
//!   only ([`weight`]).
//!
//! A function that nobody calls any more is *gone*: it is not compiled.

mod places;
pub mod print;
mod splice;
mod uses;
mod weight;

pub use places::{Frame, Frames, NOWHERE, Places};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use splice::Splicer;
use uses::Uses;
use vo_bytecode::{Callee, FuncId, Function, Inst, Module};

/// A module in which calls of small functions are written out.
#[derive(Clone, Debug)]
pub struct Inlined {
    /// The module; functions keep their numbers.
    pub module: Module,
    /// Where its instructions stood.
    pub places: Places,
    /// The functions that nothing reaches any more, by number.
    pub gone: Vec<bool>,
}

/// The heaviest function that is copied wherever it is called: about what a call itself takes, with
/// its arguments and its status. Larger ones make code grow, and with it the time to compile it.
const SMALL: u32 = 12;

/// The heaviest function that is copied into a loop, or to the only place that calls it: where a
/// call costs a fifth of what it calls, or copying makes no code grow.
const MEDIUM: u32 = 48;

/// No function is made longer than this, in instructions: the time that Cranelift takes grows a
/// little faster than a function.
const LONGEST: usize = 3000;

/// Writes the calls of small functions out.
pub fn expand(mut module: Module) -> Inlined {
    let mut places = Places::new(module.functions.len());
    let uses = Uses::of(&module);
    let mut weights: Vec<Option<u32>> = vec![None; module.functions.len()];
    let begins: Vec<FuncId> = module.begins().collect();
    for component in components(&module) {
        let recursive = component.recursive;
        for id in component.functions {
            // What the runtime begins with stays: it runs once, and traces leave it out.
            let begins = begins.contains(&id);
            if !begins {
                expand_function(&mut module, &mut places, id, &weights, &uses);
            }
            // Those of one component do not go into each other.
            if !recursive && !begins {
                weights[id.index()] = weight::of(module.func(id)).filter(|w| *w <= MEDIUM);
            }
        }
    }
    let gone = Uses::of(&module).gone(&module);
    Inlined {
        module,
        places,
        gone,
    }
}

/// Functions that call each other by name.
struct Component {
    functions: Vec<FuncId>,
    recursive: bool,
}

/// The components, callees before their callers.
fn components(module: &Module) -> Vec<Component> {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    for _ in &module.functions {
        graph.add_node(());
    }
    for (at, function) in module.functions.iter().enumerate() {
        for (_, callee) in calls(function) {
            graph.update_edge(NodeIndex::new(at), NodeIndex::new(callee.index()), ());
        }
    }
    let component = |nodes: Vec<NodeIndex>| Component {
        recursive: nodes.len() > 1 || graph.contains_edge(nodes[0], nodes[0]),
        functions: (nodes.iter().map(|node| FuncId(node.index() as u32))).collect(),
    };
    tarjan_scc(&graph).into_iter().map(component).collect()
}

/// The calls by name: instruction and callee.
fn calls(function: &Function) -> impl Iterator<Item = (usize, FuncId)> {
    let call = |(at, inst): (usize, &Inst)| match inst {
        Inst::Call {
            callee: Callee::Func(id),
            ..
        } => Some((at, *id)),
        _ => None,
    };
    function.code.iter().enumerate().filter_map(call)
}

fn expand_function(
    module: &mut Module,
    places: &mut Places,
    id: FuncId,
    weights: &[Option<u32>],
    uses: &Uses,
) {
    let function = module.func(id);
    let loops = Loops::of(function);
    let mut length = function.code.len();
    let mut chosen = Vec::new();
    for (at, callee) in calls(function) {
        let Some(weight) = weights[callee.index()] else {
            continue;
        };
        let worth = weight <= SMALL || loops.contain(at) || uses.is_called_once(callee);
        let more = module.func(callee).code.len();
        if worth && length + more <= LONGEST {
            length += more;
            chosen.push((at, callee));
        }
    }
    if chosen.is_empty() {
        return;
    }
    let mut splicer = Splicer::new(module, places, id);
    for (at, callee) in chosen {
        splicer.call(at, callee);
    }
    let (function, sites) = splicer.finish();
    module.functions[id.index()] = function;
    places.set(id, sites);
}

/// Where the code of a function goes round, seen from its backward jumps. The front end lays loops
/// out in one piece; where a module does not, a guess is wrong at worst.
struct Loops(Vec<(usize, usize)>);

impl Loops {
    fn of(function: &Function) -> Loops {
        let mut ranges = Vec::new();
        for (at, inst) in function.code.iter().enumerate() {
            let back = inst.targets().into_iter().map(|to| to.0 as usize);
            ranges.extend(back.filter(|to| *to <= at).map(|to| (to, at)));
        }
        Loops(ranges)
    }

    fn contain(&self, at: usize) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&at))
    }
}
