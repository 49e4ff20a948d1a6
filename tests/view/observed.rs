//! Profiles and traces of runs.

use crate::timeline;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Ran {
    status: Option<i32>,
    stdout: String,
    profile: Value,
    trace: Value,
}

/// Runs a program with a profile and a trace.
fn observe(source: &str, options: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("program.vo");
    std::fs::write(&file, source).expect("a file");
    observe_file(&file, folder.path(), options)
}

fn observe_file(file: &Path, folder: &Path, options: &[&str]) -> Ran {
    let path = |name: &str| -> PathBuf { folder.join(name) };
    let output = Command::new(env!("CARGO_BIN_EXE_vo"))
        .arg("run")
        .arg("--profile")
        .arg(path("profile.json"))
        .arg("--trace")
        .arg(path("trace.json"))
        .args(options)
        .arg(file)
        .output()
        .expect("vo can be started");
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(path(name)).expect("it was written");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{message}"))
    };
    Ran {
        status: output.status.code(),
        profile: read("profile.json"),
        trace: read("trace.json"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
    }
}

impl Ran {
    fn function(&self, name: &str) -> &Value {
        let functions = self.profile["functions"].as_array().expect("functions");
        let found = functions.iter().find(|function| function["name"] == name);
        found.expect("the function is in the profile")
    }

    /// The counts of a function's blocks, sorted.
    fn blocks(&self, name: &str) -> Vec<u64> {
        let blocks = self.function(name)["blocks"].as_array().expect("blocks");
        let mut counts: Vec<u64> = blocks.iter().filter_map(Value::as_u64).collect();
        counts.sort_unstable();
        counts
    }

    /// A field of all points of a function, added up.
    fn points(&self, name: &str, field: &str) -> u64 {
        let points = self.function(name)["points"].as_array().expect("points");
        points
            .iter()
            .filter_map(|point| point[field].as_u64())
            .sum()
    }

    /// The goroutines parked at any point of a function: island and number.
    fn parked(&self, name: &str) -> Vec<(u64, u64)> {
        let points = self.function(name)["points"].as_array().expect("points");
        let all = points
            .iter()
            .flat_map(|point| point["parked"].as_array().expect("a list"));
        let number = |value: &Value| value.as_u64().expect("a number");
        let mut parked: Vec<_> = all
            .map(|who| (number(&who["island"]), number(&who["number"])))
            .collect();
        parked.sort_unstable();
        parked
    }

    fn events(&self, phase: &str) -> Vec<&Value> {
        let events = self.trace["traceEvents"].as_array().expect("events");
        events.iter().filter(|event| event["ph"] == phase).collect()
    }
}

#[test]
fn blocks_are_counted_exactly() {
    let ran = observe(
        "package main\nfunc sum(n int) int {\n\tt := 0\n\tfor i := 0; i < n; i++ {\n\t\t\
         if i%2 == 0 {\n\t\t\tt += i\n\t\t}\n\t}\n\treturn t\n}\n\
         func main() { println(sum(10) + sum(4)) }\n",
        &[],
    );
    assert_eq!(ran.stdout, "22\n");
    // Entry and exit once for each call, the header once more than the body, the body, the arm,
    // the end of the body.
    assert_eq!(ran.blocks("main.sum"), [2, 2, 7, 14, 14, 16]);
}

#[test]
fn waits_are_timed_and_counted() {
    let ran = observe(
        "package main\nimport \"time\"\nfunc nap() { time.Sleep(30 * time.Millisecond) }\n\
         func wait(c chan int) int { return <-c }\n\
         func main() {\n\tc := make(chan int)\n\tgo func() { nap(); c <- 7 }()\n\
         \tprintln(wait(c))\n}\n",
        &[],
    );
    assert_eq!(ran.stdout, "7\n");
    assert!(ran.points("main.wait", "waited_ns") >= 30_000_000);
    assert!(ran.points("main.wait", "suspensions") >= 1);
    assert!(ran.function("main.wait")["captures"].as_u64() >= Some(1));
    // The caller is captured, too, but the wait is its callee's.
    assert!(ran.function("main.main")["captures"].as_u64() >= Some(1));
    assert!(ran.points("main.main", "waited_ns") < 30_000_000);
}

#[test]
fn goroutines_that_stay_are_parked() {
    let ran = observe(
        "package main\nfunc stay(c chan int) { <-c }\nfunc main() {\n\tc := make(chan int)\n\
         \tgo stay(c)\n\tgo stay(c)\n\td := make(chan int)\n\tgo func() { d <- 1 }()\n\t<-d\n}\n",
        &["--main-exit", "go"],
    );
    assert_eq!(ran.status, Some(0));
    assert_eq!(ran.parked("main.stay").len(), 2);
    assert!(
        ran.points("main.stay", "waited_ns") > 0,
        "they have waited until the end"
    );
    timeline::check(&ran.trace);
}

