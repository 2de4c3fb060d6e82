//! What a user would draw: actors, resources and who touches which, locks, channels, controls, and who runs beside whom.
//!
//! The model is made from the summaries of `effects` and is all that rules and reports see. It holds no syntax and no
//! library names beyond those that are printed (`api`). Ids are as in the JSON: `agent:order_agent`, `postgres:products`.

pub mod build;
mod events;
mod processes;
mod races;
pub mod replay;
mod takes;

pub use events::{LooseEnd, StaleView, Stop};
pub use processes::Apart;
pub use races::{Claim, Dependence, Guard, Race, Replacement, Setting};
pub use takes::{Hollow, Leak, Order, OrderFault, Pause, Polling, Prompt, Release, RowOrder, StateCollision, Stays, Take, Told, Waiting};

use crate::config::Place;
pub use crate::knowledge::vocabulary::{ActorKind, LockScope};
use crate::source::Site;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

/// Index of an actor in [`Model::actors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ActorId(pub u32);

/// Index of a resource in [`Model::resources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ResourceId(pub u32);

/// Something that runs on its own and may run beside others.
#[derive(Clone, Debug)]
pub struct Actor {
    /// `kind:name`, made unique by the module where two share a name.
    pub id: String,
    /// What code and configuration call it.
    pub name: String,
    /// Other names: role, variable, class.
    pub aliases: Vec<String>,
    /// What it is.
    pub kind: ActorKind,
    /// The framework it is written in; empty for hand-written ones.
    pub framework: String,
    /// Where it is declared.
    pub site: Site,
    /// Names of its tools, sorted.
    pub tools: Vec<String>,
    /// The functions it runs.
    pub entry_points: Vec<EntryPoint>,
    /// Which system it belongs to: an index into [`Model::systems`].
    pub system: u32,
    /// Several instances may run at once, and what shows it.
    pub multiple: Option<String>,
    /// It runs until it is stopped: its loop, or what serves it.
    pub long_running: Option<Site>,
    /// Its loop reads a flag that others set, or something that holds it can cancel it: where.
    pub stopped_by: Option<Site>,
    /// How often its framework runs its code again on failure with nothing said; -1 without limit.
    pub retries: Option<i64>,
    /// It is asked by a model, which may ask again: a tool.
    pub by_model: bool,
    /// The framework that runs it in processes of its own, apart from the rest of the program.
    pub process: Option<String>,
    /// That framework starts several processes where nothing says otherwise.
    pub pooled: bool,
}

/// A function through which an actor's code is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPoint {
    /// Dotted name: `tools.enrich.enrich_product`.
    pub function: String,
    /// Where it is defined.
    pub site: Site,
}

/// How an access changes the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It only looks.
    Read,
    /// It changes.
    Write,
    /// It writes what depends on what it read.
    ReadModifyWrite,
}

/// One access of one actor to one resource.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who.
    pub actor: ActorId,
    /// Whether it looks or changes.
    pub mode: Mode,
    /// What it does, as in JSON: `insert`, `upsert`, `update`, `increment`, `append`, `delete`, `put`, `call`, `read`, ….
    pub operation: &'static str,
    /// Where.
    pub site: Site,
    /// `Class.method` or `function`.
    pub function: String,
    /// The library call: `psycopg.Cursor.execute`.
    pub api: String,
    /// Repeating it gives the same state.
    pub idempotent: bool,
    /// One indivisible step in the store.
    pub atomic: bool,
    /// Ids of the locks held.
    pub guards: Vec<String>,
    /// The chain from the entry point to the access.
    pub path: Vec<Frame>,
    /// The write as the code calls it: `INSERT`, `write_text`.
    pub verb: String,
    /// What runs it again on failure: where, and by what.
    pub retry: Option<(Site, String)>,
    /// How many calls lie between what runs it again and it.
    pub retry_distance: u8,
    /// The retry is written in the code and no framework's default.
    pub retry_explicit: bool,
    /// Its key differs at each attempt.
    pub fresh_key: bool,
    /// It takes effect only under a condition that the store checks.
    pub conditional: bool,
    /// One process alone may use the resource at a time.
    pub exclusive: bool,
    /// It asks whether the resource is there and not what it holds.
    pub presence: bool,
    /// The loop and sleep that it is polled by.
    pub polling: Option<Polling>,
    /// A unique key of the table makes a repetition fail, and where it is defined.
    pub unique: Option<Option<Site>>,
    /// The failure of a repetition is caught.
    pub handled: bool,
    /// It moves money.
    pub money: bool,
    /// Steps of the way that were inferred.
    pub inferred: u8,
    /// It is decided by an earlier look at the same resource.
    pub decided: bool,
    /// It puts there what was missing.
    pub makes_missing: bool,
    /// A read of the same resource decided it, and something keeps all others out from that read on.
    pub settled: bool,
    /// It keeps what it read in a field or variable that outlives the call.
    pub in_transaction: bool,
    /// Something that decides at most once let it through: a record of the operation, a claim.
    pub admitted: bool,
    /// The same function has removed what it adds anew, or found nothing to change.
    pub renews: bool,
    /// What is run again on failure is one transaction, whose changes a failure takes back.
    pub rolled_back: bool,
    /// An insert of many rows at once, none of them named after something that is made in the same run.
    pub batch: bool,
    /// The endless loop that it stands in.
    pub looped: Option<Site>,
    /// It locks many rows in the order of a list that nothing sorts.
    pub unordered: bool,
    /// It reads rows and locks them until the transaction ends.
    pub locks_rows: bool,
    /// An in-process lock is held.
    pub process_guard: Option<String>,
    /// It is done on an event loop in one go: nobody else on that loop sees half of it.
    pub in_one_turn: bool,
}

