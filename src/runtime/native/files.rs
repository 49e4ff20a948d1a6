//! Files and folders. The system's calls on them may take long, so they run on the threads of a
//! pool, each with copies of what it needs; the goroutine waits, its worker does not.
//!
//! Errors are the system's numbers, 0 where all is well; package `os` makes errors of them.

use super::memory::{Exhausted, bytes, done, put};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::outside::handles::Handle;
use crate::runtime::outside::waits::{Outcome, Reason};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, SeekFrom, Timespec, Timestamps};
use rustix::io::{Errno, retry_on_intr};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// The most that one call reads; whoever wants more calls again.
const MOST_READ: usize = 16 << 20;

/// Standard input's number.
const STDIN: u64 = 0;

impl Context {
    /// Runs work on a thread of the pool while the running goroutine waits for its outcome.
    pub fn in_pool(
        &mut self,
        reason: Reason,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) -> JitResult {
        let ticket = self.wait_outside(reason);
        let sender = self.outside.inbox.sender();
        self.output.flush();
        blocking::unblock(move || sender.complete(ticket, work())).detach();
        JitResult::WaitIo
    }

    /// Work on an open file. Without one: the error for it, at once.
    fn on_file(
        &mut self,
        number: u64,
        work: impl FnOnce(BorrowedFd<'_>) -> Outcome + Send + 'static,
    ) -> JitResult {
        if number == STDIN && self.options.has_stdin {
            return self.in_pool(Reason::File, || work(rustix::stdio::stdin()));
        }
        match self.outside.handles.file(number).cloned() {
            Some(file) => self.in_pool(Reason::File, move || work(file.as_fd())),
            None => self.in_pool(Reason::File, || failed(Errno::BADF)),
        }
    }
}

/// The outcome of a call that failed: its number, negative.
fn failed(errno: Errno) -> Outcome {
    Outcome::code(-i64::from(errno.raw_os_error()))
}

fn outcome(result: Result<(), Errno>) -> Outcome {
    result.map_or_else(failed, |()| Outcome::default())
}

/// Bytes, or an error.
fn data(result: Result<Vec<u8>, Errno>) -> Outcome {
    result.map_or_else(failed, |data| Outcome::with(0, data))
}

/// The number of an error for programs.
fn errno(outcome: &Outcome) -> u64 {
    outcome.code.min(0).unsigned_abs()
}

/// An argument's bytes, for another thread.
fn copied(args: &[u64], at: usize) -> Vec<u8> {
    // SAFETY: the words at `at` are a string's or a byte slice's.
    unsafe { bytes(args, at) }.to_vec()
}

// ---- second halves -----------------------------------------------------------------------------

/// An error number alone.
pub fn errno_arrived(cx: &mut Context, _: u32, rets: &mut [u64]) -> JitResult {
    rets[0] = errno(&cx.outcome());
    JitResult::Ok
}

/// An open file's number, then an error number.
pub fn open_arrived(cx: &mut Context, _: u32, rets: &mut [u64]) -> JitResult {
    let outcome = cx.outcome();
    let error = errno(&outcome);
    let file = outcome.payload::<OwnedFd>();
    let number = file.map_or(0, |file| {
        cx.outside.handles.add(Handle::File(Arc::new(file)))
    });
    put(rets, &[number, error]);
    JitResult::Ok
}

/// A byte slice, then an error number.
pub fn data_arrived(cx: &mut Context, _: u32, rets: &mut [u64]) -> JitResult {
    let outcome = cx.outcome();
    let error = errno(&outcome);
    let data = outcome.payload::<Vec<u8>>().unwrap_or_default();
    done(put_data(cx, &data, error, rets))
}

fn put_data(cx: &mut Context, data: &[u8], error: u64, rets: &mut [u64]) -> Result<(), Exhausted> {
    let row = cx.new_bytes(data, 0)? as u64;
    put(rets, &[row, data.len() as u64, data.len() as u64, error]);
    Ok(())
}

/// What [`stat`] gives.
pub fn stat_arrived(cx: &mut Context, _: u32, rets: &mut [u64]) -> JitResult {
    let outcome = cx.outcome();
    let error = errno(&outcome);
    let [size, mode, modified, device, node] = outcome.payload::<[u64; 5]>().unwrap_or_default();
    put(rets, &[size, mode, modified, device, node, error]);
    JitResult::Ok
}

// ---- first halves ------------------------------------------------------------------------------

/// `os.open`: path, flags, permissions.
pub fn open(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let path = copied(args, 0);
    let flags = OFlags::from_bits_retain(args[2] as u32) | OFlags::CLOEXEC;
    let mode = Mode::from_bits_truncate(args[3] as u32);
    cx.in_pool(Reason::File, move || {
        match retry_on_intr(|| fs::open(path.as_slice(), flags, mode)) {
            Ok(file) => Outcome::with(0, file),
            Err(errno) => failed(errno),
        }
    })
}

/// `os.read`: file, at most so many bytes, at an offset or, where that is negative, at the file's
/// own.
pub fn read(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let room = (args[1] as usize).min(MOST_READ);
    let at = args[2] as i64;
    cx.on_file(args[0], move |file| {
        let mut buffer = vec![0; room];
        let count = retry_on_intr(|| match u64::try_from(at) {
            Ok(at) => rustix::io::pread(file, &mut buffer[..], at),
            Err(_) => rustix::io::read(file, &mut buffer[..]),
        });
        data(count.map(|count| {
            buffer.truncate(count);
            buffer
        }))
    })
}

/// `os.write`: file, bytes, at an offset or, where that is negative, at the file's own. The count
/// and the error, which both may be there.
pub fn write(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let text = copied(args, 1);
    let at = args[4] as i64;
    cx.on_file(args[0], move |file| {
        let mut written = 0;
        while written < text.len() {
            let rest = &text[written..];
            let count = retry_on_intr(|| match u64::try_from(at) {
                Ok(at) => rustix::io::pwrite(file, rest, at + written as u64),
                Err(_) => rustix::io::write(file, rest),
            });
            match count {
                Ok(0) => return Outcome::with(written as i64, Errno::IO),
                Ok(count) => written += count,
                Err(errno) => return Outcome::with(written as i64, errno),
            }
        }
        Outcome::code(written as i64)
    })
}

/// What [`write`] gives.
pub fn write_arrived(cx: &mut Context, _: u32, rets: &mut [u64]) -> JitResult {
    let outcome = cx.outcome();
    if outcome.code < 0 {
        put(rets, &[0, errno(&outcome)]);
        return JitResult::Ok;
    }
    let written = outcome.code as u64;
    let error = outcome.payload::<Errno>();
    put(
        rets,
        &[written, error.map_or(0, |e| e.raw_os_error() as u64)],
    );
    JitResult::Ok
}

/// `os.seek`: file, offset, from where. The new offset and an error number.
pub fn seek(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let offset = args[1] as i64;
    let from = match (args[2], u64::try_from(offset)) {
        (0, Ok(offset)) => Ok(SeekFrom::Start(offset)),
        (1, _) => Ok(SeekFrom::Current(offset)),
        (2, _) => Ok(SeekFrom::End(offset)),
        _ => Err(Errno::INVAL),
    };
    let file = match cx.outside.handles.file(args[0]) {
        Some(file) => Ok(file.as_fd()),
        None if args[0] == STDIN => Ok(rustix::stdio::stdin()),
        None => Err(Errno::BADF),
    };
    let sought = file.and_then(|file| fs::seek(file, from?));
    match sought {
        Ok(at) => put(rets, &[at, 0]),
        Err(errno) => put(rets, &[0, errno.raw_os_error() as u64]),
    }
    JitResult::Ok
}

/// `os.closeFile`: whether it was open.
pub fn close(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = u64::from(cx.outside.handles.remove(args[0]).is_some());
    JitResult::Ok
}

/// `os.fileNumber`: the system's descriptor of an open file, -1 where there is none.
pub fn number(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    use std::os::fd::AsRawFd;
    let fd = cx
        .outside
        .handles
        .file(args[0])
        .map(|file| file.as_raw_fd());
    rets[0] = i64::from(fd.unwrap_or(-1)) as u64;
    JitResult::Ok
}

/// `os.onFile`: operation, file, operand. The operations are numbered in `os/system.vo`.
pub fn on_file(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let (operation, operand) = (args[0], args[2]);
    cx.on_file(args[1], move |file| {
        outcome(match operation {
            0 => retry_on_intr(|| fs::fsync(file)),
            1 => retry_on_intr(|| fs::ftruncate(file, operand)),
            2 => fs::fchmod(file, Mode::from_bits_truncate(operand as u32)),
            _ => Err(Errno::NOSYS),
        })
    })
}

/// `os.onPath`: operation, path, other path, operands. The operations are numbered in
/// `os/system.vo`.
pub fn on_path(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let (operation, a, b) = (args[0], args[5], args[6]);
    let (path, other) = (copied(args, 1), copied(args, 3));
    cx.in_pool(Reason::File, move || {
        let path = path.as_slice();
        let mode = Mode::from_bits_truncate(a as u32);
        match operation {
            0 => outcome(fs::mkdir(path, mode)),
            1 => outcome(fs::unlink(path)),
            2 => outcome(fs::rmdir(path)),
            3 => outcome(fs::rename(path, other.as_slice())),
            4 => outcome(fs::link(path, other.as_slice())),
            5 => outcome(fs::symlink(path, other.as_slice())),
            6 => data(fs::readlink(path, Vec::new()).map(|target| target.into_bytes())),
            7 => outcome(fs::chmod(path, mode)),
            8 => outcome(truncate(path, a)),
            9 => outcome(set_times(path, a as i64, b as i64)),
            10 => data(folder(path)),
            11 => data(whole_file(path)),
            _ => failed(Errno::NOSYS),
        }
    })
}

fn truncate(path: &[u8], size: u64) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = retry_on_intr(|| fs::open(path, flags, Mode::empty()))?;
    retry_on_intr(|| fs::ftruncate(&file, size))
}

