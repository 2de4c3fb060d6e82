//! Values of names and expressions, without regard to the order in which statements run.

use super::many::one_of_many;
use super::{
    ClassRef, FunctionRef, FunctionValue, Hole, Kind, LibraryValue, Object, Part, Program, Scope, Source, Template, keeps_guard, remember,
};
use crate::facts::{Arg, BinaryOp, Clause, ExprId, ExprKind, FileFacts, MODULE, NAMED_ANYHOW, Name, ParamKind, StmtKind, TextPart};
use crate::knowledge::{TypeId, vocabulary::PackLanguage};
use crate::source::Span;
use std::rc::Rc;

/// How many assignments of one name are looked at.
const ASSIGNMENTS: usize = 8;
/// How many calls are read for the value of an unannotated parameter.
const CALL_SITES: usize = 12;

/// How many expressions are asked for inside one another.
const DEPTH: u16 = 400;

impl Program<'_> {
    /// What an expression of a function is worth.
    pub fn infer(&self, at: FunctionRef, expr: ExprId) -> Kind {
        // Attributes that are defined by one another, or a very long way to a value: neither is worth the stack it takes.
        let depth = self.caches.depth.get();
        if depth >= DEPTH {
            return Kind::Unknown;
        }
        self.caches.depth.set(depth + 1);
        let kind = self.infer_below(at, expr);
        self.caches.depth.set(depth);
        kind
    }

    fn infer_below(&self, at: FunctionRef, expr: ExprId) -> Kind {
        let facts = self.facts(at.module);
        let e = facts.expr(expr);
        match &e.kind {
            ExprKind::Null => Kind::Null,
            ExprKind::Bool(value) => Kind::Bool(*value),
            ExprKind::Int(value) => Kind::Int(*value),
            ExprKind::Float(value) => Kind::Float(*value),
            ExprKind::Str(text) => Kind::text(text.clone()),
            ExprKind::Text(parts) => {
                let mut template = Template::default();
                for part in parts {
                    match part {
                        TextPart::Lit(text) => template.push(Part::Text(text.clone())),
                        TextPart::Hole(hole) => template.extend(&self.infer(at, *hole).template(&hint(facts, *hole))),
                    }
                }
                Kind::Text(Rc::new(template))
            }
            ExprKind::Name(name) => self.with_words(at.module, self.name_from(at, name, Some(e.span))),
            ExprKind::Attr { base, name } => {
                let member = self.or_placed(self.member(&self.infer(at, *base), name), facts, *base, name);
                self.with_words(at.module, member)
            }
            // `StoreDep = Annotated[Store, Depends(get_store)]`: the alias is the instance that it declares.
            ExprKind::Index { base, index } if super::last_name(facts, *base).is_some_and(|n| n == "Annotated") => {
                self.generic(at, *base, *index)
            }
            ExprKind::Index { base, index } => self.item(&self.infer(at, *base), &self.infer(at, *index), &hint(facts, *index)),
            ExprKind::Call { callee, args } => {
                let callee_kind = self.infer(at, *callee);
                let args: super::Args<Kind> =
                    args.iter().filter(|a| a.spread == 0).map(|a| (a.name.clone(), self.infer(at, a.value))).collect();
                self.call_kind(&callee_kind, &args, self.site(at.module, e.span))
            }
            ExprKind::Binary { op, left, right } => {
                let (l, r) = (self.infer(at, *left), self.infer(at, *right));
                self.binary(*op, &l, &r, &hint(facts, *left), &hint(facts, *right))
            }
            ExprKind::Logic { items, .. } => items.iter().map(|i| self.infer(at, *i)).fold(Kind::Unknown, Kind::or),
            ExprKind::Choice { then, other, .. } => self.infer(at, *then).or(self.infer(at, *other)),
            ExprKind::List(items) => Kind::List(Rc::new(items.iter().flat_map(|i| self.spread(at, *i)).collect())),
            ExprKind::Map(entries) => {
                Kind::Map(Rc::new(entries.iter().filter_map(|(k, v)| k.map(|k| (self.infer(at, k), self.infer(at, *v)))).collect()))
            }
            ExprKind::Comprehension { element, value: None, clauses } if clauses.len() == 1 => {
                // `[X(a) for a in …]`: a list of one known element stands for all; so does one of those gone through.
                let each = is_each(facts, *element, &clauses[0]);
                let one = if each { self.element(&self.infer(at, clauses[0].iter)) } else { self.infer(at, *element) };
                Kind::List(Rc::new(vec![one]))
            }
            ExprKind::Comprehension { element, value: Some(value), clauses } if clauses.len() == 1 => {
                // `{t.name: t for t in TOOLS}`: each of them, under a key that nobody knows.
                let each = is_each(facts, *value, &clauses[0]);
                let values = match if each { self.infer(at, clauses[0].iter) } else { self.infer(at, *value) } {
                    Kind::List(items) if each => items.to_vec(),
                    whole if each => vec![self.element(&whole)],
                    one => one.alternatives().to_vec(),
                };
                Kind::Map(Rc::new(values.into_iter().filter(|k| *k != Kind::Unknown).map(|value| (Kind::Unknown, value)).collect()))
            }
            ExprKind::Await(inner) | ExprKind::Spread(inner) => self.infer(at, *inner),
            ExprKind::Bind { value, .. } => self.infer(at, *value),
            ExprKind::Lambda(function) => self.function_kind(FunctionRef { module: at.module, function: *function }),
            ExprKind::Unary(inner) => match self.infer(at, *inner) {
                // `*guard` is what the lock holds.
                Kind::Library(value) if value.lock.as_ref().is_some_and(|l| l.guard) => value.subject.clone(),
                Kind::Int(n) if facts.expr(*inner).span.start > e.span.start => Kind::Int(n.saturating_neg()),
                other => other,
            },
            _ => Kind::Unknown,
        }
    }

    fn spread(&self, at: FunctionRef, item: ExprId) -> Vec<Kind> {
        let facts = self.facts(at.module);
        if let ExprKind::Spread(inner) = facts.expr(item).kind {
            return match self.infer(at, inner) {
                Kind::List(items) => items.to_vec(),
                other => vec![other],
            };
        }
        vec![self.infer(at, item)]
    }

    /// A function as a value that nothing is bound to.
    pub fn function_kind(&self, function: FunctionRef) -> Kind {
        Kind::Function(Rc::new(FunctionValue::of(function, None)))
    }

    /// What a name means in a function: its own, those around it, the module's, else outside the project.
    pub fn name(&self, at: FunctionRef, name: &str) -> Kind {
        self.name_from(at, name, None)
    }

    /// What a name means that stands at a place. In Rust `let work = work().await` asks for what `work` was before.
    pub fn name_from(&self, at: FunctionRef, name: &str, place: Option<Span>) -> Kind {
        let mut function = at;
        loop {
            let scope = self.scope(function);
            let bound = scope.get(name);
            if !bound.is_empty() && !place.is_some_and(|place| self.is_bound_by(at.module, bound, place)) {
                return self.name_in(function, name);
            }
            if function.function != crate::facts::MODULE
                && self.is_rust(at.module)
                && let Some(found) = scope.stars.iter().find_map(|star| self.starred(at.module, *star, name))
            {
                return found;
            }
            match self.function(function).parent {
                Some(parent) => function.function = parent,
                None => break,
            }
        }
        match self.module_member(at.module, name) {
            Kind::Unknown if self.is_rust(at.module) => self.rust_name(at, name),
            found @ Kind::Module(_) if self.is_rust(at.module) => found,
            // A submodule is an attribute of its package and no global name of it.
            Kind::Unknown | Kind::Module(_) => match self.put_into_module(name) {
                Kind::Unknown => Kind::External(name.into()),
                found => found,
            },
            found => found,
        }
    }

    /// Whether a place lies in the very value of Rust by which alone a name is bound.
    fn is_bound_by(&self, module: u32, bound: &[Source], place: Span) -> bool {
        let facts = self.facts(module);
        let inside = |source: &Source| match source {
            Source::Value(value) | Source::Piece(value, _) => facts.expr(*value).span.contains(place),
            Source::Declared(_) => true,
            _ => false,
        };
        self.is_rust(module) && bound.iter().all(inside)
    }

    /// What a name that this very function (or module) binds is worth.
    pub fn name_in(&self, function: FunctionRef, name: &str) -> Kind {
        remember(&self.caches.names, (function, name.into()), || {
            let scope = self.scope(function);
            let found = self.sources(function, scope.get(name), name);
            if function.function == MODULE { self.filled_variable(found, function.module, name) } else { found }
        })
    }

    fn sources(&self, function: FunctionRef, sources: &[Source], name: &str) -> Kind {
        // Redefinitions of a function or class (overloads, version switches): the last counts.
        if let Some(last) = sources.last().filter(|s| matches!(s, Source::Function(_) | Source::Class(_))) {
            return self.source(function, *last, name);
        }
        let values = sources.iter().filter(|s| !matches!(s, Source::Declared(_))).take(ASSIGNMENTS);
        let found = values.map(|s| self.source(function, *s, name)).fold(Kind::Unknown, Kind::or);
        let mut declared = sources.iter().filter(|s| matches!(s, Source::Declared(_))).take(ASSIGNMENTS).peekable();
        if declared.peek().is_none() || !self.says_little(&found, function.module) {
            return found;
        }
        let declared = declared.map(|s| self.source(function, *s, name));
        match found {
            found @ (Kind::Unknown | Kind::Null) => declared.fold(found, Kind::or),
            found if self.leads_nowhere(&found, function.module) => {
                self.or_declared(found, function.module, || declared.fold(Kind::Unknown, Kind::or))
            }
            found => declared.filter(|kind| refines(kind, &found)).last().unwrap_or(found),
        }
    }

    /// What a value is: where no more than the way to it is known, what it is declared to be.
    pub fn or_declared(&self, found: Kind, module: u32, declared: impl FnOnce() -> Kind) -> Kind {
        if !self.leads_nowhere(&found, module) {
            return found;
        }
        let declared = declared();
        let told = declared.alternatives().iter().all(|kind| matches!(kind, Kind::Object(_) | Kind::Library(_)));
        if told { declared } else { found }
    }

    /// Whether no more than the way to a value of Python is known, and nobody says what lies there: `request.app.state.counter`,
    /// `registry[key]`.
    fn leads_nowhere(&self, value: &Kind, module: u32) -> bool {
        let language = self.language(module);
        match value {
            _ if language != PackLanguage::Python => false,
            Kind::Member(_) | Kind::ParameterMember(_) => true,
            Kind::External(name) => self.knowledge.function(language, name).is_none() && self.knowledge.made_by(language, name).is_none(),
            _ => false,
        }
    }

    /// Whether a declaration may say more than the value: nothing is known of it, it is still empty, or of what it gives.
    fn says_little(&self, value: &Kind, module: u32) -> bool {
        match value {
            _ if self.leads_nowhere(value, module) => true,
            Kind::Unknown | Kind::Null => true,
            Kind::List(items) => items.is_empty(),
            Kind::Map(entries) => entries.is_empty(),
            Kind::Library(value) => value.subject == Kind::Unknown && self.knowledge.holds(value.ty),
            Kind::Function(value) => self.returned(value.function) == Kind::Unknown,
            _ => false,
        }
    }

    fn source(&self, function: FunctionRef, source: Source, name: &str) -> Kind {
        let module = function.module;
        match source {
            Source::Value(value) => self.infer(function, value).aimed(name),
            Source::Annotation(annotation) | Source::Declared(annotation) => self.annotation(function, annotation),
            Source::Enter(context) => self.entered(&self.infer(function, context)),
            Source::Element(iter) => self.element(&self.infer(function, iter)),
            Source::Piece(value, index) => match self.infer(function, value) {
                Kind::List(items) => items.get(index as usize).cloned().unwrap_or_default(),
                fresh @ Kind::Text(_) if fresh.is_fresh() => fresh,
                _ => Kind::Unknown,
            },
            Source::Function(f) => self.function_kind(FunctionRef { module, function: f }),
            Source::Class(class) => Kind::Class(ClassRef { module, class }),
            Source::Import(index) => self.import(module, index),
            Source::Parameter(index) => self.parameter(function, index),
            Source::Other => Kind::Unknown,
        }
    }

    /// What is known of a parameter: the receiver, its annotation, its default, or what few callers give it.
    pub fn parameter(&self, function: FunctionRef, index: u32) -> Kind {
        remember(&self.caches.parameters, (function, index), || {
            let declared = self.parameter_declared(function, index);
            if declared != Kind::Unknown {
                return declared;
            }
            let closure = self.closure_parameter(function, index);
            if closure != Kind::Unknown {
                return closure;
            }
            let given = self.given_by_callers(function, index);
            match self.default_number(function, index) {
                Some(default) => {
                    Kind::Lookup(Rc::new((default, given.alternatives().iter().filter(|k| **k != Kind::Unknown).cloned().collect())))
                }
                None => given,
            }
        })
    }

    /// Whether a function's first parameter is the object or class it is called on.
    pub fn takes_receiver(&self, function: FunctionRef) -> bool {
        let f = self.function(function);
        match self.is_rust(function.module) {
            true => f.class.is_some() && f.params.first().is_some_and(|p| p.name == "self"),
            false => f.class.is_some() && !self.is_decorated(function, "staticmethod"),
        }
    }

    pub(super) fn is_decorated(&self, function: FunctionRef, name: &str) -> bool {
        let facts = self.facts(function.module);
        self.function(function).decorators.iter().any(|d| super::last_name(facts, *d).is_some_and(|n| n == name))
    }

    /// What the declaration alone says of a parameter.
    pub fn parameter_declared(&self, function: FunctionRef, index: u32) -> Kind {
        let f = self.function(function);
        let Some(parameter) = f.params.get(index as usize) else { return Kind::Unknown };
        if let (0, Some(class)) = (index, f.class) {
            let class = self.owner(ClassRef { module: function.module, class });
            if self.is_decorated(function, "classmethod") {
                return Kind::Class(class);
            }
            if self.takes_receiver(function) {
                return Kind::instance(class);
            }
        }
        if matches!(parameter.kind, ParamKind::Rest | ParamKind::RestKeywords) {
            return Kind::Unknown;
        }
        let around = FunctionRef { module: function.module, function: f.parent.unwrap_or(MODULE) };
        if let Some(annotation) = parameter.annotation {
            let kind = self.annotation(around, annotation);
            if kind != Kind::Unknown {
                return kind;
            }
        }
        match self.default_of(function, index) {
            kind @ (Kind::Object(_) | Kind::Library(_)) => kind,
            _ => Kind::Unknown,
        }
    }

    /// What a parameter's default is worth, where the function is defined.
    pub(super) fn default_of(&self, function: FunctionRef, index: u32) -> Kind {
        let f = self.function(function);
        let around = FunctionRef { module: function.module, function: f.parent.unwrap_or(MODULE) };
        f.params.get(index as usize).and_then(|p| p.default).map(|d| self.infer(around, d)).unwrap_or_default()
    }

    /// A parameter's default, where it is a number: what callers may change.
    pub fn default_number(&self, function: FunctionRef, index: u32) -> Option<Kind> {
        match self.default_of(function, index) {
            number @ (Kind::Int(_) | Kind::Float(_)) => Some(number),
            _ => None,
        }
    }

    pub(super) fn given_by_callers(&self, function: FunctionRef, index: u32) -> Kind {
        let f = self.function(function);
        let constructor = f.name == "__init__";
        let name = match (constructor, f.class) {
            (true, Some(class)) => &self.facts(function.module).class(class).name,
            _ => &f.name,
        };
        // What tests give stands for something and is not it; they may call as often as they like.
        let in_tests = self.is_aside(function.module);
        let named = match (self.calls_of_associated(function), self.calls_named(name)) {
            (Some(calls), _) => calls,
            // Only classes below are made, by the constructor that they inherit.
            (None, []) if constructor && !self.is_rust(function.module) => self.calls_of_heirs(function),
            (None, calls) => calls.to_vec(),
        };
        let calls: Vec<_> = named.iter().filter(|(m, _)| in_tests || !self.is_aside(*m)).take(CALL_SITES + 1).collect();
        if calls.len() > CALL_SITES {
            return Kind::Unknown;
        }
        let Some(parameter) = f.params.get(index as usize) else { return Kind::Unknown };
        let Some(position) = (index as usize).checked_sub(usize::from(self.takes_receiver(function))) else { return Kind::Unknown };
        let mut found = Kind::Unknown;
        for (module, call) in calls {
            let ExprKind::Call { callee, args } = &self.facts(*module).expr(*call).kind else { continue };
            let at = self.enclosing(*module, *call);
            let hit = match self.infer(at, *callee) {
                Kind::Class(class) => constructor && self.method(class, "__init__") == Some(function),
                Kind::Function(value) => value.function == function,
                _ => false,
            };
            if !hit {
                continue;
            }
            match given_for(args, position, &parameter.name) {
                Some(arg) => found = found.or(self.infer(at, arg.value)),
                // Who leaves it out gets the default.
                None if args.iter().all(|a| a.spread == 0) => {
                    if let default @ Kind::Text(_) = self.default_of(function, index) {
                        found = found.or(default);
                    }
                }
                None => {}
            }
        }
        found
    }

    /// Calls that make objects of classes that inherit a constructor.
    fn calls_of_heirs(&self, constructor: FunctionRef) -> Vec<(u32, ExprId)> {
        let Some(class) = self.function(constructor).class else { return Vec::new() };
        let heirs = self.descendants(ClassRef { module: constructor.module, class }).iter();
        let inherit = heirs.filter(|heir| self.method(**heir, "__init__") == Some(constructor)).take(CALL_SITES);
        inherit.flat_map(|heir| self.calls_named(&self.class(*heir).name)).take(CALL_SITES + 1).copied().collect()
    }

    /// An instance of the type that an annotation names.
    pub fn annotation(&self, at: FunctionRef, annotation: ExprId) -> Kind {
        let facts = self.facts(at.module);
        if self.is_rust(at.module) {
            return self.rust_annotation(at, annotation);
        }
        match &facts.expr(annotation).kind {
            ExprKind::Binary { op: BinaryOp::Or, left, right } => self.annotation(at, *left).or(self.annotation(at, *right)),
            ExprKind::Index { base, index } => self.generic(at, *base, *index),
            ExprKind::Name(_) | ExprKind::Attr { .. } => self.instance_of(self.infer(at, annotation), PackLanguage::Python),
            _ => Kind::Unknown,
        }
    }

    fn generic(&self, at: FunctionRef, base: ExprId, index: ExprId) -> Kind {
        let facts = self.facts(at.module);
        let arguments: Vec<ExprId> = match &facts.expr(index).kind {
            ExprKind::List(items) => items.clone(),
            _ => vec![index],
        };
        let name = super::last_name(facts, base).map_or("", Name::as_str);
        let first = arguments.first().copied();
        match name {
            "Callable" => match arguments.get(1).map(|a| self.annotation(at, *a)) {
                Some(given @ (Kind::Object(_) | Kind::Library(_))) => Kind::Gives(Rc::new(given)),
                _ => Kind::Unknown,
            },
            "Optional"
            | "Final"
            | "ClassVar"
            | "type"
            | "Type"
            | "Awaitable"
            | "ContextManager"
            | "AsyncContextManager"
            | "AbstractContextManager"
            | "AbstractAsyncContextManager" => first.map(|a| self.annotation(at, a)).unwrap_or_default(),
            "Union" => arguments.iter().map(|a| self.annotation(at, *a)).fold(Kind::Unknown, Kind::or),
            "Annotated" => {
                let declared = first.map(|a| self.annotation(at, a)).unwrap_or_default();
                // `Annotated[Store, Depends(get_store)]`: what is injected is worth more than what is declared.
                let injected =
                    arguments.iter().skip(1).map(|a| self.infer(at, *a)).find(|k| matches!(k, Kind::Object(_) | Kind::Library(_)));
                injected.unwrap_or(declared)
            }
            "list" | "List" | "Sequence" | "Iterable" | "set" | "Set" | "tuple" | "Tuple" | "AsyncIterator" | "Iterator" | "Generator"
            | "AsyncGenerator" | "Collection" | "frozenset" => match first.map(|a| self.annotation(at, a)) {
                Some(Kind::Unknown) | None => Kind::Unknown,
                Some(element) => Kind::List(Rc::new(vec![element])),
            },
            "dict" | "Dict" | "Mapping" | "MutableMapping" | "defaultdict" | "OrderedDict" => {
                match arguments.get(1).map(|a| self.annotation(at, *a)) {
                    Some(Kind::Unknown) | None => Kind::Unknown,
                    Some(value) => Kind::Map(Rc::new(vec![(Kind::Unknown, value)])),
                }
            }
            _ => {
                let made = self.instance_of(self.infer(at, base), PackLanguage::Python);
                let Kind::Library(value) = &made else { return made };
                let held = first.filter(|_| self.knowledge.holds(value.ty));
                let Some(held) = held.map(|a| self.annotation(at, a)) else { return made };
                Kind::Library(Rc::new(LibraryValue { subject: held, ..(**value).clone() }))
            }
        }
    }

    /// An instance of what a type expression means.
    pub(super) fn instance_of(&self, ty: Kind, language: PackLanguage) -> Kind {
        match ty {
            Kind::Class(class) => Kind::instance(class),
            Kind::External(name) => {
                self.knowledge.made_by(language, &name).map_or(Kind::Unknown, |ty| Kind::Library(Rc::new(LibraryValue::of(ty))))
            }
            // `SessionDep = Annotated[Session, Depends(…)]`: the alias already is the instance.
            found @ (Kind::Object(_) | Kind::Library(_)) => found,
            _ => Kind::Unknown,
        }
    }

    /// The attribute `name` of a value.
    pub fn member(&self, base: &Kind, name: &str) -> Kind {
        match base {
            _ if name.contains(NAMED_ANYHOW) => self.members_named(base, name),
            Kind::Module(module) => self.module_member(*module, name),
            Kind::Namespace(prefix, from) => {
                let dotted = format!("{prefix}.{name}");
                match self.find_module(*from, 0, &dotted) {
                    Some(module) => Kind::Module(module),
                    None => Kind::Namespace(dotted.into(), *from),
                }
            }
            Kind::External(path) => self.setting(path, name).unwrap_or_else(|| Kind::External(format!("{path}.{name}").into())),
            Kind::Class(class) => self.class_member(*class, name, base),
            Kind::Object(object) if name == "__class__" => Kind::Class(object.class),
            Kind::Object(object) => self.object_member(object, name, base),
            Kind::Library(value) => self.library_member(value, name, base),
            Kind::Function(_) if name == "__wrapped__" => base.clone(),
            // A member of an enumeration, which is told as what it is worth.
            Kind::Text(_) | Kind::Int(_) if name == "value" => base.clone(),
            Kind::Function(value) if self.function(value.function).is_namespace => self.namespace_member(value.function, name),
            Kind::Function(function) => match self.made_by_decorator(function) {
                Some(made) => Kind::Member(Rc::new((made, name.into()))),
                None => Kind::Member(Rc::new((base.clone(), name.into()))),
            },
            Kind::OneOf(kinds) => kinds.iter().map(|k| self.member(k, name)).fold(Kind::Unknown, Kind::or),
            // One of several objects by its key: `agents.get(name).run()`.
            Kind::Lookup(table) if table.1.iter().any(|k| matches!(k, Kind::Object(_))) => {
                one_of_many(table.1.iter().map(|k| self.member(k, name)).collect())
            }
            _ => Kind::Member(Rc::new((base.clone(), name.into()))),
        }
    }

    fn class_member(&self, class: ClassRef, name: &str, base: &Kind) -> Kind {
        if let Some(method) = self.method(class, name) {
            let bound = self.is_decorated(method, "classmethod");
            return Kind::Function(Rc::new(FunctionValue {
                function: method,
                receiver: bound.then(|| Kind::Class(class)),
                bound: Vec::new(),
                captured: Rc::default(),
                plain: false,
            }));
        }
        if let Some(found) = self.inherited_attribute(class, name) {
            return found;
        }
        match self.class_attribute(class, name) {
            // What a method sets on the class: `cls.client = connect()`.
            Kind::Unknown | Kind::Null => match self.field(class, name) {
                Kind::Unknown => Kind::Member(Rc::new((base.clone(), name.into()))),
                found => found,
            },
            found => found,
        }
    }

    /// An attribute that a class has from the library it derives from: `Order.objects`.
    fn inherited_attribute(&self, class: ClassRef, name: &str) -> Option<Kind> {
        let ty = self.external_type(class)?;
        let found = self.knowledge.attribute_type(ty, name)?;
        if let Some(manager) = self.own_manager(class, name, found) {
            return Some(manager);
        }
        let mut value = LibraryValue::of(found);
        value.subject = Kind::Class(class);
        Some(Kind::Library(Rc::new(value)))
    }

    /// What a class body assigns to a name, its own or inherited.
    pub fn class_attribute(&self, class: ClassRef, name: &str) -> Kind {
        self.ancestors(class).into_iter().map(|c| self.own_class_attribute(c, name)).find(|k| *k != Kind::Unknown).unwrap_or_default()
    }

    pub(super) fn own_class_attribute(&self, class: ClassRef, name: &str) -> Kind {
        remember(&self.caches.class_names, (class, name.into()), || {
            let scope: Rc<Scope> = self.class_scope(class);
            let parent = FunctionRef { module: class.module, function: self.class(class).parent };
            let found = self.sources(parent, scope.get(name), name);
            if self.is_rust(class.module) {
                self.owned_lock(self.or_by_literals(found, class, name), &self.class(class).name, name)
            } else {
                found
            }
        })
    }

    fn object_member(&self, object: &Rc<Object>, name: &str, base: &Kind) -> Kind {
        let found = self.implementations(object.class, name, object.exact);
        if !found.is_empty() {
            let property = self.is_property(found[0]);
            return found
                .into_iter()
                .map(|function| {
                    let receiver = self.takes_receiver(function).then(|| self.implementer(object, function, base));
                    let bound = FunctionValue::of(function, receiver);
                    if property { self.returned(function) } else { Kind::Function(Rc::new(bound)) }
                })
                .fold(Kind::Unknown, Kind::or);
        }
        let field = self.field_of(object, name);
        if field != Kind::Unknown {
            return field;
        }
        if let Some(manager) = self.related_manager(object.class, name) {
            return manager;
        }
        Kind::Member(Rc::new((base.clone(), name.into())))
    }

    /// Whether a method is read like a field.
    fn is_property(&self, method: FunctionRef) -> bool {
        let facts = self.facts(method.module);
        let is_property = |name: &Name| matches!(name.as_str(), "property" | "cached_property" | "hybrid_property");
        self.function(method).decorators.iter().any(|d| super::last_name(facts, *d).is_some_and(is_property))
    }

    /// The method of the project that runs where `name` of such an object is read.
    pub fn property_of(&self, object: &Object, name: &str) -> Option<FunctionRef> {
        self.method(object.class, name).filter(|method| !self.is_rust(method.module) && self.is_property(*method))
    }

    /// The receiver as its implementation sees it: where a class below the declared one defines the method, an instance of that.
    fn implementer(&self, object: &Rc<Object>, method: FunctionRef, base: &Kind) -> Kind {
        match self.function(method).class.map(|class| ClassRef { module: method.module, class }) {
            Some(class) if !self.ancestors(object.class).contains(&class) => {
                Kind::Object(Rc::new(Object { class, exact: false, args: Rc::default(), site: object.site }))
            }
            _ => base.clone(),
        }
    }

    fn library_member(&self, value: &Rc<LibraryValue>, name: &str, base: &Kind) -> Kind {
        let definition = self.knowledge.type_def(value.ty);
        if value.subject != Kind::Unknown && definition.held_as.iter().any(|attribute| attribute == name) {
            return value.subject.clone();
        }
        if let Some(ty) = definition.attributes.get(name).and_then(|t| self.knowledge.type_named(t)) {
            return self.derived(value, ty, None);
        }
        if self.knowledge.method(value.ty, name).is_none()
            && let Some(ty) = definition.attribute_type.as_ref().and_then(|t| self.knowledge.type_named(t))
        {
            return self.derived(value, ty, (!definition.columns).then(|| Template::text(name)));
        }
        if let Some(inner) = self.dereferenced(value)
            && (self.knowledge.method(value.ty, name).is_none() && !keeps_guard(name) || self.has_method(&inner, name))
        {
            return self.member(&inner, name);
        }
        // A row that a query gave.
        if let Kind::Class(class) = value.subject
            && self.external_type(class) == Some(value.ty)
            && self.knowledge.method(value.ty, name).is_none()
            && let Some(manager) = self.related_manager(class, name)
        {
            return manager;
        }
        Kind::Member(Rc::new((base.clone(), name.into())))
    }

    /// A value of another type reached from a library's value; it belongs to the same store.
    pub fn derived(&self, from: &Rc<LibraryValue>, ty: TypeId, identity: Option<Template>) -> Kind {
        let mut value = LibraryValue::of(ty);
        value.identity = identity.or_else(|| from.identity.clone());
        value.instance = from.instance.clone();
        value.site = from.site;
        value.subject = from.subject.clone();
        value.parent = Some(from.clone());
        Kind::Library(Rc::new(value))
    }

    /// `base[index]`.
    pub fn item(&self, base: &Kind, index: &Kind, hint: &str) -> Kind {
        match base {
            Kind::List(items) => match index {
                Kind::Int(at) => {
                    usize::try_from(*at).ok().and_then(|at| items.get(at)).or_else(|| items.first()).cloned().unwrap_or_default()
                }
                _ => items.iter().cloned().fold(Kind::Unknown, Kind::or),
            },
            Kind::Map(entries) => {
                if let Some((_, value)) = entries.iter().find(|(k, _)| k == index && *k != Kind::Unknown) {
                    return value.clone();
                }
                one_of_many(entries.iter().map(|(_, v)| v.clone()).collect())
            }
            Kind::External(path) if path.ends_with("environ") => {
                Kind::Text(Rc::new(Template::hole(Hole::Environment(index.as_text().unwrap_or(hint).into()))))
            }
            Kind::Library(value) => match self.knowledge.item_type(value.ty) {
                Some(ty) => self.row_of(value).unwrap_or_else(|| self.derived(value, ty, Some(index.template(hint)))),
                None => Kind::Unknown,
            },
            Kind::OneOf(kinds) => kinds.iter().map(|k| self.item(k, index, hint)).fold(Kind::Unknown, Kind::or),
            // `query.all()[0]`: a row stands for all of them.
            Kind::Object(object) if self.model_row(object.class).is_some() => base.clone(),
            // `Agent[Context]`, `Repository[Order]`: still the class.
            Kind::Class(_) | Kind::External(_) => base.clone(),
            _ => Kind::Unknown,
        }
    }

    /// A row of those that a query asks for, where their class is mapped.
    pub fn row_of(&self, query: &LibraryValue) -> Option<Kind> {
        match &query.subject {
            Kind::Class(class) if self.model_row(*class).is_some() => Some(Kind::instance(*class)),
            _ => None,
        }
    }

    /// What iterating over a value yields.
    pub fn element(&self, iterated: &Kind) -> Kind {
        match iterated {
            Kind::List(items) => one_of_many(items.to_vec()),
            Kind::Library(value) => match self.knowledge.iter_type(value.ty) {
                Some(ty) => self.row_of(value).unwrap_or_else(|| self.derived(value, ty, None)),
                None if matches!(value.subject, Kind::Parameter(_) | Kind::Field(_)) => Kind::Called(Rc::new(value.subject.clone())),
                None if value.subject != Kind::Unknown => self.instance_of(value.subject.clone(), PackLanguage::Python),
                None => Kind::Unknown,
            },
            // `query.all()`: a row stands for all of them.
            Kind::Object(object) if self.model_row(object.class).is_some() => iterated.clone(),
            Kind::Called(_) => iterated.clone(),
            Kind::OneOf(kinds) => kinds.iter().map(|k| self.element(k)).fold(Kind::Unknown, Kind::or),
            _ => Kind::Unknown,
        }
    }

    /// What `with context as x` binds.
    pub fn entered(&self, context: &Kind) -> Kind {
        match context {
            Kind::Library(value) => match self.knowledge.enter_type(value.ty) {
                ty if ty == value.ty => context.clone(),
                ty => self.derived(value, ty, None),
            },
            Kind::Object(object) => match ["__enter__", "__aenter__"].iter().find_map(|m| self.method(object.class, m)) {
                Some(enter) => match self.returned(enter) {
                    Kind::Unknown => context.clone(),
                    found => found,
                },
                None => context.clone(),
            },
            Kind::List(items) if items.len() == 1 => items[0].clone(),
            other => other.clone(),
        }
    }

    /// Arithmetic as far as it makes texts, paths and numbers.
    pub fn binary(&self, op: BinaryOp, left: &Kind, right: &Kind, left_hint: &str, right_hint: &str) -> Kind {
        match (op, left, right) {
            (BinaryOp::Add, Kind::List(a), Kind::List(b)) => Kind::List(Rc::new(a.iter().chain(b.iter()).cloned().collect())),
            // `[search] + toolkit.get_tools()`: what is known of it counts.
            (BinaryOp::Add, Kind::List(known), Kind::Unknown | Kind::Member(_) | Kind::Library(_)) if holds_code(known) => left.clone(),
            (BinaryOp::Add, Kind::Unknown | Kind::Member(_) | Kind::Library(_), Kind::List(known)) if holds_code(known) => right.clone(),
            (BinaryOp::Add, Kind::Text(_), _) | (BinaryOp::Add, _, Kind::Text(_)) => {
                let mut text = left.template(left_hint);
                text.extend(&right.template(right_hint));
                Kind::Text(Rc::new(text))
            }
            // `prompt | model | parser`: what runs is what a library runs in it.
            // Flags of a library: `LOCK_EX | LOCK_NB`.
            (BinaryOp::Or, Kind::External(_), Kind::External(_)) => Kind::List(Rc::new(vec![left.clone(), right.clone()])),
            (BinaryOp::Or, Kind::List(flags), Kind::External(_)) => {
                Kind::List(Rc::new(flags.iter().cloned().chain([right.clone()]).collect()))
            }
            (BinaryOp::Or, _, Kind::Library(_)) => right.clone(),
            (BinaryOp::Or, Kind::Library(_), _) => left.clone(),
            (BinaryOp::Rem, Kind::Text(format), _) => Kind::Text(Rc::new(percent(format, right, right_hint))),
            (BinaryOp::Div, Kind::Library(path), _) => {
                let mut identity = path.identity.clone().unwrap_or_else(|| Template::hole(Hole::Named(left_hint.into())));
                identity.push(Part::Text("/".into()));
                identity.extend(&right.segment(right_hint));
                let mut value = (**path).clone();
                value.identity = Some(identity);
                Kind::Library(Rc::new(value))
            }
            // A path that is looked for in several places.
            (BinaryOp::Div, Kind::OneOf(kinds), _) if left.library().is_some() => {
                let known = kinds.iter().filter(|k| matches!(k, Kind::Library(_)));
                let told = known.clone().find(|k| k.template("").has_text());
                match told.or(known.clone().next()) {
                    Some(path) => self.binary(op, path, right, left_hint, right_hint),
                    None => Kind::Unknown,
                }
            }
            // Nothing but a path is divided by a text.
            (
                BinaryOp::Div,
                Kind::Unknown
                | Kind::Parameter(_)
                | Kind::ParameterMember(_)
                | Kind::Field(_)
                | Kind::Captured(_)
                | Kind::Member(_)
                | Kind::Called(_)
                | Kind::Answer(_)
                | Kind::External(_),
                Kind::Text(_),
            ) => {
                let Some(ty) = self.path_type else { return Kind::Unknown };
                let mut value = LibraryValue::of(ty);
                value.identity = Some(left.template(left_hint));
                self.binary(op, &Kind::Library(Rc::new(value)), right, left_hint, right_hint)
            }
            _ => match (left.number(), right.number()) {
                (Some(a), Some(b)) => {
                    let value = match op {
                        BinaryOp::Add => a + b,
                        BinaryOp::Sub => a - b,
                        BinaryOp::Mul => a * b,
                        BinaryOp::Div if b != 0.0 => a / b,
                        _ => return Kind::Unknown,
                    };
                    match (left, right, op) {
                        (Kind::Int(_), Kind::Int(_), BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul) => Kind::Int(value as i64),
                        _ => Kind::Float(value),
                    }
                }
                _ => Kind::Unknown,
            },
        }
    }

    /// What a function returns: its annotation, else what its return statements are worth.
    pub fn returned(&self, function: FunctionRef) -> Kind {
        remember(&self.caches.returns, function, || {
            let f = self.function(function);
            let facts = self.facts(function.module);
            let around = FunctionRef { module: function.module, function: f.parent.unwrap_or(MODULE) };
            let declared = f.returns.map(|r| self.annotation(around, r)).unwrap_or_default();
            if let Kind::Object(_) | Kind::Library(_) = &declared {
                // A factory that is declared to return an interface says more by what it returns.
                let actual = self.returned_values(function, facts);
                return match actual {
                    Kind::Object(ref o) if o.exact => actual,
                    Kind::Library(ref l) if l.identity.is_some() || l.instance.is_some() => actual,
                    _ => declared,
                };
            }
            let actual = self.returned_values(function, facts);
            // `fn load() -> Option<Self>`, whose body says less.
            let own = || f.returns.map(|r| self.own_instance(function, r)).unwrap_or_default();
            match actual.alternatives().iter().any(|kind| matches!(kind, Kind::Object(_) | Kind::Library(_))) {
                true => actual,
                false => match own() {
                    Kind::Unknown if actual == Kind::Unknown => declared,
                    Kind::Unknown => actual,
                    own => own,
                },
            }
        })
    }

    fn returned_values(&self, function: FunctionRef, facts: &FileFacts) -> Kind {
        let mut found = Kind::Unknown;
        let mut pending = self.function(function).body.iter().rev().copied().collect::<Vec<_>>();
        while let Some(id) = pending.pop() {
            match &facts.stmt(id).kind {
                StmtKind::Return(Some(value)) => found = found.or(self.infer(function, *value)),
                // A generator used as a context manager or a dependency hands out what it yields.
                StmtKind::Expr(e) => {
                    if let ExprKind::Yield(Some(value)) = &facts.expr(*e).kind {
                        found = found.or(self.infer(function, *value));
                    }
                }
                kind => {
                    for block in kind.blocks().into_iter().rev() {
                        pending.extend(block.iter().rev());
                    }
                }
            }
        }
        found
    }
}

