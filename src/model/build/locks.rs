//! Locks: which there are, when they expire, who takes them where, holding what.

use super::construction::is_being_made;
use super::within::Within;
use super::{Doing, Input, accesses, frames, join};
use crate::effects::{Context, Held, Item, LockUse, Sorts, Told, Ttl, Visit, Wait, Way, What, is_same_lock};
use crate::facts::MODULE;
use crate::knowledge::vocabulary::LockScope;
use crate::link::{Hole, Kind, Owner, Part};
use crate::model::{ActorId, Hollow, Leak, Lock, Model, Pause, Release, ResourceId, Stays, Take, Waiting};
use crate::source::Site;
use rustc_hash::FxHashMap;

/// The id of a lock: its store where that tells it apart from others, and its name.
pub(super) fn lock_id(lock: &LockUse) -> String {
    let name = lock.name.pattern();
    format!("lock:{}", if name.is_empty() { "*" } else { name.as_str() })
}

/// A lock of the process that is known only as a value given from somewhere.
pub(super) fn nameless(lock: &LockUse) -> bool {
    lock.guard && unnamed(lock)
}

/// A lock of the process that may be any.
pub(super) fn unnamed(lock: &LockUse) -> bool {
    lock.scope == LockScope::Process && !lock.name.has_text()
}

/// Collect locks and the places where they are taken.
pub(super) fn collect(input: &Input, doings: &[Doing], model: &mut Model) {
    let mut index: FxHashMap<(String, LockScope), usize> = FxHashMap::default();
    let mut uses: Vec<Vec<LockUse>> = Vec::new();
    let mut takes: Vec<Take> = Vec::new();
    let mut known: FxHashMap<(usize, Site, Vec<usize>), usize> = FxHashMap::default();
    for doing in doings {
        let within = Within::of(doing);
        for (run, told) in doing.runs.iter().flat_map(|run| run.items(Sorts::LOCK).map(move |told| (run, told))) {
            let visit = told.visit;
            if let What::Leak { lock, way } = told.what()
                && !nameless(lock)
            {
                let at = add(lock, told.own.site, &mut index, &mut uses, model);
                leak(input, model, doing.actor, &told.item(), at, *way);
            }
            let What::Acquire { lock, explicit, again, unasked, .. } = told.what() else { continue };
            // A lock of the process that is known only as a value given from somewhere: which one it is, nobody can say.
            if nameless(lock) {
                continue;
            }
            let item = &told.item();
            if is_being_made(input, item, &lock.name) {
                continue;
            }
            let at = add(lock, item.site, &mut index, &mut uses, model);
            let held: Vec<(usize, Site)> = since_start(&item.contexts)
                .iter()
                .filter_map(|c| c.lock().filter(|l| !nameless(l)).map(|l| (l, c.site)))
                .map(|(l, site)| (add(l, site, &mut index, &mut uses, model), site))
                .collect();
            if !model.locks[at].holders.contains(&doing.actor) {
                model.locks[at].holders.push(doing.actor);
            }
            let key = (at, item.site, held.iter().map(|h| h.0).collect::<Vec<_>>());
            let pauses = within.pauses(item.site, lock);
            let stops_others = accesses::on_event_loop(input, run.entry, item);
            let again = again.or_else(|| held_already(item, lock, visit));
            match known.get(&key) {
                Some(take) => {
                    let take = &mut takes[*take];
                    take.again = take.again.or(again);
                    take.unasked |= unasked;
                    take.stops_others |= stops_others;
                    add_actor(take, doing.actor, pauses);
                }
                None => {
                    known.insert(key, takes.len());
                    takes.push(Take {
                        lock: at,
                        actors: vec![doing.actor],
                        site: item.site,
                        function: input.effects.program.qualified(item.function).to_string(),
                        held,
                        many: looped_with(lock, &item.contexts).map(|l| l.1),
                        kept: outlives_loop(&told, lock),
                        waiting: waiting(lock, item),
                        stops_others,
                        release: if *explicit { release(lock, item, visit.own()) } else { Release::Checked },
                        seized: if *explicit { seized(lock, item, visit.own()) } else { None },
                        pauses,
                        again,
                        unasked: *unasked,
                        alone: alone(input, item, lock),
                        bare: matches!(lock.owner, Owner::Alone(made) if lock.made == Some(made)),
                        fresh: lock.name.parts.contains(&Part::Hole(Hole::Fresh)),
                        renewed: lock.renewed || within.is_renewed(lock),
                        expires: lock.ttl != Ttl::Never && !lock.session,
                        writes: Vec::new(),
                        path: frames(input, item),
                        inferred: item.inferred,
                    });
                }
            }
        }
    }
    for (lock, uses) in model.locks.iter_mut().zip(&uses) {
        describe(lock, uses);
    }
    takes.sort_by_key(|t| (t.site, t.held.len()));
    model.takes = takes;
    sort(model);
}

