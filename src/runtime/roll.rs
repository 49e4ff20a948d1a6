//! What the goroutines of a program do that has come to its end: for reports of deadlocks, and for
//! whoever wants to see them all.
//!
//! Beside what it waits for, since when, and where it comes from, each goroutine is told with the
//! channels that it *reaches*: those that its frames lead to, directly or through objects. So a
//! report can say who else has the channel that somebody waits for, and thus might have done
//! something about it. All of it is computed when it is asked for; nothing is kept for it but what
//! `fiber.rs` shows.
//!
//! What this does not know: channels on their way in a message, and those that a program reaches
//! only beyond [`MOST_OBJECTS`] objects. Under the interpreter, variables that are not used any more
//! count as well.

use super::chan::Chan;
use super::context::{Context, TICK};
use super::fiber::{Fiber, State, Waiter};
use super::heap::Marker;
use super::origin::Origin;
use super::outside::waits::Reason;
use super::port::Port;
use super::sched::Executor;
use super::select::SelectWait;
use crate::inline::Frame;
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::Duration;
use vo_bytecode::GlobalId;

/// How many objects are looked at, over all goroutines; a second's work at most.
const MOST_OBJECTS: usize = 4_000_000;

/// Names a channel, or what the objects of a port share, in this process.
pub type Queue = usize;

/// A goroutine that does not run any more.
#[derive(Debug)]
pub struct Standing {
    /// The island's number.
    pub island: u64,
    /// Its number.
    pub goroutine: u32,
    /// What it waits for.
    pub state: State,
    /// Whether it was running when the program was stopped.
    pub ran: bool,
    /// What it waits for outside.
    pub outside: Option<Reason>,
    /// How long it has waited, to a [`TICK`].
    pub waited: Duration,
    /// Where it stands, innermost first.
    pub frames: Vec<Frame>,
    /// Where it comes from.
    pub origin: Option<Origin>,
    /// The channels and ports that it waits for.
    pub waits: Vec<Queue>,
    /// Those that it reaches.
    pub reaches: FxHashSet<Queue>,
}

/// What has channels and is no goroutine.
#[derive(Debug)]
pub struct Holder {
    /// The island's number.
    pub island: u64,
    /// What it is.
    pub what: Held,
    /// The channels and ports that it reaches.
    pub reaches: FxHashSet<Queue>,
}

/// See [`Holder`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Held {
    /// A package variable.
    Global(GlobalId),
    /// A timer that is set.
    Timer,
}

/// The goroutines of a program, by island and number.
#[derive(Debug)]
pub struct Roll {
    /// Goroutines.
    pub standing: Vec<Standing>,
    /// Who else has their channels.
    pub holders: Vec<Holder>,
    /// Whether not all was looked at.
    pub cut_short: bool,
    /// How many objects may still be looked at.
    left: usize,
}

impl Default for Roll {
    fn default() -> Roll {
        Roll {
            standing: Vec::new(),
            holders: Vec::new(),
            cut_short: false,
            left: MOST_OBJECTS,
        }
    }
}

impl Roll {
    /// Adds an island, none of whose goroutines runs.
    pub fn add(&mut self, cx: &Context, executor: &dyn Executor) {
        let mut found = Found {
            cx,
            // A port lives as long as others can send to it, though nobody here has it.
            channels: cx.ports.objects().map(|port| port.cast()).collect(),
            left: self.left,
        };
        let outside = cx.outside.waits.reasons();
        let first = self.standing.len();
        let mut fibers: Vec<*mut Fiber> = Vec::new();
        cx.slabs.for_each(|fiber| fibers.push(fiber));
        // SAFETY: enumerated fibers are valid.
        fibers.sort_by_key(|fiber| unsafe { (**fiber).id });
        for &fiber in &fibers {
            // SAFETY: the fiber has not ended, and does not run.
            let reaches = found.reach(|marker| unsafe { executor.trace(cx, fiber, marker) });
            // SAFETY: as above.
            let mut standing = unsafe { standing(cx, executor, fiber, reaches) };
            standing.outside = outside.get(&fiber).copied();
            self.standing.push(standing);
        }
        self.add_holders(&mut found);
        let at: FxHashMap<*mut Fiber, usize> = fibers.iter().copied().zip(first..).collect();
        for chan in std::mem::take(&mut found.channels) {
            // SAFETY: a live channel or port of this island.
            unsafe {
                each_waiting(chan, |fiber| {
                    let waits = &mut self.standing[at[&fiber]].waits;
                    // A select may wait in a channel several times.
                    if !waits.contains(&queue_of(chan)) {
                        waits.push(queue_of(chan));
                    }
                });
            }
        }
        self.left = found.left;
        self.cut_short |= found.left == 0;
    }

