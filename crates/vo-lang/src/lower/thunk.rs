//! Functions that have no source of their own: wrappers, equality of values in memory, initialisation,
//! the entry. Their instructions have no source line, so that traces can leave them out.

use vo_bytecode as bc;
use vo_bytecode::{
    BinOp, CmpOp, Dst, IfaceSrc, Inst, MethodId, RtFn, Slot, SlotTy, Src, Srcs, TypeKind,
};

use super::builder::Label;
use super::call::Callee;
use super::func::{INT, Lowerer, Want};
use super::place::Loc;
use super::program::{BoundMethod, Work};
use crate::types::info::{FuncId, ObjId, PkgId};
use crate::types::lookup::Lookup;
use crate::types::ty::{IfaceMethod, Kind, Name, Signature, Ty};

impl Lowerer<'_, '_> {
    /// The slots of the parameters of a signature, one behind the other.
    fn param_slots(&mut self, sig: &Signature) -> Vec<Slot> {
        let types = self.flat_types(&sig.params);
        self.b.slots(&types)
    }

    /// Sets the results of the function; gives slots for them.
    fn result_slots(&mut self, sig: &Signature) -> Vec<Slot> {
        self.result_types = sig.results.clone();
        let types = self.flat_types(&sig.results);
        self.b.slots(&types)
    }

    fn return_slots(&mut self, rets: Vec<Slot>) {
        self.b.emit(Inst::Return {
            values: Srcs::from(rets),
        });
    }

    /// The name of a wrapper of a method, as those of declared methods are made.
    fn method_name(&self, ty: Ty, method: &str) -> String {
        let shown = self.tys().display(ty, None);
        match shown
            .strip_prefix('*')
            .map(|target| target.rsplit_once('.'))
        {
            Some(Some((pkg, target))) => format!("{pkg}.(*{target}).{method}"),
            Some(None) => format!("({shown}).{method}"),
            None => format!("{shown}.{method}"),
        }
    }

    /// A wrapper passes on to what it calls the panic that it may recover; must be called before
    /// anything is emitted.
    pub fn enter_wrapper(&mut self, recovers: bool) {
        if recovers {
            self.recoverable = Some(self.enter_recovering());
        }
    }

    /// A wrapper's call.
    pub fn call_wrapped(&mut self, callee: bc::Callee, args: Vec<Slot>, rets: &[Slot]) {
        if let Some(panic) = self.recoverable {
            let (arm, plain, done) = (self.b.label(), self.b.label(), self.b.label());
            self.b.branch(panic, arm, plain);
            self.b.bind(arm);
            self.b.emit(Inst::RecoverArm {
                panic: Src(panic),
                callee,
            });
            self.call_into(callee, args.clone(), rets);
            self.b.jump(done);
            self.b.bind(plain);
            self.call_into(callee, args, rets);
            self.b.bind(done);
        } else {
            self.call_into(callee, args, rets);
        }
    }

    /// Whether the method of that name recovers; one of an interface may.
    fn method_recovers(&mut self, ty: Ty, name: &str, pkg: Option<PkgId>) -> bool {
        match self.tys().lookup(ty, name, pkg.unwrap_or(PkgId(0))) {
            Lookup::Method { func, .. } => self.object_recovers(func),
            Lookup::InterfaceMethod { .. } => self.p.any_recovers(),
            _ => false,
        }
    }

    fn object_recovers(&self, func: ObjId) -> bool {
        let id = self.p.info.func_of(func);
        id.is_some_and(|id| self.p.info.function(id).has_recover)
    }

    /// A declared function as a function value.
    pub fn value_thunk(mut self, id: FuncId) -> bc::Function {
        let func = self.p.info.function(id);
        self.file = func.span.file.0;
        let name = self.p.func_name(id);
        let Some(sig) = self.tys().as_signature(func.sig) else {
            return self.finish(name, 0);
        };
        self.b.slot(SlotTy::Ref);
        let params = self.param_slots(&sig);
        let rets = self.result_slots(&sig);
        self.enter_wrapper(func.has_recover);
        match self.declared(id) {
            Callee::Code(callee) => self.call_wrapped(callee, params.clone(), &rets),
            Callee::Native(id) => self.native(id, &params, &rets),
        }
        self.return_slots(rets);
        self.finish(name, params.len() + 1)
    }

