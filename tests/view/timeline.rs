//! The timeline: what the trace event format asks of it, and whom arrows and marks are from.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

/// A goroutine, or the thread of an island's runtime: process and thread.
pub type Thread = (u64, u64);

/// What a checked trace has of each kind.
#[derive(Debug, Default)]
pub struct Timeline {
    /// Arrows: from whom, to whom.
    pub arrows: Vec<(Thread, Thread)>,
    /// Who was woken by the runtime.
    pub marks: Vec<Thread>,
    /// The names of processes and threads.
    pub names: BTreeMap<Thread, String>,
}

impl Timeline {
    /// Whether an arrow leads from a goroutine that began with one function to one of another.
    fn has_arrow(&self, from: &str, to: &str) -> bool {
        let is = |thread: &Thread, function: &str| self.names[thread].ends_with(function);
        (self.arrows.iter()).any(|arrow| is(&arrow.0, from) && is(&arrow.1, to))
    }
}

/// Checks what the format asks for, as far as traces use it: phases with their fields, slices of a
/// thread that do not overlap; arrows with both ends, from a slice in which somebody runs to one
/// in which somebody else does, not back in time.
pub fn check(trace: &Value) -> Timeline {
    let events = trace["traceEvents"].as_array().expect("events");
    assert_eq!(trace["displayTimeUnit"], "ns");
    let mut found = Timeline::default();
    let mut slices: BTreeMap<Thread, Vec<(u64, u64)>> = BTreeMap::new();
    let mut running: BTreeMap<Thread, Vec<(u64, u64)>> = BTreeMap::new();
    let mut ends: [BTreeMap<u64, (Thread, u64)>; 2] = Default::default();
    for event in events {
        let number = |field: &str| event[field].as_u64().expect("a number");
        // In nanoseconds, in which the runtime measures them.
        let time = |field: &str| {
            let time = event[field].as_f64().expect("a time");
            assert!(time >= 0.0, "{event}");
            (time * 1000.0).round() as u64
        };
        let thread = (number("pid"), number("tid"));
        let name = event["name"].as_str().expect("a name");
        assert!(thread.0 >= 1, "{event}");
        match event["ph"].as_str().expect("a phase") {
            "X" => {
                let slice = (time("ts"), time("ts") + time("dur"));
                slices.entry(thread).or_default().push(slice);
                if thread.1 > 0 && !name.starts_with("waits: ") {
                    running.entry(thread).or_default().push(slice);
                }
            }
            phase @ ("s" | "f") => {
                assert_eq!(event["bp"], "e", "{event}");
                let end = (thread, time("ts"));
                let before = ends[usize::from(phase == "f")].insert(number("id"), end);
                assert_eq!(before, None, "{event}");
            }
            "i" => {
                assert!(time("ts") > 0 && event["s"] == "t", "{event}");
                found.marks.push(thread);
            }
            "M" => {
                let named = event["args"]["name"].as_str().expect("a name");
                if name == "thread_name" {
                    let before = found.names.insert(thread, named.to_owned());
                    assert_eq!(before, None, "{event}");
                }
            }
            other => panic!("phase {other}: {event}"),
        }
    }
    for (thread, slices) in &mut slices {
        assert!(found.names.contains_key(thread), "{thread:?} has a name");
        slices.sort_unstable();
        for pair in slices.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "slices of {thread:?} overlap");
        }
    }
    let runs = |(thread, at): (Thread, u64)| {
        let slices = running.get(&thread).map_or(&[][..], Vec::as_slice);
        slices.iter().any(|slice| (slice.0..=slice.1).contains(&at))
    };
    let [starts, ends] = ends;
    assert_eq!(
        starts.keys().collect::<Vec<_>>(),
        ends.keys().collect::<Vec<_>>(),
        "an arrow has two ends"
    );
    for (id, from) in starts {
        let to = ends[&id];
        assert!(runs(from), "arrow {id} comes from {from:?}, which runs");
        assert!(runs(to), "arrow {id} leads to {to:?}, which runs");
        assert!(from.1 <= to.1, "arrow {id} leads back in time");
        assert_ne!(from.0, to.0, "nobody wakes itself");
        found.arrows.push((from.0, to.0));
    }
    found
}

/// Traces a program and checks the trace.
fn trace(source: &str, options: &[&str]) -> Timeline {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("program.vo");
    std::fs::write(&file, source).expect("a file");
    trace_file(&file, folder.path(), options)
}

fn trace_file(file: &Path, folder: &Path, options: &[&str]) -> Timeline {
    let out = folder.join("trace.json");
    let output = Command::new(env!("CARGO_BIN_EXE_vo"))
        .args(["run", "--trace"])
        .arg(&out)
        .args(options)
        .arg(file)
        .output()
        .expect("vo can be started");
    let told = String::from_utf8_lossy(&output.stderr);
    let text = std::fs::read_to_string(out).expect("it was written");
    let trace = serde_json::from_str(&text);
    check(&trace.unwrap_or_else(|error| panic!("{error}: {told}")))
}

