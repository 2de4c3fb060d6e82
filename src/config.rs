//! `clawproof.yaml`: what a project says about itself and about what it wants reported.
//!
//! The nearest file counts and nothing is merged (see [`find`]). YAML and the `[tool.clawproof]` table of a
//! `pyproject.toml` become one tree with places, which serde decodes: so both formats give the same errors, each with
//! file, line, column and the nearest word that would have been right. Words that other stages define (rules, rows) are
//! checked against lists that the caller passes in; this module refuses to know any rule.

mod decode;
mod find;
mod place;
mod read;
#[cfg(test)]
mod tests;
mod validate;

pub use find::find;
pub use place::{ConfigError, Place, Placed};
pub use validate::{Known, PathIgnores};

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The commented file that `clawproof init` writes; it is also the reference of every key.
pub const TEMPLATE: &str = include_str!("config/template.yaml");

/// The largest configuration file that is read.
const LARGEST: u64 = 1 << 20;

/// Settings of clawproof. Every key is optional.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Globs of files and folders to leave out, relative to the scanned path.
    pub exclude: Vec<Placed<String>>,
    /// Rules or rows to run; without it all.
    pub select: Vec<Placed<String>>,
    /// Rules or rows to leave out.
    pub ignore: Vec<Placed<String>>,
    /// Rules or rows to leave out in files that match a glob.
    pub per_path_ignores: BTreeMap<Placed<String>, Vec<Placed<String>>>,
    /// Exit with 1 only where a finding of this severity or worse stands.
    pub fail_on: Option<FailOn>,
    /// Report findings of this confidence or better.
    pub min_confidence: Option<MinConfidence>,
    /// Rows of advice that shall fail the check like the others, such as `concurrency-tests`.
    pub gates: Vec<Placed<String>>,
    /// Folders with further knowledge packs, relative to this file.
    pub rules: Vec<Placed<String>>,
    /// How long a task of an agent is expected to take, for the rule that an alert fires after twice that time.
    pub expected_task_seconds: Option<Placed<f64>>,
    /// Agents that the analysis cannot see.
    pub agents: Vec<AgentDeclaration>,
    /// Resources by their id or a glob of ids: renamed, merged, ignored, or with an access policy.
    pub resources: BTreeMap<Placed<String>, ResourceDeclaration>,
    /// The orchestrator, where the analysis cannot see it.
    pub orchestrator: Option<OrchestratorDeclaration>,
    /// What watches or stops the agents and lives in another repository, by the id of its row.
    pub controls: BTreeMap<Placed<String>, ControlDeclaration>,
    /// Run rules that are still advice for one release as what they will become.
    pub preview: bool,
}

impl Config {
    /// Whether an agent is declared whose code stands in this file.
    pub fn declares_agent_in(&self, path: &str) -> bool {
        let dotted = path.strip_suffix(".py").unwrap_or(path).replace('/', ".");
        self.agents.iter().any(|agent| {
            let file = agent.file.as_ref().is_some_and(|f| f.value.trim_start_matches("./") == path);
            // The function's module, as a whole or by its end: the source root is not known here.
            let function = agent.function.as_ref().is_some_and(|f| {
                let modules = f.value.match_indices('.').map(|(at, _)| &f.value[..at]);
                modules.into_iter().any(|m| dotted == m || dotted.strip_suffix(m).is_some_and(|before| before.ends_with('.')))
            });
            file || function
        })
    }
}

/// From which severity on a finding makes the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// Every finding.
    #[default]
    Low,
    /// Medium, high and critical findings.
    Medium,
    /// High and critical findings.
    High,
    /// Critical findings.
    Critical,
    /// No finding.
    Never,
}

/// From which confidence on a finding is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum MinConfidence {
    /// All findings, guesses included.
    Low,
    /// At most one step was inferred.
    #[default]
    Medium,
    /// Names and types resolved.
    High,
}

