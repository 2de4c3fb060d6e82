//! Resources and who accesses them how.

use super::actors::is_aside;
use super::construction::is_being_made;
use super::decided::{Decided, Looks, is_look_at};
use super::schema::{Added, Schema};
use super::within::Within;
use super::{Doing, Input, Run, frames, join, locks};
use crate::effects::{Access as Effect, Context, Dep, Held, Item, Operation, Sorts, Told, VARIABLE};
use crate::facts::Name;
use crate::knowledge::vocabulary::{ActorKind, LockScope};
use crate::link::{FunctionRef, Hole, Part, Template};
use crate::model::{Access, ActorId, Mode, Model, Polling, Resource, ResourceId, Unmapped};
use crate::source::Site;
use rustc_hash::{FxHashMap, FxHashSet};

/// Errors by which a store tells that a row is there already.
const CONFLICTS: [&str; 9] = [
    "IntegrityError",
    "UniqueViolation",
    "UniqueViolationError",
    "DuplicateKeyError",
    "FileExistsError",
    "ConflictError",
    "AlreadyExists",
    "AlreadyExistsError",
    "ConditionalCheckFailedException",
];

/// Holes that carry who or which run it is: what only one run touches is not shared.
const OWN: [&str; 12] = [
    "session",
    "session_id",
    "thread_id",
    "run_id",
    "task_id",
    "agent_id",
    "request_id",
    "conversation_id",
    "user_id",
    "job_id",
    "tenant_id",
    "workspace_id",
];

/// Those among them that name what is worked on, where a model gives them.
const WORK: [&str; 4] = ["thread_id", "task_id", "job_id", "workspace_id"];

/// Words in the names of keys that coordinate.
const CONTROL: [&str; 10] = ["kill", "stop", "cancel", "pause", "shutdown", "heartbeat", "alive", "lock", "lease", "leader"];

/// Words in the names of files and keys that say how a program fares: rules.md counts metrics and traces as no resource.
const FARES: [&str; 5] = ["telemetry", "metrics", "trace", "traces", "tracing"];

/// Further words in the names of flags in memory.
const RUNS: [&str; 6] = ["running", "cancelled", "stopped", "paused", "shutting", "closed"];

/// Collect accesses.
pub(super) fn collect(input: &Input, doings: &[Doing], schema: &Schema, model: &mut Model) {
    let mut places = Places {
        stores: sql_stores(doings, model),
        documents: documents(doings),
        variables: super::variables::raced(input, doings),
        index: FxHashMap::default(),
    };
    let mut found: FxHashMap<(*const Effect, Site, u32, bool, bool), Place> = FxHashMap::default();
    let mut known: FxHashMap<Key, Vec<usize>> = FxHashMap::default();
    let looks = Looks::default();
    let mut taken_away: Vec<(usize, usize)> = Vec::new();
    for doing in doings {
        let within = Within::of(doing);
        let decided = Decided::of(doing, &looks);
        for (run, told) in doing.runs.iter().flat_map(|r| r.items(Sorts::ACCESS).map(move |told| (r, told))) {
            let Some(access) = told.access() else { continue };
            let system = model.actor(doing.actor).system;
            let place = (std::ptr::from_ref(access), told.own.site, system, run.tool, run.told);
            let at = match found.entry(place).or_insert_with(|| places.of(input, &told, run, system, model)) {
                Place::At(at) => *at,
                Place::Aside => continue,
                Place::Unnamed => {
                    let function = input.effects.program.qualified(told.own.function).to_string();
                    let site = told.own.site;
                    model.unmapped.push(Unmapped { site, actor: doing.actor, verb: access.verb.to_string(), function });
                    continue;
                }
            };
            let item = &told.item();
            if access.kind == "memory" && access.name.as_ref().is_some_and(|name| is_being_made(input, item, name)) {
                continue;
            }
            let reached = Reached { doing, run, within: &within, decided: &decided, told: &told, item };
            let mode = reached.mode(access);
            let resource = &mut model.resources[at];
            let who = if mode == Mode::Read { &mut resource.readers } else { &mut resource.writers };
            if !who.contains(&doing.actor) {
                who.push(doing.actor);
            }
            let around = reached.around(input, access, model);
            let looped = around.looped;
            let key = (at, doing.actor, told.own.site, access.operation, around.guards.clone(), around.retry.clone());
            let alike = known.entry(key).or_default();
            let accesses = &model.resources[at].accesses;
            // A getter of what a lock holds is polled where one of those who use it loops over it.
            let same = |a: &Access| around.polling.is_none() || access.kind != "memory" || a.polling == around.polling;
            match alike.iter().copied().find(|a| same(&accesses[*a])) {
                Some(a) => {
                    let known = &mut model.resources[at].accesses[a];
                    known.looped = known.looped.filter(|_| known.looped == looped);
                }
                None => {
                    alike.push(accesses.len());
                    if access.all_below {
                        taken_away.push((at, accesses.len()));
                    }
                    let built = build(input, &reached, access, mode, around, schema, model);
                    model.resources[at].accesses.push(built);
                }
            }
        }
    }
    taken_away.into_iter().for_each(|(folder, access)| take_what_lies_below(model, folder, access));
    model.unmapped.sort();
    model.unmapped.dedup();
    model.resources.sort_by(|a, b| (&a.id, a.system).cmp(&(&b.id, b.system)));
    for position in 0..model.resources.len() {
        let shared = is_shared(model, &model.resources[position]);
        let resource = &mut model.resources[position];
        resource.shared = shared;
        resource.readers.sort();
        resource.writers.sort();
        resource.accesses.sort_by_key(|a| (a.actor, a.site));
    }
}

