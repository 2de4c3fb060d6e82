//! What each use of a pack's row came to, in words: for the tests that hold every row to a fixture.
//!
//! A *meaning* is one short line: what the call does to which resource, and everything else that the row says about this
//! call, as in `put cache redis:stock value=5 decides` or `lock redis:stock distributed ttl=30 wait=forever checked`. It is made
//! of what the walk has really done (its items) and of the arguments that the row's places select, so that a row with a
//! wrong effect, place or default reads differently. Normal runs record nothing.

use super::call::{Given, kinds};
use super::context::Held;
use super::item::{Access, Declaration, Item, What};
use super::walk::Walker;
use super::{LockUse, Ttl, Wait};
use crate::facts::Name;
use crate::knowledge::vocabulary::{ActorKind, BaseKind, BaseRow, Effect, Row, Unit};
use crate::knowledge::{Found, Place, RowId};
use crate::link::{ClassRef, Kind, LibraryValue, Program, argument};
use crate::source::Site;
use serde::Serialize;
use std::rc::Rc;

/// One use of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The row.
    pub row: RowId,
    /// The call, decorator, class or part of a document that it was used for.
    pub site: Site,
    /// What it means there.
    pub meaning: String,
}

impl<'k> Walker<'_, '_, 'k> {
    /// Record what a call came to: the items from `first` on, and its result.
    pub fn used(&self, found: &Found<'k>, receiver: Option<&Rc<LibraryValue>>, given: &[Given], site: Site, first: usize, result: &Kind) {
        if !self.fx.records() {
            return;
        }
        let args = kinds(given);
        let own = |item: &&Item| item.site == site && item.chain.is_none();
        let items: Vec<&Item> = self.summary.items[first.min(self.summary.items.len())..].iter().filter(own).collect();
        let mut words = Words { program: self.program, said: Vec::new() };
        words.call(found.row, receiver, &args, &items);
        words.result(found.row, receiver, &args, site, result);
        words.flag(self.inferring, "guessed");
        self.fx.record(RowId::of(found.row), site, words.said.join(" "));
    }

    /// Record what a decorator declares.
    pub fn used_by_decorating(&self, found: &Found<'k>, receiver: Option<&Rc<LibraryValue>>, given: &[Given], site: Site, first: usize) {
        if !self.fx.records() {
            return;
        }
        let mut words = Words { program: self.program, said: Vec::new() };
        words.call(found.row, receiver, &kinds(given), &self.summary.items[first..].iter().collect::<Vec<_>>());
        self.fx.record(RowId::of(found.row), site, words.said.join(" "));
    }

    /// Record what entering a value came to.
    pub fn used_by_entering(&self, found: &Found<'k>, value: &Rc<LibraryValue>, site: Site, first: usize) {
        if !self.fx.records() {
            return;
        }
        let items: Vec<&Item> = self.summary.items[first..].iter().filter(|i| i.site == site && i.chain.is_none()).collect();
        let mut words = Words { program: self.program, said: Vec::new() };
        words.call(found.row, Some(value), &[], &items);
        match self.program.entered(&Kind::Library(value.clone())) {
            Kind::Library(entered) if entered.ty != value.ty => words.library(&entered),
            _ => {}
        }
        self.fx.record(RowId::of(found.row), site, words.said.join(" "));
    }

