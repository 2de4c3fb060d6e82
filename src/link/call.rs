//! What a call returns, as far as names, types and constants tell.

use super::{FunctionRef, Hole, Kind, LibraryValue, Object, Part, Program, Template};
use crate::facts::{ExprId, Name};
use crate::knowledge::{
    Found, Place, Returned, TypeId,
    vocabulary::{Effect, PackLanguage, Row},
};
use crate::source::Site;
use std::rc::Rc;

/// Arguments in order; positional ones have no name.
pub type Args<T> = Vec<(Option<Name>, T)>;

/// The argument that a pack's place names.
pub fn argument<'a, T>(place: &str, args: &'a [(Option<Name>, T)]) -> Option<&'a T> {
    match Place::parse(place).ok()? {
        Place::Argument { position, name } => argument_at(position.map(|p| p as usize), name, args),
        _ => None,
    }
}

/// The argument at a position or under a name.
pub fn argument_at<'a, T>(position: Option<usize>, name: Option<&str>, args: &'a [(Option<Name>, T)]) -> Option<&'a T> {
    let named = name.and_then(|name| args.iter().find(|(n, _)| n.as_deref() == Some(name)));
    let placed = || position.and_then(|p| args.iter().filter(|(n, _)| n.is_none()).nth(p));
    named.or_else(placed).map(|(_, value)| value)
}

/// What stands before the isolation of a transaction that is being built, among what its calls add.
pub const ISOLATION: &str = "isolation ";

/// Methods whose result names what their receiver names: of texts, and of digests of texts.
pub const SAME_TEXT: [&str; 10] = ["strip", "lstrip", "rstrip", "lower", "upper", "encode", "decode", "hexdigest", "digest", "hex"];

