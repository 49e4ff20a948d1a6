//! Definite assignment: on every path, each slot is written before it is read.
//!
//! A panic may leave a block for the function's landing at any instruction that lands: there only
//! what was written before the first of those is sure to be written.
//!
//! A forward data-flow analysis over blocks; the state of a block is the set of slots that all
//! paths to it have written. Most slots are temporaries that live within one block, so the sets
//! hold only the *exposed* slots: those that some block reads before it writes them itself. They
//! are taken in portions of [`PORTION`], so memory is bounded by blocks, not by blocks times slots.

use super::Checker;
use crate::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// How many slots one pass looks at: a set of 128 bytes for each block.
const PORTION: usize = 1024;
/// A slot that is not exposed.
const NOT_EXPOSED: u32 = u32::MAX;

/// The reachable blocks of a function, in reverse postorder: the entry is the first.
struct Blocks {
    ranges: Vec<Range<usize>>,
    successors: Vec<Vec<u32>>,
    /// The landing, if it can be reached.
    landing: Option<u32>,
    /// For each block, its first instruction from which panics go to the landing.
    lands: Vec<Option<usize>>,
}

impl Checker<'_> {
    /// Checks that every slot is written before it is read.
    pub(super) fn flow(&mut self) {
        let blocks = Blocks::of(self.function);
        let (exposed, count) = self.exposed(&blocks);
        for first in (0..count).step_by(PORTION) {
            let portion = Portion {
                exposed: &exposed,
                first,
                words: (count - first).min(PORTION).div_ceil(64),
            };
            self.portion(&blocks, &portion);
        }
    }

    /// Numbers the exposed slots; gives each slot's number, and how many there are.
    fn exposed(&self, blocks: &Blocks) -> (Vec<u32>, usize) {
        let function = self.function;
        let mut numbers = vec![NOT_EXPOSED; function.slots.len()];
        let mut count = 0;
        // The last block (from 1) that wrote the slot.
        let mut written = vec![0_u32; function.slots.len()];
        for (block, range) in (1..).zip(&blocks.ranges) {
            for at in range.clone() {
                function.reads(at, |slot| {
                    let number = &mut numbers[slot.index()];
                    let open = slot.0 >= function.params && written[slot.index()] != block;
                    if open && *number == NOT_EXPOSED {
                        *number = count;
                        count += 1;
                    }
                });
                function.writes(at, |slot| written[slot.index()] = block);
            }
        }
        (numbers, count as usize)
    }

    fn portion(&mut self, blocks: &Blocks, portion: &Portion<'_>) {
        let words = portion.words;
        let mut states = vec![u64::MAX; blocks.ranges.len() * words];
        states[..words].fill(0);
        let mut writes = vec![0; blocks.ranges.len() * words];
        let mut early = writes.clone();
        let sets = writes
            .chunks_exact_mut(words)
            .zip(early.chunks_exact_mut(words));
        for ((range, lands), (set, early)) in blocks.ranges.iter().zip(&blocks.lands).zip(sets) {
            for at in range.clone() {
                if *lands == Some(at) {
                    early.copy_from_slice(set);
                }
                self.function.writes(at, |slot| portion.insert(set, slot));
            }
        }
        blocks.solve(words, &mut states, &writes, &early);
        for (range, set) in blocks.ranges.iter().zip(states.chunks_exact_mut(words)) {
            for at in range.clone() {
                let mut early = Vec::new();
                self.function.reads(at, |slot| {
                    if portion.lacks(set, slot) && !early.contains(&slot) {
                        early.push(slot);
                    }
                });
                self.at = at;
                for slot in early {
                    self.read_early(slot);
                    portion.insert(set, slot);
                }
                self.function.writes(at, |slot| portion.insert(set, slot));
            }
        }
    }

    fn read_early(&mut self, slot: Slot) {
        let name = match self.function.slot_name(slot) {
            Some(named) => format!(" (`{}`)", named.name),
            None => String::new(),
        };
        self.fail(format!("{slot}{name} may be read before it is written"));
    }
}

/// Some of the exposed slots, and their place in a set.
struct Portion<'a> {
    exposed: &'a [u32],
    first: usize,
    words: usize,
}

impl Portion<'_> {
    /// The word and the bit of a slot that belongs to the portion.
    fn bit(&self, slot: Slot) -> Option<(usize, u64)> {
        let number = self.exposed[slot.index()];
        if number == NOT_EXPOSED {
            return None;
        }
        let bit = (number as usize).checked_sub(self.first)?;
        (bit < self.words * 64).then(|| (bit / 64, 1 << (bit % 64)))
    }

    fn insert(&self, set: &mut [u64], slot: Slot) {
        if let Some((word, bit)) = self.bit(slot) {
            set[word] |= bit;
        }
    }

    fn lacks(&self, set: &[u64], slot: Slot) -> bool {
        self.bit(slot)
            .is_some_and(|(word, bit)| set[word] & bit == 0)
    }
}

