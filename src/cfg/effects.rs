//! The one table of what an instruction can do besides computing its results.
//!
//! It speaks of the instruction itself: what a called Vo function does is the call graph's
//! subject. Where an instruction's operands decide, the table says what the worst ones do.

use vo_bytecode::ops::Callee;
use vo_bytecode::{BinOp, Inst, RtFn};

/// What an instruction can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// May make the goroutine wait.
    pub may_block: bool,
    /// May panic.
    pub may_panic: bool,
    /// May allocate on the heap.
    pub may_allocate: bool,
    /// Calls a Vo function.
    pub calls: bool,
}

impl Effects {
    const NONE: Effects = Effects {
        may_block: false,
        may_panic: false,
        may_allocate: false,
        calls: false,
    };
    const PANICS: Effects = Effects {
        may_panic: true,
        ..Effects::NONE
    };
    /// Allocating may panic too: the heap may be at its limit.
    const ALLOCATES: Effects = Effects {
        may_allocate: true,
        ..Effects::PANICS
    };
    const BLOCKS_PANICS: Effects = Effects {
        may_block: true,
        ..Effects::PANICS
    };

    /// What `inst` can do.
    pub fn of(inst: &Inst) -> Effects {
        match inst {
            Inst::Const { .. }
            | Inst::ConstF64 { .. }
            | Inst::ConstF32 { .. }
            | Inst::Nil { .. }
            | Inst::ConstStr { .. }
            | Inst::FuncValue { .. }
            | Inst::Mov { .. } => Effects::NONE,

            // The data word of an interface is made by the instructions before it.
            Inst::IfaceNil { .. }
            | Inst::IfaceMake { .. }
            | Inst::IfaceMov { .. }
            | Inst::IfaceWord { .. }
            | Inst::IfaceIs { .. }
            | Inst::IfaceIsNil { .. }
            | Inst::IfaceImplements { .. }
            | Inst::IfaceLoad { .. }
            | Inst::IfaceStore { .. } => Effects::NONE,
            Inst::IfaceEq { .. } => Effects::PANICS,

            Inst::Bin { op, .. } => match op {
                BinOp::Div | BinOp::Rem => Effects::PANICS,
                _ => Effects::NONE,
            },
            Inst::Un { .. }
            | Inst::Cmp { .. }
            | Inst::CmpRef { .. }
            | Inst::BoolNot { .. }
            | Inst::FBin { .. }
            | Inst::FUn { .. }
            | Inst::FCmp { .. }
            | Inst::IntCast { .. }
            | Inst::IntToFloat { .. }
            | Inst::FloatToInt { .. }
            | Inst::FloatCast { .. }
            | Inst::FloatBits { .. }
            | Inst::FloatFromBits { .. } => Effects::NONE,
            Inst::ShiftCheck { .. } => Effects::PANICS,

            Inst::Jump { .. } | Inst::Br { .. } | Inst::Switch { .. } | Inst::Return { .. } => {
                Effects::NONE
            }
            Inst::Panic { .. } | Inst::PanicAssert { .. } => Effects::PANICS,
            Inst::Call { callee, .. } => Effects {
                calls: true,
                may_panic: may_be_nil(callee),
                ..Effects::NONE
            },
            Inst::CallRt { func, .. } => Effects::of_runtime(*func),
            Inst::GoStart { callee, .. } => Effects {
                may_panic: may_be_nil(callee),
                ..Effects::NONE
            },

            Inst::DeferPush { .. }
            | Inst::ErrDeferPush { .. }
            | Inst::RunDefers { .. }
            | Inst::PanicLand { .. }
            | Inst::PanicOver { .. }
            | Inst::RecoverArm { .. }
            | Inst::RecoverEnter { .. } => Effects::NONE,
            Inst::PanicOn { .. } => Effects::PANICS,
            // The text of a fault becomes a string.
            Inst::Recover { .. } => Effects::ALLOCATES,

            Inst::New { .. } | Inst::Closure { .. } => Effects::ALLOCATES,
            // Memory operations stand behind the checks that make them safe.
            Inst::Load { .. }
            | Inst::Store { .. }
            | Inst::LoadIdx { .. }
            | Inst::StoreIdx { .. }
            | Inst::ElemAddr { .. }
            | Inst::FieldAddr { .. }
            | Inst::GlobalAddr { .. }
            | Inst::MemCopy { .. }
            | Inst::CopyElems { .. }
            | Inst::SlicePtr { .. } => Effects::NONE,
            Inst::NilCheck { .. }
            | Inst::BoundsCheck { .. }
            | Inst::SliceCheck { .. }
            | Inst::ArrayLenCheck { .. } => Effects::PANICS,

            Inst::StrConcat { .. } | Inst::MapNew { .. } | Inst::MapIter { .. } => {
                Effects::ALLOCATES
            }
            // An interface within the key may hold what cannot be hashed.
            Inst::MapGet { .. } | Inst::MapDelete { .. } => Effects::PANICS,
            Inst::MapSet { .. } => Effects::ALLOCATES,
            Inst::MapNext { .. } => Effects::NONE,

            Inst::ChanNew { .. } | Inst::PortNew { .. } | Inst::IslandNew { .. } => {
                Effects::ALLOCATES
            }
            // The island that a goroutine is to be started on may be nil, or what the function has
            // captured may be bound to this one.
            Inst::ChanSend { .. }
            | Inst::ChanRecv { .. }
            | Inst::SelectExec { .. }
            | Inst::GoIsland { .. }
            | Inst::PortSend { .. } => Effects::BLOCKS_PANICS,
            // What is received is unpacked.
            Inst::PortRecv { .. } => Effects {
                may_allocate: true,
                ..Effects::BLOCKS_PANICS
            },
            Inst::ChanClose { .. } | Inst::PortClose { .. } => Effects::PANICS,
            Inst::PortLen { .. } | Inst::PortCap { .. } => Effects::NONE,
            Inst::ChanLen { .. }
            | Inst::ChanCap { .. }
            | Inst::SelectBegin { .. }
            | Inst::SelectSend { .. }
            | Inst::SelectRecv { .. } => Effects::NONE,
        }
    }