fn add(
    lock: &LockUse,
    site: Site,
    index: &mut FxHashMap<(String, LockScope), usize>,
    uses: &mut Vec<Vec<LockUse>>,
    model: &mut Model,
) -> usize {
    let key = (lock_id(lock), lock.scope);
    let at = *index.entry(key).or_insert_with(|| {
        model.locks.push(Lock {
            id: lock_id(lock),
            name: lock.name.pattern(),
            scope: lock.scope,
            ttl_seconds: None,
            ttl: None,
            session: lock.session,
            own: lock.own,
            api: lock.api.to_string(),
            site,
            holders: Vec::new(),
        });
        uses.push(Vec::new());
        model.locks.len() - 1
    });
    if !uses[at].contains(lock) {
        uses[at].push(lock.clone());
    }
    at
}

fn add_actor(take: &mut Take, actor: ActorId, pauses: Vec<Pause>) {
    join(&mut take.actors, actor);
    for pause in pauses {
        if !take.pauses.contains(&pause) {
            take.pauses.push(pause);
        }
    }
}

/// A lock that stays held, told once for all who leave it so.
fn leak(input: &Input, model: &mut Model, actor: ActorId, item: &Item, lock: usize, way: Way) {
    if let Some(known) = model.leaks.iter_mut().find(|l| l.site == item.site) {
        join(&mut known.actors, actor);
        return;
    }
    let stays = match way {
        Way::Error(site) => Stays::OnError(site),
        Way::Return(site) => Stays::OnReturn(site),
        Way::Never => Stays::Always,
    };
    model.leaks.push(Leak {
        lock,
        actors: vec![actor],
        site: item.site,
        function: input.effects.program.qualified(item.function).to_string(),
        stays,
        path: frames(input, item),
        inferred: item.inferred,
    });
}

/// A try-lock inside a retry loop keeps its caller waiting as a blocking one does.
fn waiting(lock: &LockUse, item: &Item) -> Waiting {
    let retried = item.contexts.iter().any(|c| match &c.held {
        Held::Retry(_) => true,
        Held::Loop { .. } => false,
        _ => false,
    });
    match lock.wait {
        Wait::Not if retried => Waiting::Limited(None),
        Wait::Not => Waiting::Not,
        Wait::Forever => Waiting::Forever,
        Wait::Limited(seconds) => Waiting::Limited(seconds),
    }
}

/// What surrounds something since the work that it is part of was started beside other work, which holds its locks by itself.
fn since_start(contexts: &[Context]) -> &[Context] {
    let started = contexts.iter().rposition(|c| matches!(c.held, Held::Spawned { waits: false, .. }));
    &contexts[started.map_or(0, |at| at + 1)..]
}

/// Where the very lock was taken that its holder takes again, where both stand in code that no caller fills in.
fn held_already(item: &Item, lock: &LockUse, visit: &Visit) -> Option<Site> {
    let given_back = visit.own().iter().any(|i| {
        let here = i.function == item.function && i.site.span.start < item.site.span.start;
        here && matches!(&*i.what, What::Release { name, .. } if *name == lock.name)
    });
    let held = since_start(&item.contexts).iter().find(|c| c.lock().is_some_and(|l| is_same_lock(l, lock) && !l.name.is_open()));
    held.map(|c| c.site).filter(|_| !given_back && lock.owner != Owner::Receiver)
}

/// Where a lock that excludes nobody is made: each run makes it, or the object that keeps it, anew, and nothing that it starts
/// beside itself shares it.
fn alone(input: &Input, item: &Item, lock: &LockUse) -> Option<Site> {
    let Owner::Alone(made) = lock.owner else { return None };
    let program = input.effects.program;
    let chain: Vec<crate::link::FunctionRef> = item.way().map(|(function, _)| function).collect();
    let makes = |f: &crate::link::FunctionRef| program.site(f.module, program.function(*f).span);
    let from = chain.iter().rposition(|f| f.function != MODULE && makes(f).file == made.file && makes(f).span.contains(made.span))?;
    let spawned = item.contexts.iter().any(|c| matches!(c.held, Held::Spawned { .. }) && chain[from..].contains(&c.function));
    (!spawned).then_some(made)
}

