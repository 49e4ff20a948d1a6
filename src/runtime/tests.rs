//! Tests of what goroutines wait for, without anybody who runs code: channels against a queue,
//! fairness of select, records.

use super::chan::{self, Chan, Outcome, Queue};
use super::context::{Context, Options};
use super::fiber::{Fiber, State, Waiter};
use super::native::Output;
use super::outside::Outside;
use super::program::Program;
use super::record::{MAX_CLASS_WORDS, Record};
use super::select::{self, CHOSEN, CLOSED, CaseDesc, Selected};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::ptr;
use std::sync::Arc;
use vo_bytecode::{TypeId, text};

/// The type `chan int` of the test program.
const CHAN: TypeId = TypeId(1);

fn context(seed: u64) -> Box<Context> {
    let module = text::parse(
        "type t0 int = i64\n\
         type t1 = chan t0 recv send\n\
         func main.main() {\n  Return []\n}\n\
         entry main.main\n",
    )
    .expect("the module is well-formed");
    let options = Options {
        seed,
        ..Options::default()
    };
    let outside = Outside::alone().expect("there are descriptors");
    let program = Arc::new(Program::new(module));
    Context::new(program, options, Output::captured(), outside).expect("there is memory for a heap")
}

fn channel(cx: &mut Context, cap: u32) -> *mut Chan {
    Chan::new(cx, CHAN, cap).expect("there is memory for a channel")
}

fn send(cx: &mut Context, chan: *mut Chan, value: u64) -> Outcome {
    // SAFETY: the channel is one of `cx`, whose values have one word; nothing collects.
    unsafe { chan::try_send(cx, chan, &value) }
}

fn receive(cx: &mut Context, chan: *mut Chan) -> (Outcome, u64) {
    let mut value = u64::MAX;
    // SAFETY: as for `send`.
    let outcome = unsafe { chan::try_recv(cx, chan, &mut value) };
    (outcome, value)
}

/// A fiber that waits in the channel to send the value, or with the value where another arrives.
fn park(cx: &mut Context, chan: *mut Chan, state: State, value: u64) -> *mut Fiber {
    let fiber = cx.take_fiber(1);
    assert!(!fiber.is_null());
    // SAFETY: a fresh fiber runs, and waits with its value in its root record.
    unsafe {
        cx.current = fiber;
        chan::wait(cx, chan, state);
        *Fiber::arrival(fiber) = value;
        cx.current = ptr::null_mut();
    }
    fiber
}

