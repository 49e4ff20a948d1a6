//! The type checker: names, types, constants and the order of initialisation.

pub mod constant;
pub mod info;
pub mod ty;
