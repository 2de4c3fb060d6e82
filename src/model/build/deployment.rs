//! What is deployed: process images, how many of each run, and which modules of the project they start.
//!
//! Read from what packs say of documents: compose files, manifests of clusters, Procfiles, unit files, workflows. A unit is
//! as good as its command: where none resolves to a module of the project it hosts nobody, and nothing follows from it.
//! Units meet only those of their own group (one file, or one folder of manifests), since a repository describes one
//! program in several ways that never run together.

use super::Input;
use super::actors::is_aside;
use super::commands::{At, Commands, Start, Way, given, number, start};
use super::systems::{below, folder_of, globs, select};
use crate::facts::{Document, ExprKind, Name, NodeId, NodeKind};
use crate::knowledge::RowId;
use crate::knowledge::vocabulary::{Declares, DocumentRow, Effect, Row};
use crate::link::{Kind, argument};
use crate::source::Site;
use rustc_hash::{FxHashMap, FxHashSet};

/// How many units are read; a repository with more describes other people's programs.
const MAX_UNITS: usize = 500;

/// A process image.
#[derive(Debug)]
pub(super) struct DraftUnit {
    /// What it is called.
    pub name: String,
    /// Which units it is started together with.
    pub group: String,
    /// Where it is declared.
    pub site: Site,
    /// How many instances are started.
    pub count: u32,
    /// Where a number above one is written, of instances or of processes.
    pub written: Option<Site>,
    /// What it starts.
    pub starts: Vec<Start>,
    /// The folder its image is built from, or that it is run in.
    pub context: Option<String>,
    /// A second instance may start while the first still runs.
    pub overlaps: bool,
    /// A clock starts it, and it ends: it serves nobody.
    pub scheduled: bool,
    /// Each client starts it for itself.
    pub per_client: bool,
    /// Agents are told to run it, each with words of its own.
    pub told: bool,
}

impl DraftUnit {
    /// One instance of something that is declared at a place, of which nothing else is said.
    pub fn new(name: impl Into<String>, group: &str, site: Site) -> Self {
        DraftUnit {
            name: name.into(),
            group: group.to_string(),
            site,
            count: 1,
            written: None,
            starts: Vec::new(),
            context: None,
            overlaps: false,
            scheduled: false,
            per_client: false,
            told: false,
        }
    }

    /// How many processes it is, as far as numbers are written.
    pub fn instances(&self) -> u32 {
        self.count.saturating_mul(self.starts.iter().map(|s| s.processes).max().unwrap_or(1))
    }

    /// Whether it is more than one process at a time.
    pub fn is_several(&self) -> bool {
        self.instances() > 1 || self.starts.iter().any(|s| s.many) || self.overlaps || self.per_client
    }
}

/// How an image starts: the words of each of the keys that its row names.
struct Image {
    path: String,
    pieces: Vec<Option<Vec<Vec<String>>>>,
    site: Site,
    used: bool,
}

/// What a document gives a script stands for what an agent gives it: an example.
fn with_words_of_its_own(start: &mut Start, told: &[&String]) {
    let Way::Run(words) = &mut start.way else { return };
    for word in words.iter_mut().filter(|word| told.iter().any(|told| told == word) && !word.ends_with(".py")) {
        *word = format!("<{word}>");
    }
}

/// Whether a script lies in a document's own folder, or in one of that name.
fn lies_below(script: &str, below: &str, folder: &str) -> bool {
    if below == "." { script.starts_with(folder) } else { folder_of(script).split('/').any(|part| part == below) }
}

/// Everything deployed, and what resolves commands.
pub(super) fn collect(input: &Input) -> Vec<DraftUnit> {
    let mut reader = Reader { input, commands: Commands::new(input), images: Vec::new(), units: Vec::new() };
    let rows: Vec<&DocumentRow> = input.effects.program.knowledge.documents().collect();
    for declares in [Declares::Script, Declares::Image, Declares::Service] {
        for row in rows.iter().filter(|r| r.declares == declares) {
            reader.row(row);
        }
    }
    let by_one_client = reader.clients();
    reader.overrides();
    reader.bare_images();
    reader.served();
    reader.units.extend(super::clients::units(input, &by_one_client));
    reader.units
}

/// Frameworks whose actors run in processes of their own, and whether by default in many.
pub(super) fn own_processes(input: &Input) -> FxHashMap<String, bool> {
    Commands::new(input).own_processes().map(|(name, many)| (name.to_string(), many)).collect()
}

struct Reader<'i, 'a, 'p, 'k> {
    input: &'i Input<'a, 'p, 'k>,
    commands: Commands<'i>,
    images: Vec<Image>,
    units: Vec<DraftUnit>,
}

