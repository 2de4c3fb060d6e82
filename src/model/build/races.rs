//! Pairing reads with the writes that depend on them, and asking what protects the pair.

use super::schema::Schema;
use super::{Doing, Input, accesses, frames, locks};
use crate::effects::{Check, Context, Dep, Held, Item, Operation, Visit};
use crate::knowledge::vocabulary::LockScope;
use crate::link::{FunctionRef, Template};
use crate::model::{ActorId, Dependence, Model, Race, ResourceId};
use crate::source::Site;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Collect the races that nothing protects.
pub(super) fn collect(input: &Input, doings: &[Doing], schema: &Schema, model: &mut Model) {
    let mut races: Vec<Race> = Vec::new();
    let mut known: FxHashMap<(Site, Site, Dependence), usize> = FxHashMap::default();
    for doing in doings {
        for (read, item, dependence, beside) in doing.runs.iter().flat_map(|r| pairs(&r.visits)) {
            let Some(write) = item.access() else { continue };
            let Some(race) = race(input, doing.actor, (&read, &item, &beside), dependence, write, schema, model) else { continue };
            match known.get(&(race.read, race.write, race.dependence)) {
                Some(at) => {
                    let before: &mut Race = &mut races[*at];
                    if !before.actors.contains(&doing.actor) {
                        before.actors.push(doing.actor);
                        before.actors.sort();
                    }
                }
                None => {
                    known.insert((race.read, race.write, race.dependence), races.len());
                    races.push(race);
                }
            }
        }
    }
    races.sort_by_key(|r| (r.write, r.read, r.dependence));
    model.races = one_for_each_write(nearest_to_the_write(races));
}

/// A helper that reads and writes is the cause by itself, whoever read the same before calling it: of the pairs that end in
/// one write, those whose halves meet furthest from it go, and their actors join the nearest.
fn nearest_to_the_write(races: Vec<Race>) -> Vec<Race> {
    let mut nearest: FxHashMap<(Site, ResourceId), usize> = FxHashMap::default();
    for (index, race) in races.iter().enumerate().filter(|(_, r)| r.dependence == Dependence::Data) {
        let at = nearest.entry((race.write_access, race.resource)).or_insert(index);
        if race.distance < races[*at].distance {
            *at = index;
        }
    }
    let mut kept: Vec<Race> = Vec::with_capacity(races.len());
    let mut joining: Vec<(Site, ResourceId, Vec<ActorId>)> = Vec::new();
    for race in &races {
        match nearest.get(&(race.write_access, race.resource)).map(|at| &races[*at]) {
            Some(near) if near.distance < race.distance => joining.push((race.write_access, race.resource, race.actors.clone())),
            _ => kept.push(race.clone()),
        }
    }
    for (write, resource, actors) in joining {
        for race in kept.iter_mut().filter(|r| r.write_access == write && r.resource == resource) {
            race.actors.extend(&actors);
            race.actors.sort();
            race.actors.dedup();
        }
    }
    kept
}

/// One write and one resource is one fault: dependence by data says more than by condition.
fn one_for_each_write(races: Vec<Race>) -> Vec<Race> {
    let mut kept: Vec<Race> = Vec::new();
    for race in races {
        match kept.iter_mut().find(|k| k.write == race.write && k.resource == race.resource) {
            Some(before) if race.dependence < before.dependence => *before = race,
            Some(_) => {}
            None => kept.push(race),
        }
    }
    kept
}

/// What else the functions do in which the two halves of a pair are told.
#[derive(Clone, Copy)]
struct Beside<'v> {
    write: &'v [Item],
    read: &'v [Item],
}

/// Every write with each read that it depends on, in the innermost function that has both.
fn pairs(visits: &[Visit]) -> Vec<(Cow<'_, Item>, Cow<'_, Item>, Dependence, Beside<'_>)> {
    let mut found = Vec::new();
    for visit in visits {
        for (index, own) in visit.own().iter().enumerate() {
            if own.access().is_none_or(|a| a.operation.is_read() || a.private) {
                continue;
            }
            let tells = |own: &Item| visit.tells(own);
            // What both callers have a copy of is paired there, where more is known of it.
            let told =
                reads_of(own, visit.own()).into_iter().filter(|(read, _)| tells(own) || visit.own().get(*read as usize).is_some_and(tells));
            let here = Beside { write: visit.own(), read: visit.own() };
            found.extend(told.filter_map(|(read, dependence)| Some((visit.item(read)?, visit.item(index as u32)?, dependence, here))));
            if !tells(own) {
                continue;
            }
            for (above, read, check) in visit.decided.iter() {
                let Some(above) = visits.get(*above).filter(|v| is_read(v.own(), *read)) else { continue };
                let dependence = if *check == Check::Existence { Dependence::Existence } else { Dependence::State };
                let beside = Beside { write: visit.own(), read: above.own() };
                found.extend(above.item(*read).zip(visit.item(index as u32)).map(|(read, write)| (read, write, dependence, beside)));
            }
        }
    }
    found
}