/// Sets the times of the last access and change, in seconds.
fn set_times(path: &[u8], accessed: i64, modified: i64) -> Result<(), Errno> {
    let time = |tv_sec| Timespec { tv_sec, tv_nsec: 0 };
    let times = Timestamps {
        last_access: time(accessed),
        last_modification: time(modified),
    };
    fs::utimensat(CWD, path, &times, AtFlags::empty())
}

/// The entries of a folder by name: for each the letter of its type, its name, and a zero.
fn folder(path: &[u8]) -> Result<Vec<u8>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = retry_on_intr(|| fs::open(path, flags, Mode::empty()))?;
    let mut entries = Vec::new();
    for entry in fs::Dir::read_from(&folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        let mut kind = entry.file_type();
        if kind == fs::FileType::Unknown {
            let stat = fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW);
            kind = stat.map_or(kind, |stat| fs::FileType::from_raw_mode(stat.st_mode));
        }
        entries.push((name.to_vec(), letter(kind)));
    }
    entries.sort_unstable();
    let mut text = Vec::new();
    for (name, letter) in entries {
        text.push(letter);
        text.extend(name);
        text.push(0);
    }
    Ok(text)
}

fn letter(kind: fs::FileType) -> u8 {
    match kind {
        fs::FileType::RegularFile => b'-',
        fs::FileType::Directory => b'd',
        fs::FileType::Symlink => b'L',
        fs::FileType::Fifo => b'p',
        fs::FileType::Socket => b'S',
        fs::FileType::CharacterDevice => b'c',
        fs::FileType::BlockDevice => b'b',
        fs::FileType::Unknown => b'?',
    }
}

fn whole_file(path: &[u8]) -> Result<Vec<u8>, Errno> {
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(path));
    std::fs::read(path).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::INVAL))
}

/// `os.stat`: an open file, or else a path, and whether to follow a link there. Size, mode, time
/// of the last change in seconds, device, node.
pub fn stat(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    if args[0] != 0 {
        return cx.on_file(args[0], |file| facts(fs::fstat(file)));
    }
    let path = copied(args, 1);
    let follow = args[3] != 0;
    cx.in_pool(Reason::File, move || {
        facts(if follow {
            fs::stat(path.as_slice())
        } else {
            fs::lstat(path.as_slice())
        })
    })
}

fn facts(stat: Result<fs::Stat, Errno>) -> Outcome {
    stat.map_or_else(failed, |stat| {
        let facts: [u64; 5] = [
            stat.st_size as u64,
            u64::from(stat.st_mode),
            stat.st_mtime as u64,
            stat.st_dev,
            stat.st_ino,
        ];
        Outcome::with(0, facts)
    })
}
