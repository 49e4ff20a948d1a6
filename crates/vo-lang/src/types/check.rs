//! The checker's state, its environment, and how it records what it finds.
//!
//! The checker is one struct; each of the other files adds the methods of one subject to it. Like
//! `go/types` it resolves package-level objects on demand (`decl`), and puts off what needs complete types:
//! function bodies, and the rules about what a type may contain ([`Checker::later`]).

use foldhash::{HashMap, HashSet};

use super::constant::Value;
use super::decl::{DeclInfo, MethodDecl, Pending};
use super::info::{
    FuncId, Info, Mode, ObjId, ObjKind, Object, PkgId, TypeAndMode, VarInfo, VarRole,
};
use super::operand::Operand;
use super::ty::{Name, Ty, TyTable};
use super::untyped::Untyped;
use crate::diag::Diagnostic;
use crate::package::Program;
use crate::source::{SourceMap, Span};
use crate::syntax::ast::{Expr, Ident, NodeId};

/// A scope: a handle into [`Checker::scopes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct ScopeId(pub(super) u32);

/// Names declared in a block, file, package or the universe.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) parent: Option<ScopeId>,
    pub(super) names: HashMap<Name, ObjId>,
}

/// Where the checker is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Env {
    /// The innermost scope.
    pub(super) scope: ScopeId,
    /// The function whose body is being checked.
    pub(super) func: Option<FuncId>,
    /// The value of `iota` in a constant declaration.
    pub(super) iota: Option<u32>,
    /// Where to report errors of a repeated constant expression instead of at the expression.
    pub(super) error_span: Option<Span>,
    /// The package-level object whose declaration or body is being checked.
    pub(super) decl: Option<ObjId>,
}

/// A check put off until types are complete.
pub(super) type Delayed<'a> = Box<dyn FnOnce(&mut Checker<'a>) + 'a>;

/// The checker of a program.
pub(super) struct Checker<'a> {
    pub(super) program: &'a Program,
    pub(super) source: &'a SourceMap,
    pub(super) tys: TyTable,
    pub(super) info: Info<'a>,
    pub(super) scopes: Vec<Scope>,
    pub(super) env: Env,
    /// The package being checked.
    pub(super) pkg: PkgId,
    /// Declarations of the package-level objects of the current package, methods included.
    pub(super) decls: HashMap<ObjId, DeclInfo<'a>>,
    /// Objects whose declarations are being resolved, outermost first, and their places in the list.
    pub(super) path: Vec<ObjId>,
    pub(super) path_index: HashMap<ObjId, usize>,
    /// Methods by the type name they are declared for.
    pub(super) methods: HashMap<ObjId, Vec<MethodDecl>>,
    /// Defined types whose underlying type waits for that of another one.
    pub(super) pending: Vec<Pending>,
    /// How many type declarations are being resolved, one within the other.
    pub(super) type_depth: usize,
    /// Untyped expressions that have not got their final type.
    pub(super) untyped: HashMap<NodeId, Untyped>,
    pub(super) delayed: Vec<Delayed<'a>>,
    /// Calls of the built-in `panic`: they end a function.
    pub(super) panics: HashSet<NodeId>,
    /// Variables already in the capture list of a function.
    pub(super) captured: HashSet<(FuncId, ObjId)>,
    /// Import names that are used.
    pub(super) used_imports: HashSet<ObjId>,
    /// The imports with `.` of the current package, by the file's scope and what they import.
    pub(super) dot_imports: HashMap<(ScopeId, PkgId), ObjId>,
    /// Results of walks over type structure, by type.
    pub(super) valid_types: HashMap<super::ty::NamedId, super::validtype::Validity>,
    /// How large types are, and which of those that are too large are reported.
    pub(super) extents: HashMap<Ty, super::validtype::Extent>,
    pub(super) sizes_reported: HashSet<Ty>,
    /// What the results of a dynamic expression are assigned to, on the way to it.
    pub(super) dyn_targets: Option<super::dynamic::DynTargets>,
    /// Whether a call or receive was met; `len` and `cap` of arrays are constant only without.
    pub(super) has_call: bool,
    /// How many function literals there are within each outermost function, for their names.
    pub(super) literal_counts: HashMap<Option<FuncId>, u32>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether errors were known before.
    pub(super) known_errors: bool,
    /// Where the first expression without a valid type stands.
    pub(super) first_invalid: Option<Span>,
    /// Whether a type shown since the last report contains an invalid one: the message is an echo then.
    pub(super) echo: std::cell::Cell<bool>,
}

impl<'a> Checker<'a> {
    pub(super) const UNIVERSE: ScopeId = ScopeId(0);

