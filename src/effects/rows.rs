//! What a pack's row makes of a call: the bridge from vocabulary to items.

use super::Summary;
use super::bind::is_open;
use super::call::{CallPlace, Called, Coroutine, Entered, Given, all_deps, kinds};
use super::context::{Context, Held, RetryUse, token};
use super::item::{Access, Item, Later, Operation, What};
use super::value::{Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::{ExprId, ExprKind, Name};
use crate::knowledge::vocabulary::{Effect, Row};
use crate::knowledge::{Found, Place};
use crate::link::{FunctionValue, Hole, Kind, LibraryValue, Template, argument, argument_at};
use crate::source::Site;
use std::rc::Rc;

/// How far what a value was derived from is followed: a cursor, its connection, its pool.
const PARENTS: usize = 4;

/// What a request that is being built has by which its service knows it again.
const KEYED: &str = "keyed";
/// The same, made anew at each attempt.
const KEYED_ANEW: &str = "keyed anew";

/// Tells the entry into a thread from other contexts that start at its place.
const THREAD: u64 = 15;

impl<'k> Walker<'_, '_, 'k> {
    /// As [`Walker::apply`], for a receiver whose type was inferred from its name.
    pub fn apply_inferred(
        &mut self,
        found: &Found<'k>,
        library: &Rc<LibraryValue>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let before = std::mem::replace(&mut self.inferring, true);
        let value = self.apply(found, Some(library), api, given, place, result);
        self.inferring = before;
        value
    }

    /// Do what a row says; `result` is what the call is worth by name and type alone.
    pub fn apply(
        &mut self,
        found: &Found<'k>,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let row = found.row;
        let args = kinds(given);
        let variant = self.program.variant(row, &args);
        let effect = variant.and_then(|v| v.effect).unwrap_or(row.effect);
        let site = place.site;
        if let Some(command) = &row.command {
            self.declare_start(command, receiver, api, given, site);
        }
        let first = self.summary.items.len();
        let mut value = self.apply_effect(effect, found, receiver, api, given, place, result);
        // Another order, fewer rows: what the query asks for stays.
        if row.returns.as_deref() == Some("receiver") && value.parts.is_none() && value.kind.library().is_some() {
            value.parts = place.receiver.as_ref().and_then(|query| query.parts.clone());
        }
        self.used(found, receiver, given, site, first, &value.kind);
        value
    }

    fn apply_effect(
        &mut self,
        effect: Effect,
        found: &Found<'k>,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let row = found.row;
        let args = kinds(given);
        let site = place.site;
        match effect {
            Effect::Value
            | Effect::JoinPath
            | Effect::BesidePath
            | Effect::Environment
            | Effect::Duration
            | Effect::Lock
            | Effect::Open => {
                if row.decides && row.lock.is_some() {
                    self.ask(row, receiver, &args, site);
                }
                if effect == Effect::Open {
                    self.opened_exclusively(&result, row, api, site);
                }
                if row.flag {
                    let name = Some(result.kind.template("")).filter(|name| name.has_text());
                    self.push_at(What::Control { effect, name, abrupt: false, own: false, api: api.clone() }, site, Deps::default());
                }
                self.keyed(row, given, result)
            }
            Effect::Fresh | Effect::Clock => result.depending(&Deps::one(Dep::Fresh)),
            Effect::Sql => {
                let value = self.sql(found, receiver, api, given, place, result);
                if row.keeps_rows || row.returns.as_deref() == Some("receiver") {
                    self.keep_rows(place, &value.deps);
                }
                value
            }
            Effect::Read
            | Effect::Write
            | Effect::Insert
            | Effect::Upsert
            | Effect::Update
            | Effect::Increment
            | Effect::Append
            | Effect::Delete
            | Effect::CreateIfAbsent
            | Effect::CompareAndSet
            | Effect::Script => self.access(effect, found, receiver, api, given, place, result),
            Effect::Call => {
                if row.kind.as_deref() == Some("api") {
                    self.pause(Effect::NetworkCall, row, receiver, api, &args, site);
                }
                let value = self.access(effect, found, receiver, api, given, place, result);
                // What a service answers is its own and not made of what it was asked with.
                let answer = self.rust && row.kind.as_deref() == Some("api");
                if answer { Value { deps: Deps::default(), ..value } } else { value }
            }
            Effect::Replace => self.replace(found, receiver, api, given, place, result),
            Effect::Dump | Effect::Load => self.handle(effect, found, receiver, api, given, place, result),
            Effect::FindOrInsert => self.find_or_insert(found, receiver, api, given, place, result),
            Effect::OrmLoad | Effect::OrmAdd | Effect::OrmMerge | Effect::OrmDelete => {
                self.orm(effect, found, receiver, api, given, place, result)
            }
            Effect::OrmFilter | Effect::OrmValues => self.built_further(effect, row, given, place, result),
            Effect::OrmOrder => self.ordered(given, result),
            // `orders.filter(…)`, where the table itself is asked.
            Effect::OrmStatement if self.rust && row.key.is_some() => self.built_further(Effect::OrmFilter, row, given, place, result),
            Effect::OrmStatement if self.rust => result,
            Effect::OrmStatement if matches!(row.sql.as_deref(), Some("=UPDATE" | "=INSERT")) => {
                self.built_further(Effect::OrmValues, row, given, place, result)
            }
            Effect::OrmStatement => self.highest_of(row, given, result),
            Effect::OrmConflict => self.on_conflict(row, given, result),
            Effect::Transaction => {
                if self.rust {
                    let variant = self.program.variant(row, &args);
                    let built = || receiver?.traits.iter().find_map(|t| t.strip_prefix(crate::link::ISOLATION));
                    let isolation = variant.and_then(|v| v.isolation.as_deref()).or(row.isolation.as_deref()).or_else(built);
                    self.begin(isolation.map(Name::from), site);
                    self.call_entry(row, receiver, given, place);
                    if !row.entry.is_empty() {
                        self.end_begun();
                    }
                } else {
                    // `pipe.watch(key)`: what others change from here on makes the end of it fail. So it does in a session that is told so.
                    let said = self.program.variant(row, &args).and_then(|v| v.isolation.as_deref());
                    if let Some(isolation) = said.or(row.isolation.as_deref().filter(|_| row.resource.is_some())) {
                        self.begin(Some(Name::from(isolation)), site);
                    }
                }
                result
            }
            Effect::Bind => {
                // Of a statement that is made with its parameters, those after the text.
                let text = row.resource.as_deref().filter(|_| receiver.is_none()).and_then(|p| given_at(p, given));
                let skipped = text.and_then(|t| given.iter().position(|g| std::ptr::eq(g, t))).map_or(0, |at| at + 1);
                let made = receiver.and_then(|r| r.site).or_else(|| result.kind.library().and_then(|l| l.site));
                if let Some(made) = made {
                    self.binds.entry(made).or_default().extend(given.iter().skip(skipped).map(|g| g.value.clone()));
                }
                result
            }
            Effect::Drop => {
                given.iter().for_each(|g| self.drop_value(&g.value));
                result
            }
            Effect::Flush => {
                self.flush(&[]);
                result
            }
            Effect::Commit | Effect::Rollback if self.rust => {
                self.end_begun();
                result
            }
            Effect::Commit | Effect::Rollback => {
                if effect == Effect::Commit {
                    self.flush(&[]);
                    self.commit_removals();
                    self.commit_loops(site);
                }
                self.committed = self.summary.items.len();
                self.end_watch();
                self.state.end_transaction();
                let answers = std::mem::take(&mut self.queued);
                if effect == Effect::Commit { result.depending(&answers) } else { result }
            }
            Effect::Acquire => {
                self.taken = place.receiver_path.clone();
                self.acquire(row, receiver, api, given, site, result)
            }
            Effect::Release => {
                self.release(row, receiver, &args, site);
                result
            }
            Effect::Renew => {
                self.renew(row, receiver, &args, site);
                result
            }
            Effect::Publish | Effect::Subscribe | Effect::Consume | Effect::Enqueue => {
                // `queue.enqueue(pack, order)`, `queue.consume(on_message)`: a worker runs what is handed over.
                if row.actor.is_some() && row.entry.iter().any(|place| given_at(place, given).is_some()) {
                    self.declare(Effect::Actor, found, receiver, api, given, place, Value::default());
                }
                let channel = row.channel.as_deref().and_then(|p| self.program.place_text(p, receiver, &args));
                let channel =
                    channel.or_else(|| receiver.and_then(|r| r.identity.clone())).unwrap_or_else(|| Template::hole(Hole::Named("".into())));
                if channel.parts.is_empty() {
                    return result;
                }
                let local = row.channel.as_deref() == Some("receiver");
                let deps = self.push_at(What::Event { effect, channel, local, api: api.clone() }, site, all_deps(given));
                // A queue that takes a key from its caller runs a task again that is handed over without one.
                if effect == Effect::Enqueue && row.kind.is_some() && !row.idempotent_with.is_empty() {
                    self.access(Effect::Call, found, receiver, api, given, place, Value::default());
                }
                result.depending(&deps)
            }
            Effect::Sleep | Effect::ModelCall => {
                self.pause(effect, row, receiver, api, &args, site);
                result
            }
            Effect::NetworkCall => {
                self.pause(effect, row, receiver, api, &args, site);
                // What a service answers is its own and not made of what it was asked with.
                Value { deps: Deps::default(), ..result }
            }
            Effect::Alert | Effect::Metric | Effect::Observe | Effect::Cancel | Effect::ConcurrentTest => {
                let named = row.named.iter().find_map(|p| self.program.place_text(p, receiver, &args));
                let name = named.or_else(|| receiver.and_then(|r| r.identity.clone()));
                let abrupt = self.program.variant(row, &args).and_then(|v| v.abrupt).unwrap_or(row.abrupt);
                let own = effect == Effect::Cancel && abrupt && self.is_made_here(receiver);
                self.push_at(What::Control { effect, name, abrupt, own, api: api.clone() }, site, all_deps(given));
                result
            }
            Effect::Spawn => {
                self.spawn(row, receiver, api, given, place);
                result
            }
            Effect::Exit => result,
            Effect::Timeout => {
                self.limit = Some(self.lasting(row, receiver, &args));
                given.first().map(|g| g.value.clone()).filter(|_| matches!(result.kind, Kind::Unknown)).unwrap_or(result)
            }
            Effect::Gather | Effect::RunMain => {
                if effect == Effect::RunMain && row.actor.is_some() {
                    let entries = row.entry.iter().filter_map(|p| given_at(p, given)).map(|g| g.value.kind.clone()).collect();
                    self.declare_start_up(row, entries, api, site);
                }
                given.first().map(|g| g.value.clone()).filter(|_| matches!(result.kind, Kind::Unknown)).unwrap_or(result)
            }
            Effect::Invoke | Effect::Retry => self.invoke(effect, row, receiver, api, given, place, result),
            // `pack.s(order)`: what the task makes of itself.
            Effect::Partial if row.entry.iter().any(|place| place == "receiver") => result,
            Effect::Partial => self.partial(given).unwrap_or(result),
            // Entered where its arguments are evaluated.
            Effect::Enter => given.first().map(|g| g.value.clone()).unwrap_or(result),
            Effect::Schedule
            | Effect::Actor
            | Effect::Tool
            | Effect::Task
            | Effect::Orchestrator
            | Effect::Member
            | Effect::Edge
            | Effect::Run
            | Effect::HandOff => {
                // An agent that runs here thinks here.
                if self.rust && effect == Effect::Run {
                    self.pause(Effect::ModelCall, row, receiver, api, &args, site);
                }
                self.declare(effect, found, receiver, api, given, place, result)
            }
        }
    }

    /// Time passes.
    fn pause(
        &mut self,
        effect: Effect,
        row: &Row,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        args: &[(Option<Name>, Kind)],
        site: Site,
    ) {
        let given = self.time_given(row, receiver, args);
        let seconds = given.as_ref().and_then(Kind::number);
        // `timeout=None` asks for no limit.
        let limited = seconds.is_some() || given.is_some_and(|k| k != Kind::Null);
        self.push_at(What::Pause { effect, seconds, limited, api: api.clone() }, site, Deps::default());
    }

    /// How long a row's time-out or sleep lasts.
    pub fn lasting(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)]) -> Option<f64> {
        self.time_given(row, receiver, args).as_ref().and_then(Kind::number)
    }

    /// The time that a call is given, or the client it is made on, or what that was derived from.
    fn time_given(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)]) -> Option<Kind> {
        if let Some(given) = row.seconds.as_deref().and_then(|p| argument(p, args)) {
            return Some(given.clone());
        }
        let mut next = receiver;
        while let Some(value) = next {
            let place = self.program.knowledge.construct(value.ty).and_then(|f| f.row.seconds.as_deref());
            if let Some(given) = place.and_then(|p| argument(p, &value.args)) {
                return Some(given.clone());
            }
            next = value.parent.as_ref();
        }
        None
    }

    /// A row's resource by name: an argument, the receiver, the text in the row.
    pub fn resource_name(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, given: &[Given]) -> Option<Template> {
        let whole = self.name_at(row.resource.as_deref()?, receiver, given)?;
        let part = row.part.as_deref().and_then(|place| self.name_at(place, receiver, given));
        Some(part.map_or_else(|| whole.clone(), |part| whole.with_part(&part)))
    }

    fn name_at(&self, place: &str, receiver: Option<&Rc<LibraryValue>>, given: &[Given]) -> Option<Template> {
        let args = self.kinds_named_by_all(given);
        let text = self.program.place_text(place, receiver, &args)?;
        // An argument that is a bare hole is named after its expression.
        if let (Some(value), true) = (given_at(place, given), text.parts.len() == 1)
            && let (Some(expr), true) = (value.expr, !text.has_text())
        {
            return Some(self.as_template(&value.value, expr));
        }
        Some(text)
    }

    /// Arguments, of which those that all callers of this function give alike are as what is called on them sees them:
    /// `tmp.replace(target)` writes what `target.read_text()` reads.
    fn kinds_named_by_all(&self, given: &[Given]) -> Vec<(Option<Name>, Kind)> {
        let named = |kind: Kind| match self.opened(&kind) {
            Kind::Library(library) if library.identity.as_ref().is_some_and(|name| name.has_text() && !name.is_open()) => {
                Kind::Library(library)
            }
            _ => kind,
        };
        kinds(given).into_iter().map(|(name, kind)| (name, named(kind))).collect()
    }

    fn access(
        &mut self,
        effect: Effect,
        found: &Found<'k>,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let row = found.row;
        let args = kinds(given);
        let variant = self.program.variant(row, &args);
        let operation = match effect {
            Effect::Read => Operation::Read,
            Effect::Write => Operation::Put,
            Effect::Insert => Operation::Insert,
            Effect::Upsert => Operation::Upsert,
            Effect::Update => Operation::Update,
            Effect::Increment => Operation::Increment,
            Effect::Append => Operation::Append,
            Effect::Delete => Operation::Delete,
            Effect::CreateIfAbsent => Operation::CreateIfAbsent,
            Effect::CompareAndSet | Effect::Script => Operation::CompareAndSet,
            _ => Operation::Call,
        };
        let mut name = self.resource_name(row, receiver, given);
        if row.of_receiver {
            name = name.map(|part| self.within_receiver(place, &part));
        }
        if let Some(deps) = self.locking(effect, row, receiver, api, given, place.site, name.as_ref()) {
            if receiver.is_some_and(|r| self.program.knowledge.type_def(r.ty).queues) {
                self.queued.join(&deps);
                return result;
            }
            return result.depending(&deps);
        }
        let mut access = self.access_of(row, found, receiver, api, operation);
        if let (Effect::CreateIfAbsent, "cache", Some(name)) = (effect, access.kind.as_str(), &name) {
            access.claim = Some(Rc::new(self.key_as_lock(row, receiver, api, given, place.site, name)));
        }
        let key = row.key.as_deref().and_then(|p| given_at(p, given));
        access.fresh_key = key.is_some_and(|k| k.value.deps.is_fresh());
        if row.kind.as_deref() == Some("table") {
            // A mapped class that is given names its table; one that is asked does so where nothing is given.
            let given = row.resource.as_deref().and_then(|p| given_at(p, given)).and_then(|g| self.subject_table(&g.value.kind));
            let of_class = || receiver.and_then(|r| self.subject_table(&r.subject));
            access.name = given.or_else(|| name.clone().filter(Template::has_text)).or_else(of_class).or(name);
        } else {
            access.name = name;
        }
        if let Some(statement) = receiver.filter(|r| matches!(r.subject, Kind::Class(_))) {
            super::built::tell(&mut access, statement, given);
        }
        super::filters::tell(&mut access, row, given);
        if access.kind == "table" && matches!(operation, Operation::Update | Operation::Delete) {
            access.unsorted = self.is_unsorted(row, receiver, given) && !self.are_rows_locked(&access);
        }
        let by_argument = row.idempotent_with.iter().filter_map(|p| given_at(p, given)).find(|g| !matches!(g.value.kind, Kind::Null));
        if let Some(said) = variant.and_then(|v| v.idempotent).or(row.idempotent) {
            access.idempotent = Some((said, if said { "keyed" } else { "repeats" }));
        }
        // A key made anew inside what is retried protects nothing; who retries is known only later.
        let anew = match by_argument {
            Some(key) => Some(self.is_made_anew(key)),
            None => variant
                .filter(|v| v.idempotent == Some(true))
                .and_then(|v| self.entry_made_anew(given_at(&v.argument, given)?, &v.contains)),
        };
        if let Some(anew) = anew.or_else(|| key_of_request(receiver?)) {
            access.idempotent = Some((!anew, "keyed"));
            access.fresh_key = anew;
        }
        access.atomic = variant.and_then(|v| v.atomic).unwrap_or(row.atomic);
        access.private |= row.resource.as_deref().and_then(|p| given_at(p, given)).is_some_and(|g| self.is_nobody_elses(&g.value.kind));
        if operation == Operation::Call && !row.when.is_empty() {
            access.later = asked_later(row, &args);
        }
        let written = row.value.iter().filter_map(|p| given_at(p, given));
        // In memory a time is a stamp of what was done, and no claim.
        let in_memory = access.kind == "memory";
        access.computed = written.clone().any(|g| is_worked_out(&g.value) && (in_memory || !g.value.deps.is_fresh()));
        access.locks = in_memory && given.iter().any(|g| self.program.is_lock(&g.value.kind));
        let mut data = self.written_by_key(row, given).unwrap_or_else(|| self.written(row, given));
        // `row.update(db)`: what is written is what it is called on.
        if let (Some(receiver), true) = (&place.receiver, row.value.iter().any(|p| p == "receiver")) {
            data.join(&receiver.deps);
        }
        let deps = self.push_at(What::Access(access), place.site, data);
        match operation.is_read() || row.decides {
            // What lies in memory by itself is looked at as it is.
            true => Value { deps, compared: result.compared || in_memory && operation.is_read() && !row.presence, ..result },
            // What a service answers.
            false if operation == Operation::Call && !self.rust => result.depending(&deps),
            false => result,
        }
    }

    /// Whether a write locks rows in the order of a list that nothing sorts: of keys that it asks for, or of rows that it is given.
    fn is_unsorted(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, given: &[Given]) -> bool {
        let unsorted = |traits: &[Name]| traits.iter().any(|t| t == "unsorted");
        let rows = || row.value.iter().filter_map(|place| given_at(place, given)).any(|g| unsorted(&self.rows_given(&g.value)));
        receiver.is_some_and(|query| unsorted(&query.traits)) || rows()
    }

    /// Whether rows of the table are locked already by the transaction: what is written there waits for nobody any more.
    fn are_rows_locked(&self, access: &Access) -> bool {
        self.state.held.iter().any(|c| matches!(&c.held, Held::Rows(table) if access.name.as_ref() == Some(table)))
    }

    /// Whether a value is by its making nobody else's: a buffer in memory.
    fn is_nobody_elses(&self, kind: &Kind) -> bool {
        let made = kind.library().and_then(|value| self.program.knowledge.construct(value.ty));
        made.is_some_and(|made| made.row.private)
    }

    /// Whether a key differs at each attempt: made anew, and not before what tries again.
    fn is_made_anew(&self, key: &Given) -> bool {
        key.value.deps.is_fresh() && !key.expr.is_some_and(|e| self.is_made_before_the_retry(e))
    }

    /// A request that was given the key by which its service knows it again: `header("Idempotency-Key", key)`.
    fn keyed(&self, row: &Row, given: &[Given], result: Value) -> Value {
        let says_key = self.program.variant(row, &kinds(given)).is_some_and(|v| v.idempotent == Some(true));
        let key = row.key.as_deref().filter(|_| says_key).and_then(|p| given_at(p, given));
        let (Some(key), Kind::Library(request)) = (key, &result.kind) else { return result };
        let mut request = (**request).clone();
        request.traits.push(if self.is_made_anew(key) { KEYED_ANEW } else { KEYED }.into());
        Value { kind: Kind::Library(Rc::new(request)), ..result }
    }

    /// A part of a receiver: the receiver's class, or its variable where that is not known, goes before it.
    fn within_receiver(&self, place: &CallPlace, part: &Template) -> Template {
        let class = place.receiver.iter().flat_map(|r| r.kind.alternatives()).find_map(|k| match k {
            Kind::Object(object) => Some(self.program.class(object.class).name.clone()),
            _ => None,
        });
        let owner = class.unwrap_or_else(|| place.receiver_name.clone());
        if owner.is_empty() {
            return part.clone();
        }
        let mut name = Template::text(owner);
        name.push(crate::link::Part::Text("/".into()));
        name.extend(part);
        name
    }

    /// A method of the project that packs know by its name, and whose code tells nothing of what it touches: either it does
    /// nothing that could be told, or under a name that only it knows. `did` is its summary and where its items begin here.
    pub fn out_of_sight(&mut self, value: &FunctionValue, given: &[Given], place: &CallPlace, did: (&Summary, usize)) -> Option<Value> {
        if !matches!(value.receiver, Some(Kind::Object(_))) || place.receiver_path == self.receiver_name {
            return None;
        }
        let name = &self.program.function(value.function).name;
        let language = self.program.language(self.at.module);
        let found = self.program.knowledge.unknown_receivers(language, &place.receiver_name, name).find(|f| f.row.of_receiver)?;
        let reads = found.row.effect == Effect::Read;
        let part = self.resource_name(found.row, None, given)?;
        let named = self.within_receiver(place, &part);
        let tells = |item: &Item| matches!(*item.what, What::Access(_) | What::CallParameter { .. });
        let told = did.0.items.iter().filter(|i| i.kept).chain(self.summary.items.iter().skip(did.1)).any(tells);
        for item in self.summary.items.iter_mut().skip(did.1) {
            let What::Access(access) = &*item.what else { continue };
            let nameless = access.name.as_ref().is_none_or(|n| !n.has_text());
            if nameless && access.operation.is_read() == reads && Some(access.kind.as_str()) == found.row.kind.as_deref() {
                item.what = Rc::new(What::Access(Access { name: Some(named.clone()), ..access.clone() }));
                item.inferred += 1;
            }
        }
        if told {
            return None;
        }
        let library = Rc::new(LibraryValue::of(found.owner?));
        let api = self.program.qualified(value.function).into();
        Some(self.apply_inferred(&found, &library, &api, given, place, Value::default()))
    }

    /// What a write's value depends on: the places the row names, else all arguments but those that name and key it.
    pub fn written(&self, row: &Row, given: &[Given]) -> Deps {
        if row.value.is_empty() {
            let naming: Vec<*const Given> = [row.resource.as_deref(), row.key.as_deref()]
                .into_iter()
                .flatten()
                .filter_map(|p| given_at(p, given))
                .map(std::ptr::from_ref)
                .collect();
            return given.iter().filter(|g| !naming.contains(&std::ptr::from_ref(*g))).fold(Deps::default(), |d, g| d.with(&g.value.deps));
        }
        row.value.iter().filter_map(|p| given_at(p, given)).fold(Deps::default(), |d, g| d.with(&g.value.deps))
    }

    /// What the values of a mapping depend on that is written out in a call and is both what names what is written and what is
    /// written: `zadd(board, {player: score})`. Its keys are the one, and its values the other.
    fn written_by_key(&mut self, row: &Row, given: &[Given]) -> Option<Deps> {
        let [place] = row.value.as_slice() else { return None };
        let names = [&row.resource, &row.key].into_iter().flatten().any(|naming| naming == place);
        let mapping = given_at(place, given).filter(|_| names)?.expr?;
        let facts = self.facts;
        let ExprKind::Map(entries) = &facts.expr(mapping).kind else { return None };
        // The values were evaluated with the whole: ask for them without doing anything again.
        let before = (self.summary.items.len(), self.summary.calls.len());
        let values = entries.iter().fold(Deps::default(), |all, (_, value)| all.with(&self.eval(*value).deps));
        self.summary.items.truncate(before.0);
        self.summary.calls.truncate(before.1);
        Some(values)
    }

    pub fn access_of(&self, row: &Row, found: &Found<'k>, receiver: Option<&Rc<LibraryValue>>, api: &Name, operation: Operation) -> Access {
        let knowledge = self.program.knowledge;
        let store = row
            .store
            .clone()
            .or_else(|| receiver.and_then(|r| knowledge.store_of(r.ty)).map(str::to_string))
            .or_else(|| found.pack.store.clone())
            .unwrap_or_else(|| row.kind.clone().unwrap_or_default());
        Access {
            instance: receiver.and_then(|r| r.instance.clone()),
            atomic: row.atomic,
            autocommit: found.pack.autocommit || self.commits_each(receiver),
            decides: row.decides,
            money: row.money,
            presence: row.presence,
            aggregate: row.aggregate,
            elements: row.elements,
            private: row.private,
            all_below: row.all_below,
            exclusive: row.exclusive,
            ..Access::new(operation, row.kind.clone().unwrap_or_default(), store, api.clone(), api.rsplit('.').next().unwrap_or(api))
        }
    }

    /// Whether a connection was made so that each of its statements commits for itself.
    fn commits_each(&self, receiver: Option<&Rc<LibraryValue>>) -> bool {
        std::iter::successors(receiver, |value| value.parent.as_ref()).take(PARENTS).any(|value| {
            let said = &self.program.knowledge.type_def(value.ty).autocommit_with;
            let told = |(name, kind): &(Option<Name>, Kind)| {
                name.as_ref().is_some_and(|n| said.iter().any(|s| s == n.as_str())) && matches!(kind, Kind::Bool(true) | Kind::Null)
            };
            value.args.iter().any(told)
        })
    }

    /// `os.replace(source, target)`: what was written to the source becomes the target's content in one step.
    fn replace(
        &mut self,
        found: &Found<'k>,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let row = found.row;
        let args = self.kinds_named_by_all(given);
        let source = row.resource.as_deref().and_then(|p| self.program.place_text(p, receiver, &args));
        let target = row.to.as_deref().and_then(|p| self.program.place_text(p, receiver, &args));
        let mut data = all_deps(given);
        let source_is_temporary = source.is_some();
        for item in &mut self.summary.items {
            let What::Access(access) = &*item.what else { continue };
            if source_is_temporary && access.name == source && !access.operation.is_read() {
                data.join(&item.data);
                let mut private = access.clone();
                private.private = true;
                item.what = Rc::new(What::Access(private));
            }
        }
        // A file that was renamed into place by its own handle's name: the last file written here is what is moved.
        let mut access = self.access_of(row, found, receiver, api, Operation::Replace);
        access.name = target;
        access.atomic = true;
        self.push_at(What::Access(access), place.site, data);
        result
    }

    /// Reading from and writing to an open file.
    fn handle(
        &mut self,
        effect: Effect,
        found: &Found<'k>,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let row = found.row;
        let handle = match row.resource.as_deref().map(Place::parse) {
            Some(Ok(Place::Argument { position, name })) => {
                argument_at(position.map(|p| p as usize), name, &kinds(given)).and_then(|k| k.library().cloned())
            }
            _ => receiver.cloned(),
        };
        let by_name = || row.kind.as_ref().and(row.resource.as_deref()).and_then(|p| self.program.place_text(p, receiver, &kinds(given)));
        let Some(handle) = handle else {
            // `toml.load("state.toml")`: the file by its name.
            let Some(name) = by_name() else { return result };
            let operation = if effect == Effect::Load { Operation::Read } else { Operation::Put };
            let access = Access { name: Some(name), ..self.access_of(row, found, receiver, api, operation) };
            let deps = self.push_at(What::Access(access), place.site, self.written(row, given));
            return if operation.is_read() { Value { deps, ..result } } else { result };
        };
        if handle.identity.is_none() && handle.site.is_none() || self.is_nobody_elses(&Kind::Library(handle.clone())) {
            return result;
        }
        let mode = argument_at(Some(1), Some("mode"), &handle.args).or_else(|| {
            argument_at(Some(0), Some("mode"), &handle.args).filter(|_| handle.args.iter().filter(|(n, _)| n.is_none()).count() == 1)
        });
        let is_mode = |m: &&str| m.len() <= 4 && m.chars().all(|c| "rwaxbt+U".contains(c));
        let mode = mode.and_then(Kind::as_text).filter(is_mode).unwrap_or("r");
        let operation = match (effect, mode.chars().next()) {
            (Effect::Load, _) => Operation::Read,
            (_, Some('a')) => Operation::Append,
            (_, Some('x')) => Operation::CreateIfAbsent,
            _ => Operation::Put,
        };
        let mut access = self.access_of(row, found, Some(&handle), api, operation);
        access.kind = "file".into();
        access.store = "file".into();
        access.instance = None;
        access.name = handle.identity.clone();
        if operation == Operation::Append {
            access.idempotent = Some((true, "one line appended to a log"));
            access.atomic = true;
        }
        let deps = self.push_at(What::Access(access), place.site, self.written(row, given));
        if operation.is_read() { Value { deps, ..result } } else { result }
    }

    /// `open(path, "x")` creates or fails: that decides by itself.
    fn opened_exclusively(&mut self, result: &Value, row: &Row, api: &Name, site: Site) {
        let Some(handle) = result.kind.library() else { return };
        let exclusive = handle.args.iter().any(|(_, k)| k.as_text().is_some_and(|m| m.starts_with('x') && m.len() <= 3));
        if exclusive {
            let access = Access {
                name: handle.identity.clone(),
                atomic: true,
                conditional: true,
                decides: true,
                private: row.private || handle.identity.is_none(),
                ..Access::new(Operation::CreateIfAbsent, "file", "file", api.clone(), "open")
            };
            self.push_at(What::Access(access), site, Deps::default());
        }
    }

    /// A function run beside this code.
    fn spawn(&mut self, row: &Row, receiver: Option<&Rc<LibraryValue>>, api: &Name, given: &[Given], place: &CallPlace) {
        let many = row.multiple || self.spawns_several(place.site);
        if row.actor.is_some() {
            self.spawned_actor(row, api, given, place);
        }
        // What is spawned runs later, without what is held here.
        let apart = self.rust.then(|| self.set_apart());
        let held = Held::Spawned { api: api.clone(), many, waits: false };
        self.state.held.push(Context { token: token(place.site, 6), held, site: place.site, function: self.at });
        self.enter_thread(row, place.site);
        self.call_entry(row, receiver, given, place);
        self.state.held.retain(|c| c.token != token(place.site, 6) && c.token != token(place.site, THREAD));
        if let Some(held) = apart {
            self.state.held = held;
        }
    }

    /// What a row runs in a thread of its own does not stop others on the event loop.
    fn enter_thread(&mut self, row: &Row, site: Site) {
        if row.thread {
            self.state.held.push(Context { token: token(site, THREAD), held: Held::Thread, site, function: self.at });
        }
    }

    /// Call the function that a row names as its entry, with the arguments it passes on.
    fn call_entry(&mut self, row: &Row, receiver: Option<&Rc<LibraryValue>>, given: &[Given], place: &CallPlace) -> Option<Called> {
        // `pack.submit(order)`: the function that a decorator made a task of, with all that is given.
        if let (Some("receiver"), Some(task)) = (row.entry.first().map(String::as_str), receiver) {
            let Kind::Function(function) = &task.subject else { return None };
            let inner = CallPlace { receiver: None, receiver_path: None, written: false, ..place.clone() };
            return Some(self.call_function(function, given, &inner, &Coroutine::Awaited));
        }
        let entry = row.entry.iter().find_map(|p| given_at(p, given))?;
        if !matches!(
            entry.value.kind,
            Kind::Function(_)
                | Kind::OneOf(_)
                | Kind::Parameter(_)
                | Kind::ParameterMember(_)
                | Kind::Field(_)
                | Kind::Captured(_)
                | Kind::Member(_)
                | Kind::Object(_)
        ) {
            return None;
        }
        let mut passed: Vec<Given> = match row.passes_from {
            Some(from) => given.iter().filter(|g| g.name.is_none()).skip(from).cloned().collect(),
            None => Vec::new(),
        };
        for g in given {
            match (g.name.as_deref(), &g.value.kind) {
                (Some("args"), Kind::List(items)) => passed.extend(items.iter().map(|k| Given {
                    name: None,
                    value: Value { kind: k.clone(), ..g.value.clone() },
                    expr: None,
                    spread: 0,
                })),
                (Some("kwargs"), Kind::Map(entries)) => passed.extend(entries.iter().filter_map(|(k, v)| {
                    Some(Given {
                        name: Some(k.as_text()?.into()),
                        value: Value { kind: v.clone(), ..g.value.clone() },
                        expr: None,
                        spread: 0,
                    })
                })),
                (Some(name), _) if row.passes_from.is_some() && !row.entry.iter().any(|p| p.ends_with(name)) => passed.push(g.clone()),
                _ => {}
            }
        }
        let receiver = match &entry.value.kind {
            Kind::Function(f) => f.receiver.clone().map(Value::of),
            _ => None,
        };
        let own = receiver.as_ref().is_some_and(|r| r.kind == self.receiver);
        let inner = CallPlace {
            site: place.site,
            receiver,
            receiver_path: if own { self.receiver_name.clone() } else { None },
            receiver_name: Name::default(),
            written: false,
        };
        let value = entry.value.clone();
        Some(self.call_value(&value, &passed, &inner, Coroutine::Awaited))
    }

    fn invoke(
        &mut self,
        effect: Effect,
        row: &Row,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        if effect == Effect::Retry && row.entry.iter().any(|p| Place::parse(p) == Ok(Place::Function)) {
            self.again = Some(self.retry_context(row, receiver, api, given, place.site));
            return result;
        }
        if effect == Effect::Retry {
            self.state.held.push(self.retry_context(row, receiver, api, given, place.site));
        }
        self.enter_thread(row, place.site);
        let called = self.call_entry(row, receiver, given, place);
        self.state.held.retain(|c| c.token != token(place.site, THREAD));
        if effect == Effect::Retry {
            self.state.held.retain(|c| c.token != token(place.site, 7));
        }
        match called {
            Some(called) => called.value,
            None => result,
        }
    }

    fn retry_context(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, api: &Name, given: &[Given], site: Site) -> Context {
        let attempts = self.program.attempts(row, receiver, &kinds(given));
        let held = Held::Retry(Rc::new(RetryUse { api: api.clone(), attempts, after: Rc::default() }));
        Context { token: token(site, 7), held, site, function: self.at }
    }

    fn partial(&mut self, given: &[Given]) -> Option<Value> {
        let (first, rest) = given.split_first()?;
        Some(Value { kind: first.value.kind.bound_to(&kinds(rest)), ..first.value.clone() })
    }

    /// Enter a context manager.
    pub fn enter(&mut self, context: ExprId) -> Entered {
        let facts = self.facts;
        let mut inner = context;
        while let ExprKind::Await(next) = facts.expr(inner).kind {
            inner = next;
        }
        self.limit = None;
        let called = match &facts.expr(inner).kind {
            ExprKind::Call { callee, args } => {
                self.coroutine = Coroutine::Awaited;
                self.eval_call(inner, *callee, args)
            }
            _ => Called { value: self.eval(inner), ..Called::default() },
        };
        let site = self.site(facts.expr(inner).span);
        self.taken = self.path(inner);
        // `async with timeout(5):`
        if let Some(seconds) = self.limit.take() {
            self.state.held.push(Context { token: token(site, 12), held: Held::Limited(seconds), site, function: self.at });
        }
        self.enter_value(called, site)
    }

    /// Enter a value as a context manager.
    pub fn enter_value(&mut self, called: Called, site: Site) -> Entered {
        let hollow = called.hollow.or_else(|| self.program.hollow_object(&called.value.kind));
        if let Some(name) = hollow {
            self.state.held.push(Context { token: token(site, 14), held: Held::Hollow(name), site, function: self.at });
        }
        if let Some((contexts, yielded)) = called.opened {
            let ends_transaction = contexts.iter().any(|c| matches!(c.held, Held::Transaction { .. }));
            self.state.held.extend(contexts);
            return Entered { value: yielded, exit: Vec::new(), ends_transaction };
        }
        let mut entered =
            Entered { value: Value { kind: self.program.entered(&called.value.kind), ..called.value.clone() }, ..Entered::default() };
        let kind = called.value.kind.alternatives().first().cloned().unwrap_or_default();
        match &kind {
            Kind::Library(value) => {
                if let Some(found) = self.program.knowledge.enter(value.ty) {
                    let first = self.summary.items.len();
                    entered.ends_transaction = self.enter_library(&found, value, site);
                    self.used_by_entering(&found, value, site, first);
                }
            }
            Kind::Object(object) => {
                let enter = ["__enter__", "__aenter__"].into_iter().find(|m| self.program.method(object.class, m).is_some());
                let exit = ["__exit__", "__aexit__"].into_iter().find(|m| self.program.method(object.class, m).is_some());
                if let Some(enter) = enter {
                    let value = self.call_method(&Value { kind: kind.clone(), ..called.value.clone() }, enter, site);
                    if !matches!(value.kind, Kind::Unknown | Kind::Null) {
                        entered.value = value;
                    }
                }
                entered.exit.extend(exit.map(|e| (kind.clone(), e)));
            }
            _ => {}
        }
        entered
    }

    /// The transaction that entering a value begins: as the value, or an engine behind it, was made. A method of an engine's class
    /// that is given a connection is given one of its own.
    fn transaction_on(&self, row: &Row, value: &Rc<LibraryValue>) -> Held {
        let mut origin = value;
        for _ in 0..PARENTS {
            origin = origin.parent.as_ref().unwrap_or(origin);
        }
        let of_caller = match origin.identity.as_ref().map(|name| name.parts.as_slice()) {
            Some([crate::link::Part::Hole(Hole::Parameter(index))]) if origin.site.is_none() => Some(*index),
            _ => None,
        };
        let own = || self.program.isolation_of_engines(self.program.enclosing_class(self.at)?);
        let isolation = row.isolation.as_deref().map(Name::from).or_else(|| self.program.isolation_of(value));
        let told = isolation.is_some();
        Held::Transaction { isolation: isolation.or_else(own), of_caller: of_caller.filter(|_| !told) }
    }

    /// Enter a library's value: take its lock, begin its transaction, run its retries. Whether leaving ends a transaction.
    fn enter_library(&mut self, found: &Found<'k>, value: &Rc<LibraryValue>, site: Site) -> bool {
        let api: Name = self.program.knowledge.type_name(value.ty).into();
        match found.row.effect {
            Effect::Acquire => {
                self.take(found.row, Some(value), &api, &[], site, false);
                false
            }
            Effect::Transaction => {
                let held = self.transaction_on(found.row, value);
                self.state.held.push(Context { token: token(site, 8), held, site, function: self.at });
                true
            }
            Effect::Retry => {
                let context = self.retry_context(found.row, Some(value), &api, &[], site);
                self.state.held.push(context);
                false
            }
            Effect::Commit => true,
            _ => false,
        }
    }
}

