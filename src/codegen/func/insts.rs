//! What each instruction becomes: the one match over all of them.

use super::emit::Emitter;
use crate::cfg::BlockId;
use crate::runtime::helpers::Helper;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::types::{F32, F64};
use vo_bytecode::Inst;

impl Emitter<'_, '_, '_> {
    /// Emits instruction `at` of `block`.
    pub fn emit_inst(&mut self, block: BlockId, at: usize) {
        let func = self.func;
        match &func.code[at] {
            // Constants and moves.
            Inst::Const { dst, value } => {
                let value = self.raw.int(*value);
                self.set(dst.0, value);
            }
            Inst::ConstF64 { dst, value } => {
                let value = self.raw.float(F64, value.0);
                self.set(dst.0, value);
            }
            Inst::ConstF32 { dst, value } => {
                let value = self.raw.float(F32, value.0.into());
                self.set(dst.0, value);
            }
            Inst::Nil { dst } => {
                let null = self.raw.int(0);
                self.set(dst.0, null);
            }
            Inst::ConstStr { ptr, len, value } => self.const_str(ptr.0, len.0, *value),
            Inst::FuncValue { dst, func } => self.func_value(dst.0, *func),
            Inst::Mov { dst, src } => {
                let value = self.get(src.0);
                self.set(dst.0, value);
            }

            // Interfaces.
            Inst::IfaceNil { dst } => {
                let zero = self.raw.int(0);
                self.set(dst.0, zero);
                self.set(dst.0.next(), zero);
            }
            Inst::IfaceMake { dst, ty, data } => self.iface_make(dst.0, *ty, data.0),
            Inst::IfaceMov { dst, src } => {
                let (type_word, data) = (self.get(src.0), self.get(src.0.next()));
                self.set(dst.0, type_word);
                self.set(dst.0.next(), data);
            }
            Inst::IfaceWord { dst, src } => self.iface_word(dst.0, src.0),
            Inst::IfaceIs { dst, src, ty } => self.iface_is(dst.0, src.0, *ty),
            Inst::IfaceIsNil { dst, src } => self.iface_is_nil(dst.0, src.0),
            Inst::IfaceImplements { dst, src, ty } => self.iface_implements(dst.0, src.0, *ty),
            Inst::IfaceEq { dst, a, b } => self.iface_eq(dst.0, a.0, b.0),
            Inst::IfaceLoad { dst, base, off } => self.iface_load(dst.0, base.0, *off),
            Inst::IfaceStore { base, off, src } => self.iface_store(base.0, *off, src.0),

            // Numbers.
            Inst::Bin {
                dst,
                op,
                kind,
                a,
                b,
            } => self.bin(dst.0, *op, *kind, a.0, b.0),
            Inst::Un { dst, op, kind, a } => self.un(dst.0, *op, *kind, a.0),
            Inst::Cmp {
                dst,
                op,
                kind,
                a,
                b,
            } => self.cmp(dst.0, *op, *kind, a.0, b.0),
            Inst::CmpRef { dst, op, a, b } => self.cmp_ref(dst.0, *op, a.0, b.0),
            Inst::BoolNot { dst, a } => {
                let value = self.get(a.0);
                let not = self.raw.b.ins().bxor_imm_u(value, 1);
                self.set(dst.0, not);
            }
            Inst::FBin { dst, op, a, b, .. } => self.fbin(dst.0, *op, a.0, b.0),
            Inst::FUn { dst, op, a, .. } => self.fun(dst.0, *op, a.0),
            Inst::FCmp { dst, op, a, b, .. } => self.fcmp(dst.0, *op, a.0, b.0),
            Inst::IntCast { dst, kind, a } => {
                let value = self.get(a.0);
                let value = self.wrap(value, *kind);
                self.set(dst.0, value);
            }
            Inst::IntToFloat { dst, to, kind, a } => self.int_to_float(dst.0, *to, *kind, a.0),
            Inst::FloatToInt { dst, kind, a, .. } => self.float_to_int(dst.0, *kind, a.0),
            Inst::FloatCast { dst, to, a } => self.float_cast(dst.0, *to, a.0),
            Inst::FloatBits { dst, kind, a } => self.float_bits(dst.0, *kind, a.0),
            Inst::FloatFromBits { dst, kind, a } => self.float_from_bits(dst.0, *kind, a.0),
            Inst::ShiftCheck { a } => self.shift_check(a.0),

            // Control.
            Inst::Jump { to } => {
                let to = self.block_at(*to);
                let target = self.edge(block, to);
                self.raw.jump(target, &[]);
                self.finish_edges();
            }
            Inst::Br {
                cond,
                then,
                otherwise,
            } => {
                let condition = self.get(cond.0);
                let (then, otherwise) = (self.block_at(*then), self.block_at(*otherwise));
                if self.branch_free(block, condition, then, otherwise) {
                    return;
                }
                let (then, otherwise) = (self.edge(block, then), self.edge(block, otherwise));
                self.raw.branch(condition, then, otherwise);
                self.finish_edges();
            }
            Inst::Switch {
                index,
                targets,
                otherwise,
            } => {
                self.switch(block, index.0, &targets.0, *otherwise);
            }
            Inst::Return { values } => self.emit_return(&values.0),
            Inst::Panic { value } => self.emit_panic(value.0),
            Inst::PanicAssert { src, from, want } => self.panic_assert(src.0, *from, *want),
            Inst::Call { rets, callee, args } => self.call(at, &rets.0, callee, &args.0),
            Inst::CallRt {
                rets,
                func,
                ty,
                args,
            } => {
                self.call_native(at, &rets.0, *func, *ty, &args.0);
            }
            Inst::GoStart { callee, args } => self.go_start(at, callee, &args.0),

            // Deferred calls and panics.
            Inst::DeferPush { calls, old, call } | Inst::ErrDeferPush { calls, old, call } => {
                self.defer_push(calls.0, old.0, *call);
            }
            Inst::RunDefers {
                calls,
                old,
                errors,
                failed,
            } => self.run_defers(calls.0, old.0, *errors, failed.0),
            Inst::PanicLand { panic, .. } => self.panic_land(panic.0),
            Inst::PanicOver { dst, panic } => self.panic_over(dst.0, panic.0),
            Inst::PanicOn { panic } => self.panic_on(panic.0),
            Inst::RecoverArm { panic, callee } => self.recover_arm(panic.0, callee),
            Inst::RecoverEnter { panic } => self.recover_enter(at, panic.0),
            Inst::Recover {
                dst,
                kind,
                ptr,
                len,
                panic,
            } => self.recover(dst.0, [kind.0, ptr.0, len.0], panic.0),

            // Memory.
            Inst::New { dst, ty } => {
                let object = self.new_object(*ty);
                self.set(dst.0, object);
            }
            Inst::Closure { dst, func, ty } => self.closure(dst.0, *func, *ty),
            Inst::Load {
                dst,
                mem,
                base,
                off,
            } => {
                let base = self.get(base.0);
                let value = self.load_mem(*mem, base, *off);
                self.set(dst.0, value);
            }
            Inst::Store {
                mem,
                base,
                off,
                src,
            } => {
                let (base, value) = (self.get(base.0), self.get(src.0));
                self.store_mem(*mem, value, base, *off);
            }
            Inst::LoadIdx {
                dst,
                mem,
                base,
                index,
            } => {
                let size = i64::from(mem.size());
                let (address, offset) = self.element_place(base.0, index.0, size);
                let value = self.load_mem(*mem, address, offset);
                self.set(dst.0, value);
            }
            Inst::StoreIdx {
                mem,
                base,
                index,
                src,
            } => {
                let size = i64::from(mem.size());
                let (address, offset) = self.element_place(base.0, index.0, size);
                let value = self.get(src.0);
                self.store_mem(*mem, value, address, offset);
            }
            Inst::ElemAddr {
                dst,
                base,
                index,
                size,
            } => {
                let address = self.element(base.0, index.0, *size);
                self.set(dst.0, address);
            }
            Inst::FieldAddr { dst, base, off } => {
                let base = self.get(base.0);
                let address = self.raw.b.ins().iadd_imm_s(base, *off);
                self.set(dst.0, address);
            }
            Inst::GlobalAddr { dst, global } => self.global_addr(dst.0, *global),
            Inst::MemCopy { dst, src, size } => self.mem_copy(dst.0, src.0, *size),
            Inst::CopyElems {
                dst,
                src,
                count,
                size,
            } => {
                self.copy_elems(dst.0, src.0, count.0, *size);
            }
            Inst::NilCheck { a } => self.nil_check(a.0),
            Inst::BoundsCheck { index, len } => {
                if !self.redundant_checks.contains(&at) {
                    self.bounds_check(index.0, len.0);
                }
            }
            Inst::SliceCheck {
                kind,
                lo,
                hi,
                max,
                cap,
            } => {
                self.slice_check(*kind, lo.0, hi.0, max.0, cap.0);
            }
            Inst::ArrayLenCheck { len, want } => self.array_len_check(len.0, *want),
            Inst::SlicePtr {
                dst,
                base,
                lo,
                size,
                newcap,
            } => {
                self.slice_ptr(dst.0, base.0, lo.0, *size, newcap.0);
            }

            // Strings and maps.
            Inst::StrConcat { ptr, len, parts } => self.str_concat(ptr.0, len.0, &parts.0),
            Inst::MapNew { dst, ty, hint } => {
                let hint = self.get(hint.0);
                self.typed_helper(Helper::MapNew, *ty, &[hint], &[dst.0]);
            }
            Inst::MapGet {
                vals,
                ok,
                ty,
                map,
                key,
            } => match self.store_behind(block, at) {
                Some(store) => self.map_update(store, &vals.0, *ty, map.0, &key.0),
                None => self.map_get(&vals.0, ok.0, *ty, map.0, &key.0),
            },
            Inst::MapSet { ty, map, key, vals } => {
                self.map_set(at, *ty, map.0, &key.0, &vals.0);
            }
            Inst::MapDelete { ty, map, key } => self.map_delete(*ty, map.0, &key.0),
            Inst::MapIter { dst, ty, map } => {
                let map = self.get(map.0);
                self.typed_helper(Helper::MapIter, *ty, &[map], &[dst.0]);
            }
            Inst::MapNext {
                more,
                key,
                vals,
                iter,
                ..
            } => {
                self.map_next(more.0, &key.0, &vals.0, iter.0);
            }

            // Channels.
            Inst::ChanNew { dst, ty, cap } => {
                let cap = self.get(cap.0);
                self.typed_helper(Helper::ChanNew, *ty, &[cap], &[dst.0]);
            }
            Inst::ChanSend { chan, vals } => self.chan_send(at, chan.0, &vals.0),
            Inst::ChanRecv { vals, ok, chan } => self.chan_recv(at, &vals.0, ok.0, chan.0),
            Inst::ChanClose { chan } => self.chan_close(chan.0),
            Inst::ChanLen { dst, chan } => self.chan_len(dst.0, chan.0),
            Inst::ChanCap { dst, chan } => self.chan_cap(dst.0, chan.0),
            Inst::IslandNew { dst } => {
                let status = self.raw.helper(Helper::IslandNew, &[]);
                self.check_status(status);
                self.take_results(&[dst.0]);
            }
            Inst::GoIsland {
                island,
                callee,
                ty,
                args,
            } => self.go_island(at, island.0, callee, *ty, &args.0),
            Inst::PortNew { dst, ty, cap } => {
                let cap = self.get(cap.0);
                self.typed_helper(Helper::PortNew, *ty, &[cap], &[dst.0]);
            }
            Inst::PortSend { port, vals } => self.port_send(at, port.0, &vals.0),
            Inst::PortRecv { vals, ok, port } => self.port_recv(at, &vals.0, ok.0, port.0),
            Inst::PortClose { port } => {
                let port = self.get(port.0);
                let status = self.raw.helper(Helper::PortClose, &[port]);
                self.check_status(status);
            }
            Inst::PortLen { dst, port } => self.port_count(Helper::PortLen, dst.0, port.0),
            Inst::PortCap { dst, port } => self.port_count(Helper::PortCap, dst.0, port.0),
            Inst::SelectBegin { cases, has_default } => self.select_begin(at, *cases, *has_default),
            Inst::SelectSend { chan, vals } => self.select_send(chan.0, &vals.0),
            Inst::SelectRecv { chan, .. } => self.select_recv(chan.0),
            Inst::SelectExec { .. } => self.select_exec(at),
        }
    }
}
