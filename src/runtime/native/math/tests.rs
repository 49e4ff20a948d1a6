//! Values as Go 1.27 gives them on amd64, to the last bit.

use super::{power, trig};

/// Argument and value, as bits.
type One = (&'static str, fn(f64) -> f64, &'static [(u64, u64)]);
/// Two arguments and value, as bits.
type Two = (
    &'static str,
    fn(f64, f64) -> f64,
    &'static [(u64, u64, u64)],
);

#[rustfmt::skip]
const ONE: &[One] = &[
    ("sin", trig::sin, &[
        (0x0, 0x0),
        (0x8000000000000000, 0x8000000000000000),
        (0x3ff0000000000000, 0x3feaed548f090cee),
        (0x4024000000000000, 0xbfe1689ef5f34f53),
        (0x408f400000000000, 0x3fea75cc150a206c),
        (0x7fefffffffffffff, 0x3f7452fc98b34eb0),
        (0x40b04ce3b84f9181, 0x3fe822afe89abee6),
        (0x3ffef4ae5b8e6157, 0x3fede76fb4c653b7),
        (0xc0b2918c71fd8273, 0x3fd41134d919765d),
        (0xbfe939d439195252, 0xbfe6b174ec45bba8),
        (0x4042f3506f987136, 0x3fc9a7299534a494),
        (0xc03af9c32081c395, 0xbfeed29d1df81028),
        (0x40db4347a6bf3ab8, 0x3fe9994ad7a553de),
        (0xc04227970e40e305, 0x3fef7a342400301a),
        (0x40a06092ebdb09e6, 0xbfe7ed81d4d86957),
        (0xc086240000000000, 0x3fefeb71a8a1a38b),
    ]),
    ("cos", trig::cos, &[
        (0x0, 0x3ff0000000000000),
        (0x8000000000000000, 0x3ff0000000000000),
        (0x3ff0000000000000, 0x3fe14a280fb5068c),
        (0x4024000000000000, 0xbfead9ac890c6b1f),
        (0x408f400000000000, 0x3fe1ff026793f1bb),
        (0x7fefffffffffffff, 0xbfefffe62ecfab75),
        (0xc03af9c32081c395, 0xbfd133376ad68248),
        (0x4000000000000000, 0xbfdaa22657537205),
        (0xc121d919b8c5d177, 0x3fee77c8327a2790),
        (0x3fa7635b90d17abd, 0x3feff7745d54d459),
        (0x3f6a8b8963c165ec, 0x3feffff4fd70c6a4),
        (0x3fc5a744c5cb9154, 0x3fef8b0fd99986ee),
        (0x3fefeee723f05762, 0x3fe15888975f416c),
        (0xc0b2321e928d065c, 0xbfe4d158527cbb77),
        (0x40de328c9ba4d0cf, 0xbfec172904139824),
        (0xc0b2918c71fd8273, 0xbfee62e4090cdd25),
    ]),
    ("tan", trig::tan, &[
        (0x0, 0x0),
        (0x8000000000000000, 0x8000000000000000),
        (0x3ff0000000000000, 0x3ff8eb245cbee3a5),
        (0x4024000000000000, 0x3fe4bf5f34be3783),
        (0x408f400000000000, 0x3ff786729f34311b),
        (0x7fefffffffffffff, 0xbf74530cfe72949d),
        (0x40db4347a6bf3ab8, 0x3ff5549f0bfc0c6f),
        (0x411799e7b857ef93, 0xbff903ae473c345f),
        (0xbf26967966cc834a, 0xbf2696796a8ce2cc),
        (0xc0e367585146ab83, 0xbfee13f46397cdf0),
        (0xc10ffda9a5f11949, 0xbfea53ec22ed05ea),
        (0x3fde6a98e0bbf846, 0x3fe0779234b2330a),
        (0xc0cce6687085462c, 0x3fb5eeae87551e24),
        (0x400b080d9b74f716, 0x3fcef689d80a7bd2),
        (0x40353f1042822152, 0xbfed808df87f3fe5),
        (0x4000000000000000, 0xc0017af62e0950f8),
    ]),
    ("asin", trig::asin, &[
        (0x0, 0x0),
        (0x8000000000000000, 0x8000000000000000),
        (0x3ff0000000000000, 0x3ff921fb54442d18),
        (0xbf059678e2565462, 0xbf059678e2708774),
        (0x3f3e2996ce6abd90, 0x3f3e2996e0483e4b),
        (0x3fe6666666666666, 0x3fe8d00e692afd95),
        (0xbecec21fc4a3570a, 0xbecec21fc4a3a2d3),
        (0x1a56e1fc2f8f359, 0x1a56e1fc2f8f359),
        (0xbf61bace58a2c9df, 0xbf61bacf40da6d9c),
        (0x3fde6a98e0bbf846, 0x3fdfb242bb390b37),
        (0x3fd2e7ad083c3020, 0x3fd330f933579d8d),
        (0x3f4001be08467d70, 0x3f4001be12f4a4a0),
        (0xdb0f9bc9d74707e, 0xdb0f9bc9d74707e),
    ]),
    ("acos", trig::acos, &[
        (0x0, 0x3ff921fb54442d18),
        (0x8000000000000000, 0x3ff921fb54442d18),
        (0x3ff0000000000000, 0x0),
        (0xbf364fb8ebb2cec4, 0x3ff923604fd35bf7),
        (0x3f83661ef23c063a, 0x3ff8fb2ef059c6de),
        (0x3f6a8b8963c165ec, 0x3ff914b58e0c9d60),
        (0x3fde6a98e0bbf846, 0x3ff1356aa575ea4a),
        (0x3f71165fd7a6318e, 0x3ff910e4f12cfe27),
        (0x3f04149d58f1950e, 0x3ff921d32b097b0b),
        (0x3fe6666666666666, 0x3fe973e83f5d5c9b),
        (0xbfe0000000000000, 0x4000c152382d7366),
        (0xbf090c1498304c9a, 0x3ff9222d6c6d5dca),
        (0x3f4001be08467d70, 0x3ff91ffb1c81ce83),
    ]),
    ("atan", trig::atan, &[
        (0x0, 0x0),
        (0x8000000000000000, 0x8000000000000000),
        (0x3ff0000000000000, 0x3fe921fb54442d18),
        (0x4024000000000000, 0x3ff789bd2c160053),
        (0x408f400000000000, 0x3ff91de2c0e658bc),
        (0x7fefffffffffffff, 0x3ff921fb54442d18),
        (0x7ff0000000000000, 0x3ff921fb54442d18),
        (0xbfa166d597e55948, 0xbfa1651ec45b58ee),
        (0x3fa7635b90d17abd, 0x3fa75f32c84f8b3a),
        (0x400895c7a5770293, 0x3ff4196760d610b4),
        (0x4144a2005fec78f7, 0x3ff921faf101c8bb),
        (0x1538b169a828fa17, 0x1538b169a828fa17),
        (0x40b55f7a9376a867, 0x3ff9213baf682828),
        (0xbf3cb72bb3ed7717, 0xbf3cb72b9518b732),
        (0x41428a2f3f5bc444, 0x3ff921fae5cd18e1),
        (0x3f04149d58f1950e, 0x3f04149d58c76907),
        (0xbf16e5657714c7d7, 0xbf16e565761ab8ca),
    ]),
    ("exp", power::exp, &[
        (0x0, 0x3ff0000000000000),
        (0x8000000000000000, 0x3ff0000000000000),
        (0x3ff0000000000000, 0x4005bf0a8b145769),
        (0x4024000000000000, 0x40d5829dcf950560),
        (0x408f400000000000, 0x7ff0000000000000),
        (0x7fefffffffffffff, 0x7ff0000000000000),
        (0x7ff0000000000000, 0x7ff0000000000000),
        (0x413122d6d17f0592, 0x7ff0000000000000),
        (0xbf31a301995b70db, 0x3feffdcbb33d4260),
        (0xbfa628a949896a52, 0x3feea50571e64060),
        (0x40a06092ebdb09e6, 0x7ff0000000000000),
        (0xbf9b17f6c75bc507, 0x3fef2a17eb9a9567),
        (0x3fc5a744c5cb9154, 0x3ff2f2f77f09dae2),
        (0xc14446c55f9b9ae0, 0x0),
        (0x40462aa1869bb582, 0x43ef1ae5a7635023),
        (0x7e37e43c8800759c, 0x7ff0000000000000),
        (0x3f73877d496bdd9f, 0x3ff013936d46bb4d),
    ]),
    ("log", power::log, &[
        (0x0, 0xfff0000000000000),
        (0x8000000000000000, 0xfff0000000000000),
        (0x3ff0000000000000, 0x0),
        (0x4024000000000000, 0x40026bb1bbb55516),
        (0x408f400000000000, 0x401ba18a998fffa0),
        (0x7fefffffffffffff, 0x40862e42fefa39ef),
        (0x7ff0000000000000, 0x7ff0000000000000),
        (0x3f04149d58f1950e, 0xc02457104313ad02),
        (0x4082da66051a802a, 0x40199c127d0b166b),
        (0x40434e5e6843000a, 0x400d3a82c5be9589),
        (0x404636540b107ed1, 0x400e59ae729ce0e9),
        (0x40353f1042822152, 0x40087310fb26764c),
        (0x407b8b35e428f89c, 0x40185a7c94aa78ff),
        (0x40f42de41ea88bea, 0x4026a51472208734),
        (0x19e273cdae4db3b5, 0xc07a5fbe95c7a03e),
        (0x40aaeab36addf008, 0x40204a20b8cc9e15),
        (0x3fd37f0335fd9c0c, 0xbff304c71b48eac3),
    ]),
    ("log2", power::log2, &[
        (0x0, 0xfff0000000000000),
        (0x8000000000000000, 0xfff0000000000000),
        (0x3ff0000000000000, 0x0),
        (0x4024000000000000, 0x400a934f0979a371),
        (0x408f400000000000, 0x4023ee7b471b3a95),
        (0x7fefffffffffffff, 0x4090000000000000),
        (0x7ff0000000000000, 0x7ff0000000000000),
        (0x40862e3d70a3d70a, 0x4022f144cfab51ae),
        (0x3eceadc71ef5126f, 0xc0320f927c1bf8ae),
        (0x40de328c9ba4d0cf, 0x402dd52c826912fd),
        (0x3fd2204f5e218f38, 0xbffd1eb2920fcd70),
        (0x404184b8286d8d5e, 0x401485f0f5521fb8),
        (0x3f64573b00f3bb00, 0xc0214eb1b1c1b8f4),
        (0x3fd37f0335fd9c0c, 0xbffb70295a020ba8),
        (0x40d4d44fe4246359, 0x402cc2d6dc287e5b),
        (0x3fd2e7ad083c3020, 0xbffc261d49fc9c02),
        (0x4020000000000000, 0x4008000000000000),
    ]),
    ("log10", power::log10, &[
        (0x0, 0xfff0000000000000),
        (0x8000000000000000, 0xfff0000000000000),
        (0x3ff0000000000000, 0x0),
        (0x4024000000000000, 0x3ff0000000000000),
        (0x408f400000000000, 0x4008000000000000),
        (0x7fefffffffffffff, 0x40734413509f79ff),
        (0x7ff0000000000000, 0x7ff0000000000000),
        (0x430c6bf526340000, 0x402dffffffffffff),
        (0x3f4040a3ec299af5, 0xc00a6fad48037225),
        (0x40a27f3e73df73f2, 0x400afe977ae2f086),
        (0x404184b8286d8d5e, 0x3ff8b66029dc8a53),
        (0x3fe51eb851eb851f, 0xbfc7192f2f9b3493),
        (0x40723ceeae23ff21, 0x4003b88516ec6867),
        (0x40462aa1869bb582, 0x3ffa58ff18966bde),
        (0x3f70c781f0f09afb, 0xc00319c662ea94f4),
        (0x4dc61562c92174c3, 0x4050aab997eac465),
        (0x403391a3eb9dfb70, 0x3ff4aa41b7d20139),
    ]),
    ("cbrt", power::cbrt, &[
        (0x0, 0x0),
        (0x8000000000000000, 0x8000000000000000),
        (0x3ff0000000000000, 0x3ff0000000000000),
        (0x4024000000000000, 0x40013c484138704f),
        (0x408f400000000000, 0x4024000000000000),
        (0x7fefffffffffffff, 0x554428a2f98d728b),
        (0x7ff0000000000000, 0x7ff0000000000000),
        (0x1a56e1fc2f8f359, 0x2b2bff2ee48e0530),
        (0x40e8c6bf7ea7dc38, 0x404282c58d3c3544),
        (0xc05bf65e73bdcd0a, 0xc01345c27a7817ab),
        (0xe2a24a002a7c42bf, 0xcb80bab1db9ddc72),
        (0xbf73862c111d1355, 0xbfc58aae3e394574),
        (0x403391a3eb9dfb70, 0x40058ee52a7ea848),
        (0x430c6bf526340000, 0x40f86a0000000000),
        (0x40434e5e6843000a, 0x400b0a1b8aaf8da8),
        (0xbf61bace58a2c9df, 0xbfc08e94c8ffc72e),
        (0xdb0f9bc9d74707e, 0x2f30519bdb76f6e3),
    ]),
];

