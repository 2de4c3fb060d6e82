//! Which way round a condition tells whether something is there.
//!
//! `if row:` goes on where the row was found, `if not row:` and `if row is None:` where it was missing, and a function that returns
//! `row is None` says so for its callers. What is made because something was missing can be made twice; what is done because it is
//! there can not. Where a value says neither, nobody knows, and a check counts as one of any kind.

use super::built::is_constant_name;
use super::item::Check;
use super::value::{Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::{CompareOp, ExprId, ExprKind};
use crate::link::Kind;

/// Functions of the language whose result is true where their argument is: there is something in it.
const KEEPS: [&str; 11] = ["bool", "len", "list", "dict", "tuple", "set", "frozenset", "sorted", "next", "iter", "any"];

/// What a true value says of what was read for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Truth {
    /// It is there: the value is what was read, or made of it.
    #[default]
    There,
    /// It is missing.
    Missing,
    /// It holds what the code was given.
    Same,
    /// It holds something else than that.
    Other,
    /// One or the other, or something else.
    Either,
}

impl Truth {
    /// What a false value says.
    pub fn opposite(self) -> Truth {
        match self {
            Truth::There => Truth::Missing,
            Truth::Missing => Truth::There,
            Truth::Same => Truth::Other,
            Truth::Other => Truth::Same,
            Truth::Either => Truth::Either,
        }
    }

    /// What two ways to one value say together.
    pub fn and(self, other: Truth) -> Truth {
        if self == other { self } else { Truth::Either }
    }

    /// What is known behind a condition that holds.
    pub fn check(self) -> Check {
        match self {
            Truth::There => Check::Presence,
            Truth::Missing => Check::Absence,
            Truth::Same => Check::State,
            Truth::Other => Check::Difference,
            Truth::Either => Check::Existence,
        }
    }
}

/// What a condition decides on, where it holds and where it does not.
#[derive(Clone, Debug, Default)]
pub(super) struct Decision {
    pub then: Vec<(Dep, Check)>,
    pub other: Vec<(Dep, Check)>,
}

impl Decision {
    /// The same question on all of these.
    pub fn on(deps: &Deps, check: Check) -> Decision {
        let all = |check: Check| deps.iter().map(|dep| (*dep, check)).collect();
        Decision { then: all(check), other: all(check.opposite()) }
    }

    /// Whether a column is set is a question of what its record holds: what goes on where `row.owner is None` may take it.
    pub fn of_columns(self) -> Decision {
        let asked = |(dep, check): (Dep, Check)| match check {
            _ if !dep.is_of_column() => (dep, check),
            Check::Absence | Check::State => (dep, Check::State),
            _ => (dep, Check::Column),
        };
        let all = |on: Vec<(Dep, Check)>| on.into_iter().map(asked).collect();
        Decision { then: all(self.then), other: all(self.other) }
    }

    /// `row.name == name`: on one side the same is there already, on the other something may be changed.
    pub fn by_equality(deps: &Deps, equal: bool) -> Decision {
        let all = |check: Check| deps.iter().map(|dep| (*dep, check)).collect();
        let decision = Decision { then: all(Check::State), other: all(Check::Difference) };
        if equal { decision } else { decision.negated() }
    }

    /// The decision of the negated condition.
    pub fn negated(self) -> Decision {
        Decision { then: self.other, other: self.then }
    }

    /// Where nobody knows which way round it was asked.
    pub fn unsure(self) -> Decision {
        self.asking(Check::unsure)
    }

    /// Dependencies that were asked for something else than whether there is anything to change.
    pub fn of_what_is_held(&self) -> impl Iterator<Item = &(Dep, Check)> {
        let differs = |dep: &Dep| self.then.iter().chain(&self.other).any(|(d, check)| d == dep && *check == Check::Difference);
        self.then.iter().filter(move |(dep, _)| !differs(dep))
    }

    /// Where it may be another condition that held. Where this one did not, there was nothing to change.
    fn perhaps(self) -> Decision {
        self.asking(|check| if check == Check::Difference { check } else { check.unsure() })
    }

    /// The same on what was read, asked otherwise.
    fn asking(self, otherwise: impl Fn(Check) -> Check) -> Decision {
        let known = |(dep, _): &(Dep, Check)| !dep.is_question();
        let all = |on: Vec<(Dep, Check)>| on.into_iter().filter(known).map(|(dep, check)| (dep, otherwise(check))).collect();
        Decision { then: all(self.then), other: all(self.other) }
    }

    /// Several conditions of which all must hold, or one: where that is so (not so), each of them does (does not).
    pub fn joined(decisions: Vec<Decision>, all: bool) -> Decision {
        let single = decisions.len() < 2;
        let mut joined = Decision::default();
        for decision in decisions {
            let unsure = decision.clone().perhaps();
            let (then, other) = match all {
                _ if single => (decision.then, decision.other),
                true => (decision.then, unsure.other),
                false => (unsure.then, decision.other),
            };
            super::state::add_new(&mut joined.then, &then);
            super::state::add_new(&mut joined.other, &other);
        }
        joined
    }
}

