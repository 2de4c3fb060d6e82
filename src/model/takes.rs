//! Lock takings, waits, polling loops and prompts as rules read them.

use super::{ActorId, Frame};
use crate::source::Site;

/// One place where actors take a lock.
#[derive(Clone, Debug)]
pub struct Take {
    /// Which lock: an index into [`Model::locks`](super::Model::locks).
    pub lock: usize,
    /// Who takes it there, sorted.
    pub actors: Vec<ActorId>,
    /// Where.
    pub site: Site,
    /// `Class.method` or `function`.
    pub function: String,
    /// The locks held at that moment, outermost first, with the places where they were taken.
    pub held: Vec<(usize, Site)>,
    /// Taken in a loop, so that several of the kind are held at once; whether the loop is sorted.
    pub many: Option<bool>,
    /// Taken in a loop, it is still held behind the loop.
    pub kept: bool,
    /// How long it waits.
    pub waiting: Waiting,
    /// Whoever waits here stops the event loop that others run on.
    pub stops_others: bool,
    /// How it is given back.
    pub release: Release,
    /// Before it is taken here, that of whoever holds it is deleted: where.
    pub seized: Option<Site>,
    /// What takes long while it is held.
    pub pauses: Vec<Pause>,
    /// The very lock is held already: since where.
    pub again: Option<Site>,
    /// Whether it was granted is asked by nobody.
    pub unasked: bool,
    /// It, or the object that keeps it, is made here by each run anew, so that it excludes nobody.
    pub alone: Option<Site>,
    /// It is the lock itself that each run makes, and no object that keeps it.
    pub bare: bool,
    /// Its name differs at each use.
    pub fresh: bool,
    /// Something extends its life while it is held.
    pub renewed: bool,
    /// What is taken here ends by itself, holder or not.
    pub expires: bool,
    /// Resources that are written while it is held: indices into [`Model::resources`](super::Model::resources).
    pub writes: Vec<super::ResourceId>,
    /// The chain of the first actor from its entry to the place.
    pub path: Vec<Frame>,
    /// Steps of the way that were inferred.
    pub inferred: u8,
}

impl Take {
    /// Whether several of the kind are held at once: taken in a loop and still held behind it.
    pub fn keeps(&self) -> bool {
        self.kept
    }
}

/// How long a caller waits for a lock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Waiting {
    /// It tries once.
    Not,
    /// Until it gets it.
    Forever,
    /// For a time; seconds where known.
    Limited(Option<f64>),
}

impl Waiting {
    /// Whether a caller is kept waiting.
    pub fn waits(self) -> bool {
        self != Waiting::Not
    }
}

/// How a lock is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Nothing is known against how it is given back.
    Checked,
    /// Without comparing who holds it.
    Unchecked(Site),
}

/// A lock that stays held on a way out of the function that takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Leak {
    /// Which lock: an index into [`Model::locks`](super::Model::locks).
    pub lock: usize,
    /// Who takes it there, sorted.
    pub actors: Vec<ActorId>,
    /// Where it is taken.
    pub site: Site,
    /// `Class.method` or `function`.
    pub function: String,
    /// How it stays held.
    pub stays: Stays,
    /// The chain of the first actor from its entry to the place.
    pub path: Vec<Frame>,
    /// Steps of the way that were inferred.
    pub inferred: u8,
}

/// How a lock stays held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// An error leaves it held; it is given back here otherwise.
    OnError(Site),
    /// This return leaves it held.
    OnReturn(Site),
    /// Nobody gives it back.
    Always,
}

/// Something that takes long.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause {
    /// Where.
    pub site: Site,
    /// `model call`, `network call`, `sleep`.
    pub what: &'static str,
    /// How long in seconds, for a call at most, where known.
    pub seconds: Option<f64>,
    /// It ends by itself sooner or later: a sleep, a call with a time limit.
    pub limited: bool,
    /// A loop without an end of its own does it inside the lock.
    pub repeated: bool,
    /// Whoever holds the lock is stopped so many seconds after a moment before it was taken.
    pub stopped: Option<f64>,
}

/// A place where something is entered that calls itself a lock and does nothing.
#[derive(Clone, Debug)]
pub struct Hollow {
    /// What it calls itself.
    pub name: String,
    /// Where it is entered.
    pub site: Site,
    /// `Class.method` or `function`.
    pub function: String,
    /// Who enters it, sorted.
    pub actors: Vec<ActorId>,
    /// What is written inside, by the first of them.
    pub resource: super::ResourceId,
    /// The write.
    pub write: Site,
    /// The chain of the first actor from its entry to the write.
    pub path: Vec<Frame>,
    /// Steps of the way that were inferred.
    pub inferred: u8,
}

/// A loop that looks and sleeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Polling {
    /// The loop.
    pub site: Site,
    /// Where the loop looks: at the read, or at the call that leads to it.
    pub looks: Site,
    /// The function whose loop it is.
    pub function: String,
    /// The sleep.
    pub sleep: Site,
    /// How long it sleeps in seconds, where known.
    pub seconds: Option<f64>,
    /// How many calls lie between the loop and the read.
    pub distance: u8,
}

/// A text that a model reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// Whose; `None` where no actor is known.
    pub actor: Option<ActorId>,
    /// What it is called in a message: the agent's or task's name.
    pub name: String,
    /// The text, holes as `*`.
    pub text: String,
    /// Where.
    pub site: Site,
}

/// How the project keeps the order in which locks are taken.
#[derive(Clone, Debug)]
pub struct Order {
    /// In words: `alphabetical resource-ID`.
    pub how: String,
    /// Where.
    pub site: Site,
    /// Why it cannot work, where it cannot.
    pub fault: Option<OrderFault>,
}

/// Why an order check can never refuse.
#[derive(Clone, Debug)]
pub struct OrderFault {
    /// The record that is read and never filled.
    pub record: String,
    /// Where the record is made.
    pub made: Option<Site>,
    /// The function that checks.
    pub function: String,
}

/// A transaction that locks rows of one table and, while it holds them, rows of another.
#[derive(Clone, Debug, PartialEq)]
pub struct RowOrder {
    /// The tables, in the order in which their rows are locked.
    pub tables: [String; 2],
    /// Where each is locked.
    pub sites: [Site; 2],
    /// The function that locks the second, `Class.method`.
    pub function: String,
    /// In which system.
    pub system: u32,
    /// Who does so, sorted.
    pub actors: Vec<ActorId>,
    /// The chain of the first actor to what is done under both.
    pub path: Vec<Frame>,
}

/// A key of a framework's state that two members of a graph write in one step, with nothing that joins the two.
#[derive(Clone, Debug)]
pub struct StateCollision {
    /// The key.
    pub key: String,
    /// The members, as the graph calls them.
    pub names: [String; 2],
    /// Those of them that are actors.
    pub actors: Vec<ActorId>,
    /// Where they write.
    pub writes: [Site; 2],
    /// The function that writes first.
    pub function: String,
    /// Where the key is declared.
    pub declared: Option<Site>,
}

/// A file that several agents are told to write by their prompts, and that they are run in parallel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name.
    pub file: String,
    /// Who is told, in the order of the places.
    pub actors: Vec<ActorId>,
    /// Where each is told.
    pub sites: Vec<Site>,
    /// Where it is said that they run in parallel.
    pub parallel: Site,
}
