//! What the checker finds out about a program: the tables that the lowering reads.
//!
//! Modelled on `go/types.Info`. Facts about the tree stand in vectors indexed by [`NodeId`]; objects
//! (variables, constants, types, functions, packages, …) and functions have arenas of their own. Nothing
//! here computes; the checker fills it in.

use foldhash::HashMap;

use super::constant::Value;
use super::ty::{Name, Ty};
use crate::source::Span;
use crate::syntax::ast::{self, NodeId};

/// A package of the program: its place in [`Info::packages`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PkgId(pub u32);

/// An object: a handle into [`Info::objects`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ObjId(pub u32);

/// A function with a body or a native one: a handle into [`Info::functions`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FuncId(pub u32);

impl PkgId {
    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl ObjId {
    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl FuncId {
    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The predeclared functions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the variants are the language's own names")]
pub enum Builtin {
    Append,
    Assert,
    Cap,
    Close,
    Copy,
    Delete,
    Len,
    Make,
    New,
    Panic,
    Print,
    Println,
    Recover,
}

impl Builtin {
    /// All of them.
    pub const ALL: [Builtin; 13] = [
        Builtin::Append,
        Builtin::Assert,
        Builtin::Cap,
        Builtin::Close,
        Builtin::Copy,
        Builtin::Delete,
        Builtin::Len,
        Builtin::Make,
        Builtin::New,
        Builtin::Panic,
        Builtin::Print,
        Builtin::Println,
        Builtin::Recover,
    ];

    /// The name as written in programs.
    pub fn name(self) -> &'static str {
        match self {
            Builtin::Append => "append",
            Builtin::Assert => "assert",
            Builtin::Cap => "cap",
            Builtin::Close => "close",
            Builtin::Copy => "copy",
            Builtin::Delete => "delete",
            Builtin::Len => "len",
            Builtin::Make => "make",
            Builtin::New => "new",
            Builtin::Panic => "panic",
            Builtin::Print => "print",
            Builtin::Println => "println",
            Builtin::Recover => "recover",
        }
    }
}

/// What a name denotes.
#[derive(Clone, Debug)]
pub struct Object {
    /// The name; may be `_`.
    pub name: Name,
    /// The package it was declared in; `None` for predeclared objects.
    pub pkg: Option<PkgId>,
    /// Where it was declared; empty for predeclared objects.
    pub span: Span,
    /// Its type. That of a type name is the type it denotes; that of a method is its signature without
    /// the receiver. [`Ty::INVALID`] for package names, labels and builtins.
    pub ty: Ty,
    /// What kind of object it is, with what belongs to the kind.
    pub kind: ObjKind,
}

/// The kinds of objects. Struct fields are not objects: identical struct types share their fields.
#[derive(Clone, Debug)]
pub enum ObjKind {
    /// A variable.
    Var(VarInfo),
    /// A constant; `None` if it is in error.
    Const(Option<Value>),
    /// A defined type, alias or predeclared type.
    TypeName,
    /// A declared function or method.
    Func(FuncId),
    /// An imported package.
    PkgName(PkgId),
    /// A predeclared function.
    Builtin(Builtin),
    /// `nil`.
    Nil,
    /// A label.
    Label,
}

/// What a variable is declared as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VarRole {
    /// At package level.
    Package,
    /// In a function body.
    Local,
    /// As a receiver.
    Receiver,
    /// As a parameter.
    Param,
    /// As a result; unnamed ones are objects too, named `_`.
    Result,
}

/// A variable.
///
/// The flags decide where it may live. A variable that no closure captures and whose address is not
/// taken can stay in registers; one that is captured but never assigned again can be copied into the
/// closure; every other one must be shared on the heap ([`VarInfo::shared`]).
#[derive(Clone, Debug)]
pub struct VarInfo {
    /// What it is declared as.
    pub role: VarRole,
    /// The function it belongs to; `None` at package level.
    pub owner: Option<FuncId>,
    /// Whether a function literal uses it from outside.
    pub captured: bool,
    /// Whether it, or a part of it, may be assigned after its declaration.
    pub reassigned: bool,
    /// Whether its address is taken: `&v`, a method with a pointer receiver called on it or on a struct
    /// within it, or a slice made of an array within it.
    pub address_taken: bool,
    /// Whether its value is used.
    pub used: bool,
}

impl VarInfo {
    /// Whether the variable must live where several functions or pointers can share it.
    pub fn shared(&self) -> bool {
        self.address_taken || (self.captured && self.reassigned)
    }
}

/// What an expression is, apart from its type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// It is in error.
    Invalid,
    /// A call without results.
    NoValue,
    /// A predeclared function, to be called.
    Builtin(Builtin),
    /// A type.
    Type,
    /// A constant; its value is [`Info::const_value`].
    Constant,
    /// Something that has an address: a variable, a pointer indirection, an element of a slice, a field
    /// of these.
    Variable,
    /// `m[k]`: can be assigned, has no address, allows the comma-ok form.
    MapIndex,
    /// A value that allows the comma-ok form: a receive, a type assertion.
    CommaOk,
    /// Any other value.
    Value,
    /// The value `nil`, of the type that it takes in its place.
    Nil,
}

