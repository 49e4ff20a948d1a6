//! Benchmarks of the inner parts: the stages that make native code of a program, and what the
//! code made costs where goroutines meet, functions are stopped, and memory is asked for.
//!
//! A benchmark of the second kind is a small Vo program that does one thing very often, run by
//! an [`Engine`]. What is timed is a whole run: it includes compiling the program, about as long
//! as [`running::nothing`] takes. Each program is given a number of rounds that makes this
//! little beside the rest; the counter of a benchmark tells how many things per second were
//! done.
//!
//! Whole programs beside Go are not compared here but by `benches/compare.py`.

use divan::Bencher;
use divan::counter::ItemsCount;
use vo_jit::engine::{Engine, RunConfig};
use vo_jit::runtime::native::Output;

fn main() {
    divan::main();
}

/// From the source to native code, stage by stage.
mod stages {
    use super::{Bencher, ItemsCount};
    use divan::counter::BytesCount;
    use std::sync::Arc;
    use vo_bytecode::{Module, binary, verify};
    use vo_jit::cfg::CallGraph;
    use vo_jit::codegen::exec::Code;
    use vo_jit::codegen::jit::Jit;
    use vo_jit::runtime::context::Options;
    use vo_jit::runtime::program::Program;
    use vo_jit::split::ModulePlan;

    /// The examples that are compiled.
    const EXAMPLES: [&str; 3] = ["hello", "word_count", "worker_pool"];

    /// The example of usual length that the single stages are measured on: maps, sorting,
    /// methods, formatted output.
    const MID_SIZE: &str = "word_count";

    fn source(example: &str) -> &'static str {
        match example {
            "hello" => include_str!("../examples/hello.vo"),
            "word_count" => include_str!("../examples/word_count.vo"),
            "worker_pool" => include_str!("../examples/worker_pool.vo"),
            _ => unreachable!("no such example"),
        }
    }

    fn module(example: &str) -> Module {
        vo_lang::compile::compile_source(example, source(example)).expect("an example compiles")
    }

    fn functions(module: &Module) -> ItemsCount {
        ItemsCount::new(module.functions.len())
    }

    fn plan(module: &Module) -> ModulePlan {
        ModulePlan::build(module, &CallGraph::build(module))
    }

    /// Parsing, checking and lowering, the packages of the standard library that it imports
    /// included. The counter is of the program's own text.
    #[divan::bench(args = EXAMPLES)]
    fn front_end(bencher: Bencher, example: &str) {
        bencher
            .counter(BytesCount::of_str(source(example)))
            .bench(|| module(example));
    }

    /// Reading a module's binary form.
    #[divan::bench]
    fn binary_decode(bencher: Bencher) {
        let bytes = binary::encode(&module(MID_SIZE));
        bencher
            .counter(BytesCount::of_slice(&bytes))
            .bench(|| binary::decode(&bytes));
    }

    /// The verifier, on all functions.
    #[divan::bench]
    fn verifier(bencher: Bencher) {
        let module = module(MID_SIZE);
        bencher
            .counter(functions(&module))
            .bench(|| verify::verify(&module));
    }

    /// The call graph, the graphs of all functions and the split plan.
    #[divan::bench]
    fn split_plan(bencher: Bencher) {
        let module = module(MID_SIZE);
        bencher.counter(functions(&module)).bench(|| plan(&module));
    }

    /// Machine code from a finished plan, functions per second. One sample at a time: what
    /// comes out reserves address space until it is dropped, which is not timed.
    #[divan::bench(sample_size = 1)]
    fn codegen(bencher: Bencher) {
        let module = module(MID_SIZE);
        let (count, plan) = (functions(&module), plan(&module));
        let program = Arc::new(Program::new(module));
        bencher
            .counter(count)
            .with_inputs(|| (program.clone(), plan.clone()))
            .bench_values(|(program, plan)| Jit::compile(program, plan, false, None).map_err(drop));
    }

    /// All that is done between a verified module and the first goroutine: plan and machine
    /// code, functions per second.
    #[divan::bench(sample_size = 1, args = EXAMPLES)]
    fn plan_and_codegen(bencher: Bencher, example: &str) {
        let module = module(example);
        let count = functions(&module);
        let program = Arc::new(Program::new(module));
        bencher
            .counter(count)
            .with_inputs(|| program.clone())
            .bench_values(|program| Code::compile(program, &Options::default()).map_err(drop));
    }
}

