//! The printer: what it prints parses to the same tree, and printing is stable.

use proptest::prelude::*;

use super::{Parsed, parse, parse_ok};
use crate::syntax::printer;

/// Prints, parses, compares trees; prints again, compares texts. Gives the printed text.
fn check(parsed: &Parsed) -> String {
    let printed = parsed.printed();
    let again = parse_ok(&printed);
    assert!(
        parsed.shape() == again.shape(),
        "not the same tree; printed:\n{printed}"
    );
    assert_eq!(printed, again.printed());
    let bare = printer::print(&parsed.file, None);
    let bare_again = parse_ok(&bare);
    assert!(
        parsed.shape() == bare_again.shape(),
        "not the same tree; printed without source:\n{bare}"
    );
    assert_eq!(bare, printer::print(&bare_again.file, None));
    printed
}

#[test]
fn layout_is_canonical() {
    let text = "package   p\nimport (\"fmt\"; m \"math\")\n\n\n// About x.\nvar x=1 // one\ntype T struct{a,b int `t`\n\n U}\n\
        func (t *T) f(a,b int,c ...string)(n int,err error){\n if a:=g( a ,b );a>0{return}else if b{x++}else{x<-1}\n\
        for i:=0;i<3;i++{continue}\n for range c{}\n switch y:=x.(type){case int,nil: f(); // here\n default:}\n\
        select{case v,ok:=<-c: g()\n case c<-1:}\nL: for{break L}\n go @(i) f(x...)\n z=T{\n1,\n2}\n w=[]int{1,\n2}\n\
        /* end */ }\n// last\n";
    insta::with_settings!({prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(check(&parse_ok(text)));
    });
}

#[test]
fn operators_that_would_run_together_are_kept_apart() {
    for x in [
        "- -x", "+ +x", "& &x", "& ^x", "<-<-x", "!!x", "^^x", "**p", "-<-x", "<--x", "a - -b",
        "a & ^b", "1 .f",
    ] {
        let text = format!("var y = {x}\n");
        assert_eq!(check(&parse_ok(&text)), text);
    }
    let text = "var y = f(1 ...)\n";
    assert_eq!(check(&parse_ok(text)), text);
}

#[test]
fn parentheses_are_added_where_a_tree_needs_them() {
    use crate::syntax::ast::{Decl, Expr, ExprKind};
    fn without_parens(x: &mut Expr) {
        while let ExprKind::Paren(inner) = &mut x.kind {
            *x = (**inner).clone();
        }
        match &mut x.kind {
            ExprKind::Binary { x, y, .. } => {
                without_parens(x);
                without_parens(y);
            }
            ExprKind::Unary { x, .. } | ExprKind::Star(x) | ExprKind::Selector { x, .. } => {
                without_parens(x)
            }
            ExprKind::Call { fun, .. } => without_parens(fun),
            _ => {}
        }
    }
    for x in [
        "(a + b) * c",
        "a - (b - c)",
        "-(a + b)",
        "(-a).f",
        "(*p)(x)",
        "(<-chan int)(c)",
        "<-(chan int)(nil)",
        "([]func())(x)",
    ] {
        let mut parsed = parse_ok(&format!("var y = {x}"));
        if let Decl::Var(decl) = &mut parsed.file.decls[0] {
            without_parens(&mut decl.specs[0].values[0]);
        }
        assert_eq!(printer::print(&parsed.file, None), format!("var y = {x}\n"));
    }
}

/// Texts of types.
fn ty() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("int"),
        Just("T"),
        Just("p.T"),
        Just("island"),
        Just("struct{}"),
        Just("interface{}")
    ]
    .prop_map(String::from);
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|t| format!("*{t}")),
            inner.clone().prop_map(|t| format!("[]{t}")),
            inner.clone().prop_map(|t| format!("[3]{t}")),
            inner.clone().prop_map(|t| format!("({t})")),
            (inner.clone(), inner.clone()).prop_map(|(k, v)| format!("map[{k}]{v}")),
            (
                prop::sample::select(vec![
                    "chan ", "chan<- ", "<-chan ", "port ", "port<- ", "<-port "
                ]),
                inner.clone()
            )
                .prop_map(|(q, t)| format!("{q}{t}")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("func(a, b {a}, c ...{b}) {a}")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("func({a}, {b}) (x {a}, err {b})")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("struct {{ a, b {a}; C {b} `t`; p.D; *E }}")),
            inner.prop_map(|t| format!("interface {{ M(x {t}) error; N }}")),
        ]
    })
}

