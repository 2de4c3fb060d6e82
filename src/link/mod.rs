//! Across files: which definition a name means, what type a value has, which constant a variable holds.
//!
//! A [`Program`] holds the facts of all files that matter and answers questions about them without regard to the order in
//! which statements run: that is enough for modules, imports, classes, constructor injection, constants and the targets of
//! calls. What depends on order (what is held, what was read before) is `effects`' business.
//! Everything is answered on demand and remembered; a question that leads back to itself is answered with "unknown".
//! This module refuses to know what a call does to state.

mod aside;
mod binaries;
mod call;
mod classes;
mod closures;
mod constructed;
mod crates;
mod decorated;
mod duck;
mod engines;
mod fields;
mod handed;
mod infer;
mod kind;
mod literals;
mod lock;
mod managers;
mod many;
mod modules;
mod owner;
mod placed;
mod reach;
mod registered;
mod related;
mod roots;
mod rust;
mod scope;
mod scripts;
mod settings;
mod started;
mod variables;

pub use aside::is_aside;
pub use binaries::{Binary, binaries};
pub use call::{Args, ISOLATION, SAME_TEXT, argument, argument_at};
pub use classes::snake;
pub use crates::{CrateName, CratePaths};
pub use infer::hint;
pub use kind::{Asked, FunctionValue, Hole, Kind, LibraryValue, Object, Part, Template};
pub use lock::{LockUse, Ttl, Wait};
pub use modules::ModulePaths;
pub use owner::{Kept, Owner};
pub use reach::{needed, needed_rust};
pub use registered::PUTTING;
pub use related::RELATED;
pub use rust::{is_the_same, keeps_guard};
pub use scope::{Scope, Source};

use crate::facts::{ClassId, ExprId, ExprKind, FileFacts, Function, FunctionId, MODULE, Name, StmtId, StmtKind};
use crate::knowledge::{Knowledge, vocabulary::PackLanguage};
use crate::source::{FileId, Site, Span};
use crate::sql::Statement;
use classes::ClassTable;
use roots::ImportedRoots;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::rc::Rc;

/// A function of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionRef {
    /// Its module, an index into [`Program::modules`].
    pub module: u32,
    /// Which of the module's functions.
    pub function: FunctionId,
}

/// A class of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassRef {
    /// Its module.
    pub module: u32,
    /// Which of the module's classes.
    pub class: ClassId,
}

/// One file of code with its facts.
#[derive(Debug)]
pub struct Module {
    /// Which file.
    pub file: FileId,
    /// Its path, as in the list of files.
    pub path: String,
    /// What it says.
    pub facts: FileFacts,
}

/// The code that matters, linked.
pub struct Program<'k> {
    /// What libraries' calls mean.
    pub knowledge: &'k Knowledge,
    /// The modules, sorted by path.
    pub modules: Vec<Module>,
    /// Routines that SQL scripts define: name and body. Calling one runs its body.
    pub routines: FxHashMap<String, Rc<Vec<Statement>>>,
    /// The texts of SQL scripts, by their paths.
    pub scripts: FxHashMap<String, Rc<str>>,
    /// Programs that crates of the project build, with the module that holds their `main`; sorted.
    pub binaries: Vec<(Binary, u32)>,
    paths: ModulePaths,
    roots: ImportedRoots,
    crates: CratePaths,
    classes: ClassTable,
    calls_by_name: FxHashMap<Name, Vec<(u32, ExprId)>>,
    placed: placed::Placed,
    /// Which field is the home of a lock, by the type of the project that it guards.
    homes: literals::Homes,
    /// Macros of Rust that are read as functions.
    macros: FxHashMap<Name, Vec<FunctionRef>>,
    /// Names that macros of libraries put beside a type.
    beside: FxHashSet<&'k str>,
    /// Objects of libraries that stand for modules of the project.
    settings: settings::Settings<'k>,
    /// By module: its code only tests, migrates or seeds.
    aside: Vec<bool>,
    /// The type of paths.
    registered: registered::Registered,
    path_type: Option<crate::knowledge::TypeId>,
    caches: Caches,
}

/// How many modules star imports are followed through for one name.
const STARS: usize = 24;

