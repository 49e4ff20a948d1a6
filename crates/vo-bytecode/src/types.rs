//! The type table: what a value is, how it lies in memory, and how it flattens into slots.

use crate::{FuncId, IntKind, Mem, SlotTy};
use serde::{Deserialize, Serialize};

/// A type of the module. Equal ids are identical types; the table has no two entries for one
/// type (defined types may share name and kind and yet differ).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct TypeId(pub u32);

impl TypeId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A method as interfaces see it: name and signature; an index into [`Types::methods`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct MethodId(pub u32);

impl MethodId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Name and signature of a method. Unexported names are qualified by their package.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Method {
    /// The name.
    pub name: String,
    /// The signature, a [`TypeKind::Func`] without receiver.
    pub signature: TypeId,
}

/// A field of a struct.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Field {
    /// The name (the type's name for an embedded field).
    pub name: String,
    /// The type.
    pub ty: TypeId,
    /// Whether it is embedded.
    pub embedded: bool,
    /// The struct tag, or empty.
    pub tag: String,
}

/// What a type is made of.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum TypeKind {
    /// Booleans, one byte in memory.
    Bool,
    /// Integers.
    Int(IntKind),
    /// Single floats.
    F32,
    /// Double floats.
    F64,
    /// Strings: pointer and length.
    String,
    /// Slices: pointer, length, capacity.
    Slice(TypeId),
    /// Arrays.
    Array(TypeId, u64),
    /// Structs.
    Struct(Vec<Field>),
    /// Pointers.
    Pointer(TypeId),
    /// Maps: key and value.
    Map(TypeId, TypeId),
    /// Channels: element, may be received from, may be sent to.
    Chan(TypeId, bool, bool),
    /// Ports: element, may be received from, may be sent to. Only the kind that can but be sent to
    /// leaves its island.
    Port(TypeId, bool, bool),
    /// Handles of islands.
    Island,
    /// Functions: parameters, results, variadic. The last parameter of a variadic one is a slice.
    Func(Vec<TypeId>, Vec<TypeId>, bool),
    /// Interfaces: their methods, sorted by name.
    Interface(Vec<MethodId>),
}

impl TypeKind {
    /// The types that this one mentions.
    pub fn parts(&self) -> Vec<TypeId> {
        match self {
            TypeKind::Slice(ty)
            | TypeKind::Array(ty, _)
            | TypeKind::Pointer(ty)
            | TypeKind::Chan(ty, ..)
            | TypeKind::Port(ty, ..) => vec![*ty],
            TypeKind::Map(key, value) => vec![*key, *value],
            TypeKind::Struct(fields) => fields.iter().map(|field| field.ty).collect(),
            TypeKind::Func(params, results, _) => params.iter().chain(results).copied().collect(),
            TypeKind::Bool
            | TypeKind::Int(_)
            | TypeKind::F32
            | TypeKind::F64
            | TypeKind::String
            | TypeKind::Island
            | TypeKind::Interface(_) => Vec::new(),
        }
    }
}

/// A type of the table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Type {
    /// The name of a defined or basic type as `%T` shows it (`int`, `main.Point`), or empty.
    pub name: String,
    /// What it is made of; for a defined type, its underlying type's.
    pub kind: TypeKind,
    /// Methods that interfaces can reach, sorted by id: each with the function to call, whose
    /// first parameter is an interface's data word holding a value of this type.
    pub methods: Vec<(MethodId, FuncId)>,
}

/// How a type lies in memory. Offsets and sizes in bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    /// The size, a multiple of the alignment.
    pub size: u64,
    /// The alignment: 1, 2, 4 or 8.
    pub align: u64,
    /// Where references lie, ascending.
    pub refs: Vec<u64>,
    /// Where interfaces lie (type word; the data word is 8 bytes behind), ascending.
    pub ifaces: Vec<u64>,
}

/// The type table.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Types {
    /// The types, by id.
    pub types: Vec<Type>,
    /// Methods of interfaces, by id.
    pub methods: Vec<Method>,
}

/// A struct or an array of more slots than this is kept in memory: its value is one `Ref`.
pub const MAX_FLAT_SLOTS: usize = 8;
/// An array of more elements than this is kept in memory: its value is one `Ref`.
pub const MAX_FLAT_ARRAY: u64 = 4;

