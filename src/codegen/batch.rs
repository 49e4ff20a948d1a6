//! Compiling many pieces of code at once, on all processors.
//!
//! Making CLIF needs the module's declarations and is quick; Cranelift's own work on it is nine
//! tenths of the time and needs nothing but the target. So CLIF is made one piece after the
//! other, and a batch of pieces is then compiled by several threads. The order in which code
//! goes into memory is that of the batch, whoever compiled it.

use cranelift_codegen::Context as CodeContext;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::TargetIsa;
use cranelift_jit::JITModule;
use cranelift_module::{FuncId as CodeId, Module as _, ModuleReloc};
use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

/// A piece of code whose CLIF is made.
pub struct Unit {
    /// Its number in the module.
    pub id: CodeId,
    /// Its name, for messages.
    pub name: String,
    /// Its CLIF, and what was compiled of it.
    pub code: CodeContext,
}

/// How many pieces are made before they are compiled; each takes some hundred kilobytes.
pub const BATCH: usize = 12;

/// With fewer pieces than this for each thread, starting threads costs more than it saves.
const UNITS_PER_THREAD: usize = 4;

/// Compiles units and puts their code into the module's memory.
///
/// # Errors
/// When Cranelift cannot compile a unit, or code memory is exhausted.
pub fn define(units: &mut [Unit], module: &mut JITModule) -> Result<(), String> {
    compile(units, module.isa())?;
    for unit in units {
        let Some(code) = unit.code.compiled_code() else {
            continue;
        };
        let relocs: Vec<ModuleReloc> = (code.buffer.relocs().iter())
            .map(|reloc| ModuleReloc::from_mach_reloc(reloc, &unit.code.func, unit.id))
            .collect();
        let alignment = u64::from(code.buffer.alignment);
        module
            .define_function_bytes(unit.id, alignment, code.code_buffer(), &relocs)
            .map_err(|error| format!("{}: {error:?}", unit.name))?;
    }
    Ok(())
}

fn compile(units: &mut [Unit], isa: &dyn TargetIsa) -> Result<(), String> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.min(units.len() / UNITS_PER_THREAD);
    let queue = Mutex::new(units.iter_mut());
    let work = || {
        loop {
            // A thread that panics takes the process's compilation down with it: see the scope.
            let Some(unit) = queue.lock().ok().and_then(|mut queue| queue.next()) else {
                return Ok(());
            };
            unit.code
                .compile(isa, &mut ControlPlane::default())
                .map_err(|error| format!("{}: {error:?}", unit.name))?;
        }
    };
    thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        let mine = work();
        let joined = others.into_iter().map(|other| match other.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(mine)
            .chain(joined.collect::<Vec<_>>())
            .collect()
    })
}