/// What is known of an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeAndMode {
    /// Its type. Untyped expressions have their final type: that of the place they are used in, or their
    /// default type; those whose value is not used keep the untyped one. An expression in comma-ok use
    /// has a tuple `(T, bool)`.
    pub ty: Ty,
    /// What it is.
    pub mode: Mode,
}

/// A step from a struct, or a pointer to one, to a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldStep {
    /// Whether the operand is a pointer, to be followed first.
    pub deref: bool,
    /// The index of the field in the struct.
    pub index: usize,
    /// The type of the field.
    pub ty: Ty,
}

/// What a selector `x.f` selects.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The type of `x`; of a package member [`Ty::INVALID`].
    pub recv: Ty,
    /// The steps through fields. For a field the last one is the field itself; for a method they lead to
    /// the embedded field that has the method, none if `x` itself has it.
    pub path: Vec<FieldStep>,
    /// What is selected at the end.
    pub target: Target,
    /// The type of the selector expression. A method expression's has the receiver as first parameter.
    pub ty: Ty,
}

/// The end of a selection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A field.
    Field,
    /// A declared method as a value bound to its receiver, or as the callee.
    Method(MethodRef),
    /// `T.m`: a method as a function of its receiver.
    MethodExpr(MethodRef),
    /// `p.Name`: an object of a package.
    Member(ObjId),
}

/// A method found by a selection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MethodRef {
    /// A declared method.
    Concrete {
        /// The function object.
        func: ObjId,
        /// What must be done with the operand (after the path) to have the receiver.
        adjust: Adjust,
    },
    /// A method of an interface: its index in the sorted method list of the operand (after the path).
    Interface {
        /// The interface type.
        iface: Ty,
        /// The index in [`InterfaceType::methods`](super::ty::InterfaceType::methods).
        index: usize,
    },
}

/// How an operand becomes the receiver of its method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Adjust {
    /// It is the receiver.
    None,
    /// Its address is the receiver.
    Address,
    /// It is a pointer; what it points to is the receiver.
    Deref,
}

/// A declared function, method or function literal.
#[derive(Clone, Debug)]
pub struct Function<'a> {
    /// Its name; of a literal that of the outermost function with a number, as in `main.func1`.
    pub name: Name,
    /// The package it is in.
    pub pkg: PkgId,
    /// Where its name or its `func` stands.
    pub span: Span,
    /// The object, unless it is a literal.
    pub obj: Option<ObjId>,
    /// The function a literal stands in; `None` at package level and for declared functions.
    pub parent: Option<FuncId>,
    /// The type, without the receiver.
    pub sig: Ty,
    /// The receiver of a method.
    pub recv: Option<ObjId>,
    /// The parameters; unnamed ones are objects too, named `_`.
    pub params: Vec<ObjId>,
    /// The results; unnamed ones are objects too, named `_`.
    pub results: Vec<ObjId>,
    /// Whether the results have names.
    pub named_results: bool,
    /// The body; `None` for native functions.
    pub body: Option<&'a ast::Block>,
    /// Variables of enclosing functions that it, or a literal within it, uses; in order of first use.
    pub captures: Vec<ObjId>,
    /// Whether it has a `defer` or `errdefer` of its own.
    pub has_defer: bool,
    /// Whether it calls `recover` itself.
    pub has_recover: bool,
}

/// An initialisation of package variables: `lhs = rhs`.
#[derive(Clone, Debug)]
pub struct Initializer<'a> {
    /// The variables; several only for a call with several results or a comma-ok form. Blank ones
    /// included.
    pub lhs: Vec<ObjId>,
    /// The value.
    pub rhs: &'a ast::Expr,
}

/// A checked package.
#[derive(Clone, Debug)]
pub struct PackageInfo<'a> {
    /// The import path; `main` for the program itself.
    pub path: Name,
    /// The declared name.
    pub name: Name,
    /// Package-level objects by name. Methods and `init` functions are not among them.
    pub members: HashMap<Name, ObjId>,
    /// The variables with initial values, in the order of their initialisation.
    pub init_order: Vec<Initializer<'a>>,
    /// The `init` functions, in source order.
    pub inits: Vec<ObjId>,
    /// Directly imported packages, in order of import.
    pub imports: Vec<PkgId>,
}

