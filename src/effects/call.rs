//! Calls: which function or library row is meant, and what its doings become here.

use super::bind::{Answered, Binding, is_callers};
use super::context::{Context, Held, mix, token};
use super::deciding::Deciding;
use super::item::{Call, Item, What};
use super::resume::{Through, receiver_hint};
use super::truth::Truth;
use super::value::{Apart, Column, Dep, Deps, Value};
use super::walk::Walker;
use super::{Below, ITEMS, Summary};
use crate::facts::{Arg, ExprId, ExprKind, Name, Param, ParamKind};
use crate::knowledge::vocabulary::Effect;
use crate::link::{self, ClassRef, FunctionValue, Hole, Kind, Object, Part, SAME_TEXT, Template};
use crate::source::Site;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// An evaluated argument.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub name: Option<Name>,
    pub value: Value,
    /// Its expression, where the call is in the walked function itself.
    pub expr: Option<ExprId>,
    /// `*value` (1) or `**value` (2).
    pub spread: u8,
}

/// What a call gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Called {
    pub value: Value,
    /// For a generator: the contexts around its `yield`, and what it yields.
    pub opened: Option<(Vec<Context>, Value)>,
    /// Its name, where it calls itself a lock and does nothing.
    pub hollow: Option<Name>,
}

/// What entering a context gave.
#[derive(Default)]
pub(super) struct Entered {
    pub value: Value,
    /// Methods to call on the way out.
    pub exit: Vec<(Kind, &'static str)>,
    /// Leaving it ends a transaction.
    pub ends_transaction: bool,
}

/// The call being made: its place, and the receiver where it is a method.
#[derive(Clone, Debug)]
pub(super) struct CallPlace {
    pub site: Site,
    pub receiver: Option<Value>,
    pub receiver_path: Option<Name>,
    /// The last name of the receiver's expression, for packs that know receivers by name.
    pub receiver_name: Name,
    /// The arguments of the call stand there as the callee gets them: what is left out has its default.
    pub written: bool,
}

/// How a coroutine made here will run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Coroutine {
    /// Nobody awaits it here: it runs later, beside this code.
    #[default]
    Loose,
    /// It is awaited, returned, or run by what it is handed to.
    Awaited,
}

