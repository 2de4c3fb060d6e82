//! The items of a summary: what is done, where, in which contexts, depending on what.

use super::context::Context;
use super::fixed::AllFixed;
use super::keys::{Anew, Keys};
use super::leaks::Way;
use super::value::{Dep, Deps, Value};
use crate::facts::Name;
use crate::knowledge::vocabulary::{ActorKind, Effect, Runs};
use crate::link::{FunctionRef, Kind, LockUse, Template};
use crate::source::Site;
use std::rc::Rc;

/// One thing a function does.
#[derive(Clone, Debug)]
pub struct Item {
    /// What.
    pub what: Rc<What>,
    /// Where.
    pub site: Site,
    /// The function whose code does it.
    pub function: FunctionRef,
    /// What surrounds it, outermost first.
    pub contexts: Rc<Vec<Context>>,
    /// The calls that lead to it, outermost first; `None` where the summarised function does it itself.
    pub chain: Option<Rc<Call>>,
    /// What its written value depends on.
    pub data: Deps,
    /// What decided whether it runs.
    pub control: Rc<Vec<(Dep, Check)>>,
    /// Which record it is to.
    pub keys: Keys,
    /// Steps of the way to it that were inferred and not resolved.
    pub inferred: u8,
    /// How many awaits of the summarised function came before it, for in-process state.
    pub awaits: u32,
    /// No caller can change it, so that none has a copy; decided when the function is known as a whole.
    pub kept: bool,
}

/// One call of a chain.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function that calls.
    pub function: FunctionRef,
    /// Where it calls.
    pub site: Site,
    /// The next call towards the item.
    pub next: Option<Rc<Call>>,
}

impl Call {
    /// This call and those behind it, outermost first.
    pub fn steps(&self) -> impl Iterator<Item = &Call> {
        std::iter::successors(Some(self), |call| call.next.as_deref())
    }

    /// The same chain with more calls at its end.
    pub fn then(&self, last: Rc<Call>) -> Rc<Call> {
        let next = self.next.as_ref().map_or(last.clone(), |next| next.then(last));
        Rc::new(Call { function: self.function, site: self.site, next: Some(next) })
    }
}

/// What a condition asks of something that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// That it is missing.
    Absence,
    /// That it is there.
    Presence,
    /// Whether it is there, and nobody knows which of the two.
    Existence,
    /// What it holds.
    State,
    /// Whether a column of it is set at all.
    Column,
    /// That it holds something else than what the code was given: there is something to change.
    Difference,
}

impl Check {
    /// What holds where this does not.
    pub fn opposite(self) -> Check {
        match self {
            Check::Absence => Check::Presence,
            Check::Presence => Check::Absence,
            other => other,
        }
    }

    /// The question without its answer.
    pub fn unsure(self) -> Check {
        match self {
            Check::Absence | Check::Presence => Check::Existence,
            Check::Difference => Check::State,
            other => other,
        }
    }
}

/// What an item is.
#[derive(Clone, Debug)]
pub enum What {
    /// An access to state.
    Access(Access),
    /// A lock is taken; its context follows.
    Acquire {
        /// Which, and how.
        lock: Rc<LockUse>,
        /// By a call of its own and not as a context: somebody has to release it.
        explicit: bool,
        /// The context that follows: what is done while it is held carries it.
        token: u64,
        /// The very lock is held already: since where.
        again: Option<Site>,
        /// Whether it was granted is asked by nobody.
        unasked: bool,
        /// Other work of the function that takes it hangs on whether it was granted.
        asked: bool,
    },
    /// The life of a lock is extended.
    Renew {
        /// The lock's name or key.
        name: Template,
    },
    /// A lock is given back.
    Release {
        /// The lock's name or key.
        name: Template,
        /// Whether the owner is compared first.
        owner_checked: bool,
        /// Only because something failed: a handler takes back what was taken.
        undoes: bool,
    },
    /// A lock that this function takes can stay held.
    Leak {
        /// The lock.
        lock: Rc<LockUse>,
        /// How.
        way: Way,
    },
    /// An event: publish, subscribe, consume, enqueue.
    Event {
        /// Which.
        effect: Effect,
        /// The channel.
        channel: Template,
        /// It is a value of the process, known by the variable that holds it.
        local: bool,
        /// The library call.
        api: Name,
    },
    /// Time passes: sleep, model call, network call.
    Pause {
        /// Which.
        effect: Effect,
        /// How long it lasts, for a call at most; in seconds, where known.
        seconds: Option<f64>,
        /// A call that gives up by itself, sooner or later.
        limited: bool,
        /// The library call.
        api: Name,
    },
    /// Something watches or stops: alert, metric, observation, cancellation.
    Control {
        /// Which.
        effect: Effect,
        /// A metric's or alert's name.
        name: Option<Template>,
        /// What is stopped has no time to clean up.
        abrupt: bool,
        /// What is stopped was started by the very function: it ends its own child, and nobody else can by that.
        own: bool,
        /// The library call.
        api: Name,
    },
    /// An actor, tool, task, orchestrator or one of their relations is declared.
    Declare(Declaration),
    /// A function given by the caller is called here.
    CallParameter {
        /// Which parameter, or a member of it.
        callee: Kind,
        /// With what.
        args: Vec<(Option<Name>, Value)>,
    },
}

