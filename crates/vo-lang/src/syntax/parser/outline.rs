//! Outlines: files whose function bodies are parsed one by one, when something asks for them.
//!
//! A program uses little of the standard library. Its declarations are parsed always, since they are what
//! names mean; the bodies, which are most of the text, only where the program can reach them.

use super::super::ast::{Block, File, NodeId, NodeIds};
use super::super::lexer::lex;
use super::super::token::{Lexed, Tok};
use super::{Parser, comments_of};
use crate::diag::Diagnostics;
use crate::source::{FileId, SourceMap};

/// The function bodies that an outline has left out, and what it takes to parse them.
#[derive(Debug)]
pub struct Outline {
    file: FileId,
    lexed: Lexed,
    functions: Vec<FuncTokens>,
}

/// Where a function declaration stands among the tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct FuncTokens {
    /// The declaration.
    pub(super) decl: NodeId,
    /// Its `func`.
    pub(super) start: usize,
    /// The `{` of its body, if it has one.
    pub(super) body: Option<usize>,
    /// The token behind it.
    pub(super) end: usize,
}

/// Parses a file of `sources` but for the bodies of its functions.
pub fn parse_outline(
    sources: &SourceMap,
    file: FileId,
    ids: &mut NodeIds,
    diags: &mut Diagnostics,
) -> (File, Outline) {
    let source = sources.file(file);
    let lexed = lex(file, source, diags);
    let mut functions = Vec::new();
    let comments = comments_of(file, source, &lexed);
    let mut parser = Parser::new(file, source, &lexed, ids, diags);
    parser.outline = Some(&mut functions);
    let tree = parser.file(comments);
    let outline = Outline {
        file,
        lexed,
        functions,
    };
    (tree, outline)
}

impl Outline {
    /// The functions whose bodies were left out.
    pub fn functions(&self) -> impl Iterator<Item = NodeId> {
        let with_body = self.functions.iter().filter(|f| f.body.is_some());
        with_body.map(|f| f.decl)
    }

    /// Calls `each` for every name outside of functions, as often as it stands there.
    pub fn names_outside<'s>(&self, sources: &'s SourceMap, mut each: impl FnMut(&'s str)) {
        let mut start = 0;
        for function in &self.functions {
            self.names(start..function.start, sources, &mut each);
            start = function.end;
        }
        self.names(start..self.lexed.tokens.len(), sources, &mut each);
    }

    /// Parses the body of a function, and calls `each` for every name in it. `None` where it is broken,
    /// which is reported, or was not left out.
    pub fn parse_body<'s>(
        &self,
        decl: NodeId,
        sources: &'s SourceMap,
        ids: &mut NodeIds,
        diags: &mut Diagnostics,
        mut each: impl FnMut(&'s str),
    ) -> Option<Block> {
        let function = self.functions.iter().find(|f| f.decl == decl)?;
        let body = function.body?;
        self.names(body..function.end, sources, &mut each);
        let mut parser = Parser::new(self.file, sources.file(self.file), &self.lexed, ids, diags);
        parser.pos = body;
        parser.body().ok()
    }

    fn names<'s>(
        &self,
        range: std::ops::Range<usize>,
        sources: &'s SourceMap,
        each: &mut impl FnMut(&'s str),
    ) {
        let text = sources.file(self.file).text();
        for token in &self.lexed.tokens[range] {
            if token.tok == Tok::Ident {
                each(&text[token.lo as usize..token.hi as usize]);
            }
        }
    }
}
