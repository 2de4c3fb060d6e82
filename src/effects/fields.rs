//! Fields of the receiver: what a method leaves in them for whoever called it.

use super::value::Value;
use super::walk::Walker;
use crate::facts::Name;

impl Walker<'_, '_, '_> {
    /// A field of the receiver is set.
    pub fn set_field(&mut self, name: &str, value: Value) {
        match self.summary.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, before)) => *before = value,
            None => self.summary.fields.push((name.into(), value)),
        }
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
