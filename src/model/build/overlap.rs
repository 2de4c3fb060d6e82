//! Who may run beside whom.
//!
//! Endpoints, workers and tool servers run beside everything, themselves included. Agents do, unless the code shows that
//! they run one after the other. What shows either is kept as the reason.

use super::Doing;
use super::actors::{Draft, Run};
use crate::effects::{Declaration, Held, Sorts, Told, What};
use crate::knowledge::vocabulary::{ActorKind, Effect, Runs};
use crate::model::{ActorId, Concurrency, Model};
use crate::source::Site;
use rustc_hash::FxHashSet;

/// Why runs that are keyed by a session overlap.
const SESSIONS: &str = "several sessions are served";

/// Why tasks of one sequence overlap.
const NOT_WAITED_FOR: &str = "tasks are started and not waited for";

/// Why agents overlap that are run in numbers.
const SEVERAL: &str = "several run at once";

/// Find the pairs that may overlap, and what makes an actor run several times at once.
pub(super) fn find(draft: &Draft, doings: &[Doing], model: &mut Model) {
    spawned_in_numbers(draft, model);
    reached_from_many(draft, doings, model);
    long_running(doings, model);
    let count = model.actors.len();
    let runs: Vec<Vec<&Run>> = (0..count).map(|a| draft.runs.iter().filter(|r| runs_actor(draft, r, a)).collect()).collect();
    for a in 0..count {
        let (id, actor) = (ActorId(a as u32), &model.actors[a]);
        let spawned = runs[a].iter().find(|r| r.many).map(|run| run.site);
        let reason = actor.multiple.as_ref().map(|why| {
            let place = spawned.filter(|_| why == SEVERAL).unwrap_or(actor.site);
            (why.clone(), place)
        });
        let replicas = model
            .systems
            .get(actor.system as usize)
            .into_iter()
            .flat_map(|s| &s.units)
            .find(|u| u.is_several() && (u.hosts.contains(&id) || u.name.replace('-', "_") == actor.name));
        let twice = draft.orchestrators.iter().find(|o| o.beside.iter().filter(|m| **m == a).count() > 1);
        let reason = reason.or_else(|| twice.map(|o| (NOT_WAITED_FOR.into(), o.site)));
        let reason = replicas.map(|u| (u.words(), u.written.unwrap_or(u.site))).or(reason);
        if let Some((why, site)) = reason {
            model.concurrency.push(Concurrency { a: id, b: id, why, site, presumed: false });
        } else if let Some(run) = runs[a].iter().find(|r| r.sessions) {
            model.concurrency.push(Concurrency { a: id, b: id, why: SESSIONS.into(), site: run.site, presumed: true });
        }
        for b in a + 1..count {
            if model.actors[b].system != model.actors[a].system {
                continue;
            }
            let b_id = ActorId(b as u32);
            if let Some((why, site)) = beside(draft, &runs, a, b, model) {
                model.concurrency.push(Concurrency { a: id, b: b_id, why, site, presumed: false });
            } else if let Some(run) = runs[a].iter().find(|r| r.sessions && runs[b].iter().any(|o| o.sessions)) {
                model.concurrency.push(Concurrency { a: id, b: b_id, why: SESSIONS.into(), site: run.site, presumed: true });
            }
        }
    }
    model.beside = model.concurrency.iter().map(|c| ((c.a.min(c.b), c.a.max(c.b)), c.presumed)).collect();
    for (a, reason) in model.concurrency.iter().filter(|c| c.a == c.b).map(|c| (c.a, c.why.clone())).collect::<Vec<_>>() {
        model.actors[a.0 as usize].multiple.get_or_insert(reason);
    }
}

/// Whether a run is one of an actor's.
pub(super) fn runs_actor(draft: &Draft, run: &Run, actor: usize) -> bool {
    let by_site = run.subject.and_then(|s| draft.by_site.get(&s)).copied();
    let by_class = run.class.and_then(|c| draft.by_class.get(&c)).copied();
    match (by_site, by_class) {
        (Some(found), _) => found == actor,
        (None, Some(found)) => found == actor,
        (None, None) => {
            // Running an orchestrator runs its members.
            let made = run.subject;
            made.is_some() && draft.orchestrators.iter().any(|o| o.made == made && o.members.contains(&actor))
        }
    }
}

