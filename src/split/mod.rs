//! Where functions split: the plan that the code generator follows and the runtime reads.
//!
//! - [`plan`]: resume points, frame record layouts, reference maps
//! - [`homes`]: which word of its record each live slot gets
//! - [`clean`]: which words of the record a resumed function need not store again
//! - [`print`](mod@print): all of it as text
//!
//! Plain functions from the bytecode and its graphs to data; nothing here knows of Cranelift.
#![forbid(unsafe_code)]

pub mod clean;
pub mod homes;
pub mod plan;
pub mod print;

#[cfg(test)]
mod tests;

pub use plan::{Analysis, FuncPlan, Live, ModulePlan, Point, PointKind};
