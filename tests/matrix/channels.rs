//! Channels, and selects of channels and ports.

use super::cell::{Cell, cell};

pub const CELLS: &[Cell] = &[
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
];
