//! An actor reads or writes a resource that the declared access policy does not give it.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Finding, Role, Severity};
use crate::model::{Access, ActorId, Mode, Policy, Resource};

/// The rule.
pub static RULE: Rule = Rule {
    id: "access-policy",
    row: "shared-resources",
    severity: Severity::High,
    advice: false,
    remedy: "keep to the access map",
    page: include_str!("access-policy.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in &subject.model.resources {
        let Some(policy) = &resource.policy else { continue };
        for writes in [true, false] {
            let actors = if writes { &resource.writers } else { &resource.readers };
            for actor in actors.iter().filter(|a| !allowed(policy, **a, writes)) {
                found.extend(broken(rule, subject, resource, policy, *actor, writes));
            }
        }
    }
    found
}

/// Who may write may read; who is not listed may not, where there is a list.
fn allowed(policy: &Policy, actor: ActorId, writes: bool) -> bool {
    let listed = |list: &Option<Vec<ActorId>>| list.as_ref().map(|l| l.contains(&actor));
    match (writes, listed(&policy.readers), listed(&policy.writers)) {
        (true, _, writer) => writer.unwrap_or(true),
        (false, None, _) => true,
        (false, Some(reader), writer) => reader || writer.unwrap_or(false),
    }
}

fn broken(rule: &Rule, subject: &Subject, resource: &Resource, policy: &Policy, actor: ActorId, writes: bool) -> Option<Finding> {
    let model = subject.model;
    let of = |a: &&Access| a.actor == actor && (a.mode != Mode::Read) == writes;
    let accesses: Vec<&Access> = resource.accesses.iter().filter(of).collect();
    let first = accesses.iter().min_by_key(|a| a.site)?;
    let verb = if writes { "writes" } else { "reads" };
    let mut finding = Draft {
        rule,
        message: format!("{} {verb} \"{}\" but the access map does not allow it", subject_of(model, &[actor]), resource.name),
        actors: vec![actor],
        resource: Some(resource.id.clone()),
        function: first.function.clone(),
        site: first.site,
        help: format!(
            "Leave it to those who may, or add the actor to `{}` of the resource in clawproof.yaml",
            if writes { "writers" } else { "readers" }
        ),
    }
    .finish(model);
    finding.confidence = confidence(first.inferred);
    finding.related.extend(policy.site.map(|site| related(Role::Manifest, "the access map", site)));
    let role = if writes { Role::Write } else { Role::Read };
    let mut others: Vec<_> = accesses.iter().map(|a| a.site).filter(|s| *s != first.site).collect();
    others.sort();
    others.dedup();
    finding.related.extend(others.into_iter().map(|site| related(role, "and here", site)));
    finding.evidence = witness(model, actor, &first.path, &format!("{} {}", first.verb, resource.name));
    Some(finding)
}