#[test]
fn channels_are_arrows() {
    let found = trace(
        "package main
func send(c chan int) {
	for i := 0; i < 20; i++ {
		c <- i
	}
	close(c)
}
func main() {
	c := make(chan int)
	go send(c)
	for range c {
	}
}
",
        &[],
    );
    assert!(found.has_arrow("main.send", " $entry") && found.has_arrow(" $entry", "main.send"));
    assert_eq!(found.marks, []);
}

#[test]
fn the_clock_makes_marks() {
    let found = trace(
        "package main
import \"time\"
func main() {
	for i := 0; i < 5; i++ {
		time.Sleep(time.Millisecond)
	}
}
",
        &[],
    );
    assert_eq!(found.arrows, []);
    assert_eq!(found.marks, [(1, 1); 5]);
}

/// A timer's goroutine is started by the runtime, but whom it wakes it wakes itself.
#[test]
fn a_timers_goroutine_wakes() {
    let found = trace(
        "package main
import \"time\"
func main() {
	<-time.After(time.Millisecond)
}
",
        &[],
    );
    assert_eq!((found.arrows.len(), found.marks.len()), (1, 0));
}

#[test]
fn the_network_makes_marks() {
    let source = "package main
import \"net\"
func serve(l net.Listener) {
	c, _ := l.Accept()
	buf := make([]byte, 1)
	for {
		if n, _ := c.Read(buf); n == 0 {
			break
		}
		c.Write(buf)
	}
	c.Close()
}
func main() {
	l, _ := net.Listen(\"tcp\", \"127.0.0.1:0\")
	go serve(l)
	c, _ := net.Dial(\"tcp\", l.Addr().String())
	buf := make([]byte, 1)
	for i := 0; i < 10; i++ {
		c.Write(buf)
		c.Read(buf)
	}
	c.Close()
}
";
    let found = trace(source, &[]);
    assert_eq!(found.arrows, []);
    assert!(found.marks.len() >= 10, "{found:?}");
}

/// What comes through a port is an arrow from the goroutine that has sent it, which runs on
/// another island; and so is room for one that waits to send.
#[test]
fn ports_are_arrows_between_islands() {
    let source = "package main
func echo(in port<- (port<- int), out port<- int) {
	p := make(port int, 1)
	in <- p
	for i := 0; i < 100; i++ {
		out <- <-p
	}
}
func main() {
	isl := make(island)
	in := make(port (port<- int), 1)
	out := make(port int, 1)
	go @(isl) echo(in, out)
	p := <-in
	for i := 0; i < 100; i++ {
		p <- i
		<-out
	}
	println(isl != nil)
}
";
    for options in [&["--workers", "1"], &["--workers", "2"]] {
        let found = trace(source, options);
        assert!(found.has_arrow("main.echo", " $entry"), "{found:?}");
        assert!(found.has_arrow(" $entry", "main.echo"), "{found:?}");
        let across = found.arrows.iter().all(|(from, to)| from.0 != to.0);
        assert!(across, "each is between islands: {found:?}");
    }
}

/// A goroutine that is woken and does not run before the end has no arrow; nor has one that waits
/// where the trace ends by its limit.
#[test]
fn no_end_leaves_half_an_arrow() {
    let source = "package main
import (
	\"os\"
	\"time\"
)
func spin() {
	for i := 0; ; i++ {
		if i < 0 {
			return
		}
	}
}
func wait(c chan int) {
	for range c {
	}
}
func main() {
	c := make(chan int)
	for i := 0; i < 10; i++ {
		go wait(c)
	}
	time.Sleep(time.Millisecond)
	if len(os.Args) > 1 {
		spin()
	}
	END
}
";
    for end in [
        "c <- 1\n\tos.Exit(3)",
        "c <- 1\n\tpanic(1)",
        "c <- 1\n\tspin()",
        "for {\n\t\tc <- 1\n\t}",
        "for i := 0; i < 9; i++ {\n\t\tc <- i\n\t}",
    ] {
        let source = source.replace("END", end);
        for options in [
            &["--max-time", "0.2", "--max-trace", "1M"][..],
            &["--max-time", "0.2", "--seed", "1"],
            &["--max-time", "0.2", "--stress", "suspend"],
        ] {
            trace(&source, options);
        }
    }
}

#[test]
fn traces_of_examples_are_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in [
        "examples/dining_philosophers",
        "examples/rate_limiter",
        "examples/tcp_echo",
        "tests/lang/islands/full_inbox",
        "tests/lang/ports/select",
        "tests/lang/ports/close_race",
        "tests/lang/select/timeout",
        "tests/lang/deadlock/circle",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = root.join(name).with_extension("vo");
        trace_file(&file, folder.path(), &["--workers", "2"]);
        trace_file(&file, folder.path(), &["--stress", "all", "--seed", "3"]);
    }
}

/// Where the program writes faster than the file takes it, it waits; the pipe is read late.
#[test]
fn a_slow_reader_gets_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("program.vo");
    let source = "package main
func main() {
	c := make(chan int)
	go func() {
		for i := 0; i < 20000; i++ {
			c <- i
		}
		close(c)
	}()
	for range c {
	}
}
";
    std::fs::write(&file, source).expect("a file");
    let mut process = Command::new(env!("CARGO_BIN_EXE_vo"))
        .args(["run", "--trace", "/dev/stdout"])
        .arg(&file)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("vo can be started");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let running = process.try_wait().expect("a child");
    assert_eq!(running, None, "nobody has read what it has to tell");
    let mut text = String::new();
    let mut pipe = process.stdout.take().expect("piped");
    pipe.read_to_string(&mut text).expect("it is text");
    assert!(process.wait().expect("it ends").success());
    let found = check(&serde_json::from_str(&text).expect("it is whole"));
    assert!(found.arrows.len() >= 10_000);
}

