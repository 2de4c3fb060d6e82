//! What happens inside a lock or an endless loop, in whatever function it is done.

use super::Doing;
use crate::effects::{Held, Item, LockUse, What};
use crate::knowledge::vocabulary::Effect;
use crate::link::Template;
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
}

impl Within {
    /// Collect what one actor does.
    pub fn of(doing: &Doing) -> Within {
        let mut within = Within { locks: FxHashMap::default(), sleeps: FxHashMap::default(), consuming: FxHashSet::default() };
        for (_, item) in doing.items() {
            if let What::Event { effect: Effect::Consume, .. } = &*item.what {
                within.consuming.extend(item.contexts.iter().filter(|c| matches!(c.held, Held::Loop { .. })).map(|c| c.token));
            }
            let What::Pause { effect, seconds, .. } = &*item.what else { continue };
            // A pause between attempts of something in a loop is not the loop's own pace.
            let paced = item.contexts.iter().rfind(|c| matches!(c.held, Held::Loop { endless: true, .. } | Held::Retry(_)));
            let paced = paced.map(|c| c.token);
            let what = match effect {
                Effect::ModelCall => "model call",
                Effect::NetworkCall => "network call",
                _ => "sleep",
            };
            let pause = Pause { site: item.site, what, seconds: *seconds };
            for context in item.contexts.iter() {
                match &context.held {
                    Held::Lock(lock) => {
                        let known = within.locks.entry(context.site).or_default();
                        if !known.iter().any(|(name, p)| *name == lock.name && *p == pause) {
                            known.push((lock.name.clone(), pause.clone()));
                        }
                    }
                    Held::Loop { endless: true, .. } if *effect == Effect::Sleep && paced == Some(context.token) => {
                        within.sleeps.entry(context.token).or_insert((item.site, *seconds));
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
        all.filter(|(name, _)| *name == lock.name).map(|(_, pause)| pause.clone()).collect()
    }

    /// The loop with a sleep in it that an item stands in.
    pub fn polling(&self, item: &Item) -> Option<Polling> {
        let inner = item.contexts.iter().rfind(|c| matches!(c.held, Held::Loop { endless: true, .. }))?;
        if matches!(inner.held, Held::Loop { waits: true, .. }) || self.consuming.contains(&inner.token) {
            return None;
        }
        let (sleep, seconds) = self.sleeps.get(&inner.token)?;
        Some(Polling { site: inner.site, sleep: *sleep, seconds: *seconds })
    }
}
