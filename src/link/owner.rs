//! Whose a lock is: what tells two takings of one lock from takings of two.
//!
//! A lock in a store is told by its name. A lock in memory is told by where its value is kept once it is made: a variable of
//! a module or class is one for all, a field is one for each object, and what a function makes, uses and drops is nobody
//! else's. Where a value goes is read from the statement that makes it and from every mention of its variable; a value that
//! is handed on, kept in a container or captured by a closure may be anybody's.

use super::{ClassRef, FunctionRef, Kind, Program};
use crate::facts::{ExprId, ExprKind, FileFacts, FunctionId, MODULE, Name, StmtKind};
use crate::source::{Site, Span};

/// Whose a lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// One for all who use its name.
    Shared,
    /// A field of the object whose method takes it.
    Receiver,
    /// A field of the object made here.
    Object(Site),
    /// It, or the object that keeps it, is made here and used by nobody but the run of the function that makes it.
    Alone(Site),
    /// It cannot be told.
    Unknown,
}

/// Where a value goes that is made at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A variable of a module or class: one for the process.
    Static,
    /// A field, by the class whose method makes it.
    Field(ClassRef),
    /// The function that makes it uses it alone and drops it.
    Alone,
    /// It is what the function returns.
    Returned(FunctionRef),
    /// Somewhere else.
    Elsewhere,
}

impl Program<'_> {
    /// Where the value goes that an expression makes.
    pub fn kept(&self, made: Site) -> Kept {
        let Some(module) = self.modules.iter().position(|m| m.file == made.file) else { return Kept::Elsewhere };
        let facts = self.facts(module as u32);
        let id = innermost_function(facts, made.span);
        let function = FunctionRef { module: module as u32, function: id };
        if facts.function(id).name == "<lambda>" {
            return Kept::Elsewhere;
        }
        // The innermost statement around it.
        let around = facts.stmts.iter().filter(|s| s.span.contains(made.span)).min_by_key(|s| s.span.end - s.span.start);
        let Some(stmt) = around else { return Kept::Elsewhere };
        let exactly = |e: ExprId| facts.expr(unwrapped(facts, e)).span == made.span && !makes_each(facts, e);
        match &stmt.kind {
            StmtKind::Assign { targets, value: Some(value), .. } if exactly(*value) => match targets.as_slice() {
                [target] => self.assigned(function, *target),
                _ => Kept::Elsewhere,
            },
            StmtKind::Return(Some(value)) if exactly(*value) => self.handed_back(function),
            StmtKind::Guarded { items, .. } if id != MODULE && items.iter().any(|i| exactly(i.context)) => Kept::Alone,
            // `Service().run()`: made, asked once and dropped.
            _ if id != MODULE && facts.exprs.iter().any(|e| is_asked(facts, &e.kind, made.span)) => Kept::Alone,
            _ => Kept::Elsewhere,
        }
    }

    /// Whose the locks are that an object keeps, by where the object is made.
    pub fn owner_of(&self, made: Site) -> Owner {
        match self.kept(made) {
            Kept::Static => Owner::Object(made),
            Kept::Alone => Owner::Alone(made),
            Kept::Field(_) | Kept::Returned(_) | Kept::Elsewhere => Owner::Unknown,
        }
    }

    fn assigned(&self, function: FunctionRef, target: ExprId) -> Kept {
        let facts = self.facts(function.module);
        let f = facts.function(function.function);
        match &facts.expr(target).kind {
            ExprKind::Name(_) if function.function == MODULE => Kept::Static,
            ExprKind::Name(name) => {
                let outer = facts
                    .stmts
                    .iter()
                    .any(|s| f.span.contains(s.span) && matches!(&s.kind, StmtKind::Outer(names) if names.contains(name)));
                match (outer, uses(facts, function.function, name, target)) {
                    (true, _) => Kept::Static,
                    (_, Uses::Alone) => Kept::Alone,
                    (_, Uses::Returned) => self.handed_back(function),
                    (_, Uses::Elsewhere) => Kept::Elsewhere,
                }
            }
            ExprKind::Attr { base, .. } => {
                let receiver = f.params.first().map(|p| &p.name);
                let own = matches!(&facts.expr(*base).kind, ExprKind::Name(n) if Some(n) == receiver);
                match f.class.filter(|_| own) {
                    Some(class) if self.takes_receiver(function) => Kept::Field(ClassRef { module: function.module, class }),
                    _ => Kept::Elsewhere,
                }
            }
            _ => Kept::Elsewhere,
        }
    }

    /// A decorator may keep what a function returns: a cache.
    fn handed_back(&self, function: FunctionRef) -> Kept {
        let f = self.function(function);
        let plain = function.function != MODULE && f.decorators.is_empty() && !f.is_generator;
        if plain { Kept::Returned(function) } else { Kept::Elsewhere }
    }
}

/// Words by which code calls something a lock.
const LOCKS: [&str; 5] = ["lock", "mutex", "lease", "exclusive", "critical"];
/// Words by which code says that it means to do nothing.
const NOTHING: [&str; 6] = ["null", "noop", "no_op", "dummy", "fake", "unlock"];