impl Program<'_> {
    /// How often a row's call runs a body again: by its arguments, by itself, or by what its receiver was made with.
    pub fn attempts(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)]) -> Option<i64> {
        let reached = || std::iter::successors(receiver, |value| value.parent.as_ref()).take(4).find_map(|value| self.retries_of(value));
        self.retries(row, args).or_else(reached)
    }

    /// How often a row says that a body is run again: by an argument, a number or a policy made of one, else by itself.
    pub fn retries(&self, row: &Row, args: &[(Option<Name>, Kind)]) -> Option<i64> {
        let said_by_class = self.with_what_its_class_says(row, args);
        let args = said_by_class.as_deref().unwrap_or(args);
        let said = row.retries_from.as_deref().and_then(|p| argument(p, args)).and_then(|kind| match kind {
            Kind::Library(policy) => self.retries_of(policy),
            kind => kind.number().map(|n| n as i64),
        });
        said.or_else(|| self.variant(row, args).and_then(|v| v.retries)).or(row.retries)
    }

    /// The arguments of a decorator, with what the class says that it hands the function to: `class Patient(Task): autoretry_for = (…)`.
    fn with_what_its_class_says(&self, row: &Row, args: &[(Option<Name>, Kind)]) -> Option<Vec<(Option<Name>, Kind)>> {
        let Some(Kind::Class(class)) = row.called_by.as_deref().and_then(|place| argument(place, args)) else { return None };
        let said = |place: &str| match self.class_attribute(*class, place) {
            Kind::Unknown | Kind::Null => None,
            _ if argument(place, args).is_some() => None,
            said => Some((Some(Name::from(place)), said)),
        };
        let variants: Vec<(Option<Name>, Kind)> = row.when.iter().filter_map(|variant| said(&variant.argument)).collect();
        if variants.is_empty() {
            return None;
        }
        let times = row.retries_from.as_deref().and_then(said);
        Some(args.iter().cloned().chain(variants).chain(times).collect())
    }

    /// What a value says of retries by what it was made with: `RetryPolicy(maximum_attempts=3)`.
    fn retries_of(&self, value: &Rc<LibraryValue>) -> Option<i64> {
        let row = self.knowledge.construct(value.ty)?.row;
        row.retries_from.as_deref().and_then(|p| argument(p, &value.args)).and_then(Kind::number).map(|n| n as i64).or(row.retries)
    }

    /// What calling `callee` returns.
    pub fn call_kind(&self, callee: &Kind, args: &[(Option<Name>, Kind)], site: Site) -> Kind {
        match callee {
            Kind::Class(class) => {
                match self.base_row(*class).and_then(|r| r.instance_of.as_deref()).and_then(|t| self.knowledge.type_named(t)) {
                    // A project's class that is a library's type and nothing of its own; a mapped one has its table.
                    Some(ty) if self.class(*class).methods.is_empty() && self.model_row(*class).is_none() => self.made(ty, args, site),
                    _ => Kind::Object(Rc::new(Object { class: *class, exact: true, args: Rc::new(shallow(args)), site: Some(site) })),
                }
            }
            Kind::External(name) => self.external_call(name, args, site),
            Kind::Function(value) => {
                if value.receiver.is_none() || !self.function(value.function).is_generator {
                    return self.returned(value.function);
                }
                self.returned(value.function)
            }
            Kind::Member(member) => self.member_call(&member.0, &member.1, args, site),
            Kind::Library(value) => match self.knowledge.called(value.ty) {
                Some(found) => self.row_result(found.row, Some(value), args, site),
                None => Kind::Unknown,
            },
            Kind::Object(object) => match self.method(object.class, "__call__") {
                Some(method) => self.returned(method),
                None => Kind::Unknown,
            },
            Kind::Gives(given) => (**given).clone(),
            Kind::OneOf(kinds) => kinds.iter().map(|k| self.call_kind(k, args, site)).fold(Kind::Unknown, Kind::or),
            Kind::Lookup(table) => table.1.iter().map(|k| self.call_kind(k, args, site)).fold(Kind::Unknown, Kind::or),
            _ => Kind::Unknown,
        }
    }

    /// What calling this gives, whatever it is given: of a mapped class, a row that may have been loaded.
    pub fn result_of(&self, callee: &Kind) -> Kind {
        match callee {
            Kind::Class(class) => Kind::instance(*class),
            Kind::Function(value) => self.returned(value.function),
            Kind::Gives(given) => (**given).clone(),
            _ => Kind::Unknown,
        }
    }

    /// A new value of a library's type.
    pub fn made(&self, ty: TypeId, args: &[(Option<Name>, Kind)], site: Site) -> Kind {
        let definition = self.knowledge.type_def(ty);
        let mut value = LibraryValue::of(ty);
        value.identity = definition.identity.as_deref().and_then(|p| self.place_text(p, None, args));
        let mut instance = Template::default();
        for place in &definition.instance {
            // A session has its engine's store.
            let reached = argument(place, args).and_then(Kind::library).and_then(|l| l.instance.clone());
            if let Some(part) = reached.or_else(|| self.place_text(place, None, args)) {
                if !instance.parts.is_empty() {
                    instance.push(Part::Text("/".into()));
                }
                instance.extend(&part);
            }
        }
        value.instance = (!instance.parts.is_empty()).then_some(instance);
        value.site = Some(site);
        value.args = Rc::new(args.to_vec());
        if definition.derefs || self.language_at(site) == PackLanguage::Rust {
            // `Mutex::new(state)`: what it holds.
            value.subject = args.first().map(|a| a.1.clone()).unwrap_or_default();
        }
        if let Some(found) = self.knowledge.construct(ty).filter(|f| f.row.effect == Effect::Lock) {
            let lock = self.lock_use(found.row, Some(&Rc::new(value.clone())), args, self.knowledge.type_name(ty), site);
            value.lock = Some(Rc::new(lock));
        }
        Kind::Library(Rc::new(value))
    }

    fn external_call(&self, name: &str, args: &[(Option<Name>, Kind)], site: Site) -> Kind {
        let language = self.language_at(site);
        if let Some(found) = self.knowledge.function(language, name) {
            let made = self.row_result(found.row, None, args, site);
            if made != Kind::Unknown {
                return made;
            }
        }
        match self.knowledge.made_by(language, name) {
            Some(ty) => self.made(ty, args, site),
            None if language == PackLanguage::Rust => Kind::Unknown,
            None => match name.rsplit('.').next().unwrap_or(name) {
                "dict" => {
                    Kind::Map(Rc::new(args.iter().filter_map(|(n, v)| n.as_ref().map(|n| (Kind::text(n.clone()), v.clone()))).collect()))
                }
                // Whatever it is asked for, it makes.
                "defaultdict" if !args.is_empty() => {
                    let each = self.call_kind(&args[0].1, &[], site);
                    Kind::Map(Rc::new(vec![(Kind::Unknown, each)]))
                }
                // A path as text has the methods of texts.
                "str" if args.first().is_some_and(|a| a.1.library().is_some_and(|l| Some(l.ty) == self.path_type)) => {
                    args.first().map(|a| Kind::Text(Rc::new(a.1.template("path")))).unwrap_or_default()
                }
                "list" | "set" | "tuple" | "sorted" | "frozenset" if name.len() < 10 => {
                    args.first().map(|a| self.gone_through(&a.1)).unwrap_or_default()
                }
                "str" | "int" | "float" | "reversed" if name.len() < 10 => args.first().map(|a| a.1.clone()).unwrap_or_default(),
                "zip" if name == "zip" => tuples(args.iter().map(|a| self.element(&a.1)).collect()),
                "enumerate" if name == "enumerate" => {
                    let element = args.first().map(|a| self.element(&a.1)).unwrap_or_default();
                    tuples(vec![Kind::Unknown, element])
                }
                _ => Kind::Unknown,
            },
        }
    }

    /// `list(query)`: the rows are there, and going through them asks nothing any more.
    fn gone_through(&self, given: &Kind) -> Kind {
        let asks = given.library().is_some_and(|l| self.knowledge.method(l.ty, "__iter__").is_some());
        match self.element(given) {
            row if asks && row != Kind::Unknown => Kind::List(Rc::new(vec![row])),
            _ => given.clone(),
        }
    }

    /// What calling the attribute `name` of a value returns.
    fn member_call(&self, receiver: &Kind, name: &str, args: &[(Option<Name>, Kind)], site: Site) -> Kind {
        match receiver {
            Kind::Library(value) => match self.knowledge.method(value.ty, name) {
                Some(found) => match self.row_result(found.row, Some(value), args, site) {
                    // What is taken out of a collection behind a guard.
                    Kind::Unknown if self.knowledge.type_def(value.ty).derefs => self.passed_on(receiver, name, site),
                    found => found,
                },
                None => self.passed_on(receiver, name, site),
            },
            Kind::Text(text) => match self.passed_on(receiver, name, site) {
                Kind::Unknown => text_method(text, name, args),
                found => found,
            },
            Kind::Map(entries) if name == "get" && self.language_at(site) != PackLanguage::Rust => {
                let default = args.get(1).map(|a| a.1.clone()).unwrap_or(Kind::Null);
                match entries.iter().find(|(k, _)| args.first().is_some_and(|a| a.1 == *k && *k != Kind::Unknown)) {
                    Some((_, value)) => value.clone(),
                    None => Kind::Lookup(Rc::new((default, entries.iter().map(|(_, v)| v.clone()).collect()))),
                }
            }
            Kind::Map(entries) if name == "setdefault" && self.language_at(site) != PackLanguage::Rust => {
                let default = args.get(1).map(|a| a.1.clone()).unwrap_or(Kind::Null);
                entries.iter().map(|(_, value)| value.clone()).fold(default, Kind::or)
            }
            Kind::Map(entries) if name == "values" => Kind::List(Rc::new(entries.iter().map(|(_, v)| v.clone()).collect())),
            Kind::Map(entries) if name == "items" => {
                Kind::List(Rc::new(entries.iter().map(|(k, v)| Kind::List(Rc::new(vec![k.clone(), v.clone()]))).collect()))
            }
            Kind::External(path) if name == "get" && path.ends_with("environ") => {
                environment(args.first().and_then(|a| a.1.as_text()).unwrap_or(""), args)
            }
            Kind::Object(object) => {
                match self.external_type(object.class).and_then(|ty| self.knowledge.method(ty, name).map(|f| (ty, f))) {
                    Some((ty, found)) => self.row_result(found.row, Some(&Rc::new(self.as_library(object, ty))), args, site),
                    None if self.passes_each_on(args, site) => receiver.clone(),
                    None => self.passed_on(receiver, name, site),
                }
            }
            Kind::Class(class) => match self.external_type(*class).and_then(|ty| self.knowledge.method(ty, name).map(|f| (ty, f))) {
                Some((ty, found)) => {
                    let mut value = LibraryValue::of(ty);
                    value.subject = receiver.clone();
                    self.row_result(found.row, Some(&Rc::new(value)), args, site)
                }
                None if self.base_row(*class).is_some_and(|row| row.makes.iter().any(|n| n == name)) => Kind::instance(*class),
                None => Kind::Unknown,
            },
            Kind::Unknown => self.joined_path(name, args, site),
            _ => self.passed_on(receiver, name, site),
        }
    }

    /// Whether a call gives one step of a path that is told: a text that begins like the name of a file or folder.
    fn is_step(&self, args: &[(Option<Name>, Kind)]) -> bool {
        let [(None, Kind::Text(step))] = args else { return false };
        let begins = |text: &str| text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_'));
        step.has_text() && matches!(step.parts.first(), Some(Part::Text(text)) if begins(text))
    }

    /// `base.join("state")` in Rust, where nobody says what the base is: a path with a step that is told.
    fn joined_path(&self, name: &str, args: &[(Option<Name>, Kind)], site: Site) -> Kind {
        if name != "join" || !self.is_step(args) || self.language_at(site) != PackLanguage::Rust {
            return Kind::Unknown;
        }
        let Some(ty) = self.knowledge.joining_type(PackLanguage::Rust) else { return Kind::Unknown };
        Kind::Library(Rc::new(joined(&Rc::new(LibraryValue::of(ty)), Effect::JoinPath, args)))
    }

    /// The library type that instances of a project's class also have, by what the class derives from.
    pub fn external_type(&self, class: super::ClassRef) -> Option<TypeId> {
        let language = self.language(class.module);
        self.external_bases(class).iter().find_map(|name| {
            let by_row =
                self.knowledge.base(language, name).and_then(|r| r.instance_of.as_deref()).and_then(|t| self.knowledge.type_named(t));
            by_row.or_else(|| self.knowledge.made_by(language, name)).or_else(|| self.knowledge.type_named(name))
        })
    }

    /// The library value that a value is, or that it is by what its class derives from.
    pub fn library_of(&self, kind: &Kind) -> Option<Rc<LibraryValue>> {
        kind.library().cloned().or_else(|| {
            kind.alternatives().iter().find_map(|k| match k {
                Kind::Object(object) => self.external_type(object.class).map(|ty| Rc::new(self.as_library(object, ty))),
                _ => None,
            })
        })
    }

    /// An instance of a project's class seen as the library type it derives from.
    pub fn as_library(&self, object: &Rc<Object>, ty: TypeId) -> LibraryValue {
        let mut value = LibraryValue::of(ty);
        value.subject = Kind::Class(self.managed_by(object.class).unwrap_or(object.class));
        value.site = object.site;
        value.args = object.args.clone();
        value
    }

    /// What a pack's row says that a call returns.
    pub fn row_result(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)], site: Site) -> Kind {
        match row.effect {
            Effect::Environment => {
                // Flags may be asked for after a request or a user.
                let named = row.named.iter().find_map(|p| argument(p, args)).and_then(Kind::as_text);
                return environment(named.unwrap_or(""), args);
            }
            Effect::Fresh | Effect::Clock => return Kind::Text(Rc::new(Template::hole(Hole::Fresh))),
            Effect::Duration => return duration(args),
            Effect::JoinPath | Effect::BesidePath
                if receiver.is_some_and(|r| r.identity.is_some() || row.effect == Effect::JoinPath && self.is_step(args)) =>
            {
                let Some(from) = receiver else { return Kind::Unknown };
                return Kind::Library(Rc::new(joined(from, row.effect, args)));
            }
            Effect::JoinPath if row.returns.is_none() => {
                let mut path = Template::default();
                for (index, (_, part)) in args.iter().enumerate() {
                    if index > 0 {
                        path.push(Part::Text("/".into()));
                    }
                    path.extend(&part.segment(""));
                }
                return Kind::Text(Rc::new(path));
            }
            _ => {}
        }
        let returns = self.variant(row, args).and_then(|v| v.returns.as_deref()).or(row.returns.as_deref());
        if row.in_file
            && returns.is_none()
            && let Some(text) = row.resource.as_deref().and_then(|p| self.place_text(p, receiver, args)).and_then(|p| self.script(&p, site))
        {
            return Kind::text(text);
        }
        let Some(returns) = returns else { return self.implied_result(row, receiver, args, site) };
        let ty = match self.knowledge.returned(returns) {
            Some(Returned::Type(ty)) => ty,
            Some(Returned::Receiver) => {
                let Some(receiver) = receiver else { return Kind::Unknown };
                let traits = self.traits(row, args);
                // `select(func.count()).select_from(Order)`: only here is told of what.
                let subject = row.resource.as_deref().filter(|_| receiver.subject == Kind::Unknown).and_then(|p| argument(p, args));
                // `connection.execution_options(isolation_level="READ COMMITTED")`: from here on, whatever its engine says.
                let isolation = &self.knowledge.type_def(receiver.ty).isolation_with;
                let isolation = args.iter().find(|(n, _)| n.as_ref().is_some_and(|n| isolation.iter().any(|i| i == n)));
                if traits.is_empty() && subject.is_none() && isolation.is_none() {
                    return Kind::Library(receiver.clone());
                }
                let mut value = (**receiver).clone();
                if let Some(isolation) = isolation {
                    value.args = Rc::new(std::iter::once(isolation).chain(receiver.args.iter()).cloned().collect());
                }
                value.traits.extend(traits);
                match subject {
                    Some(about @ (Kind::Class(_) | Kind::Parameter(_) | Kind::Field(_))) => value.subject = about.clone(),
                    Some(Kind::Library(table)) => value.identity = table.identity.clone(),
                    _ => {}
                }
                return Kind::Library(Rc::new(value));
            }
            Some(Returned::Held) => return receiver.map(|r| r.subject.clone()).unwrap_or_default(),
            Some(Returned::Element) => return receiver.map(|r| self.element(&Kind::Library(r.clone()))).unwrap_or_default(),
            Some(Returned::Argument(place)) => return argument(place, args).cloned().unwrap_or_default(),
            Some(Returned::Instance(place)) => {
                let ty = argument(place, args).cloned().unwrap_or_default();
                return self.instance_of(ty, self.language_at(site));
            }
            None => return Kind::Unknown,
        };
        let mut made = match self.made(ty, args, site) {
            Kind::Library(value) => (*value).clone(),
            _ => return Kind::Unknown,
        };
        let named = row.lock.as_deref().or(row.resource.as_deref());
        if let Some(identity) = named.and_then(|p| self.place_text(p, receiver, args)) {
            let part = row.part.as_deref().and_then(|p| self.place_text(p, receiver, args));
            let identity = part.map_or_else(|| identity.clone(), |part| identity.with_part(&part));
            let text = self.script(&identity, site).filter(|_| row.in_file).map(Template::text);
            made.identity = Some(text.unwrap_or(identity));
        }
        if let (Effect::JoinPath, Some(base)) = (row.effect, receiver.and_then(|r| r.identity.as_ref())) {
            let mut path = base.clone();
            for (_, part) in args {
                path.push(Part::Text("/".into()));
                path.extend(&part.template(""));
            }
            made.identity = Some(path);
        }
        if let Some(from) = receiver {
            made.identity = made.identity.or_else(|| from.identity.clone());
            made.instance = made.instance.or_else(|| from.instance.clone());
            if from.subject != Kind::Unknown || made.subject == Kind::Unknown {
                made.subject = from.subject.clone();
            }
            made.parent = Some(from.clone());
        }
        if let Some(subject) = row.resource.as_deref().and_then(|p| argument(p, args)) {
            let classes: Vec<&Kind> = subject.alternatives().iter().filter(|k| matches!(k, Kind::Class(_))).collect();
            if let [class] = classes[..] {
                made.subject = class.clone();
            } else if let Kind::Member(member) = subject {
                // `select(Order.id)`: the column's class.
                if matches!(member.0, Kind::Class(_)) {
                    made.subject = member.0.clone();
                }
            } else if let Kind::Object(object) = subject {
                made.subject = Kind::Class(object.class);
            } else if let (Kind::Parameter(_) | Kind::Field(_), Effect::OrmStatement) = (subject, row.effect) {
                // `def select(*entities): return sqlalchemy.select(*entities)`, `select(self.model)`: of what, the caller says.
                made.subject = subject.clone();
            } else if let (Kind::Library(about), Effect::OrmStatement) = (subject, row.effect) {
                // `update(orders.filter(…))`, `insert(Order.__table__)`, `select(func.max(Order.version))`: what that is about.
                if matches!(about.subject, Kind::Class(_) | Kind::Field(_)) {
                    made.subject = about.subject.clone();
                }
                made.asks = about.asks.clone();
            }
        }
        // `select(func.count())`, `select(Order.state, func.count())`.
        let counts = |kind: &Kind| kind.library().is_some_and(|l| l.traits.iter().any(|t| t == "count"));
        let aggregate = args.iter().map(|(_, kind)| kind).find(|kind| row.effect == Effect::OrmStatement && counts(kind));
        let counted = aggregate.is_some();
        made.highest = aggregate.and_then(|kind| kind.library()?.highest.clone());
        if row.effect == Effect::Lock {
            let api =
                format!("{}.{}", receiver.map_or("", |r| self.knowledge.type_name(r.ty)), row.name.first().map_or("", String::as_str));
            made.lock = Some(Rc::new(self.lock_use(row, receiver, args, api.trim_start_matches('.'), site)));
        }
        if row.guard {
            // What the result holds, and gives back when it is dropped.
            let taken = receiver.and_then(|r| r.lock.as_deref().cloned());
            let mut lock = taken.unwrap_or_else(|| self.lock_use(row, receiver, args, "", site));
            lock.guard = true;
            made.lock = Some(Rc::new(lock));
        }
        made.traits = receiver.map(|r| r.traits.clone()).unwrap_or_default();
        made.traits.extend(self.traits(row, args));
        made.traits.extend(counted.then(|| Name::from("count")));
        Kind::Library(Rc::new(made))
    }

    /// What a row returns that does not say: loading gives an instance, calling a function gives what that returns.
    fn implied_result(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)], site: Site) -> Kind {
        match row.effect {
            Effect::OrmLoad => {
                let subject = row.resource.as_deref().and_then(|p| argument(p, args)).cloned();
                match subject.or_else(|| receiver.map(|r| r.subject.clone())) {
                    Some(Kind::Class(class)) if self.is_table(class) => Kind::Unknown,
                    Some(Kind::Class(class)) => Kind::instance(class),
                    Some(found @ Kind::Object(_)) => found,
                    Some(open @ (Kind::Parameter(_) | Kind::Field(_))) => Kind::Called(Rc::new(open)),
                    _ => Kind::Unknown,
                }
            }
            Effect::Invoke => match row.entry.iter().find_map(|p| argument(p, args)).cloned().unwrap_or_default() {
                entry @ (Kind::Text(_) | Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) | Kind::Object(_)) => entry,
                entry => self.call_kind(&entry, &[], site),
            },
            Effect::Partial => args.split_first().map(|(first, rest)| first.1.bound_to(rest)).unwrap_or_default(),
            _ => Kind::Unknown,
        }
    }

    /// What a row of a statement builder adds to the statement.
    fn traits(&self, row: &Row, args: &[(Option<Name>, Kind)]) -> Vec<Name> {
        let mut traits: Vec<Name> = Vec::new();
        let word = match self.variant(row, args).and_then(|v| v.effect).unwrap_or(row.effect) {
            // The verb of a statement stands in the row: `=INSERT`.
            Effect::OrmStatement => return self.verb_of(row),
            Effect::OrmFilter => "where",
            Effect::OrmConflict => "conflict",
            Effect::OrmValues => "values",
            _ => "",
        };
        if !word.is_empty() {
            traits.push(word.into());
        }
        let variant = self.variant(row, args);
        // What is there is changed, and no condition asks what it was.
        if row.effect == Effect::OrmConflict && !row.value.is_empty() && variant.is_none() {
            traits.push("overwrites".into());
        }
        // A transaction that is still being built.
        if let Some(isolation) = row.isolation.as_deref().filter(|_| row.effect == Effect::Value) {
            traits.push(format!("{ISOLATION}{isolation}").into());
        }
        if variant.and_then(|v| v.for_update).unwrap_or(row.for_update) {
            traits.push("for-update".into());
        }
        traits
    }

    fn verb_of(&self, row: &Row) -> Vec<Name> {
        let verb = row.sql.as_deref().and_then(|s| s.strip_prefix('=')).unwrap_or("SELECT");
        verb.to_lowercase().split(' ').map(Name::from).collect()
    }

    /// Whether a value holds a text, also as a key of a mapping or as the name of what made it.
    fn mentions(&self, value: &Kind, text: &str) -> bool {
        match value {
            Kind::Text(template) => template.parts.iter().any(|p| matches!(p, Part::Text(t) if t.contains(text))),
            Kind::Map(entries) => entries.iter().any(|(k, v)| self.mentions(k, text) || self.mentions(v, text)),
            Kind::List(items) => items.iter().any(|k| self.mentions(k, text)),
            Kind::External(name) => name.contains(text),
            Kind::Library(made) => self.knowledge.type_name(made.ty).contains(text),
            _ => false,
        }
    }

    /// The row of the library's function that a callee is.
    pub fn library_function(&self, at: FunctionRef, callee: ExprId) -> Option<Found<'_>> {
        let Kind::External(name) = self.infer(at, callee) else { return None };
        self.knowledge.function(self.language(at.module), &name)
    }

    /// The first variant of a row that applies to these arguments.
    pub fn variant<'r>(&self, row: &'r Row, args: &[(Option<Name>, Kind)]) -> Option<&'r crate::knowledge::vocabulary::Variant> {
        row.when.iter().find(|variant| {
            let value = argument(&variant.argument, args);
            if let Some(given) = variant.given
                && given != value.is_some_and(|v| *v != Kind::Null)
            {
                return false;
            }
            if !variant.only_keys.is_empty() && !value.is_some_and(|value| has_only(value, &variant.only_keys)) {
                return false;
            }
            if variant.is.is_none() && variant.contains.is_empty() {
                return true;
            }
            value.is_some_and(|value| self.fits(value, variant.is.as_deref(), &variant.contains))
        })
    }

    /// Whether an argument is the constant that a variant wants, and holds one of its texts.
    pub fn fits(&self, value: &Kind, is: Option<&str>, contains: &[String]) -> bool {
        let holds = is.is_none_or(|wanted| match value {
            Kind::Bool(b) => b.to_string() == wanted,
            Kind::Null => wanted == "none",
            Kind::Int(n) => n.to_string() == wanted,
            Kind::Float(n) => n.to_string() == wanted,
            Kind::Text(text) => text.constant() == Some(wanted),
            Kind::External(name) => name == wanted || wanted.rsplit('.').take(2).eq(name.rsplit('.').take(2)),
            _ => false,
        });
        holds && (contains.is_empty() || contains.iter().any(|text| self.mentions(value, text)))
    }

    /// The text that a place gives: an argument, the receiver's identity, or the text itself.
    pub fn place_text(&self, place: &str, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)]) -> Option<Template> {
        match Place::parse(place).ok()? {
            Place::Text(text) => Some(Template::text(text)),
            Place::Receiver => receiver.and_then(|r| r.identity.clone()),
            Place::Argument { position, name } => {
                let value = argument_at(position.map(|p| p as usize), name, args)?;
                match value {
                    Kind::Null => None,
                    Kind::Object(object) => Some(Template::hole(Hole::Named(self.class(object.class).name.clone()))),
                    // `mset({"stock": 5})`: the only key.
                    Kind::Map(entries) if entries.len() == 1 => Some(entries[0].0.template(name.unwrap_or(""))),
                    // A task is called by its function.
                    Kind::Function(function) => Some(Template::text(self.function(function.function).name.clone())),
                    value => Some(value.template(name.unwrap_or(""))),
                }
            }
            _ => None,
        }
    }
}

