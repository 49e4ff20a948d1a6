//! Assignments and declarations of variables.

use vo_bytecode::*;

use super::func::{Home, Lowerer, Value, Want};
use super::place::Loc;
use crate::syntax::ast::{AssignOp, BinaryOp, Expr, ExprKind, UnaryOp, VarSpec};
use crate::types::info::{Mode, ObjId};
use crate::types::ty::{Kind, Ty};

/// What is assigned to, its operands evaluated.
pub enum Place {
    /// `_`.
    Blank,
    /// A variable, element or field.
    At(Loc, Ty),
    /// A map entry.
    Entry {
        map: Slot,
        key: Vec<Slot>,
        ty: TypeId,
        value: Ty,
    },
}

impl<'a> Lowerer<'_, 'a> {
    /// Evaluates the operands of the left side of an assignment.
    pub fn place(&mut self, e: &'a Expr) -> Place {
        let e = e.unparen();
        if e.as_ident().is_some_and(|ident| ident.is_blank()) {
            return Place::Blank;
        }
        if let ExprKind::Index { x, index } = &e.kind {
            let x_ty = self.type_of(x);
            if let Kind::Map(key, value) = *self.tys().under(x_ty) {
                let map = self.value(x, Want::Any).slots[0];
                let key = self.owned_as(index, key, Want::Any).slots;
                let ty = self.p.types.id(x_ty);
                return Place::Entry {
                    map,
                    key,
                    ty,
                    value,
                };
            }
        }
        let ty = self.type_of(e);
        Place::At(self.locate(e), ty)
    }

    /// The type of what is assigned to; `None` for `_`.
    fn place_type(place: &Place) -> Option<Ty> {
        match place {
            Place::Blank => None,
            Place::At(_, ty) => Some(*ty),
            Place::Entry { value, .. } => Some(*value),
        }
    }

    /// Assigns a value that is already of the right type.
    pub fn put(&mut self, place: &Place, value: Value) {
        match place {
            Place::Blank => {}
            Place::At(loc, ty) => self.store(loc, *ty, &value.slots),
            Place::Entry {
                map,
                key,
                ty,
                value: value_ty,
            } => {
                let vals = self.owned(value, *value_ty).slots;
                self.b.emit(Inst::MapSet {
                    ty: *ty,
                    map: Src(*map),
                    key: Srcs::from(key.iter().copied()),
                    vals: Srcs::from(vals),
                });
            }
        }
    }

    /// An assignment or short variable declaration.
    pub fn assignment(&mut self, lhs: &'a [Expr], op: AssignOp, rhs: &'a [Expr]) {
        match op {
            AssignOp::Op(op) => self.compound(&lhs[0], op, Some(&rhs[0])),
            AssignOp::Assign if lhs.len() == 1 => self.assign_one(&lhs[0], &rhs[0]),
            AssignOp::Assign => self.assign_several(lhs, rhs),
            AssignOp::Define => self.define(lhs, rhs),
        }
    }

    fn assign_one(&mut self, lhs: &'a Expr, rhs: &'a Expr) {
        let place = self.place(lhs);
        let line = self.b.line();
        match &place {
            Place::Blank => {
                self.value(rhs, Want::Any);
            }
            Place::At(Loc::Slots(slots), ty) => {
                let slots = slots.clone();
                let value = self.value_as(rhs, *ty, Want::Into(&slots));
                self.b.mov(&slots, &value.slots);
            }
            Place::At(_, ty) | Place::Entry { value: ty, .. } => {
                let value = self.value_as(rhs, *ty, Want::Any);
                self.b.set_line(line);
                self.put(&place, value);
            }
        }
    }

    /// `a, b = x, y` and `a, b = f()`: first all operands, then the assignments from left to right.
    fn assign_several(&mut self, lhs: &'a [Expr], rhs: &'a [Expr]) {
        let mut places: Vec<Place> = lhs.iter().map(|e| self.place(e)).collect();
        self.calls_first(&rhs.iter().collect::<Vec<_>>());
        let mut values = Vec::with_capacity(lhs.len());
        if rhs.len() == lhs.len() {
            for (place, e) in places.iter().zip(rhs) {
                let ty = Self::place_type(place).unwrap_or_else(|| self.type_of(e));
                let value = self.value_as(e, ty, Want::Any);
                // Memory may be overwritten by an assignment further left.
                values.push(self.owned(value, ty));
            }
        } else {
            for (value, from) in self.several(&rhs[0]) {
                let ty = places
                    .get(values.len())
                    .and_then(Self::place_type)
                    .unwrap_or(from);
                values.push(self.assign(value, from, ty, Want::Any));
            }
        }
        self.keep_apart(&mut places, &mut values);
        for (place, value) in places.iter().zip(values) {
            self.put(place, value);
        }
    }

    /// Assigns the values of an iteration: first all operands, then from left to right.
    pub fn assign_values(&mut self, lhs: [&'a Expr; 2], values: [(Value, Ty); 2]) {
        let mut places: Vec<Place> = lhs.into_iter().map(|e| self.place(e)).collect();
        let mut owned = Vec::with_capacity(lhs.len());
        for (place, (value, from)) in places.iter().zip(values) {
            let to = Self::place_type(place).unwrap_or(from);
            let value = self.assign(value, from, to, Want::Any);
            owned.push(self.owned(value, to));
        }
        self.keep_apart(&mut places, &mut owned);
        for (place, value) in places.iter().zip(owned) {
            self.put(place, value);
        }
    }

    /// Copies what a later assignment reads and an earlier one overwrites.
    fn keep_apart(&mut self, places: &mut [Place], values: &mut [Value]) {
        let mut written: Vec<Slot> = Vec::new();
        for (place, value) in places.iter_mut().zip(values) {
            if value.slots.iter().any(|slot| written.contains(slot)) {
                value.slots = self.b.copy(&value.slots);
            }
            match place {
                Place::Blank => {}
                Place::At(Loc::Slots(slots), _) => written.extend(slots.iter()),
                Place::At(loc, _) => {
                    for slot in loc.slots() {
                        if written.contains(slot) {
                            *slot = self.b.copy(&[*slot])[0];
                        }
                    }
                }
                Place::Entry { map, key, .. } => {
                    if written.contains(map) {
                        *map = self.b.copy(&[*map])[0];
                    }
                    if key.iter().any(|slot| written.contains(slot)) {
                        *key = self.b.copy(key);
                    }
                }
            }
        }
    }

    /// `x op= y`, `x++`, `x--` (without `y`: one).
    pub fn compound(&mut self, lhs: &'a Expr, op: BinaryOp, rhs: Option<&'a Expr>) {
        let place = self.place(lhs);
        let Some(ty) = Self::place_type(&place) else {
            return;
        };
        let line = self.b.line();
        if let Some(rhs) = rhs {
            // As in `x = x op y`: the old value is read last.
            self.calls_before(rhs);
        }
        let (place, old) = match place {
            Place::At(loc, ty) => {
                let loc = self.checked(loc);
                let old = self.load(&loc, ty, Want::Any);
                (Place::At(loc, ty), old)
            }
            Place::Entry {
                map,
                key,
                ty,
                value,
            } => {
                let old = self.read_map(ty, map, &key, value, None, Want::Any);
                (
                    Place::Entry {
                        map,
                        key,
                        ty,
                        value,
                    },
                    old,
                )
            }
            Place::Blank => return,
        };
        let operand = match rhs {
            None => self.one(ty),
            Some(rhs) if op.is_shift() => vec![self.shift_count(rhs)],
            Some(rhs) => self.value_as(rhs, ty, Want::Any).slots,
        };
        self.b.set_line(line);
        let dst = match &place {
            Place::At(Loc::Slots(slots), _) => slots.clone(),
            _ => self.temp(ty),
        };
        if self.tys().is_string(ty) {
            let parts = Srcs::from(old.slots.into_iter().chain(operand));
            self.b.emit(Inst::StrConcat {
                ptr: Dst(dst[0]),
                len: Dst(dst[1]),
                parts,
            });
        } else {
            self.arithmetic(op, ty, old.slots[0], operand[0], dst[0]);
        }
        self.put(&place, Value::fresh(dst));
    }

    fn one(&mut self, ty: Ty) -> Vec<Slot> {
        let one = crate::types::constant::Value::int(1);
        self.constant(&one, ty, Want::Any).slots
    }

    // ---- declarations ----------------------------------------------------------------------------

    /// `a, b := x, y`: declares what is new, assigns the rest.
    fn define(&mut self, lhs: &'a [Expr], rhs: &'a [Expr]) {
        if let ([target], [value]) = (lhs, rhs) {
            match target
                .as_ident()
                .and_then(|ident| self.p.info.def(ident.id))
            {
                Some(obj) => self.declare_expr(obj, value),
                None => self.assign_one(target, value),
            }
            return;
        }
        let mut targets: Vec<(Option<ObjId>, Place)> = Vec::with_capacity(lhs.len());
        for target in lhs {
            let new = target
                .as_ident()
                .and_then(|ident| self.p.info.def(ident.id));
            let place = if new.is_some() {
                Place::Blank
            } else {
                self.place(target)
            };
            targets.push((new, place));
        }
        let target_types: Vec<Option<Ty>> = targets
            .iter()
            .map(|(new, place)| match new {
                Some(obj) => Some(self.p.info.object(*obj).ty),
                None => Self::place_type(place),
            })
            .collect();
        self.calls_first(&rhs.iter().collect::<Vec<_>>());
        let mut values: Vec<Value> = Vec::with_capacity(lhs.len());
        if rhs.len() == lhs.len() {
            for (ty, e) in target_types.iter().zip(rhs) {
                let ty = ty.unwrap_or_else(|| self.type_of(e));
                let value = self.value_as(e, ty, Want::Any);
                values.push(self.owned(value, ty));
            }
        } else {
            for (value, from) in self.several(&rhs[0]) {
                let ty = target_types
                    .get(values.len())
                    .copied()
                    .flatten()
                    .unwrap_or(from);
                values.push(self.assign(value, from, ty, Want::Any));
            }
        }
        let (new, mut places): (Vec<_>, Vec<_>) = targets.into_iter().unzip();
        self.keep_apart(&mut places, &mut values);
        for ((new, place), value) in new.into_iter().zip(&places).zip(values) {
            match new {
                Some(obj) => self.declare_value(obj, value),
                None => self.put(place, value),
            }
        }
    }

    /// A `var` declaration in a function.
    pub fn declare_spec(&mut self, spec: &'a VarSpec) {
        let objs: Vec<Option<ObjId>> = spec
            .names
            .iter()
            .map(|name| self.p.info.def(name.id))
            .collect();
        if spec.values.is_empty() {
            for obj in objs.into_iter().flatten() {
                if &*self.p.info.object(obj).name != "_" {
                    self.declare_zero(obj);
                }
            }
            return;
        }
        if let ([Some(obj)], [value]) = (&objs[..], &spec.values[..]) {
            self.declare_expr(*obj, value);
            return;
        }
        self.calls_first(&spec.values.iter().collect::<Vec<_>>());
        let mut values = Vec::with_capacity(objs.len());
        if spec.values.len() == objs.len() {
            for (obj, e) in objs.iter().zip(&spec.values) {
                let ty = obj.map_or_else(|| self.type_of(e), |obj| self.p.info.object(obj).ty);
                let value = self.value_as(e, ty, Want::Any);
                values.push(self.owned(value, ty));
            }
        } else {
            for (value, from) in self.several(&spec.values[0]) {
                let ty = objs
                    .get(values.len())
                    .copied()
                    .flatten()
                    .map_or(from, |obj| self.p.info.object(obj).ty);
                values.push(self.assign(value, from, ty, Want::Any));
            }
        }
        for (obj, value) in objs.into_iter().zip(values) {
            if let Some(obj) = obj {
                self.declare_value(obj, value);
            }
        }
    }

    /// Sets package variables to their initial values.
    pub fn initialise(&mut self, lhs: &[ObjId], rhs: &'a Expr) {
        let blank = |this: &Self, obj: ObjId| &*this.p.info.object(obj).name == "_";
        if let [obj] = lhs {
            let ty = self.p.info.object(*obj).ty;
            let value = self.value_as(rhs, ty, Want::Any);
            if !blank(self, *obj) {
                let loc = self.var_loc(*obj);
                self.store(&loc, ty, &value.slots);
            }
            return;
        }
        for ((value, from), &obj) in self.several(rhs).into_iter().zip(lhs) {
            let ty = self.p.info.object(obj).ty;
            let value = self.assign(value, from, ty, Want::Any);
            if !blank(self, obj) {
                let loc = self.var_loc(obj);
                self.store(&loc, ty, &value.slots);
            }
        }
    }

    /// The values of an expression with several: a call, or a comma-ok form; each with its type.
    pub fn several(&mut self, e: &'a Expr) -> Vec<(Value, Ty)> {
        let e = e.unparen();
        let ty = self.type_of(e);
        let types = self.tys().as_tuple(ty);
        let (first, second) = match types.as_deref() {
            Some([first, second]) => (*first, *second),
            _ => (ty, Ty::BOOL),
        };
        let mode = self.p.info.type_and_mode(e.id).map(|tm| tm.mode);
        match &e.kind {
            ExprKind::Unary {
                op: UnaryOp::Recv,
                x,
                ..
            } => {
                let ok = self.b.slot(SlotTy::I64);
                let value = self.receive(e, x, Some(ok), Want::Any);
                vec![(value, first), (Value::one(ok), second)]
            }
            ExprKind::TypeAssert { x, .. } => {
                let (value, ok) = self.assert_type_ok(x, first);
                vec![(value, first), (Value::one(ok), second)]
            }
            ExprKind::Index { x, index } if mode != Some(Mode::Invalid) => {
                let x_ty = self.type_of(x);
                let Kind::Map(key, value) = *self.tys().under(x_ty) else {
                    return Vec::new();
                };
                let ok = self.b.slot(SlotTy::I64);
                let got = self.map_get(x, x_ty, index, key, value, Some(ok), Want::Any);
                vec![(got, first), (Value::one(ok), second)]
            }
            ExprKind::Call { .. } => self.call_results(e, Want::Any),
            ExprKind::Dyn { .. } => self.dynamic(e, false),
            ExprKind::Try(x) => self.try_results(e, x),
            _ => Vec::new(),
        }
    }

    /// The slot of a boxed variable's object.
    pub fn box_of(&self, obj: ObjId) -> Option<Slot> {
        match self.homes.get(&obj) {
            Some(Home::Boxed(slot)) => Some(*slot),
            _ => None,
        }
    }
}
