//! `E04xx`: calls, built-ins, composite literals.

use super::{Code, Diagnostic, Span, counted, with_help};
use crate::types::ty::Name;

// ---- calls --------------------------------------------------------------------------------------------

pub(in crate::types) fn not_a_function(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0401,
        at,
        format!("cannot call {what}"),
        "not a function",
    )
}

pub(in crate::types) fn argument_count(
    at: Span,
    name: &str,
    too_many: bool,
    have: &str,
    want: &str,
) -> Diagnostic {
    let few = if too_many { "too many" } else { "not enough" };
    Diagnostic::error(
        Code::E0402,
        at,
        format!("{few} arguments in call to {name}"),
        "",
    )
    .with_note(format!("have {have}, want {want}"))
}

pub(in crate::types) fn spread_to_fixed(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0403,
        at,
        format!("cannot use `...` in a call of {name}"),
        "its parameters are fixed",
    )
}

pub(in crate::types) fn spread_of_several(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0404,
        at,
        format!("`...` in the call of {name} needs a single slice"),
        "",
    )
}

pub(in crate::types) fn spread_in_conversion(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0405, at, "`...` has no meaning in a conversion", "")
}

pub(in crate::types) fn conversion_arity(at: Span, ty: &str, count: usize) -> Diagnostic {
    let have = counted(count, "operand");
    Diagnostic::error(
        Code::E0406,
        at,
        format!("a conversion to {ty} has one operand, not {have}"),
        "",
    )
}

pub(in crate::types) fn builtin_callee(at: Span, keyword: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0407,
        at,
        format!("{keyword} cannot call the built-in {name} directly"),
        "",
    )
    .with_help(format!("wrap it: `{keyword} func() {{ {name}(…) }}()`"))
}

pub(in crate::types) fn conversion_callee(at: Span, keyword: &str, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0408,
        at,
        format!("{keyword} needs a function call"),
        format!("{text} is a conversion"),
    )
}

pub(in crate::types) fn unsendable_capture(at: Span, name: &str, why: &str) -> Diagnostic {
    let title = format!("the function uses {name}, which cannot be sent to another island");
    Diagnostic::error(Code::E0409, at, title, "").with_note(why)
}

// ---- built-ins ----------------------------------------------------------------------------------------

pub(in crate::types) fn builtin_arity(
    at: Span,
    name: &str,
    least: usize,
    most: Option<usize>,
    have: usize,
) -> Diagnostic {
    let few = if have < least {
        "not enough"
    } else {
        "too many"
    };
    let want = match most {
        Some(most) if most == least => counted(least, "argument"),
        Some(most) => format!("{least} to {most} arguments"),
        None => format!("at least {}", counted(least, "argument")),
    };
    Diagnostic::error(
        Code::E0420,
        at,
        format!("{few} arguments for {name}"),
        format!("have {have}, want {want}"),
    )
}

pub(in crate::types) fn wrong_builtin_argument(
    at: Span,
    name: &str,
    want: &str,
    what: &str,
) -> Diagnostic {
    Diagnostic::error(
        Code::E0421,
        at,
        format!("invalid argument for {name}: {what}"),
        format!("expected {want}"),
    )
}

pub(in crate::types) fn copy_of_other_elements(at: Span, to: &str, from: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0422,
        at,
        format!("cannot copy from {from} to {to}"),
        "the element types differ",
    )
}

pub(in crate::types) fn not_printable(at: Span, name: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0423,
        at,
        format!("{name} cannot print {what}"),
        "no plain text form",
    )
    .with_help("use fmt.Println")
}

pub(in crate::types) fn assertion_never_holds(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0424,
        at,
        "the assertion can never hold",
        "always false",
    )
}

pub(in crate::types) fn cannot_make(at: Span, ty: &str, why: &str) -> Diagnostic {
    Diagnostic::error(Code::E0425, at, format!("cannot make a {ty}"), "").with_note(why)
}

pub(in crate::types) fn make_arity(
    at: Span,
    ty: &str,
    least: usize,
    most: usize,
    have: usize,
) -> Diagnostic {
    let want = match (least, most) {
        (0, 0) => "no size".to_string(),
        (a, b) if a == b => counted(a, "size"),
        (a, b) => format!("{a} to {}", counted(b, "size")),
    };
    Diagnostic::error(
        Code::E0426,
        at,
        format!("make({ty}, …) needs {want}"),
        format!("found {have}"),
    )
}

pub(in crate::types) fn length_over_capacity(at: Span, length: u64, capacity: u64) -> Diagnostic {
    let title = format!("length {length} is larger than the capacity {capacity}");
    Diagnostic::error(Code::E0428, at, title, "")
}

