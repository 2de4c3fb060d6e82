//! One of many: what a table of tools holds under some name, or a class under a name of which a part is told.

use super::kind::ALTERNATIVES;
use super::{FunctionValue, Kind, Program};
use crate::facts::{NAMED_ANYHOW, Name};
use std::rc::Rc;

/// How many methods a name stands for of which a part is told.
const METHODS: usize = 48;

/// One of these. Of more than are told apart, those that can be called stay together.
pub(super) fn one_of_many(kinds: Vec<Kind>) -> Kind {
    let callable = |kind: &Kind| matches!(kind, Kind::Function(_) | Kind::Object(_));
    if kinds.len() > ALTERNATIVES && kinds.iter().all(callable) {
        return Kind::Lookup(Rc::new((Kind::Null, kinds)));
    }
    kinds.into_iter().fold(Kind::Unknown, Kind::or)
}

impl Program<'_> {
    /// The methods of an object whose names fit one of which only a part is told: `getattr(self, f"tool_{name}")`.
    pub(super) fn members_named(&self, base: &Kind, name: &str) -> Kind {
        let Some((first, last)) = name.split_once(NAMED_ANYHOW).filter(|(first, last)| !first.is_empty() || !last.is_empty()) else {
            return Kind::Unknown;
        };
        let Kind::Object(object) = base else { return Kind::Unknown };
        let fits = |name: &Name| name.len() >= first.len() + last.len() && name.starts_with(first) && name.ends_with(last);
        let ancestors = self.ancestors(object.class);
        let all = ancestors.iter().flat_map(|class| self.class(*class).methods.iter().map(|m| &self.facts(class.module).function(*m).name));
        let mut names: Vec<&Name> = all.filter(|name| fits(name)).collect();
        names.sort();
        names.dedup();
        let bound = |name: &&Name| {
            let function = self.method(object.class, name)?;
            let receiver = self.takes_receiver(function).then(|| base.clone());
            let value = FunctionValue::of(function, receiver);
            Some(Kind::Function(Rc::new(value)))
        };
        match names.len() {
            1..=METHODS => Kind::Lookup(Rc::new((Kind::Null, names.iter().filter_map(bound).collect()))),
            _ => Kind::Unknown,
        }
    }
}