    /// A method as interfaces call it.
    pub fn iface_thunk(mut self, ty: Ty, method: MethodId) -> bc::Function {
        let wanted = self
            .p
            .types
            .wanted
            .iter()
            .find(|w| w.id == method)
            .map(|w| w.method.clone());
        let Some(wanted) = wanted else {
            return self.finish(String::new(), 0);
        };
        let name = self.method_name(ty, &wanted.name);
        let Some(sig) = self.tys().as_signature(wanted.sig) else {
            return self.finish(name, 0);
        };
        let (word, receiver) = self.iface_word(ty);
        let params = self.param_slots(&sig);
        let rets = self.result_slots(&sig);
        let recovers = self.method_recovers(ty, &wanted.name, wanted.pkg);
        self.enter_wrapper(recovers);
        let loc = self.word_loc(ty, word, receiver);
        self.call_method(loc, ty, &wanted.name, wanted.pkg, &params, &rets);
        self.return_slots(rets);
        self.finish(name, params.len() + 1)
    }

    /// The parameter that is the data word of an interface of dynamic type `ty`, and whether it is the value
    /// itself.
    fn iface_word(&mut self, ty: Ty) -> (Slot, bool) {
        let shape = self.shape(ty);
        let inline = !shape.in_memory && shape.slots.len() == 1;
        let by_ref = !inline || shape.slots[0] == SlotTy::Ref;
        let word = self.b.slot(if by_ref { SlotTy::Ref } else { SlotTy::I64 });
        (word, inline)
    }

    /// Where the value is of which there is the data word.
    fn word_loc(&mut self, ty: Ty, word: Slot, inline: bool) -> Loc {
        let shape = self.shape(ty);
        if !inline {
            Loc::object(word)
        } else if let Some(kind) = self.float_kind(ty) {
            let dst = self.temp(ty);
            self.b.emit(Inst::FloatFromBits {
                dst: Dst(dst[0]),
                kind,
                a: Src(word),
            });
            Loc::Slots(dst)
        } else if matches!(shape.slots[..], [SlotTy::F32 | SlotTy::F64]) {
            // A struct or array of one float.
            let kind = if shape.slots[0] == SlotTy::F32 {
                bc::FloatKind::F32
            } else {
                bc::FloatKind::F64
            };
            let dst = self.temp(ty);
            self.b.emit(Inst::FloatFromBits {
                dst: Dst(dst[0]),
                kind,
                a: Src(word),
            });
            Loc::Slots(dst)
        } else {
            Loc::Slots(vec![word])
        }
    }

    /// The parameters of a method with one, of type `param`, as interfaces call it: where the receiver is, and the
    /// parameter's slots.
    pub fn iface_params(&mut self, ty: Ty, param: Ty) -> (Loc, Vec<Slot>) {
        let (word, inline) = self.iface_word(ty);
        // What the receiver is made into has slots of its own, behind those of all parameters.
        let param = self.temp(param);
        (self.word_loc(ty, word, inline), param)
    }

    /// A method value.
    pub fn bound_thunk(mut self, recv: Ty, method: &BoundMethod) -> bc::Function {
        let (name, sig) = match method {
            BoundMethod::Concrete(func) => {
                let id = self.p.info.func_of(*func);
                let name = id.map_or_else(String::new, |id| self.p.func_name(id));
                (name, self.p.info.object(*func).ty)
            }
            BoundMethod::Interface(iface, index) => {
                let methods = self.tys().as_interface(*iface);
                let method = methods.as_ref().and_then(|i| i.methods.get(*index));
                let name = method.map_or("?", |m| &m.name);
                let name = self.method_name(*iface, name);
                (name, method.map_or(Ty::INVALID, |m| m.sig))
            }
        };
        let name = format!("{name}-fm");
        let Some(sig) = self.tys().as_signature(sig) else {
            return self.finish(name, 0);
        };
        let closure = self.b.slot(SlotTy::Ref);
        let params = self.param_slots(&sig);
        let rets = self.result_slots(&sig);
        let recovers = match method {
            BoundMethod::Concrete(func) => self.object_recovers(*func),
            BoundMethod::Interface(..) => self.p.any_recovers(),
        };
        self.enter_wrapper(recovers);
        let object = self.bound_type(recv);
        let off = self.p.types.shape_of(object).offsets[1] as i64;
        let receiver = self.load(&Loc::memory(closure, off), recv, Want::Any);
        match method {
            BoundMethod::Concrete(func) => {
                let mut slots = self.owned(receiver, recv).slots;
                slots.extend_from_slice(&params);
                match self.declared_object(*func) {
                    Callee::Code(callee) => self.call_wrapped(callee, slots, &rets),
                    Callee::Native(id) => self.native(id, &slots, &rets),
                }
            }
            BoundMethod::Interface(iface, index) => {
                let callee = self.interface_callee(*iface, *index, receiver.slots[0]);
                self.call_wrapped(callee, params.clone(), &rets);
            }
        }
        self.return_slots(rets);
        self.finish(name, params.len() + 1)
    }

