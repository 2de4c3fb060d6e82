//! The pipeline from a path to a model: discover, outline, parse, link, summarise, model.

use crate::config::Config;
use crate::discover::{self, Found, Options};
use crate::effects::Effects;
use crate::facts::{FileFacts, Name, Outline};
use crate::knowledge::{Knowledge, vocabulary::PackLanguage};
use crate::link::{Binary, CrateName, CratePaths, Module, ModulePaths, Program, binaries, needed, needed_rust};
use crate::model::build::{Input, Manifest, build, globs};
use crate::model::{Coverage, Model};
use crate::parse::{self, Documents};
use crate::source::{Comment, FileId, Language, SourceFile};
use crate::sql::{Dialect, RoutineKind, SqlText, Statement, Verb};
use crate::suppress;
use rayon::ThreadPool;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

/// How much stack a thread of the run has: expression trees are walked by recursion, to a depth that the front ends bound.
pub const STACK: usize = 256 << 20;

/// How many bytes of Python that nothing needs are parsed all the same, so that their syntax errors are told. A repository
/// of the usual size is told of all of them; in a very large one only [`Depth::Checked`] pays for that.
const CHECKED: usize = 2 << 20;

/// How far code is read that no actor is connected with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Its outline, and its syntax where that costs little: what a run needs.
    Needed,
    /// All of it is parsed, so that every syntax error is told; its bodies say nothing.
    Checked,
    /// All of it counts as needed: what a test compares the others with.
    Everything,
}

/// What one run learned about a path.
pub struct Analysis {
    /// Every file read, sorted by path.
    pub files: Vec<SourceFile>,
    /// Facts of code files whose bodies were needed, by file.
    pub facts: Vec<(FileId, FileFacts)>,
    /// Comments of every file that was parsed, for silencing; a file that holds a silencing comment is.
    pub comments: Vec<(FileId, Vec<Comment>)>,
    /// The model.
    pub model: Model,
    /// Summaries as text, where they were asked for.
    pub summaries: Option<String>,
    /// What rows were used for, where that was asked for.
    pub uses: Vec<crate::effects::Use>,
}

/// Analyse everything below a path.
pub fn analyse(root: &Path, options: &Options, config: &Config, knowledge: &Knowledge, pool: &ThreadPool, depth: Depth) -> Analysis {
    let found = discover::walk(root, options);
    analyse_files(found, config, knowledge, pool, depth, Wanted::Model)
}

/// What each function below a path does, as text.
pub fn summaries(root: &Path, options: &Options, config: &Config, knowledge: &Knowledge, pool: &ThreadPool) -> String {
    let found = discover::walk(root, options);
    analyse_files(found, config, knowledge, pool, Depth::Needed, Wanted::Summaries).summaries.unwrap_or_default()
}

/// What is wanted besides the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing.
    Model,
    /// Summaries as text.
    Summaries,
    /// What the packs' rows were used for; every function is summarised then, whoever runs it.
    Uses,
}

