//! When a row applies, and what it says when it holds.

use crate::finding::Evidence;
use crate::finding::words::{counted, list, number};
use crate::model::{ActorId, ActorKind, Control, ControlKind, LockScope, Mode, Model, Resource, RowOrder, Take};
use std::collections::BTreeSet;

/// Why a row does not apply; `None` where it does.
pub(super) fn skipped(row: &str, model: &Model) -> Option<String> {
    let shared: Vec<&Resource> = model.resources.iter().filter(|r| r.shared).collect();
    if shared.is_empty() {
        return Some(if row == "shared-resources" {
            "no resource is shared between concurrent agents".into()
        } else {
            "nothing is shared".into()
        });
    }
    let reason = match row {
        "orchestrator" => {
            (touching(model, &shared).len() < 2 && model.messages.is_empty()).then_some("one agent alone touches shared resources")
        }
        "locks" => (!shared.iter().any(|r| written_by_many(model, r)) && model.takes.is_empty())
            .then_some("no shared resource has more than one writer"),
        "lock-order" => {
            let two = model.takes.iter().any(|t| !t.held.is_empty() || t.many.is_some() && t.keeps());
            (!two && model.orders.is_empty() && model.row_orders.is_empty()).then_some("no agent holds two locks at once")
        }
        "idempotent-writes" => (writes(model).count() == 0).then_some("no agent writes outside its process"),
        "event-sync" => (!reads_what_others_write(model, &shared)).then_some("agents read shared state on demand"),
        "deadlock-alerting" => (waits(model).next().is_none()).then_some("no lock is waited for"),
        "kill-switch" => (long_running(model).next().is_none()).then_some("no agent runs on and on"),
        "concurrency-tests" => (!shared.iter().any(|r| !r.writers.is_empty())).then_some("nothing shared is written"),
        "contention-metrics" => {
            (!model.takes.iter().any(|t| model.locks[t.lock].scope != LockScope::Process || model.locks[t.lock].store_is_own()))
                .then_some("no lock is contended for by several processes")
        }
        _ => None,
    };
    reason.map(str::to_string)
}

/// What a row says when it holds, with what it rests on; `None`: there is no evidence that it holds.
pub(super) fn holds(row: &str, model: &Model, expected: Option<f64>) -> Option<(String, Vec<Evidence>)> {
    let shared: Vec<&Resource> = model.resources.iter().filter(|r| r.shared).collect();
    match row {
        "shared-resources" => {
            let mut writers: Vec<ActorId> = shared.iter().flat_map(|r| r.writers.iter().copied()).collect();
            writers.sort();
            writers.dedup();
            let evidence = shared.iter().filter_map(|r| r.accesses.first().map(|a| Evidence { message: r.id.clone(), site: a.site }));
            Some((
                format!("Shared resources mapped: {}, {} with write access", counted(shared.len(), "resource"), census(model, &writers)),
                evidence.collect(),
            ))
        }
        "orchestrator" => {
            let best = model.orchestrators.first()?;
            Some((
                format!("Orchestrator pattern detected: {}", best.pattern),
                vec![Evidence { message: best.pattern.clone(), site: best.site }],
            ))
        }
        "locks" => locks(model, &shared),
        "lock-order" => {
            if let Some(order) = model.orders.iter().find(|o| o.fault.is_none()) {
                return Some((
                    format!("Global lock ordering enforced ({})", order.how),
                    vec![Evidence { message: "sorted before they are taken".into(), site: order.site }],
                ));
            }
            let evidence: Vec<Evidence> = model
                .takes
                .iter()
                .filter(|t| !t.held.is_empty())
                .map(|t| Evidence { message: "taken while another is held".into(), site: t.site })
                .collect();
            if evidence.is_empty() {
                return rows_in_order(model);
            }
            Some((format!("Lock order consistent: {}, no cycle", counted(model.locks.len(), "lock")), evidence))
        }
        "idempotent-writes" => {
            let all: Vec<_> = writes(model).collect();
            let good = all.iter().filter(|a| a.1.idempotent || a.1.unique.is_some()).count();
            if good == 0 {
                return None;
            }
            let evidence =
                all.iter().filter(|a| a.1.idempotent).map(|a| Evidence { message: format!("{} {}", a.1.verb, a.0.name), site: a.1.site });
            Some((format!("Agent writes are idempotent: {good} of {} upsert, keyed or conditional", all.len()), evidence.collect()))
        }
        "event-sync" => events(model, &shared),
        "deadlock-alerting" => {
            let task = expected.or_else(|| model.locks.iter().find_map(|l| l.ttl_seconds));
            let late = |c: &&Control| c.threshold.is_some_and(|t| task.is_none_or(|task| t >= 2.0 * task));
            let alerts = || model.controls.iter().filter(|c| c.kind == ControlKind::Alert);
            let alert = alerts().find(late).or_else(|| alerts().next())?;
            let when = match (alert.threshold, task) {
                (Some(after), Some(task)) => {
                    let times = number((after / task * 10.0).round() / 10.0);
                    format!(": fires after {}s of lock wait ({times}x expected {}s)", number(after), number(task))
                }
                (Some(after), None) => format!(": fires after {}s of lock wait", number(after)),
                _ => String::new(),
            };
            let words = format!("Deadlock detection alerting configured{when}{}", declared(alert));
            Some((words, vec![Evidence { message: alert.detail.clone(), site: alert.site }]))
        }
        "kill-switch" => {
            let switch = model
                .controls
                .iter()
                .filter(|c| c.kind == ControlKind::KillSwitch)
                .max_by_key(|c| (!c.actors.is_empty(), c.detail.contains("API"), std::cmp::Reverse(c.site)))?;
            let words = if switch.actors.is_empty() {
                format!("Kill switch available: {}{}", switch.detail, declared(switch))
            } else {
                format!("Kill switch available {}", switch.detail)
            };
            Some((words, vec![Evidence { message: switch.detail.clone(), site: switch.site }]))
        }
        "concurrency-tests" => {
            let elsewhere = model.controls.iter().find(|c| c.kind == ControlKind::ConcurrencyTest && c.declared);
            if let Some(test) = elsewhere.filter(|_| tested(model).is_none()) {
                let evidence = vec![Evidence { message: test.detail.clone(), site: test.site }];
                return Some((format!("Concurrent access tested: {}{}", test.detail, declared(test)), evidence));
            }
            let most = tested(model)?;
            let test = model.controls.iter().find(|c| c.kind == ControlKind::ConcurrencyTest)?;
            Some((
                format!("Concurrent access tested: {most} agents at once, consistency verified"),
                vec![Evidence { message: "runs them at once and asserts".into(), site: test.site }],
            ))
        }
        "contention-metrics" => {
            let metric = model.controls.iter().find(|c| c.kind == ControlKind::Metric)?;
            Some((
                if metric.declared {
                    format!("Lock contention metrics: {}{}", metric.detail, declared(metric))
                } else {
                    format!("Lock contention metrics: {} per resource", metric.detail)
                },
                vec![Evidence { message: metric.detail.clone(), site: metric.site }],
            ))
        }
        _ => None,
    }
}

