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

/// The layouts of [`types`].
const INT: LayoutId = LayoutId(1);
const POINTER: LayoutId = LayoutId(2);
const PAIR: LayoutId = LayoutId(3);
const ANY: LayoutId = LayoutId(4);
const STRING: LayoutId = LayoutId(5);

fn store(object: *mut u8, word: usize, value: u64) {
    // SAFETY: the tests name words that their objects have.
    unsafe { object.cast::<u64>().add(word).write(value) }
}

fn load(object: *const u8, word: usize) -> u64 {
    // SAFETY: as above.
    unsafe { object.cast::<u64>().add(word).read() }
}

/// A seeded source of choices (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// An object of the model: where its references are and to which object (and offset) they lead.
struct Node {
    at: *mut u8,
    layout: LayoutId,
    bytes: usize,
    edges: Vec<(usize, usize)>,
    mark: u64,
}

impl Node {
    fn counted_bytes(&self) -> usize {
        let noscan = self.layout == INT;
        class_of(self.bytes, noscan).map_or_else(|| large_bytes(self.bytes), cell_bytes)
    }
}

#[derive(Default)]
struct Model {
    nodes: Vec<Node>,
    roots: Vec<(usize, usize)>,
}

impl Model {
    fn add(&mut self, heap: &mut Heap, random: &mut Random) {
        let layout = [INT, POINTER, PAIR, ANY, STRING][random.below(5)];
        let elements = match random.below(100) {
            0 => random.below(20_000) + 1,
            1..10 => random.below(500) + 1,
            _ => random.below(6) + 1,
        };
        let words = if layout == INT || layout == POINTER {
            1
        } else {
            2
        };
        let bytes = elements * words * 8;
        let at = heap.alloc(layout, bytes).unwrap();
        for word in 0..bytes / 8 {
            assert_eq!(load(at, word), 0, "memory given out is zero");
        }
        let mark = self.nodes.len() as u64 | 1 << 60;
        if layout == INT {
            store(at, 0, mark);
        }
        self.nodes.push(Node {
            at,
            layout,
            bytes,
            edges: Vec::new(),
            mark,
        });
    }

    /// Lets some word of an object refer to some byte of another, its end included.
    fn link(&mut self, random: &mut Random) {
        let (from, to) = (
            random.below(self.nodes.len()),
            random.below(self.nodes.len()),
        );
        let target = self.nodes[to].at as u64 + random.below(self.nodes[to].bytes + 1) as u64;
        let node = &mut self.nodes[from];
        let words = node.bytes / 8;
        let word = match node.layout {
            POINTER | PAIR => random.below(words),
            STRING => random.below(words / 2) * 2,
            ANY => {
                let word = random.below(words / 2) * 2;
                // A pointer's type word, or an int's: then the data is no reference.
                let is_ref = random.below(2) == 0;
                store(node.at, word, if is_ref { 2 } else { 1 });
                store(node.at, word + 1, target);
                node.edges.retain(|(at, _)| *at != word + 1);
                if !is_ref {
                    return;
                }
                word + 1
            }
            _ => return,
        };
        store(node.at, word, target);
        node.edges.retain(|(at, _)| *at != word);
        node.edges.push((word, to));
    }

    /// Drops what the roots do not reach.
    fn drop_unreachable(&mut self) {
        let mut reached = vec![false; self.nodes.len()];
        let mut open: Vec<usize> = self.roots.iter().map(|(node, _)| *node).collect();
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut reached[node], true) {
                open.extend(self.nodes[node].edges.iter().map(|(_, to)| *to));
            }
        }
        let mut moved = vec![usize::MAX; self.nodes.len()];
        let mut count = 0;
        for (old, reached) in reached.iter().enumerate() {
            if *reached {
                moved[old] = count;
                count += 1;
            }
        }
        let mut index = 0;
        self.nodes.retain_mut(|node| {
            index += 1;
            node.edges.iter_mut().for_each(|(_, to)| *to = moved[*to]);
            reached[index - 1]
        });
        self.roots
            .iter_mut()
            .for_each(|(node, _)| *node = moved[*node]);
    }

    fn check(&self, heap: &Heap) {
        heap.verify().unwrap();
        let mut bytes = 0;
        for node in &self.nodes {
            bytes += node.counted_bytes();
            if node.layout == INT {
                assert_eq!(load(node.at, 0), node.mark);
            }
            for (word, to) in &node.edges {
                let target = &self.nodes[*to];
                let offset = load(node.at, *word) - target.at as u64;
                assert!(offset <= target.bytes as u64);
            }
        }
        assert_eq!(
            heap.stats().live,
            bytes,
            "exactly what is reachable survives"
        );
    }
}

