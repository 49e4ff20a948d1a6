//! Trigonometric functions, after the Cephes Mathematical Library (Stephen L. Moshier, 1984-1992).

#![allow(
    clippy::excessive_precision,
    reason = "constants stand as their sources have them"
)]

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

const SIN: [f64; 6] = [
    1.58962301576546568060e-10,
    -2.50507477628578072866e-8,
    2.75573136213857245213e-6,
    -1.98412698295895385996e-4,
    8.33333333332211858878e-3,
    -1.66666666666666307295e-1,
];
const COS: [f64; 6] = [
    -1.13585365213876817300e-11,
    2.08757008419747316778e-9,
    -2.75573141792967388112e-7,
    2.48015872888517045348e-5,
    -1.38888888888730564116e-3,
    4.16666666666665929218e-2,
];

/// Horner's rule, the highest coefficient first.
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    let (first, rest) = (coefficients[0], &coefficients[1..]);
    rest.iter().fold(first, |sum, c| sum * x + c)
}

/// An angle of at least 0: its octant, even (zeros mapped to the origin), and what is left in
/// -pi/4..=pi/4.
fn reduce(x: f64) -> (u64, f64) {
    /// From here on pi/4 in three parts is not exact enough.
    const LARGE: f64 = (1u64 << 29) as f64;
    // pi/4 in three parts.
    const A: f64 = 7.85398125648498535156e-1;
    const B: f64 = 3.77489470793079817668e-8;
    const C: f64 = 2.69515142907905952645e-15;
    if x >= LARGE {
        return reduce_large(x);
    }
    let mut octant = (x * (4.0 / PI)) as u64;
    let mut y = octant as f64;
    if octant & 1 == 1 {
        octant += 1;
        y += 1.0;
    }
    (octant & 7, ((x - y * A) - y * B) - y * C)
}

/// The binary digits of 4/pi: the leading one, then 64 digits each.
const FOUR_BY_PI: [u64; 20] = [
    0x0000000000000001,
    0x45f306dc9c882a53,
    0xf84eafa3ea69bb81,
    0xb6c52b3278872083,
    0xfca2c757bd778ac3,
    0x6e48dc74849ba5c0,
    0x0c925dd413a32439,
    0xfc3bd63962534e7d,
    0xd1046bea5d768909,
    0xd338e04d68befc82,
    0x7323ac7306a673e9,
    0x3908bf177bf25076,
    0x3ff12fffbc0b301f,
    0xde5e2316b414da3e,
    0xda6cfd9e4f96136e,
    0x9e8c7ecd3cbfd45a,
    0xea4f758fd7cbe2f6,
    0x7a0e73ef14a525d4,
    0xd7f6bf623f1aba10,
    0xac06608df8f6d757,
];

/// Payne and Hanek's reduction, after "Argument reduction for huge arguments: good to the last
/// bit" (K. C. Ng et al., 1992).
fn reduce_large(x: f64) -> (u64, f64) {
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i64 - 1023 - 52;
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    // The three words of 4/pi that matter: what is above them gives whole turns.
    let (word, shift) = ((exponent + 61) as usize / 64, (exponent + 61) as u32 % 64);
    let digits = |at: usize| {
        let low = FOUR_BY_PI[at + 1].checked_shr(64 - shift).unwrap_or(0);
        FOUR_BY_PI[at] << shift | low
    };
    let wide = |digits: u64| u128::from(digits) * u128::from(mantissa);
    let high = digits(word).wrapping_mul(mantissa);
    let product = (u128::from(high) << 64)
        .wrapping_add(wide(digits(word + 1)))
        .wrapping_add(wide(digits(word + 2)) >> 64);
    let mut octant = (product >> 125) as u64;
    let fraction = product << 3;
    let zeros = ((fraction >> 64) as u64).leading_zeros();
    // The leading one is implied; 52 bits of what follows are the mantissa.
    let mantissa = (fraction.checked_shl(zeros + 1).unwrap_or(0) >> 76) as u64;
    let mut z = f64::from_bits(u64::from(1023 - (zeros + 1)) << 52 | mantissa);
    if octant & 1 == 1 {
        octant = (octant + 1) & 7;
        z -= 1.0;
    }
    (octant, z * FRAC_PI_4)
}

fn sine(z: f64) -> f64 {
    let zz = z * z;
    z + z * zz * polynomial(zz, &SIN)
}

