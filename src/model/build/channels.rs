//! Channels: who publishes on which, who listens, and what only one side of is to be seen.
//!
//! Who runs a function does not matter for whether somebody listens: a script that no actor is known by hears as well. What is
//! published or heard under a name that nobody can tell may be any channel, so that nothing is said then. Events inside a
//! process are no channels.

use super::{Doing, Input, Run, frames, join};
use crate::effects::{Context, Item, Sorts, Visit, What};
use crate::knowledge::vocabulary::{ActorKind, Effect};
use crate::link::FunctionRef;
use crate::model::{ActorId, Channel, LooseEnd, Model, StaleView};
use crate::source::Site;
use rustc_hash::FxHashMap;

/// Collect channels, loose ends of them, and what actors keep of what they read once.
pub(super) fn collect(input: &Input, doings: &[Doing], model: &mut Model) {
    channels(doings, model);
    model.loose_ends = loose_ends(input, doings);
    model.stale_views = stale_views(input, doings, model);
}

fn channels(doings: &[Doing], model: &mut Model) {
    let mut found: FxHashMap<String, Channel> = FxHashMap::default();
    for doing in doings {
        for told in doing.each(Sorts::EVENT) {
            let What::Event { effect, channel, .. } = told.what() else { continue };
            let site = told.own.site;
            if !channel.has_text() {
                continue;
            }
            let entry = found.entry(channel.pattern()).or_insert_with(|| Channel {
                id: channel.pattern(),
                publishers: Vec::new(),
                subscribers: Vec::new(),
                site,
            });
            entry.site = entry.site.min(site);
            let who = if feeds(*effect) { &mut entry.publishers } else { &mut entry.subscribers };
            join(who, doing.actor);
        }
    }
    model.channels = found.into_values().collect();
    model.channels.sort_by(|a, b| a.id.cmp(&b.id));
}

fn feeds(effect: Effect) -> bool {
    matches!(effect, Effect::Publish | Effect::Enqueue)
}

/// One side of the channels of one library, in the whole program.
#[derive(Default)]
struct Ends {
    /// Names and patterns of channels, by the library.
    named: Vec<(String, String)>,
    /// Libraries whose channel could not be told somewhere.
    unknown: Vec<String>,
}

impl Ends {
    fn add(&mut self, library: &str, channel: &crate::link::Template) {
        let library = library.to_string();
        if !channel.has_text() {
            if !self.unknown.contains(&library) {
                self.unknown.push(library);
            }
        } else {
            let named = (library, channel.pattern());
            if !self.named.contains(&named) {
                self.named.push(named);
            }
        }
    }

    /// Whether somebody may stand at this end of a channel.
    fn may_meet(&self, library: &str, channel: &str) -> bool {
        self.unknown.iter().any(|l| l == library) || self.named.iter().any(|(_, other)| may_be_one(channel, other))
    }

    fn knows(&self, library: &str) -> bool {
        self.named.iter().any(|(l, _)| l == library)
    }
}

/// Whether two names or patterns can mean one channel.
fn may_be_one(a: &str, b: &str) -> bool {
    let (x, y) = (head(a), head(b));
    match (x.len() < a.len(), y.len() < b.len()) {
        (false, false) => a == b,
        (true, false) => b.starts_with(x),
        (false, true) => a.starts_with(y),
        (true, true) => x.starts_with(y) || y.starts_with(x),
    }
}

/// What stands before the first wildcard.
fn head(pattern: &str) -> &str {
    pattern.split(['*', '#', '>', '+', '?', '[']).next().unwrap_or_default()
}

/// The library that a call belongs to.
fn library(api: &str) -> &str {
    api.split(['.', ':']).next().unwrap_or_default()
}

