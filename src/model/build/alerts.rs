//! Alerts on lock waits: rules in documents, and code that tells a person where a lock is waited for.
//!
//! A rule is what it watches and not what it is called: a metric that the code emits, or that an exporter of a database is
//! known to provide, and that is about waiting for locks. After how long a wait it fires is read from the value it compares
//! with, or from how long its condition must hold where it counts waits.

use super::systems::{globs, select_below};
use super::{Doing, Input};
use crate::effects::{Item, Sorts, What};
use crate::facts::{Document, ExprId, ExprKind, FileFacts, NodeId, StmtKind};
use crate::knowledge::RowId;
use crate::knowledge::vocabulary::{Declares, Effect};
use crate::link::Program;
use crate::model::{Control, ControlKind, Model, Waiting};
use crate::source::Site;

/// Words of a metric's name that say it is about locks.
const LOCKS: [&str; 12] =
    ["lock", "locks", "lease", "leases", "mutex", "mutexes", "semaphore", "deadlock", "deadlocks", "contention", "claim", "claims"];
/// Words that say it is about waiting for them.
const WAITS: [&str; 22] = [
    "wait",
    "waits",
    "waiting",
    "waited",
    "waiters",
    "acquire",
    "acquisition",
    "contention",
    "contended",
    "blocked",
    "timeout",
    "timeouts",
    "denied",
    "refused",
    "rejected",
    "conflict",
    "conflicts",
    "deadlock",
    "deadlocks",
    "latency",
    "duration",
    "seconds",
];
/// What the series are called, after the metric, as which histograms and counters are stored.
const SERIES: [&str; 11] =
    ["_bucket", "_sum", "_count", "_total", "_avg", "_min", "_max", "_median", "_95percentile", "_99percentile", "_75percentile"];
/// Words that say it is about holding them.
const HELD: [&str; 3] = ["held", "hold", "holding"];

/// Alert rules of documents.
pub(super) fn rules(input: &Input, emitted: &[String], model: &mut Model) {
    let knowledge = input.effects.program.knowledge;
    for row in knowledge.documents().filter(|r| r.declares == Declares::Alert) {
        let files = globs(&row.files);
        for manifest in input.manifests.iter().filter(|m| files.is_match(&m.path)) {
            let document = &manifest.document;
            let Some(root) = document.root else { continue };
            for found in select_below(document, root, &row.path) {
                let first = |key: &str| texts(document, found.node, key).into_iter().next();
                if !row.requires.iter().all(|k| !select_below(document, found.node, k).is_empty()) {
                    continue;
                }
                let expression = row.expression.as_deref().map(|k| texts(document, found.node, k).join(" ")).unwrap_or_default();
                let name = row.named.iter().find_map(|k| first(k)).unwrap_or_default();
                let compared = row.threshold.as_deref().and_then(first).and_then(|t| t.parse().ok()).or_else(|| compared(&expression));
                let lasts = row.lasts.as_deref().and_then(first).and_then(|t| duration(&t));
                let site = Site { file: manifest.file, span: found.span };
                if input.effects.records() {
                    let shown = |word: &str, number: Option<f64>| number.map(|n| format!(" {word}={n}")).unwrap_or_default();
                    let (above, lasts) = (shown("above", compared), shown("for", lasts));
                    input.effects.record(RowId::of(row), site, format!("alert {name} expression={expression}{above}{lasts}"));
                }
                let Some(metric) = watched(input, emitted, &expression) else { continue };
                let mut control = Control::new(ControlKind::Alert, Vec::new(), site, format!("alert {name} watches {metric}"));
                control.threshold = match unit(&metric) {
                    Some(unit) => compared.map(|n| n * unit),
                    None => lasts,
                };
                model.controls.push(control);
            }
        }
    }
}

/// Texts below a node.
fn texts(document: &Document, node: NodeId, path: &str) -> Vec<String> {
    select_below(document, node, path).iter().filter_map(|found| document.text(found.node)).map(str::to_string).collect()
}

/// The metric about lock waits that an expression watches.
fn watched(input: &Input, emitted: &[String], expression: &str) -> Option<String> {
    if let Some(metric) = emitted.iter().find(|m| about_lock_waits(m) && watches(expression, m)) {
        return Some(metric.clone());
    }
    let exported = input.effects.program.knowledge.exported();
    let mut known = exported.filter(|e| e.with.iter().all(|w| expression.contains(w.as_str()))).flat_map(|e| &e.name);
    known.find(|name| watches(expression, name)).cloned()
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).filter(|w| !w.is_empty())
}

/// Whether a name is about locks.
pub(super) fn about_locks(text: &str) -> bool {
    words(text).any(|w| LOCKS.contains(&w.as_str()))
}

/// Whether a metric's name is about waiting for locks.
fn about_lock_waits(text: &str) -> bool {
    let has = |list: &[&str]| words(text).any(|w| list.contains(&w.as_str()));
    about_locks(text) && has(&WAITS) && !has(&HELD)
}

/// Whether an expression names a metric, or one of the series that a histogram or counter of that name is stored as.
fn watches(expression: &str, metric: &str) -> bool {
    let metric = metric.replace('.', "_");
    expression
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.'))
        .map(|word| word.replace('.', "_"))
        .any(|word| word.strip_prefix(&metric).is_some_and(|rest| rest.is_empty() || SERIES.contains(&rest)))
}

