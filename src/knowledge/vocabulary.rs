//! The closed vocabulary of the packs: what a library's call, decorator, base class or constructor means.
//!
//! These types are the format of every file under `rules/`; their doc comments are the reference of `pack.schema.json`,
//! which is generated from them. They are plain structs with optional fields: tagged and untagged enums would lose the
//! line numbers of errors. A word that a pack needs and that is missing here is added here, never spelled out in Rust
//! for one library.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One knowledge pack: what one library means.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pack {
    /// Its name, as in messages about the pack.
    pub pack: String,
    /// The language whose code it speaks about.
    pub language: PackLanguage,
    /// Where its facts were read: package, version, file or page.
    pub sources: Vec<String>,
    /// Import roots of the library. A file that imports none of them (directly or through the project's own modules) cannot
    /// reach its rows. Empty for packs that speak about the language itself.
    #[serde(default)]
    pub roots: Vec<String>,
    /// Prefix of the ids of its resources (`postgres` in `postgres:products`), where no type says otherwise.
    #[serde(default)]
    pub store: Option<String>,
    /// Its statements each commit for themselves where no transaction is begun around them.
    #[serde(default)]
    pub autocommit: bool,
    /// Types whose values are tracked, by a name of the pack's choosing (`redis.client`), unique among all packs.
    #[serde(default)]
    pub types: BTreeMap<String, TypeDef>,
    /// Functions, by qualified name.
    #[serde(default)]
    pub functions: Vec<Row>,
    /// Decorators, by qualified name; those that are attributes of a value stand under its type.
    #[serde(default)]
    pub decorators: Vec<Row>,
    /// Classes of the project that derive from a class of the library.
    #[serde(default)]
    pub bases: Vec<BaseRow>,
    /// Declarations in documents (YAML, JSON, TOML, front matter).
    #[serde(default)]
    pub documents: Vec<DocumentRow>,
    /// Programs that commands start: servers, workers, interpreters, wrappers.
    #[serde(default)]
    pub commands: Vec<CommandRow>,
    /// Calls that define tables and keys: in migrations, and in the bodies of mapped classes.
    #[serde(default)]
    pub schema: Vec<SchemaRow>,
    /// What the tools of migrations call things.
    #[serde(default)]
    pub migrations: Vec<MigrationRow>,
    /// An object of the library whose attributes are the constants of a module of the project.
    #[serde(default)]
    pub settings: Option<SettingsRow>,
    /// Metrics about waiting for locks that well-known exporters provide.
    #[serde(default)]
    pub exported: Vec<ExportedMetric>,
    /// How code asks an error whether a unique key refused what was written, where errors are values (Rust).
    #[serde(default)]
    pub refused_key: Option<RefusedKey>,
    /// The list of words that a program is started with, itself first: `sys.argv`.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Protocols whose servers projects write themselves.
    #[serde(default)]
    pub protocols: Vec<ProtocolRow>,
}

/// What an error is asked for that tells that a key was there already.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RefusedKey {
    /// Methods, variants and constants, by their last names: `is_unique_violation`.
    #[serde(default)]
    pub names: Vec<String>,
    /// Codes of the database as texts: `23505`.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Codes of the database as numbers.
    #[serde(default)]
    pub numbers: Vec<i64>,
}

/// The language a pack speaks about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PackLanguage {
    /// Python.
    #[default]
    Python,
    /// Rust.
    Rust,
    /// Documents alone: manifests, deployment files.
    Document,
}

/// Where a value comes from, as text: `0` (an argument by position), `0:name` (by position or keyword), `name` (by keyword
/// alone), `receiver` (the value the method is called on), `result` (what the call returns), `*` (all arguments),
/// `target` (the variable the result is assigned to), `function` (the decorated function), `=text` (this very text).
/// Positions count from 0 and leave the receiver out.
pub type Place = String;

