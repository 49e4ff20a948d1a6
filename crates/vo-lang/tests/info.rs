//! What the checker records for the lowering.

use vo_lang::diag::Diagnostics;
use vo_lang::package::{Program, load_file};
use vo_lang::source::SourceMap;
use vo_lang::syntax::ast::{Expr, ExprKind, Name};
use vo_lang::types::info::{Adjust, MethodRef, Mode, ObjId, ObjKind, Target, VarInfo};
use vo_lang::types::{Checked, check};

/// Checks a program that must be correct and hands the results to `look`.
fn checked(text: &str, look: impl FnOnce(&Checked<'_>)) {
    let mut source = SourceMap::new();
    let mut diags = Diagnostics::new();
    let text = format!("package main\n{text}\n");
    let program: Program = load_file("test.vo", text.into(), &mut source, &mut diags);
    let checked = check(&program, &source, &mut diags);
    assert!(!diags.has_errors(), "{}", diags.render(&source, false));
    look(&checked);
}

fn named<'c>(checked: &'c Checked<'_>, name: &'c str) -> impl Iterator<Item = ObjId> + 'c {
    let objects = checked.info.objects().iter().enumerate();
    objects
        .filter(move |(_, object)| &*object.name == name)
        .map(|(i, _)| ObjId(i as u32))
}

fn var<'c>(checked: &'c Checked<'_>, name: &str) -> &'c VarInfo {
    named(checked, name)
        .find_map(|id| checked.info.var(id))
        .expect("a variable of the name")
}

/// The initial value of a package variable.
fn init<'a>(checked: &Checked<'a>, name: &str) -> &'a Expr {
    let main = checked.info.packages().last().unwrap();
    let is_it = |obj: &ObjId| &*checked.info.object(*obj).name == name;
    main.init_order
        .iter()
        .find(|init| init.lhs.iter().any(is_it))
        .expect("an initialised variable")
        .rhs
}

#[test]
fn captured_and_reassigned_variables() {
    let text = "
        type T struct{ n int; arr [3]int }
        func (t *T) inc() { t.n++ }
        func (t T) get() int { return t.n }
        func f(param int) (result int) {
            plain, copied, shared, counter := 1, 2, 3, 4
            var byRef, byMethod, byValue, sliced, pointer T
            shared = 5
            plain = 6
            g := func() int {
                h := func() { counter++ }
                h()
                result = 1
                return copied + shared + param
            }
            _ = &byRef
            byMethod.inc()
            _ = byValue.get()
            _ = sliced.arr[:]
            p := &pointer
            p.inc()
            return plain + g()
        }
        func main() { f(1) }";
    checked(text, |c| {
        let flags = |name: &str| {
            let v = var(c, name);
            (v.captured, v.reassigned, v.address_taken, v.shared())
        };
        assert_eq!(flags("plain"), (false, true, false, false));
        assert_eq!(flags("copied"), (true, false, false, false));
        assert_eq!(flags("shared"), (true, true, false, true));
        assert_eq!(flags("counter"), (true, true, false, true));
        assert_eq!(flags("param"), (true, false, false, false));
        assert_eq!(flags("result"), (true, true, false, true));
        assert_eq!(flags("byRef"), (false, false, true, true));
        assert!(var(c, "byMethod").address_taken);
        assert_eq!(flags("byValue"), (false, false, false, false));
        assert!(var(c, "sliced").address_taken);
        assert!(!var(c, "p").address_taken, "its method needs no address");
        let captures = |name: &str| -> Vec<Name> {
            let function = c
                .info
                .functions()
                .iter()
                .find(|f| &*f.name == name)
                .expect("the function");
            function
                .captures
                .iter()
                .map(|&v| c.info.object(v).name.clone())
                .collect()
        };
        assert_eq!(
            captures("f.func1"),
            ["counter", "result", "copied", "shared", "param"].map(Name::from)
        );
        assert_eq!(captures("f.func1.func1"), ["counter"].map(Name::from));
        assert!(captures("f").is_empty());
    });
}

#[test]
fn initialisation_follows_dependencies_through_functions_and_methods() {
    let text = "
        var a = c + b
        var b = f()
        var c = 1
        var d, e = pair()
        var early = 0
        var viaMethod = T{}.m()
        var viaLiteral = func() int { return last }()
        var last = 9
        type T struct{}
        func (T) m() int { return last }
        func f() int { return g() }
        func g() int { return e }
        func pair() (int, int) { return c, c }
        func main() {}";
    checked(text, |c| {
        let main = c.info.packages().last().unwrap();
        let order: Vec<String> = main
            .init_order
            .iter()
            .map(|init| {
                init.lhs
                    .iter()
                    .map(|&v| &*c.info.object(v).name)
                    .collect::<Vec<_>>()
                    .join(",")
            })
            .collect();
        assert_eq!(
            order,
            [
                "c",
                "d,e",
                "b",
                "a",
                "early",
                "last",
                "viaMethod",
                "viaLiteral"
            ]
        );
    });
}

