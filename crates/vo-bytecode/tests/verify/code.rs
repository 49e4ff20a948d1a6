//! Instructions: their operands, their types, select groups.

use super::{check, messages};
use vo_bytecode::text;

/// Types that the bodies below may use.
const TYPES: &str = r#"
    type t0 int = i64
    type t1 string = string
    type t2 any = interface { }
    type t3 = map t1 t2
    type t4 = chan t0 recv send
    type t5 = struct { F: t0, a: t0 }
    type t6 = struct { F: t1 }
    type t7 = func (t0) -> (t1)
    type t8 float64 = f64
    type t9 main.I = interface { m0 }
    method m0 Call t7
    global g0 main.x t0
"#;

/// A function of a few slots of each type, with this code and a `Return` behind it, has exactly
/// this mistake.
#[track_caller]
fn refuses(code: &str, want: &str) {
    check(&body(code), &[&format!("function @0 (f), {want}")]);
}

fn body(code: &str) -> String {
    format!(
        "{TYPES}
         func f(%0: i64, %1: f64, %2: f32, %3: ref, %4: iface, %6: i64, %7: ref) -> (i64) {{
           {code}
           Return [%0]
         }}
         func two(i64, ref) -> (f64, iface) {{ @0: Jump @0 }}
         func none() {{ Return [] }}"
    )
}

#[test]
fn operands_exist() {
    refuses("Nil %8", "@0 Nil: `dst`: %8 does not exist");
    refuses(
        "Nil %4294967295",
        "@0 Nil: `dst`: %4294967295 does not exist",
    );
    refuses(
        "IfaceNil %4294967295",
        "@0 IfaceNil: `dst`: %4294967295 does not exist",
    );
    refuses(
        "ChanRecv [%0], %9, %3",
        "@0 ChanRecv: `ok`: %9 does not exist",
    );
    refuses(
        "ChanSend %3, [%0, %9]",
        "@0 ChanSend: `vals`: %9 does not exist",
    );
    refuses(
        "ConstStr %3, %0, s0",
        "@0 ConstStr: `value`: s0 does not exist",
    );
    refuses(
        "FuncValue %3, @3",
        "@0 FuncValue: `func`: function @3 does not exist",
    );
    refuses("New %3, t10", "@0 New: `ty`: t10 does not exist");
    refuses(
        "CallRt [%3], slice.make, t10, [%0, %0]",
        "@0 CallRt: `ty`: t10 does not exist",
    );
    refuses(
        "GlobalAddr %3, g1",
        "@0 GlobalAddr: `global`: g1 does not exist",
    );
    refuses("Jump @2", "@0 Jump: `to`: there is no instruction @2");
    refuses(
        "Switch %0, [@1, @7], @1",
        "@0 Switch: `targets`: there is no instruction @7",
    );
    refuses(
        "GoStart @3, []",
        "@0 GoStart: `callee`: function @3 does not exist",
    );
    refuses(
        "GoStart closure %9, []",
        "@0 GoStart: `callee`: %9 does not exist",
    );
    refuses(
        "GoStart method %4 m1, []",
        "@0 GoStart: `callee`: m1 does not exist",
    );
}

#[test]
fn interface_words_stay_together() {
    refuses("Mov %4, %0", "@0 Mov: `dst`: %4 is half an interface");
    refuses("Mov %5, %0", "@0 Mov: `dst`: %5 is half an interface");
    refuses(
        "IfaceMov %4, %5",
        "@0 IfaceMov: `src`: %5 is an interface's data word",
    );
    refuses("Panic %0", "@0 Panic: `value`: %0 is i64, not an interface");
    refuses(
        "GoStart closure %4, []",
        "@0 GoStart: `callee`: %4 is half an interface",
    );
    refuses(
        "GoStart method %3 m0, []",
        "@0 GoStart: `callee`: %3 is ref, not an interface",
    );
    refuses(
        "ChanSend %3, [%4]",
        "@0 ChanSend: `vals`: %4 is half an interface",
    );
    refuses(
        "ChanSend %3, [%0, %4]",
        "@0 ChanSend: `vals`: %4 is half an interface",
    );
    refuses(
        "ChanRecv [%5], _, %3",
        "@0 ChanRecv: `vals`: %5 is half an interface",
    );
}

