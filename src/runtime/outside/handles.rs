//! The files and sockets that an island has open, by number.
//!
//! Programs hold a number that names one opening for ever: after it is closed, it names nothing.
//! The numbers of the three standard streams are 0, 1 and 2.

use super::reactor::{CLOSED, Direction, Reactor, Source};
use crate::runtime::timer::TimerKey;
use rustix::fd::{AsRawFd, OwnedFd};
use slotmap::{Key, KeyData, SlotMap, new_key_type};
use std::sync::Arc;
use std::time::Instant;

new_key_type! {
    struct HandleKey;
}

/// Something open.
pub enum Handle {
    /// A file; shared with the thread that works on it.
    File(Arc<OwnedFd>),
    /// A socket that listens or is connected.
    Socket(Socket),
}

/// A non-blocking socket that the reactor watches.
pub struct Socket {
    /// Its descriptor.
    pub fd: OwnedFd,
    /// Where its events come.
    pub source: Arc<Source>,
    /// When reading, and when writing, takes too long; with the timer that says so.
    pub deadlines: [Option<(Instant, TimerKey)>; 2],
    /// The last read gave less than was asked for: until the next event there is no more.
    pub drained: bool,
    reactor: Arc<Reactor>,
}

impl Socket {
    /// Of a descriptor that the reactor has begun to watch.
    pub fn new(fd: OwnedFd, source: Arc<Source>, reactor: Arc<Reactor>) -> Socket {
        Socket {
            fd,
            source,
            deadlines: [None; 2],
            drained: false,
            reactor,
        }
    }

    /// Whether the deadline of a direction has passed.
    pub fn is_late(&self, direction: Direction) -> bool {
        self.deadlines[direction as usize].is_some_and(|(at, _)| Instant::now() >= at)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reactor.remove(self.fd.as_raw_fd(), &self.source);
        self.source.interrupt(Direction::Read, CLOSED);
        self.source.interrupt(Direction::Write, CLOSED);
    }
}

/// The open files and sockets of an island.
#[derive(Default)]
pub struct Handles {
    open: SlotMap<HandleKey, Handle>,
}

impl Handles {
    /// Keeps something open; its number.
    pub fn add(&mut self, handle: Handle) -> u64 {
        self.open.insert(handle).data().as_ffi()
    }

    /// Takes out what is to be closed.
    pub fn remove(&mut self, number: u64) -> Option<Handle> {
        self.open.remove(key(number))
    }

    /// The file with that number.
    pub fn file(&self, number: u64) -> Option<&Arc<OwnedFd>> {
        match self.open.get(key(number))? {
            Handle::File(file) => Some(file),
            Handle::Socket(_) => None,
        }
    }

    /// The socket with that number.
    pub fn socket(&mut self, number: u64) -> Option<&mut Socket> {
        match self.open.get_mut(key(number))? {
            Handle::Socket(socket) => Some(socket),
            Handle::File(_) => None,
        }
    }
}

fn key(number: u64) -> HandleKey {
    KeyData::from_ffi(number).into()
}
