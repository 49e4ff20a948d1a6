//! Equality, hashes and names by type.

use super::*;
use vo_bytecode::types::Method;
use vo_bytecode::{Field, IntKind, MethodId, Type};

const INT: TypeId = TypeId(0);
const STRING: TypeId = TypeId(1);
const F32: TypeId = TypeId(2);
const ANY: TypeId = TypeId(3);
const BYTE: TypeId = TypeId(4);

fn field(name: &str, ty: TypeId) -> Field {
    Field {
        name: name.into(),
        ty,
        embedded: false,
        tag: String::new(),
    }
}

fn types(more: Vec<TypeKind>) -> Types {
    let mut kinds = vec![
        ("int", TypeKind::Int(IntKind::I64)),
        ("string", TypeKind::String),
        ("float32", TypeKind::F32),
        ("", TypeKind::Interface(Vec::new())),
        ("uint8", TypeKind::Int(IntKind::U8)),
    ];
    kinds.extend(more.into_iter().map(|kind| ("", kind)));
    let ty = |(name, kind): (&str, _)| Type {
        name: name.into(),
        kind,
        methods: Vec::new(),
    };
    Types {
        types: kinds.into_iter().map(ty).collect(),
        methods: Vec::new(),
    }
}

fn word(ty: TypeId) -> u64 {
    u64::from(ty.0) + 1
}

fn hash(values: &Values, ty: TypeId, slots: &[u64]) -> Result<u64, Incomparable> {
    let mut hasher = Hasher::new(3, 0);
    // SAFETY: the tests make valid values.
    unsafe { values.hash_slots(ty, slots.as_ptr(), &mut hasher)? };
    Ok(hasher.finish())
}

/// Whether two interfaces are equal; if so, they have the same hash.
fn equal(values: &Values, a: [u64; 2], b: [u64; 2]) -> Result<bool, Incomparable> {
    // SAFETY: the tests make valid values.
    let equal = unsafe { values.iface_eq(a, b) }?;
    if equal {
        assert_eq!(hash(values, ANY, &a), hash(values, ANY, &b));
    }
    Ok(equal)
}

#[test]
fn bits_side_by_side_are_one_part() {
    let id = TypeId(5);
    let types = types(vec![
        TypeKind::Struct(vec![field("a", INT), field("b", BYTE), field("c", BYTE)]),
        TypeKind::Array(id, 3),
        TypeKind::Array(BYTE, 1 << 40),
        TypeKind::Array(STRING, 1 << 20),
    ]);
    let values = Values::new(&types);
    let bits = |at, bytes| Part {
        at,
        kind: PartKind::Bits(bytes),
    };
    assert_eq!(*values.get(id).memory, [bits(0, 10)]);
    assert_eq!(
        *values.get(TypeId(6)).memory,
        [bits(0, 10), bits(16, 10), bits(32, 10)]
    );
    assert_eq!(*values.get(TypeId(7)).memory, [bits(0, 1 << 40)]);
    let row = PartKind::Row(STRING, 1 << 20);
    assert_eq!(*values.get(TypeId(8)).memory, [Part { at: 0, kind: row }]);
}

#[test]
fn padding_and_blank_fields_do_not_count() {
    let id = TypeId(5);
    let fields = vec![
        field("a", BYTE),
        field("_", BYTE),
        field("b", INT),
        field("s", STRING),
    ];
    let values = Values::new(&types(vec![TypeKind::Struct(fields)]));
    let text = b"text".map(|byte| byte);
    let copy = text;
    let a = [0x1111_1111_1111_1107u64, 5, text.as_ptr() as u64, 4];
    let b = [0x2222_2222_2222_2207u64, 5, copy.as_ptr() as u64, 4];
    let (a, b) = ([word(id), a.as_ptr() as u64], [word(id), b.as_ptr() as u64]);
    assert_eq!(equal(&values, a, b), Ok(true));
    let c = [7u64, 5, text.as_ptr() as u64, 3];
    assert_eq!(equal(&values, a, [word(id), c.as_ptr() as u64]), Ok(false));
}

#[test]
fn words_are_compared_by_their_types() {
    let one_float = TypeId(5);
    let types = types(vec![TypeKind::Struct(vec![field("x", F32)])]);
    let values = Values::new(&types);
    for ty in [F32, one_float] {
        let float = |value: f32| [word(ty), u64::from(value.to_bits())];
        assert_eq!(equal(&values, float(0.0), float(-0.0)), Ok(true));
        assert_eq!(equal(&values, float(1.5), float(1.5)), Ok(true));
        assert_eq!(equal(&values, float(f32::NAN), float(f32::NAN)), Ok(false));
    }
    assert_eq!(
        equal(&values, [word(INT), 0], [word(INT), 1 << 63]),
        Ok(false)
    );
    assert_eq!(equal(&values, [0, 0], [0, 0]), Ok(true));
    assert_eq!(equal(&values, [0, 0], [word(INT), 0]), Ok(false));
}

