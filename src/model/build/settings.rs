//! Settings of database servers that bound every wait for a lock of theirs.
//!
//! They stand in SQL that alters roles and databases, in the commands that start servers, and in what code says to a server
//! when it connects. A `SET` of one session or transaction is none of them: it is told where it is run.

use super::Input;
use crate::facts::{ExprKind, NodeKind};
use crate::model::{LockScope, Model, Waiting};

/// The setting.
const NAME: &str = "lock_timeout";
/// What a statement begins with that changes a setting for good.
const LASTING: [&str; 4] = ["alter role ", "alter user ", "alter database ", "alter system "];

/// Waits for advisory locks are bounded where a setting of the server bounds them.
pub(super) fn bound_waits(input: &Input, model: &mut Model) {
    let waits = |t: &crate::model::Take, model: &Model| {
        let lock = &model.locks[t.lock];
        t.waiting == Waiting::Forever && lock.session && lock.scope == LockScope::Distributed && lock.api.contains("advisory")
    };
    if !model.takes.iter().any(|t| waits(t, model)) || !(in_scripts(input) || in_manifests(input) || in_code(input)) {
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
        NodeKind::Scalar(text) => text.contains(NAME) && (text.starts_with(NAME) || text.contains("-c ")) && is_set(text),
        _ => false,
    })
}

/// `options="-c lock_timeout=5000"`, `server_settings={"lock_timeout": "5000"}`.
fn in_code(input: &Input) -> bool {
    input.effects.program.modules.iter().any(|module| {
        module.facts.exprs.iter().any(|expr| match &expr.kind {
            ExprKind::Str(text) => text.contains("-c ") && is_set(text),
            ExprKind::Map(entries) => entries.iter().any(|(key, value)| {
                let named = key.is_some_and(|k| matches!(&module.facts.expr(k).kind, ExprKind::Str(name) if name == NAME));
                named && !matches!(&module.facts.expr(*value).kind, ExprKind::Str(text) if text.trim_matches('0').is_empty())
            }),
            _ => false,
        })
    })
}

/// Whether a text gives the setting a value other than none.
fn is_set(text: &str) -> bool {
    text.match_indices(NAME).any(|(at, _)| {
        let own = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = text[at + NAME.len()..].trim_start();
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
            ("alter role app set lock_timeout = 0", false),
            ("alter role app set idle_lock_timeout = 5", false),
            ("alter role app reset lock_timeout", false),
        ] {
            assert_eq!(is_set(text), set, "{text}");
        }
    }
}
