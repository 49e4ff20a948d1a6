//! Where instructions stood before they were copied into another function: what traces tell.

use indexmap::IndexSet;
use std::ops::Deref;
use std::slice;
use vo_bytecode::{FuncId, Module};

/// A line of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Frame {
    /// The function.
    pub func: FuncId,
    /// The source line.
    pub line: u32,
}

/// For each instruction that was copied the frames that it stands in, innermost first. The last is
/// of the function that it is in now.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// By function; empty where nothing was copied into it, else by instruction: the number of its
    /// frames.
    sites: Vec<Box<[Option<u32>]>>,
    /// The lists of frames that there are.
    frames: IndexSet<Box<[Frame]>>,
}

/// A place in one word: a function and a line, or the number of a list of frames.
const LIST: u64 = u32::MAX as u64;

/// The site of what belongs to no function: it has no frames.
pub const NOWHERE: u64 = u64::MAX;

impl Places {
    /// Of a module in which nothing was copied.
    pub fn new(functions: usize) -> Places {
        Places {
            sites: vec![Box::default(); functions],
            frames: IndexSet::new(),
        }
    }

    /// The list of frames of an instruction, where it was copied.
    pub(super) fn of(&self, func: FuncId, inst: usize) -> Option<&[Frame]> {
        let number = self.site_number(func, inst)?;
        Some(&self.frames[number as usize])
    }

    /// The number of the list of frames of an instruction, where it was copied.
    pub(super) fn site_number(&self, func: FuncId, inst: usize) -> Option<u32> {
        *self.sites[func.index()].get(inst)?
    }

    /// The number of a list of frames.
    pub(super) fn number(&mut self, frames: Vec<Frame>) -> u32 {
        self.frames.insert_full(frames.into()).0 as u32
    }

    /// What is known of a function's instructions.
    pub(super) fn set(&mut self, func: FuncId, sites: Vec<Option<u32>>) {
        self.sites[func.index()] = sites.into();
    }

    /// Where an instruction stands, in one word.
    pub fn site(&self, module: &Module, func: FuncId, inst: usize) -> u64 {
        match self.sites[func.index()].get(inst) {
            Some(Some(number)) => LIST << 32 | u64::from(*number),
            _ => {
                let line = module.func(func).lines.get(inst).copied().unwrap_or(0);
                u64::from(func.0) << 32 | u64::from(line)
            }
        }
    }

    /// The frames of a place, innermost first.
    #[inline]
    pub fn frames(&self, site: u64) -> Frames<'_> {
        let (high, low) = (site >> 32, site as u32);
        match high {
            LIST if site == NOWHERE => Frames::List(&[]),
            LIST => Frames::List(&self.frames[low as usize]),
            _ => Frames::One(Frame {
                func: FuncId(high as u32),
                line: low,
            }),
        }
    }
}

/// The frames of a place; a slice, innermost first.
#[derive(Debug)]
pub enum Frames<'a> {
    /// Of an instruction that stands where it was written.
    One(Frame),
    /// Of one that was copied.
    List(&'a [Frame]),
}

impl Deref for Frames<'_> {
    type Target = [Frame];

    fn deref(&self) -> &[Frame] {
        match self {
            Frames::One(frame) => slice::from_ref(frame),
            Frames::List(frames) => frames,
        }
    }
}
