//! Constant values and their exact arithmetic.
//!
//! Numbers are integers of any size and exact rationals; a rational that grows beyond
//! a few thousand bits is rounded to 512, as Go's compiler does. Strings are bytes. The
//! functions here know values, not types: which operation is meant for which operands, how large a
//! value may become and what does not fit a type is decided in `binary` and `untyped`, with
//! [`Value::represent`] as their tool.
//!
//! Operations return `None` where they are not defined or where the result is out of all bounds; they
//! never panic and never take unreasonable time or memory.

use std::cmp::Ordering;
use std::sync::Arc;

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer as _;
use num_rational::BigRational;
use num_traits::{One as _, Signed as _, ToPrimitive as _, Zero as _};

use super::ty::Basic;
use crate::syntax::ast::{BinaryOp, LitValue, UnaryOp};

/// Numerators and denominators of more bits are rounded. Go switches from exact rationals to floating
/// point at the same size.
const MAX_RATIONAL_BITS: u64 = 4096;
/// The precision of rounded values; the least that Go's specification asks for is 256.
const MANTISSA_BITS: u64 = 512;
/// The largest binary exponent of a value; larger ones overflow, smaller ones become zero. The least
/// that Go's specification asks for is 16 bits.
const MAX_EXPONENT: i64 = 1 << 16;
/// The largest integer, in bits. Beyond it even untyped integer constants overflow.
const MAX_INTEGER_BITS: u64 = 512;
/// The longest string that a concatenation may give, in bytes: doublings would soon fill the memory.
const MAX_STRING: usize = 1 << 22;
/// The largest shift count: Go's, chosen so that the smallest float64 can be written with shifts.
pub const MAX_SHIFT: u64 = 1023 - 1 + 52;

/// A constant value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// A string: any bytes.
    Str(Arc<[u8]>),
    /// An integer or rune.
    Int(BigInt),
    /// A floating-point number, exact. Whole ones remain `Float`.
    Float(BigRational),
}

/// Why a value is not one of a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misfit {
    /// A number with a fraction where an integer is needed.
    Truncated,
    /// A number outside the type's range.
    Overflows,
    /// A value of another kind.
    WrongKind,
}

impl Value {
    /// An integer.
    pub fn int(value: impl Into<BigInt>) -> Value {
        Value::Int(value.into())
    }

    /// A string.
    pub fn str(text: &str) -> Value {
        Value::Str(text.as_bytes().into())
    }

    /// The value of a literal. `None` if a number is too large or too small to be worked with.
    pub fn from_literal(lit: &LitValue) -> Option<Value> {
        match lit {
            LitValue::Int { base, digits } => int_literal(*base, digits),
            LitValue::Float(text) => float_literal(text),
            LitValue::Rune(c) => Some(Value::int(u32::from(*c))),
            LitValue::String(bytes) => Some(Value::Str(bytes.clone())),
        }
    }

    /// The boolean, if the value is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The bytes of the string, if the value is one.
    pub fn as_str(&self) -> Option<&Arc<[u8]>> {
        match self {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The integer, if the value is a whole number.
    pub fn as_int(&self) -> Option<BigInt> {
        match self {
            Value::Int(i) => Some(i.clone()),
            Value::Float(r) if r.is_integer() => Some(r.to_integer()),
            _ => None,
        }
    }

    /// The integer, if the value is a whole number that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_int()?.to_i64()
    }

    /// The integer, if the value is a whole number that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_int()?.to_u64()
    }

    /// The nearest `float64`, if the value is a number; infinite beyond its range.
    pub fn as_f64(&self) -> Option<f64> {
        Some(to_f64(&self.as_rational()?))
    }

    /// The nearest `float32`, if the value is a number; infinite beyond its range.
    pub fn as_f32(&self) -> Option<f32> {
        Some(to_f32(&self.as_rational()?))
    }

    /// The number, if the value is one.
    fn as_rational(&self) -> Option<BigRational> {
        match self {
            Value::Int(i) => Some(BigRational::from_integer(i.clone())),
            Value::Float(r) => Some(r.clone()),
            _ => None,
        }
    }

    /// The bits as a run-time integer of 64 bits, sign- or zero-extended, if the value is an integer
    /// that fits `int64` or `uint64`.
    pub fn int_bits(&self) -> Option<u64> {
        let int = self.as_int()?;
        int.to_u64().or_else(|| int.to_i64().map(|i| i as u64))
    }

    /// The sign of a number: -1, 0 or 1.
    pub fn sign(&self) -> Option<i32> {
        let of = |negative: bool, zero: bool| {
            if zero {
                0
            } else if negative {
                -1
            } else {
                1
            }
        };
        match self {
            Value::Int(i) => Some(of(i.is_negative(), i.is_zero())),
            Value::Float(r) => Some(of(r.is_negative(), r.is_zero())),
            _ => None,
        }
    }

