//! SQL text run by a call: its statements become accesses, lock takings, transactions and events.

use super::bind::is_callers;
use super::call::{CallPlace, Given};
use super::context::{Context, Held, token};
use super::fixed::{self, Fixed};
use super::item::{Access, Operation, What};
use super::keys::Anew;
use super::rows::given_at;
use super::value::{Deps, Value};
use super::walk::Walker;
use crate::facts::{ExprId, ExprKind, Name};
use crate::knowledge::Found;
use crate::knowledge::vocabulary::{Effect, LockScope, Row};
use crate::link::{Hole, Kind, LibraryValue, LockUse, Owner, Part, Template, Ttl, Wait};
use crate::source::Site;
use crate::sql::{
    self, AssignedValue, Assignment, BeginMode, ConflictAction, Dialect, InsertSource, Op, Placeholder, SqlText, Statement,
    Value as SqlValue, Verb,
};
use std::rc::Rc;

/// One run of SQL text: its parameters by position and name.
struct Bound {
    positional: Vec<Value>,
    named: Vec<(Name, Value)>,
    holes: Vec<Hole>,
    /// They are given in sorted order.
    sorted: bool,
    /// What is known of the parameters as a whole, where single ones cannot be told.
    all: Deps,
}

/// How deep routines that call routines are followed.
const MAX_ROUTINES: u8 = 3;

/// How the statements of a text are run.
struct SqlRun<'b> {
    access: Access,
    bound: &'b Bound,
    site: Site,
    dialect: &'b str,
}

impl<'k> Walker<'_, '_, 'k> {
    /// Whether the text that a row would run is SQL: evidence that a receiver of unknown type is a database's.
    pub fn sql_given(&self, row: &Row, given: &[Given]) -> bool {
        let Some(text) = row.sql.as_deref().and_then(|p| given_at(p, given)) else { return false };
        // A statement that was built says more than a text.
        let built = text.value.kind.library().is_some_and(|l| !l.traits.is_empty() && matches!(l.subject, Kind::Class(_)));
        built || sql_template(&text.value.kind).is_some_and(|t| sql_text(&t).looks_like_sql())
    }

    /// Run SQL text.
    pub fn sql(
        &mut self,
        found: &Found<'k>,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let row = found.row;
        if self.rust && row.sql.as_deref() == Some("receiver") && receiver.is_none_or(|r| r.traits.is_empty()) {
            return self.built(found, receiver, api, given, place, result);
        }
        // `Stock.update(…).where(…).execute()`: what it does stands in what it is called on.
        if let (Some("receiver"), Some(statement)) = (row.sql.as_deref(), receiver) {
            if self.is_callers_subject(&statement.subject) {
                return self.statement_later(receiver, api, given, place, result);
            }
            let deps = place.receiver.as_ref().map(|r| r.deps.clone()).unwrap_or_default();
            let keys = place.receiver.as_ref().map(super::keys::keys_built).unwrap_or_default();
            return self.statement(&statement.clone(), (None, keys), &deps, api, place.site, result);
        }
        let Some(text) = row.sql.as_deref().and_then(|p| given_at(p, given)) else { return result };
        if let Some(statement) = text.value.kind.library().filter(|l| !l.traits.is_empty() || matches!(l.subject, Kind::Class(_))).cloned()
        {
            if self.is_callers_subject(&statement.subject) {
                return self.statement_later(receiver, api, given, place, result);
            }
            let parameters = row.parameters.as_deref().and_then(|p| given_at(p, given)).map(|g| g.value.clone()).unwrap_or_default();
            let mut statement = (*statement).clone();
            statement.traits.extend(self.rows_given(&parameters));
            let deps = text.value.deps.clone().with(&parameters.deps);
            let keys = super::keys::keys_built(&text.value);
            return self.statement(&Rc::new(statement), (receiver, keys), &deps, api, place.site, result);
        }
        if is_callers_text(&text.value.kind) {
            return self.statement_later(receiver, api, given, place, result);
        }
        // SQL that nobody can read: a write of an unknown table at worst.
        let Some(template) = sql_template(&text.value.kind) else { return result };
        let knowledge = self.program.knowledge;
        let dialect = receiver.and_then(|r| knowledge.dialect_of(r.ty)).unwrap_or("generic");
        let bound = self.bound(row, &template, given, text);
        let store = knowledge.store_for(found, receiver.map(|r| r.ty)).unwrap_or("sql").to_string();
        let called = crate::knowledge::last_segment(api);
        let many = ["many", "batch", "values"].iter().any(|word| called.contains(word));
        let mut value = result;
        for statement in sql::parse(&sql_text(&template), Dialect::from_name(dialect)) {
            let mut access = self.access_of(row, found, receiver, api, Operation::Read);
            access.store = store.as_str().into();
            access.many = many;
            let run = SqlRun { access: access.clone(), bound: &bound, site: place.site, dialect };
            if let Some(deps) = self.sql_statement(&statement, access, &bound, place.site, dialect) {
                value.deps = deps;
            }
            self.routines(&statement, &run, 0);
        }
        value
    }

