//! The module's type table, made from the checker's types as they are needed.
//!
//! Here are: the ids of types and methods, and the shapes of values (slots, parts, size). A type gets an
//! id when something first asks for it. Which functions implement methods is not decided here; only the
//! wish list is kept ([`TypeTable::wanted`], [`TypeTable::converted`]).

use foldhash::HashMap;
use std::rc::Rc;

use vo_bytecode::types::{Method, Part};
use vo_bytecode::{Field, FloatKind, IntKind, MethodId, SlotTy, Type, TypeId, TypeKind, Types};

use crate::stack::deeper;
use crate::types::info::{Info, PkgId};
use crate::types::ty::{Basic, IfaceMethod, Kind, Name, Ty, TyTable};

/// How values of a type look in slots and in memory.
#[derive(Debug)]
pub struct Shape {
    /// The type in the module.
    pub id: TypeId,
    /// The types of the slots of a value; one `Ref` for a value that is kept in memory.
    pub slots: Vec<SlotTy>,
    /// The scalar parts of the memory form with their offsets; empty for a value kept in memory.
    pub parts: Vec<(u64, Part)>,
    /// The size of the memory form.
    pub size: u64,
    /// Whether a value is one `Ref` to memory instead of slots.
    pub in_memory: bool,
    /// Of a struct: the byte offset of each field.
    pub offsets: Vec<u64>,
}

/// A method that calls through interfaces may look for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its id.
    pub id: MethodId,
    /// Name, package and signature.
    pub method: IfaceMethod,
}

/// See the module's text.
pub struct TypeTable<'a> {
    tys: &'a TyTable,
    info: &'a Info<'a>,
    /// The table so far.
    pub out: Types,
    by_ty: HashMap<Ty, TypeId>,
    by_kind: HashMap<TypeKind, TypeId>,
    method_ids: HashMap<Method, MethodId>,
    shapes: HashMap<TypeId, Rc<Shape>>,
    origin: HashMap<TypeId, Ty>,
    /// Methods of the interface types of the table.
    pub wanted: Vec<Wanted>,
    /// Types whose values are put into interfaces, in order of first use.
    pub converted: Vec<Ty>,
    converted_set: foldhash::HashSet<Ty>,
}

impl<'a> TypeTable<'a> {
    pub fn new(tys: &'a TyTable, info: &'a Info<'a>) -> Self {
        TypeTable {
            tys,
            info,
            out: Types::default(),
            by_ty: HashMap::default(),
            by_kind: HashMap::default(),
            method_ids: HashMap::default(),
            shapes: HashMap::default(),
            origin: HashMap::default(),
            wanted: Vec::new(),
            converted: Vec::new(),
            converted_set: foldhash::HashSet::default(),
        }
    }

    /// The id of a type.
    pub fn id(&mut self, ty: Ty) -> TypeId {
        if let Some(&id) = self.by_ty.get(&ty) {
            return id;
        }
        let id = deeper(|| self.make(ty));
        self.by_ty.insert(ty, id);
        self.origin.entry(id).or_insert(ty);
        id
    }

    fn make(&mut self, ty: Ty) -> TypeId {
        match self.tys.kind(ty) {
            Kind::Named(named) => {
                // The id comes first: the type may contain itself.
                let data = self.tys.named(*named);
                let name = match &data.pkg {
                    Some((_, pkg)) => format!("{pkg}.{}", data.name),
                    None => data.name.to_string(),
                };
                let id = self.push(Type {
                    name,
                    kind: TypeKind::Bool,
                    methods: Vec::new(),
                });
                self.by_ty.insert(ty, id);
                let kind = self.kind_of(self.tys.underlying(ty));
                self.out.types[id.index()].kind = kind;
                id
            }
            Kind::Basic(basic) => {
                let basic = default_basic(*basic);
                if Ty::basic(basic) != ty {
                    self.id(Ty::basic(basic))
                } else {
                    let kind = self.kind_of(ty);
                    self.push(Type {
                        name: basic.name().to_string(),
                        kind,
                        methods: Vec::new(),
                    })
                }
            }
            _ => {
                let kind = self.kind_of(ty);
                self.unnamed(kind)
            }
        }
    }

    fn push(&mut self, ty: Type) -> TypeId {
        let id = TypeId(self.out.types.len() as u32);
        self.out.types.push(ty);
        id
    }

    /// The id of a type without a name.
    pub fn unnamed(&mut self, kind: TypeKind) -> TypeId {
        if let Some(&id) = self.by_kind.get(&kind) {
            return id;
        }
        let id = self.push(Type {
            name: String::new(),
            kind: kind.clone(),
            methods: Vec::new(),
        });
        self.by_kind.insert(kind, id);
        id
    }