/// One link of a chain of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// `Class.method` or `function` entered or left.
    pub function: String,
    /// The call, or for the last frame the access.
    pub site: Site,
}

/// State outside one call.
#[derive(Clone, Debug)]
pub struct Resource {
    /// `postgres:products`, `file:data/memory.json`.
    pub id: String,
    /// The name alone: `products`.
    pub name: String,
    /// The store: `postgres`, `redis`, `file`.
    pub store: String,
    /// The kind, as in JSON.
    pub kind: String,
    /// Which system it belongs to.
    pub system: u32,
    /// Whether concurrent actors meet in it.
    pub shared: bool,
    /// Who reads it, sorted.
    pub readers: Vec<ActorId>,
    /// Who writes it, sorted.
    pub writers: Vec<ActorId>,
    /// Every access, sorted by actor and place.
    pub accesses: Vec<Access>,
    /// Who may touch it, where the configuration says so.
    pub policy: Option<Policy>,
}

/// Who may read and write a resource. Who may write may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Who may read; `None`: everyone.
    pub readers: Option<Vec<ActorId>>,
    /// Who may write; `None`: everyone.
    pub writers: Option<Vec<ActorId>>,
    /// Where it is declared.
    pub site: Option<Site>,
}

/// Words in the names of tables that only say what happened.
const LOGS: [&str; 6] = ["log", "logs", "audit", "audits", "trace", "traces"];

impl Resource {
    /// Whether it only grows, and is called a log: that something happened may be said twice.
    pub fn is_log(&self) -> bool {
        let named = self.name.split(|c: char| !c.is_alphanumeric()).any(|word| LOGS.contains(&word.to_lowercase().as_str()));
        named && self.accesses.iter().all(|a| matches!(a.operation, "insert" | "append" | "read"))
    }

    /// Whether it is one of many files of a name, each in a folder of its own: two would have to mean the same folder.
    pub fn is_in_one_of_many_folders(&self) -> bool {
        let folders = self.name.trim_start_matches("*/").rsplit_once('/').map_or("", |(folders, _)| folders);
        self.kind == "file" && folders.contains('*')
    }

    /// Whether both may be one file or key: the same pattern, or patterns of which one may stand for the other.
    pub fn may_be(&self, other: &Resource) -> bool {
        if self.system != other.system || self.store != other.store || self.kind != other.kind {
            return false;
        }
        if self.name == other.name {
            return true;
        }
        let ((a, x), (b, y)) = match (ends(&self.name), ends(&other.name)) {
            (Some(a), Some(b)) => (a, b),
            _ => return false,
        };
        let told = |text: &str| text.chars().any(char::is_alphanumeric);
        // What fills a hole in a path is one step of it, except where the path begins with it.
        let steps = |name: &str| name.matches('/').count();
        if self.kind == "file" && !a.is_empty() && !b.is_empty() && steps(&self.name) != steps(&other.name) {
            return false;
        }
        (a.starts_with(b) || b.starts_with(a)) && (x.ends_with(y) || y.ends_with(x)) && told(a) && told(b)
    }
}

/// What stands before the first hole of a pattern and after its last one; `None` where it has none.
fn ends(pattern: &str) -> Option<(&str, &str)> {
    Some((pattern.split_once('*')?.0, pattern.rsplit_once('*')?.1))
}

