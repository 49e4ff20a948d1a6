//! Fibers: what a goroutine is while it is not running.
//!
//! ```text
//! cell of a fiber slab
//! +0   link    next in the run queue or in a channel's queue
//! +8   prev    previous in a channel's queue
//! +16  top     innermost frame record (or the interpreter's state)
//! +24  id      goroutine number         u32
//! +28  state   see `State`              u8
//! +29  ok      outcome of the operation that was waited for   u8
//! +30  class   cell size in words       u16
//! +32  creator number of the goroutine that has started it    u32
//! +36  since   tick at which it began to wait                 u32
//! +40  root record: header and words, as in `record.rs`
//! ```
//!
//! Invariants
//! 1. A fiber is in at most one of: the hand-off slot, the run queue, one channel's queue, the
//!    timer heap; or it runs (`Context::current`), or it waits through select cases.
//! 2. `state == Free` holds for exactly the cells that are no fiber; all other fields are then
//!    meaningless but `link`.
//! 3. While the fiber waits, what it sends or receives lies in the arrival words of its innermost
//!    record ([`Fiber::arrival`]). The interpreter's state has its arrival words in the same place.

use super::record::Record;
use std::ptr;

/// What waits in a channel's queue: a fiber itself, or a case of a waiting select. Both begin
/// with the same fields, and `state` tells them apart.
#[repr(C)]
pub struct Waiter {
    /// Next in the queue.
    pub link: *mut Waiter,
    /// Previous in the queue.
    pub prev: *mut Waiter,
    /// A fiber's `top`, or a select case's `SelectWait`.
    pub owner: *mut u8,
    /// A fiber's id, or a select case's number.
    pub id: u32,
    /// [`State`]; [`State::Case`] marks a select case.
    pub state: State,
    /// Outcome: 1 for a value, 0 for a closed channel.
    pub ok: u8,
    /// A fiber's cell size in words.
    pub class: u16,
}

/// What a fiber cell is at the moment.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not a fiber.
    Free = 0,
    /// In the run queue, or running.
    Ready = 1,
    /// Waiting in a channel's queue to send.
    Sending = 2,
    /// Waiting in a channel's queue to receive.
    Receiving = 3,
    /// Waiting in a select.
    Selecting = 4,
    /// Waiting for a timer.
    Sleeping = 5,
    /// Waiting for ever (`select {}`, or a nil channel under the option for it).
    Forever = 6,
    /// Not a fiber: a case of a waiting select.
    Case = 7,
    /// Waiting for room in a port.
    PortSending = 9,
    /// Waiting for a value in a port.
    PortReceiving = 10,
    /// Waiting for room to start a goroutine on another island.
    Starting = 11,
    /// Waiting for something outside of the island (see `runtime::outside`).
    Outside = 8,
}

/// A goroutine's object; see the picture above.
#[repr(C)]
pub struct Fiber {
    /// Next in the run queue or in a channel's queue.
    pub link: *mut Fiber,
    /// Previous in a channel's queue; of one that waits for room in a port, the port's name, which
    /// is only compared.
    pub prev: *mut Fiber,
    /// The innermost frame record; the interpreter keeps its own state here.
    pub top: *mut Record,
    /// The goroutine's number, from 1.
    pub id: u32,
    /// What it is doing.
    pub state: State,
    /// Outcome of the operation that was waited for.
    pub ok: u8,
    /// Cell size in words.
    pub class: u16,
    /// The number of the goroutine that has started it; 0 where none has. Where it was started is
    /// told by its root record (see `origin.rs`).
    pub creator: u32,
    /// `Context::tick` when it began to wait; meaningless while it is ready.
    pub since: u32,
}

/// Size of a fiber without its root record, in bytes.
pub const FIBER_BYTES: usize = size_of::<Fiber>();