/// Who takes a folder away takes away what lies in it.
fn take_what_lies_below(model: &mut Model, folder: usize, access: usize) {
    let (above, taken) = (&model.resources[folder], model.resources[folder].accesses[access].clone());
    let (head, system) = (format!("{}/", above.id.trim_end_matches('/')), above.system);
    for resource in model.resources.iter_mut().filter(|r| r.system == system && r.id.starts_with(&head)) {
        join(&mut resource.writers, taken.actor);
        resource.accesses.push(taken.clone());
    }
}

/// What a place accesses, for all of one system who come to it.
enum Place {
    /// Nothing that agents share.
    Aside,
    /// Something that is changed and that nobody can name.
    Unnamed,
    /// A resource.
    At(usize),
}

/// What accesses have in common that are told as one, besides the loops around them: resource, actor, place, what is done, locks
/// held, retry.
type Key = (usize, ActorId, Site, Operation, Vec<String>, Option<(Site, String)>);

/// What says which resource an access is to.
struct Places {
    stores: FxHashMap<u32, String>,
    documents: FxHashSet<Template>,
    /// The modules' variables that are raced for.
    variables: FxHashSet<Template>,
    /// The resources that there are.
    index: FxHashMap<(String, u32), usize>,
}

impl Places {
    fn of(&mut self, input: &Input, told: &Told, run: &Run, system: u32, model: &mut Model) -> Place {
        let Some(access) = told.access() else { return Place::Aside };
        let control = is_control(access) && access.name.as_ref().is_none_or(|n| !self.documents.contains(n));
        if access.private
            || control
            || says_how_it_fares(access)
            || is_aside(&input.files[told.own.site.file.index()].path)
            || named_temporary(access)
            || is_fresh(access)
            || access.api == VARIABLE && access.name.as_ref().is_none_or(|name| !self.variables.contains(name))
            || access.name.as_ref().is_some_and(|name| carries_run(name, run))
        {
            return Place::Aside;
        }
        let Some((id, name, store)) = identity(access, self.stores.get(&system)) else {
            // State of the process that no field or variable names has no name that anyone could give it.
            let in_process = access.kind == "memory" && access.store == "memory";
            let changed = !access.operation.is_read() && access.operation != Operation::Call && !in_process;
            return if changed { Place::Unnamed } else { Place::Aside };
        };
        let at = *self.index.entry((id.clone(), system)).or_insert_with(|| {
            model.resources.push(Resource {
                id,
                name,
                store,
                kind: access.kind.to_string(),
                system,
                shared: false,
                readers: Vec::new(),
                writers: Vec::new(),
                accesses: Vec::new(),
                policy: None,
            });
            model.resources.len() - 1
        });
        Place::At(at)
    }
}