impl Reader<'_, '_, '_, '_> {
    fn row(&mut self, row: &DocumentRow) {
        let files = globs(&row.files);
        for manifest in self.input.manifests {
            if self.units.len() >= MAX_UNITS || is_aside(&manifest.path) || !files.is_match(&manifest.path) {
                continue;
            }
            let document = &manifest.document;
            let Some(root) = document.root else { continue };
            if !row.requires_root.iter().all(|key| below(document, root, key).is_some()) {
                continue;
            }
            for found in select(document, &row.path) {
                if !row.requires.iter().all(|key| below(document, found.node, key).is_some()) {
                    continue;
                }
                let site = Site { file: manifest.file, span: found.span };
                match row.declares {
                    Declares::Script => {
                        if let (Some(name), Some(target)) = (found.key, document.text(found.node)) {
                            self.used(row, site, || format!("script {name} of {target}"));
                            self.commands.scripts.insert(name, target.to_string());
                        }
                    }
                    Declares::Image => {
                        let pieces = pieces(row, document, found.node, found.node);
                        self.used(row, site, || {
                            let words: Vec<&str> = pieces.iter().flatten().flatten().flatten().map(String::as_str).collect();
                            format!("image {}", words.join(" "))
                        });
                        self.images.push(Image { path: manifest.path.clone(), pieces, site, used: false });
                    }
                    _ => {
                        let named = row.named.iter().find_map(|k| below(document, found.node, k).and_then(|n| document.text(n)));
                        let key = found.key.as_deref().map(|k| k.rsplit(':').next().unwrap_or(k));
                        let stem = manifest.path.rsplit('/').next().and_then(|f| f.split(['.', '@']).next());
                        let name = named.or(key).or(stem).unwrap_or_default().to_string();
                        self.service(row, document, (root, found.node), name, site, &manifest.path);
                    }
                }
            }
        }
    }

    fn service(&mut self, row: &DocumentRow, document: &Document, (root, node): (NodeId, NodeId), name: String, site: Site, path: &str) {
        let folder = folder_of(path);
        let items = match &row.each {
            Some(each) => below(document, node, each).map(|list| document.items(list).to_vec()).unwrap_or_default(),
            None => vec![node],
        };
        let mut environment: Vec<(String, String)> = Vec::new();
        for at in std::iter::once(&node).chain(items.iter().filter(|i| **i != node)) {
            for key in &row.environment {
                environment.extend(below(document, *at, key).map(|n| variables(document, n)).unwrap_or_default());
            }
        }
        let counted = row.count.iter().find_map(|key| {
            let found = below(document, node, key)?;
            Some((number(document.text(found)?, &environment)?, Site { file: site.file, span: document.node(found).span }))
        });
        let count = counted.map_or(1, |(count, _)| count);
        let holds = |condition: &String| {
            let (key, value) = condition.split_once('=').map_or((condition.as_str(), None), |(k, v)| (k, Some(v)));
            [root, node].into_iter().filter_map(|n| below(document, n, key)).any(|n| value.is_none_or(|v| document.text(n) == Some(v)))
        };
        let context = row.build.iter().find_map(|key| below(document, node, key).and_then(|n| document.text(n))).map(|c| joined(folder, c));
        let built = match (&row.dockerfile, &context) {
            (Some(key), Some(context)) => {
                let file = below(document, node, key).and_then(|n| document.text(n)).unwrap_or("Dockerfile");
                Some(format!("{context}{file}"))
            }
            _ => None,
        };
        let image = self.image(built.as_deref(), row.own_image);
        let runs_in = context.clone().unwrap_or_else(|| folder.to_string());
        let mut starts: Vec<Start> = Vec::new();
        let mut workers = None;
        for item in items {
            let own = pieces(row, document, item, node);
            let replaced = own.first().is_some_and(Option::is_some) && own.len() > 1;
            let parts: Vec<Vec<Vec<String>>> = own
                .iter()
                .enumerate()
                .filter_map(|(index, piece)| {
                    piece.clone().or_else(|| image.filter(|_| !replaced).and_then(|i| self.images[i].pieces.get(index)?.clone()))
                })
                .collect();
            let at = At { folder: &runs_in, environment: &environment };
            let told: Vec<&String> = parts.iter().flatten().flatten().filter(|_| row.scripts_below.is_some()).collect();
            for mut start in self.started(&parts, &at) {
                with_words_of_its_own(&mut start, &told);
                if start.processes > 1 {
                    let command = row.command.iter().rev().find_map(|key| below(document, item, key));
                    workers = workers.or(Some(command.map_or(site, |n| Site { file: site.file, span: document.node(n).span })));
                }
                let script = self.input.effects.program.modules[start.module as usize].path.as_str();
                if !starts.contains(&start) && row.scripts_below.as_ref().is_none_or(|below| lies_below(script, below, folder)) {
                    starts.push(start);
                }
            }
        }
        let silent = image.is_none() && row.command.iter().all(|key| below(document, node, key).is_none());
        if let Some(built) = context.as_deref().filter(|_| silent && starts.is_empty()) {
            starts.extend(self.only_program(built));
        }
        if let Some(image) = image {
            self.images[image].used |= !starts.is_empty() || built.is_some();
        }
        let written = match counted {
            Some((count, site)) if count > 1 => Some(site),
            _ => workers,
        };
        let alone = row.alone.iter().any(holds);
        let unit = DraftUnit {
            name,
            group: if row.by_folder { folder.to_string() } else { path.to_string() },
            site,
            count: if count == 0 { 1 } else { count },
            written,
            starts,
            context: context.or_else(|| (!row.build.is_empty()).then(|| folder.to_string())),
            overlaps: row.several || row.scheduled && !alone,
            scheduled: row.scheduled,
            per_client: row.per_client,
            told: row.scripts_below.is_some(),
        };
        self.used(row, site, || self.shown(&unit));
        self.units.push(unit);
    }

