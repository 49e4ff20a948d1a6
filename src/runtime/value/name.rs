//! The names of types as `%T` and faults show them.

use vo_bytecode::{TypeId, TypeKind, Types};

/// The name of a type, as Go's `reflect.Type.String` gives it.
pub fn type_name(types: &Types, id: TypeId) -> String {
    let mut name = String::new();
    write_type(types, id, &mut name);
    name
}

fn write_type(types: &Types, id: TypeId, out: &mut String) {
    let ty = types.get(id);
    if !ty.name.is_empty() {
        out.push_str(&ty.name);
        return;
    }
    match &ty.kind {
        TypeKind::Bool => out.push_str("bool"),
        TypeKind::Int(kind) => {
            out.push_str(if kind.signed() { "int" } else { "uint" });
            out.push_str(&kind.bits().to_string());
        }
        TypeKind::F32 => out.push_str("float32"),
        TypeKind::F64 => out.push_str("float64"),
        TypeKind::String => out.push_str("string"),
        TypeKind::Slice(element) => write_after("[]", types, *element, out),
        TypeKind::Array(element, len) => write_after(&format!("[{len}]"), types, *element, out),
        TypeKind::Pointer(target) => write_after("*", types, *target, out),
        TypeKind::Map(key, value) => {
            write_after("map[", types, *key, out);
            write_after("]", types, *value, out);
        }
        TypeKind::Chan(element, receive, send) => {
            write_queue("chan", types, *element, *receive, *send, out);
        }
        TypeKind::Port(element, receive, send) => {
            write_queue("port", types, *element, *receive, *send, out);
        }
        TypeKind::Island => out.push_str("island"),
        TypeKind::Func(..) => {
            out.push_str("func");
            write_signature(types, id, out);
        }
        TypeKind::Struct(fields) => {
            out.push_str("struct {");
            for (at, field) in fields.iter().enumerate() {
                out.push_str(if at == 0 { " " } else { "; " });
                if !field.embedded {
                    out.push_str(&field.name);
                    out.push(' ');
                }
                write_type(types, field.ty, out);
                if !field.tag.is_empty() {
                    out.push_str(&format!(" {:?}", field.tag));
                }
            }
            out.push_str(if fields.is_empty() { "}" } else { " }" });
        }
        TypeKind::Interface(methods) => {
            out.push_str("interface {");
            for (at, method) in methods.iter().enumerate() {
                out.push_str(if at == 0 { " " } else { "; " });
                let method = &types.methods[method.index()];
                out.push_str(&method.name);
                write_signature(types, method.signature, out);
            }
            out.push_str(if methods.is_empty() { "}" } else { " }" });
        }
    }
}

fn write_after(before: &str, types: &Types, id: TypeId, out: &mut String) {
    out.push_str(before);
    write_type(types, id, out);
}

fn write_queue(
    word: &str,
    types: &Types,
    element: TypeId,
    receive: bool,
    send: bool,
    out: &mut String,
) {
    let inner = types.get(element);
    // `chan <-chan int` would be read as `chan<- (chan int)`.
    let receives_only = matches!(
        inner.kind,
        TypeKind::Chan(_, true, false) | TypeKind::Port(_, true, false)
    );
    if receive && send && receives_only && inner.name.is_empty() {
        write_after(&format!("{word} ("), types, element, out);
        out.push(')');
        return;
    }
    let before = match (receive, send) {
        (true, false) => format!("<-{word} "),
        (false, true) => format!("{word}<- "),
        _ => format!("{word} "),
    };
    write_after(&before, types, element, out);
}

fn write_signature(types: &Types, id: TypeId, out: &mut String) {
    let TypeKind::Func(params, results, variadic) = types.kind(id) else {
        return;
    };
    out.push('(');
    for (at, param) in params.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        match types.kind(*param) {
            TypeKind::Slice(element) if *variadic && at + 1 == params.len() => {
                write_after("...", types, *element, out);
            }
            _ => write_type(types, *param, out),
        }
    }
    out.push(')');
    match results[..] {
        [] => {}
        [result] => write_after(" ", types, result, out),
        _ => {
            for (at, result) in results.iter().enumerate() {
                write_after(if at == 0 { " (" } else { ", " }, types, *result, out);
            }
            out.push(')');
        }
    }
}
