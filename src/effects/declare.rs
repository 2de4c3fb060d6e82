//! Declarations of actors, tools, tasks, orchestrators and their relations, from calls, decorators and classes.

use super::call::{CallPlace, Given, kinds};
use super::context::{Context, Held};
use super::item::{Declaration, Item, What};
use super::value::{Deps, Value};
use super::walk::{Walker, summarise};
use super::{Effects, Summary};
use crate::facts::{ExprId, ExprKind, FunctionId, Name};
use crate::knowledge::vocabulary::{BaseKind, BaseRow, Effect, PackLanguage, Row};
use crate::knowledge::{Found, Place, RowId};
use crate::link::{ClassRef, FunctionRef, FunctionValue, Kind, LibraryValue, Object, Source};
use crate::source::Site;
use std::rc::Rc;

/// How many calls below a spawned function it is looked for what it reads and writes back.
const CROWD_DEPTH: u8 = 3;

/// How deep mappings are searched for the key of a session.
const MAPPING_DEPTH: u8 = 3;

/// What decorators speak of: a function, or a class.
struct Decorated {
    value: Kind,
    name: Name,
    site: Site,
    /// Its documentation, which a model may read.
    doc: Option<(Kind, Site)>,
}

impl<'k> Walker<'_, '_, 'k> {
    /// A call that declares.
    pub fn declare(
        &mut self,
        effect: Effect,
        found: &Found<'k>,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        place: &CallPlace,
        result: Value,
    ) -> Value {
        let mut declaration = self.declaration(effect, found.row, receiver, api, given, place.site);
        declaration.subject = match found.row.agent.as_deref().map(|p| self.place_kind(p, receiver, given)) {
            Some(kind) => kind,
            None => result.kind.library().filter(|l| l.site == Some(place.site)).map_or_else(
                || {
                    receiver
                        .map(|r| Kind::Library(r.clone()))
                        .or_else(|| place.receiver.as_ref().map(|r| r.kind.clone()))
                        .unwrap_or_default()
                },
                |made| Kind::Library(made.clone()),
            ),
        };
        // `route("/orders", post(create))`: the handler says which method it answers.
        if declaration.actor == Some(crate::knowledge::vocabulary::ActorKind::Endpoint)
            && let Some(Kind::Text(path)) = declaration.names.first().cloned()
            && let Some(method) = declaration.entries.first().and_then(|e| e.library()).and_then(|l| l.identity.clone())
        {
            declaration.names[0] = Kind::text(format!("{} {}", method.pattern(), path.pattern()));
        }
        let deps = self.push_at(What::Declare(declaration), place.site, Deps::default());
        if effect == Effect::Run { result.depending(&deps) } else { result }
    }

    fn declaration(
        &self,
        effect: Effect,
        row: &Row,
        receiver: Option<&Rc<LibraryValue>>,
        api: &Name,
        given: &[Given],
        site: Site,
    ) -> Declaration {
        let args = kinds(given);
        let variant = self.program.variant(row, &args);
        let all = |places: &[String]| -> Vec<Kind> {
            places
                .iter()
                .map(|p| self.place_kind(p, receiver, given))
                .flat_map(|k| match k {
                    Kind::List(items) => items.to_vec(),
                    Kind::Map(entries) => entries.iter().map(|(_, v)| v.clone()).collect(),
                    kind => vec![kind],
                })
                .filter(|k| *k != Kind::Unknown)
                .collect()
        };
        let within = (!self.at_module()).then_some(self.at);
        let names = row
            .named
            .iter()
            .filter_map(|p| match Place::parse(p).ok()? {
                Place::Function => within.map(|f| Kind::text(self.program.function(f).name.clone())),
                Place::Target => None,
                _ => Some(self.place_kind(p, receiver, given)),
            })
            .filter(|k| !matches!(k, Kind::Unknown | Kind::Null))
            .collect();
        let prompts = row.prompts.iter().filter_map(|p| {
            let given = super::rows::given_at(p, given)?;
            let place = given.expr.map_or(site, |e| self.site(self.facts.expr(e).span));
            Some((given.value.kind.clone(), place))
        });
        Declaration {
            effect,
            actor: row.actor,
            names,
            config: row.config.as_deref().map(|p| self.config_key(p, given)).filter(|k| *k != Kind::Unknown),
            by_manifest: row.config.is_some(),
            entries: if effect == Effect::Edge {
                row.edge.iter().map(|p| self.place_kind(p, receiver, given)).collect()
            } else {
                all(&row.entry)
            },
            members: all(&row.members),
            subject: Kind::Unknown,
            prompts: prompts.collect(),
            pattern: variant.and_then(|v| v.pattern.clone()).or_else(|| row.pattern.clone()).map(Name::from),
            runs: variant.and_then(|v| v.runs).or(row.runs),
            multiple: row.multiple,
            parallel_tools: variant.and_then(|v| v.parallel_tools).unwrap_or(row.parallel_tools),
            retries: self.program.retries(row, &args),
            state: if effect == Effect::Orchestrator {
                row.resource.as_deref().map(|p| self.place_kind(p, receiver, given)).unwrap_or_default()
            } else {
                Kind::Unknown
            },
            state_key: if effect == Effect::Actor {
                row.key.as_deref().map(|p| self.place_kind(p, receiver, given)).unwrap_or_default()
            } else {
                Kind::Unknown
            },
            framework: row.framework.clone().unwrap_or_default().into(),
            sessions: row.sessions
                || row
                    .keyed_by
                    .iter()
                    .filter_map(|p| super::rows::given_at(p, given))
                    .any(|g| keyed(&g.value.kind, &row.session_keys, MAPPING_DEPTH)),
            once: false,
            api: api.clone(),
            target: None,
            within,
        }
    }

