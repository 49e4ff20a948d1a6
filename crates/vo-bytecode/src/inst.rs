//! The one table of all instructions. The enum, its slot visits, its text form and its
//! mnemonics are all made from it.

use crate::*;
use serde::{Deserialize, Serialize};

/// An immediate 64-bit integer.
pub type Imm = i64;
/// A jump target: the index of an instruction of the same function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Target(pub u32);
/// The targets of a switch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Targets(pub Box<[Target]>);
/// The bits of a 64-bit float.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct F64Bits(pub u64);
/// The bits of a 32-bit float.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct F32Bits(pub u32);
/// A type that a runtime function needs, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OptType(pub Option<TypeId>);

/// Sees every slot that an instruction names.
pub trait SlotVisitor {
    /// The instruction reads `slot`.
    fn read(&mut self, slot: Slot);
    /// The instruction writes `slot`.
    fn write(&mut self, slot: Slot);
}

/// Gives the slots and the jump targets of an instruction new numbers.
pub trait Renumber {
    /// The new number of a slot. Slots that belong together stay next to each other.
    fn slot(&mut self, slot: Slot) -> Slot;
    /// The new number of a jump target.
    fn target(&mut self, target: Target) -> Target;
}

/// An operand of an instruction.
pub trait Operand {
    /// Shows the operand's slots, in order.
    fn visit(&self, visitor: &mut impl SlotVisitor);
    /// Gives the operand's slots and jump targets new numbers.
    fn renumber(&mut self, new: &mut impl Renumber);
}

macro_rules! plain {
    ($($ty:ty),*) => { $(impl Operand for $ty {
        fn visit(&self, _: &mut impl SlotVisitor) {}
        fn renumber(&mut self, _: &mut impl Renumber) {}
    })* };
}
plain!(
    Imm, F64Bits, F32Bits, OptType, IntKind, FloatKind, BinOp, UnOp, CmpOp, FBinOp, FUnOp, Mem,
    SliceKind, StrId, FuncId, TypeId, GlobalId, RtFn, bool
);

impl Operand for Target {
    fn visit(&self, _: &mut impl SlotVisitor) {}
    fn renumber(&mut self, new: &mut impl Renumber) {
        *self = new.target(*self);
    }
}
impl Operand for Targets {
    fn visit(&self, _: &mut impl SlotVisitor) {}
    fn renumber(&mut self, new: &mut impl Renumber) {
        self.0.iter_mut().for_each(|target| target.renumber(new));
    }
}

impl Operand for Dst {
    fn visit(&self, visitor: &mut impl SlotVisitor) {
        visitor.write(self.0);
    }
    fn renumber(&mut self, new: &mut impl Renumber) {
        self.0 = new.slot(self.0);
    }
}
impl Operand for OptDst {
    fn visit(&self, visitor: &mut impl SlotVisitor) {
        if let Some(slot) = self.0 {
            visitor.write(slot);
        }
    }
    fn renumber(&mut self, new: &mut impl Renumber) {
        self.0 = self.0.map(|slot| new.slot(slot));
    }
}
impl Operand for Src {
    fn visit(&self, visitor: &mut impl SlotVisitor) {
        visitor.read(self.0);
    }
    fn renumber(&mut self, new: &mut impl Renumber) {
        self.0 = new.slot(self.0);
    }
}
impl Operand for OptSrc {
    fn visit(&self, visitor: &mut impl SlotVisitor) {
        if let Some(slot) = self.0 {
            visitor.read(slot);
        }
    }
    fn renumber(&mut self, new: &mut impl Renumber) {
        self.0 = self.0.map(|slot| new.slot(slot));
    }
}
impl Operand for Dsts {
    fn visit(&self, visitor: &mut impl SlotVisitor) {
        self.0.iter().for_each(|slot| visitor.write(*slot));
    }
    fn renumber(&mut self, new: &mut impl Renumber) {
        self.0.iter_mut().for_each(|slot| *slot = new.slot(*slot));
    }
}
impl Operand for Srcs {
    fn visit(&self, visitor: &mut impl SlotVisitor) {
        self.0.iter().for_each(|slot| visitor.read(*slot));
    }
    fn renumber(&mut self, new: &mut impl Renumber) {
        self.0.iter_mut().for_each(|slot| *slot = new.slot(*slot));
    }
}
impl Operand for IfaceDst {
    fn visit(&self, visitor: &mut impl SlotVisitor) {
        visitor.write(self.0);
        visitor.write(self.0.next());
    }
    fn renumber(&mut self, new: &mut impl Renumber) {
        self.0 = new.slot(self.0);
    }
}
impl Operand for IfaceSrc {
    fn visit(&self, visitor: &mut impl SlotVisitor) {
        visitor.read(self.0);
        visitor.read(self.0.next());
    }
    fn renumber(&mut self, new: &mut impl Renumber) {
        self.0 = new.slot(self.0);
    }
}
impl Operand for Callee {
    fn visit(&self, visitor: &mut impl SlotVisitor) {
        match self {
            Callee::Func(_) => {}
            Callee::Closure(slot) => visitor.read(*slot),
            Callee::Method(slot, _) => {
                visitor.read(*slot);
                visitor.read(slot.next());
            }
        }
    }
    fn renumber(&mut self, new: &mut impl Renumber) {
        match self {
            Callee::Func(_) => {}
            Callee::Closure(slot) | Callee::Method(slot, _) => *slot = new.slot(*slot),
        }
    }
}