/// A type whose values are tracked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TypeDef {
    /// Qualified names whose call makes a value of this type: classes and factories. Also used for annotations.
    /// `root.**.Name` stands for `Name` imported from anywhere under `root`.
    #[serde(default)]
    pub made_by: Vec<String>,
    /// Further types whose rows it shares.
    #[serde(default)]
    pub is: Vec<String>,
    /// The constructor's argument that names the thing: a path, a key, a collection.
    #[serde(default)]
    pub identity: Option<Place>,
    /// The constructor's arguments that tell one instance of a store from another: host, DSN, database file.
    #[serde(default)]
    pub instance: Vec<Place>,
    /// Prefix of resource ids reached through it, where it differs from the pack's.
    #[serde(default)]
    pub store: Option<String>,
    /// The dialect its SQL is parsed in: `postgres`, `mysql`, `sqlite`, `mssql`, `generic`.
    #[serde(default)]
    pub dialect: Option<String>,
    /// The type of any attribute of it that has no row (`db.orders`); the attribute's name is the identity.
    #[serde(default)]
    pub attribute_type: Option<String>,
    /// The attributes are columns of what it belongs to, and keep its identity: `orders.c.number`.
    #[serde(default)]
    pub columns: bool,
    /// The type of `value[key]`; the key is the identity.
    #[serde(default)]
    pub item_type: Option<String>,
    /// The type that `with value as x` binds, where it is not the value itself.
    #[serde(default)]
    pub enter_type: Option<String>,
    /// The type that iterating over it yields.
    #[serde(default)]
    pub iter_type: Option<String>,
    /// Which of its type parameters says what it holds, by position: 1 for the values of a mapping. Absent: the first.
    #[serde(default)]
    pub holds: Option<u8>,
    /// What it holds is reached through it: a guard, an extractor. What has no row here is looked up in what it holds.
    #[serde(default)]
    pub derefs: bool,
    /// Where the block around it ends, the rows that were read through it are detached from it: what is set on them later is sent by
    /// nobody (a session).
    #[serde(default)]
    pub detaches_rows: bool,
    /// What is called on it is queued: what each call answers comes with the call that commits.
    #[serde(default)]
    pub queues: bool,
    /// Arguments of its making that, where they are true or none, make each statement commit for itself.
    #[serde(default)]
    pub autocommit_with: Vec<String>,
    /// Arguments of its making that give its transactions their isolation: `create_engine(url, isolation_level="SERIALIZABLE")`.
    #[serde(default)]
    pub isolation_with: Vec<String>,
    /// Settings that bound every wait for a lock on what it connects to, where they are named beside its making:
    /// `connect_args={"command_timeout": 30}`.
    #[serde(default)]
    pub waits_bounded_with: Vec<String>,
    /// Attributes that are what its type argument says: `context.deps` of a `RunContext[Deps]`.
    #[serde(default)]
    pub held_as: Vec<String>,
    /// Types of named attributes.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// What `with value:` does (a lock held, a transaction, a handle closed); the row's `name` is `with`.
    #[serde(default)]
    pub enter: Option<Row>,
    /// What making a value does (an agent declared, a lock made, a file opened); the row's `name` is `new`.
    #[serde(default)]
    pub construct: Option<Row>,
    /// Methods of its values. A method may also be used as a decorator (`@app.task`): then `decorates` is set.
    #[serde(default)]
    pub methods: Vec<Row>,
}

