//! What is Rust's own in linking: paths, `Self`, wrappers that only hand on what is in them, types with parameters.
//!
//! Vocabulary: a *wrapper* is a type of the standard library that stands for what it holds (`Arc`, `Option`, `Result`); a
//! method *passes on* when it returns what it is called on, perhaps copied, borrowed, or freed of a wrapper.

use super::{ClassRef, FunctionRef, Hole, Kind, LibraryValue, Part, Program, Template, remember};
use crate::facts::{ExprId, ExprKind, FunctionId, MODULE, Name};
use crate::knowledge::vocabulary::{Effect, PackLanguage};
use crate::source::{Language, Site};
use std::rc::Rc;

/// Types that stand for what they hold.
const WRAPPERS: [&str; 22] = [
    "Option",
    "Result",
    "Arc",
    "Rc",
    "Box",
    "Pin",
    "Weak",
    "Cow",
    "Ref",
    "RefMut",
    "RefCell",
    "Cell",
    "OnceCell",
    "OnceLock",
    "LazyLock",
    "Lazy",
    "Reverse",
    "ManuallyDrop",
    "Future",
    "IntoFuture",
    "BoxFuture",
    "LocalBoxFuture",
];

/// How many wrappers around `Self` are opened.
const OWN_DEPTH: usize = 4;

/// Sequences.
const SEQUENCES: [&str; 9] = ["Vec", "VecDeque", "HashSet", "BTreeSet", "LinkedList", "BinaryHeap", "IndexSet", "SmallVec", "Iter"];

/// Mappings.
const MAPPINGS: [&str; 4] = ["HashMap", "BTreeMap", "IndexMap", "FxHashMap"];

/// Methods that return what they are called on, perhaps copied, borrowed, or freed of a wrapper.
const PASSING: [&str; 80] = [
    "clone",
    "cloned",
    "copied",
    "to_owned",
    "to_string",
    "to_vec",
    "into",
    "try_into",
    "into_inner",
    "as_ref",
    "as_mut",
    "as_str",
    "as_deref",
    "as_deref_mut",
    "as_slice",
    "as_bytes",
    "borrow",
    "borrow_mut",
    "deref",
    "deref_mut",
    "by_ref",
    "unwrap",
    "expect",
    "unwrap_or",
    "unwrap_or_default",
    "unwrap_or_else",
    "ok",
    "ok_or",
    "ok_or_else",
    "map_err",
    "or_else",
    "context",
    "with_context",
    "inspect",
    "inspect_err",
    "iter",
    "iter_mut",
    "into_iter",
    "filter",
    "find",
    "first",
    "last",
    "next",
    "take",
    "skip",
    "rev",
    "chain",
    "collect",
    "boxed",
    "shared",
    "downgrade",
    "upgrade",
    "trim",
    "as_path",
    "to_path_buf",
    "into_boxed_str",
    "to_lowercase",
    "fuse",
    "instrument",
    "in_current_span",
    "await",
    "get",
    "get_mut",
    "entry",
    "or",
    "or_default",
    "or_insert",
    "or_insert_with",
    "values",
    "values_mut",
    "remove",
    "swap_remove",
    "pop",
    "pop_front",
    "pop_back",
    "first_mut",
    "last_mut",
    "unwrap_unchecked",
    "peekable",
    "flatten",
];

/// Whether a method returns what it is called on, perhaps copied, borrowed, or freed of a wrapper.
pub(super) fn passes_on(name: &str) -> bool {
    PASSING.contains(&name)
}

/// Those of them after which it is the same value, perhaps of another type: of a path, the same path.
const SAME: [&str; 14] = [
    "clone",
    "to_owned",
    "to_string",
    "into",
    "as_ref",
    "as_str",
    "as_deref",
    "borrow",
    "as_path",
    "to_path_buf",
    "into_boxed_path",
    "into_boxed_str",
    "into_owned",
    "to_string_lossy",
];

/// Whether a method gives the value that it is called on, perhaps as another type.
pub fn is_the_same(name: &str) -> bool {
    SAME.contains(&name)
}

/// Methods that leave a guard what it is: they take it out of the result of taking the lock.
const UNWRAPPING: [&str; 10] =
    ["unwrap", "expect", "unwrap_or_else", "into_inner", "map_err", "ok", "ok_or", "ok_or_else", "context", "with_context"];

/// How many collections and locks around them a lock is named through.
const COLLECTIONS: u8 = 3;

