//! Rows that hold for receivers whose type is unknown, by the receiver's name.
//!
//! A name matches where it equals the row's or ends with it after an underscore, case and leading underscores aside:
//! `self._order_redis` is taken for a `redis`. Longer matches come first and `*`, which accepts any name, last. Such a
//! match is a guess: it refuses to know the file's imports, which say whether a row can be reached at all.

use super::types::{MethodAt, Types};
use super::vocabulary::{Pack, PackLanguage};
use compact_str::CompactString;
use rustc_hash::FxHashMap;

/// The rows of one language, by method and then by the receiver's name.
#[derive(Debug, Default)]
pub(super) struct UnknownReceivers {
    methods: FxHashMap<CompactString, FxHashMap<CompactString, Vec<MethodAt>>>,
}

impl UnknownReceivers {
    /// The rows of all packs of a language.
    pub fn new(language: PackLanguage, packs: &[Pack], types: &Types) -> Self {
        let mut methods: FxHashMap<CompactString, FxHashMap<CompactString, Vec<MethodAt>>> = FxHashMap::default();
        let speaks = |pack: u32| packs.get(pack as usize).is_some_and(|pack| pack.language == language);
        for (owner, ty) in types.iter() {
            for (index, row) in ty.def.methods.iter().enumerate() {
                let at = MethodAt { owner, row: index as u32 };
                if row.unknown_receiver.is_empty() || !speaks(ty.pack_of(at.row)) {
                    continue;
                }
                let names: Vec<CompactString> = row.unknown_receiver.iter().map(|name| normal(name)).collect();
                for method in &row.name {
                    let receivers = methods.entry(method.into()).or_default();
                    for name in &names {
                        receivers.entry(name.clone()).or_default().push(at);
                    }
                }
            }
        }
        UnknownReceivers { methods }
    }

    /// The rows that hold for a receiver of this name, the best first.
    pub fn get(&self, receiver: &str, method: &str) -> impl Iterator<Item = MethodAt> {
        let receivers = self.methods.get(method);
        let name = receivers.map(|_| normal(last_name(receiver))).unwrap_or_default();
        let candidates = receivers.into_iter().flat_map(move |receivers| {
            let tails = std::iter::once(0).chain(name.match_indices('_').map(|(index, _)| index + 1));
            let mut found: Vec<&Vec<MethodAt>> =
                tails.filter_map(|start| receivers.get(name.get(start..).filter(|tail| !tail.is_empty())?)).collect();
            found.extend(receivers.get("*"));
            found
        });
        candidates.flatten().copied()
    }
}

/// The last name of `self.store._redis`.
fn last_name(receiver: &str) -> &str {
    receiver.rsplit(['.', ':']).next().unwrap_or(receiver)
}

fn normal(name: &str) -> CompactString {
    let name = name.trim_start_matches('_');
    if name.is_ascii() { CompactString::from(name).to_ascii_lowercase() } else { CompactString::from_str_to_lowercase(name) }
}