/// Channels of which the program has one end alone, though it has both of others of the same library.
fn loose_ends(input: &Input, doings: &[Doing]) -> Vec<LooseEnd> {
    let (mut fed, mut heard) = (Ends::default(), Ends::default());
    for function in input.effects.telling().iter().copied() {
        for item in &input.effects.summary(function, None).items {
            let What::Event { effect, channel, local: false, api } = &*item.what else { continue };
            // What a caller fills in is told there.
            if !channel.is_open() {
                (if feeds(*effect) { &mut fed } else { &mut heard }).add(library(api), channel);
            }
        }
    }
    let mut found: Vec<LooseEnd> = Vec::new();
    for doing in doings {
        for told in doing.items(Sorts::EVENT) {
            let What::Event { effect, channel, local: false, api } = told.what() else { continue };
            let (id, library) = (channel.pattern(), library(api));
            // Work that is handed over is another matter, and a store's own channels are fed by the store.
            if matches!(effect, Effect::Enqueue | Effect::Consume)
                || !channel.has_text()
                || id.starts_with(['_', '$'])
                || library == "LISTEN"
            {
                continue;
            }
            let (own, other) = if feeds(*effect) { (&fed, &heard) } else { (&heard, &fed) };
            if own.knows(library) && other.knows(library) && !other.may_meet(library, &id) {
                add(input, &mut found, doing.actor, &told.item(), id, feeds(*effect));
            }
        }
    }
    found.sort_by(|a, b| (a.site, &a.channel).cmp(&(b.site, &b.channel)));
    found
}

fn add(input: &Input, found: &mut Vec<LooseEnd>, actor: ActorId, item: &Item, channel: String, published: bool) {
    if let Some(known) = found.iter_mut().find(|l| l.channel == channel && l.published == published) {
        join(&mut known.actors, actor);
        return;
    }
    found.push(LooseEnd {
        channel,
        published,
        actors: vec![actor],
        site: item.site,
        function: input.effects.program.qualified(item.function).to_string(),
        path: frames(input, item),
        inferred: item.inferred,
    });
}

/// What actors read once, before the loop in which they use it for as long as they run.
fn stale_views(input: &Input, doings: &[Doing], model: &Model) -> Vec<StaleView> {
    let mut found: Vec<StaleView> = Vec::new();
    // A request, a task and a tool end by themselves, whatever loops they pass through.
    for doing in doings.iter().filter(|d| model.actor(d.actor).kind == ActorKind::Agent) {
        for (run, visit) in doing.runs.iter().flat_map(|r: &Run| r.visits.iter().map(move |v| (r, v))) {
            for (read, used) in kept(visit, run.entry) {
                let Some(read) = visit.item(read).map(|told| told.item()) else { continue };
                let Some(access) = read.access() else { continue };
                let again = doing.items(Sorts::READ).any(|t| {
                    t.access().is_some_and(|a| a.name == access.name && a.operation.is_read())
                        && t.contexts().iter().any(|c| c.is_endless())
                });
                let Some(resource) = super::accesses::find(model, access, doing.actor, run).filter(|_| !again) else { continue };
                if found.iter().any(|v| v.actor == doing.actor && v.resource == resource) {
                    continue;
                }
                found.push(StaleView {
                    resource,
                    actor: doing.actor,
                    site: read.site,
                    used,
                    function: input.effects.program.qualified(read.function).to_string(),
                    path: frames(input, &read),
                    inferred: read.inferred,
                });
            }
        }
    }
    found.sort_by_key(|v| (v.site, v.actor));
    found
}

/// The endless loop that an item stands in.
fn looping(item: &Item) -> Option<&Context> {
    item.contexts.iter().find(|c| c.is_endless())
}

/// Reads before the endless loop of an entry function, by number, whose value something inside it depends on, with the place of that.
fn kept(visit: &Visit, entry: FunctionRef) -> Vec<(u32, Site)> {
    let mut found: Vec<(u32, Site)> = Vec::new();
    for item in visit.own() {
        let Some(around) = looping(item).filter(|c| c.function == entry) else { continue };
        let deps = item.data.iter().chain(item.control.iter().map(|(dep, _)| dep));
        for dep in deps {
            let (Some(index), Some(read)) = (dep.item(), visit.behind(dep)) else { continue };
            let looks = read.access().is_some_and(|a| a.operation.is_read() && !a.presence);
            // What the loop asks at the start of each round stands within it.
            let at = read.outer_in(around.function).unwrap_or(read.outer_site());
            let before = at.file != around.site.file || !around.site.span.contains(at.span);
            if looks && before && looping(read).is_none() && !found.iter().any(|(f, _)| *f == index) {
                found.push((index, item.site));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::may_be_one;

    #[test]
    fn patterns_meet_names() {
        assert!(may_be_one("orders.created", "orders.*"));
        assert!(may_be_one("orders.*", "*"));
        assert!(may_be_one("shop.>", "shop.orders"));
        assert!(!may_be_one("orders.created", "orders.deleted"));
        assert!(!may_be_one("orders.*", "stock.*"));
    }
}