#[test]
fn operands_have_their_types() {
    for (code, want) in [
        ("Const %1, 0", "@0 Const: `dst`: %1 is f64, not i64"),
        ("ConstF64 %2, 0", "@0 ConstF64: `dst`: %2 is f32, not f64"),
        ("ConstF32 %1, 0", "@0 ConstF32: `dst`: %1 is f64, not f32"),
        ("Nil %0", "@0 Nil: `dst`: %0 is i64, not ref"),
        (
            "ConstStr %3, %7, \"\"",
            "@0 ConstStr: `len`: %7 is ref, not i64",
        ),
        ("Mov %0, %1", "@0 Mov: `dst`: %0 is i64, not f64"),
        (
            "IfaceMake %4, t0, %3",
            "@0 IfaceMake: `data`: %3 is ref, not i64",
        ),
        (
            "IfaceMake %4, t8, %0",
            "@0 IfaceMake: `data`: %0 is i64, not f64",
        ),
        (
            "IfaceMake %4, t1, %0",
            "@0 IfaceMake: `data`: %0 is i64, not ref",
        ),
        (
            "IfaceIs %3, %4, t0",
            "@0 IfaceIs: `dst`: %3 is ref, not i64",
        ),
        (
            "IfaceIsNil %3, %4",
            "@0 IfaceIsNil: `dst`: %3 is ref, not i64",
        ),
        (
            "IfaceImplements %3, %4, t9",
            "@0 IfaceImplements: `dst`: %3 is ref, not i64",
        ),
        (
            "IfaceEq %3, %4, %4",
            "@0 IfaceEq: `dst`: %3 is ref, not i64",
        ),
        (
            "IfaceLoad %4, %0, 0",
            "@0 IfaceLoad: `base`: %0 is i64, not ref",
        ),
        (
            "IfaceStore %0, 0, %4",
            "@0 IfaceStore: `base`: %0 is i64, not ref",
        ),
        ("Bin %0, add, u8, %0, %3", "@0 Bin: `b`: %3 is ref, not i64"),
        ("Un %0, not, i32, %1", "@0 Un: `a`: %1 is f64, not i64"),
        (
            "Cmp %1, eq, i32, %0, %0",
            "@0 Cmp: `dst`: %1 is f64, not i64",
        ),
        (
            "CmpRef %0, eq, %3, %0",
            "@0 CmpRef: `b`: %0 is i64, not ref",
        ),
        (
            "CmpRef %0, lt, %3, %7",
            "@0 CmpRef: references have no order: `lt`",
        ),
        ("BoolNot %0, %3", "@0 BoolNot: `a`: %3 is ref, not i64"),
        (
            "FBin %1, fadd, f64, %1, %2",
            "@0 FBin: `b`: %2 is f32, not f64",
        ),
        ("FUn %1, fneg, f32, %2", "@0 FUn: `dst`: %1 is f64, not f32"),
        (
            "FCmp %0, lt, f32, %1, %2",
            "@0 FCmp: `a`: %1 is f64, not f32",
        ),
        (
            "IntCast %1, i8, %0",
            "@0 IntCast: `dst`: %1 is f64, not i64",
        ),
        (
            "IntToFloat %1, f32, i64, %0",
            "@0 IntToFloat: `dst`: %1 is f64, not f32",
        ),
        (
            "FloatToInt %0, i64, f64, %2",
            "@0 FloatToInt: `a`: %2 is f32, not f64",
        ),
        (
            "FloatCast %1, f64, %1",
            "@0 FloatCast: `a`: %1 is f64, not f32",
        ),
        (
            "FloatBits %0, f32, %1",
            "@0 FloatBits: `a`: %1 is f64, not f32",
        ),
        (
            "FloatFromBits %1, f64, %2",
            "@0 FloatFromBits: `a`: %2 is f32, not i64",
        ),
        ("ShiftCheck %3", "@0 ShiftCheck: `a`: %3 is ref, not i64"),
        ("Br %3, @1, @1", "@0 Br: `cond`: %3 is ref, not i64"),
        (
            "Switch %1, [], @1",
            "@0 Switch: `index`: %1 is f64, not i64",
        ),
        ("New %0, t5", "@0 New: `dst`: %0 is i64, not ref"),
        (
            "Load %0, m.f64, %3, 0",
            "@0 Load: `dst`: %0 is i64, not f64",
        ),
        (
            "Load %1, m.f32, %3, 0",
            "@0 Load: `dst`: %1 is f64, not f32",
        ),
        (
            "Store m.ref, %3, 0, %0",
            "@0 Store: `src`: %0 is i64, not ref",
        ),
        (
            "LoadIdx %3, m.u8, %3, %0",
            "@0 LoadIdx: `dst`: %3 is ref, not i64",
        ),
        (
            "StoreIdx m.i64, %3, %7, %0",
            "@0 StoreIdx: `index`: %7 is ref, not i64",
        ),
        (
            "ElemAddr %3, %3, %1, 8",
            "@0 ElemAddr: `index`: %1 is f64, not i64",
        ),
        (
            "FieldAddr %0, %3, 8",
            "@0 FieldAddr: `dst`: %0 is i64, not ref",
        ),
        (
            "GlobalAddr %0, g0",
            "@0 GlobalAddr: `dst`: %0 is i64, not ref",
        ),
        ("MemCopy %3, %0, 8", "@0 MemCopy: `src`: %0 is i64, not ref"),
        (
            "CopyElems %3, %3, %7, 8",
            "@0 CopyElems: `count`: %7 is ref, not i64",
        ),
        ("NilCheck %0", "@0 NilCheck: `a`: %0 is i64, not ref"),
        (
            "BoundsCheck %0, %3",
            "@0 BoundsCheck: `len`: %3 is ref, not i64",
        ),
        (
            "SliceCheck slice, %0, %0, %3, %0",
            "@0 SliceCheck: `max`: %3 is ref, not i64",
        ),
        (
            "ArrayLenCheck %3, 4",
            "@0 ArrayLenCheck: `len`: %3 is ref, not i64",
        ),
        (
            "SlicePtr %3, %3, %0, 8, %1",
            "@0 SlicePtr: `newcap`: %1 is f64, not i64",
        ),
        (
            "StrConcat %0, %6, []",
            "@0 StrConcat: `ptr`: %0 is i64, not ref",
        ),
        (
            "StrConcat %3, %6, [%3]",
            "@0 StrConcat: `parts` is (ref), not () of strings",
        ),
        ("MapNew %3, t3, %7", "@0 MapNew: `hint`: %7 is ref, not i64"),
        (
            "MapIter %3, t3, %0",
            "@0 MapIter: `map`: %0 is i64, not ref",
        ),
        (
            "MapDelete t3, %0, [%3, %0]",
            "@0 MapDelete: `map`: %0 is i64, not ref",
        ),
        (
            "ChanNew %3, t4, %7",
            "@0 ChanNew: `cap`: %7 is ref, not i64",
        ),
        ("ChanSend %0, []", "@0 ChanSend: `chan`: %0 is i64, not ref"),
        (
            "ChanRecv [], %3, %7",
            "@0 ChanRecv: `ok`: %3 is ref, not i64",
        ),
        ("ChanClose %0", "@0 ChanClose: `chan`: %0 is i64, not ref"),
        ("ChanLen %3, %7", "@0 ChanLen: `dst`: %3 is ref, not i64"),
        ("ChanCap %0, %6", "@0 ChanCap: `chan`: %6 is i64, not ref"),
        (
            "SelectBegin 1, true SelectSend %0, [] SelectExec %6",
            "@1 SelectSend: `chan`: %0 is i64, not ref",
        ),
        (
            "SelectBegin 1, true SelectRecv [], %1, %3 SelectExec %6",
            "@1 SelectRecv: `ok`: %1 is f64, not i64",
        ),
        (
            "SelectBegin 0, true SelectExec %3",
            "@1 SelectExec: `index`: %3 is ref, not i64",
        ),
    ] {
        refuses(code, want);
    }
}

