//! Standard output and standard error of the commands. Whoever reads them may stop early, which is no error;
//! the macros of the standard library would panic.

use std::io::{self, ErrorKind, Write};

/// Writes to standard output.
///
/// # Errors
/// The message for the user if it cannot be written, as when a disk is full.
pub fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("error: cannot write: {error}"))
        }
        _ => Ok(()),
    }
}

/// Writes a message to standard error, on lines of its own.
pub fn tell(message: &str) {
    // Where this fails there is nobody left to be told.
    let _ = writeln!(io::stderr().lock(), "{}", message.trim_end());
}
