//! Types, method tables, headers of functions, the entry.

use super::{check, messages};
use vo_bytecode::text;

/// The module of this text has exactly this mistake.
#[track_caller]
fn refuses(text: &str, want: &str) {
    check(text, &[want]);
}

#[test]
fn headers_are_in_order() {
    let f = |rest: &str| format!("func f{rest}");
    for (text, want) in [
        ("() { }", "the code does not end with a terminator"),
        (
            "(i64) { Nil %0 }",
            "the code does not end with a terminator",
        ),
        (
            "(itype) { slots idata Jump @0 }",
            "parameter %0 is half an interface",
        ),
        ("() { slots idata Jump @0 }", "slot %0 is half an interface"),
        (
            "() { slots itype, i64 Jump @0 }",
            "slot %0 is half an interface",
        ),
        (
            "() -> (i64, itype) { Jump @0 }",
            "result 1 is half an interface",
        ),
        (
            "() { slots i64 names %1 = x Jump @0 }",
            "%1, which `x` names, does not exist",
        ),
        (
            "() { slots i64 names %0 = x: t7 Jump @0 }",
            "the type of `x` does not exist",
        ),
        ("() file 1 { Jump @0 }", "file 1 does not exist"),
    ] {
        refuses(
            &format!("file \"a\" {}", f(text)),
            &format!("function @0 (f): {want}"),
        );
    }
    let results = vec!["i64"; 257].join(", ");
    refuses(
        &f(&format!("() -> ({results}) {{ Jump @0 }}")),
        "function @0 (f): 257 result slots; at most 256",
    );
    let mut module = text::parse("func f(i64) { Jump @0 }").unwrap();
    module.functions[0].params = 2;
    module.functions[0].lines.clear();
    assert_eq!(
        messages(&module),
        [
            "function @0 (f): 2 parameters, but 1 slots",
            "function @0 (f): 0 source lines for 1 instructions"
        ]
    );
}

#[test]
fn entry_takes_and_gives_nothing() {
    refuses("entry @0", "module: the entry function does not exist");
    let want = "module: the entry function f has parameters or results";
    refuses("entry f func f(i64) { Jump @0 }", want);
    refuses("entry f func f() -> (i64) { Jump @0 }", want);
}

#[test]
fn type_tables_name_what_exists() {
    refuses("type = slice t1", "type t0: t1 does not exist");
    refuses("type T = map t0 t9", "type t0 (T): t9 does not exist");
    refuses("type = struct { a: t1 }", "type t0: t1 does not exist");
    refuses("type = func (t0) -> (t1)", "type t0: t1 does not exist");
    refuses("type = interface { m0 }", "type t0: m0 does not exist");
    refuses(
        "type t0 = bool methods { m0: @0 } func f() { Jump @0 }",
        "type t0: m0 does not exist",
    );
    refuses(
        "type = func () type = bool methods { m0: @0 } method m t0",
        "type t1: function @0 does not exist",
    );
    refuses("method m t0", "method m0 (m): t0 does not exist");
    refuses(
        "type = bool method m t0",
        "method m0 (m): the signature t0 is not a function type",
    );
    refuses("global x t0", "global g0 (x): t0 does not exist");
}

#[test]
fn type_tables_are_sorted_and_unique() {
    let methods = "type t0 = func () method b t0 method a t0";
    let f = "func f(i64) { Return [] }";
    refuses(
        &format!("{methods} type = interface {{ m0, m1 }}"),
        "type t1: the methods of the interface are not sorted by name",
    );
    refuses(
        &format!("{methods} type = interface {{ m0, m0 }}"),
        "type t1: the methods of the interface are not sorted by name",
    );
    refuses(
        &format!("{methods} type T = bool methods {{ m1: f, m0: f }} {f}"),
        "type t1 (T): the method table is not sorted by id",
    );
    refuses(
        &format!("{methods} type T = bool methods {{ m1: f, m1: f }} {f}"),
        "type t1 (T): the method table is not sorted by id",
    );
    refuses(
        &format!(
            "{methods} type T = interface {{ }} methods {{ m1: f }} func f(ref) {{ Return [] }}"
        ),
        "type t1 (T): an interface type has a method table",
    );
    refuses(
        &format!("{methods} method b t0"),
        "method m2 (b): the same method as m0",
    );
    refuses("type = bool type = bool", "type t1: the same type as t0");
    check("type A = bool type A = bool type = bool", &[]);
}

