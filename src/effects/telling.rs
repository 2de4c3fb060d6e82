//! In which functions something may be told that matters whoever runs them: actors declared, code spawned, channels named.
//!
//! A repository has many more functions than those: only these are looked through, and what no call of theirs and of the
//! actors leads to is never summarised. They are those whose own code mentions what may declare, spawn or publish, and those
//! that call, or hand on, a function that leaves such a thing open. Mentions are found by name and looked up by [`infer`]: what
//! that does not know is passed by, unless a pack knows the receiver by its name.
//! In Rust every function is looked through: macros and traits hide there what a name means.
//!
//! [`infer`]: crate::link::Program::infer

use super::bind::declaration_is_open;
use super::context::{Context, Held};
use super::item::{Item, What};
use super::{Effects, Summary};
use crate::facts::{ClassId, ExprId, ExprKind, FileFacts, FunctionId, MODULE, Name, StmtKind};
use crate::knowledge::Mention;
use crate::knowledge::vocabulary::{BaseKind, BaseRow, Effect, PackLanguage};
use crate::link::{ClassRef, FunctionRef, Kind, Program, last_name};
use rustc_hash::{FxHashMap, FxHashSet};

/// The language in which names are looked up.
const PYTHON: PackLanguage = PackLanguage::Python;

/// What a class method calls its class.
const OWN_CLASS: &str = "cls";

/// How many classes may have a method by whose name alone its receiver is told.
const OWNERS: usize = 8;

impl Effects<'_, '_> {
    /// Those functions, in the program's order; none of code that only tests, migrates or seeds.
    pub fn telling(&self) -> &[FunctionRef] {
        self.telling.get_or_init(|| {
            let program = self.program;
            let seeker = Seeker::new(program);
            let mut found: FxHashSet<FunctionRef> = seeker.seeds();
            let mut pending: Vec<FunctionRef> = found.iter().copied().collect();
            while !pending.is_empty() {
                pending.sort();
                let open: FxHashSet<FunctionRef> = pending.iter().copied().filter(|f| self.summary(*f, None).leaves_open()).collect();
                pending = seeker.mentioning(&open).into_iter().filter(|f| found.insert(*f)).collect();
            }
            let runs = |f: &FunctionRef| !program.is_aside(f.module);
            program.functions().filter(|f| runs(f) && (program.is_rust(f.module) || found.contains(f))).collect()
        })
    }
}

impl Summary {
    /// Whether a caller may know more of what is told here: who is declared, what is spawned, around what it stands.
    fn leaves_open(&self) -> bool {
        let spawned = |contexts: &[Context]| contexts.iter().any(|c| matches!(c.held, Held::Spawned { .. }));
        let open = |item: &Item| match &*item.what {
            What::Declare(declaration) => {
                // How many runs there are at once is told by what surrounds them.
                declaration.effect == Effect::Run || declaration_is_open(declaration)
            }
            What::CallParameter { .. } => spawned(&item.contexts),
            What::Event { channel, local: false, .. } => channel.is_open(),
            _ => false,
        };
        self.items.iter().any(open) || self.calls.iter().any(|call| call.later.is_some() && spawned(&call.contexts))
    }
}

/// The names by which mentions are found.
struct Sought<'p, 'k> {
    program: &'p Program<'k>,
    /// Of classes of the project that are actors or tools.
    classes: FxHashSet<Name>,
    /// Of methods by which these may be run.
    entries: FxHashSet<Name>,
}

impl Sought<'_, '_> {
    /// Of functions and classes.
    fn outside(&self, name: &Name) -> bool {
        self.program.knowledge.is_telling_word(PYTHON, name, false) || self.classes.contains(name)
    }

    /// Of attributes: methods, and what modules have.
    fn method(&self, name: &Name, called: bool) -> bool {
        let word = self.program.knowledge.is_telling_word(PYTHON, name, true);
        word || self.classes.contains(name) || called && self.entries.contains(name)
    }
}