#[test]
fn types_are_of_the_wanted_kind() {
    refuses(
        "IfaceMake %4, t2, %3",
        "@0 IfaceMake: `ty`: t2 is an interface type",
    );
    refuses(
        "IfaceIs %0, %4, t9",
        "@0 IfaceIs: `ty`: t9 is an interface type",
    );
    refuses(
        "IfaceImplements %0, %4, t0",
        "@0 IfaceImplements: `ty`: t0 is not an interface type",
    );
    refuses("MapNew %3, t4, %0", "@0 MapNew: `ty`: t4 is not a map type");
    refuses(
        "MapIter %3, t0, %3",
        "@0 MapIter: `ty`: t0 is not a map type",
    );
    refuses(
        "ChanNew %3, t3, %0",
        "@0 ChanNew: `ty`: t3 is not a channel type",
    );
    for ty in ["t0", "t6"] {
        let want =
            format!("@0 Closure: `ty`: {ty} is not a struct that begins with a 64-bit integer");
        refuses(
            &format!("Closure %3, g, {ty} Return [%0] }} func g(ref) -> (ref) {{"),
            &want,
        );
    }
}

#[test]
fn offsets_and_sizes_are_sensible() {
    refuses(
        "Load %0, m.i8, %3, -1",
        "@0 Load: `off`: -1 is not from 0 to 1 GiB",
    );
    refuses(
        "Store m.i8, %3, 1073741825, %0",
        "@0 Store: `off`: 1073741825 is not from 0 to 1 GiB",
    );
    refuses(
        "IfaceLoad %4, %3, -8",
        "@0 IfaceLoad: `off`: -8 is not from 0 to 1 GiB",
    );
    refuses(
        "IfaceStore %3, -8, %4",
        "@0 IfaceStore: `off`: -8 is not from 0 to 1 GiB",
    );
    refuses(
        "FieldAddr %3, %3, -8",
        "@0 FieldAddr: `off`: -8 is not from 0 to 1 GiB",
    );
    refuses(
        "ElemAddr %3, %3, %0, -8",
        "@0 ElemAddr: `size`: -8 is not from 0 to 1 GiB",
    );
    refuses(
        "MemCopy %3, %3, -8",
        "@0 MemCopy: `size`: -8 is not from 0 to 1 GiB",
    );
    refuses(
        "CopyElems %3, %3, %0, -8",
        "@0 CopyElems: `size`: -8 is not from 0 to 1 GiB",
    );
    refuses(
        "SlicePtr %3, %3, %0, -8, %0",
        "@0 SlicePtr: `size`: -8 is not from 0 to 1 GiB",
    );
    refuses(
        "ArrayLenCheck %0, -8",
        "@0 ArrayLenCheck: `want`: -8 is not from 0 to 1 GiB",
    );
}

