//! The inbox of an island: what it is told by other threads, which any thread writes and the
//! island reads. The protocol is [`vo_mail::inbox`]; here are the letters.
//!
//! Senders outlive the island: what they send then comes back to them.

use super::waits::{Outcome, Ticket};
use crate::runtime::observe::timeline::WokenBy;
use crate::runtime::port::{FiberAddress, PortShared};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;
use vo_mail::census::Census;
use vo_mail::inbox::{Inbox as Letters, Sleep, Slept};

/// What an island can be sent.
#[derive(Debug)]
pub enum Letter {
    /// What a goroutine waits for is done.
    Done(Ticket, Outcome),
    /// There is a message in a port, whose owner had asked to be told; and, for an observer, who has
    /// sent it.
    Port(Arc<PortShared>, Option<WokenBy>),
    /// A goroutine need not wait any longer to send to a port, or for one to be started; with its
    /// `Fiber::ok`, and for an observer, who has made room for it.
    Sent(FiberAddress, u8, Option<WokenBy>),
    /// Goroutines are to be started, whose mailbox had been asked to tell.
    Starts,
    /// The program is to end.
    Cancel(Stop),
}

/// Why a program is ended from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Somebody asked for it.
    Asked,
    /// Somebody asked for it, and tells of it himself.
    Interrupt,
    /// It has had the time that it may take.
    TimeLimit(Duration),
    /// Somebody wants to see what its goroutines do.
    Quit,
    /// The program has ended on another island.
    Over,
}

type Shared = Arc<Letters<Letter, Waker>>;

/// The reading end, and the letters that were taken and not read yet.
#[derive(Debug)]
pub struct Inbox {
    shared: Shared,
    taken: VecDeque<Letter>,
}

/// A writing end.
#[derive(Clone, Debug)]
pub struct Sender {
    shared: Shared,
}

impl Inbox {
    /// An empty inbox of an island that is counted there.
    pub fn new(census: Arc<Census>) -> Inbox {
        Inbox {
            shared: Arc::new(Letters::new(census)),
            taken: VecDeque::new(),
        }
    }

    /// A new writing end.
    pub fn sender(&self) -> Sender {
        Sender {
            shared: self.shared.clone(),
        }
    }

    /// The oldest letter.
    pub fn take(&mut self) -> Option<Letter> {
        if self.taken.is_empty() {
            self.shared.take(&mut self.taken);
        }
        self.taken.pop_front()
    }

    /// Whether there seems to be no letter.
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty() && self.shared.is_empty()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        // An island that ended in order has closed it before.
        let _ = self.shared.close();
    }
}

impl Sender {
    /// Sends a letter, and rings where the island sleeps.
    ///
    /// # Errors
    /// Gives the letter back when the island is gone. (One that is sent at the very moment of
    /// its end is dropped with it.)
    pub fn send(&self, letter: Letter) -> Result<(), Letter> {
        ring(self.shared.send(letter)?);
        Ok(())
    }

    /// Rings where the island sleeps, or else has it look around once more before it does.
    pub fn ring(&self) {
        ring(self.shared.ring());
    }

    /// Completes a ticket. Nothing happens where the island is gone, or nobody waits any more.
    pub fn complete(&self, ticket: Ticket, outcome: Outcome) {
        // The goroutine that waited is gone with its island.
        let _ = self.send(Letter::Done(ticket, outcome));
    }

    /// Whether the island is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// The island begins awake, and is counted from now on.
    pub fn begin(&self) {
        self.shared.begin();
    }

    /// Puts the island to sleep until somebody rings this bell: for the worker that runs it, which
    /// has let go of everything that is the island's.
    pub fn sleep(&self, bell: Waker, sleep: Sleep) -> Slept {
        self.shared.sleep(bell, sleep)
    }

    /// The island ends. True where no other can do anything.
    pub fn close(&self) -> bool {
        self.shared.close()
    }
}

fn ring(bell: Option<Waker>) {
    if let Some(bell) = bell {
        bell.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    /// Counts how often it rings.
    #[derive(Default)]
    struct Bell {
        rung: AtomicUsize,
    }

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.rung.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn ticket(number: u32) -> Ticket {
        Ticket::from_word(u64::from(number) | 1 << 32)
    }

    #[test]
    fn rings_only_for_who_sleeps_and_once() {
        let mut inbox = Inbox::new(Arc::default());
        let sender = inbox.sender();
        let bell: Arc<Bell> = Arc::default();
        sender.complete(ticket(1), Outcome::code(1));
        assert_eq!(sender.sleep(bell.clone().into(), Sleep::Doze), Slept::No);
        sender.complete(ticket(2), Outcome::code(2));
        assert_eq!(bell.rung.load(Ordering::Relaxed), 0);
        while inbox.take().is_some() {}
        assert_eq!(sender.sleep(bell.clone().into(), Sleep::Doze), Slept::Yes);
        sender.complete(ticket(3), Outcome::code(3));
        sender.complete(ticket(4), Outcome::code(4));
        assert_eq!(bell.rung.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn who_begins_awake_finds_what_came_before() {
        let mut inbox = Inbox::new(Arc::default());
        let sender = inbox.sender();
        let bell: Arc<Bell> = Arc::default();
        sender.complete(ticket(1), Outcome::code(1));
        sender.begin();
        assert_eq!(sender.sleep(bell.clone().into(), Sleep::Stuck), Slept::No);
        while inbox.take().is_some() {}
        assert_eq!(sender.sleep(bell.clone().into(), Sleep::Stuck), Slept::Last);
    }

    #[test]
    fn a_closed_inbox_gives_letters_back() {
        let inbox = Inbox::new(Arc::default());
        let sender = inbox.sender();
        drop(inbox);
        assert!(sender.is_closed());
        let letter = Letter::Cancel(Stop::Asked);
        assert!(matches!(
            sender.send(letter),
            Err(Letter::Cancel(Stop::Asked))
        ));
    }
}
