//! How keys are hashed and compared: by one word, as strings, or by their type.

use crate::runtime::value::eq::{str_bytes, str_eq};
use crate::runtime::value::hash::{hash_bytes, hash_word};
use crate::runtime::value::{Hasher, Incomparable, Values};
use vo_bytecode::{TypeId, TypeKind, Types};

/// Which way the keys of a map type go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum KeyKind {
    /// One word, compared bit by bit: integers, booleans, pointers, channels.
    Word,
    /// A string.
    Str,
    /// Anything else.
    Any {
        /// Whether there may be keys that are not equal to themselves: NaNs.
        odd: bool,
    },
}

impl KeyKind {
    pub(super) fn of(types: &Types, key: TypeId) -> KeyKind {
        match types.kind(key) {
            TypeKind::Bool
            | TypeKind::Int(_)
            | TypeKind::Pointer(_)
            | TypeKind::Chan(..)
            | TypeKind::Port(..)
            | TypeKind::Island => KeyKind::Word,
            TypeKind::String => KeyKind::Str,
            _ => KeyKind::Any {
                odd: has_floats(types, key),
            },
        }
    }

    /// Whether setting a key that is there already replaces it: equal keys may be told apart
    /// (zeros by their sign), and of two equal strings Go keeps the newer.
    pub(super) fn replaces_key(self) -> bool {
        self != KeyKind::Word
    }

    /// Whether there may be keys that are not equal to themselves.
    pub(super) fn odd(self) -> bool {
        self == KeyKind::Any { odd: true }
    }
}

fn has_floats(types: &Types, id: TypeId) -> bool {
    match types.kind(id) {
        TypeKind::F32 | TypeKind::F64 | TypeKind::Interface(_) => true,
        TypeKind::Array(element, _) => has_floats(types, *element),
        TypeKind::Struct(fields) => fields.iter().any(|field| has_floats(types, field.ty)),
        _ => false,
    }
}

/// The operations that a table needs of its keys.
pub(super) trait Key: Copy {
    /// The hash. `nonce` is for NaNs, see [`Hasher::new`].
    ///
    /// # Safety
    /// `key` must point to a valid key.
    unsafe fn hash(self, seed: u64, nonce: u64, key: *const u64) -> Result<u64, Incomparable>;

    /// Whether two keys that can be hashed are equal.
    ///
    /// # Safety
    /// Both must point to valid keys.
    unsafe fn equal(self, a: *const u64, b: *const u64) -> bool;
}

/// [`KeyKind::Word`].
#[derive(Clone, Copy)]
pub(super) struct WordKey;

impl Key for WordKey {
    #[inline(always)]
    unsafe fn hash(self, seed: u64, _: u64, key: *const u64) -> Result<u64, Incomparable> {
        // SAFETY: a key of this kind is one word.
        Ok(hash_word(seed, unsafe { *key }))
    }

    #[inline(always)]
    unsafe fn equal(self, a: *const u64, b: *const u64) -> bool {
        // SAFETY: as above.
        unsafe { *a == *b }
    }
}

/// [`KeyKind::Str`].
#[derive(Clone, Copy)]
pub(super) struct StrKey;

impl Key for StrKey {
    #[inline(always)]
    unsafe fn hash(self, seed: u64, _: u64, key: *const u64) -> Result<u64, Incomparable> {
        // SAFETY: a key of this kind is a string.
        Ok(hash_bytes(seed, unsafe { str_bytes(key) }))
    }

    #[inline(always)]
    unsafe fn equal(self, a: *const u64, b: *const u64) -> bool {
        // SAFETY: as above.
        unsafe { str_eq(a, b) }
    }
}

/// [`KeyKind::Any`].
#[derive(Clone, Copy)]
pub(super) struct AnyKey<'a> {
    pub(super) values: &'a Values,
    pub(super) ty: TypeId,
}

impl Key for AnyKey<'_> {
    #[inline(never)]
    unsafe fn hash(self, seed: u64, nonce: u64, key: *const u64) -> Result<u64, Incomparable> {
        let mut hasher = Hasher::new(seed, nonce);
        // SAFETY: the caller's promise.
        unsafe { self.values.hash_slots(self.ty, key, &mut hasher)? };
        Ok(hasher.finish())
    }

    #[inline(never)]
    unsafe fn equal(self, a: *const u64, b: *const u64) -> bool {
        // What was hashed has an equality.
        // SAFETY: the caller's promise.
        unsafe { self.values.slots_eq(self.ty, a, b) }.unwrap_or(false)
    }
}