    /// A cursor hands out what its last statement gave: `cursor.execute(…)`, then `cursor.fetchone()`.
    pub fn keep_rows(&mut self, place: &CallPlace, deps: &Deps) {
        let (Some(path), Some(cursor)) = (&place.receiver_path, &place.receiver) else { return };
        self.state.vars.insert(path.clone(), Value { deps: deps.clone(), ..cursor.clone() });
    }

    /// What only a caller knows is done where it is known: `def query(sql, values): cursor.execute(sql, values)`,
    /// `def save(session, row): session.add(row)`.
    pub fn statement_later(
        &mut self,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let called = crate::knowledge::last_segment(api).into();
        let callee = match receiver {
            Some(connection) => Kind::Member(Rc::new((Kind::Library(connection.clone()), called))),
            None => Kind::External(api.clone()),
        };
        let later = self.call_later(&callee, given, place);
        Value { answer: later.value.answer, ..result.depending(&later.value.deps) }
    }

    /// What the routines do that a statement calls, where scripts of the project define them.
    fn routines(&mut self, statement: &Statement, run: &SqlRun, depth: u8) {
        if depth >= MAX_ROUTINES || self.program.routines.is_empty() {
            return;
        }
        let procedure = match &statement.verb {
            Verb::Call { procedure } => Some(procedure.display()),
            _ => None,
        };
        let mut called: Vec<String> = statement.functions.iter().map(|f| f.name.clone()).chain(procedure).collect();
        called.sort();
        called.dedup();
        for name in called {
            let Some(body) = self.program.routines.get(&name).cloned() else { continue };
            for inner in body.iter() {
                self.sql_statement(inner, run.access.clone(), run.bound, run.site, run.dialect);
                self.routines(inner, run, depth + 1);
            }
        }
    }

    /// Run the statement that the receiver is: `query("…").bind(id).execute(&pool)`.
    fn built(
        &mut self,
        found: &Found<'k>,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let (row, knowledge) = (found.row, self.program.knowledge);
        let Some(statement) = receiver else { return result };
        let Some(template) = statement.identity.clone() else { return result };
        let deps = place.receiver.as_ref().map(|r| r.deps.clone()).unwrap_or_default();
        let text = Given {
            name: None,
            value: Value { kind: Kind::Text(Rc::new(template.clone())), deps, ..Value::default() },
            expr: None,
            spread: 0,
        };
        let mut bound = match row.parameters.as_deref() {
            Some(_) => self.bound(row, &template, given, &text),
            None => self.bound(row, &template, &[], &text),
        };
        if let Some(values) = statement.site.and_then(|s| self.binds.get(&s)) {
            bound.positional = values.clone();
        }
        // The connection it runs on says which store it is.
        let on = given.iter().find_map(|g| g.value.kind.library().filter(|l| knowledge.store_of(l.ty).is_some()).cloned());
        let ty = on.as_ref().map_or(statement.ty, |l| l.ty);
        let dialect = knowledge.dialect_of(ty).or_else(|| knowledge.dialect_of(statement.ty)).unwrap_or("generic");
        let store = on.as_ref().and_then(|l| knowledge.store_of(l.ty)).or_else(|| knowledge.store_for(found, Some(statement.ty)));
        let store = store.unwrap_or("sql").to_string();
        let mut value = result;
        for parsed in sql::parse(&sql_text(&template), Dialect::from_name(dialect)) {
            let mut access = self.access_of(row, found, on.as_ref().or(receiver), api, Operation::Read);
            access.store = store.as_str().into();
            let run = SqlRun { access: access.clone(), bound: &bound, site: place.site, dialect };
            if let Some(deps) = self.sql_statement(&parsed, access, &bound, place.site, dialect) {
                value.deps = deps;
            }
            self.routines(&parsed, &run, 0);
        }
        value
    }

