//! Vo JIT.

pub mod cfg;
