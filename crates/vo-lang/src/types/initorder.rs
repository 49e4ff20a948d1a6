//! The order in which package variables are initialised.
//!
//! As the specification has it: the next variable is the first in declaration order that does not depend
//! on one not yet initialised. A variable depends on what its value refers to, directly or by way of
//! functions.

use foldhash::{HashMap, HashSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::check::Checker;
use super::decl::{DeclInfo, DeclKind};
use super::errors;
use super::info::{Initializer, ObjId};

impl<'a> Checker<'a> {
    /// Orders the initialisations of the current package; `order` has its objects in source order.
    pub(super) fn order_initialization(&mut self, order: &[ObjId]) {
        // One node for each initialisation; variables of one call share theirs.
        let mut nodes: Vec<Initializer<'a>> = Vec::new();
        let mut node_of: HashMap<ObjId, usize> = HashMap::default();
        for &obj in order {
            let Some(DeclInfo {
                kind:
                    DeclKind::Var {
                        lhs,
                        init: Some(init),
                        ..
                    },
                ..
            }) = self.decls.get(&obj)
            else {
                continue;
            };
            if node_of.contains_key(&obj) {
                continue;
            }
            for &var in lhs.iter() {
                node_of.insert(var, nodes.len());
            }
            nodes.push(Initializer {
                lhs: lhs.to_vec(),
                rhs: init,
            });
        }
        let needs: Vec<HashSet<usize>> = nodes
            .iter()
            .map(|node| self.needed(node, &node_of))
            .collect();
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        let mut open: Vec<usize> = vec![0; nodes.len()];
        for (node, needs) in needs.iter().enumerate() {
            open[node] = needs.len();
            needs.iter().for_each(|&need| users[need].push(node));
        }
        let mut ready: BinaryHeap<Reverse<usize>> = (0..nodes.len())
            .filter(|&node| open[node] == 0)
            .map(Reverse)
            .collect();
        let mut done = vec![false; nodes.len()];
        let mut sorted: Vec<usize> = Vec::with_capacity(nodes.len());
        while sorted.len() < nodes.len() {
            let next = match ready.pop() {
                Some(Reverse(next)) => next,
                None => {
                    // Only cycles, and what depends on them, are left: report one and go on as if it were
                    // no more.
                    let Some(next) = self.break_cycle(&nodes, &node_of, &done) else {
                        break;
                    };
                    next
                }
            };
            if std::mem::replace(&mut done[next], true) {
                continue;
            }
            sorted.push(next);
            for &user in &users[next] {
                open[user] -= 1;
                if open[user] == 0 && !done[user] {
                    ready.push(Reverse(user));
                }
            }
        }
        let pkg = self.pkg.index();
        self.info.packages[pkg].init_order =
            sorted.into_iter().map(|node| nodes[node].clone()).collect();
    }

    /// The initialisations that one depends on, by way of functions too.
    fn needed(&self, node: &Initializer<'a>, node_of: &HashMap<ObjId, usize>) -> HashSet<usize> {
        let mut needed = HashSet::default();
        let mut seen: HashSet<ObjId> = node.lhs.iter().copied().collect();
        let mut stack: Vec<ObjId> = node.lhs.clone();
        while let Some(obj) = stack.pop() {
            for &dep in self.decls.get(&obj).map_or(&[][..], |decl| &decl.deps) {
                if let Some(&other) = node_of.get(&dep) {
                    needed.insert(other);
                } else if seen.insert(dep) {
                    stack.push(dep);
                }
            }
        }
        needed
    }

    /// Reports a cycle among the nodes that are left; gives the one to go on with.
    fn break_cycle(
        &mut self,
        nodes: &[Initializer<'a>],
        node_of: &HashMap<ObjId, usize>,
        done: &[bool],
    ) -> Option<usize> {
        for (index, node) in nodes.iter().enumerate().filter(|&(index, _)| !done[index]) {
            for &var in &node.lhs {
                if let Some(cycle) = self.cycle_through(var, node_of, done) {
                    let steps = self.cycle_steps(&cycle);
                    self.report(errors::initialization_cycle(&steps));
                    return Some(index);
                }
            }
        }
        done.iter().position(|done| !done)
    }

    /// The shortest way from a variable through what it refers to back to itself.
    fn cycle_through(
        &self,
        start: ObjId,
        node_of: &HashMap<ObjId, usize>,
        done: &[bool],
    ) -> Option<Vec<ObjId>> {
        let mut from: HashMap<ObjId, ObjId> = HashMap::default();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(obj) = queue.pop_front() {
            for &dep in self.decls.get(&obj).map_or(&[][..], |decl| &decl.deps) {
                if dep == start {
                    let mut cycle = vec![obj];
                    while let Some(&previous) = cycle
                        .last()
                        .filter(|&&o| o != start)
                        .and_then(|o| from.get(o))
                    {
                        cycle.push(previous);
                    }
                    cycle.reverse();
                    return Some(cycle);
                }
                let initialised = node_of.get(&dep).is_some_and(|&node| done[node]);
                if !initialised && dep != start && !from.contains_key(&dep) {
                    from.insert(dep, obj);
                    queue.push_back(dep);
                }
            }
        }
        None
    }
}
