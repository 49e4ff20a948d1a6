//! Errors: what is reported, and that nothing else is.

use super::parse;

/// Checks the rendered errors of a text against a snapshot.
macro_rules! snapshot {
    ($($name:ident: $text:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::with_settings!({prepend_module_to_snapshot => false}, {
                insta::assert_snapshot!(parse($text).errors());
            });
        }
    )*};
}

snapshot! {
    missing_operand: "func main() {\n\tx := 1 +\n}\n";
    two_independent_errors: "func main() {\n\tx := )\n\tfoo(a b)\n\tok()\n\tif {\n\t}\n}\nfunc g( {\n}\n";
    missing_comma_before_newline: "var x = []int{\n\t1,\n\t2\n}\nfunc f() {\n\tg(\n\t\ta\n\t\tb,\n\t)\n}\n";
    missing_paren: "func main() {\n\tprintln(\"a\"\n\tb()\n}\n";
    missing_brace_before_function: "func f() {\n\tif x {\n\t\ta()\n}\n\nfunc g() {}\n";
    missing_brace_at_end: "func f() {\n\tfor {\n\t\tswitch x {\n\t\tcase 1:\n\t\t\ta()\n";
    function_in_function: "func f() {\n\tfunc g() {\n\t\tx = = 1\n\t}\n\tg()\n}\n";
    generics: "type List[T any] struct {\n\tx T\n}\nfunc Map[T, U any](x []T) { y := = 1 }\nvar x List[int]\nfunc f(l List[int]) {\n\tx := List[int]{}\n\tPair[int, string](1)\n}\n";
    constraint_interface: "type N interface {\n\t~int | ~string\n}\ntype M interface { int | string }\n";
    goto_is_refused: "func main() {\nL:\n\tgoto L\n}\n";
    reserved_words_of_vo: "func f(host string, port int) {\n\tport := 80\n\tisland := 1\n\tx := port\n\ty()\n\tvar fail bool\n}\n";
    brace_on_the_next_line: "func main()\n{\n\tif x\n\t{\n\t}\n\tfor i := 0; i < 3; i++\n\t{\n\t}\n}\n";
    else_on_the_next_line: "func main() {\n\tif x {\n\t}\n\telse {\n\t\ty := := 1\n\t}\n}\n";
    literal_in_a_head: "func main() {\n\tif x == T{1} {\n\t}\n\tfor _, x := range T{1} {\n\t}\n}\n";
    assignment_as_condition: "func main() {\n\tif x = 1 {\n\t}\n\tif y := 1 {\n\t}\n\tif x := 1; {\n\t}\n}\n";
    names_on_the_left: "func main() {\n\ta.b, c := 1, 2\n\ta, b += 1, 2\n\tfor a.b := range x {\n\t}\n}\n";
    not_calls: "func main() {\n\tgo f\n\tdefer (f())\n\terrdefer x + 1\n\tgo func() {}\n}\n";
    type_guard_elsewhere: "func main() {\n\tx := y.(type)\n\tswitch f(y.(type)) {\n\t}\n\tswitch y.(type).z {\n\t}\n}\n";
    clauses: "func main() {\n\tswitch x {\n\tdefault:\n\tcase 1 2:\n\t\ta := := 1\n\tdefault:\n\t}\n\tselect {\n\tcase x:\n\tcase a, b, c := <-d:\n\tfoo()\n\tcase <-c:\n\t}\n}\n";
    statement_in_a_switch: "func main() {\n\tswitch x {\n\t\tfoo()\n\tcase 1:\n\t}\n}\n";
    top_level_statement: "x := 1\nprintln(x)\nfunc main() {}\n}\nvar y int\n";
    declarations_out_of_place: "var x int\nimport \"fmt\"\npackage main\nimport \"\"\nimport \"a b\"\n";
    parameters: "func f(a int, b)\nfunc g(a, ...int, b int)\nfunc h(a, b ...int)\nfunc (a, b T) m()\nfunc () n()\nfunc k() (x ...int)\n";
    types: "var a [...]int\nvar b map[string\nvar c chan\nvar d <-int\nvar e []\nvar f = [...]int\n";
    ranges_and_loops: "func f() {\n\tfor a, b, c := range x {\n\t}\n\tfor i := 0; i < 3 {\n\t}\n\tfor i := 0; i < 3; i := 1 {\n\t}\n\tfor var i = 0; i < 3; i++ {\n\t}\n}\n";
    slices: "func f() {\n\t_ = a[]\n\t_ = a[::]\n\t_ = a[1:2:]\n\t_ = a[1\n}\n";
    spread_in_the_middle: "func f() {\n\tg(a..., b)\n\tg(...)\n}\n";
    fail_without_value: "func f() error {\n\tfail\n}\n";
    lexical_errors_have_no_echo: "func f() {\n\tx := \"abc\n\ty := 'ab' + 1\n\tz := a # b\n\tw := 09 + 0x + 1__2 + 2i\n\tv := “s”\n}\n";
    comment_without_end: "func f() {\n\t/* a /* b */\n\tg()\n}\n";
    raw_string_without_end: "func f() {\n\tx := `abc\n}\n";
    invalid_utf8: b"func f() {\n\tx := \"\xff\"\n\ty\xfe := 1 1\n}\n".to_vec();
    crlf_and_tabs: "func f() {\r\n\tx :=\t\t= 1\r\n}\r\n";
    too_deep: format!("var x = {}1{}\n", "(".repeat(3000), ")".repeat(3000));
    struct_fields: "type T struct {\n\ta int b int\n\tc,\n\td\n\t(e)\n\tf int = 3\n\tg int\n}\n";
}