/// One store's name per system for tables whose store the code does not say (ORM rows).
fn sql_stores(doings: &[Doing], model: &Model) -> FxHashMap<u32, String> {
    let mut stores: FxHashMap<u32, Vec<String>> = FxHashMap::default();
    for doing in doings {
        let system = model.actor(doing.actor).system;
        for told in doing.each(Sorts::ACCESS) {
            if let Some(access) = told.access().filter(|a| a.kind == "table" && a.store != "sql" && !a.store.is_empty()) {
                let known = stores.entry(system).or_default();
                if !known.contains(&access.store.to_string()) {
                    known.push(access.store.to_string());
                }
            }
        }
    }
    stores.into_iter().filter_map(|(system, all)| (all.len() == 1).then(|| (system, all[0].clone()))).collect()
}

/// A resource's id, name and store; `None` where its name cannot be told.
pub(super) fn identity(access: &Effect, sql_store: Option<&String>) -> Option<(String, String, String)> {
    let name = access.name.as_ref()?;
    if !name.has_text() {
        return None;
    }
    let store = if access.store == "sql" || access.store.is_empty() {
        sql_store.cloned().unwrap_or_else(|| access.store.to_string())
    } else {
        access.store.to_string()
    };
    let mut pattern = name.pattern();
    if access.kind == "file" {
        pattern = pattern.trim_start_matches("./").replace("//", "/");
    }
    let short = if store.is_empty() { access.kind.to_string() } else { store };
    Some((format!("{short}:{pattern}"), pattern, short))
}

/// Whether a key or path holds the id of one run, session or user. What a model names by a tool's argument is what it works on
/// with others.
///
/// A path of which an agent gives the beginning where it runs a script is what this run works on.
fn carries_run(name: &Template, run: &Run) -> bool {
    if run.told && matches!(name.parts.first(), Some(Part::Hole(hole)) if !matches!(hole, Hole::Environment(_))) {
        return true;
    }
    let tool = run.tool;
    name.parts.iter().any(|p| match p {
        Part::Hole(Hole::Named(hole)) => {
            let hole = hole.to_lowercase();
            OWN.contains(&hole.as_str()) && !(tool && WORK.contains(&hole.as_str()))
        }
        Part::Hole(Hole::Fresh) => true,
        _ => false,
    })
}

/// Names of keys whose value is made of what was read from them, and of collections in memory: whatever they are called, they
/// hold data.
fn documents(doings: &[Doing]) -> FxHashSet<Template> {
    let mut found = FxHashSet::default();
    for doing in doings {
        for told in doing.each(Sorts::WRITE) {
            let Some(access) = told.access().filter(|a| !a.operation.is_read()) else { continue };
            // A collection of what runs or was stopped is no flag.
            let adds = access.kind == "memory" && matches!(access.operation, Operation::Insert | Operation::Upsert);
            if let Some(name) = access.name.as_ref().filter(|_| adds) {
                found.insert(name.clone());
            }
            if access.kind != "cache" {
                continue;
            }
            let of_itself = |dep: &Dep| told.visit.behind(dep).is_some_and(|i| is_look_at(i, access));
            if let Some(name) = access.name.as_ref().filter(|_| told.own.data.iter().any(of_itself)) {
                found.insert(name.clone());
            }
        }
    }
    found
}

/// Whether a file or key only says how a program fares.
fn says_how_it_fares(access: &Effect) -> bool {
    let name = || access.name.as_ref().map(|name| name.pattern().to_lowercase()).unwrap_or_default();
    let says = |name: &str| name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| FARES.contains(&word));
    matches!(access.kind.as_str(), "file" | "cache") && says(&name())
}

