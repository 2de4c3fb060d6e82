//! Two or more locks taken in different orders on paths of actors that run beside one another.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, related, witness};
use crate::finding::{Confidence, Finding, Role, Severity};
use crate::model::{ActorId, Model, RowOrder, Take};
use petgraph::graph::{DiGraph, NodeIndex};
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
    let mut found = locks(rule, subject);
    found.extend(rows(rule, subject));
    found
}

/// Groups of what is taken in more than one order; an edge says that the second is taken while the first is held.
fn cycles<N: Ord + Copy>(edges: impl Iterator<Item = (N, N)>) -> Vec<Vec<N>> {
    let mut graph: DiGraph<N, ()> = DiGraph::new();
    let mut nodes: BTreeMap<N, NodeIndex> = BTreeMap::new();
    for (from, to) in edges {
        let [from, to] = [from, to].map(|name| *nodes.entry(name).or_insert_with(|| graph.add_node(name)));
        graph.update_edge(from, to, ());
    }
    let groups = petgraph::algo::tarjan_scc(&graph).into_iter().filter(|group| group.len() > 1);
    let mut all: Vec<Vec<N>> = groups.map(|group| group.into_iter().map(|node| graph[node]).collect()).collect();
    all.iter_mut().for_each(|group| group.sort());
    all.sort();
    all
}

/// What is told of a cycle.
fn message(model: &Model, names: &[&str], actors: &[ActorId]) -> String {
    let who = subject_of(model, actors);
    format!("Lock order cycle: {} → {} ({})", names.join(" → "), names[0], who[..1].to_lowercase() + &who[1..])
}

/// Everybody among them, each once, where any two can meet.
fn rivals(model: &Model, actors: impl Iterator<Item = ActorId>) -> Option<Vec<ActorId>> {
    let mut actors: Vec<ActorId> = actors.collect();
    actors.sort();
    actors.dedup();
    actors.iter().any(|a| actors.iter().any(|b| model.overlap(*a, *b))).then_some(actors)
}

fn locks(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    // Edge: holding the first, the second is taken; what may be any lock makes no cycle.
    let mut edges: BTreeMap<(usize, usize), Vec<&Take>> = BTreeMap::new();
    // Who only tries waits for nobody.
    for take in model.takes.iter().filter(|take| take.waiting.waits()) {
        for (held, _) in &take.held {
            let known = |lock: usize| model.locks[lock].name.chars().any(char::is_alphabetic);
            if *held != take.lock && known(*held) && known(take.lock) {
                edges.entry((*held, take.lock)).or_default().push(take);
            }
        }
    }
    let mut found = Vec::new();
    for locks in cycles(edges.keys().copied()) {
        let takes: Vec<&Take> =
            edges.iter().filter(|((a, b), _)| locks.contains(a) && locks.contains(b)).flat_map(|(_, t)| t.iter().copied()).collect();
        let Some(actors) = rivals(model, takes.iter().flat_map(|t| t.actors.iter().copied())) else { continue };
        let Some(first) = takes.iter().min_by_key(|t| t.site) else { continue };
        let names: Vec<&str> = locks.iter().map(|l| model.locks[*l].name.as_str()).collect();
        let mut finding = Draft {
            rule,
            message: message(model, &names, &actors),
            actors,
            resource: Some(model.locks[locks[0]].id.clone()),
            function: first.function.clone(),
            site: first.site,
            help: "Take the locks in one order everywhere, for example sorted by resource id".into(),
        }
        .finish(model);
        // Locks of one pattern may be two that nobody takes both of.
        if names.iter().any(|name| name.contains('*')) {
            finding.confidence = finding.confidence.min(Confidence::Medium);
        }
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

/// The two tables of an order, each of its system.
fn ends(order: &RowOrder) -> ((u32, &str), (u32, &str)) {
    let [first, then] = &order.tables;
    ((order.system, first), (order.system, then))
}

/// Rows of tables that transactions lock one after the other.
fn rows(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for tables in cycles(model.row_orders.iter().map(ends)) {
        let within = |order: &&RowOrder| [ends(order).0, ends(order).1].iter().all(|table| tables.contains(table));
        let orders: Vec<&RowOrder> = model.row_orders.iter().filter(within).collect();
        let Some(actors) = rivals(model, orders.iter().flat_map(|o| o.actors.iter().copied())) else { continue };
        let Some(first) = orders.iter().min_by_key(|o| o.sites[1]) else { continue };
        let called: Vec<&str> = tables.iter().map(|(_, table)| *table).collect();
        let mut finding = Draft {
            rule,
            message: message(model, &called, &actors),
            actors,
            resource: None,
            function: first.function.clone(),
            site: first.sites[1],
            help: "Lock the rows of the tables in one order everywhere".into(),
        }
        .finish(model);
        for order in orders.iter().filter(|o| o.sites[1] != first.sites[1]) {
            finding.related.push(related(Role::Lock, "locked in the other order here", order.sites[1]));
        }
        finding.related.push(related(Role::Lock, "locked since here", first.sites[0]));
        finding.evidence = witness(model, first.actors[0], &first.path, &format!("locks rows of {}", first.tables[1]));
        found.push(finding);
    }
    found
}