/// Times a whole run of a program that does something `items` times; its constant `n` says how
/// often its loops go round.
fn run(bencher: Bencher, n: u64, items: u64, source: &str) {
    let source = format!("package main\n{source}\nconst n = {n}\n");
    let module = match vo_lang::compile::compile_source("bench.vo", source) {
        Ok(module) => module,
        Err(failure) => panic!("{}", failure.render(false)),
    };
    let engine = Engine::new(module).expect("the front end's modules are well-formed");
    let config = RunConfig::default();
    bencher.counter(ItemsCount::new(items)).bench_local(|| {
        let run = engine
            .run(&config, Output::captured())
            .expect("the host is supported");
        assert_eq!(run.status, 0, "{}", String::from_utf8_lossy(&run.stderr));
        run
    });
}

/// Compiled programs, each doing one thing very often.
mod running {
    use super::{Bencher, run};

    /// A program that does nothing: a thread, a heap, and compiling `main`. It is part of every
    /// other benchmark here.
    #[divan::bench]
    fn nothing(bencher: Bencher) {
        run(bencher, 0, 1, "func main() {}");
    }

    /// A value handed over an unbuffered channel and one handed back: two items a round, each
    /// with a switch to the other goroutine.
    #[divan::bench(sample_count = 20)]
    fn unbuffered_ping_pong(bencher: Bencher) {
        let source = "
            func main() {
                ping, pong := make(chan int), make(chan int)
                go func() {
                    for v := range ping {
                        pong <- v + 1
                    }
                    close(pong)
                }()
                v := 0
                for i := 0; i < n; i++ {
                    ping <- v
                    v = <-pong
                }
                close(ping)
                assert(v == n)
            }";
        run(bencher, 1_000_000, 2_000_000, source);
    }

    /// A goroutine that gives way to the one other goroutine: a switch and nothing else.
    #[divan::bench(sample_count = 20)]
    fn gosched(bencher: Bencher) {
        let source = "
            import \"runtime\"

            func spin() {
                for i := 0; i < n; i++ {
                    runtime.Gosched()
                }
            }

            func main() {
                go spin()
                spin()
            }";
        run(bencher, 1_000_000, 2_000_000, source);
    }

    /// A goroutine started and run to its end, one at a time.
    #[divan::bench(sample_count = 20)]
    fn spawn_and_finish(bencher: Bencher) {
        let source = "
            func add(to chan int, v int) { to <- v }

            func main() {
                sum, c := 0, make(chan int, 1)
                for i := 0; i < n; i++ {
                    go add(c, 1)
                    sum += <-c
                }
                assert(sum == n)
            }";
        run(bencher, 1_000_000, 1_000_000, source);
    }

    /// A send and a receive that need not wait.
    #[divan::bench(sample_count = 20)]
    fn buffered_send_and_receive(bencher: Bencher) {
        let source = "
            func main() {
                sum, c := 0, make(chan int, 4)
                for i := 0; i < n; i++ {
                    c <- 1
                    sum += <-c
                }
                assert(sum == n)
            }";
        run(bencher, 5_000_000, 5_000_000, source);
    }

