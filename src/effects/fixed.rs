//! What columns are set to where that stands in the code: constants, the time, what a caller gives.
//!
//! Whoever sets a column to the same comes to the same end, however often and in whichever order. A value that was computed, or
//! that differs on different ways, is not told here.

use super::item::Access;
use super::value::{Dep, Value};
use crate::facts::Name;
use crate::link::Kind;
use std::rc::Rc;

/// What a column is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// A constant, as text.
    Constant(Name),
    /// The time at which it is done.
    Now,
    /// What a caller gives as this parameter.
    Given(u8),
}

/// Columns with what they are set to, those of which that is known.
pub type AllFixed = Option<Rc<Vec<(Name, Fixed)>>>;

/// How the constant is written that stands for nothing.
const NULL: &str = "null";

/// How columns are called that say when something was done.
const TIMES: [&str; 7] = ["_at", "_time", "_ts", "_date", "timestamp", "updated", "modified"];

/// Words that say of a record that somebody has it, as the name of a flag or as the value of a state.
const TAKEN: [&str; 8] = ["booked", "reserved", "claimed", "taken", "sold", "occupied", "assigned", "allocated"];

/// Names of flags that say that nobody has it.
const FREE: [&str; 3] = ["available", "vacant", "free"];

/// States that say that somebody is at it.
const BUSY: [&str; 6] = ["busy", "locked", "running", "processing", "in_progress", "started"];

impl Fixed {
    /// Whether setting a column to this takes the record for whoever does it.
    pub fn takes(&self, column: &str) -> bool {
        let Fixed::Constant(value) = self else { return false };
        let value = value.to_lowercase();
        let unset = matches!(value.as_str(), "0" | "false" | "");
        let says = |words: &[&str]| column.to_lowercase().split('_').any(|w| words.contains(&w));
        says(&TAKEN) && matches!(value.as_str(), "1" | "true") || says(&FREE) && unset || TAKEN.contains(&value.as_str())
    }

    /// Whether it says that somebody is at work on the record.
    pub fn is_at_work(&self, column: &str) -> bool {
        let Fixed::Constant(value) = self else { return false };
        let value = value.to_lowercase();
        BUSY.contains(&value.as_str())
            || matches!(value.as_str(), "1" | "true") && BUSY.iter().any(|word| column.to_lowercase().contains(word))
    }

    /// Whether whatever else the column can hold is its opposite: a truth value, and whether it holds anything.
    pub fn is_one_of_two(&self) -> bool {
        matches!(self, Fixed::Constant(text) if [NULL, "true", "false"].contains(&text.as_str()))
    }
}

/// What a value is, where it stands in the code.
pub(super) fn constant(kind: &Kind) -> Option<Fixed> {
    let text: Name = match kind {
        Kind::Null => NULL.into(),
        Kind::Bool(flag) => flag.to_string().into(),
        Kind::Int(number) => number.to_string().into(),
        Kind::Text(template) => template.constant()?.into(),
        Kind::Parameter(index) => return Some(Fixed::Given(*index)),
        _ => return None,
    };
    Some(Fixed::Constant(text))
}

/// A constant as SQL writes it.
pub(super) fn in_sql(text: &str) -> Fixed {
    let bare = text.trim_matches(['\'', '"']);
    match bare.to_ascii_lowercase().as_str() {
        word @ ("true" | "false" | NULL) if bare == text => Fixed::Constant(word.into()),
        _ => Fixed::Constant(bare.into()),
    }
}

/// What a column is set to by a value.
pub(super) fn of_value(column: &str, value: &Value) -> Option<Fixed> {
    constant(&value.kind).or_else(|| {
        let name = column.to_ascii_lowercase();
        let time = TIMES.iter().any(|word| name.ends_with(word));
        (time && value.deps.iter().all(|dep| *dep == Dep::Fresh)).then_some(Fixed::Now)
    })
}

/// All that is known, if anything is.
pub(super) fn all(fixed: impl Iterator<Item = (Name, Fixed)>) -> AllFixed {
    let all: Vec<(Name, Fixed)> = fixed.collect();
    (!all.is_empty()).then(|| Rc::new(all))
}

impl Access {
    /// What a column is set to, where that is known.
    pub fn fixed(&self, column: &str) -> Option<&Fixed> {
        self.fixed.iter().flat_map(|all| all.iter()).find(|(name, _)| name == column).map(|(_, fixed)| fixed)
    }

    /// Whether a caller says what it sets a column to.
    pub(super) fn is_fixed_later(&self) -> bool {
        self.fixed.iter().flat_map(|all| all.iter()).any(|(_, to)| matches!(to, Fixed::Given(_)))
    }

    /// Say that it sets these columns to these values as well.
    pub(super) fn set_to(&mut self, sets: Vec<(Name, Kind)>) {
        let known = sets.iter().filter_map(|(column, kind)| Some((column.clone(), constant(kind)?)));
        self.fixed = all(self.fixed.iter().flat_map(|all| all.iter().cloned()).chain(known));
        self.columns.extend(sets.into_iter().map(|(column, _)| column));
    }

    /// Whether all that it sets stands in the code: constants and the time.
    pub fn is_fixed(&self) -> bool {
        let stands = |column: &Name| matches!(self.fixed(column), Some(Fixed::Constant(_) | Fixed::Now));
        self.tells_columns() && self.columns.iter().all(stands)
    }
}
