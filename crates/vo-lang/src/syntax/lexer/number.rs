//! Number literals: their extent, their value, and what may be wrong with them.
//!
//! The rules and most of the wording are those of Go's scanner (`go/scanner`, `scanNumber`).

use super::super::ast::{LitValue, Name};

/// A number found at the beginning of a text.
pub(super) struct Number {
    /// Its length in bytes.
    pub len: usize,
    /// Its value; a stand-in if there is an error.
    pub value: LitValue,
    /// What is wrong with it.
    pub error: Option<NumberError>,
}

/// Why a number is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NumberError {
    /// `2i`.
    Imaginary,
    /// Anything else, in words.
    Malformed(String),
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    error: Option<NumberError>,
}

/// Reads the number that `text` begins with (a digit, or a dot and a digit).
pub(super) fn scan(text: &str) -> Number {
    let mut s = Scanner {
        text: text.as_bytes(),
        at: 0,
        error: None,
    };
    let (base, prefix_len, kind) = s.prefix();
    s.at = prefix_len;
    let mut digits = 0;
    let mut invalid = None;
    let mut float = false;
    if s.peek() != b'.' {
        digits += s.digits(base, &mut invalid);
    }
    if s.peek() == b'.' {
        float = true;
        if base == 2 || (base == 8 && prefix_len > 0) {
            s.fail(format!("{kind} literal has no fraction"));
        }
        s.at += 1;
        digits += s.digits(base, &mut invalid);
    }
    if digits == 0 {
        s.fail(format!("{kind} literal has no digits"));
    }
    float |= s.exponent(base, prefix_len, float);
    if let (false, Some(digit)) = (float, invalid) {
        s.fail(format!(
            "invalid digit `{}` in {kind} literal",
            char::from(digit)
        ));
    }
    let number_len = s.at;
    s.suffix(text);
    if !separators_ok(&s.text[..number_len]) {
        s.fail("`_` must separate successive digits".to_string());
    }
    let clean: String = text[..number_len].chars().filter(|c| *c != '_').collect();
    let value = match &s.error {
        Some(_) => LitValue::Int {
            base: 10,
            digits: Name::from("0"),
        },
        None if float => LitValue::Float(Name::from(clean)),
        None => {
            let digits = &clean[prefix_len..];
            let base = if digits == "0" { 10 } else { base };
            LitValue::Int {
                base,
                digits: Name::from(digits),
            }
        }
    };
    Number {
        len: s.at,
        value,
        error: s.error,
    }
}

impl Scanner<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn fail(&mut self, what: String) {
        self.error.get_or_insert(NumberError::Malformed(what));
    }

    /// Base, length of the prefix, and name of the kind of literal.
    fn prefix(&self) -> (u32, usize, &'static str) {
        match (self.peek(), self.text.get(1).map(u8::to_ascii_lowercase)) {
            (b'0', Some(b'x')) => (16, 2, "hexadecimal"),
            (b'0', Some(b'o')) => (8, 2, "octal"),
            (b'0', Some(b'b')) => (2, 2, "binary"),
            (b'0', _) => (8, 0, "octal"),
            _ => (10, 0, "decimal"),
        }
    }

    /// Skips digits and separators; gives the number of digits and the first that is too large.
    fn digits(&mut self, base: u32, invalid: &mut Option<u8>) -> usize {
        let mut count = 0;
        loop {
            let c = self.peek();
            let is_digit = if base == 16 {
                c.is_ascii_hexdigit()
            } else {
                c.is_ascii_digit()
            };
            if is_digit {
                count += 1;
                if base < 10 && u32::from(c - b'0') >= base {
                    invalid.get_or_insert(c);
                }
            } else if c != b'_' {
                return count;
            }
            self.at += 1;
        }
    }

    /// Skips an exponent; tells whether there was one.
    fn exponent(&mut self, base: u32, prefix_len: usize, float: bool) -> bool {
        let letter = self.peek().to_ascii_lowercase();
        if letter != b'e' && letter != b'p' {
            if float && base == 16 {
                self.fail("a hexadecimal fraction needs a `p` exponent".to_string());
            }
            return false;
        }
        if letter == b'e' && prefix_len > 0 {
            self.fail("an `e` exponent needs a decimal number".to_string());
        } else if letter == b'p' && base != 16 {
            self.fail("a `p` exponent needs a hexadecimal number".to_string());
        }
        self.at += 1;
        if matches!(self.peek(), b'+' | b'-') {
            self.at += 1;
        }
        if self.digits(10, &mut None) == 0 {
            self.fail("the exponent has no digits".to_string());
        }
        true
    }

    /// Skips what is glued to the number: an `i`, or letters and digits that make no sense.
    fn suffix(&mut self, text: &str) {
        let rest = &text[self.at..];
        let len = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        if len == 0 {
            return;
        }
        if &rest[..len] == "i" {
            self.error.get_or_insert(NumberError::Imaginary);
        } else {
            self.fail(format!("`{}` is glued to a number", &rest[..len]));
        }
        self.at += len;
    }
}

