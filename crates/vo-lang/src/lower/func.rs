//! One function: its parameters, variables, captures and results.

use foldhash::{HashMap, HashSet};
use std::rc::Rc;

use vo_bytecode as bc;
use vo_bytecode::{
    Dst, Field, FuncId as BcFuncId, Inst, IntKind, Slot, SlotName, SlotTy, SourceType, Src, Srcs,
    TypeKind,
};

use super::builder::{Builder, Label};
use super::defer::Defers;
use super::place::Loc;
use super::program::{Program, Work};
use super::typetable::Shape;
use crate::source::Span;
use crate::syntax::ast::{Expr, Name, NodeId};
use crate::types::info::{FuncId, ObjId, VarRole};
use crate::types::ty::{Ty, TyTable};

/// Where a variable lives.
#[derive(Clone, Debug)]
pub enum Home {
    /// In slots.
    Slots(Vec<Slot>),
    /// In an object of its own, to which this slot refers.
    Boxed(Slot),
}

/// A value while an expression is evaluated.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its slots. They may be those of a variable: the value must be used before that is assigned.
    pub slots: Vec<Slot>,
    /// Of a value kept in memory: whether nobody else has that memory.
    pub fresh: bool,
}

impl Value {
    /// A value in slots, or in memory that nobody else has.
    pub fn fresh(slots: Vec<Slot>) -> Value {
        Value { slots, fresh: true }
    }

    /// A value in one slot.
    pub fn one(slot: Slot) -> Value {
        Value::fresh(vec![slot])
    }
}