/// An access to state.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// What it does.
    pub operation: Operation,
    /// The kind of resource: `table`, `file`, `cache`, ….
    pub kind: Name,
    /// The store: `postgres`, `redis`, `file`.
    pub store: Name,
    /// Which instance of the store, where that is told.
    pub instance: Option<Template>,
    /// The resource's name; `None` where it cannot be told.
    pub name: Option<Template>,
    /// The library call.
    pub api: Name,
    /// Repeating it gives the same state, and why; `None` follows from the operation.
    pub idempotent: Option<(bool, &'static str)>,
    /// One indivisible step in the store, readers see all or nothing.
    pub atomic: bool,
    /// It commits for itself where no transaction is begun around it, or is committed before anything else is done.
    pub autocommit: bool,
    /// It takes effect only where a condition holds in the store at that moment.
    pub conditional: bool,
    /// All that it asks for again are constants of columns that it does not set: whether it is the right record, not whether what was
    /// read of it still holds.
    pub only_selects: bool,
    /// Its result tells whether it took effect.
    pub decides: bool,
    /// Columns or fields it sets; of a query that stands as text, those it selects.
    pub columns: Vec<Name>,
    /// Columns that its condition fixes or bounds.
    pub keys: Vec<Name>,
    /// Its condition asks for what lies on one side of a bound: older than, more than.
    pub bounded: bool,
    /// It computes a number over many rows: max, count, sum.
    pub aggregate: bool,
    /// It gives the elements of a collection.
    pub elements: bool,
    /// The column of which the first row that it reads has the highest value.
    pub highest: Option<Name>,
    /// Several records in an order that depends on its input.
    pub many: bool,
    /// It is sent with others of its session, in the order of their keys.
    pub in_order: bool,
    /// It locks several records in the order of a list that it is given and that nothing sorts.
    pub unsorted: bool,
    /// It locks the rows that it reads until the transaction ends.
    pub locks_rows: bool,
    /// It moves money.
    pub money: bool,
    /// The column by which it takes a record for its caller, whatever that holds by then: `SET booked = 1 WHERE id = ?`.
    pub claims: Option<Name>,
    /// It asks whether the thing is there and not what it holds.
    pub presence: bool,
    /// It asks for what has no row here: `WHERE NOT EXISTS (SELECT … FROM it …)`.
    pub absence: bool,
    /// It was read in a loop, and what was found decides when the loop ends.
    pub awaited: bool,
    /// What is written was computed: not a constant and not what the caller gave.
    pub computed: bool,
    /// Nobody else sees it: a temporary file, a log.
    pub private: bool,
    /// It takes away all that lies below as well.
    pub all_below: bool,
    /// What it sets is a row that the caller has loaded.
    pub of_given_row: bool,
    /// The session through which it was read has ended: what is set on its rows is sent by nobody.
    pub detached: bool,
    /// Its call is awaited: others of the event loop run before it has ended.
    pub suspends: bool,
    /// One process alone may use it at a time.
    pub exclusive: bool,
    /// What it puts there is a lock, which its users would take.
    pub locks: bool,
    /// The lock that a key is which is set where it is absent, if it is deleted once the work is done.
    pub claim: Option<Rc<LockUse>>,
    /// The written key or value differs at each run.
    pub fresh_key: bool,
    /// Columns that it fills with what differs at each run, or with what a caller gives as this parameter.
    pub anew: Anew,
    /// Columns that it sets to what stands in the code, or to what a caller gives.
    pub fixed: AllFixed,
    /// Columns of which a caller says in so many words what they must hold: the state that rows are asked for by.
    pub states: AllFixed,
    /// It adds what the caller gives as this parameter: an INSERT where that was made anew, nothing where it was loaded.
    pub added: Option<u8>,
    /// It sets the fields of a mapping that the caller gives as this parameter, besides those told.
    pub given: Option<u8>,
    /// What it would have to be given for a repetition to be harmless, where only the caller knows what it is given.
    pub later: Option<Rc<Vec<Later>>>,
    /// The verb as the report names it: `INSERT`, `UPDATE`, `json.dump`.
    pub verb: Name,
    /// The name was not in the text as a whole, or the text could only be read by its keywords.
    pub exact: bool,
}

