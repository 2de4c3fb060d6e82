//! Whether the code behind a write asks whether a unique key refused it.
//!
//! Python says so by the errors that it catches around a statement. In Rust a statement gives a result, and what failed is asked of
//! the error further down: by a method (`e.is_unique_violation()`), a variant, a code of the database, or a function of the
//! project that sorts errors and asks one of these.

use super::context::{Context, Held, token};
use super::item::{Item, Operation};
use super::walk::Walker;
use super::{Effects, Rc};
use crate::facts::{ExprKind, FileFacts, Function, Name};
use crate::knowledge::vocabulary::RefusedKey;
use crate::link::{FunctionRef, Kind, last_name};
use crate::source::Span;
use rustc_hash::FxHashSet;

/// What a write is caught by where one of these is asked for behind it.
const CONFLICT: &str = "UniqueViolation";

/// What tells these contexts from others of a function.
const ASKED: u64 = 17;

/// Functions of the project that sort errors, with their names.
#[derive(Default)]
pub(super) struct Sorting {
    functions: FxHashSet<FunctionRef>,
    names: FxHashSet<Name>,
}

impl Effects<'_, '_> {
    /// Where the code of a module asks whether a key refused something, in order.
    fn asked_in(&self, module: u32) -> Rc<Vec<Span>> {
        if let Some(known) = self.conflicts.borrow().get(&module) {
            return known.clone();
        }
        let facts = self.program.facts(module);
        let sorting = self.sorting.get_or_init(|| self.sorting_functions());
        let sorts = |name: &Name, expr| {
            let called = || self.program.infer(self.program.enclosing(module, expr), expr);
            sorting.names.contains(name) && matches!(called(), Kind::Function(value) if sorting.functions.contains(&value.function))
        };
        let asks = |(index, kind): (crate::facts::ExprId, &ExprKind)| match kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => asks_itself(&self.refused_key, kind) || sorts(name, index),
            kind => asks_itself(&self.refused_key, kind),
        };
        let each = facts.exprs.iter().enumerate();
        let mut asked: Vec<Span> =
            each.filter(|(index, e)| asks((crate::facts::ExprId(*index as u32), &e.kind))).map(|(_, e)| e.span).collect();
        asked.sort();
        let asked = Rc::new(asked);
        self.conflicts.borrow_mut().insert(module, asked.clone());
        asked
    }

    fn sorting_functions(&self) -> Sorting {
        let mut found = Sorting::default();
        for function in self.program.functions().filter(|f| self.program.is_rust(f.module)) {
            let (facts, f) = (self.program.facts(function.module), self.program.function(function));
            if takes_error(facts, f) && facts.exprs.iter().any(|e| f.span.contains(e.span) && asks_itself(&self.refused_key, &e.kind)) {
                found.names.insert(f.name.clone());
                found.functions.insert(function);
            }
        }
        found
    }
}

impl Walker<'_, '_, '_> {
    /// What was written before the function asks whether a key refused it is written by code that expects as much.
    pub fn note_conflicts(&mut self) {
        if !self.rust {
            return;
        }
        let own = self.program.function(self.at).span;
        let asked = self.fx.asked_in(self.at.module);
        let Some(last) = asked.iter().rfind(|span| own.contains(**span)).copied() else { return };
        let site = self.site(last);
        let types = Rc::new(vec![Name::from(CONFLICT)]);
        let caught = Context { token: token(site, ASKED), held: Held::Caught { types, looks_again: false }, site, function: self.at };
        let around = |contexts: &mut Rc<Vec<Context>>| Rc::make_mut(contexts).push(caught.clone());
        let before = |span: Span| own.contains(span) && span.start < last.start;
        let writes =
            |item: &Item| item.access().is_some_and(|a| matches!(a.operation, Operation::Insert | Operation::Upsert | Operation::Update));
        for item in self.summary.items.iter_mut().filter(|item| writes(item) && before(item.outer_site().span)) {
            around(&mut item.contexts);
        }
        for below in self.summary.calls.iter_mut().filter(|below| before(below.call.site.span)) {
            around(&mut below.contexts);
        }
    }
}

/// Whether an expression is one that asks by itself, as packs know.
fn asks_itself(refused: &RefusedKey, kind: &ExprKind) -> bool {
    match kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => refused.names.iter().any(|known| known == name.as_str()),
        ExprKind::Str(text) => refused.codes.iter().any(|known| known == text.as_str()),
        ExprKind::Int(number) => refused.numbers.contains(number),
        _ => false,
    }
}

/// Whether a function is given an error.
fn takes_error(facts: &FileFacts, function: &Function) -> bool {
    let named = |annotation| last_name(facts, annotation).is_some_and(|name| name.contains("Err"));
    function.params.iter().any(|p| p.annotation.is_some_and(named))
}
