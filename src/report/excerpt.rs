//! The few lines of a file that a snippet shows.
//!
//! `miette` would be handed whole files and print whole lines; a file of a megabyte in one line would then fill the screen.
//! An excerpt holds the lines around its marks alone, cuts long ones around what is marked, and has every character that a
//! terminal would act on replaced. Marks are moved along.

use super::harmless::replaced;
use crate::source::{SourceFile, Span};
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::collections::BTreeMap;
use std::ops::Range;

/// Lines shown before and after a mark.
pub(super) const CONTEXT: u32 = 2;
/// A mark over more lines than this is shown on its first line.
const TALLEST: u32 = 6;
/// Longer lines are cut, to this many bytes.
const WIDEST: usize = 160;
/// How much of a cut line is kept before its mark.
const LEAD: usize = 40;

/// A mark to show: where, and its words.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Where in the file.
    pub span: Span,
    /// Words for it.
    pub words: String,
    /// Whether it is the place of the finding itself.
    pub primary: bool,
}

/// A few lines of a file.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    first_line: u32,
}

/// The lines that a mark covers, tall marks cut to their first.
pub(super) fn lines_of(file: &SourceFile, span: Span) -> Range<u32> {
    let first = file.lines.line(span.start);
    let last = file.lines.line(span.end.saturating_sub(1).max(span.start));
    if last - first < TALLEST { first..last + 1 } else { first..first + 1 }
}

impl Excerpt {
    /// The lines of `file` that hold `marks`, which stand near one another, and the marks as labels into it.
    pub fn new(name: String, file: &SourceFile, marks: &[Mark], ascii: bool) -> (Excerpt, Vec<LabeledSpan>) {
        let length = file.text.len() as u32;
        let ranges: Vec<Range<u32>> = marks.iter().map(|mark| lines_of(file, mark.span)).collect();
        let first = ranges.iter().map(|range| range.start).min().unwrap_or(1).saturating_sub(CONTEXT).max(1);
        let last = ranges.iter().map(|range| range.end).max().unwrap_or(2) - 1 + CONTEXT;
        let mut lines = BTreeMap::new();
        let mut text = String::new();
        for number in first..=last.min(file.lines.count(length).max(1)) {
            let Some((start, end)) = file.lines.range(number, length) else { break };
            let line = file.slice(Span::new(start, end)).trim_end_matches(['\n', '\r']);
            let marked = marks.iter().map(|mark| mark.span.start).find(|at| (start..end).contains(at));
            let line = Line::cut(line, marked.map_or(0, |at| (at - start) as usize), ascii);
            lines.insert(number, (start, text.len(), line.clone()));
            text.push_str(&line.text);
            text.push('\n');
        }
        let label = |(mark, range): (&Mark, &Range<u32>)| {
            let at = |offset: u32, number: u32| {
                let (start, shown, line) = lines.get(&number)?;
                Some(shown + line.place((offset.saturating_sub(*start)) as usize))
            };
            let start = at(mark.span.start, range.start)?;
            let end = at(mark.span.end.max(mark.span.start), range.end - 1)?;
            // A tall mark ends with its first line; an empty one shows its first character.
            let end = if file.lines.line(mark.span.end.saturating_sub(1)) >= range.end { at(u32::MAX, range.start)? } else { end };
            let span = start..end.max(start + 1).min(text.len());
            let words = Some(mark.words.clone()).filter(|words| !words.is_empty());
            let label = if mark.primary { LabeledSpan::new_primary_with_span } else { LabeledSpan::new_with_span };
            Some(label(words, span))
        };
        let labels = marks.iter().zip(&ranges).filter_map(label).collect();
        (Excerpt { name, text, first_line: first }, labels)
    }
}

/// The last boundary of a character at or before a byte of the line.
fn floor(line: &str, at: usize) -> usize {
    (0..=at.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0)
}

/// A line as it is shown.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    /// Which bytes of the original are shown.
    kept: Range<usize>,
    /// Bytes of the ellipsis before them.
    lead: usize,
}

impl Line {
    fn cut(line: &str, mark: usize, ascii: bool) -> Line {
        if line.len() <= WIDEST {
            return Line { text: replaced(line, ascii), kept: 0..line.len(), lead: 0 };
        }
        let start = floor(line, if mark < WIDEST - LEAD { 0 } else { mark - LEAD });
        let end = floor(line, (start + WIDEST).min(line.len()));
        let ellipsis = if ascii { "..." } else { "…" };
        let before = if start > 0 { ellipsis } else { "" };
        let after = if end < line.len() { ellipsis } else { "" };
        let text = format!("{before}{}{after}", replaced(&line[start..end], ascii));
        Line { text, kept: start..end, lead: before.len() }
    }

    /// Where a byte of the original stands in what is shown; beyond it, at its edge.
    fn place(&self, offset: usize) -> usize {
        self.lead + offset.clamp(self.kept.start, self.kept.end) - self.kept.start
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(&'a self, span: &SourceSpan, before: usize, after: usize) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let part = self.text.read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            part.data(),
            *part.span(),
            part.line() + self.first_line as usize - 1,
            part.column(),
            part.line_count(),
        )))
    }
}
