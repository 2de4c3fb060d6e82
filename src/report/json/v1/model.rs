//! The part of version 1 that describes the scanned system: frozen like the rest.

use schemars::JsonSchema;
use serde::Serialize;

/// Connected parts of the repository.
#[derive(Debug, Serialize, JsonSchema)]
pub struct System<'a> {
    /// Its folder.
    pub name: &'a str,
    /// Its process images.
    pub units: Vec<Unit<'a>>,
}

/// A process image.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Unit<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many run.
    pub instances: u32,
    /// Where it is declared.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// What assigns tasks or hands out locks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Orchestrator<'a> {
    /// In words: `centralized task coordinator`.
    pub pattern: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// What watches or stops actors.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Control<'a> {
    /// What it is.
    pub kind: ControlKind,
    /// Ids of the actors it covers; empty: all.
    pub actors: Vec<&'a str>,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
    /// What it does.
    pub detail: &'a str,
}

/// What a control is.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ControlKind {
    /// Stops one agent.
    KillSwitch,
    /// Tells a person.
    Alert,
    /// Counts or times contention.
    Metric,
    /// Runs many actors at once and asserts.
    ConcurrencyTest,
}

/// Two actors that may run at the same time.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Concurrency<'a> {
    /// One.
    pub a: &'a str,
    /// The other.
    pub b: &'a str,
    /// What shows it.
    pub why: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// What runs on its own.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Actor<'a> {
    /// Its id: `agent:data_enricher`.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Other names.
    pub aliases: &'a [String],
    /// What it is.
    pub kind: ActorKind,
    /// The framework; empty for hand-written ones.
    pub framework: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
    /// Names of its tools.
    pub tools: &'a [String],
    /// The functions it runs.
    pub entry_points: Vec<EntryPoint<'a>>,
}

/// What an actor is.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// An LLM agent.
    Agent,
    /// A task of a queue or workflow engine.
    Worker,
    /// A handler of requests.
    Endpoint,
    /// Something a scheduler or a person starts.
    Job,
    /// A server that offers tools to models.
    ToolServer,
}

/// A function through which an actor's code is entered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EntryPoint<'a> {
    /// Its dotted name.
    pub function: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// State outside one call.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Resource<'a> {
    /// Its id: `postgres:products`.
    pub id: &'a str,
    /// Its kind: `table`, `file`, `queue`, ….
    pub kind: &'a str,
    /// The store.
    pub store: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whether concurrent actors meet in it.
    pub shared: bool,
    /// Ids of actors that read it.
    pub readers: Vec<&'a str>,
    /// Ids of actors that write it.
    pub writers: Vec<&'a str>,
    /// Every access.
    pub accesses: Vec<Access<'a>>,
}

/// One access of one actor.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Access<'a> {
    /// The actor's id.
    pub actor: &'a str,
    /// Whether it looks or changes.
    pub mode: Mode,
    /// What it does: `insert`, `upsert`, `update`, ….
    pub operation: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
    /// `Class.method` or `function`.
    pub function: &'a str,
    /// The library call.
    pub api: &'a str,
    /// Repeating it gives the same state.
    pub idempotent: bool,
    /// One indivisible step in the store.
    pub atomic: bool,
    /// Ids of the locks held.
    pub guards: &'a [String],
    /// The chain from the entry point to the access.
    pub path: Vec<Frame<'a>>,
}

/// Whether an access looks or changes.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It looks.
    Read,
    /// It changes.
    Write,
    /// It writes what depends on what it read.
    ReadModifyWrite,
}

/// One link of a chain of calls.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Frame<'a> {
    /// `Class.method` or `function`.
    pub function: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// A lock, lease or claim.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Lock<'a> {
    /// Its id: `lock:inventory`.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whom it excludes.
    pub scope: Scope,
    /// Its time to live, where it is one number.
    pub ttl_seconds: Option<f64>,
    /// Its time to live in words; null where it never expires.
    pub ttl: Option<&'a str>,
    /// What hands it out.
    pub api: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: u32,
    /// Ids of the actors that take it.
    pub holders: Vec<&'a str>,
}

/// Whom a lock excludes.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Threads or tasks of one process.
    Process,
    /// Processes of one machine.
    Host,
    /// Everyone who reaches its store.
    Distributed,
}

/// An event channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Channel<'a> {
    /// Its name.
    pub id: &'a str,
    /// Ids of actors that publish.
    pub publishers: Vec<&'a str>,
    /// Ids of actors that subscribe.
    pub subscribers: Vec<&'a str>,
}
