//! Every form of declaration, statement and expression parses, to what it should.

use super::super::ast::*;
use super::{Parsed, parse_ok};

fn in_func(body: &str) -> Parsed {
    parse_ok(&format!("func f() {{\n{body}\n}}\n"))
}

fn body(parsed: &Parsed) -> &[Stmt] {
    match &parsed.file.decls[0] {
        Decl::Func(func) => &func.body.as_ref().expect("a body").stmts,
        other => panic!("{other:?}"),
    }
}

/// Parses `x` as an expression statement and shows its structure: every operation in parentheses.
fn tree(x: &str) -> String {
    let parsed = in_func(&format!("_ = {x}"));
    match &body(&parsed)[0].kind {
        StmtKind::Assign { rhs, .. } => show(&rhs[0]),
        other => panic!("{other:?}"),
    }
}

fn show(x: &Expr) -> String {
    let list = |xs: &[Expr]| xs.iter().map(show).collect::<Vec<_>>().join(" ");
    match &x.kind {
        ExprKind::Ident(ident) => ident.name.to_string(),
        ExprKind::Lit(lit) => lit.raw.to_string(),
        ExprKind::Paren(x) => format!("(paren {})", show(x)),
        ExprKind::Selector { x, sel } => format!("(. {} {})", show(x), sel.name),
        ExprKind::Index { x, index } => format!("(index {} {})", show(x), show(index)),
        ExprKind::Slice { x, lo, hi, max } => {
            let part = |p: &Option<Box<Expr>>| p.as_ref().map_or("-".to_string(), |p| show(p));
            format!(
                "(slice {} {} {} {})",
                show(x),
                part(lo),
                part(hi),
                part(max)
            )
        }
        ExprKind::TypeAssert { x, ty } => format!("(assert {} {})", show(x), show(ty)),
        ExprKind::Call { fun, args, spread } => {
            format!(
                "(call {} {}{})",
                show(fun),
                list(args),
                if spread.is_some() { "..." } else { "" }
            )
        }
        ExprKind::Star(x) => format!("(* {})", show(x)),
        ExprKind::Unary { op, x, .. } => format!("({} {})", op.as_str(), show(x)),
        ExprKind::Binary { op, x, y, .. } => format!("({} {} {})", op.as_str(), show(x), show(y)),
        ExprKind::Try(x) => format!("(? {})", show(x)),
        ExprKind::Dyn { x, access, .. } => match access {
            DynAccess::Attr(name) => format!("(~> {} {})", show(x), name.name),
            DynAccess::Index(index) => format!("(~>[] {} {})", show(x), show(index)),
            DynAccess::Method { name, args, .. } => {
                format!("(~>m {} {} {})", show(x), name.name, list(args))
            }
            DynAccess::Call { args, .. } => format!("(~>() {} {})", show(x), list(args)),
        },
        ExprKind::CompositeLit { ty, elems, .. } => {
            let elem = |e: &Element| match &e.key {
                Some(key) => format!("{}:{}", show(key), show(&e.value)),
                None => show(&e.value),
            };
            let ty = ty.as_ref().map_or("_".to_string(), |ty| show(ty));
            format!(
                "(lit {ty} {})",
                elems.iter().map(elem).collect::<Vec<_>>().join(" ")
            )
        }
        ExprKind::FuncLit { sig, body } => {
            format!("(func {} {})", sig.params.len(), body.stmts.len())
        }
        ExprKind::FuncType(sig) => format!("(functype {} {})", sig.params.len(), sig.results.len()),
        ExprKind::ArrayType {
            len: ArrayLen::Expr(len),
            elem,
        } => format!("(array {} {})", show(len), show(elem)),
        ExprKind::ArrayType {
            len: ArrayLen::Ellipsis(_),
            elem,
        } => format!("(array ... {})", show(elem)),
        ExprKind::SliceType(elem) => format!("([] {})", show(elem)),
        ExprKind::StructType(fields) => format!("(struct {})", fields.len()),
        ExprKind::InterfaceType(elems) => format!("(interface {})", elems.len()),
        ExprKind::MapType { key, value } => format!("(map {} {})", show(key), show(value)),
        ExprKind::ChanType { dir, elem } => format!("(chan {dir:?} {})", show(elem)),
        ExprKind::PortType { dir, elem } => format!("(port {dir:?} {})", show(elem)),
        ExprKind::IslandType => "island".to_string(),
        ExprKind::Bad => "BAD".to_string(),
    }
}

