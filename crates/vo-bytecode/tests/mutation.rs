//! Damaged modules: the binary form notices each change, and nothing that it lets through (with
//! the checksum made right again) makes the verifier or the printer panic.

mod common;

use common::*;
use proptest::prelude::*;
use vo_bytecode::binary::{DecodeError, decode, encode};
use vo_bytecode::verify::verify;
use vo_bytecode::{Inst, Module, TypeId, text};

/// Where the payload begins, and where its checksum stands.
const HEADER: usize = 28;
const CHECKSUM: std::ops::Range<usize> = 24..28;

#[test]
fn every_changed_byte_is_noticed() {
    let mut bytes = encode(&everything());
    for at in 0..bytes.len() {
        for change in [1, 0x80, 0xff] {
            bytes[at] ^= change;
            let error = decode(&bytes).expect_err("a change was not noticed");
            bytes[at] ^= change;
            let right = match at {
                0..8 => matches!(error, DecodeError::NotAModule),
                8..12 => matches!(error, DecodeError::Version { .. }),
                12..16 => matches!(error, DecodeError::OtherInstructions),
                16..24 => matches!(error, DecodeError::Length { .. }),
                _ => matches!(error, DecodeError::Checksum),
            };
            assert!(right, "byte {at}: {error}");
        }
    }
    assert_eq!(decode(&bytes), Ok(everything()));
}

#[test]
fn every_cut_and_extension_is_noticed() {
    let mut bytes = encode(&everything());
    for end in 0..bytes.len() {
        let error = decode(&bytes[..end]).expect_err("a cut was not noticed");
        let right = match end {
            0 => matches!(error, DecodeError::NotAModule),
            1..HEADER => matches!(error, DecodeError::ShortHeader),
            _ => matches!(error, DecodeError::Length { .. }),
        };
        assert!(right, "cut at {end}: {error}");
    }
    bytes.push(0);
    assert!(matches!(decode(&bytes), Err(DecodeError::Length { .. })));
    // Also where length and checksum are made right.
    let payload = bytes.split_off(HEADER);
    bytes[16..24].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    let error = decode(&seal(bytes, &payload)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the module is malformed: 1 bytes follow the module"
    );
}

/// Header and payload with the right checksum.
fn seal(mut header: Vec<u8>, payload: &[u8]) -> Vec<u8> {
    header[CHECKSUM].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    header.extend_from_slice(payload);
    header
}

/// Verifies, and does with a module what other rooms do with it: all without a panic.
fn exercise(module: &Module) {
    let valid = verify(module).is_ok();
    let printed = text::print(module);
    if !valid {
        return;
    }
    assert_eq!(text::parse(&printed).as_ref(), Ok(module));
    for id in (0..module.types.types.len() as u32).map(TypeId) {
        let layout = module.types.layout(id);
        let slots = module.types.slots(id);
        assert!(layout.size <= 1 << 30);
        assert_eq!(module.types.parts(id).is_none(), module.types.in_memory(id));
        assert_eq!(
            module.types.fits_word(id),
            slots.len() == 1 && !module.types.in_memory(id)
        );
    }
    for function in &module.functions {
        for at in 0..function.code.len() {
            let seen = |slot: vo_bytecode::Slot| assert!(slot.index() < function.slots.len());
            function.reads(at, seen);
            function.writes(at, seen);
        }
    }
}

#[test]
fn hostile_lengths_do_not_allocate() {
    let mut header = encode(&Module::default());
    header.truncate(HEADER);
    // Every prefix of a module, followed by the largest length there is.
    let whole = encode(&everything());
    for end in HEADER..whole.len() {
        let mut payload = whole[HEADER..end].to_vec();
        payload.extend([0xff; 9]);
        payload.push(1);
        let mut header = header.clone();
        header[16..24].copy_from_slice(&(payload.len() as u64).to_le_bytes());
        if let Ok(module) = decode(&seal(header, &payload)) {
            exercise(&module);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_sealed_payload_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut header = encode(&everything());
        let mut payload = header.split_off(HEADER);
        for (at, byte) in changes {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        if let Ok(module) = decode(&seal(header, &payload)) {
            exercise(&module);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes).is_err());
        let mut header = encode(&Module::default());
        header.truncate(HEADER);
        header[16..24].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        if let Ok(module) = decode(&seal(header, &bytes)) {
            exercise(&module);
        }
    }

    #[test]
    fn no_instruction_panics_the_verifier(
        changes in prop::collection::vec((any::<prop::sample::Index>(), instruction()), 1..3),
    ) {
        let mut module = everything();
        for (at, inst) in changes {
            let count = module.functions.iter().map(|f| f.code.len()).sum();
            *nth(&mut module, at.index(count)) = inst;
        }
        exercise(&module);
    }

    #[test]
    fn no_types_panic_the_verifier(
        changes in prop::collection::vec((any::<prop::sample::Index>(), kind()), 1..4),
    ) {
        let mut module = everything();
        // Without code, more changes of types are valid.
        module.functions.clear();
        module.entry = None;
        module.types.types.iter_mut().for_each(|ty| ty.methods.clear());
        for (at, kind) in changes {
            let at = at.index(module.types.types.len());
            module.types.types[at].kind = kind;
        }
        exercise(&module);
    }

    #[test]
    fn no_module_panics_the_verifier(module in module()) {
        exercise(&module);
    }
}

fn nth(module: &mut Module, at: usize) -> &mut Inst {
    let mut code = module.functions.iter_mut().flat_map(|f| &mut f.code);
    code.nth(at).expect("the index is below the count")
}
