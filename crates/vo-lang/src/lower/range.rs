//! `for … range`.

use vo_bytecode::*;

use super::assign::Place;
use super::func::{Home, INT, Lowerer, Value, Want};
use super::place::Loc;
use crate::syntax::ast::*;
use crate::types::info::{Builtin, Mode, ObjId};
use crate::types::ty::{Kind, Ty};

/// What is done with a value of each iteration.
enum Target<'a> {
    /// Nothing.
    None,
    /// A variable is declared with it.
    Declare(ObjId),
    /// It is assigned.
    Assign(&'a Expr),
}

impl<'a> Lowerer<'_, 'a> {
    /// A `for` over a range.
    pub fn range(&mut self, s: &'a RangeStmt, label: Option<&Ident>) {
        let ty = self.type_of(&s.x);
        self.at(s.x.span);
        match self.tys().under(ty).clone() {
            Kind::Basic(basic) if basic.is_integer() => self.range_int(s, label),
            Kind::Basic(_) => self.range_string(s, label),
            Kind::Slice(elem) => {
                let value = self.value(&s.x, Want::Any).slots;
                let stable = self.is_stable(&s.x);
                let slice = if stable {
                    value
                } else {
                    self.b.copy(&value[..2])
                };
                self.range_elements(s, label, slice[0], slice[1], elem);
            }
            Kind::Array(elem, len) => self.range_array(s, label, ty, elem, len),
            Kind::Map(key, value) => self.range_map(s, label, ty, key, value),
            Kind::Chan(_, elem) | Kind::Port(_, elem) => self.range_queue(s, label, ty, elem),
            // The checker has refused all others.
            _ => {}
        }
    }

    fn target(&self, e: Option<&'a Expr>, define: bool) -> Target<'a> {
        match e {
            None => Target::None,
            Some(e) if e.as_ident().is_some_and(|ident| ident.is_blank()) => Target::None,
            Some(e) if define => e
                .as_ident()
                .and_then(|ident| self.p.info.def(ident.id))
                .map_or(Target::None, Target::Declare),
            Some(e) => Target::Assign(e),
        }
    }

    fn give(&mut self, target: &Target<'a>, value: Value, ty: Ty) {
        match target {
            Target::None => {}
            Target::Declare(obj) => self.iteration_var(*obj, value),
            Target::Assign(e) => {
                let place = self.place(e);
                let value = match &place {
                    Place::At(_, to) | Place::Entry { value: to, .. } => {
                        self.assign(value, ty, *to, Want::Any)
                    }
                    Place::Blank => value,
                };
                self.put(&place, value);
            }
        }
    }

    /// Gives both values of an iteration. Where both are assigned, that is one assignment.
    fn give_both(&mut self, key: (&Target<'a>, Value, Ty), value: (&Target<'a>, Value, Ty)) {
        if let (Target::Assign(first), Target::Assign(second)) = (key.0, value.0) {
            self.assign_values([*first, *second], [(key.1, key.2), (value.1, value.2)]);
        } else {
            self.give(key.0, key.1, key.2);
            self.give(value.0, value.1, value.2);
        }
    }

    /// Notes that the first variable of a loop is never negative, if it is the counter itself.
    fn note_key(&mut self, key: &Target<'a>, counter: Slot, kind: IntKind) {
        if let Target::Declare(obj) = key
            && kind == INT
            && matches!(self.homes.get(obj), Some(Home::Slots(slots)) if slots[..] == [counter])
        {
            self.counting.insert(*obj);
        }
    }

    /// A loop from 0 to `limit`; `body` is given the counter.
    fn counted(
        &mut self,
        s: &'a RangeStmt,
        label: Option<&Ident>,
        limit: Slot,
        kind: IntKind,
        give: impl FnOnce(&mut Self, Slot),
    ) {
        let counter = self.b.int(0);
        let (head, body, next, done) = (
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
        );
        let line = self.b.line();
        self.b.bind(head);
        self.b.pin(&[counter]);
        let more = self.b.cmp(CmpOp::Lt, kind, counter, limit);
        self.b.branch_below(more, body, done, counter, limit);
        self.b.bind(body);
        give(self, counter);
        self.enter(label, done, Some(next));
        self.block(&s.body);
        self.exit();
        self.b.bind(next);
        self.b.set_line(line);
        let one = self.b.int(1);
        self.b.emit(Inst::Bin {
            dst: Dst(counter),
            op: BinOp::Add,
            kind,
            a: Src(counter),
            b: Src(one),
        });
        self.b.jump(head);
        self.b.bind(done);
    }

    fn range_int(&mut self, s: &'a RangeStmt, label: Option<&Ident>) {
        let key = self.target(s.key.as_ref(), s.define);
        let mut ty = self.tys().default_type(self.type_of(&s.x));
        if let Target::Declare(obj) = key {
            ty = self.p.info.object(obj).ty;
        } else if let Target::Assign(e) = key
            && self.p.info.const_value(s.x.id).is_some()
        {
            let target = self.type_of(e);
            if !self.tys().is_interface(target) {
                ty = target;
            }
        }
        let value = self.value(&s.x, Want::Any).slots;
        let stable = self.is_stable(&s.x);
        let limit = if stable {
            value[0]
        } else {
            self.b.copy(&value)[0]
        };
        let kind = self.int_kind(ty).unwrap_or(INT);
        self.counted(s, label, limit, kind, |this, counter| {
            this.give(&key, Value::one(counter), ty);
            this.note_key(&key, counter, kind);
        });
    }

    fn range_elements(
        &mut self,
        s: &'a RangeStmt,
        label: Option<&Ident>,
        base: Slot,
        len: Slot,
        elem: Ty,
    ) {
        let key = self.target(s.key.as_ref(), s.define);
        let value = self.target(s.value.as_ref(), s.define);
        self.counted(s, label, len, INT, |this, counter| {
            let element = match value {
                Target::None => None,
                _ => Some(this.element(base, counter, elem)),
            };
            let key_value = Value::one(counter);
            match element {
                Some(element) => {
                    this.give_both((&key, key_value, Ty::INT), (&value, element, elem));
                }
                None => this.give(&key, key_value, Ty::INT),
            }
            this.note_key(&key, counter, INT);
        });
    }

    fn range_array(&mut self, s: &'a RangeStmt, label: Option<&Ident>, ty: Ty, elem: Ty, len: u64) {
        let value = self.target(s.value.as_ref(), s.define);
        let base = if matches!(value, Target::None) {
            // Without the elements the array itself is evaluated only for its effects.
            if self.p.info.const_value(s.x.id).is_none() && has_effects(&s.x) {
                self.effect(&s.x);
            }
            self.b.nil()
        } else {
            let array = self.locate(&s.x);
            match array {
                Loc::Slots(_) => self.array_memory(array, ty),
                // The loop ranges over a copy: the body may change the array.
                loc => {
                    let address = self.address(&loc);
                    let fresh = matches!(loc, Loc::Memory { fresh: true, .. });
                    if fresh {
                        address
                    } else {
                        self.copy_memory(address, ty)
                    }
                }
            }
        };
        let len = self.b.int(len as i64);
        self.range_elements(s, label, base, len, elem);
    }

    /// Whether the value of an expression is in slots that nothing will write to: that of a variable that is
    /// never assigned to, its length, or no variable at all.
    fn is_stable(&self, e: &Expr) -> bool {
        match &e.unparen().kind {
            ExprKind::Ident(ident) => self.p.info.use_of(ident.id).is_some_and(|obj| {
                self.p
                    .info
                    .var(obj)
                    .is_none_or(|var| !var.reassigned || self.p.boxed(obj))
            }),
            ExprKind::Call { fun, args, .. } => {
                let mode = self
                    .p
                    .info
                    .type_and_mode(fun.unparen().id)
                    .map(|tm| tm.mode);
                match mode {
                    Some(Mode::Builtin(Builtin::Len | Builtin::Cap)) => self.is_stable(&args[0]),
                    Some(Mode::Builtin(_) | Mode::Type) => false,
                    _ => true,
                }
            }
            ExprKind::Lit(_) | ExprKind::CompositeLit { .. } => true,
            _ => false,
        }
    }

    fn copy_memory(&mut self, from: Slot, ty: Ty) -> Slot {
        let shape = self.shape(ty);
        let copy = self.b.new_object(shape.id);
        self.b.emit(Inst::MemCopy {
            dst: Src(copy),
            src: Src(from),
            size: shape.size as i64,
        });
        copy
    }

    fn range_string(&mut self, s: &'a RangeStmt, label: Option<&Ident>) {
        let key = self.target(s.key.as_ref(), s.define);
        let value = self.target(s.value.as_ref(), s.define);
        let string = self.value(&s.x, Want::Any).slots;
        let string = self.b.copy(&string);
        let counter = self.b.int(0);
        let (head, body, next, done) = (
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
        );
        let (line, after) = (self.b.line(), self.b.slot(SlotTy::I64));
        self.b.bind(head);
        let more = self.b.cmp(CmpOp::Lt, INT, counter, string[1]);
        self.b.branch(more, body, done);
        self.b.bind(body);
        let rune = self.decode(&string, counter, after);
        self.give_both(
            (&key, Value::one(counter), Ty::INT),
            (&value, Value::one(rune), Ty::INT32),
        );
        self.enter(label, done, Some(next));
        self.block(&s.body);
        self.exit();
        self.b.bind(next);
        self.b.set_line(line);
        self.b.mov(&[counter], &[after]);
        self.b.jump(head);
        self.b.bind(done);
    }

    /// The rune at a byte index of a string; `after` becomes the index behind it.
    fn decode(&mut self, string: &[Slot], at: Slot, after: Slot) -> Slot {
        let (rune, width) = (self.b.slot(SlotTy::I64), self.b.slot(SlotTy::I64));
        let (long, done) = (self.b.label(), self.b.label());
        // Most text is ASCII.
        self.b.emit(Inst::LoadIdx {
            dst: Dst(rune),
            mem: Mem::U8,
            base: Src(string[0]),
            index: Src(at),
        });
        self.b.emit(Inst::Const {
            dst: Dst(width),
            value: 1,
        });
        let limit = self.b.int(0x80);
        let is_long = self.b.cmp(CmpOp::Ge, INT, rune, limit);
        self.b.branch(is_long, long, done);
        self.b.bind(long);
        self.b.rt_into(
            RtFn::StrDecodeRune,
            None,
            &[string[0], string[1], at],
            &[rune, width],
        );
        self.b.bind(done);
        self.b.emit(Inst::Bin {
            dst: Dst(after),
            op: BinOp::Add,
            kind: INT,
            a: Src(at),
            b: Src(width),
        });
        rune
    }

    fn range_map(
        &mut self,
        s: &'a RangeStmt,
        label: Option<&Ident>,
        ty: Ty,
        key_ty: Ty,
        value_ty: Ty,
    ) {
        let key = self.target(s.key.as_ref(), s.define);
        let value = self.target(s.value.as_ref(), s.define);
        let map = self.value(&s.x, Want::Any).slots[0];
        let id = self.p.types.id(ty);
        let iter = self.b.slot(SlotTy::Ref);
        self.b.emit(Inst::MapIter {
            dst: Dst(iter),
            ty: id,
            map: Src(map),
        });
        let (head, body, done) = (self.b.label(), self.b.label(), self.b.label());
        self.b.bind(head);
        let (keys, vals) = (self.temp(key_ty), self.temp(value_ty));
        let more = self.b.slot(SlotTy::I64);
        self.b.emit(Inst::MapNext {
            more: Dst(more),
            key: Dsts::from(keys.iter().copied()),
            vals: Dsts::from(vals.iter().copied()),
            ty: id,
            iter: Src(iter),
        });
        self.b.branch(more, body, done);
        self.b.bind(body);
        let held = |slots| Value {
            slots,
            fresh: false,
        };
        self.give_both((&key, held(keys), key_ty), (&value, held(vals), value_ty));
        self.enter(label, done, Some(head));
        self.block(&s.body);
        self.exit();
        self.b.jump(head);
        self.b.bind(done);
    }

    /// Over a channel or a port.
    fn range_queue(&mut self, s: &'a RangeStmt, label: Option<&Ident>, ty: Ty, elem: Ty) {
        let key = self.target(s.key.as_ref(), s.define);
        let value = self.value(&s.x, Want::Any).slots;
        let queue = self.b.copy(&value)[0];
        let (head, body, done) = (self.b.label(), self.b.label(), self.b.label());
        self.b.bind(head);
        let (vals, ok) = (self.temp(elem), self.b.slot(SlotTy::I64));
        self.emit_receive(ty, queue, &vals, Some(ok));
        self.b.branch(ok, body, done);
        self.b.bind(body);
        self.give(&key, Value::fresh(vals), elem);
        self.enter(label, done, Some(head));
        self.block(&s.body);
        self.exit();
        self.b.jump(head);
        self.b.bind(done);
    }
}

/// Whether evaluating an array for nothing could be noticed.
fn has_effects(e: &Expr) -> bool {
    !matches!(e.unparen().kind, ExprKind::Ident(_))
}
