//! The goroutines of an island that wait for something outside of it.
//!
//! Invariants
//! 1. An entry is free, or waits, or is done and not yet taken. Its generation changes whenever it
//!    becomes free, so a ticket that is completed late, or twice, meets nobody.
//! 2. `waiting` is the number of entries that wait.

use crate::runtime::fiber::Fiber;
use std::any::Any;
use std::fmt;
use std::time::Instant;

/// Names one wait of one goroutine; plain data, which any thread may hold for ever.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ticket {
    index: u32,
    generation: u32,
}

impl Ticket {
    /// Its number among those that wait at the same time.
    pub fn index(self) -> u32 {
        self.index
    }

    /// As one word.
    pub fn to_word(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    /// From [`Ticket::to_word`].
    pub fn from_word(word: u64) -> Ticket {
        Ticket::of_parts(word as u32, (word >> 32) as u32)
    }

    pub(super) fn of_parts(index: u32, generation: u32) -> Ticket {
        Ticket { index, generation }
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
    Free,
    Waiting {
        fiber: *mut Fiber,
        reason: Reason,
        since: Instant,
    },
    Done(Outcome),
}

struct Slot {
    generation: u32,
    entry: Entry,
}

/// Who waits; see the module's text.
#[derive(Default)]
pub struct Waits {
    slots: Vec<Slot>,
    free: Vec<u32>,
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
        let entry = Entry::Waiting {
            fiber,
            reason,
            since: Instant::now(),
        };
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.entry = entry;
            return Ticket::of_parts(index, slot.generation);
        }
        self.slots.push(Slot {
            generation: 0,
            entry,
        });
        Ticket::of_parts(self.slots.len() as u32 - 1, 0)
    }

    /// What was waited for is done: the goroutine, which the caller makes ready. `None` for a
    /// ticket under which nobody waits any more.
    pub fn complete(&mut self, ticket: Ticket, outcome: Outcome) -> Option<*mut Fiber> {
        let slot = self.slots.get_mut(ticket.index as usize)?;
        if slot.generation != ticket.generation {
            return None;
        }
        let Entry::Waiting { fiber, .. } = slot.entry else {
            return None;
        };
        slot.entry = Entry::Done(outcome);
        self.waiting -= 1;
        Some(fiber)
    }

    /// Takes an outcome and frees its entry.
    pub fn take(&mut self, index: u32) -> Outcome {
        let slot = &mut self.slots[index as usize];
        let entry = std::mem::replace(&mut slot.entry, Entry::Free);
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(index);
        match entry {
            Entry::Done(outcome) => outcome,
            Entry::Free | Entry::Waiting { .. } => {
                debug_assert!(false, "an outcome is taken once, when it is there");
                Outcome::default()
            }
        }
    }

    /// What a goroutine waits for, and since when; `None` where it does not wait outside. Looks
    /// at all that wait: for reports.
    pub fn reason(&self, of: *mut Fiber) -> Option<(Reason, Instant)> {
        self.slots.iter().find_map(|slot| match slot.entry {
            Entry::Waiting {
                fiber,
                reason,
                since,
            } if fiber == of => Some((reason, since)),
            _ => None,
        })
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
        assert_eq!(waits.take(ticket.index()).code, 5);
        assert_eq!(waits.complete(ticket, Outcome::code(7)), None);
    }

    #[test]
    fn a_late_completion_does_not_wake_the_next_in_its_place() {
        let mut waits = Waits::default();
        let old = waits.add(fiber(1), Reason::Network);
        waits.complete(old, Outcome::default());
        waits.take(old.index());
        let new = waits.add(fiber(2), Reason::Network);
        assert_eq!(new.index(), old.index());
        assert_eq!(waits.complete(old, Outcome::code(1)), None);
        assert_eq!(waits.complete(new, Outcome::code(2)), Some(fiber(2)));
    }

    #[test]
    fn a_ticket_goes_through_a_word() {
        let ticket = Ticket::of_parts(7, u32::MAX);
        assert_eq!(Ticket::from_word(ticket.to_word()), ticket);
    }

    #[test]
    fn a_payload_has_its_type() {
        let outcome = Outcome::with(1, vec![1u8, 2]);
        assert_eq!(outcome.payload::<Vec<u8>>(), Some(vec![1, 2]));
        assert_eq!(Outcome::with(1, 5u8).payload::<String>(), None);
    }
}
