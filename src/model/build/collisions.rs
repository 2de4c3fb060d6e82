//! Keys of a framework's state that two members write in one step, where nothing says how to join the two.

use super::Input;
use super::actors::{Draft, DraftOrchestrator};
use crate::facts::{ExprId, ExprKind, FunctionId, Name, StmtKind};
use crate::knowledge::vocabulary::Runs;
use crate::link::{FunctionRef, Kind};
use crate::source::Site;

/// A member of a graph as far as it writes state.
pub(super) struct Node {
    /// Its name in the graph.
    pub name: String,
    /// What it runs.
    pub function: Option<FunctionRef>,
    /// The actor that it is.
    pub actor: Option<usize>,
}

/// Two members that write one key in one step.
pub(super) struct Collision {
    pub key: String,
    pub names: [String; 2],
    pub actors: Vec<usize>,
    pub writes: [Site; 2],
    /// The function that writes first; `None` where the declaration of the actor says so.
    pub function: Option<FunctionRef>,
    /// Where the state's key is declared.
    pub declared: Option<Site>,
}

/// Find them in graphs with a state class, and among parallel members whose answers replace one key.
pub(super) fn find(input: &Input, draft: &Draft) -> Vec<Collision> {
    let mut found = Vec::new();
    for orchestrator in &draft.orchestrators {
        if orchestrator.runs == Some(Runs::Graph) {
            graph(input, orchestrator, &mut found);
        }
        if orchestrator.runs == Some(Runs::Parallel) {
            answers(draft, &orchestrator.members, &mut found);
        }
    }
    found.sort_by(|a, b| (a.writes, &a.key).cmp(&(b.writes, &b.key)));
    found.dedup_by(|a, b| a.writes == b.writes && a.key == b.key);
    found
}

fn graph(input: &Input, orchestrator: &DraftOrchestrator, found: &mut Vec<Collision>) {
    let plain = plain_keys(input, &orchestrator.state);
    if plain.is_empty() {
        return;
    }
    for (one, other) in copies(orchestrator).chain(beside(orchestrator)) {
        let (Some(f), Some(g)) = (one.function, other.function) else { continue };
        let (writes, others) = (returned_keys(input, f), returned_keys(input, g));
        let copied = std::ptr::eq(one, other);
        for (key, site) in &writes {
            let Some((_, declared)) = plain.iter().find(|(k, _)| k == key) else { continue };
            let there = if copied { Some(site) } else { others.iter().find(|(k, _)| k == key).map(|(_, there)| there) };
            let Some(there) = there else { continue };
            found.push(Collision {
                key: key.to_string(),
                names: [one.name.clone(), other.name.clone()],
                actors: one.actor.into_iter().chain(other.actor.filter(|_| !copied)).collect(),
                writes: [*site, *there],
                function: Some(f),
                declared: Some(*declared),
            });
        }
    }
}

/// Nodes of which several copies run in one step, each with itself.
fn copies(orchestrator: &DraftOrchestrator) -> impl Iterator<Item = (&Node, &Node)> {
    orchestrator.nodes.iter().filter(|node| orchestrator.copied.contains(&node.name)).map(|node| (node, node))
}

/// Nodes that follow one node, without a condition: they run in one step.
fn beside(orchestrator: &DraftOrchestrator) -> impl Iterator<Item = (&Node, &Node)> {
    let before = |n: &Node| orchestrator.sure_edges.iter().filter(|(_, to)| *to == n.name).map(|(from, _)| from).collect::<Vec<_>>();
    let meet = move |one: &Node, other: &Node| {
        let (before_one, before_other) = (before(one), before(other));
        before_one.len() == 1 && before_one == before_other && one.name != other.name
    };
    let pairs = orchestrator.nodes.iter().enumerate();
    let pairs = pairs.flat_map(|(index, one)| orchestrator.nodes[index + 1..].iter().map(move |other| (one, other)));
    pairs.filter(move |(one, other)| meet(one, other))
}

/// Parallel members whose answers replace the same key.
fn answers(draft: &Draft, members: &[usize], found: &mut Vec<Collision>) {
    for (index, one) in members.iter().enumerate() {
        for other in &members[index + 1..] {
            let (a, b) = (&draft.actors[*one], &draft.actors[*other]);
            if let (Some(key), true) = (&a.state_key, a.state_key == b.state_key && one != other) {
                found.push(Collision {
                    key: key.clone(),
                    names: [a.name.clone(), b.name.clone()],
                    actors: vec![*one, *other],
                    writes: [a.site, b.site],
                    function: None,
                    declared: None,
                });
            }
        }
    }
}

/// The keys that a state class declares with nothing that joins two writes: an annotation without further words.
fn plain_keys(input: &Input, state: &Kind) -> Vec<(Name, Site)> {
    let program = input.effects.program;
    let Kind::Class(class) = state else { return Vec::new() };
    let facts = program.facts(class.module);
    let mut keys = Vec::new();
    for stmt in &program.class(*class).body {
        let StmtKind::Assign { targets, annotation: Some(annotation), .. } = &facts.stmt(*stmt).kind else { continue };
        let Some(ExprKind::Name(name)) = targets.first().map(|t| &facts.expr(*t).kind) else { continue };
        // `Annotated[list, add]`: what follows the type may join.
        let joined = match &facts.expr(*annotation).kind {
            ExprKind::Index { base, index } => {
                let several = matches!(&facts.expr(*index).kind, ExprKind::List(items) if items.len() > 1);
                several && crate::link::last_name(facts, *base).is_some_and(|n| n == "Annotated")
            }
            ExprKind::Name(_) | ExprKind::Attr { .. } => false,
            // Written as text, or in a form that is not read.
            ExprKind::Binary { .. } | ExprKind::Null => false,
            _ => true,
        };
        if !joined {
            keys.push((name.clone(), program.site(class.module, facts.stmt(*stmt).span)));
        }
    }
    keys
}

/// The keys of the dictionaries that a function returns, its own or those of an `update=` in what it returns.
fn returned_keys(input: &Input, function: FunctionRef) -> Vec<(Name, Site)> {
    let program = input.effects.program;
    let facts = program.facts(function.module);
    let span = program.function(function).span;
    let nested = |offset: u32| {
        let inside = |f: &crate::facts::Function| span.contains(f.span) && f.span != span && f.span.start <= offset && offset < f.span.end;
        facts.functions.iter().enumerate().any(|(i, f)| FunctionId(i as u32) != function.function && inside(f))
    };
    let mut keys = Vec::new();
    for stmt in facts.stmts.iter().filter(|s| span.contains(s.span) && !nested(s.span.start)) {
        let StmtKind::Return(Some(value)) = &stmt.kind else { continue };
        let map: Option<ExprId> = match &facts.expr(*value).kind {
            ExprKind::Map(_) => Some(*value),
            ExprKind::Call { args, .. } => args.iter().find(|a| a.name.as_deref() == Some("update")).map(|a| a.value),
            _ => None,
        };
        let Some(ExprKind::Map(entries)) = map.map(|m| &facts.expr(m).kind) else { continue };
        for key in entries.iter().filter_map(|(k, _)| *k) {
            if let ExprKind::Str(name) = &facts.expr(key).kind {
                keys.push((name.clone(), program.site(function.module, facts.expr(key).span)));
            }
        }
    }
    keys
}
