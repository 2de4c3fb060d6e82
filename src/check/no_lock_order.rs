//! An actor holds several locks at once, their order depends on data, and nothing sorts it.

use super::races::acting;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Finding, Role, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "no-lock-order",
    row: "lock-order",
    severity: Severity::Medium,
    advice: false,
    remedy: "fix lock ordering",
    page: include_str!("no-lock-order.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for take in &model.takes {
        let lock = &model.locks[take.lock];
        let open = lock.name.contains('*');
        let unsorted_loop = take.many == Some(false) && open && take.keeps();
        // Of two locks with no name at all, nobody can say that they are of one family.
        let nested_open = open && lock.name.chars().any(char::is_alphanumeric) && take.held.iter().any(|(h, _)| *h == take.lock);
        if take.again.is_some() || !unsorted_loop && !nested_open || found.iter().any(|f| f.site == take.site) {
            continue;
        }
        // A coordinator that refuses wrong orders keeps the order itself.
        if model.orders.iter().any(|o| o.fault.is_none()) && lock.store_is_own() {
            continue;
        }
        let meet = take.actors.iter().any(|a| lock.holders.iter().any(|b| model.overlap(*a, *b)));
        if !meet {
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("{} several \"{}\" locks in an order that depends on data", acting(model, &take.actors, "take"), lock.name),
            actors: take.actors.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site: take.site,
            help: "Sort the resource ids before taking their locks".into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        for (_, site) in take.held.iter().take(2) {
            finding.related.push(related(Role::Lock, "already held since here", *site));
        }
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("takes lock {}", lock.name));
        found.push(finding);
    }
    found
}