pub(in crate::types) fn port_without_capacity(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0427,
        at,
        "a port needs a capacity greater than 0",
        "",
    )
}

// ---- composite literals -------------------------------------------------------------------------------

pub(in crate::types) fn untyped_literal(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0440,
        at,
        "the literal has no type",
        "expected a type before `{`",
    )
}

pub(in crate::types) fn invalid_literal_type(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0441,
        at,
        format!("{ty} has no composite literals"),
        "",
    )
    .with_note("structs, arrays, slices and maps have them")
}

pub(in crate::types) fn mixed_struct_literal(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0442,
        at,
        "mixture of values with and without field names in a struct literal",
        "",
    )
}

pub(in crate::types) fn invalid_field_name(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(Code::E0443, at, format!("{text} is not a field name"), "")
}

pub(in crate::types) fn unknown_field(
    at: Span,
    name: &str,
    ty: &str,
    close: Option<Name>,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::E0444, at, format!("{ty} has no field {name}"), "");
    with_help(
        diagnostic,
        close.map(|name| format!("did you mean `{name}`?")),
    )
}

pub(in crate::types) fn duplicate_field_value(at: Span, name: &str, previous: Span) -> Diagnostic {
    Diagnostic::error(Code::E0445, at, format!("duplicate field {name}"), "")
        .with_label(previous, "the other value")
}

pub(in crate::types) fn overlapping_field_values(
    at: Span,
    name: &str,
    previous: Span,
) -> Diagnostic {
    Diagnostic::error(
        Code::E0452,
        at,
        format!("the values overlap: cannot specify {name} here"),
        "an embedded field and a field promoted from it exclude each other",
    )
    .with_label(previous, "the other value")
}

pub(in crate::types) fn key_through_pointer(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0453,
        at,
        format!("the field {name} is promoted through a pointer"),
        "give the embedded pointer a value of its own",
    )
}

pub(in crate::types) fn struct_literal_count(
    at: Span,
    ty: &str,
    fields: usize,
    too_many: bool,
) -> Diagnostic {
    let few = if too_many { "too many" } else { "too few" };
    let want = counted(fields, "field");
    Diagnostic::error(
        Code::E0446,
        at,
        format!("{few} values in the literal of {ty}"),
        format!("it has {want}"),
    )
}

pub(in crate::types) fn unexported_field_value(at: Span, name: &str, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0447,
        at,
        format!("field {name} of {ty} is not exported"),
        "",
    )
}

pub(in crate::types) fn duplicate_index(at: Span, index: u64) -> Diagnostic {
    Diagnostic::error(Code::E0448, at, format!("duplicate index {index}"), "")
}

pub(in crate::types) fn index_not_constant(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(Code::E0449, at, format!("index {text} is not constant"), "")
}

pub(in crate::types) fn missing_key(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0450,
        at,
        "a map literal needs a key for each value",
        "expected `key: value`",
    )
}

pub(in crate::types) fn duplicate_key(at: Span, key: &str, previous: Span) -> Diagnostic {
    Diagnostic::error(Code::E0451, at, format!("duplicate key {key}"), "")
        .with_label(previous, "the other one")
}

// ---- dynamic access -----------------------------------------------------------------------------------

pub(in crate::types) fn dyn_base(
    op: Span,
    base: Span,
    what: &str,
    text: &str,
    protocol: &str,
) -> Diagnostic {
    Diagnostic::error(
        Code::E0470,
        base,
        format!("{what} is no base for dynamic access"),
        format!("neither an interface, nor of a type with the method {protocol}"),
    )
    .with_label(op, "dynamic access")
    .with_help(format!("write `any({text})~>…`"))
}

pub(in crate::types) fn dyn_base_of_several(at: Span, text: &str, count: usize) -> Diagnostic {
    Diagnostic::error(
        Code::E0471,
        at,
        format!("{text} is no base for dynamic access"),
        super::counted(count, "value"),
    )
    .with_note("the base is one value, or a value of an interface type with an error")
}

pub(in crate::types) fn dyn_target(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0472,
        at,
        format!("cannot assign to {text}"),
        "dynamic access",
    )
    .with_help("use dyn.SetAttr or dyn.SetIndex")
}

pub(in crate::types) fn protocol_method(
    at: Span,
    name: &str,
    have: &str,
    want: &str,
) -> Diagnostic {
    Diagnostic::error(
        Code::E0473,
        at,
        format!("method {name} has the wrong signature"),
        format!("have {have}"),
    )
    .with_note(format!(
        "methods of that name are for dynamic access; want {want}"
    ))
}

pub(in crate::types) fn remote_dyn_call(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0474,
        at,
        "a dynamic call cannot start on an island",
        "",
    )
    .with_note("its base is an interface, and interfaces do not cross islands")
}
