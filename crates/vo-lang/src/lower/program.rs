//! What all functions of a program share while it is lowered: ids, the work list, the tables of the module.

use foldhash::{HashMap, HashSet};
use std::collections::VecDeque;

use vo_bytecode as bc;
use vo_bytecode::{Global, GlobalId, MethodId, Module, StrId, TypeId};

use super::builder::Builder;
use super::dynmade::DynNames;
use super::func::Lowerer;
use super::scan;
use super::typetable::TypeTable;
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::SourceMap;
use crate::types::info::{FuncId, Info, ObjId, PkgId, VarRole};
use crate::types::lookup::Lookup;
use crate::types::ty::{Kind, Name, Ty, TyTable};

/// A function of the module, by what it is made from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Work {
    /// A declared function, method or function literal.
    Body(FuncId),
    /// A function literal that is called by a `defer` statement: what it captures comes first.
    Deferred(FuncId),
    /// A declared function as a function value: the closure object comes first.
    Value(FuncId),
    /// A method as interfaces call it: the data word of a value of the type comes first.
    IfaceMethod(Ty, MethodId),
    /// A bound method: the closure holds the receiver, of this type.
    Bound(Ty, BoundMethod),
    /// A method expression: the type, the method's name and package, and the type of the function.
    MethodExpr(Ty, Name, Option<PkgId>, Ty),
    /// Equality of two values in memory.
    Equal(Ty),
    /// The text of the value in an interface, as `println` shows it.
    TextOf,
    /// The text of a panic's value that has an `Error` or `String` method, for the report at the program's
    /// end; found by its name.
    PanicText,
    /// Finds the exported methods of a type by name.
    DynMethod(Ty),
    /// Calls the values of a function type with arguments in interfaces; the types of its results.
    DynCall(Ty, Vec<Ty>),
    /// The initialisation of a package.
    Init(PkgId),
    /// What an island does before anything else runs there; found by its name.
    IslandInit,
    /// The entry of the program.
    Entry,
}

/// The method that a bound method calls.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum BoundMethod {
    /// A declared method.
    Concrete(ObjId),
    /// Method number so of an interface type.
    Interface(Ty, usize),
}

/// What is taken for granted about the values in interfaces until one turns up that is different. Code that
/// can never run then costs nothing, and neither do the functions that only it calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guess {
    /// All are numbers, strings, booleans, or have an `Error` or `String` method.
    Plain,
    /// None is of this type, or implements it.
    Never(Ty),
}

/// See the module's text.
pub struct Program<'a> {
    pub info: &'a Info<'a>,
    pub tys: &'a TyTable,
    pub sources: &'a SourceMap,
    pub types: TypeTable<'a>,
    is_std: &'a dyn Fn(PkgId) -> bool,
    /// The package behind the operator `~>`.
    pub dyn_pkg: Option<PkgId>,
    /// The methods that are looked up by name.
    pub dyn_names: DynNames,
    functions: Vec<Option<bc::Function>>,
    ids: HashMap<Work, bc::FuncId>,
    queue: VecDeque<Work>,
    recovering: HashSet<bc::FuncId>,
    strings: HashMap<Box<[u8]>, StrId>,
    string_table: Vec<Box<[u8]>>,
    globals: HashMap<ObjId, GlobalId>,
    global_table: Vec<Global>,
    /// Array variables that must live in memory because they are indexed dynamically.
    pub indexed: HashSet<ObjId>,
    /// Variables that `for` clauses declare.
    pub loop_vars: HashSet<ObjId>,
    /// Variables that are assigned to elsewhere than in the clause that declares them.
    pub assigned: HashSet<ObjId>,
    scanned: HashSet<FuncId>,
    pub diags: Diagnostics,
    /// Whether parts of values in interfaces are taken out at run time as interfaces of their own.
    pub reflects: bool,
    /// Whether pointers to parts of values in interfaces are made at run time.
    reflects_pointers: bool,
    /// Whether the program calls `panic`.
    pub panics: bool,
    /// What functions rely on as long as nothing else is known.
    guesses: Vec<(Work, Guess)>,
    /// How many converted types the guesses were held against.
    revised: usize,
    tables_done: HashSet<(TypeId, MethodId)>,
    reflected: usize,
}

