//! The tokens of the text form.

use logos::Logos;

/// A token; its text is told by its span.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(skip r"[ \t\r\n]+")]
#[logos(skip(r"(;|//)[^\n]*", allow_greedy = true))]
pub(super) enum Token {
    /// `%12`
    #[regex(r"%[0-9]+")]
    Slot,
    /// `@12` or `@loop`
    #[regex(r"@[A-Za-z0-9_]+")]
    At,
    /// `!12`
    #[regex(r"![0-9]+")]
    Line,
    /// A keyword, a mnemonic or a name.
    #[regex(r"[A-Za-z_][A-Za-z0-9_.$]*(/[A-Za-z_][A-Za-z0-9_.$]*)*")]
    Word,
    /// A quoted string.
    #[regex(r#""([^"\\\n]|\\[^\n])*""#)]
    Str,
    /// An integer or a float.
    #[regex(r"-?(0x[0-9A-Fa-f]+|[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)")]
    Number,
    /// `(`
    #[token("(")]
    LParen,
    /// `)`
    #[token(")")]
    RParen,
    /// `[`
    #[token("[")]
    LBracket,
    /// `]`
    #[token("]")]
    RBracket,
    /// `{`
    #[token("{")]
    LBrace,
    /// `}`
    #[token("}")]
    RBrace,
    /// `,`
    #[token(",")]
    Comma,
    /// `:`
    #[token(":")]
    Colon,
    /// `=`
    #[token("=")]
    Equals,
    /// `->`
    #[token("->")]
    Arrow,
    /// The end of the text; never made by the lexer.
    End,
}

impl Token {
    /// The token as error messages call it.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Token::Slot => "a slot (`%n`)",
            Token::At => "`@…`",
            Token::Line => "a line (`!n`)",
            Token::Word => "a word",
            Token::Str => "a string",
            Token::Number => "a number",
            Token::LParen => "`(`",
            Token::RParen => "`)`",
            Token::LBracket => "`[`",
            Token::RBracket => "`]`",
            Token::LBrace => "`{`",
            Token::RBrace => "`}`",
            Token::Comma => "`,`",
            Token::Colon => "`:`",
            Token::Equals => "`=`",
            Token::Arrow => "`->`",
            Token::End => "the end of the text",
        }
    }
}

/// Whether `name` can stand as a bare word where a name is wanted.
pub(super) fn is_bare(name: &str) -> bool {
    // These words begin something else where a function's name may stand.
    const RESERVED: &[&str] = &["func", "closure", "method", "embedded", "_"];
    let mut lexer = Token::lexer(name);
    lexer.next() == Some(Ok(Token::Word))
        && lexer.slice().len() == name.len()
        && !RESERVED.contains(&name)
}
