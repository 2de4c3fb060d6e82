//! Two or more locks taken in different orders on paths of actors that run beside one another.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, related, witness};
use crate::finding::{Finding, Role, Severity};
use crate::model::{ActorId, Take};
use petgraph::graph::DiGraph;
use std::collections::BTreeMap;

/// The rule.
pub static RULE: Rule = Rule {
    id: "lock-order-cycle",
    row: "lock-order",
    severity: Severity::High,
    advice: false,
    remedy: "fix lock ordering",
    page: include_str!("lock-order-cycle.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    // Edge: holding the first, the second is taken; patterns with holes may be any lock and make no cycle by themselves.
    let mut edges: BTreeMap<(usize, usize), Vec<&Take>> = BTreeMap::new();
    // Who only tries waits for nobody.
    for take in model.takes.iter().filter(|take| take.waiting.waits()) {
        for (held, _) in &take.held {
            let known = |lock: usize| !model.locks[lock].name.contains('*');
            if *held != take.lock && known(*held) && known(take.lock) {
                edges.entry((*held, take.lock)).or_default().push(take);
            }
        }
    }
    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let nodes: Vec<_> = (0..model.locks.len()).map(|l| graph.add_node(l)).collect();
    for (from, to) in edges.keys() {
        graph.add_edge(nodes[*from], nodes[*to], ());
    }
    let mut found = Vec::new();
    for mut cycle in petgraph::algo::tarjan_scc(&graph) {
        if cycle.len() < 2 {
            continue;
        }
        cycle.sort();
        let locks: Vec<usize> = cycle.iter().map(|n| graph[*n]).collect();
        let takes: Vec<&Take> =
            edges.iter().filter(|((a, b), _)| locks.contains(a) && locks.contains(b)).flat_map(|(_, t)| t.iter().copied()).collect();
        let mut actors: Vec<ActorId> = takes.iter().flat_map(|t| t.actors.iter().copied()).collect();
        actors.sort();
        actors.dedup();
        let meet = actors.iter().any(|a| actors.iter().any(|b| model.overlap(*a, *b)));
        let Some(first) = takes.iter().min_by_key(|t| t.site).filter(|_| meet) else { continue };
        let names: Vec<&str> = locks.iter().map(|l| model.locks[*l].name.as_str()).collect();
        let way = format!("{} → {}", names.join(" → "), names[0]);
        let who = subject_of(model, &actors);
        let mut finding = Draft {
            rule,
            message: format!("Lock order cycle: {way} ({})", who[..1].to_lowercase() + &who[1..]),
            actors: actors.clone(),
            resource: Some(model.locks[locks[0]].id.clone()),
            function: first.function.clone(),
            site: first.site,
            help: "Take the locks in one order everywhere, for example sorted by resource id".into(),
        }
        .finish(model);
        for take in takes.iter().filter(|t| t.site != first.site) {
            finding.related.push(related(Role::Lock, "taken in the other order here", take.site));
        }
        for (_, site) in &first.held {
            finding.related.push(related(Role::Lock, "held since here", *site));
        }
        finding.evidence = witness(model, first.actors[0], &first.path, &format!("takes lock {}", model.locks[first.lock].name));
        found.push(finding);
    }
    found
}
