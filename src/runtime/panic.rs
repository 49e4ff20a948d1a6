//! Panics: the value that unwinds, the trace that it collects on the way, and the texts of
//! run-time faults.
//!
//! A panic is a status that native code returns up its frames; each frame adds itself to the
//! trace. There is at most one panic in flight in an island: nothing runs between a panic and
//! its end, or the function with deferred calls where it lands (see [`super::recover`]), but the
//! frames that it unwinds.

use super::context::{Context, JitResult};
use super::origin::Origin;
use crate::inline::{Frame, Frames};
use std::fmt::Display;

/// A panic that is not over.
#[derive(Debug, Default)]
pub struct Panicking {
    /// What was panicked with.
    pub value: PanicValue,
    /// The frames left so far, innermost first.
    pub trace: Vec<Frame>,
    /// How many frames in the middle of the trace were forgotten.
    pub elided: usize,
    /// The goroutine's number.
    pub goroutine: u32,
    /// Whether a deferred call has recovered it. It is over once that call returns.
    pub recovered: bool,
    /// Where the goroutine comes from; known once that has ended.
    pub origin: Option<Origin>,
    /// The panic that it has replaced.
    pub former: Option<Box<Panicking>>,
}

/// Enough for the 50 innermost and 50 outermost frames that are shown.
pub const KEPT_FRAMES: usize = 100;

impl Panicking {
    /// Adds frames to the trace.
    fn extend(&mut self, frames: &[Frame]) {
        frames.iter().for_each(|frame| self.push(*frame));
    }

    /// Adds a frame to the trace. Of very deep traces the middle is forgotten: it is not shown.
    #[inline]
    fn push(&mut self, frame: Frame) {
        if self.trace.len() == KEPT_FRAMES {
            self.forget_one();
        }
        self.trace.push(frame);
    }

    #[cold]
    fn forget_one(&mut self) {
        self.trace.remove(KEPT_FRAMES / 2);
        self.elided += 1;
    }

    /// Takes the place of a panic: that of the function which has just been added to the trace. Its
    /// frames are those behind that panic, where the function is told by the line where the first
    /// panic went through it.
    pub fn replace(&mut self, mut former: Box<Panicking>) {
        self.trace.pop();
        self.extend(&former.trace);
        former.trace.clear();
        self.elided += std::mem::take(&mut former.elided);
        let mut last = &mut self.former;
        while let Some(older) = last {
            last = &mut older.former;
        }
        *last = Some(former);
    }

    /// Whether it came up while the goroutine was ending by `runtime.Goexit`.
    pub fn interrupts_exit(&self) -> bool {
        let mut next = self.former.as_ref();
        while let Some(former) = next {
            if former.value == PanicValue::Goexit {
                return true;
            }
            next = former.former.as_ref();
        }
        false
    }

    /// Makes it as new, but for the room that its trace has.
    pub fn clear(&mut self) {
        self.trace.clear();
        self.elided = 0;
        self.recovered = false;
        self.former = None;
        self.origin = None;
        self.value = PanicValue::default();
    }
}

/// What was panicked with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PanicValue {
    /// A value given to `panic`: type word and data word.
    Value(u64, u64),
    /// A value given to `panic`, by the text that its own method gives.
    Described(String),
    /// A run-time fault, with its text.
    Fault(FaultKind, String),
    /// A failed type assertion, with its text.
    Assertion(String),
    /// A text by itself.
    Text(String),
    /// The program ends: a limit was reached or memory is exhausted. Cannot be recovered.
    Fatal(String),
    /// `os.Exit` was called; unwinds like a panic but is none.
    Exit(i32),
    /// `runtime.Goexit` was called; unwinds like a panic but is none.
    Goexit,
}

/// The kinds of run-time faults, which `recover` gives as values of different types, as Go does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// A run-time error, and the text begins so.
    Error,
    /// One of an index or of a length.
    Bounds,
    /// Another fault, whose text stands by itself.
    Plain,
}

impl Default for PanicValue {
    fn default() -> PanicValue {
        PanicValue::Value(0, 0)
    }
}