#[test]
fn precedence() {
    assert_eq!(
        tree("a || b && c == d + e * f"),
        "(|| a (&& b (== c (+ d (* e f)))))"
    );
    assert_eq!(
        tree("a * b + c == d && e || f"),
        "(|| (&& (== (+ (* a b) c) d) e) f)"
    );
    assert_eq!(tree("a - b - c"), "(- (- a b) c)");
    assert_eq!(tree("a << b &^ c"), "(&^ (<< a b) c)");
    assert_eq!(tree("a | b & c ^ d"), "(^ (| a (& b c)) d)");
    assert_eq!(tree("-a * b"), "(* (- a) b)");
    assert_eq!(tree("!<-c && *p != ^x"), "(&& (! (<- c)) (!= (* p) (^ x)))");
    assert_eq!(tree("&a.b[i]"), "(& (index (. a b) i))");
    assert_eq!(tree("a - -b"), "(- a (- b))");
}

#[test]
fn postfix_operations() {
    assert_eq!(
        tree("a.b(c, d...)[1].e"),
        "(. (index (call (. a b) c d...) 1) e)"
    );
    assert_eq!(tree("f()?.g()?"), "(? (call (. (? (call f )) g) ))");
    assert_eq!(tree("-f()?"), "(- (? (call f )))");
    assert_eq!(tree("x.(T).(*p.U)"), "(assert (assert x T) (* (. p U)))");
    assert_eq!(tree("s[:]"), "(slice s - - -)");
    assert_eq!(tree("s[a:]"), "(slice s a - -)");
    assert_eq!(tree("s[:b:c]"), "(slice s - b c)");
    assert_eq!(
        tree("a~>b~>[k]~>m(x)~>(y)?"),
        "(? (~>() (~>m (~>[] (~> a b) k) m x) y))"
    );
    assert_eq!(tree("(a~>b)(c)"), "(call (paren (~> a b)) c)");
}

#[test]
fn types_as_operands() {
    assert_eq!(tree("[]byte(s)"), "(call ([] byte) s)");
    assert_eq!(tree("map[string][]int{}"), "(lit (map string ([] int)) )");
    assert_eq!(tree("[...]int{1, 5: 2}"), "(lit (array ... int) 1 5:2)");
    assert_eq!(
        tree("[2]T{{1}, {X: 2}}"),
        "(lit (array 2 T) (lit _ 1) (lit _ X:2))"
    );
    assert_eq!(tree("&p.T{a: {b: c}}"), "(& (lit (. p T) a:(lit _ b:c)))");
    assert_eq!(
        tree("make(chan<- <-chan int, 3)"),
        "(call make (chan Send (chan Recv int)) 3)"
    );
    assert_eq!(tree("make(port int, 3)"), "(call make (port Both int) 3)");
    assert_eq!(tree("make(island)"), "(call make island)");
    assert_eq!(tree("(<-chan int)(c)"), "(call (paren (chan Recv int)) c)");
    assert_eq!(tree("<-chan int(c)"), "(<- (call (chan Both int) c))");
    assert_eq!(
        tree("f(<-chan<- chan int)"),
        "(call f (chan Recv (chan Recv int)))"
    );
    assert_eq!(
        tree("f(<-port T, port<- T)"),
        "(call f (port Recv T) (port Send T))"
    );
    assert_eq!(tree("func(a, b int) {}"), "(func 1 0)");
    assert_eq!(tree("(func())(x)"), "(call (paren (functype 0 0)) x)");
    assert_eq!(tree("(*T)(p)"), "(call (paren (* T)) p)");
    assert_eq!(tree("struct{ a, b int; *T }{}"), "(lit (struct 2) )");
    assert_eq!(
        tree("interface{ F(int) error; G }(x)"),
        "(call (interface 2) x)"
    );
}

