//! Checks of the type table, and the facts about types that the other checks ask for.

use super::{Place, Report};
use crate::types::{MAX_FLAT_ARRAY, Method};
use crate::*;
use std::cell::OnceCell;
use std::collections::HashMap;

/// The most bytes a value of a type may take.
pub const MAX_TYPE_SIZE: u64 = 1 << 30;
/// The most elements of an array type; elements may have no size.
pub const MAX_ARRAY_LEN: u64 = 1 << 30;
/// How deep structs and arrays may lie within each other by value: [`Types::layout`] recurses.
pub const MAX_DEPTH: u32 = 200;
/// How many fields and elements [`Types::layout`] and [`Types::slots`] may visit for one type.
/// Without a limit, structs of twice the same empty struct would take for ever.
pub const MAX_PARTS: u64 = 1 << 18;

/// What is known of the types of a sound table.
pub(super) struct Facts {
    measures: Vec<Measure>,
    sendable: Vec<bool>,
    slots: Vec<OnceCell<Box<[SlotTy]>>>,
}

impl Facts {
    /// The slots of a value of a type; as [`Types::slots`], but computed once.
    pub(super) fn slots(&self, module: &Module, id: TypeId) -> &[SlotTy] {
        self.slots[id.index()].get_or_init(|| module.types.slots(id).into())
    }

    /// The slot that an interface's data word is made of.
    pub(super) fn word(&self, module: &Module, id: TypeId) -> SlotTy {
        match self.slots(module, id) {
            [one] => *one,
            _ => SlotTy::Ref,
        }
    }

    /// Whether values of a type may go to another island.
    pub(super) fn sendable(&self, id: TypeId) -> bool {
        self.sendable[id.index()]
    }

    /// The size of a value in memory.
    pub(super) fn size(&self, id: TypeId) -> u64 {
        self.measures[id.index()].size
    }
}

/// Checks the table; the facts only where nothing is wrong with it.
pub(super) fn check(module: &Module, report: &mut Report) -> Option<Facts> {
    let before = report.errors.len();
    let mut checker = TypeChecker { module, report };
    checker.indices();
    if checker.report.errors.len() > before {
        return None;
    }
    checker.order();
    checker.identity();
    let measures = checker.measures()?;
    checker.map_keys(&measures);
    (report.errors.len() == before).then(|| Facts {
        slots: vec![OnceCell::new(); measures.len()],
        sendable: module.types.sendable(),
        measures,
    })
}

struct TypeChecker<'a> {
    module: &'a Module,
    report: &'a mut Report,
}

impl<'a> TypeChecker<'a> {
    fn fail(&mut self, id: TypeId, message: String) {
        let place = Place::Type(id, self.module.types.get(id).name.clone());
        self.report.push(place, message);
    }

    fn fail_method(&mut self, at: usize, message: String) {
        let name = self.module.types.methods[at].name.clone();
        self.report
            .push(Place::Method(MethodId(at as u32), name), message);
    }