/// Whether the key that a request was built with is made anew at each attempt; nothing where it has none.
fn key_of_request(request: &LibraryValue) -> Option<bool> {
    request.traits.iter().find(|t| *t == KEYED || *t == KEYED_ANEW).map(|t| t == KEYED_ANEW)
}

/// What a caller may still give that makes a call one that merely asks, or may be repeated.
fn asked_later(row: &Row, args: &[(Option<Name>, Kind)]) -> Option<Rc<Vec<Later>>> {
    let harmless = row.when.iter().filter(|v| v.idempotent == Some(true) || v.effect.is_some_and(|e| e != Effect::Call));
    let open = harmless.filter_map(|v| {
        let value = argument(&v.argument, args).filter(|k| is_open(k))?.clone();
        Some(Later { value, is: v.is.clone(), contains: v.contains.clone() })
    });
    let later: Vec<Later> = open.filter(|l| l.is.is_some() || !l.contains.is_empty()).collect();
    (!later.is_empty()).then(|| Rc::new(later))
}

/// The argument that a place names.
pub(super) fn given_at<'g>(place: &str, given: &'g [Given]) -> Option<&'g Given> {
    let Ok(Place::Argument { position, name }) = Place::parse(place) else { return None };
    let named = name.and_then(|n| given.iter().find(|g| g.name.as_deref() == Some(n)));
    named.or_else(|| position.and_then(|p| given.iter().filter(|g| g.name.is_none() && g.spread == 0).nth(p as usize)))
}

/// Whether a value is a result: not a constant, and not what the caller or the object has.
fn is_worked_out(value: &Value) -> bool {
    match &value.kind {
        Kind::Unknown | Kind::List(_) | Kind::Map(_) | Kind::Object(_) | Kind::OneOf(_) | Kind::Called(_) => true,
        // `token or UNAVAILABLE`: what is known of it is what stands for nothing.
        Kind::Text(text) => text.constant().is_some() && !value.literal && !value.deps.is_empty(),
        _ => false,
    }
}
