//! Texts of floats, and floats of texts, as Go's `strconv` has them.
//!
//! Digits come from elsewhere, and this file only arranges them: a given number of digits from the
//! standard library, which rounds exactly (but for few places of numbers of a usual size), and the
//! fewest from `ryu`, which of two that are as near takes the even one, as Go does.

use super::memory::{bytes, done, put};
use crate::runtime::context::{Context, JitResult};
use smallvec::SmallVec;
use std::fmt::Write as _;

/// `strconv.formatFloat`
pub fn format_float(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let value = Float::new(f64::from_bits(args[0]), args[3]);
    let text = value.format(args[1] as u8, args[2] as i64);
    done(cx.put_string(text.as_bytes(), rets))
}

/// `strconv.parseFloat`
pub fn parse_float(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    let text = unsafe { bytes(args, 0) };
    let (value, code) = match parse(text, args[2] == 32) {
        Ok(value) => (value, 0),
        Err(ParseError::Syntax) => (0.0, 1),
        Err(ParseError::Range(value)) => (value, 2),
    };
    put(rets, &[value.to_bits(), code]);
    JitResult::Ok
}

/// A float of so many bits as `%g` shows it.
pub fn general_text(value: f64, bits: u64) -> String {
    Float::new(value, bits).format(b'g', -1)
}

/// A float of so many bits in plain decimal form.
pub fn plain_text(value: f64, bits: u64) -> String {
    Float::new(value, bits).format(b'f', -1)
}

/// A float to be formatted, of one of the two widths.
#[derive(Clone, Copy)]
enum Float {
    F32(f32),
    F64(f64),
}

/// The decimal digits of a float: `0.d1 d2 d3 … * 10^point`. No digits are zero.
struct Digits {
    digits: SmallVec<[u8; 24]>,
    point: i64,
}

impl Float {
    fn new(value: f64, bits: u64) -> Float {
        if bits == 32 {
            Float::F32(value as f32)
        } else {
            Float::F64(value)
        }
    }

    fn wide(self) -> f64 {
        match self {
            Float::F32(value) => f64::from(value),
            Float::F64(value) => value,
        }
    }

    /// The float in Go's format `format` (one of `beEfgGxX`) with a precision, or the shortest
    /// digits that are read back as the same float where it is negative.
    fn format(self, format: u8, precision: i64) -> String {
        let wide = self.wide();
        if wide.is_nan() {
            return "NaN".into();
        }
        if wide.is_infinite() {
            return if wide > 0.0 { "+Inf" } else { "-Inf" }.into();
        }
        let mut text = String::with_capacity(32);
        if wide.is_sign_negative() {
            text.push('-');
        }
        match format {
            b'b' => self.put_binary(&mut text),
            b'x' | b'X' => self.put_hexadecimal(format, precision, &mut text),
            b'e' | b'E' | b'f' | b'g' | b'G' => self.put_decimal(format, precision, &mut text),
            _ => return format!("%{}", char::from(format)),
        }
        text
    }

    /// The fewest digits that are read back as the same float.
    fn shortest(self) -> Digits {
        let mut buffer = ryu::Buffer::new();
        Digits::of_text(match self {
            Float::F32(value) => buffer.format_finite(value.abs()),
            Float::F64(value) => buffer.format_finite(value.abs()),
        })
    }

    fn put_decimal(self, format: u8, precision: i64, text: &mut String) {
        let shortest = precision < 0;
        let general = matches!(format, b'g' | b'G');
        let precision = if general && precision == 0 {
            1
        } else {
            precision
        };
        // Beyond some 1100 digits a float has zeros only; fewer are asked for where that is exact.
        const EXACT: i64 = 1100;
        let digits = if shortest {
            self.shortest()
        } else if format == b'f' {
            let exact = precision.min(EXACT);
            if !self.put_few_places(exact as usize, text) {
                // Writing to a string does not fail.
                let _ = write!(text, "{:.*}", exact as usize, self.wide().abs());
            }
            text.extend(std::iter::repeat_n('0', (precision - exact) as usize));
            return;
        } else {
            let behind = if general { precision - 1 } else { precision };
            Digits::of_text(&format!(
                "{:.*e}",
                behind.min(EXACT) as usize,
                self.wide().abs()
            ))
        };
        let count = digits.digits.len() as i64;
        match format {
            b'f' => digits.put_fixed((count - digits.point).max(0), text),
            b'e' | b'E' => {
                digits.put_scientific(
                    format,
                    if shortest {
                        (count - 1).max(0)
                    } else {
                        precision
                    },
                    text,
                );
            }
            _ => digits.put_general(
                format,
                if shortest { count } else { precision },
                shortest,
                text,
            ),
        }
    }