    /// A method expression.
    pub fn method_expr_thunk(
        mut self,
        recv: Ty,
        method: &Name,
        pkg: Option<PkgId>,
        func: Ty,
    ) -> bc::Function {
        let name = self.method_name(recv, method);
        let Some(sig) = self.tys().as_signature(func) else {
            return self.finish(name, 0);
        };
        self.b.slot(SlotTy::Ref);
        let params = self.param_slots(&sig);
        let rets = self.result_slots(&sig);
        let recovers = self.method_recovers(recv, method, pkg);
        self.enter_wrapper(recovers);
        let width = self.shape(recv).slots.len();
        let receiver = super::func::Value {
            slots: params[..width].to_vec(),
            fresh: false,
        };
        let loc = self.loc_of(receiver, recv);
        self.call_method(loc, recv, method, pkg, &params[width..], &rets);
        self.return_slots(rets);
        self.finish(name, params.len() + 1)
    }

    // ---- equality --------------------------------------------------------------------------------

    /// Whether two values in memory are equal: given their addresses.
    pub fn equal_function(mut self, ty: Ty) -> bc::Function {
        let name = format!("type:.eq.{}", self.tys().display(ty, None));
        self.result_types = vec![Ty::BOOL];
        let a = self.b.slot(SlotTy::Ref);
        let b = self.b.slot(SlotTy::Ref);
        let differ = self.b.label();
        match self.tys().under(ty).clone() {
            Kind::Struct(s) => {
                for (index, field) in s.fields.iter().enumerate() {
                    if &*field.name != "_" {
                        let at = self.field(Loc::object(a), ty, index);
                        let bt = self.field(Loc::object(b), ty, index);
                        self.equal_at(field.ty, &at, &bt, differ);
                    }
                }
            }
            Kind::Array(elem, len) => self.equal_elements(elem, len, a, b, differ),
            _ => {}
        }
        let yes = self.b.int(1);
        self.return_slots(vec![yes]);
        self.b.bind(differ);
        if self.b.reachable() {
            let no = self.b.int(0);
            self.return_slots(vec![no]);
        }
        self.finish(name, 2)
    }

    fn equal_at(&mut self, ty: Ty, a: &Loc, b: &Loc, differ: Label) {
        let next = self.b.label();
        let a = self.load(a, ty, Want::Any).slots;
        let b = self.load(b, ty, Want::Any).slots;
        self.branch_equal(ty, &a, &b, next, differ);
        self.b.bind(next);
    }

    fn equal_elements(&mut self, elem: Ty, len: u64, a: Slot, b: Slot, differ: Label) {
        let counter = self.b.int(0);
        let limit = self.b.int(len as i64);
        let size = self.shape(elem).size as i64;
        let (head, body, done) = (self.b.label(), self.b.label(), self.b.label());
        self.b.bind(head);
        let more = self.b.cmp(CmpOp::Lt, INT, counter, limit);
        self.b.branch(more, body, done);
        self.b.bind(body);
        let at = |base| Loc::Element {
            base,
            index: counter,
            size,
            off: 0,
            len: None,
        };
        self.equal_at(elem, &at(a), &at(b), differ);
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
    }

    // ---- text ------------------------------------------------------------------------------------

    /// The text of the value in an interface, as `println` shows it.
    pub fn text_function(mut self) -> bc::Function {
        self.result_types = vec![Ty::STRING];
        let value = self.b.slots(&[SlotTy::IfaceType, SlotTy::IfaceData]);
        let kind = self.b.rt(RtFn::AnyKind, None, &value)[0];
        let labels: Vec<Label> = (0..7).map(|_| self.b.label()).collect();
        let other = self.b.label();
        let targets = [
            other, labels[1], labels[2], labels[3], labels[4], labels[5], labels[6],
        ];
        self.b.switch(kind, &targets, other);
        let (yes, no) = (self.b.label(), self.b.label());
        self.b.bind(labels[1]);
        let truth = self.b.rt(RtFn::AnyInt, None, &value)[0];
        self.b.branch(truth, yes, no);
        for (label, text) in [(yes, "true"), (no, "false")] {
            self.b.bind(label);
            let text = self.text(text);
            self.return_slots(text);
        }
        for (label, func) in [(labels[2], RtFn::FormatInt), (labels[3], RtFn::FormatUint)] {
            self.b.bind(label);
            let number = self.b.rt(RtFn::AnyInt, None, &value)[0];
            let base = self.b.int(10);
            let text = self.b.rt(func, None, &[number, base]);
            self.return_slots(text);
        }
        for (label, bits) in [(labels[4], 32), (labels[5], 64)] {
            self.b.bind(label);
            let number = self.b.rt(RtFn::AnyFloat, None, &value)[0];
            let text = self.float_text(number, bits);
            self.return_slots(text);
        }
        self.b.bind(labels[6]);
        let text = self.b.rt(RtFn::AnyStr, None, &value);
        self.return_slots(text);
        self.b.bind(other);
        let text = self.b.rt(RtFn::AnyTypeName, None, &value);
        self.return_slots(text);
        self.finish("runtime.textOf".to_string(), 2)
    }

