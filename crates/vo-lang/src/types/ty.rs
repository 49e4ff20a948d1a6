//! Types: their representation, interning and printing.
//!
//! Every type is a [`Ty`], a small handle into a [`TyTable`]. Types are interned, so two types are
//! identical in the sense of the language exactly if their handles are equal; hashing or comparing
//! a type never walks it. Defined types ([`Kind::Named`]) are told apart by their declaration and
//! are the only way a type can refer to itself.
//!
//! This file does not know how types are computed from source (`typexpr`), which fields and
//! methods a type has by promotion (`lookup`), or how values lie in memory (the lowering).

use foldhash::HashMap;
use std::rc::Rc;

use super::info::{ObjId, PkgId};

pub use crate::syntax::ast::Name;

/// A type: a handle into a [`TyTable`]. Equal handles are identical types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ty(u32);

/// A defined type: a handle to its [`NamedData`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NamedId(u32);

/// The predeclared basic types and the types of untyped constants.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs, reason = "the variants are the language's own names")]
pub enum Basic {
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float32,
    Float64,
    String,
    UntypedBool,
    UntypedInt,
    UntypedRune,
    UntypedFloat,
    UntypedString,
    UntypedNil,
}

/// Every basic type, in the order of their fixed handles: `ALL[i]` is `Ty(i + 1)`.
const ALL_BASICS: [Basic; 20] = [
    Basic::Bool,
    Basic::Int,
    Basic::Int8,
    Basic::Int16,
    Basic::Int32,
    Basic::Int64,
    Basic::Uint,
    Basic::Uint8,
    Basic::Uint16,
    Basic::Uint32,
    Basic::Uint64,
    Basic::Float32,
    Basic::Float64,
    Basic::String,
    Basic::UntypedBool,
    Basic::UntypedInt,
    Basic::UntypedRune,
    Basic::UntypedFloat,
    Basic::UntypedString,
    Basic::UntypedNil,
];

impl Basic {
    /// The name as it is written in a program, or as it is shown for untyped constants.
    pub fn name(self) -> &'static str {
        match self {
            Basic::Bool => "bool",
            Basic::Int => "int",
            Basic::Int8 => "int8",
            Basic::Int16 => "int16",
            Basic::Int32 => "int32",
            Basic::Int64 => "int64",
            Basic::Uint => "uint",
            Basic::Uint8 => "uint8",
            Basic::Uint16 => "uint16",
            Basic::Uint32 => "uint32",
            Basic::Uint64 => "uint64",
            Basic::Float32 => "float32",
            Basic::Float64 => "float64",
            Basic::String => "string",
            Basic::UntypedBool => "untyped bool",
            Basic::UntypedInt => "untyped int",
            Basic::UntypedRune => "untyped rune",
            Basic::UntypedFloat => "untyped float",
            Basic::UntypedString => "untyped string",
            Basic::UntypedNil => "untyped nil",
        }
    }

    /// Whether this is the type of an untyped constant or of `nil`.
    pub fn is_untyped(self) -> bool {
        self >= Basic::UntypedBool
    }

    /// Whether this is an integer type, `untyped int` and `untyped rune` included.
    pub fn is_integer(self) -> bool {
        matches!(self, Basic::UntypedInt | Basic::UntypedRune)
            || (self >= Basic::Int && self <= Basic::Uint64)
    }

    /// Whether this is an unsigned integer type.
    pub fn is_unsigned(self) -> bool {
        self >= Basic::Uint && self <= Basic::Uint64
    }

    /// Whether this is a floating-point type, `untyped float` included.
    pub fn is_float(self) -> bool {
        matches!(self, Basic::Float32 | Basic::Float64 | Basic::UntypedFloat)
    }

    /// Whether arithmetic other than string concatenation is defined.
    pub fn is_numeric(self) -> bool {
        self.is_integer() || self.is_float()
    }

    /// Whether this is `string` or `untyped string`.
    pub fn is_string(self) -> bool {
        matches!(self, Basic::String | Basic::UntypedString)
    }

    /// Whether this is `bool` or `untyped bool`.
    pub fn is_boolean(self) -> bool {
        matches!(self, Basic::Bool | Basic::UntypedBool)
    }

    /// Whether constants of the type exist.
    pub fn is_const_type(self) -> bool {
        self != Basic::UntypedNil
    }

    /// The width in bits of a sized number, 64 for `int` and `uint`; `None` for everything else.
    pub fn bits(self) -> Option<u32> {
        match self {
            Basic::Int8 | Basic::Uint8 => Some(8),
            Basic::Int16 | Basic::Uint16 => Some(16),
            Basic::Int32 | Basic::Uint32 | Basic::Float32 => Some(32),
            Basic::Int | Basic::Int64 | Basic::Uint | Basic::Uint64 | Basic::Float64 => Some(64),
            _ => None,
        }
    }
}

