//! Which files are read: the walk below a PATH, ignore rules, vendored trees, caps.
//!
//! It knows names of files and folders, sizes and encodings; it refuses to know what files hold. Nothing is followed out of
//! PATH: no link is followed at all except PATH itself. What is named on the command line is scanned even if it looks
//! vendored or is ignored; every exclusion applies below it. The result is sorted, so that neither the number of threads
//! nor the order of the file system shows.

mod options;
mod read;
mod rules;
#[cfg(test)]
mod tests;

pub use options::Options;

use crate::source::SourceFile;
use ignore::{DirEntry, WalkBuilder, WalkState};
use rules::Kind;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

/// What a walk found.
#[derive(Debug, Default)]
pub struct Found {
    /// The files that are read, sorted by path.
    pub files: Vec<SourceFile>,
    /// The files and folders that should have been read and were not, sorted by path.
    pub skipped: Vec<Skipped>,
    /// How many files there are in code languages that have no front end, and notebooks.
    pub not_read: BTreeMap<&'static str, usize>,
}

/// A file or folder that was not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its path relative to PATH, with `/`.
    pub path: String,
    /// Why, as a phrase: `larger than 2 MiB`.
    pub reason: String,
}

/// Find and read the files below `root`, or `root` itself where it is a file.
pub fn walk(root: &Path, options: &Options) -> Found {
    let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
    let (send, receive) = channel();
    if root.is_dir() {
        walk_folder(&root, options, &send);
    } else {
        look_at_named_file(&root, &send);
    }
    drop(send);
    let mut found = Found::default();
    for outcome in receive {
        match outcome {
            Outcome::File(file) => found.files.push(file),
            Outcome::Skipped(skipped) => found.skipped.push(skipped),
            Outcome::NotRead(language) => *found.not_read.entry(language).or_default() += 1,
        }
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found.skipped.sort();
    found
}

/// What became of one entry.
enum Outcome {
    File(SourceFile),
    Skipped(Skipped),
    NotRead(&'static str),
}

fn walk_folder(root: &Path, options: &Options, send: &Sender<Outcome>) {
    let (base, exclude) = (root.to_path_buf(), options.exclude.clone());
    let wanted = move |entry: &DirEntry| {
        let is_folder = entry.file_type().is_some_and(|t| t.is_dir());
        entry.depth() == 0
            || !(entry.file_name() == ".git"
                || (is_folder && rules::is_vendored(entry.path()))
                || exclude.is_match(relative(&base, entry.path())))
    };
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .git_global(false)
        .git_exclude(false)
        .parents(rules::parents_apply(root))
        .follow_links(false)
        .threads(options.jobs)
        .filter_entry(wanted)
        .build_parallel();
    walker.run(|| {
        let send = send.clone();
        Box::new(move |entry| match look_at(root, entry).map(|outcome| send.send(outcome)) {
            Some(Err(_)) => WalkState::Quit,
            _ => WalkState::Continue,
        })
    });
}

fn look_at(root: &Path, entry: Result<DirEntry, ignore::Error>) -> Option<Outcome> {
    let entry = match entry {
        Ok(entry) => entry,
        Err(error) => return unreadable(root, error),
    };
    if !entry.file_type().is_some_and(|t| t.is_file()) {
        return None;
    }
    match rules::kind(entry.path()) {
        Kind::Unknown => None,
        Kind::NotRead(language) => Some(Outcome::NotRead(language)),
        Kind::Read(language) => Some(outcome(relative(root, entry.path()), entry.path(), language)),
    }
}

fn look_at_named_file(path: &Path, send: &Sender<Outcome>) {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let result = match rules::kind(path) {
        Kind::Read(language) => outcome(name, path, language),
        Kind::NotRead(language) => Outcome::NotRead(language),
        Kind::Unknown => {
            let reason = match std::fs::metadata(path) {
                Ok(_) => "not a kind of file that is read".to_owned(),
                Err(error) => read::cannot(&error),
            };
            Outcome::Skipped(Skipped { path: name, reason })
        }
    };
    // The receiver lives as long as the walk.
    let _ = send.send(result);
}

fn outcome(relative: String, path: &Path, language: crate::source::Language) -> Outcome {
    match read::text(path, language) {
        Ok(text) => Outcome::File(SourceFile::new(relative, text, language)),
        Err(reason) => Outcome::Skipped(Skipped { path: relative, reason }),
    }
}

/// An error of the walk itself: a folder that cannot be listed.
fn unreadable(root: &Path, error: ignore::Error) -> Option<Outcome> {
    let path = error_path(&error).unwrap_or_else(|| root.to_path_buf());
    let reason = error.io_error().map_or_else(|| "cannot be read: unknown error".to_owned(), read::cannot);
    Some(Outcome::Skipped(Skipped { path: relative(root, &path), reason }))
}

fn error_path(error: &ignore::Error) -> Option<PathBuf> {
    let mut error = error;
    loop {
        match error {
            ignore::Error::WithPath { path, .. } => return Some(path.clone()),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error = err,
            _ => return None,
        }
    }
}

/// The path below `root` with `/` on every system; `.` for `root` itself.
fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
