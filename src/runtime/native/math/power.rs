//! Exponentials, logarithms, powers and roots.
//!
//! `log` and `cbrt` are FreeBSD's msun's (Sun Microsystems, 1993); `exp` is after Naoki Shibata's
//! "Efficient evaluation methods of elementary functions suitable for SIMD computation" (2010), in
//! the public domain, with fused multiplications.

#![allow(
    clippy::excessive_precision,
    reason = "constants stand as their sources have them"
)]

use std::f64::consts::{FRAC_1_SQRT_2, LOG2_E, LOG10_E};

/// A number as a fraction in 0.5..1 and a power of two.
fn split(x: f64) -> (f64, i64) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (x, lowered) = normal(x);
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i64 - 1022;
    (
        f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52),
        exponent + lowered,
    )
}

/// A normal number and the power of two that it was multiplied by to become one.
fn normal(x: f64) -> (f64, i64) {
    if x.abs() < f64::MIN_POSITIVE {
        (x * (1u64 << 52) as f64, -52)
    } else {
        (x, 0)
    }
}

/// `fraction * 2^exponent`
fn join(fraction: f64, exponent: i64) -> f64 {
    if fraction == 0.0 || !fraction.is_finite() {
        return fraction;
    }
    let (fraction, lowered) = normal(fraction);
    let bits = fraction.to_bits();
    let mut exponent = exponent + lowered + (bits >> 52 & 0x7ff) as i64 - 1023;
    if exponent < -1075 {
        return 0f64.copysign(fraction);
    }
    if exponent > 1023 {
        return f64::INFINITY.copysign(fraction);
    }
    let mut scale = 1.0;
    if exponent < -1022 {
        exponent += 53;
        scale = 1.0 / (1u64 << 53) as f64;
    }
    scale * f64::from_bits(bits & !(0x7ff << 52) | ((exponent + 1023) as u64) << 52)
}

pub fn exp(x: f64) -> f64 {
    const OVERFLOW: f64 = 7.09782712893384e+02;
    const LN2_HIGH: f64 = 0.69314718055966295651160180568695068359375;
    const LN2_LOW: f64 = 0.28235290563031577122588448175013436025525412068e-12;
    const TAYLOR: [f64; 8] = [
        2.4801587301587301587e-5,
        1.9841269841269841270e-4,
        1.3888888888888888889e-3,
        8.3333333333333333333e-3,
        4.1666666666666666667e-2,
        1.6666666666666666667e-1,
        0.5,
        1.0,
    ];
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x == f64::NEG_INFINITY {
        return 0.0;
    }
    if x > OVERFLOW {
        return f64::INFINITY;
    }
    let exponent = (x * LOG2_E).round_ties_even() as i32;
    let count = f64::from(exponent);
    let rest = (-count).mul_add(LN2_LOW, (-count).mul_add(LN2_HIGH, x)) * 0.0625;
    let sum = TAYLOR[1..]
        .iter()
        .fold(TAYLOR[0], |sum, c| sum.mul_add(rest, *c));
    // e^rest - 1, doubled four times: (1 + t)^2 - 1 = t * (t + 2).
    let mut t = rest * sum;
    for _ in 0..3 {
        t *= t + 2.0;
    }
    let value = t.mul_add(t + 2.0, 1.0);
    let biased = exponent.saturating_add(1023);
    let power = |biased: i32| f64::from_bits((biased as u64) << 52);
    match biased {
        0x7ff.. => f64::INFINITY,
        1.. => value * power(biased),
        -52.. => value * power(biased + 1022) * power(1),
        _ => 0.0,
    }
}

pub fn log(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.93147180369123816490e-01;
    const LN2_LOW: f64 = 1.90821492927058770002e-10;
    const L1: f64 = 6.666666666666735130e-01;
    const L2: f64 = 3.999999999940941908e-01;
    const L3: f64 = 2.857142874366239149e-01;
    const L4: f64 = 2.222219843214978396e-01;
    const L5: f64 = 1.818357216161805012e-01;
    const L6: f64 = 1.531383769920937332e-01;
    const L7: f64 = 1.479819860511658591e-01;
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    let (mut fraction, mut exponent) = split(x);
    if fraction < FRAC_1_SQRT_2 {
        fraction *= 2.0;
        exponent -= 1;
    }
    let f = fraction - 1.0;
    let k = exponent as f64;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
    let even = s4 * (L2 + s4 * (L4 + s4 * L6));
    let half = 0.5 * f * f;
    k * LN2_HIGH - ((half - (s * (half + (odd + even)) + k * LN2_LOW)) - f)
}

