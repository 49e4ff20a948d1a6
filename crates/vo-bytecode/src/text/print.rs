//! A module as text.

use super::escape::{push, quote};
use super::{lex, operand};
use crate::inst::Target;
use crate::types::Method;
use crate::*;
use std::collections::{BTreeSet, HashMap};

/// The text form of a module.
pub fn print(module: &Module) -> String {
    let mut printer = Printer::new(module);
    printer.module();
    printer.out
}

/// The instructions of one of a module's functions, each as [`print()`] writes it.
pub fn instructions(module: &Module, function: &Function) -> Vec<String> {
    let mut printer = Printer::new(module);
    let text = |inst| {
        operand::print_inst(inst, &mut printer);
        printer.remark(inst);
        std::mem::take(&mut printer.out)
    };
    function.code.iter().map(text).collect()
}

/// Text under construction, and the module that names are taken from.
pub struct Printer<'m> {
    pub(super) out: String,
    module: &'m Module,
    /// How many functions have a name: a name that is not unique cannot stand for its function.
    names: HashMap<&'m str, u32>,
}

impl<'m> Printer<'m> {
    fn new(module: &'m Module) -> Printer<'m> {
        let mut names = HashMap::new();
        for function in &module.functions {
            *names.entry(function.name.as_str()).or_insert(0) += 1;
        }
        Printer {
            out: String::new(),
            module,
            names,
        }
    }

    /// Appends formatted text.
    pub(super) fn put(&mut self, args: std::fmt::Arguments<'_>) {
        push(&mut self.out, args);
    }

    /// Appends a name, in quotes where it is not a plain word.
    pub(super) fn name(&mut self, name: &str) {
        if lex::is_bare(name) {
            self.out.push_str(name);
        } else {
            quote(name.as_bytes(), &mut self.out);
        }
    }

    /// Appends what stands for a function: its name, or its index where that is not enough.
    pub(super) fn func(&mut self, id: FuncId) {
        match self.module.functions.get(id.index()) {
            Some(f) if self.names.get(f.name.as_str()) == Some(&1) => self.name(&f.name),
            _ => self.put(format_args!("@{}", id.0)),
        }
    }

    /// Appends `items`, separated by commas.
    pub(super) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            each(self, item);
        }
    }

    fn module(&mut self) {
        let module = self.module;
        for (i, file) in module.files.iter().enumerate() {
            self.put(format_args!("file {i} "));
            quote(file.as_bytes(), &mut self.out);
            self.out.push('\n');
        }
        for (i, string) in module.strings.iter().enumerate() {
            self.put(format_args!("string s{i} "));
            quote(string, &mut self.out);
            self.out.push('\n');
        }
        for (i, ty) in module.types.types.iter().enumerate() {
            self.ty(i, ty);
        }
        for (i, Method { name, signature }) in module.types.methods.iter().enumerate() {
            self.put(format_args!("method m{i} "));
            self.name(name);
            self.put(format_args!(" t{}\n", signature.0));
        }
        for (i, global) in module.globals.iter().enumerate() {
            self.put(format_args!("global g{i} "));
            self.name(&global.name);
            self.put(format_args!(" t{}\n", global.ty.0));
        }
        for (i, function) in module.functions.iter().enumerate() {
            self.function(i, function);
        }
        if let Some(entry) = module.entry {
            self.out.push_str("\nentry ");
            self.func(entry);
            self.out.push('\n');
        }
    }

    fn ty(&mut self, index: usize, ty: &Type) {
        self.put(format_args!("type t{index} "));
        self.name(&ty.name);
        self.out.push_str(" = ");
        self.kind(&ty.kind);
        if !ty.methods.is_empty() {
            self.out.push_str(" methods { ");
            self.list(&ty.methods, |p, (method, func)| {
                p.put(format_args!("m{}: ", method.0));
                p.func(*func);
            });
            self.out.push_str(" }");
        }
        self.out.push('\n');
    }

    fn kind(&mut self, kind: &TypeKind) {
        match kind {
            TypeKind::Bool => self.out.push_str("bool"),
            TypeKind::Int(kind) => self.out.push_str(kind.name()),
            TypeKind::F32 => self.out.push_str("f32"),
            TypeKind::F64 => self.out.push_str("f64"),
            TypeKind::String => self.out.push_str("string"),
            TypeKind::Slice(elem) => self.put(format_args!("slice t{}", elem.0)),
            TypeKind::Array(elem, len) => self.put(format_args!("array {len} t{}", elem.0)),
            TypeKind::Pointer(elem) => self.put(format_args!("pointer t{}", elem.0)),
            TypeKind::Map(key, value) => self.put(format_args!("map t{} t{}", key.0, value.0)),
            TypeKind::Chan(elem, receive, send) => {
                self.put(format_args!("chan t{}", elem.0));
                self.out.push_str(if *receive { " recv" } else { "" });
                self.out.push_str(if *send { " send" } else { "" });
            }
            TypeKind::Port(elem, receive, send) => {
                self.put(format_args!("port t{}", elem.0));
                self.out.push_str(if *receive { " recv" } else { "" });
                self.out.push_str(if *send { " send" } else { "" });
            }
            TypeKind::Island => self.out.push_str("island"),
            TypeKind::Struct(fields) => {
                self.out.push_str("struct { ");
                self.list(fields, Printer::field);
                self.out.push_str(" }");
            }
            TypeKind::Func(params, results, variadic) => {
                self.out.push_str("func (");
                self.list(params, |p, ty| p.put(format_args!("t{}", ty.0)));
                self.out.push_str(") -> (");
                self.list(results, |p, ty| p.put(format_args!("t{}", ty.0)));
                self.out
                    .push_str(if *variadic { ") variadic" } else { ")" });
            }
            TypeKind::Interface(methods) => {
                self.out.push_str("interface { ");
                self.list(methods, |p, method| p.put(format_args!("m{}", method.0)));
                self.out.push_str(" }");
            }
        }
    }

    fn field(&mut self, field: &Field) {
        if field.embedded {
            self.out.push_str("embedded ");
        }
        self.name(&field.name);
        self.put(format_args!(": t{}", field.ty.0));
        if !field.tag.is_empty() {
            self.out.push(' ');
            quote(field.tag.as_bytes(), &mut self.out);
        }
    }

    fn function(&mut self, index: usize, function: &Function) {
        self.put(format_args!("\nfunc @{index} "));
        self.name(&function.name);
        self.out.push('(');
        let params = (function.params as usize).min(function.slots.len());
        self.slots(0, &function.slots[..params]);
        self.out.push(')');
        if !function.results.is_empty() {
            self.out.push_str(" -> (");
            self.list(group(&function.results), |p, (_, name)| {
                p.out.push_str(name);
            });
            self.out.push(')');
        }
        self.put(format_args!(" file {} {{\n", function.file));
        // Long tables are broken into lines that can be read.
        if params < function.slots.len() {
            self.out.push_str("  slots ");
            self.slots(params, &function.slots[params..]);
            self.out.push('\n');
        }
        if !function.slot_names.is_empty() {
            self.out.push_str("  names ");
            self.list(function.slot_names.iter().enumerate(), |p, (i, named)| {
                p.wrap(i);
                p.put(format_args!("{} = ", named.slot));
                p.name(&named.name);
                if let Some(SourceType { ty, boxed }) = named.source {
                    let boxed = if boxed { "box " } else { "" };
                    p.put(format_args!(": {boxed}t{}", ty.0));
                }
            });
            self.out.push('\n');
        }
        self.code(function);
        self.out.push_str("}\n");
    }

    /// Begins a new line before every eighth item of a table but the first.
    fn wrap(&mut self, item: usize) {
        if item > 0 && item.is_multiple_of(8) {
            self.out.truncate(self.out.trim_end().len());
            self.out.push_str("\n    ");
        }
    }

    fn slots(&mut self, first: usize, types: &[SlotTy]) {
        self.list(group(types).enumerate(), |p, (i, (at, name))| {
            p.wrap(i);
            p.put(format_args!("%{}: {name}", first + at));
        });
    }

    fn code(&mut self, function: &Function) {
        let targets: BTreeSet<Target> = function.code.iter().flat_map(Inst::targets).collect();
        for (at, inst) in function.code.iter().enumerate() {
            if targets.contains(&Target(at as u32)) {
                self.put(format_args!("@{at}:\n"));
            }
            self.out.push_str("  ");
            operand::print_inst(inst, self);
            match function.lines.get(at) {
                None | Some(0) => {}
                Some(line) => self.put(format_args!(" !{line}")),
            }
            self.remark(inst);
            self.out.push('\n');
        }
    }

    /// The text of a string constant, as a comment.
    fn remark(&mut self, inst: &Inst) {
        const LONGEST: usize = 48;
        let Inst::ConstStr { value, .. } = inst else {
            return;
        };
        if let Some(string) = self.module.strings.get(value.index()) {
            self.out.push_str(" ; ");
            quote(&string[..string.len().min(LONGEST)], &mut self.out);
            if string.len() > LONGEST {
                self.out.push('…');
            }
        }
    }
}

/// The names of a list of slot types, each with its index; an interface's two words are one.
fn group(types: &[SlotTy]) -> impl Iterator<Item = (usize, &'static str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (here, ty) = (at, types.get(at)?);
        let iface = types[at..].starts_with(&[SlotTy::IfaceType, SlotTy::IfaceData]);
        at += if iface { 2 } else { 1 };
        Some((here, if iface { "iface" } else { slot_ty_name(*ty) }))
    })
}

/// The name of a slot's type in the text form.
pub(super) fn slot_ty_name(ty: SlotTy) -> &'static str {
    match ty {
        SlotTy::I64 => "i64",
        SlotTy::F64 => "f64",
        SlotTy::F32 => "f32",
        SlotTy::Ref => "ref",
        SlotTy::IfaceType => "itype",
        SlotTy::IfaceData => "idata",
    }
}
