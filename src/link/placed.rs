//! Values that code puts where no type says that they are: `app.state.store = Store()`, read as `request.app.state.store` in
//! another file, and names put into a module from outside (`page.manager = Blueprint()`), which the module uses as its own.
//!
//! They are found again by name: the attribute's and that of what it is set on. A value counts where all that is put under one
//! name is known to be an object; whether both places mean the same holder at run time it refuses to know.

use super::{FunctionRef, Kind, Program, last_name, remember};
use crate::facts::{ExprId, ExprKind, FileFacts, Name, StmtKind};
use rustc_hash::FxHashMap;

/// How many places may put something under one name.
const PLACES: usize = 4;

/// Names that Python gives every module, so that nobody has to put them there.
const GIVEN: [&str; 24] = [
    "all", "any", "callable", "compile", "dir", "filter", "format", "hash", "help", "id", "input", "iter", "len", "license", "map", "max",
    "min", "next", "object", "open", "print", "range", "type", "vars",
];

/// By attribute: who sets it, on what (its last name), to what.
pub(super) type Placed = FxHashMap<Name, Vec<(FunctionRef, Name, ExprId)>>;

impl Program<'_> {
    /// What an attribute is: what its holder's type says, or where no type tells, what is put there somewhere.
    pub fn or_placed(&self, told: Kind, facts: &FileFacts, holder: ExprId, name: &str) -> Kind {
        match (&told, last_name(facts, holder)) {
            (Kind::Unknown | Kind::Member(_) | Kind::External(_), Some(holder)) => match self.placed(holder, name) {
                Kind::Unknown => told,
                placed => placed,
            },
            _ => told,
        }
    }

    /// What is put somewhere as the attribute `name` of something called `holder`.
    fn placed(&self, holder: &str, name: &str) -> Kind {
        if !self.placed.contains_key(name) {
            return Kind::Unknown;
        }
        // Remembered, and so cut where it leads back to itself: `state.store = state.store or Store()`.
        remember(&self.caches.placed, (Some(holder.into()), name.into()), || {
            self.put(name, |on| on == holder, |kind| matches!(kind, Kind::Object(_) | Kind::Library(_) | Kind::Class(_)))
        })
    }

    /// What is put under a name that a module uses and nothing in it binds.
    pub fn put_into_module(&self, name: &str) -> Kind {
        if GIVEN.contains(&name) || !self.placed.contains_key(name) {
            return Kind::Unknown;
        }
        remember(&self.caches.placed, (None, name.into()), || self.put(name, |_| true, |kind| matches!(kind, Kind::Library(_))))
    }

    fn put(&self, name: &str, on: impl Fn(&str) -> bool, is_known: impl Fn(&Kind) -> bool) -> Kind {
        let places = self.placed.get(name).map_or(&[][..], Vec::as_slice);
        let mut found = Kind::Unknown;
        if places.len() > PLACES {
            return found;
        }
        for (function, _, value) in places.iter().filter(|(_, holder, _)| on(holder)) {
            for kind in self.infer(*function, *value).alternatives() {
                match kind {
                    // What is there already, or nothing yet.
                    Kind::Null | Kind::Member(_) | Kind::External(_) => {}
                    kind if is_known(kind) => found = found.or(kind.clone()),
                    _ => return Kind::Unknown,
                }
            }
        }
        found
    }

    /// Every `holder.name = value` whose holder is not the receiver of a method.
    pub(super) fn index_placed(&self) -> Placed {
        let mut placed = Placed::default();
        for (module, m) in self.modules.iter().enumerate().filter(|(module, _)| !self.aside[*module]) {
            let facts = &m.facts;
            for stmt in &facts.stmts {
                let StmtKind::Assign { targets, value: Some(value), .. } = &stmt.kind else { continue };
                for target in targets {
                    let ExprKind::Attr { base, name } = &facts.expr(*target).kind else { continue };
                    let Some(holder) = last_name(facts, *base) else { continue };
                    let function = FunctionRef { module: module as u32, function: facts.function_at(facts.expr(*target).span.start) };
                    let own = facts.function(function.function).params.first().is_some_and(|p| p.name == *holder);
                    if (!own || !matches!(facts.expr(*base).kind, ExprKind::Name(_))) && !is_wrapped(facts, *value, holder, name) {
                        placed.entry(name.clone()).or_default().push((function, holder.clone(), *value));
                    }
                }
            }
        }
        placed
    }
}

/// Whether a call makes its value of the attribute that it is put under: `sys.stderr = TextIOWrapper(sys.stderr.buffer)` puts a
/// coat around what is there, and stands for it.
fn is_wrapped(facts: &FileFacts, value: ExprId, holder: &str, attribute: &str) -> bool {
    matches!(facts.expr(value).kind, ExprKind::Call { .. }) && mentions(facts, value, holder, attribute)
}

fn mentions(facts: &FileFacts, value: ExprId, holder: &str, attribute: &str) -> bool {
    let kind = &facts.expr(value).kind;
    let same = |base: ExprId| last_name(facts, base).is_some_and(|name| *name == *holder);
    matches!(kind, ExprKind::Attr { base, name } if *name == *attribute && same(*base))
        || kind.children().into_iter().any(|child| mentions(facts, child, holder, attribute))
}
