//! Copying, comparing and ordering bytes that are mostly few: names, numbers, words.
//!
//! Up to 32 bytes are two loads that may overlap, without a call; more are left to the C library.

use std::cmp::Ordering;
use std::ptr;
use std::slice;

/// Copies `len` bytes between ranges that may overlap.
///
/// # Safety
/// Both ranges must be valid, the first to read and the second to write.
#[inline(always)]
pub unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    /// Copies what is as long as one or two of `T`, or between.
    #[inline(always)]
    unsafe fn both_ends<T: Copy>(from: *const u8, to: *mut u8, len: usize) {
        let back = len - size_of::<T>();
        // SAFETY: both values lie within the ranges. Everything is read before anything is written.
        unsafe {
            let first = from.cast::<T>().read_unaligned();
            let last = from.add(back).cast::<T>().read_unaligned();
            to.cast::<T>().write_unaligned(first);
            to.add(back).cast::<T>().write_unaligned(last);
        }
    }
    // SAFETY: the caller's promise, with lengths of one to two values.
    unsafe {
        match len {
            0 => {}
            1 => *to = *from,
            2..4 => both_ends::<u16>(from, to, len),
            4..8 => both_ends::<u32>(from, to, len),
            8..16 => both_ends::<u64>(from, to, len),
            16..=32 => both_ends::<u128>(from, to, len),
            _ => ptr::copy(from, to, len),
        }
    }
}

/// Whether two ranges of `len` bytes are equal.
///
/// # Safety
/// Both ranges must be valid to read.
#[inline(always)]
pub unsafe fn equal(a: *const u8, b: *const u8, len: usize) -> bool {
    /// Compares what is as long as one or two of `T`, or between.
    #[inline(always)]
    unsafe fn both_ends<T: Copy + PartialEq>(a: *const u8, b: *const u8, len: usize) -> bool {
        let back = len - size_of::<T>();
        // SAFETY: all four values lie within the ranges.
        unsafe {
            a.cast::<T>().read_unaligned() == b.cast::<T>().read_unaligned()
                && a.add(back).cast::<T>().read_unaligned()
                    == b.add(back).cast::<T>().read_unaligned()
        }
    }
    // SAFETY: the caller's promise, with lengths of one to two values.
    unsafe {
        match len {
            0 => true,
            1 => *a == *b,
            2..4 => both_ends::<u16>(a, b, len),
            4..8 => both_ends::<u32>(a, b, len),
            8..16 => both_ends::<u64>(a, b, len),
            16..=32 => both_ends::<u128>(a, b, len),
            _ => slice::from_raw_parts(a, len) == slice::from_raw_parts(b, len),
        }
    }
}

/// How two byte strings compare.
#[inline]
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    // Most differ in the first bytes.
    if let (Some((a, _)), Some((b, _))) = (a.split_first_chunk(), b.split_first_chunk()) {
        let (a, b) = (u64::from_be_bytes(*a), u64::from_be_bytes(*b));
        if a != b {
            return a.cmp(&b);
        }
    }
    a.cmp(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes without a period that a length could hide.
    fn noise(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at * at + 7 * at + 1) as u8).collect()
    }

    #[test]
    fn copies_every_length_at_every_distance() {
        for len in 0..=80 {
            for distance in 0..=80 {
                for (from, to) in [(0, distance), (distance, 0)] {
                    let mut bytes = noise(200);
                    let mut expected = bytes.clone();
                    expected.copy_within(from..from + len, to);
                    let start = bytes.as_mut_ptr();
                    // SAFETY: both ranges end before 200.
                    unsafe { copy(start.add(from), start.add(to), len) };
                    assert_eq!(bytes, expected, "{len} bytes from {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn sees_every_difference() {
        for len in 0..=80 {
            let a = noise(len);
            // SAFETY: both are as long.
            let same = |b: &[u8]| unsafe { equal(a.as_ptr(), b.as_ptr(), len) };
            assert!(same(&a.clone()));
            for at in 0..len {
                let mut b = a.clone();
                b[at] ^= 0x80;
                assert!(!same(&b), "{len} bytes, the one at {at} differs");
                assert_eq!(compare(&a, &b), a.cmp(&b));
                assert_eq!(compare(&a[..at], &b), a[..at].cmp(&b));
            }
        }
    }
}
