//! Methods: receivers, promotion through embedded fields, method values and expressions, and what
//! implements the methods of interfaces.

use vo_bytecode as bc;
use vo_bytecode::{Dst, IfaceSrc, Inst, MethodId, Slot, SlotTy, Src, TypeKind};

use super::call::Callee;
use super::func::{Lowerer, Value, Want, field};
use super::place::Loc;
use super::program::{BoundMethod, Program, Work};
use crate::syntax::ast::Expr;
use crate::types::info::{MethodRef, ObjId, PkgId, Selection, Target};
use crate::types::lookup::Lookup;
use crate::types::ty::{IfaceMethod, Kind, Ty};

/// Whether values of a type have a method as an interface asks for it.
pub fn implements(p: &Program<'_>, ty: Ty, method: &IfaceMethod) -> bool {
    if let Some(made) = p.made(method) {
        return p.has_made(ty, made);
    }
    match p
        .tys
        .lookup(ty, &method.name, method.pkg.unwrap_or(PkgId(0)))
    {
        Lookup::Method {
            func,
            ptr_recv,
            indirect,
            ..
        } => (!ptr_recv || indirect) && p.info.object(func).ty == method.sig,
        Lookup::InterfaceMethod { path, sig, .. } => !path.is_empty() && sig == method.sig,
        _ => false,
    }
}

impl Program<'_> {
    /// The function that calls a method on the data word of an interface with dynamic type `ty`.
    pub fn iface_method(&mut self, ty: Ty, id: MethodId, method: &IfaceMethod) -> bc::FuncId {
        if let Some(made) = self.made(method) {
            return self.made_function(ty, made, method);
        }
        if let Lookup::Method { path, func, .. } =
            self.tys
                .lookup(ty, &method.name, method.pkg.unwrap_or(PkgId(0)))
            && path.is_empty()
            && let Some(func) = self.info.func_of(func)
        {
            // Where the data word is the receiver the method itself is called.
            let recv = self
                .info
                .function(func)
                .recv
                .map(|recv| self.info.object(recv).ty);
            let shape = self.types.shape(ty);
            let word = matches!(shape.slots[..], [SlotTy::I64 | SlotTy::Ref]) && !shape.in_memory;
            if word && recv == Some(ty) && self.info.function(func).body.is_some() {
                return self.func(Work::Body(func));
            }
        }
        self.func(Work::IfaceMethod(ty, id))
    }

    /// The type of the receiver of a declared method.
    pub fn receiver_type(&self, func: ObjId) -> Ty {
        let recv = self
            .info
            .func_of(func)
            .and_then(|id| self.info.function(id).recv);
        recv.map_or(Ty::INVALID, |recv| self.info.object(recv).ty)
    }
}

