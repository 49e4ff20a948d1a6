//! Compiles programs, verifies them and prints their bytecode, or one line for each with `-q`.

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let quiet = args.first().is_some_and(|a| a == "-q");
    if quiet {
        args.remove(0);
    }
    for path in args {
        let module = match vo_lang::compile::compile_file(path.as_ref()) {
            Ok(module) => module,
            Err(failure) => {
                println!("{path}: refused\n{failure}");
                continue;
            }
        };
        if let Err(errors) = vo_bytecode::verify::verify(&module) {
            println!("{path}: bad bytecode");
            errors
                .iter()
                .take(10)
                .for_each(|error| println!("  {error}"));
        }
        if quiet {
            println!("{path}: ok, {} functions", module.functions.len());
        } else {
            println!("{}", vo_bytecode::text::print(&module));
        }
    }
}