    fn place_kind(&self, place: &str, receiver: Option<&Rc<LibraryValue>>, given: &[Given]) -> Kind {
        match Place::parse(place) {
            Ok(Place::Receiver) => receiver.map(|r| Kind::Library(r.clone())).unwrap_or_default(),
            Ok(Place::Text(text)) => Kind::text(text),
            Ok(Place::All) => Kind::List(Rc::new(given.iter().map(|g| g.value.kind.clone()).collect())),
            _ => super::rows::given_at(place, given).map(|g| g.value.kind.clone()).unwrap_or_default(),
        }
    }

    /// `config=self.agents_config["researcher"]`: the key names a section of a manifest.
    fn config_key(&self, place: &str, given: &[Given]) -> Kind {
        let Some(expr) = super::rows::given_at(place, given).and_then(|g| g.expr) else { return Kind::Unknown };
        match &self.facts.expr(expr).kind {
            ExprKind::Index { index, .. } => self.program.infer(self.at, *index),
            ExprKind::Call { args, .. } => args.first().map(|a| self.program.infer(self.at, a.value)).unwrap_or_default(),
            _ => Kind::Unknown,
        }
    }

    /// Code that is spawned and loops until it is stopped is an actor of its own. So is what a loop spawns for each of its turns,
    /// where it writes back what it read: several of it run at once, though each of them ends.
    pub fn spawned_actor(&mut self, row: &Row, api: &Name, given: &[Given], place: &CallPlace) {
        let Some(function) = given.first().and_then(|g| g.expr).and_then(|e| self.spawned_function(e)) else { return };
        self.declare_spawned(function, row, api, given, place.site);
    }

    fn declare_spawned(&mut self, function: Rc<FunctionValue>, row: &Row, api: &Name, given: &[Given], site: Site) {
        let summary = self.fx.summary_of(&function);
        let own = summary.items.iter().any(|i| i.contexts.iter().any(Context::is_endless));
        let loops = own || summary.calls.iter().any(|c| c.contexts.iter().any(Context::is_endless));
        let several = self.spawns_several(site);
        let crowd = self.rust && several && summary.writes_back(CROWD_DEPTH);
        if !(loops || crowd) {
            return;
        }
        let mut declaration = self.declaration(Effect::Actor, row, None, api, given, site);
        let f = self.program.function(function.function);
        if f.name != "<lambda>" {
            declaration.names = vec![Kind::text(f.name.clone())];
        }
        declaration.entries = vec![Kind::Function(function)];
        declaration.once = true;
        declaration.multiple = several;
        self.push_at(What::Declare(declaration), site, Deps::default());
    }

    /// Code that a function of the project was given and spawned: an actor like what is spawned here.
    pub fn spawned_by_callee(&mut self, callee: &Kind, contexts: &[Context], site: Option<Site>) {
        let spawned = contexts.iter().rev().find_map(|c| match &c.held {
            Held::Spawned { api, waits: false, .. } => Some(api.clone()),
            _ => None,
        });
        let (Kind::Function(function), Some(api), Some(site), true) = (callee, spawned, site, self.rust) else { return };
        let Some(found) = self.program.knowledge.function(PackLanguage::Rust, &api).filter(|f| f.row.actor.is_some()) else { return };
        self.declare_spawned(function.clone(), found.row, &api, &[], site);
    }

