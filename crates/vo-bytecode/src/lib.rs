//! The bytecode of Vo.
