//! A race as a schedule that really loses something: two scripts run over a small abstract store in a losing order.
//!
//! The store holds one number, or nothing. A script reads it, decides or computes, and writes. [`losing`] runs both scripts
//! with their reads before their writes and compares the outcome with that of either serial order: where no serial order
//! gives it, an update was lost or a write doubled, and the schedule is what the user sees.

use super::Dependence;

/// One step of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which of the two actors: 0 or 1.
    pub who: usize,
    /// Whether it reads or writes.
    pub writes: bool,
    /// What it sees or leaves.
    pub value: String,
}

/// What the store holds: an amount where there is a record, and how many records were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Store {
    amount: Option<i64>,
    made: u32,
}

/// What one actor wants: to change an amount, to make what is absent, to act on what a state allows.
#[derive(Clone, Copy, Debug)]
struct Script {
    dependence: Dependence,
    delta: i64,
}

impl Script {
    fn start(self) -> Store {
        match self.dependence {
            Dependence::Data | Dependence::State => Store { amount: Some(5), made: 0 },
            Dependence::Existence => Store { amount: None, made: 0 },
        }
    }

    /// The store after this script's write, given what it read before.
    fn write(self, seen: Option<i64>, mut store: Store) -> Store {
        match (self.dependence, seen) {
            (Dependence::Data, Some(seen)) => store.amount = Some(seen + self.delta),
            // The state allows one of them: whoever saw it acts.
            (Dependence::State, Some(5)) => {
                store.amount = Some(0);
                store.made += 1;
            }
            (Dependence::Existence, None) => {
                store.amount = Some(1);
                store.made += 1;
            }
            _ => {}
        }
        store
    }
}

/// The schedule in which both read before either writes; `None` where it does no harm.
pub fn losing(dependence: Dependence) -> Option<Vec<Step>> {
    let scripts = [Script { dependence, delta: -3 }, Script { dependence, delta: -1 }];
    let start = scripts[0].start();
    let serial = |first: usize, second: usize| {
        let after = scripts[first].write(start.amount, start);
        scripts[second].write(after.amount, after)
    };
    let mut steps = Vec::new();
    let mut store = start;
    for who in 0..2 {
        steps.push(Step { who, writes: false, value: show(store) });
    }
    for (who, script) in scripts.iter().enumerate() {
        store = script.write(start.amount, store);
        steps.push(Step { who, writes: true, value: show(store) });
    }
    (store != serial(0, 1) && store != serial(1, 0)).then_some(steps)
}

fn show(store: Store) -> String {
    match (store.amount, store.made) {
        (None, _) => "absent".into(),
        (Some(_), made) if made > 0 => format!("written {made} times"),
        (Some(amount), _) => amount.to_string(),
    }
}

/// The schedule in which somebody sets a state to another one between a check and the write that it allowed: the checker reads,
/// the other writes, the checker writes; `None` where a serial order gives the same.
pub fn overwriting() -> Option<Vec<Step>> {
    let checker = Script { dependence: Dependence::State, delta: 0 };
    let start = checker.start();
    let other = |store: Store| Store { amount: Some(9), ..store };
    let set = other(start);
    let after = checker.write(start.amount, set);
    let serial = [other(checker.write(start.amount, start)), checker.write(set.amount, set)];
    let step = |who, writes, store| Step { who, writes, value: show(store) };
    let lost = serial.iter().all(|store| store.amount != after.amount);
    lost.then(|| vec![step(0, false, start), step(1, true, set), step(0, true, after)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_write_loses_the_earlier_one() {
        let steps = losing(Dependence::Data).unwrap_or_default();
        let values: Vec<&str> = steps.iter().map(|s| s.value.as_str()).collect();
        assert_eq!(values, ["5", "5", "2", "4"]);
    }

    #[test]
    fn what_was_absent_is_made_twice() {
        let last = losing(Dependence::Existence).and_then(|s| s.last().map(|s| s.value.clone()));
        assert_eq!(last.as_deref(), Some("written 2 times"));
    }

    #[test]
    fn a_state_that_is_set_after_the_check_is_overwritten() {
        let steps = overwriting().unwrap_or_default();
        let turns: Vec<(usize, bool)> = steps.iter().map(|s| (s.who, s.writes)).collect();
        assert_eq!(turns, [(0, false), (1, true), (0, true)]);
    }

    #[test]
    fn what_a_state_allowed_once_happens_twice() {
        assert!(losing(Dependence::State).is_some());
    }
}
