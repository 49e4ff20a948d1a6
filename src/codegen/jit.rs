//! The code of a program: what is compiled when, and the tables of addresses that native code
//! and the runtime look it up in.
//!
//! Hot functions are all compiled before the program starts, and so are the resume functions of
//! those that only ever start as goroutines. Other resume functions are compiled when a frame
//! of theirs is first resumed: until then their points lead to a stub that does so.

use super::batch::{self, BATCH, Unit};
use super::listing::{self, Listing};
use super::stubs::Stub;
use super::{abi, func, isa};
use crate::cfg::Cfg;
use crate::runtime::context::{Context, Entry};
use crate::runtime::helpers::Helper;
use crate::runtime::native;
use crate::runtime::observe::Observer;
use crate::runtime::program::Program;
use crate::split::{Analysis, FuncPlan, ModulePlan};
use cranelift_codegen::Context as CodeContext;
use cranelift_codegen::ir::{FuncRef, Function as Clif, Signature};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{ArenaMemoryProvider, JITBuilder, JITModule};
use cranelift_module::{FuncId as CodeId, Linkage, Module as _, default_libcall_names};
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::{Duration, Instant};
use vo_bytecode::{FuncId, Module, RtFn, TypeId};

/// Address space for code; only what is used is committed. Keeps all code within reach of a
/// near call.
const CODE_SPACE: usize = 1 << 30;

/// What the emitter may refer to: declared functions and helpers, and the program.
pub struct Decls {
    /// Cranelift's module.
    pub module: ManuallyDrop<JITModule>,
    /// The program.
    pub program: Arc<Program>,
    /// Its split plan.
    pub plan: Arc<ModulePlan>,
    /// Stress: operations that are done suspend all the same.
    pub stress_suspend: bool,
    /// Who is told what happens.
    pub observer: Option<Arc<Observer>>,
    /// With an observer, the number of each function's first block among those of all.
    pub first_blocks: Vec<usize>,
    /// Whether Cranelift is told which bytecode instruction its code is for.
    pub locations: bool,
    hot: Vec<Option<CodeId>>,
    resume: Vec<Option<CodeId>>,
    helpers: HashMap<Helper, CodeId>,
    natives: HashMap<RtFn, CodeId>,
    stubs: HashMap<Stub, CodeId>,
    /// Stubs that something refers to and that are not compiled yet.
    wanted: Vec<Stub>,
}

/// The native code of a program.
pub struct Jit {
    /// What the emitter refers to.
    pub decls: Decls,
    /// Pieces of code that wait to be compiled.
    batch: Vec<Unit>,
    /// What is left of those before them, to be used again.
    spare: Vec<CodeContext>,
    builder: FunctionBuilderContext,
    /// The tables, once the code is there.
    tables: Arc<Tables>,
    /// Functions compiled so far, hot or resume.
    native: Vec<bool>,
    resumes: usize,
    time: Duration,
}

/// The tables that native code and the runtime look code up in, for all islands. Only the code of
/// points changes, from the stub that compiles to what was compiled.
#[derive(Debug)]
pub struct Tables {
    /// Code of each point; special points behind those of the program.
    points: Box<[AtomicPtr<u8>]>,
    /// Place of each point.
    sites: Box<[u64]>,
    funcs: Box<[*const u8]>,
    methods: Box<[*const u8]>,
    entries: Box<[Entry]>,
    dispatch: *const u8,
}

// SAFETY: the addresses are of code, which every thread may run; but for `points`, which are
// atomic, nothing changes.
unsafe impl Send for Tables {}
// SAFETY: as above.
unsafe impl Sync for Tables {}

impl Default for Tables {
    /// Tables of nothing.
    fn default() -> Tables {
        Tables {
            points: Box::default(),
            sites: Box::default(),
            funcs: Box::default(),
            methods: Box::default(),
            entries: Box::default(),
            dispatch: std::ptr::null(),
        }
    }
}

