//! Places: where values are, and reading and writing them.
//!
//! A place is found first and checked later: the checks of its last step (null pointer, index in bounds)
//! are made when it is read or written, because an assignment evaluates its right side in between.

use vo_bytecode::types::Part;
use vo_bytecode::{CmpOp, Dst, IfaceDst, IfaceSrc, Inst, IntKind, RtFn, Slot, SlotTy, Src};

use super::func::{Lowerer, Value, Want};
use crate::syntax::ast::{Expr, ExprKind};
use crate::types::info::{FieldStep, ObjKind, Target};
use crate::types::ty::{Kind, Ty};

/// A check that is still to be made.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    None,
    /// The base may be null.
    Null,
    /// The index must be below the length.
    Bounds {
        index: Slot,
        len: Slot,
    },
}

/// Where a value is.
#[derive(Clone, Debug)]
pub enum Loc {
    /// In slots: those of a variable, or of a value that is no variable.
    Slots(Vec<Slot>),
    /// In memory.
    Memory {
        base: Slot,
        off: i64,
        check: Check,
        /// Whether nobody else has that memory.
        fresh: bool,
    },
    /// In element `index` of an array in memory, `off` bytes behind its start.
    Element {
        base: Slot,
        index: Slot,
        size: i64,
        off: i64,
        len: Option<Slot>,
    },
}

impl Loc {
    /// The whole of an object that is there.
    pub fn object(base: Slot) -> Loc {
        Loc::memory(base, 0)
    }

    /// Memory that is there.
    pub fn memory(base: Slot, off: i64) -> Loc {
        Loc::Memory {
            base,
            off,
            check: Check::None,
            fresh: false,
        }
    }

    /// What a pointer points to.
    pub fn pointee(base: Slot) -> Loc {
        Loc::Memory {
            base,
            off: 0,
            check: Check::Null,
            fresh: false,
        }
    }

    /// The slots that say where it is, or that it consists of.
    pub fn slots(&mut self) -> Vec<&mut Slot> {
        match self {
            Loc::Slots(slots) => slots.iter_mut().collect(),
            Loc::Memory {
                base,
                check: Check::Bounds { index, len },
                ..
            } => vec![base, index, len],
            Loc::Memory { base, .. } => vec![base],
            Loc::Element {
                base, index, len, ..
            } => [base, index].into_iter().chain(len.as_mut()).collect(),
        }
    }
}

