//! What a program tells that ends by a deadlock, an uncaught panic or a signal: every goroutine with
//! what it waits for, since when, where it comes from, and who else has the channel.
//!
//! What this does not check: the values of panics, and traces of many forms of calls; the language
//! tests do that.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use support::{run, vo};

const MODES: [&str; 4] = [
    "--engine=jit",
    "--engine=interp",
    "--stress=suspend",
    "--stress=all",
];

/// Runs a program in a mode to its bad end; what it tells, with the file as `main.vo`.
fn told(source: &str, mode: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("main.vo");
    fs::write(&file, source).expect("it can be written");
    let path = file.to_str().expect("temporary paths are text");
    let outcome = run(&mut vo(["run", mode, path]));
    assert!(!outcome.timed_out, "{outcome:#?}");
    assert_eq!(outcome.status, Some(2), "{outcome:#?}");
    assert_eq!(outcome.stdout, "", "{outcome:#?}");
    outcome.stderr.replace(path, "main.vo")
}

#[track_caller]
fn expect(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
}

#[test]
fn a_panic_tells_where_its_goroutine_comes_from() {
    let source = "package main

func start() {
	go func(n int) {
		println(1 / n)
	}(0)
}

func main() {
	go start()
	select {}
}
";
    for mode in MODES {
        expect(
            &told(source, mode),
            &["panic: runtime error: integer divide by zero\n\n\
                 goroutine 3 [running]:\nmain.start.func1(...)\n\tmain.vo:5\n\
                 created by main.start in goroutine 2 at main.vo:4\n"],
        );
    }
}

/// What is started by a method value, a closure, an interface's method, a goroutine with a record
/// that is too large for a free list.
#[test]
fn every_form_of_go_is_told() {
    let form = |go: &str| {
        format!(
            "package main

type T struct{{ c chan int }}

func (t T) wait(n int) {{ <-t.c }}

type I interface{{ wait(n int) }}

type large struct{{ a, b, c, d, e, f, g, h [8]int }}

func wide(l large, c chan int) int {{ n := <-c; return n + l.a[1] + l.h[7] }}

func main() {{
	t := T{{make(chan int)}}
	var i I = t
	f, m := t.wait, T.wait
	_, _, _ = i, f, m
	{go}
	select {{}}
}}
"
        )
    };
    for go in [
        "go t.wait(1)",
        "go i.wait(1)",
        "go f(1)",
        "go m(t, 1)",
        "go func() { <-t.c }()",
        "go wide(large{}, t.c)",
    ] {
        for mode in MODES {
            expect(
                &told(&form(go), mode),
                &[
                    "\ngoroutine 2 [chan receive]:\n",
                    "created by main.main in goroutine 1 at main.vo:18\n",
                ],
            );
        }
    }
}

#[test]
fn goroutines_of_other_islands_come_from_their_maker() {
    let source = "package main

func far(back port<- int) {
	go func() {
		for {
			back <- 1
		}
	}()
	select {}
}

func main() {
	p := make(port int, 1)
	isl := make(island)
	go @(isl) far(p)
	select {}
}
";
    for mode in MODES {
        expect(
            &told(source, mode),
            &[
                "\ngoroutine 1 [select (no cases)]:\n",
                "\ngoroutine 2 of island 1 [select (no cases)]:\nmain.far(...)\n\tmain.vo:9\n\
                 created by main.main in goroutine 1 of island 0 at main.vo:15\n",
                "\ngoroutine 3 of island 1 [port send]:\n",
                "created by main.far in goroutine 2 at main.vo:4\n",
            ],
        );
    }
}

/// A channel may be had by a frame, through an object, by a variable of a package, by another
/// goroutine that waits for it; or by nobody. Native code knows which variables are still used.
#[test]
fn a_deadlock_tells_who_has_the_channel() {
    let source = "package main

type box struct{ c chan int }

var everybodys chan int

func has(b *box, never chan bool) {
	<-never
	b.c <- 1
}

func receive(c chan int) int { return <-c }

func main() {
	everybodys = make(chan int)
	boxed := make(chan int)
	go has(&box{boxed}, make(chan bool))
	go receive(boxed)
	go receive(everybodys)
	go func() {
		select {
		case <-boxed:
		case everybodys <- <-make(chan int):
		}
	}()
	select {}
}
";
    for mode in ["--engine=jit", "--stress=suspend", "--stress=all"] {
        let told = told(source, mode);
        expect(
            &told,
            &[
                "\ngoroutine 2 [chan receive]:\nmain.has(...)\n\tmain.vo:8\n\
                 created by main.main in goroutine 1 at main.vo:17\nnobody else has this channel\n",
                "created by main.main in goroutine 1 at main.vo:18\n\
                 goroutines 2, 5 also have this channel\n",
                "created by main.main in goroutine 1 at main.vo:19\n\
                 goroutine 5, variable main.everybodys also have this channel\n",
                "created by main.main in goroutine 1 at main.vo:20\nnobody else has this channel\n",
            ],
        );
    }
}