impl<'a> Program<'a> {
    pub fn new(
        info: &'a Info<'a>,
        tys: &'a TyTable,
        sources: &'a SourceMap,
        is_std: &'a dyn Fn(PkgId) -> bool,
        dyn_pkg: Option<PkgId>,
    ) -> Self {
        Program {
            info,
            tys,
            sources,
            types: TypeTable::new(tys, info),
            is_std,
            dyn_pkg,
            dyn_names: DynNames::default(),
            functions: Vec::new(),
            ids: HashMap::default(),
            queue: VecDeque::new(),
            recovering: HashSet::default(),
            strings: HashMap::default(),
            string_table: Vec::new(),
            globals: HashMap::default(),
            global_table: Vec::new(),
            indexed: HashSet::default(),
            loop_vars: HashSet::default(),
            assigned: HashSet::default(),
            scanned: HashSet::default(),
            diags: Diagnostics::new(),
            reflects: false,
            reflects_pointers: false,
            panics: false,
            guesses: Vec::new(),
            revised: 0,
            tables_done: HashSet::default(),
            reflected: 0,
        }
    }

    /// Lowers everything that can be reached.
    pub fn run(mut self) -> Result<Module, Diagnostics> {
        let entry = self.func(Work::Entry);
        let mut live = HashSet::default();
        loop {
            self.drain();
            let grown = self.grow_method_tables();
            let revised = self.revise() | self.revise_dynamic();
            self.want_panic_text();
            if !self.grow_initialisers(&mut live) && !grown && !revised && self.queue.is_empty() {
                break;
            }
        }
        if self.diags.has_errors() {
            return Err(self.diags);
        }
        for ty in &mut self.types.out.types {
            ty.methods.sort_by_key(|(method, _)| *method);
        }
        let functions = self.functions.into_iter().flatten().collect();
        Ok(Module {
            files: self
                .sources
                .files()
                .map(|(_, file)| file.name().to_string())
                .collect(),
            strings: self.string_table,
            types: self.types.out,
            globals: self.global_table,
            functions,
            entry: Some(entry),
        })
    }

    /// The id of a function, which is put on the work list if it is new.
    pub fn func(&mut self, work: Work) -> bc::FuncId {
        if let Some(&id) = self.ids.get(&work) {
            return id;
        }
        let id = bc::FuncId(self.functions.len() as u32);
        self.functions.push(None);
        if let Work::Body(func) | Work::Deferred(func) = work
            && self.info.function(func).has_recover
        {
            self.recovering.insert(id);
        }
        self.ids.insert(work.clone(), id);
        self.queue.push_back(work);
        id
    }

    /// The entry and the initialisers of packages are made last, when it is known what they must do.
    fn drain(&mut self) {
        while let Some(work) = self.queue.pop_front() {
            let id = self.ids[&work];
            let function = Lowerer::new(self, work).lower();
            self.functions[id.index()] = Some(function);
        }
    }

    /// Whether a guess still holds. `work` relies on it, and is made again should it turn out to be wrong.
    pub fn guess(&mut self, work: &Work, guess: Guess) -> bool {
        let holds = self.holds(guess);
        if holds {
            self.guesses.push((work.clone(), guess));
        }
        holds
    }

    fn holds(&self, guess: Guess) -> bool {
        match guess {
            Guess::Plain => self.types.converted.iter().all(|ty| self.is_plain(*ty)),
            Guess::Never(ty) => match self.tys.as_interface(ty) {
                Some(iface) => !self.types.converted.iter().any(|&held| {
                    iface
                        .methods
                        .iter()
                        .all(|method| super::method::implements(self, held, method))
                }),
                None => !self.types.is_converted(ty),
            },
        }
    }

    /// Whether a value of the type is shown without looking into it.
    fn is_plain(&self, ty: Ty) -> bool {
        self.tys.basic(ty).is_some() || self.speaks(ty, "Error") || self.speaks(ty, "String")
    }

    /// Whether values of a type have a method that makes their text.
    fn speaks(&self, ty: Ty, name: &str) -> bool {
        match self.tys.lookup(ty, name, PkgId(0)) {
            Lookup::Method {
                func,
                ptr_recv,
                indirect,
                ..
            } => {
                let sig = self.tys.as_signature(self.info.object(func).ty);
                let text = sig.is_some_and(|s| s.params.is_empty() && s.results == [Ty::STRING]);
                (!ptr_recv || indirect) && text
            }
            _ => false,
        }
    }

