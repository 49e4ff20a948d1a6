//! Packages: which names they declare, and the checking of all of them.

use foldhash::HashMap;
use std::rc::Rc;

use super::check::{Checker, Env, ScopeId};
use super::decl::{ConstDecl, DeclInfo, DeclKind, MethodDecl, const_lines};
use super::errors;
use super::info::{Function, ObjId, ObjKind, PackageInfo, PkgId, VarRole};
use super::lookup::is_exported;
use super::ty::{Name, Ty};
use crate::source::Span;
use crate::syntax::ast::{
    Decl, Expr, ExprKind, File, FuncDecl, Ident, ImportName, ImportSpec, TypeSpec, VarSpec,
};

impl<'a> Checker<'a> {
    /// Checks all packages, those first that others import.
    pub(super) fn check_program(&mut self) {
        for index in 0..self.program.packages.len() {
            self.check_package(PkgId(index as u32));
        }
        self.record_untyped();
    }

    fn check_package(&mut self, pkg: PkgId) {
        let program = self.program;
        let package = &program.packages[pkg.index()];
        self.pkg = pkg;
        self.decls.clear();
        self.methods.clear();
        self.dot_imports.clear();
        self.info.packages.push(PackageInfo {
            path: package.path.clone(),
            name: package.name(),
            members: HashMap::default(),
            init_order: Vec::new(),
            inits: Vec::new(),
            imports: Vec::new(),
        });
        let first_object = self.info.objects.len();
        let scope = self.new_scope(Some(Self::UNIVERSE));
        let mut order = Vec::new();
        for file in &package.files {
            self.collect_file(file, scope, &mut order);
        }
        self.check_import_names(scope);
        self.resolve_method_bases(&order);
        for &obj in &order {
            self.resolve(obj);
        }
        self.process_delayed(0);
        self.info.packages[pkg.index()].members = self.scopes[scope.0 as usize].names.clone();
        self.order_initialization(&order);
        self.check_unused(first_object);
        let is_program = pkg.index() + 1 == program.packages.len() && self.in_main();
        if is_program && !package.files.is_empty() && self.lookup_in(scope, "main").is_none() {
            let file = package.files.first();
            let clause = file
                .and_then(|file| file.package.as_ref())
                .map(|name| name.span);
            let span = clause
                .or(file.map(|file| file.span.start()))
                .unwrap_or_default();
            self.report(errors::no_main(span));
        }
    }

    fn collect_file(&mut self, file: &'a File, package: ScopeId, order: &mut Vec<ObjId>) {
        let scope = self.new_scope(Some(package));
        self.env = Env {
            scope,
            func: None,
            iota: None,
            error_span: None,
            decl: None,
        };
        // Missing packages come last: their names stand for something invalid, and clash with nothing.
        let targets = &self.program.targets;
        let (found, missing): (Vec<_>, Vec<_>) = file
            .imports
            .iter()
            .partition(|import| targets.contains_key(&import.id));
        for import in found.into_iter().chain(missing) {
            self.collect_import(import, scope);
        }
        for decl in &file.decls {
            match decl {
                Decl::Const(group) => {
                    for (spec, source, inherited) in const_lines(group) {
                        for (i, name) in spec.names.iter().enumerate() {
                            let (ty, init) = (source.ty.as_ref(), source.values.get(i));
                            let decl = ConstDecl {
                                ty,
                                init,
                                iota: spec.iota,
                                inherited,
                            };
                            let obj = self.collect(name, ObjKind::Const(None), package);
                            self.add_decl(obj, scope, DeclKind::Const(decl), order);
                        }
                        self.check_const_arity(spec, source, inherited);
                    }
                }
                Decl::Var(group) => {
                    group
                        .specs
                        .iter()
                        .for_each(|spec| self.collect_vars(spec, scope, package, order));
                }
                Decl::Type(group) => {
                    for spec in &group.specs {
                        let obj = self.collect(&spec.name, ObjKind::TypeName, package);
                        self.add_decl(obj, scope, DeclKind::Type(spec), order);
                    }
                }
                Decl::Func(decl) => self.collect_func(decl, scope, package, order),
            }
        }
    }

