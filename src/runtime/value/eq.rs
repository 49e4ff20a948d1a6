//! Equality.
//!
//! Parts are compared in order, and the first that differ end it: what stands behind them can
//! no longer fail for want of an equality. That is Go's rule.

use super::{Incomparable, PartKind, Values};
use crate::runtime::short;
use std::slice;
use vo_bytecode::TypeId;

/// A row of values of a type in two places, compared up to element `done` and its part `part`.
struct Row {
    ty: TypeId,
    a: *const u8,
    b: *const u8,
    left: u64,
    part: usize,
}

/// What comparing one part tells.
enum Step {
    Differ,
    Same,
    /// It depends on so many values of a type at two places.
    Row(TypeId, u64, *const u8, *const u8),
}

impl From<bool> for Step {
    fn from(same: bool) -> Step {
        if same { Step::Same } else { Step::Differ }
    }
}

impl Values {
    /// Whether two interfaces, each a type word and a data word, are equal.
    ///
    /// # Safety
    /// Both must be valid interface values of a program with these types.
    pub unsafe fn iface_eq(&self, a: [u64; 2], b: [u64; 2]) -> Result<bool, Incomparable> {
        // SAFETY: the caller's promise.
        unsafe { self.finish(self.iface_step(a, b)?) }
    }

    /// Whether two values in memory form are equal. A type without equality is an error.
    ///
    /// # Safety
    /// Both must point to values of that type.
    pub unsafe fn memory_eq(
        &self,
        ty: TypeId,
        a: *const u8,
        b: *const u8,
    ) -> Result<bool, Incomparable> {
        // SAFETY: the caller's promise.
        unsafe { self.finish(self.row_step(ty, a, b)?) }
    }