    fn kind_of(&mut self, ty: Ty) -> TypeKind {
        match self.tys.kind(ty).clone() {
            Kind::Basic(basic) => basic_kind(basic),
            Kind::Pointer(elem) => TypeKind::Pointer(self.id(elem)),
            Kind::Slice(elem) => TypeKind::Slice(self.id(elem)),
            Kind::Array(elem, len) => TypeKind::Array(self.id(elem), len),
            Kind::Map(key, value) => TypeKind::Map(self.id(key), self.id(value)),
            Kind::Chan(dir, elem) => TypeKind::Chan(self.id(elem), dir.can_recv(), dir.can_send()),
            Kind::Struct(s) => TypeKind::Struct(
                s.fields
                    .iter()
                    .map(|f| Field {
                        name: f.name.to_string(),
                        ty: self.id(f.ty),
                        embedded: f.embedded,
                        tag: f.tag.to_string(),
                    })
                    .collect(),
            ),
            Kind::Signature(sig) => {
                let params = sig.params.iter().map(|p| self.id(*p)).collect();
                let results = sig.results.iter().map(|r| self.id(*r)).collect();
                TypeKind::Func(params, results, sig.variadic)
            }
            Kind::Interface(iface) => {
                TypeKind::Interface(iface.methods.iter().map(|m| self.method(m)).collect())
            }
            Kind::Port(dir, elem) => TypeKind::Port(self.id(elem), dir.can_recv(), dir.can_send()),
            Kind::Island => TypeKind::Island,
            // Never asked for: named types have kinds of their own, tuples are no values.
            Kind::Invalid | Kind::Named(_) | Kind::Tuple(_) => TypeKind::Bool,
        }
    }

    /// The id of a method of an interface.
    pub fn method(&mut self, method: &IfaceMethod) -> MethodId {
        let key = Method {
            name: self.method_name(&method.name, method.pkg),
            signature: self.id(method.sig),
        };
        if let Some(&id) = self.method_ids.get(&key) {
            return id;
        }
        let id = MethodId(self.out.methods.len() as u32);
        self.out.methods.push(key.clone());
        self.method_ids.insert(key, id);
        self.wanted.push(Wanted {
            id,
            method: method.clone(),
        });
        id
    }

    fn method_name(&self, name: &Name, pkg: Option<PkgId>) -> String {
        match pkg {
            Some(pkg) => format!("{}.{name}", self.info.package(pkg).path),
            None => name.to_string(),
        }
    }

    /// The shape of the values of a type.
    pub fn shape(&mut self, ty: Ty) -> Rc<Shape> {
        let id = self.id(ty);
        self.shape_of(id)
    }

    /// What people call the slots of the values of a type, and of what type each is a part.
    pub fn slot_parts(&mut self, ty: Ty) -> Vec<(String, TypeId)> {
        let id = self.id(ty);
        self.out.slot_parts(id)
    }

    /// The shape of the values of a type of the table.
    pub fn shape_of(&mut self, id: TypeId) -> Rc<Shape> {
        if let Some(shape) = self.shapes.get(&id) {
            return shape.clone();
        }
        let shape = Rc::new(Shape {
            id,
            slots: self.out.slots(id),
            parts: self.out.parts(id).unwrap_or_default(),
            size: self.out.layout(id).size,
            in_memory: self.out.in_memory(id),
            offsets: self.out.field_offsets(id),
        });
        self.shapes.insert(id, shape.clone());
        shape
    }

    /// Whether values of a type are put into interfaces.
    pub fn is_converted(&self, ty: Ty) -> bool {
        self.converted_set.contains(&ty)
    }

    /// Notes that values of a type are put into interfaces.
    pub fn convert(&mut self, ty: Ty) {
        if self.converted_set.insert(ty) {
            self.converted.push(ty);
        }
    }
}

/// The type that an untyped constant has at run time.
fn default_basic(basic: Basic) -> Basic {
    match basic {
        Basic::UntypedBool => Basic::Bool,
        Basic::UntypedInt => Basic::Int,
        Basic::UntypedRune => Basic::Int32,
        Basic::UntypedFloat => Basic::Float64,
        Basic::UntypedString => Basic::String,
        other => other,
    }
}

fn basic_kind(basic: Basic) -> TypeKind {
    match (int_kind(basic), float_kind(basic)) {
        (Some(kind), _) => TypeKind::Int(kind),
        (_, Some(FloatKind::F32)) => TypeKind::F32,
        (_, Some(FloatKind::F64)) => TypeKind::F64,
        _ if basic.is_string() => TypeKind::String,
        _ => TypeKind::Bool,
    }
}

/// Width and sign of an integer type.
pub fn int_kind(basic: Basic) -> Option<IntKind> {
    Some(match basic {
        Basic::Int | Basic::Int64 | Basic::UntypedInt => IntKind::I64,
        Basic::Int8 => IntKind::I8,
        Basic::Int16 => IntKind::I16,
        Basic::Int32 | Basic::UntypedRune => IntKind::I32,
        Basic::Uint | Basic::Uint64 => IntKind::U64,
        Basic::Uint8 => IntKind::U8,
        Basic::Uint16 => IntKind::U16,
        Basic::Uint32 => IntKind::U32,
        _ => return None,
    })
}

/// Width of a floating-point type.
pub fn float_kind(basic: Basic) -> Option<FloatKind> {
    match basic {
        Basic::Float32 => Some(FloatKind::F32),
        Basic::Float64 | Basic::UntypedFloat => Some(FloatKind::F64),
        _ => None,
    }
}
