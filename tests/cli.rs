//! The command `vo` at its edges: bad input, limits, exit statuses, streams. Bad input never
//! shows a Rust panic, which would end with status 101.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use support::{Outcome, run, vo};
use tempfile::TempDir;
use tinyjson::JsonValue;

const PRIMES: &str = "examples/prime_sieve.vo";

/// Status of a program that does not compile or cannot be read.
const FAILED: i32 = 1;
/// Status after a panic, a deadlock, a fatal error, and for wrong usage.
const ENDED_BADLY: i32 = 2;

/// A folder for a test's files; removed behind it.
struct Files(TempDir);

impl Files {
    fn new() -> Files {
        Files(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("temporary files can be written");
        path
    }
}

fn ran(args: &[&str]) -> Outcome {
    run(&mut vo(args))
}

/// Runs a program from its source.
fn run_source(source: &str, options: &[&str]) -> Outcome {
    let files = Files::new();
    let file = files.write("main.vo", source);
    let mut args = vec!["run", as_str(&file)];
    args.extend(options);
    ran(&args)
}

fn as_str(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

#[track_caller]
fn expect(outcome: &Outcome, status: i32, stderr: &[&str]) {
    assert!(!outcome.timed_out, "{outcome:#?}");
    assert_eq!(outcome.status, Some(status), "{outcome:#?}");
    for text in stderr {
        assert!(outcome.stderr.contains(text), "no {text:?} in {outcome:#?}");
    }
    assert!(
        !outcome.stderr.contains("RUST_BACKTRACE"),
        "a Rust panic: {outcome:#?}"
    );
}

/// The bytecode module of a program.
fn built(files: &Files, source: &str) -> PathBuf {
    let module = files.path("main.vob");
    let outcome = ran(&["build", source, "-o", as_str(&module)]);
    expect(&outcome, 0, &[]);
    module
}

#[test]
fn missing_file() {
    for command in ["run", "check", "dump"] {
        for name in ["no/such.vo", "no/such.vob", "no/such.vot"] {
            let outcome = ran(&[command, name]);
            expect(&outcome, FAILED, &[]);
            let plain =
                format!("error: cannot read {name}: No such file or directory (os error 2)\n");
            assert_eq!(outcome.stderr, plain);
        }
    }
}

#[test]
fn folder_without_sources() {
    let files = Files::new();
    files.write("main_test.vo", "package main\n");
    files.write("_draft.vo", "package main\n");
    for command in ["run", "check", "dump"] {
        let outcome = ran(&[command, as_str(files.0.path())]);
        expect(
            &outcome,
            FAILED,
            &["error[E0133]: no .vo files in", as_str(files.0.path())],
        );
    }
}

/// A project: a program in a folder of its own, and packages relative to the root.
fn project() -> Files {
    let files = Files::new();
    for folder in ["cmd/tool", "geo/flat"] {
        fs::create_dir_all(files.path(folder)).expect("temporary folders can be made");
    }
    files.write("vo.mod", "module example.com/demo\n");
    files.write(
        "cmd/tool/main.vo",
        "package main\n\nimport \"example.com/demo/geo\"\nimport \"geo/flat\"\n\n\
         func main() {\n\tprintln(geo.Side, flat.Area())\n\tflat.Fail(nil)\n}\n",
    );
    files.write("geo/geo.vo", "package geo\n\nconst Side = 3\n");
    files.write(
        "geo/flat/flat.vo",
        "package flat\n\nimport \"geo\"\n\nfunc Area() int { return geo.Side * geo.Side }\n\n\
         func Fail(a []int) int {\n\treturn a[2]\n}\n",
    );
    files
}

#[test]
fn project_with_its_root_above_the_program() {
    let files = project();
    let outcome = run(vo(["run", "cmd/tool"]).current_dir(files.0.path()));
    let trace = [
        "geo/flat.Fail(...)",
        "geo/flat/flat.vo:8",
        "main.main(...)",
        "cmd/tool/main.vo:8",
    ];
    expect(&outcome, ENDED_BADLY, &trace);
    assert_eq!(outcome.stdout, "3 9\n");
    // From elsewhere, and as a single file: the root is found all the same.
    for program in ["cmd/tool", "cmd/tool/main.vo"] {
        let outcome = ran(&["run", as_str(&files.path(program))]);
        expect(&outcome, ENDED_BADLY, &["geo/flat/flat.vo:8"]);
        assert_eq!(outcome.stdout, "3 9\n");
    }
}

#[test]
fn module_of_a_folder() {
    let files = project();
    let built = run(vo(["build", "cmd/tool", "-o", "tool.vob"]).current_dir(files.0.path()));
    expect(&built, 0, &[]);
    let outcome = run(vo(["run", "tool.vob"]).current_dir(files.0.path()));
    expect(&outcome, ENDED_BADLY, &["geo/flat/flat.vo:8"]);
    assert_eq!(outcome.stdout, "3 9\n");
}

#[test]
fn library_is_checked_but_not_run() {
    let files = project();
    expect(&ran(&["check", as_str(&files.path("geo/flat"))]), 0, &[]);
    let outcome = ran(&["run", as_str(&files.path("geo"))]);
    expect(
        &outcome,
        FAILED,
        &["error[E0130]: package geo is not a program"],
    );
}

#[test]
fn long_chain_of_imports() {
    const LENGTH: usize = 3000;
    let files = Files::new();
    for at in 0..LENGTH {
        let folder = files.path(&format!("p{at}"));
        fs::create_dir(&folder).expect("temporary folders can be made");
        let (import, value) = match at + 1 {
            LENGTH => (String::new(), "1".to_owned()),
            next => (format!("import \"p{next}\"\n"), format!("p{next}.F() + 1")),
        };
        let text = format!("package p{at}\n{import}func F() int {{ return {value} }}\n");
        fs::write(folder.join("a.vo"), text).expect("temporary files can be written");
    }
    files.write(
        "main.vo",
        "package main\nimport \"p0\"\nfunc main() { println(p0.F()) }\n",
    );
    let outcome = ran(&["run", as_str(files.0.path())]);
    expect(&outcome, 0, &[]);
    assert_eq!(outcome.stdout, format!("{LENGTH}\n"));
}

#[test]
fn unreadable_text() {
    let files = Files::new();
    for name in ["main.vo", "main.vot"] {
        let file = files.write(name, b"func main() { println(\"\xff\xfe\") }");
        expect(&ran(&["run", as_str(&file)]), FAILED, &[name, "UTF-8"]);
    }
}

#[test]
fn syntax_error_tells_the_place() {
    let outcome = run_source("package main\n\nfunc main() {\n\tx := := 1\n}\n", &[]);
    expect(&outcome, FAILED, &["error", "main.vo:4:7"]);
}

#[test]
fn empty_program() {
    expect(&run_source("", &[]), FAILED, &["main"]);
}

#[test]
fn wrong_usage() {
    let cases: &[(&[&str], &str)] = &[
        (&["run", PRIMES, "--such"], "--such"),
        (&["run", PRIMES, "--engine=llvm"], "llvm"),
        (&["run", PRIMES, "--stress=rain"], "rain"),
        (&["run", PRIMES, "--max-heap=3X"], "3X"),
        (&["run", PRIMES, "--max-heap=99999999999G"], "too large"),
        (&["run"], "FILE"),
        (&["walk"], "walk"),
        (&[], "Usage"),
    ];
    for (args, text) in cases {
        expect(&ran(args), ENDED_BADLY, &[text]);
    }
}

#[test]
fn module_gives_the_program_s_output() {
    let files = Files::new();
    let module = built(&files, PRIMES);
    let (from_module, from_source) = (ran(&["run", as_str(&module)]), ran(&["run", PRIMES]));
    expect(&from_module, 0, &[]);
    assert_eq!(from_module.stdout, from_source.stdout);
}

#[test]
fn dump_gives_the_program_s_output() {
    let files = Files::new();
    for example in [
        "examples/prime_sieve.vo",
        "examples/bank.vo",
        "examples/shapes.vo",
    ] {
        let dump = ran(&["dump", example]);
        expect(&dump, 0, &[]);
        let file = files.write("main.vot", &dump.stdout);
        let (from_text, from_source) = (ran(&["run", as_str(&file)]), ran(&["run", example]));
        expect(&from_text, 0, &[]);
        assert_eq!(from_text.stdout, from_source.stdout);
        // The text form of the text form is the same.
        assert_eq!(ran(&["dump", as_str(&file)]).stdout, dump.stdout);
    }
}

#[test]
fn text_module_with_errors() {
    let files = Files::new();
    let cases = [
        ("func main.main() {\n  Fly %0\n}\nentry main.main\n", "2:3"),
        (
            "func main.main() {\n  Const %7, 1\n  Return []\n}\nentry main.main\n",
            "main.main",
        ),
        ("func main.main() {\n  Return []\n}\n", "no entry"),
        ("func main.main() {", "1:"),
    ];
    for (text, message) in cases {
        let file = files.write("main.vot", text);
        expect(
            &ran(&["run", as_str(&file)]),
            FAILED,
            &["main.vot", message],
        );
    }
}

#[test]
fn damaged_modules() {
    let files = Files::new();
    let bytes = fs::read(built(&files, "examples/hello.vo")).expect("the module was written");
    const HEADER: usize = 32;
    const SAMPLES: usize = 96;
    let step = (bytes.len() / SAMPLES).max(1);
    let positions = (0..HEADER).chain((HEADER..bytes.len()).step_by(step));
    for (number, position) in positions.enumerate() {
        let mut damaged = bytes.clone();
        damaged[position] ^= [0x01, 0x80, 0xff, 0x10][number % 4];
        let file = files.write("damaged.vob", damaged);
        let outcome = ran(&["run", as_str(&file)]);
        assert_eq!(
            outcome.status,
            Some(FAILED),
            "byte {position} changed: {outcome:#?}"
        );
        expect(&outcome, FAILED, &["damaged.vob"]);
    }
    for length in (0..HEADER).chain((HEADER..bytes.len()).step_by(step * 4)) {
        let file = files.write("short.vob", &bytes[..length]);
        let outcome = ran(&["run", as_str(&file)]);
        assert_eq!(
            outcome.status,
            Some(FAILED),
            "cut to {length} bytes: {outcome:#?}"
        );
    }
    let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
    let file = files.write("long.vob", longer);
    expect(&ran(&["run", as_str(&file)]), FAILED, &["long.vob"]);
}

#[test]
fn exit_status_is_the_program_s() {
    for engine in ["--engine=jit", "--engine=interp"] {
        let source =
            "package main\n\nimport \"os\"\n\nfunc main() {\n\tprint(\"out\")\n\tos.Exit(3)\n}\n";
        expect(&run_source(source, &[engine]), 3, &[]);
    }
}

#[test]
fn arguments_reach_the_program() {
    let source = "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\
                  \tfmt.Println(os.Args[1:])\n}\n";
    let outcome = run_source(source, &["--", "one", "--two"]);
    expect(&outcome, 0, &[]);
    assert_eq!(outcome.stdout, "[one --two]\n");
}

#[test]
fn panic_tells_value_and_trace() {
    let source = "package main\n\nfunc deep(n int) {\n\tif n == 0 {\n\t\tpanic(\"too deep\")\n\t}\n\
                  \tdeep(n - 1)\n}\n\nfunc main() {\n\tdeep(2)\n}\n";
    for engine in ["--engine=jit", "--engine=interp"] {
        let outcome = run_source(source, &[engine]);
        let wanted = [
            "panic: too deep",
            "goroutine 1",
            "main.vo:5",
            "main.vo:7",
            "main.vo:11",
        ];
        expect(&outcome, ENDED_BADLY, &wanted);
    }
}

#[test]
fn deadlock_tells_who_waits_where() {
    let source = "package main\n\nfunc main() {\n\tc := make(chan int)\n\t<-c\n}\n";
    for engine in ["--engine=jit", "--engine=interp"] {
        let outcome = run_source(source, &[engine]);
        expect(
            &outcome,
            ENDED_BADLY,
            &["deadlock", "goroutine 1 [chan receive]", "main.vo:5"],
        );
    }
}

#[test]
fn heap_limit() {
    let source = "package main\n\ntype node struct {\n\tnext *node\n\tdata [100]int\n}\n\n\
                  func main() {\n\tvar all *node\n\tfor {\n\t\tall = &node{next: all}\n\t}\n}\n";
    for engine in ["--engine=jit", "--engine=interp"] {
        let outcome = run_source(source, &[engine, "--max-heap=16M"]);
        expect(&outcome, ENDED_BADLY, &["out of memory", "main.vo:11"]);
    }
}

#[test]
fn stack_limit() {
    let source = "package main\n\nfunc f(n int) int {\n\treturn f(n+1) + 1\n}\n\n\
                  func main() {\n\tprintln(f(0))\n}\n";
    for engine in ["--engine=jit", "--engine=interp"] {
        let outcome = run_source(source, &[engine, "--max-stack=64M"]);
        expect(&outcome, ENDED_BADLY, &["stack overflow", "main.vo:4"]);
    }
    // The collector meets the goroutine that overflows.
    let outcome = run_source(source, &["--stress=gc", "--max-stack=64K"]);
    expect(&outcome, ENDED_BADLY, &["stack overflow", "main.vo:4"]);
}

/// A stack that is captured at every level is never deep on the native side.
#[test]
fn stack_limit_of_frames_that_wait() {
    let source = "package main\n\nfunc f(c chan int, n int) int {\n\tc <- n\n\treturn f(c, n+1) + 1\n}\n\n\
                  func main() {\n\tc := make(chan int)\n\tgo func() {\n\t\tfor range c {\n\t\t}\n\t}()\n\
                  \tprintln(f(c, 0))\n}\n";
    for engine in ["--engine=jit", "--engine=interp"] {
        let outcome = run_source(source, &[engine, "--max-stack=4M"]);
        expect(&outcome, ENDED_BADLY, &["stack overflow", "main.vo:5"]);
    }
}

#[test]
fn goroutine_limit() {
    let source = "package main\n\nfunc main() {\n\tc := make(chan int)\n\
                  \tfor i := 0; i < 1000; i++ {\n\t\tgo func() { c <- i }()\n\t}\n\
                  \tfor i := 0; i < 1000; i++ {\n\t\t<-c\n\t}\n}\n";
    for engine in ["--engine=jit", "--engine=interp"] {
        let outcome = run_source(source, &[engine, "--max-goroutines=100"]);
        expect(&outcome, ENDED_BADLY, &["too many goroutines", "main.vo:6"]);
        expect(
            &run_source(source, &[engine, "--max-goroutines=1001"]),
            0,
            &[],
        );
    }
}

#[test]
fn stats_are_json() {
    let outcome = ran(&["run", PRIMES, "--stats"]);
    expect(&outcome, 0, &[]);
    let last = outcome.stderr.lines().last().expect("a line");
    let stats: JsonValue = last.parse().expect("JSON");
    let names = "functions functions_native resume_points resume_functions suspensions switches \
                 spawns collections peak_heap_bytes compile_ms";
    for name in names.split(' ') {
        assert!(stats[name].is_number(), "no number {name} in {last}");
    }
}

#[test]
fn seed_makes_a_run_repeatable() {
    let source = "package main\n\nfunc main() {\n\ta, b := make(chan int, 64), make(chan int, 64)\n\
                  \tfor i := 0; i < 64; i++ {\n\t\ta <- i\n\t\tb <- -i\n\t}\n\
                  \tfor i := 0; i < 64; i++ {\n\t\tselect {\n\t\tcase x := <-a:\n\t\t\tprintln(x)\n\
                  \t\tcase x := <-b:\n\t\t\tprintln(x)\n\t\t}\n\t}\n}\n";
    let with = |seed: &str, engine: &str| {
        let outcome = run_source(source, &["--seed", seed, engine]);
        expect(&outcome, 0, &[]);
        outcome.stderr + &outcome.stdout
    };
    assert_eq!(with("7", "--engine=jit"), with("7", "--engine=jit"));
    assert_eq!(with("7", "--engine=jit"), with("7", "--engine=interp"));
    assert_ne!(with("7", "--engine=jit"), with("8", "--engine=jit"));
}

/// With a seed the clock preempts nobody, but it ends the program.
#[test]
fn seed_and_time_limit() {
    let source = "func main() {\n\tfor i := 0; i >= 0; i++ {\n\t}\n}\n";
    for engine in ["--engine=jit", "--engine=interp"] {
        let outcome = run_source(source, &[engine, "--seed=7", "--max-time=0.2"]);
        expect(&outcome, ENDED_BADLY, &["time limit of 200ms reached"]);
    }
}

/// A program that computes shows what it has written before.
#[test]
fn output_of_a_busy_program() {
    let files = Files::new();
    let source = "import \"time\"
func main() {
	println(\"ready\")
	for start := time.Now(); time.Since(start) < time.Minute; {
	}
}
";
    let file = files.write("main.vo", source);
    for mode in ["--engine=jit", "--engine=interp", "--seed=7"] {
        let mut child = vo(["run", mode, as_str(&file)])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command vo can be started");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        output.read_line(&mut line).expect("it is text");
        assert_eq!(line, "ready\n", "{mode}");
        let status = child.try_wait().expect("a child can be asked");
        assert_eq!(status, None, "{mode}: it runs on");
        child.kill().expect("it can be ended");
        child.wait().expect("a child can be waited for");
    }
}

#[test]
fn reader_that_leaves_early() {
    let mut child = vo(["run", PRIMES])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command vo can be started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("a child can be waited for");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | FAILED)),
        "{output:?}"
    );
    assert!(!stderr.contains("RUST_BACKTRACE"), "{stderr}");
}

