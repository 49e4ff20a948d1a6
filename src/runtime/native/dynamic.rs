//! Fields, entries and elements by name or key: what package `dyn` is made of.
//!
//! Which methods a type has, and how values of function types are called, is Vo code made by the compiler:
//! a native never calls any.

use super::memory::{done, put};
use super::reflect::value;
use super::value::{Value, iface_of_slots, size_of, store};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::map::MapError;
use crate::runtime::panic::Fault;
use std::collections::HashSet;
use vo_bytecode::{Field, IntKind, Mem, TypeId, TypeKind, Types};

/// What came of it; the numbers are constants of `internal/reflect` too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    Done = 0,
    Absent = 1,
    NilBase = 2,
    BadKey = 3,
    BadValue = 4,
}

/// Gives a value and `Done`, or nil and why there is none.
fn answer(cx: &mut Context, found: Result<Value, Code>, rets: &mut [u64]) -> JitResult {
    put(rets, &[0, 0, 0]);
    match found {
        Ok(found) => done(found.to_iface(cx).map(|words| put(rets, &words))),
        Err(code) => {
            rets[2] = code as u64;
            JitResult::Ok
        }
    }
}

// ---- fields -----------------------------------------------------------------------------------------

/// `internal/reflect.field`
pub fn field(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    // SAFETY: a string, which stays valid while this runs.
    let name = unsafe { super::memory::bytes(args, 2) };
    let found = match value(args, 0) {
        Some(value) => find_field(&program.module.types, value, name),
        None => Err(Code::NilBase),
    };
    answer(cx, found, rets)
}

/// `internal/reflect.setField`
pub fn set_field(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    let types = &program.module.types;
    // SAFETY: a string, which stays valid while this runs.
    let name = unsafe { super::memory::bytes(args, 2) };
    let code = match value(args, 0) {
        // The struct in an interface is a copy that nobody else sees.
        Some(value) if matches!(types.kind(value.ty), TypeKind::Pointer(_)) => {
            match find_field(types, value, name) {
                Ok(place) => assign(types, place.ty, place.address().cast_mut(), args, 4),
                Err(code) => code,
            }
        }
        Some(_) => Code::Absent,
        None => Code::NilBase,
    };
    rets[0] = code as u64;
    JitResult::Ok
}

/// Finds a field as Go's selectors do: the one of the shallowest depth, if it is the only one there.
fn find_field(types: &Types, base: Value, name: &[u8]) -> Result<Value, Code> {
    let mut level = vec![follow(types, base).ok_or(Code::NilBase)?];
    let mut seen: HashSet<TypeId> = HashSet::new();
    while !level.is_empty() {
        let mut found = None;
        let mut next = Vec::new();
        for value in std::mem::take(&mut level) {
            let TypeKind::Struct(fields) = types.kind(value.ty) else {
                continue;
            };
            if !seen.insert(value.ty) {
                continue;
            }
            let offsets = types.field_offsets(value.ty);
            for (field, offset) in fields.iter().zip(offsets) {
                let part = value.part(types, field.ty, offset);
                if answers_to(field, name) && found.replace(part).is_some() {
                    return Err(Code::Absent);
                }
                if field.embedded {
                    next.extend(follow(types, part));
                }
            }
        }
        if let Some(found) = found {
            return Ok(found);
        }
        level = next;
    }
    Err(Code::Absent)
}

/// What a pointer points to, or the value itself; `None` for a nil pointer.
fn follow(types: &Types, value: Value) -> Option<Value> {
    match types.kind(value.ty) {
        TypeKind::Pointer(target) => match value.word(types) {
            0 => None,
            // SAFETY: a pointer that is not nil points to a value of its type.
            address => Some(unsafe { Value::at(*target, address as *const u8) }),
        },
        _ => Some(value),
    }
}

/// Whether a field is exported under a name, or tagged with it.
fn answers_to(field: &Field, name: &[u8]) -> bool {
    let exported = field.name.chars().next().is_some_and(char::is_uppercase);
    (exported && field.name.as_bytes() == name)
        || tag_value(&field.tag, "dyn").is_some_and(|tagged| tagged.as_bytes() == name)
}

