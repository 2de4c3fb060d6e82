//! Filling in, at a call, what a summary left open: parameters, fields of the receiver, items of the callee.

use super::context::{Context, Held, mix};
use super::fixed::{self, Fixed};
use super::item::{Access, Check, Declaration, Item, Later, What};
use super::keys::Keys;
use super::state::add_new;
use super::value::{Apart, Column, Dep, Deps, Parts, Selected, Value};
use crate::facts::{ANY_ATTRIBUTE, Name};
use crate::link::{FunctionValue, Hole, Kind, LockUse, Owner, Part, Program, Template, Ttl};
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::rc::Rc;

/// What a call gives its callee.
pub(super) struct Binding<'a, 'k> {
    pub program: &'a Program<'k>,
    /// The callee is Rust.
    pub rust: bool,
    /// Arguments by the callee's parameter index, the receiver first where there is one.
    pub params: Vec<Value>,
    /// Names of the callee's parameters, as hints in patterns.
    pub names: Vec<Name>,
    /// The receiver, for fields that depend on how it was made.
    pub receiver: Kind,
    /// The receiver is the caller's own receiver: its fields stay open.
    pub own_receiver: bool,
    /// What the callee captured, where it is a closure.
    pub captured: Rc<Vec<(Name, Kind)>>,
    /// What the variables that it captured depend on here, where it was made here.
    pub variables: Vec<(Column, Deps)>,
    /// The caller's items that the receiver itself depends on.
    pub receiver_read: Deps,
    /// The rows that the receiver is, or in Rust was made of: its fields are their columns.
    pub receiver_rows: Deps,
    /// What the receiver's fields depend on in the caller.
    pub fields: Vec<(Column, Deps)>,
    /// The caller's items that the callee's became.
    pub items: Vec<Deps>,
    /// What the callee's caller-given calls gave, by its items.
    pub answers: FxHashMap<u32, Answered>,
    /// Distinguishes this call's contexts from those of other calls.
    pub token: u64,
    /// How deep the value being filled in is nested.
    pub depth: Cell<u8>,
}

/// What a caller-given call gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Answered {
    /// What it is.
    pub kind: Kind,
    /// The item whose call gives it, where only the next caller knows.
    pub answer: Option<u32>,
}

/// How deep values are filled in.
const DEPTH: u8 = 8;

impl Binding<'_, '_> {
    pub fn deps(&self, deps: &Deps) -> Deps {
        let mut all = deps.iter();
        match (all.next(), all.next()) {
            (None, _) => Deps::default(),
            (Some(only), None) => self.dep(only),
            _ => deps.iter().flat_map(|dep| self.dep(dep).iter().copied().collect::<Vec<_>>()).collect(),
        }
    }

    /// What one dependency becomes.
    pub fn dep(&self, dep: &Dep) -> Deps {
        match dep {
            Dep::Item(index, part) => match self.items.get(*index as usize) {
                Some(deps) if *part == Column::WHOLE => deps.clone(),
                Some(deps) => deps.selected(Selected::Member(*part)),
                None => Deps::default(),
            },
            Dep::Parameter(index, part) => match self.params.get(usize::from(*index)) {
                Some(value) if *part == Column::WHOLE => value.deps.clone(),
                Some(value) => {
                    let selected = match &value.kind {
                        // In Rust what is read is handed on as a struct whose fields are called like the columns.
                        Kind::Object(object) if !self.rust && self.program.model_row(object.class).is_none() => Selected::Field(*part),
                        _ => Selected::Member(*part),
                    };
                    match value.field(*part) {
                        Some((own, set)) => own.selected(selected).with(&set),
                        None => value.deps.selected(selected),
                    }
                }
                None => Deps::default(),
            },
            Dep::Field(name) => match self.fields.iter().find(|(n, _)| n == name) {
                Some((_, deps)) => deps.clone(),
                None if self.own_receiver => Deps::one(*dep),
                // A field of what was read is read.
                None => self.receiver_read.clone().with(&self.receiver_rows.selected(Selected::Member(*name))),
            },
            Dep::Captured(name, part) => match self.variables.iter().find(|(n, _)| n == name) {
                Some((_, deps)) if *part == Column::WHOLE => deps.clone(),
                Some((_, deps)) => deps.selected(Selected::Member(*part)),
                None => Deps::default(),
            },
            Dep::Is(index, question) => match self.params.get(usize::from(*index)) {
                Some(Value { kind: Kind::Parameter(own), literal: true, .. }) => Deps::one(Dep::Is(*own, *question)),
                _ => Deps::default(),
            },
            Dep::Fresh => Deps::one(Dep::Fresh),
        }
    }

