//! How keys are hashed and compared: by one word, as strings, or by their type.

use crate::runtime::value::eq::{str_bytes, str_eq};
use crate::runtime::value::hash::{hash_bytes, hash_word};
use crate::runtime::value::{Hasher, Incomparable, Values};
use std::ptr;
use vo_bytecode::{TypeId, TypeKind, Types};

/// Which way the keys of a map type go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
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
    /// Whether comparing two keys costs less than a hash.
    const CHEAP: bool;

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

    /// Writes a key of so many words.
    ///
    /// # Safety
    /// `key` must point to a valid key, `to` to room for one.
    unsafe fn put(self, key: *const u64, to: *mut u64, words: usize);

    /// Writes a key over an equal one. Equal keys may be told apart (zeros by their sign), and of
    /// two equal strings Go keeps the newer.
    ///
    /// # Safety
    /// As for [`Key::put`].
    #[inline(always)]
    unsafe fn replace(self, key: *const u64, to: *mut u64, words: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.put(key, to, words) }
    }
}

/// [`KeyKind::Word`].
#[derive(Clone, Copy)]
pub(super) struct WordKey;

impl Key for WordKey {
    const CHEAP: bool = true;

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

    #[inline(always)]
    unsafe fn put(self, key: *const u64, to: *mut u64, _: usize) {
        // SAFETY: as above.
        unsafe { *to = *key }
    }

    #[inline(always)]
    unsafe fn replace(self, _: *const u64, _: *mut u64, _: usize) {
        // Equal words are the same.
    }
}

/// [`KeyKind::Str`].
#[derive(Clone, Copy)]
pub(super) struct StrKey;

impl Key for StrKey {
    const CHEAP: bool = true;

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

    #[inline(always)]
    unsafe fn put(self, key: *const u64, to: *mut u64, _: usize) {
        // SAFETY: as above: two words.
        unsafe { to.cast::<[u64; 2]>().write(key.cast::<[u64; 2]>().read()) }
    }
}

/// [`KeyKind::Any`].
#[derive(Clone, Copy)]
pub(super) struct AnyKey<'a> {
    pub(super) values: &'a Values,
    pub(super) ty: TypeId,
}

impl Key for AnyKey<'_> {
    const CHEAP: bool = false;

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

    #[inline(always)]
    unsafe fn put(self, key: *const u64, to: *mut u64, words: usize) {
        // SAFETY: the caller's promise.
        unsafe { ptr::copy(key, to, words) }
    }
}
