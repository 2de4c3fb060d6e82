//! Alerts, metrics, kill switches and concurrency tests.

use super::actors::{Draft, is_aside};
use super::systems::{globs, select};
use super::{Doing, Input, Run, alerts, join};
use crate::effects::{Context, Item, Sorts, Told, What};
use crate::facts::{ExprKind, FileFacts, Name};
use crate::knowledge::RowId;
use crate::knowledge::vocabulary::{ActorKind, Declares, Effect};
use crate::link::{FunctionRef, Kind, Program, Source};
use crate::model::{ActorId, Control, ControlKind, Model, Stop};
use crate::source::Site;
use rustc_hash::{FxHashMap, FxHashSet};

/// What an operation of an API can stop.
const RUNNING: [&str; 5] = ["agent", "worker", "task", "run", "job"];
/// Words in the name of a key or field that stops an actor.
const STOPS: [&str; 12] =
    ["kill", "stop", "cancel", "disable", "pause", "shutdown", "abort", "terminate", "revoke", "halt", "quit", "enabled"];

/// Collect controls.
pub(super) fn collect(input: &Input, draft: &Draft, doings: &[Doing], model: &mut Model) {
    let metrics = alerts::emitted(doings);
    for doing in doings {
        for told in doing.each(Sorts::CONTROL) {
            observe(input, doing, &told, model);
        }
    }
    alerts::rules(input, &metrics, model);
    operations(input, model);
    kill_switches(doings, model);
    tests(input, model);
    direct_calls(draft, doings, model);
    for (members, site) in &draft.meshes {
        for from in members {
            for to in members {
                if from != to {
                    model.messages.push((ActorId(*from as u32), ActorId(*to as u32), *site));
                }
            }
        }
    }
    model.stops.sort_by_key(|s| s.site);
    model.controls.sort_by_key(|c| (c.kind, c.site));
    model.controls.dedup_by(|next, kept| {
        let same = next.kind == kept.kind && next.site == kept.site && next.detail == kept.detail;
        if same {
            kept.actors.extend(next.actors.iter().filter(|a| !kept.actors.contains(a)).copied().collect::<Vec<_>>());
            kept.actors.sort();
        }
        same
    });
}

/// An agent whose own code runs another agent sends it a message.
fn direct_calls(draft: &Draft, doings: &[Doing], model: &mut Model) {
    for doing in doings.iter().filter(|d| model.actors[d.actor.0 as usize].kind == ActorKind::Agent) {
        for told in doing.each(Sorts::DECLARE) {
            let What::Declare(declaration) = told.what() else { continue };
            let Kind::Object(object) = &declaration.subject else { continue };
            let known = object.site.and_then(|s| draft.by_site.get(&s)).or_else(|| draft.by_class.get(&object.class));
            let Some(to) = known.map(|i| ActorId(*i as u32)).filter(|to| declaration.effect == Effect::Run && *to != doing.actor) else {
                continue;
            };
            if !model.messages.contains(&(doing.actor, to, told.own.site)) {
                model.messages.push((doing.actor, to, told.own.site));
            }
        }
    }
    model.messages.sort_by_key(|(from, to, site)| (*site, *from, *to));
}

/// Operations of described APIs that stop an agent or task: `POST /agents/{id}/stop`.
fn operations(input: &Input, model: &mut Model) {
    let knowledge = input.effects.program.knowledge;
    for row in knowledge.documents().filter(|r| r.declares == Declares::Operation) {
        let files = globs(&row.files);
        for manifest in input.manifests.iter().filter(|m| files.is_match(&m.path) && !is_aside(&m.path)) {
            let document = &manifest.document;
            for found in select(document, &row.path) {
                let path = found.key.unwrap_or_default().to_lowercase();
                let mut words = path.split(|c: char| !c.is_alphanumeric()).rev();
                let stops = words.next().is_some_and(|last| STOPS[..STOPS.len() - 1].contains(&last));
                let whose = words.any(|w| RUNNING.contains(&w.trim_end_matches('s')));
                let method = document.entries(found.node).iter().find(|e| row.requires.contains(&e.key));
                if let Some(method) = method.filter(|_| input.effects.records()) {
                    let meaning = format!("operation {} {path}", method.key.to_uppercase());
                    input.effects.record(RowId::of(row), Site { file: manifest.file, span: found.span }, meaning);
                }
                if let (true, true, Some(method)) = (stops, whose, method) {
                    let site = Site { file: manifest.file, span: found.span };
                    let detail = format!("{} {path}", method.key.to_uppercase());
                    model.controls.push(Control::new(ControlKind::KillSwitch, Vec::new(), site, detail));
                }
            }
        }
    }
}