    /// What a function of the runtime can do.
    pub fn of_runtime(func: RtFn) -> Effects {
        let sig = func.sig();
        Effects {
            may_block: sig.blocks,
            may_panic: sig.panics,
            may_allocate: may_allocate(func),
            calls: false,
        }
    }
}

/// Whether the callee is a value that may be nil.
fn may_be_nil(callee: &Callee) -> bool {
    !matches!(callee, Callee::Func(_))
}

/// Whether a function of the runtime may allocate: all do that are not known to do without.
fn may_allocate(func: RtFn) -> bool {
    use RtFn::*;
    !matches!(
        func,
        StrEq
            | StrCmp
            | StrDecodeRune
            | MapLen
            | MapClear
            | Gosched
            | NumGoroutine
            | HeapBytes
            | Sleep
            | TimerStart
            | TimerStop
            | WallNanos
            | MonoNanos
            | ProcessNumber
            | FileOpen
            | FileWrite
            | FileSeek
            | FileClose
            | FileNumber
            | OnFile
            | FileStat
            | NetListen
            | NetDial
            | NetConnected
            | NetAccept
            | NetRead
            | NetWrite
            | NetWait
            | NetDeadline
            | NetClose
            | NetShutdown
            | NetOption
            | HostPassInt
            | HostPassFloat
            | HostPassString
            | HostPassBytes
            | HostInt
            | HostFloat
            | HostFailed
            | Exit
            | AnyKind
            | AnyInt
            | AnyFloat
            | AnyBits
            | AnyAddr
            | AnyLen
            | AnyElemClass
            | ParseFloat
            | IsPrint
            | MathSin
            | MathCos
            | MathTan
            | MathAsin
            | MathAcos
            | MathAtan
            | MathAtan2
            | MathExp
            | MathLog
            | MathLog2
            | MathLog10
            | MathPow
            | MathMod
            | MathHypot
            | MathCbrt
    )
}
