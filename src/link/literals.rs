//! What the literals of a struct say of its fields, and which field is the home of a lock that several hold.
//!
//! A constructor of Rust is a function like any other: `Self { path: dir.join("costs.jsonl"), … }` is what makes the object.
//! What a field holds is told where all literals of the type put the same there; a parameter there is what the callers of
//! the constructor give. A lock behind `Arc` is shared by what clones it: all that hold one around the same type of the
//! project are taken to hold the same, and it is called after the first field that keeps it.
//! Objects of one type that are made with different values it refuses to tell apart.

use super::{ClassRef, FunctionRef, Kind, Program, argument_at, last_name, rust};
use crate::facts::{ExprId, ExprKind, FileFacts, Name, StmtKind};
use crate::knowledge::vocabulary::Effect;
use rustc_hash::FxHashMap;

/// How many literals of one type are looked at.
const LITERALS: usize = 6;
/// How many passing calls are stripped from a value.
const PASSED: usize = 8;

/// Holder and field, by the type that is guarded.
pub(super) type Homes = FxHashMap<ClassRef, (Name, Name)>;

/// `Type::function` or `Self`, for a call of either; nothing for other calls.
pub(super) fn of_type(facts: &FileFacts, callee: ExprId) -> Option<Name> {
    if facts.language != crate::source::Language::Rust {
        return None;
    }
    match &facts.expr(callee).kind {
        ExprKind::Name(name) if name == "Self" => Some(name.clone()),
        ExprKind::Attr { base, name } => {
            let ty = last_name(facts, *base).filter(|n| n.starts_with(char::is_uppercase))?;
            Some(format!("{ty}::{name}").into())
        }
        _ => None,
    }
}

