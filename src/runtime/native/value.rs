//! Values with their types, as reflection, printing and formatting see them.

use super::memory::Exhausted;
use super::numbers::plain_text;
use crate::runtime::context::Context;
use crate::runtime::value::name::type_name;
use std::borrow::Cow;
use std::ptr;
use vo_bytecode::types::Part;
use vo_bytecode::{Mem, TypeId, TypeKind, Types};

/// A value: its type, and where it is.
///
/// Invariant: what it refers to is a valid value of its type, and stays so while the `Value` lives
/// (no collection happens inside a runtime function).
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// The type.
    pub ty: TypeId,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// The data word of an interface: of a type of one word the value, else a reference to its
    /// memory form.
    Word(u64),
    /// The memory form.
    Memory(*const u8),
}

impl Value {
    /// The value in an interface; `None` for nil.
    ///
    /// # Safety
    /// The words are an interface's, and the value stays valid while the result lives.
    pub unsafe fn of_iface(type_word: u64, data: u64) -> Option<Value> {
        let ty = TypeId(u32::try_from(type_word.checked_sub(1)?).ok()?);
        Some(Value {
            ty,
            place: Place::Word(data),
        })
    }

    /// The value in memory form at an address.
    ///
    /// # Safety
    /// There is one, and it stays valid while the result lives.
    pub unsafe fn at(ty: TypeId, address: *const u8) -> Value {
        Value {
            ty,
            place: Place::Memory(address),
        }
    }

    /// The value of a kind that always has one word: its word in slot form.
    pub fn word(self, types: &Types) -> u64 {
        match self.place {
            // One word of slots is what an interface holds itself.
            Place::Word(word) => word,
            Place::Memory(at) => match scalar(types, self.ty) {
                // SAFETY: the value's memory form, by the invariant.
                Some((offset, mem)) => unsafe { load(at.add(offset as usize), mem) },
                None => 0,
            },
        }
    }

    /// Where the memory form of a value of several words is.
    pub fn address(self) -> *const u8 {
        match self.place {
            Place::Word(word) => word as *const u8,
            Place::Memory(at) => at,
        }
    }

    /// The words of a string (2) or slice (3) value.
    pub fn words<const N: usize>(self) -> [u64; N] {
        // SAFETY: the memory form of a string or slice, by the invariant.
        unsafe { self.address().cast::<[u64; N]>().read() }
    }

    /// The bytes of a string value.
    ///
    /// # Safety
    /// The value is a string, which stays valid while the result lives.
    pub unsafe fn text<'a>(self) -> &'a [u8] {
        // SAFETY: the caller's promise.
        unsafe { super::memory::bytes(&self.words::<2>(), 0) }
    }

    /// The float of a float value.
    pub fn float(self, types: &Types) -> f64 {
        let word = self.word(types);
        match types.kind(self.ty) {
            TypeKind::F32 => f64::from(f32::from_bits(word as u32)),
            _ => f64::from_bits(word),
        }
    }

    /// Field or element `index` at `offset` of a struct or array.
    ///
    /// A value of one part may be an interface's word itself; its part is then the whole word.
    pub fn part(self, types: &Types, ty: TypeId, offset: u64) -> Value {
        let place = match self.place {
            _ if size_of(types, ty) == 0 => Place::Memory((&raw const super::EMPTY).cast()),
            Place::Word(word) if types.fits_word(self.ty) => Place::Word(word),
            _ => Place::Memory(self.address().wrapping_add(offset as usize)),
        };
        Value { ty, place }
    }

    /// What an interface value holds, any number of interfaces deep; `None` for nil. Other values
    /// are what they are.
    pub fn inner(mut self, types: &Types) -> Option<Value> {
        while let TypeKind::Interface(_) = types.kind(self.ty) {
            let [ty, data] = self.words::<2>();
            // SAFETY: an interface in memory, by the invariant.
            self = unsafe { Value::of_iface(ty, data) }?;
        }
        Some(self)
    }

    /// The value as the two words of an interface, in a box of its own where it needs one.
    pub fn to_iface(self, cx: &mut Context) -> Result<[u64; 2], Exhausted> {
        let program = cx.program.clone();
        let types = &program.module.types;
        let Some(value) = self.inner(types) else {
            return Ok([0, 0]);
        };
        let type_word = u64::from(value.ty.0) + 1;
        if let Place::Word(word) = value.place {
            return Ok([type_word, word]);
        }
        if types.fits_word(value.ty) {
            return Ok([type_word, value.word(types)]);
        }
        let size = program.size_of(value.ty);
        let copy = cx.new_row(value.ty, size, 1)?;
        // SAFETY: a new object of the type, and the value's memory form.
        unsafe { copy.copy_from_nonoverlapping(value.address(), size) };
        Ok([type_word, copy as u64])
    }

    /// Where the only part of a value of one word lies in its memory form, and how.
    pub fn scalar(self, types: &Types) -> Option<(u64, Mem)> {
        scalar(types, self.ty)
    }

    /// Writes the value's memory form, of `size` bytes.
    ///
    /// # Safety
    /// There is room for it at the address.
    pub unsafe fn write(self, types: &Types, to: *mut u8, size: usize) {
        // SAFETY: the caller's promise, and the invariant.
        unsafe {
            if let Place::Word(word) = self.place
                && let Some((offset, mem)) = scalar(types, self.ty)
            {
                store(to.add(offset as usize), mem, word);
            } else if size > 0 {
                ptr::copy_nonoverlapping(self.address(), to, size);
            }
        }
    }

