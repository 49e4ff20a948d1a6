//! What the runtime knows of a program: its verified module, and the tables made from it once.

use super::chan::Chan;
use super::heap::{LayoutId, Layouts, Marker};
use super::map::Maps;
use super::origin::Sites;
use super::pack::Plans;
use super::port::Port;
use super::world::handle::Handle;
use crate::inline::{Frame, Inlined, Places};
use std::sync::Arc;
use vo_bytecode::{
    FuncId, Function, GlobalId, ISLAND_INIT, MethodId, Module, SlotTy, StrId, TypeId, TypeKind,
};

/// A verified module and what is derived from it. Shared by all islands; never changed.
pub struct Program {
    /// The module.
    pub module: Module,
    /// Where its instructions stood before they were copied into other functions.
    pub places: Places,
    /// The functions that nothing reaches since their calls are written out; they have no code.
    pub gone: Vec<bool>,
    /// Heap layouts: those of the module's types, then the runtime's own.
    pub layouts: Arc<Layouts>,
    /// The layouts of the runtime's own objects.
    pub own: OwnLayouts,
    /// The map types and the operations on maps.
    pub maps: Maps,
    /// How values leave their island.
    pub pack: Plans,
    /// For each channel type, the shape of its values.
    pub chan_shapes: Vec<Option<Shape>>,
    /// What islands other than `main`'s do before anything else.
    pub island_init: Option<FuncId>,
    /// Where each global lies.
    pub globals: Globals,
    /// Where goroutines are started.
    pub sites: Sites,
    /// The function values of functions without captures: each one word, the function's id.
    closures: Box<[u64]>,
    /// The size of each type's memory form in bytes.
    sizes: Box<[usize]>,
    /// Which functions ask for the panic that has run them.
    recovers: Box<[bool]>,
    /// Where panics of each function lead.
    landings: Box<[Option<usize>]>,
}

/// Layout numbers of the runtime's own heap objects.
#[derive(Clone, Copy, Debug)]
pub struct OwnLayouts {
    /// [`super::chan::Chan`].
    pub chan: LayoutId,
    /// [`super::port::Port`].
    pub port: LayoutId,
    /// [`super::world::handle::Handle`].
    pub island: LayoutId,
    /// Bytes without references: the text of strings.
    pub bytes: LayoutId,
}

/// Which words of a value in slot form are references. Values in slot form have at most
/// [`vo_bytecode::types::MAX_FLAT_SLOTS`] words, so a byte has a bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shape {
    /// How many words.
    pub words: u8,
    /// The words that are references, from bit 0.
    pub refs: u8,
    /// The words that are interfaces' type words; their data words follow.
    pub ifaces: u8,
}

impl Shape {
    /// The shape of a value with these slots.
    pub fn of(slots: &[SlotTy]) -> Shape {
        let mut shape = Shape {
            words: slots.len() as u8,
            ..Shape::default()
        };
        for (at, slot) in slots.iter().enumerate() {
            match slot {
                SlotTy::Ref => shape.refs |= 1 << at,
                SlotTy::IfaceType => shape.ifaces |= 1 << at,
                SlotTy::I64 | SlotTy::F64 | SlotTy::F32 | SlotTy::IfaceData => {}
            }
        }
        shape
    }

    /// Shows the references of a value to the collector.
    ///
    /// # Safety
    /// `value` points to the shape's words, which hold a valid value.
    pub unsafe fn trace(&self, value: *const u64, marker: &mut Marker<'_>) {
        for at in (0..usize::from(self.words)).filter(|at| (self.refs | self.ifaces) >> at & 1 != 0)
        {
            // SAFETY: the caller's promise.
            unsafe {
                if self.refs >> at & 1 != 0 {
                    marker.mark_ref(*value.add(at) as *const u8);
                } else {
                    marker.mark_iface(*value.add(at), *value.add(at + 1));
                }
            }
        }
    }
}

/// Where the global variables lie in an island's block of globals.
#[derive(Clone, Debug, Default)]
pub struct Globals {
    /// The byte offset of each global.
    pub offsets: Vec<u64>,
    /// The block's size in bytes.
    pub size: u64,
    /// Byte offsets of references.
    pub refs: Vec<u64>,
    /// Byte offsets of interfaces.
    pub ifaces: Vec<u64>,
}

impl Globals {
    fn new(module: &Module) -> Globals {
        let mut globals = Globals::default();
        for global in &module.globals {
            let layout = module.types.layout(global.ty);
            let at = globals.size.next_multiple_of(8);
            globals.offsets.push(at);
            globals.refs.extend(layout.refs.iter().map(|r| at + r));
            globals.ifaces.extend(layout.ifaces.iter().map(|r| at + r));
            globals.size = at + layout.size;
        }
        globals
    }