/// An argument that only a caller knows, and what it is where the call merely asks: the method is GET, the host is a model's.
#[derive(Clone, Debug, PartialEq)]
pub struct Later {
    /// The argument.
    pub value: Kind,
    /// The constant that it would have to be.
    pub is: Option<String>,
    /// The texts of which it would have to hold one.
    pub contains: Vec<String>,
}

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Looks.
    Read,
    /// Creates a record.
    Insert,
    /// Creates or replaces by key.
    Upsert,
    /// Sets fields of a record.
    Update,
    /// Changes by an amount in one step.
    Increment,
    /// Adds at the end.
    Append,
    /// Removes.
    Delete,
    /// Replaces the whole.
    Put,
    /// Creates where absent and tells whether it did.
    CreateIfAbsent,
    /// Writes where a condition holds and tells whether it did.
    CompareAndSet,
    /// Moves a finished file over another.
    Replace,
    /// An external side effect.
    Call,
}

impl Operation {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Operation::Read => "read",
            Operation::Insert => "insert",
            Operation::Upsert => "upsert",
            Operation::Update => "update",
            Operation::Increment => "increment",
            Operation::Append => "append",
            Operation::Delete => "delete",
            Operation::Put => "put",
            Operation::CreateIfAbsent => "create-if-absent",
            Operation::CompareAndSet => "compare-and-set",
            Operation::Replace => "replace",
            Operation::Call => "call",
        }
    }

    /// Whether it only looks.
    pub fn is_read(self) -> bool {
        self == Operation::Read
    }
}

impl Access {
    /// An access of which nothing more is known yet: no name, no keys, not atomic.
    pub fn new(operation: Operation, kind: impl Into<Name>, store: impl Into<Name>, api: impl Into<Name>, verb: impl Into<Name>) -> Self {
        Access {
            operation,
            kind: kind.into(),
            store: store.into(),
            instance: None,
            name: None,
            api: api.into(),
            idempotent: None,
            atomic: false,
            conditional: false,
            only_selects: false,
            decides: false,
            columns: Vec::new(),
            keys: Vec::new(),
            bounded: false,
            aggregate: false,
            elements: false,
            highest: None,
            autocommit: false,
            many: false,
            unsorted: false,
            locks_rows: false,
            money: false,
            claims: None,
            presence: false,
            absence: false,
            awaited: false,
            computed: false,
            private: false,
            all_below: false,
            of_given_row: false,
            detached: false,
            suspends: false,
            exclusive: false,
            locks: false,
            claim: None,
            in_order: false,
            fresh_key: false,
            anew: None,
            fixed: None,
            states: None,
            added: None,
            given: None,
            later: None,
            verb: verb.into(),
            exact: true,
        }
    }

    /// Whether it is to one thing with another access, by its name.
    pub fn is_named_like(&self, other: &Access) -> bool {
        self.name.as_ref().is_some_and(|name| name.has_text()) && self.name == other.name
    }

    /// Whether it is to one thing with another access, by its kind and name.
    pub fn is_to_one_with(&self, other: &Access) -> bool {
        self.kind == other.kind && self.is_named_like(other)
    }