/// An agent that the analysis cannot see.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentDeclaration {
    /// What it is called in reports.
    pub name: Placed<String>,
    /// The function it runs, as a dotted name: `tools.enrich.enrich_product`.
    pub function: Option<Placed<String>>,
    /// The file whose top-level code it runs, relative to the scanned path.
    pub file: Option<Placed<String>>,
    /// The manifest that declares it, relative to the scanned path.
    pub manifest: Option<Placed<String>>,
}

/// What a project says about a resource.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceDeclaration {
    /// What it is called in reports.
    pub name: Option<Placed<String>>,
    /// Other ids, or globs of ids, that are the same resource.
    pub merge: Vec<Placed<String>>,
    /// Leave it out: it is not shared state.
    pub ignore: bool,
    /// Who may read it, by name of agent; without it everyone may.
    pub readers: Option<Vec<Placed<String>>>,
    /// Who may write it, by name of agent; without it everyone may. Who may write may read.
    pub writers: Option<Vec<Placed<String>>>,
}

/// The orchestrator, where the analysis cannot see it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrchestratorDeclaration {
    /// In the report's words: `centralized task coordinator`.
    pub pattern: Placed<String>,
    /// Where it lives: a file, a repository, a service.
    #[serde(rename = "where")]
    pub place: Option<Placed<String>>,
    /// Why it is declared and not found.
    pub reason: Option<Placed<String>>,
}

/// Something that watches or stops the agents and lives elsewhere.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlDeclaration {
    /// Where it lives: a repository, a file, a dashboard.
    #[serde(rename = "where")]
    pub place: Placed<String>,
    /// For an alert: the wait after which it fires.
    pub threshold_seconds: Option<Placed<f64>>,
    /// Why it is declared and not found.
    pub reason: Option<Placed<String>>,
}

/// A configuration and the file it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The file.
    pub file: PathBuf,
    /// What it says.
    pub config: Config,
}

impl Loaded {
    /// The folders of further packs, made absolute against the file's folder.
    pub fn pack_folders(&self) -> impl Iterator<Item = (PathBuf, Place)> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        self.config.rules.iter().map(move |rules| (folder.join(&rules.value), rules.place))
    }

    /// An error at a place of this file, for what only later stages can know.
    pub fn error(&self, place: Place, message: impl Into<String>) -> ConfigError {
        ConfigError { file: self.file.clone(), place: Some(place), message: message.into() }
    }
}

/// Reads and checks one configuration file: YAML, or a `.toml` file with a `[tool.clawproof]` table.
pub fn load(file: &Path, known: &Known<'_>) -> Result<Loaded, ConfigError> {
    let whole = |message: String| ConfigError { file: file.to_owned(), place: None, message };
    let mut text = String::new();
    let opened = fs::File::open(file).map_err(|error| whole(error.to_string()))?;
    opened.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| whole(error.to_string()))?;
    if text.len() as u64 > LARGEST {
        return Err(whole(format!("larger than {LARGEST} bytes")));
    }
    let config = parse(file, &text, known)?;
    Ok(Loaded { file: file.to_owned(), config })
}

/// Checks the text of a configuration file.
pub fn parse(file: &Path, text: &str, known: &Known<'_>) -> Result<Config, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_toml = file.extension().is_some_and(|extension| extension == "toml");
    let node = if is_toml { read::toml_table(text) } else { read::yaml(text) };
    let config = node.and_then(|node| match node {
        Some(node) => decode::config(&node),
        None => Ok(Config::default()),
    });
    let config = config.and_then(|config| validate::config(&config, known).map(|()| config));
    config.map_err(|fault| ConfigError { file: file.to_owned(), place: Some(fault.place), message: fault.message })
}

/// Writes the commented template as `clawproof.yaml` into a folder; an existing file is left alone and is an error.
pub fn init(folder: &Path) -> io::Result<PathBuf> {
    let file = folder.join("clawproof.yaml");
    fs::OpenOptions::new().write(true).create_new(true).open(&file)?.write_all(TEMPLATE.as_bytes())?;
    Ok(file)
}
