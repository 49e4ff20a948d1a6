//! Mathematics, to the last bit as Go has it.
//!
//! Programs print what these functions give, with all its digits, so being nearly right is not
//! enough: each follows the algorithm that Go uses on amd64, operation by operation. Square roots
//! and roundings are instructions of their own, as they are exact.
//!
//! - [`trig`]: sine and its kin (Cephes)
//! - [`power`]: exponentials, logarithms, powers and roots (FreeBSD's msun, SLEEF)

mod power;
mod trig;

use super::memory::put;
use crate::runtime::context::{Context, JitResult};

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($($param:ident),*) = $value:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
            let mut args = args.iter().map(|bits| f64::from_bits(*bits));
            let mut next = || args.next().unwrap_or(f64::NAN);
            $(let $param = next();)*
            let value: f64 = $value;
            put(rets, &[value.to_bits()]);
            JitResult::Ok
        }
    )*};
}

functions! {
    /// `math.Sin`
    sin(x) = trig::sin(x);
    /// `math.Cos`
    cos(x) = trig::cos(x);
    /// `math.Tan`
    tan(x) = trig::tan(x);
    /// `math.Asin`
    asin(x) = trig::asin(x);
    /// `math.Acos`
    acos(x) = trig::acos(x);
    /// `math.Atan`
    atan(x) = trig::atan(x);
    /// `math.Atan2`
    atan2(y, x) = trig::atan2(y, x);
    /// `math.Exp`
    exp(x) = power::exp(x);
    /// `math.Log`
    log(x) = power::log(x);
    /// `math.Log2`
    log2(x) = power::log2(x);
    /// `math.Log10`
    log10(x) = power::log10(x);
    /// `math.Pow`
    pow(x, y) = power::pow(x, y);
    /// `math.Mod`
    modulo(x, y) = x % y;
    /// `math.Hypot`
    hypot(x, y) = power::hypot(x, y);
    /// `math.Cbrt`
    cbrt(x) = power::cbrt(x);
    /// `math.FMA`
    fma(x, y, z) = x.mul_add(y, z);
}

/// `math.special`: the functions that few programs need, by the number that package math gives
/// them. The crate and Go follow the same code, FreeBSD's msun.
pub fn special(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let x = f64::from_bits(args[1]);
    let value = match args[0] {
        0 => libm::expm1(x),
        1 => libm::log1p(x),
        2 => libm::erf(x),
        3 => libm::erfc(x),
        4 => libm::lgamma_r(x).0,
        5 => libm::j0(x),
        6 => libm::j1(x),
        7 => libm::y0(x),
        8 => libm::y1(x),
        9 => format!("1e{}", x as i32).parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    };
    put(rets, &[value.to_bits()]);
    JitResult::Ok
}

#[cfg(test)]
mod tests;
