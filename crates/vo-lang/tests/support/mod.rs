//! Programs that use all of a package of the standard library.

use vo_lang::diag::Diagnostics;
use vo_lang::package::load_file;
use vo_lang::source::SourceMap;
use vo_lang::types::info::{Info, ObjKind};
use vo_lang::types::ty::{Ty, TyTable};

/// A program that takes the value of everything that a package exports.
pub fn user_of(path: &str) -> String {
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
                let pointer = checked.types.as_struct(object.ty).is_some();
                let star = if pointer { "*" } else { "" };
                uses.extend(
                    methods
                        .iter()
                        .map(|method| format!("({star}{name}.{member}).{method}")),
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

/// The exported methods of a type that is no interface.
fn methods(info: &Info<'_>, types: &TyTable, ty: Ty) -> Vec<String> {
    let Some(named) = types.as_named(ty) else {
        return Vec::new();
    };
    let methods = types.named(named).methods.iter();
    methods
        .map(|m| info.object(m.func).name.to_string())
        .filter(|m| m.starts_with(char::is_uppercase))
        .collect()
}
