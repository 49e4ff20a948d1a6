//! The text of failed type assertions.

use crate::runtime::program::Program;
use crate::runtime::value::name::type_name;
use vo_bytecode::{TypeId, TypeKind, Types};

impl Program {
    /// The text of a failed type assertion: the dynamic type's type word, the type of the interface, and the
    /// type wanted.
    pub fn assertion_text(&self, type_word: u64, from: TypeId, want: TypeId) -> String {
        assertion_text(&self.module.types, type_word, from, want)
    }
}

fn assertion_text(types: &Types, type_word: u64, from: TypeId, want: TypeId) -> String {
    let wanted = type_name(types, want);
    let TypeKind::Interface(methods) = types.kind(want) else {
        let found = match type_word {
            0 => "nil".into(),
            word => type_name(types, TypeId(word as u32 - 1)),
        };
        let from = type_name(types, from);
        return format!("interface conversion: {from} is {found}, not {wanted}");
    };
    if type_word == 0 {
        return format!("interface conversion: interface is nil, not {wanted}");
    }
    let found = TypeId(type_word as u32 - 1);
    let missing = methods
        .iter()
        .find(|m| types.find_method(found, **m).is_none());
    let missing = missing.map_or("", |method| bare(&types.methods[method.index()].name));
    let found = type_name(types, found);
    format!("interface conversion: {found} is not {wanted}: missing method {missing}")
}

/// A method's name without its package.
fn bare(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