    /// A checker of a program of which errors may be known already.
    pub(super) fn new(program: &'a Program, source: &'a SourceMap, known_errors: bool) -> Self {
        let nodes = program.node_count;
        let info = Info {
            types: vec![None; nodes],
            defs: vec![None; nodes],
            uses: vec![None; nodes],
            ..Info::default()
        };
        let env = Env {
            scope: Self::UNIVERSE,
            func: None,
            iota: None,
            error_span: None,
            decl: None,
        };
        let mut checker = Checker {
            program,
            source,
            tys: TyTable::new(),
            info,
            scopes: vec![Scope::default()],
            env,
            pkg: PkgId(0),
            decls: HashMap::default(),
            path: Vec::new(),
            path_index: HashMap::default(),
            methods: HashMap::default(),
            pending: Vec::new(),
            type_depth: 0,
            untyped: HashMap::default(),
            delayed: Vec::new(),
            panics: HashSet::default(),
            captured: HashSet::default(),
            used_imports: HashSet::default(),
            dot_imports: HashMap::default(),
            valid_types: HashMap::default(),
            extents: HashMap::default(),
            sizes_reported: HashSet::default(),
            dyn_targets: None,
            has_call: false,
            literal_counts: HashMap::default(),
            diagnostics: Vec::new(),
            known_errors,
            first_invalid: None,
            echo: std::cell::Cell::new(false),
        };
        checker.declare_universe();
        checker
    }

    /// The results. A program with an invalid part must not pass for a correct one, whatever the reason:
    /// unless errors were known before or have been reported, one is added then.
    pub(super) fn finish(mut self) -> (Info<'a>, TyTable, Vec<Diagnostic>) {
        if let Some(span) = self.first_invalid
            && self.diagnostics.is_empty()
            && !self.known_errors
        {
            self.diagnostics.push(super::errors::not_checked(span));
        }
        (self.info, self.tys, self.diagnostics)
    }

    // ---- diagnostics ----

    /// Reports an error, unless it can only be a consequence of one reported before.
    pub(super) fn report(&mut self, mut diagnostic: Diagnostic) {
        let echo = self.echo.replace(false);
        if echo && (self.known_errors || !self.diagnostics.is_empty()) {
            return;
        }
        if let (Some(span), Some(primary)) = (self.env.error_span, diagnostic.labels.first_mut()) {
            primary.0 = span;
        }
        self.diagnostics.push(diagnostic);
    }

    /// Whether a type is in error, so that errors about it would be echoes. One that is not complete yet
    /// is: it depends on itself, which is reported here.
    pub(super) fn is_broken(&mut self, ty: Ty) -> bool {
        if let Some(id) = self.tys.as_named(ty)
            && self.known_underlying(ty).is_none()
        {
            let obj = self.tys.named(id).obj;
            self.report_type_cycle(&[obj]);
            return true;
        }
        self.tys.underlying(ty).is_invalid()
    }

    /// The type as shown in messages.
    pub(super) fn show(&self, ty: Ty) -> String {
        // `byte` and `uint8` are one type; of slices people say `[]byte`.
        let text = self
            .tys
            .display(ty, Some(self.pkg))
            .replace("[]uint8", "[]byte");
        if text.contains("invalid type") {
            self.echo.set(true);
        }
        text
    }

    /// The source of an expression, in one line and shortened.
    pub(super) fn text(&self, expr: &Expr) -> String {
        self.span_text(expr.span)
    }

