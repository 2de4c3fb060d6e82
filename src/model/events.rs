//! What is wrong with how actors hear of one another, and how they are stopped, as rules read it.

use super::{ActorId, Frame, ResourceId};
use crate::source::Site;

/// A channel of which one end alone is to be seen, though the project has both ends of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LooseEnd {
    /// The channel.
    pub channel: String,
    /// The end that is there: it is published on, else it is listened to.
    pub published: bool,
    /// Who stands there, sorted.
    pub actors: Vec<ActorId>,
    /// Where.
    pub site: Site,
    /// `Class.method` or `function`.
    pub function: String,
    /// The chain of the first actor from its entry to the place.
    pub path: Vec<Frame>,
    /// Steps of the way that were inferred.
    pub inferred: u8,
}

/// What an actor reads once and uses for as long as it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleView {
    /// Of what.
    pub resource: ResourceId,
    /// Whose.
    pub actor: ActorId,
    /// Where it is read.
    pub site: Site,
    /// Where it is used in the actor's loop.
    pub used: Site,
    /// The function that reads.
    pub function: String,
    /// The chain from the actor's entry to the read.
    pub path: Vec<Frame>,
    /// Steps of the way that were inferred.
    pub inferred: u8,
}

/// A place that ends an actor as it stands, with no time for it to clean up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The library call.
    pub api: String,
    /// Who stops, sorted.
    pub actors: Vec<ActorId>,
    /// Where.
    pub site: Site,
    /// `Class.method` or `function`.
    pub function: String,
    /// Names and patterns of the locks that the same run gives back.
    pub releases: Vec<String>,
}
