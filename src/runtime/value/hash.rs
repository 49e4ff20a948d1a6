//! Hashes: equal values have equal hashes.
//!
//! Words are mixed by folded multiplication (wyhash, Wang Yi; as in foldhash), strings hashed by
//! foldhash itself. A hash depends on a seed, so that nobody can prepare keys that collide.

use super::eq::{f32_of, str_bytes};
use super::{Incomparable, PartKind, Values};
use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use std::hash::Hasher as _;
use std::slice;
use vo_bytecode::TypeId;

/// An odd number without pattern (the fraction of the golden ratio).
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The high and the low half of a product, folded.
#[inline(always)]
fn folded_multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// The hash of one word.
#[inline(always)]
pub fn hash_word(seed: u64, word: u64) -> u64 {
    folded_multiply(seed ^ word, FACTOR)
}

/// The hash of a string's bytes.
#[inline]
pub fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    const SHARED: &SharedSeed = &SharedSeed::from_u64(FACTOR);
    let mut hasher = FoldHasher::with_seed(seed, SHARED);
    hasher.write(bytes);
    hasher.finish()
}

/// A hash in the making.
#[derive(Clone, Copy, Debug)]
pub struct Hasher {
    state: u64,
    /// What NaNs are hashed as: no NaN equals another, so each should get a hash of its own.
    nonce: u64,
}

impl Hasher {
    /// Begins a hash. `nonce` should differ between insertions into one map.
    pub fn new(seed: u64, nonce: u64) -> Hasher {
        Hasher { state: seed, nonce }
    }

    /// The hash.
    pub fn finish(self) -> u64 {
        self.state
    }

    fn word(&mut self, word: u64) {
        self.state = hash_word(self.state, word).rotate_left(23);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.state = hash_bytes(self.state, bytes);
    }

    fn float(&mut self, value: f64) {
        // Both zeros are one value.
        self.word(match value {
            0.0 => 0,
            _ if value.is_nan() => self.nonce,
            _ => value.to_bits(),
        });
    }
}

/// A row of values of a type that is hashed up to its part `part`.
struct Row {
    ty: TypeId,
    at: *const u8,
    left: u64,
    part: usize,
}

impl Values {
    /// Hashes a value in slot form. A type without equality is an error.
    ///
    /// # Safety
    /// `value` must point to as many words as the type has slots, which hold a value of it.
    pub unsafe fn hash_slots(
        &self,
        ty: TypeId,
        value: *const u64,
        hasher: &mut Hasher,
    ) -> Result<(), Incomparable> {
        let value_type = self.get(ty);
        if !value_type.comparable {
            return Err(Incomparable { ty });
        }
        for part in &value_type.slots {
            // SAFETY: the part's slots are words of the value.
            unsafe {
                let at = value.add(part.at as usize);
                match part.kind {
                    PartKind::Bits(_) => hasher.word(*at),
                    PartKind::F32 => hasher.float(f64::from(f32_of(*at))),
                    PartKind::F64 => hasher.float(f64::from_bits(*at)),
                    PartKind::Str => hasher.bytes(str_bytes(at)),
                    PartKind::Iface => {
                        let open = self.hash_iface([*at, *at.add(1)], hasher)?;
                        self.hash_rows(open, hasher)?;
                    }
                    PartKind::Row(ty, left) => {
                        let at = *at as *const u8;
                        self.hash_rows(
                            Some(Row {
                                ty,
                                at,
                                left,
                                part: 0,
                            }),
                            hasher,
                        )?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Hashes values in memory form, and all that their interfaces hold.
    ///
    /// # Safety
    /// The row must be one of valid values of a comparable type.
    unsafe fn hash_rows(&self, row: Option<Row>, hasher: &mut Hasher) -> Result<(), Incomparable> {
        let Some(row) = row else { return Ok(()) };
        let mut rows = vec![row];
        while let Some(row) = rows.last_mut() {
            let ty = self.get(row.ty);
            if row.left == 0 {
                rows.pop();
                continue;
            }
            let Some(part) = ty.memory.get(row.part) else {
                row.part = 0;
                row.left -= 1;
                row.at = row.at.wrapping_add(ty.size as usize);
                continue;
            };
            row.part += 1;
            // SAFETY: the part lies within the element.
            unsafe {
                let at = row.at.add(part.at as usize);
                match part.kind {
                    PartKind::Bits(8) => hasher.word(at.cast::<u64>().read_unaligned()),
                    PartKind::Bits(bytes) => {
                        hasher.bytes(slice::from_raw_parts(at, bytes as usize));
                    }
                    PartKind::F32 => hasher.float(f64::from(*at.cast::<f32>())),
                    PartKind::F64 => hasher.float(*at.cast::<f64>()),
                    PartKind::Str => hasher.bytes(str_bytes(at.cast())),
                    PartKind::Iface => rows.extend(self.hash_iface(*at.cast(), hasher)?),
                    PartKind::Row(ty, left) => rows.push(Row {
                        ty,
                        at,
                        left,
                        part: 0,
                    }),
                }
            }
        }
        Ok(())
    }

    /// Hashes an interface as far as it goes without looking into a boxed value: that.
    ///
    /// # Safety
    /// It must be a valid interface value.
    unsafe fn hash_iface(
        &self,
        [type_word, data]: [u64; 2],
        hasher: &mut Hasher,
    ) -> Result<Option<Row>, Incomparable> {
        hasher.word(type_word);
        if type_word == 0 {
            return Ok(None);
        }
        let id = Values::dynamic(type_word);
        let ty = self.get(id);
        if !ty.comparable {
            return Err(Incomparable { ty: id });
        }
        if !ty.in_word {
            let at = data as *const u8;
            return Ok(Some(Row {
                ty: id,
                at,
                left: 1,
                part: 0,
            }));
        }
        match ty.slots.first().map(|part| part.kind) {
            None => {}
            Some(PartKind::F32) => hasher.float(f64::from(f32_of(data))),
            Some(PartKind::F64) => hasher.float(f64::from_bits(data)),
            Some(_) => hasher.word(data),
        }
        Ok(None)
    }
}
