//! The lines on standard error: what was looked at, what to do next, and what to do where nothing was recognised.
//!
//! A clean result must prove that it looked.

use super::{Ink, Report};
use crate::finding::words::{counted, list};
use crate::model::ActorKind;
use std::collections::{BTreeMap, BTreeSet};

/// How many unknown imports are named.
const NAMED: usize = 12;

/// `Inspected: 120 files (python 100, yaml 12, rust 8), 6 agents, 214 tool functions; 3 files skipped, 2 writes unresolved`.
pub fn line(report: &Report<'_>, ink: Ink) -> String {
    let coverage = &report.model.coverage;
    let languages: Vec<(&str, u32)> = coverage.languages.iter().map(|(name, count)| (*name, *count)).collect();
    let files: u32 = languages.iter().map(|(_, count)| count).sum();
    let mut parts = vec![counted(files as usize, "file") + &breakdown(languages)];
    parts.extend(actors(report));
    let tools: BTreeSet<&str> = report.model.actors.iter().flat_map(|actor| &actor.tools).map(String::as_str).collect();
    parts.push(counted(tools.len(), "tool function"));
    let mut gaps = vec![format!("{} skipped", counted(coverage.skipped.len(), "file"))];
    if !coverage.not_read.is_empty() {
        let others: Vec<(&str, u32)> = coverage.not_read.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        let count: u32 = others.iter().map(|(_, count)| count).sum();
        gaps.push(format!("{} not read{}", counted(count as usize, "file"), breakdown(others)));
    }
    gaps.push(format!("{} unresolved", counted(coverage.unresolved.len(), "write")));
    ink.text(&format!("Inspected: {}; {}", parts.join(", "), gaps.join(", "))).into_owned()
}

/// ` (python 100, yaml 12)`, the most frequent first.
fn breakdown(mut counts: Vec<(&str, u32)>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let parts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    format!(" ({})", parts.join(", "))
}

/// `6 agents`, `2 workers`: agents always, other kinds where there are any.
fn actors(report: &Report<'_>) -> Vec<String> {
    let kinds = [
        (ActorKind::Agent, "agent"),
        (ActorKind::Worker, "worker"),
        (ActorKind::Endpoint, "endpoint"),
        (ActorKind::Job, "job"),
        (ActorKind::ToolServer, "tool server"),
    ];
    let count = |kind| report.model.actors.iter().filter(|actor| actor.kind == kind).count();
    let counts = kinds.map(|(kind, noun)| (kind, count(kind), noun));
    let shown = counts.into_iter().filter(|(kind, count, _)| *count > 0 || *kind == ActorKind::Agent);
    shown.map(|(_, count, noun)| counted(count, noun)).collect()
}

/// `Next: clawproof explain <rule>` for the worst finding; nothing where there are none.
pub fn next(report: &Report<'_>) -> Option<String> {
    // The first of the worst: findings come sorted.
    let rank = |index: &usize| {
        let finding = &report.findings[*index];
        (!finding.advice, finding.severity, finding.confidence, std::cmp::Reverse(*index))
    };
    let worst = (0..report.findings.len()).max_by_key(rank)?;
    Some(format!("Next: clawproof explain {}", report.findings[worst].rule))
}

/// What to say about a repository in which no actor was recognised: which imports no pack knows, and what to paste into
/// `clawproof.yaml`. Nothing where there are actors.
pub fn nothing_recognised(report: &Report<'_>, ink: Ink) -> Option<String> {
    if !report.model.actors.is_empty() {
        return None;
    }
    let coverage = &report.model.coverage;
    let mut lines = vec!["No agent, worker or endpoint was recognised, so there was nothing to check.".to_owned()];
    if coverage.languages.is_empty() {
        lines[0] = "No file was read, so there was nothing to check.".to_owned();
    }
    let others: BTreeMap<&str, u32> = coverage.not_read.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    if !others.is_empty() {
        let parts: Vec<String> = others.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        lines.push(format!("Files that this version does not read: {}.", list(&parts)));
    }
    let unknown = &coverage.unknown_imports;
    if !unknown.is_empty() {
        let mut names: Vec<String> = unknown.iter().take(NAMED).cloned().collect();
        if unknown.len() > NAMED {
            names.push(counted(unknown.len() - NAMED, "other"));
        }
        lines.push(format!("Seen and not known to any pack: {}.", list(&names)));
    }
    lines.push("If there are agents, say where in clawproof.yaml:".to_owned());
    let mut text: String = lines.iter().map(|line| format!("{}\n", ink.text(line))).collect();
    text.push_str("\n  agents:\n    - name: my_agent\n      function: package.module.run\n");
    Some(text)
}
