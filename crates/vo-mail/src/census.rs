//! The census: how many islands can still do something.
//!
//! An island is counted while it has a *token*: it runs, is ready to, or sleeps until a time or
//! an event from outside. One that waits for nothing but other islands has none, and gets one from
//! whoever rings it ([`crate::inbox`]).
//!
//! Invariant: who is not counted is rung only by somebody who is, who stays so until the ring is
//! over. So when the count falls to zero nothing will ever run again, and that is the one moment
//! at which a deadlock is looked for; nobody polls.

use crate::sync::{AtomicUsize, Ordering};

/// See the module's text.
#[derive(Debug)]
pub struct Census {
    active: AtomicUsize,
}

impl Default for Census {
    fn default() -> Census {
        Census {
            active: AtomicUsize::new(0),
        }
    }
}

impl Census {
    /// Those that are counted.
    #[cfg(test)]
    pub fn active(&self) -> usize {
        self.active.load(Ordering::Relaxed)
    }

    /// Counts one more.
    pub(crate) fn enter(&self) {
        self.active.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts one less. True for the last.
    pub(crate) fn leave(&self) -> bool {
        let before = self.active.fetch_sub(1, Ordering::AcqRel);
        debug_assert!(before > 0, "a token is given up once");
        before == 1
    }
}
