//! A module from text: the cursor over the tokens, and all but functions.

use super::lex::Token;
use super::{TextError, escape};
use crate::types::Method;
use crate::*;
use logos::Logos;
use std::collections::HashMap;

/// Reads a module.
///
/// # Errors
///
/// Says at which line and column the text is no module. The module that is returned is
/// well-formed text, nothing more; see [`crate::verify`].
pub fn parse(text: &str) -> Result<Module, TextError> {
    let mut parser = Parser::new(text)?;
    parser.module()?;
    Ok(parser.module)
}

/// Where a token begins: a byte offset in the text.
pub(super) type Place = usize;

/// A cursor over the tokens of a text, and the module read so far.
pub struct Parser<'s> {
    text: &'s str,
    tokens: Vec<(Token, std::ops::Range<usize>)>,
    pub(super) at: usize,
    /// The functions of the whole text by name; `None` where the name is not unique.
    names: HashMap<String, Option<FuncId>>,
    strings: HashMap<Box<[u8]>, StrId>,
    /// The labels of the function being read.
    pub(super) labels: HashMap<&'s str, u32>,
    /// A label that was used before it was known.
    pub(super) missing: Option<(&'s str, Place)>,
    pub(super) module: Module,
}

impl<'s> Parser<'s> {
    fn new(text: &'s str) -> Result<Parser<'s>, TextError> {
        let mut parser = Parser {
            text,
            tokens: Vec::new(),
            at: 0,
            names: HashMap::new(),
            strings: HashMap::new(),
            labels: HashMap::new(),
            missing: None,
            module: Module::default(),
        };
        for (token, span) in Token::lexer(text).spanned() {
            match token {
                Ok(token) => parser.tokens.push((token, span)),
                Err(()) if text[span.start..].starts_with('"') => {
                    return Err(parser.error(span.start, "a string without its end"));
                }
                Err(()) => return Err(parser.error(span.start, "nothing begins like this")),
            }
        }
        parser.tokens.push((Token::End, text.len()..text.len()));
        parser.collect_names()?;
        Ok(parser)
    }

    /// Finds the functions' names, so that they can be used before they stand.
    fn collect_names(&mut self) -> Result<(), TextError> {
        let (mut depth, mut count) = (0_u32, 0);
        while self.peek() != Token::End {
            let begins = depth == 0 && self.peek() == Token::Word && self.slice() == "func";
            match self.peek() {
                Token::LBrace => depth += 1,
                Token::RBrace => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            // `type … = func (…)` is a type.
            if !begins || self.at >= 2 && self.tokens[self.at - 2].0 == Token::Equals {
                continue;
            }
            self.skip(Token::At);
            let id = FuncId(count);
            count += 1;
            let (name, _) = self.name()?;
            let unique = !self.names.contains_key(&name);
            self.names.insert(name, unique.then_some(id));
        }
        self.at = 0;
        Ok(())
    }

    // ---- the cursor ----------------------------------------------------------------------

    /// An error at a place of the text.
    pub(super) fn error(&self, place: Place, message: impl Into<String>) -> TextError {
        let before = &self.text[..place];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        TextError {
            line: before.matches('\n').count() as u32 + 1,
            column: before[line_start..].chars().count() as u32 + 1,
            message: message.into(),
        }
    }

    pub(super) fn peek(&self) -> Token {
        self.tokens[self.at].0
    }

    /// The text of the next token.
    pub(super) fn slice(&self) -> &'s str {
        &self.text[self.tokens[self.at].1.clone()]
    }

    /// Where the next token begins.
    pub(super) fn place(&self) -> Place {
        self.tokens[self.at].1.start
    }

    fn expected(&self, what: &str) -> TextError {
        let found = match self.peek() {
            Token::End => Token::End.describe().to_owned(),
            _ => format!("`{}`", self.slice()),
        };
        self.error(self.place(), format!("expected {what}, found {found}"))
    }

    /// Takes the next token where it is `token`.
    pub(super) fn skip(&mut self, token: Token) -> bool {
        if self.peek() != token {
            return false;
        }
        self.at += 1;
        true
    }

    /// Takes the next token where it is that word.
    pub(super) fn skip_word(&mut self, word: &str) -> bool {
        if self.peek() != Token::Word || self.slice() != word {
            return false;
        }
        self.at += 1;
        true
    }

    /// Takes a token; gives its text and place.
    pub(super) fn take(&mut self, token: Token, what: &str) -> Result<(&'s str, Place), TextError> {
        if self.peek() != token {
            return Err(self.expected(what));
        }
        let taken = (self.slice(), self.place());
        self.at += 1;
        Ok(taken)
    }

    /// Takes a token that needs no text.
    pub(super) fn expect(&mut self, token: Token) -> Result<(), TextError> {
        self.take(token, token.describe()).map(|_| ())
    }

    pub(super) fn comma(&mut self) -> Result<(), TextError> {
        self.expect(Token::Comma)
    }

    pub(super) fn word(&mut self, what: &str) -> Result<(&'s str, Place), TextError> {
        self.take(Token::Word, what)
    }

    pub(super) fn number(&mut self) -> Result<(&'s str, Place), TextError> {
        self.take(Token::Number, "a number")
    }

    /// The digits of a token as a number that fits.
    pub(super) fn digits<T: std::str::FromStr>(
        &self,
        digits: &str,
        place: Place,
    ) -> Result<T, TextError> {
        digits
            .parse()
            .map_err(|_| self.error(place, format!("`{digits}` is out of range")))
    }

    pub(super) fn slot(&mut self) -> Result<Slot, TextError> {
        let (text, place) = self.take(Token::Slot, Token::Slot.describe())?;
        self.digits(&text[1..], place).map(Slot)
    }

    /// The index of `letter` and digits, such as `t12`.
    pub(super) fn id(&mut self, letter: &str) -> Result<u32, TextError> {
        let what = format!("`{letter}` and a number");
        let digits = self.slice().strip_prefix(letter).unwrap_or("");
        if !digits.bytes().all(|b| b.is_ascii_digit()) || digits.is_empty() {
            return Err(self.expected(&what));
        }
        let (_, place) = self.word(&what)?;
        self.digits(digits, place)
    }

    /// A string's bytes, and where it stands.
    fn bytes(&mut self) -> Result<(Vec<u8>, Place), TextError> {
        let (quoted, place) = self.take(Token::Str, Token::Str.describe())?;
        let bytes = escape::unquote(quoted);
        let bytes = bytes.map_err(|(at, message)| self.error(place + at, message))?;
        Ok((bytes, place))
    }

    /// A string that is text.
    fn quoted(&mut self) -> Result<(String, Place), TextError> {
        let (bytes, place) = self.bytes()?;
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| self.error(place, "this string must be UTF-8"))?;
        Ok((text, place))
    }

