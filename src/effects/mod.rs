//! What each function does to state outside it, as a summary that its callers build on.
//!
//! Every function is summarised once, its callees first: a [`Summary`] lists [`Item`]s (accesses, lock uses, publications,
//! waits, declarations of actors, …) in program order. What depends on parameters stays symbolic and is filled in at each call.
//! An item carries the [`Context`]s around it (locks, transactions, retries, loops, spawns, caught errors), the earlier items
//! its value depends on (`data`) and those that decided whether it runs (`control`), and the chain of calls down to it.
//! So a lost update is a write whose `data` holds a read of the same resource with no lock context common to both, through
//! however many functions; everything else falls out of the same list.
//!
//! Only what a caller can still change is copied into it ([`settle`]); the rest stays with its function and is reached over
//! the calls ([`visit`]).
//!
//! Bounds: a summary keeps at most [`ITEMS`] items, and what a call adds beyond them is not filled in; calls that lead back to a function being summarised see an empty summary;
//! closures are walked where they are called, at most [`closures::CLOSURE_DEPTH`] deep. What is cut is named in coverage.
//! This module refuses to know which actor runs a function and which rule will look at an item.

mod answers;
mod bind;
mod branches;
mod built;
mod call;
mod changes;
mod claimed;
mod closures;
mod conflicts;
mod containers;
mod context;
mod coordinator;
mod copies;
mod deciding;
mod decision;
mod declare;
mod dialects;
mod eval;
mod fields;
mod filters;
mod fixed;
mod given;
mod guard;
mod item;
mod keys;
mod leaks;
mod library;
mod lock;
mod meaning;
mod memory;
mod orm;
mod parted;
mod print;
mod records;
mod resume;
mod rows;
mod settle;
mod sorts;
mod state;
mod syntax;
mod tables;
mod telling;
mod truth;
mod value;
mod variables;
mod visit;
mod walk;

pub use crate::link::{LockUse, Ttl, Wait};
pub use context::{Context, Held, RetryUse};
pub use fixed::Fixed;
pub use given::Question;
pub use item::{Access, Call, Check, Declaration, Item, Later, Operation, What};
pub use leaks::Way;
pub use lock::is_same_lock;
pub use meaning::Use;
pub use orm::ASSIGNMENT;
pub use print::print;
pub use settle::Below;
pub use sorts::Sorts;
pub use truth::Truth;
pub use value::{Column, Dep, Deps, Value};
pub use variables::VARIABLE;
pub use visit::{Told, VISITS, Visit};

use crate::facts::Name;
use crate::knowledge::{RowId, vocabulary::RefusedKey};
use crate::link::{FunctionRef, FunctionValue, Kind, Program};
use crate::source::Site;
use coordinator::Coordinators;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::rc::Rc;

/// How many items a summary keeps.
pub const ITEMS: usize = 500;
/// How many functions are summarised inside one another, callees first.
const DEPTH: u16 = 200;
/// The names that a closure captured.
type Captured = Rc<Vec<(Name, Kind)>>;

/// What one function does.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What it does, in program order, its callees' doings included.
    pub items: Vec<Item>,
    /// Calls of functions that kept to themselves what nothing above them can change.
    pub calls: Vec<Below>,
    /// Writes of mapped objects that wait for the next flush or commit: items of this summary.
    pub pending: Vec<u32>,
    /// It sends what is pending; the errors caught around that.
    pub flushes: Option<Vec<Context>>,
    /// How many awaits it passes.
    pub awaits: u32,
    /// What is changed here or below.
    pub changes: changes::Changes,
    /// A model is called or an agent run, here or below.
    pub thinks: bool,
    /// Something in it hangs on what a caller gives.
    pub asks: bool,
    /// What it returns.
    pub returns: Value,
    /// The flags by which its ways part and meet again with something else in hand.
    parted: parted::Parameters,
    /// Waits for locks are bounded behind it by a setting.
    limits_waits: bool,
    /// Every way through it raises: `fail("no such order")`.
    pub never_returns: bool,
    /// Fields of the receiver it sets, with what they hold at the end.
    pub fields: Vec<(Name, Value)>,
    /// Items on which it decides whether to raise: code after a call to it runs only where the check held.
    pub raises_on: Vec<(Dep, Check)>,
    /// Looks for a file, here or below, that are refused where it is there: somebody else has what it stands for.
    refuses: Vec<(Dep, Check)>,
    /// Contexts it leaves open for its caller: locks taken and not released, row locks of the caller's transaction.
    pub leaves: Vec<Context>,
    /// Names of locks that it releases without having taken them.
    pub releases: Vec<crate::link::Template>,
    /// A generator's contexts around its `yield`, and what it yields: what `with` puts around its body.
    pub yields: Option<(Vec<Context>, Value)>,
}

