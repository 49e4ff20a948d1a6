//! A worker: a thread that runs islands.

use super::monitor::TIME_SLICE;
use super::{Body, Island, World};
use crate::runtime::outside::inbox::Stop;
use crate::runtime::sched::{self, Ended, Turn};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use vo_mail::inbox::{Sleep, Slept};

/// How long a worker that finds nothing looks on before it sleeps. Waking a thread costs the
/// waker some microseconds, and the sleeper ten times that: while islands take turns on another
/// worker, this one is woken once in this time.
const SPIN: Duration = Duration::from_micros(80);

/// Pauses of the processor between two looks while spinning: some 5 us. Each look takes a few lines
/// of the cache from whoever puts and takes, and so costs that one half a microsecond.
const PAUSES_PER_LOOK: u32 = 128;

/// How many looks have to find that nobody takes anything before a ready island is taken. Two
/// islands that send each other small messages then go on in turns on one worker, which is faster
/// than having every message go from one processor to the other; and one whose waker works on is
/// run beside it.
const PATIENCE: u32 = 1;

/// How often a worker that always has something to run looks for events.
const LOOK_PERIOD: Duration = Duration::from_micros(200);

/// Starts a thread that is worker `number`.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start(world: &Arc<World>, number: usize) -> std::io::Result<JoinHandle<()>> {
    let world = world.clone();
    std::thread::Builder::new()
        .name(format!("vo-worker-{number}"))
        .stack_size(world.stack_bytes)
        .spawn(move || work(&world, number))
}

/// Runs islands until the program ends.
pub(super) fn work(world: &Arc<World>, number: usize) {
    let _guard = StopOnPanic(world);
    let mut looked = Instant::now();
    // Whether what is ready may be what this worker itself has put.
    let mut at_work = true;
    while !world.pool.is_stopped() {
        if world.dozers.any() {
            let now = Instant::now();
            if now - looked >= LOOK_PERIOD {
                looked = now;
                world.reactor.look();
            }
            world.ring_due(now);
        }
        let mine = if at_work { world.pool.take() } else { None };
        let Some(island) = mine.or_else(|| world.look_on()) else {
            at_work = world.rest();
            continue;
        };
        if world.dozers.any() {
            // Somebody who has nothing to do may wait for events meanwhile.
            world.pool.fill_seat();
        }
        world.run_island(island, number);
        at_work = true;
    }
}

/// A worker that panics (which is a defect of the runtime) must not leave others waiting.
struct StopOnPanic<'a>(&'a World);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop(Default::default());
        }
    }
}

impl World {
    /// Looks for a ready island for a while.
    fn look_on(&self) -> Option<Arc<Island>> {
        if self.most_workers == 1 {
            return self.pool.take();
        }
        let until = Instant::now() + SPIN;
        let (found, ring) = self.pool.spin(u32::MAX, PATIENCE, || {
            (0..PAUSES_PER_LOOK).for_each(|_| std::hint::spin_loop());
            Instant::now() < until && !self.pool.is_stopped()
        });
        self.ring(ring);
        found
    }

    /// Sleeps until an island may be ready. True where this worker has waited for events, whose
    /// islands it puts into the pool itself.
    fn rest(&self) -> bool {
        self.output.flush();
        let mut seated = false;
        if self.dozers.any() {
            let mut seat = || {
                seated = true;
                self.wait_for_events();
            };
            self.pool.sleep(Some(&mut seat));
        } else {
            self.pool.sleep(None);
        }
        seated
    }

    fn wait_for_events(&self) {
        if let Err(error) = self.reactor.wait(self.dozers.next()) {
            self.stop(crate::runtime::report::Report {
                text: format!("fatal error: cannot wait for events: {error}\n"),
                status: 2,
            });
        }
    }

    /// Rings the islands whose deadlines have passed.
    fn ring_due(&self, now: Instant) {
        while let Some(id) = self.dozers.take_due(now) {
            let island = self.registry().get(&id).cloned();
            if let Some(island) = island {
                island.sender.ring();
            }
        }
    }

    /// Runs an island until it has nothing to do, or others should have their turn.
    fn run_island(self: &Arc<World>, island: Arc<Island>, worker: usize) {
        loop {
            let mut lock = island.lock();
            let Some(body) = lock.as_mut() else {
                return;
            };
            let sleep = match self.turn(&island, body, worker) {
                Next::Nothing => return,
                Next::Pause => {
                    drop(lock);
                    return self.make_ready(island);
                }
                Next::Die => {
                    let Some(body) = lock.take() else { return };
                    drop(lock);
                    self.bury(&island, body);
                    if island.sender.close() {
                        self.deadlock();
                    }
                    return;
                }
                Next::Sleep(sleep) => sleep,
            };
            drop(lock);
            // Once it sleeps, the island is whoever's who rings.
            let sender = island.sender.clone();
            match sender.sleep(island.clone().into(), sleep) {
                Slept::No => {}
                Slept::Yes => return,
                Slept::Last => return self.deadlock(),
            }
        }
    }

    /// Gives an island a turn.
    fn turn(&self, island: &Island, body: &mut Body, worker: usize) -> Next {
        self.dozers.end(&mut body.dozer);
        self.monitor.enter(worker, &body.cx.limit, &body.cx.tick);
        let leave = Leave(self, worker);
        let turn = sched::turn(&mut body.cx, &mut *body.executor, Some(TIME_SLICE));
        match turn {
            Turn::Ended(Ended::Cancelled(Stop::Over)) => Next::Nothing,
            Turn::Ended(ended) => {
                self.finish(island, body, ended);
                drop(leave);
                Next::Nothing
            }
            Turn::Paused => Next::Pause,
            Turn::Idle(until) => {
                let dozer = &mut body.dozer;
                self.ring(self.dozers.begin(dozer, until, Instant::now(), &self.pool));
                Next::Sleep(Sleep::Doze)
            }
            Turn::Stuck if self.has_died(island, body) => Next::Die,
            Turn::Stuck => Next::Sleep(Sleep::Stuck),
        }
    }

    /// Nothing will come to an island any more, which has nothing to do.
    fn has_died(&self, island: &Island, body: &Body) -> bool {
        let alone = island.handles.load(Ordering::Acquire) == 0;
        let idle = body.cx.goroutines == 0 && body.cx.outside.inbox.is_empty();
        alone && !island.is_main() && idle && island.starts.is_empty()
    }
}

/// What a worker does with an island after a turn.
enum Next {
    /// The program has ended.
    Nothing,
    /// It goes back into the pool.
    Pause,
    /// It sleeps, unless there is news.
    Sleep(Sleep),
    /// It ends.
    Die,
}

/// Takes an island's limit word back from the monitor.
struct Leave<'a>(&'a World, usize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.monitor.leave(self.1);
    }
}
