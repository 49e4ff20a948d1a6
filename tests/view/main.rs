//! The visualiser, over whole programs: every format of every function of every example, golden
//! files, hostile names, and the command at its edges.
//!
//! The properties of its layout are tested beside it (`src/view/layout/tests.rs`); the page in a
//! browser by `tests/browser`.

mod command;
mod ends;
mod everything;
mod golden;
mod hostile;
mod labels;
mod observed;
mod parse;
#[path = "../../crates/vo-lang/tests/support/mod.rs"]
mod support;
mod timeline;