    pub fn keys(&self, keys: &Keys) -> Keys {
        keys.as_ref().map(|keys| Rc::new(keys.iter().map(|(name, deps)| (name.clone(), self.deps(deps))).collect()))
    }

    /// An access of an item with the columns that this call asks for by a state that stands in the code: `pick(session, "new")`.
    pub fn asked(&self, item: &Item, what: Rc<What>) -> Rc<What> {
        let (Some(keys), What::Access(access)) = (&item.keys, &*what) else { return what };
        if access.kind != "table" || !access.operation.is_read() {
            return what;
        }
        let given = |deps: &Deps| match deps.iter().collect::<Vec<_>>()[..] {
            [Dep::Parameter(index, Column::WHOLE)] => self.params.get(usize::from(*index)),
            _ => None,
        };
        let named = |deps: &Deps| fixed::constant(&given(deps)?.kind).filter(|to| matches!(to, Fixed::Constant(_)));
        let new = |name: &Name| *name != super::keys::PRIMARY && !access.keys.contains(name);
        let asked = keys.iter().filter(|(name, _)| new(name)).filter_map(|(name, deps)| Some((name.clone(), named(deps)?)));
        let Some(states) = fixed::all(asked) else { return what };
        let mut access = access.clone();
        access.states = Some(states);
        Rc::new(What::Access(access))
    }

    pub fn control(&self, control: &[(Dep, Check)]) -> Vec<(Dep, Check)> {
        let mut all = Vec::new();
        for (dep, check) in control {
            all.extend(self.dep(dep).iter().map(|dep| (*dep, *check)));
        }
        let mut bound = Vec::new();
        add_new(&mut bound, &all);
        bound
    }

    pub fn template(&self, template: &Template) -> Template {
        if !template.is_open() {
            return template.clone();
        }
        let mut bound = Template::default();
        for part in &template.parts {
            match part {
                Part::Hole(Hole::Parameter(index)) => {
                    let name = self.names.get(usize::from(*index)).map_or("", Name::as_str);
                    match self.params.get(usize::from(*index)) {
                        Some(value) => bound.extend(&value.kind.template(name)),
                        None => bound.push(Part::Hole(Hole::Named(name.into()))),
                    }
                }
                Part::Hole(Hole::Field(name)) => match self.field(name) {
                    Kind::Field(name) => bound.push(Part::Hole(Hole::Field(name))),
                    kind => bound.extend(&kind.template(name)),
                },
                Part::Hole(Hole::Captured(name)) => bound.extend(&self.captured(name).template(name)),
                part => bound.push(part.clone()),
            }
        }
        bound
    }

    fn field(&self, name: &Name) -> Kind {
        if self.own_receiver {
            return Kind::Field(name.clone());
        }
        match &self.receiver {
            Kind::Object(object) => self.program.field_of(object, name),
            _ => Kind::Unknown,
        }
    }

    /// What a closure captured under a name, as whoever made it knows it.
    fn captured(&self, name: &Name) -> Kind {
        self.captured.iter().find(|(n, _)| n == name).map(|(_, kind)| kind.clone()).unwrap_or_default()
    }