impl<'a> Lowerer<'_, 'a> {
    /// Where the value of an expression is: its place if it has one, else where it was put.
    pub fn locate(&mut self, e: &'a Expr) -> Loc {
        let e = e.unparen();
        match &e.kind {
            ExprKind::Ident(ident) => {
                if let Some(obj) = self.p.info.use_of(ident.id)
                    && matches!(self.p.info.object(obj).kind, ObjKind::Var(_))
                {
                    return self.var_loc(obj);
                }
            }
            ExprKind::Selector { x, .. } => {
                let selection = self.p.info.selection(e.id);
                match selection.map(|s| s.target) {
                    Some(Target::Field) => return self.locate_field(e, x),
                    Some(Target::Member(obj))
                        if matches!(self.p.info.object(obj).kind, ObjKind::Var(_)) =>
                    {
                        return self.var_loc(obj);
                    }
                    _ => {}
                }
            }
            ExprKind::Index { x, index } => {
                if let Some(loc) = self.locate_element(x, index) {
                    return loc;
                }
            }
            ExprKind::Star(x) => {
                let pointer = self.value(x, Want::Any).slots[0];
                self.at(e.span);
                return Loc::pointee(pointer);
            }
            _ => {}
        }
        let ty = self.type_of(e);
        let value = self.value(e, Want::Any);
        self.loc_of(value, ty)
    }

    /// Where a value is.
    pub fn loc_of(&mut self, value: Value, ty: Ty) -> Loc {
        if self.shape(ty).in_memory {
            Loc::Memory {
                base: value.slots[0],
                off: 0,
                check: Check::None,
                fresh: value.fresh,
            }
        } else {
            Loc::Slots(value.slots)
        }
    }

    fn locate_field(&mut self, e: &'a Expr, x: &'a Expr) -> Loc {
        let loc = self.locate(x);
        let ty = self.type_of(x);
        let Some(selection) = self.p.info.selection(e.id) else {
            return loc;
        };
        self.at_end(e.span);
        self.walk(loc, ty, &selection.path).0
    }

    /// Follows steps from a value of a type; gives where they lead, and the type there.
    pub fn walk(&mut self, mut loc: Loc, mut ty: Ty, path: &[FieldStep]) -> (Loc, Ty) {
        for step in path {
            if step.deref {
                let pointer = self.load(&loc, ty, Want::Any).slots[0];
                loc = Loc::pointee(pointer);
                ty = self.tys().pointee(ty).unwrap_or(Ty::INVALID);
            }
            loc = self.field(loc, ty, step.index);
            ty = step.ty;
        }
        (loc, ty)
    }

    /// A field of a struct.
    pub fn field(&mut self, loc: Loc, ty: Ty, index: usize) -> Loc {
        let by = self.shape(ty).offsets.get(index).copied().unwrap_or(0) as i64;
        match loc {
            Loc::Slots(slots) => {
                let Some(fields) = self.tys().as_struct(ty) else {
                    return Loc::Slots(slots);
                };
                let before: usize = fields.fields[..index]
                    .iter()
                    .map(|f| self.shape(f.ty).slots.len())
                    .sum();
                let count = self.shape(fields.fields[index].ty).slots.len();
                Loc::Slots(slots[before..before + count].to_vec())
            }
            Loc::Memory {
                base,
                off,
                check,
                fresh,
            } => Loc::Memory {
                base,
                off: off + by,
                check,
                fresh,
            },
            Loc::Element {
                base,
                index,
                size,
                off,
                len,
            } => Loc::Element {
                base,
                index,
                size,
                off: off + by,
                len,
            },
        }
    }

    /// The element of an array or slice; `None` for strings and maps.
    fn locate_element(&mut self, x: &'a Expr, index: &'a Expr) -> Option<Loc> {
        let ty = self.type_of(x);
        match *self.tys().under(ty) {
            Kind::Slice(elem) => {
                let slice = self.value(x, Want::Any).slots;
                let size = self.shape(elem).size as i64;
                let constant = self.const_index(index);
                let at = self.value(index, Want::Any).slots[0];
                self.at_end(index.span);
                if self.check_unsigned(index, at, slice[1]) {
                    let base = slice[0];
                    return Some(Loc::Element {
                        base,
                        index: at,
                        size,
                        off: 0,
                        len: None,
                    });
                }
                Some(match constant {
                    Some(i) if i.checked_mul(size).is_some_and(|off| off < 1 << 30) => {
                        Loc::Memory {
                            base: slice[0],
                            off: i * size,
                            check: Check::Bounds {
                                index: at,
                                len: slice[1],
                            },
                            fresh: false,
                        }
                    }
                    _ => Loc::Element {
                        base: slice[0],
                        index: at,
                        size,
                        off: 0,
                        len: Some(slice[1]),
                    },
                })
            }
            Kind::Array(elem, len) => {
                let array = self.locate(x);
                let constant = self.const_index(index);
                if let Some(i) = constant {
                    return Some(self.array_part(array, elem, i as u64));
                }
                let at = self.value(index, Want::Any).slots[0];
                self.at_end(index.span);
                let base = self.array_memory(array, ty);
                let size = self.shape(elem).size as i64;
                let len = self.b.int(len as i64);
                let checked = self.check_unsigned(index, at, len);
                Some(Loc::Element {
                    base,
                    index: at,
                    size,
                    off: 0,
                    len: (!checked).then_some(len),
                })
            }
            _ => None,
        }
    }

    /// Checks an index of 64 bits without sign, whose large values a `BoundsCheck` would take for negative
    /// ones; whether it is one.
    pub fn check_unsigned(&mut self, index: &Expr, at: Slot, len: Slot) -> bool {
        let kind = self.int_kind(self.type_of(index));
        if kind != Some(IntKind::U64) || self.p.info.const_value(index.id).is_some() {
            return false;
        }
        let (good, bad) = (self.b.label(), self.b.label());
        let below = self.b.cmp(CmpOp::Lt, IntKind::U64, at, len);
        self.b.branch(below, good, bad);
        self.b.bind(bad);
        self.b.rt(RtFn::IndexFault, None, &[at, len]);
        self.b.bind(good);
        true
    }

    fn const_index(&self, index: &Expr) -> Option<i64> {
        self.p.info.const_value(index.id)?.as_i64()
    }

    /// The element of an array at an index that is known to be within.
    pub fn array_part(&mut self, array: Loc, elem: Ty, index: u64) -> Loc {
        let shape = self.shape(elem);
        match array {
            Loc::Slots(slots) => {
                let start = index as usize * shape.slots.len();
                Loc::Slots(slots[start..start + shape.slots.len()].to_vec())
            }
            Loc::Memory {
                base,
                off,
                check,
                fresh,
            } => Loc::Memory {
                base,
                off: off + index as i64 * shape.size as i64,
                check,
                fresh,
            },
            Loc::Element {
                base,
                index: at,
                size,
                off,
                len,
            } => Loc::Element {
                base,
                index: at,
                size,
                off: off + index as i64 * shape.size as i64,
                len,
            },
        }
    }

    /// The address of an array: its place, or a copy in memory of one in slots.
    pub fn array_memory(&mut self, array: Loc, ty: Ty) -> Slot {
        match array {
            Loc::Slots(slots) => {
                let id = self.shape(ty).id;
                let object = self.b.new_object(id);
                self.store(&Loc::object(object), ty, &slots);
                object
            }
            loc => self.address(&loc),
        }
    }

    // ---- reading and writing ---------------------------------------------------------------------

    fn check(&mut self, loc: &Loc) {
        match loc {
            Loc::Memory {
                base,
                check: Check::Null,
                ..
            } => self.b.nil_check(*base),
            Loc::Memory {
                check: Check::Bounds { index, len },
                ..
            } => {
                self.b.bounds_check(*index, *len);
            }
            Loc::Element {
                index,
                len: Some(len),
                ..
            } => {
                self.b.bounds_check(*index, *len);
            }
            _ => {}
        }
    }

    /// The same place with its checks made.
    pub fn checked(&mut self, mut loc: Loc) -> Loc {
        self.check(&loc);
        match &mut loc {
            Loc::Memory { check, .. } => *check = Check::None,
            Loc::Element { len, .. } => *len = None,
            Loc::Slots(_) => {}
        }
        loc
    }

    /// The address of a place in memory.
    pub fn address(&mut self, loc: &Loc) -> Slot {
        self.check(loc);
        self.unchecked_address(loc)
    }

    fn unchecked_address(&mut self, loc: &Loc) -> Slot {
        let (base, off) = match loc {
            Loc::Memory { base, off, .. } => (*base, *off),
            Loc::Element {
                base,
                index,
                size,
                off,
                ..
            } => {
                let dst = self.b.slot(SlotTy::Ref);
                self.b.emit(Inst::ElemAddr {
                    dst: Dst(dst),
                    base: Src(*base),
                    index: Src(*index),
                    size: *size,
                });
                (dst, *off)
            }
            // The checker lets nobody take the address of what is in slots.
            Loc::Slots(_) => (self.b.nil(), 0),
        };
        if off == 0 {
            return base;
        }
        let dst = self.b.slot(SlotTy::Ref);
        self.b.emit(Inst::FieldAddr {
            dst: Dst(dst),
            base: Src(base),
            off,
        });
        self.b.assume_non_null(dst);
        dst
    }

    /// Reads a place.
    pub fn load(&mut self, loc: &Loc, ty: Ty, want: Want<'_>) -> Value {
        self.check(loc);
        let shape = self.shape(ty);
        match loc {
            Loc::Slots(slots) => Value {
                slots: slots.clone(),
                fresh: false,
            },
            Loc::Memory { fresh, .. } if shape.in_memory => Value {
                slots: vec![self.unchecked_address(loc)],
                fresh: *fresh,
            },
            Loc::Element { .. } if shape.in_memory => Value {
                slots: vec![self.unchecked_address(loc)],
                fresh: false,
            },
            Loc::Memory { base, off, .. } => Value::fresh(self.load_parts(*base, *off, ty, want)),
            Loc::Element {
                base,
                index,
                size,
                off,
                ..
            } => {
                if let [(0, Part::Mem(mem))] = shape.parts[..]
                    && *off == 0
                    && i64::from(mem.size()) == *size
                {
                    let dst = self.dst(want, ty);
                    self.b.emit(Inst::LoadIdx {
                        dst: Dst(dst[0]),
                        mem,
                        base: Src(*base),
                        index: Src(*index),
                    });
                    return Value::fresh(dst);
                }
                if shape.parts.is_empty() {
                    return Value::fresh(Vec::new());
                }
                let dst = self.b.slot(SlotTy::Ref);
                self.b.emit(Inst::ElemAddr {
                    dst: Dst(dst),
                    base: Src(*base),
                    index: Src(*index),
                    size: *size,
                });
                Value::fresh(self.load_parts(dst, *off, ty, want))
            }
        }
    }

    fn load_parts(&mut self, base: Slot, off: i64, ty: Ty, want: Want<'_>) -> Vec<Slot> {
        let shape = self.shape(ty);
        // Part by part into a variable is fine unless the base is one of its slots.
        let dst = match want {
            Want::Into(slots) if shape.parts.len() == 1 || !slots.contains(&base) => slots.to_vec(),
            want => self.fresh_dst(want, ty),
        };
        let mut at = 0;
        for (part_off, part) in &shape.parts {
            let off = off + *part_off as i64;
            match part {
                Part::Mem(mem) => {
                    self.b.emit(Inst::Load {
                        dst: Dst(dst[at]),
                        mem: *mem,
                        base: Src(base),
                        off,
                    });
                    at += 1;
                }
                Part::Iface => {
                    self.b.emit(Inst::IfaceLoad {
                        dst: IfaceDst(dst[at]),
                        base: Src(base),
                        off,
                    });
                    at += 2;
                }
            }
        }
        dst
    }

    /// Writes a place.
    pub fn store(&mut self, loc: &Loc, ty: Ty, value: &[Slot]) {
        self.check(loc);
        let shape = self.shape(ty);
        match loc {
            Loc::Slots(slots) => self.b.mov(slots, value),
            _ if shape.in_memory => {
                let dst = self.unchecked_address(loc);
                self.b.emit(Inst::MemCopy {
                    dst: Src(dst),
                    src: Src(value[0]),
                    size: shape.size as i64,
                });
            }
            Loc::Memory { base, off, .. } => self.store_parts(*base, *off, ty, value),
            Loc::Element {
                base,
                index,
                size,
                off,
                ..
            } => {
                if let [(0, Part::Mem(mem))] = shape.parts[..]
                    && *off == 0
                    && i64::from(mem.size()) == *size
                {
                    self.b.emit(Inst::StoreIdx {
                        mem,
                        base: Src(*base),
                        index: Src(*index),
                        src: Src(value[0]),
                    });
                } else if !shape.parts.is_empty() {
                    let dst = self.b.slot(SlotTy::Ref);
                    self.b.emit(Inst::ElemAddr {
                        dst: Dst(dst),
                        base: Src(*base),
                        index: Src(*index),
                        size: *size,
                    });
                    self.store_parts(dst, *off, ty, value);
                }
            }
        }
    }

    fn store_parts(&mut self, base: Slot, off: i64, ty: Ty, value: &[Slot]) {
        let shape = self.shape(ty);
        let mut at = 0;
        for (part_off, part) in &shape.parts {
            let off = off + *part_off as i64;
            match part {
                Part::Mem(mem) => {
                    self.b.emit(Inst::Store {
                        mem: *mem,
                        base: Src(base),
                        off,
                        src: Src(value[at]),
                    });
                    at += 1;
                }
                Part::Iface => {
                    self.b.emit(Inst::IfaceStore {
                        base: Src(base),
                        off,
                        src: IfaceSrc(value[at]),
                    });
                    at += 2;
                }
            }
        }
    }

    /// A value from where a null reference stands for zero (a missing map entry, a closed channel): a
    /// value kept in memory gets memory.
    pub fn not_null(&mut self, slots: &[Slot], ty: Ty) {
        let shape = self.shape(ty);
        if !shape.in_memory {
            return;
        }
        let null = self.b.is_null(slots[0]);
        let (make, done) = (self.b.label(), self.b.label());
        self.b.branch(null, make, done);
        self.b.bind(make);
        self.b.emit(Inst::New {
            dst: Dst(slots[0]),
            ty: shape.id,
        });
        self.b.bind(done);
    }
}
