//! Panics that deferred calls deal with: from where a panic lands in a function with deferred
//! calls to where it is recovered, or goes on.
//!
//! While a panic unwinds it is [`Context::panicking`]. In a function with deferred calls it lands:
//! it gets a number, which the function keeps in a slot, and waits among [`Landed`] while the
//! deferred calls run, whatever else the island does meanwhile. The function owns that number, and
//! gives it back exactly once:
//!
//! 1. the panic was recovered: it is over ([`Context::panic_over`]);
//! 2. nobody recovered it: it goes on unwinding ([`Context::panic_on`]);
//! 3. another panic came out of a deferred call and lands in its stead ([`Context::land`]).
//!
//! Who may recover: right before a deferred call the function arms the context with the panic
//! ([`Context::arm`]), if the callee is one that asks for it. The callee's first instruction takes
//! that away. So nobody else ever sees it: not what the callee calls, not another goroutine, not
//! the same function called in another way.

use super::context::{Context, JitResult};
use super::heap::Marker;
use super::panic::{FaultKind, PanicValue, Panicking};
use vo_bytecode::{FuncId, MethodId, PanicKind};

/// The panics that have landed and are not over.
#[derive(Default)]
pub struct Landed {
    /// By number, less one; a number that is given back is given out again.
    panics: Vec<Option<Box<Panicking>>>,
    /// The places among them that are free.
    free: Vec<usize>,
    /// Panics that are over, to be used again.
    #[allow(clippy::vec_box, reason = "the boxes themselves are used again")]
    spare: Vec<Box<Panicking>>,
}

/// More spare panics than are usually in the air at a time.
const MAX_SPARE: usize = 16;

impl Landed {
    #[inline]
    fn put(&mut self, panicking: Box<Panicking>) -> u64 {
        let at = match self.free.pop() {
            Some(at) => {
                self.panics[at] = Some(panicking);
                at
            }
            None => {
                self.panics.push(Some(panicking));
                self.panics.len() - 1
            }
        };
        at as u64 + 1
    }

    #[inline]
    fn get(&mut self, number: u64) -> Option<&mut Box<Panicking>> {
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        self.panics.get_mut(at)?.as_mut()
    }

    #[inline]
    fn take(&mut self, number: u64) -> Option<Box<Panicking>> {
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        let panicking = self.panics.get_mut(at)?.take()?;
        self.free.push(at);
        Some(panicking)
    }

    /// A panic object with that value, and without frames.
    #[inline]
    pub fn fresh(&mut self, value: PanicValue, goroutine: u32) -> Box<Panicking> {
        let mut panicking = self.spare.pop().unwrap_or_default();
        panicking.value = value;
        panicking.goroutine = goroutine;
        panicking
    }

    /// The panic is over.
    #[inline]
    fn recycle(&mut self, mut panicking: Box<Panicking>) {
        if self.spare.len() < MAX_SPARE {
            panicking.clear();
            self.spare.push(panicking);
        }
    }

    /// Shows the values of all landed panics to the collector.
    pub fn trace(&self, marker: &mut Marker<'_>) {
        for panicking in self.panics.iter().flatten() {
            let mut next = Some(panicking);
            while let Some(panicking) = next {
                if let PanicValue::Value(type_word, data) = panicking.value {
                    marker.mark_iface(type_word, data);
                }
                next = panicking.former.as_ref();
            }
        }
    }
}

impl Context {
    /// The panic in flight has reached a function with deferred calls: its number there, or 0 where
    /// it is one that runs none. It replaces the panic `former`, unless that is 0.
    #[inline]
    pub fn land(&mut self, former: u64) -> u64 {
        let Some(mut panicking) = self.panicking.take() else {
            return 0;
        };
        if !panicking.value.runs_defers() {
            self.panicking = Some(panicking);
            return 0;
        }
        if let Some(former) = self.landed.take(former) {
            panicking.replace(former);
        }
        self.landed.put(panicking)
    }

    /// Whether a landed panic was recovered; it is over then. A panic that was recovered while the
    /// goroutine was ending does not keep it from ending.
    #[inline]
    pub fn panic_over(&mut self, number: u64) -> bool {
        let Some(panicking) = self.landed.get(number) else {
            return true;
        };
        if !panicking.recovered {
            return false;
        }
        if panicking.interrupts_exit() {
            panicking.value = PanicValue::Goexit;
            panicking.recovered = false;
            return false;
        }
        if let Some(panicking) = self.landed.take(number) {
            self.landed.recycle(panicking);
        }
        true
    }

    /// A landed panic goes on unwinding.
    pub fn panic_on(&mut self, number: u64) {
        self.panicking = self.landed.take(number);
    }

    /// Whether what has unwound a whole goroutine is no panic but `runtime.Goexit`; it is over then.
    pub fn goroutine_exits(&mut self) -> bool {
        match self
            .panicking
            .take_if(|panicking| panicking.value == PanicValue::Goexit)
        {
            Some(panicking) => {
                self.landed.recycle(panicking);
                true
            }
            None => false,
        }
    }

