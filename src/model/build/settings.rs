//! Settings of database servers and of what connects to them that bound every wait for a lock.
//!
//! They stand in SQL that alters roles and databases, in the commands that start servers, and in what code says to a server
//! or a driver when it connects: packs tell what bounds the statements of their connections. A `SET` of one session or
//! transaction is none of them: it is told where it is run.

use super::Input;
use crate::facts::{ExprId, ExprKind, NodeKind, StmtKind};
use crate::link::Kind;
use crate::model::{LockScope, Model, Waiting};
use std::collections::BTreeSet;

/// Settings of servers: of waits for locks, and of whole statements, which wait in them.
const NAMES: [&str; 2] = ["lock_timeout", "statement_timeout"];
/// What a statement begins with that changes a setting for good.
const LASTING: [&str; 4] = ["alter role ", "alter user ", "alter database ", "alter system "];

/// Waits for advisory locks are bounded where a setting of the server bounds them.
pub(super) fn bound_waits(input: &Input, model: &mut Model) {
    let waits = |t: &crate::model::Take, model: &Model| {
        let lock = &model.locks[t.lock];
        t.waiting == Waiting::Forever && lock.session && lock.scope == LockScope::Distributed && lock.api.contains("advisory")
    };
    if !model.takes.iter().any(|t| waits(t, model)) || !(in_scripts(input) || in_manifests(input) || in_code(input) || in_making(input)) {
        return;
    }
    let bounded: Vec<usize> = (0..model.takes.len()).filter(|t| waits(&model.takes[*t], model)).collect();
    for take in bounded {
        model.takes[take].waiting = Waiting::Limited(None);
    }
}

fn in_scripts(input: &Input) -> bool {
    input.scripts.iter().any(|(file, statements)| {
        let text = &input.files[file.index()].text;
        statements.iter().filter_map(|s| text.get(s.start..s.end)).any(|statement| {
            let lower = statement.trim_start().to_lowercase();
            LASTING.iter().any(|l| lower.starts_with(l)) && is_set(&lower)
        })
    })
}

/// `postgres -c lock_timeout=5s`, as one text or as words.
fn in_manifests(input: &Input) -> bool {
    input.manifests.iter().flat_map(|m| &m.document.nodes).any(|node| match &node.kind {
        NodeKind::Scalar(text) => (NAMES.iter().any(|name| text.starts_with(name)) || text.contains("-c ")) && is_set(text),
        _ => false,
    })
}

/// `options="-c lock_timeout=5000"`, `server_settings={"lock_timeout": "5000"}`.
fn in_code(input: &Input) -> bool {
    input.effects.program.modules.iter().any(|module| {
        module.facts.exprs.iter().any(|expr| match &expr.kind {
            ExprKind::Str(text) => text.contains("-c ") && is_set(text),
            ExprKind::Map(entries) => entries.iter().any(|(key, value)| {
                let named =
                    key.is_some_and(|k| matches!(&module.facts.expr(k).kind, ExprKind::Str(name) if NAMES.contains(&name.as_str())));
                named && !matches!(&module.facts.expr(*value).kind, ExprKind::Str(text) if text.trim_matches('0').is_empty())
            }),
            _ => false,
        })
    })
}

/// `create_async_engine(url, connect_args={"command_timeout": 30})`, and what a function beside it puts into its arguments.
fn in_making(input: &Input) -> bool {
    let program = input.effects.program;
    let known: BTreeSet<&str> = program.knowledge.settings_of_waits().collect();
    (0..program.modules.len() as u32).filter(|module| !program.is_aside(*module)).any(|module| {
        let facts = program.facts(module);
        let settings = settings_named(input, module, &known);
        !settings.is_empty()
            && facts.exprs.iter().enumerate().any(|(at, expr)| {
                let ExprKind::Call { callee, .. } = &expr.kind else { return false };
                let Kind::External(name) = program.infer(program.enclosing(module, ExprId(at as u32)), *callee) else { return false };
                let made = program.knowledge.made_by(program.language(module), &name);
                let bounds = made.map(|ty| &program.knowledge.type_def(ty).waits_bounded_with);
                bounds.is_some_and(|bounds| bounds.iter().any(|bound| settings.contains(&bound.as_str())))
            })
    })
}

/// Those of some settings that a module gives a value to, other than none and zero: in a mapping, or as an argument of a call.
fn settings_named<'n>(input: &Input, module: u32, known: &BTreeSet<&'n str>) -> Vec<&'n str> {
    let program = input.effects.program;
    let facts = program.facts(module);
    let key = |expr: ExprId| match &facts.expr(expr).kind {
        ExprKind::Str(name) => known.get(name.as_str()).copied(),
        _ => None,
    };
    let mut named: Vec<(&str, ExprId)> = Vec::new();
    for expr in &facts.exprs {
        match &expr.kind {
            ExprKind::Map(entries) => named.extend(entries.iter().filter_map(|(k, value)| Some((key((*k)?)?, *value)))),
            ExprKind::Call { args, .. } => {
                named.extend(args.iter().filter_map(|a| Some((known.get(a.name.as_ref()?.as_str()).copied()?, a.value))));
            }
            _ => {}
        }
    }
    for stmt in &facts.stmts {
        let StmtKind::Assign { targets, value: Some(value), .. } = &stmt.kind else { continue };
        named.extend(targets.iter().filter_map(|target| match &facts.expr(*target).kind {
            ExprKind::Index { index, .. } => Some((key(*index)?, *value)),
            _ => None,
        }));
    }
    let limits = |value: ExprId| {
        let at = program.enclosing(module, value);
        // What a caller may give is worth what it is where nobody gives it.
        let default = match &facts.expr(value).kind {
            ExprKind::Name(name) => program.function(at).params.iter().find(|p| p.name == *name).and_then(|p| p.default),
            _ => None,
        };
        match program.infer(at, default.unwrap_or(value)) {
            Kind::Null | Kind::Int(0) => false,
            kind => kind.as_text().is_none_or(|text| !text.trim_matches('0').is_empty()),
        }
    };
    named.into_iter().filter(|(_, value)| limits(*value)).map(|(name, _)| name).collect()
}

/// Whether a text gives one of the settings a value other than none.
fn is_set(text: &str) -> bool {
    let places = NAMES.iter().flat_map(|name| text.match_indices(name).map(|(at, name)| (at, at + name.len())));
    places.into_iter().any(|(at, end)| {
        let own = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = text[end..].trim_start();
        let value = rest.strip_prefix('=').or_else(|| rest.strip_prefix("to ")).or_else(|| rest.strip_prefix("TO "));
        let value = value.map(|v| v.trim_start().trim_start_matches(['\'', '"']));
        own && value.is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit() && c != '0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_above_none() {
        for (text, set) in [
            ("alter role app set lock_timeout = '5s'", true),
            ("ALTER DATABASE shop SET lock_timeout TO 5000", true),
            ("postgres -c lock_timeout=2s", true),
            ("-c statement_timeout=30000", true),
            ("alter role app set lock_timeout = 0", false),
            ("alter role app set idle_lock_timeout = 5", false),
            ("alter role app reset lock_timeout", false),
        ] {
            assert_eq!(is_set(text), set, "{text}");
        }
    }
}