/// The value of a key in a struct tag, `key:"value" …`, without escapes.
fn tag_value<'t>(tag: &'t str, key: &str) -> Option<&'t str> {
    let mut rest = tag;
    loop {
        let (name, behind) = rest.trim_start().split_once(":\"")?;
        let (value, behind) = behind.split_once('"')?;
        if name == key {
            return Some(value);
        }
        rest = behind;
    }
}

// ---- entries and elements ---------------------------------------------------------------------------

/// The map in the interface that the arguments begin with: type, key type, value type, and it.
fn map_of(types: &Types, args: &[u64]) -> Option<(TypeId, TypeId, TypeId, *mut u8)> {
    let map = value(args, 0)?;
    match types.kind(map.ty) {
        TypeKind::Map(key, element) => Some((map.ty, *key, *element, map.word(types) as *mut u8)),
        _ => None,
    }
}

/// The key in the interface at `at` as words of a map's key type; integers and strings fit the types
/// with the same kind of values.
fn key_words(types: &Types, key_type: TypeId, args: &[u64], at: usize) -> Option<Vec<u64>> {
    let mut words = Vec::new();
    let key = value(args, at);
    match (types.kind(key_type), key) {
        (TypeKind::Interface(methods), key) => {
            let fits = |key: Value| {
                methods
                    .iter()
                    .all(|m| types.find_method(key.ty, *m).is_some())
            };
            key.is_none_or(fits)
                .then(|| words.extend(&args[at..at + 2]))?;
        }
        (_, Some(key)) if key.ty == key_type => key.push_slots(types, &mut words),
        (TypeKind::String, Some(key)) if *types.kind(key.ty) == TypeKind::String => {
            words.extend(key.words::<2>());
        }
        (TypeKind::Int(want), Some(key)) => match types.kind(key.ty) {
            TypeKind::Int(have) if fits(key.word(types), *have, *want) => {
                words.push(key.word(types));
            }
            _ => return None,
        },
        _ => return None,
    }
    Some(words)
}