/// The run that a declaration is, if it is one.
pub(super) fn run_of(draft: &Draft, declaration: &Declaration, told: &Told) -> Option<Run> {
    if declaration.effect != Effect::Run {
        return None;
    }
    let (subject, class) = draft.subject_of(&declaration.subject);
    let item = told.item();
    Some(Run { site: item.site, function: item.function, subject, class, contexts: item.contexts, many: false, sessions: false })
}

/// An agent of which several are spawned.
fn spawned_in_numbers(draft: &Draft, model: &mut Model) {
    for actor in 0..model.actors.len() {
        if draft.runs.iter().any(|run| run.many && runs_actor(draft, run, actor)) {
            model.actors[actor].multiple.get_or_insert_with(|| SEVERAL.into());
        }
    }
}

/// An agent that a request handler or worker runs, runs as often at once as that one; so does an agent that its tools run, or
/// that it hands its work on to.
fn reached_from_many(draft: &Draft, doings: &[Doing], model: &mut Model) {
    let mut pending: Vec<usize> = (0..model.actors.len()).filter(|actor| model.actors[*actor].multiple.is_some()).collect();
    while let Some(runner) = pending.pop() {
        // What each actor does stands at its number.
        let Some(doing) = doings.get(runner) else { continue };
        let queued = model.actors[runner].kind == ActorKind::Worker && !model.actors[runner].is_started_by_code();
        let by_agent = model.actors[runner].kind == ActorKind::Agent;
        for Reached { actor, how, site } in reached(draft, doing, model) {
            // Whoever put the task into the queue does not wait for it, and has nothing to stop it by.
            if queued && model.actors[actor].kind == ActorKind::Agent {
                model.actors[actor].long_running.get_or_insert(site);
            }
            if model.actors[actor].multiple.is_none() {
                let name = &model.actors[runner].name;
                let why = if by_agent { format!("several of {name} run it at once") } else { format!("{name} {how} for every request") };
                model.actors[actor].multiple = Some(why);
                pending.push(actor);
            }
        }
    }
}

/// An agent that an actor starts or runs, and where.
struct Reached {
    actor: usize,
    how: &'static str,
    site: Site,
}

/// The agents that an actor starts or runs.
fn reached(draft: &Draft, doing: &Doing, model: &Model) -> Vec<Reached> {
    let mut reached = Vec::new();
    for told in doing.items(Sorts::DECLARE) {
        let What::Declare(declaration) = told.what() else { continue };
        if declaration.effect == Effect::Actor && declaration.once {
            let started = draft.by_site.get(&told.own.site);
            reached.extend(started.map(|actor| Reached { actor: *actor, how: "starts one", site: told.own.site }));
            continue;
        }
        let Some(run) = run_of(draft, declaration, &told) else { continue };
        let others = (0..model.actors.len()).filter(|actor| *actor != doing.actor.0 as usize);
        let run_here = others.filter(|actor| runs_actor(draft, &run, *actor));
        reached.extend(run_here.map(|actor| Reached { actor, how: "runs it", site: told.own.site }));
    }
    let leader = doing.actor.0 as usize;
    for team in draft.orchestrators.iter().filter(|o| o.leader == Some(leader)) {
        let members = team.members.iter().filter(|m| **m != leader);
        reached.extend(members.map(|actor| Reached { actor: *actor, how: "runs it", site: team.site }));
    }
    reached
}

/// An actor that loops until it is stopped, or is served.
fn long_running(doings: &[Doing], model: &mut Model) {
    for doing in doings {
        let mut looping: Option<Site> = None;
        for visit in doing.runs.iter().flat_map(|run| run.visits.iter()) {
            let own = visit.told().flat_map(|told| told.own.contexts.iter());
            let around = visit.told().take(1).flat_map(|told| told.visit.around());
            for context in own.chain(around).filter(|c| c.is_endless()) {
                looping = Some(looping.map_or(context.site, |l| l.min(context.site)));
            }
        }
        let actor = &mut model.actors[doing.actor.0 as usize];
        actor.long_running = looping.or(actor.long_running);
    }
}

