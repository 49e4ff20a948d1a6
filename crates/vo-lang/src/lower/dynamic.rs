//! Dynamic access: the operator `~>` calls functions of package `dyn`, and types get the methods by which
//! those find methods by name and call functions of any type.
//!
//! Package `dyn` declares two interfaces with one unexported method each. No source declares these methods;
//! what implements them, and how, is decided here:
//!
//! | method | which types have it | what it does |
//! |---|---|---|
//! | `dynMethod` | those with exported methods | gives the method of a name as a function value |
//! | `dynCall` | function types | calls the value with arguments in interfaces |
//!
//! Methods that the program never names need not be found ([`Program::name_dynamically`]).

use std::collections::{BTreeSet, HashSet};

use vo_bytecode as bc;
use vo_bytecode::{
    BinOp, CmpOp, Dst, FuncId as BcFuncId, IfaceSrc, Inst, RtFn, Slot, SlotTy, Src, Srcs,
};

use super::builder::Label;
use super::call::Callee;
use super::func::{INT, Lowerer, Value, Want};
use super::place::Loc;
use super::program::{BoundMethod, Program, Work};
use crate::syntax::ast::{DynAccess, Expr, ExprKind};
use crate::types::info::{ObjId, PkgId};
use crate::types::lookup::{Lookup, is_exported};
use crate::types::ty::{IfaceMethod, Kind, Name, Signature, Ty};

/// The size of an interface in memory.
const IFACE_SIZE: i64 = 16;

/// What a call found wrong; package `dyn` has the same numbers.
mod code {
    pub const CALLED: i64 = 0;
    pub const NIL_FUNCTION: i64 = 1;
    pub const OTHER_COUNT: i64 = 2;
    pub const OTHER_TYPES: i64 = 3;
    pub const OTHER_RESULTS: i64 = 4;
}

/// A method that no source declares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Made {
    /// Finds a method by name.
    Method,
    /// Calls a function value.
    Call,
}

/// The methods that a program looks up by name.
#[derive(Debug, Default)]
pub struct DynNames {
    names: HashSet<Name>,
    /// Names that only the run knows are looked up.
    any: bool,
    /// How many there were when the functions that find methods were last made.
    done: (usize, bool),
}

impl DynNames {
    fn has(&self, name: &Name) -> bool {
        self.any || self.names.contains(name)
    }
}

