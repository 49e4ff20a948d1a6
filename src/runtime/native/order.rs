//! The order in which fmt shows the keys of maps.

use super::value::{Value, size_of};
use std::cmp::Ordering;
use vo_bytecode::{TypeKind, Types};

/// Compares two keys of one map: numbers and texts as `<` does (NaN before all others), false
/// before true, nil before all else, pointers and channels by address, structs and arrays part by
/// part, interfaces by type first.
pub fn compare(types: &Types, a: Value, b: Value) -> Ordering {
    let words = || (a.word(types), b.word(types));
    match types.kind(a.ty) {
        TypeKind::Int(kind) if kind.signed() => {
            let (a, b) = words();
            (a as i64).cmp(&(b as i64))
        }
        TypeKind::F32 | TypeKind::F64 => compare_floats(a.float(types), b.float(types)),
        // SAFETY: keys of a map that nobody changes meanwhile.
        TypeKind::String => unsafe { a.text().cmp(b.text()) },
        TypeKind::Struct(fields) => {
            let offsets = types.field_offsets(a.ty);
            fields
                .iter()
                .zip(offsets)
                .fold(Ordering::Equal, |so_far, (field, offset)| {
                    so_far.then_with(|| {
                        compare(
                            types,
                            a.part(types, field.ty, offset),
                            b.part(types, field.ty, offset),
                        )
                    })
                })
        }
        TypeKind::Array(element, len) => {
            let size = size_of(types, *element) as u64;
            (0..*len).fold(Ordering::Equal, |so_far, at| {
                so_far.then_with(|| {
                    let part = |v: Value| v.part(types, *element, at * size);
                    compare(types, part(a), part(b))
                })
            })
        }
        TypeKind::Interface(_) => match (a.inner(types), b.inner(types)) {
            (Some(a), Some(b)) => a.ty.cmp(&b.ty).then_with(|| compare(types, a, b)),
            (a, b) => a.is_some().cmp(&b.is_some()),
        },
        // Booleans, unsigned integers and references.
        _ => {
            let (a, b) = words();
            a.cmp(&b)
        }
    }
}

fn compare_floats(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        (a, b) => b.cmp(&a),
    }
}
