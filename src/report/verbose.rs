//! The audit report: the checklist, then everything it rests on.

use super::human::{Extent, checklist};
use super::{Ink, Report, access_map, inspected, interleaving, snippet};
use crate::finding::words::{counted, list};
use crate::finding::{Finding, Status};
use crate::source::{Language, Site};
use std::cmp::Reverse;
use std::fmt::Write;

/// How many accepted findings, skipped files or unresolved calls are listed.
const LISTED: usize = 50;
/// How many pieces of evidence are shown for a row.
const PIECES: usize = 8;
/// How many findings are shown with their source.
const SNIPPETS: usize = 200;

/// The report of `clawproof --check 10 --verbose`.
pub fn render(report: &Report<'_>, ink: Ink) -> String {
    let mut out = String::new();
    checklist(&mut out, report, ink, Extent::Full);
    if let Some(text) = inspected::nothing_recognised(report, ink) {
        let _ = write!(out, "\n{}", indented(&text));
    }
    if report.model.resources.iter().any(|resource| !resource.accesses.is_empty()) {
        heading(&mut out, "Access map (R reads, W writes)", ink);
        access_map::render(&mut out, report, ink);
    }
    findings(&mut out, report, ink);
    evidence(&mut out, report, ink);
    silenced(&mut out, report, ink);
    coverage(&mut out, report, ink);
    out
}

fn heading(out: &mut String, text: &str, ink: Ink) {
    let _ = writeln!(out, "\n  {}\n  {}", ink.title(text), ink.rule(text.chars().count()));
}

/// What each row rests on.
fn evidence(out: &mut String, report: &Report<'_>, ink: Ink) {
    if report.verdicts.iter().all(|verdict| verdict.evidence.is_empty()) {
        return;
    }
    heading(out, "Evidence", ink);
    for verdict in report.verdicts.iter().filter(|verdict| !verdict.evidence.is_empty()) {
        let status = match verdict.status {
            Status::Pass => ink.pass(),
            Status::Fail => ink.fail(),
            Status::Skip => ink.skip(),
            Status::Advice => ink.advice(),
        };
        let _ = writeln!(out, "  {status} {}", verdict.row);
        for piece in verdict.evidence.iter().take(PIECES) {
            line(out, "      ", &piece.message, Some((report, piece.site)), ink);
        }
        rest(out, "      ", verdict.evidence.len(), PIECES, ink);
    }
}

/// Every finding, those of the resource with most of them first.
fn findings(out: &mut String, report: &Report<'_>, ink: Ink) {
    if report.findings.is_empty() {
        return;
    }
    heading(out, "Findings", ink);
    let counts = access_map::findings_by_resource(report);
    let count = |finding: &Finding| finding.resource.as_deref().and_then(|id| counts.get(id)).copied().unwrap_or(0);
    let mut order: Vec<&Finding> = report.findings.iter().collect();
    // A stable sort: within a resource the order of the report stays.
    order.sort_by(|a, b| {
        let rank = |finding: &Finding| (finding.advice, Reverse(count(finding)));
        rank(a).cmp(&rank(b)).then_with(|| (a.resource.is_none(), &a.resource).cmp(&(b.resource.is_none(), &b.resource)))
    });
    let mut before: Option<&Option<String>> = None;
    for finding in order.iter().take(SNIPPETS) {
        if before.is_some() {
            out.push('\n');
        }
        if before != Some(&finding.resource)
            && let Some(resource) = &finding.resource
            && count(finding) > 0
        {
            let text = format!("{resource}: {}", counted(count(finding), "finding"));
            let _ = writeln!(out, "  {}\n", ink.title(&text));
        }
        before = Some(&finding.resource);
        one(out, report, finding, ink);
    }
    rest(out, "  ", order.len(), SNIPPETS, ink);
}

