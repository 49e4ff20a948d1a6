//! What the tests of whole programs share: the command `vo`, run with a time limit.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The most time one program may take. A test's own time is far below it even on a loaded
/// machine; it is there for programs that hang.
pub const LIMIT: Duration = Duration::from_secs(60);

/// How a process ended.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit status; none where a signal or the limit ended it.
    pub status: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Whether it was ended because it took longer than [`LIMIT`].
    pub timed_out: bool,
}

/// The command `vo` with arguments, from the root of the repository.
pub fn vo<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vo"));
    command
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end, or to the end of the limit.
pub fn run(command: &mut Command) -> Outcome {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command vo can be started");
    let (send, done) = mpsc::channel();
    let stdout = read_all(
        child.stdout.take().expect("standard output is piped"),
        send.clone(),
    );
    let stderr = read_all(child.stderr.take().expect("standard error is piped"), send);
    // A process that has closed both its streams has ended, or is about to.
    let deadline = Instant::now() + LIMIT;
    let in_time = |()| {
        done.recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .ok()
    };
    let timed_out = in_time(()).and_then(|()| in_time(())).is_none();
    if timed_out {
        // It may just have ended.
        let _ = child.kill();
    }
    let status = child.wait().expect("a child can be waited for");
    let text = |reader: std::thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().expect("reading does not panic")).into_owned()
    };
    Outcome {
        status: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
        timed_out,
    }
}

fn read_all(
    mut stream: impl Read + Send + 'static,
    done: mpsc::Sender<()>,
) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is all there is to show.
        let _ = stream.read_to_end(&mut bytes);
        // Nobody listens any more after the limit.
        let _ = done.send(());
        bytes
    })
}