type Memo<K, V> = RefCell<FxHashMap<K, Option<V>>>;

#[derive(Default)]
struct Caches {
    scopes: RefCell<FxHashMap<FunctionRef, Rc<Scope>>>,
    class_scopes: RefCell<FxHashMap<ClassRef, Rc<Scope>>>,
    names: Memo<(FunctionRef, Name), Kind>,
    /// By module and import: what the path of `use path::*` means.
    starred: Memo<(u32, u32), Kind>,
    class_names: Memo<(ClassRef, Name), Kind>,
    fields: Memo<(ClassRef, Name), Kind>,
    fields_made: Memo<(ClassRef, Name), Kind>,
    made: Memo<ClassRef, Rc<Vec<Rc<Object>>>>,
    assigned: RefCell<FxHashMap<ClassRef, Rc<fields::Assigned>>>,
    handed: Memo<(ClassRef, Name), Option<(FunctionRef, ExprId)>>,
    methods: RefCell<FxHashMap<(ClassRef, Name), Option<FunctionRef>>>,
    parameters: Memo<(FunctionRef, u32), Kind>,
    returns: Memo<FunctionRef, Kind>,
    /// By the holder's name, or none for a module, and the attribute's.
    placed: Memo<(Option<Name>, Name), Kind>,
    used: RefCell<FxHashMap<FunctionRef, Rc<FxHashSet<Name>>>>,
    called: RefCell<FxHashMap<u32, Rc<duck::Called>>>,
    /// By module: to which calls its closures are given.
    given: RefCell<FxHashMap<u32, Rc<closures::Given>>>,
    /// What functions of Python change of their modules' variables.
    changed: std::cell::OnceCell<variables::Changed>,
    /// The mapped classes that managers' classes are asked for.
    managers: Memo<(), Rc<managers::Managers>>,
    /// Managers of rows that others point to.
    related: Memo<(), Rc<related::Related>>,
    /// Whether a class has one object, which a module keeps.
    single: Memo<ClassRef, bool>,
    /// By module: the words that it is started with as a program, itself first.
    started_with: std::cell::OnceCell<FxHashMap<u32, Kind>>,
    /// The isolation of the engines of a class.
    isolations: Memo<ClassRef, Option<Name>>,
    /// How many questions about expressions are open inside one another.
    depth: std::cell::Cell<u16>,
}

impl<'k> Program<'k> {
    /// Link these modules; their order is the order of everything that is reported.
    pub fn new(knowledge: &'k Knowledge, modules: Vec<Module>, crates: &[CrateName]) -> Self {
        let paths = ModulePaths::new(modules.iter().map(|m| m.path.as_str()));
        let crates = CratePaths::new(modules.iter().map(|m| m.path.as_str()), crates);
        let mut calls_by_name: FxHashMap<Name, Vec<(u32, ExprId)>> = FxHashMap::default();
        let mut defined: FxHashMap<&str, ()> = FxHashMap::default();
        for module in &modules {
            defined.extend(module.facts.functions.iter().map(|f| (f.name.as_str(), ())));
            defined.extend(module.facts.classes.iter().map(|c| (c.name.as_str(), ())));
            let renamed = module.facts.imports.iter().filter(|i| i.item.as_ref().is_some_and(|item| *item != i.binds));
            defined.extend(renamed.map(|i| (i.binds.as_str(), ())));
        }
        for (index, module) in modules.iter().enumerate() {
            for (expr, e) in module.facts.exprs.iter().enumerate() {
                let ExprKind::Call { callee, .. } = &e.kind else { continue };
                let call = (index as u32, ExprId(expr as u32));
                // `Repository[Order](session)` makes a repository.
                let named = match &module.facts.expr(*callee).kind {
                    ExprKind::Index { base, .. } => *base,
                    _ => *callee,
                };
                if let Some(name) = last_name(&module.facts, named).filter(|n| defined.contains_key(n.as_str())) {
                    calls_by_name.entry(name.clone()).or_default().push(call);
                }
                if let Some(name) = literals::of_type(&module.facts, *callee) {
                    calls_by_name.entry(name).or_default().push(call);
                }
            }
        }
        let roots = ImportedRoots::new(knowledge, &modules);
        let beside = knowledge.packs().iter().flat_map(|p| &p.bases).flat_map(|b| b.beside.keys()).map(String::as_str).collect();
        let aside = modules.iter().map(|m| is_aside(&m.path)).collect();
        let mut program = Program {
            knowledge,
            modules,
            routines: FxHashMap::default(),
            scripts: FxHashMap::default(),
            binaries: Vec::new(),
            paths,
            roots,
            crates,
            classes: ClassTable::default(),
            calls_by_name,
            placed: placed::Placed::default(),
            registered: registered::Registered::default(),
            homes: literals::Homes::default(),
            macros: FxHashMap::default(),
            beside,
            settings: settings::Settings::default(),
            aside,
            path_type: knowledge.path_type(),
            caches: Caches::default(),
        };
        program.settings = program.find_settings();
        program.macros = program.index_macros();
        program.classes = ClassTable::new(&program);
        // What was asked while ancestors were not known yet.
        program.caches.methods.take();
        program.caches.names.take();
        program.caches.starred.take();
        program.caches.class_names.take();
        program.caches.related.take();
        program.placed = program.index_placed();
        program.registered = program.index_registered();
        program.homes = program.find_homes();
        program
    }

