//! Checks of the tables beside types and code: globals, entry, the functions' headers, and the
//! functions that method tables name.

use super::types::Facts;
use super::{MAX_RESULTS, Place, Report, tuple};
use crate::*;

/// Checks globals, entry and functions' headers.
pub(super) fn check(module: &Module, report: &mut Report) {
    for (at, global) in module.globals.iter().enumerate() {
        if global.ty.index() >= module.types.types.len() {
            let place = Place::Global(GlobalId(at as u32), global.name.clone());
            report.push(place, format!("t{} does not exist", global.ty.0));
        }
    }
    for (at, function) in module.functions.iter().enumerate() {
        header(module, function, |message| {
            let place = Place::Function(FuncId(at as u32), function.name.clone());
            report.push(place, message);
        });
    }
    match module.entry.map(|id| module.functions.get(id.index())) {
        None => {}
        Some(None) => report.push(
            Place::Module,
            "the entry function does not exist".to_owned(),
        ),
        Some(Some(f)) if f.params != 0 || !f.results.is_empty() => {
            let message = format!("the entry function {} has parameters or results", f.name);
            report.push(Place::Module, message);
        }
        Some(Some(_)) => {}
    }
}

fn header(module: &Module, function: &Function, mut fail: impl FnMut(String)) {
    let Function {
        file,
        params,
        results,
        slots,
        slot_names,
        code,
        lines,
        ..
    } = function;
    let types = module.types.types.len();
    if *file as usize >= module.files.len() {
        fail(format!("file {file} does not exist"));
    }
    match slots.get(..*params as usize) {
        None => fail(format!("{params} parameters, but {} slots", slots.len())),
        Some(params) => {
            if let Some(at) = lone_iface_word(params) {
                fail(format!("parameter %{at} is half an interface"));
            } else if let Some(at) = lone_iface_word(slots) {
                fail(format!("slot %{at} is half an interface"));
            }
        }
    }
    if let Some(at) = lone_iface_word(results) {
        fail(format!("result {at} is half an interface"));
    }
    if results.len() > MAX_RESULTS {
        let count = results.len();
        fail(format!("{count} result slots; at most {MAX_RESULTS}"));
    }
    if let Some(named) = (slot_names.iter()).find(|named| named.slot.index() >= slots.len()) {
        let SlotName { slot, name, .. } = named;
        fail(format!("{slot}, which `{name}` names, does not exist"));
    }
    let unknown = |named: &&SlotName| named.source.is_some_and(|of| of.ty.index() >= types);
    if let Some(SlotName { name, .. }) = slot_names.iter().find(unknown) {
        fail(format!("the type of `{name}` does not exist"));
    }
    if lines.len() != code.len() {
        let (lines, code) = (lines.len(), code.len());
        fail(format!("{lines} source lines for {code} instructions"));
    }
    if !code.last().is_some_and(Inst::is_terminator) {
        fail("the code does not end with a terminator".to_owned());
    }
}

/// The index of an interface's word that stands without the other word.
fn lone_iface_word(types: &[SlotTy]) -> Option<usize> {
    let mut at = 0;
    while let Some(ty) = types.get(at) {
        at += match ty {
            SlotTy::IfaceType if types.get(at + 1) == Some(&SlotTy::IfaceData) => 2,
            SlotTy::IfaceType | SlotTy::IfaceData => return Some(at),
            _ => 1,
        };
    }
    None
}

/// Checks that the functions of method tables have the signatures of their methods.
pub(super) fn check_method_tables(module: &Module, facts: &Facts, report: &mut Report) {
    for (at, ty) in module.types.types.iter().enumerate() {
        let id = TypeId(at as u32);
        for (method, func) in &ty.methods {
            let word = match facts.word(module, id) {
                SlotTy::Ref => SlotTy::Ref,
                _ => SlotTy::I64,
            };
            let (mut params, results) = method_signature(module, facts, *method);
            params.insert(0, word);
            let function = module.func(*func);
            if function.param_types() != params || function.results != results {
                let message = format!(
                    "method m{} ({}) is {}, which is {} -> {}, not {} -> {}",
                    method.0,
                    module.types.methods[method.index()].name,
                    function.name,
                    tuple(function.param_types().iter().copied()),
                    tuple(function.results.iter().copied()),
                    tuple(params),
                    tuple(results),
                );
                report.push(Place::Type(id, ty.name.clone()), message);
            }
        }
    }
}

/// The slots of a method's parameters, without the receiver, and of its results.
pub(super) fn method_signature(
    module: &Module,
    facts: &Facts,
    method: MethodId,
) -> (Vec<SlotTy>, Vec<SlotTy>) {
    let flat = |types: &[TypeId]| {
        let slots = types.iter().flat_map(|ty| facts.slots(module, *ty));
        slots.copied().collect()
    };
    match module
        .types
        .kind(module.types.methods[method.index()].signature)
    {
        TypeKind::Func(params, results, _) => (flat(params), flat(results)),
        // The check of the type table refuses any other signature.
        _ => (Vec::new(), Vec::new()),
    }
}