impl<'p, 'k> Walker<'_, 'p, 'k> {
    pub fn eval_call(&mut self, expr: ExprId, callee: ExprId, args: &[Arg]) -> Called {
        let facts = self.facts;
        let coroutine = std::mem::take(&mut self.coroutine);
        let (callee_value, place) = self.callee(expr, callee);
        let row_effect = self.callee_effect(&callee_value.kind, &place);
        // What is given to `gather` or `create_task` runs beside this code; what is given to `wait_for` or `run` does not.
        let spawning = matches!(row_effect, Some(Effect::Spawn | Effect::Gather));
        // What is spawned runs later, without what is held here.
        let held = (self.rust && row_effect == Some(Effect::Spawn)).then(|| self.set_apart());
        if spawning {
            let api: Name = self.api_of(&callee_value.kind);
            let waits = row_effect == Some(Effect::Gather);
            let several = |a: &Arg| a.spread > 0 || matches!(facts.expr(a.value).kind, ExprKind::Comprehension { .. });
            // What is waited for has ended when the loop starts it again.
            let many = args.iter().any(several) || !waits && self.spawns_several(place.site);
            self.state.held.push(Context {
                token: token(place.site, 3),
                held: Held::Spawned { api, many, waits },
                site: place.site,
                function: self.at,
            });
        }
        // `wait_for(work(), 5)`: what is evaluated for it is cut off.
        let limit = match (row_effect, self.timeout_of(&callee_value.kind, args)) {
            (Some(Effect::Timeout), seconds) => Some(seconds),
            _ => None,
        };
        if let Some(seconds) = limit {
            let held = Held::Limited(seconds);
            self.state.held.push(Context { token: token(place.site, 13), held, site: place.site, function: self.at });
        }
        let mut given = Vec::with_capacity(args.len());
        for arg in args {
            self.coroutine =
                if row_effect.is_some() && row_effect != Some(Effect::Value) || spawning { Coroutine::Awaited } else { Coroutine::Loose };
            let kept = match &callee_value.kind {
                Kind::Function(target) => {
                    let position = given.len() + usize::from(self.program.takes_receiver(target.function));
                    self.kept_block(arg.value).or_else(|| self.kept_future(target.function, position, arg.value))
                }
                _ => None,
            };
            let value = match kept {
                Some(kept) => kept,
                None if row_effect == Some(Effect::Enter) => self.enter(arg.value).value,
                None => self.eval(arg.value),
            };
            let value = self.with_receiver(arg.value, value);
            // A future that a variable holds runs where it is joined or limited.
            let value = match row_effect {
                Some(Effect::Gather | Effect::Timeout) if self.rust => self.awaited(value, place.site),
                _ => value,
            };
            self.coroutine = Coroutine::Loose;
            match (arg.spread, &value.kind) {
                (1, Kind::List(items)) if !spawning => given.extend(items.iter().map(|k| Given {
                    name: None,
                    value: Value { kind: k.clone(), ..value.clone() },
                    expr: None,
                    spread: 0,
                })),
                (2, Kind::Map(entries)) => given.extend(entries.iter().filter_map(|(k, v)| {
                    Some(Given {
                        name: Some(k.as_text()?.into()),
                        value: Value { kind: v.clone(), ..value.clone() },
                        expr: None,
                        spread: 0,
                    })
                })),
                (1, Kind::Parameter(_)) if row_effect.is_some() => {
                    given.push(Given { name: None, value, expr: Some(arg.value), spread: 0 })
                }
                _ => given.push(Given { name: arg.name.clone(), value, expr: Some(arg.value), spread: arg.spread }),
            }
        }
        if limit.is_some() {
            self.state.held.retain(|c| c.token != token(place.site, 13));
        }
        if spawning {
            self.state.held.retain(|c| c.token != token(place.site, 3));
        }
        if let Some(held) = held {
            self.state.held = held;
        }
        if let ExprKind::Attr { base, name } = &facts.expr(callee).kind
            && matches!(name.as_str(), "update" | "setdefault")
        {
            self.changed_within(*base, &all_deps(&given), place.site);
        }
        let called = self.call_value(&callee_value, &given, &place, coroutine);
        self.put_in(callee, &given);
        if self.rust
            && let ExprKind::Attr { name, .. } = &facts.expr(callee).kind
        {
            self.call_further(name, &place);
            self.consumed(name, &place, &called.value);
        }
        called
    }

    /// An argument in Rust that is the receiver as a whole: what is made of it, `to_string(self)`, is made of what the caller made
    /// the receiver of.
    fn with_receiver(&self, argument: ExprId, value: Value) -> Value {
        let whole = self.rust && matches!(value.kind, Kind::Object(_)) && self.receiver_name.is_some();
        match self.path(argument) {
            Some(path) if whole && Some(&path) == self.receiver_name.as_ref() => {
                value.depending(&Deps::one(Dep::Parameter(0, Column::WHOLE)))
            }
            _ => value,
        }
    }

    /// A method that many implement: what those do that are not followed into this function is reached over the call.
    fn call_further(&mut self, name: &Name, place: &CallPlace) {
        let receiver = place.receiver.as_ref().map(|r| self.opened_object(&r.kind)).unwrap_or_default();
        let Kind::Object(object) = &receiver else { return };
        if object.exact {
            return;
        }
        for function in self.program.further_implementations(object.class, name) {
            let class = self.program.function(function).class.map(|class| ClassRef { module: function.module, class });
            let Some(class) = class else { continue };
            let own = Kind::Object(Rc::new(Object { class, exact: false, args: Rc::default(), site: object.site }));
            let method = FunctionValue::of(function, Some(own));
            self.leave_below(&Rc::default(), Some(Rc::new(method)), true, place, &[]);
        }
    }

    fn callee(&mut self, expr: ExprId, callee: ExprId) -> (Value, CallPlace) {
        let facts = self.facts;
        let site = self.site(facts.expr(expr).span);
        let mut place = CallPlace { site, receiver: None, receiver_path: None, receiver_name: Name::default(), written: true };
        let ExprKind::Attr { base, name } = &facts.expr(callee).kind else { return (self.eval(callee), place) };
        if let Some(method) = self.super_method(*base, name) {
            place.receiver = Some(Value::of(self.receiver.clone()));
            place.receiver_path = self.receiver_name.clone();
            return (method, place);
        }
        let changes = self.rust && self.fx.changing.contains(name);
        let holder = if changes { self.eval_place(*base) } else { self.eval(*base) };
        let holder = self.called_on(holder, name, site);
        place.receiver_path = self.path(*base);
        place.receiver_name = crate::link::last_name(facts, *base).cloned().unwrap_or_default();
        let value = self.attribute(holder.clone(), *base, name);
        place.receiver = Some(holder);
        (value, place)
    }

    /// `super().method`.
    fn super_method(&self, base: ExprId, name: &Name) -> Option<Value> {
        let ExprKind::Call { callee, .. } = &self.facts.expr(base).kind else { return None };
        if !matches!(&self.facts.expr(*callee).kind, ExprKind::Name(n) if n == "super") {
            return None;
        }
        let class = ClassRef { module: self.at.module, class: self.program.function(self.at).class? };
        // The library's method that runs what this class was put around.
        if name == "__call__"
            && let Some((_, body)) = self.captured.iter().find(|(n, _)| n == super::declare::BODY || n == super::declare::LOCKED_BODY)
        {
            let locked = self.state.held.iter().any(|c| c.lock().is_some());
            let wanted = locked || self.captured.iter().any(|(n, _)| n == super::declare::BODY);
            return wanted.then(|| Value::of(body.clone()));
        }
        let next = self.program.ancestors(class).into_iter().skip(1).find_map(|c| {
            let facts = self.program.facts(c.module);
            let own = self.program.class(c).methods.iter().rev().find(|m| facts.function(**m).name == *name)?;
            Some(crate::link::FunctionRef { module: c.module, function: *own })
        })?;
        let value = FunctionValue {
            function: next,
            receiver: Some(self.receiver.clone()),
            bound: Vec::new(),
            captured: Rc::default(),
            plain: false,
        };
        Some(Value::of(Kind::Function(Rc::new(value))))
    }

    /// The seconds that a call of a time limit names.
    fn timeout_of(&self, callee: &Kind, args: &[Arg]) -> Option<f64> {
        let Kind::External(name) = callee.alternatives().first()? else { return None };
        let found = self.program.knowledge.function(self.program.language(self.at.module), name)?;
        let named: Vec<(Option<Name>, ExprId)> = args.iter().map(|a| (a.name.clone(), a.value)).collect();
        let seconds = crate::link::argument(found.row.seconds.as_deref()?, &named)?;
        self.program.infer(self.at, *seconds).number()
    }

    /// The effect of the row that a callee means, where it is a library's.
    fn callee_effect(&self, callee: &Kind, place: &CallPlace) -> Option<Effect> {
        let language = self.program.language(self.at.module);
        match callee.alternatives().first()? {
            Kind::External(name) => self.program.knowledge.function(language, name).map(|f| f.row.effect),
            Kind::Member(member) => match &member.0 {
                Kind::Library(value) => self.program.knowledge.method(value.ty, &member.1).map(|f| f.row.effect),
                Kind::Unknown => self.program.knowledge.unknown_receiver(language, &place.receiver_name, &member.1).map(|f| f.row.effect),
                _ => None,
            },
            _ => None,
        }
    }

    /// How a callee is called in reports.
    pub fn api_of(&self, callee: &Kind) -> Name {
        match callee {
            Kind::External(name) => name.clone(),
            Kind::Member(member) => match &member.0 {
                Kind::Library(value) => format!("{}.{}", self.program.knowledge.type_name(value.ty), member.1).into(),
                _ => member.1.clone(),
            },
            Kind::Function(value) => self.program.qualified(value.function).into(),
            Kind::OneOf(kinds) => kinds.first().map(|k| self.api_of(k)).unwrap_or_default(),
            _ => Name::default(),
        }
    }

    /// Whether what is done here is done for each of several.
    pub fn in_loop(&self) -> bool {
        self.comprehensions > 0 || self.state.held.iter().any(|c| matches!(c.held, Held::Loop { .. }))
    }

    /// Whether what is spawned here runs beside what was spawned in the turn before: not where the loop waits for it.
    pub fn spawns_several(&self, site: Site) -> bool {
        self.in_loop() && !(self.rust && self.joined == Some(site))
    }

    /// Call a value.
    pub fn call_value(&mut self, callee: &Value, given: &[Given], place: &CallPlace, coroutine: Coroutine) -> Called {
        let mut result: Option<Called> = None;
        // What a table of functions holds, whatever its name for it.
        let kinds = match &callee.kind {
            Kind::Lookup(table) => &table.1,
            kind => kind.alternatives(),
        };
        for kind in kinds {
            let called = self.call_kind(kind, callee, given, place, &coroutine);
            result = Some(match result {
                None => called,
                Some(before) => Called { value: before.value.or(called.value), opened: before.opened.or(called.opened), hollow: None },
            });
        }
        let mut called = result.unwrap_or_default();
        called.value.inferred |= callee.inferred;
        called
    }

    fn call_kind(&mut self, kind: &Kind, callee: &Value, given: &[Given], place: &CallPlace, coroutine: &Coroutine) -> Called {
        match kind {
            Kind::Function(value) => match self.call_made(value, given, place) {
                Some(value) => Called { value, ..Called::default() },
                None => self.call_function(value, given, place, coroutine),
            },
            Kind::Class(class) => Called { value: self.construct(*class, given, place), ..Called::default() },
            Kind::External(name) => Called { value: self.call_external(name, given, place), ..Called::default() },
            Kind::Library(library) => Called { value: self.call_library(library, given, place), ..Called::default() },
            Kind::Object(object) => match self.program.method(object.class, "__call__") {
                Some(function) => {
                    let value = FunctionValue::of(function, Some(kind.clone()));
                    self.call_function(&value, given, place, coroutine)
                }
                None => Called::default(),
            },
            Kind::Gives(value) => {
                let deps = callee.deps.clone().with(&all_deps(given));
                Called { value: Value { kind: (**value).clone(), truth: Truth::Either, ..Value::unknown(deps) }, ..Called::default() }
            }
            Kind::ParameterMember(member) if self.is_rest_of_keywords(member.0) => {
                Called { value: Value::unknown(callee.deps.clone().with(&all_deps(given))), ..Called::default() }
            }
            kind if is_callers(kind) => match self.handed_on(kind) {
                Some(kind) => Called { value: Value { kind, deps: callee.deps.clone(), ..Value::default() }, ..Called::default() },
                None => self.call_later(kind, given, place),
            },
            Kind::Member(member) => {
                let value = self.call_member(&member.0, &member.1, given, place);
                Called { value: self.or_answered(member, value, given, place), ..Called::default() }
            }
            _ => {
                let value = Value { truth: Truth::Either, ..Value::unknown(callee.deps.clone().with(&all_deps(given))) };
                Called { value, ..Called::default() }
            }
        }
    }

    /// Whether a parameter is `**kwargs`: a mapping of the language, whatever the caller gives.
    fn is_rest_of_keywords(&self, index: u8) -> bool {
        let params = &self.program.function(self.at).params;
        params.get(usize::from(index)).is_some_and(|param| param.kind == ParamKind::RestKeywords)
    }

    /// What a method gives that gives what it is called on, where only the caller knows what that is and no type says that it is an
    /// object with methods of its own: `name.strip()` of a name; in Rust `path.into()`, `self.path.clone()`.
    fn handed_on(&self, method: &Kind) -> Option<Kind> {
        let same = |method: &Name| if self.rust { link::is_the_same(method) } else { SAME_TEXT.contains(&method.as_str()) };
        match method {
            Kind::ParameterMember(member) if same(&member.1) => {
                let object = matches!(self.parameter_hint(member.0), Kind::Object(_) | Kind::Library(_));
                (!object).then_some(Kind::Parameter(member.0))
            }
            Kind::Member(member) if self.rust && same(&member.1) && matches!(member.0, Kind::Field(_) | Kind::Captured(_)) => {
                Some(member.0.clone())
            }
            _ => None,
        }
    }

    /// A call whose callee only the caller knows.
    pub fn call_later(&mut self, callee: &Kind, given: &[Given], place: &CallPlace) -> Called {
        let args = given.iter().map(super::answers::kept).collect();
        let mut made_of = all_deps(given);
        if let (Kind::Member(_) | Kind::ParameterMember(_), Some(receiver)) = (callee, &place.receiver) {
            made_of.join(&receiver.deps);
        }
        // What a method gives is made of what it is called on; in Python only where nobody can say which method that is.
        let on = if self.rust { made_of.clone() } else { all_deps(given) };
        let deps = self.push_at(What::CallParameter { callee: callee.clone(), args }, place.site, made_of);
        let kind = match callee {
            // `self.model(**values)`: an instance, where it is a class.
            Kind::Parameter(_) | Kind::Field(_) if !self.rust => match self.opened_object(callee) {
                Kind::Gives(value) => (*value).clone(),
                _ => Kind::Called(Rc::new(callee.clone())),
            },
            _ => Kind::Unknown,
        };
        let answer = self.answer_of(&deps);
        // What it gets may be changed by it: a callback that fills a dictionary.
        Called { value: Value { kind, truth: Truth::Either, answer, ..Value::unknown(deps.with(&on)) }, ..Called::default() }
    }

    fn construct(&mut self, class: ClassRef, given: &[Given], place: &CallPlace) -> Value {
        let args = Rc::new(kinds(given));
        let made = self.program.call_kind(&Kind::Class(class), &args, place.site);
        if let Kind::Object(_) = made
            && let Some(init) = self.program.method(class, "__init__")
        {
            let value = FunctionValue::of(init, Some(made.clone()));
            let receiver_path = Some(super::fields::made_at(place.site));
            let inner = CallPlace { receiver: Some(Value::of(made.clone())), receiver_path, ..place.clone() };
            self.call_function(&value, given, &inner, &Coroutine::Awaited);
        }
        let deps = all_deps(given);
        self.declare_object(class, &made, given, place);
        // What a record is filled with, column by column.
        let columns = self.program.model_row(class).map(|_| given.iter().map(|g| (g.name.clone(), g.value.deps.clone())).collect());
        let apart = match columns {
            None if !self.rust && self.program.method(class, "__init__").is_none() => fields_given(given),
            _ => None,
        };
        Value { kind: made, deps, parts: columns.map(Rc::new), apart, ..Value::default() }
    }

    pub fn touch_path(&mut self, path: &Name, deps: &Deps) {
        if let Some(value) = self.state.vars.get_mut(path) {
            value.taint(deps);
        }
        if let Some(field) = self.own_field_at(path) {
            let value = self.state.vars.entry(path.clone()).or_insert_with(|| Value::unknown(Deps::one(Dep::Field(Column::named(&field)))));
            value.taint(deps);
            let value = value.clone();
            self.set_field(&field, value);
        }
    }

    /// Call a function of the project.
    pub fn call_function(&mut self, value: &FunctionValue, given: &[Given], place: &CallPlace, coroutine: &Coroutine) -> Called {
        if let Some(value) = self.coordinated(value, given, place) {
            return Called { value, ..Called::default() };
        }
        self.note_run(value, place);
        let function = self.program.function(value.function);
        let beside = function.is_async && !function.is_generator && *coroutine == Coroutine::Loose && !self.at_module() && !self.rust;
        if self.rust && self.fx.is_open(value) {
            self.leave_below(&Rc::default(), Some(Rc::new(value.clone())), true, place, &[]);
        }
        let binding = self.binding(value, given, place);
        let summary = self.fx.summary_of(value);
        let flags = self.flags_given(summary.parted, &binding.params);
        let summary = self.fx.for_flags(value, &summary, flags).unwrap_or(summary);
        let summary = self.fx.with_given(&summary, &binding.params);
        if beside {
            let held = Held::Spawned { api: "coroutine".into(), many: self.in_loop(), waits: false };
            self.state.held.push(Context { token: token(place.site, 4), held, site: place.site, function: self.at });
        }
        let first = self.summary.items.len();
        let mut called = self.import(&summary, value, binding, place);
        // A method that takes `&mut self`, called on what a guard gives access to.
        if function.changes_receiver
            && let Some(through) = place.receiver.as_ref().and_then(|r| self.reached_through(r))
        {
            self.changed_by_itself(&through, place.site);
        }
        if let Some(seen) = self.out_of_sight(value, given, place, (&summary, first)) {
            called.value = called.value.depending(&seen.deps);
        }
        if beside {
            self.state.held.retain(|c| c.token != token(place.site, 4));
        }
        called
    }

    fn binding(&self, value: &FunctionValue, given: &[Given], place: &CallPlace) -> Binding<'p, 'k> {
        let function = self.program.function(value.function);
        let mut params: Vec<Value> = Vec::with_capacity(function.params.len());
        let bound_given: Vec<Given> =
            value.bound.iter().map(|(n, k)| Given { name: n.clone(), value: Value::of(k.clone()), expr: None, spread: 0 }).collect();
        let all: Vec<&Given> = bound_given.iter().chain(given).collect();
        let positional: Vec<&&Given> = all.iter().filter(|g| g.name.is_none() && g.spread == 0).collect();
        let rest = all.iter().find(|g| g.spread == 1);
        // What is left out is left out.
        let told = place.written && all.iter().all(|g| g.spread == 0);
        let mut next = 0;
        for (index, parameter) in function.params.iter().enumerate() {
            if index == 0 && value.receiver.is_some() && self.program.takes_receiver(value.function) {
                let mut deps = place.receiver.as_ref().map(|r| r.deps.clone()).unwrap_or_default();
                if self.rust {
                    // What holds a map that was looked into is not made of what was found there.
                    deps = deps.iter().filter(|dep| !self.is_of_memory(dep)).copied().collect();
                }
                if self.rust && place.receiver_path.is_some() && place.receiver_path == self.receiver_name {
                    deps.join(&Deps::one(Dep::Parameter(0, Column::WHOLE)));
                }
                params.push(Value { kind: value.receiver.clone().unwrap_or_default(), deps, ..Value::default() });
                continue;
            }
            let named = all.iter().find(|g| g.name.as_ref() == Some(&parameter.name));
            let given = match (named, parameter.kind) {
                (Some(named), _) => Some(named.value.clone()),
                (None, ParamKind::Plain) => {
                    let found = positional.get(next).map(|g| g.value.clone());
                    next += 1;
                    // `f(*args)` inside a wrapper: the wrapper's own parameters go through by position.
                    found.or_else(|| rest.map(|r| passed_on(&r.value, next - 1 - positional.len())))
                }
                (None, ParamKind::Rest) => Some(match rest {
                    Some(rest) if positional.len() <= next => rest.value.clone(),
                    _ => {
                        let deps = positional.iter().skip(next).fold(Deps::default(), |d, g| d.with(&g.value.deps));
                        let parts = positional.iter().skip(next).map(|g| (None, g.value.deps.clone())).collect();
                        Value {
                            kind: Kind::List(Rc::new(positional.iter().skip(next).map(|g| g.value.kind.clone()).collect())),
                            parts: super::eval::told_apart(parts, &deps),
                            deps,
                            ..Value::default()
                        }
                    }
                }),
                (None, ParamKind::RestKeywords) => Some(rest_of_keywords(&all, &function.params)),
                _ => None,
            };
            params.push(
                given.unwrap_or_else(|| Value { literal: told && self.is_literal_default(value, index), ..self.default_of(value, index) }),
            );
        }
        let read = place.receiver.as_ref().filter(|_| self.rust).map(|r| r.deps.iter().filter(|d| self.in_memory(d)).cloned().collect());
        let own_receiver = place.receiver_path.is_some() && place.receiver_path == self.receiver_name;
        let fields = self.fields_of(value.receiver.as_ref(), place.receiver_path.as_ref());
        Binding {
            program: self.program,
            rust: self.rust && self.program.is_rust(value.function.module),
            names: function.params.iter().map(|p| p.name.clone()).collect(),
            params,
            receiver: value.receiver.clone().unwrap_or_default(),
            own_receiver,
            captured: value.captured.clone(),
            variables: self.variables_of(value.function),
            receiver_read: read.unwrap_or_default(),
            receiver_rows: self.rows_of(place),
            fields,
            items: Vec::new(),
            answers: FxHashMap::default(),
            depth: std::cell::Cell::new(0),
            token: mix(token(place.site, 5), self.summary.items.len() as u64),
        }
    }

    /// The rows that what a method is called on is, or in Rust was made of.
    fn rows_of(&self, place: &CallPlace) -> Deps {
        let Some(receiver) = &place.receiver else { return Deps::default() };
        // An object of a class of the project that was made of what a file holds: each field may be.
        let plain = |kind: &Kind| matches!(kind, Kind::Object(object) if self.program.model_row(object.class).is_none());
        match self.rust {
            true => receiver.deps.iter().filter(|dep| self.is_row(dep) || self.is_document(dep)).copied().collect(),
            false if receiver.kind.alternatives().iter().all(plain) => {
                receiver.deps.iter().filter(|dep| self.is_document(dep)).copied().collect()
            }
            false => self.row_read(receiver),
        }
    }

    /// What the variables of this function depend on that a closure made in it names.
    fn variables_of(&self, closure: crate::link::FunctionRef) -> Vec<(Column, Deps)> {
        let made_here = closure.module == self.at.module && self.program.function(closure).parent == Some(self.at.function);
        if !made_here || self.at_module() {
            return Vec::new();
        }
        let names = self.program.names_used(closure);
        let read = |name: &Name| match self.state.vars.get(name) {
            Some(value) => value.deps.clone(),
            None => self.captured_variable(name),
        };
        let all = names.iter().map(|name| (Column::named(name), read(name)));
        all.filter(|(_, deps)| !deps.is_empty()).collect()
    }

    /// Whether the default of a parameter stands there as it is.
    fn is_literal_default(&self, value: &FunctionValue, index: usize) -> bool {
        let default = self.program.function(value.function).params[index].default;
        let kind = default.map(|d| &self.program.facts(value.function.module).expr(d).kind);
        !self.from_outside && matches!(kind, Some(ExprKind::Null | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Str(_)))
    }

    /// The value of a parameter that is not given.
    fn default_of(&self, value: &FunctionValue, index: usize) -> Value {
        if self.from_outside {
            let hint = self.program.parameter(value.function, index as u32);
            if hint != Kind::Unknown {
                return Value::of(hint);
            }
            let name = self.program.function(value.function).params[index].name.clone();
            return Value::of(Kind::Text(Rc::new(Template::hole(Hole::Named(name)))));
        }
        if let Some(number) = self.program.default_number(value.function, index as u32) {
            return Value::of(Kind::Lookup(Rc::new((number, Vec::new()))));
        }
        let function = self.program.function(value.function);
        let around = crate::link::FunctionRef { module: value.function.module, function: function.parent.unwrap_or(crate::facts::MODULE) };
        let kind = function.params[index].default.map(|d| self.program.infer(around, d)).unwrap_or_default();
        Value::of(kind)
    }

    /// Make a callee's doings this function's own.
    pub fn import(&mut self, summary: &Rc<Summary>, value: &FunctionValue, mut binding: Binding<'p, 'k>, place: &CallPlace) -> Called {
        let mut counted = self.summary.items.len();
        let mut repeated = FxHashMap::default();
        let mut around: Option<Around> = None;
        let mut deciding: Option<Deciding> = None;
        let mut whole = false;
        for item in &summary.items {
            whole |= self.summary.items.len() >= ITEMS;
            // What is given to be called is only known here: where nothing more is told, that it is called still is.
            if item.kept || whole && !matches!(*item.what, What::CallParameter { .. }) {
                binding.items.push(Deps::default());
                continue;
            }
            // What surrounds and decided one item did the same for its neighbours, most often.
            let (_, held) = around.take_if(|(of, _)| Rc::ptr_eq(of, &item.contexts)).unwrap_or_else(|| {
                let inner = item.contexts.iter().map(|c| binding.context(c));
                (item.contexts.clone(), Rc::new(self.state.held.iter().cloned().chain(inner).collect()))
            });
            around = Some((item.contexts.clone(), held.clone()));
            let control = deciding.get_or_insert_with(|| Deciding::new(self.state.control.clone())).of(&item.control, &binding);
            let mut what = binding.asked(item, binding.what(&item.what));
            if let What::Acquire { lock, explicit, token, again: None, unasked, asked } = &*what
                && item.contexts.iter().all(|c| !matches!(c.held, Held::Spawned { waits: false, .. }))
                && !summary.releases.iter().any(|r| binding.template(r) == lock.name)
                && let Some(since) = self.held_already(lock)
            {
                let again = Some(since);
                what = Rc::new(What::Acquire {
                    lock: lock.clone(),
                    explicit: *explicit,
                    token: *token,
                    again,
                    unasked: *unasked,
                    asked: *asked,
                });
            }
            if self.state.waits_limited {
                what = super::lock::limited(what);
            }
            let chain = Some(self.led_to(place.site, item.chain.clone()));
            if let What::CallParameter { callee, args } = &*what {
                let (held, control) = ((*held).clone(), control.clone());
                let on = binding.deps(&item.data);
                let through = Through { item, chain, held, control, on, hint: receiver_hint(&item.what, &binding.names) };
                let given = self.resume(callee, args, through);
                if given.kind != Kind::Unknown || given.answer.is_some() {
                    let answered = Answered { kind: given.kind, answer: given.answer };
                    binding.answers.insert(binding.items.len() as u32, answered);
                }
                binding.items.push(given.deps);
                // What it locked is held from here on.
                around = None;
                continue;
            }
            if self.gives_back_by_key(&what, place) {
                binding.items.push(Deps::default());
                continue;
            }
            if let Some(channels) = several_channels(&item.what, &binding) {
                for channel in channels {
                    let new = Item {
                        what: Rc::new(channel),
                        contexts: held.clone(),
                        chain: chain.clone(),
                        control: control.clone(),
                        ..item.clone()
                    };
                    self.push_item(new);
                }
                binding.items.push(Deps::default());
                continue;
            }
            for made in self.summary.items.get(counted..).unwrap_or_default() {
                *repeated.entry((made.site, Rc::as_ptr(&made.what))).or_insert(0_u32) += 1;
            }
            counted = self.summary.items.len();
            if repeated.get(&(item.site, Rc::as_ptr(&what))).is_some_and(|times| *times > 3) {
                binding.items.push(Deps::default());
                continue;
            }
            let new = Item {
                what,
                site: item.site,
                function: item.function,
                contexts: held,
                chain,
                data: binding.deps(&item.data),
                control,
                keys: binding.keys(&item.keys),
                inferred: item.inferred.saturating_add(self.seldom()),
                awaits: self.awaits + item.awaits,
                kept: false,
            };
            let deps = self.push_copy(new);
            self.note_set_on_detached(&deps);
            binding.items.push(deps);
        }
        self.awaits += summary.awaits;
        if whole || summary.keeps() {
            self.leave_below(summary, None, whole, place, &binding.params);
        }
        if let Some(caught) = &summary.flushes {
            let caught: Vec<Context> = caught.iter().map(|c| binding.context(c)).collect();
            self.flush(&caught);
        }
        for index in &summary.pending {
            let written = binding.items.get(*index as usize).cloned().unwrap_or_default();
            self.wait_for_flush(&written);
        }
        self.take_over(summary, &binding, place, value.function);
        let callee = value.function;
        let opened: Option<(Vec<Context>, Value)> =
            summary.yields.as_ref().map(|(contexts, value)| (contexts.iter().map(|c| binding.context(c)).collect(), binding.value(value)));
        // What cannot be told from what a generator hands out may stand in its declaration.
        let opened = opened.map(|(contexts, value)| match value.kind {
            Kind::Unknown => (contexts, Value { kind: self.program.entered(&self.program.returned(callee)), ..value }),
            _ => (contexts, value),
        });
        let mut returns = binding.value(&summary.returns);
        if matches!(returns.kind, Kind::Unknown | Kind::Null) {
            returns.kind = self.program.returned(value.function);
            // Of several that other calls give, the caller knows which.
            if returns.answer.is_some() && matches!(returns.kind, Kind::OneOf(_)) {
                returns.kind = Kind::Unknown;
            }
        }
        returns.kind = self.program.or_declared(returns.kind, value.function.module, || self.program.returned(value.function));
        self.made_here(&mut returns, value.function, place.site);
        let hollow = opened.as_ref().filter(|(contexts, _)| contexts.is_empty()).and_then(|_| self.program.hollow(value.function));
        Called { value: returns, opened, hollow }
    }

    /// A call at a place, after those that lead to the code in whose name it is made.
    fn led_to(&self, site: Site, next: Option<Rc<Call>>) -> Rc<Call> {
        let call = Rc::new(Call { function: self.origin_function(), site, next });
        match self.proxy.as_ref().and_then(|(_, chain)| chain.as_ref()) {
            Some(chain) => chain.then(call),
            None => call,
        }
    }

    /// Remember a call whose callee keeps something to itself.
    fn leave_below(&mut self, summary: &Rc<Summary>, later: Option<Rc<FunctionValue>>, whole: bool, place: &CallPlace, params: &[Value]) {
        let tokens = self.state.held.iter().fold(0, |all, c| mix(all, c.token));
        let decided = self.state.control.len() as u64;
        let callee = later.as_ref().map_or(0, |f| mix(u64::from(f.function.module) << 32 | f.function.function.index() as u64, 1));
        if !self.below.insert((Rc::as_ptr(summary), mix(mix(tokens, decided), callee))) {
            return;
        }
        let function = self.origin_function();
        let call = self.led_to(place.site, None);
        // What code in Rust does for each of what it is given is decided by what there was to give.
        let tells = |index: usize, dep: &Dep| match dep {
            Dep::Item(..) => true,
            Dep::Parameter(own, _) => index > 0 || *own > 0 || self.receiver_name.is_none(),
            _ => false,
        };
        let told = self.rust && params.iter().enumerate().any(|(index, p)| p.deps.iter().any(|dep| tells(index, dep)));
        let given = told.then(|| Rc::new(params.iter().map(|p| p.deps.clone()).collect()));
        self.summary.calls.push(Below {
            summary: summary.clone(),
            later,
            function,
            call,
            contexts: Rc::new(self.state.held.clone()),
            control: self.state.control.clone(),
            awaits: self.awaits,
            inferred: self.guessed(),
            whole,
            given,
        });
    }

    /// What outlives the call: fields set, locks left held or released, checks that would have raised.
    fn take_over(&mut self, summary: &Summary, binding: &Binding<'p, 'k>, place: &CallPlace, callee: crate::link::FunctionRef) {
        if let Some(path) = &place.receiver_path {
            self.note_asked_of(path, callee);
        }
        if let Some(path) = &place.receiver_path {
            for (name, value) in &summary.fields {
                let bound = binding.value(value);
                if Some(path) == self.receiver_name.as_ref() {
                    self.set_field(name, bound.clone());
                }
                self.state.vars.insert(compact_str::format_compact!("{path}.{name}"), bound);
            }
        }
        self.state.waits_limited |= summary.limits_waits;
        if !summary.refuses.is_empty() {
            self.summary.refuses.extend(binding.control(&summary.refuses));
        }
        let raises = binding.control(&summary.raises_on);
        self.state.decide(&raises);
        for name in &summary.releases {
            let name = binding.template(name);
            self.note_returned(&name, place.site);
            self.state.release(&name);
        }
        let own = !summary.leaves.is_empty() && place.receiver.as_ref().is_some_and(|r| self.is_own_object(&r.kind));
        for context in &summary.leaves {
            let bound = binding.context(context);
            if let Some(lock) = bound.lock() {
                let holder = place.receiver_path.clone().map(|path| (path, callee));
                self.note_taken(bound.token, lock, place.site, own, holder);
            }
            self.state.held.push(bound);
        }
    }

    /// The function in whose name items are made: the walked one, or that whose caller-given call is resumed.
    pub fn origin_function(&self) -> crate::link::FunctionRef {
        self.proxy.as_ref().map_or(self.at, |p| p.0)
    }

    /// Add an item at a place that may lie in another function.
    pub fn push_at(&mut self, what: What, site: Site, data: Deps) -> Deps {
        let (function, chain) = self.proxy.clone().unwrap_or((self.at, None));
        // Neighbours share what surrounds and decided them, and so will all that is made of them.
        let before = self.summary.items.last();
        let contexts = before.map(|i| &i.contexts).filter(|c| ***c == self.state.held);
        let contexts = contexts.cloned().unwrap_or_else(|| Rc::new(self.state.held.clone()));
        let control = before.map(|i| &i.control).filter(|c| **c == self.state.control).unwrap_or(&self.state.control).clone();
        let item = Item {
            what: Rc::new(what),
            site,
            function,
            contexts,
            chain,
            data,
            control,
            keys: None,
            inferred: self.guessed(),
            awaits: self.awaits,
            kept: false,
        };
        self.push_item(item)
    }

    /// Call a method of a value by name, without arguments.
    pub fn call_method(&mut self, receiver: &Value, name: &str, site: Site) -> Value {
        let place =
            CallPlace { site, receiver: Some(receiver.clone()), receiver_path: None, receiver_name: Name::default(), written: true };
        let callee = Value::of(self.program.member(&receiver.kind, name));
        if matches!(&callee.kind, Kind::Member(m) if !matches!(m.0, Kind::Library(_) | Kind::Object(_))) {
            return Value::default();
        }
        self.call_value(&callee, &[], &place, Coroutine::Awaited).value
    }
}

