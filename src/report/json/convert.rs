//! From the internal types to the frozen ones.

use super::v1;
use crate::finding::{Confidence, Evidence, Finding, Role, Severity, Status, Suppressed, Verdict};
use crate::model::{self, ActorId};
use crate::report::Report;
use crate::source::Site;

pub(super) fn report<'a>(report: &Report<'a>) -> v1::Report<'a> {
    let model = report.model;
    let at = |site| place(report, site);
    let ids = |ids: &[ActorId]| actors(report, ids);
    let unit = |unit: &'a model::Unit| {
        let (file, line) = at(unit.site);
        v1::Unit { name: &unit.name, instances: unit.instances, file, line }
    };
    let system = |system: &'a model::System| v1::System { name: &system.name, units: system.units.iter().map(unit).collect() };
    let orchestrator = |orchestrator: &'a model::Orchestrator| {
        let (file, line) = at(orchestrator.site);
        v1::Orchestrator { pattern: &orchestrator.pattern, file, line }
    };
    let control = |control: &'a model::Control| {
        let (file, line) = at(control.site);
        let kind = match control.kind {
            model::ControlKind::KillSwitch => v1::ControlKind::KillSwitch,
            model::ControlKind::Alert => v1::ControlKind::Alert,
            model::ControlKind::Metric => v1::ControlKind::Metric,
            model::ControlKind::ConcurrencyTest => v1::ControlKind::ConcurrencyTest,
        };
        v1::Control { kind, actors: ids(&control.actors), file, line, detail: &control.detail }
    };
    let concurrency = |pair: &'a model::Concurrency| {
        let (file, line) = at(pair.site);
        v1::Concurrency { a: &model.actor(pair.a).id, b: &model.actor(pair.b).id, why: &pair.why, file, line }
    };
    // All requests overlap: of their pairs, which grow with the square of a service, those are named that have what to meet in.
    let met = model.meetings();
    let is_request = |id| model.actor(id).kind == model::ActorKind::Endpoint;
    let told = |pair: &&model::Concurrency| {
        let (low, high) = (pair.a.min(pair.b), pair.a.max(pair.b));
        low == high || !is_request(low) || !is_request(high) || met.contains(&(low, high))
    };
    let lock = |lock: &'a model::Lock| {
        let (file, line) = at(lock.site);
        let scope = match lock.scope {
            model::LockScope::Process => v1::Scope::Process,
            model::LockScope::Host => v1::Scope::Host,
            model::LockScope::Distributed => v1::Scope::Distributed,
        };
        let (ttl_seconds, ttl, holders) = (lock.ttl_seconds, lock.ttl.as_deref(), ids(&lock.holders));
        v1::Lock { id: &lock.id, name: &lock.name, scope, ttl_seconds, ttl, api: &lock.api, file, line, holders }
    };
    let channel = |channel: &'a model::Channel| {
        let (publishers, subscribers) = (ids(&channel.publishers), ids(&channel.subscribers));
        v1::Channel { id: &channel.id, publishers, subscribers }
    };
    v1::Report {
        schema_version: 1,
        tool: v1::Tool { name: "clawproof", version: env!("CARGO_PKG_VERSION") },
        check: report.check,
        summary: v1::Summary {
            status: if report.issues > 0 { v1::Outcome::Fail } else { v1::Outcome::Pass },
            issues: report.issues,
            severity: report.severity.map_or(v1::Level::None, level),
            result: report.result,
        },
        rows: report.verdicts.iter().map(|verdict| row(report, verdict)).collect(),
        systems: model.systems.iter().map(system).collect(),
        orchestrator: model.orchestrators.first().map(orchestrator),
        controls: model.controls.iter().map(control).collect(),
        concurrency: model.concurrency.iter().filter(told).map(concurrency).collect(),
        actors: model.actors.iter().map(|actor| one_actor(report, actor)).collect(),
        resources: model.resources.iter().map(|resource| one_resource(report, resource)).collect(),
        locks: model.locks.iter().map(lock).collect(),
        channels: model.channels.iter().map(channel).collect(),
        findings: report.findings.iter().map(|finding| one_finding(report, finding)).collect(),
        suppressed: report.suppressed.iter().map(|suppressed| accepted(report, suppressed)).collect(),
        coverage: coverage(report),
        elapsed_ms: report.elapsed_ms,
    }
}

/// A finding's id: its fingerprint is unique among those of its rule.
fn id(finding: &Finding) -> String {
    format!("{}:{}", finding.rule, finding.fingerprint)
}

fn place<'a>(report: &Report<'a>, site: Site) -> (&'a str, u32) {
    (report.path(site), report.start(site).line)
}

fn actors<'a>(report: &Report<'a>, ids: &[ActorId]) -> Vec<&'a str> {
    let model = report.model;
    ids.iter().map(|id| model.actor(*id).id.as_str()).collect()
}

fn row<'a>(report: &Report<'a>, verdict: &'a Verdict) -> v1::Row<'a> {
    let findings = verdict.findings.iter().filter_map(|index| report.findings.get(*index)).map(id);
    v1::Row {
        id: verdict.row,
        item: verdict.item,
        gate: verdict.gate,
        status: match verdict.status {
            Status::Pass => v1::Status::Pass,
            Status::Fail => v1::Status::Fail,
            Status::Skip => v1::Status::Skip,
            Status::Advice => v1::Status::Advice,
        },
        messages: verdict.messages.iter().chain(&verdict.advice).map(String::as_str).collect(),
        remedy: &verdict.remedy,
        findings: findings.collect(),
        evidence: evidence(report, &verdict.evidence),
    }
}

