//! Type expressions.

use foldhash::HashMap;

use super::check::Checker;
use super::decl::{Pending, PendingKind};
use super::errors;
use super::info::{FuncId, Mode, ObjId, ObjKind, VarRole};
use super::lookup::name_scope;
use super::ty::{Dir, Field, IfaceMethod, Kind, Name, NamedId, Ty};
use crate::source::Span;
use crate::stack::deeper;
use crate::syntax::ast::{
    ArrayLen, ChanDir, Expr, ExprKind, FuncType, Ident, InterfaceElem, LitValue, Param, Receiver,
    StructField,
};

impl From<ChanDir> for Dir {
    fn from(dir: ChanDir) -> Self {
        match dir {
            ChanDir::Both => Dir::Both,
            ChanDir::Send => Dir::Send,
            ChanDir::Recv => Dir::Recv,
        }
    }
}

impl<'a> Checker<'a> {
    /// The type of a variable, field or parameter.
    pub(super) fn var_type(&mut self, expr: &'a Expr) -> Ty {
        self.type_expr(expr)
    }

    /// The type that an expression denotes; reports it if it denotes none.
    pub(super) fn type_expr(&mut self, expr: &'a Expr) -> Ty {
        let ty = deeper(|| self.type_expr_inner(expr));
        self.record_type(expr, ty);
        if matches!(
            expr.kind,
            ExprKind::ArrayType { .. } | ExprKind::StructType(_)
        ) {
            self.later(move |c| c.check_size(ty, expr.span));
        }
        ty
    }

    fn type_expr_inner(&mut self, expr: &'a Expr) -> Ty {
        match &expr.kind {
            ExprKind::Bad => Ty::INVALID,
            ExprKind::Paren(inner) => self.type_expr(inner),
            ExprKind::Ident(ident) => self.type_name(ident),
            ExprKind::Selector { x, sel } => {
                let operand = self.selector(expr, x, sel);
                match operand.mode {
                    Mode::Type => operand.ty,
                    Mode::Invalid => Ty::INVALID,
                    _ => {
                        let text = self.text(expr);
                        self.report(errors::not_a_type(expr.span, &text));
                        Ty::INVALID
                    }
                }
            }
            ExprKind::Star(inner) => {
                let elem = self.type_expr(inner);
                self.later(move |c| c.check_pointer_base(elem, expr.span));
                self.composed(&[elem], |c| c.tys.pointer(elem))
            }
            ExprKind::ArrayType { len, elem } => self.array_type(len, elem),
            ExprKind::SliceType(elem) => {
                let elem = self.type_expr(elem);
                self.composed(&[elem], |c| c.tys.slice(elem))
            }
            ExprKind::MapType { key, value } => {
                let (key_ty, value_ty) = (self.type_expr(key), self.type_expr(value));
                self.later(move |c| {
                    if let Some(why) = c.incomparable(key_ty) {
                        let ty = c.show(key_ty);
                        c.report(errors::invalid_map_key(key.span, &ty, &why));
                    }
                });
                self.composed(&[key_ty, value_ty], |c| c.tys.map(key_ty, value_ty))
            }
            ExprKind::ChanType { dir, elem } => {
                let elem = self.type_expr(elem);
                self.composed(&[elem], |c| c.tys.chan((*dir).into(), elem))
            }
            ExprKind::PortType { dir, elem } => self.port_type((*dir).into(), elem),
            ExprKind::IslandType => Ty::ISLAND,
            ExprKind::StructType(fields) => self.struct_type(fields),
            ExprKind::FuncType(sig) => self.func_type(sig),
            ExprKind::InterfaceType(elems) => {
                self.interface_type(elems, None).unwrap_or(Ty::INVALID)
            }
            ExprKind::Index { x, .. } => {
                self.report(errors::no_generics(expr.span));
                self.use_expr(x);
                Ty::INVALID
            }
            _ => {
                let text = self.text(expr);
                self.report(errors::not_a_type(expr.span, &text));
                Ty::INVALID
            }
        }
    }

    /// The type made by `make` of these types, unless one of them is invalid.
    fn composed(&mut self, parts: &[Ty], make: impl FnOnce(&mut Self) -> Ty) -> Ty {
        if parts.iter().any(|ty| ty.is_invalid()) {
            Ty::INVALID
        } else {
            make(self)
        }
    }

