//! The small enumerations that instructions carry. Each has one name in the text form.

use crate::{FuncId, MethodId, Slot};
use serde::{Deserialize, Serialize};

macro_rules! named {
    ($(#[$doc:meta])* $ty:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        pub enum $ty { $($(#[$vdoc])* $variant,)* }

        impl $ty {
            /// Every value, in declaration order.
            pub const ALL: &'static [$ty] = &[$($ty::$variant,)*];

            /// The name in the text form.
            pub fn name(self) -> &'static str {
                match self { $($ty::$variant => $text,)* }
            }

            /// The value of that name.
            pub fn from_name(name: &str) -> Option<$ty> {
                match name { $($text => Some($ty::$variant),)* _ => None }
            }
        }
    };
}

named! {
    /// Width and signedness of an integer.
    IntKind {
        /// Signed 8 bits.
        I8 = "i8",
        /// Signed 16 bits.
        I16 = "i16",
        /// Signed 32 bits.
        I32 = "i32",
        /// Signed 64 bits.
        I64 = "i64",
        /// Unsigned 8 bits.
        U8 = "u8",
        /// Unsigned 16 bits.
        U16 = "u16",
        /// Unsigned 32 bits.
        U32 = "u32",
        /// Unsigned 64 bits.
        U64 = "u64",
    }
}

impl IntKind {
    /// The width in bits.
    pub fn bits(self) -> u32 {
        match self {
            IntKind::I8 | IntKind::U8 => 8,
            IntKind::I16 | IntKind::U16 => 16,
            IntKind::I32 | IntKind::U32 => 32,
            IntKind::I64 | IntKind::U64 => 64,
        }
    }

    /// Whether the kind has a sign.
    pub fn signed(self) -> bool {
        matches!(
            self,
            IntKind::I8 | IntKind::I16 | IntKind::I32 | IntKind::I64
        )
    }

    /// Truncates to the kind's width and extends to 64 bits again.
    pub fn wrap(self, value: i64) -> i64 {
        match self {
            IntKind::I8 => value as i8 as i64,
            IntKind::I16 => value as i16 as i64,
            IntKind::I32 => value as i32 as i64,
            IntKind::U8 => value as u8 as i64,
            IntKind::U16 => value as u16 as i64,
            IntKind::U32 => value as u32 as i64,
            IntKind::I64 | IntKind::U64 => value,
        }
    }
}

named! {
    /// Width of a float.
    FloatKind {
        /// IEEE single.
        F32 = "f32",
        /// IEEE double.
        F64 = "f64",
    }
}

named! {
    /// Integer operators. All wrap; `Div` and `Rem` panic on a zero divisor and give
    /// `MinInt` and 0 for `MinInt / -1`; shift counts are unsigned 64-bit, and a count of the
    /// width or more gives 0 (or the sign).
    BinOp {
        /// Sum.
        Add = "add",
        /// Difference.
        Sub = "sub",
        /// Product.
        Mul = "mul",
        /// Quotient, truncated towards zero.
        Div = "div",
        /// Remainder, with the sign of the dividend.
        Rem = "rem",
        /// Bitwise and.
        And = "and",
        /// Bitwise or.
        Or = "or",
        /// Bitwise exclusive or.
        Xor = "xor",
        /// Bit clear: `a & ^b`.
        AndNot = "andnot",
        /// Shift left.
        Shl = "shl",
        /// Shift right: arithmetic for signed kinds, else logical.
        Shr = "shr",
    }
}

named! {
    /// Unary integer operators.
    UnOp {
        /// Two's complement negation.
        Neg = "neg",
        /// Bitwise complement.
        Not = "not",
    }
}

named! {
    /// Comparisons. On floats any comparison with NaN is false but `Ne`.
    CmpOp {
        /// Equal.
        Eq = "eq",
        /// Not equal.
        Ne = "ne",
        /// Less.
        Lt = "lt",
        /// Less or equal.
        Le = "le",
        /// Greater.
        Gt = "gt",
        /// Greater or equal.
        Ge = "ge",
    }
}

named! {
    /// Float operators.
    FBinOp {
        /// Sum.
        Add = "fadd",
        /// Difference.
        Sub = "fsub",
        /// Product.
        Mul = "fmul",
        /// Quotient.
        Div = "fdiv",
    }
}

named! {
    /// Unary float operators.
    FUnOp {
        /// Negation.
        Neg = "fneg",
        /// Absolute value.
        Abs = "fabs",
        /// Square root.
        Sqrt = "fsqrt",
        /// Round towards negative infinity.
        Floor = "ffloor",
        /// Round towards positive infinity.
        Ceil = "fceil",
        /// Round towards zero.
        Trunc = "ftrunc",
    }
}

named! {
    /// How a value lies in memory.
    Mem {
        /// Signed byte.
        I8 = "m.i8",
        /// Signed 16 bits.
        I16 = "m.i16",
        /// Signed 32 bits.
        I32 = "m.i32",
        /// 64 bits, signed or not.
        I64 = "m.i64",
        /// Unsigned byte; booleans.
        U8 = "m.u8",
        /// Unsigned 16 bits.
        U16 = "m.u16",
        /// Unsigned 32 bits.
        U32 = "m.u32",
        /// Single float.
        F32 = "m.f32",
        /// Double float.
        F64 = "m.f64",
        /// A reference.
        Ref = "m.ref",
    }
}

impl Mem {
    /// The size in bytes.
    pub fn size(self) -> u32 {
        match self {
            Mem::I8 | Mem::U8 => 1,
            Mem::I16 | Mem::U16 => 2,
            Mem::I32 | Mem::U32 | Mem::F32 => 4,
            Mem::I64 | Mem::F64 | Mem::Ref => 8,
        }
    }

    /// The memory form of an integer of that kind.
    pub fn of_int(kind: IntKind) -> Mem {
        match kind {
            IntKind::I8 => Mem::I8,
            IntKind::I16 => Mem::I16,
            IntKind::I32 => Mem::I32,
            IntKind::U8 => Mem::U8,
            IntKind::U16 => Mem::U16,
            IntKind::U32 => Mem::U32,
            IntKind::I64 | IntKind::U64 => Mem::I64,
        }
    }
}

named! {
    /// What is sliced, for the text of a bounds panic.
    SliceKind {
        /// A slice: the limit is its capacity.
        Slice = "slice",
        /// A string or an array: the limit is its length.
        Fixed = "fixed",
    }
}

/// What a call calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Callee {
    /// A function of the module.
    Func(FuncId),
    /// A function value: null (nil), or a closure object whose first word is the function's id;
    /// the object itself is passed as the first argument.
    Closure(Slot),
    /// A method of an interface; the slot is the interface's type word, its data word (the next
    /// slot) is passed as the first argument.
    Method(Slot, MethodId),
}

/// What kind of panic `Recover` has found where it is not one with a value of the program's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum PanicKind {
    /// The value is given.
    Value = 0,
    /// A run-time error, with its text.
    Error = 1,
    /// A panic with nil.
    Nil = 2,
    /// A failed type assertion, with its text.
    Assertion = 3,
    /// A text by itself.
    Text = 4,
    /// A run-time error of an index or of a length, with its text.
    Bounds = 5,
    /// A fault whose text does not say that it is a run-time error.
    Plain = 6,
}
