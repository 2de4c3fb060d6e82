//! Ways that part: an `if`, the arms of a `match`. What each leaves held, and what decided that one goes on, holds behind them.

use super::context::{Context, Held};
use super::item::{Check, Item, What};
use super::state::{Among, End, State, add_new};
use super::value::Dep;
use super::walk::Walker;
use crate::facts::{Block, ExprId, ExprKind};
use crate::link::{Template, Wait};
use std::rc::Rc;

impl Walker<'_, '_, '_> {
    pub(super) fn branch(&mut self, cond: ExprId, then: &Block, other: &Block) {
        if let Some(holds) = self.holds_by_flag(cond) {
            return self.block(if holds { then } else { other });
        }
        let before = self.state.held.clone();
        let asked = self.asks_of_given(cond);
        let on = self.decision(cond);
        if self.rust {
            // What only the condition looked at is dropped before the branch.
            let tokens: Vec<u64> = before.iter().map(|c| c.token).collect();
            self.end_statement(&tokens);
        }
        // `if lock.acquire():` holds in the branch where it was granted. Rows that a query locked stay so whatever was asked of it.
        let new = |c: &&Context| !matches!(c.held, Held::Rows(_)) && !before.iter().any(|b| b.token == c.token);
        let answered = self.answered(cond);
        let taken: Vec<Context> = self.state.held.iter().filter(|c| new(c) || answered.contains(&c.token)).cloned().collect();
        let refused_first = matches!(self.facts.expr(cond).kind, ExprKind::Not(_));
        let control = self.state.control.clone();
        let mut without = self.state.clone();
        without.held.retain(|c| !taken.iter().any(|t| t.token == c.token));
        let with = std::mem::take(&mut self.state);
        let (mut then_state, mut other_state) = if refused_first { (without, with) } else { (with, without) };
        if let Some((named, holds)) = self.dialects_named(cond) {
            if holds { &mut other_state } else { &mut then_state }.leave_out(&named);
        }

        let begun = self.summary.items.len();
        self.state = then_state;
        self.state.decide(&on.then);
        let before_then = self.state.control.clone();
        self.way(then);
        let after_then = std::mem::take(&mut self.state);
        let parted = self.summary.items.len();
        self.state = other_state;
        self.state.decide(&on.other);
        let before_other = self.state.control.clone();
        self.way(other);
        let after_other = std::mem::take(&mut self.state);

        for (end, passed) in [(after_then.end, &on.other), (after_other.end, &on.then)] {
            if end == End::Raised {
                self.summary.raises_on.extend(passed.iter().cloned());
                self.note_refused(passed);
            }
        }
        if (after_then.end, after_other.end) == (End::Open, End::Open) {
            self.note_parted(&before, &after_then.held, &after_other.held);
            self.note_flag(asked, &after_then, &after_other);
        }
        self.state = match (after_then.end, after_other.end) {
            (End::Open, End::Open) => {
                // Where a path inside left (`if admin: if not others: return`), what decided that decides all that follows.
                let left = |s: &State, before: &Rc<Vec<(Dep, Check)>>| {
                    if Rc::ptr_eq(&s.control, before) {
                        return false;
                    }
                    let known = Among::new(before, s.control.len());
                    s.control.iter().any(|d| !known.holds(d))
                };
                let inner = left(&after_then, &before_then) || left(&after_other, &before_other);
                let mut decided = control;
                if inner {
                    let all = after_then.control.iter().chain(after_other.control.iter());
                    let questions = after_then.control.len() + after_other.control.len();
                    let (in_then, in_other) = (Among::new(&after_then.control, questions), Among::new(&after_other.control, questions));
                    // `if let Some(job) = found { if job.done { return } }`: what it holds decided, and not that it is there.
                    let only_led_there = |(dep, check): &(Dep, Check)| {
                        let asked = on.then.contains(&(*dep, *check)) || on.other.contains(&(*dep, *check));
                        let held = |other: &(Dep, Check)| other.1 == Check::State && other.0.same_record(dep);
                        self.rust && asked && *check == Check::Existence && all.clone().any(held)
                    };
                    let both = |d: &(Dep, Check)| in_then.holds(d) && in_other.holds(d);
                    let sure: Vec<(Dep, Check)> =
                        all.clone().filter(|d| (!d.0.is_question() || both(d)) && !only_led_there(d)).copied().collect();
                    add_new(Rc::make_mut(&mut decided), &sure);
                }
                // `if dialect == "postgresql": select(…).with_for_update()`: where rows cannot be locked, the store locks more,
                // and so it does where the other way begins a transaction that nobody else may write beside.
                let new = |held: &[Context]| -> Vec<Context> {
                    let keeps = |c: &&Context| matches!(c.held, Held::Rows(_) | Held::Transaction { isolation: Some(_), .. });
                    held.iter().filter(|c| keeps(c) && !before.iter().any(|b| b.token == c.token)).cloned().collect()
                };
                let (one, two) = (new(&after_then.held), new(&after_other.held));
                let locked: Vec<Context> = match (one.is_empty(), two.is_empty()) {
                    (false, false) => one.into_iter().chain(two).collect(),
                    (false, true) if other.is_empty() || changes_rows(&self.summary.items[parted..], &one) => rows_of(one),
                    (true, false) if changes_rows(&self.summary.items[begun..parted], &two) => rows_of(two),
                    _ => Vec::new(),
                };
                let mut joined = after_then.join(after_other);
                joined.held.extend(locked);
                joined.control = decided;
                joined
            }
            (End::Open, _) => after_then,
            (_, End::Open) => after_other,
            (End::Raised, End::Raised) => State { end: End::Raised, ..after_then.join(after_other) },
            _ => State { end: End::Left, ..after_then.join(after_other) },
        };
    }

    /// Locks that were asked for without waiting, where this is the answer: `if let Err(busy) = file.try_lock()` asked before it
    /// looks.
    fn answered(&self, asked: ExprId) -> Vec<u64> {
        let asked = match self.facts.expr(asked).kind {
            ExprKind::Not(inner) => inner,
            _ => asked,
        };
        let ExprKind::Name(name) = &self.facts.expr(asked).kind else { return Vec::new() };
        let answer = self.state.vars.get(name).filter(|_| self.rust && name.starts_with('$'));
        let taken = answer.into_iter().flat_map(|value| value.deps.iter()).filter_map(|dep| self.summary.behind(dep));
        let tried = taken.filter_map(|item| match &*item.what {
            What::Acquire { lock, token, .. } if lock.wait == Wait::Not => Some(*token),
            _ => None,
        });
        tried.collect()
    }

    /// Remember looks for files that let code go on only where there was none.
    fn note_refused(&mut self, passed: &[(Dep, Check)]) {
        let file = |dep: &Dep| {
            let looked = self.summary.behind(dep).and_then(Item::access);
            looked.is_some_and(|a| a.kind == "file" && a.operation.is_read())
        };
        let refused: Vec<(Dep, Check)> = passed.iter().filter(|(dep, check)| *check == Check::Absence && file(dep)).copied().collect();
        self.summary.refuses.extend(refused);
    }

    pub(super) fn choose(&mut self, subject: ExprId, arms: &[(Option<ExprId>, Block)]) {
        let mut on = self.decision(subject).unsure().then;
        if self.rust {
            return self.choose_one(subject, &on, arms);
        }
        // A column is matched for what it holds.
        on.iter_mut().filter(|(dep, _)| dep.is_of_column()).for_each(|(_, check)| *check = Check::State);
        let start = self.state.clone();
        let mut after: Option<State> = None;
        let mut left = false;
        for (guard, body) in arms {
            self.state = start.clone();
            if let Some(guard) = guard {
                self.eval(*guard);
            }
            self.state.decide(&on);
            self.block(body);
            let this = std::mem::take(&mut self.state);
            left |= this.end != End::Open;
            if this.end == End::Raised {
                self.summary.raises_on.extend(on.iter().cloned());
            }
            if this.end == End::Open {
                after = Some(match after {
                    Some(joined) => joined.join(this),
                    None => this,
                });
            }
        }
        let mut joined = match after {
            Some(after) => after.join(start.clone()),
            None => start.clone(),
        };
        joined.control = start.control;
        if left {
            joined.decide(&on);
        }
        self.state = joined;
    }

    /// One arm runs: what follows an arm that leaves runs only where another one was taken.
    fn choose_one(&mut self, subject: ExprId, on: &[(Dep, Check)], arms: &[(Option<ExprId>, Block)]) {
        let answered = self.answered(subject);
        let start = self.state.clone();
        let mut open: Option<State> = None;
        let (mut left, mut raised) = (false, false);
        for (shown, body) in arms {
            self.state = start.clone();
            self.state.decide(on);
            if shown.is_some_and(|e| self.facts.expr(e).kind == ExprKind::Bool(false)) {
                self.state.held.retain(|c| !answered.contains(&c.token));
            }
            self.block(body);
            let this = std::mem::take(&mut self.state);
            match this.end {
                End::Left => left = true,
                End::Raised => raised = true,
                End::Open => {
                    open = Some(match open {
                        Some(joined) => joined.join(this),
                        None => this,
                    });
                }
            }
        }
        if raised {
            self.summary.raises_on.extend(on.iter().cloned());
        }
        self.state = match open {
            Some(open) => {
                let mut joined = State { control: start.control, ..open };
                if left || raised {
                    joined.decide(on);
                }
                joined
            }
            None if arms.is_empty() => start,
            None => State { end: if left { End::Left } else { End::Raised }, ..start },
        };
    }
}

/// The locks of rows among what is held.
fn rows_of(held: Vec<Context>) -> Vec<Context> {
    held.into_iter().filter(|c| matches!(c.held, Held::Rows(_))).collect()
}

/// Whether one of these changes rows of a table that is locked on the other way: `UPDATE t SET a = a` where rows cannot be locked.
fn changes_rows(items: &[Item], locked: &[Context]) -> bool {
    let changes =
        |table: &Template| items.iter().filter_map(Item::access).any(|a| !a.operation.is_read() && a.name.as_ref() == Some(table));
    locked.iter().any(|c| matches!(&c.held, Held::Rows(table) if changes(table)))
}