/// The name of what is in a collection: the collection's with a key.
fn keyed(collection: &Template) -> Template {
    let mut name = collection.clone();
    name.push(Part::Text("[".into()));
    name.push(Part::Hole(Hole::Named("key".into())));
    name.push(Part::Text("]".into()));
    name
}

/// Whether a method leaves a guard what it is.
pub fn keeps_guard(name: &str) -> bool {
    UNWRAPPING.contains(&name)
}

impl Program<'_> {
    /// Whether a module is Rust.
    pub fn is_rust(&self, module: u32) -> bool {
        self.modules[module as usize].facts.language == Language::Rust
    }

    /// The first module of the crate that a module belongs to.
    pub fn crate_root(&self, module: u32) -> Option<u32> {
        self.crates.first_of_crate(module)
    }

    /// The language of the code at a place.
    pub fn language_at(&self, site: Site) -> PackLanguage {
        let at = self.modules.binary_search_by_key(&site.file, |m| m.file);
        at.map_or(PackLanguage::Python, |i| self.language(i as u32))
    }

    /// What a path means, seen from a module: modules, what they define, and what that holds.
    pub(super) fn rust_path(&self, from: u32, path: &str, item: Option<&str>) -> Kind {
        let outside = || match item {
            Some(item) => Kind::External(format!("{path}.{item}").into()),
            None => Kind::External(path.into()),
        };
        let mut names = path.split('.');
        let Some(start) = names.next().and_then(|first| self.crates.start(from, first)) else { return outside() };
        let mut kind = Kind::Module(start);
        for name in names.chain(item) {
            kind = self.put_beside(&kind, name).unwrap_or_else(|| self.member(&kind, name));
            let column = matches!(&kind, Kind::Member(m) if matches!(&m.0, Kind::Class(class) if self.is_table(*class)));
            if matches!(kind, Kind::Unknown | Kind::Member(_)) && !column {
                return outside();
            }
        }
        kind
    }

    /// What the path of `use path::*` means. The first name of a path may itself come through such an import: two that lead to
    /// one another bring nothing.
    pub(super) fn star_path(&self, module: u32, import: u32) -> Kind {
        remember(&self.caches.starred, (module, import), || {
            self.rust_path(module, &self.facts(module).imports[import as usize].module, None)
        })
    }

    /// What `use path::*` brings under a name, where the path leads to no module: an inline module, or what a macro puts beside a
    /// type that it declares.
    pub(super) fn starred(&self, module: u32, import: u32, name: &str) -> Option<Kind> {
        let path = &self.facts(module).imports[import as usize].module;
        // What is above an inline module is in sight anyhow.
        if matches!(path.split('.').next(), Some("super" | "self")) {
            return None;
        }
        let found = match self.star_path(module, import) {
            Kind::Function(value) if self.function(value.function).is_namespace => self.namespace_member(value.function, name),
            Kind::Module(from) if from != module => self.module_member(from, name),
            kind => self.put_beside(&kind, name).unwrap_or_default(),
        };
        (found != Kind::Unknown).then_some(found)
    }

    /// The table itself and its columns, under what its macro makes for importing them all: `orders::dsl::*`.
    fn put_beside(&self, kind: &Kind, name: &str) -> Option<Kind> {
        if let Kind::Module(module) = kind {
            return self.beside_a_function(*module, name);
        }
        let Kind::Library(value) = kind else { return None };
        let Kind::Class(class) = value.subject else { return None };
        if !self.is_table(class) {
            return None;
        }
        if self.class(class).name == name {
            return Some(kind.clone());
        }
        let column = !self.class_scope(class).get(name).is_empty();
        column.then(|| Kind::Member(Rc::new((value.subject.clone(), name.into()))))
    }

    /// What the macro of a mapped class puts beside it in the module: `Entity`, `ActiveModel`.
    pub(super) fn beside_a_class(&self, scope: FunctionRef, name: &str) -> Option<Kind> {
        if !self.beside.contains(name) || !self.is_rust(scope.module) {
            return None;
        }
        let facts = self.facts(scope.module);
        let here = facts.classes.iter().enumerate().filter(|(_, c)| c.parent == scope.function && !c.decorators.is_empty());
        let mut here = here.map(|(index, _)| ClassRef { module: scope.module, class: crate::facts::ClassId(index as u32) });
        here.find_map(|class| {
            let ty = self.knowledge.type_named(self.base_row(class)?.beside.get(name)?)?;
            let mut value = LibraryValue::of(ty);
            value.subject = Kind::Class(class);
            Some(Kind::Library(Rc::new(value)))
        })
    }

    /// The module that a path means as a whole.
    pub(super) fn rust_module(&self, from: u32, path: &str) -> Option<u32> {
        match self.rust_path(from, path, None) {
            Kind::Module(module) => Some(module),
            _ => None,
        }
    }

    /// What a name means that no scope binds: the crate, the module above, the type of the impl, a macro that was imported,
    /// a submodule or crate.
    pub(super) fn rust_name(&self, at: FunctionRef, name: &str) -> Kind {
        match name {
            "crate" => return self.crates.root(at.module).map(Kind::Module).unwrap_or_default(),
            "super" => return self.crates.parent(at.module).map(Kind::Module).unwrap_or_default(),
            "Self" => return self.enclosing_class(at).map(Kind::Class).unwrap_or_default(),
            _ => {}
        }
        if let Some(plain) = name.strip_suffix('!') {
            let imported = self.name(at, plain);
            if let Kind::External(path) = &imported
                && let Some((module, _)) = path.rsplit_once('.')
                && let found @ Kind::Function(_) = self.rust_path(at.module, module, Some(name))
            {
                return found;
            }
            return match (self.own_macro(at.module, name), imported) {
                (Some(own), _) => own,
                (None, Kind::External(path)) => Kind::External(format!("{path}!").into()),
                _ => Kind::External(name.into()),
            };
        }
        match self.crates.start(at.module, name) {
            Some(module) => Kind::Module(module),
            None => self.beside_a_function(at.module, name).unwrap_or_else(|| Kind::External(name.into())),
        }
    }

    /// The function beside which a macro has put a type of this name: `CountSale` of `#[tool] fn count_sale`.
    fn beside_a_function(&self, module: u32, name: &str) -> Option<Kind> {
        if !name.starts_with(char::is_uppercase) || !self.is_rust(module) {
            return None;
        }
        let called = super::snake(name);
        let facts = self.facts(module);
        let at = facts.functions.iter().position(|f| f.name == called && f.parent == Some(MODULE) && !f.decorators.is_empty())?;
        let function = FunctionRef { module, function: FunctionId(at as u32) };
        let top = FunctionRef { module, function: MODULE };
        let makes = |decorator: &ExprId| {
            let callee = match &facts.expr(*decorator).kind {
                ExprKind::Call { callee, .. } => *callee,
                _ => *decorator,
            };
            let Kind::External(attribute) = self.infer(top, callee) else { return false };
            self.knowledge.decorator(PackLanguage::Rust, &attribute).is_some_and(|found| found.row.makes_type)
        };
        self.function(function).decorators.iter().any(makes).then(|| self.function_kind(function))
    }

    /// A macro that the crate of a module defines, in whichever of its files.
    pub(super) fn own_macro(&self, module: u32, name: &str) -> Option<Kind> {
        let root = self.crates.first_of_crate(module)?;
        let found = self.macros.get(name)?.iter().find(|m| self.crates.first_of_crate(m.module) == Some(root))?;
        Some(self.function_kind(*found))
    }

    /// The type whose impl a function stands in.
    pub fn enclosing_class(&self, at: FunctionRef) -> Option<ClassRef> {
        let mut function = at.function;
        loop {
            let f = self.facts(at.module).function(function);
            if let Some(class) = f.class {
                return Some(self.owner(ClassRef { module: at.module, class }));
            }
            function = f.parent.filter(|p| *p != MODULE)?;
        }
    }

    /// A name in an inline module.
    pub(super) fn namespace_member(&self, namespace: FunctionRef, name: &str) -> Kind {
        let scope = self.scope(namespace);
        if !scope.get(name).is_empty() {
            return self.name_in(namespace, name);
        }
        if name == "super" {
            let above = self.function(namespace).parent.unwrap_or(FunctionId(0));
            return match above {
                MODULE => Kind::Module(namespace.module),
                above => self.function_kind(FunctionRef { module: namespace.module, function: above }),
            };
        }
        self.beside_a_class(namespace, name).unwrap_or_default()
    }

    /// An instance of the type whose impl a function stands in, where a type says `Self`, perhaps in a wrapper. In a trait nobody
    /// knows which type that is.
    pub(super) fn own_instance(&self, function: FunctionRef, annotation: ExprId) -> Kind {
        if !self.is_rust(function.module) {
            return Kind::Unknown;
        }
        let facts = self.facts(function.module);
        let mut ty = annotation;
        for _ in 0..OWN_DEPTH {
            match &facts.expr(ty).kind {
                ExprKind::Index { base, index } if super::last_name(facts, *base).is_some_and(|n| WRAPPERS.contains(&n.as_str())) => {
                    ty = match &facts.expr(*index).kind {
                        ExprKind::List(items) => match items.first() {
                            Some(first) => *first,
                            None => return Kind::Unknown,
                        },
                        _ => *index,
                    };
                }
                ExprKind::Name(name) if name == "Self" => {
                    let own = self.enclosing_class(function).filter(|class| self.descendants(*class).is_empty());
                    return own.map(Kind::instance).unwrap_or_default();
                }
                _ => return Kind::Unknown,
            }
        }
        Kind::Unknown
    }

    /// An instance of what a type of Rust says.
    pub(super) fn rust_annotation(&self, at: FunctionRef, annotation: ExprId) -> Kind {
        let facts = self.facts(at.module);
        match &facts.expr(annotation).kind {
            ExprKind::List(items) => Kind::List(Rc::new(items.iter().map(|i| self.rust_annotation(at, *i)).collect())),
            ExprKind::Index { base, index } => {
                let arguments: Vec<ExprId> = match &facts.expr(*index).kind {
                    // A tuple is one argument, several arguments are a list of their own: the first says enough for both.
                    ExprKind::List(items) => items.clone(),
                    _ => vec![*index],
                };
                let name = super::last_name(facts, *base).map_or("", Name::as_str);
                let first = |n: usize| arguments.get(n).map(|a| self.rust_annotation(at, *a)).unwrap_or_default();
                if WRAPPERS.contains(&name) {
                    return if name == "Arc" { self.at_home(first(0)) } else { first(0) };
                }
                if SEQUENCES.contains(&name) {
                    return match first(0) {
                        Kind::Unknown => Kind::Unknown,
                        element => Kind::List(Rc::new(vec![element])),
                    };
                }
                if MAPPINGS.contains(&name) {
                    return match first(1) {
                        Kind::Unknown => Kind::Unknown,
                        value => Kind::Map(Rc::new(vec![(Kind::Unknown, value)])),
                    };
                }
                match self.instance_of(self.infer(at, *base), PackLanguage::Rust) {
                    Kind::Library(value) => {
                        let mut value = (*value).clone();
                        value.subject = first(self.knowledge.type_def(value.ty).holds.map_or(0, usize::from));
                        Kind::Library(Rc::new(value))
                    }
                    Kind::Unknown => Kind::Unknown,
                    found => found,
                }
            }
            ExprKind::Name(_) | ExprKind::Attr { .. } => self.instance_of(self.infer(at, annotation), PackLanguage::Rust),
            _ => Kind::Unknown,
        }
    }

    /// A lock in a field or constant is known by the type that holds it, whoever takes it; one of many in a collection there
    /// by its key as well.
    pub(super) fn owned_lock(&self, kind: Kind, holder: &str, name: &str) -> Kind {
        let owned: Name = if holder.is_empty() { name.into() } else { format!("{holder}.{name}").into() };
        self.named_lock(kind, Template::text(owned), 0)
    }

    fn named_lock(&self, kind: Kind, identity: Template, depth: u8) -> Kind {
        let value = match &kind {
            Kind::Library(value) => value,
            Kind::Map(entries) if depth < COLLECTIONS => {
                let named = entries.iter().map(|(k, v)| (k.clone(), self.named_lock(v.clone(), keyed(&identity), depth + 1)));
                return Kind::Map(Rc::new(named.collect()));
            }
            _ => return kind,
        };
        let Some(found) = self.knowledge.construct(value.ty).filter(|f| f.row.effect == Effect::Lock) else {
            // A mapping of a library, and what else of one lies in memory.
            let kept = self.knowledge.type_def(value.ty).holds.is_some() || self.knowledge.store_of(value.ty) == Some("memory");
            if !kept || depth >= COLLECTIONS {
                return kind;
            }
            let mut value = (**value).clone();
            value.subject = self.named_lock(value.subject, keyed(&identity), depth + 1);
            value.identity.get_or_insert(identity);
            return Kind::Library(Rc::new(value));
        };
        if value.identity.as_ref().is_some_and(|t| t.has_text()) {
            return kind;
        }
        let mut value = (**value).clone();
        if matches!(value.subject, Kind::Map(_)) && depth < COLLECTIONS {
            value.subject = self.named_lock(value.subject, identity.clone(), depth + 1);
        } else if self.knowledge.type_def(value.ty).holds.is_some() && depth < COLLECTIONS {
            value.subject = self.named_lock(value.subject, keyed(&identity), depth + 1);
        }
        value.identity = Some(identity.clone());
        let site = value.site.unwrap_or(Site { file: crate::source::FileId(0), span: crate::source::Span::default() });
        let api = self.knowledge.type_name(value.ty).to_string();
        let mut lock = self.lock_use(found.row, None, &value.args.clone(), &api, site);
        lock.name = identity;
        lock.made = value.site;
        value.lock = Some(Rc::new(lock));
        Kind::Library(Rc::new(value))
    }

    /// What a method of no known meaning returns, where it only passes on what it is called on.
    pub(super) fn passed_on(&self, receiver: &Kind, name: &str, site: Site) -> Kind {
        if self.language_at(site) != PackLanguage::Rust || !PASSING.contains(&name) {
            return Kind::Unknown;
        }
        if let Kind::Library(value) = receiver
            && self.knowledge.type_def(value.ty).derefs
            && !UNWRAPPING.contains(&name)
        {
            // A copy of what a guard gives access to is no guard; of a collection it may be an element.
            return match &value.subject {
                held @ (Kind::Map(_) | Kind::List(_)) => self.passed_on(held, name, site),
                held => held.clone(),
            };
        }
        match (name, receiver) {
            (
                "get" | "get_mut" | "remove" | "or_default" | "or_insert" | "or_insert_with" | "values" | "values_mut",
                Kind::Map(entries),
            ) => entries.iter().map(|(_, value)| value.clone()).fold(Kind::Unknown, Kind::or),
            ("first" | "last" | "next" | "find", Kind::Map(_)) => Kind::Unknown,
            ("get_mut" | "pop" | "pop_front" | "pop_back" | "remove" | "swap_remove" | "last_mut" | "first_mut", Kind::List(_)) => {
                self.element(receiver)
            }
            ("or_default" | "or_insert" | "or_insert_with" | "get_mut" | "remove" | "values" | "values_mut", _) => Kind::Unknown,
            ("pop" | "pop_front" | "pop_back" | "swap_remove" | "last_mut" | "first_mut", _) => Kind::Unknown,
            ("next" | "first" | "last" | "find", Kind::List(_)) => self.element(receiver),
            ("get", Kind::Object(_) | Kind::Library(_)) => Kind::Unknown,
            ("get", Kind::List(_)) => self.element(receiver),
            _ => receiver.clone(),
        }
    }

    /// Whether a method is given another that only passes on: `slot.try_with(Clone::clone)`, `all.map(Arc::clone)`.
    pub(super) fn passes_each_on(&self, args: &[(Option<Name>, Kind)], site: Site) -> bool {
        let [(None, Kind::External(path))] = args else { return false };
        self.language_at(site) == PackLanguage::Rust && path.rsplit_once('.').is_some_and(|(_, last)| PASSING.contains(&last))
    }

    /// Whether a value is a lock of a library.
    pub fn is_lock(&self, kind: &Kind) -> bool {
        let makes = |ty| self.knowledge.construct(ty).is_some_and(|f| f.row.effect == Effect::Lock);
        matches!(kind, Kind::Library(value) if makes(value.ty))
    }

    /// Whether a type of the project has a method of that name.
    pub(super) fn has_method(&self, kind: &Kind, name: &str) -> bool {
        matches!(kind, Kind::Object(object) if self.method(object.class, name).is_some())
    }

    /// A value as what it gives access to, where it is a guard or an extractor of a type of the project.
    pub fn behind(&self, kind: Kind) -> Kind {
        match &kind {
            Kind::Library(value) => self.dereferenced(value).filter(|inner| matches!(inner, Kind::Object(_))).unwrap_or(kind),
            _ => kind,
        }
    }

    /// What a value that holds another gives access to: a guard's contents, an extractor's.
    pub(super) fn dereferenced(&self, value: &LibraryValue) -> Option<Kind> {
        (self.knowledge.type_def(value.ty).derefs && value.subject != Kind::Unknown).then(|| value.subject.clone())
    }
}
