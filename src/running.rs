//! A program that runs, as its embedder sees it: a future, which can be cancelled.
//!
//! The program's goroutines run on threads of the engine's own, which have the native stack they
//! need and never block the embedder's. The future drives the host functions that the program
//! waits for, so these run where the embedder polls it (inside tokio, they may use tokio), and
//! gives what came of the program. Dropping it cancels the program.

use crate::engine::{EngineError, Run};
use crate::runtime::hostcall::Work;
use crate::runtime::outside::inbox::{Letter, Sender, Stop};
use async_channel::Receiver;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// A program that runs; see the module's text.
#[must_use = "a running program is cancelled when this is dropped"]
pub struct Running {
    done: Pin<Box<Receiver<Result<Run, EngineError>>>>,
    new_calls: Pin<Box<Receiver<Work<()>>>>,
    calls: FuturesUnordered<Work<()>>,
    control: Canceller,
}

/// Ends a program from any thread.
#[derive(Clone, Default)]
pub struct Canceller {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The inbox of the program, once it has one, and what has goroutines that run give way.
    program: Option<(Sender, Arc<AtomicBool>)>,
    /// Whether it is to stop, and why.
    stop: Option<Stop>,
    /// Who watches the time.
    watch: Option<Thread>,
    /// Whether the program has ended.
    over: bool,
}

impl Canceller {
    /// Ends the program, as soon as the goroutine that runs comes to a loop or a call that polls
    /// (see `docs/embedding.md`). Nothing happens where it has ended.
    pub fn cancel(&self) {
        self.stop(Stop::Asked);
    }

    /// Ends the program as [`Canceller::cancel`] does, and has it tell where each of its goroutines
    /// stands.
    pub fn quit(&self) {
        self.stop(Stop::Quit);
    }

    /// Ends the program as [`Canceller::cancel`] does, but says nothing of it on its standard error:
    /// whoever asks for it does.
    pub fn interrupt(&self) {
        self.stop(Stop::Interrupt);
    }

    fn stop(&self, stop: Stop) {
        let mut state = self.lock();
        if state.stop.is_some() {
            return;
        }
        state.stop = Some(stop);
        if let Some(program) = &state.program {
            tell(program, stop);
        }
    }

    /// The program has an inbox now, and what has goroutines that run give way.
    pub(crate) fn attach(&self, inbox: Sender, preempts: Arc<AtomicBool>) {
        let mut state = self.lock();
        let program = (inbox, preempts);
        if let Some(stop) = state.stop {
            tell(&program, stop);
        }
        state.program = Some(program);
    }

    /// The program has ended.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.over = true;
        state.program = None;
        if let Some(watch) = state.watch.take() {
            watch.unpark();
        }
    }

    /// Ends the program after so much time.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub(crate) fn limit(&self, time: Duration) -> Result<(), EngineError> {
        let control = self.clone();
        let until = Instant::now() + time;
        let watch = std::thread::Builder::new()
            .name("vo-limit".into())
            .spawn(move || {
                while !control.lock().over {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return control.stop(Stop::TimeLimit(time));
                    }
                    std::thread::park_timeout(left);
                }
            })
            .map_err(|error| EngineError::Host(format!("cannot start a thread: {error}")))?;
        let mut state = self.lock();
        if state.over {
            watch.thread().unpark();
        } else {
            state.watch = Some(watch.thread().clone());
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells a program that it is to end.
fn tell((inbox, preempts): &(Sender, Arc<AtomicBool>), stop: Stop) {
    preempts.store(true, Ordering::Relaxed);
    // A program that is gone needs no end.
    let _ = inbox.send(Letter::Cancel(stop));
}

impl Running {
    pub(crate) fn new(
        done: Receiver<Result<Run, EngineError>>,
        new_calls: Receiver<Work<()>>,
        control: Canceller,
    ) -> Running {
        Running {
            done: Box::pin(done),
            new_calls: Box::pin(new_calls),
            calls: FuturesUnordered::new(),
            control,
        }
    }

    /// What ends the program from elsewhere.
    pub fn canceller(&self) -> Canceller {
        self.control.clone()
    }

    /// Waits for the program's end on this thread.
    ///
    /// # Errors
    /// When the program could not even start.
    pub fn wait(self) -> Result<Run, EngineError> {
        futures_lite::future::block_on(self)
    }
}

impl Future for Running {
    type Output = Result<Run, EngineError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        while let Poll::Ready(Some(call)) = this.new_calls.poll_next_unpin(cx) {
            this.calls.push(call);
        }
        // Each call tells its goroutine itself; what is left is to forget it.
        while let Poll::Ready(Some(())) = this.calls.poll_next_unpin(cx) {}
        match this.done.poll_next_unpin(cx) {
            Poll::Ready(Some(run)) => Poll::Ready(run),
            Poll::Ready(None) => Poll::Ready(Err(EngineError::Host(
                "the thread of the program has failed".into(),
            ))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.control.cancel();
    }
}
