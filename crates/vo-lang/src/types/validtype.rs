//! Types of bearable size: no type may contain itself by value, or be larger than [`MAX_SIZE`].

use super::check::{Checker, deeper};
use super::errors;
use super::info::ObjId;
use super::ty::{Kind, NamedId, Ty};
use crate::source::Span;

/// The largest value, in bytes. It is far beyond what is of use, and keeps the arithmetic of sizes and
/// offsets in later stages free of overflow.
const MAX_SIZE: u64 = 1 << 30;

/// What is known of the size of a defined type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Validity {
    /// Being looked at: to meet it again is a cycle.
    Open,
    /// Finite, or reported.
    Done,
}

impl Checker<'_> {
    /// Reports a defined type that contains itself, and breaks the cycle.
    pub(super) fn check_finite(&mut self, ty: Ty) {
        let mut path = Vec::new();
        self.walk_parts(ty, &mut path);
    }

    fn walk_parts(&mut self, ty: Ty, path: &mut Vec<NamedId>) {
        match self.tys.kind(ty).clone() {
            Kind::Named(id) => match self.valid_types.get(&id) {
                Some(Validity::Done) => {}
                Some(Validity::Open) => self.report_infinite(id, path),
                None => {
                    self.valid_types.insert(id, Validity::Open);
                    path.push(id);
                    let underlying = self.tys.underlying(ty);
                    deeper(|| self.walk_parts(underlying, path));
                    path.pop();
                    self.valid_types.insert(id, Validity::Done);
                }
            },
            Kind::Array(elem, _) => deeper(|| self.walk_parts(elem, path)),
            Kind::Struct(s) => {
                for field in &s.fields {
                    deeper(|| self.walk_parts(field.ty, path));
                }
            }
            _ => {}
        }
    }

    fn report_infinite(&mut self, id: NamedId, path: &[NamedId]) {
        let start = path.iter().position(|&on_path| on_path == id).unwrap_or(0);
        let objects: Vec<_> = path[start..]
            .iter()
            .map(|&id| self.tys.named(id).obj)
            .collect();
        self.report_type_cycle(&objects);
        // An infinite type would make every later walk over it infinite.
        for &id in &path[start..] {
            self.tys.named_mut(id).underlying = Some(Ty::INVALID);
        }
    }

    /// The same cycle, beginning with what stands first in the source.
    pub(super) fn rotated(&self, cycle: &[ObjId]) -> Vec<ObjId> {
        let first = (0..cycle.len())
            .min_by_key(|&i| self.info.object(cycle[i]).span)
            .unwrap_or(0);
        cycle[first..]
            .iter()
            .chain(&cycle[..first])
            .copied()
            .collect()
    }

    /// Reports that types refer to each other in a circle.
    pub(super) fn report_type_cycle(&mut self, cycle: &[ObjId]) {
        let steps = self.cycle_steps(&self.rotated(cycle));
        self.report(errors::recursive_type(&steps));
    }

    /// Reports a type that is too large although none of its parts is.
    pub(super) fn check_size(&mut self, ty: Ty, span: Span) {
        self.check_finite(ty);
        let size = self.size_bound(ty);
        if size > MAX_SIZE && !self.sizes_reported.contains(&ty) {
            let parts: Vec<Ty> = match self.tys.under(ty) {
                Kind::Array(elem, _) => vec![*elem],
                Kind::Struct(s) => s.fields.iter().map(|field| field.ty).collect(),
                _ => Vec::new(),
            };
            self.sizes_reported.insert(ty);
            if parts.iter().all(|&part| self.size_bound(part) <= MAX_SIZE) {
                let shown = self.show(ty);
                self.report(errors::type_too_large(span, &shown, MAX_SIZE));
            }
        }
    }

    /// An upper bound of the size of a type's values, in bytes.
    fn size_bound(&mut self, ty: Ty) -> u64 {
        if let Some(&size) = self.sizes.get(&ty) {
            return size;
        }
        let size = match self.tys.kind(ty).clone() {
            Kind::Named(_) => {
                self.check_finite(ty);
                let underlying = self.tys.underlying(ty);
                deeper(|| self.size_bound(underlying))
            }
            Kind::Array(elem, len) => deeper(|| self.size_bound(elem)).saturating_mul(len),
            Kind::Struct(s) => s.fields.iter().fold(0u64, |sum, field| {
                // Room for the field and for padding in front of it.
                let size = deeper(|| self.size_bound(field.ty));
                sum.saturating_add(size)
                    .saturating_add(u64::from(size > 0) * 8)
            }),
            Kind::Basic(basic) if !basic.is_string() => {
                basic.bits().map_or(1, |bits| u64::from(bits / 8))
            }
            Kind::Slice(_) => 24,
            _ => 16,
        };
        self.sizes.insert(ty, size);
        size
    }
}
