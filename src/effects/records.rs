//! What a value holds of a record that was read: which of its columns, or only that there was one.
//!
//! In Rust what was read from a table is handed on as a struct, whose fields are called like the columns.

use super::item::{Access, Check, Item};
use super::value::{Column, Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::Name;
use crate::link::Kind;

impl Walker<'_, '_, '_> {
    /// A value with what `value.name` depends on: of a row that was read, that column; of what a caller gives, that part.
    pub fn of_record(&self, value: Value, name: &str) -> Value {
        let whole =
            |dep: &Dep| matches!(dep, Dep::Item(_, Column::WHOLE) | Dep::Parameter(_, Column::WHOLE) | Dep::Captured(_, Column::WHOLE));
        if !value.deps.iter().any(whole) {
            return value;
        }
        let part = Column::named(name);
        let row = |index: u32| self.summary.items.get(index as usize).is_some_and(|item| has_column(item, name));
        let any = |index: u32| self.summary.items.get(index as usize).is_some_and(|item| has_column(item, "*"));
        // A row that is a field of something else is no column of it.
        let nested = matches!(self.program.member(&self.opened_object(&value.kind), name), Kind::Object(_));
        let of_it = |dep: &Dep| match dep {
            Dep::Item(index, Column::WHOLE) if row(*index) || any(*index) && !nested => Dep::Item(*index, part),
            Dep::Parameter(index, Column::WHOLE) if !nested => Dep::Parameter(*index, part),
            Dep::Captured(variable, Column::WHOLE) if !nested => Dep::Captured(*variable, part),
            other => *other,
        };
        let deps: Deps = value.deps.iter().map(of_it).collect();
        Value { deps, ..value }
    }

    /// What a value depends on that is given because of a decision: `row.id if row else None` holds nothing of a row but what it
    /// takes, and whether there was one.
    pub fn as_value(&self, (dep, check): &(Dep, Check)) -> Dep {
        // A single column is a value, and may hold nothing.
        let record = |a: &Access| !a.aggregate && (a.columns.len() != 1 || a.columns.iter().any(|c| c == "*"));
        let asked = matches!(dep, Dep::Item(_, Column::WHOLE)) && matches!(check, Check::Presence | Check::Absence);
        if asked && self.row_behind(dep).is_some_and(record) { dep.of(Column::THERE) } else { *dep }
    }

    /// Whether a dependency is on what was read from a table.
    pub fn is_row(&self, dep: &Dep) -> bool {
        self.row_behind(dep).is_some()
    }

    /// Whether a dependency is on what was read from a file or under a key as a whole.
    pub fn is_document(&self, dep: &Dep) -> bool {
        let document = |access: &Access| matches!(access.kind.as_str(), "file" | "cache") && access.operation.is_read();
        self.summary.behind(dep).and_then(Item::access).is_some_and(document)
    }

    /// Whether a dependency is on what lies in memory.
    pub fn is_of_memory(&self, dep: &Dep) -> bool {
        self.summary.behind(dep).and_then(Item::access).is_some_and(|access| access.kind == "memory")
    }

    /// The read of a table that a dependency is on.
    fn row_behind(&self, dep: &Dep) -> Option<&Access> {
        self.summary.behind(dep).and_then(Item::access).filter(|a| a.kind == "table" && a.operation.is_read())
    }
}

/// Whether an item reads a column of this name from a table.
fn has_column(item: &Item, name: &str) -> bool {
    let named = |c: &Name| c.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name));
    item.access().is_some_and(|a| a.kind == "table" && a.operation.is_read() && a.columns.iter().any(named))
}
