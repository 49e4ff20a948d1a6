//! Composite literals.

use foldhash::{HashMap, HashSet};

use num_bigint::BigInt;

use super::check::Checker;
use super::constant::Value;
use super::errors;
use super::info::{FieldStep, Mode};
use super::lookup::{Lookup, name_scope};
use super::operand::Operand;
use super::suggest;
use super::ty::{Kind, StructType, Ty};
use crate::source::Span;
use crate::syntax::ast::{ArrayLen, Element, Expr, ExprKind, Ident};

/// A constant as a key: equal numbers are one key, whatever their kind.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum ConstKey {
    Bool(bool),
    Str(std::sync::Arc<[u8]>),
    Int(BigInt),
    Float(num_rational::BigRational),
}

impl ConstKey {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Bool(b) => ConstKey::Bool(*b),
            Value::Str(s) => ConstKey::Str(s.clone()),
            Value::Int(i) => ConstKey::Int(i.clone()),
            Value::Float(r) if r.is_integer() => ConstKey::Int(r.to_integer()),
            Value::Float(r) => ConstKey::Float(r.clone()),
        }
    }
}

/// The fields that a struct literal has values for, as paths through embedded structs.
#[derive(Default)]
struct GivenFields {
    given: HashMap<Vec<usize>, Span>,
    /// The embedded structs of which parts are given.
    enclosing: HashMap<Vec<usize>, Span>,
}

/// How two keys of a struct literal exclude each other; each with the earlier key.
enum Clash {
    Same(Span),
    Overlap(Span),
}

impl GivenFields {
    fn add(&mut self, path: Vec<usize>, at: Span) -> Option<Clash> {
        let mut clash = self.enclosing.get(&path).copied().map(Clash::Overlap);
        for len in 1..path.len() {
            if let Some(previous) = self.given.get(&path[..len]) {
                clash = Some(Clash::Overlap(*previous));
            }
            self.enclosing.entry(path[..len].to_vec()).or_insert(at);
        }
        if let Some(previous) = self.given.insert(path, at) {
            clash = Some(Clash::Same(previous));
        }
        clash
    }
}

