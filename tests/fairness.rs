//! Who gets how much where goroutines of several islands compete: over many seeds, each case of a
//! select that is ready is as likely as any other, and whoever waits is served.

use vo_jit::engine::{Engine, EngineKind, RunConfig};
use vo_jit::runtime::context::Options;
use vo_jit::runtime::native::Output;

/// Prints the first choice, and how often each case was chosen while all were ready; and whatever
/// is not as it should be.
const SHARES: &str = r#"
package main

import (
	"fmt"
	"time"
)

const each = 100

func produce(from int, out port<- [2]int) {
	for n := range each {
		out <- [2]int{from, n}
	}
}

func main() {
	p, q, r, c := make(port [2]int, 8), make(port [2]int, 4), make(port [2]int, 1), make(chan [2]int, 4)
	go @(make(island)) produce(0, p)
	go @(make(island)) produce(1, p)
	go @(make(island)) produce(2, q)
	go @(make(island)) produce(3, q)
	far := make(island)
	go @(far) produce(4, r)
	go @(far) produce(5, r)
	for from := 6; from < 8; from++ {
		go func() {
			for n := range each {
				c <- [2]int{from, n}
			}
		}()
	}

	ready := func() [4]bool { return [4]bool{len(p) > 0, len(q) > 0, len(r) > 0, len(c) > 0} }
	all := [4]bool{true, true, true, true}
	first := -1
	var next [8]int
	var chosen, passed [4]int
	for round := range 8 * each {
		for round < 2*each && ready() != all {
			time.Sleep(time.Microsecond)
		}
		were := ready()
		var v [2]int
		at := 0
		select {
		case v = <-p:
		case v = <-q:
			at = 1
		case v = <-r:
			at = 2
		case v = <-c:
			at = 3
		}
		if v[1] != next[v[0]] {
			fmt.Println("producer", v[0], "sent", next[v[0]], "and", v[1], "has come")
		}
		next[v[0]] = v[1] + 1
		if round == 0 {
			first = at
		}
		if round < 2*each {
			chosen[at]++
		}
		for i := range 4 {
			passed[i]++
			if i == at || !were[i] {
				passed[i] = 0
			}
			// By chance once in some 10^12 times.
			if passed[i] == 100 {
				fmt.Println("case", i, "starves")
			}
		}
	}
	if ready() != [4]bool{} {
		fmt.Println("something has come twice")
	}
	fmt.Println(first, chosen[0], chosen[1], chosen[2], chosen[3])
}
"#;

/// Prints how much each of three goroutines has received that all wait for the same two ports; and
/// whatever is not as it should be.
const TURNS: &str = r#"
package main

import (
	"fmt"
	"runtime"
)

const each = 150

func produce(from int, out port<- int) {
	for n := range each {
		out <- from*each + n
	}
}

func main() {
	p, q, d := make(port int, 4), make(port int, 4), make(chan bool)
	go @(make(island)) produce(0, p)
	go @(make(island)) produce(1, q)
	var had [2 * each]bool
	var served [3]int
	left := len(had)
	for who := range 3 {
		go func() {
			for {
				v, ok := 0, false
				select {
				case v, ok = <-p:
				case v, ok = <-q:
				}
				if !ok {
					d <- true
					return
				}
				if had[v] {
					fmt.Println(v, "has come twice")
				}
				had[v] = true
				served[who]++
				left--
				if left == 0 {
					close(p)
					close(q)
				}
				runtime.Gosched()
			}
		}()
	}
	for range 3 {
		<-d
	}
	fmt.Println(served[0], served[1], served[2])
}
"#;

/// The numbers that a program prints with that seed, on one line.
fn numbers<const N: usize>(engine: &Engine, kind: EngineKind, seed: u64) -> [u32; N] {
    let options = Options {
        seed,
        ..Options::default()
    };
    let run = engine
        .run(&RunConfig { kind, options }, Output::captured())
        .expect("the program starts");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    let numbers: Option<Vec<u32>> = stdout.split(' ').map(|n| n.trim().parse().ok()).collect();
    numbers
        .and_then(|numbers| numbers.try_into().ok())
        .filter(|_| run.status == 0)
        .unwrap_or_else(|| panic!("{kind:?} with seed {seed}:\n{stdout}\n{stderr}"))
}

fn engine(source: &str) -> Engine {
    let module = vo_lang::compile::compile_source("main.vo", source)
        .unwrap_or_else(|failure| panic!("{failure}"));
    Engine::new(module).expect("the module is well-formed")
}

const SEEDS: u64 = 60;

/// What differs from what is expected of so many choices with four outcomes by more than six
/// standard deviations.
fn unfair(counts: [u32; 4], choices: u32) -> bool {
    let expected = f64::from(choices) / 4.0;
    let bound = 6.0 * (expected * 0.75).sqrt();
    let off = |count: &u32| (f64::from(*count) - expected).abs() > bound;
    counts.iter().sum::<u32>() != choices || counts.iter().any(off)
}

#[test]
fn cases_that_are_ready_have_equal_shares() {
    const ROUNDS: u32 = 200;
    let engine = engine(SHARES);
    let (mut firsts, mut totals) = ([0; 4], [0; 4]);
    for seed in 1..=SEEDS {
        let [first, counts @ ..] = numbers::<5>(&engine, EngineKind::Jit, seed);
        assert!(!unfair(counts, ROUNDS), "seed {seed}: {counts:?}");
        // What is ready decides together with the seed, not who runs it.
        let interpreted = numbers::<5>(&engine, EngineKind::Interp, seed);
        assert_eq!(interpreted[0], first, "seed {seed}");
        assert_eq!(interpreted[1..], counts, "seed {seed}");
        firsts[first as usize] += 1;
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count;
        }
    }
    let seeds = SEEDS as u32;
    assert!(!unfair(totals, ROUNDS * seeds), "all seeds: {totals:?}");
    assert!(!unfair(firsts, seeds), "first choices: {firsts:?}");
}

#[test]
fn who_waits_for_the_same_ports_takes_turns() {
    let engine = engine(TURNS);
    for seed in 1..=SEEDS {
        for kind in [EngineKind::Jit, EngineKind::Interp] {
            let served = numbers::<3>(&engine, kind, seed);
            assert_eq!(served.iter().sum::<u32>(), 300);
            let least = served.iter().min();
            assert!(least >= Some(&50), "{kind:?} with seed {seed}: {served:?}");
        }
    }
}