impl Program<'_> {
    /// Calls of a function that belongs to a type and takes no receiver, by the name of the type; `None` for other functions.
    pub(super) fn calls_of_associated(&self, function: FunctionRef) -> Option<Vec<(u32, ExprId)>> {
        let f = self.function(function);
        if !self.is_rust(function.module) || self.takes_receiver(function) {
            return None;
        }
        let class = self.owner(ClassRef { module: function.module, class: f.class? });
        let by_name = self.calls_named(&format!("{}::{}", self.class(class).name, f.name)).iter().copied();
        let own = self.calls_named(&format!("Self::{}", f.name)).iter().copied().filter(|(m, _)| *m == function.module);
        Some(by_name.chain(own).collect())
    }

    /// What a field holds: what its type says, or where that has no name of its own, what the literals of the struct put there.
    pub(super) fn or_by_literals(&self, declared: Kind, class: ClassRef, name: &str) -> Kind {
        let nameless = match &declared {
            Kind::Unknown => true,
            Kind::Library(value) => value.identity.is_none() && self.knowledge.construct(value.ty).is_none(),
            _ => false,
        };
        if !nameless {
            return declared;
        }
        match (self.by_literals(self.owner(class), name), &declared) {
            (Some(Kind::Text(text)), Kind::Unknown) if text.has_text() => Kind::Text(text),
            (Some(Kind::Library(made)), Kind::Library(value))
                if made.ty == value.ty && made.identity.as_ref().is_some_and(|t| t.has_text()) =>
            {
                Kind::Library(made)
            }
            _ => declared,
        }
    }

    /// The one value that all literals of a struct put into a field.
    fn by_literals(&self, class: ClassRef, name: &str) -> Option<Kind> {
        let own: Vec<u32> = self.ancestors(class).iter().map(|c| c.module).collect();
        let within = |calls: &[(u32, ExprId)], module: u32| {
            let (from, to) = (calls.partition_point(|(m, _)| *m < module), calls.partition_point(|(m, _)| *m <= module));
            calls[from..to].to_vec()
        };
        let mut literals = self.calls_named(&self.class(class).name).to_vec();
        for module in own.iter().enumerate().filter(|(i, m)| !own[..*i].contains(m)).map(|(_, m)| *m) {
            literals.extend(within(self.calls_named("Self"), module));
        }
        let mut values: Vec<(FunctionRef, ExprId)> = Vec::new();
        for (module, call) in literals {
            let facts = self.facts(module);
            let ExprKind::Call { callee, args } = &facts.expr(call).kind else { continue };
            let given: Vec<(Option<Name>, ExprId)> = args.iter().filter(|a| a.spread == 0).map(|a| (a.name.clone(), a.value)).collect();
            let Some(value) = argument_at(name.parse().ok(), Some(name), &given).copied() else { continue };
            let at = self.enclosing(module, call);
            if self.is_aside(module) || self.infer(at, *callee) != Kind::Class(class) {
                continue;
            }
            values.push((at, value));
        }
        // Of several constructors, those that the project calls.
        if values.len() > 1 && values.iter().any(|(at, _)| !self.is_uncalled(*at)) {
            values.retain(|(at, _)| !self.is_uncalled(*at));
        }
        if values.len() > LITERALS {
            return None;
        }
        let mut found: Option<Kind> = None;
        for (at, value) in values {
            let put = self.put_by(at, value);
            if put == Kind::Unknown || found.as_ref().is_some_and(|before| !same(before, &put)) {
                return None;
            }
            found.get_or_insert(put);
        }
        found
    }

    /// Whether a function is a constructor of its type, and of no trait, that nothing calls but tests.
    fn is_uncalled(&self, function: FunctionRef) -> bool {
        let Some(class) = self.function(function).class else { return false };
        let of_trait = !self.facts(function.module).class(class).bases.is_empty();
        let calls = || self.calls_of_associated(function).unwrap_or_default();
        !of_trait && !self.takes_receiver(function) && calls().iter().all(|(module, _)| self.is_aside(*module))
    }

    /// What a value in a literal is: a parameter with no name of its own is what callers give.
    fn put_by(&self, at: FunctionRef, value: ExprId) -> Kind {
        let told = self.infer(at, value);
        let nameless = match &told {
            Kind::Unknown => true,
            Kind::Library(value) => value.identity.is_none(),
            _ => false,
        };
        let facts = self.facts(at.module);
        match &facts.expr(stripped(facts, value)).kind {
            ExprKind::Name(name) if nameless => {
                let index = self.function(at).params.iter().position(|p| p.name == *name);
                match index.map(|i| self.given_by_callers(at, i as u32)) {
                    Some(Kind::OneOf(_) | Kind::Unknown) | None => told,
                    Some(given) => given,
                }
            }
            _ => told,
        }
    }

    /// A lock around a type of the project that is shared by `Arc`, called after the field that keeps it.
    pub(super) fn at_home(&self, lock: Kind) -> Kind {
        let Some(guarded) = self.guarded_type(&lock) else { return lock };
        match self.homes.get(&guarded) {
            Some((holder, field)) => self.owned_lock(lock, holder, field),
            None => lock,
        }
    }

    /// The type of the project that a lock guards.
    fn guarded_type(&self, lock: &Kind) -> Option<ClassRef> {
        let Kind::Library(value) = lock else { return None };
        let Kind::Object(guarded) = &value.subject else { return None };
        let is_lock = self.knowledge.construct(value.ty).is_some_and(|f| f.row.effect == Effect::Lock);
        is_lock.then_some(guarded.class)
    }

    /// Ask every field of every type once.
    pub(super) fn find_homes(&self) -> Homes {
        let mut homes = Homes::default();
        for class in self.all_classes().filter(|c| self.is_rust(c.module) && !self.is_aside(c.module)) {
            let facts = self.facts(class.module);
            let parent = FunctionRef { module: class.module, function: self.class(class).parent };
            for stmt in &self.class(class).body {
                let StmtKind::Assign { targets, value: None, annotation: Some(ty) } = &facts.stmt(*stmt).kind else { continue };
                let ExprKind::Index { base, index } = &facts.expr(*ty).kind else { continue };
                if last_name(facts, *base).is_none_or(|n| n != "Arc") || !matches!(facts.expr(*index).kind, ExprKind::Index { .. }) {
                    continue;
                }
                let lock = self.rust_annotation(parent, *index);
                if let (Some(guarded), Some(field)) = (self.guarded_type(&lock), targets.first().and_then(|t| last_name(facts, *t))) {
                    homes.entry(guarded).or_insert_with(|| (self.class(self.owner(class)).name.clone(), field.clone()));
                }
            }
        }
        homes
    }
}

/// Whether two values name the same.
fn same(one: &Kind, other: &Kind) -> bool {
    match (one, other) {
        (Kind::Library(a), Kind::Library(b)) => a.ty == b.ty && a.identity == b.identity,
        _ => one == other,
    }
}

/// An expression without the calls that only pass it on: `path.to_path_buf()` is `path`.
fn stripped(facts: &FileFacts, value: ExprId) -> ExprId {
    let mut value = value;
    for _ in 0..PASSED {
        match &facts.expr(value).kind {
            ExprKind::Call { callee, .. } => match &facts.expr(*callee).kind {
                ExprKind::Attr { base, name } if rust::passes_on(name) => value = *base,
                _ => return value,
            },
            ExprKind::Await(inner) => value = *inner,
            _ => return value,
        }
    }
    value
}
