//! Fields and methods by name, promoted ones included.
//!
//! The search goes breadth first through embedded fields, as the specification's rule of the shallowest
//! depth asks for; two finds at the same depth cancel each other. The functions here need only the type
//! table, so the lowering uses them too.

use foldhash::HashSet;

use super::info::{FieldStep, ObjId, PkgId};
use super::ty::{Kind, Name, NamedId, Ty, TyTable};

/// What a name means for a type.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// A field; the last step leads to it.
    Field {
        /// The steps.
        path: Vec<FieldStep>,
        /// The field's type.
        ty: Ty,
        /// Whether a pointer is followed on the way, the operand's own included.
        indirect: bool,
    },
    /// A declared method.
    Method {
        /// The steps to the embedded field that has the method; none for an own method.
        path: Vec<FieldStep>,
        /// The function object.
        func: ObjId,
        /// Whether the receiver is a pointer.
        ptr_recv: bool,
        /// Whether a pointer is followed on the way, the operand's own included.
        indirect: bool,
    },
    /// A method of an interface.
    InterfaceMethod {
        /// The steps to the embedded interface; none for the operand itself.
        path: Vec<FieldStep>,
        /// The interface type.
        iface: Ty,
        /// The index in its method list.
        index: usize,
        /// The method's type.
        sig: Ty,
    },
    /// Several of the same depth.
    Ambiguous,
    /// Nothing.
    NotFound,
}

/// The package that tells unexported names apart; `None` for exported names.
pub fn name_scope(name: &str, pkg: PkgId) -> Option<PkgId> {
    if is_exported(name) { None } else { Some(pkg) }
}

/// Whether other packages may use the name.
pub fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}

/// A type on the frontier of the search.
#[derive(Clone, Debug)]
struct Candidate {
    ty: Ty,
    path: Vec<FieldStep>,
    indirect: bool,
    /// Whether the type was reached several times at this depth: all it has is ambiguous.
    multiple: bool,
}

impl TyTable {
    /// Finds the field or method `name` of `ty`, or of what `ty` points to, as seen from package `pkg`.
    pub fn lookup(&self, ty: Ty, name: &str, pkg: PkgId) -> Lookup {
        // A defined pointer type has no methods, but the fields of what it points to.
        if let Kind::Named(_) = self.kind(ty)
            && let Kind::Pointer(_) = self.under(ty)
        {
            return match self.lookup(self.underlying(ty), name, pkg) {
                field @ Lookup::Field { .. } => field,
                _ => Lookup::NotFound,
            };
        }
        let (base, is_pointer) = self.deref(ty);
        if is_pointer && self.is_interface(base) {
            return Lookup::NotFound;
        }
        let scope = name_scope(name, pkg);
        let first = Candidate {
            ty: base,
            path: Vec::new(),
            indirect: is_pointer,
            multiple: false,
        };
        let mut level = vec![first];
        let mut seen: HashSet<NamedId> = HashSet::default();
        while !level.is_empty() {
            let mut found: Option<Lookup> = None;
            let mut next: Vec<Candidate> = Vec::new();
            for candidate in level {
                if let Some(id) = self.as_named(candidate.ty)
                    && !seen.insert(id)
                {
                    continue;
                }
                let Some(hit) = self.find_in(&candidate, name, scope, is_pointer, &mut next) else {
                    continue;
                };
                if found.is_some() || candidate.multiple {
                    return Lookup::Ambiguous;
                }
                found = Some(hit);
            }
            if let Some(found) = found {
                return found;
            }
            level = consolidate(next);
        }
        Lookup::NotFound
    }

