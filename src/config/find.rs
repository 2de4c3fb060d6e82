//! Which configuration file counts: the nearest one, from PATH upwards to the root of its repository.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The names of a configuration file, in the order in which one folder is asked for them.
const NAMES: [&str; 2] = ["clawproof.yaml", ".clawproof.yaml"];
/// The file of a Python project that may hold a `[tool.clawproof]` table.
const PYPROJECT: &str = "pyproject.toml";

/// The nearest `clawproof.yaml`, `.clawproof.yaml` or `pyproject.toml` with a `[tool.clawproof]` table: in the folder of
/// `path` and above it up to the repository's root, or in that folder alone where there is no repository.
pub fn find(path: &Path) -> io::Result<Option<PathBuf>> {
    // Made absolute, so that `.` has folders above it.
    let path = path.canonicalize()?;
    let start = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&path) };
    let repository = start.ancestors().find(|folder| folder.join(".git").exists());
    let last = repository.unwrap_or(start);
    for folder in start.ancestors() {
        if let Some(file) = in_folder(folder) {
            return Ok(Some(from_here(file)));
        }
        if folder == last {
            break;
        }
    }
    Ok(None)
}

/// The file as a person in the current folder would call it.
fn from_here(file: PathBuf) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let relative = here.ok().and_then(|here| file.strip_prefix(here).ok().map(Path::to_owned));
    relative.unwrap_or(file)
}

fn in_folder(folder: &Path) -> Option<PathBuf> {
    let named = NAMES.iter().map(|name| folder.join(name)).find(|file| file.is_file());
    named.or_else(|| Some(folder.join(PYPROJECT)).filter(|file| holds_a_table(file)))
}

/// Whether a `pyproject.toml` speaks of us. One that cannot be read or parsed is somebody else's to complain about, unless
/// a line of it opens our table.
fn holds_a_table(file: &Path) -> bool {
    let Ok(text) = fs::read_to_string(file) else { return false };
    match super::read::toml_table(text.strip_prefix('\u{feff}').unwrap_or(&text)) {
        Ok(table) => table.is_some(),
        Err(_) => text.lines().any(|line| line.trim_start().starts_with("[tool.clawproof")),
    }
}