#[test]
fn a_port_is_had_on_other_islands() {
    let source = "package main

func send(to port<- int, go_on port<- port<- int) {
	mine := make(port int, 1)
	go_on <- mine
	<-mine
	to <- 1
}

func main() {
	p := make(port int, 1)
	q := make(port port<- int, 1)
	isl := make(island)
	go @(isl) send(p, q)
	theirs := <-q
	<-p
	theirs <- 1
}
";
    for mode in ["--engine=jit", "--stress=suspend", "--stress=all"] {
        expect(
            &told(source, mode),
            &[
                "\ngoroutine 1 [port receive]:\nmain.main(...)\n\tmain.vo:16\n\
                 goroutine 2 of island 1 also has this port\n",
                "\ngoroutine 2 of island 1 [port receive]:\nmain.send(...)\n\tmain.vo:6\n\
                 created by main.main in goroutine 1 of island 0 at main.vo:14\n\
                 goroutine 1 of island 0 also has this port\n",
            ],
        );
    }
}

#[test]
fn goroutines_that_are_alike_are_told_once() {
    let source = "package main

func main() {
	c := make(chan int)
	for range 1000 {
		go func() { c <- 1 }()
	}
	go func() { <-make(chan int) }()
	for range 3 {
		<-c
	}
}
";
    for mode in MODES {
        let told = told(source, mode);
        expect(
            &told,
            &[
                "fatal error: all goroutines are asleep - deadlock!\n\
                 main has ended, and these goroutines can never finish:\n",
                "created by main.main in goroutine 1 at main.vo:6\n",
                "and 996 goroutines like it: ",
                "created by main.main in goroutine 1 at main.vo:8\nnobody else has this channel\n",
            ],
        );
        assert_eq!(told.matches("\ngoroutine ").count(), 2, "{told}");
        assert_eq!(told.matches("main has ended").count(), 1);
    }
}

/// The clock of reports goes with a seed, too, and for waits that native code begins by itself.
#[test]
fn a_deadlock_tells_how_long_it_took() {
    let source = "package main

import \"time\"

func main() {
	c := make(chan int)
	go func() {
		for range c {
		}
	}()
	c <- 1
	c <- 2
	time.Sleep(1100 * time.Millisecond)
	<-make(chan int)
}
";
    for mode in ["--engine=jit", "--engine=interp", "--seed=7"] {
        let told = told(source, mode);
        expect(&told, &["\ngoroutine 2 [chan receive, ", " second"]);
    }
}

/// The program is stopped wherever it is, on all islands.
#[test]
fn quit_shows_those_that_run_and_those_that_wait() {
    let source = "package main

import \"time\"

func spin(n int) int {
	for {
		n++
		if n < 0 {
			return n
		}
	}
}

func main() {
	i, j := make(island), make(island)
	go @(i) spin(1)
	p := make(port bool, 1)
	go @(j) func(p port<- bool) {
		p <- true
		time.Sleep(time.Hour)
	}(p)
	<-p
	c := make(chan int)
	go func() { c <- spin(2) }()
	println(\"ready\")
	<-c
}
";
    for mode in ["--engine=jit", "--engine=interp"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("main.vo");
        fs::write(&file, source).expect("it can be written");
        let mut process = Command::new(env!("CARGO_BIN_EXE_vo"))
            .args(["run", mode, "--workers=3"])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().expect("piped"));
        output.read_line(&mut line).expect("it is written");
        assert_eq!(line, "ready\n");
        // It goes on to wait.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let id = process.id().to_string();
        let sent = Command::new("kill").args(["-QUIT", &id]).status();
        assert!(sent.expect("kill runs").success());
        let mut told = String::new();
        let mut errors = process.stderr.take().expect("piped");
        errors.read_to_string(&mut told).expect("it is text");
        let status = process.wait().expect("it ends");
        assert_eq!(status.code(), Some(2), "{told}");
        let path = file.to_str().expect("temporary paths are text");
        expect(
            &told.replace(path, "main.vo"),
            &[
                "SIGQUIT: quit\n\ngoroutine 1 [chan receive]:\nmain.main(...)\n\tmain.vo:",
                "\ngoroutine 2 [running]:\nmain.spin(...)\n",
                "created by main.main in goroutine 1 at main.vo:",
                "\ngoroutine 2 of island 1 [running]:\nmain.spin(...)\n",
                "created by main.main in goroutine 1 of island 0 at main.vo:16\n",
                "\ngoroutine 2 of island 2 [sleep",
            ],
        );
    }
}
