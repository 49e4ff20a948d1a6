//! Maps against a model, and the rules of iteration.

use super::*;
use crate::runtime::heap::{HeapConfig, Marker};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use vo_bytecode::{Field, IntKind, Type};

struct World {
    types: Types,
    maps: Maps,
    heap: Heap,
    /// What must survive collections.
    roots: Vec<*mut u8>,
    text: LayoutId,
}

const INT: TypeId = TypeId(0);
const STRING: TypeId = TypeId(1);
const F64: TypeId = TypeId(2);
const ANY: TypeId = TypeId(3);
const INTS: TypeId = TypeId(4);
const PAIR: TypeId = TypeId(5);
const BIG: TypeId = TypeId(6);
const NOTHING: TypeId = TypeId(7);
/// `map[K]int` is the type number of K plus this.
const MAPS: u32 = 9;

fn map_of(key: TypeId) -> TypeId {
    TypeId(key.0 + MAPS)
}

fn world() -> World {
    let field = |name: &str, ty| Field {
        name: name.into(),
        ty,
        embedded: false,
        tag: String::new(),
    };
    let mut kinds = vec![
        TypeKind::Int(IntKind::I64),
        TypeKind::String,
        TypeKind::F64,
        TypeKind::Interface(Vec::new()),
        TypeKind::Slice(INT),
        TypeKind::Struct(vec![field("a", STRING), field("_", INT), field("b", ANY)]),
        TypeKind::Array(STRING, 20),
        TypeKind::Struct(Vec::new()),
        TypeKind::F32,
    ];
    for key in 0..MAPS {
        kinds.push(TypeKind::Map(TypeId(key), INT));
    }
    let ty = |kind| Type {
        name: String::new(),
        kind,
        methods: Vec::new(),
    };
    let types = Types {
        types: kinds.into_iter().map(ty).collect(),
        methods: Vec::new(),
    };
    let mut layouts = Layouts::new(&types);
    let maps = Maps::new(&types, &mut layouts);
    let text = layouts.register(1, &[], &[]);
    let config = HeapConfig {
        hash_seed: 77,
        ..HeapConfig::default()
    };
    let heap = Heap::new(Arc::new(layouts), config).unwrap();
    World {
        types,
        maps,
        heap,
        roots: Vec::new(),
        text,
    }
}

impl World {
    fn map(&mut self, key: TypeId, hint: i64) -> *mut u8 {
        let map = self.maps.create(&mut self.heap, map_of(key), hint).unwrap();
        self.roots.push(map);
        map
    }

    fn set(&mut self, key_type: TypeId, map: *mut u8, key: &[u64], value: u64) {
        let ty = map_of(key_type);
        // SAFETY: the tests make valid keys for maps that are roots.
        unsafe { self.maps.set(&mut self.heap, ty, map, key, &[value]) }.unwrap();
    }

    fn get(&self, key_type: TypeId, map: *const u8, key: &[u64]) -> Option<u64> {
        // SAFETY: as above.
        let found = unsafe { self.maps.get(map_of(key_type), map, key) };
        // SAFETY: a value is one word.
        found.unwrap().map(|value| unsafe { *value })
    }

    fn delete(&self, key_type: TypeId, map: *mut u8, key: &[u64]) {
        // SAFETY: as above.
        unsafe { self.maps.delete(map_of(key_type), map, key) }.unwrap();
    }

    fn iter(&mut self, key_type: TypeId, map: *const u8) -> *mut u8 {
        // SAFETY: as above.
        let iter = unsafe { self.maps.iter_new(&mut self.heap, map_of(key_type), map) };
        self.roots.push(iter.unwrap());
        iter.unwrap()
    }

    fn next(&self, iter: *mut u8) -> Option<(Vec<u64>, u64)> {
        // SAFETY: iterators are roots, and the entry is copied at once.
        let entry = unsafe { self.maps.iter_next(iter) }?;
        Some((entry.key.to_vec(), entry.value[0]))
    }

    fn all(&mut self, key_type: TypeId, map: *const u8) -> Vec<(Vec<u64>, u64)> {
        let iter = self.iter(key_type, map);
        std::iter::from_fn(|| self.next(iter)).collect()
    }

    fn collect(&mut self) {
        let roots = &self.roots;
        let mark = |marker: &mut Marker<'_>| roots.iter().for_each(|root| marker.mark_ref(*root));
        self.heap.collect(mark);
        self.heap.verify().unwrap();
    }