#[test]
fn calls_fit_their_callees() {
    for (code, want) in [
        (
            "Call [%1, %4, %5], two, [%0]",
            "@0 Call: `args` is (i64), not (i64, ref) of two",
        ),
        (
            "Call [%1], two, [%0, %3]",
            "@0 Call: `rets` is (f64), not (f64, itype, idata) of two",
        ),
        (
            "Call [%3, %6], method %4 m0, []",
            "@0 Call: `args` is (), not (i64) of Call",
        ),
        (
            "Call [], method %4 m0, [%0]",
            "@0 Call: `rets` is (), not (ref, i64) of Call",
        ),
        (
            "Call [], closure %0, []",
            "@0 Call: `callee`: %0 is not a ref",
        ),
        (
            "GoStart two, [%3, %0]",
            "@0 GoStart: `args` is (ref, i64), not (i64, ref) of two",
        ),
        (
            "GoStart method %4 m0, [%3]",
            "@0 GoStart: `args` is (ref), not (i64) of Call",
        ),
        (
            "CallRt [%0], str.eq, _, [%3, %6]",
            "@0 CallRt: `args` is (ref, i64), not (ref, i64, ref, i64) of str.eq",
        ),
        (
            "CallRt [%3], map.len, _, [%3]",
            "@0 CallRt: `rets` is (ref), not (i64) of map.len",
        ),
        (
            "CallRt [%3], slice.make, _, [%0, %0]",
            "@0 CallRt: `ty`: slice.make needs a type",
        ),
        (
            "CallRt [%0], map.len, t3, [%3]",
            "@0 CallRt: `ty`: map.len takes no type",
        ),
        (
            "FuncValue %3, two",
            "@0 FuncValue: `func`: the first parameter of two is no ref",
        ),
        (
            "Closure %3, none, t5",
            "@0 Closure: `func`: the first parameter of none is no ref",
        ),
        (
            "Return [%1]",
            "@0 Return: `values` is (f64), not (i64) of the function",
        ),
        (
            "MapGet [%0], _, t3, %3, [%3, %6]",
            "@0 MapGet: `vals` is (i64), not (itype, idata) of t2",
        ),
        (
            "MapGet [%4, %5], %1, t3, %3, [%3, %6]",
            "@0 MapGet: `ok`: %1 is f64, not i64",
        ),
        (
            "MapSet t3, %3, [%3], [%4, %5]",
            "@0 MapSet: `key` is (ref), not (ref, i64) of t1",
        ),
        (
            "MapDelete t3, %3, [%0]",
            "@0 MapDelete: `key` is (i64), not (ref, i64) of t1",
        ),
        (
            "MapNext %0, [%3, %6], [], t3, %7",
            "@0 MapNext: `vals` is (), not (itype, idata) of t2",
        ),
    ] {
        refuses(code, want);
    }
    let many = vec!["%0"; 257].join(", ");
    let text = format!("func f(%0: ref) {{ slots i64 Call [{many}], closure %0, [] Return [] }}");
    let text = text.replace("[%0,", "[%1,");
    let module = text::parse(&text).unwrap();
    assert!(
        messages(&module)
            .contains(&"function @0 (f), @0 Call: `rets`: 257 slots; at most 256".to_owned())
    );
}