/// Texts of expressions.
fn expr() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_string()),
        Just("0x1F".to_string()),
        Just("1.5e3".to_string()),
        Just("'\\n'".to_string()),
        Just("\"s\\x00\"".to_string()),
        Just("`raw\n\"`".to_string()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let binary = prop::sample::select(vec![
            "||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "|", "^", "*", "/", "%", "<<",
            ">>", "&", "&^",
        ]);
        let unary = prop::sample::select(vec!["+", "-", "!", "^", "&", "<-", "*"]);
        let i = inner.clone();
        prop_oneof![
            (inner.clone(), binary, inner.clone()).prop_map(|(x, op, y)| format!("{x} {op} {y}")),
            (unary, inner.clone()).prop_map(|(op, x)| format!("{op} {x}")),
            inner.clone().prop_map(|x| format!("({x})")),
            inner.clone().prop_map(|x| format!("{x} .f")),
            (inner.clone(), inner.clone())
                .prop_map(|(x, y)| format!("a[{x}][{y}:][:{x}][{x}:{y}:{x}]")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("f({x}, {y} ...)?")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("v~>a~>[{x}]~>m({y})~>()")),
            (ty(), inner.clone()).prop_map(|(t, x)| format!("({t})({x})")),
            (ty(), inner.clone()).prop_map(|(t, x)| format!("({x}).({t})")),
            (ty(), ty()).prop_map(|(t, u)| format!("make({t}, {u})")),
            (ty(), inner.clone()).prop_map(|(t, x)| format!("[]{t}{{{x}, 1: {x}, {{{x}}}}}")),
            (ty(), inner.clone())
                .prop_map(|(t, x)| format!("[...]{t}{{\n{x}, // c\n{x}: {{}},\n}}")),
            (ty(), i).prop_map(|(t, x)| format!("func(a {t}) {t} {{ return {x} }}")),
        ]
    })
}

/// Texts of statements.
fn stmt() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        expr().prop_map(|x| format!("_ = {x}")),
        (expr(), expr()).prop_map(|(x, y)| format!("a[{x}], b = {x}, {y}")),
        expr().prop_map(|x| format!("a &^= {x} // c")),
        expr().prop_map(|x| format!("a, b := f({x})?")),
        (expr(), ty()).prop_map(|(x, t)| format!("var a, b {t} = {x}, {x}")),
        ty().prop_map(|t| format!("type (\n A {t}\n B = {t}\n)")),
        expr().prop_map(|x| format!("const (\n A, B = iota, {x}\n C\n)")),
        expr().prop_map(|x| format!("go @({x}) f({x})")),
        expr().prop_map(|x| format!("defer f({x})")),
        expr().prop_map(|x| format!("errdefer func() {{ _ = {x} }}()")),
        expr().prop_map(|x| format!("fail {x}")),
        expr().prop_map(|x| format!("return a, {x}")),
        expr().prop_map(|x| format!("c <- {x}")),
        Just("x++\n\n\n/* c */ y.z--".to_string()),
        Just("return".to_string()),
        Just("break L".to_string()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let (i, j) = (inner.clone(), inner.clone());
        prop_oneof![
            (expr(), inner.clone(), i).prop_map(|(x, s, t)| {
                format!("if a := ({x}); ({x}) {{\n{s}\n}} else if b {{\n{t}\n}} else {{ {s}\n }}")
            }),
            (expr(), inner.clone()).prop_map(|(x, s)| format!("for i := ({x}); ({x}); i++ {{\n{s}\n}}")),
            (expr(), inner.clone()).prop_map(|(x, s)| format!("L: for k, v := range ({x}) {{\n{s}\n}}")),
            (expr(), inner.clone()).prop_map(|(x, s)| format!("for ({x}) {{\n{s}\n}}\nfor {{ }}")),
            (expr(), inner.clone(), j).prop_map(|(x, s, t)| {
                format!("switch f(); ({x}) {{\ncase {x}, a:\n{s}\nfallthrough\n// d\ndefault:\n{t}\n}}")
            }),
            (ty(), inner.clone()).prop_map(|(u, s)| format!("switch y := x.(type) {{\ncase {u}, nil:\n{s}\n}}")),
            (expr(), inner.clone()).prop_map(|(x, s)| {
                format!("select {{\ncase a, ok := <-({x}):\n{s}\ncase c <- {x}:\ncase <-c:\ndefault:\n}}")
            }),
            inner.prop_map(|s| format!("{{\n{s}\nM:\n}}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_programs(stmts in prop::collection::vec(stmt(), 1..4), x in expr(), t in ty()) {
        let text = format!(
            "// first\nimport \"fmt\"\nvar g = {x}\n/* h */ func (r *T) f(a, b {t}) {t} {{\n{}\n}}\n",
            stmts.join("\n")
        );
        check(&parse_ok(&text));
    }
}

#[test]
fn a_broken_tree_can_be_printed() {
    let parsed = parse("func f() {\n\tx := )\n\ta.b := 1\n\tgo f\n\tselect {\n\tcase x:\n\t}\n}\n");
    assert!(!parsed.printed().is_empty());
}

#[test]
fn the_examples_survive() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    for entry in std::fs::read_dir(folder).expect("the folder of examples") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "vo") {
            check(&parse_ok(
                &std::fs::read_to_string(path).expect("an example"),
            ));
        }
    }
}
