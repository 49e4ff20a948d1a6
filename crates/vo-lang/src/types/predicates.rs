//! Questions about whole types: comparable, sendable, alike but for tags.

use foldhash::HashSet;

use super::check::Checker;
use super::ty::{Dir, Kind, Ty, TyTable};
use crate::stack::deeper;

/// Why a type, or a part of it, does not have a property: the part, and how it is reached.
#[derive(Clone, Debug)]
pub(super) struct Offender {
    /// The field names that lead to the part, outermost first.
    pub(super) path: Vec<String>,
    /// The part.
    pub(super) ty: Ty,
}

impl TyTable {
    /// Whether `==` is defined on values of the type (it may still panic for interfaces).
    pub fn is_comparable(&self, ty: Ty) -> bool {
        self.incomparable_part(ty).is_none()
    }

    /// The part of a type that forbids `==`.
    pub(super) fn incomparable_part(&self, ty: Ty) -> Option<Offender> {
        self.find_part(ty, &mut HashSet::default(), false, &mut |kind| {
            matches!(kind, Kind::Slice(_) | Kind::Map(..) | Kind::Signature(_))
        })
    }

    /// Whether values of the type may be sent to another island.
    pub fn is_sendable(&self, ty: Ty) -> bool {
        self.unsendable_part(ty).is_none()
    }

    /// The part of a type that must not leave its island.
    pub(super) fn unsendable_part(&self, ty: Ty) -> Option<Offender> {
        self.find_part(ty, &mut HashSet::default(), true, &mut |kind| {
            matches!(
                kind,
                Kind::Interface(_)
                    | Kind::Signature(_)
                    | Kind::Chan(..)
                    | Kind::Island
                    | Kind::Port(Dir::Both | Dir::Recv, _)
            )
        })
    }

    /// The first part of a type whose kind is `bad`. Parts are fields and array elements, and with
    /// `references` also what slices, maps, pointers and send ports lead to.
    fn find_part(
        &self,
        ty: Ty,
        seen: &mut HashSet<Ty>,
        references: bool,
        bad: &mut dyn FnMut(&Kind) -> bool,
    ) -> Option<Offender> {
        if !seen.insert(ty) {
            return None;
        }
        let kind = self.under(ty);
        if bad(kind) {
            return Some(Offender {
                path: Vec::new(),
                ty,
            });
        }
        deeper(|| match kind {
            Kind::Struct(s) => s.fields.iter().find_map(|field| {
                let mut offender = self.find_part(field.ty, seen, references, bad)?;
                offender.path.insert(0, field.name.to_string());
                Some(offender)
            }),
            Kind::Array(elem, _) => self.find_part(*elem, seen, references, bad),
            Kind::Slice(elem) | Kind::Pointer(elem) | Kind::Port(_, elem) if references => {
                self.find_part(*elem, seen, references, bad)
            }
            Kind::Map(key, value) if references => self
                .find_part(*key, seen, references, bad)
                .or_else(|| self.find_part(*value, seen, references, bad)),
            _ => None,
        })
    }

    /// Whether two types are identical when struct tags are left out of account.
    pub fn identical_but_tags(&self, a: Ty, b: Ty) -> bool {
        if a == b {
            return true;
        }
        let same = |a: Ty, b: Ty| self.identical_but_tags(a, b);
        let all =
            |a: &[Ty], b: &[Ty]| a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| same(a, b));
        deeper(|| match (self.kind(a), self.kind(b)) {
            (Kind::Pointer(a), Kind::Pointer(b)) | (Kind::Slice(a), Kind::Slice(b)) => same(*a, *b),
            (Kind::Array(a, n), Kind::Array(b, m)) => n == m && same(*a, *b),
            (Kind::Map(k, v), Kind::Map(l, w)) => same(*k, *l) && same(*v, *w),
            (Kind::Chan(d, a), Kind::Chan(e, b)) | (Kind::Port(d, a), Kind::Port(e, b)) => {
                d == e && same(*a, *b)
            }
            (Kind::Struct(a), Kind::Struct(b)) => {
                a.fields.len() == b.fields.len()
                    && a.fields.iter().zip(&b.fields).all(|(f, g)| {
                        f.name == g.name
                            && f.pkg == g.pkg
                            && f.embedded == g.embedded
                            && same(f.ty, g.ty)
                    })
            }
            (Kind::Signature(a), Kind::Signature(b)) => {
                a.variadic == b.variadic && all(&a.params, &b.params) && all(&a.results, &b.results)
            }
            (Kind::Interface(a), Kind::Interface(b)) => {
                a.methods.len() == b.methods.len()
                    && a.methods
                        .iter()
                        .zip(&b.methods)
                        .all(|(m, n)| m.name == n.name && m.pkg == n.pkg && same(m.sig, n.sig))
            }
            _ => false,
        })
    }

    /// Whether `ty` is `[]byte` or `[]rune`, or has one underlying.
    pub fn is_bytes_or_runes(&self, ty: Ty) -> bool {
        match self.under(ty) {
            Kind::Slice(elem) => {
                let elem = self.underlying(*elem);
                elem == Ty::UINT8 || elem == Ty::INT32
            }
            _ => false,
        }
    }
}

impl Checker<'_> {
    /// Why values of a type cannot be compared; `None` if they can.
    pub(super) fn incomparable(&self, ty: Ty) -> Option<String> {
        let part = self.tys.incomparable_part(ty)?;
        if part.path.is_empty() {
            let what = match self.tys.under(part.ty) {
                Kind::Slice(_) => "slices",
                Kind::Map(..) => "maps",
                _ => "functions",
            };
            return Some(if part.ty == ty || self.tys.underlying(ty) == part.ty {
                format!("{what} can only be compared with nil")
            } else {
                format!(
                    "it contains {}, and {what} cannot be compared",
                    self.show(part.ty)
                )
            });
        }
        let (path, part) = (part.path.join("."), self.show(part.ty));
        Some(format!(
            "its field {path} has type {part}, which cannot be compared"
        ))
    }

    /// Why values of a type cannot be sent to another island; `None` if they can.
    pub(super) fn unsendable(&self, ty: Ty) -> Option<String> {
        let part = self.tys.unsendable_part(ty)?;
        let shown = self.show(part.ty);
        Some(if part.path.is_empty() {
            format!("{shown} cannot leave its island")
        } else {
            format!(
                "its field {} has type {shown}, which cannot leave its island",
                part.path.join(".")
            )
        })
    }
}