#[test]
fn literal_values() {
    let parsed = in_func("_ = f(0x_1F, 1_0.5e3, 'a', \"b\\n\")");
    let StmtKind::Assign { rhs, .. } = &body(&parsed)[0].kind else {
        panic!()
    };
    let ExprKind::Call { args, .. } = &rhs[0].kind else {
        panic!()
    };
    let values: Vec<_> = args
        .iter()
        .map(|a| match &a.kind {
            ExprKind::Lit(lit) => lit.value.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        values,
        [
            LitValue::Int {
                base: 16,
                digits: "1F".into()
            },
            LitValue::Float("10.5e3".into()),
            LitValue::Rune('a'),
            LitValue::String(b"b\n"[..].into()),
        ]
    );
}

#[test]
fn parameters_are_grouped() {
    let params = |list: &str| {
        let parsed = parse_ok(&format!("func f({list})\n"));
        let Decl::Func(func) = &parsed.file.decls[0] else {
            panic!()
        };
        assert!(func.body.is_none());
        let show_param = |p: &Param| {
            let names: Vec<_> = p.names.iter().map(|n| &*n.name).collect();
            format!(
                "{}:{}{}",
                names.join(","),
                if p.variadic.is_some() { "..." } else { "" },
                show(&p.ty)
            )
        };
        func.sig
            .params
            .iter()
            .map(show_param)
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(params(""), "");
    assert_eq!(params("int, p.T, *U"), ":int; :(. p T); :(* U)");
    assert_eq!(params("a, b int, c ...string,"), "a,b:int; c:...string");
    assert_eq!(params("...int"), ":...int");
    assert_eq!(
        params("a []int, f func(int) (x, y int)"),
        "a:([] int); f:(functype 1 1)"
    );
    assert_eq!(params("a [2]int, b (T)"), "a:(array 2 int); b:(paren T)");
    assert_eq!(
        params("p port int, q <-port T, i island"),
        "p:(port Both int); q:(port Recv T); i:island"
    );
}

#[test]
fn declarations() {
    let parsed = parse_ok(
        "package p\nimport \"fmt\"\nimport (\n\tm \"math\"\n\t. \"os\"\n\t_ \"x/y\"\n)\n\
         const a = 1\nconst (\n\tb, c int = iota, 2\n\td, e\n)\nvar x, y = 1, 2\nvar z []int\n\
         type (\n\tT struct {\n\t\ta, b int `tag`\n\t\tU\n\t\t*p.V \"t\"\n\t}\n\tW = T\n\tX [4]int\n)\n\
         func (t *T) m(int) (n int, err error) { return }\nfunc (T) n()\nfunc init() {}\n",
    );
    assert_eq!(parsed.file.package.as_ref().map(|p| &*p.name), Some("p"));
    assert_eq!(parsed.file.imports.len(), 4);
    let Decl::Const(consts) = &parsed.file.decls[1] else {
        panic!()
    };
    assert_eq!(
        consts.specs.iter().map(|s| s.iota).collect::<Vec<_>>(),
        [0, 1]
    );
    let Decl::Type(types) = &parsed.file.decls[4] else {
        panic!()
    };
    assert_eq!(
        types.specs.iter().map(|s| s.alias).collect::<Vec<_>>(),
        [false, true, false]
    );
    let ExprKind::StructType(fields) = &types.specs[0].ty.kind else {
        panic!()
    };
    assert_eq!(
        fields
            .iter()
            .map(|f| (f.names.len(), f.tag.is_some()))
            .collect::<Vec<_>>(),
        [(2, true), (0, false), (0, true)]
    );
    let Decl::Func(method) = &parsed.file.decls[5] else {
        panic!()
    };
    assert!(method.recv.as_ref().is_some_and(|r| r.name.is_some()));
    assert_eq!(parsed.file.decls.len(), 8);
}

#[test]
fn package_clause_may_be_left_out() {
    assert!(parse_ok("func main() {}").file.package.is_none());
    assert!(parse_ok("").file.decls.is_empty());
    assert!(
        parse_ok("import \"fmt\"; func main() { fmt.Println() }")
            .file
            .imports
            .len()
            == 1
    );
}

#[test]
fn statements() {
    let parsed = in_func(
        "a, b := 1, 2\na, b = b, a\na += 1\na &^= 2\na++\nb--\nc <- v\n<-c\nf()\n{\n}\n;;\nvar x int\nconst y = 1\n\
         type T int\ngo f()\ngo @(isl) g(1)\ngo func() {}()\ndefer x.f()\nerrdefer f()\nfail err\nf()?\nreturn\n\
         return a, b\nL: for {\nbreak L\ncontinue L\nbreak\ncontinue\n}\ngo a~>f()\ndefer a~>(1)\nM:\n}\nfunc g() {\n",
    );
    let kinds: Vec<_> = body(&parsed)
        .iter()
        .map(|s| {
            format!("{:?}", s.kind)
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect::<String>()
        })
        .collect();
    assert_eq!(
        kinds.join(" "),
        "Assign Assign Assign Assign IncDec IncDec Send Expr Expr Block Decl Decl Decl Go Go Go Defer ErrDefer \
         Fail Expr Return Return Labeled Go Defer Labeled"
    );
}

#[test]
fn if_and_for_forms() {
    in_func(
        "if x {\n} else if y := f(); y > 0 {\n} else {\n}\nif a == (T{1}) {\n}\nif f(T{1}) && m[T{2}] {\n}",
    );
    in_func(
        "for {\n}\nfor x {\n}\nfor i := 0; i < n; i++ {\n}\nfor ; ; {\n}\nfor ; x; {\n}\nfor i = 0; ; i++ {\n}",
    );
    in_func(
        "for range c {\n}\nfor k := range m {\n}\nfor k, v := range m {\n}\nfor a.b, c[0] = range m {\n}",
    );
    in_func(
        "for i := range 10 {\n}\nfor _, x := range []int{1, 2} {\n}\nfor i := func() int { return 1 }(); ; {\n}",
    );
    in_func("if x := struct{ a int }{1}; x.a > 0 {\n}");
}

#[test]
fn switch_forms() {
    in_func(
        "switch {\ncase a, b:\ncase c:\n\tf()\n\tfallthrough\ndefault:\n}\nswitch x {\n}\nswitch x := f(); x {\n}",
    );
    in_func("switch f(); {\n}\nswitch x := f(); {\n}\nswitch ; {\n}");
    let parsed = in_func(
        "switch x.(type) {\n}\nswitch v := x.(type) {\ncase int, *T, []int, nil, func(), chan int:\n}\n\
         switch f(); v := x.(type) {\n}\nswitch y := x.(int); y {\n}",
    );
    let guards: Vec<_> = body(&parsed)
        .iter()
        .map(|s| matches!(s.kind, StmtKind::TypeSwitch(_)))
        .collect();
    assert_eq!(guards, [true, true, true, false]);
}

#[test]
fn select_forms() {
    let parsed = in_func(
        "select {\ncase c <- v:\ncase <-c:\ncase x := <-c:\ncase x, ok := <-c:\ncase a[0], m[k] = (<-c):\ndefault:\n}\n\
         select {}",
    );
    let StmtKind::Select(clauses) = &body(&parsed)[0].kind else {
        panic!()
    };
    let shape: Vec<_> = clauses
        .iter()
        .map(|c| match &c.comm {
            Comm::Send { .. } => "send".to_string(),
            Comm::Recv { lhs, define, .. } => {
                format!("recv{}{}", lhs.len(), if *define { ":" } else { "" })
            }
            Comm::Default => "default".to_string(),
            Comm::Bad => "bad".to_string(),
        })
        .collect();
    assert_eq!(
        shape,
        ["send", "recv0", "recv1:", "recv2:", "recv2", "default"]
    );
}

#[test]
fn spans_cover_what_they_should() {
    let parsed = in_func("x := a.b(c) + d\nif y { z() }");
    let text = |span| parsed.map.text(span);
    let StmtKind::Assign { rhs, .. } = &body(&parsed)[0].kind else {
        panic!()
    };
    assert_eq!(text(rhs[0].span), "a.b(c) + d");
    let ExprKind::Binary { x, y, op_span, .. } = &rhs[0].kind else {
        panic!()
    };
    assert_eq!(
        (text(x.span), text(*op_span), text(y.span)),
        ("a.b(c)", "+", "d")
    );
    assert_eq!(text(body(&parsed)[1].span), "if y { z() }");
    let StmtKind::If(stmt) = &body(&parsed)[1].kind else {
        panic!()
    };
    assert_eq!(
        (text(stmt.then.span), text(stmt.then.rbrace())),
        ("{ z() }", "}")
    );
}

#[test]
fn ids_are_dense_and_shared_between_files() {
    use crate::diag::Diagnostics;
    let mut map = crate::source::SourceMap::new();
    let (a, b) = (map.add("a.vo", "var x = y"), map.add("b.vo", "var z = 1"));
    let mut ids = NodeIds::new();
    let mut diags = Diagnostics::new();
    super::super::parse_file(&map, a, &mut ids, &mut diags);
    let before = ids.count();
    let file = super::super::parse_file(&map, b, &mut ids, &mut diags);
    let Decl::Var(decl) = &file.decls[0] else {
        panic!()
    };
    assert_eq!(decl.specs[0].names[0].id.index(), before);
    assert_eq!(ids.count(), before + 3);
}
