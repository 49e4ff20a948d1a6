//! `E02xx`: type expressions and what types may contain.

use super::{Code, Diagnostic, Span};

pub(in crate::types) fn not_a_type(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0201,
        at,
        format!("{text} is not a type"),
        "expected a type",
    )
}

pub(in crate::types) fn pointer_to_non_struct(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0202,
        at,
        format!("`*{ty}` is not available in Vo"),
        format!("{ty} is not a struct type"),
    )
    .with_note("pointers are only to struct types")
    .with_help("use a struct with a field of that type, or return the changed value")
}

pub(in crate::types) fn no_generics(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0203,
        at,
        "type parameters are not part of Vo",
        "this would be an instantiation",
    )
    .with_help("use `any` and a type assertion, or write the type out")
}

pub(in crate::types) fn array_length_not_constant(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0205,
        at,
        format!("array length {text} is not constant"),
        "",
    )
    .with_help("use a slice: `make([]T, n)`")
}

pub(in crate::types) fn array_length_not_integer(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0206,
        at,
        format!("array length {what} is not an integer"),
        "",
    )
}

pub(in crate::types) fn array_length_out_of_range(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0207,
        at,
        format!("invalid array length {text}"),
        "negative or too large",
    )
}

pub(in crate::types) fn invalid_map_key(at: Span, ty: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0208,
        at,
        format!("{ty} cannot be the key of a map"),
        "",
    )
    .with_note(why)
}

pub(in crate::types) fn unsendable(at: Span, ty: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0209,
        at,
        format!("{ty} cannot be sent to another island"),
        "",
    )
    .with_note(why)
}

pub(in crate::types) fn duplicate_field(at: Span, name: &str, previous: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0210,
        at,
        format!("the struct has two fields {name}"),
        "",
    )
    .with_label(previous, "the other one")
}

pub(in crate::types) fn invalid_embedded(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0211,
        at,
        format!("{ty} cannot be embedded"),
        "a pointer",
    )
    .with_note("only a type name or a pointer to a struct can be embedded")
}

pub(in crate::types) fn blank_method(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0212, at, "a method of an interface needs a name", "")
}

pub(in crate::types) fn duplicate_interface_method(
    at: Span,
    name: &str,
    previous: Span,
) -> Diagnostic {
    Diagnostic::error(
        Code::E0213,
        at,
        format!("the interface has two methods {name}"),
        "",
    )
    .with_label(previous, "the other one")
}

pub(in crate::types) fn embeds_non_interface(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0214,
        at,
        format!("{ty} is not an interface"),
        "only interfaces can be embedded here",
    )
    .with_note("unions and constraints are not part of Vo")
}

pub(in crate::types) fn conflicting_method(
    at: Span,
    name: &str,
    have: &str,
    want: &str,
) -> Diagnostic {
    Diagnostic::error(
        Code::E0215,
        at,
        format!("the interface has two methods {name} of different types"),
        "",
    )
    .with_note(format!("{have} and {want}"))
}

pub(in crate::types) fn receiver_without_name(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0216,
        at,
        format!("invalid receiver type {ty}"),
        "not a defined type",
    )
    .with_note(
        "methods are declared for a type `T` of this package or, if it is a struct, for `*T`",
    )
}

pub(in crate::types) fn foreign_receiver(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0217,
        at,
        format!("cannot declare a method of {ty}"),
        "declared in another package",
    )
    .with_help(format!(
        "define a type of your own: `type T {ty}`, or embed it in a struct"
    ))
}

pub(in crate::types) fn receiver_pointer_or_interface(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0218,
        at,
        format!("invalid receiver type {ty}"),
        "a pointer or an interface",
    )
}

pub(in crate::types) fn pointer_receiver_on_non_struct(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0219,
        at,
        format!("a method of {ty} cannot have a pointer receiver"),
        "not a struct type",
    )
    .with_note("pointers are only to struct types")
    .with_help(format!("use the receiver type {ty}, or make it a struct"))
}

pub(in crate::types) fn invalid_const_type(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(Code::E0220, at, format!("{ty} has no constants"), "")
        .with_note("constants are booleans, numbers and strings")
}

pub(in crate::types) fn type_too_deep(at: Span, ty: &str, levels: u32, parts: u64) -> Diagnostic {
    Diagnostic::error(
        Code::E0222,
        at,
        format!("type {ty} is nested too deeply"),
        "",
    )
    .with_note(format!(
        "at most {levels} structs and arrays can be in each other, with {parts} fields and elements"
    ))
    .with_help("hold some of them by pointers")
}

pub(in crate::types) fn too_many_results(at: Span, max: usize) -> Diagnostic {
    Diagnostic::error(Code::E0223, at, "too many results", "")
        .with_note(format!(
            "results take at most {max} words: numbers and pointers one, strings and interfaces two, slices three"
        ))
        .with_help("return a struct, or a pointer to one")
}

pub(in crate::types) fn type_too_large(at: Span, ty: &str, max: u64) -> Diagnostic {
    Diagnostic::error(
        Code::E0221,
        at,
        format!("values of type {ty} are too large"),
        "",
    )
    .with_note(format!(
        "a value has at most {max} bytes, an array as many elements"
    ))
    .with_help("use a slice")
}
