//! Tokens: what the lexer gives and the parser reads.

use logos::Logos;

use super::ast::{BinaryOp, LitValue};

/// A token and its byte range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub tok: Tok,
    pub lo: u32,
    pub hi: u32,
}

/// The kinds of tokens. Those with an attribute are recognised by their text; of literals and block
/// comments only the beginning is, the lexer reads the rest itself.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[logos(skip r"[ \t\r]+")]
#[rustfmt::skip]
pub(super) enum Tok {
    // Never reach the parser.
    #[token("\n")] LineEnd,
    #[regex(r"//[^\n]*", allow_greedy = true)] LineComment,
    #[token("/*")] BlockComment,
    #[regex(r"[0-9]|\.[0-9]")] NumberStart,
    #[token("\"")] Quote,
    #[token("'")] RuneQuote,
    #[token("`")] RawQuote,

    /// A name that is not reserved.
    #[regex(r"[\p{L}_][\p{L}\p{Nd}_]*")] Ident,
    /// A literal; its value stands under this index of the lexer's list.
    Lit(u32),
    /// A semicolon inserted at a line end or at the end of the file.
    Newline,
    /// The end of the file.
    Eof,
    /// Something that is no token; already reported.
    Error,

    #[token("break")] Break,
    #[token("case")] Case,
    #[token("chan")] Chan,
    #[token("const")] Const,
    #[token("continue")] Continue,
    #[token("default")] Default,
    #[token("defer")] Defer,
    #[token("else")] Else,
    #[token("errdefer")] ErrDefer,
    #[token("fail")] Fail,
    #[token("fallthrough")] Fallthrough,
    #[token("for")] For,
    #[token("func")] Func,
    #[token("go")] Go,
    #[token("goto")] Goto,
    #[token("if")] If,
    #[token("import")] Import,
    #[token("interface")] Interface,
    #[token("island")] Island,
    #[token("map")] Map,
    #[token("package")] Package,
    #[token("port")] Port,
    #[token("range")] Range,
    #[token("return")] Return,
    #[token("select")] Select,
    #[token("struct")] Struct,
    #[token("switch")] Switch,
    #[token("type")] Type,
    #[token("var")] Var,

    #[token("+")] Plus,
    #[token("-")] Minus,
    #[token("*")] Star,
    #[token("/")] Slash,
    #[token("%")] Percent,
    #[token("&")] Amp,
    #[token("|")] Pipe,
    #[token("^")] Caret,
    #[token("<<")] Shl,
    #[token(">>")] Shr,
    #[token("&^")] AmpCaret,
    #[token("+=")] PlusEq,
    #[token("-=")] MinusEq,
    #[token("*=")] StarEq,
    #[token("/=")] SlashEq,
    #[token("%=")] PercentEq,
    #[token("&=")] AmpEq,
    #[token("|=")] PipeEq,
    #[token("^=")] CaretEq,
    #[token("<<=")] ShlEq,
    #[token(">>=")] ShrEq,
    #[token("&^=")] AmpCaretEq,
    #[token("&&")] AndAnd,
    #[token("||")] OrOr,
    #[token("<-")] Arrow,
    #[token("++")] Inc,
    #[token("--")] Dec,
    #[token("==")] EqEq,
    #[token("!=")] NotEq,
    #[token("<")] Lt,
    #[token("<=")] Le,
    #[token(">")] Gt,
    #[token(">=")] Ge,
    #[token("=")] Assign,
    #[token(":=")] Define,
    #[token("!")] Not,
    #[token("~")] Tilde,
    #[token("~>")] DynArrow,
    #[token("?")] Question,
    #[token("@")] At,
    #[token("(")] LParen,
    #[token(")")] RParen,
    #[token("[")] LBracket,
    #[token("]")] RBracket,
    #[token("{")] LBrace,
    #[token("}")] RBrace,
    #[token(",")] Comma,
    #[token(";")] Semi,
    #[token(":")] Colon,
    #[token(".")] Dot,
    #[token("...")] Ellipsis,
}

impl Tok {
    /// Whether a line end behind this token becomes a semicolon.
    pub fn ends_statement(self) -> bool {
        use Tok::*;
        matches!(
            self,
            Ident
                | Lit(_)
                | Error
                | Break
                | Continue
                | Fallthrough
                | Return
                | Fail
                | Island
                | Inc
                | Dec
                | Question
                | RParen
                | RBracket
                | RBrace
        )
    }