    pub fn kind(&self, kind: &Kind) -> Kind {
        // Objects made of objects, closures of closures: what lies deep is not worth its cost.
        if self.depth.get() >= DEPTH {
            return Kind::Unknown;
        }
        self.depth.set(self.depth.get() + 1);
        let bound = self.kind_below(kind);
        self.depth.set(self.depth.get() - 1);
        bound
    }

    fn kind_below(&self, kind: &Kind) -> Kind {
        match kind {
            Kind::Parameter(index) => self.params.get(usize::from(*index)).map(|v| v.kind.clone()).unwrap_or_default(),
            Kind::Field(name) => self.field(name),
            Kind::Captured(name) => self.captured(name),
            Kind::Called(callee) => match self.kind(callee) {
                callee if is_callers(&callee) => Kind::Called(Rc::new(callee)),
                callee => self.program.result_of(&callee),
            },
            Kind::ParameterMember(member) => {
                let base = self.params.get(usize::from(member.0)).map(|v| v.kind.clone()).unwrap_or_default();
                match base {
                    Kind::Parameter(index) => Kind::ParameterMember(Rc::new((index, member.1.clone()))),
                    base => self.program.member(&base, &member.1),
                }
            }
            Kind::Answer(item) => match self.answers.get(item) {
                Some(Answered { kind: Kind::Unknown | Kind::Null, answer: Some(item) }) => Kind::Answer(*item),
                given => given.map(|given| given.kind.clone()).unwrap_or_default(),
            },
            Kind::Member(member) => {
                let base = self.kind(&member.0);
                if base == member.0 { kind.clone() } else { self.program.member(&base, &member.1) }
            }
            Kind::Text(template) if template.is_open() => Kind::Text(Rc::new(self.template(template))),
            Kind::List(items) if items.iter().any(is_open) => Kind::List(Rc::new(items.iter().map(|i| self.kind(i)).collect())),
            Kind::Map(entries) if entries.iter().any(|(k, v)| is_open(k) || is_open(v)) => {
                Kind::Map(Rc::new(entries.iter().map(|(k, v)| (self.kind(k), self.kind(v))).collect()))
            }
            Kind::OneOf(kinds) => kinds.iter().map(|k| self.kind(k)).fold(Kind::Unknown, Kind::or),
            Kind::Function(value) if value_is_open(value) => {
                let mut value = (**value).clone();
                value.receiver = value.receiver.as_ref().map(|r| self.kind(r));
                value.bound = value.bound.iter().map(|(n, k)| (n.clone(), self.kind(k))).collect();
                value.captured = Rc::new(value.captured.iter().map(|(n, k)| (n.clone(), self.kind(k))).collect());
                Kind::Function(Rc::new(value))
            }
            Kind::Library(value) if library_is_open(value) => {
                let mut value = (**value).clone();
                value.identity = value.identity.as_ref().map(|t| self.template(t));
                value.instance = value.instance.as_ref().map(|t| self.template(t));
                value.args = Rc::new(value.args.iter().map(|(n, k)| (n.clone(), self.kind(k))).collect());
                value.subject = match self.kind(&value.subject) {
                    Kind::List(items) => items.first().cloned().unwrap_or_default(),
                    subject => subject,
                };
                value.given = self.kind(&value.given);
                value.lock = value.lock.as_ref().map(|l| self.lock(l));
                Kind::Library(Rc::new(value))
            }
            Kind::Object(object) if object.args.iter().any(|(_, k)| is_open(k)) => {
                let mut object = (**object).clone();
                object.args = Rc::new(object.args.iter().map(|(n, k)| (n.clone(), self.kind(k))).collect());
                Kind::Object(Rc::new(object))
            }
            other => other.clone(),
        }
    }

