//! Every operation that may panic, wait or wake, in each of these cases, in each mode: one test a
//! cell, named `OPERATION::CASE::MODE`. And each pair of operations that wait, one after the other
//! within a deferred call: `deferred::FIRST::SECOND::MODE`.
//!
//! The programs are made here: a cell is a few statements and what they print. What this does not
//! check: how operations meet, beside those pairs; the language tests do that.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::PathBuf;
use support::{run, vo};

/// The modes of the language tests.
const MODES: &[(&str, &[&str])] = &[
    ("interp", &["--engine=interp"]),
    ("jit", &[]),
    ("suspend", &["--stress=suspend"]),
    ("preempt", &["--stress=preempt"]),
    ("stack", &["--stress=stack"]),
    ("gc", &["--stress=gc"]),
    ("all", &["--stress=all"]),
];

/// One operation in one case.
struct Cell {
    operation: &'static str,
    case: &'static str,
    /// Statements of a function that prints what the panic of `f` is, if it panics.
    code: &'static str,
    prints: &'static str,
    options: &'static [&'static str],
    status: i32,
}

const fn cell(
    operation: &'static str,
    case: &'static str,
    code: &'static str,
    prints: &'static str,
) -> Cell {
    Cell {
        operation,
        case,
        code,
        prints,
        options: &[],
        status: 0,
    }
}

/// A cell that ends the program: memory is at its limit.
const fn limit(
    operation: &'static str,
    code: &'static str,
    option: &'static [&'static str],
) -> Cell {
    Cell {
        operation,
        case: "limit",
        code,
        prints: "",
        options: option,
        status: 2,
    }
}

