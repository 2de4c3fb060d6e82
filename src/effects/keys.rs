//! Which record an access is to, as far as its key tells: on what the values depend that its condition asks for.
//!
//! Two keys that come from different places name different records, whatever else the code does with both. Known of rows of
//! tables; of a row that is changed through its object, the key is that of the read which loaded it.

use super::call::Given;
use super::item::Item;
use super::rows::given_at;
use super::value::{Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::Name;
use crate::knowledge::vocabulary::Row;
use crate::link::Kind;
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