/// Looks through the code of a program for mentions.
struct Seeker<'p, 'k> {
    program: &'p Program<'k>,
    /// Classes of the project whose instances are actors, or are made so by what they derive from.
    acting: FxHashSet<ClassRef>,
    /// Under which other names things are imported.
    aliases: FxHashMap<Name, Vec<Name>>,
    /// Names of functions that give a coroutine.
    coroutines: FxHashSet<Name>,
    /// Names of what may hold a value that can be called: of fields (`true`), of variables, typed parameters, decorated functions.
    values: FxHashSet<(bool, &'p Name)>,
    /// What is given to calls, by its name.
    handed: FxHashMap<&'p Name, Vec<(u32, ExprId)>>,
}

impl<'p, 'k> Seeker<'p, 'k> {
    fn new(program: &'p Program<'k>) -> Self {
        let acting = program.all_classes().filter(|class| !program.is_rust(class.module) && is_acting(program, *class)).collect();
        let mut aliases: FxHashMap<Name, Vec<Name>> = FxHashMap::default();
        let (mut coroutines, mut values): (FxHashSet<Name>, FxHashSet<(bool, &Name)>) = Default::default();
        let mut handed: FxHashMap<&Name, Vec<(u32, ExprId)>> = FxHashMap::default();
        for module in modules(program) {
            let facts = program.facts(module);
            for expr in &facts.exprs {
                let ExprKind::Call { args, .. } = &expr.kind else { continue };
                for arg in args {
                    if let Some(name) = last_name(facts, arg.value) {
                        handed.entry(name).or_default().push((module, arg.value));
                    }
                }
            }
            for import in &facts.imports {
                if let Some(item) = import.item.as_ref().filter(|item| **item != import.binds) {
                    aliases.entry(item.clone()).or_default().push(import.binds.clone());
                }
            }
            for stmt in &facts.stmts {
                match &stmt.kind {
                    StmtKind::Assign { targets, value: Some(_), .. } => values.extend(targets.iter().filter_map(|t| held(facts, *t))),
                    StmtKind::Loop { target: Some(target), .. } => values.extend(held(facts, *target)),
                    StmtKind::Guarded { items, .. } => values.extend(items.iter().filter_map(|item| held(facts, item.target?))),
                    _ => {}
                }
            }
            for f in &facts.functions {
                let typed = f.params.iter().filter(|p| p.annotation.is_some()).map(|p| &p.name);
                values.extend(typed.chain(f.decorators.first().map(|_| &f.name)).map(|name| (false, name)));
                coroutines.extend((f.is_async && !f.is_generator).then(|| f.name.clone()));
            }
        }
        Seeker { program, acting, aliases, coroutines, values, handed }
    }

    /// Functions whose own code mentions what may tell something.
    fn seeds(&self) -> FxHashSet<FunctionRef> {
        let program = self.program;
        let mut classes: FxHashSet<Name> = self.acting.iter().map(|class| program.class(*class).name.clone()).collect();
        self.add_aliases(&mut classes);
        classes.insert(OWN_CLASS.into());
        let entries = self.acting.iter().flat_map(|class| self.public_methods(*class)).collect();
        let sought = Sought { program, classes, entries };
        let mut found: FxHashSet<FunctionRef> = FxHashSet::default();
        for module in modules(program) {
            self.mentions(module, &sought, &mut found);
            self.definitions(module, &sought, &mut found);
        }
        found
    }

    /// Functions of a module that mention in what they run what may tell something.
    fn mentions(&self, module: u32, sought: &Sought, found: &mut FxHashSet<FunctionRef>) {
        let program = self.program;
        let facts = program.facts(module);
        let (mut awaited, mut called): (FxHashSet<ExprId>, FxHashSet<ExprId>) = Default::default();
        for expr in &facts.exprs {
            match &expr.kind {
                ExprKind::Await(inner) => drop(awaited.insert(*inner)),
                ExprKind::Call { callee, .. } => drop(called.insert(*callee)),
                _ => {}
            }
        }
        let annotations = annotations(facts);
        // What is mentioned twice in one function is looked up once.
        let mut known: FxHashMap<(FunctionId, Option<&Name>, &Name, bool), bool> = FxHashMap::default();
        for (index, expr) in facts.exprs.iter().enumerate() {
            let id = ExprId(index as u32);
            let is_called = called.contains(&id);
            let (name, base) = match &expr.kind {
                ExprKind::Name(name) if sought.outside(name) => (name, None),
                ExprKind::Attr { name, base } if sought.method(name, is_called) => (name, Some(*base)),
                ExprKind::Call { callee, .. } => {
                    if self.calls_what_tells(module, *callee, !awaited.contains(&id)) {
                        found.insert(program.enclosing(module, id));
                    }
                    continue;
                }
                _ => continue,
            };
            if annotations.contains(&id) {
                continue;
            }
            let at = program.enclosing(module, id);
            let tells = || self.tells(at, id, name, is_called);
            let tells = match base.map(|base| &facts.expr(base).kind) {
                None => *known.entry((at.function, None, name, false)).or_insert_with(tells),
                Some(ExprKind::Name(base)) => *known.entry((at.function, Some(base), name, is_called)).or_insert_with(tells),
                Some(_) => tells(),
            };
            if tells {
                found.insert(at);
            }
        }
    }