    fn add_decl(&mut self, obj: ObjId, scope: ScopeId, kind: DeclKind<'a>, order: &mut Vec<ObjId>) {
        self.decls.insert(
            obj,
            DeclInfo {
                scope,
                kind,
                deps: Vec::new(),
                resolved: false,
            },
        );
        order.push(obj);
    }

    /// A new package-level object.
    fn collect(&mut self, name: &'a Ident, kind: ObjKind, package: ScopeId) -> ObjId {
        let obj = self.new_object(name.name.clone(), name.span, Ty::INVALID, kind);
        self.record_def(name.id, obj);
        if matches!(&*name.name, "init" | "main") {
            let is_func = matches!(self.info.object(obj).kind, ObjKind::Func(_));
            let reserved = &*name.name == "init" || &*self.info.package(self.pkg).name == "main";
            if reserved && !is_func {
                self.report(errors::reserved_name(name.span, &name.name));
                return obj;
            }
        }
        self.declare(package, obj);
        obj
    }

    fn collect_vars(
        &mut self,
        spec: &'a VarSpec,
        scope: ScopeId,
        package: ScopeId,
        order: &mut Vec<ObjId>,
    ) {
        let objects: Vec<ObjId> = spec
            .names
            .iter()
            .map(|name| {
                let obj = self.new_var(name, Ty::INVALID, VarRole::Package);
                self.record_def(name.id, obj);
                if matches!(&*name.name, "init") || (&*name.name == "main" && self.in_main()) {
                    self.report(errors::reserved_name(name.span, &name.name));
                } else {
                    self.declare(package, obj);
                }
                obj
            })
            .collect();
        let matched = self.check_var_arity(spec);
        let shared = matched && spec.values.len() == 1 && objects.len() > 1;
        let all: Rc<[ObjId]> = objects.clone().into();
        for (i, &obj) in objects.iter().enumerate() {
            let lhs = if shared {
                all.clone()
            } else {
                Rc::new([obj]) as Rc<[ObjId]>
            };
            let init = if shared {
                spec.values.first()
            } else {
                spec.values.get(i)
            };
            let kind = DeclKind::Var {
                lhs,
                ty: spec.ty.as_ref(),
                init,
            };
            self.add_decl(obj, scope, kind, order);
        }
    }

    pub(super) fn in_main(&self) -> bool {
        &*self.info.package(self.pkg).name == "main"
    }

    fn collect_func(
        &mut self,
        decl: &'a FuncDecl,
        scope: ScopeId,
        package: ScopeId,
        order: &mut Vec<ObjId>,
    ) {
        let func = self.new_function(Function {
            name: decl.name.name.clone(),
            pkg: self.pkg,
            span: decl.name.span,
            obj: None,
            parent: None,
            sig: Ty::INVALID,
            recv: None,
            params: Vec::new(),
            results: Vec::new(),
            named_results: false,
            body: decl.body.as_ref(),
            captures: Vec::new(),
            has_defer: false,
            has_recover: false,
        });
        let name = &decl.name;
        let kind = ObjKind::Func(func);
        let is_init = decl.recv.is_none() && &*name.name == "init";
        let obj = if decl.recv.is_some() || is_init {
            let obj = self.new_object(name.name.clone(), name.span, Ty::INVALID, kind);
            self.record_def(name.id, obj);
            obj
        } else {
            self.collect(name, kind, package)
        };
        if is_init {
            self.info.packages[self.pkg.index()].inits.push(obj);
        }
        self.info.function_mut(func).obj = Some(obj);
        self.add_decl(obj, scope, DeclKind::Func(decl), order);
    }

