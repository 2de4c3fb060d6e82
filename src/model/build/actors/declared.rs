//! What code declares: each declaration once, by who knows most of it, and what its actor is called.

use super::{Collector, Declared};
use crate::effects::{Declaration, What};
use crate::facts::Name;
use crate::knowledge::vocabulary::{ActorKind, Effect};
use crate::link::Kind;
use crate::source::Site;
use rustc_hash::FxHashMap;

impl Collector<'_, '_, '_, '_> {
    pub(super) fn declarations(&mut self) {
        let program = self.input.effects.program;
        let mut all: Vec<Declared> = Vec::new();
        for function in self.input.effects.telling().iter().copied() {
            if program.function(function).name == "<lambda>" {
                continue;
            }
            let summary = self.input.effects.summary(function, None);
            for item in &summary.items {
                if let What::Declare(declaration) = &*item.what {
                    all.push(Declared {
                        site: item.site,
                        function: item.function,
                        declaration: declaration.clone(),
                        contexts: item.contexts.clone(),
                    });
                }
            }
        }
        // A factory's declaration, seen from its callers, knows more than seen from the factory.
        let mut best: Vec<Declared> = Vec::new();
        let mut seen: FxHashMap<(Site, Effect), Vec<usize>> = FxHashMap::default();
        for declared in all {
            let key = (declared.site, declared.declaration.effect);
            let known = seen.entry(key).or_default();
            let open = is_open(&declared.declaration);
            if matches!(declared.declaration.effect, Effect::Run | Effect::Spawn) {
                known.push(best.len());
                best.push(declared);
                continue;
            }
            if let Some(at) = known.iter().find(|i| is_open(&best[**i].declaration)).copied() {
                if !open {
                    best[at] = declared;
                }
                continue;
            }
            if open && !known.is_empty() {
                continue;
            }
            let same = known.iter().any(|i| {
                let known = &best[*i].declaration;
                known.names == declared.declaration.names
                    && known.config == declared.declaration.config
                    && (known.effect != Effect::Tool || known.subject == declared.declaration.subject)
            });
            if !same {
                known.push(best.len());
                best.push(declared);
            }
        }
        best.sort_by_key(|d| (d.site, d.declaration.effect as u8));
        self.declared = best;
    }

    pub(super) fn text(kind: &Kind) -> Option<String> {
        match kind {
            Kind::Text(template) if template.has_text() => Some(template.pattern()),
            Kind::OneOf(kinds) => kinds.iter().find_map(Self::text),
            // What it is built from is called so: `WorkerBuilder::new("packing")`.
            Kind::Library(value) => value.identity.as_ref().filter(|t| t.has_text() && !t.is_open()).map(|t| t.pattern()),
            _ => None,
        }
    }

    /// What a value names an actor: its text, or what the function is called that it runs.
    fn named_by(&self, kind: &Kind, entries: &[Kind]) -> Option<String> {
        match kind {
            Kind::Function(named) => {
                let runs = |entry: &Kind| matches!(entry, Kind::Function(f) if f.function == named.function);
                let name = &self.input.effects.program.function(named.function).name;
                (entries.iter().any(runs) && name != "<lambda>").then(|| name.to_string())
            }
            kind => Self::text(kind),
        }
    }

    pub(super) fn name_of(&self, declared: &Declared) -> (String, Vec<String>) {
        let program = self.input.effects.program;
        let declaration = &declared.declaration;
        let mut names: Vec<String> = Vec::new();
        names.extend(declaration.config.as_ref().and_then(Self::text));
        let named = declaration.names.iter().filter_map(|kind| self.named_by(kind, &declaration.entries));
        let explicit: Vec<String> = named.filter(|n| n.len() <= 120).collect();
        let role_only = declaration.by_manifest && declaration.actor == Some(ActorKind::Agent);
        if !role_only {
            names.extend(explicit.iter().cloned());
        }
        let within = declaration.within.map(|f| program.function(f).name.to_string()).filter(|n| !n.starts_with("__") && n != "<lambda>");
        if role_only {
            names.extend(within.clone().filter(|_| {
                declaration.within.is_some_and(|f| program.function(f).class.is_some() && program.function(f).decorators.len() == 1)
            }));
        }
        names.extend(declaration.target.as_ref().map(Name::to_string));
        if let Kind::Object(object) = &declaration.subject {
            names.push(program.class(object.class).name.to_string());
        }
        names.extend(within);
        names.extend(explicit);
        let name = names.first().cloned().unwrap_or_else(|| "agent".into());
        names.retain(|n| *n != name);
        names.dedup();
        (name, names)
    }
}

fn is_open(declaration: &Declaration) -> bool {
    let open = |k: &Kind| {
        matches!(k, Kind::Parameter(_) | Kind::ParameterMember(_) | Kind::Field(_) | Kind::Captured(_))
            || matches!(k, Kind::Text(t) if t.is_open())
    };
    declaration.names.iter().any(open)
        || declaration.config.as_ref().is_some_and(open)
        || declaration.entries.iter().any(open)
        || open(&declaration.subject)
}
