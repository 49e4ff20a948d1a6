//! Expressions: the dispatcher, names and the simple forms.

use super::check::{Checker, Env};
use super::constant::Value;
use super::errors;
use super::info::{FuncId, Function, Mode, ObjId, ObjKind, VarInfo, VarRole};
use super::operand::Operand;
use super::ty::{Kind, Ty};
use super::universe;
use crate::stack::deeper;
use crate::syntax::ast::{Block, Expr, ExprKind, FuncType, Ident, UnaryOp};

/// What kind of expression it is, for its use as a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// A conversion.
    Conversion,
    /// An expression that is only good for its value.
    Value,
    /// A call or a receive: it may stand as a statement.
    Statement,
}

impl<'a> Checker<'a> {
    /// Checks an expression that must be a single value.
    pub(super) fn expr(&mut self, e: &'a Expr) -> Operand<'a> {
        self.expr_with_hint(e, None)
    }

    /// Like [`Checker::expr`]; `hint` is the type of a composite literal without one.
    pub(super) fn expr_with_hint(&mut self, e: &'a Expr, hint: Option<Ty>) -> Operand<'a> {
        let (mut x, _) = self.raw_expr(e, hint);
        self.exclude(&mut x, true);
        self.single_value(&mut x);
        x
    }

    /// Checks an expression that may be a type as well as a value.
    pub(super) fn expr_or_type(&mut self, e: &'a Expr) -> Operand<'a> {
        let (mut x, _) = self.raw_expr(e, None);
        self.exclude(&mut x, false);
        self.single_value(&mut x);
        x
    }

    /// Checks an expression that may have several values: gives them, and whether they are a value and
    /// its comma-ok boolean.
    pub(super) fn multi_expr(
        &mut self,
        e: &'a Expr,
        allow_comma_ok: bool,
    ) -> (Vec<Operand<'a>>, bool) {
        let (mut x, _) = self.raw_expr(e, None);
        self.exclude(&mut x, true);
        if x.is_valid()
            && let Some(types) = self.tys.as_tuple(x.ty)
        {
            return (
                types.iter().map(|&ty| Operand::part(e.span, ty)).collect(),
                false,
            );
        }
        if allow_comma_ok && matches!(x.mode, Mode::MapIndex | Mode::CommaOk) {
            let ok = Operand::part(e.span, Ty::UNTYPED_BOOL);
            return (vec![x, ok], true);
        }
        (vec![x], false)
    }

    /// Checks expressions only so that what they use counts as used and their own errors are found.
    pub(super) fn use_expr(&mut self, e: &'a Expr) -> bool {
        self.raw_expr(e, None).0.is_valid()
    }

    /// Reports and invalidates what is not a value: calls without result, built-ins, and types.
    fn exclude(&mut self, x: &mut Operand<'a>, types: bool) {
        let text = || x.expr.map(|e| self.text(e)).unwrap_or_default();
        let error = match x.mode {
            Mode::NoValue => errors::no_value(x.span, &text()),
            Mode::Builtin(_) if types => errors::builtin_not_called(x.span, &text()),
            Mode::Type if types => errors::type_as_value(x.span, &text()),
            _ => return,
        };
        self.report(error);
        x.invalidate();
    }

    pub(super) fn single_value(&mut self, x: &mut Operand<'a>) {
        if x.mode == Mode::Value
            && let Some(types) = self.tys.as_tuple(x.ty)
        {
            let text = self.span_text(x.span);
            self.report(errors::several_values(x.span, &text, types.len()));
            x.invalidate();
        }
    }

    /// Checks an expression and records what it is.
    pub(super) fn raw_expr(&mut self, e: &'a Expr, hint: Option<Ty>) -> (Operand<'a>, Form) {
        let (mut x, form) = deeper(|| self.expr_inner(e, hint));
        x.expr = Some(e);
        x.span = e.span;
        self.check_complete(&mut x);
        self.record(e, &x);
        (x, form)
    }

    /// A value of a type whose declaration is still being resolved is part of a cycle.
    fn check_complete(&mut self, x: &mut Operand<'a>) {
        if matches!(
            x.mode,
            Mode::Invalid | Mode::Type | Mode::NoValue | Mode::Builtin(_)
        ) {
            return;
        }
        if let Kind::Pointer(elem) = *self.tys.under(x.ty)
            && self.known_underlying(elem).is_some()
            && self.tys.as_struct(elem).is_none()
        {
            // There are only pointers to structs: the error was reported where the type is written.
            x.invalidate();
            return;
        }
        if self.known_underlying(x.ty).is_none()
            && let Some(id) = self.tys.as_named(x.ty)
        {
            let obj = self.tys.named(id).obj;
            self.report_type_cycle(&[obj]);
            x.invalidate();
        }
    }

    fn expr_inner(&mut self, e: &'a Expr, hint: Option<Ty>) -> (Operand<'a>, Form) {
        let x = match &e.kind {
            ExprKind::Bad => return (Operand::invalid(e), Form::Statement),
            ExprKind::Ident(ident) => self.ident(e, ident),
            ExprKind::Lit(lit) => self.literal(e, &lit.value),
            ExprKind::CompositeLit { ty, elems, braces } => {
                self.composite_lit(e, ty.as_deref(), elems, *braces, hint)
            }
            ExprKind::FuncLit { sig, body } => self.func_lit(e, sig, body),
            ExprKind::Paren(inner) => return self.raw_expr(inner, None),
            ExprKind::Selector { x, sel } => self.selector(e, x, sel),
            ExprKind::Index { x, index } => self.index_expr(e, x, index),
            ExprKind::Slice { x, lo, hi, max } => {
                self.slice_expr(e, x, [lo.as_deref(), hi.as_deref(), max.as_deref()])
            }
            ExprKind::TypeAssert { x, ty } => self.type_assert(e, x, ty),
            ExprKind::Call { fun, args, spread } => return self.call(e, fun, args, *spread),
            ExprKind::Star(inner) => self.star(e, inner),
            ExprKind::Unary { op, x, .. } => {
                let operand = self.unary(e, *op, x);
                let form = if *op == UnaryOp::Recv {
                    Form::Statement
                } else {
                    Form::Value
                };
                return (operand, form);
            }
            ExprKind::Binary { op, op_span, x, y } => self.binary_expr(e, *op, *op_span, x, y),
            ExprKind::Try(inner) => return self.try_expr(e, inner),
            ExprKind::Dyn { x, op_span, access } => return self.dyn_expr(e, x, *op_span, access),
            ExprKind::ArrayType { .. }
            | ExprKind::SliceType(_)
            | ExprKind::StructType(_)
            | ExprKind::FuncType(_)
            | ExprKind::InterfaceType(_)
            | ExprKind::MapType { .. }
            | ExprKind::ChanType { .. }
            | ExprKind::PortType { .. }
            | ExprKind::IslandType => match self.type_expr(e) {
                Ty::INVALID => Operand::invalid(e),
                ty => Operand::new(e, Mode::Type, ty),
            },
        };
        let form = if x.is_valid() {
            Form::Value
        } else {
            Form::Statement
        };
        (x, form)
    }

    // ---- names ----

    fn ident(&mut self, e: &'a Expr, ident: &'a Ident) -> Operand<'a> {
        if ident.is_blank() {
            self.report(errors::blank_as_value(ident.span));
            return Operand::invalid(e);
        }
        let Some(obj) = self.lookup(&ident.name) else {
            self.report_undeclared(ident);
            return Operand::invalid(e);
        };
        self.record_use(ident.id, obj);
        self.use_dot_import(obj);
        self.resolve(obj);
        self.object_operand(e, obj)
    }

    /// The operand that a reference to `obj` is.
    pub(super) fn object_operand(&mut self, e: &'a Expr, obj: ObjId) -> Operand<'a> {
        let object = self.info.object(obj);
        let ty = object.ty;
        match object.kind.clone() {
            ObjKind::PkgName(_) => {
                let name = object.name.clone();
                self.used_imports.insert(obj);
                self.report(errors::package_without_selector(e.span, &name));
                Operand::invalid(e)
            }
            ObjKind::Const(value) => self.const_operand(e, obj, ty, value),
            ObjKind::TypeName if ty.is_invalid() => Operand::invalid(e),
            ObjKind::TypeName => Operand::new(e, Mode::Type, ty),
            ObjKind::Var(var) => {
                self.note_use(obj, &var);
                if ty.is_invalid() {
                    Operand::invalid(e)
                } else {
                    Operand::new(e, Mode::Variable, ty)
                }
            }
            ObjKind::Func(_) => {
                self.add_dependency(obj);
                if ty.is_invalid() {
                    Operand::invalid(e)
                } else {
                    Operand::new(e, Mode::Value, ty)
                }
            }
            ObjKind::Builtin(builtin) => Operand::new(e, Mode::Builtin(builtin), Ty::INVALID),
            ObjKind::Nil => Operand::new(e, Mode::Nil, Ty::UNTYPED_NIL),
            ObjKind::Label => Operand::invalid(e),
        }
    }

    fn const_operand(
        &mut self,
        e: &'a Expr,
        obj: ObjId,
        ty: Ty,
        mut value: Option<Value>,
    ) -> Operand<'a> {
        if self.info.object(obj).pkg.is_none() && &*self.info.object(obj).name == "iota" {
            let Some(iota) = self.env.iota else {
                self.report(errors::iota_outside_const(e.span));
                return Operand::invalid(e);
            };
            value = Some(Value::int(iota));
        }
        if ty.is_invalid() {
            return Operand::invalid(e);
        }
        let mut x = Operand::new(e, Mode::Constant, ty);
        x.value = value;
        x
    }

    /// Notes the use of a variable, and that function literals capture it.
    fn note_use(&mut self, obj: ObjId, var: &VarInfo) {
        self.add_dependency(obj);
        if let Some(var) = self.info.var_mut(obj) {
            var.used = true;
        }
        let (Some(owner), Some(mut user)) = (var.owner, self.env.func) else {
            return;
        };
        while user != owner {
            let captured = self.captured.insert((user, obj));
            if captured {
                self.info.function_mut(user).captures.push(obj);
            }
            let Some(parent) = self.info.function(user).parent else {
                break;
            };
            user = parent;
        }
        if self.env.func != Some(owner)
            && let Some(var) = self.info.var_mut(obj)
        {
            var.captured = true;
            // `return x` assigns results.
            var.reassigned |= var.role == VarRole::Result;
        }
    }

    /// Notes that the declaration being checked refers to a package-level object.
    pub(super) fn add_dependency(&mut self, obj: ObjId) {
        let Some(from) = self.env.decl else { return };
        if !self.decls.contains_key(&obj) {
            return;
        }
        if let Some(decl) = self.decls.get_mut(&from)
            && !decl.deps.contains(&obj)
        {
            decl.deps.push(obj);
        }
    }

    pub(super) fn report_undeclared(&mut self, ident: &Ident) {
        let help = if let Some(absence) = universe::absence(&ident.name) {
            Some(absence.to_string())
        } else if let Some(path) = crate::package::std_package_named(&ident.name) {
            Some(format!("add `import \"{path}\"`"))
        } else {
            let mut names = Vec::new();
            let mut scope = Some(self.env.scope);
            while let Some(id) = scope {
                let scope_data = &self.scopes[id.0 as usize];
                names.extend(scope_data.names.keys().cloned());
                scope = scope_data.parent;
            }
            super::suggest::closest(&ident.name, &names)
                .map(|name| format!("did you mean `{name}`?"))
        };
        self.report(errors::undeclared(ident.span, &ident.name, help));
    }

    // ---- simple forms ----

    fn literal(&mut self, e: &'a Expr, value: &'a crate::syntax::ast::LitValue) -> Operand<'a> {
        use crate::syntax::ast::LitValue;
        let ty = match value {
            LitValue::Int { .. } => Ty::UNTYPED_INT,
            LitValue::Float(_) => Ty::UNTYPED_FLOAT,
            LitValue::Rune(_) => Ty::UNTYPED_RUNE,
            LitValue::String(_) => Ty::UNTYPED_STRING,
        };
        let mut x = Operand::new(e, Mode::Constant, ty);
        x.value = Value::from_literal(value);
        if x.value.is_none() {
            self.report(errors::constant_too_large(e.span));
            return Operand::invalid(e);
        }
        self.check_overflow(&mut x, e.span);
        x
    }

    fn func_lit(&mut self, e: &'a Expr, sig: &'a FuncType, body: &'a Block) -> Operand<'a> {
        // Some expressions are checked twice; their functions are the same.
        if let Some(func) = self.info.func_lit(e.id) {
            return Operand::new(e, Mode::Value, self.info.function(func).sig);
        }
        let parent = self.env.func;
        let name = self.literal_name(parent);
        let func = self.new_function(Function {
            name,
            pkg: self.pkg,
            span: sig.span,
            obj: None,
            parent,
            sig: Ty::INVALID,
            recv: None,
            params: Vec::new(),
            results: Vec::new(),
            named_results: false,
            body: Some(body),
            captures: Vec::new(),
            has_defer: false,
            has_recover: false,
        });
        self.info.func_lits.insert(e.id, func);
        let outer = self.env;
        self.env.func = Some(func);
        let mut env = outer;
        let ty = self.scoped(|c| {
            env = Env {
                scope: c.env.scope,
                func: Some(func),
                error_span: None,
                ..outer
            };
            c.collect_signature(func, sig)
        });
        self.env = outer;
        self.info.function_mut(func).sig = ty;
        self.later(move |c| c.func_body(func, env));
        Operand::new(e, Mode::Value, ty)
    }

    /// The name of the next function literal in `parent`: `f.func1`, or `init.func1` at package level.
    fn literal_name(&mut self, parent: Option<FuncId>) -> super::ty::Name {
        let count = self.literal_counts.entry(parent).or_default();
        *count += 1;
        let count = *count;
        match parent {
            Some(parent) => format!("{}.func{count}", self.info.function(parent).name).into(),
            None => format!("init.func{count}").into(),
        }
    }

    fn star(&mut self, e: &'a Expr, inner: &'a Expr) -> Operand<'a> {
        let x = self.expr_or_type(inner);
        match x.mode {
            Mode::Invalid => Operand::invalid(e),
            Mode::Type => {
                let ty = self.type_expr(e);
                if ty.is_invalid() {
                    Operand::invalid(e)
                } else {
                    Operand::new(e, Mode::Type, ty)
                }
            }
            _ => match self.tys.pointee(x.ty) {
                Some(base) => Operand::new(e, Mode::Variable, base),
                None => {
                    let what = self.describe(&x);
                    self.report(errors::cannot_indirect(e.span, &what));
                    Operand::invalid(e)
                }
            },
        }
    }

    fn type_assert(&mut self, e: &'a Expr, inner: &'a Expr, ty: &'a Expr) -> Operand<'a> {
        let x = self.expr(inner);
        let target = self.var_type(ty);
        if !x.is_valid() || self.is_broken(target) {
            return Operand::invalid(e);
        }
        if !self.tys.is_interface(x.ty) {
            if !self.tys.underlying(x.ty).is_invalid() {
                let what = self.describe(&x);
                self.report(errors::assert_on_non_interface(x.span, &what));
            }
            return Operand::invalid(e);
        }
        self.check_assertable(&x, target, ty);
        Operand::new(e, Mode::CommaOk, target)
    }

    /// Reports an assertion, or a case of a type switch, that can never hold.
    pub(super) fn check_assertable(&mut self, x: &Operand<'a>, target: Ty, at: &'a Expr) {
        if self.tys.is_interface(target) {
            return;
        }
        if let Some(missing) = self.missing_method(target, x.ty) {
            let why = self.missing_text(target, x.ty, &missing);
            let (what, ty) = (self.describe(x), self.show(target));
            self.report(errors::impossible_assertion(at.span, &what, &ty, &why));
        }
    }

    /// `x?`.
    fn try_expr(&mut self, e: &'a Expr, inner: &'a Expr) -> (Operand<'a>, Form) {
        let (x, form) = self.raw_expr(inner, None);
        self.require_error_result(e.span, "?");
        if !x.is_valid() {
            return (x, Form::Statement);
        }
        let error = self.tys.error_type();
        let types: Vec<Ty> = match self.tys.as_tuple(x.ty) {
            Some(types) => types.to_vec(),
            None if x.mode == Mode::NoValue => Vec::new(),
            None => vec![x.ty],
        };
        let is_value = !matches!(x.mode, Mode::Type | Mode::Builtin(_));
        let Some((&last, rest)) = types
            .split_last()
            .filter(|(last, _)| is_value && **last == error)
        else {
            let what = self.describe(&x);
            self.report(errors::try_without_error(inner.span, &what));
            return (Operand::invalid(e), Form::Statement);
        };
        debug_assert_eq!(last, error);
        let operand = match rest {
            [] => return (Operand::new(e, Mode::NoValue, Ty::UNIT), Form::Statement),
            [single] => Operand::new(e, Mode::Value, *single),
            several => {
                let tuple = self.tys.tuple(several);
                Operand::new(e, Mode::Value, tuple)
            }
        };
        (operand, form)
    }

    /// `?`, `fail` and `errdefer` need a function whose last result is an error.
    pub(super) fn require_error_result(&mut self, span: crate::source::Span, what: &str) -> bool {
        let error = self.tys.error_type();
        let last = self.env.func.and_then(|func| {
            let results = &self.info.function(func).results;
            results.last().map(|&result| self.info.object(result).ty)
        });
        if last == Some(error) || last == Some(Ty::INVALID) {
            return true;
        }
        self.report(errors::no_error_result(span, what));
        false
    }

    /// Changes the variable that an addressable expression is a part of, if it is part of one: no pointer
    /// or slice is followed.
    pub(super) fn mark_root(&mut self, e: &'a Expr, change: impl FnOnce(&mut VarInfo)) {
        let mut e = e.unparen();
        loop {
            match &e.kind {
                ExprKind::Ident(ident) => {
                    if let Some(var) = self
                        .info
                        .use_of(ident.id)
                        .and_then(|obj| self.info.var_mut(obj))
                    {
                        change(var);
                    }
                    return;
                }
                ExprKind::Selector { x, .. } => {
                    let Some(selection) = self.info.selection(e.id) else {
                        return;
                    };
                    if selection.path.iter().any(|step| step.deref) {
                        return;
                    }
                    e = x.unparen();
                }
                ExprKind::Index { x, .. } => {
                    let ty = self.info.type_of(x.id);
                    if !matches!(self.tys.under(ty), Kind::Array(..)) {
                        return;
                    }
                    e = x.unparen();
                }
                _ => return,
            }
        }
    }
}
