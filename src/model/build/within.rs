//! What happens inside a lock or an endless loop, in whatever function it is done.

use super::Doing;
use crate::effects::{Access, Held, Item, LockUse, Operation, Sorts, What};
use crate::knowledge::vocabulary::Effect;
use crate::link::{FunctionRef, Template};
use crate::model::{Pause, Polling};
use crate::source::Site;
use rustc_hash::{FxHashMap, FxHashSet};

/// The pauses of one actor by what surrounds them.
pub(super) struct Within {
    /// By the place where a lock was taken.
    locks: FxHashMap<Site, Vec<(Template, Pause)>>,
    /// Sleeps by the token of the endless loop around them.
    sleeps: FxHashMap<u64, (Site, Option<f64>)>,
    /// Tokens of loops that take messages: a round starts when something comes in.
    consuming: FxHashSet<u64>,
    /// Locks whose life something extends.
    renewed: Vec<Template>,
    /// What is put into memory in an endless loop, by the loop's token.
    kept: FxHashSet<(u64, Template)>,
}

impl Within {
    /// Collect what one actor does.
    pub fn of(doing: &Doing) -> Within {
        let mut within = Within {
            locks: FxHashMap::default(),
            sleeps: FxHashMap::default(),
            consuming: FxHashSet::default(),
            renewed: Vec::new(),
            kept: FxHashSet::default(),
        };
        for told in doing.items(Sorts::WRITE) {
            let Some(access) = told.access().filter(|a| a.kind == "memory") else { continue };
            if let (Some(name), Operation::Put | Operation::Upsert | Operation::Insert) = (&access.name, access.operation)
                && let Some(inner) = told.contexts().iter().rfind(|c| c.is_endless())
            {
                within.kept.insert((inner.token, name.clone()));
            }
        }
        for told in doing.items(Sorts::EVENT.and(Sorts::LOCK).and(Sorts::PAUSE)) {
            if let What::Event { effect: Effect::Consume, .. } = told.what() {
                within.consuming.extend(told.contexts().iter().filter(|c| matches!(c.held, Held::Loop { .. })).map(|c| c.token));
            }
            if let What::Renew { name } = told.what() {
                within.renewed.push(name.clone());
            }
            let What::Pause { effect, seconds, limited, .. } = told.what() else { continue };
            let (site, contexts) = (told.own.site, told.contexts());
            // A pause between attempts of something in a loop is not the loop's own pace.
            let paced = contexts.iter().rfind(|c| matches!(c.held, Held::Loop { .. } | Held::Retry(_)));
            let paced = paced.map(|c| c.token);
            let what = match effect {
                Effect::ModelCall => "model call",
                Effect::NetworkCall => "network call",
                _ => "sleep",
            };
            let cut = contexts.iter().filter_map(|c| match &c.held {
                Held::Limited(seconds) => Some(*seconds),
                _ => None,
            });
            let cut: Vec<Option<f64>> = cut.collect();
            let least = cut.iter().chain([seconds]).copied().flatten().reduce(f64::min);
            let limited = *limited || !cut.is_empty() || what == "sleep";
            let pause = Pause { site, what, seconds: least, limited, repeated: false, stopped: None };
            let mut stopped: Option<f64> = None;
            // Work that is started and left alone goes on without the lock.
            let left_alone = contexts.iter().rposition(|c| matches!(c.held, Held::Spawned { waits: false, .. }));
            for (at, context) in contexts.iter().enumerate() {
                match &context.held {
                    Held::Limited(Some(seconds)) => stopped = Some(stopped.map_or(*seconds, |s| s.min(*seconds))),
                    Held::Lock(_) if left_alone.is_some_and(|started| at < started) => {}
                    Held::Lock(lock) => {
                        let known = within.locks.entry(context.site).or_default();
                        let repeated = contexts[at + 1..].iter().any(|c| c.is_endless());
                        let pause = Pause { stopped, repeated, ..pause.clone() };
                        if !known.iter().any(|(name, p)| *name == lock.name && *p == pause) {
                            known.push((lock.name.clone(), pause));
                        }
                    }
                    Held::Loop { endless: true, .. } if *effect == Effect::Sleep && paced == Some(context.token) => {
                        within.sleeps.entry(context.token).or_insert((site, *seconds));
                    }
                    _ => {}
                }
            }
        }
        within
    }

    /// What takes long while a lock taken here is held.
    pub fn pauses(&self, taken: Site, lock: &LockUse) -> Vec<Pause> {
        let all = self.locks.get(&taken).into_iter().flatten();
        all.filter(|(name, _)| *name == lock.name || name.is_open()).map(|(_, pause)| pause.clone()).collect()
    }

    /// Whether something that the actor does extends a lock's life.
    pub fn is_renewed(&self, lock: &LockUse) -> bool {
        self.renewed.contains(&lock.name)
    }

    /// Whether the loop around a look at something in memory also puts things there: it keeps what it has found out, and waits
    /// for nobody else to do so.
    pub fn keeps(&self, item: &Item, access: &Access) -> bool {
        let inner = item.contexts.iter().rfind(|c| c.is_endless());
        inner.zip(access.name.clone()).is_some_and(|(inner, name)| self.kept.contains(&(inner.token, name)))
    }

    /// The loop with a sleep in it that an item stands in.
    pub fn polling(&self, item: &Item, qualified: impl Fn(FunctionRef) -> String) -> Option<Polling> {
        let inner = item.contexts.iter().rfind(|c| c.is_endless())?;
        if matches!(inner.held, Held::Loop { waits: true, .. }) || self.consuming.contains(&inner.token) {
            return None;
        }
        let (sleep, seconds) = self.sleeps.get(&inner.token)?;
        let looks = item.outer_in(inner.function).unwrap_or(item.site);
        let function = qualified(inner.function);
        let distance = super::races::distance(item, inner.function);
        Some(Polling { site: inner.site, looks, function, sleep: *sleep, seconds: *seconds, distance })
    }
}
