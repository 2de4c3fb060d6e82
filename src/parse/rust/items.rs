//! Cutting a stream of tokens into items, and measuring them before `syn` recurses into them.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree, token_stream};

/// Deepest nesting of brackets that is parsed.
const MAX_NESTING: usize = 100;
/// Longest run of prefixes (`!!!…`, `&&&…`, `return return …`), and deepest nesting of `<`.
const MAX_PREFIXES: u32 = 100;
/// Longest run of tokens without a separator: operator and method chains.
const MAX_CHAIN: u32 = 2500;
/// Longest chain of `else if`.
const MAX_ELSE: u32 = 150;

/// One item as tokens.
pub(super) struct RawItem {
    /// Its tokens, attributes included.
    pub tokens: Vec<TokenTree>,
    /// What it is, by its first keyword.
    pub keyword: String,
    /// It is compiled for tests only.
    pub test: bool,
}

/// Cut a stream into its items.
pub(super) fn split(stream: TokenStream) -> Vec<RawItem> {
    let mut items = Vec::new();
    let mut tokens: Vec<TokenTree> = Vec::new();
    let mut keyword = String::new();
    let mut test = false;
    let mut stream = stream.into_iter().peekable();
    while let Some(tree) = stream.next() {
        let mut ends = false;
        match &tree {
            TokenTree::Punct(p) if p.as_char() == '#' && keyword.is_empty() => {
                // `#![…]` speaks about the file.
                if let Some(TokenTree::Punct(bang)) = stream.peek()
                    && bang.as_char() == '!'
                {
                    stream.next();
                    stream.next();
                    continue;
                }
                if let Some(TokenTree::Group(attribute)) = stream.peek() {
                    test |= is_test(attribute);
                }
            }
            TokenTree::Punct(p) => ends = p.as_char() == ';',
            TokenTree::Ident(word) => {
                let word = word.to_string();
                let qualifier = matches!(word.as_str(), "pub" | "unsafe" | "async" | "extern" | "default");
                if keyword.is_empty() && !qualifier {
                    keyword = word;
                } else if keyword == "const" && matches!(word.as_str(), "fn" | "unsafe" | "async") {
                    keyword = "fn".into();
                }
            }
            TokenTree::Group(group) => {
                let valued = matches!(keyword.as_str(), "use" | "const" | "static" | "type" | "let");
                ends = group.delimiter() == Delimiter::Brace && !valued && !keyword.is_empty();
            }
            TokenTree::Literal(_) => {}
        }
        tokens.push(tree);
        if ends {
            if !keyword.is_empty() {
                items.push(RawItem { tokens: std::mem::take(&mut tokens), keyword: std::mem::take(&mut keyword), test });
            }
            tokens.clear();
            test = false;
        }
    }
    if !keyword.is_empty() {
        items.push(RawItem { tokens, keyword, test });
    }
    items
}

/// `#[test]`, `#[cfg(test)]` and their like.
fn is_test(attribute: &Group) -> bool {
    let mut last = String::new();
    for tree in attribute.stream() {
        match tree {
            TokenTree::Ident(word) => last = word.to_string(),
            TokenTree::Group(inner) if last == "cfg" => {
                let words: Vec<String> = inner.stream().into_iter().map(|t| t.to_string()).collect();
                return match words.first().map(String::as_str) {
                    Some("test") => true,
                    Some("all") => words.get(1).is_some_and(|w| w.split(|c: char| !c.is_alphanumeric()).any(|w| w == "test")),
                    _ => false,
                };
            }
            TokenTree::Group(_) => break,
            _ => {}
        }
    }
    matches!(last.as_str(), "test" | "bench" | "rstest" | "test_case" | "proptest")
}

struct Level {
    trees: token_stream::IntoIter,
    chain: u32,
    prefixes: u32,
    angles: u32,
    elses: u32,
    /// The last tree was a block, which ends a statement unless an operator follows.
    after_block: bool,
}

impl Level {
    fn new(stream: TokenStream) -> Self {
        Level { trees: stream.into_iter(), chain: 0, prefixes: 0, angles: 0, elses: 0, after_block: false }
    }

    fn separate(&mut self) {
        self.chain = 0;
        self.prefixes = 0;
        self.angles = 0;
    }
}

/// Why an item cannot be parsed safely, if so.
pub(super) fn too_complex(tokens: &[TokenTree]) -> Option<&'static str> {
    let mut levels = vec![Level::new(tokens.iter().cloned().collect())];
    while let Some(level) = levels.last_mut() {
        let Some(tree) = level.trees.next() else {
            levels.pop();
            continue;
        };
        if std::mem::take(&mut level.after_block) && !matches!(&tree, TokenTree::Punct(_)) {
            level.separate();
        }
        level.chain += 1;
        let mut inner = None;
        match tree {
            TokenTree::Group(group) => {
                level.prefixes = 0;
                level.after_block = group.delimiter() == Delimiter::Brace;
                inner = Some(group.stream());
            }
            TokenTree::Punct(p) => match p.as_char() {
                ',' | ';' => {
                    level.separate();
                    level.elses = 0;
                }
                '<' => {
                    level.angles += 1;
                    level.prefixes += 1;
                }
                '>' => {
                    level.angles = level.angles.saturating_sub(1);
                    level.prefixes = 0;
                }
                // An arm of a match.
                '=' if p.spacing() == Spacing::Joint => level.chain = 0,
                '.' | ':' => level.prefixes = 0,
                _ => level.prefixes += 1,
            },
            TokenTree::Ident(word) => {
                let word = word.to_string();
                level.elses += u32::from(word == "else");
                let prefix = matches!(
                    word.as_str(),
                    "return"
                        | "break"
                        | "yield"
                        | "move"
                        | "async"
                        | "mut"
                        | "dyn"
                        | "ref"
                        | "unsafe"
                        | "const"
                        | "static"
                        | "as"
                        | "in"
                        | "if"
                        | "match"
                        | "while"
                        | "let"
                        | "else"
                        | "impl"
                        | "for"
                        | "box"
                );
                if prefix {
                    level.prefixes += 1;
                } else if level.angles == 0 {
                    level.prefixes = 0;
                }
            }
            TokenTree::Literal(_) => level.prefixes = 0,
        }
        if level.prefixes > MAX_PREFIXES || level.angles > MAX_PREFIXES || level.elses > MAX_ELSE {
            return Some("nested too deep");
        }
        if level.chain > MAX_CHAIN {
            return Some("an expression too long");
        }
        if let Some(stream) = inner {
            if levels.len() >= MAX_NESTING {
                return Some("nested too deep");
            }
            levels.push(Level::new(stream));
        }
    }
    None
}