    /// A program of its own is started by a command.
    pub fn declare_start(&mut self, command: &str, receiver: Option<&Rc<LibraryValue>>, api: &Name, given: &[Given], site: Site) {
        let declaration = Declaration {
            effect: Effect::Spawn,
            entries: vec![self.place_kind(command, receiver, given)],
            // In a loop several are started.
            multiple: self.in_loop(),
            api: api.clone(),
            within: (!self.at_module()).then_some(self.at),
            ..Declaration::default()
        };
        self.push_at(What::Declare(declaration), site, Deps::default());
    }

    /// What a process that serves does by itself when it starts.
    pub fn declare_start_up(&mut self, row: &Row, entries: Vec<Kind>, api: &Name, site: Site) {
        let listed = entries.into_iter().flat_map(|kind| match kind {
            Kind::List(items) => items.to_vec(),
            kind => vec![kind],
        });
        let entries: Vec<Kind> = listed.filter(|kind| matches!(kind, Kind::Function(_))).collect();
        if entries.is_empty() {
            return;
        }
        let declaration = Declaration {
            effect: Effect::RunMain,
            actor: row.actor,
            entries,
            framework: row.framework.clone().unwrap_or_default().into(),
            api: api.clone(),
            within: (!self.at_module()).then_some(self.at),
            ..Declaration::default()
        };
        self.push_at(What::Declare(declaration), site, Deps::default());
    }

    /// Remember the variable that a declared thing is assigned to.
    pub fn name_declaration(&mut self, made: Site, target: &Name) {
        for item in self.summary.items.iter_mut().rev().take(4) {
            if item.site != made || item.chain.is_some() {
                continue;
            }
            if let What::Declare(declaration) = &*item.what {
                let mut declaration = declaration.clone();
                declaration.target.get_or_insert_with(|| target.clone());
                item.what = Rc::new(What::Declare(declaration));
                return;
            }
        }
    }

    /// Instances of classes that are actors by what they derive from or are called.
    pub fn declare_object(&mut self, class: ClassRef, made: &Kind, given: &[Given], place: &CallPlace) {
        let Some(row) = self.actor_row(class, given) else { return };
        let described = !row.described_by.is_empty();
        if described {
            self.used_by_class(row, class, place.site);
        }
        let names: Vec<Kind> = row
            .named
            .iter()
            .map(|n| {
                let given = given.iter().find(|g| g.name.as_deref() == Some(n.as_str())).map(|g| g.value.kind.clone());
                match (given, made) {
                    (Some(kind), _) => kind,
                    (None, Kind::Object(object)) => match self.program.class_attribute(class, n) {
                        Kind::Unknown => self.program.field_of(object, n),
                        kind => kind,
                    },
                    _ => Kind::Unknown,
                }
            })
            .filter(|k| matches!(k, Kind::Text(_) | Kind::Parameter(_)))
            .collect();
        let mut prompts = self.own_prompts(class, row);
        let mut entries: Vec<Kind> = Vec::new();
        if described {
            for g in given.iter().filter(|g| g.name.as_ref().is_some_and(|n| row.described_by.iter().any(|d| d == n))) {
                let site = g.expr.map_or(place.site, |e| self.site(self.facts.expr(e).span));
                match &g.value.kind {
                    text @ Kind::Text(_) => prompts.push((text.clone(), site)),
                    tools => entries.push(tools.clone()),
                }
            }
        } else {
            entries.extend(self.entry_methods(class, row).into_iter().map(|function| {
                let receiver = Some(made.clone());
                Kind::Function(Rc::new(FunctionValue::of(function, receiver)))
            }));
        }
        let declaration = Declaration {
            effect: Effect::Actor,
            actor: row.actor,
            names,
            entries,
            subject: if described { Kind::Unknown } else { made.clone() },
            prompts,
            pattern: row.pattern.clone().map(Name::from),
            multiple: row.multiple,
            retries: row.retries,
            framework: row.framework.clone().unwrap_or_default().into(),
            api: self.program.class(class).name.clone(),
            within: (!self.at_module()).then_some(self.at),
            ..Declaration::default()
        };
        self.push_at(What::Declare(declaration), place.site, Deps::default());
    }

    /// Calling an entry method of an actor's class runs the actor.
    pub fn note_run(&mut self, value: &FunctionValue, place: &CallPlace) {
        let Some(receiver @ Kind::Object(object)) = &value.receiver else { return };
        // A method that calls another of the same object is the actor at work and starts none.
        if place.receiver_path.is_some() && place.receiver_path == self.receiver_name {
            return;
        }
        let Some(row) = self.actor_row(object.class, &[]) else { return };
        let name = &self.program.function(value.function).name;
        if !self.entry_methods(object.class, row).contains(&value.function) {
            return;
        }
        let declaration = Declaration {
            effect: Effect::Run,
            actor: row.actor,
            subject: receiver.clone(),
            api: name.clone(),
            within: (!self.at_module()).then_some(self.at),
            ..Declaration::default()
        };
        self.push_at(What::Declare(declaration), place.site, Deps::default());
    }

