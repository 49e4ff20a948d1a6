//! Handles of islands, and starting goroutines on other islands.
//!
//! A handle is an object on the heap of the island that made the other. When the collector does
//! not find it any more, the other island may end: see [`super::Island`].

use super::Island;
use crate::runtime::chan::OK_VALUE;
use crate::runtime::context::{Context, JitResult};
use crate::runtime::fiber::State;
use crate::runtime::heap::Survivors;
use crate::runtime::outside::inbox::Letter;
use crate::runtime::pack::{Leaf, Message, SlotPlan};
use crate::runtime::panic::Fault;
use crate::runtime::port::Parked;
use crate::runtime::sched::Executor;
use crate::runtime::value::name::type_name;
use smallvec::SmallVec;
use std::sync::Arc;
use vo_bytecode::{FuncId, TypeId, TypeKind};
use vo_mail::mailbox::{self, Closed, Desk, Mailbox, Nothing, Refused};

/// What an island costs its maker's heap in the books: about what an idle one takes of memory, so
/// that handles nobody has any more are found in time.
const ISLAND_BYTES: usize = 64 << 10;

/// A handle's object.
#[repr(C)]
pub struct Handle {
    island: *const Island,
}

/// A goroutine to be started on another island.
#[derive(Debug)]
pub struct Start {
    func: FuncId,
    args: Message,
    words: usize,
    /// Which goroutine of the island's maker starts it, and at which site.
    creator: u32,
    site: u32,
}

/// How many goroutines may wait to be started on an island, beside those that wait where they are
/// started from. Enough that two busy islands seldom wait for each other; an island takes all there
/// are at each turn.
const MAX_STARTS: usize = 256;

/// The goroutines that other islands want started.
#[derive(Debug)]
pub struct Starts {
    /// Where others put them.
    pub mailbox: Arc<Mailbox<Start, Parked>>,
    desk: Desk<Start>,
    /// The next sender tells of it.
    announced: bool,
}

impl Default for Starts {
    fn default() -> Starts {
        let (mailbox, mut desk) = (Mailbox::new(MAX_STARTS), Desk::default());
        // The island sleeps until the first is there.
        let announced = mailbox.announce(&mut desk, &mut Vec::new());
        Starts {
            mailbox: Arc::new(mailbox),
            desk,
            announced,
        }
    }
}

impl Starts {
    /// Whether there are none, as far as the island has been told.
    pub fn is_empty(&self) -> bool {
        self.desk.is_empty() && self.mailbox.queued() == 0
    }

    /// There is something.
    pub fn told(&mut self) {
        self.announced = false;
    }
}

/// How far an island is that goroutines were to be started on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Boot {
    /// Nothing was started yet.
    #[default]
    New,
    /// Goroutine 1 initialises the packages.
    Running,
    /// All is ready.
    Done,
}

/// What is called on another island.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// A function.
    Func(FuncId),
    /// A function value, which is not nil.
    Closure(u64),
}

/// Gives up the handles whose objects a collection has not found.
pub fn sweep(handles: &mut Vec<*mut Handle>, survivors: &Survivors<'_>) {
    handles.retain(|handle| {
        let alive = survivors.contains(handle.cast::<u8>());
        if !alive {
            // SAFETY: the object is not reused before the collection has ended.
            unsafe { release(*handle) };
        }
        alive
    });
}

/// A goroutine is to be started on an island, which may want to be told.
fn started(island: &Island, tell: bool) {
    if tell {
        // As for a closed mailbox.
        let _ = island.sender.send(Letter::Starts);
    }
}

/// # Safety
/// The handle's object is readable, and is given up once.
unsafe fn release(handle: *mut Handle) {
    // SAFETY: the object holds a count from its making.
    let island = unsafe { Arc::from_raw((*handle).island) };
    island.release();
}

impl Context {
    /// Makes an island; its handle is the first result.
    pub fn make_island(&mut self) -> JitResult {
        let Some(world) = self.world.clone() else {
            return self.plain_fault("no islands here");
        };
        let layout = self.program.own.island;
        let Ok(object) = self.heap.alloc(layout, size_of::<Handle>()) else {
            return self.fault(Fault::OutOfMemory, 0, 0);
        };
        let island = match world.new_island(self.island) {
            Ok(island) => island,
            Err(text) => return self.plain_fault(text),
        };
        let handle = object.cast::<Handle>();
        // SAFETY: a fresh object of that size.
        unsafe { (*handle).island = Arc::into_raw(island) };
        self.handles.push(handle);
        self.heap.charge_outside(ISLAND_BYTES);
        if self.heap.wants_gc {
            self.ask_capture();
        }
        self.results[0] = object as u64;
        JitResult::Ok
    }

