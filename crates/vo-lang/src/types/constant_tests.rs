//! Tests of constant arithmetic: against machine arithmetic where that is exact, and against the
//! platform's own parsing and printing of floats.

use proptest::prelude::*;

use super::*;

fn float(text: &str) -> Value {
    Value::from_literal(&LitValue::Float(text.into())).expect("a usable literal")
}

fn int(value: i128) -> Value {
    Value::int(value)
}

#[test]
fn integer_literals_in_all_bases() {
    let lit = |base, digits: &str| {
        Value::from_literal(&LitValue::Int {
            base,
            digits: digits.into(),
        })
    };
    assert_eq!(lit(10, "0042"), Some(int(42)));
    assert_eq!(lit(16, "fF"), Some(int(255)));
    assert_eq!(lit(2, "101"), Some(int(5)));
    assert_eq!(lit(8, "777"), Some(int(511)));
    assert_eq!(lit(10, &"9".repeat(10_000)), None);
}

#[test]
fn float_literals_beyond_all_bounds_are_refused_or_zero() {
    assert_eq!(
        Value::from_literal(&LitValue::Float("1e999999999999".into())),
        None
    );
    assert_eq!(float("1e-999999999999").sign(), Some(0));
    assert_eq!(float("0e999999999999").sign(), Some(0));
    assert_eq!(float("0x1p-1074").as_f64(), Some(5e-324));
    assert_eq!(float("0x1.8p1").as_f64(), Some(3.0));
}

#[test]
fn representation_checks_range_and_fraction() {
    assert_eq!(int(127).represent(Basic::Int8), Ok(int(127)));
    assert_eq!(int(-128).represent(Basic::Int8), Ok(int(-128)));
    assert_eq!(int(128).represent(Basic::Int8), Err(Misfit::Overflows));
    assert_eq!(int(-129).represent(Basic::Int8), Err(Misfit::Overflows));
    assert_eq!(int(-1).represent(Basic::Uint64), Err(Misfit::Overflows));
    assert_eq!(
        int(1 << 64).represent(Basic::Uint64),
        Err(Misfit::Overflows)
    );
    assert_eq!(float("1.5").represent(Basic::Int), Err(Misfit::Truncated));
    assert_eq!(float("2.0").represent(Basic::Int), Ok(int(2)));
    assert_eq!(
        float("1e400").represent(Basic::Float64),
        Err(Misfit::Overflows)
    );
    assert_eq!(
        float("1e39").represent(Basic::Float32),
        Err(Misfit::Overflows)
    );
    assert_eq!(
        Value::str("x").represent(Basic::Int),
        Err(Misfit::WrongKind)
    );
}

#[test]
fn rounding_to_float32_happens_once() {
    // Halfway between two float32 values plus a little: rounding by way of float64 would lose the little.
    let value = float("1.00000005960464477539062500001");
    assert_eq!(value.as_f32(), Some(1.000_000_1));
}

#[test]
fn division_by_zero_is_undefined() {
    assert_eq!(binary(BinaryOp::Div, &int(1), &int(0), true), None);
    assert_eq!(binary(BinaryOp::Rem, &int(1), &int(0), true), None);
    assert_eq!(binary(BinaryOp::Div, &int(1), &float("0.0"), false), None);
}

#[test]
fn repeated_squaring_stays_cheap_and_ends_in_overflow() {
    let mut value = float("1.1");
    let mut overflow = false;
    for _ in 0..64 {
        match binary(BinaryOp::Mul, &value, &value, false) {
            Some(next) => value = next,
            None => {
                overflow = true;
                break;
            }
        }
    }
    assert!(overflow);
}

#[test]
fn complement_depends_on_the_type() {
    assert_eq!(unary(UnaryOp::BitNot, &int(5), None), Some(int(-6)));
    assert_eq!(unary(UnaryOp::BitNot, &int(5), Some(8)), Some(int(250)));
}