    /// What makes a class an actor: what it derives from, or its own name. A record is one only where it can be run, or
    /// where it is given what describes an agent.
    fn actor_row(&self, class: ClassRef, given: &[Given]) -> Option<&BaseRow> {
        let base = self.program.base_row(class);
        match base {
            Some(row) if row.is == BaseKind::Actor => return Some(row),
            // Whatever their names: errors, tests and tools are none.
            Some(row) if row.is != BaseKind::Record => return None,
            _ => {}
        }
        let row = self.program.base_row_by_name(class).filter(|r| r.is == BaseKind::Actor && r.members.is_empty())?;
        if !row.described_by.is_empty() {
            let is_given = |names: &[String]| {
                let named = |g: &Given| g.name.as_ref().is_some_and(|n| names.iter().any(|d| d == n));
                given.iter().any(|g| g.value.kind != Kind::Null && named(g))
            };
            return (is_given(&row.named) && is_given(&row.described_by)).then_some(row);
        }
        let record = base.is_some() || self.decorated_as_record(class).is_some();
        (!record || self.has_entry(class, row)).then_some(row)
    }

    /// Texts that a hand-written agent's class keeps for its model: class attributes and fields.
    fn own_prompts(&self, class: ClassRef, row: &BaseRow) -> Vec<(Kind, Site)> {
        let facts = self.program.facts(class.module);
        let mut found = Vec::new();
        for name in &row.prompts {
            for source in self.program.class_scope(class).get(name) {
                if let Source::Value(value) = source {
                    let at = FunctionRef { module: class.module, function: self.program.class(class).parent };
                    found.push((self.program.infer(at, *value), self.program.site(class.module, facts.expr(*value).span)));
                }
            }
            for (method, value, _) in self.program.field_assignments(class, name) {
                if let Some(value) = value {
                    found.push((self.program.infer(method, value), self.program.site(class.module, facts.expr(value).span)));
                }
            }
        }
        found.retain(|(kind, _)| matches!(kind, Kind::Text(_)));
        found
    }

    fn has_entry(&self, class: ClassRef, row: &BaseRow) -> bool {
        row.entry.iter().any(|m| self.program.method(class, m).is_some())
    }

    /// The methods through which an actor's class is run: those the row names, else whatever it offers.
    fn entry_methods(&self, class: ClassRef, row: &BaseRow) -> Vec<FunctionRef> {
        if self.has_entry(class, row) {
            return row.entry.iter().filter_map(|m| self.program.method(class, m)).collect();
        }
        let own = self.program.class(class).methods.iter().map(|m| FunctionRef { module: class.module, function: *m });
        own.filter(|m| !self.program.function(*m).name.starts_with('_')).collect()
    }

    /// What makes a class a record where a decorator does.
    fn decorated_as_record(&self, class: ClassRef) -> Option<&BaseRow> {
        let facts = self.program.facts(class.module);
        let at = FunctionRef { module: class.module, function: self.program.class(class).parent };
        let language = self.program.language(class.module);
        self.program.class(class).decorators.iter().find_map(|d| {
            let callee = match &facts.expr(*d).kind {
                ExprKind::Call { callee, .. } => *callee,
                _ => *d,
            };
            match self.program.infer(at, callee) {
                Kind::External(name) => self.program.knowledge.base(language, &name).filter(|r| r.is == BaseKind::Record),
                _ => None,
            }
        })
    }