/// What one call, decorator or context means.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Row {
    /// The names it speaks about: methods of the type it stands under, or qualified names.
    pub name: Vec<String>,
    /// What it does.
    pub effect: Effect,
    /// The type of the result: a type's name, `receiver` (the receiver itself), `held` (what the receiver holds),
    /// `element` (what going through the receiver yields: a row of a result), `argument 0` (that argument itself), or
    /// `instance of 0` (an instance of the class that this argument is).
    #[serde(default)]
    pub returns: Option<String>,
    /// The receiver keeps the rows and hands them out later, though the call returns something else.
    #[serde(default)]
    pub keeps_rows: bool,
    /// It is used as a decorator (with or without a call).
    #[serde(default)]
    pub decorates: bool,
    /// Receivers whose type is unknown and whose last name is one of these are taken for this type; confidence is capped
    /// at medium. `*` accepts any name.
    #[serde(default)]
    pub unknown_receiver: Vec<String>,

    // --- state ---
    /// The kind of resource: `table`, `database`, `file`, `cache`, `collection`, `queue`, `api`, `object-store`,
    /// `vector-store`, `memory`.
    #[serde(default)]
    pub kind: Option<String>,
    /// What names the resource.
    #[serde(default)]
    pub resource: Option<Place>,
    /// What names a part of that resource which others do not meet, as a file does in a folder: the key of an object in a bucket.
    #[serde(default)]
    pub part: Option<Place>,
    /// For attributes of Rust: the macro puts a type beside the function that is called as the function is, but in camel case,
    /// and a value of that type stands for the function.
    #[serde(default)]
    pub makes_type: bool,
    /// For `environment`: somebody may change it while the program runs, a feature flag.
    #[serde(default)]
    pub flag: bool,
    /// What `resource` names is the path of a file; where that is one of the project that holds SQL, its text is meant.
    #[serde(default)]
    pub in_file: bool,
    /// For `delete`: all that lies below goes with it.
    #[serde(default)]
    pub all_below: bool,
    /// A second resource it acts upon: the destination of a move or copy.
    #[serde(default)]
    pub to: Option<Place>,
    /// Prefix of the resource's id, where it differs from the type's.
    #[serde(default)]
    pub store: Option<String>,
    /// The values written, on which a lost update depends; absent: all arguments.
    #[serde(default)]
    pub value: Vec<Place>,
    /// What tells one record of the resource from another (a primary key, a filter).
    #[serde(default)]
    pub key: Option<Place>,
    /// The argument that the call gives back as it is, whatever it says of its type (`cast(Any, Order.status)`).
    #[serde(default)]
    pub stands_for: Option<Place>,
    /// Entries of the written value under which fields are set, where it says more than the new value: `$set`.
    #[serde(default)]
    pub sets_under: Vec<String>,
    /// The SQL text, for effect `sql`.
    #[serde(default)]
    pub sql: Option<Place>,
    /// Its parameters.
    #[serde(default)]
    pub parameters: Option<Place>,
    /// Repeating it gives the same state although its effect alone would not say so (`true`), or duplicates although
    /// its effect would not (`false`).
    #[serde(default)]
    pub idempotent: Option<bool>,
    /// Arguments any of which, when given, makes a repetition harmless: an idempotency key, a caller's id.
    #[serde(default)]
    pub idempotent_with: Vec<Place>,
    /// One indivisible step on the server, so that it needs no lock by itself.
    #[serde(default)]
    pub atomic: bool,
    /// Its result tells whether it took effect (a count, a flag), so a branch on it decides safely.
    #[serde(default)]
    pub decides: bool,
    /// It moves money.
    #[serde(default)]
    pub money: bool,
    /// It asks whether the thing is there, or about its outside, and not what it holds.
    #[serde(default)]
    pub presence: bool,
    /// It gives the elements of a collection, each of which somebody may take out and work on: `LRANGE`, `SMEMBERS`.
    #[serde(default)]
    pub elements: bool,
    /// It gives a number over many records: a count, a highest value.
    #[serde(default)]
    pub aggregate: bool,
    /// The row stands for a method of that name where its receiver's code is out of sight; what it names lies in the
    /// receiver, whose class or name goes before it.
    #[serde(default)]
    pub of_receiver: bool,
    /// One process alone may use it at a time: a browser's profile.
    #[serde(default)]
    pub exclusive: bool,
    /// It leaves no state behind that others share: logs, traces, metrics, a temporary file.
    #[serde(default)]
    pub private: bool,

    // --- locks ---
    /// Who a lock excludes: `process`, `host`, `distributed`.
    #[serde(default)]
    pub scope: Option<LockScope>,
    /// What names the lock.
    #[serde(default)]
    pub lock: Option<Place>,
    /// Its time to live.
    #[serde(default)]
    pub ttl: Option<Place>,
    /// The unit of the time to live.
    #[serde(default)]
    pub ttl_unit: Unit,
    /// Its time to live in seconds where the argument is missing; absent: it never expires.
    #[serde(default)]
    pub ttl_default: Option<f64>,
    /// It ends with its session, process or file handle, so a crash frees it.
    #[serde(default)]
    pub session: bool,
    /// How long a caller waits for it.
    #[serde(default)]
    pub wait: Option<Place>,
    /// The unit of the wait.
    #[serde(default)]
    pub wait_unit: Unit,
    /// Where the wait argument is missing: seconds; absent: for ever; 0: it does not wait.
    #[serde(default)]
    pub wait_default: Option<f64>,
    /// The argument that, when false, turns waiting off.
    #[serde(default)]
    pub blocking: Option<Place>,
    /// A refusal is told by the result and not by an exception.
    #[serde(default)]
    pub refusal_returned: bool,
    /// Entering it ignores a refusal: the body runs without the lock.
    #[serde(default)]
    pub refusal_ignored: bool,
    /// Releasing compares the owner first.
    #[serde(default)]
    pub owner_checked: bool,
    /// The library extends its life as long as it is held.
    #[serde(default)]
    pub renewed: bool,
    /// Arguments any of which, when given and not false, makes the library extend its life.
    #[serde(default)]
    pub renewed_with: Vec<Place>,
    /// The holder may take it again.
    #[serde(default)]
    pub reentrant: bool,
    /// The result holds the lock: it is given back where the result is dropped, at the end of its scope.
    #[serde(default)]
    pub guard: bool,
    /// How many may hold it at once: the argument that says so (semaphores).
    #[serde(default)]
    pub permits: Option<Place>,

    // --- transactions ---
    /// The isolation a transaction has: `serializable`, `repeatable-read`, `read-committed`, `immediate` (SQLite's write
    /// lock from the start).
    #[serde(default)]
    pub isolation: Option<String>,
    /// It takes row locks on what it reads (`with_for_update`).
    #[serde(default)]
    pub for_update: bool,

    // --- actors ---
    /// The kind of actor it declares.
    #[serde(default)]
    pub actor: Option<ActorKind>,
    /// Where the actor's, tool's, channel's or metric's name stands; the first that is known counts.
    #[serde(default)]
    pub named: Vec<Place>,
    /// The functions, tools or objects an actor is given; also the entry function of a node, worker, thread or callback.
    /// For `retry`, `function` is the one that the call stands in.
    #[serde(default)]
    pub entry: Vec<Place>,
    /// The command of a program that it starts: one text, or a list of words.
    #[serde(default)]
    pub command: Option<Place>,
    /// Arguments passed on to the entry function: the positional ones from this index on.
    #[serde(default)]
    pub passes_from: Option<usize>,
    /// What it is given runs in a thread of its own, beside the event loop.
    #[serde(default)]
    pub thread: bool,
    /// The members of an orchestrator: agents, tasks, nodes.
    #[serde(default)]
    pub members: Vec<Place>,
    /// The agent that a task, node or run stands for.
    #[serde(default)]
    pub agent: Option<Place>,
    /// Texts that a model reads: prompts, descriptions, back stories.
    #[serde(default)]
    pub prompts: Vec<Place>,
    /// The configuration section an actor is built from: `self.agents_config["key"]` names a key of a manifest.
    #[serde(default)]
    pub config: Option<Place>,
    /// The orchestrator pattern, as the report names it.
    #[serde(default)]
    pub pattern: Option<String>,
    /// How an orchestrator runs its members.
    #[serde(default)]
    pub runs: Option<Runs>,
    /// Several instances may run at the same time with nothing else said (endpoints, workers, tool servers).
    #[serde(default)]
    pub multiple: bool,
    /// The framework runs the tool calls of one turn beside one another.
    #[serde(default)]
    pub parallel_tools: bool,
    /// How often the framework or decorator runs the body again on failure where no argument says so; -1: without limit.
    #[serde(default)]
    pub retries: Option<i64>,
    /// The argument that says how often.
    #[serde(default)]
    pub retries_from: Option<Place>,
    /// Arguments that say after how many seconds what it runs is stopped; the first that is given counts.
    #[serde(default)]
    pub cut_off: Vec<Place>,
    /// The argument that names a class of the project whose calls run the decorated function: what its `__call__` does stands
    /// around it.
    #[serde(default)]
    pub called_by: Option<Place>,
    /// The edge's ends, for effect `edge`: from and to.
    #[serde(default)]
    pub edge: Vec<Place>,
    /// The framework this actor belongs to, for JSON.
    #[serde(default)]
    pub framework: Option<String>,
    /// The actor's run is keyed by a session, thread or user, so that several runs may overlap.
    #[serde(default)]
    pub sessions: bool,
    /// Arguments that key the run by a session, thread or user where they are given and no constant.
    #[serde(default)]
    pub keyed_by: Vec<Place>,
    /// Where those arguments are mappings: the keys below, at any depth, that hold the session.
    #[serde(default)]
    pub session_keys: Vec<String>,

    // --- channels and controls ---
    /// What names the channel.
    #[serde(default)]
    pub channel: Option<Place>,
    /// How long a sleep, timer, cache or time-out lasts.
    #[serde(default)]
    pub seconds: Option<Place>,
    /// What it cancels is ended as it stands: nothing of it that would clean up runs any more.
    #[serde(default)]
    pub abrupt: bool,
    /// Whether each client starts a process of its own for what is run (a tool server over stdio).
    #[serde(default)]
    pub per_client: Option<bool>,

    /// What changes with an argument; the first variant that applies counts.
    #[serde(default)]
    pub when: Vec<Variant>,
}

