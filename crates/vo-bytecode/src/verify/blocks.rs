//! Select groups, jumps and landings: where control may go; and that no instruction writes a slot
//! twice.

use super::{Checker, MAX_SELECT_CASES};
use crate::*;

impl Checker<'_> {
    /// Checks that select groups are whole, that no jump leads into one, and that no instruction
    /// writes a slot twice. Whether all that holds.
    pub(super) fn blocks(&mut self) -> bool {
        let mut in_select = vec![false; self.function.code.len()];
        // The writes of a select can be told only when the groups are whole.
        self.select_groups(&mut in_select)
            && self.each(|c, inst| c.jumps(inst, &in_select))
                & self.panic_places()
                & self.writes_once()
    }

    /// Checks that what deals with panics stands where it may.
    fn panic_places(&mut self) -> bool {
        let function = self.function;
        let mut landings = 0;
        self.each(|c, inst| {
            let before = c.at.checked_sub(1).map(|at| &function.code[at]);
            match inst {
                Inst::PanicLand { .. } => {
                    landings += 1;
                    if landings > 1 {
                        c.fail("a second landing".to_owned());
                    }
                    if !before.is_some_and(Inst::is_terminator) {
                        c.fail("only panics lead here".to_owned());
                    }
                }
                Inst::RecoverEnter { .. } if c.at != 0 => {
                    c.fail("this is not the first instruction".to_owned());
                }
                Inst::RecoverArm { callee: armed, .. } => {
                    // The code ends with a terminator, so there is a next instruction.
                    let next = &function.code[c.at + 1];
                    if !matches!(next, Inst::Call { callee, .. } if callee == armed) {
                        c.fail("no call of the callee follows".to_owned());
                    }
                }
                _ => {}
            }
        })
    }

    /// Marks what stands between a `SelectBegin` and its `SelectExec`, which is marked, too.
    fn select_groups(&mut self, in_select: &mut [bool]) -> bool {
        self.each(|c, inst| match inst {
            Inst::SelectBegin { cases, .. } => c.select_group(*cases, in_select),
            Inst::SelectSend { .. } | Inst::SelectRecv { .. } | Inst::SelectExec { .. }
                if !in_select[c.at] =>
            {
                c.fail("this stands outside a select".to_owned());
            }
            _ => {}
        })
    }

    fn select_group(&mut self, cases: i64, in_select: &mut [bool]) {
        if in_select[self.at] {
            return self.fail("this stands within another select".to_owned());
        }
        if !(0..=MAX_SELECT_CASES).contains(&cases) {
            let message = format!("`cases`: {cases} is not from 0 to {MAX_SELECT_CASES}");
            return self.fail(message);
        }
        let cases = cases as usize;
        let group = self.function.code[self.at + 1..].iter().take(cases + 1);
        for (number, inst) in group.enumerate() {
            let fits = match inst {
                Inst::SelectSend { .. } | Inst::SelectRecv { .. } => number < cases,
                Inst::SelectExec { .. } => number == cases,
                _ => false,
            };
            if !fits {
                let want = if number < cases {
                    "a case"
                } else {
                    "SelectExec"
                };
                let (at, found) = (self.at + 1 + number, inst.mnemonic());
                return self.fail(format!("expected {want} at @{at}, found {found}"));
            }
        }
        // The code ends with a terminator, so the group was not cut short.
        in_select[self.at + 1..=self.at + 1 + cases].fill(true);
    }

    fn jumps(&mut self, inst: &Inst, in_select: &[bool]) {
        for target in inst.targets() {
            if in_select[target.0 as usize] {
                self.fail(format!("jumps to @{}, within a select", target.0));
            }
            let before = (target.0 as usize).checked_sub(1);
            match (&self.function.code[target.0 as usize], before) {
                (Inst::PanicLand { .. }, _) => {
                    self.fail(format!("jumps to @{}, where only panics lead", target.0));
                }
                // The call would not be armed, or, worse, another one would be.
                (_, Some(at)) if matches!(self.function.code[at], Inst::RecoverArm { .. }) => {
                    self.fail(format!(
                        "jumps to @{}, between two that belong together",
                        target.0
                    ));
                }
                _ => {}
            }
        }
    }

    /// No instruction writes one slot twice: neither rooms nor readers should ask which wins.
    fn writes_once(&mut self) -> bool {
        let mut written = Vec::new();
        self.each(|c, _| {
            written.clear();
            c.function.writes(c.at, |slot| written.push(slot));
            if written.len() > 1 {
                written.sort_unstable();
                if let Some(pair) = written.windows(2).find(|pair| pair[0] == pair[1]) {
                    c.fail(format!("writes {} twice", pair[0]));
                }
            }
        })
    }
}
