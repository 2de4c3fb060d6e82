//! Which sorts of items a function has, so that whoever looks for one sort passes by the functions that have none.

use super::item::What;

/// A set of sorts of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sorts(u8);

impl Sorts {
    /// Reads.
    pub const READ: Sorts = Sorts(1);
    /// Accesses that are no reads.
    pub const WRITE: Sorts = Sorts(1 << 1);
    /// Accesses of any kind.
    pub const ACCESS: Sorts = Sorts(Sorts::READ.0 | Sorts::WRITE.0);
    /// Locks: taken, extended, given back, left held.
    pub const LOCK: Sorts = Sorts(1 << 2);
    /// Events.
    pub const EVENT: Sorts = Sorts(1 << 3);
    /// Pauses.
    pub const PAUSE: Sorts = Sorts(1 << 4);
    /// Controls.
    pub const CONTROL: Sorts = Sorts(1 << 5);
    /// Declarations.
    pub const DECLARE: Sorts = Sorts(1 << 6);
    /// Calls of what a caller gives.
    const PARAMETER: Sorts = Sorts(1 << 7);

    /// The sort of one item.
    pub fn of(what: &What) -> Sorts {
        match what {
            What::Access(access) if access.operation.is_read() => Sorts::READ,
            What::Access(_) => Sorts::WRITE,
            What::Acquire { .. } | What::Renew { .. } | What::Release { .. } | What::Leak { .. } => Sorts::LOCK,
            What::Event { .. } => Sorts::EVENT,
            What::Pause { .. } => Sorts::PAUSE,
            What::Control { .. } => Sorts::CONTROL,
            What::Declare(_) => Sorts::DECLARE,
            What::CallParameter { .. } => Sorts::PARAMETER,
        }
    }

    /// These and those.
    pub const fn and(self, other: Sorts) -> Sorts {
        Sorts(self.0 | other.0)
    }

    /// Whether the two have a sort in common.
    pub fn meet(self, other: Sorts) -> bool {
        self.0 & other.0 != 0
    }
}