pub fn log2(x: f64) -> f64 {
    let (fraction, exponent) = split(x);
    // Powers of two are exact.
    if fraction == 0.5 {
        return (exponent - 1) as f64;
    }
    log(fraction) * LOG2_E + exponent as f64
}

pub fn log10(x: f64) -> f64 {
    log(x) * LOG10_E
}

fn is_odd(x: f64) -> bool {
    x.abs() < (1u64 << 53) as f64 && x.fract() == 0.0 && x as i64 & 1 == 1
}

/// The powers that are not computed but known.
fn special_power(x: f64, y: f64) -> Option<f64> {
    let shrinks = (x.abs() < 1.0) == (y > 0.0);
    Some(if y == 0.0 || x == 1.0 {
        1.0
    } else if y == 1.0 {
        x
    } else if x.is_nan() || y.is_nan() {
        f64::NAN
    } else if x == 0.0 {
        let size = if y < 0.0 { f64::INFINITY } else { 0.0 };
        if x.is_sign_negative() && is_odd(y) {
            -size
        } else {
            size
        }
    } else if y.is_infinite() {
        match (x == -1.0, shrinks) {
            (true, _) => 1.0,
            (_, true) => 0.0,
            (_, false) => f64::INFINITY,
        }
    } else if x.is_infinite() {
        let size = if y < 0.0 { 0.0 } else { f64::INFINITY };
        if x < 0.0 && is_odd(y) { -size } else { size }
    } else if y == 0.5 {
        x.sqrt()
    } else if y == -0.5 {
        1.0 / x.sqrt()
    } else if y.fract() != 0.0 && x < 0.0 {
        f64::NAN
    } else if y.abs() >= (1u64 << 63) as f64 {
        match (x == -1.0, shrinks) {
            (true, _) => 1.0,
            (_, true) => 0.0,
            (_, false) => f64::INFINITY,
        }
    } else {
        return None;
    })
}

pub fn pow(x: f64, y: f64) -> f64 {
    if let Some(value) = special_power(x, y) {
        return value;
    }
    let (mut whole, mut part) = (y.abs().trunc(), y.abs().fract());
    // The result is value * 2^exponent.
    let (mut value, mut exponent) = (1.0, 0);
    if part != 0.0 {
        if part > 0.5 {
            part -= 1.0;
            whole += 1.0;
        }
        value = exp(part * log(x));
    }
    let (mut square, mut power) = split(x);
    let mut left = whole as i64;
    while left != 0 {
        if !(-(1 << 12)..=1 << 12).contains(&power) {
            // Beyond any float, and on the side on which the result is.
            exponent += power;
            break;
        }
        if left & 1 == 1 {
            value *= square;
            exponent += power;
        }
        square *= square;
        power <<= 1;
        if square < 0.5 {
            square += square;
            power -= 1;
        }
        left >>= 1;
    }
    if y < 0.0 {
        value = 1.0 / value;
        exponent = -exponent;
    }
    join(value, exponent)
}

pub fn hypot(x: f64, y: f64) -> f64 {
    let (x, y) = (x.abs(), y.abs());
    if x.is_infinite() || y.is_infinite() {
        return f64::INFINITY;
    }
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let (large, small) = if x < y { (y, x) } else { (x, y) };
    if large == 0.0 {
        return 0.0;
    }
    let ratio = small / large;
    large * (1.0 + ratio * ratio).sqrt()
}

pub fn cbrt(x: f64) -> f64 {
    /// (682 - 0.03306235651) * 2^20
    const NORMAL: u64 = 715094163;
    /// (664 - 0.03306235651) * 2^20
    const SUBNORMAL: u64 = 696219795;
    const C: f64 = 5.42857142857142815906e-01;
    const D: f64 = -7.05306122448979611050e-01;
    const E: f64 = 1.41428571428571436819e+00;
    const F: f64 = 1.60714285714285720630e+00;
    const G: f64 = 3.57142857142857150787e-01;
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let size = x.abs();
    // To 5 bits.
    let mut t = f64::from_bits(size.to_bits() / 3 + (NORMAL << 32));
    if size < f64::MIN_POSITIVE {
        let raised = (1u64 << 54) as f64 * size;
        t = f64::from_bits(raised.to_bits() / 3 + (SUBNORMAL << 32));
    }
    // To 23 bits.
    let r = t * t / size;
    let s = C + r * t;
    t *= G + F / (s + E + D / s);
    // Cut to 22 bits, and larger than the root.
    t = f64::from_bits((t.to_bits() & (0xf_ffff_fffc << 28)) + (1 << 30));
    // One of Newton's steps, to 53 bits.
    let s = t * t;
    let r = size / s;
    let r = (r - t) / (t + t + r);
    (t + t * r).copysign(x)
}
