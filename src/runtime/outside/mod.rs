//! What reaches an island from outside: completions of what its goroutines wait for, and letters
//! from other threads.
//!
//! - [`handles`]: the files and sockets that are open
//! - [`inbox`]: the queue that other threads write to
//! - [`waits`]: the goroutines that wait for something outside, by ticket
//! - [`reactor`]: the one place where a worker that has nothing to do waits
//!
//! ```text
//!  goroutine ──wait_outside──► ticket ──► pool thread, reactor, other island, host
//!      ▲                                             │ Sender::send(Letter::Done(ticket, outcome))
//!      └── Context::receive ◄── Inbox ◄──────────────┘    rings the bell of an island that sleeps
//! ```
//!
//! An operation that waits is in two halves. The first runs when the native function is called:
//! it takes a ticket and gives it, with a [`Sender`], to whoever does the work. The second runs
//! when the goroutine is entered again, and makes results of the outcome ([`Context::outcome`]).
//! Only plain data crosses threads; the collector and the goroutines never meet the workers.

pub mod handles;
pub mod inbox;
pub mod reactor;
pub mod waits;

use super::context::Context;
use super::fiber::{Fiber, State};
use super::hostcall::HostCalls;
use handles::Handles;
use inbox::{Inbox, Letter, Stop};
use reactor::Reactor;
use std::io;
use std::sync::Arc;
use std::time::Instant;
use vo_mail::census::Census;
use waits::{Outcome, Reason, Ticket, Waits};

/// How many goroutines are entered between two looks outside while others are always ready.
/// Looking costs two system calls at most, some 500 ns; a thousand switches cost ten times that.
const LOOK_PERIOD: u64 = 1024;

/// An island's side of what is outside of it.
pub struct Outside {
    /// Where letters arrive.
    pub inbox: Inbox,
    /// Who waits for what.
    pub waits: Waits,
    /// What is open.
    pub handles: Handles,
    /// Where the island's sockets are watched, and where its worker waits.
    pub reactor: Arc<Reactor>,
    /// `Context::switches` at the last look.
    looked: u64,
    /// Functions of the program that the engine is embedded in.
    pub host: HostCalls,
    /// Someone asked for the program to end.
    pub cancelled: Option<Stop>,
}

impl Outside {
    /// For an island that shares a reactor with others, and is counted with them.
    pub fn new(reactor: Arc<Reactor>, census: Arc<Census>) -> Outside {
        Outside {
            inbox: Inbox::new(census),
            waits: Waits::default(),
            handles: Handles::default(),
            reactor,
            host: HostCalls::default(),
            looked: 0,
            cancelled: None,
        }
    }

    /// For an island with a reactor of its own.
    ///
    /// # Errors
    /// When the system has no more descriptors.
    pub fn alone() -> io::Result<Outside> {
        Ok(Outside::new(Arc::new(Reactor::new()?), Arc::default()))
    }
}

impl Context {
    /// Parks the running goroutine until the ticket is completed. The caller returns
    /// [`JitResult::WaitIo`](super::context::JitResult::WaitIo).
    pub fn wait_outside(&mut self, reason: Reason) -> Ticket {
        let fiber = self.park(State::Outside);
        self.outside.waits.add(fiber, reason)
    }

    /// Completes what a goroutine waits for: it is ready. False where nobody waits under that
    /// ticket any more.
    ///
    /// All goroutines but the one that runs are captured, which holds whenever the scheduler or
    /// a native function runs.
    pub fn complete(&mut self, ticket: Ticket, outcome: Outcome) -> bool {
        let Some(fiber) = self.outside.waits.complete(ticket, outcome) else {
            return false;
        };
        // SAFETY: a fiber that waits outside is captured and in no queue, with the arrival word
        // that every blocking native function has.
        unsafe {
            *Fiber::arrival(fiber) = ticket.to_word();
            self.push(fiber);
        }
        true
    }

    /// The outcome that the running goroutine was woken with: for the second half of a native
    /// function that waited.
    pub fn outcome(&mut self) -> Outcome {
        // SAFETY: the running fiber was woken by `complete`, which left the ticket in its arrival
        // word.
        let ticket = unsafe { *Fiber::arrival(self.current) };
        self.outside.waits.take(Ticket::from_word(ticket))
    }

    /// Whether something may come from outside while goroutines run.
    pub fn expects_news(&self) -> bool {
        !self.timers.is_empty()
            || self.outside.waits.waiting() > 0
            || !self.outside.inbox.is_empty()
            || self.owes_ports()
    }

    /// Whether the dispatch should be left to look outside; for slow paths that come by often.
    pub fn is_time_to_look(&self) -> bool {
        self.switches - self.outside.looked >= LOOK_PERIOD && self.expects_news()
    }

    /// Looks outside without waiting: takes what has come to the reactor, and the letters.
    pub fn look_outside(&mut self) {
        self.outside.looked = self.switches;
        if self.outside.waits.waiting() > 0 {
            self.outside.reactor.look();
        }
        self.take_letters();
    }

    /// Takes the letters that have arrived.
    pub fn take_letters(&mut self) {
        self.settle_ports();
        while let Some(letter) = self.outside.inbox.take() {
            match letter {
                Letter::Done(ticket, outcome) => {
                    // Whoever waited may have given up meanwhile.
                    let _ = self.complete(ticket, outcome);
                }
                Letter::Port(shared, sender) => self.port_news(&shared, sender),
                Letter::Sent(fiber, ok, waker) => {
                    self.told_by = waker;
                    self.sent(fiber, ok);
                    self.told_by = None;
                }
                Letter::Starts => self.starts.told(),
                Letter::Cancel(stop) => self.outside.cancelled = Some(stop),
            }
        }
    }

    /// Whether the island's time is over and other islands want theirs.
    pub fn should_pause(&self) -> bool {
        self.pause_at.is_some_and(|at| Instant::now() >= at)
            && self.world.as_ref().is_none_or(|world| world.has_ready())
    }

    /// Whether a goroutine is ready.
    pub fn has_ready(&self) -> bool {
        !self.next.is_null() || !self.queue_head.is_null()
    }
}