/// What changes with an argument.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Variant {
    /// Which argument.
    pub argument: Place,
    /// It applies where the argument is this constant: `true`, `false`, `none`, a number, a string, or the qualified name
    /// of an enumeration's member.
    #[serde(default)]
    pub is: Option<String>,
    /// It applies where the argument is a text that holds any of these.
    #[serde(default)]
    pub contains: Vec<String>,
    /// It applies where the argument is a mapping whose keys are known, and all of them are among these.
    #[serde(default)]
    pub only_keys: Vec<String>,
    /// It applies where the argument is given (`true`) or missing (`false`).
    #[serde(default)]
    pub given: Option<bool>,
    /// The effect it has then.
    #[serde(default)]
    pub effect: Option<Effect>,
    /// The result's type then.
    #[serde(default)]
    pub returns: Option<String>,
    /// Whether repeating it is harmless then.
    #[serde(default)]
    pub idempotent: Option<bool>,
    /// The orchestrator pattern then.
    #[serde(default)]
    pub pattern: Option<String>,
    /// How members run then.
    #[serde(default)]
    pub runs: Option<Runs>,
    /// Whether tool calls of one turn run beside one another then.
    #[serde(default)]
    pub parallel_tools: Option<bool>,
    /// Whether row locks are taken then.
    #[serde(default)]
    pub for_update: Option<bool>,
    /// Whether it is atomic then.
    #[serde(default)]
    pub atomic: Option<bool>,
    /// How long a caller waits for the lock then, in seconds, where no argument says so; 0: it does not wait.
    #[serde(default)]
    pub wait_default: Option<f64>,
    /// The isolation of the transaction then.
    #[serde(default)]
    pub isolation: Option<String>,
    /// Whether what is cancelled is ended as it stands then.
    #[serde(default)]
    pub abrupt: Option<bool>,
    /// Whether each client starts a process of its own for it then.
    #[serde(default)]
    pub per_client: Option<bool>,
    /// How often the body is run again on failure then, where no argument says so.
    #[serde(default)]
    pub retries: Option<i64>,
}

