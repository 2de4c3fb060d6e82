//! Which record an access is to, as far as its key tells: on what the values depend that its condition asks for.
//!
//! Two keys that come from different places name different records, whatever else the code does with both. Known of rows of
//! tables; of a row that is changed through its object, the key is that of the read which loaded it.

use super::call::Given;
use super::context::{Context, Held};
use super::item::Item;
use super::rows::given_at;
use super::value::{Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::{ExprId, ExprKind, Name};
use crate::knowledge::vocabulary::Row;
use crate::link::{Kind, Source};
use std::rc::Rc;

/// Columns that a condition fixes, each with what its value depends on; an empty name stands for the primary key.
pub type Keys = Option<Rc<Vec<(Name, Deps)>>>;

/// Columns that are filled with what differs at each run, or with what a caller gives as this parameter.
pub type Anew = Option<Rc<Vec<(Name, Option<u8>)>>>;

/// The name that stands for the primary key, whatever it is called.
pub const PRIMARY: &str = "";

impl Walker<'_, '_, '_> {
    /// Say which record the access of an item is to.
    pub fn tell_keys(&mut self, item: &Deps, keys: Vec<(Name, Deps)>) {
        if keys.is_empty() {
            return;
        }
        let index = item.iter().find_map(Dep::item);
        if let Some(item) = index.and_then(|index| self.summary.items.get_mut(index as usize)) {
            item.keys = Some(Rc::new(keys));
        }
    }

    /// Whether the entry of a mapping that is called like one of these, `Idempotency-Key`, is made anew at each attempt; `None` where
    /// nothing tells it from the others.
    pub fn entry_made_anew(&self, mapping: &Given, names: &[String]) -> Option<bool> {
        let is_one = |text: &str| names.iter().any(|name| name == text);
        let written = mapping.expr.and_then(|expr| match &self.facts.expr(expr).kind {
            ExprKind::Map(entries) => entries.iter().find_map(|(key, value)| match &self.facts.expr((*key)?).kind {
                ExprKind::Str(text) if is_one(text) => Some((*value, entries.len())),
                _ => None,
            }),
            _ => None,
        });
        let parts = mapping.value.parts.iter().flat_map(|parts| parts.iter());
        let mut named = parts.filter(|(name, _)| name.as_ref().is_some_and(|name| is_one(name)));
        // Of a mapping with one entry that entry is all.
        let deps = match (named.next(), written) {
            (Some((_, deps)), _) => deps,
            (None, Some((_, 1))) => &mapping.value.deps,
            _ => return None,
        };
        let made = written.map(|(value, _)| value).or(mapping.expr);
        Some(deps.is_fresh() && !made.is_some_and(|value| self.is_made_before_the_retry(value)))
    }

    /// Whether a value is a variable that was set before what tries again in this function began.
    pub fn is_made_before_the_retry(&self, value: ExprId) -> bool {
        let ExprKind::Name(name) = &self.facts.expr(value).kind else { return false };
        let tries = |c: &&Context| matches!(c.held, Held::Retry(_)) && c.function == self.at;
        let Some(around) = self.state.held.iter().find(tries) else { return false };
        let scope = self.program.scope(self.at);
        let before = |source: &Source| match source {
            Source::Value(made) => self.facts.expr(*made).span.start < around.site.span.start,
            Source::Parameter(_) => true,
            _ => false,
        };
        let sources = scope.get(name);
        !sources.is_empty() && sources.iter().all(before)
    }

    /// What a call that loads or removes a record asks for: by itself, and by the query that it is made on.
    pub fn keys_asked(&self, row: &Row, given: &[Given], query: Option<&Value>) -> Vec<(Name, Deps)> {
        let mut keys: Vec<(Name, Deps)> = query.map(keys_built).unwrap_or_default();
        match row.key.as_deref() {
            Some("*") => keys.extend(given.iter().filter_map(|g| Some((g.name.clone()?, g.value.deps.clone())))),
            // A condition may be given in place of a key.
            Some(place) => {
                let key = given_at(place, given).filter(|key| !matches!(key.value.kind, Kind::Map(_) | Kind::Library(_)));
                keys.extend(key.map(|key| (PRIMARY.into(), key.value.deps.clone())));
            }
            None => {}
        }
        keys
    }

    /// The keys of the rows that an object was loaded from.
    pub fn keys_of_rows(&self, rows: &Deps) -> Vec<(Name, Deps)> {
        let loaded = rows.iter().filter_map(Dep::item).filter_map(|index| self.summary.items.get(index as usize));
        loaded.filter_map(|item| item.keys.as_ref()).flat_map(|keys| keys.iter().cloned()).collect()
    }
}

/// What the conditions of a statement that calls build ask for.
pub(super) fn keys_built(statement: &Value) -> Vec<(Name, Deps)> {
    statement.parts.iter().flat_map(|parts| parts.iter()).filter_map(|(name, deps)| Some((name.clone()?, deps.clone()))).collect()
}

impl Item {
    /// Whether it is to the one record that a primary key names.
    pub fn is_by_key(&self) -> bool {
        self.keys.iter().flat_map(|keys| keys.iter()).any(|(name, _)| name == PRIMARY)
    }

    /// What the value of a key column depends on; of the primary key, which has this name.
    pub fn key(&self, primary: &str) -> Option<Deps> {
        let keys = self.keys.as_ref()?;
        let is_it = |name: &Name| name == PRIMARY || name.eq_ignore_ascii_case(primary) || name == "pk";
        keys.iter().filter(|(name, _)| is_it(name)).map(|(_, deps)| deps.clone()).reduce(|all, deps| all.with(&deps))
    }
}