    fn bound(&mut self, row: &Row, template: &Template, given: &[Given], text: &Given) -> Bound {
        let holes = template.parts.iter().filter_map(|p| match p {
            Part::Hole(hole) => Some(hole.clone()),
            Part::Text(_) => None,
        });
        let mut bound =
            Bound { positional: Vec::new(), named: Vec::new(), holes: holes.collect(), sorted: false, all: text.value.deps.clone() };
        let parameters = match row.parameters.as_deref() {
            // `fetch(sql, a, b)`: everything behind the text.
            Some("*") | None => given.iter().filter(|g| !std::ptr::eq(*g, text)).collect::<Vec<_>>(),
            Some(place) => given_at(place, given).into_iter().collect(),
        };
        for parameter in &parameters {
            bound.all.join(&parameter.value.deps);
        }
        if let ([single], Some(_)) = (parameters.as_slice(), row.parameters.as_deref().filter(|p| *p != "*")) {
            self.spell_out(single, &mut bound);
        } else {
            bound.positional = parameters.iter().map(|g| g.value.clone()).collect();
        }
        let given = parameters.iter().map(|g| &g.value);
        bound.sorted = given.chain(&bound.positional).chain(bound.named.iter().map(|(_, v)| v)).any(|v| v.sorted);
        bound
    }

    /// A tuple, list or dictionary of parameters written out in the call gives each its own dependencies.
    fn spell_out(&mut self, parameters: &Given, bound: &mut Bound) {
        let facts = self.facts;
        let expr: Option<ExprId> = parameters.expr;
        match expr.map(|e| &facts.expr(e).kind) {
            Some(ExprKind::List(items)) => {
                let items = items.clone();
                // The parts were evaluated with the whole: ask for their values without doing anything again.
                let before = (self.summary.items.len(), self.summary.calls.len());
                bound.positional = items.iter().map(|i| self.eval(*i)).collect();
                self.summary.items.truncate(before.0);
                self.summary.calls.truncate(before.1);
            }
            Some(ExprKind::Map(entries)) => {
                let entries = entries.clone();
                let before = (self.summary.items.len(), self.summary.calls.len());
                for (key, value) in entries {
                    if let Some(ExprKind::Str(name)) = key.map(|k| &facts.expr(k).kind) {
                        let value = self.eval(value);
                        bound.named.push((name.clone(), value));
                    }
                }
                self.summary.items.truncate(before.0);
                self.summary.calls.truncate(before.1);
            }
            _ => {
                for (key, value) in parameters.value.elements().into_iter().flatten() {
                    match key {
                        Some(key) => bound.named.push((key, value)),
                        None => bound.positional.push(value),
                    }
                }
            }
        }
    }