    /// What an image starts that is built from a folder, where nothing says how: the only program of the package there.
    fn only_program(&self, folder: &str) -> Option<Start> {
        let mut programs = self.input.effects.program.binaries.iter().filter(|(binary, _)| binary.folder == folder);
        let (_, module) = programs.next().filter(|_| programs.next().is_none())?;
        Some(start(*module, Way::Run(Vec::new())))
    }

    fn used(&self, row: &DocumentRow, site: Site, meaning: impl FnOnce() -> String) {
        if self.input.effects.records() {
            self.input.effects.record(RowId::of(row), site, meaning());
        }
    }

    /// A unit in words, as uses of rows are recorded.
    fn shown(&self, unit: &DraftUnit) -> String {
        let program = self.input.effects.program;
        let start = |start: &Start| {
            let processes = if start.many { "*".to_string() } else { start.processes.to_string() };
            format!(" starts={processes}x{}", program.modules[start.module as usize].path)
        };
        let starts: String = unit.starts.iter().map(start).collect();
        let built = unit.context.as_ref().map(|context| format!(" in=/{context}"));
        let flags = [(unit.overlaps, " overlaps"), (unit.scheduled, " scheduled")];
        let flags: String = flags.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect();
        format!("service {} of={} count={}{starts}{}{flags}", unit.name, unit.group, unit.count, built.unwrap_or_default())
    }

    /// What a command in one or more parts starts: as a whole, else each part by itself.
    fn started(&self, parts: &[Vec<Vec<String>>], at: &At) -> Vec<Start> {
        let whole: Vec<String> = parts.iter().flatten().flatten().cloned().collect();
        let mut found = if parts.len() > 1 { self.commands.words(&whole, at, 0) } else { Vec::new() };
        if found.is_empty() {
            found = parts.iter().flatten().flat_map(|words| self.commands.words(words, at, 0)).collect();
        }
        // Whoever starts tests deploys nothing.
        let program = self.input.effects.program;
        found.retain(|start| !program.is_aside(start.module));
        found
    }

    /// The image a unit is started from: the one it is built by, else for a unit of the project's own the only one there is.
    fn image(&self, built: Option<&str>, own: bool) -> Option<usize> {
        match built {
            Some(path) => self.images.iter().position(|i| i.path == path),
            None => (own && self.images.len() == 1).then_some(0),
        }
    }

    /// What one client alone starts is one process; what the settings of several clients name is as many. The modules of the former.
    fn clients(&mut self) -> FxHashSet<u32> {
        let mut alone = FxHashSet::default();
        let started = |unit: &DraftUnit| unit.starts.first().map(|s| s.module);
        let of_clients: Vec<(String, Option<u32>)> =
            self.units.iter().filter(|u| u.per_client).map(|u| (u.group.clone(), started(u))).collect();
        self.units.retain_mut(|unit| {
            let module = started(unit);
            if !unit.per_client {
                return true;
            }
            let several = module.is_some() && of_clients.iter().any(|(group, same)| *group != unit.group && *same == module);
            alone.extend(module.filter(|_| !several));
            several
        });
        alone
    }

    /// A file that lays counts over another's services says nothing of what they start.
    fn overrides(&mut self) {
        for index in 0..self.units.len() {
            let unit = &self.units[index];
            if !unit.starts.is_empty() {
                continue;
            }
            let folder = folder_of(&unit.group);
            let base = self.units.iter().find(|u| !u.starts.is_empty() && u.name == unit.name && folder_of(&u.group) == folder);
            if let Some((starts, context)) = base.map(|u| (u.starts.clone(), u.context.clone())) {
                self.units[index].starts = starts;
                self.units[index].context = context;
            }
        }
    }

