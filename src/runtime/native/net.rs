//! TCP. Sockets never block: an operation that would gives [`Errno::AGAIN`], and package `net` then waits
//! for the socket, which parks the goroutine.
//!
//! Errors are the system's numbers, 0 where all is well, or one of the two below; package `net`
//! makes errors of them. Addresses are texts such as `127.0.0.1:80` and `[::1]:80`.

use super::memory::{bytes, done, put};
use super::time::span;
use crate::runtime::context::{Context, JitResult};
use crate::runtime::fiber::State;
use crate::runtime::outside::handles::{Handle, Socket};
use crate::runtime::outside::reactor::{CLOSED, Direction, TIMED_OUT, TRY_AGAIN};
use crate::runtime::outside::waits::{Outcome, Reason};
use crate::runtime::timer::Action;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, accept_with, bind,
    connect, getpeername, getsockname, listen as start_listening, recv, send, shutdown as shut,
    socket_with, sockopt,
};
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Error number of ours: the deadline has passed.
const LATE: u64 = 1000;
/// Error number of ours: the socket is closed.
const GONE: u64 = 1001;

/// Connections that wait to be accepted; the system lowers it to its own limit, as for Go.
const BACKLOG: i32 = 65535;

/// The most that one call reads or writes.
const MOST: usize = 1 << 30;

fn number(errno: Errno) -> u64 {
    errno.raw_os_error() as u64
}

/// A count, or an error number.
fn put_count(rets: &mut [u64], result: Result<usize, Errno>) -> JitResult {
    match result {
        Ok(count) => put(rets, &[count as u64, 0]),
        Err(errno) => put(rets, &[0, number(errno)]),
    }
    JitResult::Ok
}

fn put_errno(rets: &mut [u64], result: Result<(), Errno>) -> JitResult {
    rets[0] = result.map_or_else(number, |()| 0);
    JitResult::Ok
}

fn direction(word: u64) -> Direction {
    if word == 0 {
        Direction::Read
    } else {
        Direction::Write
    }
}

fn address(args: &[u64]) -> Result<SocketAddr, Errno> {
    // SAFETY: the first argument is a string.
    let text = unsafe { bytes(args, 0) };
    let text = std::str::from_utf8(text).map_err(|_| Errno::INVAL)?;
    text.parse().map_err(|_| Errno::INVAL)
}

fn new_socket(address: &SocketAddr) -> Result<OwnedFd, Errno> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    socket_with(family, SocketType::STREAM, flags, None)
}

impl Context {
    /// Watches a socket, and keeps it.
    fn keep(&mut self, fd: OwnedFd) -> Result<u64, Errno> {
        let reactor = self.outside.reactor.clone();
        let source = reactor
            .add(fd.as_raw_fd(), self.outside.inbox.sender())
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::NOMEM))?;
        let socket = Socket::new(fd, source, reactor);
        Ok(self.outside.handles.add(Handle::Socket(socket)))
    }

    /// An operation on a socket in a direction, unless that is closed or late.
    fn try_socket(
        &mut self,
        args: &[u64],
        direction: Direction,
        rets: &mut [u64],
        operation: impl FnOnce(&mut Socket) -> Result<usize, Errno>,
    ) -> JitResult {
        match self.outside.handles.socket(args[0]) {
            None => {
                put(rets, &[0, GONE]);
                JitResult::Ok
            }
            Some(socket) if socket.is_late(direction) => {
                put(rets, &[0, LATE]);
                JitResult::Ok
            }
            Some(socket) => put_count(rets, operation(socket)),
        }
    }
}

/// `net.listen`: address. The socket, an error number, and which call gave it (0 socket, 1
/// setsockopt, 2 bind, 3 listen).
pub fn listen(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    match try_listen(cx, args) {
        Ok(socket) => put(rets, &[socket, 0, 0]),
        Err((errno, call)) => put(rets, &[0, number(errno), call]),
    }
    JitResult::Ok
}

fn try_listen(cx: &mut Context, args: &[u64]) -> Result<u64, (Errno, u64)> {
    let address = address(args).map_err(|errno| (errno, 2))?;
    let fd = new_socket(&address).map_err(|errno| (errno, 0))?;
    sockopt::set_socket_reuseaddr(&fd, true).map_err(|errno| (errno, 1))?;
    if address.is_ipv6() {
        // An address of no host is of this host in either family.
        let only = !address.ip().is_unspecified();
        sockopt::set_ipv6_v6only(&fd, only).map_err(|errno| (errno, 1))?;
    }
    bind(&fd, &address).map_err(|errno| (errno, 2))?;
    start_listening(&fd, BACKLOG).map_err(|errno| (errno, 3))?;
    cx.keep(fd).map_err(|errno| (errno, 3))
}

