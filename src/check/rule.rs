//! What a rule is: one static value with its description and one function.

use crate::finding::{Confidence, Evidence, Finding, Related, Role, Severity, Turn};
use crate::model::{Access, ActorId, Frame, Model};
use crate::source::Site;

/// One rule of a check.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its id, as users write it: `non-idempotent-insert`.
    pub id: &'static str,
    /// The row its findings stand in.
    pub row: &'static str,
    /// How bad a finding is where nothing makes it worse or better.
    pub severity: Severity,
    /// Its findings are advice.
    pub advice: bool,
    /// The short remedy of the `Result:` line.
    pub remedy: &'static str,
    /// Its page: what `explain`, SARIF help and the documentation show.
    pub page: &'static str,
    /// Finds faults in a model.
    pub check: fn(&Rule, &Subject) -> Vec<Finding>,
}

/// How many calls may lie between a retry and what it surely does again: further down, somebody may have caught the failure, or asked
/// whether it was done already.
const RETRIED: u8 = 4;

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The model.
    pub model: &'a Model,
    /// How long a task is expected to take in seconds, where the configuration says so.
    pub expected_task_seconds: Option<f64>,
    /// Whether what will be stricter in the next release counts already.
    pub preview: bool,
}

impl Subject<'_> {
    /// How long a task takes: what the configuration expects, else how long its lock lives (rules.md, settled question 11).
    pub fn task_seconds(&self) -> Option<f64> {
        self.expected_task_seconds.or_else(|| self.model.locks.iter().find_map(|l| l.ttl_seconds))
    }
}

/// A finding in the making.
pub(super) struct Draft<'a> {
    pub rule: &'a Rule,
    pub message: String,
    pub actors: Vec<ActorId>,
    pub resource: Option<String>,
    pub function: String,
    pub site: Site,
    pub help: String,
}

impl Draft<'_> {
    /// The finding, at the rule's severity and high confidence.
    pub fn finish(self, model: &Model) -> Finding {
        let mut actors: Vec<String> = self.actors.iter().map(|a| model.actor(*a).id.clone()).collect();
        actors.sort();
        actors.dedup();
        Finding {
            rule: self.rule.id,
            row: self.rule.row,
            severity: self.rule.severity,
            advice: self.rule.advice,
            confidence: Confidence::High,
            message: self.message,
            actors,
            resource: self.resource,
            function: self.function,
            site: self.site,
            related: Vec::new(),
            evidence: Vec::new(),
            interleaving: Vec::<Turn>::new(),
            help: self.help,
            remedy: self.rule.remedy,
            assumption: None,
            fingerprint: String::new(),
        }
    }
}

/// The chain from an actor to a place, in words.
pub(super) fn witness(model: &Model, actor: ActorId, path: &[Frame], last: &str) -> Vec<Evidence> {
    let actor = model.actor(actor);
    let kind = match actor.kind {
        crate::model::ActorKind::Agent => "agent",
        crate::model::ActorKind::Worker => "worker",
        crate::model::ActorKind::Endpoint => "endpoint",
        crate::model::ActorKind::Job => "job",
        crate::model::ActorKind::ToolServer => "tool server",
    };
    let mut from = format!("{kind} {}", actor.name);
    let mut evidence = Vec::new();
    for (index, frame) in path.iter().enumerate() {
        let to = frame.function.clone();
        let tool = index == 0 && actor.tools.contains(&to.rsplit('.').next().unwrap_or(&to).to_string());
        let named = if tool { format!("tool {to}") } else { to.clone() };
        evidence
            .push(Evidence { message: format!("{from} → {named}"), site: if index == 0 { actor.site } else { path[index - 1].site } });
        from = to;
    }
    if let Some(frame) = path.last() {
        evidence.push(Evidence { message: format!("{from} → {last}"), site: frame.site });
    }
    evidence
}

/// Confidence by the number of inferred steps.
pub(super) fn confidence(inferred: u8) -> Confidence {
    match inferred {
        0 => Confidence::High,
        1 => Confidence::Medium,
        _ => Confidence::Low,
    }
}

/// Confidence that a write is done again by what retries it.
pub(super) fn confidence_of_repetition(write: &Access) -> Confidence {
    if write.retry_distance > RETRIED { Confidence::Low } else { confidence(write.inferred) }
}

/// Another place of the same fault.
pub(super) fn related(role: Role, message: impl Into<String>, site: Site) -> Related {
    Related { role, message: message.into(), site }
}
