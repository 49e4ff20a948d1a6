//! Program text as it may be shown: no character of it acts on the terminal or on the text around.
//!
//! A comment or a string may hold characters that move a terminal's cursor, turn the direction of
//! the text behind them round, or are seen as nothing; then what is shown is not what the program
//! says. They are shown by their numbers, as `\u{202e}`. Only JSON keeps the text as it is, in
//! escapes of its own ([`super::json`]).

use super::model::FuncView;
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Deref;

/// Whether a character cannot be shown as itself: control characters but for the tab, those that
/// set the direction of text, those without width or shape, and what is no character.
pub fn is_hidden(c: char) -> bool {
    match c {
        '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

/// The text with hidden characters shown by their numbers.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    text.chars().for_each(|c| push(&mut out, c));
    Cow::Owned(out)
}

/// Appends a character, or its number.
pub fn push(out: &mut String, c: char) {
    if is_hidden(c) {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
    } else {
        out.push(c);
    }
}

/// A function of which every text may be shown. What shows a function takes this.
#[derive(Clone, Debug)]
pub struct Shown(FuncView);

impl Shown {
    /// Makes all texts of a function visible.
    pub fn of(mut view: FuncView) -> Shown {
        let FuncView {
            name,
            file,
            facts,
            source,
            slots,
            insts,
            code,
            run,
            ..
        } = &mut view;
        let texts = [name, file].into_iter();
        let texts = texts.chain(&mut facts.why);
        let texts = texts.chain(source.iter_mut().map(|line| &mut line.text));
        let texts = texts.chain(slots.iter_mut().flat_map(|slot| {
            let both = [&mut slot.name, &mut slot.source_type];
            both.into_iter().flatten()
        }));
        let texts = texts.chain(insts.iter_mut().map(|inst| &mut inst.text));
        let texts = texts.chain(code.iter_mut().flat_map(|code| {
            let clif = code.clif.iter_mut().map(|line| &mut line.text);
            clif.chain(code.asm.iter_mut().map(|line| &mut line.text))
        }));
        let texts = texts.chain(run.iter_mut().map(|run| &mut run.name));
        for text in texts {
            if let Cow::Owned(shown) = visible(text) {
                *text = shown;
            }
        }
        Shown(view)
    }
}

impl Deref for Shown {
    type Target = FuncView;

    fn deref(&self) -> &FuncView {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_text_is_shown_by_its_number() {
        assert_eq!(
            visible("a\u{1b}[31m\u{7}b\u{202e}c\u{2066}d\u{9b}\n\r"),
            "a\\u{1b}[31m\\u{7}b\\u{202e}c\\u{2066}d\\u{9b}\\u{a}\\u{d}"
        );
        for plain in ["", "a\tb", "é€😀 – “x”", "שלום", "\\u{202e}"] {
            assert!(matches!(visible(plain), Cow::Borrowed(text) if text == plain));
        }
    }
}