/// Whether an integer of one kind, extended to 64 bits, is one of another kind too.
fn fits(word: u64, have: IntKind, want: IntKind) -> bool {
    let number = if have.signed() {
        i128::from(word as i64)
    } else {
        i128::from(word)
    };
    let bits = want.bits();
    let (low, high) = if want.signed() {
        (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
    } else {
        (0, (1i128 << bits) - 1)
    };
    (low..=high).contains(&number)
}

/// `internal/reflect.mapLookup`
pub fn map_lookup(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    let types = &program.module.types;
    put(rets, &[0, 0, 0]);
    let found = map_of(types, args).and_then(|(ty, key_type, element, map)| {
        Some((ty, element, map, key_words(types, key_type, args, 2)?))
    });
    let Some((ty, element, map, key)) = found else {
        rets[2] = Code::BadKey as u64;
        return JitResult::Ok;
    };
    // SAFETY: a map of that type or nil, and a key of its key type; the value's words stay where they are
    // while nothing is added.
    unsafe {
        match program.maps.get(ty, map, &key) {
            Ok(Some(found)) => {
                let words = program.maps.get_type(ty).value_words;
                let slots = std::slice::from_raw_parts(found, words);
                done(iface_of_slots(cx, element, slots).map(|iface| put(rets, &iface)))
            }
            Ok(None) => {
                rets[2] = Code::Absent as u64;
                JitResult::Ok
            }
            Err(_) => {
                rets[2] = Code::BadKey as u64;
                JitResult::Ok
            }
        }
    }
}

/// `internal/reflect.mapStore`
pub fn map_store(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    let types = &program.module.types;
    let Some((ty, key_type, element, map)) = map_of(types, args) else {
        rets[0] = Code::Absent as u64;
        return JitResult::Ok;
    };
    let code = match (
        key_words(types, key_type, args, 2),
        slot_words(types, element, args, 4),
    ) {
        _ if map.is_null() => Code::NilBase,
        (None, _) => Code::BadKey,
        (_, None) => Code::BadValue,
        (Some(key), Some(words)) => {
            // SAFETY: a map of that type, with a key and a value of its types.
            match unsafe { cx.try_set_map_entry(ty, map, &key, &words) } {
                Ok(()) => Code::Done,
                Err(MapError::Unhashable(_)) => Code::BadKey,
                Err(MapError::OutOfMemory) => return cx.fault(Fault::OutOfMemory, 0, 0),
            }
        }
    };
    rets[0] = code as u64;
    JitResult::Ok
}

/// `internal/reflect.setIndex`
pub fn set_index(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    let types = &program.module.types;
    let code = match value(args, 0).map(|slice| (slice, types.kind(slice.ty))) {
        Some((slice, TypeKind::Slice(element))) => {
            let [row, len, _] = slice.words();
            if args[2] < len {
                let at = row as usize + args[2] as usize * size_of(types, *element);
                assign(types, *element, at as *mut u8, args, 3)
            } else {
                Code::Absent
            }
        }
        _ => Code::Absent,
    };
    rets[0] = code as u64;
    JitResult::Ok
}

// ---- storing ----------------------------------------------------------------------------------------

/// Whether the value in the interface at `at` may be assigned to a type that is no interface's own.
fn has_type(types: &Types, ty: TypeId, args: &[u64], at: usize) -> bool {
    match (types.kind(ty), value(args, at)) {
        (TypeKind::Interface(methods), Some(value)) => methods
            .iter()
            .all(|method| types.find_method(value.ty, *method).is_some()),
        (_, Some(value)) => value.ty == ty,
        (
            TypeKind::Interface(_)
            | TypeKind::Pointer(_)
            | TypeKind::Slice(_)
            | TypeKind::Map(..)
            | TypeKind::Chan(..)
            | TypeKind::Func(..),
            None,
        ) => true,
        _ => false,
    }
}

/// The value in the interface at `at` in the slot form of a type; `None` if it is of another type.
fn slot_words(types: &Types, ty: TypeId, args: &[u64], at: usize) -> Option<Vec<u64>> {
    if !has_type(types, ty, args, at) {
        return None;
    }
    let mut words = Vec::new();
    match (types.kind(ty), value(args, at)) {
        (TypeKind::Interface(_), _) => words.extend(&args[at..at + 2]),
        (_, Some(value)) => value.push_slots(types, &mut words),
        (_, None) => words.resize(types.slots(ty).len(), 0),
    }
    Some(words)
}

/// Stores the value in the interface at `at` to where the memory form of a type is.
fn assign(types: &Types, ty: TypeId, to: *mut u8, args: &[u64], at: usize) -> Code {
    if !has_type(types, ty, args, at) {
        return Code::BadValue;
    }
    let size = size_of(types, ty);
    // SAFETY: `to` is the memory form of a value of the type, in an object that is alive; the value is of
    // that type, and its memory form is another one or the same.
    unsafe {
        match (types.kind(ty), value(args, at)) {
            (TypeKind::Interface(_), _) => to.cast::<[u64; 2]>().write([args[at], args[at + 1]]),
            (_, None) => to.write_bytes(0, size),
            (_, Some(value)) if types.fits_word(ty) => store_word(types, value, to),
            (_, Some(value)) => to.copy_from(value.address(), size),
        }
    }
    Code::Done
}

/// Stores a value of one word to its memory form.
///
/// # Safety
/// `to` is the memory form of a value of the same type.
unsafe fn store_word(types: &Types, value: Value, to: *mut u8) {
    let (offset, mem) = value.scalar(types).unwrap_or((0, Mem::Ref));
    // SAFETY: the caller's promise; the part lies within the memory form.
    unsafe { store(to.add(offset as usize), mem, value.word(types)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        assert_eq!(tag_value(r#"dyn:"a""#, "dyn"), Some("a"));
        assert_eq!(tag_value(r#"json:"x,omitempty" dyn:"b""#, "dyn"), Some("b"));
        assert_eq!(tag_value(r#"json:"dyn""#, "dyn"), None);
        assert_eq!(tag_value("dyn", "dyn"), None);
        assert_eq!(tag_value(r#"dyn:"open"#, "dyn"), None);
    }

    #[test]
    fn integers_fit_by_value() {
        assert!(fits(127, IntKind::I64, IntKind::I8));
        assert!(!fits(128, IntKind::I64, IntKind::I8));
        assert!(!fits(-1i64 as u64, IntKind::I64, IntKind::U64));
        assert!(fits(u64::MAX, IntKind::U64, IntKind::U64));
        assert!(!fits(u64::MAX, IntKind::U64, IntKind::I64));
    }
}
