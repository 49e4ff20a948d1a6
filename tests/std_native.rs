//! Every function and method of the standard library compiles to native code, whether a program uses it
//! or not.

#[path = "../crates/vo-lang/tests/support/mod.rs"]
mod support;

use vo_jit::engine::{Engine, RunConfig};
use vo_jit::runtime::native::Output;
use vo_lang::compile::compile_source;
use vo_lang::package::std_packages;

#[test]
fn all_of_the_library_compiles_to_native_code() {
    for path in std_packages().filter(|path| !path.starts_with("internal/")) {
        let source = support::user_of(path);
        let module = compile_source("use.vo", source.as_str())
            .unwrap_or_else(|failure| panic!("{path}: {failure}\n{source}"));
        let engine = Engine::new(module).unwrap_or_else(|error| panic!("{path}: {error}"));
        // All that can be called is compiled before the program starts.
        let run = engine.run(&RunConfig::default(), Output::captured());
        let run = run.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(
            run.status,
            0,
            "{path}: {}",
            String::from_utf8_lossy(&run.stderr)
        );
        assert_eq!(run.stats.functions, run.stats.functions_native, "{path}");
    }
}