const CELLS: &[Cell] = &[
    cell("ChanSend", "ok_buffered", "c := make(chan int, 1); c <- 5; fmt.Println(len(c), <-c)", "1 5"),
    cell(
        "ChanSend",
        "wake_receiver",
        "c, d := make(chan int), make(chan int)
         go func() { d <- <-c * 2 }()
         runtime.Gosched()
         c <- 4
         fmt.Println(<-d)",
        "8",
    ),
    cell(
        "ChanSend",
        "wait",
        "c := make(chan int)
         go func() { runtime.Gosched(); fmt.Println(<-c) }()
         c <- 6
         runtime.Gosched()",
        "6",
    ),
    cell("ChanSend", "panic_closed", "c := make(chan int, 1); close(c); c <- 1", "panic: send on closed channel"),
    cell("ChanSend", "panic_nil", "var c chan int; c <- 1", "panic: send on nil channel"),
    cell(
        "ChanSend",
        "wait_then_panic",
        "c := make(chan int)
         go func() { runtime.Gosched(); close(c) }()
         c <- 1",
        "panic: send on closed channel",
    ),
    cell("ChanRecv", "ok_buffered", "c := make(chan string, 2); c <- \"x\"; v, ok := <-c; fmt.Println(v, ok)", "x true"),
    cell("ChanRecv", "ok_closed", "c := make(chan any); close(c); v, ok := <-c; fmt.Println(v, ok)", "<nil> false"),
    cell(
        "ChanRecv",
        "wake_sender",
        "c := make(chan int)
         go func() { c <- 3; c <- 4 }()
         runtime.Gosched()
         fmt.Println(<-c, <-c)",
        "3 4",
    ),
    cell(
        "ChanRecv",
        "wait",
        "c := make(chan int)
         go func() { runtime.Gosched(); c <- 7 }()
         fmt.Println(<-c)",
        "7",
    ),
    cell("ChanRecv", "panic_nil", "var c chan int; <-c", "panic: receive on nil channel"),
    cell(
        "ChanRecv",
        "wait_then_closed",
        "c := make(chan []int)
         go func() { runtime.Gosched(); close(c) }()
         v, ok := <-c
         fmt.Println(v, ok)",
        "[] false",
    ),
    cell("ChanClose", "ok", "c := make(chan int); close(c); fmt.Println(\"closed\")", "closed"),
    cell("ChanClose", "panic_closed", "c := make(chan int); close(c); close(c)", "panic: close of closed channel"),
    cell("ChanClose", "panic_nil", "var c chan int; close(c)", "panic: close of nil channel"),
    cell(
        "ChanClose",
        "wake_all",
        "c, d := make(chan int), make(chan bool)
         for range 3 { go func() { _, ok := <-c; d <- ok }() }
         runtime.Gosched()
         close(c)
         fmt.Println(<-d, <-d, <-d)",
        "false false false",
    ),
    cell(
        "SelectExec",
        "ok",
        "c, d := make(chan int, 1), make(chan int)
         c <- 2
         select { case v := <-c: fmt.Println(v); case d <- 1: fmt.Println(\"sent\") }",
        "2",
    ),
    cell(
        "SelectExec",
        "ok_default",
        "c := make(chan int)
         select { case v := <-c: fmt.Println(v); default: fmt.Println(\"default\") }",
        "default",
    ),
    cell(
        "SelectExec",
        "wait",
        "c, d := make(chan int), make(chan string)
         go func() { runtime.Gosched(); d <- \"text\" }()
         select { case v := <-c: fmt.Println(v); case s, ok := <-d: fmt.Println(s, ok) }",
        "text true",
    ),
    cell(
        "SelectExec",
        "wake_peer",
        "c, d := make(chan int), make(chan int)
         go func() { d <- <-c }()
         runtime.Gosched()
         select { case c <- 9: }
         fmt.Println(<-d)",
        "9",
    ),
    cell(
        "SelectExec",
        "panic_closed",
        "c := make(chan int); close(c)
         select { case c <- 1: }",
        "panic: send on closed channel",
    ),
    cell(
        "SelectExec",
        "wait_then_panic",
        "c, d := make(chan int), make(chan int)
         go func() { runtime.Gosched(); close(c) }()
         select { case c <- 1: case v := <-d: fmt.Println(v) }",
        "panic: send on closed channel",
    ),
    cell("run_defers", "ok", "func() { defer fmt.Println(1); defer fmt.Println(2) }()", "2\n1"),
    cell(
        "run_defers",
        "panic",
        "func() { defer fmt.Println(1); defer func() { panic(\"in a defer\") }() }()",
        "1\npanic: in a defer",
    ),
    cell(
        "run_defers",
        "wait",
        "c := make(chan int)
         go func() { runtime.Gosched(); c <- 1 }()
         func() { defer fmt.Println(\"behind\"); defer func() { fmt.Println(<-c) }() }()",
        "1\nbehind",
    ),
    cell(
        "run_defers",
        "wait_while_panicking",
        "c := make(chan int)
         go func() { runtime.Gosched(); c <- 1 }()
         defer fmt.Println(\"behind\")
         defer func() { fmt.Println(<-c) }()
         panic(\"p\")",
        "1\nbehind\npanic: p",
    ),
    cell(
        "run_defers",
        "wake",
        "c, d := make(chan int), make(chan int)
         go func() { d <- <-c }()
         runtime.Gosched()
         func() { defer func() { fmt.Println(<-d) }(); defer func() { c <- 8 }() }()",
        "8",
    ),
    cell(
        "GoStart",
        "ok_wake",
        "d := make(chan int)
         go func(n int) { d <- n }(5)
         fmt.Println(<-d)",
        "5",
    ),
    cell("Recover", "ok_nothing", "fmt.Println(recover())", "<nil>"),
    cell("Recover", "ok_value", "func() { defer func() { fmt.Println(recover()) }(); panic(3) }()", "3"),
    cell(
        "Recover",
        "ok_fault",
        "func() { defer func() { fmt.Println(recover()) }(); var s []int; _ = s[1] }()",
        "runtime error: index out of range [1] with length 0",
    ),
    cell(
        "DeferPush",
        "ok",
        "n := 1
         func() { defer func(k int) { fmt.Println(n, k) }(n); n = 2 }()",
        "2 1",
    ),
    cell(
        "DeferPush",
        "ok_in_loop",
        "func() { for i := range 3 { defer fmt.Print(i, \" \") } }()
         fmt.Println()",
        "2 1 0 ",
    ),
    limit(
        "DeferPush",
        "var f func()
         for { defer f() }",
        &["--max-heap=4M"],
    ),
    cell(
        "ErrDeferPush",
        "ok",
        "f := func(err error) error { errdefer fmt.Println(\"undo\"); return err }
         fmt.Println(f(nil), f(errors.New(\"e\")))",
        "undo\n<nil> e",
    ),
    cell(
        "ErrDeferPush",
        "ok_in_loop",
        "f := func(err error) error { for i := range 2 { errdefer fmt.Println(\"undo\", i) }; return err }
         fmt.Println(f(nil), f(errors.New(\"e\")))",
        "undo 1\nundo 0\n<nil> e",
    ),
    limit(
        "ErrDeferPush",
        "var f func()
         func() error { for { errdefer f() } }()",
        &["--max-heap=4M"],
    ),
];

/// An operation that waits, with what the other side does meanwhile; `c` is a channel of integers.
struct Wait {
    name: &'static str,
    waits: &'static str,
    peer: &'static str,
}

const WAITS: &[Wait] = &[
    Wait {
        name: "send",
        waits: "c <- 1",
        peer: "<-c",
    },
    Wait {
        name: "receive",
        waits: "fmt.Print(<-c, \" \")",
        peer: "c <- 2",
    },
    Wait {
        name: "select_send",
        waits: "select { case c <- 3: case <-never: }",
        peer: "<-c",
    },
    Wait {
        name: "select_receive",
        waits: "select { case v, ok := <-c: fmt.Print(v, ok, \" \"); case <-never: }",
        peer: "c <- 4",
    },
    Wait {
        name: "sleep",
        waits: "time.Sleep(time.Microsecond)",
        peer: "",
    },
    Wait {
        name: "yield",
        waits: "runtime.Gosched()",
        peer: "",
    },
    Wait {
        name: "wait_for_deferred",
        waits: "func() { defer func() { fmt.Print(<-c, \" \") }() }()",
        peer: "c <- 5",
    },
];

fn main() {
    let mut trials = Vec::new();
    for cell in CELLS {
        let name = format!("{}::{}", cell.operation, cell.case);
        let program = program_of(cell);
        let prints = if cell.prints.is_empty() {
            String::new()
        } else {
            format!("{}\n", cell.prints)
        };
        add(
            &mut trials,
            &name,
            program,
            prints,
            cell.options,
            cell.status,
        );
    }
    for first in WAITS {
        for second in WAITS {
            let name = format!("deferred::{}::{}", first.name, second.name);
            let (program, prints) = pair(first, second);
            add(&mut trials, &name, program, prints, &[], 0);
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// One test for each mode.
fn add(
    trials: &mut Vec<Trial>,
    name: &str,
    program: String,
    prints: String,
    options: &'static [&'static str],
    status: i32,
) {
    let file =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.vo", name.replace("::", "_")));
    fs::write(&file, program).expect("programs can be written");
    // To fill the heap takes too long where every poll stops.
    let slow = |mode: &str| status != 0 && matches!(mode, "preempt" | "gc" | "all");
    for (mode, mode_options) in MODES.iter().filter(|(mode, _)| !slow(mode)) {
        let (file, prints) = (file.clone(), prints.clone());
        let test = move || check(&file, &prints, mode_options, options, status);
        trials.push(Trial::test(format!("{name}::{mode}"), test));
    }
}

const IMPORTS: &str = "import (\n\t\"errors\"\n\t\"fmt\"\n\t\"runtime\"\n\t\"time\"\n)\n\
    var _ = errors.New\nvar _ = time.Now\nvar _ = runtime.Gosched\n";

/// The cell's statements in a function whose panic is printed.
fn program_of(cell: &Cell) -> String {
    format!(
        "package main\n{IMPORTS}\nfunc f() {{\n{}\n}}\n\nfunc main() {{\n\
         \tdefer func() {{\n\t\tif r := recover(); r != nil {{\n\t\t\tfmt.Print(\"panic: \", r, \"\\n\")\n\t\t}}\n\t}}()\n\
         \tf()\n}}\n",
        cell.code
    )
}

/// Two operations that wait, in a deferred call: at a return, and while panicking.
fn pair(first: &Wait, second: &Wait) -> (String, String) {
    let (a, b) = (first.waits, second.waits);
    let peers = format!("\t{}\n\truntime.Gosched()\n\t{}\n", first.peer, second.peer);
    let program = format!(
        "package main\n{IMPORTS}\nvar never chan int\n\n\
         func f(c chan int, panics bool) (n int) {{\n\
         \tdefer func() {{ recover(); n++ }}()\n\
         \tdefer func() {{\n\t\t{a}\n\t\tn += 10\n\t\t{b}\n\t\tn += 100\n\t}}()\n\
         \tif panics {{\n\t\tpanic(\"p\")\n\t}}\n\treturn 1000\n}}\n\n\
         func main() {{\n\tc, d := make(chan int), make(chan int)\n\
         \tfor _, panics := range []bool{{false, true}} {{\n\
         \tgo func() {{ d <- f(c, panics) }}()\n{peers}\tfmt.Println(<-d)\n\t}}\n}}\n"
    );
    let printed: String = [first, second]
        .iter()
        .map(|wait| match wait.name {
            "receive" => "2 ",
            // Print puts spaces between operands when neither is a string.
            "select_receive" => "4 true ",
            "wait_for_deferred" => "5 ",
            _ => "",
        })
        .collect();
    (program, format!("{printed}1111\n{printed}111\n"))
}

fn check(
    file: &std::path::Path,
    prints: &str,
    mode: &[&str],
    options: &[&str],
    status: i32,
) -> Result<(), Failed> {
    let path = file.display().to_string();
    let args: Vec<&str> = ["run", &path]
        .into_iter()
        .chain(mode.iter().chain(options).copied())
        .collect();
    let outcome = run(&mut vo(&args));
    if outcome.timed_out || outcome.status != Some(status) || outcome.stdout != prints {
        return Err(format!(
            "status {:?}, expected {status}; timed out: {}\nexpected:\n{prints}\nwritten:\n{}\nstandard error:\n{}\n\
             to replay: cargo run -- {}",
            outcome.status, outcome.timed_out, outcome.stdout, outcome.stderr, args.join(" ")
        )
        .into());
    }
    Ok(())
}