impl Types {
    /// The type of that id.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[id.index()]
    }

    /// What the type of that id is made of.
    pub fn kind(&self, id: TypeId) -> &TypeKind {
        &self.types[id.index()].kind
    }

    /// The memory layout: Go's on 64-bit machines (natural alignment, no reordering).
    ///
    /// A type must not contain itself but through a pointer, slice, map, channel, function or
    /// interface; the verifier sees to that.
    pub fn layout(&self, id: TypeId) -> Layout {
        let word = |refs: &[u64], ifaces: &[u64], size: u64| Layout {
            size,
            align: 8,
            refs: refs.to_vec(),
            ifaces: ifaces.to_vec(),
        };
        let plain = |size: u64| Layout {
            size,
            align: size,
            ..Layout::default()
        };
        match self.kind(id) {
            TypeKind::Bool => plain(1),
            TypeKind::Int(kind) => plain(u64::from(kind.bits() / 8)),
            TypeKind::F32 => plain(4),
            TypeKind::F64 => plain(8),
            TypeKind::String => word(&[0], &[], 16),
            TypeKind::Slice(_) => word(&[0], &[], 24),
            TypeKind::Interface(_) => word(&[], &[0], 16),
            TypeKind::Pointer(_)
            | TypeKind::Map(..)
            | TypeKind::Chan(..)
            | TypeKind::Port(..)
            | TypeKind::Island
            | TypeKind::Func(..) => word(&[0], &[], 8),
            TypeKind::Array(elem, len) => self.array_layout(*elem, *len),
            TypeKind::Struct(fields) => self.struct_layout(fields).0,
        }
    }

    /// Size and alignment of the memory form, as [`Types::layout`] has them, without the rest.
    pub fn size_align(&self, id: TypeId) -> (u64, u64) {
        match self.kind(id) {
            TypeKind::Bool => (1, 1),
            TypeKind::Int(kind) => {
                let bytes = u64::from(kind.bits() / 8);
                (bytes, bytes)
            }
            TypeKind::F32 => (4, 4),
            TypeKind::String | TypeKind::Interface(_) => (16, 8),
            TypeKind::Slice(_) => (24, 8),
            TypeKind::Array(elem, len) => {
                let (size, align) = self.size_align(*elem);
                (size * len, align.max(1))
            }
            TypeKind::Struct(fields) => {
                let (end, align) = self.fields_end(fields);
                (end.next_multiple_of(align), align)
            }
            _ => (8, 8),
        }
    }

    /// Where the last of some fields ends, and the alignment of all.
    fn fields_end(&self, fields: &[Field]) -> (u64, u64) {
        fields.iter().fold((0, 1), |(end, all), field| {
            let (size, align) = self.size_align(field.ty);
            let align = align.max(1);
            (u64::next_multiple_of(end, align) + size, all.max(align))
        })
    }

    /// The type and byte offset of field number `at` of a struct type.
    pub fn field_place(&self, id: TypeId, at: usize) -> Option<(TypeId, u64)> {
        let TypeKind::Struct(fields) = self.kind(id) else {
            return None;
        };
        let field = fields.get(at)?;
        let (end, _) = self.fields_end(&fields[..at]);
        let (_, align) = self.size_align(field.ty);
        let offset = end.next_multiple_of(align.max(1));
        debug_assert_eq!(offset, self.field_offsets(id)[at]);
        Some((field.ty, offset))
    }

    fn array_layout(&self, elem: TypeId, len: u64) -> Layout {
        let one = self.layout(elem);
        let mut all = Layout {
            size: one.size * len,
            align: one.align.max(1),
            ..Layout::default()
        };
        if one.refs.is_empty() && one.ifaces.is_empty() {
            return all;
        }
        for i in 0..len {
            all.refs.extend(one.refs.iter().map(|r| r + i * one.size));
            all.ifaces
                .extend(one.ifaces.iter().map(|r| r + i * one.size));
        }
        all
    }

    fn struct_layout(&self, fields: &[Field]) -> (Layout, Vec<u64>) {
        let mut all = Layout {
            align: 1,
            ..Layout::default()
        };
        let mut offsets = Vec::with_capacity(fields.len());
        for field in fields {
            let one = self.layout(field.ty);
            let at = all.size.next_multiple_of(one.align.max(1));
            offsets.push(at);
            all.refs.extend(one.refs.iter().map(|r| r + at));
            all.ifaces.extend(one.ifaces.iter().map(|r| r + at));
            all.align = all.align.max(one.align);
            all.size = at + one.size;
        }
        all.size = all.size.next_multiple_of(all.align);
        (all, offsets)
    }

    /// The byte offset of each field of a struct type; empty for other types.
    pub fn field_offsets(&self, id: TypeId) -> Vec<u64> {
        match self.kind(id) {
            TypeKind::Struct(fields) => self.struct_layout(fields).1,
            _ => Vec::new(),
        }
    }

    /// How a value flattens into slots: the type of each. A struct or array that is large (see
    /// [`MAX_FLAT_SLOTS`], [`MAX_FLAT_ARRAY`]) is one `Ref` to its memory form; one without parts
    /// has no slots.
    pub fn slots(&self, id: TypeId) -> Vec<SlotTy> {
        let mut slots = FlatSlots::new();
        if self.flatten(id, &mut slots) {
            slots.slots[..slots.len].to_vec()
        } else {
            vec![SlotTy::Ref]
        }
    }

    /// Whether a value of this type is kept in memory, as one `Ref`, instead of in slots.
    pub fn in_memory(&self, id: TypeId) -> bool {
        !self.flatten(id, &mut FlatSlots::new())
    }

    /// The scalar parts of a value in slots, each with its offset in the memory form; an
    /// interface is one part. `None` where the value is kept in memory.
    pub fn parts(&self, id: TypeId) -> Option<Vec<(u64, Part)>> {
        if self.in_memory(id) {
            return None;
        }
        let mut parts = Vec::new();
        self.collect_parts(id, 0, &mut parts);
        Some(parts)
    }

    fn collect_parts(&self, id: TypeId, at: u64, parts: &mut Vec<(u64, Part)>) {
        match self.kind(id) {
            TypeKind::Bool => parts.push((at, Part::Mem(Mem::U8))),
            TypeKind::Int(kind) => parts.push((at, Part::Mem(Mem::of_int(*kind)))),
            TypeKind::F32 => parts.push((at, Part::Mem(Mem::F32))),
            TypeKind::F64 => parts.push((at, Part::Mem(Mem::F64))),
            TypeKind::String => {
                parts.extend([(at, Part::Mem(Mem::Ref)), (at + 8, Part::Mem(Mem::I64))]);
            }
            TypeKind::Slice(_) => parts.extend([
                (at, Part::Mem(Mem::Ref)),
                (at + 8, Part::Mem(Mem::I64)),
                (at + 16, Part::Mem(Mem::I64)),
            ]),
            TypeKind::Interface(_) => parts.push((at, Part::Iface)),
            TypeKind::Pointer(_)
            | TypeKind::Map(..)
            | TypeKind::Chan(..)
            | TypeKind::Port(..)
            | TypeKind::Island
            | TypeKind::Func(..) => parts.push((at, Part::Mem(Mem::Ref))),
            TypeKind::Array(elem, len) => {
                let size = self.layout(*elem).size;
                for i in 0..*len {
                    self.collect_parts(*elem, at + i * size, parts);
                }
            }
            TypeKind::Struct(fields) => {
                for (field, off) in fields.iter().zip(self.struct_layout(fields).1) {
                    self.collect_parts(field.ty, at + off, parts);
                }
            }
        }
    }

    /// Appends the slots of a value; false when there are too many.
    fn flatten(&self, id: TypeId, slots: &mut FlatSlots) -> bool {
        match self.kind(id) {
            TypeKind::Bool | TypeKind::Int(_) => slots.extend([SlotTy::I64]),
            TypeKind::F32 => slots.extend([SlotTy::F32]),
            TypeKind::F64 => slots.extend([SlotTy::F64]),
            TypeKind::String => slots.extend([SlotTy::Ref, SlotTy::I64]),
            TypeKind::Slice(_) => slots.extend([SlotTy::Ref, SlotTy::I64, SlotTy::I64]),
            TypeKind::Interface(_) => slots.extend([SlotTy::IfaceType, SlotTy::IfaceData]),
            TypeKind::Pointer(_)
            | TypeKind::Map(..)
            | TypeKind::Chan(..)
            | TypeKind::Port(..)
            | TypeKind::Island
            | TypeKind::Func(..) => slots.extend([SlotTy::Ref]),
            TypeKind::Array(elem, len) => {
                if *len > MAX_FLAT_ARRAY {
                    return false;
                }
                return (0..*len).all(|_| self.flatten(*elem, slots));
            }
            TypeKind::Struct(fields) => {
                if fields.len() > MAX_FLAT_SLOTS {
                    return false;
                }
                return fields.iter().all(|field| self.flatten(field.ty, slots));
            }
        }
        slots.len <= MAX_FLAT_SLOTS
    }

    /// What people call the slots of a value, and the type of each: `.ptr` and `.len` of a string,
    /// both with its type, `.x` of a struct with a field `x` with that of the field; for a value
    /// of one slot there is nothing to call it.
    pub fn slot_parts(&self, id: TypeId) -> Vec<(String, TypeId)> {
        if self.in_memory(id) {
            return vec![(String::new(), id)];
        }
        let within = |prefix: String, ty: TypeId| {
            let parts = self.slot_parts(ty).into_iter();
            parts.map(move |(part, ty)| (format!("{prefix}{part}"), ty))
        };
        let names = |parts: &[&str]| {
            let names = parts.iter().map(|part| ((*part).to_owned(), id));
            names.collect()
        };
        match self.kind(id) {
            TypeKind::String => names(&[".ptr", ".len"]),
            TypeKind::Slice(_) => names(&[".ptr", ".len", ".cap"]),
            TypeKind::Interface(_) => names(&[".type", ".data"]),
            TypeKind::Array(elem, len) => (0..*len)
                .flat_map(|at| within(format!("[{at}]"), *elem))
                .collect(),
            TypeKind::Struct(fields) => fields
                .iter()
                .flat_map(|field| within(format!(".{}", field.name), field.ty))
                .collect(),
            _ => names(&[""]),
        }
    }

    /// Whether an interface holds a value of this type in its data word itself (it has exactly
    /// one slot and is not kept in memory), as opposed to boxed in memory form.
    pub fn fits_word(&self, id: TypeId) -> bool {
        match self.kind(id) {
            TypeKind::String | TypeKind::Slice(_) | TypeKind::Interface(_) => false,
            TypeKind::Struct(_) | TypeKind::Array(..) => {
                let mut slots = FlatSlots::new();
                self.flatten(id, &mut slots) && slots.len == 1
            }
            _ => true,
        }
    }

    /// Whether the data word of an interface with this dynamic type is a reference.
    pub fn word_is_ref(&self, id: TypeId) -> bool {
        !self.fits_word(id) || self.slots(id)[0] == SlotTy::Ref
    }

    /// Whether each type's values may be sent to another island: no part of them, nor of what they
    /// lead to, is bound to its own.
    pub fn sendable(&self) -> Vec<bool> {
        let bound = |kind: &TypeKind| {
            matches!(
                kind,
                TypeKind::Interface(_)
                    | TypeKind::Func(..)
                    | TypeKind::Chan(..)
                    | TypeKind::Island
                    | TypeKind::Port(_, true, _)
            )
        };
        let mut sendable: Vec<bool> = self.types.iter().map(|ty| !bound(&ty.kind)).collect();
        // A type is sendable unless it is shown not to be, so types that refer to themselves are.
        loop {
            let mut changed = false;
            for (at, ty) in self.types.iter().enumerate() {
                let spoilt = |part: &TypeId| !sendable[part.index()];
                if sendable[at] && ty.kind.parts().iter().any(spoilt) {
                    sendable[at] = false;
                    changed = true;
                }
            }
            if !changed {
                return sendable;
            }
        }
    }

    /// The function that implements `method` for values of dynamic type `id`.
    pub fn find_method(&self, id: TypeId, method: MethodId) -> Option<FuncId> {
        let methods = &self.get(id).methods;
        let at = methods.binary_search_by_key(&method, |(m, _)| *m).ok()?;
        Some(methods[at].1)
    }
}

/// The slots of a value while they are collected: some more than [`MAX_FLAT_SLOTS`] before it is seen that they are too
/// many.
struct FlatSlots {
    slots: [SlotTy; MAX_FLAT_SLOTS + 3],
    len: usize,
}

impl FlatSlots {
    fn new() -> Self {
        FlatSlots {
            slots: [SlotTy::I64; MAX_FLAT_SLOTS + 3],
            len: 0,
        }
    }

    fn extend<const N: usize>(&mut self, more: [SlotTy; N]) {
        self.slots[self.len..self.len + N].copy_from_slice(&more);
        self.len += N;
    }
}

/// A scalar part of a value in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// A number or a reference: one slot.
    Mem(Mem),
    /// An interface: two slots.
    Iface,
}