    fn type_name(&mut self, ident: &'a Ident) -> Ty {
        if ident.is_blank() {
            self.report(errors::blank_as_value(ident.span));
            return Ty::INVALID;
        }
        let Some(obj) = self.lookup(&ident.name) else {
            self.report_undeclared(ident);
            return Ty::INVALID;
        };
        self.record_use(ident.id, obj);
        self.use_dot_import(obj);
        self.resolve(obj);
        let object = self.info.object(obj);
        match object.kind {
            ObjKind::TypeName => object.ty,
            ObjKind::PkgName(_) => {
                self.used_imports.insert(obj);
                self.report(errors::package_without_selector(ident.span, &ident.name));
                Ty::INVALID
            }
            _ => {
                if let Some(var) = self.info.var_mut(obj) {
                    var.used = true;
                }
                self.report(errors::not_a_type(ident.span, &ident.name));
                Ty::INVALID
            }
        }
    }

    /// Pointers are only to structs.
    fn check_pointer_base(&mut self, elem: Ty, span: Span) {
        if !self.tys.underlying(elem).is_invalid() && self.tys.as_struct(elem).is_none() {
            let ty = self.show(elem);
            self.report(errors::pointer_to_non_struct(span, &ty));
        }
    }

    fn array_type(&mut self, len: &'a ArrayLen, elem: &'a Expr) -> Ty {
        let len = match len {
            ArrayLen::Expr(len) => self.array_length(len),
            ArrayLen::Ellipsis(span) => {
                self.report(errors::not_checked(*span));
                None
            }
        };
        let elem = self.type_expr(elem);
        match len {
            Some(len) => self.composed(&[elem], |c| c.tys.array(elem, len)),
            None => Ty::INVALID,
        }
    }

    fn array_length(&mut self, len: &'a Expr) -> Option<u64> {
        /// No array of more elements could be made; the bound keeps sizes computable.
        const MAX_LENGTH: u64 = 1 << 48;
        let mut x = self.expr(len);
        if !x.is_valid() {
            return None;
        }
        let text = self.text(len);
        if !x.is_const() {
            self.report(errors::array_length_not_constant(len.span, &text));
            return None;
        }
        let value = x.value.as_ref()?.as_int();
        if !(self.tys.is_untyped(x.ty) || self.tys.is_integer(x.ty)) || value.is_none() {
            let what = self.describe(&x);
            self.report(errors::array_length_not_integer(len.span, &what));
            return None;
        }
        self.convert_untyped(&mut x, Ty::INT);
        if !x.is_valid() {
            return None;
        }
        match x.value.as_ref()?.as_u64() {
            Some(length) if length <= MAX_LENGTH => Some(length),
            _ => {
                self.report(errors::array_length_out_of_range(len.span, &text));
                None
            }
        }
    }

    fn port_type(&mut self, dir: Dir, elem: &'a Expr) -> Ty {
        let ty = self.type_expr(elem);
        self.later(move |c| {
            if let Some(why) = c.unsendable(ty) {
                let shown = c.show(ty);
                c.report(errors::unsendable(elem.span, &shown, &why));
            }
        });
        self.composed(&[ty], |c| c.tys.port(dir, ty))
    }

    // ---- structs ----

    fn struct_type(&mut self, lines: &'a [StructField]) -> Ty {
        let mut fields: Vec<Field> = Vec::new();
        let mut seen: HashMap<Name, Span> = HashMap::default();
        for line in lines {
            let ty = self.var_type(&line.ty);
            let tag: Name = match line.tag.as_ref().map(|tag| &tag.value) {
                Some(LitValue::String(bytes)) => String::from_utf8_lossy(bytes).into(),
                _ => "".into(),
            };
            let embedded = line.names.is_empty();
            let names: Vec<&Ident> = if embedded {
                self.later(move |c| c.check_embedded(ty, &line.ty));
                embedded_name(&line.ty).into_iter().collect()
            } else {
                line.names.iter().collect()
            };
            for ident in names {
                let name = ident.name.clone();
                if !ident.is_blank() {
                    if let Some(&previous) = seen.get(&name) {
                        self.report(errors::duplicate_field(ident.span, &name, previous));
                        continue;
                    }
                    seen.insert(name.clone(), ident.span);
                }
                let pkg = name_scope(&name, self.pkg);
                fields.push(Field {
                    name,
                    pkg,
                    ty,
                    embedded,
                    tag: tag.clone(),
                });
            }
        }
        self.tys.strukt(fields)
    }

    /// What is embedded is neither a pointer type nor a pointer to an interface.
    fn check_embedded(&mut self, ty: Ty, expr: &'a Expr) {
        let (base, is_pointer) = self.tys.deref(ty);
        let pointer = matches!(self.tys.under(base), Kind::Pointer(_));
        if pointer || (is_pointer && self.tys.is_interface(base)) {
            let shown = self.show(ty);
            self.report(errors::invalid_embedded(expr.span, &shown));
        }
    }

