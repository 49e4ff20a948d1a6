//! Pairs of operations that wait, within a deferred call.

use super::IMPORTS;

/// An operation that waits, with what the other side does meanwhile, and what it prints; `c` is a
/// channel of integers, `p` a port of integers.
pub struct Wait {
    pub name: &'static str,
    waits: &'static str,
    peer: &'static str,
    prints: &'static str,
}

pub const WAITS: &[Wait] = &[
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
pub fn pair(first: &Wait, second: &Wait) -> (String, String) {
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
