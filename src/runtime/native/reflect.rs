//! What fmt and sort need to know of values whose types they do not know.

use super::memory::{Exhausted, done, put};
use super::value::{Value, size_of};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::map::Maps;
use crate::runtime::panic::Fault;
use crate::runtime::value::name;
use vo_bytecode::{IntKind, TypeId, TypeKind, Types};

/// The value of the interface whose words stand at `at`; `None` for nil.
pub(super) fn value(args: &[u64], at: usize) -> Option<Value> {
    // SAFETY: an interface; it stays valid, since no collection happens inside a native.
    unsafe { Value::of_iface(args[at], args[at + 1]) }
}

/// A fact that is a number, 0 for nil.
fn number(
    cx: &mut Context,
    args: &[u64],
    rets: &mut [u64],
    fact: impl FnOnce(&Types, Value) -> u64,
) -> JitResult {
    rets[0] = value(args, 0).map_or(0, |value| fact(&cx.program.module.types, value));
    JitResult::Ok
}

/// `internal/reflect.kind`
pub fn kind(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, value| {
        kind_number(types.kind(value.ty))
    })
}

/// The number of a kind; 0 is nil's.
pub(super) fn kind_number(kind: &TypeKind) -> u64 {
    match kind {
        TypeKind::Bool => 1,
        TypeKind::Int(kind) if kind.signed() => 2,
        TypeKind::Int(_) => 3,
        TypeKind::F32 => 4,
        TypeKind::F64 => 5,
        TypeKind::String => 6,
        TypeKind::Slice(_) => 7,
        TypeKind::Array(..) => 8,
        TypeKind::Struct(_) => 9,
        TypeKind::Pointer(_) => 10,
        TypeKind::Map(..) => 11,
        TypeKind::Chan(..) => 12,
        TypeKind::Func(..) => 13,
        TypeKind::Interface(_) => 14,
        TypeKind::Port(..) => 15,
        TypeKind::Island => 16,
    }
}

/// `internal/reflect.typeName`
pub fn type_name(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let types = &cx.program.module.types;
    let name = value(args, 0).map_or("<nil>".into(), |value| name::type_name(types, value.ty));
    done(cx.put_string(name.as_bytes(), rets))
}

/// `internal/reflect.intOf`
pub fn int_of(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, value| match types.kind(value.ty) {
        TypeKind::Bool | TypeKind::Int(_) => value.word(types),
        _ => 0,
    })
}

/// `internal/reflect.floatOf`
pub fn float_of(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, value| match types.kind(value.ty) {
        TypeKind::F32 | TypeKind::F64 => value.float(types).to_bits(),
        _ => 0,
    })
}

/// `internal/reflect.stringOf`
pub fn string_of(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let types = &cx.program.module.types;
    let words = match value(args, 0) {
        Some(value) if *types.kind(value.ty) == TypeKind::String => value.words(),
        _ => [0, 0],
    };
    put(rets, &words);
    JitResult::Ok
}

/// `internal/reflect.bits`
pub fn bits(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, value| match types.kind(value.ty) {
        TypeKind::Int(kind) => u64::from(kind.bits()),
        TypeKind::F32 => 32,
        TypeKind::F64 => 64,
        _ => 0,
    })
}

/// `internal/reflect.addr`
pub fn addr(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, value| match types.kind(value.ty) {
        TypeKind::Pointer(_)
        | TypeKind::Map(..)
        | TypeKind::Chan(..)
        | TypeKind::Port(..)
        | TypeKind::Island
        | TypeKind::Func(..) => value.word(types),
        TypeKind::Slice(_) => value.words::<3>()[0],
        _ => 0,
    })
}

/// `internal/reflect.length`
pub fn length(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let Some(value) = value(args, 0) else {
        rets[0] = 0;
        return JitResult::Ok;
    };
    let types = &cx.program.module.types;
    rets[0] = match types.kind(value.ty) {
        TypeKind::String => value.words::<2>()[1],
        TypeKind::Slice(_) => value.words::<3>()[1],
        TypeKind::Array(_, len) => *len,
        TypeKind::Struct(fields) => fields.len() as u64,
        // SAFETY: a map of this context or nil.
        TypeKind::Map(..) => unsafe { Maps::len(value.word(types) as *const u8) as u64 },
        _ => 0,
    };
    JitResult::Ok
}

