//! The goroutines of a program that has ended, one after the other; those that are alike once.
//!
//! ```text
//! goroutine 2 [chan receive, 3 seconds]:
//! main.worker(...)
//!     main.vo:6
//! created by main.main in goroutine 1 at main.vo:13
//! goroutines 3-5, 7, variable main.results also have this channel
//! and 3 goroutines like it: 3-5
//! ```

use super::{file_of, put, put_trace};
use crate::inline::Frame;
use crate::runtime::fiber::State;
use crate::runtime::origin::Origin;
use crate::runtime::program::Program;
use crate::runtime::roll::{Held, Holder, Queue, Roll, Standing};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use vo_bytecode::Inst;

/// How many ranges of numbers are told.
const MOST_RANGES: usize = 20;

/// Goroutines that stand at the same place for the same reason, and come from the same place.
struct Group<'a> {
    first: &'a Standing,
    others: Vec<u32>,
}

/// What makes goroutines alike.
#[derive(PartialEq, Eq, Hash)]
struct Kind<'a> {
    island: u64,
    state: String,
    frames: &'a [Frame],
    /// The function and the line of their origin.
    origin: Option<(u32, u32)>,
}

/// Tells of all goroutines.
pub fn put_all(program: &Program, roll: &Roll, text: &mut String) {
    let users = Users::of(roll);
    for (state, group) in groups(program, roll) {
        let first = group.first;
        let mut header = state;
        header.push_str(&since(first.waited));
        put_goroutine((first.island, first.goroutine), &header, text);
        put_trace(program, &first.frames, 0, text);
        put_origin(program, first.island, first.origin, text);
        if has_queue(first) {
            users.put(program, first, roll.cut_short, text);
        }
        match group.others.len() {
            0 => {}
            1 => put(
                text,
                format_args!("and 1 goroutine like it: {}\n", group.others[0]),
            ),
            count => put(
                text,
                format_args!(
                    "and {count} goroutines like it: {}\n",
                    ranges(&group.others)
                ),
            ),
        }
    }
}

/// The groups, in the order of their first goroutines, each with what it waits for.
fn groups<'a>(program: &Program, roll: &'a Roll) -> Vec<(String, Group<'a>)> {
    let mut groups: Vec<(String, Group<'a>)> = Vec::new();
    let mut known: FxHashMap<Kind<'a>, usize> = FxHashMap::default();
    for standing in &roll.standing {
        let kind = Kind {
            island: standing.island,
            state: state(program, standing),
            frames: &standing.frames,
            origin: standing.origin.map(|origin| (origin.func.0, origin.line)),
        };
        let state = kind.state.clone();
        let at = *known.entry(kind).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, group)) => group.others.push(standing.goroutine),
            None => groups.push((
                state,
                Group {
                    first: standing,
                    others: Vec::new(),
                },
            )),
        }
    }
    groups
}

/// The line that begins what is told of a goroutine.
pub fn put_goroutine((island, id): (u64, u32), state: &str, text: &mut String) {
    match island {
        0 => put(text, format_args!("\ngoroutine {id} [{state}]:\n")),
        _ => put(
            text,
            format_args!("\ngoroutine {id} of island {island} [{state}]:\n"),
        ),
    }
}

/// Who has started a goroutine of an island, and where.
pub fn put_origin(program: &Program, island: u64, origin: Option<Origin>, text: &mut String) {
    let Some(origin) = origin else { return };
    let function = program.module.func(origin.func);
    put(text, format_args!("created by {}", function.name));
    if origin.goroutine != 0 {
        put(text, format_args!(" in goroutine {}", origin.goroutine));
        if origin.island != island {
            put(text, format_args!(" of island {}", origin.island));
        }
    }
    let file = file_of(program, origin.func);
    put(text, format_args!(" at {file}:{}\n", origin.line));
}

/// What a goroutine waits for, in Go's words.
fn state(program: &Program, standing: &Standing) -> String {
    if let Some(outside) = standing.outside {
        return outside.text().to_owned();
    }
    let words = match standing.state {
        State::Sending => "chan send",
        State::Receiving => "chan receive",
        State::Selecting => "select",
        State::Sleeping => "sleep",
        State::PortSending => "port send",
        State::PortReceiving => "port receive",
        State::Starting => "go @",
        State::Outside => "IO wait",
        State::Forever => forever(program, standing),
        State::Ready if standing.ran => "running",
        State::Ready | State::Free | State::Case => "runnable",
    };
    words.to_owned()
}

/// What a goroutine that waits for ever does, by the operation on its line.
fn forever(program: &Program, standing: &Standing) -> &'static str {
    let Some(frame) = standing.frames.first() else {
        return "select (no cases)";
    };
    let function = program.module.func(frame.func);
    let on_line = function
        .code
        .iter()
        .zip(&function.lines)
        .filter(|(_, line)| **line == frame.line);
    let mut reasons = on_line.filter_map(|(inst, _)| match inst {
        Inst::ChanSend { .. } => Some("chan send (nil chan)"),
        Inst::ChanRecv { .. } => Some("chan receive (nil chan)"),
        Inst::PortSend { .. } => Some("port send (nil port)"),
        Inst::PortRecv { .. } => Some("port receive (nil port)"),
        Inst::SelectExec { .. } => Some("select (no cases)"),
        _ => None,
    });
    reasons.next().unwrap_or("select (no cases)")
}

