//! Islands and ports.

use super::cell::{Cell, NO_MEMORY, cell, limit};

pub const CELLS: &[Cell] = &[
    cell(
        "IslandNew",
        "ok",
        "i, j := make(island), make(island); fmt.Println(i == i, i == j)",
        "true false",
    ),
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
    cell(
        "PortSend",
        "panic_closed",
        "p := make(port int, 1); close(p); p <- 1",
        "panic: send on closed port",
    ),
    cell(
        "PortSend",
        "panic_nil",
        "var p port int; p <- 1",
        "panic: send on nil port",
    ),
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
    cell(
        "PortRecv",
        "ok_buffered",
        "p := make(port string, 1); p <- \"x\"; v, ok := <-p; fmt.Println(v, ok)",
        "x true",
    ),
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
    cell(
        "PortRecv",
        "panic_nil",
        "var p port int; <-p",
        "panic: receive on nil port",
    ),
    cell(
        "PortRecv",
        "wait_then_closed",
        "p := make(port []int, 1)
         go func() { runtime.Gosched(); close(p) }()
         v, ok := <-p
         fmt.Println(v, ok)",
        "[] false",
    ),
    cell(
        "PortClose",
        "ok",
        "p := make(port int, 1); close(p); fmt.Println(\"closed\")",
        "closed",
    ),
    cell(
        "PortClose",
        "panic_closed",
        "p := make(port int, 1); close(p); close(p)",
        "panic: close of closed port",
    ),
    cell(
        "PortClose",
        "panic_nil",
        "var p port int; close(p)",
        "panic: close of nil port",
    ),
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
];

/// What `PortSend::panic_gone` does: an island gives a port and ends; sends fail from then on.
const GONE: &str = "p := make(port port<- int, 1)
    func() {
        isl := make(island)
        go @(isl) func(back port<- port<- int) { back <- make(port int, 1) }(p)
    }()
    theirs := <-p
    for { theirs <- 1; runtime.GC() }";