fn random_graph(seed: u64, rounds: usize) {
    let mut random = Random(seed);
    let mut heap = heap();
    let mut model = Model::default();
    for _ in 0..rounds {
        for _ in 0..random.below(2000) + 1 {
            model.add(&mut heap, &mut random);
        }
        for _ in 0..model.nodes.len() {
            model.link(&mut random);
        }
        let roots = random.below(20);
        model.roots.truncate(random.below(10));
        for _ in 0..roots {
            let node = random.below(model.nodes.len());
            model
                .roots
                .push((node, random.below(model.nodes[node].bytes + 1)));
        }
        heap.verify().unwrap();
        heap.collect(|marker| {
            for (node, offset) in &model.roots {
                marker.mark_ref(model.nodes[*node].at.wrapping_add(*offset));
            }
        });
        model.drop_unreachable();
        model.check(&heap);
        if model.nodes.is_empty() {
            model.roots.clear();
        }
    }
}

#[test]
fn exactly_the_reachable_objects_survive() {
    let seeds = if cfg!(debug_assertions) { 6 } else { 40 };
    for seed in 0..seeds {
        random_graph(seed, 12);
    }
}

#[test]
fn heaps_in_several_threads_do_not_meet() {
    std::thread::scope(|scope| {
        for seed in 100..104 {
            scope.spawn(move || random_graph(seed, 6));
        }
    });
}

#[test]
fn interior_and_past_the_end_references_keep_alive() {
    for bytes in [
        8,
        16,
        120,
        128,
        4096,
        MAX_SMALL,
        MAX_SMALL + 1,
        1 << 20,
        3 << 20,
    ] {
        for layout in [INT, POINTER] {
            let mut heap = heap();
            let objects: Vec<_> = (0..9).map(|_| heap.alloc(layout, bytes).unwrap()).collect();
            let one = heap.stats().in_use / 9;
            for at in [0, 1, bytes / 2, bytes - 1, bytes] {
                heap.collect(|marker| marker.mark_ref(objects[4].wrapping_add(at)));
                assert_eq!(heap.stats().live, one, "{bytes} at {at}");
                heap.verify().unwrap();
            }
        }
    }
}

#[test]
fn null_static_and_foreign_addresses_are_passed_over() {
    static TEXT: [u8; 4] = *b"text";
    let mut heap = heap();
    let object = heap.alloc(PAIR, 16).unwrap();
    store(object, 0, TEXT.as_ptr() as u64);
    store(object, 1, u64::MAX);
    heap.collect(|marker| {
        marker.mark_ref(ptr::null());
        marker.mark_ref(TEXT.as_ptr());
        marker.mark_ref(object);
    });
    assert_eq!(heap.stats().live, 24);
    heap.verify().unwrap();
}

#[test]
fn long_lists_and_wide_arrays_need_no_native_stack() {
    let mut heap = heap();
    let mut list = ptr::null_mut::<u8>();
    for _ in 0..1_000_000 {
        let cell = heap.alloc(PAIR, 16).unwrap();
        store(cell, 0, list as u64);
        list = cell;
    }
    let wide = heap.alloc(POINTER, 8 * 300_000).unwrap();
    for i in 0..300_000 {
        let leaf = heap.alloc(POINTER, 8).unwrap();
        store(wide, i, leaf as u64);
    }
    heap.collect(|marker| {
        marker.mark_ref(list);
        marker.mark_ref(wide);
    });
    let expected = 24 * 1_000_000 + 16 * 300_000 + large_bytes(8 * 300_000);
    assert_eq!(heap.stats().live, expected);
    assert!(heap.stack.is_small(), "a wide array is scanned in pieces");
    heap.collect(|_| {});
    assert_eq!(heap.stats().live, 0);
}

