//! The predeclared names.

use super::check::Checker;
use super::constant::Value;
use super::info::{Builtin, ObjId, ObjKind, Object};
use super::ty::{IfaceMethod, Kind, Ty};
use crate::source::Span;

const TYPES: [(&str, Ty); 17] = [
    ("any", Ty::ANY),
    ("bool", Ty::BOOL),
    ("byte", Ty::UINT8),
    ("float32", Ty::FLOAT32),
    ("float64", Ty::FLOAT64),
    ("int", Ty::INT),
    ("int8", Ty::INT8),
    ("int16", Ty::INT16),
    ("int32", Ty::INT32),
    ("int64", Ty::INT64),
    ("rune", Ty::INT32),
    ("string", Ty::STRING),
    ("uint", Ty::UINT),
    ("uint8", Ty::UINT8),
    ("uint16", Ty::UINT16),
    ("uint32", Ty::UINT32),
    ("uint64", Ty::UINT64),
];

/// Names that Go predeclares and Vo does not, with what to say about them.
const ABSENT: [(&str, &str); 10] = [
    (
        "clear",
        "Vo has no `clear`; delete the entries in a loop, or make a new map",
    ),
    (
        "comparable",
        "Vo has no type parameters, so there are no constraints",
    ),
    ("complex", "complex numbers are not available in Vo"),
    ("complex64", "complex numbers are not available in Vo"),
    ("complex128", "complex numbers are not available in Vo"),
    ("imag", "complex numbers are not available in Vo"),
    (
        "max",
        "Vo has no built-in `max`; write a function, or use package cmp",
    ),
    (
        "min",
        "Vo has no built-in `min`; write a function, or use package cmp",
    ),
    ("real", "complex numbers are not available in Vo"),
    (
        "uintptr",
        "`uintptr` is not available in Vo; use `uint64` for numbers",
    ),
];

/// What to say about an undeclared name that Go predeclares.
pub(super) fn absence(name: &str) -> Option<&'static str> {
    ABSENT
        .iter()
        .find(|(absent, _)| *absent == name)
        .map(|(_, text)| *text)
}

impl Checker<'_> {
    /// Fills the universe scope.
    pub(super) fn declare_universe(&mut self) {
        for (name, ty) in TYPES {
            self.predeclare(name, ty, ObjKind::TypeName);
        }
        let error = self.predeclare("error", Ty::INVALID, ObjKind::TypeName);
        let named = self.tys.new_named("error".into(), error, None);
        let sig = self.tys.signature(Vec::new(), vec![Ty::STRING], false);
        let method = IfaceMethod {
            name: "Error".into(),
            pkg: None,
            sig,
        };
        let underlying = self.tys.interface(vec![method]);
        if let Kind::Named(id) = *self.tys.kind(named) {
            self.tys.named_mut(id).underlying = Some(underlying);
        }
        self.tys.set_error(named);
        self.info.object_mut(error).ty = named;

        for (name, value) in [("true", true), ("false", false)] {
            let kind = ObjKind::Const(Some(Value::Bool(value)));
            self.predeclare(name, Ty::UNTYPED_BOOL, kind);
        }
        // The value is that of the declaration it is used in.
        self.predeclare("iota", Ty::UNTYPED_INT, ObjKind::Const(Some(Value::int(0))));
        self.predeclare("nil", Ty::UNTYPED_NIL, ObjKind::Nil);
        for builtin in Builtin::ALL {
            self.predeclare(builtin.name(), Ty::INVALID, ObjKind::Builtin(builtin));
        }
    }

    fn predeclare(&mut self, name: &str, ty: Ty, kind: ObjKind) -> ObjId {
        let id = ObjId(self.info.objects.len() as u32);
        self.info.objects.push(Object {
            name: name.into(),
            pkg: None,
            span: Span::default(),
            ty,
            kind,
        });
        self.scopes[Self::UNIVERSE.0 as usize]
            .names
            .insert(name.into(), id);
        id
    }
}
