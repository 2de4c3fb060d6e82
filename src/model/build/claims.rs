//! Records that a tool takes for a model: what it was shown as free, it takes by key, and nothing asks again.
//!
//! The model stands between the look and the write, so that no dependence leads from one to the other. A write that its own
//! function decides upon a look is paired with that look by `races`.

use super::{Doing, Input, accesses, frames, join};
use crate::effects::{Context, Held, Sorts, Told};
use crate::knowledge::vocabulary::LockScope;
use crate::model::{Claim, Model};

/// Collect them.
pub(super) fn collect(input: &Input, doings: &[Doing], model: &mut Model) {
    let mut claims: Vec<Claim> = Vec::new();
    for doing in doings {
        for (run, told) in doing.runs.iter().filter(|r| r.tool).flat_map(|r| r.items(Sorts::ACCESS).map(move |told| (r, told))) {
            let Some(access) = told.access() else { continue };
            let Some(column) = access.claims.as_ref().filter(|_| !asks(&told) && !told.contexts().into_iter().any(excludes)) else {
                continue;
            };
            let Some(resource) = accesses::find(model, access, doing.actor, run) else { continue };
            let item = told.item();
            match claims.iter_mut().find(|c| c.site == item.site) {
                Some(known) => join(&mut known.actors, doing.actor),
                None => claims.push(Claim {
                    resource,
                    actors: vec![doing.actor],
                    site: item.site,
                    function: input.effects.program.qualified(item.function).to_string(),
                    column: column.to_string(),
                    path: frames(input, &item),
                    inferred: item.inferred,
                }),
            }
        }
    }
    claims.sort_by_key(|c| c.site);
    model.claims = claims;
}

/// Whether something that was read decided that it is written.
fn asks(told: &Told) -> bool {
    told.own.control.iter().filter_map(|(dep, _)| told.visit.behind(dep)?.access()).any(|a| a.operation.is_read())
}

/// Whether a context keeps the accesses of other processes out.
fn excludes(context: &Context) -> bool {
    match &context.held {
        Held::Lock(lock) => lock.scope != LockScope::Process,
        Held::Rows(_) => true,
        _ => false,
    }
}