#[test]
fn freed_memory_is_used_again() {
    let mut heap = heap();
    let keep = heap.alloc(PAIR, 16).unwrap();
    for round in 0..50 {
        for i in 0..40_000 {
            let bytes = [8, 16, 104, 1000, 4096, 40_000][if i % 600 == 0 { 5 } else { i % 5 }];
            let object = heap
                .alloc(if i % 2 == 0 { INT } else { POINTER }, bytes)
                .unwrap();
            store(
                object,
                bytes / 8 - 1,
                if i % 2 == 0 { !0 } else { keep as u64 },
            );
            if heap.should_collect() {
                heap.collect(|marker| marker.mark_ref(keep));
            }
        }
        heap.verify().unwrap();
        let stats = heap.stats();
        assert!(stats.held < 16 << 20, "round {round}: {stats:?}");
        assert!(stats.peak < 8 << 20, "round {round}: {stats:?}");
    }
}

#[test]
fn memory_returns_to_the_system() {
    let mut heap = heap();
    for _ in 0..500_000 {
        heap.alloc(INT, 200).unwrap();
    }
    heap.alloc(INT, 50 << 20).unwrap();
    assert!(heap.stats().held > 150 << 20);
    heap.collect(|_| {});
    assert!(heap.stats().held < 8 << 20);
    heap.verify().unwrap();
    assert_eq!(heap.bytes_in_use(), 0);
}

#[test]
fn segments_of_a_dropped_heap_are_zero_for_the_next() {
    for _ in 0..20 {
        let mut heap = heap();
        for bytes in [16, 5000, 1 << 20] {
            for _ in 0..100 {
                let object = heap.alloc(INT, bytes).unwrap();
                assert_eq!(load(object, bytes / 8 - 1), 0);
                // SAFETY: the object has as many bytes.
                unsafe { object.write_bytes(0xaa, bytes) };
            }
        }
    }
}

#[test]
fn the_limit_is_an_error_and_garbage_makes_room() {
    let max_heap = 1 << 20;
    let mut heap = heap_with(HeapConfig {
        max_heap,
        ..HeapConfig::default()
    });
    assert_eq!(heap.alloc(INT, max_heap), Err(OutOfMemory));
    assert_eq!(heap.alloc(INT, usize::MAX), Err(OutOfMemory));
    assert_eq!(heap.alloc(INT, usize::MAX / 2), Err(OutOfMemory));
    let mut count = 0;
    while heap.alloc(PAIR, 16).is_ok() {
        count += 1;
    }
    assert_eq!(count, max_heap / 24);
    assert_eq!(heap.alloc(PAIR, 16), Err(OutOfMemory));
    assert!(heap.should_collect());
    assert!(heap.stats().in_use <= max_heap);
    heap.collect(|_| {});
    assert!(!heap.should_collect());
    heap.alloc(PAIR, 16).unwrap();
    heap.verify().unwrap();
}

#[test]
fn a_collection_is_wanted_when_the_heap_has_grown_by_its_percentage() {
    let mut heap = heap();
    let mut list = ptr::null_mut::<u8>();
    for _ in 0..1_000_000 {
        let cell = heap.alloc(PAIR, 16).unwrap();
        store(cell, 0, list as u64);
        list = cell;
    }
    assert!(heap.should_collect());
    heap.collect(|marker| marker.mark_ref(list));
    let live = heap.stats().live;
    while !heap.should_collect() {
        heap.alloc(PAIR, 16).unwrap();
    }
    let grown = live + live * HeapConfig::default().gc_percent / 100;
    assert!(heap.bytes_in_use() >= grown - BLOCK_BYTES);
    assert!(heap.bytes_in_use() <= grown);
}

#[test]
fn attached_state_goes_on_where_the_own_one_was() {
    let mut hot = Box::<AllocHot>::default();
    let mut heap = heap();
    let a = heap.alloc(PAIR, 16).unwrap();
    let place = NonNull::from(&mut *hot);
    // SAFETY: the box outlives the heap and is not touched but through `place`.
    unsafe { heap.attach(place) };
    let b = heap.alloc(PAIR, 16).unwrap();
    assert_eq!(b as usize - a as usize, 24);
    let class = class_of(16, false).unwrap();
    // SAFETY: as native code does it: the heap does not run meanwhile.
    let c = unsafe {
        let run = &mut (*place.as_ptr()).classes[class];
        let cell = run.next;
        run.next = cell.add(cell_bytes(class));
        cell.cast::<u64>().write(u64::from(PAIR.0));
        cell.add(HEADER_BYTES)
    };
    store(c, 0, a as u64);
    heap.verify().unwrap();
    assert_eq!(heap.stats().in_use, 72);
    heap.collect(|marker| marker.mark_ref(c));
    assert_eq!(heap.stats().live, 48);
    drop(heap);
}

