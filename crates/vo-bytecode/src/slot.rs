//! Slots: the registers of a function, and the operand wrappers that say how an instruction
//! touches them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A register of one function; an index into [`crate::Function::slots`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot(pub u32);

impl Slot {
    /// The slot's index in the function's slot table.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The slot behind this one; an interface's data word follows its type word.
    pub fn next(self) -> Slot {
        Slot(self.0 + 1)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

/// What a slot holds. Integers and booleans are kept sign- or zero-extended to 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum SlotTy {
    /// A boolean or an integer of any width, extended to 64 bits.
    I64,
    /// A 64-bit float.
    F64,
    /// A 32-bit float.
    F32,
    /// A reference: null, into a heap object (interior allowed), or to static data.
    Ref,
    /// An interface's type word: 0 for nil, else the dynamic type's [`crate::TypeId`] plus one.
    /// The following slot is always the [`SlotTy::IfaceData`] of the same value.
    IfaceType,
    /// An interface's data word; whether it is a reference is told by its type word.
    IfaceData,
}

/// An operand that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dst(pub Slot);

/// An operand that is written or absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OptDst(pub Option<Slot>);

/// An operand that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Src(pub Slot);

/// An operand that is read or absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OptSrc(pub Option<Slot>);

/// A list of slots that are written. An interface stands as its two slots, one behind the other.
/// No instruction writes a slot twice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dsts(pub Box<[Slot]>);

/// A list of slots that are read. An interface stands as its two slots, one behind the other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Srcs(pub Box<[Slot]>);

/// An interface that is written: the slot of its type word; its data word is the next slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IfaceDst(pub Slot);

/// An interface that is read: the slot of its type word; its data word is the next slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IfaceSrc(pub Slot);

impl<I: IntoIterator<Item = Slot>> From<I> for Dsts {
    fn from(slots: I) -> Dsts {
        Dsts(slots.into_iter().collect())
    }
}

impl<I: IntoIterator<Item = Slot>> From<I> for Srcs {
    fn from(slots: I) -> Srcs {
        Srcs(slots.into_iter().collect())
    }
}