impl Walker<'_, '_, '_> {
    /// What a comparison that asks for existence says where it holds; `compared` is what its left side says.
    pub fn comparison_says(&self, left: ExprId, rest: &[(CompareOp, ExprId)], compared: &Value) -> Truth {
        let [(op, right)] = rest else { return Truth::Either };
        let null = |e: ExprId| matches!(self.facts.expr(e).kind, ExprKind::Null);
        let nothing = null(*right) || null(left);
        let counted = matches!(self.facts.expr(left).kind, ExprKind::Call { .. });
        match op {
            CompareOp::Is | CompareOp::Eq if nothing => compared.truth.opposite(),
            CompareOp::IsNot | CompareOp::Ne if nothing => compared.truth,
            // `len(rows) == 0`.
            CompareOp::Eq if counted => compared.truth.opposite(),
            CompareOp::Ne | CompareOp::Gt if counted => compared.truth,
            _ => Truth::Either,
        }
    }

    /// Whether a column is held against what the code was given: `row.name != name`, and no constant or other record.
    pub fn held_against_given(&mut self, left: ExprId, rest: &[(CompareOp, ExprId)]) -> Option<bool> {
        let [(op @ (CompareOp::Eq | CompareOp::Ne), right)] = rest else { return None };
        let column = |e: ExprId| matches!(self.facts.expr(e).kind, ExprKind::Attr { .. } | ExprKind::Index { .. }) || self.is_entry(e);
        let given = |e: ExprId| match &self.facts.expr(e).kind {
            ExprKind::Name(name) => !is_constant_name(name),
            ExprKind::Attr { name, base } => !is_constant_name(name) && matches!(self.facts.expr(*base).kind, ExprKind::Name(_)),
            ExprKind::Index { .. } => true,
            _ => false,
        };
        // `row.name.lower() != name.lower()`, `normal(row.email) != email`.
        let inner = |e: ExprId| match &self.facts.expr(e).kind {
            _ if self.is_entry(e) => e,
            ExprKind::Call { callee, args } => match (args.as_slice(), &self.facts.expr(*callee).kind) {
                ([only], _) => only.value,
                ([], ExprKind::Attr { base, .. }) => *base,
                _ => e,
            },
            _ => e,
        };
        let (own, other) = (inner(left), inner(*right));
        let (a, b) = (column(own) && given(other), column(other) && given(own));
        if !a && !b {
            return None;
        }
        let (l, r) = self.read_by_both(left, *right);
        (a && is_held_against(&l, &r) || b && is_held_against(&r, &l)).then_some(*op == CompareOp::Eq)
    }

    /// What two expressions depend on, without what they do: whoever evaluates them for good does that.
    pub fn read_by_both(&mut self, left: ExprId, right: ExprId) -> (Deps, Deps) {
        let before = (self.summary.items.len(), self.summary.calls.len());
        let read = (self.eval(left).deps, self.eval(right).deps);
        self.summary.items.truncate(before.0);
        self.summary.calls.truncate(before.1);
        read
    }

    /// `record.get("owner")`.
    fn is_entry(&self, expr: ExprId) -> bool {
        let ExprKind::Call { callee, args } = &self.facts.expr(expr).kind else { return false };
        let by_name = args.first().is_some_and(|key| matches!(self.facts.expr(key.value).kind, ExprKind::Str(_)));
        by_name && matches!(&self.facts.expr(*callee).kind, ExprKind::Attr { name, .. } if name == "get")
    }

    /// Whether a function outside of the project is known to keep what its argument says.
    pub fn keeps_truth(name: &str) -> Truth {
        if KEEPS.contains(&name) { Truth::There } else { Truth::Either }
    }

    /// Whether a returned value says yes or no to a question about what a lock holds.
    pub fn tells_state(&self, value: &Value) -> bool {
        let declared = self.program.function(self.at).returns;
        let yes_or_no = declared.is_some_and(|e| matches!(&self.facts.expr(e).kind, ExprKind::Name(name) if name == "bool"));
        yes_or_no && value.deps.iter().any(|d| self.in_memory(d))
    }

    /// What a returned value says, by itself and by what decided that it is this one: `if row: return True`.
    pub fn returned_truth(&self, value: &Value) -> Truth {
        let holds = match &value.kind {
            Kind::Null => false,
            Kind::Bool(b) => *b,
            Kind::Int(n) => *n != 0,
            Kind::List(items) => match items.first() {
                Some(Kind::Bool(b)) => *b,
                Some(_) => true,
                None => false,
            },
            Kind::Text(text) => text.constant() != Some(""),
            _ => true,
        };
        let own = (!value.deps.is_empty()).then_some(value.truth);
        let decided = self.state.control.iter().map(|(_, check)| match check {
            Check::Presence => Truth::There,
            Check::Absence => Truth::Missing,
            Check::Existence | Check::State | Check::Column | Check::Difference => Truth::Either,
        });
        let decided = decided.map(|truth| if holds { truth } else { truth.opposite() });
        own.into_iter().chain(decided).reduce(Truth::and).unwrap_or_default()
    }
}

/// Whether a column that was read is held against what is made of nothing read, or of other columns of the same record alone.
fn is_held_against(column: &Deps, given: &Deps) -> bool {
    let read = |deps: &Deps| deps.iter().filter(|dep| dep.item().is_some()).copied().collect::<Vec<Dep>>();
    let (column, given) = (read(column), read(given));
    let beside = |dep: &Dep| dep.is_of_column() && !column.contains(dep) && column.iter().any(|c| c.item() == dep.item());
    column.iter().all(Dep::is_of_column) && !column.is_empty() && given.iter().all(beside) || !column.is_empty() && given.is_empty()
}