fn one(out: &mut String, report: &Report<'_>, finding: &Finding, ink: Ink) {
    out.push_str(&indented(&snippet::render(report, finding, ink)));
    if !finding.evidence.is_empty() {
        let _ = writeln!(out, "    {}", ink.dim("how it gets there"));
        for piece in &finding.evidence {
            line(out, "        ", &piece.message, Some((report, piece.site)), ink);
        }
    }
    if let Some(assumption) = &finding.assumption {
        line(out, "    ", &format!("assumes {}", assumption.trim_start_matches("assumes ")), None, ink);
    }
    if !finding.interleaving.is_empty() {
        let _ = writeln!(out, "    {}", ink.dim("how it goes wrong"));
        interleaving::render(out, report, &finding.interleaving, "        ", ink);
    }
    let _ = writeln!(out, "    {}", ink.dim("to accept it"));
    line(out, "        ", &silencing(report, finding), None, ink);
}

/// The comment to paste, in the language of the finding's file; or what to do where it has no comments.
fn silencing(report: &Report<'_>, finding: &Finding) -> String {
    let comment = match report.file(finding.site).map(|file| file.language) {
        Some(Language::Rust) => "//",
        Some(Language::Sql) => "--",
        Some(Language::Json | Language::Markdown) | None => {
            let path = report.path(finding.site);
            return format!("clawproof.yaml:  per_path_ignores: {{\"{path}\": [{}]}}", finding.rule);
        }
        Some(_) => "#",
    };
    format!("{comment} clawproof: ignore[{}] why", finding.rule)
}

fn silenced(out: &mut String, report: &Report<'_>, ink: Ink) {
    if report.suppressed.is_empty() {
        return;
    }
    heading(out, "Accepted", ink);
    for suppressed in report.suppressed.iter().take(LISTED) {
        let why = suppressed.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        let finding = &suppressed.finding;
        let text = format!("{} — {} ({}{why})", finding.rule, finding.message, suppressed.by);
        line(out, "  ", &text, Some((report, finding.site)), ink);
    }
    rest(out, "  ", report.suppressed.len(), LISTED, ink);
}

/// What was read, what was not and why, and what could not be resolved.
fn coverage(out: &mut String, report: &Report<'_>, ink: Ink) {
    let coverage = &report.model.coverage;
    heading(out, "Inspected", ink);
    let inspected = inspected::line(report, ink);
    let _ = writeln!(out, "  {}", inspected.trim_start_matches("Inspected: "));
    let _ = writeln!(out, "  {}", counted(usize::try_from(coverage.lines).unwrap_or(usize::MAX), "line"));
    if !coverage.skipped.is_empty() {
        heading(out, "Skipped", ink);
        for (path, reason) in coverage.skipped.iter().take(LISTED) {
            line(out, "  ", &format!("{path} — {reason}"), None, ink);
        }
        rest(out, "  ", coverage.skipped.len(), LISTED, ink);
    }
    if !coverage.unresolved.is_empty() {
        heading(out, "Unresolved", ink);
        for (site, what) in coverage.unresolved.iter().take(LISTED) {
            line(out, "  ", what, Some((report, *site)), ink);
        }
        rest(out, "  ", coverage.unresolved.len(), LISTED, ink);
    }
    if !report.model.actors.is_empty() && !coverage.unknown_imports.is_empty() {
        let named: Vec<&str> = coverage.unknown_imports.iter().take(LISTED).map(String::as_str).collect();
        heading(out, "Not known to any pack", ink);
        line(out, "  ", &list(&named), None, ink);
    }
}

/// One line, with its place behind it.
fn line(out: &mut String, indent: &str, text: &str, at: Option<(&Report<'_>, Site)>, ink: Ink) {
    let place = at.map_or_else(String::new, |(report, site)| format!("  {}", ink.dim(&report.at(site))));
    let _ = writeln!(out, "{indent}{}{place}", ink.text(text));
}

fn rest(out: &mut String, indent: &str, all: usize, shown: usize, ink: Ink) {
    if all > shown {
        line(out, indent, &format!("… and {} more (--format json has all)", all - shown), None, ink);
    }
}

/// The text two blanks to the right, empty lines left empty.
fn indented(text: &str) -> String {
    let shift = |line: &str| if line.trim().is_empty() { String::from("\n") } else { format!("  {line}\n") };
    text.lines().map(shift).collect()
}
