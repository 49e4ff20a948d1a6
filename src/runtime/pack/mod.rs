//! Values on their way from one island's heap to another's.
//!
//! [`packer`] copies what a value leads to out of one heap, [`unpack`] makes the same shape in
//! another. Both are loops over work lists, not recursive in the data: a list of a million nodes
//! needs memory, not native stack. What is copied is told by the value's type, never by the
//! object that it happens to lie in: of an object only the parts are copied that the value
//! reaches, so a slice of ten bytes of a large array is ten bytes of a message.
//!
//! ```text
//! graph.words   │ root │ entries of maps │ object 0 │ object 1 │ …      numbers as they are
//! graph.links     (object 0, +8) ──► object 1, +16                     references apart
//!                 (root, 0)      ──► object 0, +0
//! ```
//!
//! References are found through the type ([`Plan`]) and become links; words that are none are
//! copied as they are. Two references into one object are links to one object of the message.
//! What no island owns (texts and functions of the program) keeps its address.

mod packer;
mod region;
mod unpack;

#[cfg(test)]
mod tests;

use super::heap::LayoutId;
use super::port::PortShared;
use std::fmt;
use std::sync::Arc;
use vo_bytecode::{Inst, Module, TypeId, TypeKind, Types};

/// Words of a message that need no block of memory of their own. Three hold a number, a string
/// constant, or an empty slice.
pub const INLINE_WORDS: usize = 3;

/// A reference within a value, by what it leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leaf {
    /// The bytes of a string; the length is behind it.
    Text,
    /// A slice's elements; length and capacity are behind it.
    Row(TypeId),
    /// One value.
    One(TypeId),
    /// A map of that type.
    Map(TypeId),
    /// A port.
    Port,
}

/// Where the references of a type's memory form are.
#[derive(Clone, Debug)]
enum Plan {
    /// There are none.
    Plain,
    /// It is one itself.
    Leaf(Leaf),
    /// In these fields: offset and type.
    Fields(Box<[(usize, TypeId)]>),
    /// In all of so many elements of a type.
    Elements(TypeId, usize),
}

/// Where the references of a value in slots are.
#[derive(Clone, Debug, Default)]
pub struct SlotPlan {
    /// Its words.
    pub words: usize,
    /// The words that are references.
    pub leaves: Box<[(usize, Leaf)]>,
}

/// What packing needs to know of a program's types.
#[derive(Debug)]
pub struct Plans {
    memory: Box<[Plan]>,
    slots: Box<[SlotPlan]>,
    sizes: Box<[usize]>,
    sendable: Box<[bool]>,
    /// The type of the closure objects of each function that has captures.
    closures: Box<[Option<TypeId>]>,
}

impl Plans {
    /// The plans of a verified module.
    pub fn new(module: &Module) -> Plans {
        let types = &module.types;
        let sendable = types.sendable();
        let all = || (0..types.types.len() as u32).map(TypeId);
        let plain: Vec<bool> = all().map(|ty| types.layout(ty).refs.is_empty()).collect();
        let mut closures = vec![None; module.functions.len()];
        for inst in module.functions.iter().flat_map(|func| &func.code) {
            if let Inst::Closure { func, ty, .. } = inst {
                closures[func.index()] = Some(*ty);
            }
        }
        Plans {
            memory: all().map(|ty| Plan::of(types, &plain, ty)).collect(),
            slots: all().map(|ty| SlotPlan::of(types, ty)).collect(),
            sizes: all().map(|ty| types.layout(ty).size as usize).collect(),
            sendable: sendable.into(),
            closures: closures.into(),
        }
    }

    /// The plan of a value in slots.
    pub fn slots(&self, ty: TypeId) -> &SlotPlan {
        &self.slots[ty.index()]
    }

    /// The type of a function's closure objects; `None` for functions without captures.
    pub fn closure(&self, func: usize) -> Option<TypeId> {
        *self.closures.get(func)?
    }

    /// Whether values of a type may leave their island.
    pub fn sendable(&self, ty: TypeId) -> bool {
        self.sendable[ty.index()]
    }

    /// The plan of values in a row, one behind the other.
    pub fn row_of_slots(&self, types: impl Iterator<Item = TypeId>) -> SlotPlan {
        let (mut words, mut leaves) = (0, Vec::new());
        for ty in types {
            let plan = self.slots(ty);
            leaves.extend(plan.leaves.iter().map(|(at, leaf)| (words + at, *leaf)));
            words += plan.words;
        }
        SlotPlan {
            words,
            leaves: leaves.into(),
        }
    }
}