/// What is said of a control that only the configuration knows.
fn declared(control: &Control) -> &'static str {
    if control.declared { " (declared)" } else { "" }
}

fn census(model: &Model, actors: &[ActorId]) -> String {
    let of = |kind: ActorKind, noun: &str| {
        let count = actors.iter().filter(|a| model.actor(**a).kind == kind).count();
        (count > 0).then(|| counted(count, noun))
    };
    let parts: Vec<String> = [
        of(ActorKind::Agent, "agent"),
        of(ActorKind::Worker, "worker"),
        of(ActorKind::Endpoint, "endpoint"),
        of(ActorKind::Job, "job"),
        of(ActorKind::ToolServer, "tool server"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { "0 agents".into() } else { list(&parts) }
}

fn locks(model: &Model, shared: &[&Resource]) -> Option<(String, Vec<Evidence>)> {
    let used: Vec<&crate::model::Lock> = model.locks.iter().collect();
    let evidence: Vec<Evidence> = used.iter().map(|l| Evidence { message: l.id.clone(), site: l.site }).collect();
    let timed: Vec<&&crate::model::Lock> = used.iter().filter(|l| l.ttl.is_some()).collect();
    let bound: Vec<&&crate::model::Lock> = used.iter().filter(|l| l.session && l.ttl.is_none() && l.scope != LockScope::Process).collect();
    let mut parts = Vec::new();
    if !timed.is_empty() {
        let own = timed.iter().all(|l| l.scope == LockScope::Process);
        let lifetime = lifetime(&timed);
        parts.push(if own {
            format!("Locks with TTL: {lifetime} (one process)")
        } else {
            format!("Distributed locks with TTL: {lifetime}")
        });
    }
    if !bound.is_empty() {
        let mut apis: Vec<String> = bound.iter().map(|l| session_words(&l.api)).collect();
        apis.sort();
        apis.dedup();
        parts.push(if parts.is_empty() {
            format!("Locks end with their session: {}", list(&apis))
        } else {
            format!("session-bound: {}", list(&apis))
        });
    }
    if !parts.is_empty() {
        return Some((parts.join("; "), evidence));
    }
    let writes: Vec<_> = shared.iter().flat_map(|r| r.accesses.iter()).filter(|a| a.mode != Mode::Read).collect();
    if writes.iter().all(|a| a.atomic || a.conditional) && !writes.is_empty() {
        let evidence = writes.iter().map(|a| Evidence { message: a.verb.clone(), site: a.site }).collect();
        return Some(("Shared writes are atomic, no locks needed".into(), evidence));
    }
    let local: Vec<Evidence> =
        used.iter().filter(|l| l.scope == LockScope::Process).map(|l| Evidence { message: l.id.clone(), site: l.site }).collect();
    (!local.is_empty()).then(|| ("Shared writes are locked within one process".to_string(), local))
}

fn session_words(api: &str) -> String {
    let lower = api.to_lowercase();
    match () {
        () if lower.contains("advisory") => "Postgres advisory".into(),
        () if lower.contains("get_lock") => "MySQL GET_LOCK".into(),
        () if lower.contains("file") || lower.contains("flock") || lower.contains("portalocker") => "file lock".into(),
        () => api.to_string(),
    }
}

fn lifetime(locks: &[&&crate::model::Lock]) -> String {
    let mut words: Vec<&str> = locks.iter().filter_map(|l| l.ttl.as_deref()).collect();
    words.sort();
    words.dedup();
    if let [one] = words.as_slice() {
        return (*one).to_string();
    }
    if let Some(configurable) = words.iter().find(|w| w.contains("configurable")) {
        return (*configurable).to_string();
    }
    let seconds: Vec<f64> = locks.iter().filter_map(|l| l.ttl_seconds).collect();
    match (seconds.iter().copied().reduce(f64::min), seconds.iter().copied().reduce(f64::max)) {
        (Some(least), Some(most)) if most > least => format!("{}s–{}s", number(least), number(most)),
        (Some(one), _) => format!("fixed {}s", number(one)),
        _ => "set at run time".into(),
    }
}

fn events(model: &Model, shared: &[&Resource]) -> Option<(String, Vec<Evidence>)> {
    if model.channels.is_empty() {
        return None;
    }
    let readers: Vec<ActorId> =
        long_running(model).filter(|a| shared.iter().any(|r| r.readers.contains(a) && r.writers.iter().any(|w| w != a))).collect();
    let deaf: Vec<ActorId> = readers.iter().copied().filter(|a| !model.channels.iter().any(|c| c.subscribers.contains(a))).collect();
    let evidence = model.channels.iter().map(|c| Evidence { message: c.id.clone(), site: c.site }).collect();
    let all = if deaf.is_empty() {
        "all agents subscribed".to_string()
    } else {
        format!("{} of {} agents subscribed", readers.len() - deaf.len(), readers.len())
    };
    Some((format!("Event-driven sync: {}, {all}", counted(model.channels.len(), "event channel")), evidence))
}

/// Actors that touch shared resources and count for an orchestrator.
fn touching(model: &Model, shared: &[&Resource]) -> Vec<ActorId> {
    let mut all: Vec<ActorId> = shared
        .iter()
        .flat_map(|r| r.readers.iter().chain(&r.writers).copied())
        .filter(|a| matches!(model.actor(*a).kind, ActorKind::Agent | ActorKind::Worker))
        .collect();
    all.sort();
    all.dedup();
    all
}

fn written_by_many(model: &Model, resource: &Resource) -> bool {
    resource.writers.iter().any(|a| resource.writers.iter().any(|b| model.overlap(*a, *b)))
}

/// Writes outside the process by actors whose runs may be repeated.
fn writes(model: &Model) -> impl Iterator<Item = (&Resource, &crate::model::Access)> {
    let mut seen = std::collections::BTreeSet::new();
    model.resources.iter().flat_map(|r| r.accesses.iter().map(move |a| (r, a))).filter(move |(_, a)| {
        let actor = model.actor(a.actor);
        let counts = matches!(actor.kind, ActorKind::Agent | ActorKind::Worker | ActorKind::ToolServer) || a.retry.is_some();
        a.mode != Mode::Read && counts && seen.insert((a.site, a.operation))
    })
}

fn reads_what_others_write(model: &Model, shared: &[&Resource]) -> bool {
    let polled = shared.iter().any(|r| r.accesses.iter().any(|a| a.polling.is_some()));
    polled || long_running(model).any(|a| shared.iter().any(|r| r.readers.contains(&a) && r.writers.iter().any(|w| *w != a)))
}

/// Places where an actor is kept waiting for a lock that others hold.
pub(super) fn waits(model: &Model) -> impl Iterator<Item = &Take> {
    model.takes.iter().filter(|t| {
        let lock = &model.locks[t.lock];
        t.waiting.waits() && (lock.scope != LockScope::Process || lock.store_is_own() || t.pauses.iter().any(|p| p.what != "sleep"))
    })
}

/// Agents that run until they are stopped.
pub(super) fn long_running(model: &Model) -> impl Iterator<Item = ActorId> + '_ {
    model.actors.iter().enumerate().filter(|(_, a)| a.kind == ActorKind::Agent && a.long_running.is_some()).map(|(i, _)| ActorId(i as u32))
}

/// How many at once the largest concurrency test runs.
pub(super) fn tested(model: &Model) -> Option<i64> {
    model.controls.iter().filter(|c| c.kind == ControlKind::ConcurrencyTest).filter_map(|c| c.detail.parse().ok()).max()
}

/// Where transactions lock rows of several tables and no cycle was found.
fn rows_in_order(model: &Model) -> Option<(String, Vec<Evidence>)> {
    let tables: BTreeSet<&String> = model.row_orders.iter().flat_map(|order| &order.tables).collect();
    let locked = |order: &RowOrder| Evidence { message: format!("locked after rows of {}", order.tables[0]), site: order.sites[1] };
    let evidence: Vec<Evidence> = model.row_orders.iter().map(locked).collect();
    (!evidence.is_empty()).then(|| (format!("Lock order consistent: rows of {}, no cycle", counted(tables.len(), "table")), evidence))
}
