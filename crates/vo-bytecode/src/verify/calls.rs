//! Calls: what is called, with what, for what.

use super::{Checker, MAX_RESULTS, tables, tuple};
use crate::inst::OptType;
use crate::*;

impl Checker<'_> {
    /// A list of slots has exactly these types, those of `whose`.
    pub(super) fn want_list(
        &mut self,
        field: &str,
        slots: &[Slot],
        want: &[SlotTy],
        whose: impl FnOnce() -> String,
    ) {
        let found = slots.iter().map(|slot| self.ty(*slot));
        if !found.clone().eq(want.iter().copied()) {
            let (found, want) = (tuple(found), tuple(want.iter().copied()));
            let whose = whose();
            self.fail(format!("`{field}` is {found}, not {want} of {whose}"));
        }
    }

    pub(super) fn returns(&mut self, values: &Srcs) {
        let function = self.function;
        let whose = || "the function".to_owned();
        self.want_list("values", &values.0, &function.results, whose);
    }

    pub(super) fn call(&mut self, rets: &Dsts, callee: &Callee, args: &Srcs) {
        if rets.0.len() > MAX_RESULTS {
            let count = rets.0.len();
            self.fail(format!("`rets`: {count} slots; at most {MAX_RESULTS}"));
        }
        self.go_start(callee, args);
        let module = self.module;
        match *callee {
            Callee::Func(id) => {
                let target = module.func(id);
                self.want_list("rets", &rets.0, &target.results, || target.name.clone());
            }
            Callee::Method(_, id) => {
                let (_, results) = tables::method_signature(module, self.facts, id);
                let whose = || module.types.methods[id.index()].name.clone();
                self.want_list("rets", &rets.0, &results, whose);
            }
            Callee::Closure(_) => {}
        }
    }

    /// The callee and its arguments; a goroutine's results go nowhere.
    pub(super) fn go_start(&mut self, callee: &Callee, args: &Srcs) {
        let module = self.module;
        match *callee {
            Callee::Func(id) => {
                let target = module.func(id);
                let whose = || target.name.clone();
                self.want_list("args", &args.0, target.param_types(), whose);
            }
            Callee::Method(_, id) => {
                let (params, _) = tables::method_signature(module, self.facts, id);
                let whose = || module.types.methods[id.index()].name.clone();
                self.want_list("args", &args.0, &params, whose);
            }
            // What a function value wants is not known here.
            Callee::Closure(slot) if self.ty(slot) != SlotTy::Ref => {
                self.fail(format!("`callee`: {slot} is not a ref"));
            }
            Callee::Closure(_) => {}
        }
    }

    /// Who is called on another island must be known by its function; a function value brings its own
    /// along.
    pub(super) fn go_island(&mut self, callee: &Callee, ty: TypeId, args: &Srcs) {
        self.message_type(ty, args);
        if let Callee::Method(..) = callee {
            return self.fail("`callee`: an interface cannot leave its island".to_owned());
        }
        self.go_start(callee, args);
    }

    pub(super) fn call_runtime(&mut self, rets: &Dsts, func: RtFn, ty: OptType, args: &Srcs) {
        let sig = func.sig();
        self.want_list("args", &args.0, sig.params, || sig.name.to_owned());
        self.want_list("rets", &rets.0, sig.results, || sig.name.to_owned());
        match (sig.typed, ty.0) {
            (true, None) => self.fail(format!("`ty`: {} needs a type", sig.name)),
            (false, Some(_)) => self.fail(format!("`ty`: {} takes no type", sig.name)),
            _ => {}
        }
    }

    /// A function that is called as a function value gets its closure object first.
    pub(super) fn function_value(&mut self, func: FuncId) {
        let function = self.module.func(func);
        if function.param_types().first() != Some(&SlotTy::Ref) {
            let message = format!("`func`: the first parameter of {} is no ref", function.name);
            self.fail(message);
        }
    }
}