    /// Lets the function that is called next recover a landed panic, if it asks for that.
    pub fn arm(&mut self, number: u64, func: FuncId) {
        if self.program.recovers(func) {
            self.recoverable = number;
        }
    }

    /// The same for the function of a closure object, or nil.
    ///
    /// # Safety
    /// `closure` is a closure object or null.
    pub unsafe fn arm_closure(&mut self, number: u64, closure: *const u64) {
        if !closure.is_null() {
            // SAFETY: a closure's first word is its function.
            let func = unsafe { *closure };
            self.arm(number, FuncId(func as u32));
        }
    }

    /// The same for a method of a dynamic type.
    pub fn arm_method(&mut self, number: u64, type_word: u64, method: MethodId) {
        if let Some(func) = self.program.method(type_word, method) {
            self.arm(number, func);
        }
    }

    /// Takes the panic that the running function may recover: its number, or 0.
    #[inline]
    pub fn take_recoverable(&mut self) -> u64 {
        std::mem::take(&mut self.recoverable)
    }

    /// Recovers a landed panic, unless that has been done, or the number is 0. The results are the
    /// value's two words, the [`PanicKind`], and the two words of the text.
    pub fn recover(&mut self, number: u64) -> JitResult {
        self.results[..RECOVER_WORDS].fill(0);
        let Some(panicking) = self.landed.get(number) else {
            return JitResult::Ok;
        };
        if panicking.recovered {
            return JitResult::Ok;
        }
        let (kind, text) = match &mut panicking.value {
            PanicValue::Value(0, _) => (PanicKind::Nil, String::new()),
            PanicValue::Value(type_word, data) => {
                self.results[0] = *type_word;
                self.results[1] = *data;
                panicking.recovered = true;
                return JitResult::Ok;
            }
            PanicValue::Fault(kind, text) => {
                let kind = match kind {
                    FaultKind::Error => PanicKind::Error,
                    FaultKind::Bounds => PanicKind::Bounds,
                    FaultKind::Plain => PanicKind::Plain,
                };
                (kind, text.clone())
            }
            PanicValue::Assertion(text) => (PanicKind::Assertion, text.clone()),
            PanicValue::Text(text) => (PanicKind::Text, text.clone()),
            PanicValue::Described(_)
            | PanicValue::Fatal(_)
            | PanicValue::Exit(_)
            | PanicValue::Goexit => return JitResult::Ok,
        };
        panicking.recovered = true;
        self.results[2] = kind as u64;
        let mut words = [0; 2];
        if self.put_string(text.as_bytes(), &mut words).is_err() {
            return JitResult::Panic;
        }
        self.results[3..RECOVER_WORDS].copy_from_slice(&words);
        JitResult::Ok
    }
}

/// How many words [`Context::recover`] gives.
pub const RECOVER_WORDS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn landed(landed: &mut Landed, text: &str) -> u64 {
        let panicking = landed.fresh(PanicValue::Text(text.into()), 1);
        landed.put(panicking)
    }

    #[test]
    fn numbers_are_given_out_again() {
        let mut all = Landed::default();
        let (a, b) = (landed(&mut all, "a"), landed(&mut all, "b"));
        assert_eq!((a, b), (1, 2));
        let taken = all.take(a).expect("it has landed");
        assert_eq!(taken.value, PanicValue::Text("a".into()));
        assert!(all.take(a).is_none());
        all.recycle(taken);
        let c = landed(&mut all, "c");
        assert_eq!(c, a);
        let again = all.get(c).expect("it has landed");
        assert_eq!(again.value, PanicValue::Text("c".into()));
        assert!(all.get(0).is_none());
    }

    #[test]
    fn a_replaced_panic_leaves_its_frames_and_its_value() {
        use crate::inline::Frame;
        let frame = |func: u32| Frame {
            func: FuncId(func),
            line: func,
        };
        let panicking = |text: &str, frames: &[u32]| Panicking {
            value: PanicValue::Text(text.into()),
            trace: frames.iter().map(|func| frame(*func)).collect(),
            ..Panicking::default()
        };
        // Function 3 runs a deferred call, which panics in function 5.
        let mut second = panicking("second", &[5, 4, 3]);
        second.replace(Box::new(panicking("first", &[1, 2, 3])));
        assert_eq!(second.trace, [5, 4, 1, 2, 3].map(frame));
        let mut third = panicking("third", &[6, 3]);
        third.replace(Box::new(second));
        let former = third.former.as_ref().expect("it has replaced one");
        assert_eq!(former.value, PanicValue::Text("second".into()));
        assert!(former.former.is_some());
        assert_eq!(third.trace, [6, 5, 4, 1, 2, 3].map(frame));
    }
}