/// The directions in which a channel or port may be used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dir {
    /// `chan T`, `port T`.
    Both,
    /// `chan<- T`, `port<- T`.
    Send,
    /// `<-chan T`, `<-port T`.
    Recv,
}

impl Dir {
    /// Whether values may be sent.
    pub fn can_send(self) -> bool {
        self != Dir::Recv
    }

    /// Whether values may be received.
    pub fn can_recv(self) -> bool {
        self != Dir::Send
    }
}

/// A field of a struct type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    /// The name; that of the type for an embedded field.
    pub name: Name,
    /// The declaring package if the name is not exported: such names differ between packages.
    pub pkg: Option<PkgId>,
    /// The field's type.
    pub ty: Ty,
    /// Whether the field is embedded.
    pub embedded: bool,
    /// The tag, empty if there is none.
    pub tag: Name,
}

/// A struct type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StructType {
    /// The fields, in source order.
    pub fields: Vec<Field>,
}

/// A function type; a method's is without its receiver.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Signature {
    /// Parameter types. The last one of a variadic function is a slice.
    pub params: Vec<Ty>,
    /// Result types.
    pub results: Vec<Ty>,
    /// Whether the last parameter is written `...T`.
    pub variadic: bool,
}

/// A method of an interface type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct IfaceMethod {
    /// The method's name.
    pub name: Name,
    /// The declaring package if the name is not exported.
    pub pkg: Option<PkgId>,
    /// The method's type, a [`Kind::Signature`].
    pub sig: Ty,
}

/// An interface type: its full method set, embedded interfaces expanded.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct InterfaceType {
    /// The methods, sorted by name and then by package.
    pub methods: Vec<IfaceMethod>,
    /// Whether something embedded is in error, so that there may be more methods.
    pub partial: bool,
}

/// What a type is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// The type of what is wrong; it silences errors that would follow from it.
    Invalid,
    /// A predeclared type or the type of an untyped constant.
    Basic(Basic),
    /// A defined type.
    Named(NamedId),
    /// `*T`.
    Pointer(Ty),
    /// `[]T`.
    Slice(Ty),
    /// `[N]T`.
    Array(Ty, u64),
    /// `map[K]V`.
    Map(Ty, Ty),
    /// `chan T` and its directed forms.
    Chan(Dir, Ty),
    /// `port T` and its directed forms.
    Port(Dir, Ty),
    /// `island`.
    Island,
    /// `struct { … }`.
    Struct(Rc<StructType>),
    /// `func(…) …`.
    Signature(Rc<Signature>),
    /// `interface { … }`.
    Interface(Rc<InterfaceType>),
    /// What a call with none or several results has; not a type of the language.
    Tuple(Rc<[Ty]>),
}

/// A method declared on a defined type.
#[derive(Clone, Debug)]
pub struct Method {
    /// The method's name.
    pub name: Name,
    /// The declaring package if the name is not exported.
    pub pkg: Option<PkgId>,
    /// The function object; its type is the method's signature without receiver.
    pub func: ObjId,
    /// Whether the receiver is a pointer.
    pub ptr_recv: bool,
}

/// A defined type.
#[derive(Clone, Debug)]
pub struct NamedData {
    /// The declared name.
    pub name: Name,
    /// The type name object.
    pub obj: ObjId,
    /// The declaring package and its name; `None` for predeclared types.
    pub pkg: Option<(PkgId, Name)>,
    /// The underlying type; `None` while the declaration is being checked.
    pub underlying: Option<Ty>,
    /// Declared methods, in source order. Promoted ones are found by `lookup`.
    pub methods: Vec<Method>,
}

