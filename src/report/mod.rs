//! What people and machines read: one file per output format.
//!
//! Vocabulary: a [`Report`] is everything a renderer may ask; an [`Ink`] says whether there is colour and whether there is
//! anything but ASCII; a renderer turns the first into text, and [`Target`] takes the text somewhere, whole or not at all.
//! Renderers decide nothing: which findings count, which row fails and what the `Result:` line says comes with the report.
//! Whatever the scanned repository may have named is made harmless here and nowhere else (see `harmless`).

mod access_map;
mod excerpt;
mod harmless;
pub mod human;
mod ink;
pub mod inspected;
mod interleaving;
pub mod json;
mod snippet;
mod target;
pub mod verbose;

pub use harmless::escaped;
pub use ink::{Ink, When};
pub use target::Target;

use crate::finding::{Finding, Severity, Suppressed, Verdict};
use crate::model::Model;
use crate::source::{Position, Site, SourceFile};

/// Everything a renderer may ask.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The number of the check.
    pub check: u32,
    /// Its title: `Multi-Agent Coordination`.
    pub title: &'a str,
    /// All rows, in the order of the report.
    pub verdicts: &'a [Verdict],
    /// The findings that are reported, advice included, sorted; verdicts point into them.
    pub findings: &'a [Finding],
    /// The findings that somebody accepted.
    pub suppressed: &'a [Suppressed],
    /// How many problems there are, advice left out.
    pub issues: usize,
    /// The sentence of the `Result:` line.
    pub result: &'a str,
    /// The worst severity among the findings that are no advice; `None` where there are none.
    pub severity: Option<Severity>,
    /// The words of the `Severity:` line.
    pub severity_words: &'a str,
    /// What the findings are about.
    pub model: &'a Model,
    /// The files that sites point into.
    pub files: &'a [SourceFile],
    /// How long the run took; only where it was asked for.
    pub elapsed_ms: Option<u64>,
}

impl<'a> Report<'a> {
    /// The file of a site.
    fn file(&self, site: Site) -> Option<&'a SourceFile> {
        self.files.get(site.file.index())
    }

    /// The path of a site's file, relative to what was scanned.
    fn path(&self, site: Site) -> &'a str {
        self.file(site).map_or(".", |file| file.path.as_str())
    }

    /// Where a site starts; a fact about a whole file stands at line 1.
    fn start(&self, site: Site) -> Position {
        self.file(site).map_or(Position { line: 1, column: 1 }, |file| file.position(site.span.start))
    }

    /// Where a site ends, the position after its last character.
    fn end(&self, site: Site) -> Position {
        self.file(site).map_or(Position { line: 1, column: 1 }, |file| file.position(site.span.end))
    }

    /// `path:line`, as editors and terminals make links of it.
    fn at(&self, site: Site) -> String {
        format!("{}:{}", self.path(site), self.start(site).line)
    }
}
