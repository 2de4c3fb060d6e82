//! What a function and all below it may change, as a small set that says "perhaps" or "never".
//!
//! A decision above matters to what is done below only where it was made by something that is changed there: ways in that differ
//! by other decisions find the same.

use super::item::{Item, Operation, What};
use crate::knowledge::vocabulary::Effect;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// How many words the set has.
const WORDS: usize = 8;

/// Names of what is changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes {
    names: [u64; WORDS],
    /// Something is done that is not the same when it is done twice.
    adds: bool,
}

impl Changes {
    /// Anything at all: a callee that is not known yet.
    pub const ANY: Changes = Changes { names: [u64::MAX; WORDS], adds: true };

    /// Add what an item changes. What only a caller can name may be anything.
    pub fn note(&mut self, item: &Item) {
        self.adds |= adds(item);
        match &*item.what {
            What::CallParameter { .. } => *self = Changes::ANY,
            What::Access(access) if !access.operation.is_read() => match access.name.as_ref().filter(|name| !name.is_open()) {
                Some(_) => self.names.iter_mut().zip(place(item)).for_each(|(mine, bits)| *mine |= bits),
                None => *self = Changes::ANY,
            },
            _ => {}
        }
    }

    /// Add those of a callee.
    pub fn join(&mut self, other: &Changes) {
        self.adds |= other.adds;
        self.names.iter_mut().zip(other.names).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Whether something among them is not the same when it is done twice.
    pub fn add(&self) -> bool {
        self.adds
    }

    /// Whether what an item is an access to may be among them.
    pub fn may_hold(&self, item: &Item) -> bool {
        self.names.iter().zip(place(item)).any(|(mine, bits)| mine & bits != 0)
    }
}

/// Whether an item is something that is not the same when it is done twice: what is added or sent, and values that do not stand in
/// the code.
pub fn adds(item: &Item) -> bool {
    match &*item.what {
        What::Access(access) if access.private || access.kind == "memory" => false,
        What::Access(access) => match access.operation {
            Operation::Insert | Operation::Append | Operation::Call | Operation::Increment => !access.is_idempotent(),
            Operation::Update => access.kind == "table" && !access.is_fixed(),
            _ => false,
        },
        What::Event { effect, .. } => matches!(effect, Effect::Publish | Effect::Enqueue),
        What::CallParameter { .. } => true,
        _ => false,
    }
}

/// The set of the one name that an item is an access to; nothing where it has none.
fn place(item: &Item) -> [u64; WORDS] {
    let mut set = [0; WORDS];
    if let Some(name) = item.access().and_then(|access| access.name.as_ref()).filter(|name| name.has_text()) {
        let mut hasher = FxHasher::default();
        name.hash(&mut hasher);
        let hash = hasher.finish();
        set[(hash >> 32) as usize % WORDS] = 1 << ((hash >> 40) % 64);
    }
    set
}
