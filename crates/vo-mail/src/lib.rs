//! What islands meet in: the only places of the runtime that several threads touch at once.
//!
//! - [`mailbox`]: the queue of a port: bounded, closed once, with senders that wait for room
//! - [`pool`]: islands that are ready, and workers that sleep until there is one
//!
//! Nothing here knows of heaps, goroutines or values. That is why it is a crate of its own: built
//! for its tests, all of it runs on loom's primitives, so that ordinary `cargo test` goes through
//! every interleaving of a few threads (`sync` says what stands in for what).
//!
//! What the models do not check: the two lock-free queues, which stand in the models as a lock
//! and a list. They come from crates that are checked by themselves.
#![forbid(unsafe_code)]

pub mod mailbox;
pub mod pool;
mod sync;
