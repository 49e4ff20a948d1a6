//! Quoted texts, as Go's `strconv.Quote` makes them.

use super::memory::{bytes, done};
use super::utf8;
use crate::runtime::context::{Context, JitResult};
use std::io::Write;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// `strconv.quote`
pub fn quote(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    let text = quoted(unsafe { bytes(args, 0) });
    done(cx.put_string(&text, rets))
}

/// `strconv.isPrint`
pub fn is_print(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let rune = u32::try_from(args[0] as i64).ok().and_then(char::from_u32);
    rets[0] = u64::from(rune.is_some_and(printable));
    JitResult::Ok
}

/// Whether a character is a letter, mark, number, punctuation, symbol or the ASCII space.
pub fn printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    use GeneralCategoryGroup::{Letter, Mark, Number, Punctuation, Symbol};
    matches!(
        c.general_category_group(),
        Letter | Mark | Number | Punctuation | Symbol
    )
}

/// A text in double quotes, with escapes for all that is not printable.
pub fn quoted(mut text: &[u8]) -> Vec<u8> {
    let mut to = Vec::with_capacity(text.len() + 2);
    to.push(b'"');
    while let Some(&first) = text.first() {
        let (rune, width) = utf8::decode(text);
        if width == 1 && rune == utf8::REPLACEMENT {
            put(&mut to, format_args!("\\x{first:02x}"));
        } else {
            put_character(&mut to, utf8::character(i64::from(rune)));
        }
        text = &text[width..];
    }
    to.push(b'"');
    to
}

fn put_character(to: &mut Vec<u8>, c: char) {
    let short = match c {
        '"' | '\\' => c,
        '\x07' => 'a',
        '\x08' => 'b',
        '\x0c' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\x0b' => 'v',
        _ if printable(c) => return utf8::encode(i64::from(u32::from(c)), to),
        _ => {
            return match u32::from(c) {
                rune @ (0..=0x1f | 0x7f) => put(to, format_args!("\\x{rune:02x}")),
                rune @ 0..=0xffff => put(to, format_args!("\\u{rune:04x}")),
                rune => put(to, format_args!("\\U{rune:08x}")),
            };
        }
    };
    put(to, format_args!("\\{short}"));
}

fn put(to: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = to.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        let cases: [(&[u8], &str); 5] = [
            (b"plain \"text\" \\", r#""plain \"text\" \\""#),
            (
                b"\x07\x08\x0c\n\r\t\x0b\x00\x7f",
                r#""\a\b\f\n\r\t\v\x00\x7f""#,
            ),
            (b"\xff\xc3", r#""\xff\xc3""#),
            ("é€😀\u{fffd}".as_bytes(), "\"é€😀\u{fffd}\""),
            (
                "\u{a0}\u{200b}\u{10ffff}\u{3000}".as_bytes(),
                r#""\u00a0\u200b\U0010ffff\u3000""#,
            ),
        ];
        for (text, want) in cases {
            assert_eq!(String::from_utf8_lossy(&quoted(text)), want);
        }
    }
}
