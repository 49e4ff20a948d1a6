//! Maps, as natives and reflection need them.

use super::memory::{Exhausted, done, put};
use super::order::compare;
use super::reflect::value;
use super::typed::slots_as;
use super::value::iface_of_slots;
use crate::runtime::context::{Context, JitResult};
use crate::runtime::map::Maps;
use std::cmp::Ordering;
use vo_bytecode::{TypeId, TypeKind, Types};

/// `map.len`
pub fn map_len(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a map or nil.
    rets[0] = unsafe { Maps::len(args[0] as *const u8) } as u64;
    JitResult::Ok
}

/// `map.clear`
pub fn map_clear(_: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    // SAFETY: a map or nil.
    unsafe { Maps::clear(args[0] as *mut u8) };
    JitResult::Ok
}

/// The map in the interface that the arguments begin with: its type, key and value types, and it.
fn map_value(types: &Types, args: &[u64]) -> Option<(TypeId, TypeId, TypeId, *mut u8)> {
    let map = value(args, 0)?;
    match types.kind(map.ty) {
        TypeKind::Map(key, element) => Some((map.ty, *key, *element, map.word(types) as *mut u8)),
        _ => None,
    }
}

/// `internal/reflect.mapKeys`; the type operand is the slice type or its element type.
pub fn map_keys(cx: &mut Context, ty: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let any = match cx.program.module.types.kind(TypeId(ty)) {
        TypeKind::Slice(element) => *element,
        _ => TypeId(ty),
    };
    done(sorted_keys(cx, args).and_then(|keys| {
        let row = cx.new_row(any, 16, keys.len())?.cast::<[u64; 2]>();
        for (at, key) in keys.iter().enumerate() {
            // SAFETY: element `at` of a new row of as many interfaces.
            unsafe { row.add(at).write(*key) };
        }
        put(rets, &[row as u64, keys.len() as u64, keys.len() as u64]);
        Ok(())
    }))
}

/// The keys of a map as interfaces, in fmt's order.
fn sorted_keys(cx: &mut Context, args: &[u64]) -> Result<Vec<[u64; 2]>, Exhausted> {
    let program = cx.program.clone();
    let types = &program.module.types;
    let mut keys = Vec::new();
    if let Some((ty, key, _, map)) = map_value(types, args) {
        // SAFETY: a map of that type; its entries are valid, and copied before anything else.
        unsafe {
            let iter = program.maps.iter_new(&mut cx.heap, ty, map);
            let iter = iter.map_err(|_| cx.exhausted())?;
            while let Some(entry) = program.maps.iter_next(iter) {
                keys.push(iface_of_slots(cx, key, entry.key)?);
            }
        }
    }
    keys.sort_by(|a, b| match (value(a, 0), value(b, 0)) {
        (Some(a), Some(b)) => a.ty.cmp(&b.ty).then_with(|| compare(types, a, b)),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => Ordering::Equal,
    });
    Ok(keys)
}

/// `internal/reflect.mapIndex`: nil where the key is absent.
pub fn map_index(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    let types = &program.module.types;
    put(rets, &[0, 0]);
    let Some((ty, key_type, element, map)) = map_value(types, args) else {
        return JitResult::Ok;
    };
    let mut key = Vec::new();
    match (types.kind(key_type), value(args, 2)) {
        (TypeKind::Interface(_), _) => key.extend(&args[2..4]),
        (_, Some(found)) if found.ty == key_type => found.push_slots(types, &mut key),
        _ => return JitResult::Ok,
    }
    // SAFETY: a map of that type and a key of its key type; the value's words stay where they are
    // while nothing is added.
    unsafe {
        match cx.map_entry(ty, map, &key) {
            Ok(Some(found)) => {
                let words = program.maps.get_type(ty).value_words;
                let slots = std::slice::from_raw_parts(found, words);
                done(iface_of_slots(cx, element, slots).map(|iface| put(rets, &iface)))
            }
            Ok(None) => JitResult::Ok,
            Err(panic) => panic,
        }
    }
}

/// `internal/reflect.mapSet`
pub fn map_set(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let program = cx.program.clone();
    rets[0] = 0;
    let Some((ty, key_type, element, map)) = map_value(&program.module.types, args) else {
        return JitResult::Ok;
    };
    let key = slots_as(&program, key_type, [args[2], args[3]]);
    let element = slots_as(&program, element, [args[4], args[5]]);
    let (Some(key), Some(element)) = (key, element) else {
        return JitResult::Ok;
    };
    rets[0] = 1;
    // SAFETY: a map of that type or nil, and a key and a value of its types.
    unsafe { cx.set_map_entry(ty, map, &key, &element) }
}