    // ---- interfaces ----

    /// The interface type of these lines. `None` if it embeds an interface that is not complete: then the
    /// defined type `named`, whose type it is, waits for that one; without `named` that is an error.
    pub(super) fn interface_type(
        &mut self,
        elems: &'a [InterfaceElem],
        named: Option<NamedId>,
    ) -> Option<Ty> {
        let mut methods: Vec<IfaceMethod> = Vec::new();
        let mut embedded: Vec<(Ty, Span)> = Vec::new();
        let mut seen: HashMap<Name, Span> = HashMap::default();
        for elem in elems {
            match elem {
                InterfaceElem::Method { name, sig } => {
                    let sig = self.func_type(sig);
                    if name.is_blank() {
                        self.report(errors::blank_method(name.span));
                    } else if let Some(&previous) = seen.get(&name.name) {
                        self.report(errors::duplicate_interface_method(
                            name.span, &name.name, previous,
                        ));
                    } else {
                        seen.insert(name.name.clone(), name.span);
                        let pkg = name_scope(&name.name, self.pkg);
                        methods.push(IfaceMethod {
                            name: name.name.clone(),
                            pkg,
                            sig,
                        });
                    }
                }
                InterfaceElem::Embedded(expr) => embedded.push((self.type_expr(expr), expr.span)),
            }
        }
        let incomplete = embedded
            .iter()
            .find(|&&(ty, _)| self.known_underlying(ty).is_none());
        let Some(&(ty, _)) = incomplete else {
            return Some(self.complete_interface(methods, &embedded));
        };
        match named {
            Some(named) => {
                self.pending.push(Pending {
                    named,
                    what: PendingKind::Interface(methods, embedded),
                });
            }
            None => {
                if let Some(id) = self.tys.as_named(ty) {
                    let obj = self.tys.named(id).obj;
                    self.report_type_cycle(&[obj]);
                }
            }
        }
        None
    }

    /// The interface with its own methods and those of complete embedded interfaces.
    pub(super) fn complete_interface(
        &mut self,
        mut methods: Vec<IfaceMethod>,
        embedded: &[(Ty, Span)],
    ) -> Ty {
        let mut index: HashMap<(Name, _), usize> = methods
            .iter()
            .enumerate()
            .map(|(i, m)| ((m.name.clone(), m.pkg), i))
            .collect();
        let mut partial = false;
        for &(ty, span) in embedded {
            if self.tys.underlying(ty).is_invalid() {
                partial = true;
                continue;
            }
            let Some(iface) = self.tys.as_interface(ty) else {
                let shown = self.show(ty);
                self.report(errors::embeds_non_interface(span, &shown));
                partial = true;
                continue;
            };
            partial |= iface.partial;
            for method in &iface.methods {
                match index.get(&(method.name.clone(), method.pkg)) {
                    None => {
                        index.insert((method.name.clone(), method.pkg), methods.len());
                        methods.push(method.clone());
                    }
                    Some(&at) if methods[at].sig != method.sig => {
                        let (have, want) = (self.show(method.sig), self.show(methods[at].sig));
                        self.report(errors::conflicting_method(span, &method.name, &have, &want));
                    }
                    Some(_) => {}
                }
            }
        }
        self.tys.interface_with(methods, partial)
    }

    // ---- functions ----

    /// A function type, its parameter names without meaning.
    fn func_type(&mut self, sig: &'a FuncType) -> Ty {
        let mut names: HashMap<Name, Span> = HashMap::default();
        for ident in sig
            .params
            .iter()
            .chain(&sig.results)
            .flat_map(|param| &param.names)
        {
            if ident.is_blank() {
                continue;
            }
            if let Some(previous) = names.insert(ident.name.clone(), ident.span) {
                self.report(errors::redeclared(ident.span, &ident.name, previous));
            }
        }
        let params = self.param_types(&sig.params);
        let results = self.param_types(&sig.results);
        self.check_results_later(sig, &results);
        let variadic = sig.params.last().is_some_and(|p| p.variadic.is_some());
        self.tys.signature(params, results, variadic)
    }

    fn param_types(&mut self, params: &'a [Param]) -> Vec<Ty> {
        let mut types = Vec::new();
        for param in params {
            let ty = self.param_type(param);
            types.extend(std::iter::repeat_n(ty, param.names.len().max(1)));
        }
        types
    }

