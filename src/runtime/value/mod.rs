//! Equality and hashes of values by their types, in slot form and in memory form.
//!
//! This holds the tables that the two algorithms read, made once from the type table; [`eq`] and
//! [`hash`] hold the algorithms, [`name`] the names of types. Nothing here allocates on the heap
//! of an island.
//!
//! A type becomes a list of *parts* in the order of comparison: nested structs are flattened,
//! neighbours that are compared bit by bit are one part, blank fields are left out. What cannot
//! be flattened is a large array (a part that repeats its element's parts) and an interface,
//! whose value's type is only known at run time. Types nest finitely but chains of interfaces do
//! not, so the algorithms keep a stack of their own.

pub mod eq;
pub mod hash;
pub mod name;

#[cfg(test)]
mod tests;

pub use hash::Hasher;

use std::fmt;
use vo_bytecode::{TypeId, TypeKind, Types};

/// Arrays of up to so many elements are flattened into their parts.
const FLAT_ARRAY: u64 = 8;

/// A value whose type has no equality was compared, or used as a map's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Incomparable {
    /// The dynamic type in the interface.
    pub ty: TypeId,
}

impl Incomparable {
    /// The fault's text after a comparison, as Go has it.
    pub fn comparing(self, types: &Types) -> String {
        format!(
            "comparing uncomparable type {}",
            name::type_name(types, self.ty)
        )
    }

    /// The fault's text after a hash, as Go has it.
    pub fn hashing(self, types: &Types) -> String {
        format!(
            "hash of unhashable type {}",
            name::type_name(types, self.ty)
        )
    }
}

impl fmt::Display for Incomparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "type number {} is not comparable", self.ty.0)
    }
}

impl std::error::Error for Incomparable {}

/// How a part is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PartKind {
    /// So many bytes, bit by bit. In slot form: one word.
    Bits(u64),
    /// A single float.
    F32,
    /// A double float.
    F64,
    /// A string: pointer and length.
    Str,
    /// An interface: type word and data word.
    Iface,
    /// So many elements of a type, in memory. In slot form: a reference to that.
    Row(TypeId, u64),
}

/// A part of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Part {
    /// In memory form the byte offset; in slot form the number of the first slot.
    pub(super) at: u64,
    /// How it is compared.
    pub(super) kind: PartKind,
}

/// What equality and hashes need to know of a type.
#[derive(Debug)]
pub(super) struct ValueType {
    /// Whether values can be compared.
    pub(super) comparable: bool,
    /// Whether an interface holds values in its data word itself.
    pub(super) in_word: bool,
    /// Bytes in memory.
    pub(super) size: u64,
    /// Parts of the memory form.
    pub(super) memory: Box<[Part]>,
    /// Parts of the slot form.
    pub(super) slots: Box<[Part]>,
}

/// The tables of a type table.
#[derive(Debug)]
pub struct Values {
    types: Box<[ValueType]>,
}

impl Values {
    /// Makes the tables.
    pub fn new(types: &Types) -> Values {
        let one = |index| value_type(types, TypeId(index as u32));
        Values {
            types: (0..types.types.len()).map(one).collect(),
        }
    }

    pub(super) fn get(&self, id: TypeId) -> &ValueType {
        &self.types[id.index()]
    }

    /// Whether values of a type can be compared (their interfaces may still hold what cannot).
    pub fn comparable(&self, id: TypeId) -> bool {
        self.get(id).comparable
    }

    /// The dynamic type behind a type word that is not 0.
    fn dynamic(type_word: u64) -> TypeId {
        debug_assert!(type_word != 0);
        TypeId((type_word - 1) as u32)
    }
}