    /// Whether an integer has grown beyond what untyped constants may hold.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Value::Int(i) if i.bits() > MAX_INTEGER_BITS)
    }

    /// The value as one of type `basic`, rounded if that is a floating-point type.
    pub fn represent(&self, basic: Basic) -> Result<Value, Misfit> {
        match self {
            Value::Bool(_) if basic.is_boolean() => Ok(self.clone()),
            Value::Str(_) if basic.is_string() => Ok(self.clone()),
            Value::Bool(_) | Value::Str(_) => Err(Misfit::WrongKind),
            Value::Int(_) | Value::Float(_) if basic.is_integer() => {
                let int = self.as_int().ok_or(Misfit::Truncated)?;
                if fits(&int, basic) {
                    Ok(Value::Int(int))
                } else {
                    Err(Misfit::Overflows)
                }
            }
            Value::Int(_) | Value::Float(_) if basic.is_float() => {
                let r = self.as_rational().ok_or(Misfit::WrongKind)?;
                match basic {
                    Basic::Float32 => from_float(f64::from(to_f32(&r))).ok_or(Misfit::Overflows),
                    Basic::Float64 => from_float(to_f64(&r)).ok_or(Misfit::Overflows),
                    _ => Ok(Value::Float(r)),
                }
            }
            _ => Err(Misfit::WrongKind),
        }
    }

    /// The value as people write it: strings quoted, integers in full, other numbers shortened.
    pub fn display(&self) -> String {
        match self {
            Value::Bool(b) => b.to_string(),
            Value::Str(s) => shorten(&format!("{:?}", String::from_utf8_lossy(s))),
            Value::Int(i) => i.to_string(),
            Value::Float(r) if r.is_integer() && r.numer().bits() <= 64 => r.numer().to_string(),
            Value::Float(r) => {
                let near = to_f64(r);
                if near.is_finite() && (near != 0.0 || r.is_zero()) {
                    let (low, high) = (1e-4, 1e21);
                    let plain = near == 0.0 || (low..high).contains(&near.abs());
                    if plain {
                        format!("{near}")
                    } else {
                        format!("{near:e}")
                    }
                } else {
                    "beyond float64".to_string()
                }
            }
        }
    }
}

/// The most characters of a string constant that a message repeats.
const MAX_SHOWN: usize = 60;

fn shorten(text: &str) -> String {
    if text.chars().count() <= MAX_SHOWN {
        return text.to_string();
    }
    let head: String = text.chars().take(MAX_SHOWN).collect();
    format!("{head}…\"")
}

/// `op x`. `unsigned_bits` is the width of the operand's type if that is unsigned: `^x` depends on it.
pub fn unary(op: UnaryOp, x: &Value, unsigned_bits: Option<u32>) -> Option<Value> {
    match (op, x) {
        (UnaryOp::Plus, Value::Int(_) | Value::Float(_)) => Some(x.clone()),
        (UnaryOp::Neg, Value::Int(i)) => Some(Value::Int(-i)),
        (UnaryOp::Neg, Value::Float(r)) => Some(Value::Float(-r)),
        (UnaryOp::Not, Value::Bool(b)) => Some(Value::Bool(!b)),
        (UnaryOp::BitNot, Value::Int(i)) => {
            let mut flipped = -i - 1;
            if let Some(bits) = unsigned_bits {
                flipped &= (BigInt::one() << bits) - 1;
            }
            Some(Value::Int(flipped))
        }
        _ => None,
    }
}

/// `x op y` for every operator but comparisons and shifts. With `integer`, `/` drops the fraction.
/// `None` for a division by zero or operands that the operator does not take.
pub fn binary(op: BinaryOp, x: &Value, y: &Value, integer: bool) -> Option<Value> {
    match (x, y) {
        (Value::Bool(x), Value::Bool(y)) => match op {
            BinaryOp::LogAnd => Some(Value::Bool(*x && *y)),
            BinaryOp::LogOr => Some(Value::Bool(*x || *y)),
            _ => None,
        },
        (Value::Str(x), Value::Str(y)) if op == BinaryOp::Add => {
            if x.len() + y.len() > MAX_STRING {
                return None;
            }
            Some(Value::Str(x.iter().chain(y.iter()).copied().collect()))
        }
        (Value::Int(x), Value::Int(y)) => binary_int(op, x, y, integer),
        _ => binary_rational(op, x.as_rational()?, y.as_rational()?),
    }
}

