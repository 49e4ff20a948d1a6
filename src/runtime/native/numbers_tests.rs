use super::*;

fn wide(value: f64, format: char, precision: i64) -> String {
    Float::F64(value).format(format as u8, precision)
}

#[test]
fn shortest_digits() {
    let cases = [
        (0.0, "0", "0e+00", "0"),
        (-0.0, "-0", "-0e+00", "-0"),
        (1.0, "1", "1e+00", "1"),
        (100000.0, "100000", "1e+05", "100000"),
        (1e6, "1e+06", "1e+06", "1000000"),
        (123456789.0, "1.23456789e+08", "1.23456789e+08", "123456789"),
        (1e21, "1e+21", "1e+21", "1000000000000000000000"),
        (0.0001, "0.0001", "1e-04", "0.0001"),
        (0.00001, "1e-05", "1e-05", "0.00001"),
        (
            5e-324,
            "5e-324",
            "5e-324",
            &format!("0.{}5", "0".repeat(323)),
        ),
        (0.1, "0.1", "1e-01", "0.1"),
        (2.5, "2.5", "2.5e+00", "2.5"),
    ];
    for (value, general, scientific, fixed) in cases {
        assert_eq!(wide(value, 'g', -1), general);
        assert_eq!(wide(value, 'e', -1), scientific);
        assert_eq!(wide(value, 'f', -1), fixed);
    }
    assert_eq!(Float::F32(0.1).format(b'g', -1), "0.1");
    // Halfway between two of as many digits: the even one.
    assert_eq!(Float::F32(2036.0 + 0.28125).format(b'g', -1), "2036.2812");
    assert_eq!(plain_text(1e21, 64), "1000000000000000000000");
    assert_eq!(Float::F32(16777216.0).format(b'g', -1), "1.6777216e+07");
}

#[test]
fn digits_as_asked_for() {
    let cases = [
        (2.5, 'f', 0, "2"),
        (3.5, 'f', 0, "4"),
        (0.5, 'f', 0, "0"),
        (1.005, 'f', 2, "1.00"),
        (99.995, 'f', 2, "100.00"),
        (123456.0, 'g', 3, "1.23e+05"),
        (123456.0, 'g', 6, "123456"),
        (100000.0, 'g', 6, "100000"),
        (1000000.0, 'g', 6, "1e+06"),
        (1.5, 'g', 0, "2"),
        (0.000123, 'g', 2, "0.00012"),
        (1.0, 'e', 3, "1.000e+00"),
        (9.99e99, 'e', 1, "1.0e+100"),
        (0.0, 'e', 2, "0.00e+00"),
        (0.0, 'f', 2, "0.00"),
        (0.0, 'g', 4, "0"),
        (
            1e300,
            'f',
            0,
            "1000000000000000052504760255204420248704468581108159154915854115511802457988908195786371375080447864043704443832883878176942523235360430575644792184786706982848387200926575803737830233794788090059368953234970799945081119038967640880074652742780142494579258788820056842838115669472196386865459400540160",
        ),
        (1.0, 'E', 1, "1.0E+00"),
        (1e-7, 'G', 3, "1E-07"),
    ];
    for (value, format, precision, want) in cases {
        assert_eq!(
            wide(value, format, precision),
            want,
            "{value} %{format} {precision}"
        );
    }
}

#[test]
fn binary_and_hexadecimal() {
    assert_eq!(wide(1.0, 'b', -1), "4503599627370496p-52");
    assert_eq!(wide(1.0, 'x', -1), "0x1p+00");
    assert_eq!(wide(-0.1, 'x', -1), "-0x1.999999999999ap-04");
    assert_eq!(wide(1.96875, 'x', 0), "0x1p+01");
    assert_eq!(wide(1.0, 'X', 3), "0X1.000P+00");
    assert_eq!(wide(0.0, 'x', -1), "0x0p+00");
    assert_eq!(wide(5e-324, 'x', -1), "0x1p-1074");
    assert_eq!(wide(f64::INFINITY, 'g', -1), "+Inf");
}

#[test]
fn parses_what_go_parses() {
    let fine = [
        ("1", 1.0),
        ("+1.5e3", 1500.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1_0", 10.0),
        ("-0", 0.0),
        ("1e-400", 0.0),
        ("Inf", f64::INFINITY),
        ("-infinity", f64::NEG_INFINITY),
        ("0x1p-2", 0.25),
        ("0x1.8p1", 3.0),
        ("0x_1p4", 16.0),
        ("0x1p-1074", 5e-324),
        ("0x1p-1075", 0.0),
        ("0x1.8p-1075", 5e-324),
        ("0x1.fffffffffffff7p1023", f64::MAX),
        ("0x10000000000000080p0", 18446744073709551616.0),
        ("0x10000000000001800.8p0", 18446744073709557760.0),
    ];
    for (text, want) in fine {
        let got = parse(text.as_bytes(), false);
        assert_eq!(got, Ok(want), "{text}");
    }
    assert!(parse(b"nan", false).is_ok_and(f64::is_nan));
    for text in [
        "", "x", "+", "1e", "1e+", "1__0", "1_", "_1", "1_.0", "infin", "+nan", "0x1", "0xp1",
        "1.2.3", "--1", "0x1_p1", "1 ", ".", "e5",
    ] {
        assert_eq!(
            parse(text.as_bytes(), false),
            Err(ParseError::Syntax),
            "{text}"
        );
    }
    assert_eq!(
        parse(b"1e400", false),
        Err(ParseError::Range(f64::INFINITY))
    );
    assert_eq!(
        parse(b"-1e39", true),
        Err(ParseError::Range(f64::NEG_INFINITY))
    );
    assert_eq!(
        parse(b"0x1p1024", false),
        Err(ParseError::Range(f64::INFINITY))
    );
    assert_eq!(parse(b"0.1", true), Ok(f64::from(0.1f32)));
}

proptest::proptest! {
    /// The fewest digits of a float are read back as the float, in every format.
    #[test]
    fn shortest_digits_come_back(bits in proptest::num::u64::ANY) {
        let value = f64::from_bits(bits);
        for format in ['e', 'f', 'g', 'x'].into_iter().filter(|_| value.is_finite()) {
            let text = wide(value, format, -1);
            let back = parse(text.as_bytes(), false).ok();
            proptest::prop_assert_eq!(back.map(f64::to_bits), Some(bits), "{}", text);
        }
    }

    /// Digits as asked for are those of the standard library, and what it shows is read alike.
    #[test]
    fn digits_agree_with_the_standard_library(bits in proptest::num::u64::ANY, precision in 0..30usize) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            let text = format!("{value:.precision$}");
            proptest::prop_assert_eq!(wide(value, 'f', precision as i64), text.clone());
            let back = parse(text.as_bytes(), false).ok();
            proptest::prop_assert_eq!(back.map(f64::to_bits), text.parse().ok().map(f64::to_bits));
        }
    }
}
