//! Layouts: where the references of an object lie.
//!
//! Types come first: the layout of type `t` is number `t + 1`, as an interface's type word is;
//! number 0 is no layout, so that memory never given out is told from objects. Behind the types
//! the runtime registers layouts of its own objects.
//!
//! An object of a layout is a row of elements of the layout's size, as many as fit into its
//! memory; what is left over is zero.

use super::mark::Marker;
use vo_bytecode::{TypeId, TypeKind, Types};

/// A layout; the first word of an object's header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LayoutId(pub u32);

impl LayoutId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Shows every reference of an object to a marker: the payload, how many bytes may be read of
/// it, the marker.
///
/// # Safety
/// The payload must be that of a live object with this layout.
pub type TraceFn = unsafe fn(*mut u8, usize, &mut Marker<'_>);

/// How the collector finds references.
#[derive(Clone, Debug)]
pub(super) enum Trace {
    /// There are none.
    None,
    /// Elements of up to 64 words: a bit for each word that is a reference, and for each that is
    /// an interface's type word.
    Mask {
        /// References.
        refs: u64,
        /// Interfaces.
        ifaces: u64,
    },
    /// Larger elements: byte offsets.
    List {
        /// References.
        refs: Box<[u64]>,
        /// Interfaces.
        ifaces: Box<[u64]>,
    },
    /// The runtime's own objects.
    Custom(TraceFn),
}

/// A layout as the collector wants it.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Bytes of an element; not 0 unless there are no references.
    pub(super) size: usize,
    /// Where its references are.
    pub(super) trace: Trace,
}

impl Shape {
    fn new(size: u64, refs: &[u64], ifaces: &[u64]) -> Shape {
        debug_assert!(refs.iter().chain(ifaces).all(|off| off % 8 == 0));
        let mask = |offsets: &[u64]| offsets.iter().fold(0, |mask, off| mask | 1u64 << (off / 8));
        let trace = if refs.is_empty() && ifaces.is_empty() {
            Trace::None
        } else if size <= 64 * 8 {
            Trace::Mask {
                refs: mask(refs),
                ifaces: mask(ifaces),
            }
        } else {
            Trace::List {
                refs: refs.into(),
                ifaces: ifaces.into(),
            }
        };
        Shape {
            size: size as usize,
            trace,
        }
    }
}

/// The layout table of a program, shared by its heaps.
#[derive(Clone, Debug)]
pub struct Layouts {
    /// By layout number.
    pub(super) shapes: Vec<Shape>,
    /// A bit for each type word: whether an interface's data word is then a reference.
    pub(super) word_is_ref: Vec<u64>,
    /// The layout of each type; arrays have that of their innermost element.
    of_type: Vec<LayoutId>,
}

impl Layouts {
    /// The layouts of all types of a module.
    pub fn new(types: &Types) -> Layouts {
        let count = types.types.len();
        let mut layouts = Layouts {
            shapes: Vec::with_capacity(count + 17),
            word_is_ref: vec![0; count / 64 + 1],
            of_type: Vec::with_capacity(count),
        };
        layouts.shapes.push(Shape::new(0, &[], &[]));
        for index in 0..count {
            let id = TypeId(index as u32);
            let element = innermost(types, id);
            let layout = types.layout(element);
            let shape = Shape::new(layout.size, &layout.refs, &layout.ifaces);
            layouts.shapes.push(shape);
            layouts.of_type.push(LayoutId(element.0 + 1));
            if types.word_is_ref(id) {
                let word = index + 1;
                layouts.word_is_ref[word / 64] |= 1 << (word % 64);
            }
        }
        layouts
    }

    /// Adds a layout of elements of `size` bytes with references and interfaces at these offsets
    /// (multiples of 8).
    pub fn register(&mut self, size: u64, refs: &[u64], ifaces: &[u64]) -> LayoutId {
        self.add(Shape::new(size, refs, ifaces))
    }

    /// Adds a layout whose references are shown by a function.
    pub fn register_custom(&mut self, trace: TraceFn) -> LayoutId {
        self.add(Shape {
            size: 1,
            trace: Trace::Custom(trace),
        })
    }

    fn add(&mut self, shape: Shape) -> LayoutId {
        self.shapes.push(shape);
        LayoutId(self.shapes.len() as u32 - 1)
    }

    /// The layout of objects of that type, and of rows of it.
    pub fn of(&self, id: TypeId) -> LayoutId {
        self.of_type[id.index()]
    }

    /// The bytes of an element of that layout, at least 1.
    pub fn element_bytes(&self, id: LayoutId) -> usize {
        self.shapes[id.index()].size.max(1)
    }

    /// Whether objects of that layout hold no references.
    pub fn noscan(&self, id: LayoutId) -> bool {
        matches!(self.shapes[id.index()].trace, Trace::None)
    }

    /// Whether the data word of an interface with that type word is a reference.
    #[inline]
    pub fn word_is_ref(&self, type_word: u64) -> bool {
        match self.word_is_ref.get((type_word / 64) as usize) {
            Some(bits) => bits >> (type_word % 64) & 1 != 0,
            None => false,
        }
    }
}

/// The element type of an array of arrays, or the type itself.
fn innermost(types: &Types, mut id: TypeId) -> TypeId {
    while let TypeKind::Array(element, _) = types.kind(id) {
        id = *element;
    }
    id
}
