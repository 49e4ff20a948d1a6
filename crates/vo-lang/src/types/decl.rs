//! Declarations: package-level objects on demand, with their cycles, and local ones.

use std::rc::Rc;

use super::check::{Checker, Env, ScopeId};
use super::errors;
use super::info::{FuncId, ObjId, ObjKind, VarRole};
use super::operand::Operand;
use super::ty::{IfaceMethod, Kind, Method, NamedId, Ty};
use crate::source::Span;
use crate::stack::deeper;
use crate::syntax::ast::{ConstSpec, Decl, Expr, ExprKind, FuncDecl, GenDecl, TypeSpec, VarSpec};

/// The declaration of a package-level object.
#[derive(Debug)]
pub(super) struct DeclInfo<'a> {
    /// The scope of its file.
    pub(super) scope: ScopeId,
    pub(super) kind: DeclKind<'a>,
    /// Package-level objects that its initial value or body refers to, in order of first reference.
    pub(super) deps: Vec<ObjId>,
    pub(super) resolved: bool,
}

/// The forms of declarations.
#[derive(Clone, Debug)]
pub(super) enum DeclKind<'a> {
    Const(ConstDecl<'a>),
    Var {
        /// All variables of the initialisation; several share one call.
        lhs: Rc<[ObjId]>,
        ty: Option<&'a Expr>,
        init: Option<&'a Expr>,
    },
    Type(&'a TypeSpec),
    Func(&'a FuncDecl),
}

/// A name of a constant declaration with its share of the values.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConstDecl<'a> {
    pub(super) ty: Option<&'a Expr>,
    pub(super) init: Option<&'a Expr>,
    pub(super) iota: u32,
    /// Whether type and value are repeated from an earlier line.
    pub(super) inherited: bool,
}

/// A method as declared for a type name.
#[derive(Clone, Copy, Debug)]
pub(super) struct MethodDecl {
    pub(super) func: ObjId,
    /// Whether the receiver is a pointer.
    pub(super) ptr_recv: bool,
}

/// A defined type whose underlying type waits for another one.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) named: NamedId,
    pub(super) what: PendingKind,
}

/// What a [`Pending`] type will have underlying.
#[derive(Debug)]
pub(super) enum PendingKind {
    /// What another defined type has.
    Same(Ty),
    /// An interface with these methods and those of these interfaces.
    Interface(Vec<IfaceMethod>, Vec<(Ty, Span)>),
}

impl<'a> Checker<'a> {
    /// Resolves the declaration of an object, if it has one here that is not resolved yet.
    pub(super) fn resolve(&mut self, obj: ObjId) {
        if self.path_index.contains_key(&obj) {
            self.check_cycle(obj);
            return;
        }
        let Some(decl) = self.decls.get(&obj) else {
            return;
        };
        if decl.resolved {
            return;
        }
        let kind = decl.kind.clone();
        let env = Env {
            scope: decl.scope,
            func: None,
            iota: None,
            error_span: None,
            decl: Some(obj),
        };
        let outer = std::mem::replace(&mut self.env, env);
        self.enter(obj);
        deeper(|| match kind {
            DeclKind::Const(decl) => self.const_decl(obj, decl),
            DeclKind::Var { lhs, ty, init } => self.var_decl(obj, &lhs, ty, init),
            DeclKind::Type(spec) => self.type_decl(obj, spec),
            DeclKind::Func(decl) => self.func_decl(obj, decl),
        });
        self.leave(obj);
        if let Some(decl) = self.decls.get_mut(&obj) {
            decl.resolved = true;
        }
        self.env = outer;
    }

    fn enter(&mut self, obj: ObjId) {
        self.path_index.insert(obj, self.path.len());
        self.path.push(obj);
    }

    fn leave(&mut self, obj: ObjId) {
        self.path.pop();
        self.path_index.remove(&obj);
    }