/// What is written under each lock, and inside what only calls itself one.
pub(super) fn guarded(input: &Input, doings: &[Doing], model: &mut Model) {
    let mut at: FxHashMap<Site, Vec<usize>> = FxHashMap::default();
    for (index, take) in model.takes.iter().enumerate() {
        at.entry(take.site).or_default().push(index);
    }
    for doing in doings {
        for (run, told) in doing.runs.iter().flat_map(|run| run.items(Sorts::WRITE).map(move |told| (run, told))) {
            let Some(access) = told.access().filter(|a| !a.operation.is_read() && !a.private) else { continue };
            let contexts = told.contexts();
            let guards = contexts.iter().any(|c| matches!(c.held, Held::Lock(_) | Held::Hollow(_)));
            let Some(resource) = guards.then(|| accesses::find(model, access, doing.actor, run)).flatten() else { continue };
            for context in contexts {
                match &context.held {
                    Held::Lock(_) => {
                        for take in at.get(&context.site).into_iter().flatten() {
                            let take = &mut model.takes[*take];
                            if take.actors.contains(&doing.actor) && !take.writes.contains(&resource) {
                                take.writes.push(resource);
                            }
                        }
                    }
                    Held::Hollow(name) => hollow(input, doing.actor, &told, context, name, resource, model),
                    _ => {}
                }
            }
        }
    }
    model.hollow.sort_by_key(|h| h.site);
}

fn hollow(input: &Input, actor: ActorId, told: &Told, context: &Context, name: &str, resource: ResourceId, model: &mut Model) {
    if let Some(known) = model.hollow.iter_mut().find(|h| h.site == context.site) {
        join(&mut known.actors, actor);
        return;
    }
    let item = told.item();
    model.hollow.push(Hollow {
        name: name.to_string(),
        site: context.site,
        function: input.effects.program.qualified(context.function).to_string(),
        actors: vec![actor],
        resource,
        write: item.site,
        path: frames(input, &item),
        inferred: item.inferred,
    });
}

/// Whether a lock taken by a call of its own is given back without asking who holds it.
fn release(lock: &LockUse, taken: &Item, items: &[Item]) -> Release {
    let last = unchecked(lock, items).filter(|site| !is_before(*site, taken)).last();
    match last.or_else(|| unchecked(lock, items).next().filter(|_| seized(lock, taken, items).is_none())) {
        Some(site) if from_outside(lock) => Release::Unchecked(site),
        _ => Release::Checked,
    }
}

/// Where the lock of whoever holds it is deleted before this function takes it.
fn seized(lock: &LockUse, taken: &Item, items: &[Item]) -> Option<Site> {
    unchecked(lock, items).find(|site| is_before(*site, taken)).filter(|_| from_outside(lock))
}

/// Where a lock is given back without asking who holds it. What is taken back at once because the work could not be begun was
/// nobody else's in between.
fn unchecked(lock: &LockUse, items: &[Item]) -> impl Iterator<Item = Site> {
    let name = lock.name.clone();
    items.iter().filter_map(move |i| match &*i.what {
        What::Release { name: given, owner_checked: false, undoes: false } if *given == name => Some(i.site),
        _ => None,
    })
}

fn is_before(site: Site, taken: &Item) -> bool {
    site.file == taken.site.file && site.span.start < taken.site.span.start
}

/// Whether what frees a lock can free that of another process.
fn from_outside(lock: &LockUse) -> bool {
    lock.scope == LockScope::Distributed && !lock.session && !lock.owner_checked
}

/// The innermost loop that an item stands in, and whether it goes through its values in sorted order.
fn looped(contexts: &[Context]) -> Option<(u64, bool)> {
    contexts.iter().rev().find_map(|c| match c.held {
        Held::Loop { sorted, endless: false, .. } => Some((c.token, sorted)),
        _ => None,
    })
}

