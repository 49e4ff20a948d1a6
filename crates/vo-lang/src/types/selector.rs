//! Selector expressions: members of packages, fields, methods and method expressions.

use super::check::Checker;
use super::errors;
use super::info::{Adjust, FieldStep, MethodRef, Mode, ObjId, ObjKind, PkgId, Selection, Target};
use super::lookup::{Lookup, is_exported};
use super::operand::Operand;
use super::suggest;
use super::ty::{Kind, Ty};
use crate::syntax::ast::{Expr, ExprKind, Ident};

impl<'a> Checker<'a> {
    /// `x.sel`.
    pub(super) fn selector(&mut self, e: &'a Expr, x: &'a Expr, sel: &'a Ident) -> Operand<'a> {
        if let ExprKind::Ident(ident) = &x.kind
            && let Some(obj) = self.lookup(&ident.name)
            && let ObjKind::PkgName(pkg) = self.info.object(obj).kind
        {
            self.record_use(ident.id, obj);
            self.used_imports.insert(obj);
            return self.member(e, pkg, sel);
        }
        let x_operand = self.expr_or_type(x);
        if sel.is_blank() {
            self.report(errors::blank_as_value(sel.span));
            return Operand::invalid(e);
        }
        match x_operand.mode {
            Mode::Invalid => Operand::invalid(e),
            Mode::Builtin(_) | Mode::Nil => {
                self.report_no_member(&x_operand, sel);
                Operand::invalid(e)
            }
            Mode::Type => self.method_expr(e, x_operand.ty, sel),
            _ => self.field_or_method(e, x, &x_operand, sel),
        }
    }

    fn member(&mut self, e: &'a Expr, pkg: PkgId, sel: &'a Ident) -> Operand<'a> {
        let Some(obj) = self.package_member(pkg, &sel.name) else {
            let package = self.info.package(pkg);
            let hidden = package.members.contains_key(&sel.name);
            let names: Vec<_> = package
                .members
                .keys()
                .filter(|name| is_exported(name))
                .cloned()
                .collect();
            let family = suggest::family(&sel.name, &names);
            let close = suggest::closest(&sel.name, &names);
            let path = package.path.clone();
            self.report(errors::no_package_member(
                sel.span, &path, &sel.name, hidden, family, close,
            ));
            return Operand::invalid(e);
        };
        self.record_use(sel.id, obj);
        let mut x = self.object_operand(e, obj);
        x.expr = Some(e);
        let selection = Selection {
            recv: Ty::INVALID,
            path: Vec::new(),
            target: Target::Member(obj),
            ty: x.ty,
        };
        self.info.selections.insert(e.id, selection);
        x
    }

    // ---- fields and methods of values ----