/// The contexts of an item, and what they are here.
type Around = (Rc<Vec<Context>>, Rc<Vec<Context>>);

/// `subscribe(*channels)` called with several: one event each.
fn several_channels(what: &What, binding: &Binding) -> Option<Vec<What>> {
    let What::Event { effect, channel, local, api } = what else { return None };
    let [Part::Hole(Hole::Parameter(index))] = channel.parts.as_slice() else { return None };
    let Kind::List(items) = &binding.params.get(usize::from(*index))?.kind else { return None };
    let each = |k: &Kind| What::Event { effect: *effect, channel: k.template(""), local: *local, api: api.clone() };
    (items.len() > 1).then(|| items.iter().map(each).collect())
}

/// What a wrapper's `*args` gives at a position.
fn passed_on(rest: &Value, offset: usize) -> Value {
    match rest.kind {
        Kind::Parameter(index) => {
            let index = index.saturating_add(offset.min(255) as u8);
            Value { kind: Kind::Parameter(index), deps: Deps::one(Dep::Parameter(index, Column::WHOLE)), ..Value::default() }
        }
        _ => Value::unknown(rest.deps.clone()),
    }
}

/// Everything that the arguments depend on.
pub(super) fn all_deps(given: &[Given]) -> Deps {
    given.iter().fold(Deps::default(), |deps, g| deps.with(&g.value.deps))
}

