use super::*;
use crate::cfg::CallGraph;
use crate::cfg::callgraph::{Cause, Node};
use crate::cfg::print;
use proptest::prelude::*;
use vo_bytecode::types::Method;
use vo_bytecode::{Callee, FuncId, MethodId, Module, RtFn, Type, TypeId, TypeKind, inst::OptType};

/// A module of functions of that code, named `f0`, `f1`, …; slot 0 is a reference and their only
/// parameter, slots 1 and 2 are an interface.
fn module(functions: Vec<Vec<Inst>>) -> Module {
    let named = functions.into_iter().enumerate().map(|(at, mut code)| {
        code.push(ret(&[]));
        let mut func = function(1, 1, code);
        func.slots[0] = SlotTy::Ref;
        func.params = 1;
        func.name = format!("f{at}");
        func
    });
    Module {
        functions: named.collect(),
        ..Module::default()
    }
}

fn callee_call(callee: Callee, args: &[u32]) -> Inst {
    Inst::Call {
        rets: Dsts::from(Vec::new()),
        callee,
        args: Srcs::from(slots(args)),
    }
}

fn call(func: u32) -> Inst {
    callee_call(Callee::Func(FuncId(func)), &[0])
}

fn call_value() -> Inst {
    callee_call(Callee::Closure(Slot(0)), &[])
}

fn call_method(method: u32) -> Inst {
    callee_call(Callee::Method(Slot(1), MethodId(method)), &[])
}

fn take(func: u32) -> Inst {
    Inst::FuncValue {
        dst: Dst(Slot(0)),
        func: FuncId(func),
    }
}

fn go(callee: Callee) -> Inst {
    let args = match callee {
        Callee::Func(_) => vec![Slot(0)],
        _ => Vec::new(),
    };
    Inst::GoStart {
        callee,
        args: Srcs::from(args),
    }
}

fn wait() -> Inst {
    receive(&[], 0)
}

fn nil_check() -> Inst {
    Inst::NilCheck { a: Src(Slot(0)) }
}

/// Adds methods `0..methods`, and a type for each table, of method and function.
fn add_methods(module: &mut Module, methods: u32, tables: &[&[(u32, u32)]]) {
    for at in 0..methods {
        module.types.methods.push(Method {
            name: format!("M{at}"),
            signature: TypeId(0),
        });
    }
    for table in tables {
        module.types.types.push(Type {
            name: String::new(),
            kind: TypeKind::Bool,
            methods: table
                .iter()
                .map(|(method, func)| (MethodId(*method), FuncId(*func)))
                .collect(),
        });
    }
}

fn names(
    graph: &CallGraph,
    count: u32,
    holds: impl Fn(&crate::cfg::FuncFacts) -> bool,
) -> Vec<u32> {
    (0..count)
        .filter(|at| holds(graph.facts(FuncId(*at))))
        .collect()
}

#[test]
fn facts_pass_from_callees_to_callers() {
    let module = module(vec![
        vec![call(1)],
        vec![call(2), call(3)],
        vec![wait()],
        vec![nil_check()],
        vec![call(3)],
        vec![],
    ]);
    let graph = CallGraph::build(&module);
    assert_eq!(names(&graph, 6, |f| f.may_block), [0, 1, 2]);
    assert_eq!(names(&graph, 6, |f| f.may_suspend), [0, 1, 2]);
    assert_eq!(names(&graph, 6, |f| f.may_panic), [0, 1, 2, 3, 4]);
    assert!(names(&graph, 6, |f| f.polls).is_empty());
    assert!(names(&graph, 6, |f| f.recursive).is_empty());
    assert_eq!(names(&graph, 6, |f| f.called_directly), [1, 2, 3]);
    let depths: Vec<_> = (0..6).map(|at| graph.facts(FuncId(at)).depth).collect();
    assert_eq!(depths, [2, 1, 0, 0, 1, 0]);
}

#[test]
fn loops_and_recursion_poll() {
    let looped = vec![br(0, 0, 1)];
    let dead_loop = vec![jump(2), jump(1)];
    let module = module(vec![
        vec![call(0)],
        vec![call(2)],
        vec![call(1)],
        looped,
        dead_loop,
        vec![call(3)],
    ]);
    let graph = CallGraph::build(&module);
    assert_eq!(names(&graph, 6, |f| f.recursive), [0, 1, 2]);
    assert_eq!(names(&graph, 6, |f| f.polls), [0, 1, 2, 3]);
    assert_eq!(names(&graph, 6, |f| f.may_suspend), [0, 1, 2, 3, 5]);
    assert!(names(&graph, 6, |f| f.may_block).is_empty());
    assert!(graph.sccs().contains(&vec![FuncId(1), FuncId(2)]));
}

