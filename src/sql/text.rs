//! What comes in: SQL text with holes, and the dialect the driver suggests.
//!
//! Inside this module a hole is one character of a private plane of Unicode, so that texts with holes are plain
//! strings: it may stand in the middle of a name or of a string literal and is carried along.

/// A piece of SQL text as the host language builds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Text as it is sent.
    Text(String),
    /// Something the host inserts; the number is the caller's and comes back in [`super::Placeholder::Hole`].
    Hole(usize),
}

/// SQL text with holes. Equal texts give equal statements, so callers may cache by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SqlText {
    /// The pieces in order.
    pub parts: Vec<Part>,
}

/// Which grammar the driver suggests. A wrong suggestion costs time, not results: others are tried after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Unknown.
    #[default]
    Generic,
    /// PostgreSQL and its relatives (CockroachDB, Redshift, DuckDB).
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    MsSql,
}

/// First character that stands for a hole of the caller.
const HOLE: u32 = 0xF_0000;
/// First character that stands for an entry in a table of placeholders.
const PLACEHOLDER: u32 = 0x10_0000;
/// How many of each there can be.
pub(super) const MANY: usize = 0xFFF0;

impl Dialect {
    /// The dialect a pack or a connection string names; unknown names are [`Dialect::Generic`].
    pub fn from_name(name: &str) -> Dialect {
        let name = name.to_ascii_lowercase();
        match name.split(['+', ':']).next().unwrap_or("") {
            "postgres" | "postgresql" | "pg" | "cockroachdb" | "redshift" | "duckdb" => Dialect::Postgres,
            "mysql" | "mariadb" => Dialect::MySql,
            "sqlite" | "sqlite3" | "libsql" => Dialect::Sqlite,
            "mssql" | "sqlserver" | "tsql" => Dialect::MsSql,
            _ => Dialect::Generic,
        }
    }
}

impl SqlText {
    /// Text without holes: a literal, or a whole `.sql` file.
    pub fn plain(text: impl Into<String>) -> SqlText {
        SqlText { parts: vec![Part::Text(text.into())] }
    }

    /// Whether this is SQL rather than a sentence; see [`super::looks_like_sql`].
    pub fn looks_like_sql(&self) -> bool {
        super::looks_like_sql(&self.flatten())
    }

    /// The whole as one string, in which offsets of statements count. Texts keep their length in bytes, each hole
    /// takes four bytes; so for a text without holes an offset is an offset into that text.
    pub fn flatten(&self) -> String {
        let mut all = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => all.extend(text.chars().map(|c| if is_special(c) { '\u{10000}' } else { c })),
                Part::Hole(number) => all.push(hole_char(*number)),
            }
        }
        all
    }
}

impl From<&str> for SqlText {
    fn from(text: &str) -> SqlText {
        SqlText::plain(text)
    }
}

/// The character for the caller's hole `number`.
fn hole_char(number: usize) -> char {
    char::from_u32(HOLE + number.min(MANY) as u32).unwrap_or('\u{F0000}')
}

/// Which hole of the caller a character stands for.
pub(super) fn hole_of(c: char) -> Option<usize> {
    let code = c as u32;
    (HOLE..=HOLE + MANY as u32).contains(&code).then(|| (code - HOLE) as usize)
}

/// The character for entry `index` of a table of placeholders.
pub(super) fn placeholder_char(index: usize) -> char {
    char::from_u32(PLACEHOLDER + index.min(MANY) as u32).unwrap_or('\u{100000}')
}

/// Which entry of a table of placeholders a character stands for.
pub(super) fn placeholder_of(c: char) -> Option<usize> {
    let code = c as u32;
    (PLACEHOLDER..=PLACEHOLDER + MANY as u32).contains(&code).then(|| (code - PLACEHOLDER) as usize)
}

/// Whether a character stands for a hole or a placeholder.
pub(super) fn is_special(c: char) -> bool {
    c as u32 >= HOLE
}
