//! Reads and writes of one resource that belong together, and what protects them.
//!
//! A [`Race`] is a write whose value (or whose running at all) depends on an earlier read of the same resource in the same
//! run of an actor. Whether it is protected is told from the contexts common to both halves and from the write itself; only
//! what is not protected becomes a race of the model.

use super::{ActorId, Frame, ResourceId};
use crate::knowledge::vocabulary::LockScope;
use crate::source::Site;

/// How the write depends on the read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dependence {
    /// The value written is made of the value read.
    Data,
    /// Whether it is written was decided by whether something was there.
    Existence,
    /// Whether it is written was decided by what was there.
    State,
}

/// A read and a write of one resource that another actor can come between.
#[derive(Clone, Debug)]
pub struct Race {
    /// Of what.
    pub resource: ResourceId,
    /// Who runs it, sorted.
    pub actors: Vec<ActorId>,
    /// How the write depends on the read.
    pub dependence: Dependence,
    /// Where the read's half stands in the innermost function that has both.
    pub read: Site,
    /// Where the read itself stands.
    pub read_access: Site,
    /// Where else in the function of the write the same, or a part of it, was looked at with a say in it; in order.
    pub looks: Vec<Site>,
    /// Where the write's half stands in that function.
    pub write: Site,
    /// Where the write itself stands.
    pub write_access: Site,
    /// That function, `Class.method`.
    pub function: String,
    /// What the write does: `update`, `put`, `insert`, ….
    pub operation: &'static str,
    /// The write as the code calls it: `INSERT`, `write_text`.
    pub verb: String,
    /// The read computes over many rows: max, count.
    pub aggregate: bool,
    /// The read asks for the record that is written, by the same columns, and for no other.
    pub one_record: bool,
    /// Columns or fields written.
    pub columns: Vec<String>,
    /// An in-process lock spans both halves: it protects where only one process runs.
    pub process_lock: Option<String>,
    /// Those of the actors that do both on an event loop with no await in between, sorted.
    pub in_one_turn: Vec<ActorId>,
    /// A unique key makes the loser fail; where it is defined.
    pub unique: Option<Option<Site>>,
    /// The failure of the loser is caught around the write.
    pub handled: bool,
    /// What was read was asked for being missing, and that decided.
    pub absence: bool,
    /// The write takes for its actor what was selected as free.
    pub claims: bool,
    /// The places through which the read is reached, outermost first, its own last.
    pub ways: Vec<Site>,
    /// It moves money.
    pub money: bool,
    /// How many steps of the way were inferred.
    pub inferred: u8,
    /// The chain of the first actor from its entry to the write.
    pub path: Vec<Frame>,
    /// How many calls lie between that function and the write.
    pub distance: u8,
    /// What runs it again on failure, where something does.
    pub retry: Option<Site>,
    /// What it sets the checked column to, where that stands in the code, and who sets it to something else: whoever does so
    /// between the check and the write is overwritten.
    pub overwrites: Option<(String, Vec<Setting>)>,
}

/// A constant that an actor sets a column to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Who.
    pub actor: ActorId,
    /// Where.
    pub site: Site,
    /// To what, as the code writes it.
    pub value: String,
}

/// A tool takes a record that a model was shown as free, and asks nobody whether it still is.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Of what.
    pub resource: ResourceId,
    /// Who runs it, sorted.
    pub actors: Vec<ActorId>,
    /// The write.
    pub site: Site,
    /// The function, `Class.method`.
    pub function: String,
    /// The column that says that it is taken.
    pub column: String,
    /// The chain of the first actor from its entry to the write.
    pub path: Vec<Frame>,
    /// How many steps of the way were inferred.
    pub inferred: u8,
}

/// A lock as a guard of an access.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guard {
    /// The lock's id.
    pub lock: String,
    /// Whom it excludes.
    pub scope: LockScope,
}

/// Rows of a table that are deleted and inserted again by statements that each commit for themselves.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The table.
    pub resource: ResourceId,
    /// Who runs it, sorted.
    pub actors: Vec<ActorId>,
    /// Where the removal stands in the innermost function that has both.
    pub delete: Site,
    /// Where the insertion stands in that function.
    pub insert: Site,
    /// That function, `Class.method`.
    pub function: String,
    /// How much of the way to it is guessed.
    pub inferred: u8,
    /// The calls from the entry to the insertion.
    pub path: Vec<Frame>,
}
