//! The visualiser: a function as the JIT sees it, through all its stages.
//!
//! ```text
//! Module ─► model ─┬─► json
//!                  └─► visible ─┬─► text
//!                               ├─► dot
//!                               ├─► draw ─► layout ─► svg
//!                               └─► html (json and svg in one page)
//! ```
//!
//! - [`model`]: one data model of a function: source, bytecode, blocks, resume points, code
//! - [`visible`]: text of the program as it may be shown
//! - [`layout`]: from a graph to coordinates
//! - [`draw`]: what stands in each box of a picture; [`labels`]: what is written at its edges
//! - [`text`], [`dot`], [`svg`], [`json`], [`html`]: the formats
//! - [`names`]: finding a function by the name that its author would write
//! - [`profile`]: what a run has counted, as the model shows it
//! - [`waits`]: the costliest waits of a run, as text and as a table
//! - [`trace`]: a run as a timeline
//! - [`render`]: from a wish (stage, format, functions) to the bytes to write
//!
//! Nothing here decides anything for the JIT: it shows what `cfg`, `split` and `codegen` say.
#![forbid(unsafe_code)]

pub mod dot;
pub mod draw;
pub mod html;
pub mod json;
pub mod labels;
pub mod layout;
pub mod model;
pub mod names;
pub mod profile;
pub mod render;
pub mod svg;
pub mod text;
pub mod trace;
pub mod visible;
pub mod waits;