/// Whether a value is a mapping all of whose keys are among these.
fn has_only(value: &Kind, keys: &[String]) -> bool {
    let among = |key: &Kind| key.as_text().is_some_and(|text| keys.iter().any(|known| known == text));
    matches!(value, Kind::Map(entries) if !entries.is_empty() && entries.iter().all(|(key, _)| among(key)))
}

/// What yields tuples of such values: nothing is said where none of them is known.
fn tuples(values: Vec<Kind>) -> Kind {
    if values.iter().all(|kind| *kind == Kind::Unknown) {
        return Kind::Unknown;
    }
    Kind::List(Rc::new(vec![Kind::List(Rc::new(values))]))
}

/// A path with further steps, or one beside it: with another ending where the argument begins with a dot, else of another name.
fn joined(from: &Rc<LibraryValue>, effect: Effect, args: &[(Option<Name>, Kind)]) -> LibraryValue {
    let mut path = from.identity.clone().unwrap_or_else(|| Template::hole(Hole::Named("folder".into())));
    for (_, part) in args {
        let part = part.segment("");
        let ending = matches!(part.parts.first(), Some(Part::Text(text)) if text.starts_with('.'));
        match (effect, path.parts.last_mut()) {
            (Effect::BesidePath, Some(Part::Text(last))) => {
                let step = last.rfind('/').map_or(0, |at| at + 1);
                let end = if ending { last[step..].rfind('.').map_or(last.len(), |at| step + at) } else { step };
                last.truncate(end);
            }
            (Effect::BesidePath, Some(Part::Hole(_))) if !ending => {
                path.parts.pop();
            }
            (Effect::BesidePath, _) => {}
            _ => path.push(Part::Text("/".into())),
        }
        path.extend(&part);
    }
    let mut value = (**from).clone();
    value.identity = Some(path);
    value
}