#[test]
fn kinds_of_types_make_sense() {
    refuses(
        "type = chan t0",
        "type t0: a channel that can neither send nor receive",
    );
    let variadic = "the last parameter of a variadic function is not a slice";
    refuses("type = func () variadic", &format!("type t0: {variadic}"));
    refuses("type = func (t0) variadic", &format!("type t0: {variadic}"));
    refuses(
        "type K = slice t0 type = map t0 t0",
        "type t1: the key type t0 is not comparable",
    );
    refuses(
        "type = map t1 t0 type = struct { a: t2 } type = array 3 t3 type = func ()",
        "type t0: the key type t1 is not comparable",
    );
    check("type = map t1 t1 type any = interface { }", &[]);
}

#[test]
fn types_are_finite() {
    let contains = "the type contains itself by value";
    refuses(
        "type T = struct { t: t0 }",
        &format!("type t0 (T): {contains}"),
    );
    refuses("type T = array 0 t0", &format!("type t0 (T): {contains}"));
    refuses(
        "type = struct { t: t1 } type T = array 2 t0",
        &format!("type t0: {contains}"),
    );
    check(
        "type T = struct { next: t1, all: t2 } type = pointer t0 type = slice t0",
        &[],
    );
}

#[test]
fn types_are_not_too_large() {
    let large = "the type is larger than 1 GiB";
    refuses(
        "type = array 134217729 t1 type = i64",
        &format!("type t0: {large}"),
    );
    check("type = array 134217728 t1 type = i64", &[]);
    // Only the innermost is reported, and nothing overflows.
    let nested =
        "type = array 1000000 t1 type = array 1000000 t2 type = array 1000000 t3 type = i64";
    refuses(nested, &format!("type t1: {large}"));
    refuses(
        "type = struct { a: t1, b: t1 } type = array 134217728 t2 type = i64",
        &format!("type t0: {large}"),
    );
    refuses(
        "type = array 1073741825 t1 type = struct { }",
        "type t0: an array of 1073741825 elements is too long",
    );
}

#[test]
fn types_are_not_too_deep_or_wide() {
    let chain = |count: usize, step: fn(usize) -> String| {
        let types: Vec<_> = (1..=count)
            .map(|at| format!("type = {}", step(at)))
            .collect();
        format!("{} type = struct {{ }}", types.join(" "))
    };
    // An array of an array of …, without any size.
    let deep = chain(100_000, |at| format!("array 1 t{at}"));
    let errors = messages(&text::parse(&deep).unwrap());
    assert_eq!(
        errors,
        ["type t99799: structs and arrays lie too deep within each other"]
    );
    // Structs of twice the next one, without any size: 2^60 parts.
    let wide = chain(60, |at| format!("struct {{ a: t{at}, b: t{at} }}"));
    let errors = messages(&text::parse(&wide).unwrap());
    assert_eq!(errors, ["type t42: the type has too many parts"]);
}

#[test]
fn method_tables_have_the_methods_signatures() {
    let text = |receiver: &str, ty: &str| {
        format!(
            "type = func (t1) -> (t1) type = i64 method m t0
                 type T = {ty} methods {{ m0: f }}
                 func f({receiver}) -> (i64) {{ Return [%1] }}"
        )
    };
    check(&text("i64, i64", "f64"), &[]);
    check(&text("i64, i64", "i8"), &[]);
    check(&text("ref, i64", "string"), &[]);
    check(&text("ref, i64", "pointer t1"), &[]);
    refuses(
        &text("i64, i64", "string"),
        "type t2 (T): method m0 (m) is f, which is (i64, i64) -> (i64), not (ref, i64) -> (i64)",
    );
    refuses(
        &text("ref, i64", "bool"),
        "type t2 (T): method m0 (m) is f, which is (ref, i64) -> (i64), not (i64, i64) -> (i64)",
    );
    refuses(
        &text("f64, i64", "f64"),
        "type t2 (T): method m0 (m) is f, which is (f64, i64) -> (i64), not (i64, i64) -> (i64)",
    );
}
