//! Instructions as text: one trait with one implementation per operand type, joined by the
//! instruction table.

use super::TextError;
use super::parse::Parser;
use super::print::Printer;
use crate::inst::{F32Bits, F64Bits, Imm, OptType, Target, Targets};
use crate::*;

/// An operand that can be printed and parsed.
pub trait TextOperand: Sized {
    /// Appends the operand's text.
    fn print(&self, printer: &mut Printer<'_>);
    /// Reads the operand.
    fn parse(parser: &mut Parser<'_>) -> Result<Self, TextError>;
}

macro_rules! instruction_text {
    ($($name:ident { $($field:ident: $ty:ty),* })*) => {
        /// Appends an instruction: its mnemonic, then its operands.
        pub(super) fn print_inst(inst: &Inst, printer: &mut Printer<'_>) {
            printer.out.push_str(inst.mnemonic());
            match inst {
                $(Inst::$name { $($field),* } => {
                    let mut operands = Separator(" ");
                    $(operands.print(printer); $field.print(printer);)*
                    let _ = &mut operands;
                })*
            }
        }

        /// Reads an instruction.
        pub(super) fn parse_inst(parser: &mut Parser<'_>) -> Result<Inst, TextError> {
            let (mnemonic, place) = parser.word("an instruction")?;
            match mnemonic {
                $(stringify!($name) => {
                    let mut operands = Separator("");
                    $(operands.parse(parser)?; let $field = <$ty>::parse(parser)?;)*
                    let _ = &mut operands;
                    Ok(Inst::$name { $($field),* })
                })*
                _ => Err(parser.error(place, format!("no instruction is called `{mnemonic}`"))),
            }
        }
    };
}
with_instructions!(instruction_text);

/// What stands before the next operand.
struct Separator(&'static str);

impl Separator {
    fn print(&mut self, printer: &mut Printer<'_>) {
        printer.out.push_str(self.0);
        self.0 = ", ";
    }

    fn parse(&mut self, parser: &mut Parser<'_>) -> Result<(), TextError> {
        if !self.0.is_empty() {
            parser.comma()?;
        }
        self.0 = ",";
        Ok(())
    }
}

impl TextOperand for Slot {
    fn print(&self, printer: &mut Printer<'_>) {
        printer.put(format_args!("{self}"));
    }
    fn parse(parser: &mut Parser<'_>) -> Result<Slot, TextError> {
        parser.slot()
    }
}

impl TextOperand for Option<Slot> {
    fn print(&self, printer: &mut Printer<'_>) {
        match self {
            Some(slot) => slot.print(printer),
            None => printer.out.push('_'),
        }
    }
    fn parse(parser: &mut Parser<'_>) -> Result<Option<Slot>, TextError> {
        if parser.skip_word("_") {
            return Ok(None);
        }
        parser.slot().map(Some)
    }
}

impl TextOperand for Target {
    fn print(&self, printer: &mut Printer<'_>) {
        printer.put(format_args!("@{}", self.0));
    }
    fn parse(parser: &mut Parser<'_>) -> Result<Target, TextError> {
        parser.target()
    }
}

impl<T: TextOperand> TextOperand for Box<[T]> {
    fn print(&self, printer: &mut Printer<'_>) {
        printer.out.push('[');
        printer.list(&**self, |p, item| item.print(p));
        printer.out.push(']');
    }
    fn parse(parser: &mut Parser<'_>) -> Result<Box<[T]>, TextError> {
        Ok(parser.bracketed(T::parse)?.into())
    }
}

/// Operands that only wrap what they hold.
macro_rules! wrappers {
    ($($ty:ident)*) => {
        $(impl TextOperand for $ty {
            fn print(&self, printer: &mut Printer<'_>) {
                self.0.print(printer);
            }
            fn parse(parser: &mut Parser<'_>) -> Result<$ty, TextError> {
                TextOperand::parse(parser).map($ty)
            }
        })*
    };
}
wrappers!(Dst Src IfaceDst IfaceSrc OptDst OptSrc Dsts Srcs Targets);

/// Operands that are one of a list of names.
macro_rules! named {
    ($($ty:ident $what:literal)*) => {
        $(impl TextOperand for $ty {
            fn print(&self, printer: &mut Printer<'_>) {
                printer.out.push_str(self.name());
            }
            fn parse(parser: &mut Parser<'_>) -> Result<$ty, TextError> {
                let (name, place) = parser.word($what)?;
                $ty::from_name(name)
                    .ok_or_else(|| parser.error(place, format!("`{name}` is not {}", $what)))
            }
        })*
    };
}
named! {
    IntKind "a kind of integer"
    FloatKind "a kind of float"
    BinOp "a binary operator"
    UnOp "a unary operator"
    CmpOp "a comparison"
    FBinOp "a binary float operator"
    FUnOp "a unary float operator"
    Mem "a memory form"
    SliceKind "a kind of slicing"
}

/// Indices into the tables of the module, each with its letter.
macro_rules! indices {
    ($($ty:ident $letter:literal)*) => {
        $(impl TextOperand for $ty {
            fn print(&self, printer: &mut Printer<'_>) {
                printer.put(format_args!(concat!($letter, "{}"), self.0));
            }
            fn parse(parser: &mut Parser<'_>) -> Result<$ty, TextError> {
                parser.id($letter).map($ty)
            }
        })*
    };
}
indices!(TypeId "t" GlobalId "g" MethodId "m");

impl TextOperand for StrId {
    fn print(&self, printer: &mut Printer<'_>) {
        printer.put(format_args!("s{}", self.0));
    }
    fn parse(parser: &mut Parser<'_>) -> Result<StrId, TextError> {
        parser.string_id()
    }
}

impl TextOperand for FuncId {
    fn print(&self, printer: &mut Printer<'_>) {
        printer.func(*self);
    }
    fn parse(parser: &mut Parser<'_>) -> Result<FuncId, TextError> {
        parser.func_id()
    }
}

impl TextOperand for OptType {
    fn print(&self, printer: &mut Printer<'_>) {
        match self.0 {
            Some(ty) => ty.print(printer),
            None => printer.out.push('_'),
        }
    }
    fn parse(parser: &mut Parser<'_>) -> Result<OptType, TextError> {
        if parser.skip_word("_") {
            return Ok(OptType(None));
        }
        TypeId::parse(parser).map(|ty| OptType(Some(ty)))
    }
}

impl TextOperand for Callee {
    fn print(&self, printer: &mut Printer<'_>) {
        match self {
            Callee::Func(func) => func.print(printer),
            Callee::Closure(slot) => printer.put(format_args!("closure {slot}")),
            Callee::Method(slot, method) => {
                printer.put(format_args!("method {slot} m{}", method.0));
            }
        }
    }
    fn parse(parser: &mut Parser<'_>) -> Result<Callee, TextError> {
        if parser.skip_word("closure") {
            return parser.slot().map(Callee::Closure);
        }
        if parser.skip_word("method") {
            let slot = parser.slot()?;
            return MethodId::parse(parser).map(|method| Callee::Method(slot, method));
        }
        FuncId::parse(parser).map(Callee::Func)
    }
}

impl TextOperand for RtFn {
    fn print(&self, printer: &mut Printer<'_>) {
        printer.out.push_str(self.sig().name);
    }
    fn parse(parser: &mut Parser<'_>) -> Result<RtFn, TextError> {
        let (name, place) = parser.word("a runtime function")?;
        RtFn::from_name(name)
            .ok_or_else(|| parser.error(place, format!("`{name}` is not a runtime function")))
    }
}

impl TextOperand for bool {
    fn print(&self, printer: &mut Printer<'_>) {
        printer.put(format_args!("{self}"));
    }
    fn parse(parser: &mut Parser<'_>) -> Result<bool, TextError> {
        match parser.word("`true` or `false`")? {
            ("true", _) => Ok(true),
            ("false", _) => Ok(false),
            (word, place) => {
                let message = format!("`{word}` is neither `true` nor `false`");
                Err(parser.error(place, message))
            }
        }
    }
}

impl TextOperand for Imm {
    fn print(&self, printer: &mut Printer<'_>) {
        printer.put(format_args!("{self}"));
    }
    fn parse(parser: &mut Parser<'_>) -> Result<Imm, TextError> {
        let (text, place) = parser.number()?;
        let value = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).map(|bits| bits as i64),
            None => text.parse(),
        };
        value.map_err(|_| parser.error(place, format!("`{text}` is no 64-bit integer")))
    }
}

/// Floats: as shortest decimal where finite, else (and where wanted) as the bits.
macro_rules! floats {
    ($($ty:ident $float:ident $bits:ident)*) => {
        $(impl TextOperand for $ty {
            fn print(&self, printer: &mut Printer<'_>) {
                let value = $float::from_bits(self.0);
                if value.is_finite() {
                    printer.put(format_args!("{value:?}"));
                } else {
                    printer.put(format_args!("{:#x}", self.0));
                }
            }
            fn parse(parser: &mut Parser<'_>) -> Result<$ty, TextError> {
                let (text, place) = parser.number()?;
                let bits = match text.strip_prefix("0x") {
                    Some(digits) => $bits::from_str_radix(digits, 16).ok(),
                    None => text.parse().ok().filter(|v: &$float| v.is_finite()).map($float::to_bits),
                };
                let message = || format!("`{text}` is no {}", stringify!($float));
                bits.map($ty).ok_or_else(|| parser.error(place, message()))
            }
        })*
    };
}
floats!(F64Bits f64 u64 F32Bits f32 u32);
