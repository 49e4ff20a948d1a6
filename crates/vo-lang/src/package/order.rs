//! The order in which packages are initialised.
//!
//! As Go has it since version 1.21: packages sorted by import path; the next one is the first in that list
//! whose imports are all done.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::syntax::ast::Name;

/// A package as this room sees it: its path, and the indices of the packages it imports.
pub(super) type Node = (Name, Vec<usize>);

/// The indices of all packages in the order of their initialisation. What is on an import cycle comes at
/// the end, in any order.
pub(super) fn initialization_order(packages: &[Node]) -> Vec<usize> {
    let mut importers: Vec<Vec<usize>> = vec![Vec::new(); packages.len()];
    let mut open: Vec<usize> = vec![0; packages.len()];
    for (at, (_, imports)) in packages.iter().enumerate() {
        open[at] = imports.len();
        imports
            .iter()
            .for_each(|&import| importers[import].push(at));
    }
    let mut ready: BinaryHeap<Reverse<(&Name, usize)>> = (0..packages.len())
        .filter(|&at| open[at] == 0)
        .map(|at| Reverse((&packages[at].0, at)))
        .collect();
    let mut order = Vec::with_capacity(packages.len());
    while let Some(Reverse((_, at))) = ready.pop() {
        order.push(at);
        for &importer in &importers[at] {
            open[importer] -= 1;
            if open[importer] == 0 {
                ready.push(Reverse((&packages[importer].0, importer)));
            }
        }
    }
    order.extend((0..packages.len()).filter(|&at| open[at] > 0));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_path_among_those_that_can_come() {
        let node = |path: &str, imports: &[usize]| (Name::from(path), imports.to_vec());
        let packages = [
            node("main", &[1, 2]),
            node("b", &[3]),
            node("a", &[1]),
            node("z", &[]),
            node("c", &[]),
        ];
        assert_eq!(initialization_order(&packages), [4, 3, 1, 2, 0]);
    }

    #[test]
    fn cycles_lose_nobody() {
        let packages = [
            ("a".into(), vec![1]),
            ("b".into(), vec![0]),
            ("c".into(), vec![]),
        ];
        assert_eq!(initialization_order(&packages), [2, 0, 1]);
    }
}