    pub fn value(&self, value: &Value) -> Value {
        let answer = value.answer.and_then(|item| self.answers.get(&item));
        let told = |kind: &&Kind| !matches!(kind, Kind::Unknown | Kind::Null);
        let kind = match &value.kind {
            Kind::Unknown | Kind::Null | Kind::Called(_) => answer.map(|given| &given.kind).filter(told).cloned(),
            _ => None,
        };
        Value {
            kind: kind.unwrap_or_else(|| self.kind(&value.kind)),
            deps: self.deps(&value.deps),
            inferred: value.inferred,
            // A function may end without returning it.
            literal: false,
            sorted: value.sorted,
            compared: value.compared,
            truth: value.truth,
            through: None,
            answer: answer.and_then(|given| given.answer),
            parts: self.parts(value),
            apart: value.apart.as_ref().map(|apart| Rc::new(self.apart(apart))),
        }
    }

    fn apart(&self, apart: &Apart) -> Apart {
        let fields = apart.fields.iter().map(|(field, deps)| (*field, self.deps(deps)));
        Apart { own: self.deps(&apart.own), fields: fields.collect() }
    }

    /// What the elements depend on here: of a list that is passed on, those of what was given.
    fn parts(&self, value: &Value) -> Parts {
        if let Kind::Parameter(index) = &value.kind {
            let only = matches!(value.deps.iter().collect::<Vec<_>>()[..], [Dep::Parameter(i, _)] if i == index);
            return self.params.get(usize::from(*index)).filter(|_| only).and_then(|given| given.parts.clone());
        }
        let parts = value.parts.as_ref()?;
        Some(Rc::new(parts.iter().map(|(key, deps)| (key.clone(), self.deps(deps))).collect()))
    }

    pub fn context(&self, context: &Context) -> Context {
        let held = match &context.held {
            Held::Lock(lock) => Held::Lock(self.lock(lock)),
            Held::Rows(table) => Held::Rows(self.template(table)),
            Held::Transaction { isolation, of_caller: Some(index) } => {
                let given = self.params.get(usize::from(*index)).map(|value| &value.kind);
                let set = given.and_then(|kind| self.program.isolation_of(&self.program.library_of(kind)?));
                let of_caller = match given {
                    Some(Kind::Parameter(index)) if set.is_none() => Some(*index),
                    _ => None,
                };
                Held::Transaction { isolation: set.or_else(|| isolation.clone()), of_caller }
            }
            held => held.clone(),
        };
        Context { token: mix(context.token, self.token), held, site: context.site, function: context.function }
    }

    pub fn lock(&self, lock: &Rc<LockUse>) -> Rc<LockUse> {
        let open_owner = lock.owner == Owner::Receiver && !self.own_receiver;
        if !lock_is_open(lock) {
            return lock.clone();
        }
        let mut bound = (**lock).clone();
        if open_owner {
            bound.owner = match &self.receiver {
                Kind::Object(object) => object.site.map_or(Owner::Unknown, |made| self.program.owner_of(made)),
                _ => Owner::Unknown,
            };
        }
        bound.name = self.template(&lock.name);
        if let Ttl::After(kind, unit) = &lock.ttl {
            bound.ttl = match self.kind(kind) {
                Kind::Null | Kind::Int(0) => Ttl::Never,
                kind => Ttl::After(kind, *unit),
            };
        }
        Rc::new(bound)
    }

