//! Where panics of a function with deferred calls lead.

use crate::{Function, Inst};

impl Function {
    /// The function's `PanicLand`, where it has deferred calls.
    pub fn landing(&self) -> Option<usize> {
        let lands = |inst: &Inst| matches!(inst, Inst::PanicLand { .. });
        self.code.iter().position(lands)
    }

    /// Whether the function asks for the panic that has run it.
    pub fn recovers(&self) -> bool {
        matches!(self.code.first(), Some(Inst::RecoverEnter { .. }))
    }
}

impl Inst {
    /// Whether a panic that begins in the instruction, or in what it calls, leads to the landing of
    /// its function. What can only fail because memory is exhausted does not: that ends the program.
    pub fn lands(&self) -> bool {
        use crate::BinOp::{Div, Rem};
        match self {
            Inst::Call { .. }
            | Inst::GoStart { .. }
            | Inst::IfaceEq { .. }
            | Inst::ShiftCheck { .. }
            | Inst::Panic { .. }
            | Inst::PanicAssert { .. }
            | Inst::NilCheck { .. }
            | Inst::BoundsCheck { .. }
            | Inst::SliceCheck { .. }
            | Inst::ArrayLenCheck { .. }
            | Inst::MapNew { .. }
            | Inst::MapGet { .. }
            | Inst::MapSet { .. }
            | Inst::MapDelete { .. }
            | Inst::IslandNew { .. }
            | Inst::GoIsland { .. }
            | Inst::PortNew { .. }
            | Inst::PortSend { .. }
            | Inst::PortRecv { .. }
            | Inst::PortClose { .. }
            | Inst::ChanNew { .. }
            | Inst::ChanSend { .. }
            | Inst::ChanRecv { .. }
            | Inst::ChanClose { .. }
            | Inst::SelectExec { .. } => true,
            Inst::Bin { op, .. } => matches!(op, Div | Rem),
            Inst::CallRt { func, .. } => func.sig().panics,
            _ => false,
        }
    }
}
