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

/// The candidates that are `name` with a type behind it, in order: there are several of what is one generic
/// function in Go. None unless there are two.
pub(crate) fn family(name: &str, candidates: &[Name]) -> Vec<Name> {
    /// What such names end in.
    const TYPES: [&str; 13] = [
        "Int",
        "Int64",
        "Uint64",
        "Float64",
        "String",
        "Byte",
        "Bool",
        "Ints",
        "Strings",
        "IntInt",
        "IntString",
        "StringInt",
        "StringString",
    ];
    let of_type = |candidate: &Name| {
        let suffix = candidate.strip_prefix(name);
        suffix.is_some_and(|suffix| TYPES.contains(&suffix))
    };
    let mut names: Vec<Name> = candidates.iter().filter(|c| of_type(c)).cloned().collect();
    names.sort();
    if names.len() < 2 {
        names.clear();
    }
    names
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