/// Four islands count together, each block as often as it ran on all of them, and each goroutine
/// belongs to its own island.
#[test]
fn islands_are_counted_together_and_told_apart() {
    let ran = observe(
        "package main\n\
         func step(i int) int {\n\tif i%4 == 0 {\n\t\treturn 1\n\t}\n\treturn 0\n}\n\
         func stay(c chan int) { <-c }\n\
         func work(n int, out port<- int) {\n\tc := make(chan int)\n\tgo stay(c)\n\
         \tsum := 0\n\tfor i := 0; i < n; i++ {\n\t\tsum += step(i)\n\t}\n\tout <- sum\n}\n\
         func main() {\n\tout := make(port int, 1)\n\tvar all []island\n\
         \tfor i := 0; i < 3; i++ {\n\t\tisl := make(island)\n\t\tall = append(all, isl)\n\
         \t\tgo @(isl) work(20000, out)\n\t}\n\tsum := 0\n\
         \tfor i := 0; i < 3; i++ { sum += <-out }\n\tprintln(sum, len(all))\n}\n",
        &["--workers", "4", "--main-exit", "go"],
    );
    assert_eq!(ran.stdout, "15000 3\n");
    assert_eq!(ran.blocks("main.step"), [15_000, 45_000, 60_000]);
    let islands: BTreeSet<u64> = ran.parked("main.stay").iter().map(|who| who.0).collect();
    assert_eq!(islands, BTreeSet::from([1, 2, 3]));
    timeline::check(&ran.trace);
    let processes: BTreeSet<u64> = (ran.events("X").iter())
        .filter_map(|slice| slice["pid"].as_u64())
        .collect();
    assert_eq!(processes, BTreeSet::from([1, 2, 3, 4]));
    let names: BTreeSet<&str> = (ran.events("M").iter())
        .filter(|event| event["name"] == "process_name")
        .filter_map(|event| event["args"]["name"].as_str())
        .collect();
    let wanted = ["main island", "island 1", "island 2", "island 3"];
    assert_eq!(names, BTreeSet::from(wanted));
}

#[test]
fn a_trace_has_goroutines_waits_wakes_and_collections() {
    let ran = observe(
        "package main\nfunc main() {\n\tc := make(chan []int)\n\tgo func() {\n\
         \t\tfor i := 0; i < 50; i++ { c <- make([]int, 10) }\n\t\tclose(c)\n\t}()\n\
         \tn := 0\n\tfor s := range c { n += len(s) }\n\tprintln(n)\n}\n",
        &["--stress", "gc"],
    );
    assert_eq!(ran.stdout, "500\n");
    timeline::check(&ran.trace);
    let slices = ran.events("X");
    let name = |slice: &&Value| slice["name"].as_str().map(str::to_owned);
    let names: Vec<String> = slices.iter().filter_map(name).collect();
    for wanted in ["main.main", "main.main.func1", "collection"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted}");
    }
    assert!(
        names
            .iter()
            .any(|name| name.starts_with("waits: ChanRecv in main.main"))
    );
    assert!(!ran.events("s").is_empty(), "somebody was woken");
    let named: Vec<_> = ran.events("M");
    assert!(
        named
            .iter()
            .any(|event| event["args"]["name"] == "main island")
    );
}

#[test]
fn observed_programs_write_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in [
        "pipeline",
        "worker_pool",
        "tree_walk",
        "fan_in",
        "shapes",
        "bank",
    ] {
        for options in [&[][..], &["--stress", "suspend"], &["--stress", "preempt"]] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = root.join(format!("examples/{name}.vo"));
            let ran = observe_file(&file, folder.path(), options);
            let expected = std::fs::read_to_string(file.with_extension("out")).expect("its output");
            assert_eq!(ran.stdout, expected, "{name} {options:?}");
            assert_eq!(ran.status, Some(0));
        }
    }
}

#[test]
fn what_cannot_be_observed_or_written_is_refused() {
    let vo = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_vo"))
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("vo can be started");
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(output.stdout.is_empty(), "the program does not run");
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    let program = "examples/hello.vo";
    let message = vo(&["run", "--profile", "/nowhere/p.json", program]);
    assert!(
        message.contains("cannot write /nowhere/p.json"),
        "{message}"
    );
    let message = vo(&["run", "--engine", "interp", "--trace", "t.json", program]);
    assert!(message.contains("not of the interpreter"), "{message}");
}
