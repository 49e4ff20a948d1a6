//! The verifier accepts what is valid, and refuses each mistake with its own message.

#[path = "../common/mod.rs"]
mod common;

mod code;
mod flow;
mod tables;

use common::everything;
use vo_bytecode::types::Method;
use vo_bytecode::verify::{Place, verify};
use vo_bytecode::*;

fn messages(module: &Module) -> Vec<String> {
    let errors = verify(module).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

/// The module of this text has exactly these mistakes.
#[track_caller]
fn check(text: &str, want: &[&str]) {
    let module = text::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(messages(&module), want, "{text}");
}

#[test]
fn accepts_everything() {
    assert_eq!(messages(&everything()), [""; 0]);
    assert_eq!(messages(&Module::default()), [""; 0]);
}

#[test]
fn errors_name_function_instruction_and_line() {
    let module =
        text::parse("func a() { Return [] } func b(i64) { Const %0, 1 !7 Nil %0 !8 Return [] }")
            .unwrap();
    let errors = verify(&module).unwrap_err();
    let place = Place::Inst {
        id: FuncId(1),
        function: "b".to_owned(),
        at: 1,
        mnemonic: "Nil",
        line: 8,
    };
    assert_eq!(errors[0].place, place);
    assert_eq!(
        errors[0].to_string(),
        "function @1 (b), @1 Nil, line 8: `dst`: %0 is i64, not ref"
    );
}

#[test]
fn errors_are_not_collected_without_end() {
    let nils = "Nil %0 ".repeat(100_000);
    let module = text::parse(&format!("func f(i64) {{ {nils} Return [] }}")).unwrap();
    assert_eq!(messages(&module).len(), 100);
    let mut module = Module::default();
    for _ in 0..1000 {
        module.types.methods.push(Method {
            name: String::new(),
            signature: TypeId(9),
        });
    }
    assert_eq!(messages(&module).len(), 100);
}
