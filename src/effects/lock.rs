//! Taking and giving back locks.

use super::call::{CallPlace, Given, kinds};
use super::context::{Context, Held, token};
use super::item::{Item, Operation, What};
use super::value::{Deps, Value};
use super::walk::Walker;
use crate::facts::Name;
use crate::knowledge::vocabulary::{Effect, LockScope, Row};
use crate::link::{ClassRef, FunctionValue, Hole, Kept, Kind, LibraryValue, LockUse, Owner, Part, Template, Ttl, Wait, argument};
use crate::source::Site;
use std::rc::Rc;

/// Words in the name of a key that say it is a lock and no business data.
const LOCK_WORDS: [&str; 8] = ["lock", "lease", "mutex", "semaphore", "claim", "leader", "in_progress", "in-progress"];

/// Words by which functions and classes are called that hand out locks.
const GIVES: [&str; 4] = ["lock", "mutex", "lease", "acquire"];

/// Further words by which those are called that take them back.
const TAKES_BACK: [&str; 2] = ["unlock", "release"];

impl Walker<'_, '_, '_> {
    /// `lock.acquire(…)`.
    pub fn acquire(
        &mut self,
        row: &Row,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        site: Site,
        result: Value,
    ) -> Value {
        let deps = self.take(row, receiver, api, given, site, !row.guard);
        result.depending(&deps)
    }

    /// Take a lock and hold it from here; what a test of the result depends on.
    pub fn take(
        &mut self,
        row: &Row,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        site: Site,
        explicit: bool,
    ) -> Deps {
        let args = kinds(given);
        let mut lock = match receiver.and_then(|r| r.lock.clone()) {
            Some(made) => {
                let mut lock = (*made).clone();
                let says = |place: &Option<String>| place.as_deref().and_then(|p| argument(p, &args));
                // `acquire(blocking=True)` waits as long as the lock was made to wait.
                let waits = says(&row.blocking).is_some_and(|k| *k != Kind::Bool(true)) || lock.wait == Wait::Not;
                let says_wait = says(&row.wait).is_some() || says(&row.blocking).is_some() && waits;
                if says_wait || row.wait_default == Some(0.0) {
                    lock.wait = self.program.wait(row, &args);
                }
                lock.guard |= row.guard;
                lock.refusal_returned |= row.refusal_returned;
                lock.refusal_ignored |= row.refusal_ignored;
                lock
            }
            None => self.program.lock_use(row, receiver, &args, api, site),
        };
        if lock.name.parts.is_empty() {
            lock.name = self.unnamed(receiver, &lock);
        }
        lock.refusal_ignored |= row.refusal_ignored && !explicit;
        if lock.owner == Owner::Unknown && lock.scope == LockScope::Process {
            lock.owner = self.owner(receiver);
        }
        if lock.session && lock.scope == LockScope::Host {
            lock.handle = self.opened_for(row, receiver, given);
        }
        let own = self.is_own(receiver) || lock.session && self.is_dropped_here(receiver);
        self.hold(lock, site, explicit, own)
    }

    /// Where the open file was made that a lock is taken on, as long as nothing but variables of this function has it.
    fn opened_for(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, given: &[Given]) -> Option<Site> {
        let opened = receiver.or_else(|| super::rows::given_at(row.lock.as_deref()?, given)?.value.kind.library())?.site?;
        let holds = |(name, value): (&Name, &Value)| !name.contains('.') && super::guard::holds(&value.kind, opened);
        self.state.vars.iter().any(holds).then_some(opened)
    }

    /// Whether a value of Rust was made by this function: what it is by then ends with it, or goes to whoever is handed it.
    fn is_dropped_here(&self, receiver: Option<&Rc<LibraryValue>>) -> bool {
        self.rust && self.is_made_here(receiver)
    }

    /// Whether a value was made by this function.
    pub fn is_made_here(&self, value: Option<&Rc<LibraryValue>>) -> bool {
        let function = self.program.function(self.at).span;
        value.and_then(|v| v.site).is_some_and(|made| made.file == self.site(function).file && function.contains(made.span))
    }

    /// Hold a lock from here on; `own` says that nobody but this function has it.
    pub fn hold(&mut self, lock: LockUse, site: Site, explicit: bool, own: bool) -> Deps {
        let lock = Rc::new(lock);
        let token = token(site, self.summary.items.len() as u64 + 1);
        let again = self.held_already(&lock);
        let unasked = lock.refusal_ignored;
        let deps = self.push_at(What::Acquire { lock: lock.clone(), explicit, token, again, unasked, asked: false }, site, Deps::default());
        // A semaphore with several permits excludes nobody, nor does what lets everyone in when the wait is over.
        if lock.permits.is_none_or(|p| p <= 1) && !lock.refusal_ignored {
            let function = self.at;
            if explicit {
                self.note_taken(token, &lock, site, own, None);
            }
            self.state.held.push(Context { token, held: Held::Lock(lock), site, function });
        }
        deps
    }

    /// Where this very lock was taken that is held here, in the run of this code itself and of nothing it started beside it.
    pub fn held_already(&self, lock: &LockUse) -> Option<Site> {
        let since_start = self.state.held.iter().rposition(|c| matches!(c.held, Held::Spawned { waits: false, .. })).map_or(0, |at| at + 1);
        self.state.held[since_start..].iter().find(|c| c.lock().is_some_and(|held| is_same_lock(held, lock))).map(|c| c.site)
    }

    /// Whose a lock in memory is; one that was only told by its type may be anybody's.
    fn owner(&self, receiver: Option<&Rc<LibraryValue>>) -> Owner {
        let Some(made) = receiver.and_then(|r| r.site) else { return Owner::Unknown };
        match self.program.kept(made) {
            Kept::Static => Owner::Shared,
            Kept::Alone => Owner::Alone(made),
            Kept::Field(class) => match &self.receiver {
                Kind::Object(object) if self.takes_own() && self.program.ancestors(object.class).contains(&class) => Owner::Receiver,
                _ => Owner::Unknown,
            },
            Kept::Returned(_) | Kept::Elsewhere => Owner::Unknown,
        }
    }

    /// Whether the lock being taken is a field of the receiver.
    fn takes_own(&self) -> bool {
        let field = self.receiver_name.as_ref().zip(self.taken.as_ref()).and_then(|(r, p)| p.strip_prefix(r.as_str())?.strip_prefix('.'));
        field.is_some_and(|f| !f.contains('.'))
    }

    /// A lock that a function of the project makes and returns is the caller's: made here, at each call.
    pub fn made_here(&self, value: &mut Value, callee: crate::link::FunctionRef, site: Site) {
        let Kind::Library(library) = &value.kind else { return };
        let (Some(made), Some(lock)) = (library.site, &library.lock) else { return };
        // A guard is of a lock that was made elsewhere, and is held since it was taken.
        if lock.guard || lock.scope != LockScope::Process || self.program.kept(made) != Kept::Returned(callee) {
            return;
        }
        let mut library = (**library).clone();
        library.site = Some(site);
        library.lock = Some(Rc::new(LockUse { made: Some(site), ..(**lock).clone() }));
        value.kind = Kind::Library(Rc::new(library));
    }

    /// Whether a value says that a lock was granted, which nothing asked yet.
    pub fn is_answer(&self, value: &Value) -> bool {
        let unasked = |item: &Item| matches!(&*item.what, What::Acquire { unasked: false, asked: false, .. });
        value.deps.iter().filter_map(super::value::Dep::item).any(|index| self.summary.items.get(index as usize).is_some_and(unasked))
    }

    /// Whether a granted lock was asked for by a statement that drops the answer.
    pub fn drop_answer(&mut self, value: &Value) {
        for dep in value.deps.iter() {
            let Some(index) = dep.item() else { continue };
            let Some(item) = self.summary.items.get_mut(index as usize) else { continue };
            let What::Acquire { lock, explicit, token, again, unasked: false, asked: false } = &*item.what else { continue };
            // What a class of the project hands out is a lock beyond doubt where it expires.
            let refuses = lock.refusal_returned && lock.wait != Wait::Forever && (!lock.own || lock.ttl != Ttl::Never);
            // A check that raised on the way has asked; a lock given back since then was asked for by whoever did that.
            let asked = self.state.control.iter().any(|(d, _)| d.item() == Some(index));
            let kept = self.state.held.iter().any(|c| c.token == *token) || lock.permits.is_some();
            if refuses && !asked && kept {
                item.what = Rc::new(What::Acquire {
                    lock: lock.clone(),
                    explicit: *explicit,
                    token: *token,
                    again: *again,
                    unasked: true,
                    asked: false,
                });
            }
        }
    }

    /// Whether a lock is held is asked of the lock itself.
    pub fn ask(&mut self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)], site: Site) {
        let name = self.lock_name(row, receiver, args, site);
        for item in self.summary.items.iter_mut().rev() {
            if let What::Acquire { lock, explicit, token, again, unasked: true, asked } = &*item.what
                && lock.name == name
            {
                item.what = Rc::new(What::Acquire {
                    lock: lock.clone(),
                    explicit: *explicit,
                    token: *token,
                    again: *again,
                    unasked: false,
                    asked: *asked,
                });
                return;
            }
        }
    }

    /// Note which answers other work of this function hangs on; giving the lock back is no such work.
    pub fn note_asked(&mut self) {
        let items = self.summary.items.iter().filter(|i| !matches!(&*i.what, What::Release { .. })).map(|i| i.control.as_slice());
        let calls = self.summary.calls.iter().map(|c| c.control.as_slice());
        let on: Vec<u32> = items.chain(calls).flatten().filter_map(|(dep, _)| dep.item()).collect();
        for (index, item) in self.summary.items.iter_mut().enumerate() {
            let What::Acquire { lock, explicit, token, again, unasked, asked: false } = &*item.what else { continue };
            if on.contains(&(index as u32)) {
                let (explicit, token, again, unasked) = (*explicit, *token, *again, *unasked);
                item.what = Rc::new(What::Acquire { lock: lock.clone(), explicit, token, again, unasked, asked: true });
            }
        }
    }

    /// The life of a lock is extended.
    pub fn renew(&mut self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)], site: Site) {
        let name = self.lock_name(row, receiver, args, site);
        self.push_at(What::Renew { name }, site, Deps::default());
    }

    /// The name of the lock that a row speaks about.
    fn lock_name(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)], site: Site) -> Template {
        match receiver.and_then(|r| r.lock.clone()) {
            Some(lock) if !lock.name.parts.is_empty() => lock.name.clone(),
            Some(lock) => self.unnamed(receiver, &lock),
            None => {
                let lock = self.program.lock_use(row, receiver, args, "", site);
                if lock.name.parts.is_empty() { self.unnamed(receiver, &lock) } else { lock.name }
            }
        }
    }

    /// The name of a lock that has none: the variable that holds it, with its class or module.
    fn unnamed(&self, receiver: Option<&Rc<LibraryValue>>, lock: &LockUse) -> Template {
        let target = receiver.and_then(|r| r.target.clone()).unwrap_or_default();
        let place = receiver.and_then(|r| r.site).or(lock.made);
        // Two locks of one variable name in two files are two locks.
        let file = place.map(|p| self.program.path_of(p.file)).unwrap_or_default();
        let stem = file.rsplit('/').next().unwrap_or("").trim_end_matches(".py").trim_end_matches(".rs");
        Template::text(if target.is_empty() { stem.to_string() } else { format!("{stem}.{target}") })
    }

    /// `lock.release()`.
    pub fn release(&mut self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)], site: Site) {
        let name = self.lock_name(row, receiver, args, site);
        self.give_back(name, row.owner_checked, site);
    }

    /// Give back a lock by name; one that this function does not hold is its caller's.
    pub fn give_back(&mut self, name: Template, owner_checked: bool, site: Site) {
        let undoes = self.ledger.handling() && !self.certain();
        self.push_at(What::Release { name: name.clone(), owner_checked, undoes }, site, Deps::default());
        self.note_returned(&name, site);
        if !self.state.release(&name) {
            self.summary.releases.push(name);
        }
    }

    /// Operations on keys that are locks: `SET key token NX PX`, a plain DEL or a comparing script on the same key.
    /// What its result depends on, where it was one.
    pub fn locking(
        &mut self,
        effect: Effect,
        row: &Row,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        site: Site,
        name: Option<&Template>,
    ) -> Option<Deps> {
        let name = name.filter(|_| row.kind.as_deref() == Some("cache") || row.effect == Effect::Script)?;
        let held = self.state.held.iter().any(|c| c.lock().is_some_and(|l| l.name == *name));
        let pattern = name.pattern().to_lowercase();
        let named = LOCK_WORDS.iter().any(|w| pattern.contains(w))
            || name.hole_names().any(|h| LOCK_WORDS.iter().any(|w| h.to_lowercase().contains(w)));
        // A token that nobody else has says who holds it.
        let token = || {
            effect == Effect::CreateIfAbsent
                && row.value.iter().any(|p| super::rows::given_at(p, given).is_some_and(|g| g.value.deps.is_fresh()))
        };
        let locks = || match effect {
            Effect::CreateIfAbsent => self.is_called(&GIVES),
            Effect::Delete => self.is_called(&GIVES) || self.is_called(&TAKES_BACK),
            _ => false,
        };
        if !held && !named && !token() && !locks() {
            return (effect == Effect::Delete && self.take_back(name, site)).then(Deps::default);
        }
        match effect {
            Effect::CreateIfAbsent => {
                let lock = self.key_as_lock(row, receiver, api, given, site, name);
                Some(self.hold(lock, site, true, false))
            }
            Effect::Delete => {
                self.give_back(name.clone(), false, site);
                Some(Deps::default())
            }
            Effect::Script | Effect::CompareAndSet => {
                self.give_back(name.clone(), true, site);
                Some(Deps::default())
            }
            // What is read and written back under such a name may be a document of its own.
            Effect::Read | Effect::Write | Effect::Update | Effect::Upsert | Effect::Insert => None,
            // Counted places are no lock that one has.
            Effect::Increment => None,
            // Extending its life.
            _ => named.then(Deps::default),
        }
    }

    /// The lock that a key is which is set where it is absent.
    pub fn key_as_lock(
        &self,
        row: &Row,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        site: Site,
        name: &Template,
    ) -> LockUse {
        let args = kinds(given);
        let mut lock = self.program.lock_use(row, receiver, &args, api, site);
        lock.name = name.clone();
        lock.scope = row.scope.unwrap_or(LockScope::Distributed);
        lock.wait = Wait::Not;
        lock.refusal_returned = true;
        for millis in ["px", "pexpire"] {
            if let Some(value) = argument(millis, &args).filter(|v| !matches!(v, Kind::Null)) {
                lock.ttl = Ttl::After(value.clone(), 0.001);
            }
        }
        lock
    }

    /// Whether the name of the walked function, or of its class, has one of these words: `try_lock(key)`, `RedisMutex.acquire`.
    fn is_called(&self, words: &[&str]) -> bool {
        let function = self.program.function(self.at);
        let class = function.class.map(|class| self.program.class(ClassRef { module: self.at.module, class }).name.clone());
        let says = |name: &str| crate::link::snake(name).split('_').any(|word| words.contains(&word));
        says(&function.name) || class.is_some_and(|name| says(&name))
    }

    /// A callee that deletes the very key that is held as a lock, or was taken as one and an error may have come, gives it back, whatever
    /// it calls that key.
    pub fn gives_back_by_key(&mut self, what: &What, place: &CallPlace) -> bool {
        let What::Access(access) = what else { return false };
        let compared = match access.operation {
            Operation::CompareAndSet => true,
            Operation::Delete => false,
            _ => return false,
        };
        let Some(name) = access.name.as_ref().filter(|_| access.kind == "cache") else { return false };
        if !compared && self.take_back(name, place.site) {
            return true;
        }
        let held = self.state.held.iter().any(|c| c.lock().is_some_and(|l| l.name == *name));
        let taken = |i: &Item| matches!(&*i.what, What::Acquire { lock, .. } if lock.name == *name);
        let was_taken = || (self.ledger.handling() || self.certain()) && self.summary.items.iter().any(taken);
        if !(held || was_taken()) {
            return false;
        }
        self.give_back(name.clone(), compared, place.site);
        true
    }

    /// A call of a method by which a class of the project hands out or takes back locks: its result, where it is one.
    pub fn coordinated(&mut self, value: &FunctionValue, given: &[Given], place: &CallPlace) -> Option<Value> {
        let (coordinator, acquires) = self.fx.coordinators().method(value.function)?;
        // Inside the class itself its own code is walked as it is.
        let own = self.program.function(self.at).class.map(|class| crate::link::ClassRef { module: self.at.module, class });
        if own == Some(coordinator.class) {
            return None;
        }
        let function = self.program.function(value.function);
        let offset = usize::from(value.receiver.is_some() && self.program.takes_receiver(value.function));
        let at = |index: usize| {
            let name = function.params.get(index).map(|p| &p.name);
            given
                .iter()
                .find(|g| g.name.as_ref() == name && name.is_some())
                .or_else(|| given.iter().filter(|g| g.name.is_none() && g.spread == 0).nth(index.checked_sub(offset)?))
        };
        if !acquires {
            let named = coordinator.release_key.and_then(at).map(|g| g.value.kind.template("resource"));
            let held = self.state.held.iter().rev().find_map(|c| c.lock().filter(|l| l.own).map(|l| l.name.clone()));
            let name = named.filter(|n| self.state.held.iter().any(|c| c.lock().is_some_and(|l| l.name == *n))).or(held);
            if let Some(name) = name {
                self.give_back(name, coordinator.owner_checked, place.site);
            }
            return Some(Value::default());
        }
        let name = at(coordinator.key).map(|g| g.expr.map_or_else(|| g.value.kind.template("resource"), |e| self.as_template(&g.value, e)));
        let ttl = match (coordinator.ttl, &coordinator.ttl_default) {
            (Some(index), default) => match at(index) {
                Some(given) => Ttl::After(given.value.kind.clone(), 1.0),
                None => default.clone().map_or(Ttl::Some, |d| Ttl::After(Kind::Lookup(Rc::new((d, Vec::new()))), 1.0)),
            },
            (None, Some(default)) => Ttl::After(default.clone(), 1.0),
            (None, None) if coordinator.expires => Ttl::Some,
            (None, None) => Ttl::Never,
        };
        let lock = LockUse {
            name: name.unwrap_or_default(),
            store: coordinator.store.clone(),
            scope: coordinator.scope,
            ttl,
            wait: Wait::Not,
            session: false,
            handle: None,
            owner_checked: coordinator.owner_checked,
            guard: false,
            reentrant: true,
            refusal_returned: coordinator.refuses_by_result,
            refusal_ignored: false,
            renewed: false,
            owner: Owner::Unknown,
            api: self.program.qualified(value.function).into(),
            made: Some(place.site),
            own: true,
            permits: None,
            of_transaction: false,
        };
        let deps = self.hold(lock, place.site, true, false);
        Some(Value { kind: self.program.returned(value.function), deps, ..Value::default() })
    }
}