    /// Adds the function that makes the texts of panics where a value may need it.
    fn want_panic_text(&mut self) {
        let held = &self.types.converted;
        if self.panics
            && held
                .iter()
                .any(|ty| self.speaks(*ty, "Error") || self.speaks(*ty, "String"))
        {
            self.func(Work::PanicText);
        }
    }

    /// Makes again what relied on guesses that turned out to be wrong. Whether there was any.
    fn revise(&mut self) -> bool {
        if self.revised == self.types.converted.len() {
            return false;
        }
        self.revised = self.types.converted.len();
        let guesses = std::mem::take(&mut self.guesses);
        let (good, bad): (Vec<_>, Vec<_>) = guesses
            .into_iter()
            .partition(|(_, guess)| self.holds(*guess));
        self.guesses = good;
        let revised = !bad.is_empty();
        for (work, _) in bad {
            if !self.queue.contains(&work) {
                self.queue.push_back(work);
            }
        }
        revised
    }

    /// Puts functions that were made before on the work list again.
    pub fn remake(&mut self, which: impl Fn(&Work) -> bool) {
        let mut again: Vec<(bc::FuncId, Work)> = self
            .ids
            .iter()
            .filter(|(work, id)| which(work) && self.functions[id.index()].is_some())
            .map(|(work, id)| (*id, work.clone()))
            .collect();
        // In the order in which they were first made, so that every run gives the same module.
        again.sort_by_key(|(id, _)| *id);
        self.queue.extend(again.into_iter().map(|(_, work)| work));
    }

    /// Gives each type that is put into an interface the methods that interfaces may call. Whether
    /// anything was new.
    fn grow_method_tables(&mut self) -> bool {
        if self.reflects {
            self.convert_parts();
        }
        let mut grown = false;
        let (mut at, mut ty_at) = (0, 0);
        while ty_at < self.types.converted.len() {
            let ty = self.types.converted[ty_at];
            let id = self.types.id(ty);
            while at < self.types.wanted.len() {
                let wanted = self.types.wanted[at].clone();
                at += 1;
                if self.tables_done.contains(&(id, wanted.id)) {
                    continue;
                }
                self.tables_done.insert((id, wanted.id));
                if super::method::implements(self, ty, &wanted.method) {
                    let func = self.iface_method(ty, wanted.id, &wanted.method);
                    self.types.out.types[id.index()]
                        .methods
                        .push((wanted.id, func));
                    grown = true;
                }
            }
            at = 0;
            ty_at += 1;
        }
        grown
    }

    /// What can be taken out of values in interfaces is put into interfaces too.
    fn convert_parts(&mut self) {
        while self.reflected < self.types.converted.len() {
            let ty = self.types.converted[self.reflected];
            self.reflected += 1;
            match self.tys.under(ty).clone() {
                Kind::Pointer(elem) | Kind::Slice(elem) | Kind::Array(elem, _) => {
                    self.convert_part(elem);
                }
                Kind::Map(key, value) => {
                    self.convert_part(key);
                    self.convert_part(value);
                }
                Kind::Struct(s) => {
                    s.fields.iter().for_each(|f| self.convert_part(f.ty));
                    // Pointers that nobody speaks of have no methods.
                    let pointer = self.tys.find(&Kind::Pointer(ty));
                    if let Some(pointer) = pointer.filter(|_| self.reflects_pointers) {
                        self.convert_part(pointer);
                    }
                }
                _ => {}
            }
        }
    }

    /// From now on pointers to structs in interfaces, and to parts of them, are made at run time.
    pub fn reflect_pointers(&mut self) {
        if !self.reflects_pointers {
            self.reflects_pointers = true;
            self.reflected = 0;
        }
    }

    fn convert_part(&mut self, ty: Ty) {
        if !self.tys.is_interface(ty) {
            self.types.id(ty);
            self.types.convert(ty);
        }
    }

    /// Finds initialisers that have become needed; what they use goes on the work list. Whether any were
    /// new.
    fn grow_initialisers(&mut self, live: &mut HashSet<(PkgId, usize)>) -> bool {
        let mut grown = false;
        for (pkg, at) in self.needed_initialisers() {
            if live.insert((pkg, at)) {
                grown = true;
            }
        }
        if grown {
            // Only to find what is used; these are made again in the end.
            let packages: Vec<PkgId> = self.package_ids().collect();
            for pkg in packages {
                if self.has_init(pkg) {
                    let id = self.func(Work::Init(pkg));
                    let function = Lowerer::new(self, Work::Init(pkg)).lower();
                    self.functions[id.index()] = Some(function);
                }
            }
            for work in [Work::Entry, Work::IslandInit] {
                if let Some(&id) = self.ids.get(&work) {
                    let function = Lowerer::new(self, work).lower();
                    self.functions[id.index()] = Some(function);
                }
            }
        }
        grown
    }