/// Whether a declaration is of what a value is.
fn refines(declared: &Kind, value: &Kind) -> bool {
    match (declared, value) {
        (Kind::List(_), Kind::List(_)) | (Kind::Map(_), Kind::Map(_)) | (Kind::Gives(_), Kind::Function(_)) => true,
        (Kind::Library(declared), Kind::Library(value)) => declared.ty == value.ty,
        _ => false,
    }
}

impl Kind {
    /// Remember the variable a library's value is assigned to: unnamed agents are called by it.
    pub(super) fn aimed(self, name: &str) -> Kind {
        match self {
            Kind::Library(value) if value.target.is_none() => {
                let mut value = (*value).clone();
                value.target = Some(name.into());
                Kind::Library(Rc::new(value))
            }
            other => other,
        }
    }
}

/// The words that stand for an expression in a template's hole.
pub fn hint(facts: &FileFacts, expr: ExprId) -> String {
    match &facts.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => name.to_string(),
        ExprKind::Index { index, .. } => match &facts.expr(*index).kind {
            ExprKind::Str(text) => text.to_string(),
            _ => String::new(),
        },
        ExprKind::Call { args, callee } => match args.first() {
            Some(arg) => hint(facts, arg.value),
            None => super::last_name(facts, *callee).map(Name::to_string).unwrap_or_default(),
        },
        ExprKind::Await(inner) | ExprKind::Unary(inner) => hint(facts, *inner),
        _ => String::new(),
    }
}

