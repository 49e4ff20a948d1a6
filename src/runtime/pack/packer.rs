//! Packing: out of an island's heap.

use super::region::Ranges;
use super::{From, Graph, INLINE_WORDS, Leaf, Link, Map, Message, Object, Plan, SlotPlan, To};
use crate::runtime::context::Context;
use crate::runtime::heap::LayoutId;
use crate::runtime::native::EMPTY;
use crate::runtime::port;
use rustc_hash::FxHashMap;
use std::ptr;
use vo_bytecode::TypeId;

impl Context {
    /// A copy of the value in `words`, which may go to another island.
    ///
    /// # Safety
    /// The words are a valid value that `plan` is for, of types that may leave their island; all
    /// that it leads to is this island's, or nobody's.
    pub unsafe fn pack(&self, words: &[u64], plan: &SlotPlan) -> Message {
        let leads_nowhere = |(at, _): &(usize, Leaf)| words[*at] == 0;
        if words.len() <= INLINE_WORDS && plan.leaves.iter().all(leads_nowhere) {
            return Message::plain(words);
        }
        let mut walk = Walk::new(self, words.len());
        walk.words.extend_from_slice(words);
        for (at, leaf) in &plan.leaves {
            // SAFETY: the caller's promise; the words behind a leaf's first are there, too.
            unsafe { walk.leaf(Place::Word(*at), &raw const words[*at], *leaf) };
        }
        // SAFETY: as above.
        unsafe { walk.finish() }
    }
}

/// Where a reference stands while the objects' first bytes are not known yet.
#[derive(Clone, Copy)]
enum Place {
    /// So many bytes into the object as it is on the heap.
    Object(u32, usize),
    /// A word of the graph.
    Word(usize),
}

/// An object that has been reached.
struct Seen {
    start: usize,
    layout: LayoutId,
    /// Bytes of an element of its layout; the copy begins and ends with whole ones.
    stride: usize,
    bytes: usize,
    reached: Ranges,
    /// The first byte that is copied; known when all has been reached.
    first: usize,
}

/// What is yet to be looked at: values of a type in an object, or a map.
enum Work {
    Row {
        object: u32,
        at: usize,
        count: usize,
        ty: TypeId,
    },
    Map(u32, usize),
}

struct Walk<'a> {
    cx: &'a Context,
    root: usize,
    /// The root's words and entries of maps.
    words: Vec<u64>,
    objects: Vec<Seen>,
    by_start: FxHashMap<usize, u32>,
    maps: Vec<Map>,
    by_map: FxHashMap<usize, u32>,
    ports: Vec<std::sync::Arc<port::PortShared>>,
    links: Vec<(Place, To)>,
    work: Vec<Work>,
}

