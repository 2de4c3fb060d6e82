//! What a condition decides: on which values, and what is asked of each of them.
//!
//! `if row:` asks whether there is a row, `if row.state == "new"` what it holds, and `if may_start(row)` what that function asked.
//! Which way round a value tells of what is there is known by [`truth`](super::truth).

use super::item::Check;
use super::truth::{Decision, Truth};
use super::value::{Dep, Deps};
use super::walk::Walker;
use crate::facts::{CompareOp, ExprId, ExprKind, Name};

/// How deep an expression may be nested that is looked at a second time.
const PLAIN: u8 = 6;

impl Walker<'_, '_, '_> {
    /// Evaluate a condition: on what it decides, and whether it asks for existence or for contents.
    pub fn decision(&mut self, cond: ExprId) -> Decision {
        let decision = self.decided(cond);
        // Rust asks by methods (`is_none`), which say nothing of what is read in them.
        if self.rust { decision.unsure() } else { decision }
    }

    fn decided(&mut self, cond: ExprId) -> Decision {
        let asked = self.asks_of_given(cond);
        let mut decision = self.decided_by_values(cond);
        if let Some((dep, holds)) = asked {
            let check = if holds { Check::Presence } else { Check::Absence };
            decision.then.push((dep, check));
            decision.other.push((dep, check.opposite()));
        }
        decision
    }

    fn decided_by_values(&mut self, cond: ExprId) -> Decision {
        let facts = self.facts;
        match &facts.expr(cond).kind {
            ExprKind::Not(inner) => self.decided(*inner).negated(),
            ExprKind::Logic { items, all } => {
                let decisions = items.iter().map(|item| self.decided(*item)).collect();
                Decision::joined(decisions, *all)
            }
            ExprKind::Compare { left, rest } => {
                let one_of = self.is_one_of(*left, rest) || self.is_column_among(*left, rest);
                let check = if one_of { Check::State } else { self.compare_check(*left, rest) };
                if let (Check::State, Some(equal)) = (check, self.held_against_given(*left, rest)) {
                    return Decision::by_equality(&self.compared(*left, rest).deps, equal);
                }
                let value = self.compared(*left, rest);
                let decision = Decision::on(&value.deps, if check == Check::State { check } else { value.truth.check() });
                let column = matches!(facts.expr(*left).kind, ExprKind::Attr { .. } | ExprKind::Index { .. });
                let nothing = rest.iter().all(|(_, right)| matches!(facts.expr(*right).kind, ExprKind::Null));
                if column && nothing { decision.of_columns() } else { decision }
            }
            kind => {
                let value = self.eval(cond);
                let value = self.asked_for_truth(value, self.site(facts.expr(cond).span));
                let column = !self.rust && !value.deps.is_empty() && value.deps.iter().all(Dep::is_of_column);
                let check = match kind {
                    ExprKind::Attr { .. } | ExprKind::Index { .. } => Check::State,
                    // `state = row.state; if state:`.
                    ExprKind::Name(_) if column && value.truth == Truth::There => Check::State,
                    _ => value.truth.check(),
                };
                // What a column holds was asked before: `ready = row.state == "ready"`, `if is_ready(row)`; besides, it may say whether
                // there is a row.
                let also = value.compared && value.truth == Truth::Either;
                let states: Vec<(Dep, Check)> =
                    value.deps.iter().filter(|dep| also && dep.is_of_column()).map(|dep| (*dep, Check::State)).collect();
                // A comparison made elsewhere, a flag behind a lock.
                let told = self.rust && value.compared || self.reached_through(&value).is_some_and(|t| t.field.is_none());
                let value = self.looked_at(value, None, self.site(facts.expr(cond).span));
                let asks = |dep: &Dep| if told && self.in_memory(dep) { Check::State } else { check };
                let mut then: Vec<(Dep, Check)> = value.deps.iter().map(|d| (*d, asks(d))).collect();
                // `changed = row.name != name`, asked later.
                let kept = matches!(value.truth, Truth::Same | Truth::Other).then(|| value.truth.opposite().check());
                let mut other: Vec<(Dep, Check)> =
                    then.iter().map(|(dep, c)| (*dep, kept.filter(|_| *c == check).unwrap_or(c.opposite()))).collect();
                then.extend(&states);
                other.extend(&states);
                Decision { then, other }
            }
        }
    }

    /// Whether a comparison looks at what something holds, and not merely whether it is there.
    pub fn asks_state(&mut self, left: ExprId, rest: &[(CompareOp, ExprId)]) -> bool {
        self.compare_check(left, rest) == Check::State || self.is_column_among(left, rest)
    }

    /// `x is None`, `key in rows`, `len(rows) == 0` ask whether something is there; other comparisons look at what it holds.
    fn compare_check(&self, left: ExprId, rest: &[(CompareOp, ExprId)]) -> Check {
        let facts = self.facts;
        let null = |e: ExprId| matches!(facts.expr(e).kind, ExprKind::Null);
        let zero = |e: ExprId| matches!(facts.expr(e).kind, ExprKind::Int(0));
        let length = |e: ExprId| matches!(&facts.expr(e).kind, ExprKind::Call { callee, .. } if crate::link::last_name(facts, *callee).is_some_and(|n| n == "len"));
        let existence = rest.iter().all(|(op, right)| match op {
            // `state is State.DONE`.
            CompareOp::Is | CompareOp::IsNot => self.rust || !matches!(facts.expr(*right).kind, ExprKind::Attr { .. }),
            CompareOp::In | CompareOp::NotIn => true,
            CompareOp::Eq | CompareOp::Ne | CompareOp::Gt => null(*right) || null(left) || (length(left) && zero(*right)),
            _ => false,
        });
        if existence { Check::Existence } else { Check::State }
    }

    /// `(state, wanted) in ALLOWED`: what columns hold is looked for among what was not read.
    fn is_column_among(&mut self, left: ExprId, rest: &[(CompareOp, ExprId)]) -> bool {
        let [(CompareOp::In | CompareOp::NotIn, right)] = rest else { return false };
        // Both are looked at once more: nothing that may hold another comparison.
        if self.rust || !self.is_plain(left, PLAIN) || !self.is_plain(*right, PLAIN) {
            return false;
        }
        let (looked_for, among) = self.read_by_both(left, *right);
        let of_columns = |deps: &Deps| {
            let holds = |dep: &Dep| dep.is_of_column() || matches!(dep, Dep::Field(_) | Dep::Parameter(..) | Dep::Is(..));
            deps.iter().all(holds)
        };
        let given = |deps: &Deps| deps.iter().all(|dep| dep.is_of_column() || matches!(dep, Dep::Fresh));
        let asked = looked_for.iter().chain(among.iter()).any(|dep| !matches!(dep, Dep::Fresh));
        asked && of_columns(&looked_for) && given(&among)
    }

    /// Whether an expression is made of names, constants, attributes, entries and calls alone, nested that deep at most.
    fn is_plain(&self, expr: ExprId, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let plain = |e: &ExprId| self.is_plain(*e, depth);
        match &self.facts.expr(expr).kind {
            ExprKind::Name(_) | ExprKind::Str(_) | ExprKind::Int(_) | ExprKind::Null | ExprKind::Bool(_) => true,
            ExprKind::Attr { base, .. } => plain(base),
            ExprKind::Index { base, index } => plain(base) && plain(index),
            ExprKind::List(items) => items.iter().all(plain),
            ExprKind::Call { callee, args } => plain(callee) && args.iter().all(|a| plain(&a.value)),
            _ => false,
        }
    }

    /// `row.status in ("done", "failed")`: a column held against values that the code names.
    fn is_one_of(&self, left: ExprId, rest: &[(CompareOp, ExprId)]) -> bool {
        let facts = self.facts;
        let constant = |name: &Name| name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        let named = |e: ExprId| match &facts.expr(e).kind {
            ExprKind::List(_) => true,
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => constant(name),
            _ => false,
        };
        matches!(facts.expr(left).kind, ExprKind::Attr { .. } | ExprKind::Index { .. })
            && rest.iter().all(|(op, right)| matches!(op, CompareOp::In | CompareOp::NotIn) && named(*right))
    }
}
