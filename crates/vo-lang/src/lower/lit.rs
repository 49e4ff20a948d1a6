//! Composite literals.

use vo_bytecode::*;

use super::func::{Lowerer, Value, Want};
use super::place::Loc;
use crate::syntax::ast::{Element, Expr, ExprKind};
use crate::types::info::FieldStep;
use crate::types::ty::{Kind, Ty};

/// A value of a struct or array literal, and what it is for.
struct Part<'a> {
    value: &'a Expr,
    /// The type of what it is for.
    ty: Ty,
    /// The index of the element or field.
    index: u64,
    /// The type of that element or field.
    field_ty: Ty,
    /// The way on from there, if the key names a promoted field.
    promoted: Vec<FieldStep>,
}

impl<'a> Lowerer<'_, 'a> {
    /// The value of a composite literal.
    pub fn composite(&mut self, e: &'a Expr, want: Want<'_>) -> Value {
        let ty = self.type_of(e);
        match self.tys().under(ty).clone() {
            Kind::Struct(_) | Kind::Array(..) => self.aggregate(e, ty, want),
            Kind::Slice(elem) => self.slice_literal(e, ty, elem, want),
            Kind::Map(key, value) => self.map_literal(e, ty, key, value, want),
            // An element `{…}` of type *T stands for &T{…}.
            Kind::Pointer(elem) => {
                let id = self.p.types.id(elem);
                let object = self.b.new_object(id);
                self.composite_into(e, elem, &Loc::object(object));
                Value::one(object)
            }
            _ => self.zero_value(ty, want),
        }
    }

    fn aggregate(&mut self, e: &'a Expr, ty: Ty, want: Want<'_>) -> Value {
        let shape = self.shape(ty);
        if shape.in_memory {
            let object = self.b.new_object(shape.id);
            self.composite_into(e, ty, &Loc::object(object));
            return Value::one(object);
        }
        let dst = self.fresh_dst(want, ty);
        let elems = elements(e);
        let mut set = vec![false; dst.len()];
        let parts = self.literal_parts(elems, ty);
        self.calls_first(&values(&parts));
        for part in parts {
            let whole = Loc::Slots((0..dst.len() as u32).map(Slot).collect());
            let Loc::Slots(numbers) = self.part(whole, ty, &part) else {
                continue;
            };
            let slots: Vec<Slot> = numbers.iter().map(|n| dst[n.index()]).collect();
            numbers.iter().for_each(|n| set[n.index()] = true);
            let value = self.value_as(part.value, part.ty, Want::Fresh(&slots));
            self.b.mov(&slots, &value.slots);
        }
        let unset: Vec<Slot> = dst
            .iter()
            .zip(&set)
            .filter(|(_, set)| !**set)
            .map(|(s, _)| *s)
            .collect();
        self.b.zero(&unset);
        Value::fresh(dst)
    }

    /// Writes a struct or array literal to zeroed memory.
    pub fn composite_into(&mut self, e: &'a Expr, ty: Ty, loc: &Loc) {
        let parts = self.literal_parts(elements(e), ty);
        self.calls_first(&values(&parts));
        for part in parts {
            let at = self.part(loc.clone(), ty, &part);
            self.element_into(part.value, part.ty, &at);
        }
    }

    /// Writes an element of a literal to zeroed memory.
    fn element_into(&mut self, value: &'a Expr, ty: Ty, loc: &Loc) {
        let inner = value.unparen();
        let nested =
            matches!(inner.kind, ExprKind::CompositeLit { .. }) && self.type_of(inner) == ty;
        if nested && matches!(self.tys().under(ty), Kind::Struct(_) | Kind::Array(..)) {
            self.composite_into(inner, ty, loc);
            return;
        }
        if self.p.info.const_value(value.id).is_some_and(is_zero) && !self.tys().is_interface(ty) {
            return;
        }
        let value = self.value_as(value, ty, Want::Any);
        self.store(loc, ty, &value.slots);
    }

    /// Where a part of a struct or array literal belongs.
    fn part(&mut self, loc: Loc, ty: Ty, part: &Part<'a>) -> Loc {
        if let Kind::Array(elem, _) = *self.tys().under(ty) {
            return self.array_part(loc, elem, part.index);
        }
        let mut loc = self.field(loc, ty, part.index as usize);
        let mut outer = part.field_ty;
        for step in &part.promoted {
            loc = self.field(loc, outer, step.index);
            outer = step.ty;
        }
        loc
    }

    /// The parts of a struct or array literal.
    fn literal_parts(&mut self, elems: &'a [Element], ty: Ty) -> Vec<Part<'a>> {
        match self.tys().under(ty).clone() {
            Kind::Struct(s) => elems
                .iter()
                .enumerate()
                .filter_map(|(i, elem)| {
                    let (index, promoted) = match &elem.key {
                        Some(key) => self.p.info.field_key(key.id)?,
                        None => (i, &[][..]),
                    };
                    let field_ty = s.fields.get(index)?.ty;
                    Some(Part {
                        value: &elem.value,
                        ty: promoted.last().map_or(field_ty, |step| step.ty),
                        index: index as u64,
                        field_ty,
                        promoted: promoted.to_vec(),
                    })
                })
                .collect(),
            Kind::Array(part, _) | Kind::Slice(part) => {
                let mut next = 0;
                let mut parts = Vec::new();
                for elem in elems {
                    if let Some(key) = &elem.key {
                        next = self
                            .p
                            .info
                            .const_value(key.id)
                            .and_then(|v| v.as_u64())
                            .unwrap_or(next);
                    }
                    parts.push(Part {
                        value: &elem.value,
                        ty: part,
                        index: next,
                        field_ty: part,
                        promoted: Vec::new(),
                    });
                    next += 1;
                }
                parts
            }
            _ => Vec::new(),
        }
    }

    fn slice_literal(&mut self, e: &'a Expr, ty: Ty, elem: Ty, want: Want<'_>) -> Value {
        let parts = self.literal_parts(elements(e), ty);
        self.calls_first(&values(&parts));
        let len = parts.iter().map(|part| part.index + 1).max().unwrap_or(0);
        let elem_id = self.p.types.id(elem);
        let size = self.shape(elem).size as i64;
        let array = self.p.types.unnamed(TypeKind::Array(elem_id, len));
        let object = self.b.new_object(array);
        for part in parts {
            let at = Loc::memory(object, part.index as i64 * size);
            self.element_into(part.value, part.ty, &at);
        }
        let dst = self.fresh_dst(want, ty);
        self.b.mov(&dst[..1], &[object]);
        for slot in &dst[1..] {
            self.b.emit(Inst::Const {
                dst: Dst(*slot),
                value: len as i64,
            });
        }
        Value::fresh(dst)
    }

    /// A slice of values that are already evaluated.
    pub fn slice_of(&mut self, elem: Ty, values: &[Value]) -> Vec<Slot> {
        let elem_id = self.p.types.id(elem);
        let size = self.shape(elem).size as i64;
        let array = self
            .p
            .types
            .unnamed(TypeKind::Array(elem_id, values.len() as u64));
        let object = self.b.new_object(array);
        for (i, value) in values.iter().enumerate() {
            self.store(&Loc::memory(object, i as i64 * size), elem, &value.slots);
        }
        let len = self.b.int(values.len() as i64);
        vec![object, len, len]
    }

    fn map_literal(&mut self, e: &'a Expr, ty: Ty, key: Ty, value: Ty, want: Want<'_>) -> Value {
        let elems = elements(e);
        let id = self.p.types.id(ty);
        let hint = self.b.int(elems.len() as i64);
        let map = match want {
            Want::Fresh(slots) => slots[0],
            _ => self.b.slot(SlotTy::Ref),
        };
        self.b.emit(Inst::MapNew {
            dst: Dst(map),
            ty: id,
            hint: Src(hint),
        });
        for elem in elems {
            let Some(key_expr) = &elem.key else { continue };
            let key = self.owned_as(key_expr, key, Want::Any).slots;
            let vals = self.owned_as(&elem.value, value, Want::Any).slots;
            self.b.emit(Inst::MapSet {
                ty: id,
                map: Src(map),
                key: Srcs::from(key),
                vals: Srcs::from(vals),
            });
        }
        Value::one(map)
    }
}

fn values<'a>(parts: &[Part<'a>]) -> Vec<&'a Expr> {
    parts.iter().map(|part| part.value).collect()
}

fn elements(e: &Expr) -> &[Element] {
    match &e.unparen().kind {
        ExprKind::CompositeLit { elems, .. } => elems,
        _ => &[],
    }
}

fn is_zero(value: &crate::types::constant::Value) -> bool {
    use crate::types::constant::Value;
    match value {
        Value::Bool(b) => !b,
        Value::Str(s) => s.is_empty(),
        number => number.sign() == Some(0),
    }
}