fn value_type(types: &Types, id: TypeId) -> ValueType {
    let mut ty = ValueType {
        comparable: comparable(types, id),
        in_word: types.fits_word(id),
        size: 0,
        memory: Box::default(),
        slots: Box::default(),
    };
    if ty.comparable {
        let mut memory = Vec::new();
        ty.size = size_of_type(types, id);
        memory_parts(types, id, 0, &mut memory);
        ty.memory = memory.into();
        let mut slots = Vec::new();
        if types.in_memory(id) {
            let kind = PartKind::Row(id, 1);
            slots.push(Part { at: 0, kind });
        } else {
            slot_parts(types, id, &mut 0, &mut slots);
        }
        ty.slots = slots.into();
    }
    ty
}

fn comparable(types: &Types, id: TypeId) -> bool {
    match types.kind(id) {
        TypeKind::Slice(_) | TypeKind::Map(..) | TypeKind::Func(..) => false,
        TypeKind::Array(element, _) => comparable(types, *element),
        TypeKind::Struct(fields) => fields.iter().all(|field| comparable(types, field.ty)),
        _ => true,
    }
}

/// The size of a type, without the lists of references that a whole layout has.
fn size_of_type(types: &Types, id: TypeId) -> u64 {
    match types.kind(id) {
        TypeKind::Array(element, len) => size_of_type(types, *element) * len,
        _ => types.layout(id).size,
    }
}

/// How a type that is neither struct nor array is compared.
fn scalar(types: &Types, id: TypeId) -> PartKind {
    match types.kind(id) {
        TypeKind::F32 => PartKind::F32,
        TypeKind::F64 => PartKind::F64,
        TypeKind::String => PartKind::Str,
        TypeKind::Interface(_) => PartKind::Iface,
        TypeKind::Bool => PartKind::Bits(1),
        TypeKind::Int(kind) => PartKind::Bits(u64::from(kind.bits() / 8)),
        _ => PartKind::Bits(8),
    }
}

/// Appends the parts of a value that lies at `at` in memory.
fn memory_parts(types: &Types, id: TypeId, at: u64, parts: &mut Vec<Part>) {
    match types.kind(id) {
        TypeKind::Struct(fields) => {
            for (field, offset) in fields.iter().zip(types.field_offsets(id)) {
                if field.name != "_" {
                    memory_parts(types, field.ty, at + offset, parts);
                }
            }
        }
        TypeKind::Array(element, len) => {
            let size = size_of_type(types, *element);
            if *len <= FLAT_ARRAY {
                for i in 0..*len {
                    memory_parts(types, *element, at + i * size, parts);
                }
                return;
            }
            let mut one = Vec::new();
            memory_parts(types, *element, 0, &mut one);
            let kind = match one[..] {
                [] => return,
                // Nothing but bits without gaps: so is the whole.
                [
                    Part {
                        kind: PartKind::Bits(bytes),
                        ..
                    },
                ] if bytes == size => PartKind::Bits(size * len),
                _ => PartKind::Row(*element, *len),
            };
            push(parts, Part { at, kind });
        }
        _ => {
            let kind = scalar(types, id);
            push(parts, Part { at, kind });
        }
    }
}

/// Appends a part, or makes it one with the last where both are bits side by side.
fn push(parts: &mut Vec<Part>, part: Part) {
    if let PartKind::Bits(more) = part.kind
        && let Some(Part {
            at,
            kind: PartKind::Bits(bytes),
        }) = parts.last_mut()
        && *at + *bytes == part.at
    {
        *bytes += more;
        return;
    }
    parts.push(part);
}

/// Appends the parts of a value in slots, `at` being its first.
fn slot_parts(types: &Types, id: TypeId, at: &mut u64, parts: &mut Vec<Part>) {
    match types.kind(id) {
        TypeKind::Struct(fields) => {
            for field in fields {
                let before = parts.len();
                slot_parts(types, field.ty, at, parts);
                if field.name == "_" {
                    parts.truncate(before);
                }
            }
        }
        TypeKind::Array(element, len) => {
            for _ in 0..*len {
                slot_parts(types, *element, at, parts);
            }
        }
        _ => {
            let kind = scalar(types, id);
            parts.push(Part { at: *at, kind });
            *at += match kind {
                PartKind::Str | PartKind::Iface => 2,
                _ => 1,
            };
        }
    }
}
