//! The reactor: watches sockets for all islands of an engine, and is the one place where a worker
//! that has nothing to do waits.
//!
//! Sockets are watched edge-triggered from their registration to their end, so waiting for one
//! costs no system call. Whoever operates on a socket tries first; only when that would block
//! does it wait here ([`Source::wait`]).
//!
//! ```text
//! a direction of a source:   IDLE ──wait──► ticket ──event, interrupt──► IDLE   (completes it)
//!                              │                                          ▲
//!                              └──event──► READY ──wait (does not wait)───┘
//! ```
//!
//! Invariants
//! 1. An event that comes while nobody waits is kept (`READY`), and lets the next wait try again.
//! 2. A ticket that stands in a direction is completed exactly once, by whoever takes it out.
//! 3. A [`Reactor::notify`] before or during a [`Reactor::wait`] ends that wait ([`vo_mail::seat`]).
//!
//! Decided against: one-shot registrations (a system call for each wait), and a thread of its own
//! for the poller (two switches of threads for each batch of events).

use super::inbox::Sender;
use super::waits::{Outcome, Ticket};
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;
use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::Wake;
use std::time::{Duration, Instant};
use vo_mail::seat::Seat;

/// Events taken from the system at a time.
const EVENTS: usize = 1024;

/// The token of [`Reactor::notify`].
const NOTIFY: Token = Token(usize::MAX);
/// The token of the alarm.
const ALARM: Token = Token(usize::MAX - 1);

/// A direction nobody waits in.
const IDLE: u64 = u64::MAX;
/// A direction that has had an event since somebody last waited.
const READY: u64 = u64::MAX - 1;

/// See the module's text.
pub struct Reactor {
    registry: Registry,
    waker: mio::Waker,
    watch: Mutex<Watch>,
    sources: Mutex<Slab<Arc<Source>>>,
    seat: Seat,
}

struct Watch {
    poll: Poll,
    events: Events,
    alarm: alarm::Alarm,
}

/// What can be waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Something can be read, or accepted, or the peer has closed.
    Read = 0,
    /// Something can be written, or a connection is made.
    Write = 1,
}

/// A watched socket of one island.
#[derive(Debug)]
pub struct Source {
    token: usize,
    sender: Sender,
    directions: [AtomicU64; 2],
    /// Whether the peer has said that it will send no more, or the connection is broken.
    ended: AtomicBool,
}

impl Reactor {
    /// A reactor that watches nothing yet.
    ///
    /// # Errors
    /// When the system has no more descriptors.
    pub fn new() -> io::Result<Reactor> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = mio::Waker::new(&registry, NOTIFY)?;
        let alarm = alarm::Alarm::new(&registry)?;
        Ok(Reactor {
            registry,
            waker,
            watch: Mutex::new(Watch {
                poll,
                events: Events::with_capacity(EVENTS),
                alarm,
            }),
            sources: Mutex::default(),
            seat: Seat::default(),
        })
    }

    /// Waits until an event has come, somebody notifies, or the deadline has passed. Returns
    /// early at times. False where another thread waits here already.
    ///
    /// # Errors
    /// When the system refuses to wait.
    pub fn wait(&self, deadline: Option<Instant>) -> io::Result<bool> {
        let Some(mut watch) = self.try_watch() else {
            return Ok(false);
        };
        let timeout = match (self.seat.sit(), deadline) {
            (false, _) => Ok(Some(Duration::ZERO)),
            (true, None) => Ok(None),
            (true, Some(deadline)) => watch.alarm.timeout(deadline),
        };
        let polled = timeout.and_then(|timeout| watch.poll(timeout));
        // Sends from here need not ring: whoever has waited looks for itself afterwards.
        self.seat.rise();
        self.hand_out(&mut watch);
        self.seat.rise();
        polled.map(|()| true)
    }

    /// Takes the events that have come, without waiting.
    pub fn look(&self) {
        if let Some(mut watch) = self.try_watch() {
            // Whoever waits next is told what is wrong.
            let _ = watch.poll(Some(Duration::ZERO));
            self.hand_out(&mut watch);
        }
    }

    /// Ends the wait that goes on here, or, where nobody waits, the next one.
    pub fn notify(&self) {
        if self.seat.ring() {
            // A full counter is as good as one more; nothing else can happen to it.
            let _ = self.waker.wake();
        }
    }

    /// Watches a socket for an island: from now on, [`Source::wait`] can be used. The socket must
    /// be non-blocking, and stay open until [`Reactor::remove`].
    ///
    /// # Errors
    /// When the system cannot watch it.
    pub fn add(&self, fd: RawFd, sender: Sender) -> io::Result<Arc<Source>> {
        let mut sources = self.sources();
        let entry = sources.vacant_entry();
        let token = entry.key();
        let both = Interest::READABLE | Interest::WRITABLE;
        self.registry
            .register(&mut mio::unix::SourceFd(&fd), Token(token), both)?;
        let source = Arc::new(Source {
            token,
            sender,
            directions: [AtomicU64::new(IDLE), AtomicU64::new(IDLE)],
            ended: AtomicBool::new(false),
        });
        entry.insert(source.clone());
        Ok(source)
    }

    /// Watches a socket no more; to be called before it is closed.
    pub fn remove(&self, fd: RawFd, source: &Source) {
        // Closing the socket does the same; this is for descriptors that share it.
        let _ = self.registry.deregister(&mut mio::unix::SourceFd(&fd));
        self.sources().try_remove(source.token);
    }

    fn sources(&self) -> MutexGuard<'_, Slab<Arc<Source>>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_watch(&self) -> Option<MutexGuard<'_, Watch>> {
        match self.watch.try_lock() {
            Ok(watch) => Some(watch),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Completes those who have waited for the events that have come.
    fn hand_out(&self, watch: &mut Watch) {
        if watch.events.is_empty() {
            return;
        }
        let sources = self.sources();
        for event in &watch.events {
            match event.token() {
                NOTIFY => {}
                ALARM => watch.alarm.rang(),
                token => {
                    // An event of a source that is gone may meet its successor, who then tries
                    // once in vain.
                    let Some(source) = sources.get(token.0) else {
                        continue;
                    };
                    if event.is_read_closed() || event.is_error() {
                        source.ended.store(true, Ordering::Release);
                    }
                    if event.is_readable() || event.is_read_closed() || event.is_error() {
                        source.event(Direction::Read);
                    }
                    if event.is_writable() || event.is_write_closed() || event.is_error() {
                        source.event(Direction::Write);
                    }
                }
            }
        }
    }
}

impl Watch {
    /// Takes the events that come within that time; none where that fails.
    fn poll(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.events.clear();
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            polled => polled,
        }
    }
}