    /// `uvicorn.run("shop.app:app", workers=4)`: a server that code starts, with more processes than one.
    fn served(&mut self) {
        let program = self.input.effects.program;
        let starters =
            program.knowledge.packs().iter().flat_map(|p| &p.functions).filter(|r| r.effect == Effect::RunMain && r.permits.is_some());
        let rows: FxHashMap<&str, &Row> = starters.flat_map(|row| row.name.iter().map(move |name| (name.as_str(), row))).collect();
        let root = |name: &str| name.split('.').next().unwrap_or("").to_string();
        let roots: FxHashSet<String> = rows.keys().map(|name| root(name)).collect();
        for (module, found) in program.modules.iter().enumerate() {
            if is_aside(&found.path) || !found.facts.imports.iter().any(|i| roots.contains(&root(&i.module))) {
                continue;
            }
            for expr in &found.facts.exprs {
                let ExprKind::Call { callee, args } = &expr.kind else { continue };
                let at = program.enclosing(module as u32, *callee);
                let Kind::External(name) = program.infer(at, *callee) else { continue };
                let Some(row) = rows.get(name.as_str()) else { continue };
                let args: Vec<(Option<Name>, Kind)> = args.iter().map(|a| (a.name.clone(), program.infer(at, a.value))).collect();
                let count = row.permits.as_deref().and_then(|p| argument(p, &args)).and_then(Kind::number).map_or(1, |n| n as u32);
                let folder = folder_of(&found.path);
                let text = row.entry.first().and_then(|p| argument(p, &args)).and_then(Kind::as_text);
                let served = text.and_then(|t| self.commands.resolve(t, folder)).unwrap_or(module as u32);
                if count > 1 {
                    let site = program.site(module as u32, expr.span);
                    let start = Start { processes: count, ..start(served, Way::Imported) };
                    let name = found.path.rsplit('/').next().unwrap_or(&found.path);
                    self.units.push(DraftUnit { written: Some(site), starts: vec![start], ..DraftUnit::new(name, &found.path, site) });
                }
            }
        }
    }

    /// An image that nothing here runs is run by somebody, with as many processes as it says.
    fn bare_images(&mut self) {
        for image in self.images.iter().filter(|i| !i.used) {
            let folder = folder_of(&image.path);
            let parts: Vec<Vec<Vec<String>>> = image.pieces.iter().flatten().cloned().collect();
            let starts = self.started(&parts, &At { folder, environment: &[] });
            if starts.iter().any(|s| s.processes > 1 || s.many) {
                let written = starts.iter().any(|s| s.processes > 1).then_some(image.site);
                let name = folder.trim_end_matches('/').rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or("image").to_string();
                self.units.push(DraftUnit { written, starts, ..DraftUnit::new(name, &image.path, image.site) });
            }
        }
    }
}

/// The words under each of the command keys of a row, in an item or in the declaration around it.
fn pieces(row: &DocumentRow, document: &Document, item: NodeId, node: NodeId) -> Vec<Option<Vec<Vec<String>>>> {
    let found = |key: &String| below(document, item, key).or_else(|| below(document, node, key)).and_then(|n| given(document, n));
    row.command.iter().map(|key| found(key).filter(|c| c.iter().any(|w| !w.is_empty()))).collect()
}

/// Environment variables: a mapping, `NAME=value`, or `name` and `value`.
fn variables(document: &Document, node: NodeId) -> Vec<(String, String)> {
    match &document.node(node).kind {
        NodeKind::Map(entries) => entries.iter().filter_map(|e| Some((e.key.clone(), document.text(e.value)?.to_string()))).collect(),
        NodeKind::List(items) => items
            .iter()
            .filter_map(|item| match document.text(*item) {
                Some(text) => text.split_once('=').map(|(name, value)| (name.to_string(), value.to_string())),
                None => {
                    let text = |key: &str| document.get(*item, key).and_then(|n| document.text(n)).map(str::to_string);
                    Some((text("name")?, text("value")?))
                }
            })
            .collect(),
        NodeKind::Scalar(text) => text.split_once('=').map(|(n, v)| (n.to_string(), v.to_string())).into_iter().collect(),
        NodeKind::Null => Vec::new(),
    }
}

/// A folder as seen from another, with its final slash.
fn joined(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in relative.split('/').filter(|p| !matches!(*p, "" | ".")) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    if parts.is_empty() { String::new() } else { format!("{}/", parts.join("/")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_joined() {
        assert_eq!(joined("deploy/", ".."), "");
        assert_eq!(joined("deploy/", "../api"), "api/");
        assert_eq!(joined("", "./services/api/"), "services/api/");
        assert_eq!(joined("a/", "."), "a/");
    }
}