    /// Whether what it is to goes with what another access takes away, or is that.
    pub fn is_to_part_of(&self, other: &Access) -> bool {
        let below = |folder: &Template| self.name.as_ref().is_some_and(|name| name.lies_below(folder));
        self.is_to_one_with(other) || other.all_below && self.kind == other.kind && other.name.as_ref().is_some_and(below)
    }

    /// Whether all columns that it sets are known by name.
    pub fn tells_columns(&self) -> bool {
        let plain = |c: &Name| c.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        !self.columns.is_empty() && self.columns.iter().all(plain)
    }

    /// Whether repeating it gives the same state.
    pub fn is_idempotent(&self) -> bool {
        match self.idempotent {
            Some((idempotent, _)) => idempotent,
            None => !matches!(self.operation, Operation::Insert | Operation::Append | Operation::Call | Operation::Increment),
        }
    }
}

/// A declaration of an actor or of what belongs to one.
#[derive(Clone, Debug, Default)]
pub struct Declaration {
    /// Actor, tool, task, orchestrator, member, edge, run, hand-off, schedule, and spawn for a program that is started.
    pub effect: Effect,
    /// The kind of actor.
    pub actor: Option<ActorKind>,
    /// Candidate names, best first.
    pub names: Vec<Kind>,
    /// The key of the manifest section it is built from.
    pub config: Option<Kind>,
    /// Actors of its kind are built from sections of manifests, whose keys name them before any role does.
    pub by_manifest: bool,
    /// Its functions, tools and objects.
    pub entries: Vec<Kind>,
    /// Its members: agents, tasks, nodes.
    pub members: Vec<Kind>,
    /// The agent a task or run is for; for methods the receiver.
    pub subject: Kind,
    /// Texts that models read, with their places.
    pub prompts: Vec<(Kind, Site)>,
    /// The orchestrator's pattern.
    pub pattern: Option<Name>,
    /// How members run.
    pub runs: Option<Runs>,
    /// Several instances by nature.
    pub multiple: bool,
    /// Tool calls of one turn run beside one another.
    pub parallel_tools: bool,
    /// How often the framework runs the body again; -1 without limit.
    pub retries: Option<i64>,
    /// The class of the state that an orchestrator's members share.
    pub state: Kind,
    /// The key of that state which the actor's answer replaces.
    pub state_key: Kind,
    /// The framework.
    pub framework: Name,
    /// Runs are keyed by a session, thread or user.
    pub sessions: bool,
    /// It runs as often as what starts it, whatever its kind.
    pub once: bool,
    /// The library call.
    pub api: Name,
    /// The variable it is assigned to.
    pub target: Option<Name>,
    /// The function it stands in.
    pub within: Option<FunctionRef>,
}

impl Item {
    /// An item with nothing around it and nothing before it.
    pub fn of(what: What, site: Site, function: FunctionRef) -> Item {
        Item {
            what: Rc::new(what),
            site,
            function,
            contexts: Rc::default(),
            chain: None,
            data: Deps::default(),
            control: Rc::default(),
            keys: None,
            inferred: 0,
            awaits: 0,
            kept: false,
        }
    }

    /// The access it is, if it is one.
    pub fn access(&self) -> Option<&Access> {
        match &*self.what {
            What::Access(access) => Some(access),
            _ => None,
        }
    }

    /// The call of the summarised function that leads to it, or its own place.
    pub fn outer_site(&self) -> Site {
        self.chain.as_ref().map_or(self.site, |c| c.site)
    }
}

impl Item {
    /// The calls that lead to it, outermost first.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.chain.iter().flat_map(|first| first.steps())
    }

    /// The functions on the way to it with the place in each, its own last.
    pub fn way(&self) -> impl Iterator<Item = (FunctionRef, Site)> {
        self.calls().map(|call| (call.function, call.site)).chain([(self.function, self.site)])
    }

    /// What surrounds both it and another item of its function: one entry, not two of one kind.
    pub fn common<'i>(&'i self, other: &'i Item) -> impl Iterator<Item = &'i Context> {
        self.contexts.iter().filter(|c| other.contexts.iter().any(|o| o.token == c.token))
    }

    /// Where `function` itself does it or calls towards it; `None` where the way does not pass through it.
    pub fn outer_in(&self, function: FunctionRef) -> Option<Site> {
        self.way().find(|(at, _)| *at == function).map(|(_, site)| site)
    }
}
