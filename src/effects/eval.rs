//! Walking expressions: what they are worth here, and what they do on the way.

use super::call::{CallPlace, Coroutine};
use super::item::What;
use super::truth::Truth;
use super::value::{Column, Dep, Deps, Parts, Selected, Through, Value};
use super::walk::Walker;
use crate::facts::{ExprId, ExprKind, MODULE, Name, TextPart};
use crate::link::{FunctionRef, FunctionValue, Hole, Kind, LockUse, Part, Template};
use crate::source::Span;
use std::rc::Rc;

/// How many elements are told apart.
const ELEMENTS: usize = 32;

impl Walker<'_, '_, '_> {
    /// Evaluate an expression, with what it does.
    pub fn eval(&mut self, expr: ExprId) -> Value {
        let facts = self.facts;
        let e = facts.expr(expr);
        match &e.kind {
            ExprKind::Null => Value::literal(Kind::Null),
            ExprKind::Bool(value) => Value::literal(Kind::Bool(*value)),
            ExprKind::Int(value) => Value::literal(Kind::Int(*value)),
            ExprKind::Float(value) => Value::literal(Kind::Float(*value)),
            ExprKind::Str(text) => Value::literal(Kind::text(text.clone())),
            ExprKind::Text(parts) => {
                let mut template = Template::default();
                let mut deps = Deps::default();
                for part in parts {
                    match part {
                        TextPart::Lit(text) => template.push(Part::Text(text.clone())),
                        TextPart::Hole(hole) => {
                            let value = self.eval(*hole);
                            template.extend(&self.as_template(&value, *hole));
                            deps.join(&value.deps);
                        }
                    }
                }
                Value { kind: Kind::Text(Rc::new(template)), deps, ..Value::default() }
            }
            ExprKind::Name(name) => {
                let value = self.eval_name(name, e.span);
                self.reading_variable(expr, value)
            }
            ExprKind::Attr { base, name } => {
                let holder = self.eval(*base);
                if let Some(deps) = self.made_by_the_store(&holder, *base, name) {
                    return Value { deps, ..self.attribute(holder, *base, name) };
                }
                if let Some(value) = self.property(&holder, *base, name, e.span) {
                    return value;
                }
                let through = self.reached_through(&holder);
                let holder = self.looked_at(holder, Some(name), self.site(e.span));
                let holder = self.of_column(self.apart_from_fields(holder, name), name);
                let object = if self.rust { self.program.behind(self.opened_object(&holder.kind)) } else { Kind::Unknown };
                let mut value = self.attribute(holder, *base, name);
                // A field and a method may have one name; what is not called is the field.
                if let (Kind::Object(object), Kind::Function(_)) = (&object, &value.kind) {
                    value.kind = Some(self.program.field_of(object, name)).filter(|k| *k != Kind::Unknown).unwrap_or(value.kind);
                }
                value.through = through.map(|t| match t.field {
                    Some(_) => t,
                    None => Rc::new(Through { guard: t.guard.clone(), field: Some(name.clone()) }),
                });
                self.reading_variable(expr, value)
            }
            ExprKind::Index { base, index } => {
                let (mut holder, key) = (self.eval(*base), self.eval(*index));
                holder.kind = self.program.with_words(self.at.module, holder.kind);
                let through = self.reached_through(&holder);
                let holder = self.looked_at(holder, None, self.site(e.span));
                let hint = crate::link::hint(facts, *index);
                // A piece of a text or list is of what the whole is.
                let piece = matches!(facts.expr(*index).kind, ExprKind::Unknown(_)) && !self.rust;
                let query = holder.kind.library().is_some_and(|library| self.program.row_of(library).is_some());
                let kind = match &holder.kind {
                    whole @ (Kind::Text(_) | Kind::Parameter(_)) if piece => whole.clone(),
                    whole if piece && query => whole.clone(),
                    whole => self.program.item(whole, &key.kind, &hint),
                };
                let deps = match key.kind.as_text() {
                    Some(name) => self.of_column(holder.clone(), name).deps.with(&key.deps),
                    None => holder.deps.clone().with(&key.deps),
                };
                let found = Value { kind, deps, inferred: holder.inferred, through, ..Value::default() };
                let site = self.site(facts.expr(expr).span);
                // A part of a query's rows is asked for when somebody goes through it.
                let asked = if piece && query { None } else { self.by_syntax("__getitem__", &holder, &[key], site, found.clone()) };
                let found = asked.unwrap_or(found);
                self.reading_variable(expr, found)
            }
            ExprKind::Call { callee, args } => {
                let value = self.eval_call(expr, *callee, args).value;
                self.getting_entry(*callee, args, value)
            }
            ExprKind::Binary { op, left, right } => {
                let (l, r) = (self.eval(*left), self.eval(*right));
                let hints = (crate::link::hint(facts, *left), crate::link::hint(facts, *right));
                let (lk, rk) = (self.opened(&l.kind), self.opened(&r.kind));
                let kind = self.program.binary(*op, &lk, &rk, &hints.0, &hints.1);
                Value { kind, deps: l.deps.with(&r.deps), truth: Truth::Either, ..Value::default() }
            }
            ExprKind::Compare { left, rest } => {
                let state = self.asks_state(*left, rest);
                let held = if state && !self.rust { self.held_against_given(*left, rest) } else { None };
                let value = self.compared(*left, rest);
                let field = |dep: &Dep| dep.is_of_column() || matches!(dep, Dep::Field(_) | Dep::Parameter(..));
                let tells = state && (self.rust || value.deps.iter().any(field));
                let truth = match held {
                    Some(true) => Truth::Same,
                    Some(false) => Truth::Other,
                    None if state => Truth::Either,
                    None => value.truth,
                };
                Value { compared: tells, truth, ..value }
            }
            ExprKind::Logic { items, .. } => {
                let values: Vec<Value> = items.iter().map(|i| self.eval(*i)).collect();
                values.into_iter().reduce(Value::or).unwrap_or_default()
            }
            ExprKind::Not(inner) => {
                let value = self.eval(*inner);
                Value { compared: value.compared, truth: value.truth.opposite(), ..Value::unknown(value.deps) }
            }
            ExprKind::Unary(inner) => {
                let value = self.eval(*inner);
                let value = self.looked_at(value, None, self.site(e.span));
                // `*guard` is what the lock holds, and no guard: a variable with a copy of it holds no lock.
                let guard = self.guard_behind(&value);
                let kind = match (&guard, value.kind) {
                    (Some(guard), _) => guard.guard.subject.clone(),
                    (None, Kind::Int(_) | Kind::Float(_)) => self.program.infer(self.at, expr),
                    (None, other) => other,
                };
                Value { kind, through: guard.or(value.through), ..value }
            }
            ExprKind::Choice { cond, then, other } => {
                let on = self.decision(*cond);
                let control = self.state.control.clone();
                self.state.decide(&on.then);
                let then = self.eval(*then);
                self.state.control = control.clone();
                self.state.decide(&on.other);
                let value = then.or(self.eval(*other));
                self.state.control = control;
                let truth = if on.then.is_empty() { value.truth } else { Truth::Either };
                // What is chosen because it is new is not made of what is there.
                let read = on.of_what_is_held().filter(|(dep, _)| !dep.is_question()).map(|asked| self.as_value(asked)).collect();
                let value = value.depending(&read);
                Value { truth, ..value }
            }
            ExprKind::List(items) => {
                let mut kinds = Vec::with_capacity(items.len());
                let mut deps = Deps::default();
                let mut parts = Vec::new();
                let mut truth = None;
                for item in items {
                    let spread = matches!(facts.expr(*item).kind, ExprKind::Spread(_));
                    let value = self.eval(*item);
                    deps.join(&value.deps);
                    truth.get_or_insert(value.truth);
                    parts.push((None, value.deps));
                    match (spread, value.kind) {
                        (true, Kind::List(inner)) => kinds.extend(inner.iter().cloned()),
                        (_, kind) => kinds.push(kind),
                    }
                }
                let parts = told_apart(parts, &deps);
                // Of a pair that is taken apart, the first says whether it went well.
                Value { kind: Kind::List(Rc::new(kinds)), deps, parts, truth: truth.unwrap_or_default(), ..Value::default() }
            }
            ExprKind::Map(entries) => {
                let mut kinds = Vec::with_capacity(entries.len());
                let mut deps = Deps::default();
                let mut parts = Vec::new();
                for (key, value) in entries {
                    let key = key.map(|k| self.eval(k));
                    let value = self.eval(*value);
                    deps.join(&value.deps);
                    if let Some(name) = key.as_ref().and_then(|k| k.kind.as_text()) {
                        parts.push((Some(name.into()), value.deps.clone()));
                    }
                    match key {
                        Some(key) => {
                            deps.join(&key.deps);
                            kinds.push((key.kind, value.kind));
                        }
                        None => {
                            if let Kind::Map(inner) = value.kind {
                                kinds.extend(inner.iter().cloned());
                            }
                        }
                    }
                }
                let parts = told_apart(parts, &deps);
                Value { kind: Kind::Map(Rc::new(kinds)), deps, parts, ..Value::default() }
            }
            ExprKind::Comprehension { element, value, clauses } => {
                let mut deps = Deps::default();
                let mut truth = Truth::There;
                let mut sorted = false;
                for clause in clauses {
                    let iterated = self.iterated(clause.iter);
                    sorted |= iterated.sorted;
                    deps.join(&iterated.deps);
                    truth = truth.and(iterated.truth);
                    let kind = self.element_kind(&iterated.kind);
                    self.assign_each(clause.target, Value { kind, deps: iterated.deps.clone(), ..Value::default() });
                    for cond in &clause.conds {
                        let cond = self.eval(*cond);
                        // `[n for n in wanted if n not in known]` has what is missing.
                        truth = if cond.deps.is_empty() { truth } else { Truth::Either };
                        deps.join(&cond.deps);
                    }
                }
                self.comprehensions += 1;
                let made = self.eval(*element);
                let value = value.map(|value| self.eval(value));
                self.comprehensions -= 1;
                deps.join(&made.deps);
                let made = match value {
                    Some(value) => {
                        deps.join(&value.deps);
                        Kind::Map(Rc::new(vec![(made.kind, value.kind)]))
                    }
                    None => Kind::List(Rc::new(vec![made.kind])),
                };
                Value { kind: made, deps, truth, sorted, ..Value::default() }
            }
            ExprKind::Lambda(function) => self.closure(FunctionRef { module: self.at.module, function: *function }),
            ExprKind::Await(inner) => {
                self.coroutine = Coroutine::Awaited;
                let begun = self.summary.items.len();
                let around = self.joined.replace(self.site(self.facts.expr(*inner).span));
                let mut value = self.eval(*inner);
                self.joined = around;
                if self.rust {
                    value = self.awaited(value, self.site(e.span));
                }
                self.suspended(begun);
                self.awaits += 1;
                value
            }
            ExprKind::Yield(inner) => {
                let value = inner.map(|i| self.eval(i)).unwrap_or_default();
                self.yielded(value);
                Value::default()
            }
            ExprKind::Spread(inner) => self.eval(*inner),
            ExprKind::Bind { target, value } => {
                let value = self.eval(*value);
                self.assign(*target, value.clone(), None);
                value
            }
            ExprKind::Unknown(children) => {
                let deps = children.iter().fold(Deps::default(), |deps, child| deps.with(&self.eval(*child).deps));
                Value::unknown(deps)
            }
        }
    }

    /// A value as a piece of text; an unknown one is named after its expression.
    pub fn as_template(&self, value: &Value, expr: ExprId) -> Template {
        if value.deps.is_fresh() && matches!(value.kind, Kind::Unknown) {
            return Template::hole(Hole::Fresh);
        }
        value.kind.template(&crate::link::hint(self.facts, expr))
    }

    /// A value with what `value.name` depends on.
    fn of_column(&self, value: Value, name: &str) -> Value {
        if self.rust {
            return self.of_record(self.of_field(value, name), name);
        }
        match self.selects(&value.kind, name) {
            Some(selected) => Value { deps: value.deps.selected(selected), ..value },
            None => value,
        }
    }

    /// An object without what its fields were set to, for a look at another field of it. A property may look at any.
    fn apart_from_fields(&self, holder: Value, name: &str) -> Value {
        let class = match &holder.kind {
            Kind::Object(object) => Some(object.class),
            _ => None,
        };
        let property = || class.is_some_and(|class| self.program.method(class, name).is_some());
        match holder.field(Column::named(name)) {
            Some((own, set)) if !property() => Value { deps: own.clone().with(&set), apart: None, ..holder },
            _ => holder,
        }
    }

    /// What `holder.name` selects of what was read for the holder; nothing where that is no column of a record.
    fn selects(&self, holder: &Kind, name: &str) -> Option<Selected> {
        let part = Column::named(name);
        let of_class = |class| match self.program.model_row(class) {
            // A property may look at any column.
            Some(_) => self.program.method(class, name).is_none().then_some(Selected::Of(part)),
            None => Some(Selected::Field(part)),
        };
        match holder {
            Kind::Object(object) => of_class(object.class),
            Kind::Parameter(index) => match self.parameter_hint(*index) {
                Kind::Object(object) => of_class(object.class),
                Kind::Library(_) => None,
                _ => Some(Selected::Member(part)),
            },
            Kind::Unknown | Kind::ParameterMember(_) | Kind::Field(_) | Kind::Member(_) | Kind::OneOf(_) | Kind::Called(_) => {
                Some(Selected::Member(part))
            }
            // A row as its library has it: an element of a query.
            Kind::Library(row) => self.subject_table(&row.subject).map(|_| Selected::Member(part)),
            _ => None,
        }
    }

    /// A column of a record made here that was not given: the store fills it in, differently for each record.
    fn made_by_the_store(&self, holder: &Value, base: ExprId, name: &Name) -> Option<Deps> {
        let Kind::Object(object) = &holder.kind else { return None };
        let told = self.path(base).is_some_and(|p| self.state.vars.contains_key(compact_str::format_compact!("{p}.{name}").as_str()))
            || object.args.iter().any(|(given, _)| given.as_ref() == Some(name))
            || self.program.method(object.class, name).is_some();
        (object.site.is_some() && !told && self.program.model_row(object.class).is_some()).then(|| Deps::one(Dep::Fresh))
    }

    /// A parameter seen as what its annotation says, where only that has operations.
    pub fn opened(&self, kind: &Kind) -> Kind {
        match kind {
            Kind::Parameter(index) => match self.parameter_hint(*index) {
                hint @ Kind::Library(_) => hint,
                _ => kind.clone(),
            },
            _ => kind.clone(),
        }
    }

    /// What reading a property finds out and does, where its method is one of the project.
    fn property(&mut self, holder: &Value, base: ExprId, name: &Name, span: Span) -> Option<Value> {
        if self.rust || self.placing {
            return None;
        }
        let path = self.path(base);
        let set = path.as_ref().is_some_and(|p| self.state.vars.contains_key(compact_str::format_compact!("{p}.{name}").as_str()));
        let Kind::Object(object) = &holder.kind else { return None };
        let function = self.program.property_of(object, name).filter(|_| !set)?;
        let receiver = Some(holder.kind.clone());
        let method = FunctionValue::of(function, receiver);
        let place = CallPlace {
            site: self.site(span),
            receiver: Some(holder.clone()),
            receiver_path: path,
            receiver_name: Name::default(),
            written: false,
        };
        let called = self.call_function(&method, &[], &place, &Coroutine::Awaited).value;
        let read = self.attribute(holder.clone(), base, name);
        Some(Value { kind: if read.kind == Kind::Unknown { called.kind.clone() } else { read.kind }, ..called })
    }

    /// A parameter seen as the object it is declared to be.
    pub fn opened_object(&self, kind: &Kind) -> Kind {
        match kind {
            Kind::Parameter(index) => self.parameter_hint(*index),
            _ => kind.clone(),
        }
    }

    fn eval_name(&mut self, name: &Name, place: Span) -> Value {
        if let Some(value) = self.state.vars.get(name) {
            return Value { literal: value.literal && self.is_steady(name), ..value.clone() };
        }
        let deps = self.captured_variable(name);
        let Some((_, kind)) = self.captured.iter().find(|(n, _)| n == name) else {
            return Value { deps, ..Value::of(self.program.name_from(self.at, name, Some(place))) };
        };
        if !matches!(kind, Kind::Unknown | Kind::Null) && !super::bind::is_callers(kind) {
            return Value { deps, ..Value::of(kind.clone()) };
        }
        // What the maker of this function does not know, or leaves out by default, its declaration may tell.
        let kind = match self.program.name_from(self.at, name, Some(place)) {
            Kind::Library(declared) if self.rust && declared.identity.is_none() && super::bind::is_callers(kind) => {
                // Its type is declared; which one it is, the maker's caller says.
                let identity = Some(Template::hole(Hole::Captured(name.clone())));
                Kind::Library(Rc::new(crate::link::LibraryValue { identity, ..(*declared).clone() }))
            }
            declared @ (Kind::Object(_) | Kind::Library(_) | Kind::Class(_)) => declared,
            _ if self.rust && super::bind::is_callers(kind) => Kind::Captured(name.clone()),
            _ => kind.clone(),
        };
        Value { deps, ..Value::of(kind) }
    }

    /// What a variable of the function around a closure depends on: that function knows.
    pub fn captured_variable(&self, name: &Name) -> Deps {
        let function = self.program.function(self.at);
        let variable = name.starts_with(|c: char| c.is_lowercase() || c == '_');
        let captures = || match self.rust {
            true => function.name == "<lambda>",
            false => self.is_captured(name),
        };
        if variable && captures() { Deps::one(Dep::Captured(Column::named(name), Column::WHOLE)) } else { Deps::default() }
    }

    /// Whether a name of Python is a variable of a function around this one.
    fn is_captured(&self, name: &Name) -> bool {
        let around = |inner: FunctionRef| {
            let function = self.program.function(inner).parent.filter(|parent| *parent != MODULE)?;
            Some(FunctionRef { module: inner.module, function })
        };
        std::iter::successors(around(self.at), |at| around(*at)).any(|at| !self.program.scope(at).get(name).is_empty())
    }

    /// `holder.name`.
    pub fn attribute(&mut self, holder: Value, base: ExprId, name: &Name) -> Value {
        let path = self.path(base);
        let own = path.is_some() && path == self.receiver_name;
        if let Some(value) = path.as_ref().and_then(|p| self.state.vars.get(compact_str::format_compact!("{p}.{name}").as_str())) {
            return value.clone().depending(&holder.deps);
        }
        let kind = match &holder.kind {
            Kind::Parameter(index) => match self.parameter_hint(*index) {
                hint @ (Kind::Object(_) | Kind::Library(_) | Kind::Class(_)) => match self.program.member(&hint, name) {
                    // `context.store`, declared as anything: what the constructor was given, the caller knows.
                    Kind::Member(_) if self.program.is_given_anything(&hint, name) => {
                        Kind::ParameterMember(Rc::new((*index, name.clone())))
                    }
                    found => found,
                },
                _ => Kind::ParameterMember(Rc::new((*index, name.clone()))),
            },
            Kind::Field(_) | Kind::ParameterMember(_) | Kind::Captured(_) => Kind::Member(Rc::new((holder.kind.clone(), name.clone()))),
            kind => self.program.member(kind, name),
        };
        let mut deps = holder.deps.clone();
        let mut kind = kind;
        if own {
            deps.join(&Deps::one(Dep::Field(Column::named(name))));
            kind = self.own_field(name, kind);
        }
        let kind = self.program.or_placed(kind, self.facts, base, name);
        Value { kind, deps, inferred: holder.inferred, ..Value::default() }
    }

    /// A field of the receiver: open where it depends on how the object was made.
    fn own_field(&self, name: &Name, kind: Kind) -> Kind {
        let Kind::Object(object) = &self.receiver else { return kind };
        let told = match &kind {
            Kind::Text(template) => template.constant().is_some(),
            // Of several classes or names, whoever made the object gave it one.
            Kind::OneOf(kinds) => !kinds.iter().any(|k| matches!(k, Kind::Text(_) | Kind::Library(_) | Kind::Class(_))),
            Kind::Library(value) => match &value.identity {
                Some(identity) => identity.constant().is_some(),
                None => self.program.knowledge.type_def(value.ty).identity.is_none(),
            },
            Kind::Unknown => false,
            Kind::Member(member) => member.0 != self.receiver,
            _ => true,
        };
        if told || !self.program.field_is_given(object.class, name) {
            return kind;
        }
        match kind.library() {
            // The type is known, the name is not: keep the type.
            Some(value) => {
                let mut value = (**value).clone();
                let given = Template::hole(Hole::Field(name.clone()));
                value.lock = value.lock.map(|lock| Rc::new(LockUse { name: given.clone(), ..(*lock).clone() }));
                value.identity = Some(given);
                Kind::Library(Rc::new(value))
            }
            _ => Kind::Field(name.clone()),
        }
    }

    /// What iterating yields, parameters seen as what they are declared.
    pub fn element_kind(&self, iterated: &Kind) -> Kind {
        match self.program.element(&self.opened(iterated)) {
            // An element of what the caller gives: filled in with it.
            Kind::Unknown if matches!(iterated, Kind::Parameter(_)) => iterated.clone(),
            found => found,
        }
    }

    /// Library calls that were made since then are awaited as a whole.
    fn suspended(&mut self, begun: usize) {
        for item in self.summary.items.iter_mut().skip(begun).filter(|item| item.chain.is_none()) {
            if let What::Access(access) = Rc::make_mut(&mut item.what) {
                access.suspends = true;
            }
        }
    }

    /// Whether this walk is over a module's top-level code.
    pub fn at_module(&self) -> bool {
        self.at.function == MODULE
    }
}

/// What single elements depend on, where that tells more than what the whole does.
pub(super) fn told_apart(parts: Vec<(Option<Name>, Deps)>, whole: &Deps) -> Parts {
    (!whole.is_empty() && (2..=ELEMENTS).contains(&parts.len())).then(|| Rc::new(parts))
}
