//! `E01xx`: names, declarations, packages.

use super::{Code, Diagnostic, Span, with_help};
use crate::types::ty::Name;

pub(in crate::types) fn undeclared(at: Span, name: &str, help: Option<String>) -> Diagnostic {
    with_help(
        Diagnostic::error(
            Code::E0101,
            at,
            format!("undefined: {name}"),
            "not declared here",
        ),
        help,
    )
}

pub(in crate::types) fn redeclared(at: Span, name: &str, previous: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        Code::E0102,
        at,
        format!("{name} redeclared in this block"),
        "",
    );
    diagnostic.with_label(previous, "the other declaration")
}

pub(in crate::types) fn unused_variable(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0103,
        at,
        format!("declared and not used: {name}"),
        "its value is never used",
    )
    .with_help("remove it, or name it `_`")
}

pub(in crate::types) fn unused_import(at: Span, path: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0104,
        at,
        format!("\"{path}\" imported and not used"),
        "",
    )
    .with_help("remove the import")
}

pub(in crate::types) fn reserved_name(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0105,
        at,
        format!("{name} must be a function"),
        "declared as something else",
    )
}

pub(in crate::types) fn special_function(at: Span, name: &str) -> Diagnostic {
    let rule = if name == "init" {
        "neither parameters nor results"
    } else {
        "no parameters"
    };
    Diagnostic::error(Code::E0106, at, format!("func {name} has {rule}"), "")
}

pub(in crate::types) fn no_main(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0107, at, "the program has no function main", "")
        .with_help("add `func main() { … }`: the program starts there")
}

pub(in crate::types) fn missing_body(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::E0108, at, format!("func {name} has no body"), "")
        .with_note("only the standard library declares native functions")
}

pub(in crate::types) fn package_without_selector(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0110,
        at,
        format!("package {name} is not a value"),
        "",
    )
    .with_help(format!("name something of it: `{name}.…`"))
}

pub(in crate::types) fn no_package_member(
    at: Span,
    path: &str,
    name: &str,
    hidden: bool,
    family: Vec<Name>,
    close: Option<Name>,
) -> Diagnostic {
    let label = if hidden {
        "not exported"
    } else {
        "not declared there"
    };
    let diagnostic = Diagnostic::error(
        Code::E0111,
        at,
        format!("undefined: {name} in package {path}"),
        label,
    );
    let help = if family.is_empty() {
        close.map(|name| format!("did you mean `{name}`?"))
    } else {
        let names = family.join("`, `");
        Some(format!("Vo has no generics: there are `{names}`"))
    };
    with_help(diagnostic, help)
}

pub(in crate::types) fn blank_as_value(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0112, at, "`_` has no value", "")
        .with_note("the blank identifier can only be assigned to")
}

pub(in crate::types) fn iota_outside_const(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0113,
        at,
        "iota is only for constant declarations",
        "",
    )
}

pub(in crate::types) fn missing_init(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0114,
        at,
        format!("{name} has no initial value"),
        "fewer values than names",
    )
}

pub(in crate::types) fn extra_init(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0115,
        at,
        "initial value without a name",
        "more values than names",
    )
}

pub(in crate::types) fn not_constant(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0116,
        at,
        format!("{what} is not constant"),
        "known only when the program runs",
    )
}

pub(in crate::types) fn duplicate_method(
    at: Span,
    ty: &str,
    name: &str,
    previous: Span,
) -> Diagnostic {
    Diagnostic::error(
        Code::E0117,
        at,
        format!("method {ty}.{name} is declared twice"),
        "",
    )
    .with_label(previous, "the other declaration")
}

pub(in crate::types) fn field_and_method(at: Span, ty: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0118,
        at,
        format!("{ty} has both a field and a method named {name}"),
        "",
    )
}

/// The title of a cycle and a label for each of its steps.
fn cycle(id: Code, title: String, steps: &[(Span, String)]) -> Diagnostic {
    let next = |i: usize| &steps[(i + 1) % steps.len()].1;
    let text = |i: usize| {
        let name = &steps[i].1;
        if steps.len() == 1 {
            format!("{name} refers to itself")
        } else {
            format!("{name} refers to {}", next(i))
        }
    };
    let Some((first, _)) = steps.first() else {
        return Diagnostic::error(id, Span::default(), title, "");
    };
    let mut diagnostic = Diagnostic::error(id, *first, title, text(0));
    for (i, (span, _)) in steps.iter().enumerate().skip(1) {
        diagnostic = diagnostic.with_label(*span, text(i));
    }
    diagnostic
}

fn first_name(steps: &[(Span, String)]) -> &str {
    steps.first().map_or("", |(_, name)| name)
}

pub(in crate::types) fn declaration_cycle(steps: &[(Span, String)]) -> Diagnostic {
    cycle(
        Code::E0119,
        format!("the declaration of {} depends on itself", first_name(steps)),
        steps,
    )
}

pub(in crate::types) fn initialization_cycle(steps: &[(Span, String)]) -> Diagnostic {
    cycle(
        Code::E0120,
        format!(
            "the initial value of {} depends on itself",
            first_name(steps)
        ),
        steps,
    )
}

/// `has_struct` tells whether one of the types is a struct or array, which would contain itself.
pub(in crate::types) fn recursive_type(steps: &[(Span, String)], has_struct: bool) -> Diagnostic {
    let diagnostic = cycle(
        Code::E0121,
        format!("invalid recursive type {}", first_name(steps)),
        steps,
    );
    if has_struct {
        diagnostic.with_help("refer to the type by a pointer, slice, map or channel instead")
    } else {
        diagnostic.with_note("there is nothing that the type would be made of")
    }
}
