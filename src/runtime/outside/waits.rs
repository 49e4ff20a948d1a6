//! The goroutines of an island that wait for something outside of it.
//!
//! Invariants
//! 1. An entry waits, or is done and not yet taken. No later entry has its key, so a ticket that is
//!    completed late, or twice, meets nobody.
//! 2. `waiting` is the number of entries that wait.

use crate::runtime::fiber::Fiber;
use rustc_hash::FxHashMap;
use slotmap::{DefaultKey, Key, KeyData, SlotMap};
use std::any::Any;
use std::fmt;

/// Names one wait of one goroutine; plain data, which any thread may hold for ever.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ticket {
    key: DefaultKey,
}

impl Ticket {
    /// As one word, which is neither of the two largest numbers.
    pub fn to_word(self) -> u64 {
        self.key.data().as_ffi()
    }

    /// From [`Ticket::to_word`].
    pub fn from_word(word: u64) -> Ticket {
        Ticket {
            key: KeyData::from_ffi(word).into(),
        }
    }
}

/// What came of what was waited for: a number, and whatever else whoever waits knows to expect.
#[derive(Default)]
pub struct Outcome {
    /// A count, an error number, a reason.
    pub code: i64,
    /// Anything more.
    pub payload: Option<Box<dyn Any + Send>>,
}

impl Outcome {
    /// A number alone.
    pub fn code(code: i64) -> Outcome {
        Outcome {
            code,
            payload: None,
        }
    }

    /// A number and more.
    pub fn with(code: i64, payload: impl Any + Send) -> Outcome {
        Outcome {
            code,
            payload: Some(Box::new(payload)),
        }
    }

    /// The payload, where it is of that type.
    pub fn payload<T: 'static>(self) -> Option<T> {
        Some(*self.payload?.downcast::<T>().ok()?)
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("code", &self.code)
            .field("payload", &self.payload.is_some())
            .finish()
    }
}

/// What a goroutine waits for outside, in a reader's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// A socket.
    Network,
    /// A file, or standard input.
    File,
    /// A name.
    Lookup,
    /// A function of the program that the engine is embedded in.
    Host,
}

impl Reason {
    /// The words in reports.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Network => "IO wait",
            Reason::File => "syscall",
            Reason::Lookup => "name lookup",
            Reason::Host => "host call",
        }
    }
}

enum Entry {
    Waiting { fiber: *mut Fiber, reason: Reason },
    Done(Outcome),
}

/// Who waits; see the module's text.
#[derive(Default)]
pub struct Waits {
    entries: SlotMap<DefaultKey, Entry>,
    waiting: usize,
}

impl Waits {
    /// How many goroutines wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// A goroutine begins to wait.
    pub fn add(&mut self, fiber: *mut Fiber, reason: Reason) -> Ticket {
        self.waiting += 1;
        let key = self.entries.insert(Entry::Waiting { fiber, reason });
        Ticket { key }
    }

    /// What was waited for is done: the goroutine, which the caller makes ready. `None` for a
    /// ticket under which nobody waits any more.
    pub fn complete(&mut self, ticket: Ticket, outcome: Outcome) -> Option<*mut Fiber> {
        let entry = self.entries.get_mut(ticket.key)?;
        let Entry::Waiting { fiber, .. } = *entry else {
            return None;
        };
        *entry = Entry::Done(outcome);
        self.waiting -= 1;
        Some(fiber)
    }

    /// Takes an outcome; the ticket names nobody any more.
    pub fn take(&mut self, ticket: Ticket) -> Outcome {
        match self.entries.remove(ticket.key) {
            Some(Entry::Done(outcome)) => outcome,
            entry => {
                debug_assert!(false, "an outcome is taken once, when it is there");
                self.waiting -= usize::from(entry.is_some());
                Outcome::default()
            }
        }
    }

    /// The goroutine does not wait after all.
    pub fn withdraw(&mut self, ticket: Ticket) {
        if let Some(Entry::Waiting { .. }) = self.entries.remove(ticket.key) {
            self.waiting -= 1;
        }
    }

    /// What each goroutine waits for that waits outside: for reports.
    pub fn reasons(&self) -> FxHashMap<*mut Fiber, Reason> {
        let waiting = self.entries.values().filter_map(|entry| match entry {
            Entry::Waiting { fiber, reason } => Some((*fiber, *reason)),
            Entry::Done(_) => None,
        });
        waiting.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    fn fiber(number: usize) -> *mut Fiber {
        ptr::without_provenance_mut(number * 8)
    }

    #[test]
    fn a_ticket_is_completed_once() {
        let mut waits = Waits::default();
        let ticket = waits.add(fiber(1), Reason::File);
        assert_eq!(waits.waiting(), 1);
        assert_eq!(waits.complete(ticket, Outcome::code(5)), Some(fiber(1)));
        assert_eq!(waits.waiting(), 0);
        assert_eq!(waits.complete(ticket, Outcome::code(6)), None);
        assert_eq!(waits.take(ticket).code, 5);
        assert_eq!(waits.complete(ticket, Outcome::code(7)), None);
    }

    #[test]
    fn a_late_completion_does_not_wake_the_next_in_its_place() {
        let mut waits = Waits::default();
        let old = waits.add(fiber(1), Reason::Network);
        waits.complete(old, Outcome::default());
        waits.take(old);
        let new = waits.add(fiber(2), Reason::Network);
        assert_ne!(new, old);
        assert_eq!(waits.complete(old, Outcome::code(1)), None);
        assert_eq!(waits.complete(new, Outcome::code(2)), Some(fiber(2)));
    }

    #[test]
    fn a_ticket_goes_through_a_word() {
        let ticket = Waits::default().add(fiber(1), Reason::Host);
        assert_eq!(Ticket::from_word(ticket.to_word()), ticket);
    }

    #[test]
    fn a_payload_has_its_type() {
        let outcome = Outcome::with(1, vec![1u8, 2]);
        assert_eq!(outcome.payload::<Vec<u8>>(), Some(vec![1, 2]));
        assert_eq!(Outcome::with(1, 5u8).payload::<String>(), None);
    }
}
