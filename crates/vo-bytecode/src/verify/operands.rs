//! Checks of each operand by itself: what it names exists, and the words of interfaces are
//! named only where an interface may stand.

use super::{Checker, ty_name};
use crate::inst::{F32Bits, F64Bits, Imm, OptType, Target, Targets};
use crate::*;

/// An operand that can be checked by itself.
trait CheckOperand {
    /// Checks the operand that the instruction calls `field`.
    fn check(&self, field: &str, checker: &mut Checker<'_>);
}

macro_rules! operand_checks {
    ($($name:ident { $($field:ident: $ty:ty),* })*) => {
        impl Checker<'_> {
            /// Checks each operand of an instruction by itself.
            pub(super) fn operands(&mut self, inst: &Inst) {
                match inst {
                    $(Inst::$name { $($field),* } => {
                        $($field.check(stringify!($field), self);)*
                    })*
                }
            }
        }
    };
}
with_instructions!(operand_checks);

macro_rules! always_fine {
    ($($ty:ty)*) => {
        $(impl CheckOperand for $ty { fn check(&self, _: &str, _: &mut Checker<'_>) {} })*
    };
}
always_fine!(Imm F64Bits F32Bits IntKind FloatKind BinOp UnOp CmpOp FBinOp FUnOp Mem SliceKind RtFn bool);

/// Operands that are indices into a table.
macro_rules! indices {
    ($($ty:ident $letter:literal |$checker:ident| $table:expr;)*) => {
        $(impl CheckOperand for $ty {
            fn check(&self, field: &str, $checker: &mut Checker<'_>) {
                if self.index() >= $table.len() {
                    let message = format!(concat!("`{}`: ", $letter, "{} does not exist"), field, self.0);
                    $checker.fail(message);
                }
            }
        })*
    };
}
indices! {
    StrId "s" |c| c.module.strings;
    FuncId "function @" |c| c.module.functions;
    TypeId "t" |c| c.module.types.types;
    GlobalId "g" |c| c.module.globals;
    MethodId "m" |c| c.module.types.methods;
}

impl CheckOperand for OptType {
    fn check(&self, field: &str, checker: &mut Checker<'_>) {
        if let Some(ty) = self.0 {
            ty.check(field, checker);
        }
    }
}

impl CheckOperand for Target {
    fn check(&self, field: &str, checker: &mut Checker<'_>) {
        if self.0 as usize >= checker.function.code.len() {
            checker.fail(format!("`{field}`: there is no instruction @{}", self.0));
        }
    }
}

impl CheckOperand for Targets {
    fn check(&self, field: &str, checker: &mut Checker<'_>) {
        self.0
            .iter()
            .for_each(|target| target.check(field, checker));
    }
}

impl Checker<'_> {
    /// The type of a slot, or an error where there is no such slot.
    fn slot(&mut self, field: &str, slot: Slot) -> Option<SlotTy> {
        let ty = self.function.slots.get(slot.index()).copied();
        if ty.is_none() {
            self.fail(format!("`{field}`: {slot} does not exist"));
        }
        ty
    }

    /// A slot by itself: no word of an interface.
    fn plain(&mut self, field: &str, slot: Slot) {
        if let Some(SlotTy::IfaceType | SlotTy::IfaceData) = self.slot(field, slot) {
            self.fail(format!("`{field}`: {slot} is half an interface"));
        }
    }

    /// The type word of an interface. Its data word exists: the slot table has them in pairs.
    fn iface(&mut self, field: &str, slot: Slot) {
        match self.slot(field, slot) {
            None | Some(SlotTy::IfaceType) => {}
            Some(SlotTy::IfaceData) => {
                let message = format!("`{field}`: {slot} is an interface's data word");
                self.fail(message);
            }
            Some(ty) => {
                let message = format!("`{field}`: {slot} is {}, not an interface", ty_name(ty));
                self.fail(message);
            }
        }
    }

    /// A list: both words of an interface stand one behind the other.
    fn list(&mut self, field: &str, slots: &[Slot]) {
        let mut at = 0;
        while let Some(slot) = slots.get(at).copied() {
            at += 1;
            match self.slot(field, slot) {
                Some(SlotTy::IfaceType) if slots.get(at) == Some(&slot.next()) => at += 1,
                Some(SlotTy::IfaceType | SlotTy::IfaceData) => {
                    self.fail(format!("`{field}`: {slot} is half an interface"));
                }
                _ => {}
            }
        }
    }
}

macro_rules! slots {
    ($($ty:ident $check:ident)*) => {
        $(impl CheckOperand for $ty {
            fn check(&self, field: &str, checker: &mut Checker<'_>) {
                checker.$check(field, self.0);
            }
        })*
    };
}
slots!(Dst plain Src plain IfaceDst iface IfaceSrc iface);

macro_rules! optional_slots {
    ($($ty:ident)*) => {
        $(impl CheckOperand for $ty {
            fn check(&self, field: &str, checker: &mut Checker<'_>) {
                if let Some(slot) = self.0 {
                    checker.plain(field, slot);
                }
            }
        })*
    };
}
optional_slots!(OptDst OptSrc);

macro_rules! slot_lists {
    ($($ty:ident)*) => {
        $(impl CheckOperand for $ty {
            fn check(&self, field: &str, checker: &mut Checker<'_>) {
                checker.list(field, &self.0);
            }
        })*
    };
}
slot_lists!(Dsts Srcs);

impl CheckOperand for Callee {
    fn check(&self, field: &str, checker: &mut Checker<'_>) {
        match self {
            Callee::Func(func) => func.check(field, checker),
            Callee::Closure(slot) => checker.plain(field, *slot),
            Callee::Method(slot, method) => {
                checker.iface(field, *slot);
                method.check(field, checker);
            }
        }
    }
}