/// The arguments' kinds, for look-ups that do not ask on what they depend.
pub(super) fn kinds(given: &[Given]) -> Vec<(Option<Name>, Kind)> {
    given.iter().filter(|g| g.spread == 0).map(|g| (g.name.clone(), g.value.kind.clone())).collect()
}

/// A record with what each of its fields was filled with, where its class has no say in it.
fn fields_given(given: &[Given]) -> Option<Rc<Apart>> {
    let named = given.iter().filter_map(|g| Some((Column::named(g.name.as_ref()?), g.value.deps.clone())));
    let fields: Vec<(Column, Deps)> = named.collect();
    let rest = given.iter().filter(|g| g.name.is_none()).fold(Deps::default(), |all, g| all.with(&g.value.deps));
    (!fields.is_empty()).then(|| Rc::new(Apart { own: rest, fields }))
}

/// What `**kwargs` is given: a mapping of the names that no other parameter takes, where all of them stand there.
fn rest_of_keywords(given: &[&Given], params: &[Param]) -> Value {
    let named: Vec<&Given> = given.iter().copied().filter(|g| g.name.is_some() || g.spread == 2).collect();
    let rest = || named.iter().filter(|g| params.iter().all(|p| Some(&p.name) != g.name.as_ref()));
    if named.iter().any(|g| g.spread == 2) {
        return Value::unknown(named.iter().fold(Deps::default(), |deps, g| deps.with(&g.value.deps)));
    }
    let deps = rest().fold(Deps::default(), |deps, g| deps.with(&g.value.deps));
    let parts = rest().map(|g| (g.name.clone(), g.value.deps.clone())).collect();
    let entry = |g: &&Given| Some((Kind::text(g.name.clone()?), g.value.kind.clone()));
    let kind = Kind::Map(Rc::new(rest().copied().filter_map(|g| entry(&g)).collect()));
    Value { kind, parts: super::eval::told_apart(parts, &deps), deps, ..Value::default() }
}
