//! Whatever the text, the parser ends, does not panic, and its errors can be shown.

use proptest::prelude::*;

use super::parse;

/// A program with about every form in it.
const SEED: &str = r#"package main

import (
	"fmt"
	m "math"
)

const (
	A, B = iota, 1 << iota
	C
)

type T struct {
	a, b int `tag`
	*p.U
	f func(x, y int, z ...string) (n int, err error)
}

type I interface {
	M(map[string][]int) <-chan T
	N
}

/* nested /* comment */ */
func (t *T) run(in <-port int, isl island) error {
	x, ok := t.a[1:2:3].(*T)
	go @(isl) work(0x1p-2, 'a', "s\n\x41", `raw`)
	defer func() { recover() }()
	errdefer t.close()
	for i := 0; i < 10; i++ {
		if v := f()?; v == (T{a: 1, b: 2}) {
			continue
		} else if v~>name~>[k]~>call(1)? > 2 {
			fail errors.New("no")
		}
	}
outer:
	for k, v := range []int{1, 2, 3} {
		switch y := x.(type) {
		case int, nil:
			break outer
		default:
			t.c <- &v
		}
		select {
		case a, ok := <-c:
		case c <- -k &^ 3:
		}
	}
	return nil
}
"#;

/// Parses and shows the errors; both must come to an end.
fn survives(text: impl Into<Vec<u8>>) {
    let parsed = parse(text);
    let shown = parsed.errors();
    assert_eq!(parsed.diags.is_empty(), shown.is_empty());
    parsed.printed();
}

/// Pieces that tokens are made of, to be strung together without sense.
fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "break",
        "case",
        "chan",
        "const",
        "continue",
        "default",
        "defer",
        "else",
        "errdefer",
        "fail",
        "fallthrough",
        "for",
        "func",
        "go",
        "goto",
        "if",
        "import",
        "interface",
        "island",
        "map",
        "package",
        "port",
        "range",
        "return",
        "select",
        "struct",
        "switch",
        "type",
        "var",
        "+",
        "-",
        "*",
        "/",
        "%",
        "&",
        "|",
        "^",
        "<<",
        ">>",
        "&^",
        "+=",
        "&^=",
        "&&",
        "||",
        "<-",
        "++",
        "--",
        "==",
        "<",
        "=",
        ":=",
        "!",
        "~",
        "~>",
        "?",
        "@",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        ":",
        ".",
        "...",
        "\n",
        "x",
        "T",
        "_",
        "1",
        "2.5",
        "'a'",
        "\"s\"",
        "`r`",
        "\"",
        "'",
        "`",
        "/*",
        "*/",
        "//",
        "\\",
        "#",
        "é",
        "\u{feff}",
        "\0",
        "0x",
        "1e",
        "'ab'",
        "\"\\q\"",
        "\r\n",
    ])
}

#[test]
fn every_prefix_and_suffix() {
    assert!(parse(SEED).diags.is_empty(), "{}", parse(SEED).errors());
    for at in 0..SEED.len() {
        survives(&SEED.as_bytes()[..at]);
        survives(&SEED.as_bytes()[at..]);
    }
}

#[test]
fn every_line_left_out_or_doubled() {
    let lines: Vec<&str> = SEED.lines().collect();
    for at in 0..lines.len() {
        let mut without = lines.clone();
        without.remove(at);
        survives(without.join("\n"));
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        survives(doubled.join("\n"));
    }
}

#[test]
fn one_broken_byte_gives_few_errors() {
    // Not a law, but a guard: where one character is wrong, a flood of errors would be echoes.
    for at in 0..SEED.len() {
        let mut text = SEED.as_bytes().to_vec();
        text[at] = b'#';
        let errors = parse(text.clone()).diags.sorted().len();
        assert!(errors <= 3, "{errors} errors:\n{}", parse(text).errors());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(bytes);
    }

    #[test]
    fn random_words(words in prop::collection::vec(word(), 0..120), sep in prop::sample::select(vec![" ", ""])) {
        survives(words.join(sep));
        survives(format!("func f() {{\n{}\n}}\n", words.join(sep)));
    }

    #[test]
    fn words_thrown_into_a_program(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, word()), 1..6)
    ) {
        let mut text = SEED.as_bytes().to_vec();
        for (at, cut, word) in changes {
            let at = at.index(text.len());
            let end = (at + cut).min(text.len());
            text.splice(at..end, word.bytes());
        }
        survives(text);
    }

    #[test]
    fn shuffled_words(order in Just(SEED.split_inclusive([' ', '(', '{', ',', '\n']).collect::<Vec<_>>()).prop_shuffle()) {
        survives(order.concat());
    }
}
