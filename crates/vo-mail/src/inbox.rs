//! The inbox of an island: letters from any thread, the bell of an island that sleeps, and the
//! token that it is counted by.
//!
//! ```text
//!            sleep(bell): nothing there             ring, letter
//!   awake ─────────────────────────────────► asleep ────────────► awake, in the pool once
//!     ▲ │ token kept, or given up                    token given back
//!     └─┘ sleep(bell): refused, a letter is there or it was rung
//! ```
//!
//! Invariants, of what is behind the lock
//! 1. Letters arrive in the order in which they were sent, and are taken once.
//! 2. While there is a bell there is no letter, and nobody has rung since it was set: an island
//!    does not sleep over anything.
//! 3. A bell is taken by exactly one ring, whose duty it is to have the island run.
//! 4. `token` says whether the island is counted in the census. An island that is awake and has
//!    been rung once is.

use crate::census::Census;
use crate::sync::{Arc, AtomicBool, Ordering, ShortMutex, lock_short};
use std::collections::VecDeque;
use std::fmt;

/// What an island that sleeps waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sleep {
    /// A time, or something outside: it stays counted.
    Doze,
    /// Other islands alone.
    Stuck,
}

/// What came of wanting to sleep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Slept {
    /// There is news: the island must look again.
    No,
    /// It sleeps, and belongs to whoever rings.
    Yes,
    /// It sleeps, and was the last that could do anything.
    Last,
}

/// See the module's text. `L` is a letter, `B` a bell.
pub struct Inbox<L, B> {
    inner: ShortMutex<Inner<L, B>>,
    census: Arc<Census>,
    /// There are letters: a hint for those who look without the lock.
    filled: AtomicBool,
    /// Changed under the lock.
    closed: AtomicBool,
}

struct Inner<L, B> {
    letters: VecDeque<L>,
    bell: Option<B>,
    /// Rung while awake.
    rung: bool,
    token: bool,
}

impl<L, B> Inbox<L, B> {
    /// An empty inbox of an island that is awake and has no token yet.
    pub fn new(census: Arc<Census>) -> Inbox<L, B> {
        Inbox {
            inner: ShortMutex::new(Inner {
                letters: VecDeque::new(),
                bell: None,
                rung: false,
                token: false,
            }),
            census,
            filled: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// The island begins awake, and is counted from now on. (One that begins asleep is counted when
    /// it is rung.)
    pub fn begin(&self) {
        let mut inner = lock_short(&self.inner);
        debug_assert!(!inner.token, "it begins once");
        inner.token = true;
        self.census.enter();
    }

    /// Sends a letter. The bell of an island that sleeps is the caller's to ring.
    ///
    /// # Errors
    /// Gives the letter back when the inbox is closed.
    pub fn send(&self, letter: L) -> Result<Option<B>, L> {
        let mut inner = lock_short(&self.inner);
        if self.is_closed() {
            return Err(letter);
        }
        inner.letters.push_back(letter);
        self.filled.store(true, Ordering::Release);
        Ok(self.take_bell(&mut inner))
    }

    /// Has the island look around. The bell of one that sleeps is the caller's to ring.
    pub fn ring(&self) -> Option<B> {
        let mut inner = lock_short(&self.inner);
        let bell = self.take_bell(&mut inner);
        inner.rung = bell.is_none();
        bell
    }

    fn take_bell(&self, inner: &mut Inner<L, B>) -> Option<B> {
        let bell = inner.bell.take()?;
        if !std::mem::replace(&mut inner.token, true) {
            self.census.enter();
        }
        Some(bell)
    }

    /// Moves all letters to the end of `into`; for the island.
    pub fn take(&self, into: &mut VecDeque<L>) {
        let mut inner = lock_short(&self.inner);
        inner.rung = false;
        self.filled.store(false, Ordering::Relaxed);
        if into.is_empty() {
            std::mem::swap(&mut inner.letters, into);
        } else {
            into.append(&mut inner.letters);
        }
    }

    /// Whether there seems to be no letter.
    pub fn is_empty(&self) -> bool {
        !self.filled.load(Ordering::Acquire)
    }

    /// The island wants to sleep until somebody takes this bell; see [`Slept`]. Whoever has put
    /// the island to sleep has nothing to do with it any more.
    pub fn sleep(&self, bell: B, sleep: Sleep) -> Slept {
        let mut inner = lock_short(&self.inner);
        if std::mem::take(&mut inner.rung) || !inner.letters.is_empty() {
            return Slept::No;
        }
        debug_assert!(inner.bell.is_none(), "who sleeps does not run");
        inner.bell = Some(bell);
        let leaves = sleep == Sleep::Stuck && std::mem::take(&mut inner.token);
        drop(inner);
        if leaves && self.census.leave() {
            Slept::Last
        } else {
            Slept::Yes
        }
    }

    /// Nothing is accepted any more, what is there is dropped, and the token is given up. True
    /// where that was the last token.
    pub fn close(&self) -> bool {
        let (_letters, _bell);
        let mut inner = lock_short(&self.inner);
        self.closed.store(true, Ordering::Release);
        self.filled.store(false, Ordering::Relaxed);
        let token = std::mem::take(&mut inner.token);
        // Dropped outside of the lock: they may hold anything.
        _letters = std::mem::take(&mut inner.letters);
        _bell = inner.bell.take();
        drop(inner);
        token && self.census.leave()
    }

    /// Whether nothing is accepted any more.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl<L, B> fmt::Debug for Inbox<L, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