#[test]
fn select_groups_are_whole() {
    for (code, want) in [
        (
            "SelectSend %3, []",
            "@0 SelectSend: this stands outside a select",
        ),
        (
            "SelectRecv [], _, %3",
            "@0 SelectRecv: this stands outside a select",
        ),
        (
            "SelectExec %0",
            "@0 SelectExec: this stands outside a select",
        ),
        (
            "SelectBegin -1, true",
            "@0 SelectBegin: `cases`: -1 is not from 0 to 65536",
        ),
        (
            "SelectBegin 65537, true",
            "@0 SelectBegin: `cases`: 65537 is not from 0 to 65536",
        ),
        (
            "SelectBegin 1, true",
            "@0 SelectBegin: expected a case at @1, found Return",
        ),
        (
            "SelectBegin 0, true",
            "@0 SelectBegin: expected SelectExec at @1, found Return",
        ),
        (
            "Br %0, @2, @5 SelectBegin 1, true SelectSend %3, [] SelectExec %0 Jump @5",
            "@0 Br: jumps to @2, within a select",
        ),
        (
            "Br %0, @3, @5 SelectBegin 1, true SelectSend %3, [] SelectExec %0 Jump @5",
            "@0 Br: jumps to @3, within a select",
        ),
    ] {
        refuses(code, want);
    }
    let text = "func f(%0: ref) { slots i64 SelectBegin 2, true SelectSend %0, [] SelectExec %1 Return [] }";
    check(
        text,
        &[
            "function @0 (f), @0 SelectBegin: expected a case at @2, found SelectExec",
            "function @0 (f), @1 SelectSend: this stands outside a select",
            "function @0 (f), @2 SelectExec: this stands outside a select",
        ],
    );
}