    fn ids(&self) -> impl Iterator<Item = (TypeId, &'a Type)> + use<'a> {
        let types = self.module.types.types.iter().enumerate();
        types.map(|(at, ty)| (TypeId(at as u32), ty))
    }

    /// Every index is in range.
    fn indices(&mut self) {
        let (types, methods) = (
            self.module.types.types.len(),
            self.module.types.methods.len(),
        );
        for (id, ty) in self.ids() {
            for child in ty.kind.parts() {
                if child.index() >= types {
                    self.fail(id, format!("t{} does not exist", child.0));
                }
            }
            let of_interface: &[MethodId] = match &ty.kind {
                TypeKind::Interface(methods) => methods,
                _ => &[],
            };
            let table = ty.methods.iter().map(|(method, _)| method);
            for method in of_interface.iter().chain(table) {
                if method.index() >= methods {
                    self.fail(id, format!("m{} does not exist", method.0));
                }
            }
            for (_, func) in &ty.methods {
                if func.index() >= self.module.functions.len() {
                    self.fail(id, format!("function @{} does not exist", func.0));
                }
            }
        }
        for (at, Method { signature, .. }) in self.module.types.methods.iter().enumerate() {
            match self.module.types.types.get(signature.index()) {
                None => self.fail_method(at, format!("t{} does not exist", signature.0)),
                Some(ty) if !matches!(ty.kind, TypeKind::Func(..)) => {
                    let message = format!("the signature t{} is not a function type", signature.0);
                    self.fail_method(at, message);
                }
                Some(_) => {}
            }
        }
    }

    /// Lists that others search are sorted; kinds make sense.
    fn order(&mut self) {
        let name = |id: &MethodId| &self.module.types.methods[id.index()].name;
        for (id, ty) in self.ids() {
            match &ty.kind {
                TypeKind::Interface(methods) if !methods.is_sorted_by(|a, b| name(a) < name(b)) => {
                    let message = "the methods of the interface are not sorted by name";
                    self.fail(id, message.to_owned());
                }
                TypeKind::Chan(_, false, false) => {
                    let message = "a channel that can neither send nor receive";
                    self.fail(id, message.to_owned());
                }
                TypeKind::Port(_, false, false) => {
                    let message = "a port that can neither send nor receive";
                    self.fail(id, message.to_owned());
                }
                TypeKind::Func(params, _, true)
                    if !params.last().is_some_and(|last| {
                        matches!(self.module.types.kind(*last), TypeKind::Slice(_))
                    }) =>
                {
                    let message = "the last parameter of a variadic function is not a slice";
                    self.fail(id, message.to_owned());
                }
                TypeKind::Array(_, len) if *len > MAX_ARRAY_LEN => {
                    let message = format!("an array of {len} elements is too long");
                    self.fail(id, message);
                }
                _ => {}
            }
            if !ty.methods.is_sorted_by(|a, b| a.0 < b.0) {
                self.fail(id, "the method table is not sorted by id".to_owned());
            }
            if matches!(ty.kind, TypeKind::Interface(_)) && !ty.methods.is_empty() {
                self.fail(id, "an interface type has a method table".to_owned());
            }
        }
    }

    /// No two ids for one unnamed type, or for one method.
    fn identity(&mut self) {
        let mut seen = HashMap::new();
        for (id, ty) in self.ids().filter(|(_, ty)| ty.name.is_empty()) {
            if let Some(first) = seen.insert(&ty.kind, id) {
                self.fail(id, format!("the same type as t{}", first.0));
            }
        }
        let mut seen = HashMap::new();
        for (at, method) in self.module.types.methods.iter().enumerate() {
            if let Some(first) = seen.insert(method, at) {
                self.fail_method(at, format!("the same method as m{first}"));
            }
        }
    }

    /// Sizes each type, in an order that has the parts of a type before it. `None` when a type
    /// is within itself.
    fn measures(&mut self) -> Option<Vec<Measure>> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let count = self.module.types.types.len();
        let mut measures = vec![Measure::default(); count];
        let mut states = vec![State::New; count];
        let mut stack: Vec<(TypeId, usize)> = Vec::new();
        for (root, _) in self.ids() {
            if states[root.index()] == State::New {
                stack.push((root, 0));
            }
            while let Some((id, next)) = stack.pop() {
                states[id.index()] = State::Open;
                let Some(child) = part(self.module.types.kind(id), next) else {
                    states[id.index()] = State::Done;
                    measures[id.index()] = self.measure(id, &measures);
                    continue;
                };
                stack.push((id, next + 1));
                match states[child.index()] {
                    State::New => stack.push((child, 0)),
                    State::Done => {}
                    State::Open => {
                        self.fail(child, "the type contains itself by value".to_owned());
                        return None;
                    }
                }
            }
        }
        Some(measures)
    }

