//! Programs that are extreme in one way: large, deep, or small with something immense behind it.

use super::fault;

/// Each text must be borne; `what` names it where it is not.
fn borne(cases: &[(&str, String)]) {
    let mut faults = String::new();
    for (what, text) in cases {
        if let Some(fault) = fault(text.as_bytes()) {
            let shown: String = fault.chars().take(600).collect();
            faults += &format!("{what}: {shown}\n");
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// So many lines made of their numbers.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|n| line(n) + "\n").collect()
}

fn in_main(body: &str) -> String {
    format!("func main() {{\n{body}\n}}\n")
}

#[test]
fn nesting() {
    let n = 500;
    let nest = |open: &str, inner: &str, close: &str| open.repeat(n) + inner + &close.repeat(n);
    borne(&[
        (
            "parentheses",
            in_main(&format!("x := {}\nprintln(x)", nest("(", "1", ")"))),
        ),
        (
            "sums",
            in_main(&format!(
                "a := 1\nx := {}\nprintln(x)",
                nest("(a+", "a", ")")
            )),
        ),
        (
            "shifts",
            in_main(&format!(
                "a := 1\nvar x int64 = {}\nprintln(x)",
                nest("1<<(", "a", ")")
            )),
        ),
        (
            "conjunctions",
            in_main(&format!(
                "a := true\nx := {}\nprintln(x)",
                nest("(a&&!", "a", ")")
            )),
        ),
        (
            "calls",
            format!(
                "func f(x int) int {{ return x }}\n{}",
                in_main(&format!("println({})", nest("f(", "1", ")")))
            ),
        ),
        (
            "indices",
            in_main(&format!("var a [9]int\nprintln({})", nest("a[", "1", "]"))),
        ),
        (
            "literals of functions",
            in_main(&nest("func() {\n", "println(1)", "\n}()")),
        ),
        ("blocks", in_main(&nest("{\n", "println(1)", "\n}"))),
        (
            "loops",
            in_main(&nest("for i := range 1 {\nprintln(i)\n", "", "\n}")),
        ),
        (
            "switches",
            in_main(&nest(
                "switch {\ncase len(\"a\") == 1:\n",
                "println(1)",
                "\n}",
            )),
        ),
        (
            "deferred",
            in_main(&nest("defer func() {\n", "println(1)", "\n}()")),
        ),
        (
            "selects",
            in_main(&format!(
                "c := make(chan int)\n{}",
                nest("select {\ncase <-c:\n", "", "\n}")
            )),
        ),
        (
            "types",
            format!(
                "var x {}\n{}",
                nest("struct { a ", "int", "}"),
                in_main("println(x == x)")
            ),
        ),
        (
            "arrays",
            format!(
                "var x {}int\n{}",
                "[1]".repeat(n),
                in_main("y := x\nprintln(x == y)")
            ),
        ),
        (
            "slices",
            format!(
                "var x {}int\n{}",
                "[]".repeat(n),
                in_main("println(len(x))")
            ),
        ),
        (
            "literals",
            format!(
                "var x = {}int{}\n{}",
                "[]".repeat(n),
                nest("{", "", "}"),
                in_main("println(len(x))")
            ),
        ),
        (
            "dynamic",
            in_main(&format!(
                "var x any\ny, err := x{}\nprintln(y, err != nil)",
                "~>a".repeat(n)
            )),
        ),
        (
            "comments",
            in_main(&format!(
                "{}println(1){}",
                "/*".repeat(200_000),
                "*/".repeat(200_000)
            )),
        ),
    ]);
}

#[test]
fn many() {
    let n = 20_000;
    borne(&[
        (
            "functions",
            lines(n, |i| format!("func f{i}() int {{ return {i} }}"))
                + &in_main(&lines(n, |i| format!("println(f{i}())"))),
        ),
        (
            "variables",
            in_main(&lines(n, |i| format!("x{i} := {i}\nprintln(x{i})"))),
        ),
        (
            "package variables",
            lines(n, |i| format!("var x{i} = x{} + 1", i + 1))
                + &format!("var x{n} = 1\n")
                + &in_main("println(x0)"),
        ),
        (
            "constants",
            format!(
                "const (\na0 = iota\n{})\n{}",
                lines(n, |i| format!("b{i}")),
                in_main(&format!("println(b{})", n - 1))
            ),
        ),
        (
            "types",
            lines(n, |i| {
                format!("type T{i} struct {{ a int; b *T{} }}", (i + 1) % n)
            }) + &in_main("var x T0\nprintln(x.a)"),
        ),
        (
            "fields",
            format!(
                "type T struct {{\n{}}}\n{}",
                lines(n, |i| format!("f{i} int")),
                in_main(&format!(
                    "var t T\nu := t\nu.f{} = 1\nprintln(t == u)",
                    n - 1
                ))
            ),
        ),
        (
            "methods",
            "type T int\n".to_string()
                + &lines(n, |i| format!("func (T) m{i}() {{}}"))
                + &in_main("T(1).m1()"),
        ),
        (
            "methods of an interface",
            format!(
                "type I interface {{\n{}}}\n{}",
                lines(n, |i| format!("m{i}()")),
                in_main("var i I\nprintln(i == nil)")
            ),
        ),
        (
            "elements",
            in_main(&format!(
                "x := []int{{\n{}}}\nprintln(len(x))",
                lines(n, |i| format!("{i},"))
            )),
        ),
        (
            "entries",
            in_main(&format!(
                "x := map[string]int{{\n{}}}\nprintln(len(x))",
                lines(n, |i| format!("\"k{i}\": {i},"))
            )),
        ),
        (
            "cases",
            in_main(&format!(
                "x := len(\"abc\")\nswitch x {{\n{}}}",
                lines(n, |i| format!("case {i}: println({i})"))
            )),
        ),
        (
            "cases of strings",
            in_main(&format!(
                "x := \"abc\"\nswitch x {{\n{}}}",
                lines(n, |i| format!("case \"{i}\": println({i})"))
            )),
        ),
        (
            "cases of types",
            lines(2000, |i| format!("type T{i} int"))
                + &in_main(&format!(
                    "var x any\nswitch x.(type) {{\n{}}}",
                    lines(2000, |i| format!("case T{i}: println({i})"))
                )),
        ),
        (
            "arguments",
            format!(
                "func f(x ...int) {{}}\n{}",
                in_main(&format!("f({})", "1, ".repeat(n)))
            ),
        ),
        (
            "parameters",
            format!(
                "func f({}) {{}}\n{}",
                lines(2000, |i| format!("x{i} int,")),
                in_main(&format!("f({})", "1, ".repeat(2000)))
            ),
        ),
        (
            "results",
            format!(
                "func f() ({}) {{ return }}\n{}",
                lines(2000, |i| format!("x{i} int,")),
                in_main("f()")
            ),
        ),
        (
            "captures",
            in_main(
                &(lines(2000, |i| format!("x{i} := {i}"))
                    + "func() {\n"
                    + &lines(2000, |i| format!("x{i}++"))
                    + "}()\n"),
            ),
        ),
        (
            "literals of functions",
            in_main(&lines(n, |i| format!("func() {{ println({i}) }}()"))),
        ),
        (
            "deferred calls",
            in_main(&lines(n, |i| format!("defer println1({i})"))) + "func println1(int) {}\n",
        ),
        (
            "branches",
            in_main(
                &("x := 1\n".to_string()
                    + &lines(n, |i| format!("if x > {i} {{ x += {i} }}"))
                    + "println(x)\n"),
            ),
        ),
        (
            "labels",
            in_main(&lines(n, |i| format!("L{i}: for {{ break L{i} }}"))),
        ),
        (
            "imports",
            lines(n, |i| format!("import a{i} \"fmt\"")) + &in_main(""),
        ),
        (
            "errors",
            in_main(&lines(n, |i| format!("x{i}.y.z(undefined{i})"))),
        ),
        (
            "errors of syntax",
            in_main(&lines(n, |_| "x := := 1".into())),
        ),
        (
            "duplicates",
            lines(n, |_| "func f() {}".into()) + &in_main(""),
        ),
        (
            "names that are nearly right",
            lines(2000, |i| format!("var name{i} int"))
                + &in_main(&lines(2000, |i| format!("nome{i}()"))),
        ),
    ]);
}

#[test]
fn literals() {
    let digits = "7".repeat(1_000_000);
    borne(&[
        (
            "decimal",
            format!("const x = {digits}\n{}", in_main("println(x > 0)")),
        ),
        (
            "decimal as float",
            format!("var x float64 = {digits}\n{}", in_main("println(x)")),
        ),
        (
            "hexadecimal",
            format!("const x = 0x{digits}\n{}", in_main("println(x > 0)")),
        ),
        (
            "fraction",
            format!("var x = 0.{digits}\n{}", in_main("println(x)")),
        ),
        (
            "exponent",
            format!("const x = 1e{digits}\n{}", in_main("println(x > 0)")),
        ),
        (
            "small exponent",
            format!("var x float64 = 1e-{digits}\n{}", in_main("println(x)")),
        ),
        (
            "hexadecimal exponent",
            format!("const x = 0x1p{digits}\n{}", in_main("println(x > 0)")),
        ),
        (
            "string",
            format!("var x = \"{digits}\"\n{}", in_main("println(len(x))")),
        ),
        (
            "escapes",
            format!(
                "var x = \"{}\"\n{}",
                "\\u00e9".repeat(200_000),
                in_main("println(len(x))")
            ),
        ),
        (
            "bad escapes",
            format!(
                "var x = \"{}\"\n{}",
                "\\q".repeat(200_000),
                in_main("println(len(x))")
            ),
        ),
        (
            "rune",
            format!("var x = '{digits}'\n{}", in_main("println(x)")),
        ),
        (
            "raw string",
            format!(
                "var x = `{}`\n{}",
                "line\n".repeat(200_000),
                in_main("println(len(x))")
            ),
        ),
        (
            "name",
            format!(
                "var x{digits} = 1\n{}",
                in_main(&format!("println(x{digits})"))
            ),
        ),
        (
            "name that is not declared",
            in_main(&format!("println(x{digits})")),
        ),
        (
            "comment",
            format!("//{digits}\n/*{digits}*/\n{}", in_main("")),
        ),
        (
            "string without end",
            format!("var x = \"{digits}\n{}", in_main("")),
        ),
        (
            "strings without end",
            in_main(&"x := \"abc\n".repeat(50_000)),
        ),
        (
            "strings without end that hold braces",
            in_main(&"x := f(\"{}\n".repeat(50_000)),
        ),
        ("zero bytes", "\0".repeat(1_000_000)),
        ("one line", in_main(&"x(1); ".repeat(150_000))),
        ("empty lines", "\n".repeat(1_000_000)),
        ("semicolons", ";".repeat(1_000_000)),
        ("back quotes", "`".repeat(1_000_001)),
        ("quotes", "'".repeat(1_000_001)),
        ("beginnings of comments", "/*".repeat(500_000)),
    ]);
}

#[test]
fn immense() {
    let doubled =
        |first: &str, next: &dyn Fn(usize) -> String| first.to_string() + "\n" + &lines(80, next);
    borne(&[
        ("array", in_main("var x [1 << 40]int\nprintln(len(x))")),
        ("array that is never made", in_main("var x [](*struct{ a [1 << 40]int })\nprintln(len(x))")),
        ("array as a value", "type T [1 << 26]int\nfunc f(t T) T { return t }\nvar x T\n".to_string() + &in_main("x = f(x)\nprintln(x == f(x))")),
        ("index of an element", in_main("x := []int{1 << 40: 1}\nprintln(len(x))")),
        ("array by its largest index", in_main("x := [...]int{1 << 31: 1}\nprintln(len(x))")),
        ("structs of structs", doubled("type T0 struct{ a, b int }", &|i| format!("type T{} struct{{ a, b T{i} }}", i + 1)) + &in_main("var x T80\nprintln(x == x)")),
        ("arrays of arrays", doubled("type T0 [2]int", &|i| format!("type T{} [2]T{i}", i + 1)) + &in_main("var x T80\nprintln(x == x)")),
        ("empty arrays of arrays", doubled("type T0 struct{}", &|i| format!("type T{} [2]T{i}", i + 1)) + &in_main("var x T80\nprintln(x == x)")),
        ("pointers to structs", doubled("type T0 struct{ a, b int }", &|i| format!("type T{} struct{{ a, b *T{i} }}", i + 1)) + &in_main("var x T80\nprintln(x == x)")),
        ("embedded structs", doubled("type T0 struct{ a int }", &|i| format!("type T{0} struct{{ T{i}; b{0} int }}", i + 1)) + &in_main("var x T80\nprintln(x.a)")),
        ("embedded twice", doubled("type T0 struct{ a int }", &|i| format!("type U{0} struct{{ *T{i} }}\ntype V{0} struct{{ *T{i} }}\ntype T{0} struct{{ U{0}; V{0} }}", i + 1)) + &in_main("var x T80\nprintln(x.a)")),
        ("embedded interfaces", doubled("type I0 interface{ m() }", &|i| format!("type J{0} interface{{ I{i} }}\ntype K{0} interface{{ I{i} }}\ntype I{0} interface{{ J{0}; K{0} }}", i + 1)) + &in_main("var x I80\nx.m()")),
        ("functions of functions", doubled("type T0 func()", &|i| format!("type T{} func(T{i}, T{i}) (T{i}, T{i})", i + 1)) + &in_main("var x T80\nprintln(x == nil)")),
        ("types without names", doubled("var x0 struct{ a int }", &|i| format!("var x{} struct{{ a, b struct {{ c, d []int }} }}", i + 1)) + &in_main("println(x0.a)")),
        ("strings", doubled("const s0 = \"0123456789\"", &|i| format!("const s{} = s{i} + s{i}", i + 1)) + &in_main("println(s80)")),
        ("integers", doubled("const x0 = 3", &|i| format!("const x{} = x{i} * x{i}", i + 1)) + &in_main("println(x80 > 0)")),
        ("fractions", doubled("const x0 = 1.0 / 3", &|i| format!("const x{} = x{i} * x{i} + 0.1", i + 1)) + &in_main("println(x80 > 0)")),
        ("quotients", doubled("const x0 = 1e4000", &|i| format!("const x{0} = x{i} / 7 * x{i}", i + 1)) + &in_main("println(x80 > 0)")),
        ("shift", in_main("const x = 1 << 1000000000\nprintln(x > 0)")),
        ("shift of a variable", in_main("x := 1\nprintln(x << 1000000000000)")),
        ("sizes", in_main("x := make([]int, 1<<62)\nprintln(len(x))")),
        ("recursive types", "type A struct{ b []B }\ntype B map[string]C\ntype C func(A, B) chan C\ntype D struct{ *D }\n".to_string() + &in_main("var a A\nvar d D\nprintln(len(a.b), d == d)")),
        ("a method of each type", doubled("type T0 struct{ *T0 }\nfunc (*T0) m() {}", &|i| format!("type T{} struct{{ *T{i} }}", i + 1)) + &in_main("var x interface{ m() } = T80{}\nx.m()")),
        ("closures of closures", in_main(&(lines(300, |i| format!("x{i} := {i}\nfunc() {{ x{i}++")) + &"}()\n".repeat(300)))),
        ("results of calls as arguments", lines(200, |i| format!("func f{i}(a, b int) (int, int) {{ return f{}(f{}(a, b)) }}", i + 1, i + 1)) + "func f200(a, b int) (int, int) { return a, b }\n" + &in_main("println(f0(1, 2))")),
    ]);
}
