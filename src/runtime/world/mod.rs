//! Islands, and what all islands of a program share.
//!
//! ```text
//!            ┌────────────────────────── World ──────────────────────────┐
//!            │ pool of ready islands   dozers   reactor   output   end   │
//!            └───▲──────────────▲───────────────▲────────────────────────┘
//!     worker ────┤   worker ────┤               │ bell rung, timer due
//!                ▼              ▼               │
//!            Island 0       Island 7        Island 3 (asleep)
//!            context, executor: one worker's at a time
//! ```
//!
//! An island is in one of these states: a worker runs it; it stands in the pool; or it sleeps,
//! with its bell set ([`vo_mail::inbox`]). Whoever takes the bell puts it into the pool, so an
//! island gets there once for each sleep. The [`Census`] counts those that can still do something.
//!
//! Invariants
//! 1. An island's context is used by whoever holds the lock of its `body`. A worker lets go of it
//!    before the island sleeps: who is rung next does not wait for the lock.
//! 2. A bell is rung by an island that is counted, or for one that is (which sleeps until a time or
//!    an event). So the worker that puts the last counted one to sleep has found a deadlock.
//! 3. An island ends when it has no goroutine, no handle, no letter, and none is to be started.
//!    What is sent to its ports then is refused.
//!
//! Decided against: queues of ready islands for each worker with stealing. Islands are few and
//! their turns long; one queue gives any idle worker whatever is ready.

pub mod handle;
mod monitor;
mod worker;

#[cfg(test)]
mod tests;

use super::context::{Context, Options};
use super::hostcall::{Embedder, HostCalls};
use super::native::Output;
use super::outside::Outside;
use super::outside::inbox::{Letter, Sender, Stop};
use super::outside::reactor::Reactor;
use super::panic_text;
use super::port::Parked;
use super::program::Program;
use super::report::{self, Report};
use super::roll::Roll;
use super::sched::{Ended, Executor};
use handle::Start;
use monitor::Monitor;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::thread::JoinHandle;
use std::time::Instant;
use vo_mail::census::Census;
use vo_mail::doze::{Dozer, Dozers};
use vo_mail::inbox::Sleep;
use vo_mail::mailbox::Mailbox;
use vo_mail::pool::{Pool, RingSeat};

/// Makes what runs the goroutines of an island.
pub type MakeExecutor = Box<dyn Fn() -> Box<dyn Executor> + Send + Sync>;

/// The islands of a program; see the module's text.
pub struct World {
    program: Arc<Program>,
    options: Options,
    /// When the program began.
    epoch: Instant,
    output: Output,
    reactor: Arc<Reactor>,
    make_executor: MakeExecutor,
    pool: Pool<Arc<Island>>,
    census: Arc<Census>,
    /// Islands that sleep until a time or an event.
    dozers: Dozers<Instant>,
    last_id: AtomicU64,
    islands: Mutex<BTreeMap<u64, Arc<Island>>>,
    monitor: Monitor,
    workers: Mutex<Vec<JoinHandle<()>>>,
    /// Threads that may run islands.
    most_workers: usize,
    stack_bytes: usize,
    embedder: Embedder,
    end: Mutex<Option<End>>,
    totals: Mutex<Totals>,
}

/// Counters of islands that have ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Islands, that of `main` included.
    pub islands: u64,
    /// Frames captured.
    pub suspensions: u64,
    /// Times a goroutine was entered.
    pub switches: u64,
    /// Goroutines started.
    pub spawns: u64,
    /// Collections.
    pub collections: u64,
    /// Bytes of heap: the sum of the islands' peaks.
    pub peak_heap: usize,
    /// Bytes taken for frame records.
    pub records: usize,
}

/// An island, as other threads see it.
pub struct Island {
    id: u64,
    world: Arc<World>,
    sender: Sender,
    /// Goroutines that other islands want started.
    starts: Arc<Mailbox<Start, Parked>>,
    body: Mutex<Option<Body>>,
    /// Handles that there are.
    handles: AtomicUsize,
}

/// Why the program ends.
enum End {
    /// As this says.
    Told(Report),
    /// Somebody wants to see what its goroutines do.
    Quit,
}

/// What an island consists of.
struct Body {
    cx: Box<Context>,
    executor: Box<dyn Executor>,
    /// What it is in `World::dozers`.
    dozer: Dozer<Instant>,
}