    /// A select over four channels of which one has a value; the send is part of it.
    #[divan::bench(sample_count = 20)]
    fn select_of_4_ready(bencher: Bencher) {
        let source = "
            func main() {
                a, b, c, d := make(chan int, 1), make(chan int, 1), make(chan int, 1), make(chan int, 1)
                all := [4]chan int{a, b, c, d}
                sum := 0
                for i := 0; i < n; i++ {
                    all[i&3] <- 1
                    select {
                    case v := <-a:
                        sum += v
                    case v := <-b:
                        sum += v
                    case v := <-c:
                        sum += v
                    case v := <-d:
                        sum += v
                    }
                }
                assert(sum == n)
            }";
        run(bencher, 2_000_000, 2_000_000, source);
    }

    /// A select over four unbuffered channels and a goroutine that sends: whichever comes first
    /// parks, and is served by the other one.
    #[divan::bench(sample_count = 20)]
    fn select_of_4_parked(bencher: Bencher) {
        let source = "
            func feed(all [4]chan int) {
                for i := 0; i < n; i++ {
                    all[i&3] <- 1
                }
            }

            func main() {
                a, b, c, d := make(chan int), make(chan int), make(chan int), make(chan int)
                go feed([4]chan int{a, b, c, d})
                sum := 0
                for i := 0; i < n; i++ {
                    select {
                    case v := <-a:
                        sum += v
                    case v := <-b:
                        sum += v
                    case v := <-c:
                        sum += v
                    case v := <-d:
                        sum += v
                    }
                }
                assert(sum == n)
            }";
        run(bencher, 1_000_000, 1_000_000, source);
    }

    /// Goroutines parked on a channel, all made ready by its closing, each running up to its
    /// next park; 20 rounds, so that starting them is a small part.
    #[divan::bench(sample_count = 10)]
    fn close_resumes_100000_parked(bencher: Bencher) {
        let source = "
            const rounds = 20

            func main() {
                var gates [rounds]chan bool
                for r := range gates {
                    gates[r] = make(chan bool)
                }
                left, all := n, make(chan bool)
                for i := 0; i < n; i++ {
                    go func() {
                        for r := range rounds {
                            <-gates[r]
                            left-- // all goroutines of an island share a thread
                            if left == 0 {
                                left = n
                                all <- true
                            }
                        }
                    }()
                }
                for _, gate := range gates {
                    close(gate)
                    <-all
                }
            }";
        run(bencher, 100_000, 2_000_000, source);
    }

    /// Times ten dives of 100,000 calls; an item is a frame.
    fn dive(bencher: Bencher, room: u32) {
        let source = format!(
            "
            import \"runtime\"

            func dive(depth int, c chan int) int {{
                if depth == 0 {{
                    return <-c
                }}
                return dive(depth-1, c) + 1
            }}

            func main() {{
                done := make(chan int)
                for i := 0; i < 10; i++ {{
                    c := make(chan int, {room})
                    if {room} > 0 {{
                        c <- 0
                    }}
                    go func() {{ done <- dive(n, c) }}()
                    if {room} == 0 {{
                        runtime.Gosched() // the value comes when the diver waits for it
                        c <- 0
                    }}
                    assert(<-done == n)
                }}
            }}"
        );
        run(bencher, 100_000, 1_000_000, &source);
    }

    /// A recursion 100,000 deep that finds its value at the bottom: calls and returns.
    #[divan::bench]
    fn deep_stack_straight(bencher: Bencher) {
        dive(bencher, 1);
    }

    /// The same recursion blocks at the bottom: every frame is captured, and returned through
    /// after it was resumed.
    #[divan::bench]
    fn deep_stack_captured(bencher: Bencher) {
        dive(bencher, 0);
    }
}

/// Maps and the heap.
mod memory {
    use super::{Bencher, run};

    /// Reading a map of 1024 integers.
    #[divan::bench(sample_count = 20)]
    fn map_get(bencher: Bencher) {
        let source = "
            func main() {
                m := make(map[int]int)
                for i := 0; i < 1024; i++ {
                    m[i*7919] = 1
                }
                sum := 0
                for i := 0; i < n; i++ {
                    sum += m[(i&1023)*7919]
                }
                assert(sum == n)
            }";
        run(bencher, 5_000_000, 5_000_000, source);
    }

