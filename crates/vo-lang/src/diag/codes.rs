//! The codes of diagnostics, each with its explanation: the texts in `explain/` have a section for each code.

use std::fmt;
use std::str::FromStr;

macro_rules! codes {
    ($($file:literal: $($code:ident)*;)*) => {
        /// The stable code of a kind of diagnostic; [`Code::explanation`] tells what it means.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[allow(missing_docs, reason = "explanations are read by users, in the files")]
        pub enum Code {
            $($($code,)*)*
        }

        impl Code {
            /// All codes in order.
            pub const ALL: &[Code] = &[$($(Code::$code,)*)*];

            /// The code as users read it, e.g. `E0101`.
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Code::$code => stringify!($code),)*)*
                }
            }

            /// The text that explains this code and those of its kind.
            pub(super) const fn text(self) -> &'static str {
                match self {
                    $($(Code::$code)|* => include_str!($file),)*
                }
            }
        }
    };
}

codes! {
    "explain/syntax.md":
        E0001 E0002 E0003 E0004 E0005 E0006 E0007 E0008 E0009 E0020 E0021 E0022 E0023 E0024 E0025
        E0026 E0030 E0031 E0032 E0033 E0034 E0035 E0036 E0037 E0038 E0039 E0050 E0051 E0052 E0053
        E0054 E0055 E0056 E0057 E0058 E0059 E0060 E0061 E0062 E0063 E0064 E0065;
    "explain/names.md":
        E0101 E0102 E0103 E0104 E0105 E0106 E0107 E0108 E0110 E0111 E0112 E0113 E0114 E0115 E0116
        E0117 E0118 E0119 E0120 E0121;
    "explain/packages.md":
        E0130 E0131 E0132 E0133 E0134 E0135 E0136 E0137 E0138;
    "explain/types.md":
        E0201 E0202 E0203 E0205 E0206 E0207 E0208 E0209 E0210 E0211 E0212 E0213 E0214 E0215 E0216
        E0217 E0218 E0219 E0220 E0221 E0222 E0223;
    "explain/operands.md":
        E0301 E0302 E0303 E0304 E0305 E0306 E0307 E0308 E0309 E0310 E0311 E0312 E0313 E0314 E0315
        E0316 E0317 E0318 E0319 E0320 E0321 E0322 E0323 E0324 E0325 E0326 E0327 E0328 E0329 E0330
        E0331 E0332 E0333 E0334 E0335 E0336 E0337;
    "explain/calls.md":
        E0401 E0402 E0403 E0404 E0405 E0406 E0407 E0408 E0409 E0420 E0421 E0422 E0423 E0424 E0425
        E0426 E0427 E0428 E0440 E0441 E0442 E0443 E0444 E0445 E0446 E0447 E0448 E0449 E0450 E0451
        E0452 E0453 E0470 E0471 E0472 E0473 E0474;
    "explain/statements.md":
        E0501 E0502 E0503 E0504 E0505 E0506 E0507 E0508 E0509 E0510 E0520 E0521 E0522 E0523 E0524
        E0525 E0526 E0527 E0528 E0529 E0540 E0541 E0542 E0543 E0544 E0545;
    "explain/limits.md":
        E0900 E0999;
}

impl Code {
    /// Whether the diagnostic is one of lexer or parser.
    pub(crate) fn is_syntax(self) -> bool {
        self < Code::E0101
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = |code: &&Code| code.name().eq_ignore_ascii_case(text);
        let code = Code::ALL.iter().find(known).copied();
        code.ok_or_else(|| "there is no such code; `vo explain` lists them".to_owned())
    }
}
