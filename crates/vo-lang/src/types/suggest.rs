//! Suggestions for misspelt names.

use super::ty::Name;

/// The candidate most like `name`, if one is close enough to be meant; the alphabetically first of equals.
pub(crate) fn closest(name: &str, candidates: &[Name]) -> Option<Name> {
    /// Longer names are not compared: the distance is quadratic.
    const MAX_CHARS: usize = 64;
    let length = name.chars().count();
    if !(2..=MAX_CHARS).contains(&length) {
        return None;
    }
    let bound = (length / 3).clamp(1, 3);
    candidates
        .iter()
        .filter(|c| ***c != *name && &***c != "_" && c.chars().count().abs_diff(length) <= bound)
        .map(|c| (distance(name, c), c))
        .filter(|&(distance, c)| distance <= bound && (length > 2 || c.eq_ignore_ascii_case(name)))
        .min()
        .map(|(_, c)| c.clone())
}

/// How many letters must be inserted, removed or replaced to make `b` of `a`; a change of case is free but
/// for a first one.
fn distance(a: &str, b: &str) -> usize {
    if a.eq_ignore_ascii_case(b) {
        return 1;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn close_names_are_suggested() {
        let names: Vec<_> = ["Println", "Printf", "Sprint", "len"]
            .iter()
            .map(|&n| n.into())
            .collect();
        assert_eq!(closest("println", &names).as_deref(), Some("Println"));
        assert_eq!(closest("Prntf", &names).as_deref(), Some("Printf"));
        assert_eq!(closest("lne", &names).as_deref(), None);
        assert_eq!(closest("Banana", &names), None);
    }
}
