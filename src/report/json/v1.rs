//! Version 1 of the JSON report, frozen: keys and their order change only with a major version.

mod model;

pub use model::{
    Access, Actor, ActorKind, Channel, Concurrency, Control, ControlKind, EntryPoint, Frame, Lock, Mode, Orchestrator, Resource, Scope,
    System, Unit,
};

use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The report of one run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report<'a> {
    /// The version of this form.
    pub schema_version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// The number of the check.
    pub check: u32,
    /// The outcome.
    pub summary: Summary<'a>,
    /// The rows of the checklist, in the order of the report.
    pub rows: Vec<Row<'a>>,
    /// Parts of the repository that are connected, so that their actors can meet.
    pub systems: Vec<System<'a>>,
    /// What assigns tasks or hands out locks; null where there is nothing.
    pub orchestrator: Option<Orchestrator<'a>>,
    /// What watches or stops actors.
    pub controls: Vec<Control<'a>>,
    /// Actors that may run at the same time.
    pub concurrency: Vec<Concurrency<'a>>,
    /// What runs on its own.
    pub actors: Vec<Actor<'a>>,
    /// State outside one call.
    pub resources: Vec<Resource<'a>>,
    /// Locks, leases and claims.
    pub locks: Vec<Lock<'a>>,
    /// Event channels.
    pub channels: Vec<Channel<'a>>,
    /// What is reported, advice included.
    pub findings: Vec<Finding<'a>>,
    /// What was found and accepted.
    pub suppressed: Vec<Suppressed<'a>>,
    /// What was read and what was not.
    pub coverage: Coverage<'a>,
    /// How long the run took; only with `--timings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<u64>,
}

/// What wrote the report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The outcome of the run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary<'a> {
    /// `fail` where there is at least one problem.
    pub status: Outcome,
    /// How many problems there are.
    pub issues: usize,
    /// The worst severity.
    pub severity: Level,
    /// The sentence of the `Result:` line.
    pub result: &'a str,
}

/// Whether the check holds.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No problem.
    Pass,
    /// At least one.
    Fail,
}

/// A severity, or that there is none.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// No problem.
    None,
    /// A small risk.
    Low,
    /// Data can be corrupted under load.
    Medium,
    /// Updates are lost or agents blocked.
    High,
    /// Money or orders are lost or doubled.
    Critical,
}

/// How sure the analysis is.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// More than one step is inferred.
    Low,
    /// One step is inferred.
    Medium,
    /// Names and types resolved.
    High,
}

/// One row of the checklist.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Row<'a> {
    /// Its id.
    pub id: &'a str,
    /// The item of the production checklist it answers.
    pub item: u8,
    /// Whether it can fail the check.
    pub gate: bool,
    /// Its outcome.
    pub status: Status,
    /// Its lines.
    pub messages: Vec<&'a str>,
    /// What to do; empty where there is nothing to do.
    pub remedy: &'a str,
    /// Ids of its findings.
    pub findings: Vec<String>,
    /// What it rests on.
    pub evidence: Vec<Evidence<'a>>,
}

/// The outcome of a row.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It holds.
    Pass,
    /// It fails.
    Fail,
    /// It does not apply.
    Skip,
    /// There is only advice.
    Advice,
}

/// One piece of evidence.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Evidence<'a> {
    /// What it is.
    pub message: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// A fault.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding<'a> {
    /// Stable from run to run.
    pub id: String,
    /// The rule.
    pub rule: &'a str,
    /// The row it stands in.
    pub row: &'a str,
    /// How bad.
    pub severity: Level,
    /// Advice changes no outcome.
    pub advice: bool,
    /// How sure.
    pub confidence: Confidence,
    /// What is wrong.
    pub message: &'a str,
    /// Ids of the actors that take part.
    pub actors: &'a [String],
    /// The id of the resource or lock.
    pub resource: Option<&'a str>,
    /// `Class.method` or `function`.
    pub function: &'a str,
    /// The file.
    pub file: &'a str,
    /// The first line, from 1.
    pub line: u32,
    /// The first column, from 1.
    pub column: u32,
    /// The last line.
    pub end_line: u32,
    /// The column after the last character.
    pub end_column: u32,
    /// The other places of the fact.
    pub related: Vec<Related<'a>>,
    /// The chain from the actor to it.
    pub evidence: Vec<Evidence<'a>>,
    /// For a race: the schedule that loses.
    pub interleaving: Vec<Turn<'a>>,
    /// What to change.
    pub help: &'a str,
    /// The same in a few words.
    pub remedy: &'a str,
    /// Stable over edits elsewhere.
    pub fingerprint: &'a str,
}

/// Another place of a fault.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Related<'a> {
    /// What it is to the fault.
    pub role: Role,
    /// Words for it.
    pub message: &'a str,
    /// The file.
    pub file: &'a str,
    /// The first line, from 1.
    pub line: u32,
    /// The first column, from 1.
    pub column: u32,
    /// The last line.
    pub end_line: u32,
    /// The column after the last character.
    pub end_column: u32,
}

/// What another place is to the fault.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The read that the write depends on.
    Read,
    /// The write, or another writer.
    Write,
    /// The check that is acted upon.
    Check,
    /// A lock taken, released or missing.
    Lock,
    /// What runs the code again.
    Retry,
    /// The table's definition.
    Schema,
    /// A manifest's declaration.
    Manifest,
}

/// One step of the schedule that loses.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Turn<'a> {
    /// The id of the actor whose turn it is.
    pub actor: &'a str,
    /// What it does.
    pub step: &'a str,
    /// The value seen or written.
    pub value: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// A finding that somebody accepted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Suppressed<'a> {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding<'a>,
    /// Who silenced it: `comment`, `configuration`, `baseline`.
    pub by: &'a str,
    /// The reason given.
    pub why: Option<&'a str>,
}

/// What was read and what was not.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Coverage<'a> {
    /// How many files were read.
    pub files: u32,
    /// How many lines they have.
    pub lines: u64,
    /// Files by language.
    pub languages: &'a BTreeMap<&'static str, u32>,
    /// Files that were not read, or in part.
    pub skipped: Vec<Skipped<'a>>,
    /// Calls that could not be mapped.
    pub unresolved: Vec<Unresolved<'a>>,
}

/// A file that was not read, or in part.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Skipped<'a> {
    /// The file.
    pub file: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// A call that could not be mapped.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Unresolved<'a> {
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
    /// What it is.
    pub what: &'a str,
}
