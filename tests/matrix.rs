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
    /// Declarations beside the function.
    package: &'static str,
    /// Statements of a function that prints what the panic of `f` is, if it panics.
    code: &'static str,
    prints: &'static str,
    /// What standard error must say, among other things.
    tells: &'static str,
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
        package: "",
        code,
        prints,
        tells: "",
        options: &[],
        status: 0,
    }
}

/// A cell that ends the program: something is at its limit.
const fn limit(
    operation: &'static str,
    case: &'static str,
    code: &'static str,
    tells: &'static str,
    options: &'static [&'static str],
) -> Cell {
    Cell {
        options,
        ..fatal(operation, case, code, tells)
    }
}

/// A cell that ends the program with no chance to recover.
const fn fatal(
    operation: &'static str,
    case: &'static str,
    code: &'static str,
    tells: &'static str,
) -> Cell {
    Cell {
        tells,
        status: 2,
        ..cell(operation, case, code, "")
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
        "ChanClose",
        "wake_senders",
        "c, d := make(chan int), make(chan any)
         for range 3 { go func() { defer func() { d <- recover() }(); c <- 1 }() }
         runtime.Gosched()
         close(c)
         fmt.Println(<-d)
         fmt.Println(<-d)
         fmt.Println(<-d)",
        "send on closed channel\nsend on closed channel\nsend on closed channel",
    ),
    cell(
        "ChanClose",
        "wake_selects",
        "c, e, d := make(chan int), make(chan int), make(chan string, 1)
         go func() { select { case v, ok := <-c: d <- fmt.Sprint(v, ok); case <-make(chan int): } }()
         for range 3 { runtime.Gosched() }
         close(c)
         fmt.Println(<-d)
         go func() {
            defer func() { d <- fmt.Sprint(recover()) }()
            select { case <-make(chan int): case make(chan int) <- 1: case e <- 1: }
         }()
         for range 3 { runtime.Gosched() }
         close(e)
         fmt.Println(<-d)",
        "0 false\nsend on closed channel",
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
    cell(
        "SelectExec",
        "ok_closed",
        "c := make(chan string); close(c)
         select { case s, ok := <-c: fmt.Printf(\"%q %v\\n\", s, ok); case <-make(chan int): }",
        "\"\" false",
    ),
    cell(
        "SelectExec",
        "wake_sender",
        "c := make(chan int)
         d := make(chan int)
         go func() { c <- 5; d <- 6 }()
         runtime.Gosched()
         select { case v := <-c: fmt.Println(v); case <-make(chan int): }
         fmt.Println(<-d)",
        "5\n6",
    ),
    cell(
        "SelectExec",
        "wait_then_closed",
        "c, d := make(chan []int), make(chan int)
         go func() { runtime.Gosched(); close(c) }()
         select { case v, ok := <-c: fmt.Println(v, ok); case d <- 1: }",
        "[] false",
    ),
    cell(
        "SelectExec",
        "wait_nil",
        "var none chan int
         c := make(chan int)
         go func() { runtime.Gosched(); c <- 2 }()
         select { case <-none: case none <- 1: case v := <-c: fmt.Println(v) }",
        "2",
    ),
    cell(
        "SelectExec",
        "ok_port",
        "p := make(port string, 1); p <- \"x\"
         select { case s, ok := <-p: fmt.Println(s, ok); case <-make(chan int): }",
        "x true",
    ),
    cell(
        "SelectExec",
        "ok_port_closed",
        "p := make(port int, 1); p <- 4; close(p)
         for range 2 { select { case v, ok := <-p: fmt.Println(v, ok); case <-make(chan int): } }",
        "4 true\n0 false",
    ),
    cell(
        "SelectExec",
        "ok_port_default",
        "p := make(port int, 1)
         select { case v := <-p: fmt.Println(v); default: fmt.Println(\"default\") }",
        "default",
    ),
    cell(
        "SelectExec",
        "wait_port",
        "p, c := make(port []int, 1), make(chan int)
         go func() { runtime.Gosched(); p <- []int{1, 2} }()
         select { case v, ok := <-p: fmt.Println(v, ok); case <-c: }",
        "[1 2] true",
    ),
    cell(
        "SelectExec",
        "wait_port_of_island",
        "p, c := make(port []string, 1), make(chan int)
         isl := make(island)
         go @(isl) func(p port<- []string) { p <- []string{\"a\", \"b\"} }(p)
         select { case v, ok := <-p: fmt.Println(v, ok); case <-c: }",
        "[a b] true",
    ),
    cell(
        "SelectExec",
        "wait_then_port_closed",
        "p, c := make(port int, 1), make(chan int)
         go func() { runtime.Gosched(); close(p) }()
         select { case v, ok := <-p: fmt.Println(v, ok); case <-c: }",
        "0 false",
    ),
    cell(
        "SelectExec",
        "wake_port_sender",
        "p, c := make(port int, 1), make(chan int)
         go func() { p <- 1; p <- 2; close(p) }()
         runtime.Gosched()
         for { select { case v, ok := <-p: fmt.Println(v, ok); if !ok { return }; case <-c: } }",
        "1 true\n2 true\n0 false",
    ),
    cell("IslandNew", "ok", "i, j := make(island), make(island); fmt.Println(i == i, i == j)", "true false"),
    limit(
        "IslandNew",
        "limit",
        "var all []island
         var more [][]byte
         for { all = append(all, make(island)); more = append(more, make([]byte, 64<<10)) }",
        NO_MEMORY,
        &["--max-heap=2M"],
    ),
    cell(
        "PortSend",
        "ok_buffered",
        "p := make(port int, 2); p <- 5; fmt.Println(len(p), cap(p), <-p)",
        "1 2 5",
    ),
    cell(
        "PortSend",
        "ok_copies",
        "p := make(port []int, 1); s := []int{1, 2}; p <- s; s[0] = 9; fmt.Println(<-p, s)",
        "[1 2] [9 2]",
    ),
    cell(
        "PortSend",
        "wake_receiver",
        "p, d := make(port int, 1), make(chan int)
         go func() { d <- <-p * 2 }()
         runtime.Gosched()
         p <- 4
         fmt.Println(<-d)",
        "8",
    ),
    cell(
        "PortSend",
        "wake_island",
        "p, q := make(port port<- int, 1), make(port int, 1)
         isl := make(island)
         go @(isl) func(back port<- port<- int, out port<- int) {
            mine := make(port int, 1)
            back <- mine
            out <- <-mine * 2
         }(p, q)
         theirs := <-p
         theirs <- 21
         fmt.Println(<-q)",
        "42",
    ),
    cell(
        "PortSend",
        "wait",
        "p := make(port int, 1)
         p <- 1
         go func() { runtime.Gosched(); fmt.Println(<-p, <-p) }()
         p <- 2
         for range 5 { runtime.Gosched() }",
        "1 2",
    ),
    cell(
        "PortSend",
        "wait_for_island",
        "p, q := make(port port<- int, 1), make(port int, 1)
         isl := make(island)
         go @(isl) func(back port<- port<- int, out port<- int) {
            mine := make(port int, 1)
            back <- mine
            sum := 0
            for range 100 { sum += <-mine }
            out <- sum
         }(p, q)
         theirs := <-p
         for i := range 100 { theirs <- i }
         fmt.Println(<-q)",
        "4950",
    ),
    cell("PortSend", "panic_closed", "p := make(port int, 1); close(p); p <- 1", "panic: send on closed port"),
    cell("PortSend", "panic_nil", "var p port int; p <- 1", "panic: send on nil port"),
    cell(
        "PortSend",
        "wait_then_panic",
        "p := make(port int, 1)
         p <- 1
         go func() { runtime.Gosched(); close(p) }()
         p <- 2",
        "panic: send on closed port",
    ),
    cell(
        "PortSend",
        "panic_gone",
        GONE,
        "panic: send on port of an island that has ended",
    ),
    cell("PortRecv", "ok_buffered", "p := make(port string, 1); p <- \"x\"; v, ok := <-p; fmt.Println(v, ok)", "x true"),
    cell(
        "PortRecv",
        "ok_closed",
        "p := make(port int, 1); p <- 7; close(p)
         for range 2 { v, ok := <-p; fmt.Println(v, ok) }",
        "7 true\n0 false",
    ),
    cell(
        "PortRecv",
        "wake_sender",
        "p := make(port int, 1)
         go func() { p <- 3; p <- 4 }()
         runtime.Gosched()
         fmt.Println(<-p, <-p)",
        "3 4",
    ),
    cell(
        "PortRecv",
        "wait",
        "p := make(port int, 1)
         go func() { runtime.Gosched(); p <- 7 }()
         fmt.Println(<-p)",
        "7",
    ),
    cell(
        "PortRecv",
        "wait_for_island",
        "p := make(port map[string]int, 1)
         isl := make(island)
         go @(isl) func(p port<- map[string]int) { p <- map[string]int{\"a\": 1} }(p)
         fmt.Println(<-p)",
        "map[a:1]",
    ),
    cell("PortRecv", "panic_nil", "var p port int; <-p", "panic: receive on nil port"),
    cell(
        "PortRecv",
        "wait_then_closed",
        "p := make(port []int, 1)
         go func() { runtime.Gosched(); close(p) }()
         v, ok := <-p
         fmt.Println(v, ok)",
        "[] false",
    ),
    cell("PortClose", "ok", "p := make(port int, 1); close(p); fmt.Println(\"closed\")", "closed"),
    cell("PortClose", "panic_closed", "p := make(port int, 1); close(p); close(p)", "panic: close of closed port"),
    cell("PortClose", "panic_nil", "var p port int; close(p)", "panic: close of nil port"),
    cell(
        "PortClose",
        "wake_receivers",
        "p, d := make(port int, 1), make(chan bool)
         for range 3 { go func() { _, ok := <-p; d <- ok }() }
         runtime.Gosched()
         close(p)
         fmt.Println(<-d, <-d, <-d)",
        "false false false",
    ),
    cell(
        "PortClose",
        "wake_senders",
        "p, d := make(port int, 1), make(chan string)
         p <- 1
         for range 2 { go func() { defer func() { d <- fmt.Sprint(recover()) }(); p <- 2 }() }
         runtime.Gosched()
         close(p)
         fmt.Println(<-d)
         fmt.Println(<-d)",
        "send on closed port\nsend on closed port",
    ),
    cell(
        "PortClose",
        "wake_senders_of_island",
        "p, q := make(port int, 1), make(port string, 1)
         isl := make(island)
         go @(isl) func(p port<- int, q port<- string) {
            defer func() { q <- fmt.Sprint(recover()) }()
            for { p <- 1 }
         }(p, q)
         <-p
         close(p)
         fmt.Println(<-q)",
        "send on closed port",
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
    fatal("GoStart", "panic_nil", "var f func(); go f()", NO_FUNCTION),
    limit(
        "GoStart",
        "limit",
        "c := make(chan int)
         for { go func() { <-c }() }",
        "fatal error: too many goroutines",
        &["--max-goroutines=100"],
    ),
    cell(
        "GoIsland",
        "ok_wake",
        "p := make(port int, 1)
         isl := make(island)
         var out port<- int = p
         for i := range 3 { go @(isl) func(n int) { out <- n + i }(40); fmt.Println(<-p) }",
        "40\n41\n42",
    ),
    cell(
        "GoIsland",
        "panic_nil_island",
        "var isl island
         go @(isl) func() { fmt.Println(1) }()",
        "panic: go on nil island",
    ),
    cell(
        "GoIsland",
        "panic_unsendable",
        "isl := make(island)
         c := make(chan int)
         f := func() { c <- 1 }
         go @(isl) f()",
        "panic: go @: the function has captured c, of type chan int, which cannot leave its island",
    ),
    fatal("GoIsland", "panic_nil_function", "isl := make(island); var f func(); go @(isl) f()", NO_FUNCTION),
    Cell {
        package: SLOW_ISLAND,
        ..cell(
            "GoIsland",
            "wait",
            "p, d, isl := make(port int, 1), make(chan bool), make(island)
             var out port<- int = p
             n, before := 0, -1
             go func() { for ; n < 1000; n++ { go @(isl) func(n int) { out <- n }(n) }; d <- true }()
             for n != before { before = n; for range 5 { runtime.Gosched() } }
             fmt.Println(n > 0, n < 1000)
             os.WriteFile(gate, []byte{1}, 0o600)
             defer os.Remove(gate)
             for n := range 1000 { if got := <-p; got != n { fmt.Println(got, n) } }
             fmt.Println(<-d)",
            "true true\ntrue",
        )
    },
    cell("Recover", "ok_nothing", "fmt.Println(recover())", "<nil>"),
    cell("Recover", "ok_value", "func() { defer func() { fmt.Println(recover()) }(); panic(3) }()", "3"),
    cell("Recover", "ok_nil", "func() { defer func() { fmt.Println(recover()) }(); panic(nil) }()",
        "runtime error: panic called with nil argument"),
    cell(
        "Recover",
        "ok_after_waiting",
        "c := make(chan int)
         go func() { runtime.Gosched(); c <- 1 }()
         func() { defer func() { <-c; fmt.Println(recover()) }(); panic(\"p\") }()",
        "p",
    ),
    cell(
        "Recover",
        "ok_fault",
        "func() { defer func() { fmt.Println(recover()) }(); var s []int; _ = s[1] }()",
        "runtime error: index out of range [1] with length 0",
    ),
    // It ends where it wants memory, which is never where it recovers.
    limit(
        "Recover",
        "ok_value_at_limit",
        "type link struct { next *link }
         var all *link
         var got any
         fails := func() { defer func() { got = recover() }(); panic(3) }
         grow := func() { all = &link{all} }
         for { fails(); if got != 3 { return }; grow() }",
        "[running]:\nmain.f.func2(...)",
        &["--max-heap=1M"],
    ),
    // The text of a fault needs memory, and nothing else here does.
    limit(
        "Recover",
        "limit_fault",
        "all := make([]any, 64<<10)
         var none []int
         n := 0
         fails := func() { defer func() { all[n] = recover() }(); none[n]++ }
         for ; ; n++ { fails() }",
        NO_MEMORY,
        &["--max-heap=2M"],
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
        "limit",
        "var f func()
         for { defer f() }",
        NO_MEMORY,
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
        "limit",
        "var f func()
         func() error { for { errdefer f() } }()",
        NO_MEMORY,
        &["--max-heap=4M"],
    ),
];

/// What `PortSend::panic_gone` does: an island gives a port and ends; sends fail from then on.
const GONE: &str = "p := make(port port<- int, 1)
    func() {
        isl := make(island)
        go @(isl) func(back port<- port<- int) { back <- make(port int, 1) }(p)
    }()
    theirs := <-p
    for { theirs <- 1; runtime.GC() }";

const NO_MEMORY: &str = "fatal error: out of memory: the limit of ";
const NO_FUNCTION: &str = "fatal error: go of nil func value";

/// A package that on any island but that of `main` is not initialised before there is something in
/// a file, which `main`'s makes: until then goroutines that are to be started there wait for that.
const SLOW_ISLAND: &str = "
var gate = fmt.Sprint(os.TempDir(), \"/vo-gate-\", os.Getpid())
var _ = open()

func open() bool {
    content, err := os.ReadFile(gate)
    if err != nil { os.WriteFile(gate, nil, 0o600); return true }
    for len(content) == 0 {
        time.Sleep(time.Millisecond)
        content, _ = os.ReadFile(gate)
    }
    return true
}
";

/// An operation that waits, with what the other side does meanwhile, and what it prints; `c` is a
/// channel of integers, `p` a port of integers.
struct Wait {
    name: &'static str,
    waits: &'static str,
    peer: &'static str,
    prints: &'static str,
}

const WAITS: &[Wait] = &[
    Wait {
        name: "send",
        waits: "c <- 1",
        peer: "<-c",
        prints: "",
    },
    Wait {
        name: "receive",
        waits: "fmt.Print(<-c, \" \")",
        peer: "c <- 2",
        prints: "2 ",
    },
    Wait {
        name: "select_send",
        waits: "select { case c <- 3: case <-never: }",
        peer: "<-c",
        prints: "",
    },
    Wait {
        name: "select_receive",
        waits: "select { case v, ok := <-c: fmt.Print(v, ok, \" \"); case <-never: }",
        peer: "c <- 4",
        prints: "4 true ",
    },
    Wait {
        name: "sleep",
        waits: "time.Sleep(time.Microsecond)",
        peer: "",
        prints: "",
    },
    Wait {
        name: "yield",
        waits: "runtime.Gosched()",
        peer: "",
        prints: "",
    },
    Wait {
        name: "wait_for_deferred",
        waits: "func() { defer func() { fmt.Print(<-c, \" \") }() }()",
        peer: "c <- 5",
        prints: "5 ",
    },
    // The first is handed over, the second fills the port.
    Wait {
        name: "port_send",
        waits: "p <- 0; p <- 0; p <- 6",
        peer: "<-p; <-p; <-p",
        prints: "",
    },
    Wait {
        name: "port_receive",
        waits: "fmt.Print(<-p, \" \")",
        peer: "p <- 7",
        prints: "7 ",
    },
    Wait {
        name: "select_port",
        waits: "select { case v, ok := <-p: fmt.Print(v, ok, \" \"); case <-never: }",
        peer: "p <- 8",
        prints: "8 true ",
    },
    Wait {
        name: "island",
        waits: "back := make(port int, 1); go @(far) answer(back); fmt.Print(<-back, \" \")",
        peer: "",
        prints: "9 ",
    },
    Wait {
        name: "file",
        waits: "_, err := os.ReadFile(\"/dev/null\"); fmt.Print(err, \" \")",
        peer: "",
        prints: "<nil> ",
    },
    Wait {
        name: "network",
        waits: "fmt.Print(echo(10))",
        peer: "",
        prints: "10 ",
    },
];

fn main() {
    let mut trials = Vec::new();
    for cell in CELLS {
        let name = format!("{}::{}", cell.operation, cell.case);
        let prints = match cell.prints {
            "" => String::new(),
            prints => format!("{prints}\n"),
        };
        let expected = Expected {
            prints,
            tells: cell.tells,
            status: cell.status,
        };
        let program = program_of(cell);
        add(&mut trials, &name, program, cell.options, &expected);
    }
    for first in WAITS {
        for second in WAITS {
            let name = format!("deferred::{}::{}", first.name, second.name);
            let (program, prints) = pair(first, second);
            let expected = Expected {
                prints,
                tells: "",
                status: 0,
            };
            add(&mut trials, &name, program, &[], &expected);
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// How a program is to end.
#[derive(Clone)]
struct Expected {
    /// All of standard output.
    prints: String,
    /// Something that standard error has.
    tells: &'static str,
    status: i32,
}

/// One test for each mode.
fn add(
    trials: &mut Vec<Trial>,
    name: &str,
    program: String,
    options: &'static [&'static str],
    expected: &Expected,
) {
    let file =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.vo", name.replace("::", "_")));
    fs::write(&file, program).expect("programs can be written");
    // To fill the heap takes too long where every poll stops.
    let slow = |mode: &str| expected.status != 0 && matches!(mode, "preempt" | "gc" | "all");
    for (mode, mode_options) in MODES.iter().filter(|(mode, _)| !slow(mode)) {
        let (file, expected) = (file.clone(), expected.clone());
        let test = move || check(&file, mode_options, options, &expected);
        trials.push(Trial::test(format!("{name}::{mode}"), test));
    }
}

const IMPORTS: &str = "import (\n\t\"errors\"\n\t\"fmt\"\n\t\"os\"\n\t\"runtime\"\n\t\"time\"\n)\n\
    var _ = errors.New\nvar _ = os.Exit\nvar _ = time.Now\nvar _ = runtime.Gosched\n";

/// The cell's statements in a function whose panic is printed.
fn program_of(cell: &Cell) -> String {
    format!(
        "package main\n{IMPORTS}{}\nfunc f() {{\n{}\n}}\n\nfunc main() {{\n\
         \tdefer func() {{\n\t\tif r := recover(); r != nil {{\n\t\t\tfmt.Print(\"panic: \", r, \"\\n\")\n\t\t}}\n\t}}()\n\
         \tf()\n}}\n",
        cell.package, cell.code
    )
}

/// What the operations of pairs need beside their channels.
const PAIR: &str = r#"
var never chan int
var far = make(island)

func answer(back port<- int) { back <- 9 }

// A number that goes through a connection and back.
func echo(n int) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil { return err.Error() }
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil { return }
		defer conn.Close()
		buf := make([]byte, 10)
		n, _ := conn.Read(buf)
		conn.Write(buf[:n])
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil { return err.Error() }
	defer conn.Close()
	conn.Write([]byte(strconv.Itoa(n) + " "))
	buf := make([]byte, 10)
	got, _ := conn.Read(buf)
	return string(buf[:got])
}
"#;

/// Two operations that wait, in a deferred call: at a return, and while panicking.
fn pair(first: &Wait, second: &Wait) -> (String, String) {
    let (a, b) = (first.waits, second.waits);
    let peers = format!("\t{}\n\truntime.Gosched()\n\t{}\n", first.peer, second.peer);
    let program = format!(
        "package main\nimport (\n\t\"net\"\n\t\"strconv\"\n)\n{IMPORTS}{PAIR}\n\
         func f(c chan int, p port int, panics bool) (n int) {{\n\
         \tdefer func() {{ recover(); n++ }}()\n\
         \tdefer func() {{\n\t\t{{ {a} }}\n\t\tn += 10\n\t\t{{ {b} }}\n\t\tn += 100\n\t}}()\n\
         \tif panics {{\n\t\tpanic(\"p\")\n\t}}\n\treturn 1000\n}}\n\n\
         func main() {{\n\tc, d, p := make(chan int), make(chan int), make(port int, 1)\n\
         \tfor _, panics := range []bool{{false, true}} {{\n\
         \tgo func() {{ d <- f(c, p, panics) }}()\n{peers}\tfmt.Println(<-d)\n\t}}\n}}\n"
    );
    let printed = format!("{}{}", first.prints, second.prints);
    (program, format!("{printed}1111\n{printed}111\n"))
}

fn check(
    file: &std::path::Path,
    mode: &[&str],
    options: &[&str],
    expected: &Expected,
) -> Result<(), Failed> {
    let path = file.display().to_string();
    let args: Vec<&str> = ["run", &path]
        .into_iter()
        .chain(mode.iter().chain(options).copied())
        .collect();
    let outcome = run(&mut vo(&args));
    let Expected {
        prints,
        tells,
        status,
    } = expected;
    let as_expected = outcome.status == Some(*status)
        && outcome.stdout == *prints
        && outcome.stderr.contains(tells);
    if outcome.timed_out || !as_expected {
        return Err(format!(
            "status {:?}, expected {status}; timed out: {}\nexpected:\n{prints}\nwritten:\n{}\n\
             expected on standard error:\n{tells}\nstandard error:\n{}\nto replay: cargo run -- {}",
            outcome.status,
            outcome.timed_out,
            outcome.stdout,
            outcome.stderr,
            args.join(" ")
        )
        .into());
    }
    Ok(())
}
