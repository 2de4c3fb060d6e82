//! Functions and objects that code puts into mappings and lists, to be called when a name comes in: tables of tools and handlers.
//!
//! `TOOLS[name] = function`, `TOOLS.append(tool)`, by the module that owns the mapping or in a method of a registry, which is
//! called for each function or used as a decorator. Whatever is put in may come out: which name means which function it refuses to know.

use super::infer::given_for;
use super::{ClassRef, FunctionRef, Kind, Program, last_name};
use crate::facts::{ExprId, ExprKind, FileFacts, MODULE, Name, StmtKind};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Methods that put their last argument into a list or set.
pub const PUTTING: [&str; 4] = ["append", "appendleft", "add", "insert"];

/// How many functions a mapping may hold; what holds more is no table that one caller chooses from.
const FUNCTIONS: usize = 24;

/// Who puts what where.
#[derive(Debug, Default)]
pub(super) struct Registered {
    /// By module and the last name of the mapping.
    put: FxHashMap<(u32, Name), Vec<Put>>,
    /// Decorated functions with their decorator, by the decorator's last name.
    decorated: FxHashMap<Name, Vec<(FunctionRef, ExprId)>>,
}

/// One assignment to an element of a mapping.
#[derive(Clone, Copy, Debug)]
struct Put {
    function: FunctionRef,
    mapping: ExprId,
    value: ExprId,
}