    /// A name: a word, or a string.
    pub(super) fn name(&mut self) -> Result<(String, Place), TextError> {
        match self.peek() {
            Token::Str => self.quoted(),
            _ => self.word("a name").map(|(word, at)| (word.to_owned(), at)),
        }
    }

    /// A function: its index, or its name.
    pub(super) fn func_id(&mut self) -> Result<FuncId, TextError> {
        if self.peek() == Token::At {
            let (text, place) = self.take(Token::At, "a function")?;
            return self.digits(&text[1..], place).map(FuncId);
        }
        let (name, place) = self.name()?;
        match self.names.get(&name) {
            Some(Some(id)) => Ok(*id),
            Some(None) => {
                let message = format!("several functions are called `{name}`; use `@index`");
                Err(self.error(place, message))
            }
            None => Err(self.error(place, format!("no function is called `{name}`"))),
        }
    }

    /// A string of the string table: its index, or a literal, which is added where it is new.
    pub(super) fn string_id(&mut self) -> Result<StrId, TextError> {
        if self.peek() != Token::Str {
            return self.id("s").map(StrId);
        }
        let bytes: Box<[u8]> = self.bytes()?.0.into();
        Ok(self.intern(bytes))
    }

    fn intern(&mut self, bytes: Box<[u8]>) -> StrId {
        if let Some(id) = self.strings.get(&bytes) {
            return *id;
        }
        self.add_string(bytes)
    }

    fn add_string(&mut self, bytes: Box<[u8]>) -> StrId {
        let id = StrId(self.module.strings.len() as u32);
        self.strings.entry(bytes.clone()).or_insert(id);
        self.module.strings.push(bytes);
        id
    }

    /// Items separated by commas (one may follow the last) up to `close`, which is taken.
    pub(super) fn list_until<T>(
        &mut self,
        close: Token,
        mut item: impl FnMut(&mut Self) -> Result<T, TextError>,
    ) -> Result<Vec<T>, TextError> {
        let mut items = Vec::new();
        while !self.skip(close) {
            items.push(item(self)?);
            if self.peek() != close {
                self.comma()?;
            }
        }
        Ok(items)
    }

    /// A list in brackets.
    pub(super) fn bracketed<T>(
        &mut self,
        item: impl FnMut(&mut Self) -> Result<T, TextError>,
    ) -> Result<Vec<T>, TextError> {
        self.expect(Token::LBracket)?;
        self.list_until(Token::RBracket, item)
    }

    // ---- the tables ----------------------------------------------------------------------