/// Flags and heartbeats in a key-value store or behind a lock coordinate; they are no data that agents share.
fn is_control(access: &Effect) -> bool {
    let Some(name) = &access.name else { return false };
    let lower = name.pattern().to_lowercase();
    let says = |name: &str| name.rsplit('.').next().unwrap_or(name).split('_').any(|w| CONTROL.contains(&w) || RUNS.contains(&w));
    match access.kind.as_str() {
        "cache" => CONTROL.iter().any(|w| lower.contains(w)),
        "memory" if !access.columns.is_empty() => access.columns.iter().all(|c| says(&c.to_lowercase())),
        "memory" => says(&lower),
        _ => false,
    }
}

/// A name that is made at each run: nobody else meets there.
fn is_fresh(access: &Effect) -> bool {
    access.name.as_ref().is_some_and(|name| name.parts.contains(&Part::Hole(Hole::Fresh)))
}

fn named_temporary(access: &Effect) -> bool {
    let Some(name) = &access.name else { return false };
    let pattern = name.pattern();
    access.kind == "file"
        && (pattern.starts_with("/tmp/") || pattern.ends_with(".tmp") || pattern.ends_with(".log") || pattern == "/dev/null")
}

/// Whether concurrent actors meet in a resource.
pub(super) fn is_shared(model: &Model, resource: &Resource) -> bool {
    resource.writers.iter().any(|writer| {
        let others = resource.readers.iter().chain(&resource.writers);
        // What is in a process's memory is seen by those in the same process.
        let meets = |other: ActorId| resource.kind != "memory" || model.together(*writer, other);
        others.into_iter().any(|other| model.overlap(*writer, *other) && meets(*other))
    })
}

/// One access as an actor reaches it.
struct Reached<'a> {
    doing: &'a Doing,
    run: &'a Run,
    within: &'a Within,
    decided: &'a Decided<'a>,
    told: &'a Told<'a>,
    /// It with all that surrounds it.
    item: &'a Item,
}

/// What surrounds an access, as far as it tells accesses at one place apart.
struct Around {
    guards: Vec<String>,
    retry: Option<(Site, String)>,
    polling: Option<Polling>,
    looped: Option<Site>,
}

impl Reached<'_> {
    fn mode(&self, access: &Effect) -> Mode {
        match access.operation.is_read() {
            true => Mode::Read,
            false if self.told.own.data.iter().any(|dep| self.looks_before(dep, access)) => Mode::ReadModifyWrite,
            false => Mode::Write,
        }
    }

    /// Whether a dependence is on a look at what is accessed.
    fn looks_before(&self, dep: &Dep, access: &Effect) -> bool {
        self.told.visit.behind(dep).is_some_and(|i| is_look_at(i, access))
    }

    fn around(&self, input: &Input, access: &Effect, model: &Model) -> Around {
        let Reached { doing, run, within, item, .. } = self;
        // Who looks after things in memory at times is no waiter: that is who goes on when it finds what it looks for.
        let polling = within.polling(item, |f| input.effects.program.qualified(f).to_string());
        Around {
            guards: guards(&item.contexts),
            retry: sent_again(access, doing, model).or_else(|| retry(doing, run.tool, item, model)),
            polling: polling.filter(|_| access.kind != "memory" || access.awaited && !within.keeps(item, access)),
            looped: item.contexts.iter().find(|c| c.is_endless()).map(|c| c.site),
        }
    }
}