impl Wake for Reactor {
    fn wake(self: Arc<Self>) {
        self.notify();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notify();
    }
}

/// Outcome of a wait for a socket: try again.
pub const TRY_AGAIN: i64 = 0;
/// Outcome of a wait for a socket: its deadline has passed.
pub const TIMED_OUT: i64 = 1;
/// Outcome of a wait for a socket: it was closed meanwhile.
pub const CLOSED: i64 = 2;

impl Source {
    /// Puts a ticket into a direction, to be completed with [`TRY_AGAIN`] at its next event, or
    /// by [`Source::interrupt`]. False when there was an event already: then try again without
    /// waiting. One goroutine at a time waits in a direction; a second one sends the first to try
    /// again.
    pub fn wait(&self, direction: Direction, ticket: Ticket) -> bool {
        let word = &self.directions[direction as usize];
        let mut seen = word.load(Ordering::Acquire);
        loop {
            let next = if seen == READY {
                IDLE
            } else {
                ticket.to_word()
            };
            match word.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(READY) => return false,
                Ok(IDLE) => return true,
                Ok(other) => {
                    self.complete(other, TRY_AGAIN);
                    return true;
                }
                Err(now) => seen = now,
            }
        }
    }

    /// Whether there was an event that nobody has taken yet.
    pub fn has_event(&self, direction: Direction) -> bool {
        self.directions[direction as usize].load(Ordering::Acquire) == READY
    }

    /// Whether an event has told that nothing more will come, so that there may be none at the
    /// end.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Completes whoever waits in a direction with a code of the caller's.
    pub fn interrupt(&self, direction: Direction, code: i64) {
        let word = &self.directions[direction as usize];
        let mut seen = word.load(Ordering::Acquire);
        while seen < READY {
            match word.compare_exchange_weak(seen, IDLE, Ordering::AcqRel, Ordering::Acquire) {
                Ok(ticket) => return self.complete(ticket, code),
                Err(now) => seen = now,
            }
        }
    }

    fn event(&self, direction: Direction) {
        let word = &self.directions[direction as usize];
        let mut seen = word.load(Ordering::Acquire);
        loop {
            let next = if seen < READY { IDLE } else { READY };
            match word.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(IDLE | READY) => return,
                Ok(ticket) => return self.complete(ticket, TRY_AGAIN),
                Err(now) => seen = now,
            }
        }
    }

    fn complete(&self, ticket: u64, code: i64) {
        let ticket = Ticket::from_word(ticket);
        self.sender.complete(ticket, Outcome::code(code));
    }
}

/// The system's poller counts in milliseconds, timers do not.
#[cfg(target_os = "linux")]
mod alarm {
    use mio::unix::SourceFd;
    use mio::{Interest, Registry};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::time::{Duration, Instant};

    /// A timer of the system that rings in the poller.
    pub struct Alarm {
        timer: OwnedFd,
        set: Option<Instant>,
    }

    impl Alarm {
        pub fn new(registry: &Registry) -> io::Result<Alarm> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            let mut source = SourceFd(&timer.as_raw_fd());
            registry.register(&mut source, super::ALARM, Interest::READABLE)?;
            Ok(Alarm { timer, set: None })
        }

