//! The seat: where one worker that has nothing to do waits for events, and can be rung.
//!
//! ```text
//!    EMPTY ──sit──► TAKEN ──ring──► RUNG (the ringer wakes whoever waits)
//!      │ ▲            │               │ ▲
//!      │ └────rise────┘◄─────rise─────┘ │
//!      └──────────────ring──────────────┘ (the next to sit does not wait)
//! ```
//!
//! It holds nobody back: whoever waits does so in a place of the caller's (a poller), from which
//! the ringer gets it where [`Seat::ring`] says so. A ring so costs a system call only where
//! somebody waits.
//!
//! Invariant: a ring is forgotten only by who sits, when that has risen and looks for itself at
//! whatever may have changed. Who merely looks at events in passing does not rise: what was rung
//! for is not its to see to.

use crate::sync::{AtomicU8, Ordering};

/// Nobody waits.
const EMPTY: u8 = 0;
/// Somebody waits, or is about to.
const TAKEN: u8 = 1;
/// Whoever is about to wait must not.
const RUNG: u8 = 2;

/// See the module's text.
#[derive(Debug)]
pub struct Seat {
    state: AtomicU8,
}

impl Default for Seat {
    fn default() -> Seat {
        Seat {
            state: AtomicU8::new(EMPTY),
        }
    }
}

impl Seat {
    /// Sits down. False where it was rung before: then there must be no wait.
    #[must_use]
    pub fn sit(&self) -> bool {
        self.state
            .compare_exchange(EMPTY, TAKEN, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Who has sat waits no longer, and looks for itself from now on: what was rung has been heard.
    pub fn rise(&self) {
        self.state.swap(EMPTY, Ordering::AcqRel);
    }

    /// Rings. True where the caller must wake whoever waits.
    #[must_use]
    pub fn ring(&self) -> bool {
        self.state.swap(RUNG, Ordering::AcqRel) == TAKEN
    }
}

#[cfg(test)]
mod tests;