    fn measure(&mut self, id: TypeId, measures: &[Measure]) -> Measure {
        let of = |id: &TypeId| &measures[id.index()];
        let measure = match self.module.types.kind(id) {
            TypeKind::Array(elem, len) => of(elem).array(*len),
            TypeKind::Struct(fields) => Measure::of_struct(fields.iter().map(|f| of(&f.ty))),
            kind => Measure::scalar(kind),
        };
        let parts_fit = |kind: &TypeKind| {
            let mut parts = (0..).map_while(|i| part(kind, i));
            parts.all(|part| of(&part).fits())
        };
        // Only the innermost type that is too large is reported.
        if !measure.fits() && parts_fit(self.module.types.kind(id)) {
            let message = if measure.size > MAX_TYPE_SIZE {
                "the type is larger than 1 GiB"
            } else if measure.depth > MAX_DEPTH {
                "structs and arrays lie too deep within each other"
            } else {
                "the type has too many parts"
            };
            self.fail(id, message.to_owned());
        }
        measure
    }

    fn map_keys(&mut self, measures: &[Measure]) {
        for (id, ty) in self.ids() {
            if let TypeKind::Map(key, _) = ty.kind
                && !measures[key.index()].comparable
            {
                self.fail(id, format!("the key type t{} is not comparable", key.0));
            }
        }
    }
}

/// The types that lie in a value itself, by number.
fn part(kind: &TypeKind, at: usize) -> Option<TypeId> {
    match kind {
        TypeKind::Array(elem, _) => (at == 0).then_some(*elem),
        TypeKind::Struct(fields) => fields.get(at).map(|field| field.ty),
        _ => None,
    }
}

/// The size of a type and of the work to look at it. All sums saturate.
#[derive(Clone, Default)]
struct Measure {
    size: u64,
    align: u64,
    depth: u32,
    parts: u64,
    comparable: bool,
}

impl Measure {
    fn fits(&self) -> bool {
        self.size <= MAX_TYPE_SIZE && self.depth <= MAX_DEPTH && self.parts <= MAX_PARTS
    }

    fn scalar(kind: &TypeKind) -> Measure {
        let (size, align) = match kind {
            TypeKind::Bool => (1, 1),
            TypeKind::Int(kind) => (u64::from(kind.bits() / 8), u64::from(kind.bits() / 8)),
            TypeKind::F32 => (4, 4),
            TypeKind::String | TypeKind::Interface(_) => (16, 8),
            TypeKind::Slice(_) => (24, 8),
            _ => (8, 8),
        };
        Measure {
            size,
            align,
            depth: 0,
            parts: 1,
            comparable: !matches!(
                kind,
                TypeKind::Slice(_) | TypeKind::Map(..) | TypeKind::Func(..)
            ),
        }
    }

    fn array(&self, len: u64) -> Measure {
        Measure {
            size: self.size.saturating_mul(len),
            align: self.align,
            depth: self.depth + 1,
            // Only a short array is flattened element by element.
            parts: 1 + self.parts.saturating_mul(len.clamp(1, MAX_FLAT_ARRAY)),
            comparable: self.comparable,
        }
    }

    fn of_struct<'m>(fields: impl Iterator<Item = &'m Measure>) -> Measure {
        let mut all = Measure {
            align: 1,
            parts: 1,
            comparable: true,
            ..Measure::default()
        };
        for field in fields {
            let at = round_up(all.size, field.align);
            all.size = at.saturating_add(field.size);
            all.align = all.align.max(field.align);
            all.depth = all.depth.max(field.depth + 1);
            all.parts = all.parts.saturating_add(field.parts);
            all.comparable &= field.comparable;
        }
        all.size = round_up(all.size, all.align);
        all
    }
}

fn round_up(size: u64, align: u64) -> u64 {
    size.checked_next_multiple_of(align).unwrap_or(u64::MAX)
}