/// Whether two takings are of one lock beyond doubt: of one owner, and under one name all of whose parts are known to be equal.
pub fn is_same_lock(held: &LockUse, lock: &LockUse) -> bool {
    let told = |part: &Part| {
        matches!(part, Part::Text(_) | Part::Hole(Hole::Parameter(_) | Hole::Field(_) | Hole::Captured(_) | Hole::Environment(_)))
    };
    let owned = held.owner == lock.owner && held.owner != Owner::Unknown;
    let exclusive = lock.permits.is_none_or(|p| p <= 1) && held.permits.is_none_or(|p| p <= 1);
    owned && exclusive && !lock.reentrant && held.scope == lock.scope && held.name == lock.name && lock.name.parts.iter().all(told)
}

/// What is done where a setting of the session bounds every wait: an advisory lock that was waited for without a limit has that one.
pub(super) fn limited(what: Rc<What>) -> Rc<What> {
    match &*what {
        What::Acquire { lock, explicit, token, again, unasked, asked }
            if lock.session && lock.wait == Wait::Forever && lock.scope == LockScope::Distributed =>
        {
            let lock = Rc::new(LockUse { wait: Wait::Limited(None), ..(**lock).clone() });
            Rc::new(What::Acquire { lock, explicit: *explicit, token: *token, again: *again, unasked: *unasked, asked: *asked })
        }
        _ => what,
    }
}
