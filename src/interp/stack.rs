//! A goroutine's frames and what it waits for.

use crate::inline::Frame as TraceFrame;
use crate::runtime::chan::Chan;
use crate::runtime::heap::Marker;
use crate::runtime::program::{Program, Shape};
use crate::runtime::record::RECORD_BYTES;
use crate::runtime::select::VALUE;
use std::mem::offset_of;
use vo_bytecode::types::MAX_FLAT_SLOTS;
use vo_bytecode::{FuncId, Function, Inst};

/// Words of the arrival buffer: a select's outcome and the largest value.
pub const ARRIVAL_WORDS: usize = VALUE + MAX_FLAT_SLOTS;

/// Polls between two preemptions: some milliseconds of interpreting.
pub const SLICE: u32 = 100_000;

/// A frame of a function.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The function.
    pub func: FuncId,
    /// The instruction that runs; in a frame that has called, the call.
    pub pc: usize,
    /// Where its slots begin in [`Stack::slots`].
    pub base: usize,
}

/// What the innermost frame's instruction waits for, and must be completed with when the fiber is
/// entered again.
#[derive(Clone, Copy, Debug)]
pub enum Pending {
    /// Nothing: the instruction is yet to be run.
    Nothing,
    /// A send: the arrival words hold the value.
    Send(Shape),
    /// A receive: the value comes to the arrival words, which are zero until then.
    Recv(Shape),
    /// A send to a port.
    PortSend,
    /// The start of a goroutine on another island.
    GoIsland,
    /// A select: its outcome comes to the arrival words.
    Select,
    /// A runtime function: the ticket for its second half comes to the first arrival word.
    Native,
}

/// A goroutine that the interpreter runs. A fiber's `top` leads here, in a box, as it does to a
/// record: arrival words stand in the same place.
#[repr(C)]
#[derive(Debug)]
pub struct Stack {
    /// What stands before the arrival words in a record, and has no meaning here.
    _header: [u64; RECORD_BYTES / 8],
    /// Where values arrive, and are sent from, while the fiber waits.
    pub arrival: [u64; ARRIVAL_WORDS],
    /// The frames, outermost first; never empty until the goroutine has ended.
    pub frames: Vec<Frame>,
    /// The slots of all frames.
    pub slots: Vec<u64>,
    /// What is waited for.
    pub pending: Pending,
    /// Polls left until the others get their turn. A collection does not renew it, so that one
    /// at every poll keeps nobody from running.
    pub slice: u32,
}

const _: () = assert!(offset_of!(Stack, arrival) == RECORD_BYTES);

impl Stack {
    /// The stack of a goroutine that is about to run a function.
    pub fn new(function: &Function, func: FuncId, args: &[u64]) -> Stack {
        let mut stack = Stack {
            frames: Vec::with_capacity(4),
            slots: Vec::with_capacity(function.slots.len()),
            pending: Pending::Nothing,
            slice: SLICE,
            arrival: [0; ARRIVAL_WORDS],
            _header: [0; RECORD_BYTES / 8],
        };
        stack.push(function, func, args.iter().copied());
        stack
    }

    /// Adds a frame.
    pub fn push(&mut self, function: &Function, func: FuncId, args: impl Iterator<Item = u64>) {
        let base = self.slots.len();
        self.slots.extend(args);
        self.slots.resize(base + function.slots.len(), 0);
        self.frames.push(Frame { func, pc: 0, base });
    }

    /// Removes the innermost frame.
    pub fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop()?;
        self.slots.truncate(frame.base);
        Some(frame)
    }

    /// Bytes in use, for the limit.
    pub fn bytes(&self) -> usize {
        self.slots.len() * 8 + self.frames.len() * size_of::<Frame>()
    }

    /// Where each frame stands, innermost first.
    pub fn trace_lines(&self, program: &Program) -> impl Iterator<Item = TraceFrame> {
        self.frames.iter().rev().map(|frame| TraceFrame {
            func: frame.func,
            line: program.module.func(frame.func).lines[frame.pc],
        })
    }

    /// Shows every reference to the collector; `waiting` tells that a select has no outcome yet.
    pub fn trace(&self, program: &Program, waiting: bool, marker: &mut Marker<'_>) {
        for frame in &self.frames {
            let types = &program.module.func(frame.func).slots;
            marker.mark_slots(&self.slots[frame.base..], types);
        }
        match self.pending {
            // SAFETY: the arrival words hold a value of the channel's shape, or zeros.
            Pending::Send(shape) | Pending::Recv(shape) => unsafe {
                shape.trace(self.arrival.as_ptr(), marker);
            },
            Pending::Select if !waiting => {
                if let Some(shape) = self.received_shape(program) {
                    // SAFETY: the chosen case's value, or zeros.
                    unsafe { shape.trace(self.arrival[VALUE..].as_ptr(), marker) };
                }
            }
            Pending::Select
            | Pending::PortSend
            | Pending::GoIsland
            | Pending::Native
            | Pending::Nothing => {}
        }
    }

    /// The shape of what a select has received.
    fn received_shape(&self, program: &Program) -> Option<Shape> {
        let frame = self.frames.last()?;
        let cases = program.module.func(frame.func).select_cases(frame.pc);
        match cases.get(self.arrival[0] as usize)? {
            Inst::SelectRecv { chan, .. } => {
                let chan = self.slots[frame.base + chan.0.index()] as *const Chan;
                // SAFETY: the channel of a case that was completed.
                Some(unsafe { (*chan).shape })
            }
            _ => None,
        }
    }
}