    /// Writing to a map of 1024 integers.
    #[divan::bench(sample_count = 20)]
    fn map_set(bencher: Bencher) {
        let source = "
            func main() {
                m := make(map[int]int)
                for i := 0; i < n; i++ {
                    m[(i&1023)*7919] = i
                }
                assert(len(m) == 1024)
            }";
        run(bencher, 5_000_000, 5_000_000, source);
    }

    /// Objects of two words, nearly all of them garbage soon, and the collections this needs.
    #[divan::bench(sample_count = 20)]
    fn allocate_short_lived(bencher: Bencher) {
        let source = "
            type pair struct {
                value int
                next  *pair
            }

            func main() {
                var last *pair
                for i := 0; i < n; i++ {
                    if i&15 == 0 {
                        last = nil
                    }
                    last = &pair{i, last}
                }
                assert(last.value == n-1)
            }";
        run(bencher, 5_000_000, 5_000_000, source);
    }

    /// The same objects while a list of 200,000 of them stays, which each collection marks.
    #[divan::bench(sample_count = 20)]
    fn allocate_beside_a_list(bencher: Bencher) {
        let source = "
            type pair struct {
                value int
                next  *pair
            }

            func main() {
                var list, last *pair
                for i := 0; i < 200000; i++ {
                    list = &pair{i, list}
                }
                for i := 0; i < n; i++ {
                    last = &pair{i, nil}
                }
                assert(list.value + last.value == 200000 + n - 2)
            }";
        run(bencher, 5_000_000, 5_000_000, source);
    }
}

/// The same loops in a function's hot form and in its resume form: they should cost the same.
mod hot_loops {
    use super::{Bencher, run};

    /// Times `loops` in a function that first collects, if it is told to: that captures it, and
    /// its rest runs in its resume function.
    fn work(bencher: Bencher, captured: bool, items: u64, loops: &str) {
        let source = format!(
            "
            import \"runtime\"

            func work(captured bool) int {{
                if captured {{
                    runtime.GC()
                }}
                sum := 0
                {loops}
                return sum
            }}

            func main() {{
                assert(work({captured}) != 0)
            }}"
        );
        run(bencher, items, items, &source);
    }

    /// Rounds of the loops, all told.
    const ITEMS: u64 = 200_000_000;

    /// One loop of shifts and additions, each round waiting for the one before.
    const SINGLE: &str = "
        x := 88172645463325252
        for i := 0; i < n; i++ {
            x ^= x << 13
            x ^= x >> 7 & 0x1ffffffffffffff
            x ^= x << 17
            sum += x & 1023
        }";

    /// Two loops over a slice; the inner one is 1000 rounds.
    const NESTED: &str = "
        row := make([]int, 1000)
        for i := 0; i < n/1000; i++ {
            for j := range row {
                row[j] += i ^ j
                sum += row[j]
            }
        }";

    /// The single loop in the hot function.
    #[divan::bench(sample_count = 20)]
    fn hot_loop_before_capture_single(bencher: Bencher) {
        work(bencher, false, ITEMS, SINGLE);
    }

    /// The single loop in the resume function.
    #[divan::bench(sample_count = 20)]
    fn hot_loop_after_capture_single(bencher: Bencher) {
        work(bencher, true, ITEMS, SINGLE);
    }

    /// The nested loops in the hot function.
    #[divan::bench(sample_count = 20)]
    fn hot_loop_before_capture_nested(bencher: Bencher) {
        work(bencher, false, ITEMS, NESTED);
    }

    /// The nested loops in the resume function.
    #[divan::bench(sample_count = 20)]
    fn hot_loop_after_capture_nested(bencher: Bencher) {
        work(bencher, true, ITEMS, NESTED);
    }
}