    /// The text of a panic's value that has an `Error` or `String` method; empty for others.
    pub fn panic_text_function(mut self) -> bc::Function {
        self.result_types = vec![Ty::STRING];
        let value = self.b.slots(&[SlotTy::IfaceType, SlotTy::IfaceData]);
        let error = self.tys().error_type();
        let iface = self.tys().as_interface(error);
        let sig = iface
            .and_then(|i| i.methods.first().map(|m| m.sig))
            .unwrap_or(Ty::INVALID);
        for name in ["Error", "String"] {
            let method = IfaceMethod {
                name: name.into(),
                pkg: None,
                sig,
            };
            let method = self.p.types.method(&method);
            let ty = self.p.types.unnamed(TypeKind::Interface(vec![method]));
            let (yes, no) = (self.b.label(), self.b.label());
            let has = self.b.slot(SlotTy::I64);
            self.b.emit(Inst::IfaceImplements {
                dst: Dst(has),
                src: IfaceSrc(value[0]),
                ty,
            });
            self.b.branch(has, yes, no);
            self.b.bind(yes);
            let text = self.temp(Ty::STRING);
            self.call_into(bc::Callee::Method(value[0], method), Vec::new(), &text);
            self.return_slots(text);
            self.b.bind(no);
        }
        let text = self.text("");
        self.return_slots(text);
        self.finish(vo_bytecode::PANIC_TEXT.to_string(), 2)
    }

    /// A float in plain decimal form.
    pub fn float_text(&mut self, number: Slot, bits: i64) -> Vec<Slot> {
        let format = self.b.int(i64::from(b'f'));
        let precision = self.b.int(-1);
        let bits = self.b.int(bits);
        self.b
            .rt(RtFn::FormatFloat, None, &[number, format, precision, bits])
    }

    // ---- initialisation --------------------------------------------------------------------------

    /// Initialises the variables of a package and calls its `init` functions.
    pub fn init_function(mut self, pkg: PkgId) -> bc::Function {
        let package = self.p.info.package(pkg);
        let name = format!("{}.init", package.path);
        for (at, init) in package.init_order.iter().enumerate() {
            if self.p.needs_initialiser(pkg, at) {
                self.at(init.rhs.span);
                self.file = init.rhs.span.file.0;
                self.initialise(&init.lhs, init.rhs);
            }
        }
        self.b.set_line(0);
        for &init in &package.inits {
            if let Some(id) = self.p.info.func_of(init) {
                let func = self.p.func(Work::Body(id));
                self.call_into(bc::Callee::Func(func), Vec::new(), &[]);
            }
        }
        self.return_slots(Vec::new());
        self.finish(name, 0)
    }

    /// Initialises all packages.
    fn initialise_packages(&mut self) {
        for pkg in self.p.package_ids() {
            if self.p.has_init(pkg) {
                let func = self.p.func(Work::Init(pkg));
                self.call_into(bc::Callee::Func(func), Vec::new(), &[]);
            }
        }
    }

    /// Initialises all packages on an island other than that of `main`.
    pub fn island_init_function(mut self) -> bc::Function {
        self.initialise_packages();
        self.return_slots(Vec::new());
        self.finish(bc::ISLAND_INIT.to_string(), 0)
    }

    /// Initialises all packages and calls `main`.
    pub fn entry_function(mut self) -> bc::Function {
        self.initialise_packages();
        let packages: Vec<PkgId> = self.p.package_ids().collect();
        let main = packages.iter().rev().find_map(|pkg| {
            let package = self.p.info.package(*pkg);
            let main = (&*package.name == "main").then(|| package.members.get("main").copied());
            main.flatten().and_then(|obj| self.p.info.func_of(obj))
        });
        if let Some(id) = main {
            let results: Vec<Ty> = self
                .p
                .info
                .function(id)
                .results
                .iter()
                .map(|r| self.p.info.object(*r).ty)
                .collect();
            let types = self.flat_types(&results);
            let rets = self.b.slots(&types);
            let func = self.p.func(Work::Body(id));
            self.call_into(bc::Callee::Func(func), Vec::new(), &rets);
        }
        self.return_slots(Vec::new());
        self.finish("$entry".to_string(), 0)
    }
}
