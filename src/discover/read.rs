//! One file as text, or a short reason why not.

use crate::source::Language;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

const MIB: u64 = 1 << 20;
const KIB: u64 = 1 << 10;

/// The largest file that is read, with the words for what is larger.
fn cap(language: Language) -> (u64, &'static str) {
    match language {
        Language::Python | Language::Rust | Language::Sql => (2 * MIB, "larger than 2 MiB"),
        Language::Yaml | Language::Json | Language::Toml | Language::Markdown => (512 * KIB, "larger than 512 KiB"),
        Language::Procfile | Language::Dockerfile | Language::UnitFile | Language::Shell => (512 * KIB, "larger than 512 KiB"),
    }
}

/// The text of a file without its byte-order mark; the error is the reason for skipping it.
pub(super) fn text(path: &Path, language: Language) -> Result<String, String> {
    let (cap, too_large) = cap(language);
    let file = File::open(path).map_err(|e| cannot(&e))?;
    let size = file.metadata().map_err(|e| cannot(&e))?.len();
    if size > cap {
        return Err(too_large.to_owned());
    }
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(cap + 1).read_to_end(&mut bytes).map_err(|e| cannot(&e))?;
    if bytes.len() as u64 > cap {
        return Err(too_large.to_owned());
    }
    if memchr::memchr(0, &bytes).is_some() {
        return Err("binary".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Why something cannot be read, in few words that are the same on every system.
pub(super) fn cannot(error: &io::Error) -> String {
    let why = match error.kind() {
        ErrorKind::NotFound => "not found".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        kind => kind.to_string(),
    };
    format!("cannot be read: {why}")
}
