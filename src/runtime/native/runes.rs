//! Properties of runes, as Go's `unicode` has them.
//!
//! The categories come from a crate, the cases from the standard library, which has the full mappings,
//! to several characters; Go has the simple ones, to one.

use super::memory::put;
use crate::runtime::context::{Context, JitResult};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The order of the numbers that package unicode knows.
const CATEGORIES: [GeneralCategory; 30] = {
    use GeneralCategory::*;
    [
        UppercaseLetter,
        LowercaseLetter,
        TitlecaseLetter,
        ModifierLetter,
        OtherLetter,
        NonspacingMark,
        SpacingMark,
        EnclosingMark,
        DecimalNumber,
        LetterNumber,
        OtherNumber,
        ConnectorPunctuation,
        DashPunctuation,
        OpenPunctuation,
        ClosePunctuation,
        InitialPunctuation,
        FinalPunctuation,
        OtherPunctuation,
        MathSymbol,
        CurrencySymbol,
        ModifierSymbol,
        OtherSymbol,
        SpaceSeparator,
        LineSeparator,
        ParagraphSeparator,
        Control,
        Format,
        Surrogate,
        PrivateUse,
        Unassigned,
    ]
};

const SURROGATE: usize = 27;
const UNASSIGNED: usize = 29;

/// `unicode.category`
pub fn category(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let number = match char::from_u32(args[0] as u32) {
        Some(c) if args[0] <= u64::from(u32::MAX) => {
            let found = c.general_category();
            CATEGORIES.iter().position(|category| *category == found)
        }
        _ if (0xd800..0xe000).contains(&args[0]) => Some(SURROGATE),
        _ => None,
    };
    put(rets, &[number.unwrap_or(UNASSIGNED) as u64]);
    JitResult::Ok
}

/// `unicode.toCase`
pub fn to_case(_: &mut Context, _: u32, args: &[u64], rets: &mut [u64]) -> JitResult {
    let rune = u32::try_from(args[0]).ok().and_then(char::from_u32);
    rets[0] = rune.map_or(args[0], |c| {
        let mapped = match args[1] {
            0 => upper(c),
            1 => lower(c),
            _ => title(c),
        };
        u64::from(u32::from(mapped))
    });
    JitResult::Ok
}

/// The only character of a mapping.
fn single(mut mapping: impl ExactSizeIterator<Item = char>) -> Option<char> {
    (mapping.len() == 1).then(|| mapping.next()).flatten()
}

fn upper(c: char) -> char {
    single(c.to_uppercase()).unwrap_or(match c {
        // Greek letters with a subscript that the full mapping writes out.
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => shift(c, 8),
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => shift(c, 9),
        _ => c,
    })
}

fn lower(c: char) -> char {
    single(c.to_lowercase()).unwrap_or(if c == '\u{130}' { 'i' } else { c })
}

fn title(c: char) -> char {
    match c {
        // The digraphs, whose title case is a character of its own.
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian letters begin words as they are.
        '\u{10d0}'..='\u{10fa}' | '\u{10fd}'..='\u{10ff}' => c,
        _ => upper(c),
    }
}

fn shift(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}
