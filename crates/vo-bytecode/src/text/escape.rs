//! Quoted strings: bytes to text and back.

use std::fmt::Write;

/// Appends `bytes` in quotes. Valid UTF-8 stays readable, everything else becomes an escape.
pub(super) fn quote(bytes: &[u8], out: &mut String) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if c.is_control() => push(out, format_args!("\\u{{{:x}}}", u32::from(c))),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            push(out, format_args!("\\x{byte:02x}"));
        }
    }
    out.push('"');
}

/// Appends formatted text; writing to a `String` cannot fail.
pub(super) fn push(out: &mut String, args: std::fmt::Arguments<'_>) {
    let done = out.write_fmt(args);
    debug_assert!(done.is_ok(), "writing to a String failed");
}

/// The bytes of a quoted string, given with its quotes. The error is a message and the byte
/// offset of the bad escape in `quoted`.
pub(super) fn unquote(quoted: &str) -> Result<Vec<u8>, (usize, &'static str)> {
    let inner = &quoted[1..quoted.len() - 1];
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        let offset = 1 + inner.len() - rest.len() + at;
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        rest = escape(&rest[at + 1..], &mut bytes).map_err(|message| (offset, message))?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

/// Reads one escape, given without its backslash; returns what follows it.
fn escape<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Result<&'a str, &'static str> {
    let mut chars = text.chars();
    let simple = match chars.next() {
        Some('n') => b'\n',
        Some('t') => b'\t',
        Some('r') => b'\r',
        Some('0') => 0,
        Some('"') => b'"',
        Some('\\') => b'\\',
        Some('x') => {
            let digits = text.get(1..3).filter(|d| is_hex(d));
            let digits = digits.ok_or("`\\x` needs two hexadecimal digits")?;
            u8::from_str_radix(digits, 16).map_err(|_| "bad `\\x` escape")?
        }
        Some('u') => return unicode(&text[1..], bytes),
        _ => return Err("unknown escape"),
    };
    bytes.push(simple);
    Ok(match text.as_bytes()[0] {
        b'x' => &text[3..],
        _ => chars.as_str(),
    })
}

/// Reads `{hex}` of a `\u` escape; returns what follows it.
fn unicode<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Result<&'a str, &'static str> {
    const MESSAGE: &str = "`\\u` needs a code point as `{hex digits}`";
    let (digits, rest) = text
        .strip_prefix('{')
        .and_then(|text| text.split_once('}'))
        .ok_or(MESSAGE)?;
    let c = Some(digits)
        .filter(|d| is_hex(d))
        .and_then(|d| u32::from_str_radix(d, 16).ok())
        .and_then(char::from_u32)
        .ok_or(MESSAGE)?;
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(rest)
}

fn is_hex(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let mut out = String::new();
        quote(bytes, &mut out);
        out
    }

    #[test]
    fn quotes_and_unquotes_every_byte() {
        let all: Vec<u8> = (0..=255).chain(0..=255).collect();
        assert_eq!(unquote(&text(&all)).as_deref(), Ok(&all[..]));
        assert_eq!(text("a\"\\\né\u{7f}".as_bytes()), r#""a\"\\\né\u{7f}""#);
        assert_eq!(text(b"\xff\xc3"), r#""\xff\xc3""#);
    }

    #[test]
    fn refuses_bad_escapes() {
        for (quoted, at) in [
            (r#""ab\q""#, 3),
            (r#""\x1""#, 1),
            (r#""\xg0""#, 1),
            (r#""\x+1""#, 1),
            (r#""\u{}""#, 1),
            (r#""\u{d800}""#, 1),
            (r#""é\u{+1}""#, 3),
            (r#""\é""#, 1),
        ] {
            assert_eq!(unquote(quoted).map_err(|e| e.0), Err(at), "{quoted}");
        }
    }
}