    fn sql_statement(&mut self, statement: &Statement, mut access: Access, bound: &Bound, site: Site, dialect: &str) -> Option<Deps> {
        self.sql_locks(statement, bound, site);
        match &statement.verb {
            Verb::Begin { mode, isolation } => {
                let isolation = match (mode, isolation) {
                    (Some(BeginMode::Immediate | BeginMode::Exclusive), _) => Some("immediate".into()),
                    (_, Some(sql::Isolation::Serializable)) => Some("serializable".into()),
                    (_, Some(sql::Isolation::RepeatableRead | sql::Isolation::Snapshot)) => Some("repeatable-read".into()),
                    _ => None,
                };
                let token = token(site, 10);
                self.state.held.push(Context { token, held: Held::Transaction { isolation, of_caller: None }, site, function: self.at });
                return None;
            }
            Verb::SetLockTimeout { value, .. } => {
                self.state.waits_limited = !matches!(value, SqlValue::Text(n) if n.trim_matches('0').is_empty());
                return None;
            }
            Verb::Commit | Verb::Rollback { to_savepoint: false } => {
                let begun = self.state.held.iter().rposition(|c| matches!(c.held, Held::Transaction { .. }));
                if let Some(at) = begun {
                    self.state.held.remove(at);
                }
                if matches!(statement.verb, Verb::Commit) {
                    self.commit_removals();
                }
                self.state.end_transaction();
                return None;
            }
            Verb::Notify { channel } => {
                let channel = Template::text(channel.display());
                self.push_at(What::Event { effect: Effect::Publish, channel, local: false, api: "NOTIFY".into() }, site, bound.all.clone());
                return None;
            }
            Verb::Listen { channel } => {
                let channel = Template::text(channel.display());
                self.push_at(What::Event { effect: Effect::Subscribe, channel, local: false, api: "LISTEN".into() }, site, Deps::default());
                return None;
            }
            Verb::CreateRoutine { .. } | Verb::Block { .. } => return None,
            _ => {}
        }
        access.operation = operation(statement)?;
        access.kind = "table".into();
        access.atomic = true;
        access.exact = statement.exact;
        access.verb = verb(statement).into();
        access.aggregate = statement.aggregate.is_some();
        access.highest = statement.highest.as_ref().map(|c| c.display().into());
        let listed = |c: &sql::Condition| c.op == Op::In && !statement.placeholders.is_empty() && !matches!(c.value, SqlValue::Text(_));
        let by_list = match statement.verb {
            Verb::Update | Verb::Delete => access.many || statement.predicate.conditions.iter().any(listed),
            _ => statement.inserts() && (access.many || statement.rows == sql::RowCount::Many),
        };
        access.unsorted = by_list && !bound.sorted;
        access.many |= statement.rows == sql::RowCount::Many && !matches!(statement.verb, Verb::Select);
        access.columns = statement.assignments.iter().map(|a| a.column.display().into()).collect();
        if access.columns.is_empty() && (statement.inserts() || statement.verb == Verb::Select) {
            access.columns = statement.columns.iter().map(|c| c.display().into()).collect();
        }
        access.keys = statement.predicate.conditions.iter().filter(|c| fixes(c)).map(|c| c.column.display().into()).collect();
        access.bounded = statement.predicate.conditions.iter().any(|c| c.op == Op::Compare);
        access.conditional = conditional(statement);
        access.only_selects = access.conditional && only_selects(statement);
        access.decides = true;
        access.claims = claimed(statement).filter(|_| !access.conditional).map(Name::from);
        if statement.predicate.not_exists && statement.inserts() {
            access.idempotent = Some((true, "inserted only where absent"));
        }
        if let Some(conflict) = &statement.conflict {
            access.keys.extend(conflict.target.iter().map(|c| c.display().into()));
            if conflict.assignments.iter().any(Assignment::accumulates) {
                access.idempotent = Some((false, "adds on conflict"));
            }
        }
        let mut deps = None;
        // Rows that have no row elsewhere: they depend on what is missing there.
        let missing = |c: &sql::Condition| c.op == Op::IsNull && c.qualifier.is_some();
        let by_absence = statement.predicate.not_exists || statement.predicate.conditions.iter().any(missing);
        let mut absent = Deps::default();
        // What else the statement reads: sub-queries, joins.
        for table in &statement.reads {
            let own = statement.table.as_ref().is_some_and(|t| t.same_table(table));
            if statement.writes() && !own {
                let mut read = access.clone();
                read.operation = Operation::Read;
                read.name = Some(self.table_name(table, bound));
                read.aggregate = false;
                read.highest = None;
                self.push_at(What::Access(read), site, Deps::default());
            } else if !statement.writes() && !own {
                let mut read = access.clone();
                read.name = Some(self.table_name(table, bound));
                read.absence = by_absence;
                let looked = self.push_at(What::Access(read), site, Deps::default());
                if by_absence {
                    absent.join(&looked);
                }
            }
        }
        let table = statement.table.as_ref()?;
        let name = self.table_name(table, bound);
        access.name = Some(name.clone());
        access.fresh_key = self.fresh_key(statement, bound);
        access.anew = filled_anew(statement, bound);
        access.fixed =
            fixed::all(statement.assignments.iter().filter_map(|a| Some((a.column.display().into(), set_to(a, statement, bound)?))));
        if access.operation == Operation::Upsert && self.never_conflicts(statement, bound) {
            access.operation = Operation::Insert;
            access.verb = "INSERT … ON CONFLICT".into();
        }
        let data = if access.operation.is_read() { Deps::default() } else { self.written_by(statement, bound) };
        let asked = statement.predicate.conditions.iter().filter(|c| fixes(c));
        let keys = asked.filter_map(|c| Some((c.column.display().into(), bound.given(statement, &c.value)?.deps.clone()))).collect();
        let item = self.push_at(What::Access(access), site, data);
        self.tell_keys(&item, keys);
        deps = deps.or(Some(item.with(&absent)));
        if statement.locking.for_update && dialect != "sqlite" {
            self.lock_rows(name, site);
        }
        deps
    }

