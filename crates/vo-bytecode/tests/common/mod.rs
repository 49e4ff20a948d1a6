//! Random operands, instructions and modules, driven by the instruction table.
#![allow(dead_code, reason = "each test program uses a part of this")]

use proptest::collection::vec;
use proptest::prelude::*;
use vo_bytecode::inst::*;
use vo_bytecode::types::Method;
use vo_bytecode::*;

/// A valid module that has every instruction.
pub const EVERYTHING: &str = include_str!("../modules/everything.vot");

/// [`EVERYTHING`], parsed.
pub fn everything() -> Module {
    text::parse(EVERYTHING).unwrap_or_else(|error| panic!("everything.vot:{error}"))
}

/// An operand of which there are random ones.
pub trait Random: Sized + 'static {
    fn random() -> BoxedStrategy<Self>;
}

/// Mostly small, so that much of it is in range; sometimes anything.
fn index() -> BoxedStrategy<u32> {
    prop_oneof![20 => 0..12_u32, 1 => any::<u32>(), 1 => Just(u32::MAX)].boxed()
}

macro_rules! random {
    ($($ty:ty => $strategy:expr;)*) => {
        $(impl Random for $ty { fn random() -> BoxedStrategy<$ty> { $strategy.boxed() } })*
    };
}
random! {
    Slot => index().prop_map(Slot);
    Dst => Slot::random().prop_map(Dst);
    Src => Slot::random().prop_map(Src);
    OptDst => proptest::option::of(Slot::random()).prop_map(OptDst);
    OptSrc => proptest::option::of(Slot::random()).prop_map(OptSrc);
    IfaceDst => Slot::random().prop_map(IfaceDst);
    IfaceSrc => Slot::random().prop_map(IfaceSrc);
    Dsts => vec(Slot::random(), 0..5).prop_map(Dsts::from);
    Srcs => vec(Slot::random(), 0..5).prop_map(Srcs::from);
    Imm => prop_oneof![-2..20_i64, any::<i64>()];
    Target => index().prop_map(Target);
    Targets => vec(Target::random(), 0..4).prop_map(|targets| Targets(targets.into()));
    F64Bits => prop_oneof![any::<u64>(), any::<f64>().prop_map(f64::to_bits), Just(1 << 63)].prop_map(F64Bits);
    F32Bits => prop_oneof![any::<u32>(), any::<f32>().prop_map(f32::to_bits), Just(1 << 31)].prop_map(F32Bits);
    TypeId => index().prop_map(TypeId);
    FuncId => index().prop_map(FuncId);
    StrId => index().prop_map(StrId);
    GlobalId => index().prop_map(GlobalId);
    MethodId => index().prop_map(MethodId);
    OptType => proptest::option::of(TypeId::random()).prop_map(OptType);
    IntKind => proptest::sample::select(IntKind::ALL);
    FloatKind => proptest::sample::select(FloatKind::ALL);
    BinOp => proptest::sample::select(BinOp::ALL);
    UnOp => proptest::sample::select(UnOp::ALL);
    CmpOp => proptest::sample::select(CmpOp::ALL);
    FBinOp => proptest::sample::select(FBinOp::ALL);
    FUnOp => proptest::sample::select(FUnOp::ALL);
    Mem => proptest::sample::select(Mem::ALL);
    SliceKind => proptest::sample::select(SliceKind::ALL);
    RtFn => proptest::sample::select(RtFn::ALL);
    bool => any::<bool>();
    Callee => prop_oneof![
        FuncId::random().prop_map(Callee::Func),
        Slot::random().prop_map(Callee::Closure),
        (Slot::random(), MethodId::random()).prop_map(|(slot, method)| Callee::Method(slot, method)),
    ];
}

macro_rules! random_instructions {
    ($($name:ident { $($field:ident: $ty:ty),* })*) => {
        /// Random instructions of each opcode, in the table's order.
        pub fn instructions() -> Vec<BoxedStrategy<Inst>> {
            vec![$(
                ($(<$ty>::random(),)*).prop_map(|($($field,)*)| Inst::$name { $($field),* }).boxed()
            ),*]
        }
    };
}
vo_bytecode::with_instructions!(random_instructions);

/// Any instruction.
pub fn instruction() -> BoxedStrategy<Inst> {
    proptest::strategy::Union::new(instructions()).boxed()
}

