//! What a file's or folder's name says about it.

use crate::source::Language;
use ignore::Match;
use ignore::gitignore::GitignoreBuilder;
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is read.
    Read(Language),
    /// It holds code of a language without a front end: it is counted.
    NotRead(&'static str),
    /// It is no concern of ours.
    Unknown,
}

/// Folders of code that others wrote or tools made.
const VENDORED: &[&str] = &["node_modules", ".venv", "venv", "site-packages", "__pycache__", "vendor", "third_party", "_vendor"];

/// Whether a folder holds vendored code, or is a virtual environment.
pub(super) fn is_vendored(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or("");
    VENDORED.contains(&name) || path.join("pyvenv.cfg").is_file()
}

/// What a file is, told by its name, its extension, and without one by its first line.
pub(super) fn kind(path: &Path) -> Kind {
    if let Some(language) = path.file_name().and_then(OsStr::to_str).and_then(by_name) {
        return Kind::Read(language);
    }
    let Some(extension) = path.extension() else {
        return by_first_line(path).map_or(Kind::Unknown, Kind::Read);
    };
    let Some(extension) = extension.to_str() else { return Kind::Unknown };
    match extension.to_ascii_lowercase().as_str() {
        "py" => Kind::Read(Language::Python),
        "rs" => Kind::Read(Language::Rust),
        "sql" => Kind::Read(Language::Sql),
        "yaml" | "yml" => Kind::Read(Language::Yaml),
        "json" => Kind::Read(Language::Json),
        "toml" => Kind::Read(Language::Toml),
        "md" => Kind::Read(Language::Markdown),
        "service" => Kind::Read(Language::UnitFile),
        "sh" => Kind::Read(Language::Shell),
        other => not_read(other).map_or(Kind::Unknown, Kind::NotRead),
    }
}

/// Files that say what is started have names of their own.
fn by_name(name: &str) -> Option<Language> {
    match name.split('.').next().unwrap_or("") {
        "Procfile" => Some(Language::Procfile),
        "Dockerfile" | "Containerfile" => Some(Language::Dockerfile),
        _ if name.ends_with(".Dockerfile") || name.ends_with(".dockerfile") => Some(Language::Dockerfile),
        "supervisord" | "supervisor" if name.ends_with(".conf") => Some(Language::UnitFile),
        _ => None,
    }
}

fn not_read(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "ipynb" => "notebook",
        "ts" | "tsx" | "mts" | "cts" => "typescript",
        "js" | "jsx" | "mjs" | "cjs" => "javascript",
        "go" => "go",
        "java" => "java",
        "kt" | "kts" => "kotlin",
        "scala" => "scala",
        "rb" => "ruby",
        "php" => "php",
        "cs" => "csharp",
        "c" | "h" => "c",
        "cc" | "cpp" | "cxx" | "hpp" | "hh" => "cpp",
        "swift" => "swift",
        "ex" | "exs" => "elixir",
        "erl" => "erlang",
        "clj" | "cljs" => "clojure",
        "lua" => "lua",
        "pl" | "pm" => "perl",
        "r" => "r",
        "dart" => "dart",
        "bash" | "zsh" => "shell",
        "ps1" => "powershell",
        _ => return None,
    })
}

/// Scripts without an extension say in their first line what runs them.
fn by_first_line(path: &Path) -> Option<Language> {
    let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
    if hidden || !path.is_file() {
        return None;
    }
    let mut head = Vec::with_capacity(128);
    let file = std::fs::File::open(path).ok()?;
    file.take(128).read_to_end(&mut head).ok()?;
    let line = head.split(|b| *b == b'\n').next().filter(|line| line.starts_with(b"#!"))?;
    let line = String::from_utf8_lossy(line);
    let mut programs = line.split(|c: char| c == '/' || c.is_whitespace());
    let runs = |name: &str| match name {
        "sh" | "bash" | "dash" | "ksh" | "zsh" => Some(Language::Shell),
        name if name.starts_with("python") => Some(Language::Python),
        _ => None,
    };
    programs.find_map(runs)
}

/// Whether ignore files above `root` apply below it: they do inside a repository, unless they ignore `root` itself, which
/// was named all the same.
pub(super) fn parents_apply(root: &Path) -> bool {
    let Some(repository) = root.ancestors().find(|a| a.join(".git").exists()) else { return false };
    if repository == root {
        return false;
    }
    let folders = root.ancestors().skip(1).take_while(|a| a.starts_with(repository));
    // A rule may speak of the folder, or (`out/**`) only of what is in it.
    let anything_in_it = root.join("anything");
    let ignored = |path: &Path, is_folder: bool| {
        for folder in folders.clone() {
            let mut builder = GitignoreBuilder::new(folder);
            for name in [".gitignore", ".ignore"] {
                // A folder without such a file, or with a bad line in it, ignores nothing by it.
                let _ = builder.add(folder.join(name));
            }
            let Ok(rules) = builder.build() else { continue };
            match rules.matched_path_or_any_parents(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    };
    !ignored(root, true) && !ignored(&anything_in_it, false)
}