    /// A new string object: pointer and length.
    fn string(&mut self, text: &str) -> [u64; 2] {
        let at = self.heap.alloc(self.text, text.len()).unwrap();
        // SAFETY: as many bytes were allocated.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), at, text.len()) };
        [at as u64, text.len() as u64]
    }

    /// A value in memory form: words in a new object of that type.
    fn boxed(&mut self, ty: TypeId, words: &[u64]) -> u64 {
        let layout = self.heap.layouts().of(ty);
        let at = self.heap.alloc(layout, words.len() * 8).unwrap();
        // SAFETY: as many words were allocated.
        unsafe { ptr::copy_nonoverlapping(words.as_ptr(), at.cast(), words.len()) };
        at as u64
    }

    fn any_string(&mut self, text: &str) -> [u64; 2] {
        let string = self.string(text);
        [u64::from(STRING.0) + 1, self.boxed(STRING, &string)]
    }
}

fn any_int(value: u64) -> [u64; 2] {
    [u64::from(INT.0) + 1, value]
}

fn any_float(value: f64) -> [u64; 2] {
    [u64::from(F64.0) + 1, value.to_bits()]
}

/// A key of that type for a number; equal for equal numbers, in new objects each time.
fn key(world: &mut World, ty: TypeId, number: u64) -> Vec<u64> {
    let text = format!("key {}", number * 7919);
    match ty {
        INT => vec![number.wrapping_mul(0x1_0000_0000)],
        STRING => world.string(&text).to_vec(),
        F64 => vec![(number as f64 / 8.0).to_bits()],
        ANY => match number % 4 {
            0 => vec![0, 0],
            1 => any_int(number).to_vec(),
            2 => any_float(number as f64).to_vec(),
            _ => world.any_string(&text).to_vec(),
        },
        PAIR => {
            let mut words = world.string(&text).to_vec();
            // The blank field is not part of the key.
            words.push(world.heap.bytes_in_use() as u64);
            words.extend(any_int(number));
            words
        }
        BIG => {
            let mut words = Vec::new();
            for i in 0..20 {
                words.extend(world.string(&format!("{text} {i}")));
            }
            vec![world.boxed(BIG, &words)]
        }
        _ => Vec::new(),
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Random operations on a map with such keys, and the same on a model.
fn against_model(ty: TypeId, seed: u64, steps: usize, keys: u64) {
    let mut world = world();
    let mut random = Random(seed);
    let map = world.map(ty, random.below(40) as i64 - 8);
    let mut model: HashMap<u64, u64> = HashMap::new();
    // Interfaces of numbers divisible by four are all nil.
    let name = |number: u64| {
        if ty == ANY && number.is_multiple_of(4) {
            0
        } else {
            number
        }
    };
    for step in 0..steps {
        let number = name(random.below(keys));
        let words = key(&mut world, ty, number);
        match random.below(10) {
            0..5 => {
                world.set(ty, map, &words, step as u64);
                model.insert(number, step as u64);
            }
            5..8 => {
                world.delete(ty, map, &words);
                model.remove(&number);
            }
            _ => assert_eq!(world.get(ty, map, &words), model.get(&number).copied()),
        }
        // SAFETY: the map is a root.
        unsafe {
            if random.below(steps as u64) < 3 {
                Maps::clear(map);
                model.clear();
            }
            assert_eq!(Maps::len(map), model.len());
        }
        if step % 500 == 0 {
            world.collect();
        }
    }
    let mut values: Vec<u64> = world
        .all(ty, map)
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    let mut expected: Vec<u64> = model.values().copied().collect();
    values.sort_unstable();
    expected.sort_unstable();
    assert_eq!(values, expected);
    for number in 0..keys {
        let words = key(&mut world, ty, number);
        let expected = model.get(&name(number)).copied();
        assert_eq!(world.get(ty, map, &words), expected);
    }
}

#[test]
fn maps_of_every_kind_of_key_behave_as_the_model() {
    for ty in [INT, STRING, F64, ANY, PAIR, BIG] {
        for (seed, keys) in [(1, 5), (2, 12), (3, 100), (4, 3000)] {
            against_model(ty, seed, 4000, keys);
        }
    }
}

#[test]
fn entries_come_in_the_order_of_insertion() {
    let mut world = world();
    let map = world.map(INT, 0);
    for number in 0..1000 {
        world.set(INT, map, &[number * 7 % 1000], number);
    }
    let order: Vec<u64> = world
        .all(INT, map)
        .iter()
        .map(|(_, value)| *value)
        .collect();
    assert!(order.iter().copied().eq(0..1000));
}

#[test]
fn keys_without_words_are_all_equal() {
    let mut world = world();
    let map = world.map(NOTHING, 0);
    assert_eq!(world.get(NOTHING, map, &[]), None);
    world.set(NOTHING, map, &[], 1);
    world.set(NOTHING, map, &[], 2);
    assert_eq!(world.all(NOTHING, map), [(vec![], 2)]);
}

#[test]
fn nil_maps_are_empty() {
    let mut world = world();
    let nil = ptr::null_mut();
    assert_eq!(world.get(INT, nil, &[1]), None);
    world.delete(INT, nil, &[1]);
    assert!(world.all(INT, nil).is_empty());
    // SAFETY: nil is allowed.
    unsafe {
        Maps::clear(nil);
        assert_eq!(Maps::len(nil), 0);
    }
}

#[test]
fn float_keys_follow_equality() {
    let mut world = world();
    let map = world.map(F64, 0);
    world.set(F64, map, &[0.0f64.to_bits()], 1);
    world.set(F64, map, &[(-0.0f64).to_bits()], 2);
    assert_eq!(world.get(F64, map, &[0]), Some(2));
    // Go replaces the key, too.
    assert_eq!(world.all(F64, map), [(vec![(-0.0f64).to_bits()], 2)]);
    let nan = [f64::NAN.to_bits()];
    for i in 0..1000 {
        world.set(F64, map, &nan, i);
    }
    assert_eq!(world.get(F64, map, &nan), None);
    world.delete(F64, map, &nan);
    assert_eq!(world.all(F64, map).len(), 1001);
    // SAFETY: the map is a root.
    unsafe { Maps::clear(map) };
    assert!(world.all(F64, map).is_empty());
}

#[test]
fn interface_keys_tell_types_apart() {
    let mut world = world();
    let map = world.map(ANY, 0);
    world.set(ANY, map, &any_int(1), 10);
    world.set(ANY, map, &any_float(1.0), 20);
    world.set(ANY, map, &[0, 0], 30);
    assert_eq!(world.get(ANY, map, &any_int(1)), Some(10));
    assert_eq!(world.get(ANY, map, &any_float(1.0)), Some(20));
    assert_eq!(world.get(ANY, map, &[0, 0]), Some(30));
    let nan = any_float(f64::NAN);
    world.set(ANY, map, &nan, 40);
    world.set(ANY, map, &nan, 50);
    assert_eq!(world.get(ANY, map, &nan), None);
    assert_eq!(world.all(ANY, map).len(), 5);
}

#[test]
fn unhashable_keys_are_an_error_even_in_empty_and_nil_maps() {
    let mut world = world();
    let map = world.map(ANY, 0);
    let slice = world.boxed(INTS, &[0, 0, 0]);
    let bad = [u64::from(INTS.0) + 1, slice];
    let ty = map_of(ANY);
    // SAFETY: a valid interface, and a live map.
    unsafe {
        let why = Incomparable { ty: INTS };
        assert_eq!(world.maps.get(ty, map, &bad), Err(why));
        assert_eq!(world.maps.get(ty, ptr::null(), &bad), Err(why));
        assert_eq!(world.maps.delete(ty, map, &bad), Err(why));
        let set = world.maps.set(&mut world.heap, ty, map, &bad, &[1]);
        assert_eq!(set, Err(MapError::Unhashable(why)));
        assert_eq!(why.hashing(&world.types), "hash of unhashable type []int64");
        assert_eq!(Maps::len(map), 0);
    }
}

/// While a map is walked, random keys are set and deleted: no key that was there all the time
/// is missed, none that was not is produced, none twice but after a new insertion.
fn walk_and_change(ty: TypeId, seed: u64) {
    let mut world = world();
    let mut random = Random(seed);
    let map = world.map(ty, 0);
    let keys = 1 + random.below(60);
    let mut present = HashSet::new();
    for number in 0..keys {
        if random.below(4) > 0 {
            let words = key(&mut world, ty, number);
            world.set(ty, map, &words, number);
            present.insert(number);
        }
    }
    let iter = world.iter(ty, map);
    let mut steady = present.clone();
    let mut fresh: HashSet<u64> = present.clone();
    loop {
        for _ in 0..random.below(8) {
            let number = random.below(keys * 3);
            let words = key(&mut world, ty, number);
            match random.below(12) {
                0..6 => {
                    world.set(ty, map, &words, number);
                    if present.insert(number) {
                        fresh.insert(number);
                    }
                }
                6..11 => {
                    world.delete(ty, map, &words);
                    present.remove(&number);
                    steady.remove(&number);
                }
                _ if random.below(10) == 0 => {
                    // SAFETY: the map is a root.
                    unsafe { Maps::clear(map) };
                    present.clear();
                    steady.clear();
                }
                _ => world.collect(),
            }
        }
        let Some((words, number)) = world.next(iter) else {
            break;
        };
        assert!(present.contains(&number), "a deleted entry was produced");
        assert!(fresh.remove(&number), "an entry was produced twice");
        steady.remove(&number);
        let same = key(&mut world, ty, number);
        // SAFETY: both are valid keys.
        let equal = unsafe {
            world
                .maps
                .values()
                .slots_eq(ty, words.as_ptr(), same.as_ptr())
        };
        assert_eq!(equal, Ok(true));
    }
    assert!(steady.is_empty(), "an entry was missed");
    assert_eq!(world.next(iter), None);
}

#[test]
fn iteration_is_right_while_the_map_changes() {
    for seed in 0..300 {
        walk_and_change(INT, seed);
        walk_and_change(STRING, seed);
    }
    for seed in 0..30 {
        walk_and_change(BIG, seed);
    }
}

#[test]
fn nans_are_walked_over_after_growth_but_not_after_clear() {
    let mut world = world();
    let map = world.map(F64, 0);
    let nan = [f64::NAN.to_bits()];
    for value in 0..4 {
        world.set(F64, map, &nan, value);
    }
    let (grown, cleared) = (world.iter(F64, map), world.iter(F64, map));
    for value in 4..50 {
        world.set(F64, map, &nan, value);
    }
    for value in 0..4 {
        assert_eq!(world.next(grown).unwrap().1, value);
    }
    assert_eq!(world.next(grown), None);
    // SAFETY: the map is a root.
    unsafe { Maps::clear(map) };
    world.set(F64, map, &nan, 9);
    assert_eq!(world.next(cleared), None);
}

#[test]
fn a_loop_that_deletes_and_sets_its_key_ends() {
    let mut world = world();
    for size in [1, 3, 20] {
        let map = world.map(INT, 0);
        (0..size).for_each(|number| world.set(INT, map, &[number], 0));
        let iter = world.iter(INT, map);
        let mut rounds = 0;
        while let Some((words, _)) = world.next(iter) {
            world.delete(INT, map, &words);
            world.set(INT, map, &words, 0);
            rounds += 1;
        }
        assert!(rounds <= 2 * size);
    }
}

#[test]
fn churn_needs_no_more_memory() {
    let mut world = world();
    let map = world.map(INT, 0);
    for number in 0..200_000 {
        world.set(INT, map, &[number], number);
        if number >= 10 {
            world.delete(INT, map, &[number - 10]);
        }
        if world.heap.should_collect() {
            world.collect();
        }
    }
    world.collect();
    assert!(world.heap.stats().live < 4096);
}

#[test]
fn huge_hints_are_not_heeded_and_the_limit_is_an_error() {
    let mut world = world();
    for hint in [i64::MIN, -1, i64::MAX, 1 << 40] {
        let map = world.map(INT, hint);
        world.set(INT, map, &[1], 2);
        assert_eq!(world.get(INT, map, &[1]), Some(2));
    }
    let layouts = world.heap.layouts().clone();
    let config = HeapConfig {
        max_heap: 100_000,
        ..HeapConfig::default()
    };
    let mut heap = Heap::new(layouts, config).unwrap();
    let ty = map_of(INT);
    let map = world.maps.create(&mut heap, ty, 0).unwrap();
    let mut count = 0;
    // SAFETY: a live map of the heap, which is not collected.
    unsafe {
        while world
            .maps
            .set(&mut heap, ty, map, &[count], &[count])
            .is_ok()
        {
            count += 1;
        }
        assert!(count > 500);
        assert_eq!(Maps::len(map), count as usize);
        for number in 0..count {
            let value = world.maps.get(ty, map, &[number]).unwrap().unwrap();
            assert_eq!(*value, number);
        }
    }
    heap.verify().unwrap();
}
