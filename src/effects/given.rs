//! What a caller gives decides what a function does: `if name is not None: row.name = name` changes no name where none is given.
//!
//! Only what is written out at the call, or left out there, answers a question about a parameter: `None`, a flag, a text. What
//! a variable may also hold on another way answers nothing.

use super::item::Check;
use super::value::{Column, Dep, Value};
use super::walk::Walker;
use super::{Effects, Rc, Summary};
use crate::facts::{CompareOp, ExprId, ExprKind};
use crate::link::Kind;
use rustc_hash::FxHashMap;

/// What is asked of a parameter as the caller gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// Whether it is given: anything but `None`.
    Given,
    /// Whether it holds as a condition.
    True,
    /// Whether it is this text, known like a column's name.
    Same(Column),
}

impl Question {
    /// The answer that a value written out gives.
    pub(super) fn answered_by(self, kind: &Kind) -> Option<bool> {
        match (self, kind) {
            (_, Kind::Null) => Some(false),
            (Question::True, Kind::Bool(flag)) => Some(*flag),
            (Question::True, Kind::Int(number)) => Some(*number != 0),
            (Question::True, Kind::Text(template)) => template.constant().map(|text| !text.is_empty()),
            (Question::Given, Kind::Bool(_) | Kind::Int(_) | Kind::Text(_)) => Some(true),
            (Question::Same(wanted), Kind::Text(template)) => template.constant().map(|text| Column::named(text) == wanted),
            _ => None,
        }
    }
}

/// What a summary is without what the arguments of some call rule out, with the summary itself: its address is the key.
pub(super) type WithGiven = FxHashMap<(*const Summary, Vec<u32>, Vec<u32>), (Rc<Summary>, Rc<Summary>)>;

impl Effects<'_, '_> {
    /// A summary without what these arguments rule out.
    pub(super) fn with_given(&self, summary: &Rc<Summary>, params: &[Value]) -> Rc<Summary> {
        if !summary.asks || !params.iter().any(|p| p.literal) {
            return summary.clone();
        }
        let items = numbers(summary.items.iter().map(|item| rules_out(params, &item.control)));
        let calls = numbers(summary.calls.iter().map(|below| rules_out(params, &below.control)));
        if items.is_empty() && calls.is_empty() {
            return summary.clone();
        }
        let key = (Rc::as_ptr(summary), items, calls);
        if let Some((_, rest)) = self.given.borrow().get(&key) {
            return rest.clone();
        }
        let rest = summary.leaving_out(|item| rules_out(params, &item.control), |below| rules_out(params, &below.control));
        let rest = Rc::new(rest);
        self.given.borrow_mut().insert(key, (summary.clone(), rest.clone()));
        rest
    }
}

impl Summary {
    /// Whether anything in it hangs on what a caller gives.
    pub(super) fn asks_what_is_given(&self) -> bool {
        let asks = |control: &[(Dep, Check)]| control.iter().any(|(dep, _)| dep.is_question());
        self.items.iter().any(|item| asks(&item.control)) || self.calls.iter().any(|below| asks(&below.control))
    }
}

/// The numbers of those that are.
fn numbers(excluded: impl Iterator<Item = bool>) -> Vec<u32> {
    excluded.enumerate().filter(|(_, is)| *is).map(|(index, _)| index as u32).collect()
}

/// Whether something that hangs on these decisions is not done where a call gives these arguments.
fn rules_out(params: &[Value], control: &[(Dep, Check)]) -> bool {
    control.iter().any(|(dep, check)| {
        let Dep::Is(index, question) = dep else { return false };
        let given = params.get(usize::from(*index)).filter(|value| value.literal);
        let answer = given.and_then(|value| question.answered_by(&value.kind));
        // What both answers lead to is done in any case.
        let either = || control.contains(&(*dep, check.opposite()));
        match check {
            Check::Presence => answer == Some(false) && !either(),
            Check::Absence => answer == Some(true) && !either(),
            _ => false,
        }
    })
}

impl Walker<'_, '_, '_> {
    /// What a condition asks of a parameter as it was given, and whether it holds where the answer is yes.
    pub fn asks_of_given(&self, cond: ExprId) -> Option<(Dep, bool)> {
        let facts = self.facts;
        match &facts.expr(cond).kind {
            ExprKind::Name(_) => Some((Dep::Is(self.as_given(cond)?, Question::True), true)),
            ExprKind::Compare { left, rest } => {
                let [(op, right)] = rest.as_slice() else { return None };
                let holds = match op {
                    CompareOp::Is | CompareOp::Eq => true,
                    CompareOp::IsNot | CompareOp::Ne => false,
                    _ => return None,
                };
                match &facts.expr(*right).kind {
                    ExprKind::Null => Some((Dep::Is(self.as_given(*left)?, Question::Given), !holds)),
                    ExprKind::Str(text) => Some((Dep::Is(self.as_given(*left)?, Question::Same(Column::named(text))), holds)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The parameter that a name is, where it still is what the caller gave.
    fn as_given(&self, expr: ExprId) -> Option<u8> {
        let ExprKind::Name(name) = &self.facts.expr(expr).kind else { return None };
        let value = self.state.vars.get(name).filter(|value| value.literal && !self.rust)?;
        let Kind::Parameter(index) = value.kind else { return None };
        self.is_steady(name).then_some(index)
    }

    /// Whether a variable is in the next round of a loop what it is in this one.
    pub fn is_steady(&self, name: &str) -> bool {
        !self.in_loop() || self.program.scope(self.at).get(name).len() < 2
    }
}