fn evidence<'a>(report: &Report<'a>, pieces: &'a [Evidence]) -> Vec<v1::Evidence<'a>> {
    let piece = |piece: &'a Evidence| {
        let (file, line) = place(report, piece.site);
        v1::Evidence { message: &piece.message, file, line }
    };
    pieces.iter().map(piece).collect()
}

fn one_actor<'a>(report: &Report<'a>, actor: &'a model::Actor) -> v1::Actor<'a> {
    let (file, line) = place(report, actor.site);
    let kind = match actor.kind {
        model::ActorKind::Agent => v1::ActorKind::Agent,
        model::ActorKind::Worker => v1::ActorKind::Worker,
        model::ActorKind::Endpoint => v1::ActorKind::Endpoint,
        model::ActorKind::Job => v1::ActorKind::Job,
        model::ActorKind::ToolServer => v1::ActorKind::ToolServer,
    };
    let entry = |entry: &'a model::EntryPoint| {
        let (file, line) = place(report, entry.site);
        v1::EntryPoint { function: &entry.function, file, line }
    };
    let entry_points = actor.entry_points.iter().map(entry).collect();
    let (framework, aliases, tools) = (actor.framework.as_str(), actor.aliases.as_slice(), actor.tools.as_slice());
    v1::Actor { id: &actor.id, name: &actor.name, aliases, kind, framework, file, line, tools, entry_points }
}

fn one_resource<'a>(report: &Report<'a>, resource: &'a model::Resource) -> v1::Resource<'a> {
    let access = |access: &'a model::Access| {
        let (file, line) = place(report, access.site);
        let frame = |frame: &'a model::Frame| {
            let (file, line) = place(report, frame.site);
            v1::Frame { function: &frame.function, file, line }
        };
        v1::Access {
            actor: &report.model.actor(access.actor).id,
            mode: match access.mode {
                model::Mode::Read => v1::Mode::Read,
                model::Mode::Write => v1::Mode::Write,
                model::Mode::ReadModifyWrite => v1::Mode::ReadModifyWrite,
            },
            operation: access.operation,
            file,
            line,
            function: &access.function,
            api: &access.api,
            idempotent: access.idempotent,
            atomic: access.atomic,
            guards: &access.guards,
            path: access.path.iter().map(frame).collect(),
        }
    };
    v1::Resource {
        id: &resource.id,
        kind: &resource.kind,
        store: &resource.store,
        name: &resource.name,
        shared: resource.shared,
        readers: actors(report, &resource.readers),
        writers: actors(report, &resource.writers),
        accesses: resource.accesses.iter().map(access).collect(),
    }
}

fn one_finding<'a>(report: &Report<'a>, finding: &'a Finding) -> v1::Finding<'a> {
    let (start, end) = (report.start(finding.site), report.end(finding.site));
    let related = |related: &'a crate::finding::Related| {
        let (start, end) = (report.start(related.site), report.end(related.site));
        v1::Related {
            role: role(related.role),
            message: &related.message,
            file: report.path(related.site),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    };
    let turn = |turn: &'a crate::finding::Turn| {
        let (file, line) = place(report, turn.site);
        v1::Turn { actor: &turn.actor, step: &turn.step, value: &turn.value, file, line }
    };
    v1::Finding {
        id: id(finding),
        rule: finding.rule,
        row: finding.row,
        severity: level(finding.severity),
        advice: finding.advice,
        confidence: match finding.confidence {
            Confidence::Low => v1::Confidence::Low,
            Confidence::Medium => v1::Confidence::Medium,
            Confidence::High => v1::Confidence::High,
        },
        message: &finding.message,
        actors: &finding.actors,
        resource: finding.resource.as_deref(),
        function: &finding.function,
        file: report.path(finding.site),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        related: finding.related.iter().map(related).collect(),
        evidence: evidence(report, &finding.evidence),
        interleaving: finding.interleaving.iter().map(turn).collect(),
        help: &finding.help,
        remedy: finding.remedy,
        fingerprint: &finding.fingerprint,
    }
}

fn level(severity: Severity) -> v1::Level {
    match severity {
        Severity::Low => v1::Level::Low,
        Severity::Medium => v1::Level::Medium,
        Severity::High => v1::Level::High,
        Severity::Critical => v1::Level::Critical,
    }
}

fn role(role: Role) -> v1::Role {
    match role {
        Role::Read => v1::Role::Read,
        Role::Write => v1::Role::Write,
        Role::Check => v1::Role::Check,
        Role::Lock => v1::Role::Lock,
        Role::Retry => v1::Role::Retry,
        Role::Schema => v1::Role::Schema,
        Role::Manifest => v1::Role::Manifest,
    }
}

fn accepted<'a>(report: &Report<'a>, suppressed: &'a Suppressed) -> v1::Suppressed<'a> {
    let finding = one_finding(report, &suppressed.finding);
    v1::Suppressed { finding, by: &suppressed.by, why: suppressed.why.as_deref() }
}

fn coverage<'a>(report: &Report<'a>) -> v1::Coverage<'a> {
    let coverage = &report.model.coverage;
    let skipped = |(file, reason): &'a (String, String)| v1::Skipped { file, reason };
    let unresolved = |(site, what): &'a (Site, String)| {
        let (file, line) = place(report, *site);
        v1::Unresolved { file, line, what }
    };
    v1::Coverage {
        files: coverage.languages.values().sum(),
        lines: coverage.lines,
        languages: &coverage.languages,
        skipped: coverage.skipped.iter().map(skipped).collect(),
        unresolved: coverage.unresolved.iter().map(unresolved).collect(),
    }
}
