//! Observed runs that are ended by a signal: profile and trace are written, and whole.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A program that says that it is ready, and then runs on.
struct Run {
    folder: TempDir,
    process: Child,
    /// Kept open, so that it can be written to.
    _output: BufReader<ChildStdout>,
}

/// Two islands compute, on all workers.
const BUSY: &str = "package main
func spin(n int) int {
	for {
		n++
		if n < 0 {
			return n
		}
	}
}
func main() {
	i := make(island)
	go @(i) spin(1)
	println(\"ready\")
	spin(2)
}
";

/// All goroutines wait, for the clock and for each other.
const WAITING: &str = "package main
import \"time\"
func main() {
	c := make(chan int)
	i := make(island)
	go @(i) func() { time.Sleep(time.Hour) }()
	go func() { time.Sleep(time.Hour); c <- 1 }()
	println(\"ready\")
	<-c
}
";

/// A goroutine is in the middle of a write that nobody reads.
const STUCK: &str = "package main
import \"os\"
func main() {
	println(\"ready\")
	os.Stdout.Write(make([]byte, 1<<22))
}
";

/// Starts a program in a shell that has set its signals so.
fn start(source: &str, traps: &str) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("program.vo"), source).expect("a file");
    let script = format!("{traps}\nexec \"$0\" \"$@\"");
    let mut process = Command::new("/bin/sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_vo"), "run"])
        .args("--workers 2 --profile profile.json --trace trace.json program.vo".split(' '))
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut output = BufReader::new(process.stdout.take().expect("piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("it is text");
    assert_eq!(line, "ready\n");
    // It goes on to what it does.
    std::thread::sleep(Duration::from_millis(200));
    Run {
        folder,
        process,
        _output: output,
    }
}

impl Run {
    fn send(&self, signal: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the end: the signal that has ended it, or its status, and what it has told.
    fn end(&mut self) -> (Option<i32>, Option<i32>, String) {
        let mut told = String::new();
        let mut errors = self.process.stderr.take().expect("piped");
        std::io::Read::read_to_string(&mut errors, &mut told).expect("it is text");
        let status = self.process.wait().expect("it ends");
        (status.signal(), status.code(), told)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it has written, if that is whole.
    fn json(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path(name)).expect("it was written");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

#[test]
fn a_signal_ends_the_program_and_what_was_seen_is_written() {
    for (signal, number) in [("-INT", 2), ("-TERM", 15), ("-HUP", 1)] {
        for source in [BUSY, WAITING] {
            let mut run = start(source, "");
            run.send(signal);
            assert_eq!(run.end(), (Some(number), None, String::new()));
            let functions = &run.json("profile.json")["functions"];
            assert!(functions.as_array().is_some_and(|all| !all.is_empty()));
            let trace = run.json("trace.json");
            crate::timeline::check(&trace);
            let slices = trace["traceEvents"].as_array().expect("a list");
            let islands: std::collections::BTreeSet<_> = (slices.iter())
                .filter(|event| event["ph"] == "X")
                .map(|event| event["pid"].as_u64())
                .collect();
            assert_eq!(islands.len(), 2, "{signal}: both islands have run");
        }
    }
}

#[test]
fn a_second_signal_does_not_wait_for_anything() {
    let mut run = start(STUCK, "");
    let begin = Instant::now();
    run.send("-INT");
    std::thread::sleep(Duration::from_millis(300));
    let ended = run.process.try_wait().expect("a child");
    assert_eq!(
        ended, None,
        "nobody can end what is in the middle of a write"
    );
    run.send("-TERM");
    assert_eq!(run.end().0, Some(15));
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn signals_that_were_ignored_still_are() {
    let mut run = start(WAITING, "trap '' INT HUP");
    run.send("-HUP");
    run.send("-INT");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(run.process.try_wait().expect("a child"), None);
    run.send("-TERM");
    assert_eq!(run.end().0, Some(15));
}

#[test]
fn a_quit_shows_goroutines_and_writes() {
    let mut run = start(WAITING, "");
    run.send("-QUIT");
    let (signal, status, told) = run.end();
    assert_eq!((signal, status), (None, Some(2)), "{told}");
    assert!(told.starts_with("SIGQUIT: quit\n"), "{told}");
    run.json("profile.json");
    run.json("trace.json");
}
