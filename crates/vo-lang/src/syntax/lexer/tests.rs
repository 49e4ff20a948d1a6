use super::*;
use crate::diag::Code;
use crate::source::SourceMap;

/// The tokens of `text` by their text: `;` written, `\n` inserted, `<error>`.
fn tokens(text: &str) -> (Vec<String>, Vec<String>) {
    let mut map = SourceMap::new();
    let id = map.add("t.vo", text);
    let mut diags = Diagnostics::new();
    let lexed = lex(id, map.file(id), &mut diags);
    let source = map.file(id).text();
    let words = lexed
        .tokens
        .iter()
        .filter(|t| t.tok != Tok::Eof)
        .map(|t| match t.tok {
            Tok::Newline => "\n".to_string(),
            Tok::Error => "<error>".to_string(),
            _ => source[t.lo as usize..t.hi as usize].to_string(),
        })
        .collect();
    let errors = diags
        .sorted()
        .iter()
        .map(|d| format!("{} {}", map.position(d.span()).column, d.title))
        .collect();
    (words, errors)
}

/// The tokens of a text without errors, separated by spaces; `$` is an inserted semicolon.
fn lexed(text: &str) -> String {
    let (words, errors) = tokens(text);
    assert!(errors.is_empty(), "{text:?}: {errors:?}");
    words.join(" ").replace('\n', "$")
}

/// The value of the only literal in a text, and the errors.
fn literal(text: &str) -> (LitValue, Vec<String>) {
    let mut map = SourceMap::new();
    let id = map.add("t.vo", text);
    let mut diags = Diagnostics::new();
    let mut lexed = lex(id, map.file(id), &mut diags);
    assert_eq!(lexed.literals.len(), 1, "{text:?}");
    (
        lexed.literals.remove(0),
        diags.sorted().iter().map(|d| d.title.clone()).collect(),
    )
}

fn string(text: &str) -> Vec<u8> {
    match literal(text) {
        (LitValue::String(bytes), errors) if errors.is_empty() => bytes.to_vec(),
        other => panic!("{text:?}: {other:?}"),
    }
}

#[test]
fn longest_operator_wins() {
    assert_eq!(
        lexed("a&^=b&^c<<=1<-x<<y"),
        "a &^= b &^ c <<= 1 <- x << y $"
    );
    assert_eq!(lexed("a~>b ~c ...d..e"), "a ~> b ~ c ... d . . e $");
    assert_eq!(lexed("go @(i)f()?"), "go @ ( i ) f ( ) ? $");
    assert_eq!(lexed("x---y"), "x -- - y $");
}

#[test]
fn names_may_be_in_any_script() {
    assert_eq!(lexed("größe := ñ_1 + 世界"), "größe := ñ_1 + 世界 $");
    assert_eq!(lexed("iffy portal"), "iffy portal $");
}

#[test]
fn semicolons_as_in_go() {
    for last in [
        "x",
        "1",
        "1.5",
        "'a'",
        "\"s\"",
        "`r`",
        "break",
        "continue",
        "fallthrough",
        "return",
        "++",
        "--",
        ")",
        "]",
        "}",
    ] {
        assert_eq!(lexed(&format!("{last}\n")), format!("{last} $"), "{last}");
        assert_eq!(
            lexed(last),
            format!("{last} $"),
            "{last} at the end of the file"
        );
    }
    for last in [
        "+", "if", "(", "[", "{", ",", ";", ":", ".", "=", "func", "go", "map", "chan", "port",
        "defer", "errdefer",
    ] {
        assert_eq!(lexed(&format!("{last}\n")), last, "{last}");
    }
}

#[test]
fn semicolons_of_vo() {
    assert_eq!(lexed("f()?\nfail\nisland\n"), "f ( ) ? $ fail $ island $");
}

