//! Dynamic access: the operator `~>` calls functions of package `dyn`. What those call in turn is in
//! `dynmade`.

use vo_bytecode as bc;
use vo_bytecode::{BinOp, Dst, IfaceSrc, Inst, RtFn, Slot, SlotTy, Src};

use super::builder::Label;
use super::call::Callee;
use super::func::{INT, Lowerer, Value, Want};
use super::place::Loc;
use super::program::Program;
use crate::syntax::ast::{DynAccess, Expr, ExprKind};
use crate::types::info::ObjId;
use crate::types::ty::{Kind, Ty};

/// The size of an interface in memory.
pub const IFACE_SIZE: i64 = 16;

impl Program<'_> {
    /// A function of package `dyn`.
    fn dyn_function(&self, name: &str) -> Option<ObjId> {
        let package = self.info.package(self.dyn_pkg?);
        package.members.get(name).copied()
    }
}

impl<'a> Lowerer<'_, 'a> {
    // ---- the operator ----------------------------------------------------------------------------

    /// The results of a dynamic expression, the error last. If they are discarded, a call may have any
    /// number of them.
    pub fn dynamic(&mut self, e: &'a Expr, discarded: bool) -> Vec<(Value, Ty)> {
        if let Some(results) = self.take_hoisted(e) {
            return results;
        }
        let ExprKind::Dyn { x, access, .. } = &e.kind else {
            return Vec::new();
        };
        let ty = self.type_of(e);
        let types = self
            .tys()
            .as_tuple(ty)
            .map_or_else(|| vec![ty], |types| types.to_vec());
        let results: Vec<Vec<Slot>> = types.iter().map(|ty| self.temp(*ty)).collect();
        let Some((error, wanted)) = results.split_last() else {
            return Vec::new();
        };
        let (failed, done) = (self.b.label(), self.b.label());
        let (base, base_error) = self.dyn_base(x);
        if let Some(base_error) = base_error {
            self.b.mov(error, &base_error);
            self.go_on_without(error, failed);
        }
        let count = if discarded { -1 } else { wanted.len() as i64 };
        let found = self.dyn_operation(&base, access, count, e, error);
        self.go_on_without(error, failed);
        let is_call = matches!(access, DynAccess::Method { .. } | DynAccess::Call { .. });
        if !discarded {
            for (i, (dst, &ty)) in wanted.iter().zip(&types).enumerate() {
                let iface = if is_call {
                    let loc = Loc::memory(found[0], i as i64 * IFACE_SIZE);
                    self.load(&loc, Ty::ANY, Want::Any).slots
                } else {
                    found.clone()
                };
                self.fit(iface[0], ty, dst, error, failed);
            }
        }
        self.b.jump(done);
        self.b.bind(failed);
        if self.b.reachable() {
            for (dst, &ty) in wanted.iter().zip(&types) {
                let zero = self.zero_value(ty, Want::Into(dst));
                self.b.mov(dst, &zero.slots);
            }
            self.b.jump(done);
        }
        self.b.bind(done);
        let values = results.into_iter().map(Value::fresh);
        values.zip(types).collect()
    }

    /// The base as an interface, and the error beside it.
    fn dyn_base(&mut self, x: &'a Expr) -> (Vec<Slot>, Option<Vec<Slot>>) {
        let ty = self.type_of(x);
        if self.tys().as_tuple(ty).is_some() {
            let mut results = self.several(x).into_iter().map(|(value, _)| value.slots);
            let base = results.next().unwrap_or_default();
            return (base, results.next());
        }
        let base = self.value_as(x, Ty::ANY, Want::Any).slots;
        // What is evaluated next may change the variable.
        (self.b.copy(&base), None)
    }

    /// Calls the function of package `dyn` for an access; its error goes to `error`. Gives what it found:
    /// an interface, or a slice of them.
    fn dyn_operation(
        &mut self,
        base: &[Slot],
        access: &'a DynAccess,
        count: i64,
        e: &'a Expr,
        error: &[Slot],
    ) -> Vec<Slot> {
        let mut args = base.to_vec();
        let name = match access {
            DynAccess::Attr(name) => {
                self.p.name_dynamically(Some(&name.name));
                args.extend(self.text(&name.name));
                "attr"
            }
            DynAccess::Index(index) => {
                args.extend(self.owned_as(index, Ty::ANY, Want::Any).slots);
                "GetIndex"
            }
            DynAccess::Method { name, .. } => {
                self.p.name_dynamically(Some(&name.name));
                args.extend(self.text(&name.name));
                args.push(self.b.int(count));
                "method"
            }
            DynAccess::Call { .. } => {
                args.push(self.b.int(count));
                "call"
            }
        };
        if let DynAccess::Method {
            args: given,
            spread,
            ..
        }
        | DynAccess::Call {
            args: given,
            spread,
        } = access
        {
            args.extend(self.dyn_args(given, spread.is_some()));
        }
        self.at_end(e.span);
        let mut results = self.call_dyn(name, args);
        let failure = results.split_off(results.len().saturating_sub(2));
        self.b.mov(error, &failure);
        results
    }

    /// Arguments as a slice of interfaces.
    fn dyn_args(&mut self, args: &'a [Expr], spread: bool) -> Vec<Slot> {
        self.calls_first(&args.iter().collect::<Vec<_>>());
        let tuple = match args {
            [arg] => {
                let ty = self.type_of(arg);
                self.tys().as_tuple(ty).filter(|types| types.len() > 1)
            }
            _ => None,
        };
        let mut values = Vec::with_capacity(args.len());
        let (single, rest) = match args.split_last() {
            Some((last, fixed)) if spread => (fixed, Some(last)),
            _ => (args, None),
        };
        if tuple.is_some() {
            for (value, from) in self.several(&args[0]) {
                values.push(self.assign(value, from, Ty::ANY, Want::Any));
            }
        } else {
            for arg in single {
                values.push(self.owned_as(arg, Ty::ANY, Want::Any));
            }
        }
        let Some(rest) = rest else {
            return self.slice_of(Ty::ANY, &values);
        };
        let rest = self.value(rest, Want::Any).slots;
        if values.is_empty() {
            return rest;
        }
        let fixed = self.slice_of(Ty::ANY, &values);
        self.joined(&fixed, &rest)
    }

    /// Two slices of interfaces as a new one.
    fn joined(&mut self, a: &[Slot], b: &[Slot]) -> Vec<Slot> {
        let len = self.b.bin(BinOp::Add, INT, a[1], b[1]);
        let elem = self.p.types.id(Ty::ANY);
        let row = self.b.rt(RtFn::SliceMake, Some(elem), &[len, len])[0];
        let copy = |this: &mut Self, to: Slot, from: &[Slot]| {
            this.b.emit(Inst::CopyElems {
                dst: Src(to),
                src: Src(from[0]),
                count: Src(from[1]),
                size: IFACE_SIZE,
            });
        };
        copy(self, row, a);
        // Behind the last element only where there is nothing to copy.
        let behind = self.b.slot(SlotTy::Ref);
        self.b.emit(Inst::SlicePtr {
            dst: Dst(behind),
            base: Src(row),
            lo: Src(a[1]),
            size: IFACE_SIZE,
            newcap: Src(b[1]),
        });
        copy(self, behind, b);
        vec![row, len, len]
    }

    /// Goes on if an error is nil, else at `failed`.
    fn go_on_without(&mut self, error: &[Slot], failed: Label) {
        let is_nil = self.b.slot(SlotTy::I64);
        self.b.emit(Inst::IfaceIsNil {
            dst: Dst(is_nil),
            src: IfaceSrc(error[0]),
        });
        let good = self.b.label();
        self.b.branch(is_nil, good, failed);
        self.b.bind(good);
    }

    /// Puts the value in an interface into slots of a type; if it does not fit, goes on at `failed` with the
    /// error that says so.
    fn fit(&mut self, iface: Slot, ty: Ty, dst: &[Slot], error: &[Slot], failed: Label) {
        if ty == Ty::ANY {
            self.b.mov(dst, &[iface, iface.next()]);
            return;
        }
        let misfit = self.b.label();
        self.unpack_fitting(iface, ty, dst, misfit);
        let done = self.b.label();
        self.b.jump(done);
        self.b.bind(misfit);
        if self.b.reachable() {
            let name = self.tys().display(ty, None);
            let mut args = vec![iface, iface.next()];
            args.extend(self.text(&name));
            let failure = self.call_dyn("mismatch", args);
            self.b.mov(error, &failure);
            self.b.jump(failed);
        }
        self.b.bind(done);
    }

    /// Puts the value in an interface into slots of a type, where nil fits all types that have it; goes on at
    /// `misfit` if it is of another type.
    pub fn unpack_fitting(&mut self, iface: Slot, ty: Ty, dst: &[Slot], misfit: Label) {
        let done = self.b.label();
        let nillable = matches!(
            self.tys().under(ty),
            Kind::Interface(_)
                | Kind::Pointer(_)
                | Kind::Slice(_)
                | Kind::Map(..)
                | Kind::Chan(..)
                | Kind::Signature(_)
        );
        if nillable {
            let is_nil = self.b.slot(SlotTy::I64);
            self.b.emit(Inst::IfaceIsNil {
                dst: Dst(is_nil),
                src: IfaceSrc(iface),
            });
            let (nil, other) = (self.b.label(), self.b.label());
            self.b.branch(is_nil, nil, other);
            self.b.bind(nil);
            self.b.zero(dst);
            self.b.jump(done);
            self.b.bind(other);
        }
        let yes = self.b.label();
        if self.branch_type(iface, ty, yes, misfit).is_some() {
            self.b.bind(yes);
            let value = self.unpack(iface, ty, Want::Into(dst));
            let value = self.owned(value, ty);
            self.b.mov(dst, &value.slots);
        }
        self.b.jump(done);
        self.b.bind(done);
    }

    /// Calls a function of package `dyn`.
    fn call_dyn(&mut self, name: &str, args: Vec<Slot>) -> Vec<Slot> {
        let Some(func) = self.p.dyn_function(name) else {
            return Vec::new();
        };
        let sig = self.tys().as_signature(self.p.info.object(func).ty);
        let types = sig.map_or_else(Vec::new, |sig| self.flat_types(&sig.results));
        let rets = self.b.slots(&types);
        if let Callee::Code(callee) = self.declared_object(func) {
            self.call_into(callee, args, &rets);
        }
        rets
    }

    /// What `go` and `defer` with a dynamic call start: the method `dynCall` of the function value that the call
    /// is of, which is found at once, as is the callee of any other call; and its operands. Where there is
    /// nothing to be called it does nothing.
    pub fn dyn_start(&mut self, e: &'a Expr) -> Option<(bc::Callee, Vec<Slot>)> {
        let ExprKind::Dyn { x, access, .. } = &e.kind else {
            return None;
        };
        let (mut slots, error) = self.dyn_base(x);
        match error {
            Some(error) => slots.extend(error),
            None => {
                let ty = self.tys().error_type();
                slots.extend(self.zero_value(ty, Want::Any).slots);
            }
        }
        let (finder, args, spread) = match access {
            DynAccess::Method { name, args, spread } => {
                self.p.name_dynamically(Some(&name.name));
                slots.extend(self.text(&name.name));
                ("methodCallee", args, spread)
            }
            DynAccess::Call { args, spread } => ("callee", args, spread),
            DynAccess::Attr(_) | DynAccess::Index(_) => return None,
        };
        self.at_end(e.span);
        let function = self.call_dyn(finder, slots);
        let finder = self.p.dyn_function(finder)?;
        let sig = self.tys().as_signature(self.p.info.object(finder).ty)?;
        let call = self.interface_callee(*sig.results.first()?, 0, function[0]);
        let mut operands = vec![self.b.int(-1)];
        operands.extend(self.dyn_args(args, spread.is_some()));
        Some((call, operands))
    }
}