    /// A class: its body, its methods' decorators, and what it declares by what it derives from.
    pub fn define_class(&mut self, class: ClassRef) {
        let facts = self.program.class(class);
        let name = facts.name.clone();
        let object = Kind::instance(class);
        let outer = std::mem::take(&mut self.state.vars);
        let body = facts.body.clone();
        self.block(&body);
        self.state.vars = outer;
        for method in facts.methods.clone() {
            let function = FunctionRef { module: class.module, function: method };
            let value = FunctionValue::of(function, Some(object.clone()));
            self.decorators(function, Kind::Function(Rc::new(value)));
        }
        let site = self.site(facts.name_span);
        self.decorated_by(&facts.decorators, &Decorated { value: Kind::Class(class), name: name.clone(), site, doc: None });
        if self.program.owner(class) != class {
            return;
        }
        if let Some(row) = self.program.base_row_by_name(class).filter(|row| !row.members.is_empty()) {
            self.used_by_class(row, class, site);
            self.declare_members(class, row, site);
            return;
        }
        let by_name = || self.program.base_row_by_name(class).filter(|row| row.is == BaseKind::Record);
        let row = self.program.base_row(class).or_else(|| self.decorated_as_record(class)).or_else(|| self.actor_row(class, &[]));
        if let Some(row) = row.or_else(by_name) {
            self.used_by_class(row, class, site);
        }
        if let Some(row) = self.program.base_row(class) {
            let effect = match row.is {
                BaseKind::Tool => Effect::Tool,
                BaseKind::Orchestrator => Effect::Orchestrator,
                BaseKind::Actor if row.multiple => Effect::Actor,
                _ => Effect::Value,
            };
            if effect != Effect::Value
                && !self.program.descendants(class).iter().any(|d| d.module == class.module && self.program.class(*d).name == name)
            {
                let offered = self.offered(class).into_iter();
                let entries: Vec<Kind> = row
                    .entry
                    .iter()
                    .filter_map(|m| self.program.method(class, m))
                    .chain(offered)
                    .map(|function| {
                        Kind::Function(Rc::new(FunctionValue {
                            function,
                            receiver: Some(object.clone()),
                            bound: Vec::new(),
                            captured: Rc::default(),
                            plain: false,
                        }))
                    })
                    .collect();
                let mut names: Vec<Kind> =
                    row.named.iter().map(|n| self.program.class_attribute(class, n)).filter(|k| k.as_text().is_some()).collect();
                names.push(Kind::text(name.clone()));
                let prompts = row.prompts.iter().map(|p| (self.program.class_attribute(class, p), site));
                let declaration = Declaration {
                    effect,
                    actor: row.actor,
                    names,
                    entries,
                    subject: Kind::Class(class),
                    prompts: prompts.filter(|(k, _)| matches!(k, Kind::Text(_))).collect(),
                    pattern: row.pattern.clone().map(Name::from),
                    multiple: row.multiple,
                    retries: row.retries,
                    framework: row.framework.clone().unwrap_or_default().into(),
                    api: name,
                    ..Declaration::default()
                };
                self.push_at(What::Declare(declaration), site, Deps::default());
            }
        }
    }

    /// Functions that a class lists for those who run it: `functions = [pack, ship]`.
    fn declare_members(&mut self, class: ClassRef, row: &BaseRow, site: Site) {
        let listed = row.members.iter().flat_map(|name| match self.program.class_attribute(class, name) {
            Kind::List(items) => items.to_vec(),
            _ => Vec::new(),
        });
        for member in listed.collect::<Vec<_>>() {
            let Kind::Function(function) = &member else { continue };
            let declaration = Declaration {
                effect: Effect::Actor,
                actor: row.actor,
                names: vec![Kind::text(self.program.function(function.function).name.clone())],
                entries: vec![member],
                multiple: row.multiple,
                retries: row.retries,
                framework: row.framework.clone().unwrap_or_default().into(),
                api: self.program.class(class).name.clone(),
                ..Declaration::default()
            };
            self.push_at(What::Declare(declaration), site, Deps::default());
        }
    }

    /// In Rust, methods of a server's type that are marked as tools: the macro makes the server call them.
    fn offered(&self, class: ClassRef) -> Vec<FunctionRef> {
        let program = self.program;
        if !program.is_rust(class.module) {
            return Vec::new();
        }
        let parts = program.ancestors(class).into_iter().filter(|c| program.owner(*c) == class);
        let methods = parts.flat_map(|c| program.class(c).methods.iter().map(move |m| FunctionRef { module: c.module, function: *m }));
        let is_tool = |f: &FunctionRef| {
            let facts = program.facts(f.module);
            let top = FunctionRef { module: f.module, function: FunctionId(0) };
            program.function(*f).decorators.iter().any(|d| {
                let callee = match &facts.expr(*d).kind {
                    ExprKind::Call { callee, .. } => *callee,
                    _ => *d,
                };
                let row = self.decorator_row(&program.infer(top, callee));
                row.is_some_and(|(found, ..)| found.row.effect == Effect::Tool)
            })
        };
        methods.filter(is_tool).collect()
    }

