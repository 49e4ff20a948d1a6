//! Methods that no source declares: by them package `dyn` finds methods by name and calls functions of any
//! type.
//!
//! Package `dyn` declares two interfaces with one unexported method each. What implements them, and how, is
//! decided here:
//!
//! | method | which types have it | what it does |
//! |---|---|---|
//! | `dynMethod` | those with exported methods | gives the method of a name as a function value |
//! | `dynCall` | function types | calls the value with arguments in interfaces |
//!
//! Methods that the program never names need not be found ([`Program::name_dynamically`]).

use std::collections::{BTreeSet, HashSet};

use vo_bytecode as bc;
use vo_bytecode::{BinOp, CmpOp, Dst, FuncId as BcFuncId, Inst, RtFn, Slot, SlotTy, Src, Srcs};

use super::builder::Label;
use super::dynamic::IFACE_SIZE;
use super::func::{INT, Lowerer, Value, Want};
use super::place::Loc;
use super::program::{BoundMethod, Program, Work};
use crate::types::info::PkgId;
use crate::types::lookup::{Lookup, is_exported};
use crate::types::ty::{IfaceMethod, Kind, Name, Signature, Ty};

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

impl Lowerer<'_, '_> {
    // ---- finding methods -------------------------------------------------------------------------

    /// The method `dynMethod` of a type: gives the method of a name as a function value, nil if there is
    /// none.
    pub fn dyn_method_function(mut self, ty: Ty) -> bc::Function {
        let name = format!("{}.dynMethod", self.tys().display(ty, None));
        self.result_types = vec![Ty::ANY];
        let (loc, wanted) = self.iface_params(ty, Ty::STRING);
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
        // As what is called by `defer` it passes on the right to recover.
        let recovers = self.p.any_recovers();
        self.enter_wrapper(recovers);
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
        self.call_wrapped(bc::Callee::Closure(closure), slots, &rets);
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