/// What has arrived for a fiber of [`park`].
fn arrived(fiber: *mut Fiber) -> u64 {
    // SAFETY: the fiber was captured, and has not gone on.
    unsafe { *Fiber::arrival(fiber) }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Send(u64),
    Receive,
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => any::<u64>().prop_map(Step::Send),
        10 => Just(Step::Receive),
        1 => Just(Step::Close),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// A buffered channel is a queue that refuses when it is full, or closed.
    #[test]
    fn buffered_channel_is_a_queue(cap in 1u32..6, steps in steps()) {
        let mut cx = context(0);
        let chan = channel(&mut cx, cap);
        let mut model = VecDeque::new();
        let mut closed = false;
        for step in steps {
            match step {
                Step::Send(value) => {
                    let expected = if closed {
                        Outcome::Closed
                    } else if model.len() < cap as usize {
                        model.push_back(value);
                        Outcome::Done
                    } else {
                        Outcome::WouldBlock
                    };
                    prop_assert_eq!(send(&mut cx, chan, value), expected);
                }
                Step::Receive => {
                    let (outcome, value) = receive(&mut cx, chan);
                    match model.pop_front() {
                        Some(expected) => prop_assert_eq!((outcome, value), (Outcome::Done, expected)),
                        None if closed => prop_assert_eq!((outcome, value), (Outcome::Closed, 0)),
                        None => prop_assert_eq!(outcome, Outcome::WouldBlock),
                    }
                }
                Step::Close => {
                    // SAFETY: a channel of this context.
                    prop_assert_eq!(unsafe { chan::close(&mut cx, chan) }, !closed);
                    closed = true;
                }
            }
        }
    }

    /// A queue of waiters gives them in order, less those taken out of its middle.
    #[test]
    fn queue_of_waiters(steps in prop::collection::vec((0u8..4, any::<prop::sample::Index>()), 0..80)) {
        let mut queue = Queue { head: ptr::null_mut(), tail: ptr::null_mut() };
        let mut waiters: Vec<Waiter> = (0..steps.len() as u32).map(waiter).collect();
        let base = waiters.as_mut_ptr();
        let mut model = VecDeque::new();
        for (number, (what, which)) in steps.into_iter().enumerate() {
            let waiter = base.wrapping_add(number);
            // SAFETY: the waiters do not move, and each is pushed once.
            unsafe {
                match what {
                    0 | 1 => {
                        queue.push(waiter);
                        model.push_back(number as u32);
                    }
                    2 => {
                        let popped = queue.pop();
                        prop_assert_eq!((!popped.is_null()).then(|| (*popped).id), model.pop_front());
                    }
                    _ if model.is_empty() => {}
                    _ => {
                        let gone = model.remove(which.index(model.len()));
                        let gone = gone.expect("the index is below the length");
                        queue.remove(base.wrapping_add(gone as usize));
                    }
                }
            }
        }
    }

    /// Records in use never overlap, whatever was freed between, and have the room asked for.
    #[test]
    fn records_do_not_overlap(
        sizes in prop::collection::vec((0..2 * MAX_CLASS_WORDS, any::<bool>()), 1..60),
    ) {
        let mut cx = context(0);
        let mut used: Vec<(*mut Record, u64)> = Vec::new();
        for (number, (words, frees)) in sizes.into_iter().enumerate() {
            let record = cx.take_record(words);
            prop_assert!(!record.is_null());
            // SAFETY: records in use are valid for their words.
            unsafe {
                prop_assert!((*record).words as usize >= words);
                fill(record, number as u64);
                used.push((record, number as u64));
                for (record, mark) in &used {
                    prop_assert!(words_of(*record).iter().all(|word| word == mark));
                }
                if frees {
                    cx.free_record(used.swap_remove(number / 2 % used.len()).0);
                }
            }
        }
    }
}

fn waiter(id: u32) -> Waiter {
    Waiter {
        link: ptr::null_mut(),
        prev: ptr::null_mut(),
        owner: ptr::null_mut(),
        id,
        state: State::Case,
        ok: 0,
        class: 0,
    }
}

/// # Safety
/// The record is in use.
unsafe fn words_of<'a>(record: *mut Record) -> &'a mut [u64] {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(Record::words(record), (*record).words as usize) }
}

/// # Safety
/// The record is in use.
unsafe fn fill(record: *mut Record, mark: u64) {
    // SAFETY: the caller's promise.
    unsafe { words_of(record).fill(mark) };
}

#[test]
fn nil_channel_is_told() {
    let mut cx = context(0);
    assert_eq!(send(&mut cx, ptr::null_mut(), 1), Outcome::Nil);
    assert_eq!(receive(&mut cx, ptr::null_mut()).0, Outcome::Nil);
}

#[test]
fn senders_and_receivers_are_served_in_order() {
    let mut cx = context(0);
    let chan = channel(&mut cx, 0);
    let fibers = [10, 20, 30].map(|value| park(&mut cx, chan, State::Sending, value));
    assert_eq!([(); 3].map(|()| receive(&mut cx, chan).1), [10, 20, 30]);
    for fiber in fibers {
        // SAFETY: the fiber is one of this context.
        let outcome = unsafe { ((*fiber).state, (*fiber).ok) };
        assert_eq!(outcome, (State::Ready, chan::OK_VALUE));
    }
    let receivers = [0; 2].map(|none| park(&mut cx, chan, State::Receiving, none));
    assert_eq!(send(&mut cx, chan, 1), Outcome::Done);
    assert_eq!(send(&mut cx, chan, 2), Outcome::Done);
    assert_eq!(send(&mut cx, chan, 3), Outcome::WouldBlock);
    assert_eq!(receivers.map(arrived), [1, 2]);
}

