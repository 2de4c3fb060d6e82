//! What of documents a call asks for and sets, where that is given as mappings: `find_one({"state": "new"})`,
//! `update_one({"_id": id, "state": "new"}, {"$set": {"state": "taken"}})`.

use super::call::Given;
use super::fixed::{self, Fixed};
use super::item::{Access, Operation};
use super::rows::given_at;
use crate::facts::Name;
use crate::knowledge::vocabulary::Row;
use crate::link::Kind;

/// The fields that documents are asked by, told by a mapping.
fn fields(filter: &Kind) -> impl Iterator<Item = (Name, &Kind)> {
    let entries = match filter {
        Kind::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().filter_map(|(key, value)| Some((key.as_text()?.into(), value)))
}

/// Whether the code names the state that is asked for, and not the caller a record: `"new"`, `{"$in": ["new", "failed"]}`.
fn is_fixed(value: &Kind) -> bool {
    match value {
        Kind::Map(entries) => !entries.is_empty() && entries.iter().all(|(_, value)| is_fixed(value)),
        Kind::List(items) => items.iter().all(is_fixed),
        value => matches!(fixed::constant(value), Some(Fixed::Constant(_))),
    }
}

/// Tell by which fields a call asks, and which it sets.
pub(super) fn tell(access: &mut Access, row: &Row, given: &[Given]) {
    let filter = row.key.as_deref().and_then(|place| given_at(place, given)).map(|key| &key.value.kind);
    let Some(filter) = filter.filter(|_| access.kind == "collection") else { return };
    match access.operation {
        Operation::Read => access.keys = fields(filter).filter(|(_, value)| is_fixed(value)).map(|(field, _)| field).collect(),
        Operation::Update => {
            let written = row.value.first().and_then(|place| given_at(place, given)).map(|value| &value.value.kind);
            let under = |kind: &Kind| {
                let set = fields(kind).filter(|(name, _)| row.sets_under.iter().any(|under| under == name.as_str()));
                set.flat_map(|(_, set)| fields(set).map(|(field, value)| (field, value.clone())).collect::<Vec<_>>()).collect()
            };
            let sets: Vec<(Name, Kind)> = written.map(under).unwrap_or_default();
            // It changes what its filter asks for: done twice, the second finds nothing.
            access.conditional |= fields(filter).any(|(field, _)| sets.iter().any(|(set, _)| *set == field));
            access.set_to(sets);
        }
        _ => {}
    }
}
