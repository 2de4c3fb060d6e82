//! Fields: what instances of a class, or the class itself, hold, from assignments in its methods and what constructors are given.
//!
//! Where on an object's way a field is set it refuses to know: all assignments count alike.

use super::{Args, ClassRef, FunctionRef, Kind, Object, Program, argument_at, last_name, remember};
use crate::facts::{Arg, ExprId, ExprKind, FileFacts, MODULE, Name, StmtId, StmtKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// How many assignments of one field are looked at.
const ASSIGNMENTS: usize = 8;

/// An assignment to a field: the method that does it, the value, the annotation.
pub type FieldAssignment = (FunctionRef, Option<ExprId>, Option<ExprId>);

/// Target, value, annotation.
type Assignment = (ExprId, Option<ExprId>, Option<ExprId>);

/// The assignments of a class's methods to its fields, by field.
pub(super) type Assigned = FxHashMap<Name, Vec<FieldAssignment>>;

impl Program<'_> {
    /// What this very object holds in a field: what its constructor was given, else what any instance holds.
    pub fn field_of(&self, object: &Object, name: &str) -> Kind {
        let given = self.given_field(object, name);
        let only_typed = match &given {
            Some(given) => matches!(given, Kind::Library(_)) && !given.is_told(),
            None => !object.exact && object.args.is_empty(),
        };
        let found = given.unwrap_or_else(|| self.field(object.class, name));
        if !only_typed || found.is_told() {
            return found;
        }
        // What constructors are given says more than the declaration, where all of it is of what is declared.
        let made = match self.is_rust(object.class.module) {
            true => self.field_handed(object.class, name, &found),
            false => self.field_of_made(object, name),
        };
        let fits = |kind: &Kind| *kind == Kind::Null || kind.is_fixed() && (found == Kind::Unknown || found.is_like(kind));
        if !matches!(made, Kind::Unknown | Kind::Null) && made.alternatives().iter().all(fits) { made } else { found }
    }

    /// What this object's constructor was given for a field, or makes of it.
    pub(super) fn given_field(&self, object: &Object, name: &str) -> Option<Kind> {
        if !object.args.is_empty() {
            let argument = self.field_argument(object.class, name);
            let given = argument.and_then(|(at, parameter)| argument_at(Some(at), Some(&parameter), &object.args).cloned());
            let given = given.map(|given| self.or_else_set_to(given, object, name));
            if let Some(given) = given.or_else(|| self.made_of_arguments(object, name)) {
                return Some(given);
            }
        }
        let (init, handed) = self.handed_up(object.class, name)?;
        let worth = self.or_else_set_to(self.worth_of(init, handed, object), object, name);
        Some(worth).filter(|kind| *kind != Kind::Unknown && (object.exact || *kind != Kind::Null))
    }

    /// What an object holds in a field that is set to what the constructor is given or to something else: `table or "orders"`.
    /// Who only knows the class knows of both.
    fn or_else_set_to(&self, given: Kind, object: &Object, name: &str) -> Kind {
        let nothing = matches!(given, Kind::Null | Kind::Unknown);
        if object.exact && !nothing {
            return given;
        }
        match self.set_else(object.class, name) {
            Some(otherwise) => given.or(otherwise),
            None => given,
        }
    }

    /// What a constructor sets a field to where it is given nothing for it.
    fn set_else(&self, class: ClassRef, name: &str) -> Option<Kind> {
        self.ancestors(class).into_iter().find_map(|class| {
            let init = self.own_method(class, "__init__")?;
            let facts = self.facts(init.module);
            let assigned = self.field_assignments(class, name);
            assigned.into_iter().filter(|(method, ..)| *method == init).find_map(|(_, value, _)| match &facts.expr(value?).kind {
                ExprKind::Logic { items, all: false } => {
                    Some(items.iter().skip(1).map(|item| self.infer(init, *item)).fold(Kind::Unknown, Kind::or))
                }
                _ => None,
            })
        })
    }

    /// What the constructor gives the one above it that becomes a field: `super().__init__(session, Order)`. A parameter or a
    /// name: what is made on the way is left to whoever asks for the field.
    fn handed_up(&self, class: ClassRef, name: &str) -> Option<(FunctionRef, ExprId)> {
        remember(&self.caches.handed, (class, name.into()), || {
            let (init, above, args) = self.constructor_above(class)?;
            let (index, parameter) = self.field_argument(above, name).or_else(|| {
                let (above_init, given) = self.handed_up(above, name)?;
                let at = self.parameter_of(above_init, given)?.checked_sub(1)?;
                Some((at, self.function(above_init).params[at + 1].name.clone()))
            })?;
            let args: Args<ExprId> = args.iter().filter(|a| a.spread == 0).map(|a| (a.name.clone(), a.value)).collect();
            let given = *argument_at(Some(index), Some(&parameter), &args)?;
            matches!(self.facts(init.module).expr(given).kind, ExprKind::Name(_)).then_some((init, given))
        })
    }

    /// The constructor of a class that calls the one above it, the class that has that one, and what it is given.
    fn constructor_above(&self, class: ClassRef) -> Option<(FunctionRef, ClassRef, &[Arg])> {
        let init = self.method(class, "__init__")?;
        let owner = ClassRef { module: init.module, class: self.function(init).class? };
        let facts = self.facts(init.module);
        let args = self.function(init).body.iter().find_map(|stmt| match &facts.stmt(*stmt).kind {
            StmtKind::Expr(expr) => given_above(facts, *expr),
            _ => None,
        })?;
        let above = self.ancestors(owner).into_iter().skip(1).find(|class| self.own_method(*class, "__init__").is_some())?;
        Some((init, above, args))
    }

    /// What an expression in a constructor is worth for an object: its parameters are what the object was made with.
    fn worth_of(&self, init: FunctionRef, expr: ExprId, object: &Object) -> Kind {
        let Some(at) = self.parameter_of(init, expr).filter(|at| *at > 0) else { return self.infer(init, expr) };
        let parameter = &self.function(init).params[at];
        match (argument_at(Some(at - 1), Some(&parameter.name), &object.args), parameter.default) {
            (Some(given), _) => given.clone(),
            (None, Some(default)) if object.exact => self.infer(init, default),
            (None, Some(default)) => match (self.infer(init, expr), self.infer(init, default)) {
                (given @ Kind::Text(_), default @ Kind::Text(_)) => given.or(default),
                (Kind::Unknown, default) => default,
                (given, _) => given,
            },
            (None, None) => self.infer(init, expr),
        }
    }

    /// Whether what a field holds depends on what the constructor was given.
    pub fn field_is_given(&self, class: ClassRef, name: &str) -> bool {
        self.field_argument(class, name).is_some()
            || self.field_call(class, name).is_some()
            || self.handed_up(class, name).is_some_and(|(init, given)| self.parameter_of(init, given).is_some())
    }

    /// Whether a field of an object is what its constructor is given, of which nothing is declared.
    pub fn is_given_anything(&self, object: &Kind, name: &str) -> bool {
        let Kind::Object(object) = object else { return false };
        let Some((_, given)) = self.field_argument(object.class, name) else { return false };
        let (at, annotation) = match self.method(object.class, "__init__") {
            Some(init) => (init, self.function(init).params.iter().find(|p| p.name == given).and_then(|p| p.annotation)),
            None => {
                let at = FunctionRef { module: object.class.module, function: MODULE };
                (at, self.field_annotations(object.class).find(|(field, _)| *field == given).map(|(_, annotation)| annotation))
            }
        };
        annotation.is_none_or(|annotation| self.is_anything(at, annotation))
    }

    /// `Any`, `object`, `Any | None`.
    fn is_anything(&self, at: FunctionRef, annotation: ExprId) -> bool {
        let facts = self.facts(at.module);
        match &facts.expr(annotation).kind {
            ExprKind::Binary { left, right, .. } => self.is_anything(at, *left) || self.is_anything(at, *right),
            ExprKind::Index { base, index } => last_name(facts, *base).is_some_and(|n| n == "Optional") && self.is_anything(at, *index),
            _ => last_name(facts, annotation).is_some_and(|n| matches!(n.as_str(), "Any" | "object")),
        }
    }

    /// The annotated class-level names of a record, which are its constructor's arguments in order.
    fn field_annotations(&self, class: ClassRef) -> impl Iterator<Item = (&Name, ExprId)> {
        let facts = self.facts(class.module);
        self.class(class).body.iter().filter_map(|s| match &facts.stmt(*s).kind {
            StmtKind::Assign { targets, annotation: Some(annotation), .. } => {
                targets.first().and_then(|t| last_name(facts, *t)).map(|name| (name, *annotation))
            }
            _ => None,
        })
    }

    /// What the constructor makes of its arguments for a field: `self.lock = Lock(client, name)`.
    fn made_of_arguments(&self, object: &Object, name: &str) -> Option<Kind> {
        let (init, call) = self.field_call(object.class, name)?;
        let facts = self.facts(init.module);
        let ExprKind::Call { callee, args } = &facts.expr(call).kind else { return None };
        let args: Args<Kind> = args.iter().map(|a| (a.name.clone(), self.worth_of(init, a.value, object))).collect();
        let site = self.site(init.module, facts.expr(call).span);
        match self.call_kind(&self.infer(init, *callee), &args, site) {
            made @ Kind::Library(_) => Some(made.aimed(name)),
            _ => None,
        }
    }

    /// The call in the constructor that makes a field of at least one of the constructor's arguments.
    fn field_call(&self, class: ClassRef, name: &str) -> Option<(FunctionRef, ExprId)> {
        let init = self.method(class, "__init__")?;
        let owner = ClassRef { module: init.module, class: self.function(init).class? };
        let facts = self.facts(init.module);
        let given = |value: ExprId| match &facts.expr(value).kind {
            ExprKind::Call { args, .. } => {
                args.iter().all(|a| a.spread == 0) && args.iter().any(|a| self.parameter_of(init, a.value).is_some_and(|at| at > 0))
            }
            _ => false,
        };
        let assigned = self.field_assignments(owner, name);
        let [(method, Some(value), _)] = &assigned[..] else { return None };
        (*method == init && given(*value)).then_some((init, *value))
    }

    /// Which parameter of a function a name means.
    pub(super) fn parameter_of(&self, function: FunctionRef, expr: ExprId) -> Option<usize> {
        let ExprKind::Name(name) = &self.facts(function.module).expr(expr).kind else { return None };
        self.function(function).params.iter().position(|p| p.name == *name)
    }

    /// The constructor's argument (position without the receiver, name) that a field is set from.
    pub fn field_argument(&self, class: ClassRef, name: &str) -> Option<(usize, Name)> {
        let Some(init) = self.method(class, "__init__") else {
            // A record.
            return self.field_annotations(class).enumerate().find(|(_, (f, _))| *f == name).map(|(i, (f, _))| (i, f.clone()));
        };
        let facts = self.facts(init.module);
        let owner = ClassRef { module: init.module, class: self.function(init).class? };
        self.field_assignments(owner, name).into_iter().filter(|(m, _, _)| *m == init).find_map(|(_, value, _)| {
            let mut value = value?;
            // `self.path = Path(path)`, `self.x = x or default`: still what was given.
            for _ in 0..3 {
                match &facts.expr(value).kind {
                    ExprKind::Logic { items, .. } => value = *items.first()?,
                    ExprKind::Name(given) => {
                        let at = self.function(init).params.iter().position(|p| p.name == *given)?;
                        return Some((at.checked_sub(1)?, given.clone()));
                    }
                    _ => return None,
                }
            }
            None
        })
    }

    /// What instances of a class hold in a field: from assignments in its methods, else from its class body.
    pub fn field(&self, class: ClassRef, name: &str) -> Kind {
        for class in self.ancestors(class) {
            let found = remember(&self.caches.fields, (class, name.into()), || self.own_field(class, name));
            if found != Kind::Unknown {
                return found;
            }
        }
        Kind::Unknown
    }

    fn own_field(&self, class: ClassRef, name: &str) -> Kind {
        let mut found = self.own_class_attribute(class, name);
        for (method, value, annotation) in self.field_assignments(class, name) {
            if let Some(annotation) = annotation {
                found = found.or(self.annotation(method, annotation));
            }
            if let Some(value) = value {
                found = found.or(self.infer(method, value).aimed(name));
            }
        }
        self.filled_field(found.without_types_of_made(), class, name)
    }

    /// Assignments to a field in the methods of a class, on its instances or on the class itself.
    pub fn field_assignments(&self, class: ClassRef, name: &str) -> Vec<FieldAssignment> {
        let known = self.caches.assigned.borrow().get(&class).cloned();
        let all = known.unwrap_or_else(|| {
            let all = Rc::new(self.assigned_in(class));
            self.caches.assigned.borrow_mut().insert(class, all.clone());
            all
        });
        all.get(name).cloned().unwrap_or_default()
    }

    fn assigned_in(&self, class: ClassRef) -> Assigned {
        let facts = self.facts(class.module);
        let mut found = Assigned::default();
        for method in &self.class(class).methods {
            let function = facts.function(*method);
            let Some(receiver) = function.params.first() else { continue };
            let assignments = assignments_within(facts, &function.body);
            let at = FunctionRef { module: class.module, function: *method };
            let of_class = function.name == "__new__" || self.is_decorated(at, "classmethod");
            let holders = Holders::of(facts, &self.class(class).name, &receiver.name, of_class, &assignments);
            for (target, value, annotation) in assignments {
                let ExprKind::Attr { base, name } = &facts.expr(target).kind else { continue };
                if holders.has(facts, *base) {
                    let of_field = found.entry(name.clone()).or_default();
                    if of_field.len() < ASSIGNMENTS {
                        of_field.push((at, value, annotation));
                    }
                }
            }
        }
        found
    }
}

