//! Which types implement which interfaces.

use super::check::Checker;
use super::info::PkgId;
use super::lookup::Lookup;
use super::ty::{Name, Ty};

/// Why a type does not implement an interface.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    name: Name,
    reason: Reason,
}

#[derive(Clone, Debug)]
enum Reason {
    /// There is no such method.
    Absent,
    /// There is a field of the name.
    IsField,
    /// Several embedded fields have it.
    Ambiguous,
    /// It has another type.
    WrongType { have: Ty, want: Ty },
    /// Its receiver is a pointer.
    PointerReceiver,
    /// The type is a pointer to an interface.
    PointerToInterface,
    /// There is one whose name differs in case.
    OtherName(Name),
}

impl Checker<'_> {
    /// The first method of the interface `iface` that `ty` lacks.
    pub(super) fn missing_method(&mut self, ty: Ty, iface: Ty) -> Option<Missing> {
        let want = self.tys.as_interface(iface)?;
        if self.tys.underlying(ty).is_invalid() || self.tys.embeds_invalid(ty) {
            return None;
        }
        let here = self.pkg;
        for method in &want.methods {
            let pkg = method.pkg.unwrap_or(here);
            if let Some(reason) = self.lacks(ty, &method.name, pkg, method.sig) {
                return Some(Missing {
                    name: method.name.clone(),
                    reason,
                });
            }
        }
        None
    }

    fn lacks(&mut self, ty: Ty, name: &str, pkg: PkgId, want: Ty) -> Option<Reason> {
        let wrong = |have: Ty| {
            (have != want && !have.is_invalid()).then_some(Reason::WrongType { have, want })
        };
        match self.tys.lookup(ty, name, pkg) {
            Lookup::InterfaceMethod { sig, .. } => wrong(sig),
            Lookup::Method {
                func,
                ptr_recv,
                indirect,
                ..
            } => {
                self.resolve(func);
                let have = self.info.object(func).ty;
                wrong(have).or_else(|| (ptr_recv && !indirect).then_some(Reason::PointerReceiver))
            }
            Lookup::Field { .. } => Some(Reason::IsField),
            Lookup::Ambiguous => Some(Reason::Ambiguous),
            Lookup::NotFound => {
                let (base, is_pointer) = self.tys.deref(ty);
                if is_pointer && self.tys.is_interface(base) {
                    return Some(Reason::PointerToInterface);
                }
                let other = self
                    .tys
                    .member_names(ty)
                    .into_iter()
                    .find(|member| member.eq_ignore_ascii_case(name) && &**member != name);
                Some(other.map_or(Reason::Absent, Reason::OtherName))
            }
        }
    }

    /// The reason in words.
    pub(super) fn missing_text(&self, ty: Ty, iface: Ty, missing: &Missing) -> String {
        let (ty, iface, name) = (self.show(ty), self.show(iface), &missing.name);
        let why = match &missing.reason {
            Reason::Absent => format!("it has no method {name}"),
            Reason::IsField => format!("its {name} is a field, not a method"),
            Reason::Ambiguous => format!("several embedded fields have a method {name}"),
            Reason::WrongType { have, want } => {
                format!(
                    "its method {name} is {}, not {}",
                    self.show(*have),
                    self.show(*want)
                )
            }
            Reason::PointerReceiver => {
                format!("its method {name} has a pointer receiver; a pointer (&…) would do")
            }
            Reason::PointerToInterface => "a pointer to an interface has no methods".to_string(),
            Reason::OtherName(other) => format!("it has {other}, but not {name}"),
        };
        format!("{ty} does not implement {iface}: {why}")
    }
}