    /// The byte offset of a global.
    pub fn offset(&self, global: GlobalId) -> u64 {
        self.offsets[global.index()]
    }
}

impl Program {
    /// The frames of a trace that people see. The entry function is nobody's code: it initialises
    /// packages and calls `main`. Nor are the wrappers around methods, which have no lines, unlike
    /// what they call. A module without any lines shows all it has.
    pub fn shown_frames<'a>(&self, frames: &'a [Frame]) -> impl Iterator<Item = &'a Frame> {
        let entry = self.module.entry;
        let has_lines = frames.iter().any(|frame| frame.line != 0);
        frames
            .iter()
            .filter(move |frame| Some(frame.func) != entry)
            .filter(move |frame| frame.line != 0 || !has_lines)
    }

    /// Derives the tables of a module that has passed the verifier.
    pub fn new(module: Module) -> Program {
        let functions = module.functions.len();
        Program::of(Inlined {
            module,
            places: Places::new(functions),
            gone: vec![false; functions],
        })
    }

    /// Derives the tables of a module in which calls are written out.
    pub fn of(inlined: Inlined) -> Program {
        let Inlined {
            module,
            places,
            gone,
        } = inlined;
        let mut layouts = Layouts::new(&module.types);
        let own = OwnLayouts {
            chan: layouts.register_custom(Chan::trace),
            port: layouts.register(size_of::<Port>() as u64, &[], &[]),
            island: layouts.register(size_of::<Handle>() as u64, &[], &[]),
            bytes: layouts.register(1, &[], &[]),
        };
        let chan_shapes = module
            .types
            .types
            .iter()
            .map(|ty| match ty.kind {
                TypeKind::Chan(elem, ..) => Some(Shape::of(&module.types.slots(elem))),
                _ => None,
            })
            .collect();
        let maps = Maps::new(&module.types, &mut layouts);
        let pack = Plans::new(&module);
        let globals = Globals::new(&module);
        let closures = (0..module.functions.len() as u64).collect();
        let types = 0..module.types.types.len() as u32;
        let sizes = types
            .map(|ty| module.types.layout(TypeId(ty)).size as usize)
            .collect();
        let layouts = Arc::new(layouts);
        let functions = &module.functions;
        Program {
            island_init: module.find_func(ISLAND_INIT),
            recovers: functions.iter().map(Function::recovers).collect(),
            landings: functions.iter().map(Function::landing).collect(),
            sites: Sites::new(&module, &places),
            module,
            places,
            gone,
            layouts,
            own,
            maps,
            pack,
            chan_shapes,
            globals,
            closures,
            sizes,
        }
    }

    /// Where an instruction stands, in one word; [`Places::frames`] says what it means.
    pub fn site(&self, func: FuncId, inst: usize) -> u64 {
        self.places.site(&self.module, func, inst)
    }

    /// How many functions it has, but for those that are gone.
    pub fn functions(&self) -> usize {
        self.gone.iter().filter(|gone| !**gone).count()
    }

    /// The bytes of a string constant; they stay where they are.
    pub fn string(&self, id: StrId) -> &[u8] {
        &self.module.strings[id.index()]
    }

    /// The function value of a function without captures; it stays where it is.
    pub fn closure(&self, func: FuncId) -> *const u64 {
        &self.closures[func.index()]
    }

    /// Whether a function asks for the panic that has run it.
    pub fn recovers(&self, func: FuncId) -> bool {
        self.recovers[func.index()]
    }

    /// The instruction that panics of a function lead to, where it has deferred calls.
    pub fn landing(&self, func: FuncId) -> Option<usize> {
        self.landings[func.index()]
    }

    /// The size of a type's memory form in bytes.
    pub fn size_of(&self, ty: TypeId) -> usize {
        self.sizes[ty.index()]
    }

    /// The shape of the values of a channel type.
    pub fn chan_shape(&self, ty: TypeId) -> Option<Shape> {
        *self.chan_shapes.get(ty.index())?
    }

    /// Whether a dynamic type has every method of an interface type.
    pub fn implements(&self, ty: TypeId, interface: TypeId) -> bool {
        match self.module.types.kind(interface) {
            TypeKind::Interface(methods) => methods
                .iter()
                .all(|method| self.module.types.find_method(ty, *method).is_some()),
            _ => false,
        }
    }

    /// The function behind a method of the dynamic type of a type word; `None` for nil.
    pub fn method(&self, type_word: u64, method: MethodId) -> Option<FuncId> {
        let ty = TypeId(u32::try_from(type_word.checked_sub(1)?).ok()?);
        self.module.types.find_method(ty, method)
    }
}