impl PanicValue {
    /// Whether deferred calls run on the way, rather than that the program ends at once.
    pub fn runs_defers(&self) -> bool {
        !matches!(self, PanicValue::Fatal(_) | PanicValue::Exit(_))
    }
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:expr;)*) => {
        /// A run-time fault that native code finds: each with its text, given the two operands
        /// of the check that failed.
        #[repr(u8)]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Fault { $($(#[$doc])* $name = $code,)* }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Fault] = &[$(Fault::$name,)*];

            /// The text, given the operands of the check.
            pub fn text(self, a: i64, b: i64) -> String {
                let text: fn(i64, i64) -> String = match self { $(Fault::$name => $text,)* };
                text(a, b)
            }

            /// The fault with that number.
            pub fn from_code(code: u64) -> Option<Fault> {
                Fault::ALL.iter().copied().find(|fault| *fault as u64 == code)
            }
        }
    };
}

faults! {
    /// A nil pointer was followed.
    NilDeref = 0, |_, _| "runtime error: invalid memory address or nil pointer dereference".into();
    /// An index was not below the length.
    Index = 1, |index, len| index_text(index, len);
    /// A division by zero.
    Divide = 2, |_, _| "runtime error: integer divide by zero".into();
    /// A shift by a negative count.
    Shift = 3, |_, _| "runtime error: negative shift amount".into();
    /// A slice to an array of more elements.
    ArrayLen = 4, |len, want| format!(
        "runtime error: cannot convert slice with length {len} to array or pointer to array with length {want}"
    );
    /// A slice expression `s[:b]` beyond the capacity.
    SliceHighCap = 5, |high, cap| slice_text(high, &format!(":{high}"), &format!("with capacity {cap}"));
    /// A slice expression `s[:b]` of a string or an array beyond the length.
    SliceHighLen = 6, |high, len| slice_text(high, &format!(":{high}"), &format!("with length {len}"));
    /// A slice expression `s[a:b]` with a beyond b.
    SliceLow = 7, |low, high| if low < 0 {
        format!("runtime error: slice bounds out of range [{low}:]")
    } else {
        format!("runtime error: slice bounds out of range [{low}:{high}]")
    };
    /// A slice expression `s[::c]` beyond the capacity.
    SliceMax = 8, |max, cap| slice_text(max, &format!("::{max}"), &format!("with capacity {cap}"));
    /// A slice expression `s[:b:c]` with b beyond c.
    SliceHighMax = 9, |high, max| slice_text(high, &format!(":{high}:"), "").replace(
        &format!(":{high}:]"), &if high < 0 { format!(":{high}:]") } else { format!(":{high}:{max}]") });
    /// A send on a closed channel.
    SendClosed = 10, |_, _| "send on closed channel".into();
    /// A send on a nil channel.
    SendNil = 11, |_, _| "send on nil channel".into();
    /// A receive from a nil channel.
    RecvNil = 12, |_, _| "receive from nil channel".replace("from", "on");
    /// A close of a closed channel.
    CloseClosed = 13, |_, _| "close of closed channel".into();
    /// A close of a nil channel.
    CloseNil = 14, |_, _| "close of nil channel".into();
    /// The heap is at its limit.
    OutOfMemory = 15, |_, _| "out of memory".into();
    /// The stack is at its limit.
    StackOverflow = 16, |_, _| "stack overflow".into();
    /// A goroutine was started with a nil function.
    GoNil = 18, |_, _| "go of nil func value".into();
    /// A slice expression `s[a:b:c]` with a beyond b.
    SliceLowHigh = 19, |low, high| if low < 0 {
        format!("runtime error: slice bounds out of range [{low}::]")
    } else {
        format!("runtime error: slice bounds out of range [{low}:{high}:]")
    };
    /// A send on a port that is closed, or whose island has ended: the operand tells which, as
    /// `Fiber::ok` does.
    PortSendClosed = 24, |ok, _| if ok == i64::from(super::port::OK_GONE) {
        "send on port of an island that has ended".into()
    } else {
        "send on closed port".into()
    };
    /// A send on a nil port.
    PortSendNil = 25, |_, _| "send on nil port".into();
    /// A receive from a nil port.
    PortRecvNil = 26, |_, _| "receive on nil port".into();
    /// A close of a closed port.
    PortCloseClosed = 27, |_, _| "close of closed port".into();
    /// A close of a nil port.
    PortCloseNil = 28, |_, _| "close of nil port".into();
    /// Something was to be started on a nil island.
    IslandNil = 29, |_, _| "go on nil island".into();
    /// The goroutines are at their limit.
    TooManyGoroutines = 17, |_, _| "too many goroutines".into();
}

