//! What a Rust program that embeds the engine can rely on: host functions, cancelling, limits,
//! engines beside each other.

use std::collections::BTreeSet;
use std::future::{self, Future};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};
use vo_jit::engine::{Engine, EngineKind, Run, RunConfig};
use vo_jit::host::{Host, HostError};
use vo_jit::runtime::context::Options;
use vo_jit::runtime::native::Output;

const ENGINES: [EngineKind; 2] = [EngineKind::Jit, EngineKind::Interp];

fn config(kind: EngineKind, options: Options) -> RunConfig {
    RunConfig { kind, options }
}

fn stressed() -> [Options; 3] {
    let suspend = Options {
        stress_suspend: true,
        ..Options::default()
    };
    let all = Options {
        stress_preempt: true,
        stress_stack: true,
        stress_gc: true,
        ..suspend.clone()
    };
    [Options::default(), suspend, all]
}

fn engine(host: Host, source: &str) -> Engine {
    let module = host
        .compile_source("main.vo", source)
        .unwrap_or_else(|failure| panic!("{failure}"));
    Engine::with_host(module, host).expect("the module is well-formed")
}

fn run(engine: &Engine, kind: EngineKind, options: Options) -> Run {
    engine
        .run(&config(kind, options), Output::captured())
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// A future that is done after being polled so many times.
struct Later(u32);

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        let waker = cx.waker().clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(2));
            waker.wake();
        });
        Poll::Pending
    }
}

fn values() -> Host {
    let mut host = Host::new();
    let added = host
        .function("Ints", |a: i8, b: u16, c: i64, d: u64| {
            format!("{a} {b} {c} {d}")
        })
        .and_then(|host| host.function("Floats", |a: f32, b: f64| (f64::from(a) + b, a)))
        .and_then(|host| host.function("Not", |b: bool| !b))
        .and_then(|host| {
            host.function("Join", |a: String, b: Vec<u8>| [a.into_bytes(), b].concat())
        })
        .and_then(|host| {
            host.function("Parse", |s: String| {
                s.parse::<i64>().map(|n| (n, n % 2 == 0, s.len() as u64))
            })
        })
        .and_then(|host| host.function("Nothing", || ()))
        .and_then(|host| host.function("Fail", || Err::<(), _>("always")))
        .and_then(|host| {
            host.async_function("Slow", |n: i64| async move {
                Later(2).await;
                if n < 0 { Err("negative") } else { Ok(n * 2) }
            })
        });
    assert!(added.is_ok());
    host
}

#[test]
fn values_go_there_and_back() {
    let source = r#"
        import "host"

        func main() {
            println(host.Ints(-5, 65535, -9223372036854775808, 18446744073709551615))
            sum, f := host.Floats(1.5, 2.25)
            println(sum, f, host.Not(true), host.Not(false))
            println(string(host.Join("héllo ", []byte{119, 0xff})) == "héllo w\xff")
            n, even, length, err := host.Parse("42")
            println(n, even, length, err == nil)
            n, even, length, err = host.Parse("x")
            println(n, even, length, err.Error())
            host.Nothing()
            println(host.Fail().Error())
            done := make(chan int)
            for i := range 3 {
                go func() {
                    n, err := host.Slow(i)
                    if err != nil {
                        n = -1
                    }
                    done <- n
                }()
            }
            println(<-done + <-done + <-done)
            _, err = host.Slow(-1)
            println(err.Error())
        }"#;
    let engine = engine(values(), source);
    for kind in ENGINES {
        for options in stressed() {
            let run = run(&engine, kind, options);
            assert_eq!(text(&run.stderr), "");
            assert_eq!(
                text(&run.stdout),
                "-5 65535 -9223372036854775808 18446744073709551615\n3.75 1.5 false true\ntrue\n\
                 42 true 2 true\n0 false 0 invalid digit found in string\nalways\n6\nnegative\n"
            );
        }
    }
}

#[test]
fn the_compiler_checks_calls() {
    let wrong = "import \"host\"\nfunc main() { host.Not(5) }";
    let failure = values()
        .compile_source("main.vo", wrong)
        .expect_err("the argument is no bool");
    assert!(failure.render(false).contains("bool"), "{failure}");
    let unknown = "import \"host\"\nfunc main() { host.Unknown() }";
    let failure = values()
        .compile_source("main.vo", unknown)
        .expect_err("there is no such function");
    assert!(failure.render(false).contains("Unknown"), "{failure}");
}