impl Fiber {
    /// The root record that lies behind the fiber in its cell.
    pub fn root(fiber: *mut Fiber) -> *mut Record {
        fiber.wrapping_add(1).cast()
    }

    /// Where values arrive, or are taken from, while the fiber waits (3).
    ///
    /// # Safety
    /// The fiber is captured.
    pub unsafe fn arrival(fiber: *mut Fiber) -> *mut u64 {
        // SAFETY: the caller's promise: it has an innermost record.
        Record::words(unsafe { (*fiber).top })
    }

    /// As an entry of a channel's queue.
    pub fn waiter(fiber: *mut Fiber) -> *mut Waiter {
        fiber.cast()
    }
}

/// The slabs that fibers come from: one list of chunks for each cell size.
///
/// Cells are enumerated for the collector and for reports, so no list of all fibers is needed.
#[derive(Default)]
pub struct FiberSlabs {
    chunks: Vec<Chunk>,
    bytes: usize,
}

struct Chunk {
    base: *mut u8,
    layout: std::alloc::Layout,
    cell: usize,
    /// Cells carved so far; those behind are untouched.
    used: usize,
}

/// A slab chunk's size; 64 KiB holds some 700 small fibers, and a program with few goroutines
/// touches only its first pages.
const CHUNK_BYTES: usize = 64 << 10;

/// Cells carved at a time, so that a program with few goroutines touches little memory.
const CARVE: usize = 32;

impl FiberSlabs {
    /// Carves fresh cells of `words` words (fiber included) and returns them as a list linked
    /// through `link`, all `Free`. Returns null when memory is exhausted.
    pub fn carve(&mut self, words: usize) -> *mut Fiber {
        let cell = words * 8;
        let found = self
            .chunks
            .iter()
            .rposition(|c| c.cell == cell && c.has_room());
        let at = match found {
            Some(at) => at,
            None => {
                let bytes = CHUNK_BYTES.max(cell * 4);
                let Ok(layout) = std::alloc::Layout::from_size_align(bytes, 16) else {
                    return ptr::null_mut();
                };
                // SAFETY: the layout has a non-zero size.
                let base = unsafe { std::alloc::alloc(layout) };
                if base.is_null() {
                    return ptr::null_mut();
                }
                self.bytes += bytes;
                self.chunks.push(Chunk {
                    base,
                    layout,
                    cell,
                    used: 0,
                });
                self.chunks.len() - 1
            }
        };
        let chunk = &mut self.chunks[at];
        let mut list: *mut Fiber = ptr::null_mut();
        let first = chunk.used;
        let last = (first + CARVE).min(chunk.layout.size() / cell);
        for i in (first..last).rev() {
            // SAFETY: cell `i` lies inside the chunk, which is ours, and is aligned to 8.
            unsafe {
                let fiber = chunk.base.add(i * cell).cast::<Fiber>();
                (*fiber).link = list;
                (*fiber).state = State::Free;
                (*fiber).class = words as u16;
                list = fiber;
            }
        }
        chunk.used = last;
        list
    }

    /// Bytes taken from the system.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Calls `each` for every fiber that exists.
    pub fn for_each(&self, mut each: impl FnMut(*mut Fiber)) {
        for chunk in &self.chunks {
            for i in 0..chunk.used {
                // SAFETY: carved cells are initialised fibers of this chunk.
                unsafe {
                    let fiber = chunk.base.add(i * chunk.cell).cast::<Fiber>();
                    if (*fiber).state != State::Free {
                        each(fiber);
                    }
                }
            }
        }
    }
}

impl Chunk {
    fn has_room(&self) -> bool {
        (self.used + 1) * self.cell <= self.layout.size()
    }
}

impl Drop for FiberSlabs {
    fn drop(&mut self) {
        for chunk in &self.chunks {
            // SAFETY: allocated with this layout in `carve`, freed only here.
            unsafe { std::alloc::dealloc(chunk.base, chunk.layout) };
        }
    }
}
