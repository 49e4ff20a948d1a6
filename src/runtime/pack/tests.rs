//! Values of generated types go through a message and come out in the same shape.
//!
//! A type is generated, then a value of it on one island's heap whose references are drawn from
//! what is there already, so that objects are shared, slices overlap and pointers form cycles.
//! After packing and unpacking, two walks in step hold the two values against each other: same
//! numbers, same lengths and capacities, and the addresses of one island map to those of the
//! other one to one, with the same distances within an object.

use crate::runtime::context::{Context, Options};
use crate::runtime::native::{EMPTY, Output};
use crate::runtime::outside::Outside;
use crate::runtime::program::Program;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::ptr;
use std::sync::Arc;
use vo_bytecode::{Field, IntKind, Module, Type, TypeId, TypeKind, Types, text};

fn context(types: Types) -> Box<Context> {
    let mut module: Module = text::parse("func main.main() {\n  Return []\n}\nentry main.main\n")
        .expect("the module is well-formed");
    module.types = types;
    let program = Arc::new(Program::new(module));
    island(program)
}

fn island(program: Arc<Program>) -> Box<Context> {
    let outside = Outside::alone().expect("a reactor");
    Context::new(program, Options::default(), Output::captured(), outside)
        .expect("there is memory for a heap")
}

/// A table of types in which type `n` mentions earlier ones, but for pointers, slices and maps'
/// values, which may mention any: so recursive types come up.
fn types() -> impl Strategy<Value = Types> {
    let part = || any::<prop::sample::Index>();
    let kind = prop_oneof![
        2 => part().prop_map(Draft::Slice),
        2 => part().prop_map(Draft::Pointer),
        2 => prop::collection::vec(part(), 0..5).prop_map(Draft::Struct),
        1 => (part(), 0u64..7).prop_map(|(part, len)| Draft::Array(part, len)),
        1 => (part(), part()).prop_map(|(key, value)| Draft::Map(key, value)),
    ];
    prop::collection::vec(kind, 1..12).prop_map(|drafts| {
        let plain = [
            TypeKind::Int(IntKind::I64),
            TypeKind::Int(IntKind::U8),
            TypeKind::Bool,
            TypeKind::F64,
            TypeKind::String,
        ];
        let keys = plain.len();
        let all = keys + drafts.len();
        let mut kinds = plain.to_vec();
        for draft in drafts {
            let below = kinds.len();
            let any = |part: prop::sample::Index| TypeId(part.index(all) as u32);
            let early = |part: prop::sample::Index| TypeId(part.index(below) as u32);
            kinds.push(match draft {
                Draft::Slice(part) => TypeKind::Slice(any(part)),
                Draft::Pointer(part) => TypeKind::Pointer(any(part)),
                Draft::Map(key, value) => TypeKind::Map(TypeId(key.index(keys) as u32), any(value)),
                Draft::Array(part, len) => TypeKind::Array(early(part), len),
                Draft::Struct(parts) => TypeKind::Struct(
                    (parts.into_iter().enumerate())
                        .map(|(at, part)| Field {
                            name: format!("f{at}"),
                            ty: early(part),
                            embedded: false,
                            tag: String::new(),
                        })
                        .collect(),
                ),
            });
        }
        let types = kinds.into_iter().map(|kind| Type {
            // Names keep apart what is made alike.
            name: "named".into(),
            kind,
            methods: Vec::new(),
        });
        Types {
            types: types.collect(),
            methods: Vec::new(),
        }
    })
}

#[derive(Clone, Debug)]
enum Draft {
    Slice(prop::sample::Index),
    Pointer(prop::sample::Index),
    Struct(Vec<prop::sample::Index>),
    Array(prop::sample::Index, u64),
    Map(prop::sample::Index, prop::sample::Index),
}

/// Makes values; what it has made before may be referred to again.
struct Maker<'a> {
    cx: &'a mut Context,
    random: u64,
    /// Rows by element type: address and count.
    rows: HashMap<TypeId, Vec<(usize, usize)>>,
    maps: HashMap<TypeId, Vec<usize>>,
    /// Objects that are left to be made.
    budget: u32,
}

