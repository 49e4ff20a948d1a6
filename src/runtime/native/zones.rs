//! Time zones: how the clocks of places were and will be set.
//!
//! What is known of them is in the system's database, or, where that is missing, in the one that
//! `jiff` brings. Zones that were loaded have numbers from 1 on, the same on all islands, and stay.

use super::memory::{Exhausted, bytes, done, put};
use crate::runtime::context::{Context, JitResult};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

/// The zones that were loaded, with their names.
static ZONES: Mutex<Vec<(Vec<u8>, TimeZone)>> = Mutex::new(Vec::new());

/// The number of a zone of that name, made by `make` the first time; 0 where that gives none.
fn number(name: &[u8], make: impl FnOnce() -> Option<TimeZone>) -> u64 {
    let mut zones = ZONES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(at) = zones.iter().position(|(known, _)| known == name) {
        return at as u64 + 1;
    }
    let Some(zone) = make() else {
        return 0;
    };
    zones.push((name.to_owned(), zone));
    zones.len() as u64
}

fn zone(number: u64) -> Option<TimeZone> {
    let zones = ZONES.lock().unwrap_or_else(PoisonError::into_inner);
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    zones.get(at).map(|(_, zone)| zone.clone())
}

/// A zone of the database. Names have one spelling.
fn by_name(name: &[u8]) -> u64 {
    number(name, || {
        let name = str::from_utf8(name).ok()?;
        let zone = TimeZone::get(name).ok()?;
        (zone.iana_name() == Some(name)).then_some(zone)
    })
}

/// A zone in a file of the form that the database has.
fn in_file(path: &[u8]) -> u64 {
    number(path, || {
        let data = fs::read(OsStr::from_bytes(path)).ok()?;
        TimeZone::tzif("", &data).ok()
    })
}

/// `time.loadZone`
pub fn load(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    rets[0] = by_name(unsafe { bytes(args, 0) });
    JitResult::Ok
}

/// `time.localZone`: what the variable TZ says, by Go's rules.
pub fn local(cx: &mut Context, _: u32, _: &[u64], rets: &mut [u64]) -> JitResult {
    const SYSTEM: &[u8] = b"/etc/localtime";
    let (zone, name) = match env::var_os("TZ") {
        None => (in_file(SYSTEM), b"Local".to_vec()),
        Some(text) => {
            let text = text.as_bytes();
            let text = text.strip_prefix(b":").unwrap_or(text).to_vec();
            match text.first() {
                None => (0, text),
                Some(b'/') if text == SYSTEM => (in_file(&text), b"Local".to_vec()),
                Some(b'/') => (in_file(&text), text),
                Some(_) => (by_name(&text), text),
            }
        }
    };
    let name = if zone == 0 { b"UTC".to_vec() } else { name };
    rets[0] = zone;
    done(cx.put_string(&name, &mut rets[1..]))
}

/// No second that there is: no bound, in one direction or the other.
const FOR_EVER: i64 = i64::MAX;

/// The calendar repeats itself after 400 years, which are whole weeks.
const CYCLE: i64 = 146_097 * 86_400;

/// A second since 1970 as far as zones are known, and how many seconds that is off: what is beyond is as it
/// is whole cycles before, and what is before all is as at the beginning.
fn within(second: i64) -> (Timestamp, i64) {
    let last = Timestamp::MAX.as_second() - 1;
    let off = match second.checked_sub(last) {
        Some(beyond @ 1..) => (beyond - 1) / CYCLE * CYCLE + CYCLE,
        _ => 0,
    };
    let second = (second - off).max(Timestamp::MIN.as_second() + 1);
    (Timestamp::from_second(second).unwrap_or_default(), off)
}

/// `time.zoneSpan`
pub fn span(cx: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    done(put_span(cx, zone(args[0]), args[1] as i64, rets))
}

fn put_span(
    cx: &mut Context,
    zone: Option<TimeZone>,
    second: i64,
    rets: &mut [u64],
) -> Result<(), Exhausted> {
    let Some(zone) = zone else {
        cx.put_string(b"UTC", rets)?;
        put(&mut rets[2..], &[0, -FOR_EVER as u64, FOR_EVER as u64, 0]);
        return Ok(());
    };
    let (at, off) = within(second);
    let info = zone.to_offset_info(at);
    let next = Timestamp::from_second(at.as_second() + 1).unwrap_or(Timestamp::MAX);
    let start = zone.preceding(next).next().map(|change| change.timestamp());
    let end = zone.following(at).next().map(|change| change.timestamp());
    cx.put_string(info.abbreviation().as_bytes(), rets)?;
    let second = |bound: Timestamp| bound.as_second() + off;
    put(
        &mut rets[2..],
        &[
            i64::from(info.offset().seconds()) as u64,
            start.map_or(-FOR_EVER, second) as u64,
            end.map_or(FOR_EVER, second) as u64,
            u64::from(info.dst().is_dst()),
        ],
    );
    Ok(())
}

/// `time.zoneNamed`
pub fn named(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    // SAFETY: a string.
    let name = unsafe { bytes(args, 2) };
    let offset = zone(args[0]).and_then(|zone| offset_named(&zone, args[1] as i64, name));
    let known = u64::from(offset.is_some());
    put(rets, &[offset.unwrap_or_default() as u64, known]);
    JitResult::Ok
}

/// The offset that an abbreviation stands for: one that it had at that local second, or else the first.
fn offset_named(zone: &TimeZone, second: i64, name: &[u8]) -> Option<i64> {
    /// By the end of the century what will come has been.
    const LAST: i64 = 4_102_444_800;
    let is_named = |text: &str| text.as_bytes() == name;
    let first = zone.to_offset_info(Timestamp::MIN);
    let mut offsets = Vec::new();
    if is_named(first.abbreviation()) {
        offsets.push(i64::from(first.offset().seconds()));
    }
    let changes = zone.following(Timestamp::MIN);
    for change in changes.take_while(|change| change.timestamp().as_second() < LAST) {
        let offset = i64::from(change.offset().seconds());
        if is_named(change.abbreviation()) && !offsets.contains(&offset) {
            offsets.push(offset);
        }
    }
    let then = offsets.iter().find_map(|offset| {
        let info = zone.to_offset_info(within(second.saturating_sub(*offset)).0);
        is_named(info.abbreviation()).then(|| i64::from(info.offset().seconds()))
    });
    then.or_else(|| offsets.first().copied())
}