    /// Advisory locks in SQL text.
    fn sql_locks(&mut self, statement: &Statement, bound: &Bound, site: Site) {
        for call in &statement.functions {
            let name = call.args.iter().map(|a| self.sql_value(&a.value, statement, bound)).fold(Template::default(), |mut all, part| {
                if !all.parts.is_empty() {
                    all.push(Part::Text(",".into()));
                }
                all.extend(&part);
                all
            });
            let function = call.name.as_str();
            let postgres = function.strip_prefix("pg_").filter(|f| f.contains("advisory"));
            let (taken, tries, released, store) = match (postgres, function) {
                (Some(f), _) => (f.contains("lock") && !f.contains("unlock"), f.starts_with("try"), f.contains("unlock"), "postgres"),
                (None, "get_lock") => (true, false, false, "mysql"),
                (None, "release_lock") => (false, false, true, "mysql"),
                (None, "sp_getapplock") => (true, false, false, "mssql"),
                (None, "sp_releaseapplock") => (false, false, true, "mssql"),
                _ => continue,
            };
            if released {
                self.give_back(name, true, site);
            } else if taken {
                let in_transaction = function.contains("xact");
                let limited = store == "mysql";
                let lock = LockUse {
                    name,
                    store: store.into(),
                    scope: LockScope::Distributed,
                    ttl: Ttl::Never,
                    wait: if tries {
                        Wait::Not
                    } else if limited || self.state.waits_limited {
                        Wait::Limited(None)
                    } else {
                        Wait::Forever
                    },
                    session: true,
                    handle: None,
                    owner_checked: true,
                    guard: false,
                    reentrant: true,
                    refusal_returned: tries || limited,
                    refusal_ignored: false,
                    renewed: false,
                    owner: Owner::Shared,
                    api: function.into(),
                    made: Some(site),
                    own: false,
                    permits: None,
                    of_transaction: in_transaction,
                };
                // A lock of the transaction ends with it: nobody has to release it.
                self.hold(lock, site, !in_transaction, false);
            }
        }
    }