    /// Functions in which something is defined that tells by its decorators or by what it is: what decorates a definition is told
    /// where that stands.
    fn definitions(&self, module: u32, sought: &Sought, found: &mut FxHashSet<FunctionRef>) {
        let facts = self.program.facts(module);
        let decorates = |decorators: &[ExprId]| {
            let mut names = decorators.iter().filter_map(|d| decorator(facts, *d));
            names.any(|name| sought.outside(name) || sought.method(name, true))
        };
        let functions = facts.functions.iter().filter(|f| decorates(&f.decorators));
        found.extend(functions.map(|f| FunctionRef { module, function: f.parent.unwrap_or(MODULE) }));
        for (index, class) in facts.classes.iter().enumerate() {
            if decorates(&class.decorators) || self.acting.contains(&ClassRef { module, class: ClassId(index as u32) }) {
                found.insert(FunctionRef { module, function: class.parent });
            }
        }
    }

    /// Methods by which an actor's class may be run.
    fn public_methods(&self, class: ClassRef) -> Vec<Name> {
        let facts = self.program.facts(class.module);
        let methods = self.program.class(class).methods.iter().map(|m| &facts.function(*m).name);
        methods.filter(|name| !name.starts_with('_')).cloned().collect()
    }

    /// Whether what is mentioned may tell something.
    fn tells(&self, at: FunctionRef, mention: ExprId, name: &Name, called: bool) -> bool {
        let program = self.program;
        let kind = program.infer(at, mention);
        // A name of one's own that nobody knows is no function of a library.
        let unknown = || match &program.facts(at.module).expr(mention).kind {
            ExprKind::Attr { base, .. } if called => last_name(program.facts(at.module), *base)
                .is_some_and(|receiver| program.knowledge.tells(PYTHON, Mention::Unknown(receiver, name))),
            _ => false,
        };
        kind.alternatives().iter().any(|kind| match kind {
            Kind::Class(class) => self.acting.contains(class),
            Kind::Function(function) => function.receiver_class().is_some_and(|class| self.acting.contains(&class)),
            Kind::External(name) => program.knowledge.tells(PYTHON, Mention::Name(name)),
            Kind::Member(member) => match program.library_of(&member.0) {
                Some(library) => program.knowledge.tells(PYTHON, Mention::Method(library.ty, &member.1)),
                None => unknown(),
            },
            Kind::Unknown => unknown(),
            _ => false,
        })
    }