/// Analyse files that are already read.
pub fn analyse_files(found: Found, config: &Config, knowledge: &Knowledge, pool: &ThreadPool, depth: Depth, wanted: Wanted) -> Analysis {
    let files = found.files;
    let mut coverage = Coverage::default();
    for file in &files {
        *coverage.languages.entry(file.language.name()).or_default() += 1;
        coverage.lines += u64::from(file.lines.count(file.text.len() as u32));
    }
    coverage.skipped = found.skipped.into_iter().map(|s| (s.path, s.reason)).collect();
    coverage.not_read = found.not_read.into_iter().map(|(language, count)| (language.to_string(), count as u32)).collect();

    let crates: Vec<CrateName> = files.iter().filter_map(crate_name).collect();
    let built: Vec<Binary> = files.iter().flat_map(|file| built(file, &files)).collect();
    let read: Vec<Read> = pool.install(|| parse_all(&files, config, knowledge, depth, &crates, &built));
    let mut modules = Vec::new();
    let mut manifests = Vec::new();
    let mut scripts = Vec::new();
    let mut comments = Vec::new();
    for (index, read) in read.into_iter().enumerate() {
        let file = FileId(index as u32);
        let path = &files[index].path;
        match read {
            Read::Code(mut code, needed) => {
                for problem in &code.problems {
                    coverage
                        .skipped
                        .push((path.clone(), format!("{} at line {}", problem.what, files[index].lines.line(problem.span.start))));
                }
                comments.push((file, std::mem::take(&mut code.comments)));
                if needed {
                    modules.push(Module { file, path: path.clone(), facts: *code });
                }
            }
            Read::Data(data) => {
                for problem in &data.problems {
                    coverage
                        .skipped
                        .push((path.clone(), format!("{} at line {}", problem.what, files[index].lines.line(problem.span.start))));
                }
                comments.push((file, data.comments));
                manifests.extend(data.documents.into_iter().map(|document| Manifest { file, path: path.clone(), document }));
            }
            Read::Script(statements) => scripts.push((file, statements)),
            Read::Nothing => {}
        }
    }
    coverage.skipped.sort();
    coverage.skipped.dedup();
    let mut program = Program::new(knowledge, modules, &crates);
    program.routines = routines(&scripts);
    program.scripts =
        scripts.iter().map(|(file, _)| (files[file.index()].path.clone(), Rc::from(files[file.index()].text.as_str()))).collect();
    let holds = |binary: Binary| Some((program.modules.iter().position(|m| m.path == binary.path)?, binary));
    program.binaries = built.into_iter().filter_map(holds).map(|(module, binary)| (binary, module as u32)).collect();
    program.binaries.sort();
    coverage.unknown_imports = unknown_imports(&program);
    let effects = if wanted == Wanted::Uses { Effects::recording(&program) } else { Effects::new(&program) };
    let input = Input { effects: &effects, files: &files, manifests: &manifests, scripts: &scripts, config };
    let model = build(&input, coverage);
    let summaries = (wanted == Wanted::Summaries).then(|| crate::effects::print(&effects));
    let uses = effects.uses();
    drop(effects);
    let facts = program.modules.into_iter().map(|m| (m.file, m.facts)).collect();
    Analysis { files, facts, comments, model, summaries, uses }
}

/// What scripts define that statements call, by name; of two with one name the later one counts.
fn routines(scripts: &[(FileId, Vec<Statement>)]) -> FxHashMap<String, Rc<Vec<Statement>>> {
    let mut found = FxHashMap::default();
    for statement in scripts.iter().flat_map(|(_, statements)| statements) {
        if let Verb::CreateRoutine { kind: RoutineKind::Function | RoutineKind::Procedure, name, body } = &statement.verb {
            found.insert(name.display(), Rc::new(body.clone()));
        }
    }
    found
}

enum Read {
    Code(Box<FileFacts>, bool),
    Data(Documents),
    Script(Vec<Statement>),
    Nothing,
}

/// The crate that a `Cargo.toml` declares: its folder and name.
fn crate_name(file: &SourceFile) -> Option<CrateName> {
    let folder = file.path.strip_suffix("Cargo.toml")?;
    let documents = parse::toml::documents(&file.text);
    documents.documents.iter().find_map(|document| {
        let root = document.root?;
        let named = |section: &str| document.get(root, section).and_then(|s| document.get(s, "name")).and_then(|n| document.text(n));
        let name = named("lib").or_else(|| named("package"))?;
        Some((folder.trim_end_matches('/').to_string(), name.to_string()))
    })
}

/// The programs that a package builds, where a file is its `Cargo.toml`.
fn built(file: &SourceFile, files: &[SourceFile]) -> Vec<Binary> {
    let Some(folder) = file.path.strip_suffix("Cargo.toml").filter(|folder| folder.is_empty() || folder.ends_with('/')) else {
        return Vec::new();
    };
    let documents = parse::toml::documents(&file.text).documents;
    documents.iter().flat_map(|document| binaries(folder, document, files.iter().map(|f| f.path.as_str()))).collect()
}