fn build(input: &Input, reached: &Reached, access: &Effect, mode: Mode, around: Around, schema: &Schema, model: &Model) -> Access {
    let Reached { doing, run, item, .. } = reached;
    let known = reached.decided.at(reached.told.visit, reached.told.own, access);
    let Around { guards, retry, polling, looped } = around;
    let unique = access.name.as_ref().and_then(|t| schema.protects(t, &Added::by(access)));
    Access {
        actor: doing.actor,
        mode,
        operation: access.operation.word(),
        site: item.site,
        function: input.effects.program.qualified(item.function).to_string(),
        api: access.api.to_string(),
        idempotent: access.is_idempotent(),
        atomic: access.atomic,
        guards,
        path: frames(input, item),
        verb: access.verb.to_string(),
        retry_explicit: explicit_retry(doing, run.tool, item).or_else(|| sent_again(access, doing, model)).is_some(),
        retry_distance: item.contexts.iter().find(|c| c.retries().is_some()).map_or(0, |c| super::races::distance(item, c.function)),
        retry,
        fresh_key: access.fresh_key,
        conditional: access.conditional,
        exclusive: access.exclusive,
        presence: access.presence,
        polling,
        unique: if access.operation == Operation::Insert { unique } else { None },
        handled: handled(&item.contexts),
        money: access.money,
        inferred: item.inferred,
        decided: known.looked,
        makes_missing: known.absent,
        settled: known.settled,
        in_transaction: in_transaction(item),
        admitted: known.admitted,
        renews: access.operation == Operation::Insert
            && (removed_before(item, access, doing, schema, |gone| is_keyed_by(gone, access)) && in_transaction(item) || known.missing),
        rolled_back: rolled_back(&item.contexts),
        batch: access.operation == Operation::Insert
            && access.many
            && !item.data.is_fresh()
            && !removed_before(item, access, doing, schema, |_| true),
        looped,
        locks_rows: access.locks_rows,
        unordered: access.unsorted || !access.in_order && in_loop_of_one_transaction(&item.contexts),
        process_guard: item
            .contexts
            .iter()
            .find_map(|c| c.lock().filter(|l| l.scope == LockScope::Process && !l.own))
            .map(|l| locks::lock_id(l)),
        in_one_turn: !access.suspends && on_event_loop(input, run.entry, item),
    }
}

/// Whether something that an entry leads to is done on an event loop, and not in a thread beside it.
pub(super) fn on_event_loop(input: &Input, entry: FunctionRef, item: &Item) -> bool {
    let program = input.effects.program;
    // Runtimes of Rust run tasks on several threads.
    let alone = program.function(entry).is_async && !program.is_rust(entry.module);
    alone && !item.contexts.iter().any(|c| matches!(c.held, Held::Thread))
}

/// Whether a removal of rows names those that are added by columns that these are filled in with.
fn is_keyed_by(removal: &Effect, write: &Effect) -> bool {
    let filled = |key: &Name| write.columns.iter().any(|c| c.eq_ignore_ascii_case(key));
    !removal.bounded && !removal.keys.is_empty() && removal.keys.iter().all(filled)
}

/// Whether the function deletes from a table before it fills it anew, by a removal that counts. Rows that get another key, since
/// they are the old ones from now on, make room as well.
fn removed_before(item: &Item, write: &Effect, doing: &Doing, schema: &Schema, counts: impl Fn(&Effect) -> bool) -> bool {
    let before = |other: &Told| {
        let at = other.item().outer_in(item.function);
        at.is_some_and(|at| at.file == item.site.file && at.span.start < item.site.span.start)
    };
    let rekeyed =
        |a: &Effect| a.operation == Operation::Update && a.name.as_ref().is_some_and(|table| schema.has_in_key(table, &a.columns));
    let deletes = |other: &Told| {
        let of_it = |a: &&Effect| a.name.is_some() && a.name == write.name;
        other.access().filter(of_it).is_some_and(|a| (a.operation == Operation::Delete || rekeyed(a)) && counts(a))
    };
    doing.items(Sorts::WRITE).any(|other| deletes(&other) && before(&other))
}

/// Whether a transaction is seen around an item.
fn in_transaction(item: &Item) -> bool {
    item.contexts.iter().any(|c| matches!(c.held, Held::Transaction { .. }))
}

/// Whether a transaction lies between an item and what runs it again on failure.
fn rolled_back(contexts: &[Context]) -> bool {
    let retried = contexts.iter().rposition(|c| c.retries().is_some());
    retried.is_some_and(|at| contexts[at..].iter().any(|c| matches!(c.held, Held::Transaction { .. })))
}