// SAFETY: a body is all of an island: what its raw pointers lead to (fibers, records, objects of
// its heap) is reached through it alone, by whoever holds the lock (1). Executors are made on one
// thread and used on others, one at a time; what they share is `Sync`.
unsafe impl Send for Body {}

impl Wake for Island {
    /// The bell was rung.
    fn wake(self: Arc<Self>) {
        let world = self.world.clone();
        world.make_ready(self);
    }
}

impl Island {
    /// A handle is gone.
    fn release(&self) {
        if self.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.sender.ring();
        }
    }

    fn is_main(&self) -> bool {
        self.id == 0
    }

    fn lock(&self) -> MutexGuard<'_, Option<Body>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Island {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Island")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl World {
    /// A world without islands, whose workers' threads have so much native stack.
    pub fn new(
        program: Arc<Program>,
        options: Options,
        output: Output,
        reactor: Arc<Reactor>,
        make_executor: MakeExecutor,
        stack_bytes: usize,
        embedder: Embedder,
    ) -> Arc<World> {
        let most_workers = match options.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        };
        let epoch = Instant::now();
        Arc::new(World {
            program,
            options,
            epoch,
            reactor,
            make_executor,
            pool: Pool::new(),
            census: Arc::default(),
            dozers: Dozers::default(),
            last_id: AtomicU64::new(0),
            islands: Mutex::default(),
            monitor: Monitor::new(most_workers, epoch, output.clone()),
            output,
            workers: Mutex::default(),
            most_workers,
            stack_bytes,
            embedder,
            end: Mutex::default(),
            totals: Mutex::default(),
        })
    }

    /// Runs the program to its end, with this thread as the first worker; tells how it ended.
    ///
    /// # Errors
    /// When there is no memory to begin with.
    pub fn run(self: &Arc<World>) -> Result<(Report, Totals), String> {
        let entry = self.program.module.entry.ok_or("no entry function")?;
        let main = self.add_island(0, 0)?;
        {
            let mut body = main.lock();
            let body = body.as_mut().ok_or("no island")?;
            let fiber = body.executor.new_fiber(&mut body.cx, entry, &[]);
            if fiber.is_null() {
                return Err("no memory for a goroutine".into());
            }
            // SAFETY: a fresh fiber is in no queue.
            unsafe { body.cx.push(fiber) };
        }
        // With a seed the clock has no part in what one island does, but to be told in reports.
        self.monitor.start(self.options.seed == 0);
        // It may have letters already: who has started the program may have ended it at once.
        main.sender.begin();
        self.make_ready(main.clone());
        worker::work(self, 0);
        Ok(self.close())
    }

    /// A new island without goroutines, for a handle of its maker. It starts no thread before the
    /// first.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new_island(self: &Arc<World>, maker: u64) -> Result<Arc<Island>, String> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let island = self.add_island(id, maker)?;
        if id == 1 {
            self.monitor.start(true);
            self.start_workers();
        }
        // Nobody can have sent anything yet.
        let _ = island.sender.sleep(island.clone().into(), Sleep::Stuck);
        Ok(island)
    }

    fn add_island(self: &Arc<World>, id: u64, maker: u64) -> Result<Arc<Island>, String> {
        let mut options = self.options.clone();
        if options.seed != 0 {
            // Islands should not choose alike.
            options.seed = options
                .seed
                .wrapping_add(id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        let mut outside = Outside::new(self.reactor.clone(), self.census.clone());
        outside.host = HostCalls::new(&self.embedder);
        if id == 0 {
            (self.embedder.attach)(outside.inbox.sender(), self.monitor.preempts());
        }
        let output = self.output.clone();
        let mut cx = Context::new(self.program.clone(), options, output, outside)
            .map_err(|_| "no memory for a heap")?;
        cx.island = id;
        cx.maker = maker;
        cx.epoch = self.epoch;
        cx.world = Some(self.clone());
        let island = Arc::new(Island {
            id,
            world: self.clone(),
            sender: cx.outside.inbox.sender(),
            starts: cx.starts.mailbox.clone(),
            handles: AtomicUsize::new(1),
            body: Mutex::new(Some(Body {
                cx,
                executor: (self.make_executor)(),
                dozer: Dozer::new(id),
            })),
        });
        self.registry().insert(id, island.clone());
        lock(&self.totals).islands += 1;
        Ok(island)
    }

    fn start_workers(self: &Arc<World>) {
        let mut workers = lock(&self.workers);
        for number in 1..self.most_workers {
            match worker::start(self, number) {
                Ok(thread) => workers.push(thread),
                // Fewer workers do as well, only slower.
                Err(_) => return,
            }
        }
    }

    /// An island is ready.
    fn make_ready(&self, island: Arc<Island>) {
        let ring = self.pool.put(island);
        self.ring(ring);
    }

    fn ring(&self, ring: RingSeat) {
        if ring.0 {
            self.reactor.notify();
        }
    }

    /// Whether islands are ready that no worker runs.
    pub fn has_ready(&self) -> bool {
        !self.pool.is_empty()
    }

    /// The program ends, for the first reason that comes.
    fn finish(&self, island: &Island, body: &mut Body, mut ended: Ended) {
        if self.pool.is_stopped() {
            return;
        }
        if let Ended::Panic(panicking) = &mut ended {
            panic_text::describe(&mut body.cx, &mut *body.executor, panicking);
        }
        match ended {
            // Other islands run: they are asked when they have stopped.
            Ended::Cancelled(Stop::Quit) => self.stop_for(End::Quit),
            ended => self.stop(report::report(&self.program, island.id, &ended)),
        }
    }

    fn stop(&self, report: Report) {
        self.stop_for(End::Told(report));
    }

    fn stop_for(&self, why: End) {
        {
            let mut end = lock(&self.end);
            if end.is_some() {
                return;
            }
            *end = Some(why);
        }
        self.pool.stop();
        self.reactor.notify();
        for island in self.registry().values() {
            let _ = island.sender.send(Letter::Cancel(Stop::Over));
        }
        self.monitor.raise();
    }

    /// No island is counted: nothing will ever run again.
    fn deadlock(&self) {
        if self.pool.is_stopped() {
            return;
        }
        let ended = Ended::Deadlock(self.roll());
        self.stop(report::report(&self.program, 0, &ended));
    }

    /// What all goroutines do, while none runs.
    fn roll(&self) -> Roll {
        let islands: Vec<_> = self.registry().values().cloned().collect();
        let mut roll = Roll::default();
        for island in islands {
            if let Some(body) = island.lock().as_ref() {
                roll.add(&body.cx, &*body.executor);
            }
        }
        roll
    }

    /// An island has ended: all it has is given back.
    fn bury(&self, island: &Island, body: Body) {
        self.registry().remove(&island.id);
        self.count(&body);
        drop(body);
    }

    fn count(&self, body: &Body) {
        *lock(&self.totals) += Totals::of(&body.cx);
    }

    /// Ends all islands and threads.
    fn close(&self) -> (Report, Totals) {
        for worker in std::mem::take(&mut *lock(&self.workers)) {
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
        self.monitor.stop();
        while self.pool.take().is_some() {}
        let report = match lock(&self.end).take() {
            Some(End::Told(report)) => report,
            Some(End::Quit) => report::report(&self.program, 0, &Ended::Quit(self.roll())),
            None => Report::default(),
        };
        // Islands keep the world alive, and it them.
        let islands = std::mem::take(&mut *self.registry());
        for island in islands.values() {
            if let Some(body) = island.lock().take() {
                self.count(&body);
            }
        }
        (report, *lock(&self.totals))
    }

    fn registry(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Island>>> {
        lock(&self.islands)
    }
}

impl Totals {
    fn of(cx: &Context) -> Totals {
        let heap = cx.heap.stats();
        Totals {
            islands: 0,
            suspensions: cx.suspensions,
            switches: cx.switches,
            spawns: u64::from(cx.last_id),
            collections: heap.collections,
            peak_heap: heap.peak,
            records: cx.arena.bytes(),
        }
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Totals) {
        self.islands += other.islands;
        self.suspensions += other.suspensions;
        self.switches += other.switches;
        self.spawns += other.spawns;
        self.collections += other.collections;
        self.peak_heap += other.peak_heap;
        self.records += other.records;
    }
}

/// Locks; a panic of another thread leaves what is locked here whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
