//! Which word of its function's record each live slot gets.
//!
//! A slot has one home for all points, so that a resumed function finds unchanged values where
//! they lie. Two slots may share a home when no point carries both. Greedy colouring of the
//! interference graph, in slot order, with the lowest free word; words that arrivals of a point
//! use are not free for slots live there. The two words of an interface lie side by side.

use super::plan::FuncPlan;
use crate::cfg::SlotSet;
use vo_bytecode::{Function, Slot, SlotTy};

/// The number of the entry point.
const ENTRY: usize = 0;

/// Gives each slot that is live at some point a home, and the record its size.
///
/// Parameters that are live somewhere are in their homes from the entry on, where the resume
/// function stores them, so at the entry point they all interfere.
pub fn assign(func: &Function, plan: &mut FuncPlan, live: &[SlotSet]) {
    let points = plan.points.len();
    let words = points.div_ceil(64);
    let mut at_points: Vec<Option<Box<[u64]>>> = vec![None; func.slots.len()];
    for (point, set) in live.iter().enumerate() {
        for slot in set.iter() {
            let bits = at_points[slot.index()].get_or_insert_with(|| vec![0; words].into());
            bits[point / 64] |= 1 << (point % 64);
        }
    }
    for bits in at_points[..func.params as usize].iter_mut().flatten() {
        bits[0] |= 1 << ENTRY;
    }
    let arrivals: Vec<usize> = plan
        .points
        .iter()
        .map(|point| point.arrivals.len())
        .collect();
    let mut taken = Taken { words: Vec::new() };
    let mut size = arrivals.iter().copied().max().unwrap_or(0);
    for (at, bits) in at_points.iter().enumerate() {
        if func.slots[at] == SlotTy::IfaceData {
            continue;
        }
        let Some(bits) = bits else { continue };
        let width = if func.slots[at] == SlotTy::IfaceType {
            2
        } else {
            1
        };
        // The entry's arrivals are the parameters themselves, all loaded before any is stored.
        let others = ones(bits).filter(|point| *point != ENTRY);
        let lowest = others.map(|point| arrivals[point]).max().unwrap_or(0);
        let own = (at < func.params as usize && at >= lowest).then_some(at);
        let home = taken.place(bits, lowest, width, own);
        plan.homes[at] = Some(home as u16);
        if width == 2 {
            plan.homes[Slot(at as u32).next().index()] = Some(home as u16 + 1);
        }
        size = size.max(home + width);
    }
    plan.words = size as u16;
}

/// For each word the points at which it is taken.
struct Taken {
    words: Vec<Vec<u64>>,
}

impl Taken {
    /// Takes the preferred place, or the lowest from `lowest` on, where no point in `bits` has
    /// anything yet.
    fn place(&mut self, bits: &[u64], lowest: usize, width: usize, own: Option<usize>) -> usize {
        let mut home = match own {
            Some(own) if self.is_free(own, width, bits) => own,
            _ => lowest,
        };
        while !self.is_free(home, width, bits) {
            home += 1;
        }
        for word in home..home + width {
            while self.words.len() <= word {
                self.words.push(vec![0; bits.len()]);
            }
            for (taken, new) in self.words[word].iter_mut().zip(bits) {
                *taken |= new;
            }
        }
        home
    }

    fn is_free(&self, home: usize, width: usize, bits: &[u64]) -> bool {
        (home..home + width).all(|word| match self.words.get(word) {
            Some(taken) => taken.iter().zip(bits).all(|(a, b)| a & b == 0),
            None => true,
        })
    }
}

fn ones(bits: &[u64]) -> impl Iterator<Item = usize> + '_ {
    bits.iter().enumerate().flat_map(|(at, word)| {
        (0..64)
            .filter(move |bit| word >> bit & 1 != 0)
            .map(move |bit| at * 64 + bit)
    })
}