    fn param_type(&mut self, param: &'a Param) -> Ty {
        let ty = self.var_type(&param.ty);
        if param.variadic.is_some() {
            self.composed(&[ty], |c| c.tys.slice(ty))
        } else {
            ty
        }
    }

    /// Checks the number of results, once all types are known.
    fn check_results_later(&mut self, sig: &'a FuncType, results: &[Ty]) {
        if let (Some(first), Some(last)) = (sig.results.first(), sig.results.last()) {
            let (results, span) = (results.to_vec(), first.span.to(last.span));
            self.later(move |c| c.check_results(&results, span));
        }
    }

    /// The type of the function `func`; declares its parameters and results in the current scope.
    pub(super) fn collect_signature(&mut self, func: FuncId, sig: &'a FuncType) -> Ty {
        // All types first: parameter names are not in scope in them.
        let params: Vec<Ty> = sig.params.iter().map(|p| self.param_type(p)).collect();
        let results: Vec<Ty> = sig.results.iter().map(|p| self.param_type(p)).collect();
        let variadic = sig.params.last().is_some_and(|p| p.variadic.is_some());
        let param_vars = self.declare_params(&sig.params, &params, VarRole::Param);
        let result_vars = self.declare_params(&sig.results, &results, VarRole::Result);
        let types = |c: &Self, vars: &[ObjId]| -> Vec<Ty> {
            vars.iter().map(|&v| c.info.object(v).ty).collect()
        };
        let (params, results) = (types(self, &param_vars), types(self, &result_vars));
        self.check_results_later(sig, &results);
        let function = self.info.function_mut(func);
        function.params = param_vars;
        function.results = result_vars;
        function.named_results = sig.results.iter().any(|p| !p.names.is_empty());
        self.tys.signature(params, results, variadic)
    }

    fn declare_params(&mut self, params: &'a [Param], types: &[Ty], role: VarRole) -> Vec<ObjId> {
        let mut vars = Vec::new();
        for (param, &ty) in params.iter().zip(types) {
            if param.names.is_empty() {
                vars.push(self.new_var_at("_".into(), param.span, ty, role));
            }
            for name in &param.names {
                let var = self.new_var(name, ty, role);
                self.record_def(name.id, var);
                self.declare(self.env.scope, var);
                vars.push(var);
            }
        }
        vars
    }

    /// Declares the receiver of the method `func` in the current scope.
    pub(super) fn collect_receiver(&mut self, func: FuncId, recv: &'a Receiver) {
        let expr = recv.ty.unparen();
        let ty = match &expr.kind {
            ExprKind::Star(inner) => {
                let base = self.type_expr(inner);
                let ty = self.composed(&[base], |c| c.tys.pointer(base));
                self.record_type(expr, ty);
                ty
            }
            _ => self.type_expr(expr),
        };
        let var = match &recv.name {
            Some(name) => {
                let var = self.new_var(name, ty, VarRole::Receiver);
                self.record_def(name.id, var);
                self.declare(self.env.scope, var);
                var
            }
            None => self.new_var_at("_".into(), recv.span, ty, VarRole::Receiver),
        };
        self.info.function_mut(func).recv = Some(var);
        self.later(move |c| c.check_receiver(ty, recv.ty.span));
    }

    fn check_receiver(&mut self, ty: Ty, span: Span) {
        let (base, is_pointer) = self.tys.deref(ty);
        if base.is_invalid() {
            return;
        }
        let shown = self.show(base);
        let Some(id) = self.tys.as_named(base) else {
            self.report(errors::receiver_without_name(span, &shown));
            return;
        };
        if self.tys.named(id).pkg.as_ref().map(|(pkg, _)| *pkg) != Some(self.pkg) {
            self.report(errors::foreign_receiver(span, &shown));
            return;
        }
        match self.tys.under(base) {
            Kind::Invalid => {}
            Kind::Pointer(_) | Kind::Interface(_) => {
                self.report(errors::receiver_pointer_or_interface(span, &shown))
            }
            Kind::Struct(_) => {}
            _ if is_pointer => self.report(errors::pointer_receiver_on_non_struct(span, &shown)),
            _ => {}
        }
    }
}

/// The name that an embedded field gets.
fn embedded_name(expr: &Expr) -> Option<&Ident> {
    match &expr.unparen().kind {
        ExprKind::Ident(ident) => Some(ident),
        ExprKind::Selector { sel, .. } => Some(sel),
        ExprKind::Star(inner) => embedded_name(inner),
        _ => None,
    }
}