    /// `obj` was met while its own declaration is being resolved: reports the cycle unless it is one that
    /// defined types may form, or one of variables, which the order of initialisation reports.
    fn check_cycle(&mut self, obj: ObjId) {
        let start = self.path_index[&obj];
        let cycle = self.path[start..].to_vec();
        let (mut values, mut consts, mut defined) = (0, 0, 0);
        for &member in &cycle {
            let object = self.info.object(member);
            match object.kind {
                ObjKind::Const(_) => {
                    values += 1;
                    consts += 1;
                }
                ObjKind::Var(_) => values += 1,
                // An alias in progress has no type yet.
                ObjKind::TypeName if self.tys.as_named(object.ty).is_some() => defined += 1,
                _ => {}
            }
        }
        let variables = values == cycle.len() && consts == 0;
        let types = values == 0 && defined > 0;
        if variables || types {
            return;
        }
        let rotated = self.rotated(&cycle);
        let all_types = rotated
            .iter()
            .all(|&o| matches!(self.info.object(o).kind, ObjKind::TypeName));
        if all_types {
            self.report_type_cycle(&rotated);
        } else {
            let steps = self.cycle_steps(&rotated);
            self.report(errors::declaration_cycle(&steps));
        }
        if !matches!(self.info.object(obj).kind, ObjKind::Func(_)) {
            self.info.object_mut(obj).ty = Ty::INVALID;
        }
    }

    /// Place and name of each object of a cycle.
    pub(super) fn cycle_steps(&self, cycle: &[ObjId]) -> Vec<(Span, String)> {
        cycle
            .iter()
            .map(|&obj| {
                let object = self.info.object(obj);
                (object.span, object.name.to_string())
            })
            .collect()
    }

    // ---- constants and variables ----

    fn const_decl(&mut self, obj: ObjId, decl: ConstDecl<'a>) {
        let outer = self.env;
        self.env.iota = Some(decl.iota);
        if decl.inherited {
            self.env.error_span = Some(self.info.object(obj).span);
        }
        self.const_value(obj, decl);
        self.env = outer;
    }

    fn const_value(&mut self, obj: ObjId, decl: ConstDecl<'a>) {
        let mut declared = None;
        if let Some(expr) = decl.ty {
            let ty = self.type_expr(expr);
            if !self.tys.is_const_type(ty) {
                if !self.tys.underlying(ty).is_invalid() {
                    let shown = self.show(ty);
                    self.report(errors::invalid_const_type(expr.span, &shown));
                }
                return;
            }
            self.info.object_mut(obj).ty = ty;
            declared = Some(ty);
        }
        let Some(init) = decl.init else { return };
        let mut x = self.expr(init);
        if !x.is_valid() || x.ty.is_invalid() {
            return;
        }
        if !x.is_const() {
            let what = self.describe(&x);
            self.report(errors::not_constant(x.span, &what));
            return;
        }
        let ty = declared.unwrap_or(x.ty);
        self.assignment(&mut x, Some(ty), "constant declaration");
        if x.is_valid() {
            let object = self.info.object_mut(obj);
            object.ty = ty;
            object.kind = ObjKind::Const(x.value);
        }
    }

    fn var_decl(
        &mut self,
        obj: ObjId,
        lhs: &[ObjId],
        ty: Option<&'a Expr>,
        init: Option<&'a Expr>,
    ) {
        let declared = ty.map(|expr| self.var_type(expr));
        if let Some(ty) = declared {
            for &var in lhs {
                self.info.object_mut(var).ty = ty;
            }
        }
        let Some(init) = init else { return };
        if let [_] = lhs {
            let mut x = self.expr(init);
            self.init_var(obj, declared, &mut x, "variable declaration");
            return;
        }
        let types = vec![declared; lhs.len()];
        self.init_vars(lhs, &types, std::slice::from_ref(init));
        // The others of the same call are resolved with it, and depend on the same.
        let deps = self
            .decls
            .get(&obj)
            .map_or_else(Vec::new, |decl| decl.deps.clone());
        for var in lhs {
            if let Some(decl) = self.decls.get_mut(var) {
                decl.resolved = true;
                decl.deps.clone_from(&deps);
            }
        }
    }