impl Tables {
    /// Makes the context's tables lead here. The code must outlive its use.
    pub fn attach(&self, cx: &mut Context) {
        cx.point_code = self.points.as_ptr().cast();
        cx.point_sites = self.sites.as_ptr();
        cx.func_code = self.funcs.as_ptr();
        cx.method_code = self.methods.as_ptr();
        cx.entries = self.entries.as_ptr();
        // SAFETY: both are valid records of the context.
        unsafe {
            (*cx.exit_record).point = self.special(SpecialPoint::Exit);
            (*(*cx.sentinel).top).point = self.special(SpecialPoint::Leave);
        }
    }

    /// The number of a special point.
    pub fn special(&self, point: SpecialPoint) -> u32 {
        (self.points.len() - SPECIAL_POINTS + point as usize) as u32
    }

    /// The dispatch: enters the next fiber, and returns when there is none or a special point
    /// says so.
    pub fn dispatch(&self) -> *const u8 {
        self.dispatch
    }

    /// The code of a point.
    fn point(&self, number: u32) -> *const u8 {
        self.points[number as usize].load(Ordering::Acquire)
    }

    /// Gives the points of a function their code. Whoever sees it sees the code, too.
    fn set_points(&self, plan: &FuncPlan, code: *const u8) {
        let first = plan.first_point as usize;
        for point in &self.points[first..first + plan.points.len()] {
            point.store(code.cast_mut(), Ordering::Release);
        }
    }
}

/// Points behind those of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpecialPoint {
    /// The exit record's: a goroutine has ended.
    Exit = 0,
    /// The sentinel's: leaves the dispatch.
    Leave = 1,
    /// Begins a stack overflow panic in the record below.
    Overflow = 2,
}

/// The stubs that the tables lead to.
const ALWAYS: [Stub; 5] = [
    Stub::Dispatch,
    Stub::Exit,
    Stub::Leave,
    Stub::Overflow,
    Stub::ResumeLazily,
];

/// How many special points there are.
const SPECIAL_POINTS: usize = 3;

impl Jit {
    /// Compiles every function of a program.
    ///
    /// # Errors
    /// When the host is not supported, or code memory is exhausted.
    pub fn compile(
        program: Arc<Program>,
        plan: ModulePlan,
        stress_suspend: bool,
        observer: Option<Arc<Observer>>,
    ) -> Result<Jit, String> {
        let start = Instant::now();
        let mut jit = Jit::new(program, plan, stress_suspend, observer)?;
        jit.compile_all()?;
        jit.fill_tables();
        jit.time = start.elapsed();
        Ok(jit)
    }

    /// Compiles forms of functions, and gives their code as text, in the same order.
    ///
    /// # Errors
    /// As for [`Jit::compile`], and when the disassembler cannot be had.
    pub fn list(
        program: Arc<Program>,
        plan: ModulePlan,
        wanted: &[(FuncId, func::Mode)],
    ) -> Result<Vec<Listing>, String> {
        let mut jit = Jit::new(program, plan, false, None)?;
        jit.decls.locations = true;
        let list = |(id, mode): &(FuncId, func::Mode)| {
            match mode {
                func::Mode::Hot => jit.define_hot(*id)?,
                func::Mode::Resume => jit.define_resume(*id)?,
            }
            batch::define(&mut jit.batch, &mut jit.decls.module)?;
            let unit = jit.batch.pop().ok_or("nothing was made")?;
            let code = unit.code.compiled_code().ok_or("nothing was compiled")?;
            listing::list(&jit.decls, *id, *mode, &unit.code.func, code)
        };
        wanted.iter().map(list).collect()
    }

