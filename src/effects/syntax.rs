//! Methods that syntax calls: `value[key]`, `value[key] = x`, `del value[key]`, `key in value`, `for x in value`.
//!
//! Packs name them as the language does (`__getitem__`), and what such a row says happens where the syntax stands. It refuses
//! to know what a subscript of a list or dictionary of the program means: that is for `eval`. Functions of the language call
//! such methods too: `list(rows)`, `len(rows)`, and so does a condition that a value stands in by itself.

use super::call::{CallPlace, Given, kinds};
use super::value::{Deps, Value};
use super::walk::Walker;
use crate::facts::{CompareOp, ExprId, Name};
use crate::link::Kind;
use crate::source::Site;

/// Functions of the language that go through what they are given first.
const GOING_THROUGH: [&str; 12] = ["list", "tuple", "set", "frozenset", "sorted", "dict", "enumerate", "any", "all", "sum", "max", "min"];
/// The methods that tell whether a value is true: the first that it has.
const TRUTH: [&str; 2] = ["__bool__", "__len__"];

impl Walker<'_, '_, '_> {
    /// Do what a pack says that syntax does to a library's value; `None` where it says nothing.
    pub fn by_syntax(&mut self, method: &str, holder: &Value, operands: &[Value], site: Site, mut result: Value) -> Option<Value> {
        let library = self.opened(&holder.kind).alternatives().iter().find_map(|kind| self.as_library(kind))?;
        let found = self.program.knowledge.method(library.ty, method)?;
        let given: Vec<Given> = operands.iter().map(|value| Given { name: None, value: value.clone(), expr: None, spread: 0 }).collect();
        if result.kind == Kind::Unknown {
            result.kind = self.program.row_result(found.row, Some(&library), &kinds(&given), site);
        }
        let api: Name = format!("{}.{method}", self.program.knowledge.type_name(library.ty)).into();
        let place = CallPlace { site, receiver: Some(holder.clone()), receiver_path: None, receiver_name: Name::default(), written: false };
        Some(self.apply(&found, Some(&library), &api, &given, &place, result))
    }

    /// A comparison, and what it says where it holds; `key in value` may look into a store.
    pub fn compared(&mut self, left: ExprId, rest: &[(CompareOp, ExprId)]) -> Value {
        let first = self.eval(left);
        let first = self.looked_at(first, None, self.site(self.facts.expr(left).span));
        let mut deps = first.deps.clone();
        let mut truth = self.comparison_says(left, rest, &first);
        for (op, operand) in rest {
            let value = self.eval(*operand);
            let value = self.looked_at(value, None, self.site(self.facts.expr(*operand).span));
            deps.join(&value.deps);
            if matches!(op, CompareOp::In | CompareOp::NotIn) {
                let site = self.site(self.facts.expr(*operand).span);
                let read = self.by_syntax("__contains__", &value, std::slice::from_ref(&first), site, Value::default());
                let read = read.unwrap_or_default().deps;
                deps.join(&read);
                // Whether a key is among what was read, and not whether what was read is among others.
                if first.deps.is_empty() && rest.len() == 1 {
                    truth = if *op == CompareOp::In { value.truth } else { value.truth.opposite() };
                }
            }
        }
        Value { truth, ..Value::unknown(deps) }
    }

    /// What a loop goes over; going over a library's value may read a store or wait for messages.
    pub fn iterated(&mut self, iter: ExprId) -> Value {
        let mut value = self.eval(iter);
        let site = self.site(self.facts.expr(iter).span);
        if let Some(read) = self.by_syntax("__iter__", &value, &[], site, value.clone()) {
            value.deps.join(&read.deps);
        }
        value
    }

    /// What a function of the language finds out by asking a library's value: `list(rows)`, `len(rows)`, `bool(rows)`.
    pub fn asked_by_function(&mut self, name: &str, given: &[Given], site: Site) -> Deps {
        let alone = given.get(1).is_none_or(|second| second.name.is_some());
        let asked = given.first().filter(|g| g.name.is_none() && g.spread == 0);
        let Some(asked) = asked.filter(|_| alone && !self.rust) else { return Deps::default() };
        let methods: &[&str] = match name {
            "len" => &["__len__"],
            "bool" => &TRUTH,
            _ if GOING_THROUGH.contains(&name) => &["__iter__"],
            _ => return Deps::default(),
        };
        self.first_by_syntax(methods, &asked.value, site)
    }

    /// A value that stands as a condition by itself, with what is found out by asking whether it is true.
    pub fn asked_for_truth(&mut self, value: Value, site: Site) -> Value {
        if self.rust {
            return value;
        }
        let read = self.first_by_syntax(&TRUTH, &value, site);
        value.depending(&read)
    }

    fn first_by_syntax(&mut self, methods: &[&str], value: &Value, site: Site) -> Deps {
        methods.iter().find_map(|method| self.by_syntax(method, value, &[], site, value.clone())).map(|read| read.deps).unwrap_or_default()
    }
}