/// `"…%s…" % values`.
fn percent(format: &Template, values: &Kind, hint: &str) -> Template {
    let mut result = Template::default();
    let mut nth = 0;
    for part in &format.parts {
        let Part::Text(text) = part else {
            result.push(part.clone());
            continue;
        };
        let mut rest = text.as_str();
        while let Some(at) = rest.find('%') {
            result.push(Part::Text(rest[..at].into()));
            let spec = &rest[at + 1..];
            if let Some(after) = spec.strip_prefix('%') {
                result.push(Part::Text("%".into()));
                rest = after;
                continue;
            }
            let end = spec.find(|c: char| c.is_ascii_alphabetic() && !spec.starts_with('(')).map_or(spec.len(), |i| i + 1);
            let end = if spec.starts_with('(') { spec.find(')').map_or(end, |i| (i + 2).min(spec.len())) } else { end };
            let value = match values {
                Kind::List(items) => items.get(nth).cloned().unwrap_or_default(),
                Kind::Map(_) => Kind::Unknown,
                other => other.clone(),
            };
            nth += 1;
            result.extend(&value.template(hint));
            rest = spec.get(end..).unwrap_or("");
        }
        result.push(Part::Text(rest.into()));
    }
    result
}

/// The argument of a call that a parameter gets: the one of its name, else the one at its position.
pub(super) fn given_for<'a>(args: &'a [Arg], position: usize, name: &Name) -> Option<&'a Arg> {
    let plain = || args.iter().filter(|a| a.name.is_none() && a.spread == 0).nth(position);
    args.iter().find(|a| a.name.as_ref() == Some(name)).or_else(plain)
}

/// Whether a comprehension gives each of what it goes through as it is.
fn is_each(facts: &FileFacts, element: ExprId, clause: &Clause) -> bool {
    let name = |e: ExprId| if let ExprKind::Name(name) = &facts.expr(e).kind { Some(name) } else { None };
    name(element).is_some_and(|gone_through| Some(gone_through) == name(clause.target))
}

/// Whether a list is one of functions, classes or what libraries made: its order means nothing.
fn holds_code(items: &[Kind]) -> bool {
    items.iter().any(|k| matches!(k, Kind::Function(_) | Kind::Class(_) | Kind::Object(_) | Kind::Library(_)))
}