#[test]
fn function_values_are_told_apart_by_signature() {
    let mut module = module(vec![
        vec![take(1), call_value()],
        vec![],
        vec![take(3)],
        vec![wait()],
        vec![call_value()],
    ]);
    // f3 takes an argument beside its closure object: calls without one cannot reach it.
    module.functions[3].params = 2;
    let graph = CallGraph::build(&module);
    assert_eq!(names(&graph, 5, |f| f.address_taken), [1, 3]);
    assert_eq!(names(&graph, 5, |f| f.may_block), [3]);
    assert_eq!(graph.callees(&module.functions[0], 1), [FuncId(1)]);
    let facts = graph.call_facts(&module.functions[4], 0);
    assert!(facts.may_panic && !facts.may_suspend);
    assert_eq!(names(&graph, 5, |f| f.may_panic), [0, 3, 4]);
    assert_eq!(graph.facts(FuncId(0)).depth, 1);
}

#[test]
fn a_function_that_calls_its_own_kind_recurses() {
    let module = module(vec![vec![take(0), call_value()], vec![call_value()]]);
    let graph = CallGraph::build(&module);
    assert_eq!(names(&graph, 2, |f| f.recursive), [0]);
    assert_eq!(names(&graph, 2, |f| f.may_suspend), [0, 1]);
}

#[test]
fn a_method_reaches_all_that_implement_it() {
    let mut module = module(vec![
        vec![call_method(0)],
        vec![wait()],
        vec![],
        vec![call_method(1)],
    ]);
    add_methods(&mut module, 2, &[&[(0, 1), (1, 2)], &[(0, 2)], &[(0, 2)]]);
    let graph = CallGraph::build(&module);
    assert_eq!(names(&graph, 4, |f| f.may_block), [0, 1]);
    assert_eq!(names(&graph, 4, |f| f.address_taken), [1, 2]);
    assert_eq!(
        graph.callees(&module.functions[0], 0),
        [FuncId(1), FuncId(2)]
    );
    let methods = graph.graph().node_weights();
    assert_eq!(methods.filter(|n| matches!(n, Node::Method(_))).count(), 2);
}

#[test]
fn a_start_is_no_call() {
    let mut module = module(vec![
        vec![go(Callee::Func(FuncId(1)))],
        vec![wait()],
        vec![go(Callee::Closure(Slot(0))), take(3)],
        vec![wait()],
        vec![go(Callee::Method(Slot(1), MethodId(0)))],
        vec![wait()],
        vec![wait()],
    ]);
    add_methods(&mut module, 1, &[&[(0, 5)]]);
    // A goroutine may begin in a function with results.
    module.functions[3].results = vec![SlotTy::I64];
    let graph = CallGraph::build(&module);
    assert_eq!(names(&graph, 7, |f| f.spawned), [1, 3, 5]);
    assert_eq!(names(&graph, 7, |f| f.may_suspend), [1, 3, 5, 6]);
    assert!(names(&graph, 7, |f| f.called_directly).is_empty());
    assert_eq!(graph.callees(&module.functions[2], 0), [FuncId(3)]);
    // A nil function cannot be started.
    assert!(!graph.facts(FuncId(0)).may_panic && graph.facts(FuncId(2)).may_panic);
}

#[test]
fn runtime_functions_have_their_flags() {
    let rt = |func| Inst::CallRt {
        rets: Dsts::from(Vec::new()),
        func,
        ty: OptType(None),
        args: Srcs::from(Vec::new()),
    };
    let module = module(vec![vec![rt(RtFn::Gosched)], vec![rt(RtFn::PrintBool)]]);
    let graph = CallGraph::build(&module);
    assert_eq!(names(&graph, 2, |f| f.may_block), [0]);
    assert!(names(&graph, 2, |f| f.may_panic).is_empty());
}

#[test]
fn a_reason_is_a_shortest_chain_of_calls() {
    let mut module = module(vec![
        vec![call(1), call_method(0)],
        vec![call(2)],
        vec![call(3)],
        vec![wait()],
        vec![set(2), wait()],
        vec![],
    ]);
    add_methods(&mut module, 1, &[&[(0, 4)]]);
    module.functions[4].lines[1] = 7;
    let graph = CallGraph::build(&module);
    let why = graph.why_suspends(FuncId(0));
    let causes: Vec<_> = why.iter().map(|step| (step.func.0, step.cause)).collect();
    assert_eq!(causes, [(0, Cause::Calls(1)), (4, Cause::Blocks(1))]);
    assert_eq!(why[1].text(&module), "f4 may wait in ChanRecv at line 7");
    assert!(graph.why_suspends(FuncId(5)).is_empty());
    let text = print::calls(&module, &graph);
    assert!(
        text.contains(
            "  1 Call f4\n  suspends: f0 calls the method M0 of an interface at instruction 1\n"
        ),
        "{text}"
    );
}