    fn sql_value(&self, value: &SqlValue, statement: &Statement, bound: &Bound) -> Template {
        match value {
            SqlValue::Text(text) => Template::text(text.as_str()),
            SqlValue::Placeholder(index) => match statement.placeholders.get(*index) {
                Some(Placeholder::Hole(hole)) => bound.holes.get(*hole).map(|h| Template::hole(h.clone())).unwrap_or_default(),
                Some(placeholder) => match bound.value(placeholder) {
                    Some(value) => value.kind.template(""),
                    None => Template::hole(Hole::Named("".into())),
                },
                None => Template::hole(Hole::Named("".into())),
            },
            SqlValue::Call { name, args } => {
                // `hashtext('orders')` is as good a name as its argument.
                let inner = args.iter().map(|a| self.sql_value(a, statement, bound)).find(Template::has_text);
                inner.unwrap_or_else(|| Template::hole(Hole::Named(name.as_str().into())))
            }
            _ => Template::hole(Hole::Named("".into())),
        }
    }

    fn table_name(&self, table: &sql::TableRef, bound: &Bound) -> Template {
        let mut name = Template::default();
        if let Some(schema) = &table.schema {
            name.push(Part::Text(format!("{}.", schema.display()).into()));
        }
        match &table.name {
            sql::Name::Known(known) => name.push(Part::Text(known.as_str().into())),
            sql::Name::Pattern(pieces) => {
                for piece in pieces {
                    match piece {
                        sql::Piece::Literal(text) => name.push(Part::Text(text.as_str().into())),
                        sql::Piece::Hole(Placeholder::Hole(hole)) => {
                            let hole = bound.holes.get(*hole).cloned().unwrap_or(Hole::Named("".into()));
                            name.push(Part::Hole(hole));
                        }
                        sql::Piece::Hole(_) => name.push(Part::Hole(Hole::Named("".into()))),
                    }
                }
            }
        }
        name
    }

    /// What the written columns depend on; what only the condition uses is left out.
    fn written_by(&self, statement: &Statement, bound: &Bound) -> Deps {
        let mut deps = Deps::default();
        let mut told = false;
        let add = |index: usize, deps: &mut Deps| match statement.placeholders.get(index) {
            Some(placeholder) => match bound.value(placeholder) {
                Some(value) => {
                    deps.join(&value.deps);
                    true
                }
                None => false,
            },
            None => false,
        };
        for assignment in &statement.assignments {
            for index in &assignment.placeholders {
                told |= add(*index, &mut deps);
            }
        }
        if statement.inserts() {
            for value in &statement.values {
                if let SqlValue::Placeholder(index) = value {
                    told |= add(*index, &mut deps);
                }
            }
        }
        let writes_values =
            statement.assignments.iter().any(|a| !a.placeholders.is_empty()) || statement.inserts() && !statement.placeholders.is_empty();
        if told || !writes_values { deps } else { bound.all.clone() }
    }

    /// Whether the key on which an INSERT would conflict is made anew each time, so that it never does. Where this function
    /// tries again by itself, the key may be older than the attempts.
    fn never_conflicts(&self, statement: &Statement, bound: &Bound) -> bool {
        let tries = |c: &Context| matches!(c.held, Held::Retry(_)) && c.function == self.at;
        let anew = |column: &sql::Name| {
            let at = statement.columns.iter().position(|c| c == column);
            let value = at.and_then(|at| statement.values.get(at)).and_then(|value| bound.given(statement, value));
            value.is_some_and(|v| v.deps.is_fresh())
        };
        statement.conflict.as_ref().is_some_and(|c| c.target.iter().any(anew)) && !self.state.held.iter().any(tries)
    }

    /// Whether the key of an inserted row differs at each run.
    fn fresh_key(&self, statement: &Statement, bound: &Bound) -> bool {
        statement.inserts() && statement.values.iter().filter_map(|v| bound.given(statement, v)).any(|v| v.deps.is_fresh())
    }
}

