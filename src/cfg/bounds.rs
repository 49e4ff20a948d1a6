//! Bounds checks that cannot fail.
//!
//! `for i := 0; i < len(s); i++ { … s[i] … }` needs no check of its index: the loop's own test
//! has made it. This finds such checks, and those that were made before, by a forward dataflow
//! analysis of two kinds of facts about slots:
//!
//! - `x` is below `y`, as unsigned numbers: where a check of the pair has passed; or where the
//!   branch on `x < y` (signed) was taken and `x` is not negative;
//! - `x` is not negative: where it is such a constant, where a check of it has passed, or where
//!   it is one more than a slot that was below another (so the sum cannot overflow).
//!
//! A write of a slot ends its facts; where paths meet, facts hold that hold on all of them. A
//! slot that is a copy of another, both written once, goes by the other's name. The classic form
//! of this is in Gupta, *Optimizing array bound checks using flow analysis* (LOPLAS 1993).

use super::graph::{BlockId, Cfg, EdgeKind};
use std::collections::{BTreeSet, HashMap, HashSet};
use vo_bytecode::{BinOp, CmpOp, Function, Inst, IntKind, Slot};

/// Functions of more instructions than this are not analysed: the sets of facts would cost more
/// than the checks.
const MAX_CODE: usize = 20_000;

/// What is known at a place.
#[derive(Clone, PartialEq, Eq, Default)]
struct Facts {
    below: BTreeSet<(Slot, Slot)>,
    not_negative: BTreeSet<Slot>,
}

/// The `BoundsCheck` instructions of a verified function that always pass.
pub fn redundant_checks(func: &Function, cfg: &Cfg) -> HashSet<usize> {
    let pass = Pass::new(func, cfg);
    if pass.pairs.is_empty() || func.code.len() > MAX_CODE {
        return HashSet::new();
    }
    pass.run()
}

struct Pass<'a> {
    func: &'a Function,
    cfg: &'a Cfg,
    /// The name that a copy goes by.
    names: HashMap<Slot, Slot>,
    /// The pairs that some check is about; no others are worth knowing.
    pairs: HashSet<(Slot, Slot)>,
    indices: HashSet<Slot>,
}

impl<'a> Pass<'a> {
    fn new(func: &'a Function, cfg: &'a Cfg) -> Pass<'a> {
        let names = copies(func);
        let name = |slot: Slot| names.get(&slot).copied().unwrap_or(slot);
        let pairs: HashSet<(Slot, Slot)> = func
            .code
            .iter()
            .filter_map(|inst| match inst {
                Inst::BoundsCheck { index, len } => Some((name(index.0), name(len.0))),
                _ => None,
            })
            .collect();
        let indices = pairs.iter().map(|(index, _)| *index).collect();
        Pass {
            func,
            cfg,
            names,
            pairs,
            indices,
        }
    }

    fn name(&self, slot: Slot) -> Slot {
        self.names.get(&slot).copied().unwrap_or(slot)
    }

    fn run(&self) -> HashSet<usize> {
        // `None` is the top element: a block not reached yet.
        let mut ins: Vec<Option<Facts>> = vec![None; self.cfg.len()];
        ins[BlockId::ENTRY.index()] = Some(Facts::default());
        let mut changed = true;
        while changed {
            changed = false;
            for block in self.cfg.rpo() {
                let Some(facts) = ins[block.index()].clone() else {
                    continue;
                };
                let (facts, test) = self.through(*block, facts, &mut |_| {});
                for edge in self.cfg.succs(*block) {
                    let out = match (&test, edge.kind) {
                        (_, EdgeKind::Panic) => Facts::default(),
                        (Some(test), EdgeKind::Taken) => self.assume(facts.clone(), test),
                        _ => facts.clone(),
                    };
                    changed |= meet(&mut ins[edge.to.index()], out);
                }
            }
        }
        let mut redundant = HashSet::new();
        for block in self.cfg.rpo() {
            if let Some(facts) = ins[block.index()].clone() {
                self.through(*block, facts, &mut |at| _ = redundant.insert(at));
            }
        }
        redundant
    }

    /// Takes facts through a block: those at its end, and the pair `x < y` that its branch
    /// tests. Tells each check that cannot fail.
    fn through(
        &self,
        block: BlockId,
        mut facts: Facts,
        redundant: &mut dyn FnMut(usize),
    ) -> (Facts, Option<(Slot, Slot)>) {
        let mut constants: HashMap<Slot, i64> = HashMap::new();
        let mut tests: HashMap<Slot, (Slot, Slot)> = HashMap::new();
        for at in self.cfg.range(block) {
            let inst = &self.func.code[at];
            if let Inst::BoundsCheck { index, len } = inst {
                let pair = (self.name(index.0), self.name(len.0));
                if facts.below.contains(&pair) {
                    redundant(at);
                }
                facts.not_negative.insert(pair.0);
                facts.below.insert(pair);
            }
            let grows = self.one_more(inst, &constants, &facts);
            self.func.writes(at, |slot| {
                let slot = self.name(slot);
                constants.remove(&slot);
                tests.remove(&slot);
                tests.retain(|_, (x, y)| *x != slot && *y != slot);
                facts.below.retain(|(x, y)| *x != slot && *y != slot);
                facts.not_negative.remove(&slot);
            });
            match inst {
                Inst::Const { dst, value } => {
                    let dst = self.name(dst.0);
                    constants.insert(dst, *value);
                    if *value >= 0 && self.indices.contains(&dst) {
                        facts.not_negative.insert(dst);
                    }
                }
                Inst::Cmp {
                    dst,
                    op: CmpOp::Lt,
                    kind: IntKind::I64,
                    a,
                    b,
                } => {
                    tests.insert(self.name(dst.0), (self.name(a.0), self.name(b.0)));
                }
                Inst::Mov { dst, src } => {
                    let (dst, src) = (self.name(dst.0), self.name(src.0));
                    if facts.not_negative.contains(&src) && self.indices.contains(&dst) {
                        facts.not_negative.insert(dst);
                    }
                }
                Inst::Bin { dst, .. } if grows => {
                    facts.not_negative.insert(self.name(dst.0));
                }
                _ => {}
            }
        }
        let last = self.cfg.block(block).last().map(|at| &self.func.code[at]);
        let test = match last {
            Some(Inst::Br { cond, .. }) => tests.get(&self.name(cond.0)).copied(),
            _ => None,
        };
        (facts, test)
    }

    /// Whether an instruction adds one to a slot that is not negative and below another.
    fn one_more(&self, inst: &Inst, constants: &HashMap<Slot, i64>, facts: &Facts) -> bool {
        let Inst::Bin {
            op: BinOp::Add,
            kind: IntKind::I64,
            a,
            b,
            ..
        } = inst
        else {
            return false;
        };
        let (a, b) = (self.name(a.0), self.name(b.0));
        constants.get(&b) == Some(&1)
            && facts.not_negative.contains(&a)
            && facts.below.iter().any(|(x, _)| *x == a)
    }

    /// The facts where `x < y` was found true.
    fn assume(&self, mut facts: Facts, (x, y): &(Slot, Slot)) -> Facts {
        if facts.not_negative.contains(x) {
            facts.below.insert((*x, *y));
        }
        facts
    }
}