/// `net.dial`: address. A socket that connects, and an error number; [`connected`] tells what came
/// of it once the socket can be written.
pub fn dial(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let socket = address(args).and_then(|address| {
        let fd = new_socket(&address)?;
        match retry_on_intr(|| connect(&fd, &address)) {
            Ok(()) | Err(Errno::INPROGRESS) => cx.keep(fd),
            Err(errno) => Err(errno),
        }
    });
    match socket {
        Ok(socket) => put(rets, &[socket, 0]),
        Err(errno) => put(rets, &[0, number(errno)]),
    }
    JitResult::Ok
}

/// `net.connected`: an error number; [`Errno::AGAIN`] while the socket still connects.
pub fn connected(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let Some(socket) = cx.outside.handles.socket(args[0]) else {
        rets[0] = GONE;
        return JitResult::Ok;
    };
    let result = match sockopt::socket_error(&socket.fd) {
        Ok(Ok(())) => match getpeername(&socket.fd) {
            Ok(Some(_)) => sockopt::set_tcp_nodelay(&socket.fd, true),
            Ok(None) | Err(Errno::NOTCONN) => Err(Errno::AGAIN),
            Err(errno) => Err(errno),
        },
        Ok(Err(errno)) | Err(errno) => Err(errno),
    };
    put_errno(rets, result)
}

/// `net.accept`: a connection and an error number.
pub fn accept(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let Some(socket) = cx.outside.handles.socket(args[0]) else {
        put(rets, &[0, GONE]);
        return JitResult::Ok;
    };
    if socket.is_late(Direction::Read) {
        put(rets, &[0, LATE]);
        return JitResult::Ok;
    }
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let accepted = loop {
        match accept_with(&socket.fd, flags) {
            // A connection that is gone already is nobody's business.
            Err(Errno::INTR | Errno::CONNABORTED) => {}
            accepted => break accepted,
        }
    };
    let kept = accepted.and_then(|fd| {
        sockopt::set_tcp_nodelay(&fd, true)?;
        cx.keep(fd)
    });
    match kept {
        Ok(socket) => put(rets, &[socket, 0]),
        Err(errno) => put(rets, &[0, number(errno)]),
    }
    JitResult::Ok
}

/// `net.read`: a count, 0 at the end, and an error number.
pub fn read(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let len = (args[2] as usize).min(MOST);
    let buffer = if len == 0 {
        &mut []
    } else {
        // SAFETY: a byte slice behind the socket, which nobody else uses while this runs.
        unsafe { std::slice::from_raw_parts_mut(args[1] as *mut u8, len) }
    };
    cx.try_socket(args, Direction::Read, rets, |socket| {
        if socket.drained && !socket.source.has_event(Direction::Read) {
            return Err(Errno::AGAIN);
        }
        let (count, _) = retry_on_intr(|| recv(&socket.fd, &mut *buffer, RecvFlags::empty()))?;
        // Fewer than asked for is all there is, so the next thing to come gives an event; but for
        // an end that had its event together with these bytes.
        socket.drained = 0 < count && count < len && !socket.source.is_ended();
        Ok(count)
    })
}

/// `net.write`: a count and an error number.
pub fn write(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a byte slice behind the socket.
    let text = unsafe { bytes(args, 1) };
    let text = &text[..text.len().min(MOST)];
    cx.try_socket(args, Direction::Write, rets, |socket| {
        retry_on_intr(|| send(&socket.fd, text, SendFlags::NOSIGNAL))
    })
}

/// `net.wait`: socket and direction (0 read, 1 write). 0 to try again, or an error number of ours.
pub fn wait(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let direction = direction(args[1]);
    let Some(socket) = cx.outside.handles.socket(args[0]) else {
        rets[0] = GONE;
        return JitResult::Ok;
    };
    if socket.is_late(direction) {
        rets[0] = LATE;
        return JitResult::Ok;
    }
    if direction == Direction::Read {
        socket.drained = false;
    }
    let source = socket.source.clone();
    let ticket = cx.wait_outside(Reason::Network);
    if source.wait(direction, ticket) {
        return JitResult::WaitIo;
    }
    cx.outside.waits.withdraw(ticket);
    // SAFETY: the running fiber, which goes on running.
    unsafe { (*cx.current).state = State::Ready };
    rets[0] = 0;
    JitResult::Ok
}