#[test]
fn chains_of_calls_may_be_long() {
    let count = 100_000;
    let mut functions: Vec<_> = (1..count).map(|at| vec![call(at)]).collect();
    functions.push(vec![wait()]);
    let graph = CallGraph::build(&module(functions));
    assert_eq!(graph.facts(FuncId(0)).depth, count - 1);
    assert_eq!(graph.why_suspends(FuncId(0)).len(), count as usize);
    assert_eq!(graph.sccs()[0], [FuncId(count - 1)]);
}

#[derive(Clone, Debug)]
enum Op {
    Call(usize),
    Value,
    Take(usize),
    Method(u32),
    Wait,
    Check,
}

fn modules() -> impl Strategy<Value = Module> {
    let op = prop_oneof![
        6 => any::<prop::sample::Index>().prop_map(|i| Op::Call(i.index(1 << 20))),
        1 => Just(Op::Value),
        1 => any::<prop::sample::Index>().prop_map(|i| Op::Take(i.index(1 << 20))),
        1 => (0..2u32).prop_map(Op::Method),
        1 => Just(Op::Wait),
        1 => Just(Op::Check),
    ];
    let functions = prop::collection::vec(prop::collection::vec(op, 0..3), 1..12);
    (functions, any::<[usize; 3]>()).prop_map(|(functions, implementors)| {
        let count = functions.len();
        let code = functions.iter().map(|ops| {
            let insts = ops.iter().map(|op| match op {
                Op::Call(to) => call((to % count) as u32),
                Op::Value => call_value(),
                Op::Take(to) => take((to % count) as u32),
                Op::Method(method) => call_method(*method),
                Op::Wait => wait(),
                Op::Check => nil_check(),
            });
            insts.collect()
        });
        let mut module = module(code.collect());
        let [a, b, c] = implementors.map(|i| (i % count) as u32);
        add_methods(&mut module, 2, &[&[(0, a), (1, b)], &[(0, c)]]);
        module
    })
}

proptest! {
    #[test]
    fn facts_are_what_can_be_reached(module in modules()) {
        let graph = CallGraph::build(&module);
        let count = module.functions.len();
        // Who calls whom at once, then in any number of steps.
        let mut reach = vec![vec![false; count]; count];
        for (from, func) in module.functions.iter().enumerate() {
            for at in 0..func.code.len() {
                for callee in graph.callees(func, at) {
                    reach[from][callee.index()] = true;
                }
            }
        }
        let direct = reach.clone();
        for via in 0..count {
            for from in 0..count {
                if reach[from][via] {
                    let further = reach[via].clone();
                    let known = reach[from].iter_mut();
                    known.zip(further).for_each(|(known, more)| *known |= more);
                }
            }
        }
        let waits = |f: usize| module.functions[f].code.contains(&wait());
        let panics = |f: usize| {
            let mut code = module.functions[f].code.iter();
            code.any(|inst| crate::cfg::Effects::of(inst).may_panic)
        };
        for f in 0..count {
            let facts = graph.facts(FuncId(f as u32));
            let any = |holds: &dyn Fn(usize) -> bool| {
                holds(f) || (0..count).any(|to| reach[f][to] && holds(to))
            };
            prop_assert_eq!(facts.recursive, reach[f][f]);
            prop_assert_eq!(facts.may_block, any(&waits));
            prop_assert_eq!(facts.may_panic, any(&panics));
            prop_assert_eq!(facts.may_suspend, any(&|g| waits(g) || reach[g][g]));
            for to in (0..count).filter(|to| direct[f][*to]) {
                let below = graph.facts(FuncId(to as u32)).depth;
                let step = u32::from(!reach[to][f]);
                prop_assert!(facts.depth >= below + step);
            }
            let why = graph.why_suspends(FuncId(f as u32));
            prop_assert_eq!(why.is_empty(), !facts.may_suspend);
            for pair in why.windows(2) {
                prop_assert!(direct[pair[0].func.index()][pair[1].func.index()]);
            }
        }
    }
}
