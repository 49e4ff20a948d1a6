//! Operations on maps.

use super::emit::Emitter;
use crate::cfg::BlockId;
use crate::runtime::helpers::{Helper, MAP_PANIC};
use crate::runtime::map::key::KeyKind;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use vo_bytecode::{BinOp, Inst, Slot, SlotTy, TypeId};

/// What a helper that looks up a key gives.
struct Lookup {
    /// The address of the value.
    address: Value,
    /// Whether the key may have no equality.
    may_panic: bool,
}

impl Emitter<'_, '_, '_> {
    pub fn map_get(
        &mut self,
        vals: &[Slot],
        ok: Option<Slot>,
        ty: TypeId,
        map: Slot,
        key: &[Slot],
    ) {
        let lookup = self.look_up(
            [Helper::MapGetWord, Helper::MapGetStr, Helper::MapGet],
            ty,
            map,
            key,
        );
        let found = lookup.address;
        if lookup.may_panic {
            let failed = self.raw.b.ins().icmp_imm_s(IntCC::Equal, found, MAP_PANIC);
            self.check_status(failed);
        }
        let (there, absent, join) = (self.raw.block(), self.raw.block(), self.raw.block());
        let types: Vec<_> = vals.iter().map(|slot| self.slot_type(*slot)).collect();
        let results: Vec<Value> = types.iter().map(|ty| self.raw.param(join, *ty)).collect();
        let is_there = self.raw.param(join, I64);
        self.raw.branch(found, there, absent);
        self.raw.at(there);
        let mut loaded: Vec<Value> = types
            .iter()
            .enumerate()
            .map(|(at, ty)| self.raw.load(*ty, found, at * 8))
            .collect();
        loaded.push(self.raw.int(1));
        self.raw.jump(join, &loaded);
        self.raw.at(absent);
        let mut zeros: Vec<Value> = types.iter().map(|ty| self.raw.zero(*ty)).collect();
        zeros.push(self.raw.int(0));
        self.raw.jump(join, &zeros);
        self.raw.at(join);
        for (slot, value) in vals.iter().zip(results) {
            self.set(*slot, value);
        }
        if let Some(ok) = ok {
            self.set(ok, is_there);
        }
    }

    pub fn map_set(&mut self, at: usize, ty: TypeId, map: Slot, key: &[Slot], vals: &[Slot]) {
        let place = match self.place.take() {
            Some((store, place)) => {
                debug_assert_eq!(store, at);
                place
            }
            None => self.map_place(ty, map, key),
        };
        for (number, slot) in vals.iter().enumerate() {
            let value = self.get(*slot);
            self.store_word(value, place, number * 8);
        }
    }

    /// A lookup for `m[k] op= v`, which makes room for the key at once: instruction `store` is the
    /// one that stores there.
    pub fn map_update(&mut self, store: usize, vals: &[Slot], ty: TypeId, map: Slot, key: &[Slot]) {
        let place = self.map_place(ty, map, key);
        for (number, slot) in vals.iter().enumerate() {
            let ty = self.slot_type(*slot);
            let value = self.raw.load(ty, place, number * 8);
            self.set(*slot, value);
        }
        self.place = Some((store, place));
    }

    /// The instruction that sets the value of the key that the lookup `at` gets, where what is between
    /// them only computes: nobody can tell that the key was there before its value was set.
    pub fn store_behind(&self, block: BlockId, at: usize) -> Option<usize> {
        /// `m[k] op= v` is a lookup, at most so many instructions, and a store.
        const MOST: usize = 4;
        let Inst::MapGet {
            vals,
            ok,
            ty,
            map,
            key,
        } = &self.func.code[at]
        else {
            return None;
        };
        let used = |slot: Slot| slot == map.0 || key.0.contains(&slot);
        if ok.0.is_some() || vals.0.iter().any(|slot| used(*slot)) {
            return None;
        }
        let behind = at + 1..self.analysis.cfg.range(block).end.min(at + MOST + 2);
        for next in behind {
            match &self.func.code[next] {
                Inst::MapSet {
                    ty: set,
                    map: into,
                    key: place,
                    ..
                } => {
                    let same = set == ty && into == map && place.0 == key.0;
                    return same.then_some(next);
                }
                Inst::Const { .. }
                | Inst::ConstF64 { .. }
                | Inst::ConstF32 { .. }
                | Inst::Nil { .. }
                | Inst::ConstStr { .. }
                | Inst::Mov { .. }
                | Inst::Un { .. }
                | Inst::FBin { .. }
                | Inst::FUn { .. }
                | Inst::IntCast { .. } => {}
                Inst::Bin { op, .. } if !matches!(op, BinOp::Div | BinOp::Rem) => {}
                _ => return None,
            }
            let mut changed = false;
            self.func.writes(next, |slot| changed |= used(slot));
            if changed {
                return None;
            }
        }
        None
    }

    /// Makes room for a key: the address of its value.
    fn map_place(&mut self, ty: TypeId, map: Slot, key: &[Slot]) -> Value {
        let helpers = [Helper::MapPlaceWord, Helper::MapPlaceStr, Helper::MapPlace];
        let place = self.look_up(helpers, ty, map, key).address;
        let failed = self.raw.b.ins().icmp_imm_s(IntCC::Equal, place, MAP_PANIC);
        self.check_status(failed);
        place
    }

    /// Calls one of three helpers: for a key of one word, a string, any other.
    fn look_up(&mut self, helpers: [Helper; 3], ty: TypeId, map: Slot, key: &[Slot]) -> Lookup {
        let map = self.get(map);
        let kind = self.raw.decls.program.maps.get_type(ty).kind;
        let number = self.raw.int(i64::from(ty.0));
        let mut args = vec![number, map];
        let [word, text, any] = helpers;
        let helper = match kind {
            KeyKind::Word => word,
            KeyKind::Str => text,
            KeyKind::Any { .. } => any,
        };
        if let KeyKind::Any { .. } = kind {
            args.push(self.words_on_stack(key));
        } else {
            args.extend(key.iter().map(|slot| self.get(*slot)));
        }
        // A key kept in memory may hold interfaces too.
        let may_panic = matches!(kind, KeyKind::Any { .. })
            && key.iter().any(|slot| {
                let slot = self.func.slots[slot.index()];
                matches!(slot, SlotTy::IfaceType | SlotTy::Ref)
            });
        Lookup {
            address: self.raw.helper(helper, &args),
            may_panic,
        }
    }

    pub fn map_delete(&mut self, ty: TypeId, map: Slot, key: &[Slot]) {
        let map = self.get(map);
        let key = self.words_on_stack(key);
        self.typed_helper(Helper::MapDelete, ty, &[map, key], &[]);
    }

    /// The runtime leaves the entry's words in the results, zeros at the end.
    pub fn map_next(&mut self, more: Slot, key: &[Slot], vals: &[Slot], iter: Slot) {
        let iter = self.get(iter);
        let found = self.raw.helper(Helper::MapNext, &[iter]);
        self.set(more, found);
        let slots: Vec<Slot> = key.iter().chain(vals).copied().collect();
        self.take_results(&slots);
    }
}
