//! What a code means: its section of a text in `explain/`, taken apart.
//!
//! A section is prose with two examples or none: a program that is refused with this code, and the same
//! program as it should be. A line `-- NAME --` in an example begins the file of that name.

use std::fmt;

use super::Code;

/// What a code means and how to repair what it is about.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    code: Code,
    section: &'static str,
}

/// A piece of an explanation.
enum Piece {
    Prose(&'static str),
    Example(&'static str),
}

impl Code {
    /// What this code means.
    pub fn explanation(self) -> Explanation {
        let mut sections = self.text().split("## ");
        let section = sections.find_map(|section| section.strip_prefix(self.name()));
        Explanation {
            code: self,
            section: section.unwrap_or_default().trim(),
        }
    }
}

impl Explanation {
    /// The first sentence.
    pub fn summary(&self) -> String {
        let text = self.section.split("\n\n").next().unwrap_or_default();
        let text = text.replace('\n', " ");
        let end = text.find(". ").map_or(text.len(), |end| end + 1);
        text[..end].to_owned()
    }

    /// The programs of the explanation: the one at fault, then the repaired one. Few codes have none.
    pub fn examples(&self) -> Vec<&'static str> {
        let example = |piece| match piece {
            Piece::Example(text) => Some(text),
            Piece::Prose(_) => None,
        };
        self.pieces().filter_map(example).collect()
    }

    /// Prose and examples by turns.
    fn pieces(&self) -> impl Iterator<Item = Piece> {
        let fenced = self.section.split("```").enumerate();
        fenced.filter_map(|(index, text)| match index % 2 {
            0 => Some(text.trim())
                .filter(|t| !t.is_empty())
                .map(Piece::Prose),
            _ => Some(Piece::Example(text.strip_prefix("vo\n").unwrap_or(text))),
        })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.code)?;
        let mut heads = ["Wrong:", "Right:"].into_iter();
        for piece in self.pieces() {
            writeln!(f)?;
            match piece {
                Piece::Prose(text) => writeln!(f, "{text}")?,
                Piece::Example(text) => {
                    writeln!(f, "{}\n", heads.next().unwrap_or_default())?;
                    for line in text.lines() {
                        writeln!(f, "{}", format!("    {line}").trim_end())?;
                    }
                }
            }
        }
        Ok(())
    }
}