fn beside(draft: &Draft, runs: &[Vec<&Run>], a: usize, b: usize, model: &Model) -> Option<(String, Site)> {
    let (x, y) = (&model.actors[a], &model.actors[b]);
    for actor in [x, y] {
        if matches!(actor.kind, ActorKind::Endpoint | ActorKind::Worker | ActorKind::ToolServer) || actor.multiple.is_some() {
            let why = actor.multiple.clone().unwrap_or_else(|| "several instances run".into());
            return Some((why, actor.site));
        }
    }
    if x.kind == ActorKind::Job || y.kind == ActorKind::Job {
        let job = if x.kind == ActorKind::Job { x } else { y };
        return Some(("scheduled beside the others".into(), job.site));
    }
    // Shown to run beside one another: spawned at one place, or one of them spawned where the other is started too.
    for one in &runs[a] {
        for other in &runs[b] {
            let spawn = |r: &Run| {
                r.contexts.iter().find_map(|c| match &c.held {
                    Held::Spawned { api, .. } => Some((api.to_string(), c.site)),
                    _ => None,
                })
            };
            if let (Some((api, site)), true) =
                (spawn(one).or_else(|| spawn(other)), one.function == other.function || spawn(one).is_some() && spawn(other).is_some())
            {
                return Some((api, site));
            }
        }
    }
    let services: FxHashSet<String> =
        model.systems.get(x.system as usize).into_iter().flat_map(|s| &s.units).map(|u| u.name.replace('-', "_")).collect();
    if services.contains(&x.name.replace('-', "_")) && services.contains(&y.name.replace('-', "_")) {
        return Some(("separate services".into(), x.site));
    }
    if let Some(apart) = model.apart(ActorId(a as u32), ActorId(b as u32)) {
        return Some((apart.why, apart.places.first().map_or(x.site, |p| p.0)));
    }
    for orchestrator in &draft.orchestrators {
        if !(orchestrator.members.contains(&a) && orchestrator.members.contains(&b)) {
            continue;
        }
        let led = orchestrator.leader.is_some_and(|leader| leader == a || leader == b);
        match orchestrator.runs {
            // Whoever runs the others waits for them.
            Some(Runs::Parallel) if led => {}
            Some(Runs::Parallel) => return Some((orchestrator.pattern.clone(), orchestrator.site)),
            Some(Runs::Sequential) if orchestrator.beside.contains(&a) && orchestrator.beside.contains(&b) => {
                return Some((NOT_WAITED_FOR.into(), orchestrator.site));
            }
            Some(Runs::Sequential | Runs::Mesh) => return None,
            Some(Runs::Graph) => {
                let from = |target: &str| -> FxHashSet<&str> {
                    orchestrator.edges.iter().filter(|(_, to)| to == target).map(|(f, _)| f.as_str()).collect()
                };
                let fan = from(&x.name).intersection(&from(&y.name)).next().is_some();
                return fan.then(|| ("two edges leave one node".into(), orchestrator.site));
            }
            None => return None,
        }
    }
    // Plain calls in a row in one function.
    let in_a_row = runs[a].iter().any(|r| runs[b].iter().any(|s| r.function == s.function));
    if in_a_row {
        return None;
    }
    // One agent that another runs waits for it.
    if !runs[a].is_empty() && !runs[b].is_empty() || x.long_running.is_some() && y.long_running.is_some() {
        if x.long_running.is_some() && y.long_running.is_some() {
            return Some(("each has a loop of its own".into(), x.long_running.unwrap_or(x.site)));
        }
        return None;
    }
    // Hand-written agents that nothing is seen to run one after the other.
    let ran = |r: &[&Run]| !r.is_empty();
    if !ran(&runs[a]) && !ran(&runs[b]) && draft.orchestrators.iter().all(|o| o.members.is_empty()) {
        return Some(("nothing runs them one after the other".into(), x.site));
    }
    None
}
