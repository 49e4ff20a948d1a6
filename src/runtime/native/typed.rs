//! Types as numbers, and values made of them: what decoders need to fill in what they decode.
//!
//! A type's number is the type word of interfaces that hold such a value: 0 for none.

use super::memory::{Exhausted, done, put};
use super::reflect::{kind_number, value};
use super::value::{Value, size_of};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::program::Program;
use crate::runtime::value::name;
use vo_bytecode::{TypeId, TypeKind, Types};

/// The type of a number that a program gives; `None` where there is no such type.
fn type_id(types: &Types, word: u64) -> Option<TypeId> {
    let at = usize::try_from(word.checked_sub(1)?).ok()?;
    (at < types.types.len()).then_some(TypeId(at as u32))
}

fn type_word(ty: TypeId) -> u64 {
    u64::from(ty.0) + 1
}

/// A number about the type that is the first argument; 0 where there is no such type.
fn number(
    cx: &mut Context,
    args: &[u64],
    rets: &mut [u64],
    fact: impl FnOnce(&Types, TypeId) -> u64,
) -> JitResult {
    let types = &cx.program.module.types;
    rets[0] = type_id(types, args[0]).map_or(0, |ty| fact(types, ty));
    JitResult::Ok
}

/// `internal/reflect.typeOf`
pub fn type_of(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = args[0];
    JitResult::Ok
}

/// `internal/reflect.kindOf`
pub fn kind_of(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, ty| kind_number(types.kind(ty)))
}

/// `internal/reflect.nameOf`
pub fn name_of(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let types = &cx.program.module.types;
    let name = type_id(types, args[0]).map_or("<nil>".into(), |ty| name::type_name(types, ty));
    done(cx.put_string(name.as_bytes(), rets))
}

/// `internal/reflect.bitsOf`
pub fn bits_of(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, ty| match types.kind(ty) {
        TypeKind::Int(kind) => u64::from(kind.bits()),
        TypeKind::F32 => 32,
        TypeKind::F64 => 64,
        _ => 0,
    })
}

/// `internal/reflect.partOf`
pub fn part_of(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, ty| {
        let part = match (types.kind(ty), args[1] as i64) {
            (TypeKind::Map(key, _), -2) => Some(*key),
            (
                TypeKind::Map(_, part)
                | TypeKind::Slice(part)
                | TypeKind::Array(part, _)
                | TypeKind::Pointer(part),
                -1,
            ) => Some(*part),
            (TypeKind::Struct(fields), at) => usize::try_from(at)
                .ok()
                .and_then(|at| fields.get(at))
                .map(|field| field.ty),
            _ => None,
        };
        part.map_or(0, type_word)
    })
}

/// `internal/reflect.pointerTo`
pub fn pointer_to(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, ty| {
        let pointer = types
            .types
            .iter()
            .position(|found| found.name.is_empty() && found.kind == TypeKind::Pointer(ty));
        pointer.map_or(0, |at| type_word(TypeId(at as u32)))
    })
}

/// `internal/reflect.lengthOf`
pub fn length_of(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, ty| match types.kind(ty) {
        TypeKind::Struct(fields) => fields.len() as u64,
        TypeKind::Array(_, len) => *len,
        _ => 0,
    })
}

/// `internal/reflect.fieldOf`
pub fn field_of(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    let types = &program.module.types;
    put(rets, &[0; 5]);
    let fields = type_id(types, args[0]).map(|ty| types.kind(ty));
    let field = match fields {
        Some(TypeKind::Struct(fields)) => {
            usize::try_from(args[1]).ok().and_then(|at| fields.get(at))
        }
        _ => None,
    };
    let Some(field) = field else {
        return JitResult::Ok;
    };
    rets[4] = u64::from(field.embedded);
    let (name, rest) = rets.split_at_mut(2);
    let put = cx.put_string(field.name.as_bytes(), name);
    done(put.and_then(|()| cx.put_string(field.tag.as_bytes(), rest)))
}

/// `internal/reflect.make`
pub fn make(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    match type_id(&program.module.types, args[0]) {
        Some(ty) => done(new_value(cx, &program, ty, args[1]).map(|any| put(rets, &any))),
        None => {
            put(rets, &[0, 0]);
            JitResult::Ok
        }
    }
}