/// Whether a loop over values that nothing sorts goes on inside one transaction, which keeps the rows locked.
fn in_loop_of_one_transaction(contexts: &[Context]) -> bool {
    let begun = contexts.iter().position(|c| matches!(c.held, Held::Transaction { .. }));
    begun.is_some_and(|at| contexts[at..].iter().any(|c| matches!(c.held, Held::Loop { endless: false, sorted: false, values: true, .. })))
}

/// Ids of the locks held, sorted.
pub(super) fn guards(contexts: &[Context]) -> Vec<String> {
    let mut ids: Vec<String> = contexts.iter().filter_map(|c| c.lock().map(|l| locks::lock_id(l))).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Whether a failure that tells of a conflict is caught around it.
pub(super) fn handled(contexts: &[Context]) -> bool {
    looks_again(contexts) || names_conflict(contexts)
}

/// Whether an error is caught around it by a name that tells of a conflict.
pub(super) fn names_conflict(contexts: &[Context]) -> bool {
    contexts.iter().any(|c| matches!(&c.held, Held::Caught { types, .. } if types.iter().any(|t| CONFLICTS.contains(&t.as_str()))))
}

/// Whether a handler around it looks again at what failed.
pub(super) fn looks_again(contexts: &[Context]) -> bool {
    contexts.iter().any(|c| matches!(&c.held, Held::Caught { looks_again: true, .. }))
}

/// What runs an item again on failure: a retry around it, its queue's, or the model that may call the tool once more.
fn retry(doing: &Doing, tool: bool, item: &Item, model: &Model) -> Option<(Site, String)> {
    let actor = model.actor(doing.actor);
    explicit_retry(doing, tool, item)
        .or_else(|| actor.retries.filter(|n| *n != 0).map(|_| (actor.site, format!("{} runs it again on failure", actor.framework))))
}

/// The retry that is written around an item, or around the run of the agent whose tool does it.
fn explicit_retry(doing: &Doing, tool: bool, item: &Item) -> Option<(Site, String)> {
    // A row that a key has refused was not added: who tries another one then adds one.
    let adds = item.access().is_some_and(|a| a.operation == Operation::Insert);
    let around = item.contexts.iter().filter(|c| !(adds && is_after_conflicts(c)));
    around.into_iter().find_map(Context::retries).or_else(|| doing.retried_run.clone().filter(|_| tool))
}

/// Whether it tries again only after an error that tells of a conflict.
fn is_after_conflicts(context: &Context) -> bool {
    let Held::Retry(retry) = &context.held else { return false };
    !retry.after.is_empty() && retry.after.iter().all(|error| CONFLICTS.contains(&error.as_str()))
}

/// A request whose method promises that it may be sent again, which clients and proxies do: a task that its handler hands over.
fn sent_again(access: &Effect, doing: &Doing, model: &Model) -> Option<(Site, String)> {
    let actor = model.actor(doing.actor);
    let method = ["DELETE", "PUT"].into_iter().find(|m| actor.name.split(' ').next() == Some(m))?;
    (actor.kind == ActorKind::Endpoint && access.kind == "queue" && access.operation == Operation::Call)
        .then(|| (actor.site, format!("a {method} request may be sent again")))
}

/// The resource of an access in the finished model.
pub(super) fn find(model: &Model, access: &Effect, actor: ActorId, run: &Run) -> Option<ResourceId> {
    if access.name.as_ref().is_some_and(|name| carries_run(name, run)) {
        return None;
    }
    let system = model.actor(actor).system;
    let pattern = identity(access, None)?;
    let exact = model.resources.iter().position(|r| r.system == system && r.id == pattern.0);
    let by_name =
        || model.resources.iter().position(|r| r.system == system && access.kind == "table" && r.kind == "table" && r.name == pattern.1);
    exact.or_else(by_name).map(|i| ResourceId(i as u32))
}
