//! Signals that end a run of `vo run`.
//!
//! SIGQUIT (control-backslash) has the program show its goroutines and end, as Go programs do.
//! SIGINT, SIGTERM and SIGHUP end the process at once, as ever; but where the run is observed they
//! end the program first, so that what was seen is written, and then the process dies of the
//! signal: a shell sees the status it expects. Who cannot wait for that sends a second one.
//!
//! A signal that was ignored when the process began (`nohup`, a shell's background job) stays so.

use crate::running::Canceller;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator;
use signal_hook::low_level::emulate_default_handler;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// The signals that end an observed program.
const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Watches for signals as long as the process lives.
#[derive(Debug)]
pub struct Signals {
    /// The first of [`ENDING`] that came; 0 for none.
    ended_by: Arc<AtomicI32>,
}

impl Signals {
    /// Watches for the signals that end a program, which may be observed.
    pub fn watch(program: Canceller, observed: bool) -> Signals {
        let ended_by: Arc<AtomicI32> = Arc::default();
        let ending = ENDING.iter().filter(|_| observed);
        let watched = (ending.copied())
            .filter(|signal| !is_ignored(*signal))
            .chain([SIGQUIT]);
        // Without a handler a signal ends the process all the same.
        if let Ok(mut signals) = iterator::Signals::new(watched) {
            let first = ended_by.clone();
            std::thread::spawn(move || {
                for signal in signals.forever() {
                    if first.load(Ordering::Relaxed) != 0 {
                        die_of(signal);
                    } else if signal == SIGQUIT {
                        program.quit();
                    } else {
                        first.store(signal, Ordering::Relaxed);
                        program.interrupt();
                    }
                }
            });
        }
        Signals { ended_by }
    }

    /// Ends the process by the signal that has ended the program, if one has.
    pub fn die(&self) {
        match self.ended_by.load(Ordering::Relaxed) {
            0 => {}
            signal => die_of(signal),
        }
    }
}

/// Ends the process as the signal does that nobody handles.
fn die_of(signal: i32) {
    // It fails for no signal that is watched.
    let _ = emulate_default_handler(signal);
}

/// Whether whoever has started the process does not want it to see a signal.
fn is_ignored(signal: i32) -> bool {
    // SAFETY: an all-zero action is valid, and the call only fills it in.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}
