//! Which words of the record a resumed function need not store again.
//!
//! In a resume function a slot is *clean* where its home holds its value on every path: it was
//! loaded from there, or stored there when the goroutine started, and has not been written
//! since. A forward dataflow problem: the sets meet by intersection; a write makes a slot
//! unclean; at a resumption everything live is clean, so a resume edge takes nothing away from
//! what falls through.
//!
//! Where panics lead nothing is clean: they come from anywhere.
//!
//! A clean slot stays clean across a suspension at another point: it is live there (it is used
//! later and was not written in between), so no other slot live there has its home.

use super::plan::{Analysis, FuncPlan, Resume};
use crate::cfg::{BlockId, EdgeKind, SlotSet};
use vo_bytecode::Slot;

/// Marks the clean slots of each point.
pub fn mark(analysis: &Analysis<'_>, plan: &mut FuncPlan) {
    let func = analysis.func;
    let cfg = &analysis.cfg;
    let mut entry = SlotSet::new(func.slots.len());
    for param in 0..func.params {
        if plan.homes[param as usize].is_some() {
            entry.insert(Slot(param));
        }
    }
    // `None` is the top element: everything is clean, for blocks not reached yet.
    let mut ins: Vec<Option<SlotSet>> = vec![None; cfg.len()];
    ins[BlockId::ENTRY.index()] = Some(entry);
    let nothing = SlotSet::new(func.slots.len());
    let mut changed = true;
    while changed {
        changed = false;
        for block in cfg.rpo() {
            let Some(mut state) = ins[block.index()].clone() else {
                continue;
            };
            for at in cfg.range(*block) {
                func.writes(at, |slot| state.remove(slot));
            }
            for edge in cfg.succs(*block) {
                changed |= if edge.kind == EdgeKind::Panic {
                    meet(&mut ins[edge.to.index()], &nothing)
                } else {
                    meet(&mut ins[edge.to.index()], &state)
                };
            }
        }
    }
    for point in &mut plan.points {
        let state = match point.resume {
            Resume::Start => continue,
            // Reached from the loop's header or from the jump that closes the loop; what is
            // clean where the block begins is clean on both.
            Resume::Block(block) => ins[block.index()].clone(),
            Resume::Behind => {
                let block = cfg.block_of(point.inst as usize);
                ins[block.index()].clone().map(|mut state| {
                    for at in cfg.range(block).take_while(|at| *at < point.inst as usize) {
                        func.writes(at, |slot| state.remove(slot));
                    }
                    state
                })
            }
        };
        let Some(state) = state else { continue };
        for live in &mut point.live {
            live.clean = state.contains(live.slot);
        }
    }
}

/// Intersects; whether anything changed.
fn meet(into: &mut Option<SlotSet>, state: &SlotSet) -> bool {
    match into {
        None => {
            *into = Some(state.clone());
            true
        }
        Some(old) => {
            let gone: Vec<Slot> = old.iter().filter(|slot| !state.contains(*slot)).collect();
            gone.iter().for_each(|slot| old.remove(*slot));
            !gone.is_empty()
        }
    }
}