/// A function, the receiver's class where it is another than the function's own, and whether its decorators are left out.
type SummaryKey = (FunctionRef, Option<crate::link::ClassRef>, bool);

/// Summaries of a program, made on demand.
pub struct Effects<'p, 'k> {
    /// The linked program.
    pub program: &'p Program<'k>,
    coordinators: Coordinators,
    summaries: RefCell<FxHashMap<SummaryKey, Option<Rc<Summary>>>>,
    closures: RefCell<closures::Walked>,
    closure_depth: std::cell::Cell<u8>,
    depth: std::cell::Cell<u16>,
    unresolved: RefCell<Vec<(Site, String)>>,
    /// Summaries without what arguments rule out.
    given: RefCell<given::WithGiven>,
    /// Summaries for the flags that calls give.
    flagged: RefCell<parted::ByFlags>,
    /// How often one of many behind a trait was followed.
    followed: RefCell<FxHashMap<FunctionRef, u8>>,
    /// Methods that change what a guard gives access to.
    changing: FxHashSet<Name>,
    /// Columns of mapped classes, by their names.
    columns: std::cell::OnceCell<FxHashSet<Name>>,
    /// Methods of what stores give: of queries, of their results.
    asked_of_stores: FxHashSet<Name>,
    /// What tells that a key refused what was written.
    refused_key: RefusedKey,
    /// Where modules ask whether a key refused what was written.
    conflicts: RefCell<FxHashMap<u32, Rc<Vec<crate::source::Span>>>>,
    sorting: std::cell::OnceCell<conflicts::Sorting>,
    telling: std::cell::OnceCell<Vec<FunctionRef>>,
    /// What rows were used for; `None` in normal runs, which record nothing.
    uses: Option<RefCell<Vec<Use>>>,
}

impl<'p, 'k> Effects<'p, 'k> {
    /// Prepare to summarise a program.
    pub fn new(program: &'p Program<'k>) -> Self {
        Effects {
            program,
            coordinators: Coordinators::find(program),
            summaries: RefCell::default(),
            closures: RefCell::default(),
            closure_depth: std::cell::Cell::new(0),
            depth: std::cell::Cell::new(0),
            unresolved: RefCell::default(),
            given: RefCell::default(),
            flagged: RefCell::default(),
            followed: RefCell::default(),
            changing: program.knowledge.changing_methods(),
            columns: std::cell::OnceCell::new(),
            asked_of_stores: program.knowledge.methods_of_queries(),
            refused_key: program.knowledge.refused_key(),
            conflicts: RefCell::default(),
            sorting: std::cell::OnceCell::new(),
            telling: std::cell::OnceCell::new(),
            uses: None,
        }
    }

    /// The same, for a run that records what rows are used for: every function is summarised, whoever runs it.
    pub fn recording(program: &'p Program<'k>) -> Self {
        let effects = Effects { uses: Some(RefCell::default()), ..Self::new(program) };
        for function in program.functions() {
            effects.summary(function, None);
            // Packs that know receivers by name speak when nobody says what a parameter is.
            let entry = FunctionValue::of(function, None);
            effects.run(&entry);
        }
        effects
    }

    /// Whether uses of rows are recorded.
    pub fn records(&self) -> bool {
        self.uses.is_some()
    }

    /// Record a use of a row.
    pub fn record(&self, row: RowId, site: Site, meaning: String) {
        if let Some(uses) = &self.uses {
            uses.borrow_mut().push(Use { row, site, meaning });
        }
    }

