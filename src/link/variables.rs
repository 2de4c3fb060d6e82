//! Variables of modules that functions change: state that everything in one process shares.
//!
//! A variable counts where a function sets it anew (`global total`), or one of its entries by a key that stands in the code
//! (`totals["open"] = 1`). Entries by other keys are not told here: there may be as many as there are sessions.

use super::scope::Source;
use super::{FunctionRef, Program, Template};
use crate::facts::{ExprId, ExprKind, MODULE, Name, StmtKind};
use rustc_hash::FxHashSet;

/// What functions change: the module, the variable and the entry, where it is one.
#[derive(Debug, Default)]
pub(super) struct Changed {
    places: FxHashSet<(u32, Name, Option<Name>)>,
    /// The variables' names, under which they are mentioned.
    names: FxHashSet<Name>,
}

impl Program<'_> {
    /// The variable, or the entry of one, that an expression of Python names, where some function changes it.
    pub fn shared_variable(&self, at: FunctionRef, expr: ExprId) -> Option<Template> {
        let facts = self.facts(at.module);
        match &facts.expr(expr).kind {
            ExprKind::Name(name) => self.told(at, name, None),
            ExprKind::Index { base, index } => self.shared_entry(at, *base, *index),
            _ => None,
        }
    }

    /// The entry of a variable under a key, `totals.get("open")`.
    pub fn shared_entry(&self, at: FunctionRef, base: ExprId, key: ExprId) -> Option<Template> {
        let facts = self.facts(at.module);
        let (ExprKind::Name(name), ExprKind::Str(key)) = (&facts.expr(base).kind, &facts.expr(key).kind) else { return None };
        self.told(at, name, Some(key))
    }

    fn told(&self, at: FunctionRef, name: &Name, entry: Option<&str>) -> Option<Template> {
        let changed = self.caches.changed.get_or_init(|| self.changed_variables());
        if at.function == MODULE || !changed.names.contains(name) {
            return None;
        }
        let (module, variable) = self.variable(at, name)?;
        let place = (module, variable, entry.map(Name::from));
        changed.places.contains(&place).then(|| {
            let path = &self.modules[module as usize].path;
            let module = path.strip_suffix("/__init__.py").or(path.strip_suffix(".py")).unwrap_or(path).replace('/', ".");
            let entry = entry.map(|key| format!(".{key}")).unwrap_or_default();
            Template::text(format!("{module}.{}{entry}", place.1))
        })
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
                for target in targets {
                    let (name, entry) = match &code.facts.expr(*target).kind {
                        ExprKind::Name(name) => (name, None),
                        ExprKind::Index { base, index } => match (&code.facts.expr(*base).kind, &code.facts.expr(*index).kind) {
                            (ExprKind::Name(name), ExprKind::Str(key)) => (name, Some(key.clone())),
                            _ => continue,
                        },
                        _ => continue,
                    };
                    let at = FunctionRef { module: module as u32, function: code.facts.function_at(stmt.span.start) };
                    if let Some((module, variable)) = (at.function != MODULE).then(|| self.variable(at, name)).flatten() {
                        changed.names.insert(name.clone());
                        changed.names.insert(variable.clone());
                        changed.places.insert((module, variable, entry));
                    }
                }
            }
        }
        changed
    }
}