    /// The language whose packs a module's names are looked up in.
    pub fn language(&self, module: u32) -> PackLanguage {
        match self.modules[module as usize].facts.language {
            crate::source::Language::Rust => PackLanguage::Rust,
            _ => PackLanguage::Python,
        }
    }

    /// A module's facts.
    pub fn facts(&self, module: u32) -> &FileFacts {
        &self.modules[module as usize].facts
    }

    /// A function's facts.
    pub fn function(&self, function: FunctionRef) -> &Function {
        self.facts(function.module).function(function.function)
    }

    /// A class's facts.
    pub fn class(&self, class: ClassRef) -> &crate::facts::Class {
        self.facts(class.module).class(class.class)
    }

    /// A place in a module's file.
    pub fn site(&self, module: u32, span: Span) -> Site {
        Site { file: self.modules[module as usize].file, span }
    }

    /// `Class.method` or `function`, without the module.
    pub fn qualified(&self, function: FunctionRef) -> &str {
        &self.function(function).qualified
    }

    /// The dotted path of a function from PATH: `tools.enrich.enrich_product`.
    pub fn dotted(&self, function: FunctionRef) -> String {
        format!("{}.{}", self.paths.dotted(function.module), self.qualified(function))
    }

    /// Every function of every module, in order.
    pub fn functions(&self) -> impl Iterator<Item = FunctionRef> + '_ {
        self.modules.iter().enumerate().flat_map(|(module, m)| {
            (0..m.facts.functions.len() as u32).map(move |f| FunctionRef { module: module as u32, function: FunctionId(f) })
        })
    }

    /// Macros of Rust by their name with its `!`.
    fn index_macros(&self) -> FxHashMap<Name, Vec<FunctionRef>> {
        let mut macros: FxHashMap<Name, Vec<FunctionRef>> = FxHashMap::default();
        for function in self.functions().filter(|f| self.is_rust(f.module)) {
            let name = &self.function(function).name;
            if name.ends_with('!') {
                macros.entry(name.clone()).or_default().push(function);
            }
        }
        macros
    }

    /// Every class of every module, in order.
    pub fn all_classes(&self) -> impl Iterator<Item = ClassRef> + '_ {
        self.modules
            .iter()
            .enumerate()
            .flat_map(|(module, m)| (0..m.facts.classes.len() as u32).map(move |c| ClassRef { module: module as u32, class: ClassId(c) }))
    }

    /// The scope of a function's own body.
    pub fn scope(&self, function: FunctionRef) -> Rc<Scope> {
        if let Some(scope) = self.caches.scopes.borrow().get(&function) {
            return scope.clone();
        }
        let scope = Rc::new(Scope::of_function(self.facts(function.module), function.function));
        self.caches.scopes.borrow_mut().insert(function, scope.clone());
        scope
    }

    /// The scope of a class body.
    pub fn class_scope(&self, class: ClassRef) -> Rc<Scope> {
        if let Some(scope) = self.caches.class_scopes.borrow().get(&class) {
            return scope.clone();
        }
        let scope = Rc::new(Scope::of_block(self.facts(class.module), &self.class(class).body));
        self.caches.class_scopes.borrow_mut().insert(class, scope.clone());
        scope
    }

    /// Every name that a function's body mentions, nested functions included: what a closure can capture.
    pub fn names_used(&self, function: FunctionRef) -> Rc<FxHashSet<Name>> {
        if let Some(known) = self.caches.used.borrow().get(&function) {
            return known.clone();
        }
        let facts = self.facts(function.module);
        let mut names = FxHashSet::default();
        let mut functions = vec![function.function];
        while let Some(next) = functions.pop() {
            let f = facts.function(next);
            let mut blocks: Vec<StmtId> = f.body.clone();
            let mut exprs: Vec<ExprId> = f.decorators.clone();
            while let Some(id) = blocks.pop() {
                let kind = &facts.stmt(id).kind;
                match kind {
                    StmtKind::Define(inner) => functions.push(*inner),
                    StmtKind::DefineClass(class) => {
                        blocks.extend(&facts.class(*class).body);
                        functions.extend(&facts.class(*class).methods);
                    }
                    _ => {}
                }
                exprs.extend(kind.expressions());
                blocks.extend(kind.blocks().into_iter().flatten());
            }
            while let Some(id) = exprs.pop() {
                match &facts.expr(id).kind {
                    ExprKind::Name(name) => {
                        names.insert(name.clone());
                    }
                    ExprKind::Lambda(inner) => functions.push(*inner),
                    kind => exprs.extend(kind.children()),
                }
            }
        }
        let names = Rc::new(names);
        self.caches.used.borrow_mut().insert(function, names.clone());
        names
    }

    /// Calls whose callee's last name is `name`, which the program defines.
    pub fn calls_named(&self, name: &str) -> &[(u32, ExprId)] {
        self.calls_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a module's code only tests, migrates or seeds.
    pub fn is_aside(&self, module: u32) -> bool {
        self.aside[module as usize]
    }

    /// The function that encloses an expression.
    pub fn enclosing(&self, module: u32, expr: ExprId) -> FunctionRef {
        let facts = self.facts(module);
        FunctionRef { module, function: facts.function_at(facts.expr(expr).span.start) }
    }

    /// What an import binds, seen from `module`.
    pub fn import(&self, module: u32, index: u32) -> Kind {
        let import = &self.facts(module).imports[index as usize];
        if self.is_rust(module) {
            // `use a::a` in the module `a`'s parent must not lead back to itself.
            return self.rust_path(module, &import.module, import.item.as_deref());
        }
        let find = |dotted: &str| self.find_module(module, import.level, dotted);
        match &import.item {
            Some(item) => {
                if let Some(from) = find(&import.module) {
                    return self.module_member(from, item);
                }
                let joined = if import.module.is_empty() { item.to_string() } else { format!("{}.{item}", import.module) };
                match find(&joined) {
                    Some(found) => Kind::Module(found),
                    None => Kind::External(joined.into()),
                }
            }
            None if import.aliased => match find(&import.module) {
                Some(found) => Kind::Module(found),
                None => Kind::External(import.module.clone()),
            },
            None => match find(&import.binds) {
                Some(found) => Kind::Module(found),
                None if import.binds != import.module && find(&import.module).is_some() => Kind::Namespace(import.binds.clone(), module),
                None => Kind::External(import.binds.clone()),
            },
        }
    }

    /// The module a dotted name means, seen from `from`.
    pub fn find_module(&self, from: u32, level: u8, dotted: &str) -> Option<u32> {
        if self.is_rust(from) {
            return self.rust_module(from, dotted);
        }
        if level > 0 {
            return self.paths.relative(from, level, dotted);
        }
        let root = dotted.split('.').next().unwrap_or("");
        self.paths.absolute(from, dotted, self.knowledge.is_external_root(self.language(from), root))
    }

    /// The module whose names a star import brings.
    fn star_module(&self, module: u32, import: u32) -> Option<u32> {
        if !self.is_rust(module) {
            let import = &self.facts(module).imports[import as usize];
            return self.find_module(module, import.level, &import.module);
        }
        match self.star_path(module, import) {
            Kind::Module(found) => Some(found),
            _ => None,
        }
    }

    /// A name defined at the top of a module, or a submodule.
    pub fn module_member(&self, module: u32, name: &str) -> Kind {
        self.member_through(module, name, &mut Vec::new())
    }

    /// As [`module_member`](Self::module_member); `seen` are modules whose star imports led here.
    fn member_through(&self, module: u32, name: &str, seen: &mut Vec<u32>) -> Kind {
        if seen.contains(&module) || seen.len() >= STARS {
            return Kind::Unknown;
        }
        seen.push(module);
        let top = FunctionRef { module, function: MODULE };
        let scope = self.scope(top);
        if !scope.get(name).is_empty() {
            return self.name_in(top, name);
        }
        if let Some(child) = self.child_module(module, name) {
            return Kind::Module(child);
        }
        if name.ends_with('!')
            && self.is_rust(module)
            && let Some(own) = self.own_macro(module, name)
        {
            return own;
        }
        if name == "super" && self.is_rust(module) {
            return self.crates.parent(module).map(Kind::Module).unwrap_or_default();
        }
        if let Some(found) = self.beside_a_class(top, name) {
            return found;
        }
        if let Some(other) = self.crates.other_root(module) {
            let found = self.member_through(other, name, seen);
            if found != Kind::Unknown {
                return found;
            }
        }
        for star in &scope.stars {
            let import = &self.facts(module).imports[*star as usize];
            if let Some(from) = self.star_module(module, *star).filter(|m| *m != module) {
                let found = self.member_through(from, name, seen);
                if found != Kind::Unknown {
                    return found;
                }
            } else if let Some(found) = self.starred(module, *star, name) {
                return found;
            } else if import.level == 0 {
                let qualified = format!("{}.{name}", import.module);
                let language = self.language(module);
                let known = self.knowledge.made_by(language, &qualified).is_some()
                    || self.knowledge.function(language, &qualified).is_some()
                    || self.knowledge.base(language, &qualified).is_some();
                if known {
                    return Kind::External(qualified.into());
                }
            }
        }
        Kind::Unknown
    }

    /// The path of a file that holds a module; empty for other files.
    pub fn path_of(&self, file: FileId) -> &str {
        let at = self.modules.binary_search_by_key(&file, |m| m.file);
        at.map_or("", |i| self.modules[i].path.as_str())
    }

    /// What packs say of a method by its receiver's name; a library that the module or the project imports goes first.
    pub fn receiver_by_name(
        &self,
        language: PackLanguage,
        module: u32,
        receiver: &str,
        method: &str,
    ) -> Option<crate::knowledge::Found<'k>> {
        let mut found: Vec<_> = self.knowledge.unknown_receivers(language, receiver, method).collect();
        found.sort_by_cached_key(|f| {
            let roots = &f.pack.roots;
            match () {
                () if self.roots.imports(module, roots) => 0,
                () if self.roots.imported(roots) => 1,
                () if roots.is_empty() => 2,
                () => 3,
            }
        });
        found.into_iter().next()
    }

    /// A submodule of a package.
    pub fn child_module(&self, module: u32, name: &str) -> Option<u32> {
        if self.is_rust(module) { self.crates.child(module, name) } else { self.paths.child(module, name) }
    }
}

/// The last name of a callee: `c` in `a.b.c(…)`.
pub fn last_name(facts: &FileFacts, expr: ExprId) -> Option<&Name> {
    match &facts.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name),
        _ => None,
    }
}

/// Answer a question once: what leads back to itself is unknown.
fn remember<K: std::hash::Hash + Eq + Clone, V: Clone + Default>(memo: &Memo<K, V>, key: K, answer: impl FnOnce() -> V) -> V {
    if let Some(known) = memo.borrow().get(&key) {
        return known.clone().unwrap_or_default();
    }
    memo.borrow_mut().insert(key.clone(), None);
    let value = answer();
    memo.borrow_mut().insert(key, Some(value.clone()));
    value
}