    /// What the decorators of a function declare.
    pub fn decorators(&mut self, function: FunctionRef, value: Kind) {
        let facts = self.facts;
        let f = self.program.function(function);
        let doc = f.doc.map(|doc| (self.program.infer(function, doc), self.program.site(function.module, facts.expr(doc).span)));
        let site = self.program.site(function.module, f.name_span);
        self.decorated_by(&f.decorators, &Decorated { value, name: f.name.clone(), site, doc });
    }

    fn decorated_by(&mut self, decorators: &[ExprId], decorated: &Decorated) {
        let facts = self.facts;
        let site = decorated.site;
        for decorator in decorators.iter().copied() {
            let (callee, args) = match &facts.expr(decorator).kind {
                ExprKind::Call { callee, args } => (*callee, args.clone()),
                _ => (decorator, Vec::new()),
            };
            let callee_value = self.eval(callee);
            let given: Vec<Given> = args
                .iter()
                .map(|a| {
                    let value = self.eval(a.value);
                    Given { name: a.name.clone(), value, expr: Some(a.value), spread: a.spread }
                })
                .collect();
            let Some((found, receiver, api)) = self.decorator_row(&callee_value.kind) else { continue };
            let effect = self.program.variant(found.row, &kinds(&given)).and_then(|v| v.effect).unwrap_or(found.row.effect);
            if effect == Effect::RunMain && found.row.actor.is_some() {
                self.declare_start_up(found.row, vec![decorated.value.clone()], &api, site);
            }
            if !declares(found.row.effect) {
                continue;
            }
            let first = self.summary.items.len();
            if matches!(found.row.effect, Effect::Consume | Effect::Subscribe) {
                let channel = found.row.channel.as_deref().and_then(|p| self.program.place_text(p, receiver.as_ref(), &kinds(&given)));
                if let Some(channel) = channel {
                    self.push_at(What::Event { effect: found.row.effect, channel, local: false, api: api.clone() }, site, Deps::default());
                }
            }
            let mut declaration = self.declaration(found.row.effect, found.row, receiver.as_ref(), &api, &given, site);
            declaration.entries.insert(0, decorated.value.clone());
            declaration.subject = receiver.clone().map(Kind::Library).unwrap_or_default();
            if found.row.actor == Some(crate::knowledge::vocabulary::ActorKind::Endpoint)
                && let Some(Kind::Text(path)) = declaration.names.first().cloned()
            {
                let method = api.rsplit('.').next().unwrap_or("").to_uppercase();
                let method =
                    if matches!(method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE") { method } else { "ANY".to_string() };
                declaration.names[0] = Kind::text(format!("{method} {}", path.pattern()));
            }
            declaration.names.push(Kind::text(decorated.name.clone()));
            declaration.prompts.extend(decorated.doc.clone());
            self.push_at(What::Declare(declaration), site, Deps::default());
            let at = self.site(facts.expr(decorator).span);
            self.used_by_decorating(&found, receiver.as_ref(), &given, at, first);
        }
    }

    /// The row that a decorator means.
    fn decorator_row(&self, callee: &Kind) -> Option<(Found<'k>, Option<Rc<LibraryValue>>, Name)> {
        let language = self.program.language(self.at.module);
        match callee.alternatives().first()? {
            Kind::External(name) => self.program.knowledge.decorator(language, name).map(|f| (f, None, name.clone())),
            Kind::Member(member) => {
                let library = self.program.library_of(&member.0)?;
                let found = self.program.knowledge.method(library.ty, &member.1).filter(|f| f.row.decorates)?;
                Some((found, Some(library.clone()), format!("{}.{}", self.program.knowledge.type_name(library.ty), member.1).into()))
            }
            Kind::Library(library) => {
                let found = self.program.knowledge.called(library.ty).filter(|f| f.row.decorates)?;
                Some((found, Some(library.clone()), self.program.knowledge.type_name(library.ty).into()))
            }
            _ => None,
        }
    }
}

/// Whether a decorator of this effect declares something, and does not only put a context around the function.
fn declares(effect: Effect) -> bool {
    matches!(
        effect,
        Effect::Actor
            | Effect::Tool
            | Effect::Task
            | Effect::Orchestrator
            | Effect::Member
            | Effect::HandOff
            | Effect::Schedule
            | Effect::Consume
            | Effect::Subscribe
    )
}

/// Whether a value tells one session from another: it is none that stands in the code.
fn keyed(kind: &Kind, keys: &[String], depth: u8) -> bool {
    match kind {
        Kind::Map(entries) if depth > 0 => entries.iter().any(|(key, value)| {
            let named = key.as_text().is_some_and(|k| keys.iter().any(|n| n == k));
            named && varies(value) || keyed(value, keys, depth - 1)
        }),
        kind => keys.is_empty() && varies(kind),
    }
}

fn varies(kind: &Kind) -> bool {
    !matches!(kind, Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_)) && kind.as_text().is_none()
}