/// The arguments of `super().__init__(…)`, where an expression is that.
fn given_above(facts: &FileFacts, expr: ExprId) -> Option<&[Arg]> {
    let ExprKind::Call { callee, args } = &facts.expr(expr).kind else { return None };
    let ExprKind::Attr { base, name } = &facts.expr(*callee).kind else { return None };
    let ExprKind::Call { callee: above, .. } = &facts.expr(*base).kind else { return None };
    let is_super = matches!(&facts.expr(*above).kind, ExprKind::Name(n) if n == "super");
    (name == "__init__" && is_super).then_some(args)
}

/// What in a method means its object or its class: the receiver, the class by its name, `type(self)`, and what the method keeps
/// one of these in, or an instance that it makes: `made = cls()`, `cls._instance = cls()`.
struct Holders<'a> {
    receiver: &'a Name,
    /// The receiver is the class: calling it makes an instance.
    of_class: bool,
    names: FxHashSet<&'a Name>,
    attributes: FxHashSet<&'a Name>,
}

impl<'a> Holders<'a> {
    fn of(facts: &'a FileFacts, class: &'a Name, receiver: &'a Name, of_class: bool, assignments: &[Assignment]) -> Self {
        let names = FxHashSet::from_iter([class, receiver]);
        let mut holders = Holders { receiver, of_class, names, attributes: FxHashSet::default() };
        for (target, value, _) in assignments {
            if !value.is_some_and(|v| holders.is_own_class(facts, v) || holders.makes_own(facts, v)) {
                continue;
            }
            match &facts.expr(*target).kind {
                ExprKind::Name(name) => holders.names.insert(name),
                ExprKind::Attr { base, name } if holders.has(facts, *base) => holders.attributes.insert(name),
                _ => false,
            };
        }
        holders
    }