/// The files of those programs that anything which starts programs names.
fn started<'b>(files: &[SourceFile], built: &'b [Binary]) -> FxHashSet<&'b str> {
    let starts = |f: &&SourceFile| {
        matches!(f.language, Language::Yaml | Language::Dockerfile | Language::UnitFile | Language::Procfile | Language::Shell)
    };
    let texts: Vec<&str> = files.iter().filter(starts).map(|f| f.text.as_str()).collect();
    // Without a name cargo runs the only program that there is.
    let named =
        |binary: &Binary| texts.iter().any(|text| names(text, &binary.name) || names(text, &binary.package) || names(text, "cargo"));
    built.par_iter().filter(|binary| named(binary)).map(|binary| binary.path.as_str()).collect()
}

/// Whether a text holds a name as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let within = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let bytes = text.as_bytes();
    let alone = |at: usize| !within(at.checked_sub(1).and_then(|before| bytes.get(before))) && !within(bytes.get(at + name.len()));
    !name.is_empty() && memchr::memmem::find_iter(bytes, name).any(alone)
}

/// Which Rust files' bodies are needed, by file.
fn needed_crates(files: &[SourceFile], knowledge: &Knowledge, crates: &[CrateName], built: &[Binary]) -> BTreeMap<usize, bool> {
    let words = knowledge.actor_words(PackLanguage::Rust);
    let suffixes = knowledge.actor_suffixes(PackLanguage::Rust);
    let sought = |word: &str| words.contains(word) || suffixes.iter().any(|s| word.ends_with(s.as_str()) && word.len() > s.len());
    let rust: Vec<usize> = (0..files.len()).filter(|i| files[*i].language == Language::Rust).collect();
    let mut outlines: Vec<Outline> = rust.par_iter().map(|i| parse::rust::outline(&files[*i].text, &sought)).collect();
    let started = started(files, built);
    for (outline, index) in outlines.iter_mut().zip(&rust) {
        outline.is_script = started.contains(files[*index].path.as_str());
    }
    let paths = CratePaths::new(rust.iter().map(|i| files[*i].path.as_str()), crates);
    rust.iter().copied().zip(needed_rust(&paths, &outlines)).collect()
}

/// What becomes of a file of code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Its bodies matter.
    Needed,
    /// It is parsed for its problems and comments.
    Checked,
    /// Its outline was enough.
    Outlined,
}

fn parse_all(
    files: &[SourceFile],
    config: &Config,
    knowledge: &Knowledge,
    depth: Depth,
    crates: &[CrateName],
    built: &[Binary],
) -> Vec<Read> {
    let uses = uses(files, config, knowledge, depth, crates, built);
    files
        .par_iter()
        .zip(uses)
        .map(|(file, used)| match file.language {
            Language::Python if used == Use::Outlined => Read::Nothing,
            Language::Python => Read::Code(Box::new(parse::python::facts(&file.text)), used == Use::Needed),
            Language::Yaml => Read::Data(parse::yaml::documents(&file.text)),
            Language::Json => Read::Data(parse::json::documents(&file.text)),
            Language::Toml => Read::Data(parse::toml::documents(&file.text)),
            Language::Markdown => Read::Data(parse::markdown::documents(&file.text)),
            Language::Procfile => Read::Data(parse::launch::procfile(&file.text)),
            Language::Dockerfile => Read::Data(parse::launch::dockerfile(&file.text)),
            Language::UnitFile => Read::Data(parse::launch::unit_file(&file.text)),
            Language::Shell => Read::Data(parse::launch::shell(&file.text)),
            Language::Sql => Read::Script(crate::sql::parse(&SqlText::plain(file.text.as_str()), Dialect::Generic)),
            Language::Rust if used == Use::Needed => Read::Code(Box::new(parse::rust::facts(&file.text)), true),
            Language::Rust => Read::Nothing,
        })
        .collect()
}

