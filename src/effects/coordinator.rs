//! Classes of the project that hand out locks, known by what they do and not by their names.
//!
//! Such a class keeps a table of holders in a field; one method looks the key up there, refuses (returns nothing, false, or
//! raises) where somebody else holds it, and enters the new holder under the key; another takes the entry out again. Whether
//! the locks expire is read from a comparison with the clock on that path, in the method itself or in a property of the holder.

use crate::facts::{ExprId, ExprKind, Name, StmtKind};
use crate::knowledge::vocabulary::{Effect, LockScope};
use crate::link::{ClassRef, FunctionRef, Kind, Program, last_name};
use rustc_hash::FxHashMap;

/// A class that hands out locks.
#[derive(Clone, Debug)]
pub struct Coordinator {
    /// The class.
    pub class: ClassRef,
    /// The method that hands a lock out.
    pub acquire: FunctionRef,
    /// The field that holds the holders.
    pub field: Name,
    /// The acquiring method's parameter that is the key.
    pub key: usize,
    /// Its parameter that is the time to live.
    pub ttl: Option<usize>,
    /// The time to live where none is given.
    pub ttl_default: Option<Kind>,
    /// Holders expire: the clock is compared on the way to a refusal.
    pub expires: bool,
    /// The releasing method's parameter that is the key.
    pub release_key: Option<usize>,
    /// Releasing compares who holds it.
    pub owner_checked: bool,
    /// A refusal is told by the result.
    pub refuses_by_result: bool,
    /// Whom its locks exclude.
    pub scope: LockScope,
    /// Where the holders are kept.
    pub store: Name,
    /// A check of the order in which locks are taken: the field it reads, and whether anything ever fills it.
    pub order: Option<OrderCheck>,
}

/// A check of the order in which one holder takes locks.
#[derive(Clone, Debug)]
pub struct OrderCheck {
    /// The field with each holder's locks.
    pub field: Name,
    /// Something fills it.
    pub filled: bool,
    /// The comparison.
    pub at: (FunctionRef, ExprId),
    /// Where the field is made.
    pub made: Option<(FunctionRef, ExprId)>,
}

/// All such classes of a program.
#[derive(Debug, Default)]
pub struct Coordinators {
    all: Vec<Coordinator>,
    methods: FxHashMap<FunctionRef, (usize, bool)>,
}

impl Coordinators {
    /// Find them.
    pub fn find(program: &Program) -> Self {
        let mut found = Coordinators::default();
        for class in program.all_classes() {
            if let Some((coordinator, releases)) = (Reader { program, class }).coordinator() {
                let index = found.all.len();
                found.methods.insert(coordinator.acquire, (index, true));
                found.methods.extend(releases.into_iter().map(|m| (m, (index, false))));
                found.all.push(coordinator);
            }
        }
        found
    }

    /// The coordinator that a method belongs to, and whether it takes (true) or gives back.
    pub fn method(&self, function: FunctionRef) -> Option<(&Coordinator, bool)> {
        self.methods.get(&function).map(|(index, acquires)| (&self.all[*index], *acquires))
    }

    /// All of them, in source order.
    pub fn all(&self) -> &[Coordinator] {
        &self.all
    }
}

/// Reads one class.
struct Reader<'a, 'k> {
    program: &'a Program<'k>,
    class: ClassRef,
}

/// What one method does to the class's fields.
#[derive(Default)]
struct Uses {
    /// `self.field[key] = value`: field, key expression, value.
    stores: Vec<(Name, ExprId, ExprId)>,
    /// `self.field.get(key)`, `self.field[key]`, `key in self.field`: field, key.
    looks: Vec<(Name, ExprId)>,
    /// `del self.field[key]`, `self.field.pop(key)`: field, key.
    removals: Vec<(Name, ExprId)>,
    /// `self.field.append(…)`, `.add`, `.setdefault(…)`: the field grows.
    grows: Vec<Name>,
    /// Names of methods called on the receiver.
    calls: Vec<Name>,
    /// Attributes read from values other than the receiver.
    attributes: Vec<Name>,
    clock: bool,
    compares: bool,
    /// Ordered comparisons: `<`, `>`.
    ordered: Vec<ExprId>,
    /// It returns None or False, or raises, somewhere.
    refuses_by_result: bool,
    raises: bool,
    /// It returns something else somewhere.
    grants: bool,
}

