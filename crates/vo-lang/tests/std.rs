//! Every function and method of the standard library compiles to bytecode that the verifier accepts,
//! whether a program uses it or not.

use vo_lang::compile::compile_source;
use vo_lang::diag::Diagnostics;
use vo_lang::package::{load_file, std_packages};
use vo_lang::source::SourceMap;
use vo_lang::types::info::{Info, ObjKind};
use vo_lang::types::ty::{Ty, TyTable};

/// A program that takes the value of everything that a package exports.
fn user_of(path: &str) -> String {
    let source = format!("import _ \"{path}\"\nfunc main() {{}}\n");
    let (mut sources, mut diags) = (SourceMap::new(), Diagnostics::new());
    let program = load_file("probe.vo", source.into_bytes(), &mut sources, &mut diags);
    let checked = vo_lang::types::check(&program, &sources, &mut diags);
    assert!(!diags.has_errors(), "{}", diags.render(&sources, false));
    let package = checked
        .info
        .packages()
        .iter()
        .find(|p| &*p.path == path)
        .unwrap();
    let name = &package.name;
    let mut uses = Vec::new();
    for (member, obj) in &package.members {
        let object = checked.info.object(*obj);
        let exported = member.starts_with(char::is_uppercase);
        match object.kind {
            ObjKind::Func(_) | ObjKind::Var(_) if exported => uses.push(format!("{name}.{member}")),
            ObjKind::TypeName if exported => {
                let methods = methods(&checked.info, &checked.types, object.ty);
                uses.extend(
                    methods
                        .iter()
                        .map(|method| format!("(*{name}.{member}).{method}")),
                );
            }
            _ => {}
        }
    }
    uses.sort();
    let body: String = uses.iter().map(|used| format!("\tuse({used})\n")).collect();
    format!("import \"{path}\"\nfunc use(v any) {{ println(v) }}\nfunc main() {{\n{body}}}\n")
        .replace(
            "import",
            if uses.is_empty() {
                "import _"
            } else {
                "import"
            },
        )
}

/// The exported methods of a struct type.
fn methods(info: &Info<'_>, types: &TyTable, ty: Ty) -> Vec<String> {
    let (Some(named), Some(_)) = (types.as_named(ty), types.as_struct(ty)) else {
        return Vec::new();
    };
    let methods = types.named(named).methods.iter();
    methods
        .map(|m| info.object(m.func).name.to_string())
        .filter(|m| m.starts_with(char::is_uppercase))
        .collect()
}

#[test]
fn all_of_the_library_compiles() {
    // Internal packages cannot be imported by programs; what is used of them is reached from the others.
    for path in std_packages().filter(|path| !path.starts_with("internal/")) {
        let source = user_of(path);
        let module = compile_source("use.vo", source.as_str())
            .unwrap_or_else(|failure| panic!("{path}: {failure}\n{source}"));
        vo_bytecode::verify::verify(&module).unwrap_or_else(|errors| panic!("{path}: {errors:?}"));
    }
}