/// What [`wait`] gives.
pub fn wait_arrived(cx: &mut Context, _: u32, rets: &mut [u64]) -> JitResult {
    rets[0] = match cx.outcome().code {
        TIMED_OUT => LATE,
        CLOSED => GONE,
        code => {
            debug_assert_eq!(code, TRY_AGAIN);
            0
        }
    };
    JitResult::Ok
}

/// `net.deadline`: socket, directions (1 read, 2 write, 3 both), nanoseconds from now, and whether
/// there is to be a deadline at all. An error number.
pub fn deadline(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let Some(socket) = cx.outside.handles.socket(args[0]) else {
        rets[0] = GONE;
        return JitResult::Ok;
    };
    for direction in [Direction::Read, Direction::Write] {
        if args[1] >> direction as u64 & 1 == 0 {
            continue;
        }
        if let Some((_, key)) = socket.deadlines[direction as usize].take() {
            cx.timers.stop(key);
        }
        if args[3] != 0 {
            let at = Instant::now() + span(args[2]);
            // One that has passed goes off at once.
            let expire = Action::Expire(socket.source.clone(), direction);
            socket.deadlines[direction as usize] = Some((at, cx.timers.add(at, expire)));
        }
    }
    rets[0] = 0;
    JitResult::Ok
}

/// `net.closeSocket`: an error number.
pub fn close(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = GONE;
    if let Some(Handle::Socket(socket)) = cx.outside.handles.remove(args[0]) {
        for (_, key) in socket.deadlines.iter().flatten() {
            cx.timers.stop(*key);
        }
        rets[0] = 0;
    }
    JitResult::Ok
}

/// `net.shutdown`: socket and side (0 read, 1 write). An error number.
pub fn shutdown(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let Some(socket) = cx.outside.handles.socket(args[0]) else {
        rets[0] = GONE;
        return JitResult::Ok;
    };
    let side = match direction(args[1]) {
        Direction::Read => Shutdown::Read,
        Direction::Write => Shutdown::Write,
    };
    put_errno(rets, shut(&socket.fd, side))
}

/// `net.option`: socket, option (0 no delay, 1 keep alive, 2 linger), value. An error number.
pub fn option(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let Some(socket) = cx.outside.handles.socket(args[0]) else {
        rets[0] = GONE;
        return JitResult::Ok;
    };
    let value = args[2] as i64;
    let set = match args[1] {
        0 => sockopt::set_tcp_nodelay(&socket.fd, value != 0),
        1 => sockopt::set_socket_keepalive(&socket.fd, value != 0),
        2 => {
            let time = u64::try_from(value).ok().map(Duration::from_secs);
            sockopt::set_socket_linger(&socket.fd, time)
        }
        _ => Err(Errno::NOPROTOOPT),
    };
    put_errno(rets, set)
}

/// `net.name`: socket, and whether the peer's or its own address is wanted. Empty for none.
pub fn name(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let name = cx.outside.handles.socket(args[0]).and_then(|socket| {
        if args[1] == 0 {
            getsockname(&socket.fd).ok()
        } else {
            getpeername(&socket.fd).ok().flatten()
        }
    });
    let text = name
        .and_then(|name| SocketAddr::try_from(name).ok())
        .map_or_else(String::new, |name| plain(name).to_string());
    done(cx.put_string(text.as_bytes(), rets))
}

/// An address of the old family that the new family's socket shows, as one of its own family.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// `net.lookup`: host. Its addresses, each on a line; and 1 where there is no such host, 2 where
/// nobody can tell.
pub fn lookup(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    // SAFETY: the first argument is a string.
    let host = String::from_utf8_lossy(unsafe { bytes(args, 0) }).into_owned();
    cx.in_pool(Reason::Lookup, move || {
        match (host.as_str(), 0).to_socket_addrs() {
            Ok(found) => {
                let mut lines: Vec<String> = Vec::new();
                for line in found.map(|address| address.ip().to_string()) {
                    if !lines.contains(&line) {
                        lines.push(line);
                    }
                }
                Outcome::with(0, lines.join("\n"))
            }
            Err(error) if error.to_string().contains("emporary failure") => Outcome::code(2),
            Err(_) => Outcome::code(1),
        }
    })
}

/// What [`lookup`] gives.
pub fn lookup_arrived(cx: &mut Context, _: u32, rets: &mut [u64]) -> JitResult {
    let outcome = cx.outcome();
    rets[2] = outcome.code as u64;
    let text = outcome.payload::<String>().unwrap_or_default();
    done(cx.put_string(text.as_bytes(), rets))
}