impl Reader<'_, '_> {
    fn coordinator(&self) -> Option<(Coordinator, Vec<FunctionRef>)> {
        let facts = self.program.facts(self.class.module);
        let methods: Vec<FunctionRef> =
            self.program.class(self.class).methods.iter().map(|m| FunctionRef { module: self.class.module, function: *m }).collect();
        if methods.len() < 2 || !methods.iter().any(|m| self.enters(*m)) {
            return None;
        }
        let uses: Vec<Uses> = methods.iter().map(|m| self.uses(*m)).collect();
        let removing = |field: &Name| uses.iter().any(|u| u.removals.iter().any(|(f, _)| f == field));
        for (method, used) in methods.iter().zip(&uses) {
            if !used.grants || !(used.refuses_by_result || used.raises) {
                continue;
            }
            let function = self.program.function(*method);
            for (field, key, _) in &used.stores {
                let ExprKind::Name(key_name) = &facts.expr(*key).kind else { continue };
                let Some(key_index) = function.params.iter().position(|p| p.name == *key_name) else { continue };
                let looked =
                    used.looks.iter().any(|(f, k)| f == field && matches!(&facts.expr(*k).kind, ExprKind::Name(n) if n == key_name));
                if !looked || !removing(field) || !self.is_refusal(*method, field) {
                    continue;
                }
                let releases: Vec<FunctionRef> = methods
                    .iter()
                    .zip(&uses)
                    .filter(|(m, u)| *m != method && u.removals.iter().any(|(f, _)| f == field))
                    .map(|(m, _)| *m)
                    .collect();
                let release_uses: Vec<&Uses> = methods.iter().zip(&uses).filter(|(m, _)| releases.contains(m)).map(|(_, u)| u).collect();
                let expires = used.clock && used.compares || self.expiring_property(used);
                let (ttl, ttl_default) = self.time_to_live(*method, expires);
                let release_key = releases.first().and_then(|r| {
                    let f = self.program.function(*r);
                    let removal = release_uses.first()?.removals.iter().find(|(f, _)| f == field)?;
                    let ExprKind::Name(name) = &facts.expr(removal.1).kind else { return None };
                    f.params.iter().position(|p| p.name == *name)
                });
                let coordinator = Coordinator {
                    class: self.class,
                    acquire: *method,
                    field: field.clone(),
                    key: key_index,
                    ttl,
                    ttl_default,
                    expires,
                    release_key,
                    owner_checked: release_uses.iter().any(|u| u.compares),
                    refuses_by_result: used.refuses_by_result,
                    scope: LockScope::Process,
                    store: "memory".into(),
                    order: self.order_check(*method, field, &methods, &uses),
                };
                return Some((coordinator, releases));
            }
        }
        None
    }

