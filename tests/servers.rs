//! Servers in Vo, driven by real clients over TCP: many connections, a browser's kind of requests,
//! broken clients.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A server that runs as long as this lives.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(example: &str, options: &[&str]) -> Server {
        let file = format!("{}/examples/{example}.vo", env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(env!("CARGO_BIN_EXE_vo"))
            .arg("run")
            .args(options)
            .args([&file, "--", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output is piped");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("its output can be read");
        let address = line
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("it said {line:?}"));
        Server {
            address: address.trim().to_owned(),
            process,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it accepts");
        let limit = Some(Duration::from_secs(60));
        stream.set_read_timeout(limit).expect("a timeout");
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; that is what the test then says.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn echo(stream: &mut TcpStream, text: &[u8]) -> io::Result<bool> {
    stream.write_all(text)?;
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back)?;
    Ok(back == text)
}

const ENGINES: [&[&str]; 3] = [&[], &["--engine", "interp"], &["--stress", "suspend,stack"]];

#[test]
fn echo_on_a_thousand_connections() {
    for options in ENGINES {
        let server = Server::start("tcp_echo", options);
        let mut open: Vec<_> = (0..1000).map(|_| server.connect()).collect();
        for round in 0..3u32 {
            // All write before any reads.
            for (number, stream) in open.iter_mut().enumerate() {
                let text = (number as u32 * 7 + round).to_be_bytes();
                stream.write_all(&text).expect("written");
            }
            for (number, stream) in open.iter_mut().enumerate() {
                let mut back = [0; 4];
                stream.read_exact(&mut back).expect("read");
                assert_eq!(u32::from_be_bytes(back), number as u32 * 7 + round);
            }
        }
    }
}

#[test]
fn echo_of_much() {
    let server = Server::start("tcp_echo", &[]);
    let mut stream = server.connect();
    let mut writer = stream.try_clone().expect("a second handle");
    let text: Vec<u8> = (0..8u32 << 20).map(|at| ((at * 31) >> 3) as u8).collect();
    let sent = text.clone();
    let thread = thread::spawn(move || {
        writer.write_all(&sent)?;
        writer.shutdown(Shutdown::Write)
    });
    let mut back = Vec::new();
    stream.read_to_end(&mut back).expect("read to the end");
    assert!(back == text);
    thread.join().expect("the writer").expect("written");
}

#[test]
fn connections_come_and_go() {
    let server = Server::start("tcp_echo", &[]);
    thread::scope(|scope| {
        for number in 0..8u8 {
            let server = &server;
            scope.spawn(move || {
                for round in 0..200u8 {
                    let mut stream = server.connect();
                    if round % 3 == 0 {
                        // Gone without a word, or in the middle.
                        stream.write_all(&[number; 100]).expect("written");
                        continue;
                    }
                    assert!(echo(&mut stream, &[number, round]).expect("echoed"));
                }
            });
        }
    });
    assert!(echo(&mut server.connect(), b"still there").expect("echoed"));
}

fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).expect("written");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a head");
        answer.push(byte[0]);
    }
    let head = String::from_utf8(answer).expect("UTF-8");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))
        .expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    stream.read_exact(&mut body).expect("a body");
    format!("{head}{}", String::from_utf8_lossy(&body))
}

#[test]
fn http_of_many_clients() {
    for options in ENGINES {
        let server = Server::start("http_server", options);
        thread::scope(|scope| {
            for client in 0..8 {
                let server = &server;
                scope.spawn(move || {
                    let mut open: Vec<_> = (0..25).map(|_| server.connect()).collect();
                    for (number, stream) in open.iter_mut().enumerate() {
                        let body = format!("client {client}, {number}");
                        let length = body.len();
                        let request = format!(
                            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"
                        );
                        let answer = ask(stream, &request);
                        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
                        assert!(answer.ends_with(&body), "{answer}");
                        assert!(ask(stream, "GET / HTTP/1.1\r\n\r\n").ends_with("hello\n"));
                    }
                });
            }
        });
    }
}