    /// Whether goroutine 1 of `main`'s island, which runs `main`, is there.
    pub fn has_main(&self) -> bool {
        (self.standing.iter()).any(|standing| standing.island == 0 && standing.goroutine == 1)
    }

    fn add_holders(&mut self, found: &mut Found<'_>) {
        let cx = found.cx;
        let mut add = |what: Held, reaches: FxHashSet<Queue>| {
            if !reaches.is_empty() {
                self.holders.push(Holder {
                    island: cx.island,
                    what,
                    reaches,
                });
            }
        };
        for number in 0..cx.program.globals.offsets.len() as u32 {
            let global = GlobalId(number);
            let reaches = found.reach(|marker| cx.trace_global(global, marker));
            add(Held::Global(global), reaches);
        }
        let reaches = found.reach(|marker| cx.timers.trace_all(marker));
        add(Held::Timer, reaches);
    }
}

/// # Safety
/// The fiber is one of the context's that has not ended, and does not run.
unsafe fn standing(
    cx: &Context,
    executor: &dyn Executor,
    fiber: *mut Fiber,
    reaches: FxHashSet<Queue>,
) -> Standing {
    // SAFETY: the caller's promise.
    unsafe {
        let state = (*fiber).state;
        let ticks = match state {
            State::Ready => 0,
            _ => cx.now().saturating_sub((*fiber).since),
        };
        // Those in channels' queues are found from there.
        let waits = match state {
            State::PortSending => vec![Port::waited_for(fiber)],
            _ => Vec::new(),
        };
        Standing {
            island: cx.island,
            goroutine: (*fiber).id,
            state,
            ran: state == State::Ready && fiber == cx.interrupted,
            outside: None,
            waited: TICK * ticks,
            frames: executor.frames(cx, fiber),
            origin: cx.origin(fiber),
            waits,
            reaches,
        }
    }
}

/// Calls `each` for the fibers in a channel's queues, once for each place there.
///
/// # Safety
/// `chan` is a live channel or port.
unsafe fn each_waiting(chan: *mut Chan, mut each: impl FnMut(*mut Fiber)) {
    // SAFETY: waiters in queues are valid: fibers, or cases of waiting selects.
    unsafe {
        for queue in [&(*chan).receivers, &(*chan).senders] {
            let mut waiter: *mut Waiter = queue.head;
            while !waiter.is_null() {
                each(match (*waiter).state {
                    State::Case => SelectWait::fiber_of(waiter),
                    _ => waiter.cast(),
                });
                waiter = (*waiter).link;
            }
        }
    }
}

/// # Safety
/// `chan` is a live channel or port.
unsafe fn queue_of(chan: *mut Chan) -> Queue {
    // SAFETY: the caller's promise.
    match unsafe { Port::of_chan(chan) } {
        // SAFETY: as above.
        Some(port) => unsafe { Port::key(port) },
        None => chan as Queue,
    }
}

/// The channels that were found on an island.
struct Found<'a> {
    cx: &'a Context,
    channels: FxHashSet<*mut Chan>,
    /// How many objects may still be looked at.
    left: usize,
}

impl Found<'_> {
    /// The channels and ports that can be reached from what is shown to a marker.
    fn reach(&mut self, show: impl FnOnce(&mut Marker<'_>)) -> FxHashSet<Queue> {
        let heap = &self.cx.heap;
        let own = &self.cx.program.own;
        let mut marker = heap.observer();
        let mut reached = FxHashSet::default();
        let mut seen = FxHashSet::default();
        show(&mut marker);
        let mut todo = marker.take_seen();
        while let Some(reference) = todo.pop() {
            let Some(object) = heap.find(reference as usize) else {
                continue;
            };
            if !seen.insert(object.start) {
                continue;
            }
            if object.layout == own.chan || object.layout == own.port {
                let chan = object.start as *mut Chan;
                self.channels.insert(chan);
                // SAFETY: a live object of that layout.
                reached.insert(unsafe { queue_of(chan) });
            }
            if self.left > 0 {
                self.left -= 1;
                // SAFETY: a live object, which nobody changes.
                unsafe { heap.show(&object, &mut marker) };
                todo.append(&mut marker.take_seen());
            }
        }
        reached
    }
}