impl<'a> Walk<'a> {
    fn new(cx: &'a Context, root: usize) -> Walk<'a> {
        Walk {
            cx,
            root,
            words: Vec::with_capacity(root),
            objects: Vec::new(),
            by_start: FxHashMap::default(),
            maps: Vec::new(),
            by_map: FxHashMap::default(),
            ports: Vec::new(),
            links: Vec::new(),
            work: Vec::new(),
        }
    }

    /// Notes the reference at `at`, and what it leads to.
    ///
    /// # Safety
    /// `at` points to a valid value of that kind, all of its words.
    unsafe fn leaf(&mut self, place: Place, at: *const u64, leaf: Leaf) {
        let plans = &self.cx.program.pack;
        // SAFETY: the caller's promise.
        let reference = unsafe { *at } as usize;
        if reference == 0 {
            return;
        }
        let to = match leaf {
            // SAFETY: the caller's promise: a string's length is behind its pointer.
            Leaf::Text => match unsafe { *at.add(1) } as usize {
                0 => Some(To::Fixed(0)),
                len => self.reach(reference, None, len, len),
            },
            Leaf::Row(ty) => {
                // SAFETY: the caller's promise: length and capacity are behind the pointer.
                let cap = unsafe { *at.add(2) } as usize;
                match cap * plans.sizes[ty.index()] {
                    0 => Some(To::Fixed(&raw const EMPTY as u64)),
                    bytes => self.reach(reference, Some(ty), cap, bytes),
                }
            }
            Leaf::One(ty) => self.reach(reference, Some(ty), 1, plans.sizes[ty.index()]),
            Leaf::Map(ty) => Some(To::Map(self.map(reference, ty))),
            Leaf::Port => {
                // SAFETY: a port of this island, which is not null.
                self.ports.push(unsafe { port::shared_of(reference) });
                Some(To::Port(self.ports.len() as u32 - 1))
            }
        };
        if let Some(to) = to {
            self.links.push((place, to));
        }
    }

    /// Reaches so many values of a type (bytes where there is none): where that is. `None` for
    /// what is no island's, whose address stays as it is.
    fn reach(
        &mut self,
        reference: usize,
        ty: Option<TypeId>,
        count: usize,
        bytes: usize,
    ) -> Option<To> {
        let found = self.cx.find_object(reference)?;
        let number = *self.by_start.entry(found.start).or_insert_with(|| {
            self.objects.push(Seen {
                start: found.start,
                layout: found.layout,
                stride: self.cx.program.layouts.element_bytes(found.layout),
                bytes: found.bytes,
                reached: Ranges::default(),
                first: 0,
            });
            self.objects.len() as u32 - 1
        });
        let plans = &self.cx.program.pack;
        let at = reference - found.start;
        let scanned = ty.filter(|ty| !matches!(plans.memory[ty.index()], Plan::Plain));
        let (reached, work) = (&mut self.objects[number as usize].reached, &mut self.work);
        reached.add(at, at + bytes, |from, to| {
            // Of values that were reached in part before all is looked at once more, which does
            // no harm.
            if let Some(ty) = scanned {
                let size = bytes / count;
                let (first, behind) = ((from - at) / size, (to - at).div_ceil(size));
                work.push(Work::Row {
                    object: number,
                    at: at + first * size,
                    count: behind - first,
                    ty,
                });
            }
        });
        Some(To::Object(number, at))
    }

    fn map(&mut self, reference: usize, ty: TypeId) -> u32 {
        *self.by_map.entry(reference).or_insert_with(|| {
            let number = self.maps.len() as u32;
            self.maps.push(Map {
                ty,
                at: 0,
                entries: 0,
            });
            self.work.push(Work::Map(number, reference));
            number
        })
    }

    /// Looks at everything that is reached.
    ///
    /// # Safety
    /// What was noted are valid values.
    unsafe fn drain(&mut self) {
        while let Some(work) = self.work.pop() {
            match work {
                Work::Row {
                    object,
                    at,
                    count,
                    ty,
                } => {
                    let size = self.cx.program.pack.sizes[ty.index()];
                    for number in 0..count {
                        // SAFETY: the caller's promise.
                        unsafe { self.scan(object, at + number * size, ty) };
                    }
                }
                // SAFETY: the caller's promise.
                Work::Map(number, reference) => unsafe { self.entries(number, reference) },
            }
        }
    }

    /// Looks at a value in an object. Recursive in the type, whose depth the verifier bounds.
    ///
    /// # Safety
    /// There is a valid value of that type at that place.
    unsafe fn scan(&mut self, object: u32, at: usize, ty: TypeId) {
        let program = &self.cx.program;
        // SAFETY: the caller's promise.
        unsafe {
            match &program.pack.memory[ty.index()] {
                Plan::Plain => {}
                Plan::Leaf(leaf) => {
                    let address = self.objects[object as usize].start + at;
                    self.leaf(Place::Object(object, at), address as *const u64, *leaf);
                }
                Plan::Fields(fields) => {
                    for (offset, ty) in fields {
                        self.scan(object, at + offset, *ty);
                    }
                }
                Plan::Elements(element, count) => {
                    let size = program.pack.sizes[element.index()];
                    for number in 0..*count {
                        self.scan(object, at + number * size, *element);
                    }
                }
            }
        }
    }

    /// Notes the entries of a map.
    ///
    /// # Safety
    /// The reference is one to a live map of that type.
    unsafe fn entries(&mut self, number: u32, reference: usize) {
        let program = &self.cx.program;
        let ty = self.maps[number as usize].ty;
        let first = self.words.len();
        let words = &mut self.words;
        let mut entries = 0;
        // SAFETY: the caller's promise; nothing changes the map meanwhile.
        unsafe {
            program.maps.for_each(ty, reference as *const u8, |entry| {
                words.extend_from_slice(entry.key);
                words.extend_from_slice(entry.value);
                entries += 1;
            });
        }
        let map = &mut self.maps[number as usize];
        (map.at, map.entries) = (first, entries);
        let (key, value) = program.maps.entry_types(ty);
        let plan = program.pack.row_of_slots([key, value].into_iter());
        for entry in 0..entries {
            for (at, leaf) in &plan.leaves {
                let at = first + entry * plan.words + at;
                // The list may move while the reference is noted.
                let mut copy = [0; INLINE_WORDS];
                let width = INLINE_WORDS.min(self.words.len() - at);
                copy[..width].copy_from_slice(&self.words[at..at + width]);
                // SAFETY: a copy of the reference and of what belongs to it.
                unsafe { self.leaf(Place::Word(at), copy.as_ptr(), *leaf) };
            }
        }
    }

    /// Copies what was reached.
    ///
    /// # Safety
    /// What was noted are valid values.
    unsafe fn finish(mut self) -> Message {
        // SAFETY: the caller's promise.
        unsafe { self.drain() };
        let mut objects = Vec::with_capacity(self.objects.len());
        let mut at = self.words.len();
        for seen in &mut self.objects {
            let (first, behind) = seen.reached.hull();
            seen.first = first - first % seen.stride;
            let behind = behind.next_multiple_of(seen.stride).min(seen.bytes);
            let bytes = behind.saturating_sub(seen.first);
            objects.push(Object {
                layout: seen.layout,
                at,
                bytes,
            });
            at += bytes.div_ceil(8);
        }
        self.words.reserve_exact(at - self.words.len());
        for (seen, object) in self.objects.iter().zip(&objects) {
            // SAFETY: there is room for all objects; what was reached is valid.
            unsafe { seen.copy(object, &mut self.words) };
        }
        let first = |object: u32| self.objects[object as usize].first;
        let links = self.links.iter().map(|(from, to)| Link {
            from: match *from {
                Place::Object(object, at) => From::Object(object, at - first(object)),
                Place::Word(at) => From::Word(at),
            },
            to: match *to {
                To::Object(object, at) => To::Object(object, at.saturating_sub(first(object))),
                other => other,
            },
        });
        let links = links.collect();
        Message {
            words: [0; INLINE_WORDS],
            graph: Some(Box::new(Graph {
                words: self.words,
                root: self.root,
                objects,
                maps: self.maps,
                ports: self.ports,
                links,
            })),
        }
    }
}

impl Seen {
    /// Appends the object's bytes to words that have the room; zeros where nothing was reached.
    ///
    /// # Safety
    /// What was reached is valid memory.
    unsafe fn copy(&self, object: &Object, words: &mut Vec<u64>) {
        debug_assert_eq!(words.len(), object.at);
        let len = object.bytes.div_ceil(8);
        let to = words.spare_capacity_mut()[..len].as_mut_ptr().cast::<u8>();
        let mut done = 0;
        // SAFETY: the ranges lie within the object's bytes, for which there is room at `to`.
        unsafe {
            for (from, behind) in self.reached.iter() {
                let (from, behind) = (from - self.first, behind - self.first);
                let source = (self.start + self.first + from) as *const u8;
                ptr::write_bytes(to.add(done), 0, from - done);
                ptr::copy_nonoverlapping(source, to.add(from), behind - from);
                done = behind;
            }
            ptr::write_bytes(to.add(done), 0, len * 8 - done);
            words.set_len(words.len() + len);
        }
    }
}