    /// What the candidate itself has under the name; its embedded fields go to `next`.
    fn find_in(
        &self,
        candidate: &Candidate,
        name: &str,
        scope: Option<PkgId>,
        base_is_pointer: bool,
        next: &mut Vec<Candidate>,
    ) -> Option<Lookup> {
        let at_pointer = candidate
            .path
            .last()
            .map_or(base_is_pointer, |step| self.deref(step.ty).1);
        if let Some(id) = self.as_named(candidate.ty) {
            let methods = &self.named(id).methods;
            if let Some(method) = methods.iter().find(|m| &*m.name == name && m.pkg == scope) {
                return Some(Lookup::Method {
                    path: candidate.path.clone(),
                    func: method.func,
                    ptr_recv: method.ptr_recv,
                    indirect: candidate.indirect,
                });
            }
        }
        match self.under(candidate.ty) {
            Kind::Struct(s) => {
                let mut hit = None;
                for (index, field) in s.fields.iter().enumerate() {
                    let step = || FieldStep {
                        deref: at_pointer,
                        index,
                        ty: field.ty,
                    };
                    if &*field.name == name && field.pkg == scope && hit.is_none() {
                        let path = candidate.path.iter().copied().chain([step()]).collect();
                        hit = Some(Lookup::Field {
                            path,
                            ty: field.ty,
                            indirect: candidate.indirect,
                        });
                        continue;
                    }
                    if field.embedded {
                        let (ty, is_pointer) = self.deref(field.ty);
                        let path = candidate.path.iter().copied().chain([step()]).collect();
                        let indirect = candidate.indirect || is_pointer;
                        next.push(Candidate {
                            ty,
                            path,
                            indirect,
                            multiple: candidate.multiple,
                        });
                    }
                }
                hit
            }
            Kind::Interface(i) => {
                let index = i
                    .methods
                    .iter()
                    .position(|m| &*m.name == name && m.pkg == scope)?;
                Some(Lookup::InterfaceMethod {
                    path: candidate.path.clone(),
                    iface: candidate.ty,
                    index,
                    sig: i.methods[index].sig,
                })
            }
            _ => None,
        }
    }

    /// Whether something that a type embeds is in error, so that it may have more fields and methods than are
    /// known.
    pub(super) fn embeds_invalid(&self, ty: Ty) -> bool {
        let (mut stack, mut seen) = (vec![self.deref(ty).0], foldhash::HashSet::default());
        while let Some(ty) = stack.pop() {
            match self.under(ty) {
                Kind::Invalid => return true,
                Kind::Interface(i) if i.partial => return true,
                Kind::Struct(s) if seen.insert(ty) => {
                    let embedded = s.fields.iter().filter(|f| f.embedded);
                    stack.extend(embedded.map(|f| self.deref(f.ty).0));
                }
                _ => {}
            }
        }
        false
    }

    /// The names of all fields and methods of a type, nearest first; for suggestions.
    pub(super) fn member_names(&self, ty: Ty) -> Vec<Name> {
        /// Enough for a suggestion; embedding may be deep or circular.
        const MAX_TYPES: usize = 64;
        let mut names = Vec::new();
        let mut queue = vec![self.deref(ty).0];
        let mut at = 0;
        while at < queue.len() && at < MAX_TYPES {
            let ty = queue[at];
            at += 1;
            if let Some(id) = self.as_named(ty) {
                names.extend(self.named(id).methods.iter().map(|m| m.name.clone()));
            }
            match self.under(ty) {
                Kind::Struct(s) => {
                    names.extend(s.fields.iter().map(|f| f.name.clone()));
                    queue.extend(
                        s.fields
                            .iter()
                            .filter(|f| f.embedded)
                            .map(|f| self.deref(f.ty).0),
                    );
                }
                Kind::Interface(i) => names.extend(i.methods.iter().map(|m| m.name.clone())),
                _ => {}
            }
        }
        names
    }
}

/// Merges candidates of the same defined type.
fn consolidate(list: Vec<Candidate>) -> Vec<Candidate> {
    let mut merged: Vec<Candidate> = Vec::with_capacity(list.len());
    let mut places = foldhash::HashMap::default();
    for candidate in list {
        match places.entry(candidate.ty) {
            std::collections::hash_map::Entry::Occupied(place) => {
                let earlier: &mut Candidate = &mut merged[*place.get()];
                earlier.multiple = true;
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(merged.len());
                merged.push(candidate);
            }
        }
    }
    merged
}
