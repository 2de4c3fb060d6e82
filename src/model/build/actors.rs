//! Who acts: declarations in code and manifests, joined where they are one actor.

mod declared;
mod documents;
mod graphs;
mod join;
pub(super) mod loops;
mod made;
pub(super) mod programs;
mod protocols;
mod started;

use super::Input;
use super::collisions::{Collision, Node};
use super::deployment::DraftUnit;
use super::imports::Imports;
use super::parts::Part;
use crate::effects::Declaration;
use crate::knowledge::vocabulary::{ActorKind, Runs};
use crate::link::{ClassRef, FunctionRef, FunctionValue, Kind, LibraryValue};
use crate::source::Site;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// How far a value is followed to what it was derived from.
const DERIVED: usize = 8;

/// Actors and orchestrators before they are placed in systems.
#[derive(Default)]
pub(super) struct Draft {
    pub actors: Vec<DraftActor>,
    pub orchestrators: Vec<DraftOrchestrator>,
    /// Runs: the place, the function, the actor or orchestrator's place, contexts.
    pub runs: Vec<Run>,
    pub prompts: Vec<(Option<usize>, String, String, Site)>,
    /// Hand-offs and mesh members: actor indices.
    pub meshes: Vec<(Vec<usize>, Site)>,
    /// Which actor a value made at a place is.
    pub by_site: FxHashMap<Site, usize>,
    pub by_class: FxHashMap<ClassRef, usize>,
    /// Entries of the configuration that match nothing.
    pub unmatched: Vec<(crate::config::Place, String)>,
    /// Keys of a framework's state that two members write in one step.
    pub collisions: Vec<Collision>,
}

impl Draft {
    /// Where the actor or orchestrator was made that a value is or was derived from.
    pub fn origin(&self, value: &LibraryValue) -> Option<Site> {
        let known = |site: &Site| self.by_site.contains_key(site) || self.orchestrators.iter().any(|o| o.made == Some(*site));
        let mut at = Some(value);
        for _ in 0..DERIVED {
            let Some(next) = at else { break };
            if let Some(site) = next.site.filter(known) {
                return Some(site);
            }
            at = next.parent.as_deref();
        }
        value.site
    }

    /// Whom a run is of: where the value that is run was made, and its class.
    pub fn subject_of(&self, subject: &Kind) -> (Option<Site>, Option<ClassRef>) {
        match subject {
            Kind::Library(value) => (self.origin(value), None),
            Kind::Object(object) => (object.site, Some(object.class)),
            _ => (None, None),
        }
    }
}

pub(super) struct DraftActor {
    pub name: String,
    pub aliases: Vec<String>,
    pub kind: ActorKind,
    pub framework: String,
    pub site: Site,
    pub module: Option<u32>,
    pub entries: Vec<Entry>,
    pub tools: Vec<String>,
    pub multiple: Option<String>,
    pub retries: Option<i64>,
    pub parallel_tools: bool,
    pub class: Option<ClassRef>,
    /// The key of a shared state that its answer replaces.
    pub state_key: Option<String>,
    /// A graph's node, which may stand for an agent that is made elsewhere.
    pub node: bool,
    /// Places of its entries that it does not run: other commands of its program.
    pub without: Vec<Site>,
    /// The units that start it, where units do.
    pub started_by: Vec<usize>,
    /// Agents are told to run it, and nobody else does.
    pub told: bool,
}

impl DraftActor {
    /// One of which only this is known yet.
    pub fn new(name: impl Into<String>, kind: ActorKind, framework: impl Into<String>, site: Site) -> Self {
        DraftActor {
            name: name.into(),
            aliases: Vec::new(),
            kind,
            framework: framework.into(),
            site,
            module: None,
            entries: Vec::new(),
            tools: Vec::new(),
            multiple: None,
            retries: None,
            parallel_tools: false,
            class: None,
            state_key: None,
            node: false,
            without: Vec::new(),
            started_by: Vec::new(),
            told: false,
        }
    }
}

#[derive(Clone)]
pub(super) struct Entry {
    pub function: Rc<FunctionValue>,
    pub tool: bool,
}

pub(super) struct DraftOrchestrator {
    pub pattern: String,
    pub site: Site,
    pub runs: Option<Runs>,
    pub members: Vec<usize>,
    /// Members, once for each of their tasks that is not waited for: these tasks run beside one another.
    pub beside: Vec<usize>,
    /// Where the orchestrator's value is made.
    pub made: Option<Site>,
    /// Edges between members by name, for graphs.
    pub edges: Vec<(String, String)>,
    /// Those of them that are followed without a condition.
    pub sure_edges: Vec<(String, String)>,
    /// Its members as far as they write state, and the class of that state.
    pub nodes: Vec<Node>,
    /// Names of those of which several run in one step.
    pub copied: Vec<String>,
    /// The member that is run first, and that the others are run by.
    pub leader: Option<usize>,
    pub state: Kind,
    pub module: u32,
}

impl DraftOrchestrator {
    /// One that is declared at a place of a module, of which nothing else is known.
    pub fn new(pattern: impl Into<String>, site: Site, module: u32) -> Self {
        DraftOrchestrator {
            pattern: pattern.into(),
            site,
            runs: None,
            members: Vec::new(),
            beside: Vec::new(),
            made: None,
            edges: Vec::new(),
            sure_edges: Vec::new(),
            nodes: Vec::new(),
            copied: Vec::new(),
            leader: None,
            state: Kind::Unknown,
            module,
        }
    }

    /// Name its members by their new places, and leave out those that have none.
    pub fn renumber(&mut self, moved: impl Fn(usize) -> Option<usize>) {
        for members in [&mut self.members, &mut self.beside] {
            *members = members.iter().filter_map(|m| moved(*m)).collect();
        }
        self.leader = self.leader.and_then(moved);
    }
}

#[derive(Clone)]
pub(super) struct Run {
    pub site: Site,
    pub function: FunctionRef,
    /// Where the value that is run was made.
    pub subject: Option<Site>,
    pub class: Option<ClassRef>,
    pub contexts: Rc<Vec<crate::effects::Context>>,
    pub many: bool,
    /// It is keyed by a session, thread or user.
    pub sessions: bool,
}

pub(super) use crate::link::is_aside;

pub(super) fn collect(input: &Input, units: &[DraftUnit], parts: &[Vec<Option<Part>>], imports: &Imports) -> Draft {
    let files = programs::by_file(input.effects.program);
    let mut collector = Collector { input, draft: Draft::default(), declared: Vec::new(), tools_of: FxHashMap::default(), files };
    collector.declarations();
    collector.actors();
    collector.tools();
    collector.orchestrators();
    collector.loose_tools();
    collector.runs();
    collector.documents();
    super::configured::agents(input, &mut collector.draft);
    collector.programs();
    collector.protocols();
    collector.loops();
    collector.started(units, parts, imports);
    collector.join_same();
    collector.draft
}

struct Declared {
    site: Site,
    function: FunctionRef,
    declaration: Declaration,
    contexts: Rc<Vec<crate::effects::Context>>,
}

struct Collector<'i, 'a, 'p, 'k> {
    input: &'i Input<'a, 'p, 'k>,
    draft: Draft,
    declared: Vec<Declared>,
    /// Tools declared on a value made at a place.
    tools_of: FxHashMap<Site, Vec<(String, Kind)>>,
    /// Modules by the names of their files.
    files: FxHashMap<&'a str, Vec<u32>>,
}
