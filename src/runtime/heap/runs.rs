//! A set of numbers kept as runs: free segments of the process, free chunks of a heap.

use std::collections::BTreeMap;

/// A set of `u32` as a sorted list of runs that neither overlap nor touch.
#[derive(Default, Debug)]
pub(super) struct Runs {
    /// Start to length.
    runs: BTreeMap<u32, u32>,
    /// How many numbers there are in all.
    count: usize,
}

impl Runs {
    /// How many numbers the set has.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The runs, ascending: start and length.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.runs.iter().map(|(start, len)| (*start, *len))
    }

    /// Adds a run; none of it may be in the set.
    pub(super) fn insert(&mut self, start: u32, len: u32) {
        if len == 0 {
            return;
        }
        self.count += len as usize;
        let mut run = (start, len);
        if let Some((&next, &next_len)) = self.runs.range(start..).next() {
            debug_assert!(start + len <= next);
            if start + len == next {
                self.runs.remove(&next);
                run.1 += next_len;
            }
        }
        if let Some((&prev, prev_len)) = self.runs.range_mut(..start).next_back() {
            debug_assert!(prev + *prev_len <= start);
            if prev + *prev_len == start {
                *prev_len += run.1;
                return;
            }
        }
        self.runs.insert(run.0, run.1);
    }

    /// Removes a run; all of it must be in the set.
    pub(super) fn remove(&mut self, start: u32, len: u32) {
        let Some((&first, &first_len)) = self.runs.range(..=start).next_back() else {
            debug_assert!(false, "a run that is not in the set");
            return;
        };
        let (end, first_end) = (start + len, first + first_len);
        debug_assert!(end <= first_end);
        self.count -= len as usize;
        if first == start {
            self.runs.remove(&first);
        } else {
            self.runs.insert(first, start - first);
        }
        if end < first_end {
            self.runs.insert(end, first_end - end);
        }
    }

    /// Takes the lowest run of `len` numbers.
    pub(super) fn take(&mut self, len: u32) -> Option<u32> {
        let (&start, _) = self.runs.iter().find(|(_, have)| **have >= len)?;
        self.remove(start, len);
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn behaves_as_a_set() {
        let mut runs = Runs::default();
        let mut model = BTreeSet::new();
        let mut state = 1u32;
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (start, len) = ((state >> 8) % 200, (state >> 20) % 8 + 1);
            let all = start..start + len;
            if all.clone().all(|n| model.contains(&n)) {
                runs.remove(start, len);
                model.retain(|n| !all.contains(n));
            } else if !all.clone().any(|n| model.contains(&n)) {
                runs.insert(start, len);
                model.extend(all);
            } else if let Some(first) = runs.take(len) {
                for n in first..first + len {
                    assert!(model.remove(&n));
                }
            }
            assert_eq!(runs.count(), model.len());
            let flat: Vec<u32> = runs.iter().flat_map(|(s, l)| s..s + l).collect();
            assert!(flat.iter().eq(model.iter()));
        }
    }
}