    /// The float without its sign, with so many places behind the point, where it and they are of a
    /// usual size: 128 bits hold the float times a power of ten exactly then. False where they are
    /// not.
    fn put_few_places(self, places: usize, text: &mut String) -> bool {
        const MOST: usize = 18;
        let (mantissa, exponent, bits) = self.parts();
        let shift = i64::from(bits) - exponent;
        if places > MOST || !(1..128).contains(&shift) {
            return false;
        }
        let scaled = u128::from(mantissa) * 10u128.pow(places as u32);
        let (whole, rest, half) = (
            scaled >> shift,
            scaled & ((1 << shift) - 1),
            1 << (shift - 1),
        );
        // To the nearest, and from the middle to the even one.
        let up = rest > half || (rest == half && whole & 1 == 1);
        let Ok(mut number) = u64::try_from(whole + u128::from(up)) else {
            return false;
        };
        // Places and point in front of which there is at least one digit, from the last one.
        let mut digits = [0u8; 24];
        let mut at = digits.len();
        let mut count = 0;
        while number > 0 || count <= places {
            if count == places && places > 0 {
                at -= 1;
                digits[at] = b'.';
            }
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            count += 1;
        }
        push_ascii(text, &digits[at..]);
        true
    }

    /// Mantissa and binary exponent: the float is `mantissa * 2^(exponent - mantissa bits)`; and
    /// the mantissa's bits.
    fn parts(self) -> (u64, i64, u32) {
        let (bits, mantissa_bits, bias, exponent_mask) = match self {
            Float::F32(value) => (u64::from(value.to_bits()), 23, 127, 0xff),
            Float::F64(value) => (value.to_bits(), 52, 1023, 0x7ff),
        };
        let mantissa = bits & ((1 << mantissa_bits) - 1);
        match (bits >> mantissa_bits) & exponent_mask {
            0 => (mantissa, 1 - bias, mantissa_bits),
            exponent => (
                mantissa | 1 << mantissa_bits,
                exponent as i64 - bias,
                mantissa_bits,
            ),
        }
    }

    fn put_binary(self, text: &mut String) {
        let (mantissa, exponent, bits) = self.parts();
        text.push_str(&format!("{mantissa}p{:+}", exponent - i64::from(bits)));
    }

    fn put_hexadecimal(self, format: u8, precision: i64, text: &mut String) {
        /// The leading one stands above fifteen hexadecimal digits.
        const ONE: u64 = 1 << 60;
        let (mantissa, mut exponent, bits) = self.parts();
        let mut mantissa = mantissa << (60 - bits);
        if mantissa == 0 {
            exponent = 0;
        } else {
            let shift = mantissa.leading_zeros() - 3;
            mantissa <<= shift;
            exponent -= i64::from(shift);
        }
        if (0..15).contains(&precision) {
            let kept = precision as u32 * 4;
            let rest = (mantissa << kept) & (ONE - 1);
            mantissa >>= 60 - kept;
            // Half to even.
            if rest | (mantissa & 1) > ONE / 2 {
                mantissa += 1;
            }
            mantissa <<= 60 - kept;
            if mantissa & (ONE << 1) != 0 {
                mantissa >>= 1;
                exponent += 1;
            }
        }
        let fraction = format!("{:015x}", mantissa & (ONE - 1));
        let fraction = match usize::try_from(precision) {
            Err(_) => fraction.trim_end_matches('0').to_string(),
            Ok(precision) => format!("{fraction:0<precision$}")[..precision].to_string(),
        };
        let sign = if exponent < 0 { '-' } else { '+' };
        let point = if fraction.is_empty() { "" } else { "." };
        let all = format!(
            "0x{}{point}{fraction}p{sign}{:02}",
            mantissa >> 60,
            exponent.abs()
        );
        text.push_str(&if format == b'X' {
            all.to_uppercase()
        } else {
            all
        });
    }
}

/// Appends digits and points, which are characters of one byte.
fn push_ascii(text: &mut String, ascii: &[u8]) {
    text.push_str(std::str::from_utf8(ascii).unwrap_or_default());
}

impl Digits {
    /// Of `ddd.ddd`, or of `ddd.ddde±dd`.
    fn of_text(text: &str) -> Digits {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let exponent: i64 = exponent.parse().unwrap_or(0);
        let (whole, places) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = SmallVec::from_slice(whole.as_bytes());
        digits.extend_from_slice(places.as_bytes());
        Digits::new(digits, whole.len() as i64 + exponent)
    }

