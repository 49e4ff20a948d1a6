//! Text and binary form lose nothing.

mod common;

use common::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use vo_bytecode::{Inst, Module, SlotTy, binary, text};

fn assert_lossless(module: &Module) {
    let printed = text::print(module);
    let parsed = text::parse(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(&parsed, module, "through text:\n{printed}");
    assert_eq!(
        binary::decode(&binary::encode(module)).as_ref(),
        Ok(module),
        "through bytes"
    );
}

#[test]
fn every_instruction_round_trips() {
    let mut runner = TestRunner::deterministic();
    for (strategy, mnemonic) in instructions().iter().zip(Inst::MNEMONICS) {
        let mut module = text::parse("func f(i64) { }").unwrap();
        let code = &mut module.functions[0].code;
        for _ in 0..100 {
            let inst = strategy.new_tree(&mut runner).unwrap().current();
            assert_eq!(inst.mnemonic(), *mnemonic);
            code.push(inst);
        }
        module.functions[0].lines = (0..100).collect();
        assert_lossless(&module);
    }
}

proptest! {
    #[test]
    fn every_module_round_trips(module in module()) {
        assert_lossless(&module);
    }

    #[test]
    fn no_text_panics_the_parser(text in any::<String>(), cut in any::<prop::sample::Index>()) {
        let _ = text::parse(&text);
        // A valid module with something put in its middle.
        let mut at = cut.index(EVERYTHING.len());
        while !EVERYTHING.is_char_boundary(at) {
            at -= 1;
        }
        let _ = text::parse(&EVERYTHING[..at]);
        let _ = text::parse(&format!("{}{text}{}", &EVERYTHING[..at], &EVERYTHING[at..]));
    }
}

#[test]
fn the_module_of_everything_has_every_instruction() {
    let module = everything();
    assert_lossless(&module);
    let used: Vec<_> = module
        .functions
        .iter()
        .flat_map(|f| &f.code)
        .map(Inst::mnemonic)
        .collect();
    for mnemonic in Inst::MNEMONICS {
        assert!(
            used.contains(mnemonic),
            "{mnemonic} is not in everything.vot"
        );
    }
}

#[test]
fn hand_written_text_needs_little() {
    let module = text::parse(
        r#"
        func main.f(i64) -> (iface) {          ; a comment
          slots iface, i64
        @again:                                // another
          ConstStr %0, %1, "a\x00\u{e9}\xff"
          ConstStr %0, %1, "b"
          ConstStr %0, %1, "b"
          Const %3, 0xffffffffffffffff
          ConstF64 %3, 1
          Br %0, @again, @on
        @on: Call [], "main.(*T).m", [%0,]
          Jump @1 !77
        }
        func "main.(*T).m"() { Return [] }
        "#,
    )
    .unwrap();
    let f = &module.functions[0];
    assert_eq!((f.params, f.file, &module.files[0][..]), (1, 0, "<text>"));
    assert_eq!(
        f.slots,
        [
            SlotTy::I64,
            SlotTy::IfaceType,
            SlotTy::IfaceData,
            SlotTy::I64
        ]
    );
    assert_eq!(
        module.strings,
        [&b"a\0\xc3\xa9\xff"[..], b"b"].map(Box::from)
    );
    assert_eq!(f.lines, [0, 0, 0, 0, 0, 0, 0, 77]);
    assert_lossless(&module);
}

#[test]
fn printed_text_is_readable() {
    let module = everything();
    let printed = text::print(&module);
    for part in [
        "type t5 main.Point = struct { X: t0, Y: t0 \"json:\\\"y\\\"\", embedded any: t2 } methods { m0: \"main.(*Point).Error\" }\n",
        "func @6 main.interfaces(%0: iface, %2: i64) -> (iface) file 0 {\n  slots %3: iface, %5: i64, %6: ref, %7: i64\n  names %2 = n: t0, %3 = \"an error\": t2\n  IfaceNil %3\n",
        "\n@3:\n  IfaceMake %3, t4, %2\n  Jump @15\n",
        "  ConstStr %1, %2, s0 ; \"code\"\n",
        "  ConstF32 %3, 0x7fc00000\n",
        "  Call [%6, %7], method %3 m0, []\n",
        "  Call [%1], main.add, [%0, %0] !13\n",
        "\nentry main.init\n",
    ] {
        assert!(printed.contains(part), "no {part:?} in\n{printed}");
    }
}

#[test]
fn errors_say_where_and_what() {
    for (text, error) in [
        (
            "func f() {\n  Jmp @0\n}",
            "2:3: no instruction is called `Jmp`",
        ),
        ("func f() {\n  é\n}", "2:3: nothing begins like this"),
        (
            "func f() {\n  Jump %0\n}",
            "2:8: expected a jump target (`@n` or `@label`), found `%0`",
        ),
        (
            "func f() { Jump @nowhere }",
            "1:17: no label is called `@nowhere`",
        ),
        (
            "func f() { @a: @a: Nil %0 @a: }",
            "1:27: a second label `@a`",
        ),
        (
            "func f() { @1: Nil %0 }",
            "1:12: label `@1` stands before instruction 0",
        ),
        (
            "func f() { Call [], g, [] }",
            "1:21: no function is called `g`",
        ),
        (
            "func f() { Call [], f, [] }\nfunc f() {}",
            "1:21: several functions are called `f`; use `@index`",
        ),
        (
            "func f() { Bin %0, plus, i64, %0, %0 }",
            "1:20: `plus` is not a binary operator",
        ),
        (
            "func f() { Const %0, 9223372036854775808 }",
            "1:22: `9223372036854775808` is no 64-bit integer",
        ),
        ("func f() { ConstF32 %0, 1e39 }", "1:25: `1e39` is no f32"),
        (
            "func f() { Nil %4294967296 }",
            "1:16: `4294967296` is out of range",
        ),
        (
            "func f() { CallRt [], os.exit, _, [] }",
            "1:23: `os.exit` is not a runtime function",
        ),
        (
            "func f() { SelectBegin 1, yes }",
            "1:27: `yes` is neither `true` nor `false`",
        ),
        (
            "func f() { Nil %0",
            "1:18: expected an instruction, found the end of the text",
        ),
        (
            "func f(%1: i64) {}",
            "1:8: expected `%0`: slots stand in order",
        ),
        ("func f(i65) {}", "1:8: `i65` is not a slot type"),
        (
            "func @1 f() {}",
            "1:6: expected `@0`: functions stand in order",
        ),
        (
            "type t1 = bool",
            "1:6: expected `t0`: entries stand in order",
        ),
        ("type = boolean", "1:8: `boolean` is not a type"),
        (
            "type = slice 3",
            "1:14: expected `t` and a number, found `3`",
        ),
        ("string \"é\\q\"", "1:10: unknown escape"),
        ("file \"\\xff\"", "1:6: this string must be UTF-8"),
        ("file \"a", "1:6: a string without its end"),
        ("var x", "1:1: no declaration begins with `var`"),
        ("func f() {} entry f entry f", "1:21: a second `entry`"),
    ] {
        assert_eq!(text::parse(text).unwrap_err().to_string(), error, "{text}");
    }
}