/// A lock, lease or claim.
#[derive(Clone, Debug)]
pub struct Lock {
    /// `lock:inventory`.
    pub id: String,
    /// Its name or pattern.
    pub name: String,
    /// Whom it excludes.
    pub scope: LockScope,
    /// Its time to live in seconds, where it is one number.
    pub ttl_seconds: Option<f64>,
    /// Its time to live in words: `30s default, per-resource configurable`; `None` where it never expires.
    pub ttl: Option<String>,
    /// It ends with its session, so that it needs no time to live.
    pub session: bool,
    /// A class of the project hands it out.
    pub own: bool,
    /// The library call or the project's own class that hands it out.
    pub api: String,
    /// Where it is made or taken first.
    pub site: Site,
    /// Who takes it.
    pub holders: Vec<ActorId>,
}

impl Lock {
    /// Whether a class of the project hands it out and no library.
    pub fn store_is_own(&self) -> bool {
        self.own
    }
}

/// An event channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its name or pattern.
    pub id: String,
    /// Who publishes.
    pub publishers: Vec<ActorId>,
    /// Who subscribes.
    pub subscribers: Vec<ActorId>,
    /// Where it is first used.
    pub site: Site,
}

/// What a control is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
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

/// Something that watches or stops actors.
#[derive(Clone, Debug)]
pub struct Control {
    /// What it is.
    pub kind: ControlKind,
    /// Which actors it covers; empty: all.
    pub actors: Vec<ActorId>,
    /// Where.
    pub site: Site,
    /// What it does, in words for the report.
    pub detail: String,
    /// For an alert: after how many seconds of waiting it fires, where that is known.
    pub threshold: Option<f64>,
    /// It lives elsewhere, and the configuration says so.
    pub declared: bool,
}

impl Control {
    /// A control that was found.
    pub fn new(kind: ControlKind, actors: Vec<ActorId>, site: Site, detail: String) -> Control {
        Control { kind, actors, site, detail, threshold: None, declared: false }
    }
}

/// Two actors that may run at the same time, and why.
#[derive(Clone, Debug)]
pub struct Concurrency {
    /// One.
    pub a: ActorId,
    /// The other, or the same where several instances run.
    pub b: ActorId,
    /// What shows it: `asyncio.gather`, `separate services`.
    pub why: String,
    /// Where.
    pub site: Site,
    /// The code is made for it, and nothing shows that it happens: runs keyed by a session.
    pub presumed: bool,
}

/// What assigns tasks or hands out locks.
#[derive(Clone, Debug)]
pub struct Orchestrator {
    /// In the report's words: `centralized task coordinator`.
    pub pattern: String,
    /// Where.
    pub site: Site,
    /// Which system it serves.
    pub system: u32,
}

/// A process image and how many of it run.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The service's or module's name.
    pub name: String,
    /// How many instances, each with all its processes.
    pub instances: u32,
    /// Where it is declared.
    pub site: Site,
    /// Where a number above one is written.
    pub written: Option<Site>,
    /// More than one runs at a time, also where nobody wrote down how many.
    pub several: bool,
    /// A clock starts it, on whatever machine is free.
    pub scheduled: bool,
    /// Each client starts it for itself.
    pub per_client: bool,
    /// Units of one number are started together.
    pub group: u32,
    /// The actors it runs, sorted.
    pub hosts: Vec<ActorId>,
}

/// Parts of the repository that are connected, so that their actors can meet.
#[derive(Clone, Debug)]
pub struct System {
    /// The folder that holds it, relative to PATH; `.` for all of it.
    pub name: String,
    /// Its process images.
    pub units: Vec<Unit>,
}

/// What the run could not read or resolve.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Files read, by language.
    pub languages: std::collections::BTreeMap<&'static str, u32>,
    /// Lines in them.
    pub lines: u64,
    /// Files not read or read in part, with the reason: `syntax error at line 3`.
    pub skipped: Vec<(String, String)>,
    /// Files of languages without a front end, counted.
    pub not_read: std::collections::BTreeMap<String, u32>,
    /// Writes and calls that could not be mapped.
    pub unresolved: Vec<(Site, String)>,
    /// Imports and classes seen that no pack knows, most used first: for a repository in which nothing was recognised.
    pub unknown_imports: Vec<String>,
}

/// A write whose resource could not be told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmapped {
    /// Where.
    pub site: Site,
    /// By whom.
    pub actor: ActorId,
    /// What it does, in a word.
    pub verb: String,
    /// `Class.method` or `function`.
    pub function: String,
}