#[test]
fn untyped_operands_get_the_type_of_their_place() {
    let text = "
        var s uint = 3
        var f float64 = 1 + 2
        var i64 int64 = 1 << s
        var i = 1.0 + 2
        var b = 1 << s == 2
        var e any = 'x'
        var p *struct{} = nil
        var m = map[string]int{}
        var v, ok = m[\"k\"]
        func main() {}";
    checked(text, |c| {
        let ty = |e: &Expr| c.types.display(c.info.type_of(e.id), None);
        let parts = |e: &'_ Expr| match &e.kind {
            ExprKind::Binary { x, y, .. } => (ty(x), ty(y)),
            _ => panic!("not binary"),
        };
        assert_eq!(ty(init(c, "f")), "float64");
        assert_eq!(
            c.info.const_value(init(c, "f").id).unwrap().as_f64(),
            Some(3.0)
        );
        assert_eq!(parts(init(c, "i64")).0, "int64");
        assert_eq!(ty(init(c, "i")), "float64");
        assert_eq!(parts(init(c, "b")), ("int".to_string(), "int".to_string()));
        assert_eq!(ty(init(c, "e")), "int32");
        assert_eq!(ty(init(c, "p")), "*struct{}");
        assert_eq!(
            c.info.type_and_mode(init(c, "p").id).unwrap().mode,
            Mode::Nil
        );
        assert_eq!(ty(init(c, "ok")), "(int, bool)");
    });
}

#[test]
fn selections_name_the_path_and_the_receiver() {
    let text = "
        type Inner struct{ x int }
        func (i *Inner) ptr() {}
        func (i Inner) val() {}
        type Mid struct{ *Inner }
        type Outer struct{ pad int; Mid }
        type I interface{ b(); a() }
        type WithI struct{ I }
        var o Outer
        var x = o.x
        var ptr = o.ptr
        var val = o.val
        var wi WithI
        var a = wi.a
        var in Inner
        var addr = in.ptr
        var expr = (*Outer).val
        func main() {}";
    checked(text, |c| {
        let selection = |name: &str| c.info.selection(init(c, name).id).expect("a selection");
        let path = |name: &str| -> Vec<(bool, usize)> {
            selection(name)
                .path
                .iter()
                .map(|step| (step.deref, step.index))
                .collect()
        };
        let adjust = |name: &str| match selection(name).target {
            Target::Method(MethodRef::Concrete { adjust, .. })
            | Target::MethodExpr(MethodRef::Concrete { adjust, .. }) => adjust,
            other => panic!("not a declared method: {other:?}"),
        };
        assert_eq!(path("x"), [(false, 1), (false, 0), (true, 0)]);
        assert_eq!(selection("x").target, Target::Field);
        assert_eq!(
            (path("ptr"), adjust("ptr")),
            (vec![(false, 1), (false, 0)], Adjust::None)
        );
        assert_eq!(adjust("val"), Adjust::Deref);
        assert_eq!((path("addr"), adjust("addr")), (vec![], Adjust::Address));
        assert_eq!(path("expr"), [(true, 1), (false, 0)]);
        assert_eq!(path("a"), [(false, 0)]);
        // The methods of an interface are sorted.
        assert!(matches!(
            selection("a").target,
            Target::Method(MethodRef::Interface { index: 0, .. })
        ));
    });
}

#[test]
fn each_clause_of_a_type_switch_has_its_variable() {
    let text = "
        func f(v any) {
            switch t := v.(type) {
            case int: println(t)
            case string, bool: println(t)
            }
        }
        func main() { f(1) }";
    checked(text, |c| {
        let types: Vec<String> = named(c, "t")
            .map(|id| c.types.display(c.info.object(id).ty, None))
            .collect();
        assert_eq!(types, ["int", "any"]);
    });
}

#[test]
fn identical_types_are_one_handle() {
    let text = "
        type T struct{ a int }
        var a map[string][]func(T) error
        var b map[string][]func(T) error
        var c struct{ x int; y T }
        var d struct{ x int; y T }
        var e interface{ m(); n() }
        var f interface{ n(); m() }
        func main() {}";
    checked(text, |c| {
        let ty = |name: &str| c.info.object(named(c, name).next().unwrap()).ty;
        assert_eq!(ty("a"), ty("b"));
        assert_eq!(ty("c"), ty("d"));
        assert_eq!(ty("e"), ty("f"));
        assert_ne!(ty("a"), ty("c"));
    });
}

#[test]
fn every_expression_of_a_correct_program_has_a_type() {
    let text = include_str!("types/valid_tour.vo").replace("package main\n", "");
    checked(&text, |c| {
        for object in c.info.objects() {
            let typed = !matches!(
                object.kind,
                ObjKind::PkgName(_) | ObjKind::Builtin(_) | ObjKind::Label
            );
            if typed && object.pkg.is_some() {
                assert!(!object.ty.is_invalid(), "{} has no type", object.name);
            }
        }
    });
}
