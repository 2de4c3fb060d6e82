//! Which processes run whom, and whether two actors can be in different ones.
//!
//! Knows what is deployed (units and the actors they host) and the frameworks whose workers run in processes of their own.
//! It refuses to guess: an actor that no unit hosts and no framework moves away is in one process with all others like it.

use super::{Actor, ActorId, ActorKind, Model, Unit};
use crate::source::Site;

/// Why two actors (or two instances of one) can be in different processes.
#[derive(Clone, Debug, PartialEq)]
pub struct Apart {
    /// In words: `3 replicas of service api`.
    pub why: String,
    /// The places that show it, each with its own words.
    pub places: Vec<(Site, String)>,
    /// A number of instances or processes above one is written down.
    pub written: bool,
    /// They are on machines of their own, with files of their own.
    pub own_files: bool,
}

impl Unit {
    /// Whether it is more than one process at a time.
    pub fn is_several(&self) -> bool {
        self.several || self.instances > 1
    }

    /// How many there are of it, in words.
    pub fn words(&self) -> String {
        match self.instances {
            _ if self.per_client => format!("a process of \"{}\" for each client", self.name),
            0 | 1 => format!("several processes of \"{}\"", self.name),
            count => format!("{count} processes of \"{}\"", self.name),
        }
    }

    fn hosts_both(&self, a: ActorId, b: ActorId) -> bool {
        self.hosts.contains(&a) && self.hosts.contains(&b)
    }
}

impl Model {
    /// All units of all systems.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.systems.iter().flat_map(|s| &s.units)
    }

    /// Why two actors, or two instances of one, can be in different processes; the strongest reason.
    pub fn apart(&self, a: ActorId, b: ActorId) -> Option<Apart> {
        let together = || self.units().filter(|u| u.hosts_both(a, b));
        if let Some(unit) = together().filter(|u| u.is_several()).max_by_key(|u| (u.written.is_some(), u.instances)) {
            let words = if unit.per_client { "each client starts a process of its own".into() } else { format!("{} run", unit.words()) };
            let place = (unit.written.unwrap_or(unit.site), words);
            return Some(Apart { why: unit.words(), places: vec![place], written: unit.written.is_some(), own_files: unit.scheduled });
        }
        let (x, y) = (self.actor(a), self.actor(b));
        if let Some(apart) = own_process(x, y, together().next().is_some()) {
            return Some(apart);
        }
        if a == b || together().next().is_some() {
            return None;
        }
        let of = |actor: ActorId| self.units().filter(move |u| u.hosts.contains(&actor));
        let (one, other) = of(a).find_map(|u| of(b).find(|v| v.group == u.group).map(|v| (u, v)))?;
        let words = |u: &Unit| format!("\"{}\" is a process of its own", u.name);
        let places = vec![(one.site, words(one)), (other.site, words(other))];
        Some(Apart {
            why: format!("\"{}\" and \"{}\" are separate services", one.name, other.name),
            places,
            written: false,
            own_files: one.scheduled || other.scheduled,
        })
    }

    /// Whether a manifest shows that two handlers or tasks, if they are asynchronous, run on one event loop: in one process, of
    /// which one is started.
    pub fn on_one_loop(&self, a: ActorId, b: ActorId) -> bool {
        self.may_be_on_one_loop(a, b) && self.units().any(|unit| unit.hosts_both(a, b))
    }

    /// Whether they do unless something starts more processes that nothing here shows.
    pub fn may_be_on_one_loop(&self, a: ActorId, b: ActorId) -> bool {
        let here = |actor: &Actor| match actor.kind {
            ActorKind::Endpoint => true,
            // A queue's tasks run where its workers are started.
            ActorKind::Worker => actor.is_started_by_code(),
            _ => false,
        };
        here(self.actor(a)) && here(self.actor(b)) && self.apart(a, b).is_none()
    }

    /// Whether two actors can be in one process, and so share what is in its memory.
    pub fn together(&self, a: ActorId, b: ActorId) -> bool {
        let hosted = |actor: ActorId| self.units().any(|u| u.hosts.contains(&actor));
        let same = self.actor(a).process == self.actor(b).process;
        same && (!hosted(a) || !hosted(b) || self.units().any(|u| u.hosts_both(a, b)))
    }
}

/// Two actors of which a framework runs one or both in processes of its own.
fn own_process(x: &Actor, y: &Actor, hosted: bool) -> Option<Apart> {
    let framework = x.process.as_ref().or(y.process.as_ref())?;
    let why = match (&x.process, &y.process) {
        // One process that is written down is the word of whoever deploys it.
        (Some(one), Some(other)) if one == other => {
            (x.pooled && !hosted).then(|| format!("{framework} runs its tasks in several processes by default"))?
        }
        _ => format!("{framework} runs its tasks in processes of their own"),
    };
    let site = if x.process.is_some() { x.site } else { y.site };
    Some(Apart { why: why.clone(), places: vec![(site, why)], written: false, own_files: false })
}
