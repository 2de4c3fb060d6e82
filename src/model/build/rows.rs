//! In which order transactions lock rows of several tables.
//!
//! What is told are locks that a statement asks for by name, `SELECT … FOR UPDATE`. An UPDATE locks rows as well, of those that it
//! finds: whether two transactions that update two tables ever find the same rows, nobody can say here.

use super::{Doing, Input, frames, join};
use crate::effects::{Context, Held, Sorts};
use crate::link::{FunctionRef, Template};
use crate::model::{Model, RowOrder};
use crate::source::Site;
use std::collections::BTreeMap;

/// Collect them.
pub(super) fn collect(input: &Input, doings: &[Doing], model: &mut Model) {
    let program = input.effects.program;
    let mut found: BTreeMap<_, RowOrder> = BTreeMap::new();
    for doing in doings {
        let system = model.actor(doing.actor).system;
        for told in doing.items(Sorts::ACCESS) {
            if !told.own.contexts.iter().chain(told.visit.around()).any(|c| table(c).is_some()) {
                continue;
            }
            let rows = |c: &Context| table(c).map(|table| (table.pattern(), c.site, c.function));
            let contexts = told.contexts();
            // What an earlier transaction locked is free again, whoever ended it.
            let begun = contexts.iter().rposition(|c| matches!(c.held, Held::Transaction { .. }));
            let held: Vec<_> = contexts[begun.unwrap_or(0)..].iter().filter_map(|c| rows(c)).collect();
            for (index, (first, held_site, holder)) in held.iter().enumerate() {
                // A statement that joins two tables locks both at once; and without a transaction that is seen, only one function's
                // own statements are surely in one.
                let one = |function: &FunctionRef| begun.is_some() || function == holder;
                let later = |(then, site, at): &&(String, Site, FunctionRef)| then != first && site != held_site && one(at);
                for (then, site, function) in held[index + 1..].iter().filter(later) {
                    let order = found.entry((system, *held_site, *site)).or_insert_with(|| RowOrder {
                        tables: [first.clone(), then.clone()],
                        sites: [*held_site, *site],
                        function: program.qualified(*function).to_string(),
                        system,
                        actors: Vec::new(),
                        path: frames(input, &told.item()),
                    });
                    join(&mut order.actors, doing.actor);
                }
            }
        }
    }
    model.row_orders = found.into_values().collect();
}

/// The table whose rows are locked around something, where it is told by name.
fn table(context: &Context) -> Option<&Template> {
    match &context.held {
        Held::Rows(table) if table.has_text() && !table.is_open() => Some(table),
        _ => None,
    }
}
