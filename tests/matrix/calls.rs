//! Goroutines and deferred calls: their start, panics and recovery.

use super::cell::{Cell, NO_FUNCTION, NO_MEMORY, cell, fatal, limit};

pub const CELLS: &[Cell] = &[
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