/// Constructor arguments as they are kept: of objects among them no further arguments, so that values stay small.
fn shallow(args: &[(Option<Name>, Kind)]) -> Vec<(Option<Name>, Kind)> {
    let flat = |kind: &Kind| match kind {
        Kind::Object(object) if object.args.iter().any(|(_, k)| matches!(k, Kind::Object(_) | Kind::List(_) | Kind::Map(_))) => {
            let args: Vec<_> =
                object.args.iter().filter(|(_, k)| !matches!(k, Kind::Object(_) | Kind::List(_) | Kind::Map(_))).cloned().collect();
            Kind::Object(Rc::new(Object { args: Rc::new(args), ..(**object).clone() }))
        }
        kind => kind.clone(),
    };
    args.iter().map(|(n, k)| (n.clone(), flat(k))).collect()
}

fn environment(name: &str, args: &[(Option<Name>, Kind)]) -> Kind {
    let default = args.get(1).map(|a| a.1.clone()).unwrap_or_default();
    match default {
        // A number's default is worth more than the name of the variable that may override it.
        Kind::Int(_) | Kind::Float(_) => default,
        Kind::Text(text) if text.constant().is_some_and(|t| t.parse::<f64>().is_ok()) => {
            Kind::Float(text.constant().and_then(|t| t.parse().ok()).unwrap_or_default())
        }
        _ => Kind::Text(Rc::new(Template::hole(Hole::Environment(name.into())))),
    }
}