/// All types of a program.
#[derive(Debug)]
pub struct TyTable {
    kinds: Vec<Kind>,
    index: HashMap<Kind, Ty>,
    named: Vec<NamedData>,
    error: Option<Ty>,
}

/// The fixed handles of the types every table has.
#[allow(missing_docs, reason = "the constants are the language's own names")]
impl Ty {
    pub const INVALID: Ty = Ty(0);
    pub const BOOL: Ty = Ty(1);
    pub const INT: Ty = Ty(2);
    pub const INT8: Ty = Ty(3);
    pub const INT16: Ty = Ty(4);
    pub const INT32: Ty = Ty(5);
    pub const INT64: Ty = Ty(6);
    pub const UINT: Ty = Ty(7);
    pub const UINT8: Ty = Ty(8);
    pub const UINT16: Ty = Ty(9);
    pub const UINT32: Ty = Ty(10);
    pub const UINT64: Ty = Ty(11);
    pub const FLOAT32: Ty = Ty(12);
    pub const FLOAT64: Ty = Ty(13);
    pub const STRING: Ty = Ty(14);
    pub const UNTYPED_BOOL: Ty = Ty(15);
    pub const UNTYPED_INT: Ty = Ty(16);
    pub const UNTYPED_RUNE: Ty = Ty(17);
    pub const UNTYPED_FLOAT: Ty = Ty(18);
    pub const UNTYPED_STRING: Ty = Ty(19);
    pub const UNTYPED_NIL: Ty = Ty(20);
    pub const ISLAND: Ty = Ty(21);
    /// The type of a call without results.
    pub const UNIT: Ty = Ty(22);
    /// `any`, the interface without methods.
    pub const ANY: Ty = Ty(23);

    /// The type of a basic kind.
    pub fn basic(basic: Basic) -> Ty {
        Ty(basic as u32 + 1)
    }

    /// The handle's number: dense from zero, for tables indexed by type.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether this is [`Ty::INVALID`].
    pub fn is_invalid(self) -> bool {
        self == Ty::INVALID
    }
}

impl Default for TyTable {
    fn default() -> Self {
        Self::new()
    }
}

impl TyTable {
    /// A table with the predeclared types, all but `error`, which the checker adds.
    pub fn new() -> Self {
        let mut table = TyTable {
            kinds: Vec::new(),
            index: HashMap::default(),
            named: Vec::new(),
            error: None,
        };
        table.intern(Kind::Invalid);
        for basic in ALL_BASICS {
            let ty = table.intern(Kind::Basic(basic));
            debug_assert_eq!(ty, Ty::basic(basic));
        }
        let island = table.intern(Kind::Island);
        debug_assert_eq!(island, Ty::ISLAND);
        let unit = table.tuple(&[]);
        debug_assert_eq!(unit, Ty::UNIT);
        let any = table.interface(Vec::new());
        debug_assert_eq!(any, Ty::ANY);
        table
    }

    /// The type of a kind, if there is one.
    pub fn find(&self, kind: &Kind) -> Option<Ty> {
        self.index.get(kind).copied()
    }

    /// The type of a kind, the same handle for equal kinds.
    pub fn intern(&mut self, kind: Kind) -> Ty {
        if let Some(&ty) = self.index.get(&kind) {
            return ty;
        }
        let ty = Ty(u32::try_from(self.kinds.len()).expect("fewer than 2^32 types"));
        self.kinds.push(kind.clone());
        self.index.insert(kind, ty);
        ty
    }

    /// How many types there are; handles are below it.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Never: a table has the predeclared types.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// What `ty` is, defined types not looked through.
    pub fn kind(&self, ty: Ty) -> &Kind {
        &self.kinds[ty.index()]
    }

    /// `*elem`.
    pub fn pointer(&mut self, elem: Ty) -> Ty {
        self.intern(Kind::Pointer(elem))
    }

    /// `[]elem`.
    pub fn slice(&mut self, elem: Ty) -> Ty {
        self.intern(Kind::Slice(elem))
    }

    /// `[len]elem`.
    pub fn array(&mut self, elem: Ty, len: u64) -> Ty {
        self.intern(Kind::Array(elem, len))
    }