    fn field_or_method(
        &mut self,
        e: &'a Expr,
        x: &'a Expr,
        operand: &Operand<'a>,
        sel: &'a Ident,
    ) -> Operand<'a> {
        match self.tys.lookup(operand.ty, &sel.name, self.pkg) {
            Lookup::Field { path, ty, indirect } => {
                let selection = Selection {
                    recv: operand.ty,
                    path,
                    target: Target::Field,
                    ty,
                };
                self.info.selections.insert(e.id, selection);
                if ty.is_invalid() {
                    return Operand::invalid(e);
                }
                let variable = operand.mode == Mode::Variable || indirect;
                Operand::new(
                    e,
                    if variable {
                        Mode::Variable
                    } else {
                        Mode::Value
                    },
                    ty,
                )
            }
            Lookup::Method {
                path,
                func,
                ptr_recv,
                indirect,
            } => {
                if ptr_recv && !indirect && operand.mode != Mode::Variable {
                    let what = self.describe(operand);
                    self.report(errors::pointer_method_on_value(sel.span, &sel.name, &what));
                    return Operand::invalid(e);
                }
                self.method_value(e, x, operand, sel, path, (func, ptr_recv))
            }
            Lookup::InterfaceMethod {
                path,
                iface,
                index,
                sig,
            } => {
                let target = Target::Method(MethodRef::Interface { iface, index });
                self.info.selections.insert(
                    e.id,
                    Selection {
                        recv: operand.ty,
                        path,
                        target,
                        ty: sig,
                    },
                );
                Operand::new(e, Mode::Value, sig)
            }
            Lookup::Ambiguous => {
                let text = self.text(e);
                self.report(errors::ambiguous_selector(sel.span, &text));
                Operand::invalid(e)
            }
            Lookup::NotFound => {
                self.report_no_member(operand, sel);
                Operand::invalid(e)
            }
        }
    }

    fn method_value(
        &mut self,
        e: &'a Expr,
        x: &'a Expr,
        operand: &Operand<'a>,
        sel: &'a Ident,
        path: Vec<FieldStep>,
        (func, ptr_recv): (ObjId, bool),
    ) -> Operand<'a> {
        let sig = self.method_sig(func);
        self.record_use(sel.id, func);
        let at_pointer = self
            .tys
            .deref(path.last().map_or(operand.ty, |step| step.ty))
            .1;
        let adjust = match (ptr_recv, at_pointer) {
            (true, false) => Adjust::Address,
            (false, true) => Adjust::Deref,
            _ => Adjust::None,
        };
        if adjust == Adjust::Address && path.iter().all(|step| !step.deref) {
            self.mark_root(x, |var| {
                var.address_taken = true;
                // The method may change it.
                var.reassigned = true;
            });
        }
        let target = Target::Method(MethodRef::Concrete { func, adjust });
        self.info.selections.insert(
            e.id,
            Selection {
                recv: operand.ty,
                path,
                target,
                ty: sig,
            },
        );
        if sig.is_invalid() {
            Operand::invalid(e)
        } else {
            Operand::new(e, Mode::Value, sig)
        }
    }

    /// The type of a declared method, which becomes a dependency of the declaration being checked.
    fn method_sig(&mut self, func: ObjId) -> Ty {
        self.add_dependency(func);
        self.resolve(func);
        self.info.object(func).ty
    }

    // ---- method expressions ----

    fn method_expr(&mut self, e: &'a Expr, recv: Ty, sel: &'a Ident) -> Operand<'a> {
        let (path, method, sig) = match self.tys.lookup(recv, &sel.name, self.pkg) {
            Lookup::Method {
                path,
                func,
                ptr_recv,
                indirect,
            } => {
                if ptr_recv && !indirect {
                    let ty = self.show(recv);
                    self.report(errors::method_expr_needs_pointer(sel.span, &ty, &sel.name));
                    return Operand::invalid(e);
                }
                let at_pointer = self.tys.deref(path.last().map_or(recv, |step| step.ty)).1;
                let adjust = match (ptr_recv, at_pointer) {
                    (true, false) => Adjust::Address,
                    (false, true) => Adjust::Deref,
                    _ => Adjust::None,
                };
                let sig = self.method_sig(func);
                self.record_use(sel.id, func);
                (path, MethodRef::Concrete { func, adjust }, sig)
            }
            Lookup::InterfaceMethod {
                path,
                iface,
                index,
                sig,
            } => (path, MethodRef::Interface { iface, index }, sig),
            Lookup::Ambiguous => {
                let text = self.text(e);
                self.report(errors::ambiguous_selector(sel.span, &text));
                return Operand::invalid(e);
            }
            found => {
                if !self.is_broken(recv) && !self.tys.embeds_invalid(recv) {
                    let ty = self.show(recv);
                    let is_field = matches!(found, Lookup::Field { .. });
                    self.report(errors::no_method(sel.span, &ty, &sel.name, is_field));
                }
                return Operand::invalid(e);
            }
        };
        let Some(signature) = self.tys.as_signature(sig) else {
            return Operand::invalid(e);
        };
        let params = std::iter::once(recv)
            .chain(signature.params.iter().copied())
            .collect();
        let ty = self
            .tys
            .signature(params, signature.results.clone(), signature.variadic);
        let target = Target::MethodExpr(method);
        self.info.selections.insert(
            e.id,
            Selection {
                recv,
                path,
                target,
                ty,
            },
        );
        Operand::new(e, Mode::Value, ty)
    }

    // ---- errors ----

    fn report_no_member(&mut self, x: &Operand<'a>, sel: &Ident) {
        if !matches!(x.mode, Mode::Builtin(_))
            && (self.is_broken(x.ty) || self.tys.embeds_invalid(x.ty))
        {
            return;
        }
        let (base, is_pointer) = self.tys.deref(x.ty);
        let mut help = None;
        if is_pointer && self.tys.is_interface(base) {
            help = Some(
                "a pointer to an interface has no methods; use the interface itself".to_string(),
            );
        } else if matches!(self.tys.kind(base), Kind::Pointer(_)) {
            help = Some("only one pointer is followed; dereference first".to_string());
        } else if let Some(name) = suggest::closest(&sel.name, &self.tys.member_names(x.ty)) {
            help = Some(format!("did you mean `{name}`?"));
        }
        let foreign = self
            .tys
            .as_named(base)
            .and_then(|id| self.tys.named(id).pkg.clone());
        if let Some((pkg, name)) = foreign
            && pkg != self.pkg
            && !is_exported(&sel.name)
            && !matches!(self.tys.lookup(x.ty, &sel.name, pkg), Lookup::NotFound)
        {
            help = Some(format!("`{}` is not exported by package {name}", sel.name));
        }
        let what = self.describe(x);
        let ty = if matches!(x.mode, Mode::Builtin(_)) {
            String::new()
        } else {
            self.show(x.ty)
        };
        self.report(errors::no_member(sel.span, &what, &ty, &sel.name, help));
    }
}