fn observe(input: &Input, doing: &Doing, told: &Told, model: &mut Model) {
    let What::Control { effect, name, abrupt, own, api } = told.what() else { return };
    let item = told.own;
    let name = name.as_ref().map(|n| n.pattern()).unwrap_or_default();
    match effect {
        Effect::Observe | Effect::Metric if alerts::about_locks(&name) => {
            model.controls.push(Control::new(ControlKind::Metric, vec![doing.actor], item.site, name));
        }
        Effect::Alert => alerts::in_code(input, doing, item, &name, api, model),
        Effect::Cancel => {
            let stop = Control::new(ControlKind::KillSwitch, Vec::new(), item.site, format!("{api} stops a task"));
            if !own {
                model.controls.push(stop);
            }
            if *abrupt {
                stop_at(input, doing, item, api, model);
            }
        }
        _ => {}
    }
}

/// A place that ends an actor as it stands, and the locks that are given back in the same run.
fn stop_at(input: &Input, doing: &Doing, item: &Item, api: &Name, model: &mut Model) {
    let gives = |run: &&Run| run.items(Sorts::CONTROL).any(|told| told.own.site == item.site);
    let released = doing.runs.iter().filter(gives).flat_map(|run| run.items(Sorts::LOCK.and(Sorts::WRITE)));
    let given = released.filter_map(|told| match told.what() {
        What::Release { name, .. } => Some(name.pattern()),
        What::Access(access) if access.operation == crate::effects::Operation::Delete => access.name.as_ref().map(|n| n.pattern()),
        _ => None,
    });
    let given: Vec<String> = given.collect();
    if let Some(known) = model.stops.iter_mut().find(|s| s.site == item.site) {
        join(&mut known.actors, doing.actor);
        known.releases.extend(given);
        return;
    }
    model.stops.push(Stop {
        api: api.to_string(),
        actors: vec![doing.actor],
        site: item.site,
        function: input.effects.program.qualified(item.function).to_string(),
        releases: given,
    });
}

/// A flag that an agent's loop reads between steps and that something outside the agent sets.
fn kill_switches(doings: &[Doing], model: &mut Model) {
    let mut writers: Vec<(String, ActorId, Site)> = Vec::new();
    for doing in doings {
        for told in doing.each(Sorts::WRITE) {
            let Some(access) = told.access() else { continue };
            let Some(name) = access.name.as_ref().map(|n| n.pattern().to_lowercase()) else { continue };
            let stops = STOPS.iter().any(|w| name.contains(w));
            if !stops {
                continue;
            }
            // Taking a flag away revives; setting it stops.
            if !access.operation.is_read() && access.operation != crate::effects::Operation::Delete {
                writers.push((name, doing.actor, told.own.site));
            }
        }
    }
    // Of one who sets a flag the first place is as good as any.
    let mut each = FxHashSet::default();
    writers.retain(|(name, writer, _)| each.insert((name.clone(), *writer)));
    let mut switches: Vec<Control> = Vec::new();
    for doing in doings {
        let mut setters: FxHashMap<String, Option<(ActorId, Site)>> = FxHashMap::default();
        if model.actor(doing.actor).kind != ActorKind::Agent && model.actor(doing.actor).kind != ActorKind::Worker {
            continue;
        }
        for told in doing.each(Sorts::READ) {
            let Some(access) = told.access().filter(|a| a.operation.is_read()) else { continue };
            let Some(name) = access.name.as_ref().map(|n| n.pattern().to_lowercase()) else { continue };
            let setter = setters.entry(name).or_insert_with_key(|name| {
                let found = writers.iter().find(|(flag, writer, _)| *writer != doing.actor && same_flag(flag, name));
                found.map(|(_, writer, set)| (*writer, *set))
            });
            let Some((setter, set)) = *setter else { continue };
            let admin = model.actor(setter).kind == ActorKind::Endpoint;
            model.actors[doing.actor.0 as usize].stopped_by.get_or_insert(told.own.site);
            let detail = if admin { "per agent via orchestrator admin API" } else { "per agent via a flag that its loop reads" };
            switches.push(Control::new(ControlKind::KillSwitch, vec![doing.actor], set, detail.into()));
        }
    }
    for doing in doings {
        for told in doing.each(Sorts::CONTROL) {
            let What::Control { effect: Effect::Environment, name: Some(flag), .. } = told.what() else { continue };
            let (item, flag) = (told.item(), flag.pattern().to_lowercase());
            let actor = &mut model.actors[doing.actor.0 as usize];
            let own: Vec<String> = std::iter::once(&actor.name).chain(&actor.aliases).map(|name| plain(name)).collect();
            // A flag that its loop asks for between two steps, and that says whether it runs and not how.
            let looped = item.contexts.iter().any(Context::is_endless);
            let about =
                STOPS.iter().any(|w| flag.contains(w)) || own.iter().any(|name| !name.is_empty() && plain(&flag).contains(name.as_str()));
            if looped && about && matches!(actor.kind, ActorKind::Agent | ActorKind::Worker) {
                actor.stopped_by.get_or_insert(item.site);
                let detail = "per agent via a feature flag that its loop reads".into();
                switches.push(Control::new(ControlKind::KillSwitch, vec![doing.actor], item.site, detail));
            }
        }
    }
    model.controls.extend(switches);
}

