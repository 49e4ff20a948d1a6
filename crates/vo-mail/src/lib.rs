//! What islands meet in: the only places of the runtime that several threads touch at once.
//!
//! - [`mailbox`]: the queue of a port: bounded, closed once, with senders that wait for room
//! - [`inbox`]: what an island is told by others, and how it sleeps until it is
//! - [`census`]: how many islands can still do something
//! - [`pool`]: islands that are ready, and workers that sleep until there is one
//! - [`seat`]: where one of those waits for events, and how it is rung
//! - [`doze`]: islands that sleep until a time or an event, and who wakes them
//!
//! Nothing here knows of heaps, goroutines or values. That is why it is a crate of its own: built
//! for its tests, all of it runs on loom's primitives, so that ordinary `cargo test` goes through
//! every interleaving of a few threads (`sync` says what stands in for what).
//!
//! What the models do not check: the lock-free queue of the pool, which stands in the models as a
//! lock and a list (it comes from a crate that is checked by itself); and who uses the parts. The
//! runtime's own part is to ring each bell that it is given, and to run an island that was put into
//! the pool.
#![forbid(unsafe_code)]

pub mod census;
pub mod doze;
pub mod inbox;
pub mod mailbox;
pub mod pool;
pub mod seat;
mod sync;
