//! Calls and `go` statements.

use std::rc::Rc;

use vo_bytecode as bc;
use vo_bytecode::{Dst, Dsts, Inst, Slot, SlotTy, Src, Srcs, TypeId, TypeKind};

use super::func::{Lowerer, Value, Want, field};
use super::program::Work;
use crate::syntax::ast::{Expr, ExprKind};
use crate::types::info::{FuncId, MethodRef, Mode, ObjId, ObjKind, Target};
use crate::types::ty::{Kind, Signature, Ty};

/// What a call calls.
pub enum Callee {
    /// A function of the module.
    Code(bc::Callee),
    /// A function of the standard library without a body.
    Native(FuncId),
}

/// A callee with the receiver that is passed before the arguments.
pub struct Prepared {
    pub callee: Callee,
    pub receiver: Vec<Slot>,
    pub sig: Rc<Signature>,
}

impl<'a> Lowerer<'_, 'a> {
    /// The results of a call (or conversion), each with its type.
    pub fn call_results(&mut self, e: &'a Expr, want: Want<'_>) -> Vec<(Value, Ty)> {
        if let Some(results) = self.take_hoisted(e) {
            return results;
        }
        let ExprKind::Call { fun, args, spread } = &e.kind else {
            return Vec::new();
        };
        let fun = fun.unparen();
        match self.p.info.type_and_mode(fun.id).map(|tm| tm.mode) {
            Some(Mode::Type) => {
                let ty = self.type_of(e);
                return args
                    .first()
                    .map(|x| (self.conversion(e, x, want), ty))
                    .into_iter()
                    .collect();
            }
            Some(Mode::Builtin(builtin)) => {
                self.calls_first(&args.iter().collect::<Vec<_>>());
                return self.builtin(e, builtin, args, spread.is_some(), want);
            }
            _ => {}
        }
        self.calls_first(&std::iter::once(fun).chain(args).collect::<Vec<_>>());
        let prepared = self.prepare(fun);
        let mut slots = prepared.receiver;
        let values = self.call_args(args, spread.is_some(), &prepared.sig);
        slots.extend(values.into_iter().flat_map(|value| value.slots));
        self.at_end(fun.span);
        let results = prepared.sig.results.clone();
        let rets = match results[..] {
            [ty] => self.dst(want, ty),
            _ => {
                let types = self.flat_types(&results);
                self.b.slots(&types)
            }
        };
        match prepared.callee {
            Callee::Code(callee) => self.call_into(callee, slots, &rets),
            Callee::Native(func) => self.native(func, &slots, &rets),
        }
        self.split_results(&results, &rets)
    }

    /// Emits a call.
    pub fn call_into(&mut self, callee: bc::Callee, args: Vec<Slot>, rets: &[Slot]) {
        self.b.emit(Inst::Call {
            rets: Dsts::from(rets.iter().copied()),
            callee,
            args: Srcs::from(args),
        });
    }

    pub fn split_results(&mut self, types: &[Ty], rets: &[Slot]) -> Vec<(Value, Ty)> {
        let mut at = 0;
        let mut values = Vec::with_capacity(types.len());
        for &ty in types {
            let count = self.shape(ty).slots.len();
            values.push((Value::fresh(rets[at..at + count].to_vec()), ty));
            at += count;
        }
        values
    }

    /// Evaluates what is called, and the receiver.
    pub fn prepare(&mut self, fun: &'a Expr) -> Prepared {
        let ty = self.type_of(fun);
        let sig = self.tys().as_signature(ty).unwrap_or_else(|| {
            Rc::new(Signature {
                params: Vec::new(),
                results: Vec::new(),
                variadic: false,
            })
        });
        let object = match &fun.kind {
            ExprKind::Ident(ident) => self.p.info.use_of(ident.id),
            ExprKind::Selector { .. } => match self.p.info.selection(fun.id).map(|s| s.target) {
                Some(Target::Member(obj)) => Some(obj),
                _ => None,
            },
            _ => None,
        };
        if let Some(obj) = object
            && let ObjKind::Func(id) = self.p.info.object(obj).kind
        {
            return Prepared {
                callee: self.declared(id),
                receiver: Vec::new(),
                sig,
            };
        }
        if let ExprKind::Selector { x, .. } = &fun.kind
            && let Some(selection) = self.p.info.selection(fun.id)
            && let Target::Method(method) = selection.target
        {
            let loc = self.locate(x);
            let x_ty = self.type_of(x);
            self.at_end(fun.span);
            let (loc, at) = self.walk(loc, x_ty, &selection.path);
            return match method {
                MethodRef::Concrete { func, .. } => {
                    let receiver = self.receiver(func, &loc, at).slots;
                    Prepared {
                        callee: self.declared_object(func),
                        receiver,
                        sig,
                    }
                }
                MethodRef::Interface { index, .. } => {
                    let iface = self.load(&loc, at, Want::Any).slots[0];
                    let callee = Callee::Code(self.interface_callee(at, index, iface));
                    Prepared {
                        callee,
                        receiver: Vec::new(),
                        sig,
                    }
                }
            };
        }
        let closure = self.value(fun, Want::Any).slots[0];
        Prepared {
            callee: Callee::Code(bc::Callee::Closure(closure)),
            receiver: Vec::new(),
            sig,
        }
    }

    /// Method number `index` of the interface type `ty`, on a value.
    pub fn interface_callee(&mut self, ty: Ty, index: usize, iface: Slot) -> bc::Callee {
        let methods = self.tys().as_interface(ty);
        let method = methods.as_ref().and_then(|i| i.methods.get(index));
        match method {
            Some(method) => {
                // The interface's own type puts all its methods on the wish list.
                self.p.types.id(ty);
                bc::Callee::Method(iface, self.p.types.method(method))
            }
            None => bc::Callee::Closure(iface),
        }
    }

    /// A declared function or method as a callee.
    pub fn declared(&mut self, id: FuncId) -> Callee {
        if self.p.info.function(id).body.is_none() {
            return Callee::Native(id);
        }
        Callee::Code(bc::Callee::Func(self.p.func(Work::Body(id))))
    }

    /// A declared function or method as a callee.
    pub fn declared_object(&mut self, obj: ObjId) -> Callee {
        match self.p.info.func_of(obj) {
            Some(id) => self.declared(id),
            None => Callee::Code(bc::Callee::Closure(self.b.nil())),
        }
    }

    /// Evaluates the arguments of a call as its parameters take them.
    pub fn call_args(&mut self, args: &'a [Expr], spread: bool, sig: &Signature) -> Vec<Value> {
        let params = &sig.params;
        let tuple = match args {
            [arg] => {
                let ty = self.type_of(arg);
                self.tys().as_tuple(ty).filter(|types| types.len() > 1)
            }
            _ => None,
        };
        if spread || (!sig.variadic && tuple.is_none()) {
            return self.arguments(args, params);
        }
        let Some(fixed) = params.len().checked_sub(usize::from(sig.variadic)) else {
            return Vec::new();
        };
        let rest = params
            .get(fixed)
            .and_then(|last| match *self.tys().under(*last) {
                Kind::Slice(elem) => Some(elem),
                _ => None,
            });
        let param = |i: usize| {
            if i < fixed {
                params.get(i).copied()
            } else {
                rest
            }
        };
        let mut values = Vec::with_capacity(args.len());
        if tuple.is_some() {
            for (value, from) in self.several(&args[0]) {
                let ty = param(values.len()).unwrap_or(from);
                let value = self.assign(value, from, ty, Want::Any);
                values.push(self.owned(value, ty));
            }
        } else {
            for arg in args {
                let ty = param(values.len()).unwrap_or(Ty::INVALID);
                values.push(self.owned_as(arg, ty, Want::Any));
            }
        }
        if let Some(elem) = rest {
            let packed = values.split_off(fixed.min(values.len()));
            let slice = if packed.is_empty() {
                self.zero_value(params[fixed], Want::Any)
            } else {
                Value::fresh(self.slice_of(elem, &packed))
            };
            values.push(slice);
        }
        values
    }

    // ---- go --------------------------------------------------------------------------------------

    /// `go f(args)`, `go @(island) f(args)`.
    pub fn go(&mut self, island: Option<&'a Expr>, call: &'a Expr) {
        let call = call.unparen();
        let ExprKind::Call { fun, args, spread } = &call.kind else {
            if let Some((callee, args)) = self.dyn_start(call) {
                self.at(call.span);
                let args = Srcs::from(args);
                self.b.emit(Inst::GoStart { callee, args });
            }
            return;
        };
        let fun = fun.unparen();
        let mode = self.p.info.type_and_mode(fun.id).map(|tm| tm.mode);
        if matches!(mode, Some(Mode::Builtin(_) | Mode::Type)) {
            self.not_supported(call.span, "starting a built-in function");
            return;
        }
        let operands = island.into_iter().chain([fun]).chain(args);
        self.calls_first(&operands.collect::<Vec<_>>());
        let island = island.map(|island| {
            let handle = self.value(island, Want::Any).slots;
            self.b.copy(&handle)[0]
        });
        let prepared = self.prepare(fun);
        let mut slots = prepared.receiver;
        let values = self.call_args(args, spread.is_some(), &prepared.sig);
        slots.extend(values.into_iter().flat_map(|value| value.slots));
        self.at(call.span);
        let callee = match prepared.callee {
            Callee::Code(callee) => callee,
            Callee::Native(id) => {
                let func = self.p.func(Work::Value(id));
                let dst = self.b.slot(SlotTy::Ref);
                self.b.emit(Inst::FuncValue {
                    dst: Dst(dst),
                    func,
                });
                bc::Callee::Closure(dst)
            }
        };
        let args = Srcs::from(slots);
        let Some(island) = island else {
            self.b.emit(Inst::GoStart { callee, args });
            return;
        };
        // The island initialises the packages for itself before anything runs there.
        self.p.func(Work::IslandInit);
        let ty = self.message_type(fun, &prepared.sig);
        self.b.emit(Inst::GoIsland {
            island: Src(island),
            callee,
            ty,
            args,
        });
    }

    /// The struct type of the receiver and the arguments of a call.
    fn message_type(&mut self, fun: &Expr, sig: &Signature) -> TypeId {
        let receiver = match self.p.info.selection(fun.id).map(|s| s.target) {
            Some(Target::Method(MethodRef::Concrete { func, .. })) => {
                Some(self.p.receiver_type(func))
            }
            _ => None,
        };
        let types = receiver.into_iter().chain(sig.params.iter().copied());
        let fields = types
            .enumerate()
            .map(|(at, ty)| field(&at.to_string(), self.p.types.id(ty)))
            .collect();
        self.p.types.unnamed(TypeKind::Struct(fields))
    }
}
