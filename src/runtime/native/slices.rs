//! Making slices and letting them grow.
//!
//! Capacities are Go's to the element, since programs can see them: a slice that grows doubles
//! while it is small, then grows by a quarter, and what its memory is rounded up to becomes
//! capacity. The rounding is that of Go's allocator, whatever our own heap does.

use super::memory::{Exhausted, done, put};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::short;
use vo_bytecode::TypeId;

/// More bytes than this no slice can have (Go's limit on 64-bit machines).
const MAX_BYTES: u64 = 1 << 48;

/// `slice.make`
pub fn slice_make(cx: &mut Context, ty: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let ty = TypeId(ty);
    let (len, cap) = (args[0] as i64, args[1] as i64);
    let size = cx.program.size_of(ty) as u64;
    let too_large = |count: i64| {
        u64::try_from(count).is_err()
            || size.checked_mul(count as u64).is_none_or(|b| b > MAX_BYTES)
    };
    if too_large(len) {
        return cx.error("makeslice: len out of range");
    }
    if too_large(cap) || len > cap {
        return cx.error("makeslice: cap out of range");
    }
    done(
        cx.new_row(ty, size as usize, cap as usize)
            .map(|row| rets[0] = row as u64),
    )
}

/// `slice.grow`
pub fn slice_grow(cx: &mut Context, ty: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let ty = TypeId(ty);
    let (from, len, cap, need) = (args[0] as *const u8, args[1], args[2], args[3]);
    let size = cx.program.size_of(ty) as u64;
    if size == 0 {
        put(rets, &[(&raw const super::EMPTY) as u64, need]);
        return if need as i64 >= 0 {
            JitResult::Ok
        } else {
            bad_length(cx)
        };
    }
    let layouts = cx.heap.layouts();
    let noscan = layouts.noscan(layouts.of(ty));
    let grown = grown_bytes(cap, need, size, noscan);
    let Some(bytes) = grown else {
        return bad_length(cx);
    };
    let cap = bytes / size;
    done(grow(cx, ty, size, from, len, cap).map(|row| {
        put(rets, &[row as u64, cap]);
    }))
}

fn bad_length(cx: &mut Context) -> JitResult {
    cx.error("growslice: len out of range")
}

fn grow(
    cx: &mut Context,
    ty: TypeId,
    size: u64,
    from: *const u8,
    len: u64,
    cap: u64,
) -> Result<*mut u8, Exhausted> {
    let row = cx.new_row(ty, size as usize, cap as usize)?;
    // SAFETY: the old row has `len` elements, the new one room for more, and they are apart.
    unsafe { short::copy(from, row, (len * size) as usize) };
    Ok(row)
}

/// The bytes of a slice of `cap` elements that grows to hold `need`; `None` when too many.
fn grown_bytes(cap: u64, need: u64, size: u64, noscan: bool) -> Option<u64> {
    if need > MAX_BYTES {
        return None;
    }
    let bytes = grown_cap(cap, need).checked_mul(size)?;
    (bytes <= MAX_BYTES).then(|| round_up(bytes as usize, noscan) as u64)
}

/// How many elements a slice of `cap` elements asks for when it needs `need`.
fn grown_cap(cap: u64, need: u64) -> u64 {
    /// Slices with fewer elements double.
    const SMALL: u64 = 256;
    if need > 2 * cap {
        return need;
    }
    if cap < SMALL {
        return 2 * cap;
    }
    let mut grown = cap;
    while grown < need {
        // From 2 for small slices smoothly to 1.25 for large ones.
        grown += (grown + 3 * SMALL) >> 2;
    }
    grown
}

/// The sizes of Go's small objects.
#[rustfmt::skip]
const SIZES: [usize; 67] = [
    8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320,
    352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792,
    2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472,
    9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264,
    28672, 32768,
];

/// For a request in units of 8 bytes, rounded up: which of [`SIZES`] it gets.
const SIZE_OF_UNITS: [u8; SIZES[SIZES.len() - 1] / 8 + 1] = {
    let mut table = [0; SIZES[SIZES.len() - 1] / 8 + 1];
    let (mut units, mut size) = (0, 0);
    while units < table.len() {
        if units * 8 > SIZES[size] {
            size += 1;
        }
        table[units] = size as u8;
        units += 1;
    }
    table
};

/// What Go's allocator rounds a request up to.
pub fn round_up(bytes: usize, noscan: bool) -> usize {
    /// Larger objects with pointers have a header in Go.
    const HEADERLESS: usize = 512;
    const HEADER: usize = 8;
    const PAGE: usize = 8 << 10;
    if bytes == 0 {
        return 0;
    }
    if bytes > SIZES[SIZES.len() - 1] - HEADER {
        return bytes.next_multiple_of(PAGE);
    }
    let header = if noscan || bytes <= HEADERLESS {
        0
    } else {
        HEADER
    };
    SIZES[usize::from(SIZE_OF_UNITS[(bytes + header).div_ceil(8)])] - header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The capacities of a slice that grows one by one, in elements.
    fn capacities(size: u64, noscan: bool, up_to: u64) -> Vec<u64> {
        let (mut cap, mut seen) = (0, Vec::new());
        for need in 1..=up_to {
            if need > cap {
                cap = grown_bytes(cap, need, size, noscan).unwrap() / size;
                seen.push(cap);
            }
        }
        seen
    }

    #[test]
    fn every_request_gets_the_least_size_that_holds_it() {
        for bytes in 1..=SIZES[SIZES.len() - 1] - 8 {
            let least = SIZES.iter().find(|size| **size >= bytes);
            assert_eq!(Some(&round_up(bytes, true)), least);
        }
        assert_eq!(round_up(32769, true), 5 * 8192);
        assert_eq!(round_up(513, false), 576 - 8);
    }

    #[test]
    fn grows_as_go_does() {
        assert_eq!(
            capacities(8, true, 2000),
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 848, 1280, 1792, 2560]
        );
        assert_eq!(capacities(1, true, 100), [8, 16, 32, 64, 128]);
        assert_eq!(
            capacities(16, false, 700),
            [1, 2, 4, 8, 16, 32, 71, 143, 303, 591, 1023]
        );
        assert_eq!(
            capacities(12, true, 2000),
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 853, 1365, 2048]
        );
        assert_eq!(grown_bytes(0, 3, 8, true), Some(24));
        assert_eq!(grown_bytes(4, 9, 8, true), Some(80));
        assert_eq!(grown_bytes(0, u64::MAX, 8, true), None);
    }
}