    // ---- types ----

    fn type_decl(&mut self, obj: ObjId, spec: &'a TypeSpec) {
        if spec.alias {
            let ty = self.type_expr(&spec.ty);
            // A cycle may have been reported meanwhile; the type is then of no use.
            self.info.object_mut(obj).ty = ty;
            return;
        }
        let pkg = (self.pkg, self.info.package(self.pkg).name.clone());
        let ty = self.tys.new_named(spec.name.name.clone(), obj, Some(pkg));
        let Kind::Named(named) = *self.tys.kind(ty) else {
            return;
        };
        self.info.object_mut(obj).ty = ty;
        self.attach_methods(obj, named);
        // Before its parts have their turn: messages call it by its name.
        self.later(move |c| c.check_size(ty, spec.ty.span));
        self.type_depth += 1;
        let underlying = match &spec.ty.unparen().kind {
            ExprKind::InterfaceType(elems) => {
                let complete = self.interface_type(elems, Some(named));
                if let Some(ty) = complete {
                    self.record_type(&spec.ty, ty);
                }
                complete
            }
            _ => Some(self.type_expr(&spec.ty)),
        };
        self.type_depth -= 1;
        if let Some(underlying) = underlying {
            self.set_underlying(named, underlying);
        }
        self.complete_pending();
        self.later(move |c| {
            c.check_finite(ty);
            c.check_method_names(named);
        });
    }

    fn set_underlying(&mut self, named: NamedId, ty: Ty) {
        let underlying = match self.tys.kind(ty) {
            Kind::Named(other) => self.tys.named(*other).underlying,
            _ => Some(ty),
        };
        if underlying.is_none() {
            self.pending.push(Pending {
                named,
                what: PendingKind::Same(ty),
            });
        }
        self.tys.named_mut(named).underlying = underlying;
    }

    /// Completes the types whose wait is over; reports those that wait for each other.
    fn complete_pending(&mut self) {
        loop {
            let waiting = std::mem::take(&mut self.pending);
            let before = waiting.len();
            for pending in waiting {
                if let Some(ty) = self.try_complete(&pending) {
                    self.tys.named_mut(pending.named).underlying = Some(ty);
                } else {
                    self.pending.push(pending);
                }
            }
            if self.pending.len() == before {
                break;
            }
        }
        if self.type_depth > 0 || self.pending.is_empty() {
            return;
        }
        let stuck = std::mem::take(&mut self.pending);
        let objects: Vec<_> = stuck.iter().map(|p| self.tys.named(p.named).obj).collect();
        self.report_type_cycle(&objects);
        for pending in stuck {
            self.tys.named_mut(pending.named).underlying = Some(Ty::INVALID);
        }
    }

    fn try_complete(&mut self, pending: &Pending) -> Option<Ty> {
        match &pending.what {
            PendingKind::Same(ty) => self.known_underlying(*ty),
            PendingKind::Interface(methods, embedded) => {
                if embedded
                    .iter()
                    .any(|&(ty, _)| self.known_underlying(ty).is_none())
                {
                    return None;
                }
                Some(self.complete_interface(methods.clone(), embedded))
            }
        }
    }

    /// The underlying type; `None` while it is not known.
    pub(super) fn known_underlying(&self, ty: Ty) -> Option<Ty> {
        match self.tys.kind(ty) {
            Kind::Named(id) => self.tys.named(*id).underlying,
            _ => Some(ty),
        }
    }

