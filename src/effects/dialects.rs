//! Ways that are left for databases that the code does not name: `if dialect in ("sqlite", "postgresql"): …; return`.
//!
//! What stands behind such a question is there for whatever else may come, and seldom what anybody runs: it is told with less
//! confidence. Where one dialect is named and one way left, the other way is another database's own.

use super::state::State;
use super::walk::Walker;
use crate::facts::{CompareOp, ExprId, ExprKind};
use crate::sql::Dialect;

/// From how many named dialects on what is left is what nobody has in mind.
const NAMED: usize = 2;

/// How many guesses it is worth that somebody runs it.
const SELDOM: u8 = 2;

impl Walker<'_, '_, '_> {
    /// The dialects that a condition names, and whether it holds for them.
    pub(super) fn dialects_named(&self, cond: ExprId) -> Option<(Vec<Dialect>, bool)> {
        let ExprKind::Compare { rest, .. } = &self.facts.expr(cond).kind else {
            let ExprKind::Not(inner) = self.facts.expr(cond).kind else { return None };
            return self.dialects_named(inner).map(|(named, holds)| (named, !holds));
        };
        let [(op, right)] = rest.as_slice() else { return None };
        let holds = match op {
            CompareOp::Eq | CompareOp::In => true,
            CompareOp::Ne | CompareOp::NotIn => false,
            _ => return None,
        };
        let one = |expr: ExprId| match &self.facts.expr(expr).kind {
            ExprKind::Str(text) => Some(Dialect::from_name(text)).filter(|dialect| *dialect != Dialect::Generic),
            _ => None,
        };
        let named: Vec<Dialect> = match &self.facts.expr(*right).kind {
            ExprKind::List(items) => items.iter().map(|item| one(*item)).collect::<Option<_>>()?,
            _ => vec![one(*right)?],
        };
        Some((named, holds))
    }

    /// How many guesses lie in what is done here: its receiver's type, and that somebody runs it.
    pub(super) fn guessed(&self) -> u8 {
        u8::from(self.inferring) + self.seldom()
    }

    /// How many guesses it is worth that somebody runs what is done here.
    pub(super) fn seldom(&self) -> u8 {
        if self.state.not_for.len() >= NAMED { SELDOM } else { 0 }
    }
}

impl State {
    /// Say that what follows is not done where one of these databases is used.
    pub(super) fn leave_out(&mut self, named: &[Dialect]) {
        for dialect in named {
            if !self.not_for.contains(dialect) {
                self.not_for.push(*dialect);
            }
        }
    }
}
