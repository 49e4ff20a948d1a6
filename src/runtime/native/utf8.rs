//! UTF-8 as Go reads and writes it: strings may hold any bytes, and each byte that begins no
//! valid encoding is one U+FFFD.

/// The replacement character.
pub const REPLACEMENT: u32 = 0xfffd;

/// The code point that the bytes begin with, and its width: U+FFFD and 1 where they are invalid,
/// U+FFFD and 0 where there are none.
#[inline]
pub fn decode(bytes: &[u8]) -> (u32, usize) {
    match bytes.first() {
        None => (REPLACEMENT, 0),
        Some(&byte @ 0..=0x7f) => (u32::from(byte), 1),
        Some(&first) => decode_long(first, bytes),
    }
}

/// The same where the first byte is not ASCII.
fn decode_long(first: u8, bytes: &[u8]) -> (u32, usize) {
    const INVALID: (u32, usize) = (REPLACEMENT, 1);
    // The range of the second byte keeps out overlong forms, surrogates and what is too large
    // (Unicode Standard, table 3-7).
    let (width, low, high) = match first {
        0xc2..=0xdf => (2, 0x80, 0xbf),
        0xe0 => (3, 0xa0, 0xbf),
        0xed => (3, 0x80, 0x9f),
        0xe1..=0xef => (3, 0x80, 0xbf),
        0xf0 => (4, 0x90, 0xbf),
        0xf4 => (4, 0x80, 0x8f),
        0xf1..=0xf3 => (4, 0x80, 0xbf),
        _ => return INVALID,
    };
    if bytes.len() < width || !(low..=high).contains(&bytes[1]) {
        return INVALID;
    }
    let mut rune = u32::from(first) & (0x7f >> width);
    for &byte in &bytes[1..width] {
        if byte & 0xc0 != 0x80 {
            return INVALID;
        }
        rune = rune << 6 | u32::from(byte & 0x3f);
    }
    (rune, width)
}

/// The code points of a text.
pub fn runes(mut bytes: &[u8]) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let (rune, width) = decode(bytes);
        bytes = &bytes[width..];
        (width > 0).then_some(rune)
    })
}

/// The character of a code point, U+FFFD where it is none.
pub fn character(rune: i64) -> char {
    let valid = u32::try_from(rune).ok().and_then(char::from_u32);
    valid.unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Appends the encoding of a code point.
pub fn encode(rune: i64, to: &mut Vec<u8>) {
    to.extend_from_slice(character(rune).encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_rust_encodes() {
        for c in [
            'a',
            'é',
            '€',
            '\u{d7ff}',
            '\u{e000}',
            '\u{fffd}',
            '😀',
            '\u{10ffff}',
        ] {
            let mut text = c.to_string().into_bytes();
            text.push(b'x');
            assert_eq!(decode(&text), (u32::from(c), c.len_utf8()));
        }
    }

    #[test]
    fn invalid_bytes_are_one_replacement_each() {
        for text in [
            &b"\x80"[..],
            b"\xc0\x80",
            b"\xe2\x82",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\xff",
        ] {
            assert_eq!(decode(text), (REPLACEMENT, 1), "{text:?}");
        }
        let runes: Vec<u32> = runes(b"a\xe2\x82z").collect();
        assert_eq!(runes, [0x61, REPLACEMENT, REPLACEMENT, 0x7a]);
    }
}