    fn new(mut digits: SmallVec<[u8; 24]>, mut point: i64) -> Digits {
        let zeros = digits.iter().take_while(|d| **d == b'0').count();
        digits.drain(..zeros);
        point -= zeros as i64;
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            point = 0;
        }
        Digits { digits, point }
    }

    /// The digit at a place, counted from the first; zero where there is none.
    fn at(&self, place: i64) -> char {
        let digit = usize::try_from(place)
            .ok()
            .and_then(|at| self.digits.get(at));
        char::from(*digit.unwrap_or(&b'0'))
    }

    /// The digits of so many places from one on.
    fn put_places(&self, from: i64, count: i64, text: &mut String) {
        let zeros = |count: i64| std::iter::repeat_n('0', count.max(0) as usize);
        let before = (-from).clamp(0, count);
        text.extend(zeros(before));
        let have = self.digits.len() as i64;
        let start = from.clamp(0, have);
        let end = (from + count).clamp(start, have);
        let digits = &self.digits[start as usize..end as usize];
        push_ascii(text, digits);
        text.extend(zeros(count - before - (end - start)));
    }

    /// `ddd.ddd`
    fn put_fixed(&self, precision: i64, text: &mut String) {
        if self.point > 0 {
            self.put_places(0, self.point, text);
        } else {
            text.push('0');
        }
        if precision > 0 {
            text.push('.');
            self.put_places(self.point, precision, text);
        }
    }

    /// `d.ddde±dd`
    fn put_scientific(&self, format: u8, precision: i64, text: &mut String) {
        text.push(self.at(0));
        if precision > 0 {
            text.push('.');
            self.put_places(1, precision, text);
        }
        let exponent = if self.digits.is_empty() {
            0
        } else {
            self.point - 1
        };
        let sign = if exponent < 0 { '-' } else { '+' };
        text.push_str(&format!(
            "{}{sign}{:02}",
            char::from(format),
            exponent.abs()
        ));
    }

    /// The scientific form where the exponent is below -4 or not below the precision (6 for the
    /// shortest digits), else the fixed form; without trailing zeros.
    fn put_general(&self, format: u8, precision: i64, shortest: bool, text: &mut String) {
        let count = self.digits.len() as i64;
        let exponent = self.point - 1;
        let limit = if shortest {
            6
        } else if precision > count && count >= self.point {
            count
        } else {
            precision
        };
        if exponent < -4 || exponent >= limit {
            let letter = if format == b'g' { b'e' } else { b'E' };
            return self.put_scientific(letter, precision.min(count) - 1, text);
        }
        let precision = if precision > self.point {
            count
        } else {
            precision
        };
        self.put_fixed((precision - self.point).max(0), text);
    }
}

/// Why a text is no float.
#[derive(Clone, Copy, PartialEq, Debug)]
enum ParseError {
    /// It is not written like one.
    Syntax,
    /// It is too large; this infinity is the nearest.
    Range(f64),
}

/// The float that a text denotes, rounded to a single float where asked.
fn parse(text: &[u8], single: bool) -> Result<f64, ParseError> {
    let is_plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if text.iter().all(is_plain) {
        let value = str::from_utf8(text).ok().and_then(|text| match single {
            true => text.parse().map(|value: f32| f64::from(value)).ok(),
            false => text.parse().ok(),
        });
        return match value {
            None => Err(ParseError::Syntax),
            Some(value) if value.is_infinite() => Err(ParseError::Range(value)),
            Some(value) => Ok(value),
        };
    }
    let lower = text.to_ascii_lowercase();
    let (sign, body) = match lower.split_first() {
        Some((b'+', rest)) => (1.0, rest),
        Some((b'-', rest)) => (-1.0, rest),
        _ => (1.0, &lower[..]),
    };
    match body {
        b"inf" | b"infinity" => return Ok(sign * f64::INFINITY),
        b"nan" if lower.len() == body.len() => return Ok(f64::NAN),
        _ => {}
    }
    let plain = without_underscores(body).ok_or(ParseError::Syntax)?;
    let value = match plain.strip_prefix(b"0x") {
        Some(digits) => parse_hexadecimal(digits, single).ok_or(ParseError::Syntax)?,
        None => parse_decimal(&plain, single).ok_or(ParseError::Syntax)?,
    };
    let value = sign * value;
    if value.is_infinite() {
        Err(ParseError::Range(value))
    } else {
        Ok(value)
    }
}

