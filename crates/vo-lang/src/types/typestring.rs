//! Types as text, as users read them.

use std::fmt::Write as _;

use super::info::PkgId;
use super::ty::{Dir, InterfaceType, Kind, Signature, StructType, Ty, TyTable};

impl TyTable {
    /// The type as users read it; names of packages other than `from` are qualified.
    pub fn display(&self, ty: Ty, from: Option<PkgId>) -> String {
        let mut text = String::new();
        Printer {
            table: self,
            from,
            depth: 0,
        }
        .write(&mut text, ty);
        text
    }
}

/// How deep a type is printed before the rest is left out.
const MAX_PRINT_DEPTH: u32 = 64;

struct Printer<'a> {
    table: &'a TyTable,
    from: Option<PkgId>,
    depth: u32,
}

impl Printer<'_> {
    fn write(&mut self, out: &mut String, ty: Ty) {
        if self.depth >= MAX_PRINT_DEPTH {
            out.push('…');
            return;
        }
        self.depth += 1;
        self.write_kind(out, ty);
        self.depth -= 1;
    }

    fn write_kind(&mut self, out: &mut String, ty: Ty) {
        match self.table.kind(ty) {
            Kind::Invalid => out.push_str("invalid type"),
            Kind::Basic(basic) => out.push_str(basic.name()),
            Kind::Named(id) => {
                let named = self.table.named(*id);
                if let Some((pkg, name)) = &named.pkg
                    && Some(*pkg) != self.from
                {
                    out.push_str(name);
                    out.push('.');
                }
                out.push_str(&named.name);
            }
            Kind::Pointer(elem) => self.prefixed(out, "*", *elem),
            Kind::Slice(elem) => self.prefixed(out, "[]", *elem),
            Kind::Array(elem, len) => self.prefixed(out, &format!("[{len}]"), *elem),
            Kind::Map(key, value) => {
                self.prefixed(out, "map[", *key);
                self.prefixed(out, "]", *value);
            }
            Kind::Chan(dir, elem) => self.queue(out, "chan", *dir, *elem),
            Kind::Port(dir, elem) => self.queue(out, "port", *dir, *elem),
            Kind::Island => out.push_str("island"),
            Kind::Struct(s) => self.strukt(out, s),
            Kind::Signature(sig) => {
                out.push_str("func");
                self.signature(out, sig);
            }
            Kind::Interface(i) => self.interface(out, i),
            Kind::Tuple(types) => {
                out.push('(');
                self.list(out, types);
                out.push(')');
            }
        }
    }

    fn prefixed(&mut self, out: &mut String, prefix: &str, elem: Ty) {
        out.push_str(prefix);
        self.write(out, elem);
    }

    fn queue(&mut self, out: &mut String, word: &str, dir: Dir, elem: Ty) {
        let _ = match dir {
            Dir::Both => write!(out, "{word} "),
            Dir::Send => write!(out, "{word}<- "),
            Dir::Recv => write!(out, "<-{word} "),
        };
        // `chan (<-chan T)`: without parentheses the arrow would belong to the outer channel.
        let ambiguous = dir != Dir::Send
            && matches!(
                self.table.kind(elem),
                Kind::Chan(Dir::Recv, _) | Kind::Port(Dir::Recv, _)
            );
        if ambiguous {
            self.prefixed(out, "(", elem);
            out.push(')');
        } else {
            self.write(out, elem);
        }
    }

    fn strukt(&mut self, out: &mut String, s: &StructType) {
        out.push_str("struct{");
        for (i, field) in s.fields.iter().enumerate() {
            if i > 0 {
                out.push_str("; ");
            }
            if !field.embedded {
                out.push_str(&field.name);
                out.push(' ');
            }
            self.write(out, field.ty);
            if !field.tag.is_empty() {
                let _ = write!(out, " {:?}", field.tag);
            }
        }
        out.push('}');
    }

    fn signature(&mut self, out: &mut String, sig: &Signature) {
        out.push('(');
        match sig.params.split_last() {
            Some((&last, rest)) if sig.variadic => {
                self.list(out, rest);
                if !rest.is_empty() {
                    out.push_str(", ");
                }
                out.push_str("...");
                match self.table.kind(last) {
                    Kind::Slice(elem) => self.write(out, *elem),
                    _ => self.write(out, last),
                }
            }
            _ => self.list(out, &sig.params),
        }
        out.push(')');
        match sig.results.as_slice() {
            [] => {}
            [single] => self.prefixed(out, " ", *single),
            several => {
                out.push_str(" (");
                self.list(out, several);
                out.push(')');
            }
        }
    }

    fn interface(&mut self, out: &mut String, i: &InterfaceType) {
        if i.methods.is_empty() {
            out.push_str("any");
            return;
        }
        out.push_str("interface{");
        for (i, method) in i.methods.iter().enumerate() {
            if i > 0 {
                out.push_str("; ");
            }
            out.push_str(&method.name);
            match self.table.kind(method.sig) {
                Kind::Signature(sig) => {
                    let sig = sig.clone();
                    self.signature(out, &sig);
                }
                _ => self.write(out, method.sig),
            }
        }
        out.push('}');
    }

    fn list(&mut self, out: &mut String, types: &[Ty]) {
        for (i, &ty) in types.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            self.write(out, ty);
        }
    }
}