    /// Whether it is a semicolon, written or inserted.
    pub fn is_semi(self) -> bool {
        matches!(self, Tok::Semi | Tok::Newline)
    }

    /// Whether it is a reserved word.
    pub fn is_keyword(self) -> bool {
        use Tok::*;
        matches!(
            self,
            Break
                | Case
                | Chan
                | Const
                | Continue
                | Default
                | Defer
                | Else
                | ErrDefer
                | Fail
                | Fallthrough
                | For
                | Func
                | Go
                | Goto
                | If
                | Import
                | Interface
                | Island
                | Map
                | Package
                | Port
                | Range
                | Return
                | Select
                | Struct
                | Switch
                | Type
                | Var
        )
    }

    /// Whether a declaration begins with it.
    pub fn begins_declaration(self) -> bool {
        matches!(
            self,
            Tok::Import | Tok::Const | Tok::Var | Tok::Type | Tok::Func
        )
    }

    /// Whether it is a reserved word of Vo that is an ordinary name in Go.
    pub fn is_name_in_go(self) -> bool {
        matches!(self, Tok::Port | Tok::Island | Tok::Fail | Tok::ErrDefer)
    }

    /// The bracket that closes this one.
    pub fn closer(self) -> Option<Tok> {
        match self {
            Tok::LParen => Some(Tok::RParen),
            Tok::LBracket => Some(Tok::RBracket),
            Tok::LBrace => Some(Tok::RBrace),
            _ => None,
        }
    }

    /// Whether it is a closing bracket.
    pub fn is_closer(self) -> bool {
        matches!(self, Tok::RParen | Tok::RBracket | Tok::RBrace)
    }

    /// The infix operator it is.
    pub fn binary_op(self) -> Option<BinaryOp> {
        Some(match self {
            Tok::OrOr => BinaryOp::LogOr,
            Tok::AndAnd => BinaryOp::LogAnd,
            Tok::EqEq => BinaryOp::Eq,
            Tok::NotEq => BinaryOp::Ne,
            Tok::Lt => BinaryOp::Lt,
            Tok::Le => BinaryOp::Le,
            Tok::Gt => BinaryOp::Gt,
            Tok::Ge => BinaryOp::Ge,
            Tok::Plus => BinaryOp::Add,
            Tok::Minus => BinaryOp::Sub,
            Tok::Pipe => BinaryOp::Or,
            Tok::Caret => BinaryOp::Xor,
            Tok::Star => BinaryOp::Mul,
            Tok::Slash => BinaryOp::Div,
            Tok::Percent => BinaryOp::Rem,
            Tok::Shl => BinaryOp::Shl,
            Tok::Shr => BinaryOp::Shr,
            Tok::Amp => BinaryOp::And,
            Tok::AmpCaret => BinaryOp::AndNot,
            _ => return None,
        })
    }

    /// The operator of `op=`.
    pub fn compound_op(self) -> Option<BinaryOp> {
        Some(match self {
            Tok::PlusEq => BinaryOp::Add,
            Tok::MinusEq => BinaryOp::Sub,
            Tok::StarEq => BinaryOp::Mul,
            Tok::SlashEq => BinaryOp::Div,
            Tok::PercentEq => BinaryOp::Rem,
            Tok::AmpEq => BinaryOp::And,
            Tok::PipeEq => BinaryOp::Or,
            Tok::CaretEq => BinaryOp::Xor,
            Tok::ShlEq => BinaryOp::Shl,
            Tok::ShrEq => BinaryOp::Shr,
            Tok::AmpCaretEq => BinaryOp::AndNot,
            _ => return None,
        })
    }
}

/// What the lexer made of a file.
#[derive(Debug)]
pub(super) struct Lexed {
    /// The tokens, ending in one [`Tok::Eof`].
    pub tokens: Vec<Token>,
    /// For each opening bracket the index of its partner in `tokens`; 0 for those without one and for all
    /// other tokens.
    pub partners: Vec<u32>,
    /// The values of the literals.
    pub literals: Vec<LitValue>,
    /// The byte ranges of the comments.
    pub comments: Vec<(u32, u32)>,
    /// Lines on which something was reported that makes any further complaint about them suspect.
    pub spoiled_lines: Vec<u32>,
    /// Ranges of bytes in which the brackets are not those that were meant: behind a literal without end that
    /// swallowed braces, up to the next declaration.
    pub shadows: Vec<(u32, u32)>,
    /// Whether a string or comment without end swallowed the rest of the file.
    pub truncated: bool,
}
