//! Rows that are taken away and put anew, where the removal commits for itself.
//!
//! Whoever reads in between finds nothing, and two that do it at once leave the rows twice. Within one transaction, under one
//! lock or where a unique key refuses the second copy it says nothing; which rows are meant it tells by the columns alone.

use super::schema::{Added, Schema};
use super::{Doing, Input, accesses, frames, join, races};
use crate::effects::{Access, Held, Item, Operation, Sorts, Visit};
use crate::model::{Model, Replacement};

/// Collect them from what every actor does.
pub(super) fn collect(input: &Input, doings: &[Doing], schema: &Schema, model: &mut Model) {
    let mut found: Vec<Replacement> = Vec::new();
    for doing in doings {
        for (run, (delete, insert)) in doing.runs.iter().flat_map(|r| r.visits.iter().flat_map(pairs).map(move |pair| (r, pair))) {
            let Some(written) = insert.access() else { continue };
            if written.name.as_ref().is_some_and(|table| schema.protects(table, &Added::by(written)).is_some()) {
                continue;
            }
            let Some(resource) = accesses::find(model, written, doing.actor, run) else { continue };
            let function = races::innermost(delete, insert);
            let (delete_site, site) = (delete.outer_in(function).unwrap_or(delete.site), insert.outer_in(function).unwrap_or(insert.site));
            match found.iter_mut().find(|r| r.resource == resource && r.delete == delete_site) {
                Some(known) => join(&mut known.actors, doing.actor),
                None => found.push(Replacement {
                    resource,
                    actors: vec![doing.actor],
                    delete: delete_site,
                    insert: site,
                    function: input.effects.program.qualified(function).to_string(),
                    inferred: delete.inferred.max(insert.inferred),
                    path: frames(input, insert),
                }),
            }
        }
    }
    found.sort_by_key(|r| (r.insert, r.delete));
    model.replacements = found;
}

/// Every removal in a function with the first insertion behind it that brings such rows back.
fn pairs(visit: &Visit) -> Vec<(&Item, &Item)> {
    let mut found = Vec::new();
    // What a caller has begun spans all that is done here.
    if !visit.has(Sorts::WRITE) || visit.around().any(|c| spans(&c.held)) {
        return found;
    }
    for (at, delete) in visit.own().iter().enumerate() {
        // What is past a bound is cleared away, and not what comes instead.
        let removes = |a: &&Access| a.autocommit && a.operation == Operation::Delete && !a.bounded;
        let Some(removed) = delete.access().filter(removes) else { continue };
        let brings_back = |insert: &Item| {
            insert.access().is_some_and(|added| {
                let same_rows = added.columns.is_empty() || removed.keys.iter().all(|k| added.columns.contains(k));
                added.operation == Operation::Insert && added.name == removed.name && added.name.is_some() && same_rows
            })
        };
        // What the same call puts back leaves nothing for a later one.
        let one_call = |insert: &&Item| delete.chain.is_some() && insert.chain.is_some() && insert.outer_site() == delete.outer_site();
        if !visit.tells(delete) && visit.own()[at + 1..].iter().filter(one_call).any(&brings_back) {
            continue;
        }
        // What both callers have a copy of is told there, where more is known of it.
        let here = |insert: &&Item| visit.tells(delete) || visit.tells(insert);
        let back = visit.own()[at + 1..].iter().filter(here).find(|insert| brings_back(insert));
        if let Some(insert) = back.filter(|insert| !together(delete, insert)) {
            found.push((delete, insert));
        }
    }
    found
}

/// Whether one transaction or one lock spans both.
fn together(delete: &Item, insert: &Item) -> bool {
    insert.common(delete).any(|c| spans(&c.held))
}

fn spans(held: &Held) -> bool {
    matches!(held, Held::Transaction { .. } | Held::Lock(_) | Held::Rows(_))
}
