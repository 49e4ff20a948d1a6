//! How heavy a function is: about how many machine instructions its usual path becomes.

use vo_bytecode::{Function, Inst};

/// The weight of a function's code; none where it cannot be copied into another.
pub fn of(function: &Function) -> Option<u32> {
    if function.recovers() || function.landing().is_some() {
        return None;
    }
    function
        .code
        .iter()
        .try_fold(0, |sum: u32, inst| Some(sum + of_inst(inst)?))
}

fn of_inst(inst: &Inst) -> Option<u32> {
    Some(match inst {
        // These become nothing, or an operand.
        Inst::Const { .. }
        | Inst::ConstF64 { .. }
        | Inst::ConstF32 { .. }
        | Inst::Nil { .. }
        | Inst::Mov { .. }
        | Inst::IfaceNil { .. }
        | Inst::IfaceMov { .. }
        | Inst::IfaceWord { .. }
        | Inst::FieldAddr { .. }
        | Inst::Return { .. } => 0,
        Inst::New { .. } | Inst::Closure { .. } | Inst::StrConcat { .. } => 4,
        Inst::Call { .. } | Inst::CallRt { .. } | Inst::GoStart { .. } => 6,
        Inst::IfaceEq { .. } | Inst::IfaceImplements { .. } => 4,
        Inst::MapNew { .. }
        | Inst::MapGet { .. }
        | Inst::MapSet { .. }
        | Inst::MapDelete { .. }
        | Inst::MapIter { .. }
        | Inst::MapNext { .. } => 8,
        Inst::Switch { targets, .. } => 2 + targets.0.len() as u32 / 2,
        // Written out natively, these are long.
        Inst::ChanSend { .. }
        | Inst::ChanRecv { .. }
        | Inst::SelectExec { .. }
        | Inst::PortSend { .. }
        | Inst::PortRecv { .. } => 16,
        Inst::ChanNew { .. }
        | Inst::ChanClose { .. }
        | Inst::PortNew { .. }
        | Inst::PortClose { .. }
        | Inst::IslandNew { .. }
        | Inst::GoIsland { .. } => 8,
        // About the frame that they are in.
        Inst::DeferPush { .. }
        | Inst::ErrDeferPush { .. }
        | Inst::RunDefers { .. }
        | Inst::PanicLand { .. }
        | Inst::PanicOver { .. }
        | Inst::PanicOn { .. }
        | Inst::RecoverArm { .. }
        | Inst::RecoverEnter { .. }
        | Inst::Recover { .. } => return None,
        _ => 1,
    })
}