/// Where element `index` of a row is: elements of type `ty`, `len` of them.
fn element(types: &Types, row: u64, len: u64, ty: TypeId, index: u64) -> Option<Value> {
    if index >= len {
        return None;
    }
    let at = row as usize + index as usize * size_of(types, ty);
    // SAFETY: in bounds of a valid row.
    Some(unsafe { Value::at(ty, at as *const u8) })
}

/// Element or field `index` of a value, or of the struct that a pointer leads to.
fn part(types: &Types, value: Value, index: u64) -> Option<Value> {
    match types.kind(value.ty) {
        TypeKind::Slice(ty) => {
            let [row, len, _] = value.words();
            element(types, row, len, *ty, index)
        }
        TypeKind::Array(ty, len) if index < *len => {
            Some(value.part(types, *ty, index * size_of(types, *ty) as u64))
        }
        TypeKind::Struct(_) => {
            let (ty, offset) = types.field_place(value.ty, usize::try_from(index).ok()?)?;
            Some(value.part(types, ty, offset))
        }
        TypeKind::Pointer(target) => {
            let base = value.word(types) as *const u8;
            // SAFETY: what a valid pointer leads to.
            let struct_value = (!base.is_null()).then(|| unsafe { Value::at(*target, base) })?;
            part(types, struct_value, index)
        }
        _ => None,
    }
}

/// `internal/reflect.index`
pub fn index(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let found = value(args, 0).and_then(|v| part(&cx.program.module.types, v, args[2]));
    match found {
        Some(found) => done(put_value(cx, found, rets)),
        None => cx.fault(Fault::Index, args[2] as i64, 0),
    }
}

/// Stores a value as an interface.
fn put_value(cx: &mut Context, value: Value, rets: &mut [u64]) -> Result<(), Exhausted> {
    let words = value.to_iface(cx)?;
    put(rets, &words);
    Ok(())
}

/// `internal/reflect.fieldName`
pub fn field_name(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    let fields = value(args, 0).map(|value| program.module.types.kind(value.ty));
    let name = match fields {
        Some(TypeKind::Struct(fields)) => fields.get(args[2] as usize).map_or("", |f| &f.name),
        _ => "",
    };
    done(cx.put_string(name.as_bytes(), rets))
}

/// `internal/reflect.elem`
pub fn elem(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let types = &cx.program.module.types;
    let target = value(args, 0).and_then(|value| match types.kind(value.ty) {
        TypeKind::Pointer(target) => match value.word(types) {
            0 => None,
            // SAFETY: a pointer that is not nil points to a value of its type.
            address => Some(unsafe { Value::at(*target, address as *const u8) }),
        },
        _ => None,
    });
    match target {
        Some(target) => done(put_value(cx, target, rets)),
        None => cx.fault(Fault::NilDeref, 0, 0),
    }
}

/// `internal/reflect.swap`
pub fn swap(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let types = &cx.program.module.types;
    let Some(value) = value(args, 0) else {
        return cx.fault(Fault::NilDeref, 0, 0);
    };
    let TypeKind::Slice(ty) = types.kind(value.ty) else {
        return cx.plain_fault("reflect: swap of a value that is no slice");
    };
    let [row, len, _] = value.words();
    let size = size_of(types, *ty);
    for index in [args[2], args[3]] {
        if index >= len {
            return cx.fault(Fault::Index, index as i64, len as i64);
        }
    }
    if args[2] != args[3] {
        let at = |index: u64| (row as usize + index as usize * size) as *mut u8;
        // SAFETY: two different elements of a valid row.
        unsafe { std::ptr::swap_nonoverlapping(at(args[2]), at(args[3]), size) };
    }
    JitResult::Ok
}

/// `internal/reflect.elemClass`
pub fn elem_class(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    number(cx, args, rets, |types, value| match types.kind(value.ty) {
        TypeKind::Slice(element)
        | TypeKind::Array(element, _)
        | TypeKind::Pointer(element)
        | TypeKind::Map(_, element) => match types.kind(*element) {
            TypeKind::Interface(_) => 1,
            TypeKind::Int(IntKind::U8) => 2,
            _ => 0,
        },
        _ => 0,
    })
}

/// `internal/reflect.comparable`
pub fn comparable(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let values = cx.program.maps.values();
    rets[0] = value(args, 0).map_or(1, |value| u64::from(values.comparable(value.ty)));
    JitResult::Ok
}