    pub(super) fn new_function(&mut self, function: Function<'a>) -> super::info::FuncId {
        let id = super::info::FuncId(self.info.functions.len() as u32);
        self.info.functions.push(function);
        id
    }

    // ---- imports ----

    fn collect_import(&mut self, import: &'a ImportSpec, scope: ScopeId) {
        // Packages on an import cycle come in no order; the cycle was reported.
        let target = self.program.targets.get(&import.id);
        let Some(index) = target.filter(|target| **target < self.pkg.index()) else {
            self.declare_missing(import, scope);
            return;
        };
        let pkg = PkgId(*index as u32);
        let imports = &mut self.info.packages[self.pkg.index()].imports;
        if !imports.contains(&pkg) {
            imports.push(pkg);
        }
        let declared = self.info.package(pkg).name.clone();
        match &import.name {
            ImportName::Default => {
                let obj = self.new_object(
                    declared,
                    import.path_span,
                    Ty::INVALID,
                    ObjKind::PkgName(pkg),
                );
                self.record_def(import.id, obj);
                self.declare(scope, obj);
            }
            ImportName::Named(name) if name.is_blank() => {}
            ImportName::Named(name) => {
                let obj = self.new_object(
                    name.name.clone(),
                    name.span,
                    Ty::INVALID,
                    ObjKind::PkgName(pkg),
                );
                self.record_def(name.id, obj);
                self.declare(scope, obj);
            }
            ImportName::Dot(span) => self.import_members(import, pkg, *span, scope),
        }
    }

    /// `import . "path"`: the package's exported members in the scope of the file.
    fn import_members(&mut self, import: &'a ImportSpec, pkg: PkgId, dot: Span, file: ScopeId) {
        let name = ObjKind::PkgName(pkg);
        let obj = self.new_object(".".into(), import.path_span, Ty::INVALID, name);
        self.record_def(import.id, obj);
        self.dot_imports.insert((file, pkg), obj);
        let members = &self.info.package(pkg).members;
        let mut exported: Vec<(Name, ObjId)> = members
            .iter()
            .filter(|(name, _)| is_exported(name))
            .map(|(name, member)| (name.clone(), *member))
            .collect();
        exported.sort();
        for (name, member) in exported {
            match self.lookup_in(file, &name) {
                Some(other) => {
                    let previous = self.info.object(other).span;
                    self.report(errors::redeclared(dot, &name, previous));
                    self.used_imports.insert(obj);
                }
                None => {
                    self.scopes[file.0 as usize].names.insert(name, member);
                }
            }
        }
    }

    /// Notes that the import with `.` is used which brought `obj` into the scope of the file.
    pub(super) fn use_dot_import(&mut self, obj: ObjId) {
        let Some(pkg) = self.info.object(obj).pkg.filter(|pkg| *pkg != self.pkg) else {
            return;
        };
        let mut scope = Some(self.env.scope);
        while let Some(id) = scope {
            if let Some(&import) = self.dot_imports.get(&(id, pkg)) {
                self.used_imports.insert(import);
                return;
            }
            scope = self.scopes[id.0 as usize].parent;
        }
    }

    /// The loader has reported a package that does not exist; its name stands for something invalid.
    fn declare_missing(&mut self, import: &'a ImportSpec, scope: ScopeId) {
        let name: Name = match &import.name {
            ImportName::Named(name) => name.name.clone(),
            _ => import.path.rsplit('/').next().unwrap_or_default().into(),
        };
        if self.lookup_in(scope, &name).is_none() {
            let obj = self.new_object(name, import.path_span, Ty::INVALID, ObjKind::TypeName);
            self.declare(scope, obj);
        }
    }

