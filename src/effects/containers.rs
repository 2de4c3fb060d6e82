//! Rows and objects that are put into lists, and into lists of mappings: `picked.append(row)`, `groups[row.state].append(row)`,
//! `groups.setdefault(key, []).append(row)`. What comes out later is one of those that went in.

use super::call::Given;
use super::value::Value;
use super::walk::Walker;
use crate::facts::{ExprId, ExprKind, Name};
use crate::link::{Kind, PUTTING};
use std::rc::Rc;

/// How many different values a list is told to hold.
const HELD: usize = 8;

impl Walker<'_, '_, '_> {
    /// What a method puts into a list that a variable holds.
    pub(super) fn put_in(&mut self, callee: ExprId, given: &[Given]) {
        let (false, ExprKind::Attr { base, name }) = (self.rust, &self.facts.expr(callee).kind) else { return };
        let extends = name == "extend";
        let Some(last) = given.last().filter(|last| last.spread == 0 && (extends || PUTTING.contains(&name.as_str()))) else { return };
        let kind = match &last.value.kind {
            whole if extends => self.program.element(whole),
            kind => kind.clone(),
        };
        if !is_told(&kind) {
            return;
        }
        match &self.facts.expr(*base).kind {
            ExprKind::Name(list) => self.fill(list, &kind, false),
            ExprKind::Index { base, .. } => self.fill_entry(*base, &kind, &last.value),
            ExprKind::Call { callee, .. } => match &self.facts.expr(*callee).kind {
                ExprKind::Attr { base, name } if name == "setdefault" => self.fill_entry(*base, &kind, &last.value),
                _ => {}
            },
            _ => {}
        }
    }

    fn fill_entry(&mut self, mapping: ExprId, kind: &Kind, value: &Value) {
        if let ExprKind::Name(name) = &self.facts.expr(mapping).kind {
            self.fill(name, kind, true);
            self.touch(mapping, &value.deps);
        }
    }

    /// A variable of this function holds a list, or a mapping of lists, in which this is now as well.
    fn fill(&mut self, variable: &Name, kind: &Kind, entry: bool) {
        let Some(held) = self.state.vars.get_mut(variable) else { return };
        match &mut held.kind {
            Kind::List(items) if !entry => put(Rc::make_mut(items), kind),
            Kind::Map(entries) if entry => {
                let entries = Rc::make_mut(entries);
                match entries.iter_mut().find(|(key, _)| *key == Kind::Unknown) {
                    Some((_, Kind::List(items))) => put(Rc::make_mut(items), kind),
                    Some((_, value)) => *value = Kind::List(Rc::new(vec![kind.clone()])),
                    None => entries.push((Kind::Unknown, Kind::List(Rc::new(vec![kind.clone()])))),
                }
            }
            _ => return,
        }
        // Its elements are no longer those that were written out.
        held.parts = None;
    }
}

fn put(items: &mut Vec<Kind>, kind: &Kind) {
    if items.len() < HELD && !items.contains(kind) {
        items.push(kind.clone());
    }
}

/// Whether it is a row or an object, or a tuple with one in it.
fn is_told(kind: &Kind) -> bool {
    match kind {
        Kind::Object(_) => true,
        Kind::List(items) => items.iter().any(is_told),
        // One of several tells none.
        _ => false,
    }
}