/// What follows a literal that swallowed braces is no error of its own, up to the next declaration.
#[test]
fn literals_without_end_have_no_echo() {
    for statement in [
        "x := []string{\"a, \"b\"}",
        "x := map[string]int{\"a: 1}",
        "if x == \"a {\n\t\tg()\n\t}",
        "if x == ' {\n\t\tg()\n\t}",
        "for s := range \"abc {\n\t\tg(s)\n\t}",
        "switch \"a {\n\tcase \"b\":\n\t}",
        "x := f(\"a, func() {\n\t\tg()\n\t})",
        "go func() { g(\"a) }()",
        "x := `a` + \"b}{",
        "x := f(\"a)",
    ] {
        let text =
            format!("func f() {{\n\t{statement}\n\tg()\n}}\n\nfunc h() {{\n\tx := := 1\n}}\n");
        let last = text.lines().count() - 1;
        let found = parse(text).brief();
        assert_eq!(found.len(), 2, "{statement}: {found:?}");
        assert!(found[0].ends_with("@2"), "{statement}: {found:?}");
        assert_eq!(found[1], format!("E0020@{last}"), "{statement}");
    }
}

#[test]
fn more_than_fifty_errors_are_counted() {
    let parsed = parse(format!("func f() {{\n{}}}\n", "\tx := )\n".repeat(60)));
    assert_eq!(parsed.diags.sorted().len(), 60);
    assert!(
        parsed
            .errors()
            .ends_with("error: 10 more errors are not shown\n")
    );
}

#[test]
fn errors_in_bodies_of_wrong_heads_are_found() {
    let text = "func f(a b c) {\n\tx := := 1\n\tif a b {\n\t\ty := := 2\n\t} else {\n\t\tz := := 3\n\t}\n}\nvar ok int\n";
    assert_eq!(
        parse(text).brief(),
        ["E0020@1", "E0020@2", "E0020@3", "E0020@4", "E0020@6"]
    );
}

#[test]
fn errors_in_function_literals_are_found() {
    let text = "func f() {\n\tgo func() {\n\t\tx := := 1\n\t}()\n\tg(func() {\n\t\ty := := 1\n\t}, )))\n\tok()\n}\n";
    assert_eq!(parse(text).brief(), ["E0020@3", "E0020@6", "E0020@7"]);
}

#[test]
fn every_kind_of_deep_nesting_is_one_error() {
    let n = 20_000;
    let deep: Vec<(&str, String)> = vec![
        (
            "parens",
            format!("var x = {}1{}", "(".repeat(n), ")".repeat(n)),
        ),
        ("open parens", format!("var x = {}", "(".repeat(n))),
        ("unary", format!("var x = {}1", "- ".repeat(n))),
        ("stars", format!("var x = {}p", "*".repeat(n))),
        ("pointer types", format!("var x {}T", "*".repeat(n))),
        ("slices", format!("var x {}T", "[]".repeat(n))),
        ("maps", format!("var x {}T", "map[int]".repeat(n))),
        ("left", format!("var x = 1{}", " + 1".repeat(n))),
        ("calls", format!("var x = f{}", "()".repeat(n))),
        ("selectors", format!("var x = f{}", ".f".repeat(n))),
        (
            "indices",
            format!("var x = {}1{}", "a[".repeat(n), "]".repeat(n)),
        ),
        (
            "literals",
            format!("var x = T{}{}", "{".repeat(n), "}".repeat(n)),
        ),
        (
            "blocks",
            format!("func f() {{{}{}}}", "{".repeat(n), "}".repeat(n)),
        ),
        (
            "ifs",
            format!("func f() {{{}{}}}", "if x {".repeat(n), "}".repeat(n)),
        ),
        (
            "else",
            format!("func f() {{ if x {{}} {} }}", "else if x {}".repeat(n)),
        ),
        ("labels", format!("func f() {{ {} x() }}", "L: ".repeat(n))),
        (
            "functions",
            format!("var x = {}{}", "func() { f(".repeat(n), ") }".repeat(n)),
        ),
        ("function types", format!("var x {}T", "func() ".repeat(n))),
        (
            "structs",
            format!("var x {}int{}", "struct { a ".repeat(n), "}".repeat(n)),
        ),
        (
            "switches",
            format!(
                "func f() {{ {}{} }}",
                "switch { case x: ".repeat(n),
                "}".repeat(n)
            ),
        ),
        ("chans", format!("var x = {}int(1)", "<-chan ".repeat(n))),
        ("tries", format!("func f() {{ x{} }}", "?".repeat(n))),
    ];
    for (what, text) in deep {
        assert_eq!(parse(text).brief(), ["E0023@1"], "{what}");
    }
}

#[test]
fn generous_nesting_is_accepted() {
    let text = format!(
        "var x = {}1{}\nvar y = 1{}\n",
        "(".repeat(400),
        ")".repeat(400),
        " + 1".repeat(900)
    );
    assert!(parse(text).diags.is_empty());
}

#[test]
fn height_is_bounded_however_it_is_built() {
    // Long chains at the left end of each other: each is harmless, their sum is not.
    let chain = " + 1".repeat(300);
    let text = format!(
        "var x = {}1{}",
        "(".repeat(300),
        format!("{chain})").repeat(300)
    );
    assert_eq!(parse(text).brief(), ["E0023@1"]);
}
