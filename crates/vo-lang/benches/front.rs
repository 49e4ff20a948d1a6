//! How fast the front end is: generated source of several sizes, checked and lowered.
//!
//!     cargo bench -p vo-lang --bench front
//!
//! prints for each size the lines a minute, on one core, of parsing and checking and of all with lowering,
//! and the memory that all took at its peak. Lines a minute should not depend on the size, and memory a line
//! should not grow with it.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use vo_lang::compile::{check_source, compile_source};

/// The sizes measured, in lines.
const SIZES: [usize; 3] = [10_000, 100_000, 400_000];
/// The best of so many runs counts.
const RUNS: usize = 3;

fn main() {
    // The smallest first: the peak of memory never goes down.
    for lines in SIZES {
        let source = generate(lines);
        let count = source.lines().count();
        let check = best(|| check_source("bench.vo", source.as_str()).is_ok());
        let all = best(|| compile_source("bench.vo", source.as_str()).is_ok());
        let minute = |time: Duration| count as f64 / time.as_secs_f64() * 60.0 / 1e6;
        println!(
            "{count:7} lines: check {:6.1} M lines/min, check and lower {:6.1} M lines/min ({:.0} ms), \
             {} KiB at most, {:.1} KiB a line",
            minute(check),
            minute(all),
            all.as_secs_f64() * 1e3,
            peak_kib(),
            peak_kib() as f64 / count as f64,
        );
    }
}

fn best(mut run: impl FnMut() -> bool) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            assert!(black_box(run()), "the generated source compiles");
            start.elapsed()
        })
        .collect();
    times.sort();
    times[0]
}

/// The most memory the process had, in KiB; 0 where the system does not tell.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// A program of about that many lines, all of which is reached from `main`.
fn generate(lines: usize) -> String {
    let mut text = String::from("package main\n\nimport \"fmt\"\n\n");
    let mut calls = String::new();
    let mut count = 0;
    let mut unit = 0;
    while count < lines {
        let part = PART.replace("@@", &unit.to_string());
        count += part.lines().count() + 1;
        text.push_str(&part);
        let _ = writeln!(calls, "\ttotal += run{unit}(total)");
        unit += 1;
    }
    let _ = write!(
        text,
        "func main() {{\n\ttotal := 0\n{calls}\tfmt.Println(total)\n}}\n"
    );
    text
}

/// What is repeated: the mixture of an ordinary program.
const PART: &str = r#"
// Shape@@ is something with a size.
type Shape@@ interface {
	Area() int
	Name() string
}

type rect@@ struct {
	w, h  int
	label string
	tags  []string
}

func (r *rect@@) Area() int    { return r.w * r.h }
func (r *rect@@) Name() string { return "rect " + r.label }

const (
	small@@ = iota + 1
	medium@@
	large@@
)

var table@@ = map[string]int{"a": small@@, "b": medium@@, "c": large@@}

func classify@@(s Shape@@) (string, error) {
	switch area := s.Area(); {
	case area < 0:
		return "", fmt.Errorf("negative area %d of %s", area, s.Name())
	case area < 10:
		return "small", nil
	case area < 100:
		return "medium", nil
	}
	return "large", nil
}

func sum@@(values []int, weight func(int) int) int {
	total := 0
	for i, v := range values {
		if v%2 == 0 && i > 0 {
			total += weight(v) << 1
			continue
		}
		total -= v / (i + 1)
	}
	return total
}

func run@@(seed int) int {
	shapes := []Shape@@{
		&rect@@{w: seed % 7, h: 3, label: "one"},
		&rect@@{w: 12, h: seed % 11, label: "two", tags: []string{"x", "y"}},
	}
	counts := make(map[string]int)
	for _, s := range shapes {
		kind, err := classify@@(s)
		if err != nil {
			continue
		}
		counts[kind]++
	}
	ch := make(chan int, 4)
	go func() {
		for i := 0; i < 4; i++ {
			ch <- i * seed
		}
		close(ch)
	}()
	values := make([]int, 0, 4)
	for v := range ch {
		values = append(values, v)
	}
	var any@@ interface{} = values[0]
	if n, ok := any@@.(int); ok {
		seed += n
	}
	return sum@@(values, func(n int) int { return n + len(counts) + table@@["b"] + seed })
}
"#;
