//! Silencing: comments in the scanned files that accept a finding, with a reason.
//!
//! `# clawproof: ignore[rule-a, rule-b] why` counts on any line of the finding's statement, and on lines of comments alone
//! directly above it. What a statement covers is for the caller to say, since only `facts` knows: see [`Cover`].
//! Findings that are ignored by path in the configuration are silenced here as well, so that they too stay visible as
//! accepted. This module refuses to know any rule beyond its id, and any language beyond its comments.

mod directive;
#[cfg(test)]
mod tests;

use crate::finding::words::list;
use crate::finding::{Finding, Suppressed};
use crate::nearest::nearest;
use crate::source::{Comment, FileId, Site, SourceFile, Span};
use directive::{Directive, parse};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// What stands around a finding.
///
/// For a simple statement `span` is the statement. For a statement with a body (`with`, `if`, `for`) it is the header alone.
/// For a function or class it is everything from the first decorator to the colon. It always holds the finding's site.
pub type Cover<'a> = dyn Fn(&Finding) -> Span + 'a;

/// What silencing needs to know of the run.
pub struct Context<'a> {
    /// The files that sites point into.
    pub files: &'a [SourceFile],
    /// The comments of a file, in source order.
    pub comments: &'a dyn Fn(FileId) -> &'a [Comment],
    /// What a finding's statement covers.
    pub cover: &'a Cover<'a>,
    /// Ids of all rules.
    pub known: &'a [&'a str],
    /// Whether a rule was run; the silencing of one that was not is not called unused.
    pub ran: &'a dyn Fn(&str) -> bool,
    /// Whether the configuration ignores a rule (second) of a row (third) in a file (first).
    pub by_path: &'a dyn Fn(&str, &str, &str) -> bool,
}

/// Something to tell the user, on standard error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where: `path:line:column`.
    pub at: String,
    /// What.
    pub message: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// What silencing made of the findings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Those that stay, in the order they came in.
    pub kept: Vec<Finding>,
    /// Those that somebody accepted.
    pub suppressed: Vec<Suppressed>,
    /// Silencings without a rule or with an unknown one: input errors, in order of file and line.
    pub errors: Vec<Note>,
    /// Silencings that silence nothing, in order of file and line.
    pub unused: Vec<Note>,
}

/// One rule of one directive.
struct Silencing {
    rule: String,
    why: Option<String>,
    site: Site,
    used: bool,
}

/// The silencings of one file by the line they stand on, and the lines that hold a comment alone.
#[derive(Default)]
struct Lines {
    on: FxHashMap<u32, Vec<Silencing>>,
    alone: BTreeSet<u32>,
}

/// Whether a text may hold a silencing comment; false only where it holds none.
pub fn may_silence(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), directive::NAME.as_bytes()).is_some()
}

/// Sorts findings into kept and silenced. Call it before findings of low confidence are left out, else their silencing is
/// called unused.
pub fn silence(findings: Vec<Finding>, context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut errors = Vec::new();
    let mut files: Vec<Lines> = Vec::with_capacity(context.files.len());
    for index in 0..context.files.len() {
        files.push(read(FileId(index as u32), context, &mut errors));
    }
    for finding in findings {
        match accepted(&finding, &mut files, context) {
            Some((by, why)) => outcome.suppressed.push(Suppressed { finding, by: by.to_owned(), why }),
            None => outcome.kept.push(finding),
        }
    }
    let idle = |silencing: &&Silencing| !silencing.used && (context.ran)(&silencing.rule);
    let told = |silencing: &Silencing| (silencing.site, format!("nothing to silence here for {}: remove this", silencing.rule));
    let unused = files.iter().flat_map(|lines| lines.on.values().flatten()).filter(idle).map(told).collect();
    outcome.errors = notes(errors, context);
    outcome.unused = notes(unused, context);
    outcome
}

/// What to tell, in order of file and line.
fn notes(mut told: Vec<(Site, String)>, context: &Context<'_>) -> Vec<Note> {
    told.sort();
    let note = |(site, message): (Site, String)| {
        let file = context.files.get(site.file.index())?;
        let start = file.position(site.span.start);
        Some(Note { at: format!("{}:{}:{}", file.path, start.line, start.column), message })
    };
    told.into_iter().filter_map(note).collect()
}

/// Who accepted a finding and why.
fn accepted(finding: &Finding, files: &mut [Lines], context: &Context<'_>) -> Option<(&'static str, Option<String>)> {
    let id = finding.site.file;
    let file = context.files.get(id.index())?;
    let lines = files.get_mut(id.index())?;
    let cover = (context.cover)(finding);
    let first = file.lines.line(cover.start.min(finding.site.span.start));
    let last = file.lines.line(cover.end.max(finding.site.span.end).saturating_sub(1).max(cover.start)).max(first);
    let above = (1..first).rev().take_while(|line| lines.alone.contains(line)).last().unwrap_or(first);
    let mut found = None;
    for line in above..=last {
        // Every silencing that could have done it counts as used.
        for silencing in lines.on.get_mut(&line).into_iter().flatten().filter(|silencing| silencing.rule == finding.rule) {
            silencing.used = true;
            found.get_or_insert_with(|| ("comment", silencing.why.clone()));
        }
    }
    let by_path = || (context.by_path)(&file.path, finding.rule, finding.row).then_some(("configuration", None));
    found.or_else(by_path)
}

/// The silencings of a file; what is wrong with them goes to `errors`.
fn read(id: FileId, context: &Context<'_>, errors: &mut Vec<(Site, String)>) -> Lines {
    let mut lines = Lines::default();
    let Some(file) = context.files.get(id.index()) else { return lines };
    for comment in (context.comments)(id) {
        let first = file.lines.line(comment.span.start);
        let last = file.lines.line(comment.span.end.saturating_sub(1).max(comment.span.start));
        if comment.alone {
            lines.alone.extend(first..=last);
        }
        let site = Site { file: id, span: comment.span };
        match parse(&comment.text) {
            None => {}
            Some(Directive::Broken(message)) => errors.push((site, message)),
            Some(Directive::Ignore { rules, why }) => {
                let (known, unknown): (Vec<&str>, Vec<&str>) = rules.iter().partition(|rule| context.known.contains(rule));
                if !unknown.is_empty() {
                    errors.push((site, not_known(&unknown, context.known)));
                }
                let silencing = |rule: &str| Silencing { rule: rule.to_owned(), why: why.map(str::to_owned), site, used: false };
                lines.on.entry(last).or_default().extend(known.into_iter().map(silencing));
            }
        }
    }
    lines
}

fn not_known(unknown: &[&str], known: &[&str]) -> String {
    let one = |rule: &&str| match nearest(rule, known.iter().copied()) {
        Some(near) => format!("unknown rule \"{rule}\" — did you mean \"{near}\"?"),
        None => format!("unknown rule \"{rule}\" — `clawproof rules` lists them"),
    };
    list(&unknown.iter().map(one).collect::<Vec<_>>())
}
