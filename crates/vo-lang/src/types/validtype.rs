//! Types of finite size: no type may contain itself by value.

use super::check::{Checker, deeper};
use super::errors;
use super::info::ObjId;
use super::ty::{Kind, NamedId, Ty};

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
}