/// For each file what becomes of it; says something of files of code alone.
fn uses(files: &[SourceFile], config: &Config, knowledge: &Knowledge, depth: Depth, crates: &[CrateName], built: &[Binary]) -> Vec<Use> {
    let words = knowledge.actor_words(PackLanguage::Python);
    let suffixes = knowledge.actor_suffixes(PackLanguage::Python);
    let sought = |word: &str| words.contains(word) || suffixes.iter().any(|s| word.ends_with(s.as_str()) && word.len() > s.len());
    let python: Vec<usize> = (0..files.len()).filter(|i| files[*i].language == Language::Python).collect();
    let mut outlines: Vec<Outline> = python.par_iter().map(|i| parse::python::outline(&files[*i].text, &sought)).collect();
    let defining = knowledge.defining_roots();
    let told = told_to_run(files, knowledge);
    for (outline, index) in outlines.iter_mut().zip(&python) {
        // A program that calls a model may be an agent by itself.
        let models = |import: &Name| knowledge.calls_models(PackLanguage::Python, import);
        let thinks = outline.is_script && outline.imports.iter().any(models);
        // What the configuration declares to be an agent is one, whatever its file looks like; and migrations are read for
        // the tables they define, though nobody imports them.
        let defines = outline.imports.iter().any(|i| defining.contains(i.split('.').next().unwrap_or("")));
        // A script that agents are told to run acts, whatever it imports.
        let stem = files[*index].path.rsplit('/').next().and_then(|name| name.strip_suffix(".py")).unwrap_or_default();
        outline.names_actor |= thinks || defines || told.contains(stem) || config.declares_agent_in(&files[*index].path);
    }
    let paths = ModulePaths::new(python.iter().map(|i| files[*i].path.as_str()));
    let wanted = needed(&paths, &outlines, |root| knowledge.is_external_root(PackLanguage::Python, root));
    let spare: usize = python.iter().zip(&wanted).filter(|(_, wanted)| !**wanted).map(|(i, _)| files[*i].text.len()).sum();
    let check = depth == Depth::Checked || spare <= CHECKED;
    // The environment names it, and nobody imports it.
    let settings: Vec<&str> = knowledge.packs().iter().filter_map(|p| p.settings.as_ref()).map(|row| row.file.as_str()).collect();
    let is_settings = |path: &str| settings.contains(&path.rsplit('/').next().unwrap_or(path));
    let mut uses = vec![Use::Outlined; files.len()];
    for (index, wanted) in python.into_iter().zip(wanted) {
        uses[index] = match () {
            () if wanted || depth == Depth::Everything || is_settings(&files[index].path) => Use::Needed,
            () if check || suppress::may_silence(&files[index].text) => Use::Checked,
            () => Use::Outlined,
        };
    }
    for (index, wanted) in needed_crates(files, knowledge, crates, built) {
        if wanted || depth == Depth::Everything {
            uses[index] = Use::Needed;
        }
    }
    uses
}

/// Names of the scripts that agents' documents name, or the shell scripts that lie among these.
fn told_to_run(files: &[SourceFile], knowledge: &Knowledge) -> FxHashSet<Name> {
    let rows: Vec<_> = knowledge.documents().filter(|row| row.scripts_below.is_some()).collect();
    let files_of: Vec<String> = rows.iter().flat_map(|row| &row.files).cloned().collect();
    let globs = globs(&files_of);
    let folders = || rows.iter().filter_map(|row| row.scripts_below.as_deref());
    let lies_there = |path: &str| path.split('/').any(|part| folders().any(|folder| folder == part));
    let names = |file: &&SourceFile| match file.language {
        Language::Markdown => globs.is_match(&file.path),
        Language::Shell => lies_there(&file.path),
        _ => false,
    };
    files.par_iter().filter(names).flat_map_iter(|file| parse::python::starts(&file.text)).collect()
}

/// Roots of imports that neither the project nor a pack knows, most used first.
fn unknown_imports(program: &Program) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (index, module) in program.modules.iter().enumerate() {
        for import in module.facts.imports.iter().filter(|i| i.level == 0) {
            let root = import.module.split('.').next().unwrap_or("").to_string();
            let known = program.knowledge.is_external_root(program.language(index as u32), &root)
                || program.find_module(index as u32, 0, &root).is_some();
            if !known && !root.is_empty() {
                *counts.entry(root).or_default() += 1;
            }
        }
    }
    let mut sorted: Vec<(String, usize)> = counts.into_iter().collect();
    sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.clone()));
    sorted.into_iter().map(|(name, _)| name).take(10).collect()
}