impl Program<'_> {
    /// The name of a context manager's function that calls itself a lock and does nothing before it hands over.
    pub fn hollow(&self, function: FunctionRef) -> Option<Name> {
        let f = self.function(function);
        (is_called_lock(&f.name) && self.does_nothing(function)).then(|| f.name.clone())
    }

    /// The name of a class that calls itself a lock and whose objects do nothing when entered and left.
    pub fn hollow_object(&self, kind: &Kind) -> Option<Name> {
        let Kind::Object(object) = kind else { return None };
        let name = &self.class(object.class).name;
        if !is_called_lock(name) || !self.descendants(object.class).is_empty() || !self.external_bases(object.class).is_empty() {
            return None;
        }
        let either = |names: [&str; 2]| names.into_iter().find_map(|m| self.method(object.class, m));
        let (enter, exit) = (either(["__enter__", "__aenter__"])?, either(["__exit__", "__aexit__"])?);
        let does = [enter, exit].into_iter().all(|m| self.does_nothing(m));
        does.then(|| name.clone())
    }

    /// Whether a body calls nothing, enters nothing and sets nothing outside itself.
    fn does_nothing(&self, function: FunctionRef) -> bool {
        let facts = self.facts(function.module);
        let f = self.function(function);
        let own = |span: Span| f.body.iter().any(|s| facts.stmt(*s).span.contains(span));
        let acts = facts.exprs.iter().any(|e| own(e.span) && matches!(e.kind, ExprKind::Call { .. } | ExprKind::Await(_)));
        let sets = facts.stmts.iter().filter(|s| own(s.span)).any(|s| match &s.kind {
            StmtKind::Guarded { .. } | StmtKind::Raise(_) | StmtKind::Update { .. } | StmtKind::Delete(_) => true,
            StmtKind::Assign { targets, .. } => targets.iter().any(|t| !matches!(facts.expr(*t).kind, ExprKind::Name(_))),
            _ => false,
        });
        !acts && !sets
    }
}

fn is_called_lock(name: &str) -> bool {
    let lower = name.to_lowercase();
    LOCKS.iter().any(|w| lower.contains(w)) && !NOTHING.iter().any(|w| lower.contains(w))
}

/// How a function uses a variable of its own.
enum Uses {
    /// Asks it and enters it, nothing else.
    Alone,
    /// Also returns it.
    Returned,
    /// Hands it on, keeps it, or a nested function captures it.
    Elsewhere,
}

fn uses(facts: &FileFacts, function: FunctionId, name: &Name, target: ExprId) -> Uses {
    let f = facts.function(function);
    let inside = |span: Span| f.span.contains(span);
    let mut plain: Vec<ExprId> = vec![target];
    let mut returned = false;
    for stmt in facts.stmts.iter().filter(|s| inside(s.span)) {
        match &stmt.kind {
            StmtKind::Guarded { items, .. } => plain.extend(items.iter().map(|i| i.context)),
            StmtKind::Return(Some(value)) if is_name(facts, *value, name) => {
                returned = true;
                plain.push(*value);
            }
            _ => {}
        }
    }
    for expr in facts.exprs.iter().filter(|e| inside(e.span)) {
        if let ExprKind::Call { callee, .. } = &expr.kind
            && let ExprKind::Attr { base, .. } = &facts.expr(*callee).kind
        {
            plain.push(*base);
        }
    }
    for (index, expr) in facts.exprs.iter().enumerate() {
        let mentions = matches!(&expr.kind, ExprKind::Name(n) if n == name) && inside(expr.span);
        if !mentions {
            continue;
        }
        let id = ExprId(index as u32);
        if innermost_function(facts, expr.span) != function || !plain.contains(&id) {
            return Uses::Elsewhere;
        }
    }
    if returned { Uses::Returned } else { Uses::Alone }
}

fn is_name(facts: &FileFacts, expr: ExprId, name: &Name) -> bool {
    matches!(&facts.expr(expr).kind, ExprKind::Name(n) if n == name)
}

/// Whether an expression is a call of a method of what stands at a place.
fn is_asked(facts: &FileFacts, kind: &ExprKind, made: Span) -> bool {
    let ExprKind::Call { callee, .. } = kind else { return false };
    let ExprKind::Attr { base, .. } = &facts.expr(*callee).kind else { return false };
    facts.expr(*base).span == made
}

/// What is awaited, without its `await`.
fn unwrapped(facts: &FileFacts, expr: ExprId) -> ExprId {
    match facts.expr(expr).kind {
        ExprKind::Await(inner) => inner,
        _ => expr,
    }
}

/// The innermost function, lambdas included, around a place.
fn innermost_function(facts: &FileFacts, span: Span) -> FunctionId {
    let around = facts.functions.iter().enumerate().skip(1).filter(|(_, f)| f.span.contains(span));
    around.min_by_key(|(_, f)| f.span.end - f.span.start).map_or(MODULE, |(i, _)| FunctionId(i as u32))
}

/// `defaultdict(Lock)` makes a lock for each key.
fn makes_each(facts: &FileFacts, expr: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = &facts.expr(unwrapped(facts, expr)).kind else { return false };
    super::last_name(facts, *callee).is_some_and(|name| name == "defaultdict")
}
