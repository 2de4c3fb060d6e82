//! Agents and tasks that manifests declare.

use super::{Collector, DraftActor};
use crate::facts::{Document, NodeId};
use crate::knowledge::RowId;
use crate::knowledge::vocabulary::{ActorKind, Declares, DocumentRow, Effect};
use crate::model::build::systems;
use crate::source::{Site, Span};

impl Collector<'_, '_, '_, '_> {
    /// Agents and tasks of manifests.
    pub(super) fn documents(&mut self) {
        let mut tasks: Vec<Task> = Vec::new();
        let knowledge = self.input.effects.program.knowledge;
        for row in knowledge.documents() {
            let (files, not_files) = (systems::globs(&row.files), systems::globs(&row.not_files));
            for manifest in self.input.manifests {
                if !files.is_match(&manifest.path) || not_files.is_match(&manifest.path) {
                    continue;
                }
                for found in systems::select(&manifest.document, &row.path) {
                    let document = &manifest.document;
                    let has = |key: &str| systems::below(document, found.node, key).is_some();
                    if !row.requires.iter().all(|k| has(k)) {
                        continue;
                    }
                    let site = Site { file: manifest.file, span: found.span };
                    let text = |key: &str| systems::below(document, found.node, key).and_then(|n| document.text(n)).map(str::to_string);
                    let name = row.named.iter().find_map(|k| text(k)).or_else(|| found.key.clone());
                    let name = name.unwrap_or_else(|| stem(&manifest.path).to_string());
                    if self.input.effects.records() && matches!(row.declares, Declares::Agent | Declares::Task) {
                        self.input.effects.record(RowId::of(row), site, described(row, document, &found, &name));
                    }
                    match row.declares {
                        Declares::Agent => self.manifest_agent(&name, row, document, &found, site),
                        Declares::Task => {
                            let all = row.prompts.iter().flat_map(|key| texts(document, found.node, key));
                            let prompts = all.map(|(text, span)| (text.to_string(), Site { file: manifest.file, span })).collect();
                            let agent = row.agent.as_deref().and_then(text);
                            tasks.push(Task { name, agent, prompts });
                        }
                        _ => {}
                    }
                }
            }
        }
        // Agents may be declared after the tasks that they do.
        for task in tasks {
            let agent = task.agent.and_then(|name| self.agent_named(&name));
            self.draft.prompts.extend(task.prompts.into_iter().map(|(text, site)| (agent, task.name.clone(), text, site)));
        }
    }

    /// The agent of this name.
    fn agent_named(&self, name: &str) -> Option<usize> {
        self.draft.actors.iter().position(|a| a.kind == ActorKind::Agent && (a.name == name || a.aliases.iter().any(|x| x == name)))
    }

    fn manifest_agent(&mut self, name: &str, row: &DocumentRow, document: &Document, found: &systems::Selected, site: Site) {
        if self.is_left_over(name, site) {
            return;
        }
        let existing = self.agent_named(name);
        let index = existing.unwrap_or_else(|| {
            let framework = row.framework.clone().unwrap_or_default();
            self.draft.actors.push(DraftActor::new(name, ActorKind::Agent, framework, site));
            self.draft.actors.len() - 1
        });
        if existing.is_some() && self.draft.actors[index].name != name {
            let before = std::mem::replace(&mut self.draft.actors[index].name, name.to_string());
            self.draft.actors[index].aliases.push(before);
        }
        for key in &row.prompts {
            for (text, span) in texts(document, found.node, key) {
                let at = Site { file: site.file, span };
                if key == "role" {
                    self.draft.actors[index].aliases.push(text.trim().to_string());
                }
                self.draft.prompts.push((Some(index), name.to_string(), text.to_string(), at));
            }
        }
    }

    /// A section that no code takes, beside code that takes other sections of its file by their keys.
    fn is_left_over(&self, name: &str, site: Site) -> bool {
        let program = self.input.effects.program;
        let folder = systems::folder_of(&self.input.files[site.file.index()].path);
        // `config/agents.yaml` lies in a folder of the package that reads it.
        let package = systems::folder_of(folder.trim_end_matches('/'));
        let near = self.declared.iter().filter(|d| {
            let by_manifest = d.declaration.effect == Effect::Actor && d.declaration.by_manifest && d.declaration.config.is_some();
            by_manifest && program.modules[d.function.module as usize].path.starts_with(package)
        });
        let keys: Vec<Option<String>> = near.map(|d| d.declaration.config.as_ref().and_then(Self::text)).collect();
        !keys.is_empty() && keys.iter().all(|k| k.as_ref().is_some_and(|k| k != name))
    }
}

/// A task of a manifest: who does it, and the texts that tell how.
struct Task {
    name: String,
    agent: Option<String>,
    prompts: Vec<(String, Site)>,
}

/// An agent or task in words, as uses of rows are recorded.
fn described(row: &DocumentRow, document: &Document, found: &systems::Selected, name: &str) -> String {
    let what = if row.declares == Declares::Agent { "agent" } else { "task" };
    let there = |key: &&str| systems::below(document, found.node, key).is_some();
    let prompts: Vec<&str> = row.prompts.iter().map(String::as_str).filter(there).collect();
    let agent = row.agent.as_deref().and_then(|key| document.text(systems::below(document, found.node, key)?));
    let prompts = (!prompts.is_empty()).then(|| format!(" prompts={}", prompts.join(",")));
    let agent = agent.map(|agent| format!(" agent={agent}"));
    format!("{what} {name}{}{}", prompts.unwrap_or_default(), agent.unwrap_or_default())
}

/// The texts under a key: one, or those of a list.
fn texts<'d>(document: &'d Document, node: NodeId, key: &str) -> Vec<(&'d str, Span)> {
    let Some(found) = systems::below(document, node, key) else { return Vec::new() };
    let all = std::iter::once(&found).chain(document.items(found));
    all.filter_map(|n| document.text(*n).map(|t| (t, document.node(*n).span))).collect()
}

/// A file's name without its extension.
fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}