impl Program<'_> {
    /// Every assignment of a name to an element of a mapping, and every decorator.
    pub(super) fn index_registered(&self) -> Registered {
        let mut found = Registered::default();
        for (module, m) in self.modules.iter().enumerate().filter(|(module, _)| !self.aside[*module]) {
            let (module, facts) = (module as u32, &m.facts);
            if self.is_rust(module) {
                continue;
            }
            for stmt in &facts.stmts {
                let StmtKind::Assign { targets, value: Some(value), .. } = &stmt.kind else { continue };
                let ([target], true) = (&targets[..], may_be_called(facts, *value)) else { continue };
                let ExprKind::Index { base: mapping, .. } = facts.expr(*target).kind else { continue };
                let Some(name) = last_name(facts, mapping) else { continue };
                let function = FunctionRef { module, function: facts.function_at(stmt.span.start) };
                found.put.entry((module, name.clone())).or_default().push(Put { function, mapping, value: *value });
            }
        }
        self.index_appended(&mut found);
        for function in self.functions().filter(|f| !self.is_aside(f.module) && !self.is_rust(f.module)) {
            let facts = self.facts(function.module);
            for decorator in &self.function(function).decorators {
                if let Some(name) = last_name(facts, applied(facts, *decorator).0) {
                    found.decorated.entry(name.clone()).or_default().push((function, *decorator));
                }
            }
        }
        found
    }

    /// What is appended to lists and added to sets.
    fn index_appended(&self, found: &mut Registered) {
        for (module, m) in self.modules.iter().enumerate().filter(|(module, _)| !self.aside[*module] && !self.is_rust(*module as u32)) {
            let (module, facts) = (module as u32, &m.facts);
            for expr in &facts.exprs {
                let ExprKind::Call { callee, args } = &expr.kind else { continue };
                let ExprKind::Attr { base: list, name: method } = &facts.expr(*callee).kind else { continue };
                let (true, Some(last)) = (PUTTING.contains(&method.as_str()), args.last()) else { continue };
                let Some(name) = last_name(facts, *list).filter(|_| last.spread == 0 && may_be_called(facts, last.value)) else { continue };
                let function = FunctionRef { module, function: facts.function_at(expr.span.start) };
                found.put.entry((module, name.clone())).or_default().push(Put { function, mapping: *list, value: last.value });
            }
        }
    }

    /// A mapping that a module's variable holds, with the functions that code of the module puts into it.
    pub(super) fn filled_variable(&self, mapping: Kind, module: u32, name: &str) -> Kind {
        self.filled(mapping, module, name, |facts, put| matches!(&facts.expr(put.mapping).kind, ExprKind::Name(n) if n == name))
    }

    /// A mapping that a field of a class holds, with the functions that its methods put into it.
    pub(super) fn filled_field(&self, mapping: Kind, class: ClassRef, name: &str) -> Kind {
        self.filled(mapping, class.module, name, |facts, put| {
            let ExprKind::Attr { base, .. } = &facts.expr(put.mapping).kind else { return false };
            let ExprKind::Name(holder) = &facts.expr(*base).kind else { return false };
            let method = std::iter::successors(Some(put.function.function), |f| facts.function(*f).parent)
                .find(|f| facts.function(*f).class == Some(class.class));
            let receiver = method.and_then(|m| facts.function(m).params.first());
            receiver.is_some_and(|r| r.name == *holder) || *holder == self.class(class).name
        })
    }

    fn filled(&self, mapping: Kind, module: u32, name: &str, is_its: impl Fn(&FileFacts, &Put) -> bool) -> Kind {
        if !matches!(mapping, Kind::Map(_) | Kind::List(_)) {
            return mapping;
        }
        let Some(all) = self.registered.put.get(&(module, name.into())) else { return mapping };
        let mut functions: Vec<Kind> = Vec::new();
        for put in all.iter().filter(|put| is_its(self.facts(module), put)) {
            functions.extend(self.worth(put));
            if functions.len() > FUNCTIONS {
                return mapping;
            }
        }
        functions.dedup();
        match &mapping {
            Kind::Map(entries) => {
                Kind::Map(Rc::new(entries.iter().cloned().chain(functions.into_iter().map(|f| (Kind::Unknown, f))).collect()))
            }
            Kind::List(items) => Kind::List(Rc::new(items.iter().cloned().chain(functions).collect())),
            _ => mapping,
        }
    }

    /// The functions that an assignment puts in.
    fn worth(&self, put: &Put) -> Vec<Kind> {
        let facts = self.facts(put.function.module);
        let parameter = match &facts.expr(put.value).kind {
            ExprKind::Name(name) => facts.function(put.function.function).params.iter().position(|p| p.name == *name),
            _ => None,
        };
        match parameter {
            Some(index) => self.functions_given(put.function, index),
            None => self.callable(&self.infer(put.function, put.value)),
        }
    }

    /// The functions that calls give to a parameter, and those that are decorated with its function or with what that makes.
    fn functions_given(&self, function: FunctionRef, index: usize) -> Vec<Kind> {
        let f = self.function(function);
        let mut found = Vec::new();
        let Some(position) = index.checked_sub(usize::from(self.takes_receiver(function))) else { return found };
        for (module, call) in self.calls_named(&f.name).iter().filter(|(m, _)| !self.is_aside(*m)).take(4 * FUNCTIONS) {
            let ExprKind::Call { callee, args } = &self.facts(*module).expr(*call).kind else { continue };
            let at = self.enclosing(*module, *call);
            if !self.means(at, *callee, function) {
                continue;
            }
            let given = given_for(args, position, &f.params[index].name);
            found.extend(given.into_iter().flat_map(|a| self.callable(&self.infer(at, a.value))));
        }
        if position == 0 {
            found.extend(self.decorated_with(function, false));
            let maker = f.parent.filter(|p| *p != MODULE).map(|p| FunctionRef { module: function.module, function: p });
            found.extend(maker.into_iter().flat_map(|maker| self.decorated_with(maker, true)));
        }
        found
    }

    /// What is decorated with a function, or with what a call of it makes.
    fn decorated_with(&self, decorator: FunctionRef, called: bool) -> Vec<Kind> {
        let all = self.registered.decorated.get(&self.function(decorator).name).map_or(&[][..], Vec::as_slice);
        let is_meant = |(function, expr): &&(FunctionRef, ExprId)| {
            let facts = self.facts(function.module);
            let (callee, calls) = applied(facts, *expr);
            let around = FunctionRef { module: function.module, function: self.function(*function).parent.unwrap_or(MODULE) };
            calls == called && self.function(*function).class.is_none() && self.means(around, callee, decorator)
        };
        all.iter().take(4 * FUNCTIONS).filter(is_meant).map(|(function, _)| self.function_kind(*function)).collect()
    }

    /// What of a value can be called: functions, and objects that the project makes to do something.
    fn callable(&self, kind: &Kind) -> Vec<Kind> {
        let acts = |class: ClassRef| self.model_row(class).is_none() && !self.class(class).methods.is_empty();
        let is_callable = |kind: &&Kind| match kind {
            Kind::Function(_) => true,
            Kind::Object(object) => object.exact && acts(object.class),
            _ => false,
        };
        kind.alternatives().iter().filter(is_callable).cloned().collect()
    }

    fn means(&self, at: FunctionRef, callee: ExprId, function: FunctionRef) -> bool {
        matches!(self.infer(at, callee), Kind::Function(value) if value.function == function)
    }
}

/// What a decorator applies, and whether it calls that first.
fn applied(facts: &FileFacts, decorator: ExprId) -> (ExprId, bool) {
    match &facts.expr(decorator).kind {
        ExprKind::Call { callee, .. } => (*callee, true),
        _ => (decorator, false),
    }
}

/// Whether an expression may be a function, or an object with methods.
fn may_be_called(facts: &FileFacts, value: ExprId) -> bool {
    matches!(&facts.expr(value).kind, ExprKind::Name(_) | ExprKind::Attr { .. } | ExprKind::Call { .. } | ExprKind::Lambda(_))
}
