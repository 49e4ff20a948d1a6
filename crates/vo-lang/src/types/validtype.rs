//! Types of bearable size: no type may contain itself by value, or be larger than the bytecode allows.

use vo_bytecode::types::{MAX_FLAT_ARRAY, MAX_FLAT_SLOTS};
use vo_bytecode::verify::{MAX_ARRAY_LEN, MAX_DEPTH, MAX_PARTS, MAX_RESULTS, MAX_TYPE_SIZE};

use super::check::Checker;
use super::decl::DeclKind;
use super::errors;
use super::info::ObjId;
use super::ty::{Kind, NamedId, Ty};
use crate::source::Span;
use crate::stack::deeper;
use crate::syntax::ast::ExprKind;

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
        let is_struct = |obj| match self.decls.get(obj).map(|decl| &decl.kind) {
            Some(DeclKind::Type(spec)) => matches!(
                spec.ty.unparen().kind,
                ExprKind::StructType(_) | ExprKind::ArrayType { .. }
            ),
            _ => true,
        };
        let has_struct = cycle.iter().any(is_struct);
        self.report(errors::recursive_type(&steps, has_struct));
    }

    /// Reports a type that is beyond the limits although none of its parts is.
    pub(super) fn check_size(&mut self, ty: Ty, span: Span) {
        self.check_finite(ty);
        let extent = self.extent(ty);
        // A type and what it is declared as are one.
        if extent.fits() || !self.sizes_reported.insert(self.tys.underlying(ty)) {
            return;
        }
        let parts: Vec<Ty> = match self.tys.under(ty) {
            Kind::Array(elem, _) => vec![*elem],
            Kind::Struct(s) => s.fields.iter().map(|field| field.ty).collect(),
            _ => Vec::new(),
        };
        if parts.iter().all(|&part| self.extent(part).fits()) {
            let shown = self.show(ty);
            self.report(if extent.size > MAX_TYPE_SIZE {
                errors::type_too_large(span, &shown, MAX_TYPE_SIZE)
            } else {
                errors::type_too_deep(span, &shown, MAX_DEPTH, MAX_PARTS)
            });
        }
    }

    /// Reports more results than a call can give.
    pub(super) fn check_results(&mut self, results: &[Ty], span: Span) {
        let slots = results.iter().map(|&ty| match self.extent(ty).slots {
            IN_MEMORY => 1,
            slots => slots,
        });
        if slots.sum::<u64>() > MAX_RESULTS as u64 {
            self.report(errors::too_many_results(span, MAX_RESULTS));
        }
    }

    fn extent(&mut self, ty: Ty) -> Extent {
        if let Some(&extent) = self.extents.get(&ty) {
            return extent;
        }
        let extent = match self.tys.kind(ty).clone() {
            Kind::Named(_) => {
                self.check_finite(ty);
                let underlying = self.tys.underlying(ty);
                deeper(|| self.extent(underlying))
            }
            Kind::Array(elem, len) => deeper(|| self.extent(elem)).array(len),
            Kind::Struct(s) => s.fields.iter().fold(Extent::EMPTY, |sum, field| {
                sum.with_field(deeper(|| self.extent(field.ty)))
            }),
            Kind::Basic(basic) if !basic.is_string() => {
                Extent::scalar(basic.bits().map_or(1, |bits| u64::from(bits / 8)), 1)
            }
            Kind::Slice(_) => Extent::scalar(24, 3),
            Kind::Basic(_) | Kind::Interface(_) => Extent::scalar(16, 2),
            _ => Extent::scalar(8, 1),
        };
        self.extents.insert(ty, extent);
        extent
    }
}

/// How large a type is. The limits are those of the bytecode's verifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Extent {
    /// An upper bound of the size of its values, in bytes.
    size: u64,
    /// How many structs and arrays are in each other.
    levels: u32,
    /// How many parts there are to be looked at where values are flattened.
    parts: u64,
    /// How many slots a value takes, or [`IN_MEMORY`].
    slots: u64,
}

/// The slots of what is kept in memory, and so is all that it is part of.
const IN_MEMORY: u64 = u64::MAX;

fn flat(slots: u64) -> u64 {
    if slots > MAX_FLAT_SLOTS as u64 {
        IN_MEMORY
    } else {
        slots
    }
}

impl Extent {
    const EMPTY: Extent = Extent {
        size: 0,
        levels: 0,
        parts: 1,
        slots: 0,
    };

    fn scalar(size: u64, slots: u64) -> Extent {
        Extent {
            size,
            slots,
            ..Self::EMPTY
        }
    }

    fn fits(self) -> bool {
        self.size <= MAX_TYPE_SIZE && self.levels <= MAX_DEPTH && self.parts <= MAX_PARTS
    }

    fn array(self, len: u64) -> Extent {
        // Elements may have no size.
        let too_long = u64::from(len > MAX_ARRAY_LEN) * u64::MAX;
        Extent {
            size: self.size.saturating_mul(len).max(too_long),
            levels: self.levels.saturating_add(1),
            parts: (self.parts)
                .saturating_mul(len.clamp(1, MAX_FLAT_ARRAY))
                .saturating_add(1),
            slots: match len {
                0..=MAX_FLAT_ARRAY => flat(self.slots.saturating_mul(len)),
                _ => IN_MEMORY,
            },
        }
    }

    fn with_field(self, field: Extent) -> Extent {
        // Room for the field and for padding in front of it.
        let padding = u64::from(field.size > 0) * 8;
        Extent {
            size: self.size.saturating_add(field.size).saturating_add(padding),
            levels: self.levels.max(field.levels.saturating_add(1)),
            parts: self.parts.saturating_add(field.parts),
            slots: flat(self.slots.saturating_add(field.slots)),
        }
    }
}