    /// `map[key]value`.
    pub fn map(&mut self, key: Ty, value: Ty) -> Ty {
        self.intern(Kind::Map(key, value))
    }

    /// A channel type.
    pub fn chan(&mut self, dir: Dir, elem: Ty) -> Ty {
        self.intern(Kind::Chan(dir, elem))
    }

    /// A port type.
    pub fn port(&mut self, dir: Dir, elem: Ty) -> Ty {
        self.intern(Kind::Port(dir, elem))
    }

    /// A struct type.
    pub fn strukt(&mut self, fields: Vec<Field>) -> Ty {
        self.intern(Kind::Struct(Rc::new(StructType { fields })))
    }

    /// A function type.
    pub fn signature(&mut self, params: Vec<Ty>, results: Vec<Ty>, variadic: bool) -> Ty {
        self.intern(Kind::Signature(Rc::new(Signature {
            params,
            results,
            variadic,
        })))
    }

    /// An interface type with exactly these methods, in any order but without duplicates.
    pub fn interface(&mut self, methods: Vec<IfaceMethod>) -> Ty {
        self.interface_with(methods, false)
    }

    /// An interface type with at least these methods, and perhaps with others if it is `partial`.
    pub fn interface_with(&mut self, mut methods: Vec<IfaceMethod>, partial: bool) -> Ty {
        methods.sort_by(|a, b| (&a.name, a.pkg).cmp(&(&b.name, b.pkg)));
        self.intern(Kind::Interface(Rc::new(InterfaceType { methods, partial })))
    }

    /// A tuple type.
    pub fn tuple(&mut self, types: &[Ty]) -> Ty {
        self.intern(Kind::Tuple(types.into()))
    }

    /// A new defined type, its underlying type not yet known.
    pub fn new_named(&mut self, name: Name, obj: ObjId, pkg: Option<(PkgId, Name)>) -> Ty {
        let id = NamedId(u32::try_from(self.named.len()).expect("fewer than 2^32 types"));
        self.named.push(NamedData {
            name,
            obj,
            pkg,
            underlying: None,
            methods: Vec::new(),
        });
        self.intern(Kind::Named(id))
    }

    /// The data of a defined type.
    pub fn named(&self, id: NamedId) -> &NamedData {
        &self.named[id.0 as usize]
    }

    /// The data of a defined type, to complete it.
    pub fn named_mut(&mut self, id: NamedId) -> &mut NamedData {
        &mut self.named[id.0 as usize]
    }

    /// The defined type that `ty` is, if it is one.
    pub fn as_named(&self, ty: Ty) -> Option<NamedId> {
        match self.kind(ty) {
            Kind::Named(id) => Some(*id),
            _ => None,
        }
    }

    /// All defined types, in the order of their declaration.
    pub fn all_named(&self) -> impl Iterator<Item = (NamedId, &NamedData)> {
        self.named
            .iter()
            .enumerate()
            .map(|(i, data)| (NamedId(i as u32), data))
    }

    /// Makes `ty` the predeclared type `error`.
    pub(super) fn set_error(&mut self, ty: Ty) {
        self.error = Some(ty);
    }

    /// The predeclared type `error`.
    ///
    /// # Panics
    /// If the universe has not been set up.
    pub fn error_type(&self) -> Ty {
        self.error.expect("the universe declares error")
    }

    /// The underlying type: of a defined type that of its declaration, else the type itself.
    /// [`Ty::INVALID`] while the declaration is still being checked.
    pub fn underlying(&self, ty: Ty) -> Ty {
        match self.kind(ty) {
            Kind::Named(id) => self.named(*id).underlying.unwrap_or(Ty::INVALID),
            _ => ty,
        }
    }

    /// What the underlying type of `ty` is.
    pub fn under(&self, ty: Ty) -> &Kind {
        self.kind(self.underlying(ty))
    }

    /// The basic type underlying `ty`, if it is one.
    pub fn basic(&self, ty: Ty) -> Option<Basic> {
        match self.under(ty) {
            Kind::Basic(basic) => Some(*basic),
            _ => None,
        }
    }