/// Apply a function's decorators to the summary of its body: contexts that libraries put around it, wrappers of the project.
pub(super) fn decorated(fx: &Effects, function: FunctionRef, class: Option<ClassRef>, flags: &[(u8, Kind)]) -> Summary {
    let program = fx.program;
    let mut summary = summarise(fx, function, class, &[], flags);
    let f = program.function(function);
    if f.decorators.is_empty() {
        return summary;
    }
    let own = FunctionRef { module: function.module, function: f.parent.unwrap_or(FunctionId(0)) };
    for written in f.decorators.iter().rev() {
        let (around, decorator) = program.made_once(own, *written).unwrap_or((own, *written));
        let (callee, called) = match &program.facts(around.module).expr(decorator).kind {
            ExprKind::Call { callee, .. } => (*callee, true),
            _ => (decorator, false),
        };
        match program.infer(around, callee) {
            Kind::External(name) => {
                if let Some(found) = program.knowledge.decorator(program.language(function.module), &name) {
                    called_by(fx, &mut summary, found.row, (function, around), decorator);
                    surround(fx, &mut summary, &found, None, &name, (function, around), decorator);
                }
            }
            Kind::Member(member) => {
                if let Some(library) = program.library_of(&member.0)
                    && let Some(found) = program.knowledge.method(library.ty, &member.1).filter(|f| f.row.decorates)
                {
                    let api: Name = format!("{}.{}", program.knowledge.type_name(library.ty), member.1).into();
                    called_by(fx, &mut summary, found.row, (function, around), decorator);
                    surround(fx, &mut summary, &found, Some(&library), &api, (function, around), decorator);
                }
            }
            Kind::Function(wrapper) => {
                if let Some(wrapped) = wrapped(fx, &wrapper, called.then_some(decorator), around, function) {
                    summary = wrapped;
                }
            }
            _ => {}
        }
    }
    summary
}

/// The body that a class's `__call__` runs by that of the library's class it derives from, among what it captured.
pub(super) const BODY: &str = "super().__call__";
/// The same, where only the ways that hold a lock count.
pub(super) const LOCKED_BODY: &str = "super().__call__ under a lock";

/// Put around a function what a class of the project does, by whose calls a library's decorator has it run.
///
/// A class that locks passes through what names no lock; that way is left out.
fn called_by(fx: &Effects, summary: &mut Summary, row: &Row, (function, around): (FunctionRef, FunctionRef), decorator: ExprId) {
    let program = fx.program;
    let facts = program.facts(around.module);
    let (Some(place), ExprKind::Call { args, .. }) = (row.called_by.as_deref(), &facts.expr(decorator).kind) else { return };
    let args: Vec<(Option<Name>, ExprId)> = args.iter().map(|a| (a.name.clone(), a.value)).collect();
    let Some(given) = crate::link::argument(place, &args) else { return };
    let Kind::Class(class) = program.infer(around, *given) else { return };
    let Some(call) = program.method(class, "__call__") else { return };
    let body = FunctionValue { function, receiver: None, bound: Vec::new(), captured: Rc::default(), plain: true };
    let inner = fx.summary_of(&body);
    let receiver = Kind::Object(Rc::new(Object { class, exact: true, args: Rc::default(), site: None }));
    for name in [LOCKED_BODY, BODY] {
        let captured = Rc::new(vec![(Name::from(name), Kind::Function(Rc::new(body.clone())))]);
        let wrapper = FunctionValue { function: call, receiver: Some(receiver.clone()), bound: Vec::new(), captured, plain: false };
        let outer = fx.summary_of(&wrapper);
        // A class that never runs the body by the library's way says nothing about it.
        if outer.items.iter().any(|i| i.function == function) || outer.calls.iter().any(|c| Rc::ptr_eq(&c.summary, &inner)) {
            *summary = (*outer).clone();
            return;
        }
    }
}