    /// Whether two values in slot form are equal. A type without equality is an error.
    ///
    /// # Safety
    /// Both must point to as many words as the type has slots, which hold values of it.
    pub unsafe fn slots_eq(
        &self,
        ty: TypeId,
        a: *const u64,
        b: *const u64,
    ) -> Result<bool, Incomparable> {
        let value_type = self.get(ty);
        if !value_type.comparable {
            return Err(Incomparable { ty });
        }
        for part in &value_type.slots {
            let at = part.at as usize;
            // SAFETY: the part's slots are words of both values.
            let same = unsafe {
                let (a, b) = (a.add(at), b.add(at));
                match part.kind {
                    PartKind::Bits(_) => *a == *b,
                    PartKind::F32 => f32_of(*a) == f32_of(*b),
                    PartKind::F64 => f64::from_bits(*a) == f64::from_bits(*b),
                    PartKind::Str => str_eq(a, b),
                    PartKind::Iface => self.iface_eq([*a, *a.add(1)], [*b, *b.add(1)])?,
                    PartKind::Row(ty, _) => self.memory_eq(ty, *a as *const u8, *b as *const u8)?,
                }
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Compares what a step left open.
    ///
    /// # Safety
    /// The step must come from valid values.
    unsafe fn finish(&self, step: Step) -> Result<bool, Incomparable> {
        let mut rows = match step {
            Step::Differ => return Ok(false),
            Step::Same => return Ok(true),
            Step::Row(ty, left, a, b) => vec![Row {
                ty,
                a,
                b,
                left,
                part: 0,
            }],
        };
        while let Some(row) = rows.last_mut() {
            let ty = self.get(row.ty);
            if row.left == 0 {
                rows.pop();
                continue;
            }
            let Some(part) = ty.memory.get(row.part) else {
                row.part = 0;
                row.left -= 1;
                row.a = row.a.wrapping_add(ty.size as usize);
                row.b = row.b.wrapping_add(ty.size as usize);
                continue;
            };
            row.part += 1;
            let at = part.at as usize;
            // SAFETY: the part lies within both elements.
            let step = unsafe { self.memory_step(part.kind, row.a.add(at), row.b.add(at))? };
            match step {
                Step::Differ => return Ok(false),
                Step::Same => {}
                Step::Row(ty, left, a, b) => rows.push(Row {
                    ty,
                    a,
                    b,
                    left,
                    part: 0,
                }),
            }
        }
        Ok(true)
    }

    /// Compares one part in memory.
    ///
    /// # Safety
    /// Both must point to such a part.
    unsafe fn memory_step(
        &self,
        kind: PartKind,
        a: *const u8,
        b: *const u8,
    ) -> Result<Step, Incomparable> {
        // SAFETY: the caller's promise. Offsets in memory form are aligned as their types are.
        unsafe {
            let same = match kind {
                PartKind::Bits(8) => {
                    a.cast::<u64>().read_unaligned() == b.cast::<u64>().read_unaligned()
                }
                PartKind::Bits(bytes) => {
                    let bytes = bytes as usize;
                    slice::from_raw_parts(a, bytes) == slice::from_raw_parts(b, bytes)
                }
                PartKind::F32 => *a.cast::<f32>() == *b.cast::<f32>(),
                PartKind::F64 => *a.cast::<f64>() == *b.cast::<f64>(),
                PartKind::Str => str_eq(a.cast(), b.cast()),
                PartKind::Iface => return self.iface_step(*a.cast(), *b.cast()),
                PartKind::Row(ty, len) => return Ok(Step::Row(ty, len, a, b)),
            };
            Ok(same.into())
        }
    }

    /// Compares two interfaces as far as it goes without looking into boxed values.
    ///
    /// # Safety
    /// As for [`Values::iface_eq`].
    #[inline]
    unsafe fn iface_step(&self, a: [u64; 2], b: [u64; 2]) -> Result<Step, Incomparable> {
        if a[0] != b[0] {
            return Ok(Step::Differ);
        }
        if a[0] == 0 {
            return Ok(Step::Same);
        }
        let id = Values::dynamic(a[0]);
        let ty = self.get(id);
        if !ty.comparable {
            return Err(Incomparable { ty: id });
        }
        if !ty.in_word {
            // SAFETY: the data words of a type that is not held in them point to boxed values.
            return unsafe { self.row_step(id, a[1] as *const u8, b[1] as *const u8) };
        }
        let same = match ty.slots[..] {
            [] => true,
            [part, ..] => match part.kind {
                PartKind::F32 => f32_of(a[1]) == f32_of(b[1]),
                PartKind::F64 => f64::from_bits(a[1]) == f64::from_bits(b[1]),
                _ => a[1] == b[1],
            },
        };
        Ok(same.into())
    }

    /// Compares two values in memory; what is more than one part is left open.
    ///
    /// # Safety
    /// As for [`Values::memory_eq`].
    unsafe fn row_step(
        &self,
        id: TypeId,
        a: *const u8,
        b: *const u8,
    ) -> Result<Step, Incomparable> {
        let ty = self.get(id);
        if !ty.comparable {
            return Err(Incomparable { ty: id });
        }
        match ty.memory[..] {
            [] => Ok(Step::Same),
            // SAFETY: the one part of both values.
            [part] => unsafe {
                let at = part.at as usize;
                self.memory_step(part.kind, a.add(at), b.add(at))
            },
            _ => Ok(Step::Row(id, 1, a, b)),
        }
    }
}

/// The single float in a slot.
pub(super) fn f32_of(word: u64) -> f32 {
    f32::from_bits(word as u32)
}

/// The bytes of a string, given where its pointer and length lie.
///
/// # Safety
/// `at` must point to a valid string, which must stay as it is while the result is used.
pub(in crate::runtime) unsafe fn str_bytes<'a>(at: *const u64) -> &'a [u8] {
    // SAFETY: the caller's promise; a string of no bytes may have no pointer.
    unsafe {
        match *at.add(1) as usize {
            0 => &[],
            len => slice::from_raw_parts(*at as *const u8, len),
        }
    }
}

/// Whether two strings are equal, given where their pointers and lengths lie.
///
/// # Safety
/// Both must be valid strings.
#[inline]
pub(in crate::runtime) unsafe fn str_eq(a: *const u64, b: *const u64) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let len = *a.add(1);
        len == *b.add(1)
            && (*a == *b || short::equal(*a as *const u8, *b as *const u8, len as usize))
    }
}