macro_rules! instructions {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $ty:ty),* $(,)? })*) => {
        /// An instruction.
        ///
        /// Operands are listed as in the text form, what is written first.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the fields are explained by their instruction's text")]
        pub enum Inst { $($(#[$doc])* $name { $($field: $ty),* },)* }

        impl Inst {
            /// The opcode's name.
            pub fn mnemonic(&self) -> &'static str {
                match self { $(Inst::$name { .. } => stringify!($name),)* }
            }

            /// Every opcode's name, in declaration order.
            pub const MNEMONICS: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Shows every slot that stands in the instruction, in operand order. What
            /// `SelectRecv` writes is written when its `SelectExec` completes; see
            /// [`crate::Function::writes`] and [`crate::Function::reads`].
            pub fn visit_slots(&self, visitor: &mut impl SlotVisitor) {
                match self {
                    $(Inst::$name { $($field),* } => { $($field.visit(visitor);)* let _ = visitor; })*
                }
            }

            /// Gives every slot and jump target of the instruction a new number.
            pub fn renumber(&mut self, new: &mut impl Renumber) {
                match self {
                    $(Inst::$name { $($field),* } => { $($field.renumber(new);)* let _ = new; })*
                }
            }
        }

        /// Calls `$callback!` with the instruction table, for the text form.
        #[macro_export]
        macro_rules! with_instructions {
            ($callback:ident) => { $callback! { $($name { $($field: $ty),* })* } };
        }
    };
}

instructions! {
    // ---- constants and moves -------------------------------------------------------------
    /// An integer constant.
    Const { dst: Dst, value: Imm }
    /// A 64-bit float constant.
    ConstF64 { dst: Dst, value: F64Bits }
    /// A 32-bit float constant.
    ConstF32 { dst: Dst, value: F32Bits }
    /// The null reference.
    Nil { dst: Dst }
    /// A string of the module's string table: pointer and length.
    ConstStr { ptr: Dst, len: Dst, value: StrId }
    /// The function value of a function without captures; its first parameter is the closure
    /// object, which it ignores.
    FuncValue { dst: Dst, func: FuncId }
    /// A copy between slots of the same type; not for the two words of an interface.
    Mov { dst: Dst, src: Src }

    // ---- interfaces ----------------------------------------------------------------------
    /// The nil interface.
    IfaceNil { dst: IfaceDst }
    /// An interface value of dynamic type `ty`; `data` is its one word (an integer, a float or a
    /// reference), or a reference to its boxed memory form where the type has more slots.
    IfaceMake { dst: IfaceDst, ty: TypeId, data: Src }
    /// A copy of an interface.
    IfaceMov { dst: IfaceDst, src: IfaceSrc }
    /// The data word, as the type of `dst`.
    IfaceWord { dst: Dst, src: IfaceSrc }
    /// Whether the dynamic type is exactly `ty`.
    IfaceIs { dst: Dst, src: IfaceSrc, ty: TypeId }
    /// Whether the interface is nil.
    IfaceIsNil { dst: Dst, src: IfaceSrc }
    /// Whether the dynamic type has all methods of the interface type `ty`; false for nil.
    IfaceImplements { dst: Dst, src: IfaceSrc, ty: TypeId }
    /// Equality of two interfaces; panics when their common dynamic type is not comparable.
    IfaceEq { dst: Dst, a: IfaceSrc, b: IfaceSrc }
    /// Reads an interface from memory.
    IfaceLoad { dst: IfaceDst, base: Src, off: Imm }
    /// Writes an interface to memory.
    IfaceStore { base: Src, off: Imm, src: IfaceSrc }

    // ---- numbers -------------------------------------------------------------------------
    /// An integer operation on values of `kind`.
    Bin { dst: Dst, op: BinOp, kind: IntKind, a: Src, b: Src }
    /// A unary integer operation.
    Un { dst: Dst, op: UnOp, kind: IntKind, a: Src }
    /// A comparison of integers, signed or not as `kind` says.
    Cmp { dst: Dst, op: CmpOp, kind: IntKind, a: Src, b: Src }
    /// A comparison of references: `Eq` or `Ne`.
    CmpRef { dst: Dst, op: CmpOp, a: Src, b: Src }
    /// Boolean negation.
    BoolNot { dst: Dst, a: Src }
    /// A float operation; both operands and the result have `kind`.
    FBin { dst: Dst, op: FBinOp, kind: FloatKind, a: Src, b: Src }
    /// A unary float operation.
    FUn { dst: Dst, op: FUnOp, kind: FloatKind, a: Src }
    /// A comparison of floats.
    FCmp { dst: Dst, op: CmpOp, kind: FloatKind, a: Src, b: Src }
    /// Truncates an integer to `kind` and extends it to 64 bits.
    IntCast { dst: Dst, kind: IntKind, a: Src }
    /// An integer (signed or not as `kind` says) to a float, rounded to nearest even.
    IntToFloat { dst: Dst, to: FloatKind, kind: IntKind, a: Src }
    /// A float to an integer: truncated, saturated to the range of `kind`; NaN gives 0.
    FloatToInt { dst: Dst, kind: IntKind, from: FloatKind, a: Src }
    /// A float to a float of the other width.
    FloatCast { dst: Dst, to: FloatKind, a: Src }
    /// The bits of a float as an unsigned integer of its width.
    FloatBits { dst: Dst, kind: FloatKind, a: Src }
    /// The float with these bits.
    FloatFromBits { dst: Dst, kind: FloatKind, a: Src }
    /// Panics with "negative shift amount" when `a` is negative.
    ShiftCheck { a: Src }

    // ---- control -------------------------------------------------------------------------
    /// Goes on at `to`.
    Jump { to: Target }
    /// Goes on at `then` when `cond` is not 0, else at `otherwise`.
    Br { cond: Src, then: Target, otherwise: Target }
    /// Goes on at `targets[index]`, or at `otherwise` when the (unsigned) index is beyond them.
    Switch { index: Src, targets: Targets, otherwise: Target }
    /// Leaves the function with its results.
    Return { values: Srcs }
    /// Panics with the interface value.
    Panic { value: IfaceSrc }
    /// Panics because `src`, of the interface type `from`, is not of type `want` (a failed type assertion).
    PanicAssert { src: IfaceSrc, from: TypeId, want: TypeId }
    /// Calls; `rets` receive the results. A nil function or interface panics.
    Call { rets: Dsts, callee: Callee, args: Srcs }
    /// Calls a function of the runtime; `ty` where it needs a type.
    CallRt { rets: Dsts, func: RtFn, ty: OptType, args: Srcs }
    /// Starts a goroutine.
    GoStart { callee: Callee, args: Srcs }

    /// Makes an island.
    IslandNew { dst: Dst }
    /// Starts a goroutine on an island, with copies of the callee's captures and of the arguments,
    /// whose types are the fields of struct type `ty`. Not for methods of interfaces.
    GoIsland { island: Src, callee: Callee, ty: TypeId, args: Srcs }

    // ---- deferred calls and panics -------------------------------------------------------
    // A function with deferred calls is told by its one `PanicLand`: where an instruction of the
    // function panics (see `Inst::lands`), or a function that it calls does, control goes on
    // there. A deferred call is an ordinary call, in front of which the function has its bit in a
    // slot tested. `RunDefers` and what follows it is where every return leads.
    /// Registers deferred call number `call`, whose operands are in slots: `calls` becomes `old`
    /// with the bit of that number set.
    DeferPush { calls: Dst, old: Src, call: Imm }
    /// The same for a call that runs only if the function fails.
    ErrDeferPush { calls: Dst, old: Src, call: Imm }
    /// The results are committed and the deferred calls begin: `calls` becomes `old`, but where
    /// `failed` is 0, without the bits of `errors`.
    RunDefers { calls: Dst, old: Src, errors: Imm, failed: Src }
    /// Where panics of the function lead, reached in no other way. `panic` becomes the panic; the
    /// one in `former`, unless that is 0, is replaced by it.
    PanicLand { panic: Dst, former: Src }
    /// Whether the panic has been recovered; then it is over.
    PanicOver { dst: Dst, panic: Src }
    /// Leaves the function with the panic.
    PanicOn { panic: Src }
    /// The call that follows directly, of this callee, is one that the panic runs: its function may
    /// recover the panic.
    RecoverArm { panic: Src, callee: Callee }
    /// The first instruction of a function that recovers: the panic that has run it, else 0.
    RecoverEnter { panic: Dst }
    /// Recovers the panic: its value. Where it is no value of the program's, `kind` is not 0 (see
    /// [`PanicKind`]) and the text is that of the panic. 0 gives nil, and so does a panic that is
    /// recovered already.
    Recover { dst: IfaceDst, kind: Dst, ptr: Dst, len: Dst, panic: Src }

    // ---- memory --------------------------------------------------------------------------
    /// A new zeroed object of memory type `ty`.
    New { dst: Dst, ty: TypeId }
    /// A new closure object of struct type `ty`, whose first field (8 bytes) becomes the
    /// function; the captures behind it are zero and are stored by what follows.
    Closure { dst: Dst, func: FuncId, ty: TypeId }
    /// Reads memory at `base + off`; `base` must be valid.
    Load { dst: Dst, mem: Mem, base: Src, off: Imm }
    /// Writes memory at `base + off`; `base` must be valid.
    Store { mem: Mem, base: Src, off: Imm, src: Src }
    /// Reads element `index` of an array of `mem` at `base`; the index must be in bounds.
    LoadIdx { dst: Dst, mem: Mem, base: Src, index: Src }
    /// Writes element `index` of an array of `mem` at `base`; the index must be in bounds.
    StoreIdx { mem: Mem, base: Src, index: Src, src: Src }
    /// `base + index * size`: the address of an element; the index must be in bounds.
    ElemAddr { dst: Dst, base: Src, index: Src, size: Imm }
    /// `base + off`: the address of a field; `base` must be valid.
    FieldAddr { dst: Dst, base: Src, off: Imm }
    /// The address of a global variable.
    GlobalAddr { dst: Dst, global: GlobalId }
    /// Copies `size` bytes between objects (or within one).
    MemCopy { dst: Src, src: Src, size: Imm }
    /// Copies `count` elements of `size` bytes; the ranges may overlap.
    CopyElems { dst: Src, src: Src, count: Src, size: Imm }
    /// Panics with a nil dereference when `a` is null.
    NilCheck { a: Src }
    /// Panics unless 0 <= index < len.
    BoundsCheck { index: Src, len: Src }
    /// Panics unless 0 <= lo <= hi <= max <= cap (hi <= cap where `max` is absent).
    SliceCheck { kind: SliceKind, lo: Src, hi: Src, max: OptSrc, cap: Src }
    /// Panics unless 0 <= len; the conversion of a slice to an array: `len >= want`.
    ArrayLenCheck { len: Src, want: Imm }
    /// `newcap == 0 ? base : base + lo * size`: the pointer of a slice expression. For strings
    /// `newcap` is the new length. An empty result never points past its object.
    SlicePtr { dst: Dst, base: Src, lo: Src, size: Imm, newcap: Src }

    // ---- strings and maps ----------------------------------------------------------------
    /// The concatenation of strings, given as pointer, length, pointer, length, …
    StrConcat { ptr: Dst, len: Dst, parts: Srcs }
    /// A new map of type `ty` with room for `hint` entries.
    MapNew { dst: Dst, ty: TypeId, hint: Src }
    /// The value of a key (all zero when absent or when the map is nil) and whether it is there.
    MapGet { vals: Dsts, ok: OptDst, ty: TypeId, map: Src, key: Srcs }
    /// Sets a key's value; panics on a nil map or an unhashable key.
    MapSet { ty: TypeId, map: Src, key: Srcs, vals: Srcs }
    /// Deletes a key.
    MapDelete { ty: TypeId, map: Src, key: Srcs }
    /// A new iterator over a map (nil allowed).
    MapIter { dst: Dst, ty: TypeId, map: Src }
    /// The next entry of an iterator; `more` is 0 at the end, and then nothing else is written
    /// but zeros.
    MapNext { more: Dst, key: Dsts, vals: Dsts, ty: TypeId, iter: Src }

    // ---- channels ------------------------------------------------------------------------
    /// A new channel of channel type `ty`; panics on a bad capacity.
    ChanNew { dst: Dst, ty: TypeId, cap: Src }
    /// Sends a value; may block; panics when the channel is closed or nil.
    ChanSend { chan: Src, vals: Srcs }
    /// Receives a value; may block; zeros and `ok` 0 when the channel is closed and drained.
    ChanRecv { vals: Dsts, ok: OptDst, chan: Src }
    /// Closes a channel; panics when it is closed or nil.
    ChanClose { chan: Src }
    /// The number of buffered values; 0 for nil.
    ChanLen { dst: Dst, chan: Src }
    /// The capacity; 0 for nil.
    ChanCap { dst: Dst, chan: Src }
    /// A new port of port type `ty`, owned by this island; panics on a bad capacity.
    PortNew { dst: Dst, ty: TypeId, cap: Src }
    /// Sends a copy of a value; may block; panics when the port is closed or nil, or its island has
    /// ended.
    PortSend { port: Src, vals: Srcs }
    /// Receives a value; may block; zeros and `ok` 0 when the port is closed and drained.
    PortRecv { vals: Dsts, ok: OptDst, port: Src }
    /// Closes a port; panics when it is closed or nil.
    PortClose { port: Src }
    /// The number of values in a port; 0 for nil.
    PortLen { dst: Dst, port: Src }
    /// The capacity; 0 for nil.
    PortCap { dst: Dst, port: Src }
    /// Opens a select of `cases` cases; the `SelectSend` and `SelectRecv` instructions of the
    /// cases follow directly, then `SelectExec`.
    SelectBegin { cases: Imm, has_default: bool }
    /// A send case.
    SelectSend { chan: Src, vals: Srcs }
    /// A receive case, of a channel or a port; `vals` and `ok` are written by `SelectExec`, and have a meaning only where
    /// the case was chosen (else zeros).
    SelectRecv { vals: Dsts, ok: OptDst, chan: Src }
    /// Chooses: `index` becomes the number of the chosen case, or -1 for the default. May block;
    /// panics on a send to a closed channel.
    SelectExec { index: Dst }
}

impl Inst {
    /// Whether control never goes on at the next instruction by itself.
    pub fn is_terminator(&self) -> bool {
        matches!(
            self,
            Inst::Jump { .. }
                | Inst::Br { .. }
                | Inst::Switch { .. }
                | Inst::Return { .. }
                | Inst::Panic { .. }
                | Inst::PanicAssert { .. }
                | Inst::PanicOn { .. }
        )
    }

    /// The jump targets, in operand order.
    pub fn targets(&self) -> Vec<Target> {
        match self {
            Inst::Jump { to } => vec![*to],
            Inst::Br {
                then, otherwise, ..
            } => vec![*then, *otherwise],
            Inst::Switch {
                targets, otherwise, ..
            } => targets.0.iter().copied().chain([*otherwise]).collect(),
            _ => Vec::new(),
        }
    }
}