fn binary_int(op: BinaryOp, x: &BigInt, y: &BigInt, integer: bool) -> Option<Value> {
    let value = match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mul => x * y,
        BinaryOp::Div if y.is_zero() => return None,
        BinaryOp::Div if integer => x / y,
        BinaryOp::Div => return normal(BigRational::new(x.clone(), y.clone())).map(Value::Float),
        BinaryOp::Rem if y.is_zero() => return None,
        BinaryOp::Rem => x % y,
        BinaryOp::And => x & y,
        BinaryOp::Or => x | y,
        BinaryOp::Xor => x ^ y,
        BinaryOp::AndNot => x & (-y - 1),
        _ => return None,
    };
    Some(Value::Int(value))
}

fn binary_rational(op: BinaryOp, x: BigRational, y: BigRational) -> Option<Value> {
    let value = match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mul => x * y,
        BinaryOp::Div if y.is_zero() => return None,
        BinaryOp::Div => x / y,
        _ => return None,
    };
    normal(value).map(Value::Float)
}

/// `x << count` or `x >> count` of an integer. `None` if `x` is none or if the count is over
/// [`MAX_SHIFT`].
pub fn shift(op: BinaryOp, x: &Value, count: u64) -> Option<Value> {
    let x = x.as_int()?;
    if count > MAX_SHIFT {
        return None;
    }
    match op {
        BinaryOp::Shl => Some(Value::Int(x << count)),
        BinaryOp::Shr => Some(Value::Int(x >> count)),
        _ => None,
    }
}

/// `x op y` for a comparison. `None` if the operands are not ordered so.
pub fn compare(op: BinaryOp, x: &Value, y: &Value) -> Option<bool> {
    let order = match (x, y) {
        (Value::Bool(x), Value::Bool(y)) => {
            return match op {
                BinaryOp::Eq => Some(x == y),
                BinaryOp::Ne => Some(x != y),
                _ => None,
            };
        }
        (Value::Str(x), Value::Str(y)) => x.cmp(y),
        (Value::Int(x), Value::Int(y)) => x.cmp(y),
        _ => x.as_rational()?.cmp(&y.as_rational()?),
    };
    match op {
        BinaryOp::Eq => Some(order == Ordering::Equal),
        BinaryOp::Ne => Some(order != Ordering::Equal),
        BinaryOp::Lt => Some(order == Ordering::Less),
        BinaryOp::Le => Some(order != Ordering::Greater),
        BinaryOp::Gt => Some(order == Ordering::Greater),
        BinaryOp::Ge => Some(order != Ordering::Less),
        _ => None,
    }
}

/// Whether an integer is in the range of an integer type. Untyped ones have no range.
fn fits(int: &BigInt, basic: Basic) -> bool {
    let Some(bits) = basic.bits() else {
        return true;
    };
    if basic.is_unsigned() {
        return !int.is_negative() && int.bits() <= u64::from(bits);
    }
    let bits = u64::from(bits);
    // -2^(n-1) is the one value of n bits that fits into n-1 bits and a sign.
    int.bits() < bits
        || (int.is_negative() && int.bits() == bits && int.trailing_zeros() == Some(bits - 1))
}

fn int_literal(base: u32, digits: &str) -> Option<Value> {
    /// Enough for any integer that does not overflow; longer ones are not worth parsing.
    const MAX_DIGITS: usize = 4096;
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(Value::int(0));
    }
    if digits.len() > MAX_DIGITS {
        return None;
    }
    BigInt::parse_bytes(digits.as_bytes(), base).map(Value::Int)
}

/// Digits and exponent of a floating-point literal: `digits * radix^-fraction * base^exponent`.
fn float_literal(text: &str) -> Option<Value> {
    /// Digits beyond these cannot matter to a value of [`MANTISSA_BITS`].
    const MAX_DIGITS: usize = 8192;
    let (text, radix, exponent_base, marks) = match text.get(..2) {
        Some("0x" | "0X") => (&text[2..], 16, 2u32, ['p', 'P']),
        _ => (text, 10, 10u32, ['e', 'E']),
    };
    let (mantissa, exponent) = match text.find(marks) {
        Some(at) => (&text[..at], exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.len() > MAX_DIGITS {
        return None;
    }
    let number = BigUint::parse_bytes(digits.as_bytes(), radix)?;
    if number.is_zero() {
        return Some(Value::Float(BigRational::zero()));
    }
    let number = BigRational::from_integer(BigInt::from_biguint(Sign::Plus, number));
    let scale = power(radix, fraction.len() as i64);
    let bound = MAX_EXPONENT + 8 * MAX_DIGITS as i64;
    if exponent > bound {
        return None;
    }
    if exponent < -bound {
        return Some(Value::Float(BigRational::zero()));
    }
    normal(number / scale * power(exponent_base, exponent)).map(Value::Float)
}

/// A decimal exponent with its sign; clamped, since beyond some size all are alike.
fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let clamped = i64::from(i32::MAX);
    let size = digits.bytes().try_fold(0i64, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| (sum * 10 + i64::from(digit - b'0')).min(clamped))
    })?;
    Some(if negative { -size } else { size })
}

