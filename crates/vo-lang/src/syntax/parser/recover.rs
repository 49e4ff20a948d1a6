//! Going on after an error.
//!
//! All of it rests on the partners of brackets, which the lexer found over the whole file: what was opened
//! in the construct at fault and is closed further on is skipped to its end; what was opened and is never
//! closed is taken for a slip on its line.

use super::super::token::Tok;
use super::{Parser, Reported};

impl Parser<'_> {
    /// Goes to the end of the statement or line that began at token `start` and failed: before its
    /// semicolon, or before a `}` or `closer` that is not its own. Always moves on.
    pub(super) fn recover(&mut self, start: usize, closer: Tok) {
        let failed = self.pos;
        let mut at = start;
        loop {
            let tok = self.lexed.tokens[at].tok;
            if tok == Tok::Eof {
                break;
            }
            if let Some(partner) = self.partner(at) {
                at = partner + 1;
                continue;
            }
            let ends =
                tok.is_semi() || tok == Tok::RBrace || tok == closer || self.begins_clause(at);
            // Not at `start` itself: that would be no progress.
            if at >= failed && at > start && ends {
                break;
            }
            at += 1;
        }
        self.pos = at.max(failed);
    }

    /// Whether a clause of a switch begins at token `at`: its keyword stands at the beginning of a line.
    fn begins_clause(&self, at: usize) -> bool {
        let tokens = &self.lexed.tokens;
        matches!(tokens[at].tok, Tok::Case | Tok::Default) && at > 0 && tokens[at - 1].tok.is_semi()
    }

    /// Goes to the next top-level declaration behind the one that began at token `start` and failed.
    pub(super) fn recover_top_level(&mut self, start: usize) {
        let failed = self.pos;
        let mut at = start;
        loop {
            let tok = self.lexed.tokens[at].tok;
            if tok == Tok::Eof {
                break;
            }
            let first = at == 0 || self.lexed.tokens[at - 1].tok.is_semi();
            if at >= failed && at > start && first && tok.begins_declaration() {
                break;
            }
            at = self.partner(at).map_or(at + 1, |partner| partner + 1);
        }
        self.pos = at.max(failed);
    }

    /// After an error in the head of a statement or function: if its body begins on the same line, parses
    /// it (and any `else`), so that the errors in it are reported too. Leaves it to the caller to recover.
    pub(super) fn parse_body_after_error(&mut self) {
        if self.unclosed {
            return;
        }
        let mut at = self.pos;
        loop {
            match self.lexed.tokens[at].tok {
                Tok::LBrace if self.partner(at).is_some() => break,
                Tok::Newline | Tok::RBrace | Tok::LBrace | Tok::Eof => return,
                _ => at = self.partner(at).map_or(at + 1, |partner| partner + 1),
            }
        }
        self.pos = at;
        let Ok(_) = self.body() else { return };
        if self.at(Tok::Else) {
            self.bump();
            match self.tok() {
                Tok::If => drop(self.nested(Self::if_stmt)),
                Tok::LBrace => drop(self.body()),
                _ => {}
            }
        }
    }

    /// Gives up all open blocks: the file, or the next function, comes where they should have ended.
    pub(super) fn give_up_blocks(&mut self) -> Reported {
        self.unclosed = true;
        Reported
    }
}