#[test]
fn what_differs_first_decides_before_what_cannot_be_compared() {
    let (slice, pair) = (TypeId(5), TypeId(6));
    let types = types(vec![
        TypeKind::Slice(INT),
        TypeKind::Struct(vec![field("a", INT), field("b", ANY), field("c", INT)]),
        TypeKind::Struct(vec![field("s", slice)]),
    ]);
    let values = Values::new(&types);
    let nil_slice = [0u64; 3];
    let make = |a: u64, c: u64| [a, word(slice), nil_slice.as_ptr() as u64, c];
    let (x, y, z) = (make(1, 1), make(2, 1), make(1, 2));
    let any = |value: &[u64; 4]| [word(pair), value.as_ptr() as u64];
    assert_eq!(equal(&values, any(&x), any(&y)), Ok(false));
    let why = Incomparable { ty: slice };
    assert_eq!(equal(&values, any(&x), any(&z)), Err(why));
    assert_eq!(why.comparing(&types), "comparing uncomparable type []int");
    assert_eq!(hash(&values, ANY, &any(&x)), Err(why));
    let holder = TypeId(7);
    let any = [word(holder), nil_slice.as_ptr() as u64];
    assert_eq!(equal(&values, any, any), Err(Incomparable { ty: holder }));
    assert!(!values.comparable(holder) && values.comparable(pair));
}

#[test]
fn deep_chains_of_interfaces_need_no_native_stack() {
    let link = TypeId(5);
    let types = types(vec![TypeKind::Struct(vec![
        field("n", INT),
        field("next", ANY),
    ])]);
    let values = Values::new(&types);
    let chain = |last: u64| {
        let mut links: Vec<Box<[u64; 3]>> = vec![Box::new([last, 0, 0])];
        for n in 0..500_000u64 {
            let next = links[links.len() - 1].as_ptr() as u64;
            links.push(Box::new([n, word(link), next]));
        }
        links
    };
    let (a, b, c) = (chain(1), chain(1), chain(2));
    let top = |links: &[Box<[u64; 3]>]| [word(link), links[links.len() - 1].as_ptr() as u64];
    assert_eq!(equal(&values, top(&a), top(&b)), Ok(true));
    assert_eq!(equal(&values, top(&a), top(&c)), Ok(false));
}

#[test]
fn large_arrays_are_compared_element_by_element() {
    let array = TypeId(5);
    let types = types(vec![TypeKind::Array(F32, 100)]);
    let values = Values::new(&types);
    let a = [1.0f32; 100];
    let mut b = a;
    let any = |value: &[f32; 100]| [word(array), value.as_ptr() as u64];
    assert_eq!(equal(&values, any(&a), any(&b)), Ok(true));
    b[99] = 2.0;
    assert_eq!(equal(&values, any(&a), any(&b)), Ok(false));
}

#[test]
fn names_are_those_of_go() {
    let mut types = types(vec![
        TypeKind::Slice(INT),
        TypeKind::Map(STRING, TypeId(5)),
        TypeKind::Chan(INT, true, false),
        TypeKind::Chan(TypeId(7), true, true),
        TypeKind::Chan(TypeId(7), false, true),
        TypeKind::Func(vec![INT, TypeId(5)], vec![ANY, STRING], true),
        TypeKind::Interface(vec![MethodId(0)]),
        TypeKind::Struct(vec![
            field("A", INT),
            Field {
                name: "string".into(),
                ty: STRING,
                embedded: true,
                tag: "json:\"s\"".into(),
            },
        ]),
        TypeKind::Array(TypeId(5), 3),
        TypeKind::Pointer(TypeId(13)),
    ]);
    types.methods.push(Method {
        name: "Get".into(),
        signature: TypeId(10),
    });
    let expected = [
        "int",
        "string",
        "float32",
        "interface {}",
        "uint8",
        "[]int",
        "map[string][]int",
        "<-chan int",
        "chan (<-chan int)",
        "chan<- <-chan int",
        "func(int, ...int) (interface {}, string)",
        "interface { Get(int, ...int) (interface {}, string) }",
        "struct { A int; string \"json:\\\"s\\\"\" }",
        "[3][]int",
        "*[3][]int",
    ];
    for (index, name) in expected.iter().enumerate() {
        assert_eq!(name::type_name(&types, TypeId(index as u32)), *name);
    }
}