#[test]
fn comments_and_semicolons() {
    assert_eq!(lexed("x // c\ny"), "x $ y $");
    assert_eq!(lexed("x /* c */ y"), "x y $");
    assert_eq!(lexed("x /* c\n */ y"), "x $ y $");
    assert_eq!(lexed("x + /* c\n */ y"), "x + y $");
    assert_eq!(lexed("x /* a /* b */ c */ y"), "x y $");
    assert_eq!(lexed("x\r\ny\r\n"), "x $ y $");
    assert_eq!(tokens("x /* a /* b */ y").1, ["3 comment without end"]);
}

#[test]
fn strings() {
    assert_eq!(string(r#""a\n\x41\101é""#), "a\nAAé".as_bytes());
    assert_eq!(string(r#""\xff\377""#), [255, 255]);
    assert_eq!(string("`a\\n\r\nb`"), b"a\\n\nb");
    assert_eq!(string(r#""\"""#), b"\"");
    assert_eq!(string(r#""""#), b"");
}

#[test]
fn runes() {
    let rune = |text| match literal(text) {
        (LitValue::Rune(c), errors) if errors.is_empty() => c,
        other => panic!("{text:?}: {other:?}"),
    };
    assert_eq!(rune("'a'"), 'a');
    assert_eq!(rune(r"'\''"), '\'');
    assert_eq!(rune(r"'\\'"), '\\');
    assert_eq!(rune(r"'\xff'"), 'ÿ');
    assert_eq!(rune(r"'\U0001F600'"), '😀');
    assert_eq!(rune("'世'"), '世');
}

#[test]
fn wrong_literals_are_reported_once() {
    assert_eq!(
        literal("'ab'").1,
        ["more than one character in a rune literal"]
    );
    assert_eq!(literal("''").1, ["empty rune literal"]);
    assert_eq!(literal("'''").1, ["empty rune literal"]);
    assert_eq!(literal(r"'\q'").1, [r"unknown escape `\q`"]);
    assert_eq!(literal("'a\n").1, ["rune without end"]);
    assert_eq!(literal("\"a\n").1, ["string without end"]);
    assert_eq!(literal("\"a\\\n").1, ["string without end"]);
    assert_eq!(literal("\"a\\").1, ["string without end"]);
    assert_eq!(literal("`a").1, ["string without end"]);
    assert_eq!(literal("3i").1, ["imaginary literals are not part of Vo"]);
}

#[test]
fn unknown_characters_are_reported_once_a_line() {
    assert_eq!(
        tokens("a # $$ b").1,
        ["3 unexpected character `#` (U+0023)"]
    );
    assert_eq!(tokens("a ## b").0.join(" "), "a <error> b \n");
    assert_eq!(tokens("a \u{feff}b\n\0").1.len(), 2);
}

#[test]
fn invalid_utf8_has_a_place() {
    let mut map = SourceMap::new();
    let id = map.add("t.vo", b"\xef\xbb\xbfx := \"a\xff\"\ny\xfe".to_vec());
    let mut diags = Diagnostics::new();
    lex(id, map.file(id), &mut diags);
    let places: Vec<_> = diags
        .sorted()
        .iter()
        .map(|d| (d.code, map.describe(d.span())))
        .collect();
    assert_eq!(
        places,
        [
            (Code::E0002, "t.vo:1:8".to_string()),
            (Code::E0002, "t.vo:2:2".to_string())
        ]
    );
}

#[test]
fn partners_of_brackets() {
    let pairs = |text: &str| {
        let mut map = SourceMap::new();
        let id = map.add("t.vo", text);
        let lexed = lex(id, map.file(id), &mut Diagnostics::new());
        let at = |i: usize| lexed.tokens[i].lo;
        (0..lexed.tokens.len())
            .filter(|i| lexed.partners[*i] > 0)
            .map(|i| (at(i), at(lexed.partners[i] as usize)))
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs("([{}])"), [(0, 5), (1, 4), (2, 3)]);
    assert_eq!(pairs("{(}"), [(0, 2)]);
    assert_eq!(pairs("({)}"), [(1, 3)]);
    assert_eq!(pairs("([)"), [(0, 2)]);
    assert_eq!(pairs("}])(("), []);
}