    pub fn what(&self, what: &Rc<What>) -> Rc<What> {
        match &**what {
            What::Access(access) if access_is_open(access) => {
                let mut access = access.clone();
                access.name = access.name.as_ref().map(|t| self.template(t));
                access.instance = access.instance.as_ref().map(|t| self.template(t));
                access.claim = access.claim.as_ref().map(|lock| self.lock(lock));
                self.added(&mut access);
                self.anew(&mut access);
                self.fixed(&mut access);
                self.given(&mut access);
                self.later(&mut access);
                Rc::new(What::Access(access))
            }
            What::Acquire { lock, explicit, token, again, unasked, asked } => Rc::new(What::Acquire {
                lock: self.lock(lock),
                explicit: *explicit,
                token: mix(*token, self.token),
                again: *again,
                unasked: *unasked,
                asked: *asked,
            }),
            What::Renew { name } if name.is_open() => Rc::new(What::Renew { name: self.template(name) }),
            What::Release { name, owner_checked, undoes } if name.is_open() => {
                Rc::new(What::Release { name: self.template(name), owner_checked: *owner_checked, undoes: *undoes })
            }
            What::Leak { lock, way } if lock_is_open(lock) => Rc::new(What::Leak { lock: self.lock(lock), way: *way }),
            What::Event { effect, channel, local, api } if channel.is_open() => {
                Rc::new(What::Event { effect: *effect, channel: self.template(channel), local: *local, api: api.clone() })
            }
            What::Control { effect, name: Some(name), abrupt, own, api } if name.is_open() => {
                Rc::new(What::Control { effect: *effect, name: Some(self.template(name)), abrupt: *abrupt, own: *own, api: api.clone() })
            }
            What::Declare(declaration) if declaration_is_open(declaration) => Rc::new(What::Declare(self.declaration(declaration))),
            What::CallParameter { callee, args } => Rc::new(What::CallParameter {
                callee: self.kind(callee),
                args: args.iter().map(|(n, v)| (n.clone(), self.value(v))).collect(),
            }),
            _ => what.clone(),
        }
    }

    /// What a callee adds was made by the caller, or loaded: then its row is there already.
    fn added(&self, access: &mut Access) {
        let Some(given) = access.added.take().and_then(|index| self.params.get(usize::from(index))) else { return };
        match &given.kind {
            Kind::Parameter(index) => access.added = Some(*index),
            kind => {
                let made = |k: &Kind| matches!(k, Kind::Object(object) if object.site.is_some());
                let loaded = given.deps.iter().any(|d| d.item().is_some());
                access.private |= loaded && !kind.alternatives().iter().any(made);
            }
        }
    }

    /// Of the columns that a record is added with, those whose value the caller has made anew.
    fn anew(&self, access: &mut Access) {
        let Some(columns) = access.anew.take() else { return };
        let bound = |(name, given): &(Name, Option<u8>)| match given.map(|index| self.params.get(usize::from(index))) {
            None => Some((name.clone(), None)),
            Some(Some(Value { kind: Kind::Parameter(own), .. })) => Some((name.clone(), Some(*own))),
            Some(Some(value)) if value.deps.is_made_anew() => Some((name.clone(), None)),
            Some(_) => None,
        };
        let left: Vec<(Name, Option<u8>)> = columns.iter().filter_map(bound).collect();
        access.anew = (!left.is_empty()).then(|| Rc::new(left));
    }

    /// Of the columns that are set to what a caller gives, those to which this one gives what stands in the code.
    fn fixed(&self, access: &mut Access) {
        let Some(all) = access.fixed.take() else { return };
        let bound = |(column, to): &(Name, Fixed)| match to {
            Fixed::Given(index) => Some((column.clone(), fixed::of_value(column, self.params.get(usize::from(*index))?)?)),
            known => Some((column.clone(), known.clone())),
        };
        access.fixed = fixed::all(all.iter().filter_map(bound));
    }

    /// The fields that a mapping given by the caller sets.
    fn given(&self, access: &mut Access) {
        let Some(given) = access.given.take().and_then(|index| self.params.get(usize::from(index))) else { return };
        match &given.kind {
            Kind::Parameter(index) => access.given = Some(*index),
            Kind::Map(_) => {
                access.columns.retain(|column| column != ANY_ATTRIBUTE);
                access.set_to(super::built::set(None, &given.kind));
            }
            // Nobody knows which: it may set any of them.
            _ => access.columns.retain(|column| column == ANY_ATTRIBUTE),
        }
    }

