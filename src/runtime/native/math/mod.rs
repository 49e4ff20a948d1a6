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
}

#[cfg(test)]
mod tests;