impl Program<'_> {
    /// Which method that no source declares an interface's method is.
    pub fn made(&self, method: &IfaceMethod) -> Option<Made> {
        if method.pkg.is_none() || method.pkg != self.dyn_pkg {
            return None;
        }
        match &*method.name {
            "dynMethod" => Some(Made::Method),
            "dynCall" => Some(Made::Call),
            _ => None,
        }
    }

    /// Whether a type has a method that no source declares.
    pub fn has_made(&self, ty: Ty, made: Made) -> bool {
        match made {
            Made::Method => !self.exported_methods(ty).is_empty(),
            Made::Call => self.tys.as_signature(ty).is_some(),
        }
    }

    /// Notes that methods of a name are looked up; of any name for `None`.
    pub fn name_dynamically(&mut self, name: Option<&Name>) {
        match name {
            Some(name) => {
                self.dyn_names.names.insert(name.clone());
            }
            None => self.dyn_names.any = true,
        }
    }

    /// Makes the functions that find methods again if more names are looked up by now. Whether there were.
    pub fn revise_dynamic(&mut self) -> bool {
        let now = (self.dyn_names.names.len(), self.dyn_names.any);
        if std::mem::replace(&mut self.dyn_names.done, now) == now {
            return false;
        }
        self.remake(|work| matches!(work, Work::DynMethod(..)));
        true
    }

    /// The exported methods of the values of a type, sorted.
    fn exported_methods(&self, ty: Ty) -> Vec<Name> {
        let mut names = BTreeSet::new();
        let (mut stack, mut seen) = (vec![ty], HashSet::new());
        while let Some(ty) = stack.pop() {
            if !seen.insert(ty) {
                continue;
            }
            if let Kind::Pointer(target) = *self.tys.under(ty) {
                stack.push(target);
            }
            if let Some(named) = self.tys.as_named(ty) {
                names.extend(self.tys.named(named).methods.iter().map(|m| m.name.clone()));
            }
            if let Some(iface) = self.tys.as_interface(ty) {
                names.extend(iface.methods.iter().map(|m| m.name.clone()));
            }
            if let Some(s) = self.tys.as_struct(ty) {
                stack.extend(s.fields.iter().filter(|f| f.embedded).map(|f| f.ty));
            }
        }
        let usable = |name: &Name| match self.tys.lookup(ty, name, PkgId(0)) {
            Lookup::Method {
                ptr_recv, indirect, ..
            } => !ptr_recv || indirect,
            Lookup::InterfaceMethod { path, .. } => !path.is_empty(),
            _ => false,
        };
        names
            .into_iter()
            .filter(|name| is_exported(name) && usable(name))
            .collect()
    }

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
    fn unpack_fitting(&mut self, iface: Slot, ty: Ty, dst: &[Slot], misfit: Label) {
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

    /// What `go` and `defer` with a dynamic call start: a function of package `dyn`, and its arguments.
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
        let (name, args, spread) = match access {
            DynAccess::Method { name, args, spread } => {
                self.p.name_dynamically(Some(&name.name));
                slots.extend(self.text(&name.name));
                ("goMethod", args, spread)
            }
            DynAccess::Call { args, spread } => ("goCall", args, spread),
            DynAccess::Attr(_) | DynAccess::Index(_) => return None,
        };
        slots.extend(self.dyn_args(args, spread.is_some()));
        match self.declared_object(self.p.dyn_function(name)?) {
            Callee::Code(callee) => Some((callee, slots)),
            Callee::Native(_) => None,
        }
    }

    // ---- finding methods -------------------------------------------------------------------------

    /// The method `dynMethod` of a type: gives the method of a name as a function value, nil if there is
    /// none.
    pub fn dyn_method_function(mut self, ty: Ty) -> bc::Function {
        let name = format!("{}.dynMethod", self.tys().display(ty, None));
        self.result_types = vec![Ty::ANY];
        let loc = self.iface_receiver(ty);
        let wanted = self.temp(Ty::STRING);
        for method in self.p.exported_methods(ty) {
            if !self.p.dyn_names.has(&method) {
                continue;
            }
            let text = self.text(&method);
            let args = [wanted[0], wanted[1], text[0], text[1]];
            let same = self.b.rt(RtFn::StrEq, None, &args)[0];
            let (yes, no) = (self.b.label(), self.b.label());
            self.b.branch(same, yes, no);
            self.b.bind(yes);
            if let Some((closure, sig)) = self.bind_method(loc.clone(), ty, &method) {
                let value = self.make_interface(closure, sig, Want::Any);
                self.b.emit(Inst::Return {
                    values: Srcs::from(value.slots),
                });
            } else {
                self.b.jump(no);
            }
            self.b.bind(no);
        }
        let nil = self.zero_value(Ty::ANY, Want::Any);
        self.b.emit(Inst::Return {
            values: Srcs::from(nil.slots),
        });
        self.finish(name, 3)
    }

    /// A method of what is at a place as a function value, with its type.
    fn bind_method(&mut self, loc: Loc, ty: Ty, name: &Name) -> Option<(Value, Ty)> {
        match self.tys().lookup(ty, name, PkgId(0)) {
            Lookup::Method { path, func, .. } => {
                let (loc, at) = self.walk(loc, ty, &path);
                let receiver = self.receiver(func, &loc, at);
                let recv = self.p.receiver_type(func);
                let sig = self.p.info.object(func).ty;
                Some((
                    self.bound(recv, &receiver, BoundMethod::Concrete(func)),
                    sig,
                ))
            }
            Lookup::InterfaceMethod {
                path, index, sig, ..
            } => {
                let (loc, at) = self.walk(loc, ty, &path);
                let receiver = self.load(&loc, at, Want::Any);
                Some((
                    self.bound(at, &receiver, BoundMethod::Interface(at, index)),
                    sig,
                ))
            }
            _ => None,
        }
    }

    // ---- calling functions -----------------------------------------------------------------------

    /// The method `dynCall` of a function type: calls the value with arguments in interfaces.
    pub fn dyn_call_function(mut self, ty: Ty, result_types: Vec<Ty>) -> bc::Function {
        let name = format!("{}.dynCall", self.tys().display(ty, None));
        self.result_types = result_types;
        let closure = self.b.slot(SlotTy::Ref);
        let want = self.b.slot(SlotTy::I64);
        let args = self.b.slots(&[SlotTy::Ref, SlotTy::I64, SlotTy::I64]);
        let Some(sig) = self.tys().as_signature(ty) else {
            return self.finish(name, 5);
        };
        let refusals: Vec<(i64, Label)> = [
            code::NIL_FUNCTION,
            code::OTHER_COUNT,
            code::OTHER_TYPES,
            code::OTHER_RESULTS,
        ]
        .map(|code| (code, self.b.label()))
        .to_vec();
        let [nil, count, types, results] = [0, 1, 2, 3].map(|i: usize| refusals[i].1);
        let is_nil = self.b.is_null(closure);
        let there = self.b.label();
        self.b.branch(is_nil, nil, there);
        self.b.bind(there);
        self.b.assume_non_null(closure);
        self.check_result_count(want, &sig, results);
        let slots = self.unpack_args(&args, &sig, count, types);
        let rets_types = self.flat_types(&sig.results);
        let rets = self.b.slots(&rets_types);
        self.call_into(bc::Callee::Closure(closure), slots, &rets);
        let mut values = Vec::new();
        for (value, from) in self.split_results(&sig.results, &rets) {
            values.push(self.assign(value, from, Ty::ANY, Want::Any));
        }
        let mut out = self.slice_of(Ty::ANY, &values);
        out.push(self.b.int(code::CALLED));
        self.b.emit(Inst::Return {
            values: Srcs::from(out),
        });
        for (code, label) in refusals {
            self.b.bind(label);
            if self.b.reachable() {
                let none = self.b.nil();
                let zero = self.b.int(0);
                let code = self.b.int(code);
                self.b.emit(Inst::Return {
                    values: Srcs::from(vec![none, zero, zero, code]),
                });
            }
        }
        self.finish(name, 5)
    }

    /// Goes on if that many results are wanted: any number (-1), all, or all but an error at the end.
    fn check_result_count(&mut self, want: Slot, sig: &Signature, otherwise: Label) {
        let count = sig.results.len() as i64;
        let mut fitting = vec![-1, count];
        if sig.results.last() == Some(&self.tys().error_type()) {
            fitting.push(count - 1);
        }
        let good = self.b.label();
        for number in fitting {
            let number = self.b.int(number);
            let same = self.b.cmp(CmpOp::Eq, INT, want, number);
            let next = self.b.label();
            self.b.branch(same, good, next);
            self.b.bind(next);
        }
        self.b.jump(otherwise);
        self.b.bind(good);
    }

    /// The arguments in a slice of interfaces as the parameters of a function.
    fn unpack_args(
        &mut self,
        args: &[Slot],
        sig: &Signature,
        count: Label,
        types: Label,
    ) -> Vec<Slot> {
        let fixed = sig.params.len() - usize::from(sig.variadic);
        let number = self.b.int(fixed as i64);
        let op = if sig.variadic { CmpOp::Ge } else { CmpOp::Eq };
        let enough = self.b.cmp(op, INT, args[1], number);
        let good = self.b.label();
        self.b.branch(enough, good, count);
        self.b.bind(good);
        let mut slots = Vec::new();
        for (i, &ty) in sig.params[..fixed].iter().enumerate() {
            let loc = Loc::memory(args[0], i as i64 * IFACE_SIZE);
            slots.extend(self.unpack_arg(&loc, ty, types));
        }
        if let Some(&last) = sig.params.get(fixed)
            && let Kind::Slice(elem) = *self.tys().under(last)
        {
            let rest = self.b.bin(BinOp::Sub, INT, args[1], number);
            slots.extend(self.unpack_rest(args[0], number, rest, elem, types));
        }
        slots
    }

    /// The argument at a place, where an interface is, as a value of a type.
    fn unpack_arg(&mut self, loc: &Loc, ty: Ty, misfit: Label) -> Vec<Slot> {
        let iface = self.load(loc, Ty::ANY, Want::Any).slots;
        if ty == Ty::ANY {
            return iface;
        }
        let dst = self.temp(ty);
        self.unpack_fitting(iface[0], ty, &dst, misfit);
        dst
    }

    /// The last arguments as the slice of a variadic parameter.
    fn unpack_rest(
        &mut self,
        args: Slot,
        first: Slot,
        count: Slot,
        elem: Ty,
        misfit: Label,
    ) -> Vec<Slot> {
        let id = self.p.types.id(elem);
        let size = self.shape(elem).size as i64;
        let row = self.b.rt(RtFn::SliceMake, Some(id), &[count, count])[0];
        let counter = self.b.slot(SlotTy::I64);
        self.b.zero(&[counter]);
        let (head, body, done) = (self.b.label(), self.b.label(), self.b.label());
        self.b.bind(head);
        let more = self.b.cmp(CmpOp::Lt, INT, counter, count);
        self.b.branch(more, body, done);
        self.b.bind(body);
        let at = self.b.bin(BinOp::Add, INT, first, counter);
        let element = |base, index, size| Loc::Element {
            base,
            index,
            size,
            off: 0,
            len: None,
        };
        let value = self.unpack_arg(&element(args, at, IFACE_SIZE), elem, misfit);
        self.store(&element(row, counter, size), elem, &value);
        let one = self.b.int(1);
        self.b.emit(Inst::Bin {
            dst: Dst(counter),
            op: BinOp::Add,
            kind: INT,
            a: Src(counter),
            b: Src(one),
        });
        self.b.jump(head);
        self.b.bind(done);
        vec![row, count, count]
    }
}

impl Program<'_> {
    /// The function of a method that no source declares.
    pub fn made_function(&mut self, ty: Ty, made: Made, method: &IfaceMethod) -> BcFuncId {
        let results = self.tys.as_signature(method.sig);
        match made {
            Made::Method => self.func(Work::DynMethod(ty)),
            Made::Call => {
                let results = results.map_or_else(Vec::new, |sig| sig.results.clone());
                self.func(Work::DynCall(ty, results))
            }
        }
    }
}
