//! No test runs many actors at once against a shared resource.

use super::rule::{Draft, Rule, Subject};
use crate::finding::{Finding, Severity};
use crate::model::{ControlKind, Mode};

/// The rule.
pub static RULE: Rule = Rule {
    id: "no-concurrency-test",
    row: "concurrency-tests",
    severity: Severity::Low,
    advice: true,
    remedy: "test with 10+ concurrent agents",
    page: include_str!("no-concurrency-test.md"),
    check,
};

/// How many at once make a test of contention.
pub(super) const ENOUGH: i64 = 10;

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let most = super::rows::tested(model);
    let elsewhere = model.controls.iter().any(|c| c.kind == ControlKind::ConcurrencyTest && c.declared);
    if elsewhere || most.is_some_and(|n| n >= ENOUGH) {
        return Vec::new();
    }
    let writes = model.resources.iter().filter(|r| r.shared).flat_map(|r| r.accesses.iter().map(move |a| (r, a)));
    let Some((resource, first)) = writes.filter(|(_, a)| a.mode != Mode::Read).min_by_key(|(_, a)| a.site) else { return Vec::new() };
    let test = model.controls.iter().find(|c| c.kind == ControlKind::ConcurrencyTest);
    let draft = Draft {
        rule,
        message: match most {
            Some(n) => format!("Concurrent access is tested with {n} agents — raise it to {ENOUGH} or more"),
            None => "No test runs 10 or more agents at once against a shared resource".into(),
        },
        actors: resource.writers.clone(),
        resource: Some(resource.id.clone()),
        function: first.function.clone(),
        site: test.map_or(first.site, |c| c.site),
        help: "Run ten or more agents at once in a test and assert on the state they leave".into(),
    };
    vec![draft.finish(model)]
}