impl Maker<'_> {
    fn below(&mut self, most: usize) -> usize {
        self.random = self
            .random
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(99);
        ((self.random >> 33) as usize) % most.max(1)
    }

    /// Fills the memory of a value.
    fn fill(&mut self, at: usize, ty: TypeId) {
        let program = self.cx.program.clone();
        let types = &program.module.types;
        // SAFETY: there is memory for a value of that type.
        let put = |offset: usize, word: u64| unsafe { ((at + offset) as *mut u64).write(word) };
        match types.kind(ty) {
            TypeKind::Int(IntKind::I64) | TypeKind::F64 => put(0, self.below(1000) as u64),
            TypeKind::Int(_) | TypeKind::Bool => {
                let byte = self.below(2) as u8;
                // SAFETY: as above.
                unsafe { (at as *mut u8).write(byte) };
            }
            TypeKind::String => {
                let (row, count) = self.row(TypeId(1));
                let from = self.below(count + 1);
                let len = self.below(count - from + 1);
                put(0, (row + from) as u64);
                put(8, len as u64);
            }
            TypeKind::Slice(element) => self.fill_slice(at, *element),
            TypeKind::Pointer(target) => {
                let (row, count) = self.row(*target);
                if count == 0 {
                    return;
                }
                let number = self.below(count);
                put(0, (row + number * program.size_of(*target)) as u64);
            }
            TypeKind::Map(..) => {
                let map = self.map(ty);
                put(0, map as u64);
            }
            TypeKind::Struct(fields) => {
                for (field, offset) in fields.iter().zip(types.field_offsets(ty)) {
                    self.fill(at + offset as usize, field.ty);
                }
            }
            TypeKind::Array(element, len) => {
                for number in 0..*len as usize {
                    self.fill(at + number * program.size_of(*element), *element);
                }
            }
            other => panic!("{other:?} is not generated"),
        }
    }

    fn fill_slice(&mut self, at: usize, element: TypeId) {
        let (row, count) = self.row(element);
        let size = self.cx.program.size_of(element);
        let words = match self.below(6) {
            0 => [0, 0, 0],
            1 => [&raw const EMPTY as u64, 0, 0],
            _ => {
                let from = self.below(count + 1);
                let cap = self.below(count - from + 1);
                let len = self.below(cap + 1);
                [(row + from * size) as u64, len as u64, cap as u64]
            }
        };
        // SAFETY: there is memory for a slice.
        unsafe { (at as *mut [u64; 3]).write(words) };
    }

    /// A row of values, new or not; empty when there are enough objects.
    fn row(&mut self, element: TypeId) -> (usize, usize) {
        let known = self.rows.entry(element).or_default().clone();
        if !known.is_empty() && (self.budget == 0 || self.below(3) == 0) {
            return known[self.below(known.len())];
        }
        if self.budget == 0 {
            return (&raw const EMPTY as usize, 0);
        }
        self.budget -= 1;
        let count = 1 + self.below(6);
        let size = self.cx.program.size_of(element);
        let row = self
            .cx
            .new_row(element, size, count)
            .expect("there is memory") as usize;
        let count = if size == 0 { 0 } else { count };
        self.rows.entry(element).or_default().push((row, count));
        for number in 0..count {
            self.fill(row + number * size, element);
        }
        (row, count)
    }

    fn map(&mut self, ty: TypeId) -> usize {
        let known = self.maps.entry(ty).or_default().clone();
        if self.budget == 0 || (!known.is_empty() && self.below(2) == 0) {
            return known.first().copied().unwrap_or(0);
        }
        self.budget -= 1;
        let program = self.cx.program.clone();
        let map = program
            .maps
            .create(&mut self.cx.heap, ty, 0)
            .expect("there is memory");
        self.maps.entry(ty).or_default().push(map as usize);
        let (key, value) = program.maps.entry_types(ty);
        for _ in 0..self.below(20) {
            let (key, value) = (self.slots(key), self.slots(value));
            // SAFETY: a live map, and values of its types.
            unsafe { (program.maps).set(&mut self.cx.heap, ty, map, &key, &value) }
                .expect("hashable, and there is memory");
        }
        map as usize
    }

    /// A value in slots.
    fn slots(&mut self, ty: TypeId) -> Vec<u64> {
        let program = self.cx.program.clone();
        let types = &program.module.types;
        let size = program.size_of(ty);
        let memory = self.cx.new_row(ty, size.max(8), 1).expect("memory") as usize;
        self.fill(memory, ty);
        match types.parts(ty) {
            None => vec![memory as u64],
            // SAFETY: the memory holds a value of the type.
            Some(parts) => parts
                .iter()
                .map(|(at, part)| unsafe { load(memory + *at as usize, *part) })
                .collect(),
        }
    }
}

