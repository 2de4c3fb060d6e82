//! From text to a syntax tree, in a time that the text cannot choose.
//!
//! Behind every line of a comment the grammar's scanner reads all lines of comments and blanks that follow, so that a block
//! of them costs its square: a file of nothing else would take hours. So the parser gets the text in pieces, and they are
//! counted. Where it reads the same too often, long blocks of comments are hidden from it; where that does not help, the
//! text has no tree.

use crate::source::Span;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use tree_sitter::{ParseOptions, Parser, Tree};

/// The parser gets the text in pieces of so many bytes.
const PIECE: usize = 512;
/// How many pieces it may read: so many times what the text holds, and a few for small files. Code as people write it is
/// read about once.
const READS: usize = 16;
const FREE_READS: usize = 4_000;
/// From how many lines on a block of comments is long.
const LONG_BLOCK: usize = 64;

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

/// The syntax tree of a text, and the comments that do not stand in it.
pub(super) fn tree(text: &str) -> Option<(Tree, Vec<Span>)> {
    PARSER.with_borrow_mut(|slot| {
        let parser = match slot {
            Some(parser) => parser,
            None => slot.insert(parser()?),
        };
        if let Some(tree) = parse(parser, text.as_bytes()) {
            return Some((tree, Vec::new()));
        }
        let (shown, hidden) = hide_comments(text);
        if hidden.is_empty() {
            return None;
        }
        Some((parse(parser, &shown)?, hidden))
    })
}

/// The tree of a text; none where the parser would read too much of it again and again.
fn parse(parser: &mut Parser, bytes: &[u8]) -> Option<Tree> {
    let most = FREE_READS + READS * (bytes.len() / PIECE);
    let reads = Cell::new(0_usize);
    let mut read = |at: usize, _| {
        reads.set(reads.get() + 1);
        let end = if reads.get() > most { at } else { bytes.len().min(at.saturating_add(PIECE)) };
        bytes.get(at..end).unwrap_or_default()
    };
    let mut go_on = |_: &_| if reads.get() > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let tree = parser.parse_with_options(&mut read, None, Some(ParseOptions::new().progress_callback(&mut go_on)));
    if reads.get() > most {
        // Else the next text would be taken for the rest of this one.
        parser.reset();
        return None;
    }
    tree
}

/// The text with blanks for the comments of long blocks, and where these stood. What looks like one in a string is blanked
/// as well: strings are read from the text itself.
fn hide_comments(text: &str) -> (Cow<'_, [u8]>, Vec<Span>) {
    let mut shown = Cow::Borrowed(text.as_bytes());
    let mut hidden = Vec::new();
    let mut block: Vec<Span> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n').chain(["end"]) {
        let content = line.trim_matches([' ', '\t', '\x0c', '\r', '\n']);
        let indent = line.len() - line.trim_start_matches([' ', '\t', '\x0c']).len();
        if content.starts_with('#') {
            block.push(Span::new((at + indent) as u32, (at + indent + content.len()) as u32));
        } else if !content.is_empty() {
            if block.len() >= LONG_BLOCK {
                for span in &block {
                    shown.to_mut()[span.start as usize..span.end as usize].fill(b' ');
                }
                hidden.append(&mut block);
            }
            block.clear();
        }
        at += line.len();
    }
    (shown, hidden)
}

fn parser() -> Option<Parser> {
    let mut parser = Parser::new();
    let language = tree_sitter::Language::new(tree_sitter_python::LANGUAGE);
    parser.set_language(&language).is_ok().then_some(parser)
}
