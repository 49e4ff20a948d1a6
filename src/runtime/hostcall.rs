//! Calls of functions of the program that the engine is embedded in.
//!
//! What a Rust program registers ([`crate::host::Host`]) becomes a [`Table`] of functions from values
//! to values. Vo code reaches it through package `host`, whose source is made from the
//! registrations, and the native functions of `internal/hostcall` (see `native::host`): they pass
//! arguments one by one, call, and take results one by one. Nothing else runs in an island between
//! the first and the call, nor between the call's end and the last, so one set of each does.

use super::context::{Context, JitResult};
use super::outside::inbox::Sender;
use super::outside::waits::{Outcome, Reason};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context as TaskContext, Poll};

/// A value on its way between Vo and Rust.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// An integer or boolean.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string or byte slice, copied.
    Bytes(Vec<u8>),
}

/// What a call gives: results, or the text of an error.
pub type Called = Result<Vec<Value>, String>;

/// The work of a call that waits.
pub type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A function that answers at once.
type Now = Box<dyn Fn(Vec<Value>) -> Called + Send + Sync>;
/// A function whose future answers.
type Later = Box<dyn Fn(Vec<Value>) -> Work<Called> + Send + Sync>;

/// How a function answers.
pub enum Body {
    /// At once.
    Now(Now),
    /// By a future, for which the goroutine waits.
    Later(Later),
}

/// A registered function.
pub struct Function {
    /// Its name in package `host`.
    pub name: String,
    /// What it does.
    pub body: Body,
}

/// The registered functions, by number.
#[derive(Default)]
pub struct Table {
    /// The functions.
    pub functions: Vec<Function>,
    /// Their declarations, by which a program knows that it was compiled for them.
    pub fingerprint: String,
}

/// What the program that the engine is embedded in gives to a run.
pub struct Embedder {
    /// Its functions.
    pub table: Arc<Table>,
    /// Who drives their futures.
    pub driver: async_channel::Sender<Work<()>>,
    /// Takes what the program can be ended by: the inbox of `main`'s island, and what has every
    /// goroutine that runs give way, also where a seed keeps the clock from that.
    pub attach: Box<dyn Fn(Sender, Arc<AtomicBool>) + Send + Sync>,
}

/// An island's side of calls.
#[derive(Default)]
pub struct HostCalls {
    /// The functions.
    pub table: Arc<Table>,
    /// Who drives futures; none where there are no functions.
    pub driver: Option<async_channel::Sender<Work<()>>>,
    /// Arguments passed so far.
    pub args: Vec<Value>,
    /// Results of the last call.
    pub results: Vec<Value>,
    /// The error of the last call.
    pub failure: Option<String>,
}

impl HostCalls {
    /// For the functions of an embedder.
    pub fn new(embedder: &Embedder) -> HostCalls {
        HostCalls {
            table: embedder.table.clone(),
            driver: Some(embedder.driver.clone()),
            ..HostCalls::default()
        }
    }

    fn set(&mut self, called: Called) {
        match called {
            Ok(results) => {
                self.results = results;
                self.failure = None;
            }
            Err(text) => {
                self.results.clear();
                self.failure = Some(text);
            }
        }
    }
}

impl Context {
    /// Calls a function with the arguments passed. Where it answers later, the goroutine waits.
    pub fn call_host(&mut self, number: usize) -> JitResult {
        let args = std::mem::take(&mut self.outside.host.args);
        let table = self.outside.host.table.clone();
        let Some(function) = table.functions.get(number) else {
            return self.plain_fault("there is no such host function");
        };
        match &function.body {
            Body::Now(body) => match catch_unwind(AssertUnwindSafe(|| body(args))) {
                Ok(called) => {
                    self.outside.host.set(called);
                    JitResult::Ok
                }
                Err(panic) => self.host_panic(number, &panic_text(&*panic)),
            },
            Body::Later(body) => match catch_unwind(AssertUnwindSafe(|| body(args))) {
                Ok(work) => self.await_host(number, work),
                Err(panic) => self.host_panic(number, &panic_text(&*panic)),
            },
        }
    }

    fn await_host(&mut self, number: usize, work: Work<Called>) -> JitResult {
        let Some(driver) = self.outside.host.driver.clone() else {
            return self.host_panic(number, "nobody drives its future");
        };
        let ticket = self.wait_outside(Reason::Host);
        let sender = self.outside.inbox.sender();
        let work = async move {
            let called = Guarded(work).await;
            sender.complete(ticket, Outcome::with(number as i64, called));
        };
        // A driver that is gone has cancelled the program, which then does not go on.
        let _ = driver.try_send(Box::pin(work));
        JitResult::WaitIo
    }

    /// The second half of a call that has waited.
    pub fn host_answered(&mut self) -> JitResult {
        let outcome = self.outcome();
        let number = outcome.code as usize;
        match outcome.payload::<Result<Called, String>>() {
            Some(Ok(called)) => {
                self.outside.host.set(called);
                JitResult::Ok
            }
            Some(Err(text)) => self.host_panic(number, &text),
            None => self.host_panic(number, "it gave nothing"),
        }
    }

    fn host_panic(&mut self, number: usize, text: &str) -> JitResult {
        let table = self.outside.host.table.clone();
        let name = table.functions.get(number).map_or("?", |f| &f.name);
        self.plain_fault(format!("host.{name}: {text}"))
    }
}

/// A future that gives its panic as a text instead of unwinding into whoever polls it.
struct Guarded(Work<Called>);

impl Future for Guarded {
    type Output = Result<Called, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(called)) => Poll::Ready(Ok(called)),
            Err(panic) => Poll::Ready(Err(panic_text(&*panic))),
        }
    }
}

/// What a Rust panic says.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "panicked".to_owned())
}