/// How many seconds one of what a metric measures is; `None` where it counts.
fn unit(metric: &str) -> Option<f64> {
    words(metric).find_map(|w| match w.as_str() {
        "seconds" | "sec" | "secs" | "duration" | "latency" => Some(1.0),
        "ms" | "millis" | "milliseconds" => Some(0.001),
        _ => None,
    })
}

/// The number that an expression compares with: `> 60`, `>= 2 * 30`.
fn compared(expression: &str) -> Option<f64> {
    let (_, right) = expression.rsplit_once('>')?;
    let product = right.trim_start_matches('=').split('*').map(|n| n.trim().parse::<f64>());
    product.reduce(|a, b| Ok(a? * b?))?.ok()
}

/// `90s`, `5m`, `1h30m` in seconds.
fn duration(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut number = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_digit() || c == '.' {
            number.push(c);
            continue;
        }
        let unit = match c {
            's' => 1.0,
            'm' => 60.0,
            'h' => 3600.0,
            'd' => 86400.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit;
        number.clear();
    }
    (number.is_empty() && total > 0.0).then_some(total)
}

/// Code that tells a person: it counts where a lock is waited for, or where what it tells is about locks.
pub(super) fn in_code(input: &Input, doing: &Doing, item: &Item, name: &str, api: &str, model: &mut Model) {
    let function = input.effects.program.qualified(item.function);
    let takes: Vec<_> = model.takes.iter().filter(|t| t.site.file == item.site.file && t.function == function).collect();
    if takes.is_empty() && !about_locks(name) {
        return;
    }
    let limits = takes.iter().filter_map(|t| match t.waiting {
        Waiting::Limited(seconds) => seconds,
        _ => None,
    });
    // It fires when what is compared around it is exceeded, else when the wait is given up.
    let threshold = asked(input.effects.program, item).or_else(|| limits.reduce(f64::min));
    let mut control = Control::new(ControlKind::Alert, vec![doing.actor], item.site, format!("{api} on the waiting path"));
    control.threshold = threshold;
    model.controls.push(control);
}

/// The number that the innermost condition around an item compares with.
fn asked(program: &Program, item: &Item) -> Option<f64> {
    let facts = program.facts(item.function.module);
    let around = facts.stmts.iter().filter(|s| s.span.contains(item.site.span));
    let mut conditions: Vec<(u32, ExprId)> = around
        .filter_map(|s| match &s.kind {
            StmtKind::Branch { cond, .. } => Some((s.span.end - s.span.start, *cond)),
            _ => None,
        })
        .collect();
    conditions.sort();
    conditions.iter().find_map(|(_, test)| compares(program, item, facts, *test))
}

fn compares(program: &Program, item: &Item, facts: &FileFacts, test: ExprId) -> Option<f64> {
    let mut pending = vec![test];
    while let Some(expr) = pending.pop() {
        let kind = &facts.expr(expr).kind;
        if let ExprKind::Compare { left, rest } = kind {
            let sides = rest.iter().map(|(_, e)| *e).chain([*left]);
            let number = sides.into_iter().find_map(|e| program.infer(item.function, e).number()).filter(|n| *n > 0.0);
            if number.is_some() {
                return number;
            }
        }
        pending.extend(kind.children());
    }
    None
}

/// Names of the metrics that actors record.
pub(super) fn emitted(doings: &[Doing]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for doing in doings {
        for told in doing.each(Sorts::CONTROL) {
            if let What::Control { effect: Effect::Observe | Effect::Metric, name: Some(name), .. } = told.what() {
                names.extend(name.constant().map(str::to_string));
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_about_lock_waits_by_their_words() {
        for (name, about) in [
            ("lock_wait_seconds", true),
            ("app.lease.acquire.duration", true),
            ("db_deadlocks_total", true),
            ("lock_held_seconds", false),
            ("clock_skew_seconds", false),
            ("block_seconds", false),
            ("locks_total", false),
            ("http_wait_seconds", false),
        ] {
            assert_eq!(about_lock_waits(name), about, "{name}");
        }
    }

    #[test]
    fn an_expression_watches_a_metric_and_its_series() {
        assert!(watches("rate(lock_wait_seconds_bucket{le=\"1\"}[5m]) > 3", "lock_wait_seconds"));
        assert!(watches("avg(last_5m):avg:app.lock.wait{*} > 60", "app.lock.wait"));
        assert!(!watches("rate(lock_wait_seconds_of_others[5m]) > 3", "lock_wait_seconds"));
        assert!(!watches("other > 3", "lock_wait_seconds"));
    }

    #[test]
    fn thresholds() {
        assert_eq!(compared("a > 60"), Some(60.0));
        assert_eq!(compared("a >= 2 * 30"), Some(60.0));
        assert_eq!(compared("a > b"), None);
        assert_eq!(compared("a"), None);
        assert_eq!((duration("90s"), duration("1h30m"), duration("x"), duration("5")), (Some(90.0), Some(5400.0), None, None));
        assert_eq!((unit("lock_wait_seconds"), unit("lock.wait.ms"), unit("lock_waits_total")), (Some(1.0), Some(0.001), None));
    }
}
