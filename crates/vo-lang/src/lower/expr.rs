//! Expressions: constants, names, operators, slices, assertions.

use vo_bytecode::inst::{F32Bits, F64Bits};
use vo_bytecode::*;

use super::func::{INT, Lowerer, Value, Want};
use super::place::Loc;
use super::program::Work;
use super::typetable::{float_kind, int_kind};
use crate::stack::deeper;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::types::constant::Value as Const;
use crate::types::info::{Mode, ObjId, ObjKind, Target};
use crate::types::ty::{Kind, Ty};

impl<'a> Lowerer<'_, 'a> {
    /// The kind of an integer type.
    pub fn int_kind(&self, ty: Ty) -> Option<IntKind> {
        self.tys().basic(ty).and_then(int_kind)
    }

    /// The kind of a floating-point type.
    pub fn float_kind(&self, ty: Ty) -> Option<FloatKind> {
        self.tys().basic(ty).and_then(float_kind)
    }

    /// The value of an expression, which has exactly one.
    pub fn value(&mut self, e: &'a Expr, want: Want<'_>) -> Value {
        deeper(|| self.value_inner(e, want))
    }

    /// The value of an expression for its effect only.
    pub fn effect(&mut self, e: &'a Expr) {
        match &e.unparen().kind {
            ExprKind::Call { .. } => {
                self.call_results(e.unparen(), Want::Any);
            }
            ExprKind::Dyn { .. } => {
                self.dynamic(e.unparen(), true);
            }
            ExprKind::Try(x) => {
                self.try_results(e.unparen(), x);
            }
            _ => {
                self.value(e, Want::Any);
            }
        }
    }

    fn value_inner(&mut self, e: &'a Expr, want: Want<'_>) -> Value {
        if let Some(results) = self.take_hoisted(e) {
            return results
                .into_iter()
                .next()
                .map_or_else(|| Value::fresh(Vec::new()), |r| r.0);
        }
        let ty = self.type_of(e);
        let mode = self
            .p
            .info
            .type_and_mode(e.id)
            .map_or(Mode::Invalid, |tm| tm.mode);
        if let Some(constant) = self.p.info.const_value(e.id) {
            return self.constant(constant, ty, want);
        }
        if mode == Mode::Nil {
            return self.zero_value(ty, want);
        }
        match &e.kind {
            ExprKind::Paren(x) => self.value(x, want),
            ExprKind::Ident(ident) => match self.p.info.use_of(ident.id) {
                Some(obj) => self.object_value(obj, ty, want),
                None => self.zero_value(ty, want),
            },
            ExprKind::CompositeLit { .. } => self.composite(e, want),
            ExprKind::FuncLit { .. } => match self.p.info.func_lit(e.id) {
                Some(func) => self.closure(func, want, ty),
                None => self.zero_value(ty, want),
            },
            ExprKind::Selector { x, .. } => self.selector(e, x, want),
            ExprKind::Index { x, index } => self.index(e, x, index, want),
            ExprKind::Slice { x, lo, hi, max } => {
                let bounds = [lo.as_deref(), hi.as_deref(), max.as_deref()];
                self.slice(e, x, bounds, want)
            }
            ExprKind::TypeAssert { x, .. } => self.assert_type(e, x, ty, want),
            ExprKind::Call { .. } => {
                let results = self.call_results(e, want);
                results
                    .into_iter()
                    .next()
                    .map_or_else(|| Value::fresh(Vec::new()), |r| r.0)
            }
            ExprKind::Star(_) => {
                let loc = self.locate(e);
                self.load(&loc, ty, want)
            }
            ExprKind::Unary { op, x, .. } => self.unary(e, *op, x, want),
            ExprKind::Binary { op, x, y, .. } => self.binary(e, *op, x, y, want),
            ExprKind::Try(x) => {
                let mut results = self.try_results(e, x).into_iter();
                results
                    .next()
                    .map_or_else(|| Value::fresh(Vec::new()), |r| r.0)
            }
            ExprKind::Dyn { .. } => {
                let results = self.dynamic(e, false);
                results
                    .into_iter()
                    .next()
                    .map_or_else(|| Value::fresh(Vec::new()), |r| r.0)
            }
            ExprKind::Bad
            | ExprKind::Lit(_)
            | ExprKind::ArrayType { .. }
            | ExprKind::SliceType(_)
            | ExprKind::StructType(_)
            | ExprKind::FuncType(_)
            | ExprKind::InterfaceType(_)
            | ExprKind::MapType { .. }
            | ExprKind::ChanType { .. }
            | ExprKind::PortType { .. }
            | ExprKind::IslandType => self.zero_value(ty, want),
        }
    }

    /// The zero value of a type; one that is kept in memory gets new memory.
    pub fn zero_value(&mut self, ty: Ty, want: Want<'_>) -> Value {
        let dst = self.dst(want, ty);
        let shape = self.shape(ty);
        if shape.in_memory {
            self.b.emit(Inst::New {
                dst: Dst(dst[0]),
                ty: shape.id,
            });
        } else {
            self.b.zero(&dst);
        }
        Value::fresh(dst)
    }

    /// A constant of a type.
    pub fn constant(&mut self, value: &Const, ty: Ty, want: Want<'_>) -> Value {
        if self.tys().is_interface(ty) {
            let own = match value {
                Const::Bool(_) => Ty::BOOL,
                Const::Str(_) => Ty::STRING,
                Const::Int(_) => Ty::INT,
                Const::Float(_) => Ty::FLOAT64,
            };
            let value = self.constant(value, own, Want::Any);
            return self.make_interface(value, own, want);
        }
        let dst = self.dst(want, ty);
        let out = Dst(dst[0]);
        match (self.float_kind(ty), value) {
            (Some(FloatKind::F64), value) => {
                let bits = F64Bits(value.as_f64().unwrap_or(0.0).to_bits());
                self.b.emit(Inst::ConstF64 {
                    dst: out,
                    value: bits,
                });
            }
            (Some(FloatKind::F32), value) => {
                let bits = F32Bits(value.as_f32().unwrap_or(0.0).to_bits());
                self.b.emit(Inst::ConstF32 {
                    dst: out,
                    value: bits,
                });
            }
            (None, Const::Bool(b)) => self.b.emit(Inst::Const {
                dst: out,
                value: i64::from(*b),
            }),
            (None, Const::Str(bytes)) if bytes.is_empty() => self.b.zero(&dst),
            (None, Const::Str(bytes)) => {
                let value = self.p.string(bytes);
                self.b.emit(Inst::ConstStr {
                    ptr: out,
                    len: Dst(dst[1]),
                    value,
                });
            }
            (None, value) => {
                let bits = value.int_bits().unwrap_or(0) as i64;
                self.b.emit(Inst::Const {
                    dst: out,
                    value: bits,
                });
            }
        }
        Value::fresh(dst)
    }

    fn object_value(&mut self, obj: ObjId, ty: Ty, want: Want<'_>) -> Value {
        match &self.p.info.object(obj).kind {
            ObjKind::Var(_) => {
                let loc = self.var_loc(obj);
                self.load(&loc, ty, want)
            }
            ObjKind::Const(Some(value)) => self.constant(value, ty, want),
            ObjKind::Func(func) => {
                let func = self.p.func(Work::Value(*func));
                let dst = self.dst(want, ty);
                self.b.emit(Inst::FuncValue {
                    dst: Dst(dst[0]),
                    func,
                });
                Value::fresh(dst)
            }
            _ => self.zero_value(ty, want),
        }
    }

    fn selector(&mut self, e: &'a Expr, x: &'a Expr, want: Want<'_>) -> Value {
        let ty = self.type_of(e);
        let Some(selection) = self.p.info.selection(e.id) else {
            return self.zero_value(ty, want);
        };
        match selection.target {
            Target::Field => {
                let loc = self.locate(e);
                self.load(&loc, ty, want)
            }
            Target::Member(obj) => self.object_value(obj, ty, want),
            Target::Method(_) => self.method_value(e, x, selection, want),
            Target::MethodExpr(_) => self.method_expr(selection, ty, want),
        }
    }

    fn index(&mut self, e: &'a Expr, x: &'a Expr, index: &'a Expr, want: Want<'_>) -> Value {
        let ty = self.type_of(e);
        let x_ty = self.type_of(x);
        match *self.tys().under(x_ty) {
            Kind::Map(key, value) => self.map_get(x, x_ty, index, key, value, None, want),
            Kind::Basic(_) => {
                let string = self.value(x, Want::Any).slots;
                let at = self.value(index, Want::Any).slots[0];
                self.at_end(e.span);
                if !self.check_unsigned(index, at, string[1]) {
                    self.b.bounds_check(at, string[1]);
                }
                let dst = self.dst(want, ty);
                self.b.emit(Inst::LoadIdx {
                    dst: Dst(dst[0]),
                    mem: Mem::U8,
                    base: Src(string[0]),
                    index: Src(at),
                });
                Value::fresh(dst)
            }
            _ => {
                let loc = self.locate(e);
                self.load(&loc, ty, want)
            }
        }
    }

    /// `m[k]`; with `ok` also whether the key is there.
    #[allow(clippy::too_many_arguments, reason = "the operands of one expression")]
    pub fn map_get(
        &mut self,
        x: &'a Expr,
        x_ty: Ty,
        index: &'a Expr,
        key: Ty,
        value: Ty,
        ok: Option<Slot>,
        want: Want<'_>,
    ) -> Value {
        let map = self.value(x, Want::Any).slots[0];
        let key = self.value_as(index, key, Want::Any).slots;
        self.at_end(index.span);
        let ty = self.p.types.id(x_ty);
        self.read_map(ty, map, &key, value, ok, want)
    }

    /// The value of a key that is already evaluated.
    pub fn read_map(
        &mut self,
        ty: TypeId,
        map: Slot,
        key: &[Slot],
        value: Ty,
        ok: Option<Slot>,
        want: Want<'_>,
    ) -> Value {
        let in_memory = self.shape(value).in_memory;
        let want = if in_memory { Want::Any } else { want };
        let dst = self.dst(want, value);
        self.b.emit(Inst::MapGet {
            vals: Dsts::from(dst.iter().copied()),
            ok: OptDst(ok),
            ty,
            map: Src(map),
            key: Srcs::from(key.iter().copied()),
        });
        self.not_null(&dst, value);
        // What the map holds in memory belongs to the map.
        Value {
            slots: dst,
            fresh: false,
        }
    }

    // ---- slices ----------------------------------------------------------------------------------

    fn slice(
        &mut self,
        e: &'a Expr,
        x: &'a Expr,
        bounds: [Option<&'a Expr>; 3],
        want: Want<'_>,
    ) -> Value {
        let ty = self.type_of(e);
        let x_ty = self.type_of(x);
        let (kind, elem, operand) = match *self.tys().under(x_ty) {
            Kind::Slice(elem) => (SliceKind::Slice, elem, self.value(x, Want::Any).slots),
            Kind::Array(elem, len) => {
                let array = self.locate(x);
                let base = self.array_memory(array, x_ty);
                let len = self.b.int(len as i64);
                (SliceKind::Fixed, elem, vec![base, len, len])
            }
            _ => (SliceKind::Fixed, Ty::UINT8, self.value(x, Want::Any).slots),
        };
        let is_string = operand.len() == 2;
        let [lo, hi, max] = bounds;
        let (has_lo, has_bounds) = (lo.is_some(), bounds.iter().any(Option::is_some));
        let lo = lo.map(|lo| self.value(lo, Want::Any).slots[0]);
        let hi = hi.map_or(operand[1], |hi| self.value(hi, Want::Any).slots[0]);
        let max = max.map(|max| self.value(max, Want::Any).slots[0]);
        self.at(e.span);
        let cap = if is_string { operand[1] } else { operand[2] };
        if !has_bounds {
            let dst = self.fresh_dst(want, ty);
            self.b.mov(&dst, &operand);
            return Value::fresh(dst);
        }
        let lo = lo.unwrap_or_else(|| self.b.int(0));
        self.b.emit(Inst::SliceCheck {
            kind,
            lo: Src(lo),
            hi: Src(hi),
            max: OptSrc(max),
            cap: Src(cap),
        });
        let dst = self.fresh_dst(want, ty);
        let limit = max.unwrap_or(cap);
        let (new_len, new_cap) = if has_lo {
            let len = Dst(dst[1]);
            self.b.emit(Inst::Bin {
                dst: len,
                op: BinOp::Sub,
                kind: INT,
                a: Src(hi),
                b: Src(lo),
            });
            if !is_string {
                let cap = Dst(dst[2]);
                self.b.emit(Inst::Bin {
                    dst: cap,
                    op: BinOp::Sub,
                    kind: INT,
                    a: Src(limit),
                    b: Src(lo),
                });
            }
            (dst[1], if is_string { dst[1] } else { dst[2] })
        } else {
            self.b.mov(&dst[1..2], &[hi]);
            if !is_string {
                self.b.mov(&dst[2..3], &[limit]);
            }
            (hi, limit)
        };
        let _ = new_len;
        if has_lo {
            let size = self.shape(elem).size as i64;
            self.b.emit(Inst::SlicePtr {
                dst: Dst(dst[0]),
                base: Src(operand[0]),
                lo: Src(lo),
                size,
                newcap: Src(new_cap),
            });
        } else {
            self.b.mov(&dst[..1], &operand[..1]);
        }
        Value::fresh(dst)
    }

    // ---- operators -------------------------------------------------------------------------------

    fn unary(&mut self, e: &'a Expr, op: UnaryOp, x: &'a Expr, want: Want<'_>) -> Value {
        let ty = self.type_of(e);
        match op {
            UnaryOp::Addr => self.address_of(x, want),
            UnaryOp::Recv => self.receive(e, x, None, want),
            UnaryOp::Plus => self.value(x, want),
            UnaryOp::Not => {
                let a = self.value(x, Want::Any).slots[0];
                let dst = self.dst(want, ty);
                self.b.emit(Inst::BoolNot {
                    dst: Dst(dst[0]),
                    a: Src(a),
                });
                Value::fresh(dst)
            }
            UnaryOp::Neg | UnaryOp::BitNot => {
                let a = Src(self.value(x, Want::Any).slots[0]);
                let dst = self.dst(want, ty);
                let out = Dst(dst[0]);
                let op = if op == UnaryOp::Neg {
                    UnOp::Neg
                } else {
                    UnOp::Not
                };
                match (self.int_kind(ty), self.float_kind(ty)) {
                    (_, Some(kind)) => self.b.emit(Inst::FUn {
                        dst: out,
                        op: FUnOp::Neg,
                        kind,
                        a,
                    }),
                    (kind, None) => {
                        self.b.emit(Inst::Un {
                            dst: out,
                            op,
                            kind: kind.unwrap_or(INT),
                            a,
                        });
                    }
                }
                Value::fresh(dst)
            }
        }
    }

    /// `<-c`; with `ok` also whether the value was sent.
    pub fn receive(&mut self, e: &Expr, chan: &'a Expr, ok: Option<Slot>, want: Want<'_>) -> Value {
        let chan_ty = self.type_of(chan);
        let (Kind::Chan(_, elem) | Kind::Port(_, elem)) = *self.tys().under(chan_ty) else {
            return self.zero_value(chan_ty, want);
        };
        let queue = self.value(chan, Want::Any).slots[0];
        self.at(e.span);
        let dst = self.dst(want, elem);
        self.emit_receive(chan_ty, queue, &dst, ok);
        self.not_null(&dst, elem);
        Value::fresh(dst)
    }

    /// Receives from the channel or port in a slot.
    pub fn emit_receive(&mut self, ty: Ty, queue: Slot, vals: &[Slot], ok: Option<Slot>) {
        let (vals, ok) = (Dsts::from(vals.iter().copied()), OptDst(ok));
        self.b.emit(if self.is_port(ty) {
            Inst::PortRecv {
                vals,
                ok,
                port: Src(queue),
            }
        } else {
            Inst::ChanRecv {
                vals,
                ok,
                chan: Src(queue),
            }
        });
    }

    /// Whether values of a type are ports.
    pub fn is_port(&self, ty: Ty) -> bool {
        matches!(self.tys().under(ty), Kind::Port(..))
    }

    fn address_of(&mut self, x: &'a Expr, want: Want<'_>) -> Value {
        let x = x.unparen();
        let ty = self.type_of(x);
        if let ExprKind::CompositeLit { .. } = &x.kind {
            let id = self.p.types.id(ty);
            let object = match want {
                Want::Fresh(slots) => slots[0],
                _ => self.b.slot(SlotTy::Ref),
            };
            self.b.emit(Inst::New {
                dst: Dst(object),
                ty: id,
            });
            self.b.assume_non_null(object);
            self.composite_into(x, ty, &Loc::object(object));
            return Value::one(object);
        }
        let loc = self.locate(x);
        Value::one(self.address(&loc))
    }

    fn binary(
        &mut self,
        e: &'a Expr,
        op: BinaryOp,
        x: &'a Expr,
        y: &'a Expr,
        want: Want<'_>,
    ) -> Value {
        let ty = self.type_of(e);
        if !matches!(op, BinaryOp::LogAnd | BinaryOp::LogOr) && !op.is_comparison() {
            self.calls_first(&[x, y]);
        }
        match op {
            BinaryOp::LogAnd | BinaryOp::LogOr => self.logical(e, want),
            _ if op.is_comparison() => self.comparison_value(op, x, y, want),
            BinaryOp::Add if self.tys().is_string(ty) => self.concat(e, want),
            _ if op.is_shift() => {
                let a = self.value_as(x, ty, Want::Any).slots[0];
                let b = self.shift_count(y);
                self.at(e.span);
                let dst = self.dst(want, ty);
                self.arithmetic(op, ty, a, b, dst[0]);
                Value::fresh(dst)
            }
            _ => {
                let a = self.value_as(x, ty, Want::Any).slots[0];
                let b = self.value_as(y, ty, Want::Any).slots[0];
                self.at(e.span);
                let dst = self.dst(want, ty);
                self.arithmetic(op, ty, a, b, dst[0]);
                Value::fresh(dst)
            }
        }
    }

    /// A shift count, checked not to be negative.
    pub fn shift_count(&mut self, y: &'a Expr) -> Slot {
        let ty = self.type_of(y);
        let count = self.value(y, Want::Any).slots[0];
        let signed = self.int_kind(ty).is_none_or(IntKind::signed);
        if signed && self.p.info.const_value(y.id).is_none() {
            self.at(y.span);
            self.b.emit(Inst::ShiftCheck { a: Src(count) });
        }
        count
    }

    /// `dst = a op b` of numbers.
    pub fn arithmetic(&mut self, op: BinaryOp, ty: Ty, a: Slot, b: Slot, dst: Slot) {
        let (dst, a, b) = (Dst(dst), Src(a), Src(b));
        if let Some(kind) = self.float_kind(ty) {
            let op = match op {
                BinaryOp::Sub => FBinOp::Sub,
                BinaryOp::Mul => FBinOp::Mul,
                BinaryOp::Div => FBinOp::Div,
                _ => FBinOp::Add,
            };
            self.b.emit(Inst::FBin {
                dst,
                op,
                kind,
                a,
                b,
            });
            return;
        }
        let kind = self.int_kind(ty).unwrap_or(INT);
        let op = match op {
            BinaryOp::Sub => BinOp::Sub,
            BinaryOp::Mul => BinOp::Mul,
            BinaryOp::Div => BinOp::Div,
            BinaryOp::Rem => BinOp::Rem,
            BinaryOp::And => BinOp::And,
            BinaryOp::Or => BinOp::Or,
            BinaryOp::Xor => BinOp::Xor,
            BinaryOp::AndNot => BinOp::AndNot,
            BinaryOp::Shl => BinOp::Shl,
            BinaryOp::Shr => BinOp::Shr,
            _ => BinOp::Add,
        };
        self.b.emit(Inst::Bin {
            dst,
            op,
            kind,
            a,
            b,
        });
    }

    /// A sum of strings: all operands of nested sums at once.
    fn concat(&mut self, e: &'a Expr, want: Want<'_>) -> Value {
        let mut operands = Vec::new();
        self.concat_operands(e, &mut operands);
        self.calls_first(&operands);
        let mut parts = Vec::new();
        for operand in operands {
            parts.extend(self.value(operand, Want::Any).slots);
        }
        self.at(e.span);
        let ty = self.type_of(e);
        let dst = self.dst(want, ty);
        self.b.emit(Inst::StrConcat {
            ptr: Dst(dst[0]),
            len: Dst(dst[1]),
            parts: Srcs::from(parts),
        });
        Value::fresh(dst)
    }

    fn concat_operands(&self, e: &'a Expr, out: &mut Vec<&'a Expr>) {
        let mut right = Vec::new();
        let mut e = e.unparen();
        while let ExprKind::Binary {
            op: BinaryOp::Add,
            x,
            y,
            ..
        } = &e.kind
            && self.p.info.const_value(e.id).is_none()
        {
            right.push(y.unparen());
            e = x.unparen();
        }
        out.push(e);
        for y in right.into_iter().rev() {
            let nested = matches!(
                y.kind,
                ExprKind::Binary {
                    op: BinaryOp::Add,
                    ..
                }
            );
            if nested && self.p.info.const_value(y.id).is_none() {
                self.concat_operands(y, out);
            } else {
                out.push(y);
            }
        }
    }

    // ---- type assertions -------------------------------------------------------------------------

    fn assert_type(&mut self, e: &'a Expr, x: &'a Expr, ty: Ty, want: Want<'_>) -> Value {
        let iface = self.value(x, Want::Any).slots[0];
        self.at(e.span);
        let (good, bad) = (self.b.label(), self.b.label());
        self.branch_type(iface, ty, good, bad);
        self.b.bind(bad);
        self.fail_assertion(iface, self.type_of(x), ty);
        self.b.bind(good);
        self.unpack(iface, ty, want)
    }

    /// Panics because the value of an interface of type `from` is not of type `want`.
    fn fail_assertion(&mut self, iface: Slot, from: Ty, want: Ty) {
        let (from, want) = (self.p.types.id(from), self.p.types.id(want));
        self.b.emit(Inst::PanicAssert {
            src: IfaceSrc(iface),
            from,
            want,
        });
    }

    /// A constant text.
    pub fn text(&mut self, text: &str) -> Vec<Slot> {
        self.constant(&Const::str(text), Ty::STRING, Want::Any)
            .slots
    }

    /// `x.(T)` in comma-ok form: the value and whether it is one.
    pub fn assert_type_ok(&mut self, x: &'a Expr, ty: Ty) -> (Value, Slot) {
        let iface = self.value(x, Want::Any).slots[0];
        let dst = self.temp(ty);
        let (good, bad, done) = (self.b.label(), self.b.label(), self.b.label());
        let ok = self.branch_type(iface, ty, good, bad);
        self.b.bind(bad);
        self.zero_value(ty, Want::Into(&dst));
        self.b.jump(done);
        self.b.bind(good);
        let value = self.unpack(iface, ty, Want::Fresh(&dst));
        self.b.mov(&dst, &value.slots);
        self.b.bind(done);
        let ok = ok.unwrap_or_else(|| self.b.int(0));
        (
            Value {
                slots: dst,
                fresh: false,
            },
            ok,
        )
    }
}
