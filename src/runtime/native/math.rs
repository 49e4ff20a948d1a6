//! Mathematics.

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
    sin(x) = x.sin();
    /// `math.Cos`
    cos(x) = x.cos();
    /// `math.Tan`
    tan(x) = x.tan();
    /// `math.Asin`
    asin(x) = x.asin();
    /// `math.Acos`
    acos(x) = x.acos();
    /// `math.Atan`
    atan(x) = x.atan();
    /// `math.Atan2`
    atan2(y, x) = y.atan2(x);
    /// `math.Exp`
    exp(x) = x.exp();
    /// `math.Log`
    log(x) = x.ln();
    /// `math.Log2`
    log2(x) = x.log2();
    /// `math.Log10`
    log10(x) = x.log10();
    /// `math.Pow`
    pow(x, y) = x.powf(y);
    /// `math.Mod`
    modulo(x, y) = x % y;
    /// `math.Hypot`
    hypot(x, y) = x.hypot(y);
    /// `math.Cbrt`
    cbrt(x) = x.cbrt();
}