/// The reads that an item depends on, by their numbers.
fn reads_of(item: &Item, items: &[Item]) -> Vec<(u32, Dependence)> {
    let mut found: Vec<(u32, Dependence)> = Vec::new();
    let mut add = |dep: &Dep, dependence| {
        let Dep::Item(index) = dep else { return };
        if is_read(items, *index) && !found.contains(&(*index, dependence)) {
            found.push((*index, dependence));
        }
    };
    item.data.iter().for_each(|d| add(d, Dependence::Data));
    for (dep, check) in item.control.iter() {
        add(dep, if *check == Check::Existence { Dependence::Existence } else { Dependence::State });
    }
    found
}

fn is_read(items: &[Item], index: u32) -> bool {
    items.get(index as usize).and_then(Item::access).is_some_and(|a| a.operation.is_read())
}

fn race(
    input: &Input,
    actor: ActorId,
    (read, item, beside): (&Item, &Item, &Beside<'_>),
    dependence: Dependence,
    write: &crate::effects::Access,
    schema: &Schema,
    model: &Model,
) -> Option<Race> {
    let from = read.access()?;
    if !same_resource(from.name.as_ref(), write.name.as_ref()) || from.kind != write.kind {
        return None;
    }
    if !matters(dependence, write, from) || apart(from, write) {
        return None;
    }
    if dependence != Dependence::Data && write.kind == "memory" && (asked_again(item, beside.write) || reserved(read, beside.read)) {
        return None;
    }
    let resource = accesses::find(model, write, actor)?;
    let common: Vec<&Context> = item.contexts.iter().filter(|c| read.contexts.iter().any(|r| r.token == c.token)).collect();
    if is_protected(&common, item, write) {
        return None;
    }
    // Something is held over both halves, and nobody can say what: that is no ground for a finding.
    if common.iter().any(|c| c.lock().is_some_and(|l| locks::nameless(l))) {
        return None;
    }
    let process_lock = common.iter().find_map(|c| c.lock().filter(|l| l.scope == LockScope::Process)).map(|l| locks::lock_id(l));
    let function = innermost(read, item);
    let unique = match write.operation {
        Operation::Insert => write.name.as_ref().and_then(|t| schema.protects(t, &write.columns, write.fresh_key)),
        _ => None,
    };
    let retry = item.contexts.iter().find_map(|c| matches!(c.held, Held::Retry(_)).then_some(c.site));
    Some(Race {
        resource,
        actors: vec![actor],
        dependence,
        read: read.outer_in(function).unwrap_or(read.site),
        read_access: read.site,
        write: item.outer_in(function).unwrap_or(item.site),
        write_access: item.site,
        function: input.effects.program.qualified(function).to_string(),
        operation: write.operation.word(),
        verb: write.verb.to_string(),
        aggregate: from.aggregate,
        columns: write.columns.iter().map(ToString::to_string).collect(),
        process_lock,
        unique,
        handled: accesses::handled(&item.contexts),
        money: write.money,
        // What is guessed of the read and of the write is the same guess: they have one name.
        // Of a lock only the type that holds it is told, so that two of them may be taken for one.
        inferred: read.inferred.max(item.inferred) + u8::from(write.kind == "memory" && dependence != Dependence::Data),
        path: frames(input, item),
        distance: distance(item, function),
        retry,
    })
}

/// Whether this write depending on that read in this way can lose or double something.
fn matters(dependence: Dependence, write: &crate::effects::Access, read: &crate::effects::Access) -> bool {
    use Operation::{Append, Call, CompareAndSet, CreateIfAbsent, Delete, Increment, Insert, Put, Read, Replace, Update, Upsert};
    match (dependence, write.operation) {
        (_, Read | CreateIfAbsent | CompareAndSet) => false,
        // What is written is made of what was read; a relative change in the store is not.
        (Dependence::Data, Update | Put | Replace) => !write.conditional,
        (Dependence::Data, Insert) => read.aggregate && !write.fresh_key,
        (Dependence::Data, Upsert) => !write.conditional && write.kind != "table",
        (Dependence::Data, Append | Increment | Delete | Call) => false,
        // It was not there, so it is made.
        (Dependence::Existence, Insert | Call) => !matches!(write.idempotent, Some((true, _))),
        // What was missing is worked out and kept: done twice, it is the same. A claim says who or what, and is no result.
        (Dependence::Existence, Put) => !(matches!(write.kind.as_str(), "file" | "memory") || write.kind == "cache" && write.computed),
        // It was selected by a state that this write changes: a claim that does not ask again.
        (Dependence::Existence, Update) => !write.conditional && write.columns.iter().any(|c| read.keys.contains(c)),
        (Dependence::Existence, _) => false,
        // It was in a state that allowed this.
        // What was found out of date is worked out and kept; what is taken away was there.
        (Dependence::State, Delete) if write.kind == "memory" => false,
        (Dependence::State, Put) if write.kind == "memory" && write.computed => false,
        (Dependence::State, Update | Delete | Put | Insert | Call | Increment) => {
            !write.conditional && !matches!(write.idempotent, Some((true, _)))
        }
        (Dependence::State, Upsert) => write.kind == "memory",
        (Dependence::State, Append | Replace) => false,
    }
}

/// Whether a read and a write behind one lock are of different fields.
fn apart(read: &crate::effects::Access, write: &crate::effects::Access) -> bool {
    let fields = write.kind == "memory" && !read.columns.is_empty() && !write.columns.is_empty();
    fields && !read.columns.iter().any(|c| write.columns.contains(c))
}

/// Whether what is changed behind a lock was looked at again while that lock was held, and that decided.
fn asked_again(write: &Item, items: &[Item]) -> bool {
    let Some(access) = write.access() else { return false };
    let held = |c: &Context| c.lock().is_some() && write.contexts.iter().any(|w| w.token == c.token);
    write.control.iter().any(|(dep, _)| {
        let Dep::Item(index) = dep else { return false };
        let Some(read) = items.get(*index as usize) else { return false };
        let same = read
            .access()
            .is_some_and(|a| a.operation.is_read() && same_resource(a.name.as_ref(), access.name.as_ref()) && !apart(a, access));
        same && read.contexts.iter().any(held)
    })
}

/// Whether what was looked at behind a lock was acted upon while that lock was held: a place was taken, and what follows later
/// fills it or gives it back.
fn reserved(read: &Item, items: &[Item]) -> bool {
    let held = |c: &Context| c.lock().is_some() && read.contexts.iter().any(|r| r.token == c.token);
    let changes = |i: &Item| {
        i.access().is_some_and(|a| a.kind == "memory" && matches!(a.operation, Operation::Put | Operation::Insert | Operation::Upsert))
    };
    let after = |i: &Item| !i.control.is_empty() && i.contexts.iter().any(held);
    items.iter().any(|i| changes(i) && after(i))
}

fn same_resource(a: Option<&Template>, b: Option<&Template>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b && a.has_text(),
        _ => false,
    }
}