#[test]
fn what_deals_with_panics_stands_in_its_place() {
    for (code, want) in [
        (
            "Const %6, 0 Jump @3 PanicLand %6, %6 Jump @3 Jump @2",
            "@4 Jump: jumps to @2, where only panics lead",
        ),
        (
            "Const %6, 0 PanicLand %6, %6",
            "@1 PanicLand: only panics lead here",
        ),
        (
            "Const %6, 0 Jump @4 PanicLand %6, %6 PanicOn %6 Jump @6 PanicLand %6, %6 Jump @7",
            "@5 PanicLand: a second landing",
        ),
        (
            "Const %6, 0 RecoverEnter %6",
            "@1 RecoverEnter: this is not the first instruction",
        ),
        (
            "RecoverArm %0, @1",
            "@0 RecoverArm: no call of the callee follows",
        ),
        (
            "RecoverArm %0, @2 Call [], closure %3, []",
            "@0 RecoverArm: no call of the callee follows",
        ),
        (
            "Br %0, @1, @2 RecoverArm %0, @2 Call [], @2, []",
            "@0 Br: jumps to @2, between two that belong together",
        ),
        (
            "DeferPush %0, %0, 64",
            "@0 DeferPush: `call`: 64 is not from 0 to 63",
        ),
        (
            "ErrDeferPush %0, %0, -1",
            "@0 ErrDeferPush: `call`: -1 is not from 0 to 63",
        ),
        (
            "RecoverArm %0, closure %1 Call [], closure %1, []",
            "@0 RecoverArm: `callee`: %1 is f64, not ref",
        ),
        (
            "PanicOver %3, %0",
            "@0 PanicOver: `dst`: %3 is ref, not i64",
        ),
        (
            "RunDefers %0, %3, 0, %0",
            "@0 RunDefers: `old`: %3 is ref, not i64",
        ),
        (
            "Recover %4, %0, %0, %6, %0",
            "@0 Recover: `ptr`: %0 is i64, not ref",
        ),
    ] {
        let text = messages(&text::parse(&body(code)).expect("the test's text parses"));
        let want = format!("function @0 (f), {want}");
        assert!(text.contains(&want), "{code}: {want} is not in {text:#?}");
    }
}

#[test]
fn nothing_is_written_twice() {
    refuses("ChanRecv [%0, %0], _, %3", "@0 ChanRecv: writes %0 twice");
    refuses("ChanRecv [%0], %0, %3", "@0 ChanRecv: writes %0 twice");
    refuses(
        "SelectBegin 2, true SelectRecv [%0], _, %3 SelectRecv [%0], _, %3 SelectExec %6",
        "@3 SelectExec: writes %0 twice",
    );
    refuses(
        "SelectBegin 1, true SelectRecv [%0], _, %3 SelectExec %0",
        "@2 SelectExec: writes %0 twice",
    );
}

/// Whatever contains something that cannot leave its island cannot, either.
#[test]
fn what_cannot_leave_its_island_is_refused() {
    const MORE: &str = r"
        type t10 = func () -> ()
        type t11 = port t0 recv send
        type t12 = port t0 recv
        type t13 = island
        type t14 = struct { F: t0, deep: t15 }
        type t15 = map t1 t4
        type t16 = port t0 send
        type t17 = slice t16
    ";
    let check_type = |ty: &str, sendable: bool| {
        let text = format!(
            "{TYPES} {MORE}
             type t18 = port {ty} recv send
             func f(%0: i64) {{ slots %1: ref PortNew %1, t18, %0 Return [] }}"
        );
        let want = "function @0 (f), @0 PortNew: `ty`: t18 is not a port of values that can leave \
                    their island";
        check(&text, &[want][usize::from(sendable)..]);
    };
    for ty in ["t2", "t3", "t4", "t10", "t11", "t12", "t13", "t14", "t15"] {
        check_type(ty, false);
    }
    for ty in ["t1", "t5", "t8", "t16", "t17"] {
        check_type(ty, true);
    }
    let goes = |ty: &str| {
        format!(
            "{TYPES} {MORE}
             type t18 = struct {{ arg: {ty} }}
             func g(ref) {{ Return [] }}
             func f(%0: ref, %1: ref) {{ GoIsland %0, g, t18, [%1] Return [] }}"
        )
    };
    check(
        &goes("t4"),
        &["function @1 (f), @0 GoIsland: `ty`: t4 of field arg cannot leave its island"],
    );
    check(&goes("t16"), &[]);
}