    fn new(
        program: Arc<Program>,
        plan: ModulePlan,
        stress_suspend: bool,
        observer: Option<Arc<Observer>>,
    ) -> Result<Jit, String> {
        let mut builder = JITBuilder::with_isa(isa::host()?, default_libcall_names());
        for helper in Helper::ALL {
            let sig = helper.sig();
            builder.symbol(sig.name, sig.address);
        }
        for function in RtFn::ALL {
            let entry = native::entry(*function);
            builder.symbol(function.sig().name, entry as *const u8);
        }
        let arena = ArenaMemoryProvider::new_with_size(CODE_SPACE).map_err(|e| e.to_string())?;
        builder.memory_provider(Box::new(arena));
        let module = JITModule::new(builder);
        let functions = program.module.functions.len();
        Ok(Jit {
            batch: Vec::new(),
            spare: Vec::new(),
            builder: FunctionBuilderContext::new(),
            tables: Arc::default(),
            native: vec![false; functions],
            resumes: 0,
            time: Duration::ZERO,
            decls: Decls {
                module: ManuallyDrop::new(module),
                hot: vec![None; functions],
                resume: vec![None; functions],
                helpers: HashMap::new(),
                natives: HashMap::new(),
                stubs: HashMap::new(),
                wanted: Vec::new(),
                plan: Arc::new(plan),
                stress_suspend,
                first_blocks: match observer {
                    Some(_) => first_blocks(&program.module),
                    None => Vec::new(),
                },
                observer,
                program,
                locations: false,
            },
        })
    }

    fn compile_all(&mut self) -> Result<(), String> {
        for stub in ALWAYS {
            self.decls.stub(stub);
        }
        for at in 0..self.native.len() {
            let id = FuncId(at as u32);
            if self.decls.program.gone[at] {
                continue;
            }
            if self.decls.plan.func(id).called {
                self.define_hot(id)?;
            } else {
                self.define_resume(id)?;
            }
        }
        self.finalize()
    }

    /// Compiles what waits, with the stubs that it refers to, and makes all of it ready to run.
    fn finalize(&mut self) -> Result<(), String> {
        while let Some(stub) = self.decls.wanted.pop() {
            let id = self.decls.stub(stub);
            self.define(id, stub.signature(), "stub", |clif, builder, decls| {
                stub.emit(clif, builder, decls);
            })?;
        }
        self.compile_batch()?;
        // A megabyte or two, which is more than many a program needs.
        self.spare = Vec::new();
        self.decls
            .module
            .finalize_definitions()
            .map_err(|e| e.to_string())
    }

    fn define_hot(&mut self, id: FuncId) -> Result<(), String> {
        let code_id = self.decls.hot_id(id)?;
        self.define_function(id, code_id, func::Mode::Hot)
    }

    fn define_resume(&mut self, id: FuncId) -> Result<(), String> {
        let code_id = self.decls.resume_id(id)?;
        self.resumes += 1;
        self.define_function(id, code_id, func::Mode::Resume)
    }

    fn define_function(
        &mut self,
        id: FuncId,
        code: CodeId,
        mode: func::Mode,
    ) -> Result<(), String> {
        let program = self.decls.program.clone();
        let function = program.module.func(id);
        let analysis = Analysis::build(function);
        let signature = match mode {
            func::Mode::Hot => self.decls.hot_signature(id),
            func::Mode::Resume => abi::resume_signature(),
        };
        self.native[id.index()] = true;
        self.define(code, signature, &function.name, |clif, builder, decls| {
            func::emit(clif, builder, decls, id, &analysis, mode);
        })
    }

    /// Makes the CLIF of a piece of code, which is compiled by [`Jit::finalize`] at the latest.
    fn define(
        &mut self,
        id: CodeId,
        signature: Signature,
        name: &str,
        emit: impl FnOnce(&mut Clif, &mut FunctionBuilderContext, &mut Decls),
    ) -> Result<(), String> {
        let mut code = self.spare.pop().unwrap_or_else(CodeContext::new);
        self.decls.module.clear_context(&mut code);
        code.func.signature = signature;
        emit(&mut code.func, &mut self.builder, &mut self.decls);
        self.batch.push(Unit {
            id,
            name: name.to_owned(),
            code,
        });
        if self.batch.len() == BATCH {
            self.compile_batch()?;
        }
        Ok(())
    }

