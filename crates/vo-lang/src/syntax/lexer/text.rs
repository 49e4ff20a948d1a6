//! Escapes of rune and string literals.

use super::super::ast::Name;

/// One element of a literal's body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// A character, as such or as `\n`, `\u…` and the like.
    Char(char),
    /// A byte: `\x…` or `\123`.
    Byte(u8),
}

/// A wrong escape: its place in the body and what is wrong.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct EscapeError {
    pub at: usize,
    pub len: usize,
    pub what: Name,
}

/// Decodes `body`, what stands between two `quote`s. A wrong escape is reported and left out.
pub(super) fn unescape(body: &str, quote: char, errors: &mut Vec<EscapeError>) -> Vec<Unit> {
    let mut units = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(c) = body[at..].chars().next() {
        if c != '\\' {
            units.push(Unit::Char(c));
            at += c.len_utf8();
            continue;
        }
        let (len, unit) = escape(&body[at..], quote);
        match unit {
            Ok(unit) => units.push(unit),
            Err(what) => errors.push(EscapeError {
                at,
                len,
                what: Name::from(what),
            }),
        }
        at += len;
    }
    units
}

/// Reads the escape that `text` begins with: its length and value.
fn escape(text: &str, quote: char) -> (usize, Result<Unit, String>) {
    let Some(letter) = text[1..].chars().next() else {
        return (1, Err("nothing follows the backslash".to_string()));
    };
    let simple = match letter {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        c if c == quote => quote,
        'x' => return numeric(text, 2, 2, 16),
        'u' => return numeric(text, 2, 4, 16),
        'U' => return numeric(text, 2, 8, 16),
        '0'..='7' => return numeric(text, 1, 3, 8),
        _ => {
            return (
                1 + letter.len_utf8(),
                Err(format!("unknown escape `\\{letter}`")),
            );
        }
    };
    (2, Ok(Unit::Char(simple)))
}

/// Reads an escape of `count` digits that begin at `start`.
fn numeric(text: &str, start: usize, count: usize, base: u32) -> (usize, Result<Unit, String>) {
    let found = text[start..]
        .chars()
        .take(count)
        .take_while(|c| c.is_digit(base))
        .count();
    let end = start + found;
    if found < count {
        let digits = if base == 8 { "octal" } else { "hexadecimal" };
        return (
            end,
            Err(format!("`\\{}` needs {count} {digits} digits", &text[1..2])),
        );
    }
    // At most eight digits of four bits: it fits.
    let value = u32::from_str_radix(&text[start..end], base).unwrap_or(u32::MAX);
    let unit = if count <= 3 {
        u8::try_from(value)
            .map(Unit::Byte)
            .map_err(|_| format!("`{}` is larger than 255", &text[..end]))
    } else {
        char::from_u32(value)
            .map(Unit::Char)
            .ok_or_else(|| format!("`{}` is not a Unicode code point", &text[..end]))
    };
    (end, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(body: &str, quote: char) -> Vec<Unit> {
        let mut errors = Vec::new();
        let units = unescape(body, quote, &mut errors);
        assert_eq!(errors, [], "{body}");
        units
    }

    fn err(body: &str) -> String {
        let mut errors = Vec::new();
        unescape(body, '"', &mut errors);
        errors
            .into_iter()
            .map(|e| format!("{}+{} {}", e.at, e.len, e.what))
            .collect::<Vec<_>>()
            .join("; ")
    }

    #[test]
    fn every_escape() {
        let chars: String = ok(r#"\a\b\f\n\r\t\v\\\"\u00e9\U0001F600é"#, '"')
            .into_iter()
            .map(|u| match u {
                Unit::Char(c) => c,
                Unit::Byte(_) => panic!("byte"),
            })
            .collect();
        assert_eq!(chars, "\x07\x08\x0c\n\r\t\x0b\\\"é😀é");
        assert_eq!(
            ok(r"\x41\377\000", '"'),
            [Unit::Byte(0x41), Unit::Byte(255), Unit::Byte(0)]
        );
        assert_eq!(ok(r"\'", '\''), [Unit::Char('\'')]);
    }

    #[test]
    fn wrong_escapes() {
        assert_eq!(
            err(r"a\qb\'"),
            r"1+2 unknown escape `\q`; 4+2 unknown escape `\'`"
        );
        assert_eq!(err(r"\x4"), r"0+3 `\x` needs 2 hexadecimal digits");
        assert_eq!(err(r"\18"), r"0+2 `\1` needs 3 octal digits");
        assert_eq!(err(r"\400"), r"0+4 `\400` is larger than 255");
        assert_eq!(err(r"\ud800"), r"0+6 `\ud800` is not a Unicode code point");
        assert_eq!(
            err(r"\U00110000"),
            r"0+10 `\U00110000` is not a Unicode code point"
        );
        assert_eq!(err("\\"), "0+1 nothing follows the backslash");
    }
}
