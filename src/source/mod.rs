//! Files as text: what they are called, what they hold, where a byte offset lies.
//!
//! Vocabulary: a [`Span`] is a half-open range of byte offsets; a [`Position`] is what a person reads, lines and
//! columns from 1. Spans travel through the pipeline and become positions only when something is printed.
//! This module refuses to know languages' grammars, findings, or anything else of ours.

mod lines;

pub use lines::{LineIndex, Position};

use serde::{Deserialize, Serialize};

/// A half-open range of byte offsets in one file. Files above 4 GiB never get this far (see `discover`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`.
    pub fn new(start: u32, end: u32) -> Self {
        Span { start, end }
    }

    /// Whether `other` lies inside this span.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// Index of a file in the run's list of files, which is sorted by path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileId(pub u32);

impl FileId {
    /// The index itself, for looking a file up in a slice.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A place in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Site {
    /// Which file.
    pub file: FileId,
    /// Where in it.
    pub span: Span,
}

/// What kind of text a file holds, told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// `.py`, `.pyi` is left out: it holds no bodies.
    Python,
    /// `.rs`.
    Rust,
    /// `.sql`.
    Sql,
    /// `.yaml`, `.yml`.
    Yaml,
    /// `.json`.
    Json,
    /// `.toml`.
    Toml,
    /// `.md`, read for front matter and as texts for models.
    Markdown,
    /// `Procfile`.
    Procfile,
    /// `Dockerfile`, `Containerfile`.
    Dockerfile,
    /// `.service` and `supervisord.conf`: sections of settings.
    UnitFile,
    /// `.sh`, read for the commands it starts.
    Shell,
}

impl Language {
    /// The name used in `coverage.languages` and on the `Inspected:` line.
    pub fn name(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::Rust => "rust",
            Language::Sql => "sql",
            Language::Yaml => "yaml",
            Language::Json => "json",
            Language::Toml => "toml",
            Language::Markdown => "markdown",
            Language::Procfile => "procfile",
            Language::Dockerfile => "dockerfile",
            Language::UnitFile => "unit-file",
            Language::Shell => "shell",
        }
    }
}

/// One file as text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path relative to the scanned PATH, with `/` on every system.
    pub path: String,
    /// The whole text; a byte-order mark is already removed.
    pub text: String,
    /// Where its lines start.
    pub lines: LineIndex,
    /// What it holds.
    pub language: Language,
}

impl SourceFile {
    /// A file from its relative path and text.
    pub fn new(path: impl Into<String>, text: String, language: Language) -> Self {
        let lines = LineIndex::new(&text);
        SourceFile { path: path.into(), text, lines, language }
    }

    /// Line and column of a byte offset; columns count characters.
    pub fn position(&self, offset: u32) -> Position {
        self.lines.position(&self.text, offset)
    }

    /// The text a span covers; empty where the span lies outside the file or cuts a character.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}

/// One comment as written, without its introducer (`#`, `//`, `--`) and surrounding blanks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The text after the introducer.
    pub text: String,
    /// Where the comment stands, introducer included.
    pub span: Span,
    /// Whether nothing but blanks stands before it on its line.
    pub alone: bool,
}
