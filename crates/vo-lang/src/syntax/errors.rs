//! The diagnostics of lexer and parser: one named constructor per error, ids `E0001` to `E0099`.

use crate::diag::{Code, Diagnostic};
use crate::source::Span;

// ---- lexer --------------------------------------------------------------------------------------------

pub(super) fn file_too_large(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0001, at, "the file is too large", "").with_note(format!(
        "a source file has at most {} bytes",
        crate::source::MAX_FILE_BYTES
    ))
}

pub(super) fn invalid_utf8(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0002,
        at,
        "the file is not valid UTF-8",
        "these bytes are not a character",
    )
    .with_help("save the file in UTF-8")
}

pub(super) fn unexpected_char(at: Span, c: char) -> Diagnostic {
    let shown = if c.is_control() || c == '\u{feff}' {
        String::new()
    } else {
        format!("`{c}` ")
    };
    let title = format!("unexpected character {shown}(U+{:04X})", u32::from(c));
    let diagnostic = Diagnostic::error(Code::E0003, at, title, "");
    let ascii = match c {
        '“' | '”' | '„' | '«' | '»' => "\"",
        '‘' | '’' => "'",
        '–' | '—' | '−' => "-",
        '×' => "*",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '→' => "~> or <-",
        '\u{a0}' => "an ordinary space",
        _ => return diagnostic,
    };
    diagnostic.with_help(format!("write {ascii} instead"))
}

pub(super) fn unterminated_comment(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0004,
        at,
        "comment without end",
        "this `/*` has no `*/`",
    )
    .with_note("block comments nest: each `/*` needs its own `*/`")
}

pub(super) fn unterminated_string(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0005,
        at,
        "string without end",
        "no closing `\"` on this line",
    )
    .with_help("strings over several lines stand between back quotes")
}

pub(super) fn unterminated_raw_string(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0005,
        at,
        "string without end",
        "this back quote has no partner",
    )
}

pub(super) fn unterminated_rune(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0006,
        at,
        "rune without end",
        "no closing `'` on this line",
    )
}

pub(super) fn empty_rune(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0006,
        at,
        "empty rune literal",
        "expected one character",
    )
    .with_help("the single quote itself is written '\\''")
}

pub(super) fn long_rune(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0006,
        at,
        "more than one character in a rune literal",
        "",
    )
    .with_help("strings stand between double quotes")
}

pub(super) fn bad_escape(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::E0007, at, what, "").with_note(
        "escapes are \\a \\b \\f \\n \\r \\t \\v \\\\ \\' (in runes) \\\" (in strings), \
         \\ooo \\xhh \\uhhhh \\Uhhhhhhhh",
    )
}

pub(super) fn bad_number(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::E0008, at, what, "not a number")
}

pub(super) fn imaginary(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0009, at, "imaginary literals are not part of Vo", "")
        .with_note("Vo has no complex numbers")
}

// ---- parser: general ----------------------------------------------------------------------------------

pub(super) fn expected(at: Span, expected: &str, found: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0020,
        at,
        format!("expected {expected}, found {found}"),
        format!("expected {expected}"),
    )
}

pub(super) fn unclosed(
    at: Span,
    found: &str,
    open: Span,
    bracket: &str,
    closer: &str,
) -> Diagnostic {
    Diagnostic::error(
        Code::E0021,
        at,
        format!("expected `{closer}`, found {found}"),
        format!("expected `{closer}`"),
    )
    .with_label(open, format!("to close this `{bracket}`"))
}

pub(super) fn missing_comma(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0022,
        at,
        format!("missing `,` before the line end in {what}"),
        "expected `,`",
    )
    .with_note("a list over several lines has a comma behind its last element too")
}

pub(super) fn too_deep(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0023, at, "the program is nested too deeply here", "")
        .with_note(format!(
            "at most {} levels are allowed",
            super::parser::MAX_DEPTH
        ))
        .with_help("give parts of it names of their own")
}

pub(super) fn generics(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0024,
        at,
        "Vo has no generics",
        "type parameters or arguments",
    )
    .with_help("write it for the type at hand, or use an interface")
}

pub(super) fn brace_on_next_line(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0025,
        at,
        format!("the `{{` of {what} stands on the next line"),
        "expected `{` here",
    )
    .with_note("a semicolon is inserted at this line end")
}

pub(super) fn reserved_word(at: Span, word: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0026,
        at,
        format!("`{word}` is a reserved word"),
        "cannot be a name here",
    )
    .with_note("beside Go's words, Vo reserves port, island, fail and errdefer")
    .with_help("choose another name")
}

// ---- parser: declarations -----------------------------------------------------------------------------

pub(super) fn not_a_declaration(at: Span, found: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0030,
        at,
        format!("expected a declaration, found {found}"),
        "not a declaration",
    )
    .with_note("at the top level stand only import, const, var, type and func")
}

