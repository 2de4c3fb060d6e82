//! Fields of the receiver: what a method leaves in them for whoever called it.

use super::value::{Column, Deps, Value};
use super::walk::Walker;
use crate::facts::Name;
use crate::link::Kind;
use crate::source::Site;

/// The path under which the fields of an object are known that has no variable yet: `Store("jobs.json").add(job)`.
pub(super) fn made_at(site: Site) -> Name {
    compact_str::format_compact!("made at {}:{}", site.file.0, site.span.start)
}

/// The field that a path names of what another path leads to; nothing for a field of such a field.
fn field_below<'p>(path: &'p str, holder: &str) -> Option<&'p str> {
    path.strip_prefix(holder)?.strip_prefix('.').filter(|field| !field.contains('.'))
}

impl Walker<'_, '_, '_> {
    /// The field of the receiver that a path names.
    pub fn own_field_at(&self, path: &str) -> Option<Name> {
        field_below(path, self.receiver_name.as_ref()?).map(Name::from)
    }

    /// A field of the receiver is set.
    pub fn set_field(&mut self, name: &str, value: Value) {
        match self.summary.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, before)) => *before = value,
            None => self.summary.fields.push((name.into(), value)),
        }
    }

    /// What the fields of an object depend on: as they were set through the path that leads to it, or when it was made.
    pub fn fields_of(&self, object: Option<&Kind>, path: Option<&Name>) -> Vec<(Column, Deps)> {
        let made = match object {
            Some(Kind::Object(object)) => object.site.map(made_at),
            _ => None,
        };
        let mut fields: Vec<(Column, Deps)> = Vec::new();
        for path in [path, made.as_ref()].into_iter().flatten() {
            for (name, value) in &self.state.vars {
                let Some(field) = field_below(name, path).map(Column::named) else { continue };
                if fields.iter().all(|(known, _)| *known != field) {
                    fields.push((field, value.deps.clone()));
                }
            }
        }
        fields
    }

    /// The function is left here: its fields hold what they hold on this way, or what they held where it was left before.
    pub fn leave_fields(&mut self) {
        let Some(receiver) = &self.receiver_name else { return };
        for (name, set) in &self.summary.fields {
            let path: Name = compact_str::format_compact!("{receiver}.{name}");
            let held = self.state.vars.get(&path).unwrap_or(set).clone();
            match self.fields_left.iter_mut().find(|(known, _)| known == name) {
                Some((_, before)) => *before = std::mem::take(before).or(held),
                None => self.fields_left.push((name.clone(), held)),
            }
        }
    }
}
