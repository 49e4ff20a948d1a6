//! Islands as the system sees them: what many of them leave behind.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Makes islands, tells, and waits to be told, twice.
const MAKES_ISLANDS: &str = r#"
package main

import (
	"fmt"
	"runtime"
)

func double(n int, out port<- int) {
	list := make([]int, 100)
	list[n%100] = n
	out <- list[n%100] * 2
}

func use(islands int) {
	p := make(port int, 1)
	sum := 0
	for i := 0; i < islands; i++ {
		go @(make(island)) double(i, p)
		sum += <-p
	}
	runtime.GC()
	fmt.Println(sum)
	fmt.Scanln()
}

func main() {
	use(10000)
	use(10000)
}
"#;

/// Resident memory of a process, in kilobytes: now, and the most there was.
fn resident(pid: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let words: Option<&str> = line.and_then(|line| line.split_whitespace().nth(1));
        words.and_then(|kb| kb.parse().ok()).expect("a number")
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Ten thousand islands that were made, used and forgotten leave no memory behind that the ten
/// thousand before them have not needed: what stays is what allocators keep for the next.
#[test]
fn memory_returns_after_ten_thousand_islands() {
    let files = tempfile::tempdir().expect("a temporary folder");
    let file = files.path().join("main.vo");
    fs::write(&file, MAKES_ISLANDS).expect("temporary files can be written");
    let mut program = Command::new(env!("CARGO_BIN_EXE_vo"))
        .arg("run")
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let pid = program.id();
    let mut told = BufReader::new(program.stdout.take().expect("a pipe")).lines();
    let mut go_on = program.stdin.take().expect("a pipe");
    let mut phase = |sum: &str| {
        let line = told.next().expect("a line").expect("text");
        assert_eq!(line, sum);
        let memory = resident(pid);
        go_on.write_all(b"\n").expect("the program reads");
        memory
    };
    let (before, _) = phase("99990000");
    let (after, most) = phase("99990000");
    assert!(program.wait().expect("the program ends").success());
    // What an allocator keeps differs a little from run to run; ten thousand islands that leaked
    // only their contexts would be seen ten times over.
    assert!(
        after < before + 4096,
        "{before} kB before, {after} kB after"
    );
    assert!(
        most < before + 16384,
        "{before} kB before, {most} kB at most"
    );
}