#[rustfmt::skip]
const TWO: &[Two] = &[
    ("atan2", trig::atan2, &[
        (0x40462aa1869bb582, 0xbf61bace58a2c9df, 0x3ff9222e84df1824),
        (0x404871d1deb95b12, 0xbff7d7371a67aec2, 0x3ff99ec7e1049301),
        (0x402c90a568d71a7c, 0x402f67e365f8eeca, 0x3fe79e38744a4738),
        (0x3ffd6f4f0f1f13e3, 0x4010000000000000, 0x3fdb96adabbda8c4),
        (0x404184b8286d8d5e, 0x4011b1d2ac6c02c1, 0x3ff71f8def571c69),
        (0xc02324fe8e8037d0, 0x40328e4fdcbbab31, 0xbfde7af6f0730e96),
        (0x400895c7a5770293, 0x41428a2f3f5bc444, 0x3eb53796b3dcc8a9),
        (0xc08748cccccccccd, 0xbf16e5657714c7d7, 0xbff921fb73bb9083),
        (0xc0295e62129f382c, 0xc0220a05a867dfe0, 0xc00182e839ce8c38),
        (0x4066d7fd679a8504, 0xc0cce6687085462c, 0x400908b061e8acd1),
        (0xbf73862c111d1355, 0x3fd2204f5e218f38, 0xbf913b77e0817055),
        (0x3f70c781f0f09afb, 0x405d98083d2e7255, 0x3f0224c0c3a9c431),
        (0x4040138741495d3e, 0x40312bb7a18e1768, 0x3ff148dcbaf391e6),
        (0x40434e5e6843000a, 0xc0b2918c71fd8273, 0x40091158b8c5af02),
    ]),
    ("pow", power::pow, &[
        (0x4144a2005fec78f7, 0xbefd8694e4b821e9, 0x3feffc959babadc6),
        (0x40433fa7851cc446, 0xc01bcbbdb138e80b, 0x3da52423f4df3374),
        (0x40db4347a6bf3ab8, 0x409ef96bf7e804d9, 0x7ff0000000000000),
        (0x4045d3bbf1fe92a4, 0x402f39737055c2cc, 0x4540a249ec6f8f63),
        (0x8000000000000000, 0xc101cbca6a563c22, 0x7ff0000000000000),
        (0x40862e3d70a3d70a, 0x3ff921fb54442d18, 0x40dd6473159742da),
        (0x4044fdc3e8128e12, 0x40320fa8ed6f7bae, 0x4604d5038bb8c773),
        (0x3f4040a3ec299af5, 0x3ef4e879b4f0b2b7, 0x3feffec1d8a06307),
        (0x40435fb1945f73f1, 0xbf6baca1df315800, 0x3fef9b6a65fcde31),
        (0x3ff921fb54442d18, 0xc0ade89dbe474bf4, 0x0),
        (0x4024000000000000, 0x3f4001be08467d70, 0x3ff0049c16ae36b0),
        (0xbf090c1498304c9a, 0x3ff0000000000000, 0xbf090c1498304c9a),
        (0x40bf6521ac7d2307, 0x40723ceeae23ff21, 0x7ff0000000000000),
        (0x4040da3cd1730aa7, 0xc0202e209709b635, 0x3d5ec6512c04faf3),
    ]),
    ("hypot", power::hypot, &[
        (0x40475c289281b626, 0x4014000000000000, 0x40477e4ebcb7f1d8),
        (0x4030dba1092c9c53, 0xc03036d6f1bb16ff, 0x403763d4d0036c0f),
        (0x4014e1e4a618c689, 0x402bfbc59ca05d33, 0x402dde317a4a6659),
        (0x403523b07d267cd7, 0xc013c545b13b6772, 0x4035b5a4fbfef38e),
        (0x40427231942dbfd2, 0xc02a000000000000, 0x40438ecbd947aec8),
        (0x4036f04aa178a484, 0xc000000000000000, 0x40370691d6df250b),
        (0x402e390516a11059, 0x3fa5618204871bdf, 0x402e390ca6b9b867),
        (0xc0476f995b3abffd, 0x3fc334d5df1f8400, 0x40476fa139f700ea),
        (0xc0e4dc6fef487e25, 0xc012f5e26bdc5f66, 0x40e4dc6ff16ff345),
        (0x402d7ee501b8ccf7, 0x4016254deb31f096, 0x402f816facf7939a),
        (0x4144a2005fec78f7, 0xbf3cb72bb3ed7717, 0x4144a2005fec78f7),
        (0x402ca36059038d99, 0xc018000000000000, 0x402f0cfa8fee1320),
        (0x403aee94ee2ea8e4, 0x3fe42ff109fb5188, 0x403af07913f2c153),
        (0xbf37bbf963b02587, 0xdb0f9bc9d74707e, 0x3f37bbf963b02587),
    ]),
];

#[test]
fn as_go_to_the_last_bit() {
    for (name, function, cases) in ONE {
        for (x, want) in *cases {
            let (x, want) = (f64::from_bits(*x), f64::from_bits(*want));
            assert_eq!(
                function(x).to_bits(),
                want.to_bits(),
                "{name}({x:e}) is not {want:e}"
            );
        }
    }
    for (name, function, cases) in TWO {
        for (x, y, want) in *cases {
            let (x, y, want) = (
                f64::from_bits(*x),
                f64::from_bits(*y),
                f64::from_bits(*want),
            );
            let got = function(x, y);
            assert_eq!(
                got.to_bits(),
                want.to_bits(),
                "{name}({x:e}, {y:e}) is not {want:e}"
            );
        }
    }
}

#[test]
fn what_is_no_number_stays_none() {
    for function in ONE.iter().map(|(_, function, _)| function) {
        assert!(function(f64::NAN).is_nan());
    }
    for value in [
        trig::sin(f64::INFINITY),
        trig::asin(1.5),
        power::log(-1.0),
        power::pow(-2.0, 0.5),
    ] {
        assert!(value.is_nan());
    }
}