impl<'a> Lowerer<'_, 'a> {
    /// The receiver of a declared method, made of what is at a place: its value, its address, or what it
    /// points to.
    pub fn receiver(&mut self, func: ObjId, loc: &Loc, ty: Ty) -> Value {
        let want = self.p.receiver_type(func);
        let is_pointer = |this: &Self, ty: Ty| matches!(this.tys().kind(ty), Kind::Pointer(_));
        match (is_pointer(self, want), is_pointer(self, ty)) {
            (true, false) => Value::one(self.address(loc)),
            (false, true) => {
                let pointer = self.load(loc, ty, Want::Any).slots[0];
                let value = self.load(&Loc::pointee(pointer), want, Want::Any);
                self.owned(value, want)
            }
            _ => {
                let value = self.load(loc, ty, Want::Any);
                self.owned(value, ty)
            }
        }
    }

    /// Calls the method of a name on what is at a place, as a wrapper of it.
    pub fn call_method(
        &mut self,
        loc: Loc,
        ty: Ty,
        name: &str,
        pkg: Option<PkgId>,
        args: &[Slot],
        rets: &[Slot],
    ) {
        match self.tys().lookup(ty, name, pkg.unwrap_or(PkgId(0))) {
            Lookup::Method { path, func, .. } => {
                let (loc, at) = self.walk(loc, ty, &path);
                let mut slots = self.receiver(func, &loc, at).slots;
                slots.extend_from_slice(args);
                match self.declared_object(func) {
                    Callee::Code(callee) => self.call_wrapped(callee, slots, rets),
                    Callee::Native(id) => self.native(id, &slots, rets),
                }
            }
            Lookup::InterfaceMethod { path, index, .. } => {
                let (loc, at) = self.walk(loc, ty, &path);
                let iface = self.load(&loc, at, Want::Any).slots[0];
                let callee = self.interface_callee(at, index, iface);
                self.call_wrapped(callee, args.to_vec(), rets);
            }
            _ => {}
        }
    }

    /// `x.m` as a value: a closure that holds the receiver.
    pub fn method_value(
        &mut self,
        e: &'a Expr,
        x: &'a Expr,
        selection: &Selection,
        want: Want<'_>,
    ) -> Value {
        let ty = self.type_of(e);
        let Target::Method(method) = selection.target else {
            return self.zero_value(ty, want);
        };
        let loc = self.locate(x);
        let x_ty = self.type_of(x);
        self.at_end(e.span);
        let (loc, at) = self.walk(loc, x_ty, &selection.path);
        let (recv_ty, receiver, bound) = match method {
            MethodRef::Concrete { func, .. } => {
                let receiver = self.receiver(func, &loc, at);
                (
                    self.p.receiver_type(func),
                    receiver,
                    BoundMethod::Concrete(func),
                )
            }
            MethodRef::Interface { index, .. } => {
                let receiver = self.load(&loc, at, Want::Any);
                self.check_interface(receiver.slots[0]);
                (at, receiver, BoundMethod::Interface(at, index))
            }
        };
        self.bound(recv_ty, &receiver, bound)
    }

    /// The closure of a bound method: it holds the receiver.
    pub fn bound(&mut self, recv_ty: Ty, receiver: &Value, method: BoundMethod) -> Value {
        let func = self.p.func(Work::Bound(recv_ty, method));
        let object_ty = self.bound_type(recv_ty);
        let off = self.p.types.shape_of(object_ty).offsets[1] as i64;
        let object = self.b.slot(SlotTy::Ref);
        self.b.emit(Inst::Closure {
            dst: Dst(object),
            func,
            ty: object_ty,
        });
        self.store(&Loc::memory(object, off), recv_ty, &receiver.slots);
        Value::one(object)
    }

    /// The type of the closure of a bound method with a receiver of type `recv`.
    pub fn bound_type(&mut self, recv: Ty) -> bc::TypeId {
        let word = self.p.types.id(Ty::INT);
        let recv = self.p.types.id(recv);
        self.p.types.unnamed(TypeKind::Struct(vec![
            field("func", word),
            field("receiver", recv),
        ]))
    }

    /// Panics if an interface is nil.
    pub fn check_interface(&mut self, iface: Slot) {
        let is_nil = self.b.slot(SlotTy::I64);
        self.b.emit(Inst::IfaceIsNil {
            dst: Dst(is_nil),
            src: IfaceSrc(iface),
        });
        let (bad, good) = (self.b.label(), self.b.label());
        self.b.branch(is_nil, bad, good);
        self.b.bind(bad);
        let nil = self.b.nil();
        self.b.emit(Inst::NilCheck { a: Src(nil) });
        self.b.bind(good);
    }

    /// `T.m` as a value.
    pub fn method_expr(&mut self, selection: &Selection, ty: Ty, want: Want<'_>) -> Value {
        let Target::MethodExpr(method) = selection.target else {
            return self.zero_value(ty, want);
        };
        let (name, pkg) = match method {
            MethodRef::Concrete { func, .. } => {
                let object = self.p.info.object(func);
                (object.name.clone(), object.pkg)
            }
            MethodRef::Interface { iface, index } => {
                let methods = self.tys().as_interface(iface);
                match methods.as_ref().and_then(|i| i.methods.get(index)) {
                    Some(method) => (method.name.clone(), method.pkg),
                    None => return self.zero_value(ty, want),
                }
            }
        };
        let func = self.p.func(Work::MethodExpr(selection.recv, name, pkg, ty));
        let dst = self.dst(want, ty);
        self.b.emit(Inst::FuncValue {
            dst: Dst(dst[0]),
            func,
        });
        Value::fresh(dst)
    }
}
