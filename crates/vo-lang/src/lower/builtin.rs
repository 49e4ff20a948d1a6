//! The predeclared functions.

use vo_bytecode::*;

use super::func::{INT, Lowerer, Value, Want};
use super::place::Loc;
use super::program::Work;
use crate::syntax::ast::Expr;
use crate::types::info::Builtin;
use crate::types::ty::{Basic, Kind, Ty};

/// An argument.
enum Arg<'a> {
    Expr(&'a Expr),
    /// One of the results of the call that gives all arguments.
    Result(Value, Ty),
}

impl<'a> Lowerer<'_, 'a> {
    /// A call of a predeclared function: its results.
    pub fn builtin(
        &mut self,
        e: &'a Expr,
        builtin: Builtin,
        args: &'a [Expr],
        spread: bool,
        want: Want<'_>,
    ) -> Vec<(Value, Ty)> {
        let ty = self.type_of(e);
        let value = match builtin {
            Builtin::Append => {
                let args = self.each_argument(args);
                self.append(e, &args, spread, ty, want)
            }
            Builtin::Assert => return self.assert(e, args),
            Builtin::Cap | Builtin::Len => self.length(builtin, &args[0], want),
            Builtin::Close => {
                let chan_ty = self.type_of(&args[0]);
                let chan = self.value(&args[0], Want::Any).slots[0];
                self.at(e.span);
                self.b.emit(if self.is_port(chan_ty) {
                    Inst::PortClose { port: Src(chan) }
                } else {
                    Inst::ChanClose { chan: Src(chan) }
                });
                return Vec::new();
            }
            Builtin::Copy => {
                let args = self.each_argument(args);
                self.copy_elements(&args)
            }
            Builtin::Delete => {
                let args = self.each_argument(args);
                let map_ty = self.arg_type(&args[0]);
                let Kind::Map(key, _) = *self.tys().under(map_ty) else {
                    return Vec::new();
                };
                let map = self.arg(&args[0]).slots[0];
                let key = self.arg_as(&args[1], key).slots;
                let ty = self.p.types.id(map_ty);
                self.at(e.span);
                self.b.emit(Inst::MapDelete {
                    ty,
                    map: Src(map),
                    key: Srcs::from(key),
                });
                return Vec::new();
            }
            Builtin::Make => self.make(e, args, ty, want),
            Builtin::New => {
                let elem = self.tys().pointee(ty).unwrap_or(Ty::INVALID);
                let id = self.p.types.id(elem);
                let dst = self.dst(want, ty);
                self.b.emit(Inst::New {
                    dst: Dst(dst[0]),
                    ty: id,
                });
                self.b.assume_non_null(dst[0]);
                Value::fresh(dst)
            }
            Builtin::Panic => {
                self.p.panics = true;
                let value = self.value_as(&args[0], Ty::ANY, Want::Any).slots[0];
                self.at(e.span);
                self.b.emit(Inst::Panic {
                    value: IfaceSrc(value),
                });
                return Vec::new();
            }
            Builtin::Print | Builtin::Println => {
                self.print(args, builtin == Builtin::Println);
                return Vec::new();
            }
            Builtin::Recover => {
                self.at(e.span);
                self.recover()
            }
        };
        vec![(value, ty)]
    }

    /// `recover()`. Panics that did not begin with a value get one from package `runtime`.
    fn recover(&mut self) -> Value {
        let value = self.b.slots(&[SlotTy::IfaceType, SlotTy::IfaceData]);
        let Some(panic) = self.recoverable else {
            return self.zero_value(Ty::ANY, Want::Any);
        };
        let kind = self.b.slot(SlotTy::I64);
        let text = self.temp(Ty::STRING);
        self.b.emit(Inst::Recover {
            dst: IfaceDst(value[0]),
            kind: Dst(kind),
            ptr: Dst(text[0]),
            len: Dst(text[1]),
            panic: Src(panic),
        });
        if let Some(func) = self.p.runtime_func("recover") {
            let (made, given) = (self.b.label(), self.b.label());
            self.b.branch(kind, made, given);
            self.b.bind(made);
            self.call_into(Callee::Func(func), vec![kind, text[0], text[1]], &value);
            self.b.bind(given);
        }
        Value::fresh(value)
    }

    fn length(&mut self, builtin: Builtin, x: &'a Expr, want: Want<'_>) -> Value {
        let ty = self.type_of(x);
        let is_len = builtin == Builtin::Len;
        match *self.tys().under(ty) {
            Kind::Array(_, len) => {
                self.effect(x);
                let dst = self.dst(want, Ty::INT);
                self.b.emit(Inst::Const {
                    dst: Dst(dst[0]),
                    value: len as i64,
                });
                Value::fresh(dst)
            }
            Kind::Map(..) => {
                let map = self.value(x, Want::Any).slots;
                let dst = self.dst(want, Ty::INT);
                self.b.rt_into(RtFn::MapLen, None, &map, &dst);
                Value::fresh(dst)
            }
            Kind::Chan(..) | Kind::Port(..) => {
                let queue = Src(self.value(x, Want::Any).slots[0]);
                let slots = self.dst(want, Ty::INT);
                let dst = Dst(slots[0]);
                let is_port = self.is_port(self.type_of(x));
                self.b.emit(match (is_port, is_len) {
                    (false, true) => Inst::ChanLen { dst, chan: queue },
                    (false, false) => Inst::ChanCap { dst, chan: queue },
                    (true, true) => Inst::PortLen { dst, port: queue },
                    (true, false) => Inst::PortCap { dst, port: queue },
                });
                Value::fresh(slots)
            }
            _ => {
                let value = self.value(x, Want::Any).slots;
                Value::one(value[if is_len { 1 } else { 2 }])
            }
        }
    }

    fn make(&mut self, e: &'a Expr, args: &'a [Expr], ty: Ty, want: Want<'_>) -> Value {
        let sizes: Vec<Slot> = args[1..]
            .iter()
            .map(|arg| self.value(arg, Want::Any).slots[0])
            .collect();
        let size =
            |this: &mut Self, at: usize| sizes.get(at).copied().unwrap_or_else(|| this.b.int(0));
        self.at(e.span);
        let id = self.p.types.id(ty);
        match *self.tys().under(ty) {
            Kind::Slice(elem) => {
                let elem = self.p.types.id(elem);
                let len = size(self, 0);
                let cap = sizes.get(1).copied().unwrap_or(len);
                let dst = self.fresh_dst(want, ty);
                self.b
                    .rt_into(RtFn::SliceMake, Some(elem), &[len, cap], &dst[..1]);
                self.b.mov(&dst[1..], &[len, cap]);
                Value::fresh(dst)
            }
            Kind::Map(..) => {
                let hint = size(self, 0);
                let dst = self.dst(want, ty);
                self.b.emit(Inst::MapNew {
                    dst: Dst(dst[0]),
                    ty: id,
                    hint: Src(hint),
                });
                Value::fresh(dst)
            }
            Kind::Chan(..) => {
                let cap = size(self, 0);
                let dst = self.dst(want, ty);
                self.b.emit(Inst::ChanNew {
                    dst: Dst(dst[0]),
                    ty: id,
                    cap: Src(cap),
                });
                Value::fresh(dst)
            }
            Kind::Island => {
                let dst = self.dst(want, ty);
                self.b.emit(Inst::IslandNew { dst: Dst(dst[0]) });
                Value::fresh(dst)
            }
            _ => {
                let cap = size(self, 0);
                let dst = self.dst(want, ty);
                self.b.emit(Inst::PortNew {
                    dst: Dst(dst[0]),
                    ty: id,
                    cap: Src(cap),
                });
                Value::fresh(dst)
            }
        }
    }

    /// The arguments of a call; those that one call gives are evaluated.
    fn each_argument(&mut self, args: &'a [Expr]) -> Vec<Arg<'a>> {
        if let [call] = args {
            let ty = self.type_of(call);
            if self.tys().as_tuple(ty).is_some_and(|types| types.len() > 1) {
                let results = self.several(call).into_iter();
                return results.map(|(value, ty)| Arg::Result(value, ty)).collect();
            }
        }
        args.iter().map(Arg::Expr).collect()
    }

    fn arg_type(&self, arg: &Arg<'a>) -> Ty {
        match arg {
            Arg::Expr(e) => self.type_of(e),
            Arg::Result(_, ty) => *ty,
        }
    }

    fn arg(&mut self, arg: &Arg<'a>) -> Value {
        match arg {
            Arg::Expr(e) => self.value(e, Want::Any),
            Arg::Result(value, _) => value.clone(),
        }
    }

    /// The argument as a value of a type that it may be assigned to.
    fn arg_as(&mut self, arg: &Arg<'a>, ty: Ty) -> Value {
        match arg {
            Arg::Expr(e) => self.value_as(e, ty, Want::Any),
            Arg::Result(value, from) => self.assign(value.clone(), *from, ty, Want::Any),
        }
    }

    // ---- append and copy -------------------------------------------------------------------------

    fn append(
        &mut self,
        e: &'a Expr,
        args: &[Arg<'a>],
        spread: bool,
        ty: Ty,
        want: Want<'_>,
    ) -> Value {
        let Kind::Slice(elem) = *self.tys().under(ty) else {
            return self.zero_value(ty, want);
        };
        let slice = self.arg_as(&args[0], ty).slots;
        if args.len() == 1 {
            return Value::fresh(slice);
        }
        if spread {
            let more = self.arg(&args[1]).slots;
            self.at(e.span);
            return self.append_slice(&slice, &more, elem, ty, want);
        }
        let mut values: Vec<Value> = args[1..].iter().map(|arg| self.arg_as(arg, elem)).collect();
        self.at(e.span);
        for value in &mut values {
            // Pointer and capacity may be replaced before the elements are stored.
            if value.slots.contains(&slice[0]) || value.slots.contains(&slice[2]) {
                value.slots = self.b.copy(&value.slots);
            }
        }
        let size = self.shape(elem).size as i64;
        let count = self.b.int(values.len() as i64);
        let dst = self.grown(&slice, count, elem, ty, want);
        let (base, old_len, new_len) = (dst.0[0], dst.1, dst.2);
        for (i, value) in values.iter().enumerate() {
            let index = if i == 0 {
                old_len
            } else {
                let by = self.b.int(i as i64);
                self.b.bin(BinOp::Add, INT, old_len, by)
            };
            let loc = Loc::Element {
                base,
                index,
                size,
                off: 0,
                len: None,
            };
            self.store(&loc, elem, &value.slots);
        }
        self.b.mov(&dst.0[1..2], &[new_len]);
        Value::fresh(dst.0)
    }

    /// Room for `count` more elements: the slots of the result (the length is still the old one, and must
    /// be set), the old length, the new length.
    fn grown(
        &mut self,
        slice: &[Slot],
        count: Slot,
        elem: Ty,
        ty: Ty,
        want: Want<'_>,
    ) -> (Vec<Slot>, Slot, Slot) {
        // Writing to the slice that is appended to is fine: its parts are replaced one by one, and the
        // elements have been evaluated.
        let dst = match want {
            Want::Into(slots) | Want::Fresh(slots) if slots == slice => slots.to_vec(),
            want => self.fresh_dst(want, ty),
        };
        let old_len = slice[1];
        let new_len = self.b.bin(BinOp::Add, INT, old_len, count);
        self.b.mov(&[dst[0], dst[2]], &[slice[0], slice[2]]);
        let more = self.b.cmp(CmpOp::Gt, INT, new_len, dst[2]);
        let (grow, done) = (self.b.label(), self.b.label());
        self.b.branch(more, grow, done);
        self.b.bind(grow);
        let elem = self.p.types.id(elem);
        let args = [dst[0], old_len, dst[2], new_len];
        self.b
            .rt_into(RtFn::SliceGrow, Some(elem), &args, &[dst[0], dst[2]]);
        self.b.bind(done);
        (dst, old_len, new_len)
    }

    fn append_slice(
        &mut self,
        slice: &[Slot],
        more: &[Slot],
        elem: Ty,
        ty: Ty,
        want: Want<'_>,
    ) -> Value {
        let size = self.shape(elem).size as i64;
        // `append(s, s...)`: the operand must not be overwritten before it is copied.
        let want = match want {
            Want::Into(slots) | Want::Fresh(slots) if slots.iter().any(|s| more.contains(s)) => {
                Want::Any
            }
            want => want,
        };
        let (dst, old_len, new_len) = self.grown(slice, more[1], elem, ty, want);
        if size > 0 {
            let end = self.b.slot(SlotTy::Ref);
            self.b.emit(Inst::ElemAddr {
                dst: Dst(end),
                base: Src(dst[0]),
                index: Src(old_len),
                size,
            });
            self.b.emit(Inst::CopyElems {
                dst: Src(end),
                src: Src(more[0]),
                count: Src(more[1]),
                size,
            });
        }
        self.b.mov(&dst[1..2], &[new_len]);
        Value::fresh(dst)
    }

    fn copy_elements(&mut self, args: &[Arg<'a>]) -> Value {
        let dst_ty = self.arg_type(&args[0]);
        let Kind::Slice(elem) = *self.tys().under(dst_ty) else {
            return Value::one(self.b.int(0));
        };
        let dst = self.arg(&args[0]).slots;
        let src = self.arg(&args[1]).slots;
        let size = self.shape(elem).size as i64;
        let count = self.b.copy(&src[1..2])[0];
        let longer = self.b.cmp(CmpOp::Gt, INT, count, dst[1]);
        let (limit, copy) = (self.b.label(), self.b.label());
        self.b.branch(longer, limit, copy);
        self.b.bind(limit);
        self.b.mov(&[count], &dst[1..2]);
        self.b.bind(copy);
        if size > 0 {
            self.b.emit(Inst::CopyElems {
                dst: Src(dst[0]),
                src: Src(src[0]),
                count: Src(count),
                size,
            });
        }
        Value::one(count)
    }

    // ---- printing and assertions -----------------------------------------------------------------

    fn print(&mut self, args: &'a [Expr], line: bool) {
        // Everything is evaluated before anything is printed.
        let args = self.each_argument(args);
        let values: Vec<(Value, Ty)> = args
            .iter()
            .map(|arg| {
                let ty = self.tys().default_type(self.arg_type(arg));
                (self.arg(arg), ty)
            })
            .collect();
        for (i, (value, ty)) in values.into_iter().enumerate() {
            if i > 0 && line {
                self.print_text(" ");
            }
            self.print_value(&value, ty);
        }
        if line {
            self.print_text("\n");
        }
    }

    fn print_text(&mut self, text: &str) {
        let text = self.text(text);
        self.b.rt(RtFn::PrintStr, None, &text);
    }

    fn print_value(&mut self, value: &Value, ty: Ty) {
        let func = match self.tys().under(ty) {
            Kind::Basic(Basic::Float32) => RtFn::PrintF32,
            Kind::Basic(basic) if basic.is_float() => RtFn::PrintF64,
            Kind::Basic(basic) if basic.is_unsigned() => RtFn::PrintUint,
            Kind::Basic(basic) if basic.is_integer() => RtFn::PrintInt,
            Kind::Basic(basic) if basic.is_string() => RtFn::PrintStr,
            Kind::Basic(basic) if basic.is_boolean() => RtFn::PrintBool,
            Kind::Interface(_) => RtFn::PrintAny,
            _ => RtFn::PrintRef,
        };
        let args = if func == RtFn::PrintRef {
            &value.slots[..1]
        } else {
            &value.slots[..]
        };
        self.b.rt(func, None, args);
    }

    fn assert(&mut self, e: &'a Expr, args: &'a [Expr]) -> Vec<(Value, Ty)> {
        let (good, bad) = (self.b.label(), self.b.label());
        let args = self.each_argument(args);
        match &args[0] {
            Arg::Expr(condition) => self.condition(condition, good, bad),
            Arg::Result(holds, _) => self.b.branch(holds.slots[0], good, bad),
        }
        self.b.bind(bad);
        let mut parts = Vec::new();
        for (i, arg) in args[1..].iter().enumerate() {
            if i > 0 {
                parts.extend(self.text(" "));
            }
            parts.extend(self.text_of(arg));
        }
        let text = match parts.len() {
            0 => self.zero_value(Ty::STRING, Want::Any).slots,
            2 => parts,
            _ => {
                let dst = self.temp(Ty::STRING);
                let parts = Srcs::from(parts);
                self.b.emit(Inst::StrConcat {
                    ptr: Dst(dst[0]),
                    len: Dst(dst[1]),
                    parts,
                });
                dst
            }
        };
        self.at(e.span);
        self.b.rt(RtFn::AssertFailed, None, &text);
        self.b.bind(good);
        Vec::new()
    }

    /// The text of a value as `println` shows it.
    fn text_of(&mut self, arg: &Arg<'a>) -> Vec<Slot> {
        let ty = self.tys().default_type(self.arg_type(arg));
        let value = self.arg(arg);
        if self.tys().is_string(ty) {
            return value.slots;
        }
        let value = self.assign(value, ty, Ty::ANY, Want::Any).slots;
        let func = self.p.func(Work::TextOf);
        let text = self.temp(Ty::STRING);
        self.call_into(Callee::Func(func), value, &text);
        text
    }
}