    /// Gives a new defined type the methods declared for its name.
    fn attach_methods(&mut self, obj: ObjId, named: NamedId) {
        for MethodDecl { func, ptr_recv } in self.methods.get(&obj).cloned().unwrap_or_default() {
            let Some(DeclInfo {
                kind: DeclKind::Func(decl),
                ..
            }) = self.decls.get(&func)
            else {
                continue;
            };
            if decl.name.is_blank() {
                continue;
            }
            let name = decl.name.name.clone();
            let pkg = super::lookup::name_scope(&name, self.pkg);
            let methods = &self.tys.named(named).methods;
            if let Some(other) = methods.iter().find(|m| m.name == name) {
                let (span, previous) = (decl.name.span, self.info.object(other.func).span);
                let ty = self.tys.named(named).name.clone();
                self.report(errors::duplicate_method(span, &ty, &name, previous));
                continue;
            }
            self.tys.named_mut(named).methods.push(Method {
                name,
                pkg,
                func,
                ptr_recv,
            });
        }
    }

    /// Reports methods that have the name of a field.
    fn check_method_names(&mut self, named: NamedId) {
        let data = self.tys.named(named).clone();
        let Some(Kind::Struct(s)) = data.underlying.map(|ty| self.tys.kind(ty).clone()) else {
            return;
        };
        for method in &data.methods {
            if s.fields.iter().any(|f| f.name == method.name) {
                let span = self.info.object(method.func).span;
                self.report(errors::field_and_method(span, &data.name, &method.name));
            }
        }
    }

    // ---- functions ----

    fn func_decl(&mut self, obj: ObjId, decl: &'a FuncDecl) {
        let Some(func) = self.info.func_of(obj) else {
            return;
        };
        let mut scope = ScopeId(0);
        let outer = self.env;
        self.env.func = Some(func);
        self.env.decl = None;
        self.scoped(|c| {
            scope = c.env.scope;
            if let Some(recv) = &decl.recv {
                c.collect_receiver(func, recv);
            }
            let sig = c.collect_signature(func, &decl.sig);
            c.info.object_mut(obj).ty = sig;
            c.info.function_mut(func).sig = sig;
        });
        self.env = outer;
        match decl.recv {
            None => self.check_special(decl),
            Some(_) => self.later(move |c| c.check_protocol_method(obj)),
        }
        match &decl.body {
            Some(_) => {
                let env = Env {
                    scope,
                    func: Some(func),
                    iota: None,
                    error_span: None,
                    decl: Some(obj),
                };
                self.later(move |c| c.func_body(func, env));
            }
            None if decl.left_out => {}
            None if !self.program.packages[self.pkg.index()].std => {
                self.report(errors::missing_body(decl.name.span, &decl.name.name));
            }
            None => {}
        }
    }

    /// `main` takes no parameters, `init` neither parameters nor results.
    fn check_special(&mut self, decl: &'a FuncDecl) {
        let name = &*decl.name.name;
        let in_main = &*self.info.package(self.pkg).name == "main";
        let results = name == "init" && !decl.sig.results.is_empty();
        if (name == "init" || (name == "main" && in_main))
            && (!decl.sig.params.is_empty() || results)
        {
            self.report(errors::special_function(decl.sig.span, name));
        }
    }

    /// Checks the body of a function in the scope of its parameters.
    pub(super) fn func_body(&mut self, func: FuncId, env: Env) {
        let Some(body) = self.info.function(func).body else {
            return;
        };
        let outer = std::mem::replace(&mut self.env, env);
        self.block_stmts(body);
        self.check_labels(body);
        let has_results = !self.info.function(func).results.is_empty();
        if has_results && !self.terminates_block(body) {
            self.report(errors::missing_return(body.rbrace()));
        }
        self.env = outer;
    }

    // ---- local declarations ----

    /// A declaration within a function.
    pub(super) fn local_decl(&mut self, decl: &'a Decl) {
        match decl {
            Decl::Const(group) => self.local_consts(group),
            Decl::Var(group) => group.specs.iter().for_each(|spec| self.local_vars(spec)),
            Decl::Type(group) => {
                for spec in &group.specs {
                    let (name, span) = (spec.name.name.clone(), spec.name.span);
                    let obj = self.new_object(name, span, Ty::INVALID, ObjKind::TypeName);
                    self.record_def(spec.name.id, obj);
                    // A type is in scope in its own declaration.
                    self.declare(self.env.scope, obj);
                    self.enter(obj);
                    self.type_decl(obj, spec);
                    self.leave(obj);
                }
            }
            Decl::Func(decl) => self.report(errors::not_checked(decl.name.span)),
        }
    }