    /// The uses of rows that were recorded, sorted.
    pub fn uses(&self) -> Vec<Use> {
        let mut all = self.uses.as_ref().map(|uses| uses.borrow().clone()).unwrap_or_default();
        all.sort();
        all.dedup();
        all
    }

    /// The classes of the project that hand out locks, by what they do.
    pub fn coordinators(&self) -> &Coordinators {
        &self.coordinators
    }

    /// What a function does; `class` is the receiver's class where it differs from the one that defines the function.
    pub fn summary(&self, function: FunctionRef, class: Option<crate::link::ClassRef>) -> Rc<Summary> {
        let class = self.specialised(function, class);
        let key = (function, class, false);
        self.once(key, || self.summarised(key, &[]))
    }

    /// A function's own summary, where somebody has asked for it.
    fn known(&self, function: FunctionRef) -> Option<Rc<Summary>> {
        self.summaries.borrow().get(&(function, None, false)).cloned().flatten()
    }

    /// The receiver's class where it derives from the one that defines the function.
    fn specialised(&self, function: FunctionRef, class: Option<crate::link::ClassRef>) -> Option<crate::link::ClassRef> {
        let own = self.program.function(function).class.map(|class| crate::link::ClassRef { module: function.module, class })?;
        let own = self.program.owner(own);
        class.filter(|c| *c != own && self.program.ancestors(*c).contains(&own))
    }

    fn once(&self, key: SummaryKey, make: impl FnOnce() -> Summary) -> Rc<Summary> {
        if let Some(known) = self.summaries.borrow().get(&key) {
            return known.clone().unwrap_or_default();
        }
        // A chain of callees that nobody has summarised yet: what lies deeper is left out here and asked for again elsewhere.
        if self.depth.get() >= DEPTH {
            let (function, ..) = key;
            let place = self.program.function(function).name_span;
            self.note_unresolved(self.program.site(function.module, place), format!("more than {DEPTH} calls deep"));
            return Rc::default();
        }
        self.summaries.borrow_mut().insert(key, None);
        self.depth.set(self.depth.get() + 1);
        let summary = Rc::new(make());
        self.depth.set(self.depth.get() - 1);
        self.summaries.borrow_mut().insert(key, Some(summary.clone()));
        summary
    }

    /// What calling a function value does: decorators applied, captured names known.
    pub fn summary_of(&self, value: &FunctionValue) -> Rc<Summary> {
        if !value.plain && !value.captured.is_empty() {
            return self.closure_summary(value, value.receiver_class());
        }
        let key = self.key(value);
        self.once(key, || self.summarised(key, &[]))
    }

    /// By what the summary of a function is known that captured nothing.
    fn key(&self, value: &FunctionValue) -> SummaryKey {
        (value.function, self.specialised(value.function, value.receiver_class()), value.plain)
    }

    /// What a function does where it is given these flags.
    fn summarised(&self, (function, class, plain): SummaryKey, flags: &[(u8, Kind)]) -> Summary {
        if plain { walk::summarise(self, function, class, &[], flags) } else { declare::decorated(self, function, class, flags) }
    }

    /// Whether a function is being summarised right now, further out, or lies too deep to be.
    fn is_open(&self, value: &FunctionValue) -> bool {
        if !value.captured.is_empty() {
            return false;
        }
        let key = self.key(value);
        match self.summaries.borrow().get(&key) {
            Some(known) => known.is_none(),
            None => self.depth.get() >= DEPTH,
        }
    }

    /// Calls and writes that could not be resolved, sorted by place.
    pub fn unresolved(&self) -> Vec<(Site, String)> {
        let mut all = self.unresolved.borrow().clone();
        all.sort();
        all.dedup();
        all
    }

    fn note_unresolved(&self, site: Site, what: impl Into<String>) {
        self.unresolved.borrow_mut().push((site, what.into()));
    }
}

impl Effects<'_, '_> {
    /// What runs when a value is entered from outside: parameters are what they are declared to be, or what an outsider gives.
    pub fn run(&self, entry: &FunctionValue) -> Rc<Summary> {
        Rc::new(walk::enter_from_outside(self, entry))
    }
}
