//! The rules of each instruction: which types its slots have, which kinds of types it takes,
//! which numbers make sense. One exhaustive match, so that a new instruction cannot be forgotten.

use super::types::MAX_TYPE_SIZE;
use super::{Checker, ty_name};
use crate::inst::Imm;
use crate::*;

use SlotTy::{F32, F64, I64, Ref};

/// `want!(checker, dst: I64, a: Ref)`: the operands of these names have these types.
macro_rules! want {
    ($checker:ident $(, $field:ident: $ty:expr)+ $(,)?) => {
        { $($checker.want(stringify!($field), $field.0, $ty);)+ }
    };
}

impl Checker<'_> {
    /// Checks an instruction whose operands are each in order.
    #[rustfmt::skip]
    pub(super) fn rules(&mut self, inst: &Inst) {
        match inst {
            // Constants and moves.
            Inst::Const { dst, .. } => want!(self, dst: I64),
            Inst::ConstF64 { dst, .. } => want!(self, dst: F64),
            Inst::ConstF32 { dst, .. } => want!(self, dst: F32),
            Inst::Nil { dst } => want!(self, dst: Ref),
            Inst::ConstStr { ptr, len, .. } => want!(self, ptr: Ref, len: I64),
            Inst::FuncValue { dst, func } => {
                want!(self, dst: Ref);
                self.function_value(*func);
            }
            Inst::Mov { dst, src } => want!(self, dst: self.ty(src.0)),

            // Interfaces. That `IfaceDst` and `IfaceSrc` are interfaces is known.
            Inst::IfaceNil { .. } | Inst::IfaceMov { .. } | Inst::IfaceWord { .. } => {}
            Inst::IfaceMake { ty, data, .. } => {
                self.concrete(*ty);
                want!(self, data: self.facts.word(self.module, *ty));
            }
            Inst::IfaceIs { dst, ty, .. } => {
                self.concrete(*ty);
                want!(self, dst: I64);
            }
            Inst::IfaceIsNil { dst, .. } | Inst::IfaceEq { dst, .. } => want!(self, dst: I64),
            Inst::IfaceImplements { dst, ty, .. } => {
                want!(self, dst: I64);
                let fits = matches!(self.module.types.kind(*ty), TypeKind::Interface(_));
                self.kind(*ty, fits, "an interface type");
            }
            Inst::IfaceLoad { base, off, .. } | Inst::IfaceStore { base, off, .. } => {
                want!(self, base: Ref);
                self.size("off", *off);
            }

            // Numbers.
            Inst::Bin { dst, a, b, .. } | Inst::Cmp { dst, a, b, .. } => {
                want!(self, dst: I64, a: I64, b: I64);
            }
            Inst::Un { dst, a, .. } | Inst::BoolNot { dst, a } | Inst::IntCast { dst, a, .. } => {
                want!(self, dst: I64, a: I64);
            }
            Inst::CmpRef { dst, op, a, b } => {
                want!(self, dst: I64, a: Ref, b: Ref);
                if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
                    self.fail(format!("references have no order: `{}`", op.name()));
                }
            }
            Inst::FBin { dst, kind, a, b, .. } => {
                want!(self, dst: float(*kind), a: float(*kind), b: float(*kind));
            }
            Inst::FUn { dst, kind, a, .. } => want!(self, dst: float(*kind), a: float(*kind)),
            Inst::FCmp { dst, kind, a, b, .. } => {
                want!(self, dst: I64, a: float(*kind), b: float(*kind));
            }
            Inst::IntToFloat { dst, to, a, .. } => want!(self, dst: float(*to), a: I64),
            Inst::FloatToInt { dst, from, a, .. } => want!(self, dst: I64, a: float(*from)),
            Inst::FloatCast { dst, to, a } => {
                let from = match to {
                    FloatKind::F32 => F64,
                    FloatKind::F64 => F32,
                };
                want!(self, dst: float(*to), a: from);
            }
            Inst::FloatBits { dst, kind, a } => want!(self, dst: I64, a: float(*kind)),
            Inst::FloatFromBits { dst, kind, a } => want!(self, dst: float(*kind), a: I64),
            Inst::ShiftCheck { a } => want!(self, a: I64),

            // Control.
            Inst::Jump { .. } | Inst::Panic { .. } | Inst::PanicAssert { .. } => {}
            Inst::Br { cond, .. } => want!(self, cond: I64),
            Inst::Switch { index, .. } => want!(self, index: I64),
            Inst::Return { values } => self.returns(values),
            Inst::Call { rets, callee, args } => self.call(rets, callee, args),
            Inst::CallRt { rets, func, ty, args } => self.call_runtime(rets, *func, *ty, args),
            Inst::GoStart { callee, args } => self.go_start(callee, args),

            // Deferred calls and panics. Where these may stand is a matter of blocks.
            Inst::DeferPush { calls, old, call } | Inst::ErrDeferPush { calls, old, call } => {
                want!(self, calls: I64, old: I64);
                if !(0..64).contains(call) {
                    self.fail(format!("`call`: {call} is not from 0 to 63"));
                }
            }
            Inst::RunDefers { calls, old, failed, .. } => {
                want!(self, calls: I64, old: I64, failed: I64);
            }
            Inst::PanicLand { panic, former } => want!(self, panic: I64, former: I64),
            Inst::PanicOver { dst, panic } => want!(self, dst: I64, panic: I64),
            Inst::PanicOn { panic } => want!(self, panic: I64),
            Inst::RecoverArm { panic, callee } => {
                want!(self, panic: I64);
                if let Callee::Closure(slot) = callee {
                    self.want("callee", *slot, Ref);
                }
            }
            Inst::RecoverEnter { panic } => want!(self, panic: I64),
            Inst::Recover { kind, ptr, len, panic, .. } => {
                want!(self, kind: I64, ptr: Ref, len: I64, panic: I64);
            }

            // Memory.
            Inst::New { dst, .. } => want!(self, dst: Ref),
            Inst::Closure { dst, func, ty } => {
                want!(self, dst: Ref);
                self.function_value(*func);
                self.closure_type(*ty);
            }
            Inst::Load { dst, mem: m, base, off } => {
                want!(self, dst: mem(*m), base: Ref);
                self.size("off", *off);
            }
            Inst::Store { mem: m, base, off, src } => {
                want!(self, base: Ref, src: mem(*m));
                self.size("off", *off);
            }
            Inst::LoadIdx { dst, mem: m, base, index } => {
                want!(self, dst: mem(*m), base: Ref, index: I64);
            }
            Inst::StoreIdx { mem: m, base, index, src } => {
                want!(self, base: Ref, index: I64, src: mem(*m));
            }
            Inst::ElemAddr { dst, base, index, size } => {
                want!(self, dst: Ref, base: Ref, index: I64);
                self.size("size", *size);
            }
            Inst::FieldAddr { dst, base, off } => {
                want!(self, dst: Ref, base: Ref);
                self.size("off", *off);
            }
            Inst::GlobalAddr { dst, .. } => want!(self, dst: Ref),
            Inst::MemCopy { dst, src, size } => {
                want!(self, dst: Ref, src: Ref);
                self.size("size", *size);
            }
            Inst::CopyElems { dst, src, count, size } => {
                want!(self, dst: Ref, src: Ref, count: I64);
                self.size("size", *size);
            }
            Inst::NilCheck { a } => want!(self, a: Ref),
            Inst::BoundsCheck { index, len } => want!(self, index: I64, len: I64),
            Inst::SliceCheck { lo, hi, max, cap, .. } => {
                want!(self, lo: I64, hi: I64, cap: I64);
                self.want_opt("max", max.0);
            }
            Inst::ArrayLenCheck { len, want } => {
                want!(self, len: I64);
                self.size("want", *want);
            }
            Inst::SlicePtr { dst, base, lo, size, newcap } => {
                want!(self, dst: Ref, base: Ref, lo: I64, newcap: I64);
                self.size("size", *size);
            }

            // Strings and maps.
            Inst::StrConcat { ptr, len, parts } => {
                want!(self, ptr: Ref, len: I64);
                let pairs = parts.0.len() / 2;
                self.want_list("parts", &parts.0, &[Ref, I64].repeat(pairs), || "strings".into());
            }
            Inst::MapNew { dst, ty, hint } => {
                want!(self, dst: Ref, hint: I64);
                self.map_type(*ty);
            }
            Inst::MapGet { vals, ok, ty, map, key } => {
                want!(self, map: Ref);
                self.want_opt("ok", ok.0);
                self.map_entry(*ty, Some(("key", &key.0)), Some(("vals", &vals.0)));
            }
            Inst::MapSet { ty, map, key, vals } => {
                want!(self, map: Ref);
                self.map_entry(*ty, Some(("key", &key.0)), Some(("vals", &vals.0)));
            }
            Inst::MapDelete { ty, map, key } => {
                want!(self, map: Ref);
                self.map_entry(*ty, Some(("key", &key.0)), None);
            }
            Inst::MapIter { dst, ty, map } => {
                want!(self, dst: Ref, map: Ref);
                self.map_type(*ty);
            }
            Inst::MapNext { more, key, vals, ty, iter } => {
                want!(self, more: I64, iter: Ref);
                self.map_entry(*ty, Some(("key", &key.0)), Some(("vals", &vals.0)));
            }

            // Channels. No type says what the values are.
            Inst::ChanNew { dst, ty, cap } => {
                want!(self, dst: Ref, cap: I64);
                let fits = matches!(self.module.types.kind(*ty), TypeKind::Chan(..));
                self.kind(*ty, fits, "a channel type");
            }
            Inst::ChanSend { chan, .. } | Inst::SelectSend { chan, .. } => want!(self, chan: Ref),
            Inst::ChanRecv { ok, chan, .. } | Inst::SelectRecv { ok, chan, .. } => {
                want!(self, chan: Ref);
                self.want_opt("ok", ok.0);
            }
            Inst::ChanClose { chan } => want!(self, chan: Ref),
            Inst::ChanLen { dst, chan } | Inst::ChanCap { dst, chan } => {
                want!(self, dst: I64, chan: Ref);
            }

            // Islands and ports.
            Inst::IslandNew { dst } => want!(self, dst: Ref),
            Inst::GoIsland { island, callee, ty, args } => {
                want!(self, island: Ref);
                self.go_island(callee, *ty, args);
            }
            Inst::PortNew { dst, ty, cap } => {
                want!(self, dst: Ref, cap: I64);
                self.port_type(*ty);
            }
            Inst::PortSend { port, .. } | Inst::PortClose { port } => want!(self, port: Ref),
            Inst::PortRecv { ok, port, .. } => {
                want!(self, port: Ref);
                self.want_opt("ok", ok.0);
            }
            Inst::PortLen { dst, port } | Inst::PortCap { dst, port } => {
                want!(self, dst: I64, port: Ref);
            }

            // How a select is put together is a matter of blocks.
            Inst::SelectBegin { .. } => {}
            Inst::SelectExec { index } => want!(self, index: I64),
        }
    }

    fn want(&mut self, field: &str, slot: Slot, want: SlotTy) {
        let found = self.ty(slot);
        if found != want {
            let (found, want) = (ty_name(found), ty_name(want));
            self.fail(format!("`{field}`: {slot} is {found}, not {want}"));
        }
    }

    /// A boolean or an integer that may be absent.
    fn want_opt(&mut self, field: &str, slot: Option<Slot>) {
        if let Some(slot) = slot {
            self.want(field, slot, I64);
        }
    }

    /// A size, an offset or a count.
    fn size(&mut self, field: &str, value: Imm) {
        if !u64::try_from(value).is_ok_and(|value| value <= MAX_TYPE_SIZE) {
            self.fail(format!("`{field}`: {value} is not from 0 to 1 GiB"));
        }
    }

    fn kind(&mut self, ty: TypeId, fits: bool, what: &str) {
        if !fits {
            self.fail(format!("`ty`: t{} is not {what}", ty.0));
        }
    }

    /// A type that values in interfaces can have.
    fn concrete(&mut self, ty: TypeId) {
        if matches!(self.module.types.kind(ty), TypeKind::Interface(_)) {
            self.fail(format!("`ty`: t{} is an interface type", ty.0));
        }
    }

    /// The first field becomes the function: 8 bytes that the collector does not look at.
    fn closure_type(&mut self, ty: TypeId) {
        let types = &self.module.types;
        let fits = match types.kind(ty) {
            TypeKind::Struct(fields) => fields.first().is_some_and(|first| {
                matches!(types.kind(first.ty), TypeKind::Int(_)) && self.facts.size(first.ty) == 8
            }),
            _ => false,
        };
        self.kind(ty, fits, "a struct that begins with a 64-bit integer");
    }

    /// What is made must be a port that its owner can receive from, of values that may come from
    /// other islands.
    fn port_type(&mut self, ty: TypeId) {
        match self.module.types.kind(ty) {
            TypeKind::Port(elem, true, true) => {
                let fits = self.facts.sendable(*elem);
                self.kind(ty, fits, "a port of values that can leave their island");
            }
            _ => self.kind(ty, false, "a port type for both directions"),
        }
    }

    /// The struct type of what goes to another island.
    pub(super) fn message_type(&mut self, ty: TypeId, args: &Srcs) {
        let TypeKind::Struct(fields) = self.module.types.kind(ty) else {
            return self.kind(ty, false, "a struct type");
        };
        for field in fields {
            if !self.facts.sendable(field.ty) {
                let (number, name) = (field.ty.0, &field.name);
                self.fail(format!(
                    "`ty`: t{number} of field {name} cannot leave its island"
                ));
            }
        }
        let parts = fields.iter().map(|field| field.ty);
        let want: Vec<SlotTy> = parts
            .flat_map(|part| self.facts.slots(self.module, part).to_vec())
            .collect();
        self.want_list("args", &args.0, &want, || format!("t{}", ty.0));
    }

    fn map_type(&mut self, ty: TypeId) {
        self.map_entry(ty, None, None);
    }

    /// Key and value of a map.
    fn map_entry(
        &mut self,
        ty: TypeId,
        key: Option<(&str, &[Slot])>,
        vals: Option<(&str, &[Slot])>,
    ) {
        let TypeKind::Map(key_ty, val_ty) = *self.module.types.kind(ty) else {
            return self.kind(ty, false, "a map type");
        };
        for (list, of) in [(key, key_ty), (vals, val_ty)] {
            if let Some((field, slots)) = list {
                let want = self.facts.slots(self.module, of);
                self.want_list(field, slots, want, || format!("t{}", of.0));
            }
        }
    }
}

fn float(kind: FloatKind) -> SlotTy {
    match kind {
        FloatKind::F32 => F32,
        FloatKind::F64 => F64,
    }
}

/// The slot that a value in memory is loaded to.
fn mem(mem: Mem) -> SlotTy {
    match mem {
        Mem::F32 => F32,
        Mem::F64 => F64,
        Mem::Ref => Ref,
        Mem::I8 | Mem::I16 | Mem::I32 | Mem::I64 | Mem::U8 | Mem::U16 | Mem::U32 => I64,
    }
}