pub(super) fn import_too_late(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0031,
        at,
        "imports stand before all other declarations",
        "",
    )
}

pub(super) fn bad_import_path(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::E0032, at, format!("the import path {what}"), "")
}

pub(super) fn package_too_late(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0033,
        at,
        "the package clause stands at the very beginning of a file",
        "",
    )
}

pub(super) fn func_in_func(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0034,
        at,
        "a function cannot be declared inside a function",
        "",
    )
    .with_help(format!("write `{name} := func(...) {{ ... }}`"))
}

pub(super) fn missing_brace_before_func(at: Span, open: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0035,
        at,
        "missing `}` before this function",
        "a function cannot begin here",
    )
    .with_label(open, "this `{` is still open")
}

pub(super) fn mixed_params(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0036,
        at,
        "parameters with and without names are mixed",
        "is this a name or a type?",
    )
    .with_help("name all of them (`_` will do), or none")
}

pub(super) fn misplaced_ellipsis(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0037,
        at,
        "`...` is allowed only on the last parameter",
        "",
    )
}

pub(super) fn misplaced_spread(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0037,
        at,
        "`...` is allowed only behind the last argument",
        "",
    )
}

pub(super) fn variadic_names(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0037, at, "a `...` parameter has a single name", "")
}

pub(super) fn bad_receiver(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0038,
        at,
        "a method has exactly one receiver",
        "expected `(name T)` or `(name *T)`",
    )
}

pub(super) fn constraint(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0039,
        at,
        "constraint interfaces are not part of Vo",
        "",
    )
    .with_note("an interface lists methods and embedded interfaces; Vo has no generics")
}

// ---- parser: statements and expressions ---------------------------------------------------------------

pub(super) fn goto(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0050, at, "`goto` is not part of Vo", "")
        .with_help("use a loop with a labelled `break` or `continue`")
}

pub(super) fn non_name_define(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0051,
        at,
        "only names can stand on the left of `:=`",
        "not a name",
    )
    .with_help("assign with `=`")
}

pub(super) fn multi_compound(at: Span, op: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0052,
        at,
        format!("`{op}=` takes a single value on each side"),
        "",
    )
}

pub(super) fn statement_as_value(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0053,
        at,
        format!("{what} cannot be used as a value"),
        "expected an expression",
    )
}

pub(super) fn assign_as_condition(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0053,
        at,
        "an assignment cannot be used as a condition",
        "expected an expression",
    )
    .with_help("to compare, write `==`")
}

pub(super) fn missing_condition(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0054,
        at,
        format!("missing condition in {what} statement"),
        "expected a condition",
    )
}

pub(super) fn not_a_call(at: Span, keyword: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0055,
        at,
        format!("expected a function call after `{keyword}`"),
        "not a call",
    )
    .with_help(format!(
        "write `{keyword} f(...)` or `{keyword} func() {{ ... }}()`"
    ))
}

pub(super) fn call_in_parens(at: Span, keyword: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0055,
        at,
        format!("the call after `{keyword}` stands in parentheses"),
        "",
    )
    .with_help("leave the parentheses out")
}

pub(super) fn misplaced_type_guard(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0056,
        at,
        "`.(type)` is allowed only as the head of a type switch",
        "",
    )
    .with_help("write `switch v := x.(type) { ... }`")
}

pub(super) fn second_default(at: Span, first: Span) -> Diagnostic {
    Diagnostic::error(Code::E0057, at, "more than one `default`", "")
        .with_label(first, "the first one")
}

pub(super) fn bad_comm(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0058,
        at,
        "a case of `select` is a send or a receive",
        "expected `c <- v` or `<-c`",
    )
}

pub(super) fn stray_else(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0059,
        at,
        "`else` stands on the line of the closing `}` of its `if`",
        "",
    )
}

pub(super) fn literal_needs_parens(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0060, at, "unexpected `{`", "a second block").with_help(
        "a composite literal in the head of a statement stands in parentheses: `(T{...})`",
    )
}

pub(super) fn array_without_length(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0061,
        at,
        "`[...]` is allowed only in a composite literal",
        "expected a length",
    )
}

pub(super) fn missing_slice_bound(at: Span, which: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0062,
        at,
        format!("a slice with three parts needs its {which} one"),
        "expected a bound",
    )
}

pub(super) fn too_many_range_vars(at: Span) -> Diagnostic {
    Diagnostic::error(Code::E0063, at, "`range` gives at most two values", "")
}

pub(super) fn define_in_post(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0064,
        at,
        "nothing can be declared in the last part of a `for`",
        "",
    )
    .with_help("assign with `=`")
}

pub(super) fn declaration_in_head(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0065,
        at,
        "`var` is not allowed in the head of a statement",
        "",
    )
    .with_help("declare with `:=`")
}