impl Blocks {
    fn of(function: &Function) -> Blocks {
        let code = &function.code;
        let mut is_start = vec![false; code.len()];
        is_start[0] = true;
        let landing = function.landing();
        if let Some(landing) = landing {
            is_start[landing] = true;
        }
        for (at, inst) in code.iter().enumerate().filter(|(_, i)| i.is_terminator()) {
            for target in inst.targets() {
                is_start[target.0 as usize] = true;
            }
            if let Some(next) = is_start.get_mut(at + 1) {
                *next = true;
            }
        }
        let starts: Vec<usize> = (0..code.len()).filter(|at| is_start[*at]).collect();
        let mut block_of = vec![0_u32; code.len()];
        for (block, start) in (0..).zip(&starts) {
            block_of[*start] = block;
        }
        let range = |block: usize| {
            let end = starts.get(block + 1).copied().unwrap_or(code.len());
            starts[block]..end
        };
        let first_landing = |range: Range<usize>| {
            let mut range = range;
            landing.and_then(|_| range.find(|at| code[*at].lands()))
        };
        let successors = |block: usize| -> Vec<u32> {
            let last = &code[range(block).end - 1];
            if !last.is_terminator() {
                // The last block ends with a terminator, so there is a next one.
                return vec![block as u32 + 1];
            }
            let targets = last.targets();
            let blocks = targets.iter().map(|target| block_of[target.0 as usize]);
            blocks.collect()
        };
        // Control reaches the landing as soon as one instruction of a reached block lands.
        let landing_block = landing.map(|at| block_of[at]);
        let reached = |block: usize| {
            let mut next = successors(block);
            if first_landing(range(block)).is_some() {
                next.extend(landing_block);
            }
            next
        };
        let order = reverse_postorder(starts.len(), reached);
        // Renumber: the block's number becomes its place in the order.
        let mut place = vec![0_u32; starts.len()];
        for (at, (block, _)) in (0..).zip(&order) {
            place[*block] = at;
        }
        let mut blocks = Blocks {
            ranges: Vec::with_capacity(order.len()),
            successors: Vec::with_capacity(order.len()),
            landing: None,
            lands: Vec::with_capacity(order.len()),
        };
        for (block, _) in order {
            let mut successors = successors(block);
            for successor in &mut successors {
                *successor = place[*successor as usize];
            }
            let lands = first_landing(range(block));
            if lands.is_some() {
                blocks.landing = landing_block.map(|block| place[block as usize]);
            }
            blocks.lands.push(lands);
            blocks.ranges.push(range(block));
            blocks.successors.push(successors);
        }
        blocks
    }

    /// Narrows the states (of `words` each) to the greatest solution of
    /// `state(b) = ∩ over predecessors p of (state(p) ∪ writes(p))`; of a block that lands only
    /// the `early` writes reach the landing.
    fn solve(&self, words: usize, states: &mut [u64], writes: &[u64], early: &[u64]) {
        let mut out = vec![0; words];
        // The first in reverse postorder first: then loops aside each block is seen once.
        let mut queue: BinaryHeap<Reverse<u32>> =
            (0..self.ranges.len() as u32).map(Reverse).collect();
        let mut queued = vec![true; self.ranges.len()];
        while let Some(Reverse(block)) = queue.pop() {
            let block = block as usize;
            queued[block] = false;
            let at = block * words;
            let landing = self.landing.filter(|_| self.lands[block].is_some());
            let normal = self.successors[block].iter().map(|to| (*to, writes));
            for (successor, writes) in normal.chain(landing.map(|to| (to, early))) {
                for (word, out) in out.iter_mut().enumerate() {
                    *out = states[at + word] | writes[at + word];
                }
                let at = successor as usize * words;
                let mut changed = false;
                for (state, out) in states[at..at + words].iter_mut().zip(&out) {
                    changed |= *state & !out != 0;
                    *state &= out;
                }
                if changed && !queued[successor as usize] {
                    queued[successor as usize] = true;
                    queue.push(Reverse(successor));
                }
            }
        }
    }
}

/// The blocks that can be reached from block 0, with their successors.
fn reverse_postorder(
    count: usize,
    successors: impl Fn(usize) -> Vec<u32>,
) -> Vec<(usize, Vec<u32>)> {
    let mut seen = vec![false; count];
    seen[0] = true;
    let mut order = Vec::new();
    // A block, its successors, and how many of them have been seen to.
    let mut stack = vec![(0, successors(0), 0)];
    while let Some((block, next, done)) = stack.last_mut() {
        if let Some(successor) = next.get(*done).copied() {
            *done += 1;
            let successor = successor as usize;
            if !seen[successor] {
                seen[successor] = true;
                stack.push((successor, successors(successor), 0));
            }
        } else {
            order.push((*block, std::mem::take(next)));
            stack.pop();
        }
    }
    order.reverse();
    order
}