    /// Record what a class is by its base or by its own name.
    pub fn used_by_class(&self, row: &BaseRow, class: ClassRef, site: Site) {
        if !self.fx.records() {
            return;
        }
        let program = self.program;
        let mut words = Words { program, said: Vec::new() };
        words.say(match row.actor.filter(|_| row.is == BaseKind::Actor) {
            Some(actor) => actor_word(actor),
            None => word(row.is),
        });
        if matches!(row.is, BaseKind::Model | BaseKind::PlainModel | BaseKind::Table) {
            words.said.extend(program.table_of(class));
        }
        let own = row.named.iter().map(|n| program.class_attribute(class, n)).find(|k| k.as_text().is_some());
        words.said.extend(own.map(|kind| words.shown(&kind)));
        let entry: Vec<&str> = row.entry.iter().filter(|m| program.method(class, m).is_some()).map(String::as_str).collect();
        words.pair("entry", entry.join(","));
        let prompts: Vec<&str> =
            row.prompts.iter().filter(|p| program.class_attribute(class, p) != Kind::Unknown).map(String::as_str).collect();
        words.pair("prompts", prompts.join(","));
        words.pair("pattern", row.pattern.clone().unwrap_or_default());
        words.flag(!row.described_by.is_empty(), "described");
        words.flag(row.multiple, "multiple");
        words.pair("retries", row.retries.map(attempts).unwrap_or_default());
        words.pair("as", row.instance_of.clone().unwrap_or_default());
        self.fx.record(RowId::of(row), site, words.said.join(" "));
    }
}

/// What a decorator puts around a function, in words.
pub(super) fn surrounding(program: &Program, row: &Row, args: &[(Option<Name>, Kind)], held: Option<&Held>, item: Option<&Item>) -> String {
    let mut words = Words { program, said: Vec::new() };
    match held {
        Some(Held::Lock(lock)) => {
            words.say("lock");
            words.lock(lock);
        }
        _ => words.call(row, None, args, item.as_slice()),
    }
    words.said.join(" ")
}

struct Words<'p, 'k> {
    program: &'p Program<'k>,
    said: Vec<String>,
}

impl Words<'_, '_> {
    fn say(&mut self, text: impl Into<String>) {
        self.said.push(text.into());
    }

    fn pair(&mut self, name: &str, value: impl AsRef<str>) {
        if !value.as_ref().is_empty() {
            self.said.push(format!("{name}={}", value.as_ref()));
        }
    }

    fn flag(&mut self, holds: bool, name: &str) {
        if holds {
            self.said.push(name.to_string());
        }
    }

