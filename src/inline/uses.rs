//! Who is reached how: what decides whether a copy of a function is its only one, and whether the
//! function itself is still wanted.

use super::calls;
use vo_bytecode::{Callee, FuncId, Inst, Module};

/// The uses of each function.
pub struct Uses {
    called: Vec<u32>,
    /// It is a value, a method, or where something begins.
    other: Vec<bool>,
}

impl Uses {
    /// Counts the uses in a module.
    pub fn of(module: &Module) -> Uses {
        let mut uses = Uses {
            called: vec![0; module.functions.len()],
            other: vec![false; module.functions.len()],
        };
        let methods = module.types.types.iter().flat_map(|ty| &ty.methods);
        let others = module.begins().chain(methods.map(|(_, id)| *id));
        others.for_each(|id| uses.other[id.index()] = true);
        for function in &module.functions {
            calls(function).for_each(|(_, id)| uses.called[id.index()] += 1);
            for inst in &function.code {
                if let Some(id) = named(inst) {
                    uses.other[id.index()] = true;
                }
            }
        }
        uses
    }

    /// Whether one call, and nothing else, reaches a function.
    pub fn is_called_once(&self, id: FuncId) -> bool {
        self.called[id.index()] == 1 && !self.other[id.index()]
    }

    /// The functions that nothing reaches, but for functions that are not reached themselves.
    pub fn gone(mut self, module: &Module) -> Vec<bool> {
        let is_gone = |uses: &Uses, at: usize| uses.called[at] == 0 && !uses.other[at];
        let mut gone = vec![false; module.functions.len()];
        let mut found: Vec<usize> = (0..gone.len()).filter(|at| is_gone(&self, *at)).collect();
        while let Some(at) = found.pop() {
            gone[at] = true;
            for (_, id) in calls(&module.functions[at]) {
                self.called[id.index()] -= 1;
                if is_gone(&self, id.index()) {
                    found.push(id.index());
                }
            }
        }
        gone
    }
}

/// The function that an instruction names other than to call it.
fn named(inst: &Inst) -> Option<FuncId> {
    match inst {
        Inst::FuncValue { func, .. } | Inst::Closure { func, .. } => Some(*func),
        Inst::GoStart { callee, .. }
        | Inst::GoIsland { callee, .. }
        | Inst::RecoverArm { callee, .. } => match callee {
            Callee::Func(id) => Some(*id),
            Callee::Closure(_) | Callee::Method(..) => None,
        },
        _ => None,
    }
}