    /// Whether a call of something without a name of its own may: of an agent's value, or of a coroutine that nobody waits for.
    fn calls_what_tells(&self, module: u32, callee: ExprId, loose: bool) -> bool {
        let program = self.program;
        let facts = program.facts(module);
        let infer = || program.infer(program.enclosing(module, callee), callee);
        match &facts.expr(callee).kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } if loose && self.coroutines.contains(name) => {
                let is_coroutine = |kind: &Kind| matches!(kind, Kind::Function(f) if program.function(f.function).is_async);
                infer().alternatives().iter().any(is_coroutine)
            }
            ExprKind::Name(_) | ExprKind::Attr { .. } if !held(facts, callee).is_some_and(|name| self.values.contains(&name)) => false,
            ExprKind::Name(_) | ExprKind::Attr { .. } | ExprKind::Call { .. } => {
                let called = |library: &crate::link::LibraryValue| program.knowledge.tells(PYTHON, Mention::Called(library.ty));
                infer().alternatives().iter().any(|kind| matches!(kind, Kind::Library(library) if called(library)))
            }
            _ => false,
        }
    }

    /// Functions whose own code mentions one of these.
    fn mentioning(&self, open: &FxHashSet<FunctionRef>) -> FxHashSet<FunctionRef> {
        let program = self.program;
        let mut found = FxHashSet::default();
        let mut names: FxHashSet<Name> = open.iter().flat_map(|f| self.called(*f)).collect();
        if names.is_empty() {
            return found;
        }
        self.add_aliases(&mut names);
        for name in &names {
            let callee = |(module, call): &(u32, ExprId)| match &program.facts(*module).expr(*call).kind {
                ExprKind::Call { callee, .. } => (*module, *callee),
                _ => (*module, *call),
            };
            let called = program.calls_named(name).iter().map(callee);
            for (module, mention) in called.chain(self.handed.get(name).into_iter().flatten().copied()) {
                let at = program.enclosing(module, mention);
                if !program.is_rust(module)
                    && !program.is_aside(module)
                    && !found.contains(&at)
                    && self.means(&program.infer(at, mention), open)
                {
                    found.insert(at);
                }
            }
        }
        found
    }

    /// Whether a value is one of these functions, or what runs it.
    fn means(&self, kind: &Kind, open: &FxHashSet<FunctionRef>) -> bool {
        let program = self.program;
        let owner = |f: &FunctionRef| program.function(*f).class.map(|class| ClassRef { module: f.module, class });
        kind.alternatives().iter().any(|kind| match kind {
            Kind::Function(function) if open.contains(&function.function) => true,
            // What an abstract method stands for.
            Kind::Function(function) => owner(&function.function).is_some_and(|class| {
                let name = &program.function(function.function).name;
                program.descendants(class).iter().any(|c| program.method(*c, name).is_some_and(|f| open.contains(&f)))
            }),
            // `Packer(…)` runs `__init__`, and whoever has one may run what has no name.
            Kind::Class(class) => {
                let special = |f: &&FunctionRef| program.function(**f).name.starts_with("__");
                open.iter().filter(special).any(|f| owner(f).is_some_and(|owner| program.ancestors(*class).contains(&owner)))
            }
            Kind::Member(member) if member.0 == Kind::Unknown => {
                program.classes_with_method(&member.1, OWNERS).iter().any(|f| open.contains(f))
            }
            _ => false,
        })
    }

    /// By which names a function is called.
    fn called(&self, function: FunctionRef) -> Vec<Name> {
        let program = self.program;
        let f = program.function(function);
        let class = f.class.map(|class| ClassRef { module: function.module, class });
        match class.filter(|_| f.name.starts_with("__")) {
            Some(class) => {
                let derived = program.descendants(class).iter().chain([&class]);
                derived.map(|class| program.class(*class).name.clone()).collect()
            }
            None => vec![f.name.clone()],
        }
    }

    /// Add the other names under which something of these names is known.
    fn add_aliases(&self, names: &mut FxHashSet<Name>) {
        let mut pending: Vec<Name> = names.iter().cloned().collect();
        while let Some(name) = pending.pop() {
            let others = self.aliases.get(&name).into_iter().flatten();
            pending.extend(others.filter(|other| names.insert((*other).clone())).cloned());
        }
    }
}

/// Modules of Python that actors may run.
fn modules(program: &Program) -> impl Iterator<Item = u32> {
    (0..program.modules.len() as u32).filter(|m| !program.is_rust(*m) && !program.is_aside(*m))
}

/// The name of a variable or field, and whether it is a field.
fn held(facts: &FileFacts, expr: ExprId) -> Option<(bool, &Name)> {
    match &facts.expr(expr).kind {
        ExprKind::Name(name) => Some((false, name)),
        ExprKind::Attr { name, .. } => Some((true, name)),
        _ => None,
    }
}

/// The name of a decorator.
fn decorator(facts: &FileFacts, decorator: ExprId) -> Option<&Name> {
    match &facts.expr(decorator).kind {
        ExprKind::Call { callee, .. } => last_name(facts, *callee),
        _ => last_name(facts, decorator),
    }
}

/// What stands in annotations, which nobody runs.
fn annotations(facts: &FileFacts) -> FxHashSet<ExprId> {
    let of_functions = facts.functions.iter().flat_map(|f| f.params.iter().filter_map(|p| p.annotation).chain(f.returns));
    let of_variables = facts.stmts.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Assign { annotation, .. } => *annotation,
        _ => None,
    });
    let mut pending: Vec<ExprId> = of_functions.chain(of_variables).collect();
    let mut found = FxHashSet::default();
    while let Some(expr) = pending.pop() {
        if found.insert(expr) {
            pending.extend(facts.expr(expr).kind.children());
        }
    }
    found
}

/// Whether a class declares something by what it is, or whoever makes an instance of it does.
fn is_acting(program: &Program, class: ClassRef) -> bool {
    let acts = |row: &BaseRow| {
        let made = || row.instance_of.as_deref().and_then(|name| program.knowledge.type_named(name));
        matches!(row.is, BaseKind::Actor | BaseKind::Tool | BaseKind::Orchestrator)
            || !row.members.is_empty()
            || made().is_some_and(|ty| program.knowledge.tells(PYTHON, Mention::Made(ty)))
    };
    program.base_row(class).is_some_and(acts) || program.base_row_by_name(class).is_some_and(acts)
}