/// A new value as an interface.
fn new_value(
    cx: &mut Context,
    program: &Program,
    ty: TypeId,
    len: u64,
) -> Result<[u64; 2], Exhausted> {
    let types = &program.module.types;
    let zero = (len as i64) < 0;
    let word = match types.kind(ty) {
        TypeKind::Interface(_) => return Ok([0, 0]),
        TypeKind::Pointer(_) | TypeKind::Map(..) if zero => 0,
        TypeKind::Slice(_) if zero => cx.new_row(ty, program.size_of(ty), 1)? as u64,
        TypeKind::Pointer(target) => cx.new_row(*target, program.size_of(*target), 1)? as u64,
        TypeKind::Map(..) => program
            .maps
            .create(&mut cx.heap, ty, 0)
            .map_err(|_| cx.exhausted())? as u64,
        TypeKind::Slice(element) => {
            let count = usize::try_from(len).map_err(|_| cx.exhausted())?;
            let row = cx.new_row(*element, program.size_of(*element), count)? as u64;
            let to = cx.new_row(ty, program.size_of(ty), 1)?;
            // SAFETY: a new object for the three words of a slice.
            unsafe { to.cast::<[u64; 3]>().write([row, len, len]) };
            to as u64
        }
        _ if types.fits_word(ty) => 0,
        _ => cx.new_row(ty, program.size_of(ty), 1)? as u64,
    };
    Ok([type_word(ty), word])
}

/// What a place of a type holds of the value in an interface.
enum Held {
    /// The interface, where the type is one.
    Iface([u64; 2]),
    /// The value itself.
    Plain(Value),
}

/// The value in an interface as one of a type; `None` where it is not of that type and does not
/// implement it.
fn held_as(program: &Program, ty: TypeId, any: [u64; 2]) -> Option<Held> {
    match (program.module.types.kind(ty), value(&any, 0)) {
        (TypeKind::Interface(_), None) => Some(Held::Iface([0, 0])),
        (TypeKind::Interface(_), Some(found)) => {
            program.implements(found.ty, ty).then_some(Held::Iface(any))
        }
        (_, found) => found.filter(|found| found.ty == ty).map(Held::Plain),
    }
}

/// The slots of the value in an interface as one of a type; `None` where it is not of that type
/// and does not implement it.
pub(super) fn slots_as(program: &Program, ty: TypeId, any: [u64; 2]) -> Option<Vec<u64>> {
    let mut slots = Vec::new();
    match held_as(program, ty, any)? {
        Held::Iface(words) => slots.extend(words),
        Held::Plain(found) => found.push_slots(&program.module.types, &mut slots),
    }
    Some(slots)
}

/// Writes the value in an interface to a place of a type: whether it fits there.
///
/// # Safety
/// There is a valid value of the type at the address, and the interface is valid.
unsafe fn write_as(program: &Program, ty: TypeId, at: *mut u8, any: [u64; 2]) -> bool {
    let Some(held) = held_as(program, ty, any) else {
        return false;
    };
    // SAFETY: the caller's promise; the value is of the type, or implements it.
    unsafe {
        match held {
            Held::Iface(words) => at.cast::<[u64; 2]>().write(words),
            Held::Plain(found) => found.write(&program.module.types, at, program.size_of(ty)),
        }
    }
    true
}

/// The type and offset of part `index` of a struct or array type.
fn place_of(types: &Types, ty: TypeId, index: u64) -> Option<(TypeId, u64)> {
    match types.kind(ty) {
        TypeKind::Struct(_) => types.field_place(ty, usize::try_from(index).ok()?),
        TypeKind::Array(element, len) if index < *len => {
            Some((*element, index * size_of(types, *element) as u64))
        }
        _ => None,
    }
}

/// `internal/reflect.with`
pub fn with(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    match with_part(cx, &program, args) {
        Ok(any) => {
            put(rets, &any.unwrap_or_default());
            JitResult::Ok
        }
        Err(Exhausted) => JitResult::Panic,
    }
}

fn with_part(
    cx: &mut Context,
    program: &Program,
    args: &[u64],
) -> Result<Option<[u64; 2]>, Exhausted> {
    let types = &program.module.types;
    let (index, part) = (args[2], [args[3], args[4]]);
    let Some(whole) = value(args, 0) else {
        return Ok(None);
    };
    let place = match types.kind(whole.ty) {
        TypeKind::Pointer(target) => match whole.word(types) {
            0 => None,
            base => place_of(types, *target, index).map(|(ty, offset)| (ty, base + offset)),
        },
        TypeKind::Slice(element) => {
            let [row, len, _] = whole.words();
            let size = program.size_of(*element) as u64;
            (index < len).then(|| (*element, row + index * size))
        }
        TypeKind::Struct(_) | TypeKind::Array(..) => {
            return changed_copy(cx, program, whole, index, part);
        }
        _ => None,
    };
    // SAFETY: a part of what a valid pointer or slice refers to.
    let fits = place.is_some_and(|(ty, at)| unsafe { write_as(program, ty, at as *mut u8, part) });
    Ok(fits.then_some([args[0], args[1]]))
}