    /// Compiles the pieces of code that wait.
    fn compile_batch(&mut self) -> Result<(), String> {
        batch::define(&mut self.batch, &mut self.decls.module)?;
        self.spare
            .extend(self.batch.drain(..).map(|unit| unit.code));
        Ok(())
    }

    fn fill_tables(&mut self) {
        let lazy = self.stub_address(Stub::ResumeLazily);
        let count = self.decls.plan.points.len();
        let mut points = vec![lazy; count + SPECIAL_POINTS];
        points[count + SpecialPoint::Exit as usize] = self.stub_address(Stub::Exit);
        points[count + SpecialPoint::Leave as usize] = self.stub_address(Stub::Leave);
        points[count + SpecialPoint::Overflow as usize] = self.stub_address(Stub::Overflow);
        let program = &self.decls.program;
        let sites = (self.decls.plan.points.iter())
            .map(|(func, at)| {
                let point = &self.decls.plan.func(*func).points[*at as usize];
                program.site(*func, point.inst as usize)
            })
            .collect();
        let address = |code: &Option<CodeId>| code.map_or(std::ptr::null(), |id| self.address(id));
        let funcs: Box<[_]> = self.decls.hot.iter().map(address).collect();
        let entries = (0..self.native.len())
            .map(|at| {
                let plan = self.decls.plan.func(FuncId(at as u32));
                Entry {
                    point: plan.first_point,
                    words: u32::from(plan.words),
                }
            })
            .collect();
        let tables = Tables {
            methods: self.methods(&funcs),
            points: (points.into_iter())
                .map(|code| AtomicPtr::new(code.cast_mut()))
                .collect(),
            sites,
            funcs,
            entries,
            dispatch: self.stub_address(Stub::Dispatch),
        };
        for (at, code) in self.decls.resume.iter().enumerate() {
            if let Some(code) = code {
                let plan = self.decls.plan.func(FuncId(at as u32));
                tables.set_points(plan, self.address(*code));
            }
        }
        self.tables = Arc::new(tables);
    }

    /// The method table: a row for each type word, row 0 (nil) empty.
    fn methods(&self, funcs: &[*const u8]) -> Box<[*const u8]> {
        let types = &self.decls.program.module.types;
        let width = types.methods.len();
        let mut methods = vec![std::ptr::null(); (types.types.len() + 1) * width];
        for (at, ty) in types.types.iter().enumerate() {
            for (method, func) in &ty.methods {
                methods[(at + 1) * width + method.index()] = funcs[func.index()];
            }
        }
        methods.into()
    }

    /// The tables.
    pub fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    fn stub_address(&self, stub: Stub) -> *const u8 {
        self.address(self.decls.stubs[&stub])
    }

    fn address(&self, id: CodeId) -> *const u8 {
        self.decls.module.get_finalized_function(id)
    }

    /// Compiles the resume function that a point belongs to, if that has not happened yet, and
    /// returns its address.
    ///
    /// # Errors
    /// When code memory is exhausted.
    pub fn resume_code(&mut self, point: u32) -> Result<*const u8, String> {
        let start = Instant::now();
        let (func, _) = self.decls.plan.point(point);
        if self.decls.resume[func.index()].is_none() {
            self.define_resume(func)?;
            self.finalize()?;
            let code = self.decls.resume_id(func)?;
            let plan = self.decls.plan.func(func);
            self.tables.set_points(plan, self.address(code));
            self.time += start.elapsed();
        }
        Ok(self.tables.point(point))
    }

    /// Functions that have native code.
    pub fn functions_native(&self) -> usize {
        self.native.iter().filter(|native| **native).count()
    }

    /// Resume functions compiled so far.
    pub fn resume_functions(&self) -> usize {
        self.resumes
    }

    /// Time spent compiling.
    pub fn compile_time(&self) -> Duration {
        self.time
    }
}

/// The number of each function's first block among the blocks of all.
fn first_blocks(module: &Module) -> Vec<usize> {
    let counts = module.functions.iter().map(|func| Cfg::build(func).len());
    let next = |sum: &mut usize, count| Some(std::mem::replace(sum, *sum + count));
    counts.scan(0, next).collect()
}