    /// Whether what the caller gives makes it a call that merely asks.
    fn later(&self, access: &mut Access) {
        let Some(later) = access.later.take() else { return };
        let bound: Vec<Later> = later.iter().map(|l| Later { value: self.kind(&l.value), ..l.clone() }).collect();
        if bound.iter().any(|l| self.program.fits(&l.value, l.is.as_deref(), &l.contains)) {
            access.idempotent = Some((true, "asks"));
            return;
        }
        let open: Vec<Later> = bound.into_iter().filter(|l| is_open(&l.value)).collect();
        access.later = (!open.is_empty()).then(|| Rc::new(open));
    }

    fn declaration(&self, declaration: &Declaration) -> Declaration {
        let all = |kinds: &[Kind]| kinds.iter().map(|k| self.kind(k)).collect();
        Declaration {
            names: all(&declaration.names),
            config: declaration.config.as_ref().map(|k| self.kind(k)),
            entries: all(&declaration.entries),
            members: all(&declaration.members),
            subject: self.kind(&declaration.subject),
            state_key: self.kind(&declaration.state_key),
            prompts: declaration.prompts.iter().map(|(k, s)| (self.kind(k), *s)).collect(),
            ..declaration.clone()
        }
    }
}

/// Whether a caller can still fill in anything of a declaration.
pub(super) fn declaration_is_open(declaration: &Declaration) -> bool {
    let Declaration { names, config, entries, members, subject, state_key, prompts, .. } = declaration;
    let all = names.iter().chain(config).chain(entries).chain(members).chain([subject, state_key]);
    all.chain(prompts.iter().map(|(text, _)| text)).any(is_open)
}

fn access_is_open(access: &Access) -> bool {
    let open = |template: &Option<Template>| template.as_ref().is_some_and(Template::is_open);
    open(&access.name)
        || open(&access.instance)
        || access.added.is_some()
        || access.given.is_some()
        || access.later.is_some()
        || access.anew.is_some()
        || access.is_fixed_later()
}

fn value_is_open(value: &FunctionValue) -> bool {
    value.receiver.as_ref().is_some_and(is_open)
        || value.bound.iter().any(|(_, k)| is_open(k))
        || value.captured.iter().any(|(_, k)| is_open(k))
}

fn library_is_open(value: &crate::link::LibraryValue) -> bool {
    value.identity.as_ref().is_some_and(Template::is_open)
        || value.instance.as_ref().is_some_and(Template::is_open)
        || value.args.iter().any(|(_, k)| is_open(k))
        || is_open(&value.subject)
        || is_open(&value.given)
        || value.lock.as_ref().is_some_and(|l| lock_is_open(l))
}

/// Whether a caller can still fill in a lock's name or lifetime.
pub(super) fn lock_is_open(lock: &LockUse) -> bool {
    lock.owner == Owner::Receiver || lock.name.is_open() || matches!(&lock.ttl, Ttl::After(kind, _) if is_open(kind))
}

/// Whether only a caller knows what a value is: a parameter, a field that depends on how the object was made, their members.
pub(super) fn is_callers(kind: &Kind) -> bool {
    match kind {
        Kind::Parameter(_) | Kind::ParameterMember(_) | Kind::Field(_) | Kind::Captured(_) | Kind::Answer(_) => true,
        Kind::Member(member) => is_callers(&member.0),
        _ => false,
    }
}

/// Whether a caller can still fill a piece of a value.
pub(super) fn is_open(kind: &Kind) -> bool {
    match kind {
        Kind::Parameter(_) | Kind::ParameterMember(_) | Kind::Field(_) | Kind::Captured(_) | Kind::Called(_) | Kind::Answer(_) => true,
        Kind::Text(template) => template.is_open(),
        Kind::Member(member) => is_open(&member.0),
        Kind::List(items) => items.iter().any(is_open),
        Kind::Map(entries) => entries.iter().any(|(k, v)| is_open(k) || is_open(v)),
        Kind::OneOf(kinds) => kinds.iter().any(is_open),
        Kind::Function(value) => value_is_open(value),
        Kind::Library(value) => library_is_open(value),
        Kind::Object(object) => object.args.iter().any(|(_, k)| is_open(k)),
        _ => false,
    }
}
