//! Functions and modules.

use crate::inst::SlotVisitor;
use crate::*;
use serde::{Deserialize, Serialize};

/// The name of the function that every island but the first runs before anything else: it
/// initialises the packages. Without parameters and results.
pub const ISLAND_INIT: &str = "$init";

/// The name of the function that gives the text of an uncaught panic's value where the value's own
/// methods make it: `func(v any) string`.
pub const PANIC_TEXT: &str = "runtime.panicText";

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index! {
    /// A function of the module.
    FuncId
}
index! {
    /// A string of the module's string table.
    StrId
}
index! {
    /// A package-level variable.
    GlobalId
}

/// A function: its slots, its code, and where each instruction stands in the source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Function {
    /// The name as users write it: `main.worker`, `main.(*Tree).walk`, `main.main.func1`.
    pub name: String,
    /// The source file, an index into [`Module::files`].
    pub file: u32,
    /// How many slots, from the first, are parameters. A function reached as a function value
    /// has its closure object (a `Ref`) as first parameter; one reached through an interface the
    /// data word: a `Ref` where [`Types::word_is_ref`] says so, else an `I64` with the word's bits.
    pub params: u32,
    /// The types of the results.
    pub results: Vec<SlotTy>,
    /// The type of each slot.
    pub slots: Vec<SlotTy>,
    /// Source names of slots, for people; not every slot has one.
    pub slot_names: Vec<SlotName>,
    /// The instructions. The last one is a terminator; elsewhere control goes on at the next
    /// instruction, also where that is a jump target.
    pub code: Vec<Inst>,
    /// The source line (from 1) of each instruction; 0 where there is none.
    pub lines: Vec<u32>,
}

/// What people call a slot: the variable, or the part of one, that it holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SlotName {
    /// The slot.
    pub slot: Slot,
    /// The name: `sum`, or `items.len` for a part of a variable.
    pub name: String,
    /// The type in the source. Not every module tells it.
    pub source: Option<SourceType>,
}

/// The type in the source of what a slot holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SourceType {
    /// The type of the variable, or of its part; that of a slice or a string for each of its words.
    pub ty: TypeId,
    /// Whether the slot holds a reference to an object with the value, not the value itself.
    pub boxed: bool,
}

impl Function {
    /// What a slot is called first, where it has a name: it may serve several variables.
    pub fn slot_name(&self, slot: Slot) -> Option<&SlotName> {
        self.slot_names.iter().find(|name| name.slot == slot)
    }

    /// The types of the parameters.
    pub fn param_types(&self) -> &[SlotTy] {
        &self.slots[..self.params as usize]
    }

    /// The `SelectSend` and `SelectRecv` instructions that belong to the `SelectExec` at `exec`.
    pub fn select_cases(&self, exec: usize) -> &[Inst] {
        let mut first = exec;
        while first > 0
            && matches!(
                self.code[first - 1],
                Inst::SelectSend { .. } | Inst::SelectRecv { .. }
            )
        {
            first -= 1;
        }
        &self.code[first..exec]
    }

    /// The slots that instruction `at` reads, in operand order.
    ///
    /// `SelectSend` and `SelectRecv` read their operands where they stand.
    pub fn reads(&self, at: usize, mut each: impl FnMut(Slot)) {
        struct Reads<'a>(&'a mut dyn FnMut(Slot));
        impl SlotVisitor for Reads<'_> {
            fn read(&mut self, slot: Slot) {
                (self.0)(slot);
            }
            fn write(&mut self, _: Slot) {}
        }
        self.code[at].visit_slots(&mut Reads(&mut each));
    }

    /// The slots that instruction `at` writes. What `SelectRecv` names is written by the
    /// `SelectExec` that follows it.
    pub fn writes(&self, at: usize, mut each: impl FnMut(Slot)) {
        struct Writes<'a>(&'a mut dyn FnMut(Slot));
        impl SlotVisitor for Writes<'_> {
            fn read(&mut self, _: Slot) {}
            fn write(&mut self, slot: Slot) {
                (self.0)(slot);
            }
        }
        match &self.code[at] {
            Inst::SelectRecv { .. } => {}
            Inst::SelectExec { index } => {
                each(index.0);
                for case in self.select_cases(at) {
                    case.visit_slots(&mut Writes(&mut each));
                }
            }
            inst => inst.visit_slots(&mut Writes(&mut each)),
        }
    }
}

/// A package-level variable: zeroed memory of its type, one per island.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Global {
    /// The qualified name.
    pub name: String,
    /// The type of the memory.
    pub ty: TypeId,
}

/// A whole program.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Module {
    /// Source files, by name.
    pub files: Vec<String>,
    /// The string table; not necessarily UTF-8.
    pub strings: Vec<Box<[u8]>>,
    /// The type table.
    pub types: Types,
    /// Package-level variables.
    pub globals: Vec<Global>,
    /// The functions.
    pub functions: Vec<Function>,
    /// The function that goroutine 1 runs: initialises the packages, then calls `main`. It has
    /// no parameters and no results.
    pub entry: Option<FuncId>,
}

impl Module {
    /// The function of that id.
    pub fn func(&self, id: FuncId) -> &Function {
        &self.functions[id.index()]
    }

    /// The functions that the runtime itself runs: the entry, and those it knows by name.
    pub fn begins(&self) -> impl Iterator<Item = FuncId> {
        let named = [ISLAND_INIT, PANIC_TEXT].map(|name| self.find_func(name));
        self.entry.into_iter().chain(named.into_iter().flatten())
    }

    /// The function of that name.
    pub fn find_func(&self, name: &str) -> Option<FuncId> {
        let at = self.functions.iter().position(|f| f.name == name)?;
        Some(FuncId(at as u32))
    }
}