/// Underscores may stand between digits, and between the base prefix and a digit.
fn without_underscores(body: &[u8]) -> Option<Vec<u8>> {
    if !body.contains(&b'_') {
        return Some(body.to_vec());
    }
    let hexadecimal = body.starts_with(b"0x");
    let prefix = if hexadecimal { 2 } else { 0 };
    let is_digit = |b: u8| b.is_ascii_digit() || hexadecimal && b.is_ascii_hexdigit();
    // The prefix counts as a digit.
    let mut after_digit = hexadecimal;
    let mut after_underscore = false;
    for &byte in &body[prefix..] {
        if is_digit(byte) {
            (after_digit, after_underscore) = (true, false);
        } else if byte == b'_' {
            if !after_digit {
                return None;
            }
            (after_digit, after_underscore) = (false, true);
        } else if after_underscore {
            return None;
        } else {
            after_digit = false;
        }
    }
    if after_underscore {
        return None;
    }
    Some(body.iter().copied().filter(|b| *b != b'_').collect())
}

fn parse_decimal(plain: &[u8], single: bool) -> Option<f64> {
    // What Rust reads besides: a sign, and names; the sign is gone and names are no digits.
    if !plain
        .first()
        .is_some_and(|b| b.is_ascii_digit() || *b == b'.')
    {
        return None;
    }
    let text = std::str::from_utf8(plain).ok()?;
    if single {
        text.parse::<f32>().ok().map(f64::from)
    } else {
        text.parse().ok()
    }
}

/// `h.hhhp±d`, rounded half to even.
fn parse_hexadecimal(digits: &[u8], single: bool) -> Option<f64> {
    let at = digits.iter().position(|b| *b == b'p')?;
    let (mantissa_text, exponent_text) = (&digits[..at], &digits[at + 1..]);
    let (mut mantissa, mut exponent, mut rest) = (0u64, 0i64, false);
    let (mut seen_point, mut seen_digit) = (false, false);
    for &byte in mantissa_text {
        if byte == b'.' && !seen_point {
            seen_point = true;
            continue;
        }
        let digit = char::from(byte).to_digit(16)?;
        seen_digit = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            exponent -= if seen_point { 4 } else { 0 };
        } else {
            rest |= digit != 0;
            exponent += if seen_point { 0 } else { 4 };
        }
    }
    let unsigned = exponent_text
        .strip_prefix(b"-")
        .or(exponent_text.strip_prefix(b"+"));
    let unsigned = unsigned.unwrap_or(exponent_text);
    if !seen_digit || unsigned.is_empty() || !unsigned.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Far beyond any float's range, and far from overflow.
    const HUGE: i64 = 1 << 40;
    let size = unsigned
        .iter()
        .fold(0i64, |e, b| (e * 10 + i64::from(b - b'0')).min(HUGE));
    exponent += if exponent_text[0] == b'-' {
        -size
    } else {
        size
    };
    Some(scale(mantissa, rest, exponent, single))
}

/// `mantissa * 2^exponent`, and a little more where there is a rest, rounded half to even.
fn scale(mantissa: u64, rest: bool, exponent: i64, single: bool) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let (bits, lowest, highest) = if single {
        (24, -149, 127)
    } else {
        (53, -1074, 1023)
    };
    let top = 63 - i64::from(mantissa.leading_zeros()) + exponent;
    if top > highest {
        return f64::INFINITY;
    }
    // The weight of the last bit kept.
    let last = (top - bits + 1).max(lowest);
    let drop = last - exponent;
    let kept = if drop <= 0 {
        // Fewer bits than there is room for: nothing is dropped (and there is no rest).
        return mantissa as f64 * power(exponent);
    } else if drop > 64 {
        0
    } else {
        let wide = u128::from(mantissa);
        let (kept, lost) = (wide >> drop, wide & ((1 << drop) - 1));
        let half = 1u128 << (drop - 1);
        let up = lost > half || lost == half && (rest || kept & 1 == 1);
        kept as u64 + u64::from(up)
    };
    let value = kept as f64 * power(last);
    if single {
        f64::from(value as f32)
    } else {
        value
    }
}

/// `2^exponent` for exponents that a float can have, in two steps where one is not enough.
fn power(exponent: i64) -> f64 {
    let half = (exponent / 2) as i32;
    2f64.powi(half) * 2f64.powi(exponent as i32 - half)
}

#[cfg(test)]
#[path = "numbers_tests.rs"]
mod tests;
