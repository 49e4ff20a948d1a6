//! Programs with a few tokens changed: most still parse, so that checker and lowering have to bear them.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

use super::fault;

/// The programs that are changed: language tests, each in one short file.
static PROGRAMS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let (mut found, mut folders) = (Vec::new(), vec![root]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(folder).expect("the tests are there");
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "vo") {
                found.push(path);
            }
        }
    }
    found.sort();
    let texts = found
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap_or_default());
    texts.filter(|text| text.len() < 8000).collect()
});

/// What sort of token a character begins, or is in: of each sort there are tokens to put in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Word,
    Number,
    Text,
    Space,
    Sign,
}

/// Cuts a program into its tokens, roughly.
fn tokens(text: &str) -> Vec<(Sort, &str)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let while_is = |is: &dyn Fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
        let (sort, length) = match first {
            'a'..='z' | 'A'..='Z' | '_' => (
                Sort::Word,
                while_is(&|c: char| c.is_alphanumeric() || c == '_'),
            ),
            '0'..='9' => (
                Sort::Number,
                while_is(&|c: char| c.is_ascii_alphanumeric() || c == '.'),
            ),
            '"' | '`' | '\'' => {
                let end = rest[1..].find(first).map_or(rest.len(), |at| at + 2);
                (Sort::Text, end)
            }
            _ if first.is_whitespace() => (Sort::Space, while_is(&char::is_whitespace)),
            _ => {
                let known = ["~>", ":=", "<-", "==", "&&", "||", "...", "++", "<<"];
                let sign = known.iter().find(|sign| rest.starts_with(**sign));
                (Sort::Sign, sign.map_or(first.len_utf8(), |sign| sign.len()))
            }
        };
        tokens.push((sort, &rest[..length]));
        rest = &rest[length..];
    }
    tokens
}

/// A change of a program.
#[derive(Clone, Debug)]
enum Change {
    /// A token becomes another one of its sort in the program.
    Replace(Index, Index),
    /// Two tokens change places.
    Swap(Index, Index),
    /// Tokens from one place also stand in another.
    Copy(Index, Index, usize),
    Delete(Index, usize),
    /// A word, or a sign, that the program may not have.
    Put(Index, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        6 => (at(), at()).prop_map(|(a, b)| Change::Replace(a, b)),
        2 => (at(), at()).prop_map(|(a, b)| Change::Swap(a, b)),
        1 => (at(), at(), 1usize..20).prop_map(|(a, b, n)| Change::Copy(a, b, n)),
        2 => (at(), 1usize..6).prop_map(|(a, n)| Change::Delete(a, n)),
        3 => (at(), word()).prop_map(|(a, word)| Change::Put(a, word)),
    ]
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "nil",
        "any",
        "error",
        "iota",
        "int8",
        "uint64",
        "float32",
        "string",
        "[]byte",
        "rune",
        "true",
        "_",
        "0",
        "-1",
        "1 << 62",
        "1e400",
        "0x1p-2",
        "\"\"",
        "'x'",
        "len",
        "append",
        "make",
        "new",
        "recover",
        "panic",
        "func() {}",
        "struct{}",
        "struct{}{}",
        "interface{}",
        "map[string]int",
        "chan int",
        "port int",
        "port<- int",
        "island",
        "*",
        "&",
        "<-",
        "~>x",
        "~>[0]",
        "~>f()",
        "~>(1)",
        "?",
        "fail err",
        "errdefer",
        "defer",
        "go",
        "go @(isl)",
        "return",
        "break",
        "continue",
        "fallthrough",
        "range",
        "switch",
        "select",
        "case",
        "default:",
        "type",
        "const",
        "var",
        "if",
        "for",
        "else",
        "...",
        "[...]",
        "[1:2:3]",
        ".(type)",
        ".(int)",
        "==",
        "!=",
        "<<",
        "&^=",
        "+=",
        "++",
        ":=",
        "=",
        "!",
        "^",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        "\n",
        ":",
        "L:",
        "goto L",
        "import",
        "/*",
    ])
}

/// The program with changes.
fn changed(program: &str, changes: &[Change]) -> String {
    let mut tokens = tokens(program);
    for change in changes {
        if tokens.is_empty() {
            break;
        }
        let length = tokens.len();
        match change {
            Change::Replace(at, other) => {
                let at = at.index(length);
                let sort = tokens[at].0;
                let same: Vec<usize> = (0..length).filter(|i| tokens[*i].0 == sort).collect();
                tokens[at] = tokens[same[other.index(same.len())]];
            }
            Change::Swap(a, b) => tokens.swap(a.index(length), b.index(length)),
            Change::Copy(from, to, count) => {
                let from = from.index(length);
                let some = tokens[from..(from + count).min(length)].to_vec();
                let to = to.index(length);
                tokens.splice(to..to, some);
            }
            Change::Delete(at, count) => {
                let at = at.index(length);
                tokens.drain(at..(at + count).min(length));
            }
            Change::Put(at, word) => tokens.insert(at.index(length), (Sort::Sign, word)),
        }
    }
    tokens.iter().map(|(_, text)| *text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_programs(program in any::<Index>(), changes in prop::collection::vec(change(), 1..5)) {
        let program: &String = program.get(&PROGRAMS[..]);
        let text = changed(program, &changes);
        let fault = fault(text.as_bytes());
        prop_assert!(fault.is_none(), "{}\n{text}", fault.unwrap_or_default());
    }

    #[test]
    fn programs_with_broken_bytes(
        program in any::<Index>(),
        bytes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let program: &String = program.get(&PROGRAMS[..]);
        let mut text = program.clone().into_bytes();
        for (at, byte) in bytes {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let fault = fault(&text);
        prop_assert!(fault.is_none(), "{}\n{}", fault.unwrap_or_default(), String::from_utf8_lossy(&text));
    }
}

#[test]
fn tokens_are_the_whole_text() {
    for program in PROGRAMS.iter() {
        assert_eq!(&changed(program, &[]), program);
    }
}
