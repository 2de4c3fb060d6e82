//! The holes of a format string: `"{key}: {} {0:?} {value:.2}"`.

/// A piece of a format string.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Fixed text.
    Text(String),
    /// The argument at a position.
    Position(usize),
    /// An argument or variable of this name.
    Named(String),
}

/// The pieces of a format string.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut fixed = String::new();
    let mut next = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '{' | '}' if chars.peek().is_some_and(|(_, n)| *n == c) => {
                chars.next();
                fixed.push(c);
            }
            '{' => {
                let Some(close) = text[at..].find('}').map(|n| at + n) else {
                    fixed.push(c);
                    continue;
                };
                if !fixed.is_empty() {
                    found.push(Piece::Text(std::mem::take(&mut fixed)));
                }
                let name = text[at + 1..close].split(':').next().unwrap_or("").trim();
                found.push(match name.parse::<usize>() {
                    Ok(position) => Piece::Position(position),
                    Err(_) if name.is_empty() => {
                        next += 1;
                        Piece::Position(next - 1)
                    }
                    Err(_) => Piece::Named(name.to_owned()),
                });
                while chars.peek().is_some_and(|(n, _)| *n <= close) {
                    chars.next();
                }
            }
            other => fixed.push(other),
        }
    }
    if !fixed.is_empty() {
        found.push(Piece::Text(fixed));
    }
    found
}