    /// Reports imports that have the name of a package-level object.
    fn check_import_names(&mut self, package: ScopeId) {
        let clashes: Vec<_> = self.scopes[package.0 as usize + 1..]
            .iter()
            .filter(|scope| scope.parent == Some(package))
            .flat_map(|scope| scope.names.iter())
            .filter_map(|(name, &import)| {
                Some((name.clone(), import, self.lookup_in(package, name)?))
            })
            .collect();
        for (name, import, object) in clashes {
            let brought = self.info.object(import).pkg.filter(|pkg| *pkg != self.pkg);
            let import = brought
                .and_then(|pkg| {
                    let dots = self
                        .dot_imports
                        .iter()
                        .filter(|((_, from), _)| *from == pkg);
                    dots.map(|(_, import)| *import).min()
                })
                .unwrap_or(import);
            let (span, previous) = (self.info.object(object).span, self.info.object(import).span);
            self.report(errors::redeclared(span, &name, previous));
        }
    }

    /// Reports unused local variables and imports among the objects from `first` on. An import of the
    /// standard library may be used by what was left out.
    fn check_unused(&mut self, first: usize) {
        for index in first..self.info.objects.len() {
            let object = &self.info.objects[index];
            let (name, span) = (object.name.clone(), object.span);
            match &object.kind {
                ObjKind::Var(var) if var.role == VarRole::Local && !var.used && &*name != "_" => {
                    self.report(errors::unused_variable(span, &name));
                }
                ObjKind::PkgName(pkg) => {
                    let pkg = *pkg;
                    let std = self.program.packages[self.pkg.index()].std;
                    if !std && !self.used_imports.contains(&ObjId(index as u32)) {
                        let path = self.info.package(pkg).path.clone();
                        self.report(errors::unused_import(span, &path));
                    }
                }
                _ => {}
            }
        }
    }

    // ---- methods ----

    /// Finds the type that each method is declared for.
    fn resolve_method_bases(&mut self, order: &[ObjId]) {
        for &obj in order {
            let Some(DeclInfo {
                kind: DeclKind::Func(decl),
                scope,
                ..
            }) = self.decls.get(&obj)
            else {
                continue;
            };
            let (decl, scope): (&'a FuncDecl, ScopeId) = (decl, *scope);
            let Some(recv) = &decl.recv else { continue };
            if let Some((base, ptr_recv)) = self.base_type_name(scope, &recv.ty) {
                self.methods.entry(base).or_default().push(MethodDecl {
                    func: obj,
                    ptr_recv,
                });
                let (ty, name) = (&self.info.object(base).name, &decl.name.name);
                let full = if ptr_recv {
                    format!("(*{ty}).{name}")
                } else {
                    format!("{ty}.{name}")
                };
                if let Some(func) = self.info.func_of(obj) {
                    self.info.function_mut(func).name = full.into();
                }
            }
        }
    }

    /// The declared type that `T` or `*T` names, through aliases, and whether there is a pointer.
    fn base_type_name(&self, scope: ScopeId, expr: &'a Expr) -> Option<(ObjId, bool)> {
        let mut expr = expr.unparen();
        let mut pointer = false;
        let mut seen: Vec<ObjId> = Vec::new();
        let package = self.scopes[scope.0 as usize].parent?;
        loop {
            if let ExprKind::Star(inner) = &expr.kind
                && !std::mem::replace(&mut pointer, true)
            {
                expr = inner.unparen();
            }
            let name = expr.as_ident()?;
            if self.lookup_in(scope, &name.name).is_some() {
                return None;
            }
            let obj = self.lookup_in(package, &name.name)?;
            let spec: &'a TypeSpec = match self.decls.get(&obj)?.kind {
                DeclKind::Type(spec) => spec,
                _ => return None,
            };
            if !spec.alias {
                return Some((obj, pointer));
            }
            if seen.contains(&obj) {
                return None;
            }
            seen.push(obj);
            expr = spec.ty.unparen();
        }
    }

    /// The exported member of a package; for suggestions also what differs only in case.
    pub(super) fn package_member(&self, pkg: PkgId, name: &str) -> Option<ObjId> {
        self.info
            .package(pkg)
            .members
            .get(name)
            .copied()
            .filter(|_| is_exported(name))
    }
}