#[test]
fn receive_lets_a_waiting_sender_fill_the_ring() {
    let mut cx = context(0);
    let chan = channel(&mut cx, 1);
    assert_eq!(send(&mut cx, chan, 1), Outcome::Done);
    park(&mut cx, chan, State::Sending, 2);
    assert_eq!(receive(&mut cx, chan), (Outcome::Done, 1));
    assert_eq!(send(&mut cx, chan, 3), Outcome::WouldBlock);
    assert_eq!(receive(&mut cx, chan), (Outcome::Done, 2));
}

#[test]
fn close_wakes_every_receiver() {
    let mut cx = context(0);
    let chan = channel(&mut cx, 0);
    let fibers = [7, 7].map(|value| park(&mut cx, chan, State::Receiving, value));
    // SAFETY: a channel of this context.
    assert!(unsafe { chan::close(&mut cx, chan) });
    for fiber in fibers {
        // SAFETY: the fiber is one of this context.
        let outcome = unsafe { ((*fiber).state, (*fiber).ok) };
        assert_eq!(outcome, (State::Ready, chan::OK_CLOSED));
    }
    assert_eq!(fibers.map(arrived), [0, 0]);
}

/// Each of the ready cases is as likely as any other, whatever the seed.
#[test]
fn select_is_fair() {
    const CASES: usize = 5;
    const READY: [usize; 3] = [0, 2, 4];
    const RUNS: u64 = 3000;
    for seed in 1..=20 {
        let mut cx = context(seed);
        let chans = [(); CASES].map(|()| channel(&mut cx, 1));
        let cases = chans.map(|chan| CaseDesc {
            chan,
            value: ptr::null(),
        });
        let mut counts = [0u64; CASES];
        for _ in 0..RUNS {
            for at in READY {
                // Full but for the one that was chosen last.
                let _ = send(&mut cx, chans[at], at as u64);
            }
            // SAFETY: the channels are those of this context.
            let selected = unsafe { select::select(&mut cx, &cases, false) };
            assert_eq!(selected, Selected::Done);
            assert_eq!(cx.results[..3], [cx.results[0], CHOSEN, cx.results[0]]);
            counts[cx.results[0] as usize] += 1;
        }
        // Six standard deviations of a binomial distribution are 155.
        let expected = RUNS / READY.len() as u64;
        for at in READY {
            assert!(
                counts[at].abs_diff(expected) < 155,
                "seed {seed}: {counts:?}"
            );
        }
        assert_eq!(counts[1] + counts[3], 0);
    }
}

#[test]
fn select_takes_default_when_nothing_is_ready() {
    let mut cx = context(0);
    let chan = channel(&mut cx, 0);
    let value = 1;
    let cases = [
        CaseDesc {
            chan,
            value: ptr::null(),
        },
        CaseDesc {
            chan,
            value: &value,
        },
        CaseDesc {
            chan: ptr::null_mut(),
            value: ptr::null(),
        },
    ];
    // SAFETY: the channel is one of this context.
    let selected = unsafe { select::select(&mut cx, &cases, true) };
    assert_eq!((selected, cx.results[0]), (Selected::Done, u64::MAX));
}

#[test]
fn select_sees_closed_channels() {
    let mut cx = context(0);
    let chan = channel(&mut cx, 0);
    let value = 1;
    // SAFETY: the channel is one of this context.
    unsafe {
        chan::close(&mut cx, chan);
        let receives = [CaseDesc {
            chan,
            value: ptr::null(),
        }];
        assert_eq!(select::select(&mut cx, &receives, false), Selected::Done);
        assert_eq!(cx.results[..2], [0, CLOSED]);
        let sends = [CaseDesc {
            chan,
            value: &value,
        }];
        assert_eq!(
            select::select(&mut cx, &sends, false),
            Selected::SendOnClosed
        );
    }
}

#[test]
fn same_seed_same_choices() {
    let numbers = |seed| {
        let mut cx = context(seed);
        [(); 8].map(|()| cx.random())
    };
    assert_eq!(numbers(5), numbers(5));
    assert_ne!(numbers(5), numbers(6));
}
