//! Mapped classes: rows as values, pending changes, statements built by calls.

use super::call::{CallPlace, Given, all_deps};
use super::context::{Context, Held, token};
use super::fixed;
use super::item::{Access, Check, Item, Operation, What};
use super::keys::Anew;
use super::rows::given_at;
use super::value::{Column, Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::{ANY_ATTRIBUTE, ExprId, ExprKind, Name};
use crate::knowledge::Found;
use crate::knowledge::vocabulary::Effect;
use crate::link::{ClassRef, Kind, LibraryValue, Template};
use crate::source::Site;
use std::rc::Rc;

/// What stands for the library call where a column is assigned.
pub const ASSIGNMENT: &str = "attribute assignment";

impl<'k> Walker<'_, '_, 'k> {
    /// The table of a mapped class, or of an instance of one.
    pub fn subject_table(&self, subject: &Kind) -> Option<Template> {
        let class = self.mapped_class(subject)?;
        self.program.table_of(class).map(Template::text)
    }

    /// Whether only a caller knows which class this is, or is an instance of.
    pub fn is_callers_subject(&self, subject: &Kind) -> bool {
        match subject {
            Kind::Parameter(_) => self.subject_table(subject).is_none(),
            Kind::Field(_) | Kind::Called(_) => true,
            _ => false,
        }
    }

    fn mapped_class(&self, subject: &Kind) -> Option<ClassRef> {
        match subject {
            Kind::Class(class) => Some(*class),
            Kind::Object(object) => Some(object.class),
            Kind::List(items) => items.iter().find_map(|k| self.mapped_class(k)),
            Kind::OneOf(kinds) => kinds.iter().find_map(|k| self.mapped_class(k)),
            Kind::Member(member) => self.mapped_class(&member.0),
            Kind::Parameter(index) => match self.parameter_hint(*index) {
                Kind::Parameter(_) => None,
                // Which of several it is, each caller says.
                Kind::OneOf(kinds) => {
                    let mut all = kinds.iter().filter_map(|kind| self.mapped_class(kind));
                    let first = all.next();
                    first.filter(|first| all.all(|other| other == *first))
                }
                hint => self.mapped_class(&hint),
            },
            _ => None,
        }
        .filter(|class| self.program.model_row(*class).is_some())
    }

    /// Calls that load, add, merge or delete mapped objects.
    pub fn orm(
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
        let subject = row.resource.as_deref().and_then(|p| given_at(p, given));
        let kind = subject.map(|g| g.value.kind.clone()).or_else(|| receiver.map(|r| r.subject.clone())).unwrap_or_default();
        // `session.execute(statement)`, `session.scalars(statement)`: what it does stands in the statement.
        if let Some(statement) = kind.library().filter(|l| !l.traits.is_empty() || l.subject != Kind::Unknown).cloned() {
            if self.is_callers_subject(&statement.subject) {
                return self.statement_later(receiver, api, given, place, result);
            }
            let deps = subject.map(|s| s.value.deps.clone()).unwrap_or_default();
            let keys = subject.map(|s| &s.value).or(place.receiver.as_ref()).map(super::keys::keys_built).unwrap_or_default();
            return self.statement(&statement, (receiver, keys), &deps, api, place.site, result);
        }
        if self.is_callers_subject(&kind) {
            return self.statement_later(receiver, api, given, place, result);
        }
        let Some(table) = self.subject_table(&kind) else { return result };
        // `add(Version(number=highest + 1))` is new, though it depends on what was read.
        let made = matches!(&kind, Kind::Object(object) if object.site.is_some());
        let loaded = !made && subject.is_some_and(|s| self.reads_table(&s.value.deps, &table));
        let operation = match effect {
            Effect::OrmLoad => Operation::Read,
            Effect::OrmAdd if loaded => return result,
            Effect::OrmAdd => Operation::Insert,
            Effect::OrmMerge => Operation::Upsert,
            _ => Operation::Delete,
        };
        let mut access = self.access_of(row, found, receiver, api, operation);
        self.at_table(&mut access, &table);
        access.many = matches!(&kind, Kind::List(_));
        if let Some(query) = receiver.filter(|_| operation.is_read()) {
            super::built::tell(&mut access, query, &[]);
        }
        if operation == Operation::Insert {
            access.columns = columns(&kind);
            if let (true, Some(row)) = (made, subject.and_then(|s| s.expr)) {
                self.assigned_columns(&kind, row, &mut access.columns);
            }
            access.anew = subject.and_then(|s| made_anew(&s.value));
            access.added = match (effect, &kind) {
                (Effect::OrmAdd, Kind::Parameter(index)) => Some(*index),
                _ => None,
            };
        }
        access.verb = self.verb(operation);
        access.aggregate |= receiver.is_some_and(|r| r.traits.iter().any(|t| t == "count"));
        let for_update = receiver.is_some_and(|r| r.traits.iter().any(|t| t == "for-update")) || self.row_locks(found, given);
        let data = subject.map(|s| s.value.deps.clone()).unwrap_or_else(|| all_deps(given));
        let keys = match operation {
            Operation::Read => self.keys_asked(row, given, place.receiver.as_ref()),
            Operation::Delete => self.keys_of_rows(&data),
            _ => Vec::new(),
        };
        let data = if operation.is_read() { Deps::default() } else { data };
        let deps = self.push_at(What::Access(access), place.site, data);
        self.tell_keys(&deps, keys);
        if !operation.is_read() {
            self.wait_for_flush(&deps);
        }
        if for_update && operation.is_read() {
            self.lock_rows(table, place.site);
        }
        if operation.is_read() { Value { deps, ..result } } else { result }
    }

    /// `Order.objects.get_or_create(number=number)`: looked up, and added where it is missing.
    pub fn find_or_insert(
        &mut self,
        found: &Found<'k>,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let looked = self.orm(Effect::OrmLoad, found, receiver, api, given, place, result.clone());
        let control = self.state.control.clone();
        let missing: Vec<(Dep, Check)> = looked.deps.iter().filter(|dep| dep.item().is_some()).map(|dep| (*dep, Check::Absence)).collect();
        self.state.decide(&missing);
        if let Some(table) = receiver.and_then(|r| self.subject_table(&r.subject)) {
            let mut access = self.access_of(found.row, found, receiver, api, Operation::Insert);
            self.at_table(&mut access, &table);
            access.columns = given.iter().filter_map(|g| g.name.clone()).collect();
            access.columns.extend(receiver.and_then(|manager| super::built::pointing_column(manager)));
            access.verb = self.verb(Operation::Insert);
            self.push_at(What::Access(access), place.site, all_deps(given));
        }
        self.state.control = control;
        Value { deps: looked.deps, ..result }
    }

    /// The attributes that were assigned to an object since it was made here, beside the columns that its making fills in.
    ///
    /// What a mapping filled it with is not known, and then nor are all its columns.
    fn assigned_columns(&self, made: &Kind, row: ExprId, columns: &mut Vec<Name>) {
        let named = matches!(made, Kind::Object(object) if object.args.iter().all(|(name, _)| name.is_some()));
        let Some(path) = self.path(row).filter(|_| named) else { return };
        let assigned = |name: &Name| Some(Name::from(name.strip_prefix(path.as_str())?.strip_prefix('.')?));
        let mut further: Vec<Name> = self.state.vars.keys().filter_map(assigned).filter(|name| !name.contains('.')).collect();
        further.retain(|name| !name.starts_with('_') && !columns.contains(name));
        further.sort();
        columns.extend(further);
    }

    fn row_locks(&self, found: &Found<'k>, given: &[Given]) -> bool {
        let args = super::call::kinds(given);
        self.program.variant(found.row, &args).and_then(|v| v.for_update).unwrap_or(found.row.for_update)
    }

    /// Rows that a read locks stay locked until the transaction ends.
    pub fn lock_rows(&mut self, table: Template, site: Site) {
        if let Some(read) = self.summary.items.last_mut()
            && let What::Access(access) = &*read.what
            && read.site == site
        {
            read.what = Rc::new(What::Access(Access { locks_rows: true, ..access.clone() }));
        }
        let token = token(site, 9 + self.summary.items.len() as u64);
        self.state.held.push(Context { token, held: Held::Rows(table), site, function: self.at });
    }

    fn verb(&self, operation: Operation) -> Name {
        match operation {
            Operation::Read => "SELECT",
            Operation::Insert => "INSERT",
            Operation::Upsert => "MERGE",
            Operation::Update | Operation::Increment => "UPDATE",
            Operation::Delete => "DELETE",
            _ => "write",
        }
        .into()
    }

    pub fn at_table(&self, access: &mut Access, table: &Template) {
        access.kind = "table".into();
        access.name = Some(table.clone());
        access.atomic = true;
    }

    /// Whether a value depends on a read of this table.
    fn reads_table(&self, deps: &Deps, table: &Template) -> bool {
        deps.iter().any(|dep| self.is_read_of(dep, table))
    }

    fn is_read_of(&self, dep: &Dep, table: &Template) -> bool {
        let access = self.summary.behind(dep).and_then(Item::access);
        access.is_some_and(|a| a.operation.is_read() && a.name.as_ref() == Some(table))
    }

    /// The reads that gave a row.
    pub fn row_read(&self, row: &Value) -> Deps {
        let Some(table) = self.subject_table(&row.kind) else { return Deps::default() };
        row.deps.iter().filter(|dep| self.is_read_of(dep, &table)).copied().collect()
    }

    /// A statement built by calls: `select(Order).where(…).with_for_update()`, `insert(Order).values(…).on_conflict_do_nothing()`.
    pub fn statement(
        &mut self,
        statement: &Rc<LibraryValue>,
        (session, keys): (Option<&Rc<LibraryValue>>, Vec<(Name, Deps)>),
        deps: &Deps,
        api: &Name,
        site: Site,
        result: Value,
    ) -> Value {
        let has = |word: &str| statement.traits.iter().any(|t| t == word);
        let table = self.subject_table(&statement.subject).or_else(|| statement.identity.clone());
        let operation = if has("insert") {
            if has("conflict") { Operation::Upsert } else { Operation::Insert }
        } else if has("update") && has("increment") {
            Operation::Increment
        } else if has("update") {
            Operation::Update
        } else if has("delete") {
            Operation::Delete
        } else {
            Operation::Read
        };
        let Some(table) = table.filter(|t| t.has_text() || t.is_open()) else { return result.depending(deps) };
        let store = self.program.knowledge.store_of(statement.ty).unwrap_or("sql");
        let mut access = Access {
            instance: statement.instance.clone().or_else(|| session.and_then(|s| s.instance.clone())),
            conditional: has("conflict") && !has("overwrites"),
            decides: true,
            aggregate: has("count"),
            many: has("many"),
            autocommit: self.program.knowledge.pack_of_type(statement.ty).autocommit,
            unsorted: has("unsorted") && !operation.is_read(),
            ..Access::new(operation, "table", store, api.clone(), self.verb(operation))
        };
        self.at_table(&mut access, &table);
        super::built::tell(&mut access, statement, &[]);
        let data = if operation.is_read() { Deps::default() } else { deps.clone() };
        let item = self.push_at(What::Access(access), site, data);
        self.tell_keys(&item, keys);
        if has("for-update") {
            self.lock_rows(table, site);
        }
        let kind = match (&result.kind, &statement.subject) {
            (Kind::Unknown, Kind::Class(class)) if !self.program.is_table(*class) => Kind::instance(*class),
            (Kind::Library(made), subject @ Kind::Class(_)) => {
                let mut made = (**made).clone();
                made.subject = subject.clone();
                Kind::Library(Rc::new(made))
            }
            (kind, _) => (*kind).clone(),
        };
        Value { kind, deps: item, ..result }
    }

    /// `row.column = value`: a pending UPDATE, where the row was loaded and not made here. `own`: by a method of the row itself,
    /// whose caller has loaded it.
    pub fn set_attribute(&mut self, holder: &Value, own: bool, name: &Name, value: &Value, site: Site) {
        let Some(class) = self.mapped_class(&holder.kind).filter(|class| !self.program.is_plain(*class)) else {
            return self.set_later(holder, own, name, value, site);
        };
        // What nobody maps stays in memory; what is made here is no row yet, whatever it is made of.
        if name.starts_with('_') || matches!(&holder.kind, Kind::Object(object) if object.site.is_some()) {
            return;
        }
        let Some(table) = self.program.table_of(class).map(Template::text) else { return };
        let makes = || self.program.function(self.at).name.starts_with("__");
        if own && (makes() || name != ANY_ATTRIBUTE && !self.program.maps_column(class, name)) {
            return;
        }
        let open = own || matches!(holder.kind, Kind::Parameter(_));
        if !open && !self.reads_table(&holder.deps, &table) {
            return;
        }
        let mut access = Access {
            columns: vec![name.clone()],
            fixed: fixed::all(fixed::of_value(name, value).map(|to| (name.clone(), to)).into_iter()),
            conditional: self.program.is_versioned(class),
            of_given_row: open,
            in_order: self.program.model_row(class).is_some_and(|row| row.flushes_in_order) && !self.reads_in_a_loop(),
            ..Access::new(Operation::Update, "table", "sql", ASSIGNMENT, "UPDATE")
        };
        self.at_table(&mut access, &table);
        if name == ANY_ATTRIBUTE {
            access.given = only_parameter(&value.deps);
        }
        let keys = self.keys_of_rows(&self.row_read(holder));
        let deps = self.push_at(What::Access(access), site, value.deps.clone());
        self.tell_keys(&deps, keys);
        self.wait_for_flush(&deps);
        let saved_alone = self.program.model_row(class).is_some_and(|row| !row.flushes_in_order);
        if !open && (saved_alone || self.is_detached(&self.row_read(holder))) {
            self.unsaved.extend(deps.iter().filter_map(Dep::item));
        }
    }

    /// Whether what a block was entered with is a session that was made for it, and not one that goes on.
    pub fn is_session_of_its_own(&self, entered: &Kind) -> bool {
        let Kind::Library(session) = entered else { return false };
        session.site.is_some() && self.program.knowledge.detaches_rows(session.ty)
    }

    /// The session is closed through which rows were read since then.
    pub fn detach_rows(&mut self, since: usize) {
        for item in self.summary.items.iter_mut().skip(since) {
            if let What::Access(access) = &*item.what
                && access.kind == "table"
                && access.operation.is_read()
            {
                item.what = Rc::new(What::Access(Access { detached: true, ..access.clone() }));
            }
        }
    }

    /// What a callee sets on rows that it was given, of a session that has ended here.
    pub fn note_set_on_detached(&mut self, written: &Deps) {
        let Some(at) = written.iter().find_map(Dep::item) else { return };
        let Some(item) = self.summary.items.get(at as usize) else { return };
        let Some(table) = item.access().filter(|a| a.of_given_row && !a.private).and_then(|a| a.name.as_ref()) else { return };
        let rows: Deps = item.data.iter().filter(|dep| self.is_read_of(dep, table)).copied().collect();
        if self.is_detached(&rows) {
            self.unsaved.push(at);
        }
    }

    fn is_detached(&self, rows: &Deps) -> bool {
        !rows.is_empty() && rows.iter().all(|dep| self.summary.behind(dep).and_then(Item::access).is_some_and(|read| read.detached))
    }

    /// Rows that have no unit of work, or none any more, are written where they are saved: what is assigned to one that was loaded
    /// here, and that nothing saves afterwards, nobody else sees.
    pub fn forget_unsaved(&mut self) {
        for at in std::mem::take(&mut self.unsaved) {
            let (at, items) = (at as usize, &self.summary.items);
            let Some(set) = items.get(at) else { continue };
            let name = |item: &Item| item.access().and_then(|a| a.name.clone());
            let saves = |item: &Item| match &*item.what {
                What::Access(a) => !a.operation.is_read() && a.api != ASSIGNMENT && a.name == name(set),
                What::CallParameter { callee, .. } => !super::answers::sets(callee),
                _ => false,
            };
            if items[at..].iter().any(saves)
                || self.summary.calls.iter().any(|below| below.later.is_some() || below.summary.changes.may_hold(set))
            {
                continue;
            }
            let What::Access(access) = &*set.what else { continue };
            let what = Rc::new(What::Access(Access { private: true, ..access.clone() }));
            self.summary.items[at].what = what;
        }
    }

    /// `row.settings["theme"] = theme`, `del row.settings[key]`, `row.settings.update(given)`: the column is written as a whole, made
    /// of what it was.
    pub fn changed_within(&mut self, column: ExprId, deps: &Deps, site: Site) {
        let ExprKind::Attr { base, name } = &self.facts.expr(column).kind else { return };
        let Some(path) = self.path(*base).filter(|_| !self.rust) else { return };
        let (holder, was) = (self.eval_place(*base), self.eval_place(column));
        // A unit of work sees what is assigned, and not what changes within.
        let unseen = |class| self.program.model_row(class).is_none_or(|row| row.flushes_in_order);
        if self.mapped_class(&holder.kind).is_none_or(unseen) {
            return;
        }
        let own = Some(path) == self.receiver_name;
        let made = Value { deps: was.deps.with(deps), ..Value::default() };
        self.set_attribute(&holder, own, name, &made, site);
    }

    /// Whether rows are read in a loop that goes on here: the query sends what was changed before it.
    fn reads_in_a_loop(&self) -> bool {
        let mut loops = self.state.held.iter().filter(|c| matches!(c.held, Held::Loop { .. }));
        let reads = |item: &&Item| item.access().is_some_and(|a| a.kind == "table" && a.operation.is_read());
        loops.any(|around| self.summary.items.iter().filter(reads).any(|i| i.contexts.iter().any(|c| c.token == around.token)))
    }

    /// A write that happens when the session is flushed: what fails, fails there.
    pub fn wait_for_flush(&mut self, written: &Deps) {
        self.summary.pending.extend(written.iter().filter_map(Dep::item));
    }

    /// Everything pending is sent here: errors caught here are caught for it. `further` are caught by a callee that sends.
    pub fn flush(&mut self, further: &[Context]) {
        let caught: Vec<Context> =
            self.state.held.iter().filter(|c| matches!(c.held, Held::Caught { .. })).chain(further).cloned().collect();
        for index in std::mem::take(&mut self.summary.pending) {
            let Some(item) = self.summary.items.get_mut(index as usize) else { continue };
            let new: Vec<Context> = caught.iter().filter(|c| !item.contexts.iter().any(|o| o.token == c.token)).cloned().collect();
            if !new.is_empty() {
                item.contexts = Rc::new(item.contexts.iter().cloned().chain(new).collect());
            }
        }
        self.summary.flushes.get_or_insert(caught);
    }

    /// A loop that has ended since the last commit was one transaction, though nothing began it in so many words: what it wrote
    /// stays locked until here.
    pub fn commit_loops(&mut self, site: Site) {
        let ended = |c: &Context| matches!(c.held, Held::Loop { values: true, endless: false, .. });
        let around: Vec<u64> = self.state.held.iter().map(|c| c.token).collect();
        let transaction =
            Context { token: token(site, 15), held: Held::Transaction { isolation: None, of_caller: None }, site, function: self.at };
        for item in self.summary.items.iter_mut().skip(self.committed) {
            let written = item.access().is_some_and(|a| a.kind == "table" && !a.operation.is_read() && !a.autocommit);
            let begun = item.contexts.iter().any(|c| matches!(c.held, Held::Transaction { .. }));
            let at = item.contexts.iter().position(|c| ended(c) && !around.contains(&c.token));
            // What a callee writes may be done with its own rows, which no other loop writes.
            if let Some(at) = at.filter(|_| written && !begun && item.chain.is_none()) {
                Rc::make_mut(&mut item.contexts).insert(at, transaction.clone());
            }
        }
    }

    /// What was removed, and nothing put in its place yet, is gone for everybody from here on.
    pub fn commit_removals(&mut self) {
        let held = |item: &Item| item.contexts.iter().any(|c| matches!(c.held, Held::Transaction { .. }));
        let mut replaced: Vec<Option<Template>> = Vec::new();
        for item in self.summary.items.iter_mut().rev() {
            let What::Access(access) = &*item.what else { continue };
            match access.operation {
                Operation::Insert => replaced.push(access.name.clone()),
                Operation::Delete if access.kind == "table" && !held(item) && !replaced.contains(&access.name) => {
                    item.what = Rc::new(What::Access(Access { autocommit: true, ..access.clone() }));
                }
                _ => {}
            }
        }
    }
}

/// The columns of a mapped object that were filled with what differs at each run, or with what the caller gave.
fn made_anew(made: &Value) -> Anew {
    let part = |(name, deps): &(Option<Name>, Deps)| {
        let name = name.clone()?;
        let all: Vec<&Dep> = deps.iter().collect();
        match all[..] {
            _ if deps.is_made_anew() => Some((name, None)),
            [Dep::Parameter(index, Column::WHOLE)] => Some((name, Some(*index))),
            _ => None,
        }
    };
    let columns: Vec<(Name, Option<u8>)> = made.parts.iter().flat_map(|parts| parts.iter()).filter_map(part).collect();
    (!columns.is_empty()).then(|| Rc::new(columns))
}

/// The one parameter that a value is made of: of a mapping, one of its entries.
fn only_parameter(deps: &Deps) -> Option<u8> {
    let mut of = deps.iter().map(|dep| match dep {
        Dep::Parameter(index, _) => Some(*index),
        _ => None,
    });
    let first = of.next()??;
    of.all(|index| index == Some(first)).then_some(first)
}

/// The columns that the making of a mapped object fills in.
fn columns(made: &Kind) -> Vec<Name> {
    match made {
        Kind::Object(object) => object.args.iter().filter_map(|(name, _)| name.clone()).collect(),
        Kind::List(items) => items.first().map(columns).unwrap_or_default(),
        _ => Vec::new(),
    }
}
