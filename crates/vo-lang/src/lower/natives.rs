//! Functions of the standard library that are declared without a body: runtime functions, and a few that
//! are single instructions.

use vo_bytecode::*;

use super::func::Lowerer;
use super::program::Guess;
use crate::types::info::FuncId;
use crate::types::ty::Ty;

impl Lowerer<'_, '_> {
    /// Calls a function without a body.
    pub fn native(&mut self, id: FuncId, args: &[Slot], rets: &[Slot]) {
        let func = self.p.info.function(id);
        let name = format!("{}.{}", self.p.info.package(func.pkg).path, func.name);
        if let Some(inst) = instruction(&name, args, rets) {
            self.b.emit(inst);
            return;
        }
        // A string that takes over the bytes of a slice that nobody writes to any more.
        if name == "internal/bytealg.StringOf" {
            self.b.mov(rets, &args[..2]);
            return;
        }
        if name == "internal/reflect.Plain" {
            let plain = self.p.guess(&self.work, Guess::Plain);
            self.b.emit(Inst::Const {
                dst: Dst(rets[0]),
                value: i64::from(plain),
            });
            return;
        }
        if name == "dyn.anyMethod" {
            self.p.name_dynamically(None);
            return;
        }
        let Some(rt) = runtime_function(&name) else {
            self.not_supported(func.span, &format!("the function {name}"));
            return;
        };
        self.p.reflects |= matches!(
            rt,
            RtFn::AnyIndex
                | RtFn::AnyElem
                | RtFn::AnyMapKeys
                | RtFn::AnyMapIndex
                | RtFn::AnyField
                | RtFn::AnyMapLookup
                | RtFn::AnyMake
        );
        if rt == RtFn::TypePointerTo {
            self.p.reflect_pointers();
        }
        let ty = rt.sig().typed.then(|| {
            let elem = if matches!(rt, RtFn::Args | RtFn::Environ) {
                Ty::STRING
            } else {
                Ty::ANY
            };
            self.p.types.id(elem)
        });
        self.b.rt_into(rt, ty, args, rets);
    }
}

/// The runtime function of that name. Those that other packages may call are spelt there with a small
/// letter, because they are not for users.
fn runtime_function(name: &str) -> Option<RtFn> {
    match name {
        // What package os has, for those that cannot import it.
        "internal/sys.WriteFd" => return Some(RtFn::WriteFd),
        "internal/sys.ReadFile" => return Some(RtFn::FileRead),
        _ => {}
    }
    RtFn::from_name(name).or_else(|| {
        let (package, func) = name.rsplit_once('.')?;
        let first = func.chars().next()?.to_ascii_lowercase();
        RtFn::from_name(&format!("{package}.{first}{}", &func[1..]))
    })
}

/// The instruction that a function is.
fn instruction(name: &str, args: &[Slot], rets: &[Slot]) -> Option<Inst> {
    let op = match name {
        "math.Sqrt" => Some(FUnOp::Sqrt),
        "math.Floor" => Some(FUnOp::Floor),
        "math.Ceil" => Some(FUnOp::Ceil),
        "math.Trunc" => Some(FUnOp::Trunc),
        "math.Abs" => Some(FUnOp::Abs),
        _ => None,
    };
    let (dst, a) = (Dst(*rets.first()?), Src(*args.first()?));
    if let Some(op) = op {
        return Some(Inst::FUn {
            dst,
            op,
            kind: FloatKind::F64,
            a,
        });
    }
    Some(match name {
        "math.Float64bits" => Inst::FloatBits {
            dst,
            kind: FloatKind::F64,
            a,
        },
        "math.Float32bits" => Inst::FloatBits {
            dst,
            kind: FloatKind::F32,
            a,
        },
        "math.Float64frombits" => Inst::FloatFromBits {
            dst,
            kind: FloatKind::F64,
            a,
        },
        "math.Float32frombits" => Inst::FloatFromBits {
            dst,
            kind: FloatKind::F32,
            a,
        },
        _ => return None,
    })
}
