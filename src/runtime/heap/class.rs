//! Size classes: which cell an object of so many bytes gets.
//!
//! A cell is the 8-byte header and the payload. The payload sizes are chosen so that the usual
//! powers of two fit exactly, and that a block is cut with little left over. Every size exists
//! twice: for objects that hold references, and for objects that hold none (`noscan`), so that
//! the collector never needs to look at the latter.

use super::block::BLOCK_BYTES;

/// Bytes of the header that stands before every payload.
pub const HEADER_BYTES: usize = 8;

/// Bytes before the header of a large object: its payload begins at a cache line, so that rows of
/// elements of 16, 32 or 64 bytes do not lie across lines.
pub(super) const LARGE_LEAD: usize = 64 - HEADER_BYTES;

/// Bytes of a large object before its payload.
const LARGE_HEADER: usize = LARGE_LEAD + HEADER_BYTES;

/// Payload bytes of each size: steps of 8 up to 128, then four steps per doubling (at most a
/// quarter, on average a tenth lost), and from 2 KiB what divides a block well.
const PAYLOADS: [u32; N_SIZES] = [
    8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, // 8 each
    160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048, //
    2608, 3112, 3632, 4360, 5448, 6544, 8184, // 25, 21, 18, 15, 12, 10 and 8 cells a block
    9352, 10912, 13096, 16376, 21832, 32760, // 7, 6, 5, 4, 3 and 2 cells a block
];

/// How many sizes there are.
pub const N_SIZES: usize = 45;

/// How many classes there are: each size with and without references.
pub const N_CLASSES: usize = 2 * N_SIZES;

/// The largest payload that lies in a cell; larger objects get their own run of chunks.
pub const MAX_SMALL: usize = PAYLOADS[N_SIZES - 1] as usize;

/// Size by payload bytes, in units of 8 rounded up.
const SIZE_OF_UNITS: [u8; MAX_SMALL / 8 + 1] = {
    let mut table = [0; MAX_SMALL / 8 + 1];
    let mut size = 0;
    let mut units = 0;
    while units < table.len() {
        if units * 8 > PAYLOADS[size] as usize {
            size += 1;
        }
        table[units] = size as u8;
        units += 1;
    }
    table
};

/// The class of objects of `bytes` payload bytes; `None` for large ones.
///
/// The index into [`super::AllocHot::classes`].
pub const fn class_of(bytes: usize, noscan: bool) -> Option<usize> {
    if bytes > MAX_SMALL {
        return None;
    }
    Some(SIZE_OF_UNITS[bytes.div_ceil(8)] as usize * 2 + noscan as usize)
}

/// The bytes of a cell of that class, header included.
pub const fn cell_bytes(class: usize) -> usize {
    PAYLOADS[class / 2] as usize + HEADER_BYTES
}

/// How many payload bytes an object of `bytes` really gets, for growing buffers that like to
/// use all of it.
pub const fn usable_bytes(bytes: usize) -> usize {
    if bytes <= MAX_SMALL {
        PAYLOADS[SIZE_OF_UNITS[bytes.div_ceil(8)] as usize] as usize
    } else {
        match large_total(bytes) {
            Some(total) if total <= usize::MAX - BLOCK_BYTES => {
                total.next_multiple_of(BLOCK_BYTES) - LARGE_HEADER
            }
            _ => bytes,
        }
    }
}

/// The bytes of a large object, header and what is before it included.
pub(super) const fn large_total(bytes: usize) -> Option<usize> {
    bytes.checked_add(LARGE_HEADER)
}

/// How many cells of that class a block holds.
pub(super) const fn cells_per_block(class: usize) -> u32 {
    (BLOCK_BYTES / cell_bytes(class)) as u32
}

/// The factor that divides an offset within a block by the cell size: `offset * magic >> 32`.
///
/// It is 2^32 / cell, rounded up: the error is below cell / 2^32 per unit of offset, and
/// offset * cell < 2^16 * 2^15 < 2^32, so the quotient is exact.
pub(super) const fn magic(class: usize) -> u32 {
    (1u64 << 32).div_ceil(cell_bytes(class) as u64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_fits_its_class_and_no_smaller_one() {
        for bytes in 0..=MAX_SMALL {
            let class = class_of(bytes, true).unwrap();
            assert!(cell_bytes(class) >= bytes + HEADER_BYTES);
            assert!(class % 2 == 1);
            assert!(class < 2 || cell_bytes(class - 2) < bytes + HEADER_BYTES);
        }
        assert_eq!(class_of(MAX_SMALL + 1, false), None);
        assert_eq!(cell_bytes(class_of(16, false).unwrap()), 24);
    }

    #[test]
    fn reciprocal_divides_exactly() {
        for class in 0..N_CLASSES {
            for offset in 0..BLOCK_BYTES as u64 {
                let index = (offset * u64::from(magic(class))) >> 32;
                assert_eq!(index, offset / cell_bytes(class) as u64);
            }
        }
    }

    #[test]
    fn cells_are_aligned_and_waste_little() {
        for class in 0..N_CLASSES {
            assert_eq!(cell_bytes(class) % 8, 0);
            let used = cells_per_block(class) as usize * cell_bytes(class);
            assert!(BLOCK_BYTES - used <= BLOCK_BYTES / 16, "class {class}");
        }
    }
}
