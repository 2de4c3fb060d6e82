//! Whether the row that is written can be the one that was read: what tells two records of a table apart.
//!
//! Known of a row is what its key depends on. Keys that come from different places, a key that is made anew, a key that the store
//! gives, and a row that the caller has loaded already are of another record; where nothing is known it may be the same.

use super::schema::Schema;
use crate::effects::{Access, Dep, Deps, Item, Operation, Told, Visit};

/// A read and a write of one table, with what each is.
pub(super) struct Records<'v> {
    pub read: Told<'v>,
    pub from: &'v Access,
    pub write: Told<'v>,
    pub to: &'v Access,
}

impl Records<'_> {
    /// Whether they are of two records.
    pub fn are_apart(&self, schema: &Schema) -> bool {
        let adds = self.to.operation == Operation::Insert && !self.from.aggregate;
        adds && self.is_new(schema) || self.keyed_apart(schema) || self.adds_what_is_given()
    }

    /// Whether one function has both.
    fn meet(&self) -> bool {
        std::ptr::eq(self.read.visit, self.write.visit)
    }

    /// What the record that is read is looked for by.
    fn looked(&self) -> impl Iterator<Item = &Deps> {
        self.read.own.keys.iter().flat_map(|keys| keys.iter()).map(|(_, deps)| deps)
    }

    /// Whether what is added was given, and something else was looked for: a row that the caller has loaded is there already.
    fn adds_what_is_given(&self) -> bool {
        let Some(given) = self.to.added else { return false };
        let of_it = |dep: &Dep| matches!(dep, Dep::Parameter(index, _) if *index == given);
        self.meet() && !self.looked().any(|deps| deps.iter().any(of_it))
    }

    /// Whether a row is changed under a primary key that comes from elsewhere than what the one row was looked for by.
    fn keyed_apart(&self, schema: &Schema) -> bool {
        let changes = matches!(self.to.operation, Operation::Update | Operation::Delete);
        let one = self.to.kind == "table" && changes && !self.from.aggregate && !self.from.many;
        if !one || !self.meet() {
            return false;
        }
        let visit = self.write.visit;
        let primary = self.to.name.as_ref().and_then(|table| schema.primary_key(table)).unwrap_or("id");
        let key = |item: &Item| item.key(primary).filter(|deps| !deps.is_empty()).map(|deps| with_keys_behind(visit, &deps));
        let (Some(changed), Some(looked)) = (key(self.write.own), key(self.read.own)) else { return false };
        let of_read = |dep: &Dep| visit.behind(dep).is_some_and(|item| std::ptr::eq(item, self.read.own));
        !changed.iter().any(|dep| of_read(dep) || looked.iter().any(|other| other.same_record(dep)))
    }

    /// Whether a record that is added cannot be the one that was looked for: its key is made anew, or by the store and of nothing
    /// that was looked for.
    fn is_new(&self, schema: &Schema) -> bool {
        let Records { read, from, write, to } = self;
        let held = || read.own.keys.iter().flat_map(|keys| keys.iter()).map(|(name, _)| name);
        let asked = |column: &str| from.keys.iter().chain(held()).any(|key| key.eq_ignore_ascii_case(column));
        let anew = to.anew.iter().flat_map(|columns| columns.iter());
        let mut anew = anew.filter(|(_, given)| given.is_none()).map(|(column, _)| column.as_str());
        let primary = to.name.as_ref().map_or(&[][..], |table| schema.primary_columns(table));
        let known = to.name.as_ref().and_then(|table| schema.primary_key(table));
        let key = known.unwrap_or("id");
        let by_key = read.own.is_by_key();
        let named = by_key && known.is_some() || asked(key) || asked("pk");
        let of_key = |column: &str| by_key && primary.iter().any(|c| c.eq_ignore_ascii_case(column));
        let made_of_key = || self.looked().flat_map(Deps::iter).any(|dep| write.own.data.iter().any(|other| other.same_record(dep)));
        let filled = |column: &str| to.columns.iter().any(|c| c.eq_ignore_ascii_case(column));
        anew.any(|column| asked(column) || of_key(column) || named && column.eq_ignore_ascii_case(key))
            || named && to.tells_columns() && !filled(key) && !filled("pk") && !made_of_key()
    }
}

/// What a key depends on, with the keys of the rows through which it was found.
fn with_keys_behind(visit: &Visit, key: &Deps) -> Deps {
    let behind = key.iter().filter_map(|dep| visit.behind(dep)).filter_map(|item| item.keys.as_ref());
    behind.flat_map(|keys| keys.iter()).fold(key.clone(), |all, (_, deps)| all.with(deps))
}
