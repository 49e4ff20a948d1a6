//! The inbox of an island: a lock-free queue that any thread writes to and the island reads.
//!
//! Invariants
//! 1. Letters of one sender arrive in the order in which they were sent.
//! 2. No letter is lost in sleep: the island sleeps only after [`Inbox::sleep`] has said so, and
//!    whoever sends after that rings its bell. (The bell is set before the queue is looked at
//!    once more, and a sender writes before it rings.)
//! 3. Each sleep is ended by exactly one ring: a sleep that finds a letter takes its own bell back,
//!    or leaves its end to whoever has taken the bell.
//! 4. Senders outlive the island: what they send then comes back to them.

use super::waits::{Outcome, Ticket};
use crate::runtime::port::{FiberAddress, PortShared};
use crate::runtime::world::handle::Start;
use atomic_waker::AtomicWaker;
use crossbeam_queue::SegQueue;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::time::Duration;

/// What an island can be sent.
#[derive(Debug)]
pub enum Letter {
    /// What a goroutine waits for is done.
    Done(Ticket, Outcome),
    /// There is a message in a port, whose owner had asked to be told.
    Port(Arc<PortShared>),
    /// A goroutine need not wait any longer to send to a port; with its `Fiber::ok`.
    Sent(FiberAddress, u8),
    /// A goroutine is to be started.
    Start(Box<Start>),
    /// The program is to end.
    Cancel(Stop),
}

/// Why a program is ended from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Somebody asked for it.
    Asked,
    /// It has had the time that it may take.
    TimeLimit(Duration),
    /// Somebody wants to see what its goroutines do.
    Quit,
    /// The program has ended on another island.
    Over,
}

#[derive(Debug, Default)]
struct Shared {
    queue: SegQueue<Letter>,
    bell: AtomicWaker,
    closed: AtomicBool,
}

/// The reading end.
#[derive(Debug, Default)]
pub struct Inbox {
    shared: Arc<Shared>,
}

/// A writing end.
#[derive(Clone, Debug)]
pub struct Sender {
    shared: Arc<Shared>,
}

impl Inbox {
    /// An empty inbox.
    pub fn new() -> Inbox {
        Inbox::default()
    }

    /// A new writing end.
    pub fn sender(&self) -> Sender {
        Sender {
            shared: self.shared.clone(),
        }
    }

    /// The oldest letter.
    pub fn take(&self) -> Option<Letter> {
        self.shared.queue.pop()
    }

    /// Whether there is no letter.
    pub fn is_empty(&self) -> bool {
        self.shared.queue.is_empty()
    }

    /// Sets the bell that the next letter rings; false where a letter is there already, so that
    /// the island must not sleep. Without a bell, letters wait until they are looked for.
    ///
    /// A bell that is gone when a letter is found was rung, or is about to be, by whoever took
    /// it: the island has slept then, if only for a moment, and will be woken exactly once.
    pub fn sleep(&self, bell: &Waker) -> bool {
        self.shared.bell.register(bell);
        self.is_empty() || self.shared.bell.take().is_none()
    }

    /// Takes the bell away: the island looks by itself.
    pub fn wake_up(&self) {
        self.shared.bell.take();
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        self.wake_up();
        while self.take().is_some() {}
    }
}

impl Sender {
    /// Sends a letter, and rings where the island sleeps.
    ///
    /// # Errors
    /// Gives the letter back when the island is gone. (One that is sent at the very moment of
    /// its end is dropped with it.)
    pub fn send(&self, letter: Letter) -> Result<(), Letter> {
        if self.shared.closed.load(Ordering::Acquire) {
            return Err(letter);
        }
        self.shared.queue.push(letter);
        self.shared.bell.wake();
        Ok(())
    }

    /// Rings where the island sleeps, so that it looks around.
    pub fn ring(&self) {
        self.shared.bell.wake();
    }

    /// Completes a ticket. Nothing happens where the island is gone, or nobody waits any more.
    pub fn complete(&self, ticket: Ticket, outcome: Outcome) {
        // The goroutine that waited is gone with its island.
        let _ = self.send(Letter::Done(ticket, outcome));
    }

    /// Whether the island is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;
    use std::thread;

    /// Counts how often it rings, and wakes the thread that sleeps.
    struct Bell {
        rung: AtomicUsize,
        thread: thread::Thread,
    }

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.rung.fetch_add(1, Ordering::Relaxed);
            self.thread.unpark();
        }
    }

    fn bell() -> Arc<Bell> {
        Arc::new(Bell {
            rung: AtomicUsize::new(0),
            thread: thread::current(),
        })
    }

    fn ticket(number: u32) -> Ticket {
        Ticket::from_word(u64::from(number) | 1 << 32)
    }

    #[test]
    fn rings_only_for_who_sleeps_and_once() {
        let inbox = Inbox::new();
        let sender = inbox.sender();
        let bell = bell();
        sender.complete(ticket(1), Outcome::code(1));
        assert!(!inbox.sleep(&bell.clone().into()), "a letter is there");
        sender.complete(ticket(2), Outcome::code(2));
        assert_eq!(bell.rung.load(Ordering::Relaxed), 0);
        while inbox.take().is_some() {}
        assert!(inbox.sleep(&bell.clone().into()));
        sender.complete(ticket(3), Outcome::code(3));
        sender.complete(ticket(4), Outcome::code(4));
        assert_eq!(bell.rung.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_closed_inbox_gives_letters_back() {
        let inbox = Inbox::new();
        let sender = inbox.sender();
        drop(inbox);
        assert!(sender.is_closed());
        let letter = Letter::Cancel(Stop::Asked);
        assert!(matches!(
            sender.send(letter),
            Err(Letter::Cancel(Stop::Asked))
        ));
    }

    /// No wake-up is lost, and each sender's letters arrive in order.
    #[test]
    fn many_senders_one_sleeper() {
        const SENDERS: u32 = 4;
        const LETTERS: i64 = 2_000;
        let inbox = Inbox::new();
        let bell = bell();
        let mut last = [0; SENDERS as usize];
        thread::scope(|scope| {
            for number in 0..SENDERS {
                let sender = inbox.sender();
                scope.spawn(move || {
                    for count in 1..=LETTERS {
                        sender.complete(ticket(number), Outcome::code(count));
                        if count % 64 == 0 {
                            thread::yield_now();
                        }
                    }
                });
            }
            let mut left = i64::from(SENDERS) * LETTERS;
            while left > 0 {
                while let Some(letter) = inbox.take() {
                    let Letter::Done(ticket, outcome) = letter else {
                        panic!("nobody cancels");
                    };
                    let last = &mut last[ticket.to_word() as u32 as usize];
                    assert_eq!(outcome.code, *last + 1);
                    *last = outcome.code;
                    left -= 1;
                }
                if left > 0 && inbox.sleep(&bell.clone().into()) {
                    thread::park();
                }
            }
        });
    }
}