    /// Whether the method asks the table about the key before it refuses, and enters a new holder only behind that.
    fn is_refusal(&self, method: FunctionRef, field: &Name) -> bool {
        let facts = self.program.facts(method.module);
        let function = self.program.function(method);
        let mut looked: Vec<Name> = Vec::new();
        for stmt in &function.body {
            match &facts.stmt(*stmt).kind {
                StmtKind::Assign { targets, value: Some(value), .. } if self.mentions(*value, field) => {
                    looked.extend(targets.iter().filter_map(|t| last_name(facts, *t).cloned()));
                }
                StmtKind::Branch { cond, then, .. } => {
                    let asks = self.asks(*cond, field, &looked);
                    if asks && self.can_refuse(then) {
                        return true;
                    }
                }
                StmtKind::Guarded { body, .. } | StmtKind::Try { body, .. } => {
                    // Under the class's own mutex: the same shape one level down.
                    for inner in body {
                        if let StmtKind::Branch { cond, then, .. } = &facts.stmt(*inner).kind {
                            let asks = self.asks(*cond, field, &looked);
                            if asks && self.can_refuse(then) {
                                return true;
                            }
                        }
                        if let StmtKind::Assign { targets, value: Some(value), .. } = &facts.stmt(*inner).kind
                            && self.mentions(*value, field)
                        {
                            looked.extend(targets.iter().filter_map(|t| last_name(facts, *t).cloned()));
                        }
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// Whether a condition holds where the table has an entry: somebody is there. That nobody is there, or how many are, is
    /// what caches and counters ask.
    fn asks(&self, cond: ExprId, field: &Name, looked: &[Name]) -> bool {
        let facts = self.program.facts(self.class.module);
        let counts = |id: ExprId| match &facts.expr(id).kind {
            ExprKind::Call { callee, .. } => last_name(facts, *callee).is_some_and(|n| n == "len"),
            _ => false,
        };
        // `not entry or not isinstance(entry, dict)` holds where there is none.
        let missing = |id: &ExprId| match &facts.expr(*id).kind {
            ExprKind::Not(inner) => matches!(&facts.expr(*inner).kind, ExprKind::Name(name) if looked.contains(name)),
            _ => false,
        };
        let mut pending = vec![cond];
        while let Some(id) = pending.pop() {
            match &facts.expr(id).kind {
                ExprKind::Logic { all: false, items } if items.iter().any(missing) => {}
                ExprKind::Logic { items, .. } => pending.extend(items.iter().copied()),
                ExprKind::Not(inner) if !matches!(facts.expr(*inner).kind, ExprKind::Call { .. } | ExprKind::Compare { .. }) => {}
                ExprKind::Compare { rest, .. } if rest.iter().any(|(op, e)| self.is_absence(*op, *e)) => {}
                _ => {
                    let mut below = vec![id];
                    while let Some(part) = below.pop() {
                        match &facts.expr(part).kind {
                            _ if counts(part) => {}
                            ExprKind::Attr { name, .. } if name == field => return true,
                            ExprKind::Name(name) if looked.contains(name) => return true,
                            kind => below.extend(kind.children()),
                        }
                    }
                }
            }
        }
        false
    }

    /// `not in …`, `is None`.
    fn is_absence(&self, op: crate::facts::CompareOp, operand: ExprId) -> bool {
        let facts = self.program.facts(self.class.module);
        match op {
            crate::facts::CompareOp::NotIn => true,
            crate::facts::CompareOp::Is | crate::facts::CompareOp::Eq => matches!(facts.expr(operand).kind, ExprKind::Null),
            _ => false,
        }
    }

    fn can_refuse(&self, block: &[crate::facts::StmtId]) -> bool {
        let facts = self.program.facts(self.class.module);
        let mut pending: Vec<_> = block.to_vec();
        while let Some(id) = pending.pop() {
            match &facts.stmt(id).kind {
                StmtKind::Return(None) | StmtKind::Raise(_) => return true,
                StmtKind::Return(Some(e)) if self.is_refusal_value(*e) => return true,
                kind => pending.extend(kind.blocks().into_iter().flatten().copied()),
            }
        }
        false
    }

    /// `None`, `False`, or a conditional of which one side is.
    fn is_refusal_value(&self, expr: ExprId) -> bool {
        let facts = self.program.facts(self.class.module);
        match &facts.expr(expr).kind {
            ExprKind::Null | ExprKind::Bool(false) => true,
            ExprKind::Choice { then, other, .. } => {
                [then, other].iter().any(|e| matches!(facts.expr(**e).kind, ExprKind::Null | ExprKind::Bool(false)))
            }
            _ => false,
        }
    }

    /// Every expression below one.
    fn below(&self, expr: ExprId, visit: &mut dyn FnMut(ExprId)) {
        let facts = self.program.facts(self.class.module);
        let mut pending = vec![expr];
        while let Some(id) = pending.pop() {
            visit(id);
            pending.extend(facts.expr(id).kind.children());
        }
    }

    fn mentions(&self, expr: ExprId, field: &Name) -> bool {
        let facts = self.program.facts(self.class.module);
        let mut found = false;
        self.below(expr, &mut |id| found |= matches!(&facts.expr(id).kind, ExprKind::Attr { name, .. } if name == field));
        found
    }

    fn names(&self, expr: ExprId, name: &Name) -> bool {
        let facts = self.program.facts(self.class.module);
        let mut found = false;
        self.below(expr, &mut |id| found |= matches!(&facts.expr(id).kind, ExprKind::Name(n) if n == name));
        found
    }

    /// `self.field` as the field's name.
    fn own_field(&self, method: FunctionRef, expr: ExprId) -> Option<&Name> {
        let facts = self.program.facts(method.module);
        let receiver = &self.program.function(method).params.first()?.name;
        match &facts.expr(expr).kind {
            ExprKind::Attr { base, name } => matches!(&facts.expr(*base).kind, ExprKind::Name(n) if n == receiver).then_some(name),
            _ => None,
        }
    }

    /// Whether a method enters something in a table that the receiver keeps: few do, and of the others nothing more is read.
    fn enters(&self, method: FunctionRef) -> bool {
        let facts = self.program.facts(method.module);
        let mut pending: Vec<_> = self.program.function(method).body.to_vec();
        while let Some(id) = pending.pop() {
            let kind = &facts.stmt(id).kind;
            if let StmtKind::Assign { targets, value: Some(_), .. } = kind
                && targets.iter().any(
                    |target| matches!(facts.expr(*target).kind, ExprKind::Index { base, .. } if self.own_field(method, base).is_some()),
                )
            {
                return true;
            }
            pending.extend(kind.blocks().into_iter().flatten().copied());
        }
        false
    }

    fn uses(&self, method: FunctionRef) -> Uses {
        let facts = self.program.facts(method.module);
        let mut uses = Uses::default();
        let mut pending: Vec<_> = self.program.function(method).body.to_vec();
        while let Some(id) = pending.pop() {
            let kind = &facts.stmt(id).kind;
            match kind {
                StmtKind::Assign { targets, value: Some(value), .. } => {
                    for target in targets {
                        if let ExprKind::Index { base, index } = facts.expr(*target).kind
                            && let Some(field) = self.own_field(method, base)
                        {
                            uses.stores.push((field.clone(), index, *value));
                        }
                    }
                }
                StmtKind::Delete(targets) => {
                    for target in targets {
                        if let ExprKind::Index { base, index } = facts.expr(*target).kind
                            && let Some(field) = self.own_field(method, base)
                        {
                            uses.removals.push((field.clone(), index));
                        }
                    }
                }
                StmtKind::Return(Some(value)) if matches!(facts.expr(*value).kind, ExprKind::Choice { .. }) => {
                    uses.refuses_by_result |= self.is_refusal_value(*value);
                    uses.grants = true;
                }
                StmtKind::Return(value) => match value.map(|v| &facts.expr(v).kind) {
                    None | Some(ExprKind::Null | ExprKind::Bool(false)) => uses.refuses_by_result = true,
                    Some(_) => uses.grants = true,
                },
                StmtKind::Raise(_) => {
                    uses.raises = true;
                    uses.grants = true;
                }
                _ => {}
            }
            for expr in kind.expressions() {
                self.below(expr, &mut |e| self.use_of(method, e, &mut uses));
            }
            pending.extend(kind.blocks().into_iter().flatten().copied());
        }
        uses
    }

    fn use_of(&self, method: FunctionRef, expr: ExprId, uses: &mut Uses) {
        let facts = self.program.facts(method.module);
        match &facts.expr(expr).kind {
            ExprKind::Index { base, index } => {
                if let Some(field) = self.own_field(method, *base) {
                    uses.looks.push((field.clone(), *index));
                }
            }
            ExprKind::Compare { left, rest } => {
                uses.compares = true;
                for (op, operand) in rest {
                    match op {
                        crate::facts::CompareOp::In | crate::facts::CompareOp::NotIn => {
                            if let Some(field) = self.own_field(method, *operand) {
                                uses.looks.push((field.clone(), *left));
                            }
                        }
                        crate::facts::CompareOp::Lt
                        | crate::facts::CompareOp::Gt
                        | crate::facts::CompareOp::Le
                        | crate::facts::CompareOp::Ge => {
                            uses.ordered.push(expr);
                        }
                        _ => {}
                    }
                }
            }
            ExprKind::Attr { name, .. } if self.own_field(method, expr).is_none() => uses.attributes.push(name.clone()),
            ExprKind::Call { callee, args } => {
                if let ExprKind::Attr { base, name } = &facts.expr(*callee).kind {
                    if let (Some(field), first) = (self.own_field(method, *base), args.first()) {
                        match (name.as_str(), first) {
                            ("get", Some(key)) => uses.looks.push((field.clone(), key.value)),
                            ("pop", Some(key)) => uses.removals.push((field.clone(), key.value)),
                            ("setdefault", Some(key)) => {
                                uses.grows.push(field.clone());
                                uses.looks.push((field.clone(), key.value));
                            }
                            ("append" | "add" | "update" | "extend", _) => uses.grows.push(field.clone()),
                            _ => {}
                        }
                    }
                    // `self.held.setdefault(a, []).append(r)`, `self.held[a].append(r)`.
                    if matches!(name.as_str(), "append" | "add" | "extend" | "insert" | "setdefault" | "update") {
                        self.below(*base, &mut |b| {
                            if let Some(field) = self.own_field(method, b) {
                                uses.grows.push(field.clone());
                            }
                        });
                    }
                }
                match self.program.infer(method, *callee) {
                    Kind::External(name) => {
                        let row = self.program.knowledge.function(self.program.language(method.module), &name);
                        uses.clock |= row.is_some_and(|f| f.row.effect == Effect::Clock);
                    }
                    Kind::Function(value) => {
                        let own = self.program.function(value.function);
                        if own.class == Some(self.class.class) && value.function.module == self.class.module {
                            uses.calls.push(own.name.clone());
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Whether an attribute that the method reads of a holder is a property that compares the clock.
    fn expiring_property(&self, uses: &Uses) -> bool {
        uses.attributes.iter().chain(&uses.calls).any(|name| {
            self.program.all_classes().filter(|c| c.module == self.class.module).any(|class| {
                self.program.method(class, name).is_some_and(|m| {
                    let inner = (Reader { program: self.program, class }).uses(m);
                    inner.clock && !inner.ordered.is_empty()
                })
            })
        })
    }

    /// The parameter that is the time to live, and its default: here or in the holder's record.
    fn time_to_live(&self, method: FunctionRef, expires: bool) -> (Option<usize>, Option<Kind>) {
        if !expires {
            return (None, None);
        }
        let function = self.program.function(method);
        let lasting =
            |name: &str| ["ttl", "timeout", "expir", "lease", "seconds", "duration"].iter().any(|w| name.to_lowercase().contains(w));
        for (index, parameter) in function.params.iter().enumerate() {
            if lasting(&parameter.name) {
                return (Some(index), self.program.default_number(method, index as u32));
            }
        }
        let in_record = self.program.all_classes().filter(|c| c.module == self.class.module).find_map(|class| {
            let scope = self.program.class_scope(class);
            let mut fields: Vec<&Name> = scope.names().map(|(n, _)| n).filter(|n| lasting(n)).collect();
            fields.sort();
            fields.into_iter().map(|n| self.program.class_attribute(class, n)).find(|k| k.number().is_some())
        });
        let in_field = || {
            let f = self.program.method(self.class, "__init__")?;
            let params = &self.program.function(f).params;
            let index = params.iter().position(|p| lasting(&p.name))?;
            self.program.default_number(f, index as u32).map(|d| Kind::Lookup(std::rc::Rc::new((d, Vec::new()))))
        };
        (None, in_record.or_else(in_field))
    }

    /// A check, on the way to taking a lock, of the order in which the holder takes them.
    fn order_check(&self, acquire: FunctionRef, holders: &Name, methods: &[FunctionRef], uses: &[Uses]) -> Option<OrderCheck> {
        let of = |m: FunctionRef| methods.iter().position(|x| *x == m).map(|i| &uses[i]);
        let own = of(acquire)?;
        let mut reached: Vec<FunctionRef> = vec![acquire];
        reached.extend(own.calls.iter().filter_map(|n| methods.iter().find(|m| self.program.function(**m).name == *n)));
        for method in reached {
            let used = of(method)?;
            for compare in &used.ordered {
                // The comparison involves what a field other than the holders' table keeps for this holder.
                let field = used.looks.iter().map(|(f, _)| f).find(|f| *f != holders && self.flows(method, f, *compare));
                let Some(field) = field else { continue };
                let filled = uses.iter().any(|u| u.grows.contains(field) || u.stores.iter().any(|(f, _, _)| f == field));
                let made = self.program.field_assignments(self.class, field).into_iter().find_map(|(m, v, _)| v.map(|v| (m, v)));
                return Some(OrderCheck { field: field.clone(), filled, at: (method, *compare), made });
            }
        }
        None
    }

    /// Whether a comparison uses a variable that was read from a field.
    fn flows(&self, method: FunctionRef, field: &Name, compare: ExprId) -> bool {
        if self.mentions(compare, field) {
            return true;
        }
        let facts = self.program.facts(method.module);
        let mut pending: Vec<_> = self.program.function(method).body.to_vec();
        while let Some(id) = pending.pop() {
            let kind = &facts.stmt(id).kind;
            if let StmtKind::Assign { targets, value: Some(value), .. } = kind
                && self.mentions(*value, field)
            {
                let bound = targets.iter().filter_map(|t| last_name(facts, *t)).any(|n| self.names(compare, n));
                if bound {
                    return true;
                }
            }
            pending.extend(kind.blocks().into_iter().flatten().copied());
        }
        false
    }
}