impl Drop for Jit {
    fn drop(&mut self) {
        // SAFETY: the module is taken once, and nobody runs the code any more: whoever does
        // borrows the `Jit`.
        unsafe { ManuallyDrop::take(&mut self.decls.module).free_memory() };
    }
}

impl Decls {
    /// The signature of a hot function.
    pub fn hot_signature(&self, id: FuncId) -> Signature {
        let function = self.program.module.func(id);
        let status = abi::has_status(self.plan.func(id));
        abi::hot_signature(function.param_types(), &function.results, status)
    }

    fn hot_id(&mut self, id: FuncId) -> Result<CodeId, String> {
        if let Some(code) = self.hot[id.index()] {
            return Ok(code);
        }
        let signature = self.hot_signature(id);
        let code = self.declare(&format!("hot{}", id.0), &signature)?;
        self.hot[id.index()] = Some(code);
        Ok(code)
    }

    fn resume_id(&mut self, id: FuncId) -> Result<CodeId, String> {
        if let Some(code) = self.resume[id.index()] {
            return Ok(code);
        }
        let code = self.declare(&format!("resume{}", id.0), &abi::resume_signature())?;
        self.resume[id.index()] = Some(code);
        Ok(code)
    }

    fn declare(&mut self, name: &str, signature: &Signature) -> Result<CodeId, String> {
        self.module
            .declare_function(name, Linkage::Local, signature)
            .map_err(|error| error.to_string())
    }

    /// A reference to a hot function, for a call in `clif`.
    pub fn hot_ref(&mut self, id: FuncId, clif: &mut Clif) -> FuncRef {
        let code = self
            .hot_id(id)
            .expect("hot functions have names of their own");
        self.module.declare_func_in_func(code, clif)
    }

    /// A reference to a helper, for a call in `clif`.
    pub fn helper_ref(&mut self, helper: Helper, clif: &mut Clif) -> FuncRef {
        let sig = helper.sig();
        let call_conv = self.module.target_config().default_call_conv;
        let module = &mut self.module;
        let code = *self.helpers.entry(helper).or_insert_with(|| {
            let signature = abi::helper_signature(call_conv, sig.params, sig.returns);
            module
                .declare_function(sig.name, Linkage::Import, &signature)
                .expect("helpers have names of their own")
        });
        self.module.declare_func_in_func(code, clif)
    }

    /// A reference to the entry of a runtime function, for a call in `clif`.
    pub fn native_ref(&mut self, function: RtFn, clif: &mut Clif) -> FuncRef {
        let call_conv = self.module.target_config().default_call_conv;
        let module = &mut self.module;
        let code = *self.natives.entry(function).or_insert_with(|| {
            let signature = abi::helper_signature(call_conv, 3, true);
            module
                .declare_function(function.sig().name, Linkage::Import, &signature)
                .expect("runtime functions have names of their own")
        });
        self.module.declare_func_in_func(code, clif)
    }

    /// A reference to a stub, for a call in `clif`.
    pub fn stub_ref(&mut self, stub: Stub, clif: &mut Clif) -> FuncRef {
        let code = self.stub(stub);
        self.module.declare_func_in_func(code, clif)
    }

    /// A stub, which is compiled at the latest when the code that refers to it is made ready.
    fn stub(&mut self, stub: Stub) -> CodeId {
        let (module, wanted) = (&mut self.module, &mut self.wanted);
        *self.stubs.entry(stub).or_insert_with(|| {
            wanted.push(stub);
            module
                .declare_function(&stub.name(), Linkage::Local, &stub.signature())
                .expect("stubs have names of their own")
        })
    }

    /// How many columns the method table has.
    pub fn method_columns(&self) -> usize {
        self.program.module.types.methods.len()
    }

    /// The type word of a dynamic type.
    pub fn type_word(&self, ty: TypeId) -> i64 {
        i64::from(ty.0) + 1
    }
}
