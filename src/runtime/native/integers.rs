//! Texts of integers, as Go's `strconv` has them.

use super::memory::{done, put};
use crate::runtime::context::{Context, JitResult};

/// `strconv.formatInt`
pub fn format_int(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let value = args[0] as i64;
    put_integer(cx, value.unsigned_abs(), args[1], value < 0, rets)
}

/// `strconv.formatUint`
pub fn format_uint(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    put_integer(cx, args[0], args[1], false, rets)
}

/// The decimal digits of 0 to 99, two for each.
static PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut at = 0;
    while at < pairs.len() {
        pairs[at] = b'0' + (at / 20) as u8;
        pairs[at + 1] = b'0' + (at / 2 % 10) as u8;
        at += 2;
    }
    pairs
};

/// Gives the text of an integer in a base from 2 to 36 (others are taken for the nearest of these).
fn put_integer(
    cx: &mut Context,
    value: u64,
    base: u64,
    negative: bool,
    rets: &mut [u64],
) -> JitResult {
    if base != 10 {
        return done(cx.put_string(&in_base(value, base, negative), rets));
    }
    if value < 100 && !negative {
        let short = usize::from(value < 10);
        let text = &PAIRS[value as usize * 2 + short..][..2 - short];
        put(rets, &[text.as_ptr() as u64, text.len() as u64]);
        return JitResult::Ok;
    }
    let mut bytes = [0; DECIMAL];
    let mut start = decimal(value, &mut bytes);
    if negative {
        start -= 1;
        bytes[start] = b'-';
    }
    done(cx.put_string(&bytes[start..], rets))
}

/// Room for the digits of an integer and a sign.
const DECIMAL: usize = 21;

/// Writes the decimal digits of an integer to the end of some bytes: where they begin.
fn decimal(mut value: u64, bytes: &mut [u8; DECIMAL]) -> usize {
    let mut start = DECIMAL;
    while value >= 100 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        start -= 2;
        bytes[start..start + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    let pair = value as usize * 2;
    start -= 1;
    bytes[start] = PAIRS[pair + 1];
    if value >= 10 {
        start -= 1;
        bytes[start] = PAIRS[pair];
    }
    start
}

/// The text of an integer: at most 64 digits and a sign.
struct IntText {
    bytes: [u8; 65],
    start: usize,
}

impl std::ops::Deref for IntText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// An integer in any base.
fn in_base(mut value: u64, base: u64, negative: bool) -> IntText {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut text = IntText {
        bytes: [0; 65],
        start: 65,
    };
    let mut put = |byte| {
        text.start -= 1;
        text.bytes[text.start] = byte;
    };
    let base = base.clamp(2, 36);
    while value >= base {
        put(DIGITS[(value % base) as usize]);
        value /= base;
    }
    put(DIGITS[value as usize]);
    if negative {
        put(b'-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_in_bases() {
        assert_eq!(*in_base(255, 16, true), *b"-ff");
        assert_eq!(in_base(1 << 63, 2, true).len(), 65);
        assert_eq!(*in_base(0, 2, false), *b"0");
        assert_eq!(
            *in_base(i64::MIN.unsigned_abs(), 10, true),
            *b"-9223372036854775808"
        );
        assert_eq!(*in_base(u64::MAX, 36, false), *b"3w5e11264sgsf");
    }

    #[test]
    fn decimal_digits() {
        for value in (0..20).flat_map(|zeros| {
            let power = 10u64.pow(zeros);
            [power - 1, power, power + 1, power.wrapping_mul(7)]
        }) {
            let mut bytes = [0; DECIMAL];
            let start = decimal(value, &mut bytes);
            assert_eq!(bytes[start..], *value.to_string().as_bytes());
        }
        let mut bytes = [0; DECIMAL];
        let start = decimal(u64::MAX, &mut bytes);
        assert_eq!(bytes[start..], *b"18446744073709551615");
    }
}