    /// All packages, each behind those that it imports.
    pub fn package_ids(&self) -> impl Iterator<Item = PkgId> + use<> {
        (0..self.info.packages().len() as u32).map(PkgId)
    }

    /// The package initialisers that have an effect or set a variable that is used.
    fn needed_initialisers(&self) -> Vec<(PkgId, usize)> {
        let mut needed = Vec::new();
        for pkg in self.package_ids() {
            let count = self.info.package(pkg).init_order.len();
            needed.extend(
                (0..count)
                    .filter(|at| self.needs_initialiser(pkg, *at))
                    .map(|at| (pkg, at)),
            );
        }
        needed
    }

    /// Whether an initialiser of a package must run.
    pub fn needs_initialiser(&self, pkg: PkgId, at: usize) -> bool {
        let init = &self.info.package(pkg).init_order[at];
        !(self.is_std)(pkg) || init.lhs.iter().any(|obj| self.globals.contains_key(obj))
    }

    /// Whether a package has anything to do before `main`.
    pub fn has_init(&self, pkg: PkgId) -> bool {
        let package = self.info.package(pkg);
        !package.inits.is_empty()
            || (0..package.init_order.len()).any(|at| self.needs_initialiser(pkg, at))
    }

    /// The number of a string in the string table.
    pub fn string(&mut self, bytes: &[u8]) -> StrId {
        if let Some(&id) = self.strings.get(bytes) {
            return id;
        }
        let id = StrId(self.string_table.len() as u32);
        self.string_table.push(bytes.into());
        self.strings.insert(bytes.into(), id);
        id
    }

    /// The global of a package variable.
    pub fn global(&mut self, obj: ObjId) -> GlobalId {
        if let Some(&id) = self.globals.get(&obj) {
            return id;
        }
        let object = self.info.object(obj);
        let pkg = object.pkg.map_or("", |pkg| &self.info.package(pkg).path);
        let name = format!("{pkg}.{}", object.name);
        let ty = self.types.id(object.ty);
        let id = GlobalId(self.global_table.len() as u32);
        self.global_table.push(Global { name, ty });
        self.globals.insert(obj, id);
        id
    }

    /// Whether a function of the source recovers.
    pub fn recovers(&self, id: bc::FuncId) -> bool {
        self.recovering.contains(&id)
    }

    /// Whether any function of the program recovers.
    pub fn any_recovers(&self) -> bool {
        self.info.functions().iter().any(|func| func.has_recover)
    }

    /// A function of package `runtime`, which is loaded where a program recovers.
    pub fn runtime_func(&mut self, name: &str) -> Option<bc::FuncId> {
        let mut packages = self.info.packages().iter();
        let package = packages.find(|package| &*package.path == "runtime")?;
        let func = self.info.func_of(*package.members.get(name)?)?;
        Some(self.func(Work::Body(func)))
    }

    /// Reports what is wrong.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diags.push(diagnostic);
    }

    /// The name of a function as users know it.
    pub fn func_name(&self, id: FuncId) -> String {
        let func = self.info.function(id);
        format!("{}.{}", self.info.package(func.pkg).path, func.name)
    }

    /// Finds out what decides where the variables live of the function around `id`.
    pub fn scan(&mut self, id: FuncId) {
        let mut outer = id;
        while let Some(parent) = self.info.function(outer).parent {
            outer = parent;
        }
        if self.scanned.insert(outer)
            && let Some(body) = self.info.function(outer).body
        {
            scan::block(self, body);
        }
    }

    /// Whether a variable lives in an object of its own although its value would fit slots.
    pub fn boxed(&self, obj: ObjId) -> bool {
        let Some(var) = self.info.var(obj) else {
            return false;
        };
        // What only the head of its loop changes is never changed once an iteration has it.
        let fixed = self.loop_vars.contains(&obj) && !self.assigned.contains(&obj);
        (var.shared() && (var.address_taken || !fixed))
            || self.indexed.contains(&obj)
            || (var.role == VarRole::Result && var.captured)
    }

    /// A new builder.
    pub fn builder(&self) -> Builder {
        Builder::default()
    }
}