    /// The struct type underlying `ty`, if it is one.
    pub fn as_struct(&self, ty: Ty) -> Option<Rc<StructType>> {
        match self.under(ty) {
            Kind::Struct(s) => Some(s.clone()),
            _ => None,
        }
    }

    /// The function type underlying `ty`, if it is one.
    pub fn as_signature(&self, ty: Ty) -> Option<Rc<Signature>> {
        match self.under(ty) {
            Kind::Signature(s) => Some(s.clone()),
            _ => None,
        }
    }

    /// The interface type underlying `ty`, if it is one.
    pub fn as_interface(&self, ty: Ty) -> Option<Rc<InterfaceType>> {
        match self.under(ty) {
            Kind::Interface(i) => Some(i.clone()),
            _ => None,
        }
    }

    /// The types of a tuple, if `ty` is one.
    pub fn as_tuple(&self, ty: Ty) -> Option<Rc<[Ty]>> {
        match self.kind(ty) {
            Kind::Tuple(types) => Some(types.clone()),
            _ => None,
        }
    }

    /// What `ty` points to, if its underlying type is a pointer.
    pub fn pointee(&self, ty: Ty) -> Option<Ty> {
        match self.under(ty) {
            Kind::Pointer(elem) => Some(*elem),
            _ => None,
        }
    }

    /// `ty` without its pointer, if it is an unnamed pointer type, and whether it was one.
    pub fn deref(&self, ty: Ty) -> (Ty, bool) {
        match self.kind(ty) {
            Kind::Pointer(elem) => (*elem, true),
            _ => (ty, false),
        }
    }

    /// Whether `ty` is an interface type.
    pub fn is_interface(&self, ty: Ty) -> bool {
        matches!(self.under(ty), Kind::Interface(_))
    }

    /// Whether `ty` is an integer type, untyped ones included.
    pub fn is_integer(&self, ty: Ty) -> bool {
        self.basic(ty).is_some_and(Basic::is_integer)
    }

    /// Whether `ty` is an unsigned integer type.
    pub fn is_unsigned(&self, ty: Ty) -> bool {
        self.basic(ty).is_some_and(Basic::is_unsigned)
    }

    /// Whether `ty` is a floating-point type, the untyped one included.
    pub fn is_float(&self, ty: Ty) -> bool {
        self.basic(ty).is_some_and(Basic::is_float)
    }

    /// Whether `ty` is a number type, untyped ones included.
    pub fn is_numeric(&self, ty: Ty) -> bool {
        self.basic(ty).is_some_and(Basic::is_numeric)
    }

    /// Whether `ty` is a string type, the untyped one included.
    pub fn is_string(&self, ty: Ty) -> bool {
        self.basic(ty).is_some_and(Basic::is_string)
    }

    /// Whether `ty` is a boolean type, the untyped one included.
    pub fn is_boolean(&self, ty: Ty) -> bool {
        self.basic(ty).is_some_and(Basic::is_boolean)
    }

    /// Whether constants of the type exist.
    pub fn is_const_type(&self, ty: Ty) -> bool {
        self.basic(ty).is_some_and(Basic::is_const_type)
    }

    /// Whether `ty` is the type of an untyped constant or of `nil`.
    pub fn is_untyped(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), Kind::Basic(b) if b.is_untyped())
    }

    /// Whether `nil` is a value of the type.
    pub fn has_nil(&self, ty: Ty) -> bool {
        match self.under(ty) {
            Kind::Basic(b) => *b == Basic::UntypedNil,
            Kind::Pointer(_)
            | Kind::Slice(_)
            | Kind::Map(..)
            | Kind::Chan(..)
            | Kind::Port(..)
            | Kind::Island
            | Kind::Signature(_)
            | Kind::Interface(_) => true,
            _ => false,
        }
    }

    /// The type that an untyped constant takes where nothing else decides; others are unchanged.
    pub fn default_type(&self, ty: Ty) -> Ty {
        match ty {
            Ty::UNTYPED_BOOL => Ty::BOOL,
            Ty::UNTYPED_INT => Ty::INT,
            Ty::UNTYPED_RUNE => Ty::INT32,
            Ty::UNTYPED_FLOAT => Ty::FLOAT64,
            Ty::UNTYPED_STRING => Ty::STRING,
            _ => ty,
        }
    }
}