/// How long, where that is a second or more: from a minute on as Go has it.
fn since(waited: Duration) -> String {
    match waited.as_secs() {
        0 => String::new(),
        1 => ", 1 second".to_owned(),
        seconds @ 2..60 => format!(", {seconds} seconds"),
        seconds => format!(", {} minutes", seconds / 60),
    }
}

/// Whether it waits for a channel or a port.
fn has_queue(standing: &Standing) -> bool {
    matches!(
        standing.state,
        State::Sending
            | State::Receiving
            | State::Selecting
            | State::PortSending
            | State::PortReceiving
    )
}

/// Who has each channel and port that somebody waits for.
struct Users<'a> {
    standing: FxHashMap<Queue, Vec<&'a Standing>>,
    holders: FxHashMap<Queue, Vec<&'a Holder>>,
}

impl<'a> Users<'a> {
    fn of(roll: &'a Roll) -> Users<'a> {
        let mut users = Users {
            standing: FxHashMap::default(),
            holders: FxHashMap::default(),
        };
        for standing in &roll.standing {
            let waits = standing.waits.iter();
            for queue in waits.chain(&standing.reaches) {
                let all = users.standing.entry(*queue).or_default();
                // They come one after the other.
                if all.last().is_none_or(|last| !std::ptr::eq(*last, standing)) {
                    all.push(standing);
                }
            }
        }
        for holder in &roll.holders {
            for queue in &holder.reaches {
                users.holders.entry(*queue).or_default().push(holder);
            }
        }
        users
    }

    /// Tells who else has what a goroutine waits for.
    fn put(&self, program: &Program, of: &Standing, cut_short: bool, text: &mut String) {
        let what = match (of.state, of.waits.len()) {
            (State::PortSending | State::PortReceiving, _) => "this port",
            (State::Selecting, 2..) => "one of these",
            _ => "this channel",
        };
        let mut goroutines: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
        let mut names: BTreeSet<(u64, String)> = BTreeSet::new();
        for queue in &of.waits {
            let users = self.standing.get(queue).into_iter().flatten();
            for user in users.filter(|user| !std::ptr::eq(**user, of)) {
                let numbers = goroutines.entry(user.island).or_default();
                numbers.insert(user.goroutine);
            }
            for holder in self.holders.get(queue).into_iter().flatten() {
                let name = match holder.what {
                    Held::Global(global) => {
                        format!("variable {}", program.module.globals[global.index()].name)
                    }
                    Held::Timer => "a timer".to_owned(),
                };
                names.insert((holder.island, name));
            }
        }
        let alone = names.len() + goroutines.values().map(BTreeSet::len).sum::<usize>() == 1;
        let goroutines = goroutines.into_iter().map(|(island, numbers)| {
            let numbers: Vec<u32> = numbers.into_iter().collect();
            let word = if numbers.len() == 1 {
                "goroutine"
            } else {
                "goroutines"
            };
            (island, format!("{word} {}", ranges(&numbers)))
        });
        let mut told: Vec<String> = (goroutines.chain(names))
            .map(|(island, name)| {
                if island == of.island {
                    name
                } else {
                    format!("{name} of island {island}")
                }
            })
            .collect();
        if cut_short {
            told.push("perhaps others".to_owned());
        }
        if told.is_empty() {
            put(text, format_args!("nobody else has {what}\n"));
        } else {
            let verb = if alone { "has" } else { "have" };
            let told = told.join(", ");
            put(text, format_args!("{told} also {verb} {what}\n"));
        }
    }
}

/// Numbers in ascending order, with `-` for those that follow each other; the first of them, where
/// they are very many.
fn ranges(numbers: &[u32]) -> String {
    let mut text = String::new();
    let mut rest = numbers;
    for _ in 0..MOST_RANGES {
        let Some(&first) = rest.first() else {
            return text;
        };
        let run = (rest.iter().zip(first..=u32::MAX))
            .take_while(|(number, expected)| **number == *expected)
            .count();
        let comma = if text.is_empty() { "" } else { ", " };
        let last = rest[run - 1];
        match run {
            1 => put(&mut text, format_args!("{comma}{first}")),
            2 => put(&mut text, format_args!("{comma}{first}, {last}")),
            _ => put(&mut text, format_args!("{comma}{first}-{last}")),
        }
        rest = &rest[run..];
    }
    if !rest.is_empty() {
        put(&mut text, format_args!(" and {} more", rest.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_a_range() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[4]), "4");
        assert_eq!(ranges(&[4, 5]), "4, 5");
        assert_eq!(ranges(&[1, 3, 4, 5, 9, 10, 12]), "1, 3-5, 9, 10, 12");
        let last = u32::MAX;
        assert_eq!(ranges(&[last - 2, last - 1, last]), "4294967293-4294967295");
        let even: Vec<u32> = (0..100).map(|number| number * 2).collect();
        assert!(ranges(&even).ends_with("36, 38 and 80 more"));
    }

    #[test]
    fn times_are_told_from_a_second_on() {
        let told = |millis| since(Duration::from_millis(millis));
        assert_eq!(told(999), "");
        assert_eq!(told(1000), ", 1 second");
        assert_eq!(told(59_999), ", 59 seconds");
        assert_eq!(told(60_000), ", 1 minutes");
        assert_eq!(told(7_260_000), ", 121 minutes");
    }
}
