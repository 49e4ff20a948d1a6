//! Vo JIT.