        /// Sets the alarm for a deadline; the poller's own timeout beside it.
        pub fn timeout(&mut self, deadline: Instant) -> io::Result<Option<Duration>> {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Some(left));
            }
            // An alarm that rings for an earlier deadline, which is no more, does no harm.
            if self.set != Some(deadline) {
                let value = Itimerspec {
                    it_interval: Timespec {
                        tv_sec: 0,
                        tv_nsec: 0,
                    },
                    it_value: Timespec {
                        tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
                        tv_nsec: left.subsec_nanos().into(),
                    },
                };
                timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &value)?;
                self.set = Some(deadline);
            }
            Ok(None)
        }

        /// The alarm has rung.
        pub fn rang(&mut self) {
            self.set = None;
        }
    }
}

/// Elsewhere the poller's milliseconds must do.
#[cfg(not(target_os = "linux"))]
mod alarm {
    use mio::Registry;
    use std::io;
    use std::time::{Duration, Instant};

    pub struct Alarm;

    impl Alarm {
        pub fn new(_: &Registry) -> io::Result<Alarm> {
            Ok(Alarm)
        }

        pub fn timeout(&mut self, deadline: Instant) -> io::Result<Option<Duration>> {
            Ok(Some(deadline.saturating_duration_since(Instant::now())))
        }

        pub fn rang(&mut self) {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::inbox::{Inbox, Letter};
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;
    use std::thread;

    fn ticket(number: u32) -> Ticket {
        Ticket::from_word(u64::from(number) | 1 << 32)
    }

    fn taken(inbox: &mut Inbox) -> Option<(Ticket, i64)> {
        match inbox.take()? {
            Letter::Done(ticket, outcome) => Some((ticket, outcome.code)),
            letter => panic!("{letter:?}"),
        }
    }

    fn pair() -> (UnixStream, UnixStream) {
        let (a, b) = UnixStream::pair().expect("a pair of sockets");
        a.set_nonblocking(true).expect("a non-blocking socket");
        (a, b)
    }

    #[test]
    fn waits_as_long_as_asked_and_not_in_milliseconds() {
        let reactor = Reactor::new().expect("a reactor");
        for micros in [50, 700, 20_000] {
            let wanted = Duration::from_micros(micros);
            let start = Instant::now();
            while start.elapsed() < wanted {
                assert!(reactor.wait(Some(start + wanted)).expect("waits"));
            }
            assert!(start.elapsed() < wanted + Duration::from_millis(500));
        }
    }

    #[test]
    fn a_notification_ends_the_wait_before_and_during_it() {
        let reactor = Arc::new(Reactor::new().expect("a reactor"));
        reactor.notify();
        assert!(reactor.wait(None).expect("waits"));
        let other = reactor.clone();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            other.notify();
        });
        assert!(reactor.wait(None).expect("waits"));
        thread.join().expect("the other thread");
    }

    #[test]
    fn a_look_leaves_a_notification_to_who_waits_next() {
        let reactor = Reactor::new().expect("a reactor");
        reactor.notify();
        reactor.look();
        let deadline = Instant::now() + Duration::from_secs(5);
        assert!(reactor.wait(Some(deadline)).expect("waits"));
        assert!(Instant::now() < deadline);
    }

    #[test]
    fn an_event_completes_who_waits_and_is_kept_for_who_does_not() {
        let reactor = Reactor::new().expect("a reactor");
        let mut inbox = Inbox::new(Arc::default());
        let (mut socket, mut peer) = pair();
        let source = reactor
            .add(socket.as_raw_fd(), inbox.sender())
            .expect("watched");
        // The first event tells that the socket can be written.
        reactor.wait(None).expect("waits");
        assert!(!source.wait(Direction::Write, ticket(1)));
        assert!(source.wait(Direction::Read, ticket(2)));
        peer.write_all(b"x").expect("written");
        reactor.wait(None).expect("waits");
        assert_eq!(taken(&mut inbox), Some((ticket(2), TRY_AGAIN)));
        assert_eq!(socket.read(&mut [0; 4]).expect("read"), 1);
        peer.write_all(b"y").expect("written");
        reactor.wait(None).expect("waits");
        assert_eq!(taken(&mut inbox), None);
        assert!(!source.wait(Direction::Read, ticket(3)));
        reactor.remove(socket.as_raw_fd(), &source);
    }

    #[test]
    fn who_is_interrupted_is_completed_once() {
        let reactor = Reactor::new().expect("a reactor");
        let mut inbox = Inbox::new(Arc::default());
        let (socket, mut peer) = pair();
        let source = reactor
            .add(socket.as_raw_fd(), inbox.sender())
            .expect("watched");
        source.interrupt(Direction::Read, 9);
        assert!(source.wait(Direction::Read, ticket(1)));
        source.interrupt(Direction::Read, 7);
        assert_eq!(taken(&mut inbox), Some((ticket(1), 7)));
        peer.write_all(b"x").expect("written");
        reactor.wait(None).expect("waits");
        assert_eq!(taken(&mut inbox), None);
        // A second goroutine in the same direction sends the first to try again.
        assert!(!source.wait(Direction::Read, ticket(2)));
        assert!(source.wait(Direction::Read, ticket(3)));
        assert!(source.wait(Direction::Read, ticket(4)));
        assert_eq!(taken(&mut inbox), Some((ticket(3), TRY_AGAIN)));
        reactor.remove(socket.as_raw_fd(), &source);
    }
}