#[test]
fn names_are_checked() {
    let mut host = Host::new();
    for bad in ["", "lower", "1A", "A b", "É"] {
        let error = host.function(bad, || ()).err();
        assert_eq!(error, Some(HostError::Name(bad.into())));
    }
    assert!(host.function("A_1", || ()).is_ok());
    let error = host.function("A_1", || ()).err();
    assert_eq!(error, Some(HostError::Taken("A_1".into())));
}

#[test]
fn a_module_is_refused_other_functions() {
    let source = "import \"host\"\nfunc main() { println(host.Not(true)) }";
    let module = values()
        .compile_source("main.vo", source)
        .expect("compiles");
    let engine = Engine::new(module).expect("the module is well-formed");
    let run = run(&engine, EngineKind::Jit, Options::default());
    assert_eq!(run.status, 2);
    let told = text(&run.stderr).contains("compiled for other host functions");
    assert!(told, "{}", text(&run.stderr));
}

#[test]
fn a_panic_stays_where_it_is() {
    let mut host = Host::new();
    let added = host
        .function("Now", || -> i64 { panic!("went {}", "wrong") })
        .and_then(|host| {
            host.async_function("Later", || async {
                Later(1).await;
                if true {
                    panic!("later");
                }
                5i64
            })
        });
    assert!(added.is_ok());
    let module = |body: &str| format!("import \"host\"\nfunc main() {{ println(host.{body}()) }}");
    for (name, told) in [
        ("Now", "panic: host.Now: went wrong"),
        ("Later", "panic: host.Later: later"),
    ] {
        let module = host
            .compile_source("main.vo", module(name))
            .expect("compiles");
        let mut again = Host::new();
        let added = again
            .function("Now", || -> i64 { panic!("went {}", "wrong") })
            .and_then(|host| {
                host.async_function("Later", || async {
                    Later(1).await;
                    if true {
                        panic!("later");
                    }
                    5i64
                })
            });
        assert!(added.is_ok());
        let engine = Engine::with_host(module, again).expect("well-formed");
        for kind in ENGINES {
            let run = run(&engine, kind, Options::default());
            assert_eq!(run.status, 2);
            assert!(text(&run.stderr).contains(told), "{}", text(&run.stderr));
            assert!(text(&run.stderr).contains("main.main"));
        }
    }
}

#[test]
fn a_vo_panic_is_a_status() {
    let engine = engine(
        Host::new(),
        "func main() { var m map[string]int; m[\"a\"] = 1 }",
    );
    let run = run(&engine, EngineKind::Jit, Options::default());
    assert_eq!(run.status, 2);
    assert!(text(&run.stderr).starts_with("panic: "));
}

/// Programs that would never end.
const ENDLESS: [&str; 6] = [
    "func main() { for { } }",
    "import \"time\"\nfunc main() { time.Sleep(1 << 60) }",
    "import \"time\"\nfunc main() { for range 100 { go func() { select { case <-make(chan int): case <-time.After(1 << 60): } }() } }",
    "import \"host\"\nfunc main() { go func() { for { } }(); host.Never() }",
    "func main() { i, j := make(island), make(island); go @(i) func() { for { } }(); go @(j) func() { select { } }(); p := make(port int, 1); <-p }",
    "import \"net\"\nfunc main() { l, _ := net.Listen(\"tcp\", \"127.0.0.1:0\"); l.Accept() }",
];

fn never() -> Host {
    let mut host = Host::new();
    assert!(host.async_function("Never", future::pending::<()>).is_ok());
    host
}

#[test]
fn whatever_it_does_it_can_be_cancelled() {
    for source in ENDLESS {
        let engine = engine(never(), source);
        for kind in ENGINES {
            for wait in [0, 30] {
                let running = engine
                    .start(&config(kind, Options::default()), Output::captured())
                    .expect("the program starts");
                let canceller = running.canceller();
                let thread = thread::spawn(move || {
                    thread::sleep(Duration::from_millis(wait));
                    canceller.cancel();
                    canceller.cancel();
                });
                let run = running.wait().expect("the program started");
                assert_eq!(text(&run.stderr), "fatal error: cancelled\n", "{source}");
                assert_eq!(run.status, 2);
                thread.join().expect("the canceller");
            }
        }
    }
}