impl Plan {
    fn of(types: &Types, plain: &[bool], ty: TypeId) -> Plan {
        if plain[ty.index()] {
            return Plan::Plain;
        }
        if let Some(leaf) = Leaf::of(types, ty) {
            return Plan::Leaf(leaf);
        }
        match types.kind(ty) {
            TypeKind::Struct(fields) => {
                let offsets = types.field_offsets(ty);
                let fields = fields.iter().zip(offsets);
                let fields = fields.filter(|(field, _)| !plain[field.ty.index()]);
                Plan::Fields(fields.map(|(field, at)| (at as usize, field.ty)).collect())
            }
            TypeKind::Array(element, len) => Plan::Elements(*element, *len as usize),
            // What cannot be sent is never packed.
            _ => Plan::Plain,
        }
    }
}

impl Leaf {
    fn of(types: &Types, ty: TypeId) -> Option<Leaf> {
        Some(match *types.kind(ty) {
            TypeKind::String => Leaf::Text,
            TypeKind::Slice(element) => Leaf::Row(element),
            TypeKind::Pointer(target) => Leaf::One(target),
            TypeKind::Map(..) => Leaf::Map(ty),
            TypeKind::Port(..) => Leaf::Port,
            _ => return None,
        })
    }
}

impl SlotPlan {
    fn of(types: &Types, ty: TypeId) -> SlotPlan {
        if types.in_memory(ty) {
            return SlotPlan {
                words: 1,
                leaves: Box::new([(0, Leaf::One(ty))]),
            };
        }
        let mut leaves = Vec::new();
        let words = collect_leaves(types, ty, 0, &mut leaves);
        SlotPlan {
            words,
            leaves: leaves.into(),
        }
    }
}

/// The references of a value whose first slot is `at`; gives the slot behind it.
fn collect_leaves(types: &Types, ty: TypeId, at: usize, leaves: &mut Vec<(usize, Leaf)>) -> usize {
    if let Some(leaf) = Leaf::of(types, ty) {
        leaves.push((at, leaf));
    }
    match types.kind(ty) {
        TypeKind::Struct(fields) => fields
            .iter()
            .fold(at, |at, field| collect_leaves(types, field.ty, at, leaves)),
        TypeKind::Array(element, len) => {
            (0..*len).fold(at, |at, _| collect_leaves(types, *element, at, leaves))
        }
        _ => at + types.slots(ty).len(),
    }
}

/// A value on its way.
#[derive(Debug)]
pub struct Message {
    /// The value's words, where there is no graph.
    words: [u64; INLINE_WORDS],
    graph: Option<Box<Graph>>,
}

impl Message {
    /// A value of at most [`INLINE_WORDS`] that leads nowhere.
    pub fn plain(words: &[u64]) -> Message {
        let mut message = Message {
            words: [0; INLINE_WORDS],
            graph: None,
        };
        // Most are one word, for which a call that copies is dear.
        match *words {
            [word] => message.words[0] = word,
            _ => message.words[..words.len()].copy_from_slice(words),
        }
        message
    }
}

/// What a value leads to; see the module's picture.
#[derive(Default)]
struct Graph {
    words: Vec<u64>,
    /// Words of the root, which come first.
    root: usize,
    objects: Vec<Object>,
    maps: Vec<Map>,
    ports: Vec<Arc<PortShared>>,
    links: Vec<Link>,
}

/// An object of a graph.
#[derive(Clone, Copy, Debug)]
struct Object {
    layout: LayoutId,
    /// Its first word in `Graph::words`.
    at: usize,
    bytes: usize,
}

/// A map of a graph.
#[derive(Clone, Copy, Debug)]
struct Map {
    ty: TypeId,
    /// Its first entry's first word in `Graph::words`: key words, then value words.
    at: usize,
    entries: usize,
}

/// Where a reference stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// So many bytes into an object.
    Object(u32, usize),
    /// In a word of the graph that belongs to no object: the root's or an entry's.
    Word(usize),
}

/// Where it leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum To {
    /// So many bytes into an object.
    Object(u32, usize),
    /// A map.
    Map(u32),
    /// A port.
    Port(u32),
    /// An address that is the same on all islands.
    Fixed(u64),
}

/// A reference.
#[derive(Clone, Copy, Debug)]
struct Link {
    from: From,
    to: To,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("words", &self.words.len())
            .field("objects", &self.objects.len())
            .field("maps", &self.maps.len())
            .field("ports", &self.ports.len())
            .field("links", &self.links.len())
            .finish()
    }
}
