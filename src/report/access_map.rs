//! Who reads and writes what, as a table: resources down, actors across, in blocks that fit a page.

use super::{Ink, Report};
use crate::model::{ActorId, Resource};
use rustc_hash::FxHashMap;
use std::fmt::Write;

/// The width that a block of the table keeps to.
const PAGE: usize = 100;
/// Longer names are cut in the table.
const LONGEST: usize = 40;

/// How many findings (advice left out) stand against each resource.
pub(super) fn findings_by_resource<'a>(report: &Report<'a>) -> FxHashMap<&'a str, usize> {
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    for finding in report.findings.iter().filter(|finding| !finding.advice) {
        if let Some(resource) = &finding.resource {
            *counts.entry(resource).or_default() += 1;
        }
    }
    counts
}

/// The table: resources with most findings first, then shared ones, then by id.
pub(super) fn render(out: &mut String, report: &Report<'_>, ink: Ink) {
    let findings = findings_by_resource(report);
    let count = |resource: &Resource| findings.get(resource.id.as_str()).copied().unwrap_or(0);
    let mut rows: Vec<&Resource> = report.model.resources.iter().collect();
    rows.sort_by(|a, b| {
        let rank = |resource: &Resource| (std::cmp::Reverse(count(resource)), !resource.shared);
        rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id))
    });
    let touches = |actor: ActorId| rows.iter().any(|resource| !cell(resource, actor).is_empty());
    let actors: Vec<ActorId> = (0..report.model.actors.len() as u32).map(ActorId).filter(|id| touches(*id)).collect();
    let names: Vec<String> = actors.iter().map(|id| short(&ink.text(&report.model.actor(*id).name))).collect();
    let ids: Vec<String> = rows.iter().map(|resource| short(&ink.text(&resource.id))).collect();
    let width = ids.iter().map(|id| id.chars().count()).max().unwrap_or(0).max("resource".len());

    let mut next = 0;
    while next < actors.len() {
        let first = next;
        let mut used = 2 + width + "  findings".len();
        while next < actors.len() && (next == first || used + 2 + names[next].chars().count().max(2) <= PAGE) {
            used += 2 + names[next].chars().count().max(2);
            next += 1;
        }
        if first > 0 {
            out.push('\n');
        }
        let mut heading = format!("  {:<width$}  findings", "resource");
        names[first..next].iter().for_each(|name| heading += &format!("  {name:<2}"));
        let _ = writeln!(out, "{}", ink.dim(heading.trim_end()));
        for (resource, id) in rows.iter().zip(&ids) {
            let cells: Vec<&str> = actors[first..next].iter().map(|actor| cell(resource, *actor)).collect();
            if cells.iter().all(|cell| cell.is_empty()) {
                continue;
            }
            let found = if count(resource) > 0 { count(resource).to_string() } else { String::new() };
            let mut line = format!("  {id:<width$}  {found:>8}");
            for (cell, name) in cells.iter().zip(&names[first..next]) {
                line += &format!("  {cell:<pad$}", pad = name.chars().count().max(2));
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

fn cell(resource: &Resource, actor: ActorId) -> &'static str {
    match (resource.readers.contains(&actor), resource.writers.contains(&actor)) {
        (true, true) => "RW",
        (true, false) => "R",
        (false, true) => "W",
        (false, false) => "",
    }
}

fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    let kept: String = name.chars().take(LONGEST - 3).collect();
    format!("{kept}...")
}