/// Who a lock excludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockScope {
    /// Threads or tasks of one process.
    Process,
    /// Processes of one machine.
    Host,
    /// Everyone who reaches the store that holds it.
    Distributed,
}

/// The unit of a duration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Seconds; a `timedelta` is read in any unit.
    #[default]
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

impl Unit {
    /// How many seconds one of it lasts.
    pub fn in_seconds(self) -> f64 {
        match self {
            Unit::Seconds => 1.0,
            Unit::Milliseconds => 0.001,
        }
    }
}

/// What an actor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// An LLM agent.
    Agent,
    /// A task of a queue or workflow engine, a spawned loop.
    Worker,
    /// A handler of requests.
    Endpoint,
    /// Something a scheduler or a person starts.
    Job,
    /// A server that offers tools to models.
    ToolServer,
}

/// How an orchestrator runs its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    /// One after the other.
    Sequential,
    /// Beside one another.
    Parallel,
    /// Along the edges of a graph: beside one another where two edges leave one node.
    Graph,
    /// Members call one another directly, with nothing between.
    Mesh,
}

/// What a call, decorator or context does. This list is closed: rules and summaries are written against it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing outside the call: it makes or passes a value. Its result depends on its arguments.
    #[default]
    Value,
    /// A fresh identity that differs at each call: uuid, random, clock.
    Fresh,
    /// The clock: as `fresh` for keys, and what expiry is compared against.
    Clock,
    /// An environment variable or setting: the name is the identity.
    Environment,
    /// Text joined to a path.
    JoinPath,
    /// Another path beside the receiver's: of another name, or with another ending.
    BesidePath,
    /// Holds a duration in other units: `timedelta(minutes=1)`.
    Duration,

    /// Reads shared state.
    Read,
    /// Replaces the whole of it.
    Write,
    /// Creates a record; run twice, it makes two.
    Insert,
    /// Creates or replaces by key.
    Upsert,
    /// Changes a record to given values.
    Update,
    /// Changes it by an amount, in one step on the server.
    Increment,
    /// Adds to the end.
    Append,
    /// Removes.
    Delete,
    /// Creates where absent, and tells whether it did.
    CreateIfAbsent,
    /// Writes where the condition given holds, and tells whether it did.
    CompareAndSet,
    /// Moves one resource over another in one step (`os.replace`).
    Replace,
    /// A side effect on an external service that is not a read: payment, e-mail, ticket, POST.
    Call,
    /// Runs SQL text: what it does stands there.
    Sql,
    /// Several accesses in one indivisible server-side script.
    Script,
    /// Opens a file; the mode says whether it is read, written or appended.
    Open,
    /// Writes what is given into an open handle: `json.dump(value, handle)`.
    Dump,
    /// Reads from an open handle.
    Load,

    /// Loads mapped objects: rows as values.
    OrmLoad,
    /// Restricts a query: filters, joins; `for-update` locks its rows.
    OrmFilter,
    /// Puts the rows of a query in the order of the columns it is given.
    OrmOrder,
    /// Looks a record up, and inserts it where there is none: of two who do, only a unique key stops one.
    FindOrInsert,
    /// Adds a new mapped object to be inserted.
    OrmAdd,
    /// Adds or replaces by primary key.
    OrmMerge,
    /// Removes a mapped object.
    OrmDelete,
    /// Builds a statement on a mapped class or table: insert, update, delete, select.
    OrmStatement,
    /// Adds a conflict clause to an insert statement.
    OrmConflict,
    /// Sets values of a statement.
    OrmValues,

    /// Begins a transaction, or is one as a context.
    Transaction,
    /// Ends it with its changes kept.
    Commit,
    /// Ends it with its changes dropped.
    Rollback,
    /// Adds a parameter to a statement that is being built.
    Bind,
    /// Sends what is pending; nothing ends.
    Flush,

    /// Makes a lock value; nothing is held yet.
    Lock,
    /// Takes a lock.
    Acquire,
    /// Gives it back.
    Release,
    /// Extends its life.
    Renew,
    /// Drops a value: a guard gives its lock back.
    Drop,

    /// Publishes an event or message.
    Publish,
    /// Subscribes to a channel.
    Subscribe,
    /// Blocks until a message comes.
    Consume,
    /// Hands a task to a queue: runs a worker elsewhere.
    Enqueue,

    /// Suspends for a time.
    Sleep,
    /// Runs the given function or coroutine beside this code.
    Spawn,
    /// Runs the given coroutines beside one another and waits for them.
    Gather,
    /// Calls the given function with further arguments, as if it were called here.
    Invoke,
    /// Binds arguments to a function.
    Partial,
    /// Enters the given context manager, until what surrounds it is left: `stack.enter_context(lock)`.
    Enter,
    /// Runs the body again on failure.
    Retry,
    /// Limits the time of what it wraps.
    Timeout,
    /// Runs a function at times: a scheduler.
    Schedule,
    /// Runs a program's event loop or main function.
    RunMain,
    /// Never returns: it raises, or ends the program.
    Exit,

    /// Declares an actor.
    Actor,
    /// Makes a function a tool of the receiver, or a tool to be listed.
    Tool,
    /// Declares a task of an agent.
    Task,
    /// Declares an orchestrator.
    Orchestrator,
    /// Adds a member or node.
    Member,
    /// Adds an edge between nodes.
    Edge,
    /// Runs an actor or orchestrator.
    Run,
    /// Calls a model: takes long, and how long cannot be told.
    ModelCall,
    /// A call over the network that only reads or whose effect does not matter: takes time.
    NetworkCall,
    /// Lets one agent hand its work to another.
    HandOff,

    /// Tells a person: pages, alerts.
    Alert,
    /// Makes a metric.
    Metric,
    /// Records a value in a metric.
    Observe,
    /// Stops an actor or task.
    Cancel,
    /// Runs many at once in a test.
    ConcurrentTest,
}