/// # Safety
/// There is such a part at the address.
unsafe fn load(at: usize, part: vo_bytecode::types::Part) -> u64 {
    use vo_bytecode::Mem;
    use vo_bytecode::types::Part;
    // SAFETY: the caller's promise.
    unsafe {
        match part {
            Part::Mem(Mem::U8) => u64::from(*(at as *const u8)),
            Part::Mem(_) => *(at as *const u64),
            Part::Iface => panic!("interfaces are not generated"),
        }
    }
}

/// Walks two values in step.
struct Twins<'a> {
    program: &'a Program,
    from: &'a Context,
    to: &'a Context,
    /// Objects of the one by objects of the other: start, and where the copy of byte 0 would be.
    objects: HashMap<usize, isize>,
    copies: HashMap<usize, usize>,
    maps: HashMap<usize, usize>,
    seen: HashSet<(usize, TypeId)>,
    work: Vec<(usize, usize, TypeId)>,
}

impl Twins<'_> {
    fn word(at: usize) -> u64 {
        // SAFETY: the walk looks at live values alone.
        unsafe { *(at as *const u64) }
    }

    /// Two references to the same place of an object and of its copy.
    fn reference(&mut self, a: usize, b: usize) -> Result<(), TestCaseError> {
        let (Some(x), Some(y)) = (self.from.find_object(a), self.to.find_object(b)) else {
            prop_assert_eq!(a, b, "what no island owns keeps its address");
            return Ok(());
        };
        prop_assert!(self.from.find_object(b).is_none(), "shared between islands");
        let shift = b as isize - a as isize;
        let expected = *self.objects.entry(x.start).or_insert(shift);
        prop_assert_eq!(shift, expected, "an object was torn apart");
        let owner = *self.copies.entry(y.start).or_insert(x.start);
        prop_assert_eq!(owner, x.start, "two objects became one");
        Ok(())
    }

    fn value(&mut self, a: usize, b: usize, ty: TypeId) -> Result<(), TestCaseError> {
        let types = &self.program.module.types;
        match types.kind(ty) {
            TypeKind::Struct(fields) => {
                for (field, at) in fields.iter().zip(types.field_offsets(ty)) {
                    self.value(a + at as usize, b + at as usize, field.ty)?;
                }
            }
            TypeKind::Array(element, len) => {
                let size = self.program.size_of(*element);
                for number in 0..*len as usize {
                    self.value(a + number * size, b + number * size, *element)?;
                }
            }
            TypeKind::String => {
                prop_assert_eq!(Self::word(a + 8), Self::word(b + 8));
                let len = Self::word(a + 8) as usize;
                if len > 0 {
                    let (x, y) = (Self::word(a) as usize, Self::word(b) as usize);
                    self.reference(x, y)?;
                    self.row(x, y, TypeId(1), len);
                }
            }
            TypeKind::Slice(element) => {
                for at in [8, 16] {
                    prop_assert_eq!(Self::word(a + at), Self::word(b + at));
                }
                let (x, y) = (Self::word(a) as usize, Self::word(b) as usize);
                prop_assert_eq!(x == 0, y == 0, "nil and empty are not the same");
                let cap = Self::word(a + 16) as usize;
                if cap * self.program.size_of(*element) > 0 {
                    self.reference(x, y)?;
                    self.row(x, y, *element, cap);
                }
            }
            TypeKind::Pointer(target) => {
                let (x, y) = (Self::word(a) as usize, Self::word(b) as usize);
                prop_assert_eq!(x == 0, y == 0);
                if x != 0 {
                    self.reference(x, y)?;
                    self.row(x, y, *target, 1);
                }
            }
            TypeKind::Map(..) => {
                self.map(Self::word(a) as usize, Self::word(b) as usize, ty)?;
            }
            _ => {
                for at in 0..self.program.size_of(ty) {
                    // SAFETY: bytes of live values.
                    let (x, y) = unsafe { (*((a + at) as *const u8), *((b + at) as *const u8)) };
                    prop_assert_eq!(x, y);
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, a: usize, b: usize, ty: TypeId, count: usize) {
        let size = self.program.size_of(ty);
        for number in 0..count {
            if self.seen.insert((a + number * size, ty)) {
                self.work.push((a + number * size, b + number * size, ty));
            }
        }
    }

    fn map(&mut self, a: usize, b: usize, ty: TypeId) -> Result<(), TestCaseError> {
        prop_assert_eq!(a == 0, b == 0);
        if a == 0 {
            return Ok(());
        }
        if let Some(known) = self.maps.insert(a, b) {
            prop_assert_eq!(known, b, "a map was torn apart");
            return Ok(());
        }
        let (key, value) = self.program.maps.entry_types(ty);
        let entries = |map: usize| {
            let mut all = Vec::new();
            // SAFETY: a live map.
            unsafe {
                self.program.maps.for_each(ty, map as *const u8, |entry| {
                    all.push([entry.key, entry.value].map(|words| words.to_vec()));
                });
            }
            all
        };
        let (x, y) = (entries(a), entries(b));
        prop_assert_eq!(x.len(), y.len());
        for (x, y) in x.iter().zip(&y) {
            self.slots(&x[0], &y[0], key)?;
            self.slots(&x[1], &y[1], value)?;
        }
        for entry in &y {
            // SAFETY: a live map and a key of it.
            let found = unsafe { self.program.maps.get(ty, b as *const u8, &entry[0]) };
            prop_assert!(found.is_ok_and(|found| found.is_some()), "a key is lost");
        }
        Ok(())
    }

    /// Values in slots.
    fn slots(&mut self, a: &[u64], b: &[u64], ty: TypeId) -> Result<(), TestCaseError> {
        let types = &self.program.module.types;
        let Some(parts) = types.parts(ty) else {
            self.reference(a[0] as usize, b[0] as usize)?;
            self.row(a[0] as usize, b[0] as usize, ty, 1);
            return self.drain();
        };
        // In memory again, where the walk knows its way.
        let bytes = self.program.size_of(ty).div_ceil(8) + 1;
        let (mut x, mut y) = (vec![0u64; bytes], vec![0u64; bytes]);
        for (word, (at, part)) in parts.iter().enumerate() {
            for (memory, value) in [(&mut x, a[word]), (&mut y, b[word])] {
                let at = memory.as_mut_ptr().cast::<u8>().wrapping_add(*at as usize);
                // SAFETY: there is room for the type.
                unsafe {
                    match part {
                        vo_bytecode::types::Part::Mem(mem) if mem.size() == 1 => {
                            at.write(value as u8);
                        }
                        _ => at.cast::<u64>().write(value),
                    }
                }
            }
        }
        self.value(x.as_ptr() as usize, y.as_ptr() as usize, ty)?;
        self.drain()
    }

    fn drain(&mut self) -> Result<(), TestCaseError> {
        while let Some((a, b, ty)) = self.work.pop() {
            self.value(a, b, ty)?;
        }
        Ok(())
    }
}

/// Sends a value from one island to another.
fn send(from: &Context, to: &mut Context, words: &[u64], ty: TypeId) -> Vec<u64> {
    let plan = from.program.pack.slots(ty);
    // SAFETY: a value of that type; both islands have the same program.
    unsafe {
        let message = from.pack(words, plan);
        let mut received = vec![0; words.len()];
        to.unpack(message, received.as_mut_ptr(), received.len())
            .expect("there is memory");
        received
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_value_keeps_its_shape(types in types(), seed in any::<u64>(), root in any::<prop::sample::Index>()) {
        let root = TypeId(root.index(types.types.len()) as u32);
        prop_assume!(types.sendable()[root.index()]);
        let mut from = context(types);
        let mut to = island(from.program.clone());
        let words = {
            let mut maker = Maker {
                cx: &mut from,
                random: seed,
                rows: HashMap::new(),
                maps: HashMap::new(),
                budget: 40,
            };
            maker.slots(root)
        };
        let received = send(&from, &mut to, &words, root);
        let program = from.program.clone();
        let mut twins = Twins {
            program: &program,
            from: &from,
            to: &to,
            objects: HashMap::new(),
            copies: HashMap::new(),
            maps: HashMap::new(),
            seen: HashSet::new(),
            work: Vec::new(),
        };
        twins.slots(&words, &received, root)?;
        drop(twins);
        to.heap.verify().map_err(|fault| TestCaseError::fail(fault.to_string()))?;
    }
}

fn parsed(types: &str) -> Box<Context> {
    let source = format!("{types}\nfunc main.main() {{\n  Return []\n}}\nentry main.main\n");
    let module = text::parse(&source).expect("the module is well-formed");
    island(Arc::new(Program::new(module)))
}

#[test]
fn a_list_of_a_million_nodes() {
    let mut from = parsed(
        "type t0 int = i64\n\
         type t1 node = struct { value: t0, next: t2 }\n\
         type t2 = pointer t1\n",
    );
    let mut to = island(from.program.clone());
    let layout = from.program.layouts.of(TypeId(1));
    let mut list = 0;
    for value in 0..1_000_000u64 {
        let node = from.heap.alloc(layout, 16).expect("memory").cast::<u64>();
        // SAFETY: a new object of two words.
        unsafe { node.cast::<[u64; 2]>().write([value, list]) };
        list = node as u64;
    }
    let mut at = send(&from, &mut to, &[list], TypeId(2))[0];
    for value in (0..1_000_000u64).rev() {
        // SAFETY: a node of the copy.
        let [found, next] = unsafe { *(at as *const [u64; 2]) };
        assert_eq!(found, value);
        at = next;
    }
    assert_eq!(at, 0);
}

#[test]
fn only_what_a_slice_reaches_is_sent() {
    let mut from = parsed("type t0 byte = u8\ntype t1 = slice t0\n");
    let mut to = island(from.program.clone());
    let row = from.new_row(TypeId(0), 1, 8 << 20).expect("memory") as u64;
    let received = send(&from, &mut to, &[row + (4 << 20), 3, 10], TypeId(1));
    assert_eq!(received[1..], [3, 10]);
    assert!(to.heap.stats().in_use < 1 << 10);
}

#[test]
fn a_global_variable_goes_as_an_object() {
    let source = "type t0 int = i64\n\
         type t1 = struct { a: t0, b: t0 }\n\
         type t2 = pointer t1\n\
         global g0 main.x t0\n\
         global g1 main.y t1\n\
         func main.main() {\n  Return []\n}\nentry main.main\n";
    let module = text::parse(source).expect("the module is well-formed");
    let from = island(Arc::new(Program::new(module)));
    let mut to = island(from.program.clone());
    let at = from.globals as u64 + from.program.globals.offsets[1];
    // SAFETY: the second global has two words.
    unsafe { (at as *mut [u64; 2]).write([3, 4]) };
    let received = send(&from, &mut to, &[at], TypeId(2))[0];
    assert!(to.heap.find(received as usize).is_some());
    // SAFETY: a copy of the global.
    assert_eq!(unsafe { *(received as *const [u64; 2]) }, [3, 4]);
    assert!(!ptr::eq(received as *const u8, at as *const u8));
}
