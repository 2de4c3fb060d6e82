//! Writes that come to the same end whoever is second: constants, where every run sets the same.
//!
//! A row marked as deleted by two is deleted. What else hangs on the look decides: a mark that lets something be sent or added
//! is a claim, and two that get it send twice. A state that others change to something else may be left by them in between.

use super::Doing;
use crate::effects::{Access, Check, Column, Fixed, Item, Operation, Sorts, Told, Visit};
use crate::facts::Name;
use crate::link::Template;
use crate::model::Setting;
use rustc_hash::FxHashMap;

/// What the columns of the tables are changed to, of those that something changes.
pub(super) struct Values(FxHashMap<(Template, Column), Changed>);

/// What a column is changed to.
struct Changed {
    /// The one constant that it is ever changed to; `None` where there are more, or it is not always told.
    only: Option<Fixed>,
    /// The constants, with who sets them where.
    settings: Vec<Setting>,
}

impl Values {
    /// Of all that the actors change.
    pub fn of(doings: &[Doing]) -> Values {
        let mut values: FxHashMap<(Template, Column), Changed> = FxHashMap::default();
        for (actor, told) in doings.iter().flat_map(|doing| doing.each(Sorts::WRITE).map(move |told| (doing.actor, told))) {
            let Some(access) = told.access().filter(|a| a.kind == "table") else { continue };
            let (Some(table), Operation::Update | Operation::Increment | Operation::Upsert) = (&access.name, access.operation) else {
                continue;
            };
            for column in &access.columns {
                let set = access.fixed(column).cloned();
                let first = || Changed { only: set.clone(), settings: Vec::new() };
                let known = values.entry((table.clone(), Column::named(column))).or_insert_with(first);
                if known.only != set {
                    known.only = None;
                }
                if let Some(Fixed::Constant(value)) = set {
                    let setting = Setting { actor, site: told.own.site, value: value.to_string() };
                    if !known.settings.contains(&setting) {
                        known.settings.push(setting);
                    }
                }
            }
        }
        Values(values)
    }

    /// Whether something changes a column of a table.
    pub fn change(&self, table: &Template, column: Column) -> bool {
        self.0.contains_key(&(table.clone(), column))
    }

    /// Whether a column is only ever set to one constant.
    fn is_only(&self, access: &Access, column: &Name) -> bool {
        let Some(table) = &access.name else { return false };
        self.0.get(&(table.clone(), Column::named(column))).is_some_and(|changed| changed.only.is_some())
    }

    /// The constant that a write sets one of these columns to, and who sets that column to something else.
    pub fn overwritten(&self, write: &Access, of: impl Fn(&Name) -> bool) -> Option<(String, Vec<Setting>)> {
        let table = write.name.as_ref()?;
        write.columns.iter().filter(|column| of(column)).find_map(|column| {
            // Who found one of two found the other one's opposite, which somebody else can only set once more.
            let set = write.fixed(column).filter(|set| !set.is_one_of_two())?;
            let Fixed::Constant(value) = set else { return None };
            let all = self.0.get(&(table.clone(), Column::named(column)))?.settings.iter();
            let others: Vec<Setting> = all.filter(|set| set.value != value.as_str()).cloned().collect();
            (!others.is_empty()).then(|| (value.to_string(), others))
        })
    }

    /// Whether an UPDATE that hangs on what was read comes to the same end where two do it, and nothing else hangs on it.
    pub fn are_alike(&self, visits: &[Visit], read: &Told, write: &Told, of: impl Fn(Column, Check) -> bool) -> bool {
        let updates = |access: &&Access| access.kind == "table" && access.operation == Operation::Update && access.is_fixed();
        let (visit, Some(write)) = (write.visit, write.access().filter(updates)) else { return false };
        // Each changes a row of its own, and both were counted.
        if read.access().is_some_and(|from| from.aggregate) {
            return false;
        }
        // Whichever is next in a state, and no certain record, is taken by two who look at once.
        if read.access().is_some_and(|from| read.own.keys.is_none() && write.columns.iter().any(|c| from.keys.contains(c))) {
            return false;
        }
        // The time alone says that somebody still has it; beside a constant it says when that was set.
        let constant = |access: &Access| access.columns.iter().any(|c| matches!(access.fixed(c), Some(Fixed::Constant(_))));
        if !visit.own().iter().filter_map(Item::access).filter(updates).any(|a| a.name == write.name && constant(a)) {
            return false;
        }
        let same = |column: &Name| match write.fixed(column) {
            Some(Fixed::Now) => true,
            Some(set) if set.takes(column) || set.is_at_work(column) => false,
            Some(set) => set.is_one_of_two() || self.is_only(write, column),
            None => false,
        };
        let index = read.visit.own().iter().position(|item| std::ptr::eq(item, read.own));
        let alone = |index| !read.visit.adds_behind(index as u32, of) && !answer_adds(visits, read);
        write.columns.iter().all(same) && index.is_some_and(alone)
    }
}

/// Whether a caller of the function that looked does something that is not the same twice because of what it was told:
/// `if mark_as_sent(order): send(order)`.
fn answer_adds(visits: &[Visit], read: &Told) -> bool {
    let looked = read.own.way().next().map(|(function, _)| function);
    let through = |item: &Item| item.site == read.own.site && item.way().skip(1).any(|(function, _)| Some(function) == looked);
    visits.iter().any(|visit| {
        let copies = visit.own().iter().enumerate().filter(|(_, item)| through(item));
        copies.map(|(index, _)| index as u32).any(|index| visit.adds_behind(index, |_, _| true))
    })
}
