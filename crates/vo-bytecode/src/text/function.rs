//! Functions from text.

use super::lex::Token;
use super::operand::parse_inst;
use super::parse::Parser;
use super::print::slot_ty_name;
use super::{TextError, operand::TextOperand};
use crate::inst::Target;
use crate::*;

/// The file of functions that name none, in a text that declares none.
const NO_FILE: &str = "<text>";

impl<'s> Parser<'s> {
    /// Reads a function, behind its keyword.
    pub(super) fn function(&mut self) -> Result<(), TextError> {
        if self.peek() == Token::At {
            let (text, place) = self.take(Token::At, "an index")?;
            let next = self.module.functions.len();
            if text[1..].parse() != Ok(next) {
                let message = format!("expected `@{next}`: functions stand in order");
                return Err(self.error(place, message));
            }
        }
        let (name, _) = self.name()?;
        let mut slots = Vec::new();
        self.expect(Token::LParen)?;
        self.list_until(Token::RParen, |p| p.declare_slot(&mut slots))?;
        let params = slots.len() as u32;
        let results = self.results()?;
        let file = self.file()?;
        self.expect(Token::LBrace)?;
        let mut slot_names = Vec::new();
        loop {
            if self.skip_word("slots") {
                self.table(|p| p.declare_slot(&mut slots))?;
            } else if self.skip_word("names") {
                self.table(|p| {
                    let slot = Slot::parse(p)?;
                    p.expect(Token::Equals)?;
                    let (name, _) = p.name()?;
                    let mut source = None;
                    if p.skip(Token::Colon) {
                        let boxed = p.skip_word("box");
                        let ty = p.type_id()?;
                        source = Some(SourceType { ty, boxed });
                    }
                    slot_names.push(SlotName { slot, name, source });
                    Ok(())
                })?;
            } else {
                break;
            }
        }
        let (code, lines) = self.body()?;
        self.module.functions.push(Function {
            name,
            file,
            params,
            results,
            slots,
            slot_names,
            code,
            lines,
        });
        Ok(())
    }

    /// One or more items with commas between.
    fn table(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), TextError>,
    ) -> Result<(), TextError> {
        item(self)?;
        while self.skip(Token::Comma) {
            item(self)?;
        }
        Ok(())
    }

    fn results(&mut self) -> Result<Vec<SlotTy>, TextError> {
        let mut results = Vec::new();
        if self.skip(Token::Arrow) {
            self.expect(Token::LParen)?;
            self.list_until(Token::RParen, |p| p.slot_type(&mut results))?;
        }
        Ok(results)
    }

    fn file(&mut self) -> Result<u32, TextError> {
        if self.skip_word("file") {
            let (digits, place) = self.number()?;
            return self.digits(digits, place);
        }
        if self.module.files.is_empty() {
            self.module.files.push(NO_FILE.to_owned());
        }
        Ok(0)
    }

    /// `%n: type` or `type`; an interface is two slots.
    fn declare_slot(&mut self, slots: &mut Vec<SlotTy>) -> Result<(), TextError> {
        if self.peek() == Token::Slot {
            let place = self.place();
            if self.slot()?.index() != slots.len() {
                let message = format!("expected `%{}`: slots stand in order", slots.len());
                return Err(self.error(place, message));
            }
            self.expect(Token::Colon)?;
        }
        self.slot_type(slots)
    }

    fn slot_type(&mut self, types: &mut Vec<SlotTy>) -> Result<(), TextError> {
        const ALL: [SlotTy; 6] = [
            SlotTy::I64,
            SlotTy::F64,
            SlotTy::F32,
            SlotTy::Ref,
            SlotTy::IfaceType,
            SlotTy::IfaceData,
        ];
        let (word, place) = self.word("a slot type")?;
        if word == "iface" {
            types.extend([SlotTy::IfaceType, SlotTy::IfaceData]);
            return Ok(());
        }
        match ALL.into_iter().find(|ty| slot_ty_name(*ty) == word) {
            Some(ty) => types.push(ty),
            None => return Err(self.error(place, format!("`{word}` is not a slot type"))),
        }
        Ok(())
    }

    /// The instructions up to the closing brace, each with its line.
    fn body(&mut self) -> Result<(Vec<Inst>, Vec<u32>), TextError> {
        self.labels.clear();
        self.missing = None;
        let start = self.at;
        let first = self.instructions()?;
        if self.missing.is_none() {
            return Ok(first);
        }
        // A label was used before it stood. Now all are known: read the body once more.
        self.missing = None;
        self.at = start;
        let labels = std::mem::take(&mut self.labels);
        self.labels.clone_from(&labels);
        let second = self.instructions()?;
        match self.missing {
            Some((label, place)) => {
                Err(self.error(place, format!("no label is called `@{label}`")))
            }
            None => Ok(second),
        }
    }

    fn instructions(&mut self) -> Result<(Vec<Inst>, Vec<u32>), TextError> {
        let (mut code, mut lines) = (Vec::new(), Vec::new());
        while !self.skip(Token::RBrace) {
            if self.peek() == Token::At {
                self.label(code.len() as u32)?;
                continue;
            }
            code.push(parse_inst(self)?);
            lines.push(match self.peek() {
                Token::Line => {
                    let (text, place) = self.take(Token::Line, "a line")?;
                    self.digits(&text[1..], place)?
                }
                _ => 0,
            });
        }
        Ok((code, lines))
    }

    /// `@12:` before instruction 12, or `@loop:`.
    fn label(&mut self, next: u32) -> Result<(), TextError> {
        let (text, place) = self.take(Token::At, "a label")?;
        let name = &text[1..];
        self.expect(Token::Colon)?;
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            if name.parse() != Ok(next) {
                let message = format!("label `{text}` stands before instruction {next}");
                return Err(self.error(place, message));
            }
            return Ok(());
        }
        // In the second reading of a body each label is there already, at the same place.
        if self.labels.insert(name, next).is_some_and(|at| at != next) {
            return Err(self.error(place, format!("a second label `{text}`")));
        }
        Ok(())
    }

    /// A jump target: an index, or a label.
    pub(super) fn target(&mut self) -> Result<Target, TextError> {
        let (text, place) = self.take(Token::At, "a jump target (`@n` or `@label`)")?;
        let name = &text[1..];
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return self.digits(name, place).map(Target);
        }
        match self.labels.get(name) {
            Some(at) => Ok(Target(*at)),
            None => {
                self.missing.get_or_insert((name, place));
                Ok(Target(u32::MAX))
            }
        }
    }
}
