//! A text that tells a model to coordinate with others: models cannot implement mutual exclusion.

use super::rule::{Draft, Rule, Subject};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{ActorKind, Model, Prompt};

/// The rule.
pub static RULE: Rule = Rule {
    id: "prompt-mutex",
    row: "orchestrator",
    severity: Severity::Medium,
    advice: false,
    remedy: "coordinate in code, not in prompts",
    page: include_str!("prompt-mutex.md"),
    check,
};

/// Who else: others that act on the same thing.
const OTHERS: [&str; 14] = [
    "another agent",
    "other agent",
    "other agents",
    "someone else",
    "another worker",
    "other workers",
    "another process",
    "another instance",
    "anyone else",
    "other sessions",
    "another session",
    "other assistants",
    "nobody else",
    "no one else",
];
/// What they do to it.
const ACTS: [&str; 16] = [
    "writing",
    "editing",
    "modifying",
    "updating",
    "working on",
    "using",
    "is not locked",
    "holds the lock",
    "has the lock",
    "claimed",
    "in progress",
    "touching",
    "finished",
    "done",
    "has it open",
    "have it open",
];
/// What one that is named does while it is at it.
const AT_WORK: [&str; 8] = ["editing", "writing", "modifying", "updating", "changing", "touching", "working on", "has it open"];
/// What says that its work is over.
const OVER: [&str; 3] = ["finished", "done", "completed"];
/// What comes before whoever may be at it.
const WHILE: [&str; 7] = ["whether", "while", "if", "until", "unless", "when", "as long as"];
/// What the model is told to do meanwhile.
const STAY_AWAY: [&str; 8] = ["wait", "do not", "don't", "never", "must not", "hold off", "stay away", "avoid"];
/// How a sentence begins that says what follows from the one before it.
const THEN: [&str; 6] = ["if so", "if it is", "if they are", "if yes", "in that case", "then"];
/// How many words may stand between one that is named and what it does.
const NEAR: usize = 3;
/// What the model is told to do about it.
const ORDERS: [&str; 18] = [
    "check",
    "look whether",
    "see whether",
    "make sure",
    "ensure",
    "wait",
    "do not edit",
    "don't edit",
    "do not modify",
    "don't modify",
    "do not write",
    "don't write",
    "never edit",
    "avoid",
    "verify",
    "before you",
    "before writing",
    "before editing",
];
/// Locks that the model itself is to take.
const LOCKS: [&str; 10] = [
    "acquire the lock",
    "acquire a lock",
    "take the lock",
    "release the lock",
    "wait for the lock",
    "check the lock",
    "check if the lock",
    "lock the file before",
    "obtain the lock",
    "hold the lock",
];

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for prompt in &model.prompts {
        let text = unwrapped(&prompt.text).to_lowercase();
        let sentences: Vec<&str> = text.split(['.', '!', ';', '\n']).collect();
        let told = sentences.iter().enumerate().any(|(at, sentence)| {
            let has = |words: &[&str]| words.iter().any(|w| sentence.contains(w));
            let next = sentences.get(at + 1).map_or("", |next| next.trim_start());
            has(&LOCKS)
                || has(&OTHERS) && has(&ACTS) && has(&ORDERS)
                || stays_away(sentence, next) && names_another(model, prompt, sentence)
        });
        if !told || found.iter().any(|f| f.site == prompt.site) {
            continue;
        }
        let who = prompt.actor.map_or_else(|| prompt.name.clone(), |a| model.actor(a).name.clone());
        let mut finding = Draft {
            rule,
            message: format!("Agent \"{who}\" is told to coordinate by its prompt"),
            actors: prompt.actor.into_iter().collect(),
            resource: None,
            function: "<module>".into(),
            site: prompt.site,
            help: "Take the lock in the tool's code; a model cannot implement mutual exclusion by reasoning".into(),
        }
        .finish(model);
        finding.confidence = if prompt.actor.is_some() { Confidence::High } else { Confidence::Medium };
        found.push(finding);
    }
    found
}

/// A text without the breaks within its sentences: a line that begins with a small letter goes on with the one before it.
fn unwrapped(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for line in text.lines().map(str::trim) {
        let goes_on = line.starts_with(|c: char| c.is_lowercase());
        whole.push(if goes_on { ' ' } else { '\n' });
        whole.push_str(line);
    }
    whole
}

/// Whether a sentence, or the next one where it says what follows, tells to keep off.
fn stays_away(sentence: &str, next: &str) -> bool {
    let told = |text: &str| STAY_AWAY.iter().any(|w| text.contains(w));
    told(sentence) || THEN.iter().any(|w| next.starts_with(w)) && told(next)
}

/// Whether a sentence speaks of another agent of the project that may be at work: "whether the fact checker is still editing".
fn names_another(model: &Model, prompt: &Prompt, sentence: &str) -> bool {
    let words: Vec<&str> = sentence.split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|w| !w.is_empty()).collect();
    let others = model.actors.iter().enumerate().filter(|(at, actor)| {
        actor.kind == ActorKind::Agent && prompt.actor.is_none_or(|own| own.0 as usize != *at) && actor.name != prompt.name
    });
    let mut names = others.flat_map(|(_, actor)| std::iter::once(&actor.name).chain(&actor.aliases));
    names.any(|name| {
        let name = name.to_lowercase();
        let name: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
        !name.is_empty() && (0..words.len()).any(|at| words[at..].starts_with(&name) && is_at_work(&words, at, at + name.len()))
    })
}

/// Whether the words before a name ask whether, and those after it say that it is at work.
fn is_at_work(words: &[&str], from: usize, to: usize) -> bool {
    let before = words[from.saturating_sub(NEAR)..from].join(" ");
    let after = words[to..words.len().min(to + NEAR + 2)].join(" ");
    let asks = WHILE.iter().any(|w| format!(" {before} ").contains(&format!(" {w} ")));
    // Waiting for a result that one who comes before hands over is order, not exclusion.
    asks && AT_WORK.iter().any(|w| after.contains(w)) && !OVER.iter().any(|w| after.contains(w))
}
