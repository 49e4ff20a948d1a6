//! `E03xx`: operands, operators, constants, selectors, indices.

use super::{Code, Diagnostic, Span, counted, with_help, with_note};
use crate::types::operand::Unfit;

// ---- what an expression is ----------------------------------------------------------------------------

pub(in crate::types) fn no_value(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0301,
        at,
        format!("{text} (no value) used as a value"),
        "this call has no result",
    )
}

pub(in crate::types) fn builtin_not_called(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0302,
        at,
        format!("{text} (built-in) must be called"),
        "",
    )
}

pub(in crate::types) fn type_as_value(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0303,
        at,
        format!("{text} (type) is not an expression"),
        "expected a value",
    )
}

pub(in crate::types) fn several_values(at: Span, text: &str, count: usize) -> Diagnostic {
    let title = format!(
        "{text} gives {} where one is needed",
        counted(count, "value")
    );
    Diagnostic::error(Code::E0304, at, title, "").with_help("assign the results to variables first")
}

// ---- operators ----------------------------------------------------------------------------------------

pub(in crate::types) fn operator_not_defined(at: Span, op: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0305,
        at,
        format!("operator {op} is not defined on {what}"),
        "",
    )
}

pub(in crate::types) fn mismatched_types(
    at: Span,
    text: &str,
    (x, x_ty): (Span, &str),
    (y, y_ty): (Span, &str),
    numbers: bool,
) -> Diagnostic {
    let title = format!("mismatched types {x_ty} and {y_ty} in `{text}`");
    let diagnostic = Diagnostic::error(Code::E0306, at, title, "")
        .with_label(x, x_ty)
        .with_label(y, y_ty);
    if numbers {
        diagnostic.with_help(format!("convert one of them, e.g. `{x_ty}(…)`"))
    } else {
        diagnostic
    }
}

pub(in crate::types) fn incomparable(at: Span, op: &str, what: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0307,
        at,
        format!("operator {op} is not defined on {what}"),
        "",
    )
    .with_note(why)
}

pub(in crate::types) fn division_by_zero(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0308, at, "division by zero", "this is 0")
}

pub(in crate::types) fn shift_of_non_integer(at: Span, text: &str, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0309,
        at,
        format!("shifted operand {text} must be an integer"),
        format!("here it is a {ty}"),
    )
}

pub(in crate::types) fn shift_count_not_integer(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0310,
        at,
        format!("shift count {what} must be an integer"),
        "",
    )
}

pub(in crate::types) fn negative_shift(at: Span, count: &str) -> Diagnostic {
    Diagnostic::error(Code::E0311, at, format!("negative shift count {count}"), "")
}

pub(in crate::types) fn shift_too_far(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0312,
        at,
        "invalid shift count",
        "too large for a constant shift",
    )
}

pub(in crate::types) fn no_address(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0313,
        at,
        format!("cannot take the address of {what}"),
        "not a variable",
    )
    .with_help("assign it to a variable first")
}

pub(in crate::types) fn address_of_non_struct(at: Span, ty: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0314,
        at,
        format!("cannot take the address of a value of type {ty}"),
        "not a struct",
    )
    .with_note(format!(
        "pointers are only to struct types; `*{ty}` is not available in Vo"
    ))
}

pub(in crate::types) fn cannot_indirect(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0315,
        at,
        format!("cannot follow {what}"),
        "not a pointer",
    )
}

pub(in crate::types) fn not_a_queue(at: Span, what: &str, receive: bool) -> Diagnostic {
    let verb = if receive { "receive from" } else { "send to" };
    Diagnostic::error(
        Code::E0316,
        at,
        format!("cannot {verb} {what}"),
        "neither channel nor port",
    )
}

pub(in crate::types) fn wrong_direction(at: Span, what: &str, receive: bool) -> Diagnostic {
    let (verb, only) = if receive {
        ("receive from", "send-only")
    } else {
        ("send to", "receive-only")
    };
    Diagnostic::error(
        Code::E0317,
        at,
        format!("cannot {verb} {what}"),
        format!("it is {only}"),
    )
}

// ---- constants ----------------------------------------------------------------------------------------

pub(in crate::types) fn constant_does_not_fit(
    at: Span,
    what: &str,
    ty: &str,
    unfit: Unfit,
    context: &str,
) -> Diagnostic {
    let (title, label) = match unfit {
        Unfit::Kind => (format!("cannot use {what} as {ty}"), "of another kind"),
        Unfit::Truncated => (
            format!("{what} is not a whole number and cannot be {ty}"),
            "would be truncated",
        ),
        Unfit::Overflows => (format!("{what} does not fit {ty}"), "overflows"),
    };
    let title = if context.is_empty() {
        title
    } else {
        format!("{title} {}", in_context(context))
    };
    Diagnostic::error(Code::E0318, at, title, label)
}

