//! Words and forms of other languages, where they make no sense: how Vo says the same.

use super::Parser;
use crate::syntax::token::Tok;

impl Parser<'_> {
    /// How to say in Vo what another language would say with the token at which parsing failed, or the one
    /// before it.
    pub(super) fn foreign(&self) -> Option<&'static str> {
        let before = self.pos.checked_sub(1).map(|at| self.lexed.tokens[at].tok);
        match (before, self.tok()) {
            (_, Tok::Inc | Tok::Dec) => {
                return Some("`++` and `--` make statements of their own, not expressions");
            }
            (Some(Tok::Question), tok) if !tok.is_semi() && tok != Tok::Eof => {
                return Some(
                    "`?` passes on an error; in place of `c ? a : b` use an `if` statement",
                );
            }
            _ => {}
        }
        let word = |at: usize| {
            if self.lexed.tokens[at].tok == Tok::Ident {
                self.text(self.span_of(at))
            } else {
                ""
            }
        };
        let here = word(self.pos);
        if let "in" | "of" = here {
            return Some("to go through something write `for i, x := range …`");
        }
        // A word says something else where it does not begin a statement.
        let begins = |at: &usize| {
            let before = at.checked_sub(1).map(|at| self.lexed.tokens[at].tok);
            before.is_none_or(|tok| tok.is_semi() || matches!(tok, Tok::LBrace | Tok::RBrace))
        };
        match self.pos.checked_sub(1).filter(begins).map_or("", word) {
            "while" | "until" | "loop" | "foreach" => Some("all loops begin with `for`"),
            "let" | "auto" | "val" | "mut" | "final" => {
                Some("variables are declared with `x := value` or `var x T`")
            }
            "elif" | "elsif" | "elseif" => Some("write `else if`"),
            "try" => Some("errors are values: pass them on with `?`, or test `err != nil`"),
            "throw" | "raise" => Some("leave with an error by `fail err`"),
            "function" | "fn" | "def" => Some("functions are declared with `func`"),
            "int" | "int64" | "uint" | "byte" | "float" | "float64" | "double" | "bool"
            | "char" | "string" | "void"
                if !here.is_empty() =>
            {
                Some("the type stands behind the name: `var x int`")
            }
            _ => None,
        }
    }

    /// The same for what stands in place of a declaration.
    pub(super) fn foreign_declaration(&self) -> Option<&'static str> {
        if self.tok() != Tok::Ident {
            return None;
        }
        match self.text(self.span()) {
            "function" | "fn" | "def" | "fun" | "proc" => {
                Some("functions are declared with `func`")
            }
            "class" | "struct" | "enum" | "trait" | "record" => {
                Some("types are declared with `type`: `type T struct { … }`")
            }
            "let" | "auto" | "val" => Some("variables are declared with `var` here"),
            "using" | "use" | "include" | "require" | "from" => {
                Some("packages are imported with `import \"path\"`")
            }
            _ => None,
        }
    }
}