#[test]
fn http_waits_for_many_at_once() {
    let server = Server::start("http_server", &[]);
    let start = Instant::now();
    let mut open: Vec<_> = (0..200).map(|_| server.connect()).collect();
    for stream in &mut open {
        stream
            .write_all(b"GET /sleep/200 HTTP/1.0\r\n\r\n")
            .expect("written");
    }
    for stream in &mut open {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("read");
        assert!(answer.ends_with("slept 200 ms\n"), "{answer}");
    }
    assert!(start.elapsed() >= Duration::from_millis(200));
    // One after the other they would take 40 seconds.
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn http_of_bad_clients() {
    let server = Server::start("http_server", &[]);
    for bad in [
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    ] {
        let mut stream = server.connect();
        stream.write_all(bad.as_bytes()).expect("written");
        let mut answer = String::new();
        // What the server has not read may reset the connection behind the answer.
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bad:?}: {answer}");
    }
    let mut half = server.connect();
    half.write_all(b"POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
        .expect("written");
    drop(half);
    assert!(ask(&mut server.connect(), "GET / HTTP/1.1\r\n\r\n").ends_with("hello\n"));
}

/// With curl, where there is one.
#[test]
fn http_of_curl() {
    let server = Server::start("http_server", &[]);
    let url = format!("http://{}", server.address);
    let curl = |args: &[&str]| {
        let output = Command::new("curl").args(["-sS"]).args(args).output();
        match output {
            Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => panic!("{error}"),
        }
    };
    let (first, second) = (format!("{url}/"), format!("{url}/echo"));
    let Some(both) = curl(&[&first, &first]) else {
        return;
    };
    assert_eq!(both, "hello\nhello\n");
    assert_eq!(
        curl(&["-d", "some text", &second]).as_deref(),
        Some("some text")
    );
    let status = curl(&[
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        &format!("{url}/none"),
    ]);
    assert_eq!(status.as_deref(), Some("404"));
}

/// Waits until all threads of a process sleep: what it has to do is done.
fn wait_until_all_wait(process: u32) {
    let sleeps = |task: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(task.ok()?.path().join("stat")).ok()?;
        // The name of a thread is in parentheses, and may hold some.
        Some(stat.rsplit_once(") ")?.1.starts_with('S'))
    };
    let all_sleep = || {
        let tasks = std::fs::read_dir(format!("/proc/{process}/task"))?;
        std::io::Result::Ok(tasks.map(sleeps).all(|sleeps| sleeps == Some(true)))
    };
    // Where the system does not tell, that time must do.
    let until =
        Instant::now() + Duration::from_secs(if cfg!(target_os = "linux") { 30 } else { 1 });
    let mut looks = 0;
    while looks < 5 && Instant::now() < until {
        looks = if all_sleep().unwrap_or(false) {
            looks + 1
        } else {
            0
        };
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Control-backslash shows what each goroutine waits for, and ends the program.
#[test]
fn quit_shows_the_goroutines() {
    for options in ENGINES {
        let file = format!("{}/examples/tcp_echo.vo", env!("CARGO_MANIFEST_DIR"));
        let process = Command::new(env!("CARGO_BIN_EXE_vo"))
            .arg("run")
            .args(options)
            .args([&file, "--", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut process = process.expect("the server starts");
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().expect("piped"));
        output.read_line(&mut line).expect("read");
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .expect("an address");
        let mut stream = TcpStream::connect(address).expect("it accepts");
        assert!(echo(&mut stream, b"x").expect("echoed"));
        wait_until_all_wait(process.id());
        let id = process.id().to_string();
        let sent = Command::new("kill").args(["-QUIT", &id]).status();
        assert!(sent.expect("kill runs").success());
        let ended = process.wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(2));
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(told.starts_with("SIGQUIT: quit\n"), "{told}");
        for part in [
            "goroutine 1 [IO wait]:\n",
            "main.accept(...)\n",
            "goroutine 2 [IO wait]:\n",
            "main.serve(...)\n",
        ] {
            assert!(told.contains(part), "{told}");
        }
    }
}
