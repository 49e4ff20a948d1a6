//! Whoever drops a program that runs, and its engine, at whatever point, is left with nothing of it:
//! no memory, no thread, no descriptor. Everything is counted, so this is the only test of its
//! process.
//!
//! What this does not check: what a thread of the pool does at that moment, which ends by itself.

#![cfg(target_os = "linux")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::future;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use vo_jit::engine::{Engine, EngineKind, RunConfig};
use vo_jit::host::Host;
use vo_jit::runtime::native::Output;

/// The system's allocator, which counts the bytes that are in use.
struct Counting;

static IN_USE: AtomicIsize = AtomicIsize::new(0);

// SAFETY: all is done by the system's allocator; the count is apart.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Goroutines that wait for everything there is, and some that work.
const SOURCE: &str = r#"
import (
	"host"
	"net"
	"time"
)

type node struct {
	next *node
	data [10]int
}

func deep(c chan int, n int) int {
	defer func() { recover() }()
	if n == 0 {
		return <-c
	}
	return deep(c, n-1) + 1
}

func far(out port<- []string) {
	for {
		go func() { time.Sleep(time.Hour) }()
		out <- []string{"a", "b"}
	}
}

func main() {
	c, never := make(chan int), make(chan int)
	for i := range 100 {
		go deep(c, i)
		go func() {
			defer func() { panic(recover()) }()
			select {
			case <-never:
			case never <- i:
			case <-time.After(time.Hour):
			}
		}()
	}
	for range 10 {
		go host.Never()
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go l.Accept()
	p := make(port []string, 2)
	for range 3 {
		isl := make(island)
		go @(isl) far(p)
	}
	var list *node
	for i := 0; ; i++ {
		list = &node{next: list}
		if i%1000 == 0 {
			list = nil
			<-p
		}
	}
}
"#;

/// Starts the program, and drops it after some time.
fn start_and_drop(kind: EngineKind, after: Duration) {
    let mut host = Host::new();
    host.async_function("Never", future::pending::<()>)
        .expect("the only function of that name");
    let module = host.compile_source("main.vo", SOURCE).expect("it compiles");
    let engine = Engine::with_host(module, host).expect("it is well-formed");
    let config = RunConfig {
        kind,
        ..RunConfig::default()
    };
    let running = engine.start(&config, Output::captured());
    let running = running.expect("there is a thread");
    thread::sleep(after);
    drop(running);
    drop(engine);
}

/// How many threads and descriptors the process has.
fn counts() -> (usize, usize) {
    let count = |folder| fs::read_dir(folder).expect("a folder").count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

/// Waits until the threads of a program have ended; nobody can wait for them otherwise.
fn settle(before: (usize, usize)) {
    let start = Instant::now();
    while counts() != before {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{:?} instead of {before:?}",
            counts()
        );
        thread::sleep(Duration::from_millis(1));
    }
}

/// A few tables of the process grow with what the largest program has wanted; one byte in each
/// thing that leaks would be more than this.
const SLACK: isize = 64 << 10;

#[test]
fn nothing_stays_wherever_a_run_is_dropped() {
    for kind in [EngineKind::Jit, EngineKind::Interp] {
        let before = counts();
        start_and_drop(kind, Duration::from_millis(50));
        settle(before);
        let used = IN_USE.load(Ordering::Relaxed);
        for round in 0..25 {
            // While it compiles, begins, and when all of it waits or works.
            start_and_drop(kind, Duration::from_millis(round * round / 5));
            settle(before);
        }
        let more = IN_USE.load(Ordering::Relaxed) - used;
        assert!(more < SLACK, "{more} bytes stay");
    }
}
