//! Functions whose ways part by a flag and meet again with something else in hand: `if for_update: query = query.with_for_update()`.
//!
//! What is done afterwards hangs on nothing that can be left out for a caller, so that such a function is summarised once more for
//! the flags that callers write out or leave out. Other functions are summarised once ([`given`](super::given)).

use super::context::Held;
use super::state::State;
use super::value::{Dep, Value};
use super::walk::Walker;
use super::{Effects, Rc, Summary, SummaryKey};
use crate::facts::ExprId;
use crate::link::{FunctionValue, Kind};
use rustc_hash::FxHashMap;

/// How many sets of flags one function is summarised for.
const SETS: usize = 8;

/// Flags as they are given, by the number of their parameter.
pub(super) type Flags = Vec<(u8, Kind)>;

/// Summaries for the flags that were given.
pub(super) type ByFlags = FxHashMap<SummaryKey, Vec<(Flags, Option<Rc<Summary>>)>>;

/// Parameters by their numbers; those above are not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters(u64);

impl Parameters {
    /// Add one.
    pub fn add(&mut self, index: u8) {
        self.0 |= 1_u64.checked_shl(u32::from(index)).unwrap_or(0);
    }

    /// Their numbers.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..64).filter(move |index| self.0 >> index & 1 == 1)
    }
}

impl Effects<'_, '_> {
    /// What a function does where it is given these flags; `None` where they decide nothing in it that its summary does not tell.
    pub(super) fn for_flags(&self, value: &FunctionValue, summary: &Summary, flags: Flags) -> Option<Rc<Summary>> {
        if flags.is_empty() || !value.captured.is_empty() || summary.parted == Parameters::default() {
            return None;
        }
        let key = self.key(value);
        let mut flagged = self.flagged.borrow_mut();
        let sets = flagged.entry(key).or_default();
        if let Some((_, known)) = sets.iter().find(|(known, _)| *known == flags) {
            return known.clone();
        }
        if sets.len() >= SETS {
            return None;
        }
        // Whoever calls itself on the way is answered by the summary for all.
        sets.push((flags.clone(), None));
        drop(flagged);
        let made = Rc::new(self.summarised(key, &flags));
        if let Some((_, empty)) = self.flagged.borrow_mut().entry(key).or_default().iter_mut().find(|(f, _)| *f == flags) {
            *empty = Some(made.clone());
        }
        Some(made)
    }
}

impl Walker<'_, '_, '_> {
    /// The flags among those that a function's ways part by which a call gives, or the caller was given and hands on. What the caller
    /// hands on without having been given it parts its own ways.
    pub fn flags_given(&mut self, parted: Parameters, params: &[Value]) -> Flags {
        let mut flags = Flags::new();
        for index in parted.iter() {
            let Some(value) = params.get(usize::from(index)).filter(|value| value.literal) else { continue };
            match &value.kind {
                flag @ (Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Text(_)) => flags.push((index, flag.clone())),
                Kind::Parameter(own) => match self.flags.iter().find(|(known, _)| known == own) {
                    Some((_, flag)) => flags.push((index, flag.clone())),
                    None => self.summary.parted.add(*own),
                },
                _ => {}
            }
        }
        flags
    }

    /// Whether a condition holds, where a flag decides that was given.
    pub fn holds_by_flag(&self, cond: ExprId) -> Option<bool> {
        if self.flags.is_empty() {
            return None;
        }
        let (Dep::Is(index, question), holds) = self.asks_of_given(cond)? else { return None };
        let (_, flag) = self.flags.iter().find(|(known, _)| *known == index)?;
        question.answered_by(flag).map(|answer| answer == holds)
    }

    /// Remember the flag that two ways part by, where they meet again with another statement in hand, or with rows that only one locked.
    pub fn note_flag(&mut self, asked: Option<(Dep, bool)>, one: &State, two: &State) {
        let Some((Dep::Is(index, _), _)) = asked else { return };
        let statement = |kind: &Kind| kind.alternatives().iter().any(|k| matches!(k, Kind::Library(_) | Kind::Text(_)));
        let differs = one.vars.iter().any(|(name, value)| {
            let other = two.vars.get(name).map(|other| &other.kind);
            other.is_some_and(|other| *other != value.kind && (statement(other) || statement(&value.kind)))
        });
        let rows = |state: &State| state.held.iter().filter(|c| matches!(c.held, Held::Rows(_))).count();
        if differs || rows(one) != rows(two) {
            self.summary.parted.add(index);
        }
    }
}