/// Whether each `_` has a digit (or the base prefix) before it and a digit behind it.
fn separators_ok(text: &[u8]) -> bool {
    let prefixed =
        text.len() > 1 && text[0] == b'0' && text[1].is_ascii_alphabetic() && text[1] != b'e';
    let is_digit = |i: usize| text.get(i).is_some_and(u8::is_ascii_hexdigit);
    (0..text.len())
        .filter(|i| text[*i] == b'_')
        .all(|i| ((prefixed && i == 2) || (i > 0 && is_digit(i - 1))) && is_digit(i + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(text: &str) -> (u32, String) {
        let number = scan(text);
        assert_eq!(number.error, None, "{text}");
        assert_eq!(number.len, text.len(), "{text}");
        match number.value {
            LitValue::Int { base, digits } => (base, digits.to_string()),
            other => panic!("{text}: {other:?}"),
        }
    }

    fn float(text: &str) -> String {
        let number = scan(text);
        assert_eq!((&number.error, number.len), (&None, text.len()), "{text}");
        match number.value {
            LitValue::Float(digits) => digits.to_string(),
            other => panic!("{text}: {other:?}"),
        }
    }

    fn error(text: &str) -> String {
        match scan(text).error {
            Some(NumberError::Malformed(what)) => what,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn integers() {
        assert_eq!(int("0"), (10, "0".into()));
        assert_eq!(int("00"), (8, "00".into()));
        assert_eq!(int("42"), (10, "42".into()));
        assert_eq!(int("4_2"), (10, "42".into()));
        assert_eq!(int("0600"), (8, "0600".into()));
        assert_eq!(int("0_600"), (8, "0600".into()));
        assert_eq!(int("0o600"), (8, "600".into()));
        assert_eq!(int("0O600"), (8, "600".into()));
        assert_eq!(int("0xBad_Face"), (16, "BadFace".into()));
        assert_eq!(int("0x_67"), (16, "67".into()));
        assert_eq!(int("0b1_01"), (2, "101".into()));
    }

    #[test]
    fn floats() {
        assert_eq!(float("0."), "0.");
        assert_eq!(float("72.40"), "72.40");
        assert_eq!(float("072.40"), "072.40");
        assert_eq!(float("089.5"), "089.5");
        assert_eq!(float("1.e+0"), "1.e+0");
        assert_eq!(float("1E6"), "1E6");
        assert_eq!(float(".25"), ".25");
        assert_eq!(float(".12345E+5"), ".12345E+5");
        assert_eq!(float("1_5."), "15.");
        assert_eq!(float("0.15e+0_2"), "0.15e+02");
        assert_eq!(float("0x1p-2"), "0x1p-2");
        assert_eq!(float("0x2.p10"), "0x2.p10");
        assert_eq!(float("0x.8p-0"), "0x.8p-0");
        assert_eq!(float("0X_1FFFP-16"), "0X1FFFP-16");
    }

    #[test]
    fn a_number_ends_where_it_must() {
        assert_eq!(scan("0x15e-2").len, 5);
        assert_eq!(scan("1..2").len, 2);
        assert_eq!(scan("7+1").len, 1);
    }

    #[test]
    fn errors() {
        assert_eq!(error("0x"), "hexadecimal literal has no digits");
        assert_eq!(error("0b12"), "invalid digit `2` in binary literal");
        assert_eq!(error("089"), "invalid digit `8` in octal literal");
        assert_eq!(error("0b1.0"), "binary literal has no fraction");
        assert_eq!(
            error("0x1.8"),
            "a hexadecimal fraction needs a `p` exponent"
        );
        assert_eq!(error("1p3"), "a `p` exponent needs a hexadecimal number");
        assert_eq!(error("1e"), "the exponent has no digits");
        assert_eq!(error("1__0"), "`_` must separate successive digits");
        assert_eq!(error("1_"), "`_` must separate successive digits");
        assert_eq!(error("0_xBadFace"), "`xBadFace` is glued to a number");
        assert_eq!(error("12ab"), "`ab` is glued to a number");
        assert_eq!(scan("2.5i").error, Some(NumberError::Imaginary));
    }
}