    /// The source of a span, in one line and shortened.
    pub(super) fn span_text(&self, span: Span) -> String {
        /// Longer expressions are cut: the message marks them in the source anyway.
        const MAX_CHARS: usize = 48;
        let mut line = String::new();
        for word in self.source.text(span).split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            if line.chars().count() > MAX_CHARS {
                let cut: String = line.chars().take(MAX_CHARS).collect();
                return format!("{cut}…");
            }
        }
        line
    }

    // ---- delayed checks ----

    /// Puts off a check until the types around it are complete.
    pub(super) fn later(&mut self, check: impl FnOnce(&mut Checker<'a>) + 'a) {
        self.delayed.push(Box::new(check));
    }

    /// Runs the checks put off since the list had the length `top`, and those that they put off.
    pub(super) fn process_delayed(&mut self, top: usize) {
        while self.delayed.len() > top {
            for check in self.delayed.split_off(top) {
                check(self);
            }
        }
    }

    // ---- scopes and objects ----

    pub(super) fn new_scope(&mut self, parent: Option<ScopeId>) -> ScopeId {
        let id = ScopeId(self.scopes.len() as u32);
        self.scopes.push(Scope {
            parent,
            names: HashMap::default(),
        });
        id
    }

    /// Runs `f` in a new scope within the current one.
    pub(super) fn scoped<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.env.scope;
        self.env.scope = self.new_scope(Some(outer));
        let result = f(self);
        self.env.scope = outer;
        result
    }

    pub(super) fn lookup_in(&self, scope: ScopeId, name: &str) -> Option<ObjId> {
        self.scopes[scope.0 as usize].names.get(name).copied()
    }

    /// The object that `name` denotes here.
    pub(super) fn lookup(&self, name: &str) -> Option<ObjId> {
        let mut scope = Some(self.env.scope);
        while let Some(id) = scope {
            if let Some(obj) = self.lookup_in(id, name) {
                return Some(obj);
            }
            scope = self.scopes[id.0 as usize].parent;
        }
        None
    }

    pub(super) fn new_object(&mut self, name: Name, span: Span, ty: Ty, kind: ObjKind) -> ObjId {
        let id = ObjId(self.info.objects.len() as u32);
        self.info.objects.push(Object {
            name,
            pkg: Some(self.pkg),
            span,
            ty,
            kind,
        });
        id
    }

    /// A new variable of the function being checked, or of the package.
    pub(super) fn new_var(&mut self, ident: &Ident, ty: Ty, role: VarRole) -> ObjId {
        self.new_var_at(ident.name.clone(), ident.span, ty, role)
    }

    /// A new variable without an identifier of its own.
    pub(super) fn new_var_at(&mut self, name: Name, span: Span, ty: Ty, role: VarRole) -> ObjId {
        let owner = if role == VarRole::Package {
            None
        } else {
            self.env.func
        };
        let var = VarInfo {
            role,
            owner,
            captured: false,
            reassigned: false,
            address_taken: false,
            used: false,
        };
        self.new_object(name, span, ty, ObjKind::Var(var))
    }

    /// Makes the name of `obj` known in `scope`; an error if it is known there already.
    pub(super) fn declare(&mut self, scope: ScopeId, obj: ObjId) {
        let object = self.info.object(obj);
        if &*object.name == "_" {
            return;
        }
        let (name, span) = (object.name.clone(), object.span);
        if let Some(other) = self.lookup_in(scope, &name) {
            let previous = self.info.object(other).span;
            self.report(super::errors::redeclared(span, &name, previous));
            if let Some(var) = self.info.var_mut(obj) {
                // Its uses were taken for those of the other one.
                var.used = true;
            }
            return;
        }
        self.scopes[scope.0 as usize].names.insert(name, obj);
    }

    // ---- recording ----

    pub(super) fn record_def(&mut self, ident: NodeId, obj: ObjId) {
        self.info.defs[ident.index()] = Some(obj);
    }

    pub(super) fn record_use(&mut self, ident: NodeId, obj: ObjId) {
        self.info.uses[ident.index()] = Some(obj);
    }

    /// Records type, mode and value of an expression as final.
    pub(super) fn record_final(&mut self, id: NodeId, mode: Mode, ty: Ty, value: Option<&Value>) {
        self.info.types[id.index()] = Some(TypeAndMode { ty, mode });
        if mode == Mode::Constant
            && let Some(value) = value
        {
            let value = match self.tys.basic(ty).map(|basic| value.represent(basic)) {
                Some(Ok(represented)) => represented,
                _ => value.clone(),
            };
            self.info.values.insert(id, value);
        }
    }

    /// Records what is known of an expression: untyped ones provisionally.
    pub(super) fn record(&mut self, expr: &'a Expr, x: &Operand<'a>) {
        if x.mode == Mode::Invalid && self.first_invalid.is_none() {
            self.first_invalid = Some(expr.span);
        }
        let ty = match x.mode {
            Mode::Invalid => Ty::INVALID,
            Mode::NoValue => Ty::UNIT,
            _ => x.ty,
        };
        if x.mode != Mode::Invalid && self.tys.is_untyped(ty) {
            let untyped = Untyped {
                shifted: false,
                mode: x.mode,
                ty,
                value: x.value.clone(),
            };
            self.untyped.insert(expr.id, untyped);
        } else {
            self.record_final(expr.id, x.mode, ty, x.value.as_ref());
        }
    }

    /// Records a type expression.
    pub(super) fn record_type(&mut self, expr: &'a Expr, ty: Ty) {
        self.record_final(expr.id, Mode::Type, ty, None);
    }

    /// Records untyped expressions that nothing gave another type.
    pub(super) fn record_untyped(&mut self) {
        for (id, untyped) in std::mem::take(&mut self.untyped) {
            self.record_final(id, untyped.mode, untyped.ty, untyped.value.as_ref());
        }
    }
}
