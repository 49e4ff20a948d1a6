//! Tests of the heap as its owner sees it.

use super::*;
use vo_bytecode::{Type, TypeId, TypeKind, Types};

/// Types 0: int, 1: *int, 2: struct of two pointers, 3: any, 4: string, 5: array of type 2.
fn types() -> Types {
    let ty = |kind| Type {
        name: String::new(),
        kind,
        methods: Vec::new(),
    };
    let field = |name: &str, ty| vo_bytecode::Field {
        name: name.into(),
        ty: TypeId(ty),
        embedded: false,
        tag: String::new(),
    };
    let kinds = vec![
        TypeKind::Int(vo_bytecode::IntKind::I64),
        TypeKind::Pointer(TypeId(0)),
        TypeKind::Struct(vec![field("l", 1), field("r", 1)]),
        TypeKind::Interface(Vec::new()),
        TypeKind::String,
        TypeKind::Array(TypeId(2), 3),
    ];
    Types {
        types: kinds.into_iter().map(ty).collect(),
        methods: Vec::new(),
    }
}

fn heap() -> Heap {
    heap_with(HeapConfig::default())
}

fn heap_with(config: HeapConfig) -> Heap {
    Heap::new(Arc::new(Layouts::new(&types())), config).unwrap()
}

#[test]
fn memory_is_zero_and_apart() {
    let mut heap = heap();
    let a = heap.alloc(LayoutId(1), 24).unwrap();
    let b = heap.alloc(LayoutId(1), 24).unwrap();
    assert_eq!(b as usize - a as usize, 32);
    // SAFETY: both have 24 bytes.
    unsafe {
        assert_eq!(std::slice::from_raw_parts(a, 24), [0; 24]);
        a.write_bytes(0xff, 24);
        assert_eq!(std::slice::from_raw_parts(b, 24), [0; 24]);
    }
}