fn index_text(index: i64, len: i64) -> String {
    if index < 0 {
        format!("runtime error: index out of range [{index}]")
    } else {
        format!("runtime error: index out of range [{index}] with length {len}")
    }
}

fn slice_text(operand: i64, shape: &str, suffix: &str) -> String {
    if operand < 0 || suffix.is_empty() {
        format!("runtime error: slice bounds out of range [{shape}]")
    } else {
        format!("runtime error: slice bounds out of range [{shape}] {suffix}")
    }
}

impl Fault {
    /// What kind it is.
    fn kind(self) -> FaultKind {
        match self {
            Fault::NilDeref | Fault::Divide | Fault::Shift => FaultKind::Error,
            Fault::Index
            | Fault::ArrayLen
            | Fault::SliceHighCap
            | Fault::SliceHighLen
            | Fault::SliceLow
            | Fault::SliceLowHigh
            | Fault::SliceMax
            | Fault::SliceHighMax => FaultKind::Bounds,
            _ => FaultKind::Plain,
        }
    }

    /// Whether the fault ends the program without a chance to recover.
    pub fn is_fatal(self) -> bool {
        matches!(
            self,
            Fault::OutOfMemory | Fault::TooManyGoroutines | Fault::GoNil
        )
    }
}

impl Context {
    /// Begins a panic of the running goroutine.
    #[inline]
    pub fn panic(&mut self, value: PanicValue) -> JitResult {
        let goroutine = if self.current.is_null() {
            0
        } else {
            // SAFETY: the running fiber is valid.
            unsafe { (*self.current).id }
        };
        self.panicking = Some(self.landed.fresh(value, goroutine));
        JitResult::Panic
    }

    /// Begins the panic of a fault.
    pub fn fault(&mut self, fault: Fault, a: i64, b: i64) -> JitResult {
        let text = match (fault, self.options.max_heap) {
            (Fault::OutOfMemory, limit) if limit != usize::MAX => {
                format!("out of memory: the limit of {limit} bytes is reached")
            }
            _ => fault.text(a, b),
        };
        self.panic(if fault.is_fatal() {
            PanicValue::Fatal(text)
        } else {
            PanicValue::Fault(fault.kind(), text)
        })
    }

    /// Begins the panic of an index without sign that is not below a length. As the operand of
    /// [`Fault::Index`] a large one would be negative.
    pub fn index_fault(&mut self, index: u64, len: u64) -> JitResult {
        let text = format!("runtime error: index out of range [{index}] with length {len}");
        self.panic(PanicValue::Fault(FaultKind::Bounds, text))
    }

    /// Begins the panic of a run-time error with this text behind `runtime error: `.
    pub fn error(&mut self, text: impl Display) -> JitResult {
        let text = format!("runtime error: {text}");
        self.panic(PanicValue::Fault(FaultKind::Error, text))
    }

    /// Begins the panic of a fault that is told by this text alone.
    pub fn plain_fault(&mut self, text: impl Into<String>) -> JitResult {
        self.panic(PanicValue::Fault(FaultKind::Plain, text.into()))
    }

    /// Begins the panic of a failed type assertion.
    pub fn assertion_failed(&mut self, text: String) -> JitResult {
        self.panic(PanicValue::Assertion(text))
    }

    /// Adds the frames of a place to the trace of the panic in flight.
    #[inline]
    pub fn unwound(&mut self, site: u64) {
        if let Some(panicking) = &mut self.panicking {
            match self.program.places.frames(site) {
                // Taken by itself it stays in registers.
                Frames::One(frame) => panicking.push(frame),
                Frames::List(frames) => panicking.extend(frames),
            }
        }
    }
}