/// An object of the library whose attributes are the constants of a module of the project, which the environment names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SettingsRow {
    /// Qualified name of the object.
    pub name: String,
    /// The variable of the environment that names the module.
    pub variable: String,
    /// Files that set that variable for the programs they start.
    pub set_in: Vec<String>,
    /// The file that is the module where nobody says so and there is one alone.
    pub file: String,
}

/// Managers of rows that others point to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RelatedRow {
    /// Qualified names of what declares, in a class's body, that its rows point to one of another class.
    pub by: Vec<String>,
    /// The argument that is the other class, or its name.
    pub to: Place,
    /// The argument that names the manager.
    pub name: Place,
    /// What stands behind the pointing class's name, in small letters, where nothing names the manager.
    pub ending: String,
    /// The manager's type.
    pub manager: String,
    /// Its methods that nothing else has: by these it is told where nobody knows whose it is.
    pub telling: Vec<String>,
}

/// Classes of the project that derive from a class of the library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BaseRow {
    /// Qualified names of the base; `*Suffix` matches a class by its own name instead (hand-written agents). In Rust also those
    /// of attributes of the type, of what it derives and, with their `!`, of the macro that declares it.
    pub name: Vec<String>,
    /// What such a class is.
    pub is: BaseKind,
    /// The type its instances have, so that rows of that type hold for it.
    #[serde(default)]
    pub instance_of: Option<String>,
    /// The methods through which it is run or called.
    #[serde(default)]
    pub entry: Vec<String>,
    /// The class attribute or field that names it; for `is: commands` the attributes of a variant that do, with the argument in
    /// which the name stands (`command.name`).
    #[serde(default)]
    pub named: Vec<String>,
    /// Functions that such a class has from the library and that give an instance of it: `Cli::parse()`.
    #[serde(default)]
    pub makes: Vec<String>,
    /// For `is: actor`: keywords of the constructor that describe an agent, its prompt or its tools. An instance that is
    /// given a name and one of them is an agent, though its class only holds the description and runs nothing.
    #[serde(default)]
    pub described_by: Vec<String>,
    /// The kind of actor, for `is: actor`.
    #[serde(default)]
    pub actor: Option<ActorKind>,
    /// For `is: actor`: class attributes that list functions, each of which is an actor: the settings of a queue's worker.
    #[serde(default)]
    pub members: Vec<String>,
    /// Class attributes that models read.
    #[serde(default)]
    pub prompts: Vec<String>,
    /// The class attribute that names the table, for `is: model`; in Rust also an argument of an attribute of the type.
    #[serde(default)]
    pub table: Vec<String>,
    /// Entries of class attributes by whose presence rows carry a version that every update compares:
    /// `__mapper_args__.version_id_col`.
    #[serde(default)]
    pub versioned_by: Vec<String>,
    /// What is set on rows is sent together, and the rows of a table in the order of their keys: a unit of work.
    #[serde(default)]
    pub flushes_in_order: bool,
    /// How the table is named where no attribute says so: `snake`, `snake-plural`, `lower`, `class`.
    #[serde(default)]
    pub table_default: Option<String>,
    /// The framework, for JSON.
    #[serde(default)]
    pub framework: Option<String>,
    /// The managers that rows of such a class have of the rows that point to them.
    #[serde(default)]
    pub related: Option<RelatedRow>,
    /// Names that stand beside such a class, made by its macro, and the types that they are about it.
    #[serde(default)]
    pub beside: BTreeMap<String, String>,
    /// Such a class is a model only where this keyword of the class statement is true (`table=True`).
    #[serde(default)]
    pub keyword: Option<String>,
    /// As for rows.
    #[serde(default)]
    pub multiple: bool,
    /// As for rows.
    #[serde(default)]
    pub retries: Option<i64>,
    /// As for rows.
    #[serde(default)]
    pub pattern: Option<String>,
}