/// `in the …`, unless the context brings its own preposition.
fn in_context(context: &str) -> String {
    if context.starts_with("as ") {
        context.to_string()
    } else {
        format!("in {context}")
    }
}

pub(in crate::types) fn constant_too_large(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0319,
        at,
        "constant overflow",
        "the value is beyond what constants can hold",
    )
}

// ---- selectors ----------------------------------------------------------------------------------------

pub(in crate::types) fn no_member(
    at: Span,
    what: &str,
    ty: &str,
    name: &str,
    help: Option<String>,
) -> Diagnostic {
    let label = if ty.is_empty() {
        String::new()
    } else {
        format!("type {ty} has no field or method {name}")
    };
    with_help(
        Diagnostic::error(Code::E0320, at, format!("{what} has no {name}"), label),
        help,
    )
}

pub(in crate::types) fn ambiguous_selector(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0321,
        at,
        format!("ambiguous selector {text}"),
        "several embedded fields have it",
    )
    .with_help("name the embedded field")
}

pub(in crate::types) fn pointer_method_on_value(at: Span, name: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0322,
        at,
        format!("cannot call pointer method {name} on {what}"),
        "its address cannot be taken",
    )
    .with_help("assign it to a variable first")
}

pub(in crate::types) fn method_expr_needs_pointer(at: Span, ty: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0323,
        at,
        format!("{ty}.{name} has a pointer receiver"),
        "",
    )
    .with_help(format!("write `(*{ty}).{name}`"))
}

pub(in crate::types) fn no_method(at: Span, ty: &str, name: &str, is_field: bool) -> Diagnostic {
    let label = if is_field {
        "a field, which needs a value"
    } else {
        "not declared"
    };
    Diagnostic::error(
        Code::E0324,
        at,
        format!("type {ty} has no method {name}"),
        label,
    )
}

pub(in crate::types) fn assert_on_non_interface(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0325,
        at,
        format!("{what} is not an interface"),
        "its type is known already",
    )
    .with_note("a type assertion or type switch asks for the type of the value in an interface")
}

pub(in crate::types) fn impossible_assertion(
    at: Span,
    what: &str,
    ty: &str,
    why: &str,
) -> Diagnostic {
    Diagnostic::error(Code::E0326, at, format!("{what} can never hold a {ty}"), "").with_note(why)
}

// ---- indices ------------------------------------------------------------------------------------------

pub(in crate::types) fn cannot_index(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::E0327, at, format!("cannot index {what}"), "")
        .with_note("arrays, slices, strings and maps can be indexed")
}

pub(in crate::types) fn cannot_slice(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::E0328, at, format!("cannot slice {what}"), "")
        .with_note("arrays, slices and strings can be sliced")
}

pub(in crate::types) fn slice_of_unaddressable(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0329,
        at,
        format!("cannot slice {what}"),
        "not a variable",
    )
    .with_help("assign the array to a variable first")
}

pub(in crate::types) fn full_slice_of_string(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0330, at, "a string has no capacity to slice by", "")
}

pub(in crate::types) fn index_not_integer(at: Span, role: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0331,
        at,
        format!("{role} {what} must be an integer"),
        "",
    )
}

pub(in crate::types) fn negative_index(at: Span, role: &str, value: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0332,
        at,
        format!("{role} {value} must not be negative"),
        "",
    )
}

pub(in crate::types) fn index_out_of_bounds(at: Span, value: u64, limit: u64) -> Diagnostic {
    Diagnostic::error(
        Code::E0333,
        at,
        format!("index {value} out of bounds [0:{limit}]"),
        "",
    )
}

pub(in crate::types) fn swapped_bounds(at: Span, low: u64, high: u64) -> Diagnostic {
    Diagnostic::error(
        Code::E0334,
        at,
        format!("the bounds are in the wrong order: {low} > {high}"),
        "",
    )
}

// ---- conversions and errors ---------------------------------------------------------------------------

pub(in crate::types) fn cannot_convert(
    at: Span,
    what: &str,
    ty: &str,
    why: &str,
    unfit: Unfit,
) -> Diagnostic {
    let label = match unfit {
        Unfit::Kind => "",
        Unfit::Truncated => "would be truncated",
        Unfit::Overflows => "overflows",
    };
    with_note(
        Diagnostic::error(
            Code::E0335,
            at,
            format!("cannot convert {what} to {ty}"),
            label,
        ),
        why,
    )
}

pub(in crate::types) fn try_without_error(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0336,
        at,
        format!("`?` needs a last result of type error, not {what}"),
        "",
    )
}

pub(in crate::types) fn no_error_result(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0337,
        at,
        format!("`{what}` needs a function whose last result is error"),
        "",
    )
    .with_help("add a last result of type error to the function")
}
