//! Byte offsets to lines and columns.

use serde::Serialize;

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The offsets at which the lines of a text start.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Index the lines of `text`; `\n`, `\r\n` and a lone `\r` are not told apart from how editors count: `\n` ends a line.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
        LineIndex { starts }
    }

    /// Line (from 1) of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|s| *s <= offset).max(1) as u32
    }

    /// Line and column of a byte offset in `text`, the text this index was made from.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.line(offset);
        let start = self.starts.get(line as usize - 1).copied().unwrap_or(0);
        let column = text.get(start as usize..offset as usize).map_or(offset - start, |s| s.chars().count() as u32);
        Position { line, column: column + 1 }
    }

    /// Byte range of a line (from 1), its end-of-line included; `None` beyond the last line.
    pub fn range(&self, line: u32, length: u32) -> Option<(u32, u32)> {
        let index = line.checked_sub(1)? as usize;
        let start = *self.starts.get(index)?;
        Some((start, self.starts.get(index + 1).copied().unwrap_or(length)))
    }

    /// How many lines there are; a text without a final newline counts its last piece as a line.
    pub fn count(&self, length: u32) -> u32 {
        let lines = self.starts.len() as u32;
        if self.starts.last() == Some(&length) { lines - 1 } else { lines }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "a\näb\n";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 0), Position { line: 1, column: 1 });
        assert_eq!(index.position(text, 4), Position { line: 2, column: 2 });
        assert_eq!(index.count(text.len() as u32), 2);
    }
}
