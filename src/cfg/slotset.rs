//! Sets of slots of one function.

use std::fmt;
use vo_bytecode::Slot;

const WORD: usize = u64::BITS as usize;

/// A set of slots: one bit each.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SlotSet {
    words: Vec<u64>,
}

impl SlotSet {
    /// An empty set with room for slots below `slots`.
    pub fn new(slots: usize) -> SlotSet {
        SlotSet {
            words: vec![0; slots.div_ceil(WORD)],
        }
    }

    /// Adds a slot.
    ///
    /// # Panics
    ///
    /// When the set has no room for that slot.
    pub fn insert(&mut self, slot: Slot) {
        self.words[slot.index() / WORD] |= 1 << (slot.index() % WORD);
    }

    /// Takes a slot out.
    ///
    /// # Panics
    ///
    /// When the set has no room for that slot.
    pub fn remove(&mut self, slot: Slot) {
        self.words[slot.index() / WORD] &= !(1 << (slot.index() % WORD));
    }

    /// Whether the slot is in the set.
    pub fn contains(&self, slot: Slot) -> bool {
        self.words
            .get(slot.index() / WORD)
            .is_some_and(|word| word >> (slot.index() % WORD) & 1 != 0)
    }

    /// How many slots are in the set.
    pub fn len(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The slots, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        self.words
            .iter()
            .enumerate()
            .flat_map(|(at, word)| bits(*word).map(move |bit| Slot((at * WORD + bit) as u32)))
    }
}

/// The numbers of the bits that are set, ascending.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(bit)
    })
}

impl Extend<Slot> for SlotSet {
    fn extend<I: IntoIterator<Item = Slot>>(&mut self, slots: I) {
        slots.into_iter().for_each(|slot| self.insert(slot));
    }
}

impl fmt::Display for SlotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, slot) in self.iter().enumerate() {
            write!(f, "{}{slot}", if at == 0 { "" } else { " " })?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for SlotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