/// The same for a lock, which one turn of the loop cannot have left where it ends with a transaction inside it.
fn looped_with(lock: &LockUse, contexts: &[Context]) -> Option<(u64, bool)> {
    let begun = contexts.iter().rposition(|c| matches!(c.held, Held::Transaction { .. })).filter(|_| lock.of_transaction);
    looped(contexts).filter(|(token, _)| begun.is_none_or(|begun| contexts[begun..].iter().any(|c| c.token == *token)))
}

/// Whether a lock taken in a loop is still held behind it, so that several of the kind are held at once.
fn outlives_loop(told: &Told, lock: &LockUse) -> bool {
    // A loop above the function is around everything here.
    let Some((token, _)) = looped(&told.own.contexts) else { return false };
    told.visit.own().iter().any(|other| {
        let holds = other.contexts.iter().any(|c| c.site == told.own.site && c.lock().is_some_and(|l| l.name == lock.name));
        holds && !other.contexts.iter().any(|c| c.token == token)
    })
}

/// The lifetime of a lock in seconds and words, from all its uses.
fn describe(lock: &mut Lock, uses: &[LockUse]) {
    let mut defaults: Vec<f64> = Vec::new();
    let mut fixed: Vec<f64> = Vec::new();
    let mut configurable = false;
    let mut some = false;
    for each in uses {
        match &each.ttl {
            Ttl::Never => {
                if !each.session {
                    // One use without an expiry is enough for a crash to leave it held.
                    lock.ttl = None;
                    lock.ttl_seconds = None;
                    lock.session = false;
                    return;
                }
            }
            Ttl::Some => some = true,
            Ttl::After(kind, unit) => seconds(kind, *unit, &mut fixed, &mut defaults, &mut configurable, &mut some),
        }
    }
    if uses.iter().all(|u| u.session) {
        lock.session = true;
        return;
    }
    let all: Vec<f64> = defaults.iter().chain(&fixed).copied().collect();
    let (least, most) = all.iter().fold((f64::MAX, 0.0_f64), |(l, m), v| (l.min(*v), m.max(*v)));
    lock.ttl_seconds = defaults.first().copied().or(if all.is_empty() { None } else { Some(least) });
    lock.ttl = Some(if let (Some(default), true) = (defaults.first(), configurable) {
        format!("{}s default, per-resource configurable", number(*default))
    } else if all.is_empty() {
        "set at run time".into()
    } else if (most - least).abs() < f64::EPSILON {
        format!("fixed {}s", number(least))
    } else {
        format!("{}s–{}s", number(least), number(most))
    });
}

fn seconds(kind: &Kind, unit: f64, fixed: &mut Vec<f64>, defaults: &mut Vec<f64>, configurable: &mut bool, some: &mut bool) {
    match kind {
        Kind::Lookup(table) => {
            *configurable = true;
            match table.0.number() {
                Some(n) => defaults.push(n * unit),
                None => seconds(&table.0, unit, fixed, defaults, configurable, some),
            }
        }
        Kind::OneOf(kinds) => kinds.iter().for_each(|k| seconds(k, unit, fixed, defaults, configurable, some)),
        kind => match kind.number() {
            Some(n) => fixed.push(n * unit),
            None => *some = true,
        },
    }
}

/// A number as people write it: without a fraction where there is none.
pub(super) fn number(value: f64) -> String {
    if (value - value.round()).abs() < 1e-9 { format!("{}", value.round() as i64) } else { format!("{value}") }
}

/// Locks sorted by id; takes point to the sorted ones.
fn sort(model: &mut Model) {
    let mut order: Vec<usize> = (0..model.locks.len()).collect();
    order.sort_by(|a, b| (&model.locks[*a].id, model.locks[*a].scope).cmp(&(&model.locks[*b].id, model.locks[*b].scope)));
    let mut moved = vec![0; order.len()];
    for (new, old) in order.iter().enumerate() {
        moved[*old] = new;
    }
    let locks = std::mem::take(&mut model.locks);
    let mut locks: Vec<Option<Lock>> = locks.into_iter().map(Some).collect();
    model.locks = order.iter().filter_map(|o| locks[*o].take()).collect();
    for lock in &mut model.locks {
        lock.holders.sort();
    }
    model.leaks.sort_by_key(|l| l.site);
    for leak in &mut model.leaks {
        leak.lock = moved[leak.lock];
    }
    for take in &mut model.takes {
        take.lock = moved[take.lock];
        for held in &mut take.held {
            held.0 = moved[held.0];
        }
    }
}