/// Where a value would best be put.
#[derive(Clone, Copy, Debug)]
pub enum Want<'s> {
    /// Anywhere.
    Any,
    /// Into these slots, which other parts of the expression may read: only by its last instruction.
    Into(&'s [Slot]),
    /// Into these slots, which nothing reads yet.
    Fresh(&'s [Slot]),
}

/// What `break` and `continue` leave.
pub struct Flow {
    /// Its label in the source.
    pub name: Option<Name>,
    /// Where `break` goes.
    pub on_break: Label,
    /// Where `continue` goes, for a loop.
    pub on_continue: Option<Label>,
}

/// Lowers one function.
pub struct Lowerer<'p, 'a> {
    pub p: &'p mut Program<'a>,
    pub b: Builder,
    pub homes: HashMap<ObjId, Home>,
    pub flow: Vec<Flow>,
    /// Where `fallthrough` goes.
    pub next_case: Option<Label>,
    /// Variables in slots that are never negative.
    pub counting: HashSet<ObjId>,
    /// Results of expressions that were evaluated ahead.
    pub hoisted: HashMap<NodeId, Vec<(Value, Ty)>>,
    /// What is being made.
    pub work: Work,
    /// The function, where it has a source.
    pub func: Option<FuncId>,
    pub result_types: Vec<Ty>,
    pub file: u32,
    param_count: usize,
    /// The deferred calls, where the function has any.
    pub defers: Option<Defers>,
    /// The panic that has run the function, where it recovers.
    pub recoverable: Option<Slot>,
}

impl<'p, 'a> Lowerer<'p, 'a> {
    pub fn new(p: &'p mut Program<'a>, work: Work) -> Self {
        let b = p.builder();
        Lowerer {
            p,
            b,
            homes: HashMap::default(),
            flow: Vec::new(),
            next_case: None,
            counting: HashSet::default(),
            hoisted: HashMap::default(),
            work,
            func: None,
            result_types: Vec::new(),
            file: 0,
            param_count: 0,
            defers: None,
            recoverable: None,
        }
    }

    /// Makes the function.
    pub fn lower(self) -> bc::Function {
        let work = self.work.clone();
        match &work {
            Work::Body(id) => self.body(*id, false),
            Work::Deferred(id) => self.body(*id, true),
            Work::Value(id) => self.value_thunk(*id),
            Work::IfaceMethod(ty, method) => self.iface_thunk(*ty, *method),
            Work::Bound(ty, method) => self.bound_thunk(*ty, method),
            Work::MethodExpr(ty, name, pkg, sig) => self.method_expr_thunk(*ty, name, *pkg, *sig),
            Work::Equal(ty) => self.equal_function(*ty),
            Work::TextOf => self.text_function(),
            Work::PanicText => self.panic_text_function(),
            Work::DynMethod(ty) => self.dyn_method_function(*ty),
            Work::DynCall(ty, results) => self.dyn_call_function(*ty, results.clone()),
            Work::Init(pkg) => self.init_function(*pkg),
            Work::IslandInit => self.island_init_function(),
            Work::Entry => self.entry_function(),
        }
    }

    // ---- shorthands ------------------------------------------------------------------------------

    pub fn tys(&self) -> &'a TyTable {
        self.p.tys
    }

    /// The shape of a type's values.
    pub fn shape(&mut self, ty: Ty) -> Rc<Shape> {
        self.p.types.shape(ty)
    }

    /// The type of an expression.
    pub fn type_of(&self, e: &Expr) -> Ty {
        self.p.info.type_of(e.id)
    }

    /// New slots for a value of a type.
    pub fn temp(&mut self, ty: Ty) -> Vec<Slot> {
        let shape = self.shape(ty);
        self.b.slots(&shape.slots)
    }

    /// The slots to put a value into that is written by one instruction.
    pub fn dst(&mut self, want: Want<'_>, ty: Ty) -> Vec<Slot> {
        match want {
            Want::Into(slots) | Want::Fresh(slots) => slots.to_vec(),
            Want::Any => self.temp(ty),
        }
    }

    /// The slots to put a value into that is written part by part.
    pub fn fresh_dst(&mut self, want: Want<'_>, ty: Ty) -> Vec<Slot> {
        match want {
            Want::Fresh(slots) => slots.to_vec(),
            Want::Into(_) | Want::Any => self.temp(ty),
        }
    }

    /// Sets the source line for what follows.
    pub fn at(&mut self, span: Span) {
        let line = self.p.sources.file(span.file).line(span.lo);
        self.b.set_line(line);
    }

    /// Sets the source line to where a span ends.
    pub fn at_end(&mut self, span: Span) {
        let line = self
            .p
            .sources
            .file(span.file)
            .line(span.hi.saturating_sub(1).max(span.lo));
        self.b.set_line(line);
    }

    /// Reports a feature that is not there yet.
    pub fn not_supported(&mut self, span: Span, what: &str) {
        self.p.report(super::not_supported(span, what));
    }

    /// The types of the slots of several values, one behind the other.
    pub fn flat_types(&mut self, types: &[Ty]) -> Vec<SlotTy> {
        types
            .iter()
            .flat_map(|ty| self.shape(*ty).slots.clone())
            .collect()
    }

    // ---- variables -------------------------------------------------------------------------------

    /// Whether a variable lives in an object of its own.
    pub fn is_boxed(&mut self, obj: ObjId) -> bool {
        let ty = self.p.info.object(obj).ty;
        self.shape(ty).in_memory || self.p.boxed(obj)
    }

    /// Makes room for a variable. What a boxed one refers to is still to be made.
    pub fn new_home(&mut self, obj: ObjId) -> Home {
        let object = self.p.info.object(obj);
        let home = if self.is_boxed(obj) {
            Home::Boxed(self.b.slot(SlotTy::Ref))
        } else {
            Home::Slots(self.temp(object.ty))
        };
        self.name_home(obj, &home);
        self.homes.insert(obj, home.clone());
        home
    }

    fn name_home(&mut self, obj: ObjId, home: &Home) {
        if let Home::Slots(slots) = home
            && self.p.info.var(obj).is_some_and(|var| !var.reassigned)
        {
            self.b.pin(slots);
        }
        match home {
            Home::Slots(slots) => self.name_slots(obj, slots),
            Home::Boxed(slot) => {
                let object = self.p.info.object(obj);
                if &*object.name != "_" {
                    self.b.name(SlotName {
                        slot: *slot,
                        name: object.name.to_string(),
                        source: Some(SourceType {
                            ty: self.p.types.id(object.ty),
                            boxed: true,
                        }),
                    });
                }
            }
        }
    }

    /// Gives the slots of a variable its name and its type, those of its parts with what part
    /// they are.
    pub fn name_slots(&mut self, obj: ObjId, slots: &[Slot]) {
        let object = self.p.info.object(obj);
        if &*object.name == "_" {
            return;
        }
        let parts = match slots {
            [_] => vec![(String::new(), self.p.types.id(object.ty))],
            _ => self.p.types.slot_parts(object.ty),
        };
        debug_assert_eq!(parts.len(), slots.len());
        for (slot, (part, ty)) in slots.iter().zip(parts) {
            self.b.name(SlotName {
                slot: *slot,
                name: format!("{}{part}", object.name),
                source: Some(SourceType { ty, boxed: false }),
            });
        }
    }

    /// Declares a variable with its zero value.
    pub fn declare_zero(&mut self, obj: ObjId) {
        let ty = self.p.info.object(obj).ty;
        match self.new_home(obj) {
            Home::Slots(slots) => self.b.zero(&slots),
            Home::Boxed(slot) => self.new_box(slot, ty),
        }
    }

    /// Makes the object of a boxed variable.
    pub fn new_box(&mut self, slot: Slot, ty: Ty) {
        let id = self.p.types.id(ty);
        self.b.emit(Inst::New {
            dst: Dst(slot),
            ty: id,
        });
        self.b.assume_non_null(slot);
    }

    /// Declares a variable with the value of an expression.
    pub fn declare_expr(&mut self, obj: ObjId, init: &'a Expr) {
        let ty = self.p.info.object(obj).ty;
        if &*self.p.info.object(obj).name == "_" {
            self.value_as(init, ty, Want::Any);
            return;
        }
        if self.is_boxed(obj) {
            let value = self.value_as(init, ty, Want::Any);
            self.declare_value(obj, value);
            return;
        }
        // The home must not be known by its name yet: the expression may mean an outer variable.
        let slots = self.temp(ty);
        let value = self.value_as(init, ty, Want::Fresh(&slots));
        self.b.mov(&slots, &value.slots);
        let home = Home::Slots(slots);
        self.name_home(obj, &home);
        self.homes.insert(obj, home);
    }

    /// Declares a variable with a value of its type.
    pub fn declare_value(&mut self, obj: ObjId, value: Value) {
        let object = self.p.info.object(obj);
        if &*object.name == "_" {
            return;
        }
        let ty = object.ty;
        let in_memory = self.shape(ty).in_memory;
        match self.new_home(obj) {
            Home::Slots(slots) => self.b.mov(&slots, &value.slots),
            Home::Boxed(slot) if in_memory => {
                let owned = self.owned(value, ty);
                self.b.mov(&[slot], &owned.slots);
            }
            Home::Boxed(slot) => {
                self.new_box(slot, ty);
                self.store(&Loc::object(slot), ty, &value.slots);
            }
        }
    }

    /// A value that may be kept: memory is copied unless nobody else has it.
    pub fn owned(&mut self, value: Value, ty: Ty) -> Value {
        let shape = self.shape(ty);
        if !shape.in_memory || value.fresh {
            return value;
        }
        let copy = self.b.new_object(shape.id);
        self.b.emit(Inst::MemCopy {
            dst: Src(copy),
            src: Src(value.slots[0]),
            size: shape.size as i64,
        });
        Value::one(copy)
    }

    /// Where a variable is.
    pub fn var_loc(&mut self, obj: ObjId) -> Loc {
        if let Some(home) = self.homes.get(&obj) {
            return match home {
                Home::Slots(slots) => Loc::Slots(slots.clone()),
                Home::Boxed(slot) => Loc::object(*slot),
            };
        }
        let ty = self.p.info.object(obj).ty;
        match self.p.info.var(obj).map(|var| var.role) {
            Some(VarRole::Package) => {
                let global = self.p.global(obj);
                let dst = self.b.slot(SlotTy::Ref);
                self.b.emit(Inst::GlobalAddr {
                    dst: Dst(dst),
                    global,
                });
                Loc::object(dst)
            }
            // Code that can never run may use a variable whose declaration was left out.
            _ => {
                self.declare_zero(obj);
                self.var_loc_or_zero(obj, ty)
            }
        }
    }

    fn var_loc_or_zero(&mut self, obj: ObjId, ty: Ty) -> Loc {
        match self.homes.get(&obj) {
            Some(Home::Slots(slots)) => Loc::Slots(slots.clone()),
            Some(Home::Boxed(slot)) => Loc::object(*slot),
            None => Loc::Slots(self.temp(ty)),
        }
    }

    // ---- function bodies -------------------------------------------------------------------------

    /// A function of the source. A deferred literal takes what it captures as parameters instead of
    /// its closure object.
    fn body(mut self, id: FuncId, deferred: bool) -> bc::Function {
        self.p.scan(id);
        self.func = Some(id);
        let func = self.p.info.function(id);
        self.at(func.span);
        self.file = func.span.file.0;
        let params = self.parameters(id, deferred);
        self.result_types = func
            .results
            .iter()
            .map(|r| self.p.info.object(*r).ty)
            .collect();
        if func.has_recover {
            self.recoverable = Some(self.enter_recovering());
        }
        if func.has_defer {
            self.open_defers();
        }
        let objs: Vec<ObjId> = func.recv.iter().chain(&func.params).copied().collect();
        for (&obj, slots) in objs.iter().zip(params) {
            self.parameter(obj, slots);
        }
        if !deferred {
            self.load_captures(id);
        }
        if func.named_results {
            for &result in &func.results {
                self.declare_zero(result);
                if self.defers.is_some() {
                    self.init_home(result);
                }
            }
        }
        if let Some(body) = func.body {
            self.block(body);
            self.at(body.rbrace());
        }
        let line = self.b.line();
        if self.b.reachable() {
            self.return_named();
        }
        self.close_defers(line);
        let name = self.p.func_name(id);
        let count = self.param_count;
        self.finish(name, count)
    }

    /// The slots of all parameters, what comes before those of the source first; those of the source,
    /// each by itself.
    fn parameters(&mut self, id: FuncId, deferred: bool) -> Vec<Vec<Slot>> {
        let func = self.p.info.function(id);
        if deferred {
            for obj in func.captures.clone() {
                let home = self.new_home(obj);
                self.param_count += match home {
                    Home::Slots(slots) => slots.len(),
                    Home::Boxed(slot) => {
                        self.b.assume_non_null(slot);
                        1
                    }
                };
            }
        } else if func.obj.is_none() {
            let closure = self.b.slot(SlotTy::Ref);
            self.b.assume_non_null(closure);
            self.param_count += 1;
        }
        let mut homes = Vec::new();
        for &obj in func.recv.iter().chain(&func.params) {
            let ty = self.p.info.object(obj).ty;
            homes.push(self.temp(ty));
        }
        self.param_count += homes.iter().map(Vec::len).sum::<usize>();
        homes
    }

    /// Takes the panic that has run the function; must be the first instruction.
    pub fn enter_recovering(&mut self) -> Slot {
        let panic = self.b.slot(SlotTy::I64);
        self.b.emit(Inst::RecoverEnter { panic: Dst(panic) });
        panic
    }

    /// The variable of a result is read where panics lead, wherever they come from.
    fn init_home(&mut self, obj: ObjId) {
        match self.homes.get(&obj) {
            Some(Home::Slots(slots)) => self.b.init_zero(&slots.clone()),
            Some(Home::Boxed(slot)) => self.b.init_zero(&[*slot]),
            None => {}
        }
    }

    fn parameter(&mut self, obj: ObjId, slots: Vec<Slot>) {
        let ty = self.p.info.object(obj).ty;
        let home = if self.shape(ty).in_memory {
            self.b.assume_non_null(slots[0]);
            Home::Boxed(slots[0])
        } else if self.p.boxed(obj) {
            let slot = self.b.slot(SlotTy::Ref);
            self.new_box(slot, ty);
            self.store(&Loc::object(slot), ty, &slots);
            Home::Boxed(slot)
        } else {
            Home::Slots(slots)
        };
        self.name_home(obj, &home);
        self.homes.insert(obj, home);
    }

    /// Completes the function.
    pub fn finish(mut self, name: String, params: usize) -> bc::Function {
        let types = self.result_types.clone();
        let results = self.flat_types(&types);
        self.b.finish(name, self.file, params, results)
    }

    /// Returns the current values of the named results.
    pub fn return_named(&mut self) {
        if self.defers.is_some() {
            self.leave_as_is();
            return;
        }
        let values = self.current_results();
        self.b.emit(Inst::Return {
            values: Srcs::from(values),
        });
    }

    /// The current values of the named results.
    pub fn current_results(&mut self) -> Vec<Slot> {
        let mut values = Vec::new();
        if let Some(id) = self.func {
            let func = self.p.info.function(id);
            for &obj in &func.results {
                let ty = self.p.info.object(obj).ty;
                let loc = self.var_loc(obj);
                let value = self.load(&loc, ty, Want::Any);
                // The function is left: nobody but closures can still change what it had.
                let value = if self.p.boxed(obj) {
                    self.owned(value, ty)
                } else {
                    value
                };
                values.extend(value.slots);
            }
        }
        values
    }

    // ---- captures --------------------------------------------------------------------------------

    /// The object of a function literal: its type in the table.
    pub fn closure_type(&mut self, id: FuncId) -> bc::TypeId {
        let captures = self.p.info.function(id).captures.clone();
        let word = self.p.types.id(Ty::INT);
        let mut fields = vec![field("func", word)];
        for obj in captures {
            let object = self.p.info.object(obj);
            let ty = self.p.types.id(object.ty);
            let ty = if self.is_boxed(obj) {
                self.p.types.unnamed(TypeKind::Pointer(ty))
            } else {
                ty
            };
            fields.push(field(&object.name, ty));
        }
        self.p.types.unnamed(TypeKind::Struct(fields))
    }

    fn load_captures(&mut self, id: FuncId) {
        let captures = self.p.info.function(id).captures.clone();
        if captures.is_empty() {
            return;
        }
        let ty = self.closure_type(id);
        let offsets = self.p.types.shape_of(ty).offsets.clone();
        for (obj, off) in captures.into_iter().zip(offsets.into_iter().skip(1)) {
            let object_ty = self.p.info.object(obj).ty;
            let home = if self.is_boxed(obj) {
                let dst = self.b.slot(SlotTy::Ref);
                self.b.emit(Inst::Load {
                    dst: Dst(dst),
                    mem: bc::Mem::Ref,
                    base: Src(Slot(0)),
                    off: off as i64,
                });
                self.b.assume_non_null(dst);
                Home::Boxed(dst)
            } else {
                let loc = Loc::memory(Slot(0), off as i64);
                Home::Slots(self.load(&loc, object_ty, Want::Any).slots)
            };
            self.name_home(obj, &home);
            self.homes.insert(obj, home);
        }
    }

    /// The function value of a function literal.
    pub fn closure(&mut self, id: FuncId, want: Want<'_>, ty: Ty) -> Value {
        let captures = self.p.info.function(id).captures.clone();
        let func: BcFuncId = self.p.func(Work::Body(id));
        let dst = self.dst(want, ty)[0];
        if captures.is_empty() {
            self.b.emit(Inst::FuncValue {
                dst: Dst(dst),
                func,
            });
            return Value::one(dst);
        }
        let struct_ty = self.closure_type(id);
        let offsets = self.p.types.shape_of(struct_ty).offsets.clone();
        // The literal may be assigned to a variable that it captures: that must be read before.
        let object = if matches!(want, Want::Into(_)) {
            self.b.slot(SlotTy::Ref)
        } else {
            dst
        };
        self.b.emit(Inst::Closure {
            dst: Dst(object),
            func,
            ty: struct_ty,
        });
        for (obj, off) in captures.into_iter().zip(offsets.into_iter().skip(1)) {
            let object_ty = self.p.info.object(obj).ty;
            let boxed = self.is_boxed(obj);
            let loc = self.var_loc(obj);
            match (boxed, loc) {
                (true, Loc::Memory { base, .. }) => {
                    self.b.emit(Inst::Store {
                        mem: bc::Mem::Ref,
                        base: Src(object),
                        off: off as i64,
                        src: Src(base),
                    });
                }
                (_, loc) => {
                    let value = self.load(&loc, object_ty, Want::Any);
                    self.store(&Loc::memory(object, off as i64), object_ty, &value.slots);
                }
            }
        }
        self.b.mov(&[dst], &[object]);
        Value::one(dst)
    }
}

/// A field of a closure object.
pub fn field(name: &str, ty: bc::TypeId) -> Field {
    Field {
        name: name.to_string(),
        ty,
        embedded: false,
        tag: String::new(),
    }
}

/// The kind of integers that lengths and indices have.
pub const INT: IntKind = IntKind::I64;