/// What a derived class is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaseKind {
    /// A tool: its entry methods are its body.
    #[default]
    Tool,
    /// An actor.
    Actor,
    /// A mapped class: one table.
    Model,
    /// A base for mapped classes (`declarative_base()`).
    ModelBase,
    /// A mapped class whose instances are plain values: setting a field writes nothing until the value is saved.
    PlainModel,
    /// A table as such; its rows are values of other types.
    Table,
    /// A value without behaviour of its own: never an actor, whatever its name.
    Record,
    /// An exception.
    Error,
    /// An orchestrator: its methods are nodes.
    Orchestrator,
    /// A test case.
    Test,
    /// The commands of a program, one a variant: which of them runs is told by the words that the program is started with.
    Commands,
}

/// A declaration in documents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DocumentRow {
    /// Globs on the file's path, any of which must match: `**/config/agents.yaml`.
    pub files: Vec<String>,
    /// Globs none of which may match: `**/README.md`.
    #[serde(default)]
    pub not_files: Vec<String>,
    /// The path in the document: keys joined by dots, `*` for any key (it gives the name) or any item of a list: `services.*`.
    pub path: String,
    /// Keys that must stand below, so that an unrelated file of that name is not taken.
    #[serde(default)]
    pub requires: Vec<String>,
    /// What stands there.
    pub declares: Declares,
    /// Keys below that give the name, where the key itself does not; with neither, the file's name gives it.
    #[serde(default)]
    pub named: Vec<String>,
    /// Keys below whose texts models read.
    #[serde(default)]
    pub prompts: Vec<String>,
    /// Keys below that name the agent (of a task).
    #[serde(default)]
    pub agent: Option<String>,
    /// The list below each of whose items is a process of its own: `command`, `env` and the like are looked up in the item.
    #[serde(default)]
    pub each: Option<String>,
    /// Keys below that count instances; the first that is there counts.
    #[serde(default)]
    pub count: Vec<String>,
    /// It is a template of which several are started.
    #[serde(default)]
    pub several: bool,
    /// Of what it starts only scripts count that lie in the document's own folder (`.`), or in a folder of that name.
    #[serde(default)]
    pub scripts_below: Option<String>,
    /// A client starts it for itself: where several clients are set up with one program, several of it run.
    #[serde(default)]
    pub per_client: bool,
    /// `key` or `key=value` at the top of the document or below: where one holds, a second instance waits for the first.
    #[serde(default)]
    pub alone: Vec<String>,
    /// Keys of the whole document that must be there.
    #[serde(default)]
    pub requires_root: Vec<String>,
    /// It is started again and again by a clock, and what it runs is a job.
    #[serde(default)]
    pub scheduled: bool,
    /// Keys below that hold the command; several are one command in this order.
    #[serde(default)]
    pub command: Vec<String>,
    /// Keys below that name the folder an image is built from; the first that is there counts.
    #[serde(default)]
    pub build: Vec<String>,
    /// It runs the image that the project builds, where it says no command.
    #[serde(default)]
    pub own_image: bool,
    /// The key below that names the file the image is built by.
    #[serde(default)]
    pub dockerfile: Option<String>,
    /// Keys below that hold environment variables: a mapping, a list of `NAME=value`, or a list of `name` and `value`.
    #[serde(default)]
    pub environment: Vec<String>,
    /// Those declared in files of one folder belong together; without it those of one file do.
    #[serde(default)]
    pub by_folder: bool,
    /// The key below that holds an expression watched (alert rules).
    #[serde(default)]
    pub expression: Option<String>,
    /// The key below that holds the threshold, where the expression does not.
    #[serde(default)]
    pub threshold: Option<String>,
    /// The key below that says how long the condition must hold before it fires.
    #[serde(default)]
    pub lasts: Option<String>,
    /// The framework, for JSON.
    #[serde(default)]
    pub framework: Option<String>,
}

/// What a document declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Declares {
    /// An agent.
    #[default]
    Agent,
    /// A task of an agent.
    Task,
    /// A service: one process image, run a number of times.
    Service,
    /// How an image starts, where nothing that uses it says otherwise.
    Image,
    /// The name of a command, and what it calls.
    Script,
    /// A path of an API that others call: the key is the path, and `requires` names the methods of which one must be there.
    Operation,
    /// An alert rule.
    Alert,
}