/// Whether what is common to both halves keeps others out.
fn is_protected(common: &[&Context], write: &Item, access: &crate::effects::Access) -> bool {
    // What lives in the process is kept by the process's own locks.
    let reach = |scope: LockScope| scope != LockScope::Process || access.kind == "memory";
    let lock = common.iter().any(|c| c.lock().is_some_and(|l| reach(l.scope)));
    let transaction = common.iter().any(|c| match &c.held {
        Held::Transaction { isolation: Some(level) } => matches!(level.as_str(), "serializable" | "immediate" | "exclusive"),
        _ => false,
    });
    // Rows locked by the read that started it, still locked at the write.
    let rows = write.contexts.iter().any(|c| match &c.held {
        Held::Rows(table) => access.name.as_ref() == Some(table),
        _ => false,
    }) && access.operation != Operation::Insert;
    lock || transaction || rows
}

/// How many calls lie between a function and the item it leads to.
fn distance(item: &Item, function: FunctionRef) -> u8 {
    let mut calls = 0_u8;
    let mut next = item.chain.as_ref();
    while let Some(call) = next {
        if call.function == function || calls > 0 {
            calls = calls.saturating_add(1);
        }
        next = call.next.as_ref();
    }
    calls
}

/// The innermost function on the ways to both.
fn innermost(read: &Item, write: &Item) -> FunctionRef {
    let way = |item: &Item| -> Vec<(FunctionRef, Site)> {
        let mut all = Vec::new();
        let mut next = item.chain.as_ref();
        while let Some(call) = next {
            all.push((call.function, call.site));
            next = call.next.as_ref();
        }
        all.push((item.function, item.site));
        all
    };
    let (a, b) = (way(read), way(write));
    let mut best = write.function;
    for (x, y) in a.iter().zip(&b) {
        if x.0 != y.0 {
            break;
        }
        best = x.0;
        if x.1 != y.1 {
            break;
        }
    }
    best
}
