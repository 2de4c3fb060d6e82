//! Names of tables and columns, which may be filled in at run time.

use super::statement::Placeholder;
use super::text::placeholder_of;

/// A name of a table, a column or a channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// Written out; lower-cased unless it stood in double quotes.
    Known(String),
    /// Put together at run time: `{prefix}_items`.
    Pattern(Vec<Piece>),
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Piece {
    /// Text as written.
    Literal(String),
    /// What is filled in.
    Hole(Placeholder),
}

/// A table as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableRef {
    /// The schema, unless it is the usual one (`public`, `main`, `dbo`).
    pub schema: Option<Name>,
    /// The table.
    pub name: Name,
    /// What the statement calls it.
    pub alias: Option<String>,
}

impl Name {
    /// The name where it is known.
    pub fn known(&self) -> Option<&str> {
        match self {
            Name::Known(name) => Some(name),
            Name::Pattern(_) => None,
        }
    }

    /// The name with `*` for each hole.
    pub fn display(&self) -> String {
        match self {
            Name::Known(name) => name.clone(),
            Name::Pattern(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => text.as_str(),
                    Piece::Hole(_) => "*",
                })
                .collect(),
        }
    }

    /// A name from text in which placeholders are characters.
    pub(super) fn decode(text: &str, table: &[Placeholder]) -> Name {
        if text.chars().any(|c| placeholder_of(c).is_some()) { Name::Pattern(pieces(text, table)) } else { Name::Known(text.to_string()) }
    }
}

impl TableRef {
    /// A table from the parts of a dotted name.
    pub(super) fn from_parts(mut parts: Vec<Name>) -> Option<TableRef> {
        // `db..items` leaves out the schema between.
        parts.retain(|part| part.known() != Some(""));
        let name = parts.pop()?;
        let usual = |name: &Name| matches!(name.known(), Some("public" | "main" | "dbo"));
        let schema = parts.pop().filter(|schema| !usual(schema));
        Some(TableRef { schema, name, alias: None })
    }

    /// The table's name with `*` for each hole, after its schema if that is not the usual one.
    pub fn display(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", schema.display(), self.name.display()),
            None => self.name.display(),
        }
    }

    /// Whether both name the same table, whatever they call it.
    pub fn same_table(&self, other: &TableRef) -> bool {
        self.schema == other.schema && self.name == other.name
    }
}

/// The pieces of text in which placeholders are characters.
pub(super) fn pieces(text: &str, table: &[Placeholder]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut literal = String::new();
    for c in text.chars() {
        match placeholder_of(c).and_then(|index| table.get(index)) {
            Some(placeholder) => {
                if !literal.is_empty() {
                    out.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                out.push(Piece::Hole(placeholder.clone()));
            }
            None => literal.push(c),
        }
    }
    if !literal.is_empty() {
        out.push(Piece::Literal(literal));
    }
    out
}