    /// The optional index of a table's entry, which must be the next one.
    fn index(&mut self, letter: &str, next: usize) -> Result<(), TextError> {
        let digits = self.slice().strip_prefix(letter).unwrap_or("");
        let numbered = matches!(self.peek(), Token::Word | Token::Number)
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit());
        if !numbered {
            return Ok(());
        }
        let place = self.place();
        if digits.parse() != Ok(next) {
            let message = format!("expected `{letter}{next}`: entries stand in order");
            return Err(self.error(place, message));
        }
        self.at += 1;
        Ok(())
    }

    fn module(&mut self) -> Result<(), TextError> {
        while self.peek() != Token::End {
            let (keyword, place) = self.word("a declaration")?;
            match keyword {
                "file" => {
                    self.index("", self.module.files.len())?;
                    let (name, _) = self.quoted()?;
                    self.module.files.push(name);
                }
                "string" => {
                    self.index("s", self.module.strings.len())?;
                    let (bytes, _) = self.bytes()?;
                    self.add_string(bytes.into());
                }
                "type" => self.ty()?,
                "method" => {
                    self.index("m", self.module.types.methods.len())?;
                    let (name, _) = self.name()?;
                    let signature = TypeId(self.id("t")?);
                    self.module.types.methods.push(Method { name, signature });
                }
                "global" => {
                    self.index("g", self.module.globals.len())?;
                    let (name, _) = self.name()?;
                    let ty = TypeId(self.id("t")?);
                    self.module.globals.push(Global { name, ty });
                }
                "func" => self.function()?,
                "entry" if self.module.entry.is_some() => {
                    return Err(self.error(place, "a second `entry`"));
                }
                "entry" => self.module.entry = Some(self.func_id()?),
                _ => {
                    let message = format!("no declaration begins with `{keyword}`");
                    return Err(self.error(place, message));
                }
            }
        }
        Ok(())
    }

    fn ty(&mut self) -> Result<(), TextError> {
        self.index("t", self.module.types.types.len())?;
        let name = match self.peek() {
            Token::Equals => String::new(),
            _ => self.name()?.0,
        };
        self.expect(Token::Equals)?;
        let kind = self.kind()?;
        let mut methods = Vec::new();
        if self.skip_word("methods") {
            self.expect(Token::LBrace)?;
            methods = self.list_until(Token::RBrace, |p| {
                let method = MethodId(p.id("m")?);
                p.expect(Token::Colon)?;
                Ok((method, p.func_id()?))
            })?;
        }
        self.module.types.types.push(Type {
            name,
            kind,
            methods,
        });
        Ok(())
    }

    pub(super) fn type_id(&mut self) -> Result<TypeId, TextError> {
        self.id("t").map(TypeId)
    }

    fn kind(&mut self) -> Result<TypeKind, TextError> {
        let (word, place) = self.word("a type")?;
        Ok(match word {
            "bool" => TypeKind::Bool,
            "f32" => TypeKind::F32,
            "f64" => TypeKind::F64,
            "string" => TypeKind::String,
            "slice" => TypeKind::Slice(self.type_id()?),
            "array" => {
                let (digits, place) = self.number()?;
                let len = self.digits(digits, place)?;
                TypeKind::Array(self.type_id()?, len)
            }
            "pointer" => TypeKind::Pointer(self.type_id()?),
            "map" => TypeKind::Map(self.type_id()?, self.type_id()?),
            "chan" => {
                let elem = self.type_id()?;
                TypeKind::Chan(elem, self.skip_word("recv"), self.skip_word("send"))
            }
            "port" => {
                let elem = self.type_id()?;
                TypeKind::Port(elem, self.skip_word("recv"), self.skip_word("send"))
            }
            "island" => TypeKind::Island,
            "struct" => {
                self.expect(Token::LBrace)?;
                TypeKind::Struct(self.list_until(Token::RBrace, Parser::field)?)
            }
            "func" => {
                self.expect(Token::LParen)?;
                let params = self.list_until(Token::RParen, Parser::type_id)?;
                let mut results = Vec::new();
                if self.skip(Token::Arrow) {
                    self.expect(Token::LParen)?;
                    results = self.list_until(Token::RParen, Parser::type_id)?;
                }
                TypeKind::Func(params, results, self.skip_word("variadic"))
            }
            "interface" => {
                self.expect(Token::LBrace)?;
                let method = |p: &mut Self| p.id("m").map(MethodId);
                TypeKind::Interface(self.list_until(Token::RBrace, method)?)
            }
            _ => match IntKind::from_name(word) {
                Some(kind) => TypeKind::Int(kind),
                None => return Err(self.error(place, format!("`{word}` is not a type"))),
            },
        })
    }

    fn field(&mut self) -> Result<Field, TextError> {
        let embedded = self.skip_word("embedded");
        let (name, _) = self.name()?;
        self.expect(Token::Colon)?;
        let ty = self.type_id()?;
        let tag = match self.peek() {
            Token::Str => self.quoted()?.0,
            _ => String::new(),
        };
        Ok(Field {
            name,
            ty,
            embedded,
            tag,
        })
    }
}
