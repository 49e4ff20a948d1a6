//! The parts of an object that a value reaches.

use smallvec::SmallVec;

/// Disjoint ranges of bytes, ascending, none touching the next. Most objects are reached as one.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    ranges: SmallVec<[(usize, usize); 1]>,
}

impl Ranges {
    /// Adds a range; calls `fresh` for each part of it that was not there before.
    pub(super) fn add(&mut self, start: usize, end: usize, mut fresh: impl FnMut(usize, usize)) {
        if start >= end {
            return;
        }
        // Those that overlap or touch the new one become one with it.
        let first = self.ranges.partition_point(|(_, e)| *e < start);
        let behind = self.ranges.partition_point(|(s, _)| *s <= end);
        let (mut from, mut all) = (start, (start, end));
        for &(s, e) in &self.ranges[first..behind] {
            if from < s.min(end) {
                fresh(from, s.min(end));
            }
            from = from.max(e);
            all = (all.0.min(s), all.1.max(e));
        }
        if from < end {
            fresh(from, end);
        }
        if behind == first {
            self.ranges.insert(first, all);
        } else {
            self.ranges[first] = all;
            self.ranges.drain(first + 1..behind);
        }
    }

    /// The ranges.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.ranges.iter().copied()
    }

    /// The first byte and the one behind the last; both 0 where there is none.
    pub(super) fn hull(&self) -> (usize, usize) {
        match (self.ranges.first(), self.ranges.last()) {
            (Some(first), Some(last)) => (first.0, last.1),
            _ => (0, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is fresh, and what is there, is what a set of bytes says.
        #[test]
        fn ranges_are_sets_of_bytes(adds in prop::collection::vec((0usize..60, 0usize..20), 0..12)) {
            let mut ranges = Ranges::default();
            let mut bytes = [false; 80];
            for (start, len) in adds {
                let mut new = Vec::new();
                ranges.add(start, start + len, |s, e| new.extend(s..e));
                let expected: Vec<usize> = (start..start + len).filter(|at| !bytes[*at]).collect();
                prop_assert_eq!(new, expected);
                bytes[start..start + len].fill(true);
                let there: Vec<usize> = ranges.iter().flat_map(|(s, e)| s..e).collect();
                let expected: Vec<usize> = (0..80).filter(|at| bytes[*at]).collect();
                prop_assert_eq!(&there, &expected);
                let all: Vec<_> = ranges.iter().collect();
                prop_assert!(all.windows(2).all(|w| w[0].1 < w[1].0));
                if let (Some(first), Some(last)) = (expected.first(), expected.last()) {
                    prop_assert_eq!(ranges.hull(), (*first, last + 1));
                }
            }
        }
    }
}