    fn local_consts(&mut self, group: &'a GenDecl<ConstSpec>) {
        for (spec, source, inherited) in const_lines(group) {
            let mut objects = Vec::new();
            for (i, name) in spec.names.iter().enumerate() {
                let obj = self.new_object(
                    name.name.clone(),
                    name.span,
                    Ty::INVALID,
                    ObjKind::Const(None),
                );
                self.record_def(name.id, obj);
                let (ty, init) = (source.ty.as_ref(), source.values.get(i));
                self.const_decl(
                    obj,
                    ConstDecl {
                        ty,
                        init,
                        iota: spec.iota,
                        inherited,
                    },
                );
                objects.push(obj);
            }
            self.check_const_arity(spec, source, inherited);
            for obj in objects {
                self.declare(self.env.scope, obj);
            }
        }
    }

    fn local_vars(&mut self, spec: &'a VarSpec) {
        let top = self.delayed.len();
        let ty = spec.ty.as_ref().map(|expr| self.var_type(expr));
        let vars: Vec<ObjId> = spec
            .names
            .iter()
            .map(|name| {
                let obj = self.new_var(name, ty.unwrap_or(Ty::INVALID), VarRole::Local);
                self.record_def(name.id, obj);
                obj
            })
            .collect();
        if !spec.values.is_empty() && self.check_var_arity(spec) {
            let types = vec![ty; vars.len()];
            self.init_vars(&vars, &types, &spec.values);
        } else {
            for value in &spec.values {
                self.use_expr(value);
            }
        }
        // Function literals in the values must not see the new names.
        self.process_delayed(top);
        for &var in &vars {
            self.declare(self.env.scope, var);
        }
    }

    /// Whether names and values of a `var` line match in number; reports it if not.
    pub(super) fn check_var_arity(&mut self, spec: &'a VarSpec) -> bool {
        let (names, values) = (spec.names.len(), spec.values.len());
        if names == values || values <= 1 {
            return true;
        }
        if names < values {
            self.report(errors::extra_init(spec.values[names].span));
        } else {
            self.report(errors::missing_init(
                spec.names[values].span,
                &spec.names[values].name,
            ));
        }
        false
    }

    /// Reports names without a value and values without a name.
    pub(super) fn check_const_arity(
        &mut self,
        spec: &'a ConstSpec,
        source: &'a ConstSpec,
        inherited: bool,
    ) {
        let (names, values) = (spec.names.len(), source.values.len());
        if names > values {
            let name = &spec.names[values];
            self.report(errors::missing_init(name.span, &name.name));
        } else if names < values && !inherited {
            self.report(errors::extra_init(source.values[names].span));
        } else if names < values {
            self.report(errors::extra_init(spec.span));
        }
    }

    /// The value of an invalid operand for `lhs` that got none.
    pub(super) fn invalid_part(span: Span) -> Operand<'a> {
        let mut x = Operand::part(span, Ty::INVALID);
        x.invalidate();
        x
    }
}

/// The lines of a constant declaration, each with the line that its type and values come from.
pub(super) fn const_lines(group: &GenDecl<ConstSpec>) -> Vec<(&ConstSpec, &ConstSpec, bool)> {
    let mut source: Option<&ConstSpec> = None;
    let mut lines = Vec::with_capacity(group.specs.len());
    for spec in &group.specs {
        let own = spec.ty.is_some() || !spec.values.is_empty();
        if own || source.is_none() {
            source = Some(spec);
        }
        lines.push((
            spec,
            source.unwrap_or(spec),
            !own && source.is_some_and(|s| s.id != spec.id),
        ));
    }
    lines
}