fn power(base: u32, exponent: i64) -> BigRational {
    let size = BigInt::from(base).pow(u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX));
    if exponent < 0 {
        BigRational::new(BigInt::one(), size)
    } else {
        BigRational::from_integer(size)
    }
}

/// The value, rounded if it has grown too long. `None` if it is too large.
fn normal(r: BigRational) -> Option<BigRational> {
    if r.numer().bits().max(r.denom().bits()) <= MAX_RATIONAL_BITS {
        return Some(r);
    }
    let (mantissa, exponent) = round_bits(&r, MANTISSA_BITS, -MAX_EXPONENT);
    if mantissa.is_zero() {
        return Some(BigRational::zero());
    }
    if exponent + mantissa.bits() as i64 > MAX_EXPONENT {
        return None;
    }
    let signed = BigInt::from_biguint(
        if r.is_negative() {
            Sign::Minus
        } else {
            Sign::Plus
        },
        mantissa,
    );
    Some(BigRational::from_integer(signed) * power(2, exponent))
}

/// `|r|` as `mantissa * 2^exponent` with a mantissa of at most `bits` bits and an exponent of at least
/// `least`, rounded to nearest, ties to even.
fn round_bits(r: &BigRational, bits: u64, least: i64) -> (BigUint, i64) {
    let (numer, denom) = (r.numer().magnitude(), r.denom().magnitude());
    if numer.is_zero() {
        return (BigUint::zero(), least);
    }
    // The quotient of `numer * 2^-exponent` and `denom` has `bits` or `bits + 1` bits.
    let length = numer.bits() as i64 - denom.bits() as i64;
    let mut exponent = (length - bits as i64).max(least);
    loop {
        let (quotient, remainder, divisor) = scaled_division(numer, denom, exponent);
        if quotient.bits() > bits {
            exponent += 1;
            continue;
        }
        let twice = remainder << 1u32;
        let up = match twice.cmp(&divisor) {
            Ordering::Greater => true,
            Ordering::Equal => quotient.is_odd(),
            Ordering::Less => false,
        };
        let rounded = if up { quotient + 1u32 } else { quotient };
        return if rounded.bits() > bits {
            (rounded >> 1u32, exponent + 1)
        } else {
            (rounded, exponent)
        };
    }
}

/// Quotient and remainder of `numer / (denom * 2^exponent)`, and the divisor used.
fn scaled_division(numer: &BigUint, denom: &BigUint, exponent: i64) -> (BigUint, BigUint, BigUint) {
    let shift = exponent.unsigned_abs();
    let (numer, denom) = if exponent < 0 {
        (numer << shift, denom.clone())
    } else {
        (numer.clone(), denom << shift)
    };
    let (quotient, remainder) = numer.div_rem(&denom);
    (quotient, remainder, denom)
}

/// The nearest `float64`; infinite if there is none.
fn to_f64(r: &BigRational) -> f64 {
    let (mantissa, exponent) = round_bits(r, 53, -1074);
    let sign = if r.is_negative() { 1u64 << 63 } else { 0 };
    let bits = ieee_bits(&mantissa, exponent, 52, -1074, 0x7fe);
    f64::from_bits(sign | bits.unwrap_or(0x7ff << 52))
}

/// The nearest `float32`, rounded once; infinite if there is none.
fn to_f32(r: &BigRational) -> f32 {
    let (mantissa, exponent) = round_bits(r, 24, -149);
    let sign = if r.is_negative() { 1u32 << 31 } else { 0 };
    let bits =
        ieee_bits(&mantissa, exponent, 23, -149, 0xfe).and_then(|bits| u32::try_from(bits).ok());
    f32::from_bits(sign | bits.unwrap_or(0xff << 23))
}

/// The IEEE bits of `mantissa * 2^exponent` without sign: `stored` mantissa bits, `least` the exponent
/// of subnormal numbers, `last` the largest biased exponent. `None` if the number is too large.
fn ieee_bits(mantissa: &BigUint, exponent: i64, stored: u32, least: i64, last: u64) -> Option<u64> {
    let mantissa = mantissa.to_u64()?;
    if mantissa >> stored == 0 {
        // Subnormal or zero: the exponent is the least one.
        return Some(mantissa);
    }
    let biased = u64::try_from(exponent - least + 1).ok()?;
    (biased <= last).then(|| (biased << stored) | (mantissa & ((1 << stored) - 1)))
}

/// The exact value of a finite float.
fn from_float(value: f64) -> Option<Value> {
    BigRational::from_float(value).map(Value::Float)
}

#[cfg(test)]
#[path = "constant_tests.rs"]
mod tests;