    fn call(&mut self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)], items: &[&Item]) {
        let effect = self.program.variant(row, args).and_then(|v| v.effect).unwrap_or(row.effect);
        // The time that a call takes is part of the call, and a renewal is told by its row.
        let calls = items.iter().any(|i| i.access().is_some());
        let told = |i: &&&Item| !(matches!(*i.what, What::Renew { .. }) || calls && matches!(*i.what, What::Pause { .. }));
        let items: &[&Item] = &items.iter().filter(told).copied().collect::<Vec<_>>();
        for item in items {
            self.item(&item.what);
        }
        if items.is_empty() {
            // `lock` is said where one is taken.
            self.say(if effect == Effect::Lock { "makes".into() } else { word(effect) });
            self.without_items(row, effect, receiver, args);
        }
        for (name, place) in [("to", &row.to), ("key", &row.key), ("called-by", &row.called_by)] {
            self.place(name, place.as_deref(), receiver, args);
        }
        match row.parameters.as_deref() {
            Some("*") => self.pair("parameters", "*"),
            place => self.place("parameters", place, receiver, args),
        }
        if effect != Effect::Lock && !items.iter().any(|i| matches!(*i.what, What::Acquire { .. })) {
            self.place("ttl", row.ttl.as_deref(), receiver, args);
            self.flag(row.ttl.is_some() && row.ttl_unit == Unit::Milliseconds, "ms");
        }
        let locks_rows = self.program.variant(row, args).and_then(|v| v.for_update).unwrap_or(row.for_update);
        self.flag(locks_rows, "for-update");
        if !items.iter().any(|i| i.access().is_some()) {
            let said = self.program.variant(row, args).and_then(|v| v.idempotent).or(row.idempotent);
            self.said.extend(said.map(|yes| if yes { "repeatable" } else { "doubles" }.to_string()));
        }
        for (name, places) in [("value", &row.value), ("unless", &row.idempotent_with), ("stopped-after", &row.cut_off)] {
            let shown = places.iter().filter_map(|p| self.selected(p, receiver, args)).collect::<Vec<_>>();
            self.pair(name, shown.join(","));
        }
        let retries = match effect {
            Effect::Retry => self.program.attempts(row, receiver, args),
            _ => self.program.retries(row, args),
        };
        if !items.iter().any(|i| matches!(*i.what, What::Declare(_))) {
            self.pair("retries", retries.map(attempts).unwrap_or_default());
        }
        if !items.iter().any(|i| matches!(*i.what, What::Pause { .. })) {
            self.place("seconds", row.seconds.as_deref(), receiver, args);
        }
    }

    /// What only the contexts around later items show: transactions, renewals, spawned functions.
    fn without_items(&mut self, row: &Row, effect: Effect, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)]) {
        let isolation = self.program.variant(row, args).and_then(|v| v.isolation.clone()).or_else(|| row.isolation.clone());
        let built = || receiver?.traits.iter().find_map(|t| t.strip_prefix(crate::link::ISOLATION)).map(str::to_string);
        self.pair("isolation", isolation.or_else(|| built().filter(|_| effect == Effect::Transaction)).unwrap_or_default());
        self.place("resource", row.resource.as_deref(), receiver, args);
        for (name, places) in [("named", &row.named), ("entry", &row.entry), ("members", &row.members)] {
            let shown = places.iter().filter_map(|p| self.selected(p, receiver, args)).collect::<Vec<_>>();
            self.pair(name, shown.join(","));
        }
        if let Some(from) = row.passes_from {
            let passed: Vec<String> = args.iter().filter(|(n, _)| n.is_none()).skip(from).map(|(_, k)| self.shown(k)).collect();
            self.pair("passes", passed.join(","));
        }
        self.place("channel", row.channel.as_deref(), receiver, args);
        if effect == Effect::Renew {
            self.place("lock", row.lock.as_deref(), receiver, args);
        }
        self.flag(row.thread, "thread");
        self.flag(row.private, "private");
    }

    fn item(&mut self, what: &What) {
        match what {
            What::Access(access) => self.access(access),
            What::Acquire { lock, .. } => {
                self.say("lock");
                self.lock(lock);
            }
            What::Release { name, owner_checked, .. } => {
                self.say(format!("unlock {}", name.pattern()));
                self.flag(*owner_checked, "checked");
            }
            What::Leak { .. } => {}
            What::Renew { name } => self.say(format!("renew {}", name.pattern())),
            What::Event { effect, channel, .. } => self.say(format!("{} {}", word(*effect), channel.pattern())),
            What::Pause { effect, seconds, .. } => {
                self.say(word(*effect));
                self.said.extend(seconds.map(|s| s.to_string()));
            }
            What::Control { effect, name, abrupt, .. } => {
                self.say(word(*effect));
                self.said.extend(name.as_ref().map(|n| n.pattern()));
                self.flag(*abrupt, "abrupt");
            }
            What::Declare(declaration) => self.declaration(declaration),
            What::CallParameter { .. } => self.say("call-parameter"),
        }
    }

    fn access(&mut self, access: &Access) {
        self.say(access.operation.word());
        self.flag(!access.kind.is_empty(), &access.kind);
        let name = access.name.as_ref().map_or_else(|| "?".to_string(), |n| n.pattern());
        self.say(format!("{}:{name}", access.store));
        self.pair("of", access.instance.as_ref().map(|i| i.pattern()).unwrap_or_default());
        self.said.extend(access.idempotent.map(|(yes, _)| if yes { "repeatable" } else { "doubles" }.to_string()));
        let flags = [
            (access.fresh_key, "fresh-key"),
            (access.atomic, "atomic"),
            (access.decides, "decides"),
            (access.conditional, "conditional"),
            (access.money, "money"),
            (access.private, "private"),
            (access.all_below, "all below"),
            (access.exclusive, "exclusive"),
            (access.many, "many"),
            (access.aggregate, "aggregate"),
            (access.elements, "elements"),
        ];
        flags.into_iter().for_each(|(holds, name)| self.flag(holds, name));
        self.pair("highest", access.highest.as_ref().map(ToString::to_string).unwrap_or_default());
    }

    fn lock(&mut self, lock: &LockUse) {
        let store = if lock.store.is_empty() { String::new() } else { format!("{}:", lock.store) };
        self.said.extend((!lock.name.parts.is_empty()).then(|| format!("{store}{}", lock.name.pattern())));
        self.say(word(lock.scope));
        let ttl = match &lock.ttl {
            Ttl::Never => "never".to_string(),
            Ttl::Some => "some".to_string(),
            Ttl::After(kind, unit) => kind.number().map_or_else(|| self.shown(kind), |n| (n * unit).to_string()),
        };
        // A lock that ends with its session needs none.
        self.pair("ttl", if lock.session && ttl == "never" { String::new() } else { ttl });
        self.flag(lock.session, "session");
        self.pair(
            "wait",
            match lock.wait {
                Wait::Not => "no".to_string(),
                Wait::Forever => "forever".to_string(),
                Wait::Limited(seconds) => seconds.map_or_else(|| "some".to_string(), |s| s.to_string()),
            },
        );
        self.flag(lock.owner_checked, "checked");
        self.flag(lock.reentrant, "reentrant");
        self.flag(lock.refusal_returned, "tells");
        self.flag(lock.refusal_ignored, "ignores-refusal");
        self.pair("permits", lock.permits.map(|p| p.to_string()).unwrap_or_default());
    }

    fn declaration(&mut self, d: &Declaration) {
        self.say(match (d.effect, d.actor) {
            (Effect::Actor, Some(actor)) => actor_word(actor),
            (effect, _) => word(effect),
        });
        if d.effect != Effect::Actor {
            self.said.extend(d.actor.map(|a| format!("({})", actor_word(a))));
        }
        if d.effect == Effect::Edge {
            let ends: Vec<String> = d.entries.iter().map(|k| self.shown(k)).collect();
            self.say(ends.join("->"));
        } else {
            self.said.extend(d.names.first().map(|k| self.shown(k)));
            self.kinds("entry", &d.entries);
        }
        self.kinds("members", &d.members);
        if d.subject != Kind::Unknown && matches!(d.effect, Effect::Run | Effect::Task | Effect::Member | Effect::Tool | Effect::HandOff) {
            self.pair("of", self.shown(&d.subject));
        }
        self.pair("config", d.config.as_ref().map(|k| self.shown(k)).unwrap_or_default());
        self.flag(d.by_manifest && d.config.is_none(), "by-manifest");
        self.kinds("prompts", &d.prompts.iter().map(|(k, _)| k.clone()).collect::<Vec<_>>());
        self.pair("pattern", d.pattern.as_deref().unwrap_or_default());
        self.pair("runs", d.runs.map(word).unwrap_or_default());
        self.flag(d.multiple, "multiple");
        self.flag(d.parallel_tools, "parallel-tools");
        self.pair("retries", d.retries.map(attempts).unwrap_or_default());
        self.flag(d.sessions, "sessions");
    }

    /// What the call gives, where the row says so or the call makes a value of a tracked type.
    fn result(&mut self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)], site: Site, result: &Kind) {
        let returns = self.program.variant(row, args).and_then(|v| v.returns.as_deref()).or(row.returns.as_deref());
        match (result, returns) {
            (Kind::Library(value), Some("receiver")) => {
                let before = receiver.map_or(0, |r| r.traits.len());
                let added: Vec<&str> = value.traits.iter().skip(before).map(|t| t.as_str()).collect();
                self.pair("adds", added.join(","));
            }
            (Kind::Library(value), _) if returns.is_some() || value.site == Some(site) => self.library(value),
            (Kind::Unknown, _) => {}
            (other, Some(_)) => self.say(format!("-> {}", self.shown(other))),
            (other, None) => {
                let text = matches!(row.effect, Effect::Environment | Effect::JoinPath | Effect::Duration | Effect::OrmLoad);
                self.said.extend(text.then(|| format!("-> {}", self.shown(other))));
            }
        }
    }

    fn library(&mut self, value: &LibraryValue) {
        self.say(format!("-> {}", self.program.knowledge.type_name(value.ty)));
        match &value.lock {
            Some(lock) => self.lock(lock),
            None => self.said.extend(value.identity.as_ref().map(|i| i.pattern())),
        }
        self.pair("of", value.instance.as_ref().map(|i| i.pattern()).unwrap_or_default());
        if value.subject != Kind::Unknown {
            self.pair("about", self.shown(&value.subject));
        }
        self.pair("with", value.traits.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(","));
    }

    fn kinds(&mut self, name: &str, kinds: &[Kind]) {
        let shown: Vec<String> = kinds.iter().filter(|k| **k != Kind::Unknown).map(|k| self.shown(k)).collect();
        self.pair(name, shown.join(","));
    }

    fn place(&mut self, name: &str, place: Option<&str>, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)]) {
        let shown = place.and_then(|p| self.selected(p, receiver, args)).unwrap_or_default();
        self.pair(name, shown);
    }

    /// What a place selects in a call; nothing where the argument is missing.
    fn selected(&self, place: &str, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)]) -> Option<String> {
        match Place::parse(place).ok()? {
            Place::Argument { .. } => argument(place, args).map(|k| self.shown(k)),
            Place::Receiver => receiver.map(|r| self.shown(&Kind::Library(r.clone()))),
            Place::All => Some(args.iter().map(|(_, k)| self.shown(k)).collect::<Vec<_>>().join(",")),
            Place::Text(text) => Some(text.to_string()),
            Place::Result | Place::Target | Place::Function => Some(place.to_string()),
        }
    }

    /// A value as markers write it.
    fn shown(&self, kind: &Kind) -> String {
        let program = self.program;
        let several = |kinds: &[Kind], between: &str| kinds.iter().map(|k| self.shown(k)).collect::<Vec<_>>().join(between);
        match kind {
            Kind::Unknown
            | Kind::Parameter(_)
            | Kind::ParameterMember(_)
            | Kind::Field(_)
            | Kind::Captured(_)
            | Kind::Called(_)
            | Kind::Answer(_)
            | Kind::Gives(_) => "?".into(),
            Kind::Null => "none".into(),
            Kind::Bool(value) => value.to_string(),
            Kind::Int(number) => number.to_string(),
            Kind::Float(number) => number.to_string(),
            Kind::Text(text) => text.pattern(),
            Kind::Function(f) => program.qualified(f.function).to_string(),
            Kind::Class(class) => program.class(*class).name.to_string(),
            Kind::Object(object) => program.class(object.class).name.to_string(),
            Kind::Library(value) => {
                let name = value.target.as_deref().map(str::to_string).or_else(|| value.identity.as_ref().map(|i| i.pattern()));
                name.unwrap_or_else(|| program.knowledge.type_name(value.ty).to_string())
            }
            Kind::External(name) => crate::knowledge::last_segment(name).to_string(),
            Kind::Member(member) => format!("{}.{}", self.shown(&member.0), member.1),
            Kind::Module(_) | Kind::Namespace(..) => "module".into(),
            Kind::List(items) => format!("[{}]", several(items, ",")),
            Kind::Map(entries) => {
                let shown = entries.iter().map(|(k, v)| format!("{}:{}", self.shown(k), self.shown(v)));
                format!("{{{}}}", shown.collect::<Vec<_>>().join(","))
            }
            Kind::Lookup(table) => self.shown(&table.0),
            Kind::OneOf(kinds) => several(kinds, "|"),
        }
    }
}

/// A word of the packs' vocabulary, as they write it.
fn word(word: impl Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn actor_word(actor: ActorKind) -> String {
    word(actor)
}

fn attempts(number: i64) -> String {
    if number < 0 { "forever".into() } else { number.to_string() }
}
