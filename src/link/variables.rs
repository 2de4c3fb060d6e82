//! Variables of modules that functions change: state that everything in one process shares.
//!
//! A variable counts where a function sets it anew (`global total`), or one of its entries: by a key that stands in the code
//! (`totals["open"] = 1`), or by what a variable holds (`totals[team] = 1`), whose name stands for the entries. Attributes count of an
//! object that is the only one of its class and that a module makes.

use super::scope::Source;
use super::{ClassRef, FunctionRef, Hole, Kind, Part, Program, Template, remember};
use crate::facts::{ExprId, ExprKind, MODULE, Name, StmtKind};
use rustc_hash::FxHashSet;

/// Stands for the keys that are no text in the code.
const ANY: &str = "";

/// Of how many calls by a class's name it is asked whether they make one.
const MADE: usize = 8;

/// The module, the variable and the entry, where it is one.
type Place = (u32, Name, Option<Name>);

/// What functions change.
#[derive(Debug, Default)]
pub(super) struct Changed {
    places: FxHashSet<Place>,
    /// The variables' names, under which they are mentioned.
    names: FxHashSet<Name>,
}

impl Program<'_> {
    /// The variable, or the entry of one, that an expression of Python names, where some function changes it.
    pub fn shared_variable(&self, at: FunctionRef, expr: ExprId) -> Option<Template> {
        match &self.facts(at.module).expr(expr).kind {
            ExprKind::Index { base, index } => self.shared_entry(at, *base, *index),
            _ => self.held(at, expr, None),
        }
    }

    /// The entry of a variable, or of an attribute, under a key: `totals.get("open")`, `self.rooms[room]`.
    pub fn shared_entry(&self, at: FunctionRef, base: ExprId, key: ExprId) -> Option<Template> {
        match &self.facts(at.module).expr(key).kind {
            ExprKind::Str(key) => self.held(at, base, Some(key)),
            ExprKind::Name(key) | ExprKind::Attr { name: key, .. } => {
                let mut entries = self.held(at, base, Some(ANY))?;
                entries.push(Part::Hole(Hole::Named(key.clone())));
                Some(entries)
            }
            _ => None,
        }
    }

    /// A variable or an attribute, or an entry of it.
    fn held(&self, at: FunctionRef, holder: ExprId, entry: Option<&str>) -> Option<Template> {
        match &self.facts(at.module).expr(holder).kind {
            ExprKind::Name(name) => self.told(at, name, entry),
            ExprKind::Attr { base, name } => self.shared_attribute(at, *base, name, entry),
            _ => None,
        }
    }

    fn told(&self, at: FunctionRef, name: &Name, entry: Option<&str>) -> Option<Template> {
        let changed = self.caches.changed.get_or_init(|| self.changed_variables());
        if at.function == MODULE || !changed.names.contains(name) {
            return None;
        }
        let (module, variable) = self.variable(at, name)?;
        self.place(changed, (module, variable, entry.map(Name::from)))
    }

    fn shared_attribute(&self, at: FunctionRef, base: ExprId, attribute: &Name, entry: Option<&str>) -> Option<Template> {
        let changed = self.caches.changed.get_or_init(|| self.changed_variables());
        if at.function == MODULE || !changed.names.contains(attribute) {
            return None;
        }
        let class = self.class_of(at, base)?;
        let template = self.place(changed, self.attribute_place(class, attribute, entry))?;
        remember(&self.caches.single, class, || self.is_single(class)).then_some(template)
    }

    fn place(&self, changed: &Changed, place: Place) -> Option<Template> {
        changed.places.contains(&place).then(|| {
            let (module, variable, entry) = &place;
            let path = &self.modules[*module as usize].path;
            let module = path.strip_suffix("/__init__.py").or(path.strip_suffix(".py")).unwrap_or(path).replace('/', ".");
            let entry = entry.as_ref().map(|key| format!(".{key}")).unwrap_or_default();
            Template::text(format!("{module}.{variable}{entry}"))
        })
    }

    /// The class of the object that a method is called on, or that a module's variable holds.
    fn class_of(&self, at: FunctionRef, expr: ExprId) -> Option<ClassRef> {
        let ExprKind::Name(name) = &self.facts(at.module).expr(expr).kind else { return None };
        let method = self.function(at);
        if let Some(class) = method.class.filter(|_| self.takes_receiver(at) && method.params.first().is_some_and(|p| p.name == *name)) {
            return Some(ClassRef { module: at.module, class });
        }
        let (module, variable) = self.variable(at, name)?;
        match self.name_in(FunctionRef { module, function: MODULE }, &variable) {
            Kind::Object(object) => Some(object.class),
            _ => None,
        }
    }

    /// Whether all that the project makes of a class is one object, which a module keeps in a variable.
    fn is_single(&self, class: ClassRef) -> bool {
        let calls = self.calls_named(&self.class(class).name).iter().filter(|(module, _)| !self.is_aside(*module));
        let calls: Vec<(u32, ExprId)> = calls.take(MADE + 1).copied().collect();
        let makes = |(module, call): &&(u32, ExprId)| match &self.facts(*module).expr(*call).kind {
            ExprKind::Call { callee, .. } => {
                matches!(self.infer(self.enclosing(*module, *call), *callee), Kind::Class(made) if made == class)
            }
            _ => false,
        };
        let made: Vec<_> = calls.iter().filter(makes).collect();
        let [(module, call)] = made[..] else { return false };
        let scope = self.scope(FunctionRef { module: *module, function: MODULE });
        calls.len() <= MADE && scope.names().any(|(_, sources)| sources == [Source::Value(*call)])
    }

    /// The call that made what a module's variable holds, in its module, where there is one: `resilient = retry(stop=…)`.
    pub fn made_once(&self, at: FunctionRef, expr: ExprId) -> Option<(FunctionRef, ExprId)> {
        let ExprKind::Name(name) = &self.facts(at.module).expr(expr).kind else { return None };
        let (module, variable) = self.variable(at, name)?;
        let top = FunctionRef { module, function: MODULE };
        let scope = self.scope(top);
        let [Source::Value(value)] = scope.get(&variable) else { return None };
        matches!(self.facts(module).expr(*value).kind, ExprKind::Call { .. }).then_some((top, *value))
    }

    /// The module's variable that a name means in a function.
    fn variable(&self, at: FunctionRef, name: &Name) -> Option<(u32, Name)> {
        let mut function = at;
        while function.function != MODULE {
            if !self.scope(function).get(name).is_empty() {
                return None;
            }
            function.function = self.function(function).parent.unwrap_or(MODULE);
        }
        let is_value = |source: &Source| matches!(source, Source::Value(_) | Source::Declared(_));
        let own = self.scope(function);
        if own.get(name).iter().any(is_value) {
            return Some((at.module, name.clone()));
        }
        let Some(Source::Import(index)) = own.get(name).first() else { return None };
        let import = &self.facts(at.module).imports[*index as usize];
        let item = import.item.clone()?;
        let from = self.find_module(at.module, import.level, &import.module)?;
        let there = self.scope(FunctionRef { module: from, function: MODULE });
        there.get(&item).iter().any(is_value).then_some((from, item))
    }

    fn changed_variables(&self) -> Changed {
        let mut changed = Changed::default();
        for (module, code) in self.modules.iter().enumerate().filter(|(m, _)| !self.is_rust(*m as u32)) {
            for stmt in &code.facts.stmts {
                let targets: &[ExprId] = match &stmt.kind {
                    StmtKind::Assign { targets, value: Some(_), .. } => targets,
                    StmtKind::Update { target, .. } => std::slice::from_ref(target),
                    _ => continue,
                };
                let at = FunctionRef { module: module as u32, function: code.facts.function_at(stmt.span.start) };
                if at.function != MODULE {
                    targets.iter().for_each(|target| self.note_changed(at, *target, &mut changed));
                }
            }
        }
        changed
    }

    fn note_changed(&self, at: FunctionRef, target: ExprId, changed: &mut Changed) {
        let facts = self.facts(at.module);
        let (holder, entry) = match &facts.expr(target).kind {
            ExprKind::Index { base, index } => match &facts.expr(*index).kind {
                ExprKind::Str(key) => (*base, Some(key.as_str())),
                _ => (*base, Some(ANY)),
            },
            _ => (target, None),
        };
        let place = match &facts.expr(holder).kind {
            ExprKind::Name(name) => self.variable(at, name).map(|(module, variable)| (name, (module, variable, entry.map(Name::from)))),
            // A constructor makes its object.
            ExprKind::Attr { base, name } if entry.is_some() || self.function(at).name != "__init__" => {
                self.class_of(at, *base).map(|class| (name, self.attribute_place(class, name, entry)))
            }
            _ => None,
        };
        if let Some((mentioned, place)) = place {
            // Where it is imported under another name it is mentioned by both.
            changed.names.insert(mentioned.clone());
            changed.names.insert(place.1.clone());
            changed.places.insert(place);
        }
    }

    /// Where an attribute of a class's object, or one of its entries, is told to be.
    fn attribute_place(&self, class: ClassRef, attribute: &Name, entry: Option<&str>) -> Place {
        let name = entry.map_or_else(|| attribute.clone(), |entry| Name::from(format!("{attribute}.{entry}")));
        (class.module, self.class(class).name.clone(), Some(name))
    }
}