/// Everything a rule or a report may ask.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Systems, sorted by name.
    pub systems: Vec<System>,
    /// Actors, sorted by id.
    pub actors: Vec<Actor>,
    /// Resources, sorted by id.
    pub resources: Vec<Resource>,
    /// Locks, sorted by id.
    pub locks: Vec<Lock>,
    /// Channels, sorted by id.
    pub channels: Vec<Channel>,
    /// Alerts, metrics, kill switches and concurrency tests.
    pub controls: Vec<Control>,
    /// Orchestrators in the order they are named (rules.md, settled question 22).
    pub orchestrators: Vec<Orchestrator>,
    /// Pairs of actors that may overlap.
    pub concurrency: Vec<Concurrency>,
    /// Reads and writes that another actor can come between.
    pub races: Vec<Race>,
    /// Rows that are taken away and put anew outside a transaction.
    pub replacements: Vec<Replacement>,
    /// Files that several agents are told to write.
    pub told: Vec<Told>,
    /// Records that tools take for a model, whatever they hold by then.
    pub claims: Vec<Claim>,
    /// Every place where an actor takes a lock.
    pub takes: Vec<Take>,
    /// Transactions that lock rows of one table and then rows of another.
    pub row_orders: Vec<RowOrder>,
    /// Keys of a framework's state that two members of a graph write in one step.
    pub collisions: Vec<StateCollision>,
    /// Places where something is entered that calls itself a lock and does nothing.
    pub hollow: Vec<Hollow>,
    /// Locks that stay held on a way out, by place.
    pub leaks: Vec<Leak>,
    /// Channels of which one end alone is to be seen, by place.
    pub loose_ends: Vec<LooseEnd>,
    /// What actors read once and use for as long as they run, by place.
    pub stale_views: Vec<StaleView>,
    /// Places that end an actor as it stands, by place.
    pub stops: Vec<Stop>,
    /// Texts that models read.
    pub prompts: Vec<Prompt>,
    /// Checks of the lock order that the project makes itself.
    pub orders: Vec<Order>,
    /// Writes whose resource could not be told, by place.
    pub unmapped: Vec<Unmapped>,
    /// Agents that call one another, from and to, with the place.
    pub messages: Vec<(ActorId, ActorId, Site)>,
    /// What could not be read or resolved.
    pub coverage: Coverage,
    /// Entries of the configuration that match nothing, with what is missing.
    pub unmatched: Vec<(Place, String)>,
    /// The pairs of `concurrency` and whether each is only presumed, for asking in one step: rules ask for every two actors
    /// that meet.
    pub beside: FxHashMap<(ActorId, ActorId), bool>,
}

impl Actor {
    /// Whether it answers requests: all such run beside one another.
    pub fn is_request(&self) -> bool {
        self.kind == ActorKind::Endpoint
    }

    /// Whether it is a loop or task that the code starts itself, and no queue.
    pub fn is_started_by_code(&self) -> bool {
        self.kind == ActorKind::Worker && self.framework.is_empty()
    }
}

impl Model {
    /// An actor by index.
    pub fn actor(&self, id: ActorId) -> &Actor {
        &self.actors[id.0 as usize]
    }

    /// Whether two actors (or two instances of one) may run at the same time.
    pub fn overlap(&self, a: ActorId, b: ActorId) -> bool {
        self.beside.contains_key(&(a.min(b), a.max(b)))
    }

    /// Whether these actors (by id) meet only because the code is made for it.
    pub fn only_presumed(&self, actors: &[String]) -> bool {
        let known = |name: &String| self.actors.binary_search_by(|actor| actor.id.cmp(name)).ok();
        let mut ids: Vec<ActorId> = actors.iter().filter_map(known).map(|index| ActorId(index as u32)).collect();
        ids.sort_unstable();
        let pairs = ids.iter().enumerate().flat_map(|(index, a)| ids[index..].iter().map(move |b| (*a, *b)));
        let mut presumed = pairs.filter_map(|pair| self.beside.get(&pair)).peekable();
        presumed.peek().is_some() && presumed.all(|only| *only)
    }

    /// The pairs that meet in a resource which one of them writes, the lower first.
    pub fn meetings(&self) -> FxHashSet<(ActorId, ActorId)> {
        let mut met = FxHashSet::default();
        for resource in &self.resources {
            for a in &resource.writers {
                met.extend(resource.writers.iter().chain(&resource.readers).map(|b| (*a.min(b), *a.max(b))));
            }
        }
        met
    }

    /// Names of actors, sorted, without repetition.
    pub fn names(&self, actors: &[ActorId]) -> Vec<String> {
        let mut names: Vec<String> = actors.iter().map(|a| self.actor(*a).name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// A resource by index.
    pub fn resource(&self, id: ResourceId) -> &Resource {
        &self.resources[id.0 as usize]
    }
}
