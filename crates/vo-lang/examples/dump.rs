//! Compiles programs and prints their bytecode, or `ok` for each with `-q`.

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let quiet = args.first().is_some_and(|a| a == "-q");
    if quiet {
        args.remove(0);
    }
    for path in args {
        match vo_lang::compile::compile_file(path.as_ref()) {
            Ok(module) if quiet => println!("{path}: ok, {} functions", module.functions.len()),
            Ok(module) => {
                for f in &module.functions {
                    println!("\nfunc {} params={} results={:?}", f.name, f.params, f.results);
                    for (i, inst) in f.code.iter().enumerate() {
                        println!("  {i:4} L{:<4} {inst:?}", f.lines[i]);
                    }
                }
            }
            Err(failure) => println!("{path}: refused\n{failure}"),
        }
    }
}