fn cosine(z: f64) -> f64 {
    let zz = z * z;
    1.0 - 0.5 * zz + zz * zz * polynomial(zz, &COS)
}

fn negate_if(negative: bool, x: f64) -> f64 {
    if negative { -x } else { x }
}

pub fn sin(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return f64::NAN;
    }
    let (octant, z) = reduce(x.abs());
    let value = if octant & 3 == 2 { cosine(z) } else { sine(z) };
    negate_if((x < 0.0) != (octant > 3), value)
}

pub fn cos(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let (octant, z) = reduce(x.abs());
    let value = if octant & 3 == 2 { sine(z) } else { cosine(z) };
    negate_if((octant > 3) != (octant & 3 > 1), value)
}

pub fn tan(x: f64) -> f64 {
    const P: [f64; 3] = [
        -1.30936939181383777646e4,
        1.15351664838587416140e6,
        -1.79565251976484877988e7,
    ];
    const Q: [f64; 5] = [
        1.0,
        1.36812963470692954678e4,
        -1.32089234440210967447e6,
        2.50083801823357915839e7,
        -5.38695755929454629881e7,
    ];
    if x == 0.0 || x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return f64::NAN;
    }
    let (octant, z) = reduce(x.abs());
    let zz = z * z;
    let mut y = z;
    if zz > 1e-14 {
        y = z + z * (zz * polynomial(zz, &P) / polynomial(zz, &Q));
    }
    if octant & 2 == 2 {
        y = -1.0 / y;
    }
    negate_if(x < 0.0, y)
}

/// The arc tangent in 0..=0.66.
fn small_atan(x: f64) -> f64 {
    const P: [f64; 5] = [
        -8.750608600031904122785e-01,
        -1.615753718733365076637e+01,
        -7.500855792314704667340e+01,
        -1.228866684490136173410e+02,
        -6.485021904942025371773e+01,
    ];
    const Q: [f64; 6] = [
        1.0,
        2.485846490142306297962e+01,
        1.650270098316988542046e+02,
        4.328810604912902668951e+02,
        4.853903996359136964868e+02,
        1.945506571482613964425e+02,
    ];
    let z = x * x;
    let z = z * polynomial(z, &P) / polynomial(z, &Q);
    x * z + x
}

/// The arc tangent of a positive number.
fn positive_atan(x: f64) -> f64 {
    /// What the nearest float lacks of pi/2.
    const MORE: f64 = 6.123233995736765886130e-17;
    /// tan(3 pi/8)
    const TAN_3PI_8: f64 = 2.41421356237309504880;
    if x <= 0.66 {
        return small_atan(x);
    }
    if x > TAN_3PI_8 {
        return FRAC_PI_2 - small_atan(1.0 / x) + MORE;
    }
    FRAC_PI_4 + small_atan((x - 1.0) / (x + 1.0)) + 0.5 * MORE
}

pub fn atan(x: f64) -> f64 {
    if x == 0.0 {
        x
    } else if x > 0.0 {
        positive_atan(x)
    } else {
        -positive_atan(-x)
    }
}

pub fn asin(x: f64) -> f64 {
    if x == 0.0 {
        return x;
    }
    let size = x.abs();
    if size.is_nan() || size > 1.0 {
        return f64::NAN;
    }
    let root = (1.0 - size * size).sqrt();
    let value = if size > 0.7 {
        FRAC_PI_2 - positive_atan(root / size)
    } else {
        positive_atan(size / root)
    };
    negate_if(x < 0.0, value)
}

pub fn acos(x: f64) -> f64 {
    FRAC_PI_2 - asin(x)
}

pub fn atan2(y: f64, x: f64) -> f64 {
    if y.is_nan() || x.is_nan() {
        return f64::NAN;
    }
    let left = x.is_sign_negative();
    let value = if y == 0.0 {
        if left { PI } else { 0.0 }
    } else if x == 0.0 {
        FRAC_PI_2
    } else if x.is_infinite() {
        match (left, y.is_infinite()) {
            (false, false) => 0.0,
            (false, true) => FRAC_PI_4,
            (true, false) => PI,
            (true, true) => 3.0 * PI / 4.0,
        }
    } else if y.is_infinite() {
        FRAC_PI_2
    } else {
        let angle = atan(y / x);
        return match (x < 0.0, angle <= 0.0) {
            (false, _) => angle,
            (true, true) => angle + PI,
            (true, false) => angle - PI,
        };
    };
    value.copysign(y)
}
