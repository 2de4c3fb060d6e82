//! Existence or state is checked, then acted upon, in two steps that another actor can come between.

use super::races::{finding, rivals, subject_of};
use super::rule::{Draft, Rule, Subject, confidence, witness};
use crate::finding::{Finding, Severity};
use crate::model::{ActorId, Claim, Dependence, Model};

/// The rule.
pub static RULE: Rule = Rule {
    id: "check-then-act",
    row: "locks",
    severity: Severity::High,
    advice: false,
    remedy: "lock shared writes with a TTL",
    page: include_str!("check-then-act.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for race in model.races.iter().filter(|r| r.dependence != Dependence::Data && r.process_lock.is_none()) {
        let actors = rivals(model, race);
        // The loser of a race for a unique key whose error is handled has lost nothing.
        if actors.is_empty() || race.handled {
            continue;
        }
        let name = &model.resource(race.resource).name;
        let (verb, what) = match (race.dependence, actors.len()) {
            (Dependence::Existence, 1) => ("checks", "exists, then writes it, in two steps"),
            (Dependence::Existence, _) => ("check", "exists, then write it, in two steps"),
            (_, 1) => ("checks", "allows it, then writes it, in two steps"),
            _ => ("check", "allows it, then write it, in two steps"),
        };
        let message = format!("{} {verb} that \"{name}\" {what}", subject_of(model, &actors));
        let help = "Do it in one step: INSERT … ON CONFLICT, UPDATE … WHERE the checked condition still holds (and test the row count), or hold one lock over both";
        found.push(finding(rule, subject, race, actors, message, help));
    }
    found.extend(model.claims.iter().filter_map(|c| claim(rule, model, c)));
    found
}

/// A record that two sessions take, because a model was shown it as free and its tool asks nobody again.
fn claim(rule: &Rule, model: &Model, claim: &Claim) -> Option<Finding> {
    let takers: Vec<ActorId> =
        model.claims.iter().filter(|c| c.resource == claim.resource).flat_map(|c| c.actors.iter().copied()).collect();
    let actors: Vec<ActorId> = claim.actors.iter().copied().filter(|a| takers.iter().any(|b| model.overlap(*a, *b))).collect();
    let first = *actors.first()?;
    let name = &model.resource(claim.resource).name;
    let verb = if actors.len() == 1 { "sets" } else { "set" };
    let draft = Draft {
        rule,
        message: format!(
            "{} {verb} \"{}\" of \"{name}\" without asking whether it is set already",
            subject_of(model, &actors),
            claim.column
        ),
        actors,
        resource: Some(model.resource(claim.resource).id.clone()),
        function: claim.function.clone(),
        site: claim.site,
        help: "Add the state it must have to the condition (AND booked = 0) and refuse where no row was changed: what the model was \
               shown as free may be taken by now"
            .into(),
    };
    let mut finding = draft.finish(model);
    finding.confidence = confidence(claim.inferred.max(1));
    finding.assumption = Some("assumes that the model picks what it was shown as free".into());
    finding.evidence = witness(model, first, &claim.path, &format!("UPDATE {name}"));
    Some(finding)
}
