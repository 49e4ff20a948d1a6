//! What is known of slots at a place in the code, so that checks need not be made twice.
//!
//! Facts hold until one of their slots is written. Where several jumps meet, what all of them know is
//! known. At a loop head only facts about pinned slots remain: what comes round again was not seen yet.

use vo_bytecode::Slot;

/// A number: in a slot, or constant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Number {
    /// What the slot holds.
    Slot(Slot),
    /// This.
    Const(i64),
}

/// Enough for the checks that a few statements share; more would only cost time.
const MAX_FACTS: usize = 48;

/// See the module's text.
#[derive(Clone, Default, Debug)]
pub struct Facts {
    non_null: Vec<Slot>,
    below: Vec<(Number, Number)>,
}

impl Facts {
    /// A slot is about to be written.
    pub fn forget(&mut self, slot: Slot) {
        self.non_null.retain(|s| *s != slot);
        let number = Number::Slot(slot);
        self.below.retain(|(a, b)| *a != number && *b != number);
    }

    /// Only what is about slots that `stays` accepts remains known.
    pub fn keep(&mut self, stays: impl Fn(Slot) -> bool) {
        self.non_null.retain(|slot| stays(*slot));
        let fixed = |number: &Number| match number {
            Number::Slot(slot) => stays(*slot),
            Number::Const(_) => true,
        };
        self.below.retain(|(a, b)| fixed(a) && fixed(b));
    }

    /// Only what `other` knows, too, is known.
    pub fn keep_common(&mut self, other: &Facts) {
        self.non_null.retain(|slot| other.non_null.contains(slot));
        self.below.retain(|fact| other.below.contains(fact));
    }

    /// Whether a reference is known not to be null.
    pub fn is_non_null(&self, slot: Slot) -> bool {
        self.non_null.contains(&slot)
    }

    /// A reference is not null.
    pub fn set_non_null(&mut self, slot: Slot) {
        if !self.is_non_null(slot) {
            push(&mut self.non_null, slot);
        }
    }

    /// Whether `0 <= index < limit` is known.
    pub fn is_below(&self, index: Number, limit: Number) -> bool {
        self.below.iter().any(|&(i, l)| {
            let index_fits = match (i, index) {
                (Number::Const(i), Number::Const(index)) => 0 <= index && index <= i,
                _ => i == index,
            };
            let limit_fits = match (l, limit) {
                (Number::Const(l), Number::Const(limit)) => l <= limit,
                _ => l == limit,
            };
            index_fits && limit_fits
        })
    }

    /// `0 <= index < limit`.
    pub fn set_below(&mut self, index: Number, limit: Number) {
        if !self.is_below(index, limit) {
            push(&mut self.below, (index, limit));
        }
    }
}

fn push<T>(facts: &mut Vec<T>, fact: T) {
    if facts.len() >= MAX_FACTS {
        facts.remove(0);
    }
    facts.push(fact);
}
