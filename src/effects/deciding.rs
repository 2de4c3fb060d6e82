//! What decided a callee's doings, as one call of it sees that.
//!
//! Much can have decided each of hundreds of items, and what decided one of them is most often what decided its neighbour and a
//! little more: only where they differ it is worked out again.

use super::bind::Binding;
use super::item::Check;
use super::state::FEW;
use super::value::Dep;
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Decisions in their order, each once.
type Decisions = Rc<Vec<(Dep, Check)>>;

/// The decisions of one item after the other.
pub(super) struct Deciding {
    /// What decided the call itself.
    here: Decisions,
    /// The callee's decisions that were asked for last.
    of: Decisions,
    /// What they are here, after those of the call.
    bound: Decisions,
    /// How many of `bound` there are after each one of `of`.
    ends: Vec<usize>,
    /// Those of `bound`, where they are many.
    seen: Option<FxHashSet<(Dep, Check)>>,
}

impl Deciding {
    /// A call that these decided.
    pub fn new(here: Decisions) -> Self {
        Deciding { bound: here.clone(), here, of: Rc::default(), ends: Vec::new(), seen: None }
    }

    /// What decided an item of the callee, and the call before it.
    pub fn of(&mut self, control: &Decisions, binding: &Binding) -> Decisions {
        if Rc::ptr_eq(&self.of, control) {
            return self.bound.clone();
        }
        let common = self.of.iter().zip(control.iter()).take_while(|(one, other)| one == other).count();
        self.ends.truncate(common);
        let kept = self.ends.last().copied().unwrap_or(self.here.len());
        if let Some(seen) = &mut self.seen {
            self.bound[kept..].iter().for_each(|gone| _ = seen.remove(gone));
        }
        let mut bound: Vec<(Dep, Check)> = Vec::with_capacity(kept + control.len() - common);
        bound.extend_from_slice(&self.bound[..kept]);
        for (dep, check) in &control[common..] {
            for dep in binding.dep(dep).iter() {
                self.add(&mut bound, (*dep, *check));
            }
            self.ends.push(bound.len());
        }
        self.of = control.clone();
        self.bound = if bound.len() == self.here.len() { self.here.clone() } else { Rc::new(bound) };
        self.bound.clone()
    }

    fn add(&mut self, bound: &mut Vec<(Dep, Check)>, decision: (Dep, Check)) {
        if self.seen.is_none() && bound.len() >= FEW {
            self.seen = Some(bound.iter().copied().collect());
        }
        let new = match &mut self.seen {
            Some(seen) => seen.insert(decision),
            None => !bound.contains(&decision),
        };
        if new {
            bound.push(decision);
        }
    }
}