/// Put what a library's decorator does around everything a function does.
fn surround(
    fx: &Effects,
    summary: &mut Summary,
    found: &Found,
    receiver: Option<&Rc<LibraryValue>>,
    api: &Name,
    (function, around): (FunctionRef, FunctionRef),
    decorator: ExprId,
) {
    let program = fx.program;
    let facts = program.facts(around.module);
    let site = program.site(around.module, facts.expr(decorator).span);
    let args: Vec<(Option<Name>, Kind)> = match &facts.expr(decorator).kind {
        ExprKind::Call { args, .. } => args.iter().map(|a| (a.name.clone(), program.infer(around, a.value))).collect(),
        _ => Vec::new(),
    };
    let retries = program.retries(found.row, &args);
    let held = match found.row.effect {
        Effect::Retry => Some(Held::Retry(Rc::new(super::RetryUse { api: api.clone(), attempts: retries, after: Rc::default() }))),
        Effect::Transaction => Some(Held::Transaction { isolation: found.row.isolation.as_deref().map(Name::from), of_caller: None }),
        Effect::Acquire | Effect::Lock => Some(Held::Lock(Rc::new(program.lock_use(found.row, None, &args, api, site)))),
        // A queue that runs a task again on failure: `@app.task(autoretry_for=…)`.
        Effect::Actor | Effect::Task if retries.is_some_and(|n| n != 0) => {
            Some(Held::Retry(Rc::new(super::RetryUse { api: api.clone(), attempts: retries, after: Rc::default() })))
        }
        _ => None,
    };
    // `@times.time()`: each call is measured.
    let observed = (found.row.effect == Effect::Observe).then(|| {
        let named = found.row.named.iter().find_map(|p| program.place_text(p, receiver, &args));
        let what = What::Control { effect: Effect::Observe, name: named, abrupt: false, own: false, api: api.clone() };
        Item::of(what, site, function)
    });
    if fx.records() && !declares(found.row.effect) {
        let meaning = super::meaning::surrounding(program, found.row, &args, held.as_ref(), observed.as_ref());
        fx.record(RowId::of(found.row), site, meaning);
    }
    summary.items.extend(observed);
    // A queue that stops a task when its time is over.
    let stopped = found.row.cut_off.iter().find_map(|p| crate::link::argument(p, &args)?.number()).map(|s| Held::Limited(Some(s)));
    let context = |(salt, held)| Context { token: super::context::token(site, salt), held, site, function: around };
    let outer: Vec<Context> = held.map(|h| (11, h)).into_iter().chain(stopped.map(|h| (14, h))).map(context).collect();
    summary.surround(&outer);
}

/// The summary of the project's wrapper around a function.
fn wrapped(
    fx: &Effects,
    decorator: &Rc<FunctionValue>,
    call: Option<ExprId>,
    around: FunctionRef,
    function: FunctionRef,
) -> Option<Summary> {
    let program = fx.program;
    let facts = program.facts(around.module);
    let mut decorator = (**decorator).clone();
    if let Some(call) = call {
        // `@locked("orders")`: the call gives the decorator proper.
        let ExprKind::Call { args, .. } = &facts.expr(call).kind else { return None };
        let args: Vec<(Option<Name>, Kind)> = args.iter().map(|a| (a.name.clone(), program.infer(around, a.value))).collect();
        decorator = returned_closure(fx, &decorator, &args)?;
    }
    let plain = FunctionValue { function, receiver: None, bound: Vec::new(), captured: Rc::default(), plain: true };
    let wrapper = returned_closure(fx, &decorator, &[(None, Kind::Function(Rc::new(plain)))])?;
    if wrapper.function == function {
        return None;
    }
    let summary = fx.summary_of(&wrapper);
    // A wrapper that never calls what it wraps says nothing about it.
    (!summary.items.is_empty() || summary.keeps()).then(|| (*summary).clone())
}

/// The nested function that a function returns, with these arguments captured.
fn returned_closure(fx: &Effects, outer: &FunctionValue, args: &[(Option<Name>, Kind)]) -> Option<FunctionValue> {
    let summary = fx.summary_of(outer);
    let found = summary.returns.kind.alternatives().iter().find_map(|k| match k {
        Kind::Function(f) => Some(f.clone()),
        _ => None,
    })?;
    let params = &fx.program.function(outer.function).params;
    let parent = fx.program.function(outer.function).parent.unwrap_or(crate::facts::MODULE);
    let around = FunctionRef { module: outer.function.module, function: parent };
    let mut closure = (*found).clone();
    let bound = |kind: &Kind| match kind {
        Kind::Parameter(index) => {
            let parameter = params.get(usize::from(*index));
            let given = crate::link::argument_at(Some(usize::from(*index)), parameter.map(|p| p.name.as_str()), args);
            given.cloned().or_else(|| parameter?.default.map(|d| fx.program.infer(around, d))).unwrap_or_default()
        }
        other => other.clone(),
    };
    closure.captured = Rc::new(closure.captured.iter().map(|(n, k)| (n.clone(), bound(k))).collect());
    (!closure.captured.is_empty() || closure.function != outer.function).then_some(closure)
}