/// A copy of a struct or array with one part set; `None` where that does not fit.
fn changed_copy(
    cx: &mut Context,
    program: &Program,
    whole: Value,
    index: u64,
    part: [u64; 2],
) -> Result<Option<[u64; 2]>, Exhausted> {
    let types = &program.module.types;
    let Some((ty, offset)) = place_of(types, whole.ty, index) else {
        return Ok(None);
    };
    let size = program.size_of(whole.ty);
    let mut copy = vec![0u64; size.div_ceil(8).max(1)];
    let at = copy.as_mut_ptr().cast::<u8>();
    // SAFETY: the copy has room for a value of the type; the part lies in it, and it lives until the
    // interface has a copy of its own.
    unsafe {
        whole.write(types, at, size);
        if !write_as(program, ty, at.add(offset as usize), part) {
            return Ok(None);
        }
        Value::at(whole.ty, at).to_iface(cx).map(Some)
    }
}

/// `internal/reflect.convert`
pub fn convert(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    let types = &program.module.types;
    put(rets, &[0, 0]);
    let (Some(ty), Some(from)) = (type_id(types, args[0]), value(args, 1)) else {
        return JitResult::Ok;
    };
    if from.ty == ty || program.implements(from.ty, ty) {
        put(rets, &args[1..3]);
        return JitResult::Ok;
    }
    let word = match (types.kind(ty), types.kind(from.ty)) {
        (TypeKind::String, TypeKind::String) => {
            return done(cx.new_row(ty, 16, 1).map(|to| {
                // SAFETY: a new object for the two words of a string.
                unsafe { to.cast::<[u64; 2]>().write(from.words()) };
                put(rets, &[type_word(ty), to as u64]);
            }));
        }
        (TypeKind::Bool, TypeKind::Bool) => Some(from.word(types)),
        (TypeKind::Int(_) | TypeKind::F32 | TypeKind::F64, _) => number_as(types, ty, from),
        _ => None,
    };
    if let Some(word) = word {
        put(rets, &[type_word(ty), word]);
    }
    JitResult::Ok
}

/// A number as the word of another type of numbers that has it.
fn number_as(types: &Types, ty: TypeId, from: Value) -> Option<u64> {
    let float = |value: f64| match types.kind(ty) {
        TypeKind::F32 => {
            let narrow = value as f32;
            (narrow.is_finite() || !value.is_finite()).then(|| u64::from(narrow.to_bits()))
        }
        _ => Some(value.to_bits()),
    };
    let whole: i128 = match types.kind(from.ty) {
        TypeKind::Int(kind) if kind.signed() => i128::from(from.word(types) as i64),
        TypeKind::Int(_) => i128::from(from.word(types)),
        TypeKind::F32 | TypeKind::F64 => {
            let value = from.float(types);
            if !matches!(types.kind(ty), TypeKind::Int(_)) {
                return float(value);
            }
            let whole = value as i128;
            if whole as f64 != value {
                return None;
            }
            whole
        }
        _ => return None,
    };
    match types.kind(ty) {
        TypeKind::Int(kind) => {
            let bits = kind.bits();
            let (low, high) = if kind.signed() {
                (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
            } else {
                (0, (1i128 << bits) - 1)
            };
            (low..=high).contains(&whole).then_some(whole as u64)
        }
        _ => float(whole as f64),
    }
}

/// `internal/reflect.assign`
pub fn assign(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    let types = &program.module.types;
    rets[0] = -1i64 as u64;
    let Some(target) = value(args, 0) else {
        return JitResult::Ok;
    };
    let (&TypeKind::Pointer(ty), at @ 1..) = (types.kind(target.ty), target.word(types)) else {
        return JitResult::Ok;
    };
    let TypeKind::Struct(fields) = types.kind(ty) else {
        return JitResult::Ok;
    };
    let (at, new) = (at as *mut u8, [args[2], args[3]]);
    // SAFETY: the target points to a valid struct of its type; so does the new value, if it is a
    // pointer of the same type.
    let fits = unsafe {
        match value(args, 2) {
            None => false,
            Some(found) if found.ty == target.ty && found.word(types) != 0 => {
                let from = found.word(types) as *const u8;
                std::ptr::copy(from, at, program.size_of(ty));
                true
            }
            Some(_) if write_as(&program, ty, at, new) => true,
            Some(_) => match fields.as_slice() {
                [only] => write_as(&program, only.ty, at, new),
                _ => false,
            },
        }
    };
    rets[0] = u64::from(fits);
    JitResult::Ok
}