    /// Appends the value's slot form.
    pub fn push_slots(self, types: &Types, to: &mut Vec<u64>) {
        if let Place::Word(word) = self.place
            && types.fits_word(self.ty)
        {
            return to.push(word);
        }
        if let TypeKind::String = types.kind(self.ty) {
            return to.extend(self.words::<2>());
        }
        match types.parts(self.ty) {
            None => to.push(self.address() as u64),
            Some(parts) => {
                for (offset, part) in parts {
                    let at = self.address().wrapping_add(offset as usize);
                    // SAFETY: a part of the value's memory form.
                    unsafe {
                        match part {
                            Part::Mem(mem) => to.push(load(at, mem)),
                            Part::Iface => to.extend(at.cast::<[u64; 2]>().read()),
                        }
                    }
                }
            }
        }
    }

    /// Appends the value as `print` shows it: numbers, texts and booleans as they are, others as
    /// their type and address.
    ///
    /// # Safety
    /// The value is valid.
    pub unsafe fn print_plain(self, types: &Types, to: &mut Vec<u8>) {
        let word = || self.word(types);
        let text: Cow<'_, str> = match types.kind(self.ty) {
            TypeKind::Bool => if word() != 0 { "true" } else { "false" }.into(),
            TypeKind::Int(kind) if kind.signed() => (word() as i64).to_string().into(),
            TypeKind::Int(_) => word().to_string().into(),
            TypeKind::F32 => plain_text(self.float(types), 32).into(),
            TypeKind::F64 => plain_text(self.float(types), 64).into(),
            // SAFETY: a string, valid as the caller says.
            TypeKind::String => return to.extend_from_slice(unsafe { self.text() }),
            _ => {
                let address = match self.place {
                    Place::Word(word) => word,
                    Place::Memory(at) => at as u64,
                };
                format!("({}) {address:#x}", type_name(types, self.ty)).into()
            }
        };
        to.extend_from_slice(text.as_bytes());
    }
}

/// The size of a type's memory form in bytes.
pub fn size_of(types: &Types, ty: TypeId) -> usize {
    let (size, _) = types.size_align(ty);
    debug_assert_eq!(size, types.layout(ty).size);
    size as usize
}

/// Where the only part of a value of one word lies in its memory form, and how.
fn scalar(types: &Types, ty: TypeId) -> Option<(u64, Mem)> {
    let mem = match types.kind(ty) {
        TypeKind::Bool => Mem::U8,
        TypeKind::Int(kind) => Mem::of_int(*kind),
        TypeKind::F32 => Mem::F32,
        TypeKind::F64 => Mem::F64,
        TypeKind::Array(..) | TypeKind::Struct(_) => match *types.parts(ty)? {
            [(offset, Part::Mem(mem))] => return Some((offset, mem)),
            _ => return None,
        },
        TypeKind::String | TypeKind::Slice(_) | TypeKind::Interface(_) => return None,
        _ => Mem::Ref,
    };
    Some((0, mem))
}

/// Reads one part of a memory form into its slot form.
///
/// # Safety
/// There is a part of that kind at the address, aligned.
pub unsafe fn load(at: *const u8, mem: Mem) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        match mem {
            Mem::I8 => at.cast::<i8>().read() as i64 as u64,
            Mem::I16 => at.cast::<i16>().read() as i64 as u64,
            Mem::I32 => at.cast::<i32>().read() as i64 as u64,
            Mem::U8 => u64::from(at.read()),
            Mem::U16 => u64::from(at.cast::<u16>().read()),
            Mem::U32 | Mem::F32 => u64::from(at.cast::<u32>().read()),
            Mem::I64 | Mem::F64 | Mem::Ref => at.cast::<u64>().read(),
        }
    }
}

/// Writes one part of a memory form from its slot form.
///
/// # Safety
/// As for [`load`].
pub unsafe fn store(at: *mut u8, mem: Mem, word: u64) {
    // SAFETY: the caller's promise.
    unsafe {
        match mem.size() {
            1 => at.write(word as u8),
            2 => at.cast::<u16>().write(word as u16),
            4 => at.cast::<u32>().write(word as u32),
            _ => at.cast::<u64>().write(word),
        }
    }
}

/// Makes an interface of a value in slot form: its two words.
///
/// # Safety
/// `slots` is a value of type `ty` in slot form.
pub unsafe fn iface_of_slots(
    cx: &mut Context,
    ty: TypeId,
    slots: &[u64],
) -> Result<[u64; 2], Exhausted> {
    let program = cx.program.clone();
    let types = &program.module.types;
    let type_word = u64::from(ty.0) + 1;
    if let TypeKind::Interface(_) = types.kind(ty) {
        return Ok([slots[0], slots[1]]);
    }
    if types.fits_word(ty) {
        return Ok([type_word, slots[0]]);
    }
    let size = size_of(types, ty);
    let to = cx.new_row(ty, size, 1)?;
    // SAFETY: a new object of the type; the slots have its parts in order, or the address of its
    // memory form.
    unsafe { store_slots(types, ty, slots, to, size) };
    Ok([type_word, to as u64])
}

/// Writes a value in slot form to its memory form.
///
/// # Safety
/// `to` has room for a value of the type, of `size` bytes, and `slots` is one.
unsafe fn store_slots(types: &Types, ty: TypeId, slots: &[u64], to: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(parts) = types.parts(ty) else {
            return ptr::copy_nonoverlapping(slots[0] as *const u8, to, size);
        };
        let mut slots = slots.iter().copied();
        let mut next = || slots.next().unwrap_or_default();
        for (offset, part) in parts {
            let at = to.add(offset as usize);
            match part {
                Part::Mem(mem) => store(at, mem, next()),
                Part::Iface => at.cast::<[u64; 2]>().write([next(), next()]),
            }
        }
    }
}