/// All that is known of a program.
#[derive(Debug, Default)]
pub struct Info<'a> {
    pub(super) types: Vec<Option<TypeAndMode>>,
    pub(super) values: HashMap<NodeId, Value>,
    pub(super) defs: Vec<Option<ObjId>>,
    pub(super) uses: Vec<Option<ObjId>>,
    pub(super) implicits: HashMap<NodeId, ObjId>,
    pub(super) selections: HashMap<NodeId, Selection>,
    pub(super) field_keys: HashMap<NodeId, usize>,
    pub(super) promoted_keys: HashMap<NodeId, Vec<FieldStep>>,
    pub(super) func_lits: HashMap<NodeId, FuncId>,
    pub(super) objects: Vec<Object>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) packages: Vec<PackageInfo<'a>>,
}

impl<'a> Info<'a> {
    /// Type and mode of an expression, if it was checked. Types, too, are expressions.
    pub fn type_and_mode(&self, expr: NodeId) -> Option<TypeAndMode> {
        self.types.get(expr.index()).copied().flatten()
    }

    /// The type of an expression; [`Ty::INVALID`] if it is in error.
    pub fn type_of(&self, expr: NodeId) -> Ty {
        self.type_and_mode(expr).map_or(Ty::INVALID, |tm| tm.ty)
    }

    /// The value of a constant expression, converted to its final type.
    pub fn const_value(&self, expr: NodeId) -> Option<&Value> {
        self.values.get(&expr)
    }

    /// The object that an identifier declares. `_` declares one only as a variable of `var`, a parameter
    /// or a result; in `:=` it declares nothing.
    pub fn def(&self, ident: NodeId) -> Option<ObjId> {
        self.defs.get(ident.index()).copied().flatten()
    }

    /// The object that an identifier refers to; for `x.Name` with a package `x` that of `Name`.
    pub fn use_of(&self, ident: NodeId) -> Option<ObjId> {
        self.uses.get(ident.index()).copied().flatten()
    }

    /// The object that an identifier declares or refers to.
    pub fn object_of(&self, ident: NodeId) -> Option<ObjId> {
        self.def(ident).or_else(|| self.use_of(ident))
    }

    /// The variable that a clause of a type switch with a binding declares.
    pub fn implicit(&self, clause: NodeId) -> Option<ObjId> {
        self.implicits.get(&clause).copied()
    }

    /// What a selector expression selects.
    pub fn selection(&self, selector: NodeId) -> Option<&Selection> {
        self.selections.get(&selector)
    }

    /// The index of the field that the key of a struct literal's element (by the key's expression) names,
    /// and of a promoted field the steps from there.
    pub fn field_key(&self, key: NodeId) -> Option<(usize, &[FieldStep])> {
        let promoted = self.promoted_keys.get(&key).map_or(&[][..], Vec::as_slice);
        self.field_keys.get(&key).map(|index| (*index, promoted))
    }

    /// The function that a function literal makes.
    pub fn func_lit(&self, expr: NodeId) -> Option<FuncId> {
        self.func_lits.get(&expr).copied()
    }

    /// An object.
    pub fn object(&self, id: ObjId) -> &Object {
        &self.objects[id.index()]
    }

    /// The variable data of an object, if it is a variable.
    pub fn var(&self, id: ObjId) -> Option<&VarInfo> {
        match &self.object(id).kind {
            ObjKind::Var(var) => Some(var),
            _ => None,
        }
    }

    /// The function of an object, if it is a declared function or method.
    pub fn func_of(&self, id: ObjId) -> Option<FuncId> {
        match self.object(id).kind {
            ObjKind::Func(func) => Some(func),
            _ => None,
        }
    }

    /// All objects; an [`ObjId`] is an index.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// A function.
    pub fn function(&self, id: FuncId) -> &Function<'a> {
        &self.functions[id.index()]
    }

    /// All functions, literals included; a [`FuncId`] is an index.
    pub fn functions(&self) -> &[Function<'a>] {
        &self.functions
    }

    /// A package.
    pub fn package(&self, id: PkgId) -> &PackageInfo<'a> {
        &self.packages[id.index()]
    }

    /// All packages, each behind those that it imports; a [`PkgId`] is an index.
    pub fn packages(&self) -> &[PackageInfo<'a>] {
        &self.packages
    }

    pub(super) fn object_mut(&mut self, id: ObjId) -> &mut Object {
        &mut self.objects[id.index()]
    }

    pub(super) fn var_mut(&mut self, id: ObjId) -> Option<&mut VarInfo> {
        match &mut self.object_mut(id).kind {
            ObjKind::Var(var) => Some(var),
            _ => None,
        }
    }

    pub(super) fn function_mut(&mut self, id: FuncId) -> &mut Function<'a> {
        &mut self.functions[id.index()]
    }
}