#[test]
fn time_is_limited() {
    for source in ENDLESS {
        let options = Options {
            max_time: Some(Duration::from_millis(50)),
            ..Options::default()
        };
        let start = Instant::now();
        let run = run(&engine(never(), source), EngineKind::Jit, options);
        let told = "fatal error: time limit of 50ms reached\n";
        assert_eq!(text(&run.stderr), told, "{source}");
        assert!(start.elapsed() >= Duration::from_millis(50));
    }
    let quick = Options {
        max_time: Some(Duration::from_secs(1000)),
        ..Options::default()
    };
    let run = run(
        &engine(Host::new(), "func main() { }"),
        EngineKind::Jit,
        quick,
    );
    assert_eq!(run.status, 0);
}

#[test]
fn memory_is_limited_wherever_it_goes() {
    let heap = "func main() { var all [][]byte; for { all = append(all, make([]byte, 1000)) } }";
    let records = "func f(c chan int, n int) int { if n == 0 { return <-c }; return f(c, n-1) + n }\n\
                   func main() { c := make(chan int); for { go f(c, 100); } }";
    let goroutines = "func main() { c := make(chan int); for { go func() { <-c }() } }";
    for source in [heap, records, goroutines] {
        let engine = engine(Host::new(), source);
        let options = Options {
            max_heap: 16 << 20,
            ..Options::default()
        };
        let run = run(&engine, EngineKind::Jit, options);
        assert_eq!(run.status, 2);
        let told = "fatal error: out of memory: the limit of 16777216 bytes is reached";
        assert!(text(&run.stderr).starts_with(told), "{}", text(&run.stderr));
    }
    let options = Options {
        max_goroutines: 100,
        ..Options::default()
    };
    let run = run(&engine(Host::new(), goroutines), EngineKind::Jit, options);
    assert!(text(&run.stderr).starts_with("fatal error: too many goroutines"));
}

/// Counts how many of it there are.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Counted {
        count.fetch_add(1, Ordering::SeqCst);
        Counted(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn what_is_dropped_is_gone() {
    let count = Arc::new(AtomicUsize::new(0));
    let (called, calls) = std::sync::mpsc::channel();
    let mut host = Host::new();
    let function = Counted::new(&count);
    let called = Mutex::new(called);
    let added = host.async_function("Never", move || {
        let work = Counted::new(&function.0);
        let sent = called.lock().is_ok_and(|called| called.send(()).is_ok());
        async move {
            assert!(sent);
            let _work = work;
            future::pending::<()>().await;
        }
    });
    assert!(added.is_ok());
    let source = "import \"host\"\nfunc main() { for range 10 { go host.Never() } }";
    let engine = engine(host, source);
    let running = engine
        .start(&RunConfig::default(), Output::captured())
        .expect("the program starts");
    for _ in 0..10 {
        calls.recv().expect("the function is called");
    }
    assert!(count.load(Ordering::SeqCst) > 1);
    drop(running);
    drop(engine);
    let start = Instant::now();
    while count.load(Ordering::SeqCst) > 0 {
        assert!(start.elapsed() < Duration::from_secs(30), "something stays");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn engines_do_not_know_of_each_other() {
    let source = r#"
        import "host"
        import "os"

        var global = 0

        func main() {
            os.Setenv("VO_TEST", "set")
            os.Chdir("/")
            c := make(chan int)
            go func() { for i := range 1000 { global += i; c <- i }; close(c) }()
            sum := 0
            for i := range c { sum += i }
            host.Tell(sum + global)
            dir, _ := os.Getwd()
            println(dir)
        }"#;
    let before = std::env::current_dir().expect("a folder");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let seen = seen.clone();
            thread::spawn(move || {
                let mut host = Host::new();
                let told = host.function("Tell", move |sum: i64| {
                    if let Ok(mut seen) = seen.lock() {
                        seen.push((number, sum));
                    }
                });
                assert!(told.is_ok());
                let kind = ENGINES[number % 2];
                let run = run(&engine(host, source), kind, Options::default());
                assert_eq!(text(&run.stdout), "/\n");
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("the engine's thread");
    }
    let seen: BTreeSet<_> = seen.lock().expect("no panic").iter().copied().collect();
    let expected = (0..4).map(|number| (number, 2 * 499_500)).collect();
    assert_eq!(seen, expected);
    assert!(std::env::var_os("VO_TEST").is_none());
    assert_eq!(std::env::current_dir().expect("a folder"), before);
}

#[test]
fn one_engine_runs_many_times_at_once() {
    let engine = engine(Host::new(), "func main() { println(1) }");
    let running: Vec<_> = (0..8)
        .map(|_| {
            engine
                .start(&RunConfig::default(), Output::captured())
                .expect("the program starts")
        })
        .collect();
    for running in running {
        assert_eq!(running.wait().expect("it started").stdout, b"1\n");
    }
}
