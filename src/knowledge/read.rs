//! One pack from its YAML text. Compiled into `build.rs` as well.

use super::locate::{Field, field_at};
use super::problem::Problem;
use super::vocabulary::Pack;
use serde_saphyr::{Error, UserMessageFormatter};

/// A pack and where it was read from.
#[derive(Clone, Debug)]
pub struct PackFile {
    /// The path, as messages name it.
    pub path: String,
    /// The YAML text; empty for embedded packs.
    pub text: String,
    /// What it holds.
    pub pack: Pack,
}

/// Whether a file of this name holds a pack: YAML, and no check (`check-10.yaml`).
pub fn is_pack_name(name: &str) -> bool {
    let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    yaml && !name.starts_with("check-") && !name.starts_with('.')
}

/// Reads a pack; unknown fields are errors.
pub fn read(path: &str, text: String) -> Result<PackFile, Problem> {
    // No pack needs more: aliases are for a few shared lists.
    let options = serde_saphyr::options! { budget: serde_saphyr::budget! { max_aliases: 1000 } };
    match serde_saphyr::from_str_with_options(&text, options) {
        Ok(pack) => Ok(PackFile { path: path.to_owned(), text, pack }),
        Err(error) => Err(problem(path, &text, error.without_snippet())),
    }
}

fn problem(path: &str, text: &str, error: &Error) -> Problem {
    let (line, column) = match error.location() {
        Some(at) if at.line() > 0 => (at.line() as u32, at.column() as u32),
        _ => (1, 1),
    };
    let at = field_at(text, line, column);
    let (field, message, help) = match error {
        Error::SerdeUnknownField { field, expected, .. } => (at, format!("unknown field `{field}`"), one_of("known here", expected)),
        Error::SerdeUnknownVariant { variant, expected, .. } => (at, format!("unknown word `{variant}`"), one_of("write one of", expected)),
        Error::SerdeMissingField { field, .. } => (at, format!("the field `{field}` is missing"), String::new()),
        Error::DuplicateMappingKey { .. } => (at, "this key stands here twice".to_owned(), String::new()),
        Error::Eof { .. } => (Field::default(), "the file ends too early".to_owned(), String::new()),
        Error::MultipleDocuments { .. } => {
            (Field::default(), "a file holds one pack".to_owned(), "move what follows `---` to a file of its own".to_owned())
        }
        other => (at, plain(other), String::new()),
    };
    Problem { file: path.to_owned(), line, column, field: field.to_string(), message, help }
}

/// The parser's own words on one line, without the place, which the problem tells itself.
fn plain(error: &Error) -> String {
    let rendered = error.render_with_formatter(&UserMessageFormatter);
    let first = rendered.lines().next().unwrap_or_default();
    first.split(" at line ").next().unwrap_or_default().to_owned()
}

fn one_of(lead: &str, words: &[&str]) -> String {
    format!("{lead}: {}", words.join(", "))
}