    /// Starts a goroutine on another island, with copies of the arguments, whose types are the
    /// fields of `ty`, and of what a function value has captured; it comes from that site. When it
    /// waits for room, the caller captures the fiber; nothing arrives.
    ///
    /// # Safety
    /// `handle` is a handle of this context or null; `args` are valid values of these types.
    pub unsafe fn go_island(
        &mut self,
        handle: *const Handle,
        target: Target,
        ty: TypeId,
        args: &[u64],
        site: u32,
    ) -> JitResult {
        if handle.is_null() {
            return self.fault(Fault::IslandNil, 0, 0);
        }
        let program = self.program.clone();
        let mut words: SmallVec<[u64; 16]> = SmallVec::new();
        let mut leaves = Vec::new();
        let func = match target {
            Target::Func(func) => func,
            Target::Closure(closure) => {
                // SAFETY: a closure's first word is its function.
                let func = unsafe { *(closure as *const u64) } as usize;
                if let Some(captures) = program.pack.closure(func) {
                    if let Some(text) = self.unsendable(captures) {
                        return self.plain_fault(text);
                    }
                    leaves.push((0, Leaf::One(captures)));
                }
                words.push(closure);
                FuncId(func as u32)
            }
        };
        let TypeKind::Struct(fields) = program.module.types.kind(ty) else {
            return self.plain_fault("go @: the arguments have no type");
        };
        let plan = (program.pack).row_of_slots(fields.iter().map(|field| field.ty));
        let first = words.len();
        leaves.extend(plan.leaves.iter().map(|(at, leaf)| (first + at, *leaf)));
        words.extend_from_slice(args);
        let plan = SlotPlan {
            words: words.len(),
            leaves: leaves.into(),
        };
        // SAFETY: the caller's promise; the types can be sent, as the verifier and the look at
        // the captures have found.
        let args = unsafe { self.pack(&words, &plan) };
        let start = Start {
            func,
            args,
            words: plan.words,
            creator: self.running(),
            site,
        };
        // SAFETY: a handle holds its island.
        let island = unsafe { &*(*handle).island };
        match island.starts.try_send(start) {
            Ok(tell) => started(island, tell),
            Err(Refused::Full(start)) => {
                let parked = self.parked(State::Starting);
                match island.starts.park(start, parked) {
                    Ok(mailbox::Parked::Waits) => return JitResult::WaitIo,
                    Ok(mailbox::Parked::Accepted { tell, .. }) => started(island, tell),
                    Err(_) => {}
                }
                // SAFETY: the running fiber, which does not wait after all.
                unsafe { (*self.current).state = State::Ready };
            }
            // An island whose handle is there has not ended; but for the end of the program.
            Err(Refused::Closed(_)) => {}
        }
        JitResult::Ok
    }

    /// Why the captures of a closure type cannot go to another island.
    fn unsendable(&self, captures: TypeId) -> Option<String> {
        let types = &self.program.module.types;
        let TypeKind::Struct(fields) = types.kind(captures) else {
            return None;
        };
        let bad = fields
            .iter()
            .find(|field| !self.program.pack.sendable(field.ty))?;
        let (name, ty) = (&bad.name, type_name(types, bad.ty));
        Some(format!(
            "go @: the function has captured {name}, of type {ty}, which cannot leave its island"
        ))
    }

    /// Starts what other islands wanted started here; the first time, the initialisation of the
    /// packages, behind which the rest waits.
    pub fn run_starts(&mut self, executor: &mut dyn Executor) {
        if self.boot == Boot::Running {
            return;
        }
        if self.boot == Boot::New {
            if self.starts.is_empty() && self.announce_starts() {
                return;
            }
            match self.program.island_init {
                Some(init) => {
                    self.boot = Boot::Running;
                    self.push_new(executor, init, &[], (0, 0));
                    return;
                }
                // Goroutine 1 is the one that initialises, even where there is nothing to do.
                None => self.last_id = 1,
            }
            self.boot = Boot::Done;
        }
        while let Some(start) = self.next_start() {
            let mut words: SmallVec<[u64; 16]> = SmallVec::from_elem(0, start.words);
            // SAFETY: the room is that of the message's words, packed on an island of this
            // program.
            let unpacked = unsafe { self.unpack(start.args, words.as_mut_ptr(), start.words) };
            if unpacked.is_err() {
                self.fatal = Some(Fault::OutOfMemory);
                return;
            }
            self.push_new(executor, start.func, &words, (start.creator, start.site));
        }
    }

    /// The next goroutine to be started; where there is none, the next sender will tell.
    fn next_start(&mut self) -> Option<Start> {
        loop {
            let mut admitted = Vec::new();
            let Starts { mailbox, desk, .. } = &mut self.starts;
            let start = mailbox.try_recv(desk, &mut admitted);
            self.wake_senders(admitted, OK_VALUE);
            match start {
                Ok(start) => return Some(start),
                Err(Nothing::Empty) if !self.announce_starts() => {}
                Err(_) => return None,
            }
        }
    }

    /// Has the next sender tell of a goroutine to be started. False where there is one.
    fn announce_starts(&mut self) -> bool {
        let mut admitted = Vec::new();
        let starts = &mut self.starts;
        if !starts.announced {
            starts.announced = starts.mailbox.announce(&mut starts.desk, &mut admitted);
        }
        self.wake_senders(admitted, OK_VALUE);
        self.starts.announced
    }

    fn push_new(
        &mut self,
        executor: &mut dyn Executor,
        func: FuncId,
        args: &[u64],
        (creator, site): (u32, u32),
    ) {
        if self.goroutines >= self.max_goroutines {
            self.fatal = Some(Fault::TooManyGoroutines);
            return;
        }
        let fiber = executor.new_fiber(self, func, args);
        if fiber.is_null() {
            self.fatal = Some(Fault::OutOfMemory);
            return;
        }
        // SAFETY: a fresh fiber is in no queue.
        unsafe {
            self.set_origin(fiber, creator, site);
            self.push(fiber);
        }
    }

    /// Nothing is started on the island any more, which ends. Nobody waits for that: its handles
    /// are gone, or the program has ended.
    pub fn refuse_starts(&mut self) {
        self.starts.mailbox.close(Closed::Gone, &mut Vec::new());
    }

    /// Gives up all handles, at the island's end.
    pub fn drop_handles(&mut self) {
        for handle in std::mem::take(&mut self.handles) {
            // SAFETY: the objects in the list are live.
            unsafe { release(handle) };
        }
    }
}