/// `timedelta(minutes=5)` in seconds.
fn duration(args: &[(Option<Name>, Kind)]) -> Kind {
    let mut seconds = 0.0;
    for (index, (name, value)) in args.iter().enumerate() {
        let Some(number) = value.number() else { return Kind::Unknown };
        let unit = match name.as_deref() {
            Some("weeks") => 604_800.0,
            Some("days") => 86_400.0,
            Some("hours") => 3_600.0,
            Some("minutes") => 60.0,
            Some("milliseconds") => 0.001,
            Some("microseconds") => 0.000_001,
            None if index == 0 => 86_400.0,
            _ => 1.0,
        };
        seconds += number * unit;
    }
    Kind::Float(seconds)
}

/// Methods of strings that keep what is known of the text.
fn text_method(text: &Rc<Template>, name: &str, args: &[(Option<Name>, Kind)]) -> Kind {
    match name {
        "format" => {
            let mut result = Template::default();
            let mut nth = 0;
            for part in &text.parts {
                let Part::Text(fixed) = part else {
                    result.push(part.clone());
                    continue;
                };
                let mut rest = fixed.as_str();
                while let Some(open) = rest.find('{') {
                    let Some(close) = rest[open..].find('}').map(|c| open + c) else { break };
                    result.push(Part::Text(rest[..open].into()));
                    let field = rest[open + 1..close].split([':', '!', '.', '[']).next().unwrap_or("");
                    let value = match field.parse::<usize>() {
                        Ok(index) => argument_at(Some(index), None, args),
                        Err(_) if field.is_empty() => {
                            nth += 1;
                            argument_at(Some(nth - 1), None, args)
                        }
                        Err(_) => argument_at(None, Some(field), args),
                    };
                    result.extend(&value.cloned().unwrap_or_default().template(field));
                    rest = &rest[close + 1..];
                }
                result.push(Part::Text(rest.into()));
            }
            Kind::Text(Rc::new(result))
        }
        "join" => match args.first().map(|a| &a.1) {
            Some(Kind::List(items)) => {
                let mut result = Template::default();
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        result.extend(text);
                    }
                    result.extend(&item.template(""));
                }
                Kind::Text(Rc::new(result))
            }
            _ => Kind::Text(Rc::new(Template::hole(Hole::Named("".into())))),
        },
        "replace" | "removeprefix" | "removesuffix" | "title" => Kind::Text(text.clone()),
        name if SAME_TEXT.contains(&name) => Kind::Text(text.clone()),
        _ => Kind::Unknown,
    }
}