/// The columns that a statement fills with what differs at each run, or with what the caller gave.
fn filled_anew(statement: &Statement, bound: &Bound) -> Anew {
    let filled = |(column, value): (Name, &SqlValue)| {
        let value = bound.given(statement, value)?;
        match value.kind {
            _ if value.deps.is_made_anew() || is_made_with_what_is_fresh(&value.kind) => Some((column, None)),
            Kind::Parameter(index) => Some((column, Some(index))),
            _ => None,
        }
    };
    let all: Vec<(Name, Option<u8>)> = match statement.inserts() {
        true => statement.columns.iter().map(|c| c.display().into()).zip(&statement.values).filter_map(filled).collect(),
        false => Vec::new(),
    };
    (!all.is_empty()).then(|| Rc::new(all))
}

/// Whether a text is made of what differs at each run and of more: `f"{kind}-{uuid4()}"`.
fn is_made_with_what_is_fresh(kind: &Kind) -> bool {
    matches!(kind, Kind::Text(text) if text.parts.len() > 1 && text.parts.contains(&Part::Hole(Hole::Fresh)))
}

/// What an assignment sets its column to, where that stands in the code.
fn set_to(assignment: &sql::Assignment, statement: &Statement, bound: &Bound) -> Option<Fixed> {
    match &assignment.value {
        AssignedValue::Constant(text) => Some(fixed::in_sql(text)),
        AssignedValue::Null => fixed::constant(&Kind::Null),
        AssignedValue::Placeholder(index) => {
            let value = bound.value(statement.placeholders.get(*index)?)?;
            fixed::of_value(&assignment.column.display(), value)
        }
        _ => None,
    }
}

impl Bound {
    /// What a placeholder of a statement stands for.
    fn given(&self, statement: &Statement, value: &SqlValue) -> Option<&Value> {
        let SqlValue::Placeholder(index) = value else { return None };
        self.value(statement.placeholders.get(*index)?)
    }

    fn value(&self, placeholder: &Placeholder) -> Option<&Value> {
        match placeholder {
            Placeholder::Positional(index) => self.positional.get(*index),
            Placeholder::Numbered(number) => self.positional.get(number.checked_sub(1)?),
            Placeholder::Named(name) => self.named.iter().find(|(n, _)| n == name.as_str()).map(|(_, v)| v),
            _ => None,
        }
    }
}

/// The SQL text that a value is: text, or a library's wrapper around text.
fn sql_template(kind: &Kind) -> Option<Template> {
    match kind {
        Kind::Text(template) => Some((**template).clone()),
        Kind::Library(value) => value.identity.clone(),
        Kind::OneOf(kinds) => kinds.iter().find_map(sql_template),
        _ => None,
    }
}

/// Whether a caller gives the text, or its beginning, which says what is done.
fn is_callers_text(kind: &Kind) -> bool {
    let begins_open = |t: &Template| matches!(t.parts.first(), Some(Part::Hole(Hole::Parameter(_) | Hole::Field(_) | Hole::Captured(_))));
    match kind {
        Kind::Text(template) => begins_open(template),
        Kind::Library(value) => value.identity.as_ref().is_some_and(begins_open),
        kind => is_callers(kind),
    }
}

fn sql_text(template: &Template) -> SqlText {
    let mut hole = 0;
    let parts = template.parts.iter().map(|part| match part {
        Part::Text(text) => sql::Part::Text(text.to_string()),
        Part::Hole(_) => {
            hole += 1;
            sql::Part::Hole(hole - 1)
        }
    });
    SqlText { parts: parts.collect() }
}

fn operation(statement: &Statement) -> Option<Operation> {
    Some(match &statement.verb {
        Verb::Select => Operation::Read,
        Verb::Insert => match &statement.conflict {
            Some(conflict) => match conflict.action {
                ConflictAction::DoNothing | ConflictAction::DoUpdate | ConflictAction::Replace | ConflictAction::Ignore => {
                    Operation::Upsert
                }
            },
            None => Operation::Insert,
        },
        Verb::Replace | Verb::Upsert | Verb::Merge => Operation::Upsert,
        Verb::Update => {
            if is_relative(statement) {
                Operation::Increment
            } else {
                Operation::Update
            }
        }
        Verb::Delete | Verb::Truncate => Operation::Delete,
        Verb::Copy { into_table: true } => Operation::Insert,
        _ => return None,
    })
}