/// Payload: a count, then as many references.
///
/// # Safety
/// As for [`TraceFn`].
unsafe fn trace_counted(payload: *mut u8, bytes: usize, marker: &mut Marker<'_>) {
    let count = load(payload, 0) as usize;
    assert!(count < bytes / 8);
    for i in 0..count {
        marker.mark_ref(load(payload, 1 + i) as *const u8);
    }
}

#[test]
fn registered_layouts_are_traced() {
    let mut layouts = Layouts::new(&types());
    let counted = layouts.register_custom(trace_counted);
    let entry = layouts.register(40, &[8], &[16]);
    let big = layouts.register(800, &[0, 792], &[80]);
    let mut heap = Heap::new(Arc::new(layouts), HeapConfig::default()).unwrap();
    for count in [3, 10_000] {
        let holder = heap.alloc(counted, 16 + count * 8).unwrap();
        for i in 0..=count {
            let leaf = heap.alloc(INT, 8).unwrap();
            store(holder, 1 + i, leaf as u64);
        }
        store(holder, 0, count as u64);
        heap.collect(|marker| marker.mark_ref(holder));
        let bytes = 16 + count * 8;
        let own = class_of(bytes, false).map_or_else(|| large_bytes(bytes), cell_bytes);
        assert_eq!(heap.stats().live, own + count * 16);
        heap.verify().unwrap();
        heap.collect(|_| {});
    }
    for (layout, size, refs, iface) in [(entry, 5, [1, 6], 2), (big, 100, [0, 199], 10)] {
        let holder = heap.alloc(layout, size * 8 * 3).unwrap();
        for word in refs {
            let leaf = heap.alloc(INT, 24).unwrap();
            store(holder, word, leaf as u64);
        }
        let leaf = heap.alloc(INT, 24).unwrap();
        store(holder, size + iface, 2);
        store(holder, size + iface + 1, leaf as u64);
        heap.alloc(INT, 24).unwrap();
        heap.collect(|marker| marker.mark_ref(holder));
        let own = cell_bytes(class_of(size * 8 * 3, false).unwrap());
        assert_eq!(heap.stats().live, own + 3 * 32);
        heap.verify().unwrap();
    }
}

#[test]
fn slots_are_marked_by_their_types() {
    use vo_bytecode::SlotTy::*;
    let mut heap = heap();
    let objects: Vec<u64> = (0..5).map(|_| heap.alloc(INT, 8).unwrap() as u64).collect();
    let slots = [
        objects[0], objects[1], 2, objects[2], 1, objects[3], 0, objects[4],
    ];
    let types = [
        Ref, I64, IfaceType, IfaceData, IfaceType, IfaceData, IfaceType, IfaceData,
    ];
    heap.collect(|marker| marker.mark_slots(&slots, &types));
    assert_eq!(heap.stats().live, 2 * 16);
}

#[test]
fn the_verifier_sees_what_is_wrong() {
    let mut heap = heap();
    let object = heap.alloc(POINTER, 8).unwrap();
    store(object, 0, object as u64 + 64);
    assert!(heap.verify().unwrap_err().to_string().contains("free cell"));
    store(object, 0, 0);
    heap.verify().unwrap();
    let other = heap_with(HeapConfig::default()).alloc(INT, 8).unwrap();
    store(object, 0, other as u64);
    heap.verify().unwrap_err();
    store(object, 0, 0);
    store(object, 2, 7);
    assert!(heap.verify().unwrap_err().to_string().contains("not zero"));
    store(object, 2, 0);
    // SAFETY: the header lies before the payload.
    unsafe { object.sub(8).cast::<u64>().write(999) };
    assert!(
        heap.verify()
            .unwrap_err()
            .to_string()
            .contains("bad header")
    );
}

#[test]
fn rows_of_arrays_have_their_elements_layout() {
    let layouts = Layouts::new(&types());
    assert_eq!(layouts.of(TypeId(5)), PAIR);
    assert!(layouts.noscan(INT) && !layouts.noscan(PAIR));
    assert!(!layouts.word_is_ref(0) && !layouts.word_is_ref(1));
    assert!(layouts.word_is_ref(2) && layouts.word_is_ref(5) && !layouts.word_is_ref(1 << 40));
}
