//! Files that agents are told to write by their prompts.
//!
//! An agent that is a document and no code acts by what its prompt tells it. Two that are told to write one file meet in it
//! where a document tells that agents are run in parallel. A sentence counts that orders: a verb of writing, then a file; where
//! anything is to be made up (`report-<date>.md`), each has a file of its own.

use super::join;
use crate::model::{Access, Actor, ActorId, ActorKind, Concurrency, Mode, Model, Orchestrator, Resource, Told};
use crate::source::Site;
use std::collections::BTreeMap;

/// Verbs that order to write.
const ORDERS: [&str; 11] = ["add", "append", "write", "update", "edit", "record", "log", "save", "mark", "insert", "modify"];
/// Words that turn what follows in a sentence into its opposite.
const NOT: [&str; 5] = ["not", "never", "don't", "without", "avoid"];
/// Words behind which no order goes on.
const ENDS: [&str; 3] = ["if", "read", "example"];
/// Endings of files that agents keep state in.
const ENDINGS: [&str; 7] = [".md", ".json", ".jsonl", ".yaml", ".yml", ".txt", ".csv"];
/// Words that order to run several at once, and what runs.
const SPAWNS: [&str; 6] = ["spawn", "launch", "dispatch", "start", "run", "invoke"];
const PARALLEL: [&str; 4] = ["parallel", "simultaneously", "concurrently", "at the same time"];
const RUNNING: [&str; 4] = ["agent", "reviewer", "worker", "subagent"];
/// How many words may stand between the verb and the file.
const NEAR: usize = 10;

/// Collect them; each becomes a resource that the agents write.
pub(super) fn collect(model: &mut Model) {
    let Some(parallel) = model.prompts.iter().filter(|p| runs_several(&p.text)).map(|p| p.site).min() else { return };
    let mut files: BTreeMap<(u32, String), Vec<(ActorId, Site)>> = BTreeMap::new();
    for prompt in &model.prompts {
        let Some(actor) = prompt.actor.filter(|a| is_document(model.actor(*a))) else { continue };
        for file in written(&prompt.text) {
            let told = files.entry((model.actor(actor).system, file)).or_default();
            if told.iter().all(|(a, _)| *a != actor) {
                told.push((actor, prompt.site));
            }
        }
    }
    for ((system, file), mut told) in files.into_iter().filter(|(_, told)| told.len() > 1) {
        told.sort_by_key(|(actor, site)| (*site, *actor));
        let actors: Vec<ActorId> = told.iter().map(|(a, _)| *a).collect();
        beside_one_another(model, &actors, parallel);
        if model.orchestrators.iter().all(|o| o.system != system) {
            model.orchestrators.push(Orchestrator { pattern: "supervising session".into(), site: parallel, system });
        }
        let resource = resource(model, system, &file);
        for (actor, site) in &told {
            join(&mut resource.writers, *actor);
            resource.accesses.push(access(*actor, *site));
        }
        model.told.push(Told { file, sites: told.iter().map(|(_, site)| *site).collect(), actors, parallel });
    }
}

/// Whether an agent is nothing but a document.
fn is_document(actor: &Actor) -> bool {
    actor.kind == ActorKind::Agent && actor.entry_points.is_empty()
}

fn runs_several(text: &str) -> bool {
    text.to_lowercase().lines().any(|line| [&SPAWNS[..], &PARALLEL, &RUNNING].iter().all(|words| words.iter().any(|w| line.contains(w))))
}

/// The names of files that a text orders to write.
fn written(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut since_order: Option<usize> = None;
        let mut negated = false;
        for word in line.split_whitespace() {
            let plain = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            negated |= NOT.contains(&plain.as_str());
            if negated || ENDS.contains(&plain.as_str()) {
                since_order = None;
            } else if ORDERS.contains(&plain.as_str()) {
                since_order = Some(0);
            } else {
                let near = since_order.is_some_and(|n| n < NEAR);
                since_order = since_order.map(|n| n + 1);
                found.extend(file(word).filter(|file| near && !found.contains(file)));
            }
            if word.ends_with(['.', ';', '!', '?']) {
                (since_order, negated) = (None, false);
            }
        }
    }
    found
}

/// The name of the file that a word is, where nothing in it is to be filled in.
fn file(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| matches!(c, '`' | '"' | '\'' | '(' | ')' | ',' | ';' | ':' | '.' | '*' | '[' | ']' | '!' | '?'));
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '~');
    let named = ENDINGS.iter().any(|e| word.ends_with(e) && word.len() > e.len());
    let filled = ["yyyy", "xxx", "nnn"].iter().any(|w| word.to_lowercase().contains(w));
    let name = word.rsplit('/').next()?;
    (named && word.chars().all(plain) && !filled && !name.starts_with('.')).then(|| name.to_string())
}

fn beside_one_another(model: &mut Model, actors: &[ActorId], site: Site) {
    for (index, a) in actors.iter().enumerate() {
        for b in &actors[index + 1..] {
            let (a, b) = (*a.min(b), *a.max(b));
            if model.beside.insert((a, b), false).is_none() {
                model.concurrency.push(Concurrency { a, b, why: "they are told to run in parallel".into(), site, presumed: false });
            }
        }
    }
}

fn resource<'m>(model: &'m mut Model, system: u32, file: &str) -> &'m mut Resource {
    let id = format!("file:{file}");
    let at = model.resources.iter().position(|r| r.system == system && r.id == id).unwrap_or_else(|| {
        model.resources.push(Resource {
            id,
            name: file.to_string(),
            store: "file".into(),
            kind: "file".into(),
            system,
            shared: true,
            readers: Vec::new(),
            writers: Vec::new(),
            accesses: Vec::new(),
            policy: None,
        });
        model.resources.len() - 1
    });
    model.resources[at].shared = true;
    &mut model.resources[at]
}

fn access(actor: ActorId, site: Site) -> Access {
    Access {
        actor,
        mode: Mode::Write,
        operation: "update",
        site,
        function: "<module>".into(),
        api: "prompt".into(),
        idempotent: true,
        atomic: false,
        guards: Vec::new(),
        path: Vec::new(),
        verb: "is told to write".into(),
        retry: None,
        retry_distance: 0,
        retry_explicit: false,
        fresh_key: false,
        conditional: false,
        exclusive: false,
        presence: false,
        polling: None,
        unique: None,
        handled: false,
        money: false,
        inferred: 1,
        decided: false,
        makes_missing: false,
        settled: false,
        in_transaction: false,
        admitted: false,
        renews: false,
        rolled_back: false,
        batch: false,
        looped: None,
        unordered: false,
        locks_rows: false,
        process_guard: None,
        in_one_turn: false,
    }
}

#[cfg(test)]
mod tests {
    use super::{runs_several, written};

    #[test]
    fn an_order_names_the_file() {
        assert_eq!(written("Add your review to ACTIVE.md in the section"), ["ACTIVE.md"]);
        assert_eq!(written("- **Update** `docs/state/board.json` when you are done."), ["board.json"]);
        assert_eq!(written("Read `ACTIVE.md` first. See README.md, then write the code."), Vec::<String>::new());
        assert_eq!(written("Do not edit ACTIVE.md; write report-<date>.md"), Vec::<String>::new());
        assert_eq!(written("Save to notes-YYYYMMDD.md"), Vec::<String>::new());
    }

    #[test]
    fn several_run_where_a_text_says_so() {
        assert!(runs_several("Spawn both agents in parallel"));
        assert!(!runs_several("Run the tests in parallel"));
        assert!(!runs_several("The agents work.\nRun the tests in parallel"));
    }
}
