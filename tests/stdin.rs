//! Standard input: whoever reads it waits, and the others go on.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

const PROGRAM: &str = r#"
import (
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	lines := make(chan string)
	go func() {
		buf := make([]byte, 100)
		for {
			n, err := os.Stdin.Read(buf)
			if err == io.EOF {
				close(lines)
				return
			}
			lines <- string(buf[:n])
		}
	}()
	ticks := 0
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				fmt.Println("end")
				return
			}
			fmt.Printf("got %q\n", line)
		case <-time.After(time.Millisecond):
			ticks++
			if ticks == 5 {
				fmt.Println("still running")
			}
		}
	}
}
"#;

#[test]
fn a_goroutine_waits_for_input_and_its_worker_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("main.vo");
    std::fs::write(&file, PROGRAM).expect("written");
    for engine in ["jit", "interp"] {
        let mut process = Command::new(env!("CARGO_BIN_EXE_vo"))
            .args(["run", "--engine", engine])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut input = process.stdin.take().expect("piped");
        let mut output = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("read");
        assert_eq!(line, "still running\n");
        for text in ["one\n", "two"] {
            input.write_all(text.as_bytes()).expect("written");
            let mut line = String::new();
            output.read_line(&mut line).expect("read");
            assert_eq!(line, format!("got {text:?}\n"));
        }
        drop(input);
        let mut rest = String::new();
        output.read_to_string(&mut rest).expect("read");
        assert_eq!(rest, "end\n");
        assert!(process.wait().expect("it ends").success());
    }
}