/// A call that defines a table or a key of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SchemaRow {
    /// Its qualified names.
    pub name: Vec<String>,
    /// What it defines.
    pub does: Defines,
    /// What names the table; absent: the table around it.
    #[serde(default)]
    pub table: Option<Place>,
    /// What names the column or columns: a text or a list of them; `*` for every text given by position.
    #[serde(default)]
    pub columns: Option<Place>,
    /// How many texts stand before those of the columns, where they are `*`.
    #[serde(default)]
    pub skip: u8,
    /// What names the key, so that it can be dropped.
    #[serde(default)]
    pub key_name: Option<Place>,
    /// The argument that makes it unique when it is true; absent: a key always is, a column never.
    #[serde(default)]
    pub unique: Option<Place>,
    /// Such a column is always unique.
    #[serde(default)]
    pub unique_always: bool,
    /// The argument that makes a column the primary key.
    #[serde(default)]
    pub primary: Option<Place>,
    /// Arguments any of which says that the value of a primary key is made by the database or the mapping.
    #[serde(default)]
    pub generated: Vec<Place>,
    /// Arguments any of which makes a key hold for some rows only.
    #[serde(default)]
    pub partial: Vec<Place>,
    /// For a batch: what stands before the names of its methods in rows.
    #[serde(default)]
    pub methods: Option<String>,
}

/// What a call defines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Defines {
    /// A table, with what stands among its arguments.
    #[default]
    Table,
    /// A column, among a table's arguments or in a class.
    Column,
    /// A column of a table that is there; its call stands among the arguments.
    AddColumn,
    /// A unique key.
    Unique,
    /// A table is dropped.
    DropTable,
    /// A key is dropped.
    DropKey,
    /// A context in which a variable stands for a table.
    Batch,
}

/// What a tool of migrations calls things.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MigrationRow {
    /// Globs of files that undo others.
    #[serde(default)]
    pub undo: Vec<String>,
    /// Comments after which the rest of a script undoes what stands before.
    #[serde(default)]
    pub undo_after: Vec<String>,
    /// Functions that undo.
    #[serde(default)]
    pub undo_functions: Vec<String>,
    /// The variable of a module that names its migration.
    #[serde(default)]
    pub revision: Option<String>,
    /// The variable that names those before it.
    #[serde(default)]
    pub after: Option<String>,
    /// Classes inside a mapped class that tell of its table: `Meta`. What others hold is no definition.
    #[serde(default)]
    pub inside: Vec<String>,
    /// Settings of a mapped class, or of a class in it, that list columns which are unique together.
    #[serde(default)]
    pub together: Vec<String>,
    /// Settings of the same kind that list indexes as pairs of columns and whether they are unique.
    #[serde(default)]
    pub indexed: Vec<String>,
}

/// A metric about waiting for locks that nobody in the project emits and an exporter does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExportedMetric {
    /// Its names.
    pub name: Vec<String>,
    /// Parts of the expression without which it is about something else: a label and its value.
    #[serde(default)]
    pub with: Vec<String>,
}

/// A protocol that a project's own server speaks: code that asks whether a message is of a method acts for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProtocolRow {
    /// What its messages call the method that acts (`tools/call`).
    pub acts: Vec<String>,
    /// Methods that only a server answers: one of them stands beside it in the same module.
    pub beside: Vec<String>,
    /// What such a server is.
    pub actor: ActorKind,
    /// How reports call the protocol.
    pub framework: String,
    /// Several callers use it at once.
    #[serde(default)]
    pub multiple: bool,
    /// One caller may send several calls at once.
    #[serde(default)]
    pub parallel_tools: bool,
}

/// A program that a command starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CommandRow {
    /// Names of the program.
    pub run: Vec<String>,
    /// Words that must stand among its arguments (`worker`).
    #[serde(default)]
    pub with: Vec<String>,
    /// Its arguments hold another command: the first word that starts one.
    #[serde(default)]
    pub wraps: bool,
    /// It builds and runs a program of the project itself: the options that name the program or its package; without one it
    /// is the only program there.
    #[serde(default)]
    pub program: Vec<String>,
    /// The word after which arguments are the program's own (`--`).
    #[serde(default)]
    pub own_after: Option<String>,
    /// The option whose value is a whole command line (`-c`).
    #[serde(default)]
    pub script: Option<String>,
    /// Where the module stands that it runs: an option (`-A`), or `*` for the first argument that is one.
    #[serde(default)]
    pub module: Vec<String>,
    /// The module it runs whatever its arguments are: a file name beside it.
    #[serde(default)]
    pub fixed: Option<String>,
    /// Options that count its processes.
    #[serde(default)]
    pub processes: Vec<String>,
    /// Environment variables that count them where no option does.
    #[serde(default)]
    pub processes_from: Vec<String>,
    /// How many there are where nothing counts them: 0 for one per processor. Absent: one.
    #[serde(default)]
    pub processes_default: Option<u32>,
    /// Arguments (`--reload`, `--pool=solo`) with which there is one process only.
    #[serde(default)]
    pub one_process: Vec<String>,
    /// The kinds of actors that its processes run; absent: every kind.
    #[serde(default)]
    pub runs: Vec<ActorKind>,
    /// Frameworks whose actors are run by this command alone, in processes of their own.
    #[serde(default)]
    pub frameworks: Vec<String>,
}

impl CommandRow {
    /// Whether it is of a program of this name: `python3.12` is `python`.
    pub fn names(&self, name: &str) -> bool {
        let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        self.run.iter().any(|n| n == name || n == bare)
    }
}