/// Whatever a command writes, whoever reads it may have gone: that is no fault, and nobody is left to be told.
#[test]
fn nobody_reads() {
    let (files, package) = (Files::new(), tested());
    let bad = files.write("bad.vo", "func main() { x }\n");
    let good = files.write("good.vo", "func main() {\nprintln( 1 )}\n");
    let (bad, good, folder) = (as_str(&bad), as_str(&good), as_str(package.0.path()));
    let commands: [(&[&str], i32); 9] = [
        (&["check", bad], FAILED),
        (&["check", "--message-format=json", bad], FAILED),
        (&["run", bad], FAILED),
        // The program itself finds that it cannot write.
        (&["run", "--stats", PRIMES], FAILED),
        (&["fmt", good], 0),
        (&["fmt", bad, "/no/such/file"], FAILED),
        (&["fmt", "-d", good], 0),
        (&["dump", PRIMES], 0),
        (&["test", "-v", folder], FAILED),
    ];
    for (arguments, status) in commands {
        // A pipe that nobody reads, in place of both outputs.
        let closed = || {
            let (reader, writer) = std::io::pipe().expect("there are pipes");
            drop(reader);
            writer
        };
        let ended = vo(arguments.iter().copied())
            .stdout(closed())
            .stderr(closed())
            .status()
            .expect("the command vo can be started");
        assert_eq!(ended.code(), Some(status), "{arguments:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn full_disk() {
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full is there");
    let output = vo(["run", PRIMES])
        .stdout(full)
        .output()
        .expect("vo can be started");
    assert_eq!(output.status.code(), Some(FAILED), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("cannot write the output"), "{stderr}");
}

#[test]
fn no_colour_where_nobody_looks() {
    let files = Files::new();
    let file = files.write("main.vo", "package main\n\nfunc main() { x }\n");
    for no_colour in [None, Some("1")] {
        let mut command = vo(["check", as_str(&file)]);
        if let Some(value) = no_colour {
            command.env("NO_COLOR", value);
        }
        let outcome = run(&mut command);
        expect(&outcome, FAILED, &["main.vo:3"]);
        assert!(!outcome.stderr.contains('\u{1b}'), "{:?}", outcome.stderr);
    }
}

#[test]
fn check_says_nothing_of_a_good_program() {
    let outcome = ran(&["check", PRIMES]);
    expect(&outcome, 0, &[]);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
}

#[test]
fn build_into_nowhere() {
    let outcome = ran(&["build", PRIMES, "-o", "/no/such/folder/main.vob"]);
    expect(
        &outcome,
        FAILED,
        &["cannot write", "/no/such/folder/main.vob"],
    );
}

/// A package with tests that pass, fail and are skipped.
fn tested() -> Files {
    let files = Files::new();
    files.write(
        "calc.vo",
        "package calc\n\nfunc add(a, b int) int { return a + b }\n",
    );
    files.write(
        "calc_test.vo",
        "package calc\n\nimport \"testing\"\n\n\
         func TestAdd(t *testing.T) {\n\tif add(1, 2) != 3 {\n\t\tt.Error(\"bad\")\n\t}\n}\n\n\
         func TestSub(t *testing.T) {\n\tt.Run(\"one case\", func(t *testing.T) {\n\
         \t\tt.Cleanup(func() { t.Log(\"cleaned\") })\n\t\tt.Fatalf(\"fatal %d\", 7)\n\
         \t\tt.Error(\"not reached\")\n\t})\n}\n\n\
         func TestSkip(t *testing.T) { t.Skip(\"not today\") }\n\n\
         func Testing(t *testing.T) { t.Error(\"not a test\") }\n",
    );
    files
}

#[test]
fn tests_that_fail() {
    let files = tested();
    let outcome = ran(&["test", as_str(files.0.path())]);
    expect(&outcome, FAILED, &[]);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(lines[0].starts_with("--- FAIL: TestSub ("), "{outcome:#?}");
    assert!(
        lines[1].starts_with("    --- FAIL: TestSub/one_case ("),
        "{outcome:#?}"
    );
    assert_eq!(
        lines[2..5],
        [
            "        calc_test.vo:14: fatal 7",
            "        calc_test.vo:13: cleaned",
            "FAIL"
        ],
        "{outcome:#?}"
    );
    assert!(lines[5].starts_with("FAIL\t"), "{outcome:#?}");
    assert_eq!(lines.len(), 6, "{outcome:#?}");
}

#[test]
fn tests_by_name() {
    let files = tested();
    for run in ["-run=Add|Skip", "--run=TestSub/two"] {
        let outcome = ran(&["test", "-v", run, as_str(files.0.path())]);
        expect(&outcome, 0, &[]);
        assert!(outcome.stdout.contains("\nok  \t"), "{outcome:#?}");
        assert!(!outcome.stdout.contains("fatal"), "{outcome:#?}");
    }
    let outcome = ran(&["test", "-v", "-run", "Skip", as_str(files.0.path())]);
    assert!(
        outcome.stdout.contains("--- SKIP: TestSkip ("),
        "{outcome:#?}"
    );
}

#[test]
fn tests_that_do_not_compile() {
    let files = Files::new();
    let file = files.write("a_test.vo", "package a\n\nfunc TestX(t *testing.T) {}\n");
    let outcome = ran(&["test", as_str(&file)]);
    expect(&outcome, FAILED, &["add `import \"testing\"`"]);
    assert!(outcome.stdout.contains("[build failed]"), "{outcome:#?}");
}

#[test]
fn errors_as_json() {
    let files = Files::new();
    let file = files.write("main.vo", "func main() {\n\tx := 1\n\ty()\n}\n");
    let outcome = ran(&["check", "--message-format=json", as_str(&file)]);
    expect(&outcome, FAILED, &[]);
    let found: Vec<(String, f64)> = outcome
        .stdout
        .lines()
        .map(|line| {
            let value: JsonValue = line.parse().expect("each line is JSON");
            let id = value["id"].get::<String>().expect("ids are text").clone();
            (id, *value["line"].get::<f64>().expect("lines are numbers"))
        })
        .collect();
    assert_eq!(
        found,
        [("E0103".into(), 2.0), ("E0101".into(), 3.0)],
        "{outcome:#?}"
    );
}

#[test]
fn errors_are_explained() {
    let files = Files::new();
    let file = files.write("main.vo", "func main() {\n\tx := 1\n}\n");
    let hint = "\nmore about an error: vo explain E0103\n";
    expect(&ran(&["check", as_str(&file)]), FAILED, &[hint]);
    let outcome = ran(&["explain", "e0103"]);
    expect(&outcome, 0, &[]);
    for part in [
        "E0103\n\nA local variable",
        "\nWrong:\n\n    func main() {\n",
        "\nRight:\n",
    ] {
        assert!(outcome.stdout.contains(part), "no {part:?} in {outcome:#?}");
    }
    let list = ran(&["explain"]);
    expect(&list, 0, &[]);
    let line = "\nE0103  A local variable is declared whose value nothing uses.\n";
    assert!(list.stdout.contains(line), "{list:#?}");
    for code in ["E0000", "103", ""] {
        expect(&ran(&["explain", code]), 2, &["there is no such code"]);
    }
}

#[test]
fn formatting() {
    let files = Files::new();
    let file = files.write("main.vo", "func main() {\nx:=1\nprintln( x )}\n");
    let formatted = "func main() {\n\tx := 1\n\tprintln(x)\n}\n";
    let name = as_str(&file);
    assert_eq!(ran(&["fmt", name]).stdout, formatted);
    assert_eq!(ran(&["fmt", "-l", name]).stdout, format!("{name}\n"));
    assert!(ran(&["fmt", "-d", name]).stdout.contains("\n-x:=1\n"));
    expect(&ran(&["fmt", "-w", as_str(files.0.path())]), 0, &[]);
    assert_eq!(
        fs::read_to_string(&file).expect("the file is there"),
        formatted
    );
    assert_eq!(ran(&["fmt", "-l", name]).stdout, "");
    let broken = files.write("broken.vo", "func {\n");
    expect(&ran(&["fmt", as_str(&broken)]), FAILED, &["error[E00"]);
}