fn name() -> BoxedStrategy<String> {
    // Few names, so that some functions share one; and names that must be quoted.
    const NAMES: &[&str] = &[
        "main.f",
        "main.g",
        "f",
        "",
        "_",
        "func",
        "closure",
        "method",
        "embedded",
        "t0",
        "entry",
        "main.(*Tree).walk",
        "a b",
        "a/b.c",
        "a//b",
        "1x",
        "é",
        "\"\\\n\u{1}",
        "slots",
        "names",
    ];
    prop_oneof![
        proptest::sample::select(NAMES).prop_map(str::to_owned),
        any::<String>()
    ]
    .boxed()
}

pub fn kind() -> BoxedStrategy<TypeKind> {
    let ty = TypeId::random;
    let field = (
        name(),
        ty(),
        any::<bool>(),
        prop_oneof![Just(String::new()), any::<String>()],
    );
    let field = field.prop_map(|(name, ty, embedded, tag)| Field {
        name,
        ty,
        embedded,
        tag,
    });
    prop_oneof![
        Just(TypeKind::Bool),
        IntKind::random().prop_map(TypeKind::Int),
        Just(TypeKind::F32),
        Just(TypeKind::F64),
        Just(TypeKind::String),
        ty().prop_map(TypeKind::Slice),
        (ty(), prop_oneof![0..9_u64, any::<u64>()]).prop_map(|(ty, len)| TypeKind::Array(ty, len)),
        vec(field, 0..4).prop_map(TypeKind::Struct),
        ty().prop_map(TypeKind::Pointer),
        (ty(), ty()).prop_map(|(key, value)| TypeKind::Map(key, value)),
        (ty(), any::<bool>(), any::<bool>()).prop_map(|(ty, r, s)| TypeKind::Chan(ty, r, s)),
        (ty(), any::<bool>(), any::<bool>()).prop_map(|(ty, r, s)| TypeKind::Port(ty, r, s)),
        Just(TypeKind::Island),
        (vec(ty(), 0..4), vec(ty(), 0..3), any::<bool>())
            .prop_map(|(p, r, v)| TypeKind::Func(p, r, v)),
        vec(MethodId::random(), 0..4).prop_map(TypeKind::Interface),
    ]
    .boxed()
}

fn types() -> BoxedStrategy<Types> {
    let table = vec((MethodId::random(), FuncId::random()), 0..3);
    let ty = (name(), kind(), table).prop_map(|(name, kind, methods)| Type {
        name,
        kind,
        methods,
    });
    let method =
        (name(), TypeId::random()).prop_map(|(name, signature)| Method { name, signature });
    (vec(ty, 0..10), vec(method, 0..4))
        .prop_map(|(types, methods)| Types { types, methods })
        .boxed()
}

fn slot_type() -> BoxedStrategy<SlotTy> {
    use SlotTy::*;
    proptest::sample::select(&[I64, F64, F32, Ref, IfaceType, IfaceData][..]).boxed()
}

fn function() -> BoxedStrategy<Function> {
    let code = vec((instruction(), prop_oneof![Just(0), any::<u32>()]), 0..12);
    let slots = vec(slot_type(), 0..20);
    let source = (TypeId::random(), any::<bool>()).prop_map(|(ty, boxed)| SourceType { ty, boxed });
    let slot_name = (Slot::random(), name(), proptest::option::of(source))
        .prop_map(|(slot, name, source)| SlotName { slot, name, source });
    let slot_names = vec(slot_name, 0..10);
    (
        name(),
        index(),
        any::<prop::sample::Index>(),
        vec(slot_type(), 0..4),
        slots,
        slot_names,
        code,
    )
        .prop_map(|(name, file, params, results, slots, slot_names, code)| {
            let (code, lines) = code.into_iter().unzip();
            let params = params.index(slots.len() + 1) as u32;
            Function {
                name,
                file,
                params,
                results,
                slots,
                slot_names,
                code,
                lines,
            }
        })
        .boxed()
}

/// Any module, hardly ever a valid one.
pub fn module() -> BoxedStrategy<Module> {
    let strings = vec(
        vec(any::<u8>(), 0..20).prop_map(Vec::into_boxed_slice),
        0..4,
    );
    let globals = vec(
        (name(), TypeId::random()).prop_map(|(name, ty)| Global { name, ty }),
        0..3,
    );
    let entry = proptest::option::of(FuncId::random());
    (
        vec(any::<String>(), 0..3),
        strings,
        types(),
        globals,
        vec(function(), 0..4),
        entry,
    )
        .prop_map(
            |(files, strings, types, globals, functions, entry)| Module {
                files,
                strings,
                types,
                globals,
                functions,
                entry,
            },
        )
        .boxed()
}
