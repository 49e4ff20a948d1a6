//! Source files and places in them.
//!
//! A [`SourceMap`] owns the text of every file of a compilation; a [`Span`] names a byte range of one of
//! them. Nothing here knows of tokens or of diagnostics.
//!
//! Text is normalised when a file is added, so that every later stage sees valid UTF-8 without a byte
//! order mark. What was not valid is remembered ([`SourceFile::invalid_utf8`]) for the lexer to report.

use std::fmt;

/// The largest file that is accepted, in bytes. Offsets are `u32`; the limit lies far below so that
/// adding to an offset cannot overflow.
pub const MAX_FILE_BYTES: usize = 1 << 28;

/// A file of a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FileId(pub u32);

/// A byte range `lo..hi` of one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The file that the offsets count in.
    pub file: FileId,
    /// Offset of the first byte.
    pub lo: u32,
    /// Offset behind the last byte.
    pub hi: u32,
}

impl Span {
    /// The range `lo..hi` of `file`.
    pub fn new(file: FileId, lo: u32, hi: u32) -> Self {
        Span { file, lo, hi }
    }

    /// The smallest span that covers both; `self` and `other` are of one file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span {
            file: self.file,
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
        }
    }

    /// The empty span where this one starts.
    #[must_use]
    pub fn start(self) -> Span {
        Span {
            hi: self.lo,
            ..self
        }
    }

    /// The empty span behind this one's last byte.
    #[must_use]
    pub fn end(self) -> Span {
        Span {
            lo: self.hi,
            ..self
        }
    }

    /// Length in bytes.
    pub fn len(self) -> u32 {
        self.hi.saturating_sub(self.lo)
    }

    /// Whether the span covers no byte.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}..{}", self.file.0, self.lo, self.hi)
    }
}

/// A place as people name it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One file: its name and its normalised text.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: String,
    line_starts: Vec<u32>,
    invalid_utf8: Vec<u32>,
    oversized: bool,
}

impl SourceFile {
    fn new(name: String, bytes: Vec<u8>) -> Self {
        let oversized = bytes.len() > MAX_FILE_BYTES;
        let (mut text, mut invalid_utf8) = if oversized {
            Default::default()
        } else {
            decode(bytes)
        };
        if text.starts_with('\u{feff}') {
            let mark = '\u{feff}'.len_utf8();
            text.drain(..mark);
            invalid_utf8.iter_mut().for_each(|at| *at -= mark as u32);
        }
        let mut line_starts = vec![0];
        line_starts.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, b)| *b == b'\n')
                .map(|(i, _)| i as u32 + 1),
        );
        SourceFile {
            name,
            text,
            line_starts,
            invalid_utf8,
            oversized,
        }
    }

    /// The name to show, usually the path as the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text: valid UTF-8, no leading byte order mark; line ends are as in the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Offsets of the replacement characters that stand for invalid UTF-8 of the file.
    pub fn invalid_utf8(&self) -> &[u32] {
        &self.invalid_utf8
    }

    /// Whether the file was longer than [`MAX_FILE_BYTES`]; its text is then empty.
    pub fn oversized(&self) -> bool {
        self.oversized
    }

    /// The line (from 1) that contains the byte at `offset`.
    pub fn line(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|start| *start <= offset) as u32
    }

    /// Line and column of the byte at `offset`; an offset past the end means the end.
    pub fn position(&self, offset: u32) -> Position {
        let mut end = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let line = self.line(end as u32);
        let start = self.line_starts[line as usize - 1] as usize;
        Position {
            line,
            column: self.text[start..end].chars().count() as u32 + 1,
        }
    }
}

/// Every file of a compilation.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// A map without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Any bytes are accepted: what is wrong with them is reported when the file is parsed.
    pub fn add(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files.push(SourceFile::new(name.into(), bytes.into()));
        id
    }

    /// The file `id`.
    ///
    /// # Panics
    /// If `id` is of another map.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files in the order they were added.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(i, file)| (FileId(i as u32), file))
    }

    /// Line and column where `span` starts.
    pub fn position(&self, span: Span) -> Position {
        self.file(span.file).position(span.lo)
    }

    /// `name:line:column` of the start of `span`.
    pub fn describe(&self, span: Span) -> String {
        let Position { line, column } = self.position(span);
        format!("{}:{line}:{column}", self.file(span.file).name())
    }

    /// The text that `span` covers.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file)
            .text()
            .get(span.lo as usize..span.hi as usize)
            .unwrap_or("")
    }
}

/// Decodes UTF-8, a replacement character for each invalid sequence; also gives the offsets of those.
fn decode(bytes: Vec<u8>) -> (String, Vec<u32>) {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return (text, Vec::new()),
        Err(error) => error.into_bytes(),
    };
    let (mut text, mut invalid) = (String::with_capacity(bytes.len()), Vec::new());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            invalid.push(text.len() as u32);
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    (text, invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let mut map = SourceMap::new();
        let file = map.add("a.vo", "ab\r\ncé d\n");
        let at = |lo| map.position(Span::new(file, lo, lo));
        assert_eq!(at(0), Position { line: 1, column: 1 });
        assert_eq!(at(4), Position { line: 2, column: 1 });
        assert_eq!(at(7), Position { line: 2, column: 3 });
        assert_eq!(at(10), Position { line: 3, column: 1 });
        assert_eq!(at(99), Position { line: 3, column: 1 });
        assert_eq!(map.describe(Span::new(file, 5, 6)), "a.vo:2:2");
    }

    #[test]
    fn byte_order_mark_is_dropped_and_invalid_bytes_are_placed() {
        let mut map = SourceMap::new();
        let file = map.add("a.vo", b"\xef\xbb\xbfab\xffc\xc3".to_vec());
        assert_eq!(map.file(file).text(), "ab\u{fffd}c\u{fffd}");
        assert_eq!(map.file(file).invalid_utf8(), [2, 6]);
    }
}