fn verb(statement: &Statement) -> &'static str {
    match &statement.verb {
        Verb::Select => "SELECT",
        Verb::Insert if statement.source == Some(InsertSource::Select) => "INSERT … SELECT",
        Verb::Insert => "INSERT",
        Verb::Update => "UPDATE",
        Verb::Delete => "DELETE",
        Verb::Replace => "REPLACE",
        Verb::Merge => "MERGE",
        Verb::Upsert => "UPSERT",
        Verb::Truncate => "TRUNCATE",
        _ => "COPY",
    }
}

/// Whether an UPDATE changes rows by an amount. `SET body = ?, version = version + 1` sets what it is given, and counts that it did.
fn is_relative(statement: &Statement) -> bool {
    let given = statement.assignments.iter().any(|a| matches!(a.value, AssignedValue::Placeholder(_)));
    let mut relative = statement.assignments.iter().filter(|a| a.accumulates());
    relative.any(|a| !given || !a.placeholders.is_empty())
}

/// Whether a write repeats, in its WHERE, a condition on the state it changes: a version, a status, an amount.
fn conditional(statement: &Statement) -> bool {
    if statement.predicate.compare_and_set {
        return true;
    }
    if !matches!(statement.verb, Verb::Update | Verb::Delete) {
        return false;
    }
    // `DELETE FROM t WHERE id IN (SELECT id FROM t …)`: which rows go is looked up in the same step.
    if statement.verb == Verb::Delete && statement.table.as_ref().is_some_and(|table| statement.reads.contains(table)) {
        return true;
    }
    statement.predicate.conditions.iter().any(|condition| {
        let assigned = statement.assignments.iter().any(|a| a.column == condition.column);
        let stated =
            matches!(condition.value, SqlValue::Text(_)) || matches!(condition.op, Op::Compare | Op::IsNull | Op::IsNotNull | Op::NotEq);
        assigned || stated
    })
}

/// Whether a write asks for nothing but constants of columns that it does not set.
fn only_selects(statement: &Statement) -> bool {
    let constant = |condition: &sql::Condition| condition.op == Op::Eq && matches!(condition.value, SqlValue::Text(_));
    let assigned = |condition: &sql::Condition| statement.assignments.iter().any(|a| a.column == condition.column);
    let sure = |condition: &sql::Condition| matches!(condition.op, Op::Compare | Op::IsNull | Op::IsNotNull | Op::NotEq);
    let predicate = &statement.predicate;
    !predicate.compare_and_set
        && predicate.conditions.iter().any(constant)
        && !predicate.conditions.iter().any(|condition| assigned(condition) || sure(condition))
}

/// The column by which an UPDATE of single records takes them for whoever runs it.
fn claimed(statement: &Statement) -> Option<String> {
    let keyed = statement.predicate.conditions.iter().any(|c| c.op == Op::Eq) && !statement.predicate.open;
    if statement.verb != Verb::Update || !keyed {
        return None;
    }
    statement.assignments.iter().find_map(|assignment| {
        let AssignedValue::Constant(value) = &assignment.value else { return None };
        let column = assignment.column.display();
        fixed::in_sql(value).takes(&column).then_some(column)
    })
}

/// Names of columns that say who has a record, or since when; nobody has it where they are NULL.
const HOLDERS: [&str; 12] =
    ["claimed", "owner", "assigned", "assignee", "locked", "holder", "taken", "leased", "worker", "reserved", "booked", "started"];

/// Whether a condition selects records by a state of theirs, or the one record that has a key.
fn fixes(condition: &sql::Condition) -> bool {
    match condition.op {
        // Under OR and in functions a column is there without what it is compared with.
        // What is due, or below a bound, is in a state as well.
        Op::Eq | Op::In | Op::Compare | Op::Other => true,
        Op::NotEq => matches!(condition.value, SqlValue::Text(_)),
        Op::IsNull => condition.column.display().to_lowercase().split('_').any(|w| HOLDERS.contains(&w)),
        _ => false,
    }
}
