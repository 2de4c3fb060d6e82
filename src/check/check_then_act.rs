//! Existence or state is checked, then acted upon, in two steps that another actor can come between.

use super::races::{acting, finding, rivals};
use super::rule::{Draft, Rule, Subject, confidence, witness};
use crate::finding::{Confidence, Finding, Severity};
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
        let writes = if model.names(&actors).len() == 1 { "writes" } else { "write" };
        let what = if race.dependence == Dependence::Existence { "exists" } else { "allows it" };
        let message = format!("{} that \"{name}\" {what}, then {writes} it, in two steps", acting(model, &actors, "check"));
        let help = "Do it in one step: INSERT … ON CONFLICT, UPDATE … WHERE the checked condition still holds (and test the row count), or hold one lock over both";
        let mut finding = finding(rule, subject, race, actors, message, help);
        // What is removed twice is gone all the same: harm takes somebody who changes it back between the two. Where others were
        // looked at, two that remove one each leave too few.
        if race.operation == "delete" && race.dependence == Dependence::State && race.one_record {
            finding.confidence = Confidence::Low;
            finding.assumption = Some("assumes that what was to be removed may be wanted again by then".into());
        }
        found.push(finding);
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
    let draft = Draft {
        rule,
        message: format!("{} \"{}\" of \"{name}\" without asking whether it is set already", acting(model, &actors, "set"), claim.column),
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