/// A name without what styles of writing differ in.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Two patterns of flags, holes as `*`, that can be the same key.
fn same_flag(a: &str, b: &str) -> bool {
    let head = |t: &str| t.find('*').unwrap_or(t.len());
    let (x, y) = (&a[..head(a)], &b[..head(b)]);
    !x.is_empty() && !y.is_empty() && (x.starts_with(y) || y.starts_with(x))
}

/// Tests that run many at once and then look at the state.
fn tests(input: &Input, model: &mut Model) {
    let program = input.effects.program;
    for (index, module) in program.modules.iter().enumerate() {
        if !is_aside(&module.path) {
            continue;
        }
        for (function, f) in module.facts.functions.iter().enumerate() {
            if !f.name.starts_with("test") {
                continue;
            }
            let at = FunctionRef { module: index as u32, function: crate::facts::FunctionId(function as u32) };
            let facts = &module.facts;
            let within = |e: &crate::facts::Expr| f.span.contains(e.span);
            let parallel = facts.exprs.iter().filter(|e| within(e)).find_map(|e| parallel_count(program, at, facts, e));
            let Some(count) = parallel else { continue };
            let asserts = facts.stmts.iter().any(|s| f.span.contains(s.span) && matches!(s.kind, crate::facts::StmtKind::Assert(_)))
                || facts.exprs.iter().filter(|e| within(e)).any(|e| matches!(&e.kind, ExprKind::Call { callee, .. } if crate::link::last_name(facts, *callee).is_some_and(|n| n.starts_with("assert"))));
            if asserts {
                let site = program.site(index as u32, f.name_span);
                model.controls.push(Control::new(ControlKind::ConcurrencyTest, Vec::new(), site, count.to_string()));
            }
        }
    }
}

/// How many a call runs at once: `ThreadPoolExecutor(max_workers=12)`, `gather(*[f() for _ in range(20)])`, `Barrier(10)`.
fn parallel_count(program: &Program, at: FunctionRef, facts: &FileFacts, expr: &crate::facts::Expr) -> Option<i64> {
    let ExprKind::Call { callee, args } = &expr.kind else { return None };
    let name = crate::link::last_name(facts, *callee).map_or("", Name::as_str);
    let number = |e: crate::facts::ExprId| program.infer(at, e).number().map(|n| n as i64);
    match name {
        "ThreadPoolExecutor" | "ProcessPoolExecutor" | "Pool" | "Barrier" => args.first().and_then(|a| number(a.value)),
        "gather" | "wait" | "TaskGroup" => args.iter().find_map(|a| range_below(program, at, facts, a.value)),
        "start" | "Thread" => None,
        _ => None,
    }
}

fn range_below(program: &Program, at: FunctionRef, facts: &FileFacts, expr: crate::facts::ExprId) -> Option<i64> {
    let mut pending = vec![expr];
    let mut seen = vec![expr];
    while let Some(id) = pending.pop() {
        let kind = &facts.expr(id).kind;
        if let ExprKind::Call { callee, args } = kind
            && crate::link::last_name(facts, *callee).is_some_and(|n| n == "range")
        {
            return args.last().and_then(|a| program.infer(at, a.value).number()).map(|n| n as i64);
        }
        if let ExprKind::Name(name) = kind {
            // A test often defines what it runs.
            let at = program.enclosing(at.module, id);
            if let Kind::List(items) = program.name(at, name)
                && items.len() > 1
            {
                return Some(items.len() as i64);
            }
            // `calls = [call(i) for i in range(12)]`, gathered further down.
            let scope = program.scope(at);
            let assigned = scope.get(name).iter().filter_map(|source| match source {
                Source::Value(value) if !seen.contains(value) => Some(*value),
                _ => None,
            });
            let assigned: Vec<crate::facts::ExprId> = assigned.collect();
            seen.extend(assigned.iter().copied());
            pending.extend(assigned);
        }
        pending.extend(kind.children());
    }
    None
}