/// The most memory that a traced run needs, in kilobytes.
#[allow(clippy::zombie_processes, reason = "wait4 waits for the child")]
fn peak_memory(rounds: u32, folder: &Path) -> i64 {
    let file = folder.join("program.vo");
    let source = format!(
        "package main
func main() {{
	c := make(chan int)
	go func() {{
		for i := 0; i < {rounds}; i++ {{
			c <- i
		}}
		close(c)
	}}()
	for range c {{
	}}
}}
"
    );
    std::fs::write(&file, source).expect("a file");
    let process = Command::new(env!("CARGO_BIN_EXE_vo"))
        .args(["run", "--trace"])
        .arg(folder.join("trace.json"))
        .arg(&file)
        .spawn()
        .expect("vo can be started");
    let mut status = 0;
    // SAFETY: the process is a child that nobody else waits for; the call fills in both.
    let used = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        let waited = libc::wait4(process.id() as i32, &raw mut status, 0, &raw mut used);
        assert_eq!(waited, process.id() as i32);
        used
    };
    assert_eq!(status, 0);
    used.ru_maxrss
}

#[test]
fn memory_does_not_grow_with_the_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let few = peak_memory(1000, folder.path());
    let many = peak_memory(200_000, folder.path());
    let written = std::fs::metadata(folder.path().join("trace.json")).expect("a file");
    assert!(written.len() > 50 << 20, "{written:?}");
    assert!(many < few + (16 << 10), "{few} kB, then {many} kB");
}

#[test]
fn a_trace_ends_at_its_limit_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let source = "package main
func main() {
	c := make(chan int)
	go func() {
		for i := 0; i < 100000; i++ {
			c <- i
		}
		close(c)
	}()
	sum := 0
	for i := range c {
		sum += i
	}
	println(sum)
}
";
    std::fs::write(path("program.vo"), source).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_vo"))
        .args("run --max-trace 2M --trace trace.json --profile profile.json program.vo".split(' '))
        .current_dir(folder.path())
        .output()
        .expect("vo can be started");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, b"4999950000\n", "the program goes on");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.starts_with("trace.json: the trace ends after "),
        "{told}"
    );
    let text = std::fs::read_to_string(path("trace.json")).expect("a file");
    assert!((2 << 20..8 << 20).contains(&text.len()), "{}", text.len());
    check(&serde_json::from_str(&text).expect("it is whole"));
    // The profile is of all of the run.
    let profile = std::fs::read_to_string(path("profile.json")).expect("a file");
    let profile: Value = serde_json::from_str(&profile).expect("it is whole");
    let functions = profile["functions"].as_array().expect("functions");
    let counts = (functions.iter()).flat_map(|function| function["blocks"].as_array());
    let counts: BTreeSet<_> = counts.flatten().filter_map(Value::as_u64).collect();
    assert!(counts.contains(&100_000), "{counts:?}");
}

#[test]
fn a_file_keeps_what_it_has_until_there_is_something_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let run = |source: &str, trace: &str| {
        std::fs::write(path("program.vo"), source).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_vo"))
            .args(["run", "--profile", "profile.json", "--trace", trace])
            .arg("program.vo")
            .current_dir(folder.path())
            .output()
            .expect("vo can be started");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), told)
    };
    let mut old = std::fs::File::create(path("trace.json")).expect("a file");
    old.write_all(&[b'x'; 100_000]).expect("room");
    assert_eq!(
        run("package main\nfunc main() { x }\n", "trace.json").0,
        Some(1)
    );
    let kept = std::fs::read(path("trace.json")).expect("a file");
    assert_eq!(kept.len(), 100_000);
    let program = "package main\nfunc main() { println(1) }\n";
    assert_eq!(run(program, "trace.json").0, Some(0));
    let text = std::fs::read_to_string(path("trace.json")).expect("a file");
    check(&serde_json::from_str(&text).expect("nothing of the old one is left"));
    // A disk that is full; the other file is written all the same.
    std::fs::remove_file(path("profile.json")).expect("it was written");
    let (status, told) = run(program, "/dev/full");
    assert_eq!(status, Some(1));
    assert!(
        told.starts_with("error: cannot write /dev/full: "),
        "{told}"
    );
    std::fs::read_to_string(path("profile.json")).expect("it was written");
}