#[test]
fn shifts_are_arithmetic_and_bounded() {
    assert_eq!(shift(BinaryOp::Shr, &int(-5), 1), Some(int(-3)));
    assert_eq!(shift(BinaryOp::Shl, &float("3.0"), 2), Some(int(12)));
    assert_eq!(shift(BinaryOp::Shl, &int(1), MAX_SHIFT + 1), None);
}

#[test]
fn display_is_short() {
    assert_eq!(float("0.5").display(), "0.5");
    assert_eq!(float("1e100").display(), "1e100");
    assert_eq!(float("4.0").display(), "4");
    assert_eq!(Value::str("hi\n").display(), "\"hi\\n\"");
}

proptest! {
    #[test]
    fn integers_agree_with_machine_integers(x in any::<i64>(), y in any::<i64>()) {
        let (wx, wy) = (i128::from(x), i128::from(y));
        let (a, b) = (int(wx), int(wy));
        let op = |op| binary(op, &a, &b, true);
        prop_assert_eq!(op(BinaryOp::Add), Some(int(wx + wy)));
        prop_assert_eq!(op(BinaryOp::Sub), Some(int(wx - wy)));
        prop_assert_eq!(op(BinaryOp::Mul), Some(int(wx * wy)));
        prop_assert_eq!(op(BinaryOp::And), Some(int(wx & wy)));
        prop_assert_eq!(op(BinaryOp::Or), Some(int(wx | wy)));
        prop_assert_eq!(op(BinaryOp::Xor), Some(int(wx ^ wy)));
        prop_assert_eq!(op(BinaryOp::AndNot), Some(int(wx & !wy)));
        if y != 0 {
            prop_assert_eq!(op(BinaryOp::Div), Some(int(wx / wy)));
            prop_assert_eq!(op(BinaryOp::Rem), Some(int(wx % wy)));
        }
        prop_assert_eq!(compare(BinaryOp::Lt, &a, &b), Some(x < y));
        prop_assert_eq!(compare(BinaryOp::Ge, &a, &b), Some(x >= y));
        prop_assert_eq!(a.int_bits(), Some(x as u64));
    }

    #[test]
    fn quotient_and_product_of_rationals_cancel(x in any::<i32>(), y in any::<i32>()) {
        prop_assume!(y != 0);
        let (a, b) = (int(x.into()), int(y.into()));
        let quotient = binary(BinaryOp::Div, &a, &b, false).unwrap();
        let product = binary(BinaryOp::Mul, &quotient, &b, false).unwrap();
        prop_assert_eq!(compare(BinaryOp::Eq, &product, &a), Some(true));
    }

    #[test]
    fn floats_survive_printing_and_parsing(bits in any::<u64>()) {
        let x = f64::from_bits(bits);
        prop_assume!(x.is_finite());
        let value = float(&format!("{:e}", x.abs()));
        prop_assert_eq!(value.as_f64(), Some(x.abs()));
    }

    #[test]
    fn float32_parsing_is_correctly_rounded(whole in 0u64.., fraction in 0u64.., exponent in -60i32..40) {
        let text = format!("{whole}.{fraction}e{exponent}");
        let expected: f32 = text.parse().unwrap();
        prop_assert_eq!(float(&text).as_f32(), Some(expected));
        let expected: f64 = text.parse().unwrap();
        prop_assert_eq!(float(&text).as_f64(), Some(expected));
    }

    #[test]
    fn ranges_of_sized_integers(x in any::<i64>()) {
        prop_assert_eq!(int(x.into()).represent(Basic::Int16).is_ok(), i16::try_from(x).is_ok());
        prop_assert_eq!(int(x.into()).represent(Basic::Uint32).is_ok(), u32::try_from(x).is_ok());
        prop_assert_eq!(int(x.into()).represent(Basic::Uint64).is_ok(), u64::try_from(x).is_ok());
    }
}