impl<'a> Checker<'a> {
    /// `T{…}`, or `{…}` with the type from `hint`.
    pub(super) fn composite_lit(
        &mut self,
        e: &'a Expr,
        ty: Option<&'a Expr>,
        elems: &'a [Element],
        braces: Span,
        hint: Option<Ty>,
    ) -> Operand<'a> {
        let (ty, base) = match (ty, hint) {
            (Some(expr), _) => {
                if let ExprKind::ArrayType {
                    len: ArrayLen::Ellipsis(_),
                    elem,
                } = &expr.kind
                {
                    return self.open_array_lit(e, expr, elem, elems);
                }
                let ty = self.type_expr(expr);
                (ty, ty)
            }
            (None, Some(hint)) => {
                // `{…}` for an element of type *T means &T{…}.
                let base = self.tys.pointee(hint).unwrap_or(hint);
                (hint, base)
            }
            (None, None) => {
                self.report(errors::untyped_literal(braces));
                (Ty::INVALID, Ty::INVALID)
            }
        };
        if self.is_broken(base) {
            self.use_elements(elems);
            return Operand::invalid(e);
        }
        match self.tys.under(base).clone() {
            Kind::Struct(s) => self.struct_lit(base, &s, elems, braces),
            Kind::Array(elem, len) => {
                self.indexed_elements(elems, elem, Some(len));
            }
            Kind::Slice(elem) => {
                self.indexed_elements(elems, elem, None);
            }
            Kind::Map(key, value) => self.map_lit(key, value, elems),
            kind => {
                self.use_elements(elems);
                if kind != Kind::Invalid {
                    let shown = self.show(ty);
                    self.report(errors::invalid_literal_type(e.span, &shown));
                }
                return Operand::invalid(e);
            }
        }
        Operand::new(e, Mode::Value, ty)
    }

    fn use_elements(&mut self, elems: &'a [Element]) {
        for elem in elems {
            // A key may be a field name, which is not looked up alone.
            if !matches!(elem.value.kind, ExprKind::CompositeLit { ty: None, .. }) {
                self.use_expr(&elem.value);
            }
        }
    }

    /// `[...]T{…}`.
    fn open_array_lit(
        &mut self,
        e: &'a Expr,
        array: &'a Expr,
        elem: &'a Expr,
        elems: &'a [Element],
    ) -> Operand<'a> {
        let elem = self.type_expr(elem);
        let length = self.indexed_elements(elems, elem, None);
        if elem.is_invalid() {
            return Operand::invalid(e);
        }
        let ty = self.tys.array(elem, length);
        self.record_type(array, ty);
        self.later(move |c| c.check_size(ty, array.span));
        Operand::new(e, Mode::Value, ty)
    }

    // ---- structs ----

    fn struct_lit(&mut self, ty: Ty, s: &StructType, elems: &'a [Element], braces: Span) {
        if elems.is_empty() {
            return;
        }
        if elems[0].key.is_some() {
            self.keyed_fields(ty, s, elems);
        } else {
            self.positional_fields(ty, s, elems, braces);
        }
    }

    fn keyed_fields(&mut self, ty: Ty, s: &StructType, elems: &'a [Element]) {
        let mut seen = GivenFields::default();
        for elem in elems {
            let Some(key) = &elem.key else {
                self.report(errors::mixed_struct_literal(elem.value.span));
                self.use_expr(&elem.value);
                continue;
            };
            let Some(ident) = key.as_ident() else {
                let text = self.text(key);
                self.report(errors::invalid_field_name(key.span, &text));
                self.use_expr(&elem.value);
                continue;
            };
            let Some(steps) = self.field_key(ty, s, ident, key.span) else {
                self.use_expr(&elem.value);
                continue;
            };
            let (first, promoted) = (steps[0].index, &steps[1..]);
            self.info.field_keys.insert(key.id, first);
            if !promoted.is_empty() {
                self.info.promoted_keys.insert(key.id, promoted.to_vec());
            }
            let mut x = self.expr(&elem.value);
            let field_ty = steps.last().map(|step| step.ty);
            self.assignment(&mut x, field_ty, "struct literal");
            let path = steps.iter().map(|step| step.index).collect();
            match seen.add(path, key.span) {
                None => {}
                Some(Clash::Same(previous)) => self.report(errors::duplicate_field_value(
                    key.span,
                    &ident.name,
                    previous,
                )),
                Some(Clash::Overlap(previous)) => self.report(errors::overlapping_field_values(
                    key.span,
                    &ident.name,
                    previous,
                )),
            }
        }
    }

    /// The steps to the field that a key names, none of them through a pointer.
    fn field_key(
        &mut self,
        ty: Ty,
        s: &StructType,
        ident: &Ident,
        at: Span,
    ) -> Option<Vec<FieldStep>> {
        let scope = name_scope(&ident.name, self.pkg);
        let own = s
            .fields
            .iter()
            .position(|f| f.name == ident.name && f.pkg == scope);
        if let Some(index) = own.filter(|_| !ident.is_blank()) {
            let ty = s.fields[index].ty;
            let deref = false;
            return Some(vec![FieldStep { deref, index, ty }]);
        }
        match self.tys.lookup(ty, &ident.name, self.pkg) {
            Lookup::Field { path, indirect, .. } if !ident.is_blank() => {
                if !indirect {
                    return Some(path);
                }
                self.report(errors::key_through_pointer(at, &ident.name));
            }
            _ => {
                let names: Vec<_> = s.fields.iter().map(|f| f.name.clone()).collect();
                let help = suggest::closest(&ident.name, &names);
                let shown = self.show(ty);
                self.report(errors::unknown_field(at, &ident.name, &shown, help));
            }
        }
        None
    }

    fn positional_fields(&mut self, ty: Ty, s: &StructType, elems: &'a [Element], braces: Span) {
        let shown = self.show(ty);
        let mut excess = false;
        for (i, elem) in elems.iter().enumerate() {
            if elem.key.is_some() {
                self.report(errors::mixed_struct_literal(elem.value.span));
                self.use_expr(&elem.value);
                continue;
            }
            let mut x = self.expr(&elem.value);
            let Some(field) = s.fields.get(i) else {
                if !excess {
                    self.report(errors::struct_literal_count(
                        elem.value.span,
                        &shown,
                        s.fields.len(),
                        true,
                    ));
                }
                excess = true;
                continue;
            };
            if field.pkg.is_some_and(|pkg| pkg != self.pkg) {
                self.report(errors::unexported_field_value(
                    elem.value.span,
                    &field.name,
                    &shown,
                ));
                continue;
            }
            let field_ty = field.ty;
            self.assignment(&mut x, Some(field_ty), "struct literal");
        }
        if elems.len() < s.fields.len() {
            let at = Span {
                lo: braces.hi.saturating_sub(1).max(braces.lo),
                ..braces
            };
            self.report(errors::struct_literal_count(
                at,
                &shown,
                s.fields.len(),
                false,
            ));
        }
    }

    // ---- arrays, slices, maps ----

    /// Checks the elements of an array or slice literal; gives the length they need.
    fn indexed_elements(&mut self, elems: &'a [Element], ty: Ty, length: Option<u64>) -> u64 {
        /// Longer slices cannot be made by a literal.
        const MAX_INDEX: u64 = 1 << 32;
        let mut seen: HashSet<u64> =
            HashSet::with_capacity_and_hasher(elems.len(), Default::default());
        let (mut index, mut max) = (0u64, 0u64);
        for elem in elems {
            let mut valid = true;
            if let Some(key) = &elem.key {
                match self.index(key, Some(length.unwrap_or(MAX_INDEX))) {
                    Some(value) => index = value,
                    None => {
                        valid = false;
                        self.report_variable_index(key);
                    }
                }
            } else if let Some(length) = length.filter(|&length| index >= length) {
                self.report(errors::index_out_of_bounds(elem.value.span, index, length));
                valid = false;
            }
            if valid && !seen.insert(index) {
                let at = elem.key.as_ref().unwrap_or(&elem.value).span;
                self.report(errors::duplicate_index(at, index));
            }
            index = index.saturating_add(1);
            max = max.max(index);
            let mut x = self.expr_with_hint(&elem.value, Some(ty));
            self.assignment(&mut x, Some(ty), "array or slice literal");
        }
        max
    }

    /// Reports an index that is not constant; other faults have been reported.
    fn report_variable_index(&mut self, key: &'a Expr) {
        let Some(tm) = self.info.type_and_mode(key.id) else {
            return;
        };
        if !matches!(tm.mode, Mode::Invalid | Mode::Constant) && self.tys.is_integer(tm.ty) {
            let text = self.text(key);
            self.report(errors::index_not_constant(key.span, &text));
        }
    }

    fn map_lit(&mut self, key_ty: Ty, value_ty: Ty, elems: &'a [Element]) {
        let mut seen: HashMap<(ConstKey, Ty), Span> =
            HashMap::with_capacity_and_hasher(elems.len(), Default::default());
        for elem in elems {
            let Some(key) = &elem.key else {
                self.report(errors::missing_key(elem.value.span));
                self.use_elements(std::slice::from_ref(elem));
                continue;
            };
            let mut k = self.expr_with_hint(key, Some(key_ty));
            self.assignment(&mut k, Some(key_ty), "map literal");
            if let Some(value) = k.value.as_ref().filter(|_| k.is_const())
                && let Some(previous) = seen.insert((ConstKey::of(value), k.ty), key.span)
            {
                let shown = value.display();
                self.report(errors::duplicate_key(key.span, &shown, previous));
            }
            let mut v = self.expr_with_hint(&elem.value, Some(value_ty));
            self.assignment(&mut v, Some(value_ty), "map literal");
        }
    }
}
