//! What surrounds an item: locks, transactions, retries, loops, spawns, caught errors.

use crate::facts::Name;
use crate::link::{FunctionRef, LockUse, Template};
use crate::source::Site;
use std::rc::Rc;

/// One thing that is held or around, from where it starts to where it ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// Which entry into it: two items inside the same entry have the same token, two calls that each take a lock do not.
    pub token: u64,
    /// What it is.
    pub held: Held,
    /// Where it starts.
    pub site: Site,
    /// Whose code starts it.
    pub function: FunctionRef,
}

/// What is held or around.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// A lock, lease or claim.
    Lock(Rc<LockUse>),
    /// A transaction, with the isolation it asks for.
    Transaction {
        /// `serializable`, `immediate`, …; `None` for the store's default.
        isolation: Option<Name>,
        /// Which parameter of the function is the connection that it is begun on: one that its giver set up otherwise is so.
        of_caller: Option<u8>,
    },
    /// Rows of a table, locked by a read until the transaction ends.
    Rows(Template),
    /// What runs the code again on failure.
    Retry(Rc<RetryUse>),
    /// A loop.
    Loop {
        /// It has no end of its own: `while True`.
        endless: bool,
        /// It goes through its values in sorted order.
        sorted: bool,
        /// Each round waits for what comes in.
        waits: bool,
        /// It goes through values, not through numbers or until a condition ends it.
        values: bool,
    },
    /// What takes longer than this, in seconds where known, is cut off.
    Limited(Option<f64>),
    /// It calls itself a lock and does nothing.
    Hollow(Name),
    /// Errors that are caught around it.
    Caught {
        /// Last names of the types; an empty one catches everything.
        types: Rc<Vec<Name>>,
        /// A handler of any error looks again at what is there.
        looks_again: bool,
    },
    /// It runs in a thread of its own, and not on the event loop of the code that starts it.
    Thread,
    /// It runs beside the code that starts it.
    Spawned {
        /// What starts it: `asyncio.gather`.
        api: Name,
        /// Several of it at once.
        many: bool,
        /// The code that starts it waits here until it has ended.
        waits: bool,
    },
}

/// What runs code again on failure.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryUse {
    /// What does it: `tenacity.retry`, `retry loop`.
    pub api: Name,
    /// How often at most; -1 without limit, `None` where not known.
    pub attempts: Option<i64>,
    /// Last names of the errors after which it does so; none where that is not told, or after any.
    pub after: Rc<Vec<Name>>,
}

impl Context {
    /// Where and by what it runs its body again on failure, if it does.
    pub fn retries(&self) -> Option<(Site, String)> {
        match &self.held {
            Held::Retry(r) if r.attempts != Some(0) && r.attempts != Some(1) => Some((self.site, r.api.to_string())),
            _ => None,
        }
    }

    /// Whether it is a loop that ends only when something stops it.
    pub fn is_endless(&self) -> bool {
        matches!(self.held, Held::Loop { endless: true, .. })
    }

    /// The lock it is, if it is one.
    pub fn lock(&self) -> Option<&Rc<LockUse>> {
        match &self.held {
            Held::Lock(lock) => Some(lock),
            _ => None,
        }
    }
}

impl Context {
    /// Whether it goes with the transaction around it: locks of rows, advisory locks of a transaction.
    pub fn ends_with_transaction(&self) -> bool {
        matches!(self.held, Held::Rows(_)) || self.lock().is_some_and(|lock| lock.of_transaction)
    }

    /// Whether it is a transaction that nobody else's writes can come between.
    pub fn is_serial(&self) -> bool {
        match &self.held {
            Held::Transaction { isolation: Some(level), .. } => matches!(level.as_str(), "serializable" | "immediate" | "exclusive"),
            _ => false,
        }
    }
}

/// A token for the n-th entry at a place, deterministic over runs.
pub fn token(site: Site, salt: u64) -> u64 {
    mix(mix(u64::from(site.file.0) << 32 | u64::from(site.span.start), u64::from(site.span.end)), salt)
}

/// Two numbers as one that depends on both and their order.
pub fn mix(a: u64, b: u64) -> u64 {
    (a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(31)
}
