//! Clocks, sleep, and timers.

use crate::runtime::chan::{self, Chan};
use crate::runtime::context::{Context, JitResult};
use crate::runtime::fiber::State;
use crate::runtime::timer::{Action, Start, TimerKey};
use slotmap::{Key, KeyData};
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The furthest that anything is set for; what is further is as good as this.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A time span in nanoseconds as programs give it; none for those that are over.
pub fn span(nanos: u64) -> Duration {
    Duration::from_nanos((nanos as i64).max(0) as u64).min(LONGEST)
}

/// `time.sleep`
pub fn sleep(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let time = span(args[0]);
    if time.is_zero() {
        return JitResult::Ok;
    }
    // From now on it is in the timers alone.
    let fiber = cx.park(State::Sleeping);
    cx.timers.add(Instant::now() + time, Action::Wake(fiber));
    JitResult::WaitIo
}

/// `time.wallNanos`
pub fn wall_nanos(_: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    rets[0] = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as u64,
        Err(before) => (before.duration().as_nanos() as i64).wrapping_neg() as u64,
    };
    JitResult::Ok
}

/// `time.monoNanos`
pub fn mono_nanos(_: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    /// The clock's origin; not 0 at the first call, so that programs can tell a time from none.
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    rets[0] = START.elapsed().as_nanos() as u64 + 1;
    JitResult::Ok
}

/// `time.startTimer`
pub fn start_timer(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let start = Start {
        closure: args[0] as *const u64,
        chan: args[1] as *const u8,
        period: span(args[3]),
    };
    let key = cx
        .timers
        .add(Instant::now() + span(args[2]), Action::Start(start));
    rets[0] = key.data().as_ffi();
    JitResult::Ok
}

/// `time.hideRing`
pub fn hide_ring(_: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let chan = args[0] as *mut Chan;
    // SAFETY: the package gives a channel that it has just made.
    unsafe { (*chan).hide_ring() };
    JitResult::Ok
}

/// `time.fire`
pub fn fire(cx: &mut Context, _: u32, args: &[u64], _: &mut [u64]) -> JitResult {
    let chan = args[0] as *mut Chan;
    // SAFETY: the package gives a channel of times whose ring is hidden, and the parts of a time.
    unsafe { chan::offer(cx, chan, args[1..].as_ptr()) };
    JitResult::Ok
}

/// `time.stopTimer`
pub fn stop_timer(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let key = TimerKey::from(KeyData::from_ffi(args[0]));
    rets[0] = u64::from(cx.timers.stop(key));
    JitResult::Ok
}