    fn has(&self, facts: &FileFacts, holder: ExprId) -> bool {
        match &facts.expr(holder).kind {
            ExprKind::Name(name) => self.names.contains(name),
            ExprKind::Attr { base, name } if self.attributes.contains(name) => self.has(facts, *base),
            _ => self.is_own_class(facts, holder),
        }
    }

    /// `cls(…)`, `Store(…)` or `super().__new__(cls)`.
    fn makes_own(&self, facts: &FileFacts, expr: ExprId) -> bool {
        let ExprKind::Call { callee, .. } = &facts.expr(expr).kind else { return false };
        match &facts.expr(*callee).kind {
            ExprKind::Name(name) => self.names.contains(name) && (self.of_class || name != self.receiver),
            ExprKind::Attr { name, .. } => name == "__new__",
            _ => self.is_own_class(facts, *callee),
        }
    }

    /// `self.__class__` or `type(self)`.
    fn is_own_class(&self, facts: &FileFacts, expr: ExprId) -> bool {
        let receiver = |e: ExprId| matches!(&facts.expr(e).kind, ExprKind::Name(name) if name == self.receiver);
        match &facts.expr(expr).kind {
            ExprKind::Attr { base, name } => name == "__class__" && receiver(*base),
            ExprKind::Call { callee, args } => {
                matches!(&facts.expr(*callee).kind, ExprKind::Name(name) if name == "type")
                    && matches!(&args[..], [only] if only.name.is_none() && only.spread == 0 && receiver(only.value))
            }
            _ => false,
        }
    }
}

/// Every assignment of a body, nested blocks included.
fn assignments_within(facts: &FileFacts, body: &[StmtId]) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut pending: Vec<_> = body.iter().rev().copied().collect();
    while let Some(id) = pending.pop() {
        match &facts.stmt(id).kind {
            StmtKind::Assign { targets, value, annotation } => {
                for target in targets {
                    match (&facts.expr(*target).kind, value.map(|v| &facts.expr(v).kind)) {
                        (ExprKind::List(names), Some(ExprKind::List(values))) if names.len() == values.len() => {
                            found.extend(names.iter().zip(values).map(|(n, v)| (*n, Some(*v), None)));
                        }
                        _ => found.push((*target, *value, *annotation)),
                    }
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