/// The slots that are copies of others, with the others: both are written once (a parameter
/// by the call), and the copy's write is the `Mov`.
fn copies(func: &Function) -> HashMap<Slot, Slot> {
    let mut writes = vec![0u32; func.slots.len()];
    writes[..func.params as usize].fill(1);
    for at in 0..func.code.len() {
        func.writes(at, |slot| writes[slot.index()] += 1);
    }
    let mut names = HashMap::new();
    for inst in &func.code {
        if let Inst::Mov { dst, src } = inst
            && writes[dst.0.index()] == 1
            && writes[src.0.index()] == 1
        {
            let source = names.get(&src.0).copied().unwrap_or(src.0);
            names.insert(dst.0, source);
        }
    }
    names
}

/// Intersects; whether anything changed.
fn meet(into: &mut Option<Facts>, facts: Facts) -> bool {
    match into {
        None => {
            *into = Some(facts);
            true
        }
        Some(old) => {
            let before = (old.below.len(), old.not_negative.len());
            old.below.retain(|pair| facts.below.contains(pair));
            old.not_negative
                .retain(|slot| facts.not_negative.contains(slot));
            before != (old.below.len(), old.not_negative.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vo_bytecode::text;

    fn redundant(body: &str) -> Vec<usize> {
        let source = format!(
            "file 0 \"t.vo\"\nfunc main.f(%0: i64, %1: i64) {{\n slots %2: i64, %3: i64, %4: i64, \
             %5: i64, %6: i64\n{body}\n}}\n"
        );
        let module = text::parse(&source).expect("the test's text parses");
        let func = &module.functions[0];
        let mut found: Vec<usize> = redundant_checks(func, &Cfg::build(func))
            .into_iter()
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn counted_loop_needs_no_check() {
        let found = redundant(
            "Const %2, 0\n@top:\nCmp %3, lt, i64, %2, %0\nBr %3, @body, @end\n@body:\n\
             BoundsCheck %2, %0\nConst %4, 1\nBin %2, add, i64, %2, %4\nJump @top\n@end:\nReturn []",
        );
        assert_eq!(found, [3]);
    }

    #[test]
    fn unknown_start_needs_the_check() {
        let found = redundant(
            "Mov %2, %1\n@top:\nCmp %3, lt, i64, %2, %0\nBr %3, @body, @end\n@body:\n\
             BoundsCheck %2, %0\nConst %4, 1\nBin %2, add, i64, %2, %4\nJump @top\n@end:\nReturn []",
        );
        assert!(found.is_empty());
    }

    #[test]
    fn changed_limit_needs_the_check() {
        let found = redundant(
            "Const %2, 0\nMov %5, %0\n@top:\nCmp %3, lt, i64, %2, %5\nBr %3, @body, @end\n@body:\n\
             Mov %5, %1\nBoundsCheck %2, %5\nConst %4, 1\nBin %2, add, i64, %2, %4\nJump @top\n\
             @end:\nReturn []",
        );
        assert!(found.is_empty());
    }

    #[test]
    fn second_check_of_a_pair_is_redundant() {
        let found = redundant(
            "BoundsCheck %0, %1\nBoundsCheck %0, %1\nMov %0, %1\nBoundsCheck %0, %1\nReturn []",
        );
        assert_eq!(found, [1]);
    }

    #[test]
    fn step_of_two_is_not_trusted() {
        let found = redundant(
            "Const %2, 0\n@top:\nCmp %3, lt, i64, %2, %0\nBr %3, @body, @end\n@body:\n\
             BoundsCheck %2, %0\nConst %4, 2\nBin %2, add, i64, %2, %4\nJump @top\n@end:\nReturn []",
        );
        assert!(found.is_empty());
    }
}
