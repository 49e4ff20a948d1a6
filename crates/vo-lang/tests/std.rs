//! Every function and method of the standard library compiles to bytecode that the verifier accepts,
//! whether a program uses it or not.

mod support;

use vo_lang::compile::compile_source;
use vo_lang::package::std_packages;

#[test]
fn all_of_the_library_compiles() {
    // Internal packages cannot be imported by programs; what is used of them is reached from the others.
    for path in std_packages().filter(|path| !path.starts_with("internal/")) {
        let source = support::user_of(path);
        let module = compile_source("use.vo", source.as_str())
            .unwrap_or_else(|failure| panic!("{path}: {failure}\n{source}"));
        vo_bytecode::verify::verify(&module).unwrap_or_else(|errors| panic!("{path}: {errors:?}"));
    }
}
