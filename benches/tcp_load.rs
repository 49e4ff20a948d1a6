//! A load generator for TCP echo servers, for `benches/tcp_echo.py`. Each connection sends a message,
//! waits for it to come back, and sends the next.
//!
//!     cargo bench --bench tcp_load -- load ADDRESS CONNECTIONS SECONDS BYTES
//!     cargo bench --bench tcp_load -- idle ADDRESS CONNECTIONS
//!
//! `load` prints the messages a second that came back. `idle` opens connections, sends one message
//! over each, prints `open`, and keeps them until its standard input ends.

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Connections that are being made at a time, so that no queue of the system overflows.
const AT_A_TIME: usize = 100;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["load", address, connections, seconds, bytes] => parse(connections, seconds, bytes)
            .and_then(|(connections, seconds, bytes)| {
                let rate = load(address, connections, seconds, bytes)?;
                println!("{rate:.0}");
                Ok(())
            }),
        ["idle", address, connections] => {
            parse(connections, "1", "1").and_then(|(connections, ..)| idle(address, connections))
        }
        // `cargo bench` runs every benchmark; without arguments there is nothing to do.
        [] => Ok(()),
        _ => Err(io::Error::other("usage: see benches/tcp_load.rs")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(connections: &str, seconds: &str, bytes: &str) -> io::Result<(usize, f64, usize)> {
    Ok((
        connections.parse().map_err(io::Error::other)?,
        seconds.parse().map_err(io::Error::other)?,
        bytes.parse().map_err(io::Error::other)?,
    ))
}

fn connect(address: &str, connections: usize) -> io::Result<Vec<std::net::TcpStream>> {
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let mut all = Vec::with_capacity(connections);
    while all.len() < connections {
        for _ in 0..AT_A_TIME.min(connections - all.len()) {
            let stream = std::net::TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            all.push(stream);
        }
        // The last of each batch has been served, so the others have been accepted.
        if let Some(last) = all.last_mut() {
            last.write_all(b"x")?;
            last.read_exact(&mut [0])?;
        }
    }
    Ok(all)
}

fn load(address: &str, connections: usize, seconds: f64, bytes: usize) -> io::Result<f64> {
    struct Client {
        stream: TcpStream,
        left: usize,
    }
    let message = vec![b'm'; bytes];
    let mut poll = Poll::new()?;
    let mut clients = Vec::new();
    for (at, stream) in connect(address, connections)?.into_iter().enumerate() {
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry()
            .register(&mut stream, Token(at), Interest::READABLE)?;
        stream.write_all(&message)?;
        clients.push(Client {
            stream,
            left: bytes,
        });
    }
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; bytes];
    // The first tenth is for warming up.
    let warm = Instant::now() + Duration::from_secs_f64(seconds / 10.0);
    let end = warm + Duration::from_secs_f64(seconds);
    let (mut count, mut started) = (0u64, None);
    loop {
        poll.poll(&mut events, Some(Duration::from_millis(100)))?;
        let now = Instant::now();
        if now >= end {
            break;
        }
        if started.is_none() && now >= warm {
            (count, started) = (0, Some(now));
        }
        for event in &events {
            let client = &mut clients[event.token().0];
            loop {
                let wanted = client.left;
                match client.stream.read(&mut buffer[..wanted]) {
                    Ok(0) => return Err(io::Error::other("the server has closed a connection")),
                    Ok(read) => client.left -= read,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
                if client.left == 0 {
                    count += 1;
                    client.left = bytes;
                    client.stream.write_all(&message)?;
                    // The answer is not there yet, and gives an event.
                    break;
                }
            }
        }
    }
    let started = started.ok_or_else(|| io::Error::other("too little time"))?;
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

fn idle(address: &str, connections: usize) -> io::Result<()> {
    let mut all = connect(address, connections)?;
    for stream in &mut all {
        stream.write_all(b"y")?;
        stream.read_exact(&mut [0])?;
    }
    println!("open");
    io::stdout().flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
