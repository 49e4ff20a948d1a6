//! `E05xx`: statements, assignments, jumps.

use super::{Code, Diagnostic, Span, counted, with_note};
use crate::types::stmt::Falls;

// ---- assignments --------------------------------------------------------------------------------------

pub(in crate::types) fn not_assignable(
    at: Span,
    what: &str,
    have: &str,
    want: &str,
    context: &str,
    why: &str,
) -> Diagnostic {
    let label = format!("expected {want}, found {have}");
    with_note(
        Diagnostic::error(
            Code::E0501,
            at,
            format!("cannot use {what} as {want} in {context}"),
            label,
        ),
        why,
    )
}

pub(in crate::types) fn untyped_nil(at: Span, context: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0502,
        at,
        format!("nil without a type in {context}"),
        "",
    )
    .with_help("give the variable a type: `var p *T = nil`")
}

pub(in crate::types) fn assignment_count(
    at: Span,
    variables: usize,
    values: usize,
    call: Option<&str>,
) -> Diagnostic {
    let (variables, values) = (counted(variables, "variable"), counted(values, "value"));
    let title = match call {
        Some(call) => format!("assignment mismatch: {variables}, but {call} gives {values}"),
        None => format!("assignment mismatch: {variables}, but {values}"),
    };
    Diagnostic::error(Code::E0503, at, title, "")
}

pub(in crate::types) fn unassignable(at: Span, what: &str, string: bool) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        Code::E0504,
        at,
        format!("cannot assign to {what}"),
        "not a variable or map element",
    );
    if string {
        diagnostic
            .with_note("strings cannot be changed")
            .with_help("convert it to []byte and back")
    } else {
        diagnostic
    }
}

pub(in crate::types) fn field_of_map_element(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0505,
        at,
        format!("cannot assign to {text}"),
        "a part of an element of a map",
    )
    .with_help("assign a whole element, or keep pointers in the map")
}

pub(in crate::types) fn repeated_in_define(at: Span, name: &str, previous: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0506,
        at,
        format!("{name} stands twice on the left of :="),
        "",
    )
    .with_label(previous, "first here")
}

pub(in crate::types) fn no_new_variables(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0507, at, "no new variables on the left of :=", "")
        .with_help("use `=` to assign")
}

pub(in crate::types) fn result_count(
    at: Span,
    too_many: bool,
    have: &str,
    want: &str,
) -> Diagnostic {
    let few = if too_many { "too many" } else { "not enough" };
    Diagnostic::error(Code::E0508, at, format!("{few} values to return"), "")
        .with_note(format!("have {have}, want {want}"))
}

pub(in crate::types) fn shadowed_result(at: Span, name: &str, inner: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0509,
        at,
        format!("result {name} is not in scope here"),
        "",
    )
    .with_label(inner, "hidden by this declaration")
}

pub(in crate::types) fn missing_return(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0510,
        at,
        "missing return",
        "the function may end here without results",
    )
}

// ---- statements ---------------------------------------------------------------------------------------

pub(in crate::types) fn unused_value(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0520,
        at,
        format!("{text} is not used"),
        "a value alone is no statement",
    )
}

pub(in crate::types) fn condition_not_boolean(at: Span, statement: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0521,
        at,
        format!("the condition of `{statement}` is {what}"),
        "expected a bool",
    )
}

pub(in crate::types) fn cannot_switch(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0522,
        at,
        format!("cannot switch on {what}"),
        "its values cannot be compared",
    )
}

pub(in crate::types) fn case_not_boolean(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0523,
        at,
        format!("the case is {what}"),
        "expected a bool",
    )
    .with_note("a switch without a tag takes conditions")
}

pub(in crate::types) fn case_mismatch(at: Span, what: &str, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0524,
        at,
        format!("the case is {what}"),
        format!("the switch is on a value of type {ty}"),
    )
}

pub(in crate::types) fn duplicate_case(at: Span, shown: &str, previous: Span) -> Diagnostic {
    Diagnostic::error(Code::E0525, at, format!("duplicate case {shown}"), "")
        .with_label(previous, "the other one")
}

pub(in crate::types) fn cannot_range(at: Span, what: &str, why: &str) -> Diagnostic {
    with_note(
        Diagnostic::error(Code::E0526, at, format!("cannot range over {what}"), ""),
        why,
    )
}

pub(in crate::types) fn too_many_range_variables(at: Span, what: &str, given: usize) -> Diagnostic {
    let given = counted(given, "value");
    Diagnostic::error(
        Code::E0527,
        at,
        format!("range over {what} gives {given} at each step"),
        "one too many",
    )
}

pub(in crate::types) fn range_variable_not_integer(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0528,
        at,
        format!("a variable of type {ty} cannot count"),
        "expected an integer",
    )
}

pub(in crate::types) fn port_send_in_select(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0529, at, "select cannot send to a port", "")
        .with_note("it can receive from one")
}

// ---- jumps --------------------------------------------------------------------------------------------

pub(in crate::types) fn misplaced_break(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0540,
        at,
        "break outside a loop, switch or select",
        "",
    )
}

pub(in crate::types) fn misplaced_continue(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0541, at, "continue outside a loop", "")
}

pub(in crate::types) fn misplaced_fallthrough(at: Span, falls: Falls) -> Diagnostic {
    let why = match falls {
        Falls::FinalCase => "there is no next case",
        Falls::TypeSwitch => "a type switch has none",
        Falls::No | Falls::Yes => "it stands only at the end of a case",
    };
    Diagnostic::error(Code::E0542, at, "misplaced fallthrough", why)
}

pub(in crate::types) fn duplicate_label(at: Span, name: &str, previous: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0543,
        at,
        format!("label {name} is declared twice"),
        "",
    )
    .with_label(previous, "the other one")
}

pub(in crate::types) fn unused_label(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0544,
        at,
        format!("label {name} declared and not used"),
        "",
    )
}

pub(in crate::types) fn invalid_label(
    at: Span,
    what: &str,
    name: &str,
    declared: bool,
) -> Diagnostic {
    let label = match (declared, what) {
        (false, _) => "no such label",
        (true, "continue") => "it names no loop around this",
        (true, _) => "it names no loop, switch or select around this",
    };
    Diagnostic::error(
        Code::E0545,
        at,
        format!("invalid {what} label {name}"),
        label,
    )
}
